"""Things of the shore and the sea floor: corals, shells, starfish, bones."""

from __future__ import annotations

import numpy as np

from pipelines.scene import Colour, Mesh, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.blades import dots
from pipelines.things.grown.branching import colonised, limbs, skeleton
from pipelines.things.grown.plant import fitted, hued, shuffled, solid
from pipelines.things.grown.rocks import ball
from pipelines.things.grown.vectors import Array, level, noise, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import sphere as round_ball

CORAL: Colour = (0.56, 0.135, 0.090)


def coral(order: GrownOrder) -> Shape:
    """Coral. Parameters: form (branching, brain, tubes)."""
    form = str(order.parameters.get("form", "branching"))
    return {"branching": _branching, "brain": _brain, "tubes": _tube_coral}[form](order)


def _branching(order: GrownOrder) -> Shape:
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    free = sphere(rng, 150) * (rng.random((150, 1)) ** 0.4) * [width / 2, height * 0.72, depth / 2] + [0, height * 0.3, 0]
    free = free[free[:, 1] > 0.1 * height]
    step = height / 16
    trunk = np.array([[0, 0, 0], [0, step, 0]])
    points, parents = colonised(free, trunk, step_m=step, kill_steps=1.3, bend=0.7, rises=0.35, most=420)
    tree = skeleton(points, parents, rng, trunk_radius_m=0.060 * height, twig_radius_m=0.022 * height, wander=0.15)
    boughs, _ = limbs(tree, most_triangles=5200, detail=0.6)
    tint = order.colour or CORAL
    part = solid(wood.tubes(boughs), material("limestone"), tint=tint, name="coral", crease_deg=70)
    ends = np.array([bough.points[-1] for bough in boughs])
    tips = shuffled(
        [dots(ends, rng, size_m=0.05 * height, colours=hued(np.tile(np.clip(np.asarray(tint) * 1.5 + 0.1, 0, 0.9), (len(ends), 1)), rng))],
        rng,
    )
    return fitted(Shape([part], [tips]), order)


def _brain(order: GrownOrder) -> Shape:
    """A dome with meandering grooves."""
    rng = order.rng
    points, faces = ball(5)
    seed = int(rng.integers(1 << 30))
    body = points * [1, 0.75, 1]
    warp = np.stack([noise(points, seed + axis, size_m=0.5) for axis in range(3)], axis=1)
    groove = np.sin(26 * noise(points + 0.2 * warp, seed + 7, size_m=0.9))
    body *= (1 + 0.06 * noise(points, seed + 9, size_m=0.8) + 0.028 * groove)[:, None]
    body[:, 1] = np.maximum(body[:, 1], -0.25 + 0.05 * body[:, 1]) + 0.25
    mesh = Mesh((body * np.asarray(order.size_m) / 2).astype(np.float32), faces.astype(np.int32))
    return fitted(
        Shape([solid(mesh, material("limestone"), tint=order.colour or (0.42, 0.31, 0.13), name="coral", crease_deg=70)]),
        order,
        rooted=False,
    )


def _tube_coral(order: GrownOrder) -> Shape:
    """A bundle of open pipes."""
    rng = order.rng
    width, height, depth = (float(v) for v in order.size_m)
    found = []
    for index in range(15):
        share = 1.0 if index == 0 else rng.uniform(0.35, 0.9)
        out = level(index * 2.4) * 0.1 * width * (index > 0)
        go = unit(np.array([0, 1, 0]) + level(index * 2.4) * 0.35 * (index > 0))
        tall = height * share
        outer = np.linspace(0, 1, 6)
        path = np.concatenate([out + go * tall * outer[:, None], out + go * tall * np.array([[1.0], [0.86], [0.7]])])
        radius = 0.055 * height * share**0.5
        radii = radius * np.concatenate([0.75 + 0.35 * outer, [0.86, 0.78, 0.3]])
        found.append(Limb(path, radii, 10))
    mesh = join_meshes([_pipe(limb) for limb in found])
    return fitted(Shape([solid(mesh, material("limestone"), tint=order.colour or (0.46, 0.20, 0.42), name="coral", crease_deg=50)]), order)


