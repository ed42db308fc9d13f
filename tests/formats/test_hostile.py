"""Files that are cut short, lie, or mean harm: one sentence, little memory, no harm."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import FileFormatError
from pipelines.formats import (
    png_bytes,
    read_distance,
    read_glb,
    read_ply,
    read_rgb,
    read_sog,
    read_splat_glb,
    read_spz,
    write_distance,
    write_ply,
    write_sog,
    write_splat_glb,
    write_spz,
)
from pipelines.gaussians import Gaussians
from tests.formats.scenes import splats

READERS: dict[str, Callable[[Path], Any]] = {
    "ply": read_ply, "spz": read_spz, "sog": read_sog, "glb": read_splat_glb, "exr": read_distance, "png": read_rgb,
}  # fmt: skip
MOST_MEMORY_BYTES = 100 << 20
ONE_RUN = settings(
    max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small file of every format."""
    folder = tmp_path_factory.mktemp("sound")
    few = splats(6, degree=1)
    write_ply(few, folder / "ply")
    write_spz(few, folder / "spz")
    write_sog(few, folder / "sog")
    write_splat_glb(few, folder / "glb")
    write_distance(np.arange(24, dtype=np.float32).reshape(4, 6), folder / "exr")
    (folder / "png").write_bytes(png_bytes(np.arange(72, dtype=np.uint8).reshape(4, 6, 3)))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY_BYTES
    finally:
        tracemalloc.stop()


def refused(name: str, data: bytes, folder: Path, match: str | None = None) -> None:
    """The reader raises FileFormatError, with one sentence that names the file, and takes little memory."""
    path = folder / f"hostile.{name}"
    path.write_bytes(data)
    with little_memory(), pytest.raises(FileFormatError, match=match) as caught:
        READERS[name](path)
    said = str(caught.value)
    assert path.name in said and "\n" not in said and len(said) < 400


def refused_or_sound(name: str, data: bytes, folder: Path) -> None:
    """Damage may go unnoticed where any byte is a fair value; then the splats are sound all the same."""
    path = folder / f"damaged.{name}"
    path.write_bytes(data)
    try:
        found = READERS[name](path)
    except FileFormatError as error:
        assert "\n" not in str(error)
        return
    if isinstance(found, Gaussians):
        for values in (found.means, found.scales, found.rotations, found.opacities, found.harmonics):
            assert np.isfinite(values).all()
        np.testing.assert_allclose(np.linalg.norm(found.rotations, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize("name", ["ply", "spz", "sog", "glb", "exr"])
def test_cut_short_anywhere(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    data = sound[name]
    path = tmp_path / f"short.{name}"
    READERS[name](_put(path, data))
    step = max(1, len(data) // 200)
    for length in [*range(0, len(data) - 40, step), *range(max(0, len(data) - 40), len(data))]:
        with pytest.raises(FileFormatError):
            READERS[name](_put(path, data[:length]))


def _put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", READERS)
@given(edits=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
@ONE_RUN
def test_any_bytes_changed(name: str, edits: list[tuple[float, int]], sound: dict[str, bytes], tmp_path: Path) -> None:
    data = bytearray(sound[name])
    for place, value in edits:
        data[int(place * len(data))] = value
    refused_or_sound(name, bytes(data), tmp_path)


@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), second=st.integers(0, 400))
@ONE_RUN
def test_any_byte_changed_under_a_right_checksum(place: float, value: int, second: int, sound: dict[str, bytes], tmp_path: Path) -> None:
    """Past the gzip checksum, into the columns of SPZ."""
    data = bytearray(gzip.decompress(sound["spz"]))
    data[int(place * len(data))] = value
    data[second % len(data)] ^= value
    refused_or_sound("spz", gzip.compress(bytes(data)), tmp_path)


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=300))
@ONE_RUN
def test_any_bytes_at_all(name: str, data: bytes, sound: dict[str, bytes], tmp_path: Path) -> None:
    refused_or_sound(name, data, tmp_path)
    refused_or_sound(name, sound[name][:24] + data, tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_no_file_a_folder_and_another_format(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(FileFormatError):
            READERS[name](path)
    for other, data in sound.items():
        if other != name:
            refused(name, data, tmp_path)


PLY_HEADER = "ply\nformat binary_little_endian 1.0\nelement vertex {count}\n{fields}end_header\n"
PLY_NAMES = ["x", "y", "z", *(f"f_dc_{i}" for i in range(3)), "opacity", *(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4))]
PLY_FIELDS = "".join(f"property float {name}\n" for name in PLY_NAMES)


@pytest.mark.parametrize("count", ["4000000000", "-1", "1e6", "99999999999999999999999999", "", "0x10", "19000000"])
def test_ply_that_lies_about_its_count(count: str, tmp_path: Path) -> None:
    refused("ply", PLY_HEADER.format(count=count, fields=PLY_FIELDS).encode() + bytes(56), tmp_path)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        (PLY_FIELDS.replace("property float opacity\n", ""), "lack opacity"),
        (PLY_FIELDS + "property list uchar int faces\n", "no splat has"),
        (PLY_FIELDS + "property quaternion q\n", "no splat has"),
        (PLY_FIELDS + "property float x\n", "doubled"),
        (PLY_FIELDS + "property float f_rest_0\n", "fit no degree"),
        (PLY_FIELDS + "".join(f"property float f_rest_{i + 5}\n" for i in range(9)), "fit no degree"),
        ("property float x\n" * 9_000, "header does not end"),
    ],
)
def test_ply_with_strange_properties(fields: str, match: str, tmp_path: Path) -> None:
    refused("ply", PLY_HEADER.format(count=1, fields=fields).encode() + bytes(200), tmp_path, match)


