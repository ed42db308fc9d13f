"""Barns and town buildings: barns, shops, apartment blocks, towers of glass."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.scene import Colour, Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.houses import covering_of
from pipelines.things.grown.joinery import axes, panel, rectangle, ring, rotation, translation, wall_panel
from pipelines.things.grown.openings import Joinery, Opening, blossoms, fill
from pipelines.things.grown.roofs import COVERINGS, Covering, Slope, frustum, lay, pyramid, ridge_cap
from pipelines.things.grown.walls import Skin, plinth, posts_and_rail, side_frames, wall, wall_outline
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cloth, cylinder, lathe, sphere


def barn(order: GrownOrder) -> Shape:
    """A boarded barn with a gambrel roof, its gable with cross-braced doors and a hay door to the front."""
    a = Assembly(order)
    w, h, d = order.size_m
    foot, verge, eave = 0.35, 0.5, 0.4
    wide, deep = w - 2 * eave, d - 2 * verge
    wall_h = (h - foot) * 0.46
    rise = h - foot - wall_h - 1.3
    knee = (wide * 0.31, wall_h + rise * 0.64)
    skin = Skin(order.material or a.word("walls", "painted_wood"), order.colour or a.tint("wall_colour", "rust"), "boards", 0.18)
    white = COLOURS["cream"]
    joinery = Joinery(frame_tint=white, trim_tint=white)
    gable = np.array(
        [[-wide / 2, 0], [wide / 2, 0], [wide / 2, wall_h], knee, [0, wall_h + rise], [-knee[0], knee[1]], [-wide / 2, wall_h]], np.float64
    )
    with a.at(translation(0, foot, 0)):
        plinth(a, wide + 0.12, deep + 0.12, foot)
        door = Opening(0, 0.03, min(3.4, wide * 0.4), min(3.2, wall_h - 0.15), "hole", trim=0.14)
        loft = Opening(0, wall_h + 0.35, 1.4, min(1.6, rise * 0.42), "hole", trim=0.12)
        sides = [Opening(x * wide * 0.34, 1.3, 0.9, 1.0, rows=2, trim=0.1) for x in (-1, 1)]
        for name, (frame, length) in side_frames(wide, deep).items():
            with a.at(frame):
                if name in ("front", "back"):
                    openings = [door, loft, *sides] if name == "front" else [loft, *sides]
                    wall(a, gable, openings, skin, joinery)
                    for opening in openings[:2] if name == "front" else openings[:1]:
                        _braced_doors(a, opening, skin, white)
                    for x in (-1, 1):
                        a.block(
                            (0.16, wall_h, 0.05), (x * (wide / 2 - 0.08), wall_h / 2, 0.03), "painted_wood", "corner boards", tint=white
                        )
                else:
                    count = max(2, round(length / 3.6))
                    row = [Opening(length * ((i + 0.5) / count - 0.5) * 0.9, 1.3, 0.9, 1.0, rows=2, trim=0.1) for i in range(count)]
                    wall(a, wall_outline(length - 2 * skin.thickness_m, wall_h), row, skin, joinery)
        _gambrel(a, wide, deep, wall_h, knee, wall_h + rise, eave, verge, replace(covering_of(a, "shingles"), pieces=200))
        with a.at(translation(0, wall_h + rise + 0.1, -deep * 0.1)):
            a.block((1.0, 0.9, 1.0), (0, 0.05, 0), "painted_wood", "cupola", bevel=0.02, tint=white)
            for turn in range(4):
                with a.at(rotation("y", 90 * turn), translation(0, 0.2, 0.5)):
                    for y in (-0.12, 0.0, 0.12):
                        a.block((0.6, 0.07, 0.03), (0, y, 0.01), "dark_wood", "cupola")
            with a.at(translation(0, 0.5, 0)):
                pyramid(a, 1.0, 1.0, 0.6, replace(COVERINGS["shingles"], pieces=30), overhang=0.15)
        a.spot("front", (0, -foot, deep / 2 + 1.8), (3, 2), 4)
    return a.shape()


def _braced_doors(a: Assembly, opening: Opening, skin: Skin, trim: Colour) -> None:
    """A pair of boarded leaves with a white frame and crossed braces."""
    half = opening.width / 2
    a.add(
        panel(rectangle(opening.width, opening.height, at=(opening.x, opening.bottom + opening.height / 2)), 0.06),
        skin.material,
        "door",
        at=(0, 0, -0.04),
        tint=skin.tint,
    )
    a.add(
        panel(
            rectangle(opening.width + 0.28, opening.height + 0.17, at=(opening.x, opening.bottom + opening.height / 2 + 0.055)),
            0.05,
            [opening.outline],
        ),
        "painted_wood",
        "door trim",
        at=(0, 0, 0.05),
        tint=trim,
    )
    for side in (-1, 1):
        x = opening.x + side * half / 2
        w, h = half - 0.03, opening.height - 0.04
        with a.at(translation(x, opening.bottom + opening.height / 2, 0.0)):
            a.add(ring(rectangle(w, h), 0.13, 0.05), "painted_wood", "door", tint=trim)
            parts = ((-h / 2 + 0.1, -0.02), (0.02, h / 2 - 0.1)) if h > 2 else ((-h / 2 + 0.1, h / 2 - 0.1),)
            for low, high in parts:
                for x0, x1 in ((-1, 1), (1, -1)):
                    a.board(
                        (x0 * (w / 2 - 0.1), low, -0.015),
                        (x1 * (w / 2 - 0.1), high, -0.015),
                        (0.12, 0.04),
                        "painted_wood",
                        "door",
                        tint=trim,
                    )
            if h > 2:
                a.block((w - 0.1, 0.13, 0.045), (0, 0, -0.02), "painted_wood", "door", tint=trim)


def _gambrel(
    a: Assembly,
    wide: float,
    deep: float,
    wall_h: float,
    knee: tuple[float, float],
    top: float,
    eave: float,
    verge: float,
    covering: Covering,
) -> None:
    """Four slopes: a steep one and a flat one on each side; the ridge runs along z."""
    long = deep + 2 * verge
    lower = math.atan2(knee[1] - wall_h, wide / 2 - knee[0])
    upper = math.atan2(top - knee[1], knee[0])
    lift = 0.1
    for turn in (90, -90):
        with a.at(rotation("y", turn)):
            for angle, z, y, length in (
                (
                    lower,
                    wide / 2 + eave * math.cos(lower),
                    wall_h - eave * math.sin(lower),
                    math.hypot(knee[1] - wall_h, wide / 2 - knee[0]) + eave,
                ),
                (upper, knee[0] + 0.12 * math.cos(upper), knee[1] - 0.12 * math.sin(upper), math.hypot(top - knee[1], knee[0]) + 0.12),
            ):
                frame = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
                with a.at(translation(0, y + lift * math.cos(angle), z + lift * math.sin(angle)), frame):
                    lay(a, Slope(long, long, length), covering)
            for x in (-1, 1):
                edge = x * (long / 2 - 0.03)
                points = [
                    (wall_h - eave * math.sin(lower), wide / 2 + eave * math.cos(lower)),
                    (knee[1] + 0.02, knee[0]),
                    (top + 0.02, 0.0),
                ]
                for (y0, z0), (y1, z1) in zip(points, points[1:], strict=False):
                    a.board((edge, y0, z0), (edge, y1, z1), (0.24, 0.05), "painted_wood", "barge board", tint=COLOURS["cream"])
    with a.at(rotation("y", 90)):
        ridge_cap(a, long, top + 0.12, covering)


def shop(order: GrownOrder) -> Shape:
    """A shop on a street: show windows, a glazed door, signboard with lamps, striped awning, a flat above, a cornice."""
    a = Assembly(order)
    w, h, d = order.size_m
    wide, deep = w - 0.3, d - 1.5
    floor_h, z = 3.3, deep / 2
    skin = Skin(order.material or a.word("walls", "red_brick"), order.colour or a.tint("wall_colour"), "plain", 0.3)
    front_colour = a.tint("front_colour", "teal")
    stone = Joinery(trim="limestone", sill="limestone", frame_tint=COLOURS["white"], reveal_m=0.12)
    shopfront = Joinery(frame_tint=front_colour, trim_tint=front_colour, door="painted_wood", door_tint=front_colour, reveal_m=0.1)
    pane = (wide - 1.5) / 2 - 0.35
    show = [Opening(x * (0.75 + pane / 2 + 0.05), 0.55, pane, 2.05, columns=3, rows=1, trim=0.0, sill=False) for x in (-1, 1)]
    entry = Opening(0, 0.05, 1.15, 2.5, "door", trim=0.0)
    storeys = max(1, int((h - floor_h - 0.8) / 2.9))
    storey = (h - floor_h - 0.75) / storeys
    upper = [
        Opening(
            wide * ((i + 0.5) / 3 - 0.5) * 0.94,
            floor_h + s * storey + 0.75,
            1.05,
            storey - 1.25,
            columns=2,
            rows=2,
            trim=0.12,
            flowers=s == 0,
        )
        for s in range(storeys)
        for i in range(3)
    ]
    back = [replace(o, flowers=False) for o in upper]
    for name, (frame, length) in side_frames(wide, deep).items():
        side = name in ("left", "right")
        flank = [replace(o, x=o.x * 0.72 * deep / wide) for o in back if abs(o.x) > 0.1]
        openings = upper if name == "front" else (flank if side else back)
        outline = wall_outline(length - 2 * skin.thickness_m if side else length, h - 0.45)
        with a.at(frame):
            if name == "front":
                a.add(
                    wall_panel(outline, skin.thickness_m, [o.outline for o in [*openings, *show, entry]]),
                    skin.material,
                    "wall",
                    tint=skin.tint,
                )
                for opening in openings:
                    fill(a, opening, stone)
            else:
                wall(a, outline, openings, skin, stone)
    with a.at(translation(0, 0, z)):
        for opening in (*show, entry):
            fill(a, opening, shopfront)
        _shopfront(a, wide, floor_h, pane, front_colour, show)
    a.block((wide + 0.1, 0.3, deep + 0.1), (0, h - 0.55, 0), "limestone", "cornice", bevel=0.04)
    a.block((wide + 0.3, 0.14, deep + 0.3), (0, h - 0.36, 0), "limestone", "cornice", bevel=0.03)
    a.block((wide, 0.28, deep), (0, h - 0.14, 0), skin.material, "parapet", tint=skin.tint)
    a.spot("front", (0, 0, z + 1.7), (2, 1.5), 3)
    return a.shape()


def _shopfront(a: Assembly, wide: float, floor_h: float, pane: float, colour: Colour | None, show: list[Opening]) -> None:
    """Pilasters, stall boards, fascia with letters, lamps and the awning; z = 0 is the wall's face."""
    for x in (-wide / 2 + 0.12, wide / 2 - 0.12, -0.75, 0.75):
        a.block((0.2, floor_h - 0.5, 0.12), (x, (floor_h - 0.5) / 2, 0.05), "painted_wood", "shopfront", bevel=0.015, tint=colour)
    for opening in show:
        a.block((opening.width, 0.5, 0.08), (opening.x, 0.27, 0.03), "painted_wood", "shopfront", bevel=0.012, tint=colour)
        a.add(
            ring(rectangle(opening.width - 0.16, 0.34, at=(opening.x, 0.27)), 0.05, 0.03),
            "painted_wood",
            "shopfront",
            at=(0, 0, 0.085),
            tint=colour,
        )
    a.block((wide, 0.62, 0.14), (0, floor_h - 0.28, 0.06), "painted_wood", "sign", bevel=0.02, tint=colour)
    a.block((wide + 0.1, 0.1, 0.24), (0, floor_h + 0.06, 0.1), "painted_wood", "sign", bevel=0.02, tint=colour)
    x = -wide * 0.26
    while x < wide * 0.26:
        letter = float(a.rng.uniform(0.16, 0.26))
        a.block((letter, 0.3, 0.03), (x + letter / 2, floor_h - 0.27, 0.14), "gold", "letters", bevel=0.006)
        if a.rng.uniform() < 0.6:
            a.block(
                (letter * 0.45, 0.12, 0.034),
                (x + letter / 2, floor_h - 0.27 + float(a.rng.choice([-0.06, 0.06])), 0.141),
                "painted_wood",
                "letters",
                tint=colour,
            )
        x += letter + (0.24 if a.rng.uniform() < 0.18 else 0.06)
    for lamp_x in (-wide * 0.3, 0.0, wide * 0.3):
        a.rod((lamp_x, floor_h + 0.12, 0.2), (lamp_x, floor_h + 0.2, 0.48), 0.014, "cast_iron", "lamp", sides=6)
        with a.at(translation(lamp_x, floor_h + 0.15, 0.5), rotation("x", 18)):
            a.add(lathe([(0.02, 0.08), (0.1, 0.0), (0.09, 0.0), (0.01, 0.07)], sides=14, closed=True), "cast_iron", "lamp")
            a.add(sphere(0.04, sides=8), "window_glass", "lamp", at=(0, 0.0, 0))
        a.lamp((lamp_x, floor_h + 0.08, 0.55), 2.0)
    awning(a, wide - 0.2, floor_h - 0.56, 1.15, a.tint("awning_colour", "crimson"))


