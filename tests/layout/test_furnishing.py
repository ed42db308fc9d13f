"""Where things stand of which the words say nothing: as they do in such places, and where one sees them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.scene import EYE_HEIGHT_M, Scene, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec
from pipelines.things import Library


@cache
def arranged(words: str, seed: int = 1) -> Scene:
    library = Library.load()
    return arrange(read(words, library).spec, library, seed=seed)


def only(scene: Scene, kind: str) -> Thing:
    (thing,) = (thing for thing in scene.things if thing.kind == kind)
    return thing


def low_small_things(scene: Scene) -> list[str]:
    """Cups, lamps, books …, no animals, whose lowest point is near the floor."""
    kinds = Library.load().kinds
    small = (thing for thing in scene.things if kinds[thing.kind].stands_on == "surface" and "animal" not in kinds[thing.kind].tags)
    return [thing.label for thing in small if thing.bounds[0, 1] < 0.1]


def stands_on(thing: Thing, carrier: Thing) -> bool:
    """Whether its middle is over the carrier, and its foot as high as something there."""
    x, z = thing.bounds.mean(axis=0)[[0, 2]]
    low, high = carrier.bounds
    corners = np.concatenate([part.mesh.moved(carrier.world_from_model).vertices for part in carrier.model.parts])
    within = low[0] < x < high[0] and low[2] < z < high[2]
    return bool(within and np.abs(corners[:, 1] - thing.bounds[0, 1]).min() < 0.02)


def test_a_kettle_is_on_the_stove_and_nothing_of_the_kitchen_goes() -> None:
    scene = arranged("a kitchen with a kettle")
    assert stands_on(only(scene, "kettle"), only(scene, "stove"))
    alone = sorted(thing.kind for thing in arranged("a kitchen").things)
    for kind in ("kitchen counter", "kitchen sink", "dining table", "chair", "fridge"):
        assert alone.count(kind) == sum(thing.kind == kind for thing in scene.things), kind


def test_chairs_that_are_named_are_at_the_table_of_the_kitchen() -> None:
    scene = arranged("a kitchen with a red kettle and two blue chairs")
    table = only(scene, "dining table")
    reach = np.linalg.norm((table.bounds[1] - table.bounds[0])[[0, 2]]) / 2 + 0.9
    chairs = [thing for thing in scene.things if thing.kind == "chair"]
    assert len(chairs) == 2
    assert all(np.linalg.norm((chair.position - table.position)[[0, 2]]) < reach for chair in chairs)


def test_what_is_small_is_on_the_table_that_is_named_with_it() -> None:
    scene = arranged("a meadow with a picnic table, a teapot and two mugs")
    table = only(scene, "picnic table")
    assert all(stands_on(thing, table) for thing in scene.things if thing.kind in ("teapot", "mug"))


@pytest.mark.parametrize("place", ["kitchen", "office", "living room", "café"])
def test_no_plates_lie_on_the_floor_where_much_else_is_asked_for(place: str) -> None:
    library = Library.load()
    kinds = ("piano", "grandfather clock", "billiard table", "rocking horse", "kettle", "vase")
    spec = SceneSpec(place=place, things=tuple(ThingSpec(name=kind, kind=kind, phrase=kind) for kind in kinds))
    scene = arrange(spec, library, seed=2)
    assert {thing.kind for thing in scene.things} >= set(kinds)
    assert low_small_things(scene) == []


def test_a_named_building_in_a_street_is_not_hidden_by_the_houses_that_nobody_named() -> None:
    scene = arranged("a red sports car in front of a garage on a city street")
    garage = only(scene, "shed").bounds.mean(axis=0)
    eye = np.array([0.0, EYE_HEIGHT_M, 0.0])
    way = eye + np.linspace(0, 0.95, 400)[:, None] * (garage - eye)
    houses = [thing.bounds for thing in scene.things if thing.kind in ("townhouse", "shop", "apartment block")]
    assert len(houses) > 10
    assert not any(((low < way) & (way < high)).all(axis=1).any() for low, high in houses)


@pytest.mark.parametrize(
    ("carrier", "carried", "below_m"),
    [("market stall", "apple", 1.3), ("fish stall", "cat", 1.3), ("stage", "person", 1.6), ("gazebo", "person", 0.8)],
)
def test_what_is_on_something_with_a_roof_is_not_on_its_roof(carrier: str, carried: str, below_m: float) -> None:
    library = Library.load()
    on = Relation(relation=RelationName.ON, objects=(carrier,))
    things = (ThingSpec(name=carrier, kind=carrier), ThingSpec(name=carried, kind=carried, count=2, relations=(on,)))
    scene = arrange(SceneSpec(place="park", things=things), library, seed=1)
    floor = only(scene, carrier).bounds[0, 1]
    carried_low = [thing.bounds[0, 1] - floor for thing in scene.things if thing.kind == carried]
    assert all(0.3 < low < below_m for low in carried_low)
    assert all(check.holds for check in scene.relations)
