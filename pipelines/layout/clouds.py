"""Clouds: a layer of cumulus with flat bases and domed, billowing tops, marched through by each ray, and thin high streaks behind it.

Lengths are in heights of the clouds' base. The marching follows Schneider (2015, "The real-time volumetric cloudscapes of
Horizon: Zero Dawn"): a field that says where clouds are and shrinks with height, lumpy at its rim; light falls off by what lies
between a point and the sun.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numba import njit, prange

from pipelines.layout.noise import fractal3, unit3, value3
from pipelines.scene import Floats

LOWEST = 0.012  # of a direction's height: below, the haze hides clouds
ROUND = 0.13  # how soon the layer sinks to the horizon: the earth is round
STEPS = 44
DEEPEST = 0.75  # how far the tallest cloud rises above the base
DENSE = 22.0  # extinction in a cloud, for each unit of length
SUNWARD = ((0.03, 0.03), (0.09, 0.06), (0.22, 0.13), (0.45, 0.23))  # where towards the sun the field is looked up, and for how long a piece
OPEN = 0.5  # cover up to which undersides are flat
HANGING = 2.4  # how far an underside hangs unevenly, for each share of cover beyond
ROWS, COLUMNS = 160, 640  # of the table for mirrors
SPREAD = 0.62  # of a height: how far apart clouds are


def clouds_seen(directions: Floats, sun: Floats, cover: float) -> Floats:
    """What clouds do in unit directions (N, 3), as rows (3, N): the share of the view that they cover, how far the sun lights them, and
    how far the sky does.
    """
    out = np.zeros((3, len(directions)), np.float32)
    _march(np.ascontiguousarray(directions, np.float32), np.asarray(sun, np.float32), np.float32(cover), out)
    return out


def clouds_mirrored(directions: Floats, sun: Floats, cover: float) -> Floats:
    """As `clouds_seen`, looked up in a table of the whole sky: for mirrors and water, which send millions of rays and ripple."""
    out = np.zeros((3, len(directions)), np.float32)
    _look_up(np.ascontiguousarray(directions, np.float32), _table(tuple(float(value) for value in sun), float(cover)), out)
    return out


@lru_cache(maxsize=4)
def _table(sun: tuple[float, ...], cover: float) -> Floats:
    """What clouds do (3, ROWS, COLUMNS) by the root of a direction's height, and by azimuth."""
    high = ((np.arange(ROWS) / (ROWS - 1)) ** 2)[:, None]
    turn = 2 * math.pi * np.arange(COLUMNS) / COLUMNS
    flat = np.sqrt(1 - high**2)
    directions = np.stack([flat * np.cos(turn), np.broadcast_to(high, (ROWS, COLUMNS)), flat * np.sin(turn)], axis=-1)
    seen = clouds_seen(directions.reshape(-1, 3).astype(np.float32), np.asarray(sun, np.float32), cover)
    return seen.reshape(3, ROWS, COLUMNS)


@njit(cache=True, parallel=True, fastmath=True)
def _look_up(directions, table, out):  # type: ignore[no-untyped-def]
    rows, columns = table.shape[1], table.shape[2]
    for i in prange(directions.shape[0]):
        if directions[i, 1] < LOWEST:
            continue
        across = math.atan2(directions[i, 2], directions[i, 0]) * (columns / (2 * math.pi)) + columns
        down = math.sqrt(min(1.0, directions[i, 1])) * (rows - 1)
        a, b = int(across), min(int(down), rows - 2)
        right, below = across - a, down - b
        near, next_ = a % columns, (a + 1) % columns
        for c in range(3):
            upper = table[c, b, near] * (1 - right) + table[c, b, next_] * right
            lower = table[c, b + 1, near] * (1 - right) + table[c, b + 1, next_] * right
            out[c, i] = upper * (1 - below) + lower * below


