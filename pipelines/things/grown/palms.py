"""Palms, bananas, bamboo and cacti: stems without wood rings, and their great leaves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.scene import Foliage, Mesh, Part, join_meshes
from pipelines.things.grown import wood
from pipelines.things.grown.blades import dots, rosettes
from pipelines.things.grown.herbs import frond_leaflets
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import Palette, elements, fitted, hued, segments, shaded, shuffled, solid, wooden
from pipelines.things.grown.vectors import GOLDEN_ANGLE_RAD, Array, level, mix, sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import ellipsoid

PALM = Palette((0.034, 0.054, 0.016), (0.100, 0.148, 0.040), (0.185, 0.205, 0.070))
CACTUS = (0.118, 0.168, 0.086)


def palm(order: GrownOrder) -> Shape:
    """A palm: a slender ringed trunk that leans and curves, feather fronds in a mop, coconuts. Parameters: fronds, lean, trunk, nuts."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    lean = float(told.get("lean", 0.16)) * height * rng.uniform(0.5, 1.2)
    azimuth = rng.uniform(0, 6.28)
    share = np.linspace(0, 1, 22)
    top = height * 0.80
    path = level(azimuth)[None] * (lean * (share**1.9))[:, None] + (share * top)[:, None] * [0, 1, 0]
    radius = float(told.get("trunk", 0.018)) * height
    rings = 1 + 0.05 * np.where(np.arange(22) % 2 == 0, 1, -1)
    radii = radius * (1.0 - 0.38 * share + 0.45 * np.exp(-share * 16)) * rings
    trunk = wood.tubes([Limb(path, radii, 12)])
    crown = path[-1]
    count = int(float(told.get("fronds", 24)))
    spines, reach = _fronds(crown, order, count)
    leaf = frond_leaflets(
        spines,
        rng,
        pairs=46,
        length_m=reach * 0.27,
        width_m=0.050 * (height / 9) ** 0.5,
        profile=((0, 0.1, 0.35, 0.75, 1), (0.25, 0.75, 1.0, 0.72, 0.25)),
        droop=0.55,
        sweep=0.55,
        pieces=2,
    )
    ribs = segments(
        spines[:, :-1].reshape(-1, 3),
        spines[:, 1:].reshape(-1, 3),
        [0, 1, 0],
        width_m=0.045 * (height / 9) ** 0.5,
        colours=(0.155, 0.155, 0.055),
    )
    parts = [wooden(trunk, order.material or "palm_bark")]
    if int(float(told.get("nuts", 7))):
        parts.append(_nuts(crown, rng, int(float(told.get("nuts", 7))), 0.011 * height))
    green = shaded(
        leaf,
        rng,
        PALM if order.colour is None else palette("bush", order.season, order.colour),
        clump_m=height * 0.1,
        outward=0.1,
        strength=0.6,
        tips=0.35,
    )
    husk = _husks(crown, rng, radius, height)
    return fitted(Shape(parts, [green, shuffled([ribs, husk], rng, translucency=0.05)]), order)


def _fronds(crown: Array, order: GrownOrder, count: int) -> tuple[Array, Array]:
    """Spines (F, 10, 3) from upright young fronds to hanging old ones, and their lengths."""
    rng = order.rng
    age = (np.arange(count) + 0.5) / count
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD + rng.normal(0, 0.12, count)
    reach = np.hypot(np.cos(azimuth) * order.size_m[0], np.sin(azimuth) * order.size_m[2]) / 2 * rng.uniform(0.88, 1.08, count)
    share = np.linspace(0, 1, 10)[None, :]
    start = (1.25 - 1.35 * age + rng.normal(0, 0.08, count))[:, None]
    fall = (1.45 + 0.55 * age + rng.normal(0, 0.1, count))[:, None]
    angle = start - fall * share**1.25
    step = reach[:, None] * 1.18 / 9
    out = np.cumsum(np.cos(angle) * step, axis=1) - np.cos(angle[:, :1]) * step
    rise = np.cumsum(np.sin(angle) * step, axis=1) - np.sin(angle[:, :1]) * step
    side = np.cross(level(azimuth), [0, 1, 0])
    bend = rng.normal(0, 0.07, (count, 1)) * reach[:, None] * share**2
    spines = crown + level(azimuth)[:, None] * out[..., None] + rise[..., None] * [0, 1, 0] + side[:, None] * bend[..., None]
    return spines, reach


