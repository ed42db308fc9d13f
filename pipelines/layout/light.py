"""Light falls on surfels and makes them Gaussians.

Direct light of sun or moon by one shadow ray a surfel, lamps by one ray each; the sky and one bounce (indoors three) by gathering rays
that either leave the scene and see the sky or meet a triangle whose outgoing radiance is known. What is glossy mirrors the scene: its
colour is worked out for several viewpoints and fitted by spherical harmonics of degree 1. Light is linear and relative until `tone`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from pipelines.compiled import Array, inlined, kernel
from pipelines.cores import BATCH, batches, run_pieces
from pipelines.gaussians import SH_C0, Gaussians, quaternions_from_frames
from pipelines.layout.drifting import drifting
from pipelines.layout.metering import glow_kept, metered
from pipelines.layout.occluders import Occluders, occluders_of
from pipelines.layout.reflect import reflections
from pipelines.layout.sample import WIDEST_M
from pipelines.layout.sky import DOME_DIP_RAD, Dome, air_light, dome, radiance, sky_budget
from pipelines.layout.smoothing import Pools, smooth_scalar, smoothed
from pipelines.layout.surfels import take_surfels
from pipelines.layout.tone import display, luminance
from pipelines.layout.windows import Panes, light_through, outside, panes_of, shade_backs
from pipelines.scene import Floats, Lamp, Scene, Surfels
from pipelines.stage import Stage, TellStage
from pipelines.world import World

GATHER_RAYS = ((12.0, 4), (45.0, 3), (1e9, 2))  # rays a surfel by distance from the spawn point (m)
GATHER_RAYS_INDOORS = ((20.0, 9), (1e9, 1))
GLOSSY = 0.62  # from here on a surface mirrors what is around it
LEAF_GLOW = np.float32(0.34)  # share of the light behind a stand-in leaf that comes through it and its neighbours
LAMPS_AT_MOST = 24
LAMP_ADAPTED = 0.35  # share of a lamp's tint that the eye gets used to in a room that has no other light
SUN_SPREAD_RAD = 0.012  # half angle of the light's disc, a little wider than the sun's: soft edges of shadows
SEAMS_M = (0.0, 3.17)  # shifts of the curve along which gathered light is smoothed
EDGE_RAYS = 5  # more rays to a lamp or the sun where neighbours disagree: the edges of shadows
LAMP_RADIUS_M = 0.07  # the least that shadows by lamps are softened by
PANE_RAYS = 4  # rays to the windows a surfel, indoors
DRAFT_SURFELS = 45_000
DRAFT_WIDTH = 1.25  # what is left of even spacing is not even: wider splats close its gaps


@dataclass
class Light(Stage):
    """Light every surfel, add the sky, and turn all into Gaussians."""

    name: ClassVar[str] = "light"
    cost: ClassVar[float] = 7.0
    _met: tuple[Scene, Occluders] | None = field(default=None, init=False, repr=False, compare=False)

    def draft(self, world: World) -> Gaussians | None:
        """The same light on a fraction of the surfels, each spread over the gaps that the others leave."""
        scene = world.scene
        assert scene is not None and scene.surfels is not None
        few = thinned(scene.surfels, DRAFT_SURFELS)
        if not len(few):
            return None
        self._met = scene, occluders_of(scene)
        return _lit(replace(scene, surfels=few), self._met[1], lambda *_: None, seed=world.prompt.seed)

    def run(self, world: World, tell: TellStage) -> World:
        scene = world.scene
        assert scene is not None and scene.surfels is not None
        tell(0.0, "building the ray tree")
        met, self._met = self._met, None
        blockers = met[1] if met is not None and met[0] is scene else occluders_of(scene)
        return replace(world, gaussians=_lit(scene, blockers, tell, seed=world.prompt.seed))


def _lit(scene: Scene, blockers: Occluders, tell: TellStage, *, seed: int) -> Gaussians:
    """The scene's surfels under its sky, and the sky."""
    surfels, sky = scene.surfels, scene.sky
    assert surfels is not None and sky is not None
    if scene.indoors:  # the haze outside is as bright as the day
        sky = replace(sky, fog_per_m=0.0, mist_per_m=0.0)
        scene = replace(scene, sky=sky)
    tell(0.12, "casting shadows")
    irradiance = direct_light(surfels, scene, blockers)
    irradiance += lamp_light(surfels, scene, blockers)
    tell(0.35, "gathering light from the sky")
    irradiance += gathered_light(surfels, scene, blockers, lambda share: tell(0.35 + 0.4 * share, "gathering light from the sky"))
    matt = surfels.albedo * irradiance / np.float32(math.pi) + surfels.emission
    shade_backs(matt, surfels, irradiance, scene)
    tell(0.78, "mirroring what is glossy")
    exposure = sky.exposure * metered(matt, surfels, scene, blockers)
    matt -= surfels.emission * np.float32(1 - glow_kept(surfels.emission, exposure))
    transmittance, added = air_light(sky, surfels.means, scene.viewpoints[0])
    colours = display(matt * transmittance[:, None] + added, exposure, scene.look)
    harmonics = np.zeros((len(surfels), 1, 3), np.float32)
    harmonics[:, 0] = (colours - 0.5) / SH_C0
    glossy = np.flatnonzero((surfels.gloss > GLOSSY) & ~surfels.leaf)
    if len(glossy):
        fitted = reflections(glossy, matt[glossy], scene, blockers, exposure)
        harmonics = np.concatenate([harmonics, np.zeros((len(surfels), 3, 3), np.float32)], axis=1)
        harmonics[glossy] = fitted
    tell(0.92, "painting the sky")
    floating = drifting(scene, blockers.caster, exposure, splats=len(surfels), seed=seed)
    return _with_sky(surfels, harmonics, scene, floating, exposure)


