"""Files of splats: seconds to write and to read, bytes a splat, and how faithful a picture of what was read back is."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TypedDict

import numpy as np

from pipelines import pinhole
from pipelines.camera import Camera
from pipelines.formats import FORMATS
from pipelines.gaussians import Gaussians
from pipelines.scene import EYE_HEIGHT_M
from pipelines.splat import render

ROUNDS = 3
ANGLES_DEG = (0, 72, 144, 216, 288)


class FileFigures(TypedDict):
    """One format. psnr_db: the worst of five pictures round the spawn point against the original, 200 at most."""

    format: str
    write_s: float
    read_s: float
    bytes_per_splat: float
    psnr_db: float


def measure(gaussians: Gaussians, folder: Path) -> list[FileFigures]:
    """Every format there is, best of three, on a million splats or what there are."""
    cameras = [pinhole((0, EYE_HEIGHT_M, 0), yaw_rad=math.radians(angle), width_px=1280, height_px=720) for angle in ANGLES_DEG]
    originals = [_picture(gaussians, camera) for camera in cameras]
    figures: list[FileFigures] = []
    for kind in FORMATS.values():
        path = folder / f"splats{kind.extension}"
        write_s, read_s = math.inf, math.inf
        for _ in range(ROUNDS):
            started = time.perf_counter()
            kind.write(gaussians, path)
            written = time.perf_counter()
            back = kind.read(path)
            write_s, read_s = min(write_s, written - started), min(read_s, time.perf_counter() - written)
        worst = min(psnr_db(_picture(back, camera), original) for camera, original in zip(cameras, originals, strict=True))
        size = path.stat().st_size / len(gaussians)
        figures.append(
            {
                "format": kind.name,
                "write_s": round(write_s, 3),
                "read_s": round(read_s, 3),
                "bytes_per_splat": round(size, 2),
                "psnr_db": round(worst, 1),
            }
        )
    return figures


def _picture(gaussians: Gaussians, camera: Camera) -> np.ndarray:
    return render(gaussians, camera).rgb.astype(np.float64)


def psnr_db(picture: np.ndarray, original: np.ndarray) -> float:
    """Peak signal to noise of two pictures with values 0 … 1, in decibels; 200 when they are equal."""
    error = float(np.mean((picture - original) ** 2))
    return -10 * math.log10(max(error, 1e-20))
