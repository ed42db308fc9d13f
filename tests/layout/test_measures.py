"""Distances that the words gave, and the places from which they look: both reach the arranged scene."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.arrange import arrange
from pipelines.layout.footprints import separation, stance
from pipelines.layout.relations import holds
from pipelines.scene import EYE_HEIGHT_M
from pipelines.spec import VIEWER, PartSpec, Relation, RelationName, SceneSpec, ThingSpec, Viewpoint
from pipelines.things import COLOURS, Library

R = RelationName


@pytest.fixture(scope="module")
def library() -> Library:
    return Library.load()


def _pair(relation: RelationName, distance_m: float, target: str = "house") -> SceneSpec:
    tent = ThingSpec(
        name="tent", kind="tent", phrase="a tent", relations=(Relation(relation=relation, objects=(target,), distance_m=distance_m),)
    )
    return SceneSpec(place="meadow", things=(ThingSpec(name="house", kind="house", phrase="a house"), tent))


@pytest.mark.parametrize(("relation", "metres"), [(R.BEHIND, 10), (R.LEFT_OF, 5), (R.NEAR, 14), (R.FAR, 30)])
def test_a_stated_distance_is_kept(library: Library, relation: RelationName, metres: float) -> None:
    scene = arrange(_pair(relation, metres), library, seed=2)
    house, tent = (next(stance(thing, part="foot") for thing in scene.things if thing.name == name) for name in ("house", "tent"))
    assert float(separation(tent, house)) == pytest.approx(metres, rel=0.25, abs=1)
    assert all(check.holds for check in scene.relations)


def test_a_distance_to_the_viewer(library: Library) -> None:
    scene = arrange(_pair(R.FAR, 45, VIEWER), library, seed=1)
    tent = next(thing for thing in scene.things if thing.name == "tent")
    assert np.hypot(tent.position[0], tent.position[2]) == pytest.approx(45, abs=8)


def test_a_wrong_distance_does_not_hold(library: Library) -> None:
    scene = arrange(_pair(R.NEAR, 14), library, seed=2)
    house, tent = (next(stance(thing, part="foot") for thing in scene.things if thing.name == name) for name in ("house", "tent"))
    assert bool(holds(R.NEAR, tent, house, distance_m=14))
    assert not bool(holds(R.NEAR, tent, house, distance_m=5))


@pytest.mark.parametrize(("view", "least_m", "most_m"), [
    (Viewpoint.EYE_LEVEL, 1.6, 1.7), (Viewpoint.BALCONY, 4, 6), (Viewpoint.ROOFTOP, 10, 16), (Viewpoint.ABOVE, 20, 40),
])  # fmt: skip
def test_the_first_look_is_as_high_as_the_words_say(library: Library, view: Viewpoint, least_m: float, most_m: float) -> None:
    scene = arrange(SceneSpec(place="meadow", view=view), library, seed=1)
    assert least_m <= scene.spawn.position[1] + EYE_HEIGHT_M <= most_m
    assert np.allclose(scene.viewpoints[0], np.add(scene.spawn.position, (0, EYE_HEIGHT_M, 0)), atol=0.5)
    assert (scene.spawn.pitch_rad < -0.1) == (view is not Viewpoint.EYE_LEVEL)


@pytest.mark.parametrize("place", ["living room", "cathedral"])
def test_from_above_a_room_is_seen_from_under_its_ceiling(library: Library, place: str) -> None:
    level, above = (arrange(SceneSpec(place=place, view=view), library, seed=1) for view in (Viewpoint.EYE_LEVEL, Viewpoint.ABOVE))
    eye_m = above.spawn.position[1] + EYE_HEIGHT_M
    assert EYE_HEIGHT_M + 0.3 < eye_m < above.things[0].bounds[1, 1] - 0.3
    assert above.viewpoints[0, 1] == pytest.approx(eye_m, abs=1e-4)
    assert above.spawn.pitch_rad < level.spawn.pitch_rad


def test_walls_of_a_room_are_painted(library: Library) -> None:
    scene = arrange(SceneSpec(place="living room", parts=(PartSpec(name="wall", colour="teal"),)), library, seed=1)
    walls = [part for part in scene.things[0].model.parts if part.name.endswith("wall")]
    assert walls and all(part.tint == COLOURS["teal"] for part in walls)
