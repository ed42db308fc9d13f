"""Distance as OpenEXR: one 32-bit float channel, metres along the ray, infinity where there is only sky.

We call the channel Y, which is what readers of a picture with a single channel look for (Blender, OpenCV, Nuke, ImageMagick).
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError

CHANNEL = "Y"
SAID_OUTRIGHT = ("depth", "distance")
USUAL = ("z", "y", "v", "r")
"""Last parts of the names under which programs put distances, the likeliest first, where no part of a name says it outright."""
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
            raise FileFormatError(f"it claims {width} × {height} pixels, which is not to be believed: export it again")
        with _silent(), OpenEXR.File(str(path), separate_channels=True) as file:
            pixels = np.asarray(distance_channel({name: one.pixels for name, one in file.channels().items()}), dtype=np.float32)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from None
    except (RuntimeError, ValueError, KeyError, TypeError, OSError, MemoryError, StopIteration) as error:
        raise FileFormatError(f"{path} is a damaged EXR file: export it again") from error
    if pixels.shape != (height, width):
        raise FileFormatError(f"{path} is an EXR file of an unknown kind: one channel of {width} × {height} is needed")
    return pixels


def distance_channel(channels: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Of the channels of an EXR by their names (`layer.part`), the one that says how far it is.

    Colours, and the parts of vectors such as positions and normals, are no distances, though a single one of them bears the name of some.
    Raises FileFormatError where none is left.
    """
    parts = {name: name.lower().split(".") for name in channels}
    layers = {name: ".".join(words[:-1]) for name, words in parts.items()}
    vectors = {layers[name] for name, words in parts.items() if words[-1] == "x"}
    for name, words in parts.items():
        if set(words) & set(SAID_OUTRIGHT) and layers[name] not in vectors:
            return channels[name]
    for usual in USUAL:
        for name, words in parts.items():
            if words[-1] == usual and layers[name] not in vectors and _is_grey(name, channels):
                return channels[name]
    if len(channels) == 1:
        return next(iter(channels.values()))
    found = ", ".join(sorted(channels))
    raise FileFormatError(f"none of its channels ({found[:100]}) holds distances: save them in a channel named Z")


def _is_grey(name: str, channels: Mapping[str, NDArray[Any]]) -> bool:
    """Whether a channel is no colour: those of green and blue beside a red one are missing, or the same."""
    beside = [channels[other] for other in (f"{name[:-1]}G", f"{name[:-1]}B") if name[-1] == "R" and other in channels]
    return all(np.array_equal(channels[name], other, equal_nan=True) for other in beside)


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
