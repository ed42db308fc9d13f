"""Placed points become surfels: painted with their material, blended as ground, weathered; leaves thinned by distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.layout.gather import Surface, level_ids
from pipelines.layout.patterns import paint
from pipelines.layout.relief import fractal
from pipelines.scene import Colour, Floats, Foliage, Material, Scene, Surfels, Terrain, coarser

LEAF_DETAIL = 0.48  # a leaf gets its own splat while its size is at least α·L divided by this
OVERLAP = 2.4  # splats over any point of a sheet, weighted: 2π · coverage²
SNOW: Colour = (0.78, 0.83, 0.90)
PUDDLES_M, PUDDLES_FROM = 45.0, 0.07  # how far off puddles are worth their reflections; where in the noise of the ground they begin

Points = tuple[Floats, Floats, Floats, Floats]
"""Means (N, 3), normals (N, 3), frames (N, 3, 3), sizes (N, 3)."""


def join_surfels(groups: list[Surfels]) -> Surfels:
    """All groups in one, in order."""
    return Surfels(*(np.concatenate([getattr(group, name) for group in groups]) for name in Surfels.__dataclass_fields__))


def take_surfels(surfels: Surfels, index: NDArray[np.integer] | NDArray[np.bool_]) -> Surfels:
    """The surfels at `index`, in that order."""
    return Surfels(*(getattr(surfels, name)[index] for name in Surfels.__dataclass_fields__))


def part_surfels(
    points: Points, rows: NDArray[np.int32], surfaces: list[Surface], *, dark: bool, glow_scale: float, flat: bool = False
) -> Surfels:
    """Points on surfaces of one material; `rows` (N,) says on which of the `surfaces` each lies; flat: without pattern."""
    means, normals, frames, sizes = points
    used, mine = np.unique(rows, return_inverse=True)
    chosen = [surfaces[row] for row in used]
    material = chosen[0].material
    local, local_normals = _to_part(means, normals, np.array([surface.part_from_world for surface in chosen], np.float32), mine)
    mix, tone, warmth, glow = paint(
        local,
        local_normals,
        sizes[:, 0],
        pattern=material.pattern,
        size_m=material.pattern_size_m,
        grain=np.array([surface.grain for surface in chosen])[mine],
        seed=np.array([surface.seed for surface in chosen])[mine],
    )
    if flat and material.pattern not in ("windows", "screen"):
        mix, tone, warmth = np.full_like(mix, 0.25), np.ones_like(tone), np.zeros_like(warmth)
    pairs = np.array([colour_pair(material, surface.tint) for surface in chosen], np.float32)[mine]
    shines = not material.glows_in_the_dark or dark
    emission = glow[:, None] * np.asarray(material.emission, np.float32) * np.float32(glow_scale if shines else 0.0)
    count = len(means)
    full = np.ones(count, np.float32)
    return Surfels(
        means,
        frames,
        sizes,
        blend(pairs[:, 0], pairs[:, 1], mix, tone, warmth),
        emission.astype(np.float32),
        full * np.float32(_splat_opacity(material.opacity)),
        full * np.float32((1.0 - material.roughness) ** 0.7),
        full * np.float32(material.metallic),
        full * np.float32(material.translucency),
        np.zeros(count, np.float32),
        np.zeros(count, np.bool_),
        np.array([surface.thing for surface in chosen], np.int32)[mine],
        np.zeros(count, np.bool_),
    )


def _splat_opacity(opacity: float) -> float:
    """What each of the overlapping splats of a sheet must have, so that the sheet lets 1 − opacity of the light through."""
    return 0.97 if opacity >= 0.9 else float(-np.log1p(-opacity) / OVERLAP)


@njit(cache=True, parallel=True, fastmath=True)
def _to_part(means, normals, matrices, rows):  # type: ignore[no-untyped-def]
    """Points and normals in the own axes of the part that each lies on."""
    local, turned = np.empty_like(means), np.empty_like(normals)
    for i in prange(means.shape[0]):
        m = matrices[rows[i]]
        for k in range(3):
            local[i, k] = m[k, 0] * means[i, 0] + m[k, 1] * means[i, 1] + m[k, 2] * means[i, 2] + m[k, 3]
            turned[i, k] = m[k, 0] * normals[i, 0] + m[k, 1] * normals[i, 1] + m[k, 2] * normals[i, 2]
    return local, turned


def colour_pair(material: Material, tint: Colour | None) -> tuple[Colour, Colour]:
    """A surface's two colours. A tint replaces the first and keeps the pattern's contrast."""
    if tint is None:
        return material.colour, material.second_colour
    contrast = float(np.clip(np.mean(material.second_colour) / max(float(np.mean(material.colour)), 1e-3), 0.35, 1.6))
    return tint, (tint[0] * contrast, tint[1] * contrast, tint[2] * contrast)


def blend(first: Floats, second: Floats, mix: Floats, tone: Floats, warmth: Floats) -> Floats:
    """(N, 3) linear reflectance between two colours at pattern values."""
    colour = first + (second - first) * np.clip(mix, 0, 1)[:, None]
    shift = np.stack([1 + warmth, np.ones_like(warmth), 1 - warmth], axis=1)
    return np.clip(colour * tone[:, None] * shift, 0.002, 0.95).astype(np.float32)


def ground_surfels(points: Points, terrain: Terrain, *, glow_scale: float = 0.0) -> Surfels:
    """Ground: materials blend where their weights meet, ragged by noise, as they do in nature."""
    means, normals, frames, sizes = points
    weights = _vertex_weights(means, terrain)
    count = len(means)
    albedo, total, gloss = np.zeros((count, 3), np.float32), np.zeros(count, np.float32), np.zeros(count, np.float32)
    emission = np.zeros((count, 3), np.float32)
    for layer, material in enumerate(terrain.materials):
        mine = np.flatnonzero(weights[:, layer] > 0.02)
        if not len(mine):
            continue
        mix, tone, warmth, glow = paint(
            means[mine],
            normals[mine],
            sizes[mine, 0],
            pattern=material.pattern,
            size_m=material.pattern_size_m,
            grain=0,
            seed=layer + 11,
        )
        share = weights[mine, layer] * (0.35 + tone) ** 3  # the lighter grains of a layer come through first
        share = share**2
        first, second = (np.asarray(colour, np.float32) for colour in colour_pair(material, None))
        albedo[mine] += blend(first, second, mix, tone, warmth) * share[:, None]
        gloss[mine] += share * np.float32((1.0 - material.roughness) ** 0.7)
        if max(material.emission) > 0:
            emission[mine] += (share * glow)[:, None] * np.asarray(material.emission, np.float32) * np.float32(glow_scale)
        total[mine] += share
    emission /= np.maximum(total, 1e-9)[:, None]
    albedo /= np.maximum(total, 1e-9)[:, None]
    flat = np.zeros(count, np.float32)
    return Surfels(
        means,
        frames,
        sizes,
        albedo,
        emission,
        np.full(count, 0.97, np.float32),
        (gloss / np.maximum(total, 1e-9)).astype(np.float32),
        flat,
        flat,
        flat,
        np.zeros(count, np.bool_),
        np.zeros(count, np.int32),
        np.zeros(count, np.bool_),
    )


def _vertex_weights(means: Floats, terrain: Terrain) -> Floats:
    """(N, L) layer weights at points: inverse-distance mean of the three nearest vertices, seen from above."""
    from scipy.spatial import cKDTree

    tree = cKDTree(terrain.mesh.vertices[:, (0, 2)])
    distance, vertex = tree.query(means[:, (0, 2)], k=3, workers=2)
    share = 1.0 / np.maximum(distance, 1e-4) ** 2
    share /= share.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkl->nl", share, terrain.weights[vertex]).astype(np.float32)


def leaf_surfels(groups: Sequence[Foliage], spacings: Sequence[Floats], things: Sequence[int], rng: np.random.Generator) -> Surfels:
    """One splat per kept element; the fewer of a group are kept, the larger each is. spacings: (E,) metres for each group's elements."""
    counts = [len(group) for group in groups]
    lengths, widths = (_joined(groups, name) for name in ("lengths_m", "widths_m"))
    spacing = np.concatenate(spacings)
    keep = np.clip((np.sqrt(lengths * widths) * LEAF_DETAIL / np.maximum(spacing, 1e-9)) ** 2, 0.0, 1.0)
    number = np.arange(len(keep)) - np.repeat(np.cumsum(counts) - counts, counts)
    golden = (number * 0.6180339887498949 + np.repeat(rng.random(len(groups)), counts)) % 1.0
    mine = np.flatnonzero(golden < keep)
    grow = np.minimum(1.0 / np.sqrt(np.maximum(keep[mine], 1e-6)), 12.0).astype(np.float32)
    directions, normals = _joined(groups, "directions")[mine], _joined(groups, "normals")[mine]
    across = np.cross(normals, directions)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    upright = np.cross(directions, across)
    length, width = (extent / 3.0 for extent in coarser(lengths[mine], widths[mine], grow))
    count = len(mine)
    flat = np.zeros(count, np.float32)
    return Surfels(
        _joined(groups, "centres")[mine],
        np.stack([directions, across, upright], axis=2).astype(np.float32),
        np.stack([length, width, np.minimum(length, width) * 0.35], axis=1).astype(np.float32),
        np.clip(_joined(groups, "colours")[mine], 0.002, 0.95),
        np.zeros((count, 3), np.float32),
        np.full(count, 0.92, np.float32),
        flat,
        flat,
        np.repeat(np.array([group.translucency for group in groups], np.float32), counts)[mine],
        _joined(groups, "depth")[mine],
        np.ones(count, np.bool_),
        np.repeat(np.asarray(things, np.int32), counts)[mine],
        np.zeros(count, np.bool_),
    )


