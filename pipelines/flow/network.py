"""Network: a U-Net over a picture of the whole sphere, or of a part of it, that says what a noisy picture looks like without noise.

Rows are latitudes and columns longitudes; where the picture is a sphere, every convolution sees what lies beyond the left and right edges
and beyond the poles, and nothing in the network knows where the left edge is: turning the input by 16 columns turns the output. The
convolutional part follows Ronneberger, Fischer and Brox (U-Net, 2015) with the blocks of Dhariwal and Nichol (2021); that the clean picture
is predicted, and not noise or velocity, follows Li and He (Back to basics: let denoising generative models denoise, 2025).

Parameters are a dictionary of tensors and the network is a function of them: what is stored is all there is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch.nn import functional

from pipelines.flow.encoding import CHANNELS, DISTANCE, GROUPS, HALF_SPAN, NEAREST_M
from pipelines.scene import EYE_HEIGHT_M

Parameters = dict[str, Any]
"""Name → tensor."""

RAYS = 3  # channels that say where a pixel looks: up, level, and how wide it is
INPUTS = 2 * CHANNELS + len(GROUPS) + RAYS
DEPTH = 8  # how often less places there are at the bottom than at the top, along a side
MEANING = 384  # length of a sentence vector
TIMES = 64  # length of a time's code
MIDDLE_M = 12.0  # between rooms and open land


@dataclass(frozen=True)
class Shape:
    """How large a network is. widths: channels at its four levels, each half as high and wide as that before; blocks: how many there, on
    either way.

    fold: so many pixels a side become the channels of one place at the top level; the work falls with its square, and a clean picture can
    be predicted from large folds (Li and He 2025).  sphere: whether the picture is a whole sphere.  meaning: whether it is told words.
    """

    height_px: int = 128
    width_px: int = 256
    sphere: bool = True
    widths: tuple[int, int, int, int] = (32, 64, 128, 192)
    blocks: tuple[int, int, int, int] = (1, 1, 2, 2)
    heads: int = 4
    code: int = 192
    meaning: bool = True
    fold: int = 2

    @property
    def unit(self) -> int:
        """Sides are multiples of it, and so are turns that the network does not notice, px."""
        return DEPTH * self.fold

    def as_json(self) -> dict[str, Any]:
        """For model.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Shape:
        """The way back; raises TypeError or ValueError where the entries are not those of a shape."""
        entries: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
        shape = cls(**entries)
        uneven = shape.fold < 1 or shape.height_px % shape.unit or shape.width_px % shape.unit
        if uneven or len(shape.widths) != 4 or len(shape.blocks) != 4:
            raise ValueError(f"a network of {shape.width_px} × {shape.height_px} pixels cannot be: sides are multiples of {shape.unit}")
        return shape


SHAPES: Mapping[str, Shape] = {
    "mini": Shape(32, 64, widths=(8, 16, 16, 32), blocks=(1, 1, 1, 1), code=32),
    "small": Shape(64, 128, widths=(64, 128, 160, 192), fold=4),
    "quick": Shape(64, 128, widths=(16, 32, 64, 128), code=128),
    "large": Shape(widths=(48, 112, 224, 352), blocks=(1, 2, 3, 2), heads=8, code=512),
    "mini-depth": Shape(48, 64, sphere=False, widths=(8, 16, 16, 32), blocks=(1, 1, 1, 1), code=32, meaning=False),
    "small-depth": Shape(64, 96, sphere=False, widths=(64, 128, 160, 192), meaning=False, fold=4),
    "quick-depth": Shape(48, 64, sphere=False, widths=(16, 32, 64, 128), code=128, meaning=False),
}
"""mini: tests.  quick: minutes on a CPU.  small: hours on a CPU.  large: a graphics card.  -depth: for pinhole pictures."""


