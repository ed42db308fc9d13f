"""Vehicles on rails and on two wheels: steam locomotives, bicycles, motorcycles."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import loft, panel, rectangle, rotation, translation, tube
from pipelines.things.grown.road_vehicles import (
    wheel,
)
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder, ellipsoid, lathe, torus


def locomotive(order: GrownOrder) -> Shape:
    """A steam locomotive: boiler with bands, dome, chimney, cab, driving wheels with rods, cowcatcher and lamp."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "emerald")
    r, axis = w * 0.29, h * 0.5
    cab_long = d * 0.2
    boiler = (-d / 2 + cab_long, d / 2 - 1.2)
    with a.at(translation(0, axis, (boiler[0] + boiler[1]) / 2), rotation("x", 90)):
        long = boiler[1] - boiler[0]
        a.add(cylinder(r, long, sides=32), "painted_metal", "boiler", tint=tint)
        a.add(
            lathe([(r * 1.04, long / 2 - 1.1), (r * 1.06, long / 2), (r * 0.94, long / 2 + 0.08), (0.0, long / 2 + 0.14)], sides=32),
            "cast_iron",
            "smokebox",
        )
        a.add(cylinder(r * 0.72, 0.1, sides=28, bevel=0.02), "cast_iron", "smokebox door", at=(0, long / 2 + 0.12, 0))
        a.add(cylinder(0.06, 0.2, sides=10), "brass", "smokebox door", at=(0, long / 2 + 0.2, 0))
        for t in (0.08, 0.3, 0.52, 0.72):
            a.add(torus(r * 1.005, 0.03, sides=26, tube_sides=5), "brass", "boiler band", at=(0, long * (t - 0.5), 0))
    front = boiler[1]
    a.add(
        lathe([(0.3, 0), (0.2, 0.12), (0.19, 0.75), (0.3, 0.95), (0.32, 1.05), (0.24, 1.05), (0.14, 0.1)], sides=24),
        "cast_iron",
        "chimney",
        at=(0, axis + r * 0.95, front - 0.55),
    )
    for t, tall in ((0.62, 0.62), (0.36, 0.5)):
        a.add(
            lathe([(0.4, 0), (0.34, 0.1), (0.33, tall * 0.6), (0.24, tall * 0.86), (0.0, tall)], sides=24),
            "brass",
            "dome",
            at=(0, axis + r * 0.93, boiler[0] + (front - boiler[0]) * t),
        )
    frame_y = h * 0.3
    a.block((w * 0.62, 0.22, d - 0.9), (0, frame_y, -0.1), "cast_iron", "frame", bevel=0.02)
    a.block((w * 0.92, 0.07, d - 1.4), (0, frame_y + 0.17, -0.35), "painted_metal", "running board", bevel=0.01, tint=COLOURS["crimson"])
    a.block((w * 0.9, 0.34, 0.16), (0, frame_y, d / 2 - 0.62), "painted_metal", "buffer beam", bevel=0.02, tint=COLOURS["crimson"])
    for side in (-1, 1):
        with a.at(translation(side * w * 0.3, frame_y, d / 2 - 0.4), rotation("x", 90)):
            a.add(lathe([(0.08, -0.15), (0.08, 0.1), (0.2, 0.14), (0.2, 0.2), (0.0, 0.22)], sides=16), "cast_iron", "buffer")
        big = h * 0.165
        zs = [boiler[0] + 0.35 + k * (2 * big + 0.14) for k in range(3)]
        for z in zs:
            _rail_wheel(a, (side * (w * 0.31), big, z), big, side)
        for z in (d / 2 - 1.25, d / 2 - 2.1):
            _rail_wheel(a, (side * (w * 0.31), big * 0.55, z), big * 0.55, side)
        y = big * 0.72
        a.board((side * (w * 0.4), y, zs[0]), (side * (w * 0.4), y, zs[-1]), (0.11, 0.05), "steel", "coupling rod", bevel=0.01)
        a.board(
            (side * (w * 0.42), y, zs[1]), (side * (w * 0.42), big * 1.05, front - 0.5), (0.09, 0.05), "steel", "connecting rod", bevel=0.01
        )
        with a.at(translation(side * (w * 0.38), big * 1.08, front - 0.3), rotation("x", 90)):
            a.add(cylinder(0.27, 0.95, sides=20, bevel=0.03), "painted_metal", "cylinder", tint=tint)
        a.rod((side * r * 0.98, axis + 0.35, boiler[0]), (side * r * 0.98, axis + 0.35, front - 0.2), 0.025, "brass", "hand rail", sides=6)
    _loco_cab(a, w, h, d, cab_long, frame_y, tint)
    a.block((0.34, 0.36, 0.3), (0, axis + r + 0.2, front + 0.05), "cast_iron", "lamp", bevel=0.04)
    with a.at(translation(0, axis + r + 0.2, front + 0.2), rotation("x", 90)):
        a.add(cylinder(0.13, 0.06, sides=18), "lit_glass", "lamp")
    a.lamp((0, axis + r + 0.2, front + 0.4), 14.0, colour=(1.0, 0.85, 0.6))
    for k in range(9):
        x = w * 0.36 * (k - 4) / 4
        a.board(
            (x, frame_y - 0.05, d / 2 - 0.55),
            (x * 1.0, 0.12, d / 2 - 0.02 - 0.22 * abs(k - 4) / 4),
            (0.05, 0.05),
            "cast_iron",
            "cowcatcher",
            up=(1, 0, 0),
        )
    return a.shape()


