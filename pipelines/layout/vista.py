"""Vista: what rooms look out on: a lawn, a line of trees and hills behind it, painted on the far dome."""

from __future__ import annotations

import math

import numpy as np

from pipelines.layout.relief import Reals, fractal
from pipelines.scene import Floats, Sky

LAWN, TREES, SNOW = np.array([0.10, 0.16, 0.05]), np.array([0.05, 0.085, 0.03]), np.array([0.6, 0.64, 0.7])
TREES_RAD, TREES_VARY_RAD = 0.09, 0.2  # elevation of the tree line above the horizon, and how far it rises and falls
HILLS_RAD, HILLS_VARY_RAD = 0.14, 0.12
FEET_RAD = -0.045  # where the trees stand on the lawn
HAZE = 0.5  # share of the sky's own light before the hills


def vista(sky: Sky, directions: Floats, glow: Floats) -> Floats:
    """The dome's radiance (N, 3) in unit directions (N, 3), with the land before it."""
    flat = np.maximum(np.hypot(directions[:, 0], directions[:, 2]), 1e-6)
    x, z = directions[:, 0] / flat, directions[:, 2] / flat
    elevation = np.arctan2(directions[:, 1], flat)
    falls = max(sky.light_direction[1], 0.15) * np.asarray(sky.light) / math.pi
    light = 0.75 * falls + 0.5 * np.asarray(sky.zenith) + 0.35 * np.asarray(sky.horizon)
    snow = min(1.0, sky.snow)
    lawn, trees = LAWN + (SNOW - LAWN) * snow, TREES + (SNOW - TREES) * 0.35 * snow
    out = glow.astype(np.float64)
    hills = elevation < HILLS_RAD + HILLS_VARY_RAD * fractal(x, z, 0.9, octaves=4, seed=41)
    out[hills] = HAZE * out[hills] + (1 - HAZE) * trees * light * 1.3
    leafy = _mottled(x, z, elevation)
    wood = elevation < TREES_RAD + TREES_VARY_RAD * fractal(x, z, 0.22, octaves=4, gain=0.55, seed=87)
    out[wood] = trees * light * leafy[wood, None]
    ground = elevation < FEET_RAD + 0.02 * fractal(x, z, 0.5, octaves=3, seed=13)
    out[ground] = lawn * light * (0.75 + 0.25 * leafy[ground, None])
    return out.astype(np.float32)


def _mottled(x: Reals, z: Reals, elevation: Reals) -> Reals:
    """Light and shade among leaves, 0.35 … 1.9."""
    turn = np.arctan2(x, z)
    return np.clip(1.1 + 1.1 * fractal(turn, elevation * 1.6, 0.07, octaves=4, gain=0.6, seed=5), 0.35, 1.9)
