"""Golden sentences: F1 of every slot, on the sentences that the reader was tuned on and on those that it was not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.language.scoring import Score, held_out, score_all, sentences, small_library, table

MIN_F1 = 0.95
MIN_HELD_OUT_F1 = 0.88


@pytest.fixture(scope="module")
def library() -> Any:
    return small_library()


@pytest.fixture(scope="module")
def scores(library: Any) -> tuple[Score, Score]:
    tuned, held = held_out(sentences())
    return score_all(tuned, library), score_all(held, library)


def test_there_are_enough_sentences() -> None:
    every = sentences()
    assert len(every) >= 150
    assert len({one["text"] for one in every}) == len(every)


@pytest.mark.parametrize("slot", ["place", "time", "weather", "season", "style", "thing", "count", "thing colour", "relation", "without"])
def test_each_slot_is_understood(scores: tuple[Score, Score], slot: str) -> None:
    tuned, held = scores
    print(f"{slot}: tuned {tuned.tallies[slot].f1:.3f}, held out {held.tallies[slot].f1:.3f}")
    assert tuned.tallies[slot].f1 >= MIN_F1, "\n".join(tuned.faults)
    assert held.tallies[slot].f1 >= MIN_HELD_OUT_F1, "\n".join(held.faults)


def test_all_slots_together(scores: tuple[Score, Score]) -> None:
    both = scores[0].tallies, scores[1].tallies
    print(f"tuned\n{table(scores[0])}\nheld out\n{table(scores[1])}")
    for tallies, least in zip(both, (0.97, 0.93), strict=True):
        right, missing, extra = (sum(getattr(one, name) for one in tallies.values()) for name in ("right", "missing", "extra"))
        assert 2 * right / (2 * right + missing + extra) >= least


def test_the_score_can_fail(library: Any) -> None:
    """A reading held against another sentence's meaning scores badly."""
    every = sentences()
    swapped = [{**one, "text": other["text"]} for one, other in zip(every[:20], every[20:40], strict=True)]
    assert score_all(swapped, library).tallies["thing"].f1 < 0.4
