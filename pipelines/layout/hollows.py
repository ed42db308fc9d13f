"""Hollows: the fields of valleys with walls, of craters, of caverns in the rock, and of the streets below a roof.

A cavern is known by its share of the way out: 0 in its middle, 1 at its wall. The ground rises there, and the roof comes down.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.relief import Reals, ease, fractal, ridges
from pipelines.places import Cavern, Roof, Sides

Points = NDArray[np.floating]
CRATER_REACH_M = 190.0
WALL_TOP = 1.7  # how high the rock stands round a cavern, as a share of its height


def valley_walls(x: Points, z: Points, sides: Sides, *, seed: int) -> Reals:
    """How much the walls of a winding valley lift the ground."""
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    bend = sides.winding_m * fractal(z, np.zeros_like(z), 150.0, octaves=2, seed=seed) * ease(6.0, 70.0, np.abs(z))
    ragged = fractal(x, z, 26.0, octaves=4, seed=seed + 1)
    share = (np.abs(x - bend) - sides.apart_m / 2) / sides.run_m + 0.22 * ragged
    if sides.steps:  # buttresses and clefts
        share += 0.05 * ridges(x, z, 8.0, octaves=3, seed=seed + 3)
    level = np.clip(share, 0.0, 1.0)
    if sides.steps:
        stairs = level * sides.steps
        bench = np.floor(stairs)
        level = np.minimum((bench + ease(0.66, 0.88, stairs - bench)) / sides.steps, 1.0)
    else:
        level = level * level * (3 - 2 * level)
    uneven = 1.0 + 0.24 * fractal(x, z, 120.0, octaves=3, seed=seed + 2)
    return np.asarray(sides.height_m * level * uneven)


def off_roof(x: Points, z: Points, roof: Roof) -> Reals:
    """Metres to the edge of a roof, 0 on it."""
    across = np.abs(np.asarray(x, np.float64)) - roof.half_width_m
    along = np.abs(np.asarray(z, np.float64) + roof.ahead_m) - roof.half_length_m
    return np.asarray(np.hypot(np.maximum(across, 0.0), np.maximum(along, 0.0)))


def craters(x: Points, z: Points, count: int, *, seed: int) -> Reals:
    """Bowls with raised rims, small ones more often; none under the visitor."""
    rng = np.random.Generator(np.random.PCG64([seed, 5]))
    x, z = np.asarray(x, np.float64), np.asarray(z, np.float64)
    out = np.zeros(x.shape)
    for _ in range(count):
        radius = 1.6 * (1.0 - rng.random()) ** -0.62
        angle, away = rng.uniform(-math.pi, math.pi), 12.0 + 1.9 * radius + CRATER_REACH_M * rng.random() ** 1.6
        radius = min(radius, 0.35 * away, 22.0)
        share = np.hypot(x - away * math.sin(angle), z + away * math.cos(angle)) / radius
        near = share < 2.2
        bowl = np.where(share[near] < 1.0, 0.30 * share[near] ** 2 - 0.24, 0.06 * np.exp(-3.2 * (share[near] - 1.0)))
        out[near] += radius * bowl * ease(2.2, 1.6, share[near])
    return out


def way_out(x: Points, z: Points, cavern: Cavern, *, seed: int) -> Reals:
    """Share of the way from the middle of a cavern to its wall, ragged."""
    square = 2.0 + min(2.5, max(0.0, cavern.half_length_m / cavern.half_width_m - 1.0))
    across = np.abs(np.asarray(x, np.float64)) / cavern.half_width_m
    ahead = np.abs(np.asarray(z, np.float64) + 0.6 * cavern.half_length_m) / cavern.half_length_m
    share = (across**square + ahead**square) ** (1.0 / square)
    rough = cavern.rough_m / cavern.half_width_m
    buttresses = 0.3 * ridges(x, z, 1.2 + 0.16 * cavern.half_width_m, octaves=3, seed=seed + 42)
    return np.asarray(share + rough * (fractal(x, z, 0.8 * cavern.half_width_m, octaves=4, seed=seed + 41) + buttresses))


def cavern_walls(x: Points, z: Points, cavern: Cavern, *, seed: int) -> Reals:
    """How much the ground rises into the walls."""
    outside = (way_out(x, z, cavern, seed=seed) - 1.0) * cavern.half_width_m
    foot = 0.05 * cavern.height_m * ease(-0.16 * cavern.half_width_m, 0.2, outside)  # what fell off the wall lies at its foot
    return np.asarray(foot + WALL_TOP * cavern.height_m * ease(-0.4, 2.6, outside))
