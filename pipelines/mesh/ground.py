"""The ground as a closed solid: rings round the visitor, fine near by and wide far off, with a skirt and a bottom.

A sheet that is too fine is not thinned but measured anew by vertical rays, which is ten times as fast as collapsing its edges and
keeps the detail where one walks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Mesh

FINE_M = 25.0  # within this distance rings are evenly spaced


def coarser(sheet: Mesh, middle: tuple[float, float], *, max_triangles: int) -> Mesh | None:
    """The same ground on fewer triangles; None where the sheet has holes, or its rim cannot be seen whole from `middle` (x, z)."""
    loops = boundary_loops(sheet.faces)
    rings = int((math.sqrt(max_triangles / 2) - 1) / 2)
    if len(loops) != 1 or rings < 8:
        return None
    centre = np.array(middle, dtype=np.float64)
    ring, angle, faces = _disc(rings)
    reach = _reach(sheet.vertices[loops[0]][:, [0, 2]] - centre, angle)
    if reach is None:
        return None
    plan = _radii(ring / rings, reach)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    heights = _heights(sheet, plan + centre)
    if not np.isfinite(heights).all():
        return None
    vertices = np.stack([plan[:, 0] + centre[0], heights, plan[:, 1] + centre[1]], axis=1)
    return Mesh(vertices.astype(np.float32), faces)


def _reach(rim: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Distance from the origin to a closed polygon (R, 2) in every direction; None where it is not star-shaped."""
    around = np.unwrap(np.arctan2(rim[:, 1], rim[:, 0]))
    if around[-1] < around[0]:
        rim, around = rim[::-1], around[::-1]
    around = np.append(around, around[0] + 2 * math.pi)
    if (np.diff(around) <= 0).any():
        return None
    edge = np.searchsorted(around, around[0] + (angle - around[0]) % (2 * math.pi), side="right") - 1
    start = rim[edge % len(rim)]
    along = rim[(edge + 1) % len(rim)] - start
    facing = np.cos(angle) * along[:, 1] - np.sin(angle) * along[:, 0]
    reach: NDArray[np.float64] = (start[:, 0] * along[:, 1] - start[:, 1] * along[:, 0]) / facing
    return reach * 0.999


def _radii(share: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where a ring at `share` (0 … 1 of all rings) stands: half of them evenly over the fine middle, the others ever wider."""
    fine = min(FINE_M, float(reach.min()) / 2)
    outer: NDArray[np.float64] = fine * (reach / fine) ** np.maximum(2 * share - 1, 0)
    return np.where(share < 0.5, 2 * share * fine, outer)


def _disc(rings: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int32]]:
    """A square grid of 2·rings cells a side bent into a disc (Shirley and Chiu's concentric map).

    Ring (V,) and angle (V,) of every vertex, and faces (F, 3).
    """
    steps = np.arange(-rings, rings + 1)
    x, z = (axis.ravel() for axis in np.meshgrid(steps, steps))
    ring = np.maximum(np.abs(x), np.abs(z))
    along, across = np.where(np.abs(x) >= np.abs(z), x, z), np.where(np.abs(x) >= np.abs(z), z, x)
    lean = across / np.where(along == 0, 1, along) * (math.pi / 4)
    angle = np.where(np.abs(x) >= np.abs(z), lean, math.pi / 2 - lean) + np.where(along < 0, math.pi, 0)
    index = np.arange(len(x)).reshape(2 * rings + 1, 2 * rings + 1)
    a, b, c, d = (corner.ravel() for corner in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return ring, angle, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)


def _heights(sheet: Mesh, plan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the sheet at every x, z (N, 2); NaN where there is none."""
    from pipelines.rays import Caster

    top = float(sheet.vertices[:, 1].max()) + 1.0
    origins = np.stack([plan[:, 0], np.full(len(plan), top), plan[:, 1]], axis=1)
    distances = Caster(sheet.corners).distances(origins, np.array([[0, -1, 0]])).astype(np.float64)
    return np.where(np.isfinite(distances), top - distances, np.nan)


def closed_below(sheet: Mesh, thickness_m: float) -> Mesh:
    """An open sheet seen from above → a solid: a skirt down from every border edge to `thickness_m` below the lowest point, and a
    bottom, which is a fan round the middle of each border loop.
    """
    floor = float(sheet.vertices[:, 1].min()) - thickness_m
    vertices, faces = [sheet.vertices], [sheet.faces]
    count = len(sheet.vertices)
    for loop in boundary_loops(sheet.faces):
        below = sheet.vertices[loop].copy()
        below[:, 1] = floor
        vertices += [below, below.mean(axis=0, keepdims=True)]
        here, lower = loop, count + np.arange(len(loop))
        there, lower_there = np.roll(here, -1), np.roll(lower, -1)
        centre = np.full(len(loop), count + len(loop))
        corners = ((there, here, lower), (there, lower, lower_there), (lower_there, lower, centre))
        faces += [np.stack(corner, axis=1).astype(np.int32) for corner in corners]
        count += len(loop) + 1
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces))


def boundary_edges(faces: NDArray[np.integer]) -> NDArray[np.int64]:
    """(E, 2) directed edges that one face has and no other, in the order of the faces."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    size = int(edges.max(initial=0)) + 1
    keys = edges.min(axis=1) * size + edges.max(axis=1)
    order = np.argsort(keys)
    ranked = keys[order]
    differs = np.concatenate([[True], ranked[1:] != ranked[:-1], [True]])
    alone: NDArray[np.int64] = edges[np.sort(order[differs[1:] & differs[:-1]])]
    return alone


def boundary_loops(faces: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """The border of a sheet as closed loops of vertices, in the direction of its faces; loops that touch are taken apart."""
    following: dict[int, list[int]] = {}
    for start, end in boundary_edges(faces).tolist():
        following.setdefault(start, []).append(end)
    loops = []
    while following:
        first = here = min(following)
        loop: list[int] = []
        while here in following and (here != first or not loop):
            loop.append(here)
            ends = following[here]
            here = ends.pop()
            if not ends:
                del following[loop[-1]]
        loops.append(np.array(loop, dtype=np.int64))
    return loops
