"""Flowers: petals in rings about a heart, on leafy stalks; water lilies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipelines.scene import Colour, Foliage, Spot
from pipelines.things.grown.blades import arcs, blades, dots, rosettes, stalks, tussock
from pipelines.things.grown.plant import elements, extent, fitted, hued, segments, shuffled
from pipelines.things.grown.vectors import Array, level, sphere, unit
from pipelines.things.shape import GrownOrder, Shape

STALK = (0.075, 0.115, 0.032)
LEAF_LOW, LEAF_HIGH = (0.030, 0.052, 0.016), (0.095, 0.150, 0.040)
CUT_LEAN, CUT_SHARE = 0.5, 0.7  # rise over run, turned round, of a cut stalk above the vase; how much of its length is left


@dataclass(frozen=True)
class Bloom:
    """The form of a flower: petals in rings, their length as a share of the flower's width, how far they open, the heart."""

    petals: int
    rings: int
    open_rad: float
    width: float
    heart: float  # diameter as a share of the flower's width
    heart_colour: Colour
    colours: tuple[Colour, ...]
    leaves: str = "blade"  # blade, broad or feather


WHITE, YELLOW = (0.72, 0.71, 0.66), (0.66, 0.46, 0.035)
BLOOMS: Mapping[str, Bloom] = {
    "daisy": Bloom(13, 1, 1.45, 0.34, 0.42, (0.62, 0.40, 0.02), (WHITE,), "feather"),
    "poppy": Bloom(5, 1, 1.05, 1.05, 0.22, (0.02, 0.02, 0.02), ((0.52, 0.035, 0.018), (0.56, 0.07, 0.02)), "feather"),
    "tulip": Bloom(
        6,
        1,
        0.30,
        0.62,
        0.0,
        (0, 0, 0),
        ((0.50, 0.03, 0.03), (0.62, 0.42, 0.04), (0.56, 0.18, 0.26), (0.60, 0.50, 0.42), (0.20, 0.05, 0.22)),
        "broad",
    ),
    "cornflower": Bloom(10, 2, 1.0, 0.36, 0.25, (0.10, 0.05, 0.24), ((0.055, 0.095, 0.46),), "blade"),
    "buttercup": Bloom(5, 1, 1.05, 0.85, 0.3, (0.5, 0.36, 0.02), (YELLOW,), "feather"),
    "sunflower": Bloom(21, 2, 1.40, 0.30, 0.52, (0.070, 0.036, 0.014), ((0.68, 0.40, 0.02), (0.70, 0.46, 0.03)), "heart"),
    "rose": Bloom(7, 3, 0.75, 0.85, 0.0, (0, 0, 0), ((0.40, 0.018, 0.030), (0.60, 0.22, 0.26), (0.68, 0.60, 0.52)), "broad"),
    "bell": Bloom(5, 1, 2.5, 0.7, 0.0, (0, 0, 0), ((0.17, 0.12, 0.46), (0.27, 0.14, 0.42)), "blade"),
    "lily": Bloom(6, 1, 1.15, 0.42, 0.2, (0.45, 0.28, 0.03), ((0.70, 0.66, 0.60), (0.66, 0.30, 0.06)), "broad"),
    "daffodil": Bloom(6, 1, 1.4, 0.55, 0.42, (0.66, 0.30, 0.015), ((0.66, 0.54, 0.06),), "blade"),
}


