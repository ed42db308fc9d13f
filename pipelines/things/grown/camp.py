"""Camp: tents, tipis, yurts, igloos, campfires."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arc, loft, mesh_of, panel, rotation, translation, tube, wedges
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cloth, cylinder, ellipsoid, lathe, torus


def tent(order: GrownOrder) -> Shape:
    """A ridge tent of canvas with sagging sides, an open door with rolled flaps, poles, guy ropes and pegs."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("canvas_colour", "olive")
    half, long, tall = w / 2 - 0.42, d / 2 - 0.45, h - 0.06
    u, v = np.meshgrid(np.linspace(0, 1, 11), np.linspace(-1, 1, 17))
    for side in (-1, 1):
        sag = 0.1 * np.sin(u * math.pi) * (1 - 0.35 * v**2)
        ridge_sag = 0.05 * (1 - v**2)
        x = side * (half * u - sag * 0.75) * (1 + 0.04 * np.abs(v) * u)
        y = (tall - ridge_sag) * (1 - u) + 0.03 - sag * 0.45 * (1 - u)
        sheet = np.stack([x, np.maximum(y, 0.02), v * long], axis=-1)
        a.add(cloth(sheet if side > 0 else sheet[::-1], 0.012), "canvas", "canvas", tint=tint, crease=60)
    a.add(panel(np.array([[-half, 0.02], [half, 0.02], [0, tall - 0.04]]), 0.012), "canvas", "canvas", at=(0, 0, -long + 0.02), tint=tint)
    dark = (0.018, 0.016, 0.014)
    a.add(
        panel(np.array([[-half * 0.92, 0.03], [half * 0.92, 0.03], [0, tall * 0.93]]), 0.01),
        "fabric",
        "inside",
        at=(0, 0, long - 0.55),
        tint=dark,
    )
    for side in (-1, 1):
        outline = np.array([[half, 0.02], [half * 0.5, 0.02], [0.02, tall - 0.16], [0.0, tall - 0.04]]) * [side, 1]
        a.add(panel(outline, 0.012), "canvas", "flap", at=(0, 0, long - 0.01), tint=tint)
        roll = arc((side * half * 0.47, 0.08, long + 0.02), (side * 0.05, tall - 0.14, long + 0.02), 0.03)
        a.add(tube(roll, 0.045, sides=8), "canvas", "flap", tint=tint)
    a.add(box((2 * half, 0.02, 2 * long - 0.1)), "canvas", "ground sheet", at=(0, 0.012, 0), tint=(0.08, 0.075, 0.06))
    for pole in (long + 0.03, -long - 0.03):
        a.rod((0, 0, pole), (0, h, pole), 0.022, "pine", "pole", sides=8)
        end = math.copysign(d / 2 - 0.03, pole)
        a.rod((0, h - 0.08, pole), (0, 0.03, end), 0.008, "rope", "rope", sides=5)
        a.rod((0, 0.12, end - math.copysign(0.02, pole)), (0, 0.0, end), 0.014, "oak", "peg", sides=6)
    for side in (-1, 1):
        for z in np.linspace(-long + 0.1, long - 0.1, 4):
            peg = side * (w / 2 - 0.02)
            a.rod((side * half * 0.82, 0.3, float(z)), (peg, 0.02, float(z)), 0.007, "rope", "rope", sides=5)
            a.rod((peg - side * 0.015, 0.1, float(z)), (peg, 0.0, float(z)), 0.014, "oak", "peg", sides=6)
    a.spot("inside", (0, 0.03, -0.2), (half, long), 0.8)
    a.spot("front", (0, 0, d / 2 + 0.5), (1.2, 0.8), 3)
    return a.shape()


