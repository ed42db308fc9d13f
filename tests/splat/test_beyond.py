"""Beyond: whoever turns round sees ground, sky or a wall, and nothing new stands before what the cameras saw."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.camera import look_at, pinhole
from pipelines.gaussians import Gaussians, join
from pipelines.prompt import Prompt
from pipelines.splat import Lift, render
from pipelines.splat.backdrop import gathered_sky
from pipelines.splat.beyond import Beyond, _boards, beyond
from pipelines.world import MeasuredView, World

GREEN, BLUE, WHITE, GREY = (70, 120, 50), (110, 150, 220), (215, 205, 190), (120, 110, 100)
WALL_M = 7.0  # straight ahead, 3 m high and 8 m wide
PIT = ((1.0, 2.5), (-4.5, -2.5))  # x and z; 2 m deep
SPLATS = 60_000


def seen(origin: NDArray[np.float64], rays: NDArray[np.float64], *, room: bool, pit: bool) -> tuple[np.ndarray, np.ndarray]:
    """Ray by ray: distance to the ground at y = 0, to the bottom of the pit, to the wall, and in a room to a ceiling; colours."""
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.where(rays[..., 1] < 0, -origin[1] / rays[..., 1], np.inf)
        if pit:
            x, z = (origin[k] + rays[..., k] * down for k in (0, 2))
            in_pit = (x > PIT[0][0]) & (x < PIT[0][1]) & (z > PIT[1][0]) & (z < PIT[1][1])
            down = np.where(in_pit, -(origin[1] + 2) / rays[..., 1], down)
        wall = np.where(rays[..., 2] < 0, (-WALL_M - origin[2]) / rays[..., 2], np.inf)
        at = origin + rays * np.where(np.isfinite(wall), wall, 0)[..., None]
        wall = np.where(room | ((np.abs(at[..., 0]) < 4) & (at[..., 1] < 3)), wall, np.inf)
        up = np.where((rays[..., 1] > 0) & room, (3 - origin[1]) / rays[..., 1], np.inf)
    distance = np.minimum(np.minimum(down, wall), up)
    rgb = np.where((down <= distance)[..., None], GREEN, np.where((wall <= distance)[..., None], WHITE, GREY))
    rgb = np.where(np.isinf(distance)[..., None], BLUE, rgb).astype(np.uint8)
    return distance.astype(np.float32), rgb


@cache
def views(*, room: bool = False, pit: bool = False) -> tuple[MeasuredView, ...]:
    taken = []
    for share in np.linspace(-1, 1, 6):
        at = (1.2 * float(share), 1.65, 0.3 * float(share) ** 2)
        yaw, pitch = look_at(at, (0.3, 1.2, -WALL_M))
        camera = pinhole(at, yaw_rad=yaw, pitch_rad=pitch, width_px=160, height_px=120)
        distance, rgb = seen(camera.position, camera.rays().astype(np.float64), room=room, pit=pit)
        taken.append(MeasuredView(camera, rgb, distance))
    return tuple(taken)


@cache
def lifted(*, room: bool = False) -> Gaussians:
    made = Lift(splats=SPLATS).run(World(Prompt(text="x"), views=views(room=room)), lambda share, note: None).gaussians
    assert made is not None
    return made


def around(*, room: bool = False, pit: bool = False) -> Beyond:
    sky = [] if room else gathered_sky(views(pit=pit))[1:]
    return beyond(views(room=room, pit=pit), sky, SPLATS // 10)


def colour(gaussians: Gaussians, yaw_deg: float, pitch_deg: float) -> np.ndarray:
    camera = pinhole((0, 1.65, 0), yaw_rad=math.radians(yaw_deg), pitch_rad=math.radians(pitch_deg), width_px=48, height_px=48)
    shown = render(gaussians, camera)
    assert shown.alpha.min() > 0.85, "no hole to the void"
    return np.asarray(shown.picture.reshape(-1, 3).mean(axis=0))


@pytest.mark.parametrize("yaw_deg", [90, 180, 270])
def test_in_the_open_ground_and_sky_go_on_all_round(yaw_deg: float) -> None:
    assert colour(lifted(), yaw_deg, -50) == pytest.approx(GREEN, abs=12)
    assert colour(lifted(), yaw_deg, 50) == pytest.approx(BLUE, abs=12)
    assert colour(lifted(), yaw_deg, 0).shape == (3,)


def test_straight_up_and_down_too() -> None:
    assert colour(lifted(), 0, 90) == pytest.approx(BLUE, abs=12)
    assert colour(lifted(), 0, -90) == pytest.approx(GREEN, abs=12)


@pytest.mark.parametrize("turn", [(90, 0), (180, 0), (270, 0), (0, 80), (180, -60)])
def test_a_room_has_plain_walls_where_nobody_looked(turn: tuple[float, float]) -> None:
    shown = colour(lifted(room=True), *turn)
    seen_colours = np.array([GREEN, WHITE, GREY])
    assert (shown > 0.8 * seen_colours.min(axis=0) - 5).all()
    assert (shown < seen_colours.max(axis=0) + 5).all()


@pytest.mark.parametrize("room", [False, True])
def test_nothing_stands_before_what_the_cameras_saw(room: bool) -> None:
    for view in views(room=room)[::2]:
        shown = render(join(around(room=room).gaussians), view.camera, layers=("distance",))
        assert shown.distance is not None
        steep = np.abs(view.camera.rays()[..., 1]) > math.sin(math.radians(2))  # along the horizon a hair's breadth is many metres
        assert (shown.distance < 0.85 * np.minimum(view.distance, 200))[steep].mean() < 0.002
        whole = render(lifted(room=room), view.camera).picture
        assert np.abs(whole.astype(int) - view.rgb).mean() < 8


def test_a_pit_that_was_looked_into_is_not_covered() -> None:
    (x0, x1), (z0, z1) = PIT

    def over_the_pit(gaussians: Gaussians) -> int:
        x, y, z = gaussians.means.T
        return int(((x > x0 + 0.3) & (x < x1 - 0.3) & (z > z0 + 0.3) & (z < z1 - 0.8) & (np.abs(y) < 0.2)).sum())

    assert over_the_pit(around().gaussians[0]) > 3
    assert over_the_pit(around(pit=True).gaussians[0]) == 0


@pytest.mark.parametrize("room", [False, True])
def test_it_keeps_within_its_share_and_is_the_same_every_time(room: bool) -> None:
    parts, again = around(room=room).gaussians, around(room=room).gaussians
    assert 500 < sum(map(len, parts)) < 0.11 * SPLATS
    assert all(
        np.array_equal(one.means, other.means) and np.array_equal(one.harmonics, other.harmonics)
        for one, other in zip(parts, again, strict=True)
    )


def test_walls_that_nobody_saw_have_the_paint_of_those_that_were_seen_and_not_of_the_windows_in_them() -> None:
    def with_window(view: MeasuredView) -> MeasuredView:
        """A third of the wall straight ahead is a window, and the rest lies in light and shadow."""
        at = view.camera.position + view.camera.rays() * view.distance[..., None]
        on_wall, window = np.abs(at[..., 2] + WALL_M) < 0.01, np.abs(at[..., 0] % 3 - 1.5) < 0.5
        light = np.where(at[..., 0] < 0, 0.85, 1.0)[..., None]
        rgb = np.where((on_wall & window)[..., None], GREEN, np.where(on_wall[..., None], light * WHITE, view.rgb))
        return MeasuredView(view.camera, rgb.astype(np.uint8), view.distance)

    shell = beyond([with_window(view) for view in views(room=True)], [], SPLATS // 10).gaussians[1]
    behind = np.median(255 * (0.5 + 0.28209479 * shell.harmonics[shell.means[:, 2] > 1, 0]), axis=0)
    assert (behind > 0.7 * np.array(WHITE)).all() and (behind < WHITE).all()
    assert behind / behind.sum() == pytest.approx(np.array(WHITE) / sum(WHITE), abs=0.02), "of its hue"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_walls_are_solid_just_where_they_are_kept(axis: int) -> None:
    """Cell by cell: a ray through its middle meets the wall, and from the front, where the cell is kept, and else meets nothing."""
    import trimesh

    rng = np.random.default_rng(axis)
    kept = rng.random((9, 14)) < 0.6
    u, v = (a for a in range(3) if a != axis)
    steps = [np.linspace(-1, 2, 9), np.linspace(0, 3, 14)]
    for faces_up in (False, True):
        wall = _boards(kept, steps, axis, 0.5, faces_up=faces_up)
        body = trimesh.Trimesh(wall.vertices, wall.faces, process=False)
        middles = np.zeros((9, 14, 3))
        middles[..., u], middles[..., v] = np.meshgrid(*steps, indexing="ij")
        middles[[0, -1], :, u] *= 0.99  # those at the border have only half a cell
        middles[:, -1, v] -= 0.01
        middles[:, 0, v] += 0.01
        middles[..., axis] = 2.0 if faces_up else -2.0
        way = np.zeros(3)
        way[axis] = -1.0 if faces_up else 1.0
        _, rays, faces = body.ray.intersects_location(middles.reshape(-1, 3), np.tile(way, (kept.size, 1)), multiple_hits=False)
        assert sorted(set(rays)) == np.flatnonzero(kept.ravel()).tolist()
        assert (body.face_normals[faces] @ way < -0.99).all()
