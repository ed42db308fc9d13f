"""Landforms that the words name: hills, mountains, dunes and cliffs as things, each one shaped like the ground it rises from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.features import FIXED, strip_faces
from pipelines.layout.relief import Reals, ease, fractal, ridges
from pipelines.scene import Floats, Mesh, Model, Part, join_meshes
from pipelines.spec import Size, ThingSpec
from pipelines.things import MATERIALS

SECTORS, RINGS = 112, 30
FACTORS = {Size.TINY: 0.4, Size.SMALL: 0.65, Size.NORMAL: 1.0, Size.LARGE: 1.35, Size.HUGE: 1.8}
MOST_TOP = 0.55  # of a hill's width may be level
LEAST_M = {"mountain": (420.0, 190.0), "hill": (90.0, 16.0), "dune": (60.0, 8.0), "cliff": (60.0, 22.0), "volcano": (400.0, 200.0)}
"""Width and height of a landform as seen from a valley."""


def relief_model(kind: str, size_m: tuple[float, float, float], asked: ThingSpec, *, seed: int, top_m: float = 0.0) -> Model:
    """A landform; its foot reaches a little below the ground round it.

    top_m: how wide its level top is, for what stands there; it is so much wider as a whole where it has to be.
    """
    width, height = LEAST_M[kind]
    width, height = max(width, size_m[0]) * FACTORS[asked.size], max(height, size_m[1]) * FACTORS[asked.size]
    if asked.height_m is not None:
        width, height = width * asked.height_m / height, asked.height_m
    width = max(width, top_m / MOST_TOP)
    angle = np.linspace(0, 2 * np.pi, SECTORS + 1)
    share = np.linspace(0, 1, RINGS) ** 0.9
    radius = share[:, None] * (1 + 0.16 * fractal(np.cos(angle) * 1.4 + 7, np.sin(angle) * 1.4, 1.0, octaves=3, seed=seed))[None, :]
    if kind == "cliff":  # buttresses and gullies, ledges
        fluted = ridges(np.cos(angle) * 5.0 + 3, np.sin(angle) * 5.0, 1.0, octaves=4, gain=0.5, seed=seed + 4)
        ledges = fractal(np.cos(angle)[None, :] * 4.0, np.sin(angle)[None, :] * 4.0 + 9.0 * share[:, None], 1.0, octaves=3, seed=seed + 5)
        radius *= 1 + (0.09 * fluted[None, :] + 0.05 * ledges) * ease(0.55, 0.85, share)[:, None]
    radius[:, -1] = radius[:, 0]
    x, z = radius * np.sin(angle) * width / 2, radius * np.cos(angle) * width / 2
    y = height * _profile(kind, np.broadcast_to(share[:, None], x.shape), x / width, z / width, seed, top=top_m / width)
    y[-1] = -0.06 * height - 1.0
    y[:, -1] = y[:, 0]
    vertices = np.stack([x, y, z], axis=-1).reshape(-1, 3).astype(np.float32)
    faces = strip_faces(RINGS, SECTORS + 1)
    faces = np.where(faces % (SECTORS + 1) == SECTORS, faces - SECTORS, faces)  # the last column is the first: no seam that could open
    edges = vertices[faces].astype(np.float64)
    faces = faces[np.linalg.norm(np.cross(edges[:, 1] - edges[:, 0], edges[:, 2] - edges[:, 0]), axis=1) > 1e-6]  # the peak is one point
    faces = np.ascontiguousarray(faces if _upward(vertices, faces) else faces[:, ::-1])
    parts = _parts(kind, vertices, faces, height, seed)
    if kind == "volcano":
        parts += (_smoke(width, height, seed),)
    bounds = np.stack([vertices.min(axis=0), vertices.max(axis=0)])
    return Model(kind, parts, (), (), (), FIXED, bounds, bounds[:, [0, 2]].copy())


def _smoke(width: float, height: float, seed: int) -> Part:
    """A column of smoke over the crater, billows that grow and drift with the wind."""
    rng = np.random.Generator(np.random.PCG64([seed, 8]))
    turn, tilt = np.meshgrid(np.linspace(0, 2 * np.pi, 11), np.linspace(-1.5, 1.5, 7))
    ball = np.stack([np.sin(turn) * np.cos(tilt), np.sin(tilt), np.cos(turn) * np.cos(tilt)], axis=-1).reshape(-1, 3)
    faces = strip_faces(7, 11)
    faces = np.ascontiguousarray(faces if _outward(ball, faces) else faces[:, ::-1])
    puffs = []
    for share in np.repeat(np.linspace(0.0, 1.0, 24), 2):
        spread = width * (0.02 + 0.09 * share)
        middle = np.array([width * 0.34 * share**1.6, height * (0.72 + 0.95 * share**0.8), -width * 0.1 * share])
        points = ball * (spread * rng.uniform(0.6, 1.0)) + middle + rng.normal(0, 0.45 * spread, 3)
        puffs.append(Mesh(points.astype(np.float32), faces))
    return Part(join_meshes(puffs), MATERIALS["smoke"], name="smoke", crease_deg=80.0, collides=False)


def _outward(points: Reals, faces: NDArray[np.int32]) -> bool:
    """Whether the faces round the origin look away from it."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    return float(np.einsum("ij,ij->", np.cross(b - a, c - a), a + b + c)) > 0


