"""Procedural surfaces: what colour a material has at a point, with detail at the scale of a splat.

Points and normals are in the part's own axes, metres. Sheet patterns (bricks, boards, tiles) run over the plane that the normal
faces most: u along the wall, v up (on floors and roofs v runs along z). Grain runs along the part's longest side. Where a splat is
larger than the pattern's detail, the pattern fades to its mean instead of turning into noise.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import ArrayLike, NDArray

from pipelines.layout.noise import cells2, fractal3, unit3, value3

Floats = NDArray[np.float32]

PATTERNS = (
    "plain", "noise", "grain", "planks", "logs", "bark", "birch", "rings", "brick", "stone_blocks", "cobbles", "roof_tiles",
    "shingles", "thatch", "plaster", "concrete", "asphalt", "paving", "tiles", "parquet", "fabric", "carpet", "leather", "brushed",
    "rust", "corrugated", "sand", "snow", "soil", "forest_floor", "grass", "moss", "rock", "granite", "gravel", "marble", "ice",
    "water", "glass", "leaves", "stripes", "checker", "windows", "books", "screen", "strata", "fur", "flame",
)  # fmt: skip
_CODE = {name: code for code, name in enumerate(PATTERNS)}


def paint(
    points: Floats, normals: Floats, footprint_m: Floats, *, pattern: str, size_m: float, grain: ArrayLike, seed: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Evaluate a pattern: (mix, tone, warmth, glow), each (N,).

    mix: 0 = the material's colour, 1 = its second colour.  tone: brightness factor.  warmth: shift from blue to red, about ±0.1.
    glow: share of the material's emission.  footprint_m: (N,) standard deviation of each splat.  grain: axis of the longest
    side; seed: which of all such surfaces; both one number or (N,).
    """
    out = np.empty((len(points), 4), np.float32)
    axes, seeds = np.empty(len(points), np.int64), np.empty(len(points), np.int64)  # never views: each kind of array costs a compilation
    axes[:], seeds[:] = np.asarray(grain, np.int64), np.asarray(seed, np.int64) & 0x7FFFFFFF
    _paint(points, normals, np.ascontiguousarray(footprint_m), _CODE[pattern], size_m, axes, seeds, out)
    return out[:, 0], out[:, 1], out[:, 2], out[:, 3]


@njit(cache=True, inline="always")
def _step(low: float, high: float, x: float) -> float:
    t = min(1.0, max(0.0, (x - low) / (high - low)))
    return t * t * (3 - 2 * t)


@njit(cache=True, parallel=True, fastmath=True)
def _paint(points, normals, footprint, code, size, axes, seeds, out):  # type: ignore[no-untyped-def]
    for i in prange(points.shape[0]):
        grain, seed = axes[i], seeds[i]
        x, y, z = float(points[i, 0]), float(points[i, 1]), float(points[i, 2])
        nx, ny, nz = abs(normals[i, 0]), abs(normals[i, 1]), abs(normals[i, 2])
        if ny >= nx and ny >= nz:
            u, v = x, z
        elif nx >= nz:
            u, v = z, y
        else:
            u, v = x, y
        mix, tone, warmth, glow, detail = _one(code, x, y, z, u, v, size, grain, float(footprint[i]), seed)
        keep = 1.0 - _step(0.35, 1.6, footprint[i] / (detail * size))  # share of the pattern that the splat can still show
        mean_mix = 0.25
        slow = 1.0 + 0.10 * (fractal3(x * 0.55, y * 0.55, z * 0.55, seed + 77, 2) - 0.5)  # uneven over a metre or two
        out[i, 0] = mean_mix + (mix - mean_mix) * keep
        out[i, 1] = (1.0 + (tone - 1.0) * (0.25 + 0.75 * keep)) * slow
        out[i, 2] = warmth * (0.3 + 0.7 * keep)
        out[i, 3] = glow


@njit(cache=True)
def _one(code, x, y, z, u, v, size, grain, blur, seed):  # type: ignore[no-untyped-def]
    """(mix, tone, warmth, glow, size of the finest detail as a share of the pattern's size) at one point."""
    if code == 0:  # plain
        return 0.0, 1.0 + 0.05 * (value3(x * 3, y * 3, z * 3, seed) - 0.5), 0.0, 1.0, 1.0
    if code == 1:  # noise
        n = fractal3(x / size, y / size, z / size, seed, 4)
        return _step(0.3, 0.75, n), 0.85 + 0.3 * n, 0.0, 1.0, 0.3
    if code <= 7:
        return _wood(code, x, y, z, u, v, size, grain, blur, seed)
    if code <= 19 or code == 23:
        return _masonry(code, x, y, z, u, v, size, blur, seed)
    if code <= 25:
        return _cloth_and_metal(code, x, y, z, u, v, size, grain, seed)
    if code <= 36 or code == 45:
        return _ground(code, x, y, z, u, v, size, seed)
    return _made(code, x, y, z, u, v, size, seed)


