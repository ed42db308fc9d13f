"""Metering: how bright the first look is shown, and how much of their own light lamps and windows keep in it."""

from __future__ import annotations

import math

import numpy as np

from pipelines.layout.occluders import Occluders
from pipelines.layout.sky import air_light, radiance
from pipelines.layout.tone import exposure_for, luminance
from pipelines.layout.windows import SEE_THROUGH
from pipelines.scene import Floats, Scene, Surfels

GLOW_PEAK = 1.5  # exposed radiance of what glows: the curve shows it nearly white, yet with its colour
EXPOSURE_RAYS = 4_000  # surfels of the first look that are metered
ROOM_SHADE = 0.30  # reflectance of a room that is metered as usual
ROOM_BY_NIGHT = 0.75  # how bright a lamplit room is shown, of one by day


def glow_kept(emission: Floats, exposure: float) -> float:
    """The share of their own light that lamps and windows show: as an eye or a camera sees them, bright but not burnt out."""
    peaks = emission.max(axis=1)
    glowing = peaks[peaks > 0.02]
    return min(1.0, GLOW_PEAK / (exposure * float(np.median(glowing)))) if len(glowing) else 1.0


def metered(matt: Floats, surfels: Surfels, scene: Scene, blockers: Occluders) -> float:
    """Measured on what the first look shows: visible surfels ahead, weighted by the angle they fill, and the sky above them."""
    sky, eye = scene.sky, scene.viewpoints[0]
    assert sky is not None
    offset = surfels.means - eye
    distance = np.linalg.norm(offset, axis=1)
    yaw = scene.spawn.yaw_rad
    ahead = np.array([-math.sin(yaw), 0.0, -math.cos(yaw)], np.float32)
    mine = np.flatnonzero(((offset @ ahead) > 0.75 * distance) & ~surfels.hidden & (surfels.opacity > SEE_THROUGH))
    mine = mine[:: max(1, len(mine) // EXPOSURE_RAYS)]
    towards = offset[mine] / np.maximum(distance[mine], 1e-4)[:, None]
    start = np.repeat(eye[None].astype(np.float32), len(mine), axis=0)
    reach = (distance[mine] * 0.98 - 0.05).astype(np.float32)
    mine = mine[~blockers.caster.blocked(start, towards.astype(np.float32), reach)]
    weight = surfels.sizes_m[mine, 0] * surfels.sizes_m[mine, 1] / np.maximum(distance[mine], 0.5) ** 2
    transmittance, added = air_light(sky, surfels.means[mine], eye)
    bright = luminance(matt[mine] * transmittance[:, None] + added)
    if not scene.indoors:
        above = np.array([[-math.sin(yaw) * 0.97, 0.22, -math.cos(yaw) * 0.97]], np.float32)
        bright = np.append(bright, luminance(radiance(sky, above)))
        weight = np.append(weight, 0.35 * weight.sum())
    night = sky.dark and max(sky.light) < 1.0 and not scene.indoors
    found = exposure_for(bright, weight, dark=night)
    if scene.indoors and len(mine):  # white rooms are white and dark ones dark, not both grey
        shade = float(np.exp(np.average(np.log(np.maximum(luminance(surfels.albedo[mine]), 0.01)), weights=weight)))
        found *= float(np.clip((shade / ROOM_SHADE) ** 0.5, 0.75, 1.4)) * (ROOM_BY_NIGHT if sky.dark else 1.0)
    return found
