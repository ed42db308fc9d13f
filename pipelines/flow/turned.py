"""Turned: what a photograph does not show, made of what it shows, turned and mirrored about the eye.

Whoever turns sees the same ground and the same sky at the same heights. So a copy of the photograph that is turned about the upright
axis, mirrored or not, keeps its horizon, its light and its distances. Which copy is seen where is decided much as in Pritch et al.
(Shift-map image editing, 2009): where two meet they look alike, what stands out is not repeated where anything else will do, the
rest is seen by turns, and of what is left the network's picture says what is wanted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.flow.seams import Prices, chosen
from pipelines.flow.sharpening import resized, soft_within

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

EVERY_PX = 2  # small pixels between two turns
KNOWN_SHARE = 0.98  # of a small pixel that must be known for it to be copied
FAR = 36.0  # heights of the eye: what is farther does not stand near
# What is paid for each, in colours of 0 … 1:
STANDING, STRIKING, GLARING, CLOSE, TONE, KIND, MIRRORED = 4.0, 6.0, 30.0, 0.1, 0.1, 0.02, 0.2
ALONE = 4.0  # for what rises over the horizon before what is farther in most of its row, such as a tower: there is one of it
SEAM, BORDER, DEPTH = 3.0, 3.0, 0.05  # and where copies meet each other and the photograph
PRICES = Prices(seam=0.1, beside=2.0, near_px=6.0, again=0.04)
AROUND_PX = 5  # small pixels: within a square so wide nothing is shown again beside what stands alone
DETAIL, DETAIL_PX, LEAST_NOTICED = 0.05, 1.5, 0.1  # contrast, within so many small pixels, that is noticed; blandness is so little noticed
WHITE = 0.85  # of 1: what is brighter may be a lamp or the sun
CLOSE_RAD = 0.2  # from a copy to what it copies: nearer than that it is noticed
FADE_PX = 0.6  # small pixels within which copies fade into each other
COVERED = 0.3  # of a pixel that copies must cover
EVEN_RAD = 0.06, 1.5  # along the horizon: differences of the sky that are broader than one become as broad as the other


@dataclass(frozen=True)
class Ring:
    """A panorama with copies in place.

    rgb: (H, W, 3), zero where there is nothing.  known: (H, W) where there is something.  distance: (H, W) metres, NaN where there is not.
    """

    rgb: Pixels
    known: Mask
    distance: Floats


def all_around(canvas: Pixels, known: Mask, seen: Floats, eye_m: float, *, up: Floats, painted: Floats, kinds: Floats) -> Ring:
    """The known part of a panorama (H, W, 3), and beside it copies of it all around, as high as it is.

    seen: (H, W) metres, NaN where unknown, inf = sky.  eye_m: how high they were seen from.  up: (h, w) sine of elevation, at a small size.
    painted: (h, w, 3) in 0 … 1, what the network paints, in the photograph's tones.  kinds: (K, h, w) what it says of kinds of surface,
    −1 … 1.
    """
    if known.all() or not known.any():
        return Ring(canvas, known, seen)
    size = height, width = painted.shape[:2]
    share = resized(known.astype(np.float32), height, width, sphere=True)
    values = np.where(known[..., None], canvas, 0).astype(np.float32) / np.float32(255)
    colour = (resized(values, height, width, sphere=True) / np.maximum(share, 1e-3)[..., None]).astype(np.float32)
    there = share > KNOWN_SHARE
    depth = _depth(seen / np.float32(eye_m), size)
    columns = _columns(width)
    fits = there[:, columns].transpose(1, 0, 2)
    noticed, stands = _noticed(colour, there), _standing(depth, up)
    dear = _striking(colour, there) + stands + ALONE * _alone(stands, there & (up > 0))
    cost = dear[:, columns].transpose(1, 0, 2) + _close(columns)[:, None]
    cost += MIRRORED * np.where(_is_mirrored(columns)[:, None, None], noticed[:, columns].transpose(1, 0, 2), 0)
    cost += TONE * _unlike(colour, painted, columns) + KIND * _unlike(kinds.transpose(1, 2, 0), kinds.transpose(1, 2, 0), columns)
    looks = np.concatenate([SEAM * colour, SEAM * DEPTH * depth[..., None]], axis=-1).astype(np.float32)
    copies = looks[:, columns].transpose(1, 0, 2, 3)
    cost = np.where(fits & ~there, cost + BORDER * _at_border(looks, there, copies, fits), np.float32(np.inf))
    return _laid_out(chosen(cost, copies, columns, noticed, PRICES), columns, canvas, known, seen)


def _columns(width: int) -> Whole:
    """(K, w) the column that each copy shows in each column: turned by so much, then mirrored about every place."""
    column, turn = np.arange(width)[None], np.arange(0, width, EVERY_PX)[:, None]
    return np.concatenate([(column - turn[1:]) % width, (turn - column) % width])


def _is_mirrored(columns: Whole) -> Mask:
    return np.asarray((columns[:, 1] - columns[:, 0]) % columns.shape[1] != 1)


def _depth(seen: Floats, size: tuple[int, int]) -> Floats:
    """(h, w) the logarithm of distances, sky counting as far."""
    there = resized((~np.isnan(seen)).astype(np.float32), *size, sphere=True)
    logs = np.log(np.clip(np.nan_to_num(seen, nan=1.0, posinf=10 * FAR), 0.05, 10 * FAR))
    return (resized(logs.astype(np.float32), *size, sphere=True) / np.maximum(there, 1e-3)).astype(np.float32)


def _striking(colour: Floats, there: Mask) -> Floats:
    """(h, w) what it costs to show again what is unlike the most of its row, or shines; where most of a row shines, it is a white sky."""
    usual = np.stack([np.median(row[one], axis=0, keepdims=True) if one.any() else row[:1] for row, one in zip(colour, there, strict=True)])
    white = ((colour.min(axis=-1) - WHITE) / (1 - WHITE)).clip(0, 1)
    share = np.where(there, white, 0).sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=1, keepdims=True), 1)
    return np.asarray(STRIKING * np.abs(colour - usual).mean(axis=-1) + GLARING * white * (1 - 2 * share).clip(0, 1), np.float32)


def _standing(depth: Floats, up: Floats) -> Floats:
    """(h, w) what it costs to show again what stands before the ground."""
    ground = np.log(np.clip(1 / np.maximum(-up, 1e-3), 0.05, FAR))
    return np.asarray(STANDING * (1 - np.exp(depth - ground)).clip(0, 1), np.float32)


def _alone(stands: Floats, where: Mask) -> Floats:
    """(h, w) how much more a place, or one beside it, stands before the ground than the most of its row does."""
    from scipy.ndimage import maximum_filter

    usual = np.stack([np.median(row[one], keepdims=True) if one.any() else row[:1] for row, one in zip(stands, where, strict=True)])
    return np.asarray(maximum_filter(np.where(where, stands - usual, 0).clip(0), AROUND_PX, mode=("nearest", "wrap")))


def _noticed(colour: Floats, there: Mask) -> Floats:
    """(h, w) 0 … 1 how much it is noticed that a place is seen again: what is bland may come again and again."""
    contrast = np.abs(colour - soft_within(colour, there, DETAIL_PX)).mean(axis=-1)
    return (soft_within(contrast, there, DETAIL_PX) / np.float32(DETAIL)).clip(LEAST_NOTICED, 1)


def _close(columns: Whole) -> Floats:
    """(K, w) what it costs to show a copy beside what it copies."""
    width = columns.shape[1]
    apart = (columns - np.arange(width)[None] + width // 2) % width - width // 2
    return (CLOSE * np.exp(-((apart * 2 * math.pi / width / CLOSE_RAD) ** 2))).astype(np.float32)


def _unlike(values: Floats, wanted: Floats, columns: Whole) -> Floats:
    """(K, h, w) how unlike each copy of values (h, w, C) is to what is wanted there."""
    return np.stack([np.abs(values[:, one] - wanted).mean(axis=-1) for one in columns])


def _at_border(looks: Floats, there: Mask, copies: Floats, fits: Mask) -> Floats:
    """(K, h, w) how unlike each copy is to the known pixels beside it.

    A copy that shows something there, too, is compared at the known pixel; of the others their own nearest pixel is.
    """
    found = np.zeros(copies.shape[:3], np.float32)
    for step, axis in ((1, 1), (-1, 1), (1, 0), (-1, 0)):
        border = np.roll(there, step, axis)
        if axis == 0:  # there is nothing above the zenith and below the nadir
            border[0 if step > 0 else -1] = False
        beside, reach, reaches = np.roll(looks, step, axis), np.roll(copies, step, axis + 1), np.roll(fits, step, axis + 1)
        apart = np.where(reaches, np.abs(reach - beside).sum(axis=-1), 2 * np.abs(copies - beside).sum(axis=-1))
        found += np.where(border, apart, 0)
    return found


def _laid_out(label: Whole, columns: Whole, canvas: Pixels, known: Mask, seen: Floats) -> Ring:
    """The panorama with the chosen copies in place. Their colours fade into each other, their distances do not."""
    from scipy.ndimage import gaussian_filter

    height, width = known.shape
    grown = width / label.shape[1]
    mirrored = _is_mirrored(columns)
    total, weights, most = np.zeros((height, width, 3), np.float32), np.zeros(known.shape, np.float32), np.zeros(known.shape, np.float32)
    distance = seen.copy()
    for one in np.unique(label[label >= 0]):
        weight = resized(gaussian_filter((label == one).astype(np.float32), FADE_PX, mode=("nearest", "wrap")), height, width, sphere=True)
        here = np.flatnonzero((weight > 0.01).any(axis=0))
        first = int(columns[one, 0])
        column = (round((first + 1) * grown) - 1 - here if mirrored[one] else round(first * grown) + here) % width
        weight = np.where(known[:, column] & ~known[:, here], weight[:, here], 0)
        total[:, here] += weight[..., None] * canvas[:, column]
        weights[:, here] += weight
        distance[:, here] = np.where(weight > most[:, here], seen[:, column], distance[:, here])
        most[:, here] = np.maximum(most[:, here], weight)
    whole = known | (weights > COVERED)
    made = np.where(known[..., None], canvas, total / np.maximum(weights, 1e-3)[..., None])
    distance = np.where(whole, distance, np.nan).astype(np.float32)
    made = np.where(known[..., None], canvas, _even(made, whole & np.isinf(distance)) + 0.5)
    return Ring(np.where(whole[..., None], made, 0).clip(0, 255).astype(np.uint8), whole, distance)


def _even(picture: Floats, sky: Mask) -> Floats:
    """A panorama whose sky has no broad differences along the horizon: the glow of a sun, or a lens's dark corners, would come again."""
    from scipy.ndimage import gaussian_filter1d

    rows = sky.any(axis=1)
    where, values = sky[rows, :, None], picture[rows]

    def soft(sigma_rad: float) -> Floats:
        sigma_px = sigma_rad / (2 * math.pi) * sky.shape[1]
        weight, spread = (
            gaussian_filter1d(np.where(where, one, 0).astype(np.float32), sigma_px, axis=1, mode="wrap") for one in (np.float32(1), values)
        )
        return np.asarray(spread / np.maximum(weight, 1e-3))

    even = picture.copy()
    even[rows] = np.where(where, values + soft(EVEN_RAD[1]) - soft(EVEN_RAD[0]), values)
    return even
