"""Filling: what is known and what was painted become one picture: known pixels stay, colours are led over outside of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]

COARSE = 4  # a first guess is so soft that it is made at a quarter of the size


def guessed(picture: Pixels, known: Mask, *, closed: bool = True) -> Pixels:
    """The picture with a first guess where nothing is known: the nearest known colour, the farther away the softer.

    It is what an inpainting model starts from. closed: left and right edges meet.
    """
    if known.all() or not known.any():
        return picture if known.any() else np.full_like(picture, 127)
    return np.where(known[..., None], picture, softened(picture, known, closed=closed))


def softened(picture: Pixels, known: Mask, *, closed: bool = True) -> Pixels:
    """What is known of a picture and, beyond it, the nearest known colour; all of it soft."""
    from PIL import Image
    from scipy.ndimage import gaussian_filter

    height, width = known.shape
    coarse = np.asarray(Image.fromarray(extended(picture, known, closed=closed)).reduce(COARSE), np.float32)
    ways = ("nearest", "wrap" if closed else "nearest", "nearest")
    soft = gaussian_filter(coarse, (height / 16 / COARSE, width / 32 / COARSE, 0), mode=ways)
    return np.asarray(Image.fromarray((soft + 0.5).clip(0, 255).astype(np.uint8)).resize((width, height), Image.Resampling.BILINEAR))


def extended(picture: Pixels, known: Mask, *, closed: bool = True) -> Pixels:
    """The picture whose unknown pixels have the colour of the nearest known one. Something must be known."""
    _, nearest = _nearest(known, closed)
    return picture[nearest[0], nearest[1]]


def blended(picture: Pixels, known: Mask, painted: Pixels, feather_px: float, *, closed: bool = True) -> Pixels:
    """Known pixels exactly as they are; elsewhere what was painted, led over to the known colours within about `feather_px` outside.

    What differs at the border is added outside of it, fading with the distance, so that texture stays and no edge is seen.
    """
    if known.all() or not known.any():
        return picture if known.any() else painted
    led = led_over(picture.astype(np.float32), known, painted.astype(np.float32), feather_px, closed=closed)
    return np.where(known[..., None], picture, (led + 0.5).clip(0, 255).astype(np.uint8))


def led_over(values: Floats, known: Mask, others: Floats, feather_px: float, *, closed: bool = True) -> Floats:
    """`others` (H, W, C), led over to the values at the border of what is known; only outside of it is the result of use."""
    from scipy.ndimage import gaussian_filter

    distance, nearest = _nearest(known, closed)
    difference = np.where(known[..., None], values - others, 0)
    ways = ("nearest", "wrap" if closed else "nearest", "nearest")
    calm = max(1.0, feather_px / 8)
    weight = gaussian_filter(known.astype(np.float32), calm, mode=ways[:2])
    at_border = gaussian_filter(difference, (calm, calm, 0), mode=ways) / np.maximum(weight, 1e-3)[..., None]
    return others + at_border[nearest[0], nearest[1]] * np.exp(-distance / max(feather_px, 1e-3))[..., None]


def _nearest(known: Mask, closed: bool) -> tuple[NDArray[np.float32], Any]:
    """(H, W) distance in pixels to the nearest known one, and its (2, H, W) row and column; around the edge of a closed picture."""
    from scipy.ndimage import distance_transform_edt

    width = known.shape[1]
    margin = width // 2 if closed else 0
    wide = np.concatenate([known[:, width - margin :], known, known[:, :margin]], axis=1)
    distance, (row, column) = distance_transform_edt(~wide, return_indices=True)
    inner = slice(margin, margin + width)
    return distance[:, inner].astype(np.float32), (row[:, inner], (column[:, inner] - margin) % width)
