"""Small sets of splats for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, SH_C0, Gaussians, quaternions_from_frames


def scatter(count: int, *, seed: int = 0, degree: int = 0, size_m: float = 0.15, spread_m: float = 2.0) -> Gaussians:
    """Splats of random shape, turn, opacity and colour in a ball around the origin, of five things."""
    rng = np.random.default_rng(seed)
    rotations = rng.normal(size=(count, 4))
    harmonics = rng.normal(0, 0.25, (count, COEFFICIENTS_OF_DEGREE[degree], 3))
    harmonics[:, 0] = (rng.random((count, 3)) - 0.5) / SH_C0
    return Gaussians(
        rng.normal(0, spread_m, (count, 3)).astype(np.float32),
        (size_m * np.exp(rng.normal(0, 0.8, (count, 3)))).astype(np.float32),
        (rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
        rng.uniform(0.05, 1.0, count).astype(np.float32),
        harmonics.astype(np.float32),
        rng.integers(0, 5, count).astype(np.int32),
    )


def sheet(origin: NDArray[np.float64], along: NDArray[np.float64], across: NDArray[np.float64], *, count: int, thing: int = 1) -> Gaussians:
    """About `count` flat opaque discs on a regular grid over the rectangle origin + [0, 1]·along + [0, 1]·across."""
    length, width = np.linalg.norm(along), np.linalg.norm(across)
    columns = max(1, round(np.sqrt(count * length / width)))
    rows = max(1, round(count / columns))
    u, v = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    means = origin + u.reshape(-1, 1) * along + v.reshape(-1, 1) * across
    number = len(means)
    frame = np.stack([along / length, across / width, np.cross(along, across) / length / width], axis=-1)
    scales = np.tile([0.7 * length / columns, 0.7 * width / rows, 1e-3 * length / columns], (number, 1))
    colours = 0.5 + 0.4 * np.sin(3 * means)
    return Gaussians(
        means.astype(np.float32),
        scales.astype(np.float32),
        quaternions_from_frames(np.tile(frame, (number, 1, 1))),
        np.full(number, 0.97, np.float32),
        ((colours - 0.5) / SH_C0)[:, None].astype(np.float32),
        np.full(number, thing, np.int32),
    )


def psnr_db(picture: NDArray[np.floating], truth: NDArray[np.floating]) -> float:
    """Peak signal-to-noise ratio of pictures that run from 0 to 1."""
    error = float(np.mean((picture.astype(np.float64) - truth.astype(np.float64)) ** 2))
    return float("inf") if error == 0 else -10 * np.log10(error)
