"""SOG version 2: splats as a handful of lossless WebP pictures, about 11 bytes each; the smallest download.

A zip of meta.json and pictures with a splat a pixel: positions as 16 bits of sign(x)·ln(1 + |x|) between the bounds, split into low
and high bytes; rotations as the smallest three in a byte each, and 252 + the index of the largest (order w, x, y, z); scales (ln) and
colours (f_dc) as places in a codebook of 256 numbers, opacity beside the colour; higher harmonics as labels into a palette of sets.
Axes are those of PLY (RDF), as readers expect. Source: developer.playcanvas.com, "The SOG format", and splat-transform's read-sog.ts.
"""

from __future__ import annotations

import json
import math
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import FileFormatError, OutputError
from pipelines.formats.checks import no_things, opened, require_count, require_sound, require_writable
from pipelines.formats.codebook import nearest_codes, nearest_sets, scalar_codebook, set_palette
from pipelines.formats.frames import RDF, Frame, into_frame, out_of_frame
from pipelines.formats.images import lossless_webp_bytes, pixels_of_webp
from pipelines.formats.order import morton_order
from pipelines.formats.zips import ZIP_FAULTS, add_to_zip
from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, Gaussians

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

WEBP_METHOD = 2  # 4 and 6 take twice and six times as long for no byte less
LARGEST_SIDE = 16_380
PALETTE_ROW = 64  # sets of harmonics in a row of the palette picture
MOST_META_BYTES = 1 << 20
MOST_PICTURE_BYTES = 512 << 20
SMALLEST_SCALE = np.float32(1e-9)


def write_sog(gaussians: Gaussians, path: Path, *, frame: Frame = RDF) -> None:
    """Write splats, in Morton order; raises OutputError when there is none or too many for one picture."""
    from pipelines.formats import packing  # numba

    require_writable(gaussians, "SOG")
    framed = into_frame(gaussians, frame)
    framed = framed.take(morton_order(framed.means))
    rotations, scales = np.empty_like(framed.rotations), np.empty_like(framed.scales)
    packing.canonical_axes(np.arange(len(framed)), np.ascontiguousarray(framed.rotations), framed.scales, rotations, scales)
    meta: dict[str, object] = {"version": 2, "asset": {"generator": "worldloom"}, "count": len(framed)}
    pictures = _mean_pictures(framed.means, meta)
    pictures["quats.webp"] = _quaternion_bytes(rotations)
    meta["quats"] = {"files": ["quats.webp"]}
    logs = np.log(np.maximum(scales, SMALLEST_SCALE))
    codebook = scalar_codebook(logs)
    pictures["scales.webp"] = nearest_codes(logs, codebook)
    meta["scales"] = {"codebook": codebook.tolist(), "files": ["scales.webp"]}
    codebook = scalar_codebook(framed.harmonics[:, 0])
    opacity = np.floor(np.clip(framed.opacities, 0, 1) * 255 + 0.5).astype(np.uint8)
    pictures["sh0.webp"] = np.concatenate([nearest_codes(framed.harmonics[:, 0], codebook), opacity[:, None]], axis=1)
    meta["sh0"] = {"codebook": codebook.tolist(), "files": ["sh0.webp"]}
    textures = {name: _picture(values) for name, values in pictures.items()}
    if framed.degree:
        textures |= _harmonic_pictures(framed, meta)
    _write_zip(path, meta, textures)


def _write_zip(path: Path, meta: dict[str, object], textures: dict[str, Bytes]) -> None:
    with ThreadPoolExecutor(2) as pool:
        packed = list(pool.map(lambda picture: lossless_webp_bytes(picture, method=WEBP_METHOD), textures.values()))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        add_to_zip(archive, "meta.json", json.dumps(meta, separators=(",", ":")).encode())
        for name, data in zip(textures, packed, strict=True):
            add_to_zip(archive, name, data)


