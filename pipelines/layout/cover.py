"""Ground cover: where grass, flowers and litter grow, and how densely by distance; the things room knows how they look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.fields import covers_of, sown
from pipelines.layout.footprints import Reals, bearing
from pipelines.layout.looks import look_for
from pipelines.layout.outdoors import Outdoors
from pipelines.layout.plan import seeded
from pipelines.layout.relief import ease, fractal
from pipelines.places import CoverEntry, Place
from pipelines.scene import Foliage
from pipelines.spec import SceneSpec, Season, Weather
from pipelines.things import COVERS, grow_cover

MOST_ELEMENTS = 150_000
FIELD_ELEMENTS = 320_000  # of what is sown all over the place


def grown_cover(spec: SceneSpec, place: Place, site: Outdoors, *, taken: Reals, seed: int) -> tuple[Foliage, ...]:
    """One Foliage in the world frame per entry of the place's cover."""
    found = []
    lying = 0.12 if spec.weather is Weather.SNOW or (spec.season is Season.WINTER and place.base != "snow") else 1.0
    fields = sown(spec)
    overgrown = 0.7 * look_for(spec).overgrown
    for number, entry in enumerate(covers_of(spec, place)):
        if entry.name not in COVERS or entry.name in spec.without:
            continue
        rng = seeded(seed, f"cover {number} {entry.name}")
        most = (FIELD_ELEMENTS if entry in fields else MOST_ELEMENTS) // COVERS[entry.name].elements
        x, z = _stands(entry, site, taken=taken, thinned=lying, in_ways=overgrown, seed=number, most=most, rng=rng)
        if not len(x):
            continue
        positions = np.stack([x, site.ground.heights(x, z), z], axis=1).astype(np.float32)
        found.append(grow_cover(entry.name, positions, rng, season=spec.season))
    return tuple(found)


def _stands(
    entry: CoverEntry, site: Outdoors, *, taken: Reals, thinned: float, in_ways: float, seed: int, most: int, rng: np.random.Generator
) -> tuple[Reals, Reals]:
    """Positions, in random order: as dense as the entry says at the visitor's feet, falling off with the distance.

    in_ways: the share of them that grows in paths.
    """
    ground = site.ground
    # drawn by inverse transform: density(r) ~ entry.per_m2 · fall(r), more of it ahead than behind
    radii = np.linspace(0.0, entry.reach_m, 200)
    fall = 1.0 / (1.0 + (radii / (0.055 * entry.reach_m + 2.2)) ** 2) * ease(entry.reach_m, 0.6 * entry.reach_m, radii)
    mass = np.concatenate([[0.0], np.cumsum((fall * radii)[1:] * np.diff(radii))])
    total = 2 * np.pi * entry.per_m2 * mass[-1] * thinned
    count = int(min(total, most * 3))
    reach = np.interp(rng.random(count) * mass[-1], mass, radii)
    angle = rng.uniform(-np.pi, np.pi, count)
    x, z = np.sin(angle) * reach, -np.cos(angle) * reach
    chance = np.where(np.abs(bearing(x, z)) < 1.0, 1.0, 0.45)
    if entry.patchy > 0:
        patches = fractal(x, z, 7.0, octaves=3, seed=ground.seed + 31 * (seed + 1))
        chance = chance * np.clip(1.0 + entry.patchy * (4.5 * patches - 0.8), 0, 1)
    if ground.waters:
        shore = ground.shore(x, z)
        chance = chance * (ease(-1.0, 0.0, shore) * ease(5.0, 2.0, shore) if entry.where == "shore" else ease(0.7, 2.6, shore))
    if entry.near_m > 0:
        lane = ease(0.2 * entry.near_m, 0.35 * entry.near_m, np.where(z < 0, np.abs(x), np.hypot(x, z)))
        chance = chance * ease(0.8 * entry.near_m, 1.1 * entry.near_m, np.hypot(x, z)) * lane
    if ground.tracks:
        chance = chance * np.maximum(ease(-0.1, 0.45, ground.track(x, z) + rng.normal(0, 0.1, count)), in_ways)
    chance = chance * ease(0.9, 0.5, ground.slopes(x, z))
    keep = rng.random(count) < chance
    x, z = x[keep], z[keep]
    keep = _uncovered(x, z, taken)
    x, z = x[keep], z[keep]
    return x[:most], z[:most]


def _uncovered(x: Reals, z: Reals, taken: Reals) -> NDArray[np.bool_]:
    """Which positions nothing wide stands on."""
    free = np.ones(len(x), bool)
    for cx, cz, radius in taken[taken[:, 2] > 0.25] if len(taken) else ():
        free &= (x - cx) ** 2 + (z - cz) ** 2 > (0.8 * radius) ** 2
    return free
