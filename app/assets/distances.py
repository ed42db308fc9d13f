"""Distances: depth panoramas as OpenEXR, checked value by value and written anew with the one channel that says how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.assets.pictures import require_size
from app.assets.signatures import Rejected

MOST_PIXELS = 34_000_000  # 8,192 × 4,096, and some
MOST_CHANNELS = 8


def rewrite(source: Path, target: Path) -> dict[str, Any]:
    """Read metres (infinity is sky) from an EXR of 2:1, and write them to `target` as one 32-bit float channel; its facts.

    Raises Rejected, or whatever OpenEXR raises on damaged files.
    """
    import numpy as np
    import OpenEXR

    from pipelines.errors import FileFormatError
    from pipelines.exr import distance_channel
    from pipelines.formats import write_distance

    with OpenEXR.File(str(source), separate_channels=True, header_only=True) as file:
        if len(file.parts) != 1:
            raise Rejected(f"this EXR has {len(file.parts)} parts: save the distances alone")
        width_px, height_px = _size_of(file.header())
    with OpenEXR.File(str(source), separate_channels=True) as file:
        try:
            channel = distance_channel({name: one.pixels for name, one in file.channels().items()})
        except FileFormatError as error:
            raise Rejected(f"this EXR holds no distances: {error}") from None
        if channel.dtype not in (np.float16, np.float32):
            raise Rejected("the distances are whole numbers: save them as floating-point metres")
        distance_m = np.asarray(channel, dtype=np.float32)
    if distance_m.shape != (height_px, width_px):
        raise Rejected("this EXR has fewer distances than pixels: save every pixel of the channel")
    is_wrong = ~(distance_m >= 0)
    if is_wrong.any():
        row, column = np.argwhere(is_wrong)[0]
        raise Rejected(
            f"{is_wrong.sum():,} of {is_wrong.size:,} distances are negative or no numbers, the first ({distance_m[row, column]:g}) in row "
            f"{row + 1}, column {column + 1}: write metres, zero where nothing is known, and infinity where there is only sky"
        )
    is_finite = np.isfinite(distance_m)
    known_m = distance_m[is_finite & (distance_m > 0)]
    if not known_m.size:
        raise Rejected("every distance is zero or infinite, so there is nothing to see in this panorama: write metres along the ray")
    write_distance(distance_m, target)
    return {
        "format": "exr",
        "kept_as": "exr",
        "width_px": width_px,
        "height_px": height_px,
        "nearest_m": float(known_m.min()),
        "farthest_m": float(known_m.max()),
        "sky": round(1 - float(is_finite.mean()), 4),
    }


def _size_of(header: dict[str, Any]) -> tuple[int, int]:
    """(width, height) that the header claims, as far as it can be believed."""
    import OpenEXR

    if header.get("type", OpenEXR.scanlineimage) not in (OpenEXR.scanlineimage, OpenEXR.tiledimage):
        raise Rejected("this is a deep EXR: save it with one distance a pixel")
    if len(header["channels"]) > MOST_CHANNELS:
        raise Rejected(f"this EXR has {len(header['channels'])} channels: save the distances alone")
    low, high = header["dataWindow"]
    width_px, height_px = (int(last) - int(first) + 1 for first, last in zip(low, high, strict=True))
    require_size(width_px, height_px, most_pixels=MOST_PIXELS)
    if width_px != 2 * height_px:
        raise Rejected(f"a panorama is twice as wide as high, and this one has {width_px:,} × {height_px:,} pixels: save the whole sphere")
    return width_px, height_px
