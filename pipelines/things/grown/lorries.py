"""Larger and smaller road vehicles: pickups, vans, buses, lorries, tractors, locomotives, bicycles, motorcycles."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arc, loft, panel, rectangle, rotation, translation, tube
from pipelines.things.grown.road_vehicles import Cabin, Coachwork, arch_lips, end_pane, lamps_and_plates, shut_line, side_panes, wheel, wheels
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, ellipsoid, lathe, sphere, torus


def pickup(order: GrownOrder) -> Shape:
    """A pickup: bonnet and cab in front, an open bed with side walls and tailgate behind."""
    a = Assembly(order)
    tint = order.colour or a.tint("body_colour", "navy")
    coach = Coachwork(
        [(-2.6, 0.84, 0.46, 0.7), (-2.55, 0.9, 0.42, 0.72), (-0.75, 0.93, 0.4, 0.74), (-0.7, 0.93, 0.4, 1.08), (0.9, 0.93, 0.4, 1.08), (1.4, 0.92, 0.4, 1.06), (2.1, 0.9, 0.42, 1.0), (2.5, 0.86, 0.46, 0.95), (2.58, 0.78, 0.5, 0.86)],
        (-1.65, 1.72), radius_m=0.39, arch_m=0.08, tyre_m=0.26,
    )  # fmt: skip
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
        [(-2.2, 0.8, 0.38, 0.98), (-2.16, 0.87, 0.34, 1.04), (-1.9, 0.9, 0.3, 1.06), (1.7, 0.9, 0.3, 1.04), (2.0, 0.87, 0.31, 0.99), (2.16, 0.8, 0.34, 0.9), (2.22, 0.68, 0.38, 0.8)],
        (-1.35, 1.3), radius_m=0.33, arch_m=0.06,
    )  # fmt: skip
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
    stations = [(-long, half - 0.16, 0.4, 1.25), (-long + 0.1, half - 0.02, 0.34, 1.3), (long - 0.3, half, 0.32, 1.3), (long - 0.06, half - 0.08, 0.36, 1.28), (long, half - 0.22, 0.4, 1.24)]
    coach = Coachwork(stations, (-long * 0.55, long * 0.62), radius_m=0.48, arch_m=0.09, tyre_m=0.3)
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    cabin = Cabin([(-long + 0.03, 1.3), (-long + 0.12, roof - 0.1), (-long + 0.5, roof), (long - 0.6, roof), (long - 0.2, roof - 0.1), (long - 0.02, 1.3)], 1.28, half - 0.015, 0.035)
    a.add(cabin.mesh(), "car_paint", "body", tint=tint, crease=38)
    count = max(4, round((2 * long - 2.2) / 1.45))
    step = (2 * long - 1.3) / count
    side_panes(a, cabin, [(-long + 0.5 + step * k + 0.06, -long + 0.5 + step * (k + 1) - 0.06) for k in range(count)], head=0.5, sill=0.02)
    end_pane(a, cabin, (long - 0.02, 1.3), (long - 0.2, roof - 0.12), margin=0.1)
    end_pane(a, cabin, (-long + 0.03, 1.3), (-long + 0.12, roof - 0.5), margin=0.14)
    for side in (-1, 1):
        a.block((0.02, 0.16, 2 * long - 0.6), (side * (half + 0.005), 1.18, 0), "car_paint", "stripe", tint=COLOURS["cream"])
        a.block((0.1, 0.4, 0.22), (side * (half + 0.16), roof - 0.7, long - 0.05), "rubber", "mirror", bevel=0.03)
        a.rod((side * half * 0.9, roof - 0.4, long - 0.2), (side * (half + 0.16), roof - 0.5, long - 0.05), 0.02, "rubber", "mirror", sides=6)
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
    lower = Coachwork([(front - long, half, 0.6, 1.5), (front - 0.25, half, 0.55, 1.5), (front - 0.05, half - 0.06, 0.5, 1.46), (front, half - 0.2, 0.5, 1.4)], (front - 1.1,), radius_m=0.5, arch_m=0.09, tyre_m=0.3)
    a.add(lower.mesh(), "car_paint", "body", tint=tint, crease=38)
    cab_top = h * 0.82
    cabin = Cabin([(front - long, 1.5), (front - long + 0.02, cab_top), (front - 0.6, cab_top + 0.02), (front - 0.3, cab_top - 0.1), (front - 0.03, 1.48)], 1.48, half - 0.01, 0.05)
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
        a.rod((side * (half - 0.18), 0.9, front - long - 0.12), (side * (half - 0.18), h * 0.97, front - long - 0.12), 0.07, "chrome", "exhaust", sides=12)
    body_long = d - long - 0.55
    middle = -d / 2 + body_long / 2 + 0.08
    a.block((w - 0.3, h - 1.15, body_long), (0, 1.1 + (h - 1.15) / 2, middle), "painted_metal", "box", bevel=0.03, tint=a.tint("box_colour", "cream"))
    for side in (-1, 1):
        for k in range(max(4, round(body_long / 0.6)) + 1):
            z = middle + body_long * (k / max(4, round(body_long / 0.6)) - 0.5)
            a.block((0.05, h - 1.2, 0.06), (side * (w / 2 - 0.14), 1.1 + (h - 1.15) / 2, float(np.clip(z, middle - body_long / 2 + 0.04, middle + body_long / 2 - 0.04))), "aluminium", "box frame")
        for y in (1.14, h - 0.08):
            a.block((0.07, 0.1, body_long), (side * (w / 2 - 0.14), y, middle), "aluminium", "box frame")
        a.block((w / 2 - 0.2, h - 1.35, 0.03), (side * (w / 4 - 0.08), 1.1 + (h - 1.15) / 2, -d / 2 + 0.07), "aluminium", "box doors", bevel=0.01)
        a.block((0.3, 0.16, 0.05), (side * (half - 0.2), 0.85, -d / 2 + 0.1), "glossy_plastic", "tail light", bevel=0.02, tint=COLOURS["crimson"])
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
                a.add(lathe([(inner, -wide * 0.42), (r * 0.86, -wide / 2), (r * 0.95, -wide * 0.4), (r * 0.95, wide * 0.4), (r * 0.86, wide / 2), (inner, wide * 0.42)], sides=28, closed=True), "rubber", "tyre")
                a.add(lathe([(inner * 1.02, -wide * 0.4), (inner * 1.02, wide * 0.4), (inner * 0.92, wide * 0.4), (inner * 0.86, wide * 0.1), (0.1, wide * 0.16), (0.1, -wide * 0.1), (inner * 0.86, -wide * 0.1)], sides=24, closed=True), "painted_metal", "rim", tint=yellow)
                a.add(cylinder(0.11, wide * 0.5, sides=12, bevel=0.01), "painted_metal", "rim", at=(0, wide * 0.05, 0), tint=yellow)
                count = 18 if r == rear_r else 16
                for k in range(count):
                    for edge in (-1, 1):
                        with a.at(rotation("y", 360 * (k + 0.25 * edge) / count), translation(0, edge * wide * 0.2, r * 0.955), rotation("z", edge * 32)):
                            a.add(box((0.055, wide * 0.5, r * 0.09)), "rubber", "tyre")
    bonnet = [(rear_z + rear_r * 0.75, 0.36, 0.62, 1.38), (front_z - 0.3, 0.34, 0.62, 1.34), (front_z + 0.25, 0.31, 0.62, 1.26), (front_z + 0.42, 0.26, 0.66, 1.14)]
    coach = Coachwork([(z, x, lo * h / 2.6, hi * h / 2.6) for z, x, lo, hi in bonnet], ())
    a.add(coach.mesh(), "car_paint", "body", tint=tint, crease=38)
    nose = front_z + 0.43
    a.block((0.44, 0.4 * h / 2.6, 0.04), (0, 0.9 * h / 2.6, nose), "cast_iron", "grille", bevel=0.01)
    for side in (-1, 1):
        a.add(ellipsoid((0.13, 0.13, 0.1), sides=12), "lit_glass", "headlight", at=(side * 0.16, 1.08 * h / 2.6, nose - 0.01))
        for k in range(5):
            a.block((0.02, 0.2, 0.05), (side * 0.355, 1.05 * h / 2.6, front_z - 0.2 - 0.12 * k), "cast_iron", "vents")
        guard = np.array([(rear_z + (rear_r + 0.1) * math.cos(t), rear_r + (rear_r + 0.1) * math.sin(t)) for t in np.linspace(0.25, math.pi * 0.92, 12)])
        outer = np.array([(rear_z + (rear_r + 0.15) * math.cos(t), rear_r + (rear_r + 0.15) * math.sin(t)) for t in np.linspace(math.pi * 0.92, 0.25, 12)])
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
        a.board((side * (low + 0.0), (foot + top) / 2, back), (side * low, (foot + top) / 2, front), (top - foot, 0.012), "window_glass", "window")
    for zz in (front - 0.02, back + 0.02):
        a.block((2 * low - 0.06, top - foot, 0.012), (0, (foot + top) / 2, zz), "window_glass", "window")
    a.block((1.5, 0.12, front - back + 0.4), (0, top + 0.04, (front + back) / 2), "car_paint", "cab roof", bevel=0.05, tint=tint)
    a.block((1.2, foot - rear_r * 0.9, front - back), (0, (foot + rear_r * 0.9) / 2, (front + back) / 2), "car_paint", "body", bevel=0.04, tint=tint)


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
        a.add(lathe([(r * 1.04, long / 2 - 1.1), (r * 1.06, long / 2), (r * 0.94, long / 2 + 0.08), (0.0, long / 2 + 0.14)], sides=32), "cast_iron", "smokebox")
        a.add(cylinder(r * 0.72, 0.1, sides=28, bevel=0.02), "cast_iron", "smokebox door", at=(0, long / 2 + 0.12, 0))
        a.add(cylinder(0.06, 0.2, sides=10), "brass", "smokebox door", at=(0, long / 2 + 0.2, 0))
        for t in (0.08, 0.3, 0.52, 0.72):
            a.add(torus(r * 1.005, 0.03, sides=32, tube_sides=6), "brass", "boiler band", at=(0, long * (t - 0.5), 0))
    front = boiler[1]
    a.add(lathe([(0.3, 0), (0.2, 0.12), (0.19, 0.75), (0.3, 0.95), (0.32, 1.05), (0.24, 1.05), (0.14, 0.1)], sides=24), "cast_iron", "chimney", at=(0, axis + r * 0.95, front - 0.55))
    for t, tall in ((0.62, 0.62), (0.36, 0.5)):
        a.add(lathe([(0.4, 0), (0.34, 0.1), (0.33, tall * 0.6), (0.24, tall * 0.86), (0.0, tall)], sides=24), "brass", "dome", at=(0, axis + r * 0.93, boiler[0] + (front - boiler[0]) * t))
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
        a.board((side * (w * 0.42), y, zs[1]), (side * (w * 0.42), big * 1.05, front - 0.5), (0.09, 0.05), "steel", "connecting rod", bevel=0.01)
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
        a.board((x, frame_y - 0.05, d / 2 - 0.55), (x * 1.0, 0.12, d / 2 - 0.02 - 0.22 * abs(k - 4) / 4), (0.05, 0.05), "cast_iron", "cowcatcher", up=(1, 0, 0))
    return a.shape()


def _rail_wheel(a: Assembly, at: tuple[float, float, float], r: float, side: int) -> None:
    with a.at(translation(*at), rotation("z", -90.0 * side)):
        a.add(lathe([(r * 0.82, -0.06), (r, -0.06), (r, 0.05), (r * 0.95, 0.06), (r * 0.82, 0.06)], sides=28, closed=True), "steel", "wheel")
        for k in range(10):
            with a.at(rotation("y", 36 * k)):
                a.block((0.05, 0.05, r * 0.72), (0, 0, r * 0.48), "painted_metal", "wheel", tint=COLOURS["crimson"])
        a.add(cylinder(r * 0.2, 0.16, sides=14), "painted_metal", "wheel", tint=COLOURS["crimson"])
        a.add(cylinder(0.05, 0.2, sides=8), "steel", "wheel", at=(0, 0.06, r * 0.45))


def _loco_cab(a: Assembly, w: float, h: float, d: float, long: float, y: float, tint: Colour | None) -> None:
    wide, low, top = w * 0.86, y + 0.2, h * 0.9
    z = -d / 2 + long / 2 + 0.1
    for side in (-1, 1):
        with a.at(translation(side * wide / 2, low, z), rotation("y", 90.0 * side)):
            window = rectangle(long * 0.5, (top - low) * 0.36, at=(0, (top - low) * 0.68))
            a.add(panel(np.array([[-long / 2, 0], [long / 2, 0], [long / 2, top - low], [-long / 2, top - low]]), 0.06, [window]), "painted_metal", "cab", tint=tint)
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
        (crank, seat, 0.017), (crank, (0, 0.72, 0.345), 0.018), ((0, 0.76, -0.245), head, 0.016), (head, (0, 0.62, 0.375), 0.02), (seat, (0, 0.92, -0.3), 0.014),
        ((0, 0.84, 0.3), (0, 1.02, 0.25), 0.013),
    ):  # fmt: skip
        a.rod(start, end, radius, frame, "frame", sides=9, tint=tint)
    for side in (-1, 1):
        x = side * 0.05
        a.rod((0, 0.74, -0.24), (x, r, rear), 0.01, frame, "frame", sides=7, tint=tint)
        a.rod((0, 0.3, -0.1), (x, r, rear), 0.011, frame, "frame", sides=7, tint=tint)
        a.add(tube(np.array([[0.0, 0.64, 0.37], [x, 0.6, 0.385], [x, 0.46, 0.43], [x, r, front]]), 0.012, sides=7), frame, "fork", tint=tint)
        a.add(tube(np.array([[0, 1.02, 0.25], [side * 0.1, 1.04, 0.26], [side * 0.24, 1.05, 0.2], [side * 0.27, 1.04, 0.05]]), 0.011, sides=8), "chrome", "handlebar")
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
    saddle = [np.array([[w * math.cos(t), 0.93 + h * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 10, endpoint=False)]) for z, w, h in ((-0.45, 0.05, 0.02), (-0.42, 0.11, 0.035), (-0.33, 0.1, 0.03), (-0.22, 0.04, 0.022), (-0.17, 0.022, 0.016))]
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
        path = np.array([[0, r + (r + 0.045) * math.sin(t), z + (r + 0.045) * math.cos(t)] for t in np.linspace(0.35, 2.3 if z > 0 else 2.9, 12)])
        a.add(tube(path, 0.065, sides=8), "car_paint", "mudguard", tint=tint)
    tank = [np.array([[w * math.cos(t), 0.86 + h * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 14, endpoint=False)]) for z, w, h in ((-0.12, 0.05, 0.05), (-0.06, 0.1, 0.09), (0.1, 0.15, 0.125), (0.28, 0.16, 0.13), (0.38, 0.12, 0.1), (0.43, 0.04, 0.04))]
    a.add(loft(np.array(tank)), "car_paint", "tank", tint=tint, crease=60)
    seat = [np.array([[w * math.cos(t), 0.83 + lift + 0.05 * math.sin(t), z] for t in np.linspace(0, 2 * math.pi, 12, endpoint=False)]) for z, w, lift in ((-0.78, 0.06, 0.06), (-0.72, 0.12, 0.05), (-0.4, 0.13, 0.0), (-0.12, 0.1, 0.0), (-0.06, 0.05, 0.0))]
    a.add(loft(np.array(seat)), "leather", "saddle", crease=60, tint=COLOURS["black"])
    for side in (-1, 1):
        a.rod((side * 0.1, r, front), (side * 0.1, 0.98, 0.43), 0.028, "chrome", "fork", sides=10)
        a.rod((side * 0.11, r, rear), (side * 0.11, 0.78, -0.5), 0.03, "chrome", "shock", sides=10)
        a.rod((side * 0.09, r, rear), (side * 0.09, 0.36, -0.05), 0.022, "cast_iron", "swingarm", sides=8)
        a.add(tube(np.array([[0, 1.02, 0.4], [side * 0.16, 1.08, 0.38], [side * 0.33, 1.07, 0.24], [side * 0.38, 1.05, 0.14]]), 0.013, sides=8), "chrome", "handlebar")
        a.rod((side * 0.36, 1.056, 0.18), (side * 0.4, 1.045, 0.06), 0.022, "rubber", "grip", sides=8)
        a.rod((side * 0.3, 1.07, 0.27), (side * 0.34, 1.2, 0.24), 0.006, "chrome", "mirror", sides=5)
        a.add(ellipsoid((0.12, 0.09, 0.02), sides=12), "chrome", "mirror", at=(side * 0.34, 1.23, 0.24))
        path = np.array([[side * 0.08, 0.62, 0.22], [side * 0.13, 0.42, 0.36], [side * 0.15, 0.26, 0.2], [side * 0.16, 0.25, -0.3], [side * 0.16, 0.28, -0.5]])
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


__all__ = ["arc", "bicycle", "bus", "locomotive", "motorcycle", "pickup", "sphere", "tractor", "truck", "van"]
