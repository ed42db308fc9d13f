"""Herbs: grass, reeds, corn, ferns, lavender, succulents, seaweed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.scene import Colour, Foliage
from pipelines.spec import Season
from pipelines.things.grown import wood
from pipelines.things.grown.blades import arcs, blades, stalks, tussock
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import Palette, elements, fitted, hued, segments, shaded, shuffled, wooden
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, along, level, mix, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.shape import GrownOrder, Shape

STALK = (0.075, 0.115, 0.032)

GRASS: Mapping[str, Mapping[Season, tuple[Colour, Colour, Colour]]] = {
    "green": {
        Season.SPRING: ((0.068, 0.108, 0.026), (0.125, 0.200, 0.046), (0.175, 0.225, 0.065)),
        Season.SUMMER: ((0.060, 0.094, 0.024), (0.108, 0.165, 0.042), (0.205, 0.198, 0.078)),
        Season.AUTUMN: ((0.082, 0.082, 0.030), (0.150, 0.142, 0.047), (0.260, 0.205, 0.095)),
        Season.WINTER: ((0.075, 0.060, 0.032), (0.190, 0.155, 0.080), (0.290, 0.240, 0.140)),
    },
    "straw": dict.fromkeys(Season, ((0.09, 0.07, 0.03), (0.27, 0.205, 0.085), (0.42, 0.325, 0.15))),
    "wheat": {
        Season.SPRING: ((0.045, 0.070, 0.020), (0.120, 0.180, 0.050), (0.160, 0.210, 0.070)),
        Season.SUMMER: ((0.110, 0.088, 0.035), (0.330, 0.245, 0.090), (0.480, 0.345, 0.130)),
        Season.AUTUMN: ((0.110, 0.085, 0.035), (0.320, 0.225, 0.085), (0.450, 0.315, 0.120)),
        Season.WINTER: ((0.090, 0.075, 0.045), (0.230, 0.185, 0.105), (0.320, 0.260, 0.160)),
    },
    "reed": {
        Season.SPRING: ((0.035, 0.060, 0.018), (0.090, 0.150, 0.045), (0.130, 0.180, 0.065)),
        Season.SUMMER: ((0.032, 0.054, 0.018), (0.080, 0.128, 0.042), (0.140, 0.165, 0.065)),
        Season.AUTUMN: ((0.080, 0.070, 0.030), (0.220, 0.175, 0.075), (0.320, 0.250, 0.120)),
        Season.WINTER: ((0.100, 0.080, 0.042), (0.260, 0.210, 0.120), (0.360, 0.300, 0.185)),
    },
    "sage": dict.fromkeys(Season, ((0.06, 0.072, 0.048), (0.15, 0.18, 0.115), (0.21, 0.24, 0.165))),
    "alien": dict.fromkeys(Season, ((0.025, 0.03, 0.06), (0.07, 0.18, 0.23), (0.34, 0.13, 0.4))),
    "sea": dict.fromkeys(Season, ((0.02, 0.045, 0.02), (0.07, 0.13, 0.04), (0.16, 0.2, 0.06))),
}
"""Grass colours by name and season: at the foot, along the blade, in the dry ones among them."""


def grass_colours(name: str, season: Season, rng: np.random.Generator, count: int, *, dry: float = 0.25) -> tuple[Array, Array]:
    """Foot and tip colours (count, 3) of that many blades; `dry` is the share of dry ones."""
    foot, body, straw = GRASS[name][season]
    share = np.clip(rng.normal(dry, 0.28, count), 0, 1)
    return hued(np.tile(foot, (count, 1)), rng), hued(mix(body, straw, share), rng)


def tuft(order: GrownOrder) -> Shape:
    """A tuft of grass or reeds.

    Parameters: colours (a name of GRASS), blades, bend, width (metres), dry, heads ("" or seed, cattail, wheat,
    plume, lavender), head_share.
    """
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(told.get("blades", 260)))
    bend = float(told.get("bend", 0.45))
    feet = tussock(rng, count, (width * 0.30, depth * 0.30))
    azimuth = np.arctan2(feet[:, 2], feet[:, 0]) + rng.normal(0, 0.7, count)
    rise = height * rng.uniform(0.45, 1.0, count)
    lean = np.abs(rng.normal(bend, 0.3 * bend + 0.05, count))
    low, high = grass_colours(str(told.get("colours", "green")), order.season, rng, count, dry=float(told.get("dry", 0.2)))
    if order.colour is not None:
        high = hued(np.tile(order.colour, (count, 1)), rng)
    paths = arcs(feet, heights=rise, azimuths=azimuth, bends=lean, pieces=4)
    groups = [blades(paths, rng, width_m=float(told.get("width", 0.011)) * rng.uniform(0.7, 1.3, count), low=low, high=high)]
    heads = str(told.get("heads", ""))
    if heads:
        groups += headed(heads, feet, order, share=float(told.get("head_share", 0.2)))
    return fitted(Shape([], [shuffled(groups, rng)]), order)


def headed(heads: str, feet: Array, order: GrownOrder, *, share: float) -> list[Foliage]:
    """Upright stalks that carry seed heads, on a share of the feet."""
    rng, height = order.rng, float(order.size_m[1])
    chosen = feet[rng.permutation(len(feet))[: max(3, int(len(feet) * share))]]
    count = len(chosen)
    outward = np.arctan2(chosen[:, 2], chosen[:, 0])
    tall = height * rng.uniform(0.78, 1.0, count)
    paths = arcs(chosen, heights=tall, azimuths=outward + rng.normal(0, 0.6, count), bends=np.abs(rng.normal(0.10, 0.07, count)), pieces=4)
    stalk = STALK if heads not in ("wheat", "plume") else GRASS["wheat"][order.season][1]
    groups = [stalks(paths, rng, width_m=max(0.004, height * 0.006), colour=stalk)]
    return [*groups, seed_heads(heads, paths[:, -1], unit(paths[:, -1] - paths[:, -2]), order)]


def seed_heads(heads: str, tips: Array, ahead: Array, order: GrownOrder) -> Foliage:
    """The heads themselves at stalk tips (N, 3) along unit directions (N, 3)."""
    rng, height, count = order.rng, float(order.size_m[1]), len(tips)
    if heads == "cattail":
        return _cattails(tips, ahead, rng, height)
    if heads == "lavender":
        return _spikes(
            tips,
            ahead,
            rng,
            length=height * 0.26,
            florets=26,
            size=height * 0.030,
            colour=np.asarray(order.colour or (0.195, 0.125, 0.360)),
        )
    if heads == "wheat":
        ear = hued(np.tile(GRASS["wheat"][order.season][2], (count, 1)), rng)
        return _ears(tips, ahead, rng, length=height * 0.13, colours=ear, awns=True)
    if heads == "plume":
        return _plumes(tips, ahead, rng, length=height * 0.34)
    return _ears(tips, ahead, rng, length=height * 0.16, colours=hued(np.tile([0.28, 0.215, 0.12], (count, 1)), rng), awns=False)


def _cattails(tips: Array, ahead: Array, rng: np.random.Generator, height: float) -> Foliage:
    length = height * rng.uniform(0.08, 0.12, len(tips))
    groups = []
    for turn in (level(0.3), level(1.35), level(2.4)):
        middle = tips - ahead * (length * 0.9)[:, None]
        brown = hued(np.tile([0.090, 0.045, 0.022], (len(tips), 1)), rng)
        groups.append(elements(middle, ahead, turn[None], length_m=length, width_m=length * 0.24, colours=brown))
    return shuffled(groups, rng)


def _spikes(tips: Array, ahead: Array, rng: np.random.Generator, *, length: float, florets: int, size: float, colour: Array) -> Foliage:
    """Flower spikes: small florets around the upper end of a stalk."""
    node = np.repeat(np.arange(len(tips)), florets)
    count = len(node)
    share = np.tile(np.linspace(0, 1, florets), len(tips))
    out = unit(level(np.tile(np.arange(florets) * GOLDEN_ANGLE_RAD, len(tips))) + 0.5 * ahead[node] + 0.2 * sphere(rng, count))
    centres = tips[node] - ahead[node] * (length * (1 - share))[:, None] + out * size * 0.45 * (1.15 - 0.6 * share)[:, None]
    tint = hued(mix(colour * 0.75, np.clip(colour * 1.35, 0, 0.9), share), rng)
    return elements(centres, out + ahead[node] * 0.6, out, length_m=size * rng.uniform(0.8, 1.3, count), width_m=size * 0.62, colours=tint)


def _ears(tips: Array, ahead: Array, rng: np.random.Generator, *, length: float, colours: Array, awns: bool) -> Foliage:
    grains = 8
    node = np.repeat(np.arange(len(tips)), grains)
    count = len(node)
    share = np.tile(np.linspace(0, 1, grains), len(tips))
    bend = level(rng.uniform(0, 6.28, len(tips)))[node] * 0.35
    go = unit(ahead[node] + bend * share[:, None] + 0.35 * level(np.tile(np.arange(grains) * np.pi, len(tips)) + node))
    centres = tips[node] + (ahead[node] * share[:, None] + bend * (share**2)[:, None] * 0.5) * length
    groups = [elements(centres, go, sphere(rng, count), length_m=length * 0.32, width_m=length * 0.13, colours=colours[node])]
    if awns:
        groups.append(
            elements(
                centres + go * length * 0.4,
                go,
                sphere(rng, count),
                length_m=length * 0.8,
                width_m=length * 0.022,
                colours=colours[node] * 1.1,
            )
        )
    return shuffled(groups, rng)


def _plumes(tips: Array, ahead: Array, rng: np.random.Generator, *, length: float) -> Foliage:
    strands = 40
    node = np.repeat(np.arange(len(tips)), strands)
    count = len(node)
    share = rng.random(count)
    go = unit(ahead[node] + 0.45 * sphere(rng, count) + level(rng.uniform(0, 6.28, len(tips)))[node] * 0.3)
    centres = tips[node] - ahead[node] * (length * (0.9 - share))[:, None] + go * length * 0.12
    tint = hued(mix((0.30, 0.235, 0.16), (0.56, 0.49, 0.38), share), rng)
    return elements(
        centres, go, sphere(rng, count), length_m=length * 0.28 * rng.uniform(0.6, 1.3, count), width_m=length * 0.05, colours=tint
    )


def frond_leaflets(
    spines: Array,
    rng: np.random.Generator,
    *,
    pairs: int,
    length_m: Array,
    width_m: float,
    profile: tuple[tuple[float, ...], tuple[float, ...]],
    droop: float,
    sweep: float,
    pieces: int = 1,
) -> Foliage:
    """Leaflets on both sides of frond spines (F, P, 3): (share, size) profile, `sweep` towards the tip, `droop` down."""
    fronds = len(spines)
    share = np.broadcast_to((np.arange(pairs) + 0.5) / pairs, (fronds, pairs))
    foot, ahead = along(spines, share)
    side = unit(np.cross(ahead, [0.0, 1.0, 0.0]))
    above = np.cross(side, ahead)
    size = np.interp(share, *profile) * np.asarray(length_m)[:, None] * rng.uniform(0.88, 1.12, share.shape)
    groups = []
    for hand in (-1.0, 1.0):
        go = unit(hand * side + sweep * ahead + 0.15 * above + rng.normal(0, 0.09, side.shape))
        before = foot
        for piece in range(pieces):
            part = (piece + 1) / pieces
            after = foot + go * (size * part)[..., None] - np.array([0, 1.0, 0]) * (droop * size * part**1.8)[..., None]
            facing = above + rng.normal(0, 0.25, above.shape)
            taper = 1.0 if pieces == 1 else (1.0, 0.75, 0.5)[piece]
            groups.append(
                segments(
                    before.reshape(-1, 3),
                    after.reshape(-1, 3),
                    facing.reshape(-1, 3),
                    width_m=width_m * taper,
                    colours=np.zeros(3),
                    overlap=1.12,
                )
            )
            before = after
    return shuffled(groups, rng)


def fern(order: GrownOrder) -> Shape:
    """A fern: a shuttlecock of arching feathered fronds. Parameters: fronds, arch."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(order.parameters.get("fronds", 16)))
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD + rng.normal(0, 0.2, count)
    reach = np.hypot(np.cos(azimuth) * width, np.sin(azimuth) * depth) / 2 * rng.uniform(0.75, 1.05, count)
    share = np.linspace(0, 1, 9)[None, :]
    steep = rng.uniform(0.85, 1.15, count)[:, None] * height
    rise = steep * (2.7 * share - 2.35 * share**2)
    spines = level(azimuth)[:, None] * (reach[:, None] * share**1.15)[..., None] + rise[..., None] * [0, 1, 0]
    spines = spines + rng.normal(0, 0.008 * width, spines.shape) * share[..., None]
    leaf = frond_leaflets(
        spines,
        rng,
        pairs=34,
        length_m=reach * 0.36,
        width_m=width * 0.021,
        profile=((0, 0.12, 0.3, 0.7, 1), (0.02, 0.35, 1.0, 0.62, 0.06)),
        droop=0.18,
        sweep=0.32,
    )
    ribs = segments(
        spines[:, :-1].reshape(-1, 3), spines[:, 1:].reshape(-1, 3), [0, 1, 0], width_m=width * 0.008, colours=(0.10, 0.11, 0.035)
    )
    colours = (
        palette("bush", order.season, order.colour)
        if order.season != Season.SUMMER
        else Palette((0.030, 0.055, 0.014), (0.095, 0.155, 0.036), (0.150, 0.205, 0.055))
    )
    return fitted(Shape([], [shaded(leaf, rng, colours, clump_m=width * 0.4, outward=0.2, strength=0.5), shuffled([ribs], rng)]), order)


