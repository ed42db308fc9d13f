"""Alike: which true cameras a reconstructed world's views belong to, and the similarity that takes the one world to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.world import View


@dataclass(frozen=True)
class Alike:
    """true = rotation @ ours * scale + offset.  error_m: what is left between the positions of the cameras, root mean square."""

    rotation: NDArray[np.float64]
    scale: float
    offset: NDArray[np.float64]
    error_m: float

    def camera(self, true: Camera) -> Camera:
        """A camera of the true world in ours."""
        pose = true.world_from_camera.copy()
        pose[:3, :3] = self.rotation.T @ pose[:3, :3]
        pose[:3, 3] = self.rotation.T @ (pose[:3, 3] - self.offset) / self.scale
        return replace(true, world_from_camera=pose)


def alike(views: Sequence[View], true: Sequence[Camera]) -> Alike:
    """From pairs of views and true cameras: rotation from the directions, scale and offset from the positions."""
    turns = sum(one.world_from_camera[:3, :3] @ view.camera.world_from_camera[:3, :3].T for one, view in zip(true, views, strict=True))
    left, _, right = np.linalg.svd(turns)
    rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    ours = np.array([view.camera.position for view in views]) @ rotation.T
    theirs = np.array([camera.position for camera in true])
    spread = [points - points.mean(axis=0) for points in (ours, theirs)]
    scale = float(np.sqrt((spread[1] ** 2).sum() / (spread[0] ** 2).sum()))
    offset = theirs.mean(axis=0) - scale * ours.mean(axis=0)
    error_m = float(np.sqrt(((scale * ours + offset - theirs) ** 2).sum(axis=1).mean()))
    return Alike(rotation, scale, offset, error_m)


def nearest(view: View, shots: Sequence[View]) -> int:
    """Which shot a view is: the one whose middle looks most like its own. Its edges may have been cut when it was straightened."""
    height, width = view.rgb.shape[:2]
    small = _middle(view.rgb, height, width)
    return int(np.argmin([np.abs(small - _middle(shot.rgb, height, width)).mean() for shot in shots]))


def _middle(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    top, left = (picture.shape[0] - height) // 2 + height // 8, (picture.shape[1] - width) // 2 + width // 8
    return picture[top : top + 3 * height // 4 : 2, left : left + 3 * width // 4 : 2].astype(np.float32)