def test_ply_in_text_and_of_another_kind(tmp_path: Path) -> None:
    header = PLY_HEADER.format(count=1, fields=PLY_FIELDS)
    refused("ply", header.replace("binary_little_endian", "ascii").encode(), tmp_path, "save it as binary_little_endian")
    refused("ply", header.replace("element vertex", "element face").encode() + bytes(200), tmp_path, "instead of vertices")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", range(14))
def test_ply_with_numbers_that_are_none(column: int, value: float, tmp_path: Path) -> None:
    row = np.array([[0, 0, 0, 0, 0, 0, 0, -2, -2, -2, 1, 0, 0, 0]] * 2, "<f4")
    row[1, column] = value
    data = PLY_HEADER.format(count=2, fields=PLY_FIELDS).encode() + row.tobytes()
    if np.isinf(value) and column in (6, 7, 8, 9) and not (column > 6 and value > 0):
        refused_or_sound("ply", data, tmp_path)  # opacity 0 or 1, scale 0: extreme, but numbers
    else:
        refused("ply", data, tmp_path, "splat 1")


def test_ply_with_a_rotation_of_nothing(tmp_path: Path) -> None:
    row = np.zeros((1, 14), "<f4")
    refused("ply", PLY_HEADER.format(count=1, fields=PLY_FIELDS).encode() + row.tobytes(), tmp_path, "rotation of length 0")


