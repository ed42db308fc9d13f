"""Caverns: the roof of rock over a hollow, its dripstones, and a shaft through which the sky looks in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.features import strip_faces, surface_model
from pipelines.layout.hollows import WALL_TOP, Points, way_out
from pipelines.layout.relief import Reals, fractal, ridges
from pipelines.places import Cavern
from pipelines.scene import Material, Mesh, Model, Part, join_meshes

ROOF_CELL_M = 0.6
MARGIN_M = 6.0  # how far the roof reaches into the rock


def roof_model(cavern: Cavern, material: Material, *, seed: int) -> Model:
    """The rock overhead, with dripstones, and a shaft to the sky where the place has light from above."""
    reach = np.arange(-cavern.half_width_m - MARGIN_M, cavern.half_width_m + MARGIN_M, ROOF_CELL_M)
    along = np.arange(-1.6 * cavern.half_length_m - MARGIN_M, 0.4 * cavern.half_length_m + MARGIN_M, ROOF_CELL_M)
    x, z = np.meshgrid(reach, along)
    y = _roof(x, z, cavern, seed=seed)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    faces = strip_faces(len(along), len(reach))
    middle = (0.25 * cavern.half_width_m, -0.75 * cavern.half_length_m)
    meshes = []
    if cavern.light_m > 0:
        gap = np.hypot(vertices[:, 0] - middle[0], vertices[:, 2] - middle[1]) < cavern.light_m
        faces = faces[~gap[faces].any(axis=1)]
        meshes.append(_shaft(middle, cavern, seed=seed))
    lid = _lid(vertices[:, 0], vertices[:, 2], faces, cavern)
    towards = np.array([middle[0], 1.5, middle[1]])
    roof = [Part(_facing(Mesh(vertices, faces), towards), material, name="roof", crease_deg=40.0)]
    roof.append(Part(_facing(lid, towards, away=True), material, name="rock above", collides=False))
    roof += [Part(_facing(mesh, np.array([middle[0], cavern.height_m + 2.0, middle[1]])), material, name="shaft") for mesh in meshes]
    if cavern.dripstones:
        roof.append(Part(_dripstones(cavern, middle, seed=seed), material, name="dripstones", crease_deg=50.0))
    return surface_model("cave roof", roof)


def _lid(x: Points, z: Points, faces: NDArray[np.int32], cavern: Cavern) -> Mesh:
    """The rock over roof and walls, seen by nobody: without it the sun would shine on the walls' backs and through every joint."""
    y = np.full(len(x), WALL_TOP * cavern.height_m - 0.2)
    return Mesh(np.stack([x, y, z], axis=-1).astype(np.float32), faces)


def _facing(mesh: Mesh, point: Points, *, away: bool = False) -> Mesh:
    """The mesh with all faces turned so that, on the whole, they look to a point (or away from it): one side is rock."""
    corners = mesh.vertices[mesh.faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    seen = float(np.einsum("ij,ij->", across, point - corners.mean(axis=1)))
    return Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces if (seen > 0) != away else mesh.faces[:, ::-1]))


def _roof(x: Points, z: Points, cavern: Cavern, *, seed: int) -> Reals:
    """Height of the roof."""
    share = np.clip(way_out(x, z, cavern, seed=seed), 0.0, 1.0)
    vault = 0.55 + 0.45 * np.sqrt(np.maximum(1.0 - share**2, 0.0))
    lumps = fractal(x, z, 5.0, octaves=4, gain=0.55, seed=seed + 43) + 0.5 * ridges(x, z, 2.2, octaves=3, seed=seed + 44)
    return np.asarray(cavern.height_m * vault + 0.5 * cavern.rough_m * lumps)


def _shaft(middle: tuple[float, float], cavern: Cavern, *, seed: int) -> Mesh:
    """A ragged chimney from the hole in the roof upwards."""
    angle = np.linspace(0.0, 2 * math.pi, 41)
    rings = np.linspace(0.0, 1.0, 7)[:, None]
    ragged = 1.12 + 0.14 * fractal(np.cos(angle) * 2 + rings * 3, np.sin(angle) * 2 + rings, 1.0, octaves=3, seed=seed + 45)
    ragged[:, -1] = ragged[:, 0]
    radius = (cavern.light_m + ROOF_CELL_M) * ragged * (1.0 + 0.2 * (1 - rings))
    x, z = middle[0] + radius * np.cos(angle), middle[1] + radius * np.sin(angle)
    y = _roof(x[0], z[0], cavern, seed=seed) - 0.25 + rings * (WALL_TOP * cavern.height_m + 0.4 - 0.9 * cavern.height_m)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    return Mesh(vertices, strip_faces(len(rings), len(angle)))


def _dripstones(cavern: Cavern, light: tuple[float, float], *, seed: int) -> Mesh:
    """Cones that hang from the roof, in groups, none in the shaft."""
    rng = np.random.Generator(np.random.PCG64([seed, 46]))
    x = rng.uniform(-cavern.half_width_m, cavern.half_width_m, 4 * cavern.dripstones)
    z = rng.uniform(-1.5 * cavern.half_length_m, 0.3 * cavern.half_length_m, len(x))
    fine = way_out(x, z, cavern, seed=seed) < 0.97
    fine &= np.hypot(x - light[0], z - light[1]) > cavern.light_m + 1.5
    fine &= fractal(x, z, 6.0, octaves=2, seed=seed + 47) > -0.1
    x, z = x[fine][: cavern.dripstones], z[fine][: cavern.dripstones]
    top = _roof(x, z, cavern, seed=seed) + 0.5
    long = np.minimum(0.7 + 0.16 * cavern.height_m * rng.pareto(2.6, len(x)), 0.5 * cavern.height_m)
    wide = 0.10 * long + 0.07
    angle = np.linspace(0.0, 2 * math.pi, 10)
    radii, rise = np.array([0.02, 0.3, 0.55, 0.9, 1.7]), np.array([0.0, 0.3, 0.6, 0.85, 1.0])
    meshes = []
    for k in range(len(x)):
        px = x[k] + wide[k] * radii[:, None] * np.cos(angle)
        pz = z[k] + wide[k] * radii[:, None] * np.sin(angle)
        py = np.broadcast_to(top[k] + (rise[:, None] - 1.0) * long[k], px.shape)
        cone = Mesh(np.stack([px, py, pz], axis=-1).reshape(-1, 3).astype(np.float32), strip_faces(len(radii), len(angle)))
        meshes.append(_facing(cone, np.array([x[k], top[k] - 0.3 * long[k], z[k]]), away=True))
    return join_meshes(meshes)
