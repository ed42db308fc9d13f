"""Crags: cliffs, buttes and tors of broken blocks in level beds, with scree at the foot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Mesh
from pipelines.things.grown.plant import fitted
from pipelines.things.grown.rocks import mossy, placed, rocky, settled, stone
from pipelines.things.grown.vectors import Array, level, noise, smoothstep
from pipelines.things.shape import GrownOrder, Shape


def crag(order: GrownOrder) -> Shape:
    """A mass of bedrock with cliffs all round.

    Parameters: beds (level strata), blocks (metres wide), ledge (setback of each bed as a share of the depth), batter (how much
    narrower the top is), square (0 = round outline, 1 = a box), summit (how uneven the top is), scree (boulders), stone, moss.
    """
    rng, told = order.rng, order.parameters
    size = np.asarray(order.size_m, np.float64)
    body = _crag_body(order, size)
    meshes = [body]
    for index in range(int(float(told.get("scree", 10)))):
        own = size[1] * rng.uniform(0.05, 0.15) * rng.uniform(0.8, 1.3, 3)
        azimuth = index * 2.4 + rng.normal(0, 0.3)
        where = level(azimuth) * size / 2 * rng.uniform(0.84, 0.93) * [1, 0, 1]
        meshes.append(placed(settled(stone(rng, own, subdivisions=2, planes=12), 0.25), where, rng.uniform(0, 6.28)))
    foliage = mossy(meshes[:1], rng, int(float(told.get("moss", 500))))
    return fitted(Shape([rocky(meshes, order, crease=30)], foliage), order, rooted=False, sunk=True)


def _crag_body(order: GrownOrder, size: Array) -> Mesh:
    """A closed wall of rings, displaced block by block, with a lid of rings that shrink to its middle."""
    rng, told = order.rng, order.parameters
    around = int(np.clip(2 * (size[0] + size[2]) / (0.022 * size.mean()), 90, 150))
    tall = int(np.clip(size[1] / (0.026 * size.mean()), 18, 44))
    seed = int(rng.integers(1 << 30))
    angle = np.arange(around) * 2 * np.pi / around
    square = 2 + 4 * float(told.get("square", 0.4))
    outline = (np.abs(np.cos(angle)) ** square + np.abs(np.sin(angle)) ** square) ** (-1 / square)
    flat = level(angle) * outline[:, None]
    rise = np.linspace(0, 1, tall)
    wall = flat[None] * [1, 0, 1] + rise[:, None, None] * [0, 1, 0]
    points = (wall * size * [0.5, 1, 0.5]).reshape(-1, 3)
    inset = _broken(points, rise.repeat(around), order, size, seed).reshape(tall, around)
    half = 0.5 * np.minimum(size[0], size[2])
    scale = 1 - np.clip(inset / half, -0.2, 0.75)
    rings = wall * np.stack([scale, np.ones_like(scale), scale], axis=-1) * size * [0.5, 1, 0.5]
    rings[1:, :, 1] += (
        0.012 * size[1] * noise(rings[1:].reshape(-1, 3), seed + 7, size_m=0.12 * size[1], octaves=2).reshape(tall - 1, around)
    )
    crown = _summit(rings[-1], order, size, seed)
    layers = np.concatenate([rings, crown])
    middle_top = layers[-1].mean(axis=0) + [0, 0.004 * size[1], 0]
    vertices = np.concatenate([layers.reshape(-1, 3), [[0.0, 0.0, 0.0]], [middle_top]])
    return Mesh(vertices.astype(np.float32), wall_faces(len(layers), around))


def _broken(points: Array, rise: Array, order: GrownOrder, size: Array, seed: int) -> Array:
    """How far (metres) each point of the wall lies behind the outline: beds, blocks, clefts and grain."""
    told = order.parameters
    beds = float(told.get("beds", 4))
    block = float(told.get("blocks", 0.16 * size.mean()))
    half = 0.5 * min(size[0], size[2])
    warp = noise(points, seed, size_m=block * 2.2, octaves=2)
    bed = rise * beds + 0.30 * warp
    index = np.floor(bed)
    within = bed - index
    ledge = float(told.get("ledge", 0.05)) * half * (index + smoothstep(within, 0.82, 1.0) * 0.6)
    cell = points / block + 0.35 * warp[:, None]
    low, high = np.floor(cell[:, 0] + 0.5 * index), np.floor(cell[:, 2] + 0.5 * index)
    label = np.stack([low * 1.73 + 0.4, index * 2.31 + 0.4, high * 1.91 + 0.4], axis=1)
    blocks = noise(label, seed + 3)
    slabs = noise(np.floor(points / (block * 0.45) * [1, 0.7, 1]) * 1.37 + 0.4, seed + 4)
    cleft = np.abs(noise(points * [1, 0.25, 1], seed + 5, size_m=block * 1.6, octaves=2))
    grain = noise(points, seed + 6, size_m=block * 0.5, octaves=4)
    batter = float(told.get("batter", 0.25)) * half * rise**1.2
    big = noise(points * [1, 0.4, 1], seed + 8, size_m=size.mean() * 0.45, octaves=2)
    return np.asarray(
        batter
        + ledge
        + block * (0.42 * blocks + 0.14 * slabs + 0.32 * (1 - smoothstep(cleft, 0.0, 0.12)) + 0.16 * grain)
        - half * 0.28 * big
    )


def _summit(rim: Array, order: GrownOrder, size: Array, seed: int) -> Array:
    """Rings (R, around, 3) from the rim to near the middle, rising unevenly."""
    told = order.parameters
    middle = rim.mean(axis=0)
    shares = np.array([0.93, 0.82, 0.66, 0.47, 0.27, 0.1])
    rings = middle + (rim[None] - middle) * shares[:, None, None]
    lumps = noise(rings.reshape(-1, 3), seed + 11, size_m=0.28 * size.mean(), octaves=4).reshape(rings.shape[:2])
    lift = float(told.get("summit", 0.10)) * size[1]
    rings[:, :, 1] += lift * ((1 - shares[:, None]) * 0.8 + lumps * np.clip(4 * (1 - shares[:, None]), 0, 1))
    return np.asarray(rings)


def wall_faces(layers: int, around: int) -> NDArray[np.int32]:
    """Faces of rings stacked upwards, whose vertices are followed by the middle of the floor and of the lid."""
    s = np.arange(around)
    t = (s + 1) % around
    base = (np.arange(layers - 1) * around)[:, None]
    lower = np.stack([base + s, base + around + s, base + around + t], axis=-1).reshape(-1, 3)
    upper = np.stack([base + s, base + around + t, base + t], axis=-1).reshape(-1, 3)
    foot, top = layers * around, layers * around + 1
    end = (layers - 1) * around
    floor = np.stack([s, t, np.full(around, foot)], axis=1)
    lid = np.stack([end + t, end + s, np.full(around, top)], axis=1)
    return np.concatenate([lower, upper, floor, lid]).astype(np.int32)
