"""Boats: hulls lofted over ribs, with planks, thwarts and oars. The bow points to +z; y = 0 is the water line."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Mesh
from pipelines.things.grown.assembly import Assembly, scaled
from pipelines.things.grown.joinery import between, panel, rotation, translation, tube
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cloth, ellipsoid


@dataclass(frozen=True)
class Hull:
    """Lines of an open hull. transom: width of the stern as a share of the beam, 0 for a double-ender. flare: 0 wall-sided … 1 vee."""

    length_m: float
    beam_m: float
    depth_m: float
    sheer_m: float
    transom: float = 0.6
    flare: float = 0.35
    rocker_m: float = 0.08
    rake_m: float = 0.25

    def half_beam(self, t: float) -> float:
        """Half breadth at the sheer; t runs from the stern (0) to the bow (1)."""
        aft = self.transom + (1 - self.transom) * math.sin(min(t / 0.45, 1.0) * math.pi / 2) if t < 0.45 else 1.0
        fore = 1.0 if t < 0.45 else max(math.cos((t - 0.45) / 0.55 * math.pi / 2), 0.0) ** 0.75
        return self.beam_m / 2 * min(aft, fore)

    def sheer(self, t: float) -> float:
        """Height of the gunwale above the keel's lowest point."""
        return self.depth_m + self.sheer_m * (2 * t - 0.85) ** 2

    def keel(self, t: float) -> float:
        """Height of the keel."""
        return self.rocker_m * abs(2 * t - 0.9) ** 2.5 + (self.depth_m * 0.55 * max(0.0, (t - 0.9) / 0.1) ** 2)

    def rib(self, t: float, inside: float, count: int) -> NDArray[np.float64]:
        """(count, 3) half a section from keel to gunwale on the +x side, drawn in by `inside`."""
        s = np.linspace(0, 1, count)
        half = max(self.half_beam(t) - inside, 0.004)
        low, high = self.keel(t) + inside, self.sheer(t)
        across = np.sin(np.clip(s * 1.15, 0, 1) * math.pi / 2) ** (0.75 + self.flare * 0.6) * (1 - self.flare * 0.25 * (1 - s))
        up = s ** (1.9 - self.flare * 0.8)
        z = (t - 0.5) * self.length_m + self.rake_m * (t**6) * s
        return np.column_stack([half * across, low + (high - low) * up, np.full(count, 0) + z - self.rake_m * 0.5])


def hull_mesh(hull: Hull, thickness: float, *, stations: int = 22, count: int = 8) -> Mesh:
    """The planked shell, open above, `thickness` strong: outer skin, inner skin, gunwale and transom in one closed solid."""
    ts = np.linspace(0.0, 1.0, stations)
    ts = 1 - (1 - ts) ** 1.15
    outer = np.stack([_whole(hull.rib(float(t), 0.0, count)) for t in ts])
    inner_t = np.clip(ts, thickness / hull.length_m * 1.2, 1 - 1.5 * thickness / hull.length_m)
    inner = np.stack([_whole(hull.rib(float(t), thickness, count)) for t in inner_t])
    inner[:, [0, -1], 1] = outer[:, [0, -1], 1]
    return between(outer, inner)


def _whole(half: NDArray[np.float64]) -> NDArray[np.float64]:
    """A section from the −x gunwale over the keel to the +x gunwale."""
    return np.concatenate([half[:0:-1] * [-1, 1, 1], half])


def transom_mesh(hull: Hull, thickness: float, count: int = 8, *, t: float = 0.0) -> Mesh:
    """The flat stern board, or a bulkhead."""
    ring = _whole(hull.rib(t, 0.004, count))
    outline = ring[:, :2]
    z = float(ring[0, 2])
    return panel(outline, thickness).moved(translation(0, 0, z + thickness))


def gunwales(a: Assembly, hull: Hull, material: str, tint: Colour | None, *, radius: float = 0.035, name: str = "gunwale") -> None:
    """Rubbing strakes along both edges."""
    ts = np.linspace(0.0, 1.0, 22)
    for side in (-1, 1):
        path = np.array([hull.rib(float(t), 0.0, 3)[-1] * [side, 1, 1] for t in ts])
        a.add(tube(path, radius, sides=8), material, name, tint=tint)


