"""Frames: the pictures of a video that are worth keeping: sharp ones from different points, at most 60."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, InputError
from pipelines.stage import TellStage
from pipelines.vision.child import ChildFailed, Limits, run_child
from pipelines.vision.motion import MOST
from pipelines.vision.pictures import WORKING_SIDE_PX

LIMITS = Limits(memory_bytes=3 << 29, seconds=420.0)


@dataclass(frozen=True)
class KeyFrames:
    """Pictures of a video in the order they were filmed. rgb: each (H, W, 3) uint8 sRGB, upright.

    moments_s: when each was filmed.  seconds: length of the whole video.  used: share of the camera's way that they cover; less than
    1 where the way was too long for so few pictures, whose first part is taken then.
    """

    rgb: tuple[NDArray[np.uint8], ...]
    moments_s: tuple[float, ...]
    seconds: float
    used: float


def key_frames(path: Path, tell: TellStage, *, most: int = MOST, longest_px: int = WORKING_SIDE_PX) -> KeyFrames:
    """The key frames of a video, scaled so that the longer side has at most `longest_px` pixels.

    The file is opened by a child process with little memory and time. Raises InputError where it is no video, too long, or shows no
    place from different points; FileFormatError where it makes its decoder fail.
    """
    from PIL import Image

    if not path.is_file():
        raise InputError(f"there is no video {path}: check the name")
    job = {"source": str(path.resolve()), "name": path.name, "most": most, "longest_px": longest_px}
    with tempfile.TemporaryDirectory(prefix="worldloom-video-") as name:
        folder = Path(name)
        try:
            report = run_child("pipelines.vision.decode", folder, job, limits=LIMITS, tell=tell)
        except ChildFailed as failure:
            if failure.overrun:
                raise InputError(f"{path.name} takes too long, or too much memory, to open: cut it, or export it smaller") from failure
            raise FileFormatError(f"{path.name} makes its decoder fail: open it with another program and export it anew") from failure
        pictures = []
        for file in sorted(folder.glob("*.png")):
            with Image.open(file) as image:
                pictures.append(np.asarray(image.convert("RGB")))
    return KeyFrames(tuple(pictures), tuple(report["moments_s"]), float(report["seconds"]), float(report["used"]))
