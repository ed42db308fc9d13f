"""Spacecraft: rockets, saucers, landers, rovers, habitats. Fronts point to +z."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import loft, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder, ellipsoid, lathe, sphere, torus


def rocket(order: GrownOrder) -> Shape:
    """A three-finned silver rocket with a coloured nose, portholes, hatch with ladder, engine bell."""
    a = Assembly(order)
    w, h, _ = order.size_m
    accent = order.colour or a.tint("accent_colour", "crimson")
    r, foot = h * 0.105, h * 0.09
    profile = np.array(
        [(0.62, 0.0), (0.8, 0.08), (0.95, 0.22), (1.0, 0.4), (0.95, 0.58), (0.8, 0.74), (0.56, 0.87), (0.26, 0.965), (0.0, 1.0)]
    )
    body = profile * [r, h - foot - h * 0.05] + [0, foot]
    cut = int(len(body) * 0.68)
    a.add(
        lathe(np.concatenate([[[0.0, foot]], body[: cut + 1], [[0.0, body[cut, 1]]]]), sides=36, smooth=0),
        "painted_metal",
        "body",
        tint=COLOURS["silver"],
        crease=35,
    )
    a.add(lathe(np.concatenate([[[0.0, body[cut, 1]]], body[cut:]]), sides=36), "painted_metal", "nose", tint=accent, crease=35)
    for share in (0.24, 0.42, 0.6):
        y = foot + (h - foot - h * 0.05) * share
        rr = float(np.interp(share, profile[:, 1], profile[:, 0])) * r
        a.add(torus(rr * 1.0, 0.06, sides=36, tube_sides=6), "chrome", "band", at=(0, y, 0))
    a.add(lathe([(0.02, 0), (0.05, h * 0.02), (0.03, h * 0.052), (0, h * 0.056)], sides=10), "chrome", "tip", at=(0, h - h * 0.056, 0))
    for k in range(3):
        with a.at(rotation("y", 120 * k + 60), translation(0.09, 0, 0), rotation("y", -90)):
            fin = np.array(
                [
                    [r * 0.6, foot + h * 0.3],
                    [r * 0.5, foot * 1.1],
                    [w * 0.44, 0.0],
                    [w * 0.5, 0.0],
                    [w * 0.52, foot * 0.8],
                    [w * 0.36, h * 0.24],
                    [r * 0.9, foot + h * 0.36],
                ]
            )
            a.add(panel(fin, 0.18), "painted_metal", "fin", tint=accent)
    for share in (0.36, 0.5):
        y = foot + (h - foot - h * 0.05) * share
        rr = float(np.interp(share, profile[:, 1], profile[:, 0])) * r
        with a.at(translation(0, y, rr - 0.02), rotation("x", 90)):
            a.add(torus(r * 0.24, r * 0.06, sides=24, tube_sides=8), "brass", "porthole", at=(0, 0.04, 0))
            a.add(cylinder(r * 0.23, 0.1, sides=24), "window_glass", "window", at=(0, 0.02, 0))
    a.add(
        lathe(
            [(r * 0.5, foot), (r * 0.34, foot * 0.86), (r * 0.52, foot * 0.35), (r * 0.47, foot * 0.35), (r * 0.28, foot * 0.86)],
            sides=28,
            closed=True,
        ),
        "cast_iron",
        "engine",
    )
    y = foot + h * 0.12
    with a.at(translation(0, y, r * 0.93)):
        a.block((r * 0.5, h * 0.095, 0.14), (0, 0, 0), "painted_metal", "door", bevel=0.05, tint=accent)
    for side in (-1, 1):
        a.rod((side * r * 0.18, y - h * 0.05, r * 0.97), (side * r * 0.18, 0.0, r * 1.5), 0.035, "steel", "ladder", sides=6)
    for k in range(7):
        s = (k + 0.5) / 7
        a.rod(
            (-r * 0.18, (y - h * 0.05) * (1 - s), r * (0.97 + 0.53 * s)),
            (r * 0.18, (y - h * 0.05) * (1 - s), r * (0.97 + 0.53 * s)),
            0.025,
            "steel",
            "ladder",
            sides=6,
        )
    return a.shape()


def saucer(order: GrownOrder) -> Shape:
    """A flying saucer on three legs: lens-shaped hull, glass dome, ring of lights, lowered ramp."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, y = w / 2, h * 0.48
    tint = order.colour or a.tint("body_colour", "silver")
    hull = [
        (0.0, -0.2 * h),
        (r * 0.3, -0.19 * h),
        (r * 0.55, -0.12 * h),
        (r * 0.9, -0.035 * h),
        (r, 0.0),
        (r * 0.97, 0.03 * h),
        (r * 0.7, 0.1 * h),
        (r * 0.46, 0.17 * h),
        (r * 0.36, 0.2 * h),
        (0.0, 0.2 * h),
    ]
    a.add(lathe(hull, sides=56), "brushed_steel", "hull", at=(0, y, 0), tint=tint, crease=20)
    dome = [(r * 0.34 * math.cos(t), 0.19 * h + h * 0.3 * math.sin(t)) for t in np.linspace(0, math.pi / 2, 8)]
    a.add(lathe([*dome[:-1], (0.0, dome[-1][1])], sides=36), "window_glass", "dome", at=(0, y, 0))
    a.add(torus(r * 0.355, h * 0.02, sides=44, tube_sides=8), "chrome", "rim", at=(0, y + 0.195 * h, 0))
    a.add(torus(r * 0.985, h * 0.018, sides=64, tube_sides=8), "chrome", "rim", at=(0, y, 0))
    for k in range(18):
        with a.at(translation(0, y, 0), rotation("y", 20 * k)):
            a.add(
                sphere(h * 0.026, sides=10), "lit_glass", "lights", at=(0, 0.062 * h, r * 0.86), tint=COLOURS["cyan" if k % 2 else "lime"]
            )
            a.board((0, 0.108 * h, r * 0.68), (0, 0.175 * h, r * 0.46), (0.05, 0.12), "steel", "ribs")
    a.add(lathe([(r * 0.24, -0.2 * h), (r * 0.2, -0.23 * h), (0, -0.235 * h)], sides=28), "crystal", "drive", at=(0, y, 0))
    a.lamp((0, y - 0.3 * h, 0), 16.0, colour=(0.45, 0.9, 1.0), radius_m=0.5)
    for k in range(3):
        with a.at(rotation("y", 120 * k + 60)):
            a.rod((0, y - 0.1 * h, r * 0.5), (0, 0.08, r * 0.72), 0.11, "steel", "leg", sides=10, end_radius=0.08)
            a.rod((0, y - 0.16 * h, r * 0.36), (0, y * 0.42, r * 0.62), 0.06, "steel", "leg", sides=8)
            a.add(lathe([(0.42, 0), (0.4, 0.07), (0.16, 0.14), (0, 0.15)], sides=18), "steel", "foot", at=(0, 0, r * 0.73))
    a.board((0, y - 0.15 * h, r * 0.3), (0, 0.04, r * 0.62), (0.09, 1.3), "steel", "ramp", bevel=0.02, up=(0, 1, 0))
    return a.shape()


