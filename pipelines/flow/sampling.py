"""Sampling: from what is known of a picture to all of it, in a few steps along the flow, or in one where only distances are wanted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.flow.encoding import CHANNELS, COLOUR, GROUPS
from pipelines.flow.network import MEANING, Parameters, Shape, assembled, clean, spread

Floats = NDArray[np.float32]

STEPS, GUIDANCE = 8, 4.0
NOISE = np.float32(0.35)  # of unit noise, to begin with: a young network paints likelier pictures from less (docs/small-model.md)


def completed(
    parameters: Parameters,
    shape: Shape,
    known: Floats,
    mask: Floats,
    *,
    rays: Floats,
    meaning: Floats | None,
    seed: int,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    tell: Callable[[float], None] = lambda share: None,
) -> Floats:
    """All channels (C, H, W) in −1 … 1, those that are known exactly as given.

    known: (C, H, W).  mask: (groups, H, W) 1 where a group of channels is known.  rays: (3, H, W).  meaning: (384,) a sentence's unit
    vector, None = no words.  guidance: how far beyond the wordless picture words lead (Ho and Salimans 2022); 1 = not.  steps: of Euler's
    method.  The same arguments give the same result on the same machine.
    """
    if not 1 <= steps <= 1000:
        raise InputError(f"{steps} steps cannot be sampled: choose from 1 to 1,000")
    device = next(iter(parameters.values())).device
    rng = np.random.default_rng([seed, 31])
    noise = NOISE * rng.standard_normal((CHANNELS, shape.height_px, shape.width_px), np.float32)
    given, start, ask, look = (torch.from_numpy(np.ascontiguousarray(a)).to(device)[None] for a in (known, noise, mask, rays))
    every = spread(ask)
    words = torch.zeros(1, MEANING, device=device) if meaning is None else torch.from_numpy(meaning).to(device)[None]
    both = meaning is not None and guidance != 1
    state = start
    with torch.inference_mode():
        for step in range(steps):
            tell(step / steps)
            time = step / steps
            state = torch.where(every > 0, time * given + (1 - time) * start, state)
            said = _said(parameters, shape, assembled(state, given, ask, look), time, words)
            if both:
                plain = _said(parameters, shape, assembled(state, given, ask, look), time, torch.zeros_like(words))
                said = plain + guidance * (said - plain)
            state = state + (said.clamp(-1.2, 1.2) - state) / (steps - step)
        state = torch.where(every > 0, given, state.clamp(-1, 1))
    tell(1.0)
    return state[0].cpu().numpy()


def measured(parameters: Parameters, shape: Shape, colours: Floats, *, rays: Floats, meaning: Floats | None = None) -> Floats:
    """Distance and kind of surface of a whole picture at once, without noise and steps: (C, H, W), colours as given.

    The mean of what is said of the picture and of its mirror image, whose errors are not the same.

    colours: (C, H, W) as `encoded` makes them, everything but colours ignored.  rays: (3, H, W).
    """
    device = next(iter(parameters.values())).device
    mask = np.zeros((len(GROUPS), shape.height_px, shape.width_px), np.float32)
    mask[0] = 1.0
    given, ask, look = (torch.from_numpy(np.ascontiguousarray(a)).to(device)[None] for a in (colours, mask, rays))
    words = torch.zeros(1, MEANING, device=device) if meaning is None else torch.from_numpy(meaning).to(device)[None]
    with torch.inference_mode():
        inputs = assembled(torch.zeros_like(given), given, ask, look)
        said, mirrored = (_said(parameters, shape, one, 0.0, words) for one in (inputs, inputs.flip(-1)))
    found = ((said + mirrored.flip(-1)) / 2)[0].cpu().numpy()
    found[COLOUR] = colours[COLOUR]
    return found


def _said(parameters: Parameters, shape: Shape, inputs: torch.Tensor, time: float, words: torch.Tensor) -> torch.Tensor:
    narrow = inputs.device.type == "cuda"
    with torch.autocast(inputs.device.type, torch.bfloat16, enabled=narrow):
        return clean(parameters, shape, inputs, torch.full((1,), time, device=inputs.device), words).float()
