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

from pipelines.scene import Floats, Mesh

WELD_M = 1e-5  # vertices closer than this are one point, however the mesh lists them


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
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(cross, axis=1)
    good = area > 1e-12
    corners, cross, area = corners[good], cross[good], area[good]
    face_normals = (cross / area[:, None]).astype(np.float32)
    faces = _welded(mesh)[good]
    neighbours = _neighbours(faces)
    limit = math.cos(math.radians(crease_deg))
    order, start = _faces_round_vertices(faces)
    normals, sharp = _smooth(corners, face_normals, faces, neighbours, order, start, limit)
    return Facets(corners, normals, sharp, np.full(len(corners), source, np.int32))


def join_facets(groups: list[Facets]) -> Facets:
    """All groups in one, in order."""
    if not groups:
        wide = np.zeros((0, 3, 3), np.float32)
        return Facets(wide, wide, np.zeros(0, np.uint8), np.zeros(0, np.int32))
    return Facets(*(np.concatenate([getattr(group, name) for group in groups]) for name in Facets.__dataclass_fields__))


def split(facets: Facets, longest_m: NDArray[np.floating]) -> tuple[Facets, NDArray[np.int32]]:
    """Halve triangles across their longest edge until no edge is longer than `longest_m` (T,); also the row each came from."""
    lengths = np.asarray(longest_m, np.float32)
    counts = _split_count(facets.corners, lengths)
    total = int(counts.sum())
    if total == len(facets):
        return facets, np.arange(total, dtype=np.int32)
    corners, normals = np.empty((total, 3, 3), np.float32), np.empty((total, 3, 3), np.float32)
    sharp, row = np.empty(total, np.uint8), np.empty(total, np.int32)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    _split_fill(facets.corners, facets.normals, facets.sharp, lengths, starts, corners, normals, sharp, row)
    return Facets(corners, normals, sharp, facets.source[row]), row


def strips(facets: Facets) -> Floats:
    """(T, 8) of every triangle: where the middle line of the strip begins whose half it is, its direction, its width and its length.

    A long triangle on a sharp edge is half of a strip: a bevel, a moulding, the side of a board. Of others the width is 0.
    """
    return _strips(facets.corners, facets.sharp)


def areas_and_normals(corners: Floats) -> tuple[Floats, Floats]:
    """(T,) square metres and (T, 3) unit face normals."""
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    double = np.linalg.norm(cross, axis=1)
    return (double / 2).astype(np.float32), (cross / np.maximum(double, 1e-20)[:, None]).astype(np.float32)


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


@njit(cache=True)
def _smooth(corners, face_normals, faces, neighbours, order, start, limit):  # type: ignore[no-untyped-def]
    count = len(corners)
    normals = np.empty((count, 3, 3), np.float32)
    sharp = np.zeros(count, np.uint8)
    for f in range(count):
        nx, ny, nz = face_normals[f]
        for k in range(3):
            other = neighbours[f, k]
            if other < 0 or nx * face_normals[other, 0] + ny * face_normals[other, 1] + nz * face_normals[other, 2] < limit:
                sharp[f] |= 1 << k
            sx, sy, sz = 0.0, 0.0, 0.0
            vertex = faces[f, k]
            for e in range(start[vertex], start[vertex + 1]):
                g, j = order[e] // 3, order[e] % 3
                if nx * face_normals[g, 0] + ny * face_normals[g, 1] + nz * face_normals[g, 2] < limit:
                    continue
                p = corners[g, j]
                u, v = corners[g, (j + 1) % 3] - p, corners[g, (j + 2) % 3] - p
                lengths = math.sqrt((u * u).sum() * (v * v).sum()) + 1e-20
                angle = math.acos(min(1.0, max(-1.0, (u * v).sum() / lengths)))
                sx += angle * face_normals[g, 0]
                sy += angle * face_normals[g, 1]
                sz += angle * face_normals[g, 2]
            length = math.sqrt(sx * sx + sy * sy + sz * sz)
            if length < 1e-9:
                sx, sy, sz, length = nx, ny, nz, 1.0
            normals[f, k, 0], normals[f, k, 1], normals[f, k, 2] = sx / length, sy / length, sz / length
    return normals, sharp


