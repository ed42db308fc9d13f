"""Farm: wood stacks, hay, scarecrows, carts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Foliage
from pipelines.things.grown.assembly import Assembly, foliage_of
from pipelines.things.grown.joinery import arc, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, ellipsoid, lathe, sphere, torus


def wood_stack(order: GrownOrder) -> Shape:
    """Split firewood between two pairs of posts under a small board roof."""
    a = Assembly(order)
    w, h, d = order.size_m
    for side in (-1, 1):
        for z in (-d * 0.3, d * 0.3):
            a.rod((side * (w / 2 - 0.07), 0, z), (side * (w / 2 - 0.09), h - 0.08, z), 0.045, "log", "post", sides=8)
    for z in (-d * 0.28, d * 0.28):
        a.rod((-w / 2 + 0.05, 0.05, z), (w / 2 - 0.05, 0.05, z), 0.05, "log", "bearer", sides=8)
    radius = 0.085
    row, y = 0, 0.1 + radius
    while y < h - 0.22:
        x = -w / 2 + 0.15 + radius + (radius if row % 2 else 0)
        while x < w / 2 - 0.15 - radius * 0.7:
            _split_log(
                a,
                (x + float(a.rng.normal(0, 0.008)), y + float(a.rng.normal(0, 0.008)), float(a.rng.normal(0, 0.02))),
                radius * float(a.rng.uniform(0.82, 1.08)),
                d * float(a.rng.uniform(0.84, 0.95)),
            )
            x += radius * 2.02
        row += 1
        y += radius * 1.74
    for k, z in enumerate(np.linspace(-d / 2 + 0.08, d / 2 - 0.08, 4)):
        with a.at(translation(0, h - 0.06 + 0.012 * (k % 2), float(z)), rotation("x", 5)):
            a.add(
                box((w, 0.028, d / 4 + 0.03), 0.005),
                "weathered_planks",
                "roof",
                tint=a.shade("weathered_planks", float(a.rng.uniform(0.85, 1.1))),
            )
    return a.shape()


def _split_log(a: Assembly, at: tuple[float, float, float], radius: float, length: float) -> None:
    """A round or a split billet along z: bark around, pale wood at the ends."""
    kind = int(a.rng.integers(0, 3))
    turn = float(a.rng.uniform(0, 360))
    if kind == 0:
        outline = np.array([(radius * math.cos(t), radius * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 9, endpoint=False)])
    else:
        span = math.pi if kind == 1 else math.pi * 0.6
        outline = np.array(
            [(radius * 1.12 * math.cos(t), radius * 1.12 * math.sin(t)) for t in np.linspace(0, span, 6)]
            + ([] if kind == 1 else [(0.0, -0.02)])
        )
        outline -= outline.mean(axis=0)
    with a.at(translation(*at)):
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        spun = outline @ np.array([[c, s], [-s, c]])
        a.add(panel(spun, length), "bark", "logs", at=(0, 0, length / 2), tint=a.shade("bark", float(a.rng.choice([0.85, 1.0, 1.2]))))
        for z in (length / 2 + 0.006, -length / 2 + 0.004):
            a.add(panel(spun * 0.9, 0.01), "pine", "log ends", at=(0, 0, z), tint=a.shade("pine", float(a.rng.choice([0.8, 0.95, 1.05]))))


def straw_coat(
    rng: np.random.Generator,
    centres: NDArray[np.float64],
    normals: NDArray[np.float64],
    *,
    length: float,
    droop: float = 0.6,
    tone: float = 1.0,
) -> Foliage:
    """Loose straw on a surface, lying along it and hanging a little."""
    count = len(centres)
    direction = rng.normal(size=(count, 3)) - np.array([0, droop * 2, 0])
    direction -= normals * np.sum(direction * normals, axis=1, keepdims=True) * 0.85
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    flat = normals - direction * np.sum(direction * normals, axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-9
    colour = np.array([0.5, 0.37, 0.13]) * tone * rng.uniform(0.55, 1.25, (count, 1))
    lengths = rng.uniform(0.5, 1.3, count) * length
    return foliage_of(
        centres + normals * 0.01,
        (direction, flat),
        size=(lengths, lengths * 0.07),
        colours=colour,
        depth=np.zeros(count),
        translucency=0.15,
    )


def hay_bale(order: GrownOrder) -> Shape:
    """A round bale, lying on its side: rolled layers on the ends, twine around, loose straw."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = min(h, d) / 2 * 0.965
    steps = np.linspace(0, 1, 6)
    profile = [(r * (0.12 + 0.86 * float(t)), -w / 2 + 0.05 - 0.018 * (i % 2)) for i, t in enumerate(steps)]
    profile += [(r, -w / 2 + 0.12), (r * 1.005, 0), (r, w / 2 - 0.12)] + [(x, -y) for x, y in profile[::-1]]
    with a.at(translation(0, h / 2, 0), rotation("z", 90)):
        a.add(lathe(profile, sides=36), "hay", "bale", tint=order.colour, crease=30)
        for y in np.linspace(-w * 0.36, w * 0.36, 6):
            a.add(torus(r * 1.0, 0.008, sides=36, tube_sides=5), "rope", "twine", at=(0, float(y), 0))
    count = 2600
    angle = a.rng.uniform(0, 2 * math.pi, count)
    x = a.rng.uniform(-w / 2 + 0.06, w / 2 - 0.06, count)
    normals = np.column_stack([np.zeros(count), np.cos(angle), np.sin(angle)])
    side = a.rng.uniform(size=count) < 0.4
    radius = np.where(side, r * np.sqrt(a.rng.uniform(0.02, 1, count)), r)
    face = np.where(a.rng.uniform(size=count) < 0.5, -1.0, 1.0)
    centres = np.column_stack([np.where(side, face * (w / 2 - 0.05), x), h / 2 + radius * np.cos(angle), radius * np.sin(angle)])
    normals[side] = np.column_stack([face[side], np.zeros(side.sum()), np.zeros(side.sum())])
    a.leaves(straw_coat(a.rng, centres, normals, length=0.13, droop=0.1))
    a.spot("top", (0, h, 0), (w * 0.7, d * 0.3), 3)
    return a.shape()