def crop_rows(order: GrownOrder) -> Shape:
    """Rows of a crop along z: wheat, lavender or cabbage-like leaves. Parameters: heads, colours, row (metres apart), step, bend."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    rows = max(1, round(width / float(told.get("row", 0.35))))
    steps = max(2, round(depth / float(told.get("step", 0.10))))
    x, z = np.meshgrid((np.arange(rows) + 0.5) / rows - 0.5, (np.arange(steps) + 0.5) / steps - 0.5)
    feet = np.stack([x.ravel() * width * 0.96, np.zeros(x.size), z.ravel() * depth * 0.96], axis=1)
    feet[:, [0, 2]] += rng.normal(0, 0.03, (len(feet), 2))
    each = int(float(told.get("blades", 9)))
    node = np.repeat(np.arange(len(feet)), each)
    count = len(node)
    low, high = grass_colours(str(told.get("colours", "wheat")), order.season, rng, count, dry=0.4)
    paths = arcs(
        feet[node] + sphere(rng, count) * [0.05, 0, 0.05],
        heights=height * rng.uniform(0.5, 0.9, count), azimuths=rng.uniform(0, 6.28, count),
        bends=np.abs(rng.normal(float(told.get("bend", 0.22)), 0.12, count)), pieces=3,
    )  # fmt: skip
    groups = [blades(paths, rng, width_m=float(told.get("width", 0.010)), low=low, high=high)]
    groups += headed(
        str(told.get("heads", "wheat")),
        np.repeat(feet, int(float(told.get("ears", 4))), axis=0)
        + rng.normal(0, 0.04, (len(feet) * int(float(told.get("ears", 4))), 3)) * [1, 0, 1],
        order,
        share=1.0,
    )
    return fitted(Shape([], [shuffled(groups, rng)]), order)


def sprigs(order: GrownOrder) -> Shape:
    """A low woody herb with many upright flower spikes, such as lavender or heather. Parameters: spikes, colours."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(told.get("spikes", 110)))
    feet = tussock(rng, count, (width * 0.2, depth * 0.2))
    outward = np.arctan2(feet[:, 2], feet[:, 0]) + rng.normal(0, 0.35, count)
    spread = np.hypot(feet[:, 0] / width, feet[:, 2] / depth) * 4.2
    paths = arcs(feet, heights=height * rng.uniform(0.78, 1.0, count), azimuths=outward, bends=0.08 + 0.42 * spread, pieces=5)
    low, high = grass_colours(str(told.get("colours", "sage")), order.season, rng, count)
    bloom = np.asarray(order.colour or (0.195, 0.125, 0.360))
    tips, along_ = paths[:, -1], unit(paths[:, -1] - paths[:, -2])
    leafy = arcs(
        feet,
        heights=height * rng.uniform(0.3, 0.62, count),
        azimuths=outward + rng.normal(0, 0.8, count),
        bends=0.2 + 0.5 * spread,
        pieces=3,
    )
    groups = [
        blades(paths, rng, width_m=height * 0.010, low=low, high=high),
        blades(leafy, rng, width_m=height * 0.03, low=low, high=high),
        _spikes(tips, along_, rng, length=height * 0.30, florets=24, size=height * 0.042, colour=bloom),
    ]
    return fitted(Shape([], [shuffled(groups, rng)]), order)


