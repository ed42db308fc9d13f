"""Road vehicles: cars, pickups, vans, buses, lorries, tractors. Fronts point to +z; y = 0 is the road.

A body is lofted over cross-sections along z whose lower edge follows the wheel arches; a cabin with slanting sides stands on it,
and its panes lie on the planes of that cabin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import axes, loft, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, ellipsoid, lathe


@dataclass(frozen=True)
class Coachwork:
    """stations: (z, half width, bottom, top) of the lower body.  axles: z of the wheels.  radius_m: of the wheels."""

    stations: Sequence[tuple[float, float, float, float]]
    axles: Sequence[float]
    radius_m: float = 0.32
    arch_m: float = 0.06
    crown_m: float = 0.03
    tyre_m: float = 0.21

    def at(self, z: float) -> tuple[float, float, float]:
        """Half width, bottom and top at z, on a smooth line through the stations."""
        table = np.array(self.stations)
        width, low, high = (float(np.interp(z, table[:, 0], table[:, column])) for column in (1, 2, 3))
        return width, low, high

    def places(self) -> NDArray[np.float64]:
        """Where sections stand: at the stations, and closely around the arches."""
        found = [station[0] for station in self.stations]
        reach = self.radius_m + self.arch_m
        for axle in self.axles:
            found += [axle + reach * math.sin(t) for t in np.linspace(-math.pi / 2, math.pi / 2, 11)] + [
                axle - reach - 0.004,
                axle + reach + 0.004,
            ]
        ordered = np.unique(np.round(found, 4))
        low, high = self.stations[0][0], self.stations[-1][0]
        return ordered[(ordered >= low) & (ordered <= high)]

    def section(self, z: float) -> NDArray[np.float64]:
        """(N, 3) ring of the body at z, counter-clockwise seen from the front."""
        wide, low, high = self.at(z)
        reach = self.radius_m + self.arch_m
        for axle in self.axles:
            if abs(z - axle) <= reach + 1e-6:
                low = max(low, self.radius_m + math.sqrt(max(reach**2 - (z - axle) ** 2, 0.0)))
        low = min(low, high - 0.12)
        tall = high - low
        half = [
            (0.0, low),
            (wide - 0.05, low),
            (wide - 0.012, low + min(0.05, tall * 0.2)),
            (wide, low + tall * 0.42),
            (wide - 0.012, high - min(0.13, tall * 0.35)),
            (wide - 0.05, high - min(0.035, tall * 0.1)),
            (wide - 0.12, high),
            (wide * 0.5, high + self.crown_m * 0.75),
            (0.0, high + self.crown_m),
        ]
        ring = half + [(-x, y) for x, y in half[-2:0:-1]]
        return np.array([(x, y, z) for x, y in ring])

    def mesh(self) -> Mesh:
        """The closed body."""
        return loft(np.stack([self.section(float(z)) for z in self.places()]))


@dataclass(frozen=True)
class Cabin:
    """stations: (z, roof height), from the rear window's foot to the windscreen's foot. Sides lean in by `lean` per metre of height."""

    stations: Sequence[tuple[float, float]]
    belt_m: float
    half_width_m: float
    lean: float = 0.34

    def half(self, y: float) -> float:
        """Half width at height y."""
        return self.half_width_m - (y - self.belt_m) * self.lean

    def mesh(self) -> Mesh:
        """The closed cabin, rounded along the roof's edges."""
        rings = []
        for z, top in self.stations:
            low = self.belt_m - 0.12
            edge = min(0.07, max(top - self.belt_m, 0.004) * 0.3)
            half = [
                (0.0, low),
                (self.half(low), low),
                (self.half(top - edge), top - edge),
                (self.half(top - edge * 0.3) - edge * 0.35, top - edge * 0.3),
                (self.half(top) - edge * 1.6, top),
                (0.0, top + min(0.025, edge * 0.4)),
            ]
            rings.append([(x, y, z) for x, y in half + [(-x, y) for x, y in half[-2:0:-1]]])
        return loft(np.array(rings))

    def top(self, z: float) -> float:
        """Roof height at z."""
        table = np.array(self.stations)
        return float(np.interp(z, table[:, 0], table[:, 1]))


