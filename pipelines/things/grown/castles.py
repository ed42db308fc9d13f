"""Castles, towers and ruins of stone."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arch, panel, rotation, translation
from pipelines.things.grown.landmarks import crenels, round_tower
from pipelines.things.grown.monuments import column
from pipelines.things.grown.openings import Joinery, Opening, blossoms, fill, steps
from pipelines.things.grown.walls import Skin, wall, wall_outline
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cloth


def castle(order: GrownOrder) -> Shape:
    """Curtain walls with battlements between four round towers, a gatehouse with portcullis, a keep with banners."""
    a = Assembly(order)
    w, h, d = order.size_m
    a.foundation_m = 3.0
    stone = order.material or a.word("walls", "stone_blocks")
    tint = order.colour or a.tint("wall_colour")
    radius = min(w, d) * 0.095
    wide, deep = w - 2.4 * radius, d - 2.4 * radius - 1.0
    wall_h, tower_h = h * 0.3, h * 0.44
    for name, x, z, turn, length in (
        ("front", 0, deep / 2, 0, wide),
        ("back", 0, -deep / 2, 180, wide),
        ("right", wide / 2, 0, 90, deep),
        ("left", -wide / 2, 0, -90, deep),
    ):
        with a.at(translation(x, 0, z), rotation("y", turn)):
            holes = [arch(3.4, 4.2, bottom=0.02, rise=0.5)] if name == "front" else []
            a.add(panel(wall_outline(length, wall_h), 1.6, holes), stone, "wall", at=(0, 0, 0.8), tint=tint)
            a.block((length, 0.25, 1.9), (0, wall_h - 0.4, 0), stone, "wall", bevel=0.04, tint=tint)
            a.block((length, a.foundation_m, 1.6), (0, -a.foundation_m / 2, 0), stone, "wall", tint=tint)
            with a.at(translation(0, wall_h, 0.62)):
                crenels(a, length - 2 * radius, stone, tint=tint)
            for sx in np.linspace(-length / 2 + radius + 2.0, length / 2 - radius - 2.0, 5):
                if name != "front" or abs(sx) > 4.5:
                    a.block((0.16, 1.3, 0.05), (float(sx), wall_h * 0.6, 0.8), "dark_rock", "slit", tint=(0.01, 0.01, 0.012))
    for sx in (-1, 1):
        for sz in (-1, 1):
            with a.at(translation(sx * wide / 2, 0, sz * deep / 2)):
                round_tower(
                    a,
                    radius,
                    tower_h,
                    stone,
                    tint=tint,
                    roof=tower_h * 0.42 if sz < 0 or a.number("roofs", 1) else 0.0,
                    covering=a.word("covering", "slate"),
                    sides=24,
                )
    with a.at(translation(0, 0, deep / 2)):
        _gatehouse(a, wall_h, stone, tint)
    with a.at(translation(0, 0, -deep * 0.14)):
        _keep(a, w * 0.3, d * 0.26, h, stone, tint)
    a.spot("front", (0, 0, deep / 2 + 5.5), (3, 3), 5)
    return a.shape()


def _gatehouse(a: Assembly, wall_h: float, stone: str, tint: Colour | None) -> None:
    tall = wall_h * 1.35
    opening = arch(3.2, 4.1, bottom=0.02, rise=0.5)
    for z, thick in ((2.0, 0.9), (-1.4, 0.9)):
        a.add(panel(wall_outline(7.4, tall), thick, [opening]), stone, "gatehouse", at=(0, 0, z), tint=tint)
    for x in (-1, 1):
        a.block((2.0, tall, 4.3), (x * 2.7, tall / 2, -0.15), stone, "gatehouse", tint=tint)
        with a.at(translation(x * 3.3, 0, 2.0)):
            round_tower(a, 1.35, tall + 1.6, stone, tint=tint, sides=20)
    a.block((7.4, 0.4, 4.3), (0, tall - 0.2, -0.15), stone, "gatehouse", tint=tint)
    with a.at(translation(0, tall, 1.75)):
        crenels(a, 4.6, stone, tint=tint)
    for bar in np.arange(-1.4, 1.5, 0.4):
        a.block((0.09, 2.6, 0.09), (float(bar), 2.9, 1.1), "iron", "portcullis")
    for y in (1.9, 2.4, 2.9, 3.4):
        a.block((3.2, 0.09, 0.07), (0, y, 1.1), "iron", "portcullis")
    for k in range(7):
        a.block((0.44, 0.12, 3.2), (-1.35 + 0.45 * k, 0.06, 3.4), "dark_wood", "drawbridge", bevel=0.02)
    for chain in (-1.45, 1.45):
        a.rod((chain, 3.6, 2.0), (chain, 0.14, 4.8), 0.035, "iron", "chain", sides=5)
    a.block((1.1, 1.9, 0.06), (0, tall - 1.7, 2.04), "velvet", "banner", tint=a.tint("banner_colour", "crimson"))
    a.add(
        panel(np.array([[-0.55, 0.0], [0.0, -0.45], [0.55, 0.0]]), 0.06),
        "velvet",
        "banner",
        at=(0, tall - 2.65, 2.07),
        tint=a.tint("banner_colour", "crimson"),
    )


def _keep(a: Assembly, wide: float, deep: float, top: float, stone: str, tint: Colour | None) -> None:
    flag = top * 0.12
    tall = top * 0.66
    joinery = Joinery(frame="dark_wood", trim="limestone", sill="limestone", reveal_m=0.3)
    for turn, length, out in ((0, wide, deep), (90, deep, wide), (180, wide, deep), (270, deep, wide)):
        with a.at(rotation("y", turn), translation(0, 0, out / 2)):
            openings = [
                Opening(x * length * 0.25, y, 0.8, 1.9, rise=0.8, pointed=True, columns=2, rows=3, trim=0.15)
                for x in (-1, 1)
                for y in (tall * 0.42, tall * 0.7)
            ]
            run = length if turn % 180 == 0 else length - 1.6
            wall(a, wall_outline(run, tall), openings, Skin(stone, tint, "plain", 0.8), joinery, name="keep")
            with a.at(translation(0, tall + 0.25, -0.2)):
                crenels(a, length + 0.3, stone, tint=tint)
    a.block((wide + 0.6, 0.5, deep + 0.6), (0, tall + 0.05, 0), stone, "keep", bevel=0.06, tint=tint)
    for k, (sx, sz) in enumerate(((-1, -1), (1, 1), (1, -1), (-1, 1))):
        with a.at(translation(sx * wide / 2, 0, sz * deep / 2)):
            round_tower(
                a,
                wide * 0.13,
                tall * (1.12 if k < 2 else 1.04),
                stone,
                tint=tint,
                roof=top * 0.14,
                covering=a.word("covering", "slate"),
                sides=18,
            )
    a.rod((0, tall, 0), (0, top, 0), 0.06, "oak", "flagpole", sides=8)
    wave = np.linspace(0, 1, 12)
    points = np.array(
        [
            np.column_stack([0.08 + 2.6 * wave, np.full(12, top - 0.1 - flag * 0.5 * v), 0.16 * np.sin(wave * 7 + v) * wave])
            for v in (1.0, 0.5, 0.0)
        ]
    )
    a.add(cloth(points, 0.02), "fabric", "flag", tint=a.tint("banner_colour", "crimson"), crease=60)


def tower(order: GrownOrder) -> Shape:
    """A round stone tower with a door, slits, a corbelled head and a pointed roof or battlements."""
    a = Assembly(order)
    a.foundation_m = 1.0
    w, h, _ = order.size_m
    roof = h * 0.26 if a.number("roof", 1) else 0.0
    radius = w / 2 / 1.3
    stone = order.material or a.word("walls", "stone_blocks")
    round_tower(a, radius, h - roof - 1.0, stone, tint=order.colour, roof=roof, covering=a.word("covering", "flat tiles"), sides=32)
    joinery = Joinery(frame="dark_wood", trim="limestone", sill="limestone", door="planks", reveal_m=0.02)
    with a.at(translation(0, 0.3, radius * 1.06)):
        a.block((1.9, 2.9, 0.7), (0, 1.3, -0.32), "limestone", "door surround", bevel=0.03)
        with a.at(translation(0, 0, 0.14)):
            fill(a, Opening(0, 0.03, 1.15, 2.2, "door", rise=0.5, trim=0.16), joinery)
        steps(a, 1.6, 0.3, z=0.05)
    for turn, y in ((150, h * 0.2), (-30, h * 0.34), (25, h * 0.52), (-100, h * 0.42), (100, h * 0.5)):
        with a.at(rotation("y", turn), translation(0, y, radius * 0.985)):
            a.block((0.95, 1.5, 0.3), (0, 0.6, -0.12), "limestone", "window trim", bevel=0.03)
            with a.at(translation(0, 0, 0.1)):
                fill(a, Opening(0, 0, 0.6, 1.1, rise=0.5, trim=0.12), joinery)
    a.spot("front", (0, 0, radius + 2.2), (1.6, 1.6), 3)
    return a.shape()


def ruin(order: GrownOrder) -> Shape:
    """What is left of an old abbey: broken walls with pointed arches, stumps of columns, fallen blocks."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("walls", "stone_blocks")
    tint = order.colour or a.tint("wall_colour")

    def broken(length: float, tall: float, left: float, right: float) -> np.ndarray:
        """A wall's outline whose top is a ragged line from the share `left` to the share `right` of its height."""
        xs = np.linspace(length / 2, -length / 2, max(6, round(length / 0.55)))
        share = np.interp(xs, [-length / 2, length / 2], [left, right])
        ys = tall * np.clip(share + a.rng.normal(0, 0.05, len(xs)), 0.12, 1.0)
        stepped = []
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            stepped.append((x, round(y / 0.35) * 0.35 + 0.003 * i))
            if i + 1 < len(xs):
                stepped.append((xs[i + 1] + 0.03, round(y / 0.35) * 0.35 + 0.003 * i))
        return np.array([[-length / 2, 0.0], [length / 2, 0.0], *stepped])

    back = broken(w * 0.92, h, 0.75, 1.0)
    hole = [arch(1.5, h * 0.62, bottom=0.9, x=x * w * 0.24, rise=0.85, pointed=True) for x in (-0.3, 0.85)]
    with a.at(translation(-w * 0.02, 0, -d / 2 + 0.45)):
        a.add(panel(back, 0.8, [hole[0]]), stone, "wall", at=(0, 0, 0.4), tint=tint)
        _arch_trim(a, -0.3 * w * 0.24, 0.9, 1.5, h * 0.62)
    with a.at(translation(-w / 2 + 0.45, 0, -0.2), rotation("y", 90)):
        a.add(
            panel(broken(d * 0.82, h * 0.72, 0.3, 1.0), 0.8, [arch(1.3, h * 0.42, bottom=0.02, x=0.3, rise=0.8, pointed=True)]),
            stone,
            "wall",
            at=(0, 0, 0.4),
            tint=tint,
        )
    with a.at(translation(w / 2 - 0.45, 0, -d * 0.24), rotation("y", -90)):
        a.add(panel(broken(d * 0.48, h * 0.55, 1.0, 0.25), 0.8), stone, "wall", at=(0, 0, 0.4), tint=tint)
    for k, tall in enumerate((0.78, 0.3, 0.52, 0.16)):
        column(a, (-w * 0.26 + w * 0.18 * k, 0, d * 0.16), 0.34, h * tall, broken=True)
    for _ in range(26):
        size = a.rng.uniform([0.4, 0.28, 0.3], [1.0, 0.55, 0.7])
        x, z = float(a.rng.uniform(-w * 0.44, w * 0.46)), float(a.rng.uniform(-d * 0.35, d * 0.46))
        with a.at(
            translation(x, float(size[1]) * 0.36, z), rotation("y", float(a.rng.uniform(0, 180))), rotation("z", float(a.rng.normal(0, 9)))
        ):
            a.add(box(size.tolist(), 0.05), stone, "rubble", tint=a.shade("stone_blocks", float(a.rng.choice([0.8, 0.95, 1.1]))))
    for x, y, z, wide, tall in (
        (w * 0.36, h * 0.3, -d / 2 + 0.88, 2.4, h * 0.5),
        (-w * 0.36, h * 0.62, -d / 2 + 0.88, 1.8, h * 0.35),
        (w * 0.1, h * 0.9, -d / 2 + 0.6, 2.4, 0.7),
    ):
        a.leaves(blossoms(a.rng, (wide, tall, 0.16), count=int(420 * wide * tall / 3), middle=(x, y, z), share=0.0))
    a.spot("inside", (0, 0, -d * 0.1), (w * 0.5, d * 0.2), 5)
    return a.shape()


def _arch_trim(a: Assembly, x: float, bottom: float, wide: float, tall: float) -> None:
    """Dressed stones around a pointed opening, both faces."""
    line = arch(wide, tall, bottom=bottom, x=x, rise=0.85, pointed=True)[1:]
    for face in (1, -1):
        for (x0, y0), (x1, y1) in zip(line, line[1:], strict=False):
            length = math.hypot(x1 - x0, y1 - y0)
            if y0 < bottom + 0.05 and y1 < bottom + 0.05:
                continue
            pieces = max(1, round(length / 0.5))
            for k in range(pieces):
                s, e = (
                    np.array([x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, face * 0.41]) for t in (k / pieces + 0.01, (k + 1) / pieces - 0.01)
                )
                a.board(s, e, (0.26, 0.14), "limestone", "arch stones", bevel=0.02, up=(y1 - y0, x0 - x1, 0))
