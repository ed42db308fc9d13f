"""Ships and boats with decks: sailing boats, trawlers, tall ships. The bow points to +z; y = 0 is the water line."""

from __future__ import annotations

import math

import numpy as np

from pipelines.scene import Colour, Mesh
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.boats import Hull, gunwales, hull_mesh, transom_mesh
from pipelines.things.grown.joinery import between, loft, panel, rotation, translation, tube
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import cloth, cylinder, ellipsoid, lathe, sphere, torus


def deck_mesh(hull: Hull, drop: float, thickness: float = 0.05, *, low: float = 0.0, high: float = 0.985) -> Mesh:
    """A cambered deck that closes the hull `drop` below its edges."""
    ts = np.linspace(low, high, 16)
    upper = []
    for t in ts:
        rib = hull.rib(float(t), 0.01, 16)
        y = hull.sheer(float(t)) - drop
        half = float(np.interp(y, rib[:, 1], rib[:, 0]))
        xs = np.linspace(-half, half, 7)
        upper.append(
            np.column_stack([xs, y + 0.04 * (1 - (xs / max(half, 1e-3)) ** 2), np.full(7, float(np.interp(y, rib[:, 1], rib[:, 2])))])
        )
    top = np.stack(upper)
    return between(top, top - [0, thickness, 0])


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
    cabin = [
        np.array([[x * wide, deck + y * tall, z] for x, y in ((-1, -0.1), (1, -0.1), (0.94, 0.75), (0.8, 1.0), (-0.8, 1.0), (-0.94, 0.75))])
        for z, wide, tall in ((-d * 0.06, w * 0.27, 0.5), (d * 0.12, w * 0.24, 0.46), (d * 0.2, w * 0.18, 0.3), (d * 0.24, w * 0.13, 0.06))
    ]
    a.add(loft(np.array(cabin)), "glossy_plastic", "cabin", tint=COLOURS["white"])
    for side in (-1, 1):
        for z in (-0.01, 0.07, 0.14):
            a.block(
                (0.03, 0.15, d * 0.05), (side * w * (0.262 - 0.2 * max(z, 0)), deck + 0.26, d * z), "window_glass", "window", bevel=0.01
            )
    a.block((w * 0.42, 0.1, d * 0.26), (0, deck + 0.01, -d * 0.22), "dark_wood", "cockpit", tint=a.shade("dark_wood", 0.6))
    for side in (-1, 1):
        a.block((0.3, 0.2, d * 0.26), (side * w * 0.25, deck + 0.1, -d * 0.22), "oak", "bench", bevel=0.02)
    a.rod((0, deck + 0.1, -d * 0.45), (0, deck + 0.4, -d * 0.3), 0.025, "oak", "tiller", sides=7)
    a.block((0.05, depth * 1.1, 0.3), (0, depth * 0.5, -d / 2 + 0.05), "oak", "rudder", bevel=0.01)
    mast_z, top = d * 0.1, h
    a.rod((0, deck, mast_z), (0, top, mast_z), 0.06, "aluminium", "mast", end_radius=0.035, sides=10)
    boom = deck + 1.25
    a.rod((0.0, boom, mast_z - 0.05), (0.42, boom + 0.05, -d * 0.36), 0.04, "aluminium", "boom", sides=8)
    _sail(
        a,
        (0, boom + 0.1, mast_z - 0.08),
        (0, top - 0.25, mast_z - 0.08),
        (0.42, boom + 0.14, -d * 0.35),
        a.tint("sail_colour", "white"),
        belly=0.42,
    )
    bow = hull.rib(1.0, 0, 3)[-1]
    _sail(
        a,
        (0.0, float(bow[1]) + 0.25, float(bow[2]) - 0.1),
        (0, top * 0.84, mast_z + 0.15),
        (0.55, boom - 0.1, mast_z - 0.2),
        a.tint("jib_colour", "white"),
        belly=0.4,
    )
    a.rod((0, float(bow[1]), float(bow[2])), (0, top * 0.9, mast_z), 0.008, "steel", "stay", sides=4)
    stern = hull.rib(0.0, 0, 3)[-1]
    a.rod((0, float(stern[1]), float(stern[2])), (0, top, mast_z), 0.008, "steel", "stay", sides=4)
    for side in (-1, 1):
        rib = hull.rib(0.58, 0, 3)[-1]
        a.rod((side * float(rib[0]), float(rib[1]), float(rib[2])), (0, top * 0.9, mast_z), 0.008, "steel", "stay", sides=4)
        a.rod((side * 0.45, top * 0.52, mast_z), (0, top * 0.52, mast_z), 0.015, "aluminium", "spreader", sides=6)
    a.spot("deck", (0, deck + 0.1, -d * 0.22), (w * 0.3, d * 0.2), 2)
    return a.shape(sunk_m=depth * 0.36)