def seaweed(order: GrownOrder) -> Shape:
    """Wavy ribbons that rise from the sea floor. Parameters: ribbons, colours (GRASS), width (metres)."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count, pieces = int(float(told.get("ribbons", 22))), 12
    feet = tussock(rng, count, (width * 0.38, depth * 0.38))
    share = np.linspace(0, 1, pieces + 1)[None, :]
    tall = height * rng.uniform(0.5, 1.0, count)[:, None]
    wave = 0.06 * height * np.sin(share * rng.uniform(7, 12, (count, 1)) + rng.uniform(0, 6.28, (count, 1))) * share
    drift = 0.16 * width * share**1.5 * rng.uniform(0.2, 1.0, (count, 1))
    out, turn = level(rng.uniform(0, 6.28, count)), level(rng.uniform(0, 6.28, count))
    paths = feet[:, None] + out[:, None] * wave[..., None] + turn[:, None] * drift[..., None] + (tall * share)[..., None] * [0, 1, 0]
    low, high = grass_colours(str(told.get("colours", "sea")), order.season, rng, count)
    if order.colour is not None:
        high = hued(np.tile(order.colour, (count, 1)), rng)
    drawn = blades(paths, rng, width_m=float(told.get("width", 0.07)) * rng.uniform(0.6, 1.3, count), low=low, high=high, twist=1.2)
    return fitted(Shape([], [shuffled([drawn], rng)]), order)


def succulent(order: GrownOrder) -> Shape:
    """A rosette of thick pointed leaves: agave, aloe, yucca. Parameters: leaves, bend, width (share of the length)."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(told.get("leaves", 34)))
    share = np.arange(count) / count
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD
    length = 0.5 * (width + depth) / 2 * rng.uniform(0.9, 1.1, count) * (1 - 0.25 * share) * 1.15
    bend = float(told.get("bend", 0.8)) * (1 - 0.85 * share)
    feet = level(azimuth) * (0.04 * width * (1 - share))[:, None]
    paths = arcs(feet, heights=length, azimuths=azimuth, bends=bend, pieces=5)
    tint = np.asarray(order.colour or (0.165, 0.220, 0.145))
    low, high = hued(np.tile(tint * 0.55, (count, 1)), rng, 0.5), hued(np.tile(tint, (count, 1)), rng, 0.5)
    wide = length * float(told.get("width", 0.16))
    body = blades(paths, rng, width_m=wide, low=low, high=high, twist=0.05)
    edge = blades(paths + [0, -0.012, 0], rng, width_m=wide * 0.9, low=low * 0.8, high=high * 0.75, twist=0.6)
    heart = wooden(
        wood.tubes([Limb(np.array([[0, 0, 0], [0, height * 0.12, 0], [0, height * 0.2, 0]]), width * np.array([0.07, 0.06, 0.02]), 8)]),
        "leaves",
        tint=(float(tint[0]) * 0.7, float(tint[1]) * 0.7, float(tint[2]) * 0.6),
        name="heart",
    )
    return fitted(Shape([heart], [shuffled([body, edge], rng, translucency=0.1)]), order)


