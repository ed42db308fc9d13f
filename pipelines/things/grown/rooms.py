"""Rooms: the shell that one stands in, with floor, walls, ceiling, windows open to daylight, doors, skirting and beams.

The origin is the middle of the floor's upper side; north is −z (what a visitor sees first), east +x. The ordered size is the
outer one: inside it is `thickness` (0.2 m) smaller on every side, and 0.1 m lower. Parameters, all optional:

    north_windows, east_windows, south_windows, west_windows     how many windows in each wall (0)
    north_door, east_door, south_door, west_door                 1 puts a door there: 0 … 1 is not a share, use *_door_at
    north_door_at …                                              place of the door along its wall, −0.45 … 0.45 of its length (0)
    north_window_at …                                            middle of the row of windows, likewise (0)
    window_width, window_height, sill_height                     1.2, 1.35, 0.85 metres
    columns, rows                                                panes of a window (2, 2);  arched 0 … 0.5 rounds its head
    door_width, door_height, door_colour                         0.9, 2.05 metres
    wall_material, floor_material, ceiling_material              white_plaster, planks, white_plaster
    wall_colour, ceiling_colour, trim_colour                     colour names; the ordered colour goes to the walls
    beams                                                        number of dark beams under the ceiling (0)
    ceiling, eaves, …                                            other ceilings than a flat one: see grown/ceilings.py
    window_glass                                                 glass, or stained: leaded panes of many colours
    window_gap, window_sill                                      least wall between windows (0.35); 0 leaves the sill board out
    window_trim, mullions                                        width of the casing (0.08) and its material (trim_material)
    piers, pier_material                                         how many half columns stand along the east and the west wall (0)
    skirting, cornice                                            heights in metres (0.11, 0); panelling: height of a wainscot (0)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.scene import Colour, Matrix
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.ceilings import add_ceiling, add_piers, profile_of
from pipelines.things.grown.glass_walls import glass_wall
from pipelines.things.grown.joinery import Outline, panel, rectangle, ring, rotation, translation, wall_panel
from pipelines.things.grown.openings import Joinery, Opening, fill
from pipelines.things.grown.stained import stained_window
from pipelines.things.grown.walls import free_spans
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box

SIDES = ("north", "east", "south", "west")
FLOOR_THICKNESS_M = 0.2
OVERLAP_M = 0.06  # how far walls run on behind floor, ceiling and each other: where they only met, light would show through
CEILING_THICKNESS_M = 0.1  # how far below the ordered height the ceiling's underside is


@dataclass(frozen=True)
class Wall:
    """One wall seen from inside: its frame (x along it to the right, y up from the floor, z into the room) and clear length."""

    name: str
    frame: Matrix
    length_m: float
    openings: tuple[Opening, ...]


def room(order: GrownOrder) -> Shape:
    """A furnished room's empty shell; see the module's head for its parameters."""
    a = Assembly(order)
    w, h, d = order.size_m
    thick = a.number("thickness", 0.2)
    tall = h - CEILING_THICKNESS_M
    inner_w, inner_d = w - 2 * thick, d - 2 * thick
    a.add(
        box((w, FLOOR_THICKNESS_M, d)),
        a.word("floor_material", "planks"),
        "floor",
        at=(0, -FLOOR_THICKNESS_M / 2, 0),
        tint=a.tint("floor_colour"),
    )
    profile = profile_of(a, inner_w, tall)
    add_ceiling(a, profile, d)
    a.spot("floor", (0, 0, 0), (inner_w, inner_d), tall)
    a.spot("ceiling", (0, tall, 0), (inner_w, inner_d), tall)
    for wall in walls_of(a, inner_w, inner_d, (float(profile[0, 1]), tall)):
        with a.at(wall.frame):
            _wall(a, wall, profile, thick)
    _beams(a, inner_w, inner_d, tall)
    add_piers(a, profile, inner_w, inner_d)
    return a.shape(fit=False)


def walls_of(a: Assembly, inner_w: float, inner_d: float, heights: tuple[float, float]) -> list[Wall]:
    """The four walls with what the parameters put into them. heights: of the east and west walls, and of the room."""
    places = {
        "north": (translation(0, 0, -inner_d / 2), inner_w),
        "east": (rotation("y", -90) @ translation(0, 0, -inner_w / 2), inner_d),
        "south": (rotation("y", 180) @ translation(0, 0, -inner_d / 2), inner_w),
        "west": (rotation("y", 90) @ translation(0, 0, -inner_w / 2), inner_d),
    }
    return [Wall(name, frame, length, tuple(_openings(a, name, length, heights))) for name, (frame, length) in places.items()]


def _openings(a: Assembly, side: str, length: float, heights: tuple[float, float]) -> list[Opening]:
    """Windows in even bays; those that a door needs the place of move aside or are left out."""
    eaves, tall = heights
    found = []
    taken: list[tuple[float, float]] = []
    if a.number(f"{side}_door", 0):
        wide = a.number("door_width", 0.9)
        x = float(np.clip(a.number(f"{side}_door_at", 0.0) * length, -length / 2 + wide / 2 + 0.15, length / 2 - wide / 2 - 0.15))
        found.append(
            Opening(x, 0.02, wide, min(a.number("door_height", 2.05), tall - 0.15), "door", trim=0.09, rise=a.number("door_rise", 0))
        )
        taken.append((x - wide / 2 - 0.25, x + wide / 2 + 0.25))
    count = int(a.number(f"{side}_windows", 0))
    if count == 0:
        return found
    sill, high = a.number("sill_height", 0.85), a.number("window_height", 1.35)
    wide = min(a.number("window_width", 1.2), length / count - a.number("window_gap", 0.35))
    limit = tall if side in ("north", "south") else eaves
    high = min(high, limit - sill - 0.18)
    pitch = max(length / count if a.number("spread", 1) else wide + 0.35, wide + 0.3)
    middle = a.number(f"{side}_window_at", 0.0) * length
    for k in range(count):
        x = float(np.clip(middle + pitch * (k - (count - 1) / 2), -length / 2 + wide / 2 + 0.15, length / 2 - wide / 2 - 0.15))
        if any(x - wide / 2 < end and x + wide / 2 > start for start, end in taken):
            continue
        found.append(Opening(
            x, sill, wide, high, columns=int(a.number("columns", 2)), rows=int(a.number("rows", 2)), rise=a.number("arched", 0.0),
            pointed=bool(a.number("pointed", 0)), trim=a.number("window_trim", 0.08), sill=bool(a.number("window_sill", 1)),
        ))  # fmt: skip
    return found


def _wall(a: Assembly, wall: Wall, profile: Outline, thick: float) -> None:
    gable = wall.name in ("north", "south")
    eaves, tall = float(profile[0, 1]), float(profile[:, 1].max())
    if not gable:
        tall = eaves
    if a.word("ceiling", "flat") == "glass":
        door = next(((o.x, o.width, o.bottom + o.height) for o in wall.openings if o.kind == "door"), None)
        outline = _wall_outline(wall, profile, wall.length_m / 2 + (thick if gable else 0.0), 0.0)
        glass_wall(a, outline, a.number("sill_height", 0.85), name=wall.name, door=door, thick=thick)
        return
    outline = _wall_outline(wall, profile, wall.length_m / 2 + (thick if gable else thick / 2), OVERLAP_M)
    tint = a.order.colour or a.tint("wall_colour")
    material = a.order.material or a.word("wall_material", "white_plaster")
    a.add(wall_panel(outline, thick, [o.outline for o in wall.openings]), material, f"{wall.name} wall", tint=tint)
    trim = a.tint("trim_colour", "white")
    wood = a.word("trim_material", "painted_wood")
    joinery = Joinery(
        frame=wood, frame_tint=trim, trim=a.word("mullions", wood), trim_tint=trim, sill=wood, door=a.word("door_material", "painted_wood"),
        door_tint=a.tint("door_colour") or trim, glass="glass", reveal_m=thick * 0.55,
    )  # fmt: skip
    for opening in wall.openings:
        if opening.kind == "door":
            fill(a, opening, Joinery(**{**joinery.__dict__, "reveal_m": 0.03}))
            a.add(panel(opening.outline, 0.02), wood, "door back", at=(0, 0, -thick + 0.02), tint=trim)
            a.spot("front", (opening.x, 0, 0.7), (opening.width, 1.2), tall)
        elif a.word("window_glass", "glass") == "stained":
            stained_window(a, opening, joinery, a.rng)
        else:
            fill(a, opening, joinery)
    _lower_trim(a, wall, wood, trim, tall)
    blocked = [(o.x - o.width / 2 - 0.15, o.x + o.width / 2 + 0.15) for o in wall.openings]
    for start, end in free_spans(-wall.length_m / 2 + 0.1, wall.length_m / 2 - 0.1, blocked):
        if end - start > 0.4:
            a.spot("wall", ((start + end) / 2, 1.5, 0.0), (end - start, 0.3), tall - 1.5)


def _wall_outline(wall: Wall, profile: Outline, reach: float, overlap: float) -> Outline:
    """(N, 2) the wall's outline, `overlap` longer below and above than what is seen of it."""
    eaves = float(profile[0, 1])
    head = profile + [0.0, overlap] if wall.name in ("north", "south") else np.zeros((0, 2))
    outline = np.concatenate([[[-reach, -overlap], [reach, -overlap], [reach, eaves + overlap]], head, [[-reach, eaves + overlap]]])
    return outline[np.linalg.norm(outline - np.roll(outline, 1, axis=0), axis=1) > 1e-6]


