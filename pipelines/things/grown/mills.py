"""Mills: a Dutch tower mill with its sails."""

from __future__ import annotations

import math

import numpy as np

from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import loft, rotation, translation
from pipelines.things.grown.openings import Joinery, Opening, fill
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cylinder, lathe, torus


def windmill(order: GrownOrder) -> Shape:
    """A Dutch tower mill: brick foot, tapering boarded tower with windows, gallery, turning cap, four lattice sails."""
    a = Assembly(order)
    w, h, d = order.size_m
    hub = h * 0.66
    sail = min(w / 2, h - hub) * 0.985
    foot_r, top_r = w * 0.24, w * 0.135
    gallery = h * 0.24
    tint = order.colour or a.tint("wall_colour")
    a.add(lathe([(foot_r, 0), (foot_r * 0.94, gallery)], sides=8).moved(rotation("y", 22.5)), order.material or "brick", "base", tint=tint)
    body = order.material or a.word("walls", "shingles")
    cap_y = h * 0.62
    for k in range(16):
        low, high = gallery + (cap_y - gallery) * k / 16, gallery + (cap_y - gallery) * (k + 1.12) / 16
        r0, r1 = (foot_r * 0.9 + (top_r - foot_r * 0.9) * s for s in (k / 16, (k + 1) / 16))
        a.add(
            lathe([(r0 + 0.05, low), (r1 + 0.0, high)], sides=8).moved(rotation("y", 22.5)),
            body,
            "tower",
            tint=tint or a.shade(body, 0.9 + 0.07 * (k % 3)),
        )
    a.add(
        lathe(
            [(foot_r * 0.8, gallery - 0.12), (foot_r * 1.42, gallery - 0.12), (foot_r * 1.42, gallery), (foot_r * 0.8, gallery)],
            sides=16,
            closed=True,
        ),
        "weathered_planks",
        "gallery",
    )
    for k in range(16):
        with a.at(rotation("y", 22.5 * k)):
            r = foot_r * 1.38
            a.block((0.08, 1.05, 0.08), (0, gallery + 0.5, r), "painted_wood", "railing", tint=COLOURS["white"])
            a.board((0, gallery - 0.1, r), (0, gallery - 1.5, foot_r * 0.93), (0.12, 0.1), "dark_wood", "brace")
            nxt = (r * math.sin(math.radians(22.5)), r * math.cos(math.radians(22.5)))
            for y in (0.55, 1.0):
                a.board((0, gallery + y, r), (nxt[0], gallery + y, nxt[1]), (0.06, 0.05), "painted_wood", "railing", tint=COLOURS["white"])
    joinery = Joinery(
        frame_tint=COLOURS["white"], trim_tint=COLOURS["white"], reveal_m=0.0, door="planks", door_tint=a.tint("door_colour", "emerald")
    )
    lean = math.degrees(math.atan2(foot_r * 0.9 - top_r, cap_y - gallery))
    flat = math.cos(math.pi / 8)
    for turn, share in ((0, 0.22), (90, 0.3), (-90, 0.3), (180, 0.3), (0, 0.62), (90, 0.66), (-90, 0.66)):
        r = (foot_r * 0.9 + (top_r - foot_r * 0.9) * share) * flat
        with a.at(rotation("y", turn), translation(0, gallery + (cap_y - gallery) * share, r + 0.06), rotation("x", -lean)):
            fill(a, Opening(0, 0, 0.8, 1.1, rows=3, trim=0.1), joinery)
    with a.at(translation(0, 0, foot_r * flat + 0.03)):
        fill(a, Opening(0, 0.05, 1.3, 2.3, "door", trim=0.14), joinery)
    for turn in (90, -90):
        with a.at(rotation("y", turn), translation(0, 1.2, foot_r * flat * 0.985 + 0.04)):
            fill(a, Opening(0, 0, 0.9, 1.1, rows=2, trim=0.1), joinery)
    with a.at(translation(0, cap_y, 0)):
        _mill_cap(a, top_r, hub - cap_y)
    with a.at(translation(0, hub, top_r * 1.5), rotation("z", a.number("sails_deg", 32))):
        _sails(a, sail)
    a.spot("front", (0, 0, foot_r + 1.8), (2, 2), 4)
    return a.shape()


def _mill_cap(a: Assembly, r: float, hub: float) -> None:
    """A boat-shaped cap, thatched, with the wind shaft through its front."""
    rings = []
    for z, share in ((-1.55, 0.55), (-1.3, 0.86), (-0.6, 1.04), (0.3, 1.06), (1.0, 0.98), (1.35, 0.86)):
        t = np.linspace(0, math.pi, 11)
        half = np.column_stack([r * 1.16 * share * np.cos(t), -0.15 + (hub + r * 0.85) * share * np.sin(t) ** 0.8])
        rings.append(np.column_stack([half[:, 0], half[:, 1], np.full(11, z * r)]))
    a.add(loft(np.array(rings)), "thatch", "cap", tint=a.shade("thatch", 0.75), crease=60)
    with a.at(translation(0, hub, r * 1.0), rotation("x", 90)):
        a.add(cylinder(0.22, r * 1.2, sides=12, bevel=0.02), "dark_wood", "wind shaft")
    a.add(torus(r * 1.08, 0.1, sides=24, tube_sides=6), "painted_wood", "cap ring", at=(0, -0.05, 0), tint=COLOURS["white"])


def _sails(a: Assembly, reach: float) -> None:
    """Four sails in the xy plane: stock, whip, bars and cloth; slightly turned out of the plane."""
    a.add(cylinder(0.3, 0.5, sides=12, bevel=0.04).moved(rotation("x", 90)), "cast_iron", "hub")
    for k in range(4):
        with a.at(rotation("z", 90 * k)):
            a.board((0, 0, 0.05), (0, reach, 0.05), (0.16, 0.2), "dark_wood", "sail", bevel=0.015, up=(1, 0, 0))
            bars = max(8, round(reach / 0.55))
            wide = reach * 0.2
            with a.at(translation(0, 0, 0.08), rotation("y", 8)):
                for i in range(bars):
                    y = reach * (0.18 + 0.8 * i / (bars - 1))
                    a.block((wide + 0.25, 0.04, 0.04), (wide / 2 - 0.1, y, 0), "painted_wood", "sail", tint=COLOURS["cream"])
                for x in (0.3, 0.62, 1.0):
                    a.block((0.035, reach * 0.8, 0.035), (wide * x, reach * 0.58, 0.02), "painted_wood", "sail", tint=COLOURS["cream"])
                a.block(
                    (wide * 0.68, reach * 0.78, 0.02),
                    (wide * 0.65, reach * 0.58, -0.03),
                    "canvas",
                    "sail cloth",
                    tint=a.tint("sail_colour"),
                )
