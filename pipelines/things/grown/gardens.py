"""Garden and market: greenhouses, gazebos, market stalls, gates."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly, scaled
from pipelines.things.grown.houses import covering_of
from pipelines.things.grown.joinery import panel, rectangle, ring, rotation, translation
from pipelines.things.grown.openings import blossoms
from pipelines.things.grown.roofs import pyramid
from pipelines.things.grown.towns import awning
from pipelines.things.grown.walls import posts_and_rail, upper_edge
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder, lathe, sphere


def greenhouse(order: GrownOrder) -> Shape:
    """A glasshouse on a brick foot with white bars, staging with plants inside, a door at the front gable."""
    a = Assembly(order)
    w, h, d = order.size_m
    foot, wall_h = 0.6, h * 0.62
    white = order.colour or COLOURS["white"]
    a.add(panel(rectangle(w, d), foot, [rectangle(w - 0.4, d - 0.4)]).moved(translation(0, foot, 0) @ rotation("x", -90)), "brick", "foot")
    rise = h - wall_h
    bars = max(4, round(d / 0.75))
    for side in (-1, 1):
        x = side * (w / 2 - 0.08)
        a.block((0.01, wall_h - foot, d - 0.15), (x, (wall_h + foot) / 2, 0), "glass", "glass")
        slope = np.array([[x + 0.0, wall_h], [0.0, h]])
        a.board((slope[0, 0], wall_h, 0), (0, h - 0.03, 0), (0.01, d - 0.15), "glass", "glass", up=(side * rise, w / 2, 0))
        for z in np.linspace(-d / 2 + 0.08, d / 2 - 0.08, bars + 1):
            a.block((0.05, wall_h - foot, 0.045), (x, (wall_h + foot) / 2, float(z)), "painted_wood", "frame", tint=white)
            a.board((x, wall_h, float(z)), (0, h - 0.03, float(z)), (0.05, 0.045), "painted_wood", "frame", tint=white)
        for y in (foot + 0.03, wall_h):
            a.block((0.08, 0.07, d - 0.02), (x, y, 0), "painted_wood", "frame", tint=white)
        a.block((0.6, 0.05, d - 0.5), (side * (w / 2 - 0.5), 0.8, 0), "weathered_planks", "staging")
        for z in np.linspace(-d / 2 + 0.5, d / 2 - 0.5, 7):
            with a.at(translation(side * (w / 2 - 0.5), 0.83, float(z))):
                a.add(cylinder(0.09, 0.17, top_radius=0.12, sides=12), "terracotta", "pots", at=(0, 0.085, 0))
                a.leaves(blossoms(a.rng, (0.4, 0.5, 0.4), count=110, middle=(0, 0.4, 0), share=0.2))
    a.block((0.1, 0.12, d), (0, h - 0.03, 0), "painted_wood", "frame", bevel=0.01, tint=white)
    for z in (-1, 1):
        outline = np.array([[-w / 2 + 0.08, foot], [w / 2 - 0.08, foot], [w / 2 - 0.08, wall_h], [0, h - 0.05], [-w / 2 + 0.08, wall_h]])
        a.add(panel(outline, 0.01), "glass", "glass", at=(0, 0, z * (d / 2 - 0.07)))
        for x in np.linspace(-w / 2 + 0.08, w / 2 - 0.08, 6):
            top = upper_edge(outline, float(x))
            a.block((0.05, top - foot, 0.05), (float(x), (top + foot) / 2, z * (d / 2 - 0.07)), "painted_wood", "frame", tint=white)
        a.block((w - 0.1, 0.06, 0.06), (0, wall_h, z * (d / 2 - 0.07)), "painted_wood", "frame", tint=white)
    with a.at(translation(0, 0.0, d / 2 - 0.03)):
        a.add(ring(rectangle(0.95, 2.0, at=(0, 1.0)), 0.1, 0.05), "painted_wood", "door", tint=white)
        a.block((0.8, 0.5, 0.03), (0, 0.35, -0.02), "painted_wood", "door", tint=white)
    a.spot("front", (0, 0, d / 2 + 0.8), (1.2, 1), 3)
    return a.shape()


def gazebo(order: GrownOrder) -> Shape:
    """An eight-sided summer house: raised floor, turned posts, railings, brackets, shingled roof with a finial."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, floor = w / 2 - 0.35, 0.45
    white = order.colour or a.tint("colour", "white")
    eave = h * 0.62
    a.add(cylinder(r + 0.15, floor - 0.06, sides=8).moved(rotation("y", 22.5)), "stone_blocks", "foot", at=(0, (floor - 0.06) / 2, 0))
    a.add(cylinder(r + 0.25, 0.07, sides=8).moved(rotation("y", 22.5)), "planks", "floor", at=(0, floor - 0.03, 0))
    corner = [(r * math.sin(math.radians(45 * k + 22.5)), r * math.cos(math.radians(45 * k + 22.5))) for k in range(8)]
    for k, (x, z) in enumerate(corner):
        a.block((0.13, eave - floor, 0.13), (x, (eave + floor) / 2, z), "painted_wood", "post", bevel=0.015, tint=white)
        x1, z1 = corner[(k + 1) % 8]
        a.board((x, eave - 0.1, z), (x1, eave - 0.1, z1), (0.2, 0.1), "painted_wood", "beam", tint=white)
        for (xa, za), (xb, zb) in (((x, z), (x1, z1)), ((x1, z1), (x, z))):
            a.board(
                (xa, eave - 0.75, za),
                (xa + (xb - xa) * 0.3, eave - 0.16, za + (zb - za) * 0.3),
                (0.07, 0.06),
                "painted_wood",
                "bracket",
                tint=white,
            )
        if k != 7:
            with a.at(translation(0, floor, 0)):
                posts_and_rail(a, (x, z), (x1, z1), height=0.85, tint=white, spacing=0.17)
    for k in range(3):
        a.block((1.5, 0.15 * (k + 1), 0.3), (0, 0.075 * (k + 1), r + 0.95 - 0.3 * k), "planks", "steps", bevel=0.015)
    with a.at(translation(0, eave, 0)):
        pyramid(
            a,
            2 * r * math.cos(math.pi / 8),
            2 * r * math.cos(math.pi / 8),
            h - eave - 0.45,
            replace(covering_of(a, "shingles"), pieces=90),
            overhang=0.4,
            sides=8,
        )
    a.add(
        lathe([(0.1, h - 0.5), (0.14, h - 0.42), (0.05, h - 0.34), (0.11, h - 0.22), (0.03, h - 0.12), (0, h)], sides=14, smooth=1),
        "painted_wood",
        "finial",
        tint=white,
    )
    a.spot("inside", (0, floor, 0), (r, r), eave - floor)
    a.spot("deck", (0, floor + 0.005, 0), (1.3 * r, 1.3 * r), eave - floor)
    return a.shape()


