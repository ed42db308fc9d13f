"""Points in triangles: even, kept off sharp edges, with tangent frames and sizes that close the surface without fringe.

Triangles that take several splats get the points of a slightly jittered hexagonal lattice in their plane, anchored to the world, so that
coplanar neighbours continue each other's rows. Small triangles are sampled systematically along their order in the mesh. The ground, whose
cliffs are long slivers with nothing thin about them, takes all of its points from three lattices, level and upright.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.layout.noise import unit3
from pipelines.scene import Floats

FEW = 2.5  # triangles that expect fewer splats than this are sampled systematically
THIN = 1.6  # … and so are strips narrower than this many spacings, which rows of a lattice would miss
STEP = 2.0**0.25  # spacings are rounded to powers of this, so that neighbours share a lattice
RIM, THINNEST = 0.3, 0.12  # narrowest splats, as shares of the widest, beside a sharp edge and on a strip
GROUND_RIM, FACE = 0.6, 0.92  # of the ground: no needles on cliffs; less alike than this cosine, its normals would turn splats edge-on
JITTER = 0.16  # of the spacing: enough to hide the rows
ROW_HEIGHT = math.sqrt(3) / 2
HEX_SPACING = math.sqrt(2 / math.sqrt(3))  # neighbours in a hexagonal lattice of one point per unit area


def rounded_spacing(spacing: NDArray[np.floating]) -> Floats:
    """Spacings rounded to powers of STEP."""
    return (STEP ** np.round(np.log(spacing) / math.log(STEP))).astype(np.float32)


def points_in(
    corners: Floats, normals: Floats, areas: Floats, spacing: Floats, ground: NDArray[np.bool_], *, seed: int
) -> tuple[NDArray[np.int32], Floats]:
    """About area / spacing² points in every triangle: their triangles (N,) and barycentric coordinates (N, 2) of corners 1 and 2.

    ground (T,): triangles of the terrain.
    """
    expected = (areas / spacing**2).astype(np.float64)
    few = ~ground & ((expected < FEW) | (_least_height(corners, areas) < THIN * spacing))
    normals, spacing = _squared(normals, spacing, ground)
    counts = np.zeros(len(areas), np.int64)
    many = np.flatnonzero(~few)
    counts[many] = _count_lattice(corners[many], normals[many], spacing[many])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    cumulative = np.cumsum(np.where(few, expected, 0.0))
    loose = int(cumulative[-1]) if len(cumulative) else 0
    total = int(starts[-1])
    row, place_in = np.empty(total + loose, np.int32), np.empty((total + loose, 2), np.float32)
    _fill_lattice(corners[many], normals[many], spacing[many], starts[many], many, row, place_in)
    at = np.arange(loose) + (seed % 1009) / 1009.0
    mine = np.searchsorted(cumulative, at).clip(0, len(areas) - 1)
    share = (at - (cumulative[mine] - expected[mine])) / np.maximum(expected[mine], 1e-12)
    row[total:] = mine
    place_in[total:] = _along_strips(corners[mine], np.clip(share, 0.0, 1.0), seed % 65_536)
    return row, place_in


def _squared(normals: Floats, spacing: Floats, ground: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The ground's normals turned to the nearest axis, and as much less spacing as a lattice across it needs to give as many points."""
    most = np.abs(normals).argmax(axis=1)
    share = np.take_along_axis(np.abs(normals), most[:, None], axis=1)[:, 0]
    squared = np.where(ground[:, None], np.eye(3, dtype=np.float32)[most], normals)
    return squared, np.where(ground, rounded_spacing(spacing * np.sqrt(np.maximum(share, 0.3))), spacing).astype(np.float32)


def _least_height(corners: Floats, areas: Floats) -> Floats:
    edges = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).max(axis=1)
    return (2 * areas / np.maximum(edges, 1e-9)).astype(np.float32)


@njit(cache=True, parallel=True)
def _along_strips(corners, share, seed):  # type: ignore[no-untyped-def]
    """Where along its longest edge a triangle has that share of its area behind it, and somewhere near the middle across it there."""
    out = np.empty((corners.shape[0], 2), np.float32)
    for i in prange(corners.shape[0]):
        p = corners[i]
        best, k = -1.0, 0
        for e in range(3):
            d = ((p[(e + 1) % 3] - p[e]) ** 2).sum()
            if d > best:
                best, k = d, e
        m, o = (k + 1) % 3, (k + 2) % 3
        foot = min(1.0, max(0.0, ((p[o] - p[k]) * (p[m] - p[k])).sum() / (best + 1e-20)))  # below the third corner
        if share[i] < foot:
            t = math.sqrt(share[i] * foot)
        else:
            t = 1.0 - math.sqrt((1.0 - share[i]) * (1.0 - foot))
        wide = t / foot if t < foot else (1.0 - t) / (1.0 - foot + 1e-12)
        across = wide * (0.5 + 0.5 * (((i + seed) * 0.5698402909980532) % 1.0 - 0.5))
        w = np.zeros(3)
        w[o] = across
        w[m] = min(1.0 - across, max(0.0, t - across * foot))
        w[k] = 1.0 - w[o] - w[m]
        out[i, 0], out[i, 1] = w[1], w[2]
    return out


