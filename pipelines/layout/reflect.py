"""Mirrors, water, polished things: colour that depends on where one stands.

For every glossy surfel the reflected ray is cast for several viewpoints; the display colours found are fitted by least squares with
spherical harmonics of degree 1, the spawn point counting most. Water also shows its bed where it is shallow (Beer–Lambert).
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.gaussians import SH_C0
from pipelines.layout.occluders import Occluders
from pipelines.layout.sky import air_light, radiance
from pipelines.layout.smoothing import Pools
from pipelines.layout.surfels import take_surfels
from pipelines.layout.tone import display
from pipelines.scene import Floats, Scene, Surfels

SH_C1 = 0.4886025119029199
WATER_ABSORPTION = np.array([0.95, 0.42, 0.34], np.float32)  # per metre: red goes first
SPAWN_WEIGHT = 6.0
RIDGE = 0.06  # keeps coefficients small where the viewpoints see a surfel from nearly one side
EYES_AT_MOST = 7
BLURS_M = (0.3, 0.1)
CLEAR = 0.96  # what is less glossy blurs what it mirrors: one ray a surfel would make edges and thin rails ragged


def reflections(glossy: np.ndarray, matt: Floats, scene: Scene, blockers: Occluders, exposure: float) -> Floats:
    """Harmonics (G, 4, 3) of the glossy surfels' display colour."""
    surfels = scene.surfels
    assert surfels is not None and scene.sky is not None
    means = surfels.means[glossy]
    water = _is_water(scene, surfels, glossy)
    normals = surfels.frames[glossy, :, 2]
    normals = np.where(water[:, None], _rippled(means, normals), normals)
    body = np.where(water[:, None], _water_body(means, matt, scene, blockers), matt)
    eyes = scene.viewpoints[:EYES_AT_MOST]
    rough = np.flatnonzero(surfels.gloss[glossy] < CLEAR)
    pools = Pools(take_surfels(surfels, glossy[rough]), BLURS_M)
    gram = np.zeros((len(glossy), 4, 4), np.float32)
    right = np.zeros((len(glossy), 4, 3), np.float32)
    for number, eye in enumerate(eyes):
        view = means - eye
        view /= np.maximum(np.linalg.norm(view, axis=1, keepdims=True), 1e-4)
        colour = display(_seen(means, normals, view, body, glossy, (rough, pools), scene, blockers, eye), exposure, scene.look)
        basis = np.stack([np.full(len(view), SH_C0), -SH_C1 * view[:, 1], SH_C1 * view[:, 2], -SH_C1 * view[:, 0]], axis=1)
        weight = SPAWN_WEIGHT if number == 0 else 1.0
        gram += weight * np.einsum("na,nb->nab", basis, basis).astype(np.float32)
        right += weight * np.einsum("na,nc->nac", basis, colour - 0.5).astype(np.float32)
    gram[:, 1:, 1:] += RIDGE * np.eye(3, dtype=np.float32)
    return np.linalg.solve(gram.astype(np.float64), right.astype(np.float64)).astype(np.float32)


def _seen(
    means: Floats,
    normals: Floats,
    view: Floats,
    body: Floats,
    glossy: np.ndarray,
    blurred: tuple[np.ndarray, Pools],
    scene: Scene,
    blockers: Occluders,
    eye: Floats,
) -> Floats:
    """Radiance that leaves each surfel towards one eye."""
    surfels, sky = scene.surfels, scene.sky
    assert surfels is not None and sky is not None
    facing = np.einsum("ij,ij->i", view, normals)
    towards = np.where(facing[:, None] > 0, -normals, normals)
    cosine = np.abs(facing)
    mirrored = view + 2 * cosine[:, None] * towards
    mirrored[:, 1] = np.where(surfels.frames[glossy, 1, 2] > 0.95, np.maximum(mirrored[:, 1], 0.01), mirrored[:, 1])
    mirrored = (mirrored / np.linalg.norm(mirrored, axis=1, keepdims=True)).astype(np.float32)
    start = (means + towards * 0.01 + mirrored * 0.01).astype(np.float32)
    hits = blockers.caster.first_hits(start, mirrored)
    world = radiance(sky, mirrored, mirrored=True)
    met = hits >= 0
    clear, hazy = air_light(sky, blockers.middle[hits[met]], eye)  # a lake shows the hills as pale as they are seen above it
    world[met] = blockers.radiance[hits[met]] * clear[:, None] + hazy
    gloss, metal = surfels.gloss[glossy], surfels.metallic[glossy]
    dielectric = 0.03 + 0.97 * (1 - cosine) ** 5
    share = ((1 - metal) * dielectric * gloss + metal * (0.55 + 0.45 * gloss))[:, None]
    tint = 1 + metal[:, None] * (np.clip(surfels.albedo[glossy] * 1.15, 0, 1) - 1)
    sheen = (world * tint - body + surfels.emission[glossy]) * share
    rough, pools = blurred
    sheen[rough] = pools.settled(sheen[rough])
    out = body + sheen
    transmittance, added = air_light(sky, means, eye)
    return (out * transmittance[:, None] + added).astype(np.float32)


def _is_water(scene: Scene, surfels: Surfels, glossy: np.ndarray) -> np.ndarray:
    ids = [thing.id for thing in scene.things if any(part.material.pattern == "water" for part in thing.model.parts)]
    return np.isin(surfels.thing[glossy], ids) & (surfels.frames[glossy, 1, 2] > 0.9)


def _rippled(means: Floats, normals: Floats) -> Floats:
    """Small waves of three lengths and headings, and calm patches between them."""
    x, z = means[:, 0], means[:, 2]
    slope_x, slope_z = np.zeros_like(x), np.zeros_like(z)
    for length, heading, height, phase in (
        (0.55, 0.3, 0.012, 0.0),
        (1.3, 1.1, 0.020, 1.7),
        (3.1, 2.2, 0.022, 4.0),
        (0.8, -0.7, 0.012, 2.2),
    ):
        k = 2 * math.pi / length
        wave = np.cos(k * (x * math.cos(heading) + z * math.sin(heading)) + phase + 1.5 * np.sin(0.35 * x + 0.6 * z + phase))
        slope_x += height * wave * math.cos(heading) * 2
        slope_z += height * wave * math.sin(heading) * 2
    calm = 0.35 + 0.65 * (0.5 + 0.5 * np.sin(0.11 * x + 0.4) * np.sin(0.17 * z - 0.08 * x))
    tilted = normals + np.stack([-slope_x * calm, np.zeros_like(x), -slope_z * calm], axis=1)
    return (tilted / np.linalg.norm(tilted, axis=1, keepdims=True)).astype(np.float32)


def _water_body(means: Floats, matt: Floats, scene: Scene, blockers: Occluders) -> Floats:
    """What comes up from below: the bed seen through the water's depth, and the water's own colour where it is deep."""
    hits, distance = blockers.caster.trace(means - [0, 0.002, 0], np.array([[0, -1, 0]]))
    depth = np.minimum(distance, 30.0)
    bed = np.where((hits >= 0)[:, None], blockers.radiance[np.maximum(hits, 0)], matt)
    clear = np.exp(-2.2 * depth[:, None] * WATER_ABSORPTION)
    return (bed * clear * 0.85 + matt * (1 - clear)).astype(np.float32)
