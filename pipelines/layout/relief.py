"""Hills, ridges and erosion: the fields that ground is made of, the same on every machine.

Positions and wavelengths in metres; noise values lie in about −1 … 1. `seed` is any non-negative integer.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@njit(cache=True, inline="always")
def _corner(ix: int, iz: int, seed: int, slopes: Reals, dx: float, dz: float) -> float:
    """The slope that lattice point (ix, iz) has by lot, times the offset from it."""
    mixed = (np.uint64(ix & 0xFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15)) ^ (np.uint64(iz & 0xFFFFFFFF) * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed ^= np.uint64(seed) * np.uint64(0x165667B19E3779F9)
    mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = mixed ^ (mixed >> np.uint64(29))
    lot = mixed & np.uint64(0xFFFF)
    return slopes[lot, 0] * dx + slopes[lot, 1] * dz


@cache
def _slopes() -> Reals:
    """(65536, 2) cosine and sine of every angle that a lattice point can get: to look them up takes a fraction of working them out."""
    return np.array([(math.cos(angle), math.sin(angle)) for angle in np.arange(65536) * (2.0 * math.pi / 65536.0)])


@njit(cache=True)
def _gradient(x: float, z: float, seed: int, slopes: Reals) -> float:
    """Gradient noise with unit wavelength and a continuous second derivative."""
    ix, iz = math.floor(x), math.floor(z)
    u, v = x - ix, z - iz
    i, j = int(ix), int(iz)
    su = u * u * u * (u * (u * 6.0 - 15.0) + 10.0)
    sv = v * v * v * (v * (v * 6.0 - 15.0) + 10.0)
    a = _corner(i, j, seed, slopes, u, v)
    b = _corner(i + 1, j, seed, slopes, u - 1.0, v)
    c = _corner(i, j + 1, seed, slopes, u, v - 1.0)
    d = _corner(i + 1, j + 1, seed, slopes, u - 1.0, v - 1.0)
    top = a + (b - a) * su
    return 1.45 * (top + (c + (d - c) * su - top) * sv)


@njit(cache=True)
def _layered(x: Reals, z: Reals, wavelength_m: float, octaves: int, gain: float, seed: int, ridged: bool, slopes: Reals) -> Reals:
    out = np.empty(x.size, np.float64)
    for index in range(x.size):
        px, pz = x[index] / wavelength_m, z[index] / wavelength_m
        total, amplitude, norm, weight = 0.0, 1.0, 0.0, 1.0
        for octave in range(octaves):
            value = _gradient(px, pz, seed + octave * 7919, slopes)
            if ridged:
                value = 1.0 - 2.0 * min(1.0, abs(value) * 1.2)
                crest = 0.5 + 0.5 * value
                value, weight = value * weight, min(1.0, max(0.2, crest * 1.4))
            total += amplitude * value
            norm += amplitude
            amplitude *= gain
            # a turn by an irrational angle keeps the octaves' lattices from lining up
            px, pz = 1.9 * (px * 0.8 - pz * 0.6) + 11.3, 1.9 * (px * 0.6 + pz * 0.8) - 5.7
        out[index] = total / norm
    return out


def fractal(
    x: NDArray[np.floating], z: NDArray[np.floating], wavelength_m: float, *, octaves: int = 4, gain: float = 0.5, seed: int
) -> Reals:
    """Fractal Brownian motion at positions of any shape."""
    return _shaped(x, z, wavelength_m, octaves, gain, seed, False)


def ridges(
    x: NDArray[np.floating], z: NDArray[np.floating], wavelength_m: float, *, octaves: int = 5, gain: float = 0.5, seed: int
) -> Reals:
    """Ridged multifractal noise: sharp crests near 1, broad valleys near −1."""
    return _shaped(x, z, wavelength_m, octaves, gain, seed, True)


def _shaped(
    x: NDArray[np.floating], z: NDArray[np.floating], wavelength_m: float, octaves: int, gain: float, seed: int, ridged: bool
) -> Reals:
    xs, zs = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(z, np.float64))
    flat = _layered(np.ravel(xs).copy(), np.ravel(zs).copy(), float(wavelength_m), octaves, gain, int(seed), ridged, _slopes())
    return np.asarray(flat.reshape(xs.shape))


@njit(cache=True)
def erode(heights: Reals, cell_m: float, starts: Reals, steps: int, strength: float) -> Reals:
    """Hydraulic erosion by droplets: each starts at a (row, column), runs downhill, digs where it is fast, drops where it is slow.

    heights: (rows, columns) metres, not changed.  Returns the eroded heights.
    """
    ground = heights.copy()
    rows, columns = ground.shape
    for drop in range(len(starts)):
        r, c = starts[drop, 0], starts[drop, 1]
        way_r, way_c, speed, water, load = 0.0, 0.0, 1.0, 1.0, 0.0
        for _ in range(steps):
            i, j = int(r), int(c)
            if i < 1 or j < 1 or i >= rows - 2 or j >= columns - 2:
                break
            u, v = r - i, c - j
            h00, h01, h10, h11 = ground[i, j], ground[i, j + 1], ground[i + 1, j], ground[i + 1, j + 1]
            slope_r = (h10 - h00) * (1 - v) + (h11 - h01) * v
            slope_c = (h01 - h00) * (1 - u) + (h11 - h10) * u
            here = (h00 * (1 - v) + h01 * v) * (1 - u) + (h10 * (1 - v) + h11 * v) * u
            way_r, way_c = 0.4 * way_r - 0.6 * slope_r, 0.4 * way_c - 0.6 * slope_c
            length = math.sqrt(way_r * way_r + way_c * way_c)
            if length < 1e-9:
                break
            way_r, way_c = way_r / length, way_c / length
            r2, c2 = r + way_r, c + way_c
            a, b = int(r2), int(c2)
            if a < 1 or b < 1 or a >= rows - 2 or b >= columns - 2:
                break
            p, q = r2 - a, c2 - b
            there = (ground[a, b] * (1 - q) + ground[a, b + 1] * q) * (1 - p) + (ground[a + 1, b] * (1 - q) + ground[a + 1, b + 1] * q) * p
            fall = here - there
            capacity = max(fall, 0.005 * cell_m) * speed * water * 4.0
            if load > capacity or fall < 0:
                change = min(-fall, load) if fall < 0 else (load - capacity) * 0.3
            else:
                change = -min((capacity - load) * 0.3 * strength, fall)
            load -= change
            ground[i, j] += change * (1 - u) * (1 - v)
            ground[i, j + 1] += change * (1 - u) * v
            ground[i + 1, j] += change * u * (1 - v)
            ground[i + 1, j + 1] += change * u * v
            speed = min(4.0, math.sqrt(max(0.05, speed * speed + fall / cell_m * 2.0)))
            water *= 0.97
            r, c = r2, c2
    return ground


@njit(cache=True)
def slump(heights: Reals, cell_m: float, steepest: float, rounds: int) -> Reals:
    """Thermal erosion: what lies steeper than `steepest` (rise over run) slides to the lower neighbour."""
    ground = heights.copy()
    rows, columns = ground.shape
    limit = steepest * cell_m
    for _ in range(rounds):
        moved = np.zeros_like(ground)
        for i in range(1, rows - 1):
            for j in range(1, columns - 1):
                for side in range(4):
                    di = (0, 1, 0, -1)[side]
                    dj = (1, 0, -1, 0)[side]
                    excess = ground[i, j] - ground[i + di, j + dj] - limit
                    if excess > 0:
                        moved[i, j] -= 0.2 * excess
                        moved[i + di, j + dj] += 0.2 * excess
        ground += moved
    return ground


@njit(cache=True)
def _spline_weight(t: float, which: int) -> float:
    if which == 0:
        return (1 - t) ** 3 / 6
    if which == 1:
        return (3 * t**3 - 6 * t**2 + 4) / 6
    if which == 2:
        return (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6
    return t**3 / 6


@njit(cache=True)
def smooth_at(grid: Reals, west_m: float, north_m: float, cell_m: float, x: Reals, z: Reals) -> Reals:
    """Cubic B-spline reading of a (rows, columns) grid at flat arrays of positions; clamped at the border."""
    rows, columns = grid.shape
    out = np.empty(x.size, np.float64)
    for index in range(x.size):
        c = min(max((x[index] - west_m) / cell_m, 1.0), columns - 3.0)
        r = min(max((z[index] - north_m) / cell_m, 1.0), rows - 3.0)
        j, i = int(c), int(r)
        u, v = c - j, r - i
        total = 0.0
        for a in range(4):
            total += _spline_weight(v, a) * (
                _spline_weight(u, 0) * grid[i - 1 + a, j - 1]
                + _spline_weight(u, 1) * grid[i - 1 + a, j]
                + _spline_weight(u, 2) * grid[i - 1 + a, j + 1]
                + _spline_weight(u, 3) * grid[i - 1 + a, j + 2]
            )
        out[index] = total
    return out


@njit(cache=True)
def distance_to_line(x: Reals, z: Reals, line: Reals) -> tuple[Reals, Reals]:
    """Distance from flat positions to the polyline (P, 2) of x, z, and how far along it (metres) the nearest point lies."""
    nearest = np.full(x.size, 1e18)
    along = np.zeros(x.size)
    run = 0.0
    for k in range(len(line) - 1):
        ax, az = line[k, 0], line[k, 1]
        dx, dz = line[k + 1, 0] - ax, line[k + 1, 1] - az
        square = dx * dx + dz * dz
        length = math.sqrt(square)
        for index in range(x.size):
            px, pz = x[index] - ax, z[index] - az
            t = min(1.0, max(0.0, (px * dx + pz * dz) / max(square, 1e-12)))
            ex, ez = px - t * dx, pz - t * dz
            gap = ex * ex + ez * ez
            if gap < nearest[index]:
                nearest[index] = gap
                along[index] = run + t * length
        run += length
    return np.sqrt(nearest), along


def ease(low: float, high: float, value: NDArray[np.floating]) -> Reals:
    """0 below `low`, 1 above `high`, smooth between; falls instead when low > high."""
    t = np.clip((np.asarray(value, np.float64) - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))
