"""Decks: corridors and rooms of spaceships: ribs and wall panels, light strips, pipes, gratings, great windows into the dark.

The deck runs along z; the visitor looks towards −z. Parameters, all optional:

    bays             how many panels long (8)
    windows          1 puts a great window into every second bay of both walls
    end              what closes the far end: door, or window
    shoulder         height at which the walls lean inwards (0.66 of the height), lean: how far (0.3 m)
"""

from __future__ import annotations

import numpy as np

from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import Outline, axes, panel, rectangle, ring, rotation, translation, tube, wall_panel
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder

THICK_M = 0.2
SILL_M, WINDOW_M = 0.75, 1.35
DARK = COLOURS["charcoal"]


def deck(order: GrownOrder) -> Shape:
    """A deck; see the module's head for its parameters."""
    a = Assembly(order)
    w, h, d = order.size_m
    half, tall, deep = w / 2 - THICK_M, h - 0.1, d - 2 * THICK_M
    bays = int(a.number("bays", 8))
    shoulder, lean = a.number("shoulder", 0.66) * tall, a.number("lean", 0.3)
    profile = np.array([[half, shoulder], [half - lean, tall], [-half + lean, tall], [-half, shoulder]])
    _floor(a, half, deep, w, d)
    _ceiling(a, profile, deep, bays)
    for side in (-1.0, 1.0):
        frame = axes((0, 0, side), (0, 1, 0), (-side, 0, 0), (side * half, 0, 0))
        with a.at(frame):
            _long_wall(a, deep, shoulder, bays)
    _ribs(a, profile, deep, bays)
    for frame, far in ((translation(0, 0, -deep / 2), True), (rotation("y", 180) @ translation(0, 0, -deep / 2), False)):
        with a.at(frame):
            _end(a, profile, half, far)
    a.spot("floor", (0, 0, 0), (2 * half - 0.1, deep), tall)
    a.spot("ceiling", (0, tall, 0), (2 * half - 2 * lean, deep), tall)
    return a.shape(fit=False)


def _floor(a: Assembly, half: float, deep: float, w: float, d: float) -> None:
    a.add(box((w, 0.2, d)), a.word("floor_material", "rubber"), "floor", at=(0, -0.1, 0), tint=DARK)
    walk = min(1.5, half)
    count = max(2, round(deep / 1.1))
    for k in range(count):
        z = deep * ((k + 0.5) / count - 0.5)
        a.block((walk, 0.012, deep / count - 0.03), (0, 0.004, z), "grating", "grating")
    for side in (-1, 1):
        a.block((0.05, 0.016, deep), (side * (walk / 2 + 0.05), 0.004, 0), "steel", "edge")
        a.block((0.06, 0.02, deep), (side * (walk / 2 + 0.12), 0.004, 0), "blue_light", "light strip")


def _ceiling(a: Assembly, profile: Outline, deep: float, bays: int) -> None:
    """Three faces that lean, the middle one with panels of light; pipes run along the shoulders."""
    for k in range(3):
        start, end = profile[k], profile[k + 1]
        length = float(np.linalg.norm(end - start))
        up = np.array([*(end - start) / length, 0.0])
        inward = np.array([-up[1], up[0], 0.0])
        with a.at(axes(np.cross(up, inward), up, inward, (start[0], start[1], 0.0))):
            a.add(panel(rectangle(deep + 0.3, length + 0.05, at=(0, length / 2)), 0.1), "hull", "ceiling")
            for bay in range(bays):
                x = deep * ((bay + 0.5) / bays - 0.5)
                if k == 1:
                    a.block(
                        (deep / bays - 0.5, min(0.7, length - 0.5), 0.05), (x, length / 2, 0.025), "light_panel", "light panel", bevel=0.01
                    )
                else:
                    size = (deep / bays - 0.36, length - 0.14, 0.04)
                    a.block(
                        size, (x, length / 2, 0.02), "hull", "panel", bevel=0.014, tint=a.shade("hull", float(a.rng.uniform(0.86, 1.0)))
                    )
    for side in (-1, 1):
        x, y = side * (profile[0, 0] - 0.12), profile[0, 1] + 0.08
        for dx, dy, radius, material in (
            (0.0, 0.0, 0.05, "steel"),
            (-0.11 * side, 0.07, 0.035, "copper"),
            (-0.19 * side, 0.14, 0.025, "rubber"),
        ):
            path = np.array([[x + dx, y + dy, -deep / 2], [x + dx, y + dy, deep / 2]])
            a.add(tube(path, radius, sides=12), material, "pipes")
    step = deep / bays
    for bay in range(0, bays, 1 if bays < 7 else 2):
        a.lamp((0, profile[1, 1] - 0.25, deep * ((bay + 0.5) / bays - 0.5)), 5.0 * step, colour=(1.0, 0.96, 0.9), radius_m=0.3, always=True)