def _pipe(limb: Limb) -> Mesh:
    """A tube that turns back into itself at the top: rings all face the same way, so the path's frame is the outer part's."""
    up = unit(limb.points[5] - limb.points[0])
    right = unit(np.cross(up, [0.2, 0.1, 1.0]))
    other = np.cross(right, up)
    angle = np.arange(limb.sides) * 2 * np.pi / limb.sides
    circle = np.cos(angle)[:, None] * right + np.sin(angle)[:, None] * other
    rings = limb.points[:, None] + circle[None] * limb.radii[:, None, None]
    from pipelines.things.grown.crags import wall_faces

    vertices = np.concatenate([rings.reshape(-1, 3), limb.points[:1], limb.points[-1:]])
    mesh = Mesh(vertices.astype(np.float32), wall_faces(len(rings), limb.sides))
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def shell(order: GrownOrder) -> Shape:
    """A sea shell: a ribbed scallop, or a snail's spiral. Parameters: form (scallop, spiral)."""
    form = str(order.parameters.get("form", "scallop"))
    mesh = _scallop() if form == "scallop" else _snail()
    tint = order.colour or ((0.62, 0.42, 0.33) if form == "scallop" else (0.66, 0.54, 0.40))
    part = solid(mesh, material(order.material or "porcelain"), tint=tint, name="shell", crease_deg=60)
    return fitted(Shape([part]), order, rooted=False)


def _scallop() -> Mesh:
    """A fan with radial ribs: an upper and a lower sheet that meet at the rim."""
    rows, columns = 14, 49
    out, fan = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1.12, 1.12, columns), indexing="ij")
    rib = np.abs(np.cos(fan * 11 / 1.12 * np.pi / 2))
    reach = out * (1 - 0.10 * np.abs(fan) ** 3)
    dome = 0.34 * np.sin(np.clip(out, 0, 1) ** 0.62 * np.pi * 0.97) ** 0.8 * np.clip(1 - (fan / 1.14) ** 2, 0, 1) ** 0.6
    upper = np.stack([reach * np.sin(fan), dome * (0.9 + 0.10 * rib) + 0.03 * rib * out + 0.02, -reach * np.cos(fan) + 0.5], axis=-1)
    lower = upper * [1, 0.25, 1] - [0, 0.015, 0]
    return _two_sheets(upper, lower)


def _two_sheets(upper: Array, lower: Array) -> Mesh:
    """A closed mesh of two (R, C, 3) sheets over the same grid, sewn along the border."""
    rows, columns = upper.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    top = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    after = np.roll(rim, -1)
    shift = rows * columns
    side = np.concatenate([np.stack([rim, after, after + shift], 1), np.stack([rim, after + shift, rim + shift], 1)])
    mesh = Mesh(
        np.concatenate([upper.reshape(-1, 3), lower.reshape(-1, 3)]).astype(np.float32),
        np.concatenate([top, top[:, ::-1] + shift, side]).astype(np.int32),
    )
    return mesh if mesh.volume_m3 > 0 else Mesh(mesh.vertices, np.ascontiguousarray(mesh.faces[:, ::-1]))


def _snail() -> Mesh:
    """A tube along a shrinking spiral."""
    turn = np.linspace(0, 1, 90)
    angle = turn * 5.2 * 2 * np.pi
    size: Array = np.asarray(np.exp(-turn * 3.1), np.float64)
    path = np.stack([np.cos(angle) * size * 0.55, 0.55 * size * 0.62 + (1 - size) * 0.95, np.sin(angle) * size * 0.55], axis=1)
    radii: Array = size * 0.48
    return wood.tubes([Limb(path, radii, 14)])


