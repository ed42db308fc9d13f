"""Likeness: how far a picture is from what it should be, and which way every pixel should go: L1, structural similarity, nearness.

Structural similarity: Wang, Bovik, Sheikh and Simoncelli 2004, with a Gaussian window of 11 pixels and σ = 1.5 and zeros beyond the
edges. The blend of both, (1 − λ)·L1 + λ·(1 − SSIM), is that of Kerbl et al. 2023. The window is separable, and as it is symmetric,
slopes travel back through the same blur.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, f32, inlined, kernel
from pipelines.cores import run_pieces

Floats = NDArray[np.float32]

TAPS = 11
_HALF = TAPS // 2
_SIGMA_PX = 1.5
_C1, _C2 = f32(0.01**2), f32(0.03**2)
_PIECES = 16

_offsets = np.arange(TAPS) - _HALF
WINDOW = np.exp(-(_offsets**2) / (2 * _SIGMA_PX**2))
WINDOW = (WINDOW / WINDOW.sum()).astype(np.float32)


class Target(NamedTuple):
    """A picture to be matched: rgb (H, W, 3) 0 … 1 display sRGB, its blur and the blur of its square, both (H, W, 3)."""

    rgb: Floats
    mean: Floats
    square: Floats


class Likeness(NamedTuple):
    """loss: a number, 0 for equal pictures.  ssim: −1 … 1.  slopes: (H, W, 3) of the loss.  wrong: (H, W) mean difference."""

    loss: float
    ssim: float
    slopes: Floats
    wrong: Floats


@inlined
def _pad(row: Array, values: Array, y: int, count: int) -> None:
    """A picture's row of interleaved colours between zeros."""
    for j in range(count):
        row[3 * _HALF + j] = values[y, j]


@inlined
def _across(out: Array, y: int, row: Array, window: Array, count: int) -> None:
    """Blur a padded row: neighbours of one colour stand three apart."""
    for j in range(count):
        out[y, j] = f32(0)
    for k in range(TAPS):
        weight, shift = window[k], 3 * k
        for j in range(count):
            out[y, j] += weight * row[shift + j]


@inlined
def _down(out: Array, values: Array, y: int, window: Array, count: int) -> None:
    """One row of the blur from above to below."""
    for j in range(count):
        out[j] = f32(0)
    for k in range(TAPS):
        source = y + k - _HALF
        if source >= 0 and source < values.shape[0]:
            weight = window[k]
            for j in range(count):
                out[j] += weight * values[source, j]


