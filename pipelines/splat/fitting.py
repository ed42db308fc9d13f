"""Fitting: splats come to look like the views, step by step, on the CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.gaussians import Gaussians
from pipelines.splat import cpu
from pipelines.splat.budget import floaters, jitter, reuse
from pipelines.splat.gradient import Pulls, paint_nearness, trace_back
from pipelines.splat.likeness import Target, likeness, nearness_slopes, target_of
from pipelines.splat.optimise import Rates, Training, begin, step
from pipelines.splat.project_gradient import chain, nearness_of
from pipelines.splat.targets import smaller
from pipelines.world import MeasuredView, View

Floats = NDArray[np.float32]

NEAR_UNIT_M = 0.5  # nearness is 1 at this distance
FAR_M = 40.0  # beyond, errors of nearness count absolutely
_NEAR_M = 0.05
KEPT_VIEWS = 100  # as many are kept ready, at 9 MB each where they have 640 × 360 pixels; more are made ready each time


@dataclass(frozen=True)
class Plan:
    """How splats are fitted. The time goes with steps times pixels; nothing here depends on a clock.

    steps: how often a view is compared.  coarse_share: share of the steps at half the size, at first.  splats: how many there may be at
    the end.  reuse_every: steps between two moves of dead splats.  settle_share: last share of the steps without any moves.
    ssim_share, distance_weight: how much structure and measured distances count; the latter falls to a tenth.  exposures: find out how
    bright each view is beside the others.
    """

    steps: int = 1_200
    coarse_share: float = 0.35
    splats: int = 100_000
    reuse_every: int = 80
    settle_share: float = 0.25
    ssim_share: float = 0.2
    distance_weight: float = 0.05
    jitter: float = 0.2
    exposures: bool = False
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True)
class Aim:
    """A view ready to be compared with: nearness (H, W), NaN where unknown; None where nothing was measured."""

    camera: Camera
    target: Target
    nearness: Floats | None


def fit(
    gaussians: Gaussians, views: Sequence[View], plan: Plan, *, seed: int, tell: Callable[[float, str], None] = lambda share, note: None
) -> Gaussians:
    """`gaussians` after `plan.steps` steps towards pinhole `views`; at most `plan.splats`, if there are not more already."""
    rng = np.random.default_rng(seed)
    training = begin(gaussians, room=plan.splats)
    measured = [view for view in views if isinstance(view, MeasuredView)]
    coarse = math.ceil(plan.steps * plan.coarse_share)
    aims: dict[int, Aim] = {}
    gains = np.ones((len(views), 3), np.float32)
    for number, index in enumerate(order_of(len(views), plan.steps, rng)):
        if number in (0, coarse):
            aims.clear()
        aim = aims.get(index) or aim_of(smaller(views[index], 2 if number < coarse else 1))
        if len(views) <= KEPT_VIEWS:
            aims[index] = aim
        done = number / plan.steps
        if plan.exposures:
            gains /= np.exp(np.log(gains).mean(axis=0))  # so that the world as a whole stays as bright as it is
        tell(done, f"looking again, {number:,} of {plan.steps:,}")
        rates = _rates_at(plan.rates, done)
        weight = plan.distance_weight * 0.1**done
        compare(training, aim, plan, rates=rates, gain=gains[index], distance_weight=weight, behind=rng.random(3, np.float32))
        if done < 1 - plan.settle_share:
            jitter(training, rng, strength=plan.jitter * (1 - done))
            if number % plan.reuse_every == plan.reuse_every - 1:
                doomed = floaters(training.gaussians, measured) if measured else None
                training = reuse(training, rng, grow_to=_allowed(len(gaussians), plan, done), doomed=doomed)
    return _kept(training, measured)


def compare(
    training: Training, aim: Aim, plan: Plan, *, rates: Rates, gain: Floats, distance_weight: float, behind: Floats
) -> float:  # fmt: skip
    """One step towards one view; returns the loss before it. gain: (3,) how bright the view is beside the others, changed here.

    behind: (3,) the colour behind everything, another one at every step: over black, dark surfaces could stay half transparent.
    """
    splats, camera = training.gaussians, aim.camera
    ellipses = cpu.project(splats, camera, near_m=_NEAR_M, with_layers=False)
    if not ellipses.counts.any():
        return math.nan
    bins = cpu.bin_ellipses(ellipses, camera)
    rgb, alpha = cpu.paint(bins, ellipses.records, camera, background=behind)
    like = likeness(rgb * gain if plan.exposures else rgb, aim.target, ssim_share=plan.ssim_share)
    loss, slopes = like.loss, like.slopes
    if plan.exposures:
        slopes *= gain
        _follow(gain, rgb, aim.target.rgb)
    near_of_slots = nearness_of(ellipses, splats, camera, near_unit_m=NEAR_UNIT_M)
    near, near_slopes = np.zeros_like(like.wrong), np.zeros_like(like.wrong)
    if aim.nearness is not None and distance_weight > 0:
        near = paint_nearness(bins, ellipses, camera, of_slots=near_of_slots, alpha=alpha)
        wanted = np.where(alpha < 0.5, np.float32(np.nan), aim.nearness)
        near_loss, near_slopes = nearness_slopes(near, wanted, floor=NEAR_UNIT_M / FAR_M)
        loss, near_slopes = loss + distance_weight * near_loss, near_slopes * np.float32(distance_weight)
    slopes[rgb >= 1] = 0
    pulls = Pulls(slopes, near_slopes, like.wrong)
    of_ellipses = trace_back(ellipses, bins, camera, painted=(rgb, alpha), nearness=(near_of_slots, near), pulls=pulls)
    of_parameters = chain(ellipses, splats, camera, of_ellipses, near_unit_m=NEAR_UNIT_M)
    step(training, ellipses, camera, slopes=(of_parameters, of_ellipses), rates=rates)
    return loss


def _follow(gain: Floats, rgb: Floats, wanted: Floats) -> None:
    """Move a view's gain a little towards what would make its mean brightness right."""
    ratio = wanted.mean(axis=(0, 1)) / np.maximum(rgb.mean(axis=(0, 1)), 1e-3)
    gain[:] = np.clip(gain * np.clip(ratio / gain, 0.5, 2) ** 0.1, 0.5, 2)


