"""What rooms look out on: land below, the sky above, and nothing of either in space."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.sky import radiance, sky_for
from pipelines.layout.vista import OUTSIDE_SEEN, vista
from pipelines.spec import SceneSpec

DOWN, LEVEL, UP = np.array([[0.3, -0.5, -0.8], [0.9, -0.02, -0.4], [0.2, 0.8, -0.5]], np.float32)[:, None]


def test_windows_show_lawn_below_trees_below_sky() -> None:
    sky = sky_for(SceneSpec(place="kitchen"))
    directions = np.concatenate([DOWN, LEVEL, UP])
    bare = radiance(sky, directions)
    seen = vista(sky, directions, bare) / OUTSIDE_SEEN
    assert sky.land
    assert seen[0, 1] > max(seen[0, 0], seen[0, 2])
    assert seen[1].max() < 0.5 * bare[1].max()
    assert seen[2] == pytest.approx(bare[2], rel=1e-5)


def test_the_land_has_no_seam() -> None:
    sky = sky_for(SceneSpec(place="kitchen"))
    turn = np.linspace(-np.pi, np.pi, 721)
    for elevation in (-0.3, -0.02, 0.02, 0.06):
        ring = np.stack([np.cos(elevation) * np.sin(turn), np.full_like(turn, np.sin(elevation)), np.cos(elevation) * np.cos(turn)], axis=1)
        seen = vista(sky, ring.astype(np.float32), np.zeros((len(ring), 3), np.float32))
        assert seen[0] == pytest.approx(seen[-1], abs=1e-4), "the same direction, from both sides"


def test_a_station_in_space_has_no_land_and_a_black_sky() -> None:
    sky = sky_for(SceneSpec(place="space station"))
    assert not sky.land
    assert max(sky.zenith) < 0.01
    assert sky.stars > 1
    assert sky.globes


def test_a_dungeon_is_shown_darker_than_a_kitchen() -> None:
    assert sky_for(SceneSpec(place="dungeon")).exposure < 0.7 * sky_for(SceneSpec(place="kitchen")).exposure
