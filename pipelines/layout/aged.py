"""Aged: what styles do to surfels: ivy, moss and grass where nobody has been for years, bleached paint, pigment that ran, flat colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.gather import level_ids
from pipelines.layout.relief import Reals, fractal
from pipelines.scene import BACKGROUND, Colour, Floats, Look, Scene, Surfels

IVY: tuple[Colour, Colour] = ((0.030, 0.085, 0.018), (0.085, 0.160, 0.035))
MOSS: Colour = (0.075, 0.120, 0.030)
WEEDS: tuple[Colour, Colour] = ((0.055, 0.105, 0.022), (0.150, 0.190, 0.060))
LEAF_M = 0.055  # size of an ivy leaf
FACET_M = 1.5  # edge of the ground's facets where all is flat
CLIMBS_M = 9.0  # how high ivy climbs at most


def styled(surfels: Surfels, scene: Scene) -> Surfels:
    """The surfels as the scene's look wants them."""
    look = scene.look
    if look == Look():
        return surfels
    if look.faded > 0:
        surfels = _faded(surfels, look.faded)
    if look.overgrown > 0 and not scene.indoors:
        surfels = _mossy(surfels, scene, look.overgrown)
        surfels = _climbed(surfels, scene, look.overgrown)
    if look.wash > 0:
        surfels = _washed(surfels, look.wash)
    if look.flat:
        surfels = _flat(surfels)
    return surfels


def _field(means: Floats, wavelength_m: float, seed: int) -> Reals:
    """Noise (N,) in space, about −0.5 … 0.5: planes of any direction cut it into patches; two slants hide each other's stripes."""
    x, y, z = (means[:, k].astype(np.float64) for k in range(3))
    first = fractal(x + 0.62 * y, z - 0.81 * y, wavelength_m, octaves=4, gain=0.5, seed=seed)
    return 0.7 * (first + fractal(x - 0.71 * y, z + 0.55 * y, wavelength_m, octaves=3, gain=0.5, seed=seed + 50))


def _chance(means: Floats, cell_m: float, salt: int) -> NDArray[np.float32]:
    """A number (N,) in 0 … 1 for every cell of a grid, the same for all points in it."""
    cells = np.floor(means / cell_m).astype(np.int64)
    mixed = (cells[:, 0] * 73_856_093) ^ (cells[:, 1] * 19_349_663) ^ (cells[:, 2] * 83_492_791) ^ (salt * 2_654_435_761)
    mixed = (mixed ^ (mixed >> 13)) * 1_274_126_177
    return ((mixed >> 8) & 0xFFFF).astype(np.float32) / np.float32(65_535)


def _made(surfels: Surfels) -> NDArray[np.bool_]:
    return ~surfels.leaf & (surfels.thing != BACKGROUND)


def _faded(surfels: Surfels, amount: float) -> Surfels:
    """Made things go pale and grey, unevenly, with streaks that run down."""
    mine = np.flatnonzero(_made(surfels))
    albedo = surfels.albedo.copy()
    means = surfels.means[mine]
    patch = np.clip(0.6 + 1.1 * _field(means, 1.7, 61), 0, 1) * amount
    streak = fractal(means[:, 0] * 5.0, means[:, 2] * 5.0 + 0.12 * means[:, 1], 1.0, octaves=3, seed=62)
    colour = albedo[mine]
    grey = colour.mean(axis=1, keepdims=True)
    colour = colour + (0.92 * grey + 0.03 - colour) * (0.75 * patch)[:, None]
    albedo[mine] = colour * (1 + 0.55 * amount * np.minimum(streak, 0.1))[:, None]
    return replace(surfels, albedo=np.clip(albedo, 0.002, 0.95).astype(np.float32))


def _mossy(surfels: Surfels, scene: Scene, amount: float) -> Surfels:
    """Moss on what faces up, weeds in ways and on bare ground."""
    level = np.isin(surfels.thing, level_ids(scene))
    mine = np.flatnonzero(~surfels.leaf & (surfels.frames[:, 1, 2] > 0.25))
    means, up = surfels.means[mine], surfels.frames[mine, 1, 2]
    cover = np.clip((_field(means, 1.3, 63) + 0.55 * amount * up - 0.12) / 0.16, 0, 1)
    own = _chance(means, 0.05, 5)[:, None]
    weeds = np.asarray(WEEDS[0]) + (np.asarray(WEEDS[1]) - np.asarray(WEEDS[0])) * own
    green = np.where(level[mine][:, None], weeds, np.asarray(MOSS) * (0.6 + 0.8 * own))
    albedo = surfels.albedo.copy()
    albedo[mine] += (green - albedo[mine]) * (0.9 * cover)[:, None]
    return replace(surfels, albedo=albedo.astype(np.float32))


