"""Descent: how parameters follow their gradients: matrices and convolutions by Muon, everything else by AdamW."""

from __future__ import annotations

from typing import Any

import torch

from pipelines.flow import Parameters

DECAY, MOMENTA, MOMENTUM, STEEPEST = 0.01, (0.9, 0.99), 0.95, 1.0
AT_THE_RIM = ("enter.", "leave.", "time1.", "meaning.")  # first and last layers, which Muon is not for


class Descent:
    """One step after another for the parameters of a network, which change in place.

    Muon (Jordan et al. 2024) turns the momentum of a matrix into the nearest orthogonal one, so that no direction learns faster than
    another; a convolution is a matrix with a row for each channel that it makes. Its steps are as long as AdamW's would be (Liu et al.
    2025), so that one rate serves both.
    """

    def __init__(self, now: Parameters, rate: float, moments: Parameters) -> None:
        """moments: what `moments` gave before; where there are none for a parameter, it begins without."""
        self.rate = rate
        self._now = now
        self._learning = {name: (_matrix(value) if _is_muons(name, value) else value).requires_grad_(True) for name, value in now.items()}
        turned = [value for name, value in self._learning.items() if _is_muons(name, now[name])]
        others = [value for name, value in self._learning.items() if not _is_muons(name, now[name])]
        self._parts = (
            torch.optim.Muon(turned, lr=rate, weight_decay=DECAY, momentum=MOMENTUM, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(others, lr=rate, betas=MOMENTA, weight_decay=DECAY, fused=True),
        )
        for key, value in moments.items():
            slot, _, name = key.partition(".")
            part = self._parts[0 if _is_muons(name, now[name]) else 1]
            part.state[self._learning[name]][slot] = value

    def parameters(self) -> Parameters:
        """The parameters as the network reads them, for one step: gradients find their way from these."""
        return {name: _like(value, self._now[name]) for name, value in self._learning.items()}

    def follow(self, loss: Any, share: float) -> None:
        """One step down from `loss`, at this share of the highest rate."""
        for part in self._parts:
            part.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self._learning.values()), STEEPEST)
        for part in self._parts:
            for group in part.param_groups:
                group["lr"] = self.rate * share
            part.step()

    def moments(self) -> Parameters:
        """What has to be kept to go on, by names."""
        of_leaf = {id(value): name for name, value in self._learning.items()}
        return {
            f"{slot}.{of_leaf[id(leaf)]}": value.detach()
            for part in self._parts
            for leaf, state in part.state.items()
            for slot, value in state.items()
        }


def _is_muons(name: str, value: Any) -> bool:
    return value.ndim in (2, 4) and not name.startswith(AT_THE_RIM) and not name.endswith(".near")


def _matrix(value: Any) -> Any:
    """The same memory as (outputs, everything else)."""
    return value.detach().permute(0, 2, 3, 1).view(len(value), -1) if value.ndim == 4 else value.detach()


def _like(leaf: Any, value: Any) -> Any:
    if leaf.ndim == value.ndim:
        return leaf
    outputs, inputs, high, wide = value.shape
    return leaf.view(outputs, high, wide, inputs).permute(0, 3, 1, 2)
