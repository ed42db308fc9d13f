"""Broadleaved trees: crowns of many masses of leaves on a colonised skeleton."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipelines.scene import Colour, Foliage, Mesh, Part, join_meshes
from pipelines.spec import Season
from pipelines.things.grown import wood
from pipelines.things.grown.branching import Skeleton, colonised, limbs, skeleton
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import elements, fitted, hued, segments, shaded, shuffled, wooden
from pipelines.things.grown.vectors import Array, level, mix, sphere, unit
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import sphere as ball


@dataclass(frozen=True)
class Crown:
    """The outline of a crown: radius as a share of its half width at heights 0 … 1, and how its masses fill it."""

    heights: tuple[float, ...]
    radii: tuple[float, ...]
    masses: int
    mass_radius: float
    trunk: float  # how far up the crown the trunk goes on as one
    bend: float = 0.6
    rises: float = 0.05
    floor: float = 0.0  # how far up the crown the lowest masses are


CROWNS: Mapping[str, Crown] = {
    "dome": Crown((0, 0.12, 0.35, 0.65, 0.88, 1), (0.45, 0.8, 1.0, 0.86, 0.5, 0.12), 22, 0.31, 0.12),
    "egg": Crown((0, 0.15, 0.38, 0.65, 0.88, 1), (0.35, 0.8, 1.0, 0.84, 0.46, 0.1), 19, 0.27, 0.35),
    "light": Crown((0, 0.15, 0.38, 0.7, 0.9, 1), (0.35, 0.8, 1.0, 0.72, 0.38, 0.08), 22, 0.22, 0.85, 0.5, 0.25),
    "column": Crown((0, 0.1, 0.35, 0.7, 0.92, 1), (0.5, 0.85, 1.0, 0.8, 0.4, 0.08), 26, 0.36, 0.85, 0.8, 0.9),
    "umbrella": Crown((0, 0.35, 0.6, 0.85, 1), (0.12, 0.55, 1.0, 0.97, 0.5), 30, 0.22, 0.08, 0.5, 0.0, 0.6),
    "spread": Crown((0, 0.2, 0.5, 0.8, 1), (0.55, 0.95, 1.0, 0.7, 0.25), 14, 0.30, 0.08, 0.5, 0.0),
    "fountain": Crown((0, 0.2, 0.55, 0.85, 1), (0.5, 0.85, 1.0, 0.75, 0.3), 14, 0.30, 0.15, 0.6, 0.2),
}

FRUITS: Mapping[str, tuple[Colour, Colour]] = {
    "apple": ((0.42, 0.05, 0.03), (0.50, 0.24, 0.06)),
    "orange": ((0.60, 0.23, 0.02), (0.64, 0.36, 0.03)),
}

DEFAULTS: Mapping[str, float | str] = {
    "crown": "dome", "palette": "oak", "bark": "bark", "bare": 0.25, "trunk": 0.03, "leaves": 16000.0, "leaf": 0.22, "leaf_shape": 0.62,
    "spread": 0.42, "droop": 0.15, "flare": 1.0, "lean": 0.06, "strands": 0.0, "fruit": "", "stems": 1.0,
}  # fmt: skip


def broadleaf(order: GrownOrder) -> Shape:
    """A broadleaved tree.

    Parameters: crown (dome, egg, light, column, umbrella, spread, fountain), palette, bark (material), bare (share of the height
    below the crown), trunk (radius / height), leaves (elements), leaf (length, metres), leaf_shape (width / length), spread (of
    leaves about a twig, metres), droop, flare (of the roots), lean, strands (share of hanging strands), fruit (a name of FRUITS).
    """
    told = {**DEFAULTS, **order.parameters}
    rng, height = order.rng, float(order.size_m[1])
    tree = _grown(order, told)
    boughs, covered = limbs(tree, most_triangles=2900)
    radius = float(told["trunk"]) * height
    flare = float(told["flare"])
    mesh = wood.tubes([*boughs, *wood.roots(rng, radius_m=radius, reach=1.6 + 1.2 * flare)])
    mesh = wood.gnarled(mesh, int(rng.integers(1 << 30)), amount_m=radius * 0.3, size_m=radius * 4, octaves=3)
    mesh = wood.flared(mesh, rng, radius_m=radius, height_m=radius * 3.2 * flare + 1e-3, ring=boughs[0].sides)
    parts = [wooden(mesh, order.material or str(told["bark"]))]
    foliage = _leaves(tree, covered, order, told)
    fruit = _fruit(foliage[-1], order, told) if told["fruit"] else []
    return fitted(Shape(parts + fruit, foliage), order)


def _grown(order: GrownOrder, told: Mapping[str, float | str]) -> Skeleton:
    """The skeleton: a trunk with a little lean and wander, then branches into the masses of the crown."""
    rng = order.rng
    width, height, depth = order.size_m
    crown = CROWNS[str(told["crown"])]
    base = height * float(told["bare"])
    free = free_space(crown, rng, 800) * [width / 2 * 0.92, height - base, depth / 2 * 0.92] + [0, base, 0]
    top = base + (height - base) * crown.trunk
    step = height / 34
    rise = np.arange(0, top, step)
    lean = rng.normal(0, float(told["lean"]), 2)
    wave = np.cumsum(rng.normal(0, 0.03 + float(told["lean"]) * 0.3, (len(rise), 2)), axis=0) * step * 1.5
    trunk = np.stack([rise * lean[0] + wave[:, 0], rise, rise * lean[1] + wave[:, 1]], axis=1)
    trunk -= trunk[0]
    points, parents = colonised(free, trunk, step_m=step, kill_steps=1.5, bend=crown.bend, rises=crown.rises, most=1500)
    radius = float(told["trunk"]) * height
    return skeleton(points, parents, rng, trunk_radius_m=radius, twig_radius_m=max(0.004, height * 0.0011), wander=0.22)


def free_space(crown: Crown, rng: np.random.Generator, count: int) -> Array:
    """(count, 3) points in the crown's masses; x, z in −1 … 1, y in 0 … 1."""
    many = crown.masses
    rise = crown.floor + (1 - crown.floor) * (np.arange(many) + rng.uniform(0.1, 0.9, many)) / many
    reach = np.interp(rise, crown.heights, crown.radii) * (
        rng.uniform(0.5, 0.86, many) if not crown.floor else np.sqrt(rng.uniform(0.02, 0.8, many))
    )
    azimuth = np.arange(many) * 2.399963 + rng.uniform(0, 6.28) + rng.normal(0, 0.35, many)
    middles = level(azimuth) * reach[:, None] + np.stack([0 * rise, 0.06 + 0.82 * rise, 0 * rise], axis=1)
    sizes = crown.mass_radius * rng.uniform(0.7, 1.3, many)
    which = rng.choice(many, count * 2, p=sizes**2 / (sizes**2).sum())
    points = middles[which] + sphere(rng, count * 2) * (sizes[which] * rng.random(count * 2) ** 0.4)[:, None] * [1, 0.62, 1]
    inside = np.hypot(points[:, 0], points[:, 2]) <= 1.04 * np.interp(points[:, 1], crown.heights, crown.radii)
    inside &= (points[:, 1] > -0.04) & (points[:, 1] < 1)
    return np.asarray(points[inside][:count])


