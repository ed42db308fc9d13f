"""Scatter: plants and rocks that nobody named, thick or thin by distance, in clumps, clear of the view and of all that stands.

Points are drawn on a jittered grid per distance band, thinned by noise (clumps, clearings) and by what the ground is, then spaced.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.layout.footprints import Reals, bearing
from pipelines.layout.hollows import way_out
from pipelines.layout.outdoors import Outdoors
from pipelines.layout.relief import ease, fractal
from pipelines.places import Scatter

NEAR_M, MIDDLE_M = 45.0, 110.0
MOST = (420, 300, 420)  # stands of one entry per band: what is farther is hidden by what is nearer
HECTARE_M2 = 10_000.0


@dataclass(frozen=True)
class Stands:
    """Where plants stand: x, z, a size factor, a yaw, and whether near enough to be a thing of its own."""

    x: Reals
    z: Reals
    scale: Reals
    yaw: Reals
    near: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.x)


@njit(cache=True)
def _spaced(x: Reals, z: Reals, spacing: Reals, taken_x: Reals, taken_z: Reals, taken_m: Reals) -> NDArray[np.bool_]:
    """In order, which points keep their distance from those already kept and from what is taken; by a hash grid."""
    cell = max(1.0, float(spacing.max()))
    low_x, low_z = x.min(), z.min()
    columns, rows = int((x.max() - low_x) / cell) + 1, int((z.max() - low_z) / cell) + 1
    head = np.full(columns * rows, -1, np.int64)
    following = np.full(x.size, -1, np.int64)
    keep = np.zeros(x.size, np.bool_)
    for k in range(x.size):
        fine = True
        for t in range(taken_x.size):
            dx, dz = x[k] - taken_x[t], z[k] - taken_z[t]
            reach = taken_m[t] + 0.5 * spacing[k]
            if dx * dx + dz * dz < reach * reach:
                fine = False
                break
        if not fine:
            continue
        c, r = int((x[k] - low_x) / cell), int((z[k] - low_z) / cell)
        for i in range(max(0, r - 1), min(rows, r + 2)):
            for j in range(max(0, c - 1), min(columns, c + 2)):
                other = head[i * columns + j]
                while other >= 0:
                    dx, dz = x[k] - x[other], z[k] - z[other]
                    reach = 0.5 * (spacing[k] + spacing[other])
                    if dx * dx + dz * dz < reach * reach:
                        fine = False
                        break
                    other = following[other]
                if not fine:
                    break
            if not fine:
                break
        if fine:
            keep[k] = True
            following[k] = head[r * columns + c]
            head[r * columns + c] = k
    return keep


def scatter(entry: Scatter, site: Outdoors, *, taken: Reals, height_m: float, rng: np.random.Generator, already: int = 0) -> Stands:
    """Stands of one entry.

    taken: (T, 3) x, z, radius of what keeps others off.  height_m: of a typical one.  already: how many named ones count.
    """
    x, z, band = _drawn(entry, rng, already)
    keep = _suited(entry, site, x, z, height_m=height_m, rng=rng)
    x, z, band = x[keep], z[keep], band[keep]
    order = np.lexsort((rng.random(len(x)), band))
    x, z, band = x[order], z[order], band[order]
    scale = rng.uniform(*entry.scale, len(x)) if len(x) else np.zeros(0)
    if len(x):
        apart = np.full(len(x), 0.05) if entry.rows_m else entry.spacing_m * (0.6 + 0.5 * scale)
        fine = _spaced(x, z, apart, taken[:, 0].copy(), taken[:, 1].copy(), taken[:, 2].copy())
        for which, most in enumerate(MOST):
            rest = np.flatnonzero(fine & (band == which))
            if len(rest) > most:  # those in front of the visitor first
                ahead = np.abs(bearing(x[rest], z[rest])) + rng.random(len(rest)) * 1.6
                fine[rest[np.argsort(ahead, kind="stable")[most:]]] = False
        x, z, band, scale = x[fine], z[fine], band[fine], scale[fine]
    yaw = rng.uniform(-np.pi, np.pi, len(x)) if entry.rows_m is None else np.zeros(len(x))
    return Stands(x, z, scale, yaw, band == 0)


def _drawn(entry: Scatter, rng: np.random.Generator, already: int) -> tuple[Reals, Reals, NDArray[np.int64]]:
    """Jittered grids, one per distance band: x, z and the band's number."""
    xs, zs, bands = [], [], []
    edges = (0.0, min(NEAR_M, entry.far_m), min(MIDDLE_M, entry.far_m), entry.far_m)
    for which in range(3):
        low, high, density = edges[which], edges[which + 1], entry.per_hectare[which]
        if density <= 0 or high <= low:
            continue
        area = np.pi * (high**2 - low**2)
        if which == 0 and already:
            density = max(density - already / area * HECTARE_M2, 0.25 * density)
        # where many more would stand than can be kept, draw a thinner grid straight away
        density = min(density, 2.2 * MOST[which] / area * HECTARE_M2)
        cell = np.sqrt(HECTARE_M2 / density)
        if entry.rows_m is not None:
            gx, gz = (flat.ravel() for flat in np.meshgrid(*(_evenly(high, step) for step in entry.rows_m)))
        else:
            steps = np.arange(-high, high, cell)
            gx, gz = (flat.ravel() + rng.uniform(0, cell, flat.size) for flat in np.meshgrid(steps, steps))
        inside = (np.hypot(gx, gz) >= low) & (np.hypot(gx, gz) < high)
        xs.append(gx[inside])
        zs.append(gz[inside])
        bands.append(np.full(int(inside.sum()), which))
    if not xs:
        return np.zeros(0), np.zeros(0), np.zeros(0, np.int64)
    return np.concatenate(xs), np.concatenate(zs), np.concatenate(bands)


