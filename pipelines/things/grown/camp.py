"""Camp and farm: tents, tipis, yurts, igloos, wood stacks, hay, scarecrows, carts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Foliage
from pipelines.things.grown.assembly import Assembly
from pipelines.things.grown.joinery import arc, loft, mesh_of, panel, rotation, translation, tube, wedges
from pipelines.things.materials import COLOURS
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import box, cloth, cylinder, ellipsoid, lathe, sphere, torus


def tent(order: GrownOrder) -> Shape:
    """A ridge tent of canvas with sagging sides, an open door with rolled flaps, poles, guy ropes and pegs."""
    a = Assembly(order)
    w, h, d = order.size_m
    tint = order.colour or a.tint("canvas_colour", "olive")
    half, long, tall = w / 2 - 0.42, d / 2 - 0.45, h - 0.06
    u, v = np.meshgrid(np.linspace(0, 1, 11), np.linspace(-1, 1, 17))
    for side in (-1, 1):
        sag = 0.1 * np.sin(u * math.pi) * (1 - 0.35 * v**2)
        ridge_sag = 0.05 * (1 - v**2)
        x = side * (half * u - sag * 0.75) * (1 + 0.04 * np.abs(v) * u)
        y = (tall - ridge_sag) * (1 - u) + 0.03 - sag * 0.45 * (1 - u)
        sheet = np.stack([x, np.maximum(y, 0.02), v * long], axis=-1)
        a.add(cloth(sheet if side > 0 else sheet[::-1], 0.012), "canvas", "canvas", tint=tint, crease=60)
    a.add(panel(np.array([[-half, 0.02], [half, 0.02], [0, tall - 0.04]]), 0.012), "canvas", "canvas", at=(0, 0, -long + 0.02), tint=tint)
    dark = (0.018, 0.016, 0.014)
    a.add(panel(np.array([[-half * 0.92, 0.03], [half * 0.92, 0.03], [0, tall * 0.93]]), 0.01), "fabric", "inside", at=(0, 0, long - 0.55), tint=dark)
    for side in (-1, 1):
        outline = np.array([[half, 0.02], [half * 0.5, 0.02], [0.02, tall - 0.16], [0.0, tall - 0.04]]) * [side, 1]
        a.add(panel(outline, 0.012), "canvas", "flap", at=(0, 0, long - 0.01), tint=tint)
        roll = arc((side * half * 0.47, 0.08, long + 0.02), (side * 0.05, tall - 0.14, long + 0.02), 0.03)
        a.add(tube(roll, 0.045, sides=8), "canvas", "flap", tint=tint)
    a.add(box((2 * half, 0.02, 2 * long - 0.1)), "canvas", "ground sheet", at=(0, 0.012, 0), tint=(0.08, 0.075, 0.06))
    for z in (long + 0.03, -long - 0.03):
        a.rod((0, 0, z), (0, h, z), 0.022, "pine", "pole", sides=8)
        end = math.copysign(d / 2 - 0.03, z)
        a.rod((0, h - 0.08, z), (0, 0.03, end), 0.008, "rope", "rope", sides=5)
        a.rod((0, 0.12, end - math.copysign(0.02, z)), (0, 0.0, end), 0.014, "oak", "peg", sides=6)
    for side in (-1, 1):
        for z in np.linspace(-long + 0.1, long - 0.1, 4):
            x = side * (w / 2 - 0.02)
            a.rod((side * half * 0.82, 0.3, float(z)), (x, 0.02, float(z)), 0.007, "rope", "rope", sides=5)
            a.rod((x - side * 0.015, 0.1, float(z)), (x, 0.0, float(z)), 0.014, "oak", "peg", sides=6)
    a.spot("inside", (0, 0.03, -0.2), (half, long), 0.8)
    a.spot("front", (0, 0, d / 2 + 0.5), (1.2, 0.8), 3)
    return a.shape()


def tipi(order: GrownOrder) -> Shape:
    """A cone of painted hide over crossing poles, with smoke flaps, lacing pins and a low door."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, knot = w / 2, h * 0.8
    tint = order.colour or a.tint("canvas_colour", "cream")
    count = 16
    for k in range(count):
        angle = 2 * math.pi * k / count + float(a.rng.normal(0, 0.04))
        foot = np.array([r * 0.97 * math.sin(angle), 0, r * 0.97 * math.cos(angle)])
        reach = knot / h
        top = foot * (1 - 1 / reach) * 0.6 + np.array([0, h * float(a.rng.uniform(0.94, 1.0)), 0])
        a.rod(foot, top, 0.04, "driftwood", "pole", end_radius=0.025, sides=6)
    sides = 48
    t = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    wave = 1 + 0.012 * np.cos(count * t)
    bands = [(0.0, 0.24, True), (0.24, 0.78, False), (0.78, 0.97, True)]
    accent = a.tint("band_colour", "rust")
    for low, high, coloured in bands:
        rings = []
        for s in np.linspace(low, high, 4):
            radius = (r * (1 - s) + 0.16 * s) * (1 - 0.035 * math.sin(math.pi * s))
            rings.append(np.column_stack([radius * wave * np.sin(t), np.full(sides, 0.02 + s * knot), radius * wave * np.cos(t)]))
        a.add(loft(np.array(rings)), "canvas", "hide", tint=accent if coloured else tint, crease=45)
    for k in range(10):
        angle = 2 * math.pi * k / 10 + 0.3
        s = 0.27
        radius = (r * (1 - s) + 0.16 * s) * 0.985
        with a.at(rotation("y", math.degrees(angle)), translation(0, 0.02 + s * knot, radius), rotation("x", -math.degrees(math.atan2(r - 0.16, knot)))):
            a.add(panel(np.array([[-0.22, 0], [0.22, 0], [0, 0.4]]), 0.02), "canvas", "pattern", at=(0, 0, 0.01), tint=accent)
    lean = math.degrees(math.atan2(r - 0.16, knot))
    with a.at(translation(0, 0.02, r * 0.99), rotation("x", -lean)):
        door = np.array([[0.42 * math.sin(x) * 0.85, 0.75 - 0.62 * math.cos(x) * 1.05] for x in np.linspace(0, 2 * math.pi, 18, endpoint=False)])
        a.add(panel(door, 0.04), "leather", "door", at=(0, 0, 0.035), tint=a.tint("door_colour", "brown"))
        for y in np.arange(1.7, knot * 0.85, 0.3):
            a.block((0.34, 0.025, 0.025), (0, float(y), -0.02), "pine", "pins")
    for side in (-1, 1):
        flap = np.array([[0.0, 0], [0.75, 0.55], [0.62, 1.05], [0.0, 0.75]]) * [side, 1]
        with a.at(translation(0, knot * 0.74, r * 0.3), rotation("y", side * 25), rotation("x", -lean * 0.6)):
            a.add(panel(flap, 0.02), "canvas", "smoke flap", tint=tint)
    a.spot("front", (0, 0, r + 0.8), (1.2, 1.0), 3)
    return a.shape()


