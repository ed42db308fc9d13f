"""Conifers: pines with cloud-like crowns, spruces and firs in drooping tiers, larches, cypress columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.scene import Foliage
from pipelines.spec import Season
from pipelines.things.grown import wood
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import elements, fitted, hued, segments, shaded, shuffled, wooden
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, along, level, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.shape import GrownOrder, Shape


@dataclass(frozen=True)
class Habit:
    """How a conifer carries its branches. Lengths are shares of the height unless they say otherwise.

    bare: trunk below the first branch.  whorls, each: tiers and branches in one.  profile: branch length at crown heights 0 … 1 as
    a share of the half width.  rise_low, rise_high: angle above the horizontal at the crown's foot and top.  sag: how much a branch
    bends down, hook: how much its tip turns up again.  sprays: side twigs on a branch.  hang: how far side twigs hang.
    """

    bare: float
    whorls: int
    each: float
    profile: tuple[tuple[float, ...], tuple[float, ...]]
    rise_low: float
    rise_high: float
    sag: float
    hook: float
    sprays: int
    fan: float
    hang: float
    needle_m: float
    needle_width: float
    bushy: float
    gaps: float = 0.06


HABITS: Mapping[str, Habit] = {
    "spruce": Habit(
        0.035, 30, 6, ((0, 0.04, 0.12, 0.5, 0.85, 1), (0.8, 0.98, 1.0, 0.58, 0.19, 0.015)), -0.25, 0.75,
        sag=0.30, hook=0.22, sprays=14, fan=0.46, hang=0.50, needle_m=0.36, needle_width=0.34, bushy=0.40,
    ),
    "fir": Habit(
        0.03, 34, 6, ((0, 0.05, 0.5, 0.85, 1), (0.92, 1.0, 0.58, 0.21, 0.02)), -0.05, 0.75,
        sag=0.10, hook=0.14, sprays=12, fan=0.46, hang=0.22, needle_m=0.36, needle_width=0.40, bushy=0.65,
    ),
    "larch": Habit(
        0.08, 24, 5, ((0, 0.1, 0.5, 0.85, 1), (0.75, 1.0, 0.62, 0.22, 0.02)), -0.1, 0.5,
        sag=0.16, hook=0.24, sprays=11, fan=0.36, hang=0.55, needle_m=0.26, needle_width=0.42, bushy=0.45, gaps=0.16,
    ),
    "young": Habit(
        0.02, 14, 6, ((0, 0.08, 0.5, 0.85, 1), (0.9, 1.0, 0.55, 0.2, 0.03)), 0.15, 0.8,
        sag=0.06, hook=0.12, sprays=11, fan=0.45, hang=0.12, needle_m=0.34, needle_width=0.36, bushy=0.3,
    ),
}  # fmt: skip


def conifer(order: GrownOrder) -> Shape:
    """A conifer. Parameters: habit (spruce, fir, larch, young, pine, cypress), palette, bark, trunk (radius / height), bare."""
    habit = str(order.parameters.get("habit", "spruce"))
    if habit == "pine":
        return _pine(order)
    if habit == "cypress":
        return _cypress(order)
    return _tiered(order, HABITS[habit])


def _tiered(order: GrownOrder, habit: Habit) -> Shape:
    rng, height = order.rng, float(order.size_m[1])
    trunk = _straight_trunk(order, float(order.parameters.get("trunk", 0.014)))
    starts, spines = _tiers(order, habit, trunk)
    lengths = np.linalg.norm(spines[:, -1] - spines[:, 0], axis=1)
    # boughs near the ground are drawn as foliage only: what stands there is the trunk
    high = np.flatnonzero(spines[:, 0, 1] > 0.22 * height)
    chosen = high[np.argsort(-lengths[high])[:70]]
    share = np.linspace(0, 1, 4)[None, :]
    shown, _ = along(spines[chosen], np.repeat(share, len(chosen), axis=0))
    boughs = [
        Limb(path, 0.010 * height**0.5 * np.array([1.0, 0.75, 0.5, 0.18]) * (0.35 + reach / lengths.max()), 3)
        for path, reach in zip(shown, lengths[chosen], strict=True)
    ]
    mesh = wood.flared(
        wood.tubes([trunk, *wood.roots(rng, radius_m=float(trunk.radii[0]), count=5, reach=2.2)]),
        rng,
        radius_m=float(trunk.radii[0]),
        height_m=float(trunk.radii[0]) * 3,
        ring=trunk.sides,
    )
    parts = [
        wooden(mesh, order.material or str(order.parameters.get("bark", "bark"))),
        wooden(wood.tubes(boughs), str(order.parameters.get("bark", "bark")), name="branches"),
    ]
    twigs, needles = _sprays(order, habit, spines, trunk)
    bare = order.season == Season.WINTER and str(order.parameters.get("palette")) == "larch"
    foliage = [shuffled([twigs], rng, translucency=0.0)]
    if not bare:
        colours = palette(str(order.parameters.get("palette", "spruce")), order.season, order.colour)
        foliage.append(
            shaded(shuffled([needles], rng, translucency=0.2), rng, colours, clump_m=height * 0.07, outward=0.6, strength=0.8, tips=0.55)
        )
    return fitted(Shape(parts, foliage), order)


def _straight_trunk(order: GrownOrder, slenderness: float) -> Limb:
    rng, height = order.rng, float(order.size_m[1])
    rise = np.linspace(0, 1, 14)
    sway = np.cumsum(rng.normal(0, 0.0035 * height, (14, 2)), axis=0) * (rise[:, None] > 0)
    sway -= sway[0]
    points = np.stack([sway[:, 0], rise * height * 0.97, sway[:, 1]], axis=1)
    return wood.footed(Limb(points, slenderness * height * np.maximum(1 - rise, 0.04) ** 0.85, 14))


def _tiers(order: GrownOrder, habit: Habit, trunk: Limb) -> tuple[Array, Array]:
    """Branch spines: where they leave the trunk (B,) as a share of the crown, and their course (B, 7, 3)."""
    rng = order.rng
    width, height, depth = order.size_m
    bare = float(order.parameters.get("bare", habit.bare))
    whorl = (np.arange(habit.whorls) + rng.uniform(-0.25, 0.25, habit.whorls)) / habit.whorls
    at = np.repeat(np.clip(whorl, 0, 0.995) ** 0.92, int(habit.each)) + rng.normal(0, 0.006, habit.whorls * int(habit.each))
    keep = rng.random(len(at)) > habit.gaps
    at = np.clip(at[keep], 0, 0.995)
    count = len(at)
    azimuth = np.arange(count) * (2 * np.pi / habit.each + 0.21) + rng.normal(0, 0.28, count)
    reach = np.interp(at, *habit.profile) * rng.uniform(0.72, 1.08, count)
    strong = 1 + 0.16 * np.sin(azimuth * 2 + rng.uniform(0, 6)) * (1 - at)
    half = np.hypot(np.cos(azimuth) * width / 2, np.sin(azimuth) * depth / 2)
    reach *= half * strong
    rise = habit.rise_low + (habit.rise_high - habit.rise_low) * at + rng.normal(0, 0.09, count)
    share = np.linspace(0, 1, 7)[None, :]
    out = share * (1 + 0.03 * rng.normal(0, 1, (count, 7)))
    fall = habit.sag * (1 - at[:, None]) * share**1.6 - habit.hook * (1 - 0.5 * at[:, None]) * share**4
    climb = np.tan(np.clip(rise, -0.9, 1.05))[:, None] * share * (1 - 0.25 * share) - fall
    start_y = height * (bare + (0.985 - bare) * at)
    centre = np.stack([np.interp(start_y, trunk.points[:, 1], trunk.points[:, axis]) for axis in (0, 2)], axis=1)
    flat = level(azimuth)
    spines = np.empty((count, 7, 3))
    spines[:, :, 0] = centre[:, :1] + flat[:, :1] * reach[:, None] * out
    spines[:, :, 2] = centre[:, 1:] + flat[:, 2:] * reach[:, None] * out
    spines[:, :, 1] = np.maximum(start_y[:, None] + climb * reach[:, None], 0.02 * height * share)
    bend = rng.normal(0, 0.06, (count, 1)) * reach[:, None] * share**2
    spines[:, :, 0] -= flat[:, 2:] * bend
    spines[:, :, 2] += flat[:, :1] * bend
    return at, spines


def _sprays(order: GrownOrder, habit: Habit, spines: Array, trunk: Limb) -> tuple[Foliage, Foliage]:
    """Thin ends of the branches, and needle sprays: along the branch, and in a fan of side twigs that hang."""
    rng, height = order.rng, float(order.size_m[1])
    scale = (height / 14) ** 0.6
    count, sides = len(spines), habit.sprays
    lengths = np.linalg.norm(spines[:, -1] - spines[:, 0], axis=1)
    bulk = np.clip(lengths / np.percentile(lengths, 80), 0.15, 1.3)
    share = np.broadcast_to((np.arange(sides) + 0.5) / sides, (count, sides)) * 0.9 + 0.1
    share = np.clip(share + rng.normal(0, 0.025, (count, sides)), 0.08, 1)
    present = rng.random((count, sides)) < np.clip(bulk[:, None] * 1.4, 0.45, 1)
    foot, ahead = along(spines, share)
    flat_side = np.cross(ahead, [0.0, 1.0, 0.0])
    links = 3
    found: list[Foliage] = []
    for hand in (-1.0, 1.0):
        size = (
            habit.fan
            * lengths[:, None]
            * (1.02 - share) ** 0.7
            * (0.55 + 0.45 * smooth_start(share))
            * rng.uniform(0.65, 1.25, (count, sides))
        )
        go = unit(
            ahead * 0.75 + hand * unit(flat_side) * rng.uniform(0.75, 1.15, (count, sides, 1)) + 0.12 * rng.normal(0, 1, (count, sides, 3))
        )
        before = foot
        for link in range(links):
            end_share = (link + 1) / links
            sagging = habit.hang * size * end_share**1.5 * rng.uniform(0.6, 1.4, (count, sides))
            after = foot + go * (size * end_share)[..., None] - np.array([0, 1.0, 0]) * sagging[..., None]
            found.append(_needles(before[present], after[present], habit, scale, rng))
            before = after
    tip_share = np.linspace(0.3, 1, 7)
    ends, _ = along(spines, np.broadcast_to(tip_share, (count, 7)))
    found.append(_needles(ends[:, :-1].reshape(-1, 3), ends[:, 1:].reshape(-1, 3), habit, scale, rng))
    tops = _leader(order, habit, scale, trunk)
    pieces = spines.shape[1] - 1
    stalks = segments(
        spines[:, :-1].reshape(-1, 3), spines[:, 1:].reshape(-1, 3), sphere(rng, count * pieces),
        width_m=np.tile(np.linspace(0.05, 0.015, pieces), count) * scale,
        colours=hued(np.tile([0.055, 0.042, 0.030], (count * pieces, 1)), rng),
    )  # fmt: skip
    return stalks, shuffled([*found, tops], rng)


def smooth_start(share: Array) -> Array:
    """Side twigs near the trunk are shorter: 0 at the trunk, 1 from the branch's middle on."""
    return np.clip(share * 2.2, 0, 1)


