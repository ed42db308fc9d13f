"""What light meets: triangles for shadows and bounces, with the radiance that each gives off.

Foliage stands in as a few large leaves; water and glass let light through. Triangles near the visitors are cut small, so that one
radiance a triangle is fine enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.gather import gather
from pipelines.layout.surfaces import Facets, areas_and_normals, split
from pipelines.layout.windows import light_through, outside, panes_of
from pipelines.rays import Caster
from pipelines.scene import Floats, Foliage, Scene, join_foliage

LEAVES_NEAR, LEAVES_FAR = 900, 70  # stand-in leaves of one plant
POROUS = 0.8  # stand-in leaves are this much smaller: light finds its way between real ones
BOUNCES_INDOORS = 3
PATCH_M = 0.3  # indoors light is worked out for patches of triangles of about this width
PANE_RAYS, LAMP_RAYS, PATCH_RAYS = 12, 4, 24  # a patch: to the windows, to each lamp, for each bounce; these divide by those

Shine = Callable[[Floats], Floats]
"""Irradiance (T, 3) of all triangles to the radiance that they give off."""


@dataclass(frozen=True)
class Occluders:
    """The caster and, for each of its triangles, outgoing radiance (T, 3) linear, whether it stands for leaves, its middle."""

    caster: Caster
    radiance: Floats
    leaf: NDArray[np.bool_]
    middle: Floats


def occluders_of(scene: Scene) -> Occluders:
    """Everything that stops light, with direct light, sky light and (indoors) bounced light already on it."""
    corners, albedo, emission, leaf = _triangles(scene)
    caster = Caster(corners)
    areas, normals = areas_and_normals(corners)
    middle = corners.mean(axis=1)
    sunlight = _direct(scene, caster, middle, normals, leaf)

    def shine(irradiance: Floats) -> Floats:
        return (albedo * irradiance / np.float32(math.pi) + emission).astype(np.float32)

    if scene.indoors:
        irradiance = _indoor_bounces(scene, caster, middle, normals, areas, shine, sunlight)
    else:
        irradiance = sunlight + _open_sky(scene, normals)
    return Occluders(caster, shine(irradiance), leaf > 0, middle)


def _triangles(scene: Scene) -> tuple[Floats, Floats, Floats, Floats]:
    surfaces, facets = gather(scene)
    solid = np.array([s.material.opacity >= 0.5 and s.material.pattern not in ("water", "flame") for s in surfaces], bool)
    facets = Facets(*(getattr(facets, name)[solid[facets.source]] for name in Facets.__dataclass_fields__))
    eye = scene.viewpoints[0]
    away = np.linalg.norm(facets.corners.mean(axis=1) - eye, axis=1)
    limit = np.maximum(0.22 if scene.indoors else 0.5, 0.10 * away)
    facets, _ = split(facets, limit)
    dark, scale = (scene.sky.dark, scene.sky.lamp_scale) if scene.sky is not None else (False, 1.0)
    colours = np.array([s.tint if s.tint is not None else _mean_colour(s.material) for s in surfaces], np.float32)
    glow = np.array([s.material.emission if (dark or not s.material.glows_in_the_dark) else (0, 0, 0) for s in surfaces], np.float32)
    glow *= np.float32(scale)
    albedo, emission = colours[facets.source], glow[facets.source]
    if scene.terrain is not None:
        ground = facets.source == 0
        albedo[ground] = _ground_albedo(scene, facets.corners[ground].mean(axis=1))
    quads, quad_albedo = _leaf_triangles(scene)
    corners = np.concatenate([facets.corners, quads])
    leaf = np.concatenate([np.zeros(len(facets), np.float32), np.ones(len(quads), np.float32)])
    return corners, np.concatenate([albedo, quad_albedo]), np.concatenate([emission, np.zeros_like(quad_albedo)]), leaf


def _mean_colour(material: object) -> tuple[float, float, float]:
    first, second = material.colour, material.second_colour  # type: ignore[attr-defined]
    r, g, b = (0.72 * a + 0.28 * c for a, c in zip(first, second, strict=True))
    return (r, g, b)


def _ground_albedo(scene: Scene, middle: Floats) -> Floats:
    from scipy.spatial import cKDTree

    terrain = scene.terrain
    assert terrain is not None
    _, vertex = cKDTree(terrain.mesh.vertices[:, (0, 2)]).query(middle[:, (0, 2)], workers=2)
    colours = np.array([_mean_colour(material) for material in terrain.materials], np.float32)
    return (terrain.weights[vertex] @ colours).astype(np.float32)


def _leaf_triangles(scene: Scene) -> tuple[Floats, Floats]:
    """Stand-in leaves of all plants, fewer of those far off: corners (T, 3, 3) and reflectance (T, 3)."""
    groups: list[Foliage] = []
    eye = scene.viewpoints[0]
    for thing in scene.things:
        away = float(np.linalg.norm(thing.position - eye))
        share = min(1.0, 12.0 / max(away, 1.0)) ** 1.3
        count = int(LEAVES_FAR + (LEAVES_NEAR - LEAVES_FAR) * share)
        groups += [group.first(count).moved(thing.world_from_model) for group in thing.model.foliage]
    return _kites(join_foliage(groups))


def _kites(leaves: Foliage) -> tuple[Floats, Floats]:
    """Two triangles for each element: a kite as long and wide as the leaf."""
    across = np.cross(leaves.normals, leaves.directions)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    a = leaves.directions * (leaves.lengths_m * 0.5 * POROUS)[:, None]
    b = across * (leaves.widths_m * 0.5 * POROUS)[:, None]
    centre = leaves.centres
    first = np.stack([centre - a, centre + b, centre + a], axis=1)
    second = np.stack([centre - a, centre + a, centre - b], axis=1)
    return np.concatenate([first, second]).astype(np.float32), np.concatenate([leaves.colours, leaves.colours]).astype(np.float32)


def _direct(scene: Scene, caster: Caster, middle: Floats, normals: Floats, leaf: Floats) -> Floats:
    sky = scene.sky
    assert sky is not None
    towards = np.asarray(sky.light_direction, np.float32)
    cosine = normals @ towards
    falls = np.where(leaf > 0, 0.6 * np.abs(cosine) + 0.2, np.maximum(cosine, 0))
    facing = np.flatnonzero((falls > 1e-3) & (max(sky.light) > 0))
    start = middle[facing] + normals[facing] * (np.sign(cosine[facing]) * 0.01)[:, None] + towards * 0.01
    open_ = ~caster.blocked(start, towards[None])
    out = np.zeros((len(middle), 3), np.float32)
    out[facing] = (falls[facing] * open_)[:, None] * np.asarray(sky.light, np.float32)
    return out


def _open_sky(scene: Scene, normals: Floats) -> Floats:
    """Sky irradiance by orientation, with a fixed share hidden: an estimate for bounce light only."""
    sky = scene.sky
    assert sky is not None
    zenith, horizon = np.asarray(sky.zenith, np.float32), np.asarray(sky.horizon, np.float32)
    up = 0.5 + 0.5 * normals[:, 1:2]
    return (np.float32(math.pi) * 0.62 * (up * (0.55 * zenith + 0.45 * horizon) + (1 - up) * 0.15 * horizon)).astype(np.float32)


def _indoor_bounces(scene: Scene, caster: Caster, at: Floats, normals: Floats, areas: Floats, shine: Shine, sunlight: Floats) -> Floats:
    """Irradiance (T, 3): sun patches by triangle; what windows and lamps throw on walls, and walls on each other, by patch of triangles."""
    sky = scene.sky
    assert sky is not None
    patch, members = _patches(at, normals, areas)
    panes = panes_of(scene)
    beyond = outside(panes, at) if panes is not None else np.zeros(len(at), np.bool_)
    for_lamps, for_panes = members[:, :: PATCH_RAYS // LAMP_RAYS], members[:, :: PATCH_RAYS // PANE_RAYS]
    thrown = _from_lamps(scene, caster, at[for_lamps], normals[for_lamps])
    if panes is not None:
        glow = shine(sunlight + _open_sky(scene, normals))
        facing = normals[for_panes].reshape(-1, 3)
        start = at[for_panes].reshape(-1, 3) + facing * 0.01
        flat = np.zeros(len(start), np.bool_)
        found = light_through(panes, start.astype(np.float32), facing, caster=caster, glow=glow, sky=sky, rays=1, both_sides=flat)
        thrown += found.reshape(len(members), -1, 3).mean(axis=1)
    direct = sunlight + thrown[patch]
    rng = np.random.default_rng(7)
    jitter = rng.random((len(members), 2)).astype(np.float32)
    irradiance = direct
    for bounce in range(BOUNCES_INDOORS):
        out = shine(irradiance)
        out[beyond] = 0
        total = np.zeros((len(members), 3), np.float32)
        for ray in range(PATCH_RAYS):
            start = members[:, ray]
            pairs = (jitter + np.array([ray * 0.7548777, ray * 0.5698403], np.float32) + bounce * 0.37) % 1.0
            directions = _hemisphere(normals[start], pairs)
            hits = caster.first_hits((at[start] + normals[start] * 0.008).astype(np.float32), directions)
            total += np.where(hits[:, None] >= 0, np.minimum(out[hits], 12.0), 0)
        irradiance = direct + (total * np.float32(math.pi / PATCH_RAYS))[patch]
    return irradiance


def _from_lamps(scene: Scene, caster: Caster, at: Floats, normals: Floats) -> Floats:
    """Mean irradiance (P, 3) by lamps at several points (P, K, 3) of each patch; both sides count, as sheets let light through."""
    from pipelines.layout.light import lamps_of

    assert scene.sky is not None
    total = np.zeros((len(at), 3), np.float32)
    for place, lamp in lamps_of(scene):
        offset = place - at
        distance = np.maximum(np.linalg.norm(offset, axis=2), 0.15)
        towards = (offset / distance[..., None]).astype(np.float32)
        reach = np.maximum(distance - 0.25, 0.01).astype(np.float32).ravel()
        open_ = ~caster.blocked((at + towards * 0.02).astype(np.float32).reshape(-1, 3), towards.reshape(-1, 3), reach)
        falls = np.abs(np.einsum("pkc,pkc->pk", normals, towards)) * open_.reshape(distance.shape) / distance**2
        total += (lamp.power * scene.sky.lamp_scale * falls.mean(axis=1))[:, None].astype(np.float32) * np.asarray(lamp.colour, np.float32)
    return total


def _patches(middle: Floats, normals: Floats, areas: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The patch (T,) of every triangle, and the triangles (P, PATCH_RAYS) that each patch's rays start from, larger ones more often.

    Triangles share one if they lie in the same cell of space and look roughly the same way: bounced light changes slowly along a surface.
    """
    cell = np.floor(middle / PATCH_M).astype(np.int64)
    cell -= cell.min(axis=0)
    faces = np.abs(normals).argmax(axis=1)
    facing = 2 * faces + (np.take_along_axis(normals, faces[:, None], axis=1)[:, 0] > 0)
    size = cell.max(axis=0) + 1
    key = ((cell[:, 0] * size[1] + cell[:, 1]) * size[2] + cell[:, 2]) * 6 + facing
    _, patch = np.unique(key, return_inverse=True)
    order = np.argsort(patch, kind="stable")
    ends = np.cumsum(np.maximum(areas, 1e-12)[order].astype(np.float64))
    last = np.searchsorted(patch[order], np.arange(patch.max(initial=-1) + 1), side="right") - 1
    upto = ends[last]
    begin = np.concatenate([[0.0], upto[:-1]])
    share = (np.arange(PATCH_RAYS) + 0.5) / PATCH_RAYS
    chosen = np.searchsorted(ends, begin[:, None] + share * (upto - begin)[:, None])
    return patch, order[np.minimum(chosen, last[:, None])]


def _hemisphere(normals: Floats, pairs: Floats) -> Floats:
    """Cosine-distributed directions: a point on the unit sphere added to the normal."""
    z = 1 - 2 * pairs[:, 0]
    r = np.sqrt(np.maximum(0, 1 - z * z))
    turn = 2 * math.pi * pairs[:, 1]
    directions = normals + np.stack([r * np.cos(turn), z, r * np.sin(turn)], axis=1)
    return (directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-6)).astype(np.float32)
