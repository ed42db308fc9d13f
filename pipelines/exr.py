"""Distance as OpenEXR: one 32-bit float channel, metres along the ray, infinity where there is only sky.

We call the channel Y, which is what readers of a picture with a single channel look for (Blender, OpenCV, Nuke, ImageMagick).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError

CHANNEL = "Y"
CHANNELS = (CHANNEL, "Z", "depth", "distance", "V", "R")
"""Where programs put distances, the likeliest first."""
MOST_PIXELS = 1 << 28
MAGIC = b"\x76\x2f\x31\x01"


def write_distance(distance_m: NDArray[np.float32], path: Path) -> None:
    """(H, W) float32 metres → EXR."""
    import OpenEXR

    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "comments": "distance in metres along the ray from the eye; infinity is sky",
    }
    pixels = np.ascontiguousarray(distance_m, dtype=np.float32)
    with OpenEXR.File(header, {CHANNEL: pixels}) as file:
        file.write(str(path))


def is_exr(path: Path) -> bool:
    """Whether a file begins as an EXR; raises FileFormatError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read as EXR: {error.strerror or error}") from error


def read_distance(path: Path) -> NDArray[np.float32]:
    """(H, W) float32 as the file has them, of the channel that is likeliest to hold distances.

    Raises FileFormatError when the file is no EXR, is damaged, or has no such channel for all of its pixels.
    """
    import OpenEXR

    if not is_exr(path):
        raise FileFormatError(f"{path} is no EXR file: give distances as OpenEXR, metres along the ray in one channel")
    try:
        with _silent(), OpenEXR.File(str(path), separate_channels=True, header_only=True) as file:
            low, high = file.header()["dataWindow"]
        width, height = (int(b) - int(a) + 1 for a, b in zip(low, high, strict=True))
        if width <= 0 or not 0 < width * height <= MOST_PIXELS:
            raise FileFormatError(f"{path} claims {width} × {height} pixels: that is not to be believed")
        with _silent(), OpenEXR.File(str(path), separate_channels=True) as file:
            channels = file.channels()
            name = next((name for name in CHANNELS if name in channels), None) or next(iter(channels))
            pixels = np.asarray(channels[name].pixels, dtype=np.float32)
    except (RuntimeError, ValueError, KeyError, TypeError, OSError, MemoryError, StopIteration) as error:
        raise FileFormatError(f"{path} is a damaged EXR file: export it again") from error
    if pixels.shape != (height, width):
        raise FileFormatError(f"{path} is an EXR file of an unknown kind: one channel of {width} × {height} is needed")
    return pixels


@contextmanager
def _silent() -> Iterator[None]:
    """The library prints what it finds wrong, for programmers; people hear one sentence of ours."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
