"""Plants of other worlds: bulbs, tendrils, glowing fans and spiral fronds."""

from __future__ import annotations

import numpy as np

from pipelines.scene import Colour, Foliage, Lamp, Mesh, Part, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.blades import arcs, blades, dots, tussock
from pipelines.things.grown.plant import Palette, elements, fitted, hued, segments, shaded, shuffled, solid
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, across, level, mix, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import sphere as ball

SKIN: Colour = (0.165, 0.100, 0.205)
GLOW: Colour = (0.100, 0.520, 0.560)
LEAF = Palette((0.060, 0.026, 0.085), (0.170, 0.075, 0.240), (0.200, 0.330, 0.400), (0.060, 0.170, 0.220))


def alien_plant(order: GrownOrder) -> Shape:
    """A plant of another world. Parameters: form (tendrils, bulbs, fan, spiral, tree), count."""
    form = {"tendrils": _tendrils, "bulbs": _bulbs, "fan": _fan, "spiral": _spiral, "tree": _tree}[
        str(order.parameters.get("form", "tendrils"))
    ]
    return form(order)


def _glowing(places: Array, radii: Array, colour: Colour, *, sides: int = 9, name: str = "glow") -> Part:
    one = ball(1.0, sides=sides)
    mesh = join_meshes([Mesh((one.vertices * np.float32(r) + p).astype(np.float32), one.faces) for p, r in zip(places, radii, strict=True)])
    return solid(mesh, material("crystal"), tint=colour, name=name, crease_deg=70, collides=False)


def _skin(limbs: list[Limb], tint: Colour = SKIN) -> Part:
    return solid(wood.tubes(limbs), material("skin"), tint=tint, name="stems", crease_deg=70)


def _lamp(place: Array, colour: Colour, power: float) -> Lamp:
    x, y, z = (float(v) for v in place)
    return Lamp((x, y, z), colour, power, 0.1, False)


def _tendrils(order: GrownOrder) -> Shape:
    """Curling stalks that end in glowing drops, with a skirt of leaves."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(order.parameters.get("count", 9)))
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD
    share = np.concatenate([np.linspace(0, 0.64, 8), np.linspace(0.68, 1, 18)])
    limbs, tips = [], []
    for index in range(count):
        tall = height * (1.0 if index == 0 else rng.uniform(0.45, 0.92))
        reach = width * rng.uniform(0.18, 0.42) * (0.3 if index == 0 else 1)
        out = level(azimuth[index])
        curl = np.clip((share - 0.68) / 0.32, 0, 1)
        radius = 0.10 * tall
        aside = reach * share**1.5 + radius * (np.sin(curl * 4.2)) * (curl > 0)
        rise = tall * np.minimum(share / 0.84, 1) ** 0.9 * 0.93 - radius * (1 - np.cos(curl * 4.2)) * (curl > 0)
        path = out * aside[:, None] + rise[:, None] * [0, 1, 0]
        limbs.append(Limb(path, 0.020 * height * np.interp(share, (0, 1), (1.25, 0.35)) * (0.6 + 0.4 * tall / height), 7))
        tips.append(path[-1] + unit(path[-1] - path[-2]) * 0.032 * height)
    drops = np.array(tips)
    colour = order.colour or GLOW
    parts = [_skin(limbs), _glowing(drops, height * 0.038 * rng.uniform(0.8, 1.3, count), colour)]
    skirt = _leaf_skirt(order, width * 0.5, 46)
    return fitted(Shape(parts, skirt, [], [_lamp(drops[0], colour, 0.8 * height)]), order)


def _leaf_skirt(order: GrownOrder, radius: float, count: int) -> list[Foliage]:
    rng = order.rng
    feet = tussock(rng, count, (radius * 0.25, radius * 0.25))
    outward = np.arange(count) * GOLDEN_ANGLE_RAD
    paths = arcs(feet, heights=radius * rng.uniform(0.6, 1.1, count), azimuths=outward, bends=rng.uniform(0.5, 0.95, count), pieces=5)
    low, high = hued(np.tile(LEAF.inner, (count, 1)), rng), hued(mix(LEAF.outer, LEAF.tip, rng.random(count)), rng)
    return [shuffled([blades(paths, rng, width_m=radius * 0.10, low=low, high=high, twist=0.2)], rng)]


def _bulbs(order: GrownOrder) -> Shape:
    """Swollen translucent pods on short necks, lit from inside, veined and spotted."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(order.parameters.get("count", 5)))
    pods, limbs, groups = [], [], []
    one = ball(1.0, sides=18)
    colour = order.colour or (0.42, 0.20, 0.50)
    for index in range(count):
        share = 1.0 if index == 0 else rng.uniform(0.4, 0.8)
        foot = np.zeros(3) if index == 0 else level(index * 2.4) * rng.uniform(0.2, 0.3) * np.array([width, 0, depth])
        middle = foot + np.array([0, height * share * 0.66, 0]) + unit(foot + 1e-6) * 0.06 * width * (index > 0)
        radius = np.array([0.21, 0.21, 0.21]) * width * share * [1, 1.35, 1]
        waist = 1 - 0.35 * np.clip(one.vertices[:, 1:2], 0, 1) ** 2
        pods.append(
            Mesh(
                (one.vertices * np.concatenate([waist, np.ones_like(waist), waist], axis=1) * radius + middle).astype(np.float32), one.faces
            )
        )
        limbs.append(Limb(np.stack([foot, foot * 0.6 + middle * 0.4, middle]), 0.035 * width * share * np.array([2.0, 1.0, 1.2]), 10))
        out = sphere(rng, 60)
        spot = dots(
            middle + out * radius * [0.86, 1.0, 0.86] * 1.01,
            rng,
            size_m=0.028 * width * rng.uniform(0.4, 1.4, 60),
            colours=hued(np.tile(GLOW, (60, 1)), rng),
            normals=out,
        )
        groups.append(spot)
    parts = [solid(join_meshes(pods), material("crystal"), tint=colour, name="pods", crease_deg=70), _skin(limbs)]
    foliage = [shuffled(groups, rng), *_leaf_skirt(order, width * 0.5, 40)]
    return fitted(Shape(parts, foliage, [], [_lamp(np.array([0, height * 0.66, 0]), colour, 0.7 * height)]), order)


