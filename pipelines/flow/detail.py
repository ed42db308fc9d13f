"""Detail: the grain of the ground that was photographed, on the ground that was painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.flow.sharpening import soft_within

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LIKE = 0.08  # of hues: how alike two places are for one to have the other's grain
BLACK = 0.04  # of 1: what is darker has little grain
RANGE = 0.75, 1.3  # of a grain beside its soft colour: what stands out more is a thing that would be seen again and again
STRENGTH = 0.85  # a little less than what is known, for a repeated grain is noticed
FULL = 0.6  # of the widest row of known ground: what is narrower is no part of the tile
LONGEST, WIDEST = 2.5, 0.4  # of a tile: its far edge beside its near one, its half width beside the near edge
LEAST_ROWS_RAD = 0.06  # from its near edge to its far one as the eye sees it: what is narrower is a pattern when it is repeated


def grained(picture: Pixels, known: Mask, painted: Mask, coarse_px: float) -> Pixels:
    """A panorama (H, W, 3) of which the painted ground has the grain of the known ground, where they look alike.

    known, painted: (H, W) where level ground is seen that was photographed, and such that was painted.  coarse_px: how broad a soft colour
    is. The grain is how much brighter or darker the known ground is than its soft colours. A tile of it, as near to the eye as it is known,
    is laid out on the ground over and over, mirrored, so it becomes finer with the distance. It was seen at a slant: flat marks would have
    to be drawn out for it, and upright blades not at all, so it is drawn out by the root of that.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    tile = _tile(known)
    if tile is None or not painted.any():
        return picture
    values = picture.astype(np.float32) / 255
    own = soft_within(values, known, coarse_px / 2)
    grain = np.where(known, (values.mean(axis=-1) + BLACK) / (own.mean(axis=-1) + BLACK), 1).clip(*RANGE)
    at = tile.mirrored(*np.nonzero(painted))
    nearest = np.rint(at[0]).astype(np.int64).clip(0, len(picture) - 1), np.rint(at[1]).astype(np.int64) % picture.shape[1]
    soft = gaussian_filter(values, (coarse_px / 2, coarse_px / 2, 0), mode=("nearest", "wrap", "nearest"))
    unlike = ((_hue(soft[painted]) - _hue(own[nearest])) ** 2).sum(axis=-1)
    weight = np.where(known[nearest], STRENGTH * np.exp(-unlike / (2 * LIKE**2)), 0)
    there = map_coordinates(grain, at, order=1, mode="grid-wrap")
    made = picture.copy()
    made[painted] = (values[painted] * (1 + weight * (there - 1))[:, None] * 255 + 0.5).clip(0, 255)
    return made


class _Tile:
    """A part of a panorama's ground: `rows` up from row `last`, and `half` of its columns to either side of an azimuth."""

    def __init__(self, shape: tuple[int, int], azimuth: float, last: int, rows: int) -> None:
        self.shape, self.azimuth, self.last, self.rows = shape, azimuth, last, rows
        drop = _drop(np.array(last), shape[0])
        self.near = float(1 / np.tan(drop))  # heights of the eye
        self.across = self.near * 2 * np.pi / shape[1]  # of one pixel
        self.along = self.across / float(np.sqrt(np.sin(drop)))
        self.half = WIDEST * self.near / self.across

    def mirrored(self, row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        """(2, N) row and column of the place in the tile that the ground at these pixels mirrors."""
        height, width = self.shape
        away = 1 / np.tan(_drop(row, height))
        turn = (column + 0.5) / width * 2 * np.pi - self.azimuth
        up = _folded((away * np.cos(turn) - self.near) / self.along, self.rows)
        aside = _folded(away * np.sin(turn) / self.across + self.half, 2 * self.half) - self.half
        return np.stack([self.last - up, self.azimuth / (2 * np.pi) * width - 0.5 + aside])


def _tile(known: Mask) -> _Tile | None:
    """The nearest tile of known ground, None where too little is known."""
    height, width = known.shape
    widths = known.sum(axis=1)
    rows = np.flatnonzero((widths >= FULL * widths.max(initial=1)) & (np.arange(height) >= height / 2))
    if not len(rows):
        return None
    far_drop = np.arctan(np.tan(_drop(rows[-1], height)) / LONGEST)
    first = max(int(rows[0]), int((0.5 + far_drop / np.pi) * height))
    if rows[-1] - first < LEAST_ROWS_RAD / np.pi * height:
        return None
    turns = np.exp(2j * np.pi * (np.arange(width) + 0.5) / width)
    middle = (known[rows].sum(axis=0) * turns).sum()
    return _Tile(known.shape, float(np.angle(middle)), int(rows[-1]), int(rows[-1]) - first)


def _drop(row: NDArray[np.int64], height: int) -> NDArray[np.float64]:
    """How far below the horizon a panorama's rows look, rad."""
    return np.maximum((row + 0.5) / height - 0.5, 1e-4) * np.pi


def _folded(at: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Positions on a strip that is folded back and forth to a length."""
    there = at % (2 * length)
    return np.where(there < length, there, 2 * length - there)


def _hue(colours: Floats) -> Floats:
    """A colour whatever its brightness: the share of each of its parts, much less of black's."""
    return (colours + BLACK) / (colours + BLACK).sum(axis=-1, keepdims=True)
