"""Soundness: what can be measured of any world without knowing the truth, from where a visitor stands and from beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import panorama
from pipelines.gaussians import Gaussians
from pipelines.quality.floaters import Floaters, floaters
from pipelines.quality.popping import Aside, seen_from_aside
from pipelines.scene import EYE_HEIGHT_M, Spawn
from pipelines.stage import TellStage

HOLE_ALPHA = 0.95
OFF_M = (0.5, 1.0, 2.0)
DIRECTIONS = 8
PANORAMA_PX = 1_024
BODY_M = 0.4  # where something is nearer than this in most directions, nobody stands
NEAR_M, WIDEST_DEG = 10.0, 4.0
FULL_WIDTH = 2 * math.sqrt(2 * math.log(2))  # of a Gaussian at half its height, in standard deviations


@dataclass(frozen=True)
class Holes:
    """Share of the sphere below the horizon that lets more than 5 % of the light through, `metres` from the starting point in eight
    directions: on average, and where it is worst. Points inside of things do not count; NaN where there are no others.
    """

    metres: float
    mean: float
    worst: float


@dataclass(frozen=True)
class Widths:
    """Of splats within 10 m, seen from the starting point: widest_deg at half height, and how many exceed 4°.  needle: 99th percentile of
    a splat's length over its width.
    """

    widest_deg: float
    wide: int
    needle: float


@dataclass(frozen=True)
class Soundness:
    """holes: at the starting point, and 0.5, 1 and 2 m around it.  seam: the step where the edges of a panorama meet, pole: change at its
    poles, both as multiples of what is usual in it, see `pipelines.paint.seam_error`; 1 = nothing to see, NaN = nothing is there.
    """

    splats: int
    holes: tuple[Holes, ...]
    floaters: Floaters
    seam: float
    pole: float
    widths: Widths
    aside: Aside


def examine(gaussians: Gaussians, spawn: Spawn, tell: TellStage | None = None) -> Soundness:
    """Measure one world. Takes about half a minute for a million splats."""
    told = tell or (lambda share, note: None)
    eye = eye_of(spawn)
    around = []
    for number, metres in enumerate((0.0, *OFF_M)):
        told(0.15 * number, "looking for holes")
        around.append(holes_around(gaussians, eye, metres))
    told(0.6, "looking for what floats")
    hanging = floaters(gaussians, eye, width_px=PANORAMA_PX)
    told(0.85, "looking behind, above and below")
    seam, pole = seam_and_poles(gaussians, spawn)
    told(0.9, "stepping aside")
    aside = seen_from_aside(gaussians, spawn, eye)
    told(1.0, "")
    return Soundness(
        len(gaussians), tuple(around), hanging, seam, pole, widths(gaussians, eye), aside,
    )  # fmt: skip


def eye_of(spawn: Spawn) -> NDArray[np.float64]:
    """(3,) where a visitor's eyes are at the start."""
    return np.array(spawn.position, np.float64) + (0, EYE_HEIGHT_M, 0)


def seam_and_poles(gaussians: Gaussians, spawn: Spawn) -> tuple[float, float]:
    """The errors of a panorama taken at the start, whose edges meet behind the visitor: where those of a painted panorama met as well.

    NaN where most of what would show it is empty: nothing has no seam.
    """
    from pipelines.paint import pole_error, seam_error
    from pipelines.splat import render

    seen = render(gaussians, panorama(tuple(eye_of(spawn)), yaw_rad=spawn.yaw_rad, width_px=PANORAMA_PX))
    solid = seen.alpha >= HOLE_ALPHA
    edge, polar = PANORAMA_PX // 64, PANORAMA_PX // 2 // 9  # 6° on either side, 20° from the poles
    behind = np.concatenate([solid[:, :edge], solid[:, -edge:]], axis=1)
    capped = np.concatenate([solid[:polar], solid[-polar:]])
    seam = seam_error(seen.picture) if behind.mean() >= 0.5 else math.nan
    return seam, pole_error(seen.picture) if capped.mean() >= 0.5 else math.nan


def holes_around(gaussians: Gaussians, eye: NDArray[np.floating], metres: float) -> Holes:
    """From points `metres` away from `eye` on its own height."""
    turns = np.arange(DIRECTIONS if metres else 1) * (2 * math.pi / DIRECTIONS)
    points = [eye + np.array([math.sin(turn), 0, math.cos(turn)]) * metres for turn in turns]
    shares = [share for point in points if (share := _holes_at(gaussians, point)) is not None]
    return Holes(metres, float(np.mean(shares)), max(shares)) if shares else Holes(metres, math.nan, math.nan)


def _holes_at(gaussians: Gaussians, eye: NDArray[np.floating]) -> float | None:
    """Share of the lower half of the sphere that is not opaque; None where the eye is in a thing."""
    from pipelines.splat import render

    seen = render(gaussians, panorama(tuple(eye), width_px=PANORAMA_PX), layers=("distance",))
    assert seen.distance is not None
    height = seen.alpha.shape[0]
    lower = slice(height // 2, height)
    if np.median(seen.distance[lower]) < BODY_M:
        return None
    weights = np.cos(((np.arange(height // 2, height) + 0.5) / height - 0.5) * math.pi)[:, None]
    return float(((seen.alpha[lower] < HOLE_ALPHA) * weights).mean() / weights.mean())


def widths(gaussians: Gaussians, eye: NDArray[np.floating]) -> Widths:
    """How coarse the splats are that a visitor at `eye` has before them."""
    distances = np.linalg.norm(gaussians.means - eye, axis=1)
    near = distances < NEAR_M
    seen_deg = np.degrees(2 * np.arctan(FULL_WIDTH / 2 * gaussians.scales[near].max(axis=1) / np.maximum(distances[near], 1e-6)))
    longest = np.sort(gaussians.scales, axis=1)
    needle = float(np.percentile(longest[:, 2] / np.maximum(longest[:, 1], 1e-9), 99)) if len(gaussians) else 0.0
    return Widths(float(seen_deg.max(initial=0)), int((seen_deg > WIDEST_DEG).sum()), needle)
