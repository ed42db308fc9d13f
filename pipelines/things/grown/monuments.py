"""Monuments: castles, towers, ruins, temples, pagodas, windmills, mosques."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arch, axes, loft, mesh_of, panel, rotation, translation, tube
from pipelines.things.grown.landmarks import crenels, round_tower
from pipelines.things.grown.openings import Joinery, Opening, blossoms, fill, steps
from pipelines.things.grown.roofs import COVERINGS, Slope, frustum, lay
from pipelines.things.grown.walls import Skin, wall, wall_outline
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cloth, cylinder, lathe, torus


def castle(order: GrownOrder) -> Shape:
    """Curtain walls with battlements between four round towers, a gatehouse with portcullis, a keep with banners."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("walls", "stone_blocks")
    tint = order.colour or a.tint("wall_colour")
    radius = min(w, d) * 0.095
    wide, deep = w - 2.4 * radius, d - 2.4 * radius - 1.0
    wall_h, tower_h = h * 0.3, h * 0.44
    for name, x, z, turn, length in (("front", 0, deep / 2, 0, wide), ("back", 0, -deep / 2, 180, wide), ("right", wide / 2, 0, 90, deep), ("left", -wide / 2, 0, -90, deep)):
        with a.at(translation(x, 0, z), rotation("y", turn)):
            holes = [arch(3.4, 4.2, bottom=0.02, rise=0.5)] if name == "front" else []
            a.add(panel(wall_outline(length, wall_h), 1.6, holes), stone, "wall", at=(0, 0, 0.8), tint=tint)
            a.block((length, 0.25, 1.9), (0, wall_h - 0.4, 0), stone, "wall", bevel=0.04, tint=tint)
            with a.at(translation(0, wall_h, 0.62)):
                crenels(a, length - 2 * radius, stone, tint=tint)
            for sx in np.linspace(-length / 2 + radius + 2.0, length / 2 - radius - 2.0, 5):
                if name != "front" or abs(sx) > 4.5:
                    a.block((0.16, 1.3, 0.05), (float(sx), wall_h * 0.6, 0.8), "dark_rock", "slit", tint=(0.01, 0.01, 0.012))
    for sx in (-1, 1):
        for sz in (-1, 1):
            with a.at(translation(sx * wide / 2, 0, sz * deep / 2)):
                round_tower(a, radius, tower_h, stone, tint=tint, roof=tower_h * 0.42 if sz < 0 or a.number("roofs", 1) else 0.0, covering=a.word("covering", "slate"), sides=24)
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
    for x in np.arange(-1.4, 1.5, 0.4):
        a.block((0.09, 2.6, 0.09), (float(x), 2.9, 1.1), "iron", "portcullis")
    for y in (1.9, 2.4, 2.9, 3.4):
        a.block((3.2, 0.09, 0.07), (0, y, 1.1), "iron", "portcullis")
    for k in range(7):
        a.block((0.44, 0.12, 3.2), (-1.35 + 0.45 * k, 0.06, 3.4), "dark_wood", "drawbridge", bevel=0.02)
    for x in (-1.45, 1.45):
        a.rod((x, 3.6, 2.0), (x, 0.14, 4.8), 0.035, "iron", "chain", sides=5)
    a.block((1.1, 1.9, 0.06), (0, tall - 1.7, 2.04), "velvet", "banner", tint=a.tint("banner_colour", "crimson"))
    a.add(panel(np.array([[-0.55, 0.0], [0.0, -0.45], [0.55, 0.0]]), 0.06), "velvet", "banner", at=(0, tall - 2.65, 2.07), tint=a.tint("banner_colour", "crimson"))


