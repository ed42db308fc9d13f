"""Detail: the grain of the ground that was photographed, on the ground that was painted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.paint import mirrored

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LIKE = 0.08  # of hues: how alike two places are for one to have the other's grain
BLACK = 0.04  # of 1: what is darker has little grain
RANGE = 0.75, 1.3  # of a grain beside its soft colour: what stands out more is a thing that would be seen again and again
LEAST_TILE = 3.5  # of the network's pixels: how tall the known ground is whose mirror images are no pattern
STRENGTH = 0.85  # a little less than what is known, for a repeated grain is noticed


def grained(picture: Pixels, known: Mask, ground: Mask, coarse_px: float) -> Pixels:
    """A panorama (H, W, 3) of which the painted ground has the grain of the known ground, where they look alike.

    known: (H, W) what is no painting.  ground: (H, W) where level ground is seen: at one height of the picture it is equally far away all
    around, so its grain is as coarse.  coarse_px: how many pixels one of the network's is wide. The grain is how much brighter or darker
    the known ground is than its soft colours; each painted pixel takes that of the pixel it mirrors, as far as their hues are alike.
    """
    from scipy.ndimage import gaussian_filter

    giving, getting = known & ground, ground & ~known
    if not giving.any() or not getting.any():
        return picture
    values = picture.astype(np.float32) / 255
    width, ways = (coarse_px / 2, coarse_px / 2), ("nearest", "wrap")
    share = gaussian_filter(giving.astype(np.float32), width, mode=ways)
    inside = gaussian_filter(np.where(giving[..., None], values, 0), (*width, 0), mode=(*ways, "nearest"))
    own = inside / np.maximum(share, 1e-3)[..., None]
    grain = np.where(giving, (values.mean(axis=-1) + BLACK) / (own.mean(axis=-1) + BLACK), 1)
    grain = grain.clip(*RANGE)
    row, column = mirrored(giving)
    if np.ptp(row[getting]) < LEAST_TILE * coarse_px:
        return picture  # a narrow strip, over and over, is a pattern
    soft = gaussian_filter(values, (*width, 0), mode=(*ways, "nearest"))
    unlike = ((_hue(soft) - _hue(own[row, column])) ** 2).sum(axis=-1)
    weight = np.where(giving[row, column] & getting, STRENGTH * np.exp(-unlike / (2 * LIKE**2)), 0)
    made = values * (1 + weight * (grain[row, column] - 1))[..., None]
    return np.where(getting[..., None], (made * 255 + 0.5).clip(0, 255).astype(np.uint8), picture)


def _hue(colours: Floats) -> Floats:
    """A colour whatever its brightness: the share of each of its parts, much less of black's."""
    return (colours + BLACK) / (colours + BLACK).sum(axis=-1, keepdims=True)
