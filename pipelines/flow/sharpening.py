"""Sharpening: what the network says at its small size, brought to the size of a picture along the picture's own edges."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

LIKE, NEAR = 0.12, 0.9  # of colours in 0 … 1, and of small pixels: how soon neighbours have less to say
SAME = 0.12  # logarithms of distances that differ by less belong to one surface


def sharpened(distance: Floats, small: Floats, large: Floats, *, sphere: bool) -> Floats:
    """Distances (h, w), inf = sky, at the size of a picture (H, W).

    small, large: the picture at both sizes, (h, w, 3) and (H, W, 3) in 0 … 1. Of the nine small pixels around, the one of the likest
    colour decides between sky and surface, and which surface; those on that surface are averaged. So edges stay edges: nothing hangs in
    the air between near and far. (Joint bilateral upsampling, Kopf et al. 2007, made to choose instead of blend.)
    """
    height, width = large.shape[:2]
    logs = np.log(np.where(np.isfinite(distance), np.maximum(distance, 1e-3), 1.0))
    sky = np.isinf(distance)
    best = np.full((height, width), -1.0, np.float32)
    chosen, open_ = np.zeros((height, width), np.float32), np.zeros((height, width), np.bool_)
    for row, column, weight in _neighbours(small, large, sphere):
        better = weight > best
        best = np.where(better, weight, best)
        chosen, open_ = np.where(better, logs[row, column], chosen), np.where(better, sky[row, column], open_)
    total, weights = np.zeros_like(chosen), np.zeros_like(chosen)
    for row, column, weight in _neighbours(small, large, sphere):
        value = logs[row, column]
        counts = np.where((np.abs(value - chosen) < SAME) & ~sky[row, column], weight, 0)
        total += counts * value
        weights += counts
    metres = np.exp(np.where(weights > 0, total / np.maximum(weights, 1e-9), chosen))
    return np.where(open_, np.float32(np.inf), metres).astype(np.float32)


def resized(values: Floats, height_px: int, width_px: int, *, sphere: bool) -> Floats:
    """(h, w) or (h, w, C) float32 at another size: the mean over what a pixel covers when shrinking, cubic when growing."""
    from PIL import Image

    height, width = values.shape[:2]
    if (height, width) == (height_px, width_px):
        return values
    shrinks = height_px <= height and width_px <= width
    margin = 4 if sphere and not shrinks else 0
    wide = np.concatenate([values[:, width - margin :], values, values[:, :margin]], axis=1)
    way = Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC
    box = (margin, 0, margin + width, height)
    layers = np.atleast_3d(wide).astype(np.float32)
    grown = [
        np.asarray(Image.fromarray(np.ascontiguousarray(layers[..., i])).resize((width_px, height_px), way, box))
        for i in range(layers.shape[2])
    ]
    return np.stack(grown, axis=-1).reshape(height_px, width_px, *values.shape[2:]).astype(np.float32)


def _neighbours(small: Floats, large: Floats, sphere: bool) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
    """For each of nine offsets, the small pixel there beside every large one (row (H, 1), column (1, W)), and how much it has to say."""
    height, width = large.shape[:2]
    rows, columns = small.shape[:2]
    y, x = (np.arange(height) + 0.5) / height * rows - 0.5, (np.arange(width) + 0.5) / width * columns - 0.5
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, column = np.rint(y).astype(np.int64) + down, np.rint(x).astype(np.int64) + across
            away = ((row - y) ** 2)[:, None] + ((column - x) ** 2)[None]
            row = row.clip(0, rows - 1)[:, None]
            column = (column % columns if sphere else column.clip(0, columns - 1))[None]
            unlike = ((small[row, column] - large) ** 2).sum(axis=-1)
            yield row, column, np.exp(-unlike / (2 * LIKE**2) - away / (2 * NEAR**2)).astype(np.float32) + np.float32(1e-12)


def soft_within(values: NDArray[np.floating], known: NDArray[np.bool_], sigma_px: float) -> Floats:
    """What is known of a panorama (H, W) or (H, W, C), blurred; what is not known does not mix in, and left and right edges meet."""
    from scipy.ndimage import gaussian_filter

    ways, more = ("nearest", "wrap"), values.ndim - 2
    there = known.reshape(*known.shape, *(1,) * more)
    weight = np.maximum(gaussian_filter(known.astype(np.float32), sigma_px, mode=ways), 1e-3).reshape(there.shape)
    spread = gaussian_filter(np.where(there, values, 0), (sigma_px, sigma_px, *(0,) * more), mode=(*ways, *("nearest",) * more))
    return np.asarray(spread / weight, np.float32)
