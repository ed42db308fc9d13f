"""The terrain's mesh and materials: square and fine round the spawn point, rings that widen to the horizon, no cracks.

The fine square is the height grid itself; its border of N vertices is repeated ring by ring, each a little wider and rounder, so
neighbouring rings share all their vertices.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.relief import Reals, ease, fractal
from pipelines.layout.terrain import NEAR_CELL_M, Ground
from pipelines.places import Layer
from pipelines.scene import Material, Mesh, Terrain

SQUARE_M = 30.0  # half side of the fine square
AHEAD_M = 8.0  # its centre lies this far ahead of the spawn point, where one looks
RIM_M = 1_270.0
SKIRT_M = 45.0


def terrain_of(ground: Ground, materials: Mapping[str, Material]) -> Terrain:
    """The finished ground of a scene."""
    points, faces = _plan_mesh()
    x, z = points[:, 0], points[:, 1]
    y = ground.heights(x, z)
    y[np.hypot(x, z) > RIM_M - 1.0] -= SKIRT_M
    vertices = np.stack([x, y, z], axis=1).astype(np.float32)
    names, weights = _weights(ground, x, z, y, slope_deg=_slopes_deg(vertices, faces))
    return Terrain(Mesh(vertices, faces), tuple(materials[name] for name in names), weights, ground.near)


def _plan_mesh() -> tuple[Reals, NDArray[np.int32]]:
    """Positions (V, 2) x, z and faces (F, 3), counter-clockwise seen from above."""
    side = round(2 * SQUARE_M / NEAR_CELL_M)
    steps = np.arange(side + 1) * NEAR_CELL_M - SQUARE_M
    x, z = np.meshgrid(steps, steps - AHEAD_M)
    square = np.stack([x.ravel(), z.ravel()], axis=1)
    index = np.arange((side + 1) ** 2).reshape(side + 1, side + 1)
    border = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    faces = [_quads(index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:])]
    rings, reaches = [], _ring_reaches()
    centred = square[border] + [0.0, AHEAD_M]
    circle = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    last, count = border, len(border)
    for reach in reaches:
        round_share = float(ease(SQUARE_M, 140.0, np.array([reach]))[0])
        shape = centred / SQUARE_M * (1 - round_share) + circle * round_share
        drift = AHEAD_M * float(ease(600.0, SQUARE_M, np.array([reach]))[0])
        rings.append(shape * reach - [0.0, drift])
        here = (side + 1) ** 2 + (len(rings) - 1) * count + np.arange(count)
        faces.append(_quads(last, np.roll(last, -1), np.roll(here, -1), here))
        last = here
    return np.concatenate([square, *rings]), np.concatenate(faces).astype(np.int32)


def _ring_reaches() -> Reals:
    reaches, reach = [], SQUARE_M
    while reach < RIM_M - 0.1:
        growth = 0.021 if reach < 70 else 0.042 if reach < 250 else 0.034
        reach = min(reach * (1 + growth), RIM_M)
        reaches.append(reach)
    return np.array([*reaches, RIM_M + 3.0])


def _quads(a: NDArray[np.int_], b: NDArray[np.int_], c: NDArray[np.int_], d: NDArray[np.int_]) -> NDArray[np.int_]:
    """Two triangles for every quadrilateral a, b, c, d."""
    a, b, c, d = (np.ravel(corner) for corner in (a, b, c, d))
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def _slopes_deg(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Reals:
    """(V,) inclination at every vertex, from the faces round it."""
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    across = np.cross(b - a, c - a)
    normals = np.stack([np.bincount(faces.ravel(), np.repeat(across[:, k], 3), len(vertices)) for k in range(3)], axis=1)
    return np.asarray(np.degrees(np.arctan2(np.hypot(normals[:, 0], normals[:, 2]), np.abs(normals[:, 1]))))


def _weights(ground: Ground, x: Reals, z: Reals, y: Reals, *, slope_deg: Reals) -> tuple[list[str], NDArray[np.float32]]:
    """Names of the materials, and each one's share (V, L) at every vertex. Later layers lie on earlier ones."""
    place = ground.place
    names, shares = [place.base], [np.ones(len(x))]
    covers: list[tuple[str, Reals]] = []
    shore = ground.shore(x, z) if ground.waters else np.full(len(x), 1e6)
    for number, layer in enumerate(place.layers):
        covers.append(
            (layer.material, _layer_share(layer, x, z, y, slope_deg=slope_deg, shore=shore, seed=ground.seed + 101 * (number + 1)))
        )
    for track in ground.tracks:
        frayed = 0.22 * fractal(x, z, 1.7, octaves=2, seed=ground.seed + 55)
        covers.append((track.material, ease(0.3, -0.2, track.distance(x, z) + frayed)))
    for material, share in covers:
        shares = [under * (1 - share) for under in shares]
        if material in names:
            shares[names.index(material)] += share
        else:
            names.append(material)
            shares.append(share)
    weights = np.stack(shares, axis=1)
    return names, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _layer_share(layer: Layer, x: Reals, z: Reals, y: Reals, *, slope_deg: Reals, shore: Reals, seed: int) -> Reals:
    """How much of each vertex the layer covers, 0 … 1."""
    noise = fractal(x, z, layer.size_m, octaves=4, gain=0.55, seed=seed)
    if layer.where == "slope":
        return ease(layer.from_deg - 5, layer.from_deg + 5, slope_deg + 5 * noise)
    if layer.where == "shore":
        return ease(layer.reach_m * 1.25, layer.reach_m * 0.7, shore + 0.35 * layer.reach_m * noise)
    if layer.where == "height":
        lying = ease(54.0, 38.0, slope_deg)  # what lies on a mountain slides off its steepest faces
        return ease(layer.from_m * 0.9, layer.from_m * 1.15, y + 0.3 * layer.from_m * noise) * (0.25 + 0.75 * lying)
    if layer.where == "veins":
        line = np.abs(fractal(x, z, layer.size_m, octaves=3, gain=0.4, seed=seed + 7)) / np.maximum(0.35 + noise, 0.08)
        return ease(layer.share, 0.4 * layer.share, line) * ease(layer.from_m, 1.6 * layer.from_m, np.hypot(x, z))
    if layer.where == "far":
        return ease(layer.from_m, layer.from_m * 2.2, np.hypot(x, z) + layer.from_m * 0.4 * noise)
    threshold = 0.62 - 1.1 * layer.share
    return ease(threshold - 0.12, threshold + 0.16, noise)
