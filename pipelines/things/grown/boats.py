"""Boats: hulls lofted over ribs, with planks, thwarts, oars, masts and sails. The bow points to +z; y = 0 is the keel's underside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arc, mesh_of, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cylinder, ellipsoid, sphere, torus


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
    rows, columns, _ = outer.shape
    index = np.arange(rows * columns).reshape(rows, columns)
    p, q, r, s = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, 1:].ravel(), index[1:, :-1].ravel()
    skin = np.concatenate([np.stack([p, q, r], 1), np.stack([p, r, s], 1)])
    rim = np.concatenate([index[0], index[1:, -1], index[-1, -2::-1], index[-2:0:-1, 0]])
    after, below = np.roll(rim, -1), rows * columns
    sides = np.concatenate([np.stack([rim, rim + below, after + below], 1), np.stack([rim, after + below, after], 1)])
    # the stern and bow ends of both skins are closed by the transom's own flat faces
    faces = np.concatenate([skin, skin[:, ::-1] + below, sides])
    mesh = mesh_of(np.concatenate([outer.reshape(-1, 3), inner.reshape(-1, 3)]), faces)
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


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
    dark = (base[0] * 0.8, base[1] * 0.8, base[2] * 0.8)
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
    from pipelines.things.solids import cloth

    grid = np.stack([_whole(_canoe_rib(hull, float(t), thickness / 2, 8)) for t in np.linspace(0, 1, 29)])
    return cloth(grid, thickness)


def deck_mesh(hull: Hull, drop: float, thickness: float = 0.05, *, low: float = 0.0, high: float = 0.985) -> Mesh:
    """A cambered deck that closes the hull `drop` below its edges."""
    ts = np.linspace(low, high, 16)
    upper = []
    for t in ts:
        rib = hull.rib(float(t), 0.01, 16)
        y = hull.sheer(float(t)) - drop
        half = float(np.interp(y, rib[:, 1], rib[:, 0]))
        xs = np.linspace(-half, half, 7)
        upper.append(np.column_stack([xs, y + 0.04 * (1 - (xs / max(half, 1e-3)) ** 2), np.full(7, float(np.interp(y, rib[:, 1], rib[:, 2])))]))
    top = np.stack(upper)
    from pipelines.things.grown.roofs import _closed_sheet

    mesh = _closed_sheet(top[:, ::-1], top[:, ::-1] - [0, thickness, 0])
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def sailing_boat(order: GrownOrder) -> Shape:
    """A sloop: white hull with deck and cabin, mast and boom, mainsail and jib full of wind, shrouds, tiller, rudder."""
    a = Assembly(order)
    w, h, d = order.size_m
    depth = h * 0.105
    hull = Hull(d - 0.2, w - 0.05, depth, depth * 0.3, transom=0.62, flare=0.5, rocker_m=0.22, rake_m=0.7)
    tint = order.colour or a.tint("hull_colour", "navy")
    a.add(hull_mesh(hull, 0.05), "glossy_plastic", "hull", tint=tint, crease=50)
    a.add(transom_mesh(hull, 0.05), "glossy_plastic", "hull", tint=tint)
    gunwales(a, hull, "oak", None, radius=0.04)
    for side in (-1, 1):
        path = np.array([hull.rib(float(t), -0.006, 8)[6] * [side, 1, 1] for t in np.linspace(0.01, 0.97, 20)])
        a.add(tube(path, 0.03, sides=5), "painted_wood", "stripe", tint=COLOURS["white"])
    a.add(deck_mesh(hull, 0.06), "oak", "deck")
    deck = hull.sheer(0.5) - 0.05
    cabin = [np.array([[x * wide, deck + y * tall, z] for x, y in ((-1, -0.1), (1, -0.1), (0.94, 0.75), (0.8, 1.0), (-0.8, 1.0), (-0.94, 0.75))]) for z, wide, tall in ((-d * 0.06, w * 0.27, 0.5), (d * 0.12, w * 0.24, 0.46), (d * 0.2, w * 0.18, 0.3), (d * 0.24, w * 0.13, 0.06))]
    from pipelines.things.grown.joinery import loft

    a.add(loft(np.array(cabin)), "glossy_plastic", "cabin", tint=COLOURS["white"])
    for side in (-1, 1):
        for z in (-0.01, 0.07, 0.14):
            a.block((0.03, 0.15, d * 0.05), (side * w * (0.262 - 0.2 * max(z, 0)), deck + 0.26, d * z), "window_glass", "window", bevel=0.01)
    a.block((w * 0.42, 0.1, d * 0.26), (0, deck + 0.01, -d * 0.22), "dark_wood", "cockpit", tint=a.shade("dark_wood", 0.6))
    for side in (-1, 1):
        a.block((0.3, 0.2, d * 0.26), (side * w * 0.25, deck + 0.1, -d * 0.22), "oak", "bench", bevel=0.02)
    a.rod((0, deck + 0.1, -d * 0.45), (0, deck + 0.4, -d * 0.3), 0.025, "oak", "tiller", sides=7)
    a.block((0.05, depth * 1.1, 0.3), (0, depth * 0.5, -d / 2 + 0.05), "oak", "rudder", bevel=0.01)
    mast_z, top = d * 0.1, h
    a.rod((0, deck, mast_z), (0, top, mast_z), 0.06, "aluminium", "mast", end_radius=0.035, sides=10)
    boom = deck + 1.25
    a.rod((0.0, boom, mast_z - 0.05), (0.42, boom + 0.05, -d * 0.36), 0.04, "aluminium", "boom", sides=8)
    _sail(a, (0, boom + 0.1, mast_z - 0.08), (0, top - 0.25, mast_z - 0.08), (0.42, boom + 0.14, -d * 0.35), a.tint("sail_colour", "white"), belly=0.42)
    bow = hull.rib(1.0, 0, 3)[-1]
    _sail(a, (0.0, float(bow[1]) + 0.25, float(bow[2]) - 0.1), (0, top * 0.84, mast_z + 0.15), (0.55, boom - 0.1, mast_z - 0.2), a.tint("jib_colour", "white"), belly=0.4)
    a.rod((0, float(bow[1]), float(bow[2])), (0, top * 0.9, mast_z), 0.008, "steel", "stay", sides=4)
    stern = hull.rib(0.0, 0, 3)[-1]
    a.rod((0, float(stern[1]), float(stern[2])), (0, top, mast_z), 0.008, "steel", "stay", sides=4)
    for side in (-1, 1):
        rib = hull.rib(0.58, 0, 3)[-1]
        a.rod((side * float(rib[0]), float(rib[1]), float(rib[2])), (0, top * 0.9, mast_z), 0.008, "steel", "stay", sides=4)
        a.rod((side * 0.45, top * 0.52, mast_z), (0, top * 0.52, mast_z), 0.015, "aluminium", "spreader", sides=6)
    a.spot("deck", (0, deck + 0.1, -d * 0.22), (w * 0.3, d * 0.2), 2)
    return a.shape(sunk_m=depth * 0.36)


def _sail(a: Assembly, tack: tuple[float, float, float], head: tuple[float, float, float], clew: tuple[float, float, float], tint: Colour | None, *, belly: float) -> None:
    """A three-cornered sail that fills to +x; the leech is slightly round."""
    from pipelines.things.solids import cloth

    low, high, aft = (np.asarray(p, np.float64) for p in (tack, head, clew))
    rows = []
    for v in np.linspace(0, 0.995, 12):
        luff = low + (high - low) * v
        leech = aft + (high - aft) * v
        u = np.linspace(0, 1, 9)[:, None]
        line = luff + (leech - luff) * u
        full = belly * np.sin(math.pi * u[:, 0] ** 0.8) * (1 - v) ** 0.7 * (0.35 + 0.65 * min(1.0, v * 5 + 0.3))
        line[:, 0] += full
        line += (leech - luff) / max(float(np.linalg.norm(leech - luff)), 1e-6) * 0.18 * math.sin(math.pi * v) * u**2
        rows.append(line)
    a.add(cloth(np.array(rows), 0.012), "canvas", "sail", tint=tint, crease=70)
    for v in (0.22, 0.44, 0.66, 0.85):
        line = rows[int(v * 11)] + [0.012, 0, 0]
        a.add(tube(line, 0.008, sides=4), "canvas", "battens", tint=COLOURS["beige"])


def fishing_boat(order: GrownOrder) -> Shape:
    """A small trawler: high bow, wheelhouse with windows, mast with derrick, winch, nets, crates, tyres as fenders."""
    a = Assembly(order)
    w, h, d = order.size_m
    depth = h * 0.27
    hull = Hull(d - 0.3, w - 0.12, depth, depth * 0.5, transom=0.72, flare=0.45, rocker_m=0.2, rake_m=0.6)
    tint = order.colour or a.tint("hull_colour", "azure")
    a.add(hull_mesh(hull, 0.07), "painted_wood", "hull", tint=tint, crease=50)
    a.add(transom_mesh(hull, 0.07), "painted_wood", "hull", tint=tint)
    gunwales(a, hull, "painted_wood", COLOURS["white"], radius=0.06)
    for side in (-1, 1):
        for s, colour in ((5, COLOURS["crimson"]), (6, COLOURS["white"])):
            path = np.array([hull.rib(float(t), -0.01, 8)[s] * [side, 1, 1] for t in np.linspace(0.01, 0.97, 20)])
            a.add(tube(path, 0.035, sides=5), "painted_wood", "strake", tint=colour)
    drop = depth * 0.3
    a.add(deck_mesh(hull, drop, 0.06), "weathered_planks", "deck")
    deck = hull.sheer(0.45) - drop + 0.03
    house_z = d * 0.08
    _wheelhouse(a, w * 0.5, h * 0.33, d * 0.2, (0, deck, house_z))
    top = h - 0.1
    a.rod((0, deck, house_z - d * 0.14), (0, top, house_z - d * 0.14), 0.07, "oak", "mast", end_radius=0.045, sides=10)
    a.rod((0, deck + 0.9, house_z - d * 0.15), (0, top * 0.8, -d * 0.42), 0.045, "oak", "derrick", sides=8)
    for end in ((0, hull.sheer(1.0), d / 2 - 0.45), (0, hull.sheer(0.0), -d / 2 + 0.2), (w * 0.4, hull.sheer(0.45), 0), (-w * 0.4, hull.sheer(0.45), 0)):
        a.rod(end, (0, top - 0.1, house_z - d * 0.14), 0.01, "steel", "rigging", sides=4)
    with a.at(translation(0, deck + 0.3, -d * 0.2), rotation("z", 90)):
        a.add(cylinder(0.22, 0.7, sides=16), "rope", "winch")
        for x in (-0.4, 0.4):
            a.add(cylinder(0.34, 0.05, sides=18), "rusty_iron", "winch", at=(0, x, 0))
    for k in range(4):
        a.block((0.55, 0.26, 0.4), (w * 0.2 * (1 if k % 2 else -1), deck + 0.14 + 0.27 * (k // 3), -d * (0.3 + 0.06 * (k // 2))), "painted_wood", "crates", bevel=0.015, tint=COLOURS[("orange", "cream", "teal", "orange")[k]])
    for _ in range(7):
        r = float(a.rng.uniform(0.12, 0.24))
        a.add(ellipsoid((r * 2.4, r * 1.3, r * 2.2), sides=10), "rope", "net", at=(float(a.rng.uniform(-0.4, 0.4)), deck + r * 0.5, -d * 0.37 + float(a.rng.uniform(-0.3, 0.3))), tint=COLOURS["teal"])
    for side in (-1, 1):
        for t in (0.25, 0.45, 0.64):
            rib = hull.rib(t, -0.02, 8)
            with a.at(translation(side * (float(rib[-2, 0]) + 0.06), float(rib[-2, 1]), float(rib[-2, 2])), rotation("z", 90)):
                a.add(torus(0.24, 0.075, sides=18, tube_sides=8), "rubber", "fender")
    a.spot("deck", (0, deck, -d * 0.12), (w * 0.5, d * 0.15), 2)
    return a.shape(sunk_m=depth * 0.45)


def _wheelhouse(a: Assembly, wide: float, tall: float, deep: float, at: tuple[float, float, float]) -> None:
    with a.at(translation(*at)):
        white, red = COLOURS["white"], COLOURS["crimson"]
        a.block((wide, tall, deep), (0, tall / 2, 0), "painted_wood", "wheelhouse", bevel=0.04, tint=white)
        a.block((wide + 0.3, 0.09, deep + 0.35), (0, tall + 0.04, 0.05), "painted_wood", "wheelhouse", bevel=0.03, tint=red)
        for turn, length, out in ((0, wide, deep), (90, deep, wide), (-90, deep, wide), (180, wide, deep)):
            with a.at(rotation("y", turn), translation(0, tall * 0.72, out / 2)):
                count = 3 if length > deep * 0.9 and turn == 0 else 2
                for k in range(count):
                    size = length / count * 0.74
                    x = length * ((k + 0.5) / count - 0.5) * 0.96
                    a.block((size + 0.1, tall * 0.34 + 0.1, 0.04), (x, 0, 0.01), "oak", "window frame", bevel=0.008)
                    a.block((size, tall * 0.34, 0.05), (x, 0, 0.015), "window_glass", "window", bevel=0.006)
        a.block((wide * 0.34, tall * 0.72, 0.05), (wide * 0.2, tall * 0.37, -deep / 2 - 0.01), "oak", "door", bevel=0.01)
        with a.at(translation(wide / 2 + 0.03, tall * 0.32, 0), rotation("z", 90)):
            a.add(torus(0.24, 0.055, sides=18, tube_sides=7), "plastic", "lifebuoy", tint=COLOURS["orange"])
        a.rod((-wide * 0.3, tall, -0.1), (-wide * 0.3, tall + 0.5, -0.1), 0.09, "painted_metal", "funnel", sides=12, tint=red)
        a.add(sphere(0.08, sides=10), "lit_glass", "lamp", at=(0, tall + 0.2, deep / 2))
        a.lamp((0, tall + 0.2, deep / 2 + 0.15), 5.0)


def ship(order: GrownOrder) -> Shape:
    """A three-masted sailing ship: planked hull with gun ports, castles fore and aft, stern windows, square sails, bowsprit."""
    from pipelines.things.grown.joinery import loft
    from pipelines.things.solids import cloth

    a = Assembly(order)
    w, h, d = order.size_m
    depth = h * 0.2
    beam = min(w, d * 0.26)
    long = d * 0.8
    hull = Hull(long, beam, depth, depth * 0.34, transom=0.6, flare=0.3, rocker_m=0.5, rake_m=long * 0.05)
    tint = order.colour or a.tint("hull_colour", "brown")
    with a.at(translation(0, 0, -d * 0.07)):
        a.add(hull_mesh(hull, 0.2, stations=26), "planks", "hull", tint=tint, crease=50)
        a.add(transom_mesh(hull, 0.2), "planks", "hull", tint=tint)
        gunwales(a, hull, "dark_wood", None, radius=0.13)
        for side in (-1, 1):
            for s, colour in ((5, COLOURS["mustard"]), (6, COLOURS["black"])):
                path = np.array([hull.rib(float(t), -0.03, 8)[s] * [side, 1, 1] for t in np.linspace(0.01, 0.97, 22)])
                a.add(tube(path, 0.1, sides=5), "painted_wood", "wale", tint=colour)
            for t in np.linspace(0.14, 0.76, 8):
                rib = hull.rib(float(t), 0, 12)
                x, y, z = (float(v) for v in (rib[8, 0], rib[8, 1], rib[8, 2]))
                a.block((0.2, 0.6, 0.7), (side * x, y, z), "dark_wood", "gun port", bevel=0.03)
                with a.at(translation(side * (x + 0.3), y, z), rotation("z", 90)):
                    a.add(cylinder(0.13, 0.7, sides=10), "cast_iron", "cannon")
        a.add(deck_mesh(hull, depth * 0.12, 0.12), "weathered_planks", "deck")
        for low, high, tall in ((0.0, 0.22, depth * 0.42), (0.83, 0.95, depth * 0.22)):
            rings = []
            for t in np.linspace(low, high, 5):
                rib = hull.rib(float(t), 0.02, 5)
                x, y, z = float(rib[-1, 0]), float(rib[-1, 1]), float(rib[-1, 2])
                rings.append(np.array([[-x, y - 0.3, z], [x, y - 0.3, z], [x * 0.94, y + tall, z], [-x * 0.94, y + tall, z]]))
            a.add(loft(np.array(rings)), "planks", "castle", tint=tint)
            for side in (-1, 1):
                rail = np.array([[side * float(r[2, 0]), float(r[2, 1]) + 0.7, float(r[2, 2])] for r in rings])
                a.add(tube(rail, 0.07, sides=6), "dark_wood", "railing")
                for point in np.linspace(0, 1, 9):
                    index = point * (len(rail) - 1)
                    x, y, z = (float(np.interp(index, np.arange(len(rail)), rail[:, k])) for k in range(3))
                    a.block((0.08, 0.7, 0.08), (x, y - 0.35, z), "dark_wood", "railing")
        stern = hull.rib(0.0, 0, 5)[-1]
        for k in range(5):
            x = float(stern[0]) * 0.62 * (k - 2) / 2
            a.block((beam * 0.085, depth * 0.22, 0.12), (x, float(stern[1]) + depth * 0.16, float(stern[2]) - 0.02), "window_glass", "stern windows", bevel=0.02)
            a.block((beam * 0.1, 0.1, 0.2), (x, float(stern[1]) + depth * 0.3, float(stern[2]) - 0.03), "gold", "ornament", bevel=0.02)
        a.add(ellipsoid((0.5, 0.7, 0.5), sides=12), "lit_glass", "stern lantern", at=(0, float(stern[1]) + depth * 0.62, float(stern[2]) - 0.1))
        a.lamp((0, float(stern[1]) + depth * 0.62, float(stern[2]) - 0.7), 8.0)
        bow = hull.rib(1.0, 0, 5)[-1]
        tip = (0, float(bow[1]) + depth * 0.55, float(bow[2]) + d * 0.16)
        a.rod((0, float(bow[1]) - 0.2, float(bow[2]) - 1.0), tip, 0.2, "oak", "bowsprit", end_radius=0.1, sides=10)
        _masts(a, hull, h, beam, long, tip, cloth)
    a.spot("deck", (0, depth, 0), (beam * 0.5, long * 0.3), 4)
    return a.shape(sunk_m=depth * 0.42)


def _masts(a: Assembly, hull: Hull, h: float, beam: float, long: float, tip: tuple[float, float, float], cloth: object) -> None:
    assert callable(cloth)
    sail_tint = a.tint("sail_colour", "cream")
    before = tip
    for share, t, spread in ((0.9, 0.74, 0.9), (1.0, 0.48, 1.0), (0.78, 0.2, 0.74)):
        z = float(hull.rib(t, 0, 3)[0, 2])
        deck = hull.sheer(t) * 0.88
        top = h * share - 0.05
        a.rod((0, deck, z), (0, top, z), 0.24, "oak", "mast", end_radius=0.09, sides=10)
        levels = np.array([0.16, 0.47, 0.73, 0.93])
        for k in range(3):
            low, high = deck + (top - deck) * levels[k], deck + (top - deck) * levels[k + 1]
            half_low, half_high = beam * spread * (0.78 - 0.16 * k), beam * spread * (0.66 - 0.16 * k)
            a.rod((-half_high - 0.3, high, z + 0.25), (half_high + 0.3, high, z + 0.25), 0.09, "oak", "yard", sides=7)
            v, u = np.meshgrid(np.linspace(0, 1, 8), np.linspace(-1, 1, 11), indexing="ij")
            belly = (high - low) * 0.3 * np.sin(math.pi * (1 - v) ** 0.75) * (1 - 0.55 * u**2)
            half = half_high + (half_low - half_high) * v
            grid = np.stack([u * half, high - (high - low) * 0.93 * v + 0.3 * v * u**2, z + 0.3 + belly], axis=-1)
            a.add(cloth(grid, 0.03), "canvas", "sail", tint=sail_tint, crease=70)
        a.add(lathe_top(), "oak", "crow's nest", at=(0, deck + (top - deck) * 0.5, z))
        for side in (-1, 1):
            rib = hull.rib(t, 0, 3)[-1]
            for dz in (-0.9, 0.0, 0.9):
                a.rod((side * float(rib[0]), float(rib[1]), z + dz), (0, deck + (top - deck) * 0.5, z), 0.03, "rope", "shrouds", sides=4)
        a.rod((0, top - 0.3, z), before, 0.03, "rope", "stay", sides=4)
        before = (0, top - 0.3, z)
        a.add(panel(np.array([[0, 0], [0, 0.5], [-1.5, 0.25]]), 0.03).moved(rotation("y", 90)), "fabric", "pennant", at=(0, top - 0.55, z), tint=COLOURS["crimson"])


def lathe_top() -> Mesh:
    """A small round platform."""
    from pipelines.things.solids import lathe

    return lathe([(0.3, 0), (0.7, 0.1), (0.75, 0.7), (0.68, 0.7), (0.62, 0.15), (0.0, 0.15)], sides=16)
