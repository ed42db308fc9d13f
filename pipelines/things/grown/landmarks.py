"""Landmarks: churches, lighthouses, windmills, castles, towers, temples, pagodas, ruins."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.houses import covering_of
from pipelines.things.grown.joinery import panel, rotation, translation
from pipelines.things.grown.openings import Joinery, Opening, fill, steps
from pipelines.things.grown.roofs import COVERINGS, Covering, Gable, gable_roof, pyramid
from pipelines.things.grown.walls import Skin, plinth, wall, wall_outline
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, lathe, sphere, torus


def church(order: GrownOrder) -> Shape:
    """A nave with arched windows and buttresses, a tower with belfry and spire at its front, a small choir behind."""
    a = Assembly(order)
    w, h, d = order.size_m
    tower = a.number("tower", min(w * 0.46, 5.0))
    skin = Skin(order.material or a.word("walls", "limestone"), order.colour or a.tint("wall_colour"), "plain", 0.5)
    covering = replace(covering_of(a, "slate"), pieces=110)
    joinery = Joinery(frame="dark_wood", trim="limestone", sill="limestone", door="planks", door_tint=a.tint("door_colour"), reveal_m=0.25)
    nave_w, nave_d = w - 1.6, d - tower - 1.6
    nave_h = h * a.number("nave_share", 0.22)
    z0 = -0.3 - tower / 2
    foot = 0.4
    with a.at(translation(0, foot, z0)):
        plinth(a, nave_w + 0.3, nave_d + 0.3, foot)
        _nave(a, nave_w, nave_d, nave_h, skin, joinery, covering)
    with a.at(translation(0, foot, z0 + nave_d / 2 + tower / 2 - 0.15)):
        plinth(a, tower + 0.4, tower + 0.4, foot)
        _church_tower(a, tower, h - foot, skin, joinery, covering)
        reach = steps(a, 2.2, foot, z=tower / 2 + 0.1)
        a.spot("front", (0, -foot, tower / 2 + reach + 1.5), (2.4, 2.4), 4.0)
    return a.shape()


def _nave(a: Assembly, wide: float, deep: float, tall: float, skin: Skin, joinery: Joinery, covering: Covering) -> None:
    """Ridge along z: built with its ridge along x and turned."""
    roof = Gable(deep, wide, 50, 0.35, 0.25)
    count = max(2, round(deep / 3.2))
    xs = [deep * ((i + 0.5) / count - 0.5) * 0.94 for i in range(count)]
    lights = [Opening(x, 1.2, 1.0, min(tall - 1.7, 3.4), rise=0.8, pointed=True, columns=2, rows=4, trim=0.16) for x in xs]
    with a.at(rotation("y", 90)):
        for turn in (0, 180):
            with a.at(rotation("y", turn), translation(0, 0, wide / 2)):
                wall(a, wall_outline(deep, tall), lights, skin, joinery)
                for i in range(count + 1):
                    _buttress(a, deep * (i / count - 0.5) * 0.97, tall * 0.82, skin)
            with a.at(rotation("y", 90 + turn), translation(0, 0, deep / 2)):
                peak = roof.peak(wide / 2)
                rose = [Opening(0, 1.6, 1.5, tall * 0.75, rise=0.8, pointed=True, columns=3, rows=4, trim=0.16)] if turn == 0 else []
                wall(a, wall_outline(wide - 1.0, tall + 0.5 * math.tan(math.radians(50)) * 0.9, peak - 0.6), rose, skin, joinery)
        with a.at(translation(0, tall, 0)):
            gable_roof(a, roof, covering, trim_tint=a.shade("dark_wood", 1.0), gutters=False)
    with a.at(translation(0, tall + roof.rise_m + 0.1, -deep / 2 - 0.1)):
        _cross(a, 0.9, "limestone")


def _buttress(a: Assembly, x: float, tall: float, skin: Skin) -> None:
    for depth, height, low in ((0.75, tall * 0.62, 0.0), (0.42, tall * 0.38, tall * 0.62)):
        a.block((0.55, height, depth), (x, low + height / 2, depth / 2), skin.material, "buttress", bevel=0.02, tint=skin.tint)
        cap = np.array([[0, 0], [depth + 0.06, 0], [0, depth * 0.9]], np.float64)
        with a.at(translation(x - 0.31, low + height, 0), rotation("y", -90)):
            a.add(panel(cap, 0.62), "slate", "buttress")


def _cross(a: Assembly, tall: float, material: str, tint: Colour | None = None) -> None:
    a.block((tall * 0.13, tall, tall * 0.11), (0, tall / 2, 0), material, "cross", bevel=0.01, tint=tint)
    a.block((tall * 0.56, tall * 0.13, tall * 0.11), (0, tall * 0.68, 0), material, "cross", bevel=0.01, tint=tint)


def _church_tower(a: Assembly, wide: float, top: float, skin: Skin, joinery: Joinery, covering: Covering) -> None:
    spire = top * a.number("spire_share", 0.4)
    tall = top - spire - 0.9
    belfry = tall - 3.4
    for turn in (0, 90, 180, 270):
        openings = [Opening(0, belfry, 1.15, 2.6, "hole", rise=0.8, pointed=True, trim=0.16)]
        if turn == 0:
            openings.append(Opening(0, 0.04, 1.9, 3.0, "door", rise=0.7, pointed=True, trim=0.24))
            if belfry > 6.5:
                openings.append(Opening(0, 3.9, 0.8, min(2.0, belfry - 6.6) + 0.3, rise=0.8, pointed=True, rows=3, trim=0.14))
        run = wide if turn % 180 == 0 else wide - 2 * skin.thickness_m
        with a.at(rotation("y", turn), translation(0, 0, wide / 2)):
            wall(a, wall_outline(run, tall), openings, skin, joinery, name="tower")
            _louvres(a, openings[0])
            if belfry > 5.0:
                _clock(a, belfry - 1.0) if turn in (0, 90, 270) else None
            for x in (-1, 1):
                a.block(
                    (0.5, tall * 0.7, 0.3), (x * (wide / 2 - 0.1), tall * 0.35, 0.0), skin.material, "buttress", bevel=0.02, tint=skin.tint
                )
    for y, out in ((tall * 0.42, 0.14), (belfry - 0.28, 0.14), (tall + 0.1, 0.36), (tall + 0.28, 0.5)):
        a.block((wide + out, 0.2, wide + out), (0, y, 0), "limestone", "cornice", bevel=0.04, tint=skin.tint)
    with a.at(translation(0, tall + 0.38, 0)):
        pyramid(a, wide, wide, spire, covering, overhang=0.12, sides=8 if a.number("octagonal", 1) else 4)
    for sx in (-1, 1):
        for sz in (-1, 1):
            with a.at(translation(sx * (wide / 2 - 0.12), tall + 0.38, sz * (wide / 2 - 0.12))):
                a.add(cylinder(0.3, 1.3, top_radius=0.02, sides=8), "limestone", "pinnacle", at=(0, 0.65, 0), tint=skin.tint)
    with a.at(translation(0, top - 0.75, 0)):
        a.add(sphere(0.14, sides=12), "brass", "cross", at=(0, 0, 0))
        _cross(a, 1.0, "brass")


def _louvres(a: Assembly, opening: Opening) -> None:
    """Sloping boards in a belfry window."""
    with a.at(translation(opening.x, opening.bottom, -0.2)):
        for y in np.arange(0.12, opening.height - 0.5, 0.24):
            with a.at(translation(0, float(y), 0), rotation("x", 35)):
                a.add(box((opening.width, 0.03, 0.3)), "dark_wood", "louvres")
        a.block((opening.width, opening.height, 0.03), (0, opening.height / 2, -0.2), "dark_wood", "louvres")


def _clock(a: Assembly, y: float) -> None:
    with a.at(translation(0, y, 0.02), rotation("x", 90)):
        a.add(cylinder(0.62, 0.08, sides=28, bevel=0.015), "dark_wood", "clock")
        a.add(cylinder(0.55, 0.02, sides=28), "white_plaster", "clock", at=(0, 0.045, 0))
    with a.at(translation(0, y, 0.085)):
        for degrees, length, width in ((-62, 0.34, 0.06), (28, 0.46, 0.045)):
            with a.at(rotation("z", degrees)):
                a.block((width, length, 0.015), (0, length / 2 - 0.05, 0), "cast_iron", "clock")
        for hour in range(12):
            with a.at(rotation("z", 30 * hour)):
                a.block((0.04, 0.09, 0.012), (0, 0.47, -0.008), "cast_iron", "clock")


def lighthouse(order: GrownOrder) -> Shape:
    """A tapering round tower in bands, a gallery with railing, a glazed lantern under a dome, and a door with steps."""
    a = Assembly(order)
    w, h, _ = order.size_m
    foot_r = w / 2 / 1.14
    top_r = foot_r * 0.62
    base_h, lantern_h = h * 0.035, h * 0.2
    shaft = h - base_h - lantern_h
    a.foundation_m = 1.0
    a.add(
        lathe([(foot_r * 1.14, -a.foundation_m), (foot_r * 1.14, base_h * 0.6), (foot_r * 1.04, base_h)], sides=40),
        "stone_blocks",
        "plinth",
    )
    _bands(a, foot_r, top_r, base_h, shaft)
    with a.at(translation(0, base_h + shaft, 0)):
        _lantern(a, top_r, lantern_h)
    _tower_windows(a, foot_r, top_r, base_h, shaft)
    _tower_door(a, foot_r, base_h)
    a.spot("front", (0, 0, foot_r * 1.14 + 1.8), (2, 2), 4.0)
    return a.shape()


def _radius_at(t: float, foot: float, top: float) -> float:
    """A shaft's radius at share t of its height: it flares out near the ground."""
    return top + (foot - top) * (1 - t) ** 1.35