def awning(a: Assembly, wide: float, y: float, reach: float, colour: Colour | None, *, drop: float = 0.5) -> None:
    """Striped cloth sloping out from y over `reach` metres, with a scalloped valance."""
    count = max(6, 2 * round(wide / 0.5) + 1)
    step = wide / count
    t = np.linspace(0, 1, 6)
    for k in range(count):
        x0 = -wide / 2 + step * k
        xs = np.linspace(x0, x0 + step, 4)
        rows = [np.column_stack([xs, np.full(4, y - drop * s - 0.05 * math.sin(math.pi * s)), np.full(4, 0.1 + reach * s)]) for s in t]
        scallop = 0.2 * np.sin(np.linspace(0.25, math.pi - 0.25, 4))
        rows.append(np.column_stack([xs, y - drop - 0.05 - scallop, np.full(4, 0.1 + reach + 0.02)]))
        a.add(cloth(np.array(rows)[::-1], 0.012), "canvas", "awning", tint=colour if k % 2 == 0 else COLOURS["cream"], crease=50)
    for x in (-wide / 2, wide / 2):
        a.rod((x, y - 0.55, 0.05), (x, y - drop - 0.02, 0.1 + reach), 0.018, "cast_iron", "awning frame", sides=6)


def apartment_block(order: GrownOrder) -> Shape:
    """A block of flats: rows of windows, balconies with railings, an entrance with canopy, a parapet and lift house."""
    a = Assembly(order)
    w, h, d = order.size_m
    wide, deep = w - 0.4, d - 1.7
    storeys = max(2, int(a.number("storeys", round((h - 2.2) / 3.0))))
    storey = (h - 2.3) / storeys
    skin = Skin(order.material or a.word("walls", "plaster"), order.colour or a.tint("wall_colour"), "plain", 0.3)
    joinery = Joinery(trim_tint=COLOURS["white"], frame_tint=a.tint("frame_colour", "white"), reveal_m=0.14)
    bays = max(3, round(wide / 3.2))
    for name, (frame, length) in side_frames(wide, deep).items():
        side = name in ("left", "right")
        count = max(1, round(length / 4.2)) if side else bays
        openings: list[Opening] = []
        for s in range(storeys):
            for i in range(count):
                x = length * ((i + 0.5) / count - 0.5) * 0.95
                tall = name == "front" and i % 2 == 0 and s > 0
                if name == "front" and s == 0 and i == bays // 2:
                    openings.append(Opening(x, 0.05, 1.7, 2.4, "door", trim=0.0))
                else:
                    openings.append(
                        Opening(
                            x,
                            s * storey + (0.12 if tall else 0.9),
                            1.5,
                            min(2.2 if tall else 1.4, storey - 0.4),
                            columns=2,
                            rows=1,
                            trim=0.0,
                            sill=not tall,
                        )
                    )
        with a.at(frame):
            wall(
                a,
                wall_outline(length - 2 * skin.thickness_m if side else length, h - 1.7),
                openings,
                skin,
                replace(joinery, door_tint=a.tint("door_colour", "navy")),
            )
            for s in range(1, storeys):
                a.block((length, 0.12, 0.05), (0, s * storey - 0.05, 0.02), "concrete", "band")
            if name == "front":
                for opening in openings:
                    if opening.height > 1.8 and opening.kind == "window":
                        _balcony(a, opening.x, opening.bottom - 0.02, 2.4, 1.25)
                door = next(o for o in openings if o.kind == "door")
                a.block((3.0, 0.18, 1.5), (door.x, 2.75, 0.75), "concrete", "canopy", bevel=0.03)
                a.block((2.6, 0.12, 1.2), (door.x, 0.04, 0.6), "concrete", "steps", bevel=0.02)
                a.spot("front", (door.x, 0, 2.4), (2, 2), 4)
    a.block((wide + 0.3, 0.25, deep + 0.3), (0, h - 1.62, 0), "concrete", "parapet", bevel=0.03)
    a.block((3.0, 1.55, 3.0), (wide * 0.15, h - 0.78, -deep * 0.1), skin.material, "lift house", bevel=0.03, tint=skin.tint)
    a.rod((wide * 0.15 + 1, h - 0.1, -deep * 0.1), (wide * 0.15 + 1, h, -deep * 0.1), 0.02, "steel", "aerial", sides=5)
    return a.shape()