def lander(order: GrownOrder) -> Shape:
    """A lunar lander: gold-wrapped eight-sided descent stage on four legs, grey cabin with windows, dish, ladder."""
    a = Assembly(order)
    w, h, _ = order.size_m
    deck, belly = h * 0.46, h * 0.22
    r = w * 0.3
    gold = order.colour
    a.add(
        cylinder(r, deck - belly, sides=8, bevel=0.04).moved(rotation("y", 22.5)),
        "gold",
        "descent stage",
        at=(0, (deck + belly) / 2, 0),
        tint=gold,
    )
    for _ in range(40):
        angle, y = float(a.rng.uniform(0, 360)), float(a.rng.uniform(belly + 0.2, deck - 0.2))
        with a.at(
            rotation("y", round(angle / 45) * 45.0),
            translation(float(a.rng.uniform(-r * 0.3, r * 0.3)), y, r * 0.925),
            rotation("z", float(a.rng.uniform(-40, 40))),
        ):
            a.block(
                (float(a.rng.uniform(0.2, 0.6)), 0.02, 0.03),
                (0, 0, 0),
                "gold",
                "foil",
                tint=a.shade("gold", float(a.rng.uniform(0.6, 1.2))),
            )
    a.add(
        lathe([(r * 0.2, belly), (r * 0.5, belly - h * 0.12), (r * 0.46, belly - h * 0.12), (r * 0.14, belly)], sides=24, closed=True),
        "cast_iron",
        "engine",
    )
    for k in range(4):
        with a.at(rotation("y", 45 + 90 * k)):
            foot = w / 2 * 1.3
            a.rod((0, deck - 0.15, r * 0.9), (0, 0.15, foot), 0.09, "gold", "leg", sides=9, tint=gold)
            for side in (-1, 1):
                a.rod((side * r * 0.36, belly + 0.1, r * 0.84), (0, h * 0.13, foot * 0.9), 0.05, "gold", "leg", sides=7, tint=gold)
            a.add(lathe([(0.08, 0.16), (0.5, 0.06), (0.52, 0.0), (0.3, 0.0)], sides=18), "gold", "foot", at=(0, 0, foot), tint=gold)
    grey = COLOURS["silver"]
    with a.at(translation(0, deck, 0)):
        tall = h - deck - h * 0.1
        a.block((r * 1.0, tall * 0.72, r * 0.95), (0, tall * 0.4, -r * 0.12), "painted_metal", "cabin", bevel=r * 0.18, tint=grey)
        with a.at(translation(0, tall * 0.48, r * 0.2), rotation("x", 90)):
            a.add(cylinder(r * 0.46, r * 0.9, sides=20, bevel=0.08), "painted_metal", "cabin", tint=grey)
        for side in (-1, 1):
            with a.at(translation(side * r * 0.23, tall * 0.62, r * 0.66)):
                a.add(
                    panel(np.array([[-r * 0.13, -r * 0.1], [r * 0.13, -r * 0.1], [side * r * 0.1, r * 0.14]]), 0.06),
                    "window_glass",
                    "window",
                    at=(0, 0, 0.03),
                )
            a.add(
                ellipsoid((r * 0.5, r * 0.5, r * 0.6), sides=16),
                "painted_metal",
                "tank",
                at=(side * r * 0.7, tall * 0.3, -r * 0.1),
                tint=COLOURS["grey"],
            )
            with a.at(translation(side * r * 0.66, tall * 0.72, r * 0.25)):
                a.block((0.16, 0.16, 0.16), (0, 0, 0), "steel", "thrusters")
                for axis in ((90, "x"), (0, "x"), (180, "x")):
                    with a.at(rotation(axis[1], axis[0])):
                        a.add(cylinder(0.09, 0.24, top_radius=0.03, sides=10), "cast_iron", "thrusters", at=(0, -0.2, 0))
        a.block((r * 0.36, r * 0.42, 0.06), (0, tall * 0.2, r * 0.66), "painted_metal", "door", bevel=0.02, tint=COLOURS["white"])
        a.add(cylinder(r * 0.34, tall * 0.2, sides=18, bevel=0.03), "painted_metal", "hatch", at=(0, tall * 0.82, -r * 0.1), tint=grey)
        a.rod((r * 0.35, tall * 0.7, -r * 0.3), (r * 0.6, tall * 1.15, -r * 0.4), 0.03, "steel", "mast", sides=6)
        with a.at(translation(r * 0.62, tall * 1.17, -r * 0.38), rotation("z", -40), rotation("x", 30)):
            a.add(
                lathe([(0.0, 0.0), (0.35, 0.07), (0.6, 0.24), (0.57, 0.26), (0.3, 0.12), (0.0, 0.05)], sides=24, closed=True),
                "painted_metal",
                "dish",
                tint=COLOURS["white"],
            )
        a.rod((-r * 0.3, tall * 0.8, -r * 0.3), (-r * 0.3, h - deck, -r * 0.3), 0.02, "steel", "aerial", sides=5)
    for k in range(8):
        y = deck - 0.1 - (deck - 0.4) * k / 8
        z = r * 0.95 + (w * 0.16) * (k / 8)
        a.block((0.5, 0.04, 0.05), (0, y, z), "steel", "ladder")
    for side in (-1, 1):
        a.rod((side * 0.25, deck - 0.1, r * 0.95), (side * 0.25, 0.35, r * 0.95 + w * 0.155), 0.03, "steel", "ladder", sides=6)
    return a.shape()