@kernel
def _begin(piece: int, pieces: int, x: Array, y: Array, window: Array, of_x: Array, of_xx: Array, of_xy: Array) -> None:
    """Blur x, x² and x·y along the rows; all arrays (H, 3·W)."""
    height, count = x.shape
    row = np.zeros(count + 6 * _HALF, np.float32)
    for v in range(height * piece // pieces, height * (piece + 1) // pieces):
        _pad(row, x, v, count)
        _across(of_x, v, row, window, count)
        for j in range(count):
            row[3 * _HALF + j] = x[v, j] * x[v, j]
        _across(of_xx, v, row, window, count)
        for j in range(count):
            row[3 * _HALF + j] = x[v, j] * y[v, j]
        _across(of_xy, v, row, window, count)


@kernel
def _compare(
    piece: int, pieces: int, of_x: Array, of_xx: Array, of_xy: Array, mean_y: Array, square_y: Array, window: Array, by_x: Array,
    by_xx: Array, by_xy: Array, sums: Array,
) -> None:  # fmt: skip
    """Finish the blur, take SSIM and its slopes by the three blurred values, and blur those along the rows again."""
    height, count = of_x.shape
    ux, uxx, uxy = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    px, pxx, pxy = np.zeros(count + 6 * _HALF, np.float32), np.zeros(count + 6 * _HALF, np.float32), np.zeros(count + 6 * _HALF, np.float32)
    total = 0.0
    for v in range(height * piece // pieces, height * (piece + 1) // pieces):
        _down(ux, of_x, v, window, count)
        _down(uxx, of_xx, v, window, count)
        _down(uxy, of_xy, v, window, count)
        subtotal = f32(0)
        for j in range(count):
            x, y = ux[j], mean_y[v, j]
            a1, a2 = f32(2) * x * y + _C1, f32(2) * (uxy[j] - x * y) + _C2
            b1, b2 = x * x + y * y + _C1, (uxx[j] - x * x) + (square_y[v, j] - y * y) + _C2
            inverse = f32(1) / (b1 * b2)
            ssim = a1 * a2 * inverse
            subtotal += ssim
            px[3 * _HALF + j] = f32(2) * (y * (a2 - a1) - x * ssim * (b2 - b1)) * inverse
            pxx[3 * _HALF + j] = -ssim * b1 * inverse
            pxy[3 * _HALF + j] = f32(2) * a1 * inverse
        total += subtotal
        _across(by_x, v, px, window, count)
        _across(by_xx, v, pxx, window, count)
        _across(by_xy, v, pxy, window, count)
    sums[piece] = total


@kernel
def _conclude(
    piece: int, pieces: int, x: Array, y: Array, by_x: Array, by_xx: Array, by_xy: Array, window: Array, share: float, slopes: Array,
    wrong: Array, sums: Array,
) -> None:  # fmt: skip
    """Finish the blur of the slopes and add L1; share: λ."""
    height, count = x.shape
    dx, dxx, dxy = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    unit = f32(1) / (f32(height) * f32(count))
    total = 0.0
    for v in range(height * piece // pieces, height * (piece + 1) // pieces):
        _down(dx, by_x, v, window, count)
        _down(dxx, by_xx, v, window, count)
        _down(dxy, by_xy, v, window, count)
        for j in range(count):
            away = x[v, j] - y[v, j]
            sign = f32(1) if away > f32(0) else (f32(-1) if away < f32(0) else f32(0))
            similar = dx[j] + f32(2) * x[v, j] * dxx[j] + y[v, j] * dxy[j]
            slopes[v, j] = unit * ((f32(1) - share) * sign - share * similar)
        for i in range(count // 3):
            j = 3 * i
            wrong[v, i] = (abs(x[v, j] - y[v, j]) + abs(x[v, j + 1] - y[v, j + 1]) + abs(x[v, j + 2] - y[v, j + 2])) * f32(1 / 3)
            total += wrong[v, i]
    sums[piece] = total


@kernel
def _finish_blur(piece: int, pieces: int, values: Array, window: Array, out: Array) -> None:
    height, count = values.shape
    for v in range(height * piece // pieces, height * (piece + 1) // pieces):
        _down(out[v], values, v, window, count)


def target_of(rgb: Floats) -> Target:
    """What `likeness` needs to know of a picture (H, W, 3) 0 … 1."""
    flat = _flat(np.ascontiguousarray(rgb, np.float32))
    of_y, of_yy, unused = np.empty_like(flat), np.empty_like(flat), np.empty_like(flat)
    run_pieces(_begin, _PIECES, _PIECES, flat, flat, WINDOW, of_y, of_yy, unused)
    mean, square = np.empty_like(flat), np.empty_like(flat)
    run_pieces(_finish_blur, _PIECES, _PIECES, of_y, WINDOW, mean)
    run_pieces(_finish_blur, _PIECES, _PIECES, of_yy, WINDOW, square)
    return Target(flat.reshape(rgb.shape), mean.reshape(rgb.shape), square.reshape(rgb.shape))


def likeness(rgb: Floats, target: Target, *, ssim_share: float = 0.2) -> Likeness:
    """Compare a picture (H, W, 3) with its target. ssim_share: λ, how much structural similarity counts beside L1."""
    x, y, mean, square = _flat(rgb), *(_flat(values) for values in target)
    of_x, of_xx, of_xy, by_x, by_xx, by_xy = (np.empty_like(x) for _ in range(6))
    sums = np.zeros((2, _PIECES))
    run_pieces(_begin, _PIECES, _PIECES, x, y, WINDOW, of_x, of_xx, of_xy)
    run_pieces(_compare, _PIECES, _PIECES, of_x, of_xx, of_xy, mean, square, WINDOW, by_x, by_xx, by_xy, sums[0])
    slopes, wrong = np.empty_like(x), np.empty(rgb.shape[:2], np.float32)
    run_pieces(_conclude, _PIECES, _PIECES, x, y, by_x, by_xx, by_xy, WINDOW, np.float32(ssim_share), slopes, wrong, sums[1])
    ssim, difference = sums[0].sum() / x.size, sums[1].sum() / wrong.size
    loss = (1 - ssim_share) * difference + ssim_share * (1 - ssim)
    return Likeness(float(loss), float(ssim), slopes.reshape(rgb.shape), wrong)


def nearness_slopes(nearness: Floats, wanted: Floats, *, floor: float) -> tuple[float, Floats]:
    """Mean of |nearness − wanted| / max(wanted, floor) over the pixels whose `wanted` is not NaN, and its slopes (H, W).

    The relative error counts, so that what is near does not outweigh the rest; below `floor`, and for the sky at 0, the absolute one.
    """
    known = ~np.isnan(wanted)
    goal = np.where(known, wanted, nearness)
    weight = np.float32(1 / max(1, int(known.sum()))) / np.maximum(goal, np.float32(floor))
    away = nearness - goal
    return float(np.sum(np.abs(away) * weight, dtype=np.float64)), (np.sign(away) * weight).astype(np.float32)


def _flat(picture: Floats) -> Floats:
    return picture.reshape(picture.shape[0], -1)
