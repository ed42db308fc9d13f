"""Optimise: splats whose parameters follow the slopes of a loss, each at its own pace (Adam, Kingma and Ba 2015).

Only splats that a view sees take a step, and each counts its own steps. Sizes are kept as logarithms and opacities as logits, as
Kerbl et al. 2023 have it. Places move in pixels: what is far away may move far, for a view sees as little of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.compiled import Array, f32, kernel
from pipelines.cores import run_pieces
from pipelines.gaussians import SH_C0, Gaussians
from pipelines.splat.cpu import Ellipses
from pipelines.splat.gradient import BLAME, SHARE
from pipelines.splat.project_gradient import HARMONICS, LOG_SCALE, LOGIT, MEAN, ROTATION

Floats = NDArray[np.float32]

LEAST_SCALE_M = 1e-4
MOST_OPACITY = 0.995  # below the renderer's own limit, beyond which no slope would lead back
_LEAST_COLOUR = 0.002  # a colour that is cut off at 0 has no slope either
_BETA_1, _BETA_2 = f32(0.9), f32(0.999)
_LOG_BETA_1, _LOG_BETA_2 = f32(math.log(0.9)), f32(math.log(0.999))
_MOST_LOGIT = f32(math.log(MOST_OPACITY / (1 - MOST_OPACITY)))
_PIECES = 16


@dataclass(frozen=True)
class Rates:
    """How far a parameter may move in one step.

    mean_px: pixels of the view.  scale: share of the size.  rotation: radians, about.  opacity: of its logit.  colour: display sRGB,
    the harmonics of higher degree a twentieth of it.  less_opacity, less_size: pull towards thinner and smaller splats, as a share of
    the loss if all splats were opaque, or a pixel in size (Kheradmand et al. 2024).
    """

    mean_px: float = 0.15
    scale: float = 0.015
    rotation: float = 0.006
    opacity: float = 0.07
    colour: float = 0.008
    less_opacity: float = 0.002
    less_size: float = 0.001


@dataclass(frozen=True)
class Training:
    """Splats being optimised; the arrays change in place. Rows from `count` on are room for more.

    values: (room, HARMONICS + 3·K) parameters.  first, second: Adam's moments.  ages: steps taken.  shares, blames: the light that a
    splat gave to the views since they were last cleared, and that light weighed with how wrong its pixels were.
    splats: the same parameters as the renderer wants them.
    """

    values: Floats
    first: Floats
    second: Floats
    ages: NDArray[np.int32]
    shares: Floats
    blames: Floats
    splats: Gaussians
    count: int

    @property
    def gaussians(self) -> Gaussians:
        """The splats as they are now; they go on changing with the training."""
        return self.splats.take(slice(0, self.count))


def begin(gaussians: Gaussians, *, room: int) -> Training:
    """Start from `gaussians`, with room for `room` splats in all."""
    count, room = len(gaussians), max(room, len(gaussians))
    colours = gaussians.harmonics.shape[1]
    splats = Gaussians(
        np.zeros((room, 3), np.float32),
        np.ones((room, 3), np.float32),
        np.ones((room, 4), np.float32),
        np.zeros(room, np.float32),
        np.zeros((room, colours, 3), np.float32),
        np.zeros(room, np.int32),
    )
    splats.thing[:count] = gaussians.thing
    values = np.zeros((room, HARMONICS + 3 * colours), np.float32)
    values[:count, MEAN:LOG_SCALE] = gaussians.means
    values[:count, LOG_SCALE:ROTATION] = logarithms_of(gaussians.scales)
    values[:count, ROTATION:LOGIT] = gaussians.rotations
    values[:count, LOGIT] = logits_of(gaussians.opacities)
    values[:count, HARMONICS:] = gaussians.harmonics.reshape(count, -1)
    training = Training(
        values,
        first=np.zeros_like(values),
        second=np.zeros_like(values),
        ages=np.zeros(room, np.int32),
        shares=np.zeros(room, np.float32),
        blames=np.zeros(room, np.float32),
        splats=splats,
        count=count,
    )
    activate(training, np.arange(count))
    return training


def logarithms_of(scales: Floats) -> Floats:
    """Sizes in metres as the optimiser keeps them."""
    return np.log(np.maximum(scales, np.float32(LEAST_SCALE_M)))


def logits_of(opacities: Floats) -> Floats:
    """Opacities as the optimiser keeps them, between what can still grow and what can still fade."""
    within = np.clip(opacities, np.float32(0.01), np.float32(MOST_OPACITY))
    return np.log(within / (1 - within))


@kernel
def _activate(i: int, values: Array, means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array) -> None:
    """Keep splat i's parameters within bounds, and write them as the renderer wants them."""
    row = values[i]
    for axis in range(3):
        means[i, axis] = row[MEAN + axis]
        row[LOG_SCALE + axis] = max(row[LOG_SCALE + axis], f32(math.log(LEAST_SCALE_M)))
        scales[i, axis] = math.exp(row[LOG_SCALE + axis])
    w, x, y, z = row[ROTATION], row[ROTATION + 1], row[ROTATION + 2], row[ROTATION + 3]
    inverse = f32(1) / math.sqrt(w * w + x * x + y * y + z * z)
    for axis in range(4):
        row[ROTATION + axis] *= inverse
        rotations[i, axis] = row[ROTATION + axis]
    row[LOGIT] = min(row[LOGIT], _MOST_LOGIT)
    opacities[i] = f32(1) / (f32(1) + math.exp(-row[LOGIT]))
    low, high = f32((_LEAST_COLOUR - 0.5) / SH_C0), f32(0.5 / SH_C0)
    for channel in range(3):
        row[HARMONICS + channel] = min(high, max(low, row[HARMONICS + channel]))
    for k in range(harmonics.shape[1]):
        for channel in range(3):
            harmonics[i, k, channel] = row[HARMONICS + 3 * k + channel]


