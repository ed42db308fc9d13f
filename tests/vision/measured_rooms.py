"""Rooms and balls whose distances are known by formula, as panoramas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, panorama
from pipelines.world import MeasuredView

LOW, HIGH = np.array([-2.0, 0.0, -4.0]), np.array([3.0, 2.6, 2.5])  # the walls of the box
WALLS = np.array(
    [[200, 60, 60], [60, 180, 60], [90, 80, 70], [230, 230, 225], [60, 80, 200], [210, 190, 60]], np.uint8
)  # −x +x −y +y −z +z


def box_distance(eye: NDArray[np.floating], rays: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """From inside the box: metres along each ray (…, 3), and which wall it meets."""
    with np.errstate(divide="ignore"):
        to_low, to_high = (LOW - eye) / rays, (HIGH - eye) / rays
    both = np.stack([to_low, to_high], axis=-1).reshape(*rays.shape[:-1], 6)
    both = np.where(both > 0, both, np.inf)
    return both.min(axis=-1), both.argmin(axis=-1)


def ball_distance(
    eye: NDArray[np.floating], rays: NDArray[np.floating], middle: NDArray[np.floating], radius: float
) -> NDArray[np.float64]:
    """From outside a ball: metres along each ray, inf where it passes by."""
    off = np.asarray(middle, np.float64) - eye
    along = rays.astype(np.float64) @ off
    rest = radius**2 - (off @ off - along**2)
    return np.where((rest > 0) & (along > 0), along - np.sqrt(np.maximum(rest, 0)), np.inf)


def checks(points: NDArray[np.floating], wall: NDArray[np.int64], size_m: float = 0.5) -> NDArray[np.uint8]:
    """Colours of the walls with a pattern of squares."""
    odd = np.floor(points / size_m).astype(np.int64).sum(axis=-1) % 2 == 1
    return np.where(odd[..., None], WALLS[wall], (WALLS[wall] * 0.7)).astype(np.uint8)


def room(camera: Camera | None = None, *, ball: bool = False) -> MeasuredView:
    """The box seen from its starting point, with a white ball of 0.4 m radius in it or not."""
    camera = camera or panorama((0.0, 1.65, 0.0), width_px=512)
    rays = camera.rays().astype(np.float64)
    distance, wall = box_distance(camera.position, rays)
    rgb = checks(camera.position + rays * distance[..., None], wall)
    if ball:
        near = ball_distance(camera.position, rays, np.array([0.4, 1.2, -2.0]), 0.4)
        rgb = np.where((near < distance)[..., None], np.uint8(250), rgb)
        distance = np.minimum(distance, near)
    return MeasuredView(camera, np.ascontiguousarray(rgb, np.uint8), distance.astype(np.float32))


def field(camera: Camera | None = None) -> MeasuredView:
    """Level green ground under a blue sky, with a ball of 1 m radius on it."""
    camera = camera or panorama((0.0, 1.65, 0.0), width_px=512)
    rays = camera.rays().astype(np.float64)
    with np.errstate(divide="ignore"):
        ground = np.where(rays[..., 1] < -1e-3, -camera.position[1] / rays[..., 1], np.inf)
    ball = ball_distance(camera.position, rays, np.array([0.0, 1.0, -5.0]), 1.0)
    distance = np.minimum(ground, ball)
    rgb = np.where(np.isinf(distance)[..., None], np.array([90, 140, 220]), np.array([70, 130, 60]))
    rgb = np.where((ball < ground)[..., None], np.array([220, 60, 40]), rgb)
    distance = np.where(distance > 1_000, np.inf, distance)
    return MeasuredView(camera, np.ascontiguousarray(rgb, np.uint8), distance.astype(np.float32))
