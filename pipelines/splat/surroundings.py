"""Where one can stand and what blocks the way, found from the splats alone: a grid of the space around the starting point."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import Gaussians
from pipelines.scene import EYE_HEIGHT_M, Spawn

CELL_M, LAYER_M = 0.25, 0.2  # width and height of a voxel
_REACH_M, _BELOW_M, _ABOVE_M = 32.0, 8.0, 14.0
_SOLID = 0.35  # share of a voxel's cross-section that its splats cover before it counts as solid
_STEP_M = 0.2  # what a walker climbs or descends between neighbouring cells
_BODY_M = (0.45, 1.9)  # heights above the ground that must be free for a walker; grass may be lower
_GLITTER = 0.6  # how much a splat's colour depends on the direction; water has about 2, dry ground 0, a waxed floor 0.4
_CLEAR_CELLS = 4  # at this distance obstacles trouble nobody
_UNREACHED = np.float32(np.nan)


@dataclass(frozen=True)
class Surroundings:
    """Voxels around the starting point. solid: (layers, rows, columns), y up, z southwards, x eastwards; origin: its lowest corner.

    wet: (rows, columns) where the surface glitters, as water does.
    """

    origin: NDArray[np.float64]
    solid: NDArray[np.bool_]
    wet: NDArray[np.bool_]
    spawn: Spawn

    def is_free(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether world points (N, 3) lie in no solid voxel; beyond the grid everything is free."""
        layers, rows, columns = self.solid.shape
        cells = np.floor((np.asarray(points, np.float64) - self.origin) / (CELL_M, LAYER_M, CELL_M)).astype(int)
        inside = np.all((cells >= 0) & (cells < np.array([columns, layers, rows])), axis=1)
        column, layer, row = np.where(inside[:, None], cells, 0).T
        free: NDArray[np.bool_] = np.logical_not(inside & self.solid[layer, row, column])
        return free

    def sees(self, eye: NDArray[np.floating], target: NDArray[np.floating], *, until: float) -> bool:
        """Whether the first `until` (0 … 1) of the line from `eye` to `target` is free."""
        steps = max(2, math.ceil(float(np.linalg.norm(target - eye)) * until / (0.5 * LAYER_M)))
        share = np.linspace(0, until, steps)[:, None]
        return bool(self.is_free(eye + share * (target - eye)).all())

    @property
    def is_roofed(self) -> bool:
        """Whether there is a ceiling over the starting point: most of what lies straight overhead is solid somewhere."""
        x, y, z = self.spawn.position
        offsets = [(dx, dz) for dx in (-0.6, -0.3, 0.0, 0.3, 0.6) for dz in (-0.6, -0.3, 0.0, 0.3, 0.6)]
        eyes = [np.array([x + dx, y + EYE_HEIGHT_M, z + dz]) for dx, dz in offsets]
        return sum(not self.sees(eye, eye + (0, 8.0, 0), until=1.0) for eye in eyes) > 0.8 * len(eyes)

    def walkable(self) -> NDArray[np.float32]:
        """(rows, columns) ground heights that can be walked to from the starting point; NaN where none can."""
        layers, rows, columns = self.solid.shape
        low, high = (round(height / LAYER_M) for height in _BODY_M)
        step = round(_STEP_M / LAYER_M)
        climb = step if self.is_roofed else layers  # indoors one walks on the floor, not over sofas
        ground = np.full((rows, columns), -1, np.int64)
        column, layer, row = np.floor((np.asarray(self.spawn.position) - self.origin) / (CELL_M, LAYER_M, CELL_M)).astype(int)
        below = np.flatnonzero(self.solid[: layer + 1, row, column])
        if len(below) and not self.solid[max(0, layer - step) : layer + 1, row, column].any():
            layer = int(below[-1])  # who looks from a balcony walks on the ground under it
        ground[row, column] = layer
        barred = self.wet if not self.wet[row, column] else np.zeros_like(self.wet)  # who starts on ice or a wet street may go on
        border = [(int(row), int(column))]
        while border:
            upcoming = []
            for r, c in border:
                for nr, nc in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
                    if not (0 <= nr < rows and 0 <= nc < columns) or ground[nr, nc] >= 0 or barred[nr, nc]:
                        continue
                    floor = ground[r, c]
                    near = np.flatnonzero(self.solid[max(0, floor - step) : floor + step + 1, nr, nc])
                    level = int(near[-1]) + max(0, floor - step) if len(near) else -1
                    if level < 0 or abs(level - layer) > climb or self.solid[level + low : min(layers, level + high), nr, nc].any():
                        continue
                    ground[nr, nc] = level
                    upcoming.append((nr, nc))
            border = upcoming
        return np.where(ground >= 0, self.origin[1] + (ground + 0.5) * LAYER_M, _UNREACHED).astype(np.float32)

    def route(self, length_m: float) -> NDArray[np.float64]:
        """(K, 3) ground points of the way that leads farthest ahead of the first look, up to `length_m`, keeping clear of obstacles."""
        heights = self.walkable()
        reached = np.isfinite(heights)
        rows, columns = np.nonzero(reached)
        places = np.stack([columns, rows], axis=1) * CELL_M + CELL_M / 2 + self.origin[[0, 2]]
        away = places - np.asarray(self.spawn.position)[[0, 2]]
        ahead = away @ (-math.sin(self.spawn.yaw_rad), -math.cos(self.spawn.yaw_rad))
        aside = np.abs(away @ (math.cos(self.spawn.yaw_rad), -math.sin(self.spawn.yaw_rad)))
        costs, came_from = _cheapest_ways(reached, self._cell(np.asarray(self.spawn.position)))
        worth = np.minimum(ahead, length_m) - 0.5 * aside - 0.02 * costs[rows, columns] - 2 * np.maximum(0, np.hypot(*away.T) - length_m)
        worth -= 0.5 * (_CLEAR_CELLS - _room(reached)[rows, columns])
        worth[~np.isfinite(costs[rows, columns])] = -np.inf
        best = int(np.argmax(worth))
        cell = (int(rows[best]), int(columns[best]))
        way = [cell]
        while cell in came_from:
            cell = came_from[cell]
            way.append(cell)
        r, c = np.array(way[::-1]).T
        x, z = (c + 0.5) * CELL_M + self.origin[0], (r + 0.5) * CELL_M + self.origin[2]
        return np.stack([x, heights[r, c].astype(np.float64), z], axis=1)

    def _cell(self, point: NDArray[np.floating]) -> tuple[int, int]:
        return int((point[2] - self.origin[2]) / CELL_M), int((point[0] - self.origin[0]) / CELL_M)


