"""Solids that builders use: panels with openings, boards between points, lofts, wedges.

Conventions: x along a wall, y up, z out of it; metres; every mesh is closed and faces outwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Matrix, Mesh, cross
from pipelines.things.profiles import outward

Outline = NDArray[np.float64]  # (N, 2) counter-clockwise
Vector = Sequence[float] | NDArray[np.floating]


def mesh_of(vertices: object, faces: object) -> Mesh:
    """A Mesh from anything array-like."""
    return Mesh(np.asarray(vertices, np.float32).reshape(-1, 3), np.asarray(faces, np.int32).reshape(-1, 3))


def translation(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Matrix:
    """(4, 4) a shift."""
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def rotation(axis: str, degrees: float) -> Matrix:
    """(4, 4) a right-handed turn about the x, y or z axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(4)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix


def axes(x: Vector, y: Vector, z: Vector, origin: Vector = (0, 0, 0)) -> Matrix:
    """(4, 4) whose columns are the given unit axes and origin."""
    matrix = np.eye(4)
    for column, vector in enumerate((x, y, z, origin)):
        matrix[:3, column] = vector
    return matrix


def along(start: Vector, end: Vector, up: Vector = (0, 1, 0)) -> tuple[Matrix, float]:
    """A frame whose x runs from start to end with its origin in the middle and y as near to `up` as can be; and the distance."""
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    length = float(np.linalg.norm(b - a))
    x = (b - a) / max(length, 1e-9)
    guide = np.asarray(up, np.float64)
    if abs(float(x @ guide)) > 0.99 * float(np.linalg.norm(guide)):
        guide = np.array([0.0, 0.0, 1.0]) if abs(x[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    z = cross(x, guide)
    z /= np.linalg.norm(z)
    return axes(x, cross(z, x), z, (a + b) / 2), length


def rectangle(width: float, height: float, *, at: tuple[float, float] = (0, 0)) -> Outline:
    """A rectangle around the point `at`."""
    x, y = at
    w, h = width / 2, height / 2
    return np.array([[x - w, y - h], [x + w, y - h], [x + w, y + h], [x - w, y + h]], np.float64)


def arch(width: float, height: float, *, bottom: float = 0.0, x: float = 0.0, rise: float = 0.5, pointed: bool = False) -> Outline:
    """A doorway with an arched head: `rise` is the arch's height as a share of the width (0.5 = a half circle)."""
    half, spring = width / 2, height - rise * width
    if pointed:
        radius = (half**2 + (rise * width) ** 2) / (2 * half)
        top = math.atan2(rise * width, radius - half)
        right = [(radius * math.cos(t) - radius + half, spring + radius * math.sin(t)) for t in np.linspace(0, top, 6)]
        head = right + [(-px, py) for px, py in reversed(right[:-1])]
    elif rise <= 0:
        head = [(half, height), (-half, height)]
    else:
        head = [(half * math.cos(t), spring + rise * width * math.sin(t)) for t in np.linspace(0, math.pi, 11)]
    points = [(-half, 0.0), (half, 0.0), *head]
    return np.array([(x + px, bottom + py) for px, py in points], np.float64)


def inset(outline: Outline, amount: float) -> Outline:
    """The convex outline drawn in by `amount` on all sides (negative: drawn out)."""
    before, after = np.concatenate([outline[-1:], outline[:-1]]), np.concatenate([outline[1:], outline[:1]])
    into, out = outline - before, after - outline
    into /= np.linalg.norm(into, axis=1, keepdims=True) + 1e-12
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-12
    n1 = np.stack([-into[:, 1], into[:, 0]], axis=1)
    n2 = np.stack([-out[:, 1], out[:, 0]], axis=1)
    mitre = (n1 + n2) / np.maximum(1 + np.sum(n1 * n2, axis=1, keepdims=True), 0.3)
    return outline + amount * mitre


def _signed_area(outline: Outline) -> float:
    after = np.concatenate([outline[1:], outline[:1]])
    return float(np.sum(outline[:, 0] * after[:, 1] - after[:, 0] * outline[:, 1]) / 2)


def panel(outline: Outline, thickness: float, holes: Sequence[Outline] = ()) -> Mesh:
    """A plate in the xy plane from z = 0 back to z = −thickness, with holes cut through it."""
    rings = [outline if _signed_area(outline) > 0 else outline[::-1]]
    rings += [hole[::-1] if _signed_area(hole) > 0 else hole for hole in holes]
    flat = np.concatenate(rings).astype(np.float64)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    number = np.arange(len(flat))
    nudge = 1e-6 * np.column_stack([np.sin(number * 12.9898), np.sin(number * 78.233)])  # earcut drops points that lie on one line
    cap = mapbox_earcut.triangulate_float64(flat + nudge, ends).reshape(-1, 3).astype(np.int64)
    a, b, c = flat[cap[:, 0]], flat[cap[:, 1]], flat[cap[:, 2]]
    turned = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]) < 0
    cap[turned] = cap[turned][:, ::-1]
    count = len(flat)
    front = np.column_stack([flat, np.zeros(count)])
    back = np.column_stack([flat, np.full(count, -thickness)])
    faces = [cap, cap[:, ::-1] + count]
    start = 0
    for ring in rings:
        i = np.arange(len(ring)) + start
        j = np.roll(i, -1)
        faces += [np.stack([i, i + count, j + count], 1), np.stack([i, j + count, j], 1)]
        start += len(ring)
    return mesh_of(np.concatenate([front, back]), np.concatenate(faces))