@kernel
def _activate_piece(
    piece: int, pieces: int, chosen: Array, values: Array, means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array
) -> None:
    for k in range(len(chosen) * piece // pieces, len(chosen) * (piece + 1) // pieces):
        _activate(chosen[k], values, means, scales, rotations, opacities, harmonics)


@kernel
def _adam(
    piece: int, firsts: Array, counts: Array, origins: Array, depths: Array, slopes: Array, of_ellipses: Array, rates: Array,
    px_per_m: float, pulls: Array, values: Array, first: Array, second: Array, ages: Array, shares: Array, blames: Array,
    means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array,
) -> None:  # fmt: skip
    """One step for the splats of one piece of the slots. px_per_m: at a depth of 1 m; pulls: towards thin, towards small."""
    width = values.shape[1]
    for slot in range(firsts[piece], firsts[piece] + counts[piece]):
        i = origins[slot]
        slope, row, m, v = slopes[slot], values[i], first[i], second[i]
        px = px_per_m / depths[slot]
        slope[LOGIT] += pulls[0] * opacities[i] * (f32(1) - opacities[i])
        for axis in range(3):
            slope[LOG_SCALE + axis] += pulls[1] * min(scales[i, axis] * px, f32(100))
        ages[i] += 1
        grown_1, grown_2 = f32(1) - math.exp(_LOG_BETA_1 * f32(ages[i])), f32(1) - math.exp(_LOG_BETA_2 * f32(ages[i]))
        for column in range(width):
            g = slope[column]
            if not abs(g) < f32(1e6):
                g = f32(0)
            m[column] = _BETA_1 * m[column] + (f32(1) - _BETA_1) * g
            v[column] = _BETA_2 * v[column] + (f32(1) - _BETA_2) * g * g
            step = rates[column] * (m[column] / grown_1) / (math.sqrt(v[column] / grown_2) + f32(1e-15))
            row[column] -= step / px if column < LOG_SCALE else step
        shares[i] += of_ellipses[slot, SHARE]
        blames[i] += of_ellipses[slot, BLAME]
        _activate(i, values, means, scales, rotations, opacities, harmonics)


def activate(training: Training, chosen: NDArray[np.integer]) -> None:
    """After the `values` of chosen splats were changed from outside: bring `splats` up to date."""
    run_pieces(_activate_piece, _PIECES, _PIECES, chosen, training.values, *_arrays(training))


def step(training: Training, ellipses: Ellipses, camera: Camera, *, slopes: tuple[Floats, Floats], rates: Rates) -> None:
    """Move every splat that `camera` saw. slopes: by its parameters (of `chain`, changed here), and by its ellipse (of `trace_back`)."""
    by_parameters, by_ellipses = slopes
    columns = np.full(training.values.shape[1], rates.colour / SH_C0 / 20, np.float32)
    columns[MEAN:LOG_SCALE], columns[LOG_SCALE:ROTATION] = rates.mean_px, rates.scale
    columns[ROTATION:LOGIT], columns[LOGIT] = rates.rotation, rates.opacity
    columns[HARMONICS : HARMONICS + 3] = rates.colour / SH_C0
    seen = max(1, int(ellipses.counts.sum()))
    pulls = np.array([rates.less_opacity / seen, rates.less_size / seen], np.float32)
    slots = (ellipses.firsts, ellipses.counts, ellipses.origins, ellipses.depths, by_parameters, by_ellipses)
    state = (training.values, training.first, training.second, training.ages, training.shares, training.blames)
    run_pieces(_adam, len(ellipses.counts), *slots, columns, np.float32(camera.focal_px), pulls, *state, *_arrays(training))


def _arrays(training: Training) -> tuple[Floats, ...]:
    splats = training.splats
    return splats.means, splats.scales, splats.rotations, splats.opacities, splats.harmonics
