"""Wind: a storm bends what grows on the ground; gusts run over it in waves."""

from __future__ import annotations

import numpy as np

from pipelines.layout.relief import Reals, fractal
from pipelines.scene import Floats, Foliage

HEADING = (0.94, 0.34)  # the way the wind blows, x and z
GUST_M = 6.0
BEND = 1.05  # how far a blade's tip is carried sideways, for each metre that it rises, on the average


def bent(group: Foliage, ground: Reals | Floats, *, strength: float) -> Foliage:
    """Foliage over ground heights (E,) as the wind holds it: sheared along the wind, and lower the more it is bent.

    A shear keeps together what belongs to one plant, for its elements rise from the same spot.
    """
    if not len(group) or strength <= 0:
        return group
    push = strength * BEND * np.clip(1.0 + 1.3 * _gusts(group.centres), 0.25, 1.8)
    lower = 1.0 / np.sqrt(1.0 + push**2)
    rise = group.centres[:, 1] - ground
    centres, directions = group.centres.copy(), group.directions.copy()
    for axis, along in ((0, HEADING[0]), (2, HEADING[1])):
        centres[:, axis] += along * push * lower * rise
        directions[:, axis] += along * push * group.directions[:, 1]
    centres[:, 1] = ground + lower * rise
    size = np.linalg.norm(directions, axis=1, keepdims=True)
    directions /= np.maximum(size, 1e-6)
    across = np.cross(group.normals, directions)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    return Foliage(
        centres.astype(np.float32), directions.astype(np.float32), np.cross(directions, across).astype(np.float32),
        group.lengths_m, group.widths_m, group.colours, group.depth, group.translucency,
    )  # fmt: skip


def _gusts(points: Floats) -> Reals:
    return fractal(points[:, 0], points[:, 2], GUST_M, octaves=3, seed=911)