def side_panes(a: Assembly, cabin: Cabin, spans: Sequence[tuple[float, float]], *, sill: float = 0.035, head: float = 0.1) -> None:
    """Panes on both slanting sides, each between two z, below the roof's line."""
    slant = math.hypot(1.0, cabin.lean)
    for z0, z1 in spans:
        zs = np.linspace(z0, z1, 5)
        upper = [max(cabin.top(float(z)) - head, cabin.belt_m + sill + 0.02) for z in zs]
        outline = [(z0, cabin.belt_m + sill), (z1, cabin.belt_m + sill)] + [
            (float(z), y) for z, y in zip(zs[::-1], upper[::-1], strict=True)
        ]
        flat = np.array([(-z, (y - cabin.belt_m) * slant) for z, y in outline])
        for side in (-1, 1):
            up = np.array([-side * cabin.lean, 1.0, 0.0]) / slant
            along = np.array([0.0, 0.0, -1.0]) * side
            out = np.cross(along, up)
            points = flat * [side, 1.0]
            with a.at(axes(along, up, out, (side * cabin.half_width_m, cabin.belt_m, 0.0))):
                a.add(panel(points, 0.012), "window_glass", "window", at=(0, 0, 0.006))
                grown = points + (points - points.mean(axis=0)) / np.linalg.norm(points - points.mean(axis=0), axis=1, keepdims=True) * 0.02
                a.add(panel(grown, 0.01), "rubber", "window seal", at=(0, 0, 0.002))


def end_pane(a: Assembly, cabin: Cabin, foot: tuple[float, float], head: tuple[float, float], *, margin: float = 0.07) -> None:
    """The windscreen or rear window between two stations (z, y)."""
    (z0, y0), (z1, y1) = foot, head
    length = math.hypot(z1 - z0, y1 - y0)
    up = np.array([0.0, (y1 - y0) / length, (z1 - z0) / length])
    along = np.array([1.0, 0.0, 0.0]) * (1 if z0 > z1 else -1)
    out = np.cross(along, up)
    if out[1] < 0 or (abs(out[1]) < 1e-6 and out[2] * z0 < 0):
        along, out = -along, -out
    low, high = cabin.half(y0) - margin - 0.05, cabin.half(y1) - margin - 0.1
    for grow, material, name, lift in ((0.025, "rubber", "window seal", 0.018), (0.0, "window_glass", "window", 0.026)):
        outline = np.array(
            [
                [-low - grow, margin * 0.8 - grow],
                [low + grow, margin * 0.8 - grow],
                [high + grow, length - margin + grow],
                [-high - grow, length - margin + grow],
            ]
        )
        with a.at(axes(along, up, out, (0.0, y0, z0))):
            a.add(panel(outline, 0.03), material, name, at=(0, 0, lift))


def wheel(
    a: Assembly,
    at: tuple[float, float, float],
    radius: float,
    width: float,
    *,
    rim: str = "aluminium",
    side: int = 1,
    spokes: int = 5,
    share: float = 0.66,
) -> None:
    """A tyre with tread shoulders, a dished rim with spokes and a hub; its outer face looks towards `side`·x."""
    r, w, inner = radius, width / 2, radius * share
    tyre = [
        (inner, -w * 0.85),
        (r * 0.88, -w),
        (r * 0.98, -w * 0.78),
        (r, -w * 0.4),
        (r, w * 0.4),
        (r * 0.98, w * 0.78),
        (r * 0.88, w),
        (inner * 1.05, w * 0.97),
        (inner, w * 0.8),
    ]
    with a.at(translation(*at), rotation("z", -90.0 * side)):
        a.add(lathe(tyre, sides=22, closed=True), "rubber", "tyre", crease=50)
        a.add(
            lathe(
                [
                    (inner * 1.01, -w * 0.8),
                    (inner * 1.01, w * 0.8),
                    (inner * 0.9, w * 0.86),
                    (inner * 0.88, w * 0.3),
                    (inner * 0.88, -w * 0.8),
                ],
                sides=18,
                closed=True,
            ),
            rim,
            "rim",
        )
        a.add(cylinder(inner * 0.9, w * 0.3, sides=16), "cast_iron", "wheel disc", at=(0, w * 0.05, 0))
        for k in range(spokes):
            with a.at(rotation("y", 360 * k / spokes)):
                a.add(box((inner * 0.24, w * 0.3, inner * 0.86)), rim, "rim", at=(0, w * 0.45, inner * 0.44))
        a.add(cylinder(inner * 0.24, w * 0.5, sides=12, bevel=0.006), rim, "rim", at=(0, w * 0.5, 0))


