"""Walls: panels with openings, round logs crossing at the corners, timber framing, board cladding, quoins, plinths.

A wall is put in its own frame: x along it, y up from its foot, z out of it, the outer face at z = 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.scene import Colour, Matrix
from pipelines.things.grown.assembly import Assembly, scaled
from pipelines.things.grown.joinery import Outline, panel, rotation, translation, wall_panel
from pipelines.things.grown.openings import Joinery, Opening, fill
from pipelines.things.solids import box, cylinder, lathe

FOUNDATION_M = 0.6


@dataclass(frozen=True)
class Skin:
    """What walls are made of. clad: plain, timber, boards (upright, with battens), weatherboard (lying)."""

    material: str = "plaster"
    tint: Colour | None = None
    clad: str = "plain"
    thickness_m: float = 0.25
    timber: str = "dark_wood"
    quoins: str | None = None


def side_frames(width: float, depth: float) -> dict[str, tuple[Matrix, float]]:
    """Frames of the four walls of a box that stands around the origin: name → (frame of the outer face, its length)."""
    return {
        "front": (translation(0, 0, depth / 2), width),
        "back": (rotation("y", 180) @ translation(0, 0, depth / 2), width),
        "right": (rotation("y", 90) @ translation(0, 0, width / 2), depth),
        "left": (rotation("y", -90) @ translation(0, 0, width / 2), depth),
    }


def wall_outline(length: float, height: float, peak: float = 0.0) -> Outline:
    """A wall's outline, with a gable of that height on top."""
    half = length / 2
    top = [[half, height], [0, height + peak], [-half, height]] if peak > 0 else [[half, height], [-half, height]]
    return np.array([[-half, 0], [half, 0], *top], np.float64)


def wall(
    a: Assembly, outline: Outline, openings: Sequence[Opening], skin: Skin, joinery: Joinery, *, name: str = "wall"
) -> None:  # fmt: skip
    """A wall with its openings filled and its cladding on."""
    for piece, holes in _pieces(outline, [opening.outline for opening in openings]):
        a.add(wall_panel(piece, skin.thickness_m, holes), skin.material, name, tint=skin.tint)
    for opening in openings:
        fill(a, opening, joinery)
    if skin.clad == "timber":
        timber_frame(a, outline, openings, skin)
    elif skin.clad == "boards":
        upright_boards(a, outline, openings, skin, name)
    elif skin.clad == "weatherboard":
        weatherboards(a, outline, openings, skin, name)


def _pieces(outline: Outline, holes: list[Outline]) -> list[tuple[Outline, list[Outline]]]:
    """A gabled wall as a rectangle and a triangle, where no hole lies in both: rectangles have no slivers."""
    if len(outline) != 5:
        return [(outline, holes)]
    shoulder = float(outline[2, 1])
    above = [hole for hole in holes if hole[:, 1].min() > shoulder]
    below = [hole for hole in holes if hole[:, 1].max() < shoulder]
    if len(above) + len(below) < len(holes):
        return [(outline, holes)]
    return [(outline[[0, 1, 2, 4]], below), (outline[2:], above)]


def upper_edge(outline: Outline, x: float) -> float:
    """Height of the outline's top at x."""
    points = outline[outline[:, 1] > outline[:, 1].max() * 0.3]
    order = np.argsort(points[:, 0], kind="stable")
    return float(np.interp(x, points[order, 0], points[order, 1]))