def market_stall(order: GrownOrder) -> Shape:
    """A stall with a striped roof on four posts, a counter and crates heaped with fruit and vegetables."""
    a = Assembly(order)
    w, h, d = order.size_m
    colour = order.colour or a.tint("awning_colour", "crimson")
    for x in (-w / 2 + 0.12, w / 2 - 0.12):
        a.block((0.08, h - 0.25, 0.08), (x, (h - 0.25) / 2, -d / 2 + 0.15), "pine", "post", bevel=0.008)
        a.block((0.08, h - 0.75, 0.08), (x, (h - 0.75) / 2, d / 2 - 0.45), "pine", "post", bevel=0.008)
        a.board((x, h - 0.24, -d / 2 + 0.15), (x, h - 0.68, d / 2 - 0.4), (0.07, 0.06), "pine", "frame")
    for y, z in ((h - 0.22, -d / 2 + 0.15), (h - 0.66, d / 2 - 0.45)):
        a.board((-w / 2, y, z), (w / 2, y, z), (0.07, 0.06), "pine", "frame")
    with a.at(translation(0, h - 0.05, -d / 2 + 0.02)):
        awning(a, w, 0.0, d - 0.24, colour, drop=0.5)
    counter = d / 2 - 0.55
    for k in range(4):
        a.block((w - 0.3, 0.03, 0.19), (0, 0.86 - 0.02 * k, counter - 0.45 + 0.2 * k), "planks", "counter", bevel=0.005)
    for k in range(max(6, round(w / 0.2))):
        x = -w / 2 + 0.2 + (w - 0.4) * (k + 0.5) / max(6, round(w / 0.2))
        a.block(
            ((w - 0.4) / max(6, round(w / 0.2)) - 0.012, 0.78, 0.022),
            (x, 0.42, counter + 0.22),
            "pine",
            "counter",
            tint=a.shade("planks", float(a.rng.uniform(0.85, 1.15))),
        )
    goods = ("orange", "crimson", "lime", "golden", "emerald", "rose", "amber", "purple")
    count = max(3, round((w - 0.4) / 0.52))
    for k in range(count):
        for row in range(2):
            x = -w / 2 + 0.2 + (w - 0.4) * (k + 0.5) / count
            with a.at(translation(x, 0.9 + 0.12 * (1 - row), counter - 0.36 + 0.42 * row), rotation("x", 12)):
                _fruit_crate(a, (w - 0.4) / count - 0.05, 0.38, COLOURS[goods[(k * 2 + row * 3) % len(goods)]])
    a.spot("top", (0, 1.09, counter - 0.3), (w - 0.6, 0.5), 0.8)  # on the heaps
    a.spot("front", (0, 0, d / 2 + 0.45), (w, 0.8), 3)
    return a.shape()


