"""Maize: tall stalks with long leaves, cobs and tassels, in rows."""

from __future__ import annotations

import numpy as np

from pipelines.things.grown.blades import arcs, blades, stalks
from pipelines.things.grown.herbs import grass_colours
from pipelines.things.grown.plant import fitted, shuffled
from pipelines.things.shape import GrownOrder, Shape

LEAVES_OF_MAIZE = 8


def maize(order: GrownOrder) -> Shape:
    """Rows of maize along z: stalks with long arching leaves on two sides, cobs with silk, tassels. Parameters: row, step (metres)."""
    rng, told = order.rng, order.parameters
    width, height, depth = (float(v) for v in order.size_m)
    rows, steps = max(1, round(width / float(told.get("row", 0.75)))), max(2, round(depth / float(told.get("step", 0.3))))
    x, z = np.meshgrid((np.arange(rows) + 0.5) / rows - 0.5, (np.arange(steps) + 0.5) / steps - 0.5)
    feet = np.stack([x.ravel() * width * 0.9, np.zeros(x.size), z.ravel() * depth], axis=1)
    feet[:, [0, 2]] += rng.normal(0, 0.035, (len(feet), 2))
    tall = height * rng.uniform(0.76, 0.88, len(feet))
    trunks = arcs(feet, heights=tall, azimuths=rng.uniform(0, 6.28, len(feet)), bends=rng.uniform(0, 0.05, len(feet)), pieces=4)
    low, high = grass_colours("green", order.season, rng, len(feet), dry=0.15)
    groups = [stalks(trunks, rng, width_m=0.026, colour=0.5 * (low + high))]
    share = np.linspace(0.1, 0.94, LEAVES_OF_MAIZE)
    count = len(feet) * LEAVES_OF_MAIZE
    from_foot = np.tile(share, len(feet)) + rng.normal(0, 0.02, count)
    roots = np.repeat(feet, LEAVES_OF_MAIZE, axis=0) + from_foot[:, None] * np.repeat(tall, LEAVES_OF_MAIZE)[:, None] * [0, 1, 0]
    turn = np.repeat(rng.uniform(0, 6.28, len(feet)), LEAVES_OF_MAIZE) + np.pi * np.tile(np.arange(LEAVES_OF_MAIZE), len(feet))
    low, high = grass_colours("green", order.season, rng, count, dry=0.1)
    leaves = arcs(
        roots, heights=height * (0.2 + 0.2 * np.sin(np.pi * from_foot)) * rng.uniform(0.85, 1.15, count),
        azimuths=turn + rng.normal(0, 0.3, count), bends=rng.uniform(0.7, 1.0, count), pieces=4,
    )  # fmt: skip
    groups.append(blades(leaves, rng, width_m=0.11, low=0.5 * (low + high), high=high, twist=0.3))
    plumes = np.repeat(trunks[:, -1], 5, axis=0)
    straw = grass_colours("wheat", order.season, rng, len(plumes), dry=0.5)[1]
    tassels = arcs(
        plumes, heights=0.13 * height, azimuths=rng.uniform(0, 6.28, len(plumes)), bends=rng.uniform(0.1, 0.7, len(plumes)), pieces=2
    )
    groups.append(blades(tassels, rng, width_m=0.016, low=straw, high=straw))
    aside = feet + tall[:, None] * rng.uniform(0.42, 0.5, (len(feet), 1)) * [0, 1, 0]
    cobs = arcs(aside, heights=0.1 * height, azimuths=rng.uniform(0, 6.28, len(feet)), bends=np.full(len(feet), 0.45), pieces=3)
    groups.append(stalks(cobs, rng, width_m=0.06, colour=(0.26, 0.31, 0.09)))
    groups.append(blades(cobs[:, -2:], rng, width_m=0.05, low=np.array((0.30, 0.17, 0.06)), high=np.array((0.2, 0.09, 0.03))))
    return fitted(Shape([], [shuffled(groups, rng)]), order)
