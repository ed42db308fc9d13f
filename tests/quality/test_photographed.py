"""The photographed room: distances lie on its planes, two cameras see the same colours, and the photographs hang there as they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from skimage import data

from pipelines.camera import pinhole, seen_along
from pipelines.quality.filming import filmed
from pipelines.quality.photographed import HEIGHT_M, NORTH_M, SOUTH_M, WIDTH_M, PhotographedRoom
from pipelines.quality.trial import room_cameras


@pytest.fixture(scope="module")
def room() -> PhotographedRoom:
    return PhotographedRoom()


def test_the_wall_ahead_is_as_far_as_it_is(room: PhotographedRoom) -> None:
    camera = pinhole((0, 3.6, 0), width_px=64, height_px=36, horizontal_fov_rad=math.radians(40))
    rays = camera.rays()[14:20]
    assert np.allclose(room.see(camera).distance[14:20], NORTH_M / rays[..., 2], rtol=1e-5)


def test_every_point_lies_in_the_room_and_most_on_its_shell(room: PhotographedRoom) -> None:
    (view,) = filmed(room, room_cameras(frames=12, width_px=160)[:1])
    points = view.camera.position + view.camera.rays() * view.distance[..., None]
    low, high = np.array([-WIDTH_M / 2, 0, NORTH_M]), np.array([WIDTH_M / 2, HEIGHT_M, SOUTH_M])
    assert (points > low - 1e-3).all()
    assert (points < high + 1e-3).all()
    away = np.minimum(points - low, high - points).min(axis=-1)
    shell = away < 0.041  # photographs hang 4 cm before the walls
    assert 0.7 < shell.mean() < 0.95  # the rest are crates
    assert points[~shell][:, 1].max() < 1.71


def test_two_cameras_see_the_same_colours(room: PhotographedRoom) -> None:
    """What the first sees is looked up in the second by its distance alone, wherever the second sees equally far."""
    first, second = filmed(room, room_cameras(frames=12, width_px=320)[4:7:2])
    points = first.camera.position + first.camera.rays().astype(np.float64) * first.distance[..., None]
    away = points - second.camera.position
    distance = np.linalg.norm(away, axis=-1)
    there = seen_along(second.distance, second.camera, away / distance[..., None])
    both = np.abs(there / distance - 1) < 0.003
    assert both.mean() > 0.7
    colours = seen_along(second.rgb, second.camera, away / distance[..., None])
    error = np.abs(colours[both] - first.rgb[both]).mean()
    shuffled = np.abs(np.roll(colours[both], 5, axis=0) - first.rgb[both]).mean()
    assert error < 5
    assert shuffled > 2 * error


def test_a_photograph_hangs_there_as_it_was_taken(room: PhotographedRoom) -> None:
    """From straight before it, a camera that sees just its edges sees the astronaut, and not her mirror image."""
    away_m = 2.0
    camera = pinhole(
        (-2.6 + 0.95, 0.7 + 0.95, NORTH_M + 0.04 + away_m), width_px=96, height_px=96, horizontal_fov_rad=2 * math.atan(0.95 / away_m)
    )
    seen = room.see(camera).rgb.astype(np.float64)
    wanted = np.asarray(Image.fromarray(data.astronaut()).resize((96, 96), Image.Resampling.BOX), np.float64)
    alike = np.corrcoef(seen[4:-4, 4:-4].ravel(), wanted[4:-4, 4:-4].ravel())[0, 1]
    mirrored = np.corrcoef(seen[4:-4, 4:-4].ravel(), wanted[4:-4, -5:3:-1].ravel())[0, 1]
    assert alike > 0.98
    assert mirrored < 0.5
