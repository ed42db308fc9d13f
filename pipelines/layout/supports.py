"""What things can stand on: the exact heights of a model's surfaces, and its free spots in the world."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.layout.footprints import Boxes, Reals
from pipelines.layout.remembering import remembered
from pipelines.layout.surfaces import steps_across
from pipelines.scene import Model, Spot, Thing

TOUCH_M = 0.03
AIR_M = 0.03  # left above what is under something
UNDERSIDE_CELLS, FINEST_M = 72, 0.02  # of the grid of what is below a model: cells along its longer side, and their least size


@remembered(512)
def triangles(model: Model) -> Reals:
    """(T, 3, 3) all faces of a model in its own frame."""
    parts = [part.mesh.corners for part in model.parts]
    return np.ascontiguousarray(np.concatenate(parts).astype(np.float64) if parts else np.zeros((0, 3, 3)))


@njit(cache=True)
def _crossing(soup: Reals, x: Reals, z: Reals, target: Reals, highest: bool) -> Reals:
    """Per point the height of the crossing of its vertical line nearest to `target` (or the highest not above it); nan = none."""
    out = np.full(x.size, np.nan)
    for t in range(len(soup)):
        ax, ay, az = soup[t, 0, 0], soup[t, 0, 1], soup[t, 0, 2]
        bx, by, bz = soup[t, 1, 0], soup[t, 1, 1], soup[t, 1, 2]
        cx, cy, cz = soup[t, 2, 0], soup[t, 2, 1], soup[t, 2, 2]
        area = (bx - ax) * (cz - az) - (cx - ax) * (bz - az)
        if abs(area) < 1e-12:
            continue
        low_x, high_x = min(ax, bx, cx), max(ax, bx, cx)
        low_z, high_z = min(az, bz, cz), max(az, bz, cz)
        for k in range(x.size):
            if x[k] < low_x or x[k] > high_x or z[k] < low_z or z[k] > high_z:
                continue
            u = ((x[k] - ax) * (cz - az) - (cx - ax) * (z[k] - az)) / area
            v = ((bx - ax) * (z[k] - az) - (x[k] - ax) * (bz - az)) / area
            if u < -1e-9 or v < -1e-9 or u + v > 1 + 1e-9:
                continue
            height = ay + u * (by - ay) + v * (cy - ay)
            if highest:
                if height <= target[k] and (np.isnan(out[k]) or height > out[k]):
                    out[k] = height
            elif np.isnan(out[k]) or abs(height - target[k]) < abs(out[k] - target[k]):
                out[k] = height
    return out


def top_heights(model: Model, x: NDArray[np.floating], z: NDArray[np.floating], *, below_m: float = 1e9) -> Reals:
    """Heights of the topmost surface (not above `below_m`) at flat positions in the model's frame; nan beside it."""
    return np.asarray(_crossing(triangles(model), *_flat(x, z), np.full(np.size(x), below_m), True))


def surface_near(model: Model, x: NDArray[np.floating], z: NDArray[np.floating], height_m: float) -> Reals:
    """Heights of the surface nearest to `height_m` at flat positions in the model's frame; nan beside it."""
    return np.asarray(_crossing(triangles(model), *_flat(x, z), np.full(np.size(x), height_m), False))


def fits_beneath(model: Model, at: tuple[float, float, float, float], scale: float, boxes: Boxes) -> NDArray[np.bool_]:
    """Which boxes (n) fit below all surfaces of a model that stands `at` x, y, z and a yaw."""
    low, step, lowest = _underside(model)
    u, v = (np.linspace(-1, 1, int(2 * half.max() / (step * scale)) + 2) for half in (boxes.half_width, boxes.half_depth))
    across, along = boxes.half_width[:, None, None] * u[:, None], boxes.half_depth[:, None, None] * v
    cos, sin = np.cos(boxes.yaw)[:, None, None], np.sin(boxes.yaw)[:, None, None]
    x, y, z, yaw = at
    dx, dz = boxes.x[:, None, None] + across * cos + along * sin - x, boxes.z[:, None, None] - across * sin + along * cos - z
    local = np.stack([dx * np.cos(yaw) - dz * np.sin(yaw), dx * np.sin(yaw) + dz * np.cos(yaw)], axis=-1) / scale
    cell = np.floor((local - low) / step).astype(np.int64) + 1
    inside = cell.clip(0, np.array(lowest.shape) - 1)  # the outermost cells are empty
    return np.asarray((y + lowest[inside[..., 0], inside[..., 1]] * scale >= boxes.high[:, None, None] - 0.002).all(axis=(1, 2)))