def _rail_wheel(a: Assembly, at: tuple[float, float, float], r: float, side: int) -> None:
    with a.at(translation(*at), rotation("z", -90.0 * side)):
        a.add(
            lathe([(r * 0.82, -0.06), (r, -0.06), (r, 0.05), (r * 0.95, 0.06), (r * 0.82, 0.06)], sides=20, closed=True), "steel", "wheel"
        )
        for k in range(8):
            with a.at(rotation("y", 45 * k)):
                a.block((0.05, 0.05, r * 0.72), (0, 0, r * 0.48), "painted_metal", "wheel", tint=COLOURS["crimson"])
        a.add(cylinder(r * 0.2, 0.16, sides=14), "painted_metal", "wheel", tint=COLOURS["crimson"])
        a.add(cylinder(0.05, 0.2, sides=8), "steel", "wheel", at=(0, 0.06, r * 0.45))


def _loco_cab(a: Assembly, w: float, h: float, d: float, long: float, y: float, tint: Colour | None) -> None:
    wide, low, top = w * 0.86, y + 0.2, h * 0.9
    z = -d / 2 + long / 2 + 0.1
    for side in (-1, 1):
        with a.at(translation(side * wide / 2, low, z), rotation("y", 90.0 * side)):
            window = rectangle(long * 0.5, (top - low) * 0.36, at=(0, (top - low) * 0.68))
            a.add(
                panel(np.array([[-long / 2, 0], [long / 2, 0], [long / 2, top - low], [-long / 2, top - low]]), 0.06, [window]),
                "painted_metal",
                "cab",
                tint=tint,
            )
            a.add(panel(window, 0.02), "window_glass", "window", at=(0, 0, -0.02))
    a.block((wide, top - low, 0.06), (0, (top + low) / 2, z + long / 2), "painted_metal", "cab", tint=tint)
    for x in (-wide * 0.32, wide * 0.32):
        a.block((wide * 0.2, 0.5, 0.03), (x, top - 0.5, z + long / 2 + 0.03), "window_glass", "window")
    roof = [(wide * 0.62 * math.sin(t), top - 0.1 + 0.34 * math.cos(t)) for t in np.linspace(1.3, -1.3, 11)]
    under = [(x * 0.97, yy - 0.06) for x, yy in roof[::-1]]
    a.add(panel(np.array(roof + under), long + 0.5), "painted_metal", "cab roof", at=(0, 0, z + long / 2 + 0.25), tint=COLOURS["black"])


