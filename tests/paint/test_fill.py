"""What a pillar hides from the start is found from beside it and painted; what is known stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipelines import Prompt
from pipelines.camera import panorama
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, from_colours
from pipelines.paint import Fill
from pipelines.paint.fill import holes_first, walk_points
from pipelines.scene import Spawn
from pipelines.splat import render
from pipelines.world import MeasuredView, World

EYE = np.array([0.0, 1.65, 0.0])
PILLAR, RADIUS = np.array([0.0, -3.0]), 0.4  # x, z


def seen_from_the_start(*, pillar: bool) -> Gaussians:
    """One splat for each pixel of a panorama of a room, as `lift` makes them: nothing behind a pillar ahead."""
    camera = panorama(EYE, width_px=320)
    rays = camera.rays().reshape(-1, 3).astype(np.float64)
    low, high = np.array([-4.0, 0.0, -6.0]), np.array([4.0, 3.0, 4.0])
    with np.errstate(divide="ignore"):
        distance = np.where(rays > 0, (high - EYE) / rays, (low - EYE) / rays).min(axis=1)
    colour = np.where(rays[:, 1:2] < -0.2, [[0.4, 0.35, 0.3]], [[0.8, 0.8, 0.75]])
    if pillar:
        flat = rays[:, [0, 2]]
        b, c = flat @ PILLAR, PILLAR @ PILLAR - RADIUS**2
        a = (flat**2).sum(axis=1)
        inside = (b > 0) & (b**2 - a * c > 0)
        hit = np.where(inside, (b - np.sqrt(np.maximum(b**2 - a * c, 0))) / a, np.inf)
        colour = np.where((hit < distance)[:, None], [[0.7, 0.2, 0.2]], colour)
        distance = np.minimum(distance, hit)
    size = (distance * 2 * np.pi / 320 * 0.6).astype(np.float32)
    count = len(rays)
    return from_colours(
        (EYE + rays * distance[:, None]).astype(np.float32),
        np.repeat(size[:, None], 3, axis=1),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full(count, 0.95, np.float32),
        colours=colour.astype(np.float32),
        thing=np.zeros(count, np.int32),
    )


def test_the_walk_keeps_away_from_what_stands_in_its_way() -> None:
    points = walk_points(seen_from_the_start(pillar=True), Spawn(), reach_m=5.0)
    assert len(points) == 8
    for point in points:
        assert np.hypot(*(point[[0, 2]] - PILLAR)) > RADIUS + 0.4
        assert abs(point[0]) < 4
        assert -6 < point[2] < 4
        assert point[1] == pytest.approx(1.65)
    ahead = points[0]
    assert -2.3 < ahead[2] < -1.5  # the pillar begins at 2.6 m


def test_gaps_behind_the_pillar_are_found_and_none_without_it() -> None:
    hidden = seen_from_the_start(pillar=True)
    points = [EYE + (1.2, 0, 0), EYE + (-1.2, 0, 0)]
    cameras = holes_first(hidden, points, (64, 48), lambda f, n: None)
    assert cameras
    ahead = [-camera.world_from_camera[:3, 2] for camera in cameras]
    assert ahead[0][2] < -0.5  # the largest gap lies ahead, where the pillar is
    assert all((render(hidden, camera).alpha < 0.5).mean() > 0.002 for camera in cameras)
    assert not holes_first(seen_from_the_start(pillar=False), points, (64, 48), lambda f, n: None)


@pytest.mark.parametrize("family", ["sdxl", "klein"])
def test_gaps_are_painted_and_the_rest_stays(checkpoints: dict[str, Path], family: str) -> None:
    gaussians = seen_from_the_start(pillar=True)
    stage = Fill(width_px=128, height_px=96, steps=2, views_most=2, reach_m=1.2, model=str(checkpoints[family]))
    world = World(Prompt(text="a room with a pillar", seed=1), gaussians=gaussians)
    views = stage.run(world, lambda f, n: None).views
    assert 1 <= len(views) <= 2
    for view in views:
        assert isinstance(view, MeasuredView)
        seen = render(gaussians, view.camera, layers=("distance",))
        gap = seen.alpha < 0.5
        assert gap.any()
        assert np.array_equal(np.isnan(view.distance), gap)
        pure = np.clip(seen.rgb / np.maximum(seen.alpha, 0.5)[..., None], 0, 1)[~gap]  # no black shines through where splats end
        assert np.abs(view.rgb[~gap] - pure * 255).max() <= 0.51
        assert view.rgb[gap].any()
        assert seen.distance is not None
        assert np.array_equal(view.distance[~gap], seen.distance[~gap])


def test_nothing_hidden_needs_no_weights() -> None:
    world = World(Prompt(text="a room"), gaussians=seen_from_the_start(pillar=False))
    assert Fill(reach_m=0.5, model="nobody/nothing").run(world, lambda f, n: None) is world
    with pytest.raises(InputError, match="no splats"):
        Fill(model="nobody/nothing").run(World(Prompt(text="a room")), lambda f, n: None)
