"""Living things under, above and on others: as low as they must be, in the air, and where what carries them has no solid top."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.arrange import arrange
from pipelines.layout.supports import triangles
from pipelines.scene import Scene, Thing
from pipelines.spec import Relation, RelationName, SceneSpec, ThingSpec
from pipelines.things import Library


def arranged(place: str, subject: str, relation: RelationName, target: str, *, count: int = 1, seed: int = 1) -> Scene:
    said = Relation(relation=relation, objects=(target,))
    things = (ThingSpec(name=target, kind=target), ThingSpec(name=subject, kind=subject, count=count, relations=(said,)))
    return arrange(SceneSpec(place=place, things=things), Library.load(), seed=seed)


def only(scene: Scene, kind: str) -> Thing:
    return next(thing for thing in scene.things if thing.kind == kind)


@pytest.mark.parametrize(
    ("place", "animal", "roof"),
    [("kitchen", "dog", "table"), ("meadow", "dog", "picnic table"), ("park", "dog", "park bench"), ("kitchen", "cat", "chair")],
)
def test_animals_lie_down_or_are_small_enough_for_what_they_are_under(place: str, animal: str, roof: str) -> None:
    scene = arranged(place, animal, RelationName.UNDER, roof)
    assert all(check.holds for check in scene.relations)
    below, above = only(scene, animal), only(scene, roof)
    corners = triangles(above.model).reshape(-1, 3) @ above.world_from_model[:3, :3].T + above.position
    local = (corners - below.position) @ below.world_from_model[:3, :3] / below.scale**2
    low, high = below.model.bounds
    assert not ((local > low + 0.01) & (local < high - 0.01)).all(axis=1).any(), "no leg and no board goes through it"


@pytest.mark.parametrize(
    ("place", "lower", "flier"),
    [("meadow", "cottage", "dragon"), ("underwater reef", "broken column", "sea turtle"), ("market square", "fountain", "seagull")],
)
def test_what_has_wings_or_fins_is_in_the_air_over_what_is_under_it(place: str, lower: str, flier: str) -> None:
    scene = arranged(place, lower, RelationName.UNDER, flier)
    assert all(check.holds for check in scene.relations)
    assert only(scene, flier).bounds[0, 1] > only(scene, lower).bounds[1, 1]


def test_a_frog_sits_on_a_lily_pad_not_on_the_shore() -> None:
    scene = arranged("swamp", "frog", RelationName.ON, "water lily")
    assert all(check.holds for check in scene.relations)
    gap = np.ptp([only(scene, "frog").bounds[0, 1], only(scene, "water lily").bounds[0, 1]])
    assert gap < 0.1


@pytest.mark.parametrize(
    ("place", "subject", "relation", "target", "count"),
    [
        ("village", "cottage", RelationName.AROUND, "well", 5),
        ("bedroom", "bed", RelationName.UNDER, "window", 1),
        ("bedroom", "single bed", RelationName.UNDER, "window", 1),
        ("railway station", "person", RelationName.UNDER, "station clock", 1),
    ],
)
def test_great_rings_beds_and_posts_find_their_place(place: str, subject: str, relation: RelationName, target: str, count: int) -> None:
    for seed in (0, 2):
        assert all(check.holds for check in arranged(place, subject, relation, target, count=count, seed=seed).relations)
