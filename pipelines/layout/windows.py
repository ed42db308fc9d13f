"""Windows as lights: indoors most light comes through a few panes, so rays are aimed at them.

A pane is any see-through sheet of the thing that encloses the visitors (the room). Light through panes is estimated here by area
sampling; gathering rays that leave the room therefore count as dark, or the same light would be counted twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.sky import radiance
from pipelines.layout.surfaces import areas_and_normals
from pipelines.rays import Caster
from pipelines.scene import Floats, Matrix, Scene, Sky, Surfels, Thing

NEAREST_M = 0.35  # a pane is not sampled as if it were nearer than this: keeps single rays from dominating
SKIN_M = 0.05  # what lies within so much of the hull of a room is its outside
BACK_LIGHT = 0.8  # share of the room's usual light that its shell's outside is shown in
PANE_LIGHT = 0.08  # … and that both sides of a pane are: what is seen through it must not be veiled
SEE_THROUGH = 0.5  # opacity below which a surface is a pane


@dataclass(frozen=True)
class Panes:
    """Triangles (T, 3, 3) of window panes facing into the room, and the room's box (2, 3) in its own frame: rooms stand askew."""

    corners: Floats
    areas: Floats
    normals: Floats
    box: Floats
    room_from_world: Matrix


def panes_of(scene: Scene) -> Panes | None:
    """The panes of the room that visitors are in; None outdoors and in rooms without windows."""
    shell = shell_of(scene)
    if shell is None:
        return None
    sheets = [part.mesh.moved(shell.world_from_model).corners for part in shell.model.parts if part.material.opacity < SEE_THROUGH]
    if not sheets:
        return None
    corners = np.concatenate(sheets).astype(np.float32)
    areas, normals = areas_and_normals(corners)
    inward = shell.bounds.mean(axis=0) - corners.mean(axis=1)
    inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
    facing = np.einsum("ij,ij->i", normals, inward) > 0.2
    return Panes(
        corners[facing], areas[facing], normals[facing], shell.model.bounds, np.linalg.inv(shell.world_from_model).astype(np.float64)
    )


def shell_of(scene: Scene) -> Thing | None:
    """The thing that encloses the visitors: the largest whose box holds the spawn eye; None outdoors."""
    if not scene.indoors:
        return None
    eye = scene.viewpoints[0]
    around = [thing for thing in scene.things if (thing.bounds[0] < eye).all() and (eye < thing.bounds[1]).all()]
    return max(around, key=lambda thing: float(np.prod(np.ptp(thing.bounds, axis=0))), default=None)


def outside(panes: Panes, points: Floats) -> NDArray[np.bool_]:
    """Which points (N, 3) lie beyond the room's walls, or on their outside."""
    turn, shift = panes.room_from_world[:3, :3], panes.room_from_world[:3, 3]
    own = points @ turn.T.astype(np.float32) + shift.astype(np.float32)
    return ((own < panes.box[0] + SKIN_M) | (own > panes.box[1] - SKIN_M)).any(axis=1)


def light_through(
    panes: Panes,
    points: Floats,
    normals: Floats,
    *,
    caster: Caster,
    glow: Floats | None,
    sky: Sky,
    rays: int,
    both_sides: NDArray[np.bool_],
) -> Floats:
    """Irradiance (N, 3) at points through the panes: `rays` stratified pane points each. glow (T, 3): radiance of the triangles."""
    cumulative = np.cumsum(panes.areas) / panes.areas.sum()
    total = np.zeros((len(points), 3), np.float32)
    rank = np.arange(len(points))
    for ray in range(rays):
        pick = ((rank * 0.6180339887498949) % 1.0 + ray) / rays
        triangle = np.searchsorted(cumulative, pick).clip(0, len(cumulative) - 1)
        u, v = (rank * 0.7548776662466927 + ray * 0.31) % 1.0, (rank * 0.5698402909980532 + ray * 0.17) % 1.0
        root = np.sqrt(u)
        weights = np.stack([1 - root, root * (1 - v), root * v], axis=1).astype(np.float32)
        offset = np.einsum("nk,nkc->nc", weights, panes.corners[triangle]) - points
        distance = np.maximum(np.linalg.norm(offset, axis=1), 1e-3)
        towards = (offset / distance[:, None]).astype(np.float32)
        cosine = np.einsum("ij,ij->i", towards, normals)
        cosine = np.where(both_sides, 0.6 * np.abs(cosine) + 0.2, np.maximum(cosine, 0))
        through = np.maximum(-np.einsum("ij,ij->i", towards, panes.normals[triangle]), 0)
        strength = cosine * through / np.maximum(distance, NEAREST_M) ** 2
        mine = np.flatnonzero(strength > 1e-6)
        start = points[mine] + towards[mine] * 0.012
        hits, reach = caster.trace(start.astype(np.float32), towards[mine])
        seen = radiance(sky, towards[mine])
        met = hits >= 0
        if glow is not None:
            seen[met] = glow[hits[met]]
        seen[met & (reach < distance[mine] - 0.06)] = 0
        total[mine] += seen * strength[mine, None].astype(np.float32)
    return (total * np.float32(panes.areas.sum() / rays)).astype(np.float32)


def shade_backs(matt: Floats, surfels: Surfels, irradiance: Floats, scene: Scene) -> None:
    """The outside of the room's shell looks like its inside: it shows through seams and round thin frames, neither bright nor black.

    Its panes hardly scatter light: what they mirror comes on top.
    """
    shell = shell_of(scene)
    if shell is None:
        return
    own = surfels.thing == shell.id
    outward = np.einsum("ij,ij->i", surfels.means - shell.bounds.mean(axis=0), surfels.frames[:, :, 2]) > 0
    front, back = own & ~surfels.hidden, own & surfels.hidden & outward
    if front.any() and back.any():
        usual = np.float32(BACK_LIGHT) * np.median(irradiance[front], axis=0)
        matt[back] = surfels.albedo[back] * usual / np.float32(math.pi)
        pane = own & (surfels.opacity < SEE_THROUGH)
        matt[pane] = surfels.albedo[pane] * usual * np.float32(PANE_LIGHT / math.pi) + surfels.emission[pane]