def _profile(kind: str, share: Reals, x: Reals, z: Reals, seed: int, *, top: float) -> Reals:
    """Height (share of the whole) by distance from the middle (share of the way to the foot); top: the share of hills that is level."""
    if kind == "mountain":
        crests = 0.5 + 0.5 * ridges(x + 3.1, z - 1.7, 0.34, octaves=6, gain=0.52, seed=seed)
        cone = np.maximum(1 - share, 0) ** 1.25
        return np.asarray(cone * (0.5 + 0.8 * crests * ease(0.0, 0.3, share)) + 0.4 * np.maximum(1 - 2.6 * share, 0))
    if kind == "volcano":
        cone = np.maximum(1 - share, 0) ** 1.45 * (1 + 0.10 * ridges(x + 2.1, z, 0.12, octaves=4, seed=seed) * ease(0.0, 0.35, share))
        return np.asarray(np.minimum(cone, 0.80 + 0.05 * fractal(x, z, 0.05, octaves=3, seed=seed + 1)) - 0.10 * ease(0.13, 0.05, share))
    if kind == "cliff":
        face = ease(0.92, 0.72, share)
        return np.asarray(face * (0.94 + 0.12 * fractal(x, z, 0.3, octaves=4, seed=seed)))
    slope = np.clip((share - top) / (1 - top), 0, 1)
    dome = 0.5 + 0.5 * np.cos(np.pi * slope)
    rough = ease(0.0, 0.25, slope) if top else 1.0
    if kind == "dune":
        dome = dome * (1 - 0.2 * rough * (1 - np.clip(1 + 3 * x, 0, 2)))
    return np.asarray(dome * (1 + 0.12 * rough * fractal(x, z, 0.35, octaves=3, seed=seed)))


def _upward(vertices: Floats, faces: NDArray[np.int32]) -> bool:
    a, b, c = (vertices[faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.cross(b - a, c - a)[:, 1].sum()) > 0


def _parts(kind: str, vertices: Floats, faces: NDArray[np.int32], height: float, seed: int) -> tuple[Part, ...]:
    """One part per material: what each face is made of follows from its height and slope."""
    corners = vertices[faces].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    across = across[:, 1] / np.maximum(np.linalg.norm(across, axis=1), 1e-9)
    middle = corners.mean(axis=1)
    rough = fractal(middle[:, 0], middle[:, 2], 0.12 * float(np.ptp(vertices[:, 0])), octaves=3, seed=seed + 9)
    level = middle[:, 1] / height + 0.1 * rough
    names: tuple[str, ...] = ("sand",) if kind == "dune" else ("grass",)
    which = np.zeros(len(faces), int)
    if kind == "mountain":
        which = np.where((level > 0.55) & (across > 0.5), 2, np.where((level < 0.2) & (across > 0.62), 1, 0))
        names = ("rock", "grass", "snow")
    elif kind == "volcano":
        angle = np.arctan2(middle[:, 0], middle[:, 2])
        reach = np.hypot(middle[:, 0], middle[:, 2]) / float(np.ptp(vertices[:, 0]))
        run = np.abs(np.sin(2.5 * angle + 9.0 * reach + 1.5 * rough)) < 0.15 * np.clip(1.15 * level + 0.1, 0, 1)  # streams that run down
        which, names = np.where((reach < 0.055) | (run & (level > 0.12)), 1, 0), ("basalt", "lava")
    elif kind == "cliff":
        which, names = np.where(across > 0.8, 1, 0), ("rock", "grass")
    parts = []
    for number, name in enumerate(names):
        chosen = faces[which == number]
        if len(chosen):
            used, index = np.unique(chosen, return_inverse=True)
            mesh = Mesh(vertices[used], index.reshape(-1, 3).astype(np.int32))
            parts.append(Part(mesh, MATERIALS[name], name=name, crease_deg=75.0))
    return tuple(parts)
