"""Stereo against truths known another way: a wall in closed form, the renderer's distances, and what the views say about each other."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from pipelines import MeasuredView, Prompt
from pipelines.camera import Camera, panorama, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, from_colours, join, quaternions_from_frames
from pipelines.splat import render
from pipelines.vision import Stereo
from pipelines.vision.neighbours import choose_neighbours
from pipelines.world import PointCloud, View, World

WALL_M, WALL_TURN_RAD = 4.0, math.radians(25)
SMALL = Stereo(first_sweeps=4)


def silent(share: float, note: str) -> None:
    """Hear of progress and say nothing."""


def wall_distance(camera: Camera) -> np.ndarray:
    """(H, W) metres to a wall that stands 4 m ahead of the origin and is turned by 25°: where a ray meets a plane, in closed form."""
    normal = np.array([math.sin(WALL_TURN_RAD), 0.0, math.cos(WALL_TURN_RAD)])
    rays = camera.rays().astype(np.float64)
    return (-WALL_M * normal[2] - camera.position @ normal) / (rays @ normal)


def painted_wall(camera: Camera) -> View:
    """The wall as the camera sees it: a sum of waves on the wall's own two axes, sampled where each ray meets it."""
    at = camera.position + camera.rays() * wall_distance(camera)[..., None]
    along = at[..., 0] / math.cos(WALL_TURN_RAD)
    rng = np.random.default_rng(5)
    value = np.zeros(along.shape)
    for _ in range(60):
        per_m, phase, angle = rng.uniform(3, 22), rng.uniform(0, 6.3), rng.uniform(0, 3.2)
        value += np.sin(per_m * (along * math.cos(angle) + at[..., 1] * math.sin(angle)) + phase)
    grey = np.clip(128 + 9 * value, 0, 255)
    return View(camera, np.stack([grey, grey * 0.9, grey * 0.7], axis=-1).astype(np.uint8))


def row_of_cameras(count: int, *, step_m: float = 0.22) -> list[Camera]:
    """Level cameras side by side that look ahead."""
    places = (np.arange(count) - (count - 1) / 2) * step_m
    return [pinhole((x, 1.6, 0.05 * (k % 2)), width_px=160, height_px=90, horizontal_fov_rad=1.1) for k, x in enumerate(places)]


@cache
def measured_wall() -> tuple[MeasuredView, ...]:
    """Five views of the wall, measured."""
    views = tuple(painted_wall(camera) for camera in row_of_cameras(5))
    return measured(World(Prompt(text="a wall"), views=views))


def measured(world: World, stage: Stereo = SMALL) -> tuple[MeasuredView, ...]:
    """The views of a world after the stage."""
    views = stage.run(world, silent).views
    assert all(isinstance(view, MeasuredView) for view in views)
    return tuple(view for view in views if isinstance(view, MeasuredView))


def sheet(origin: tuple[float, float, float], one: tuple[float, float, float], other: tuple[float, float, float], seed: int) -> Gaussians:
    """Flat splats of mottled colour on the parallelogram between two edges (metres)."""
    a, b = np.array(one), np.array(other)
    size_m = 0.05
    across, along = (np.arange(0.5, math.hypot(*edge) / size_m) * size_m / math.hypot(*edge) for edge in (a, b))
    share = np.stack(np.meshgrid(across, along), axis=-1).reshape(-1, 2)
    means = (np.array(origin) + share @ np.stack([a, b])).astype(np.float32)
    axes = np.stack([a / math.hypot(*a), b / math.hypot(*b)], axis=1)
    frame = np.column_stack([axes, np.cross(axes[:, 0], axes[:, 1])])
    count, rng = len(means), np.random.default_rng(seed)
    coarse = rng.uniform(-0.2, 0.2, (40, 40, 3))[tuple((share * 39).astype(int).T)]
    return from_colours(
        means,
        np.tile(np.array([0.6 * size_m, 0.6 * size_m, 0.004], np.float32), (count, 1)),
        quaternions_from_frames(np.tile(frame, (count, 1, 1))),
        np.full(count, 0.95, np.float32),
        colours=(0.4 + coarse + rng.uniform(-0.15, 0.15, (count, 1))).astype(np.float32),
        thing=np.zeros(count, np.int32),
    )