def _leaves(tree: Skeleton, covered: np.ndarray, order: GrownOrder, told: Mapping[str, float | str]) -> list[Foliage]:
    """Twigs that the wood mesh leaves out, and leaves about the twig ends by season; the leaves come last."""
    rng, season = order.rng, order.season
    evergreen = str(told["palette"]) in ("acacia", "olive", "jungle", "alien", "evergreen")
    bare = season == Season.WINTER and not evergreen
    thin = np.flatnonzero(~covered & (tree.parents >= 0))
    groups = [brush_twigs(tree, thin, rng)]
    ends = np.flatnonzero((tree.tips <= (4 if not bare else 8)) & (tree.parents >= 0))
    ends = ends[tree.points[ends, 1] > float(told["bare"]) * order.size_m[1] * 0.8]
    if bare:
        groups.append(_brush(tree, ends, rng, order.size_m[1]))
        if float(told["strands"]) > 0:
            hanging = _strands(tree, ends, order, int(float(told["strands"]) * 0.7))
            yellow = hued(np.tile([0.190, 0.135, 0.050], (len(hanging), 1)), rng).astype(np.float32)
            groups.append(replace(hanging, widths_m=hanging.widths_m * np.float32(0.3), colours=yellow))
        return [shuffled(groups, rng, translucency=0.0)]
    share = {Season.SPRING: 0.85, Season.AUTUMN: 0.62}.get(season, 1.0) if not evergreen else 1.0
    leaves = _leaf_cloud(tree, ends, order, told, int(float(told["leaves"]) * share))
    if float(told["strands"]) > 0:
        leaves = shuffled([leaves, _strands(tree, ends, order, int(float(told["strands"]) * share))], rng)
    colours = palette(str(told["palette"]), season, order.colour)
    return [shuffled(groups, rng, translucency=0.0), shaded(leaves, rng, colours, clump_m=order.size_m[1] * 0.11)]


def brush_twigs(tree: Skeleton, nodes: np.ndarray, rng: np.random.Generator, *, colour: Colour = (0.060, 0.045, 0.032)) -> Foliage:
    """The skeleton's thin ends at those nodes as elements."""
    starts, ends = tree.points[tree.parents[nodes]], tree.points[nodes]
    colours = hued(np.tile(colour, (len(nodes), 1)), rng)
    width = np.maximum(tree.radii[nodes] * 2, 0.012)
    return replace(
        segments(starts, ends, sphere(rng, len(nodes)), width_m=width, colours=colours), depth=np.full(len(nodes), 0.5, np.float32)
    )


