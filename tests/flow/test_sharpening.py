"""Small distances at the size of a picture: edges stay where the picture has them, and nothing hangs between near and far."""

from __future__ import annotations

import numpy as np

from pipelines.flow.sharpening import resized, sharpened


def scene(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A dark disc 2 m away before a wall at 10 m and a bright sky above, seen at any size."""
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    disc = (2 * (x - 0.5)) ** 2 + (y - 0.5) ** 2 < 0.06
    sky = (y < 0.3) & ~disc
    distance = np.where(disc, 2.0, np.where(sky, np.inf, 10.0)).astype(np.float32)
    colours = np.where(disc[..., None], (0.1, 0.1, 0.2), np.where(sky[..., None], (0.6, 0.8, 1.0), (0.7, 0.6, 0.4)))
    return distance, colours.astype(np.float32)


def test_edges_follow_the_picture() -> None:
    small, _ = scene(32, 64)
    true, picture = scene(256, 512)
    found = sharpened(small, resized(picture, 32, 64, sphere=True), picture, sphere=True)
    assert set(np.unique(found.round(2))) <= {np.float32(2.0), np.float32(10.0), np.float32(np.inf)}  # no distance between
    wrong = (found.round(2) != true).mean()
    plain = (np.repeat(np.repeat(small, 8, 0), 8, 1) != true).mean()
    assert wrong < plain / 2


def test_a_slope_stays_smooth() -> None:
    small = np.linspace(2, 8, 32, dtype=np.float32)[:, None].repeat(64, 1)
    found = sharpened(small, np.full((32, 64, 3), 0.5, np.float32), np.full((256, 512, 3), 0.5, np.float32), sphere=True)
    assert np.abs(np.diff(np.log(found), axis=0)).max() < 0.05
    assert np.allclose(found.mean(), small.mean(), rtol=0.02)


def test_resizing_goes_round_the_sphere() -> None:
    wave = np.cos(np.linspace(0, 2 * np.pi, 64, endpoint=False) + np.pi / 64).astype(np.float32)[None].repeat(32, 0)
    large = resized(wave, 128, 256, sphere=True)
    true = np.cos((np.arange(256) + 0.5) / 256 * 2 * np.pi)
    assert np.abs(large - true[None]).max() < 0.005
    assert np.allclose(resized(large, 32, 64, sphere=True), wave, atol=0.01)
