"""Camera: rays out, pixels back; the only home of view axes and pixel centres.

Camera frame: x right, y up, looking along −z (OpenGL). Pixel (column, row) has its centre at (column + 0.5, row + 0.5); row 0 is
the top. An equirectangular camera sees the whole sphere: its left edge looks backwards, its centre looks along −z, longitude
grows to the right, and the top row looks up. Distance is always metres along the ray, never depth along an axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Projection(StrEnum):
    """How a camera maps directions to pixels."""

    PINHOLE = "pinhole"
    EQUIRECTANGULAR = "equirectangular"


@dataclass(frozen=True)
class Camera:
    """A camera in the world. `world_from_camera` is a (4, 4) rigid transform in metres; `focal_px` is unused by panoramas."""

    projection: Projection
    width_px: int
    height_px: int
    focal_px: float
    world_from_camera: NDArray[np.float64]

    @property
    def position(self) -> NDArray[np.float64]:
        """(3,) metres."""
        return self.world_from_camera[:3, 3]

    @property
    def camera_from_world(self) -> NDArray[np.float64]:
        """(4, 4) rigid."""
        rotation = self.world_from_camera[:3, :3].T
        matrix = np.eye(4)
        matrix[:3, :3] = rotation
        matrix[:3, 3] = -rotation @ self.position
        return matrix

    def rays(self) -> Floats:
        """Unit directions in the world through every pixel centre: (H, W, 3) float32."""
        column, row = np.meshgrid(np.arange(self.width_px) + 0.5, np.arange(self.height_px) + 0.5)
        if self.projection is Projection.PINHOLE:
            x = (column - self.width_px / 2) / self.focal_px
            y = (self.height_px / 2 - row) / self.focal_px
            local = np.stack([x, y, -np.ones_like(x)], axis=-1)
            local /= np.linalg.norm(local, axis=-1, keepdims=True)
        else:
            longitude = (column / self.width_px - 0.5) * 2 * math.pi
            latitude = (0.5 - row / self.height_px) * math.pi
            local = np.stack([np.sin(longitude) * np.cos(latitude), np.sin(latitude), -np.cos(longitude) * np.cos(latitude)], axis=-1)
        return (local @ self.world_from_camera[:3, :3].T).astype(np.float32)

    def project(self, points: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """World points (N, 3) metres → pixel coordinates (N, 2) and distances (N,) metres; NaN pixels behind a pinhole."""
        local = (np.asarray(points, dtype=np.float64) - self.position) @ self.world_from_camera[:3, :3]
        distance = np.linalg.norm(local, axis=-1)
        if self.projection is Projection.PINHOLE:
            depth = np.where(local[:, 2] < 0, -local[:, 2], np.nan)
            column = self.width_px / 2 + self.focal_px * local[:, 0] / depth
            row = self.height_px / 2 - self.focal_px * local[:, 1] / depth
        else:
            longitude = np.arctan2(local[:, 0], -local[:, 2])
            latitude = np.arcsin(np.clip(local[:, 1] / np.maximum(distance, 1e-12), -1, 1))
            column = (longitude / (2 * math.pi) + 0.5) * self.width_px
            row = (0.5 - latitude / math.pi) * self.height_px
        return np.stack([column, row], axis=-1), distance


def pinhole(
    position: NDArray[np.floating] | tuple[float, float, float],
    *,
    yaw_rad: float = 0.0,
    pitch_rad: float = 0.0,
    width_px: int = 1280,
    height_px: int = 720,
    horizontal_fov_rad: float = math.radians(75),
) -> Camera:
    """A level pinhole camera. Yaw turns left (counter-clockwise from above, 0 looks along −z); pitch looks up."""
    focal_px = width_px / 2 / math.tan(horizontal_fov_rad / 2)
    return Camera(Projection.PINHOLE, width_px, height_px, focal_px, pose(position, yaw_rad=yaw_rad, pitch_rad=pitch_rad))


def panorama(position: NDArray[np.floating] | tuple[float, float, float], *, yaw_rad: float = 0.0, width_px: int = 2560) -> Camera:
    """A level equirectangular camera of 2:1 shape whose centre column looks along `yaw_rad`."""
    return Camera(Projection.EQUIRECTANGULAR, width_px, width_px // 2, 0.0, pose(position, yaw_rad=yaw_rad))


def pose(
    position: NDArray[np.floating] | tuple[float, float, float], *, yaw_rad: float = 0.0, pitch_rad: float = 0.0
) -> NDArray[np.float64]:
    """world_from_camera (4, 4) of a viewer at `position` (metres) who turned left by yaw and then looks up by pitch."""
    cos_yaw, sin_yaw = math.cos(yaw_rad), math.sin(yaw_rad)
    cos_pitch, sin_pitch = math.cos(pitch_rad), math.sin(pitch_rad)
    turn = np.array([[cos_yaw, 0, sin_yaw], [0, 1, 0], [-sin_yaw, 0, cos_yaw]])
    lift = np.array([[1, 0, 0], [0, cos_pitch, -sin_pitch], [0, sin_pitch, cos_pitch]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ lift
    matrix[:3, 3] = position
    return matrix


def look_at(
    position: NDArray[np.floating] | tuple[float, float, float], target: NDArray[np.floating] | tuple[float, float, float]
) -> tuple[float, float]:
    """The (yaw_rad, pitch_rad) with which a viewer at `position` sees `target` in the middle."""
    dx, dy, dz = (float(t) - float(p) for p, t in zip(position, target, strict=True))
    return math.atan2(-dx, -dz), math.atan2(dy, math.hypot(dx, dz))


def seen_along(picture: NDArray[np.generic], camera: Camera, rays: NDArray[np.floating]) -> Floats:
    """What a camera's picture (H, W) or (H, W, C) shows along directions in the world (…, 3), as if from its own place: (…) or (…, C).

    Bilinear between pixel centres, around the edge of a panorama; NaN where the camera does not look.
    """
    rays = np.asarray(rays, np.float64)
    pixels, _ = camera.project(rays.reshape(-1, 3) + camera.position)
    column, row = pixels[:, 0] - 0.5, pixels[:, 1] - 0.5
    inside = np.isfinite(column) & (row >= -0.5) & (row <= camera.height_px - 0.5)
    if camera.projection is Projection.PINHOLE:
        inside &= (column >= -0.5) & (column <= camera.width_px - 0.5)
    column, row = np.where(inside, column, 0.0), np.where(inside, row, 0.0)
    left, top = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
    across, down = (column - left).astype(np.float32), (row - top).astype(np.float32)
    flat = np.asarray(picture, np.float32).reshape(camera.height_px, camera.width_px, -1)
    values = np.zeros((len(column), flat.shape[2]), np.float32)
    for step_x, share_x in ((0, 1 - across), (1, across)):
        for step_y, share_y in ((0, 1 - down), (1, down)):
            x, y = left + step_x, np.clip(top + step_y, 0, camera.height_px - 1)
            x = x % camera.width_px if camera.projection is Projection.EQUIRECTANGULAR else np.clip(x, 0, camera.width_px - 1)
            values += flat[y, x] * (share_x * share_y)[:, None]
    values[~inside] = np.nan
    return values.reshape(*rays.shape[:-1], *np.shape(picture)[2:])
