"""Bushes, hedges and creepers: masses of leaves down to the ground, with blossoms or berries."""

from __future__ import annotations

import numpy as np

from pipelines.scene import Colour, Foliage
from pipelines.spec import Season
from pipelines.things.grown import wood
from pipelines.things.grown.blades import dots, rosettes
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import against_wall, elements, fitted, hued, segments, shaded, shuffled, wooden
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, level, noise, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.shape import GrownOrder, Shape

EVERGREEN = ("evergreen", "boxwood", "olive", "jungle", "alien")


def bush(order: GrownOrder) -> Shape:
    """A bush of several stems.

    Parameters: palette, leaves (elements), leaf (metres), leaf_shape, masses, looseness (0 … 1), blossoms, blossom (metres),
    petals, berries. An ordered colour is that of the blossoms where there are any, else that of the leaves.
    """
    rng, told = order.rng, order.parameters
    size = np.asarray(order.size_m, np.float64)
    middles, radii = _masses(order, int(float(told.get("masses", 11))))
    stems = _stems(middles, radii, order)
    name = str(told.get("palette", "bush"))
    parts = [wooden(wood.tubes(stems), order.material or "bark")]
    twigs = _twigs(middles, radii, rng, float(size.mean()))
    if order.season == Season.WINTER and name not in EVERGREEN:
        return fitted(Shape(parts, [shuffled([twigs, _brush(middles, radii, rng, float(size.mean()))], rng, translucency=0.0)]), order)
    blossoms = int(float(told.get("blossoms", 0))) if order.season in (Season.SPRING, Season.SUMMER) else 0
    count = int(float(told.get("leaves", 8500)) * (0.75 if order.season == Season.AUTUMN and name not in EVERGREEN else 1.0))
    leaves = _leaves(middles, radii, order, count)
    tint = None if float(told.get("blossoms", 0)) else order.colour
    crown = shaded(leaves, rng, palette(name, order.season, tint), clump_m=float(size.mean()) * 0.3, strength=0.3)
    foliage = [crown, shuffled([twigs], rng, translucency=0.0)]
    if blossoms:
        foliage.append(_blossoms(crown, order, blossoms))
    if float(told.get("berries", 0)) and order.season in (Season.AUTUMN, Season.SUMMER):
        foliage.append(_berries(crown, rng, int(float(told["berries"]))))
    return fitted(Shape(parts, foliage), order)


def _masses(order: GrownOrder, count: int) -> tuple[Array, Array]:
    """Middles (M, 3) and radii (M, 3) of the leafy masses, in metres."""
    rng = order.rng
    half = np.asarray(order.size_m) / [2, 1, 2]
    share = (np.arange(count) + 0.5) / count
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD + rng.normal(0, 0.3, count)
    reach = np.sqrt(1 - share**1.5) * rng.uniform(0.36, 0.74, count)
    middles = level(azimuth) * reach[:, None] + (0.26 + 0.48 * share)[:, None] * [0, 1, 0]
    radii = rng.uniform(0.20, 0.42, (count, 1)) * [1, 0.72, 1]
    return middles * half, radii * half


def _stems(middles: Array, radii: Array, order: GrownOrder) -> list[Limb]:
    rng = order.rng
    found = []
    thick = 0.012 * float(np.mean(order.size_m)) ** 0.8 + 0.004
    for middle in middles:
        foot = level(rng.uniform(0, 6.28)) * order.size_m[0] * rng.uniform(0.01, 0.06)
        half = (foot + middle) / 2 + rng.normal(0, 0.05, 3) * order.size_m[0] - [0, 0.05 * order.size_m[1], 0]
        found.append(Limb(np.stack([foot, np.maximum(half, [-9, 0.1 * order.size_m[1], -9]), middle]), thick * np.array([1, 0.7, 0.25]), 5))
    return found


def _twigs(middles: Array, radii: Array, rng: np.random.Generator, size: float) -> Foliage:
    node = np.repeat(np.arange(len(middles)), 14)
    ends = middles[node] + sphere(rng, len(node)) * radii[node] * 0.95
    ends[:, 1] = np.maximum(ends[:, 1], 0.05 * size)
    bark = hued(np.tile([0.070, 0.050, 0.034], (len(node), 1)), rng)
    return segments(middles[node], ends, sphere(rng, len(node)), width_m=0.006 * size**0.7, colours=bark)


def _brush(middles: Array, radii: Array, rng: np.random.Generator, size: float) -> Foliage:
    """Bare winter twigs, reaching up and out."""
    node = np.repeat(np.arange(len(middles)), 210)
    count = len(node)
    about = sphere(rng, count)
    start = middles[node] + about * radii[node] * rng.random((count, 1)) * 0.8
    go = unit(about * 0.8 + [0, 0.7, 0] + 0.5 * sphere(rng, count))
    length = radii[node].mean(axis=1) * rng.uniform(0.35, 0.8, count)
    bark = hued(np.tile([0.095, 0.068, 0.050], (count, 1)), rng)
    ends = start + go * length[:, None]
    ends[:, 1] = np.maximum(ends[:, 1], 0.02)
    start[:, 1] = np.maximum(start[:, 1], 0.0)
    return segments(start, ends, sphere(rng, count), width_m=0.005 * size**0.7, colours=bark)