def _lower_trim(a: Assembly, wall: Wall, wood: str, trim: Colour | None, tall: float) -> None:
    """Skirting, wainscot and cornice, interrupted by doors and windows that reach into them."""
    half = wall.length_m / 2
    skirting, cornice, wainscot = a.number("skirting", 0.11), a.number("cornice", 0.0), a.number("panelling", 0.0)

    def spans(high: float) -> list[tuple[float, float]]:
        return free_spans(-half, half, [(o.x - o.width / 2 - o.trim, o.x + o.width / 2 + o.trim) for o in wall.openings if o.bottom < high])

    if skirting > 0:
        for start, end in spans(skirting):
            a.block((end - start, skirting, 0.02), ((start + end) / 2, skirting / 2, 0.01), wood, "skirting", tint=trim)
    if cornice > 0:  # one slanting face: steps of a few centimetres would be ragged as splats
        cove = np.array([[0.0, tall - cornice], [cornice, tall], [0.0, tall]])
        with a.at(translation(-half, 0, 0), rotation("y", -90)):
            a.add(panel(cove, wall.length_m), wood, "cornice", tint=trim)
    if wainscot > 0:
        for start, end in spans(wainscot):
            _wainscot(a, start, end, wainscot, skirting, wood)
        for o in wall.openings:
            if o.kind != "door" and 0.3 < o.bottom < wainscot:
                reach = o.width / 2 + o.trim
                _wainscot(a, o.x - reach, o.x + reach, o.bottom - o.trim - 0.06, skirting, wood)


