"""Surfaces become surfels: where splats are spent, how large they are, what they show.

One number decides everything: the angle α between neighbouring splats as visitors see them. A surface at effective distance L gets
splats α·L apart, L being the distance from the nearest of the visitors' viewpoints, longer for surfaces seen at a slant, turned away
or hidden behind others. α is solved so that the whole scene meets the splat budget.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.layout.patterns import paint
from pipelines.layout.rays import Caster
from pipelines.layout.sky import sky_budget
from pipelines.layout.surfaces import Facets, areas_and_normals, facets_of, join_facets, split
from pipelines.scene import BACKGROUND, Colour, Floats, Foliage, Material, Model, Part, Scene, Surfels, Terrain
from pipelines.stage import Stage, TellStage
from pipelines.world import World

MIN_SPACING_M = 0.004  # finer than this no visitor sees
PIECE = 0.16  # longest edge of a sampled triangle, as a share of its effective distance
COVERAGE = 0.58  # standard deviation of a splat as a share of the spacing: neighbours overlap enough to close the surface
GROUND_COVERAGE = 0.74  # the ground is seen at a slant and has the sky behind it: no gap may show
SLANT_FLOOR = 0.18  # surfaces seen edge-on still get this share of the splats of one seen frontally
HIDDEN = 2.6  # how much farther away a surface counts that no viewpoint sees
ELSEWHERE = 1.35  # how much farther away a surface counts from a viewpoint that is not the spawn point
LEAF_DETAIL = 0.62  # a leaf gets its own splat while its size is at least α·L divided by this
THING_DETAIL, WATER_DETAIL = 0.72, 0.85  # things are looked at more closely than the ground: a nearer effective distance
SNOW: Colour = (0.78, 0.83, 0.90)


@dataclass(frozen=True)
class Surface:
    """What the triangles of one part of one thing are made of."""

    material: Material
    tint: Colour | None
    thing: int
    part_from_world: NDArray[np.float64]
    grain: int
    seed: int
    double_sided: bool
    detail: float = 1.0


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
        facets, lengths = effective_distances(facets, surfaces, scene)
        leaves, leaf_lengths, leaf_things = _leaves(scene)
        tell(0.4, "placing splats")
        budget = self.splats - sky_budget(self.splats, scene)
        areas, _ = areas_and_normals(facets.corners)
        alpha = _solve_alpha(areas, lengths, leaves, leaf_lengths, budget)
        rng = np.random.default_rng([world.prompt.seed, zlib.crc32(b"sample")])
        pieces = _surface_surfels(facets, surfaces, areas, np.maximum(alpha * lengths, MIN_SPACING_M), scene, rng)
        tell(0.75, "placing leaves")
        pieces += [_leaf_surfels(f, alpha * l, t, rng) for f, l, t in zip(leaves, leaf_lengths, leaf_things, strict=True) if len(f)]
        surfels = join_surfels(pieces)
        surfels = weathered(surfels, scene)
        order = morton_order(surfels.means)
        surfels = take_surfels(surfels, order[: min(len(order), budget)])
        return replace(world, scene=replace(scene, surfels=surfels))


def join_surfels(groups: list[Surfels]) -> Surfels:
    """All groups in one, in order."""
    return Surfels(*(np.concatenate([getattr(group, name) for group in groups]) for name in Surfels.__dataclass_fields__))


def take_surfels(surfels: Surfels, index: NDArray[np.integer] | NDArray[np.bool_]) -> Surfels:
    """The surfels at `index`, in that order."""
    return Surfels(*(getattr(surfels, name)[index] for name in Surfels.__dataclass_fields__))


def gather(scene: Scene) -> tuple[list[Surface], Facets]:
    """All triangles of the scene in the world frame; `source` is the row in the list of surfaces. Row 0 is the terrain, if any."""
    surfaces: list[Surface] = []
    groups: list[Facets] = []
    if scene.terrain is not None:
        surfaces.append(Surface(scene.terrain.materials[0], None, BACKGROUND, np.eye(4), 0, 1, False))
        groups.append(facets_of(scene.terrain.mesh, crease_deg=80))
    shared: dict[int, list[Facets]] = {}
    for thing in scene.things:
        if id(thing.model) not in shared:
            shared[id(thing.model)] = [facets_of(part.mesh, crease_deg=part.crease_deg) for part in thing.model.parts]
        seed = zlib.crc32(f"{thing.kind}{thing.id}".encode())
        for number, (part, facets) in enumerate(zip(thing.model.parts, shared[id(thing.model)], strict=True)):
            world_from_part = thing.world_from_model @ part.model_from_part
            moved = facets.moved(thing.world_from_model)
            groups.append(replace(moved, source=np.full(len(moved), len(surfaces), np.int32)))
            surfaces.append(_surface(part, thing.id, np.linalg.inv(world_from_part), (seed + number) & 0x7FFFFFFF, thing.scale))
    return surfaces, join_facets(groups)


def _surface(part: Part, thing: int, part_from_world: NDArray[np.float64], seed: int, scale: float) -> Surface:
    local = (part.mesh.vertices - part.model_from_part[:3, 3]) @ part.model_from_part[:3, :3]
    grain = int(np.argmax(np.ptp(local, axis=0))) if len(local) else 0
    rigid = part_from_world.copy()
    rigid[:3] *= scale  # patterns keep their size in metres however large the thing is
    detail = WATER_DETAIL if part.material.pattern == "water" else THING_DETAIL
    sheet = part.double_sided or part.material.opacity < 0.9
    return Surface(part.material, part.tint, thing, rigid, grain, seed, sheet, detail)


def effective_distances(facets: Facets, surfaces: list[Surface], scene: Scene) -> tuple[Facets, Floats]:
    """Triangles cut small enough for their distance to be one number, and that effective distance L (T,) metres."""
    double = np.array([surface.double_sided for surface in surfaces])
    eyes = np.ascontiguousarray(scene.viewpoints, np.float32)
    rough, _ = _nearest_eye(facets.corners, double[facets.source], eyes)
    facets, _ = split(facets, np.maximum(PIECE * rough, 0.04))
    lengths, eye = _nearest_eye(facets.corners, double[facets.source], eyes)
    solid = np.array([surface.material.opacity >= 0.9 for surface in surfaces])[facets.source]
    caster = Caster(facets.corners[solid])
    _, normals = areas_and_normals(facets.corners)
    middle = facets.corners.mean(axis=1)
    towards = eyes[eye] - middle
    distance = np.linalg.norm(towards, axis=1)
    towards /= np.maximum(distance, 1e-6)[:, None]
    facing = np.sign(np.einsum("ij,ij->i", towards, normals)).astype(np.float32)
    start = middle + normals * (facing * (0.01 + 0.002 * distance))[:, None]
    hidden = caster.blocked(start.astype(np.float32), towards.astype(np.float32), (distance * 0.98 - 0.02).astype(np.float32))
    detail = np.array([surface.detail for surface in surfaces], np.float32)[facets.source]
    return facets, (lengths * np.where(hidden, HIDDEN, 1.0) * detail).astype(np.float32)


@njit(cache=True, parallel=True, fastmath=True)
def _nearest_eye(corners, double_sided, eyes):  # type: ignore[no-untyped-def]
    """Effective distance of every triangle from its best viewpoint, and which one that is."""
    count = corners.shape[0]
    length, best = np.empty(count, np.float32), np.empty(count, np.int32)
    for t in prange(count):
        a, b, c = corners[t, 0], corners[t, 1], corners[t, 2]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        size = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-20
        mx, my, mz = (a[0] + b[0] + c[0]) / 3, (a[1] + b[1] + c[1]) / 3, (a[2] + b[2] + c[2]) / 3
        least, which = 1e9, 0
        for e in range(eyes.shape[0]):
            dx, dy, dz = eyes[e, 0] - mx, eyes[e, 1] - my, eyes[e, 2] - mz
            d = np.sqrt(dx * dx + dy * dy + dz * dz) + 1e-9
            cosine = (dx * nx + dy * ny + dz * nz) / (d * size)
            away = cosine < -0.02 and not double_sided[t]
            value = max(d, 0.7) / np.sqrt(max(abs(cosine), SLANT_FLOOR))
            if away:
                value *= HIDDEN
            if e > 0:
                value = value * ELSEWHERE + 0.5
            if value < least:
                least, which = value, e
        length[t], best[t] = least, which
    return length, best


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
        each[1:] = each[1:] * ELSEWHERE + 0.5
        near = float(each.min()) + 0.25 * float(np.linalg.norm(high - low))
        for group in thing.model.foliage:
            keep = _worth_keeping(group, near)
            foliage.append(group.first(keep).moved(thing.world_from_model))
            lengths.append(np.full(keep, max(near, 1.0), np.float32))
            things.append(thing.id)
    for group in scene.cover:
        away = np.full(len(group), np.inf, np.float32)
        for number, eye in enumerate(eyes):
            d = np.linalg.norm(group.centres - eye, axis=1)
            away = np.minimum(away, d if number == 0 else d * ELSEWHERE + 0.5)
        foliage.append(group)
        lengths.append(np.maximum(away, 0.8).astype(np.float32))
        things.append(BACKGROUND)
    return foliage, lengths, things


def _worth_keeping(group: Foliage, distance_m: float) -> int:
    """How many elements could matter at all from there (a budget of 4 million): spares moving what is thrown away."""
    typical = float(np.sqrt(np.mean(group.lengths_m * group.widths_m))) if len(group) else 1.0
    share = min(1.0, (LEAF_DETAIL * typical / (0.0022 * max(distance_m, 1.0))) ** 2)
    return max(min(len(group), 60), int(len(group) * share))


def _solve_alpha(areas: Floats, lengths: Floats, leaves: list[Foliage], leaf_lengths: list[Floats], budget: int) -> float:
    """The angle α (rad) at which the scene takes `budget` splats: bisection on a monotone count."""
    sizes = [np.sqrt(f.lengths_m * f.widths_m) * LEAF_DETAIL / np.maximum(l, 1e-6) for f, l in zip(leaves, leaf_lengths, strict=True)]
    every = np.concatenate(sizes) if sizes else np.zeros(0, np.float32)

    def count(alpha: float) -> float:
        spacing = np.maximum(alpha * lengths, MIN_SPACING_M)
        return float((areas / spacing**2).sum()) + float(np.minimum(1.0, (every / alpha) ** 2).sum())

    low, high = 1e-4, 1.0
    for _ in range(26):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if count(middle) > budget * 0.995 else (low, middle)
    return high


def _surface_surfels(
    facets: Facets, surfaces: list[Surface], areas: Floats, spacing: Floats, scene: Scene, rng: np.random.Generator
) -> list[Surfels]:
    """Systematic samples over all triangles; each then painted with its surface's material."""
    expected = areas / spacing**2
    cumulative = np.cumsum(expected, dtype=np.float64)
    count = int(cumulative[-1]) if len(cumulative) else 0
    row = np.searchsorted(cumulative, np.arange(count) + rng.random()).clip(0, len(areas) - 1).astype(np.int32)
    ground = (facets.source == 0) if scene.terrain is not None else np.zeros(len(facets), np.bool_)
    coverage = np.where(ground, GROUND_COVERAGE, COVERAGE).astype(np.float32)
    means, normals, frames, sizes = _place(
        facets.corners, facets.normals, facets.sharp, spacing, row, np.int64(rng.integers(1 << 30)), coverage
    )
    source = facets.source[row]
    order = np.argsort(source, kind="stable")
    bounds = np.searchsorted(source[order], np.arange(len(surfaces) + 1))
    out: list[Surfels] = []
    terrain_row = 0 if scene.terrain is not None else -1
    dark, glow_scale = (scene.sky.dark, scene.sky.lamp_scale) if scene.sky is not None else (False, 1.0)
    for number, surface in enumerate(surfaces):
        mine = order[bounds[number] : bounds[number + 1]]
        if not len(mine):
            continue
        part = (means[mine], normals[mine], frames[mine], sizes[mine])
        if number == terrain_row and scene.terrain is not None:
            out.append(_ground_surfels(part, scene.terrain))
        else:
            out.append(_part_surfels(part, surface, dark=dark, glow_scale=glow_scale))
    return out


