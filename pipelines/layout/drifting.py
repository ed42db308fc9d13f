"""Drifting: what hangs in the air: fireflies over grass, rain and snow as a camera freezes them, a bolt of lightning."""

from __future__ import annotations

import math

import numpy as np

from pipelines.layout.plan import seeded
from pipelines.layout.sky import DOME_RADIUS_M, Dome, facing_middle
from pipelines.rays import Caster
from pipelines.scene import Floats, Scene

FIREFLIES = 190
FALLING_SHARE = 0.0032  # of all splats: streaks are needles, and few needles are asked for
FALLING_AT_MOST = 3_600
STREAK_RAD, STREAK_M = 0.026, 0.15  # standard deviation along a streak: by distance, and at most
GLOW: tuple[float, float, float] = (1.9, 1.75, 0.42)  # exposed radiance of a firefly
BOLT_AZIMUTH_DEG, BOLT_TOP_DEG = 19.0, 27.0


def drifting(scene: Scene, caster: Caster, exposure: float, *, splats: int, seed: int) -> Dome:
    """All that drifts in a scene that has as many `splats`, as splats with linear radiance; nothing indoors."""
    sky = scene.sky
    assert sky is not None
    if scene.indoors:
        return _joined([])
    rng = seeded(seed, "drifting")
    found = []
    if sky.fireflies and scene.terrain is not None:
        found.append(_fireflies(scene, exposure, rng))
    if sky.falling > 0:
        count = min(FALLING_AT_MOST, int(FALLING_SHARE * splats * sky.falling))
        found.append(_in_the_open(_falling(scene, count, rng), caster))
    if sky.lightning:
        found.append(_bolt(exposure, rng))
    return _joined(found)


def _joined(groups: list[Dome]) -> Dome:
    names = tuple(Dome.__dataclass_fields__)
    empty = Dome(*(np.zeros((0, *shape), np.float32) for shape in ((3,), (3, 3), (3,), (3,), ())))
    return Dome(*(np.concatenate([getattr(group, name) for group in (empty, *groups)]) for name in names))