@njit(cache=True)
def _along(x, y, z, grain):  # type: ignore[no-untyped-def]
    """Coordinates (along the grain, two across it)."""
    if grain == 0:
        return x, y, z
    if grain == 1:
        return y, z, x
    return z, x, y


@njit(cache=True)
def _wood(code, x, y, z, u, v, size, grain, blur, seed):  # type: ignore[no-untyped-def]
    a, b, c = _along(x, y, z, grain)
    if code == 2 or code == 4:  # grain, logs: long wavy lines, a few knots
        bend = fractal3(a * 0.9, b / size * 0.6, c / size * 0.6, seed, 2)
        line = fractal3(a * 0.35 / size, b / size * 5 + bend * 2.5, c / size * 5 + bend * 2.5, seed + 9, 3)
        tone = 0.84 + 0.34 * line + 0.10 * (bend - 0.5)
        if code == 4:
            crack = fractal3(a * 1.1, b / size * 7, c / size * 7, seed + 5, 2)
            return _step(0.52, 0.8, line) * 0.8 + 0.35 * _step(0.6, 0.72, crack), 0.78 + 0.44 * line, 0.05 * (bend - 0.5), 1.0, 0.3
        return _step(0.42, 0.78, line), tone, 0.03 * (bend - 0.5), 1.0, 0.25
    if code == 3:  # planks: boards along the longer direction of the face
        if grain == 1:
            u, v = v, u
        board = math.floor(v / size)
        t = v / size - board
        shift = unit3(int(board), 3, 0, seed) * 7.0
        length = 11.0 * size
        piece = math.floor(u / length + shift)
        end = abs(u / length + shift - piece - 0.5)
        own = unit3(int(board), int(piece), 7, seed)
        wide = max(0.07, 1.3 * blur / size)
        gap = max(_step(0.5 - wide, 0.49, abs(t - 0.5)) * (0.07 / wide), _step(0.4965, 0.4995, end) * (0.07 / wide))
        line = fractal3(u * 1.7, v / size * 7.0, own * 90.0, seed, 3)
        return (
            min(1.0, gap + 0.35 * _step(0.45, 0.8, line)),
            (0.80 + 0.26 * own + 0.22 * (line - 0.5)) * (1 - 0.35 * gap),
            0.08 * (own - 0.5),
            1.0,
            0.12,
        )
    if code == 5:  # bark: furrows stretched along the trunk
        n = fractal3(x / size * 1.6, y / size * 0.42, z / size * 1.6, seed, 4)
        ridge = 1.0 - abs(2 * n - 1)
        return (
            _step(0.62, 0.98, ridge),
            0.72 + 0.5 * fractal3(x / size * 3, y / size * 1.2, z / size * 3, seed + 3, 3),
            0.05 * (n - 0.5),
            1.0,
            0.3,
        )
    if code == 6:  # birch: dark dashes round the trunk
        n = fractal3(x / size * 1.3, y / size * 9.0, z / size * 1.3, seed, 3)
        big = fractal3(x / size * 0.8, y / size * 0.9, z / size * 0.8, seed + 4, 2)
        return max(_step(0.62, 0.70, n), 0.8 * _step(0.68, 0.76, big)), 0.92 + 0.14 * n, 0.0, 1.0, 0.12
    wave = 0.5 + 0.5 * math.cos(2 * math.pi * (y / size + 0.4 * fractal3(x * 3, y * 2, z * 3, seed, 2)))  # rings of a palm
    return _step(0.6, 1.0, wave), 0.82 + 0.25 * fractal3(x * 9, y * 3, z * 9, seed, 2), 0.0, 1.0, 0.3