def _nuts(crown: Array, rng: np.random.Generator, count: int, radius: float) -> Part:
    one = ellipsoid((radius * 1.8, radius * 2.2, radius * 1.8), sides=10)
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD
    places = crown + level(azimuth) * radius * rng.uniform(1.3, 2.0, (count, 1)) - [0, radius * 2.2, 0]
    places[:, 1] -= rng.uniform(0, radius * 1.2, count)
    mesh = join_meshes([Mesh((one.vertices + place).astype(np.float32), one.faces) for place in places])
    return solid(mesh, material("bark"), tint=(0.13, 0.10, 0.035), name="coconuts", collides=False)


def _husks(crown: Array, rng: np.random.Generator, radius: float, height: float) -> Foliage:
    """Fibres and old leaf feet around the crown."""
    count = 150
    azimuth = rng.uniform(0, 6.28, count)
    drop = rng.random(count) ** 1.5 * 0.075 * height
    centres = crown + level(azimuth) * radius * rng.uniform(0.6, 1.35, (count, 1)) - drop[:, None] * [0, 1, 0]
    go = unit(level(azimuth) * 0.5 + [0, -1, 0] + 0.3 * sphere(rng, count))
    tint = hued(mix((0.14, 0.095, 0.05), (0.27, 0.20, 0.11), rng.random(count)), rng)
    return elements(centres, go, level(azimuth), length_m=0.055 * height * rng.uniform(0.5, 1.3, count), width_m=radius * 0.3, colours=tint)


def banana(order: GrownOrder) -> Shape:
    """Broad paddle leaves on soft stems: bananas and other large-leaved jungle plants. Parameters: leaves, stems, width."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    count, stems = int(float(told.get("leaves", 24))), int(float(told.get("stems", 4)))
    feet = level(np.arange(stems) * 2.1 + rng.uniform(0, 6)) * width * 0.05 * (np.arange(stems) > 0)[:, None]
    tall = height * 0.42 * np.array([1.0, 0.8, 0.62, 0.7, 0.5])[:stems]
    limbs = [
        Limb(np.stack([f, f + [0, t * 0.5, 0], f * 1.2 + [0, t, 0]]), 0.024 * height * np.array([1.15, 0.9, 0.55]) * t / tall[0], 9)
        for f, t in zip(feet, tall, strict=True)
    ]
    owner = np.arange(count) % stems
    azimuth = np.arange(count) * GOLDEN_ANGLE_RAD + rng.normal(0, 0.2, count)
    age = np.arange(count) / count
    reach = (
        np.hypot(np.cos(azimuth) * width, np.sin(azimuth) * depth)
        / 2
        * rng.uniform(0.75, 1.02, count)
        * (0.75 + 0.25 * tall[owner] / tall[0])
    )
    share = np.linspace(0, 1, 12)[None, :]
    angle = (1.35 - 0.65 * age)[:, None] - (1.2 + 0.8 * age)[:, None] * share**1.5
    step = reach[:, None] * 1.3 / 11
    out, rise = np.cumsum(np.cos(angle) * step, axis=1), np.cumsum(np.sin(angle) * step, axis=1)
    tops = feet[owner] + tall[owner][:, None] * [0, 1, 0]
    spines = tops[:, None] + level(azimuth)[:, None] * out[..., None] + rise[..., None] * [0, 1, 0]
    leaf = _paddles(spines, reach * float(told.get("width", 0.34)), rng)
    ribs = segments(
        spines[:, :-1].reshape(-1, 3), spines[:, 1:].reshape(-1, 3), [0, 1, 0], width_m=height * 0.012, colours=(0.19, 0.24, 0.075)
    )
    green = (
        palette("jungle", order.season, order.colour)
        if order.colour
        else Palette((0.034, 0.066, 0.016), (0.100, 0.175, 0.038), (0.165, 0.225, 0.060))
    )
    stem = wooden(wood.tubes(limbs), order.material or "leaves", tint=(0.16, 0.19, 0.07), name="stem")
    return fitted(Shape([stem], [shaded(leaf, rng, green, clump_m=height * 0.2, outward=0.05, strength=0.4), shuffled([ribs], rng)]), order)


def _paddles(spines: Array, wide: Array, rng: np.random.Generator) -> Foliage:
    """Leaf blades on both sides of spines as slanting strips with a few tears."""
    return frond_leaflets(
        spines,
        rng,
        pairs=30,
        length_m=wide * 0.95,
        width_m=float(wide.mean()) * 0.34,
        profile=((0, 0.14, 0.2, 0.55, 0.85, 1), (0.0, 0.05, 0.6, 1.0, 0.75, 0.12)),
        droop=0.14,
        sweep=0.35,
        pieces=2,
    )


def bamboo(order: GrownOrder) -> Shape:
    """A grove of jointed culms that arch at the top. Parameters: culms, palette."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    culms = int(float(told.get("culms", 15)))
    angle, distance = np.arange(culms) * GOLDEN_ANGLE_RAD, np.sqrt((np.arange(culms) + 0.5) / culms)
    feet = level(angle) * (distance * 0.25)[:, None] * [width, 1, depth] + rng.normal(0, 0.05, (culms, 3)) * [1, 0, 1]
    feet[:, 1] = 0
    out = unit(feet + rng.normal(0, 0.2 * width, (culms, 3)) * [1, 0, 1] + [1e-6, 0, 0])
    tall = height * rng.uniform(0.72, 1.0, culms)
    share = np.linspace(0, 1, 15)[None, :]
    arch = (0.18 + 0.1 * rng.random(culms))[:, None] * width * share**3
    paths = feet[:, None] + out[:, None] * arch[..., None] + (tall[:, None] * (share - 0.05 * share**5))[..., None] * [0, 1, 0]
    joint = 1 + 0.10 * (np.arange(15) % 2 == 0)
    radius = 0.0055 * height * rng.uniform(0.75, 1.2, culms)
    limbs = [Limb(path, r * joint * np.linspace(1, 0.28, 15), 6) for path, r in zip(paths, radius, strict=True)]
    leaves = _bamboo_leaves(paths, order)
    tint = order.colour or (0.210, 0.235, 0.075)
    return fitted(Shape([wooden(wood.tubes(limbs), order.material or "bamboo", tint=tint, name="culms")], leaves), order)


