"""Parts: what the words say of a door, a roof or leaves reaches exactly those."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.errors import ThingError
from pipelines.spec import PartSpec
from pipelines.things import COLOURS, Library, Order
from pipelines.things.parts import named


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


@pytest.mark.parametrize(
    ("kind", "part"),
    [("house", "door"), ("cottage", "roof"), ("log cabin", "wall"), ("church", "window"), ("bicycle", "wheel"), ("table", "leg"),
     ("chair", "seat"), ("bed", "blanket"), ("horse", "mane"), ("sailing boat", "sail"), ("windmill", "sail"), ("room", "wall")],
)  # fmt: skip
def test_a_part_takes_its_colour_and_no_other_does(library: Library, kind: str, part: str) -> None:
    plain, worn = library.build(kind, Order(seed=3)), library.build(kind, Order(seed=3, parts=(PartSpec(name=part, colour="crimson"),)))
    chosen = set(named(plain.parts, part))
    assert chosen
    assert len(worn.parts) == len(plain.parts)
    for index, (before, after) in enumerate(zip(plain.parts, worn.parts, strict=True)):
        assert after.tint == (COLOURS["crimson"] if index in chosen else before.tint), after.name
        assert after.material is before.material or after.material == before.material


def test_a_part_takes_its_material(library: Library) -> None:
    worn = library.build("house", Order(parts=(PartSpec(name="roof", material="copper"),)))
    assert {part.material.name for part in worn.parts if part.name == "roof"} == {"copper"}


def test_leaves_take_a_colour_and_keep_their_shades(library: Library) -> None:
    plain, worn = library.build("oak", Order(seed=1)), library.build("oak", Order(seed=1, parts=(PartSpec(name="leaf", colour="orange"),)))
    before, after = (np.concatenate([leaves.colours for leaves in model.foliage]) for model in (plain, worn))
    assert np.allclose(after.mean(axis=0), COLOURS["orange"], rtol=0.15)
    assert after.std() > 0.2 * before.std()


def test_petals_are_no_leaves(library: Library) -> None:
    plain, worn = (library.build("tulip", Order(seed=1, parts=parts)) for parts in ((), (PartSpec(name="petal", colour="blue"),)))
    before, after = (np.concatenate([leaves.colours for leaves in model.foliage]) for model in (plain, worn))
    changed = np.abs(before - after).max(axis=1) > 1e-6
    green = (before[:, 1] > before[:, 0]) & (before[:, 1] > before[:, 2])
    assert changed.any() and not (changed & green).any()


def test_a_part_that_is_not_there_changes_nothing(library: Library) -> None:
    plain, worn = library.build("table"), library.build("table", Order(parts=(PartSpec(name="antenna", colour="red"),)))
    assert [part.tint for part in plain.parts] == [part.tint for part in worn.parts]


def test_an_unknown_colour_is_said_to_be_one(library: Library) -> None:
    with pytest.raises(ThingError, match="octarine"):
        library.build("house", Order(parts=(PartSpec(name="door", colour="octarine"),)))