def yurt(order: GrownOrder) -> Shape:
    """A round felt tent: low drum wall bound with bands, a shallow cone roof with crown ring, a painted wooden door."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, wall = w / 2 - 0.2, h * 0.48
    tint = order.colour or a.tint("canvas_colour", "cream")
    sides = 44
    a.add(lathe([(r, 0.12), (r + 0.03, wall * 0.5), (r, wall), (r * 0.3, wall)], sides=sides), "canvas", "wall", tint=tint, crease=30)
    roof = [(r + 0.2, wall - 0.14), (r + 0.2, wall - 0.06), (r * 0.75, wall + (h - wall) * 0.34), (r * 0.4, wall + (h - wall) * 0.72), (0.62, h - 0.17), (0.6, h - 0.3), (r * 0.5, wall)]
    a.add(lathe(roof, sides=sides), "canvas", "roof", tint=tint, crease=30)
    a.add(cylinder(r + 0.12, 0.14, sides=sides), "weathered_planks", "floor", at=(0, 0.07, 0))
    for y in (0.4, wall * 0.5, wall - 0.32):
        a.add(torus(r + 0.035, 0.035, sides=sides, tube_sides=6), "rope", "band", at=(0, y, 0), tint=a.tint("band_colour", "rust"))
    for k in range(20):
        angle = 360 * k / 20 + 9
        with a.at(rotation("y", angle)):
            a.rod((0, wall - 0.06, r + 0.22), (0, h - 0.16, 0.66), 0.016, "rope", "rope", sides=5)
    a.add(torus(0.6, 0.06, sides=24, tube_sides=8), "oak", "crown", at=(0, h - 0.14, 0))
    a.add(lathe([(0.55, h - 0.14), (0.3, h - 0.04), (0.0, h)], sides=24), "window_glass", "crown glass")
    with a.at(translation(0, 0.14, r + 0.03)):
        colour = a.tint("door_colour", "teal")
        a.block((1.3, wall - 0.06, 0.22), (0, (wall - 0.06) / 2, -0.02), "painted_wood", "door frame", bevel=0.02, tint=COLOURS["rust"])
        a.block((0.98, wall - 0.24, 0.06), (0, (wall - 0.2) / 2, 0.09), "painted_wood", "door", bevel=0.01, tint=colour)
        for side in (-1, 1):
            for y in (0.28, 0.64):
                a.block((0.36, (wall - 0.3) * 0.3, 0.03), (side * 0.23, (wall - 0.2) * y + 0.04, 0.12), "painted_wood", "door", bevel=0.012, tint=COLOURS["amber"])
        a.block((1.5, 0.1, 0.6), (0, -0.08, 0.35), "weathered_planks", "step", bevel=0.015)
    a.spot("front", (0, 0, r + 1.5), (1.5, 1.2), 3)
    return a.shape()


def igloo(order: GrownOrder) -> Shape:
    """A dome of cut snow blocks with a tunnel; blocks are separate, slightly uneven, in a rising spiral of courses."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = w / 2
    with a.at(translation(0, 0, -d / 2 + r)):
        a.add(_dome(r * 0.96, h * 0.965), "snow", "dome", tint=a.shade("snow", 0.82))
        rows = 7
        for row in range(rows):
            low, high = math.pi / 2 * row / rows, math.pi / 2 * (row + 1) / rows
            count = max(5, round(2 * math.pi * r * math.cos((low + high) / 2) / 0.78))
            _snow_course(a, r, h, low, high, count, offset=0.37 * row)
    tunnel = d - 2 * r + 0.5
    with a.at(translation(0, 0, d / 2)):
        for k in range(3):
            z = -tunnel * (k + 0.5) / 3
            stones = 9
            for i in range(stones):
                t0, t1 = math.pi * (i + 0.03) / stones, math.pi * (i + 0.97) / stones
                ring = [(rr * math.cos(t), rr * 1.15 * math.sin(t)) for rr, t in ((0.55, t0), (0.83, t0), (0.83, t1), (0.55, t1))]
                a.add(panel(np.array(ring), tunnel / 3 - 0.02), "snow", "tunnel", at=(0, 0, z + tunnel / 6), tint=a.shade("snow", float(a.rng.choice([0.94, 1.0, 1.03]))))
        a.add(panel(np.array([(0.6 * math.cos(t), 0.69 * math.sin(t)) for t in np.linspace(0, math.pi, 14)]), 0.02), "snow", "entrance", at=(0, 0, -tunnel + 0.1), tint=(0.06, 0.08, 0.1))
    a.spot("front", (0, 0, d / 2 + 0.9), (1.4, 1.0), 3)
    return a.shape()