@njit(cache=True, inline="always")
def _longest(p: Floats) -> tuple[float, int]:
    best, edge = -1.0, 0
    for k in range(3):
        m = (k + 1) % 3
        d = (p[k, 0] - p[m, 0]) ** 2 + (p[k, 1] - p[m, 1]) ** 2 + (p[k, 2] - p[m, 2]) ** 2
        if d > best:
            best, edge = d, k
    return math.sqrt(best), edge


STRIP_EDGE, STRIP_LONG = 0.8, 2.0  # a strip's edge, as a share of its triangle's longest one, and in widths


@njit(cache=True)
def _strips(corners: Floats, sharp: NDArray[np.uint8]) -> Floats:
    out = np.zeros((len(corners), 8), np.float32)
    for t in range(len(corners)):
        p = corners[t]
        longest = _longest(p)[0]
        for k in range(3):
            a, b, o = p[k], p[(k + 1) % 3], p[(k + 2) % 3]
            length = math.sqrt(((b - a) ** 2).sum())
            if not (sharp[t] >> k) & 1 or length < STRIP_EDGE * longest or length <= out[t, 7]:
                continue
            along = (b - a) / length
            aside = (o - a) - along * ((o - a) * along).sum()
            width = math.sqrt((aside * aside).sum())
            if length > STRIP_LONG * width:
                out[t, 0:3] = a + 0.5 * aside
                out[t, 3:6] = along
                out[t, 6], out[t, 7] = width, length
    return out


MAX_SPLITS = 24  # halvings: 2²⁴ pieces of one triangle are never wanted


@njit(cache=True)
def _split_count(corners, longest):  # type: ignore[no-untyped-def]
    counts = np.zeros(len(corners), np.int64)
    stack = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    level = np.empty(MAX_SPLITS + 2, np.int64)
    for t in range(len(corners)):
        stack[0] = corners[t]
        level[0] = 0
        top = 1
        while top > 0:
            top -= 1
            p = stack[top].copy()
            depth = level[top]
            length, k = _longest(p)
            if length <= longest[t] or depth >= MAX_SPLITS:
                counts[t] += 1
                continue
            m, o = (k + 1) % 3, (k + 2) % 3
            middle = (p[k] + p[m]) * np.float32(0.5)
            stack[top, 0], stack[top, 1], stack[top, 2] = p[k], middle, p[o]
            stack[top + 1, 0], stack[top + 1, 1], stack[top + 1, 2] = middle, p[m], p[o]
            level[top] = level[top + 1] = depth + 1
            top += 2
    return counts


@njit(cache=True)
def _split_fill(corners, normals, sharp, longest, starts, out_corners, out_normals, out_sharp, out_row):  # type: ignore[no-untyped-def]
    points = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    turned = np.empty((MAX_SPLITS + 2, 3, 3), np.float32)
    flags = np.empty(MAX_SPLITS + 2, np.uint8)
    level = np.empty(MAX_SPLITS + 2, np.int64)
    for t in range(len(corners)):
        points[0], turned[0], flags[0], level[0] = corners[t], normals[t], sharp[t], 0
        top, at = 1, starts[t]
        while top > 0:
            top -= 1
            p, n, s, depth = points[top].copy(), turned[top].copy(), flags[top], level[top]
            length, k = _longest(p)
            if length <= longest[t] or depth >= MAX_SPLITS:
                out_corners[at], out_normals[at], out_sharp[at], out_row[at] = p, n, s, t
                at += 1
                continue
            m, o = (k + 1) % 3, (k + 2) % 3
            middle = (p[k] + p[m]) * np.float32(0.5)
            between = n[k] + n[m]
            between /= max(np.float32(1e-12), np.float32(math.sqrt((between * between).sum())))
            on_k, on_m, on_o = (s >> k) & 1, (s >> m) & 1, (s >> o) & 1
            points[top, 0], points[top, 1], points[top, 2] = p[k], middle, p[o]
            turned[top, 0], turned[top, 1], turned[top, 2] = n[k], between, n[o]
            flags[top] = on_k | (on_o << 2)  # k→middle, middle→o (new), o→k
            points[top + 1, 0], points[top + 1, 1], points[top + 1, 2] = middle, p[m], p[o]
            turned[top + 1, 0], turned[top + 1, 1], turned[top + 1, 2] = between, n[m], n[o]
            flags[top + 1] = on_k | (on_m << 1)  # middle→m, m→o, o→middle (new)
            level[top] = level[top + 1] = depth + 1
            top += 2
