"""Ceilings of rooms: flat, under a roof's slopes, vaulted with ribs, or of glass; and the half columns that carry vaults.

The profile is the ceiling's line across the room, from the east wall's head over the middle to the west wall's head. Parameters:

    ceiling          flat, pitched, barrel, gothic, or glass (pitched, of panes between bars)
    eaves            height of the east and west walls under a ceiling that is not flat (0.55 of the room's height)
    ceiling_material, ceiling_colour
    skylights        windows in each slope (0), skylight_width, skylight_height (0.9, 1.2), skylight_at: share of the slope (0.4)
    rafters          how many timbers run up each slope (0), beam_material
    ribs             how many bays a vault has (5), rib_material
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Matrix
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import Outline, axes, between, panel, rectangle, translation, tube
from pipelines.things.grown.openings import Joinery, Opening, fill
from pipelines.things.solids import box, cylinder

THICK_M = 0.1
ARC_POINTS = 13  # of a vault's line


def profile_of(a: Assembly, inner_w: float, tall: float) -> Outline:
    """(N, 2) the ceiling's line, x and height, from east to west."""
    half, shape = inner_w / 2, a.word("ceiling", "flat")
    eaves = a.number("eaves", 0.55 * tall)
    if shape == "flat":
        return np.array([[half, tall], [-half, tall]])
    if shape in ("pitched", "glass"):
        return np.array([[half, eaves], [0.0, tall], [-half, eaves]])
    rise = tall - eaves
    if shape == "gothic":  # two arcs that meet in a point
        radius = (half**2 + rise**2) / (2 * half)
        turn = np.linspace(0.0, math.atan2(rise, radius - half), ARC_POINTS // 2 + 1)
        right = np.stack([half - radius + radius * np.cos(turn), eaves + radius * np.sin(turn)], axis=1)
        return np.concatenate([right, (right * [-1.0, 1.0])[-2::-1]])
    turn = np.linspace(0.0, math.pi, ARC_POINTS)
    return np.stack([half * np.cos(turn), eaves + rise * np.sin(turn)], axis=1)


def add_ceiling(a: Assembly, profile: Outline, deep: float) -> None:
    """The ceiling over the whole depth, with whatever it is made of."""
    shape = a.word("ceiling", "flat")
    if shape == "glass":
        _glass_slopes(a, profile, deep)
    elif shape in ("barrel", "gothic"):
        _vault(a, profile, deep)
    elif shape == "pitched":
        for frame, length in _slopes(profile):
            _slope(a, frame, length, deep)
    else:
        wide = float(np.ptp(profile[:, 0])) + 2 * a.number("thickness", 0.2)
        at = (0.0, float(profile[0, 1]) + THICK_M / 2, 0.0)
        a.add(box((wide, THICK_M, deep)), a.word("ceiling_material", "white_plaster"), "ceiling", at=at, tint=a.tint("ceiling_colour"))


def _slopes(profile: Outline) -> list[tuple[Matrix, float]]:
    """A frame for each straight piece (x along the room, y up the slope from its foot, z into the room) and its length."""
    found = []
    for start, end in zip(profile[:-1], profile[1:], strict=True):
        length = float(np.linalg.norm(end - start))
        up = np.array([*(end - start) / length, 0.0])
        inward = np.array([-up[1], up[0], 0.0])
        found.append((axes(np.cross(up, inward), up, inward, (start[0], start[1], 0.0)), length))
    return found


def _slope(a: Assembly, frame: Matrix, length: float, deep: float) -> None:
    count = int(a.number("skylights", 0))
    wide, high = a.number("skylight_width", 0.9), min(a.number("skylight_height", 1.2), 0.8 * length)
    foot = min(a.number("skylight_at", 0.4) * length, length - high - 0.15)
    holes = [Opening(deep * ((k + 0.5) / count - 0.5), foot, wide, high, columns=1, rows=1, trim=0.07, sill=False) for k in range(count)]
    outline = rectangle(deep, length + 0.06, at=(0, length / 2))
    with a.at(frame):
        material = a.word("ceiling_material", "white_plaster")
        a.add(panel(outline, THICK_M, [hole.outline for hole in holes]), material, "ceiling", tint=a.tint("ceiling_colour"))
        trim = a.tint("trim_colour", "white")
        wood = a.word("trim_material", "painted_wood")
        for hole in holes:
            fill(a, hole, Joinery(frame=wood, frame_tint=trim, trim=wood, trim_tint=trim, glass="glass", reveal_m=0.06))
        rafters = int(a.number("rafters", 0))
        for k in range(rafters):
            x = deep * ((k + 0.5) / rafters - 0.5) + (deep / rafters / 2 if count == rafters else 0.0)
            if abs(x) < deep / 2 - 0.2:
                a.block((0.1, length, 0.14), (x, length / 2, 0.07), a.word("beam_material", "dark_wood"), "beams", bevel=0.01)


def _glass_slopes(a: Assembly, profile: Outline, deep: float) -> None:
    """Panes between bars a good half metre apart, a ridge and purlins."""
    metal, tint = a.word("trim_material", "painted_metal"), a.tint("trim_colour", "white")
    for frame, length in _slopes(profile):
        with a.at(frame):
            count = max(2, round(deep / 0.62))
            step = deep / count
            rows = max(2, round(length / 0.9))
            for k in range(count):
                for row in range(rows):
                    at = (deep * (k + 0.5) / count - deep / 2, length * (row + 0.5) / rows, -0.02)
                    a.add(box((step - 0.03, length / rows - 0.004, 0.012)), "glass", "ceiling", at=at)
            for k in range(count + 1):
                main = k % 4 == 0
                x = deep * (k / count - 0.5) * (1 - 0.05 / deep)
                size = (0.05, length, 0.1) if main else (0.026, length, 0.045)
                a.add(box(size, 0.004), metal, "bars", at=(x, length / 2, size[2] / 2 - 0.02), tint=tint)
            for row in range(rows + 1):
                a.add(box((deep, 0.035, 0.05), 0.004), metal, "bars", at=(0, length * row / rows, 0.005), tint=tint)
    ridge = float(profile[:, 1].max())
    a.add(box((0.09, 0.14, deep), 0.01), metal, "bars", at=(0, ridge - 0.03, 0), tint=tint)
    ties = max(2, round(deep / 2.4))
    eaves, half = float(profile[0, 1]), float(profile[0, 0])
    for k in range(1, ties):  # round tie rods keep the walls from spreading
        z = deep * (k / ties - 0.5)
        a.rod((-half, eaves, z), (half, eaves, z), 0.014, metal, "bars", tint=tint)
        a.rod((0, eaves, z), (0, ridge - 0.05, z), 0.01, metal, "bars", tint=tint)


def _vault(a: Assembly, profile: Outline, deep: float) -> None:
    outer = profile + np.stack([np.sign(profile[:, 0]) * 0.06, np.full(len(profile), 0.12)], axis=1)
    ends = np.linspace(-deep / 2, deep / 2, 2)
    grids = [
        np.stack([np.stack([line[:, 0], line[:, 1], np.full(len(line), z)], axis=1) for z in ends], axis=1) for line in (outer, profile)
    ]
    material, tint = a.word("ceiling_material", "white_plaster"), a.tint("ceiling_colour")
    a.add(between(grids[0], grids[1]), material, "ceiling", tint=tint, crease=30.0)
    bays = int(a.number("ribs", 5))
    stone = a.word("rib_material", "limestone")
    if bays <= 0:
        return
    line = np.stack([profile[:, 0] * 0.995, profile[:, 1] - 0.03, np.zeros(len(profile))], axis=1)
    for k in range(bays + 1):  # across
        z = float(np.clip(deep * (k / bays - 0.5), -deep / 2 + 0.3, deep / 2 - 0.3))
        a.add(tube(line + [0, 0, z], 0.11, sides=8), stone, "ribs")
    share = np.linspace(0, 1, len(profile))[:, None]
    for k in range(bays):  # and from corner to corner of each bay, both ways
        low, high = deep * (k / bays - 0.5), deep * ((k + 1) / bays - 0.5)
        for start, end in ((low, high), (high, low)):
            path = line.copy()
            path[:, 2:] = start + (end - start) * share
            a.add(tube(path, 0.07, sides=8), stone, "ribs")
            boss = path[len(path) // 2]
        a.add(cylinder(0.2, 0.14, sides=16, bevel=0.03), stone, "ribs", at=(float(boss[0]), float(boss[1]) - 0.04, float(boss[2])))
    peak = float(profile[:, 1].max())
    a.add(box((0.12, 0.12, deep), 0.03), stone, "ribs", at=(0, peak - 0.05, 0))


def add_piers(a: Assembly, profile: Outline, inner_w: float, inner_d: float) -> None:
    """Half columns along both long walls, each a bundle of shafts on a base and under a capital, up to where the vault springs."""
    count = int(a.number("piers", 0))
    tall, stone = float(profile[0, 1]), a.word("pier_material", "limestone")
    for k in range(count):
        z = float(np.clip(inner_d * (k / max(count - 1, 1) - 0.5), -inner_d / 2 + 0.3, inner_d / 2 - 0.3))
        for side in (-1.0, 1.0):
            with a.at(translation(side * inner_w / 2, 0, z)):
                for dx, dz, radius in ((0.14, 0.0, 0.16), (0.05, 0.2, 0.11), (0.05, -0.2, 0.11)):
                    a.add(cylinder(radius, tall, sides=14), stone, "pier", at=(-side * dx, tall / 2, dz))
                a.block((0.62, 0.5, 0.78), (-side * 0.1, 0.25, 0), stone, "pier", bevel=0.04)
                a.block((0.54, 0.14, 0.7), (-side * 0.1, 0.57, 0), stone, "pier", bevel=0.05)
                a.block((0.56, 0.12, 0.72), (-side * 0.1, tall - 0.2, 0), stone, "pier", bevel=0.05)
                a.block((0.66, 0.14, 0.84), (-side * 0.1, tall - 0.07, 0), stone, "pier", bevel=0.04)
