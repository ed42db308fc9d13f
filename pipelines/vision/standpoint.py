"""Standpoint: whether pictures were taken from one point by turning only, which tells nothing of distances, whatever a map says.

A camera that only turns moves all that it sees as one, near and far, just as a lens of some focal length foretells: COLMAP may take
this for a walk with another lens. So the shared points of pairs of pictures are laid over each other by a turn alone (Kabsch, 1976), for
many focal lengths; where some turn does as well as the points are known, nothing has moved but by turning.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipelines.vision.mapped import Mapped

Doubles = NDArray[np.float64]

FOCAL_LENGTHS = np.geomspace(0.4, 1.6, 40)  # of the longer side
STILL_PX = 1.0  # about as near as details are found, for pictures of 640 pixels and less; larger ones in proportion
FEWEST_SHARED = 30
PAIRS = 8


def turned_only(mapped: Mapped, sizes: NDArray[np.integer]) -> bool:
    """Whether turning explains how the shared points move. sizes: (P, 2) width and height of the placed pictures, pixels."""
    pairs = sorted(_pairs(mapped, sizes), key=lambda pair: -pair[0])[:PAIRS]  # the more a picture has moved, the clearer
    off = []
    for _, first, second, longer in pairs:
        off.append(min(_off(first, second, share * longer) for share in FOCAL_LENGTHS) / max(1.0, longer / 640))
    return bool(off) and float(np.median(off)) < STILL_PX


def _pairs(mapped: Mapped, sizes: NDArray[np.integer]) -> Iterator[tuple[float, Doubles, Doubles, float]]:
    """Pairs of pictures: by how much the points that they share have moved, their pixels from each middle, and the longer side."""
    places = []
    for row in range(len(sizes)):
        mine = np.flatnonzero(mapped.seen_row == row)
        points, first = np.unique(mapped.seen_point[mine], return_index=True)
        places.append((points, mapped.seen_px[mine[first]] - sizes[row] / 2))
    for (points_a, px_a), (points_b, px_b) in combinations(places, 2):
        _, in_a, in_b = np.intersect1d(points_a, points_b, assume_unique=True, return_indices=True)
        if len(in_a) >= FEWEST_SHARED:
            moved = float(np.median(np.linalg.norm(px_a[in_a] - px_b[in_b], axis=1)))
            yield moved, px_a[in_a], px_b[in_b], float(sizes.max())


def _off(first: Doubles, second: Doubles, focal_px: float) -> float:
    """Upper quartile of the pixels by which the best turn misses: near things are often few."""
    a, b = (np.column_stack([px, np.full(len(px), focal_px)]) for px in (first, second))
    a, b = (rays / np.linalg.norm(rays, axis=1, keepdims=True) for rays in (a, b))
    u, _, v = np.linalg.svd(b.T @ a)
    turn = u @ np.diag([1.0, 1.0, math.copysign(1.0, float(np.linalg.det(u @ v)))]) @ v
    turned = a @ turn.T
    missed = turned[:, :2] / np.maximum(turned[:, 2:], 1e-6) * focal_px - second
    return float(np.quantile(np.linalg.norm(missed, axis=1), 0.75))
