"""Walls of glasshouses: panes between bars on a low wall, up to whatever line the roof has."""

from __future__ import annotations

import numpy as np

from pipelines.scene import Colour
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import Outline, panel, rectangle, wall_panel

BAY_M = 0.62


def glass_wall(a: Assembly, outline: Outline, sill: float, *, name: str, door: tuple[float, float, float] | None, thick: float) -> None:
    """A wall within `outline` (N, 2), standing on y = 0. sill: height of the masonry; door: middle, width and height of an opening."""
    low, high = float(outline[:, 0].min()), float(outline[:, 0].max())
    metal, tint = a.word("trim_material", "painted_metal"), a.tint("trim_colour", "white")
    ends = [low, high] if door is None else [low, door[0] - door[1] / 2, door[0] + door[1] / 2, high]
    pieces = [
        np.array([[start, 0], [end, 0], [end, sill], [start, sill]], np.float64) for start, end in zip(ends[::2], ends[1::2], strict=True)
    ]
    for piece in pieces:
        a.add(wall_panel(piece, thick, []), a.word("wall_material", "brick"), f"{name} wall", tint=a.tint("wall_colour"))
        wide = float(np.ptp(piece[:, 0]))
        a.block(
            (wide, 0.05, thick + 0.06), (float(piece[:, 0].mean()), sill + 0.02, -thick / 2), a.word("sill_material", "limestone"), "sill"
        )
    count = max(1, round((high - low) / BAY_M))
    step = (high - low) / count
    for k in range(count):
        _bay(a, outline, low + step * k, step, sill, door, name)
    for k in range(count + 1):
        x = low + step * k
        top = _height_at(outline, x)
        foot_y = door[2] if door is not None and abs(x - door[0]) < door[1] / 2 - 0.02 else sill
        if top - foot_y > 0.05:
            a.block((0.045, top - foot_y, 0.07), (x, (top + foot_y) / 2, -0.03), metal, "bars", tint=tint)
    eaves = float(min(_height_at(outline, low + 0.01), _height_at(outline, high - 0.01)))
    for y in (sill + 0.05, (sill + eaves) / 2 + 0.1, eaves - 0.03):
        a.block(
            (high - low, 0.05, 0.06), ((low + high) / 2, y, -0.03), metal, "bars", tint=tint
        ) if y > sill + 0.1 or door is None else None
    if door is not None:
        _glazed_door(a, door, metal, tint)


def _glazed_door(a: Assembly, door: tuple[float, float, float], metal: str, tint: Colour | None) -> None:
    for side in (-1, 1):
        a.block((0.07, door[2], 0.09), (door[0] + side * door[1] / 2, door[2] / 2, -0.03), metal, "door frame", tint=tint)
    a.block((door[1], 0.07, 0.09), (door[0], door[2], -0.03), metal, "door frame", tint=tint)
    a.add(panel(rectangle(door[1] - 0.16, door[2] * 0.45, at=(door[0], door[2] * 0.24)), 0.04), metal, "door", at=(0, 0, -0.02), tint=tint)
    pane = rectangle(door[1] - 0.16, door[2] * 0.5, at=(door[0], door[2] * 0.73))
    a.add(panel(pane, 0.012), "glass", "pane", at=(0, 0, -0.03))
    for y in (0.05, door[2] * 0.47, door[2] - 0.05):
        a.block((door[1] - 0.08, 0.08, 0.045), (door[0], y, -0.035), metal, "door", tint=tint)
    for side in (-1, 1):
        a.block((0.08, door[2], 0.045), (door[0] + side * (door[1] / 2 - 0.08), door[2] / 2, -0.035), metal, "door", tint=tint)


def _bay(a: Assembly, outline: Outline, x: float, step: float, sill: float, door: tuple[float, float, float] | None, name: str) -> None:
    """One column of panes, each about a metre high, the topmost cut to the roof's line."""
    foot = sill
    if door is not None and abs(x + step / 2 - door[0]) < door[1] / 2:
        foot = door[2]
    left, right = _height_at(outline, x + 0.01), _height_at(outline, x + step - 0.01)
    top = min(left, right)
    rows = max(1, round((top - foot) / 1.0))
    for row in range(rows):
        low, high = foot + (top - foot) * row / rows, foot + (top - foot) * (row + 1) / rows
        if high - low > 0.05:
            a.add(
                panel(rectangle(step - 0.03, high - low - 0.004, at=(x + step / 2, (low + high) / 2)), 0.012),
                "glass",
                "pane",
                at=(0, 0, -0.03),
            )
    if abs(left - right) > 0.02:
        ends = [[x + 0.015, top], [x + step - 0.015, top]]
        peak = [[x + step - 0.015, right]] if right > left else [[x + 0.015, left]]
        corners = np.array([ends[0], ends[1], *peak], np.float64)
        a.add(panel(corners, 0.012), "glass", "pane", at=(0, 0, -0.03))


def _height_at(outline: Outline, x: float) -> float:
    """The outline's upper edge above x."""
    best = 0.0
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        low, high = sorted((float(start[0]), float(end[0])))
        if low - 1e-9 <= x <= high + 1e-9 and high - low > 1e-9:
            share = (x - start[0]) / (end[0] - start[0])
            best = max(best, float(start[1] + share * (end[1] - start[1])))
    return best
