"""Objective: how far what the network says is from what it should say."""

from __future__ import annotations

import math
from typing import Any

import torch

from pipelines.flow import COLOUR, DISTANCE, GROUPS, HALF_SPAN, KIND, SKY
from pipelines.training.album import Batch

LEAST_LEFT = 0.1  # of 1 − time, in the weight of a sample: late steps would drown all others
GROUP_WEIGHTS = (1.0, 2.0, 0.5)  # colour, distance, kind
SLOPES, TOGETHER = 0.1, 0.5  # weight of steps between neighbours, and of an error that all pixels share
SIZES = 3  # at which steps are compared: each half as fine as that before
SKY_WEIGHT = 0.2  # of its distance beside that of surfaces
STEEPEST = 3.0  # of the relative error, whose slope would explode where far is said of what is near


def loss_of(said: Any, batch: Batch) -> Any:
    """One number for a batch; 0 where everything unknown is said rightly.

    Samples with noise: squared error of the velocity (flow matching, Lipman et al. 2023; straight paths, Liu et al. 2023), reckoned from
    the clean picture. Plain samples: how far the distance is off beside the true one, how far its logarithm is off, an error that all
    pixels share counting less (Eigen, Puhrsch and Fergus 2014), and its steps between neighbours at several sizes (Li and Snavely
    2018); the sky, whose distance nobody needs, counts little.
    """
    error = (said - batch.target).float()
    left = (1 - batch.time).clamp(min=LEAST_LEFT)[:, None, None, None]
    flowing = sum(
        weight * _mean((error / left).square()[:, g], batch.weights[:, g]) for weight, g in zip(GROUP_WEIGHTS, GROUPS, strict=True)
    )
    open_ = (batch.target[:, KIND][:, SKY : SKY + 1] > 0).float()
    counts = batch.weights[:, DISTANCE] * (1 - (1 - SKY_WEIGHT) * open_)
    plain = 4 * _log_error(error[:, DISTANCE], counts) + _mean(error.square()[:, KIND], batch.weights[:, KIND])
    plain = plain + _mean(error.square()[:, COLOUR], batch.weights[:, COLOUR])
    return (batch.plain * plain + (1 - batch.plain) * flowing).mean()


def _mean(values: Any, weights: Any) -> Any:
    """(B,) the weighted mean of each sample; 0 where nothing has a weight."""
    return (values * weights).sum(dim=(1, 2, 3)) / weights.sum(dim=(1, 2, 3)).clamp(min=1e-6)


def _log_error(error: Any, weights: Any) -> Any:
    shared = _mean(error, weights)[:, None, None, None]
    apart = _mean((error - shared).abs(), weights)
    steep = 0.0
    for halving in range(SIZES):
        near, counts = error[..., :: 2**halving, :: 2**halving], weights[..., :: 2**halving, :: 2**halving]
        across = (near[..., 1:] - near[..., :-1]).abs(), torch.minimum(counts[..., 1:], counts[..., :-1])
        down = (near[..., 1:, :] - near[..., :-1, :]).abs(), torch.minimum(counts[..., 1:, :], counts[..., :-1, :])
        steep = steep + _mean(*across) + _mean(*down)
    return (1 - TOGETHER) * _mean(_relative(error), weights) + TOGETHER * apart + SLOPES * steep


def _relative(error: Any) -> Any:
    """|said − true| / true of distances whose logarithms are so far off, in units of the channel: straight on where it is steeper than
    STEEPEST.

    Where a pixel may be near or far, the logarithm's middle lies in between, and far beyond what is near; this one's lies near.
    """
    logs = error * HALF_SPAN
    steep = math.log(STEEPEST)
    return (torch.expm1(logs.clamp(max=steep)).abs() + STEEPEST * (logs - steep).clamp(min=0)) / HALF_SPAN
