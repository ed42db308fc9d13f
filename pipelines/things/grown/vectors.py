"""Directions, turns, curves and noise: the vector arithmetic that grown shapes share."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
GOLDEN_ANGLE_RAD = np.pi * (3 - np.sqrt(5))
UP = np.array([0.0, 1.0, 0.0])


def unit(vectors: ArrayLike) -> Array:
    """(…, 3) scaled to length one; zero vectors become up."""
    vectors = np.asarray(vectors, np.float64)
    length = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.where(length > 1e-9, vectors / np.maximum(length, 1e-9), UP)


def across(directions: Array, wanted: Array) -> Array:
    """(N, 3) unit vectors at right angles to `directions`, as near to `wanted` as that allows."""
    flat = wanted - directions * (wanted * directions).sum(axis=-1, keepdims=True)
    small = (flat * flat).sum(axis=-1, keepdims=True) < 1e-8
    spare = np.where(np.abs(directions[..., 1:2]) < 0.9, UP, np.array([1.0, 0.0, 0.0]))
    spare = spare - directions * (spare * directions).sum(axis=-1, keepdims=True)
    return unit(np.where(small, spare, flat))


def turned(vectors: Array, axes: Array, angles_rad: ArrayLike) -> Array:
    """(N, 3) vectors turned about unit axes (N, 3) or (3,) by angles (N,) (Rodrigues)."""
    angle = np.asarray(angles_rad, np.float64)[..., None]
    cosine, sine = np.cos(angle), np.sin(angle)
    axes = np.broadcast_to(axes, vectors.shape)
    along = (axes * vectors).sum(axis=-1, keepdims=True)
    return vectors * cosine + np.cross(axes, vectors) * sine + axes * along * (1 - cosine)


def level(azimuths_rad: ArrayLike, rises_rad: ArrayLike = 0.0) -> Array:
    """(N, 3) unit directions by azimuth (about y, from +x towards +z) and rise above the horizontal."""
    azimuth, rise = np.broadcast_arrays(np.asarray(azimuths_rad, np.float64), np.asarray(rises_rad, np.float64))
    return np.stack([np.cos(azimuth) * np.cos(rise), np.sin(rise), np.sin(azimuth) * np.cos(rise)], axis=-1)


def sphere(rng: np.random.Generator, count: int) -> Array:
    """(count, 3) unit directions, evenly random."""
    return unit(rng.standard_normal((count, 3)))


def mix(first: ArrayLike, second: ArrayLike, share: ArrayLike) -> Array:
    """first·(1−share) + second·share, the share (N,) against rows of three."""
    share = np.asarray(share, np.float64)[..., None]
    return np.asarray(first, np.float64) * (1 - share) + np.asarray(second, np.float64) * share


def smoothstep(values: ArrayLike, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


def resampled(points: Array, count: int) -> Array:
    """(count, 3) points at even steps of arc length along the polyline (P, 3)."""
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, travelled[-1], count)
    return np.stack([np.interp(wanted, travelled, points[:, axis]) for axis in range(3)], axis=1)


def along(paths: Array, shares: Array) -> tuple[Array, Array]:
    """Positions and unit tangents on paths (B, P, 3) of even parameter at shares (B, K) in 0 … 1: two (B, K, 3)."""
    last = paths.shape[1] - 1
    place = np.clip(shares, 0, 1) * last
    index = np.minimum(place.astype(np.int64), last - 1)
    rows = np.arange(len(paths))[:, None]
    start, stop = paths[rows, index], paths[rows, index + 1]
    part = (place - index)[..., None]
    before = paths[rows, np.maximum(index - 1, 0)]
    after = paths[rows, np.minimum(index + 2, last)]
    tangents = unit(mix(stop - before, after - start, part[..., 0]))
    return start * (1 - part) + stop * part, tangents


@njit(cache=True)
def _gradient_noise(points, seed, octaves, gain):  # type: ignore[no-untyped-def]
    """Fractal gradient noise on an integer lattice; hashing as in 'Squirrel3' style integer mixing, gradients by sign bits."""
    count = points.shape[0]
    result = np.zeros(count)
    for n in range(count):
        amplitude, total, scale = 1.0, 0.0, 1.0
        value = 0.0
        for octave in range(octaves):
            x, y, z = points[n, 0] * scale, points[n, 1] * scale, points[n, 2] * scale
            i, j, k = np.floor(x), np.floor(y), np.floor(z)
            u, v, w = x - i, y - j, z - k
            su, sv, sw = (u * u * u * (u * (u * 6 - 15) + 10), v * v * v * (v * (v * 6 - 15) + 10), w * w * w * (w * (w * 6 - 15) + 10))
            sum_ = 0.0
            for c in range(8):
                a, b, d = c & 1, (c >> 1) & 1, (c >> 2) & 1
                h = (np.int64(i) + a) * 374761393 + (np.int64(j) + b) * 668265263 + (np.int64(k) + d) * 2147483647 + seed * 974634777
                h = (h + octave * 144665) & 0xFFFFFFFF
                h = ((h ^ (h >> 15)) * 2246822519) & 0xFFFFFFFF
                h = ((h ^ (h >> 13)) * 3266489917) & 0xFFFFFFFF
                h = h ^ (h >> 16)
                gx = (h & 255) / 127.5 - 1
                gy = ((h >> 8) & 255) / 127.5 - 1
                gz = ((h >> 16) & 255) / 127.5 - 1
                weight = (su if a else 1 - su) * (sv if b else 1 - sv) * (sw if d else 1 - sw)
                sum_ += weight * (gx * (u - a) + gy * (v - b) + gz * (w - d))
            value += amplitude * sum_
            total += amplitude
            amplitude *= gain
            scale *= 2.03
        result[n] = value / total * 1.6
    return result


def noise(points: ArrayLike, seed: int, *, size_m: float = 1.0, octaves: int = 1, gain: float = 0.5) -> Array:
    """(N,) smooth noise of about −1 … 1 with features of `size_m` at points (N, 3); more octaves add finer detail."""
    scaled = np.ascontiguousarray(np.asarray(points, np.float64) / size_m)
    return np.asarray(_gradient_noise(scaled, np.int64(seed % 65521), octaves, gain))