@njit(cache=True)
def _plane_axes(n):  # type: ignore[no-untyped-def]
    """Two unit axes of the plane, the first level where the plane is not: the same for all triangles of one plane."""
    if abs(n[1]) > 0.999:
        return np.array((1.0, 0.0, 0.0)), np.array((0.0, 0.0, 1.0))
    size = math.sqrt(n[0] * n[0] + n[2] * n[2])
    level = np.array((n[2] / size, 0.0, -n[0] / size))
    rise = np.array((n[1] * level[2], n[2] * level[0] - n[0] * level[2], -n[1] * level[0]))
    return level, rise


@njit(cache=True)
def _walk(p, n, s, out, write, at):  # type: ignore[no-untyped-def]
    """Count, and where asked write, the lattice points inside one triangle."""
    level, rise = _plane_axes(n)
    ax, ay = (p[0] * level).sum(), (p[0] * rise).sum()
    bx, by = (p[1] * level).sum() - ax, (p[1] * rise).sum() - ay
    cx, cy = (p[2] * level).sum() - ax, (p[2] * rise).sum() - ay
    det = bx * cy - cx * by
    if abs(det) < 1e-14:
        return 0
    across = s * HEX_SPACING
    high = across * ROW_HEIGHT
    low_row, top_row = math.floor((ay + min(0.0, by, cy)) / high) - 1, math.floor((ay + max(0.0, by, cy)) / high) + 2
    low_column, top_column = math.floor((ax + min(0.0, bx, cx)) / across) - 1, math.floor((ax + max(0.0, bx, cx)) / across) + 2
    found = 0
    for row in range(low_row, top_row):
        for column in range(low_column, top_column):
            dx = (unit3(column, row, 0, 91) - 0.5) * JITTER
            dy = (unit3(column, row, 1, 91) - 0.5) * JITTER
            x = (column + 0.5 * (row & 1) + dx) * across - ax
            y = (row + dy) * high - ay
            u, v = (x * cy - cx * y) / det, (bx * y - x * by) / det
            if u >= 0 and v >= 0 and u + v < 1:
                if write:
                    out[at + found, 0], out[at + found, 1] = u, v
                found += 1
    return found


@njit(cache=True, parallel=True)
def _count_lattice(corners, normals, spacing):  # type: ignore[no-untyped-def]
    counts = np.empty(corners.shape[0], np.int64)
    nothing = np.empty((1, 2), np.float32)
    for t in prange(corners.shape[0]):
        counts[t] = _walk(corners[t], normals[t], spacing[t], nothing, False, 0)
    return counts


@njit(cache=True, parallel=True)
def _fill_lattice(corners, normals, spacing, starts, rows, out_row, out_place):  # type: ignore[no-untyped-def]
    for t in prange(corners.shape[0]):
        found = _walk(corners[t], normals[t], spacing[t], out_place, True, starts[t])
        for k in range(found):
            out_row[starts[t] + k] = rows[t]


