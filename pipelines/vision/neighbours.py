"""Neighbours: which views help to measure a view, and how near and far things may be.

A good neighbour sees the same points under an angle that is wide enough to measure by and narrow enough to look alike
(Schönberger et al. 2016; the shape of the score follows Yao et al. 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.errors import InputError
from pipelines.world import PointCloud

BEST_ANGLE_DEG, NARROWER_DEG, WIDER_DEG = 6.0, 2.5, 9.0
MIN_PARALLAX_PX = 1.0  # of the nearest things, between the two views that stand farthest apart
FARTHEST = 2e-4  # smallest inverse depth as a share of the largest: as good as infinite
MAX_SAMPLES = 400

Doubles = NDArray[np.float64]


def nearest_inverse_depths(cameras: Sequence[Camera], points: PointCloud | None) -> list[float]:
    """For each view, the largest inverse depth (1/m) to look for: somewhat nearer than its nearest points.

    Without points: so near that a thing would leap a third of the picture between a view and the next but one.
    """
    positions = np.array([camera.position for camera in cameras])
    nearest = []
    for number, camera in enumerate(cameras):
        depths = np.empty(0) if points is None else _depths(camera, points.positions[points.seen_by[number]])
        if len(depths) >= 8:
            nearest.append(1.6 / float(np.percentile(depths, 2)))
        else:
            steps = np.sort(np.linalg.norm(positions - camera.position, axis=1))
            step = float(steps[min(2, len(steps) - 1)])
            nearest.append(0.33 * camera.width_px / (camera.focal_px * max(step, 1e-9)))
    known = float(np.median(nearest))
    return [min(value, 4 * known) for value in nearest]


def _depths(camera: Camera, points: NDArray[np.floating]) -> Doubles:
    """Depth along the viewing axis of the points in front of a camera."""
    depth = -(np.asarray(points, np.float64) @ camera.camera_from_world[:3, :3].T + camera.camera_from_world[:3, 3])[:, 2]
    return depth[depth > 1e-6]


def choose_neighbours(cameras: Sequence[Camera], points: PointCloud | None, count: int) -> list[NDArray[np.int64]]:
    """For each view, up to `count` numbers of others, best first; a view without a good one gets none.

    Raises InputError where there are fewer than two views or other ones than plain pictures, or where all stand at one point.
    """
    strange = next((camera.projection for camera in cameras if camera.projection is not Projection.PINHOLE), None)
    if strange is not None:
        raise InputError(f"distances are measured between plain pictures, and a view is {strange}: give pictures, not panoramas")
    if len(cameras) < 2:
        raise InputError(
            f"distances cannot be measured from {len(cameras)} view: give at least 2 pictures of the place, taken from different points"
        )
    nearest = nearest_inverse_depths(cameras, points)
    positions = np.array([camera.position for camera in cameras])
    _refuse_one_standpoint(cameras, positions, nearest)
    chosen = []
    for number, camera in enumerate(cameras):
        seen = _samples(camera, None if points is None else points.positions[points.seen_by[number]], nearest[number])
        scores = np.array([0.0 if other is camera else _score(camera, other, seen) for other in cameras])
        apart = np.linalg.norm(positions - camera.position, axis=1)
        picked: list[int] = []
        while len(picked) < count and scores.max() > 0.02:
            best = int(np.argmax(scores))
            picked.append(best)
            # one that stands where another does adds nothing
            between = np.linalg.norm(positions - positions[best], axis=1) / np.maximum(0.4 * apart, 1e-9)
            scores *= 1 - np.exp(-(between**2))
            scores[best] = 0
        chosen.append(np.array(picked, np.int64))
    return chosen


def _refuse_one_standpoint(cameras: Sequence[Camera], positions: Doubles, nearest: list[float]) -> None:
    """Raise InputError where nothing moves from view to view but by turning."""
    spread = float(np.linalg.norm(positions.max(axis=0) - positions.min(axis=0)))
    parallax_px = spread * max(w * camera.focal_px for w, camera in zip(nearest, cameras, strict=True))
    if spread < 1e-6 or parallax_px < MIN_PARALLAX_PX:
        raise InputError(
            f"all {len(cameras)} views were taken from one point (within {spread:.3g} m), so distances cannot be measured: "
            "walk a few steps while filming, or take the pictures from different points"
        )


def _samples(camera: Camera, points: NDArray[np.float32] | None, nearest: float) -> Doubles:
    """(N, 3) points that a view sees; without known ones a grid of the picture at several depths."""
    if points is not None and len(points) >= 8:
        return np.asarray(points[:: max(1, len(points) // MAX_SAMPLES)], np.float64)
    rays = camera.rays()[camera.height_px // 8 :: camera.height_px // 4, camera.width_px // 12 :: camera.width_px // 6]
    distances = 1 / (nearest * np.array([0.5, 0.25, 0.12]))
    return (camera.position + rays.reshape(-1, 1, 3) * distances[:, None]).reshape(-1, 3)


def _score(camera: Camera, other: Camera, points: Doubles) -> float:
    """0 … 1: share of a view's points that another one sees, weighted by how well the angle between them measures."""
    pixels, distance = other.project(points)
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels < (other.width_px, other.height_px))).all(axis=1)
    ours, theirs = points - camera.position, points - other.position
    own = np.linalg.norm(ours, axis=1)
    cosine = np.einsum("ij,ij->i", ours, theirs) / np.maximum(own * distance, 1e-12)
    angle = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    width = np.where(angle < BEST_ANGLE_DEG, NARROWER_DEG, WIDER_DEG)
    weight = np.exp(-((angle - BEST_ANGLE_DEG) ** 2) / (2 * width**2))
    with np.errstate(divide="ignore"):
        larger = np.abs(np.log(np.maximum(own, 1e-9) * other.focal_px / np.maximum(distance, 1e-9) / camera.focal_px))
    return float(np.mean(inside * weight * (larger < math.log(2.5))))
