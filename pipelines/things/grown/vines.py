"""Climbing crops: vines and other plants on posts and wires."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.scene import Colour, Mesh, Part, join_meshes
from pipelines.spec import Season
from pipelines.things.grown import wood
from pipelines.things.grown.leafage import palette
from pipelines.things.grown.plant import elements, fitted, shaded, shuffled, wooden
from pipelines.things.grown.vectors import sphere, unit
from pipelines.things.grown.wood import Limb
from pipelines.things.materials import material
from pipelines.things.shape import GrownOrder, Shape
from pipelines.things.solids import sphere as ball

FRUITS: Mapping[str, tuple[Colour, float, int]] = {
    "grape": ((0.045, 0.012, 0.055), 0.024, 11),
    "tomato": ((0.42, 0.03, 0.02), 0.034, 4),
}
"""Colour, radius of a berry (m), berries in a bunch."""


def vine_row(order: GrownOrder) -> Shape:
    """A row of plants along z on posts and wires, with bunches of fruit in summer and autumn. Parameters: fruit, step, leaves."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    step = float(told.get("step", 1.0))
    count = max(2, round(depth / step))
    stems, wires = [], []
    for k in range(count):
        z = (k + 0.5) / count * depth - depth / 2 + rng.normal(0, 0.05)
        sway = rng.normal(0, 0.05, (5, 2))
        rise = np.linspace(0, 0.48 * height, 5)
        stems.append(Limb(np.stack([sway[:, 0], rise, z + sway[:, 1]], axis=1), np.linspace(0.035, 0.024, 5), 7))
        for hand in (-1, 1):
            arm = np.linspace(0, hand * 0.5 * step, 5)
            stems.append(
                Limb(
                    np.stack([0.02 * np.sin(arm * 9), 0.48 * height + 0.03 * np.abs(arm), z + arm], axis=1), np.linspace(0.022, 0.01, 5), 6
                )
            )
    for z in np.linspace(-depth / 2 + 0.06, depth / 2 - 0.06, max(2, round(depth / 2.5) + 1)):
        wires.append(Limb(np.array([[0, 0, z], [0, 0.5 * height, z], [0, 0.97 * height, z]]), np.full(3, 0.045), 8))
    for y in (0.5, 0.7, 0.9):
        wires.append(Limb(np.array([[0, y * height, -depth / 2 + 0.06], [0, y * height, depth / 2 - 0.06]]), np.full(2, 0.006), 4))
    parts = [wooden(wood.tubes(stems), "bark"), wooden(wood.tubes(wires), "weathered_planks", name="trellis")]
    bare = order.season == Season.WINTER
    if bare:
        return fitted(Shape(parts, []), order, rooted=False)
    many = int(float(told.get("leaves", 800)) * depth)
    middle = np.stack(
        [rng.normal(0, 0.16 * width, many), height * (0.46 + 0.5 * rng.random(many) ** 0.9), rng.uniform(-depth / 2, depth / 2, many)],
        axis=1,
    )
    middle[:, 0] = np.clip(middle[:, 0], -0.46 * width, 0.46 * width)
    go = unit(sphere(rng, many) * [1, 0.7, 1] - [0, 0.55, 0])
    facing = unit(middle * [3.0, 0, 0] + 0.7 * sphere(rng, many) + [0, 0.5, 0])
    length = 0.14 * np.exp(rng.normal(0, 0.22, many))
    leaves = elements(middle, go, facing, length_m=length, width_m=length * 0.86, colours=np.zeros(3))
    foliage = shaded(
        leaves,
        rng,
        palette(
            "maple" if order.season == Season.AUTUMN else "apple",
            Season.SUMMER if order.season == Season.SPRING else order.season,
            order.colour,
        ),
        clump_m=0.5,
    )
    return fitted(Shape([*parts, *_bunches(order, depth, height)], [shuffled([foliage], rng)]), order, rooted=False)


def _bunches(order: GrownOrder, depth: float, height: float) -> list[Part]:
    """Berries that hang in bunches on both sides."""
    if order.season not in (Season.SUMMER, Season.AUTUMN):
        return []
    colour, radius, berries = FRUITS[str(order.parameters.get("fruit", "grape"))]
    rng, one = order.rng, ball(radius, sides=5)
    meshes = []
    for _ in range(int(4 * depth)):
        foot = np.array(
            [
                rng.choice([-1, 1]) * rng.uniform(0.08, 0.22),
                height * rng.uniform(0.46, 0.72),
                rng.uniform(-depth / 2 + 0.1, depth / 2 - 0.1),
            ]
        )
        for k in range(berries):
            down = k / berries
            where = foot + sphere(rng, 1)[0] * radius * 2.4 * (1 - 0.7 * down) - [0, 5.5 * radius * down, 0]
            meshes.append(Mesh(one.vertices + where.astype(np.float32), one.faces))
    return [Part(join_meshes(meshes), material("fruit"), colour, "fruit", collides=False)]
