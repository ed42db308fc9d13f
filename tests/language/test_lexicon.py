"""Lexicon: what the data file names exists where it is used; inflections are undone; edit distance agrees with a plain definition."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.language.inflection import plural, singulars, verb_forms
from pipelines.language.lexicon import language_data, split
from pipelines.language.matching import edits
from pipelines.places import places
from pipelines.spec import Arrangement, RelationName, Season, Size, TimeOfDay, Weather
from pipelines.things import COLOURS, MATERIALS

DATA = language_data()


def test_names_are_those_of_the_spec() -> None:
    assert set(DATA["times"]) == set(TimeOfDay)
    assert set(DATA["weathers"]) == set(Weather)
    assert set(DATA["seasons"]) == set(Season)
    assert set(DATA["sizes"]) == set(Size) - {Size.NORMAL}
    assert set(DATA["relations"]) == set(RelationName)
    assert set(DATA["turned"]) | set(DATA["to_viewer"]) | set(DATA["to_host"]) <= set(RelationName)
    assert {group["arrangement"] for group in DATA["groups"].values()} <= set(Arrangement)
    assert set(DATA["group_nouns"].values()) <= set(DATA["groups"])


def test_colours_and_materials_are_those_of_the_things() -> None:
    assert set(DATA["colours"]) <= set(COLOURS)
    assert set(DATA["materials"]) <= set(MATERIALS)


def test_places_refer_to_places() -> None:
    said = [place.said for place in places().values()]
    assert {style for one in said for style in one.implies.values()} <= set(DATA["styles"])
    words = [word for one in said for word in split(one.words)]
    assert len(words) == len(set(words)), "a word names two places"


@pytest.mark.parametrize(
    "word", ["cabin", "box", "church", "lady", "boy", "bush", "lighthouse", "bench", "horse", "fridge", "canoe", "tree"]
)
def test_regular_plurals_are_undone(word: str) -> None:
    assert word in singulars(plural(word), DATA["irregular_plurals"])


def test_words_that_only_look_like_plurals() -> None:
    assert singulars("grass", {}) == ()
    assert singulars("cactus", {}) == ()
    assert singulars("moss", {}) == ()


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("stop", {"stop", "stops", "stopping", "stopped"}),
        ("place", {"place", "places", "placing", "placed"}),
        ("carry", {"carry", "carries", "carrying", "carried"}),
        ("lean", {"lean", "leans", "leaning", "leaned"}),
        ("tie", {"tie", "ties", "tying", "tied"}),
        ("surround", {"surround", "surrounds", "surrounding", "surrounded"}),
    ],
)
def test_verb_forms(verb: str, forms: set[str]) -> None:
    assert set(verb_forms(verb)) == forms


def _plain_distance(one: str, other: str) -> int:
    @cache
    def cost(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        options = [cost(i - 1, j) + 1, cost(i, j - 1) + 1, cost(i - 1, j - 1) + (one[i - 1] != other[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            options.append(cost(i - 2, j - 2) + 1)
        return min(options)

    return cost(len(one), len(other))


@given(st.text("abc", max_size=7), st.text("abc", max_size=7), st.integers(1, 3))
def test_edit_distance(one: str, other: str, limit: int) -> None:
    distance = _plain_distance(one, other)
    found = edits(one, other, limit)
    assert found == distance if distance <= limit else found > limit
