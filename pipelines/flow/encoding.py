"""Encoding: colour, distance and kinds of surface as the channels that the network reads and writes, and back."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import EYE_HEIGHT_M

Floats = NDArray[np.float32]

NEAREST_M, FARTHEST_M = 0.3, 400.0  # distances that are told apart; logarithms between them fill −1 … 1
CLASSES = ("sky", "ground", "water", "plant", "rock", "building", "inside", "thing")
"""Kinds of surface. inside: walls, floors and ceilings of rooms; thing: everything that one could carry or sit on."""

SKY = 0
COLOUR, DISTANCE, KIND = slice(0, 3), slice(3, 4), slice(4, 4 + len(CLASSES))
CHANNELS = 4 + len(CLASSES)
GROUPS = (COLOUR, DISTANCE, KIND)
"""What is known or unknown together in a pixel."""

PANORAMA_PIXEL_RAD = 2 * math.pi / 256
LEAST_SKY_M, FAR_SKY_M = 30.0, 100.0  # what is nearer than one is no sky, what is nearer than the other only where that is surely said
SURE = 0.1  # of −1 … 1
LEVEL_KINDS = (CLASSES.index("ground"), CLASSES.index("water"))
LEVEL, NOT_LEVEL = 0.5, 1.0  # logarithms of distance beside that of level ground: what is so near to it is meant to be it, and what is not
LEAST_DROP = 0.03  # sine of how far below the horizon ground is taken for level
HALF_SPAN = math.log(FARTHEST_M / NEAREST_M) / 2  # of the logarithm, for one unit of the channel


def encoded(rgb: NDArray[np.uint8] | None, distance: Floats | None, kind: NDArray[np.uint8] | None, shape: tuple[int, int]) -> Floats:
    """(C, H, W) float32 channels, each in −1 … 1; what is None is left zero. distance: metres along the ray, inf = sky.

    The mask says what is known, not the zeros.
    """
    channels = np.zeros((CHANNELS, *shape), np.float32)
    if rgb is not None:
        channels[COLOUR] = rgb.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
    if distance is not None:
        channels[DISTANCE] = log_distance(distance)[None]
    if kind is not None:
        channels[KIND] = np.eye(len(CLASSES), dtype=np.float32)[kind].transpose(2, 0, 1) * 2 - 1
    return channels


def log_distance(distance: Floats) -> Floats:
    """Metres → −1 … 1 on a logarithmic scale from 0.3 to 400 m; sky and what is not known count as farthest."""
    metres = np.clip(np.nan_to_num(distance, nan=FARTHEST_M, posinf=FARTHEST_M), NEAREST_M, FARTHEST_M)
    return (np.log(metres / NEAREST_M) / HALF_SPAN - 1).astype(np.float32)


def colour_of(channels: Floats) -> NDArray[np.uint8]:
    """(C, H, W) → (H, W, 3) uint8 sRGB."""
    return ((channels[COLOUR].transpose(1, 2, 0) + 1) * 127.5 + 0.5).clip(0, 255).astype(np.uint8)


def kind_of(channels: Floats) -> NDArray[np.uint8]:
    """(C, H, W) → (H, W) number in CLASSES."""
    return channels[KIND].argmax(axis=0).astype(np.uint8)


def distance_of(channels: Floats, up: Floats | None = None) -> Floats:
    """(C, H, W) → (H, W) metres along the ray, inf where the kind is sky and the distance is far, too: a white wall is no sky.

    up: (H, W) sine of elevation. With it, ground and water that are about as far away as at the feet of who stands there are as far as
    level ground is: the network means level ground, and says it roughly.
    """
    metres = NEAREST_M * np.exp((np.clip(channels[DISTANCE][0], -1, 1) + 1) * HALF_SPAN)
    if up is not None:
        level = EYE_HEIGHT_M / np.maximum(-up, LEAST_DROP)
        off = np.log(level / metres)
        flat = np.isin(kind_of(channels), LEVEL_KINDS) & (up < -LEAST_DROP)
        share = np.where(flat, np.clip((NOT_LEVEL - np.abs(off)) / (NOT_LEVEL - LEVEL), 0, 1), 0)
        metres = metres * np.exp(share * off)
    least = np.where(channels[KIND][SKY] > SURE, LEAST_SKY_M, FAR_SKY_M)
    return np.where((kind_of(channels) == SKY) & (metres > least), np.float32(np.inf), metres).astype(np.float32)


def ray_channels(up: Floats, pixel_rad: float) -> Floats:
    """(3, H, W) where pixels look: sine and cosine of the elevation, and the logarithm of a pixel's width beside a panorama's.

    up: (H, W) sine of the elevation of every pixel's ray.
    """
    level = np.sqrt(np.maximum(1 - up**2, 0))
    wide = np.full_like(up, math.log(pixel_rad / PANORAMA_PIXEL_RAD))
    return np.stack([up, level, wide]).astype(np.float32)
