"""Mushrooms small and giant, and pumpkins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.scene import Colour, Foliage, Mesh, Part, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.blades import arcs, dots
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import elements, fitted, hued, segments, shaded, shuffled, solid
from pipelines.things.grown.vectors import Array, level, noise, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import lathe


@dataclass(frozen=True)
class Cap:
    """A mushroom's form. Profile of the cap's upper side from rim to crown as (radius, height) shares; colours of cap, stem, gills."""

    profile: tuple[tuple[float, float], ...]
    cap: Colour
    stem: Colour
    gills: Colour
    spots: int = 0
    stem_radius: float = 0.16
    cap_height: float = 0.34


_DOME = ((1.0, 0.0), (0.99, 0.14), (0.93, 0.36), (0.80, 0.60), (0.58, 0.82), (0.30, 0.96), (0.0, 1.0))
_BELL = ((1.0, 0.0), (0.93, 0.16), (0.78, 0.42), (0.60, 0.66), (0.40, 0.84), (0.18, 0.97), (0.0, 1.0))
_FLAT = ((1.0, 0.0), (1.0, 0.30), (0.92, 0.62), (0.72, 0.84), (0.42, 0.96), (0.2, 0.99), (0.0, 1.0))
CAPS: Mapping[str, Cap] = {
    "fly agaric": Cap(_DOME, (0.42, 0.030, 0.018), (0.62, 0.58, 0.50), (0.66, 0.62, 0.54), 34),
    "bolete": Cap(_DOME, (0.165, 0.080, 0.034), (0.50, 0.42, 0.29), (0.44, 0.37, 0.20), 0, 0.27, 0.38),
    "bell": Cap(_BELL, (0.30, 0.22, 0.13), (0.50, 0.45, 0.36), (0.32, 0.26, 0.20), 0, 0.08, 0.40),
    "chanterelle": Cap(_FLAT, (0.60, 0.30, 0.035), (0.58, 0.34, 0.06), (0.58, 0.34, 0.06), 0, 0.26, 0.22),
    "glow": Cap(_BELL, (0.09, 0.34, 0.42), (0.34, 0.46, 0.52), (0.25, 0.62, 0.66), 14, 0.10, 0.42),
}


def mushrooms(order: GrownOrder) -> Shape:
    """A mushroom, or a group. Parameters: form (a name of CAPS), count, glow (1 = glowing). An ordered colour is that of the caps."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    cap = CAPS[str(told.get("form", "fly agaric"))]
    count = int(float(told.get("count", 4)))
    stems, tops, gills, groups = [], [], [], []
    for index in range(count):
        share = 1.0 if index == 0 else rng.uniform(0.32, 0.78)
        foot = np.zeros(3) if index == 0 else level(index * 2.4 + rng.normal(0, 0.4)) * rng.uniform(0.2, 0.34) * np.array([width, 0, depth])
        radius = (0.5 if count == 1 else 0.27) * width * share * rng.uniform(0.9, 1.1)
        stem, top, under, spots = _mushroom(cap, foot, height * share, radius, rng)
        stems.append(stem)
        tops.append(top)
        gills.append(under)
        groups.append(spots)
    glowing = float(told.get("glow", 0)) > 0
    parts = [
        solid(join_meshes(stems), material("food"), tint=cap.stem, name="stems", crease_deg=60),
        solid(join_meshes(tops), material("crystal" if glowing else "food"), tint=order.colour or cap.cap, name="caps", crease_deg=60),
        solid(join_meshes(gills), material("crystal" if glowing else "food"), tint=cap.gills, name="gills", crease_deg=20),
    ]
    spots = shuffled(groups, rng, translucency=0.0)
    return fitted(Shape(parts, [spots] if len(spots) else []), order)