def wheels(a: Assembly, coach: Coachwork, *, rim: str = "aluminium", spokes: int = 5, inboard: float = 0.035) -> None:
    """All wheels, with dark wheel houses and the underbody between them."""
    for axle in coach.axles:
        wide = coach.at(axle)[0]
        for side in (-1, 1):
            x = side * (wide - coach.tyre_m / 2 - inboard)
            wheel(a, (x, coach.radius_m, axle), coach.radius_m, coach.tyre_m, rim=rim, side=side, spokes=spokes)
        with a.at(translation(0, coach.radius_m, axle), rotation("z", 90)):
            a.add(cylinder(0.05, 2 * wide - 0.4, sides=8), "cast_iron", "axle")
    low = min(station[2] for station in coach.stations)
    z0, z1 = coach.stations[0][0] + 0.25, coach.stations[-1][0] - 0.25
    narrow = min(coach.at(axle)[0] for axle in coach.axles) - coach.tyre_m - 0.08
    a.block(
        (2 * narrow, coach.radius_m * 1.7 - low, z1 - z0),
        (0, low + 0.02 + (coach.radius_m * 1.7 - low) / 2, (z0 + z1) / 2),
        "rubber",
        "underbody",
    )


def arch_lips(a: Assembly, coach: Coachwork, tint: Colour | None, material: str = "car_paint", *, radius: float = 0.014) -> None:
    """A thin flange round every wheel opening."""
    reach = coach.radius_m + coach.arch_m
    for axle in coach.axles:
        for side in (-1, 1):
            path = np.array(
                [
                    (
                        side * (coach.at(axle + reach * math.cos(t))[0] - 0.004),
                        coach.radius_m + reach * math.sin(t),
                        axle + reach * math.cos(t),
                    )
                    for t in np.linspace(-0.12, math.pi + 0.12, 11)
                ]
            )
            a.add(tube(path, radius, sides=4), material, "body", tint=tint)


def shut_line(a: Assembly, coach: Coachwork, z: float, low: float, high: float) -> None:
    """The dark joint at a door's edge."""
    for side in (-1, 1):
        x = side * (coach.at(z)[0] + 0.0005)
        a.block((0.006, high - low, 0.012), (x, (low + high) / 2, z), "rubber", "door line")


def lamps_and_plates(
    a: Assembly, coach: Coachwork, *, y_front: float, y_rear: float, spread: float = 0.74, size: tuple[float, float] = (0.34, 0.15)
) -> None:
    """Headlights, tail lights, grille, number plates and bumpers' strips at both ends."""
    z1, z0 = coach.stations[-1][0], coach.stations[0][0]
    wide = coach.at(z1)[0]
    for side in (-1, 1):
        x = side * wide * spread
        a.add(ellipsoid((size[0], size[1], 0.2), sides=12), "chrome", "headlight", at=(x, y_front, z1 - 0.06))
        a.add(ellipsoid((size[0] * 0.84, size[1] * 0.8, 0.2), sides=12), "lit_glass", "headlight", at=(x, y_front, z1 - 0.045))
        a.block(
            (0.3, 0.13, 0.06),
            (side * coach.at(z0)[0] * spread, y_rear, z0 + 0.005),
            "glossy_plastic",
            "tail light",
            bevel=0.02,
            tint=COLOURS["crimson"],
        )
        a.lamp((x, y_front, z1 + 0.06), 6.0, colour=(1.0, 0.9, 0.72), radius_m=0.08)
    for z, y, sign in ((z1, y_front - 0.24, 1), (z0, y_rear - 0.17, -1)):
        a.block((0.5, 0.115, 0.014), (0, y, z + sign * 0.02), "glossy_plastic", "number plate", bevel=0.004)