def rover(order: GrownOrder) -> Shape:
    """A six-wheeled exploration rover with solar panels, camera mast, dish and arm."""
    a = Assembly(order)
    w, h, d = order.size_m
    white = order.colour or COLOURS["white"]
    r = h * 0.13
    y = h * 0.36
    a.block((w * 0.52, h * 0.14, d * 0.56), (0, y, 0), "painted_metal", "body", bevel=0.03, tint=white)
    a.block((w * 0.55, 0.03, d * 0.6), (0, y + h * 0.08, 0), "gold", "deck", bevel=0.008)
    for side in (-1, 1):
        for k, z in enumerate((-d * 0.38, 0.0, d * 0.38)):
            with a.at(translation(side * (w / 2 - r * 0.45), r, z), rotation("z", 90)):
                a.add(cylinder(r, r * 0.85, sides=22, bevel=0.02), "aluminium", "wheel")
                for t in range(16):
                    with a.at(rotation("y", 22.5 * t)):
                        a.block((0.018, r * 0.85, 0.018), (0, 0, r), "cast_iron", "wheel")
                a.add(cylinder(r * 0.5, r * 0.92, sides=14), "gold", "wheel")
            hub = (side * (w / 2 - r * 1.1), r, z)
            joint = (side * w * 0.29, y, z * 0.45 + (d * 0.1 if k == 2 else 0))
            a.rod(hub, (hub[0], y - 0.06, z * 0.9), 0.03, "painted_metal", "suspension", sides=8, tint=COLOURS["grey"])
            a.rod((hub[0], y - 0.06, z * 0.9), joint, 0.03, "painted_metal", "suspension", sides=8, tint=COLOURS["grey"])
        with a.at(translation(side * w * 0.27, y + h * 0.12, -d * 0.05), rotation("z", side * 8)):
            a.block((w * 0.3, 0.025, d * 0.5), (side * w * 0.13, 0, 0), "glossy_plastic", "solar panel", bevel=0.005, tint=COLOURS["navy"])
            for k in range(5):
                a.block((w * 0.3, 0.028, 0.012), (side * w * 0.13, 0.002, d * 0.5 * (k / 4 - 0.5) * 0.98), "aluminium", "solar panel")
            for k in range(3):
                a.block((0.012, 0.028, d * 0.5), (side * w * 0.13 + w * 0.14 * (k - 1), 0.002, 0), "aluminium", "solar panel")
    mast = (w * 0.1, y + h * 0.08, d * 0.22)
    a.rod(mast, (mast[0], h - 0.12, mast[2]), 0.035, "painted_metal", "mast", sides=10, tint=white)
    a.block((0.34, 0.15, 0.14), (mast[0], h - 0.075, mast[2]), "painted_metal", "camera", bevel=0.03, tint=white)
    for side in (-1, 1):
        with a.at(translation(mast[0] + side * 0.09, h - 0.075, mast[2] + 0.08), rotation("x", 90)):
            a.add(cylinder(0.05, 0.06, sides=14), "cast_iron", "camera")
            a.add(cylinder(0.035, 0.065, sides=14), "window_glass", "lens")
    a.rod((-w * 0.15, y + h * 0.08, -d * 0.2), (-w * 0.15, h * 0.66, -d * 0.22), 0.025, "steel", "aerial", sides=7)
    with a.at(translation(-w * 0.15, h * 0.68, -d * 0.22), rotation("x", -35)):
        a.add(
            lathe([(0.0, 0.0), (0.15, 0.03), (0.26, 0.11), (0.24, 0.12), (0.12, 0.05), (0.0, 0.03)], sides=22, closed=True),
            "painted_metal",
            "dish",
            tint=white,
        )
    elbow, hand = (-w * 0.12, y + 0.12, d * 0.44), (-w * 0.04, y - 0.12, d * 0.49)
    a.rod((-w * 0.18, y, d * 0.27), elbow, 0.03, "painted_metal", "arm", sides=8, tint=white)
    a.rod(elbow, hand, 0.025, "painted_metal", "arm", sides=8, tint=white)
    a.block((0.16, 0.13, 0.1), hand, "steel", "arm", bevel=0.02)
    return a.shape()