def free_spans(low: float, high: float, blocked: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """What remains of low … high without the blocked stretches, pieces shorter than 4 cm left out."""
    spans, start = [], low
    for a, b in sorted(blocked):
        if b <= start:
            continue
        if a > start:
            spans.append((start, min(a, high)))
        start = max(start, b)
    if start < high:
        spans.append((start, high))
    return [(a, b) for a, b in spans if b - a > 0.04]


def upright_boards(a: Assembly, outline: Outline, openings: Sequence[Opening], skin: Skin, name: str) -> None:
    """Board and batten: battens over the joints of a flush wall."""
    low, high = outline[:, 0].min(), outline[:, 0].max()
    count = max(2, round((high - low) / 0.32))
    for x in np.linspace(low + 0.02, high - 0.02, count + 1):
        top = upper_edge(outline, float(x)) - 0.02
        blocked = [(o.bottom - o.trim, o.bottom + o.height + o.trim) for o in openings if abs(x - o.x) < o.width / 2 + o.trim]
        for start, end in free_spans(0.0, top, blocked):
            with a.at(translation(float(x), 0, 0.012), rotation("z", 90)):
                a.add(box((end - start, 0.06, 0.03)), skin.material, name, at=((start + end) / 2, 0, 0), tint=skin.tint)


def weatherboards(a: Assembly, outline: Outline, openings: Sequence[Opening], skin: Skin, name: str) -> None:
    """Lying boards, each lapping over the one below."""
    top = float(outline[:, 1].max())
    step = max(0.26, top / 26)
    half = outline[:, 0].max()
    shoulder = upper_edge(outline, half - 1e-6)
    for row in range(int(top / step)):
        y = row * step
        reach = half if y + step < shoulder or top - shoulder < 0.05 else half * max(0.0, (top - y - step) / (top - shoulder))
        blocked = [(o.x - o.width / 2 - o.trim, o.x + o.width / 2 + o.trim) for o in openings if _meets(o, y, y + step)]
        for start, end in free_spans(-reach, reach, blocked):
            with a.at(translation((start + end) / 2, y + step / 2, 0.012), rotation("x", -5)):
                factor = float(a.rng.choice([0.94, 1.0, 1.05]))
                base = skin.tint or a.shade(skin.material, 1.0)
                tint = scaled(base, factor)
                a.add(box((end - start, step + 0.02, 0.024)), skin.material, name, tint=tint)


def _meets(opening: Opening, low: float, high: float) -> bool:
    return opening.bottom - opening.trim < high - 0.02 and opening.bottom + opening.height + opening.trim > low + 0.02


def timber_frame(a: Assembly, outline: Outline, openings: Sequence[Opening], skin: Skin) -> None:
    """Sills, plates, posts, rails and braces over a plastered wall."""
    half = float(outline[:, 0].max())
    top = upper_edge(outline, half - 1e-6)
    peak = float(outline[:, 1].max())
    thick, out = 0.17, 0.05

    def timber(start: tuple[float, float], end: tuple[float, float], width: float = thick) -> None:
        z = out / 2 - 0.02 + float(a.rng.uniform(0, 0.006))
        a.board((*start, z), (*end, z), (width, out), skin.timber, "timber", up=(0, 0.98, 0.02) if start[0] != end[0] else (1, 0, 0))

    storeys = max(1, round(top / 2.7))
    levels = [top * k / storeys for k in range(storeys + 1)]
    for level in levels:
        y = min(max(level, thick / 2), top - thick / 2)
        doors = [(o.x - o.width / 2 - o.trim, o.x + o.width / 2 + o.trim) for o in openings if _meets(o, y - 0.08, y + 0.08)]
        for start, stop in free_spans(-half, half, doors):
            timber((start, y), (stop, y), thick * 1.15)
    bays = max(2, round(2 * half / 1.15))
    posts = np.linspace(-half + thick / 2, half - thick / 2, bays + 1)
    for low, high in zip(levels, levels[1:], strict=False):
        here = [o for o in openings if o.bottom < high - 0.1 and o.bottom + o.height > low + 0.1]
        for i, x in enumerate(posts):
            blocked = [(o.bottom - o.trim, o.bottom + o.height + o.trim) for o in here if abs(x - o.x) < o.width / 2 + o.trim + thick / 2]
            for start, stop in free_spans(low + thick / 2, high - thick / 2, blocked):
                timber((float(x), start), (float(x), stop))
            if i == bays:
                continue
            x0, x1 = float(x) + thick / 2, float(posts[i + 1]) - thick / 2
            near = [o for o in here if o.x + o.width / 2 + o.trim > x0 and o.x - o.width / 2 - o.trim < x1]
            if near:
                sill = min(o.bottom for o in near) - thick * 0.75
                if sill > low + 0.45 and not any(o.kind == "door" for o in near):
                    timber((x0, sill), (x1, sill), thick * 0.8)
                    centre_left = near[0].x < (x0 + x1) / 2
                    timber((x1 if centre_left else x0, low + 0.1), (x0 if centre_left else x1, sill - 0.06), thick * 0.7)
                continue
            middle = (low + high) / 2
            timber((x0, middle), (x1, middle), thick * 0.8)
            if i in (0, bays - 1):
                lean = 1 if i == 0 else -1
                timber((x0 if lean > 0 else x1, low + 0.1), (x1 if lean > 0 else x0, middle - 0.05), thick * 0.8)
                timber((x0 if lean > 0 else x1, high - 0.1), (x1 if lean > 0 else x0, middle + 0.05), thick * 0.8)
            elif i % 2 == 0:
                timber((x0, low + 0.1), (x1, middle - 0.05), thick * 0.7)
                timber((x1, low + 0.1), (x0, middle - 0.05), thick * 0.7)
    if peak > top + 0.3:
        slope = (peak - top) / half
        for x in np.linspace(-half, half, bays + 1)[1:-1]:
            blocked = [
                (o.bottom - o.trim, o.bottom + o.height + o.trim) for o in openings if abs(x - o.x) < o.width / 2 + o.trim + thick / 2
            ]
            for start, stop in free_spans(top, peak - abs(float(x)) * slope - 0.05, blocked):
                timber((float(x), start), (float(x), stop), thick * 0.85)
        for share in (0.36,):
            y = top + (peak - top) * share
            reach = half * (1 - share) - 0.1
            blocked = [(o.x - o.width / 2 - o.trim, o.x + o.width / 2 + o.trim) for o in openings if _meets(o, y - 0.08, y + 0.08)]
            for start, stop in free_spans(-reach, reach, blocked):
                timber((start, y), (stop, y), thick * 0.9)
        for side in (-1, 1):
            timber((side * (half - 0.05), top + 0.02), (0, peak - 0.1), thick * 0.9)


def log_walls(
    a: Assembly, width: float, depth: float, height: float, openings: Mapping[str, Sequence[Opening]], *, radius: float, peak: float
) -> None:
    """Four walls of round logs that cross at the corners and stick out there, gables at both ends, chinking behind.

    width and depth are between the logs' axes; `openings` holds each wall's, in frames whose z = 0 is the log's outermost line.
    """
    pitch = radius * 1.82
    rows = int(height / pitch)
    past = radius * 2.4
    for name, (frame, length) in side_frames(width, depth).items():
        across = name in ("left", "right")
        with a.at(frame):
            top = height + (peak if across else 0)
            outline = wall_outline(length, height, peak if across else 0)
            holes = [o.outline for o in openings.get(name, ())]
            a.add(panel(outline, radius * 0.9, holes), "plaster", "chinking", at=(0, 0, radius * 0.45))
            count = int((top - radius * 0.4) / pitch) + 1 if across else rows
            for row in range(count):
                y = radius + row * pitch - (pitch / 2 if across else 0)
                if y < radius * 0.4:
                    continue
                reach = length / 2 + past
                if y > height:
                    reach = length / 2 * (1 - (y - height) / max(peak, 1e-6)) - radius * 0.2
                if reach < radius:
                    continue
                blocked = [(o.x - o.width / 2 - 0.02, o.x + o.width / 2 + 0.02) for o in openings.get(name, ()) if _log_meets(o, y, radius)]
                for start, end in free_spans(-reach, reach, blocked):
                    one_log(a, start, end, y, radius, ends=[edge for edge in (start, end) if abs(edge) == reach and y < height])


def _log_meets(opening: Opening, y: float, radius: float) -> bool:
    return opening.bottom < y + radius * 0.75 and opening.bottom + opening.height > y - radius * 0.75


def one_log(a: Assembly, start: float, end: float, y: float, radius: float, *, ends: Sequence[float] = ()) -> None:
    """A peeled log along x; at the given ends it shows its pale grain."""
    r = radius * float(a.rng.uniform(0.95, 1.04))
    thin = float(a.rng.choice([0.95, 1.0, 1.05]))
    tint = a.shade("log", float(a.rng.choice([0.82, 1.0, 1.16])))
    shift = (0, float(a.rng.uniform(-0.012, 0.012)), float(a.rng.uniform(-0.012, 0.012)))
    with a.at(translation((start + end) / 2, y + shift[1], shift[2]), rotation("z", -90)):
        a.add(cylinder(r, end - start, top_radius=r * thin, sides=10), "log", "wall", tint=tint, crease=50)
        for edge in ends:
            side = -1 if edge == start else 1
            size = r if side < 0 else r * thin
            disc = [(size * 0.9, 0.0), (size * 0.8, 0.012 * side)]
            a.add(lathe(disc, sides=10), "pine", "log ends", at=(0, side * (end - start) / 2, 0))


def plinth(a: Assembly, width: float, depth: float, height: float, material: str = "stone_blocks") -> None:
    """A stone foot under a building, y = 0 its top; it goes on into the ground, which may slope."""
    a.foundation_m = max(a.foundation_m, FOUNDATION_M)
    a.add(box((width, height + FOUNDATION_M, depth), 0.03), material, "plinth", at=(0, -(height + FOUNDATION_M) / 2, 0))


def quoins(a: Assembly, width: float, depth: float, height: float, material: str = "limestone") -> None:
    """Dressed stones at the four corners, long and short in turn."""
    rows = max(3, round(height / 0.36))
    step = height / rows
    for row in range(rows):
        for sx in (-1, 1):
            for sz in (-1, 1):
                long, short = (0.5, 0.3) if (row + (sx == sz)) % 2 else (0.3, 0.5)
                at = (sx * (width / 2 - long / 2 + 0.02), step * (row + 0.5), sz * (depth / 2 - short / 2 + 0.02))
                a.block((long, step - 0.015, short), at, material, "quoins")


def posts_and_rail(
    a: Assembly, start: tuple[float, float], end: tuple[float, float], *, height: float = 0.95, material: str = "painted_wood",
    tint: Colour | None = None, spacing: float = 0.13, name: str = "railing",
) -> None:  # fmt: skip
    """A railing on y = 0 from start to end (x, z): hand rail, foot rail and balusters."""
    (x0, z0), (x1, z1) = start, end
    length = math.hypot(x1 - x0, z1 - z0)
    if length < 0.1:
        return
    a.board((x0, height, z0), (x1, height, z1), (0.06, 0.09), material, name, bevel=0.01, tint=tint)
    a.board((x0, 0.1, z0), (x1, 0.1, z1), (0.05, 0.05), material, name, tint=tint)
    count = max(2, int(length / spacing))
    for t in (np.arange(count) + 0.5) / count:
        x, z = x0 + (x1 - x0) * float(t), z0 + (z1 - z0) * float(t)
        a.block((0.035, height - 0.12, 0.035), (x, height / 2 + 0.04, z), material, name, tint=tint)