def _balcony(a: Assembly, x: float, y: float, wide: float, deep: float) -> None:
    with a.at(translation(x, y, 0)):
        a.block((wide, 0.14, deep), (0, -0.07, deep / 2), "concrete", "balcony", bevel=0.02)
        for start, end in (
            ((-wide / 2 + 0.04, 0.02), (-wide / 2 + 0.04, deep - 0.04)),
            ((wide / 2 - 0.04, 0.02), (wide / 2 - 0.04, deep - 0.04)),
            ((-wide / 2 + 0.04, deep - 0.04), (wide / 2 - 0.04, deep - 0.04)),
        ):
            posts_and_rail(a, start, end, height=1.02, material="painted_metal", spacing=0.26, name="railing")
        if a.rng.uniform() < 0.5:
            with a.at(translation(0, 0.85, deep + 0.02)):
                a.block((wide * 0.7, 0.18, 0.18), (0, 0, 0), "terracotta", "flower box", bevel=0.01)
                a.leaves(blossoms(a.rng, (wide * 0.7, 0.28, 0.26), count=150, middle=(0, 0.17, 0)))


def skyscraper(order: GrownOrder) -> Shape:
    """A tower of glass and stone: base with lobby, shaft with fins and spandrels in setbacks, crown with mast."""
    a = Assembly(order)
    w, h, d = order.size_m
    base = 6.5
    stages = [(1.0, base, h * 0.52), (0.8, h * 0.52, h * 0.76), (0.58, h * 0.76, h * 0.9)]
    stone = order.material or a.word("walls", "limestone")
    tint = order.colour or a.tint("wall_colour")
    a.block((w, base, d), (0, base / 2, 0), "granite", "base", bevel=0.08)
    for name, (frame, length) in side_frames(w, d).items():
        with a.at(frame):
            count = max(3, round(length / 4.5))
            for i in range(count):
                x = length * ((i + 0.5) / count - 0.5) * 0.94
                door = name == "front" and i == count // 2
                a.add(
                    panel(rectangle(length / count - 1.0, base - 1.5, at=(x, (base - 1.5) / 2 + 0.15)), 0.1),
                    "window_glass",
                    "door" if door else "window",
                    at=(0, 0, 0.03),
                )
                for k in range(4):
                    a.block(
                        (0.09, base - 1.5, 0.14),
                        (x + (length / count - 1.0) * (k / 3 - 0.5), (base - 1.5) / 2 + 0.15, 0.05),
                        "bronze",
                        "frame",
                    )
            a.block((length + 0.5, 0.5, 0.5), (0, base - 0.5, 0.05), stone, "cornice", bevel=0.06, tint=tint)
    for share, low, high in stages:
        _glass_stage(a, w * share * 0.96, d * share * 0.96, low, high, stone, tint)
    crown_w = w * 0.58 * 0.96
    a.add(pyramid_block(crown_w, d * 0.58 * 0.96, h * 0.9, h * 0.955), stone, "crown", tint=tint)
    a.add(cylinder(0.28, h * 0.045, top_radius=0.06, sides=10), "steel", "mast", at=(0, h * 0.955 + h * 0.0225, 0))
    a.lamp((0, h - 0.5, 0), 10.0, colour=(1.0, 0.12, 0.08))
    a.spot("front", (0, 0, d / 2 + 3), (4, 3), 5)
    return a.shape()