def new_parameters(shape: Shape, *, seed: int) -> Parameters:
    """Parameters to begin training with. Blocks begin as the identity and the output as nothing but level ground.

    A network whose first pictures are rough learns to be smooth before it learns to see, and its features die of it.
    """
    chance = torch.Generator().manual_seed(seed)
    made: Parameters = {}

    def affine(name: str, outputs: int, inputs: int, *, side: int = 0, gain: float = 1.0) -> None:
        size = (outputs, inputs, side, side) if side else (outputs, inputs)
        made[f"{name}.weight"] = torch.randn(size, generator=chance) * (gain / math.sqrt(inputs * max(1, side) ** 2))
        made[f"{name}.bias"] = torch.zeros(outputs)

    def norm(name: str, channels: int) -> None:
        made[f"{name}.weight"], made[f"{name}.bias"] = torch.ones(channels), torch.zeros(channels)

    def block(name: str, channels: int) -> None:
        norm(f"{name}.norm1", channels)
        affine(f"{name}.conv1", channels, channels, side=3, gain=math.sqrt(2))
        affine(f"{name}.code", 2 * channels, shape.code, gain=0.1)
        norm(f"{name}.norm2", channels)
        affine(f"{name}.conv2", channels, channels, side=3, gain=0.0)

    affine("time1", shape.code, TIMES)
    affine("time2", shape.code, shape.code)
    if shape.meaning:
        affine("meaning", shape.code, MEANING, gain=math.sqrt(MEANING))  # unit vectors have small entries
    widths = shape.widths
    affine("enter", widths[0], shape.fold**2 * INPUTS, side=3)
    for level, width in enumerate(widths):
        if level:
            affine(f"down{level}", width, widths[level - 1], side=3)
        for i in range(shape.blocks[level]):
            block(f"in{level}.{i}", width)
    norm("look.norm", widths[3])
    affine("look.ask", 3 * widths[3], widths[3], side=1)
    affine("look.tell", widths[3], widths[3], side=1, gain=0.0)
    rows, columns = shape.height_px // shape.unit, shape.width_px // shape.unit
    made["look.near"] = torch.zeros(shape.heads, rows * rows * (columns if shape.sphere else 2 * columns - 1))
    for level in reversed(range(4)):
        if level < 3:
            affine(f"up{level}", widths[level], widths[level + 1], side=3)
            affine(f"join{level}", widths[level], 2 * widths[level], side=1)
        for i in range(shape.blocks[level]):
            block(f"out{level}.{i}", widths[level])
    norm("leave.norm", widths[0])
    affine("leave", shape.fold**2 * CHANNELS, widths[0], side=3, gain=0.0)
    return made


