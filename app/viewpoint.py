"""Viewpoint: cameras in words (spawn, left, right, back, ahead, side, above, panorama, or x,y,z,yaw,pitch), and what they see."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.camera import look_at, panorama, pinhole
from pipelines.errors import InputError
from pipelines.scene import EYE_HEIGHT_M, Spawn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines import Camera, Gaussians

WORDS = ("spawn", "left", "right", "back", "ahead", "side", "above", "panorama")
LAYERS = ("colour", "distance", "normal", "alpha", "heat")
MAX_SIDE_PX = 16_384
_TURNS_DEG = {"spawn": 0.0, "ahead": 0.0, "left": 90.0, "right": -90.0, "back": 180.0}
_AHEAD_M = 10.0
_SIDE_M = 9.0
_ABOVE_M = 26.0
_FOCUS_M = 13.0  # how far before the spawn point lies what a first view is composed around


@dataclass(frozen=True, slots=True)
class Frame:
    """Size and opening of a picture."""

    width_px: int = 1280
    height_px: int = 720
    horizontal_fov_deg: float = 75.0

    def __post_init__(self) -> None:
        if not 20 <= self.horizontal_fov_deg <= 150:
            raise InputError(f"a field of view of {self.horizontal_fov_deg:g}° cannot be rendered: use 20 to 150 degrees")


def frame_of(size: str, horizontal_fov_deg: float) -> Frame:
    """Read "1280x720"; raises InputError."""
    match = re.fullmatch(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", size.strip().lower())
    if match is None:
        raise InputError(f"the size {size!r} cannot be read: write width × height in pixels, for example 1280x720")
    width_px, height_px = int(match[1]), int(match[2])
    if not (16 <= width_px <= MAX_SIDE_PX and 16 <= height_px <= MAX_SIDE_PX):
        raise InputError(f"a picture of {width_px} × {height_px} pixels cannot be rendered: use 16 to {MAX_SIDE_PX:,} a side")
    return Frame(width_px, height_px, horizontal_fov_deg)


def camera_for(words: str, spawn: Spawn, frame: Frame) -> Camera:
    """The camera that `words` ask for in a world with this spawn point; raises InputError."""
    wanted = words.strip().lower()
    if wanted == "panorama":
        return panorama(_eye(spawn), yaw_rad=spawn.yaw_rad, width_px=frame.width_px)
    if wanted in _TURNS_DEG:
        eye = _from_spawn(spawn, ahead_m=_AHEAD_M) if wanted == "ahead" else _eye(spawn)
        return _pinhole(eye, spawn.yaw_rad + math.radians(_TURNS_DEG[wanted]), spawn.pitch_rad if wanted == "spawn" else 0.0, frame)
    if wanted in ("side", "above"):
        eye = _from_spawn(spawn, left_m=_SIDE_M, up_m=1.0) if wanted == "side" else _from_spawn(spawn, ahead_m=-8.0, up_m=_ABOVE_M)
        yaw_rad, pitch_rad = look_at(eye, _from_spawn(spawn, ahead_m=_FOCUS_M))
        return _pinhole(eye, yaw_rad, pitch_rad, frame)
    x, y, z, yaw_deg, pitch_deg = _numbers(words)
    return _pinhole((x, y, z), math.radians(yaw_deg), math.radians(pitch_deg), frame)


def _numbers(words: str) -> tuple[float, float, float, float, float]:
    try:
        numbers = [float(number) for number in re.split(r"[,\s]+", words.strip().strip("()"))]
    except ValueError:
        numbers = []
    if not 3 <= len(numbers) <= 5 or not all(math.isfinite(number) and abs(number) <= 1e5 for number in numbers):
        raise InputError(
            f"the camera {words!r} cannot be read: use one of {', '.join(WORDS)}, or x,y,z,yaw,pitch in metres and degrees "
            "(yaw turns left, 0 looks along −z)"
        )
    numbers += [0.0] * (5 - len(numbers))
    return numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]


def _pinhole(eye: tuple[float, float, float], yaw_rad: float, pitch_rad: float, frame: Frame) -> Camera:
    fov_rad = math.radians(frame.horizontal_fov_deg)
    width_px, height_px = frame.width_px, frame.height_px
    return pinhole(eye, yaw_rad=yaw_rad, pitch_rad=pitch_rad, width_px=width_px, height_px=height_px, horizontal_fov_rad=fov_rad)


def _eye(spawn: Spawn) -> tuple[float, float, float]:
    return _from_spawn(spawn)


def _from_spawn(spawn: Spawn, *, ahead_m: float = 0.0, left_m: float = 0.0, up_m: float = 0.0) -> tuple[float, float, float]:
    """A point at eye height, seen from a visitor who has just arrived."""
    x, y, z = spawn.position
    sine, cosine = math.sin(spawn.yaw_rad), math.cos(spawn.yaw_rad)
    return x - sine * ahead_m - cosine * left_m, y + EYE_HEIGHT_M + up_m, z - cosine * ahead_m + sine * left_m


def picture_of(gaussians: Gaussians, camera: Camera, layer: str) -> NDArray[np.uint8]:
    """(H, W, 3) uint8: one of LAYERS as a picture for people. Distance: near is bright, the sky is black. Heat: what a pixel costs."""
    import numpy as np

    from pipelines import splat

    if layer == "heat":
        return splat.heat(gaussians, camera)[0]
    rendering = splat.render(gaussians, camera, layers=() if layer in ("colour", "alpha") else (layer,))
    if layer == "distance":
        assert rendering.distance is not None
        return _grey(np.exp(-np.nan_to_num(rendering.distance, posinf=1e9) / 25))  # half as bright at 17 m
    if layer == "normal":
        assert rendering.normal is not None
        coloured: NDArray[np.uint8] = ((rendering.normal * 0.5 + 0.5) * 255 + 0.5).astype(np.uint8)
        return coloured
    return _grey(rendering.alpha) if layer == "alpha" else rendering.picture


def _grey(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    import numpy as np

    level = (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
    return np.repeat(level[..., None], 3, axis=-1)