def _about(scene: Scene, count: int, near_m: float, far_m: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Points (N, 2) x, z round the spawn point, two thirds of them in the first view, and how far away (N,) each is, in metres."""
    ahead = rng.random(count) < 0.66
    angle = scene.spawn.yaw_rad + np.where(ahead, rng.uniform(-0.75, 0.75, count), rng.uniform(-math.pi, math.pi, count))
    reach = near_m + (far_m - near_m) * rng.random(count) ** 0.8
    x, _, z = scene.spawn.position
    points = np.stack([x - np.sin(angle) * reach, z - np.cos(angle) * reach], axis=1)
    return points.astype(np.float32), reach.astype(np.float32)


def _fireflies(scene: Scene, exposure: float, rng: np.random.Generator) -> Dome:
    """Each a small bright body in a faint ball of light, low over the ground, in loose swarms."""
    assert scene.terrain is not None
    at, reach = _about(scene, FIREFLIES, 3.0, 26.0, rng)
    ground = scene.terrain.heights.at(at[:, 0], at[:, 1])
    up = 0.25 + rng.gamma(2.0, 0.42, FIREFLIES)
    points = np.stack([at[:, 0], ground + up, at[:, 1]], axis=1).astype(np.float32)
    bright = rng.uniform(0.35, 1.0, FIREFLIES)[:, None] * np.asarray(GLOW) / exposure
    large = rng.uniform(0.75, 1.5, FIREFLIES)
    body, halo = large * (0.004 + 0.0012 * reach), large * (0.022 + 0.0055 * reach)
    size = np.concatenate([body, halo])[:, None] * np.ones(3)
    opacity = np.concatenate([np.full(FIREFLIES, 0.95), np.full(FIREFLIES, 0.24)])
    frames = np.tile(np.eye(3), (2 * FIREFLIES, 1, 1))
    glow = np.concatenate([bright, 0.8 * bright])
    return Dome(np.tile(points, (2, 1)), *(array.astype(np.float32) for array in (frames, size, glow, opacity)))


def _falling(scene: Scene, count: int, rng: np.random.Generator) -> Dome:
    """Rain as slanting streaks, or flakes where snow lies; the wind of a storm slants them more."""
    sky = scene.sky
    assert sky is not None
    snow = sky.snow > 0
    at, reach = _about(scene, count, 1.4, 14.0 if snow else 20.0, rng)
    rise = reach * np.tan(rng.uniform(-0.30, 0.62, count)) + 1.6
    points = np.stack([at[:, 0], scene.spawn.position[1] + rise, at[:, 1]], axis=1).astype(np.float32)
    lit = np.asarray(sky.horizon) * (1.25 if snow else 1.1) + 0.03 * np.asarray(sky.light)
    glow = np.tile(lit, (count, 1)) * rng.uniform(0.8, 1.2, count)[:, None]
    if snow:
        size = (rng.uniform(0.7, 1.7, count) * (0.0016 + 0.0011 * reach))[:, None] * np.ones(3)
        frames, opacity = np.tile(np.eye(3), (count, 1, 1)), np.full(count, 0.72)
    else:
        lean = (0.5 if sky.lightning else 0.12) + rng.normal(0, 0.03, count)
        along = np.stack([lean, -np.ones(count), 0.3 * lean], axis=1)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.cross(along, [0.0, 0.0, 1.0])
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        frames = np.stack([along, side, np.cross(along, side)], axis=2)
        long = np.minimum(STREAK_RAD * reach, STREAK_M) * rng.uniform(0.6, 1.0, count)
        thin = 0.0007 * reach + 0.0006
        size, opacity = np.stack([long, thin, thin], axis=1), np.full(count, 0.20)
    return Dome(points, *(array.astype(np.float32) for array in (frames, size, glow, opacity)))


def _in_the_open(drops: Dome, caster: Caster) -> Dome:
    """Those with nothing but sky above them, and not below the ground."""
    above = np.tile(np.array([[0.05, 1.0, 0.02]], np.float32), (len(drops.means), 1))
    free = ~caster.blocked(drops.means, above) & (caster.first_hits(drops.means, -above) >= 0)
    return Dome(*(getattr(drops, name)[free] for name in Dome.__dataclass_fields__))


def _bolt(exposure: float, rng: np.random.Generator) -> Dome:
    """A jagged line from the clouds to the horizon, one branch, and the cloud that it lights."""
    azimuth, elevation = _jagged(BOLT_AZIMUTH_DEG, BOLT_TOP_DEG, 1.0, 210, rng)
    fork_azimuth, fork_elevation = _jagged(float(azimuth[80]) + 0.2, float(elevation[80]), float(elevation[80]) - 8.0, 110, rng, lean=7.0)
    size = np.concatenate([np.full(210, 0.0013), np.linspace(0.0010, 0.0005, 110)])
    cloud = rng.normal(0, 1, (14, 2)) * (5.0, 2.0) + (BOLT_AZIMUTH_DEG, BOLT_TOP_DEG - 1.0)
    turn = np.radians(np.concatenate([azimuth, fork_azimuth, cloud[:, 0]]))
    up = np.radians(np.concatenate([elevation, fork_elevation, cloud[:, 1]]))
    towards = np.stack([np.sin(turn) * np.cos(up), np.sin(up), -np.cos(turn) * np.cos(up)], axis=1).astype(np.float32)
    size = np.concatenate([size, rng.uniform(0.03, 0.07, 14)])
    glow = np.concatenate([np.tile([5.0, 4.8, 6.5], (320, 1)), np.tile([0.85, 0.82, 1.15], (14, 1))]) / exposure
    opacity = np.concatenate([np.full(320, 0.9), np.full(14, 0.16)])
    sizes = np.stack([size, size, np.full(len(size), 0.0004)], axis=1) * DOME_RADIUS_M * 0.97
    arrays = (facing_middle(towards), sizes, glow, opacity)
    return Dome(towards * np.float32(DOME_RADIUS_M * 0.97), *(array.astype(np.float32) for array in arrays))


def _jagged(
    azimuth_deg: float, top_deg: float, bottom_deg: float, count: int, rng: np.random.Generator, *, lean: float = 3.0
) -> tuple[Floats, Floats]:
    """Azimuths and elevations (N,) in degrees along a line that turns sharply every now and then."""
    knots = np.linspace(0, 1, 15)
    aside = np.cumsum(rng.normal(0, 0.75, 15)) + lean * knots
    share = np.linspace(0, 1, count)
    return (azimuth_deg + np.interp(share, knots, aside)).astype(np.float32), (top_deg + (bottom_deg - top_deg) * share).astype(np.float32)
