"""Larger road vehicles: pickups, vans, buses, lorries, tractors."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import panel, rotation, translation
from pipelines.things.grown.road_vehicles import (
    Cabin,
    Coachwork,
    arch_lips,
    end_pane,
    lamps_and_plates,
    shut_line,
    side_panes,
    wheel,
    wheels,
)
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, ellipsoid, lathe


def pickup(order: GrownOrder) -> Shape:
    """A pickup: bonnet and cab in front, an open bed with side walls and tailgate behind."""
    a = Assembly(order)
    tint = order.colour or a.tint("body_colour", "navy")
    coach = Coachwork(
        [
            (-2.6, 0.84, 0.46, 0.7),
            (-2.55, 0.9, 0.42, 0.72),
            (-0.75, 0.93, 0.4, 0.74),
            (-0.7, 0.93, 0.4, 1.08),
            (0.9, 0.93, 0.4, 1.08),
            (1.4, 0.92, 0.4, 1.06),
            (2.1, 0.9, 0.42, 1.0),
            (2.5, 0.86, 0.46, 0.95),
            (2.58, 0.78, 0.5, 0.86),
        ],
        (-1.65, 1.72),
        radius_m=0.39,
        arch_m=0.08,
        tyre_m=0.26,
    )
    cabin = Cabin([(-0.72, 1.1), (-0.66, 1.74), (0.0, 1.8), (0.55, 1.77), (1.12, 1.1)], 1.08, 0.84, 0.24)
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    a.add(cabin.mesh(), "car_paint", "body", tint=tint, crease=38)
    side_panes(a, cabin, [(0.12, 0.88), (-0.56, 0.02)], head=0.1)
    end_pane(a, cabin, (1.12, 1.1), (0.55, 1.77))
    for side in (-1, 1):
        a.block((0.09, 0.52, 1.85), (side * 0.885, 0.93, -1.66), "car_paint", "body", bevel=0.02, tint=tint)
        a.block((0.11, 0.03, 1.85), (side * 0.885, 1.2, -1.66), "rubber", "bed rail", bevel=0.008)
        a.block((0.26, 0.16, 0.14), (side * 1.0, 1.2, 0.78), "rubber", "mirror", bevel=0.03)
        a.block((0.03, 0.03, 0.18), (side * 0.935, 0.98, -0.15), "chrome", "door handle", bevel=0.008)
        a.block((0.12, 0.06, 1.5), (side * 0.92, 0.42, 0.1), "rubber", "step", bevel=0.015)
    a.block((1.76, 0.52, 0.07), (0, 0.93, -2.56), "car_paint", "tailgate", bevel=0.015, tint=tint)
    for k in range(7):
        a.block((0.22, 0.03, 1.78), (-0.72 + 0.24 * k, 0.76, -1.64), "corrugated_iron", "bed")
    arch_lips(a, coach, tint, radius=0.03)
    wheels(a, coach, spokes=6)
    for z in (0.94, -0.1, -0.66):
        shut_line(a, coach, z, 0.46, 1.04)
    lamps_and_plates(a, coach, y_front=0.86, y_rear=0.86, spread=0.78)
    a.block((1.0, 0.2, 0.06), (0, 0.84, 2.56), "cast_iron", "grille", bevel=0.02)
    for y in (0.78, 0.84, 0.9):
        a.block((0.96, 0.025, 0.06), (0, y, 2.575), "chrome", "grille")
    a.block((1.75, 0.2, 0.16), (0, 0.54, 2.58), "chrome", "bumper", bevel=0.05)
    a.block((1.7, 0.16, 0.14), (0, 0.5, -2.62), "chrome", "bumper", bevel=0.04)
    a.spot("top", (0, 0.78, -1.65), (1.6, 1.7), 3)
    return a.shape()


def van(order: GrownOrder) -> Shape:
    """A camper or delivery van: one rounded box with a slanting front."""
    a = Assembly(order)
    tint = order.colour or a.tint("body_colour", "turquoise")
    camper = bool(a.number("camper", 1))
    coach = Coachwork(
        [
            (-2.2, 0.8, 0.38, 0.98),
            (-2.16, 0.87, 0.34, 1.04),
            (-1.9, 0.9, 0.3, 1.06),
            (1.7, 0.9, 0.3, 1.04),
            (2.0, 0.87, 0.31, 0.99),
            (2.16, 0.8, 0.34, 0.9),
            (2.22, 0.68, 0.38, 0.8),
        ],
        (-1.35, 1.3),
        radius_m=0.33,
        arch_m=0.06,
    )
    cabin = Cabin([(-2.14, 1.06), (-2.05, 1.84), (-1.6, 1.93), (1.0, 1.95), (1.5, 1.88), (2.0, 1.05)], 1.04, 0.885, 0.14)
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    a.add(cabin.mesh(), "car_paint", "upper body", tint=COLOURS["cream"] if camper else tint, crease=38)
    spans = [(0.95, 1.66), (0.05, 0.85), (-0.85, -0.05), (-1.75, -0.95)] if camper else [(0.95, 1.66)]
    side_panes(a, cabin, spans, head=0.22, sill=0.05)
    end_pane(a, cabin, (2.0, 1.05), (1.5, 1.88))
    end_pane(a, cabin, (-2.14, 1.06), (-2.05, 1.84), margin=0.14)
    arch_lips(a, coach, tint)
    wheels(a, coach, rim="chrome", spokes=8)
    for z in (1.74, 0.9, 0.0, -0.9):
        shut_line(a, coach, z, 0.4, 1.0)
    lamps_and_plates(a, coach, y_front=0.78, y_rear=0.8, spread=0.72, size=(0.26, 0.24))
    for side in (-1, 1):
        a.block((0.025, 0.045, 3.9), (side * 0.905, 0.99, -0.1), "chrome", "trim", bevel=0.008)
        a.add(ellipsoid((0.08, 0.24, 0.16), sides=12), "chrome", "mirror", at=(side * 1.02, 1.3, 1.72))
        a.rod((side * 0.88, 1.12, 1.72), (side * 1.02, 1.24, 1.72), 0.014, "chrome", "mirror", sides=6)
        a.block((0.03, 0.03, 0.15), (side * 0.91, 0.88, 0.98), "chrome", "door handle", bevel=0.008)
    for z, y in ((2.2, 0.42), (-2.22, 0.44)):
        a.block((1.66, 0.13, 0.12), (0, y, z), "chrome", "bumper", bevel=0.04)
    if camper:
        for x in (-0.6, 0.6):
            a.block((0.05, 0.05, 2.6), (x, 1.99, -0.3), "chrome", "roof rack")
        for k in range(6):
            a.block((1.3, 0.03, 0.06), (0, 2.02, -1.5 + 0.5 * k), "oak", "roof rack", bevel=0.008)
        a.block((0.75, 0.24, 0.5), (0.1, 2.15, -0.9), "leather", "suitcase", bevel=0.04)
        with a.at(translation(-0.35, 2.07, 0.1), rotation("x", 90)):
            a.add(ellipsoid((0.5, 2.0, 0.08), sides=18), "glossy_plastic", "surfboard", tint=COLOURS["coral"])
    return a.shape()


def bus(order: GrownOrder) -> Shape:
    """A city bus: long rounded box with a band of windows, doors, destination sign, lights."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "crimson")
    half, long, roof = w / 2 - 0.22, d / 2 - 0.1, h - 0.14
    stations = [
        (-long, half - 0.16, 0.4, 1.25),
        (-long + 0.1, half - 0.02, 0.34, 1.3),
        (long - 0.3, half, 0.32, 1.3),
        (long - 0.06, half - 0.08, 0.36, 1.28),
        (long, half - 0.22, 0.4, 1.24),
    ]
    coach = Coachwork(stations, (-long * 0.55, long * 0.62), radius_m=0.48, arch_m=0.09, tyre_m=0.3)
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    cabin = Cabin(
        [
            (-long + 0.03, 1.3),
            (-long + 0.12, roof - 0.1),
            (-long + 0.5, roof),
            (long - 0.6, roof),
            (long - 0.2, roof - 0.1),
            (long - 0.02, 1.3),
        ],
        1.28,
        half - 0.015,
        0.035,
    )
    a.add(cabin.mesh(), "car_paint", "body", tint=tint, crease=38)
    count = max(4, round((2 * long - 2.2) / 1.45))
    step = (2 * long - 1.3) / count
    side_panes(a, cabin, [(-long + 0.5 + step * k + 0.06, -long + 0.5 + step * (k + 1) - 0.06) for k in range(count)], head=0.5, sill=0.02)
    end_pane(a, cabin, (long - 0.02, 1.3), (long - 0.2, roof - 0.12), margin=0.1)
    end_pane(a, cabin, (-long + 0.03, 1.3), (-long + 0.12, roof - 0.5), margin=0.14)
    for side in (-1, 1):
        a.block((0.02, 0.16, 2 * long - 0.6), (side * (half + 0.005), 1.18, 0), "car_paint", "stripe", tint=COLOURS["cream"])
        a.block((0.1, 0.4, 0.22), (side * (half + 0.16), roof - 0.7, long - 0.05), "rubber", "mirror", bevel=0.03)
        a.rod(
            (side * half * 0.9, roof - 0.4, long - 0.2), (side * (half + 0.16), roof - 0.5, long - 0.05), 0.02, "rubber", "mirror", sides=6
        )
    for z in (long - 0.95, -long * 0.05):
        a.block((0.03, 2.0, 1.1), (-(half + 0.0), 1.42, z), "rubber", "door", bevel=0.008)
        for side in (-1, 1):
            a.block((0.04, 1.8, 0.44), (-(half + 0.01), 1.42, z + side * 0.26), "window_glass", "door", bevel=0.008)
    a.block((1.6, 0.34, 0.08), (0, roof - 0.02, long - 0.2), "rubber", "sign", bevel=0.02)
    a.block((1.45, 0.22, 0.08), (0, roof - 0.02, long - 0.185), "lit_glass", "sign", tint=COLOURS["amber"])
    a.block((1.5, 0.2, 3.0), (0, h - 0.1, -long * 0.3), "painted_metal", "roof unit", bevel=0.05, tint=COLOURS["cream"])
    wheels(a, coach, rim="steel", spokes=8)
    arch_lips(a, coach, tint, radius=0.02)
    lamps_and_plates(a, coach, y_front=0.72, y_rear=0.85, spread=0.72)
    a.block((2 * half - 0.3, 0.2, 0.12), (0, 0.46, long), "rubber", "bumper", bevel=0.04)
    return a.shape()


