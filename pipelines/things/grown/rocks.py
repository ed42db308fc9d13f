"""Rocks: boulders by weathered planes, standing stones, spires, crystals, ice."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Foliage, Lamp, Mesh, Part, join_meshes
from pipelines.things.grown.plant import elements, fitted, hued, shuffled, solid, spot_on_top
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, level, noise, smoothstep, sphere, unit
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape

FOOT = 0.07  # how deep a stone stands in the ground, as a share of its height above it


@cache
def ball(subdivisions: int) -> tuple[Array, NDArray[np.int64]]:
    """Unit vertices and faces of an icosahedron whose triangles were split in four that many times."""
    golden = (1 + np.sqrt(5)) / 2
    points = np.array([[a, b, 0] for a in (-1, 1) for b in (-golden, golden)], np.float64)
    points = unit(np.concatenate([points, points[:, [2, 0, 1]], points[:, [1, 2, 0]]]))
    near = np.linalg.norm(points[:, None] - points[None], axis=-1)
    edge = near[near > 0.1].min() * 1.01
    faces = np.array(
        [(i, j, k) for i in range(12) for j in range(i + 1, 12) for k in range(j + 1, 12) if max(near[i, j], near[j, k], near[i, k]) < edge]
    )
    outward = np.einsum(
        "ij,ij->i", np.cross(points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]]), points[faces[:, 0]]
    )
    faces[outward < 0] = faces[outward < 0][:, ::-1]
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, inverse = np.unique(edges, axis=0, return_inverse=True)
        a, b, c = inverse.reshape(3, -1) + len(points)
        points = np.concatenate([points, unit(points[unique].sum(axis=1))])
        faces = np.concatenate([np.stack(t, axis=1) for t in ((faces[:, 0], a, c), (a, faces[:, 1], b), (c, b, faces[:, 2]), (a, b, c))])
    return points, faces


def stone(
    rng: np.random.Generator,
    size_m: Array,
    *,
    subdivisions: int = 4,
    planes: int = 16,
    edge: float = 0.03,
    rough: float = 0.05,
    layers: float = 0.0,
    cracks: float = 0.0,
) -> Mesh:
    """A stone of that size about the origin: cut by planes at random, edges weathered, with rough and layered skin.

    edge: how far edges are rounded; rough: height of the noise; layers: depth of level strata; cracks: depth of clefts; all shares of
    half the size.
    """
    points, faces = ball(subdivisions)
    evenly = np.arange(planes) + 0.5
    normals = unit(
        level(evenly * GOLDEN_ANGLE_RAD + rng.normal(0, 0.35, planes), np.arcsin(1 - 2 * evenly / planes)) + 0.35 * sphere(rng, planes)
    )
    offsets = rng.uniform(0.58, 0.86, planes)
    reach = offsets[None] / np.maximum(points @ normals.T, 0.05)
    reach = np.concatenate([reach, np.full((len(points), 1), 1.15)], axis=1)
    nearest = reach.min(axis=1, keepdims=True)
    radius = nearest[:, 0] - edge * np.log(np.exp(-(reach - nearest) / edge).sum(axis=1))
    seed = int(rng.integers(1 << 30))
    body = points * radius[:, None]
    coarse = noise(body, seed, size_m=0.55, octaves=4, gain=0.55)
    ridged = 1 - 2 * np.abs(noise(body, seed + 5, size_m=0.7, octaves=3))
    swell = rough * (coarse + 0.35 * ridged)
    if cracks:
        cleft = np.abs(noise(body * [1, 0.35, 1], seed + 9, size_m=0.42, octaves=2))
        swell -= cracks * (1 - smoothstep(cleft, 0.0, 0.16))
    body += points * swell[:, None]
    if layers:
        body = _layered(body, seed, layers)
    low, high = body.min(axis=0), body.max(axis=0)
    body = (body - (low + high) / 2) / (high - low) * size_m
    return Mesh(body.astype(np.float32), faces.astype(np.int32))


def _layered(body: Array, seed: int, depth: float) -> Array:
    """Level beds of different hardness: harder ones stand out."""
    tilt = 0.10 * noise(body * [1, 0, 1], seed + 21, size_m=1.3)
    bed = (body[:, 1] + tilt) * 5.2
    hard = noise(np.stack([0 * bed, np.floor(bed) * 1.37, 0 * bed + 0.5], axis=1), seed + 22)
    groove = np.abs(bed - np.floor(bed) - 0.5) * 2
    out = depth * (1.5 * hard - 1.0 * smoothstep(groove, 0.72, 1.0))
    return np.asarray(body * (1 + out[:, None] * [1, 0.0, 1]))


def settled(mesh: Mesh, sink: float) -> Mesh:
    """The stone standing in the ground: `sink` (share of the height) lies below y = 0 pressed to a thin foot, and what is just
    above it widens towards the ground, so that no stone balances on a point.
    """
    vertices = mesh.vertices.astype(np.float64)
    low, high = vertices[:, 1].min(), vertices[:, 1].max()
    floor = low + sink * (high - low)
    height = high - floor
    rise = vertices[:, 1] - floor
    vertices[:, 1] = np.where(rise < 0, rise * FOOT * height / max(floor - low, 1e-9), rise)
    foot = 1 + 0.12 * np.clip(1 - rise / (0.45 * height), 0, 1)
    vertices[:, 0] *= foot
    vertices[:, 2] *= foot
    return Mesh(vertices.astype(np.float32), mesh.faces)


def placed(mesh: Mesh, where: Array, turn_rad: float = 0.0) -> Mesh:
    """The mesh turned about y and moved."""
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return Mesh((mesh.vertices @ turn.T + where).astype(np.float32), mesh.faces)


def rock(order: GrownOrder) -> Shape:
    """Stones: one, or a group that lies together.

    Parameters: stones, planes, edge, rough, layers, cracks, sink, detail (subdivisions), spread, moss (elements per stone).
    """
    rng, told = order.rng, order.parameters
    size = np.asarray(order.size_m, np.float64)
    many = int(float(told.get("stones", 1)))
    skin = {name: float(told.get(name, value)) for name, value in (("edge", 0.03), ("rough", 0.05), ("layers", 0.0), ("cracks", 0.0))}
    detail = int(float(told.get("detail", 4)))
    meshes = []
    for index in range(many):
        share = 1.0 if many == 1 else (1.0 if index == 0 else rng.uniform(0.28, 0.62)) * 0.62
        own = size * share * ([1, 1, 1] if many == 1 else rng.uniform(0.8, 1.2, 3))
        one = settled(
            stone(rng, own, subdivisions=detail, planes=int(float(told.get("planes", 15))), **skin), float(told.get("sink", 0.24))
        )
        away = np.zeros(3) if index == 0 else level(index * 2.4 + rng.normal(0, 0.3)) * float(told.get("spread", 0.36)) * size * [1, 0, 1]
        meshes.append(placed(one, away, rng.uniform(0, 6.28) if many > 1 else 0.0))
    parts = [rocky(meshes, order, crease=34)]
    foliage = mossy(meshes, rng, int(float(told.get("moss", 0))))
    shape = fitted(Shape(parts, foliage), order, rooted=False, sunk=True)
    return Shape(shape.parts, shape.foliage, [spot_on_top((0.0, float(size[1]) * 0.97, 0.0), (float(size[0]) * 0.4, float(size[2]) * 0.4))])


def rocky(meshes: list[Mesh], order: GrownOrder, *, crease: float) -> Part:
    """All stones as one part of the ordered stone."""
    made_of = material(order.material or str(order.parameters.get("stone", "rock")))
    tint = order.colour
    if tint is not None:  # no stone is as red as paint: what colours it is iron, in the stone's own grey
        r, g, b = (0.55 * told + 0.45 * own * warm for told, own, warm in zip(tint, made_of.colour, (1.0, 0.9, 0.75), strict=True))
        tint = (r, g, b)
    return solid(join_meshes(meshes), made_of, tint=tint, name="stone", crease_deg=crease)


def mossy(meshes: list[Mesh], rng: np.random.Generator, count: int) -> list[Foliage]:
    """Cushions of moss and lichen on faces that look up."""
    if not count:
        return []
    groups = []
    for mesh in meshes:
        corners = mesh.corners.astype(np.float64)
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area = np.linalg.norm(normal, axis=1)
        normal /= area[:, None] + 1e-12
        middle = corners.mean(axis=1)
        wave = noise(middle, int(rng.integers(1 << 30)), size_m=float(np.ptp(middle[:, 0])) * 0.3, octaves=2)
        chance = area * np.clip(normal[:, 1] - 0.1, 0, 1) ** 0.7 * np.clip(wave + 0.22, 0, 1)
        if chance.sum() <= 0:
            continue
        face = rng.choice(len(area), count, p=chance / chance.sum())
        weights = rng.dirichlet([1, 1, 1], count)
        centres = (corners[face] * weights[..., None]).sum(axis=1) + normal[face] * 0.006
        go = unit(normal[face] * 0.5 + sphere(rng, count))
        size = 0.065 * float(np.ptp(middle[:, 0])) ** 0.5 * rng.uniform(0.5, 1.3, count)
        tint = hued(np.tile([0.080, 0.105, 0.028], (count, 1)), rng)
        groups.append(elements(centres, go, normal[face] + 0.5 * sphere(rng, count), length_m=size, width_m=size * 0.6, colours=tint))
    return [shuffled(groups, rng, translucency=0.1)] if groups else []


def standing_stone(order: GrownOrder) -> Shape:
    """Upright stones: a menhir, a ring of them, or a cairn of flat ones. Parameters: form (single, ring, cairn), stones."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    form, many = str(told.get("form", "single")), int(float(told.get("stones", 9)))
    meshes = []
    if form == "cairn":
        rise = 0.0
        for index in range(many):
            own = np.array([width, height / many * 2.1, depth]) * (1 - 0.66 * index / many) * rng.uniform(0.8, 1.05, 3)
            one = settled(stone(rng, own, subdivisions=3, edge=0.07, rough=0.025, planes=12), 0.12)
            meshes.append(placed(one, np.array([rng.normal(0, 0.03) * width, rise, rng.normal(0, 0.03) * depth]), rng.uniform(0, 6.28)))
            rise += float(one.bounds[1, 1]) * 0.86
    else:
        for index in range(1 if form == "single" else many):
            ring = form == "ring"
            azimuth = index * 2 * np.pi / many
            own = (
                np.array([0.13 * width, height * 1.2 * rng.uniform(0.75, 1.0), 0.075 * width])
                if ring
                else np.array([width, height * 1.2, depth])
            )
            one = stone(rng, own, subdivisions=4 if not ring else 3, planes=14, edge=0.06, rough=0.05, cracks=0.02)
            shaped = np.sign(one.vertices) * np.abs(one.vertices / (own / 2)) ** 0.75 * (own / 2)
            narrow = 1 - 0.25 * np.clip(shaped[:, 1:2] / height + 0.5, 0, 1) * [1, 0, 1]
            mesh = settled(Mesh((shaped * narrow).astype(np.float32), one.faces), 0.16)
            meshes.append(placed(mesh, level(azimuth) * width * 0.43 * ring, -azimuth + np.pi / 2 + rng.normal(0, 0.12) if ring else 0.0))
    foliage = mossy(meshes, rng, int(float(told.get("moss", 90))))
    return fitted(Shape([rocky(meshes, order, crease=34)], foliage), order, rooted=False, sunk=True)


