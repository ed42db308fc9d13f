"""Which thing each splat of an SPZ file belongs to, in a file beside it, for SPZ itself has no place for that.

gzip of unsigned 16-bit little-endian numbers, one for each splat in the order of the SPZ file: the `id` of the thing in world.json, 0 for
the background.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, OutputError
from pipelines.formats.checks import MAX_SPLATS_READ, read_whole, require_unpacking
from pipelines.formats.order import morton_order
from pipelines.formats.spz import gzip_member
from pipelines.gaussians import Gaussians

LARGEST_ID = 0xFFFF


def thing_ids_name(spz_name: str) -> str:
    """splats-500k.spz → splats-500k.things.gz."""
    return f"{spz_name.removesuffix('.spz')}.things.gz"


def write_thing_ids(gaussians: Gaussians, path: Path) -> None:
    """Write the file that stands beside the SPZ file of the same splats; raises OutputError for ids that do not fit."""
    if len(gaussians) and not 0 <= int(gaussians.thing.min()) <= int(gaussians.thing.max()) <= LARGEST_ID:
        raise OutputError(f"a splat belongs to thing {int(gaussians.thing.max()):,}, and ids end at {LARGEST_ID:,}: ask for fewer things")
    ids = gaussians.thing[morton_order(gaussians.means)].astype("<u2")
    path.write_bytes(gzip_member([(ids.data.cast("B"), zlib.Z_DEFAULT_STRATEGY)]))


def read_thing_ids(path: Path, count: int) -> NDArray[np.int32]:
    """(count,) the ids for an SPZ file of `count` splats; raises FileFormatError when there are more or fewer."""
    packed = read_whole(path, "file of thing ids", most_bytes=4 * MAX_SPLATS_READ)
    require_unpacking(len(packed), 2 * count, path)
    unpacker = zlib.decompressobj(31)
    try:
        data = unpacker.decompress(packed, 2 * count + 1)
    except zlib.error as error:
        raise FileFormatError(f"{path} is no file of thing ids: {error}") from error
    if len(data) != 2 * count or not unpacker.eof:
        raise FileFormatError(f"{path} does not belong to an SPZ file of {count:,} splats: it has another number of ids, or is cut short")
    return np.frombuffer(data, "<u2").astype(np.int32)
