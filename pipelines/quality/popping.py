"""Popping: how much a picture changes when the eye moves by a centimetre, and what of that is not parallax."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import pinhole
from pipelines.gaussians import Gaussians
from pipelines.scene import Spawn

SHIFT_M = 0.01
WIDTH_PX, HEIGHT_PX = 1_280, 720
SAME_SURFACE = 0.02  # how much the logarithms of two distances may differ


@dataclass(frozen=True)
class Aside:
    """change: mean change of a pixel when the eye moves by 1 cm; popping: what of it is left when every pixel has followed the surface
    that it shows, that is, without parallax. Both are shares of full white.
    """

    change: float
    popping: float


def seen_from_aside(gaussians: Gaussians, spawn: Spawn, eye: NDArray[np.floating]) -> Aside:
    """Rendered at twice the size, so that following a surface by parts of a pixel does not count as a change."""
    from scipy.ndimage import map_coordinates

    from pipelines.splat import render

    sideways = np.array([math.cos(spawn.yaw_rad), 0, -math.sin(spawn.yaw_rad)]) * SHIFT_M
    here, there = (
        pinhole(at, yaw_rad=spawn.yaw_rad, pitch_rad=spawn.pitch_rad, width_px=2 * WIDTH_PX, height_px=2 * HEIGHT_PX)
        for at in (eye, eye + sideways)
    )
    before, after = (render(gaussians, camera, layers=("distance",)) for camera in (here, there))
    assert before.distance is not None
    assert after.distance is not None
    distance = np.where(np.isfinite(after.distance), after.distance, 1e6)
    surface = there.position + there.rays() * distance[..., None]
    pixels, way = here.project(surface.reshape(-1, 3))
    at = pixels.T[::-1].reshape(2, *distance.shape) - 0.5  # rows, columns, counted from pixel centres
    followed = np.stack([map_coordinates(before.rgb[..., channel], at, order=1, mode="nearest") for channel in range(3)], axis=-1)
    shown = map_coordinates(np.where(np.isfinite(before.distance), before.distance, 1e6), at, order=0, mode="nearest")
    is_seen = np.abs(np.log(shown / way.reshape(distance.shape))) < SAME_SURFACE  # what comes out from behind something is parallax, too
    left = _halved(np.abs(_smoothed(followed) - _smoothed(after.rgb)).mean(axis=-1) * is_seen)
    return Aside(float(np.abs(_halved(before.rgb) - _halved(after.rgb)).mean()), float(left.mean()))


def _halved(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """A picture (H, W[, C]) at half its size, by means of four."""
    height, width = picture.shape[:2]
    return picture.reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3))


def _smoothed(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """Each pixel (H, W, C) the mean of 2 × 2: what a pixel of the picture at its own size shows."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(picture, (2, 2, 1), mode="nearest"))
