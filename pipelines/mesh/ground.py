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
    """The same ground on fewer triangles; None where the sheet does not lie below every point of a disc round `middle` (x, z)."""
    loops = boundary_loops(sheet.faces)
    if len(loops) != 1:
        return None
    centre = np.array(middle)
    rim = sheet.vertices[loops[0]][:, [0, 2]] - centre
    reach = float(np.linalg.norm(rim, axis=1).min()) * 0.999
    rings = int((math.sqrt(max_triangles / 2) - 1) / 2)
    if rings < 8 or reach < 1e-3:
        return None
    plan, faces = _disc(rings, _radii(rings, reach))
    heights = _heights(sheet, plan + centre)
    if not np.isfinite(heights).all():
        return None
    vertices = np.stack([plan[:, 0] + centre[0], heights, plan[:, 1] + centre[1]], axis=1)
    return Mesh(vertices.astype(np.float32), faces)


def _radii(rings: int, reach: float) -> NDArray[np.float64]:
    """Radius of every ring, from 0 to `reach`: half of them evenly over the fine middle, the others ever wider."""
    fine = min(FINE_M, reach / 2)
    inner = rings // 2
    return np.concatenate([np.linspace(0, fine, inner + 1), np.geomspace(fine, reach, rings - inner + 1)[1:]])


def _disc(rings: int, radii: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """A square grid of 2·rings cells a side bent into a disc (Shirley and Chiu's concentric map): x, z (V, 2) and faces (F, 3)."""
    steps = np.arange(-rings, rings + 1)
    x, z = (axis.ravel() for axis in np.meshgrid(steps, steps))
    ring = np.maximum(np.abs(x), np.abs(z))
    along, across = np.where(np.abs(x) >= np.abs(z), x, z), np.where(np.abs(x) >= np.abs(z), z, x)
    lean = across / np.where(along == 0, 1, along) * (math.pi / 4)
    angle = np.where(np.abs(x) >= np.abs(z), lean, math.pi / 2 - lean) + np.where(along < 0, math.pi, 0)
    plan = radii[ring][:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    index = np.arange(len(x)).reshape(2 * rings + 1, 2 * rings + 1)
    a, b, c, d = (corner.ravel() for corner in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    return plan, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)


def _heights(sheet: Mesh, plan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height of the sheet at every x, z (N, 2); NaN where there is none."""
    from embreex import rtcore, rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    device = rtcore.EmbreeDevice()
    scene = rtcore_scene.EmbreeScene(device, True)
    triangles = TriangleMesh(scene, np.ascontiguousarray(sheet.corners, np.float32))
    top = float(sheet.vertices[:, 1].max()) + 1.0
    origins = np.stack([plan[:, 0], np.full(len(plan), top), plan[:, 1]], axis=1).astype(np.float32)
    down = np.broadcast_to(np.array([0, -1, 0], np.float32), origins.shape).copy()
    distances = np.asarray(scene.run(origins, down, query="DISTANCE"), dtype=np.float64)
    del triangles
    return np.where(distances < 1e30, top - distances, np.nan)


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