def _keep(a: Assembly, wide: float, deep: float, top: float, stone: str, tint: Colour | None) -> None:
    flag = top * 0.12
    tall = top * 0.66
    joinery = Joinery(frame="dark_wood", trim="limestone", sill="limestone", reveal_m=0.3)
    for turn, length, out in ((0, wide, deep), (90, deep, wide), (180, wide, deep), (270, deep, wide)):
        with a.at(rotation("y", turn), translation(0, 0, out / 2)):
            openings = [Opening(x * length * 0.25, y, 0.8, 1.9, rise=0.8, pointed=True, columns=2, rows=3, trim=0.15) for x in (-1, 1) for y in (tall * 0.42, tall * 0.7)]
            run = length if turn % 180 == 0 else length - 1.6
            wall(a, wall_outline(run, tall), openings, Skin(stone, tint, "plain", 0.8), joinery, name="keep")
            with a.at(translation(0, tall + 0.25, -0.2)):
                crenels(a, length + 0.3, stone, tint=tint)
    a.block((wide + 0.6, 0.5, deep + 0.6), (0, tall + 0.05, 0), stone, "keep", bevel=0.06, tint=tint)
    for k, (sx, sz) in enumerate(((-1, -1), (1, 1), (1, -1), (-1, 1))):
        with a.at(translation(sx * wide / 2, 0, sz * deep / 2)):
            round_tower(a, wide * 0.13, tall * (1.12 if k < 2 else 1.04), stone, tint=tint, roof=top * 0.14, covering=a.word("covering", "slate"), sides=18)
    a.rod((0, tall, 0), (0, top, 0), 0.06, "oak", "flagpole", sides=8)
    wave = np.linspace(0, 1, 12)
    points = np.array([np.column_stack([0.08 + 2.6 * wave, np.full(12, top - 0.1 - flag * 0.5 * v), 0.16 * np.sin(wave * 7 + v) * wave]) for v in (1.0, 0.5, 0.0)])
    a.add(cloth(points, 0.02), "fabric", "flag", tint=a.tint("banner_colour", "crimson"), crease=60)


def tower(order: GrownOrder) -> Shape:
    """A round stone tower with a door, slits, a corbelled head and a pointed roof or battlements."""
    a = Assembly(order)
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
        a.add(panel(broken(d * 0.82, h * 0.72, 0.3, 1.0), 0.8, [arch(1.3, h * 0.42, bottom=0.02, x=0.3, rise=0.8, pointed=True)]), stone, "wall", at=(0, 0, 0.4), tint=tint)
    with a.at(translation(w / 2 - 0.45, 0, -d * 0.24), rotation("y", -90)):
        a.add(panel(broken(d * 0.48, h * 0.55, 1.0, 0.25), 0.8), stone, "wall", at=(0, 0, 0.4), tint=tint)
    for k, tall in enumerate((0.78, 0.3, 0.52, 0.16)):
        column(a, (-w * 0.26 + w * 0.18 * k, 0, d * 0.16), 0.34, h * tall, broken=True)
    for _ in range(26):
        size = a.rng.uniform([0.4, 0.28, 0.3], [1.0, 0.55, 0.7])
        x, z = float(a.rng.uniform(-w * 0.44, w * 0.46)), float(a.rng.uniform(-d * 0.35, d * 0.46))
        with a.at(translation(x, float(size[1]) * 0.36, z), rotation("y", float(a.rng.uniform(0, 180))), rotation("z", float(a.rng.normal(0, 9)))):
            a.add(box(size, 0.05), stone, "rubble", tint=a.shade("stone_blocks", float(a.rng.choice([0.8, 0.95, 1.1]))))
    for x, y, z, wide, tall in ((w * 0.36, h * 0.3, -d / 2 + 0.88, 2.4, h * 0.5), (-w * 0.36, h * 0.62, -d / 2 + 0.88, 1.8, h * 0.35), (w * 0.1, h * 0.9, -d / 2 + 0.6, 2.4, 0.7)):
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
                s, e = (np.array([x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, face * 0.41]) for t in (k / pieces + 0.01, (k + 1) / pieces - 0.01))
                a.board(s, e, (0.26, 0.14), "limestone", "arch stones", bevel=0.02, up=(y1 - y0, x0 - x1, 0))


