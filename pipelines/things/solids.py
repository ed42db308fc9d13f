"""Mesh primitives: box, cylinder, sphere, lathe and their kin; closed, outward-facing, vertices shared.

Axes as in the model frame: y up, lengths in metres. Every solid is centred on the origin unless its docstring says otherwise.
A bevel is a real chamfer or round that is cut out of the solid: the outer size stays; it is made smaller where the solid is too
small for it. Extrusions and sweeps live in `profiles`, blobs, cushions and cloth in `soft`; all are offered here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.scene import Mesh, cross
from pipelines.things.profiles import extrude, outward, rounded, smoothed, sweep, tube
from pipelines.things.soft import Ball, Block, Egg, Limb, blob, cloth, curtain, cushion, drape, swag

__all__ = [
    "Ball",
    "Block",
    "Egg",
    "Limb",
    "blob",
    "box",
    "capsule",
    "cloth",
    "cone",
    "curtain",
    "cushion",
    "cylinder",
    "drape",
    "ellipsoid",
    "extrude",
    "lathe",
    "prism",
    "smoothed",
    "sphere",
    "swag",
    "sweep",
    "torus",
    "tube",
]


def box(size: Sequence[float], bevel: float = 0.0, *, segments: int = 1) -> Mesh:
    """A box of `size` (width, height, depth). Edges are chamfered by `bevel`, or rounded where `segments` is 2, 4, 6 …"""
    half = np.asarray(size, np.float64) / 2
    bevel = min(bevel, float(half.min()) * 0.999)
    if bevel <= 0:
        return _plain_box(half)
    return _chamfered_box(half, bevel) if segments == 1 else _rounded_box(half, bevel, max(1, segments // 2))


_CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_BOX_FACES = np.array([triangle for a, b, c, d in _QUADS for triangle in ((a, b, c), (a, c, d))], np.int32)


def _plain_box(half: NDArray[np.float64]) -> Mesh:
    return Mesh((_CORNERS * half).astype(np.float32), _BOX_FACES.copy())


def _chamfered_box(half: NDArray[np.float64], bevel: float) -> Mesh:
    """Three vertices at every corner: vertex 3·corner + axis lies on the face across `axis`, inset along the other two."""
    inset = half - bevel + bevel * np.eye(3)
    vertices = (_CORNERS[:, None, :] * inset[None]).reshape(-1, 3)
    return Mesh(vertices.astype(np.float32), _chamfered_faces().copy())


@cache
def _chamfered_faces() -> NDArray[np.int32]:
    """(44, 3) the faces of every chamfered box: those of the one with half sides of 1 and a bevel of a half, turned outwards."""
    vertices = (_CORNERS[:, None, :] * (0.5 + 0.5 * np.eye(3))[None]).reshape(-1, 3)
    polygons: list[tuple[int, ...]] = [(3 * corner, 3 * corner + 1, 3 * corner + 2) for corner in range(8)]
    for axis, step in enumerate((4, 2, 1)):
        b, c = (other for other in (4, 2, 1) if other != step)
        polygons += [tuple(3 * corner + axis for corner in (side, side + b, side + b + c, side + c)) for side in (0, step)]
        first, second = (other for other in range(3) if other != axis)
        for start in (corner for corner in range(8) if not corner & step):
            end = start + step
            polygons.append((3 * start + first, 3 * end + first, 3 * end + second, 3 * start + second))
    faces = []
    for polygon in polygons:
        a, b3, c3 = vertices[list(polygon[:3])]
        turned = polygon if np.dot(cross(b3 - a, c3 - a), a + b3 + c3) > 0 else polygon[::-1]
        faces += [(turned[0], turned[i], turned[i + 1]) for i in range(1, len(turned) - 1)]
    return np.array(faces, np.int32)


def _rounded_box(half: NDArray[np.float64], bevel: float, steps: int) -> Mesh:
    """The sum of a smaller box and a ball, on a cube grid with `steps` lines in every eighth of an edge's round."""
    tangents = np.tan(np.linspace(0, math.pi / 4, steps + 1))
    lines = np.concatenate([-1 - tangents[::-1], 1 + tangents])  # beyond ±1 the line belongs to a round
    cube, faces = cube_grid(lines)
    core = np.clip(cube, -1, 1)
    offset = cube - core
    offset /= np.linalg.norm(offset, axis=1, keepdims=True)
    vertices = core * (half - bevel) + offset * bevel
    return Mesh(vertices.astype(np.float32), faces)


