"""Sights: what is being found out about each view, and the steps that find more: match, compare, complete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.cores import run_pieces
from pipelines.vision import agreement, matching
from pipelines.vision.levels import Floats, Level, enlarged, link, stacked
from pipelines.vision.sky import find_sky
from pipelines.vision.surfaces import close_gaps, without_specks

PIECES = 8
"""Into how many pieces a kernel's rows are dealt: enough for the cores of a desk, and the same everywhere."""

WANTED_VOTES = 2
"""So many other views must have measured the same point for a distance to be believed; 1 where there is only one other."""

_ALIKE = 0.5  # matches that cost less hold against the colour of the sky
_FAR_PARALLAX_PX = 1.0  # what moves less between the views is as good as infinitely far


@dataclass
class Sight:
    """One view under work. `at` is the level that planes (H, W, 3), costs, votes and together (H, W) belong to; None before the first.

    neighbours: numbers of the views it is compared with.  checks: of those that must confirm it.  limits: (2,) inverse depths, 1/m.
    """

    camera: Camera
    levels: list[Level]
    neighbours: NDArray[np.int64]
    checks: NDArray[np.int64]
    limits: Floats
    planes: Floats
    costs: Floats
    votes: NDArray[np.int32]
    together: Floats
    at: int | None = None

    @property
    def level(self) -> Level:
        """The level that the planes belong to."""
        return self.levels[self.at or 0]

    @property
    def believed(self) -> NDArray[np.bool_]:
        """(H, W) where enough other views measured the same."""
        wanted = min(WANTED_VOTES, len(self.checks))
        return self.votes >= max(1, wanted)


def new_sight(camera: Camera, levels: list[Level], neighbours: NDArray[np.int64], checks: NDArray[np.int64], limits: Floats) -> Sight:
    """A view of which nothing is known yet."""
    empty = np.zeros((*levels[0].shape, 3), np.float32)
    return Sight(camera, levels, neighbours, checks, limits, empty, empty[..., 0], np.zeros(levels[0].shape, np.int32), empty[..., 0])


@dataclass(frozen=True)
class Effort:
    """How hard to look at one level. window: radius and step in pixels.  change: first relative change tried."""

    sweeps: int
    window: tuple[int, int]
    best_views: int
    change: float
    agreeing: bool


def match(sight: Sight, sights: Sequence[Sight], to_level: int, *, effort: Effort, seed: int, after: Callable[[], None]) -> None:
    """Find or better the planes of a view at `to_level`; `after` is called many times a second.

    effort.agreeing: hold planes to what the neighbours have measured, too.  `sight` may be a copy of one in `sights`.
    """
    if len(sight.neighbours) == 0:
        return
    here = sight.levels[to_level]
    others = [sights[number] for number in sight.neighbours]
    their_levels = [other.levels[min(to_level, len(other.levels) - 1)] for other in others]
    links = link(sight.camera, here, [(other.camera, level) for other, level in zip(others, their_levels, strict=True)])
    fresh = sight.at is None
    if fresh:
        sight.planes = np.zeros((*here.shape, 3), np.float32)
    elif sight.at != to_level:
        sight.planes = enlarged(sight.planes, here.shape)
    else:
        sight.planes = sight.planes.copy()
    sight.costs, sight.at = np.zeros(here.shape, np.float32), to_level
    depths = np.zeros((0, 1, 1), np.float32)
    if effort.agreeing:
        depths = stacked([np.where(other.believed, other.planes[..., 0], np.float32(np.nan)) for other in others])
    reach = np.array(
        [
            (np.linalg.norm(shift), *np.divide(other.planes.shape[:2], level.shape))
            for shift, other, level in zip(links.shift, others, their_levels, strict=True)
        ],
        np.float32,
    )
    settings = (
        matching.window_of(*effort.window), stacked([level.grey for level in their_levels]), links.sizes, links.turn, links.shift,
        depths, reach, here.lens.astype(np.float32), sight.limits, min(effort.best_views, len(others)),
    )  # fmt: skip
    run_pieces(matching.begin, PIECES, PIECES, here.grey, sight.planes, sight.costs, not fresh, seed, *settings)
    after()
    for number in range(effort.sweeps):
        for colour in (0, 1):
            chance = (seed * 1_000_003 + to_level * 10_007 + number * 101 + colour) % 2**31
            change = effort.change * 0.5**number
            run_pieces(matching.sweep, PIECES, PIECES, here.grey, sight.planes, sight.costs, colour, change, fresh, chance, *settings)
            after()