@njit(cache=True, parallel=True)
def _place(corners, corner_normals, sharp, spacing, row, seed, coverage):  # type: ignore[no-untyped-def]
    """Points in their triangles by the R2 sequence, kept off sharp edges, with tangent frames along the nearest such edge."""
    count = row.shape[0]
    means, normals = np.empty((count, 3), np.float32), np.empty((count, 3), np.float32)
    frames, sizes = np.empty((count, 3, 3), np.float32), np.empty((count, 3), np.float32)
    for i in prange(count):
        t = row[i]
        p, s = corners[t], spacing[t]
        u = ((i + seed) * 0.7548776662466927) % 1.0
        v = ((i + seed) * 0.5698402909980532) % 1.0
        if u + v > 1.0:
            u, v = 1.0 - u, 1.0 - v
        w = np.array((1.0 - u - v, u, v))
        heights = np.empty(3)  # distance of a corner from the opposite edge: barycentric coordinate × height = distance from the edge
        e0, e1, e2 = p[1] - p[0], p[2] - p[1], p[0] - p[2]
        cross = np.array((e0[1] * -e2[2] + e0[2] * e2[1], e0[2] * -e2[0] + e0[0] * e2[2], e0[0] * -e2[1] + e0[1] * e2[0]))
        double_area = np.sqrt((cross * cross).sum()) + 1e-20
        lengths = (np.sqrt((e0 * e0).sum()) + 1e-12, np.sqrt((e1 * e1).sum()) + 1e-12, np.sqrt((e2 * e2).sum()) + 1e-12)
        nearest, edge = 1e9, -1
        for k in range(3):
            heights[k] = double_area / lengths[k]
            if (sharp[t] >> k) & 1:
                opposite = (k + 2) % 3
                room = 0.30 * min(s, heights[k] * 0.9)
                distance = w[opposite] * heights[k]
                if distance < room:  # move inwards, so that the rim is covered from inside
                    push = (room - distance) / heights[k]
                    rest = 1.0 - w[opposite]
                    if rest > 1e-6:
                        for m in range(3):
                            if m != opposite:
                                w[m] *= 1.0 - push / rest
                    w[opposite] += push
                    distance = room
                if distance < nearest:
                    nearest, edge = distance, k
        for m in range(3):
            means[i, m] = w[0] * p[0, m] + w[1] * p[1, m] + w[2] * p[2, m]
        n = corner_normals[t, 0] * w[0] + corner_normals[t, 1] * w[1] + corner_normals[t, 2] * w[2]
        n /= np.sqrt((n * n).sum()) + 1e-12
        if edge >= 0 and nearest < 2.5 * s:
            along = (e0 if edge == 0 else e1 if edge == 1 else e2) / lengths[edge]
        elif abs(n[1]) < 0.9:
            along = np.array((n[2], 0.0, -n[0]))
        else:
            along = np.array((1.0, 0.0, 0.0))
        along = along - n * (along * n).sum()
        along /= np.sqrt((along * along).sum()) + 1e-12
        across = np.array((n[1] * along[2] - n[2] * along[1], n[2] * along[0] - n[0] * along[2], n[0] * along[1] - n[1] * along[0]))
        # few splats a triangle lie less evenly: let them overlap more
        wide = coverage[t] * s * (1.0 + 0.22 * min(1.0, s * s / (0.5 * double_area + 1e-12)))
        narrow = wide
        if edge >= 0:
            narrow = min(wide, max(nearest * 0.72, 0.3 * wide))
        bend, straight = _curvature(p, corner_normals[t], lengths)
        if bend * wide > 0.7:  # a thin twig or pipe: narrow as it is, and longer along it instead
            narrow = min(narrow, max(0.7 / bend, 0.12 * wide))
            if edge < 0:
                along = (e0 if straight == 0 else e1 if straight == 1 else e2) / lengths[straight]
                along = along - n * (along * n).sum()
                along /= np.sqrt((along * along).sum()) + 1e-12
                across = np.array(
                    (n[1] * along[2] - n[2] * along[1], n[2] * along[0] - n[0] * along[2], n[0] * along[1] - n[1] * along[0])
                )
        long = min(wide * wide / narrow, 2.2 * wide, max(wide, 0.4 * lengths[straight]))
        if edge >= 0:  # stay short of the corners, where the next edge begins
            q, r = p[edge] - means[i], p[(edge + 1) % 3] - means[i]
            end = min(np.sqrt((q * q).sum()), np.sqrt((r * r).sum()))
            long = min(long, max(0.62 * end, 0.35 * wide))
        for m in range(3):
            frames[i, m, 0], frames[i, m, 1], frames[i, m, 2] = along[m], across[m], n[m]
            normals[i, m] = n[m]
        sizes[i, 0], sizes[i, 1], sizes[i, 2] = long, narrow, 0.10 * narrow + 0.0004
    return means, normals, frames, sizes


