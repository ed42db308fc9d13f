"""Interior: what a room's model says of its inside: the floor, the ceiling above every place, doors and windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.layout.footprints import Reals
from pipelines.layout.supports import spots_named
from pipelines.scene import Model

LEAST_SHARE = 0.01  # planes with less of a ceiling's area are the sides of skylights and the edges of panes


@dataclass(frozen=True)
class Opening:
    """A door or a window in the room's frame: middle on the wall, half width, sill and top; along_x: in the back or front wall."""

    x: float
    z: float
    half_m: float
    sill_m: float
    top_m: float
    along_x: bool
    door: bool


def interior_of(model: Model) -> tuple[Reals, Reals, float]:
    """Lowest and highest x, z of the floor, and the height of the ceiling above it."""
    spots = spots_named(model, "floor")
    if spots:
        spot = max(spots, key=lambda one: one.size_m[0] * one.size_m[1])
        centre, half = np.array([spot.position[0], spot.position[2]]), np.array(spot.size_m) / 2
        height = spot.clearance_m if spot.clearance_m < 9 else float(model.bounds[1, 1]) - 0.1
        return centre - half, centre + half, height
    low, high = model.bounds[:, [0, 2]].astype(np.float64)
    return low + 0.15, high - 0.15, float(model.bounds[1, 1]) - 0.12


def floor_of(model: Model) -> float:
    """Height of the floor in the model's frame."""
    spots = spots_named(model, "floor")
    return float(spots[0].position[1]) if spots else 0.0


def openings_of(model: Model, low: Reals, high: Reals) -> list[Opening]:
    """Doors and windows by the names of the model's parts; several windows in one wall may share a part."""
    found: list[Opening] = []
    for part in model.parts:
        if part.name not in ("door", "window"):
            continue
        corners = part.mesh.corners.astype(np.float64)
        centre = part.mesh.bounds.astype(np.float64).mean(axis=0)
        along_x = int(np.argmin(np.abs([centre[2] - low[1], high[0] - centre[0], high[1] - centre[2], centre[0] - low[0]]))) in (0, 2)
        axis = 0 if along_x else 2
        spans = corners[:, :, axis]
        order = np.argsort(spans.min(axis=1), kind="stable")
        starts, ends = spans.min(axis=1)[order], np.maximum.accumulate(spans.max(axis=1)[order])
        cuts = np.flatnonzero(starts[1:] > ends[:-1] + 0.15) + 1
        for group in np.split(order, cuts):
            lows, highs = corners[group].min(axis=(0, 1)), corners[group].max(axis=(0, 1))
            middle, half = (lows + highs) / 2, float(highs[axis] - lows[axis]) / 2
            sill, top = float(lows[1]), float(highs[1])
            found.append(Opening(float(middle[0]), float(middle[2]), half + 0.08, sill, top, along_x, part.name == "door"))
    return found


def ceiling_planes(model: Model) -> Reals:
    """(P, 3) factors of x and z, and the height at the origin, of every plane that faces down into the room from a "ceiling"."""
    low, high, height_m = interior_of(model)
    found = [part.mesh.corners.astype(np.float64) for part in model.parts if part.name == "ceiling"]
    if not found:
        return np.array([[0.0, 0.0, height_m]])
    corners = np.concatenate(found)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    normals /= np.maximum(areas, 1e-9)[:, None]
    middle = corners.mean(axis=1)[:, [0, 2]]
    down = (normals[:, 1] < -0.05) & ((middle > low) & (middle < high)).all(axis=1)  # rims lie over the walls
    if not down.any():
        return np.array([[0.0, 0.0, height_m]])
    n, p = normals[down], corners[down, 0]
    planes = np.stack([-n[:, 0] / n[:, 1], -n[:, 2] / n[:, 1], np.einsum("ij,ij->i", n, p) / n[:, 1] - floor_of(model)], axis=1)
    distinct, which = np.unique(np.round(planes, 3), axis=0, return_inverse=True)
    share = np.bincount(which.ravel(), areas[down]) / areas[down].sum()
    return np.asarray(distinct[share > LEAST_SHARE])
