"""Branching: a tree's skeleton by space colonisation, its thickness by the pipe model, its limbs.

After Runions, Lane and Prusinkiewicz, "Modeling Trees with a Space Colonization Algorithm" (2007): buds grow towards the points of
free space nearest to them and use them up. Thickness after da Vinci's rule: r^e of a bough is the sum of r^e of its branches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.things.grown.vectors import Array, resampled
from pipelines.things.grown.wood import Limb, footed

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Skeleton:
    """Nodes in order of growth. parents and heirs (the thickest child) are −1 where there is none; radii in metres."""

    points: Array
    parents: Indices
    heirs: Indices
    radii: Array
    tips: Array  # (N,) how many twig ends hang on each node

    @property
    def directions(self) -> Array:
        """(N, 3) growth direction at every node, not normalised."""
        return self.points - self.points[np.maximum(self.parents, 0)]


@njit(cache=True)
def _colonise(free, points, parents, count, step, kill, bend, rises):  # type: ignore[no-untyped-def]
    """Grow nodes into `points`/`parents` (capacity = their length) from the first `count`; returns how many there are."""
    alive = np.ones(len(free), np.bool_)
    nearest = np.zeros(len(free), np.int64)
    distance = np.full(len(free), 1e18)
    children = np.zeros(len(points), np.int64)
    compared = 0
    for _ in range(400):
        for a in range(len(free)):
            if alive[a]:
                for n in range(compared, count):
                    d = (free[a, 0] - points[n, 0]) ** 2 + (free[a, 1] - points[n, 1]) ** 2 + (free[a, 2] - points[n, 2]) ** 2
                    if d < distance[a]:
                        distance[a] = d
                        nearest[a] = n
                if distance[a] < kill * kill:
                    alive[a] = False
        compared = count
        pull = np.zeros((count, 3))
        pulled = np.zeros(count, np.bool_)
        for a in range(len(free)):
            if alive[a]:
                n = nearest[a]
                reach = np.sqrt(distance[a]) + 1e-9
                for axis in range(3):
                    pull[n, axis] += (free[a, axis] - points[n, axis]) / reach
                pulled[n] = True
        grown = 0
        for n in range(compared):
            if not pulled[n] or children[n] >= 3 or count >= len(points):
                continue
            x, y, z = pull[n, 0], pull[n, 1], pull[n, 2]
            size = np.sqrt(x * x + y * y + z * z) + 1e-9
            x, y, z = x / size, y / size, z / size
            p = parents[n]
            if p >= 0:
                u, v, w = points[n, 0] - points[p, 0], points[n, 1] - points[p, 1], points[n, 2] - points[p, 2]
                size = (np.sqrt(u * u + v * v + w * w) + 1e-9) / bend
                x, y, z = x + u / size, y + v / size, z + w / size
            y += rises
            size = (np.sqrt(x * x + y * y + z * z) + 1e-9) / step
            points[count, 0] = points[n, 0] + x / size
            points[count, 1] = points[n, 1] + y / size
            points[count, 2] = points[n, 2] + z / size
            parents[count] = n
            children[n] += 1
            count += 1
            grown += 1
        if grown == 0:
            break
    return count


def _thickened(parents: Indices, exponent: float) -> tuple[Array, Indices, Array]:
    """Relative radii by the pipe model, heirs and numbers of tips; parents stand before their children."""
    count = len(parents)
    before = parents.tolist()
    load, tips, heirs = [0.0] * count, [0.0] * count, [-1] * count
    for n in range(count - 1, -1, -1):
        if heirs[n] < 0:
            load[n] = tips[n] = 1.0
        p = before[n]
        if p >= 0:
            load[p] += load[n] + 0.02
            tips[p] += tips[n]
            if heirs[p] < 0 or load[n] > load[heirs[p]]:
                heirs[p] = n
    return np.asarray(load) ** (1.0 / exponent), np.asarray(heirs), np.asarray(tips)


def colonised(
    free: Array, trunk: Array, *, step_m: float, kill_steps: float = 1.8, bend: float = 0.6, rises: float = 0.0, most: int = 1600
) -> tuple[Array, Indices]:
    """Node positions and parents, grown from the trunk (T, 3) towards the free points (A, 3)."""
    points = np.zeros((most, 3))
    parents = np.full(most, -1)
    points[: len(trunk)] = trunk
    parents[1 : len(trunk)] = np.arange(len(trunk) - 1)
    count = _colonise(np.ascontiguousarray(free), points, parents, len(trunk), step_m, kill_steps * step_m, bend, rises)
    return points[:count], parents[:count]


def skeleton(
    points: Array,
    parents: Indices,
    rng: np.random.Generator,
    *,
    trunk_radius_m: float,
    twig_radius_m: float,
    exponent: float = 2.2,
    wander: float = 0.0,
) -> Skeleton:
    """Thickness for a branching; `wander` moves nodes at random by that share of a step before boughs are smoothed."""
    relative, heirs, tips = _thickened(parents, exponent)
    power = np.log(trunk_radius_m / twig_radius_m) / np.log(max(relative[0] / relative.min(), 1.01))
    radii = twig_radius_m * (relative / relative.min()) ** power
    step = float(np.median(np.linalg.norm(points[1:] - points[parents[1:]], axis=1)))
    points = points + rng.normal(0, wander * step, points.shape) * (parents >= 0)[:, None]
    inner = (heirs >= 0) & (parents >= 0)
    for _ in range(2):
        smooth = points.copy()
        smooth[inner] = 0.5 * points[inner] + 0.25 * (points[parents[inner]] + points[heirs[inner]])
        points = smooth
    return Skeleton(points, parents, heirs, radii, tips)


def limbs(
    tree: Skeleton, *, most_triangles: int = 2600, sides: int = 10, trunk_sides: int = 18, detail: float = 0.45
) -> tuple[list[Limb], NDArray[np.bool_]]:
    """The thickest boughs as limbs within a budget of triangles, and which nodes (N,) they cover; `detail`: rings per node."""
    begins = np.flatnonzero((tree.parents < 0) | (tree.heirs[np.maximum(tree.parents, 0)] != np.arange(len(tree.parents))))
    begins = begins[np.argsort(-tree.radii[begins] * (1 + 1e3 * (tree.parents[begins] < 0)), kind="stable")]
    covered = np.zeros(len(tree.points), bool)
    found: list[Limb] = []
    spent = 0
    for begin in begins:
        chain = _chain(tree, int(begin))
        if len(chain) < 3:
            continue
        limb = _limb(tree, chain, sides if len(found) else trunk_sides, detail)
        spent += 2 * limb.sides * len(limb.points)
        if spent > most_triangles:
            break
        covered[chain] = True
        found.append(limb)
    return found, covered


def _chain(tree: Skeleton, begin: int) -> list[int]:
    chain = [begin]
    while tree.heirs[chain[-1]] >= 0:
        chain.append(int(tree.heirs[chain[-1]]))
    return chain


def _limb(tree: Skeleton, chain: list[int], sides: int, detail: float) -> Limb:
    """The chain as a limb that starts inside its parent bough, with fewer rings and sides the thinner it is."""
    points, radii = tree.points[chain], tree.radii[chain]
    parent = tree.parents[chain[0]]
    trunk = parent < 0
    if not trunk:
        points = np.concatenate([tree.points[parent][None], points])
        radii = np.concatenate([[min(tree.radii[parent], radii[0] * 1.25)], radii])
    rings = int(np.clip(len(points) * (0.9 if trunk else detail), 4, 18))
    around = sides if trunk else int(np.clip(round(sides * (radii[0] / tree.radii[0]) ** 0.5), 4, 8))
    share = np.linspace(0, 1, len(radii))
    limb = Limb(resampled(points, rings), np.interp(np.linspace(0, 1, rings), share, radii), around)
    return footed(limb) if trunk else limb
