"""Dead wood: bare trees, stumps, fallen logs, driftwood, roots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.scene import Colour, Foliage, Mesh, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.branching import colonised, limbs, skeleton
from pipelines.things.grown.plant import elements, fitted, hued, shuffled, solid, spot_on_top, wooden
from pipelines.things.grown.trees import CROWNS, free_space
from pipelines.things.grown.vectors import Array, level, noise, resampled, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape

GREY_WOOD: Colour = (0.235, 0.205, 0.170)
CUT_WOOD: Colour = (0.440, 0.290, 0.150)


def dead_tree(order: GrownOrder) -> Shape:
    """A leafless, broken, weathered tree. Parameters: trunk (radius / height), bare, gnarl."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    base = height * float(told.get("bare", 0.22))
    free = free_space(CROWNS["spread"], rng, 115) * [width / 2, height - base, depth / 2] + [0, base, 0]
    step = height / 34
    rise = np.arange(0, base * 1.4, step)
    wave = np.cumsum(rng.normal(0, 0.16, (len(rise), 2)), axis=0) * step
    trunk = np.stack([wave[:, 0], rise, wave[:, 1]], axis=1)
    trunk -= trunk[0]
    points, parents = colonised(free, trunk, step_m=step, kill_steps=1.2, bend=0.35, rises=0.1, most=520)
    radius = float(told.get("trunk", 0.038)) * height
    tree = skeleton(points, parents, rng, trunk_radius_m=radius, twig_radius_m=height * 0.0036, wander=float(told.get("gnarl", 0.42)))
    boughs, _ = limbs(tree, most_triangles=5200, detail=0.75)  # finer twigs, thinned out by distance, would hang in the air as dots
    mesh = wood.gnarled(
        wood.tubes([*boughs, *wood.roots(rng, radius_m=radius)]),
        int(rng.integers(1 << 30)),
        amount_m=radius * 0.22,
        size_m=radius * 2.5,
        octaves=3,
    )
    mesh = wood.flared(mesh, rng, radius_m=radius, height_m=radius * 4, ridges=6, ring=boughs[0].sides)
    part = wooden(mesh, order.material or "bark", tint=order.colour or GREY_WOOD)
    return fitted(Shape([part], []), order)