def _fan(order: GrownOrder) -> Shape:
    """Upright fans of branching veins with a thin membrane, like sea fans."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    groups, limbs = [], []
    for index in range(int(float(order.parameters.get("count", 4)))):
        turn = index * 2.4
        right, share = level(turn), 1.0 if index == 0 else rng.uniform(0.5, 0.85)
        foot = np.zeros(3) if index == 0 else level(turn + 1) * 0.18 * width
        veins = 17
        spread = np.linspace(-1.05, 1.05, veins) + rng.normal(0, 0.04, veins)
        along_ = np.linspace(0, 1, 8)[None, :]
        bend = np.sin(spread)[:, None] * along_**1.1 * (1 + 0.12 * np.sin(9 * along_))
        rise = np.cos(spread * 0.9)[:, None] * along_ + 0.05
        paths = foot + right * (bend * width * 0.45 * share)[..., None] + (rise * height * share)[..., None] * [0, 1, 0]
        paths = paths + np.cross(right, [0, 1, 0]) * (0.04 * width * np.sin(3 * along_ + spread[:, None]))[..., None]
        middle = np.repeat(along_[0, :-1] + 0.07, 1)
        tint = hued(np.tile(mix(LEAF.outer, order.colour or LEAF.tip, middle), (veins, 1)), rng)
        wide = height * share * np.tile(0.025 + 0.10 * middle, veins)
        groups.append(
            segments(paths[:, :-1].reshape(-1, 3), paths[:, 1:].reshape(-1, 3), np.cross(right, [0, 1, 0]), width_m=wide, colours=tint)
        )
        tips = paths[:, -1]
        groups.append(dots(tips, rng, size_m=height * 0.035, colours=hued(np.tile(GLOW, (veins, 1)), rng)))
        limbs.append(
            Limb(
                np.stack([foot, foot + [0, 0.1 * height * share, 0], foot + [0, 0.3 * height * share, 0]]),
                height * share * np.array([0.035, 0.02, 0.006]),
                7,
            )
        )
    return fitted(Shape([_skin(limbs)], [shuffled(groups, rng)]), order)


def _spiral(order: GrownOrder) -> Shape:
    """A corkscrew stem with whorls of narrow leaves and a bright crown."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    share = np.linspace(0, 1, 40)
    coil = 0.10 * width * (1 - 0.4 * share)
    path = np.stack([np.cos(share * 15) * coil, share * height * 0.9, np.sin(share * 15) * coil], axis=1)
    path[:, [0, 2]] *= np.clip(share * 6, 0, 1)[:, None]
    stem = Limb(path, 0.035 * height * (1 - 0.72 * share), 9)
    count = 130
    at = np.clip(rng.random(count) ** 0.8, 0.1, 1)
    feet = np.stack([np.interp(at, share, path[:, axis]) for axis in range(3)], axis=1)
    outward = np.arange(count) * GOLDEN_ANGLE_RAD
    length = width * 0.5 * (0.35 + 0.65 * np.sin(at * 2.6))
    paths = arcs(feet, heights=length, azimuths=outward, bends=rng.uniform(0.75, 1.0, count), pieces=5)
    low, high = hued(np.tile(LEAF.inner, (count, 1)), rng), hued(mix(LEAF.outer, order.colour or LEAF.tip, rng.random(count)), rng)
    leaves = blades(paths, rng, width_m=0.055 * width, low=low, high=high, twist=0.3)
    drops = paths[::4, -1]
    glow = _glowing(
        np.concatenate([drops, path[-1:]]),
        np.concatenate([np.full(len(drops), 0.013 * height), [0.045 * height]]),
        order.colour or GLOW,
        sides=7,
    )
    return fitted(Shape([_skin([stem]), glow], [shuffled([leaves], rng)], [], [_lamp(path[-1], order.colour or GLOW, 0.8 * height)]), order)