def dome_habitat(order: GrownOrder) -> Shape:
    """A pressurised dome of triangular panels with windows, an airlock tunnel, lights and pipes, for other planets."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = w / 2 - 0.3
    white = order.colour or a.tint("body_colour", "white")
    with a.at(translation(0, 0, -d / 2 + r + 0.3)):
        a.add(lathe([(r * 1.05, 0), (r * 1.05, 0.45), (r * 0.98, 0.6)], sides=40), "concrete", "base")
        _panels(a, r, h - 0.9, white)
        a.add(
            lathe([(0.5, h - 0.42), (0.46, h - 0.2), (0.12, h - 0.12), (0.05, h)], sides=16),
            "painted_metal",
            "vent",
            tint=COLOURS["orange"],
        )
        for k in range(6):
            with a.at(rotation("y", 60 * k + 30)):
                path = np.array([[0, 0.3, r * 1.02], [0, h * 0.3, r * 0.99], [0, h * 0.62, r * 0.8], [0, h * 0.85, r * 0.48]])
                a.add(tube(path, 0.09, sides=8), "painted_metal", "rib", tint=COLOURS["grey"])
    tunnel = d - 2 * r - 0.3
    with a.at(translation(0, 0, d / 2 - tunnel / 2)):
        outline = [(1.25 * math.cos(t), 1.1 + 1.25 * math.sin(t)) for t in np.linspace(-0.5, math.pi + 0.5, 18)]
        a.add(panel(np.array(outline), tunnel + 0.8), "painted_metal", "airlock", at=(0, 0, tunnel / 2 - 0.12), tint=white)
        for z in (tunnel / 2 - 0.25, 0.0, -tunnel / 2 + 0.1):
            ringed = [(1.34 * math.cos(t), 1.1 + 1.34 * math.sin(t)) for t in np.linspace(-0.5, math.pi + 0.5, 18)]
            a.add(panel(np.array(ringed), 0.22), "painted_metal", "airlock", at=(0, 0, z + 0.11), tint=COLOURS["orange"])
        a.block((1.2, 2.0, 0.12), (0, 1.12, tunnel / 2 - 0.12), "painted_metal", "door", bevel=0.1, tint=COLOURS["grey"])
        with a.at(translation(0, 1.5, tunnel / 2 - 0.04), rotation("x", 90)):
            a.add(torus(0.27, 0.045, sides=22, tube_sides=7), "steel", "porthole")
            a.add(cylinder(0.26, 0.05, sides=22), "window_glass", "window")
        a.block((0.3, 0.1, 0.16), (0, 2.5, tunnel / 2 - 0.02), "lit_glass", "lamp", bevel=0.03)
        a.lamp((0, 2.5, tunnel / 2 + 0.2), 6.0, colour=(0.85, 0.95, 1.0))
        a.block((1.8, 0.12, 1.0), (0, 0.06, tunnel / 2 - 0.1), "steel", "step", bevel=0.02)
    a.spot("front", (0, 0, d / 2 + 1.2), (2, 2), 4)
    return a.shape()


def _panels(a: Assembly, r: float, tall: float, white: Colour | None) -> None:
    """Bands of flat plates with gaps; every third plate of the second band is a window."""
    rows = 6
    a.add(
        lathe(
            [(r * 0.97 * math.cos(t), 0.5 + tall * 0.97 * math.sin(t)) for t in np.linspace(0, 1.5, 9)] + [(0.0, 0.5 + tall * 0.97)],
            sides=36,
        ),
        "rubber",
        "seams",
    )
    for row in range(rows):
        low, high = math.pi / 2 * row / rows * 0.96, math.pi / 2 * (row + 1) / rows * 0.96
        count = max(6, 2 * round(12 * math.cos((low + high) / 2)))
        for k in range(count):
            quad = []
            for lat, turn in ((low + 0.012, k + 0.02), (low + 0.012, k + 0.98), (high - 0.012, k + 0.98), (high - 0.012, k + 0.02)):
                angle = 2 * math.pi * (turn + 0.5 * (row % 2)) / count
                quad.append((lat, angle))
            glass = row == 2 and k % 3 == 0
            outer = np.array([_on_dome(r, tall, lat, angle, 1.0) for lat, angle in quad])
            inner = np.array([_on_dome(r, tall, lat, angle, 0.95) for lat, angle in quad])
            a.add(
                loft(np.stack([inner, outer])),
                "window_glass" if glass else "painted_metal",
                "window" if glass else "panels",
                tint=None if glass else white,
                crease=20,
            )


def _on_dome(r: float, tall: float, lat: float, angle: float, grow: float) -> NDArray[np.float64]:
    return np.array(
        [r * grow * math.cos(lat) * math.sin(angle), 0.5 + tall * grow * math.sin(lat), r * grow * math.cos(lat) * math.cos(angle)]
    )
