"""Clouds in the sky: where they are, how they are lit, and that the dome's splats show them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from pipelines.layout.clouds import clouds_mirrored, clouds_seen
from pipelines.layout.sky import Dome, dome, radiance, sky_for
from pipelines.layout.tone import luminance
from pipelines.scene import Floats
from pipelines.spec import SceneSpec, TimeOfDay, Weather

LOW_SUN = np.array([0.98, 0.199, 0.0], np.float32)


def _upwards(count: int, *, seed: int = 3) -> Floats:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3))
    points[:, 1] = np.abs(points[:, 1])
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def test_the_more_cover_the_more_cloud() -> None:
    shares = [float(clouds_seen(_upwards(4_000), LOW_SUN, cover)[0].mean()) for cover in (0.1, 0.34, 0.6, 0.9)]
    assert shares == sorted(shares)
    assert shares[0] < 0.25 and shares[-1] > 0.8


def test_nothing_is_seen_below_the_horizon() -> None:
    down = _upwards(500) * np.array([1, -1, 1], np.float32)
    assert not clouds_seen(down, LOW_SUN, 0.9).any()


def test_clouds_across_from_a_low_sun_are_lit_and_those_before_it_are_dark() -> None:
    seen = _upwards(30_000)
    low = seen[:, 1] < 0.4
    amount, lit, _ = clouds_seen(seen, LOW_SUN, 0.4)
    thick = low & (amount > 0.9)
    across, before = thick & (seen @ LOW_SUN < -0.6), thick & (seen @ LOW_SUN > 0.6)
    assert min(across.sum(), before.sum()) > 100
    assert lit[across].mean() > 1.5 * lit[before].mean()


def test_the_same_sky_is_the_same_to_the_bit() -> None:
    assert np.array_equal(clouds_seen(_upwards(2_000), LOW_SUN, 0.5), clouds_seen(_upwards(2_000), LOW_SUN, 0.5))


def test_mirrors_show_the_clouds_that_are_there() -> None:
    seen = _upwards(4_000)
    seen = seen[seen[:, 1] > 0.05]
    true, mirrored = (found(seen, LOW_SUN, 0.5) for found in (clouds_seen, clouds_mirrored))
    assert np.corrcoef(true[0], mirrored[0])[0, 1] > 0.95
    assert np.abs(true - mirrored).mean() < 0.05


@pytest.mark.parametrize("weather", [Weather.CLEAR, Weather.CLOUDY])
def test_the_dome_shows_clouds_finer_than_splats_all_alike_would(weather: Weather) -> None:
    sky = sky_for(SceneSpec(place="meadow", time_of_day=TimeOfDay.NOON, weather=weather))
    probes = _upwards(12_000)
    probes = probes[probes[:, 1] < 0.75]
    true = luminance(radiance(sky, probes, clouds=True))
    fine, alike = (_shown(dome(one, 20_000), probes) for one in (sky, replace(sky, land=True)))
    assert np.square(fine - true).mean() < 0.75 * np.square(alike - true).mean()


def _shown(far: Dome, probes: Floats) -> Floats:
    """Brightness (N,) of the foremost splat, by its distance, that covers each of the directions (N, 3)."""
    away = np.linalg.norm(far.means, axis=1)
    distance, near = cKDTree(far.means / away[:, None]).query(probes, k=8)
    covers = (distance < far.sizes_m[near, 0] / away[near]) | (np.arange(8) == 0)
    front = np.where(covers, away[near], np.inf).argmin(axis=1)
    return luminance(far.radiance)[near[np.arange(len(probes)), front]]
