"""Budget: a fixed number of splats goes where it is needed: dead ones move, floaters die, places jitter.

After Kheradmand et al. 2024, "3D Gaussian Splatting as Markov Chain Monte Carlo": splats that have become transparent are moved onto
others, which share their opacity and shrink so that the picture stays nearly the same, and places of faint splats wander. Who is
chosen depends on how wrong the pixels are that it lights (Rota Bulò et al. 2024), not on its opacity alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import Gaussians, frames_from_quaternions
from pipelines.splat.optimise import Training, activate, logits_of
from pipelines.splat.project_gradient import LOG_SCALE, LOGIT, MEAN
from pipelines.world import MeasuredView

Floats = NDArray[np.float32]

DEAD_OPACITY = 0.01
MOST_COPIES = 12
OPEN_M = 100.0  # splats beyond this distance may stand before the sky: they are the sky
_FAINT_OPACITY = 0.05
STREWN = 0.5  # how far copies stand apart, in standard deviations of the splat they come from


def shared_opacity(opacity: Floats, copies: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Opacity of each of `copies` equal splats that together stand for one, and by what factor they are smaller.

    Equation 9 of Kheradmand et al. 2024: the integral of alpha along a line through the middle stays the same.
    """
    each = 1 - (1 - opacity.astype(np.float64)) ** (1 / copies)
    total = np.zeros(len(opacity))
    for i in range(1, int(copies.max(initial=1)) + 1):
        for k in range(i):
            term = math.comb(i - 1, k) * (-1) ** k / math.sqrt(k + 1) * each ** (k + 1)
            total += np.where(copies >= i, term, 0)
    return each.astype(np.float32), (opacity / total).astype(np.float32)


def reuse(training: Training, rng: np.random.Generator, *, grow_to: int, doomed: NDArray[np.bool_] | None = None) -> Training:
    """Move the dead, and new ones up to `grow_to`, onto splats chosen by blame. doomed: (count,) splats that must die, too."""
    count = training.count
    dying = training.splats.opacities[:count] < DEAD_OPACITY
    if doomed is not None:
        dying |= doomed
    dead, living = np.flatnonzero(dying), np.flatnonzero(~dying)
    free = np.concatenate([dead, np.arange(count, min(grow_to, len(training.values)))])
    appeal = np.maximum(training.blames[living], 0).astype(np.float64)
    training.shares[:], training.blames[:] = 0, 0
    if len(free) == 0 or appeal.sum() <= 0:
        return training
    chosen = living[rng.choice(len(living), len(free), p=appeal / appeal.sum())]
    _share_out(training, rng, taken=free, chosen=chosen)
    grown = replace(training, count=max(count, int(free.max()) + 1))
    activate(grown, np.concatenate([np.unique(chosen), free]))
    return grown


def _share_out(training: Training, rng: np.random.Generator, *, taken: NDArray[np.intp], chosen: NDArray[np.intp]) -> None:
    """Each of the rows `taken` becomes a copy of its row `chosen`, which shares what it has; copies are strewn over its body."""
    sources, back, counts = np.unique(chosen, return_inverse=True, return_counts=True)
    splats, values = training.splats, training.values
    opacities, shrunk = shared_opacity(splats.opacities[sources], np.minimum(counts + 1, MOST_COPIES))
    opacities = np.maximum(opacities, np.float32(1.5 * DEAD_OPACITY))
    away = STREWN * rng.standard_normal((len(taken), 3)).astype(np.float32) * splats.scales[chosen]
    offsets = np.einsum("nij,nj->ni", frames_from_quaternions(splats.rotations[chosen]), away)
    values[sources, LOGIT] = logits_of(opacities)
    values[sources, LOG_SCALE : LOG_SCALE + 3] += np.log(shrunk)[:, None]
    values[taken] = values[chosen]
    values[taken, MEAN : MEAN + 3] += offsets
    splats.thing[taken] = splats.thing[chosen]
    for moment in (training.first, training.second, training.ages):
        moment[taken] = 0
        moment[sources] = 0


def jitter(training: Training, rng: np.random.Generator, *, strength: float) -> None:
    """Let faint splats wander, within their own shape: only what shows nothing yet may look for something to show.

    strength: standard deviation, as a share of the splat's own, of one that is fully transparent.
    """
    splats = training.splats
    faint = np.flatnonzero(splats.opacities[: training.count] < _FAINT_OPACITY)
    if len(faint) == 0 or strength <= 0:
        return
    loose = 1 / (1 + np.exp(100 * (splats.opacities[faint] - DEAD_OPACITY)))
    away = strength * loose[:, None] * splats.scales[faint] * rng.standard_normal((len(faint), 3))
    offsets = np.einsum("nij,nj->ni", frames_from_quaternions(splats.rotations[faint]), away.astype(np.float32))
    training.values[faint, MEAN : MEAN + 3] += offsets
    activate(training, faint)


def floaters(gaussians: Gaussians, views: Sequence[MeasuredView], *, tolerance: float = 0.1, share: float = 0.6) -> NDArray[np.bool_]:
    """(N,) splats that stand in the air: clearly nearer than what was measured behind them, in most of the views that hold them.

    tolerance: by what share of the distance a splat must be nearer.  share: in how much of the views. Two views at least must say so,
    or one if no other holds the splat and it stands nearer than half the measured distance.
    """
    held, before, far_before = (np.zeros(len(gaussians), np.int32) for _ in range(3))
    reach = gaussians.scales.max(axis=1)
    for view in views:
        pixels, distance = view.camera.project(gaussians.means)
        inside = np.all((pixels >= 0) & (pixels < (view.camera.width_px, view.camera.height_px)), axis=1)
        index = np.flatnonzero(inside)
        column, row = pixels[index].astype(np.int64).T
        measured = np.minimum(view.distance[row, column], OPEN_M)
        known = ~np.isnan(measured)
        index, measured = index[known], measured[known]
        edge = distance[index] + reach[index]
        held[index] += 1
        before[index] += edge < (1 - tolerance) * measured
        far_before[index] += edge < 0.5 * measured
    return (held > 0) & (before >= share * held) & ((before >= 2) | (far_before == held))
