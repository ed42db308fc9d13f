"""Cavities: the free room within a model, where something can lie: a compartment, a cage, the shelf below a bench, the hollow of a boat.

A model is laid into a lattice of cells: those that its surfaces pass through or its solids fill are taken. Room is where a box of cells
is free and has a surface below it; whether that is *within* the model is decided by what stands round it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.layout.footprints import Reals
from pipelines.layout.remembering import remembered
from pipelines.layout.supports import surface_near, triangles
from pipelines.layout.surfaces import steps_across
from pipelines.scene import Model

Bools = NDArray[np.bool_]
CELLS = 44  # along the longest side of a model, at most
FINEST_M = 0.012
SECTORS, WALLED = 16, 9  # round a place within something, and in how many of them a wall must be met
RIM_M, LOW_RIM = 0.05, 0.25  # how far walls rise above a floor: so much, or that share of a low thing
SEE_THROUGH = 0.9  # materials of less opacity hide nothing
TRIED = 320  # places looked at closely


@dataclass(frozen=True)
class Lattice:
    """Cells of a model: `low` (3,) is the corner of the first, `step_m` their size, `taken` (X, Y, Z) those that are not free.

    opaque: those that nothing is seen through.
    """

    low: Reals
    step_m: float
    taken: Bools
    opaque: Bools


@remembered(256)
def lattice_of(model: Model) -> Lattice:
    """The lattice of a model."""
    low, high = model.bounds.astype(np.float64)
    step = max(float((high - low).max()) / CELLS, FINEST_M)
    shape = tuple(int(n) for n in np.ceil((high - low) / step + 1e-6).clip(1))
    surface = np.zeros(shape, np.bool_)
    _mark(triangles(model), low, step, surface)
    opaque = np.zeros(shape, np.bool_)
    for part in model.parts:
        if part.material.opacity >= SEE_THROUGH:
            _mark(np.ascontiguousarray(part.mesh.corners, np.float64), low, step, opaque)
    closed = [part.mesh.corners for part in model.parts if not part.double_sided and part.material.opacity >= SEE_THROUGH]
    depth = np.zeros(shape, np.int32)
    if closed:
        _fill(np.ascontiguousarray(np.concatenate(closed), np.float64), low, step, depth)
    taken = surface | (depth > 0)
    return Lattice(low, step, taken, opaque | (depth > 0))


@njit(cache=True)
def _mark(soup: Reals, low: Reals, step: float, out: Bools) -> None:
    """Take every cell that a triangle passes through, found by points half a cell apart on it."""
    for t in range(len(soup)):
        a, b, c = soup[t, 0], soup[t, 1], soup[t, 2]
        number = steps_across(soup[t], step)
        for i in range(number + 1):
            for j in range(number + 1 - i):
                u, v = i / number, j / number
                p = a + u * (b - a) + v * (c - a)
                x, y, z = int((p[0] - low[0]) / step), int((p[1] - low[1]) / step), int((p[2] - low[2]) / step)
                out[min(max(x, 0), out.shape[0] - 1), min(max(y, 0), out.shape[1] - 1), min(max(z, 0), out.shape[2] - 1)] = True


@njit(cache=True)
def _fill(soup: Reals, low: Reals, step: float, depth: NDArray[np.int32]) -> None:
    """Count for every cell's middle how many closed solids hold it: faces that look down open one above them, others close it."""
    for t in range(len(soup)):
        a, b, c = soup[t, 0], soup[t, 1], soup[t, 2]
        area = (b[0] - a[0]) * (c[2] - a[2]) - (c[0] - a[0]) * (b[2] - a[2])
        if abs(area) < 1e-12:
            continue
        turn = 1 if area > 0 else -1  # counter-clockwise faces that look down turn so when x and z are taken for a plane
        x0 = max(int(np.ceil((min(a[0], b[0], c[0]) - low[0]) / step - 0.5)), 0)
        x1 = min(int(np.floor((max(a[0], b[0], c[0]) - low[0]) / step - 0.5)), depth.shape[0] - 1)
        z0 = max(int(np.ceil((min(a[2], b[2], c[2]) - low[2]) / step - 0.5)), 0)
        z1 = min(int(np.floor((max(a[2], b[2], c[2]) - low[2]) / step - 0.5)), depth.shape[2] - 1)
        for i in range(x0, x1 + 1):
            x = low[0] + (i + 0.5) * step
            for k in range(z0, z1 + 1):
                z = low[2] + (k + 0.5) * step
                u = ((x - a[0]) * (c[2] - a[2]) - (c[0] - a[0]) * (z - a[2])) / area
                v = ((b[0] - a[0]) * (z - a[2]) - (x - a[0]) * (b[2] - a[2])) / area
                if u < 0.0 or v < 0.0 or u + v >= 1.0:
                    continue
                height = a[1] + u * (b[1] - a[1]) + v * (c[1] - a[1])
                first = max(int(np.ceil((height - low[1]) / step - 0.5)), 0)
                for j in range(first, depth.shape[1]):
                    depth[i, j, k] += turn


