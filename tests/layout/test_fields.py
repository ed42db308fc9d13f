"""Fields: what the words sow all over a place grows there by the thousand, and nothing does where a few flowers are meant."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.layout.build import build
from pipelines.layout.fields import FIELDS, covers_of, sown
from pipelines.places import place_named
from pipelines.spec import SceneSpec, ThingSpec
from pipelines.things import COVERS, Library


@pytest.mark.parametrize(
    ("prompt", "covers"),
    [
        ("a field of sunflowers", ["sunflowers"]),
        ("a red barn behind a tulip field", ["tulips"]),
        ("wheat fields under a stormy sky", ["ripe wheat"]),
        ("a meadow full of poppies and daisies", ["daisies"]),
        ("a vase with three tulips on a table", []),
        ("a garden with five sunflowers around a bench", []),
        ("a poppy meadow", ["poppies"]),
        ("a flying saucer over a cornfield", ["maize"]),
        ("some wheat beside a barn", []),
    ],
)
def test_the_words_say_what_is_a_field(prompt: str, covers: list[str]) -> None:
    assert [entry.name for entry in sown(read(prompt, Library.load()).spec)] == covers


def test_every_field_has_a_cover() -> None:
    assert {entry.name for entry in FIELDS.values()} <= COVERS.keys()
    assert set(FIELDS) <= Library.load().kinds.keys()


def test_a_field_grows_among_less_of_the_places_own() -> None:
    meadow = place_named("meadow")
    field = SceneSpec(place="meadow", things=(ThingSpec(name="tulips", kind="tulip", count=30),))
    names = [entry.name for entry in covers_of(field, meadow)]
    assert names[-1] == "tulips" and "wildflowers" not in names
    assert covers_of(SceneSpec(place="meadow"), meadow) == meadow.cover


def test_one_stands_in_a_field_and_sees_over_it() -> None:
    library = Library.load()
    spec = read("a field of sunflowers", library).spec
    dressed = build(spec, arrange(spec, library, seed=7), library, seed=7)
    assert dressed.terrain is not None
    petals = [cover.centres[cover.colours[:, 0] > 4 * cover.colours[:, 2] + 0.3] for cover in dressed.cover]
    blooms = max(petals, key=len)
    away = np.hypot(blooms[:, 0], blooms[:, 2])
    assert len(blooms) > 15_000
    assert away.min() > 2.0, "nobody stands in a stalk"
    assert (away > 40).mean() > 0.2, "the field goes on"
    above = blooms[:, 1] - dressed.terrain.heights.at(blooms[:, 0], blooms[:, 2])
    assert 1.0 < np.median(above) < 1.6, "flowers are on their stalks"


def test_tulips_stand_in_strips_of_one_colour() -> None:
    library = Library.load()
    spec = read("a tulip field", library).spec
    dressed = build(spec, arrange(spec, library, seed=7), library, seed=7)
    field = max(dressed.cover, key=len)
    petals = field.colours.max(axis=1) > 2.2 * field.colours.min(axis=1) + 0.12
    red = petals & (field.colours[:, 0] > 6 * field.colours[:, 1])
    assert red.sum() > 1_000
    strips = np.unique(np.floor(field.centres[red, 0] / 4.2))
    assert len(strips) < 0.5 * len(np.unique(np.floor(field.centres[petals, 0] / 4.2)))
