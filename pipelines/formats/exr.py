"""Distance as OpenEXR: one 32-bit float channel, metres along the ray, infinity where there is only sky.

The channel is called Y, which is what readers of a picture with a single channel look for (Blender, OpenCV, Nuke, ImageMagick).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError
from pipelines.formats.checks import opened

CHANNEL = "Y"
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


def read_distance(path: Path) -> NDArray[np.float32]:
    """(H, W) float32 metres; raises FileFormatError when the file is no EXR, is damaged, or has no single channel to read."""
    import OpenEXR

    with opened(path, "EXR") as stream:
        if stream.read(4) != MAGIC:
            raise FileFormatError(f"{path} is no EXR file: it does not begin as one")
    try:
        with OpenEXR.File(str(path), separate_channels=True, header_only=True) as file:
            low, high = file.header()["dataWindow"]
            width, height = (int(b) - int(a) + 1 for a, b in zip(low, high, strict=True))
        if not 0 < width * height <= MOST_PIXELS or width <= 0:
            raise FileFormatError(f"{path} claims {width} × {height} pixels: that is not to be believed")
        with OpenEXR.File(str(path), separate_channels=True) as file:
            channels = file.channels()
            name = CHANNEL if CHANNEL in channels else next(iter(channels), "")
            pixels = np.asarray(channels[name].pixels, dtype=np.float32)
    except (RuntimeError, ValueError, KeyError, TypeError, OSError, MemoryError, StopIteration) as error:
        raise FileFormatError(f"{path} is a damaged EXR file: export it again") from error
    if pixels.shape != (height, width):
        raise FileFormatError(f"{path} is an EXR file of an unknown kind: one channel of {width} × {height} is needed")
    return pixels