def _dome(r: float, h: float) -> object:
    t = np.linspace(0, math.pi / 2, 9)
    profile = [(r * math.cos(x), h * math.sin(x)) for x in t[:-1]] + [(0.0, h)]
    return lathe(profile, sides=32)


def _snow_course(a: Assembly, r: float, h: float, low: float, high: float, count: int, *, offset: float) -> None:
    lots: list[NDArray[np.float64]] = []
    for k in range(count):
        t0, t1 = 2 * math.pi * (k + 0.02) / count + offset, 2 * math.pi * (k + 0.98) / count + offset
        out = float(a.rng.uniform(0.99, 1.02))
        corners = []
        for lat, gap in ((low, 0.012), (high, -0.012)):
            for radius, turn in ((0.9, t0), (out, t0), (out, t1), (0.9, t1)):
                corners.append((r * radius * math.cos(lat + gap) * math.sin(turn), max(h * radius * math.sin(lat + gap), 0.0), r * radius * math.cos(lat + gap) * math.cos(turn)))
        lots.append(np.array(corners))
    for shade, part in ((0.95, lots[0::3]), (1.0, lots[1::3]), (1.03, lots[2::3])):
        if part:
            mesh = wedges(np.array(part))
            a.add(mesh, "snow", "blocks", tint=a.shade("snow", shade))