@njit(cache=True)
def _curvature(p, n, lengths):  # type: ignore[no-untyped-def]
    """How fast the normal turns along the edge where it turns most (1/m), and the edge where it turns least."""
    most, least, straight = 0.0, 1e9, 0
    for k in range(3):
        d = n[(k + 1) % 3] - n[k]
        turn = np.sqrt((d * d).sum()) / lengths[k]
        most = max(most, turn)
        if turn < least:
            least, straight = turn, k
    return most, straight


_Points = tuple[Floats, Floats, Floats, Floats]


def _part_surfels(points: _Points, surface: Surface, *, dark: bool, glow_scale: float) -> Surfels:
    means, normals, frames, sizes = points
    material = surface.material
    turn = surface.part_from_world[:3, :3]
    local = (means @ turn.T + surface.part_from_world[:3, 3]).astype(np.float32)
    local_normals = (normals @ turn.T).astype(np.float32)
    mix, tone, warmth, glow = paint(
        local,
        local_normals,
        sizes[:, 0],
        pattern=material.pattern,
        size_m=material.pattern_size_m,
        grain=surface.grain,
        seed=surface.seed,
    )
    albedo = blend(material, surface.tint, mix, tone, warmth)
    shines = not material.glows_in_the_dark or dark
    emission = glow[:, None] * np.asarray(material.emission, np.float32) * np.float32(glow_scale if shines else 0.0)
    gloss = np.float32((1.0 - material.roughness) ** 0.7)
    count = len(means)
    full = np.ones(count, np.float32)
    return Surfels(
        means,
        frames,
        sizes,
        albedo,
        emission.astype(np.float32),
        full * np.float32(min(0.97, material.opacity)),
        full * gloss,
        full * np.float32(material.metallic),
        full * np.float32(material.translucency),
        np.zeros(count, np.float32),
        np.zeros(count, np.bool_),
        np.full(count, surface.thing, np.int32),
    )


