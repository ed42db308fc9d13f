"""Camera paths: they interpolate smoothly, walk on the ground round obstacles, keep out of walls, and refuse wrong files."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, join
from pipelines.scene import Spawn
from pipelines.splat import CameraPath, orbit_path, parse_path, read_path, walk_path
from tests.splat.scenes import sheet

SPAWN = Spawn()


def east_wall(x: float, north: float, south: float, height: float = 3.0) -> Gaussians:
    return sheet(np.array([x, 0, south]), np.array([0, 0, north - south]), np.array([0, height, 0]), count=9_000)


def north_wall(z: float, west: float, east: float, height: float = 3.0) -> Gaussians:
    return sheet(np.array([west, 0, z]), np.array([east - west, 0, 0]), np.array([0, height, 0]), count=9_000)


def ground(half_m: float = 20.0) -> Gaussians:
    return sheet(np.array([-half_m, 0, half_m]), np.array([2 * half_m, 0, 0]), np.array([0, 0, -2 * half_m]), count=60_000)


def places(path: CameraPath, count: int = 60) -> np.ndarray:
    return np.array([path.camera(t, width_px=16, height_px=16).position for t in np.linspace(0, path.seconds, count)])


def test_a_walk_goes_round_a_wall() -> None:
    """A wall across the way ends 3 m to the east: the visitor passes there, feet on the ground, never within the wall."""
    way = places(walk_path(join([ground(), north_wall(-5.0, -8, 3)]), SPAWN, seconds=14))
    assert np.allclose(way[0], (0, 1.65, 0), atol=1e-6)
    assert way[-1, 2] < -8
    assert np.allclose(way[:, 1], 1.65, atol=0.25)
    crossing = way[np.argmin(np.abs(way[:, 2] + 5))]
    assert crossing[0] > 3.2
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 1.5  # no jumps


def test_a_walk_keeps_off_the_water() -> None:
    """A pond ahead, told from the ground by its glitter alone: the way leads round it."""
    pond = sheet(np.array([-6.0, 0, -3]), np.array([9.0, 0, 0]), np.array([0, 0, -5.0]), count=12_000)
    glitter = pond.with_degree(1)
    glitter.harmonics[:, 1:] = 0.2
    dry = ground()
    x, z = dry.means[:, 0], dry.means[:, 2]
    around = dry.take((x < -6) | (x > 3) | (z > -3) | (z < -8))
    way = places(walk_path(join([around, glitter]), SPAWN, seconds=14))
    on_water = (way[:, 0] > -6) & (way[:, 0] < 3) & (way[:, 2] > -8) & (way[:, 2] < -3)
    assert way[-1, 2] < -9 and not on_water.any()


def test_a_walk_climbs_a_slope() -> None:
    slope = sheet(np.array([-15.0, -1, 5]), np.array([30.0, 0, 0]), np.array([0, 6.0, -30]), count=60_000)  # 1 in 5, y = 0 at z = 0
    way = places(walk_path(slope, SPAWN, seconds=8))
    assert way[-1, 2] < -6
    assert np.allclose(way[5:, 1] - 1.65, -way[5:, 2] / 5, atol=0.3)


def test_a_walk_with_nowhere_to_go_stays() -> None:
    cell = join([ground(5), north_wall(-0.8, -1, 1), north_wall(0.8, -1, 1), east_wall(-0.8, -1, 1), east_wall(0.8, -1, 1)])
    way = places(walk_path(cell, SPAWN, seconds=5))
    assert np.abs(way[:, [0, 2]]).max() < 0.8


def test_an_orbit_goes_once_round_the_subject() -> None:
    pillar = join([north_wall(-9.5, -0.5, 0.5), north_wall(-10.5, -0.5, 0.5), east_wall(-0.5, -10.5, -9.5), east_wall(0.5, -10.5, -9.5)])
    path = orbit_path(join([ground(), pillar]), SPAWN, seconds=10)
    way = places(path)
    assert np.allclose(way[0], way[-1]) and path.loop
    angles = np.unwrap(np.arctan2(way[:, 0], way[:, 2] + 10))
    assert angles[-1] - angles[0] == pytest.approx(2 * math.pi, abs=0.01) and (np.diff(angles) > 0).all()
    assert np.allclose(np.hypot(way[:, 0], way[:, 2] + 10), 10, atol=1.5) and (way[:, 1] > 1.65).all()
    for time in np.linspace(0, 10, 7):
        pixel, _ = path.camera(time, width_px=100, height_px=100).project(np.array([[0.0, 1.5, -10]]))
        assert np.allclose(pixel, 50, atol=12)


def test_indoors_an_orbit_stays_in_the_room() -> None:
    walls = [north_wall(-6, -3, 3), north_wall(1.5, -3, 3), east_wall(-3, -6, 1.5), east_wall(3, -6, 1.5)]
    ceiling = sheet(np.array([-3.0, 3, 1.5]), np.array([6.0, 0, 0]), np.array([0, 0, -7.5]), count=9_000)
    way = places(orbit_path(join([ground(8), ceiling, *walls]), SPAWN))
    assert np.abs(way[:, 0]).max() < 2.8 and way[:, 2].min() > -5.8 and way[:, 2].max() < 1.3
    assert way[:, 1].max() < 2.8 and np.ptp(way[:, 0]) > 2


def keyframes(**changes: object) -> str:
    frames = [
        {"time": 0, "position": [0, 1.65, 0], "look_at": [0, 1, -10]},
        {"time": 4, "position": [3, 1.65, -4], "yaw": 30, "pitch": -5, "fov": 60},
        {"time": 5, "position": [4, 1.65, -4], "yaw": 40},
    ]
    return json.dumps({"keyframes": frames, **changes})


def test_keyframes_are_met_and_the_way_between_is_smooth(tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    file.write_text(keyframes())
    path = read_path(file)
    assert path.seconds == 5 and path.frame_count(10) == 51 and len(list(path.frames(10, width_px=16, height_px=16))) == 51
    camera = path.camera(4, width_px=100, height_px=50)
    assert np.allclose(camera.position, (3, 1.65, -4))
    forward = -camera.world_from_camera[:3, 2]
    assert math.atan2(-forward[0], -forward[2]) == pytest.approx(math.radians(30)) and math.asin(forward[1]) == pytest.approx(
        math.radians(-5)
    )
    assert 2 * math.atan(50 / camera.focal_px) == pytest.approx(math.radians(60))
    assert np.allclose(path.camera(0, width_px=100, height_px=50).project(np.array([[0.0, 1, -10]]))[0], (50, 25))
    way = np.array([path.camera(t, width_px=16, height_px=16).position for t in np.linspace(0, 5, 501)])
    velocity = np.diff(way, axis=0) / 0.01
    assert np.abs(np.diff(velocity, axis=0)).max() < 0.1  # no jump in speed


def test_a_loop_closes() -> None:
    path = parse_path(keyframes(loop=True))
    assert path.seconds == 9
    ends = [path.camera(t, width_px=16, height_px=16).world_from_camera for t in (0, 9)]
    assert np.allclose(ends[0], ends[1])


@pytest.mark.parametrize("loop", [False, True])
def test_the_camera_rests_where_a_keyframe_eases(loop: bool) -> None:
    frames = [{"time": t, "position": [t, 0, 0], "yaw": 10 * t, "ease": t in (0, 4)} for t in (0, 1, 4, 6)]
    path = parse_path(json.dumps({"keyframes": frames, "loop": loop}))

    def speed(time: float) -> float:
        before, after = (path.camera(t, width_px=16, height_px=16).position for t in (time - 1e-3, time + 1e-3))
        return float(np.linalg.norm(np.subtract(after, before)) / (min(time + 1e-3, path.seconds) - max(time - 1e-3, 0)))

    resting = (0, 4, path.seconds) if loop else (0, 4)
    assert all(speed(time) < 0.02 for time in resting)
    assert speed(1) > 0.3 and (loop or speed(6) > 0.3)


def test_yaw_turns_the_short_way_towards_points() -> None:
    ahead = [{"time": t, "position": [0, 0, 0], "look_at": [x, 0, 5]} for t, x in ((0, 1), (1, -1))]  # behind, from the right to the left
    path = parse_path(json.dumps({"keyframes": ahead}))
    looks = [-path.camera(t, width_px=16, height_px=16).world_from_camera[:3, 2] for t in np.linspace(0, 1, 11)]
    assert min(look[2] for look in looks) > 0.9


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "whole file"),
        ("[]", "whole file"),
        ('{"keyframes": []}', "keyframes"),
        (keyframes(speed=2), "speed"),
        ('{"keyframes": [{"time": 1, "position": [0, 0, 0], "yaw": 0}]}', "must have time 0"),
        ('{"keyframes": [{"time": 0, "position": [0, 0, 0], "yaw": 0}, {"time": 0, "position": [0, 0, 0], "yaw": 0}]}', "keyframe 2"),
        ('{"keyframes": [{"time": 0, "position": [0, 0], "yaw": 0}]}', "keyframes.0.position"),
        ('{"keyframes": [{"time": 0, "position": [0, 0, 0]}]}', "look_at or yaw"),
        ('{"keyframes": [{"time": 0, "position": [0, 0, 0], "look_at": [0, 0, 0]}]}', "own position"),
        ('{"keyframes": [{"time": 0, "position": [0, 0, 0], "yaw": 0, "fov": 0}]}', "keyframes.0.fov"),
        ('{"keyframes": [{"time": 0, "position": [0, 0, NaN], "yaw": 0}]}', "position"),
    ],
)
def test_wrong_files_are_refused_in_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        parse_path(text)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read"):
        read_path(tmp_path / "none.json")


def test_a_film_takes_time() -> None:
    with pytest.raises(InputError, match="0 seconds"):
        walk_path(ground(), SPAWN, seconds=0)