def _mean_pictures(means: Floats, meta: dict[str, object]) -> dict[str, Bytes]:
    logs = np.sign(means) * np.log1p(np.abs(means.astype(np.float64)))
    low, high = logs.min(axis=0), logs.max(axis=0)
    steps = np.floor((logs - low) / np.maximum(high - low, 1e-12) * 65535 + 0.5).astype(np.uint16)
    names = ["means_l.webp", "means_u.webp"]
    meta["means"] = {"mins": low.tolist(), "maxs": high.tolist(), "files": names}
    return {names[0]: (steps & 255).astype(np.uint8), names[1]: (steps >> 8).astype(np.uint8)}


def _quaternion_bytes(rotations: Floats) -> Bytes:
    """Unit quaternions whose w is the largest → (N, 4)."""
    values = np.empty((len(rotations), 4), np.uint8)
    values[:, :3] = np.clip(np.floor((rotations[:, 1:] * math.sqrt(2) * 0.5 + 0.5) * 255 + 0.5), 0, 255)
    values[:, 3] = 252
    return values


def _picture(values: Bytes) -> Bytes:
    """A splat a pixel, in a picture whose sides are multiples of four."""
    width = math.ceil(math.sqrt(len(values)) / 4) * 4
    height = math.ceil(len(values) / width / 4) * 4
    if width > LARGEST_SIDE:
        raise OutputError(f"{len(values):,} splats do not fit into SOG, which holds {LARGEST_SIDE**2:,}: export SPZ")
    picture = np.zeros((width * height, values.shape[1]), np.uint8)
    picture[: len(values)] = values
    return picture.reshape(height, width, -1)


def _harmonic_pictures(gaussians: Gaussians, meta: dict[str, object]) -> dict[str, Bytes]:
    count, coefficients = len(gaussians), gaussians.harmonics.shape[1] - 1
    sets = gaussians.harmonics[:, 1:].reshape(count, 3 * coefficients)
    palette = set_palette(sets)
    codebook = scalar_codebook(palette)
    labels = nearest_sets(sets, palette)
    codes = nearest_codes(palette, codebook).reshape(len(palette), coefficients, 3)
    rows = math.ceil(len(palette) / PALETTE_ROW)
    table = np.zeros((rows * PALETTE_ROW, coefficients, 3), np.uint8)
    table[: len(palette)] = codes
    names = ["shN_centroids.webp", "shN_labels.webp"]
    meta["shN"] = {"count": len(palette), "bands": gaussians.degree, "codebook": codebook.tolist(), "files": names}
    label_bytes = np.stack([labels & 255, labels >> 8, np.zeros_like(labels)], axis=1).astype(np.uint8)
    return {names[0]: table.reshape(rows, PALETTE_ROW * coefficients, 3), names[1]: _picture(label_bytes)}


class _Part(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)
    files: list[str] = Field(min_length=1, max_length=2)


class _Means(_Part):
    mins: list[float] = Field(min_length=3, max_length=3)
    maxs: list[float] = Field(min_length=3, max_length=3)
    files: list[str] = Field(min_length=2, max_length=2)


class _Coded(_Part):
    codebook: list[float] = Field(min_length=256, max_length=256)


class _Palette(_Coded):
    count: int = Field(ge=1, le=65_536)
    bands: int = Field(ge=1, le=3)
    files: list[str] = Field(min_length=2, max_length=2)


class _Meta(BaseModel):
    version: int
    count: int = Field(ge=0)
    means: _Means
    scales: _Coded
    quats: _Part
    sh0: _Coded
    shN: _Palette | None = None  # noqa: N815 - the name in the file


def read_sog(path: Path, *, frame: Frame = RDF) -> Gaussians:
    """Read a zipped SOG 2; raises FileFormatError when it is none, is cut short, or lies."""
    with opened(path, "SOG") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return out_of_frame(require_sound(_Reader(archive, path).gaussians(), path), frame)
        except ZIP_FAULTS as error:
            raise FileFormatError(f"{path} is no sound SOG file: its zip archive is damaged") from error


