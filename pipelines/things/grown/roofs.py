"""Roofs: slopes with real thickness and laid courses, ridges, verges, gutters, chimneys, dormers.

A slope lies in its own frame: x along the eave, y up the slope, z out of it; y = 0 is the eave's edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.scene import Colour, Foliage, Mesh
from pipelines.things.grown.assembly import Assembly, foliage_of, scaled
from pipelines.things.grown.joinery import Outline, axes, between, hull_of, mesh_of, panel, rotation, translation, wedges
from pipelines.things.solids import box, cylinder, lathe


@dataclass(frozen=True)
class Covering:
    """What lies on a roof: `laid` is shingles, tiles, thatch or metal."""

    material: str
    laid: str
    tint: Colour | None = None
    course_m: float = 0.3
    piece_m: float = 0.3
    thickness_m: float = 0.03
    pieces: int = 200  # about how many a slope may be laid of


COVERINGS: dict[str, Covering] = {
    "shingles": Covering("shingles", "shingles", None, 0.28, 0.34, 0.035),
    "slate": Covering("slate_tiles", "shingles", None, 0.26, 0.36, 0.022),
    "flat tiles": Covering("roof_tiles", "shingles", None, 0.26, 0.3, 0.028),
    "tiles": Covering("roof_tiles", "tiles", None, 0.36, 0.27, 0.05),
    "thatch": Covering("thatch", "thatch", None, 0.5, 0.5, 0.3),
    "metal": Covering("corrugated_iron", "metal", None, 9.0, 0.45, 0.03),
    "planks": Covering("weathered_planks", "shingles", None, 0.6, 0.5, 0.04),
}


@dataclass(frozen=True)
class Slope:
    """A flat piece of roof: a trapezoid with its eave from x = −eave/2 … eave/2 at y = 0 and its ridge at y = length."""

    eave_m: float
    ridge_m: float
    length_m: float
    shift_m: float = 0.0  # of the ridge's middle along x

    def span(self, y: NDArray[np.floating] | float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Left and right end at height y up the slope."""
        t = np.clip(np.asarray(y, np.float64) / self.length_m, 0, 1)
        half = (self.eave_m * (1 - t) + self.ridge_m * t) / 2
        return self.shift_m * t - half, self.shift_m * t + half

    @property
    def outline(self) -> Outline:
        """(4, 2) the slope's corners."""
        (a, b), (c, d) = self.span(0.0), self.span(self.length_m)
        top = [[d, self.length_m], [c, self.length_m]] if self.ridge_m > 0.02 else [[(c + d) / 2, self.length_m]]
        return np.array([[a, 0], [b, 0], *top], np.float64)


def lay(a: Assembly, slope: Slope, covering: Covering, *, deck_m: float = 0.08) -> None:
    """Boarding and covering of one slope; the covering's underside is z = 0, the boarding hangs below it."""
    a.add(panel(slope.outline, deck_m), "weathered_planks", "roof boarding")
    makers = {"shingles": _shingle_courses, "tiles": _pantiles, "thatch": _thatch, "metal": _seamed_sheet}
    makers[covering.laid](a, slope, covering)


