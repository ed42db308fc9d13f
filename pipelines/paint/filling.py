"""Filling: what is known and what was painted become one picture: known pixels stay, colours are led over outside of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

TILE_SHARE = 0.75  # of the longest row: what shorter rows are no part of the rectangle that is mirrored
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


def mirrored(known: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(H, W) row and column of the known pixel that each pixel of a panorama is a mirror image of; of a known one, itself.

    The panorama is tiled with mirror images of the largest upright rectangle, or nearly, that is known: beside each other to a seam
    opposite of it, and above and below. Where nothing is known, every pixel is its own.
    """
    height, width = known.shape
    row, column = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    runs = [_longest_run(line) for line in known]
    lengths = np.array([length for _, length in runs])
    if not lengths.any():
        return row, column
    middle = int(lengths.argmax())
    whole = lengths >= TILE_SHARE * lengths[middle]
    top = middle - int(np.argmin(np.append(whole[middle::-1], False)))
    bottom = middle + int(np.argmin(np.append(whole[middle:], False)))
    begins = np.array([begin for begin, _ in runs])[top + 1 : bottom]
    away = (begins - begins[middle - top - 1] + width // 2) % width - width // 2
    inner = max(1, int((away + lengths[top + 1 : bottom]).min() - away.max()))
    first = int(begins[middle - top - 1] + away.max())
    turn = (column - first - inner // 2 + width // 2) % width - width // 2 + inner // 2
    source_row, source_column = top + 1 + _folded(row - top - 1, bottom - top - 1), (first + _folded(turn, inner)) % width
    return np.where(known, row, source_row), np.where(known, column, source_column)


def _longest_run(line: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of a closed line of pixels begins, and its length."""
    if line.all():
        return 0, len(line)
    begin = int(np.argmin(line))  # no run goes on beyond here
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.roll(line, -begin), [False]]).astype(np.int8)))
    if not len(edges):
        return 0, 0
    lengths = edges[1::2] - edges[::2]
    longest = int(lengths.argmax())
    return (int(edges[2 * longest]) + begin) % len(line), int(lengths[longest])


def _folded(at: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Positions on a strip that is folded back and forth to a length."""
    there = at % (2 * length)
    return np.where(there < length, there, 2 * length - 1 - there)


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
