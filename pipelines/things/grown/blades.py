"""Blades, stalks and petals: the strokes of which herbs and ground cover are drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from pipelines.scene import Foliage
from pipelines.things.grown.plant import elements, segments, shuffled
from pipelines.things.grown.vectors import Array, across, level, mix, sphere, unit


def arcs(feet: ArrayLike, *, heights: ArrayLike, azimuths: ArrayLike, bends: ArrayLike, pieces: int) -> Array:
    """(N, pieces + 1, 3) points along arcs that rise from the feet and bend over towards their azimuth.

    bends: how far the end lies aside as a share of the length; from about 0.6 on it droops.
    """
    feet = np.asarray(feet, np.float64)
    share = np.linspace(0, 1, pieces + 1)[None, :]
    length = np.broadcast_to(np.asarray(heights, np.float64), len(feet))[:, None]
    bend = np.broadcast_to(np.asarray(bends, np.float64), len(feet))[:, None]
    out = level(azimuths)
    aside = length * bend * share**1.8
    rise = length * (share - 0.62 * np.clip(bend, 0, 1.2) ** 1.5 * share**2.4)
    return np.asarray(feet[:, None] + out[:, None] * aside[..., None] + rise[..., None] * [0, 1, 0])


def blades(paths: Array, rng: np.random.Generator, *, width_m: ArrayLike, low: ArrayLike, high: ArrayLike, twist: float = 0.6) -> Foliage:
    """Grass-like blades along paths (N, P, 3): pointed, from the colour `low` at the foot to `high` at the tip ((3,) or (N, 3))."""
    count, pieces = paths.shape[0], paths.shape[1] - 1
    starts, stops = paths[:, :-1].reshape(-1, 3), paths[:, 1:].reshape(-1, 3)
    middle = np.tile((np.arange(pieces) + 0.5) / pieces, count)
    taper = np.clip(1.12 - middle**1.6, 0.22, 1)
    width = np.repeat(np.broadcast_to(np.asarray(width_m, np.float64), count), pieces) * taper
    first = np.repeat(np.broadcast_to(np.asarray(low, np.float64), (count, 3)), pieces, axis=0)
    last = np.repeat(np.broadcast_to(np.asarray(high, np.float64), (count, 3)), pieces, axis=0)
    over = np.repeat((paths[:, -1] - paths[:, 0]) * [1, 0.2, 1], pieces, axis=0)
    facing = np.repeat(rng.normal(0, twist, (count, 3)), pieces, axis=0) - unit(over) + [0, 0.25, 0]
    drawn = segments(starts, stops, facing, width_m=width, colours=mix(first, last, middle**0.9), overlap=1.3)
    return replace(drawn, depth=(0.4 * (1 - middle)).astype(np.float32))


def stalks(paths: Array, rng: np.random.Generator, *, width_m: ArrayLike, colour: ArrayLike) -> Foliage:
    """Round stalks along paths (N, P, 3), two crossed strokes so that they show from every side."""
    count, pieces = paths.shape[0], paths.shape[1] - 1
    starts, stops = paths[:, :-1].reshape(-1, 3), paths[:, 1:].reshape(-1, 3)
    width = np.repeat(np.broadcast_to(np.asarray(width_m, np.float64), count), pieces)
    tint = np.repeat(np.broadcast_to(np.asarray(colour, np.float64), (count, 3)), pieces, axis=0)
    turn = level(np.repeat(rng.uniform(0, np.pi, count), pieces))
    first = segments(starts, stops, turn, width_m=width, colours=tint, overlap=1.12)
    second = segments(starts, stops, np.cross(turn, [0, 1, 0]), width_m=width, colours=tint, overlap=1.12)
    depth = np.tile(0.5 * (1 - (np.arange(pieces) + 0.5) / pieces), count).astype(np.float32)
    return shuffled([replace(first, depth=depth), replace(second, depth=depth)], rng)


def rosettes(
    middles: ArrayLike,
    axes: ArrayLike,
    rng: np.random.Generator,
    *,
    petals: int,
    length_m: ArrayLike,
    width: float,
    open_rad: ArrayLike,
    colours: ArrayLike,
) -> Foliage:
    """Flowers: `petals` around every axis (N, 3), spread by `open_rad` (0 = a closed bud, π/2 = flat, more = bent back)."""
    middles, axes = np.asarray(middles, np.float64), unit(axes)
    count = len(middles)
    side = across(axes, np.broadcast_to([1.0, 0.31, 0.17], axes.shape))
    other = np.cross(axes, side)
    angle = (np.arange(petals) * 2 * np.pi / petals)[None, :] + rng.uniform(0, 6.28, (count, 1)) + rng.normal(0, 0.12, (count, petals))
    spread = (np.broadcast_to(np.asarray(open_rad, np.float64), count)[:, None] + rng.normal(0, 0.08, (count, petals)))[..., None]
    out = np.cos(angle)[..., None] * side[:, None] + np.sin(angle)[..., None] * other[:, None]
    go = out * np.sin(spread) + axes[:, None] * np.cos(spread)
    facing = axes[:, None] * np.sin(spread) - out * np.cos(spread)
    length = (np.broadcast_to(np.asarray(length_m, np.float64), count)[:, None] * rng.uniform(0.88, 1.12, (count, petals))).reshape(-1)
    centres = (middles[:, None] + go * length.reshape(count, petals)[..., None] * 0.5).reshape(-1, 3)
    tint = np.repeat(np.broadcast_to(np.asarray(colours, np.float64), (count, 3)), petals, axis=0)
    tint = np.clip(tint * np.exp(rng.normal(0, 0.09, (len(tint), 1))), 0, 1)
    return elements(centres, go.reshape(-1, 3), facing.reshape(-1, 3), length_m=length * 1.1, width_m=length * width, colours=tint)


def dots(
    centres: ArrayLike, rng: np.random.Generator, *, size_m: ArrayLike, colours: ArrayLike, normals: ArrayLike | None = None
) -> Foliage:
    """Small round elements: hearts of flowers, seeds, berries."""
    centres = np.asarray(centres, np.float64)
    facing = sphere(rng, len(centres)) if normals is None else np.asarray(normals)
    return elements(centres, sphere(rng, len(centres)), facing, length_m=size_m, width_m=size_m, colours=colours)


def tussock(rng: np.random.Generator, count: int, radius_m: tuple[float, float]) -> Array:
    """(count, 3) feet on the ground, denser towards the middle of an ellipse with half axes `radius_m` (x, z)."""
    distance = rng.random(count) ** 0.7
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(angle) * distance * radius_m[0], np.zeros(count), np.sin(angle) * distance * radius_m[1]], axis=1)