def flooring(hull: Hull, low: float, high: float, y: float, thickness: float = 0.03) -> Mesh:
    """A flat floor inside the hull at height y above the keel, from t = low to high."""
    ts = np.linspace(low, high, 14)
    edge = []
    for t in ts:
        rib = hull.rib(float(t), 0.02, 24)
        edge.append((float(np.interp(y, rib[:, 1], rib[:, 0])) if y > rib[0, 1] else 0.02, float(rib[0, 2])))
    outline = np.array([(x, -z) for x, z in edge] + [(-x, -z) for x, z in reversed(edge)])
    return panel(outline[::-1], thickness).moved(translation(0, y, 0) @ rotation("x", -90))


def thwart(a: Assembly, hull: Hull, t: float, *, material: str = "pine", width: float = 0.24, drop: float = 0.16) -> float:
    """A seat across the hull; returns its height."""
    y = hull.sheer(t) - drop
    rib = hull.rib(t, 0.02, 24)
    reach = float(np.interp(y, rib[:, 1], rib[:, 0]))
    z = float(rib[0, 2])
    a.block((2 * reach, 0.035, width), (0, y, z), material, "seat", bevel=0.008)
    return y


def rowing_boat(order: GrownOrder) -> Shape:
    """An open clinker boat with thwarts, ribs, bottom boards, rowlocks and two oars."""
    a = Assembly(order)
    w, h, d = order.size_m
    hull = Hull(d - 0.3, w - 0.12, h * 0.72, h * 0.34, transom=0.62)
    tint = order.colour or a.tint("hull_colour")
    wood = order.material or a.word("wood", "painted_wood")
    a.add(hull_mesh(hull, 0.03), wood, "hull", tint=tint, crease=50)
    a.add(transom_mesh(hull, 0.045), wood, "hull", tint=tint)
    _clinker(a, hull, wood, tint)
    gunwales(a, hull, "oak", None, radius=0.034)
    a.add(flooring(hull, 0.06, 0.86, 0.12), "planks", "floor")
    for t in np.linspace(0.12, 0.88, 9):
        ribs = hull.rib(float(t), 0.035, 8)
        path = _whole(ribs)
        a.add(tube(path, 0.018, sides=6), "oak", "ribs")
    seats = [(t, thwart(a, hull, t)) for t in (0.1, 0.4, 0.68)]
    for _, y in seats[1:2]:
        a.spot("seat", (0, y + 0.02, float(hull.rib(0.4, 0, 3)[0, 2])), (w * 0.6, 0.3), 2.0)
    a.spot("inside", (0, 0.15, 0), (w * 0.4, d * 0.4), 2.0)
    for side in (-1, 1):
        _oar(a, hull, side)
    _stem(a, hull, "oak")
    return a.shape(sunk_m=0.24 * h)


def _stem(a: Assembly, hull: Hull, material: str) -> None:
    path = np.array([hull.rib(1.0, 0.0, 6)[i] * [0, 1, 1] + [0, 0, 0.01] for i in range(6)])
    path[-1, 1] += 0.07
    a.add(tube(path, 0.035, sides=8), material, "stem")
    keel = np.array([[0, hull.keel(float(t)) - 0.015, float(hull.rib(float(t), 0, 3)[0, 2])] for t in np.linspace(0, 1, 12)])
    a.add(tube(keel, 0.028, sides=6), material, "keel")


def _clinker(a: Assembly, hull: Hull, material: str, tint: Colour | None) -> None:
    """Laps of the strakes as thin lines along the hull."""
    base = tint or a.shade(material, 1.0)
    dark = scaled(base, 0.8)
    for s in (3, 4, 5, 6):
        for side in (-1, 1):
            path = np.array([hull.rib(float(t), -0.004, 8)[s] * [side, 1, 1] for t in np.linspace(0.01, 0.985, 20)])
            a.add(tube(path, 0.012, sides=5), material, "strakes", tint=dark)