def _leaves(middles: Array, radii: Array, order: GrownOrder, count: int) -> Foliage:
    rng, told = order.rng, order.parameters
    weight = radii.prod(axis=1) ** (2 / 3)
    node = rng.choice(len(middles), count, p=weight / weight.sum())
    about = sphere(rng, count)
    loose = float(told.get("looseness", 0.35))
    deep = 1 - 0.75 * rng.random(count) ** 1.7 + rng.normal(0, 0.16 * loose + 0.02, count)
    centres = middles[node] + about * radii[node] * deep[:, None]
    low = 0.03 * order.size_m[1]
    under = centres[:, 1] < low
    centres[under, 1] = low + rng.random(int(under.sum())) * order.size_m[1] * 0.25
    _sprout(centres, about, order)
    go = unit(about * 0.6 + [0, 0.35, 0] + 0.75 * sphere(rng, count))
    facing = unit(about * 0.7 + [0, 0.4, 0] + 0.8 * sphere(rng, count))
    size = float(np.mean(order.size_m))
    length = float(told.get("leaf", 0.08)) * (size / 1.8) ** 0.4 * np.exp(rng.normal(0, 0.25, count))
    return elements(centres, go, facing, length_m=length, width_m=length * float(told.get("leaf_shape", 0.6)), colours=np.zeros(3))


def _sprout(centres: Array, about: Array, order: GrownOrder) -> None:
    """Move an eighth of the leaves, in place, onto young shoots that stand out of the bush and break its outline."""
    rng, shoots = order.rng, 34
    count = len(centres) // 8
    first = rng.integers(0, len(centres), shoots)
    foot = centres[first] + about[first] * 0.02
    size = np.asarray(order.size_m)
    go = (
        unit(about[first] * [1, 0.4, 1] + [0, 0.85, 0] + 0.35 * sphere(rng, shoots))
        * (size.mean() * rng.uniform(0.14, 0.30, shoots))[:, None]
    )
    which, share = rng.integers(0, shoots, count), rng.random(count)
    spread = 0.035 * size.mean() * (1.15 - share)
    centres[:count] = foot[which] + go[which] * share[:, None] + sphere(rng, count) * spread[:, None]


def _blossoms(crown: Foliage, order: GrownOrder, count: int) -> Foliage:
    """Flowers on the surface of the leaves: rosettes that look outwards and up."""
    rng, told = order.rng, order.parameters
    outer = np.flatnonzero((crown.depth < np.quantile(crown.depth, 0.55)) & (crown.centres[:, 1] > 0.12 * order.size_m[1]))
    chosen = outer[rng.integers(0, len(outer), count)]
    away = unit(crown.centres[chosen] - np.array([0, order.size_m[1] * 0.35, 0]))
    size = float(told.get("blossom", 0.07))
    middles = crown.centres[chosen] + away * size * 0.8
    colours: tuple[Colour, ...] = ((0.60, 0.16, 0.26), (0.66, 0.34, 0.42), (0.70, 0.60, 0.58))
    tints = np.asarray(colours)[rng.integers(0, 3, 1).repeat(count)] if order.colour is None else np.tile(order.colour, (count, 1))
    petals = int(float(told.get("petals", 5)))
    groups = [
        rosettes(
            middles,
            away + 0.35 * sphere(rng, count),
            rng,
            petals=petals,
            length_m=size * 0.55,
            width=0.85,
            open_rad=1.15,
            colours=hued(tints, rng),
        ),
        dots(middles + away * size * 0.1, rng, size_m=size * 0.28, colours=(0.55, 0.40, 0.06), normals=away),
    ]
    return shuffled(groups, rng)