def _joined(groups: Sequence[Foliage], name: str) -> Floats:
    """One property of all elements; one at a time, because a forest's together are hundreds of megabytes."""
    return np.concatenate([getattr(group, name) for group in groups])


def weathered(surfels: Surfels, scene: Scene) -> Surfels:
    """Lying snow on what faces up, and the darker, glossier look of what is wet, with puddles. Indoors nothing changes."""
    sky = scene.sky
    if sky is None or scene.indoors or (sky.snow <= 0 and sky.wetness <= 0):
        return surfels
    up = surfels.frames[:, 1, 2]
    albedo, gloss = surfels.albedo, surfels.gloss
    if sky.snow > 0:
        lying = np.clip((np.where(surfels.leaf, 0.35 + 0.5 * np.abs(up) - 0.6 * surfels.depth, up) - 0.35) / 0.4, 0, 1) * sky.snow
        lying = np.where(surfels.emission.max(axis=1) > 0, 0, lying)
        albedo = albedo + (np.asarray(SNOW, np.float32) - albedo) * lying[:, None].astype(np.float32)
        gloss = (gloss * (1 - lying)).astype(np.float32)
    if sky.wetness > 0:
        wet = np.float32(sky.wetness) * (~surfels.leaf)
        pool = puddles(surfels, scene) * np.float32(sky.wetness)
        albedo = albedo * ((1 - 0.38 * wet) * (1 - 0.4 * pool))[:, None]
        gloss = np.maximum(gloss, np.maximum(0.55 * wet * np.clip(up, 0, 1), 0.98 * pool))
    return replace(surfels, albedo=albedo.astype(np.float32), gloss=gloss.astype(np.float32))


