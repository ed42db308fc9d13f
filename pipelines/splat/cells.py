"""Cells: a sheet cut into blocks of pixels, fine where colour or surface change and coarse where they do not; one flat splat a block.

A block is halved while its error, squared deviation of colour and of surface from its splat times its area in the picture, exceeds a
limit, which is chosen so that all blocks together keep within a budget. Towards the poles of a panorama, where pixels are slim,
blocks are wider than high by a power of two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, inlined, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.gaussians import Gaussians, from_colours
from pipelines.splat.sheet import Floats, Sheet, normals_of, ray_steps

COARSEST = 5  # blocks of at most 32 × 32 pixels
BANDS = 32  # and of at most this share of a panorama's height
WIDEST = 8  # and near the poles of at most this share of the circle
FINE_WIDTH, WIDTH = 0.58, 0.7  # standard deviation of a splat in widths of its block: of a single pixel, and of all larger ones
SKY_WIDTH = 0.85  # and in the sky, where the slightest gap between large splats shows as a lattice
SKY_M = 1_400.0
THICKNESS = 0.06  # of a splat, in its smaller width
GRAZING = 0.1  # cosine of the flattest angle under which a splat is laid along its surface
SURFACE_WEIGHT = 36.0  # a surface that is off by 1/60 of its distance is as bad as a colour that is off by a tenth
NEAR_M = 2.0  # within this distance it counts fully
TORN_PENALTY = 0.02
OPACITY = 0.99
_STEPS = 4_096


class _Level(NamedTuple):
    """Blocks of one size: error of each, and the least error among the larger ones round it; inf where there is no such block."""

    error: Floats
    above: Floats


def splats_of(sheets: Sequence[Sheet], budget: int, tell: Callable[[float], None] = lambda share: None) -> Gaussians:
    """All sheets as at most `budget` splats (unless even the coarsest blocks are more). tell: hears the share done."""
    ladders, parts = [], []
    for number, sheet in enumerate(sheets):
        tell(0.4 * number / len(sheets))
        ladders.append(_ladder(sheet))
    limit = _limit([level for ladder in ladders for level in ladder], budget)
    for number, (sheet, ladder) in enumerate(zip(sheets, ladders, strict=True)):
        tell(0.4 + 0.6 * number / len(sheets))
        parts.append(_discs(sheet, _taken(ladder, limit)))
    means, scales, rotations, colours = (np.concatenate([part[k] for part in parts]) for k in range(4))
    opacities, thing = np.full(len(means), OPACITY, np.float32), np.zeros(len(means), np.int32)
    return from_colours(means, scales, rotations, opacities, colours=colours, thing=thing)


def _coarsest(sheet: Sheet) -> int:
    """The level of the largest blocks."""
    height = sheet.inverse.shape[0]
    return min(COARSEST, max(2, int(math.log2(max(1, height / BANDS))))) if sheet.wraps else COARSEST


def _widening(sheet: Sheet) -> NDArray[np.int64]:
    """(rows,) by which power of two blocks are wider than high; the same within every row of the coarsest blocks."""
    height, width = sheet.inverse.shape
    if not sheet.wraps:
        return np.zeros(height, np.int64)
    side = 1 << _coarsest(sheet)
    first = np.arange(height) // side * side
    last = np.minimum(first + side, height) - 1
    latitude = np.minimum(abs((first + 0.5) / height - 0.5), abs((last + 0.5) / height - 0.5)) * math.pi
    widest = int(math.log2(max(1, width // WIDEST)))
    return np.minimum(np.floor(-np.log2(np.cos(latitude)) + 0.25).astype(np.int64), widest).clip(0)


def _ladder(sheet: Sheet) -> list[_Level]:
    """The levels from single pixels up."""
    widening = _widening(sheet)
    height, width = sheet.inverse.shape
    errors = []
    coarsest = _coarsest(sheet)
    for level in range(coarsest + 1):
        error = np.full((-(-height >> level), -(-width >> level)), np.inf, np.float32)
        pieces = min(error.shape[0], 8 * core_count())
        run_pieces(_measure, pieces, pieces, level, sheet.rgb, sheet.inverse, sheet.slope, sheet.torn, sheet.kept, widening, error)
        errors.append(error * np.float32(sheet.weight))
    above = np.full(errors[-1].shape, np.inf, np.float32)
    ladder = [_Level(errors[-1], above)]
    for level in range(coarsest - 1, -1, -1):
        coarser = np.minimum(ladder[-1].error, ladder[-1].above)
        rows, columns = (np.arange(size) >> 1 for size in errors[level].shape)
        ladder.append(_Level(errors[level], coarser[rows[:, None], columns[None, :]]))
    return ladder[::-1]


def _limit(levels: list[_Level], budget: int) -> float:
    """The smallest error allowed of a block with which all blocks together keep within the budget."""
    edges = np.concatenate([[-1.0], np.geomspace(1e-9, 1e9, _STEPS)])
    counts = np.zeros(_STEPS + 1, np.int64)
    for level in levels:
        ends = level.error < level.above
        for values, sign in ((level.error[ends], 1), (level.above[ends], -1)):
            place = np.searchsorted(edges, values[np.isfinite(values)], side="left")
            counts += sign * np.bincount(np.minimum(place, _STEPS), minlength=_STEPS + 1)
    fits = np.flatnonzero(np.cumsum(counts) <= budget)
    fits = fits[fits >= 1]
    return float(edges[fits[0]]) if len(fits) else float(edges[-1])


def _taken(ladder: list[_Level], limit: float) -> NDArray[np.int32]:
    """(N, 3) level, row and column of every block that becomes a splat."""
    found = []
    for number, level in enumerate(ladder):
        row, column = np.nonzero((level.error <= limit) & (level.above > limit))
        found.append(np.stack([np.full(len(row), number), row, column], axis=1))
    return np.concatenate(found).astype(np.int32)


def _discs(sheet: Sheet, blocks: NDArray[np.int32]) -> tuple[Floats, Floats, Floats, Floats]:
    """means (N, 3), scales (N, 3), rotations (N, 4), colours (N, 3)."""
    rays = sheet.camera.rays()
    steps = ray_steps(sheet.camera, rays)
    normals = normals_of(sheet, rays, steps)
    count = len(blocks)
    means, scales, colours = (np.empty((count, 3), np.float32) for _ in range(3))
    rotations = np.empty((count, 4), np.float32)
    pieces = 8 * core_count()
    eye = sheet.camera.position.astype(np.float32)
    given = (sheet.rgb, sheet.inverse, sheet.kept, _widening(sheet), rays, *steps, normals, eye)
    run_pieces(_emit, pieces, pieces, blocks, *given, means, scales, rotations, colours)
    return means, scales, rotations, colours


@inlined
def _quaternion(a0: float, a1: float, a2: float, n0: float, n1: float, n2: float, out: Array, i: int) -> None:
    """out[i]: the rotation (w, x, y, z) to the first axis a, the third n, and the second n × a; see `quaternions_from_frames`."""
    b0, b1, b2 = n1 * a2 - n2 * a1, n2 * a0 - n0 * a2, n0 * a1 - n1 * a0
    w, x, y, z = 1 + a0 + b1 + n2, 1 + a0 - b1 - n2, 1 - a0 + b1 - n2, 1 - a0 - b1 + n2
    if w >= x and w >= y and w >= z:
        x, y, z = b2 - n1, n0 - a2, a1 - b0
    elif x >= y and x >= z:
        w, y, z = b2 - n1, b0 + a1, n0 + a2
    elif y >= z:
        w, x, z = n0 - a2, b0 + a1, n1 + b2
    else:
        w, x, y = a1 - b0, n0 + a2, n1 + b2
    size = math.sqrt(w * w + x * x + y * y + z * z)
    out[i, 0], out[i, 1], out[i, 2], out[i, 3] = w / size, x / size, y / size, z / size


@kernel
def _measure(
    piece: int, pieces: int, level: int, rgb: Array, inverse: Array, slope: Array, torn: Array, kept: Array, widening: Array, error: Array
) -> None:
    height, width = inverse.shape
    side = 1 << level
    for row in range(error.shape[0] * piece // pieces, error.shape[0] * (piece + 1) // pieces):
        top = row * side
        bottom = min(top + side, height)
        wide = 1 << (level + widening[top])
        if level > 0 and widening[top] > 0 and wide * WIDEST > width:
            continue  # it would be a bow, not a block
        for column in range((width + wide - 1) // wide):
            left = column * wide
            right = min(left + wide, width)
            n, tears = 0, 0
            s0, s1, s2, q = 0.0, 0.0, 0.0, 0.0
            sw, sr, sc, gr, gc = 0.0, 0.0, 0.0, 0.0, 0.0
            for r in range(top, bottom):
                for c in range(left, right):
                    if not kept[r, c]:
                        continue
                    n += 1
                    a, b, d = rgb[r, c, 0] / 255.0, rgb[r, c, 1] / 255.0, rgb[r, c, 2] / 255.0
                    s0 += a
                    s1 += b
                    s2 += d
                    q += a * a + b * b + d * d
                    sw += inverse[r, c]
                    sr += r
                    sc += c
                    gc += slope[r, c, 0]
                    gr += slope[r, c, 1]
                    if (torn[r, c] & 1) != 0 and c + 1 < right:
                        tears += 1
                    if (torn[r, c] & 2) != 0 and r + 1 < bottom:
                        tears += 1
            if n == 0:
                continue
            if level == 0:
                error[row, column] = 0.0
                continue
            missing = (bottom - top) * (right - left) - n
            variance = max(0.0, q / n - (s0 * s0 + s1 * s1 + s2 * s2) / (n * n)) / 3.0
            mean, mr, mc, gr, gc = sw / n, sr / n, sc / n, gr / n, gc / n
            off = 0.0
            for r in range(top, bottom):
                for c in range(left, right):
                    if kept[r, c]:
                        rest = (inverse[r, c] - mean - gc * (c - mc) - gr * (r - mr)) / mean
                        off += rest * rest
            near = min(1.0, NEAR_M * mean)
            badness = variance + SURFACE_WEIGHT * near * near * off / n
            if tears > 0 or missing > 0:
                badness += TORN_PENALTY + TORN_PENALTY * (tears + missing) / n
            error[row, column] = badness * side * side


@kernel
def _emit(
    piece: int, pieces: int, blocks: Array, rgb: Array, inverse: Array, kept: Array, widening: Array, rays: Array, across: Array,
    down: Array, normals: Array, eye: Array, means: Array, scales: Array, rotations: Array, colours: Array,
) -> None:  # fmt: skip
    """A splat for every block, in the plane of its surface, as wide as what the block covers there."""
    height, width = inverse.shape
    total = blocks.shape[0]
    for i in range(total * piece // pieces, total * (piece + 1) // pieces):
        level = blocks[i, 0]
        top, wide = blocks[i, 1] << level, 1 << (level + widening[blocks[i, 1] << level])
        left = blocks[i, 2] * wide
        bottom, right = min(top + (1 << level), height), min(left + wide, width)
        n, w = 0, 0.0
        ray, normal, u, v, colour = np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3), np.zeros(3)
        for r in range(top, bottom):
            for c in range(left, right):
                if kept[r, c]:
                    n += 1
                    w += inverse[r, c]
                    for k in range(3):
                        ray[k] += rays[r, c, k]
                        normal[k] += normals[r, c, k]
                        u[k] += across[r, c, k]
                        v[k] += down[r, c, k]
                        colour[k] += rgb[r, c, k]
        length = math.sqrt(ray[0] * ray[0] + ray[1] * ray[1] + ray[2] * ray[2])
        distance = n / w
        for k in range(3):
            ray[k] /= length
            means[i, k] = eye[k] + ray[k] * distance
            colours[i, k] = colour[k] / (255.0 * n)
        length = math.sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2])
        loose = length < 0.3 * n
        facing = 0.0
        for k in range(3):
            normal[k] = -ray[k] if loose else normal[k] / length
            facing -= normal[k] * ray[k]
        if facing < GRAZING:  # turn it towards the eye as far as it takes
            flat = math.sqrt(max(1.0 - facing * facing, 1e-9))
            for k in range(3):
                normal[k] = (normal[k] + ray[k] * facing) / flat * math.sqrt(1 - GRAZING * GRAZING) - ray[k] * GRAZING
            facing = GRAZING
        share = n / ((bottom - top) * (right - left))
        columns, rows = (right - left) * math.sqrt(share), (bottom - top) * math.sqrt(share)
        nu, nv, wider = 0.0, 0.0, FINE_WIDTH if level == 0 else (WIDTH if distance < SKY_M else SKY_WIDTH)
        for k in range(3):
            u[k] *= columns / n * distance * wider
            v[k] *= rows / n * distance * wider
            nu += normal[k] * u[k]
            nv += normal[k] * v[k]
        uu, uv, vv = 0.0, 0.0, 0.0
        for k in range(3):
            u[k] += ray[k] * nu / facing
            v[k] += ray[k] * nv / facing
            uu += u[k] * u[k]
            uv += u[k] * v[k]
            vv += v[k] * v[k]
        angle = 0.5 * math.atan2(2 * uv, uu - vv)
        cosine, sine = math.cos(angle), math.sin(angle)
        first = math.sqrt(max(uu * cosine * cosine + 2 * uv * cosine * sine + vv * sine * sine, 1e-14))
        second = math.sqrt(max(uu * sine * sine - 2 * uv * cosine * sine + vv * cosine * cosine, 1e-14))
        for k in range(3):
            u[k] = (u[k] * cosine + v[k] * sine) / first
        _quaternion(u[0], u[1], u[2], normal[0], normal[1], normal[2], rotations, i)
        scales[i, 0], scales[i, 1] = first, second
        scales[i, 2] = min(first, second) * (0.7 if loose else THICKNESS)