def bicycle(order: GrownOrder) -> Shape:
    """A town bicycle: diamond frame, spoked wheels, mudguards, saddle, handlebar, pedals, chain, carrier."""
    a = Assembly(order)
    tint = order.colour or a.tint("body_colour", "teal")
    r, front, rear = 0.345, 0.54, -0.54
    frame = "painted_metal"
    crank, seat, head = (0, 0.3, -0.1), (0, 0.8, -0.26), (0, 0.84, 0.3)
    for start, end, radius in (
        (crank, seat, 0.017),
        (crank, (0, 0.72, 0.345), 0.018),
        ((0, 0.76, -0.245), head, 0.016),
        (head, (0, 0.62, 0.375), 0.02),
        (seat, (0, 0.92, -0.3), 0.014),
        ((0, 0.84, 0.3), (0, 1.02, 0.25), 0.013),
    ):
        a.rod(start, end, radius, frame, "frame", sides=9, tint=tint)
    for side in (-1, 1):
        x = side * 0.05
        a.rod((0, 0.74, -0.24), (x, r, rear), 0.01, frame, "frame", sides=7, tint=tint)
        a.rod((0, 0.3, -0.1), (x, r, rear), 0.011, frame, "frame", sides=7, tint=tint)
        a.add(
            tube(np.array([[0.0, 0.64, 0.37], [x, 0.6, 0.385], [x, 0.46, 0.43], [x, r, front]]), 0.012, sides=7), frame, "fork", tint=tint
        )
        a.add(
            tube(
                np.array([[0, 1.02, 0.25], [side * 0.1, 1.04, 0.26], [side * 0.24, 1.05, 0.2], [side * 0.27, 1.04, 0.05]]), 0.011, sides=8
            ),
            "chrome",
            "handlebar",
        )
        a.rod((side * 0.27, 1.04, 0.1), (side * 0.275, 1.035, -0.03), 0.018, "rubber", "grip", sides=8)
        a.rod((side * 0.06, 0.3, -0.1), (side * 0.08, 0.3 - side * 0.12, -0.1 + side * 0.12), 0.011, "steel", "crank", sides=6)
        a.block((0.09, 0.02, 0.07), (side * 0.13, 0.3 - side * 0.12, -0.1 + side * 0.12), "rubber", "pedal", bevel=0.005)
        a.rod((x, r, rear), (x * 1.4, 0.72, rear - 0.06), 0.006, "steel", "carrier", sides=5)
    for z in (front, rear):
        with a.at(translation(0, r, z), rotation("z", 90)):
            a.add(torus(r - 0.02, 0.019, sides=36, tube_sides=6), "rubber", "tyre")
            a.add(torus(r - 0.045, 0.011, sides=32, tube_sides=5), "aluminium", "rim")
            a.add(cylinder(0.022, 0.1, sides=10), "steel", "hub")
            for k in range(14):
                with a.at(rotation("y", 360 * k / 14), rotation("x", 90)):
                    a.add(cylinder(0.0022, r - 0.06, sides=3), "steel", "spokes", at=(0, (r - 0.06) / 2 + 0.015, 0))
        lo, hi = (-0.2, 2.5) if z > 0 else (0.4, 3.4)
        path = np.array([[0, r + (r + 0.025) * math.sin(t), z + (r + 0.025) * math.cos(t)] for t in np.linspace(lo + 0.2, hi, 14)])
        a.add(tube(path, 0.02, sides=6), frame, "mudguard", tint=tint)
    with a.at(translation(0.045, 0.3, -0.1), rotation("z", 90)):
        a.add(torus(0.09, 0.008, sides=20, tube_sides=5), "steel", "chainring")
        a.add(cylinder(0.08, 0.006, sides=16), "steel", "chainring")
    for dy in (0.09, -0.09):
        a.rod((0.045, 0.3 + dy, -0.1), (0.045, r + dy * 0.4, rear), 0.006, "cast_iron", "chain", sides=5)
    saddle = [
        np.array([[w * math.cos(t), 0.93 + h * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 10, endpoint=False)])
        for z, w, h in ((-0.45, 0.05, 0.02), (-0.42, 0.11, 0.035), (-0.33, 0.1, 0.03), (-0.22, 0.04, 0.022), (-0.17, 0.022, 0.016))
    ]
    a.add(loft(np.array(saddle)), "leather", "saddle", crease=60)
    a.block((0.14, 0.012, 0.34), (0, 0.735, -0.62), "steel", "carrier", bevel=0.004)
    with a.at(translation(0, 0.88, 0.4), rotation("x", 90)):
        a.add(lathe([(0.02, -0.05), (0.05, 0.02), (0.05, 0.05), (0, 0.055)], sides=14), "chrome", "lamp")
    a.rod((0.06, r, -0.3), (0.16, 0.02, -0.34), 0.008, "steel", "stand", sides=5)
    return a.shape()