def _mushroom(cap: Cap, foot: Array, height: float, radius: float, rng: np.random.Generator) -> tuple[Mesh, Mesh, Mesh, Foliage]:
    lean = level(rng.uniform(0, 6.28)) * rng.uniform(0, 0.10) * height
    dome = cap.cap_height * height
    stem_top = height - dome
    share = np.linspace(0, 1, 7)
    path = foot + lean * (share**1.6)[:, None] + (share * (stem_top + dome * 0.4))[:, None] * [0, 1, 0]
    thick = cap.stem_radius * radius / 0.5 * np.array([1.35, 1.12, 0.95, 0.85, 0.82, 0.85, 0.9]) * 0.5
    stem = wood.tubes([Limb(path, thick, 12)])
    outer = np.asarray(cap.profile) * [radius, dome]
    under = np.array([[0.02 * radius, dome * 0.34], [0.5 * radius, dome * 0.22], [0.90 * radius, 0.02 * dome], [1.0 * radius, 0.0]])
    top = lathe(np.concatenate([[[0.0, dome * 0.36]], under, outer[1:]]), sides=26)
    tilt = unit(np.array([0, 1, 0]) + lean / height * 1.5 + rng.normal(0, 0.06, 3))
    middle = foot + lean + np.array([0, stem_top, 0])
    crown = _tilted(_wavy(_grounded(top), rng, radius), tilt, middle)
    plates = _tilted(_gills(radius, dome), tilt, middle)
    return stem, crown, plates, _warts(cap, crown, rng, radius)


def _grounded(mesh: Mesh) -> Mesh:
    """A lathe with its lowest point on y = 0, however the lathe is centred."""
    low = np.array([0, mesh.vertices[:, 1].min(), 0], np.float32)
    return Mesh(mesh.vertices - low, mesh.faces)


def _wavy(mesh: Mesh, rng: np.random.Generator, radius: float) -> Mesh:
    swell = 1 + 0.07 * noise(mesh.vertices * [1, 0.3, 1], int(rng.integers(1 << 30)), size_m=radius * 0.9)
    return Mesh((mesh.vertices * np.stack([swell, np.ones_like(swell), swell], axis=1)).astype(np.float32), mesh.faces)


def _tilted(mesh: Mesh, up: Array, where: Array) -> Mesh:
    right = unit(np.cross(up, [0.0, 0.0, 1.0]))
    axes = np.stack([right, up, np.cross(right, up)], axis=1)
    return Mesh((mesh.vertices @ axes.T + where).astype(np.float32), mesh.faces)


def _gills(radius: float, dome: float) -> Mesh:
    """A shallow pleated ring below the cap: its ridges are the gills."""
    sides = 44
    angle = np.arange(sides) * 2 * np.pi / sides
    ridge = np.where(np.arange(sides) % 2 == 0, 1.0, 0.35)
    out = level(angle)
    inner = out * radius * 0.2 + [0, dome * 0.20, 0]
    middle = out * radius * 0.62 + (dome * (0.20 - 0.13 * ridge))[:, None] * [0, 1, 0]
    rim = out * radius * 0.95 + [0, dome * 0.06, 0]
    top = out * radius * 0.55 + [0, dome * 0.30, 0]
    vertices = np.concatenate([inner, middle, rim, top])
    s = np.arange(sides)
    t = (s + 1) % sides
    faces = []
    for ring in range(4):
        a, b = ring * sides, ((ring + 1) % 4) * sides
        faces += [np.stack([a + s, a + t, b + t], axis=1), np.stack([a + s, b + t, b + s], axis=1)]
    mesh = Mesh(vertices.astype(np.float32), np.concatenate(faces).astype(np.int32))
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def _warts(cap: Cap, crown: Mesh, rng: np.random.Generator, radius: float) -> Foliage:
    """Pale flakes on the upper side."""
    points = crown.vertices.astype(np.float64)
    middle = points.mean(axis=0) - [0, radius * 0.4, 0]
    upper = np.flatnonzero(points[:, 1] > np.quantile(points[:, 1], 0.45))
    chosen = upper[rng.integers(0, len(upper), cap.spots)]
    out = unit(points[chosen] - middle)
    size = radius * 0.16 * rng.uniform(0.5, 1.3, cap.spots)
    glowing = cap.cap[2] > cap.cap[0]
    tint = hued(np.tile((0.55, 0.80, 0.80) if glowing else (0.70, 0.66, 0.58), (cap.spots, 1)), rng, 0.5)
    return dots(
        points[chosen] + out * radius * 0.012 + 0.25 * size[:, None] * (sphere(rng, cap.spots) * 0.2),
        rng,
        size_m=size,
        colours=tint,
        normals=out,
    )