@njit(cache=True)
def _courses(u, v, long, high, shift, joint, blur, seed):  # type: ignore[no-untyped-def]
    """Rows of blocks: (joint 0 … 1, the block's own number, place across it −0.5 … 0.5, place up it 0 … 1)."""
    row = math.floor(v / high)
    offset = shift * (row % 2) + 0.25 * unit3(int(row), 1, 0, seed)
    column = math.floor(u / long + offset)
    s = u / long + offset - column - 0.5
    t = v / high - row
    side = (0.5 - abs(s)) * long
    foot = min(t, 1 - t) * high
    near = min(side, foot)
    wide = max(joint, 1.3 * blur)  # a joint thinner than a splat is drawn as wide as the splat, and as much fainter
    return (1.0 - _step(0.35 * wide, wide, near)) * (joint / wide), unit3(int(column), int(row), 5, seed), s, t


@njit(cache=True)
def _masonry(code, x, y, z, u, v, size, blur, seed):  # type: ignore[no-untyped-def]
    rough = fractal3(x * 14, y * 14, z * 14, seed, 3)
    if code == 8:  # brick
        joint, own, _, _ = _courses(u, v, size, size * 0.31, 0.5, 0.011, blur, seed)
        burnt = _step(0.82, 1.0, own)
        return (
            joint * 0.92,
            (0.78 + 0.42 * unit3(int(own * 9999), 2, 0, seed) - 0.3 * burnt) * (0.86 + 0.28 * rough),
            0.16 * (own - 0.5),
            1.0,
            0.18,
        )
    if code == 9:  # stone blocks of uneven width
        row = math.floor(v / (size * 0.52))
        wide = size * (0.75 + 0.6 * unit3(int(row), 8, 0, seed))
        joint, own, _, t = _courses(u + 0.02 * rough, v + 0.012 * rough, wide, size * 0.52, 0.5, 0.022, blur, seed)
        return (
            joint * 0.9 + 0.25 * _step(0.55, 0.8, rough),
            (0.78 + 0.36 * own) * (0.82 + 0.36 * rough) * (0.92 + 0.12 * t),
            0.07 * (own - 0.5),
            1.0,
            0.15,
        )
    if code == 10:  # cobbles
        border, centre, own = cells2(u / size, v / size, seed)
        return (
            1 - _step(0.04, 0.22, border),
            (0.74 + 0.44 * own) * (1.12 - 0.45 * centre) * (0.9 + 0.2 * rough),
            0.08 * (own - 0.5),
            1.0,
            0.25,
        )
    if code == 11:  # roof tiles: courses up the slope, rounded, each with a shadowed foot
        row = math.floor(v / (size * 0.9))
        t = v / (size * 0.9) - row
        column = math.floor(u / (size * 0.75) + 0.5 * (row % 2))
        s = u / (size * 0.75) + 0.5 * (row % 2) - column - 0.5
        own = unit3(int(column), int(row), 5, seed)
        foot = 1 - _step(0.0, 0.22, t)
        gap = _step(0.42, 0.5, abs(s))
        return (
            min(1.0, 0.85 * foot + 0.7 * gap),
            (0.80 + 0.36 * own) * (0.9 + 0.2 * rough) * (0.9 + 0.18 * math.cos(s * 3.1)),
            0.10 * (own - 0.5),
            1.0,
            0.3,
        )
    if code == 12:  # shingles: narrow boards of uneven width in courses
        row = math.floor(v / size)
        t = v / size - row
        column = math.floor(u / (size * 0.62) + unit3(int(row), 2, 0, seed) * 5)
        s = u / (size * 0.62) + unit3(int(row), 2, 0, seed) * 5 - column - 0.5
        own = unit3(int(column), int(row), 5, seed)
        foot = 1 - _step(0.0, 0.16, t + 0.06 * (own - 0.5))
        gap = _step(0.43, 0.49, abs(s))
        streak = fractal3(u / size * 9, v / size * 0.8, own * 50, seed, 2)
        return (
            min(1.0, 0.8 * foot + 0.7 * gap + 0.3 * _step(0.5, 0.8, streak)),
            (0.72 + 0.44 * own) * (0.86 + 0.28 * streak),
            0.08 * (own - 0.5),
            1.0,
            0.3,
        )
    if code == 13:  # thatch
        streak = fractal3(u / size * 16, v / size * 1.6, 0.0, seed, 3)
        tuft = fractal3(u / size * 3, v / size * 1.2, 5.0, seed + 2, 2)
        return _step(0.4, 0.75, streak), 0.68 + 0.4 * streak + 0.3 * (tuft - 0.5), 0.05 * (tuft - 0.5), 1.0, 0.15
    if code == 14:  # plaster: trowel marks, stains
        stain = fractal3(x / size, y / size * 0.6, z / size, seed, 4)
        return 0.7 * _step(0.52, 0.85, stain), 0.94 + 0.10 * fractal3(x * 7, y * 7, z * 7, seed + 1, 3), 0.03 * (stain - 0.5), 1.0, 0.1
    if code == 15:  # concrete: clouds, pores
        cloud = fractal3(x / size * 1.5, y / size * 1.5, z / size * 1.5, seed, 4)
        pore = _step(0.74, 0.82, value3(x * 38, y * 38, z * 38, seed + 6))
        return 0.7 * _step(0.4, 0.8, cloud) + 0.5 * pore, 0.9 + 0.18 * cloud, 0.0, 1.0, 0.03
    if code == 16:  # asphalt: stones in tar, worn
        grain = value3(x * 90, y * 90, z * 90, seed)
        worn = fractal3(x * 0.5, y * 0.5, z * 0.5, seed + 2, 3)
        return _step(0.4, 0.8, grain) * 0.6, 0.78 + 0.3 * worn + 0.25 * (grain - 0.5), 0.0, 1.0, 0.2
    if code == 17:  # paving slabs
        joint, own, _, _ = _courses(u, v, size * 1.3, size, 0.5, 0.012, blur, seed)
        return joint * 0.9 + 0.25 * _step(0.5, 0.8, rough), (0.84 + 0.28 * own) * (0.9 + 0.2 * rough), 0.06 * (own - 0.5), 1.0, 0.12
    if code == 18:  # tiles: square, glazed
        joint, own, _, _ = _courses(u, v, size, size, 0.0, 0.006 + 0.01 * size, blur, seed * 0)
        return joint, (0.95 + 0.09 * own) * (0.97 + 0.06 * rough), 0.02 * (own - 0.5), 1.0, 0.12
    if code == 19:  # parquet: strips laid in staggered rows
        joint, own, s, _ = _courses(u, v, size * 1.9, size * 0.2, 0.5, 0.003, blur, seed)
        line = fractal3(u * 4, v / size * 26, own * 70, seed, 3)
        return min(1.0, joint + 0.5 * _step(0.42, 0.8, line)), (0.78 + 0.36 * own) * (0.86 + 0.28 * line), 0.08 * (own - 0.5), 1.0, 0.08
    streak = fractal3(u * 2, v * 60, 0.0, seed, 3)  # brushed metal
    return 0.5 * _step(0.3, 0.7, streak), 0.93 + 0.14 * streak, 0.0, 1.0, 0.1