def blend(material: Material, tint: Colour | None, mix: Floats, tone: Floats, warmth: Floats) -> Floats:
    """(N, 3) linear reflectance of a material at pattern values. A tint keeps the pattern's contrast."""
    first = np.asarray(material.colour if tint is None else tint, np.float32)
    second = np.asarray(material.second_colour, np.float32)
    if tint is not None:
        second = first * np.clip(second.mean() / max(float(np.mean(material.colour)), 1e-3), 0.35, 1.6).astype(np.float32)
    colour = first + (second - first) * np.clip(mix, 0, 1)[:, None]
    shift = np.stack([1 + warmth, np.ones_like(warmth), 1 - warmth], axis=1)
    return np.clip(colour * tone[:, None] * shift, 0.002, 0.95).astype(np.float32)


def _ground_surfels(points: _Points, terrain: Terrain) -> Surfels:
    """Ground: materials blend where their weights meet, ragged by noise, as they do in nature."""
    means, normals, frames, sizes = points
    weights = _vertex_weights(means, terrain)
    count = len(means)
    albedo, total, gloss = np.zeros((count, 3), np.float32), np.zeros(count, np.float32), np.zeros(count, np.float32)
    for layer, material in enumerate(terrain.materials):
        mine = np.flatnonzero(weights[:, layer] > 0.02)
        if not len(mine):
            continue
        mix, tone, warmth, _ = paint(
            means[mine],
            normals[mine],
            sizes[mine, 0],
            pattern=material.pattern,
            size_m=material.pattern_size_m,
            grain=0,
            seed=layer + 11,
        )
        share = weights[mine, layer] * (0.35 + tone) ** 3  # the lighter grains of a layer come through first
        share = share**2
        albedo[mine] += blend(material, None, mix, tone, warmth) * share[:, None]
        gloss[mine] += share * np.float32((1.0 - material.roughness) ** 0.7)
        total[mine] += share
    albedo /= np.maximum(total, 1e-9)[:, None]
    flat = np.zeros(count, np.float32)
    return Surfels(
        means,
        frames,
        sizes,
        albedo,
        np.zeros((count, 3), np.float32),
        np.full(count, 0.97, np.float32),
        gloss / np.maximum(total, 1e-9),
        flat,
        flat,
        flat,
        np.zeros(count, np.bool_),
        np.zeros(count, np.int32),
    )