def spires(order: GrownOrder) -> Shape:
    """Tapering cones of stone or ice that stand together: stalagmites, hoodoos, ice.

    Parameters: spires, rough, bulge, taper, stone.
    """
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    meshes = []
    for index in range(int(float(told.get("spires", 5)))):
        points, faces = ball(4 if index == 0 else 3)
        share = 1.0 if index == 0 else rng.uniform(0.25, 0.7)
        rise = points[:, 1] * 0.5 + 0.5
        taper = float(told.get("taper", 0.75))
        foot, point = np.clip(rise / 0.05, 0, 1) ** 0.5, np.sqrt(np.clip(1 - np.clip((rise - 0.7) / 0.3, 0, 1) ** 4, 0, 1))
        slim = foot * point * (1 - taper * rise**0.7)
        seed = int(rng.integers(1 << 30))
        ripple = (
            1
            + float(told.get("bulge", 0.10)) * noise(np.stack([0 * rise, rise * 9, 0 * rise], axis=1), seed)
            + float(told.get("rough", 0.10)) * noise(points * [1.5, 3, 1.5], seed + 3, octaves=3)
        )
        flat = unit(points * [1, 0, 1] + 1e-9) * (slim * ripple)[:, None]
        radius = 0.22 * width * share**0.8
        body = np.stack([flat[:, 0] * radius, rise * height * share, flat[:, 2] * radius * depth / width], axis=1)
        body[:, [0, 2]] += (rise[:, None] ** 2) * rng.normal(0, 0.03, 2) * width
        away = np.zeros(3) if index == 0 else level(index * 2.4 + rng.normal(0, 0.3)) * rng.uniform(0.16, 0.30) * width
        meshes.append(placed(Mesh(body.astype(np.float32), faces.astype(np.int32)), away * [1, 0, depth / width]))
    return fitted(Shape([rocky(meshes, order, crease=60)]), order, rooted=False, sunk=True)


