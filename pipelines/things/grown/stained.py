"""Stained glass: windows of leaded panes in many colours, set in medallions, that glow with the light behind them."""

from __future__ import annotations

import math

import numpy as np

from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import Outline, inset, panel, rectangle, ring, translation
from pipelines.things.grown.openings import Joinery, Opening
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box

GLASSES = ("stained_blue", "stained_red", "stained_gold", "stained_green", "stained_violet", "stained_white")
FIELDS = ("stained_blue", "stained_violet", "stained_blue", "stained_green")
PANE_M = 0.27


def stained_window(a: Assembly, opening: Opening, style: Joinery, rng: np.random.Generator) -> None:
    """Stone mullions, and between them panes by the window's pattern: medallions on a field, a border along the edge."""
    outline = opening.outline
    frame = min(0.09, opening.width * 0.08)
    with a.at(translation(0, 0, -style.reveal_m)):
        a.add(ring(inset(outline, -0.02), frame + 0.02, 0.16), style.trim, "window frame", tint=style.trim_tint)
        wide = opening.width / opening.columns
        for k in range(1, opening.columns):
            x = opening.x - opening.width / 2 + wide * k
            a.add(
                box((0.11, opening.height * 0.86, 0.14), 0.02),
                style.trim,
                "window frame",
                at=(x, opening.bottom + opening.height * 0.43, -0.07),
            )
        _panes(a, opening, inset(outline, frame * 0.6), rng)
    if opening.trim > 0:
        casing = panel(inset(outline, -opening.trim), 0.07, [outline])
        a.add(casing, style.trim, "window trim", at=(0, 0, 0.035), tint=style.trim_tint)


def _panes(a: Assembly, opening: Opening, outline: Outline, rng: np.random.Generator) -> None:
    low, high = outline.min(axis=0), outline.max(axis=0)
    columns, rows = np.maximum(2, np.round((high - low) / PANE_M)).astype(int)
    size = (high - low) / [columns, rows]
    field, ring_colour = FIELDS[int(rng.integers(len(FIELDS)))], ("stained_gold", "stained_white")[int(rng.integers(2))]
    heart = ("stained_red", "stained_gold")[int(rng.integers(2))]
    spread = opening.width / opening.columns
    for i in range(columns):
        for j in range(rows):
            cell = rectangle(size[0] - 0.016, size[1] - 0.016, at=tuple(low + size * [i + 0.5, j + 0.5]))
            clipped = _clipped(cell, outline)
            if clipped is None:
                continue
            x, y = clipped.mean(axis=0)
            colour = _colour(x - opening.x, y - opening.bottom, spread, opening, field=field, ring_colour=ring_colour, heart=heart, rng=rng)
            a.add(panel(clipped, 0.012), colour, "stained glass", at=(0, 0, -0.06), collides=False)
    for j in range(1, rows, 2):  # iron bars
        y = low[1] + size[1] * j
        if y < opening.bottom + opening.height * 0.7:
            a.add(box((opening.width - 0.04, 0.018, 0.02)), "iron", "window frame", at=(opening.x, float(y), -0.05))


def _colour(
    x: float, y: float, spread: float, opening: Opening, *, field: str, ring_colour: str, heart: str, rng: np.random.Generator
) -> str:
    """A medallion every so often up each light, a border along it, and a field between."""
    light = (x + opening.width / 2) / spread
    u = light - math.floor(light) - 0.5
    pitch = max(spread * 1.5, 0.9)
    v = y / pitch - math.floor(y / pitch) - 0.5
    away = math.hypot(u * spread, v * pitch) / (0.5 * min(spread, pitch))
    if away < 0.45:
        return heart
    if away < 0.85:
        return ring_colour if rng.random() < 0.8 else "stained_green"
    if abs(u) > 0.42:
        return "stained_red" if math.floor(y / 0.54) % 2 else "stained_gold"
    return field if rng.random() < 0.72 else GLASSES[int(rng.integers(len(GLASSES)))]


def _clipped(cell: Outline, outline: Outline) -> Outline | None:
    """The part of a pane that lies within a convex outline; None where little is left."""
    points = cell
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        edge = end - start
        side = edge[0] * (points[:, 1] - start[1]) - edge[1] * (points[:, 0] - start[0])
        kept = []
        for k in range(len(points)):
            after = (k + 1) % len(points)
            if side[k] >= 0:
                kept.append(points[k])
            if (side[k] >= 0) != (side[after] >= 0):
                kept.append(points[k] + (points[after] - points[k]) * side[k] / (side[k] - side[after]))
        if len(kept) < 3:
            return None
        points = np.array(kept)
    x, y = points.T
    area = abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2
    return points if area > 0.15 * PANE_M**2 else None


def stained_glass(order: GrownOrder) -> Shape:
    """A stained glass window by itself, to hang on a wall or to stand before the light; its back is at z = 0."""
    a = Assembly(order)
    wide, tall, deep = order.size_m
    opening = Opening(0.0, -tall / 2, wide - 0.02, tall - 0.02, rise=0.8, pointed=True, columns=2, trim=0.0)
    style = Joinery(frame="limestone", trim=a.order.material or "limestone", trim_tint=a.order.colour, reveal_m=0.0)
    with a.at(translation(0, 0, deep)):  # the frame is as deep as the thing
        stained_window(a, opening, style, a.rng)
    return a.shape(fit=False)