def thinned(surfels: Surfels, most: int) -> Surfels:
    """Every n-th surfel that can be seen, no more than `most` and no more than a third, each about as wide as the n that it stands for."""
    seen = np.flatnonzero(~surfels.hidden)
    step = max(3, math.ceil(len(seen) / most))
    few = take_surfels(surfels, seen[step // 2 :: step])
    wider = DRAFT_WIDTH * math.sqrt(step)
    sizes_m = few.sizes_m * np.array([wider, wider, 1.0], np.float32)
    return replace(few, sizes_m=np.minimum(sizes_m, np.float32(WIDEST_M)))


def direct_light(surfels: Surfels, scene: Scene, blockers: Occluders) -> Floats:
    """Irradiance (N, 3) from sun or moon, through leaves as well as onto them."""
    sky = scene.sky
    assert sky is not None
    if max(sky.light) <= 0:
        return np.zeros((len(surfels), 3), np.float32)
    towards = np.asarray(sky.light_direction, np.float32)
    cosine = surfels.frames[:, :, 2] @ towards
    leafy = surfels.leaf | (surfels.translucency > 0.2)
    falls = np.where(leafy, 0.62 * np.abs(cosine) + 0.18, np.maximum(cosine, 0.0)).astype(np.float32)
    falls *= np.where(leafy, np.where(cosine < 0, 0.35 + surfels.translucency, 1.0), 1.0)
    facing = np.flatnonzero(falls > 1e-3)
    spread_rad = SUN_SPREAD_RAD * (1 + 6 * sky.cloud_cover**3)
    rays = partial(_spread_rays, towards, spread_rad)
    lit = np.zeros(len(surfels), np.float32)
    lit[facing] = _share_lit(blockers, surfels, facing, _lifted(surfels, facing, towards), rays, None, 3)
    lit[surfels.leaf] = 0.10 + 0.90 * lit[surfels.leaf]  # crowns are porous
    falls *= lit * (1 - 0.55 * surfels.depth)
    return falls[:, None] * np.asarray(sky.light, np.float32)


def gathered_light(surfels: Surfels, scene: Scene, blockers: Occluders, tell: object) -> Floats:
    """Irradiance (N, 3) from the sky and from lit surfaces, smoothed among neighbours of like orientation."""
    sky = scene.sky
    assert sky is not None
    panes = panes_of(scene)
    beyond = outside(panes, blockers.middle) if panes is not None else None
    enclosed = ~outside(panes, surfels.means) if panes is not None else np.zeros(len(surfels), np.bool_)
    total = np.zeros((len(surfels), 3), np.float32)
    rays = np.zeros(len(surfels), np.float32)
    distance = np.linalg.norm(surfels.means - scene.viewpoints[0], axis=1)
    plan = GATHER_RAYS_INDOORS if scene.indoors else GATHER_RAYS
    wanted = np.select([distance < reach for reach, _ in plan], [count for _, count in plan])
    most = max(count for _, count in plan)
    for turn in range(most):
        mine = np.flatnonzero(wanted > turn)
        directions = _gather_rays(surfels.frames, surfels.leaf, mine, turn)
        start = surfels.means[mine] + directions * (0.006 + 0.5 * surfels.sizes_m[mine, 0])[:, None]
        hits = blockers.caster.first_hits(start, directions)
        met = np.flatnonzero(hits >= 0)
        seen, through = np.zeros((len(mine), 3), np.float32), np.ones(len(mine), np.float32)
        seen[met] = blockers.radiance[hits[met]]
        if beyond is not None:
            seen[met[beyond[hits[met]] & enclosed[mine[met]]]] = 0
        through[met] = np.where(blockers.leaf[hits[met]], LEAF_GLOW, 0)  # leaves hand on the light behind them
        open_ = np.flatnonzero((through > 0) & ~enclosed[mine])
        seen[open_] += radiance(sky, directions[open_]) * through[open_, None]
        total[mine] += seen
        rays[mine] += 1
        if callable(tell):
            tell((turn + 1) / most)
    mean = total / rays[:, None]
    _tame(mean)
    if panes is not None:
        mean[enclosed] += _pane_light(panes, take_surfels(surfels, enclosed), scene, blockers)
    if scene.indoors:
        mean = Pools(surfels).settled(mean)
    for shift_m in SEAMS_M:
        mean = smoothed(mean, surfels, shift_m)
    mean *= (1 - 0.6 * surfels.depth)[:, None]
    return (mean * np.float32(math.pi)).astype(np.float32)


def _pane_light(panes: Panes, surfels: Surfels, scene: Scene, blockers: Occluders) -> Floats:
    sky = scene.sky
    assert sky is not None
    normals = surfels.frames[:, :, 2]
    start = (surfels.means + normals * (0.006 + 0.3 * surfels.sizes_m[:, :1])).astype(np.float32)
    found = light_through(
        panes,
        start,
        normals,
        caster=blockers.caster,
        glow=blockers.radiance,
        sky=sky,
        rays=PANE_RAYS,
        both_sides=surfels.leaf,
    )
    return (found / np.float32(math.pi)).astype(np.float32)


def lamps_of(scene: Scene) -> list[tuple[Floats, Lamp]]:
    """The lamps that burn and matter most at the spawn point, with their world positions."""
    sky = scene.sky
    burning: list[tuple[float, Floats, Lamp]] = []
    for thing in scene.things:
        for lamp in thing.model.lamps:
            if lamp.glows_in_the_dark and not scene.indoors and not (sky is not None and sky.dark):
                continue
            place = (thing.world_from_model[:3, :3] @ np.asarray(lamp.position) + thing.position).astype(np.float32)
            away = float(np.linalg.norm(place - scene.viewpoints[0]))
            burning.append((lamp.power / (away + 2) ** 2, place, _adapted(lamp) if scene.indoors else lamp))
    burning.sort(key=lambda entry: -entry[0])
    return [(place, lamp) for _, place, lamp in burning[:LAMPS_AT_MOST]]


def _adapted(lamp: Lamp) -> Lamp:
    """The lamp as seen by an eye that is used to lamplight: less yellow, as bright as before."""
    colour = np.asarray(lamp.colour, np.float32)
    r, g, b = colour + (luminance(colour[None]) - colour) * np.float32(LAMP_ADAPTED)
    return replace(lamp, colour=(float(r), float(g), float(b)))


def lamp_light(surfels: Surfels, scene: Scene, blockers: Occluders) -> Floats:
    """Irradiance (N, 3) from point lamps, each within the reach where it still counts."""
    total = np.zeros((len(surfels), 3), np.float32)
    scale = scene.sky.lamp_scale if scene.sky is not None else 1.0
    faint = 0.004 if scene.sky is not None and scene.sky.dark else 0.02
    for place, lamp in lamps_of(scene):
        offset = place - surfels.means
        distance = np.linalg.norm(offset, axis=1)
        near = np.flatnonzero(distance < math.sqrt(lamp.power / faint))
        if not len(near):
            continue
        away = np.maximum(distance[near], 0.12)
        towards = (offset[near] / np.maximum(distance[near], 1e-4)[:, None]).astype(np.float32)
        cosine = np.einsum("ij,ij->i", surfels.frames[near, :, 2], towards)
        falls = np.where(surfels.leaf[near], 0.6 * np.abs(cosine) + 0.2, np.maximum(cosine, 0))
        facing = np.flatnonzero(falls > 1e-3)
        index = near[facing]
        start = _lifted(surfels, index, towards[facing])
        reach = np.maximum(distance[index] - 0.22, 0.01).astype(np.float32)
        rays = partial(_to_globe, offset[index], max(lamp.radius_m, LAMP_RADIUS_M))
        seen = _share_lit(blockers, surfels, index, start, rays, reach, 4)
        strength = scale * lamp.power * falls[facing] * seen / (away[facing] ** 2 + lamp.radius_m**2)
        total[index] += strength[:, None].astype(np.float32) * np.asarray(lamp.colour, np.float32)
    return total


def _with_sky(surfels: Surfels, harmonics: Floats, scene: Scene, floating: Dome, exposure: float) -> Gaussians:
    """What stands, what drifts in the air, and the sky with what is left of its splats."""
    sky = scene.sky
    assert sky is not None
    count = sky_budget(len(surfels), scene) - len(floating.means)
    far = dome(sky, count, dip_rad=DOME_DIP_RAD if scene.terrain is not None else math.pi / 2)
    groups = (floating, far)
    colours = display(np.concatenate([group.radiance for group in groups]), exposure, scene.look)
    tail = np.zeros((len(colours), harmonics.shape[1], 3), np.float32)
    tail[:, 0] = (colours - 0.5) / SH_C0
    return Gaussians(
        np.concatenate([surfels.means, *(group.means for group in groups)]).astype(np.float32),
        np.concatenate([surfels.sizes_m, *(group.sizes_m for group in groups)]).astype(np.float32),
        quaternions_from_frames(np.concatenate([surfels.frames, *(group.frames for group in groups)])),
        np.concatenate([surfels.opacity, *(group.opacity for group in groups)]).astype(np.float32),
        np.concatenate([harmonics, tail]).astype(np.float32),
        np.concatenate([surfels.thing, np.zeros(len(colours), np.int32)]).astype(np.int32),
    )


def _lifted(surfels: Surfels, index: NDArray[np.integer], towards: Floats) -> Floats:
    """Ray starts just off the surface, on the side the light comes from."""
    normal = surfels.frames[index, :, 2]
    side = np.sign(np.einsum("ij,ij->i", normal, np.broadcast_to(towards, normal.shape)))
    lift = 0.004 + 0.35 * surfels.sizes_m[index, 0]
    leaf = surfels.leaf[index]
    start = surfels.means[index] + normal * (side * np.where(leaf, 0.25 * lift, lift))[:, None]
    return (start + np.broadcast_to(towards, normal.shape) * np.where(leaf, 2.5 * lift, 0.002)[:, None]).astype(np.float32)


def _share_lit(
    blockers: Occluders,
    surfels: Surfels,
    index: NDArray[np.integer],
    start: Floats,
    rays: Callable[[NDArray[np.integer], int], Floats],
    reach_m: Floats | None,
    neighbours: int,
) -> Floats:
    """How much of a light the surfels at `index` see (N,), shared with some neighbours on each side.

    start (N, 3), reach_m (N,): of their rays; rays: directions of the n-th ray of some of them. Where neighbours disagree, more are cast.
    """
    means, sizes_m = surfels.means[index], surfels.sizes_m[index, 0]

    def open_(chosen: NDArray[np.integer], turn: int) -> NDArray[np.bool_]:
        return ~blockers.caster.blocked(start[chosen], rays(chosen, turn), None if reach_m is None else reach_m[chosen])

    seen = open_(np.arange(len(index)), 0).astype(np.float32)
    shared = smooth_scalar(seen, means, sizes_m, neighbours)
    edge = np.flatnonzero((shared > 0) & (shared < 1))
    if not len(edge):
        return shared
    for turn in range(EDGE_RAYS):
        seen[edge] += open_(edge, turn + 1)
    seen[edge] /= EDGE_RAYS + 1
    return smooth_scalar(seen, means, sizes_m, neighbours)


def _strewn(rank: Array, turn: int) -> tuple[Any, Any]:
    """Two numbers of [0, 1) for the `turn`-th ray of each: neighbours' are spread evenly, and so are those of one."""
    return (rank * 0.7548776662466927 + turn * 0.6180339887498949) % 1.0, (rank * 0.5698402909980532 + turn * 0.4142135623730951) % 1.0


_strewn_each = inlined(_strewn)  # … of one, for the bodies of loops


def _to_globe(offset: Floats, radius_m: float, rank: NDArray[np.integer], turn: int) -> Floats:
    """Unit rays along these of `offset` (N, 3), to points spread through a ball round its end: soft edges of shadows."""
    offset = offset[rank]
    u, v = _strewn(rank, turn)
    z, around = 2 * u - 1, 2 * math.pi * v
    flat = np.sqrt(1 - z * z)
    ends = offset + radius_m * np.stack([flat * np.cos(around), z, flat * np.sin(around)], axis=1)
    return (ends / np.maximum(np.linalg.norm(ends, axis=1, keepdims=True), 1e-4)).astype(np.float32)


def _spread_rays(towards: Floats, half_angle: float, rank: NDArray[np.integer], turn: int) -> Floats:
    """Directions within a cone round one direction, by a low-discrepancy sequence."""
    side = np.cross(towards, [0.0, 1.0, 0.0] if abs(towards[1]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    axes, out = np.stack([towards, side, np.cross(side, towards)]), np.empty((len(rank), 3), np.float32)
    run_pieces(_in_cone, batches(len(rank)), axes, half_angle, rank, turn, out)
    return out


@kernel
def _in_cone(piece: int, axes: Array, half_angle: float, rank: Array, turn: int, out: Array) -> None:
    for j in range(piece * BATCH, min((piece + 1) * BATCH, len(out))):
        u, v = _strewn_each(rank[j], turn)
        radius, around = half_angle * math.sqrt(u), 2 * math.pi * v
        x, y, size = radius * math.cos(around), radius * math.sin(around), math.sqrt(1 + radius * radius)
        for k in range(3):
            out[j, k] = (axes[0, k] + x * axes[1, k] + y * axes[2, k]) / size


@njit(cache=True, parallel=True, fastmath=True)
def _gather_rays(frames, leaf, index, turn):  # type: ignore[no-untyped-def]
    """Cosine-distributed directions about each normal (about a mean of normal and up for leaves), R2-stratified along the curve."""
    out = np.empty((index.shape[0], 3), np.float32)
    for j in prange(index.shape[0]):
        i = index[j]
        u, v = _strewn_each(i, turn)
        nx, ny, nz = frames[i, 0, 2], frames[i, 1, 2], frames[i, 2, 2]
        z = 1.0 - 2.0 * u
        r = math.sqrt(max(0.0, 1.0 - z * z))
        phi = 6.283185307179586 * v
        lobe = 1.0
        if leaf[i]:
            if ny < 0:
                nx, ny, nz = -nx, -ny, -nz
            nx, ny, nz = 0.5 * nx, 0.5 * ny + 0.5, 0.5 * nz
            lobe = 1.25
        x, y, w = nx + lobe * r * math.cos(phi), ny + lobe * z, nz + lobe * r * math.sin(phi)
        size = math.sqrt(x * x + y * y + w * w) + 1e-6
        out[j, 0], out[j, 1], out[j, 2] = x / size, y / size, w / size
    return out


def _tame(values: Floats) -> None:
    """Cap the few gathered values that a small bright lamp would turn into sparkle."""
    limit = 6.0 * np.percentile(values, 95) + 1e-3
    np.minimum(values, np.float32(limit), out=values)
