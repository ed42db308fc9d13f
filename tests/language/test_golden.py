"""Golden sentences: F1 of every slot.

heldout.toml, a third of all, was written and committed before the reader was run on any of it: the first run scored 0.963 over all slots
(place 0.989, things 0.972, relations 0.856, parts 0.904), a lookup of words without grammar 0.817. Earlier sets did alike on their first
runs: 0.964 (a third of golden.toml) and 0.962 (fresh.toml). What they showed has been put right since, so the figures asserted here are
higher than what an unseen sentence can expect; they only show that nothing that once worked is lost.

The kinds are the few of kinds.yaml, so that these sets speak of grammar; the places are the house's own. There were 15 when the sets were
written; where a better place has come since, such as the canyon, the park or the library, the sentence expects it now (33 lines do).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.language.scoring import Score, f1, score_all, score_keywords, sentences, small_library, table

SETS = {"golden.toml": 0.98, "fresh.toml": 0.98, "varied.toml": 0.98, "heldout.toml": 0.97}
LEAST = {"heldout.toml": {"relation": 0.88, "thing colour": 0.9, "without": 0.9}}
SLOTS = ("place", "time", "weather", "season", "style", "thing", "count", "thing colour", "relation", "without", "part", "view", "distance")
TONGUES = ("de", "fr", "es", "zh", "ja")


@cache
def library() -> Any:
    return small_library()


@cache
def scored(file: str) -> Score:
    return score_all(sentences(file), library())


def test_there_are_enough_sentences() -> None:
    every = [one for file in (*SETS, "tongues.toml") for one in sentences(file)]
    assert len(every) >= 500
    assert len({one["text"] for one in every}) == len(every)
    assert 3 * len(sentences("heldout.toml")) >= len(every)


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("file", SETS)
def test_each_slot_is_understood(file: str, slot: str) -> None:
    score = scored(file)
    print(f"{slot} {file}: {score.tallies[slot].f1:.3f}")
    assert score.tallies[slot].f1 >= LEAST.get(file, {}).get(slot, 0.95), "\n".join(score.faults)


@pytest.mark.parametrize("file", SETS)
def test_all_slots_together(file: str) -> None:
    score = scored(file)
    print(f"{file}\n{table(score)}")
    assert f1(score) >= SETS[file]


@pytest.mark.parametrize("code", TONGUES)
def test_other_tongues_are_understood(code: str) -> None:
    mine = [one for one in sentences("tongues.toml") if one["tongue"] == code]
    score = score_all(mine, library())
    print(f"{code}: {f1(score):.3f}")
    assert len(mine) >= 15
    assert f1(score) >= 0.95, "\n".join(score.faults)


def test_grammar_is_worth_its_while() -> None:
    """The same words looked up without grammar do far worse."""
    plain = score_keywords(sentences("heldout.toml"), library())
    print(f"keywords\n{table(plain)}")
    assert f1(plain) < f1(scored("heldout.toml")) - 0.1


def test_the_score_can_fail() -> None:
    """A reading held against another sentence's meaning scores badly."""
    every = sentences()
    swapped = [{**one, "text": other["text"]} for one, other in zip(every[:20], every[20:40], strict=True)]
    assert score_all(swapped, library()).tallies["thing"].f1 < 0.4