def _needles(starts: Array, ends: Array, habit: Habit, scale: float, rng: np.random.Generator) -> Foliage:
    """Sprays of needles along twig pieces: long pieces carry one long ellipse, and a second one that is turned a little."""
    count = len(starts)
    reach = ends - starts
    length = np.linalg.norm(reach, axis=1)
    least = habit.needle_m * scale * 0.5
    facing = unit(np.cross(unit(reach), sphere(rng, count)) + [0, 0.9, 0])
    width = np.clip(habit.needle_width * (length * 0.5 + least * 0.6), 0.03, 0.22) * rng.uniform(0.75, 1.3, count)
    first = elements((starts + ends) / 2, reach, facing, length_m=np.maximum(length * 1.35, least), width_m=width, colours=np.zeros(3))
    lucky = rng.random(count) < habit.bushy + 0.35
    tilt = unit(unit(reach[lucky]) + 0.85 * sphere(rng, int(lucky.sum())))
    where = starts[lucky] + reach[lucky] * rng.random((int(lucky.sum()), 1))
    second = elements(
        where,
        tilt,
        sphere(rng, len(where)) + [0, 0.4, 0],
        length_m=np.maximum(length[lucky], least) * 0.9,
        width_m=width[lucky] * 0.85,
        colours=np.zeros(3),
    )
    return shuffled([first, second], rng)