def haystack(order: GrownOrder) -> Shape:
    """A heaped stack with a rounded top and a pole through it, its straw hanging down."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, tall = w / 2 * 0.95, h - 0.35
    profile = np.array([(0.9, 0.0), (1.0, 0.16), (0.99, 0.34), (0.88, 0.55), (0.68, 0.75), (0.4, 0.91), (0.14, 0.985), (0.0, 1.0)])
    a.add(lathe(profile * [r, tall], sides=32, smooth=2), "hay", "stack", tint=order.colour, crease=60)
    a.rod((0.03, tall * 0.8, 0.0), (0.06, h, 0.02), 0.045, "driftwood", "pole", sides=8)
    count = 6500
    t = np.sqrt(a.rng.uniform(0, 1, count))
    share = 1 - t
    radius = np.interp(share, profile[:, 1], profile[:, 0]) * r
    slope = np.interp(share, [0.0, 0.2, 0.5, 0.8, 1.0], [-0.3, 0.05, 0.5, 1.1, 4.0])
    angle = a.rng.uniform(0, 2 * math.pi, count)
    normals = np.column_stack([np.sin(angle), slope, np.cos(angle)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    centres = np.column_stack([radius * np.sin(angle), share * tall, radius * np.cos(angle)])
    a.leaves(straw_coat(a.rng, centres, normals, length=0.3, droop=0.9))
    return a.shape()


def scarecrow(order: GrownOrder) -> Shape:
    """A stuffed coat on a cross of poles, a sack for a head under a brimmed hat, straw at the cuffs."""
    a = Assembly(order)
    w, h, _ = order.size_m
    coat = order.colour or a.tint("coat_colour", "rust")
    arm_y = h * 0.69
    a.rod((0, 0, -0.04), (0, h * 0.86, -0.04), 0.03, "driftwood", "pole", sides=8)
    a.rod((-w / 2 + 0.06, arm_y, -0.03), (w / 2 - 0.06, arm_y + 0.03, -0.03), 0.022, "driftwood", "pole", sides=8)
    body = [(0.21, h * 0.34), (0.2, h * 0.42), (0.155, h * 0.5), (0.17, h * 0.6), (0.2, h * 0.68), (0.13, h * 0.725), (0.05, h * 0.735)]
    a.add(lathe(body, sides=20, smooth=1), "fabric", "coat", tint=coat, crease=60)
    for side in (-1, 1):
        path = arc((side * 0.12, arm_y - 0.01, 0), (side * (w / 2 - 0.13), arm_y + 0.015, -0.02), 0.035)
        a.add(tube(path, np.linspace(0.105, 0.075, len(path)), sides=10), "fabric", "coat", tint=coat, crease=60)
        legs = arc((side * 0.09, h * 0.37, 0), (side * 0.13, h * 0.1, 0.0), 0.0)
        a.add(tube(legs, np.linspace(0.1, 0.085, len(legs)), sides=10), "fabric", "trousers", tint=COLOURS["navy"], crease=60)
        for x, y, direction in ((side * (w / 2 - 0.1), arm_y + 0.01, (side, -0.35, 0)), (side * 0.13, h * 0.09, (0, -1, 0))):
            count = 60
            centres = np.array([x, y, 0.0]) + a.rng.normal(0, 0.035, (count, 3))
            normals = a.rng.normal(size=(count, 3))
            normals /= np.linalg.norm(normals, axis=1, keepdims=True)
            tuft = straw_coat(a.rng, centres, normals, length=0.16)
            d = np.array(direction) + a.rng.normal(0, 0.25, (count, 3))
            d /= np.linalg.norm(d, axis=1, keepdims=True)
            a.leaves(Foliage(tuft.centres, d.astype(np.float32), tuft.normals, tuft.lengths_m, tuft.widths_m, tuft.colours, tuft.depth))
    with a.at(translation(0, h * 0.81, 0.01)):
        a.add(ellipsoid((0.25, 0.3, 0.26), sides=18), "linen", "head", tint=a.shade("linen", 0.7))
        for side in (-1, 1):
            a.add(sphere(0.022, sides=8), "rubber", "eyes", at=(side * 0.055, 0.03, 0.118))
        a.add(
            tube(np.array([[-0.07, -0.06, 0.105], [-0.03, -0.08, 0.12], [0.03, -0.08, 0.12], [0.07, -0.06, 0.105]]), 0.007, sides=5),
            "rubber",
            "mouth",
        )
        with a.at(translation(0, 0.1, -0.02), rotation("x", -8)):
            a.add(lathe([(0.3, 0.0), (0.3, 0.015), (0.15, 0.03), (0.12, 0.19), (0.06, 0.21), (0, 0.2)], sides=24, smooth=0), "straw", "hat")
            a.add(cylinder(0.146, 0.035, sides=24), "fabric", "hat band", at=(0, 0.045, 0), tint=coat)
    a.block((0.12, 0.1, 0.015), (0.09, h * 0.47, 0.16), "fabric", "patch", tint=COLOURS["mustard"])
    return a.shape()


def cart(order: GrownOrder) -> Shape:
    """A two-wheeled farm cart with spoked wheels, slatted sides and two shafts towards the front."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = h * 0.42
    bed = (w - 0.34, d * 0.56)
    middle = -d / 2 + bed[1] / 2 + 0.05
    floor = r + 0.12
    wood = order.material or "weathered_planks"
    count = 6
    for k in range(count):
        x = bed[0] * ((k + 0.5) / count - 0.5)
        with a.at(translation(x, floor, middle), rotation("y", 90)):
            a.add(box((bed[1], 0.035, bed[0] / count - 0.01), 0.005), wood, "bed", tint=a.shade(wood, float(a.rng.uniform(0.85, 1.1))))
    for side in (-1, 1):
        for k in range(3):
            a.block(
                (0.03, 0.13, bed[1]),
                (side * bed[0] / 2, floor + 0.12 + 0.16 * k, middle),
                wood,
                "side",
                bevel=0.005,
                tint=order.colour or a.shade(wood, float(a.rng.uniform(0.85, 1.1))),
            )
        for z in np.linspace(-bed[1] / 2 + 0.05, bed[1] / 2 - 0.05, 4):
            a.block(
                (0.05, h - floor + 0.04, 0.06),
                (side * (bed[0] / 2 + 0.035), floor + (h - floor) / 2 - 0.03, middle + float(z)),
                "oak",
                "stakes",
                bevel=0.006,
            )
        a.board(
            (side * 0.34, floor - 0.07, middle - bed[1] / 2), (side * 0.34, floor - 0.02, d / 2), (0.09, 0.07), "oak", "shaft", bevel=0.012
        )
        _spoked_wheel(a, (side * (w / 2 - 0.06), r, middle), r)
    for z in (-1, 1):
        for k in range(3):
            a.block(
                (bed[0], 0.12, 0.03), (0, floor + 0.12 + 0.16 * k, middle + z * bed[1] / 2), wood, "side", bevel=0.005, tint=order.colour
            )
    with a.at(translation(0, r, middle), rotation("z", 90)):
        a.add(cylinder(0.04, w - 0.1, sides=10), "iron", "axle")
    a.rod((0, floor - 0.05, d / 2 - 0.5), (0, 0, d / 2 - 0.42), 0.03, "oak", "prop", sides=8)
    a.board((-0.36, floor - 0.03, d / 2 - 0.5), (0.36, floor - 0.03, d / 2 - 0.5), (0.07, 0.06), "oak", "shaft")
    a.spot("top", (0, floor + 0.02, middle), (bed[0] - 0.1, bed[1] - 0.1), 3)
    return a.shape()


def _spoked_wheel(a: Assembly, at: tuple[float, float, float], r: float) -> None:
    with a.at(translation(*at), rotation("z", 90)):
        a.add(lathe([(r * 0.84, -0.04), (r * 0.97, -0.04), (r * 0.97, 0.04), (r * 0.84, 0.04)], sides=28, closed=True), "oak", "wheel")
        a.add(lathe([(r * 0.965, -0.045), (r, -0.045), (r, 0.045), (r * 0.965, 0.045)], sides=28, closed=True), "iron", "wheel")
        a.add(cylinder(0.09, 0.2, sides=14, bevel=0.015), "oak", "wheel")
        for k in range(10):
            with a.at(rotation("y", 36 * k), rotation("x", 90)):
                a.add(cylinder(0.026, r * 0.8, top_radius=0.02, sides=7), "oak", "wheel", at=(0, r * 0.47, 0))