def _brush(tree: Skeleton, ends: np.ndarray, rng: np.random.Generator, height: float) -> Foliage:
    """Winter: fine twigs about every end, reaching outwards and up."""
    each = int(np.clip(9000 / max(len(ends), 1), 6, 26))
    node = np.repeat(ends, each)
    count = len(node)
    go = unit(unit(tree.directions[node]) + sphere(rng, count) * 0.75 + [0, 0.25, 0])
    length = height * 0.028 * rng.uniform(0.5, 1.5, count)
    start = tree.points[node] - tree.directions[node] * rng.random((count, 1))
    fork = start + go * length[:, None]
    second = unit(go + sphere(rng, count) * 0.5)
    tint = hued(np.tile([0.075, 0.055, 0.042], (count, 1)), rng)
    width = max(0.008, height * 0.0011)
    return shuffled(
        [
            segments(start, fork, sphere(rng, count), width_m=width * 1.3, colours=tint),
            segments(fork, fork + second * (length * 0.8)[:, None], sphere(rng, count), width_m=width, colours=tint),
        ],
        rng,
    )


def _leaf_cloud(tree: Skeleton, ends: np.ndarray, order: GrownOrder, told: Mapping[str, float | str], count: int) -> Foliage:
    """Leaf sprays about the twig ends: they point away from the twig, hang a little, and lie in loose plates."""
    rng = order.rng
    scale = (order.size_m[1] / 12) ** 0.5
    node = ends[rng.integers(0, len(ends), count)]
    about = sphere(rng, count) * rng.random((count, 1)) ** 0.45
    spread = float(told["spread"]) * scale * rng.uniform(0.7, 1.3, len(tree.points))[node]
    offset = about * spread[:, None] * [1, 0.62, 1]
    droop = float(told["droop"])
    centres = tree.points[node] + offset - [0, 0.3 * spread.mean() * droop, 0]
    go = unit(about + 0.7 * unit(tree.directions[node]) + 0.55 * sphere(rng, count) - [0, 1.4 * droop, 0])
    length = float(told["leaf"]) * scale * np.exp(rng.normal(0, 0.25, count)) * (0.8 if order.season == Season.SPRING else 1.0)
    width = length * float(told["leaf_shape"]) * rng.uniform(0.8, 1.2, count)
    facing = unit(0.9 * sphere(rng, count) + [0, 0.55, 0] + 0.4 * about)
    return elements(centres, go, facing, length_m=length, width_m=width, colours=np.zeros(3))


def _strands(tree: Skeleton, ends: np.ndarray, order: GrownOrder, many: int) -> Foliage:
    """Hanging strands, as of a weeping willow: rows of narrow leaves that curve out and fall."""
    rng, height = order.rng, order.size_m[1]
    links = 13
    node = ends[rng.integers(0, len(ends), many)]
    start = tree.points[node] + sphere(rng, many) * 0.3
    out = unit(start * [1, 0, 1] + 1e-6)
    room = np.clip(start[:, 1] - height * rng.uniform(0.05, 0.3, many), height * 0.05, None)
    fall = np.minimum(room, height * rng.uniform(0.18, 0.55, many))
    share = np.linspace(0, 1, links + 1)[None, :, None]
    swing = (height * 0.05 * rng.uniform(0.2, 1.6, many))[:, None, None] * (1 - (1 - share) ** 2.2)
    sway = rng.normal(0, 0.02 * height, (many, 1, 3)) * [1, 0, 1] * share
    path = start[:, None] + out[:, None] * swing + sway - np.array([0, 1, 0]) * fall[:, None, None] * share**1.25
    path += rng.normal(0, 0.006 * height, path.shape) * [1, 0.3, 1]
    begins, stops = path[:, :-1].reshape(-1, 3), path[:, 1:].reshape(-1, 3)
    width = 0.075 * height / 9 * rng.uniform(0.7, 1.3, len(begins))
    facing = unit(np.repeat(out, links, axis=0) + 0.9 * sphere(rng, len(begins)))
    leaning = stops + sphere(rng, len(begins)) * 0.08
    return segments(begins, leaning, facing, width_m=width, colours=np.zeros(3), overlap=1.3)


def _fruit(leaves: Foliage, order: GrownOrder, told: Mapping[str, float | str]) -> list[Part]:
    """Fruit below the outer leaves, in summer and autumn."""
    if order.season not in (Season.SUMMER, Season.AUTUMN):
        return []
    rng = order.rng
    outer = np.flatnonzero(leaves.depth < 0.62)
    chosen = outer[rng.permutation(len(outer))[:42]]
    radius = 0.055 * (order.size_m[1] / 5) ** 0.5
    one = ball(radius, sides=6)
    places = leaves.centres[chosen] + leaves.normals[chosen] * 0.06 - np.array([0, radius, 0], np.float32)
    mesh = join_meshes(
        [Mesh(one.vertices * np.float32(s) + p, one.faces) for p, s in zip(places, rng.uniform(0.8, 1.15, len(places)), strict=True)]
    )
    first, second = FRUITS[str(told["fruit"])]
    red = mix(first, second, rng.random(1) * 0.5)[0]
    return [Part(mesh, material("fruit"), (float(red[0]), float(red[1]), float(red[2])), "fruit", collides=False)]