def _shingle_courses(a: Assembly, slope: Slope, covering: Covering) -> None:
    """Rows of wedges, each piece of its own width, thickness and reach; edges follow the slope's sides."""
    rng = a.rng
    rows = max(3, round(slope.length_m / max(covering.course_m, slope.length_m / (0.09 * covering.pieces))))
    step = slope.length_m / rows
    piece = max(covering.piece_m, slope.eave_m * rows / covering.pieces * (0.5 + 0.5 * min(1.0, slope.ridge_m / slope.eave_m + 0.4)))
    lots: list[list[NDArray[np.float64]]] = [[], [], []]
    for row in range(rows):
        low, high = row * step, min(slope.length_m, (row + 1.35) * step)
        left, right = (float(v) for v in slope.span(low))
        count = max(1, round((right - left) / piece))
        cuts = np.linspace(left, right, count + 1)
        cuts[1:-1] += rng.uniform(-0.3, 0.3, count - 1) * piece
        upper_left, upper_right = (float(v) for v in slope.span(high))
        for x0, x1 in zip(cuts, cuts[1:], strict=False):
            reach = low - rng.uniform(0.0, 0.14) * step - (0.03 if row == 0 else 0)
            thick = covering.thickness_m * rng.uniform(0.8, 1.35)
            gap = 0.006
            u0, u1 = np.clip([x0 + gap, x1 - gap], upper_left, max(upper_right, upper_left + 1e-3))
            if u1 - u0 < 1e-3:
                u0, u1 = u0 - 5e-4, u0 + 5e-4
            base, rise = 0.012, covering.thickness_m
            corners = np.array([
                [x0 + gap, reach, 0.0], [x1 - gap, reach, 0.0], [u1, high, 0.0], [u0, high, 0.0],
                [x0 + gap, reach, rise + thick], [x1 - gap, reach, rise + thick], [u1, high, base], [u0, high, base],
            ])  # fmt: skip
            lots[int(rng.integers(0, 3))].append(corners)
    _add_shades(a, lots, covering)


def _add_shades(a: Assembly, lots: list[list[NDArray[np.float64]]], covering: Covering) -> None:
    base = covering.tint or a.shade(covering.material, 1.0)
    for lot, factor in zip(lots, (0.86, 1.0, 1.12), strict=True):
        if lot:
            tint = scaled(base, factor)
            a.add(wedges(np.array(lot)), covering.material, "roof", tint=tint, crease=25)


def _pantiles(a: Assembly, slope: Slope, covering: Covering) -> None:
    """Rows of wavy tiles, each row lying on the one below."""
    rows = max(3, round(slope.length_m / covering.course_m))
    step = slope.length_m / rows
    wave = max(covering.piece_m, slope.eave_m * rows / covering.pieces)
    wave = slope.eave_m / max(2, round(slope.eave_m / wave))
    height = covering.thickness_m * min(wave / 0.27, 1.6)
    lots: list[list[Mesh]] = [[], [], []]
    for row in range(rows):
        low, high = row * step - (0.05 if row == 0 else 0.02), min(slope.length_m, (row + 1.2) * step)
        (left, right), (top_left, top_right) = ((float(v) for v in slope.span(y)) for y in (max(low, 0), high))
        count = max(1, round((right - left) / wave))
        lots[int(a.rng.integers(0, 3))].append(_pantile_row((left, right, low), (top_left, top_right, high), count, height))
    base = covering.tint or a.shade(covering.material, 1.0)
    for lot, factor in zip(lots, (0.93, 1.0, 1.07), strict=True):
        tint = scaled(base, factor)
        for mesh in lot:
            a.add(mesh, covering.material, "roof", tint=tint, crease=55)


def _pantile_row(low: tuple[float, float, float], high: tuple[float, float, float], count: int, height: float) -> Mesh:
    """A closed strip of `count` waves from (left, right, y) to (left, right, y): four facets a wave above, one below."""
    per = 4
    n = count * per + 1
    t = np.linspace(0, 1, n)
    bump = height * (0.3 + 0.7 * np.abs(np.sin(math.pi * t * count)) ** 1.2)
    x, top_x = low[0] + (low[1] - low[0]) * t, high[0] + max(high[1] - high[0], 1e-3) * t
    foot = np.linspace(low[0], low[1], count + 1)
    vertices = np.concatenate([
        np.column_stack([x, np.full(n, low[2]), bump + 0.035]), np.column_stack([top_x, np.full(n, high[2]), bump * 0.8 + 0.01]),
        np.column_stack([foot, np.full(count + 1, low[2]), np.zeros(count + 1)]),
    ])  # fmt: skip
    i = np.arange(n - 1)
    k = np.arange(count)
    first, foot_k = k * per, 2 * n + k
    faces = [np.stack([i, i + 1, i + 1 + n], 1), np.stack([i, i + 1 + n, i + n], 1)]
    middle = per // 2
    for j in range(per):
        corner = foot_k if j < middle else foot_k + 1
        faces += [np.stack([corner, first + j + 1, first + j], 1), np.stack([corner, first + n + j, first + n + j + 1], 1)]
    faces += [np.stack([foot_k, foot_k + 1, first + middle], 1), np.stack([foot_k + 1, foot_k, first + n + middle], 1)]
    end = 2 * n + count
    faces.append(np.array([[0, n, 2 * n], [n - 1, end, 2 * n - 1]]))
    return mesh_of(vertices, np.concatenate(faces))