def _leader(order: GrownOrder, habit: Habit, scale: float, trunk: Limb) -> Foliage:
    """The topmost shoot with its first needles."""
    rng, height = order.rng, float(order.size_m[1])
    count = 60
    share = np.linspace(0, 1, count)
    at = np.stack([np.full(count, trunk.points[-1, 0]), height * (0.90 + 0.10 * share), np.full(count, trunk.points[-1, 2])], axis=1)
    go = unit(level(np.arange(count) * GOLDEN_ANGLE_RAD) * (0.75 - 0.6 * share)[:, None] + [0, 0.8, 0])
    length = habit.needle_m * scale * (0.8 - 0.4 * share)
    return elements(at + go * length[:, None] * 0.4, go, sphere(rng, count), length_m=length, width_m=length * 0.28, colours=np.zeros(3))


def _pine(order: GrownOrder) -> Shape:
    """A Scots pine: a tall, slightly bent trunk, bare and reddish above, a few strong boughs that carry flat clouds of needles."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    bare = float(told.get("bare", 0.42))
    trunk = _pine_trunk(order, float(told.get("trunk", 0.0165)))
    many = int(told.get("boughs", 25))
    at = np.sort(np.clip((np.arange(many) + rng.uniform(0, 1, many)) / many, 0, 0.985))
    azimuth = np.arange(many) * GOLDEN_ANGLE_RAD + rng.normal(0, 0.35, many)
    profile = np.interp(at, (0, 0.2, 0.5, 0.8, 1), (0.8, 1.0, 0.9, 0.6, 0.22)) * rng.uniform(0.55, 1.08, many)
    half = np.hypot(np.cos(azimuth) * width / 2, np.sin(azimuth) * depth / 2) * profile * 0.84
    rise = 0.1 + 0.75 * at + rng.normal(0, 0.14, many)
    foot_y = height * (bare + (0.93 - bare) * at)
    centre = np.stack([np.interp(foot_y, trunk.points[:, 1], trunk.points[:, axis]) for axis in (0, 1, 2)], axis=1)
    share = np.linspace(0, 1, 6)[None, :, None]
    out = level(azimuth)
    kinks = np.cumsum(rng.normal(0, 0.05, (many, 6, 3)), axis=1) * half[:, None, None] * share
    lift = (np.tan(rise) * half)[:, None, None] * (0.35 * share + 0.65 * share**2) * np.array([0, 0.75, 0])
    spines = centre[:, None] + out[:, None] * half[:, None, None] * share + lift + kinks
    boughs = [
        Limb(path, 0.0052 * height * (0.6 + 0.5 * reach / half.max()) * np.array([1, 0.82, 0.66, 0.5, 0.36, 0.2]), 5)
        for path, reach in zip(spines, half, strict=True)
    ]
    stubs = _dead_stubs(trunk, bare, rng)
    mesh = wood.flared(
        wood.tubes([trunk, *wood.roots(rng, radius_m=float(trunk.radii[0]), count=5, reach=2.2)]),
        rng,
        radius_m=float(trunk.radii[0]),
        height_m=float(trunk.radii[0]) * 3,
        ring=trunk.sides,
    )
    bark = order.material or str(told.get("bark", "bark"))
    parts = [wooden(mesh, bark), wooden(wood.tubes(boughs + stubs), bark, name="branches", tint=(0.235, 0.105, 0.055))]
    twigs, needles = _clouds(order, spines, half, trunk)
    colours = palette(str(told.get("palette", "pine")), order.season, order.colour)
    crown = shaded(needles, rng, colours, clump_m=height * 0.09, outward=0.75, strength=0.8, tips=0.5)
    return fitted(Shape(parts, [twigs, crown]), order)


def _pine_trunk(order: GrownOrder, slenderness: float) -> Limb:
    rng, height = order.rng, float(order.size_m[1])
    rise = np.linspace(0, 1, 16)
    lean = rng.normal(0, 0.03, 2) * height
    wave = height * 0.012 * np.stack([np.sin(rise * rng.uniform(4, 8) + p) - np.sin(p) for p in rng.uniform(0, 6.28, 2)], axis=1)
    flat = rise[:, None] ** 1.3 * lean + wave * rise[:, None]
    points = np.stack([flat[:, 0], rise * height * 0.95, flat[:, 1]], axis=1)
    return wood.footed(Limb(points, slenderness * height * np.interp(rise, (0, 0.5, 0.85, 1), (1, 0.72, 0.4, 0.12)), 14))


def _dead_stubs(trunk: Limb, bare: float, rng: np.random.Generator) -> list[Limb]:
    """Short dry branches on the bare trunk."""
    found = []
    top = trunk.points[-1, 1]
    for share in rng.uniform(0.35 * bare, bare, 9):
        foot = np.array([np.interp(share * top, trunk.points[:, 1], trunk.points[:, axis]) for axis in range(3)])
        go = level(rng.uniform(0, 6.28), rng.uniform(-0.3, 0.3))
        length = top * rng.uniform(0.015, 0.06)
        bend = np.array([0, -0.15, 0]) * length
        found.append(
            Limb(np.stack([foot, foot + go * length * 0.6, foot + go * length + bend]), top * np.array([0.0024, 0.0016, 0.0006]), 4)
        )
    return found


def _clouds(order: GrownOrder, spines: Array, half: Array, trunk: Limb) -> tuple[Foliage, Foliage]:
    """Flat clouds of needle tufts on side twigs of the outer half of every bough, and one on the top."""
    rng, height = order.rng, float(order.size_m[1])
    scale = (height / 14) ** 0.6
    many, each = len(spines), 13
    share = np.clip(0.30 + 0.72 * rng.random((many, each)) ** 0.7, 0, 1)
    foot, ahead = along(spines, share)
    go = unit(ahead * 0.7 + rng.normal(0, 0.75, ahead.shape) * [1, 0.25, 1] + [0, 0.28, 0])
    size = (0.16 + 0.20 * half[:, None] / half.max()) * order.size_m[0] * 0.5 * rng.uniform(0.5, 1.15, (many, each))
    ends = (foot + go * size[..., None]).reshape(-1, 3)
    crown_top = trunk.points[-1] + rng.normal(0, 0.045 * height, (34, 3)) * [1, 0.55, 1] - [0, 0.02 * height, 0]
    feet = np.concatenate([foot.reshape(-1, 3), np.repeat(trunk.points[-3][None], 34, axis=0)])
    ends = np.concatenate([ends, crown_top])
    twigs = segments(
        feet,
        ends,
        sphere(rng, len(ends)),
        width_m=0.028 * scale,
        colours=hued(np.tile([0.10, 0.062, 0.040], (len(ends), 1)), rng),
        overlap=1.0,
    )
    tufts = 36
    node = np.repeat(np.arange(len(ends)), tufts)
    count = len(node)
    back = rng.random((count, 1)) ** 1.6 * 0.75
    about = sphere(rng, count) * 0.17 * scale * [1.3, 0.55, 1.3]
    centres = ends[node] * (1 - back) + feet[node] * back + about
    direction = unit(unit(ends[node] - feet[node]) * 0.6 + sphere(rng, count) * 0.95 + [0, 0.45, 0])
    length = 0.23 * scale * rng.uniform(0.7, 1.4, count)
    facing = unit(sphere(rng, count) + [0, 0.5, 0])
    needles = elements(centres, direction, facing, length_m=length, width_m=length * rng.uniform(0.26, 0.42, count), colours=np.zeros(3))
    return shuffled([twigs], rng, translucency=0.0), shuffled([needles], rng, translucency=0.2)


def _cypress(order: GrownOrder) -> Shape:
    """A dense flame of upright sprays round a hidden trunk."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    count = 13000
    at = rng.random(count) ** 1.15
    profile = np.interp(at, (0, 0.06, 0.3, 0.65, 0.9, 1), (0.35, 0.72, 1.0, 0.78, 0.34, 0.03))
    azimuth = rng.uniform(0, 2 * np.pi, count)
    lobes = 1 + 0.13 * np.sin(3 * azimuth + 9 * at + rng.uniform(0, 6)) + 0.10 * np.sin(5 * azimuth - 17 * at + rng.uniform(0, 6))
    radius = profile * lobes * np.clip(1 - 0.55 * rng.random(count) ** 2.2, 0, 1)
    centres = np.stack([np.cos(azimuth) * radius * width / 2, height * (0.02 + 0.95 * at), np.sin(azimuth) * radius * depth / 2], axis=1)
    out = level(azimuth)
    direction = unit(out * rng.uniform(0.1, 0.5, (count, 1)) + [0, 1, 0] + 0.18 * sphere(rng, count))
    length = 0.38 * (height / 9) ** 0.6 * rng.uniform(0.6, 1.3, count)
    sprays = elements(centres, direction, out + 0.7 * sphere(rng, count), length_m=length, width_m=length * 0.3, colours=np.zeros(3))
    trunk = _straight_trunk(order, 0.012)
    colours = palette(str(order.parameters.get("palette", "cypress")), order.season, order.colour)
    leaves = shaded(shuffled([sprays], rng, translucency=0.15), rng, colours, clump_m=width * 0.3, outward=0.9, tips=0.4)
    return fitted(Shape([wooden(wood.tubes([trunk]), order.material or "bark")], [leaves]), order)
