"""Aircraft: aeroplanes, helicopters, balloons. Fronts point to +z."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import loft, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cloth, cylinder, ellipsoid, lathe, torus


def fuselage(stations: list[tuple[float, float, float, float]], sides: int = 20) -> Mesh:
    """A closed body from (z, middle height, half width, half height) stations."""
    t = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    return loft(np.array([np.column_stack([wide * np.cos(t), y + tall * np.sin(t), np.full(sides, z)]) for z, y, wide, tall in stations]))


def wing(root: tuple[float, float, float], tip: tuple[float, float, float], chord: tuple[float, float], thick: float = 0.12) -> Mesh:
    """An aerofoil from root to tip (x, y, z of the quarter chord), chords at both ends, front towards +z."""
    t = np.linspace(0, 2 * math.pi, 16, endpoint=False)
    section = np.column_stack([np.where(np.sin(t) >= 0, 1.0, 0.55) * np.sin(t) * 0.5, np.cos(t) * 0.5 - 0.25 + 0.0])
    rings = []
    for point, size in ((root, chord[0]), (tip, chord[1])):
        ring = np.zeros((16, 3))
        ring[:, 0] = point[0]
        ring[:, 1] = point[1] + section[:, 0] * thick * size * (1 - 0.5 * (0.5 - section[:, 1]) * 0.9)
        ring[:, 2] = point[2] + section[:, 1] * size
        rings.append(ring)
    return loft(np.array(rings))


def aeroplane(order: GrownOrder) -> Shape:
    """A light high-wing aeroplane with propeller, struts, windows, tail and three wheels."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "crimson")
    white = COLOURS["white"]
    y = h * 0.5
    body = [
        (-d * 0.47, y + 0.22, 0.04, 0.08),
        (-d * 0.3, y + 0.14, 0.18, 0.26),
        (-d * 0.1, y + 0.06, 0.45, 0.5),
        (d * 0.06, y + 0.06, 0.56, 0.62),
        (d * 0.2, y, 0.55, 0.56),
        (d * 0.27, y - 0.1, 0.5, 0.42),
        (d * 0.38, y - 0.13, 0.45, 0.38),
        (d * 0.43, y - 0.13, 0.3, 0.26),
    ]
    a.add(fuselage(body), "painted_metal", "body", tint=white, crease=50)
    stripe = [(z, yy - 0.06, wide + 0.012, tall * 0.22) for z, yy, wide, tall in body[1:-1]]
    a.add(fuselage(stripe), "car_paint", "stripe", tint=tint, crease=50)
    top = y + 0.62
    for side in (-1, 1):
        a.add(wing((0.0, top, d * 0.12), (side * w / 2, top + 0.16, d * 0.11), (d * 0.2, d * 0.15)), "painted_metal", "wing", tint=white)
        a.add(
            wing((side * w * 0.42, top + 0.135, d * 0.112), (side * (w / 2 - 0.01), top + 0.165, d * 0.11), (d * 0.162, d * 0.152), 0.14),
            "car_paint",
            "wing tip",
            tint=tint,
        )
        a.rod(
            (side * 0.5, y - 0.35, d * 0.08), (side * w * 0.24, top + 0.02, d * 0.1), 0.035, "painted_metal", "strut", sides=8, tint=white
        )
        a.add(
            wing((0.0, y + 0.26, -d * 0.4), (side * w * 0.16, y + 0.28, -d * 0.42), (d * 0.13, d * 0.09)),
            "painted_metal",
            "tailplane",
            tint=white,
        )
        a.rod((side * 0.4, y - 0.42, d * 0.04), (side * 1.0, 0.24, d * 0.02), 0.035, "steel", "gear", sides=8)
        _small_wheel(a, (side * 1.06, 0.24, d * 0.02), 0.24)
        for z0, z1 in ((0.02, 0.12), (-0.07, 0.005)):
            quad = np.array([[-d * z1, y + 0.16], [-d * z0, y + 0.16], [-d * z0, y + 0.5], [-d * z1 + 0.1, y + 0.5]])
            outline = quad * [side, 1] if side > 0 else quad * [-1, 1]
            with a.at(translation(side * 0.53, 0, 0), rotation("y", 90.0 * side)):
                a.add(panel(outline, 0.12), "window_glass", "window", at=(0, 0, 0.02))
    screen = [
        np.array([[x * wide, yy, z] for x in (-1, 1)] + [[wide * 0.86, yy + tall, z - 0.34], [-wide * 0.86, yy + tall, z - 0.34]])
        for z, yy, wide, tall in ((d * 0.2, y + 0.32, 0.46, 0.3), (d * 0.245, y + 0.24, 0.46, 0.3))
    ]
    a.add(loft(np.array(screen)), "window_glass", "window")
    with a.at(translation(0.035, y + 0.2, -d * 0.41), rotation("y", -90)):
        fin = np.array([[-d * 0.09, 0], [d * 0.1, 0], [d * 0.005, h * 0.36], [-d * 0.075, h * 0.36]])
        a.add(panel(fin, 0.07), "car_paint", "fin", tint=tint)
    a.add(
        lathe([(0.22, 0), (0.2, 0.1), (0.12, 0.24), (0.0, 0.32)], sides=20).moved(rotation("x", 90)),
        "chrome",
        "spinner",
        at=(0, y - 0.13, d * 0.43),
    )
    for blade in (25, 205):
        with a.at(translation(0, y - 0.13, d * 0.44 + 0.08), rotation("z", blade)):
            a.add(ellipsoid((0.17, 1.0, 0.035), sides=12), "dark_wood", "propeller", at=(0, 0.5, 0))
    a.rod((0, y - 0.4, d * 0.33), (0, 0.2, d * 0.35), 0.04, "steel", "gear", sides=8)
    _small_wheel(a, (0, 0.2, d * 0.35), 0.2)
    return a.shape()