def _wavy_row(
    x: NDArray[np.float64], top_x: NDArray[np.float64], low: float, high: float, front: NDArray[np.float64], back: NDArray[np.float64]
) -> Mesh:  # fmt: skip
    """A closed strip: wavy upper side from (x, low) to (top_x, high), flat underside."""
    n = len(x)
    vertices = np.concatenate([
        np.column_stack([x, np.full(n, low), front]), np.column_stack([top_x, np.full(n, high), back]),
        np.column_stack([x, np.full(n, low), np.zeros(n)]), np.column_stack([top_x, np.full(n, high), np.zeros(n)]),
    ])  # fmt: skip
    i = np.arange(n - 1)
    a, b, c, d = i, i + n, i + 2 * n, i + 3 * n
    quads = [(a, a + 1, b + 1, b), (c, d, d + 1, c + 1), (c, c + 1, a + 1, a), (b, b + 1, d + 1, d)]
    faces = [np.stack(t, 1) for p, q, r, s in quads for t in ((p, q, r), (p, r, s))]
    last = n - 1
    ends = [[0, n, 3 * n], [0, 3 * n, 2 * n]]
    ends += [[last, last + 2 * n, last + 3 * n], [last, last + 3 * n, last + n]]
    return mesh_of(vertices, np.concatenate([*faces, np.array(ends)]))


def _thatch(a: Assembly, slope: Slope, covering: Covering) -> None:
    """One thick soft coat, uneven, rounded off at its edges, and straw that sticks out of it."""
    thick = covering.thickness_m
    rows, columns = max(6, round(slope.length_m / 0.3)), max(8, round(slope.eave_m / 0.3))
    v = np.linspace(-0.12, slope.length_m, rows + 1)
    v[1] = v[0] + 0.07
    v[2] = v[0] + 0.2
    left, right = slope.span(v)
    t = np.linspace(0, 1, columns + 1)
    t[1], t[-2] = 0.09 / slope.eave_m, 1 - 0.09 / slope.eave_m
    x = left[:, None] + (right - left)[:, None] * t
    bump = a.rng.normal(0, 0.014, (rows + 1, columns + 1))
    height = np.full((rows + 1, columns + 1), thick) + bump
    height[0] *= 0.62
    height[1] *= 0.92
    if slope.ridge_m > slope.eave_m * 0.9:
        height[:, [0, -1]] *= 0.75
    upper = np.stack([x, np.broadcast_to(v[:, None], x.shape), height], axis=-1)
    lower = upper * [1, 1, 0]
    lower[0, :, 1] += 0.14
    a.add(between(upper, lower), covering.material, "roof", tint=covering.tint, crease=75)
    a.leaves(straw_tufts(a.rng, slope, thick))


def straw_tufts(rng: np.random.Generator, slope: Slope, thick: float) -> Foliage:
    """Loose straw: dense along the eave, thin over the slope."""
    edge, coat = int(slope.eave_m * 90), int(slope.eave_m * slope.length_m * 70)
    y = np.concatenate([rng.uniform(-0.1, 0.05, edge), rng.uniform(0, slope.length_m * 0.97, coat)])
    left, right = slope.span(y)
    x = left + (right - left) * rng.uniform(0, 1, len(y))
    z = np.concatenate([rng.uniform(0.05, thick, edge), np.full(coat, thick + 0.004)])
    direction = np.column_stack([rng.normal(0, 0.12, len(y)), np.full(len(y), -1.0), rng.normal(0.04, 0.1, len(y))])
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    normal = np.tile([0.0, 0.0, 1.0], (len(y), 1)) + rng.normal(0, 0.2, (len(y), 3))
    normal -= direction * np.sum(direction * normal, axis=1, keepdims=True)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    colour = np.array([0.36, 0.25, 0.1]) * rng.uniform(0.55, 1.25, (len(y), 1))
    order = rng.permutation(len(y))
    size = (rng.uniform(0.14, 0.34, len(y)), rng.uniform(0.014, 0.034, len(y)))
    places, axes_of_straw = np.column_stack([x, y, z])[order], (direction[order], normal[order])
    return foliage_of(places, axes_of_straw, size=size, colours=colour[order], depth=np.zeros(len(y)), translucency=0.1)


