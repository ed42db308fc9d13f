"""Sentences that show one general cause each for which strangers' sentences were read wrong: every slot is right."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.language.matching import Likeness
from pipelines.language.reader import read
from pipelines.things import Library
from tests.language.scoring import score_all, sentences


@pytest.fixture(autouse=True)
def unguessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is like a word that nobody knows."""
    nearest = SimpleNamespace(nearest=lambda phrase: Likeness("pine", 0.0))
    monkeypatch.setattr("pipelines.language.reader.meanings_of", lambda words: nearest)


@pytest.mark.parametrize(
    "sentence", [*sentences("causes.toml"), *sentences("constructions.toml")], ids=lambda sentence: sentence["text"][:60]
)
def test_is_understood(sentence: dict[str, Any]) -> None:
    score = score_all([sentence], Library.load())
    assert not score.faults, "\n".join(score.faults)


@pytest.mark.parametrize("word", ["trucker", "lamplighter", "boatman"])
def test_who_does_something_is_no_thing(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """A word that is spelt and means like a thing, with the ending of somebody who has to do with it."""
    kind = {"trucker": "truck", "lamplighter": "floor lamp", "boatman": "rowing boat"}[word]
    nearest = SimpleNamespace(nearest=lambda phrase: Likeness(kind, 0.9))
    monkeypatch.setattr("pipelines.language.reader.meanings_of", lambda words: nearest)
    things = read(f"A {word} beside a bench", Library.load()).spec.things
    assert [thing.kind for thing in things] == ["person", "park bench"]


def test_a_film_begins_where_it_is_set() -> None:
    """Headings of a script are no things."""
    spec = read("INT. KITCHEN - NIGHT. The camera pans across the table to a kettle on the stove.", Library.load()).spec
    assert spec.place == "kitchen"
    assert "camera" not in {thing.kind for thing in spec.things}
    assert [str(one.relation) for thing in spec.things for one in thing.relations if thing.kind == "kettle"] == ["on"]


def test_what_leads_somewhere_ends_at_the_thing_that_it_leads_to() -> None:
    """A preposition that no other rule has made anything of, past an object that has a relation already."""
    things = {thing.kind: thing for thing in read("A road leads through a gate to a castle.", Library.load()).spec.things}
    named = {(str(one.relation), *one.objects) for one in things["road"].relations}
    assert ("near", "castle") in named
