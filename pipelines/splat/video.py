"""Films: the frames of a camera path as H.264 in an MP4 file, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from fractions import Fraction
from pathlib import Path

from pipelines.errors import InputError, OutputError
from pipelines.gaussians import Gaussians
from pipelines.splat.paths import CameraPath
from pipelines.splat.render import render
from pipelines.stage import TellStage

_ENCODER_THREADS = 4  # a fixed number: x264 cuts pictures by it, so the bytes do not depend on the machine


def write_video(
    gaussians: Gaussians,
    path: CameraPath,
    target: Path,
    *,
    size_px: tuple[int, int] = (1280, 720),
    frames_per_s: int = 30,
    crf: int = 18,
    tell: TellStage | None = None,
) -> None:
    """Film `gaussians` along `path`. crf: x264's quality, 0 lossless … 51 worst.  tell: hears of every frame, may raise Cancelled.

    Raises InputError for impossible sizes or rates, OutputError when the file cannot be written; nothing is left behind then.
    """
    width, height = size_px
    if width % 2 or height % 2 or not (16 <= width <= 7680 and 16 <= height <= 7680):
        raise InputError(f"a film of {width} × {height} pixels cannot be made: use even numbers from 16 to 7680")
    if not 1 <= frames_per_s <= 240:
        raise InputError(f"{frames_per_s} frames a second cannot be filmed: choose from 1 to 240")
    if not 0 <= crf <= 51:
        raise InputError(f"a quality (crf) of {crf} is out of range: choose from 0, the best, to 51")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".mp4", dir=target.parent)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror}") from error
    os.close(handle)
    unfinished = Path(name)
    try:
        _encode(gaussians, path, unfinished, size_px=size_px, frames_per_s=frames_per_s, crf=crf, tell=tell)
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except OSError as error:  # PyAV's errors of the file system are OSErrors too
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _encode(
    gaussians: Gaussians,
    path: CameraPath,
    target: Path,
    *,
    size_px: tuple[int, int],
    frames_per_s: int,
    crf: int,
    tell: TellStage | None,
) -> None:  # fmt: skip
    import av

    count = path.frame_count(frames_per_s)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(frames_per_s), options={"crf": str(crf), "preset": "medium"})
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = _ENCODER_THREADS
        for k, camera in enumerate(path.frames(frames_per_s, width_px=size_px[0], height_px=size_px[1])):
            if tell is not None:
                tell(k / count, f"frame {k + 1} of {count}")
            frame = av.VideoFrame.from_ndarray(render(gaussians, camera).picture, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    if tell is not None:
        tell(1.0, f"{count} frames")
