"""Depth pictures: panoramas of distances from files, and as pictures for control networks and for redrawing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import panorama
from pipelines.errors import FileFormatError, InputError
from pipelines.exr import is_exr, read_distance

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

LIGHT = np.array([0.4, 0.8, 0.45]) / math.sqrt(0.4**2 + 0.8**2 + 0.45**2)  # where a relief is lit from
SKY_TOP, SKY_LOW = np.array([110.0, 150.0, 215.0]), np.array([205.0, 220.0, 235.0])


def read_depth(path: Path, *, z_min: float | None = None, z_max: float | None = None) -> Floats:
    """(H, W) metres along the ray from an EXR, or from a PNG between z_min and z_max; inf where nothing was hit.

    A PNG says v = 1 − ln(d / z_min) / ln(z_max / z_min): white is near, black is far or nothing; it is how the World API's clients write
    depth panoramas. An EXR holds metres; what is not a number above zero was not hit. Raises InputError for missing or needless limits,
    FileFormatError for a damaged file or one that is not twice as wide as high.
    """
    if is_exr(path):
        if z_min is not None or z_max is not None:
            raise InputError("an EXR holds metres: leave z_min and z_max out")
        distance = read_distance(path)
    else:
        if z_min is None or z_max is None or not 0 < z_min < z_max or not math.isfinite(z_max):
            raise InputError(f"a depth picture needs 0 < z_min < z_max, not {z_min} and {z_max}: say between which distances it lies")
        distance = from_logarithmic(_read_grey(path), z_min, z_max)
    height, width = distance.shape
    if width != 2 * height:
        raise FileFormatError(f"{path.name} is {width} × {height}: a panorama is twice as wide as high")
    return np.where(distance > 0, distance, np.float32(np.inf)).astype(np.float32)


def from_logarithmic(values: NDArray[np.floating], z_min: float, z_max: float) -> Floats:
    """Values 0 … 1 of a logarithmic depth picture → metres; inf where black."""
    metres = z_min * np.exp((1 - values) * math.log(z_max / z_min))
    return np.where(values > 0, metres, np.inf).astype(np.float32)


def depth_picture(distance: Floats) -> Pixels:
    """(H, W, 3) uint8 as control networks for depth learnt it: inverse distance, white = near, black = sky or not known."""
    inverse = np.where(np.isfinite(distance) & (distance > 0), 1 / np.where(distance > 0, distance, 1), 0)
    known = inverse[inverse > 0]
    if not len(known):
        return np.zeros((*distance.shape, 3), np.uint8)
    low, high = (float(value) for value in np.percentile(known, (0.5, 99.5)))
    grey = np.where(inverse > 0, 16 + 239 * ((inverse - low) / max(high - low, 1e-9)).clip(0, 1), 0)
    return np.repeat((grey + 0.5).astype(np.uint8)[..., None], 3, axis=2)


def relief(distance: Floats) -> Pixels:
    """(H, W, 3) uint8: how a panorama of distances looks when everything is of pale clay under a clear sky."""
    rays = panorama((0.0, 0.0, 0.0), width_px=distance.shape[1]).rays().astype(np.float64)
    hit = np.isfinite(distance)
    points = rays * np.where(hit, distance, 1e3)[..., None]
    across = np.roll(points, -1, axis=1) - np.roll(points, 1, axis=1)
    down = np.gradient(points, axis=0)
    normal = np.cross(down, across)
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    normal *= -np.sign((normal * rays).sum(axis=-1, keepdims=True))  # towards the eye
    clay = 195 * (0.5 + 0.5 * (normal @ LIGHT))[..., None] * np.array([1.0, 0.97, 0.92])
    height = rays[..., 1:2].clip(0, 1)
    sky = SKY_LOW + (SKY_TOP - SKY_LOW) * height
    return np.where(hit[..., None], clay, sky).clip(0, 255).astype(np.uint8)


def _read_grey(path: Path) -> NDArray[np.float64]:
    """(H, W) 0 … 1 from a picture of 8 or 16 bits; the first channel where there are several."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            values = np.asarray(image if image.mode in ("L", "I;16", "I", "RGB") else image.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise FileFormatError(f"{path.name} is neither an EXR nor a picture that can be read: export it again") from error
    values = values[..., 0] if values.ndim == 3 else values
    return values / (255.0 if values.dtype == np.uint8 else 65_535.0)
