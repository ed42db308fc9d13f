"""Triangles ready for sampling: smooth corner normals, sharp edges, pieces no larger than wanted.

One rule tells smooth from sharp: faces that share an edge and turn by less than the crease angle are one surface; an edge where
they turn more, or that only one face has, is sharp, and splats must not reach across it. Edge k of a triangle runs from corner k to
corner k+1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.compiled import Array, f32, inlined, kernel
from pipelines.cores import BATCH, batches, run_pieces
from pipelines.scene import Floats, Mesh

WELD_M = 1e-5  # vertices closer than this are one point, however the mesh lists them
STRIP_EDGE, STRIP_LONG = 0.8, 2.0  # a strip's edge, as a share of its triangle's longest one, and in widths
MAX_SPLITS = 24  # halvings: 2²⁴ pieces of one triangle are never wanted


@dataclass(frozen=True)
class Facets:
    """T triangles with corner normals and sharp-edge flags (bit k of `sharp`: edge k)."""

    corners: Floats  # (T, 3, 3)
    normals: Floats  # (T, 3, 3) unit, per corner
    sharp: NDArray[np.uint8]  # (T,)
    source: NDArray[np.int32]  # (T,) row of the part or mesh it came from

    def __len__(self) -> int:
        return len(self.corners)

    def moved(self, matrix: NDArray[np.floating]) -> Facets:
        """Under a (4, 4) similarity."""
        linear = np.asarray(matrix[:3, :3], np.float32)
        turn = linear / np.float32(np.cbrt(np.linalg.det(linear)))
        corners = self.corners @ linear.T + np.asarray(matrix[:3, 3], np.float32)
        return Facets(corners.astype(np.float32), (self.normals @ turn.T).astype(np.float32), self.sharp, self.source)


def facets_of(mesh: Mesh, *, crease_deg: float, source: int = 0) -> Facets:
    """Corner normals (angle-weighted over the faces within the crease angle) and sharp edges of a mesh."""
    if not len(mesh.faces):
        return join_facets([])
    corners = np.ascontiguousarray(mesh.corners, np.float32)
    area, face_normals = areas_and_normals(corners)
    good = area > 5e-13
    corners, face_normals = np.ascontiguousarray(corners[good]), np.ascontiguousarray(face_normals[good])
    faces = _welded(mesh)[good]
    order, start = _faces_round_vertices(faces)
    angles, normals, sharp = np.empty((len(corners), 3), np.float32), np.empty_like(corners), np.empty(len(corners), np.uint8)
    over = batches(len(corners))
    run_pieces(_corner_angles, over, corners, angles)
    limit = math.cos(math.radians(crease_deg))
    run_pieces(_smooth, over, face_normals, angles, faces, _neighbours(faces), order, start, limit, normals, sharp)
    return Facets(corners, normals, sharp, np.full(len(corners), source, np.int32))


def join_facets(groups: list[Facets]) -> Facets:
    """All groups in one, in order."""
    if not groups:
        wide = np.zeros((0, 3, 3), np.float32)
        return Facets(wide, wide, np.zeros(0, np.uint8), np.zeros(0, np.int32))
    return Facets(*(np.concatenate([getattr(group, name) for group in groups]) for name in Facets.__dataclass_fields__))


def split(facets: Facets, longest_m: NDArray[np.floating]) -> tuple[Facets, NDArray[np.int32]]:
    """Halve triangles across their longest edge until no edge is longer than `longest_m` (T,); also the row each came from."""
    lengths, counts = np.ascontiguousarray(longest_m, np.float32), np.empty(len(facets), np.int64)
    old = tuple(np.ascontiguousarray(each) for each in (facets.corners, facets.normals, facets.sharp))
    run_pieces(_count_halves, batches(len(facets)), old[0], lengths, counts)
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    if total == len(facets):
        return facets, np.arange(total, dtype=np.int32)
    new = np.empty((total, 3, 3), np.float32), np.empty((total, 3, 3), np.float32), np.empty(total, np.uint8)
    row = np.repeat(np.arange(len(facets), dtype=np.int32), counts)
    run_pieces(_halve, batches(len(facets)), *old, lengths, ends - counts, *new)
    return Facets(*new, facets.source[row]), row


def strips(facets: Facets) -> Floats:
    """(T, 8) of every triangle: where the middle line of the strip begins whose half it is, its direction, its width and its length.

    A long triangle on a sharp edge is half of a strip: a bevel, a moulding, the side of a board. Of others the width is 0.
    """
    out = np.zeros((len(facets), 8), np.float32)
    run_pieces(_strips, batches(len(facets)), np.ascontiguousarray(facets.corners), np.ascontiguousarray(facets.sharp), out)
    return out


def areas_and_normals(corners: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """(T,) square metres and (T, 3) unit face normals."""
    areas, normals = np.empty(len(corners), np.float32), np.empty((len(corners), 3), np.float32)
    run_pieces(_area_and_normal, batches(len(corners)), np.ascontiguousarray(corners, np.float32), areas, normals)
    return areas, normals


def _welded(mesh: Mesh) -> NDArray[np.int64]:
    """Faces (F, 3) over points that are merged where they lie together."""
    low, high = mesh.bounds.astype(np.float64)
    cell = max(WELD_M, float((high - low).max()) / 2**20)
    grid = np.round((mesh.vertices - low) / cell).astype(np.int64)  # 21 bits an axis
    _, number = np.unique((grid[:, 0] << 42) | (grid[:, 1] << 21) | grid[:, 2], return_inverse=True)
    return number.astype(np.int64)[mesh.faces]


def _neighbours(faces: NDArray[np.int64]) -> NDArray[np.int32]:
    """(F, 3) the face across each edge, −1 where there is none or more than one."""
    count = len(faces)
    a, b = faces.ravel(), faces[:, (1, 2, 0)].ravel()
    key = np.minimum(a, b) * (faces.max(initial=0) + 1) + np.maximum(a, b)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    across = np.full(3 * count, -1, np.int32)
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    first, second = order[same], order[same + 1]
    across[first], across[second] = second // 3, first // 3
    return across.reshape(count, 3)


def _faces_round_vertices(faces: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    flat = faces.ravel()
    order = np.argsort(flat, kind="stable")
    start = np.searchsorted(flat[order], np.arange(flat.max(initial=-1) + 2))
    return order, start.astype(np.int64)


@njit(cache=True)
def steps_across(triangle: NDArray[np.float64], step: float) -> int:
    """Into how many parts the sides of a triangle (3, 3) are cut so that points on it lie no farther than half a step apart."""
    longest = 0.0
    for k in range(3):
        longest = max(longest, np.sqrt(((triangle[(k + 1) % 3] - triangle[k]) ** 2).sum()))
    return int(np.ceil(2.0 * longest / step)) + 1


@kernel
def _area_and_normal(piece: int, corners: Array, areas: Array, normals: Array) -> None:
    for t in range(piece * BATCH, min((piece + 1) * BATCH, len(corners))):
        p = corners[t]
        ux, uy, uz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
        vx, vy, vz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        double = math.sqrt(x * x + y * y + z * z)
        areas[t] = 0.5 * double
        size = max(double, 1e-20)
        normals[t, 0], normals[t, 1], normals[t, 2] = x / size, y / size, z / size


@kernel
def _corner_angles(piece: int, corners: Array, angles: Array) -> None:
    for t in range(piece * BATCH, min((piece + 1) * BATCH, len(corners))):
        p = corners[t]
        for k in range(3):
            m, o = (k + 1) % 3, (k + 2) % 3
            dot, u2, v2 = 0.0, 0.0, 0.0
            for axis in range(3):
                u, v = p[m, axis] - p[k, axis], p[o, axis] - p[k, axis]
                dot += u * v
                u2 += u * u
                v2 += v * v
            angles[t, k] = math.acos(min(1.0, max(-1.0, dot / (math.sqrt(u2 * v2) + 1e-20))))


@kernel
def _smooth(
    piece: int,
    face_normals: Array,
    angles: Array,
    faces: Array,
    neighbours: Array,
    order: Array,
    start: Array,
    limit: float,
    normals: Array,
    sharp: Array,
) -> None:
    for f in range(piece * BATCH, min((piece + 1) * BATCH, len(faces))):
        nx, ny, nz = face_normals[f, 0], face_normals[f, 1], face_normals[f, 2]
        bits = 0
        for k in range(3):
            other = neighbours[f, k]
            if other < 0 or nx * face_normals[other, 0] + ny * face_normals[other, 1] + nz * face_normals[other, 2] < limit:
                bits |= 1 << k
            sx, sy, sz = 0.0, 0.0, 0.0
            vertex = faces[f, k]
            for e in range(start[vertex], start[vertex + 1]):
                g, j = order[e] // 3, order[e] % 3
                gx, gy, gz = face_normals[g, 0], face_normals[g, 1], face_normals[g, 2]
                if nx * gx + ny * gy + nz * gz >= limit:
                    sx += angles[g, j] * gx
                    sy += angles[g, j] * gy
                    sz += angles[g, j] * gz
            length = math.sqrt(sx * sx + sy * sy + sz * sz)
            if length < 1e-9:
                sx, sy, sz, length = nx, ny, nz, 1.0
            normals[f, k, 0], normals[f, k, 1], normals[f, k, 2] = sx / length, sy / length, sz / length
        sharp[f] = bits


@inlined
def _longest(p: Array) -> tuple[float, int]:
    """The longest edge of a triangle (3, 3), squared, and which it is."""
    best, edge = -1.0, 0
    for k in range(3):
        m = (k + 1) % 3
        x, y, z = p[k, 0] - p[m, 0], p[k, 1] - p[m, 1], p[k, 2] - p[m, 2]
        d = x * x + y * y + z * z
        if d > best:
            best, edge = d, k
    return best, edge


@kernel
def _strips(piece: int, corners: Array, sharp: Array, out: Array) -> None:
    for t in range(piece * BATCH, min((piece + 1) * BATCH, len(corners))):
        p = corners[t]
        least = STRIP_EDGE * math.sqrt(_longest(p)[0])
        for k in range(3):
            if not (sharp[t] >> k) & 1:
                continue
            m, o = (k + 1) % 3, (k + 2) % 3
            x, y, z = p[m, 0] - p[k, 0], p[m, 1] - p[k, 1], p[m, 2] - p[k, 2]
            length = math.sqrt(x * x + y * y + z * z)
            if length < least or length <= out[t, 7]:
                continue
            x, y, z = x / length, y / length, z / length
            ax, ay, az = p[o, 0] - p[k, 0], p[o, 1] - p[k, 1], p[o, 2] - p[k, 2]
            along = ax * x + ay * y + az * z
            ax, ay, az = ax - along * x, ay - along * y, az - along * z
            width = math.sqrt(ax * ax + ay * ay + az * az)
            if length > STRIP_LONG * width:
                out[t, 0], out[t, 1], out[t, 2] = p[k, 0] + 0.5 * ax, p[k, 1] + 0.5 * ay, p[k, 2] + 0.5 * az
                out[t, 3], out[t, 4], out[t, 5] = x, y, z
                out[t, 6], out[t, 7] = width, length


@kernel
def _count_halves(piece: int, corners: Array, longest: Array, counts: Array) -> None:
    points = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    level = np.empty(MAX_SPLITS + 2, np.int64)
    for t in range(piece * BATCH, min((piece + 1) * BATCH, len(corners))):
        points[0], level[0] = corners[t], 0
        top, found = 0, 0
        while top >= 0:
            squared, k = _longest(points[top])
            if squared <= longest[t] * longest[t] or level[top] >= MAX_SPLITS:
                found += 1
                top -= 1
                continue
            _cut_edge(points, top, k)
            level[top] += 1
            level[top + 1] = level[top]
            top += 1
        counts[t] = found


@inlined
def _cut_edge(points: Array, top: int, k: int) -> None:
    """The triangle on top of a stack (S, 3, 3) becomes two: edge k ends half way in the lower one, and begins there in the upper one."""
    m = (k + 1) % 3
    for axis in range(3):
        for corner in range(3):
            points[top + 1, corner, axis] = points[top, corner, axis]
        middle = (points[top, k, axis] + points[top, m, axis]) * f32(0.5)
        points[top, m, axis] = points[top + 1, k, axis] = middle


@kernel
def _halve(
    piece: int,
    corners: Array,
    normals: Array,
    sharp: Array,
    longest: Array,
    starts: Array,
    new: Array,
    new_normals: Array,
    new_sharp: Array,
) -> None:
    points = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    turned = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    flags = np.empty(MAX_SPLITS + 2, np.uint8)
    level = np.empty(MAX_SPLITS + 2, np.int64)
    for t in range(piece * BATCH, min((piece + 1) * BATCH, len(corners))):
        points[0], turned[0], flags[0], level[0] = corners[t], normals[t], sharp[t], 0
        top, at = 0, starts[t]
        while top >= 0:
            squared, k = _longest(points[top])
            if squared <= longest[t] * longest[t] or level[top] >= MAX_SPLITS:
                new[at], new_normals[at], new_sharp[at] = points[top], turned[top], flags[top]
                at += 1
                top -= 1
                continue
            m, o = (k + 1) % 3, (k + 2) % 3
            _cut_edge(points, top, k)
            _cut_edge(turned, top, k)
            x, y, z = turned[top, m, 0], turned[top, m, 1], turned[top, m, 2]
            size = max(f32(1e-12), math.sqrt(x * x + y * y + z * z))
            for side, corner in ((top, m), (top + 1, k)):
                turned[side, corner, 0], turned[side, corner, 1], turned[side, corner, 2] = x / size, y / size, z / size
            flags[top + 1] = flags[top] & ~(1 << o)  # the edge along the cut is not sharp
            flags[top] &= ~(1 << m)
            level[top] += 1
            level[top + 1] = level[top]
            top += 1