@njit(cache=True, parallel=True)
def place(
    corners: Floats,
    corner_normals: Floats,
    sharp: NDArray[np.uint8],
    strips: Floats,
    spacing: Floats,
    row: NDArray[np.int32],
    place_in: Floats,
    coverage: Floats,
    ground: NDArray[np.bool_],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Means, normals, frames and sizes of the points, moved off sharp edges, with tangent frames along the nearest such edge.

    strips: (T, 8) of every triangle, of the one that it was cut from. Points on thin ones lie in one row along the middle.
    ground (T,): triangles of the terrain, which has neither strips nor twigs.
    """
    count = row.shape[0]
    means, normals = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    frames, sizes = np.empty((count, 3, 3), np.float32), np.empty((count, 3), np.float32)
    for i in prange(count):
        t = row[i]
        p, s = corners[t], spacing[t]
        u, v = float(place_in[i, 0]), float(place_in[i, 1])
        w = np.array((1.0 - u - v, u, v))
        heights = np.empty(3)  # distance of a corner from the opposite edge: barycentric coordinate × height = distance from the edge
        e0, e1, e2 = p[1] - p[0], p[2] - p[1], p[0] - p[2]
        cross = np.array((e0[1] * -e2[2] + e0[2] * e2[1], e0[2] * -e2[0] + e0[0] * e2[2], e0[0] * -e2[1] + e0[1] * e2[0]))
        double_area = np.sqrt((cross * cross).sum()) + 1e-20
        lengths = (np.sqrt((e0 * e0).sum()) + 1e-12, np.sqrt((e1 * e1).sum()) + 1e-12, np.sqrt((e2 * e2).sum()) + 1e-12)
        nearest, edge = 1e9, -1
        for k in range(3):
            heights[k] = double_area / lengths[k]
            if (sharp[t] >> k) & 1:
                opposite = (k + 2) % 3
                room = 0.2 * min(s, heights[k] * 0.9)
                distance = w[opposite] * heights[k]
                if distance < room:  # move inwards, so that the rim is covered from inside
                    push = (room - distance) / heights[k]
                    rest = 1.0 - w[opposite]
                    if rest > 1e-6:
                        for m in range(3):
                            if m != opposite:
                                w[m] *= 1.0 - push / rest
                    w[opposite] += push
                    distance = room
                if distance < nearest:
                    nearest, edge = distance, k
        width, length = float(strips[t, 6]), float(strips[t, 7])
        strip = 0.0 < width < THIN * s and not ground[t]
        for m in range(3):
            means[i, m] = w[0] * p[0, m] + w[1] * p[1, m] + w[2] * p[2, m]
        run = 0.0  # from where the strip begins
        if strip:
            for m in range(3):
                run += (means[i, m] - strips[t, m]) * strips[t, 3 + m]
            for m in range(3):
                means[i, m] = strips[t, m] + run * strips[t, 3 + m]
            nearest = 0.5 * width
        if nearest >= 2.5 * s:
            edge = -1  # too far off to matter
        n = corner_normals[t, 0] * w[0] + corner_normals[t, 1] * w[1] + corner_normals[t, 2] * w[2]
        n /= np.sqrt((n * n).sum()) + 1e-12
        if ground[t]:
            face = cross / double_area
            if (n * face).sum() < FACE:
                n = face
        if strip:
            along = strips[t, 3:6].astype(np.float64)
        elif edge >= 0:
            along = (e0 if edge == 0 else e1 if edge == 1 else e2) / lengths[edge]
        elif abs(n[1]) < 0.9:
            along = np.array((n[2], 0.0, -n[0]))
        else:
            along = np.array((1.0, 0.0, 0.0))
        along = along - n * (along * n).sum()
        along /= np.sqrt((along * along).sum()) + 1e-12
        across = np.array((n[1] * along[2] - n[2] * along[1], n[2] * along[0] - n[0] * along[2], n[0] * along[1] - n[1] * along[0]))
        # few splats a triangle lie less evenly: let them overlap more
        wide = coverage[t] * s * (1.0 + 0.22 * min(1.0, s * s / (0.5 * double_area + 1e-12)))
        narrow = wide
        if edge >= 0 or strip:
            narrow = min(wide, max(nearest * 0.95, (THINNEST if strip else GROUND_RIM if ground[t] else RIM) * wide))
        bend, straight = _curvature(p, corner_normals[t], lengths)
        end = 1e9  # how far off the rim of a pole is
        if bend * wide > 0.7 and not ground[t]:  # a thin twig or pipe: narrow as it is, and longer along it instead
            narrow = min(narrow, max(0.7 / bend, 0.12 * wide))
            if not strip and (edge < 0 or lengths[edge] < wide):
                if edge >= 0:
                    edge, end = -1, nearest
                along = (e0 if straight == 0 else e1 if straight == 1 else e2) / lengths[straight]
                along = along - n * (along * n).sum()
                along /= np.sqrt((along * along).sum()) + 1e-12
                across = np.array((n[1] * along[2] - n[2] * along[1], n[2] * along[0] - n[0] * along[2], n[0] * along[1] - n[1] * along[0]))
        long = min(wide * wide / narrow, 1.7 * wide, max(0.7 * wide, 0.4 * lengths[straight]), max(0.8 * end, 0.45 * wide))
        if strip:  # as far apart as the strip is thin, and short of its ends
            long = min(max(wide, 1.2 * wide * s / width), 12.0 * narrow, max(0.8 * min(run, length - run), 0.45 * wide))
        elif edge >= 0:  # stay short of the corners, where the next edge begins
            q, r = p[edge] - means[i], p[(edge + 1) % 3] - means[i]
            before, after = np.sqrt((q * q).sum()), np.sqrt((r * r).sum())
            long = min(long, max(0.8 * before, 0.45 * wide), max(0.8 * after, 0.45 * wide))
        if ground[t]:
            long = min(long, wide)
        for m in range(3):
            frames[i, m, 0], frames[i, m, 1], frames[i, m, 2] = along[m], across[m], n[m]
            normals[i, m] = n[m]
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = long, narrow, 0.10 * narrow + 0.0004
    return means, normals, frames, sizes


@njit(cache=True)
def _curvature(p: Floats, n: Floats, lengths: tuple[float, float, float]) -> tuple[float, int]:
    """How fast the normal turns along the edge where it turns most (1/m), and the edge where it turns least."""
    most, least, straight = 0.0, 1e9, 0
    for k in range(3):
        d = n[(k + 1) % 3] - n[k]
        turn = np.sqrt((d * d).sum()) / lengths[k]
        most = max(most, turn)
        if turn < least:
            least, straight = turn, k
    return most, straight