@njit(cache=True, parallel=True, fastmath=True)
def _march(directions, sun, cover, out):  # type: ignore[no-untyped-def]
    step = DEEPEST / STEPS
    for i in prange(directions.shape[0]):
        x, y, z = directions[i, 0], directions[i, 1], directions[i, 2]
        if y < LOWEST:
            continue
        reach = 1.0 / (y + ROUND)
        length = step * reach
        shift = 0.3 + 0.4 * unit3(int(x * 40_000.0), int(y * 40_000.0), int(z * 40_000.0), 3)  # no rings where steps begin
        through, lit, skylit = 1.0, 0.0, 0.0
        for k in range(STEPS):
            h = (k + shift) * step
            s = (1.0 + h) * reach
            u, v = x * s, z * s
            dense, inside = _density(u, h, v, cover, True)
            if dense <= 0.0:
                continue
            before = 0.0
            for ahead, piece in SUNWARD:
                before += piece * _density(u + sun[0] * ahead, h + sun[1] * ahead, v + sun[2] * ahead, cover, False)[0]
            kept = math.exp(-DENSE * dense * length)
            share = through * (1.0 - kept)
            lit += share * (0.60 * math.exp(-0.7 * DENSE * before) + 0.40 * math.exp(-0.12 * DENSE * before))
            skylit += share * (0.2 + 0.5 * min(1.0, h / 0.35) + 0.5 * math.exp(-inside / 0.07))
            through *= kept
            if through < 0.02:
                break
        streak = through * _streaks(x * reach, z * reach, cover)
        amount = 1.0 - through + streak
        if amount > 0.0:
            lit = (lit + streak) / amount
            skylit = (skylit + streak) / amount
        fade = min(1.0, (y - LOWEST) / 0.05)
        out[0, i], out[1, i], out[2, i] = amount * fade, lit, skylit


@njit(cache=True, fastmath=True)
def _streaks(u, v, cover):  # type: ignore[no-untyped-def]
    """The share that thin ice clouds, high above, cover."""
    a, b = 0.8 * u + 0.6 * v, 0.8 * v - 0.6 * u
    warp = fractal3(a * 0.45, b * 0.45, 4.0, 61, 3)
    patch = min(1.0, max(0.0, (fractal3(u * 0.3, v * 0.3, 2.0, 67, 2) - 0.42 + 0.1 * cover) / 0.2))
    found = fractal3(a * 0.5 + 1.5 * warp, b * 1.7 + 1.9 * warp, 9.0, 63, 5)
    return 0.42 * patch * min(1.0, max(0.0, (found - 0.50) / 0.25))


@njit(cache=True, fastmath=True)
def _density(u, h, v, cover, fine):  # type: ignore[no-untyped-def]
    """0 outside clouds … 1 well inside, at a place h above the clouds' base; and how far inside the field it lies."""
    if h < 0.0 or h > DEEPEST:
        return 0.0, 0.0
    if cover > OPEN:  # the more cloud, the more ragged its underside
        h -= HANGING * (cover - OPEN) * fractal3(u * 1.1, v * 2.3, 5.0, 33, 5 if fine else 2) ** 2
        if h < 0.0:
            return 0.0, 0.0
    edge = 0.64 - 0.42 * cover
    wide = fractal3(u * SPREAD, v * SPREAD, 1.7, 21, 3)
    inside = wide - edge - 0.36 * h
    if inside <= -0.10:
        return 0.0, inside
    lumps = 1.0 - abs(2.0 * value3(u * 2.9, h * 3.4, v * 2.9, 5) - 1.0) - 0.62
    inside += 0.13 * lumps
    if fine:
        lumps = 1.0 - abs(2.0 * value3(u * 6.7, h * 7.4, v * 6.7, 6) - 1.0) - 0.62
        small = 1.0 - abs(2.0 * value3(u * 15.3, h * 16.0, v * 15.3, 7) - 1.0) - 0.62
        inside += 0.065 * lumps + 0.030 * small
    body = min(1.0, max(0.0, inside / 0.035))
    return body * min(1.0, h / 0.035), inside