def _seamed_sheet(a: Assembly, slope: Slope, covering: Covering) -> None:
    a.add(panel(slope.outline, 0.02), covering.material, "roof", at=(0, 0, 0.02), tint=covering.tint)
    count = max(2, round(slope.eave_m / covering.piece_m))
    for x in np.linspace(-slope.eave_m / 2 + 0.02, slope.eave_m / 2 - 0.02, count + 1):
        reach = slope.length_m
        if slope.ridge_m < slope.eave_m:
            free = (slope.eave_m / 2 - abs(float(x))) / max((slope.eave_m - slope.ridge_m) / 2, 1e-6)
            reach *= min(1.0, free)
        if reach > 0.1:
            a.block((0.025, reach, 0.05), (float(x), reach / 2, 0.03), covering.material, "roof", tint=covering.tint)


@dataclass(frozen=True)
class Gable:
    """A pitched roof over a box: ridge along x. overhang at the eaves, verge at the gables; y = 0 is the wall's top."""

    width_m: float
    depth_m: float
    pitch_deg: float
    overhang_m: float = 0.45
    verge_m: float = 0.4
    hip: float = 0.0  # 0 = gables, 1 = fully hipped, between = half-hipped

    @property
    def rise_m(self) -> float:
        """Height of the boarding's upper side above the wall's top, at the ridge."""
        return self.depth_m / 2 * math.tan(math.radians(self.pitch_deg)) + self.lift_m

    @property
    def lift_m(self) -> float:
        """How far the boarding's upper side lies above the wall's outer edge."""
        return 0.1 / math.cos(math.radians(self.pitch_deg))

    @property
    def slope_m(self) -> float:
        """Length of a slope from its eave's edge to the ridge."""
        return (self.depth_m / 2 + self.overhang_m) / math.cos(math.radians(self.pitch_deg))

    def peak(self, half_depth: float) -> float:
        """Height of a gable wall at its middle, under the boarding."""
        return half_depth * math.tan(math.radians(self.pitch_deg))


def gable_roof(a: Assembly, roof: Gable, covering: Covering, *, trim_tint: Colour | None = None, gutters: bool = True) -> None:
    """Both slopes (all four where hipped), ridge, barge boards, rafters' tails and gutters."""
    angle = math.radians(roof.pitch_deg)
    eave_y = roof.rise_m - roof.slope_m * math.sin(angle)
    long = roof.width_m + 2 * roof.verge_m
    inset_m = roof.hip * (roof.depth_m / 2 + roof.overhang_m)
    ridge = max(long - 2 * inset_m, 0.02)
    for turn in (0, 180):
        front = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
        with a.at(rotation("y", turn), translation(0, eave_y, roof.depth_m / 2 + roof.overhang_m), front):
            lay(a, Slope(long, ridge, roof.slope_m), covering)
        with a.at(rotation("y", turn), translation(0, eave_y, roof.depth_m / 2 + roof.overhang_m)):
            if covering.laid != "thatch":
                _eave(a, roof, long, gutters=gutters, trim_tint=trim_tint)
        if roof.hip > 0:
            _hip_end(a, roof, covering, eave_y, turn)
        elif covering.laid != "thatch":
            _barge_boards(a, roof, eave_y, turn, trim_tint)
    ridge_cap(a, ridge, roof.rise_m, covering)
    if roof.hip > 0 and covering.laid != "thatch":
        _hip_caps(a, roof, covering, eave_y, ridge)


