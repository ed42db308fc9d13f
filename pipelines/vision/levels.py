"""Levels: a view at several sizes, and the maps that lead from the pixels of one view to those of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.world import View

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_COARSEST_PX = 120  # a level is halved as long as its longer side stays longer than this


@dataclass(frozen=True)
class Level:
    """One size of a view. rgb: (H, W, 3) 0 … 1.  grey: (H, W) 0 … 1.  lens: (4,) f_x, f_y, c_x, c_y; pixel centres are whole numbers."""

    rgb: Floats
    grey: Floats
    lens: Doubles

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)."""
        return self.grey.shape[0], self.grey.shape[1]

    @property
    def pixels_from_camera(self) -> Doubles:
        """(3, 3): a point in the camera's frame → homogeneous pixel, whose third number is its depth."""
        f_x, f_y, c_x, c_y = self.lens
        return np.array([[f_x, 0.0, -c_x], [0.0, -f_y, -c_y], [0.0, 0.0, -1.0]])

    @property
    def stretch(self) -> Floats:
        """(H, W) distance along the ray at depth 1."""
        height, width = self.shape
        x = (np.arange(width) - self.lens[2]) / self.lens[0]
        y = (np.arange(height) - self.lens[3]) / self.lens[1]
        return np.sqrt(1 + x[None, :] ** 2 + y[:, None] ** 2).astype(np.float32)


def levels_of(view: View, longest_px: int) -> list[Level]:
    """Sizes of a view, smallest first, each twice the one before; the largest is at most `longest_px` long."""
    from PIL import Image

    camera = view.camera
    picture = Image.fromarray(view.rgb)
    width, height = _fitting(camera.width_px, camera.height_px, longest_px)
    levels = []
    while True:
        rgb: Floats = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float32) * np.float32(1 / 255)
        grey: Floats = rgb @ _LUMA
        f_x, f_y = camera.focal_px * width / camera.width_px, camera.focal_px * height / camera.height_px
        levels.append(Level(rgb, grey, np.array([f_x, f_y, (width - 1) / 2, (height - 1) / 2])))
        if max(width, height) <= _COARSEST_PX * 2:
            return levels[::-1]
        width, height = (width + 1) // 2, (height + 1) // 2


def _fitting(width: int, height: int, longest: int) -> tuple[int, int]:
    """Width and height in the same proportion, at most `longest` on the longer side."""
    share = min(1.0, longest / max(width, height))
    return max(8, round(width * share)), max(8, round(height * share))


@dataclass(frozen=True)
class Links:
    """From the pixels of one view to those of N others: p' ~ turn · (u, v, 1) + shift · inverse depth.

    The third number of p', times the depth here, is the depth there.

    turn: (N, 3, 3).  shift: (N, 3).  sizes: (N, 2) height and width of the others.
    """

    turn: Floats
    shift: Floats
    sizes: NDArray[np.int64]


def link(camera: Camera, level: Level, others: Sequence[tuple[Camera, Level]]) -> Links:
    """The maps from one view to others."""
    turns, shifts = [], []
    rays = np.linalg.inv(level.pixels_from_camera)
    for other, its_level in others:
        other_from_camera = other.camera_from_world @ camera.world_from_camera
        turns.append(its_level.pixels_from_camera @ other_from_camera[:3, :3] @ rays)
        shifts.append(its_level.pixels_from_camera @ other_from_camera[:3, 3])
    sizes = np.array([its_level.shape for _, its_level in others], np.int64).reshape(-1, 2)
    return Links(np.array(turns, np.float32).reshape(-1, 3, 3), np.array(shifts, np.float32).reshape(-1, 3), sizes)


def stacked(pictures: Sequence[Floats]) -> Floats:
    """Pictures of different sizes as one (N, H, W, …) array, filled up with zeros at the right and at the bottom."""
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    together = np.zeros((len(pictures), height, width, *pictures[0].shape[2:]), np.float32)
    for number, picture in enumerate(pictures):
        together[number, : picture.shape[0], : picture.shape[1]] = picture
    return together


def enlarged(planes: Floats, shape: tuple[int, int]) -> Floats:
    """Planes (H, W, 3) of a level for the next larger one, of `shape`."""
    row, column = np.indices(shape)
    half = planes[np.minimum(row // 2, planes.shape[0] - 1), np.minimum(column // 2, planes.shape[1] - 1)].copy()
    half[..., 1:] /= 2
    half[..., 0] += half[..., 1] * (column % 2 - 0.5) + half[..., 2] * (row % 2 - 0.5)
    return np.ascontiguousarray(half, np.float32)
