"""Surfaces become surfels: where splats are spent, how large they are, what they show.

One number decides everything: the angle α between neighbouring splats as visitors see them. A surface at effective distance L gets
splats α·L apart, L being the distance from the nearest of the visitors' viewpoints, longer for surfaces seen at a slant, turned away
or hidden behind others. α is solved so that the whole scene meets the splat budget.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.compiled import Array, kernel
from pipelines.cores import BATCH, batches, run_pieces
from pipelines.layout.aged import styled
from pipelines.layout.covered import Cover
from pipelines.layout.gather import Surface, gather
from pipelines.layout.placing import place, points_in, rounded_spacing
from pipelines.layout.sky import sky_budget
from pipelines.layout.surfaces import Facets, areas_and_normals, split, strips
from pipelines.layout.surfels import (
    LEAF_DETAIL,
    ground_surfels,
    join_surfels,
    leaf_surfels,
    morton_order,
    part_surfels,
    take_surfels,
    weathered,
)
from pipelines.layout.windows import shell_of
from pipelines.rays import Caster
from pipelines.scene import BACKGROUND, Floats, Foliage, Scene, Surfels, Thing
from pipelines.stage import Stage, TellStage
from pipelines.world import World

SIZE_STEP = 2.0 ** (1 / 64)  # how finely sizes are counted
PROBE, SEEN_MORE = 24, 1.02  # every so many triangles tell how many surfels will be covered; a few more are taken to stay than did
MIN_SPACING_M = 0.004  # finer than this no visitor sees
NEAR_M, NEAR_WIDEST = 10.2, 0.029  # so near the spawn point no splat is wider than 4° at half its height, this share of its distance
WIDEST_M = 250.0  # standard deviation of the widest splat: far hills in worlds of few splats; packed formats hold no wider ones
PIECE = 0.16  # longest edge of a sampled triangle, as a share of its effective distance
COVERAGE = 0.62  # standard deviation of a splat as a share of the spacing: neighbours overlap enough to close the surface
HIDDEN_COVERAGE = 0.5
END_REACH = 0.6  # standard deviation of a splat on a hidden face with edges, as a share of the face's size
WALKED_M = 45.0  # ground farther off never shows its back: the far sides of mountains
PAVING_HEIGHT_M, PAVING_WIDTH_M = 0.5, 2.5
GROUND_COVERAGE = 0.74  # the ground is seen at a slant and has the sky behind it: no gap may show
SIGHT = np.array([0.98], np.float32)  # of the way to an eye is looked along
SLANT_FLOOR = 0.18  # surfaces seen edge-on still get this share of the splats of one seen frontally
HIDDEN = 2.2  # how much farther away a surface counts that no viewpoint sees
NAMED_LEAF_DETAIL = 0.8  # foliage of what the words named
ELSEWHERE, ELSEWHERE_M = 1.2, 4.0  # from viewpoints other than the spawn point a surface counts as so many times, and metres, farther away


Flags = NDArray[np.bool_]


@dataclass
class Sample(Stage):
    """Spend `splats` on the scene's surfaces, foliage and ground cover."""

    splats: int = 1_000_000
    name: ClassVar[str] = "sample"
    cost: ClassVar[float] = 4.0

    def run(self, world: World, tell: TellStage) -> World:
        scene = world.scene
        assert scene is not None and scene.sky is not None
        tell(0.0, "measuring surfaces")
        surfaces, facets = gather(scene)
        whole = strips(facets)
        facets, cut_from = _cut(facets, surfaces, scene)
        lines = whole[cut_from]
        cover = Cover(facets, surfaces)
        lengths, hidden, away = effective_distances(facets, surfaces, scene, cover.caster)
        leaves, leaf_lengths, leaf_things = _leaves(scene)
        tell(0.4, "placing splats")
        budget = self.splats - sky_budget(self.splats, scene)
        areas, normals = areas_and_normals(facets.corners)
        ground = _ground(facets, scene)
        rng = np.random.default_rng([world.prompt.seed, zlib.crc32(b"sample")])
        seed, seen = int(rng.integers(1 << 30)), 1.0
        needed = _Needed(areas, lengths, leaves, leaf_lengths)
        for step in (PROBE, 1):  # first a few triangles, to learn how many of their surfels other surfaces cover, then all
            alpha = needed.alpha(budget, seen=seen)
            spacing = rounded_spacing(np.maximum(alpha * lengths[::step], MIN_SPACING_M))
            some = Facets(*(getattr(facets, name)[::step] for name in Facets.__dataclass_fields__))
            points = points_in(some.corners, normals[::step], areas[::step], spacing, ground[::step], seed=seed)
            asked = _surface_surfels(some, lines[::step], surfaces, spacing, points, (hidden[::step], away[::step]), scene)
            pieces = [cover.uncovered(piece, hidden) for piece in asked]
            seen = min(1.0, SEEN_MORE * sum(map(len, pieces)) / max(1, sum(map(len, asked))))
        pieces = [cover.tucked_in(piece, scene.viewpoints[0]) for piece in pieces]
        tell(0.75, "placing leaves")
        if leaves:
            pieces.append(leaf_surfels(leaves, [alpha * away for away in leaf_lengths], leaf_things, rng))
        surfels = styled(weathered(join_surfels(pieces), scene), scene)
        surfels = replace(surfels, sizes_m=np.minimum(surfels.sizes_m, _widest(surfels.means, scene.viewpoints[0])[:, None]))
        order = morton_order(surfels.means)
        if len(order) > budget:  # the lattice came out a little over: leave out evenly
            order = order[np.linspace(0, len(order) - 1, budget).astype(np.int64)]
        surfels = take_surfels(surfels, order)
        return replace(world, scene=replace(scene, surfels=surfels))