def starfish(order: GrownOrder) -> Shape:
    """A five-armed star with a knobbly back. Parameters: arms."""
    rng = order.rng
    arms = int(float(order.parameters.get("arms", 5)))
    points, faces = ball(5)
    angle = np.arctan2(points[:, 2], points[:, 0])
    flat = np.hypot(points[:, 0], points[:, 2])
    star = 0.28 + 0.72 * np.abs(np.cos(angle * arms / 2)) ** 3.2
    reach = flat * star * (1 + 0.04 * np.sin(angle + rng.uniform(0, 6)))
    ridge = 0.12 * (1 - 0.78 * np.clip(reach, 0, 1))
    body = np.stack(
        [np.cos(angle) * reach, np.where(points[:, 1] > 0, points[:, 1] * ridge * 2.2, points[:, 1] * 0.03), np.sin(angle) * reach], axis=1
    )
    mesh = Mesh((body * np.asarray(order.size_m)[[0, 0, 2]] / 2).astype(np.float32), faces.astype(np.int32))
    tint = order.colour or (0.52, 0.165, 0.055)
    part = solid(mesh, material("sand"), tint=tint, name="star", crease_deg=70)
    upper = mesh.vertices[(mesh.vertices[:, 1] > 0.3 * mesh.vertices[:, 1].max())].astype(np.float64)
    chosen = upper[rng.integers(0, len(upper), 90)]
    knobs = dots(
        chosen + [0, 0.004, 0],
        rng,
        size_m=0.035 * order.size_m[0],
        colours=hued(np.tile(np.clip(np.asarray(tint) * 1.5 + 0.08, 0, 0.85), (90, 1)), rng),
        normals=[0, 1, 0],
    )
    return fitted(Shape([part], [shuffled([knobs], rng, translucency=0.0)]), order, rooted=False)


def bones(order: GrownOrder) -> Shape:
    """A half-buried rib cage with its spine and a horned skull. Parameters: ribs."""
    width, height, depth = (float(v) for v in order.size_m)
    count = int(float(order.parameters.get("ribs", 8)))
    spine_x = np.linspace(-0.42, 0.26, 12) * width
    arch = height * (0.78 - 0.25 * (spine_x / width) ** 2)
    spine = np.stack([spine_x, arch, 0 * spine_x], axis=1)
    knuckles = np.asarray(height * 0.045 * (1 + 0.25 * (np.arange(12) % 2)), np.float64)
    found = [Limb(spine, knuckles, 8)]
    for index in range(count):
        share = (index + 0.5) / count
        x = width * (-0.36 + 0.58 * share)
        size = np.sin(np.clip(share * 0.85 + 0.12, 0, 1) * np.pi) ** 0.5
        bow = np.linspace(0, 1, 9)
        for hand in (-1, 1):
            out = hand * depth * 0.5 * size * np.sin(bow * 2.45)
            rise = np.interp(x, spine_x, arch) * (1 - bow**1.7)
            found.append(Limb(np.stack([x - 0.05 * width * bow, rise, out], axis=1), height * 0.028 * np.linspace(1.1, 0.5, 9), 6))
    skull = _skull(width, height)
    mesh = join_meshes([wood.tubes(found), skull])
    bone = order.colour or (0.56, 0.50, 0.39)
    return fitted(
        Shape([solid(mesh, material(order.material or "limestone"), tint=bone, name="bones", crease_deg=60)]), order, rooted=False
    )


def _skull(width: float, height: float) -> Mesh:
    one = round_ball(1.0, sides=16)
    head = one.vertices * [0.085 * width, height * 0.17, height * 0.15]
    long = np.where(head[:, :1] > 0, head * [1.9, 0.62, 0.6], head)
    head_mesh = Mesh((long + [0.34 * width, height * 0.24, 0]).astype(np.float32), one.faces)
    horns = []
    for hand in (-1, 1):
        bow = np.linspace(0, 1, 8)
        path = np.stack(
            [0.32 * width - 0.05 * width * bow**2, height * (0.34 + 0.30 * bow**1.5), hand * height * (0.1 + 0.32 * np.sin(bow * 1.6))],
            axis=1,
        )
        horns.append(Limb(path, height * 0.05 * np.linspace(1, 0.12, 8), 7))
    return join_meshes([head_mesh, wood.tubes(horns)])