def motorcycle(order: GrownOrder) -> Shape:
    """A classic motorcycle: teardrop tank, finned engine, exhaust, forks, round headlight, long saddle."""
    a = Assembly(order)
    tint = order.colour or a.tint("body_colour", "crimson")
    r, front, rear = 0.32, 0.72, -0.68
    for z, wide in ((front, 0.12), (rear, 0.15)):
        wheel(a, (0, r, z), r, wide, rim="chrome", spokes=9, share=0.72)
        path = np.array(
            [[0, r + (r + 0.045) * math.sin(t), z + (r + 0.045) * math.cos(t)] for t in np.linspace(0.35, 2.3 if z > 0 else 2.9, 12)]
        )
        a.add(tube(path, 0.065, sides=8), "car_paint", "mudguard", tint=tint)
    tank = [
        np.array([[w * math.cos(t), 0.86 + h * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 14, endpoint=False)])
        for z, w, h in (
            (-0.12, 0.05, 0.05),
            (-0.06, 0.1, 0.09),
            (0.1, 0.15, 0.125),
            (0.28, 0.16, 0.13),
            (0.38, 0.12, 0.1),
            (0.43, 0.04, 0.04),
        )
    ]
    a.add(loft(np.array(tank)), "car_paint", "tank", tint=tint, crease=60)
    seat = [
        np.array([[w * math.cos(t), 0.83 + lift + 0.05 * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 12, endpoint=False)])
        for z, w, lift in ((-0.78, 0.06, 0.06), (-0.72, 0.12, 0.05), (-0.4, 0.13, 0.0), (-0.12, 0.1, 0.0), (-0.06, 0.05, 0.0))
    ]
    a.add(loft(np.array(seat)), "leather", "saddle", crease=60, tint=COLOURS["black"])
    for side in (-1, 1):
        a.rod((side * 0.1, r, front), (side * 0.1, 0.98, 0.43), 0.028, "chrome", "fork", sides=10)
        a.rod((side * 0.11, r, rear), (side * 0.11, 0.78, -0.5), 0.03, "chrome", "shock", sides=10)
        a.rod((side * 0.09, r, rear), (side * 0.09, 0.36, -0.05), 0.022, "cast_iron", "swingarm", sides=8)
        a.add(
            tube(
                np.array([[0, 1.02, 0.4], [side * 0.16, 1.08, 0.38], [side * 0.33, 1.07, 0.24], [side * 0.38, 1.05, 0.14]]), 0.013, sides=8
            ),
            "chrome",
            "handlebar",
        )
        a.rod((side * 0.36, 1.056, 0.18), (side * 0.4, 1.045, 0.06), 0.022, "rubber", "grip", sides=8)
        a.rod((side * 0.3, 1.07, 0.27), (side * 0.34, 1.2, 0.24), 0.006, "chrome", "mirror", sides=5)
        a.add(ellipsoid((0.12, 0.09, 0.02), sides=12), "chrome", "mirror", at=(side * 0.34, 1.23, 0.24))
        path = np.array(
            [
                [side * 0.08, 0.62, 0.22],
                [side * 0.13, 0.42, 0.36],
                [side * 0.15, 0.26, 0.2],
                [side * 0.16, 0.25, -0.3],
                [side * 0.16, 0.28, -0.5],
            ]
        )
        a.add(tube(path, 0.026, sides=10), "chrome", "exhaust")
        a.rod((side * 0.16, 0.28, -0.42), (side * 0.16, 0.34, -0.98), 0.045, "chrome", "exhaust", sides=12, bevel=0.01)
        a.rod((side * 0.1, 0.36, -0.1), (side * 0.28, 0.36, -0.1), 0.018, "rubber", "footrest", sides=7)
    for k in range(6):
        a.block((0.25 - 0.008 * k, 0.016, 0.28), (0, 0.54 + 0.036 * k, 0.14), "aluminium", "engine", bevel=0.004)
    a.block((0.15, 0.26, 0.17), (0, 0.62, 0.14), "cast_iron", "engine")
    with a.at(translation(0, 0.42, 0.05), rotation("z", 90)):
        a.add(cylinder(0.17, 0.26, sides=22, bevel=0.02), "aluminium", "engine")
        a.add(cylinder(0.12, 0.3, sides=22, bevel=0.02), "chrome", "engine", at=(0, 0, -0.14))
    a.rod((0, 0.95, 0.42), (0, 0.32, 0.28), 0.026, "cast_iron", "frame", sides=8)
    a.rod((0, 0.8, -0.4), (0, 0.34, -0.14), 0.024, "cast_iron", "frame", sides=8)
    a.rod((0, 0.32, 0.28), (0, 0.32, -0.14), 0.024, "cast_iron", "frame", sides=8)
    with a.at(translation(0, 0.95, 0.54), rotation("x", 90)):
        a.add(lathe([(0.03, -0.13), (0.09, -0.06), (0.105, 0.03), (0.09, 0.035), (0.0, 0.02)], sides=20), "chrome", "headlight")
        a.add(lathe([(0.09, 0.02), (0.06, 0.045), (0, 0.055)], sides=20), "lit_glass", "headlight")
    a.block((0.09, 0.07, 0.05), (0, 0.72, -1.0), "glossy_plastic", "tail light", bevel=0.015, tint=COLOURS["crimson"])
    a.rod((-0.1, 0.34, -0.1), (-0.24, 0.0, -0.16), 0.012, "steel", "stand", sides=6)
    return a.shape()
