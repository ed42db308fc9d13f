"""Crops: flowers and corn as they stand in fields, thousands at once: stalks, leaves, and what each kind bears, in rows or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Floats, Foliage
from pipelines.spec import Season
from pipelines.things.grown.herbs import GRASS
from pipelines.things.grown.strokes import Blades, drawn, flat

Reals = NDArray[np.float64]

STRIPE_M = 4.2  # how wide a strip of one colour is where colours are sown in strips


@dataclass(frozen=True)
class Crop:
    """How one kind looks in a field.

    tall_m: of the stalks.  leaves: a plant, each of leaf_m (length, width).  head_m: across a bloom.  petals: of a bloom; 0: a spike of
    small blooms as long as head_m.  cup: how far petals stand up, 0 flat … 1.  heart: share of the bloom's width, and its colour.  face:
    0 looks up … 1 to one side, all to the same.  rows_m: how far apart rows are, 0 for none.  strips: colours in strips, not mixed.
    """

    tall_m: tuple[float, float]
    colours: tuple[Colour, ...]
    head_m: tuple[float, float]
    petals: int = 5
    cup: float = 0.3
    heart: float = 0.0
    heart_colour: Colour = (0.0, 0.0, 0.0)
    face: float = 0.0
    leaves: int = 3
    leaf_m: tuple[float, float] = (0.16, 0.018)
    stalk_m: float = 0.006
    rows_m: float = 0.0
    strips: bool = False
    green: str = "green"

    @property
    def elements(self) -> int:
        """Strokes a plant at most."""
        return 2 + 2 * self.leaves + max(self.petals, 6) + int(self.heart > 0)


CROPS = {
    "sunflowers": Crop(
        (1.15, 1.6), ((0.68, 0.40, 0.02), (0.72, 0.47, 0.03)), (0.20, 0.29), petals=15, cup=0.12, heart=0.46,
        heart_colour=(0.075, 0.04, 0.016), face=0.85, leaves=9, leaf_m=(0.19, 0.12), stalk_m=0.022, rows_m=0.75,
    ),
    "tulips": Crop(
        (0.34, 0.46), (
            (0.55, 0.035, 0.03), (0.66, 0.44, 0.03), (0.60, 0.20, 0.28), (0.66, 0.60, 0.54), (0.24, 0.05, 0.24), (0.64, 0.22, 0.03),
        ), (0.055, 0.075), petals=5, cup=0.95, leaves=2, leaf_m=(0.26, 0.045), stalk_m=0.009, rows_m=0.30, strips=True,
    ),
    "poppies": Crop(
        (0.36, 0.62), ((0.54, 0.03, 0.016), (0.60, 0.06, 0.02)), (0.06, 0.09), cup=0.45, heart=0.28, heart_colour=(0.02, 0.02, 0.02),
    ),
    "daisies": Crop(
        (0.24, 0.40), ((0.74, 0.73, 0.69),), (0.040, 0.058), petals=9, cup=0.1, heart=0.4, heart_colour=(0.62, 0.40, 0.02),
    ),
    "daffodils": Crop(
        (0.28, 0.40), ((0.68, 0.54, 0.05),), (0.06, 0.08), petals=6, cup=0.2, heart=0.42, heart_colour=(0.66, 0.30, 0.015), face=0.6,
    ),
    "buttercups": Crop((0.22, 0.42), ((0.66, 0.46, 0.035),), (0.026, 0.036), cup=0.5),
    "bluebells": Crop((0.24, 0.36), ((0.17, 0.12, 0.46), (0.24, 0.14, 0.44)), (0.12, 0.17), petals=0, leaf_m=(0.24, 0.016)),
    "lavender": Crop(
        (0.42, 0.62), ((0.26, 0.15, 0.46), (0.32, 0.18, 0.48)), (0.16, 0.24), petals=0, leaves=4, leaf_m=(0.22, 0.010), rows_m=1.15,
        green="sage",
    ),
    "maize": Crop(
        (1.7, 2.2), ((0.42, 0.30, 0.10), (0.36, 0.24, 0.10)), (0.26, 0.36), petals=0, leaves=8, leaf_m=(0.62, 0.07), stalk_m=0.024,
        rows_m=0.75,
    ),
}  # fmt: skip


def crop(name: str, feet: Floats, rng: np.random.Generator, season: Season) -> list[Foliage]:
    """A field of one crop, a plant at every position (N, 3)."""
    form = CROPS[name]
    rooted = feet.astype(np.float64).copy()
    if form.rows_m:
        rooted[:, 0] = (np.round(rooted[:, 0] / form.rows_m) + 0.5) * form.rows_m + rng.normal(0, 0.09 * form.rows_m, len(rooted))
    count = len(rooted)
    tall = rng.uniform(*form.tall_m, count)
    green = np.broadcast_to(np.asarray(GRASS[form.green][season][1], np.float64), (count, 3))
    straight = Blades((1, 1), (0.01, 0.10), (form.stalk_m, 1.3 * form.stalk_m), 2, 1, 0.0)
    stalks = drawn(rooted.astype(np.float32), rng, straight, low=0.5 * green, high=green, vigour=tall)
    groups = [stalks, _leaves(rooted, tall, form, green, rng)]
    if season is Season.WINTER:
        return groups
    tips = stalks.centres[1::2] + stalks.directions[1::2] * (0.42 * stalks.lengths_m[1::2])[:, None]
    palette = np.asarray(form.colours, np.float64)
    strip = np.floor(rooted[:, 0] / STRIPE_M).astype(np.int64) * 7 if form.strips else rng.integers(0, 1 << 20, count)
    tint = palette[strip % len(palette)] * np.exp(rng.normal(0, 0.09, (count, 1))) * (0.7 if season is Season.AUTUMN else 1.0)
    return [*groups, *(_spikes(tips, tint, form, rng) if form.petals == 0 else _blooms(tips, tint, form, rng))]


def _leaves(rooted: Reals, tall: Reals, form: Crop, green: Reals, rng: np.random.Generator) -> Foliage:
    """Leaves up the stalk where they are broad, from its foot where they are blades."""
    long, wide = form.leaf_m
    if wide < 0.05:
        blades = Blades((0.7 * long, 1.2 * long), (0.1, 0.7), (0.8 * wide, 1.2 * wide), 2, form.leaves, 0.03)
        return drawn(rooted.astype(np.float32), rng, blades, low=0.45 * green, high=0.95 * green)
    node = np.repeat(np.arange(len(rooted)), form.leaves)
    high = tall[node] * np.tile(np.linspace(0.25, 0.85, form.leaves), len(rooted))
    turn = rng.uniform(0, 2 * np.pi, len(node))
    out = np.stack([np.cos(turn), np.full(len(node), -0.25), np.sin(turn)], axis=1)
    size = rng.uniform(0.75, 1.15, len(node)) * np.interp(high / tall[node], (0.2, 0.5, 0.9), (0.9, 1.1, 0.7))
    centres = rooted[node] + out * (0.5 * long * size)[:, None] + high[:, None] * np.array([0, 1, 0])
    facing = np.stack([0.5 * np.cos(turn), np.ones(len(node)), 0.5 * np.sin(turn)], axis=1) + rng.normal(0, 0.25, (len(node), 3))
    return _foliage(centres, out, facing, long * size, wide * size, green[node] * np.exp(rng.normal(0, 0.16, (len(node), 1))), 0.2)


def _blooms(tips: Floats, tint: Reals, form: Crop, rng: np.random.Generator) -> list[Foliage]:
    """Petals round a heart, in one round, looking up or all to one side."""
    count, each = len(tips), form.petals
    size = rng.uniform(*form.head_m, count)
    look = rng.normal(0, 0.22, (count, 3)) + np.array([0.25 * form.face, 1 - 0.72 * form.face, form.face])
    look /= np.linalg.norm(look, axis=1, keepdims=True)
    right = np.cross(look, [0.31, 0.11, 0.93])
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    other = np.cross(look, right)
    angle = rng.uniform(0, 2 * np.pi, (count, 1)) + np.arange(each) * 2 * np.pi / each
    out = np.cos(angle)[..., None] * right[:, None] + np.sin(angle)[..., None] * other[:, None]
    rise = form.cup * np.pi / 2 * 0.92
    go = out * np.cos(rise) + look[:, None] * np.sin(rise)
    facing = look[:, None] * np.cos(rise) - out * np.sin(rise)
    inner = 0.5 * form.heart * size
    long = np.maximum(0.5 * size - 0.8 * inner, 0.3 * size) * (1 + 0.6 * form.cup)
    start = tips[:, None] + out * (0.85 * inner + 0.12 * form.cup * size)[:, None, None]
    centres = start + go * (0.5 * long)[:, None, None]
    node = np.repeat(np.arange(count), each)
    wide = np.clip(2.2 * np.pi * (inner + 0.4 * long) / each, 0.25 * long, 0.95 * long)
    hues = tint[node] * np.exp(rng.normal(0, 0.1, (len(node), 1)))
    crown = _foliage(centres.reshape(-1, 3), go.reshape(-1, 3), facing.reshape(-1, 3), long[node], wide[node], hues, 0.0)
    if form.heart <= 0:
        return [crown]
    dark = np.broadcast_to(np.asarray(form.heart_colour), (count, 3))
    return [crown, _foliage(tips + look * (0.05 * size)[:, None], right, look, 2.1 * inner, 2.1 * inner, dark, 0.0)]


def _spikes(tips: Floats, tint: Reals, form: Crop, rng: np.random.Generator) -> list[Foliage]:
    """Small blooms all round the upper stalk."""
    each = 6
    node = np.repeat(np.arange(len(tips)), each)
    long = rng.uniform(*form.head_m, len(tips))[node]
    down = (np.tile((np.arange(each) + 0.3) / each, len(tips)) * long)[:, None] * np.array([0, -1, 0])
    centres = tips[node] + down + rng.normal(0, 0.007, (len(node), 3))
    return [flat(centres, rng, length_m=0.26 * long, width_m=0.024, colours=tint[node], tilt=1.0, depth=0.0)]


def _foliage(centres: Reals, go: Reals, facing: Reals, long: Reals, wide: Reals, colours: Reals, depth: float) -> Foliage:
    go = go / np.maximum(np.linalg.norm(go, axis=1, keepdims=True), 1e-9)
    facing = facing - go * (facing * go).sum(axis=1, keepdims=True)
    facing = facing / np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
    return Foliage(
        centres.astype(np.float32), go.astype(np.float32), facing.astype(np.float32), long.astype(np.float32), wide.astype(np.float32),
        np.clip(colours, 0, 1).astype(np.float32), np.full(len(centres), depth, np.float32), 0.35,
    )  # fmt: skip
