"""Monuments: temples, pagodas, mosques."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arch, axes, between, loft, panel, rotation, translation, tube
from pipelines.things.grown.openings import Joinery, Opening, steps
from pipelines.things.grown.roofs import COVERINGS, Slope, frustum, lay
from pipelines.things.grown.walls import Skin, wall, wall_outline
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder, lathe, torus


def column(
    a: Assembly,
    at: tuple[float, float, float],
    radius: float,
    tall: float,
    *,
    broken: bool = False,
    material: str = "limestone",
    order_name: str = "doric",
    tint: Colour | None = None,
) -> None:
    """A fluted column with base and capital; broken ones end in a slanting break."""
    flutes, sides = 12, 24
    t = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    wave = 1 - 0.05 * (0.5 - 0.5 * np.cos(flutes * t))
    with a.at(translation(*at)):
        a.block((radius * 2.5, radius * 0.35, radius * 2.5), (0, radius * 0.175, 0), material, "column", tint=tint)
        a.add(
            lathe([(radius * 1.05, 0.0), (radius * 1.18, radius * 0.12), (radius * 1.05, radius * 0.26)], sides=14),
            material,
            "column",
            at=(0, radius * 0.35, 0),
            tint=tint,
        )
        low, high = radius * 0.6, tall - (0 if broken else radius * 0.8)
        rings = []
        for s in np.linspace(0, 1, 4):
            r = radius * (1 - 0.17 * s**1.6) * wave
            tilt = 0.35 * radius * np.sin(t + 1.0) if broken and s == 1 else 0.0
            rings.append(np.column_stack([r * np.sin(t), np.full(sides, low + (high - low) * s) + tilt, r * np.cos(t)]))
        a.add(loft(np.array(rings)), material, "column", crease=25, tint=tint)
        if not broken:
            top = radius * 0.83
            a.add(
                lathe(
                    [
                        (top, high - 0.02),
                        (top * 1.06, high + radius * 0.1),
                        (top * 1.45, high + radius * 0.42),
                        (top * 1.45, high + radius * 0.48),
                    ],
                    sides=16,
                ),
                material,
                "column",
                tint=tint,
            )
            a.block((radius * 2.55, radius * 0.34, radius * 2.55), (0, high + radius * 0.63, 0), material, "column", tint=tint)


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
        a.add(
            panel(
                np.array(
                    [
                        [-wide / 2 - out, -deep / 2 - out],
                        [wide / 2 + out, -deep / 2 - out],
                        [wide / 2 + out, deep / 2 + out],
                        [-wide / 2 - out, deep / 2 + out],
                    ]
                ),
                tall,
            ).moved(translation(0, y + tall / 2, 0) @ rotation("x", -90)),
            stone,
            "entablature",
            tint=tint,
        )
    for turn, length, out in ((0, wide, deep), (180, wide, deep), (90, deep, wide), (270, deep, wide)):
        with a.at(rotation("y", turn), translation(0, top + beam * 1.55, out / 2 + 0.05)):
            count = max(6, round(length / (radius * 2.6)))
            for k in range(count):
                for bar in (-1, 0, 1):
                    a.block(
                        (radius * 0.22, beam, 0.06),
                        (length * ((k + 0.5) / count - 0.5) + bar * radius * 0.32, 0, 0),
                        stone,
                        "triglyphs",
                        tint=tint,
                    )
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
            a.block(
                (cella[0] * 0.12, shaft * 0.2, 0.06),
                (cella[0] * 0.08 * (1 if k % 2 else -1), shaft * (0.14 + 0.25 * (k // 2)), 0.06),
                "bronze",
                "door",
                bevel=0.03,
            )
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
        a.add(
            lathe([(0.5, 0), (0.45, 0.25), (0.2, 0.35), (0.3, 0.55), (0.08, 0.65), (0.06, spire * 0.9), (0.0, spire + 0.1)], sides=16),
            "bronze",
            "spire",
        )
        for i in range(7):
            a.add(torus(0.34 - 0.03 * i, 0.045, sides=14, tube_sides=5), "bronze", "spire", at=(0, 0.8 + (spire - 1.2) * i / 7, 0))
    a.spot("front", (0, 0, w * 0.38 + 2.4), (2, 2), 4)
    return a.shape()


def _pagoda_storey(a: Assembly, body: float, tall: float, red: Colour | None, *, doors: bool) -> None:
    a.block((body * 0.94, tall, body * 0.94), (0, tall / 2, 0), "white_plaster", "wall")
    for turn in range(4):
        with a.at(rotation("y", 90 * turn), translation(0, 0, body * 0.47)):
            for x in np.linspace(-body * 0.47, body * 0.47, 4):
                a.add(cylinder(body * 0.028, tall, sides=8), "painted_wood", "post", at=(float(x), tall / 2, 0.02), tint=red)
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
    columns, rows = 11, 5
    u, v = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    reach = outer / 2 * (1 - v) + top / 2 * v * 0.75
    lift = 0.28 * rise * (np.abs(u) ** 4) * (1 - v) ** 2
    y = rise * (v**1.6) - 0.12 * rise + lift
    upper = np.stack([u * reach, y, reach], axis=-1)
    lower = upper - [0, 0.14, 0]
    mesh = between(upper, lower)
    for turn in range(4):
        with a.at(rotation("y", 90 * turn)):
            a.add(mesh, "slate_tiles", "roof", crease=50, tint=a.tint("roof_colour"))
            count = 9
            for k in range(count):
                t = 2 * (k + 0.5) / count - 1
                line = np.array(
                    [
                        [
                            t * (outer / 2 * (1 - s) + top / 2 * s * 0.75),
                            rise * s**1.6 - 0.12 * rise + 0.28 * rise * abs(t) ** 4 * (1 - s) ** 2 + 0.03,
                            outer / 2 * (1 - s) + top / 2 * s * 0.75 + 0.0,
                        ]
                        for s in np.linspace(0, 1, 4)
                    ]
                )
                a.add(tube(line, 0.05, sides=3), "slate_tiles", "roof", tint=a.tint("roof_colour"))
            corner = np.array(
                [
                    [
                        (outer / 2 * (1 - s) + top / 2 * s * 0.75),
                        rise * s**1.6 - 0.12 * rise + 0.28 * rise * (1 - s) ** 2 + 0.06,
                        (outer / 2 * (1 - s) + top / 2 * s * 0.75),
                    ]
                    for s in np.linspace(-0.03, 1, 7).clip(0)
                ]
            )
            a.add(
                tube(corner + np.array([[0.05, 0.05, 0.05]] + [[0, 0, 0]] * 6), np.array([0.07, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), sides=7),
                "slate_tiles",
                "ridge",
                tint=a.shade("slate_tiles", 0.75),
            )
    a.add(
        panel(
            np.array(
                [[-inner * 0.62, -inner * 0.62], [inner * 0.62, -inner * 0.62], [inner * 0.62, inner * 0.62], [-inner * 0.62, inner * 0.62]]
            ),
            0.16,
        ).moved(translation(0, 0.1, 0) @ rotation("x", -90)),
        "painted_wood",
        "brackets",
        tint=a.tint("bracket_colour", "teal"),
    )


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
            openings = [
                Opening(x * hall * 0.3, y, 1.3, tall * 0.3, rise=0.6, pointed=True, columns=2, rows=3, trim=0.16)
                for x in (-1, 0, 1)
                for y in (tall * 0.12, tall * 0.56)
                if not (turn == 0 and y < tall * 0.3)
            ]
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
    bulge = [
        (
            r * (1.0 + 0.06 * math.sin(s * 3)) * math.cos(s * math.pi / 2) ** 0.72,
            tall + h * 0.075 + r * 1.12 * math.sin(s * math.pi / 2) ** 0.95,
        )
        for s in t[:-1]
    ]
    top = tall + h * 0.075 + r * 1.12
    a.add(lathe([*bulge, (0.0, top + 0.1)], sides=40, smooth=1), "ceramic", "dome", at=(0, 0, z), tint=dome_tint)
    a.add(
        lathe([(0.1, top), (0.22, top + 0.3), (0.06, top + 0.5), (0.15, top + 0.75), (0.03, top + 0.95), (0, top + 1.6)], sides=12),
        "gold",
        "finial",
        at=(0, 0, z),
    )
    for sx in (-1, 1):
        for sz in (-1, 1):
            a.add(
                lathe([(0.9, tall + 0.1), (0.85, tall + 0.7), (0.7, tall + 1.2), (0.35, tall + 1.65), (0.0, tall + 1.9)], sides=20),
                "ceramic",
                "dome",
                at=(sx * hall * 0.42, 0, z + sz * hall * 0.42),
                tint=dome_tint,
            )
    for side in (-1, 1):
        with a.at(translation(side * (w / 2 - 1.25), 0, d * 0.16)):
            _minaret(a, h, stone, tint, dome_tint)
    with a.at(translation(0, 0, z + hall / 2)):
        for k in range(5):
            x = hall * 0.2 * (k - 2)
            a.add(
                panel(wall_outline(hall * 0.2, tall * 0.62), 0.45, [arch(hall * 0.15, tall * 0.54, bottom=0.02, rise=0.6, pointed=True)]),
                stone,
                "porch",
                at=(x, 0, 2.6),
                tint=tint,
            )
            a.add(
                lathe([(hall * 0.092, 0), (hall * 0.085, 0.4), (hall * 0.05, 0.8), (0, 0.98)], sides=16),
                "ceramic",
                "dome",
                at=(x, tall * 0.64, 1.3),
                tint=dome_tint,
            )
        a.block((hall, 0.2, 2.8), (0, tall * 0.62, 1.3), stone, "porch", bevel=0.03, tint=tint)
        steps(a, hall * 0.8, 0.02, z=2.6)
    a.spot("front", (0, 0, z + hall / 2 + 4.2), (3, 2), 4)
    return a.shape()


def _minaret(a: Assembly, tall: float, stone: str, tint: Colour | None, dome: Colour | None) -> None:
    r = 0.85
    a.block((2.2, tall * 0.14, 2.2), (0, tall * 0.07, 0), stone, "minaret", bevel=0.05, tint=tint)
    a.add(
        lathe(
            [
                (r * 1.15, tall * 0.14),
                (r, tall * 0.17),
                (r * 0.86, tall * 0.62),
                (r * 1.35, tall * 0.66),
                (r * 1.35, tall * 0.675),
                (r * 0.8, tall * 0.68),
                (r * 0.72, tall * 0.82),
                (r * 1.05, tall * 0.845),
                (r * 1.05, tall * 0.855),
                (r * 0.62, tall * 0.86),
                (r * 0.58, tall * 0.9),
            ],
            sides=20,
        ),
        stone,
        "minaret",
        tint=tint,
        crease=25,
    )
    a.add(
        lathe([(r * 0.72, tall * 0.9), (r * 0.4, tall * 0.95), (0.08, tall * 0.985), (0.04, tall * 0.99), (0, tall)], sides=20),
        "ceramic",
        "dome",
        tint=dome,
    )
    for y, radius in ((0.675, 1.32), (0.855, 1.02)):
        for k in range(14):
            with a.at(rotation("y", 360 * k / 14), translation(0, tall * y, r * radius)):
                a.block((0.12, 0.8, 0.06), (0, 0.4, 0), "marble", "railing")
        a.add(torus(r * radius, 0.05, sides=24, tube_sides=6), "marble", "railing", at=(0, tall * y + 0.8, 0))