def _vertex_weights(means: Floats, terrain: Terrain) -> Floats:
    """(N, L) layer weights at points: inverse-distance mean of the three nearest vertices, seen from above."""
    from scipy.spatial import cKDTree

    tree = cKDTree(terrain.mesh.vertices[:, (0, 2)])
    distance, vertex = tree.query(means[:, (0, 2)], k=3, workers=2)
    share = 1.0 / np.maximum(distance, 1e-4) ** 2
    share /= share.sum(axis=1, keepdims=True)
    return np.einsum("nk,nkl->nl", share, terrain.weights[vertex]).astype(np.float32)


def _leaf_surfels(group: Foliage, spacing: Floats, thing: int, rng: np.random.Generator) -> Surfels:
    """One splat per kept element; the fewer are kept, the larger each is."""
    size = np.sqrt(group.lengths_m * group.widths_m) * LEAF_DETAIL
    keep = np.clip((size / np.maximum(spacing, 1e-9)) ** 2, 0.0, 1.0)
    golden = (np.arange(len(group)) * 0.6180339887498949 + rng.random()) % 1.0
    mine = np.flatnonzero(golden < keep)
    grow = np.minimum(1.0 / np.sqrt(np.maximum(keep[mine], 1e-6)), 12.0).astype(np.float32)
    directions, normals = group.directions[mine], group.normals[mine]
    across = np.cross(normals, directions)
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6)
    upright = np.cross(directions, across)
    length, width = group.lengths_m[mine] * grow / 3.0, group.widths_m[mine] * grow / 3.0
    count = len(mine)
    flat = np.zeros(count, np.float32)
    return Surfels(
        group.centres[mine],
        np.stack([directions, across, upright], axis=2).astype(np.float32),
        np.stack([length, width, np.minimum(length, width) * 0.35], axis=1).astype(np.float32),
        np.clip(group.colours[mine], 0.002, 0.95),
        np.zeros((count, 3), np.float32),
        np.full(count, 0.92, np.float32),
        flat,
        flat,
        np.full(count, group.translucency, np.float32),
        group.depth[mine],
        np.ones(count, np.bool_),
        np.full(count, thing, np.int32),
    )


