"""Fusion: many measured distances become one surface, and what nobody has seen stays open.

A grid of signed distances to the nearest surface along each ray, cut off a few cells before and behind it and averaged over all
views (Curless and Levoy 1996); its zero is drawn out with marching cubes wherever all eight corners of a cell are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.camera import Projection
from pipelines.scene import Floats, Mesh
from pipelines.world import MeasuredView

FINEST_M = 0.04
MOST_CELLS = 12_000_000
MOST_VIEWS = 32  # of a film, evenly taken: more add little
CUT_CELLS = 3.0  # how many cells before and behind a surface a distance counts
GRAZING = 0.15  # cosine below which a surface is not measured any more flatly
EDGE = 0.1  # neighbours whose distances differ by more are no surface
SLAB_CELLS = 2_000_000  # visited between two words about progress
FEWEST_FACES = 40  # a piece of surface with fewer is dust


@dataclass(frozen=True)
class Grid:
    """Cells of `cell_m` from the corner `low` (3,) metres; shape (X, Y, Z)."""

    low: NDArray[np.float64]
    cell_m: float
    shape: tuple[int, int, int]


def grid_for(low: NDArray[np.floating], high: NDArray[np.floating]) -> Grid:
    """A grid over the box low … high, as fine as memory allows."""
    size = np.maximum(np.asarray(high, np.float64) - low, 0.5)
    cell = max(FINEST_M, float(np.cbrt(size.prod() / MOST_CELLS)))
    x, y, z = (math.ceil(extent / cell) + 3 for extent in size)
    return Grid(np.asarray(low, np.float64) - 1.5 * cell, cell, (x, y, z))


def fused(views: Sequence[MeasuredView], grid: Grid, tell: Callable[[float], None] = lambda share: None) -> Mesh:
    """The surface that all views agree on, facing the eyes that saw it. tell: hears the share done."""
    from skimage.measure import marching_cubes

    total, weight = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    step, slab = max(1, math.ceil(len(views) / MOST_VIEWS)), max(1, SLAB_CELLS // (grid.shape[1] * grid.shape[2]))
    for number, view in enumerate(views[::step]):
        camera = view.camera
        lens = np.array([camera.projection is Projection.EQUIRECTANGULAR, camera.width_px, camera.height_px, camera.focal_px])
        pose = np.ascontiguousarray(camera.camera_from_world[:3], np.float64)
        seen = (np.ascontiguousarray(view.distance, np.float32), _facing(view))
        for first in range(0, grid.shape[0], slab):
            tell((number + first / grid.shape[0]) / len(views[::step]))
            low = grid.low + (first * grid.cell_m, 0, 0)
            _add(total[first : first + slab], weight[first : first + slab], low, grid.cell_m, pose, lens, *seen)
    known = weight > 0
    signed = np.where(known, total / np.maximum(weight, 1e-6), 1.0).astype(np.float32)
    cells = np.zeros(grid.shape, bool)
    cells[:-1, :-1, :-1] = True
    for dx, dy, dz in np.ndindex(2, 2, 2):
        cells[:-1, :-1, :-1] &= known[dx : dx + grid.shape[0] - 1, dy : dy + grid.shape[1] - 1, dz : dz + grid.shape[2] - 1]
    if not cells.any() or not (signed[known].min() < 0 < signed[known].max()):
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    try:
        vertices, faces, _, _ = marching_cubes(signed, 0.0, gradient_direction="descent")
    except (RuntimeError, ValueError):  # no surface crosses a cell that is known
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    x, y, z = np.minimum(vertices[faces].mean(axis=1).astype(np.int64), np.array(grid.shape) - 1).T
    faces = faces[cells[x, y, z]]  # elsewhere the zero lies between what is known and what is not
    world = vertices.astype(np.float64) * grid.cell_m + grid.low
    return without_dust(Mesh(world.astype(np.float32), faces.astype(np.int32)))


def without_dust(mesh: Mesh) -> Mesh:
    """The pieces of at least FEWEST_FACES triangles, on the vertices that they use."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(mesh.vertices)
    a, b, c = mesh.faces.T
    edges = coo_matrix((np.ones(2 * len(a), np.int8), (np.concatenate([a, b]), np.concatenate([b, c]))), shape=(count, count))
    _, piece = connected_components(edges, directed=False)
    sizes = np.bincount(piece[a])
    return used(Mesh(mesh.vertices, mesh.faces[sizes[piece[a]] >= FEWEST_FACES]))


