"""Filling: what is known and what was painted become one picture: known pixels stay, colours are led over outside of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

COARSE = 4  # a first guess is so soft that it is made at a quarter of the size


def guessed(picture: Pixels, known: Mask, *, closed: bool = True) -> Pixels:
    """The picture with a first guess where nothing is known: the nearest known colour, the farther away the softer.

    It is what an inpainting model starts from. closed: left and right edges meet.
    """
    from PIL import Image
    from scipy.ndimage import gaussian_filter

    if known.all() or not known.any():
        return picture if known.any() else np.full_like(picture, 127)
    _, nearest = _nearest(known, closed)
    height, width = known.shape
    filled = Image.fromarray(picture[nearest[0], nearest[1]])
    coarse = np.asarray(filled.reduce(COARSE), np.float32)
    ways = ("nearest", "wrap" if closed else "nearest", "nearest")
    soft = gaussian_filter(coarse, (height / 16 / COARSE, width / 32 / COARSE, 0), mode=ways)
    whole = Image.fromarray((soft + 0.5).clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR)
    return np.where(known[..., None], picture, np.asarray(whole))


def blended(picture: Pixels, known: Mask, painted: Pixels, feather_px: float, *, closed: bool = True) -> Pixels:
    """Known pixels exactly as they are; elsewhere what was painted, led over to the known colours within about `feather_px` outside.

    What differs at the border is added outside of it, fading with the distance, so that texture stays and no edge is seen.
    """
    from scipy.ndimage import gaussian_filter

    if known.all() or not known.any():
        return picture if known.any() else painted
    distance, nearest = _nearest(known, closed)
    difference = picture.astype(np.float32) - painted
    ways = ("nearest", "wrap" if closed else "nearest", "nearest")
    calm = max(1.0, feather_px / 8)
    weight = gaussian_filter(known.astype(np.float32), calm, mode=ways[:2])
    at_border = gaussian_filter(np.where(known[..., None], difference, 0), (calm, calm, 0), mode=ways) / np.maximum(weight, 1e-3)[..., None]
    led = painted + at_border[nearest[0], nearest[1]] * np.exp(-distance / max(feather_px, 1e-3))[..., None]
    return np.where(known[..., None], picture, (led + 0.5).clip(0, 255).astype(np.uint8))


def _nearest(known: Mask, closed: bool) -> tuple[NDArray[np.float32], Any]:
    """(H, W) distance in pixels to the nearest known one, and its (2, H, W) row and column; around the edge of a closed picture."""
    from scipy.ndimage import distance_transform_edt

    width = known.shape[1]
    margin = width // 2 if closed else 0
    wide = np.concatenate([known[:, width - margin :], known, known[:, :margin]], axis=1)
    distance, (row, column) = distance_transform_edt(~wide, return_indices=True)
    inner = slice(margin, margin + width)
    return distance[:, inner].astype(np.float32), (row[:, inner], (column[:, inner] - margin) % width)