def _small_wheel(a: Assembly, at: tuple[float, float, float], r: float) -> None:
    with a.at(translation(*at), rotation("z", 90)):
        a.add(torus(r * 0.72, r * 0.28, sides=20, tube_sides=8), "rubber", "wheel")
        a.add(cylinder(r * 0.55, r * 0.36, sides=16, bevel=0.01), "aluminium", "wheel")


def helicopter(order: GrownOrder) -> Shape:
    """A helicopter with a glass nose, skids, tail boom and two rotors."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "orange")
    y, nose = h * 0.42, d * 0.3
    body = [
        (-1.1, y + 0.3, 0.3, 0.4),
        (-0.7, y + 0.12, 0.72, 0.78),
        (0.2, y + 0.02, 0.86, 0.92),
        (nose - 0.9, y - 0.03, 0.84, 0.9),
        (nose - 0.35, y - 0.2, 0.6, 0.62),
        (nose, y - 0.34, 0.2, 0.24),
    ]
    a.add(fuselage(body, 24), "car_paint", "body", tint=tint, crease=55)
    glass = [
        (nose - 1.35, y + 0.14, 0.8, 0.72),
        (nose - 0.85, y + 0.1, 0.82, 0.74),
        (nose - 0.36, y - 0.06, 0.62, 0.54),
        (nose - 0.02, y - 0.24, 0.24, 0.22),
    ]
    a.add(fuselage([(z + 0.03, yy + 0.04, x * 0.99, t) for z, yy, x, t in glass], 24), "window_glass", "window", crease=55)
    a.add(fuselage([(-d * 0.62, y + 0.62, 0.1, 0.12), (-0.85, y + 0.36, 0.26, 0.32)], 14), "car_paint", "boom", tint=tint)
    with a.at(translation(0.04, y + 0.5, -d * 0.62), rotation("y", -90)):
        a.add(
            panel(np.array([[-0.5, -0.4], [0.0, -0.1], [0.5, 0.0], [0.0, 0.25], [-0.35, 1.2], [-0.7, 1.2]]), 0.08),
            "car_paint",
            "fin",
            tint=COLOURS["white"],
        )
    for side in (-1, 1):
        a.add(wing((0, y + 0.58, -d * 0.5), (side * 0.9, y + 0.6, -d * 0.5), (0.5, 0.4)), "car_paint", "tailplane", tint=COLOURS["white"])
        a.block((0.04, 1.0, 1.0), (side * 0.84, y + 0.08, 0.15), "car_paint", "door", bevel=0.015, tint=COLOURS["white"])
        a.block((0.05, 0.5, 0.8), (side * 0.835, y + 0.28, 0.15), "window_glass", "window", bevel=0.02)
        path = np.array([[side * 0.95, 0.06, -1.2], [side * 0.95, 0.05, 1.4], [side * 0.95, 0.12, 1.7], [side * 0.95, 0.3, 1.86]])
        a.add(tube(path, 0.05, sides=8), "painted_metal", "skid")
        for z in (-0.6, 0.9):
            a.add(
                tube(np.array([[side * 0.35, y - 0.74, z], [side * 0.7, y - 0.86, z], [side * 0.95, 0.06, z]]), 0.04, sides=8),
                "painted_metal",
                "skid",
            )
    a.block((0.7, 0.5, 1.5), (0, y + 1.0, -0.2), "car_paint", "engine", bevel=0.15, tint=tint)
    mast = y + 1.25
    a.rod((0, y + 1.0, 0), (0, mast + 0.35, 0), 0.08, "steel", "mast", sides=10)
    a.add(cylinder(0.2, 0.16, sides=16, bevel=0.03), "steel", "rotor hub", at=(0, mast + 0.34, 0))
    span = w / 2
    for k in range(4):
        with a.at(translation(0, mast + 0.36, 0), rotation("y", 45 + 90 * k)):
            a.board((0.1, 0, 0), (span * 1.4, -0.1, 0), (0.035, 0.26), "cast_iron", "rotor", bevel=0.01)
    for k in range(2):
        with a.at(translation(0.14, y + 1.15, -d * 0.62 - 0.45), rotation("x", 40 + 90 * k)):
            a.block((0.025, 1.3, 0.12), (0, 0, 0), "cast_iron", "tail rotor", bevel=0.008)
    return a.shape()


def balloon(order: GrownOrder) -> Shape:
    """A hot-air balloon in coloured gores over a wicker basket with burner, ropes and sandbags."""
    a = Assembly(order)
    w, h, _ = order.size_m
    gores = 16
    palette = [
        order.colour or a.tint("first_colour", "crimson"),
        COLOURS["golden"],
        order.colour or a.tint("first_colour", "crimson"),
        COLOURS["cream"],
    ]
    r, low, top = w / 2, h * 0.2, h
    t = np.linspace(0, 1, 15)
    radius = r * np.array([0.2, 0.32, 0.45, 0.58, 0.7, 0.8, 0.885, 0.95, 0.99, 1.0, 0.96, 0.86, 0.68, 0.4, 0.02])
    height = low + (top - low) * (t**1.06)
    height[-3:] = top - np.array([0.1, 0.028, 0.0]) * (top - low)
    per = 5
    for k in range(gores):
        u = np.linspace(0, 1, per)
        angle = 2 * math.pi * (k + u) / gores
        bulge = 1 + 0.035 * np.sin(math.pi * u)
        outer = np.stack(
            [
                np.column_stack([rr * bulge * np.sin(angle), np.full(per, y), rr * bulge * np.cos(angle)])
                for rr, y in zip(radius, height, strict=True)
            ]
        )
        a.add(cloth(outer, 0.03), "fabric", "envelope", tint=palette[k % 4], crease=30)
    a.add(torus(r * 0.205, 0.05, sides=24, tube_sides=6), "rope", "mouth", at=(0, low, 0))
    size = w * 0.14
    basket = size * 0.85
    rings = [
        np.array([[sx * s, y, sz * s] for sx, sz in ((-1, -1), (1, -1), (1, 1), (-1, 1))][::-1])
        for y, s in ((0.0, size * 0.46), (basket, size * 0.5))
    ]
    a.add(loft(np.array(rings)), "straw", "basket", tint=COLOURS["tan"])
    for y in (0.06, basket * 0.35, basket * 0.65, basket):
        s = size * (0.47 + 0.04 * y / basket)
        for sx, sz, ex, ez in ((-1, -1, 1, -1), (1, -1, 1, 1), (1, 1, -1, 1), (-1, 1, -1, -1)):
            a.rod(
                (sx * s, y, sz * s),
                (ex * s, y, ez * s),
                0.05 if y == basket else 0.025,
                "leather" if y == basket else "oak",
                "basket",
                sides=6,
            )
    for sx in (-1, 1):
        for sz in (-1, 1):
            a.rod(
                (sx * size * 0.48, 0.05, sz * size * 0.48), (sx * size * 0.3, basket * 2.0, sz * size * 0.3), 0.025, "oak", "frame", sides=6
            )
            for k in (-1, 1):
                turn = math.atan2(sx, sz) + 0.25 * k
                a.rod(
                    (sx * size * 0.3, basket * 2.0, sz * size * 0.3),
                    (r * 0.2 * math.sin(turn), low, r * 0.2 * math.cos(turn)),
                    0.012,
                    "rope",
                    "rope",
                    sides=4,
                )
        a.add(ellipsoid((0.22, 0.36, 0.22), sides=10), "canvas", "sandbag", at=(sx * size * 0.58, basket * 0.5, 0.2))
    a.add(
        lathe([(0.16, 0), (0.2, 0.3), (0.12, 0.32), (0.1, 0.05)], sides=14, closed=True), "steel", "burner", at=(0, basket * 2.0 - 0.1, 0)
    )
    a.block((size * 0.62, 0.05, 0.06), (0, basket * 2.0, 0), "steel", "frame")
    a.add(
        lathe([(0.0, 0.0), (0.13, 0.14), (0.1, 0.5), (0.0, 1.0)], sides=10),
        "flame",
        "flame",
        at=(0, basket * 2.0 + 0.15, 0),
        collides=False,
    )
    a.lamp((0, low + 0.6, 0), 26.0, colour=(1.0, 0.55, 0.2), radius_m=0.4)
    a.spot("inside", (0, 0.1, 0), (size * 0.7, size * 0.7), 2)
    return a.shape()