def _bamboo_leaves(paths: Array, order: GrownOrder) -> list[Foliage]:
    rng, height = order.rng, order.size_m[1]
    twigs = 420
    node, place = rng.integers(0, len(paths), twigs), 0.30 + 0.70 * rng.random(twigs) ** 0.8
    index = np.minimum((place * 14).astype(int), 13)
    part = (place * 14 - index)[:, None]
    foot = paths[node, index] * (1 - part) + paths[node, index + 1] * part
    go = unit(level(rng.uniform(0, 6.28, twigs)) + [0, 0.5, 0] + 0.2 * sphere(rng, twigs))
    length = height * 0.085 * rng.uniform(0.5, 1.3, twigs) * (1.15 - 0.5 * place)
    ends = foot + go * length[:, None] - (length * 0.25)[:, None] * [0, 1, 0]
    stems = segments(foot, ends, sphere(rng, twigs), width_m=0.010, colours=(0.17, 0.19, 0.06))
    each = 17
    which = np.repeat(np.arange(twigs), each)
    share = rng.random((twigs * each, 1)) ** 0.7
    centres = foot[which] * (1 - share) + ends[which] * share + sphere(rng, len(which)) * 0.09 * (height / 6) ** 0.5
    hang = unit(go[which] * 0.8 + 0.7 * sphere(rng, len(which)) - [0, 0.55, 0])
    size = 0.20 * (height / 6) ** 0.5 * rng.uniform(0.6, 1.3, len(which))
    leaf = elements(centres, hang, sphere(rng, len(which)) + [0, 0.6, 0], length_m=size, width_m=size * 0.20, colours=np.zeros(3))
    green = Palette((0.040, 0.062, 0.016), (0.115, 0.165, 0.040), (0.190, 0.230, 0.066))
    return [shaded(leaf, rng, green, clump_m=height * 0.15, outward=0.3, strength=0.7), shuffled([stems], rng, translucency=0.1)]