def _ground(facets: Facets, scene: Scene) -> Flags:
    """Which of the triangles are the terrain's."""
    return (facets.source == 0) if scene.terrain is not None else np.zeros(len(facets), np.bool_)


def _widest(means: Floats, eye: Floats) -> Floats:
    """(N,) metres: the largest standard deviation that a splat may have there."""
    away = np.linalg.norm(means - eye, axis=1)
    return np.where(away < NEAR_M, np.maximum(away * np.float32(NEAR_WIDEST), MIN_SPACING_M), WIDEST_M).astype(np.float32)


def _cut(facets: Facets, surfaces: list[Surface], scene: Scene) -> tuple[Facets, NDArray[np.int32]]:
    """Triangles small enough for their distance to be one number, and the rows that they came from."""
    double = np.array([surface.double_sided for surface in surfaces])
    rough, _, _ = _nearest_eye(facets.corners, double[facets.source], np.ascontiguousarray(scene.viewpoints, np.float32))
    return split(facets, np.maximum(PIECE * rough, 0.04))


def effective_distances(facets: Facets, surfaces: list[Surface], scene: Scene, caster: Caster) -> tuple[Floats, Flags, Flags]:
    """Effective distance L (T,) metres of every triangle; which no eye can see; which of those because they turn their backs."""
    double = np.array([surface.double_sided for surface in surfaces])
    eyes = np.ascontiguousarray(scene.viewpoints, np.float32)
    lengths, eye, away = _nearest_eye(facets.corners, double[facets.source], eyes)
    hidden = np.ones(len(facets), np.bool_)
    for corner in range(-1, 3):  # a piece is hidden if its middle is, and then every point close to its corners too
        mine = np.flatnonzero(hidden & ~away)
        start, towards = np.empty((len(mine), 3), np.float32), np.empty((len(mine), 3), np.float32)
        run_pieces(_to_eye, batches(len(mine)), facets.corners, mine, eyes, eye, corner, start, towards)
        hidden[mine] = caster.blocked(start, towards, SIGHT)
    detail = np.array([surface.detail for surface in surfaces], np.float32)[facets.source]
    hidden |= away
    return (lengths * np.where(hidden, HIDDEN, 1.0) * detail).astype(np.float32), hidden, away


