"""Merged levels of detail: moments by plain numpy, light conserved, no holes, better than dropping splats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.gaussians import Gaussians, frames_from_quaternions, join
from pipelines.splat import render, thin, thin_levels
from tests.splat.scenes import psnr_db, scatter, sheet


def room() -> Gaussians:
    floor = sheet(np.array([-3.0, 0, 1]), np.array([6.0, 0, 0]), np.array([0, 0, -5.0]), count=12_000, thing=0)
    wall = sheet(np.array([-3.0, 0, -4]), np.array([6.0, 0, 0]), np.array([0, 3.0, 0]), count=7_000, thing=2)
    side = sheet(np.array([-3.0, 0, 1]), np.array([0, 0, -5.0]), np.array([0, 3.0, 0]), count=6_000, thing=5)
    return join([floor, wall, side])


def dropped(splats: Gaussians, count: int) -> Gaussians:
    """The usual way: a random choice, widened to cover the same area."""
    chosen = splats.take(np.random.default_rng(1).permutation(len(splats))[:count])
    return replace(chosen, scales=chosen.scales * np.float32(np.sqrt(len(splats) / count)))


def test_one_of_many_has_their_moments() -> None:
    """Few faint splats far apart need no growth: mean, covariance and colour are then the members' weighted moments."""
    splats = replace(scatter(40, degree=1, size_m=0.02), opacities=np.linspace(0.1, 0.5, 40, dtype=np.float32))
    one = thin(splats, 1)
    assert len(one) == 1
    a, b, c = splats.scales.astype(np.float64).T
    p = 1.6075
    weight = splats.opacities * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p)
    share = weight / weight.sum()
    mean = share @ splats.means
    frames = frames_from_quaternions(splats.rotations).astype(np.float64) * splats.scales[:, None]
    apart = splats.means - mean
    covariance = np.einsum("n,nij->ij", share, frames @ frames.transpose(0, 2, 1) + apart[:, :, None] * apart[:, None])
    merged = frames_from_quaternions(one.rotations)[0].astype(np.float64) * one.scales[0]
    assert np.allclose(one.means[0], mean, atol=1e-5)
    assert np.allclose(merged @ merged.T, covariance, atol=1e-4 * np.trace(covariance))
    assert np.allclose(one.harmonics[0], np.einsum("n,nkc->kc", share, splats.harmonics), atol=1e-5)
    x, y, z = one.scales[0].astype(np.float64)
    area = (((x * y) ** p + (x * z) ** p + (y * z) ** p) / 3) ** (1 / p)
    assert one.opacities[0] * area == pytest.approx(weight.sum(), rel=1e-3)


def test_a_level_has_the_count_that_was_asked_for() -> None:
    splats = room()
    levels = thin_levels(splats, [12_000, 3_000, 500, 10**6])
    for level, count in zip(levels[:3], (12_000, 3_000, 500), strict=True):
        assert 0.999 * count <= len(level) <= count  # nodes of equal error are split together or not at all
    assert levels[3] is splats
    assert len(thin(splats, 2)) <= 2  # fewer than there are things


def test_things_are_kept_apart() -> None:
    level = thin(room(), 1_500)
    for thing, axis, place in ((0, 1, 0.0), (2, 2, -4.0), (5, 0, -3.0)):
        assert np.allclose(level.means[level.thing == thing][:, axis], place, atol=1e-3)


def test_merging_is_deterministic_on_any_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    splats = room()
    many = thin(splats, 3_000)
    monkeypatch.setattr("pipelines.splat.merge.core_count", lambda: 1)
    monkeypatch.setattr("pipelines.splat.tree.core_count", lambda: 1)
    one = thin(splats, 3_000)
    for name in ("means", "scales", "rotations", "opacities", "harmonics", "thing"):
        assert np.array_equal(getattr(many, name), getattr(one, name))


@pytest.mark.parametrize(("count", "gain_db"), [(12_000, 5.0), (2_500, 2.0)])
def test_merged_looks_better_than_dropped_and_has_no_holes(count: int, gain_db: float) -> None:
    splats = room()
    merged = thin(splats, count)
    for view in (pinhole((0, 1.5, 0.5), width_px=320, height_px=200), pinhole((0.5, 1, -0.5), yaw_rad=0.8, width_px=320, height_px=200)):
        full, seen, plain = render(splats, view), render(merged, view), render(dropped(splats, count), view)
        inside = full.alpha > 0.98
        assert inside.mean() > 0.4
        assert np.quantile(seen.alpha[inside], 0.01) > 0.9
        assert psnr_db(seen.rgb, full.rgb) > psnr_db(plain.rgb, full.rgb) + gain_db


def test_near_splats_survive_and_far_ones_merge() -> None:
    """Where the starting point is decides where detail stays."""
    splats = sheet(np.array([-2.0, 0, 0]), np.array([4.0, 0, 0]), np.array([0, 0, -40.0]), count=20_000)
    level = thin(splats, 4_000)
    near = np.mean(level.means[:, 2] > -10) / 0.25
    assert near > 1.5
    from_behind = thin(splats, 4_000, eye=(0, 1.65, -40))
    assert np.mean(from_behind.means[:, 2] < -30) / 0.25 > 1.5


def test_splats_of_one_kind_of_damage_do_not_crash() -> None:
    splats = scatter(500)
    for name, value in (("scales", 0), ("opacities", 0), ("means", 1e30)):
        values = getattr(splats, name).copy()
        values[:50] = value
        assert 1 <= len(thin(replace(splats, **{name: values}), 100)) <= 100


def test_no_splats_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        thin(scatter(5), 0)