def cactus(order: GrownOrder) -> Shape:
    """A cactus. Parameters: form (saguaro, barrel, prickly), ribs, arms."""
    form = str(order.parameters.get("form", "saguaro"))
    if form == "prickly":
        return _prickly_pear(order)
    rng = order.rng
    height = float(order.size_m[1])
    ribs = int(float(order.parameters.get("ribs", 14 if form == "saguaro" else 20)))
    if form == "barrel":
        share = 0.5 - 0.5 * np.cos(np.linspace(0, 1, 14) * np.pi)
        radius = 0.5 * min(order.size_m[0], order.size_m[2])
        path = np.stack([0 * share, share * height * 0.93, 0 * share], axis=1)
        columns = [Limb(path, radius * np.sqrt(np.clip(1 - (1.9 * (share - 0.46)) ** 4, 0.03, 1)), ribs * 2)]
    else:
        columns = _saguaro_columns(order, ribs)
    meshes = [_ribbed(limb) for limb in columns]
    spines = [_spines(mesh, rng, 0.028 * height**0.4) for mesh in meshes]
    tops = np.array([mesh.vertices[mesh.vertices[:, 1].argmax()] for mesh in meshes], np.float64)
    flowers = (
        _crown_flowers(tops, rng, height)
        if form == "saguaro"
        else _crown_flowers(tops.repeat(5, axis=0) + rng.normal(0, 0.07, (5, 3)) * [1, 0, 1] * order.size_m[0], rng, height * 1.6)
    )
    body = solid(join_meshes(meshes), material("leaves"), tint=order.colour or CACTUS, name="body", crease_deg=75)
    return fitted(
        Shape(
            [replace(body, material=material(order.material) if order.material else body.material)],
            [shuffled([*spines, flowers], rng, translucency=0.1)],
        ),
        order,
    )


def _saguaro_columns(order: GrownOrder, ribs: int) -> list[Limb]:
    rng = order.rng
    width, height, _ = (float(v) for v in order.size_m)
    share = np.concatenate([np.linspace(0, 0.9, 9), 0.9 + 0.1 * np.sin(np.linspace(0.2, 1.0, 5) * np.pi / 2)])
    radius = 0.068 * height * (1 if height < 3 else (3 / height) ** 0.25)
    dome = np.sqrt(np.clip(1 - np.clip((share - 0.9) / 0.1, 0, 1) ** 2, 0.02, 1))
    sway = rng.normal(0, 0.012, 2) * height
    trunk = np.stack([sway[0] * share**2, share * height * 0.985, sway[1] * share**2], axis=1)
    found = [Limb(trunk, radius * (0.82 + 0.25 * np.sin(share * 2.6)) * dome, ribs * 2)]
    arms = int(float(order.parameters.get("arms", 3)))
    for arm in range(arms):
        azimuth = (0.15 if arm % 2 == 0 else np.pi + 0.1) + rng.normal(0, 0.5)
        reach = width * rng.uniform(0.36, 0.44)
        start = height * rng.uniform(0.28, 0.48)
        end = min(height * 0.92, start + height * rng.uniform(0.26, 0.42))
        along_ = np.concatenate([np.linspace(0, 0.9, 11), 0.9 + 0.1 * np.sin(np.linspace(0.3, 1.0, 4) * np.pi / 2)])
        out = reach * np.sin(np.clip(along_ / 0.42, 0, 1) * np.pi / 2)
        rise = start + np.where(along_ < 0.42, reach * 0.55 * (1 - np.cos(np.clip(along_ / 0.42, 0, 1) * np.pi / 2)), 0)
        rise = np.where(along_ >= 0.42, start + reach * 0.55 + (end - start - reach * 0.55) * (along_ - 0.42) / 0.58, rise)
        path = level(azimuth)[None] * out[:, None] + rise[:, None] * [0, 1, 0]
        cap = np.sqrt(np.clip(1 - np.clip((along_ - 0.9) / 0.1, 0, 1) ** 2, 0.02, 1))
        found.append(Limb(path, radius * 0.66 * cap, ribs * 2 - 4))
    return found