def weathered(surfels: Surfels, scene: Scene) -> Surfels:
    """Lying snow on what faces up, and the darker, glossier look of what is wet. Indoors nothing changes."""
    sky = scene.sky
    if sky is None or scene.indoors or (sky.snow <= 0 and sky.wetness <= 0):
        return surfels
    up = surfels.frames[:, 1, 2]
    albedo, gloss = surfels.albedo, surfels.gloss
    if sky.snow > 0:
        lying = np.clip((np.where(surfels.leaf, 0.35 + 0.5 * np.abs(up) - 0.6 * surfels.depth, up) - 0.35) / 0.4, 0, 1) * sky.snow
        lying = np.where(surfels.emission.max(axis=1) > 0, 0, lying)
        albedo = albedo + (np.asarray(SNOW, np.float32) - albedo) * lying[:, None].astype(np.float32)
        gloss = gloss * (1 - lying)
    if sky.wetness > 0:
        wet = np.float32(sky.wetness) * (~surfels.leaf)
        albedo = albedo * (1 - 0.38 * wet)[:, None]
        gloss = np.maximum(gloss, 0.55 * wet * np.clip(up, 0, 1))
    return replace(surfels, albedo=albedo.astype(np.float32), gloss=gloss.astype(np.float32))


def morton_order(means: Floats) -> NDArray[np.int64]:
    """Indices along a space-filling curve (2 cm cells, 21 bits an axis): neighbours in space are neighbours in memory."""
    grid = np.clip((means + 20_000.0) / 0.02, 0, (1 << 21) - 1).astype(np.uint64)
    key = _spread(grid[:, 0]) | (_spread(grid[:, 1]) << np.uint64(1)) | (_spread(grid[:, 2]) << np.uint64(2))
    return np.argsort(key, kind="stable")


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, mask in (
        (32, 0x1F00000000FFFF),
        (16, 0x1F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits


def models_of(scene: Scene) -> list[Model]:
    """Every distinct model once, in order of first use."""
    seen: dict[int, Model] = {}
    for thing in scene.things:
        seen.setdefault(id(thing.model), thing.model)
    return list(seen.values())
