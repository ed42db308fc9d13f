"""Smooth fill: what is missing in a picture becomes a blend of what is around it, from near to far (push and pull)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def filled(values: Floats, known: NDArray[np.bool_], *, wraps: bool, rounds: int = 0) -> Floats:
    """values (H, W, C) with what is not known filled in; zeros where nothing is known at all.

    Averages over ever larger areas, in which only the known have a say, then back down: after Gortler et al. 1996, section 3.4.
    wraps: the right border meets the left one.  rounds: how often, on every level, what was filled in becomes the mean of its
    neighbours, so that a gap in a plane becomes a piece of that plane.
    """
    levels = [(np.where(known[:, :, None], values, 0).astype(np.float32), known.astype(np.float32))]
    while max(levels[-1][1].shape) > 1:
        colours, weight = levels[-1]
        sums, share = _halved(colours * weight[:, :, None]), _halved(weight[:, :, None])
        means = (sums / np.maximum(share, np.float32(1e-12))).astype(np.float32)
        levels.append((means, np.minimum(1, 4 * share[:, :, 0]).astype(np.float32)))
    whole = levels[-1][0]
    for colours, weight in reversed(levels[:-1]):
        whole = colours * weight[:, :, None] + _doubled(whole, weight.shape, wraps) * (1 - weight[:, :, None])
        for _ in range(rounds):
            padded = np.pad(
                np.pad(whole, ((1, 1), (0, 0), (0, 0)), mode="edge"), ((0, 0), (1, 1), (0, 0)), mode="wrap" if wraps else "edge"
            )
            mean = (padded[2:, 1:-1] + padded[:-2, 1:-1] + padded[1:-1, 2:] + padded[1:-1, :-2]) / 4
            whole = np.where(weight[:, :, None] > 0, whole, mean)
    return np.asarray(whole, np.float32)


def _halved(values: Floats) -> Floats:
    """Means of 2 × 2 pixels, an odd border padded with nothing."""
    height, width = values.shape[:2]
    padded = np.pad(values, ((0, height % 2 if height > 1 else 1), (0, width % 2 if width > 1 else 1), (0, 0)))
    return np.asarray((padded[0::2, 0::2] + padded[1::2, 0::2] + padded[0::2, 1::2] + padded[1::2, 1::2]) / 4, np.float32)


def _doubled(values: Floats, shape: tuple[int, ...], wraps: bool) -> Floats:
    """Twice as large, bilinear, cut to `shape` (rows, columns)."""
    for axis, size in enumerate(shape[:2]):
        have = values.shape[axis]
        place = (np.arange(size) + 0.5) / 2 - 0.5
        low = np.floor(place).astype(np.int64)
        share = (place - low).astype(np.float32)
        if axis == 1 and wraps:
            first, second = low % have, (low + 1) % have
        else:
            first, second = low.clip(0, have - 1), (low + 1).clip(0, have - 1)
        share = share[:, None, None] if axis == 0 else share[None, :, None]
        values = np.take(values, first, axis) * (1 - share) + np.take(values, second, axis) * share
    return values