def used(mesh: Mesh) -> Mesh:
    """The same faces on the vertices that they use."""
    kept, faces = np.unique(mesh.faces, return_inverse=True)
    return Mesh(mesh.vertices[kept], faces.reshape(-1, 3).astype(np.int32))


def _facing(view: MeasuredView) -> Floats:
    """(H, W) cosine between each ray and its surface's normal, from its neighbours; 1 at edges, where there is no telling."""
    rays = view.camera.rays()
    distance = np.where(np.isfinite(view.distance), view.distance, np.float32(np.nan))
    points = rays * distance[:, :, None]
    wraps = view.camera.projection is Projection.EQUIRECTANGULAR
    wide = np.pad(points, ((0, 0), (1, 1), (0, 0)), mode="wrap" if wraps else "edge")
    high = np.pad(points, ((1, 1), (0, 0), (0, 0)), mode="edge")
    across, down = wide[:, 2:] - wide[:, :-2], high[2:] - high[:-2]
    normal = np.cross(across, down)
    size = np.linalg.norm(normal, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = np.abs((normal * rays).sum(axis=-1)) / size
        jump = np.maximum(np.linalg.norm(across, axis=-1), np.linalg.norm(down, axis=-1)) / distance
        told = np.isfinite(cosine) & (jump < EDGE)
    return np.where(told, np.maximum(cosine, GRAZING), 1.0).astype(np.float32)


@njit(cache=True, nogil=True)
def _add(total, weight, low, cell, pose, lens, distance, facing):  # type: ignore[no-untyped-def]
    """One view's signed distances, in units of the cut-off; inf means that the whole ray is free."""
    sphere, width, height, focal = lens[0] > 0, lens[1], lens[2], lens[3]
    rows, columns = distance.shape
    cut = CUT_CELLS * cell
    for i in range(total.shape[0]):
        wx = low[0] + i * cell
        for j in range(total.shape[1]):
            wy = low[1] + j * cell
            for k in range(total.shape[2]):
                wz = low[2] + k * cell
                x = pose[0, 0] * wx + pose[0, 1] * wy + pose[0, 2] * wz + pose[0, 3]
                y = pose[1, 0] * wx + pose[1, 1] * wy + pose[1, 2] * wz + pose[1, 3]
                z = pose[2, 0] * wx + pose[2, 1] * wy + pose[2, 2] * wz + pose[2, 3]
                far = math.sqrt(x * x + y * y + z * z)
                if far < 1e-6:
                    continue
                if sphere:
                    column = int((math.atan2(x, -z) / (2 * math.pi) + 0.5) * width) % columns
                    row = min(rows - 1, int((0.5 - math.asin(min(1.0, max(-1.0, y / far))) / math.pi) * height))
                else:
                    if z > -1e-6:
                        continue
                    column = math.floor(width / 2 - focal * x / z)
                    row = math.floor(height / 2 + focal * y / z)
                    if column < 0 or column >= columns or row < 0 or row >= rows:
                        continue
                seen = distance[row, column]
                if not seen > 0:
                    continue
                ahead = (seen - far) * facing[row, column] / cut if seen < 1e30 else 1.0
                if ahead < -1.0:
                    continue
                share = 1.0 / (1.0 + far)  # what is seen from near is seen better
                total[i, j, k] += share * min(1.0, ahead)
                weight[i, j, k] += share