def _fruit_crate(a: Assembly, wide: float, deep: float, colour: Colour) -> None:
    for z in (-1, 1):
        a.block((wide, 0.13, 0.015), (0, 0.05, z * deep / 2), "pine", "crate")
    for x in (-1, 1):
        a.block((0.015, 0.13, deep), (x * wide / 2, 0.05, 0), "pine", "crate")
    a.block((wide, 0.015, deep), (0, -0.01, 0), "pine", "crate")
    r = 0.052
    for i in range(int(wide / (2 * r))):
        for j in range(int(deep / (2 * r))):
            at = (-wide / 2 + r * 1.2 + i * 2 * r, 0.07 + float(a.rng.uniform(0, 0.03)), -deep / 2 + r * 1.2 + j * 2 * r)
            factor = float(a.rng.choice([0.85, 1.1]))
            a.add(sphere(r * float(a.rng.uniform(0.9, 1.08)), sides=8), "fruit", "goods", at=at, tint=scaled(colour, factor))


def gate(order: GrownOrder) -> Shape:
    """Two stone pillars with caps and a pair of wrought-iron or boarded leaves."""
    a = Assembly(order)
    w, h, d = order.size_m
    pillar = d
    iron = (order.style or a.word("made", "iron")) == "iron"
    for side in (-1, 1):
        x = side * (w / 2 - pillar / 2)
        rows = max(4, round((h - 0.3) / 0.3))
        for row in range(rows):
            size = pillar - 0.08 + (0.02 if row % 2 else 0)
            a.block(
                (size, (h - 0.32) / rows - 0.01, size),
                (x, (h - 0.32) * (row + 0.5) / rows, 0),
                "limestone",
                "pillar",
                bevel=0.02,
                tint=a.shade("limestone", float(a.rng.choice([0.72, 0.8, 0.88]))),
            )
        a.block((pillar, 0.1, pillar), (x, h - 0.27, 0), "limestone", "pillar", bevel=0.03)
        a.add(sphere(pillar * 0.24, sides=16), "limestone", "pillar", at=(x, h - pillar * 0.24, 0))
    gap = w - 2 * pillar
    tint = order.colour
    for side in (-1, 1):
        count = max(5, round(gap / 2 / 0.13))
        for k in range(count):
            x = side * gap / 2 * (k + 0.5) / count
            tall = h * 0.62 + h * 0.2 * (1 - abs(x) / (gap / 2)) ** 1.4
            if iron:
                a.rod((x, 0.08, 0), (x, tall, 0), 0.013, "cast_iron", "gate", sides=6, tint=tint)
                a.add(cylinder(0.03, 0.1, top_radius=0.002, sides=4), "cast_iron", "gate", at=(x, tall + 0.04, 0), tint=tint)
            else:
                a.block(
                    (gap / 2 / count - 0.01, tall - 0.08, 0.035),
                    (x, (tall + 0.08) / 2, 0),
                    "weathered_planks",
                    "gate",
                    bevel=0.005,
                    tint=tint,
                )
        for y in (0.16, h * 0.36, h * 0.58):
            a.block(
                (gap / 2 - 0.02, 0.045, 0.03), (side * gap / 4, y, 0 if iron else -0.03), "cast_iron" if iron else "oak", "gate", tint=tint
            )
    return a.shape()