def _bands(a: Assembly, foot: float, top: float, base: float, shaft: float) -> None:
    bands = int(a.number("bands", 6))
    first = a.order.colour or a.tint("stripe_colour", "red")
    for k in range(bands):
        share = np.linspace(k / bands, (k + 1) / bands, 5)
        profile = (
            [(0.0, base + shaft * share[0])]
            + [(_radius_at(float(t), foot, top), base + shaft * float(t)) for t in share]
            + [(0.0, base + shaft * share[-1])]
        )
        tint = first if k % 2 == (bands + 1) % 2 else COLOURS["white"]
        a.add(lathe(profile, sides=44), "white_plaster", "tower" if k % 2 == (bands + 1) % 2 else "tower white", tint=tint, crease=30)


def _lantern(a: Assembly, r: float, tall: float) -> None:
    """Corbelled gallery, glass, mullions, dome, vent ball and rod; y = 0 is the shaft's top."""
    deck = r * 1.5
    a.add(
        lathe([(r * 0.98, -0.45), (r * 1.08, -0.3), (r * 1.2, -0.15), (deck, -0.02), (deck, 0.12), (r * 0.5, 0.12)], sides=40),
        "white_plaster",
        "gallery",
    )
    for k in range(16):
        with a.at(rotation("y", 22.5 * k), translation(0, 0, deck - 0.08)):
            a.add(cylinder(0.022, 1.0, sides=6), "cast_iron", "railing", at=(0, 0.6, 0))
    for y in (0.45, 0.78, 1.1):
        a.add(torus(deck - 0.08, 0.02, sides=48, tube_sides=6), "cast_iron", "railing", at=(0, y, 0))
    wall_h, glass_h, dome_h = tall * 0.16, tall * 0.4, tall * 0.27
    inner = r * 0.82
    red = a.order.colour or a.tint("stripe_colour", "red")
    a.add(cylinder(inner, wall_h, sides=32), "painted_metal", "lantern", at=(0, 0.12 + wall_h / 2, 0), tint=red)
    low = 0.12 + wall_h
    a.add(cylinder(inner * 0.9, glass_h, sides=12), "window_glass", "lantern glass", at=(0, low + glass_h / 2, 0))
    for k in range(12):
        with a.at(rotation("y", 30 * k), translation(0, low + glass_h / 2, inner * 0.92)):
            a.block((0.06, glass_h, 0.06), (0, 0, 0), "painted_metal", "lantern", tint=red)
    for share in (0.02, 0.5, 0.98):
        a.add(torus(inner * 0.92, 0.04, sides=36, tube_sides=6), "painted_metal", "lantern", at=(0, low + glass_h * share, 0), tint=red)
    t = np.linspace(0, math.pi / 2, 7)
    dome = (
        [(inner * 1.18, 0.0), (inner * 1.18, 0.08)]
        + [(inner * 1.1 * math.cos(x), 0.08 + dome_h * 0.8 * math.sin(x)) for x in t[:-1]]
        + [(0.12, dome_h * 0.88)]
    )
    a.add(lathe(dome, sides=32), "painted_metal", "lantern roof", at=(0, low + glass_h, 0), tint=red)
    peak = low + glass_h + dome_h * 0.9
    a.add(sphere(0.2, sides=12), "painted_metal", "lantern roof", at=(0, peak + 0.12, 0), tint=red)
    rest = max(tall - peak - 0.2, 0.3)
    a.add(cylinder(0.03, rest, sides=6), "cast_iron", "lightning rod", at=(0, peak + 0.2 + rest / 2, 0))
    a.lamp((0, low + glass_h / 2, 0), 160.0, colour=(1.0, 0.86, 0.6), radius_m=inner * 0.5)