@kernel
def _to_eye(piece: int, corners: Array, mine: Array, eyes: Array, eye: Array, corner: int, start: Array, towards: Array) -> None:
    """Rays from just off each triangle to its eye, two arrays (N, 3): from its middle (corner −1) or from near a corner."""
    for i in range(piece * BATCH, min((piece + 1) * BATCH, len(mine))):
        p, e = corners[mine[i]], eyes[eye[mine[i]]]
        ux, uy, uz = p[1, 0] - p[0, 0], p[1, 1] - p[0, 1], p[1, 2] - p[0, 2]
        vx, vy, vz = p[2, 0] - p[0, 0], p[2, 1] - p[0, 1], p[2, 2] - p[0, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        far, facing = 0.0, 0.0
        for k, n in enumerate((nx, ny, nz)):
            point = (p[0, k] + p[1, k] + p[2, k]) / 3
            if corner >= 0:
                point = 0.15 * point + 0.85 * p[corner, k]
            start[i, k] = point
            towards[i, k] = e[k] - point
            far += towards[i, k] ** 2
            facing += towards[i, k] * n
        lift = (0.01 + 0.002 * np.sqrt(far)) / (np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20) * np.sign(facing)
        for k, n in enumerate((nx, ny, nz)):
            start[i, k] += lift * n


@njit(cache=True, parallel=True, fastmath=True)
def _nearest_eye(corners, double_sided, eyes):  # type: ignore[no-untyped-def]
    """Effective distance of every triangle from its best viewpoint, which one that is, and whether it shows its back even there."""
    count = corners.shape[0]
    length, best, back = np.empty(count, np.float32), np.empty(count, np.int32), np.empty(count, np.bool_)
    for t in prange(count):
        a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20
        mx, my, mz = (a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3, (a[2] + b[2] + c[2]) / 3
        least, which, turned = 1e9, 0, False
        for e in range(eyes.shape[0]):
            dx, dy, dz = eyes[e, 0] - mx, eyes[e, 1] - my, eyes[e, 2] - mz
            d = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
            cosine = (dx * nx + dy * ny + dz * nz) / (d * size)
            away = cosine < -0.02 and not double_sided[t]
            value = max(d, 0.7) / np.sqrt(max(abs(cosine), SLANT_FLOOR))
            if away:
                value *= HIDDEN
            if e > 0:
                value = (d + ELSEWHERE_M) * ELSEWHERE / np.sqrt(max(abs(cosine), SLANT_FLOOR)) * (HIDDEN if away else 1.0)
            if value < least:
                least, which, turned = value, e, away
        length[t], best[t], back[t] = least, which, turned
    return length, best, back


def _leaves(scene: Scene) -> tuple[list[Foliage], list[Floats], list[int]]:
    """Every foliage in the world frame with the effective distance of its elements (E,) and its thing."""
    foliage: list[Foliage] = []
    lengths: list[Floats] = []
    things: list[int] = []
    eyes = scene.viewpoints
    for thing in scene.things:
        if not thing.model.foliage:
            continue
        low, high = thing.bounds
        nearest = np.clip(eyes, low, high)
        each = np.linalg.norm(eyes - nearest, axis=1)
        each[1:] = (each[1:] + ELSEWHERE_M) * ELSEWHERE
        near = float(each.min()) + 0.25 * float(np.linalg.norm(high - low))
        for group in thing.model.foliage:
            keep = _worth_keeping(group, near)
            if not keep:
                continue
            foliage.append(group.first(keep).moved(thing.world_from_model))
            lengths.append(np.full(keep, max(near, 1.0) * (NAMED_LEAF_DETAIL if thing.phrase and near < 40 else 1.0), np.float32))
            things.append(thing.id)
    for group in scene.cover:
        if not len(group):
            continue
        away = np.full(len(group), np.inf, np.float32)
        for number, eye in enumerate(eyes):
            d = np.linalg.norm(group.centres - eye, axis=1)
            away = np.minimum(away, d if number == 0 else (d + ELSEWHERE_M) * ELSEWHERE)
        foliage.append(group)
        lengths.append(np.maximum(away, 0.8).astype(np.float32))
        things.append(BACKGROUND)
    return foliage, lengths, things


def _worth_keeping(group: Foliage, distance_m: float) -> int:
    """How many elements could matter at all from there (a budget of 4 million): spares moving what is thrown away."""
    typical = float(np.sqrt(np.mean(group.lengths_m * group.widths_m))) if len(group) else 1.0
    share = min(1.0, (LEAF_DETAIL * typical / (0.0022 * max(distance_m, 1.0))) ** 2)
    return max(min(len(group), 60), int(len(group) * share))


class _Needed:
    """How many splats a scene takes, by the angle α (rad) between them: counted by size, so that many angles can be tried."""

    def __init__(self, areas: Floats, lengths: Floats, leaves: list[Foliage], leaf_lengths: list[Floats]) -> None:
        sizes = [
            np.sqrt(f.lengths_m * f.widths_m) * LEAF_DETAIL / np.maximum(away, 1e-6) for f, away in zip(leaves, leaf_lengths, strict=True)
        ]
        self._leaf, self._leaves = _by_size(np.concatenate(sizes) if sizes else np.zeros(0, np.float32), None)
        self._length, self._area = _by_size(lengths, areas)

    def alpha(self, budget: int, *, seen: float) -> float:
        """The angle at which the scene takes `budget` splats: bisection on a monotone count. seen: share of surfels that stay."""

        def count(alpha: float) -> float:
            spacing = rounded_spacing(np.maximum(alpha * self._length, MIN_SPACING_M))
            return seen * float((self._area / spacing**2).sum()) + float((np.minimum(1.0, (self._leaf / alpha) ** 2) * self._leaves).sum())

        low, high = 1e-4, 1.0
        for _ in range(26):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if count(middle) > budget * 0.995 else (low, middle)
        return high


def _by_size(values: Floats, weights: Floats | None) -> tuple[Floats, NDArray[np.float64]]:
    """Steps of SIZE_STEP from the smallest value to the largest, and what weighs of each (N of them, where there are no weights)."""
    if not len(values):
        return np.zeros(0, np.float32), np.zeros(0)
    steps = np.log(np.maximum(values, 1e-9)) / math.log(SIZE_STEP)
    first = float(steps.min())
    totals = np.bincount((steps - first + 0.5).astype(np.int64), weights)
    return (SIZE_STEP ** (first + np.arange(len(totals)))).astype(np.float32), totals.astype(np.float64)


def _is_paving(thing: Thing) -> bool:
    """Roads, squares, runways: ground to those who walk on it."""
    width, height, depth = thing.bounds[1] - thing.bounds[0]
    return bool(height < PAVING_HEIGHT_M and min(width, depth) > PAVING_WIDTH_M)


def _surface_surfels(
    facets: Facets,
    lines: Floats,
    surfaces: list[Surface],
    spacing: Floats,
    points: tuple[NDArray[np.int32], Floats],
    unseen: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    scene: Scene,
) -> list[Surfels]:
    """The points (triangle, place in it) as surfels, each painted with its surface's material."""
    row, place_in = points
    hidden, away = unseen
    ground = _ground(facets, scene)
    paved = set() if scene.indoors else {thing.id for thing in scene.things if _is_paving(thing)}
    laid = np.array([surface.thing in paved for surface in surfaces])[facets.source]
    coverage = np.where(ground | laid, GROUND_COVERAGE, COVERAGE)
    shell = shell_of(scene)
    backing = np.array([shell is not None and surface.thing == shell.id for surface in surfaces])[facets.source]  # it backs the walls
    # what nobody sees must not stick out behind what they do see
    walked = ground & (np.abs(facets.corners[:, 0, [0, 2]]).max(axis=1) < WALKED_M)
    coverage = np.where((away | ground & hidden) & ~walked & ~backing, coverage * HIDDEN_COVERAGE, coverage)
    coverage = coverage.astype(np.float32)
    means, normals, frames, sizes = place(facets.corners, facets.normals, facets.sharp, lines, spacing, row, place_in, coverage, ground)
    small = hidden[row] & (facets.sharp[row] != 0)  # the ends of bars inside what they meet must not stick out of it
    reach = np.sqrt(areas_and_normals(facets.corners)[0][row[small]])[:, None] * np.float32(END_REACH) + np.float32(MIN_SPACING_M)
    sizes[small, :2] = np.minimum(sizes[small, :2], reach)
    source = facets.source[row]
    numbers = {material: number for number, material in enumerate(dict.fromkeys(surface.material for surface in surfaces))}
    group = np.array([numbers[surface.material] + 1 for surface in surfaces])
    if scene.terrain is not None:
        group[0] = 0  # the ground has its own mixture
    order = np.argsort(group[source], kind="stable")
    bounds = np.searchsorted(group[source][order], np.arange(len(numbers) + 2))
    out: list[Surfels] = []
    dark, glow_scale = (scene.sky.dark, scene.sky.lamp_scale) if scene.sky is not None else (False, 1.0)
    for number in range(len(numbers) + 1):
        mine = order[bounds[number] : bounds[number + 1]]
        if not len(mine):
            continue
        part = (means[mine], normals[mine], frames[mine], sizes[mine])
        if number == 0 and scene.terrain is not None:
            surfels = ground_surfels(part, scene.terrain, glow_scale=glow_scale)
        else:
            surfels = part_surfels(part, source[mine], surfaces, dark=dark, glow_scale=glow_scale, flat=scene.look.flat)
        out.append(replace(surfels, hidden=hidden[row[mine]]))
    return out