def room_within(model: Model, half_m: tuple[float, float], height_m: float, *, sunk: float = 1.0) -> Reals:
    """Where a box that lies along the model's axes can rest within its walls: (n, 3) x, floor, z in the model's frame, the best first.

    half_m, height_m: of the box, in the model's units.  sunk: share of the height that must lie below the model's top (what stands in
    a vase or a boat rises above it). The best are seen from before or above, and lie low and near the middle.
    """
    lattice, step = lattice_of(model), lattice_of(model).step_m
    index, size = _free(lattice, half_m, height_m)
    tall = max(int(np.ceil(height_m * sunk / step - 0.25)), 1)
    index = index[index[:, 1] + tall <= lattice.taken.shape[1]]
    middle = index + [size[0] // 2, 0, size[2] // 2]
    index = index[_spread_out(middle, lattice)]
    middle = index + [size[0] // 2, 0, size[2] // 2]
    within = _walled(lattice, middle)
    return _ranked(model, lattice, index[within], middle[within], size)


def room_below(model: Model, half_m: tuple[float, float], height_m: float) -> Reals:
    """Where a box can rest on a surface of the model below another one, such as the shelf of a workbench; as `room_within`."""
    lattice = lattice_of(model)
    index, size = _free(lattice, half_m, height_m)
    index = index[(index[:, 1] > 0) & (index[:, 1] + size[1] <= lattice.taken.shape[1])]
    middle = index + [size[0] // 2, 0, size[2] // 2]
    roofed = np.flip(np.maximum.accumulate(np.flip(lattice.taken, 1), axis=1), 1)[tuple(middle.T)]
    return _ranked(model, lattice, index[roofed], middle[roofed], size)


def _free(lattice: Lattice, half_m: tuple[float, float], height_m: float) -> tuple[NDArray[np.int64], tuple[int, int, int]]:
    """The lowest corners (n, 3) of the boxes of cells that are free and stand on something, and their size in cells."""
    step, taken = lattice.step_m, lattice.taken
    wide, tall, deep = (max(int(np.ceil(extent / step - 0.25)), 1) for extent in (2 * half_m[0], height_m, 2 * half_m[1]))
    if wide > taken.shape[0] or deep > taken.shape[2]:
        return np.zeros((0, 3), np.int64), (wide, tall, deep)
    free = _sums(np.pad(taken, ((0, 0), (0, tall), (0, 0))), (wide, tall, deep)) == 0
    below = np.pad(taken, ((0, 0), (1, 0), (0, 0)), constant_values=True)[:, :-1]  # what a cell stands on; the ground below all
    held = _sums(below, (wide, 1, deep)) >= 0.5 * wide * deep
    return np.argwhere(free[:, : held.shape[1]] & held), (wide, tall, deep)


def _spread_out(middle: NDArray[np.int64], lattice: Lattice) -> NDArray[np.int64]:
    """Which of many places to look at closely: the most central of each level, and as many of every level."""
    heart = np.array(lattice.taken.shape) / 2
    away = np.hypot((middle[:, 0] - heart[0]) / heart[0], (middle[:, 2] - heart[2]) / heart[2])
    order = np.lexsort((away, middle[:, 1]))
    levels, first, count = np.unique(middle[order, 1], return_index=True, return_counts=True)
    each = max(TRIED // max(len(levels), 1), 8)
    return np.concatenate([order[a : a + min(n, each)] for a, n in zip(first, count, strict=True)]) if len(levels) else order


def _ranked(
    model: Model, lattice: Lattice, index: NDArray[np.int64], middle: NDArray[np.int64], size: tuple[int, int, int]
) -> Reals:  # fmt: skip
    if not len(index):
        return np.zeros((0, 3))
    step = lattice.step_m
    x, z = (lattice.low[axis] + (index[:, axis] + size[axis] / 2) * step for axis in (0, 2))
    heart, extent = (model.bounds[0] + model.bounds[1]) / 2, model.bounds[1] - model.bounds[0]
    away = np.hypot((x - heart[0]) / extent[0], (z - heart[2]) / extent[2]).round(2)
    order = np.lexsort((away, index[:, 1], ~_seen(lattice, middle + np.array([0, size[1] // 2, 0]))))[:TRIED]
    floor = _floors(model, x[order], z[order], lattice.low[1] + index[order, 1] * step, step)
    found = np.stack([x[order], floor, z[order]], axis=1)
    return found[~np.isnan(floor)]


def _floors(model: Model, x: Reals, z: Reals, rough: Reals, step: float) -> Reals:
    """Exact heights of the surfaces that the cells at `rough` heights stand on; nan where there is none near."""
    out = np.full(len(x), np.nan)
    for height in np.unique(rough):
        mine = rough == height
        if height <= float(model.bounds[0, 1]) + 1e-6:  # on the ground, between legs or bars
            out[mine] = max(float(height), 0.0)
            continue
        found = surface_near(model, x[mine], z[mine], float(height))
        out[mine] = np.where(np.abs(found - height) <= 1.5 * step, found, np.nan)
    return out


def _walled(lattice: Lattice, cells: NDArray[np.int64]) -> Bools:
    """Whether walls (or bars) stand round cells: something rises a little above their floor in most directions."""
    taken, found = lattice.taken, np.zeros(len(cells), np.bool_)
    rim = min(RIM_M, LOW_RIM * taken.shape[1] * lattice.step_m)
    first = max(int(np.ceil(rim / lattice.step_m)), 1) - 1
    for level in np.unique(cells[:, 1]):
        mine = np.flatnonzero(cells[:, 1] == level)
        x, z = np.nonzero(taken[:, level + first : level + first + 3].any(axis=1))
        dx, dz = x[None] - cells[mine, 0, None], z[None] - cells[mine, 2, None]
        sector = np.floor((np.arctan2(dx, dz) / (2 * np.pi) + 0.5) * SECTORS).astype(np.int64).clip(0, SECTORS - 1)
        met = np.zeros((len(mine), SECTORS), np.bool_)
        met[np.arange(len(mine))[:, None], sector] = True
        found[mine] = met.sum(axis=1) >= WALLED
    return found


def _seen(lattice: Lattice, cells: NDArray[np.int64]) -> Bools:
    """Whether cells can be seen from before, from above, or from between."""
    out = np.zeros(len(cells), np.bool_)
    shape = np.array(lattice.taken.shape)
    for step in ((0, 1, 0), (0, 0, 1), (0, 1, 1), (0, 1, 2), (1, 1, 1), (-1, 1, 1)):
        blocked, at = np.zeros(len(cells), np.bool_), cells.copy()
        for _ in range(int(shape.max())):
            at = at + step
            on = ((at >= 0) & (at < shape)).all(axis=1)
            if not on.any():
                break
            blocked[on] |= lattice.opaque[tuple(at[on].T)]
        out |= ~blocked
    return out


def lies_within(model: Model, x: float, floor_m: float, z: float) -> bool:
    """Whether walls of a model stand round a place in its frame, a little above a floor at that height."""
    lattice = lattice_of(model)
    cell = np.floor((np.array([[x, floor_m + 0.5 * lattice.step_m, z]]) - lattice.low) / lattice.step_m).astype(np.int64)
    if (cell < 0).any() or (cell >= lattice.taken.shape).any():
        return False
    return bool(_walled(lattice, cell)[0])


def _sums(cells: Bools, size: tuple[int, int, int]) -> NDArray[np.int32]:
    """How many of the cells are set in every box of that size."""
    total = np.pad(cells.astype(np.int32), ((1, 0), (1, 0), (1, 0))).cumsum(0).cumsum(1).cumsum(2)
    a, b, c = size
    x = total[a:] - total[:-a]
    y = x[:, b:] - x[:, :-b]
    return np.asarray(y[:, :, c:] - y[:, :, :-c], np.int32)