def pyramid_block(wide: float, deep: float, low: float, high: float) -> Mesh:
    """A truncated pyramid between two heights."""
    return frustum((wide, deep), (wide * 0.2, deep * 0.2), high - low).moved(translation(0, low, 0))


def _glass_stage(a: Assembly, wide: float, deep: float, low: float, high: float, stone: str, tint: Colour | None) -> None:
    """A stage of the tower: its windows are a pattern on a plain block, for it is seen from far away; piers and bands stand before it."""
    tall = high - low
    a.block((wide, tall, deep), (0, low + tall / 2, 0), "facade_windows", "windows")
    for share in np.linspace(0, 1, max(3, round(tall / 24)))[1:-1]:
        a.block((wide + 0.5, 1.3, deep + 0.5), (0, low + tall * float(share), 0), stone, "wall", tint=tint)
    for _, (frame, length) in side_frames(wide, deep).items():
        with a.at(frame):
            count = max(2, round(length / 8.0))
            for k in range(count + 1):
                broad = 2.0 if k in (0, count) else 0.9
                x = float(np.clip(length * (k / count - 0.5), -length / 2 + 0.9, length / 2 - 0.9))
                a.block((broad, tall + 0.6, 1.0), (x, low + tall / 2 + 0.3, -0.05), stone, "wall", tint=tint)
    a.block((wide + 1.2, 1.4, deep + 1.2), (0, high + 0.2, 0), stone, "cornice", bevel=0.15, tint=tint)