@pytest.fixture(scope="module")
def filmed() -> list[MeasuredView]:
    """Small frames of a floor, a screen that stands on it and a far wall below the open sky, with the distances of the renderer."""
    place = join(
        [
            sheet((-7, 0, 1), (14, 0, 0), (0, 0, -13), 1),
            sheet((-1.2, 0, -4.5), (2.2, 0, 0.6), (0, 2.0, 0), 2),
            sheet((-9, 0, -12), (18, 0, 0), (0, 2.6, 0), 3),
        ]
    )
    views = []
    for number, x in enumerate(np.linspace(-1.1, 1.1, 6)):
        camera = pinhole((x, 1.6, 0.1 * (number % 2)), yaw_rad=0.08 * x, width_px=160, height_px=90, horizontal_fov_rad=1.1)
        seen = render(place, camera, background=(0.55, 0.7, 0.9), layers=("distance",))
        assert seen.distance is not None
        views.append(MeasuredView(camera, seen.picture, seen.distance))
    return views


@pytest.fixture(scope="module")
def found(filmed: list[MeasuredView]) -> tuple[MeasuredView, ...]:
    """The same frames as the stage measures them from colours alone."""
    return measured(World(Prompt(text="film"), views=tuple(View(view.camera, view.rgb) for view in filmed)))


def test_a_slanted_wall_is_where_geometry_says() -> None:
    close = []
    for view in measured_wall():
        truth = wall_distance(view.camera)
        known = np.isfinite(view.distance)
        error = np.abs(view.distance - truth)[known] / truth[known]
        assert known.mean() > 0.93
        assert np.median(error) < 0.005
        close.append((error < 0.05).mean())
    assert min(close) > 0.85, "the outermost views see parts that no other does"
    assert np.mean(close) > 0.93


def test_what_one_view_measures_another_sees_at_the_same_place() -> None:
    """Lift the pixels of one view into the world and look them up in the next: both must tell the same distance."""
    one, other = measured_wall()[1:3]
    points = one.camera.position + one.camera.rays() * one.distance[..., None]
    pixels, distance = other.camera.project(points[np.isfinite(one.distance)])
    inside = ((pixels >= 0) & (pixels < (160, 90))).all(axis=1)
    column, row = pixels[inside].astype(int).T
    there = other.distance[row, column]
    assert np.nanmedian(np.abs(there - distance[inside]) / there) < 0.01


def test_a_filmed_place_has_the_distances_of_the_renderer(filmed: list[MeasuredView], found: tuple[MeasuredView, ...]) -> None:
    truth = np.stack([view.distance for view in filmed])
    distance = np.stack([view.distance for view in found])
    solid = np.isfinite(truth)
    known = solid & np.isfinite(distance)
    error = np.abs(distance[known] - truth[known]) / truth[known]
    assert known.sum() > 0.85 * solid.sum()
    assert np.median(error) < 0.03
    assert (error < 0.25).mean() > 0.85


def test_the_sky_is_the_sky(filmed: list[MeasuredView], found: tuple[MeasuredView, ...]) -> None:
    truth = np.isinf(np.stack([view.distance for view in filmed]))
    sky = np.isinf(np.stack([view.distance for view in found]))
    assert (sky & truth).sum() > 0.9 * sky.sum(), "what is called sky is sky"
    assert (sky & truth).sum() > 0.6 * truth.sum(), "most of the sky is found"


def test_a_wall_up_to_the_top_of_the_picture_is_not_sky() -> None:
    assert not any(np.isinf(view.distance).any() for view in measured_wall())


def test_a_blank_patch_of_a_wall_is_closed_from_what_is_around_it() -> None:
    """Paint a window of the wall in one grey: nothing can be compared there, and the wall goes on all the same."""
    views, blank = [], []
    for camera in row_of_cameras(5):
        view = painted_wall(camera)
        at = camera.position + camera.rays() * wall_distance(camera)[..., None]
        inside = (np.abs(at[..., 0]) < 0.35) & (np.abs(at[..., 1] - 1.6) < 0.35)
        views.append(View(camera, np.where(inside[..., None], np.uint8(128), view.rgb)))
        blank.append(inside)
    for view, inside in zip(measured(World(Prompt(text="a wall"), views=tuple(views))), blank, strict=True):
        truth = wall_distance(view.camera)[inside]
        known = np.isfinite(view.distance[inside])
        assert known.mean() > 0.9
        assert np.median(np.abs(view.distance[inside] - truth)[known] / truth[known]) < 0.05


def test_the_same_seed_gives_the_same_bytes_and_the_input_stays() -> None:
    views = tuple(painted_wall(camera) for camera in row_of_cameras(3))
    before = [view.rgb.copy() for view in views]
    world = World(Prompt(text="a wall", seed=4), views=views)
    first, second = measured(world), measured(world)
    assert all(np.array_equal(a.distance, b.distance, equal_nan=True) for a, b in zip(first, second, strict=True))
    assert all(np.array_equal(a.rgb, b) for a, b in zip(views, before, strict=True))
    assert not any(isinstance(view, MeasuredView) for view in world.views)


