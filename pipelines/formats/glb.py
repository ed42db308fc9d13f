"""GLB: one container of JSON and binary for splats, scenes and colliders; written and read by hand.

A header ("glTF", version 2, length), a JSON chunk padded with spaces, a BIN chunk padded with zeros; all numbers little-endian, every
accessor at a multiple of four bytes. Source: registry.khronos.org/glTF/specs/2.0/glTF-2.0.html, section 4.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, OutputError
from pipelines.formats.checks import opened
from pipelines.formats.frames import Frame

Json = dict[str, Any]

POINTS = 0
ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER = 34962, 34963
MOST_JSON_BYTES = 64 << 20
MOST_BINARY_BYTES = 4 << 30
_DTYPES: dict[int, np.dtype[Any]] = {
    number: np.dtype(code) for number, code in ((5120, "i1"), (5121, "u1"), (5122, "<i2"), (5123, "<u2"), (5125, "<u4"), (5126, "<f4"))
}
_COMPONENTS = {dtype: number for number, dtype in _DTYPES.items()}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


class GlbWriter:
    """Collects arrays and the JSON that speaks of them."""

    def __init__(self) -> None:
        self.json: Json = {"asset": {"version": "2.0", "generator": "worldloom"}}
        self._chunks: list[memoryview] = []
        self._size = 0

    def add(self, section: str, item: Json) -> int:
        """Append to a list of the JSON (nodes, meshes, materials …); the place it got."""
        items: list[Json] = self.json.setdefault(section, [])
        items.append(item)
        return len(items) - 1

    def use(self, extension: str) -> None:
        """Say that an extension is used."""
        used: list[str] = self.json.setdefault("extensionsUsed", [])
        if extension not in used:
            used.append(extension)

    def accessor(self, values: NDArray[Any], *, target: int | None = ARRAY_BUFFER, normalized: bool = False, bounded: bool = False) -> int:
        """Store an array (N,) or (N, width) of 8-, 16- or 32-bit numbers; its place among the accessors."""
        array = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        width = 1 if array.ndim == 1 else array.shape[1]
        view: Json = {"buffer": 0, "byteOffset": self._size, "byteLength": array.nbytes}
        if target is not None:
            view["target"] = target
        item: Json = {
            "bufferView": self.add("bufferViews", view),
            "componentType": _COMPONENTS[array.dtype],
            "count": len(array),
            "type": _TYPES[width],
        }
        if normalized:
            item["normalized"] = True
        if bounded:
            item["min"], item["max"] = ([float(value) for value in np.atleast_1d(edge)] for edge in (array.min(axis=0), array.max(axis=0)))
        self._append(array)
        return self.add("accessors", item)

    def _append(self, array: NDArray[Any]) -> None:
        self._chunks.append(array.data.cast("B"))
        padding = -array.nbytes % 4
        if padding:
            self._chunks.append(memoryview(bytes(padding)))
        self._size += array.nbytes + padding

    def write(self, path: Path, *, frame: Frame) -> None:
        """Write the file; the nodes that are no other's children become the scene, under a node that turns the world into `frame`."""
        nodes: list[Json] = self.json.get("nodes", [])
        children = {child for node in nodes for child in node.get("children", ())}
        roots = [place for place in range(len(nodes)) if place not in children]
        if not frame.is_world:
            roots = [self.add("nodes", frame_node(frame, roots))]
        self.json["scene"], self.json["scenes"] = 0, [{"nodes": roots}]
        if self._size:
            self.json["buffers"] = [{"byteLength": self._size}]
        write_chunks(path, self.json, self._chunks, self._size)


def frame_node(frame: Frame, children: list[int]) -> Json:
    """A node that turns the world's axes and metres into those of `frame`."""
    matrix = frame.rotation
    half = 0.5 * math.atan2(matrix[2, 1], matrix[1, 1])
    node: Json = {"name": "worldloom", "rotation": [math.sin(half), 0.0, 0.0, math.cos(half)], "children": children}
    if frame.scale != 1:
        node["scale"] = [frame.scale] * 3
    return node


