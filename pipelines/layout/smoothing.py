"""Noise goes, edges stay: what rays found is averaged among neighbours along the curve that surfels are sorted by."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.layout.surfels import morton_order
from pipelines.scene import Floats, Surfels

LIKE_LIGHT = 0.12  # contrast at which far neighbours have little say
SMOOTH_REACH = 14  # neighbours along the curve on each side that share gathered light


def smoothed(values: Floats, surfels: Surfels, shift_m: float, step: int) -> Floats:
    """One bilateral pass along the space-filling curve, over every `step`-th neighbour; a shifted curve has its seams elsewhere."""
    if shift_m == 0:
        sizes_m = np.ascontiguousarray(surfels.sizes_m[:, 0])
        return np.asarray(_smooth_vector(values, surfels.means, surfels.frames, surfels.leaf, sizes_m, step))
    order = morton_order(surfels.means + np.float32(shift_m))
    done = _smooth_vector(values[order], surfels.means[order], surfels.frames[order], surfels.leaf[order], surfels.sizes_m[order, 0], step)
    out = np.empty_like(values)
    out[order] = done
    return out


@njit(cache=True, parallel=True, fastmath=True)
def smooth_scalar(values: Floats, means: Floats, sizes: Floats, reach: int) -> Floats:
    """Each value averaged with its neighbours along the curve that lie within two and a half splats; negative ones count as none."""
    count = values.shape[0]
    out = np.empty(count, np.float32)
    for i in prange(count):
        limit = (2.5 * sizes[i]) ** 2
        total, weight = 0.0, 0.0
        for j in range(max(0, i - reach), min(count, i + reach + 1)):
            d = (means[i, 0] - means[j, 0]) ** 2 + (means[i, 1] - means[j, 1]) ** 2 + (means[i, 2] - means[j, 2]) ** 2
            if d < limit and values[j] >= 0.0:
                w = 1.0 - d / limit
                total += w * values[j]
                weight += w
        out[i] = total / weight if weight > 0 else 0.0
    return out


@njit(cache=True, parallel=True, fastmath=True)
def _smooth_vector(values: Floats, means: Floats, frames: Floats, leaf: NDArray[np.bool_], sizes: Floats, step: int) -> Floats:
    """Bilateral mean along the curve: near, alike in orientation, and of the same sort (leaf or surface); far ones alike in light too."""
    count = values.shape[0]
    out = np.empty((count, 3), np.float32)
    for i in prange(count):
        limit = (10.0 * sizes[i]) ** 2 * step + 1e-6
        own = values[i, 0] + values[i, 1] + values[i, 2]
        r, g, b, weight = 0.0, 0.0, 0.0, 0.0
        for j in range(i - step * min(SMOOTH_REACH, i // step), min(count, i + step * SMOOTH_REACH + 1), step):
            if leaf[i] != leaf[j]:
                continue
            d = (means[i, 0] - means[j, 0]) ** 2 + (means[i, 1] - means[j, 1]) ** 2 + (means[i, 2] - means[j, 2]) ** 2
            if d >= limit:
                continue
            w = 1.0 - d / limit
            if not leaf[i]:
                along = frames[i, 0, 2] * frames[j, 0, 2] + frames[i, 1, 2] * frames[j, 1, 2] + frames[i, 2, 2] * frames[j, 2, 2]
                if along < 0.75:
                    continue
                w *= along * along
            if step > 1:  # what is much brighter or darker is a shadow's edge, not noise
                light = values[j, 0] + values[j, 1] + values[j, 2]
                contrast = (light - own) / (LIKE_LIGHT * (light + own) + 1e-9)
                w *= math.exp(-contrast * contrast)
            r += w * values[j, 0]
            g += w * values[j, 1]
            b += w * values[j, 2]
            weight += w
        if weight > 0:
            out[i, 0], out[i, 1], out[i, 2] = r / weight, g / weight, b / weight
        else:
            out[i, 0], out[i, 1], out[i, 2] = values[i, 0], values[i, 1], values[i, 2]
    return out
