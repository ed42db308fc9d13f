"""Levelling: the ground is made level under what stands on it, and everything comes to its final height."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.layout.afloat import reaches_water
from pipelines.layout.board import Placed
from pipelines.layout.footprints import Boxes, separation, stack
from pipelines.layout.members import LAND_KINDS, Group, outline
from pipelines.layout.terrain import NEAR_CELL_M, Ground, Pad

WIDE_M, UNEVEN_M = 0.5, 0.1  # half a diagonal, and how much lower one side of what is smaller may be
CORE_APRON_M = 0.75  # how far the slope round a level core reaches: neighbours nearer than that, and a cell, stand on one level


def level_ground(ground: Ground, placed: list[Placed]) -> None:
    """Level the ground under everything wide that stands on it, and under what is small where it is steep; the widest first."""
    wide = [(item, item.boxes("foot")) for item in placed if _wants_pad(item)]
    wide.sort(key=lambda pair: (_is_strip(pair[0].group), -float(pair[1].radius)))
    strips: dict[str, float] = {}  # a row of rails or slabs lies at one height from end to end
    pads: list[Pad] = []
    boxes: list[Boxes] = []  # of the pads, widest first; strips come after all others
    for item, box in wide:
        grown, strip = item.group.is_building, _is_strip(item.group)
        corner_x, corner_z = box.corners()
        heights = ground.heights(np.append(corner_x, box.x), np.append(corner_z, box.z))
        if float(box.radius) <= WIDE_M and float(np.ptp(heights)) <= UNEVEN_M:
            continue
        height = float(np.median(heights)) + (0.02 if grown else 0.0)
        if strip:
            height = strips.setdefault(item.group.kind.name, height)
        else:
            near = np.flatnonzero(separation(box, stack(boxes)) < CORE_APRON_M + NEAR_CELL_M)
            height = pads[near[0]].height_m if len(near) else height
            boxes.append(box)
        apron = 3.0 if grown else 8.0 if strip else 1.6
        pads.append(Pad(float(box.x), float(box.z), float(box.half_width), float(box.half_depth), item.yaw, height, apron))
        ground.add_pad(pads[-1])
    for pad in reversed(pads):  # neighbours' slopes must not reach under what stands: the level cores once more, the widest last
        ground.add_pad(replace(pad, apron_m=CORE_APRON_M))


def _is_strip(group: Group) -> bool:
    """Rails and runways: many pieces that make one long straight thing."""
    return len(group.models) > 1 and bool({"rail", "airfield"} & set(group.kind.tags)) and group.kind.name in ("railway track", "runway")


def _wants_pad(item: Placed) -> bool:
    if item.on is not None or item.group.kind.stands_on in ("water", "air", "wall") or reaches_water(item.group):
        return False
    return not (item.group.is_tree or item.group.kind.family in ("rocks", "plants") or item.group.kind.name in LAND_KINDS)


def settled(ground: Ground, item: Placed) -> float:
    """The final height of what stands on the ground: on its pad, or on the lowest ground under its foot."""
    box = item.boxes("foot")
    corner_x, corner_z = box.corners()
    heights = ground.heights(np.append(corner_x, box.x), np.append(corner_z, box.z))
    low = outline(item.group.models[item.number]).low * item.scale
    if item.group.kind.stands_on == "water":  # a boat on land: its keel a little in the sand
        return float(np.median(heights)) - low - 0.06
    sunk = 0.0
    if item.group.is_tree or item.group.kind.family == "plants":
        sunk = 0.03
    elif item.group.kind.name in LAND_KINDS:
        return float(heights.min()) - 0.5
    elif item.group.kind.family == "rocks" or item.group.kind.name in ("boulder", "rock"):
        sunk = 0.06 * item.group.size(item.number)[1]
    lowest = float(heights.min()) if float(box.radius) < 6 or sunk else float(np.median(heights))
    return lowest - max(low, 0.0) - sunk