def _ribbed(limb: Limb) -> Mesh:
    """A tube whose every other edge is a rib: valleys are pulled towards the middle of their ring."""
    mesh = wood.tubes([limb])
    vertices = mesh.vertices.astype(np.float64)
    body = vertices[:-2].reshape(len(limb.points), limb.sides, 3)
    middle = limb.points[:, None]
    body[:, 1::2] = middle + (body[:, 1::2] - middle) * 0.84
    return Mesh(np.concatenate([body.reshape(-1, 3), vertices[-2:]]).astype(np.float32), mesh.faces)


def _spines(mesh: Mesh, rng: np.random.Generator, length: float) -> Foliage:
    """Pale spines in little stars along the ribs."""
    body = mesh.vertices[:-2:2].astype(np.float64)
    middle = body.mean(axis=0) * [1, 0, 1] + body * [0, 1, 0]
    node = np.repeat(np.arange(len(body)), 5)
    shift = rng.uniform(-1, 1, (len(node), 1)) * np.array([0, 1, 0]) * np.ptp(body[:, 1]) / 26
    go = unit(unit((body - middle)[node]) + 0.7 * sphere(rng, len(node)))
    tint = hued(np.tile([0.42, 0.37, 0.26], (len(node), 1)), rng)
    return elements(
        body[node] + shift + go * length * 0.4, go, sphere(rng, len(node)), length_m=length, width_m=length * 0.09, colours=tint
    )


def _crown_flowers(tops: Array, rng: np.random.Generator, height: float) -> Foliage:
    node = np.repeat(np.arange(len(tops)), 3)
    up = unit(np.array([0, 1, 0]) + 0.45 * sphere(rng, len(node)))
    return rosettes(
        tops[node] + 0.02 * up,
        up,
        rng,
        petals=9,
        length_m=0.026 * height**0.6,
        width=0.45,
        open_rad=0.95,
        colours=(0.66, 0.58, 0.46) if height > 1.2 else (0.60, 0.20, 0.32),
    )


def _prickly_pear(order: GrownOrder) -> Shape:
    """Flat pads that grow from one another's edges."""
    rng = order.rng
    width, height, _ = (float(v) for v in order.size_m)
    pads: list[tuple[Array, Array, Array, float]] = []
    size = 0.36 * height
    for start in range(3):
        azimuth = start * 2.1 + rng.normal(0, 0.4)
        pads.append(
            (level(azimuth) * width * 0.08, unit(level(azimuth) * 0.25 + [0, 1, 0]), level(azimuth + np.pi / 2 + rng.normal(0, 0.5)), size)
        )
    for index in range(20):
        foot, go, facing, length = pads[index // 2]
        turn = rng.uniform(0.35, 0.75) * (1 if index % 2 else -1)
        edge = np.cross(facing, go)
        away = unit(go * np.cos(turn) + edge * np.sin(turn) + 0.15 * rng.normal(0, 1, 3))
        pads.append(
            (
                foot + (go * np.cos(turn) + edge * np.sin(turn) * 0.7) * length * 0.93,
                away,
                unit(facing + 0.5 * rng.normal(0, 1, 3)),
                length * rng.uniform(0.74, 0.92),
            )
        )
    meshes = [_pad(*pad) for pad in pads]
    body = solid(
        join_meshes(meshes), material(order.material or "leaves"), tint=order.colour or (0.115, 0.165, 0.075), name="pads", crease_deg=75
    )
    surface = np.concatenate([mesh.vertices[::3] for mesh in meshes]).astype(np.float64)
    thorns = dots(surface, rng, size_m=0.014, colours=(0.45, 0.40, 0.28))
    tips = np.array([foot + go * length for foot, go, _, length in pads[5:]])
    ups = np.array([go for _, go, _, _ in pads[5:]])
    fruit = elements(
        tips, ups, sphere(rng, len(tips)), length_m=0.075, width_m=0.045, colours=hued(np.tile([0.36, 0.045, 0.11], (len(tips), 1)), rng)
    )
    return fitted(Shape([body], [shuffled([thorns, fruit], rng, translucency=0.05)]), order)


def _pad(foot: Array, go: Array, facing: Array, length: float) -> Mesh:
    one = ellipsoid((length * 0.66, length, length * 0.15), sides=10)
    facing = unit(facing - go * float(facing @ go))
    axes = np.stack([np.cross(go, facing), go, facing], axis=1)
    return Mesh((one.vertices @ axes.T + foot + go * length * 0.47).astype(np.float32), one.faces)
