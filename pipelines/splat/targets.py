"""Targets: views as splats are fitted to them: panoramas cut into six faces, large pictures made smaller."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, pinhole
from pipelines.world import MeasuredView, View

Floats = NDArray[np.float32]

_FACES = ((0, 0), (90, 0), (180, 0), (270, 0), (0, 90), (0, -90))  # yaw and pitch in degrees


def pinholes_of(views: Sequence[View]) -> list[View]:
    """The views, each panorama replaced by six pinhole views of 90° that share its centre and, together, its sphere."""
    cut: list[View] = []
    for view in views:
        if view.camera.projection is Projection.PINHOLE:
            cut.append(view)
        else:
            cut.extend(_face(view, yaw, pitch) for yaw, pitch in _FACES)
    return cut


def _face(view: View, yaw_deg: float, pitch_deg: float) -> View:
    side = max(16, view.camera.width_px // 4 // 16 * 16)
    turned = pinhole(
        (0, 0, 0),
        yaw_rad=math.radians(yaw_deg),
        pitch_rad=math.radians(pitch_deg),
        width_px=side,
        height_px=side,
        horizontal_fov_rad=math.pi / 2,
    )
    camera = replace(turned, world_from_camera=view.camera.world_from_camera @ turned.world_from_camera)
    pixels, _ = view.camera.project(camera.rays().reshape(-1, 3) + view.camera.position)
    column, row = (pixels - 0.5).T.reshape(2, side, side)
    height, width = view.rgb.shape[:2]
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right_share, low_share = (column - left)[..., None], (row - top)[..., None]
    rgb = np.zeros((side, side, 3))
    for down in (0, 1):
        for across in (0, 1):
            share = (low_share if down else 1 - low_share) * (right_share if across else 1 - right_share)
            rgb += share * view.rgb[np.clip(top + down, 0, height - 1), (left + across) % width]
    picture = np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
    if not isinstance(view, MeasuredView):
        return View(camera, picture)
    nearest = view.distance[np.clip(np.round(row).astype(int), 0, height - 1), np.round(column).astype(int) % width]
    return MeasuredView(camera, picture, nearest)


def smaller(view: View, factor: int) -> View:
    """A pinhole view with a whole number of its pixels averaged into one; what does not go up is cut off evenly at the edges.

    A distance is kept from the middle of the pixels that become one, because the mean of near and far is neither.
    """
    if factor == 1:
        return view
    camera = view.camera
    width, height = max(1, camera.width_px // factor), max(1, camera.height_px // factor)
    left, top = (camera.width_px - width * factor) // 2, (camera.height_px - height * factor) // 2
    cut = (slice(top, top + height * factor), slice(left, left + width * factor))
    blocks = view.rgb[cut].reshape(height, factor, width, factor, 3)
    rgb = (blocks.mean(axis=(1, 3)) + 0.5).astype(np.uint8)
    lens = Camera(camera.projection, width, height, camera.focal_px / factor, camera.world_from_camera)
    if not isinstance(view, MeasuredView):
        return View(lens, rgb)
    middle = slice(factor // 2, None, factor)
    return MeasuredView(lens, rgb, np.ascontiguousarray(view.distance[cut][middle, middle]))


def fitting_factor(camera: Camera, most_px: int) -> int:
    """The least whole factor by which a picture must shrink to have at most `most_px` pixels."""
    return max(1, math.ceil(math.sqrt(camera.width_px * camera.height_px / most_px) - 1e-9))
