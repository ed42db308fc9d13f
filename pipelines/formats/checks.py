"""What every reader and writer insists on: bounds, honesty, finite numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, OutputError
from pipelines.gaussians import Gaussians

MAX_SPLATS_READ = 20_000_000
MAX_FILE_BYTES = 8 << 30
LARGEST_UNPACKING = 100  # times its size is the most that an honest compressed file unpacks to, once it is large
FREE_UNPACKING_BYTES = 64 << 20
NUMBERS = ("means", "scales", "rotations", "opacities", "harmonics")


@contextmanager
def opened(path: Path, what: str) -> Iterator[BinaryIO]:
    """The file for reading; whatever the disk objects becomes a FileFormatError."""
    try:
        with path.open("rb") as file:
            yield file
    except IsADirectoryError as error:
        raise FileFormatError(f"{path} is a folder: name a {what} file") from error
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read as {what}: {error.strerror or error}") from error


def read_whole(path: Path, what: str, *, most_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file that is not larger than `most_bytes`."""
    with opened(path, what) as file:
        size = os.fstat(file.fileno()).st_size  # a read sets its whole buffer aside at once, so it is not asked for more than there is
        data = file.read(min(size, most_bytes) + 1)
    if len(data) > most_bytes:
        raise FileFormatError(f"{path} is larger than the {most_bytes:,} bytes that a {what} file may have")
    return data


def require_count(count: int, path: Path) -> None:
    """A number of splats that a file may claim."""
    if not 0 <= count <= MAX_SPLATS_READ:
        raise FileFormatError(f"{path} claims {count:,} splats: files of up to {MAX_SPLATS_READ:,} can be read")


def require_unpacking(packed_bytes: int, unpacked_bytes: int, path: Path) -> None:
    """Refuse what only a bomb does: a little file that unpacks to a huge one."""
    if unpacked_bytes > FREE_UNPACKING_BYTES and unpacked_bytes > LARGEST_UNPACKING * packed_bytes:
        raise FileFormatError(f"{path} claims to unpack {packed_bytes:,} bytes to {unpacked_bytes:,}: no honest file does")


def require_sound(gaussians: Gaussians, path: Path) -> Gaussians:
    """Splats just read: finite, not negative, rotations with a direction, which are made unit quaternions."""
    for name in NUMBERS:
        row = first_not_finite(getattr(gaussians, name))
        if row is not None:
            raise FileFormatError(f"{path} holds a number that is not finite in the {name} of splat {row}: export it again")
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(gaussians.rotations, axis=1)
    short = np.flatnonzero(~((lengths > 1e-12) & np.isfinite(lengths)))
    if len(short):
        raise FileFormatError(f"{path} gives splat {short[0]} a rotation of length {lengths[short[0]]:.3g}: export it again")
    rotations = (gaussians.rotations / lengths[:, None]).astype(np.float32)
    return Gaussians(gaussians.means, gaussians.scales, rotations, gaussians.opacities, gaussians.harmonics, gaussians.thing)


def require_writable(gaussians: Gaussians, what: str) -> None:
    """Splats about to be written: at least one, all finite."""
    if not len(gaussians):
        raise OutputError(f"there is no splat to write as {what}: make the world with more splats")
    for name in NUMBERS:
        row = first_not_finite(getattr(gaussians, name))
        if row is not None:
            raise OutputError(f"splat {row} cannot be written as {what}: its {name} are not finite; report this prompt and seed")


def first_not_finite(values: NDArray[np.floating]) -> int | None:
    """The first row with a NaN or an infinity in it."""
    if np.isfinite(values.sum(dtype=np.float64)):
        return None
    bad = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    return int(np.argmax(bad)) if bad.any() else None


def no_things(count: int) -> NDArray[np.int32]:
    """Files do not say which thing a splat belongs to: all are background."""
    return np.zeros(count, np.int32)
