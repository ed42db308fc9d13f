"""PNG and WebP: pictures in, bytes out; the same picture gives the same bytes."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from pipelines.errors import FileFormatError

Pixels = NDArray[np.uint8]

PNG_LEVEL = 4  # of zlib-ng, which Pillow brings: 15 % smaller than level 1 for 0.05 s; level 6 takes twice as long for 7 % more
MOST_PIXELS = 16_383 * 16_383  # what WebP can hold
MOST_IMAGE_BYTES = 1 << 30


def png_bytes(rgb: Pixels) -> bytes:
    """(H, W, 3) uint8 sRGB → PNG."""
    return _encoded(rgb, "PNG", compress_level=PNG_LEVEL)


def webp_bytes(rgb: Pixels, *, quality: int = 88) -> bytes:
    """(H, W, 3) uint8 sRGB → lossy WebP."""
    return _encoded(rgb, "WEBP", quality=quality, method=4)


def lossless_webp_bytes(pixels: Pixels, *, method: int) -> bytes:
    """(H, W, 3 or 4) uint8 → WebP that gives every byte back. method: 0 (fast) … 6 (small)."""
    return _encoded(pixels, "WEBP", lossless=True, quality=75, method=method, exact=True)


def _encoded(pixels: Pixels, kind: str, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, kind, **options)
    return buffer.getvalue()


def pixels_of_webp(data: bytes, path: Path, *, most_pixels: int, channels: int = 4) -> Pixels:
    """(H, W, channels) of a WebP in memory; its size is looked up before anything is unpacked."""
    width, height = webp_size(data, path)
    if width * height > most_pixels:
        raise FileFormatError(f"{path} holds a picture of {width} × {height} pixels: at most {most_pixels:,} are expected")
    try:
        with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
            if image.size != (width, height):
                raise FileFormatError(f"{path} holds a WebP picture that lies about its size")
            return np.asarray(image.convert("RGBA" if channels == 4 else "RGB"))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError, MemoryError, EOFError) as error:
        raise FileFormatError(f"{path} holds a damaged WebP picture: export it again") from error


def webp_size(data: bytes, path: Path) -> tuple[int, int]:
    """Width and height in the header. Source: developers.google.com/speed/webp/docs/riff_container."""
    if len(data) >= 30 and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = data[12:16]
        if kind == b"VP8X":
            wide = int.from_bytes(data[24:27], "little") + 1
            return wide, int.from_bytes(data[27:30], "little") + 1
        if kind == b"VP8L" and data[20] == 0x2F:
            bits = struct.unpack_from("<I", data, 21)[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if kind == b"VP8 ":
            wide, high = struct.unpack_from("<HH", data, 26)
            return wide & 0x3FFF, high & 0x3FFF
    raise FileFormatError(f"{path} holds something that is no WebP picture")


def read_rgb(path: Path) -> Pixels:
    """(H, W, 3) uint8 sRGB of a PNG, WebP or JPEG file; raises FileFormatError."""
    try:
        with Image.open(path, formats=("PNG", "WEBP", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS // 2:
                raise FileFormatError(f"{path} has {image.width} × {image.height} pixels: that is too many")
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError, MemoryError, EOFError) as error:
        raise FileFormatError(f"{path} is no sound picture: use a PNG, WebP or JPEG file") from error