def puddles(surfels: Surfels, scene: Scene) -> Floats:
    """How much water stands on each surfel (N,), 0 … 1: in the hollows of level ways and bare ground near by; grass drinks it."""
    x, z = surfels.means[:, 0], surfels.means[:, 2]
    mine = np.flatnonzero(
        (surfels.frames[:, 1, 2] > 0.985) & ~surfels.leaf & np.isin(surfels.thing, level_ids(scene)) & (np.hypot(x, z) < PUDDLES_M)
    )
    out = np.zeros(len(surfels), np.float32)
    hollow = fractal(x[mine].astype(np.float64), z[mine].astype(np.float64), 3.4, octaves=4, gain=0.45, seed=407)
    red, green = surfels.albedo[mine, 0], surfels.albedo[mine, 1]
    grassy = np.clip((green / np.maximum(red, 1e-4) - 1.02) / 0.2, 0, 1)
    out[mine] = np.clip((hollow - PUDDLES_FROM - 0.30 * grassy) / 0.05, 0, 1)
    return out


def morton_order(means: Floats) -> NDArray[np.int64]:
    """Indices along a space-filling curve (2 cm cells, 21 bits an axis): neighbours in space are neighbours in memory."""
    grid = np.clip((means + 20_000.0) / 0.02, 0, (1 << 21) - 1).astype(np.uint64)
    key = _spread(grid[:, 0]) | (_spread(grid[:, 1]) << np.uint64(1)) | (_spread(grid[:, 2]) << np.uint64(2))
    return np.argsort(key, kind="stable")


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in (
        (32, 0x1F00000000FFFF),
        (16, 0x1F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits
