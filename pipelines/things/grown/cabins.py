"""Cabins of round logs with porch, shingled roof and a stone chimney."""

from __future__ import annotations

import math

import numpy as np

from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.houses import Plan, covering_of, joinery_of, plan
from pipelines.things.grown.joinery import axes, translation
from pipelines.things.grown.openings import Joinery, Opening, steps
from pipelines.things.grown.roofs import Slope, gable_roof, lay
from pipelines.things.grown.walls import log_walls, plinth, side_frames
from pipelines.things.shape import GrownOrder, Shape


def log_cabin(order: GrownOrder) -> Shape:
    """A cabin of round logs on a stone foot, with a porch under the front slope, a shingled roof and a stone chimney."""
    a = Assembly(order)
    porch = a.number("porch", 1.5)
    p = plan(a, porch_m=porch)
    radius = a.number("log", 0.14)
    joinery = joinery_of(a, reveal_m=0.16, trim="pine", door="planks")
    door_x = -p.width_m * 0.16
    wide, tall = a.number("window_width", 1.0), a.number("window_height", 1.05)
    front = [
        Opening(door_x, 0.05, 1.0, 2.02, "door", trim=0.12),
        Opening(p.width_m * 0.25, 0.85, wide * 1.15, tall, columns=2, rows=2, trim=0.12),
    ]
    if p.width_m > 7:
        front.append(Opening(-p.width_m * 0.37, 0.85, wide * 0.8, tall, columns=2, rows=2, trim=0.12))
    side = [Opening(0, 0.85, wide, tall, columns=2, rows=2, trim=0.12)]
    inner_w, inner_d = p.width_m - 2 * radius, p.depth_m - 2 * radius
    peak = p.roof.peak(p.depth_m / 2) - 0.1
    with a.at(translation(0, p.plinth_m, 0)):
        plinth(a, p.width_m + 0.15, p.depth_m + 0.15, p.plinth_m)
        with a.at(translation(0, 0, 0)):
            openings = {"front": front, "left": side, "right": side, "back": [Opening(0, 0.9, wide, tall, trim=0.12)]}
            log_walls(a, inner_w, inner_d, p.wall_m, openings, radius=radius, peak=peak)
            for name, (frame, _) in side_frames(p.width_m, p.depth_m).items():
                with a.at(frame):
                    for opening in openings[name]:
                        _fill_in_logs(a, opening, joinery, radius)
        _log_roof(a, p, porch)
        if porch > 0.3:
            _porch(a, p, porch, door_x)
        else:
            steps(a, 1.5, p.plinth_m, x=door_x, z=p.depth_m / 2 + 0.05)
        a.spot("front", (door_x, -p.plinth_m, p.depth_m / 2 + porch + 1.6), (1.6, 1.6), 3.0)
    _side_chimney(a, p)
    return a.shape()


def _fill_in_logs(a: Assembly, opening: Opening, joinery: Joinery, radius: float) -> None:
    """A deep frame that the logs run into, then the window or door."""
    from pipelines.things.grown.joinery import inset, ring
    from pipelines.things.grown.openings import fill

    a.add(ring(inset(opening.outline, -0.05), 0.07, radius * 2), "pine", "window trim", at=(0, 0, 0.03))
    fill(a, opening, joinery)


def _log_roof(a: Assembly, p: Plan, porch: float) -> None:
    covering = covering_of(a, "shingles")
    with a.at(translation(0, p.wall_m, 0)):
        gable_roof(a, p.roof, covering, trim_tint=a.shade("dark_wood", 1.3), gutters=False)
        tan = math.tan(math.radians(p.roof.pitch_deg))
        for z in (0.0, p.depth_m / 2, -p.depth_m / 2):
            y = (p.depth_m / 2 - abs(z)) * tan - 0.16
            reach = p.width_m / 2 + p.roof.verge_m - 0.06
            a.rod((-reach, y, z * 0.96), (reach, y, z * 0.96), 0.11, "log", "purlins", sides=12, bevel=0.015)
    if porch > 0.3:
        angle = math.radians(13)
        reach = porch + 0.25
        eave_y = p.wall_m + p.roof.lift_m - p.roof.overhang_m * math.tan(math.radians(p.roof.pitch_deg)) - 0.02
        start = p.depth_m / 2 + p.roof.overhang_m * 0.25
        length = (p.depth_m / 2 + reach - start) / math.cos(angle)
        top = eave_y + (p.roof.overhang_m * 0.75) * math.tan(math.radians(p.roof.pitch_deg)) - 0.14
        slope = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
        wide = p.width_m + 2 * p.roof.verge_m - 0.1
        with a.at(translation(0, top - length * math.sin(angle), start + length * math.cos(angle)), slope):
            lay(a, Slope(wide, wide, length), covering)


def _porch(a: Assembly, p: Plan, porch: float, door_x: float) -> None:
    """Boarded floor on joists, log posts, railing, steps; y = 0 is the floor."""
    z0, z1 = p.depth_m / 2, p.depth_m / 2 + porch
    count = max(4, round(porch / 0.16))
    for i in range(count):
        z = z0 + porch * (i + 0.5) / count
        a.block(
            (p.width_m, 0.045, porch / count - 0.012),
            (0, -0.02, z),
            "pine",
            "porch floor",
            tint=a.shade("planks", float(a.rng.uniform(0.85, 1.15))),
        )
    a.block((p.width_m, 0.16, 0.06), (0, -0.13, z1 - 0.03), "dark_wood", "porch floor")
    top = (
        p.wall_m
        + p.roof.lift_m
        - p.roof.overhang_m * 0.25 * math.tan(math.radians(p.roof.pitch_deg))
        - 0.16
        - (porch + 0.1) * math.tan(math.radians(13))
        - 0.14
    )
    xs = [-p.width_m / 2 + 0.12, door_x - 0.85, door_x + 0.85, p.width_m / 2 - 0.12]
    for x in xs:
        a.rod((x, -p.plinth_m, z1 - 0.12), (x, top, z1 - 0.12), 0.085, "log", "post", sides=12)
        for side in (-1, 1):
            if abs(x + side * 0.45) < p.width_m / 2:
                a.rod((x, top - 0.5, z1 - 0.12), (x + side * 0.45, top - 0.04, z1 - 0.12), 0.045, "log", "post", sides=8)
    a.rod((-p.width_m / 2 - 0.2, top, z1 - 0.12), (p.width_m / 2 + 0.2, top, z1 - 0.12), 0.095, "log", "post", sides=12, bevel=0.012)
    for start, end in ((xs[0], xs[1]), (xs[2], xs[3])):
        _log_railing(a, (start, z1 - 0.12), (end, z1 - 0.12))
    for x in (xs[0], xs[3]):
        _log_railing(a, (x, z0), (x, z1 - 0.12))
    steps(a, 1.5, p.plinth_m, x=door_x, z=z1, material="planks")
    a.spot("deck", ((xs[2] + xs[3]) / 2, 0, (z0 + z1) / 2 - 0.1), (xs[3] - xs[2] - 0.5, porch - 0.5), 2.0)


def _log_railing(a: Assembly, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x0, z0), (x1, z1) = start, end
    for y in (0.18, 0.9):
        a.rod((x0, y, z0), (x1, y, z1), 0.042, "log", "railing", sides=8)
    count = max(2, round(math.hypot(x1 - x0, z1 - z0) / 0.2))
    for t in (np.arange(count) + 0.5) / count:
        x, z = x0 + (x1 - x0) * float(t), z0 + (z1 - z0) * float(t)
        a.rod((x, 0.18, z), (x, 0.9, z), 0.024, "log", "railing", sides=6)


def _side_chimney(a: Assembly, p: Plan) -> None:
    """A stack of field stones against the right gable, tapering in steps."""
    x = p.width_m / 2 + 0.02
    top = p.ridge_y + p.chimney_m - 0.15
    z = -p.depth_m * 0.18
    with a.at(translation(x, 0, z)):
        foot = min(1.5, p.depth_m * 0.4)
        stages = [
            (foot, 0.9, 0.0, p.plinth_m + p.wall_m * 0.55),
            (foot * 0.72, 0.75, p.plinth_m + p.wall_m * 0.55, p.plinth_m + p.wall_m * 0.9),
            (0.85, 0.62, p.plinth_m + p.wall_m * 0.9, top),
        ]
        for i, (wide, deep, low, high) in enumerate(stages):
            rows = max(1, round((high - low) / 0.34))
            step = (high - low) / rows
            for row in range(rows):
                jitter = a.rng.uniform(-0.03, 0.03, 2)
                tint = a.shade("stone_blocks", float(a.rng.choice([0.85, 1.0, 1.12])))
                a.block(
                    (deep + float(jitter[0]), step - 0.01, wide + float(jitter[1])),
                    (-0.2 + deep * 0.1, low + step * (row + 0.5), 0),
                    "stone_blocks",
                    "chimney",
                    bevel=0.03,
                    tint=tint,
                )
            del i
        a.block((0.85, 0.1, 1.08), (-0.14, top + 0.05, 0), "granite", "chimney cap", bevel=0.03)
        a.block((0.5, 0.12, 0.6), (-0.14, top + 0.14, 0), "dark_rock", "chimney cap", bevel=0.02)
