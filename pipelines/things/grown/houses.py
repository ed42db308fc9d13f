"""Houses: cottages, farmhouses, timber-framed and plastered houses, sheds and huts.

A house stands on y = 0, its front faces +z. Parameters (YAML `with`): covering (see roofs.COVERINGS), walls, clad (plain, timber,
boards, weatherboard), storeys, bays, door_bay, dormers, chimney (place along the ridge, 9 = none), hip (0 … 1); 0/1 for shutters,
flowers, canopy, quoins, gutters; window_width, window_height, columns, rows, arched; wall_, roof_, door_, shutter_, frame_, trim_,
fascia_ and chimney_colour. Several values with | between them: one by chance. Measures follow from the ordered size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import axes, panel, rotation, translation
from pipelines.things.grown.openings import Joinery, Opening, steps
from pipelines.things.grown.roofs import COVERINGS, Covering, Gable, Slope, chimney, gable_roof, lay, ridge_cap
from pipelines.things.grown.walls import Skin, plinth, quoins, side_frames, wall, wall_outline
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape

STOREY_M = 2.65


@dataclass(frozen=True)
class Plan:
    """Measures of a house with a gabled roof, from its ordered size."""

    width_m: float
    depth_m: float
    wall_m: float
    plinth_m: float
    roof: Gable
    chimney_m: float

    @property
    def ridge_y(self) -> float:
        """Height of the ridge above the ground."""
        return self.plinth_m + self.wall_m + self.roof.rise_m


def plan(a: Assembly, *, porch_m: float = 0.0) -> Plan:
    """Fit walls and roof into the ordered width, height and depth."""
    w, h, d = a.order.size_m
    overhang, verge = a.number("overhang", 0.45), a.number("verge", 0.35)
    foot, stack = a.number("plinth", 0.35), a.number("chimney_rise", 0.85)
    hip = a.number("hip", 0.0)
    width = w - 2 * verge
    reach = max(0.3 * max(1, round(foot / 0.17)) - overhang, porch_m - overhang, 0.0)
    depth = d - 2 * overhang - reach - 0.12
    wanted = STOREY_M * a.number("storeys", 1)
    rise = h - stack - foot - wanted - 0.25
    pitch = float(np.clip(math.degrees(math.atan2(rise, depth / 2)), a.number("least_pitch", 22), a.number("most_pitch", 56)))
    roof = Gable(width, depth, pitch, overhang, verge, hip)
    return Plan(width, depth, h - stack - foot - roof.rise_m - 0.12, foot, roof, stack)


def covering_of(a: Assembly, default: str) -> Covering:
    """The covering that parameter `covering` names, in the colour of parameter `roof_colour`."""
    covering = COVERINGS[a.word("covering", default)]
    tint = a.tint("roof_colour")
    return replace(covering, tint=tint or covering.tint)


def joinery_of(a: Assembly, *, reveal_m: float = 0.1, trim: str = "painted_wood", door: str = "painted_wood") -> Joinery:
    """Frames and doors as the parameters say."""
    white = COLOURS["cream"]
    return Joinery(
        frame_tint=a.tint("frame_colour", "white") or white,
        trim=a.word("trim", trim),
        trim_tint=a.tint("trim_colour"),
        door=a.word("door", door),
        door_tint=a.tint("door_colour"),
        sill=a.word("sill", trim),
        shutter_tint=a.tint("shutter_colour"),
        reveal_m=reveal_m,
    )


def bays(a: Assembly, width: float, storeys: int, storey_m: float, *, door_bay: int | None, extras: bool = True) -> list[Opening]:
    """Windows in even bays over all storeys; the door takes one bay of the lowest."""
    wide, tall = a.number("window_width", 1.0), a.number("window_height", 1.25)
    count = int(a.number("bays", max(2, round(width / 2.6))))
    trim = a.number("trim_width", 0.09)
    shutters = bool(a.number("shutters", 0)) and extras
    flowers = bool(a.number("flowers", 0)) and extras
    arched = a.number("arched", 0.0)
    openings = []
    for storey in range(storeys):
        for bay in range(count):
            x = width * ((bay + 0.5) / count - 0.5) * 0.97
            if storey == 0 and bay == door_bay:
                openings.append(
                    Opening(
                        x,
                        0.03,
                        a.number("door_width", 1.05),
                        a.number("door_height", 2.12),
                        "door",
                        rise=a.number("door_rise", 0),
                        trim=trim,
                    )
                )
                continue
            bottom = storey * storey_m + (0.85 if storey == 0 else 0.8)
            room = storey_m - 0.85 - 0.25
            openings.append(Opening(
                x, bottom, wide, min(tall, room), columns=int(a.number("columns", 2)), rows=int(a.number("rows", 2)), rise=arched,
                trim=trim, shutters=shutters, flowers=flowers and (storey == 0 or storeys > 1),
            ))  # fmt: skip
    return openings


def skin_of(a: Assembly, material: str = "plaster", clad: str = "plain") -> Skin:
    """The walls' material and colour: what the order asks for, else the kind's own."""
    chosen = a.order.material or a.word("walls", material)
    tint = a.order.colour or a.tint("wall_colour")
    return Skin(chosen, tint, a.word("clad", clad), a.number("thickness", 0.3), a.word("timber", "dark_wood"))


def house(order: GrownOrder) -> Shape:
    """A dwelling house of one to three storeys under a tiled, slated or thatched roof."""
    a = Assembly(order)
    p = plan(a)
    storeys = int(a.number("storeys", 1))
    skin, joinery = skin_of(a), joinery_of(a)
    covering = covering_of(a, "tiles")
    with a.at(translation(0, p.plinth_m, 0)):
        plinth(a, p.width_m + 0.1, p.depth_m + 0.1, p.plinth_m, a.word("plinth_material", "stone_blocks"))
        count = int(a.number("bays", max(2, round(p.width_m / 2.6))))
        door_bay = int(a.number("door_bay", count // 2))
        front = bays(a, p.width_m, storeys, p.wall_m / storeys, door_bay=door_bay)
        four_walls(a, p, skin, joinery, front, storeys)
        if a.number("quoins", 0):
            quoins(a, p.width_m, p.depth_m, p.wall_m)
        with a.at(translation(0, p.wall_m, 0)):
            gable_roof(a, p.roof, covering, trim_tint=a.tint("fascia_colour"), gutters=bool(a.number("gutters", 1)))
            for k in range(int(a.number("dormers", 0))):
                count_d = int(a.number("dormers", 0))
                x = p.width_m * ((k + 0.5) / count_d - 0.5) * 0.9
                dormer(a, p.roof, covering, joinery, skin, x)
        entrance(a, p, [o for o in front if o.kind == "door"])
    stack(a, p)
    return a.shape()


def four_walls(a: Assembly, p: Plan, skin: Skin, joinery: Joinery, front: list[Opening], storeys: int) -> None:
    """Front and back between the gable walls, windows all round; y = 0 is the walls' foot."""
    storey_m = p.wall_m / storeys
    peak = 0.0 if p.roof.hip >= 1 else p.roof.peak(p.depth_m / 2)
    for name, (frame, length) in side_frames(p.width_m, p.depth_m).items():
        side = name in ("left", "right")
        run = length - 2 * skin.thickness_m if side else length
        outline = wall_outline(length, p.wall_m, peak if p.roof.hip <= 0 else 0.0) if side else wall_outline(run, p.wall_m)
        if side:
            count = max(1, round(length / 3.2))
            openings = [
                Opening(
                    length * ((i + 0.5) / count - 0.5) * 0.9,
                    s * storey_m + 0.85,
                    a.number("window_width", 1.0),
                    min(a.number("window_height", 1.25), storey_m - 1.1),
                    columns=int(a.number("columns", 2)),
                    rows=int(a.number("rows", 2)),
                    rise=a.number("arched", 0.0),
                    trim=a.number("trim_width", 0.09),
                    shutters=bool(a.number("shutters", 0)) and length / count > 2.6,
                )
                for s in range(storeys)
                for i in range(count)
            ]
            if peak > 1.9 and p.roof.hip <= 0:
                openings.append(Opening(0, p.wall_m + peak * 0.16, 0.8, min(1.05, peak * 0.4), rows=2, trim=a.number("trim_width", 0.09)))
            outline = side_outline(outline, length, skin.thickness_m, p)
        else:
            openings = front if name == "front" else bays(a, length, storeys, storey_m, door_bay=None, extras=False)
        with a.at(frame):
            wall(a, outline, openings, skin, joinery)


