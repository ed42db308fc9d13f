"""Above: how a panorama goes on over the upper edge of what is known all around: soft sky, or what was cut off, fading into soft tones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.flow.sharpening import soft_within
from pipelines.flow.turned import Ring

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]

OPEN_SHARE = 0.3  # of the upper edge that must be sky for the sky alone to give the tones above it
FADE_RAD = math.radians(24)  # within which what was cut off fades
CHANGE = 0.25  # of a colour: what differs by so much from the edge is another thing, which is not seen again overhead
SOFT_RAD = math.radians(2)  # within which colours are compared
EDGE_RAD = math.radians(1.5)  # along the edge: how softly what goes on passes into what does not


def tones(ring: Ring) -> Pixels:
    """(H, W, 3) the soft tones around a ring. Above the horizon things do not tone the sky, wherever there is enough of it."""
    from pipelines.paint import softened

    soft = softened(ring.rgb, ring.known)
    sky = ring.known & np.isinf(ring.distance)
    half = len(sky) // 2
    sky[half:] = False
    edge = ring.known & (np.cumsum(ring.known, axis=0) == 1)
    if not sky.any() or sky[edge].mean() < OPEN_SHARE:
        return soft
    return np.concatenate([softened(ring.rgb, sky)[:half], soft[half:]])


def continued(ring: Ring, soft: Pixels) -> Pixels:
    """`soft` (H, W, 3), and in it what a ring's upper edge cuts off: it goes on as its own mirror image, and fades.

    Only what is above the horizon is mirrored, so that no ground hangs overhead.
    """
    from scipy.ndimage import gaussian_filter1d

    height, width = ring.known.shape
    edge, row, column = ring.known.argmax(axis=0), np.arange(height)[:, None], np.arange(width)
    source = np.where(row < edge, (2 * edge - 1 - row).clip(0, height - 1), row)
    cut_off = ring.known.any(axis=0) & ~np.isinf(ring.distance[edge, column])
    amount = gaussian_filter1d(cut_off.astype(np.float32), EDGE_RAD / (2 * math.pi) * width, mode="wrap")
    fade_px = np.minimum(FADE_RAD / math.pi * height, height / 2 - edge)
    share = amount * (1 - (edge - row).clip(0) / np.maximum(fade_px, 1)).clip(0, 1)
    share = share * (1 - _changed(ring, source, edge) / CHANGE).clip(0, 1)
    share = np.where((row < height // 2) & ring.known[source, column], share, 0)[..., None]
    return (soft + share * (ring.rgb[source, column] - soft.astype(np.float32)) + 0.5).clip(0, 255).astype(np.uint8)


def _changed(ring: Ring, source: Whole, edge: Whole) -> Floats:
    """(H, W) how far the colours that are mirrored to a place, or to one between it and the edge, are from those at the edge, 0 … 1."""
    height, width = ring.known.shape
    soft = soft_within(ring.rgb / np.float32(255), ring.known, SOFT_RAD / (2 * math.pi) * width)
    column = np.arange(width)
    apart = np.abs(soft[source, column] - soft[edge, column]).max(axis=-1)
    return np.maximum.accumulate(np.where(np.arange(height)[:, None] < edge, apart, 0)[::-1])[::-1]
