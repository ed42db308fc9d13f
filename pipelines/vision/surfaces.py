"""Surfaces: from what was measured here and there to whole surfaces: specks go, and gaps between agreeing distances are closed.

Gaps are closed by normalised convolution along rows and columns with a filter that stops at edges of colour (the recursive filter
of Gastal and Oliveira 2011): an unknown pixel takes the mean of what is known on its own patch of colour, and stays unknown where
that disagrees with itself.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, f32, kernel
from pipelines.cores import run_pieces

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SMALLEST_SURFACE = 3e-4  # share of the picture: smaller islands of known distance are chance
_LINK = 0.05  # relative step of inverse depth that still joins two pixels to one surface
_ROUNDS = 3
_PIECES = 8
_ENOUGH = 0.01  # share of what is around that must be known
_UNREST = 0.2  # relative spread of the distances around, at most
_ON_FLOOR = 0.06  # relative difference from level ground that is still floor
_MOSTLY = 0.4  # share of what is around that lies on the floor, so that a gap does, too
_NEAR_GUESS = 0.04  # relative: so close to what is around, what matching found counts although no other view confirms it


@kernel
def _label(depths: Array, labels: Array, sizes: Array, stack: Array, step: float) -> int:
    """Number the surfaces of neighbouring pixels whose inverse depths differ by less than `step`; NaN belongs to none (label −1)."""
    height, width = depths.shape
    count = 0
    for start in range(height * width):
        row, column = start // width, start % width
        if labels[row, column] != -1 or depths[row, column] != depths[row, column]:
            continue
        labels[row, column] = count
        stack[0], top, size = start, 1, 0
        while top > 0:
            top -= 1
            here = stack[top]
            size += 1
            r, c = here // width, here % width
            w = depths[r, c]
            for side in range(4):
                i = r + (1 if side == 0 else -1 if side == 1 else 0)
                j = c + (1 if side == 2 else -1 if side == 3 else 0)
                if 0 <= i < height and 0 <= j < width and labels[i, j] == -1 and abs(depths[i, j] - w) <= f32(step) * max(w, depths[i, j]):
                    labels[i, j] = count
                    stack[top] = i * width + j
                    top += 1
        sizes[count] = size
        count += 1
    return count


def without_specks(depths: Floats) -> Floats:
    """Inverse depths (H, W; NaN = not known) without surfaces that are too small to be trusted."""
    labels = np.full(depths.shape, -1, np.int32)
    sizes = np.zeros(depths.size, np.int64)
    _label(depths, labels, sizes, np.empty(depths.size, np.int64), _LINK)
    small = (labels >= 0) & (sizes[labels] < SMALLEST_SURFACE * depths.size)
    return np.where(small, np.float32(np.nan), depths)


@kernel
def _smooth_rows(piece: int, pieces: int, fields: Array, closeness: Array, decay: float) -> None:
    """Recursive filter of every row, there and back; fields (H, W, F), closeness (H, W) 0 … 1 between a pixel and the one before it."""
    height, width, count = fields.shape
    for row in range(piece, height, pieces):
        for column in range(1, width):
            a = math.pow(f32(decay), closeness[row, column])
            for k in range(count):
                fields[row, column, k] += a * (fields[row, column - 1, k] - fields[row, column, k])
        for column in range(width - 2, -1, -1):
            a = math.pow(f32(decay), closeness[row, column + 1])
            for k in range(count):
                fields[row, column, k] += a * (fields[row, column + 1, k] - fields[row, column, k])


def spread(fields: Floats, rgb: Floats, reach_px: float, edge: float) -> Floats:
    """Fields (H, W, F) smoothed over `reach_px`, but not across edges where colour (0 … 1) changes by more than about `edge`."""
    across = np.ones(rgb.shape[:2], np.float32)
    down = np.ones(rgb.shape[:2], np.float32)
    across[:, 1:] += (reach_px / edge) * np.abs(np.diff(rgb, axis=1)).sum(axis=-1)
    down[1:] += (reach_px / edge) * np.abs(np.diff(rgb, axis=0)).sum(axis=-1)
    columns = np.ascontiguousarray(down.T)
    out = np.ascontiguousarray(fields, np.float32)
    for number in range(_ROUNDS):
        sigma = reach_px * math.sqrt(3) * 2 ** (_ROUNDS - number - 1) / math.sqrt(4**_ROUNDS - 1)
        decay = math.exp(-math.sqrt(2) / sigma)
        run_pieces(_smooth_rows, _PIECES, _PIECES, out, across, decay)
        turned = np.ascontiguousarray(out.transpose(1, 0, 2))
        run_pieces(_smooth_rows, _PIECES, _PIECES, turned, columns, decay)
        out = np.ascontiguousarray(turned.transpose(1, 0, 2))
    return out


def close_gaps(depths: Floats, guess: Floats, rgb: Floats, floor: Floats, farthest: float) -> Floats:
    """Inverse depths (H, W) with gaps closed where the surface around agrees about itself; NaN where it does not.

    depths: NaN where not known.  guess: (H, W) as found by matching, confirmed or not.  rgb: 0 … 1.  floor: inverse depth
    of level ground, NaN where the ray never meets it.  farthest: differences as small as this are none.
    """
    longer = max(depths.shape)
    closed = depths.copy()
    for reach_px, edge in ((longer / 40, 0.25), (longer / 8, 0.4), (longer / 3, 0.8)):
        gap = ~np.isfinite(closed)
        if not gap.any():
            break
        found = _from_around(closed, guess, rgb, floor, farthest=farthest, reach_px=reach_px, edge=edge)
        closed = np.where(gap, found, closed)
    return closed


def _from_around(depths: Floats, guess: Floats, rgb: Floats, floor: Floats, *, farthest: float, reach_px: float, edge: float) -> Floats:
    """What the known pixels within reach, on the same patch of colour, say about each pixel; NaN where they disagree or none is near."""
    known = np.isfinite(depths)
    w = np.where(known, depths, 0)
    on_floor = known & (np.abs(w - floor) < _ON_FLOOR * w)
    around = spread(np.stack([known, w, w * w, on_floor], axis=-1).astype(np.float32), rgb, reach_px, edge)
    with np.errstate(invalid="ignore", divide="ignore"):
        around[..., 1:] /= around[..., :1]
        mean = around[..., 1]
        unrest = np.sqrt(np.maximum(around[..., 2] - mean * mean, 0))
        value = np.where((around[..., 3] > _MOSTLY) & np.isfinite(floor), floor, mean)
        value = np.where(np.abs(guess - value) < _NEAR_GUESS * value, guess, value)
        trusted = (around[..., 0] > _ENOUGH) & (unrest < _UNREST * mean + farthest)
    return np.where(trusted, value, np.float32(np.nan)).astype(np.float32)