def _oar(a: Assembly, hull: Hull, side: int) -> None:
    y = hull.sheer(0.42) + 0.05
    x = hull.half_beam(0.46)
    z = float(hull.rib(0.46, 0, 3)[0, 2])
    a.rod((side * x, y - 0.08, z), (side * x, y + 0.05, z), 0.018, "cast_iron", "rowlock", sides=6)
    inner, outer = np.array([side * (x - 0.42), y - 0.12, z - 0.75]), np.array([side * (x - 0.14), y + 0.04, z + 0.95])
    a.rod(inner, outer, 0.024, "pine", "oar", sides=8)
    direction = (outer - inner) / np.linalg.norm(outer - inner)
    a.board(outer, outer + 0.55 * direction, (0.02, 0.14), "pine", "oar", bevel=0.008)


def canoe(order: GrownOrder) -> Shape:
    """A slender double-ended canoe with ribs, two seats, thwarts and a paddle."""
    a = Assembly(order)
    w, h, d = order.size_m
    hull = Hull(d - 0.02, w - 0.03, h * 0.6, h * 0.42, transom=0.02, flare=0.2, rocker_m=0.05, rake_m=0.0)
    tint = order.colour or a.tint("hull_colour", "crimson")
    ends = _double_ended(hull)
    a.add(ends, order.material or "painted_wood", "hull", tint=tint, crease=60)
    for side in (-1, 1):
        path = np.array([_canoe_rib(hull, float(t), 0.0, 3)[-1] * [side, 1, 1] for t in np.linspace(0.0, 1.0, 24)])
        a.add(tube(path, 0.016, sides=6), "oak", "gunwale")
    for t in np.linspace(0.12, 0.88, 13):
        half = _canoe_rib(hull, float(t), 0.022, 7)
        a.add(tube(_whole(half), 0.011, sides=5), "oak", "ribs")
    for t, width in ((0.24, 0.26), (0.78, 0.26), (0.5, 0.06)):
        rib = _canoe_rib(hull, t, 0.01, 24)
        y = float(rib[-1, 1]) - (0.1 if width > 0.1 else 0.02)
        reach = float(np.interp(y, rib[:, 1], rib[:, 0]))
        a.block((2 * reach, 0.025, width), (0, y, float(rib[0, 2])), "oak", "seat", bevel=0.006)
    y = float(_canoe_rib(hull, 0.5, 0, 3)[-1, 1])
    a.rod((-0.1, y + 0.02, -0.5), (0.06, y + 0.02, 0.6), 0.016, "pine", "paddle", sides=7)
    with a.at(translation(0.09, y + 0.02, 0.84), rotation("y", 8)):
        a.add(ellipsoid((0.17, 0.02, 0.5), sides=14), "pine", "paddle")
    a.spot("seat", (0, y - 0.08, -0.26 * d), (0.4, 0.25), 2)
    return a.shape(sunk_m=0.2 * h)


def _canoe_rib(hull: Hull, t: float, inside: float, count: int) -> NDArray[np.float64]:
    """Half a section of a hull that is the same fore and aft."""
    s = np.linspace(0, 1, count)
    u = 2 * t - 1
    half = max(hull.beam_m / 2 * (1 - abs(u) ** 2.4) - inside, 0.003)
    low = hull.rocker_m * u**2 + 0.6 * hull.depth_m * max(0.0, (abs(u) - 0.92) / 0.08) ** 2 + inside
    high = hull.depth_m + hull.sheer_m * abs(u) ** 3.2
    z = u * hull.length_m / 2
    return np.column_stack([half * np.sin(np.clip(s * 1.1, 0, 1) * math.pi / 2) ** 0.8, low + (high - low) * s**1.7, np.full(count, z)])


def _double_ended(hull: Hull, thickness: float = 0.014) -> Mesh:
    grid = np.stack([_whole(_canoe_rib(hull, float(t), thickness / 2, 8)) for t in np.linspace(0, 1, 29)])
    return cloth(grid, thickness)