def truck(order: GrownOrder) -> Shape:
    """A lorry: cab with sloping windscreen, exhaust stack, tanks, and a box body on a frame with double rear axles."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "rust")
    half, front = w / 2 - 0.2, d / 2 - 0.12
    long = 1.9
    lower = Coachwork(
        [
            (front - long, half, 0.6, 1.5),
            (front - 0.25, half, 0.55, 1.5),
            (front - 0.05, half - 0.06, 0.5, 1.46),
            (front, half - 0.2, 0.5, 1.4),
        ],
        (front - 1.1,),
        radius_m=0.5,
        arch_m=0.09,
        tyre_m=0.3,
    )
    a.add(lower.mesh(), "car_paint", "body", tint=tint, crease=38)
    cab_top = h * 0.82
    cabin = Cabin(
        [
            (front - long, 1.5),
            (front - long + 0.02, cab_top),
            (front - 0.6, cab_top + 0.02),
            (front - 0.3, cab_top - 0.1),
            (front - 0.03, 1.48),
        ],
        1.48,
        half - 0.01,
        0.05,
    )
    a.add(cabin.mesh(), "car_paint", "body", tint=tint, crease=38)
    side_panes(a, cabin, [(front - 1.35, front - 0.42)], head=0.32)
    end_pane(a, cabin, (front - 0.03, 1.48), (front - 0.3, cab_top - 0.1), margin=0.1)
    a.block((2 * half - 0.6, 0.5, 0.06), (0, 1.12, front), "cast_iron", "grille", bevel=0.02)
    for k in range(5):
        a.block((2 * half - 0.66, 0.035, 0.06), (0, 0.94 + 0.09 * k, front + 0.015), "chrome", "grille")
    a.block((2 * half, 0.3, 0.2), (0, 0.56, front + 0.02), "chrome", "bumper", bevel=0.05)
    for side in (-1, 1):
        a.add(ellipsoid((0.3, 0.22, 0.14), sides=14), "lit_glass", "headlight", at=(side * (half - 0.26), 0.82, front - 0.02))
        a.lamp((side * (half - 0.26), 0.82, front + 0.15), 6.0, colour=(1.0, 0.9, 0.72))
        a.block((0.1, 0.5, 0.2), (side * (half + 0.14), 1.95, front - 0.2), "rubber", "mirror", bevel=0.03)
        a.rod((side * half, 2.15, front - 0.3), (side * (half + 0.14), 2.1, front - 0.2), 0.018, "rubber", "mirror", sides=6)
        a.block((0.12, 0.08, 2.4), (side * 0.42, 0.72, -0.5), "cast_iron", "frame")
        with a.at(translation(side * (half - 0.28), 0.62, front - long - 0.75), rotation("x", 90)):
            a.add(cylinder(0.28, 1.0, sides=18, bevel=0.03), "chrome", "tank")
        a.rod(
            (side * (half - 0.18), 0.9, front - long - 0.12),
            (side * (half - 0.18), h * 0.97, front - long - 0.12),
            0.07,
            "chrome",
            "exhaust",
            sides=12,
        )
    body_long = d - long - 0.55
    middle = -d / 2 + body_long / 2 + 0.08
    a.block(
        (w - 0.3, h - 1.15, body_long),
        (0, 1.1 + (h - 1.15) / 2, middle),
        "painted_metal",
        "box",
        bevel=0.03,
        tint=a.tint("box_colour", "cream"),
    )
    for side in (-1, 1):
        for k in range(max(4, round(body_long / 0.6)) + 1):
            z = middle + body_long * (k / max(4, round(body_long / 0.6)) - 0.5)
            a.block(
                (0.05, h - 1.2, 0.06),
                (
                    side * (w / 2 - 0.14),
                    1.1 + (h - 1.15) / 2,
                    float(np.clip(z, middle - body_long / 2 + 0.04, middle + body_long / 2 - 0.04)),
                ),
                "aluminium",
                "box frame",
            )
        for y in (1.14, h - 0.08):
            a.block((0.07, 0.1, body_long), (side * (w / 2 - 0.14), y, middle), "aluminium", "box frame")
        a.block(
            (w / 2 - 0.2, h - 1.35, 0.03),
            (side * (w / 4 - 0.08), 1.1 + (h - 1.15) / 2, -d / 2 + 0.07),
            "aluminium",
            "box doors",
            bevel=0.01,
        )
        a.block(
            (0.3, 0.16, 0.05),
            (side * (half - 0.2), 0.85, -d / 2 + 0.1),
            "glossy_plastic",
            "tail light",
            bevel=0.02,
            tint=COLOURS["crimson"],
        )
        for z in (front - 1.1, -d / 2 + 1.3, -d / 2 + 2.5):
            wheel(a, (side * (half - 0.19), 0.5, z), 0.5, 0.32, rim="steel", side=side, spokes=8)
    for z in (-d / 2 + 1.3, -d / 2 + 2.5):
        a.block((2 * half - 0.4, 0.14, 0.14), (0, 0.5, z), "cast_iron", "axle")
    a.block((1.0, 0.3, body_long + 1.4), (0, 0.9, middle + 0.6), "cast_iron", "frame")
    return a.shape()


def tractor(order: GrownOrder) -> Shape:
    """A farm tractor: big lugged rear wheels, narrow bonnet with grille, cab with glass, mudguards, exhaust."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("body_colour", "emerald")
    rear_r, front_r = h * 0.3, h * 0.18
    rear_z, front_z = -d / 2 + rear_r + 0.02, d / 2 - front_r - 0.2
    yellow = a.tint("rim_colour", "golden")
    for side in (-1, 1):
        for r, z, wide, x in ((rear_r, rear_z, 0.46, w / 2 - 0.23), (front_r, front_z, 0.3, w / 2 - 0.3)):
            with a.at(translation(side * x, r, z), rotation("z", -90.0 * side)):
                inner = r * 0.58
                a.add(
                    lathe(
                        [
                            (inner, -wide * 0.42),
                            (r * 0.86, -wide / 2),
                            (r * 0.95, -wide * 0.4),
                            (r * 0.95, wide * 0.4),
                            (r * 0.86, wide / 2),
                            (inner, wide * 0.42),
                        ],
                        sides=28,
                        closed=True,
                    ),
                    "rubber",
                    "tyre",
                )
                a.add(
                    lathe(
                        [
                            (inner * 1.02, -wide * 0.4),
                            (inner * 1.02, wide * 0.4),
                            (inner * 0.92, wide * 0.4),
                            (inner * 0.86, wide * 0.1),
                            (0.1, wide * 0.16),
                            (0.1, -wide * 0.1),
                            (inner * 0.86, -wide * 0.1),
                        ],
                        sides=24,
                        closed=True,
                    ),
                    "painted_metal",
                    "rim",
                    tint=yellow,
                )
                a.add(cylinder(0.11, wide * 0.5, sides=12, bevel=0.01), "painted_metal", "rim", at=(0, wide * 0.05, 0), tint=yellow)
                count = 18 if r == rear_r else 16
                for k in range(count):
                    for edge in (-1, 1):
                        with a.at(
                            rotation("y", 360 * (k + 0.25 * edge) / count),
                            translation(0, edge * wide * 0.2, r * 0.955),
                            rotation("z", edge * 32),
                        ):
                            a.add(box((0.055, wide * 0.5, r * 0.09)), "rubber", "tyre")
    bonnet = [
        (rear_z + rear_r * 0.75, 0.36, 0.62, 1.38),
        (front_z - 0.3, 0.34, 0.62, 1.34),
        (front_z + 0.25, 0.31, 0.62, 1.26),
        (front_z + 0.42, 0.26, 0.66, 1.14),
    ]
    coach = Coachwork([(z, x, lo * h / 2.6, hi * h / 2.6) for z, x, lo, hi in bonnet], ())
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    nose = front_z + 0.43
    a.block((0.44, 0.4 * h / 2.6, 0.04), (0, 0.9 * h / 2.6, nose), "cast_iron", "grille", bevel=0.01)
    for side in (-1, 1):
        a.add(ellipsoid((0.13, 0.13, 0.1), sides=12), "lit_glass", "headlight", at=(side * 0.16, 1.08 * h / 2.6, nose - 0.01))
        for k in range(5):
            a.block((0.02, 0.2, 0.05), (side * 0.355, 1.05 * h / 2.6, front_z - 0.2 - 0.12 * k), "cast_iron", "vents")
        guard = np.array(
            [(rear_z + (rear_r + 0.1) * math.cos(t), rear_r + (rear_r + 0.1) * math.sin(t)) for t in np.linspace(0.25, math.pi * 0.92, 12)]
        )
        outer = np.array(
            [
                (rear_z + (rear_r + 0.15) * math.cos(t), rear_r + (rear_r + 0.15) * math.sin(t))
                for t in np.linspace(math.pi * 0.92, 0.25, 12)
            ]
        )
        with a.at(translation(side * (w / 2 - 0.26) + 0.28, 0, 0), rotation("y", -90)):
            a.add(panel(np.concatenate([guard, outer]), 0.54).moved(translation(0, 0, 0.55)), "car_paint", "mudguard", tint=tint)
    a.block((0.3, 0.26, front_z - rear_z), (0, 0.62 * h / 2.6, (front_z + rear_z) / 2), "cast_iron", "chassis", bevel=0.03)
    for z, r in ((front_z, front_r), (rear_z, rear_r)):
        a.block((w - 0.7, 0.14, 0.14), (0, r, z), "cast_iron", "axle")
    a.rod((0.2, 1.3 * h / 2.6, front_z - 0.25), (0.2, h * 0.86, front_z - 0.25), 0.04, "cast_iron", "exhaust", sides=10)
    _tractor_cab(a, h, rear_z, rear_r, tint)
    return a.shape()