def wall_panel(outline: Outline, thickness: float, holes: Sequence[Outline] = ()) -> Mesh:
    """As `panel`, but walls that are rectangles with rectangular holes are cut into rectangles: no slivers, which sample badly."""
    if not all(_is_rectangle(each) for each in (outline, *holes)):
        return panel(outline, thickness, holes)
    xs, ys = (np.unique(np.round(np.concatenate([outline[:, k], *(hole[:, k] for hole in holes)]), 6)) for k in (0, 1))
    middle_x, middle_y = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
    kept = np.ones((len(ys) - 1, len(xs) - 1), np.bool_)
    for hole in holes:
        (x0, y0), (x1, y1) = hole.min(axis=0), hole.max(axis=0)
        kept &= ~(((middle_x > x0) & (middle_x < x1))[None] & ((middle_y > y0) & (middle_y < y1))[:, None])
    flat = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    count, step = len(flat), len(xs)
    row, column = np.nonzero(kept)
    a = row * step + column
    b, c, d = a + 1, a + step + 1, a + step
    cap = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    faces = [cap, cap[:, ::-1] + count]
    around = np.pad(kept, 1)
    for rows, columns, start, end in ((0, 1, a, b), (1, 2, b, c), (2, 1, c, d), (1, 0, d, a)):
        rim = ~around[row + rows, column + columns]
        i, j = start[rim], end[rim]
        faces += [np.stack([i, i + count, j + count], 1), np.stack([i, j + count, j], 1)]
    front, back = np.column_stack([flat, np.zeros(count)]), np.column_stack([flat, np.full(count, -thickness)])
    return mesh_of(np.concatenate([front, back]), np.concatenate(faces))


def _is_rectangle(outline: Outline) -> bool:
    sides = np.roll(outline, -1, axis=0) - outline
    return len(outline) == 4 and bool(np.all(np.abs(sides).min(axis=1) < 1e-9))


def ring(outline: Outline, width: float, thickness: float) -> Mesh:
    """A frame of that width inside the convex outline, from z = 0 back to z = −thickness."""
    return panel(outline, thickness, [inset(outline, width)])