def cube_grid(lines: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """The surface of a cube cut along `lines` (ascending, symmetric): welded vertices (V, 3) and outward faces (F, 3)."""
    count = len(lines)
    index = {}
    points: list[tuple[float, float, float]] = []
    faces: list[tuple[int, int, int]] = []

    def vertex(i: int, j: int, k: int) -> int:
        key = (i, j, k)
        if key not in index:
            index[key] = len(points)
            points.append((lines[i], lines[j], lines[k]))
        return index[key]

    for axis in range(3):
        for side in (0, count - 1):
            for u in range(count - 1):
                for v in range(count - 1):
                    corners = []
                    for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
                        key = [0, 0, 0]
                        key[axis], key[(axis + 1) % 3], key[(axis + 2) % 3] = side, u + du, v + dv
                        corners.append(vertex(*key))
                    a, b, c, d = corners if side else corners[::-1]
                    faces += [(a, b, c), (a, c, d)]
    return np.array(points), np.array(faces, np.int32)


def lathe(profile: ArrayLike, *, sides: int = 24, bevel: float = 0.0, smooth: int = 0, closed: bool = False, sheet: bool = False) -> Mesh:
    """A profile of (radius, height) points turned around the y axis; heights are kept as given, not centred.

    The profile runs from one end to the other and is capped where it does not reach the axis; a cup runs up outside and down
    inside. `closed` joins its ends to a ring instead. `smooth` puts that many points between each two, along a spline that has
    corners where a point is given twice; `bevel` rounds corners.  `sheet` leaves the ends open: a lamp shade without thickness.
    """
    points = smoothed(np.asarray(profile, np.float64), smooth, closed=closed)
    if bevel > 0:
        points = _rounded_profile(points, bevel, closed=closed)
    if not closed and not sheet:
        points = np.concatenate([_axis_point(points[0]), points, _axis_point(points[-1])])
    angles = np.arange(sides) * (2 * math.pi / sides)
    poles = points[:, 0] < 1e-9  # one vertex on the axis in place of a ring
    rings = np.stack(np.broadcast_arrays(points[:, :1] * np.sin(angles), points[:, 1:], points[:, :1] * np.cos(angles)), axis=-1)
    rings[poles, 0, ::2] = 0.0
    seen = ~poles[:, None] | (np.arange(sides) == 0)
    starts = np.cumsum(np.where(poles, 1, sides)) - np.where(poles, 1, sides)
    rows = list(zip(starts.tolist(), poles.tolist(), strict=True))
    pairs = list(zip(rows, rows[1:] + rows[:1], strict=True))
    bands = [a + _band(a_pole, b_pole, sides, b - a) for (a, a_pole), (b, b_pole) in (pairs if closed else pairs[:-1])]
    mesh = Mesh(rings[seen].astype(np.float32), np.concatenate(bands).astype(np.int32))
    return mesh if sheet else outward(mesh)


def _axis_point(end: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point on the axis that closes a profile's end, or nothing where it is closed already."""
    return np.zeros((0, 2)) if end[0] < 1e-9 else np.array([[0.0, end[1]]])


def _rounded_profile(points: NDArray[np.float64], bevel: float, *, closed: bool) -> NDArray[np.float64]:
    if closed:
        return rounded(points, bevel, closed=True)
    whole = np.concatenate([_axis_point(points[0]), points, _axis_point(points[-1])])
    return rounded(whole, bevel, closed=False)


@cache
def _band(low_pole: bool, high_pole: bool, sides: int, step: int) -> NDArray[np.int64]:
    """(F, 3) triangles between two rings (or a ring and a pole) whose vertices start at 0 and at `step`."""
    if low_pole and high_pole:
        return np.zeros((0, 3), np.int64)
    k = np.arange(sides)
    n = np.roll(k, -1)
    if low_pole:
        return np.stack([0 * k, step + n, step + k], axis=1)
    if high_pole:
        return np.stack([k, n, 0 * k + step], axis=1)
    return np.stack([k, n, step + n, k, step + n, step + k], axis=1).reshape(-1, 3)


def cylinder(radius: float, height: float, *, top_radius: float | None = None, sides: int = 24, bevel: float = 0.0) -> Mesh:
    """An upright cylinder, or the stump of a cone where `top_radius` differs; rims are rounded by `bevel`."""
    top = radius if top_radius is None else top_radius
    return lathe([(radius, -height / 2), (top, height / 2)], sides=sides, bevel=bevel)


def prism(radius: float, height: float, *, sides: int = 6, bevel: float = 0.0) -> Mesh:
    """An upright regular prism of `sides` flat sides; `radius` reaches to its corners."""
    return cylinder(radius, height, sides=sides, bevel=bevel)


def cone(radius: float, height: float, *, sides: int = 24, bevel: float = 0.0) -> Mesh:
    """An upright cone, its foot at −height/2, its tip at +height/2."""
    return cylinder(radius, height, top_radius=0.0, sides=sides, bevel=bevel)


def sphere(radius: float, *, sides: int = 20) -> Mesh:
    """A ball with `sides` meridians and half as many bands."""
    angles = np.linspace(-math.pi / 2, math.pi / 2, max(3, sides // 2) + 1)
    profile = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius
    profile[[0, -1], 0] = 0.0
    return lathe(profile, sides=sides)


def ellipsoid(size: Sequence[float], *, sides: int = 20) -> Mesh:
    """A ball stretched to `size` (width, height, depth)."""
    ball = sphere(0.5, sides=sides)
    return Mesh(ball.vertices * np.asarray(size, np.float32), ball.faces)


def capsule(radius: float, height: float, *, sides: int = 20) -> Mesh:
    """An upright cylinder with half balls as ends; `height` is the whole, at least twice the radius."""
    quarter = np.linspace(0, math.pi / 2, max(2, sides // 4) + 1)
    straight = max(height / 2 - radius, 0.0)
    top = np.stack([np.cos(quarter) * radius, np.sin(quarter) * radius + straight], axis=1)
    top[-1, 0] = 0.0
    bottom = top[::-1] * [1, -1]
    profile = np.concatenate([bottom, top if straight > 0 else top[1:]])
    return lathe(profile, sides=sides)


def torus(radius: float, tube_radius: float, *, sides: int = 32, tube_sides: int = 12) -> Mesh:
    """A lying ring: `radius` from the middle to the tube's middle."""
    angles = np.arange(tube_sides) * (2 * math.pi / tube_sides)
    profile = np.stack([radius + tube_radius * np.cos(angles), tube_radius * np.sin(angles)], axis=1)
    return lathe(profile, sides=sides, closed=True)
