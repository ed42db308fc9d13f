"""Globes: planets and moons in the sky, lit by its sun, as splats on the dome."""

from __future__ import annotations

import math

import numpy as np

from pipelines.layout.relief import Reals, fractal
from pipelines.scene import Floats, Globe, Sky

SPLATS = 2_600
RING_SPLATS = 1_600
MOON_SPLATS = 700
MOON_RADIANCE = 1.5
SHINE = 0.5  # radiance of a white globe by the light that falls on it: bright enough to be seen by day


def seen(globe: Globe, sky: Sky) -> tuple[Floats, Floats, Floats, Floats]:
    """Unit directions (N, 3), radiance (N, 3), sizes as angles (N,) and opacity (N,) of a globe and its ring."""
    towards = np.asarray(globe.direction)
    right, up = _across(towards)
    u, v, reach = _disc(SPLATS)
    normal = u[:, None] * right + v[:, None] * up - np.sqrt(np.maximum(1 - reach**2, 0.0))[:, None] * towards
    lit = np.clip(normal @ np.asarray(sky.light_direction) * 1.15 + 0.06, 0.012, 1.0)
    bright = _surface(globe, u, v) * (lit * SHINE)[:, None] * np.asarray(sky.light) + np.asarray(sky.zenith) * 0.35
    points = towards + math.tan(globe.radius_rad) * (u[:, None] * right + v[:, None] * up)
    size = np.full(SPLATS, 0.9 * globe.radius_rad * math.sqrt(math.pi / SPLATS))
    opacity = np.full(SPLATS, 0.97)
    if globe.ring_rad > 0:
        more, glow = _ring(globe, sky, towards, right, up)
        points, bright = np.concatenate([points, more]), np.concatenate([bright, glow])
        size = np.concatenate([size, np.full(len(more), 0.02 * globe.ring_rad)])
        opacity = np.concatenate([opacity, np.full(len(more), 0.6)])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), bright.astype(np.float32), size.astype(np.float32), opacity.astype(np.float32)


def moon(sky: Sky, radius_rad: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The full moon where the light comes from, with its seas: arrays as of `seen`."""
    towards = np.asarray(sky.light_direction)
    right, up = _across(towards)
    u, v, reach = _disc(MOON_SPLATS)
    seas = np.clip(0.5 + 1.7 * fractal(u + 3.1, v - 1.7, 1.1, octaves=4, gain=0.55, seed=1_969), 0, 1)
    light = np.asarray(sky.light) / max(sky.light)
    bright = (MOON_RADIANCE * (1.0 - 0.42 * seas) * (1.0 - 0.25 * reach**4))[:, None] * (0.4 + 0.6 * light)
    points = towards + math.tan(radius_rad) * (u[:, None] * right + v[:, None] * up)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    size = np.full(MOON_SPLATS, 0.75 * radius_rad * math.sqrt(math.pi / MOON_SPLATS))
    return points.astype(np.float32), bright.astype(np.float32), size.astype(np.float32), np.full(MOON_SPLATS, 0.95, np.float32)


def _across(towards: Reals) -> tuple[Reals, Reals]:
    """The unit directions to the right and up of what is seen there."""
    right = np.cross(towards, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return right, np.asarray(np.cross(right, towards))


def _disc(count: int) -> tuple[Reals, Reals, Reals]:
    """Places (N,) to the right and up on a disc of radius 1, evenly spread as seeds in a sunflower, and how far out they are."""
    turn = np.arange(count) * math.pi * (3 - math.sqrt(5))
    reach = np.sqrt((np.arange(count) + 0.5) / count)
    return reach * np.cos(turn), reach * np.sin(turn), reach


def _surface(globe: Globe, u: Reals, v: Reals) -> Reals:
    """Reflectance (N, 3): bands along the equator, or patches like seas and clouds."""
    wave = fractal(u, v, 0.8, octaves=5, gain=0.6, seed=int(1_000 * globe.radius_rad) + 17)
    share = 0.5 + 0.5 * np.sin(9.0 * v + 1.6 * wave + 0.8 * u) if globe.bands else np.clip(0.5 + 1.5 * wave, 0, 1)
    return np.asarray(np.asarray(globe.colour) * (1 - share[:, None]) + np.asarray(globe.second) * share[:, None])


def _ring(globe: Globe, sky: Sky, towards: Reals, right: Reals, up: Reals) -> tuple[Reals, Reals]:
    """Directions and radiance of a tilted ring; what lies behind the globe is left out."""
    turn = np.arange(RING_SPLATS) * math.pi * (3 - math.sqrt(5))
    inner = 1.35 * globe.radius_rad / globe.ring_rad
    reach = np.sqrt(inner**2 + (1 - inner**2) * (np.arange(RING_SPLATS) + 0.5) / RING_SPLATS)
    a, b = reach * np.cos(turn), reach * np.sin(turn)
    tilt, lean = 0.24, 0.3
    x, y = a * math.cos(lean) - b * tilt * math.sin(lean), a * math.sin(lean) + b * tilt * math.cos(lean)
    shown = (b < 0) | (np.hypot(x, y) * globe.ring_rad > 1.02 * globe.radius_rad)
    x, y, reach = x[shown], y[shown], reach[shown]
    points = towards + math.tan(globe.ring_rad) * (x[:, None] * right + y[:, None] * up)
    grooves = 0.55 + 0.45 * np.sin(38.0 * reach) * np.sin(17.0 * reach)
    glow = np.asarray(globe.second) * (0.7 * SHINE * grooves)[:, None] * np.asarray(sky.light) + 0.3 * np.asarray(sky.zenith)
    return points, glow
