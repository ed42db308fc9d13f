"""Mapped: where pictures were taken and the points they share, in a frame of unknown direction and scale; lenses made straight."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UnavailableError
from pipelines.stage import TellStage
from pipelines.vision.child import ChildFailed, Limits, run_child
from pipelines.vision.pictures import Photo

LIMITS = Limits(memory_bytes=12 << 30, seconds=3_600.0)
GUESSED_FOCAL = 0.85  # of the longer side, where nothing is known: phones film with 0.75 to 1, and the adjustment finds the rest
STRAIGHT_PX = 0.05  # a lens that bends less than this is left as it is


@dataclass(frozen=True)
class Mapped:
    """What COLMAP found out. Pixels are those of the given pictures, which a lens may bend.

    picture: (P,) numbers of the pictures that could be placed, growing.  world_from_camera: (P, 4, 4) rigid, camera frame OpenGL.
    focal_px, bend: (P,) of each placed picture's lens; a direction at slope r is seen at focal·r·(1 + bend·r²).
    points: (N, 3).  colours: (N, 3) uint8.  seen_row, seen_point: (M,) which placed picture sees which point, at seen_px (M, 2).
    """

    picture: NDArray[np.int64]
    world_from_camera: NDArray[np.float64]
    focal_px: NDArray[np.float64]
    bend: NDArray[np.float64]
    points: NDArray[np.float64]
    colours: NDArray[np.uint8]
    seen_row: NDArray[np.int64]
    seen_point: NDArray[np.int64]
    seen_px: NDArray[np.float64]

    def moved(self, rotation: NDArray[np.float64], origin: NDArray[np.float64], scale: float) -> Mapped:
        """Everything under x → scale · rotation · (x − origin)."""
        poses = self.world_from_camera.copy()
        poses[:, :3, :3] = rotation @ poses[:, :3, :3]
        poses[:, :3, 3] = scale * (poses[:, :3, 3] - origin) @ rotation.T
        return replace(self, world_from_camera=poses, points=scale * (self.points - origin) @ rotation.T)


def map_pictures(photos: Sequence[Photo], tell: TellStage, *, is_film: bool) -> Mapped:
    """Where the pictures were taken. is_film: they are in order, and of one lens.

    Photographs share a lens where size and written field of view agree: it is then known better. Raises InputError where fewer than
    three pictures belong together.
    """
    from PIL import Image

    lenses: dict[tuple[object, ...], int] = {}
    camera_of = []
    for photo in photos:
        key = (photo.rgb.shape, None if photo.long_fov_rad is None else round(photo.long_fov_rad, 3))
        camera_of.append(lenses.setdefault(key, len(lenses)))
    cameras = []
    for which in range(len(lenses)):
        photo = photos[camera_of.index(which)]
        height, width = photo.rgb.shape[:2]
        cameras.append([width, height, photo.focal_px or GUESSED_FOCAL * max(width, height), photo.focal_px is not None])
    job = {"cameras": cameras, "camera_of": camera_of, "is_film": is_film}
    with tempfile.TemporaryDirectory(prefix="worldloom-pose-") as name:
        folder = Path(name)
        (folder / "pictures").mkdir()
        for number, photo in enumerate(photos):
            Image.fromarray(photo.rgb).save(folder / "pictures" / f"{number:04d}.png", compress_level=1)
        try:
            run_child("pipelines.vision.mapping", folder, job, limits=LIMITS, tell=tell)
        except ChildFailed as failure:
            cure = "use fewer pictures" if failure.overrun else "try again, and report it if it fails again"
            raise UnavailableError(f"finding out where the {len(photos)} pictures were taken has failed: {cure}") from failure
        return _read(folder / "mapped.npz")


def _read(file: Path) -> Mapped:
    with np.load(file, allow_pickle=False) as saved:
        rotation, shift = saved["camera_from_model"][:, :, :3], saved["camera_from_model"][:, :, 3]
        poses = np.tile(np.eye(4), (len(rotation), 1, 1))
        # COLMAP's rows are right, down and forward; ours are right, up and backward
        poses[:, :3, :3] = np.stack([rotation[:, 0], -rotation[:, 1], -rotation[:, 2]], axis=-1)
        poses[:, :3, 3] = -np.einsum("pij,pi->pj", rotation, shift)
        seen = saved["seen"]
        return Mapped(
            picture=saved["picture"],
            world_from_camera=poses,
            focal_px=saved["lens"][:, 0],
            bend=saved["lens"][:, 1],
            points=saved["points"],
            colours=saved["colours"],
            seen_row=seen[:, 0].astype(np.int64),
            seen_point=seen[:, 1].astype(np.int64),
            seen_px=seen[:, 2:],
        )


def straightened(rgb: NDArray[np.uint8], focal_px: float, bend: float) -> tuple[NDArray[np.uint8], float]:
    """(the picture as a pinhole camera of the same size sees it, its focal length in pixels), without empty borders."""
    from scipy.ndimage import map_coordinates

    height, width = rgb.shape[:2]
    if abs(bend) * (math.hypot(width, height) / 2 / focal_px) ** 2 * math.hypot(width, height) / 2 < STRAIGHT_PX:
        return rgb, focal_px
    straight_focal = _filling(width, height, focal_px, bend)
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = (column - width / 2) / straight_focal, (row - height / 2) / straight_focal
    factor = focal_px * (1 + bend * (x * x + y * y))
    at = np.stack([height / 2 + y * factor - 0.5, width / 2 + x * factor - 0.5])
    planes = [map_coordinates(rgb[..., k].astype(np.float32), at, order=3, mode="nearest") for k in range(3)]
    return np.rint(np.stack(planes, axis=-1).clip(0, 255)).astype(np.uint8), straight_focal


def _filling(width: int, height: int, focal_px: float, bend: float) -> float:
    """The shortest focal length with which all pixels of a straight picture lie within the bent one."""
    edge_x = np.concatenate([np.linspace(-width / 2, width / 2, 65), np.full(65, width / 2)])
    edge_y = np.concatenate([np.full(65, height / 2), np.linspace(-height / 2, height / 2, 65)])

    def spill(focal: float) -> float:
        factor = focal_px / focal * (1 + bend * (edge_x**2 + edge_y**2) / focal**2)
        return float(max(np.abs(edge_x * factor).max() / (width / 2), np.abs(edge_y * factor).max() / (height / 2)))

    low, high = 0.5 * focal_px, 2.0 * focal_px
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if spill(middle) > 1 else (low, middle)
    return high
