"""Gravity, the ground and the scale of frames whose truth is made up here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipelines.camera import look_at, pose
from pipelines.vision.mapped import Mapped, straightened
from pipelines.vision.upright import ScaleFrom, gravity, stand
from tests.vision.films import wallpaper

TURN = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])  # any rotation


def frame(*, floor: bool, above_m: float = 1.2, pitch_rad: float = -0.2, seed: int = 0) -> Mapped:
    """A walk of 12 steps, 1.65 m above a floor with things on it, in a frame that is turned, moved and 0.37 times as large."""
    rng = np.random.default_rng(seed)
    poses = []
    for k in range(12):
        at = (0.5 * k + 3.0, 1.65 + 0.03 * math.sin(k), -2.0 + 0.3 * math.cos(k))
        yaw, _ = look_at(at, (5.5, 1.5, -12.0))
        angle, roll = 0.03 * math.sin(5 * k), np.eye(4)
        roll[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        poses.append(pose(at, yaw_rad=yaw, pitch_rad=pitch_rad) @ roll)
    things = rng.uniform((0, 0.3, -12), (11, 4, -6), (1_500, 3))
    ground = rng.uniform((0, 0, -12), (11, 0, -4), (500, 3)) + rng.normal(0, 0.01, (500, 3))
    scattered = things.copy()  # fewer, the lower: no plane
    scattered[:, 1] = above_m + 0.3 + 3.7 * np.sqrt((things[:, 1] - 0.3) / 3.7)
    points = np.concatenate([things, ground]) if floor else scattered
    seen_row, seen_point = (each.ravel() for each in np.meshgrid(np.arange(12), np.arange(len(points)), indexing="ij"))
    true = Mapped(
        picture=np.arange(12),
        world_from_camera=np.array(poses),
        focal_px=np.full(12, 500.0),
        bend=np.zeros(12),
        points=points,
        colours=np.zeros((len(points), 3), np.uint8),
        seen_row=seen_row,
        seen_point=seen_point,
        seen_px=np.zeros((len(seen_row), 2)),
    )
    return true.moved(TURN, np.array([7.0, -3.0, 2.0]), 0.37)


def test_the_floor_tells_up_and_scale() -> None:
    assert np.allclose(TURN @ TURN.T, np.eye(3))
    stood = stand(frame(floor=True))
    assert stood.scale_from is ScaleFrom.GROUND
    assert np.abs(stood.mapped.points[1_500:, 1]).max() < 0.06
    cameras = stood.mapped.world_from_camera[:, :3, 3]
    assert np.median(cameras[:, 1]) == pytest.approx(1.65, abs=0.01)
    assert np.linalg.norm(cameras[-1] - cameras[0]) == pytest.approx(5.5, rel=0.01)
    start = stood.mapped.world_from_camera[stood.start]
    assert np.allclose(start[[0, 2], 3], 0)
    ahead = -start[:3, 2]
    assert ahead[0] == pytest.approx(0, abs=1e-9)
    assert ahead[2] < 0
    assert math.asin(ahead[1]) == pytest.approx(-0.2, abs=math.radians(0.5))


def test_without_a_floor_people_hold_cameras_level() -> None:
    """Pitched up and down, turned to both sides: up is at right angles to all their x axes."""
    stood = stand(frame(floor=False, pitch_rad=-0.05))
    assert stood.scale_from is ScaleFrom.DISTANCE
    up_then = stood.mapped.world_from_camera[:, :3, 1].mean(axis=0)
    assert up_then[1] == pytest.approx(1, abs=0.01)
    distances = np.linalg.norm(stood.mapped.points[None] - stood.mapped.world_from_camera[:, None, :3, 3], axis=2)
    assert np.median(distances) == pytest.approx(5.0, rel=0.02)
    assert np.median(stood.mapped.world_from_camera[:, 1, 3]) == pytest.approx(1.65, abs=0.01)


def test_without_a_floor_the_lowest_things_stand_on_it() -> None:
    """A hundredth lies lower than 0.37 m above the true floor, so all comes out larger by 29 %; distance alone would halve it."""
    stood = stand(frame(floor=False, above_m=-0.3, pitch_rad=-0.03))
    assert stood.scale_from is ScaleFrom.LOWEST
    cameras = stood.mapped.world_from_camera[:, :3, 3]
    assert np.linalg.norm(cameras[-1] - cameras[0]) == pytest.approx(5.5 * 1.65 / 1.28, rel=0.1)
    assert np.quantile(stood.mapped.points[:, 1], 0.01) == pytest.approx(0, abs=0.05)


def test_cameras_that_were_held_lower_make_a_smaller_world() -> None:
    low, usual = (stand(frame(floor=True), eye_height_m=height).mapped.world_from_camera[:, :3, 3] for height in (0.825, 1.65))
    assert np.allclose(2 * low, usual, atol=1e-6)


def test_gravity_of_a_look_around_is_right_whatever_the_pitch() -> None:
    poses = np.array([pose((0, 0, 0), yaw_rad=yaw, pitch_rad=-0.6) for yaw in np.linspace(0, 2.5, 20)])
    turn = np.eye(4)
    turn[:3, :3] = TURN
    assert gravity(turn @ poses) @ TURN[:, 1] > math.cos(math.radians(4))


@pytest.mark.parametrize("bend", [-0.12, 0.08])
def test_straight_pictures_show_straight_lines(bend: float) -> None:
    """A bent picture is made point by point from a scene; made straight, its lines lie where a pinhole camera sees them."""
    width, height, focal = 320, 180, 250.0
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x_bent, y_bent = (column - width / 2) / focal, (row - height / 2) / focal
    r_bent = np.hypot(x_bent, y_bent)
    r = r_bent.copy()
    for _ in range(50):  # r (1 + bend r²) = r_bent
        r = r_bent / (1 + bend * r * r)
    x = x_bent * r / np.maximum(r_bent, 1e-9)

    def stripes(x: np.ndarray) -> np.ndarray:
        return np.rint(128 + 90 * np.sin(60 * x)).astype(np.uint8)[..., None].repeat(3, axis=-1)

    straight, focal_px = straightened(stripes(x), focal, bend)
    assert straight.shape == (height, width, 3)
    wanted = stripes((column - width / 2) / focal_px)
    assert np.abs(straight.astype(int) - wanted).mean() < 1.0
    assert np.abs(straight[:3].astype(int) - wanted[:3]).mean() < 1.5  # no empty borders


def test_a_straight_lens_is_left_alone() -> None:
    scene = wallpaper(90, 160)
    same, focal_px = straightened(scene, 130.0, 1e-6)
    assert same is scene
    assert focal_px == 130.0