def _tractor_cab(a: Assembly, h: float, z: float, rear_r: float, tint: Colour | None) -> None:
    foot, top = rear_r * 1.35, h - 0.1
    low, high = 0.62, 0.56
    front, back = z + rear_r * 0.86, z - rear_r * 0.35
    for side in (-1, 1):
        for zz, lean in ((front, 0.08), (back, -0.04), (z + rear_r * 0.2, 0.0)):
            a.board((side * low, foot, zz), (side * high, top, zz - lean), (0.06, 0.06), "rubber", "cab frame", up=(1, 0, 0))
        a.board(
            (side * (low + 0.0), (foot + top) / 2, back),
            (side * low, (foot + top) / 2, front),
            (top - foot, 0.012),
            "window_glass",
            "window",
        )
    for zz in (front - 0.02, back + 0.02):
        a.block((2 * low - 0.06, top - foot, 0.012), (0, (foot + top) / 2, zz), "window_glass", "window")
    a.block((1.5, 0.12, front - back + 0.4), (0, top + 0.04, (front + back) / 2), "car_paint", "cab roof", bevel=0.05, tint=tint)
    a.block(
        (1.2, foot - rear_r * 0.9, front - back),
        (0, (foot + rear_r * 0.9) / 2, (front + back) / 2),
        "car_paint",
        "body",
        bevel=0.04,
        tint=tint,
    )
