"""Filming: places whose truth is known, the way of someone who films them by hand, and what the film or the photographs lose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, look_at, pinhole
from pipelines.gaussians import Gaussians
from pipelines.prompt import Prompt
from pipelines.recipes import recipe_for
from pipelines.scene import EYE_HEIGHT_M, Spawn
from pipelines.stage import Tell, generate
from pipelines.world import MeasuredView

PROMPT = "a stone cottage with a red door, a cart, a well and a picket fence in a meadow"
SKY_DISTANCE_M = 1_400.0  # the sky's dome of a layout world stands at about 1,500 m
FRAMES_PER_S = 10
EXPOSURE, NOISE, JPEG = 0.03, 1.5, 92  # standard deviations of a photograph's brightness (share) and of a pixel's noise (of 255); quality


class Place(Protocol):
    """A place that can be seen from anywhere, colours and distances without error."""

    def see(self, camera: Camera) -> MeasuredView:
        """What a camera sees."""
        ...


@dataclass(frozen=True)
class SplatPlace:
    """A place made of splats."""

    gaussians: Gaussians

    def see(self, camera: Camera) -> MeasuredView:
        """Rendered; what is farther than SKY_DISTANCE_M is sky."""
        from pipelines.splat import render

        seen = render(self.gaussians, camera, layers=("distance",))
        assert seen.distance is not None
        return MeasuredView(camera, seen.picture, np.where(seen.distance > SKY_DISTANCE_M, np.float32(np.inf), seen.distance))


def meadow(prompt: str = PROMPT, *, seed: int = 3, splats: int = 300_000, tell: Tell | None = None) -> tuple[SplatPlace, Spawn]:
    """A world made from words, and where a visitor starts."""
    made = generate(Prompt(text=prompt, seed=seed), recipe_for(splats=splats), tell)
    assert made.gaussians is not None
    assert made.scene is not None
    return SplatPlace(made.gaussians), made.scene.spawn


def sidestep(
    spawn: Spawn, *, frames: int, way_m: float = 6.0, target_m: float = 9.0, width_px: int = 640, height_px: int = 360
) -> list[Camera]:
    """Cameras of someone who walks sideways, up and down a little, and keeps looking at what is ahead of the starting point."""
    ahead = np.array([-math.sin(spawn.yaw_rad), 0.0, -math.cos(spawn.yaw_rad)])
    right = np.array([-ahead[2], 0.0, ahead[0]])
    eye = np.array(spawn.position) + (0.0, EYE_HEIGHT_M, 0.0)
    cameras = []
    for share in np.linspace(-0.5, 0.5, frames):
        at = eye + right * share * way_m + ahead * 0.8 * math.cos(3 * share) + (0.0, 0.15 * math.sin(9 * share), 0.0)
        yaw, pitch = look_at(tuple(at), tuple(eye + ahead * target_m - (0.0, 0.4, 0.0)))
        cameras.append(
            pinhole(at, yaw_rad=yaw, pitch_rad=pitch, width_px=width_px, height_px=height_px, horizontal_fov_rad=math.radians(65))
        )
    return cameras


def filmed(place: Place, cameras: Sequence[Camera], tell: Callable[[float], None] | None = None) -> list[MeasuredView]:
    """What each camera sees, and how far away it is. tell: hears which share of the frames is done."""
    views = []
    for number, camera in enumerate(cameras):
        if tell is not None:
            tell(number / len(cameras))
        views.append(place.see(camera))
    return views


def write_film(target: Path, frames: Sequence[NDArray[np.uint8]]) -> None:
    """FRAMES_PER_S frames (H, W, 3) a second, H.264."""
    import av

    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=FRAMES_PER_S)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "16"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def write_photographs(folder: Path, frames: Sequence[NDArray[np.uint8]], *, seed: int) -> list[Path]:
    """One JPEG for each frame (H, W, 3), as a camera takes them: each a little brighter or darker than the others, with noise."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    paths = []
    for number, frame in enumerate(frames):
        exposure = 1 + EXPOSURE * rng.standard_normal()
        worn = frame.astype(np.float32) * exposure + NOISE * rng.standard_normal(frame.shape, dtype=np.float32)
        paths.append(folder / f"photograph-{number + 1:03}.jpg")
        Image.fromarray(np.clip(worn + 0.5, 0, 255).astype(np.uint8)).save(paths[-1], quality=JPEG)
    return paths
