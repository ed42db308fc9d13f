"""Finish: what the last stage adds to a world."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines import Prompt, World
from pipelines.errors import InputError
from pipelines.gaussians import join
from pipelines.scene import Scene, Spawn
from pipelines.splat import Finish
from tests.splat.scenes import sheet

SPAWN = Spawn(position=(1.0, 0.5, 2.0), yaw_rad=0.3, pitch_rad=0.05)


@pytest.fixture(scope="module")
def finished() -> World:
    """A floor, a wall 10 m to the north and a patch of sky behind it, finished; with what was told on the way."""
    floor = sheet(np.array([-20.0, 0, 20]), np.array([40.0, 0, 0]), np.array([0, 0, -30.0]), count=150_000, thing=0)
    wall = sheet(np.array([-20.0, 0, -8]), np.array([40.0, 0, 0]), np.array([0, 6.0, 0]), count=30_000, thing=4)
    sky = sheet(np.array([-1500.0, -200, -1450]), np.array([3000.0, 0, 0]), np.array([0, 1500.0, 0]), count=2_000, thing=0)
    world = World(prompt=Prompt(text="a wall"), scene=Scene(spawn=SPAWN), gaussians=join([floor, wall, sky]))
    told: list[float] = []
    world = Finish().run(world, lambda share, note: told.append(share))
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1
    return world


def test_levels_are_those_smaller_than_the_whole(finished: World) -> None:
    assert [round(len(level), -3) for level in finished.levels] == [150_000, 100_000]


def test_the_panorama_measures_from_the_eye(finished: World) -> None:
    seen = finished.panorama
    assert seen is not None and seen.rgb.shape == (1280, 2560, 3) and seen.rgb.dtype == np.uint8
    assert np.allclose(seen.camera.position, (1.0, 2.15, 2.0))
    middle = seen.camera.rays()[640, 1280]
    assert math.atan2(-middle[0], -middle[2]) == pytest.approx(0.3, abs=0.01)
    assert seen.distance[1279, 0] == pytest.approx(2.15, abs=0.01)  # straight down to the floor
    assert seen.distance[640, 1280] == pytest.approx(10 / math.cos(0.3), rel=0.01)  # the wall, at a slant
    assert np.isinf(seen.distance[0]).all()  # nothing overhead
    column, row = seen.camera.project(np.array([[0.0, 900, -1450]]))[0][0]
    assert seen.rgb[int(row), int(column)].max() > 0 and np.isinf(seen.distance[int(row), int(column)])  # sky, above the wall
    assert not np.any(seen.distance[np.isfinite(seen.distance)] > 1400)


def test_the_thumbnail_is_the_first_look(finished: World) -> None:
    first = finished.thumbnail
    assert first is not None and first.rgb.shape == (720, 1280, 3)
    centre = first.camera.rays()[360, 640]
    assert math.atan2(-centre[0], -centre[2]) == pytest.approx(0.3, abs=0.01)
    assert math.asin(centre[1]) == pytest.approx(0.05, abs=0.01)


def test_nothing_can_be_finished_without_splats() -> None:
    with pytest.raises(InputError, match="without splats"):
        Finish().run(World(prompt=Prompt(text="nothing")), lambda share, note: None)