def tipi(order: GrownOrder) -> Shape:
    """A cone of painted hide over crossing poles, with smoke flaps, lacing pins and a low door."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, knot = w / 2, h * 0.8
    tint = order.colour or a.tint("canvas_colour", "cream")
    count = 16
    for k in range(count):
        angle = 2 * math.pi * k / count + float(a.rng.normal(0, 0.04))
        foot = np.array([r * 0.97 * math.sin(angle), 0, r * 0.97 * math.cos(angle)])
        reach = knot / h
        top = foot * (1 - 1 / reach) * 0.6 + np.array([0, h * float(a.rng.uniform(0.94, 1.0)), 0])
        a.rod(foot, top, 0.04, "driftwood", "pole", end_radius=0.025, sides=6)
    sides = 48
    t = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    wave = 1 + 0.012 * np.cos(count * t)
    bands = [(0.0, 0.24, True), (0.24, 0.78, False), (0.78, 0.97, True)]
    accent = a.tint("band_colour", "rust")
    for low, high, coloured in bands:
        rings = []
        for s in np.linspace(low, high, 4):
            radius = (r * (1 - s) + 0.16 * s) * (1 - 0.035 * math.sin(math.pi * s))
            rings.append(np.column_stack([radius * wave * np.sin(t), np.full(sides, 0.02 + s * knot), radius * wave * np.cos(t)]))
        a.add(loft(np.array(rings)), "canvas", "hide", tint=accent if coloured else tint, crease=45)
    for k in range(10):
        angle = 2 * math.pi * k / 10 + 0.3
        s = 0.27
        radius = (r * (1 - s) + 0.16 * s) * 0.985
        with a.at(
            rotation("y", math.degrees(angle)),
            translation(0, 0.02 + s * knot, radius),
            rotation("x", -math.degrees(math.atan2(r - 0.16, knot))),
        ):
            a.add(panel(np.array([[-0.22, 0], [0.22, 0], [0, 0.4]]), 0.02), "canvas", "pattern", at=(0, 0, 0.01), tint=accent)
    lean = math.degrees(math.atan2(r - 0.16, knot))
    with a.at(translation(0, 0.02, r * 0.99), rotation("x", -lean)):
        door = np.array(
            [[0.42 * math.sin(x) * 0.85, 0.75 - 0.62 * math.cos(x) * 1.05] for x in np.linspace(0, 2 * math.pi, 18, endpoint=False)]
        )
        a.add(panel(door, 0.04), "leather", "door", at=(0, 0, 0.035), tint=a.tint("door_colour", "brown"))
        for y in np.arange(1.7, knot * 0.85, 0.3):
            a.block((0.34, 0.025, 0.025), (0, float(y), -0.02), "pine", "pins")
    for side in (-1, 1):
        flap = np.array([[0.0, 0], [0.75, 0.55], [0.62, 1.05], [0.0, 0.75]]) * [side, 1]
        with a.at(translation(0, knot * 0.74, r * 0.3), rotation("y", side * 25), rotation("x", -lean * 0.6)):
            a.add(panel(flap, 0.02), "canvas", "smoke flap", tint=tint)
    a.spot("front", (0, 0, r + 0.8), (1.2, 1.0), 3)
    return a.shape()


def yurt(order: GrownOrder) -> Shape:
    """A round felt tent: low drum wall bound with bands, a shallow cone roof with crown ring, a painted wooden door."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, wall = w / 2 - 0.2, h * 0.48
    tint = order.colour or a.tint("canvas_colour", "cream")
    sides = 44
    a.add(lathe([(r, 0.12), (r + 0.03, wall * 0.5), (r, wall), (r * 0.3, wall)], sides=sides), "canvas", "wall", tint=tint, crease=30)
    roof = [
        (r + 0.2, wall - 0.14),
        (r + 0.2, wall - 0.06),
        (r * 0.75, wall + (h - wall) * 0.34),
        (r * 0.4, wall + (h - wall) * 0.72),
        (0.62, h - 0.17),
        (0.6, h - 0.3),
        (r * 0.5, wall),
    ]
    a.add(lathe(roof, sides=sides), "canvas", "roof", tint=tint, crease=30)
    a.add(cylinder(r + 0.12, 0.14, sides=sides), "weathered_planks", "floor", at=(0, 0.07, 0))
    for y in (0.4, wall * 0.5, wall - 0.32):
        a.add(torus(r + 0.035, 0.035, sides=sides, tube_sides=6), "rope", "band", at=(0, y, 0), tint=a.tint("band_colour", "rust"))
    for k in range(20):
        angle = 360 * k / 20 + 9
        with a.at(rotation("y", angle)):
            a.rod((0, wall - 0.06, r + 0.22), (0, h - 0.16, 0.66), 0.016, "rope", "rope", sides=5)
    a.add(torus(0.6, 0.06, sides=24, tube_sides=8), "oak", "crown", at=(0, h - 0.14, 0))
    a.add(lathe([(0.55, h - 0.14), (0.3, h - 0.04), (0.0, h)], sides=24), "window_glass", "crown glass")
    with a.at(translation(0, 0.14, r + 0.03)):
        colour = a.tint("door_colour", "teal")
        a.block((1.3, wall - 0.06, 0.22), (0, (wall - 0.06) / 2, -0.02), "painted_wood", "door frame", bevel=0.02, tint=COLOURS["rust"])
        a.block((0.98, wall - 0.24, 0.06), (0, (wall - 0.2) / 2, 0.09), "painted_wood", "door", bevel=0.01, tint=colour)
        for side in (-1, 1):
            for y in (0.28, 0.64):
                a.block(
                    (0.36, (wall - 0.3) * 0.3, 0.03),
                    (side * 0.23, (wall - 0.2) * y + 0.04, 0.12),
                    "painted_wood",
                    "door",
                    bevel=0.012,
                    tint=COLOURS["amber"],
                )
        a.block((1.5, 0.1, 0.6), (0, -0.08, 0.35), "weathered_planks", "step", bevel=0.015)
    a.spot("front", (0, 0, r + 1.5), (1.5, 1.2), 3)
    return a.shape()