def surroundings_of(gaussians: Gaussians, spawn: Spawn) -> Surroundings:
    """Fill the grid with splats: a voxel is solid where they cover enough of it; wide ones count for all voxels they reach."""
    centre = np.asarray(spawn.position, np.float64)
    origin = centre - (_REACH_M, _BELOW_M + LAYER_M / 2, _REACH_M)  # the ground under the visitor is the middle of its layer
    shape = np.round(np.array([2 * _REACH_M, _BELOW_M + _ABOVE_M, 2 * _REACH_M]) / (CELL_M, LAYER_M, CELL_M)).astype(int)
    cell = np.floor((gaussians.means - origin) / (CELL_M, LAYER_M, CELL_M))
    inside = ((cell >= 0) & (cell < shape)).all(axis=1)
    column, layer, row = cell[inside].astype(np.int64).T
    widest = np.sort(gaussians.scales[inside], axis=1)
    area = 2 * math.pi * widest[:, 2] * widest[:, 1] * gaussians.opacities[inside] / CELL_M**2
    flat = (layer * shape[2] + row) * shape[0] + column
    size = int(np.prod(shape))
    cover = np.bincount(flat, np.minimum(area, 1.0), size).reshape(shape[1], shape[2], shape[0])
    wide = np.bincount(flat[widest[:, 1] > CELL_M / 3], minlength=size).reshape(cover.shape) > 0
    spread = wide.copy()  # a splat wider than a voxel reaches into the neighbours of its centre's
    spread[:, 1:] |= wide[:, :-1]
    spread[:, :-1] |= wide[:, 1:]
    spread[:, :, 1:] |= wide[:, :, :-1]
    spread[:, :, :-1] |= wide[:, :, 1:]
    solid = (cover > _SOLID) | spread
    column, layer, row = ((centre - origin) / (CELL_M, LAYER_M, CELL_M)).astype(int)
    solid[layer + 1 : layer + round(EYE_HEIGHT_M / LAYER_M) + 2, row - 1 : row + 2, column - 1 : column + 2] = False
    glitter = np.bincount(flat, np.abs(gaussians.harmonics[inside, 1:]).sum(axis=(1, 2)), size).reshape(cover.shape)
    count = np.bincount(flat, minlength=size).reshape(cover.shape)
    low = slice(layer - round(3 / LAYER_M), layer + round(1 / LAYER_M))
    wet = glitter[low].sum(axis=0) > _GLITTER * np.maximum(1, count[low].sum(axis=0))
    return Surroundings(origin, solid, wet, spawn)


def _cheapest_ways(
    reached: NDArray[np.bool_], start: tuple[int, int]
) -> tuple[NDArray[np.float64], dict[tuple[int, int], tuple[int, int]]]:
    """Dijkstra over reached cells; those within a metre of an obstacle cost more. Costs in cells, and where one came from."""
    room = _room(reached)
    toll = 1.0 + 3.0 * (_CLEAR_CELLS - room) / _CLEAR_CELLS
    costs = np.full(reached.shape, np.inf)
    costs[start] = 0
    came_from: dict[tuple[int, int], tuple[int, int]] = {}
    queue = [(0.0, start)]
    moves = [(r, c, math.hypot(r, c)) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c]
    while queue:
        cost, (r, c) = heapq.heappop(queue)
        if cost > costs[r, c]:
            continue
        for dr, dc, length in moves:
            nr, nc = r + dr, c + dc
            if not (0 <= nr < reached.shape[0] and 0 <= nc < reached.shape[1] and reached[nr, nc]):
                continue
            new = cost + length * toll[nr, nc]
            if new < costs[nr, nc]:
                costs[nr, nc] = new
                came_from[nr, nc] = (r, c)
                heapq.heappush(queue, (new, (nr, nc)))
    return costs, came_from


def _room(reached: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many cells away the nearest unreached cell is, at most _CLEAR_CELLS."""
    room = np.zeros(reached.shape, np.int64)
    left = reached.copy()
    for _ in range(_CLEAR_CELLS):
        room += left
        grown = ~left
        left = left & ~(np.roll(grown, 1, 0) | np.roll(grown, -1, 0) | np.roll(grown, 1, 1) | np.roll(grown, -1, 1))
    return room
