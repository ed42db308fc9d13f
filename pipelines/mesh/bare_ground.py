"""Bare ground: the height field under everything that stands on it, from points that a camera measured.

The lowest points of every cell, cleared by a morphological opening from what rises above its surroundings (after Zhang et al. 2003),
and spanned smoothly under what hides the ground.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Floats, HeightField, Material, Mesh, Terrain

LOW_SHARE = 0.2  # of a cell's points lie below what counts as its ground
WIDEST_OBJECT_M = 6.0
RISE_M = 0.25  # what stands out by more is no ground
MOST_CELLS = 170  # a side
FINEST_M = 0.12
SMOOTHING_CELLS = 0.7
CORNERS = tuple((float(r), float(g), float(b)) for r in (0, 1) for g in (0, 1) for b in (0, 1))


def ground_of(points: Floats, colours: Floats, *, middle: tuple[float, float], reach_m: float) -> Terrain:
    """Ground within a square of ± reach_m round `middle` (x, z), from upward-facing points (N, 3) and their linear colours (N, 3).

    Where nothing was measured at all, the ground lies at y = 0.
    """
    cell = max(FINEST_M, 2 * reach_m / MOST_CELLS)
    side = int(np.ceil(2 * reach_m / cell)) + 1
    west, north = middle[0] - cell * (side - 1) / 2, middle[1] - cell * (side - 1) / 2
    column = np.round((points[:, 0] - west) / cell).astype(np.int64)
    row = np.round((points[:, 2] - north) / cell).astype(np.int64)
    inside = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    place, points, colours = (row * side + column)[inside], points[inside], colours[inside]
    lowest = _lowest(place, points[:, 1], side)
    heights = _spanned(_cleared(lowest, cell))
    field = HeightField(west, north, cell, heights)
    near = np.abs(points[:, 1] - heights.ravel()[place]) < RISE_M
    return Terrain(_mesh(field), MATERIALS, _weights(_means(place[near], colours[near], side)), field)


def _lowest(place: NDArray[np.int64], height: Floats, side: int) -> NDArray[np.float64]:
    """(side, side) height of the lowest few points of every cell; NaN where there are none."""
    out = np.full(side * side, np.nan)
    if len(place):
        order = np.lexsort((height, place))
        cells, first, count = np.unique(place[order], return_index=True, return_counts=True)
        out[cells] = height[order][first + (count * LOW_SHARE).astype(np.int64)]
    return out.reshape(side, side)


def _cleared(lowest: NDArray[np.float64], cell_m: float) -> NDArray[np.float64]:
    """The same without what stands out."""
    from scipy.ndimage import distance_transform_edt, grey_opening, median_filter

    known = np.isfinite(lowest)
    if not known.any():
        return lowest
    row, column = distance_transform_edt(~known, return_distances=False, return_indices=True)
    whole = median_filter(lowest[row, column], size=3, mode="nearest")
    window = 2 * int(np.ceil(WIDEST_OBJECT_M / cell_m / 2)) + 1
    margin = window
    opened = grey_opening(np.pad(whole, margin, mode="edge"), size=(window, window))[margin:-margin, margin:-margin]
    return np.where(known & (whole - opened <= RISE_M), whole, np.nan)


def _spanned(heights: NDArray[np.float64]) -> Floats:
    """Without gaps: straight between what is known, level beyond it, and a little smoother."""
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import QhullError

    known = np.isfinite(heights)
    if not known.any():
        return np.zeros(heights.shape, np.float32)
    place, wanted = np.argwhere(known), np.argwhere(~known)
    whole = heights.copy()
    if len(wanted):
        with suppress(QhullError):  # all on one line
            whole[~known] = LinearNDInterpolator(place, heights[known])(wanted)
        left = np.argwhere(~np.isfinite(whole))
        if len(left):
            whole[left[:, 0], left[:, 1]] = NearestNDInterpolator(place, heights[known])(left)
    return gaussian_filter(whole, SMOOTHING_CELLS, mode="nearest").astype(np.float32)


def _mesh(field: HeightField) -> Mesh:
    """Two triangles a cell, counter-clockwise seen from above."""
    rows, columns = field.values.shape
    z, x = np.meshgrid(field.north_m + field.cell_m * np.arange(rows), field.west_m + field.cell_m * np.arange(columns), indexing="ij")
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (corner.ravel() for corner in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)
    return Mesh(np.stack([x, field.values, z], axis=-1).reshape(-1, 3).astype(np.float32), faces)


def _means(place: NDArray[np.int64], colours: Floats, side: int) -> Floats:
    """(side², 3) mean colour of the points of every cell, that of the nearest cell where there are none."""
    from scipy.ndimage import distance_transform_edt

    count = np.bincount(place, minlength=side * side)
    known = (count > 0).reshape(side, side)
    if not known.any():
        return np.full((side * side, 3), 0.3, np.float32)
    sums = np.stack([np.bincount(place, colours[:, k], minlength=side * side) for k in range(3)], axis=1)
    mean = (sums / np.maximum(count, 1)[:, None]).reshape(side, side, 3)
    row, column = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(mean[row, column].reshape(-1, 3), np.float32)


MATERIALS = tuple(Material(f"light {int(r)}{int(g)}{int(b)}", (r, g, b), (r, g, b), roughness=0.9) for r, g, b in CORNERS)
"""The corners of the cube of colours: shares of them make up any colour, so a measured ground has one at every vertex."""


def _weights(colours: Floats) -> Floats:
    """(V, 8) shares of the MATERIALS that blend to each colour (V, 3)."""
    clipped = colours.clip(0, 1)
    shares = [np.prod([clipped[:, k] if corner[k] else 1 - clipped[:, k] for k in range(3)], axis=0) for corner in CORNERS]
    return np.stack(shares, axis=1).astype(np.float32)