def aim_of(view: View) -> Aim:
    target = target_of(view.rgb.astype(np.float32) / np.float32(255))
    if not isinstance(view, MeasuredView):
        return Aim(view.camera, target, None)
    return Aim(view.camera, target, (NEAR_UNIT_M / np.maximum(view.distance, _NEAR_M)).astype(np.float32))


def _allowed(begun_with: int, plan: Plan, done: float) -> int:
    """How many splats there may be: by the same factor more at every step, until half of the steps are done."""
    return round(begun_with * max(1.0, plan.splats / begun_with) ** min(1.0, 2 * done))


def order_of(views: int, steps: int, rng: np.random.Generator) -> Iterator[int]:
    """Which view comes at which step: every view once, in any order, then every view once more …"""
    given = 0
    while given < steps:
        for index in rng.permutation(views)[: steps - given]:
            yield int(index)
            given += 1


def _rates_at(rates: Rates, done: float) -> Rates:
    """Places slow down to a hundredth, everything else to a fifth."""
    rest = 0.2**done
    return replace(
        rates, mean_px=rates.mean_px * 0.01**done, scale=rates.scale * rest, rotation=rates.rotation * rest, opacity=rates.opacity * rest,
        colour=rates.colour * rest,
    )  # fmt: skip


def _kept(training: Training, measured: Sequence[MeasuredView]) -> Gaussians:
    """What shows anything at all."""
    splats = training.gaussians
    keep = splats.opacities > 1 / 255
    if measured:
        keep &= ~floaters(splats, measured)
    return splats.take(keep)
