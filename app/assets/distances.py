"""Distances: depth panoramas as OpenEXR, checked value by value and written anew with the one channel that says how far it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.assets.pictures import require_size
from app.assets.signatures import Rejected

MOST_PIXELS = 34_000_000  # 8,192 × 4,096, and some
MOST_CHANNELS = 8
NAMES = ("y", "z", "v", "depth", "distance", "r")


def rewrite(source: Path, target: Path) -> dict[str, Any]:
    """Read metres (infinity is sky) from an EXR of 2:1, and write them to `target` as one 32-bit float channel; its facts.

    Raises Rejected, or whatever OpenEXR raises on damaged files.
    """
    import numpy as np
    import OpenEXR

    from pipelines.formats import write_distance

    with OpenEXR.File(str(source), separate_channels=True, header_only=True) as file:
        if len(file.parts) != 1:
            raise Rejected(f"this EXR has {len(file.parts)} parts: save the distances alone")
        width_px, height_px = _size_of(file.header())
    with OpenEXR.File(str(source), separate_channels=True) as file:
        channel = _distance_channel({name: one.pixels for name, one in file.channels().items()})
        if channel.dtype not in (np.float16, np.float32):
            raise Rejected("the distances are whole numbers: save them as floating-point metres")
        distance_m = np.asarray(channel, dtype=np.float32)
    if distance_m.shape != (height_px, width_px):
        raise Rejected("this EXR has fewer distances than pixels: save every pixel of the channel")
    if np.isnan(distance_m).any() or (distance_m < 0).any():
        raise Rejected("some distances are negative or no numbers: write metres, and infinity where there is only sky")
    is_finite = np.isfinite(distance_m)
    if not is_finite.any():
        raise Rejected("every distance is infinite: there is nothing to see in this panorama")
    write_distance(distance_m, target)
    near_m, far_m = float(distance_m.min()), float(distance_m[is_finite].max())
    return {
        "format": "exr",
        "kept_as": "exr",
        "width_px": width_px,
        "height_px": height_px,
        "nearest_m": near_m,
        "farthest_m": far_m,
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


def _distance_channel(channels: dict[str, Any]) -> Any:
    """The pixels that say how far it is: a channel by one of the usual names, or the only one."""
    by_name = {name.rpartition(".")[2].lower(): pixels for name, pixels in channels.items()}
    for name in NAMES:
        if name in by_name:
            return by_name[name]
    if len(channels) == 1:
        return next(iter(channels.values()))
    raise Rejected("no channel of this EXR says that it holds distances: name it Z")
