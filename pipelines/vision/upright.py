"""Upright: from a frame of unknown direction and scale to the world's: y up, the ground at y = 0, metres as well as can be known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import EYE_HEIGHT_M
from pipelines.vision.mapped import Mapped

Vectors = NDArray[np.float64]

SEED = 1
TRIALS = 3_000
MOST_POINTS = 4_000
STEEPEST_RAD = math.radians(15)  # between the ground and what the cameras take for level
THICKNESS, SPREAD = 0.03, 0.012  # of a ground: share of the eyes' height above it, and of a point's distance from the cameras
FEWEST_ON_GROUND = 25
LEAST_ON_GROUND = 0.04  # of all points
UNDER_COUNTS = 5.0  # a point under a ground speaks against it as much as so many on it speak for it
FARTHEST = 12.0  # eye heights: what is farther lies on other ground, and is known less well
TYPICAL_DISTANCE_M = 5.0  # of what a camera sees, where nothing else tells the scale
LEAST_DISTANCE_M, MOST_DISTANCE_M = 2.0, 15.0  # of what a camera sees, if the lowest points are to stand on the ground
LOW_SHARE, FEWEST_POINTS, SURE_VIEWS = 0.01, 100, 3  # so few points lie lower; of how many at least; each seen by so many views


class ScaleFrom(StrEnum):
    """What tells how large everything is."""

    GROUND = "ground"  # a plane below the cameras
    LOWEST = "lowest"  # the lowest points, which are taken to lie on the ground
    DISTANCE = "distance"  # nothing: what is seen is taken to be at the usual distance


@dataclass(frozen=True)
class Stood:
    """A frame in the world's directions and scale. scale_from: what tells the scale.  start: row of the middle camera."""

    mapped: Mapped
    scale_from: ScaleFrom
    start: int


def stand(mapped: Mapped, *, eye_height_m: float = EYE_HEIGHT_M) -> Stood:
    """Turn, scale and move everything: gravity from the cameras and the ground, eyes at their height, the middle camera above x = z = 0.

    Pictures alone know no metres: their cameras are taken to be held at `eye_height_m` above the ground. Without a ground below them, the
    lowest points stand for it (a room whose floor shines, or is hidden); where that cannot be, the typical distance of what they
    show is taken to be 5 m. The middle camera looks along −z.
    """
    positions = mapped.world_from_camera[:, :3, 3]
    up = gravity(mapped.world_from_camera)
    typical = _typical_distance(mapped)
    floor = ground(mapped.points, positions, up)
    if floor is not None:
        up, offset = floor
        scale_from, height = ScaleFrom.GROUND, float(np.median(positions @ up)) - offset
    elif (drop := _lowest(mapped, up)) > 0 and LEAST_DISTANCE_M < typical * eye_height_m / drop < MOST_DISTANCE_M:
        scale_from, height = ScaleFrom.LOWEST, drop
    else:
        scale_from, height = ScaleFrom.DISTANCE, typical * eye_height_m / TYPICAL_DISTANCE_M
    scale = eye_height_m / height
    start = int(np.argmin(np.linalg.norm(positions - np.median(positions, axis=0), axis=1)))
    below = np.median(positions @ up) - height
    origin = positions[start] - up * (positions[start] @ up - below)
    return Stood(mapped.moved(_levelled(up, mapped.world_from_camera[start]), origin, scale), scale_from, start)


def gravity(world_from_camera: Vectors) -> Vectors:
    """(3,) the upward direction: people hold cameras level, so it is at right angles to all their x axes, near the mean of their y axes."""
    right, mean_up = world_from_camera[:, :3, 0], world_from_camera[:, :3, 1].mean(axis=0)
    mean_up /= np.linalg.norm(mean_up)
    # pictures that all look in one direction leave it open which way to pitch: there the mean decides
    form = right.T @ right / len(right) - 0.02 * np.outer(mean_up, mean_up)
    up: Vectors = np.linalg.eigh(form)[1][:, 0]
    return up if up @ mean_up > 0 else -up


