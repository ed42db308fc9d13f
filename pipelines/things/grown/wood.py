"""Wood: stems and branches as closed, tapering tubes with flare, gnarls and ribs.

A limb is a polyline with a radius at every point. Tubes of one plant share a mesh; each is closed by itself, and they meet by
running into each other, as boughs do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from pipelines.scene import Mesh
from pipelines.things.grown.vectors import Array, noise, resampled


@dataclass(frozen=True)
class Limb:
    """points (P, 3) metres from the thick to the thin end, radii (P,) metres."""

    points: Array
    radii: Array
    sides: int = 6


@njit(cache=True)
def _tubes(points, radii, starts, sides, vertices, faces):  # type: ignore[no-untyped-def]
    """Fill vertices and faces of all limbs; frames are carried along each limb without twist."""
    at_vertex, at_face = 0, 0
    for limb in range(len(sides)):
        first, last, around = starts[limb], starts[limb + 1] - 1, sides[limb]
        right = np.zeros(3)
        base = at_vertex
        for p in range(first, last + 1):
            ahead = points[min(p + 1, last)] - points[max(p - 1, first)]
            ahead = ahead / (np.sqrt((ahead * ahead).sum()) + 1e-12)
            if p == first:
                if abs(ahead[0]) < 0.8:
                    right[0] = 1.0
                else:
                    right[2] = 1.0
            right = right - ahead * (right * ahead).sum()
            right = right / (np.sqrt((right * right).sum()) + 1e-12)
            other = np.cross(ahead, right)
            for s in range(around):
                angle = 2 * np.pi * s / around
                vertices[at_vertex] = points[p] + radii[p] * (np.cos(angle) * right + np.sin(angle) * other)
                at_vertex += 1
            if p == first:
                vertices[base + around * (last - first + 1)] = points[p]
            if p == last:
                vertices[base + around * (last - first + 1) + 1] = points[p] + ahead * radii[p]
        bottom, top = at_vertex, at_vertex + 1
        at_vertex += 2
        rings = last - first + 1
        for s in range(around):
            t = (s + 1) % around
            for r in range(rings - 1):
                a, b = base + r * around + s, base + r * around + t
                faces[at_face] = (a, b, b + around)
                faces[at_face + 1] = (a, b + around, a + around)
                at_face += 2
            end = base + (rings - 1) * around
            faces[at_face] = (bottom, base + t, base + s)
            faces[at_face + 1] = (top, end + s, end + t)
            at_face += 2


def tubes(limbs: Sequence[Limb]) -> Mesh:
    """All limbs as one mesh of closed tubes."""
    if not limbs:
        return Mesh(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32))
    counts = np.array([len(limb.points) for limb in limbs])
    sides = np.array([limb.sides for limb in limbs])
    starts = np.concatenate([[0], np.cumsum(counts)])
    vertices = np.zeros((int((counts * sides + 2).sum()), 3))
    faces = np.zeros((int((counts * sides * 2).sum()), 3), np.int64)
    points = np.concatenate([np.asarray(limb.points, np.float64) for limb in limbs])
    radii = np.concatenate([np.asarray(limb.radii, np.float64) for limb in limbs])
    _tubes(points, radii, starts, sides, vertices, faces)
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32))


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
