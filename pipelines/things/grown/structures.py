"""Structures: bridges, piers, fences, stone walls, gates, gazebos, wells. Long things run along x; their front faces +z."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly, scaled
from pipelines.things.grown.joinery import panel, rotation, translation
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, torus


def stone_bridge(order: GrownOrder) -> Shape:
    """A humped bridge of dressed stone on one arch or more, with voussoirs, parapets, coping and a cobbled way."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("walls", "stone_blocks")
    tint = order.colour
    arches = int(a.number("arches", 1 if w < 18 else 3))
    parapet = 0.95
    way, foot = h - parapet, 0.12

    def top(x: float) -> float:
        """The way climbs from the bank's level at both ends."""
        return foot + (way - foot) * (0.5 + 0.5 * math.cos(2 * math.pi * x / w)) ** 0.8

    xs = np.linspace(-w / 2, w / 2, 25)
    span = w * (0.62 if arches == 1 else 0.8) / arches
    holes = []
    for k in range(arches):
        middle = span * (k - (arches - 1) / 2)
        half = span * 0.5 - (0.0 if arches == 1 else 0.45)
        rise = min(
            half, min((top(middle + half * math.cos(u)) - 0.5) / max(math.sin(u), 0.05) for u in np.linspace(0.3, math.pi - 0.3, 15))
        )
        t = np.linspace(0, math.pi, 19)
        holes.append((middle, half, rise, np.column_stack([middle + half * np.cos(t), rise * np.sin(t)])))
    ground = [(w / 2, 0.0)] + [tuple(p) for _, _, _, hole in reversed(holes) for p in hole] + [(-w / 2, 0.0)]
    outline = np.array(ground[::-1] + [(x, top(float(x))) for x in xs[::-1]])
    a.add(panel(outline, d), stone, "bridge", at=(0, 0, d / 2), tint=tint, crease=30)
    for middle, half, rise, _ in holes:
        _voussoirs(a, middle, half, rise, d, tint)
    _parapets(a, xs, top, d, stone, tint)
    way_top = np.array([[x, top(float(x)) + 0.06] for x in xs[::-1]] + [[x, top(float(x)) - 0.1] for x in xs])
    a.add(panel(way_top, d - 0.8), "cobbles", "way", at=(0, 0, d / 2 - 0.4), crease=30)
    for k in range(arches - 1):
        x = span * (k + 1 - arches / 2)
        for side in (-1, 1):
            with a.at(translation(x, 0, side * d / 2), rotation("y", 45)):
                a.block((0.75, way * 0.5, 0.75), (0, way * 0.25, 0), stone, "cutwater", bevel=0.03, tint=tint)
    a.spot("deck", (0, top(0) + 0.06, 0), (w * 0.5, d - 1.0), 4.0)
    return a.shape()


def _voussoirs(a: Assembly, middle: float, half: float, rise: float, depth: float, tint: Colour | None) -> None:
    """Wedge stones around an arch on both faces."""
    count = max(9, round(math.pi * (half + rise) / 2 / 0.42) | 1)
    edges = np.linspace(0, math.pi, count + 1)
    for face in (1, -1):
        for k, (t0, t1) in enumerate(zip(edges, edges[1:], strict=False)):
            gap = 0.012 / half
            out = 0.5 if k == count // 2 else 0.42
            ring = []
            for t, extra in ((t0 + gap, 0.0), (t1 - gap, 0.0), (t1 - gap, out), (t0 + gap, out)):
                ring.append((middle + (half + extra) * math.cos(t), (rise + extra) * math.sin(t)))
            shade = a.shade("limestone", float(a.rng.choice([0.72, 0.8, 0.88]))) if tint is None else tint
            a.add(
                panel(np.array(ring), 0.35),
                "limestone",
                "arch stones",
                at=(0, 0, face * depth / 2 + (0.05 if face > 0 else 0.30)),
                tint=shade,
            )


def _parapets(a: Assembly, xs: np.ndarray, top: object, depth: float, stone: str, tint: Colour | None) -> None:
    assert callable(top)
    for side in (-1, 1):
        z = side * (depth / 2 - 0.2)
        low = [(x, top(float(x)) - 0.1) for x in xs]
        high = [(x, top(float(x)) + 0.78) for x in xs[::-1]]
        a.add(panel(np.array(low + high), 0.34), stone, "parapet", at=(0, 0, z + 0.17), tint=tint, crease=30)
        for x0, x1 in zip(xs, xs[1:], strict=False):
            start, end = (x0, top(float(x0)) + 0.86, z), (x1, top(float(x1)) + 0.86, z)
            a.board(
                start,
                end,
                (0.16, 0.5),
                "limestone",
                "coping",
                bevel=0.03,
                tint=a.shade("limestone", float(a.rng.uniform(0.72, 0.86))) if tint is None else tint,
            )