def _climbed(surfels: Surfels, scene: Scene, amount: float) -> Surfels:
    """Ivy on walls: surfels of patches that grow from the ground become leaves, a little before the wall."""
    high = [thing.id for thing in scene.things if thing.id and np.ptp(thing.bounds[:, 1]) > 1.8 and not thing.model.foliage]
    wall = np.isin(surfels.thing, high) & ~surfels.leaf & (np.abs(surfels.frames[:, 1, 2]) < 0.5)
    index = np.flatnonzero(wall)
    means = surfels.means[index]
    ground = scene.terrain.heights.at(means[:, 0], means[:, 2]) if scene.terrain is not None else np.zeros(len(index))
    rise = (means[:, 1] - ground) / CLIMBS_M
    index = index[_field(means, 2.6, 64) + 0.26 * amount - 0.12 - 0.42 * np.maximum(rise, 0.0) ** 1.2 > 0]
    means = surfels.means[index]
    own, lean, deep = (_chance(means, LEAF_M, salt) for salt in (6, 7, 8))
    colour = np.asarray(IVY[0]) + (np.asarray(IVY[1]) - np.asarray(IVY[0])) * (own * (0.4 + 0.6 * deep))[:, None]
    albedo, translucency, leaf = surfels.albedo.copy(), surfels.translucency.copy(), surfels.leaf.copy()
    emission, gloss, opacity = surfels.emission.copy(), surfels.gloss.copy(), surfels.opacity.copy()
    depth, moved, sizes = surfels.depth.copy(), surfels.means.copy(), surfels.sizes_m.copy()
    albedo[index], translucency[index], leaf[index] = colour, 0.3, True
    emission[index], gloss[index], opacity[index], depth[index] = 0.0, 0.0, 0.95, 0.55 * (1 - deep)
    moved[index] += surfels.frames[index, :, 2] * (0.02 + 0.07 * deep + 0.03 * lean)[:, None]
    sizes[index, :2] *= np.float32(1.12)
    return replace(
        surfels, means=moved.astype(np.float32), sizes_m=sizes, albedo=albedo.astype(np.float32), emission=emission, opacity=opacity,
        gloss=gloss, translucency=translucency, depth=depth.astype(np.float32), leaf=leaf,
    )  # fmt: skip


def _washed(surfels: Surfels, amount: float) -> Surfels:
    """Pigment that pooled and ran: broad uneven strength, fine grain of the paper, hues that drift into each other."""
    pool, drift = _field(surfels.means, 1.9, 65), _field(surfels.means, 3.7, 66)
    grain = _chance(surfels.means, 0.03, 9) - 0.5
    strength = 1 - amount * (0.75 * pool + 0.10 * grain)
    shift = np.stack([1 + 0.35 * drift, np.ones_like(drift), 1 - 0.35 * drift], axis=1)
    return replace(surfels, albedo=np.clip(surfels.albedo * strength[:, None] * shift, 0.002, 0.95).astype(np.float32))


def _flat(surfels: Surfels) -> Surfels:
    """The ground in triangles of one colour each."""
    mine = np.flatnonzero(surfels.thing == BACKGROUND)
    u, v = surfels.means[mine, 0] / FACET_M, (surfels.means[mine, 2] + 0.5 * surfels.means[mine, 0]) / FACET_M
    cell = np.stack([np.floor(u), np.floor(v), (u - np.floor(u)) + (v - np.floor(v)) > 1], axis=1).astype(np.int64)
    _, which, counts = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    albedo = surfels.albedo.copy()
    for c in range(3):
        albedo[mine, c] = (np.bincount(which, surfels.albedo[mine, c]) / counts)[which]
    shade = (0.86 + 0.28 * ((np.arange(len(counts)) * 0.6180339887498949) % 1.0)).astype(np.float32)
    albedo[mine] *= shade[which][:, None]
    return replace(surfels, albedo=np.clip(albedo, 0.002, 0.95))
