"""The fast renderer against a slow plain one, and against what is known of simple scenes."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from pipelines.camera import Camera, look_at, panorama, pinhole
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, join
from pipelines.splat import LAYERS, render
from tests.splat.plain_renderer import plain_render
from tests.splat.scenes import psnr_db, scatter, sheet

EYE = (0.4, 0.3, 5.0)


def cameras() -> list[Camera]:
    level = pinhole(EYE, yaw_rad=0.1, pitch_rad=-0.05, width_px=90, height_px=61)
    inside = pinhole((0.1, 0.2, 0.3), yaw_rad=2.0, pitch_rad=0.6, width_px=75, height_px=75, horizontal_fov_rad=1.9)
    outside = panorama((0.4, 1.0, 3.0), yaw_rad=0.7, width_px=150)
    within = panorama((0.1, -0.2, 0.1), width_px=128)
    tilted = replace(within, world_from_camera=level.world_from_camera @ inside.world_from_camera)
    return [level, inside, outside, within, tilted]


@pytest.mark.parametrize("number", range(5))
def test_agrees_with_the_plain_renderer(number: int) -> None:
    camera = cameras()[number]
    splats = scatter(250, seed=number, degree=number % 4)
    fast, plain = (
        render(splats, camera, background=(0.2, 0.5, 0.9), layers=LAYERS),
        plain_render(splats, camera, background=(0.2, 0.5, 0.9)),
    )
    assert psnr_db(fast.rgb, plain.rgb) > 60
    assert psnr_db(fast.alpha, plain.alpha) > 60
    assert fast.distance is not None and fast.normal is not None and fast.thing is not None
    sure = np.abs(plain.alpha - 0.5) > 0.01
    assert np.array_equal(np.isinf(fast.distance)[sure], (plain.alpha < 0.5)[sure])
    both = np.isfinite(fast.distance) & np.isfinite(plain.distance)
    assert (
        np.mean(np.abs(fast.distance[both] - plain.distance[both]) < 1e-3 * plain.distance[both]) > 0.995
    )  # else another splat is the median
    turned = np.sum(fast.normal * plain.normal, axis=-1)[both]
    assert np.mean(turned > 0.9999) > 0.995
    assert np.mean((fast.thing == plain.thing)[sure]) > 0.995


def test_colour_alone_is_the_same_as_with_layers() -> None:
    splats, camera = scatter(200), cameras()[0]
    assert np.array_equal(render(splats, camera).rgb, render(splats, camera, layers=("distance",)).rgb)
    assert render(splats, camera).distance is None


def test_does_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    splats, camera = scatter(3000, size_m=0.05), cameras()[0]
    many = render(splats, camera, layers=LAYERS)
    for module in ("splat.cpu", "splat.bins", "cores"):
        monkeypatch.setattr(f"pipelines.{module}.core_count", lambda: 1)
    one = render(splats, camera, layers=LAYERS)
    assert many.thing is not None and one.thing is not None
    assert np.array_equal(many.rgb, one.rgb) and np.array_equal(many.thing, one.thing)


def test_two_threads_may_render_at_once() -> None:
    splats = scatter(5000, size_m=0.05)
    views = [pinhole(EYE, yaw_rad=0.1 * k, width_px=160, height_px=90) for k in range(8)]
    alone = [render(splats, view).rgb for view in views]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda view: render(splats, view).rgb, views * 3))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 3, together, strict=True))


@pytest.mark.parametrize("camera", cameras()[2:])
def test_rays_and_pixels_of_a_camera_agree(camera: Camera) -> None:
    pixels, distance = camera.project(camera.position + 7.0 * camera.rays().reshape(-1, 3).astype(np.float64))
    column, row = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
    assert np.allclose(pixels, np.stack([column, row], axis=-1).reshape(-1, 2), atol=2e-3)
    assert np.allclose(distance, 7.0, atol=1e-5)


def one_splat(mean: tuple[float, float, float], *, size_m: float = 0.1, thing: int = 7) -> Gaussians:
    return replace(
        scatter(1),
        means=np.array([mean], np.float32),
        scales=np.full((1, 3), size_m, np.float32),
        opacities=np.array([0.9], np.float32),
        thing=np.array([thing], np.int32),
    )


@pytest.mark.parametrize("direction", [(0.3, 0.2, -1.0), (-0.5, -0.4, -1.0), (0.0, 0.5, -1.0)])
def test_a_splat_appears_where_the_camera_projects_it(direction: tuple[float, float, float]) -> None:
    splat = one_splat(direction, size_m=0.04)
    for camera in (pinhole((0, 0, 0), width_px=240, height_px=240), panorama((0, 0, 0), width_px=256)):
        alpha = render(splat, camera).alpha.astype(np.float64)
        column, row = np.meshgrid(np.arange(camera.width_px) + 0.5, np.arange(camera.height_px) + 0.5)
        middle = np.array([(alpha * column).sum(), (alpha * row).sum()]) / alpha.sum()
        assert np.allclose(middle, camera.project(splat.means)[0][0], atol=1.0)


def test_panoramas_have_no_seam() -> None:
    """A panorama turned by a whole number of pixels is the same picture, rolled: also where splats cross the edge."""
    splats = scatter(300, seed=3, size_m=0.3)
    for shift in (37, 64):
        straight = render(splats, panorama((0, 0, 0), width_px=128), layers=LAYERS)
        turned = render(splats, panorama((0, 0, 0), yaw_rad=2 * math.pi * shift / 128, width_px=128), layers=LAYERS)
        assert np.allclose(np.roll(straight.rgb, shift, axis=1), turned.rgb, atol=2e-3)
        assert straight.thing is not None and turned.thing is not None
        assert np.mean(np.roll(straight.thing, shift, axis=1) == turned.thing) > 0.999


@pytest.mark.parametrize("up", [1.0, -1.0])
def test_a_disc_over_the_pole_is_a_band(up: float) -> None:
    """A round splat straight overhead looks the same in every column and fades with the angle from the pole."""
    camera = panorama((0, 0, 0), width_px=200)
    alpha = render(one_splat((0, 2.0 * up, 0), size_m=0.4), camera).alpha
    assert np.ptp(alpha, axis=1).max() < 1e-4
    profile = alpha[:, 0] if up > 0 else alpha[::-1, 0]
    angle = (np.arange(100) + 0.5) * math.pi / 100
    variance = 0.2**2 + 0.3 * (math.pi / 100) ** 2
    expected = 0.9 * np.exp(-0.5 * np.sin(angle) ** 2 / variance) * (angle < math.pi / 2)
    assert np.allclose(profile, np.where(expected >= 1 / 255, expected, 0), atol=1e-3)


def test_off_the_pole_a_splat_wraps_round_it() -> None:
    """Near the pole a splat spreads over all longitudes; a pinhole that looks there sees the same light."""
    splats = one_splat((0.05, 2.0, 0.1), size_m=0.15)
    sphere = panorama((0, 0, 0), width_px=400)
    flat = pinhole((0, 0, 0), pitch_rad=math.pi / 2, width_px=80, height_px=80, horizontal_fov_rad=0.5)
    seen = render(splats, flat).alpha
    pixels, _ = sphere.project(flat.rays().reshape(-1, 3))
    column, row = np.floor(pixels.T).astype(int)
    assert np.abs(render(splats, sphere).alpha[row, column % 400].reshape(80, 80) - seen).max() < 0.12  # nearest pixel of 0.9° width


def test_distance_and_normal_of_a_plane() -> None:
    """A floor and a wall seen at a slant: the distance along every ray to the plane itself, not to splat centres."""
    floor = sheet(np.array([-6.0, 0, 2]), np.array([12.0, 0, 0]), np.array([0, 0, -14.0]), count=20_000, thing=3)
    wall = sheet(np.array([-6.0, 0, -8]), np.array([12.0, 0, 0]), np.array([0, 8.0, 0]), count=8_000, thing=9)
    for camera in (pinhole((0, 1.65, 0), pitch_rad=-0.1, width_px=160, height_px=90), panorama((0, 1.65, 0), width_px=320)):
        seen = render(join([floor, wall]), camera, layers=LAYERS)
        assert seen.distance is not None and seen.normal is not None and seen.thing is not None
        rays = camera.rays().astype(np.float64)
        with np.errstate(divide="ignore"):
            to_floor = np.where(rays[..., 1] < 0, -1.65 / rays[..., 1], 1e6)
            to_wall = np.where(rays[..., 2] < 0, -8 / rays[..., 2], 1e6)
        truth = np.minimum(to_floor, to_wall)
        hit = camera.position + rays * truth[..., None]
        clear = (
            np.isfinite(truth)
            & (np.abs(hit[..., 0]) < 5.8)
            & (hit[..., 2] < 1.8)
            & (hit[..., 1] < 7.8)
            & (np.abs(to_floor - to_wall) > 0.5)
        )
        assert clear.sum() > 2000
        pixel = np.maximum(np.abs(np.gradient(np.minimum(truth, 99), axis=0)), np.abs(np.gradient(np.minimum(truth, 99), axis=1)))
        error = np.abs(seen.distance[clear] - truth[clear])
        assert np.mean(error < 3e-3 * truth[clear] + 0.8 * pixel[clear]) > 0.97  # a far floor recedes by decimetres within a pixel
        assert np.median(error / truth[clear]) < 5e-3
        assert np.mean(seen.thing[clear] == np.where(to_floor < to_wall, 3, 9)[clear]) > 0.99
        normals = np.where((to_floor < to_wall)[..., None], [0, 1, 0], [0, 0, 1])
        assert np.quantile(np.sum(seen.normal * normals, axis=-1)[clear], 0.01) > 0.98


def test_colour_follows_the_direction_from_the_eye() -> None:
    """Harmonic 3 of INRIA's basis is −0.4886·x: a splat on the right shows less of it than the same splat on the left."""
    harmonics = np.zeros((2, 4, 3), np.float32)
    harmonics[:, 3, 0] = 0.8
    splats = replace(
        join([one_splat((3, 0, -3)), one_splat((-3, 0, -3))]),
        harmonics=harmonics,
        opacities=np.full(2, 0.999, np.float32),
        scales=np.full((2, 3), 0.5, np.float32),
    )
    for x, expected in ((3, 0.5 - 0.4886025 * 0.8 * math.sqrt(0.5)), (-3, 0.5 + 0.4886025 * 0.8 * math.sqrt(0.5))):
        yaw, pitch = look_at((0, 0, 0), (x, 0, -3))
        middle = render(splats, pinhole((0, 0, 0), yaw_rad=yaw, pitch_rad=pitch, width_px=33, height_px=33)).rgb[16, 16]
        assert middle[0] == pytest.approx(expected, abs=0.005) and middle[1] == pytest.approx(0.5, abs=0.005)