@njit(cache=True)
def _cloth_and_metal(code, x, y, z, u, v, size, grain, seed):  # type: ignore[no-untyped-def]
    if code == 20:  # fabric: weave and folds
        weave = 0.5 + 0.25 * math.sin(u / size * 6.2832 * 4) + 0.25 * math.sin(v / size * 6.2832 * 4)
        slub = fractal3(u * 11, v * 40, z * 3, seed, 2)
        return 0.6 * _step(0.5, 1.0, weave), 0.90 + 0.12 * slub + 0.06 * weave, 0.02 * (slub - 0.5), 1.0, 0.2
    if code == 21:  # carpet: pile, worn patches
        pile = value3(x * 75, y * 75, z * 75, seed)
        patch = fractal3(x / size, y / size, z / size, seed + 3, 3)
        return 0.45 * _step(0.55, 0.85, patch), 0.80 + 0.26 * pile + 0.16 * (patch - 0.5), 0.0, 1.0, 0.1
    if code == 22:  # leather: creases
        border, _, _ = cells2(u / size * 5, v / size * 5, seed)
        soft = fractal3(x * 5, y * 5, z * 5, seed, 3)
        return 0.6 * (1 - _step(0.02, 0.16, border)) + 0.3 * _step(0.5, 0.8, soft), 0.86 + 0.24 * soft, 0.0, 1.0, 0.15
    if code == 24:  # rust
        n = fractal3(x / size, y / size, z / size, seed, 5)
        return (
            _step(0.42, 0.58, n),
            0.78 + 0.4 * fractal3(x / size * 4, y / size * 4, z / size * 4, seed + 8, 3),
            0.06 * (n - 0.5),
            1.0,
            0.2,
        )
    wave = math.cos(2 * math.pi * u / size)  # corrugated sheet
    n = fractal3(x * 1.3, y * 0.4, z * 1.3, seed, 3)
    return 0.5 - 0.5 * wave, 0.9 + 0.2 * n + 0.10 * wave, 0.05 * (n - 0.5), 1.0, 0.35


