"""Wood: stems and branches as closed, tapering tubes with flare, gnarls and ribs.

A limb is a polyline with a radius at every point. Tubes of one plant share a mesh; each is closed by itself, and they meet by
running into each other, as boughs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Mesh
from pipelines.things.grown.vectors import Array, noise, resampled, unit


@dataclass(frozen=True)
class Limb:
    """points (P, 3) metres from the thick to the thin end, radii (P,) metres."""

    points: Array
    radii: Array
    sides: int = 6


def tubes(limbs: Sequence[Limb]) -> Mesh:
    """All limbs as one mesh of closed tubes: rings one after another, then the middle of the thick end and the thin end's point."""
    if not limbs:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    frames = _frames(limbs)
    vertices: list[Array] = []
    faces: list[NDArray[np.int64]] = []
    start = 0
    for limb, (right, other, ahead) in zip(limbs, frames, strict=True):
        points, radii = np.asarray(limb.points, np.float64), np.asarray(limb.radii, np.float64)
        angle = np.arange(limb.sides) * 2 * np.pi / limb.sides
        circle = np.cos(angle)[:, None] * right[:, None] + np.sin(angle)[:, None] * other[:, None]
        rings = points[:, None] + circle * radii[:, None, None]
        vertices += [rings.reshape(-1, 3), points[:1], points[-1:] + ahead[-1:] * radii[-1]]
        faces.append(_tube_faces(len(points), limb.sides) + start)
        start += len(points) * limb.sides + 2
    return Mesh(np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32))


def _frames(limbs: Sequence[Limb]) -> list[tuple[Array, Array, Array]]:
    """For each limb its two cross axes and its direction at every point (P, 3), carried along without twist.

    All limbs are walked at once, padded with their last points to the same number of rings.
    """
    counts = [len(limb.points) for limb in limbs]
    most = max(counts)
    path = np.stack([np.asarray(limb.points, np.float64)[np.minimum(np.arange(most), len(limb.points) - 1)] for limb in limbs])
    last = np.array(counts)[:, None] - 1
    rows = np.arange(len(limbs))[:, None]
    index = np.minimum(np.arange(most)[None], last)
    ahead = unit(path[rows, np.minimum(index + 1, last)] - path[rows, np.maximum(index - 1, 0)])
    right = np.empty_like(path)
    carried = np.where(np.abs(ahead[:, 0, :1]) < 0.8, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0])
    for ring in range(most):
        carried = carried - ahead[:, ring] * (carried * ahead[:, ring]).sum(axis=1, keepdims=True)
        carried = carried / (np.sqrt((carried * carried).sum(axis=1, keepdims=True)) + 1e-12)
        right[:, ring] = carried
    other = np.cross(ahead, right)
    return [(right[n, :count], other[n, :count], ahead[n, :count]) for n, count in enumerate(counts)]


@cache
def _tube_faces(rings: int, sides: int) -> NDArray[np.int64]:
    """Faces of one tube of that many rings and sides, closed by fans at both ends."""
    s = np.arange(sides)
    t = (s + 1) % sides
    base = (np.arange(rings - 1) * sides)[:, None]
    first = np.stack([base + s, base + t, base + t + sides], axis=-1).reshape(-1, 3)
    second = np.stack([base + s, base + t + sides, base + s + sides], axis=-1).reshape(-1, 3)
    end, middle = (rings - 1) * sides, rings * sides
    floor = np.stack([np.full(sides, middle), t, s], axis=1)
    point = np.stack([np.full(sides, middle + 1), end + s, end + t], axis=1)
    return np.concatenate([first, second, floor, point])


def stem(path: Array, radii: Array, *, sides: int, rings: int) -> Limb:
    """A limb along a smooth path with evenly spaced rings."""
    share = np.linspace(0, 1, len(radii))
    return Limb(resampled(path, rings), np.interp(np.linspace(0, 1, rings), share, radii), sides)


def gnarled(mesh: Mesh, seed: int, *, amount_m: float, size_m: float, octaves: int = 2) -> Mesh:
    """The mesh with its vertices pushed about by smooth noise: knots, bulges, uneven growth."""
    vertices = mesh.vertices.astype(np.float64)
    push = np.stack([noise(vertices, seed + axis, size_m=size_m, octaves=octaves) for axis in (0, 1, 2)], axis=1)
    push[:, 1] *= smooth_from_ground(vertices[:, 1], size_m)
    return Mesh((vertices + push * amount_m).astype(np.float32), mesh.faces)


def smooth_from_ground(heights: Array, reach_m: float) -> Array:
    """0 on the ground, 1 from `reach_m` up: keeps feet on the ground."""
    return np.clip(heights / max(reach_m, 1e-6), 0, 1)


def footed(limb: Limb) -> Limb:
    """The limb with more rings near its foot, so that a flare can curve there."""
    reach = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(limb.points, axis=0), axis=1))])
    extra = limb.radii[0] * np.array([0.45, 1.0, 1.8, 3.0, 5.0])
    places = np.unique(np.concatenate([reach[reach > extra[-1] * 1.3], [0.0], extra[extra < reach[-1] * 0.6]]))
    points = np.stack([np.interp(places, reach, limb.points[:, axis]) for axis in range(3)], axis=1)
    return Limb(points, np.interp(places, reach, limb.radii), limb.sides)


def roots(rng: np.random.Generator, *, radius_m: float, count: int = 6, reach: float = 2.6) -> list[Limb]:
    """Roots that leave a trunk of that radius and sink into the ground within `reach` radii."""
    found = []
    share = np.linspace(0, 1, 6)
    for index in range(count):
        azimuth = index * 2 * np.pi / count + rng.normal(0, 0.22) + 0.35 * rng.normal() * share**1.5
        far = radius_m * (0.45 + (reach * rng.uniform(0.7, 1.1) - 0.45) * share)
        rise = radius_m * (0.95 * (1 - share) ** 2.6 - 0.22 * share**1.5)
        points = np.stack([np.cos(azimuth) * far, rise, np.sin(azimuth) * far], axis=1)
        found.append(Limb(points, radius_m * rng.uniform(0.30, 0.42) * np.array([1.15, 1.0, 0.8, 0.6, 0.42, 0.2]), 7))
    return found


def flared(mesh: Mesh, rng: np.random.Generator, *, radius_m: float, height_m: float, ridges: int = 5, ring: int = 10) -> Mesh:
    """The foot of a trunk at the origin spread into root buttresses that fade out over `height_m`; its first `ring` vertices lie flat."""
    vertices = mesh.vertices.astype(np.float64)
    vertices[:ring, 1] = 0.0
    angle = np.arctan2(vertices[:, 2], vertices[:, 0])
    distance = np.hypot(vertices[:, 0], vertices[:, 2])
    phase = rng.uniform(0, 2 * np.pi)
    ridge = 0.5 + 0.5 * np.cos(ridges * angle + phase + 0.7 * np.sin(2 * angle + phase))
    fade = np.exp(-np.clip(vertices[:, 1], 0, None) / height_m * 3.0)
    near = np.clip(1.6 - distance / max(radius_m, 1e-6) * 0.5, 0, 1)
    spread = 1 + fade * near * (0.15 + 0.95 * ridge**2)
    vertices[:, 0] *= spread
    vertices[:, 2] *= spread
    return Mesh(vertices.astype(np.float32), mesh.faces)
