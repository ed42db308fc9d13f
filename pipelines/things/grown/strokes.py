"""Strokes of ground cover: curved blades by one compiled loop, and elements that lie flat, for hundreds of thousands at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from pipelines.scene import Floats, Foliage


@njit(cache=True)
def _stroke(feet, height, azimuth, bend, width, low, high, twist, pieces, centres, directions, normals, lengths, widths, colours, depth):  # type: ignore[no-untyped-def]
    """Fill the arrays of a Foliage (E = blades · pieces rows)."""
    row = 0
    for b in range(feet.shape[0]):
        ox, oz = np.cos(azimuth[b]), np.sin(azimuth[b])
        h, k = height[b], bend[b]
        tall = 0.62 * min(k, 1.2) ** 1.5
        px, py, pz = feet[b, 0], feet[b, 1], feet[b, 2]
        c, s = np.cos(twist[b]), np.sin(twist[b])
        for p in range(pieces):
            t = (p + 1) / pieces
            aside = h * k * t**1.8
            rise = h * (t - tall * t**2.4)
            qx, qy, qz = feet[b, 0] + ox * aside, feet[b, 1] + rise, feet[b, 2] + oz * aside
            dx, dy, dz = qx - px, qy - py, qz - pz
            length = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
            dx, dy, dz = dx / length, dy / length, dz / length
            # the flat side looks back and up, turned about the blade by `twist`
            nx, ny, nz = -ox * dy, ox * dx + oz * dz, -oz * dy
            size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
            nx, ny, nz = nx / size, ny / size, nz / size
            sx, sy, sz = dy * nz - dz * ny, dz * nx - dx * nz, dx * ny - dy * nx
            middle = (p + 0.5) / pieces
            centres[row, 0], centres[row, 1], centres[row, 2] = (px + qx) / 2, (py + qy) / 2, (pz + qz) / 2
            directions[row, 0], directions[row, 1], directions[row, 2] = dx, dy, dz
            normals[row, 0], normals[row, 1], normals[row, 2] = nx * c + sx * s, ny * c + sy * s, nz * c + sz * s
            lengths[row] = length * (1.3 if pieces > 1 else 1.1)
            widths[row] = width[b] * max(0.3, 1.1 - middle**1.6)
            for channel in range(3):
                value = low[b, channel] + (high[b, channel] - low[b, channel]) * middle**0.8
                colours[row, channel] = min(1.0, max(0.0, value))
            depth[row] = 0.3 * (1 - middle)
            px, py, pz = qx, qy, qz
            row += 1


@dataclass(frozen=True)
class Blades:
    """What `drawn` needs to know of B blades; heights, bends, widths are drawn between their limits times `vigour` (B,)."""

    height_m: tuple[float, float]
    bend: tuple[float, float]
    width_m: tuple[float, float]
    pieces: int = 2
    each: int = 3
    spread_m: float = 0.03


def drawn(
    feet: Floats,
    rng: np.random.Generator,
    form: Blades,
    *,
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    vigour: NDArray[np.floating] | None = None,
) -> Foliage:
    """`form.each` blades at every position; low and high: colours (N, 3) at foot and tip."""
    count = len(feet) * form.each
    node = np.repeat(np.arange(len(feet)), form.each)
    starts = feet[node].astype(np.float64)
    starts[:, [0, 2]] += rng.normal(0, form.spread_m, (count, 2))
    strength = np.ones(count) if vigour is None else vigour[node]
    bright = np.exp(rng.normal(0, 0.14, count))[:, None]
    warm = rng.normal(0, 0.06, count)[:, None]
    tint = bright * np.concatenate([1 + warm, np.ones_like(warm), 1 - warm], axis=1)
    rows = count * form.pieces
    centres, directions, normals, colours = (np.empty((rows, 3), np.float32) for _ in range(4))
    lengths, widths, depth = (np.empty(rows, np.float32) for _ in range(3))
    _stroke(
        starts, rng.uniform(*form.height_m, count) * strength, rng.uniform(0, 2 * np.pi, count), rng.uniform(*form.bend, count),
        rng.uniform(*form.width_m, count) * np.sqrt(strength), low[node] * tint, high[node] * tint, rng.normal(0, 0.5, count),
        form.pieces, centres, directions, normals, lengths, widths, colours, depth,
    )  # fmt: skip
    return Foliage(centres, directions, normals, lengths, widths, colours, depth, 0.35)


def flat(
    centres: ArrayLike,
    rng: np.random.Generator,
    *,
    length_m: ArrayLike,
    width_m: ArrayLike,
    colours: ArrayLike,
    tilt: float = 0.25,
    up: ArrayLike = (0.0, 1.0, 0.0),
    depth: float = 0.15,
) -> Foliage:
    """Elements that lie about flat (their normals near `up`, tilted at random) in random directions."""
    centres = np.asarray(centres, np.float32)
    count = len(centres)
    normal = rng.normal(0, tilt, (count, 3)).astype(np.float32) + np.asarray(up, np.float32)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    azimuth = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
    go = np.stack([np.cos(azimuth), np.zeros_like(azimuth), np.sin(azimuth)], axis=1)
    go -= normal * (go * normal).sum(axis=1, keepdims=True)
    go /= np.linalg.norm(go, axis=1, keepdims=True) + 1e-9
    return Foliage(
        centres,
        go,
        normal,
        np.array(np.broadcast_to(np.asarray(length_m, np.float32), count)),
        np.array(np.broadcast_to(np.asarray(width_m, np.float32), count)),
        np.clip(
            np.asarray(np.broadcast_to(np.asarray(colours, np.float32), (count, 3))) * np.exp(rng.normal(0, 0.14, (count, 1))), 0, 1
        ).astype(np.float32),
        np.full(count, depth, np.float32),
        0.2,
    )