def compare(sight: Sight, sights: Sequence[Sight], *, error_px: float, relative: float) -> None:
    """Count for every pixel the views that measured the same point, and take the mean of what they measured."""
    here = sight.level
    sight.votes, sight.together = np.zeros(here.shape, np.int32), sight.planes[..., 0].copy()
    others = [sights[number] for number in sight.checks]
    if not others:
        return
    there = link(sight.camera, here, [(other.camera, other.level) for other in others])
    backs = [link(other.camera, other.level, [(sight.camera, here)]) for other in others]
    turn_back, shift_back = (np.concatenate([getattr(back, name) for back in backs]) for name in ("turn", "shift"))
    tolerance = np.array([error_px, relative, 0.5 * _FAR_PARALLAX_PX / _widest(there.shift)], np.float32)
    run_pieces(
        agreement.agree, PIECES, PIECES, sight.planes, stacked([other.planes for other in others]), there.sizes, there.turn, there.shift,
        turn_back, shift_back, tolerance, sight.votes, sight.together,
    )  # fmt: skip


def _widest(shift: Floats) -> float:
    """Pixels · metres of parallax between the views that stand farthest apart."""
    return max(float(np.linalg.norm(shift, axis=1).max()), 1e-9)


def complete(sight: Sight, sights: Sequence[Sight]) -> Floats:
    """Distance along the ray (H, W) metres of the view's own size: what views agree on, gaps closed; inf = sky, NaN = not known."""
    level, camera = sight.level, sight.camera
    if len(sight.checks) == 0:
        return np.full((camera.height_px, camera.width_px), np.nan, np.float32)
    measured = without_specks(np.where(sight.believed, sight.together, np.float32(np.nan)))
    others = [sights[number] for number in sight.checks]
    farthest = _FAR_PARALLAX_PX / _widest(link(camera, level, [(other.camera, other.level) for other in others]).shift)
    upward = _upward(camera, level)
    sky = find_sky(measured, sight.costs < _ALIKE, level.rgb, farthest, upward)
    with np.errstate(divide="ignore"):
        floor = np.where(upward < -1e-3, level.stretch * upward / -camera.position[1], np.nan).astype(np.float32)
    depths = close_gaps(np.where(sky, np.float32(np.nan), measured), sight.planes[..., 0], level.rgb, floor, farthest)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(sky, np.float32(np.inf), level.stretch / depths)
    return _of_size(distance.astype(np.float32), camera)


def _upward(camera: Camera, level: Level) -> Floats:
    """(H, W) sine of the elevation of each ray of a level."""
    height, width = level.shape
    f_x, f_y, c_x, c_y = level.lens
    up = camera.world_from_camera[1, :3]
    x, y = (np.arange(width) - c_x) / f_x, (np.arange(height) - c_y) / f_y
    return ((up[0] * x[None, :] - up[1] * y[:, None] - up[2]) / level.stretch).astype(np.float32)


def _of_size(distance: Floats, camera: Camera) -> Floats:
    """A level's distances at the view's own size: each pixel takes the nearest one's, so that no surface is drawn out between two."""
    height, width = distance.shape
    row = (np.arange(camera.height_px) + 0.5) * height / camera.height_px
    column = (np.arange(camera.width_px) + 0.5) * width / camera.width_px
    return distance[row.astype(int)[:, None], column.astype(int)]