def column(a: Assembly, at: tuple[float, float, float], radius: float, tall: float, *, broken: bool = False, material: str = "limestone", order_name: str = "doric", tint: Colour | None = None) -> None:
    """A fluted column with base and capital; broken ones end in a slanting break."""
    flutes, sides = 16, 32
    t = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    wave = 1 - 0.05 * (0.5 - 0.5 * np.cos(flutes * t))
    with a.at(translation(*at)):
        a.block((radius * 2.5, radius * 0.35, radius * 2.5), (0, radius * 0.175, 0), material, "column", bevel=0.02, tint=tint)
        a.add(lathe([(radius * 1.05, 0.0), (radius * 1.18, radius * 0.12), (radius * 1.05, radius * 0.26)], sides=20), material, "column", at=(0, radius * 0.35, 0), tint=tint)
        low, high = radius * 0.6, tall - (0 if broken else radius * 0.8)
        rings = []
        for s in np.linspace(0, 1, 4):
            r = radius * (1 - 0.17 * s**1.6) * wave
            tilt = 0.35 * radius * np.sin(t + 1.0) if broken and s == 1 else 0.0
            rings.append(np.column_stack([r * np.sin(t), np.full(sides, low + (high - low) * s) + tilt, r * np.cos(t)]))
        a.add(loft(np.array(rings)), material, "column", crease=25, tint=tint)
        if not broken:
            top = radius * 0.83
            a.add(lathe([(top, high - 0.02), (top * 1.06, high + radius * 0.1), (top * 1.45, high + radius * 0.42), (top * 1.45, high + radius * 0.48)], sides=20), material, "column", tint=tint)
            a.block((radius * 2.55, radius * 0.34, radius * 2.55), (0, high + radius * 0.63, 0), material, "column", bevel=0.015, tint=tint)


