"""People who stand, sit or lie about: dressed figures of natural proportions, men, women and children, in varied clothes."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.assembly import moved_shape
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import loft, rotation, translation, tube
from pipelines.things.materials import COLOURS, linear
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.soft import Ball, Egg, Limb, Primitive, blob
from pipelines.things.solids import ellipsoid, lathe, sphere

SKIN = ("#e0b193", "#d29f7c", "#b47a55", "#8a5a3c", "#5f3d29", "#e6bfa4")
HAIR = ("#2a1d16", "#4a2f1e", "#6e4a2c", "#a5793f", "#1b1714", "#8a8580")
COATS = ("navy", "olive", "maroon", "teal", "charcoal", "rust", "mustard", "emerald", "burgundy", "indigo")
STANDING, SITTING, LYING = 0, 1, 2
SEAT_M, LOWERED_M = 0.45, 0.37  # under the thighs of one who sits, and how much lower the hips then are; of a figure of full size
TROUSERS = ("charcoal", "navy", "brown", "olive", "tan", "grey")


def person(order: GrownOrder) -> Shape:
    """A figure. Parameters: pose 0 stands, 1 sits upright with the feet down, 2 lies on the back, the head to the rear; build man, woman
    or child; dress 1 gives a skirt; shorts 1 bare knees; hat 1 a hat; stick 1 a walking stick; hair_colour, coat_colour and
    trouser_colour where they are not left to chance. Who sits has a spot "sits" where the seat must be.
    """
    a = Assembly(order)
    pose = int(a.number("pose", STANDING))
    rng = a.rng
    build = a.word("build", "man")
    skin, hair = (linear(str(rng.choice(choice))) for choice in (SKIN, HAIR[:4] if build == "child" else HAIR))
    hair = a.tint("hair_colour") or hair
    coat = order.colour or a.tint("coat_colour") or COLOURS[str(rng.choice(COATS))]
    legs = a.tint("trouser_colour") or COLOURS[str(rng.choice(TROUSERS))]
    wide = {"man": 1.0, "woman": 0.86, "child": 0.84}[build]
    head = {"man": 1.0, "woman": 0.97, "child": 1.22}[build]
    skirt = bool(a.number("dress", 0))
    if pose == SITTING:
        _seated_legs(a, wide, legs if not skirt else coat, "fabric" if not skirt else "wool")
    else:
        bare = skirt or bool(a.number("shorts", 0))
        _legs(a, wide, skin if bare else legs, "skin" if bare else "fabric")
        if bare and not skirt:
            _shorts(a, wide, legs)
        _shoes(a, wide)
    with a.at(translation(0, -LOWERED_M if pose == SITTING else 0, 0)):
        _torso(a, wide, coat, woman=build == "woman")
        if not skirt:
            _hem(a, wide, coat, woman=build == "woman")
        elif pose != SITTING:
            _skirt(a, wide, coat)
        _arms(a, wide, coat, skin)
        if a.number("stick", 0) and pose == STANDING:
            _stick(a, wide)
        with a.at(translation(0, 1.47, 0.012)):
            _head(a, head, skin, hair, long_hair=build == "woman" or bool(a.number("long_hair", 0)))
            if a.number("hat", 0) and pose != LYING:
                _hat(a, head, coat)
    return a.shape() if pose == STANDING else _posed(a, pose, order.size_m[1] / (1.525 + 0.25 * head))


def _posed(a: Assembly, pose: int, scale: float) -> Shape:
    """Who sits or lies, as large as when standing: no bounds are met."""
    if pose == SITTING:
        a.spot("sits", (0, SEAT_M, 0.1), (0.3, 0.3))
        return moved_shape(a.shape(fit=False), np.diag([scale, scale, scale, 1.0]))
    shape = moved_shape(a.shape(fit=False), rotation("x", -90) @ np.diag([scale, scale, scale, 1.0]))
    points = np.concatenate([part.mesh.vertices for part in shape.parts])
    return moved_shape(shape, translation(0, -float(points[:, 1].min()), -float((points[:, 2].min() + points[:, 2].max()) / 2)))


def _seated_legs(a: Assembly, wide: float, tint: Colour, material: str) -> None:
    """Thighs level on the seat, shins down, feet flat before it."""
    thigh, hip, knee = 0.078 * wide, 0.1 * wide, 0.46
    shapes: list[Primitive] = [Egg((0.0, SEAT_M + 0.12, -0.01), (0.36 * wide, 0.24, 0.26))]
    for side in (-1, 1):
        shapes += [
            Limb((side * hip, SEAT_M + thigh, 0.02), (side * hip * 1.25, SEAT_M + 0.065, knee), thigh, 0.064),
            Limb((side * hip * 1.25, SEAT_M + 0.065, knee), (side * hip * 1.3, 0.1, knee - 0.02), 0.062, 0.046),
        ]
    a.add(blob(shapes, blend=0.035, cells=30 if material == "fabric" else 26), material, "trousers", tint=tint, crease=60)
    for side in (-1, 1):
        x = side * hip * 1.3
        shoe: list[Primitive] = [
            Limb((x, 0.05, knee - 0.05), (x * 1.1, 0.036, knee + 0.12), 0.042, 0.034),
            Ball((x, 0.075, knee - 0.04), 0.045),
        ]
        a.add(blob(shoe, blend=0.03, cells=12), "leather", "shoes", crease=60, tint=linear("#33261e"))


def _legs(a: Assembly, wide: float, tint: Colour, material: str) -> None:
    """The weight rests on the right leg; the left is a little bent and set forwards."""
    x = 0.095 * wide
    shapes: list[Primitive] = [
        Egg((0.0, 0.95, -0.012), (0.34 * wide, 0.24, 0.235)),
        Limb((-x, 0.9, 0.0), (-x * 1.06, 0.5, 0.015), 0.088 * wide, 0.06),
        Limb((-x * 1.06, 0.5, 0.015), (-x * 1.08, 0.1, -0.02), 0.06, 0.046),
        Limb((x, 0.9, 0.0), (x * 1.35, 0.5, 0.06), 0.088 * wide, 0.06),
        Limb((x * 1.35, 0.5, 0.06), (x * 1.55, 0.1, 0.045), 0.06, 0.046),
    ]
    a.add(blob(shapes, blend=0.035, cells=30 if material == "fabric" else 26), material, "trousers", tint=tint, crease=60)


def _shorts(a: Assembly, wide: float, tint: Colour) -> None:
    """Round the hips and the thighs, wide at the hem, over bare legs."""
    x = 0.095 * wide
    shapes: list[Primitive] = [
        Egg((0.0, 0.93, -0.012), (0.345 * wide, 0.24, 0.235)),
        Limb((-x, 0.84, 0.0), (-x * 1.1, 0.56, 0.012), 0.088 * wide, 0.098),
        Limb((x, 0.84, 0.0), (x * 1.32, 0.56, 0.05), 0.088 * wide, 0.098),
    ]
    a.add(blob(shapes, blend=0.03, cells=13), "fabric", "shorts", tint=tint, crease=60)


def _shoes(a: Assembly, wide: float) -> None:
    for x, z, turn in ((-0.104 * wide, 0.035, -8), (0.148 * wide, 0.1, 16)):
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        toe = (x + 0.09 * s, 0.036, z + 0.09 * c)
        shapes: list[Primitive] = [Limb((x, 0.05, z - 0.06), toe, 0.042, 0.034), Ball((x, 0.075, z - 0.055), 0.045)]
        a.add(blob(shapes, blend=0.03, cells=12), "leather", "shoes", crease=60, tint=linear("#33261e"))


def _torso(a: Assembly, wide: float, tint: Colour, *, woman: bool) -> None:
    waist = 0.27 if woman else 0.31
    shapes: list[Primitive] = [
        Egg((0.0, 0.97, -0.008), (0.365 * wide, 0.26, 0.25)),
        Egg((0.0, 1.1, 0.0), (waist * wide, 0.3, 0.21)),
        Egg((0.0, 1.27, 0.0), (0.365 * wide, 0.36, 0.235)),
        Limb((-0.16 * wide, 1.405, -0.01), (0.16 * wide, 1.405, -0.01), 0.058),
        Limb((0.0, 1.4, -0.01), (0.0, 1.47, 0.0), 0.064, 0.056),
    ]
    if woman:
        shapes += [Ball((side * 0.075, 1.265, 0.075), 0.075) for side in (-1, 1)]
    a.add(blob(shapes, blend=0.05, cells=26), "wool", "coat", tint=tint, crease=60)


def _hem(a: Assembly, wide: float, tint: Colour, *, woman: bool) -> None:
    """The lower part of a jacket, open a little at the front, over the hips."""
    t = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    waist = 0.14 if woman else 0.158
    rings = []
    for share in np.linspace(1, 0, 5):
        half = (waist + (0.194 - waist) * (1 - share) ** 0.8) * wide
        y = 0.84 + 0.26 * share + 0.012 * (1 - share) * np.cos(2 * t)
        rings.append(np.column_stack([half * np.cos(t), y, half * 0.72 * np.sin(t) - 0.006]))
    a.add(loft(np.array(rings)), "wool", "coat", tint=tint, crease=60)


def _skirt(a: Assembly, wide: float, tint: Colour) -> None:
    """A skirt with soft folds from the waist to below the knee."""
    t = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    rings = []
    for share in np.linspace(1, 0, 8):
        radius = (0.15 + 0.15 * (1 - share) ** 1.1) * wide
        fold = 1 + 0.07 * (1 - share) * np.sin(9 * t + 1.0)
        y = 0.36 + (1.06 - 0.36) * share
        rings.append(
            np.column_stack([radius * fold * np.cos(t) * 1.05, np.full(48, y), radius * fold * np.sin(t) * 0.86 + 0.02 * (1 - share)])
        )
    a.add(loft(np.array(rings)), "wool", "skirt", tint=tint, crease=60)


def _arms(a: Assembly, wide: float, coat: Colour, skin: Colour) -> None:
    """The right arm hangs; the left is bent a little."""
    shoulder = 0.195 * wide
    for side, elbow, wrist in ((-1, (0.06, 1.12, -0.035), (0.072, 0.89, 0.035)), (1, (0.085, 1.13, -0.06), (0.05, 0.94, 0.11))):
        start = (side * shoulder, 1.385, -0.01)
        middle = (side * (shoulder + elbow[0] * wide), elbow[1], elbow[2])
        end = (side * (shoulder + wrist[0] * wide), wrist[1], wrist[2])
        shapes: list[Primitive] = [Limb(start, middle, 0.066 * wide + 0.004, 0.05), Limb(middle, end, 0.05, 0.041)]
        a.add(blob(shapes, blend=0.03, cells=17), "wool", "coat", tint=coat, crease=60)
        direction = np.asarray(end) - np.asarray(middle)
        direction /= np.linalg.norm(direction)
        palm, tip = np.asarray(end) + direction * 0.045, np.asarray(end) + direction * 0.135
        thumb = palm + np.array([-side * 0.01, -0.02, 0.045])
        hand: list[Primitive] = [
            Limb(_triple(end), _triple(palm), 0.026, 0.034),
            Limb(_triple(palm), _triple(tip), 0.032, 0.018),
            Limb(_triple(palm), _triple(thumb), 0.018, 0.012),
        ]
        a.add(blob(hand, blend=0.015, cells=11), "skin", "hands", tint=skin, crease=60)


def _stick(a: Assembly, wide: float) -> None:
    """A walking stick under the left hand, which is the one that is held forwards."""
    x, y, z = 0.245 * wide, 0.87, 0.15
    a.add(tube(np.array([(x, y, z), (x + 0.03, 0.0, z + 0.12)]), 0.011), "oak", "stick")
    a.add(tube(np.array([(x, y, z + 0.05), (x, y, z - 0.05)]), 0.013), "oak", "stick")


def _triple(point: object) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in np.asarray(point, np.float64))
    return (x, y, z)


def _head(a: Assembly, size: float, skin: Colour, hair: Colour, *, long_hair: bool) -> None:
    """Skull, jaw, nose, ears, eyes and hair; y = 0 is the foot of the neck."""
    s = size

    def at(x: float, y: float, z: float) -> tuple[float, float, float]:
        return (x * s, 0.055 + y * s, z * s)

    shapes: list[Primitive] = [
        Limb((0, -0.02, -0.012), at(0, 0.05, -0.005), 0.052 * s, 0.05 * s),
        Egg(at(0, 0.142, -0.008), (0.152 * s, 0.176 * s, 0.192 * s)),
        Egg(at(0, 0.082, 0.026), (0.118 * s, 0.13 * s, 0.126 * s)),
        Limb(at(0, 0.128, 0.086), at(0, 0.093, 0.101), 0.009 * s, 0.014 * s),
        Egg(at(0, 0.06, 0.078), (0.05 * s, 0.022 * s, 0.024 * s)),
        *[Egg(at(side * 0.078, 0.115, -0.008), (0.02 * s, 0.055 * s, 0.034 * s)) for side in (-1, 1)],
    ]
    a.add(blob(shapes, blend=0.016 * s, cells=30), "skin", "head", tint=skin, crease=60)
    for side in (-1, 1):
        a.add(sphere(0.0115 * s, sides=10), "porcelain", "eyes", at=at(side * 0.031, 0.125, 0.0765))
        a.add(sphere(0.0065 * s, sides=8), "rubber", "eyes", at=at(side * 0.031, 0.125, 0.0835))
        a.add(ellipsoid((0.036 * s, 0.007 * s, 0.012 * s), sides=8), "fur", "hair", at=at(side * 0.031, 0.147, 0.08), tint=hair)
    a.add(
        ellipsoid((0.042 * s, 0.009 * s, 0.01 * s), sides=10),
        "skin",
        "mouth",
        at=at(0, 0.062, 0.0885),
        tint=(skin[0] * 0.75, skin[1] * 0.45, skin[2] * 0.42),
    )
    locks: list[Primitive] = [
        Egg(at(0, 0.172, -0.022), (0.17 * s, 0.15 * s, 0.2 * s)),
        Egg(at(0, 0.13, -0.062), (0.164 * s, 0.16 * s, 0.12 * s)),
        Limb(at(-0.055, 0.215, 0.045), at(0.05, 0.22, 0.05), 0.024 * s),
        *[Limb(at(side * 0.072, 0.19, 0.0), at(side * 0.077, 0.13, -0.016), 0.018 * s, 0.012 * s) for side in (-1, 1)],
    ]
    if long_hair:
        locks += [Limb(at(side * 0.062, 0.16, -0.04), at(side * 0.075, -0.03, -0.045), 0.034 * s, 0.026 * s) for side in (-1, 1)]
        locks += [Limb(at(0, 0.14, -0.075), at(0, -0.06, -0.085), 0.06 * s, 0.042 * s)]
    a.add(blob(locks, blend=0.02 * s, cells=22), "fur", "hair", tint=hair, crease=60)


def _hat(a: Assembly, size: float, tint: Colour) -> None:
    brim = [
        (0.15 * size, 0.0),
        (0.152 * size, 0.008),
        (0.098 * size, 0.02),
        (0.088 * size, 0.09 * size),
        (0.05 * size, 0.112 * size),
        (0, 0.104 * size),
    ]
    a.add(
        lathe(brim, sides=26, smooth=0),
        "wool",
        "hat",
        at=(0, 0.055 + 0.195 * size, -0.012),
        tint=(tint[0] * 0.6, tint[1] * 0.6, tint[2] * 0.6),
    )