def tumbleweed(order: GrownOrder) -> Shape:
    """A ball of dry, tangled twigs. Parameters: twigs."""
    rng, told = order.rng, order.parameters
    size = np.asarray(order.size_m, np.float64)
    count, pieces = int(float(told.get("twigs", 620))), 4
    start = sphere(rng, count)
    turn = unit(np.cross(start, sphere(rng, count)))
    share = np.linspace(0, 1, pieces + 1)[None, :, None]
    bow = (0.5 + 0.9 * rng.random((count, 1, 1))) * share
    reach = (0.25 + 0.75 * rng.random((count, 1, 1)) ** 0.5) * (1 - 0.25 * share)
    paths = (start[:, None] * np.cos(bow) + turn[:, None] * np.sin(bow)) * reach * size / 2 + [0, size[1] / 2, 0]
    tint = (
        hued(mix((0.20, 0.145, 0.075), (0.36, 0.27, 0.145), rng.random(count)), rng)
        if order.colour is None
        else hued(np.tile(order.colour, (count, 1)), rng)
    )
    drawn = segments(
        paths[:, :-1].reshape(-1, 3),
        paths[:, 1:].reshape(-1, 3),
        sphere(rng, count * pieces),
        width_m=0.012 * size.mean(),
        colours=np.repeat(tint, pieces, axis=0),
    )
    return fitted(Shape([], [shuffled([drawn], rng)]), order, rooted=False)