def clean(parameters: Parameters, shape: Shape, inputs: Any, time: Any, meaning: Any) -> Any:
    """What the picture looks like without noise: (B, C, H, W).

    inputs: (B, INPUTS, H, W), see `assembled`.  time: (B,) 0 = only noise … 1 = none.  meaning: (B, 384), zero where nothing is said.
    """
    steps = torch.exp(-math.log(1000.0) * torch.arange(TIMES // 2, device=time.device) / (TIMES // 2)) * 1000.0
    angles = time[:, None].float() * steps[None]
    code = _affine(parameters, "time1", torch.cat([angles.sin(), angles.cos()], dim=1).to(inputs.dtype))
    code = _affine(parameters, "time2", functional.silu(code))
    if shape.meaning:
        code = code + _affine(parameters, "meaning", meaning.to(inputs.dtype))
    code = functional.silu(code)
    sphere = shape.sphere
    state = _conv(parameters, "enter", functional.pixel_unshuffle(inputs, shape.fold), sphere)
    kept = []
    for level in range(4):
        if level:
            state = _conv(parameters, f"down{level}", state, sphere, stride=2)
        for i in range(shape.blocks[level]):
            state = _block(parameters, f"in{level}.{i}", state, code, sphere)
        kept.append(state)
    state = _look(parameters, state, shape)
    for level in reversed(range(4)):
        if level < 3:
            state = _conv(parameters, f"up{level}", functional.interpolate(state, scale_factor=2.0, mode="nearest"), sphere)
            both = torch.cat([state, kept[level]], dim=1)
            state = functional.conv2d(both, parameters[f"join{level}.weight"], parameters[f"join{level}.bias"])
        for i in range(shape.blocks[level]):
            state = _block(parameters, f"out{level}.{i}", state, code, sphere)
    state = functional.silu(_norm(parameters, "leave.norm", state))
    said = functional.pixel_shuffle(_conv(parameters, "leave", state, sphere), shape.fold)
    level = _level_ground(inputs[:, -RAYS : 1 - RAYS])
    return torch.cat([said[:, : DISTANCE.start], said[:, DISTANCE] + level, said[:, DISTANCE.stop :]], dim=1)


def _level_ground(up: Any) -> Any:
    """The channel of distance where there is nothing but level ground: what the network says is how far the picture is from it.

    up: sine of elevation. Farther than MIDDLE_M, and above the horizon, it says MIDDLE_M.
    """
    metres = EYE_HEIGHT_M / (-up).clamp(min=EYE_HEIGHT_M / MIDDLE_M)
    return torch.log(metres / NEAREST_M) / HALF_SPAN - 1


def assembled(noisy: Any, known: Any, mask: Any, rays: Any) -> Any:
    """The channels that the network reads: (B, INPUTS, H, W).

    noisy, known: (B, C, H, W).  mask: (B, groups, H, W), 1 where a group of channels is known.  rays: (B, RAYS, H, W).
    """
    return torch.cat([noisy, known * spread(mask), mask, rays], dim=1)


def spread(mask: Any) -> Any:
    """A mask of groups (…, groups, H, W) for every channel (…, C, H, W)."""
    return torch.cat(
        [mask[..., i : i + 1, :, :].expand(*mask.shape[:-3], g.stop - g.start, *mask.shape[-2:]) for i, g in enumerate(GROUPS)], -3
    )


def padded(values: Any, sphere: bool) -> Any:
    """One more row and column on every side: what lies there on the sphere, or the edge once more.

    Beyond a pole lies the same row, half a turn away.
    """
    if not sphere:
        return functional.pad(values, (1, 1, 1, 1), mode="replicate")
    half = values.shape[-1] // 2
    above, below = values[..., :1, :].roll(half, -1), values[..., -1:, :].roll(half, -1)
    tall = torch.cat([above, values, below], dim=-2)
    return torch.cat([tall[..., -1:], tall, tall[..., :1]], dim=-1)


def _conv(parameters: Parameters, name: str, values: Any, sphere: bool, stride: int = 1) -> Any:
    return functional.conv2d(padded(values, sphere), parameters[f"{name}.weight"], parameters[f"{name}.bias"], stride=stride)


def _affine(parameters: Parameters, name: str, values: Any) -> Any:
    return functional.linear(values, parameters[f"{name}.weight"], parameters[f"{name}.bias"])


def _norm(parameters: Parameters, name: str, values: Any) -> Any:
    return functional.group_norm(values, min(8, values.shape[1] // 4), parameters[f"{name}.weight"], parameters[f"{name}.bias"])


def _block(parameters: Parameters, name: str, values: Any, code: Any, sphere: bool) -> Any:
    state = _conv(parameters, f"{name}.conv1", functional.silu(_norm(parameters, f"{name}.norm1", values)), sphere)
    factor, offset = _affine(parameters, f"{name}.code", code)[:, :, None, None].chunk(2, dim=1)
    state = functional.silu(_norm(parameters, f"{name}.norm2", state) * (1 + factor) + offset)
    return values + _conv(parameters, f"{name}.conv2", state, sphere)


def _look(parameters: Parameters, values: Any, shape: Shape) -> Any:
    """Attention from everywhere to everywhere (Vaswani et al. 2017), with a learnt share for each pair of latitudes and turn between."""
    count, channels, rows, columns = values.shape
    asked = functional.conv2d(_norm(parameters, "look.norm", values), parameters["look.ask.weight"], parameters["look.ask.bias"])
    query, key, value = asked.reshape(count, 3, shape.heads, channels // shape.heads, rows * columns).transpose(-1, -2).unbind(1)
    near = parameters["look.near"][:, _pairs(rows, columns, shape.sphere).to(values.device)]
    found = functional.scaled_dot_product_attention(query, key, value, attn_mask=near.to(query.dtype)[None].expand(count, -1, -1, -1))
    found = found.transpose(-1, -2).reshape(count, channels, rows, columns)
    return values + functional.conv2d(found, parameters["look.tell.weight"], parameters["look.tell.bias"])


def _pairs(rows: int, columns: int, sphere: bool) -> Any:
    """(N, N) for each pair of places, row by row, the number of its entry in `look.near`."""
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    row, column = row.reshape(-1), column.reshape(-1)
    turn = column[None] - column[:, None]
    turn, turns = (turn % columns, columns) if sphere else (turn + columns - 1, 2 * columns - 1)
    return (row[:, None] * rows + row[None]) * turns + turn