def pumpkin(order: GrownOrder) -> Shape:
    """A ribbed pumpkin, or a patch of them, with stalks and leaves on vines. Parameters: count, ribs, leaves."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(told.get("count", 1)))
    bodies, stalks_ = [], []
    for index in range(count):
        share = 1.0 if index == 0 else rng.uniform(0.55, 0.9)
        radius = (0.5 * min(width, depth) if count == 1 else 0.5 * height * 1.25) * share
        where = np.zeros(3) if index == 0 else level(index * 2.4) * rng.uniform(0.24, 0.36) * np.array([width, 0, depth])
        body, stalk = _pumpkin(radius, height * 0.84 * share, int(float(told.get("ribs", 11))), rng)
        bodies.append(Mesh((body.vertices + where).astype(np.float32), body.faces))
        stalks_.append(Mesh((stalk.vertices + where).astype(np.float32), stalk.faces))
    parts: list[Part] = [
        solid(
            join_meshes(bodies),
            material(order.material or "fruit"),
            tint=order.colour or (0.56, 0.185, 0.022),
            name="pumpkin",
            crease_deg=70,
        ),
        solid(join_meshes(stalks_), material("bark"), tint=(0.17, 0.17, 0.06), name="stalk", crease_deg=60),
    ]
    leaves = int(float(told.get("leaves", 0)))
    foliage = _vines(order, leaves) if leaves else []
    return fitted(Shape(parts, foliage), order, rooted=False)


def _pumpkin(radius: float, height: float, ribs: int, rng: np.random.Generator) -> tuple[Mesh, Mesh]:
    around = ribs * 6
    share = np.linspace(0.0, 1.0, 15)[1:-1]
    polar = share * np.pi
    girth = np.sin(polar) ** 0.72
    lift = -np.cos(polar) * (1 - 0.16 * np.exp(-((np.sin(polar) / 0.45) ** 2)))
    angle = np.arange(around) * 2 * np.pi / around
    groove = 1 - 0.13 * np.abs(np.cos(ribs * angle / 2)) ** 7 - 0.02 * np.sin(ribs * angle)
    uneven = 1 + 0.05 * np.cos(2 * angle + rng.uniform(0, 6.28))
    rings = level(angle)[None] * (girth[:, None] * (groove * uneven)[None])[..., None] * radius + (lift * height / 2 + height / 2)[
        :, None, None
    ] * [0, 1, 0]
    vertices = np.concatenate([rings.reshape(-1, 3), [[0, rings[0, 0, 1] * 1.0, 0]], [[0, rings[-1, 0, 1] - 0.03 * height, 0]]])
    from pipelines.things.grown.crags import wall_faces

    body = Mesh(vertices.astype(np.float32), wall_faces(len(rings), around))
    bend = level(rng.uniform(0, 6.28)) * radius * 0.2
    top = float(rings[-1, 0, 1])
    path = np.stack(
        [
            np.array([0, top - 0.1 * height, 0]),
            np.array([0, top + 0.06 * height, 0]),
            bend * 0.5 + [0, top + 0.16 * height, 0],
            bend + [0, top + 0.22 * height, 0],
        ]
    )
    return body, wood.tubes([Limb(path, radius * np.array([0.17, 0.085, 0.07, 0.085]), 7)])


def _vines(order: GrownOrder, count: int) -> list[Foliage]:
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    feet = level(rng.uniform(0, 6.28, count)) * (np.sqrt(rng.random(count)) * 0.44)[:, None] * [width, 1, depth]
    tall = height * rng.uniform(0.3, 0.8, count)
    paths = arcs(feet, heights=tall, azimuths=rng.uniform(0, 6.28, count), bends=0.3, pieces=2)
    stems = segments(
        paths[:, :-1].reshape(-1, 3), paths[:, 1:].reshape(-1, 3), [0, 0, 1], width_m=height * 0.03, colours=(0.12, 0.15, 0.045)
    )
    lobes = 4
    node = np.repeat(np.arange(count), lobes)
    size = height * 0.55 * rng.uniform(0.6, 1.1, count)[node]
    go = unit(level(np.tile(np.arange(lobes) * 1.5, count) + rng.uniform(0, 6.28, count)[node]) + [0, -0.12, 0])
    facing = np.array([0, 1, 0]) + 0.35 * sphere(rng, count)[node]
    leaves = elements(paths[node, -1] + go * size[:, None] * 0.3, go, facing, length_m=size * 0.75, width_m=size * 0.6, colours=np.zeros(3))
    return [shaded(leaves, rng, palette("bush", order.season), clump_m=width * 0.4, outward=0.1, strength=0.4), shuffled([stems], rng)]
