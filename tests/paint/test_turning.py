"""Turning: the network sees the panorama turned, and the edge of what it paints is no edge any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.paint.families import Task
from pipelines.paint.painter import Painter
from pipelines.paint.sphere import seam_error
from pipelines.paint.turning import TURNS, Turning, turning, wrapped


def packed(image: Any) -> Any:
    """Latents (B, 4, 8, 64) as diffusers packs them into tokens."""
    return image.reshape(2, 4, 4, 2, 32, 2).permute(0, 2, 4, 1, 3, 5).reshape(2, 128, 16)


@pytest.mark.parametrize("step", range(8))
def test_turning_there_and_back_is_nothing_and_tokens_turn_as_pixels_do(step: int) -> None:
    import torch

    turn = Turning(rows=8, columns=64)
    turn.step = step
    pixels = torch.arange(2 * 4 * 8 * 64, dtype=torch.float32).reshape(2, 4, 8, 64)
    turned = turn.turned(pixels)
    assert torch.equal(turn.turned(turned, back=True), pixels)
    assert torch.equal(turned[..., round(TURNS[step] * 64)], pixels[..., 0])
    assert torch.equal(turn.turned(packed(pixels)), packed(turned))
    twice = turn.turned(torch.cat([packed(pixels)] * 2, dim=1))  # a picture and its model, one after the other
    assert torch.equal(twice, torch.cat([packed(turned)] * 2, dim=1))


def test_every_eighth_of_a_turn_comes_and_neighbours_are_far_apart() -> None:
    assert sorted(TURNS) == [i / 8 for i in range(8)]
    assert TURNS[:4] == (0, 0.5, 0.25, 0.75)


@pytest.mark.parametrize("family", ["sdxl", "qwen", "z", "klein"])
def test_a_turned_denoiser_works_on_the_turned_picture(checkpoints: dict[str, Path], family: str) -> None:
    """Second derivation: what comes out of the hooked network is the plain network's answer to a picture rolled by hand, rolled back."""
    import torch

    painter = Painter.open(checkpoints[family], Task.TEXT)
    network = getattr(painter.pipe, "transformer", None) or painter.pipe.unet
    calls: list[tuple[Any, Any]] = []
    hook = network.register_forward_pre_hook(lambda module, args, kwargs: calls.append((args, dict(kwargs))), with_kwargs=True)
    painter.paint("a meadow", lambda f, n: None, width_px=128, height_px=64, steps=1, closed=False)
    hook.remove()
    args, kwargs = calls[0]
    first = args[0] if args else kwargs["hidden_states"]
    turn = Turning(64 // painter.factor, 128 // painter.factor)
    turn.step = 1
    by_hand = turn.turned(first)

    def answer(value: Any) -> Any:
        found = network(value, *args[1:], **kwargs) if args else network(**{**kwargs, "hidden_states": value})
        found = found[0] if isinstance(found, tuple) else found.sample
        return found[0] if isinstance(found, list) else found

    with torch.no_grad():
        plain = answer(first)
        expected = turn.turned(answer(by_hand), back=True)
        with turning(painter.pipe, turn):
            hooked = answer(first)
    assert torch.allclose(hooked, expected, atol=1e-5)
    assert not torch.allclose(hooked, plain, atol=1e-3)  # it does see something else


@pytest.mark.parametrize("family", ["sdxl", "qwen", "klein"])
def test_wrapped_decoding_lowers_the_seam(checkpoints: dict[str, Path], family: str) -> None:
    """Latents that are closed waves come out closed: the step over the seam is as others are; decoded plainly it is not."""
    import torch

    painter = Painter.open(checkpoints[family], Task.TEXT)
    vae = painter.pipe.vae
    longitude = torch.linspace(0, 2 * torch.pi, 65)[:-1]
    waves = torch.stack([torch.sin(3 * longitude + phase) for phase in (0.3, 1.2, 2.0, 2.9)])  # steep where the edges meet
    latents = 2 * waves[None, :, None, :].repeat(1, 1, 32, 1)
    if family == "qwen":
        latents = latents[:, :, None]

    def picture() -> np.ndarray:
        with torch.no_grad():
            found = vae.decode(latents, return_dict=False)[0]
        return found.reshape(3, 64, 128).permute(1, 2, 0).numpy()

    plain = picture()
    with wrapped(vae, painter.factor):
        closed = picture()
    assert closed.shape == plain.shape
    assert seam_error(closed) < 1.5
    assert seam_error(plain) > 1.5 * seam_error(closed)
    assert np.array_equal(picture(), plain)  # nothing of it stays behind


def test_wrapped_encoding_turns_with_the_picture(checkpoints: dict[str, Path]) -> None:
    """The latents of a turned picture are the turned latents of the picture; at the edge this does not hold without a margin."""
    import torch

    vae = Painter.open(checkpoints["sdxl"], Task.TEXT).pipe.vae
    pixels = torch.rand(1, 3, 64, 128, generator=torch.Generator().manual_seed(1))

    def fault() -> float:
        with torch.no_grad():
            there = vae.encode(pixels.roll(64, dims=-1)).latent_dist.mode()
            back = vae.encode(pixels).latent_dist.mode().roll(32, dims=-1)
        return float((there - back)[..., [0, 31, 32, 63]].abs().max())

    plain = fault()
    with wrapped(vae, 2):
        assert fault() < plain / 5