class _Reader:
    """Reads the entries of one archive; every size is checked before it is unpacked."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self.archive, self.path = archive, path
        self.meta = self._meta()
        require_count(self.meta.count, path)

    def _entry(self, name: str, most_bytes: int) -> bytes:
        try:
            info = self.archive.getinfo(name)
        except KeyError as error:
            raise FileFormatError(f"{self.path} is no SOG file: {name[:80]!r} is missing in it") from error
        if info.file_size > most_bytes:
            raise FileFormatError(f"{self.path} claims {info.file_size:,} bytes for {name[:80]!r}: at most {most_bytes:,} are expected")
        with self.archive.open(info) as entry:
            return entry.read(most_bytes)

    def _meta(self) -> _Meta:
        data = self._entry("meta.json", MOST_META_BYTES)
        try:
            meta = _Meta.model_validate_json(data)
        except (ValidationError, RecursionError) as error:
            where = "" if isinstance(error, RecursionError) else ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
            raise FileFormatError(f"{self.path} is no SOG 2 file: its meta.json is wrong at {where or 'the beginning'}") from error
        if meta.version != 2:
            raise FileFormatError(f"{self.path} is SOG version {meta.version}: only version 2 can be read")
        return meta

    def _pixels(self, name: str, *, count: int, channels: int = 3) -> Bytes:
        """(count, channels)."""
        data = self._entry(name, MOST_PICTURE_BYTES)
        pixels = pixels_of_webp(data, self.path, most_pixels=4 * count + (1 << 16), channels=channels)
        if pixels.shape[0] * pixels.shape[1] < count:
            raise FileFormatError(f"{self.path} is cut short: {name[:80]!r} has too few pixels for {count:,} splats")
        return pixels.reshape(-1, channels)[:count]

    def gaussians(self) -> Gaussians:
        meta, count = self.meta, self.meta.count
        steps = self._pixels(meta.means.files[0], count=count) + self._pixels(meta.means.files[1], count=count) * np.uint16(256)
        low, high = np.array(meta.means.mins), np.array(meta.means.maxs)
        with np.errstate(over="ignore", invalid="ignore"):
            logs = low + (high - low) * (steps / 65535)
            means = (np.sign(logs) * np.expm1(np.abs(logs))).astype(np.float32)
            scales = np.exp(np.array(meta.scales.codebook, np.float32)[self._pixels(meta.scales.files[0], count=count)])
        colours = self._pixels(meta.sh0.files[0], count=count, channels=4)
        harmonics = np.zeros((count, COEFFICIENTS_OF_DEGREE[meta.shN.bands if meta.shN else 0], 3), np.float32)
        harmonics[:, 0] = np.array(meta.sh0.codebook, np.float32)[colours[:, :3]]
        if meta.shN:
            harmonics[:, 1:] = self._palette_entries(meta.shN)
        opacities = (colours[:, 3] / np.float32(255)).astype(np.float32)
        return Gaussians(means, scales, self._rotations(), opacities, harmonics, no_things(count))

    def _rotations(self) -> Floats:
        values = self._pixels(self.meta.quats.files[0], count=self.meta.count, channels=4)
        if len(values) and values[:, 3].min() < 252:
            raise FileFormatError(f"{self.path} gives splat {int(np.argmin(values[:, 3]))} a rotation without a largest component")
        largest = values[:, 3].astype(np.int64) - 252
        rows = np.arange(len(values))
        rotations = np.zeros((len(values), 4), np.float32)
        for place in range(3):
            component = place + (place >= largest)
            rotations[rows, component] = (values[:, place] / np.float32(255) * 2 - 1) / np.float32(math.sqrt(2))
        rotations[rows, largest] = np.sqrt(np.maximum(0, 1 - (rotations * rotations).sum(axis=1)))
        return rotations

    def _palette_entries(self, palette: _Palette) -> Floats:
        coefficients = COEFFICIENTS_OF_DEGREE[palette.bands] - 1
        pixels = math.ceil(palette.count / PALETTE_ROW) * PALETTE_ROW * coefficients
        codes = self._pixels(palette.files[0], count=pixels).reshape(-1, coefficients, 3)
        labels = self._pixels(palette.files[1], count=self.meta.count).astype(np.int64)
        label = labels[:, 0] | labels[:, 1] << 8
        if len(label) and label.max() >= palette.count:
            raise FileFormatError(f"{self.path} names set {label.max()} of a palette of {palette.count}")
        entries: Floats = np.array(palette.codebook, np.float32)[codes[label]]
        return entries