def iceberg(order: GrownOrder) -> Shape:
    """Floating or standing ice with sheer faces and slopes. Parameters: blocks."""
    rng = order.rng
    size = np.asarray(order.size_m, np.float64)
    meshes = []
    for index in range(int(float(order.parameters.get("blocks", 4)))):
        share = 1.0 if index == 0 else rng.uniform(0.4, 0.72)
        own = size * share * [0.72, 1, 0.72] * rng.uniform(0.85, 1.15, 3)
        one = settled(stone(rng, own, subdivisions=4, planes=11, edge=0.012, rough=0.03, cracks=0.02), 0.36)
        away = np.zeros(3) if index == 0 else level(index * 2.4 + rng.normal(0, 0.4)) * size * [0.27, 0, 0.27]
        meshes.append(placed(one, away, rng.uniform(0, 6.28)))
    name = order.material or str(order.parameters.get("stone", "ice"))
    part = solid(join_meshes(meshes), material(name), tint=order.colour, name="ice", crease_deg=26)
    return fitted(Shape([part]), order, rooted=False, sunk=True)


def crystals(order: GrownOrder) -> Shape:
    """A cluster of six-sided crystals on a rocky foot. Parameters: crystals, foot (stone material), sides."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count, sides = int(float(told.get("crystals", 15))), int(float(told.get("sides", 6)))
    meshes = []
    for index in range(count):
        share = 1.0 if index == 0 else rng.uniform(0.25, 0.78) * (1 - 0.35 * index / count)
        tilt = 0.08 if index == 0 else rng.uniform(0.2, 0.95)
        azimuth = index * 2.4 + rng.normal(0, 0.3)
        go = unit(level(azimuth) * np.sin(tilt) + np.array([0, np.cos(tilt), 0]))
        foot = level(azimuth) * 0.07 * width * (index > 0)
        meshes.append(_prism(foot, go, height * share, 0.085 * height * share**0.6 * rng.uniform(0.7, 1.2), sides, rng))
    glow: Colour = order.colour or material("crystal").colour
    parts = [solid(join_meshes(meshes), material(order.material or "crystal"), tint=order.colour, name="crystals", crease_deg=8)]
    base = settled(stone(rng, np.array([width * 0.72, height * 0.4, depth * 0.72]), subdivisions=4), 0.5)
    parts.append(solid(base, material(str(told.get("foot", "dark_rock"))), name="foot", crease_deg=34))
    lamp = Lamp((0.0, height * 0.4, 0.0), glow, 1.2 * height, 0.15 * height, False)
    return fitted(Shape(parts, [], [], [lamp]), order)


def _prism(foot: Array, go: Array, length: float, radius: float, sides: int, rng: np.random.Generator) -> Mesh:
    """A pointed column with flat sides from the foot along `go`; its point is a little off the middle."""
    across = unit(np.cross(go, [0.31, 0.2, 1.0]))
    other = np.cross(go, across)
    angle = np.arange(sides) * 2 * np.pi / sides + rng.uniform(0, 6.28)
    ring = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * other
    shoulder = length * rng.uniform(0.72, 0.86)
    tip = foot + go * length + (across * rng.normal(0, 0.15) + other * rng.normal(0, 0.15)) * radius
    low = foot + ring * radius * 0.82 - go * radius * 0.3
    high = foot + go * shoulder + ring * radius
    vertices = np.concatenate([low, high, (foot - go * radius * 0.3)[None], tip[None]])
    s = np.arange(sides)
    t = (s + 1) % sides
    sheets = [(s, t, t + sides), (s, t + sides, s + sides), (t, s, 0 * s + 2 * sides), (s + sides, t + sides, 0 * s + 2 * sides + 1)]
    faces = np.concatenate([np.stack(sheet, axis=1) for sheet in sheets])
    mesh = Mesh(vertices.astype(np.float32), faces.astype(np.int32))
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def pebbles(order: GrownOrder) -> Shape:
    """A scatter of small smooth stones. Parameters: stones, stone."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    meshes = []
    for index in range(int(float(order.parameters.get("stones", 26)))):
        own = height * (1.6 if index == 0 else rng.uniform(0.5, 1.2)) * rng.uniform(0.7, 1.2, 3) * [1.35, 0.8, 1.2]
        where = np.zeros(3) if index == 0 else level(rng.uniform(0, 6.28)) * np.sqrt(rng.random()) * 0.46 * np.array([width, 0, depth])
        meshes.append(placed(settled(stone(rng, own, subdivisions=2, planes=9, edge=0.16, rough=0.02), 0.12), where, rng.uniform(0, 6.28)))
    return fitted(Shape([rocky(meshes, order, crease=60)]), order, rooted=False, sunk=True)