def wood_stack(order: GrownOrder) -> Shape:
    """Split firewood between two pairs of posts under a small board roof."""
    a = Assembly(order)
    w, h, d = order.size_m
    for side in (-1, 1):
        for z in (-d * 0.3, d * 0.3):
            a.rod((side * (w / 2 - 0.07), 0, z), (side * (w / 2 - 0.09), h - 0.08, z), 0.045, "log", "post", sides=8)
    for z in (-d * 0.28, d * 0.28):
        a.rod((-w / 2 + 0.05, 0.05, z), (w / 2 - 0.05, 0.05, z), 0.05, "log", "bearer", sides=8)
    radius = 0.085
    row, y = 0, 0.1 + radius
    while y < h - 0.22:
        x = -w / 2 + 0.15 + radius + (radius if row % 2 else 0)
        while x < w / 2 - 0.15 - radius * 0.7:
            _split_log(a, (x + float(a.rng.normal(0, 0.008)), y + float(a.rng.normal(0, 0.008)), float(a.rng.normal(0, 0.02))), radius * float(a.rng.uniform(0.82, 1.08)), d * float(a.rng.uniform(0.84, 0.95)))
            x += radius * 2.02
        row += 1
        y += radius * 1.74
    for k, z in enumerate(np.linspace(-d / 2 + 0.08, d / 2 - 0.08, 4)):
        with a.at(translation(0, h - 0.06 + 0.012 * (k % 2), float(z)), rotation("x", 5)):
            a.add(box((w, 0.028, d / 4 + 0.03), 0.005), "weathered_planks", "roof", tint=a.shade("weathered_planks", float(a.rng.uniform(0.85, 1.1))))
    return a.shape()


def _split_log(a: Assembly, at: tuple[float, float, float], radius: float, length: float) -> None:
    """A round or a split billet along z: bark around, pale wood at the ends."""
    kind = int(a.rng.integers(0, 3))
    turn = float(a.rng.uniform(0, 360))
    if kind == 0:
        outline = np.array([(radius * math.cos(t), radius * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 9, endpoint=False)])
    else:
        span = math.pi if kind == 1 else math.pi * 0.6
        outline = np.array([(radius * 1.12 * math.cos(t), radius * 1.12 * math.sin(t)) for t in np.linspace(0, span, 6)] + ([] if kind == 1 else [(0.0, -0.02)]))
        outline -= outline.mean(axis=0)
    with a.at(translation(*at)):
        c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        spun = outline @ np.array([[c, s], [-s, c]])
        a.add(panel(spun, length), "bark", "logs", at=(0, 0, length / 2), tint=a.shade("bark", float(a.rng.choice([0.85, 1.0, 1.2]))))
        for z in (length / 2 + 0.006, -length / 2 + 0.004):
            a.add(panel(spun * 0.9, 0.01), "pine", "log ends", at=(0, 0, z), tint=a.shade("pine", float(a.rng.choice([0.8, 0.95, 1.05]))))