def test_the_nearer_splat_covers_the_farther_one() -> None:
    near, far = one_splat((0, 0, -2), thing=1), one_splat((0, 0, -4), size_m=0.5, thing=2)
    for camera in (pinhole((0, 0, 0), width_px=65, height_px=65), panorama((0, 0, 0), width_px=512)):
        seen = render(join([far, near]), camera, layers=LAYERS)
        assert seen.thing is not None and seen.distance is not None
        row, column = camera.height_px // 2, camera.width_px // 2
        assert seen.thing[row, column] == 1 and seen.distance[row, column] == pytest.approx(2, abs=0.01)
        assert 2 in seen.thing and 0 in seen.thing


def test_what_is_too_near_or_behind_is_left_out() -> None:
    camera = pinhole((0, 0, 0), width_px=64, height_px=64)
    assert render(one_splat((0, 0, -0.2)), camera, near_m=0.3).alpha.max() == 0
    assert render(one_splat((0, 0, 1.0)), camera).alpha.max() == 0
    assert render(one_splat((0, 0, -0.4)), camera, near_m=0.3).alpha.max() > 0.5


def test_nothing_to_see_is_the_background() -> None:
    for camera in (pinhole(EYE, width_px=20, height_px=10), panorama(EYE, width_px=20)):
        seen = render(scatter(5).take(slice(0, 0)), camera, background=(0.1, 0.2, 0.3), layers=LAYERS)
        assert np.allclose(seen.rgb, [0.1, 0.2, 0.3]) and seen.alpha.max() == 0
        assert seen.distance is not None and np.isinf(seen.distance).all()


def test_damaged_splats_do_no_harm() -> None:
    """Numbers that a hostile file may hold: they vanish or draw nonsense, but never crash, nor touch the other splats."""
    splats = scatter(60, seed=1)
    for name, value in (
        ("means", np.nan),
        ("means", np.inf),
        ("scales", np.inf),
        ("scales", np.nan),
        ("rotations", 0),
        ("opacities", np.nan),
        ("means", 3e38),
    ):
        values = getattr(splats, name).copy()
        values[:5] = value
        for camera in cameras()[:3]:
            seen = render(replace(splats, **{name: values}), camera, layers=LAYERS)
            assert seen.rgb.shape == (camera.height_px, camera.width_px, 3)


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(InputError, match="no layer 'depth'"):
        render(scatter(1), pinhole(EYE), layers=("depth",))
    with pytest.raises(InputError, match="0 × 720"):
        render(scatter(1), pinhole(EYE, width_px=0))
