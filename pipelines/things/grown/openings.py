"""Windows and doors: frames in their reveals, muntins, panes, sills, shutters, flower boxes, leaves with panels and handles.

Everything is put in the wall's own frame: x along the wall, y up, the wall's outer face at z = 0 and its thickness behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.scene import Colour, Foliage
from pipelines.things.grown.assembly import Assembly, foliage_of, scaled
from pipelines.things.grown.joinery import Outline, arch, inset, panel, rectangle, ring, rotation, translation
from pipelines.things.materials import COLOURS
from pipelines.things.solids import box, cylinder, sphere


@dataclass(frozen=True)
class Opening:
    """A hole in a wall. x: its middle along the wall; bottom above the wall's foot; rise: an arch's height as a share of the width.

    kind: window, door, or hole.  columns, rows: panes.  trim: width of the casing around it (0 = none).
    """

    x: float
    bottom: float
    width: float
    height: float
    kind: str = "window"
    rise: float = 0.0
    pointed: bool = False
    columns: int = 2
    rows: int = 2
    shutters: bool = False
    flowers: bool = False
    trim: float = 0.09
    sill: bool = True

    @property
    def outline(self) -> Outline:
        """(N, 2) the hole's outline in the wall's plane."""
        if self.rise <= 0:
            return rectangle(self.width, self.height, at=(self.x, self.bottom + self.height / 2))
        return arch(self.width, self.height, bottom=self.bottom, x=self.x, rise=self.rise, pointed=self.pointed)


@dataclass(frozen=True)
class Joinery:
    """What windows and doors are made of."""

    frame: str = "painted_wood"
    frame_tint: Colour | None = None
    trim: str = "painted_wood"
    trim_tint: Colour | None = None
    door: str = "planks"
    door_tint: Colour | None = None
    sill: str = "painted_wood"
    shutter_tint: Colour | None = None
    glass: str = "window_glass"
    reveal_m: float = 0.1  # how deep behind the wall's face the sash sits


def fill(a: Assembly, opening: Opening, style: Joinery) -> None:
    """Put the window or door that the opening is made for."""
    if opening.kind == "window":
        window(a, opening, style)
    elif opening.kind == "door":
        door(a, opening, style)


def window(a: Assembly, opening: Opening, style: Joinery) -> None:
    """A window with sash, muntins, pane and sill; shutters and a flower box where asked for."""
    outline = opening.outline
    sash = min(0.055, opening.width * 0.09)
    with a.at(translation(0, 0, -style.reveal_m)):
        a.add(ring(inset(outline, -0.01), sash + 0.01, 0.06), style.frame, "window frame", tint=style.frame_tint)
        _panes(a, opening, style, sash)
        _muntins(a, opening, style)
    if opening.trim > 0:
        casing = panel(inset(outline, -opening.trim), 0.045, [outline])
        a.add(casing, style.trim, "window trim", at=(0, 0, 0.025), tint=style.trim_tint)
    if opening.sill:
        out = 0.09
        wide = opening.width + 2 * max(opening.trim, 0.04) + 0.06
        at = (opening.x, opening.bottom - 0.02, out / 2 - style.reveal_m / 2)
        a.add(box((wide, 0.05, style.reveal_m + out)), style.sill, "window sill", at=at, tint=style.trim_tint)
    if opening.shutters:
        for side in (-1, 1):
            shutter(a, opening, style, side=side)
    if opening.flowers:
        flower_box(a, opening)


def _panes(a: Assembly, opening: Opening, style: Joinery, sash: float) -> None:
    """One sheet of glass for each light of a rectangular window: each is judged for itself by what samples surfaces."""
    if opening.rise > 0:
        a.add(panel(inset(opening.outline, sash * 0.6), 0.014), style.glass, "window", at=(0, 0, -0.024))
        return
    inner = opening.width - sash * 1.2, opening.height - sash * 1.2
    size = inner[0] / opening.columns, inner[1] / opening.rows
    for i in range(opening.columns):
        for j in range(opening.rows):
            x = opening.x + size[0] * (i + 0.5 - opening.columns / 2)
            y = opening.bottom + opening.height / 2 + size[1] * (j + 0.5 - opening.rows / 2)
            a.add(box((size[0] - 0.004, size[1] - 0.004, 0.014)), style.glass, "window", at=(x, y, -0.031))


def _muntins(a: Assembly, opening: Opening, style: Joinery) -> None:
    bar = 0.028 if opening.width < 1.6 else 0.04
    left, low = opening.x - opening.width / 2, opening.bottom
    straight = opening.height - max(opening.rise, 0) * opening.width * 0.75
    for i in range(1, opening.columns):
        x = left + opening.width * i / opening.columns
        off = abs(x - opening.x) / (opening.width / 2)
        tall = opening.height - max(opening.rise, 0) * opening.width * (1 - (1 - off**2) ** 0.5) - 0.02
        wide = bar * (1.6 if opening.columns == 2 else 1.0)
        a.add(box((wide, tall, 0.036)), style.frame, "window frame", at=(x, low + tall / 2, -0.018), tint=style.frame_tint)
    for j in range(1, opening.rows):
        y = low + straight * j / opening.rows
        a.add(box((opening.width - 0.03, bar, 0.03)), style.frame, "window frame", at=(opening.x, y, -0.02), tint=style.frame_tint)


def shutter(a: Assembly, opening: Opening, style: Joinery, *, side: int) -> None:
    """An open louvred shutter flat against the wall beside the window."""
    wide, tall = opening.width / 2, opening.height
    x = opening.x + side * (opening.width / 2 + opening.trim + wide / 2 + 0.02)
    tint = style.shutter_tint
    with a.at(translation(x, opening.bottom + tall / 2, 0.06)):
        a.add(ring(rectangle(wide, tall), 0.06, 0.04), "painted_wood", "shutter", tint=tint)
        a.add(box((wide - 0.1, tall - 0.1, 0.012)), "painted_wood", "shutter", at=(0, 0, -0.03), tint=tint)
        a.add(box((wide - 0.1, 0.07, 0.036)), "painted_wood", "shutter", at=(0, 0, -0.018), tint=tint)
        count = max(4, int(tall / 0.18))
        for y in np.linspace(-tall / 2 + 0.1, tall / 2 - 0.1, count):
            with a.at(translation(0, float(y), -0.016), rotation("x", 28)):
                a.add(box((wide - 0.11, 0.075, 0.012)), "painted_wood", "shutter", tint=tint)


FLOWER_COLOURS = ("red", "pink", "coral", "white", "violet", "yellow")


def flower_box(a: Assembly, opening: Opening) -> None:
    """A planted box under the sill."""
    wide = opening.width + 0.06
    y = opening.bottom - 0.17
    at = translation(opening.x, y, 0.13)
    with a.at(at):
        a.add(box((wide, 0.2, 0.2), 0.012), "dark_wood", "flower box")
        for side in (-1, 1):
            a.block((0.04, 0.14, 0.1), (side * wide * 0.32, -0.13, -0.07), "dark_wood", "flower box")
        a.leaves(blossoms(a.rng, (wide, 0.26, 0.24), count=int(170 * wide), middle=(0, 0.16, 0.02)))


def blossoms(
    rng: np.random.Generator, size: tuple[float, float, float], *, count: int, middle: tuple[float, float, float] = (0, 0, 0),
    palette: tuple[str, ...] = FLOWER_COLOURS, share: float = 0.38,
) -> Foliage:  # fmt: skip
    """A cushion of leaves with flowers on its outside."""
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = rng.uniform(0.25, 1.0, count) ** (1 / 3)
    places = direction * radius[:, None]
    places[:, 0] = rng.uniform(-1, 1, count)
    centres = places * np.asarray(size) / 2 + np.asarray(middle)
    flower = (rng.uniform(size=count) < share) & (radius > 0.7)
    two = rng.choice(len(palette), 2, replace=False)
    petals = np.array([COLOURS[palette[i]] for i in two])
    colours = np.where(flower[:, None], petals[rng.integers(0, 2, count)], np.array([0.06, 0.13, 0.03]) * rng.uniform(0.6, 1.5, (count, 1)))
    normals = direction + 0.5 * rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    across = np.cross(normals, rng.normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    length = np.where(flower, rng.uniform(0.04, 0.06, count), rng.uniform(0.06, 0.1, count))
    width = np.where(flower, length, length * 0.5)
    return foliage_of(centres, (across, normals), size=(length, width), colours=colours, depth=1 - radius)


def door(a: Assembly, opening: Opening, style: Joinery) -> None:
    """A door leaf in its frame, with boards or panels, hinges, handle and threshold."""
    outline = opening.outline
    with a.at(translation(0, 0, -style.reveal_m)):
        a.add(ring(inset(outline, -0.01), 0.08, 0.1), style.frame, "door frame", tint=style.frame_tint)
        leaf = inset(outline, 0.06)
        a.add(panel(leaf, 0.05), style.door, "door", at=(0, 0, -0.03), tint=style.door_tint)
        with a.at(translation(opening.x, opening.bottom, -0.03)):
            if opening.rise > 0 or style.door == "planks":
                _boarded_leaf(a, opening, style)
            else:
                _panelled_leaf(a, opening, style)
            _handle(a, opening)
    if opening.trim > 0:
        casing = panel(inset(outline, -opening.trim), 0.05, [outline])
        a.add(casing, style.trim, "door trim", at=(0, 0, 0.03), tint=style.trim_tint)
    wide, deep = opening.width + 0.1, style.reveal_m + 0.12
    a.block(
        (wide, 0.05, deep),
        (opening.x, opening.bottom + 0.0, 0.06 - style.reveal_m / 2),
        style.sill if style.glass == "glass" else "stone_blocks",
        "threshold",
        bevel=0.01,
    )


def _boarded_leaf(a: Assembly, opening: Opening, style: Joinery) -> None:
    wide = opening.width - 0.12
    count = max(3, round(wide / 0.17))
    step = wide / count
    for i in range(count):
        x = -wide / 2 + step * (i + 0.5)
        off = abs(x) + step / 2
        fall = opening.rise * opening.width * (1 - max(0.0, 1 - (off / (opening.width / 2)) ** 2) ** 0.5) if opening.rise > 0 else 0.0
        tall = opening.height - 0.12 - fall
        factor = float(a.rng.uniform(0.88, 1.1))
        base = style.door_tint or a.shade(style.door, 1.0)
        tint = scaled(base, factor)
        with a.at(rotation("z", 90)):
            a.add(box((tall, step - 0.012, 0.022), 0.005), "pine", "door", at=(0.05 + tall / 2, -x, 0.008), tint=tint)
    for y in (0.22, opening.height * 0.72):
        a.block((wide * 0.82, 0.055, 0.014), (-wide * 0.08, y, 0.025), "cast_iron", "door hinge", bevel=0.004)


def _panelled_leaf(a: Assembly, opening: Opening, style: Joinery) -> None:
    wide, tall = opening.width - 0.14, opening.height - 0.14
    rows = [(0.12, 0.36), (0.42, 0.66), (0.72, 0.94)]
    for low, high in rows:
        for side in (-1, 1):
            size = (wide * 0.36, (high - low) * tall)
            at = (side * wide * 0.24, 0.05 + (low + high) / 2 * tall)
            a.add(ring(rectangle(*size, at=at), 0.03, 0.03), style.door, "door", at=(0, 0, 0.015), tint=style.door_tint)
            a.add(box((size[0] - 0.1, size[1] - 0.1, 0.016), 0.006), style.door, "door", at=(*at, 0.004), tint=style.door_tint)


def _handle(a: Assembly, opening: Opening) -> None:
    x, y = opening.width / 2 - 0.17, min(1.05, opening.height * 0.48)
    a.block((0.05, 0.2, 0.012), (x, y, 0.026), "brass", "door handle", bevel=0.004)
    with a.at(translation(x, y + 0.03, 0.05), rotation("x", 90)):
        a.add(cylinder(0.012, 0.06, sides=8), "brass", "door handle")
    a.add(sphere(0.03, sides=10), "brass", "door handle", at=(x, y + 0.03, 0.085))


def steps(a: Assembly, width: float, height: float, *, x: float = 0.0, z: float = 0.0, material: str = "stone_blocks") -> float:
    """Steps from y = −height up to y = 0 in front of z; returns how far they reach out."""
    count = max(1, round(height / 0.17))
    tread = 0.3
    for i in range(count):
        top = -height + height * (i + 1) / count - height / count * 0.0
        deep = tread * (count - i)
        tall = height * (i + 1) / count
        if i == count - 1 and count > 1:
            deep = tread
        a.block((width + 0.24 * (count - i - 1), tall, deep), (x, top - tall / 2 - 0.02, z + deep / 2), material, "steps", bevel=0.02)
    return tread * count
