"""Fuse: of everything that many views measured, each surface point once, from the view that saw it best."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Projection
from pipelines.compiled import Array, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.splat.sheet import Floats, Mask, normals_of, ray_steps, sheet_of
from pipelines.stage import TellStage
from pipelines.world import MeasuredView

TOLERANCE = 0.04  # share of the distance within which two views mean the same surface
NEIGHBOURS = 12  # views that each one is compared with: those that look at the most alike
GRAZING = 0.1


def seen_best(views: Sequence[MeasuredView], tell: TellStage) -> list[Mask]:
    """For each view the pixels (H, W) that become splats.

    A point is left out where another view sees the same surface with finer and more frontal pixels, and where as many views look
    through it, at something farther, as see it, its own one among them: at edges single views smear what is near over what is far.
    """
    eyes = [_lens(view) for view in views]
    sizes = [_size(view) for view in views]
    kept = []
    for number, view in enumerate(views):
        tell(0.4 * number / len(views), "comparing views")
        inverse = _inverse(view)
        keep = np.isfinite(view.distance) & (view.distance > 0)
        support, against = np.ones(inverse.shape, np.int16), np.zeros(inverse.shape, np.int16)
        rays, eye = view.camera.rays(), view.camera.position
        for other in _neighbours(views, number):
            pieces = 4 * core_count()
            mine = (rays, view.distance, sizes[number], eye, number < other)
            run_pieces(_compare, pieces, pieces, *mine, *eyes[other], views[other].distance, sizes[other], keep, support, against)
        kept.append(keep & (against < support))
    return kept


def _neighbours(views: Sequence[MeasuredView], number: int) -> list[int]:
    """The views that look at what this one looks at, likeliest first."""
    targets = [_target(view) for view in views]
    away = [float(np.linalg.norm(target - targets[number])) for target in targets]
    order = [int(other) for other in np.argsort(away, kind="stable") if other != number]
    return order[:NEIGHBOURS]


def _target(view: MeasuredView) -> NDArray[np.float64]:
    """The point in the middle of what a view sees."""
    known = view.distance[np.isfinite(view.distance)]
    away = float(np.median(known)) if len(known) else 5.0
    forward = -view.camera.world_from_camera[:3, 2]
    return view.camera.position + (0 if view.camera.projection is Projection.EQUIRECTANGULAR else away) * forward


def _inverse(view: MeasuredView) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(view.distance > 0, 1 / view.distance, np.float32(np.nan)).astype(np.float32)


def _size(view: MeasuredView) -> Floats:
    """(H, W) how wide a pixel is on its surface, metres; the worse, the less it is trusted."""
    inverse = _inverse(view)
    sheet = sheet_of(view.camera, view.rgb, inverse, inverse > 0)
    rays = view.camera.rays()
    normals = normals_of(sheet, rays, ray_steps(view.camera, rays))
    cosine = np.maximum(-(normals * rays).sum(axis=-1), GRAZING)
    pixel = math.pi / view.camera.height_px if sheet.wraps else 1 / view.camera.focal_px
    with np.errstate(invalid="ignore"):
        return np.asarray(view.distance * pixel / cosine, np.float32)


def _lens(view: MeasuredView) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    camera = view.camera
    sphere = camera.projection is Projection.EQUIRECTANGULAR
    return np.ascontiguousarray(camera.camera_from_world[:3]), np.array([sphere, camera.width_px, camera.height_px, camera.focal_px])


@kernel
def _compare(
    piece: int, pieces: int, rays: Array, distance: Array, size: Array, eye: Array, first: bool, pose: Array, lens: Array,
    theirs: Array, their_size: Array, keep: Array, support: Array, against: Array,
) -> None:  # fmt: skip
    """One view's points as another sees them: agreed, seen through, or better there. first: of two equal views this one is kept."""
    height, width = distance.shape
    sphere, across, down, focal = lens[0] > 0, lens[1], lens[2], lens[3]
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            d = distance[r, c]
            if not keep[r, c] or not d > 0 or not d < 1e30:
                continue
            wx, wy, wz = eye[0] + rays[r, c, 0] * d, eye[1] + rays[r, c, 1] * d, eye[2] + rays[r, c, 2] * d
            x = pose[0, 0] * wx + pose[0, 1] * wy + pose[0, 2] * wz + pose[0, 3]
            y = pose[1, 0] * wx + pose[1, 1] * wy + pose[1, 2] * wz + pose[1, 3]
            z = pose[2, 0] * wx + pose[2, 1] * wy + pose[2, 2] * wz + pose[2, 3]
            far = math.sqrt(x * x + y * y + z * z)
            if far < 1e-6:
                continue
            if sphere:
                column = int((math.atan2(x, -z) / (2 * math.pi) + 0.5) * across) % theirs.shape[1]
                row = min(theirs.shape[0] - 1, int((0.5 - math.asin(min(1.0, max(-1.0, y / far))) / math.pi) * down))
            else:
                if z > -1e-6:
                    continue
                column, row = math.floor(across / 2 - focal * x / z), math.floor(down / 2 + focal * y / z)
                if column < 0 or column >= theirs.shape[1] or row < 0 or row >= theirs.shape[0]:
                    continue
            seen = theirs[row, column]
            if not seen > 0:
                continue
            if seen > far * (1 + TOLERANCE):
                against[r, c] += 1
            elif seen > far * (1 - TOLERANCE):
                support[r, c] += 1
                theirs_size = their_size[row, column]
                if theirs_size < size[r, c] or (theirs_size == size[r, c] and not first):
                    keep[r, c] = False