def test_views_of_different_sizes_keep_theirs() -> None:
    cameras = row_of_cameras(4)
    cameras[1] = replace(cameras[1], width_px=320, height_px=180, focal_px=cameras[1].focal_px * 2)
    cameras[2] = replace(cameras[2], width_px=120, height_px=90)
    views = measured(World(Prompt(text="a wall"), views=tuple(painted_wall(camera) for camera in cameras)), replace(SMALL, longest_px=200))
    for view in views:
        assert view.distance.shape == view.rgb.shape[:2] == (view.camera.height_px, view.camera.width_px)
        truth = wall_distance(view.camera)
        assert np.nanmedian(np.abs(view.distance - truth) / truth) < 0.02


def test_progress_only_grows_and_comes_often() -> None:
    heard: list[tuple[float, str]] = []
    views = tuple(painted_wall(camera) for camera in row_of_cameras(3))
    SMALL.run(World(Prompt(text="a wall"), views=views), lambda share, note: heard.append((share, note)))
    shares = [share for share, _ in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 10 * len(views)
    assert any("view 2 of 3" in note for _, note in heard)


def test_kernels_are_compiled_before_the_first_run() -> None:
    """Compiling takes many seconds in which nothing could be told: nothing may be left to compile after `load`."""
    from pipelines.vision import agreement, matching, surfaces

    kernels = (matching.begin, matching.sweep, agreement.agree, surfaces._label, surfaces._smooth_rows)
    SMALL.load()
    loaded = [len(getattr(kernel, "signatures")) for kernel in kernels]  # noqa: B009 - numba's dispatchers have no types
    assert all(count == 1 for count in loaded)
    measured_wall()
    assert [len(getattr(kernel, "signatures")) for kernel in kernels] == loaded  # noqa: B009


def test_neighbours_share_points_and_stand_apart() -> None:
    """A camera that looks elsewhere is no neighbour; of two that stand side by side, one is enough."""
    cameras = row_of_cameras(5, step_m=0.3)
    cameras.append(pinhole((0.3, 1.6, 0.0), yaw_rad=math.pi, width_px=160, height_px=90))
    cameras.append(pinhole((0.61, 1.6, 0.0), width_px=160, height_px=90, horizontal_fov_rad=1.1))
    positions = np.stack(np.meshgrid(np.linspace(-2, 2, 9), np.linspace(0.8, 2.4, 5), [-4.0]), axis=-1).reshape(-1, 3).astype(np.float32)
    everything = np.arange(len(positions), dtype=np.int32)
    points = PointCloud(positions, np.zeros_like(positions, np.uint8), (everything,) * 7)
    chosen = choose_neighbours(cameras, points, 3)
    assert 5 not in chosen[2]
    assert len({4, 6} & set(chosen[2].tolist())) == 1
    assert len(chosen[2]) == 3


@pytest.mark.parametrize(
    ("cameras", "sentence"),
    [
        (row_of_cameras(1), "at least 2 pictures"),
        ([pinhole((0, 1.6, 0), yaw_rad=turn, width_px=160, height_px=90) for turn in (-0.2, 0.0, 0.2)], "taken from one point"),
    ],
)
def test_views_that_cannot_be_measured_are_refused(cameras: list[Camera], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        measured(World(Prompt(text="a wall"), views=tuple(painted_wall(camera) for camera in cameras)))


def test_black_views_are_refused() -> None:
    views = tuple(View(camera, np.zeros((90, 160, 3), np.uint8)) for camera in row_of_cameras(3))
    with pytest.raises(InputError, match="blank"):
        measured(World(Prompt(text="night"), views=views))


def test_views_that_show_different_things_are_refused() -> None:
    rng = np.random.default_rng(1)
    views = tuple(View(camera, rng.integers(0, 255, (90, 160, 3), dtype=np.uint8)) for camera in row_of_cameras(3))
    with pytest.raises(InputError, match="nothing that could be recognised"):
        measured(World(Prompt(text="noise"), views=views))


def test_panoramas_are_refused() -> None:
    cameras = [panorama((x, 1.6, 0.0), width_px=64) for x in (0.0, 0.5)]
    views = tuple(View(camera, np.random.default_rng(2).integers(0, 255, (32, 64, 3), dtype=np.uint8)) for camera in cameras)
    with pytest.raises(InputError, match="equirectangular"):
        measured(World(Prompt(text="spheres"), views=views))