def loft(sections: NDArray[np.floating], *, closed_ends: bool = True, loop: bool = False) -> Mesh:
    """A skin through (S, N, 3) rings of equal length; rings run counter-clockwise seen against the direction of the sections.

    `loop` joins the last section to the first (a tyre); otherwise both ends are closed by a fan around their middle.
    """
    rings = np.asarray(sections, np.float64)
    count, sides = rings.shape[:2]
    index = np.arange(count * sides).reshape(count, sides)
    last = index if loop else index[:-1]
    following = np.roll(index, -1, axis=0) if loop else index[1:]
    a, b = last, np.roll(last, -1, axis=1)
    c, d = following, np.roll(following, -1, axis=1)
    faces = [np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)]
    vertices = [rings.reshape(-1, 3)]
    if closed_ends and not loop:
        for row, flip, offset in ((index[0], True, 0), (index[-1], False, 1)):
            middle = count * sides + offset
            vertices.append(rings[0 if flip else -1].mean(axis=0)[None])
            fan = np.stack([row, np.roll(row, -1), np.full(sides, middle)], 1)
            faces.append(fan[:, ::-1] if flip else fan)
    return outward(mesh_of(np.concatenate(vertices), np.concatenate(faces)))


def hull_of(bottom: Vector, top: Vector) -> Mesh:
    """A prismatoid between two outlines of equal length, (N, 3) each."""
    return loft(np.stack([np.asarray(bottom, np.float64), np.asarray(top, np.float64)]))


def wedge(corners: NDArray[np.floating]) -> Mesh:
    """A six-sided solid from (8, 3) corners: the lower four counter-clockwise seen from above, then the upper four."""
    lower, upper = corners[:4], corners[4:]
    quads = [[3, 2, 1, 0], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    faces = [[q[i] for i in t] for q in quads for t in ((0, 1, 2), (0, 2, 3))]
    return mesh_of(np.concatenate([lower, upper]), faces)


def wedges(corners: NDArray[np.floating]) -> Mesh:
    """Many six-sided solids at once from (K, 8, 3) corners, each as in `wedge`."""
    one = wedge(np.zeros((8, 3))).faces
    faces = one[None] + 8 * np.arange(len(corners))[:, None, None]
    return mesh_of(corners, faces)


def tube(path: NDArray[np.floating], radius: float | NDArray[np.floating], *, sides: int = 8) -> Mesh:
    """A round bar along (K, 3) points; the radius may vary from point to point."""
    points = np.asarray(path, np.float64)
    radii = np.broadcast_to(np.asarray(radius, np.float64), (len(points),))
    tangents = np.gradient(points, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    guide = np.array([0.0, 1.0, 0.0]) if abs(tangents[0, 1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    rings = []
    across = cross(tangents[0], guide)
    for point, tangent, r in zip(points, tangents, radii, strict=True):
        across = across - (across @ tangent) * tangent
        across /= np.linalg.norm(across)
        up = cross(tangent, across)
        angles = np.linspace(0, 2 * math.pi, sides, endpoint=False)[:, None]
        rings.append(point + r * (np.cos(angles) * across + np.sin(angles) * up))
    return loft(np.array(rings))


def arc(start: Vector, end: Vector, sag: float, count: int = 9) -> NDArray[np.float64]:
    """(count, 3) points from start to end that hang through by `sag` (negative: rise)."""
    t = np.linspace(0, 1, count)[:, None]
    points = np.asarray(start, np.float64) * (1 - t) + np.asarray(end, np.float64) * t
    points[:, 1] -= (4 * sag * t * (1 - t))[:, 0]
    return points


def between(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> Mesh:
    """A solid between two grids of points (R, C, 3) that have the same edges in common order: a bent plate."""
    rows, columns, _ = upper.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    p, q, r, s = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    top = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    rim = np.concatenate([index[0], index[1:, -1], index[-1, -2::-1], index[-2:0:-1, 0]])
    after = np.roll(rim, -1)
    below = rows * columns
    sides = np.concatenate([np.stack([rim, rim + below, after + below], 1), np.stack([rim, after + below, after], 1)])
    mesh = mesh_of(np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)]), np.concatenate([top, top[:, ::-1] + below, sides]))
    return outward(mesh)
