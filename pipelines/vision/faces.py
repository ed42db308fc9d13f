"""Faces: a panorama as six pinhole pictures that overlap, and their depths back as one panorama of distances."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, pose, seen_along
from pipelines.world import View

Floats = NDArray[np.float32]

FACE_FOV_RAD = math.radians(105)  # 90 would close the cube; the rest is where neighbours are compared
CORNER = 1 / math.hypot(1, math.sqrt(2) * math.tan(FACE_FOV_RAD / 2))  # cosine from a face's middle to its corners
LOOKS = tuple((i * math.pi / 2, 0.0) for i in range(4)) + ((0.0, math.pi / 2), (0.0, -math.pi / 2))  # yaw, pitch
LEAST_PX, MOST_PX = 64, 1024
GRID_PX = 256  # width of the panorama on which overlaps are compared
LEAST_RAYS = 20  # that two faces must have in common to be compared
ALIKE = 1e-3  # how strongly a face keeps its own scale, against a single ray of an overlap


def face_cameras(around: Camera) -> tuple[Camera, ...]:
    """Six pinhole cameras of 105° in a panorama's place and frame: four to the sides, one up, one down; about as fine as it is."""
    width = round(2 * math.tan(FACE_FOV_RAD / 2) * around.width_px / (2 * math.pi))
    width = min(max(width, LEAST_PX), MOST_PX)
    focal = width / 2 / math.tan(FACE_FOV_RAD / 2)
    looks = [around.world_from_camera @ pose((0.0, 0.0, 0.0), yaw_rad=yaw, pitch_rad=pitch) for yaw, pitch in LOOKS]
    return tuple(Camera(Projection.PINHOLE, width, width, focal, world_from_camera) for world_from_camera in looks)


def cut_faces(view: View, step: Callable[[int], None] = lambda i: None) -> tuple[View, ...]:
    """A panorama as six pinhole views. step: is told the number of each before it is cut."""
    cut = []
    for i, camera in enumerate(face_cameras(view.camera)):
        step(i)
        values = seen_along(view.rgb, view.camera, camera.rays())
        cut.append(View(camera, (values + 0.5).clip(0, 255).astype(np.uint8)))
    return tuple(cut)


def along_rays(depth: Floats, camera: Camera) -> Floats:
    """Depth along the viewing axis (H, W) → distance along the ray; inf and NaN stay."""
    cosine = camera.rays() @ -camera.world_from_camera[:3, 2].astype(np.float32)
    return (depth / cosine).astype(np.float32)


def aligned_scales(distances: Sequence[Floats], cameras: Sequence[Camera], around: Camera) -> Floats:
    """(F,) factors that bring the distances of faces to one scale; their product is 1.

    For each pair the median of the logarithm of the ratio on common rays is taken, so that edges do not count; then all factors are
    solved for at once by least squares, each pair weighing as much as it has rays.
    """
    small = Camera(Projection.EQUIRECTANGULAR, GRID_PX, GRID_PX // 2, 0.0, around.world_from_camera)
    rays = small.rays().reshape(-1, 3)
    logs = [_log_along(distance, camera, rays) for distance, camera in zip(distances, cameras, strict=True)]
    count = len(logs)
    rows, wanted = [np.eye(count) * ALIKE], [np.zeros(count)]
    for i, j in combinations(range(count), 2):
        both = np.isfinite(logs[i]) & np.isfinite(logs[j])
        if both.sum() < LEAST_RAYS:
            continue
        weight = math.sqrt(both.sum())
        row = np.zeros(count)
        row[i], row[j] = weight, -weight
        rows.append(row[None])
        wanted.append(np.array([weight * float(np.median(logs[j][both] - logs[i][both]))]))
    solved = np.linalg.lstsq(np.concatenate(rows), np.concatenate(wanted), rcond=None)[0]
    return np.exp(solved - solved.mean()).astype(np.float32)


def fused(distances: Sequence[Floats], cameras: Sequence[Camera], around: Camera, step: Callable[[int], None] = lambda i: None) -> Floats:
    """One panorama (H, W) of distances from those of faces of one scale.

    Each face counts most in its middle and not at all at its border; logarithms are averaged. Where the faces that see a ray disagree on
    whether it ends, the heavier side decides: inf beside a distance is never averaged. NaN where no face knows.
    """
    rays = around.rays().reshape(-1, 3)
    total, weights, open_weights = (np.zeros(len(rays), np.float32) for _ in range(3))
    for i, (distance, camera) in enumerate(zip(distances, cameras, strict=True)):
        step(i)
        near = np.flatnonzero(rays @ -camera.world_from_camera[:3, 2].astype(np.float32) > CORNER)
        feather = _feather(camera, rays[near])
        seen, weight = near[feather > 0], feather[feather > 0]
        nearest = _nearest_along(distance, camera, rays[seen])
        smooth = _log_along(distance, camera, rays[seen])
        value = np.where(np.isfinite(smooth), smooth, np.log(np.where(np.isfinite(nearest), nearest, 1.0)))
        known = np.isfinite(nearest)
        total[seen] += np.where(known, weight * value, 0)
        weights[seen] += np.where(known, weight, 0)
        open_weights[seen] += np.where(np.isposinf(nearest), weight, 0)
    result = np.where(weights > 0, np.exp(total / np.maximum(weights, 1e-9)), np.nan)
    result = np.where(open_weights > weights, np.inf, result)
    return result.reshape(around.height_px, around.width_px).astype(np.float32)


def _feather(camera: Camera, rays: Floats) -> Floats:
    """(N,) 1 in a face's middle, falling smoothly to 0 at its border and outside."""
    pixels, _ = camera.project(rays.astype(np.float64) + camera.position)
    away = np.abs(pixels / (camera.width_px, camera.height_px) - 0.5).max(axis=1) * 2
    inward = np.nan_to_num(1 - away, nan=0.0).clip(0, 1)
    return (inward * inward * (3 - 2 * inward)).astype(np.float32)


def _log_along(distance: Floats, camera: Camera, rays: Floats) -> Floats:
    """Logarithm of a face's distance along rays (N, 3), between pixels; NaN where a neighbouring pixel is sky or not known."""
    known = np.where(np.isfinite(distance), distance, np.float32(np.nan))
    return seen_along(np.log(known), camera, rays)


def _nearest_along(distance: Floats, camera: Camera, rays: Floats) -> Floats:
    """A face's distance along rays (N, 3), of the nearest pixel."""
    pixels, _ = camera.project(rays.astype(np.float64) + camera.position)
    inside = np.isfinite(pixels[:, 0])
    column, row = (
        np.where(inside, pixels[:, i], 0).astype(np.int64).clip(0, size - 1) for i, size in ((0, camera.width_px), (1, camera.height_px))
    )
    return np.where(inside, distance[row, column], np.float32(np.nan))
