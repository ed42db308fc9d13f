"""Greys: a panorama of distances that came as a picture, as clients of the World API draw them, becomes one in metres.

White is the nearest, black the farthest or nothing at all, and the logarithm of the distance falls evenly in between. Source: the published
example worldlabs-api-examples/web-chisel-depth-png.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def layout_from_grey(source: Path, target: Path, ends_m: Sequence[float]) -> Path:
    """Read a grey picture, write an EXR of metres along the ray, infinite where it is black; the target. ends_m: of white and black."""
    import numpy as np

    from pipelines.formats import read_rgb, write_distance

    near_m, far_m = ends_m
    brightness = read_rgb(source).mean(axis=2, dtype=np.float64) / 255
    distance_m = near_m * (far_m / near_m) ** (1 - brightness)
    write_distance(np.where(brightness > 0, distance_m, np.inf).astype(np.float32), target)
    return target
