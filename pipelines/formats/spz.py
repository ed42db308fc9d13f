"""SPZ version 3: splats in about 15 bytes each, for the web and for interchange.

One gzip stream: a 16-byte header (magic "NGSP", version, count, degree, fractional bits, flags, 0), then column after column: positions
(24-bit fixed point), alphas, colours, scales, rotations (version 3: smallest three in 32 bits; version 2: x, y, z in a byte each),
harmonics. Axes are y up, z back (RUB) unless another frame is asked for. Source: github.com/nianticlabs/spz, src/cc/load-spz.cc.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, InputError, OutputError
from pipelines.formats.checks import (
    MAX_SPLATS_READ,
    no_things,
    read_whole,
    require_count,
    require_sound,
    require_unpacking,
    require_writable,
)
from pipelines.formats.frames import WORLD, Frame, into_frame, out_of_frame
from pipelines.formats.order import morton_order
from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, Gaussians

MAGIC = b"NGSP"
HEADER = struct.Struct("<4sIIBBBB")
MOST_FRACTIONAL_BITS, FEWEST_FRACTIONAL_BITS = 12, 6
LARGEST_SCALE = math.exp(255 / 16 - 10)
HAS_EXTENSIONS = 2
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no name, no time: the same splats give the same bytes
SECTION_BYTES = 1 << 22


def write_spz(gaussians: Gaussians, path: Path, *, frame: Frame = WORLD, version: int = 3) -> None:
    """Write splats; raises OutputError when one is too far away or too large for the format. version: 2 for readers of before 2025."""
    path.write_bytes(spz_bytes(gaussians, frame=frame, version=version))


def spz_bytes(gaussians: Gaussians, *, frame: Frame = WORLD, version: int = 3) -> bytes:
    """The bytes of an SPZ file, splats in Morton order."""
    if version not in (2, 3):
        raise InputError(f"SPZ version {version} cannot be written: choose 2 or 3")
    require_writable(gaussians, "SPZ")
    framed = into_frame(gaussians, frame)
    bits = _fractional_bits(framed)
    header = HEADER.pack(MAGIC, version, len(framed), framed.degree, bits, 0, 0)
    return gzip_member([(header, zlib.Z_DEFAULT_STRATEGY), *_columns(framed, bits, version)])


def _fractional_bits(gaussians: Gaussians) -> int:
    """As many as let the farthest splat fit into 24 bits; 12 (a quarter of a millimetre) reach 2,048 units."""
    farthest = float(np.abs(gaussians.means).max())
    for bits in range(MOST_FRACTIONAL_BITS, FEWEST_FRACTIONAL_BITS - 1, -1):
        if farthest * 2**bits < 2**23 - 1:
            break
    else:
        reach = 2 ** (23 - FEWEST_FRACTIONAL_BITS)
        raise OutputError(f"a splat {farthest:,.0f} units away does not fit into SPZ, which reaches {reach:,}: export PLY")
    largest = float(gaussians.scales.max())
    if largest > LARGEST_SCALE * 1.05:
        raise OutputError(f"a splat {largest:,.0f} units wide does not fit into SPZ, which ends at {LARGEST_SCALE:,.0f}: export PLY")
    return bits


def _columns(gaussians: Gaussians, bits: int, version: int) -> list[tuple[memoryview, int]]:
    """The columns as (bytes, deflate strategy): positions are too random for string matches, so only Huffman coding pays there."""
    from pipelines.formats import packing  # numba

    count, coefficients = gaussians.harmonics.shape[:2]
    order = morton_order(gaussians.means)
    positions = np.empty((count, 9), np.uint8)
    packing.pack_positions(order, gaussians.means, float(2**bits), positions)
    quaternions, scales = np.empty((count, 4), np.float32), np.empty((count, 3), np.float32)
    packing.canonical_axes(order, np.ascontiguousarray(gaussians.rotations), gaussians.scales, quaternions, scales)
    if version == 2:
        rotations: NDArray[np.uint8] | NDArray[np.uint32] = np.round(quaternions[:, 1:] * 127.5 + 127.5).astype(np.uint8)  # w ≥ 0
    else:
        rotations = np.empty(count, np.uint32)
        packing.pack_rotations(quaternions, rotations)
    looks = np.empty(7 * count, np.uint8)
    packing.pack_looks(order, gaussians.opacities, np.ascontiguousarray(gaussians.harmonics[:, 0]), scales, looks)
    columns = [
        (positions.data.cast("B"), zlib.Z_HUFFMAN_ONLY),
        (looks[:count].data, zlib.Z_DEFAULT_STRATEGY),
        (looks[count : 4 * count].data, zlib.Z_DEFAULT_STRATEGY),
        (looks[4 * count :].data, zlib.Z_DEFAULT_STRATEGY),
        (np.ascontiguousarray(rotations).view(np.uint8).data.cast("B"), zlib.Z_DEFAULT_STRATEGY),
    ]
    if coefficients > 1:
        harmonics = np.empty((count, coefficients - 1, 3), np.uint8)
        packing.pack_harmonics(order, np.ascontiguousarray(gaussians.harmonics), harmonics)
        columns.append((harmonics.data.cast("B"), zlib.Z_DEFAULT_STRATEGY))
    return columns


def gzip_member(columns: list[tuple[bytes | memoryview, int]]) -> bytes:
    """One gzip member of (bytes, deflate strategy), the same for the same.

    Deflate blocks may stand side by side, so sections are packed by themselves, each by the strategy that suits it.
    """
    sections = [
        (column[begin : begin + SECTION_BYTES], strategy) for column, strategy in columns for begin in range(0, len(column), SECTION_BYTES)
    ]

    def deflate(section: tuple[bytes | memoryview, int]) -> bytes:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9, section[1])
        return packer.compress(section[0]) + packer.flush(zlib.Z_FULL_FLUSH)

    with ThreadPoolExecutor(2) as pool:
        packed = list(pool.map(deflate, sections))
    checksum, size = 0, 0
    for section, _ in sections:
        checksum = zlib.crc32(section, checksum)
        size += len(section)
    last = zlib.compressobj(6, zlib.DEFLATED, -15).flush()  # an empty final block
    return b"".join([GZIP_HEADER, *packed, last, struct.pack("<II", checksum, size & 0xFFFFFFFF)])


@dataclass(frozen=True, slots=True)
class _Header:
    version: int
    count: int
    degree: int
    fractional_bits: int
    flags: int

    @property
    def column_bytes(self) -> tuple[int, ...]:
        """Bytes a splat of positions, alphas, colours, scales, rotations, harmonics."""
        return 9, 1, 3, 3, 4 if self.version == 3 else 3, 3 * (COEFFICIENTS_OF_DEGREE[self.degree] - 1)


def read_spz(path: Path, *, frame: Frame = WORLD) -> Gaussians:
    """Read SPZ 2 or 3; raises FileFormatError when the file is neither, is cut short, or lies."""
    packed = read_whole(path, "SPZ", most_bytes=32 * MAX_SPLATS_READ)
    if packed[:4] == MAGIC:
        raise FileFormatError(f"{path} is SPZ 4, which few programs read: save it as version 3")
    unpacker = zlib.decompressobj(31)
    try:
        header = _checked_header(unpacker.decompress(packed, HEADER.size), path)
        size = header.count * sum(header.column_bytes)
        require_unpacking(len(packed), size, path)
        body = unpacker.decompress(unpacker.unconsumed_tail, size) if size else b""
        rest = b"" if unpacker.eof else unpacker.decompress(unpacker.unconsumed_tail, 1)
    except zlib.error as error:
        raise FileFormatError(f"{path} is no sound SPZ file: its gzip stream is damaged") from error
    if len(body) != size:
        raise FileFormatError(f"{path} is cut short: {header.count:,} splats need {size:,} bytes, it unpacks to {len(body):,}")
    extended = header.flags & HAS_EXTENSIONS
    if not extended and (rest or not unpacker.eof):
        raise FileFormatError(f"{path} is no sound SPZ file: it goes on after its {header.count:,} splats, or ends within its checksum")
    return out_of_frame(require_sound(_unpacked(body, header), path), frame)


def _checked_header(data: bytes, path: Path) -> _Header:
    if len(data) < HEADER.size:
        raise FileFormatError(f"{path} is no SPZ file: it ends within its header")
    magic, version, count, degree, bits, flags, _ = HEADER.unpack(data)
    if magic != MAGIC:
        raise FileFormatError(f"{path} is no SPZ file: it does not begin with 'NGSP'")
    if version not in (2, 3):
        raise FileFormatError(f"{path} is SPZ version {version}: versions 2 and 3 can be read, save it as one of these")
    if degree > 3 or bits > 23:
        raise FileFormatError(f"{path} is no sound SPZ file: degree {degree} or {bits} fractional bits cannot be")
    require_count(count, path)
    return _Header(version, count, degree, bits, flags)


def _unpacked(body: bytes, header: _Header) -> Gaussians:
    count = header.count
    ends = np.cumsum([0, *(count * size for size in header.column_bytes)])
    columns = [np.frombuffer(body, np.uint8)[begin:end] for begin, end in itertools.pairwise(ends)]
    wide = np.zeros((3 * count, 4), np.uint8)
    wide[:, 1:] = columns[0].reshape(3 * count, 3)
    fixed = wide.view("<i4").ravel() >> 8  # the top byte carries the sign
    means = (fixed / 2**header.fractional_bits).astype(np.float32).reshape(count, 3)
    opacities = (columns[1] / np.float32(255)).astype(np.float32)
    harmonics = np.empty((count, COEFFICIENTS_OF_DEGREE[header.degree], 3), np.float32)
    harmonics[:, 0] = ((columns[2] / np.float32(255) - np.float32(0.5)) / np.float32(0.15)).reshape(count, 3)
    harmonics[:, 1:] = ((columns[5].astype(np.float32) - 128) / 128).reshape(count, -1, 3)
    scales = np.exp(columns[3] / np.float32(16) - 10).astype(np.float32).reshape(count, 3)
    rotations = _smallest_three(columns[4]) if header.version == 3 else _first_three(columns[4])
    return Gaussians(means, scales, rotations, opacities, harmonics, no_things(count))


def _smallest_three(column: NDArray[np.uint8]) -> NDArray[np.float32]:
    """32 bits a rotation → (N, 4) w, x, y, z."""
    bits = column.view("<u4")
    largest = (bits >> 30).astype(np.int64)
    rows = np.arange(len(bits))
    quaternion = np.zeros((len(bits), 4), np.float32)  # x, y, z, w
    for place in range(3):  # from the last component to the first
        field = bits >> np.uint32(10 * place)
        value = (field & 511) * np.float32(math.sqrt(0.5) / 511)
        value[(field & 512) != 0] *= -1
        component = 3 - place - (largest >= 3 - place)
        quaternion[rows, component] = value
    quaternion[rows, largest] = np.sqrt(np.maximum(0, 1 - (quaternion * quaternion).sum(axis=1)))
    return quaternion[:, [3, 0, 1, 2]]


def _first_three(column: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A byte each for x, y, z → (N, 4) w, x, y, z with w not negative."""
    vector = column.reshape(-1, 3) / np.float32(127.5) - 1
    w = np.sqrt(np.maximum(0, 1 - (vector * vector).sum(axis=1)))
    return np.concatenate([w[:, None], vector], axis=1).astype(np.float32)