def wooden_bridge(order: GrownOrder) -> Shape:
    """A slightly arched footbridge of planks on two beams, with posts, rails and braces."""
    a = Assembly(order)
    w, h, d = order.size_m
    wood = order.material or a.word("wood", "planks")
    rail, deck = 1.05, 0.16
    camber = h - rail - deck

    def y(x: float) -> float:
        """The deck rises from the bank's level at both ends."""
        return deck + camber * (0.5 + 0.5 * math.cos(2 * math.pi * x / w)) ** 0.85

    count = max(8, round(w / 0.19))
    for k in range(count):
        x = -w / 2 + w * (k + 0.5) / count
        slope = math.degrees(math.atan2(y(x + 0.05) - y(x - 0.05), 0.1))
        tint = order.colour or a.shade(wood, float(a.rng.uniform(0.8, 1.15)))
        with a.at(translation(x, y(x) - 0.03, float(a.rng.uniform(-0.02, 0.02))), rotation("z", slope)):
            a.add(box((w / count - 0.012, 0.055, d - 0.06), 0.006), "pine", "deck", tint=tint)
    xs = np.linspace(-w / 2, w / 2, 13)
    for side in (-1, 1):
        z = side * (d / 2 - 0.16)
        for x0, x1 in zip(xs, xs[1:], strict=False):
            a.board((x0, y(x0) - 0.19, z * 0.8), (x1, y(x1) - 0.19, z * 0.8), (0.26, 0.16), "dark_wood", "beam")
            a.board(
                (x0, y(x0) + rail - 0.03, z * 1.04),
                (x1, y(x1) + rail - 0.03, z * 1.04),
                (0.05, 0.15),
                wood,
                "railing",
                bevel=0.01,
                tint=order.colour,
            )
            a.board((x0, y(x0) + 0.55, z * 1.04), (x1, y(x1) + 0.55, z * 1.04), (0.1, 0.04), wood, "railing", tint=order.colour)
        posts = np.linspace(-w / 2 + 0.12, w / 2 - 0.12, max(3, round(w / 1.5) + 1))
        for x in posts:
            a.block(
                (0.12, rail + 0.3, 0.12), (float(x), y(float(x)) + rail / 2 - 0.2, z * 1.04), wood, "post", bevel=0.012, tint=order.colour
            )
        for x in (-w * 0.27, w * 0.27):
            a.rod((x, 0, z * 0.8), (x, y(x) - 0.1, z * 0.8), 0.1, "log", "pile", sides=10)
    for x in (-w * 0.27, w * 0.27):
        a.board((x, y(x) - 0.36, -d / 2 + 0.1), (x, y(x) - 0.36, d / 2 - 0.1), (0.16, 0.16), "dark_wood", "beam")
    for x in (-w / 2 + 0.2, w / 2 - 0.2):
        a.block((0.4, 0.14, d), (x, 0.07, 0), "stone_blocks", "abutment", bevel=0.03)
    a.spot("deck", (0, y(0), 0), (w * 0.6, d - 0.6), 4.0)
    return a.shape()


def pier(order: GrownOrder) -> Shape:
    """A landing stage of weathered boards on driven piles, running from the shore (back, −z) out over the water (front, +z)."""
    a = Assembly(order)
    w, h, d = order.size_m
    deck = h - a.number("bollard", 0.75)
    count = max(6, round(d / 0.2))
    for k in range(count):
        z = -d / 2 + d * (k + 0.5) / count
        tint = order.colour or a.shade("weathered_planks", float(a.rng.uniform(0.78, 1.2)))
        with a.at(translation(float(a.rng.uniform(-0.03, 0.03)), deck - 0.025, z), rotation("y", float(90 + a.rng.uniform(-0.6, 0.6)))):
            a.add(box((d / count - 0.015, 0.05, w - 0.26), 0.006), "driftwood", "deck", tint=tint)
    for x in (-w / 2 + 0.3, 0.0, w / 2 - 0.3):
        a.board((x, deck - 0.15, -d / 2), (x, deck - 0.15, d / 2), (0.2, 0.12), "driftwood", "beam", tint=a.shade("driftwood", 0.7))
    rows = max(3, round(d / 2.6))
    for k in range(rows):
        z = -d / 2 + 0.2 + (d - 0.4) * k / (rows - 1)
        a.board(
            (-w / 2 + 0.05, deck - 0.32, z),
            (w / 2 - 0.05, deck - 0.32, z),
            (0.18, 0.14),
            "driftwood",
            "beam",
            tint=a.shade("driftwood", 0.65),
        )
        for side in (-1, 1):
            tall = deck + (0.75 if k == rows - 1 or k % 2 == 0 else -0.1)
            x = side * (w / 2 - 0.12)
            a.rod(
                (x, 0, z),
                (x + side * 0.0, tall, z),
                0.12,
                "driftwood",
                "pile",
                sides=12,
                bevel=0.02,
                tint=a.shade("driftwood", float(a.rng.uniform(0.6, 0.85))),
            )
    for side in (-1, 1):
        z = d / 2 - 0.2
        with a.at(translation(side * (w / 2 - 0.12), deck + 0.45, z)):
            for y in (0.0, 0.05, 0.1):
                a.add(torus(0.135, 0.022, sides=18, tube_sides=6), "rope", "rope", at=(0, y, 0))
    a.spot("deck", (0, deck, d * 0.15), (w - 0.8, d * 0.5), 6.0)
    return a.shape(sunk_m=deck - 0.6)


