"""Repeatable noise on integers: hashes, value noise, fractal sums, cells; compiled, the same on every machine."""

from __future__ import annotations

import numpy as np
from numba import njit

_MASK = np.uint64(0xFFFFFFFF)


@njit(cache=True, inline="always")
def hash3(x: int, y: int, z: int, seed: int) -> np.uint64:
    """A well-mixed number 0 … 2³²−1 for a lattice point. Numba widens products to 64 bits, hence the masks."""
    h = np.uint64(x) * np.uint64(0x9E3779B1) ^ np.uint64(y) * np.uint64(0x85EBCA77)
    h ^= np.uint64(z) * np.uint64(0xC2B2AE3D) ^ np.uint64(seed) * np.uint64(0x27D4EB2F)
    h &= _MASK
    h ^= h >> np.uint64(15)
    h = (h * np.uint64(0x2C1B3C6D)) & _MASK
    h ^= h >> np.uint64(12)
    h = (h * np.uint64(0x297A2D39)) & _MASK
    return h ^ (h >> np.uint64(15))


@njit(cache=True, inline="always")
def unit3(x: int, y: int, z: int, seed: int) -> float:
    """A number in 0 … 1 for a lattice point."""
    return float(hash3(x, y, z, seed)) * 2.3283064365386963e-10


@njit(cache=True)
def value3(x: float, y: float, z: float, seed: int) -> float:
    """Value noise 0 … 1 with quintic interpolation, one feature per unit."""
    fx, fy, fz = np.floor(x), np.floor(y), np.floor(z)
    ix, iy, iz = int(fx), int(fy), int(fz)
    u, v, w = x - fx, y - fy, z - fz
    u = u * u * u * (u * (u * 6 - 15) + 10)
    v = v * v * v * (v * (v * 6 - 15) + 10)
    w = w * w * w * (w * (w * 6 - 15) + 10)
    a = unit3(ix, iy, iz, seed) * (1 - u) + unit3(ix + 1, iy, iz, seed) * u
    b = unit3(ix, iy + 1, iz, seed) * (1 - u) + unit3(ix + 1, iy + 1, iz, seed) * u
    c = unit3(ix, iy, iz + 1, seed) * (1 - u) + unit3(ix + 1, iy, iz + 1, seed) * u
    d = unit3(ix, iy + 1, iz + 1, seed) * (1 - u) + unit3(ix + 1, iy + 1, iz + 1, seed) * u
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w


@njit(cache=True)
def fractal3(x: float, y: float, z: float, seed: int, octaves: int) -> float:
    """A sum of octaves of value noise, scaled to 0 … 1 around 0.5."""
    total, weight, amplitude = 0.0, 0.0, 1.0
    for octave in range(octaves):
        total += amplitude * value3(x, y, z, seed + octave * 101)
        weight += amplitude
        amplitude *= 0.5
        x, y, z = x * 2.03 + 11.7, y * 2.03 + 3.1, z * 2.03 + 7.3
    return total / weight


@njit(cache=True)
def cells2(u: float, v: float, seed: int) -> tuple[float, float, float]:
    """Worley cells in the plane: distance to the border between cells, distance to the centre, the cell's own number 0 … 1."""
    iu, iv = int(np.floor(u)), int(np.floor(v))
    first, second, own = 9.0, 9.0, 0.0
    for j in range(-1, 2):
        for i in range(-1, 2):
            cu = iu + i + 0.15 + 0.7 * unit3(iu + i, iv + j, 0, seed)
            cv = iv + j + 0.15 + 0.7 * unit3(iu + i, iv + j, 1, seed)
            d = (u - cu) ** 2 + (v - cv) ** 2
            if d < first:
                second, first = first, d
                own = unit3(iu + i, iv + j, 2, seed)
            elif d < second:
                second = d
    return np.sqrt(second) - np.sqrt(first), np.sqrt(first), own