def car(order: GrownOrder) -> Shape:
    """A saloon or hatchback: lofted body, glazed cabin, wheels, lights, mirrors, grille, door lines and handles."""
    a = Assembly(order)
    hatch = float(a.number("hatchback", 0))
    tint = order.colour or a.tint("body_colour")
    paint = order.material or "car_paint"
    coach = Coachwork(
        [
            (-2.2, 0.7, 0.36, 0.72),
            (-2.17, 0.76, 0.32, 0.84),
            (-2.05, 0.83, 0.26, 0.94),
            (-1.75, 0.875, 0.24, 0.97),
            (-1.2, 0.89, 0.23, 0.955),
            (0.0, 0.895, 0.22, 0.93),
            (0.85, 0.89, 0.22, 0.925),
            (1.3, 0.88, 0.22, 0.885),
            (1.75, 0.85, 0.23, 0.825),
            (2.03, 0.8, 0.25, 0.76),
            (2.15, 0.74, 0.28, 0.7),
            (2.2, 0.66, 0.32, 0.6),
        ],
        (-1.3, 1.33),
    )
    rear = [(-2.02, 0.98), (-1.72, 1.38)] if hatch else [(-1.72, 0.985), (-1.08, 1.385)]
    cabin = Cabin([*rear, (-0.75, 1.455), (-0.2, 1.475), (0.2, 1.45), (1.02, 0.94)], 0.94, 0.8, 0.36)
    a.add(coach.mesh(), paint, "body", tint=tint, crease=38)
    a.add(cabin.mesh(), paint, "body", tint=tint, crease=38)
    side_panes(a, cabin, [(-0.28, 0.66), (-1.08, -0.36)] + ([(-1.62, -1.17)] if hatch else [(-1.3, -1.15)]), head=0.095)
    end_pane(a, cabin, (1.02, 0.94), (0.2, 1.45))
    end_pane(a, cabin, rear[0], rear[1])
    arch_lips(a, coach, tint, paint)
    wheels(a, coach)
    for z in (0.72, -0.32, -1.0):
        shut_line(a, coach, z, 0.3, 0.9)
    lamps_and_plates(a, coach, y_front=0.66, y_rear=0.82)
    _car_trim(a, coach, tint, paint)
    a.spot("inside", (0, 0.4, -0.1), (1.2, 1.6), 1.0)
    a.spot("top", (0, 1.48, -0.4), (1.0, 1.0), 5.0)
    return a.shape()


def _car_trim(a: Assembly, coach: Coachwork, tint: Colour | None, paint: str) -> None:
    """Grille, bumpers, sills, mirrors, handles, wipers and exhaust."""
    a.block((0.78, 0.1, 0.05), (0, 0.62, 2.185), "cast_iron", "grille", bevel=0.015)
    for y in (0.595, 0.62, 0.645):
        a.block((0.74, 0.012, 0.05), (0, y, 2.195), "chrome", "grille")
    a.block((1.3, 0.1, 0.1), (0, 0.36, 2.16), "rubber", "bumper", bevel=0.03)
    a.block((1.42, 0.12, 0.1), (0, 0.42, -2.17), "rubber", "bumper", bevel=0.03)
    for side in (-1, 1):
        a.block((0.03, 0.07, 1.75), (side * 0.89, 0.25, 0.02), "rubber", "sill", bevel=0.01)
        for z in (-0.2, -0.92):
            a.block((0.03, 0.028, 0.17), (side * 0.893, 0.8, z), paint, "door handle", bevel=0.008, tint=tint)
        a.add(ellipsoid((0.2, 0.13, 0.11), sides=12), paint, "mirror", at=(side * 0.97, 1.0, 0.62), tint=tint)
        a.block((0.14, 0.03, 0.04), (side * 0.86, 0.965, 0.62), "rubber", "mirror")
        a.block((0.16, 0.1, 0.012), (side * 0.97, 1.0, 0.562), "mirror", "mirror", bevel=0.004)
        a.block((0.5, 0.018, 0.018), (side * 0.3 - 0.1, 0.955, 1.05), "rubber", "wiper")
    with a.at(translation(-0.5, 0.27, -2.2), rotation("x", 90)):
        a.add(cylinder(0.035, 0.16, sides=10), "steel", "exhaust")
