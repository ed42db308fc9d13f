"""Sky: which part of a picture is open sky; found without any learnt model, so an honest guess.

Sky is what reaches the top of the picture, where nothing nearer was measured, and has colours that change slowly over the
picture. A bare ceiling or wall looks like that, too. What tells them apart: in the open, something far away was measured beside
the sky, or the colour is that of a sky while the distances along its lower border do not lie on one plane, as they do below a
ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMALLEST = 0.004  # share of the picture
_FAR_SHARE = 0.02  # of a region: so much of it measured as far away speaks for the open air
_FLAT_SHARE = 0.6  # of a border: so much of it on one plane speaks for a wall or a ceiling
_LOOSE = 0.07  # colour, 0 … 1, by which sky may differ from its own slow change over the picture


@dataclass(frozen=True)
class Backdrop:
    """What may be sky. empty: (H, W) reaching the top with nothing near measured.  is_sky: whether it is the open sky."""

    empty: Mask
    is_sky: bool


def find_sky(depths: Floats, sure: Mask, rgb: Floats, farthest: float, upward: Floats) -> Mask:
    """(H, W) where the sky is.

    depths: inverse depth, NaN where not known.  sure: (H, W) where the views looked alike, too.  rgb: 0 … 1.  farthest: inverse
    depth that parallax can just tell from infinity.
    upward: (H, W) sine of each ray's elevation.
    """
    from scipy import ndimage

    near = (depths > farthest) & sure
    open_to_top = _reaching_top(~ndimage.binary_dilation(near, iterations=1) & (upward > -0.05))
    none = np.zeros(depths.shape, bool)
    if open_to_top.mean() < _SMALLEST:
        return none
    alike = open_to_top & _like_each_other(open_to_top, rgb)
    region = _reaching_top(ndimage.binary_opening(alike, iterations=1))
    if region.mean() < _SMALLEST or not _is_open(region, np.where(sure, depths, np.float32(np.nan)), rgb, farthest):
        return none
    # up to the very edge of what stands before it, as far as the colour goes; a measured distance does not hold against colour there
    grown = ndimage.binary_dilation(region, iterations=6, mask=_like_each_other(region, rgb, everywhere=True) & (upward > -0.05))
    return ndimage.binary_closing(grown, iterations=1) | grown


def _reaching_top(mask: Mask) -> Mask:
    """The parts of a mask that touch the top row."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask)
    touching = np.unique(labels[0])
    return np.isin(labels, touching[touching > 0])


def _like_each_other(region: Mask, rgb: Floats, *, everywhere: bool = False) -> Mask:
    """Where the picture has the colour that a slow change (of second degree) over `region` foretells."""
    height, width = region.shape
    v, u = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    basis = np.stack([np.ones_like(u), u, v, u * v, u * u, v * v], axis=-1)
    sample = np.flatnonzero(region)[:: max(1, int(region.sum()) // 4000)]
    a, b = basis.reshape(-1, 6)[sample], rgb.reshape(-1, 3)[sample].astype(np.float64)
    weight = np.ones(len(sample))
    for _ in range(6):  # the larger part decides: a few trees at the rim do not bend the fit
        solution = np.linalg.lstsq(a * weight[:, None], b * weight[:, None], rcond=None)[0]
        off = np.abs(b - a @ solution).max(axis=1)
        weight = 1 / (1 + (off / _LOOSE) ** 2)
    spread = max(_LOOSE, 2.5 * float(np.median(off)))
    residual = np.abs(rgb - basis @ solution).max(axis=-1)
    return (residual < spread) & (everywhere | region)


def _is_open(region: Mask, depths: Floats, rgb: Floats, farthest: float) -> bool:
    """Whether a region of slow colours is the open sky, not a wall or a ceiling."""
    from scipy import ndimage

    far = region & (depths <= farthest)
    if far.sum() > _FAR_SHARE * region.sum():
        return True
    rim = ndimage.binary_dilation(region, iterations=5) & ~ndimage.binary_dilation(region, iterations=1) & np.isfinite(depths)
    if rim.sum() < 50:
        return False
    if (depths[rim] < 2 * farthest).mean() > 0.2:
        return True
    red, _, blue = np.median(rgb[region], axis=0)
    bluish_or_bright = blue > red + 0.02 or np.median(rgb[region]) > np.percentile(rgb, 90)
    return bool(bluish_or_bright and _flatness(rim, depths) < _FLAT_SHARE)


def _flatness(rim: Mask, depths: Floats) -> float:
    """Share of a border whose inverse depths lie on one plane, as found by weighted least squares."""
    row, column = np.nonzero(rim)
    a = np.stack([np.ones(len(row)), column / rim.shape[1], row / rim.shape[0]], axis=1)
    b = depths[rim].astype(np.float64)
    weight = np.ones(len(b))
    for _ in range(8):
        solution = np.linalg.lstsq(a * weight[:, None], b * weight, rcond=None)[0]
        off = np.abs(a @ solution - b) / b
        weight = 1 / (1 + (off / 0.03) ** 2)
    return float((off < 0.05).mean())
