"""Ground features as things: waters, paths and streets get an id, a label and a surface of their own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.relief import Reals
from pipelines.layout.terrain import Ground, Track
from pipelines.layout.waters import Sea, Water
from pipelines.scene import Body, Material, Mesh, Model, Part

FIXED = Body(mass_kg=1000.0, friction=0.7, restitution=0.1, dynamic=False)
WATER_BODY = Body(mass_kg=1000.0, friction=0.1, restitution=0.0, dynamic=False)
LIFT_M = 0.012  # a path's own surface above the ground that carries it


def surface_model(kind: str, parts: list[Part], *, body: Body = FIXED) -> Model:
    """A model of flat parts given in world positions, its origin moved to the spawn point."""
    points = np.concatenate([part.mesh.vertices for part in parts])
    bounds = np.stack([points.min(axis=0), points.max(axis=0)]).astype(np.float32)
    return Model(kind, tuple(parts), (), (), (), body, bounds, bounds[:, [0, 2]].copy())


def water_model(water: Water, material: Material) -> Model:
    """The flat sheet of a water."""
    part = Part(water.surface(), material, name="surface", collides=False, double_sided=True)
    return surface_model(water.kind, [part], body=WATER_BODY)


def quay_model(water: Sea, material: Material) -> Model:
    """A wall along a straight shore, its crown level with the land, with a row of larger stones as its edge."""
    along = np.arange(-90.0, 90.5, 1.5)
    profile = np.array(
        [[0.9, -0.4], [0.9, 0.0], [0.88, 0.03], [0.06, 0.03], [0.0, 0.0], [-0.04, -0.3], [0.05, -0.32], [0.35, water.level_m - 2.0]]
    )
    out = water.distance_m + 0.35 - profile[:, 0]
    x = out[None, :] * water.towards[0] - along[:, None] * water.towards[1]
    z = out[None, :] * water.towards[1] + along[:, None] * water.towards[0]
    y = np.broadcast_to(profile[None, :, 1], x.shape)
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    mesh = _facing_up(vertices, strip_faces(len(along), len(profile)))
    return surface_model("quay wall", [Part(mesh, material, name="quay", crease_deg=30.0, double_sided=True)])


def track_model(kind: str, track: Track, ground: Ground, materials: Mapping[str, Material]) -> Model:
    """The trodden middle of a path, draped over the ground; its frayed edges are the ground's own."""
    line = track.line[np.hypot(track.line[:, 0], track.line[:, 1]) < 60]
    step = np.gradient(line, axis=0)
    across = np.stack([-step[:, 1], step[:, 0]], axis=1) / np.linalg.norm(step, axis=1, keepdims=True)
    share = np.linspace(-0.72, 0.72, 5) * track.half_width_m
    points = line[:, None, :] + across[:, None, :] * share[None, :, None]
    y = ground.heights(points[..., 0], points[..., 1]) + LIFT_M
    y[:, [0, -1]] -= 2 * LIFT_M  # the rim dips into the ground, so that no edge shows
    vertices = np.stack([points[..., 0], y, points[..., 1]], axis=-1).reshape(-1, 3).astype(np.float32)
    mesh = _facing_up(vertices, strip_faces(len(line), len(share)))
    return surface_model(kind, [Part(mesh, materials[track.material], name="way", crease_deg=70.0, double_sided=True)])


def street_model(
    kind: str,
    *,
    centre_x: float,
    half_width_m: float,
    pavement_m: float,
    reach_m: tuple[float, float],
    materials: Mapping[str, Material],
    road: str,
) -> Model:
    """A straight street along z: roadway with gutters, kerbs, pavements; the roadway lies at y = 0, pavements 12 cm higher."""
    near, far = reach_m
    parts = []
    z = np.concatenate([np.linspace(near, 40.0, 12, endpoint=False), np.arange(40.0, -40.0, -2.0), np.linspace(-40.0, far, 24)])
    inner, kerb = half_width_m, 0.16
    parts.append(Part(_band(z, centre_x - inner, centre_x + inner, LIFT_M / 2), materials[road], name="roadway"))
    for side in (-1, 1):
        edge = centre_x + side * inner
        parts.append(_slab(z, edge, edge + side * kerb, 0.13, materials["granite"], "kerb"))
        parts.append(_slab(z, edge + side * kerb, edge + side * (kerb + pavement_m), 0.128, materials["paving"], "pavement"))
        if road == "asphalt":
            parts.append(Part(_band(z, edge - side * 0.42, edge - side * 0.30, LIFT_M), materials["white_plaster"], name="edge line"))
    if road == "asphalt":
        for start in np.arange(min(near, 90.0), max(far, -90.0), -6.0):
            dash = _band(np.array([start, start - 2.6]), centre_x - 0.07, centre_x + 0.07, LIFT_M)
            parts.append(Part(dash, materials["white_plaster"], name="centre line"))
    return surface_model(kind, parts)


def _band(z: Reals, left: float, right: float, y: float) -> Mesh:
    """A flat band between two x, along decreasing z."""
    x0, x1 = min(left, right), max(left, right)
    columns = np.linspace(x0, x1, 5)
    x, zz = np.meshgrid(columns, z)
    vertices = np.stack([x.ravel(), np.full(x.size, y), zz.ravel()], axis=1).astype(np.float32)
    return _facing_up(vertices, strip_faces(len(z), len(columns)))


def _slab(z: Reals, left: float, right: float, y: float, material: Material, name: str) -> Part:
    """A raised band with its side walls."""
    x0, x1 = min(left, right), max(left, right)
    profile = np.array([[x0, -0.05], [x0, y - 0.01], [x0 + 0.012, y], [(x0 + x1) / 2, y], [x1 - 0.012, y], [x1, y - 0.01], [x1, -0.05]])
    vertices = np.stack([np.tile(profile[:, 0], len(z)), np.tile(profile[:, 1], len(z)), np.repeat(z, len(profile))], axis=1).astype(
        np.float32
    )
    return Part(_facing_up(vertices, strip_faces(len(z), len(profile))), material, name=name, crease_deg=30.0)


def strip_faces(rows: int, columns: int) -> NDArray[np.int32]:
    """Faces of a row-major grid of vertices."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)[None, :]).ravel()
    first = np.stack([corner, corner + columns, corner + 1], axis=1)
    second = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([first, second]).astype(np.int32)


def _facing_up(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> Mesh:
    """All faces turned so that the surface as a whole faces up."""
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    if np.cross(b - a, c - a)[:, 1].sum() < 0:
        faces = faces[:, ::-1]
    return Mesh(vertices, np.ascontiguousarray(faces, np.int32))