def ground(points: Vectors, cameras: Vectors, up: Vectors) -> tuple[Vectors, float] | None:
    """(unit normal, height along it) of the plane on which most points below the cameras lie and few lie under; None without one.

    RANSAC (Fischler and Bolles, 1981) over planes that are nearly level, then least squares.
    """
    rng = np.random.default_rng(SEED)
    centre = np.median(cameras, axis=0)
    below = points[(points - centre) @ up < 0]
    if len(below) < FEWEST_ON_GROUND:
        return None
    sample = below if len(below) <= MOST_POINTS else below[rng.choice(len(below), MOST_POINTS, replace=False)]
    distance = np.linalg.norm(sample - centre, axis=1)
    near = distance < np.quantile(distance, 0.8)
    corners = sample[near][rng.integers(near.sum(), size=(TRIALS, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    normals = normals / np.maximum(lengths, 1e-12)[:, None] * np.sign(normals @ up + 1e-300)[:, None]
    offsets = np.einsum("ti,ti->t", normals, corners[:, 0])
    heights = normals @ centre - offsets
    fit = (normals @ up > math.cos(STEEPEST_RAD)) & (heights > 0) & (lengths > 0)
    best, plane = 0.0, None
    for normal, offset, height in zip(normals[fit], offsets[fit], heights[fit], strict=True):
        on, under = _split(sample, distance, normal, offset, height)
        if (score := float(on.sum() - UNDER_COUNTS * under.sum())) > best:
            best, plane = score, (normal, float(offset))
    if plane is None:
        return None
    plane = _refined(sample, distance, centre, plane)
    on, under = _split(sample, distance, *plane, float(plane[0] @ centre - plane[1]))
    is_sure = (
        on.sum() >= max(FEWEST_ON_GROUND, LEAST_ON_GROUND * len(points) * len(sample) / len(below))
        and on.sum() > 2 * UNDER_COUNTS * under.sum()
    )
    return plane if is_sure and plane[0] @ up > math.cos(STEEPEST_RAD) else None


def _split(
    points: Vectors, distance: Vectors, normal: Vectors, offset: float, height: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which points lie on the plane, and which clearly under it; those too far away count for neither."""
    above = points @ normal - offset
    thick = THICKNESS * height + SPREAD * distance
    near = distance < FARTHEST * height
    return near & (np.abs(above) < thick), near & (above < -2 * thick)


def _refined(points: Vectors, distance: Vectors, centre: Vectors, plane: tuple[Vectors, float]) -> tuple[Vectors, float]:
    """The plane through the middle of the points on it, by weighted least squares, three times."""
    normal, offset = plane
    for _ in range(3):
        on, _under = _split(points, distance, normal, offset, float(normal @ centre - offset))
        if on.sum() < 3:
            break
        weight = 1 / np.maximum(distance[on], 1e-9)
        middle = np.average(points[on], axis=0, weights=weight**2)
        _, _, axes = np.linalg.svd((points[on] - middle) * weight[:, None], full_matrices=False)
        normal = axes[2] * (1.0 if axes[2] @ normal > 0 else -1.0)
        offset = float(normal @ middle)
    return normal, offset


def _lowest(mapped: Mapped, up: Vectors) -> float:
    """How far below the cameras the lowest points lie, but for strays; 0 where there are too few points to say."""
    sure = np.bincount(mapped.seen_point, minlength=len(mapped.points)) >= SURE_VIEWS
    if sure.sum() < FEWEST_POINTS:
        return 0.0
    heights = mapped.points[sure] @ up
    return float(np.median(mapped.world_from_camera[:, :3, 3] @ up) - np.quantile(heights, LOW_SHARE))


def _typical_distance(mapped: Mapped) -> float:
    eyes = mapped.world_from_camera[mapped.seen_row, :3, 3]
    return float(np.median(np.linalg.norm(mapped.points[mapped.seen_point] - eyes, axis=1)))


def _levelled(up: Vectors, world_from_camera: Vectors) -> Vectors:
    """The rotation that takes `up` to +y, and the camera's direction to −z as seen from above."""
    back = world_from_camera[:3, 2]
    if abs(back @ up) > 0.999:  # it looks straight up or down: where its own up points is ahead
        back = -world_from_camera[:3, 1] * math.copysign(1, float(back @ up))
    back = back - up * (back @ up)
    back /= np.linalg.norm(back)
    return np.stack([np.cross(up, back), up, back])
