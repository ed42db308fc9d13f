"""Points in triangles: stratified, kept off sharp edges, with tangent frames and sizes that close the surface without fringe."""

from __future__ import annotations

import numpy as np
from numba import njit, prange


@njit(cache=True, parallel=True)
def place(corners, corner_normals, sharp, spacing, row, seed, coverage):  # type: ignore[no-untyped-def]
    """Points in their triangles by the R2 sequence, kept off sharp edges, with tangent frames along the nearest such edge."""
    count = row.shape[0]
    means, normals = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    frames, sizes = np.empty((count, 3, 3), np.float32), np.empty((count, 3), np.float32)
    for i in prange(count):
        t = row[i]
        p, s = corners[t], spacing[t]
        u = ((i + seed) * 0.7548776662466927) % 1.0
        v = ((i + seed) * 0.5698402909980532) % 1.0
        if u + v > 1.0:
            u, v = 1.0 - u, 1.0 - v
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
                room = 0.30 * min(s, heights[k] * 0.9)
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
        for m in range(3):
            means[i, m] = w[0] * p[0, m] + w[1] * p[1, m] + w[2] * p[2, m]
        n = corner_normals[t, 0] * w[0] + corner_normals[t, 1] * w[1] + corner_normals[t, 2] * w[2]
        n /= np.sqrt((n * n).sum()) + 1e-12
        if edge >= 0 and nearest < 2.5 * s:
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
        if edge >= 0:
            narrow = min(wide, max(nearest * 0.95, 0.4 * wide))
        bend, straight = _curvature(p, corner_normals[t], lengths)
        if bend * wide > 0.7:  # a thin twig or pipe: narrow as it is, and longer along it instead
            narrow = min(narrow, max(0.7 / bend, 0.12 * wide))
            if edge < 0:
                along = (e0 if straight == 0 else e1 if straight == 1 else e2) / lengths[straight]
                along = along - n * (along * n).sum()
                along /= np.sqrt((along * along).sum()) + 1e-12
                across = np.array((n[1] * along[2] - n[2] * along[1], n[2] * along[0] - n[0] * along[2], n[0] * along[1] - n[1] * along[0]))
        long = min(wide * wide / narrow, 2.2 * wide, max(wide, 0.4 * lengths[straight]))
        if edge >= 0:  # stay short of the corners, where the next edge begins
            q, r = p[edge] - means[i], p[(edge + 1) % 3] - means[i]
            end = min(np.sqrt((q * q).sum()), np.sqrt((r * r).sum()))
            long = min(long, max(0.8 * end, 0.45 * wide))
        for m in range(3):
            frames[i, m, 0], frames[i, m, 1], frames[i, m, 2] = along[m], across[m], n[m]
            normals[i, m] = n[m]
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = long, narrow, 0.10 * narrow + 0.0004
    return means, normals, frames, sizes


@njit(cache=True)
def _curvature(p, n, lengths):  # type: ignore[no-untyped-def]
    """How fast the normal turns along the edge where it turns most (1/m), and the edge where it turns least."""
    most, least, straight = 0.0, 1e9, 0
    for k in range(3):
        d = n[(k + 1) % 3] - n[k]
        turn = np.sqrt((d * d).sum()) / lengths[k]
        most = max(most, turn)
        if turn < least:
            least, straight = turn, k
    return most, straight
