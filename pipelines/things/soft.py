"""Soft solids: blobs (smooth unions), cushions, and cloth that hangs or lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.scene import Mesh
from pipelines.things.profiles import outward

Points = NDArray[np.float64]
Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ball:
    """A ball in a blob."""

    centre: Vector
    radius: float

    def distance(self, points: Points) -> Points:
        """Signed distance of points (..., 3), negative inside."""
        result: Points = np.asarray(np.linalg.norm(points - np.asarray(self.centre), axis=-1) - self.radius)
        return result

    @property
    def reach(self) -> Points:
        """(2, 3) lowest and highest corner."""
        reach: Points = np.array([self.centre, self.centre], np.float64) + np.array([[-self.radius], [self.radius]])
        return reach


@dataclass(frozen=True, slots=True)
class Limb:
    """A rod with round ends in a blob, from `start` to `end`, thinning from `radius` to `end_radius`."""

    start: Vector
    end: Vector
    radius: float
    end_radius: float | None = None

    def distance(self, points: Points) -> Points:
        """Distance to the axis less the radius there; exact where the radius is constant."""
        start = np.asarray(self.start, np.float64)
        along = np.asarray(self.end, np.float64) - start
        share = np.clip((points - start) @ along / max(float(along @ along), 1e-12), 0, 1)
        last = self.radius if self.end_radius is None else self.end_radius
        away = np.linalg.norm(points - start - share[..., None] * along, axis=-1)
        result: Points = away - (self.radius + (last - self.radius) * share)
        return result

    @property
    def reach(self) -> Points:
        """(2, 3) lowest and highest corner."""
        ends = np.array([self.start, self.end])
        most = max(self.radius, self.end_radius or 0.0)
        return np.stack([ends.min(axis=0) - most, ends.max(axis=0) + most])


@dataclass(frozen=True, slots=True)
class Egg:
    """An ellipsoid of `size` (whole width, height, depth) in a blob."""

    centre: Vector
    size: Vector

    def distance(self, points: Points) -> Points:
        """Distance by the first-order estimate k0 (k0 − 1) / k1, zero exactly on the surface."""
        radii = np.asarray(self.size, np.float64) / 2
        local = points - np.asarray(self.centre)
        k0 = np.linalg.norm(local / radii, axis=-1)
        k1 = np.linalg.norm(local / radii**2, axis=-1)
        result: Points = k0 * (k0 - 1) / np.maximum(k1, 1e-9)
        result[k1 < 1e-9] = -radii.min()
        return result

    @property
    def reach(self) -> Points:
        """(2, 3) lowest and highest corner."""
        half = np.asarray(self.size) / 2
        return np.array([np.asarray(self.centre) - half, np.asarray(self.centre) + half])


@dataclass(frozen=True, slots=True)
class Block:
    """A box of `size` in a blob, its edges rounded by `edge`."""

    centre: Vector
    size: Vector
    edge: float = 0.0

    def distance(self, points: Points) -> Points:
        """Exact signed distance."""
        half = np.asarray(self.size, np.float64) / 2
        edge = min(self.edge, float(half.min()))
        away = np.abs(points - np.asarray(self.centre)) - (half - edge)
        result: Points = np.linalg.norm(np.maximum(away, 0), axis=-1) + np.minimum(away.max(axis=-1), 0) - edge
        return result

    @property
    def reach(self) -> Points:
        """(2, 3) lowest and highest corner."""
        half = np.asarray(self.size) / 2
        return np.array([np.asarray(self.centre) - half, np.asarray(self.centre) + half])


Primitive = Ball | Limb | Egg | Block


def blob(primitives: Sequence[Primitive], *, blend: float = 0.0, cells: int = 32) -> Mesh:
    """The smooth union of primitives, in place: they flow into each other over about `blend` metres.

    Marching cubes with `cells` cells along the longest side, its vertices then moved onto the surface.  Raises ValueError
    without primitives.
    """
    from skimage.measure import marching_cubes

    if not primitives:
        raise ValueError("a blob needs at least one primitive")
    reaches = np.stack([primitive.reach for primitive in primitives])
    low, high = reaches[:, 0].min(axis=0) - blend / 4, reaches[:, 1].max(axis=0) + blend / 4
    cell = float((high - low).max()) / cells
    low = low - 1.5 * cell
    counts = np.ceil((high + 1.5 * cell - low) / cell).astype(int) + 1
    axes = [low[i] + cell * np.arange(counts[i]) for i in range(3)]
    field = _blended(primitives, np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1), blend)
    # a vertex may not fall on a grid point: there marching cubes makes triangles without area
    field[np.abs(field) < 1e-4 * cell] = 1e-4 * cell
    vertices, faces, _, _ = marching_cubes(field, 0.0, spacing=(cell, cell, cell), allow_degenerate=False)
    points = vertices.astype(np.float64) + low
    for _ in range(2):
        points = _towards_surface(primitives, points, blend, cell)
    return outward(Mesh(points.astype(np.float32), np.ascontiguousarray(faces).astype(np.int32)))


def _blended(primitives: Sequence[Primitive], points: Points, blend: float) -> Points:
    """The polynomial smooth minimum of all distances, folded in order."""
    whole = primitives[0].distance(points)
    for primitive in primitives[1:]:
        other = primitive.distance(points)
        if blend <= 0:
            whole = np.minimum(whole, other)
            continue
        mix = np.clip(0.5 + 0.5 * (other - whole) / blend, 0, 1)
        whole = other + (whole - other) * mix - blend * mix * (1 - mix)
    return whole


def _towards_surface(primitives: Sequence[Primitive], points: Points, blend: float, cell: float) -> Points:
    """One Newton step along the numerical gradient, at most a quarter of a cell so that no face turns over."""
    step = 0.01 * cell
    here = _blended(primitives, points, blend)
    gradient = np.stack([_blended(primitives, points + step * axis, blend) - here for axis in np.eye(3)], axis=-1) / step
    square = np.maximum(np.sum(gradient**2, axis=-1), 0.05)
    move = gradient * (here / square)[:, None]
    length = np.linalg.norm(move, axis=-1, keepdims=True)
    moved: Points = points - move * np.minimum(1, 0.25 * cell / np.maximum(length, 1e-12))
    return moved


def cushion(size: Sequence[float], *, square: float = 5.0, puff: float = 2.2, steps: int = 5) -> Mesh:
    """A stuffed cushion of `size` (width, height, depth): (|x|ˢ + |z|ˢ)^(p/s) + |y|ᵖ = 1.

    square: 2 is round from above, 8 nearly rectangular.  puff: 2 thins out to the seam, 6 is a mattress.
    """
    from pipelines.things.solids import cube_grid

    lines = np.sin(np.linspace(-1, 1, 2 * steps + 1) * math.pi / 2 * 0.999) / math.sin(math.pi / 2 * 0.999)
    cube, faces = cube_grid(lines)
    direction = np.abs(cube)
    plan = direction[:, 0] ** square + direction[:, 2] ** square
    norm = (plan ** (puff / square) + direction[:, 1] ** puff) ** (1 / puff)
    vertices = cube / norm[:, None] * np.asarray(size, np.float64) / 2
    vertices *= (np.asarray(size, np.float64) / 2) / np.abs(vertices).max(axis=0)
    return Mesh(vertices.astype(np.float32), faces)


def cloth(sheet: ArrayLike, thickness: float) -> Mesh:
    """A grid of points (R, C, 3) as a closed cloth of even `thickness`, half on either side; an open sheet where that is 0."""
    grid = np.asarray(sheet, np.float64)
    rows, columns, _ = grid.shape
    normals = np.cross(np.gradient(grid, axis=1), np.gradient(grid, axis=0))
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    half = normals * thickness / 2
    vertices = np.concatenate([(grid + half).reshape(-1, 3), (grid - half).reshape(-1, 3)])
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    front = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    if thickness <= 0:
        return Mesh(grid.reshape(-1, 3).astype(np.float32), np.ascontiguousarray(front[:, ::-1]).astype(np.int32))  # towards +z, or up
    back = front[:, ::-1] + rows * columns
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    after, below = np.roll(rim, -1), rim + rows * columns
    sides = np.concatenate([np.stack([after, rim, below], 1), np.stack([after, below, np.roll(below, -1)], 1)])
    return outward(Mesh(vertices.astype(np.float32), np.concatenate([front, back, sides]).astype(np.int32)))


def curtain(size: Sequence[float], *, folds: int = 8, gather: float = 0.0, thickness: float = 0.004) -> Mesh:
    """A hanging curtain of `size` (width, height, depth of folds); `gather` 0 … 1 ties it together two fifths up."""
    width, height, depth = size
    columns = np.linspace(0, 1, folds * 8 + 1)
    rows = np.linspace(1, 0, 13)
    across, up = np.meshgrid(columns, rows)
    wave = np.sin(across * folds * 2 * math.pi + 0.35 * np.sin(3 * up))
    tie = gather * np.exp(-(((up - 0.4) / 0.16) ** 2))
    swell = (0.55 + 0.45 * (1 - up)) * (1 - 0.5 * tie)
    x = (across - 0.5) * width * (1 - 0.62 * tie)
    z = wave * (depth - thickness) / 2 * swell + 0.08 * depth * np.sin(across * 5 + 4 * up) * (1 - up)
    grid = np.stack([x, (up - 0.5) * height, np.clip(z, -(depth - thickness) / 2, (depth - thickness) / 2)], axis=-1)
    return cloth(grid, thickness)


def drape(size: Sequence[float], drop: float, *, fold: float = 0.03, thickness: float = 0.005, cells: int = 24) -> Mesh:
    """A cloth that lies on a table top of `size` (width, depth) at y = 0 and falls `drop` metres over all four edges in folds."""
    half = np.asarray(size, np.float64) / 2
    lines = [_drape_lines(float(h), drop, cells) for h in half]
    u, v = np.meshgrid(lines[0], lines[1])
    over = np.stack([np.maximum(np.abs(u) - half[0], 0), np.maximum(np.abs(v) - half[1], 0)], axis=-1)
    fallen = over.max(axis=-1)  # the square corner of the cloth hangs as a quarter cone
    edge = np.stack([np.clip(u, -half[0], half[0]), np.clip(v, -half[1], half[1])], axis=-1)
    away = np.stack([np.sign(u), np.sign(v)], axis=-1) * over
    away /= np.maximum(np.linalg.norm(away, axis=-1, keepdims=True), 1e-9)
    share = fallen / max(drop, 1e-9)
    ripple = (0.5 + 0.5 * np.sin(edge[..., 0] * 19 + edge[..., 1] * 23 + 3 * np.arctan2(away[..., 1], away[..., 0]))) * share
    out = edge + away * (thickness + fold * (0.35 * share + ripple))[..., None]
    grid = np.stack([out[..., 0], -fallen, out[..., 1]], axis=-1)
    return cloth(grid, thickness)


def _drape_lines(half: float, drop: float, cells: int) -> Points:
    inner = np.linspace(-half, half, max(5, cells))
    outer = np.linspace(0, drop, 6)[1:]
    return np.concatenate([-half - outer[::-1], inner, half + outer])


def swag(width: float, sag: float, height: float, *, thickness: float = 0.004, steps: int = 24) -> Mesh:
    """A strip of cloth of `height` that hangs in a catenary from two points `width` apart at y = 0; its middle sags by `sag`."""
    x = np.linspace(-0.5, 0.5, steps + 1) * width
    y = catenary(x, width, sag)
    rows = np.linspace(0, -height, 7)
    ripple = 0.012 * np.sin(np.linspace(0, 9 * math.pi, steps + 1))
    grid = np.stack([np.stack([x, y + row, ripple * (-row / max(height, 1e-9))], axis=-1) for row in rows])
    return cloth(grid, thickness)


def catenary(x: Points, width: float, sag: float) -> Points:
    """Heights of a rope hung between (−width/2, 0) and (width/2, 0) whose middle is `sag` lower (bisection for its parameter)."""
    low, high = 1e-3 * width, 1e3 * width
    for _ in range(80):
        a = math.sqrt(low * high)
        drop = a * (math.cosh(min(width / 2 / a, 700)) - 1)
        low, high = (a, high) if drop > sag else (low, a)
    return a * (np.cosh(x / a) - math.cosh(width / 2 / a))