def _hip_end(a: Assembly, roof: Gable, covering: Covering, eave_y: float, turn: int) -> None:
    """The sloping end of a hipped roof, between the two long slopes."""
    run = roof.hip * (roof.depth_m / 2 + roof.overhang_m)
    rise = roof.rise_m - eave_y
    angle = math.atan2(rise, run)
    side = axes((0, 0, -1), (-math.cos(angle), math.sin(angle), 0), (math.sin(angle), math.cos(angle), 0))
    with a.at(rotation("y", turn), translation(roof.width_m / 2 + roof.verge_m, eave_y, 0), side):
        lay(a, Slope(roof.depth_m + 2 * roof.overhang_m, 0.02, math.hypot(run, rise)), covering)


def _hip_caps(a: Assembly, roof: Gable, covering: Covering, eave_y: float, ridge: float) -> None:
    x, z = roof.width_m / 2 + roof.verge_m, roof.depth_m / 2 + roof.overhang_m
    for sx in (-1, 1):
        for sz in (-1, 1):
            start, end = np.array([sx * x, eave_y + 0.05, sz * z]), np.array([sx * ridge / 2, roof.rise_m + 0.06, 0])
            a.rod(start, end, 0.09, covering.material, "roof", tint=covering.tint, sides=8)


def _eave(a: Assembly, roof: Gable, long: float, *, gutters: bool, trim_tint: Colour | None) -> None:
    """Fascia, rafters' tails, gutter and downpipe along one eave; z = 0 is the roof's edge, y = 0 its upper side there."""
    a.block((long - 0.04, 0.17, 0.03), (0, -0.14, -0.03), "painted_wood", "fascia", tint=trim_tint)
    angle = math.radians(roof.pitch_deg)
    for x in np.linspace(-long / 2 + 0.15, long / 2 - 0.15, max(4, round(long / 0.7))):
        inner = roof.overhang_m + 0.1
        start, end = (float(x), -0.2, -0.05), (float(x), -0.2 + inner * math.tan(angle), -inner)
        a.board(start, end, (0.12, 0.07), "dark_wood", "rafters")
    if gutters:
        with a.at(translation(0, -0.08, 0.06), rotation("y", 90)):
            half = [(0.065 * math.cos(t), 0.065 * math.sin(t)) for t in np.linspace(math.pi, 2 * math.pi, 8)]
            inner_half = [(0.05 * math.cos(t), 0.05 * math.sin(t)) for t in np.linspace(2 * math.pi, math.pi, 8)]
            a.add(panel(np.array(half + inner_half), long), "painted_metal", "gutter", at=(0, 0, long / 2), crease=50)


def _barge_boards(a: Assembly, roof: Gable, eave_y: float, turn: int, trim_tint: Colour | None) -> None:
    """Boards along both slopes of one gable."""
    x = roof.width_m / 2 + roof.verge_m - 0.02
    z = roof.depth_m / 2 + roof.overhang_m
    with a.at(rotation("y", turn)):
        for side in (-1, 1):
            a.board((x, eave_y - 0.08, side * z), (x, roof.rise_m - 0.08, 0), (0.2, 0.045), "painted_wood", "barge board", tint=trim_tint)


def ridge_cap(a: Assembly, length: float, y: float, covering: Covering) -> None:
    """Half-round tiles, boards or a thatched roll along the ridge."""
    if covering.laid == "thatch":
        _thatched_ridge(a, length, y, covering)
        return
    with a.at(translation(0, y + 0.015, 0), rotation("z", 90)):  # in one piece: the joints' hidden faces would only cost splats
        a.add(cylinder(0.105, length + 0.05, sides=10), covering.material, "roof", tint=covering.tint)


