"""Vista: what rooms look out on: a lawn with trees on it, a wood and hills behind it, painted on the far dome."""

from __future__ import annotations

import math

import numpy as np

from pipelines.layout.relief import Reals, fractal
from pipelines.scene import Floats, Sky

OUTSIDE_SEEN = 0.4  # of its brightness, what windows show by day: an eye in the room sees the garden, not a white pane
LAMPLIT_SEEN = 2.0  # … and by the hours when lamps are lit: the last light outside, not a black pane
LAWN, WOOD, BARK = np.array([0.115, 0.165, 0.05]), np.array([0.055, 0.085, 0.032]), np.array([0.10, 0.075, 0.055])
LEAVES = np.array([[0.04, 0.075, 0.035], [0.085, 0.12, 0.035], [0.065, 0.105, 0.04], [0.115, 0.12, 0.04]])  # firs first
SNOW = np.array([0.6, 0.64, 0.7])
HILLS_RAD, HILLS_VARY_RAD = 0.085, 0.10  # elevation of the hills above the horizon, and how far it rises and falls
WOOD_RAD, WOOD_VARY_RAD = 0.035, 0.075
FEET_RAD = -0.03  # where the wood stands on the lawn
HAZE, WOOD_HAZE = 0.62, 0.22  # share of the air's own light before the hills, and before the wood
TREES = 22  # places for trees round the room
PLANTED = 0.8  # share of them in which one stands
CONIFERS = 0.25  # share of them that are firs


def vista(sky: Sky, directions: Floats, glow: Floats) -> Floats:
    """The dome's radiance (N, 3) in unit directions (N, 3), as windows show it, with the land before it."""
    flat = np.maximum(np.hypot(directions[:, 0], directions[:, 2]), 1e-6)
    x, z = directions[:, 0] / flat, directions[:, 2] / flat
    elevation, turn = np.arctan2(directions[:, 1], flat), np.arctan2(x, z)
    falls = max(sky.light_direction[1], 0.15) * np.asarray(sky.light) / math.pi
    light = 0.75 * falls + 0.5 * np.asarray(sky.zenith) + 0.35 * np.asarray(sky.horizon)
    air = 0.55 * np.asarray(sky.horizon) + 0.35 * np.asarray(sky.zenith)
    snow = min(1.0, sky.snow)
    lawn, wood = LAWN + (SNOW - LAWN) * snow, WOOD + (SNOW - WOOD) * 0.35 * snow
    leafy = np.clip(1.1 + 1.1 * fractal(12.0 * x, 12.0 * z + 20.0 * elevation, 0.5, octaves=4, gain=0.65, seed=5), 0.35, 1.9)
    out = glow.astype(np.float64)
    hills = elevation < HILLS_RAD + HILLS_VARY_RAD * fractal(x, z, 0.9, octaves=4, seed=41)
    out[hills] = HAZE * air + (1 - HAZE) * wood * light * 1.3
    woods = elevation < WOOD_RAD + WOOD_VARY_RAD * fractal(x, z, 0.12, octaves=5, gain=0.6, seed=87)
    out[woods] = WOOD_HAZE * air + (1 - WOOD_HAZE) * wood * light * leafy[woods, None]
    ground = elevation < FEET_RAD + 0.012 * fractal(x, z, 0.5, octaves=3, seed=13)
    away = 1.6 / np.tan(np.clip(-elevation, 0.02, 1.5))  # of the lawn from the eye (m)
    patches = 0.9 + 0.45 * fractal(x * away, z * away, 3.0, octaves=5, gain=0.6, seed=23)
    out[ground] = lawn * light * patches[ground, None]
    _plant(out, turn, elevation, light, snow, side=math.atan2(sky.light_direction[0], sky.light_direction[2]))
    return (out * (LAMPLIT_SEEN if sky.dark else OUTSIDE_SEEN)).astype(np.float32)


def _plant(out: Reals, turn: Reals, elevation: Reals, light: Reals, snow: float, *, side: float) -> None:
    """Put trees on the lawn: crowns of lobes that are lit from where the light comes from (`side`, rad), trunks, and their shadows."""
    rng = np.random.default_rng(4_711)
    for place in range(TREES):
        chance, sort, nudge, size, foot = rng.random(5)
        lobes = _lobes(rng, conifer=sort < CONIFERS)
        if chance > PLANTED:
            continue
        middle = 2 * math.pi * (place + 0.15 + 0.7 * nudge) / TREES - math.pi
        foot_rad, wide = -0.04 - 0.07 * foot, 0.04 + 0.045 * size + 0.07 * foot  # what stands nearer stands lower and looks larger
        near = np.flatnonzero(np.abs((turn - middle + math.pi) % (2 * math.pi) - math.pi) < 1.6 * wide)
        across = ((turn[near] - middle + math.pi) % (2 * math.pi) - math.pi) / wide
        up = (elevation[near] - foot_rad) / wide
        shadow = (up / 0.12) ** 2 + (across / 1.15) ** 2 < 1.0
        out[near[shadow]] *= 0.5
        trunk = (np.abs(across) < 0.07 + 0.05 * np.exp(-6 * np.maximum(up, 0))) & (up > 0) & (up < 1.4)
        out[near[trunk]] = BARK * light * (0.55 + 0.25 * math.sin(side - middle) * np.sign(across[trunk]))[:, None]
        rough = 0.32 * fractal(across + 7.0 * place, up, 0.28, octaves=4, gain=0.65, seed=31)
        grain = np.clip(1.0 + 1.1 * fractal(across - 5.0 * place, up, 0.16, octaves=4, gain=0.7, seed=37), 0.3, 1.8)
        leaf = LEAVES[int(sort * len(LEAVES))]
        leaf = (leaf + (SNOW - leaf) * 0.4 * snow) * light
        for right, high, broad, tall, shade in lobes:
            x, y = (across - right) / broad, (up - high) / tall
            inside = x**2 + y**2 + rough < 1.0
            lit = shade * (0.72 + 0.5 * np.clip(0.8 * y + 0.6 * math.sin(side - middle) * x, -1, 1))
            out[near[inside]] = leaf * (lit * grain)[inside, None]


def _lobes(rng: np.random.Generator, *, conifer: bool) -> list[tuple[float, float, float, float, float]]:
    """Tufts of a crown, the hindmost first: how far to the right and up, half as wide and half as tall they are, and how bright."""
    if conifer:
        return [(0.0, 0.55 + 0.42 * tier, 0.78 - 0.125 * tier, 0.30, 0.85 + 0.05 * tier) for tier in range(6)]
    turns, reach, size = rng.uniform(0, 2 * math.pi, 13), np.sqrt(rng.uniform(0.05, 1, 13)), rng.uniform(0.30, 0.52, 13)
    places = zip(0.68 * reach * np.cos(turns), 1.75 + 0.72 * reach * np.sin(turns), size, rng.uniform(0.8, 1.15, 13), strict=True)
    return [(right, high, broad, 0.85 * broad, shade) for right, high, broad, shade in sorted(places, key=lambda one: -one[1])]
