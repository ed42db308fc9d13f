"""What floats is found, and nothing else: planted splats, counted."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.gaussians import Gaussians, join
from pipelines.quality.floaters import floaters, floating
from tests.splat.scenes import sheet

EYE = np.array([0.0, 1.65, 0.0])


def ground() -> Gaussians:
    """10 × 10 m, overlapping discs."""
    return sheet(np.array([-5.0, 0, -5]), np.array([10.0, 0, 0]), np.array([0, 0, 10.0]), count=3_000)


def ball(
    at: tuple[float, float, float], *, count: int = 6, size_m: float = 0.05, spread_m: float = 0.05, opacity: float = 0.9
) -> Gaussians:
    """A cluster of round splats."""
    rng = np.random.default_rng(count)
    return Gaussians(
        (np.array(at) + rng.uniform(-spread_m, spread_m, (count, 3))).astype(np.float32),
        np.full((count, 3), size_m, np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full(count, opacity, np.float32),
        np.ones((count, 1, 3), np.float32),
        np.zeros(count, np.int32),
    )


def test_clusters_in_the_air_float_and_what_touches_the_ground_does_not() -> None:
    high, low = ball((0, 2.0, -3)), ball((1, 0.1, -3))
    whole = join([ground(), high, low])
    floats = floating(whole, EYE)
    assert np.flatnonzero(floats).tolist() == list(range(len(ground()), len(ground()) + 6))


def test_a_single_splat_floats_and_an_unseen_one_is_not_counted() -> None:
    whole = join([ground(), ball((0, 2, -3), count=1), ball((2, 2, -3), count=1, opacity=0.002)])
    assert floating(whole, EYE).sum() == 1


def test_large_things_apart_from_the_ground_do_not_float() -> None:
    """A sign of 2 × 1 m that hangs in the air is a thing; the same sign 60 m away is small to the eye, and a speck."""
    sign = sheet(np.array([-1.0, 2, -4]), np.array([2.0, 0, 0]), np.array([0, 1.0, 0]), count=200)
    assert not floating(join([ground(), sign]), EYE).any()
    assert floating(join([ground(), sign.moved((0, 0, -56))]), EYE).sum() == len(sign)


def test_dense_clusters_on_the_ground_are_linked_beyond_their_nearest_neighbours() -> None:
    """Thirty splats so close together that none of their nearest twelve is the ground which they touch."""
    pile = ball((0.5, 0.02, -2), count=30, size_m=0.03, spread_m=0.004)
    assert not floating(join([ground(), pile]), EYE).any()


def test_what_is_seen_of_them_is_what_they_cover() -> None:
    """An opaque ball of 0.1 m standard deviation 3 m ahead changes a disc; one behind the ground is not seen."""
    whole = join([ground(), ball((0, 1.65, -3), count=1, size_m=0.1, spread_m=0)])
    found = floaters(whole, EYE, width_px=512)
    assert found.number == 1
    assert found.share == pytest.approx(0.9 / (0.9 + 0.97 * len(ground())))
    radius_m = 0.1 * np.sqrt(2 * np.log(0.9 * 255 * 0.8 / 2))  # where at most 2 of 255 are left of it, on about a grey of 0.8
    expected = (1 - np.cos(np.arctan(radius_m / 3))) / 2
    assert 0.7 * expected < found.seen < 1.4 * expected
    assert floaters(join([ground(), ball((0, -2, -3), count=1)]), EYE, width_px=512).seen == 0
    assert floaters(ground(), EYE, width_px=512).number == 0