def _wainscot(a: Assembly, start: float, end: float, tall: float, skirting: float, wood: str) -> None:
    material = a.word("panelling_material", wood)
    tint = a.tint("panelling_colour")
    a.block((end - start, tall, 0.012), ((start + end) / 2, tall / 2, 0.006), material, "panelling", tint=tint)
    a.block((end - start, 0.05, 0.045), ((start + end) / 2, tall, 0.0225), material, "panelling", bevel=0.008, tint=tint)
    count = max(1, round((end - start) / 0.7))
    wide = (end - start) / count
    for k in range(count):
        x = start + wide * (k + 0.5)
        high = tall - skirting - 0.14
        if wide > 0.25 and high > 0.2:
            frame = rectangle(wide - 0.14, high, at=(x, skirting + 0.06 + high / 2))
            a.add(ring(frame, 0.03, 0.014), material, "panelling", at=(0, 0, 0.024), tint=tint)


def _beams(a: Assembly, inner_w: float, inner_d: float, tall: float) -> None:
    """Beams run along the room's shorter side."""
    count = int(a.number("beams", 0))
    deep_runs = inner_w >= inner_d
    length, across = (inner_d, inner_w) if deep_runs else (inner_w, inner_d)
    for k in range(count):
        place = across * ((k + 0.5) / count - 0.5)
        with a.at(translation(place if deep_runs else 0, tall - 0.1, 0 if deep_runs else place), rotation("y", 90 if deep_runs else 0)):
            a.add(box((length + OVERLAP_M, 0.2, 0.16), 0.015), a.word("beam_material", "dark_wood"), "beams")