def _long_wall(a: Assembly, deep: float, shoulder: float, bays: int) -> None:
    step = deep / bays
    middles = [deep * ((bay + 0.5) / bays - 0.5) for bay in range(bays)]
    glazed = [bay % 2 == 1 for bay in range(bays)] if a.number("windows", 0) else [False] * bays
    wide, high = step - 0.5, min(WINDOW_M, shoulder - SILL_M - 0.1)
    holes = [rectangle(wide, high, at=(x, SILL_M + high / 2)) for x, open_ in zip(middles, glazed, strict=True) if open_]
    outline = np.array(
        [[-deep / 2 - THICK_M, 0], [deep / 2 + THICK_M, 0], [deep / 2 + THICK_M, shoulder], [-deep / 2 - THICK_M, shoulder]], np.float64
    )
    a.add(wall_panel(outline, THICK_M, holes), "hull", "wall", tint=a.shade("hull", 0.8))
    a.block((deep, 0.22, 0.06), (0, 0.11, 0.03), "painted_metal", "kick plate", tint=DARK)
    a.block((deep, 0.05, 0.065), (0, 0.25, 0.03), "blue_light", "light strip")
    for x, open_ in zip(middles, glazed, strict=True):
        with a.at(translation(x, 0, 0)):
            if open_:
                _window(a, wide, high)
            else:
                _panel(a, step - 0.3, shoulder)


def _window(a: Assembly, wide: float, high: float) -> None:
    hole = rectangle(wide, high, at=(0, SILL_M + high / 2))
    a.add(ring(hole, 0.09, 0.16), "painted_metal", "window frame", at=(0, 0, 0.05), tint=DARK)
    a.add(panel(rectangle(wide - 0.12, high - 0.12, at=(0, SILL_M + high / 2)), 0.014), "glass", "window", at=(0, 0, -0.1))
    a.block((wide, 0.36, 0.05), (0, SILL_M - 0.3, 0.025), "hull", "panel", bevel=0.014)


def _panel(a: Assembly, wide: float, shoulder: float) -> None:
    """One of four panels by chance: plain with a recess, a screen with lights, vents, or a hatch; no two alike in shade."""
    low, high = 0.32, shoulder - 0.08
    tint = a.shade("hull", float(a.rng.uniform(0.9, 1.06)))
    a.block((wide, high - low, 0.05), (0, (low + high) / 2, 0.025), "hull", "panel", bevel=0.02, tint=tint)
    style = int(a.rng.integers(4))
    if style == 0:
        a.add(
            ring(rectangle(wide - 0.3, (high - low) * 0.5, at=(0, low + (high - low) * 0.62)), 0.03, 0.03),
            "steel",
            "panel",
            at=(0, 0, 0.075),
        )
        a.block((wide * 0.5, 0.03, 0.014), (0, low + 0.2, 0.055), "painted_metal", "stripe", tint=COLOURS["orange"])
    elif style == 1:
        a.block((wide * 0.62, 0.42, 0.06), (0, 1.3, 0.07), "painted_metal", "console", bevel=0.02, tint=DARK)
        a.block((wide * 0.54, 0.32, 0.01), (0, 1.31, 0.102), "screen", "screen")
        for k in range(6):
            a.block(
                (0.05, 0.04, 0.03),
                (wide * 0.09 * (k - 2.5), 0.98, 0.06),
                ("green_light", "red_light", "plastic")[k % 3],
                "key",
                bevel=0.008,
            )
    elif style == 2:
        for k in range(9):
            a.block((wide * 0.7, 0.03, 0.05), (0, 0.75 + k * 0.075, 0.055), "painted_metal", "vent", bevel=0.006, tint=DARK)
    else:
        a.block(
            (wide * 0.66, (high - low) * 0.72, 0.04), (0, (low + high) / 2, 0.065), "hull", "hatch", bevel=0.03, tint=a.shade("hull", 0.94)
        )
        a.add(cylinder(0.09, 0.04, sides=24), "steel", "hatch", at=(wide * 0.2, 1.15, 0.09))
        a.block((wide * 0.5, 0.05, 0.014), (0, high - 0.28, 0.09), "painted_metal", "stripe", tint=COLOURS["yellow"])


