"""INRIA 3DGS PLY: the master format, exact to a float, 68 bytes a splat.

Properties in order: x y z, nx ny nz (zero), f_dc_0..2, f_rest_* (channel-major: all red, all green, all blue), opacity (logit),
scale_0..2 (natural logarithm), rot_0..3 (w, x, y, z); all little-endian float32. Axes are RDF unless another frame is asked for.
Source: github.com/graphdeco-inria/gaussian-splatting, scene/gaussian_model.py, `save_ply`.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError
from pipelines.formats.checks import no_things, opened, require_count, require_sound, require_writable
from pipelines.formats.frames import RDF, Frame, into_frame, out_of_frame
from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, Gaussians

Floats = NDArray[np.float32]

MAX_HEADER_BYTES = 64 << 10
ROWS_AT_ONCE = 1 << 18
SMALLEST_SCALE = np.float32(1e-9)
OPACITY_MARGIN = np.float32(1e-6)  # keeps the logit of 0 and 1 finite

_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "<i2", "int16": "<i2", "ushort": "<u2", "uint16": "<u2",
    "int": "<i4", "int32": "<i4", "uint": "<u4", "uint32": "<u4", "float": "<f4", "float32": "<f4", "double": "<f8", "float64": "<f8",
}  # fmt: skip
_NEEDED = ("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3")


def write_ply(gaussians: Gaussians, path: Path, *, frame: Frame = RDF) -> None:
    """Write splats; raises OutputError when there is none or a number is not finite."""
    require_writable(gaussians, "PLY")
    rest = 3 * (COEFFICIENTS_OF_DEGREE[gaussians.degree] - 1)
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", *(f"f_rest_{i}" for i in range(rest))]
    names += ["opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"]
    header = "".join(f"property float {name}\n" for name in names)
    with path.open("wb") as file:
        file.write(f"ply\nformat binary_little_endian 1.0\nelement vertex {len(gaussians)}\n{header}end_header\n".encode())
        for begin in range(0, len(gaussians), ROWS_AT_ONCE):
            file.write(_rows(into_frame(gaussians.take(slice(begin, begin + ROWS_AT_ONCE)), frame)).data)


def _rows(gaussians: Gaussians) -> Floats:
    """(N, 17 + rest) little-endian float32, in the file's activations."""
    count, coefficients = gaussians.harmonics.shape[:2]
    rest = 3 * (coefficients - 1)
    opacity = np.clip(gaussians.opacities, OPACITY_MARGIN, 1 - OPACITY_MARGIN)
    rows = np.zeros((count, 17 + rest), dtype="<f4")
    rows[:, 0:3] = gaussians.means
    rows[:, 6:9] = gaussians.harmonics[:, 0]
    rows[:, 9 : 9 + rest] = gaussians.harmonics[:, 1:].transpose(0, 2, 1).reshape(count, rest)
    rows[:, 9 + rest] = np.log(opacity / (1 - opacity))
    rows[:, 10 + rest : 13 + rest] = np.log(np.maximum(gaussians.scales, SMALLEST_SCALE))
    rows[:, 13 + rest :] = gaussians.rotations
    return rows


def read_ply(path: Path, *, frame: Frame = RDF) -> Gaussians:
    """Read splats; raises FileFormatError when the file is not a binary 3DGS PLY, is cut short, or lies."""
    with opened(path, "PLY") as file:
        count, layout = _read_header(file, path)
        file_bytes = path.stat().st_size - file.tell()
        if file_bytes < count * layout.itemsize:
            raise FileFormatError(f"{path} is cut short: {count:,} splats need {count * layout.itemsize:,} bytes, {file_bytes:,} are there")
        table = np.fromfile(file, dtype=layout, count=count)
    if len(table) != count:
        raise FileFormatError(f"{path} is cut short: {count:,} splats were promised, {len(table):,} are there")
    with np.errstate(over="ignore", invalid="ignore"):
        gaussians = _activated(table)
    return out_of_frame(require_sound(gaussians, path), frame)


def _activated(table: NDArray[np.void]) -> Gaussians:
    count = len(table)
    rest = sum(name.startswith("f_rest_") for name in table.dtype.names or ())
    harmonics = np.empty((count, 1 + rest // 3, 3), np.float32)
    harmonics[:, 0] = _columns(table, "f_dc_", 3)
    if rest:
        harmonics[:, 1:] = _columns(table, "f_rest_", rest).reshape(count, 3, rest // 3).transpose(0, 2, 1)
    means = np.stack([table[axis].astype(np.float32) for axis in "xyz"], axis=1)
    opacities = (1 / (1 + np.exp(-table["opacity"].astype(np.float64)))).astype(np.float32)
    scales = np.exp(_columns(table, "scale_", 3))
    return Gaussians(means, scales, _columns(table, "rot_", 4), opacities, harmonics, no_things(count))


def _columns(table: NDArray[np.void], prefix: str, number: int) -> Floats:
    columns = np.empty((len(table), number), np.float32)
    for i in range(number):
        columns[:, i] = table[f"{prefix}{i}"]
    return columns


def _read_header(file: BinaryIO, path: Path) -> tuple[int, np.dtype[np.void]]:
    """The number of splats and the layout of one; leaves the file at the first splat."""
    beginning = file.read(MAX_HEADER_BYTES)
    if beginning[:4] not in (b"ply\n", b"ply\r"):
        raise FileFormatError(f"{path} is no PLY file: it does not begin with 'ply'")
    end = beginning.find(b"end_header")
    newline = beginning.find(b"\n", end) if end >= 0 else -1
    if newline < 0:
        raise FileFormatError(f"{path} is no sound PLY file: its header does not end within {MAX_HEADER_BYTES:,} bytes")
    file.seek(newline + 1)
    lines = [line.split() for line in beginning[:end].decode("ascii", errors="replace").splitlines()]
    return _understood(lines, path)


def _understood(lines: list[list[str]], path: Path) -> tuple[int, np.dtype[np.void]]:
    count: int | None = None
    fields: list[tuple[str, str]] = []
    inside_vertex = False
    for words in lines:
        if words[:1] == ["format"] and words[1:2] != ["binary_little_endian"]:
            raise FileFormatError(f"{path} is a {' '.join(words[1:2])} PLY: save it as binary_little_endian")
        if words[:1] == ["element"]:
            if count is None and words[1:2] != ["vertex"]:
                raise FileFormatError(f"{path} begins with {' '.join(words[1:2])!r} instead of vertices: it holds no plain 3DGS splats")
            inside_vertex = count is None
            if inside_vertex:
                count = int(words[2]) if len(words) == 3 and words[2].isdecimal() and len(words[2]) < 16 else -1
                require_count(count, path)
        if words[:1] == ["property"] and inside_vertex:
            if len(words) != 3 or words[1] not in _TYPES:
                raise FileFormatError(f"{path} has a vertex property that no splat has: {' '.join(words)!r}")
            fields.append((words[2], _TYPES[words[1]]))
    names = [name for name, _ in fields]
    missing = [name for name in _NEEDED if name not in names]
    if count is None or missing:
        raise FileFormatError(f"{path} is no 3DGS PLY: its vertices lack {', '.join(missing[:3]) or 'a count'}")
    rest = [name for name in names if name.startswith("f_rest_")]
    if len(set(names)) != len(names) or len(rest) not in (0, 9, 24, 45) or {f"f_rest_{i}" for i in range(len(rest))} != set(rest):
        raise FileFormatError(f"{path} is no 3DGS PLY: its properties are doubled, or its {len(rest)} f_rest values fit no degree")
    return count, np.dtype(fields)
