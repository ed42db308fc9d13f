"""Films: pictures encoded as a video, and plain scenes to film where no world is needed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Rgb = NDArray[np.uint8]


def encode(target: Path, frames: Sequence[Rgb], *, rate: Fraction = Fraction(10), sound_s: float = 0.0, crf: int = 16) -> Path:
    """Write `frames` (each (H, W, 3)) as H.264, with so many seconds of silence beside them; without frames, the silence alone.

    Without x264's macroblock tree, because with it the same frames give another film now and then.
    """
    with av.open(str(target), "w", options={"movflags": "+faststart"} if target.suffix == ".mp4" else {}) as container:
        if frames:
            stream = container.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast", "x264-params": "mbtree=0"})
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
        if sound_s:
            sound = container.add_stream("aac", rate=16_000, layout="mono")
            for k in range(int(sound_s * 16)):
                silence = av.AudioFrame.from_ndarray(np.zeros((1, 1_000), np.float32), format="fltp", layout="mono")
                silence.sample_rate, silence.pts = 16_000, k * 1_000
                container.mux(sound.encode(silence))
            container.mux(sound.encode(None))
        if frames:
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode(None))
    return target


def turned(video: Path, target: Path) -> Path:
    """A copy of an MP4 whose header says, as phones do, that it is to be turned by a quarter clockwise before it is shown."""
    content = bytearray(video.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # version and flags, times, track, duration, layer, volume … come first
    width = struct.unpack(">I", content[matrix + 36 : matrix + 40])[0]
    assert width >> 16 > 0, "the track header is not where it was thought to be"
    height = struct.unpack(">I", content[matrix + 40 : matrix + 44])[0]
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, height, 0, 1 << 30)
    target.write_bytes(content)
    return target


def wallpaper(height_px: int, width_px: int, *, seed: int = 0) -> Rgb:
    """Blobs of all sizes in all colours: something to look at everywhere, and nothing twice."""
    rng = np.random.default_rng(seed)
    layers = []
    for size in (4, 9, 21, 50):
        colours = rng.integers(0, 256, (max(2, height_px // size), max(2, width_px // size), 3), np.uint8)
        layers.append(np.asarray(Image.fromarray(colours).resize((width_px, height_px), Image.Resampling.BICUBIC)))
    return np.mean(layers, axis=0).astype(np.uint8)


def pan(scene: Rgb, columns: Sequence[int], *, height_px: int = 180, width_px: int = 320) -> list[Rgb]:
    """Windows on a scene, at these columns."""
    return [np.ascontiguousarray(scene[:height_px, column : column + width_px]) for column in columns]