def spz(count: int, *, version: int = 3, degree: int = 0, bits: int = 12, flags: int = 0, body: bytes = b"") -> bytes:
    return gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", version, count, degree, bits, flags, 0) + body, mtime=0)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (spz(4_000_000_000), "4,000,000,000 splats"),
        (spz(19_000_000), "no honest file does"),
        (spz(3, body=bytes(59)), "cut short"),
        (spz(3, body=bytes(61)), "goes on after"),
        (spz(1, version=1, body=bytes(20)), "version 1"),
        (spz(1, version=4, body=bytes(20)), "version 4"),
        (spz(1, degree=9, body=bytes(20)), "degree 9"),
        (spz(1, bits=200, body=bytes(20)), "200 fractional bits"),
        (b"NGSP" + bytes(60), "SPZ 4"),
        (gzip.compress(b"NGS", mtime=0), "within its header"),
        (gzip.compress(bytes(100), mtime=0), "does not begin with 'NGSP'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_spz_that_lies(data: bytes, match: str, tmp_path: Path) -> None:
    refused("spz", data, tmp_path, match)


def test_spz_bomb_takes_little_memory(tmp_path: Path) -> None:
    """A hundred megabytes of zeros in a hundred kilobytes; the header promises as much and more, or hardly any."""
    zeros = io.BytesIO()
    with gzip.GzipFile(fileobj=zeros, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(struct.pack("<4sIIBBBB", b"NGSP", 3, 15_000_000, 0, 12, 0, 0))
        for _ in range(100):
            file.write(bytes(1_000_000))
    refused("spz", zeros.getvalue(), tmp_path, "no honest file does")
    lying = io.BytesIO()
    with gzip.GzipFile(fileobj=lying, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(struct.pack("<4sIIBBBB", b"NGSP", 3, 2, 0, 12, 0, 0))
        for _ in range(100):
            file.write(bytes(1_000_000))
    refused("spz", lying.getvalue(), tmp_path, "goes on after")


def edited_sog(sound: bytes, *, meta: Callable[[dict[str, Any]], Any] | None = None, replaced: dict[str, bytes] | None = None) -> bytes:
    """A SOG with another meta.json or other entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sound)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "meta.json" and meta is not None:
                told = json.loads(data)
                changed = meta(told)
                data = json.dumps(told if changed is None else changed).encode()
            new.writestr(name, (replaced or {}).get(name, data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda meta: meta.update(count=4_000_000_000), "4,000,000,000 splats"),
        (lambda meta: meta.update(count=19_000_000), "too few pixels"),
        (lambda meta: meta.update(count=-1), "wrong at count"),
        (lambda meta: meta.update(version=1), "version 1"),
        (lambda meta: meta["means"].update(mins=[0, 0]), r"means\.mins"),
        (lambda meta: meta["means"].update(maxs=[1e300, 0, 0]), "means of splat"),
        (lambda meta: meta["scales"].update(codebook=[1.0] * 255), r"scales\.codebook"),
        (lambda meta: meta["scales"].update(codebook=[1e9] * 256), "scales of splat"),
        (lambda meta: meta["sh0"].update(codebook=[float("nan")] * 256), r"sh0\.codebook"),
        (lambda meta: meta["means"].update(files=["../../etc/passwd", "means_u.webp"]), "missing in it"),
        (lambda meta: meta["shN"].update(count=0), r"shN\.count"),
        (lambda meta: meta["shN"].update(count=1), "of a palette of 1"),
        (lambda meta: meta["shN"].update(bands=7), r"shN\.bands"),
        (lambda meta: meta["shN"].update(files=["sh0.webp", "shN_labels.webp"]), "too few pixels"),
        (lambda _: [], "wrong at the beginning"),
        (lambda _: "text", "wrong at the beginning"),
    ],
)
def test_sog_whose_meta_lies(change: Callable[[dict[str, Any]], Any], match: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    refused("sog", edited_sog(sound["sog"], meta=change), tmp_path, match)


def test_sog_with_bombs_for_entries(sound: dict[str, bytes], tmp_path: Path) -> None:
    refused("sog", edited_sog(sound["sog"], replaced={"meta.json": b"[" * 900_000}), tmp_path, "wrong at the beginning")
    refused("sog", edited_sog(sound["sog"], replaced={"meta.json": bytes(2_000_000)}), tmp_path, "at most")
    size = struct.pack("<I", 16382 | 16382 << 14)
    wide = b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8L" + struct.pack("<I", 28) + b"\x2f" + size + bytes(24)
    refused("sog", edited_sog(sound["sog"], replaced={"quats.webp": wide}), tmp_path, "16383 × 16383")
    refused("sog", edited_sog(sound["sog"], replaced={"quats.webp": b""}), tmp_path, "no WebP")
    refused("sog", edited_sog(sound["sog"], replaced={"quats.webp": b"RIFF" + bytes(60)}), tmp_path, "no WebP")


def glb(document: Any, binary: bytes = b"", *, length: int | None = None, json_length: int | None = None) -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<II", len(binary), 0x004E4942) + binary if binary else b""
    total = 20 + len(text) + len(chunk) if length is None else length
    return struct.pack("<4sIIII", b"glTF", 2, total, len(text) if json_length is None else json_length, 0x4E4F534A) + text + chunk


def splat_document(**changes: Any) -> dict[str, Any]:
    """The JSON of one splat, with changes to its first accessor or its first view (`view_…`)."""
    widths = {"POSITION": 3, "ROTATION": 4, "SCALE": 3, "OPACITY": 1, "SH_DEGREE_0_COEF_0": 3}
    kinds = {1: "SCALAR", 3: "VEC3", 4: "VEC4"}
    accessors = [{"bufferView": 0, "componentType": 5126, "count": 1, "type": kinds[width]} for width in widths.values()]
    view = {"buffer": 0, "byteOffset": 0, "byteLength": 16}
    for key, value in changes.items():
        (view if key.startswith("view_") else accessors[0])[key.removeprefix("view_")] = value
    names = [name if name == "POSITION" else f"KHR_gaussian_splatting:{name}" for name in widths]
    primitive = {"mode": 0, "attributes": {name: i for i, name in enumerate(names)}, "extensions": {"KHR_gaussian_splatting": {}}}
    return {"asset": {"version": "2.0"}, "accessors": accessors, "bufferViews": [view], "meshes": [{"primitives": [primitive]}]}


def test_the_document_that_the_next_test_breaks_is_sound(tmp_path: Path) -> None:
    (tmp_path / "a.glb").write_bytes(glb(splat_document(), struct.pack("<4f", 0.5, 0.5, 0.5, 0.5)))
    assert len(read_splat_glb(tmp_path / "a.glb")) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"count": 4_000_000_000}, {"count": -1}, {"count": 1.5}, {"count": True}, {"count": "1"}, {"count": 1 << 80}, {"count": None},
        {"byteOffset": -4}, {"byteOffset": 1 << 39}, {"byteOffset": 8}, {"bufferView": 7}, {"bufferView": -1}, {"bufferView": None},
        {"componentType": 5130}, {"type": "MAT9"}, {"type": None}, {"type": "SCALAR"}, {"sparse": {}},
        {"view_byteOffset": -16}, {"view_byteOffset": 4}, {"view_byteLength": 8}, {"view_byteLength": 1 << 39}, {"view_byteStride": 1},
        {"view_byteStride": -12}, {"view_buffer": 1},
    ],
)  # fmt: skip
def test_glb_whose_accessors_lie(changes: dict[str, Any], tmp_path: Path) -> None:
    refused("glb", glb(splat_document(**changes), struct.pack("<4f", 0.5, 0.5, 0.5, 0.5)), tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        glb({}), glb([]), glb(b"[" * 100_000), glb(b"\xff\xfe{}"), glb(b'{"meshes": NaN}'), glb({"meshes": 5}), glb({"meshes": [5]}),
        glb({"meshes": [{"primitives": 5}]}), glb({"meshes": [{"primitives": [5]}]}),
        glb({"meshes": [{"primitives": [{"extensions": {"KHR_gaussian_splatting": {}}}]}]}),
        glb({"meshes": [{"primitives": [{"extensions": {"KHR_gaussian_splatting": {}}, "attributes": []}]}]}),
        glb({"meshes": [{"primitives": [{"extensions": 7}]}]}), glb({}, length=1 << 31), glb({}, json_length=1 << 31),
        glb({}, b"1234")[:-4], glb(splat_document(), struct.pack("<4f", np.nan, 0.5, 0.5, 0.5)), glb(splat_document(), bytes(16)),
    ],
    ids=range(17),
)  # fmt: skip
def test_glb_that_is_none(data: bytes, tmp_path: Path) -> None:
    refused("glb", data, tmp_path)


def test_a_mesh_without_splats_says_so(tmp_path: Path) -> None:
    refused("glb", glb({"asset": {"version": "2.0"}, "meshes": [{"primitives": [{"attributes": {}}]}]}), tmp_path, "holds no splats")
    (tmp_path / "a.glb").write_bytes(glb({"nodes": [{"name": "ground"}]}))
    assert read_glb(tmp_path / "a.glb").items("nodes") == [{"name": "ground"}]


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
    from zlib import crc32

    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", crc32(b"IHDR" + header))
    refused("png", b"\x89PNG\r\n\x1a\n" + chunk + bytes(50), tmp_path)