@njit(cache=True)
def _ground(code, x, y, z, u, v, size, seed):  # type: ignore[no-untyped-def]
    if code == 26:  # sand: wind ripples and grains
        warp = fractal3(x * 0.35, y * 0.35, z * 0.35, seed, 3)
        ripple = math.sin((x * 0.35 + z) / size * 6.2832 * 1.6 + warp * 16.0)
        strong = _step(0.35, 0.7, fractal3(x * 0.12, 0.0, z * 0.12, seed + 4, 2))
        grain = value3(x * 60, y * 60, z * 60, seed)
        return (
            0.35 * (0.5 + 0.5 * ripple) * strong + 0.25 * warp,
            0.95 + 0.05 * ripple * strong + 0.08 * (grain - 0.5),
            0.04 * (warp - 0.5),
            1.0,
            0.12,
        )
    if code == 27:  # snow: drifts, a glitter of crystals
        drift = fractal3(x / size * 0.5, y, z / size * 0.5, seed, 3)
        glint = _step(0.93, 0.99, unit3(int(x * 55), int(y * 55), int(z * 55), seed))
        return 0.8 * _step(0.4, 0.75, drift), 0.97 + 0.05 * (drift - 0.5) + 0.10 * glint, -0.02 * drift, 1.0, 0.3
    if code == 28:  # soil: crumbs
        crumb = fractal3(x / size * 4, y / size * 4, z / size * 4, seed, 4)
        damp = fractal3(x * 0.5, y * 0.5, z * 0.5, seed + 5, 2)
        clod = fractal3(x * 2.6, y * 2.6, z * 2.6, seed + 8, 3)
        return _step(0.38, 0.75, crumb), 0.66 + 0.42 * crumb + 0.5 * (damp - 0.5) + 0.4 * (clod - 0.4), 0.12 * (damp - 0.5), 1.0, 0.25
    if code == 29:  # forest floor: needles, leaves, moss between them
        litter = fractal3(x / size * 6, y / size * 6, z / size * 6, seed, 4)
        moss = fractal3(x * 0.45, y * 0.45, z * 0.45, seed + 6, 4)
        drift = fractal3(x * 1.5, y * 1.5, z * 1.5, seed + 2, 3)
        return _step(0.5, 0.64, moss) * 0.8, 0.52 + 0.6 * litter + 0.6 * (drift - 0.35), 0.22 * (drift - 0.5), 1.0, 0.25
    if code == 30:  # grass seen as ground
        tuft = fractal3(x / size * 5, y / size * 5, z / size * 5, seed, 3)
        dry = fractal3(x * 0.22, y * 0.22, z * 0.22, seed + 4, 3)
        clump = fractal3(x * 1.9, y * 1.9, z * 1.9, seed + 7, 3)
        return _step(0.35, 0.7, tuft), 0.62 + 0.46 * tuft + 0.55 * (clump - 0.4), 0.5 * (dry - 0.5) + 0.12 * (clump - 0.5), 1.0, 0.25
    if code == 31:  # moss
        pad = fractal3(x / size, y / size, z / size, seed, 4)
        return _step(0.4, 0.7, pad), 0.74 + 0.5 * pad, 0.10 * (pad - 0.5), 1.0, 0.2
    if code == 32:  # rock: fractures and lichen
        big = fractal3(x / size, y / size * 1.3, z / size, seed, 5)
        crack = 1 - abs(2 * fractal3(x / size * 1.3, y / size * 2.1, z / size * 1.3, seed + 3, 5) - 1)
        lichen = _step(0.62, 0.7, fractal3(x * 2.1, y * 2.1, z * 2.1, seed + 9, 3))
        return (
            min(1.0, 0.55 * _step(0.93, 1.0, crack) + 0.5 * _step(0.5, 0.75, big)),
            0.72 + 0.52 * big + 0.10 * lichen,
            0.05 * (big - 0.5) + 0.05 * lichen,
            1.0,
            0.15,
        )
    if code == 33:  # granite: crystals
        n = value3(x / size * 9, y / size * 9, z / size * 9, seed)
        m = fractal3(x * 1.2, y * 1.2, z * 1.2, seed + 2, 3)
        return _step(0.55, 0.75, n) * 0.8, 0.84 + 0.22 * m + 0.16 * (n - 0.5), 0.0, 1.0, 0.12
    if code == 34:  # gravel
        border, centre, own = cells2(u / size * 1.4, v / size * 1.4, seed)
        return 1 - _step(0.03, 0.3, border), (0.66 + 0.6 * own) * (1.1 - 0.4 * centre), 0.10 * (own - 0.5), 1.0, 0.25
    if code == 35:  # marble: veins
        warp = fractal3(x / size * 2, y / size * 2, z / size * 2, seed, 5)
        vein = 1 - abs(math.sin((x + y * 1.3 + z * 0.7) / size * 3.1 + warp * 9))
        return _step(0.72, 0.98, vein) * 0.8, 0.94 + 0.10 * warp, 0.0, 1.0, 0.1
    if code == 36:  # ice: depth and cracks
        crack = 1 - abs(2 * fractal3(x / size, y / size, z / size, seed, 4) - 1)
        return 0.6 * fractal3(x * 0.8, y * 0.8, z * 0.8, seed + 1, 3), 0.92 + 0.25 * _step(0.9, 0.99, crack), 0.0, 1.0, 0.15
    warp = fractal3(x * 0.3, y * 0.3, z * 0.3, seed, 3)  # strata: layers of stone
    layer = (y + 0.9 * warp) / size
    band = value3(0.0, layer * 4.0, 0.0, seed + 3)
    fine = fractal3(x * 1.2, y * 9, z * 1.2, seed + 5, 3)
    return _step(0.45, 0.7, band), 0.74 + 0.3 * band + 0.3 * (fine - 0.3), 0.10 * (band - 0.5), 1.0, 0.1