def side_outline(outline: np.ndarray, length: float, thickness: float, p: Plan) -> np.ndarray:
    """A gable wall drawn in so that it stands between the front and the back wall without filling the same place."""
    half = length / 2 - thickness
    if len(outline) == 4:
        return wall_outline(2 * half, p.wall_m)
    peak = float(outline[:, 1].max())
    shoulder = p.wall_m + thickness * (peak - p.wall_m) / (length / 2)
    return np.array([[-half, 0], [half, 0], [half, shoulder], [0, peak], [-half, shoulder]], np.float64)


def entrance(a: Assembly, p: Plan, doors: list[Opening]) -> None:
    """Steps, a canopy and the places in front of every front door."""
    for opening in doors:
        reach = steps(a, opening.width + 0.5, p.plinth_m, x=opening.x, z=p.depth_m / 2 + 0.05)
        a.spot("front", (opening.x, -p.plinth_m, p.depth_m / 2 + reach + min(1.0, 0.12 * p.depth_m)), (1.6, 1.6), 3.0)
        if a.number("canopy", 0):
            canopy(a, opening, p.depth_m / 2)
        for side in (-1, 1):
            a.spot("side", (opening.x + side * (opening.width / 2 + 0.8), -p.plinth_m, p.depth_m / 2 + 0.5), (0.9, 0.6), 2.0)