def flowers(order: GrownOrder) -> Shape:
    """A group of flowers on stalks.

    Parameters: bloom (a name of BLOOMS, or several with spaces between), stalks, flower (width, metres), face (0 = up … 1 = to the
    front), leaves (per stalk), cut (1: a single stalk, as wide as it comes). An ordered colour replaces the petals'.
    """
    rng, told = order.rng, order.parameters
    names = str(told.get("bloom", "daisy")).split()
    cut = bool(float(told.get("cut", 0)))
    count = 1 if cut else int(float(told.get("stalks", 14)))
    width, height, depth = (float(v) for v in order.size_m)
    feet = tussock(rng, count, (width * 0.36, depth * 0.36)) if count > 1 else np.zeros((1, 3))
    tall = height * rng.uniform(0.62, 1.0, count)
    tall[0] = height
    outward = np.arctan2(feet[:, 2], feet[:, 0]) + rng.normal(0, 0.6, count)
    paths = arcs(feet, heights=tall, azimuths=outward, bends=np.abs(rng.normal(0.10, 0.06, count)), pieces=5)
    if cut:
        share = np.linspace(0, 1, 6)
        paths = height * np.stack([CUT_LEAN * np.maximum(share - 0.4, 0), share, 0 * share], axis=1)[None]
    thick = float(told.get("stalk", 0.006))
    groups = [stalks(paths, rng, width_m=thick, colour=hued(np.tile(STALK, (count, 1)), rng))]
    face = float(told.get("face", 0.15))
    axes = unit(unit(paths[:, -1] - paths[:, -2]) * (1 - face) + face * unit(np.array([0.0, 0.25, 1.0]) + 0.25 * sphere(rng, count)))
    size = float(told.get("flower", 0.05)) * rng.uniform(0.8, 1.15, count)
    kind = rng.integers(0, len(names), count)
    for index, name in enumerate(names):
        mine = kind == index
        if mine.any():
            groups += flower_heads(BLOOMS[name], paths[mine, -1], axes[mine], rng, size[mine], order.colour)
            leafy = paths[mine, 3:] if cut else paths[mine]  # a cut stalk is bare below, where it stands in the vase
            groups.append(_stalk_leaves(BLOOMS[name].leaves, leafy, rng, 3 if cut else int(float(told.get("leaves", 5))), height))
    shape = Shape([], [shuffled(groups, rng)])
    if cut:
        low, high = extent(shape.parts, shape.foliage)
        order = replace(order, size_m=tuple((high - low) * CUT_SHARE * height / high[1]))
    return fitted(shape, order)


def flower_heads(bloom: Bloom, tips: Array, axes: Array, rng: np.random.Generator, size: Array, colour: Colour | None) -> list[Foliage]:
    """Petals and hearts of flowers of one form at stalk tips."""
    count = len(tips)
    choice = np.asarray(bloom.colours)[rng.integers(0, len(bloom.colours), count)] if colour is None else np.tile(colour, (count, 1))
    tints = hued(choice, rng, 0.6)
    reach = size * 0.5 / max(abs(np.sin(bloom.open_rad)), 0.55)
    groups = []
    for ring in range(bloom.rings):
        part = 1 - 0.22 * ring
        groups.append(
            rosettes(
                tips,
                axes,
                rng,
                petals=bloom.petals,
                length_m=reach * part,
                width=bloom.width,
                open_rad=bloom.open_rad * (1 - (0.10 if bloom.heart else 0.28) * ring),
                colours=tints * (1 - 0.12 * ring),
            )
        )
    if bloom.heart:
        seeds = 9
        node = np.repeat(np.arange(count), seeds)
        across_ = sphere(rng, len(node)) * (size[node] * bloom.heart * 0.26)[:, None]
        across_ -= axes[node] * (across_ * axes[node]).sum(axis=1, keepdims=True)
        near = tips[node] + across_ + axes[node] * (size[node] * 0.09)[:, None]
        wide = size[node] * bloom.heart * 0.6
        groups.append(
            dots(
                near,
                rng,
                size_m=wide,
                colours=hued(np.tile(bloom.heart_colour, (len(node), 1)), rng),
                normals=axes[node] + 0.15 * sphere(rng, len(node)),
            )
        )
    return groups


