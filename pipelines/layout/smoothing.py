"""Noise goes, edges stay: what few rays found is averaged among neighbours.

Along the curve that surfels are sorted by (`smoothed`, `smooth_scalar`): cheap, a few centimetres far. In cells of space (`Pools`):
for the dim light of rooms, which takes thousands of rays to know, and for what is blurred by roughness.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.layout.surfels import morton_order
from pipelines.scene import Floats, Surfels

SMOOTH_REACH = 14  # neighbours along the curve on each side that share gathered light
CELLS_M = (0.9, 0.3, 0.1)  # how wide means are taken, from the surest to the sharpest
REACH = 1.8  # of a cell's width: how far cells have a say
DOUBT = 4.0  # how many times its squared error a difference between two means must be to be believed by half
FEW = 6  # surfels that a mean needs to be taken for one
BOTH_SIDES = 6  # stands for the side of leaves; sides of surfaces are 0 to 5


def smoothed(values: Floats, surfels: Surfels, shift_m: float) -> Floats:
    """One bilateral pass along the space-filling curve; a shifted curve has its seams elsewhere."""
    if shift_m == 0:
        sizes_m = np.ascontiguousarray(surfels.sizes_m[:, 0])
        return np.asarray(_smooth_vector(values, surfels.means, surfels.frames, surfels.leaf, sizes_m))
    order = morton_order(surfels.means + np.float32(shift_m))
    done = _smooth_vector(values[order], surfels.means[order], surfels.frames[order], surfels.leaf[order], surfels.sizes_m[order, 0])
    out = np.empty_like(values)
    out[order] = done
    return out


class Pools:
    """The cells that surfels share what rays found in; made once for all that is found on the same surfels."""

    def __init__(self, surfels: Surfels, cells_m: tuple[float, ...] = CELLS_M) -> None:
        means = np.ascontiguousarray(surfels.means, np.float32)
        normals = np.ascontiguousarray(surfels.frames[:, :, 2], np.float32)
        side, share = _sides(normals, surfels.leaf)
        self._levels = [_Level(means, normals, side, share, cell_m) for cell_m in cells_m] if len(means) else []

    def settled(self, values: Floats) -> Floats:
        """(N, 3) noisy light, each the mean over as wide a surrounding on surfaces that face the same way as its noise asks for.

        Means over wide cells are sure but blur; one over narrower cells replaces them as far as the difference is more than chance, by
        the narrower one's standard error (the idea of Lepski's method, 1990). What faces between two sides of the grid has a share in both.
        """
        sure: Floats = values
        for number, level in enumerate(self._levels):
            mean, error = level.pooled(values)
            if number == 0:
                sure = mean
                continue
            difference = (mean - sure).sum(axis=1) ** 2
            believed = difference / (difference + np.float32(DOUBT) * error + np.float32(1e-12))
            sure = sure + believed[:, None] * (mean - sure)
        return sure


def _sides(normals: Floats, leaf: NDArray[np.bool_]) -> tuple[NDArray[np.int64], Floats]:
    """The up to three sides (N, 3) of the grid that a surfel faces, and how much (N, 3): squared cosines, as in Valve's ambient cube."""
    side = 2 * np.arange(3) + (normals > 0)
    share = normals**2
    share = np.where(share < 0.05, np.float32(0), share)
    side[leaf, 0] = BOTH_SIDES
    share[leaf] = (1, 0, 0)
    return side, (share / np.maximum(share.sum(axis=1, keepdims=True), 1e-6)).astype(np.float32)


class _Level:
    """Cells of one width, and which of them are neighbours."""

    def __init__(self, means: Floats, normals: Floats, side: NDArray[np.int64], share: Floats, cell_m: float) -> None:
        cell = np.floor(means / np.float32(cell_m)).astype(np.int64)
        cell -= cell.min(axis=0) - 1
        across, deep = int(cell[:, 1].max()) + 2, int(cell[:, 2].max()) + 2
        where = (cell[:, 0] * across + cell[:, 1]) * deep + cell[:, 2]
        self._surfel, turn = np.nonzero(share > 0)
        kept, self._mine = np.unique(where[self._surfel] * 7 + side[self._surfel, turn], return_inverse=True)
        self._weight = share[self._surfel, turn].astype(np.float64)
        self._means, self._normals, self._share, self._cell_m = means, normals, share, np.float32(cell_m)
        self._entry = np.full(share.shape, -1, np.int64)
        self._entry[self._surfel, turn] = self._mine
        shifts = np.array([(x * across + y) * deep + z for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1)]) * 7
        self._neighbours = _neighbours(kept, shifts)
        self._many = self._sums(np.ones((len(means), 1), np.float32))
        self._middle = self._sums(means) / self._many

    def pooled(self, values: Floats) -> tuple[Floats, Floats]:
        """Means (N, 3) over the cells around each surfel, and the squared standard error (N,) of their brightness."""
        squares = values.sum(axis=1, keepdims=True) ** 2
        sums = np.concatenate([self._many, self._sums(values), self._sums(squares), self._middle], axis=1)
        return _mean_around(values, self._means, self._normals, self._entry, self._share, self._neighbours, sums, self._cell_m)

    def _sums(self, columns: Floats) -> Floats:
        count = int(self._mine.max()) + 1
        each = [np.bincount(self._mine, self._weight * column[self._surfel], count) for column in columns.T]
        return np.stack(each, axis=1).astype(np.float32)


