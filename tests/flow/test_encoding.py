"""Channels and back: nothing is lost but what a logarithmic scale rounds away."""

from __future__ import annotations

import numpy as np

from pipelines.flow import CLASSES, SKY, colour_of, distance_of, encoded, kind_of, ray_channels


def test_there_and_back() -> None:
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (8, 16, 3), dtype=np.uint8)
    kind = rng.integers(0, len(CLASSES), (8, 16)).astype(np.uint8)
    distance = np.exp(rng.uniform(np.log(0.3), np.log(400), (8, 16))).astype(np.float32)
    distance[kind == SKY] = np.inf
    channels = encoded(rgb, distance, kind, (8, 16))
    assert channels.min() >= -1 and channels.max() <= 1
    assert np.array_equal(colour_of(channels), rgb)
    assert np.array_equal(kind_of(channels), kind)
    assert np.allclose(distance_of(channels), distance, rtol=1e-4)


def test_distances_beyond_the_scale_are_clipped() -> None:
    channels = encoded(None, np.array([[0.01, 5000.0, np.nan]], np.float32), np.array([[1, 1, 1]], np.uint8), (1, 3))
    assert np.allclose(distance_of(channels), [[0.3, 400.0, 400.0]], rtol=1e-4)


def test_rays_tell_elevation_and_size() -> None:
    found = ray_channels(np.array([[0.6, -1.0]], np.float32), 2 * np.pi / 256 * np.e)
    assert np.allclose(found[:, 0, 0], [0.6, 0.8, 1.0], atol=1e-6)
    assert np.allclose(found[:, 0, 1], [-1.0, 0.0, 1.0], atol=1e-6)


def test_what_is_near_is_no_sky() -> None:
    channels = encoded(None, np.array([[2.0, np.inf]], np.float32), np.array([[SKY, SKY]], np.uint8), (1, 2))
    assert np.allclose(distance_of(channels), [[2.0, np.inf]], rtol=1e-4)


def test_rough_ground_is_level_ground_and_slopes_and_walls_stay() -> None:
    up = np.array([[-0.5, -0.5, -0.5, -0.5, 0.2]], np.float32)
    level = 1.65 / 0.5
    said = np.array([[level * 1.4, level / 1.3, level / 4, level * 1.4, 5.0]], np.float32)
    ground, wall = CLASSES.index("ground"), CLASSES.index("building")
    channels = encoded(None, said, np.array([[ground, ground, ground, wall, ground]], np.uint8), (1, 5))
    assert np.allclose(distance_of(channels, up), [[level, level, level / 4, level * 1.4, 5.0]], rtol=1e-4)
    between = encoded(None, np.array([[level * np.exp(0.75)]], np.float32), np.array([[ground]], np.uint8), (1, 1))
    assert level < float(distance_of(between, up[:, :1])[0, 0]) < level * np.exp(0.75), "from level ground to slopes there is no step"