def _stalk_leaves(form: str, paths: Array, rng: np.random.Generator, each: int, height: float) -> Foliage:
    """Leaves at the foot of stalks or along them, by form."""
    node = np.repeat(np.arange(len(paths)), each)
    count = len(node)
    azimuth = rng.uniform(0, 6.28, count)
    low, high = hued(np.tile(LEAF_LOW, (count, 1)), rng), hued(np.tile(LEAF_HIGH, (count, 1)), rng)
    if form == "heart":
        share = rng.uniform(0.12, 0.85, count)
        foot = paths[node, 0] * (1 - share[:, None]) + paths[node, -1] * share[:, None]
        go = unit(level(azimuth) + [0, -0.25, 0] + 0.15 * sphere(rng, count))
        length = height * 0.17 * (1.15 - 0.6 * share)
        return elements(
            foot + go * length[:, None] * 0.62,
            go,
            sphere(rng, count) * 0.3 + [0, 1, 0],
            length_m=length,
            width_m=length * 0.78,
            colours=high,
        )
    tall = height * rng.uniform(0.25, 0.62, count) * {"broad": 1.0, "blade": 0.95, "feather": 0.6}[form]
    wide = {"broad": 0.10, "blade": 0.022, "feather": 0.05}[form] * height
    arcs_ = arcs(paths[node, 0], heights=tall, azimuths=azimuth, bends=rng.uniform(0.25, 0.75, count), pieces=3)
    return blades(arcs_, rng, width_m=wide * rng.uniform(0.7, 1.2, count), low=low, high=high)


def water_lily(order: GrownOrder) -> Shape:
    """Pads that lie on the water, notched, with a few flowers. Parameters: pads, flowers."""
    rng = order.rng
    width, _, depth = (float(v) for v in order.size_m)
    pads = int(float(order.parameters.get("pads", 9)))
    middles = tussock(rng, pads, (width * 0.40, depth * 0.40))
    for _ in range(12):
        gap = middles[:, None] - middles[None]
        far = np.linalg.norm(gap, axis=-1) + np.eye(pads)
        middles += (gap / far[..., None] * np.clip(width * 0.23 - far, 0, 1)[..., None]).sum(axis=1) * 0.15
    radius = width * rng.uniform(0.085, 0.13, pads)
    slices = 18
    angle = np.linspace(0.22, 2 * np.pi - 0.22, slices)[None, :] + rng.uniform(0, 6.28, (pads, 1))
    out = level(angle)
    centres = middles[:, None] + out * (radius[:, None] * 0.52)[..., None] + [0, 0.022, 0]
    green = hued(np.repeat(hued(np.tile([0.062, 0.105, 0.030], (pads, 1)), rng), slices, axis=0), rng, 0.5)
    long = np.repeat(radius, slices)
    leaves = elements(centres.reshape(-1, 3), out.reshape(-1, 3), [0, 1, 0], length_m=long * 0.98, width_m=long * 0.46, colours=green)
    stems = segments(middles, middles + [0, 0.02, 0], [0, 0, 1], width_m=0.02, colours=STALK)
    flowers = int(float(order.parameters.get("flowers", 3)))
    tips = middles[:flowers] + [0.0, 0.03, 0.0]
    axes = unit(np.tile([0.0, 1.0, 0.0], (len(tips), 1)) + 0.15 * sphere(rng, len(tips)))
    tint = np.tile(order.colour or (0.70, 0.50, 0.56), (len(tips), 1))
    petals = [
        rosettes(
            tips, axes, rng, petals=11, length_m=width * 0.062 * part, width=0.42, open_rad=spread, colours=np.clip(tint * shade, 0, 0.9)
        )
        for part, spread, shade in ((1.0, 1.25, 1.0), (0.9, 0.85, 1.1), (0.7, 0.45, 1.2))
    ]
    hearts = dots(tips + [0, width * 0.02, 0], rng, size_m=width * 0.035, colours=(0.62, 0.42, 0.03), normals=axes)
    bare = sorted(range(flowers, pads), key=lambda pad: -radius[pad])  # a frog sits on a pad without a flower, on the largest first
    spots = [Spot("top", (float(middles[pad, 0]), 0.024, float(middles[pad, 2])), (float(1.4 * radius[pad]),) * 2) for pad in bare]
    return fitted(Shape([], [shuffled([leaves, stems, *petals, hearts], rng, translucency=0.2)], spots), order, rooted=False)