def _tower_windows(a: Assembly, foot: float, top: float, base: float, shaft: float) -> None:
    joinery = Joinery(trim="limestone", sill="limestone", reveal_m=-0.03)
    for t, turn in ((0.3, 18), (0.5, -14), (0.7, 12), (0.86, 0), (0.4, 118), (0.62, 140), (0.48, -110), (0.75, -130)):
        r = _radius_at(t, foot, top)
        with a.at(rotation("y", turn), translation(0, base + shaft * t, r + 0.02)):
            opening = Opening(0, 0, 0.62, 1.05, rise=0.5, columns=2, rows=2, trim=0.12)
            a.block((0.95, 1.4, 0.3), (0, 0.5, -0.17), "limestone", "window trim", bevel=0.03, tint=COLOURS["white"])
            fill(a, opening, joinery)


def _tower_door(a: Assembly, foot: float, base: float) -> None:
    z = foot * 1.02
    with a.at(translation(0, base, z)):
        a.block((1.9, 2.75, 1.1), (0, 1.37, -0.45), "white_plaster", "porch", bevel=0.03)
        roof = np.array([[-1.1, 0], [1.1, 0], [0, 0.6]], np.float64)
        a.add(panel(roof, 1.3), "slate_tiles", "porch roof", at=(0, 2.75, 0.2))
        joinery = Joinery(trim="limestone", reveal_m=0.0, door="planks", door_tint=a.tint("door_colour", "teal"))
        with a.at(translation(0, 0, 0.2)):
            fill(a, Opening(0, 0.02, 1.0, 2.1, "door", trim=0.16), joinery)
        steps(a, 1.6, base, z=0.1)