def canopy(a: Assembly, opening: Opening, z: float) -> None:
    """A small tiled roof on brackets over a door."""
    wide, deep = opening.width + 0.8, 0.85
    angle = math.radians(28)
    with a.at(translation(opening.x, opening.height + 0.28, z + deep)):
        with a.at(axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))):
            lay(a, Slope(wide, wide, deep / math.cos(angle)), covering_of(a, "tiles"), deck_m=0.05)
        for side in (-1, 1):
            x = side * (wide / 2 - 0.12)
            a.board((x, -0.08, -0.05), (x, -0.08, -deep), (0.09, 0.08), "dark_wood", "bracket")
            a.board((x, -0.08, -0.2), (x, -0.62, -deep + 0.03), (0.08, 0.07), "dark_wood", "bracket")


def stack(a: Assembly, p: Plan) -> None:
    """The chimney where parameters put it: chimney = place along the ridge, −0.5 … 0.5; 9 = none."""
    place = a.number("chimney", 0.3)
    if place > 1:
        return
    z = -0.05 * p.depth_m * a.number("chimney_back", 1)
    foot = p.ridge_y - abs(z) * math.tan(math.radians(p.roof.pitch_deg)) - 0.5
    top = p.ridge_y + p.chimney_m
    chimney(
        a,
        (place * p.width_m, foot, z),
        (0.8, top - foot, 0.6),
        a.word("chimney_material", "brick"),
        pots=int(a.number("pots", 2)),
        tint=a.tint("chimney_colour"),
    )


def dormer(a: Assembly, roof: Gable, covering: Covering, joinery: Joinery, skin: Skin, x: float) -> None:
    """A small gabled window in the front slope; y = 0 is the wall's top."""
    tan = math.tan(math.radians(roof.pitch_deg))
    wide, tall = 1.3, 1.25
    foot = roof.rise_m * 0.14 + 0.05
    z = roof.depth_m / 2 - (foot - roof.lift_m) / tan
    peak = Gable(1, wide, 38).peak(wide / 2)
    run = tall / tan
    with a.at(translation(x, foot, z)):
        opening = Opening(0, 0.18, wide - 0.42, tall - 0.24, rows=2, trim=0.07)
        front = Skin(skin.material, skin.tint, "plain", 0.12)
        wall(a, wall_outline(wide, tall, peak), [opening], front, joinery, name="dormer")
        cheek = np.array([[0.0, 0.0], [0.0, tall], [-run, tall]])
        with a.at(translation(-wide / 2, 0, 0), rotation("y", -90)):
            a.add(panel(cheek, 0.1), skin.material, "dormer", tint=skin.tint)
        with a.at(translation(wide / 2 - 0.1, 0, 0), rotation("y", -90)):
            a.add(panel(cheek, 0.1), skin.material, "dormer", tint=skin.tint)
        back = (tall + Gable(1, wide, 38).rise_m) / tan
        with a.at(translation(0, tall, -back / 2 + 0.1), rotation("y", 90)):
            _dormer_roof(a, Gable(back - 0.1, wide, 38, 0.16, 0.16), covering)


def _dormer_roof(a: Assembly, roof: Gable, covering: Covering) -> None:
    angle = math.radians(roof.pitch_deg)
    eave_y = roof.rise_m - roof.slope_m * math.sin(angle)
    long = roof.width_m + 2 * roof.verge_m
    thin = replace(covering, thickness_m=covering.thickness_m * (0.5 if covering.laid == "thatch" else 0.8), pieces=60)
    for turn in (0, 180):
        front = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
        with a.at(rotation("y", turn), translation(0, eave_y, roof.depth_m / 2 + roof.overhang_m), front):
            lay(a, Slope(long, long, roof.slope_m), thin, deck_m=0.05)
    if covering.laid != "thatch":
        ridge_cap(a, long, roof.rise_m, thin)