@njit(cache=True, parallel=True)
def _neighbours(kept: NDArray[np.int64], shifts: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each of the sorted keys, where the keys at these distances from it are; −1 for none."""
    out = np.empty((kept.shape[0], shifts.shape[0]), np.int32)
    for i in prange(kept.shape[0]):
        for j in range(shifts.shape[0]):
            key = kept[i] + shifts[j]
            place = np.searchsorted(kept, key)
            out[i, j] = place if place < kept.shape[0] and kept[place] == key else -1
    return out


@njit(cache=True, parallel=True, fastmath=True)
def _mean_around(
    values: Floats,
    means: Floats,
    normals: Floats,
    entry: NDArray[np.int64],
    share: Floats,
    neighbours: NDArray[np.int32],
    sums: Floats,
    cell_m: float,
) -> tuple[Floats, Floats]:
    """Cells weigh by how many surfels they hold, how near their middle is, and how near to the surfel's own plane."""
    count = means.shape[0]
    out, error = np.empty((count, 3), np.float32), np.empty(count, np.float32)
    farthest, off = (REACH * cell_m) ** 2, (0.5 * cell_m) ** 2
    for i in prange(count):
        r, g, b, squares, total, many = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for turn in range(3):
            if entry[i, turn] < 0:
                continue
            r_, g_, b_, squares_, weight = 0.0, 0.0, 0.0, 0.0, 0.0
            for j in range(neighbours.shape[1]):
                k = neighbours[entry[i, turn], j]
                if k < 0:
                    continue
                x, y, z = sums[k, 5] - means[i, 0], sums[k, 6] - means[i, 1], sums[k, 7] - means[i, 2]
                d = (x * x + y * y + z * z) / farthest
                height = (x * normals[i, 0] + y * normals[i, 1] + z * normals[i, 2]) ** 2 / off
                if d >= 1.0 or height >= 1.0:
                    continue
                w = (1.0 - d) ** 2 * (1.0 - height)
                weight += w * sums[k, 0]
                r_ += w * sums[k, 1]
                g_ += w * sums[k, 2]
                b_ += w * sums[k, 3]
                squares_ += w * sums[k, 4]
            if weight > 1e-6:
                part = share[i, turn]
                r += part * r_ / weight
                g += part * g_ / weight
                b += part * b_ / weight
                squares += part * squares_ / weight
                total += part
                many += part * weight
        if total > 0.0:
            out[i, 0], out[i, 1], out[i, 2] = r / total, g / total, b / total
            brightness = (r + g + b) / total
            many /= total
            error[i] = max(squares / total - brightness * brightness, 0.0) / many if many >= FEW else np.inf
        else:
            out[i, 0], out[i, 1], out[i, 2] = values[i, 0], values[i, 1], values[i, 2]
            error[i] = np.inf
    return out, error


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
def _smooth_vector(values: Floats, means: Floats, frames: Floats, leaf: NDArray[np.bool_], sizes: Floats) -> Floats:
    """Bilateral mean along the curve: near, alike in orientation, and of the same sort (leaf or surface)."""
    count = values.shape[0]
    out = np.empty((count, 3), np.float32)
    for i in prange(count):
        limit = (10.0 * sizes[i]) ** 2 + 1e-6
        r, g, b, weight = 0.0, 0.0, 0.0, 0.0
        for j in range(max(0, i - SMOOTH_REACH), min(count, i + SMOOTH_REACH + 1)):
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
            r += w * values[j, 0]
            g += w * values[j, 1]
            b += w * values[j, 2]
            weight += w
        if weight > 0:
            out[i, 0], out[i, 1], out[i, 2] = r / weight, g / weight, b / weight
        else:
            out[i, 0], out[i, 1], out[i, 2] = values[i, 0], values[i, 1], values[i, 2]
    return out
