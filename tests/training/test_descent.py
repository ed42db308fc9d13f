"""Descent: matrices and convolutions go the same length in every direction, the rim goes as AdamW would."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipelines.flow import SHAPES, new_parameters
from pipelines.training.descent import DECAY, MOMENTA, Descent
from pipelines.training.fit import laid

RATE = 0.01


def descended(losses: int = 1, *, seed: int = 3) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Parameters before and after one or more steps down a random slope, too flat to be clipped, and the slope."""
    now = laid(new_parameters(SHAPES["mini"], seed=1))
    before = {name: value.clone() for name, value in now.items()}
    chance = torch.Generator().manual_seed(seed)
    slope = {name: 1e-3 * torch.randn(value.shape, generator=chance) for name, value in now.items()}
    descent = Descent(now, RATE, {})
    for _ in range(losses):
        read = descent.parameters()
        descent.follow(sum((read[name] * slope[name]).sum() for name in now), 1.0)
    return before, {name: value.detach() for name, value in now.items()}, slope


@pytest.mark.parametrize("name", ["in3.0.conv1.weight", "join1.weight", "time2.weight", "look.ask.weight"])
def test_a_matrix_goes_as_far_in_every_direction(name: str) -> None:
    before, after, slope = descended()
    flat = [np.asarray(value[name].flatten(1), np.float64) for value in (before, after, slope)]
    change = flat[1] - flat[0] * (1 - RATE * DECAY)
    left, _, right = np.linalg.svd(flat[2], full_matrices=False)
    lengths = np.diag(left.T @ change @ right.T) / (-RATE * 0.2 * np.sqrt(max(flat[2].shape)))
    assert (lengths > 0.5).all() and (lengths < 1.4).all(), "the singular directions of the slope, each about as far as the others"
    across = change + RATE * 0.2 * np.sqrt(max(flat[2].shape)) * (left * lengths) @ right
    assert np.abs(across).max() < 0.05 * np.abs(change).max() + 1e-4, "and nowhere else"


@pytest.mark.parametrize("name", ["enter.weight", "leave.weight", "look.near", "in1.0.norm1.weight", "up0.bias"])
def test_the_rim_goes_as_adamw_would(name: str) -> None:
    before, after, slope = descended()
    alone = before[name].clone().requires_grad_(True)
    alone.grad = slope[name].clone()
    torch.optim.AdamW([alone], lr=RATE, betas=MOMENTA, weight_decay=DECAY).step()
    torch.testing.assert_close(after[name], alone.detach(), rtol=1e-4, atol=1e-6)


def test_it_goes_on_from_its_moments() -> None:
    _, whole, slope = descended(losses=4)
    now = laid(new_parameters(SHAPES["mini"], seed=1))
    moments: dict[str, torch.Tensor] = {}
    for _ in range(4):
        descent = Descent(now, RATE, moments)
        read = descent.parameters()
        descent.follow(sum((read[name] * slope[name]).sum() for name in now), 1.0)
        moments = {name: value.clone() for name, value in descent.moments().items()}
        now = {name: value.detach() for name, value in now.items()}
    assert all(torch.equal(now[name], whole[name]) for name in whole)