def straw_coat(rng: np.random.Generator, centres: NDArray[np.float64], normals: NDArray[np.float64], *, length: float, droop: float = 0.6, tone: float = 1.0) -> Foliage:
    """Loose straw on a surface, lying along it and hanging a little."""
    count = len(centres)
    direction = rng.normal(size=(count, 3)) - np.array([0, droop * 2, 0])
    direction -= normals * np.sum(direction * normals, axis=1, keepdims=True) * 0.85
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    flat = normals - direction * np.sum(direction * normals, axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-9
    colour = np.array([0.5, 0.37, 0.13]) * tone * rng.uniform(0.55, 1.25, (count, 1))
    lengths = rng.uniform(0.5, 1.3, count) * length
    arrays = (centres + normals * 0.01, direction, flat, lengths, lengths * 0.07, colour, np.zeros(count))
    return Foliage(*(np.asarray(array, np.float32) for array in arrays), 0.15)


def hay_bale(order: GrownOrder) -> Shape:
    """A round bale, lying on its side: rolled layers on the ends, twine around, loose straw."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = min(h, d) / 2 * 0.965
    steps = np.linspace(0, 1, 6)
    profile = [(r * (0.12 + 0.86 * float(t)), -w / 2 + 0.05 - 0.018 * (i % 2)) for i, t in enumerate(steps)]
    profile += [(r, -w / 2 + 0.12), (r * 1.005, 0), (r, w / 2 - 0.12)] + [(x, -y) for x, y in profile[::-1]]
    with a.at(translation(0, h / 2, 0), rotation("z", 90)):
        a.add(lathe(profile, sides=36), "hay", "bale", tint=order.colour, crease=30)
        for y in np.linspace(-w * 0.36, w * 0.36, 6):
            a.add(torus(r * 1.0, 0.008, sides=36, tube_sides=5), "rope", "twine", at=(0, float(y), 0))
    count = 2600
    angle = a.rng.uniform(0, 2 * math.pi, count)
    x = a.rng.uniform(-w / 2 + 0.06, w / 2 - 0.06, count)
    normals = np.column_stack([np.zeros(count), np.cos(angle), np.sin(angle)])
    side = a.rng.uniform(size=count) < 0.4
    radius = np.where(side, r * np.sqrt(a.rng.uniform(0.02, 1, count)), r)
    face = np.where(a.rng.uniform(size=count) < 0.5, -1.0, 1.0)
    centres = np.column_stack([np.where(side, face * (w / 2 - 0.05), x), h / 2 + radius * np.cos(angle), radius * np.sin(angle)])
    normals[side] = np.column_stack([face[side], np.zeros(side.sum()), np.zeros(side.sum())])
    a.leaves(straw_coat(a.rng, centres, normals, length=0.13, droop=0.1))
    a.spot("top", (0, h, 0), (w * 0.7, d * 0.3), 3)
    return a.shape()


def haystack(order: GrownOrder) -> Shape:
    """A heaped stack with a rounded top and a pole through it, its straw hanging down."""
    a = Assembly(order)
    w, h, _ = order.size_m
    r, tall = w / 2 * 0.95, h - 0.35
    profile = np.array([(0.9, 0.0), (1.0, 0.16), (0.99, 0.34), (0.88, 0.55), (0.68, 0.75), (0.4, 0.91), (0.14, 0.985), (0.0, 1.0)])
    a.add(lathe(profile * [r, tall], sides=32, smooth=2), "hay", "stack", tint=order.colour, crease=60)
    a.rod((0.03, tall * 0.8, 0.0), (0.06, h, 0.02), 0.045, "driftwood", "pole", sides=8)
    count = 6500
    t = np.sqrt(a.rng.uniform(0, 1, count))
    share = 1 - t
    radius = np.interp(share, profile[:, 1], profile[:, 0]) * r
    slope = np.interp(share, [0.0, 0.2, 0.5, 0.8, 1.0], [-0.3, 0.05, 0.5, 1.1, 4.0])
    angle = a.rng.uniform(0, 2 * math.pi, count)
    normals = np.column_stack([np.sin(angle), slope, np.cos(angle)])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    centres = np.column_stack([radius * np.sin(angle), share * tall, radius * np.cos(angle)])
    a.leaves(straw_coat(a.rng, centres, normals, length=0.3, droop=0.9))
    return a.shape()


def scarecrow(order: GrownOrder) -> Shape:
    """A stuffed coat on a cross of poles, a sack for a head under a brimmed hat, straw at the cuffs."""
    a = Assembly(order)
    w, h, _ = order.size_m
    coat = order.colour or a.tint("coat_colour", "rust")
    arm_y = h * 0.69
    a.rod((0, 0, -0.04), (0, h * 0.86, -0.04), 0.03, "driftwood", "pole", sides=8)
    a.rod((-w / 2 + 0.06, arm_y, -0.03), (w / 2 - 0.06, arm_y + 0.03, -0.03), 0.022, "driftwood", "pole", sides=8)
    body = [(0.21, h * 0.34), (0.2, h * 0.42), (0.155, h * 0.5), (0.17, h * 0.6), (0.2, h * 0.68), (0.13, h * 0.725), (0.05, h * 0.735)]
    a.add(lathe(body, sides=20, smooth=1), "fabric", "coat", tint=coat, crease=60)
    for side in (-1, 1):
        path = arc((side * 0.12, arm_y - 0.01, 0), (side * (w / 2 - 0.13), arm_y + 0.015, -0.02), 0.035)
        a.add(tube(path, np.linspace(0.105, 0.075, len(path)), sides=10), "fabric", "coat", tint=coat, crease=60)
        legs = arc((side * 0.09, h * 0.37, 0), (side * 0.13, h * 0.1, 0.0), 0.0)
        a.add(tube(legs, np.linspace(0.1, 0.085, len(legs)), sides=10), "fabric", "trousers", tint=COLOURS["navy"], crease=60)
        for x, y, direction in ((side * (w / 2 - 0.1), arm_y + 0.01, (side, -0.35, 0)), (side * 0.13, h * 0.09, (0, -1, 0))):
            count = 60
            centres = np.array([x, y, 0.0]) + a.rng.normal(0, 0.035, (count, 3))
            normals = a.rng.normal(size=(count, 3))
            normals /= np.linalg.norm(normals, axis=1, keepdims=True)
            tuft = straw_coat(a.rng, centres, normals, length=0.16)
            d = np.array(direction) + a.rng.normal(0, 0.25, (count, 3))
            d /= np.linalg.norm(d, axis=1, keepdims=True)
            a.leaves(Foliage(tuft.centres, d.astype(np.float32), tuft.normals, tuft.lengths_m, tuft.widths_m, tuft.colours, tuft.depth))
    with a.at(translation(0, h * 0.81, 0.01)):
        a.add(ellipsoid((0.25, 0.3, 0.26), sides=18), "linen", "head", tint=a.shade("linen", 0.7))
        for side in (-1, 1):
            a.add(sphere(0.022, sides=8), "rubber", "eyes", at=(side * 0.055, 0.03, 0.118))
        a.add(tube(np.array([[-0.07, -0.06, 0.105], [-0.03, -0.08, 0.12], [0.03, -0.08, 0.12], [0.07, -0.06, 0.105]]), 0.007, sides=5), "rubber", "mouth")
        with a.at(translation(0, 0.1, -0.02), rotation("x", -8)):
            a.add(lathe([(0.3, 0.0), (0.3, 0.015), (0.15, 0.03), (0.12, 0.19), (0.06, 0.21), (0, 0.2)], sides=24, smooth=0), "straw", "hat")
            a.add(cylinder(0.146, 0.035, sides=24), "fabric", "hat band", at=(0, 0.045, 0), tint=coat)
    a.block((0.12, 0.1, 0.015), (0.09, h * 0.47, 0.16), "fabric", "patch", tint=COLOURS["mustard"])
    return a.shape()


def cart(order: GrownOrder) -> Shape:
    """A two-wheeled farm cart with spoked wheels, slatted sides and two shafts towards the front."""
    a = Assembly(order)
    w, h, d = order.size_m
    r = h * 0.42
    bed = (w - 0.34, d * 0.56)
    middle = -d / 2 + bed[1] / 2 + 0.05
    floor = r + 0.12
    wood = order.material or "weathered_planks"
    count = 6
    for k in range(count):
        x = bed[0] * ((k + 0.5) / count - 0.5)
        with a.at(translation(x, floor, middle), rotation("y", 90)):
            a.add(box((bed[1], 0.035, bed[0] / count - 0.01), 0.005), wood, "bed", tint=a.shade(wood, float(a.rng.uniform(0.85, 1.1))))
    for side in (-1, 1):
        for k in range(3):
            a.block((0.03, 0.13, bed[1]), (side * bed[0] / 2, floor + 0.12 + 0.16 * k, middle), wood, "side", bevel=0.005, tint=order.colour or a.shade(wood, float(a.rng.uniform(0.85, 1.1))))
        for z in np.linspace(-bed[1] / 2 + 0.05, bed[1] / 2 - 0.05, 4):
            a.block((0.05, h - floor + 0.04, 0.06), (side * (bed[0] / 2 + 0.035), floor + (h - floor) / 2 - 0.03, middle + float(z)), "oak", "stakes", bevel=0.006)
        a.board((side * 0.34, floor - 0.07, middle - bed[1] / 2), (side * 0.34, floor - 0.02, d / 2), (0.09, 0.07), "oak", "shaft", bevel=0.012)
        _spoked_wheel(a, (side * (w / 2 - 0.06), r, middle), r)
    for z in (-1, 1):
        for k in range(3):
            a.block((bed[0], 0.12, 0.03), (0, floor + 0.12 + 0.16 * k, middle + z * bed[1] / 2), wood, "side", bevel=0.005, tint=order.colour)
    with a.at(translation(0, r, middle), rotation("z", 90)):
        a.add(cylinder(0.04, w - 0.1, sides=10), "iron", "axle")
    a.rod((0, floor - 0.05, d / 2 - 0.5), (0, 0, d / 2 - 0.42), 0.03, "oak", "prop", sides=8)
    a.board((-0.36, floor - 0.03, d / 2 - 0.5), (0.36, floor - 0.03, d / 2 - 0.5), (0.07, 0.06), "oak", "shaft")
    a.spot("top", (0, floor + 0.02, middle), (bed[0] - 0.1, bed[1] - 0.1), 3)
    return a.shape()


def _spoked_wheel(a: Assembly, at: tuple[float, float, float], r: float) -> None:
    with a.at(translation(*at), rotation("z", 90)):
        a.add(lathe([(r * 0.84, -0.04), (r * 0.97, -0.04), (r * 0.97, 0.04), (r * 0.84, 0.04)], sides=28, closed=True), "oak", "wheel")
        a.add(lathe([(r * 0.965, -0.045), (r, -0.045), (r, 0.045), (r * 0.965, 0.045)], sides=28, closed=True), "iron", "wheel")
        a.add(cylinder(0.09, 0.2, sides=14, bevel=0.015), "oak", "wheel")
        for k in range(10):
            with a.at(rotation("y", 36 * k), rotation("x", 90)):
                a.add(cylinder(0.026, r * 0.8, top_radius=0.02, sides=7), "oak", "wheel", at=(0, r * 0.47, 0))


def campfire(order: GrownOrder) -> Shape:
    """Burning logs in a ring of stones: tongues of flame that lean and twist, embers, ash, charred wood."""
    a = Assembly(order)
    w, h, _ = order.size_m
    ring = w / 2 - 0.14
    count = 12
    for k in range(count):
        angle = 360 * k / count + float(a.rng.uniform(-6, 6))
        size = a.rng.uniform([0.19, 0.13, 0.16], [0.3, 0.2, 0.24])
        stone = ellipsoid(size, sides=9)
        rough = stone.vertices * (1 + a.rng.uniform(-0.16, 0.16, (len(stone.vertices), 1))).astype(np.float32)
        with a.at(rotation("y", angle), translation(0, float(size[1]) * 0.38, ring), rotation("y", float(a.rng.uniform(-30, 30)))):
            a.add(mesh_of(rough, stone.faces), "rock", "stones", tint=a.shade("rock", float(a.rng.choice([0.55, 0.75, 0.95]))), crease=35)
    a.add(lathe([(ring, 0), (ring * 0.95, 0.02), (ring * 0.5, 0.05), (0, 0.06)], sides=20), "coal", "ash")
    for k in range(6):
        angle = 60 * k + float(a.rng.uniform(-14, 14))
        with a.at(rotation("y", angle)):
            a.rod((0, 0.04, ring * 0.86), (0.03, 0.44, -0.07), 0.055, "bark", "logs", end_radius=0.045, sides=9, tint=a.shade("bark", float(a.rng.uniform(0.35, 0.8))))
    for k in range(4):
        angle = 90 * k + 30
        with a.at(rotation("y", angle)):
            a.rod((-0.2, 0.07, 0.12), (0.22, 0.09, 0.1), 0.045, "ember", "embers", sides=8)
    for k in range(7):
        tall = (h - 0.08) * (1.0 if k == 0 else float(a.rng.uniform(0.42, 0.75)))
        base = np.zeros(2) if k == 0 else a.rng.uniform(-0.17, 0.17, 2)
        _flame(a, base, tall, 0.15 if k == 0 else 0.09)
    a.lamp((0, 0.5, 0), 9.0, colour=(1.0, 0.42, 0.13), radius_m=0.2, always=True)
    return a.shape()


def _flame(a: Assembly, base: NDArray[np.float64], tall: float, wide: float) -> None:
    """One tongue: a closed twisted body that swells low down and thins to a point that licks sideways."""
    t = np.linspace(0, 1, 9)
    lean, phase = a.rng.uniform(-0.12, 0.12, 2), float(a.rng.uniform(0, 6))
    radius = wide * np.array([0.55, 0.95, 1.0, 0.86, 0.66, 0.46, 0.3, 0.15, 0.012])
    angles = np.linspace(0, 2 * math.pi, 8, endpoint=False)
    rings = []
    for share, r in zip(t, radius, strict=True):
        x = base[0] * (1 - 0.5 * share) + lean[0] * share**2 + 0.05 * math.sin(phase + 5 * share) * share
        z = base[1] * (1 - 0.5 * share) + lean[1] * share**2 + 0.05 * math.cos(phase + 4 * share) * share
        spin = angles + phase + 1.2 * share
        rings.append(np.column_stack([x + r * 1.15 * np.cos(spin), np.full(8, 0.07 + share * tall), z + r * 0.8 * np.sin(spin)]))
    a.add(loft(np.array(rings)), "flame", "flame", collides=False, crease=70)
