"""Small splats, scenes and worlds for the tests of files."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import panorama, pinhole
from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, Gaussians, frames_from_quaternions
from pipelines.prompt import Prompt
from pipelines.scene import Body, Foliage, HeightField, Material, Mesh, Model, Part, RelationCheck, Scene, Sky, Spawn, Terrain, Thing
from pipelines.spec import SceneSpec, ThingSpec
from pipelines.world import MadeBy, MeasuredView, View, World

OAK = Material("oak", (0.3, 0.2, 0.1), (0.2, 0.1, 0.05), roughness=0.6)
LAMP = Material("lamp", (0.9, 0.8, 0.7), (1, 1, 1), emission=(3.0, 2.0, 1.0))
EMBER = Material("ember", (0.1, 0.0, 0.0), (0, 0, 0), emission=(0.5, 0.1, 0.0), glows_in_the_dark=True)
GLASS = Material("glass", (0.9, 0.9, 0.9), (1, 1, 1), opacity=0.25, metallic=0.1)


def splats(count: int, *, degree: int = 0, seed: int = 0, spread_m: float = 12.0) -> Gaussians:
    """Splats of all kinds within reach of every format."""
    rng = np.random.default_rng(seed)
    rotations = rng.normal(size=(count, 4))
    harmonics = rng.normal(0, 0.12, (count, COEFFICIENTS_OF_DEGREE[degree], 3))
    harmonics[:, 0] = rng.uniform(-1.6, 1.6, (count, 3))
    return Gaussians(
        rng.normal(0, spread_m, (count, 3)).astype(np.float32),
        np.exp(rng.uniform(np.log(0.004), np.log(0.4), (count, 3))).astype(np.float32),
        (rotations / np.linalg.norm(rotations, axis=1, keepdims=True)).astype(np.float32),
        rng.uniform(0.02, 0.98, count).astype(np.float32),
        harmonics.astype(np.float32),
        rng.integers(0, 4, count).astype(np.int32),
    )


def covariances(gaussians: Gaussians) -> NDArray[np.float64]:
    """(N, 3, 3): what a rotation and three scales mean, however they are named."""
    frames = frames_from_quaternions(gaussians.rotations).astype(np.float64) * gaussians.scales[:, None, :]
    return np.asarray(frames @ frames.transpose(0, 2, 1))


def nearest(source: Gaussians, target: Gaussians) -> Gaussians:
    """The splats of `source` in the order of those of `target` at the same places."""
    from scipy.spatial import cKDTree

    distance, index = cKDTree(source.means).query(target.means)
    assert len(source) == len(target) and len(np.unique(index)) == len(source), "splats were lost or doubled"
    assert distance.max() < 0.05
    return source.take(index)


def pyramid(size_m: float = 1.0) -> Mesh:
    """A closed four-sided pyramid on the ground, facing outwards."""
    vertices = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1], [0, 1.5, 0]], np.float32) * size_m
    faces = np.array([[0, 1, 2], [0, 2, 3], [1, 0, 4], [2, 1, 4], [3, 2, 4], [0, 3, 4]], np.int32)
    return Mesh(vertices, faces)


def ball(rings: int, radius_m: float = 1.0) -> Mesh:
    """A closed sphere of 4·rings·(rings − 1) triangles, its middle at the origin."""
    around = 2 * rings
    latitude, longitude = np.meshgrid(np.pi * np.arange(1, rings) / rings, 2 * np.pi * np.arange(around) / around, indexing="ij")
    x, y, z = np.sin(latitude) * np.sin(longitude), np.cos(latitude), np.sin(latitude) * np.cos(longitude)
    vertices = np.concatenate([[[0, 1, 0]], np.stack([x, y, z], axis=-1).reshape(-1, 3), [[0, -1, 0]]])
    index = 1 + np.arange((rings - 1) * around).reshape(rings - 1, around)
    upper, lower = index[:-1], index[1:]
    upper_next, lower_next = np.roll(upper, -1, axis=1), np.roll(lower, -1, axis=1)
    faces = [np.stack([upper, lower, lower_next], axis=-1), np.stack([upper, lower_next, upper_next], axis=-1)]
    top = np.stack([np.zeros(around), index[0], np.roll(index[0], -1)], axis=-1)
    bottom = np.stack([np.full(around, len(vertices) - 1), np.roll(index[-1], -1), index[-1]], axis=-1)
    joined = np.concatenate([top, *(group.reshape(-1, 3) for group in faces), bottom])
    return Mesh((vertices * radius_m).astype(np.float32), joined.astype(np.int32))


def hills(cells: int, half_m: float = 40.0) -> Terrain:
    """A square sheet of 2·cells² triangles that rises and falls."""
    steps = np.linspace(-half_m, half_m, cells + 1)
    x, z = np.meshgrid(steps, steps)
    y = hill_height(x, z)
    index = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (corner.ravel() for corner in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]).astype(np.int32)
    share = (0.5 + 0.5 * np.sin(x)).ravel()
    weights = np.stack([share, 1 - share], axis=1).astype(np.float32)
    mesh = Mesh(np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1).astype(np.float32), faces)
    return Terrain(mesh, (OAK, GLASS), weights, HeightField(-half_m, -half_m, 2 * half_m / cells, y.astype(np.float32)))


def hill_height(x: NDArray[np.floating], z: NDArray[np.floating]) -> NDArray[np.floating]:
    """Height of `hills` in metres."""
    return np.asarray(0.8 * np.sin(x / 6) * np.cos(z / 5))


def leaves(count: int, seed: int = 0) -> Foliage:
    """Leaves in a ball."""
    rng = np.random.default_rng(seed)
    along = rng.normal(size=(count, 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    normal = np.cross(along, rng.normal(size=(count, 3)))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    arrays = [rng.normal(0, 1, (count, 3)), along, normal, rng.uniform(0.05, 0.1, count), rng.uniform(0.01, 0.03, count)]
    arrays += [rng.uniform(0.02, 0.4, (count, 3)), rng.uniform(0, 1, count)]
    centres, directions, normals, lengths, widths, colours, depth = (array.astype(np.float32) for array in arrays)
    return Foliage(centres, directions, normals, lengths, widths, colours, depth)


def model(kind: str, parts: tuple[Part, ...], foliage: tuple[Foliage, ...] = ()) -> Model:
    """A model around its parts."""
    points = np.concatenate([part.mesh.vertices for part in parts])
    bounds = np.stack([points.min(axis=0), points.max(axis=0)])
    return Model(kind, parts, foliage, (), (), Body(12.5, 0.6, 0.2, True), bounds, bounds[:, [0, 2]])


def pose(position: tuple[float, float, float], *, turn_rad: float = 0.0, scale: float = 1.0) -> NDArray[np.float64]:
    """world_from_model."""
    matrix = np.eye(4)
    cosine, sine = math.cos(turn_rad), math.sin(turn_rad)
    matrix[:3, :3] = scale * np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    matrix[:3, 3] = position
    return matrix


def scene() -> Scene:
    """Hills, two tents that share a model, a lit lamp, a curtain that one walks through, and a nameless far hill."""
    tent = model("tent", (Part(pyramid(), OAK), Part(pyramid(0.3), GLASS, tint=(0.8, 0.1, 0.1), double_sided=True)), (leaves(300),))
    lamp = model("lamp", (Part(pyramid(0.2), LAMP), Part(pyramid(0.1), EMBER)))
    curtain = model("curtain", (Part(pyramid(0.5), OAK, collides=False),))
    things = (
        Thing(1, "tent", "tent", tent, pose((3, 0, -6), turn_rad=0.7, scale=1.2), "tent", "two tents"),
        Thing(2, "tent", "tent", tent, pose((-4, 0.5, -8))),
        Thing(3, "lamp", "brass lamp", lamp, pose((0, 0, -3))),
        Thing(4, "curtain", "curtain", curtain, pose((0, 0, -2))),
        Thing(0, "hill", "", tent, pose((90, 0, -300), scale=20)),
    )
    sky = Sky((0, 1, 0), (3, 3, 3), (0.2, 0.4, 0.8), (0.6, 0.7, 0.8), (1, 0.8, 0.5), 0.2, (1, 1, 1), 0.001, (0.5, 0.5, 0.5))
    relations = (RelationCheck("tent", "left of", "brass lamp", True), RelationCheck("tent", "near", "viewer", False))
    return Scene(things, hills(24), (leaves(500, 7),), sky, Spawn((0.5, 0.0, 1.0), 0.3), relations=relations)


def world(count: int = 3_000, *, seed: int = 5) -> World:
    """A small finished world, every part of the package in it."""
    rng = np.random.default_rng(seed)
    gaussians = splats(count, seed=seed)
    picture = rng.integers(0, 255, (32, 64, 3), dtype=np.uint8)
    distance = rng.uniform(1, 50, (32, 64)).astype(np.float32)
    distance[:8] = np.inf
    spec = SceneSpec(place="meadow", things=(ThingSpec(name="tent", kind="tent", count=2, phrase="two tents"),), unmatched=("a flurb",))
    return World(
        prompt=Prompt(text="two tents and a flurb", seed=seed),
        spec=spec,
        scene=scene(),
        gaussians=gaussians,
        levels=(gaussians.take(slice(0, count // 2)), gaussians.take(slice(0, count // 4)), gaussians.take(slice(0, count // 8))),
        panorama=MeasuredView(panorama((0, 1.65, 0), width_px=64), picture, distance),
        thumbnail=View(pinhole((0, 1.65, 0), width_px=64, height_px=36), picture),
        recipe="worldloom-nano",
        made_by=(MadeBy("read", float(rng.uniform(0.1, 2)), "all-MiniLM-L6-v2", "abc", "Apache-2.0"), MadeBy("light", 3.25)),
    )