def _tree(order: GrownOrder) -> Shape:
    """A tree of stacked discs of hanging threads on a pale, many-footed trunk."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    share = np.linspace(0, 1, 14)
    sway = np.cumsum(rng.normal(0, 0.02, (14, 2)), axis=0) * height * (share[:, None] > 0)
    trunk = np.stack([sway[:, 0], share * height * 0.9, sway[:, 1]], axis=1)
    limbs = [Limb(trunk, 0.030 * height * (1.15 - 0.95 * share), 10)]
    for index in range(5):
        out = level(index * 1.257 + rng.normal(0, 0.2))
        points = np.stack(
            [
                out * 0.10 * width,
                out * 0.07 * width + [0, 0.06 * height, 0],
                out * 0.03 * width + [0, 0.15 * height, 0],
                trunk[4] * [1, 1, 1],
            ]
        )
        limbs.append(Limb(points, 0.016 * height * np.array([1.0, 0.9, 0.8, 0.5]), 7))
    groups, drops = [], []
    for disc in range(6):
        at = 0.42 + 0.55 * disc / 5
        middle = np.array([np.interp(at, share, trunk[:, axis]) for axis in range(3)])
        radius = width * 0.5 * (1.0, 0.62, 0.86, 0.5, 0.62, 0.34)[disc]
        groups.append(_disc(middle, radius, height, rng))
        azimuth = rng.uniform(0, 6.28, 7)
        ends = middle + level(azimuth) * radius * rng.uniform(0.6, 0.95, (7, 1))
        limbs += [
            Limb(np.stack([middle, (middle + end) / 2 + [0, 0.02 * height, 0], end]), 0.006 * height * np.array([1.3, 0.9, 0.5]), 5)
            for end in ends
        ]
        drops.append(ends - [0, 0.05 * height, 0])
    colours = LEAF if order.colour is None else Palette(*(tuple(np.asarray(order.colour) * s) for s in (0.35, 1.0, 1.4)))
    crown = shaded(shuffled(groups, rng), rng, colours, clump_m=height * 0.15, outward=0.2, strength=0.6, tips=0.8)
    places = np.concatenate(drops)
    lamps = [_lamp(trunk[-3], GLOW, 0.3 * height)]
    return fitted(
        Shape(
            [_skin(limbs, (0.22, 0.17, 0.24)), _glowing(places, np.full(len(places), 0.011 * height), GLOW, sides=7)], [crown], [], lamps
        ),
        order,
    )


def _disc(middle: Array, radius: float, height: float, rng: np.random.Generator) -> Foliage:
    """A shallow dome of leaf plates with threads that hang from its rim."""
    count = 1500
    azimuth, reach = rng.uniform(0, 6.28, count), np.sqrt(rng.random(count))
    out = level(azimuth)
    dome = 0.035 * height * (1 - 2.2 * reach**2) + rng.normal(0, 0.006, count) * height
    centres = middle + out * (reach * radius)[:, None] + dome[:, None] * [0, 1, 0]
    go = unit(out + [0, -0.35, 0] * reach[:, None] + 0.35 * sphere(rng, count))
    size = radius * 0.12 * rng.uniform(0.6, 1.3, count)
    plates = elements(centres, go, np.array([0, 1, 0]) + 0.4 * sphere(rng, count), length_m=size, width_m=size * 0.5, colours=np.zeros(3))
    rim = level(rng.uniform(0, 6.28, 260)) * radius * rng.uniform(0.7, 1.0, (260, 1)) + middle - [0, 0.035 * height, 0]
    drop = height * rng.uniform(0.02, 0.10, 260)
    threads = segments(
        rim,
        rim - drop[:, None] * [0, 1, 0],
        across(np.tile([0.0, -1.0, 0.0], (260, 1)), sphere(rng, 260)),
        width_m=0.006 * height,
        colours=np.zeros(3),
    )
    return shuffled([plates, threads], rng)