def fence(order: GrownOrder) -> Shape:
    """A fence along x: pickets, rails or boards (parameter `made`, or the ordered style)."""
    a = Assembly(order)
    w, h, _ = order.size_m
    made = order.style or a.word("made", "pickets")
    wood = order.material or a.word("wood", "painted_wood" if made == "pickets" else "weathered_planks")
    tint = order.colour or a.tint("colour")
    spans = max(1, round(w / (2.2 if made != "rustic" else 2.0)))
    if made == "rustic":
        _rail_fence(a, w, h, spans)
        return a.shape()
    for k in range(spans + 1):
        x = -w / 2 + 0.06 + (w - 0.12) * k / spans
        a.block((0.1, h, 0.1), (x, h / 2, -0.03), wood, "post", bevel=0.012, tint=tint)
        a.add(box((0.14, 0.035, 0.14), 0.012), wood, "post", at=(x, h - 0.015, -0.03), tint=tint)
    for y in (h * 0.27, h * 0.76):
        a.block((w - 0.12, 0.08, 0.035), (0, y, -0.005), wood, "rail", tint=tint)
    step, wide = (0.15, 0.085) if made == "pickets" else (0.14, 0.132)
    count = round((w - 0.16) / step)
    for k in range(count):
        x = -w / 2 + 0.08 + (w - 0.16) * (k + 0.5) / count
        tall = h * 0.93 - 0.07 + (0.0 if made == "pickets" else float(a.rng.uniform(-0.01, 0.01)))
        tip = 0.07 if made == "pickets" else 0.005
        outline = np.array([[-wide / 2, 0.06], [wide / 2, 0.06], [wide / 2, tall - tip], [0, tall], [-wide / 2, tall - tip]])
        base = tint or a.shade(wood, 1.0)
        factor = float(a.rng.choice([0.93, 1.0, 1.05]))
        with a.at(translation(x, 0, 0.036), rotation("z", float(a.rng.normal(0, 0.25)))):
            a.add(panel(outline, 0.022), wood, "picket", tint=scaled(base, factor))
    return a.shape()


def _rail_fence(a: Assembly, w: float, h: float, spans: int) -> None:
    """Round posts with two or three split rails stuck through them."""
    for k in range(spans + 1):
        x = -w / 2 + 0.09 + (w - 0.18) * k / spans
        a.rod(
            (x, 0, 0),
            (x + float(a.rng.normal(0, 0.015)), h, float(a.rng.normal(0, 0.01))),
            0.085,
            "log",
            "post",
            end_radius=0.075,
            sides=10,
            bevel=0.015,
        )
        if k == spans:
            break
        step = (w - 0.18) / spans
        for y in (h * 0.3, h * 0.58, h * 0.86):
            rise = a.rng.normal(0, 0.02, 2)
            tint = a.shade("log", float(a.rng.uniform(0.85, 1.25)))
            a.rod(
                (x - 0.08, y + float(rise[0]), 0.01),
                (x + step + 0.08, y + float(rise[1]), -0.01),
                0.05,
                "log",
                "rail",
                sides=8,
                end_radius=0.042,
                tint=tint,
            )


def stone_wall(order: GrownOrder) -> Shape:
    """A dry stone wall: uneven rough stones in courses, with a row of upright coping stones."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("stone", "limestone")
    base = order.colour or a.shade(stone, 0.62)
    a.add(box((w - 0.1, h * 0.78, d * 0.6)), "dark_rock", "wall", at=(0, h * 0.39, 0))
    courses = max(3, round(h * 0.8 / 0.17))
    step = h * 0.8 / courses
    for row in range(courses):
        deep = d * (1 - 0.16 * row / courses)
        for side in (-1, 1):
            x = -w / 2
            while x < w / 2 - 0.03:
                long = min(float(a.rng.uniform(0.16, 0.48)), w / 2 - x)
                factor = float(a.rng.choice([0.78, 0.92, 1.0, 1.12]))
                at = (
                    x + long / 2,
                    step * (row + 0.5) + float(a.rng.normal(0, 0.008)),
                    side * (deep / 2 - 0.13 + float(a.rng.normal(0, 0.012))),
                )
                size = (long - 0.012, step * float(a.rng.uniform(0.88, 1.02)), 0.26)
                a.block(size, at, "rock", "wall", bevel=0.03, tint=scaled(base, factor))
                x += long
    x = -w / 2
    while x < w / 2 - 0.05:
        wide = min(float(a.rng.uniform(0.1, 0.2)), w / 2 - x)
        factor = float(a.rng.choice([0.8, 0.95, 1.08]))
        with a.at(translation(x + wide / 2, h * 0.8 + h * 0.09, 0), rotation("z", float(a.rng.normal(0, 5)))):
            size = (wide, h * 0.2 * float(a.rng.uniform(0.85, 1.05)), d * 0.86)
            a.add(box(size, 0.03), "rock", "coping", tint=scaled(base, factor))
        x += wide
    return a.shape()
