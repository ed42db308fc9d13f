"""Likeness: against scikit-image and plain filters in doubles."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import correlate1d
from skimage.metrics import structural_similarity

from pipelines.splat.likeness import likeness, nearness_slopes, target_of

Doubles = NDArray[np.float64]


def pair(height: int = 37, width: int = 50) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    wanted = rng.random((height, width, 3))
    return np.clip(wanted + rng.normal(0, 0.2, wanted.shape), 0, 1).astype(np.float32), wanted.astype(np.float32)


def plain_loss(x: Doubles, y: Doubles, share: float) -> float:
    taps = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()

    def blur(values: Doubles) -> Doubles:
        for axis in (0, 1):
            values = correlate1d(values, taps, axis=axis, mode="constant")
        return values

    mx, my = blur(x), blur(y)
    vx, vy, both = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    ssim = (2 * mx * my + 1e-4) * (2 * both + 9e-4) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))
    return float((1 - share) * np.abs(x - y).mean() + share * (1 - ssim.mean()))


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_loss_and_slopes_are_those_of_plain_filters(share: float) -> None:
    x, y = pair()
    found = likeness(x, target_of(y), ssim_share=share)
    assert found.loss == pytest.approx(plain_loss(x.astype(float), y.astype(float), share), abs=1e-6)
    rng = np.random.default_rng(1)
    for _ in range(12):
        v, u, c = rng.integers(x.shape[0]), rng.integers(x.shape[1]), rng.integers(3)
        up, down = x.astype(float), x.astype(float)
        up[v, u, c] += 1e-5
        down[v, u, c] -= 1e-5
        change = (plain_loss(up, y.astype(float), share) - plain_loss(down, y.astype(float), share)) / 2e-5
        assert found.slopes[v, u, c] == pytest.approx(change, rel=1e-3, abs=1e-3 * float(np.abs(found.slopes).max()))
    assert np.allclose(found.wrong, np.abs(x - y).mean(axis=-1), atol=1e-6)


def test_ssim_is_that_of_scikit_image_away_from_the_edges() -> None:
    x, y = pair(90, 120)
    theirs = structural_similarity(x, y, data_range=1.0, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert likeness(x, target_of(y)).ssim == pytest.approx(theirs, abs=0.01)
    assert likeness(y, target_of(y)).ssim == pytest.approx(1, abs=1e-5)


def test_nearness_counts_relative_errors_and_passes_over_what_is_unknown() -> None:
    wanted = np.array([[0.5, 0.1, 0.0, np.nan]], np.float32)
    loss, slopes = nearness_slopes(np.array([[0.6, 0.05, 0.01, 0.7]], np.float32), wanted, floor=0.02)
    assert loss == pytest.approx((0.1 / 0.5 + 0.05 / 0.1 + 0.01 / 0.02) / 3, rel=1e-5)
    assert np.allclose(slopes, [[2 / 3, -10 / 3, 50 / 3, 0]], rtol=1e-5)
    assert nearness_slopes(np.ones_like(wanted), np.full_like(wanted, np.nan), floor=0.02)[0] == 0