def _thatched_ridge(a: Assembly, length: float, y: float, covering: Covering) -> None:
    """A saddle of thatch with a scalloped lower edge, tied down by hazel rods."""
    count = max(3, round(length / 0.55))
    x = np.linspace(-length / 2 - 0.05, length / 2 + 0.05, count * 4 + 1)
    scallop = 0.62 + 0.13 * np.abs(np.sin(np.linspace(0, count * math.pi, count * 4 + 1)))
    profile = np.array([[-1.0, -0.62], [-0.6, -0.2], [-0.25, 0.1], [0.0, 0.2], [0.25, 0.1], [0.6, -0.2], [1.0, -0.62]])
    reach = [scallop if abs(z) == 1 else np.full(len(x), 0.7) for z, _ in profile]
    top = np.stack([np.column_stack([x, y + 0.33 + h * 0.95 * r, -z * r]) for (z, h), r in zip(profile, reach, strict=True)])
    a.add(between(top, top - [0, 0.2, 0]), covering.material, "roof", tint=a.shade("thatch", 0.78), crease=60)
    for side in (-1, 1):
        a.rod((-length / 2, y + 0.15, side * 0.4), (length / 2, y + 0.15, side * 0.4), 0.014, "dark_wood", "ridge rods", sides=5)


def chimney(
    a: Assembly, at: tuple[float, float, float], size: tuple[float, float, float], material: str = "brick", *, pots: int = 1,
    tint: Colour | None = None,
) -> None:  # fmt: skip
    """A stack from `at` upwards with a corbelled head, a cap and pots; its top is the pots' top."""
    w, h, d = size
    pot = 0.28 if pots else 0.0
    body = h - pot - 0.2
    with a.at(translation(*at)):
        a.block((w, body, d), (0, body / 2, 0), material, "chimney", bevel=0.015, tint=tint)
        a.block((w + 0.1, 0.1, d + 0.1), (0, body + 0.05, 0), material, "chimney", bevel=0.015, tint=tint)
        a.block((w + 0.18, 0.1, d + 0.18), (0, body + 0.14, 0), "concrete", "chimney cap", bevel=0.02)
        for i in range(pots):
            x = (i - (pots - 1) / 2) * min(0.34, w / max(pots, 1))
            profile = [(0.11, 0.0), (0.1, pot * 0.75), (0.13, pot * 0.8), (0.13, pot), (0.085, pot), (0.085, 0.02)]
            a.add(lathe(profile, sides=14), "terracotta", "chimney pot", at=(x, body + 0.19, 0))


def pyramid(
    a: Assembly, width: float, depth: float, height: float, covering: Covering, *, overhang: float = 0.2, sides: int = 4
) -> None:  # fmt: skip
    """A steep pointed roof over a tower, its eave at y = 0."""
    if sides == 4:
        half_w, half_d = width / 2 + overhang, depth / 2 + overhang
        for turn, eave, run in ((0, 2 * half_w, half_d), (90, 2 * half_d, half_w), (180, 2 * half_w, half_d), (270, 2 * half_d, half_w)):
            _spire_side(a, turn, eave, run, height, covering)
        return
    radius = (width / 2 + overhang) / math.cos(math.pi / sides)
    eave, run = 2 * radius * math.sin(math.pi / sides), radius * math.cos(math.pi / sides)
    for k in range(sides):
        _spire_side(a, 360 * k / sides, eave, run, height, covering)


def _spire_side(a: Assembly, turn: float, eave: float, run: float, height: float, covering: Covering) -> None:
    angle = math.atan2(height, run)
    face = axes((1, 0, 0), (0, math.sin(angle), -math.cos(angle)), (0, math.cos(angle), math.sin(angle)))
    with a.at(rotation("y", turn), translation(0, 0, run), face):
        lay(a, Slope(eave, 0.02, math.hypot(run, height)), covering, deck_m=0.05)


def frustum(bottom: tuple[float, float], top: tuple[float, float], height: float) -> Mesh:
    """A block between two rectangles (width, depth), the lower one at y = 0."""

    def corners(size: tuple[float, float], y: float) -> list[list[float]]:
        w, d = size[0] / 2, size[1] / 2
        return [[-w, y, -d], [-w, y, d], [w, y, d], [w, y, -d]]

    return hull_of(np.array(corners(bottom, 0.0)), np.array(corners(top, height)))


def slab(width: float, depth: float, height: float, *, bevel: float = 0.02) -> Mesh:
    """A box that stands on y = 0."""
    return box((width, height, depth), bevel).moved(translation(0, height / 2, 0))
