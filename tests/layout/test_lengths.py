"""Fences, walls and hedges: one that is named goes all around or along something, length to length."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.scene import Scene, Thing
from pipelines.things import Library

LIBRARY = Library.load()
JOINT_M = 0.3  # from the end of one length to that of the next, more at corners where they are thick


def scene_of(text: str, seed: int = 1) -> Scene:
    return arrange(read(text, LIBRARY).spec, LIBRARY, seed=seed)


def named(scene: Scene, kind: str) -> list[Thing]:
    return [thing for thing in scene.things if thing.kind == kind]


def ends(thing: Thing) -> np.ndarray:
    """Both ends (2, 2) of a length on the ground, x and z."""
    low, high = np.asarray(thing.model.bounds)
    middle = (low + high) / 2
    local = np.array([[low[0], 0, middle[2], 1], [high[0], 0, middle[2], 1]])
    return (local @ np.asarray(thing.world_from_model).T)[:, [0, 2]]


@pytest.mark.parametrize(
    ("text", "kind", "inside", "gaps"),
    [
        ("a cottage with a white picket fence around it", "fence", "cottage", 3),
        ("a castle surrounded by a wall", "castle wall", "castle", 3),
        ("a well with a hedge around it", "hedge", "well", 3),
    ],
)
def test_it_closes_around_something(text: str, kind: str, inside: str, gaps: int) -> None:
    scene = scene_of(text)
    lengths, (middle,) = named(scene, kind), named(scene, inside)
    found = np.concatenate([ends(thing) for thing in lengths])
    apart = np.linalg.norm(found[:, None] - found[None], axis=2) + 1e9 * np.kron(np.eye(len(lengths)), np.ones((2, 2)))
    thick = 0.75 * float(np.ptp(lengths[0].model.bounds, axis=0)[2])
    assert (apart.min(axis=1) > JOINT_M + thick).sum() <= 2 * gaps  # a gate, the path, and one tree in the way
    away = np.stack([thing.position[[0, 2]] for thing in lengths]) - np.asarray(middle.position)[[0, 2]]
    angles = np.sort(np.arctan2(away[:, 0], away[:, 1]))
    assert np.diff(np.append(angles, angles[0] + 2 * np.pi)).max() < np.radians(200)
    assert all(check.holds for check in scene.relations)


def test_a_pen_holds_its_animals() -> None:
    scene = scene_of("four goats in a pen")
    posts = np.concatenate([ends(thing) for thing in named(scene, "fence")])
    low, high = posts.min(axis=0), posts.max(axis=0)
    goats = np.stack([np.asarray(thing.position)[[0, 2]] for thing in named(scene, "goat")])
    assert (goats > low).all() and (goats < high).all()


def test_it_follows_a_path() -> None:
    scene = scene_of("a stone wall along a path through a meadow")
    lengths = named(scene, "stone wall")
    assert len(lengths) >= 4
    pairs = zip(map(ends, lengths), map(ends, lengths[1:]), strict=False)
    joints = [np.linalg.norm(one[:, None] - two[None], axis=2).min() for one, two in pairs]
    assert np.median(joints) < JOINT_M


def test_what_is_counted_is_not_lengthened() -> None:
    assert len(named(scene_of("a meadow with two stone walls"), "stone wall")) == 2