def _ribs(a: Assembly, profile: Outline, deep: float, bays: int) -> None:
    """Frames round the whole section between the bays."""
    line = [(profile[0, 0], 0.0), *[tuple(p) for p in profile], (profile[3, 0], 0.0)]
    for k in range(bays + 1):
        z = float(np.clip(deep * (k / bays - 0.5), -deep / 2 + 0.08, deep / 2 - 0.08))
        for (x0, y0), (x1, y1) in zip(line[:-1], line[1:], strict=True):
            a.board((x0, y0, z), (x1, y1, z), (0.26, 0.16), "painted_metal", "rib", bevel=0.03, tint=a.shade("hull", 0.55))


def _end(a: Assembly, profile: Outline, half: float, far: bool) -> None:
    shoulder, tall = float(profile[0, 1]), float(profile[1, 1])
    reach, top = half + THICK_M, float(profile[1, 0]) + 0.1
    outline = np.array([[-reach, 0], [reach, 0], [reach, shoulder], [top, tall], [-top, tall], [-reach, shoulder]], np.float64)
    if far and a.word("end", "door") == "window":
        wide, high = 2 * half - 0.9, tall - 1.1
        hole = rectangle(wide, high, at=(0, 0.7 + high / 2))
        a.add(wall_panel(outline, THICK_M, [hole]), "hull", "wall")
        a.add(ring(hole, 0.12, 0.18), "painted_metal", "window frame", at=(0, 0, 0.06), tint=DARK)
        panes = 3
        for k in range(panes):
            x = wide * ((k + 0.5) / panes - 0.5)
            a.add(panel(rectangle(wide / panes - 0.1, high - 0.14, at=(x, 0.7 + high / 2)), 0.014), "glass", "window", at=(0, 0, -0.08))
            if k:
                a.block(
                    (0.1, high, 0.14), (wide * (k / panes - 0.5), 0.7 + high / 2, 0), "painted_metal", "window frame", bevel=0.02, tint=DARK
                )
        return
    a.add(wall_panel(outline, THICK_M, []), "hull", "wall")
    wide, high = min(1.7, 1.4 * half), min(2.15, tall - 0.25)
    right = np.array([[wide / 2, 0], [wide / 2, high - 0.4], [wide / 2 - 0.35, high]])
    leaf = np.concatenate([right, (right * [-1, 1])[::-1]])
    a.add(panel(leaf * [1.16, 1.07], 0.12), "painted_metal", "door frame", at=(0, 0, 0.12), tint=DARK)
    for side in (-1, 1):
        part = np.array(
            [[0.012, 0.04], [wide / 2, 0.04], [wide / 2, high - 0.42], [wide / 2 - 0.33, high - 0.03], [0.012, high - 0.03]], np.float64
        )
        if side < 0:
            part = (part * [-1, 1])[::-1]
        a.add(panel(part, 0.06), "hull", "door", at=(0, 0, 0.18))
        a.block((wide * 0.28, 0.5, 0.03), (side * wide * 0.24, 0.5, 0.19), "hull", "door", bevel=0.014, tint=a.shade("hull", 0.8))
        a.block((wide * 0.26, 0.24, 0.02), (side * wide * 0.2, high * 0.7, 0.19), "screen", "door", bevel=0.01)
        a.block((0.05, high * 0.8, 0.03), (side * wide * 0.545, high * 0.45, 0.13), "blue_light", "light strip", bevel=0.008)
        for k in range(4):
            chevron = np.array([[0, 0], [0.1, 0], [0.16, 0.13], [0.06, 0.13]], np.float64) + [0.06 + 0.18 * k, 0.86]
            a.add(
                panel(chevron if side > 0 else (chevron * [-1, 1])[::-1], 0.01),
                "plastic",
                "stripe",
                at=(0, 0, 0.188),
                tint=COLOURS["yellow"],
            )