def temple(order: GrownOrder) -> Shape:
    """A Greek temple: three steps, columns all round, entablature with triglyphs, pediments, a cella with a tall door."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("walls", "marble")
    tint = order.colour
    step = h * 0.035
    for k in range(3):
        grow = 0.45 * (3 - k)
        a.block((w - 1.4 + grow, step, d - 1.4 + grow), (0, step * (k + 0.5), 0), stone, "steps", bevel=0.02, tint=tint)
    floor = 3 * step
    wide, deep = w - 1.9, d - 1.9
    radius = h * 0.045
    shaft = h * 0.52
    front = max(4, 2 * round(wide / (radius * 5.2) / 2))
    side = max(5, round(deep / (radius * 5.2)))
    xs, zs = np.linspace(-wide / 2 + radius, wide / 2 - radius, front), np.linspace(-deep / 2 + radius, deep / 2 - radius, side)
    places = [(float(x), z) for x in xs for z in (zs[0], zs[-1])] + [(x, float(z)) for z in zs[1:-1] for x in (xs[0], xs[-1])]
    for x, z in places:
        column(a, (x, floor, float(z)), radius, shaft, material=stone, tint=tint)
    top = floor + shaft
    beam = h * 0.055
    for y, out, tall in ((top + beam / 2, 0.0, beam), (top + beam * 1.55, 0.03, beam * 1.1), (top + beam * 2.25, 0.5, beam * 0.3)):
        a.add(panel(np.array([[-wide / 2 - out, -deep / 2 - out], [wide / 2 + out, -deep / 2 - out], [wide / 2 + out, deep / 2 + out], [-wide / 2 - out, deep / 2 + out]]), tall).moved(translation(0, y + tall / 2, 0) @ rotation("x", -90)), stone, "entablature", tint=tint)
    for turn, length, out in ((0, wide, deep), (180, wide, deep), (90, deep, wide), (270, deep, wide)):
        with a.at(rotation("y", turn), translation(0, top + beam * 1.55, out / 2 + 0.05)):
            count = max(6, round(length / (radius * 2.6)))
            for k in range(count):
                for bar in (-1, 0, 1):
                    a.block((radius * 0.22, beam, 0.06), (length * ((k + 0.5) / count - 0.5) + bar * radius * 0.32, 0, 0), stone, "triglyphs", tint=tint)
    roof_y = top + beam * 2.4
    rise = h - roof_y - 0.1
    pitch = math.degrees(math.atan2(rise, wide / 2 + 0.5))
    with a.at(translation(0, roof_y, 0), rotation("y", 90)):
        covering = replace(COVERINGS["tiles"], tint=a.tint("roof_colour", "tan"), pieces=140)
        angle = math.radians(pitch)
        for turn in (0, 180):
            face = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
            with a.at(rotation("y", turn), translation(0, 0.02, wide / 2 + 0.5), face):
                lay(a, Slope(deep + 1.0, deep + 1.0, math.hypot(rise, wide / 2 + 0.5)), covering, deck_m=0.05)
    for z in (1, -1):
        pediment = np.array([[-wide / 2 - 0.35, 0], [wide / 2 + 0.35, 0], [0, rise - 0.12]])
        with a.at(translation(0, roof_y, z * (deep / 2 + 0.08)), rotation("y", 0 if z > 0 else 180)):
            a.add(panel(pediment, 0.4), stone, "pediment", tint=tint)
            for side_x in (-1, 1):
                a.board((side_x * (wide / 2 + 0.45), 0.0, 0.12), (0, rise - 0.02, 0.12), (0.3, 0.5), stone, "pediment", tint=tint)
    cella = (wide - radius * 7, deep - radius * 8)
    with a.at(translation(0, floor, cella[1] / 2)):
        a.add(panel(wall_outline(cella[0], shaft + beam), cella[1]), stone, "cella", tint=tint)
        a.block((cella[0] * 0.34, shaft * 0.78, 0.1), (0, shaft * 0.39, 0.02), "bronze", "door", bevel=0.02)
        a.block((cella[0] * 0.44, shaft * 0.08, 0.25), (0, shaft * 0.82, 0.05), stone, "cella", bevel=0.02, tint=tint)
        for k in range(6):
            a.block((cella[0] * 0.12, shaft * 0.2, 0.06), (cella[0] * 0.08 * (1 if k % 2 else -1), shaft * (0.14 + 0.25 * (k // 2)), 0.06), "bronze", "door", bevel=0.03)
    a.spot("front", (0, 0, d / 2 + 2), (3, 2), 5)
    a.spot("inside", (0, floor, deep / 2 - radius * 4), (wide * 0.4, radius * 3), shaft)
    return a.shape()


def pagoda(order: GrownOrder) -> Shape:
    """Five storeys under tiled roofs with upturned corners, red posts, railings, a spire of rings."""
    a = Assembly(order)
    w, h, _ = order.size_m
    tiers = int(a.number("tiers", 5))
    red = order.colour or a.tint("wall_colour", "rust")
    spire = h * 0.17
    foot = 0.8
    tall = (h - spire - foot) / tiers
    a.add(frustum((w * 0.8, w * 0.8), (w * 0.76, w * 0.76), foot), "stone_blocks", "plinth")
    with a.at(translation(0, foot, w * 0.38)):
        steps(a, 2.2, foot, z=0.0)
    for k in range(tiers):
        share = 1 - 0.52 * k / max(tiers - 1, 1)
        body = w * 0.52 * share
        with a.at(translation(0, foot + tall * k, 0)):
            _pagoda_storey(a, body, tall * 0.62, red, doors=k == 0)
            with a.at(translation(0, tall * 0.56, 0)):
                _swept_roof(a, body, w * 0.98 * share if k else w * 0.98, tall * 0.5, body * 0.8)
    with a.at(translation(0, h - spire - 0.1, 0)):
        a.add(lathe([(0.5, 0), (0.45, 0.25), (0.2, 0.35), (0.3, 0.55), (0.08, 0.65), (0.06, spire * 0.9), (0.0, spire + 0.1)], sides=16), "bronze", "spire")
        for i in range(7):
            a.add(torus(0.34 - 0.03 * i, 0.045, sides=20, tube_sides=6), "bronze", "spire", at=(0, 0.8 + (spire - 1.2) * i / 7, 0))
    a.spot("front", (0, 0, w * 0.38 + 2.4), (2, 2), 4)
    return a.shape()


def _pagoda_storey(a: Assembly, body: float, tall: float, red: Colour | None, *, doors: bool) -> None:
    a.block((body * 0.94, tall, body * 0.94), (0, tall / 2, 0), "white_plaster", "wall")
    for turn in range(4):
        with a.at(rotation("y", 90 * turn), translation(0, 0, body * 0.47)):
            for x in np.linspace(-body * 0.47, body * 0.47, 4):
                a.add(cylinder(body * 0.028, tall, sides=10), "painted_wood", "post", at=(float(x), tall / 2, 0.02), tint=red)
            for y in (0.08, tall * 0.72, tall - 0.08):
                a.block((body * 0.96, 0.13, 0.1), (0, y, 0.02), "painted_wood", "beam", tint=red)
            if doors and turn == 0:
                a.block((body * 0.28, tall * 0.66, 0.08), (0, tall * 0.36, 0.03), "dark_wood", "door", bevel=0.01)
                a.block((0.03, tall * 0.62, 0.1), (0, tall * 0.36, 0.035), "brass", "door")
            else:
                a.block((body * 0.24, tall * 0.4, 0.05), (0, tall * 0.45, 0.02), "window_glass", "window")
                for x in np.linspace(-body * 0.1, body * 0.1, 5):
                    a.block((0.03, tall * 0.4, 0.06), (float(x), tall * 0.45, 0.035), "painted_wood", "window frame", tint=red)
        if not doors:
            with a.at(rotation("y", 90 * turn)):
                reach = body * 0.62
                a.block((2 * reach, 0.08, 0.3), (0, 0.02, reach - 0.12), "painted_wood", "gallery", tint=red)
                for y in (0.3, 0.5):
                    a.block((2 * reach, 0.05, 0.05), (0, y, reach), "painted_wood", "railing", tint=red)
                for x in np.linspace(-reach, reach, 7):
                    a.block((0.05, 0.55, 0.05), (float(x), 0.28, reach), "painted_wood", "railing", tint=red)


def _swept_roof(a: Assembly, inner: float, outer: float, rise: float, top: float) -> None:
    """A square roof whose slopes sag and whose corners rise; y = 0 is the wall's top."""
    columns, rows = 13, 6
    u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    reach = outer / 2 * (1 - v) + top / 2 * v * 0.75
    lift = 0.28 * rise * (np.abs(u) ** 4) * (1 - v) ** 2
    y = rise * (v**1.6) - 0.12 * rise + lift
    upper = np.stack([u * reach, y, reach], axis=-1)
    lower = upper - [0, 0.14, 0]
    index = np.arange(rows * columns).reshape(rows, columns)
    p, q, r, s = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    skin = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    rim = np.concatenate([index[0], index[1:, -1], index[-1, -2::-1], index[-2:0:-1, 0]])
    after, below = np.roll(rim, -1), rows * columns
    faces = np.concatenate([skin, skin[:, ::-1] + below, np.stack([rim, rim + below, after + below], 1), np.stack([rim, after + below, after], 1)])
    mesh = mesh_of(np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)]), faces)
    for turn in range(4):
        with a.at(rotation("y", 90 * turn)):
            a.add(mesh, "slate_tiles", "roof", crease=50, tint=a.tint("roof_colour"))
            count = 13
            for k in range(count):
                t = 2 * (k + 0.5) / count - 1
                line = np.array([[t * (outer / 2 * (1 - s) + top / 2 * s * 0.75), rise * s**1.6 - 0.12 * rise + 0.28 * rise * abs(t) ** 4 * (1 - s) ** 2 + 0.03, outer / 2 * (1 - s) + top / 2 * s * 0.75 + 0.0] for s in np.linspace(0, 1, 5)])
                a.add(tube(line, 0.05, sides=3), "slate_tiles", "roof", tint=a.tint("roof_colour"))
            corner = np.array([[(outer / 2 * (1 - s) + top / 2 * s * 0.75), rise * s**1.6 - 0.12 * rise + 0.28 * rise * (1 - s) ** 2 + 0.06, (outer / 2 * (1 - s) + top / 2 * s * 0.75)] for s in np.linspace(-0.03, 1, 7).clip(0)])
            a.add(tube(corner + np.array([[0.05, 0.05, 0.05]] + [[0, 0, 0]] * 6), np.array([0.07, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), sides=7), "slate_tiles", "ridge", tint=a.shade("slate_tiles", 0.75))
    a.add(panel(np.array([[-inner * 0.62, -inner * 0.62], [inner * 0.62, -inner * 0.62], [inner * 0.62, inner * 0.62], [-inner * 0.62, inner * 0.62]]), 0.16).moved(translation(0, 0.1, 0) @ rotation("x", -90)), "painted_wood", "brackets", tint=a.tint("bracket_colour", "teal"))


def windmill(order: GrownOrder) -> Shape:
    """A Dutch tower mill: brick foot, tapering boarded tower with windows, gallery, turning cap, four lattice sails."""
    a = Assembly(order)
    w, h, d = order.size_m
    hub = h * 0.66
    sail = min(w / 2, h - hub) * 0.985
    foot_r, top_r = w * 0.24, w * 0.135
    gallery = h * 0.24
    tint = order.colour or a.tint("wall_colour")
    a.add(lathe([(foot_r, 0), (foot_r * 0.94, gallery)], sides=8).moved(rotation("y", 22.5)), order.material or "brick", "base", tint=tint)
    body = order.material or a.word("walls", "shingles")
    cap_y = h * 0.62
    for k in range(16):
        low, high = gallery + (cap_y - gallery) * k / 16, gallery + (cap_y - gallery) * (k + 1.12) / 16
        r0, r1 = (foot_r * 0.9 + (top_r - foot_r * 0.9) * s for s in (k / 16, (k + 1) / 16))
        a.add(lathe([(r0 + 0.05, low), (r1 + 0.0, high)], sides=8).moved(rotation("y", 22.5)), body, "tower", tint=tint or a.shade(body, 0.9 + 0.07 * (k % 3)))
    a.add(lathe([(foot_r * 0.8, gallery - 0.12), (foot_r * 1.42, gallery - 0.12), (foot_r * 1.42, gallery), (foot_r * 0.8, gallery)], sides=16, closed=True), "weathered_planks", "gallery")
    for k in range(16):
        with a.at(rotation("y", 22.5 * k)):
            r = foot_r * 1.38
            a.block((0.08, 1.05, 0.08), (0, gallery + 0.5, r), "painted_wood", "railing", tint=COLOURS["white"])
            a.board((0, gallery - 0.1, r), (0, gallery - 1.5, foot_r * 0.93), (0.12, 0.1), "dark_wood", "brace")
            nxt = (r * math.sin(math.radians(22.5)), r * math.cos(math.radians(22.5)))
            for y in (0.55, 1.0):
                a.board((0, gallery + y, r), (nxt[0], gallery + y, nxt[1]), (0.06, 0.05), "painted_wood", "railing", tint=COLOURS["white"])
    joinery = Joinery(frame_tint=COLOURS["white"], trim_tint=COLOURS["white"], reveal_m=0.0, door="planks", door_tint=a.tint("door_colour", "emerald"))
    lean = math.degrees(math.atan2(foot_r * 0.9 - top_r, cap_y - gallery))
    flat = math.cos(math.pi / 8)
    for turn, share in ((0, 0.22), (90, 0.3), (-90, 0.3), (180, 0.3), (0, 0.62), (90, 0.66), (-90, 0.66)):
        r = (foot_r * 0.9 + (top_r - foot_r * 0.9) * share) * flat
        with a.at(rotation("y", turn), translation(0, gallery + (cap_y - gallery) * share, r + 0.06), rotation("x", -lean)):
            fill(a, Opening(0, 0, 0.8, 1.1, rows=3, trim=0.1), joinery)
    with a.at(translation(0, 0, foot_r * flat + 0.03)):
        fill(a, Opening(0, 0.05, 1.3, 2.3, "door", trim=0.14), joinery)
    for turn in (90, -90):
        with a.at(rotation("y", turn), translation(0, 1.2, foot_r * flat * 0.985 + 0.04)):
            fill(a, Opening(0, 0, 0.9, 1.1, rows=2, trim=0.1), joinery)
    with a.at(translation(0, cap_y, 0)):
        _mill_cap(a, top_r, hub - cap_y)
    with a.at(translation(0, hub, top_r * 1.5), rotation("z", a.number("sails_deg", 32))):
        _sails(a, sail)
    a.spot("front", (0, 0, foot_r + 1.8), (2, 2), 4)
    return a.shape()


def _mill_cap(a: Assembly, r: float, hub: float) -> None:
    """A boat-shaped cap, thatched, with the wind shaft through its front."""
    rings = []
    for z, share in ((-1.55, 0.55), (-1.3, 0.86), (-0.6, 1.04), (0.3, 1.06), (1.0, 0.98), (1.35, 0.86)):
        t = np.linspace(0, math.pi, 11)
        half = np.column_stack([r * 1.16 * share * np.cos(t), -0.15 + (hub + r * 0.85) * share * np.sin(t) ** 0.8])
        rings.append(np.column_stack([half[:, 0], half[:, 1], np.full(11, z * r)]))
    a.add(loft(np.array(rings)), "thatch", "cap", tint=a.shade("thatch", 0.75), crease=60)
    with a.at(translation(0, hub, r * 1.0), rotation("x", 90)):
        a.add(cylinder(0.22, r * 1.2, sides=12, bevel=0.02), "dark_wood", "wind shaft")
    a.add(torus(r * 1.08, 0.1, sides=24, tube_sides=6), "painted_wood", "cap ring", at=(0, -0.05, 0), tint=COLOURS["white"])


def _sails(a: Assembly, reach: float) -> None:
    """Four sails in the xy plane: stock, whip, bars and cloth; slightly turned out of the plane."""
    a.add(cylinder(0.3, 0.5, sides=12, bevel=0.04).moved(rotation("x", 90)), "cast_iron", "hub")
    for k in range(4):
        with a.at(rotation("z", 90 * k)):
            a.board((0, 0, 0.05), (0, reach, 0.05), (0.16, 0.2), "dark_wood", "sail", bevel=0.015, up=(1, 0, 0))
            bars = max(8, round(reach / 0.55))
            wide = reach * 0.2
            with a.at(translation(0, 0, 0.08), rotation("y", 8)):
                for i in range(bars):
                    y = reach * (0.18 + 0.8 * i / (bars - 1))
                    a.block((wide + 0.25, 0.04, 0.04), (wide / 2 - 0.1, y, 0), "painted_wood", "sail", tint=COLOURS["cream"])
                for x in (0.3, 0.62, 1.0):
                    a.block((0.035, reach * 0.8, 0.035), (wide * x, reach * 0.58, 0.02), "painted_wood", "sail", tint=COLOURS["cream"])
                a.block((wide * 0.68, reach * 0.78, 0.02), (wide * 0.65, reach * 0.58, -0.03), "canvas", "sail cloth", tint=a.tint("sail_colour"))


def mosque(order: GrownOrder) -> Shape:
    """A domed prayer hall with arched porch and two slender minarets."""
    a = Assembly(order)
    w, h, d = order.size_m
    stone = order.material or a.word("walls", "limestone")
    tint = order.colour
    dome_tint = a.tint("dome_colour", "teal")
    hall = w * 0.56
    tall = h * 0.3
    z = -d * 0.1
    joinery = Joinery(frame="dark_wood", trim="marble", sill="marble", door="walnut", reveal_m=0.25)
    for turn in (0, 90, 180, 270):
        with a.at(translation(0, 0, z), rotation("y", turn), translation(0, 0, hall / 2)):
            openings = [Opening(x * hall * 0.3, y, 1.3, tall * 0.3, rise=0.6, pointed=True, columns=2, rows=3, trim=0.16) for x in (-1, 0, 1) for y in (tall * 0.12, tall * 0.56) if not (turn == 0 and y < tall * 0.3)]
            run = hall if turn % 180 == 0 else hall - 1.0
            if turn == 0:
                openings.append(Opening(0, 0.03, 2.2, tall * 0.42, "door", rise=0.55, pointed=True, trim=0.25))
            wall(a, wall_outline(run, tall), openings, Skin(stone, tint, "plain", 0.5), joinery)
            a.block((hall + 0.3, 0.35, 0.35), (0, tall, -0.05), stone, "cornice", bevel=0.05, tint=tint)
    a.block((hall, 0.3, hall), (0, tall - 0.05, z), stone, "roof", tint=tint)
    t = np.linspace(0, 1, 12)
    r = hall * 0.4
    a.add(lathe([(r * 1.03, tall), (r * 1.03, tall + h * 0.07), (r, tall + h * 0.075)], sides=32), stone, "drum", at=(0, 0, z), tint=tint)
    for k in range(16):
        with a.at(translation(0, tall + h * 0.035, z), rotation("y", 22.5 * k), translation(0, 0, r * 1.03)):
            a.add(panel(arch(0.5, h * 0.05, bottom=-h * 0.025, rise=0.5), 0.1), "window_glass", "window", at=(0, 0, 0.03))
    bulge = [(r * (1.0 + 0.06 * math.sin(s * 3)) * math.cos(s * math.pi / 2) ** 0.72, tall + h * 0.075 + r * 1.12 * math.sin(s * math.pi / 2) ** 0.95) for s in t[:-1]]
    top = tall + h * 0.075 + r * 1.12
    a.add(lathe([*bulge, (0.0, top + 0.1)], sides=40, smooth=1), "ceramic", "dome", at=(0, 0, z), tint=dome_tint)
    a.add(lathe([(0.1, top), (0.22, top + 0.3), (0.06, top + 0.5), (0.15, top + 0.75), (0.03, top + 0.95), (0, top + 1.6)], sides=12), "gold", "finial", at=(0, 0, z))
    for sx in (-1, 1):
        for sz in (-1, 1):
            a.add(lathe([(0.9, tall + 0.1), (0.85, tall + 0.7), (0.7, tall + 1.2), (0.35, tall + 1.65), (0.0, tall + 1.9)], sides=20), "ceramic", "dome", at=(sx * hall * 0.42, 0, z + sz * hall * 0.42), tint=dome_tint)
    for side in (-1, 1):
        with a.at(translation(side * (w / 2 - 1.25), 0, d * 0.16)):
            _minaret(a, h, stone, tint, dome_tint)
    with a.at(translation(0, 0, z + hall / 2)):
        for k in range(5):
            x = hall * 0.2 * (k - 2)
            a.add(panel(wall_outline(hall * 0.2, tall * 0.62), 0.45, [arch(hall * 0.15, tall * 0.54, bottom=0.02, rise=0.6, pointed=True)]), stone, "porch", at=(x, 0, 2.6), tint=tint)
            a.add(lathe([(hall * 0.092, 0), (hall * 0.085, 0.4), (hall * 0.05, 0.8), (0, 0.98)], sides=16), "ceramic", "dome", at=(x, tall * 0.64, 1.3), tint=dome_tint)
        a.block((hall, 0.2, 2.8), (0, tall * 0.62, 1.3), stone, "porch", bevel=0.03, tint=tint)
        steps(a, hall * 0.8, 0.02, z=2.6)
    a.spot("front", (0, 0, z + hall / 2 + 4.2), (3, 2), 4)
    return a.shape()


def _minaret(a: Assembly, tall: float, stone: str, tint: Colour | None, dome: Colour | None) -> None:
    r = 0.85
    a.block((2.2, tall * 0.14, 2.2), (0, tall * 0.07, 0), stone, "minaret", bevel=0.05, tint=tint)
    a.add(lathe([(r * 1.15, tall * 0.14), (r, tall * 0.17), (r * 0.86, tall * 0.62), (r * 1.35, tall * 0.66), (r * 1.35, tall * 0.675), (r * 0.8, tall * 0.68), (r * 0.72, tall * 0.82), (r * 1.05, tall * 0.845), (r * 1.05, tall * 0.855), (r * 0.62, tall * 0.86), (r * 0.58, tall * 0.9)], sides=20), stone, "minaret", tint=tint, crease=25)
    a.add(lathe([(r * 0.72, tall * 0.9), (r * 0.4, tall * 0.95), (0.08, tall * 0.985), (0.04, tall * 0.99), (0, tall)], sides=20), "ceramic", "dome", tint=dome)
    for y, radius in ((0.675, 1.32), (0.855, 1.02)):
        for k in range(14):
            with a.at(rotation("y", 360 * k / 14), translation(0, tall * y, r * radius)):
                a.block((0.12, 0.8, 0.06), (0, 0.4, 0), "marble", "railing")
        a.add(torus(r * radius, 0.05, sides=24, tube_sides=6), "marble", "railing", at=(0, tall * y + 0.8, 0))