def _sail(
    a: Assembly,
    tack: tuple[float, float, float],
    head: tuple[float, float, float],
    clew: tuple[float, float, float],
    tint: Colour | None,
    *,
    belly: float,
) -> None:
    """A three-cornered sail that fills to +x; the leech is slightly round."""
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
    for end in (
        (0, hull.sheer(1.0), d / 2 - 0.45),
        (0, hull.sheer(0.0), -d / 2 + 0.2),
        (w * 0.4, hull.sheer(0.45), 0),
        (-w * 0.4, hull.sheer(0.45), 0),
    ):
        a.rod(end, (0, top - 0.1, house_z - d * 0.14), 0.01, "steel", "rigging", sides=4)
    with a.at(translation(0, deck + 0.3, -d * 0.2), rotation("z", 90)):
        a.add(cylinder(0.22, 0.7, sides=16), "rope", "winch")
        for x in (-0.4, 0.4):
            a.add(cylinder(0.34, 0.05, sides=18), "rusty_iron", "winch", at=(0, x, 0))
    for k in range(4):
        a.block(
            (0.55, 0.26, 0.4),
            (w * 0.2 * (1 if k % 2 else -1), deck + 0.14 + 0.27 * (k // 3), -d * (0.3 + 0.06 * (k // 2))),
            "painted_wood",
            "crates",
            bevel=0.015,
            tint=COLOURS[("orange", "cream", "teal", "orange")[k]],
        )
    for _ in range(7):
        r = float(a.rng.uniform(0.12, 0.24))
        a.add(
            ellipsoid((r * 2.4, r * 1.3, r * 2.2), sides=10),
            "rope",
            "net",
            at=(float(a.rng.uniform(-0.4, 0.4)), deck + r * 0.5, -d * 0.37 + float(a.rng.uniform(-0.3, 0.3))),
            tint=COLOURS["teal"],
        )
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
    a = Assembly(order)
    w, h, d = order.size_m
    depth = h * 0.2
    beam = min(w, d * 0.26)
    long = d * 0.8
    hull = Hull(long, beam, depth, depth * 0.34, transom=0.6, flare=0.3, rocker_m=0.5, rake_m=long * 0.05)
    tint = order.colour or a.tint("hull_colour", "brown")
    with a.at(translation(0, 0, -d * 0.07)):
        a.add(hull_mesh(hull, 0.2, stations=20), "planks", "hull", tint=tint, crease=50)
        a.add(transom_mesh(hull, 0.2), "planks", "hull", tint=tint)
        gunwales(a, hull, "dark_wood", None, radius=0.13)
        for side in (-1, 1):
            for s, colour in ((5, COLOURS["mustard"]), (6, COLOURS["black"])):
                path = np.array([hull.rib(float(t), -0.03, 8)[s] * [side, 1, 1] for t in np.linspace(0.01, 0.97, 22)])
                a.add(tube(path, 0.1, sides=5), "painted_wood", "wale", tint=colour)
            for t in np.linspace(0.14, 0.76, 8):
                rib = hull.rib(float(t), 0, 12)
                x, y, z = (float(v) for v in (rib[8, 0], rib[8, 1], rib[8, 2]))
                a.block((0.2, 0.6, 0.7), (side * x, y, z), "dark_wood", "gun port")
                with a.at(translation(side * (x + 0.3), y, z), rotation("z", 90)):
                    a.add(cylinder(0.13, 0.7, sides=8), "cast_iron", "cannon")
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
                for point in np.linspace(0, 1, 6):
                    index = point * (len(rail) - 1)
                    x, y, z = (float(np.interp(index, np.arange(len(rail)), rail[:, k])) for k in range(3))
                    a.block((0.08, 0.7, 0.08), (x, y - 0.35, z), "dark_wood", "railing")
        stern = hull.rib(0.0, 0, 5)[-1]
        for k in range(5):
            x = float(stern[0]) * 0.62 * (k - 2) / 2
            a.block(
                (beam * 0.085, depth * 0.22, 0.12),
                (x, float(stern[1]) + depth * 0.16, float(stern[2]) - 0.02),
                "window_glass",
                "stern windows",
                bevel=0.02,
            )
            a.block((beam * 0.1, 0.1, 0.2), (x, float(stern[1]) + depth * 0.3, float(stern[2]) - 0.03), "gold", "ornament", bevel=0.02)
        a.add(
            ellipsoid((0.5, 0.7, 0.5), sides=12),
            "lit_glass",
            "stern lantern",
            at=(0, float(stern[1]) + depth * 0.62, float(stern[2]) - 0.1),
        )
        a.lamp((0, float(stern[1]) + depth * 0.62, float(stern[2]) - 0.7), 8.0)
        bow = hull.rib(1.0, 0, 5)[-1]
        tip = (0, float(bow[1]) + depth * 0.55, float(bow[2]) + d * 0.16)
        a.rod((0, float(bow[1]) - 0.2, float(bow[2]) - 1.0), tip, 0.2, "oak", "bowsprit", end_radius=0.1, sides=10)
        _masts(a, hull, h, beam, long, tip)
    a.spot("deck", (0, depth, 0), (beam * 0.5, long * 0.3), 4)
    return a.shape(sunk_m=depth * 0.42)


def _masts(a: Assembly, hull: Hull, h: float, beam: float, long: float, tip: tuple[float, float, float]) -> None:
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
            v, u = np.meshgrid(np.linspace(0, 1, 6), np.linspace(-1, 1, 9), indexing="ij")
            belly = (high - low) * 0.3 * np.sin(math.pi * (1 - v) ** 0.75) * (1 - 0.55 * u**2)
            half = half_high + (half_low - half_high) * v
            grid = np.stack([u * half, high - (high - low) * 0.93 * v + 0.3 * v * u**2, z + 0.3 + belly], axis=-1)
            a.add(cloth(grid, 0.03), "canvas", "sail", tint=sail_tint, crease=70)
        a.add(_crows_nest(), "oak", "crow's nest", at=(0, deck + (top - deck) * 0.5, z))
        for side in (-1, 1):
            rib = hull.rib(t, 0, 3)[-1]
            for dz in (-0.9, 0.0, 0.9):
                a.rod((side * float(rib[0]), float(rib[1]), z + dz), (0, deck + (top - deck) * 0.5, z), 0.03, "rope", "shrouds", sides=4)
        a.rod((0, top - 0.3, z), before, 0.03, "rope", "stay", sides=4)
        before = (0, top - 0.3, z)
        a.add(
            panel(np.array([[0, 0], [0, 0.5], [-1.5, 0.25]]), 0.03).moved(rotation("y", 90)),
            "fabric",
            "pennant",
            at=(0, top - 0.55, z),
            tint=COLOURS["crimson"],
        )


def _crows_nest() -> Mesh:
    """A small round platform with a wall."""
    return lathe([(0.3, 0), (0.7, 0.1), (0.75, 0.7), (0.68, 0.7), (0.62, 0.15), (0.0, 0.15)], sides=10)