@njit(cache=True)
def _made(code, x, y, z, u, v, size, seed):  # type: ignore[no-untyped-def]
    if code == 37:  # water: the light stage makes its look
        return 0.3, 1.0, 0.0, 1.0, 1.0
    if code == 38:  # glass: faint unevenness; a lit room behind is brighter in the middle
        n = fractal3(x * 1.1, y * 1.1, z * 1.1, seed, 2)
        return 0.4 * n, 0.95 + 0.1 * n, 0.0, 0.65 + 0.7 * n, 0.5
    if code == 39:  # leaves
        border, _, own = cells2(u / size * 2, v / size * 2, seed)
        return 1 - _step(0.02, 0.35, border), 0.66 + 0.6 * own, 0.16 * (own - 0.5), 1.0, 0.25
    if code == 40:  # stripes
        return (
            1.0 if (u / size - math.floor(u / size)) > 0.5 else 0.0,
            1.0 + 0.06 * (value3(x * 20, y * 20, z * 20, seed) - 0.5),
            0.0,
            1.0,
            0.4,
        )
    if code == 41:  # checker
        odd = (math.floor(u / size) + math.floor(v / size)) % 2
        return 1.0 if odd != 0 else 0.0, 1.0, 0.0, 1.0, 0.4
    if code == 42:  # windows: a façade grid; some rooms are lit
        column, row = math.floor(u / (size * 0.55)), math.floor(v / size)
        s, t = u / (size * 0.55) - column, v / size - row
        inside = _step(0.12, 0.16, min(s, 1 - s)) * _step(0.2, 0.24, min(t * 1.1, 1 - t))
        own = unit3(int(column), int(row), int(u > v), seed)
        return inside, 0.85 + 0.3 * own * inside, 0.0, inside * (1.0 if own > 0.62 else 0.04), 0.3
    if code == 43:  # books: spines of uneven height and hue
        spine = math.floor(u / size)
        s = u / size - spine
        own, hue = unit3(int(spine), 0, 0, seed), unit3(int(spine), 1, 0, seed)
        band = 1.0 if abs(v - math.floor(v / 0.3) * 0.3 - 0.2) < 0.012 else 0.0
        return hue, (0.5 + 0.9 * own) * (0.55 + 0.45 * _step(0.0, 0.14, min(s, 1 - s))) + 0.5 * band, 0.5 * (hue - 0.5), 1.0, 0.3
    if code == 44:  # screen: a soft picture
        n = fractal3(u / size * 1.5, v / size * 1.5, 0.0, seed, 3)
        return n, 1.0, 0.0, 0.35 + 1.1 * n, 0.3
    if code == 46:  # fur: strands
        n = fractal3(x / size * 2, y / size * 0.7, z / size * 2, seed, 3)
        return _step(0.4, 0.75, n), 0.78 + 0.42 * n, 0.06 * (n - 0.5), 1.0, 0.2
    n = fractal3(x / size * 2, y / size - 0.5, z / size * 2, seed, 3)  # flame: hotter in the heart
    return n, 1.0, 0.0, 0.4 + 1.2 * n, 0.3