def _evenly(reach_m: float, step_m: float) -> Reals:
    """Places at even steps on both sides of zero, none on it: one stands between two rows."""
    half = (np.arange(int(reach_m / step_m)) + 0.5) * step_m
    return np.concatenate([-half[::-1], half])


def _suited(entry: Scatter, site: Outdoors, x: Reals, z: Reals, *, height_m: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which points the ground, the clumps and the picture leave."""
    if not len(x):
        return np.zeros(0, bool)
    ground = site.ground
    seed = ground.seed + sum(ord(letter) for letter in "".join(entry.kinds))
    noise = fractal(x, z, max(9.0, 4 * entry.spacing_m), octaves=2, seed=seed)
    chance = np.clip(1.0 + entry.clump * (3.2 * noise - 0.5), 0, 1)
    distance = np.hypot(x, z)
    chance *= ease(entry.near_m * 0.8, entry.near_m * 1.1, distance)
    if ground.waters:
        shore = ground.shore(x, z)
        if entry.where == "shore":
            chance *= ease(-0.7, -0.1, shore) * ease(1.6, 0.6, shore)
        else:
            chance *= ease(-0.5, 0.5, shore) if entry.where == "land and shore" else ease(1.0, 3.0, shore)
    elif entry.where == "shore":
        return np.zeros(len(x), bool)
    if entry.corridor > 0:
        chance *= 1.0 - np.clip(entry.corridor * site.corridor(x, z, margin_m=min(2.2, 0.25 * height_m)), 0, 1)
    if ground.place.cavern is not None:
        chance *= way_out(x, z, ground.place.cavern, seed=ground.seed) < 0.98
    if ground.tracks:
        chance *= ground.track(x, z) > 0.35
    if height_m > 3:
        chance *= _opened_up(x, z, distance)
    chance *= ease(1.1, 0.75, ground.slopes(x, z, over_m=3.0))
    return np.asarray(rng.random(len(x)) < chance)


def _opened_up(x: Reals, z: Reals, distance: Reals) -> Reals:
    """Fewer tall trees straight ahead nearby, none at the visitor's back within arm's length: a frame, not a fence."""
    ahead = ease(0.3, 0.12, np.abs(bearing(x, z))) * ease(26.0, 14.0, distance)
    return np.asarray(1.0 - 0.9 * ahead)