def stump(order: GrownOrder) -> Shape:
    """A tree stump with spreading roots and a sawn top. Parameters: roots, moss (elements)."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    radius = 0.29 * width
    path = np.stack([np.zeros(7), np.array([0, 0.06, 0.15, 0.3, 0.55, 0.85, 1.0]) * height, np.zeros(7)], axis=1)
    body = wood.tubes([Limb(path, radius * np.array([1.35, 1.2, 1.08, 1.0, 0.96, 0.95, 0.93]), 20)])
    flat = body.vertices.copy()
    flat[-1, 1] = height * 1.004
    body = wood.gnarled(Mesh(flat, body.faces), int(rng.integers(1 << 30)), amount_m=radius * 0.16, size_m=radius * 0.9, octaves=2)
    count = int(float(told.get("roots", 6)))
    roots = []
    for index in range(count):
        go = level(index * 2 * np.pi / count + rng.normal(0, 0.25))
        bend = np.cross(go, [0, 1, 0]) * rng.normal(0, 0.1) * width
        far = width * rng.uniform(0.40, 0.50)
        points = np.stack(
            [
                go * radius * 0.5 + [0, height * 0.42, 0],
                go * radius * 1.02 + [0, height * 0.2, 0],
                go * (radius + far) / 2 + bend + [0, height * 0.07, 0],
                go * far + bend,
            ]
        )
        roots.append(Limb(resampled(points, 6), radius * np.array([0.45, 0.42, 0.34, 0.25, 0.16, 0.06]), 7))
    bark = wooden(_above_ground(join_meshes([body, wood.tubes(roots)])), order.material or "bark", tint=order.colour)
    top = wood.tubes(
        [Limb(np.array([[0, height * 0.96, 0], [0, height * 1.012, 0], [0, height * 1.014, 0]]), radius * np.array([0.84, 0.84, 0.80]), 20)]
    )
    lid = top.vertices.copy()
    lid[-1, 1] = height * 1.016
    cut = solid(Mesh(lid, top.faces), material("log"), tint=CUT_WOOD, name="cut", crease_deg=30)
    foliage = moss_on(bark.mesh, rng, int(float(told.get("moss", 260))), size_m=0.035 * width**0.5)
    shape = fitted(Shape([bark, cut], foliage), order)
    return Shape(shape.parts, shape.foliage, [spot_on_top((0.0, height, 0.0), (radius * 1.3, radius * 1.3))])


def _above_ground(mesh: Mesh) -> Mesh:
    vertices = mesh.vertices.copy()
    vertices[:, 1] = np.where(vertices[:, 1] < 0, vertices[:, 1] * 0.04, vertices[:, 1])
    return Mesh(vertices, mesh.faces)


def log(order: GrownOrder) -> Shape:
    """A fallen trunk along x with branch stubs, cut ends and moss. Parameters: stubs, moss, weathered (1 = driftwood)."""
    rng, told = order.rng, order.parameters
    width, height, _ = (float(v) for v in order.size_m)
    weathered = float(told.get("weathered", 0)) > 0
    radius = height * (0.36 if weathered else 0.42)
    share = np.linspace(0, 1, 14)
    bow = height * (0.16 if weathered else 0.03)
    path = np.stack(
        [
            (share - 0.5) * width,
            radius * 0.92 + bow * np.sin(share * np.pi),
            rng.normal(0, 0.02, 14) * height + (0.2 * height * np.sin(share * 5) if weathered else 0),
        ],
        axis=1,
    )
    taper = np.linspace(1.0, 0.30 if weathered else 0.78, 14)
    body = wood.tubes([Limb(path, radius * taper, 16)])
    ends = body.vertices.copy()
    ends[-1] = path[-1]
    body = wood.gnarled(
        Mesh(ends, body.faces), int(rng.integers(1 << 30)), amount_m=radius * (0.35 if weathered else 0.16), size_m=radius * 1.3, octaves=3
    )
    stubs = _stubs(path, radius, rng, int(float(told.get("stubs", 5))), weathered)
    tint = order.colour or (GREY_WOOD if weathered else None)
    bark = wooden(
        _above_ground(join_meshes([body, wood.tubes(stubs)])), order.material or ("driftwood" if weathered else "bark"), tint=tint
    )
    parts = [bark]
    if not weathered:
        for end, inward in ((path[0], path[1] - path[0]), (path[-1], path[-2] - path[-1])):
            face = end - unit(inward) * 0.006 * width
            at = np.stack([end + unit(inward) * 0.02, face, face - unit(inward) * 0.001])
            size = radius * (0.86 if end is path[0] else 0.66)
            parts.append(
                solid(wood.tubes([Limb(at, size * np.array([1, 1, 0.96]), 16)]), material("log"), tint=CUT_WOOD, name="cut", crease_deg=30)
            )
    foliage = moss_on(bark.mesh, rng, int(float(told.get("moss", 0 if weathered else 420))), size_m=0.04)
    shape = fitted(Shape(parts, foliage), order, rooted=False)
    return Shape(shape.parts, shape.foliage, [spot_on_top((0.0, height * 0.86, 0.0), (width * 0.6, height * 0.5))])


def _stubs(path: Array, radius: float, rng: np.random.Generator, count: int, weathered: bool) -> list[Limb]:
    found = []
    for _ in range(count):
        index = int(rng.integers(1, len(path) - 1))
        go = unit(np.array([rng.normal(0.4, 0.3), rng.uniform(0.1, 1.0), rng.normal(0, 0.8)]))
        length = radius * rng.uniform(1.3, 3.4 if weathered else 2.2)
        bend = rng.normal(0, 0.25, 3) * length
        points = np.stack([path[index], path[index] + go * length * 0.55, path[index] + go * length + bend])
        found.append(Limb(resampled(points, 5), radius * 0.24 * np.array([1.2, 0.9, 0.7, 0.5, 0.22]), 6))
    return found


def moss_on(mesh: Mesh, rng: np.random.Generator, count: int, *, size_m: float) -> list[Foliage]:
    """Moss on what looks up, in patches."""
    if count <= 0:
        return []
    corners = mesh.corners.astype(np.float64)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    normal /= area[:, None] + 1e-12
    wave = noise(corners.mean(axis=1), int(rng.integers(1 << 30)), size_m=size_m * 9, octaves=2)
    chance = area * np.clip(normal[:, 1] + 0.1, 0, 1) * np.clip(wave + 0.15, 0, 1)
    if chance.sum() <= 0:
        return []
    face = rng.choice(len(area), count, p=chance / chance.sum())
    centres = (corners[face] * rng.dirichlet([1, 1, 1], count)[..., None]).sum(axis=1)
    go = unit(normal[face] * 0.6 + sphere(rng, count))
    size = size_m * rng.uniform(0.5, 1.4, count)
    tint = hued(np.tile([0.078, 0.108, 0.028], (count, 1)), rng)
    moss = elements(
        centres + normal[face] * size_m * 0.12,
        go,
        normal[face] + 0.6 * sphere(rng, count),
        length_m=size,
        width_m=size * 0.55,
        colours=tint,
    )
    return [shuffled([replace(moss, depth=np.full(count, 0.2, np.float32))], rng, translucency=0.15)]
