"""Quality measured: a filmed world is made anew from its video, and compared with the truth on the path of the camera and off it."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from pipelines import Prompt, World
from pipelines.camera import Camera
from pipelines.gaussians import Gaussians
from pipelines.mesh import Survey
from pipelines.splat import Lift, Refine, quality, render
from pipelines.stage import Stage
from pipelines.vision import Pose, Stereo
from pipelines.world import View
from tests.vision.filming import filmed, sidestep, world

FRAMES, EVERY = 48, 6  # every sixth view is held out
OFF_M = (0.5, 1.0, 2.0)
HOLE_ALPHA = 0.95


@dataclass(frozen=True)
class Off:
    """Means over the held-out cameras, moved by `metres`: psnr_db where something is shown; holes: share of pixels with alpha < 0.95."""

    where: str
    metres: float
    psnr_db: float
    holes: float


@dataclass(frozen=True)
class Alike:
    """true = rotation @ ours * scale + offset."""

    rotation: NDArray[np.float64]
    scale: float
    offset: NDArray[np.float64]

    def camera(self, true: Camera) -> Camera:
        """A camera of the true world in ours."""
        pose = true.world_from_camera.copy()
        pose[:3, :3] = self.rotation.T @ pose[:3, :3]
        pose[:3, 3] = self.rotation.T @ (pose[:3, 3] - self.offset) / self.scale
        return replace(true, world_from_camera=pose)


def measure(console: Console, *, frames: int = FRAMES) -> dict[str, Any]:
    """Make the world, print how long each stage took and how good it is."""
    gaussians, spawn = world()
    cameras = sidestep(spawn, frames=frames)
    shots = filmed(gaussians, cameras)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        write_film(film, [shot.rgb for shot in shots])
        made, held, seconds = reconstructed(film)
    assert made.gaussians is not None
    seen = quality(made.gaussians, held)
    aligned, error_m = alike(held, shots)
    off = off_path(made.gaussians, gaussians, [shots[_nearest(view, shots)].camera for view in held], aligned)
    console.print(", ".join(f"{name} {spent:.0f} s" for name, spent in seconds.items()))
    console.print(f"held-out views: {np.mean([one.psnr_db for one in seen]):.2f} dB, SSIM {np.mean([one.ssim for one in seen]):.3f}")
    console.print(f"scale {aligned.scale:.3f} of the truth's, cameras {error_m * 1000:.0f} mm off")
    table = Table("moved", "metres", "PSNR (dB)", "holes", box=None)
    for row in off:
        table.add_row(row.where, f"{row.metres:g}", f"{row.psnr_db:.2f}", f"{row.holes:.1%}")
    console.print(table)
    return {"seconds": seconds, "held_out": [asdict(one) for one in seen], "off": [asdict(row) for row in off], "camera_error_m": error_m}


def write_film(target: Path, frames: list[NDArray[np.uint8]]) -> None:
    """Ten frames a second, H.264."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "16"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def reconstructed(film: Path) -> tuple[World, list[View], dict[str, float]]:
    """The world without every sixth view; these; and the seconds of each stage."""
    made, held, seconds = World(prompt=Prompt(video=film)), [], {}
    stages: tuple[Stage, ...] = (Pose(), Stereo(), Lift(splats=300_000), Refine(splats=150_000), Survey())
    for stage in stages:
        stage.load()
        begun = time.perf_counter()
        made = stage.run(made, lambda share, note: None)
        seconds[stage.name] = round(time.perf_counter() - begun, 1)
        if stage.name == "pose":
            assert made.points is not None
            used = [number for number in range(len(made.views)) if number % EVERY != EVERY // 2]
            held = [view for number, view in enumerate(made.views) if number not in used]
            points = replace(made.points, seen_by=tuple(made.points.seen_by[number] for number in used))
            made = replace(made, views=tuple(made.views[number] for number in used), points=points)
    return made, held, seconds


def alike(views: list[View], shots: list[Any]) -> tuple[Alike, float]:
    """The similarity that takes our cameras to the true ones, and what is left between their positions (root mean square, metres)."""
    true = [shots[_nearest(view, shots)].camera for view in views]
    turns = sum(one.world_from_camera[:3, :3] @ view.camera.world_from_camera[:3, :3].T for one, view in zip(true, views, strict=True))
    left, _, right = np.linalg.svd(turns)
    rotation = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    ours = np.array([view.camera.position for view in views]) @ rotation.T
    theirs = np.array([camera.position for camera in true])
    spread = [points - points.mean(axis=0) for points in (ours, theirs)]
    scale = float(np.sqrt((spread[1] ** 2).sum() / (spread[0] ** 2).sum()))
    offset = theirs.mean(axis=0) - scale * ours.mean(axis=0)
    error = float(np.sqrt(((scale * ours + offset - theirs) ** 2).sum(axis=1).mean()))
    return Alike(rotation, scale, offset), error


def off_path(made: Gaussians, truth: Gaussians, cameras: list[Camera], aligned: Alike) -> list[Off]:
    """Both worlds from the cameras and from beside them."""
    rows = []
    for where, direction in (("on the path", None), ("up", (0.0, 1.0, 0.0)), ("ahead", (0.0, 0.0, -1.0)), ("back", (0.0, 0.0, 1.0))):
        for metres in (0.0,) if direction is None else OFF_M:
            pairs = [_both(made, truth, _moved(camera, direction, metres), aligned) for camera in cameras]
            rows.append(Off(where, metres, *(float(value) for value in np.mean(pairs, axis=0))))
    return rows


def _both(made: Gaussians, truth: Gaussians, camera: Camera, aligned: Alike) -> tuple[float, float]:
    ours, theirs = render(made, aligned.camera(camera)), render(truth, camera)
    shown = ours.alpha >= HOLE_ALPHA
    square = float(((ours.rgb - theirs.rgb)[shown] ** 2).mean())
    return -10 * float(np.log10(square)), 1 - float(shown.mean())


def _moved(camera: Camera, direction: tuple[float, float, float] | None, metres: float) -> Camera:
    pose = camera.world_from_camera.copy()
    if direction is not None:
        pose[:3, 3] += metres * (pose[:3, :3] @ np.array(direction))
    return replace(camera, world_from_camera=pose)


def _nearest(view: View, shots: list[Any]) -> int:
    """Which shot a view is: the one whose middle looks most like its own."""
    height, width = view.rgb.shape[:2]
    small = _middle(view.rgb, height, width)
    return int(np.argmin([np.abs(small - _middle(shot.rgb, height, width)).mean() for shot in shots]))


def _middle(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    top, left = (picture.shape[0] - height) // 2 + height // 8, (picture.shape[1] - width) // 2 + width // 8
    return picture[top : top + 3 * height // 4 : 2, left : left + 3 * width // 4 : 2].astype(np.float32)