def write_chunks(path: Path, document: Json, chunks: list[memoryview], size: int) -> None:
    """The container around a JSON document and `size` bytes of binary, a multiple of four."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    length = 12 + 8 + len(text) + (8 + size if size else 0)
    if length >= 1 << 32:
        raise OutputError(f"{path.name} would be {length:,} bytes long, and a GLB ends at 4 GiB: export fewer splats")
    with path.open("wb") as file:
        file.write(struct.pack("<4sIIII", b"glTF", 2, length, len(text), 0x4E4F534A) + text)
        if size:
            file.write(struct.pack("<II", size, 0x004E4942))
            for chunk in chunks:
                file.write(chunk)


@dataclass(frozen=True)
class Glb:
    """A GLB in memory; `array` trusts no number in it."""

    path: Path
    json: Json
    binary: bytes

    def items(self, section: str) -> list[Json]:
        """A list of the JSON, e.g. nodes; empty when it has none."""
        items = self.json.get(section, [])
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise FileFormatError(f"{self.path} is no sound GLB: its {section} are no list of objects")
        return items

    def item(self, section: str, place: object) -> Json:
        """One entry of such a list."""
        items = self.items(section)
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(items):
            raise FileFormatError(f"{self.path} is no sound GLB: it has no number {place!r:.40} among its {len(items)} {section}")
        return items[place]

    def array(self, accessor: object) -> NDArray[Any]:
        """The values (N, width) of an accessor; normalised integers become floats in 0 … 1 or −1 … 1."""
        item = self.item("accessors", accessor)
        dtype, width = _DTYPES.get(self._number(item, "componentType", None)), _WIDTHS.get(str(item.get("type")))
        if dtype is None or width is None or "sparse" in item:
            raise FileFormatError(f"{self.path} uses an accessor of a kind that cannot be read: {item.get('type')!r:.40}")
        view = self.item("bufferViews", item.get("bufferView"))
        count, start = self._number(item, "count", None), self._number(view, "byteOffset", 0)
        length, offset = self._number(view, "byteLength", None), self._number(item, "byteOffset", 0)
        stride = self._number(view, "byteStride", dtype.itemsize * width)
        need = offset + stride * (count - 1) + dtype.itemsize * width if count else 0
        total = len(self.binary)
        if view.get("buffer", 0) != 0 or stride < dtype.itemsize * width or need > length or start + length > total:
            raise FileFormatError(f"{self.path} is cut short or lies: accessor {accessor} reaches beyond the {total:,} bytes of binary")
        if not count:
            return np.zeros((0, width), dtype)
        values: NDArray[Any] = np.ndarray((count, width), dtype, self.binary, start + offset, (stride, dtype.itemsize))
        if item.get("normalized") is True and dtype.kind in "iu":
            values = np.maximum(values.astype(np.float32) / np.float32(np.iinfo(dtype).max), np.float32(-1))
        return values

    def _number(self, item: Json, key: str, default: int | None) -> int:
        value = item.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 40:
            raise FileFormatError(f"{self.path} is no sound GLB: {key} is {value!r:.40}")
        return value


def read_glb(path: Path) -> Glb:
    """Read the container; raises FileFormatError when it is none, is cut short, or lies about its lengths."""
    with opened(path, "GLB") as file:
        header = file.read(20)
        if len(header) < 20 or header[:4] != b"glTF":
            raise FileFormatError(f"{path} is no GLB file: it does not begin with 'glTF'")
        version, length, json_length, json_kind = struct.unpack("<4xIIII", header)
        actual = path.stat().st_size
        if version != 2 or json_kind != 0x4E4F534A or length > actual or 20 + json_length > length:
            raise FileFormatError(f"{path} is no sound GLB 2 file: its header promises {length:,} bytes, {actual:,} are there")
        if json_length > MOST_JSON_BYTES:
            raise FileFormatError(f"{path} has {json_length:,} bytes of JSON: at most {MOST_JSON_BYTES:,} are read")
        document = parse_json(file.read(json_length), path)
        chunk = file.read(8) if length >= 28 + json_length else b""
        binary = b""
        if len(chunk) == 8:
            size, kind = struct.unpack("<II", chunk)
            if kind != 0x004E4942 or 28 + json_length + size > length:
                raise FileFormatError(f"{path} is cut short: its binary chunk promises {size:,} bytes")
            binary = file.read(size)
    return Glb(path, document, binary)


def parse_json(data: bytes, path: Path) -> Json:
    """A JSON object; raises FileFormatError on anything else, deep nesting and NaN included."""

    def refuse(name: str) -> float:
        raise ValueError(f"{name} is no JSON number")

    try:
        document = json.loads(data.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{path} holds JSON that cannot be read: it is damaged or nested too deep") from error
    if not isinstance(document, dict):
        raise FileFormatError(f"{path} holds JSON that is no object")
    return document


def reframe_glb(source: Path, target: Path, *, frame: Frame) -> None:
    """Copy a GLB, with its scene under a node that turns it into `frame`."""
    glb = read_glb(source)
    scenes, nodes = glb.items("scenes"), glb.items("nodes")
    if not frame.is_world:
        for scene in scenes:
            roots = scene.get("nodes", [])
            if not isinstance(roots, list) or not roots:
                raise FileFormatError(f"{source} is no sound GLB: a scene in it has no nodes")
            nodes.append(frame_node(frame, roots))
            scene["nodes"] = [len(nodes) - 1]
    write_chunks(target, glb.json, [memoryview(glb.binary)], len(glb.binary))