def igloo(order: GrownOrder) -> Shape:
    """A dome of cut snow blocks with a tunnel; blocks are separate, slightly uneven, in a rising spiral of courses."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = w / 2
    with a.at(translation(0, 0, -d / 2 + r)):
        a.add(_dome(r * 0.96, h * 0.965), "snow", "dome", tint=a.shade("snow", 0.82))
        rows = 7
        for row in range(rows):
            low, high = math.pi / 2 * row / rows, math.pi / 2 * (row + 1) / rows
            count = max(5, round(2 * math.pi * r * math.cos((low + high) / 2) / 0.78))
            _snow_course(a, r, h, low, high, count, offset=0.37 * row)
    tunnel = d - 2 * r + 0.5
    with a.at(translation(0, 0, d / 2)):
        for k in range(3):
            z = -tunnel * (k + 0.5) / 3
            stones = 9
            for i in range(stones):
                t0, t1 = math.pi * (i + 0.03) / stones, math.pi * (i + 0.97) / stones
                ring = [(rr * math.cos(t), rr * 1.15 * math.sin(t)) for rr, t in ((0.55, t0), (0.83, t0), (0.83, t1), (0.55, t1))]
                a.add(
                    panel(np.array(ring), tunnel / 3 - 0.02),
                    "snow",
                    "tunnel",
                    at=(0, 0, z + tunnel / 6),
                    tint=a.shade("snow", float(a.rng.choice([0.94, 1.0, 1.03]))),
                )
        a.add(
            panel(np.array([(0.6 * math.cos(t), 0.69 * math.sin(t)) for t in np.linspace(0, math.pi, 14)]), 0.02),
            "snow",
            "entrance",
            at=(0, 0, -tunnel + 0.1),
            tint=(0.06, 0.08, 0.1),
        )
    a.spot("front", (0, 0, d / 2 + 0.9), (1.4, 1.0), 3)
    return a.shape()


def _dome(r: float, h: float) -> Mesh:
    t = np.linspace(0, math.pi / 2, 9)
    profile = [(r * math.cos(x), h * math.sin(x)) for x in t[:-1]] + [(0.0, h)]
    return lathe(profile, sides=32)


def _snow_course(a: Assembly, r: float, h: float, low: float, high: float, count: int, *, offset: float) -> None:
    lots: list[NDArray[np.float64]] = []
    for k in range(count):
        t0, t1 = 2 * math.pi * (k + 0.02) / count + offset, 2 * math.pi * (k + 0.98) / count + offset
        out = float(a.rng.uniform(0.99, 1.02))
        corners = []
        for lat, gap in ((low, 0.012), (high, -0.012)):
            for radius, turn in ((0.9, t0), (out, t0), (out, t1), (0.9, t1)):
                corners.append(
                    (
                        r * radius * math.cos(lat + gap) * math.sin(turn),
                        max(h * radius * math.sin(lat + gap), 0.0),
                        r * radius * math.cos(lat + gap) * math.cos(turn),
                    )
                )
        lots.append(np.array(corners))
    for shade, part in ((0.95, lots[0::3]), (1.0, lots[1::3]), (1.03, lots[2::3])):
        if part:
            mesh = wedges(np.array(part))
            a.add(mesh, "snow", "blocks", tint=a.shade("snow", shade))


def campfire(order: GrownOrder) -> Shape:
    """Burning logs in a ring of stones: tongues of flame that lean and twist, embers, ash, charred wood."""
    a = Assembly(order)
    w, h, _ = order.size_m
    ring = w / 2 - 0.14
    count = 12
    for k in range(count):
        angle = 360 * k / count + float(a.rng.uniform(-6, 6))
        size = a.rng.uniform([0.19, 0.13, 0.16], [0.3, 0.2, 0.24])
        stone = ellipsoid(size.tolist(), sides=9)
        rough = stone.vertices * (1 + a.rng.uniform(-0.16, 0.16, (len(stone.vertices), 1))).astype(np.float32)
        with a.at(rotation("y", angle), translation(0, float(size[1]) * 0.38, ring), rotation("y", float(a.rng.uniform(-30, 30)))):
            a.add(mesh_of(rough, stone.faces), "rock", "stones", tint=a.shade("rock", float(a.rng.choice([0.55, 0.75, 0.95]))), crease=35)
    a.add(lathe([(ring, 0), (ring * 0.95, 0.02), (ring * 0.5, 0.05), (0, 0.06)], sides=20), "coal", "ash")
    for k in range(6):
        angle = 60 * k + float(a.rng.uniform(-14, 14))
        with a.at(rotation("y", angle)):
            a.rod(
                (0, 0.04, ring * 0.86),
                (0.03, 0.44, -0.07),
                0.055,
                "bark",
                "logs",
                end_radius=0.045,
                sides=9,
                tint=a.shade("bark", float(a.rng.uniform(0.35, 0.8))),
            )
    for k in range(4):
        angle = 90 * k + 30
        with a.at(rotation("y", angle)):
            a.rod((-0.2, 0.07, 0.12), (0.22, 0.09, 0.1), 0.045, "ember", "embers", sides=8)
    for k in range(7):
        tall = (h - 0.08) * (1.0 if k == 0 else float(a.rng.uniform(0.42, 0.75)))
        base = np.zeros(2) if k == 0 else a.rng.uniform(-0.17, 0.17, 2)
        _flame(a, base, tall, 0.15 if k == 0 else 0.09)
    a.lamp((0, 0.5, 0), 9.0, colour=(1.0, 0.42, 0.13), radius_m=0.2, always=True)
    return a.shape()


def _flame(a: Assembly, base: NDArray[np.float64], tall: float, wide: float) -> None:
    """One tongue: a closed twisted body that swells low down and thins to a point that licks sideways."""
    t = np.linspace(0, 1, 9)
    lean, phase = a.rng.uniform(-0.12, 0.12, 2), float(a.rng.uniform(0, 6))
    radius = wide * np.array([0.55, 0.95, 1.0, 0.86, 0.66, 0.46, 0.3, 0.15, 0.012])
    angles = np.linspace(0, 2 * math.pi, 8, endpoint=False)
    rings = []
    for share, r in zip(t, radius, strict=True):
        x = base[0] * (1 - 0.5 * share) + lean[0] * share**2 + 0.05 * math.sin(phase + 5 * share) * share
        z = base[1] * (1 - 0.5 * share) + lean[1] * share**2 + 0.05 * math.cos(phase + 4 * share) * share
        spin = angles + phase + 1.2 * share
        rings.append(np.column_stack([x + r * 1.15 * np.cos(spin), np.full(8, 0.07 + share * tall), z + r * 0.8 * np.sin(spin)]))
    a.add(loft(np.array(rings)), "flame", "flame", collides=False, crease=70)
