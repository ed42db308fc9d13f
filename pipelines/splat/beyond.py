"""Beyond: what no camera saw: in the open the ground on to the horizon, in a room plain walls all round.

Nothing is invented but colours: the seen ground, smoothed, goes on, and far away it fades into the sky. Whatever would stand where a
view sees farther is left out, and under ground that was measured it lies a little lower.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, panorama
from pipelines.gaussians import Gaussians, from_colours, join
from pipelines.scene import EYE_HEIGHT_M, Mesh, join_meshes
from pipelines.splat.cells import splats_of
from pipelines.splat.sheet import Floats, Mask, Sheet
from pipelines.splat.smooth_fill import filled
from pipelines.world import MeasuredView

LEAST_SKY = 0.01  # share of all views' pixels; with less the place is a room
INNER_M, HORIZON_M = 0.12, 700.0  # the ground's first ring round the middle, and its last
HAZE_M = 180.0  # from here on far ground has mostly the colour of the sky above it
ON_GROUND_M, ON_GROUND = 0.12, 0.03  # above or below y = 0, and so much more for each metre from the middle
SUNK_M = 0.06  # below ground that was measured, the continued one closes the gaps in it
WIDER = 1.3  # even colours show the slightest gap between splats
WIDTH = 0.62  # standard deviation of a splat in widths of its cell
MOTTLED = 0.7  # how much of the seen ground's unrest goes on beyond it
SEEN_THROUGH, SEEN_THROUGH_SHARE = 2, 0.15  # so many views, or that share of all: single ones err at their borders
MOST_POINTS = 400_000
BEHIND, NEAREST_M, FARTHEST_M = 0.5, 1.5, 4.0  # how far behind the cameras walls stand: share of the size of what is seen, between limits
LOWEST_CEILING_M = 2.4
SHELL_WIDTH_PX = 256
DIM = 0.9  # a wall that nobody saw is a little darker than those that were seen
WALL_M, ABOVE_SEATS_M = 1.0, 0.8  # so near to the sides of what was measured, and so high, points lie on a wall
FEWEST_ON_WALL = 200
HUES = 20  # steps of the share that red and green have in a colour

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class _Seen:
    """Points (N, 3) that views measured, with their colours (N, 3) 0 … 255."""

    positions: Floats
    colours: Floats


@dataclass(frozen=True)
class Beyond:
    """What surrounds that which was measured. walls: those of a room and its ceiling, open where views see farther; None in the open."""

    gaussians: tuple[Gaussians, ...] = ()
    walls: Mesh | None = None


def is_open(views: Sequence[MeasuredView]) -> bool:
    """Whether the views show the open sky."""
    return float(np.mean([np.isposinf(view.distance).mean() for view in views])) >= LEAST_SKY


def beyond(views: Sequence[MeasuredView], sky: Sequence[Sheet], budget: int, *, seed: int = 0) -> Beyond:
    """What surrounds that which several views measured, in at most about `budget` splats: nothing where nothing was measured.

    sky: the whole of it, as a panorama from the middle of the cameras; none = indoors.
    """
    seen = _gathered(views)
    if not len(seen.positions):
        return Beyond()
    eyes = np.array([view.camera.position for view in views])
    if sky:
        haze = sky[0].rgb[sky[0].rgb.shape[0] // 2 - 1].astype(np.float64)
        dome = splats_of(sky, budget // 5)
        wide = replace(dome, scales=dome.scales * np.float32(WIDER))
        return Beyond((_ground(views, seen, eyes, budget * 4 // 5, haze=haze, seed=seed), wide))
    low, high = _room(seen, eyes)
    floor = _ground(views, seen, eyes, budget * 4 // 5, haze=None, seed=seed)
    within = ((floor.means[:, [0, 2]] > low[[0, 2]]) & (floor.means[:, [0, 2]] < high[[0, 2]])).all(axis=1)
    shell, walls = _shell(views, seen, eyes, (low, high), budget // 5)
    return Beyond((floor.take(np.flatnonzero(within)), shell), walls)


def _gathered(views: Sequence[MeasuredView]) -> _Seen:
    stride = max(1, math.ceil(math.sqrt(sum(view.distance.size for view in views) / MOST_POINTS)))
    positions, colours = [], []
    for view in views:
        distance = view.distance[::stride, ::stride]
        known = np.isfinite(distance) & (distance > 0)
        positions.append(view.camera.position + view.camera.rays()[::stride, ::stride][known] * distance[known, None])
        colours.append(view.rgb[::stride, ::stride][known])
    return _Seen(np.concatenate(positions).astype(np.float32), np.concatenate(colours).astype(np.float32))


def _ground(views: Sequence[MeasuredView], seen: _Seen, eyes: Doubles, budget: int, *, haze: Doubles | None, seed: int) -> Gaussians:
    """Level discs in rings round the middle, each ring wider than the last by the same factor."""
    step = math.sqrt(2 * math.pi * math.log(HORIZON_M / INNER_M) / budget)
    rings, turns = math.ceil(math.log(HORIZON_M / INNER_M) / step), math.ceil(2 * math.pi / step)
    middle = eyes.mean(axis=0)
    ring, turn = np.meshgrid(np.arange(rings) + 0.5, np.arange(turns) + 0.5, indexing="ij")
    radius, angle = INNER_M * np.exp(ring * step), turn / turns * 2 * math.pi
    away = seen.positions - middle
    far = np.hypot(away[:, 0], away[:, 2])
    row = np.floor(np.log(np.maximum(far, 1e-6) / INNER_M) / step).astype(np.int64)
    level = (np.abs(seen.positions[:, 1]) < ON_GROUND_M + ON_GROUND * far) & (row >= 0) & (row < rings)
    column = np.floor(np.arctan2(-away[:, 0], away[:, 2]) / (2 * math.pi) * turns).astype(np.int64) % turns
    place = (row * turns + column)[level]
    values = np.concatenate([seen.colours[level], seen.positions[level, 1:2]], axis=1)
    count = np.bincount(place, minlength=rings * turns)
    sums = np.stack([np.bincount(place, values[:, k], minlength=rings * turns) for k in range(4)], axis=1)
    known = (count > 0).reshape(rings, turns)
    mean = (sums / np.maximum(count, 1)[:, None]).reshape(rings, turns, 4).astype(np.float32)
    if not known.any():
        mean[..., :3], known = np.median(seen.colours, axis=0), np.ones_like(known)
    whole = filled(mean, known, wraps=True, rounds=2)
    rgb = whole[..., :3].astype(np.float64)
    if haze is not None:
        rgb = _mottled(whole[..., :3], known, np.random.default_rng(seed))
        clear = np.exp(-((radius / HAZE_M) ** 1.5))[..., None]
        rgb = rgb * clear + haze[(angle / (2 * math.pi) * len(haze)).astype(np.int64) % len(haze)] * (1 - clear)
    height = whole[..., 3] - np.where(_inner(known), SUNK_M, 0)
    means = np.stack([middle[0] - np.sin(angle) * radius, height, middle[2] + np.cos(angle) * radius], axis=-1)
    slant = (
        np.maximum(radius, EYE_HEIGHT_M) / EYE_HEIGHT_M
    )  # how much farther a flat glance goes for every metre that the ground lies lower
    kept = _out_of_sight(views, means, (ON_GROUND_M + ON_GROUND * radius) * slant)
    under = means[0].mean(axis=0, keepdims=True)  # the innermost ring's middle
    sizes_m = np.append(WIDTH * step * radius[kept], INNER_M)
    return _discs(np.concatenate([means[kept], under]), sizes_m, np.concatenate([rgb[kept], rgb[0].mean(axis=0, keepdims=True)]))


def _mottled(smooth: Floats, known: Mask, rng: np.random.Generator) -> Doubles:
    """Colours with the unrest of the known ones, which differ from the mean of what is around them, strewn over all others."""
    from scipy.ndimage import uniform_filter

    unrest = (smooth - uniform_filter(smooth, (5, 5, 1), mode=("nearest", "wrap", "nearest")))[known]
    strewn = unrest[rng.integers(len(unrest), size=known.shape)]
    return np.where(known[..., None], smooth, smooth + MOTTLED * strewn).astype(np.float64)


def _inner(known: Mask) -> Mask:
    """Known cells all of whose neighbours are known, small gaps closed."""
    from scipy.ndimage import binary_closing, binary_erosion

    wide = np.pad(np.pad(known, ((0, 0), (4, 4)), mode="wrap"), ((4, 4), (0, 0)))
    inner = binary_erosion(binary_closing(wide, np.ones((3, 3)), iterations=2), np.ones((3, 3)))
    return np.asarray(inner[4:-4, 4:-4])


def _out_of_sight(views: Sequence[MeasuredView], points: Doubles, margin_m: Doubles) -> Mask:
    """(…) whether hardly more views look through a point, at something farther by `margin_m` (…), than see it there."""
    flat, against = points.reshape(-1, 3), np.zeros(points[..., 0].size, np.int64)
    for view in views:
        pixels, distance = view.camera.project(flat)
        with np.errstate(invalid="ignore"):
            inside = ((pixels >= 0) & (pixels < (view.camera.width_px, view.camera.height_px))).all(axis=1)
        index = np.flatnonzero(inside)
        column, row = pixels[index].astype(np.int64).T
        behind_m, margin = view.distance[row, column] - distance[index], margin_m.ravel()[index]
        against[index] += (behind_m > margin).astype(np.int64) - (np.abs(behind_m) <= margin)
    return (against < max(SEEN_THROUGH, SEEN_THROUGH_SHARE * len(views))).reshape(points.shape[:-1])


def _discs(means: Doubles, sizes_m: Doubles, rgb: NDArray[np.floating], *, axis: int = 1) -> Gaussians:
    """Flat splats at right angles to an axis. sizes_m: standard deviations (N,).  rgb: (N, 3) 0 … 255."""
    count = len(means)
    scales = np.repeat(sizes_m[:, None], 3, axis=1)
    scales[:, axis] *= 0.02
    upright = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    opacities, thing = np.full(count, 0.99, np.float32), np.zeros(count, np.int32)
    colours = (rgb / 255).clip(0, 1).astype(np.float32)
    return from_colours(means.astype(np.float32), scales.astype(np.float32), upright, opacities, colours=colours, thing=thing)


def _room(seen: _Seen, eyes: Doubles) -> tuple[Doubles, Doubles]:
    """Lowest and highest corner of the box round all that was measured, but for strays, and round the cameras."""
    low, high = np.percentile(seen.positions, [0.3, 99.7], axis=0).astype(np.float64)
    room_m = np.clip(BEHIND * (high - low), NEAREST_M, FARTHEST_M)
    low, high = np.minimum(low - 0.1, eyes.min(axis=0) - room_m), np.maximum(high + 0.1, eyes.max(axis=0) + room_m)
    low[1], high[1] = 0.0, max(float(np.percentile(seen.positions[:, 1], 99.7)) + 0.1, LOWEST_CEILING_M, float(eyes[:, 1].max()) + 0.6)
    return low, high


def _shell(views: Sequence[MeasuredView], seen: _Seen, eyes: Doubles, box: tuple[Doubles, Doubles], budget: int) -> tuple[Gaussians, Mesh]:
    """Walls and ceiling of a box where no view sees farther: as discs, in the smoothed colours of what is seen in their directions, and as
    a mesh that faces inwards.
    """
    camera = panorama(eyes.mean(axis=0), width_px=SHELL_WIDTH_PX)
    count = np.bincount(_place(camera, seen.positions), minlength=camera.width_px * camera.height_px)
    sums = [np.bincount(_place(camera, seen.positions), seen.colours[:, k], minlength=len(count)) for k in range(3)]
    rgb = (np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]).reshape(camera.height_px, camera.width_px, 3).astype(np.float32)
    whole = filled(rgb, (count > 0).reshape(rgb.shape[:2]), wraps=True, rounds=4).reshape(-1, 3)
    seen_there = np.minimum(1, 2 * _spread((count > 0).reshape(rgb.shape[:2]))).reshape(-1, 1)
    low, high = box
    paint = _wall_paint(seen)
    across, up, along = high - low
    cell = math.sqrt((2 * up * (across + along) + across * along) / budget)
    parts, walls = [], []
    for axis, end in ((0, low), (0, high), (2, low), (2, high), (1, high)):
        u, v = (a for a in range(3) if a != axis)
        steps = [np.linspace(low[a], high[a], max(2, round((high[a] - low[a]) / cell))) for a in (u, v)]
        means = np.full((len(steps[0]), len(steps[1]), 3), end)
        means[..., u], means[..., v] = np.meshgrid(*steps, indexing="ij")
        kept = _out_of_sight(views, means, np.zeros(means.shape[:2]))
        walls.append(_boards(kept, steps, axis, float(end[axis]), faces_up=end is low))
        means = means[kept]
        place = _place(camera, means)
        colours = whole[place]
        if paint is not None and axis != 1:  # ceilings have a colour of their own
            colours = colours * seen_there[place] + paint * (1 - seen_there[place])
        parts.append(_discs(means, np.full(len(means), WIDTH * WIDER * cell), DIM * colours, axis=axis))
    return join(parts), join_meshes(walls)


def _boards(kept: Mask, steps: Sequence[Doubles], axis: int, at_m: float, *, faces_up: bool) -> Mesh:
    """The kept cells (U, V) of a plane at right angles to an axis as rectangles, one for each run along V.

    steps: where the middles of cells are along the two other axes, metres.  faces_up: whether they face along the axis, or against it.
    """
    u, v = (a for a in range(3) if a != axis)
    edges = [np.concatenate([middles[:1], (middles[1:] + middles[:-1]) / 2, middles[-1:]]) for middles in steps]
    change = np.diff(np.pad(kept, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (row, first), (_, last) = np.nonzero(change == 1), np.nonzero(change == -1)
    corners = np.full((len(row), 4, 3), at_m)
    corners[:, :, u] = np.stack([edges[0][row], edges[0][row], edges[0][row + 1], edges[0][row + 1]], axis=1)
    corners[:, :, v] = np.stack([edges[1][first], edges[1][last], edges[1][last], edges[1][first]], axis=1)
    turned = faces_up == (axis == 1)  # from v to u one turns about +y, but about -x and -z
    order = np.array([[0, 1, 2], [0, 2, 3]] if turned else [[0, 2, 1], [0, 3, 2]], np.int32)
    faces = (4 * np.arange(len(row), dtype=np.int32)[:, None, None] + order).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3).astype(np.float32), faces)


def _wall_paint(seen: _Seen) -> Floats | None:
    """(3,) the colour of most of the walls that were seen, whatever light falls on them; None where hardly any was.

    Most by hue: windows and pictures on a wall have other ones, and light and shadow change that of paint but little.
    """
    sideways, height_m = seen.positions[:, [0, 2]], seen.positions[:, 1]
    low, high = np.percentile(sideways, [1, 99], axis=0)
    on_wall = ((sideways < low + WALL_M) | (sideways > high - WALL_M)).any(axis=1) & (height_m > ABOVE_SEATS_M)
    if on_wall.sum() < FEWEST_ON_WALL:
        return None
    colours = seen.colours[on_wall]
    hue = (colours[:, :2] / np.maximum(colours.sum(axis=1, keepdims=True), 1) * HUES).astype(np.int64)
    number = hue[:, 0] * (HUES + 1) + hue[:, 1]
    return np.asarray(np.median(colours[number == np.bincount(number).argmax()], axis=0), np.float32)


def _spread(known: Mask) -> Floats:
    """(H, W) 0 … 1: how much of a panorama around each pixel is known."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(known.astype(np.float32), SHELL_WIDTH_PX // 16, mode=("nearest", "wrap")), np.float32)


def _place(camera: Camera, points: NDArray[np.floating]) -> NDArray[np.int64]:
    """(N,) which of a panorama's pixels, counted row by row, shows each of the points (N, 3)."""
    pixels, _ = camera.project(points)
    column, row = pixels.astype(np.int64).T
    return row.clip(0, camera.height_px - 1) * camera.width_px + column % camera.width_px