@remembered(256)
def _underside(model: Model) -> tuple[Reals, float, Reals]:
    """The corner (x, z) of a grid over a model's plan, the size of its cells, and in each the lowest surface; none: infinite."""
    low, high = model.bounds[:, [0, 2]].astype(np.float64)
    step = max(float((high - low).max()) / UNDERSIDE_CELLS, FINEST_M)
    shape = np.ceil((high - low) / step + 1e-6).astype(np.int64).clip(1) + 2
    lowest = np.full(tuple(shape), np.inf)
    _lower(triangles(model), low, step, lowest)
    return low, step, lowest


@njit(cache=True)
def _lower(soup: Reals, low: Reals, step: float, out: Reals) -> None:
    """Bring every cell down to the triangles over it, found by points half a cell apart on them."""
    for t in range(len(soup)):
        a, b, c = soup[t, 0], soup[t, 1], soup[t, 2]
        number = steps_across(soup[t], step)
        for i in range(number + 1):
            for j in range(number + 1 - i):
                u, v = i / number, j / number
                x, y, z = a + u * (b - a) + v * (c - a)
                across = min(max(int((x - low[0]) / step), 0), out.shape[0] - 3) + 1
                along = min(max(int((z - low[1]) / step), 0), out.shape[1] - 3) + 1
                out[across, along] = min(out[across, along], y)


def _flat(x: NDArray[np.floating], z: NDArray[np.floating]) -> tuple[Reals, Reals]:
    return np.ravel(np.asarray(x, np.float64)).copy(), np.ravel(np.asarray(z, np.float64)).copy()


def contact_of(model: Model) -> tuple[float, Reals]:
    """Height and lowest and highest x, z (2, 2), in its own frame, of what a model rests with: its foot, or what sits on a seat."""
    for spot in spots_named(model, "sits"):
        half = np.array(spot.size_m) / 2
        middle = np.array([spot.position[0], spot.position[2]])
        return spot.position[1], np.stack([middle - half, middle + half])
    foot = np.asarray(model.footprint, np.float64)
    if not (foot[1] > foot[0]).all():
        foot = model.bounds[:, [0, 2]].astype(np.float64)
    return float(model.bounds[0, 1]), foot


def rests_on(thing: Thing, other: Thing) -> bool:
    """Whether a thing's lowest point lies within 3 cm of a surface of another thing, or of the plane of a spot of it, under its foot.

    Of who sits it is the lowest point above the seat.
    """
    to_model = np.linalg.inv(other.world_from_model)
    low, foot = contact_of(thing.model)
    middle, half = foot.mean(axis=0), (foot[1] - foot[0]) / 2
    u, v = np.meshgrid([-0.9, -0.45, 0.0, 0.45, 0.9], [-0.9, -0.45, 0.0, 0.45, 0.9])
    local = np.stack([middle[0] + half[0] * u.ravel(), np.full(u.size, low), middle[1] + half[1] * v.ravel()], axis=1)
    world = local @ thing.world_from_model[:3, :3].T + thing.position
    inside = world @ to_model[:3, :3].T + to_model[:3, 3]
    for spot in other.model.spots:  # wheels on rails, a cushion on slats: what carries may lie to the sides
        away = np.abs(inside[12, [0, 2]] - (spot.position[0], spot.position[2]))
        if abs(inside[12, 1] - spot.position[1]) * other.scale <= TOUCH_M and bool((away <= np.array(spot.size_m) / 2).all()):
            return True
    heights = surface_near(other.model, inside[:, 0], inside[:, 2], float(inside[0, 1]))
    gaps = np.abs(heights - inside[0, 1]) * other.scale
    return bool((gaps[~np.isnan(gaps)] <= TOUCH_M).any())


def spots_named(model: Model, *names: str) -> list[Spot]:
    """The model's spots with one of these names, in the order of the names."""
    return [spot for name in names for spot in model.spots if spot.name == name]