def _berries(crown: Foliage, rng: np.random.Generator, count: int) -> Foliage:
    outer = np.flatnonzero(crown.depth < np.quantile(crown.depth, 0.6))
    chosen = np.repeat(outer[rng.integers(0, len(outer), max(1, count // 5))], 5)
    centres = crown.centres[chosen] + sphere(rng, len(chosen)) * 0.03 + crown.normals[chosen] * 0.03
    return shuffled(
        [dots(centres, rng, size_m=0.022, colours=hued(np.tile([0.42, 0.03, 0.03], (len(chosen), 1)), rng), normals=crown.normals[chosen])],
        rng,
    )


def hedge(order: GrownOrder) -> Shape:
    """A clipped hedge: a box of leaves with soft edges.

    Parameters: palette, density (leaves per square metre), leaf (metres), round (radius of the edges as a share of the size).
    """
    rng, told = order.rng, order.parameters
    size = np.asarray(order.size_m, np.float64)
    area = 2 * (size[0] * size[1] + size[2] * size[1]) + size[0] * size[2]
    count = int(np.clip(area * float(told.get("density", 620)), 2500, 18000))
    points, out = _box_surface(rng, count, size)
    bumps = noise(points, int(rng.integers(1 << 30)), size_m=0.35, octaves=2)
    edge = float(told.get("round", 0.12)) * size.min()
    inwards = np.clip(rng.exponential(0.035, count) - 0.02, -0.015, 0.25) - 0.03 * bumps
    half = size / 2
    inner = np.clip(points, -half + edge, half - edge)
    out = unit(points - inner + out * 0.02)
    centres = inner + out * (np.minimum(np.linalg.norm(points - inner, axis=1), edge) - inwards)[:, None] + [0, half[1], 0]
    centres[:, 1] = np.maximum(centres[:, 1], 0.02)
    go = unit(out * 0.3 + [0, 0.35, 0] + sphere(rng, count) * 0.9)
    length = float(told.get("leaf", 0.055)) * np.exp(rng.normal(0, 0.25, count))
    leaves = elements(centres, go, out + 0.75 * sphere(rng, count), length_m=length, width_m=length * 0.62, colours=np.zeros(3))
    colours = palette(str(told.get("palette", "boxwood")), order.season, order.colour)
    crown = shaded(leaves, rng, colours, clump_m=0.4, outward=0.5, tips=0.4)
    core = wood.tubes(
        [
            Limb(np.array([[x, 0.0, 0], [x, size[1] * 0.5, 0], [x, size[1] * 0.85, 0]]), 0.02 * np.array([1, 0.8, 0.3]), 5)
            for x in np.arange(-half[0] + 0.15, half[0], 0.45)
        ]
    )
    return fitted(Shape([wooden(core, "bark")], [crown]), order)


def _box_surface(rng: np.random.Generator, count: int, size: Array) -> tuple[Array, Array]:
    """(count, 3) points on the top and the four sides of a box about the origin, evenly by area, and their outward normals."""
    area = np.array([size[1] * size[2]] * 2 + [size[0] * size[2]] + [size[0] * size[1]] * 2)
    normals = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1]], np.float64)
    out = normals[rng.choice(5, count, p=area / area.sum())]
    points = rng.uniform(-0.5, 0.5, (count, 3)) * size
    return np.where(out != 0, out * size / 2, points), out


def creeper(order: GrownOrder) -> Shape:
    """Ivy on a wall: leaves that overlap like tiles on the plane z = 0, denser below. Parameters: palette, leaves, leaf (metres)."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(told.get("leaves", 3200)))
    tendrils = 16
    foot = rng.uniform(-0.4, 0.4, tendrils) * width
    share = np.linspace(0, 1, 13)[None, :]
    wander = np.cumsum(rng.normal(0, 0.035 * width, (tendrils, 13)), axis=1)
    tall = height * rng.uniform(0.4, 1.0, tendrils)[:, None]
    x, y = foot[:, None] + wander, tall * share
    node, place = rng.integers(0, tendrils, count), rng.random(count) ** 1.25
    index = np.minimum((place * 12).astype(int), 11)
    part = place * 12 - index
    spread = width * 0.10 * (1.1 - 0.8 * place)
    centres = np.stack(
        [
            x[node, index] * (1 - part) + x[node, index + 1] * part + rng.normal(0, 1, count) * spread,
            np.clip(y[node, index] * (1 - part) + y[node, index + 1] * part + rng.normal(0, 0.04, count) * height, 0.02, height),
            depth * rng.random(count) ** 1.5 * (1 - 0.5 * place),
        ],
        axis=1,
    )
    go = unit(np.stack([rng.normal(0, 0.6, count), -np.ones(count), rng.uniform(0.1, 0.5, count)], axis=1))
    length = float(told.get("leaf", 0.09)) * rng.uniform(0.6, 1.25, count)
    leaves = elements(
        centres, go, np.array([0, 0.35, 1]) + 0.4 * sphere(rng, count), length_m=length, width_m=length * 0.85, colours=np.zeros(3)
    )
    colours = palette(str(told.get("palette", "evergreen")), order.season, order.colour)
    crown = shaded(leaves, rng, colours, clump_m=width * 0.2, outward=0.1, strength=0.5, tips=0.4)
    stems = np.stack([x, y, np.full_like(x, 0.012)], axis=-1)
    lines = segments(stems[:, :-1].reshape(-1, 3), stems[:, 1:].reshape(-1, 3), [0, 0, 1], width_m=0.014, colours=(0.07, 0.05, 0.035))
    return against_wall(fitted(Shape([], [crown, shuffled([lines], rng, translucency=0.0)]), order))
