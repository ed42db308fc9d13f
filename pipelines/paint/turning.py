"""Turning: a diffusion pipeline paints a picture whose left and right edges meet.

Two things hide in a network that knows nothing of spheres. The denoiser never sees what lies beyond an edge: so before each step the
panorama is turned by some columns, and what comes out is turned back; the edge lies somewhere else in every step, and no line is left out.
(The idea of turning latents between steps is known from PanoDiff, Wang et al., arXiv 2306.03000. It is done here at the denoiser's door,
where it works alike for latents, masks and control pictures, whatever a pipeline or scheduler keeps elsewhere.) The autoencoder pads its
edges with zeros: so pictures and latents get a margin of what lies beyond the edge, which is cut off again afterwards.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SPATIAL = ("sample", "hidden_states", "x", "controlnet_cond", "control_context")
"""What denoisers and control networks call the pictures that they are given."""

MARGIN = 16  # latent columns beyond each edge
UNIT = 8  # latent columns by whose multiples is turned, so that pooling sees the same squares
TURNS = tuple(int(f"{i:03b}"[::-1], 2) / 8 for i in range(8))  # 0, ½, ¼, ¾, …: each new edge far away from those before


class Turning:
    """Where the edge of the panorama lies in this step. `step` is set by who counts the steps."""

    def __init__(self, rows: int, columns: int) -> None:
        """rows, columns: of the latents, before any packing into patches."""
        self.rows, self.columns = rows, columns
        self.step = 0

    @property
    def share(self) -> float:
        """By which part of a whole turn the picture is turned in this step."""
        unit = UNIT if self.columns % UNIT == 0 and self.columns >= 2 * UNIT else 2
        units = max(1, self.columns // unit)
        return round(TURNS[self.step % len(TURNS)] * units) / units

    def turned(self, value: Any, *, back: bool = False) -> Any:
        """A tensor (…, H, W) or (B, N, C) of tokens row by row, or a list or tuple of such, turned around the vertical axis."""
        if isinstance(value, list | tuple):
            return type(value)(self.turned(item, back=back) for item in value)
        if value.ndim >= 4:
            return value.roll(self._columns(value.shape[-1], back), dims=-1)
        rows, columns = self.rows // 2, self.columns // 2
        if value.shape[1] % (rows * columns):
            raise ValueError(f"{value.shape[1]} tokens are no pictures of {rows} × {columns} patches")
        grid = value.reshape(
            value.shape[0], -1, rows, columns, value.shape[2]
        )  # several pictures one after the other: the second is a model
        return grid.roll(self._columns(columns, back), dims=3).reshape(value.shape)

    def _columns(self, width: int, back: bool) -> int:
        shift = round(self.share * width)
        return -shift if back else shift


def denoiser_of(pipe: Any) -> Any:
    """The part of a diffusers pipeline that paints."""
    return getattr(pipe, "transformer", None) or pipe.unet


@contextmanager
def turning(pipe: Any, turn: Turning) -> Iterator[None]:
    """While it lasts, the denoiser of a diffusers pipeline (and its control network) sees the picture turned as `turn` says."""

    def enter(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        names = [name for name in inspect.signature(type(module).forward).parameters if name != "self"]
        args = tuple(turn.turned(value) if name in SPATIAL else value for name, value in zip(names, args, strict=False))
        return args, {name: turn.turned(value) if name in SPATIAL else value for name, value in kwargs.items()}

    def leave(module: Any, args: Any, output: Any) -> Any:
        if isinstance(output, tuple):
            return (turn.turned(output[0], back=True), *output[1:])
        output.sample = turn.turned(output.sample, back=True)
        return output

    denoiser = denoiser_of(pipe)
    hooks = [denoiser.register_forward_pre_hook(enter, with_kwargs=True), denoiser.register_forward_hook(leave)]
    if getattr(pipe, "controlnet", None) is not None:  # what it hands on to the denoiser stays turned, as the denoiser is
        hooks.append(pipe.controlnet.register_forward_pre_hook(enter, with_kwargs=True))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def wrapped(vae: Any, factor: int) -> Iterator[None]:
    """While it lasts, an autoencoder sees what lies beyond the left and right edges. factor: pixels a latent column."""
    decode, encode = vae.decode, vae.encode

    def decode_wrapped(latents: Any, *args: Any, **kwargs: Any) -> Any:
        margin = min(MARGIN, latents.shape[-1])
        return _cut_output(decode(_with_margin(latents, margin), *args, **kwargs), margin * factor)

    def encode_wrapped(pixels: Any, *args: Any, **kwargs: Any) -> Any:
        margin = min(MARGIN, pixels.shape[-1] // factor)
        found = encode(_with_margin(pixels, margin * factor), *args, **kwargs)
        spread = found[0] if isinstance(found, tuple) else found.latent_dist
        cut = type(spread)(spread.parameters[..., margin:-margin])
        return (cut,) if isinstance(found, tuple) else type(found)(latent_dist=cut)

    with _replaced(vae, decode=decode_wrapped, encode=encode_wrapped):
        yield


def _with_margin(values: Any, margin: int) -> Any:
    import torch

    return torch.cat([values[..., -margin:], values, values[..., :margin]], dim=-1)


def _cut_output(found: Any, margin: int) -> Any:
    """What an autoencoder's `decode` returned, a tuple or an object with `sample`, without its margins."""
    if isinstance(found, tuple):
        return (found[0][..., margin:-margin],)
    return type(found)(sample=found.sample[..., margin:-margin])


@contextmanager
def _replaced(thing: Any, **functions: Callable[..., Any]) -> Iterator[None]:
    """An object some of whose methods are others for a while."""
    for name, function in functions.items():
        setattr(thing, name, function)
    try:
        yield
    finally:
        for name in functions:
            delattr(thing, name)
