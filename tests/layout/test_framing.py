"""The first look: what is small stands near and is looked down at, and what carries it is small enough not to dwarf it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.layout.arrange import arrange
from pipelines.layout.first_look import first_look
from pipelines.scene import EYE_HEIGHT_M, Scene, Spawn, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, Size, ThingSpec
from pipelines.things import Library


def on(kind: str, carrier: str, count: int) -> ThingSpec:
    return ThingSpec(name=kind, kind=kind, count=count, relations=(Relation(relation=RelationName.ON, objects=(carrier,)),))


def alone(kind: str, size: Size = Size.NORMAL) -> ThingSpec:
    return ThingSpec(name=kind, kind=kind, size=size)


@cache
def arranged(*things: ThingSpec) -> Scene:
    return arrange(SceneSpec(place="meadow", things=things), Library.load(), seed=3)


def one(scene: Scene, kind: str) -> Thing:
    return next(thing for thing in scene.things if thing.kind == kind)


def width(thing: Thing) -> float:
    low, high = thing.bounds
    return float(max((high - low)[[0, 2]]))


def nearest(scene: Scene, kind: str) -> float:
    eye = np.array(scene.spawn.position)
    return min(float(np.hypot(*(thing.position - eye)[[0, 2]])) for thing in scene.things if thing.kind == kind)


def test_a_hill_that_carries_sheep_is_small_and_near() -> None:
    carrying, bare = arranged(alone("hill"), on("sheep", "hill", 5)), arranged(alone("hill"))
    assert width(one(carrying, "hill")) < 0.6 * width(one(bare, "hill"))
    assert nearest(carrying, "sheep") < 60.0


@pytest.mark.parametrize("carried", [on("castle", "hill", 1), on("sheep", "hill", 5)])
def test_a_hill_is_wider_than_all_that_is_on_it(carried: ThingSpec) -> None:
    scene = arranged(alone("hill"), carried)
    crowd = [thing for thing in scene.things if thing.kind == carried.kind]
    across = np.ptp([point for thing in crowd for point in thing.bounds], axis=0)
    assert width(one(scene, "hill")) > 1.5 * max(across[[0, 2]])


def test_a_hill_that_words_call_tall_keeps_its_height() -> None:
    hill = alone("hill", size=Size.LARGE)
    tall, bare = arranged(hill, on("sheep", "hill", 5)), arranged(hill)
    assert width(one(tall, "hill")) == pytest.approx(width(one(bare, "hill")), rel=0.25)


def test_what_is_smaller_than_a_person_stands_near_and_a_tree_does_not() -> None:
    small, tall = arranged(alone("mushroom")), arranged(alone("oak"))
    assert nearest(small, "mushroom") < 5.0
    assert nearest(tall, "oak") >= 8.0


def rows(scene: Scene, spawn: Spawn, thing: Thing) -> tuple[float, float]:
    """Where a thing's box begins and ends in a picture of 720 rows."""
    x, y, z = spawn.position
    camera = pinhole((x, y + EYE_HEIGHT_M, z), yaw_rad=spawn.yaw_rad, pitch_rad=spawn.pitch_rad, width_px=1280, height_px=720)
    low, high = thing.bounds
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    row = camera.project(corners)[0][:, 1]
    return float(row.min()), float(row.max())


def stood_before(scene: Scene, thing: Thing, away_m: float) -> Scene:
    """The scene, its visitor so far before a thing and looking level."""
    spawn = scene.spawn
    x, z = (float(thing.position[i] + away_m * turn(spawn.yaw_rad)) for i, turn in ((0, math.sin), (2, math.cos)))
    return replace(scene, spawn=Spawn((x, spawn.position[1], z), spawn.yaw_rad, 0.0))


def test_eyes_fall_to_what_is_small_and_near_until_its_foot_is_well_in_the_picture() -> None:
    scene = arranged(alone("mushroom"))
    mushroom = one(scene, "mushroom")
    before = stood_before(scene, mushroom, 4.0)
    found = first_look(before, {"mushroom"}, may_turn=False)
    assert found.pitch_rad < 0
    assert rows(scene, found, mushroom)[1] < 0.82 * 720 < rows(scene, before.spawn, mushroom)[1]


def test_eyes_fall_no_farther_than_the_horizon_stays_in_the_picture() -> None:
    scene = arranged(alone("mushroom"))
    found = first_look(stood_before(scene, one(scene, "mushroom"), 1.5), {"mushroom"}, may_turn=False)
    assert math.degrees(found.pitch_rad) == pytest.approx(-12)


def test_eyes_do_not_fall_before_what_is_taller_than_they_are() -> None:
    scene = arranged(alone("oak"))
    found = first_look(stood_before(scene, one(scene, "oak"), 6.0), {"oak"}, may_turn=False)
    assert found.pitch_rad > 0