def crenels(
    a: Assembly,
    length: float,
    material: str,
    *,
    tint: Colour | None = None,
    tooth: float = 0.9,
    thick: float = 0.5,
    name: str = "battlement",
) -> None:
    """Teeth along x on y = 0, starting and ending with one."""
    count = max(2, round(length / (2 * tooth)) + 1)
    step = (length - tooth) / (count - 1)
    for i in range(count):
        x = -length / 2 + tooth / 2 + step * i
        a.block((tooth, 0.85, thick), (x, 0.42, 0), material, name, tint=tint)


def round_tower(
    a: Assembly,
    radius: float,
    tall: float,
    material: str,
    *,
    tint: Colour | None = None,
    roof: float = 0.0,
    covering: str = "slate",
    sides: int = 28,
) -> None:
    """A round tower with a corbelled head, arrow slits, and either battlements or a pointed roof; y = 0 is its foot."""
    head = tall - 1.5
    profile = [
        (radius * 1.1, -a.foundation_m),
        (radius * 1.1, 0),
        (radius, 1.2),
        (radius * 0.97, head - 0.6),
        (radius * 1.16, head),
        (radius * 1.16, tall),
        (0.01, tall),
    ]
    a.add(lathe(profile, sides=sides), material, "tower", tint=tint, crease=30)
    count = max(8, round(2 * math.pi * radius * 1.16 / 1.15))
    for k in range(count):
        with a.at(rotation("y", 360 * k / count), translation(0, 0, radius * 1.08)):
            a.block((0.22, 0.6, 0.42), (0, head - 0.32, 0.0), material, "corbel", tint=tint)
            if roof <= 0 and k % 2 == 0:
                a.block((1.0, 0.8, 0.42), (0, tall + 0.4, -0.06), material, "battlement", tint=tint)
    for level, t in enumerate(np.arange(3.0, head - 1.5, 3.4)):
        for k in range(2):
            with a.at(rotation("y", 180 * k + 67 * level), translation(0, float(t), radius * 0.985)):
                a.block((0.4, 1.7, 0.1), (0, 0, 0), "limestone", "slit trim", tint=tint)
                a.block((0.14, 1.35, 0.1), (0, 0, 0.02), "window_glass", "slit")
    if roof > 0:
        with a.at(translation(0, tall, 0)):
            cone_roof(a, radius * 1.16 + 0.22, roof, COVERINGS[covering])
            a.add(cylinder(0.035, 1.2, sides=6), "cast_iron", "finial", at=(0, roof + 0.4, 0))
            a.add(sphere(0.11, sides=10), "brass", "finial", at=(0, roof + 0.15, 0))


def cone_roof(a: Assembly, radius: float, tall: float, covering: Covering) -> None:
    """A pointed round roof in lapping rows; y = 0 is its eave."""
    rows = min(max(6, round(math.hypot(radius, tall) / 0.42)), 9)
    profile = [(radius * 0.8, 0.0), (radius, -0.06)]
    for k in range(rows):
        low, high = k / rows, (k + 1) / rows
        profile += [(radius * (1 - low) + 0.035, tall * low - (0.06 if k == 0 else 0.0)), (radius * (1 - high) + 0.012, tall * high)]
    profile = [*profile[:1], *profile[2:-1], (0.0, tall)]
    a.add(lathe(profile, sides=16), covering.material, "roof", tint=covering.tint, crease=25)
