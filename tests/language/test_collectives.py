"""Collectives: nouns that say several people are read as these people, and only where that is what they say."""

from __future__ import annotations

import pytest

from pipelines.language.collectives import spelled_out
from pipelines.language.lexicon import lexicon_for
from pipelines.language.reader import read
from pipelines.language.tokens import tokenise
from pipelines.things import Library

LIBRARY = Library.load()
PEOPLE = {"person", "athlete", "woman", "child", "elderly man", "elderly woman", "soldier"}


def _counts(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for thing in read(text, LIBRARY).spec.things:
        if thing.phrase:
            found[thing.kind] = found.get(thing.kind, 0) + thing.count
    return found


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("a family beside a tree", {"person": 1, "woman": 1, "child": 2}),
        ("a happy family beside a tree", {"person": 1, "woman": 1, "child": 2}),
        ("a couple sitting beside a tree", {"person": 1, "woman": 1}),
        ("an elderly couple beside a tree", {"elderly man": 1, "elderly woman": 1}),
        ("an army beside a tree", {"soldier": 20}),
        ("a queue beside a tree", {"person": 6}),
        ("three friends beside a tree", {"person": 3}),
    ],
)
def test_a_collective_is_its_members(text: str, people: dict[str, int]) -> None:
    assert {kind: count for kind, count in _counts(text).items() if kind in PEOPLE} == people


@pytest.mark.parametrize("noun", sorted(lexicon_for(LIBRARY).data["collectives"]))
def test_every_collective_is_several_people_and_no_word_is_lost(noun: str) -> None:
    reading = read(f"the {noun} beside a tree", LIBRARY)
    assert not reading.spec.unmatched
    assert sum(thing.count for thing in reading.spec.things if thing.kind in PEOPLE) >= 2


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("a family of ducks beside a pond", "duck", None),
        ("a couple of chairs beside a table", "chair", 2),
        ("a couple old wooden chairs beside a table", "chair", 2),
        ("a family house beside a lake", "house", 1),
        ("a band of pirates on a beach", "pirate", None),
        ("a litter of kittens beside a basket", "cat", None),
    ],
)
def test_what_only_counts_or_describes_brings_no_people(text: str, kind: str, count: int | None) -> None:
    found = _counts(text)
    assert not found.keys() & PEOPLE
    assert found[kind] == count if count else found[kind] > 1


def test_members_stand_where_the_noun_stood() -> None:
    lexicon = lexicon_for(LIBRARY)
    text = "a wedding party and an orchestra"
    tokens = spelled_out(tokenise(text), lexicon)
    assert {text[token.start : token.end] for token in tokens} == {"a", "wedding party", "and", "an", "orchestra"}
    assert spelled_out(tokenise("a cat beside a tree"), lexicon) == tokenise("a cat beside a tree")
