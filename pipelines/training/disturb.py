"""Disturb: colours as other cameras, lights and materials would have shown them, so that real photographs are not foreign."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from pipelines.flow import CLASSES

EXPOSURE, CONTRAST, SATURATION, BALANCE = 0.35, 0.2, 0.3, 0.12  # standard deviations of factors' logarithms
MATERIAL_SHARE, MATERIAL = 0.4, 0.3  # how often all surfaces of a kind get another colour, and how far
NOISE = 0.06  # most, on −1 … 1
BLUR_PX = 1.1  # most, standard deviation
JPEG_SHARE, COARSEST = 0.5, 0.35  # how often blocks are quantised, and the widest step on −1 … 1


def relit(colours: Any, kinds: Any, chance: Any) -> Any:
    """Exposure, white balance, contrast, saturation, and colours of materials: (B, 3, H, W) in −1 … 1 → the same. kinds: (B, H, W)."""
    count = len(colours)

    def normal(*shape: int) -> Any:
        return torch.randn(count, *shape, generator=chance, device=colours.device)

    values = ((colours + 1) / 2).clamp(0, 1) ** 2.2
    changed = (torch.rand(count, 1, 1, generator=chance, device=colours.device) < MATERIAL_SHARE).float()
    tints = torch.exp(MATERIAL * normal(3, len(CLASSES)) * changed)
    values = values * torch.gather(tints, 2, kinds.reshape(count, 1, -1).expand(-1, 3, -1).long()).reshape(values.shape)
    values = values * torch.exp(EXPOSURE * normal(1, 1, 1) + BALANCE * normal(3, 1, 1))
    values = values.clamp(0, 1) ** (1 / 2.2)
    grey = values.mean(dim=1, keepdim=True)
    values = grey + (values - grey) * torch.exp(SATURATION * normal(1, 1, 1)).clamp(0, 2)
    middle = values.mean(dim=(1, 2, 3), keepdim=True)
    values = middle + (values - middle) * torch.exp(CONTRAST * normal(1, 1, 1))
    return values.clamp(0, 1) * 2 - 1


def photographed(colours: Any, chance: Any) -> Any:
    """What a plain camera makes of it: a soft lens, noise, and blocks of JPEG. (B, 3, H, W) in −1 … 1 → the same."""
    count = len(colours)

    def uniform(most: float) -> Any:
        return most * torch.rand(count, 1, 1, 1, generator=chance, device=colours.device)

    values = blurred(colours, uniform(BLUR_PX))
    values = values + uniform(NOISE) * torch.randn(values.shape, generator=chance, device=values.device)
    squeezed = quantised(values, uniform(COARSEST) + 0.02)
    pick = torch.rand(count, 1, 1, 1, generator=chance, device=colours.device) < JPEG_SHARE
    return torch.where(pick, squeezed, values).clamp(-1, 1)


def blurred(values: Any, sigma_px: Any) -> Any:
    """Gaussian blur, each picture with its own (B, 1, 1, 1) standard deviation."""
    offsets = torch.arange(-3, 4, device=values.device).float()
    weights = torch.exp(-0.5 * (offsets / sigma_px.reshape(-1, 1).clamp(min=0.05)) ** 2)
    weights = weights / weights.sum(dim=1, keepdim=True)
    count, channels, height, width = values.shape
    flat = functional.pad(values, (3, 3, 3, 3), mode="replicate").reshape(1, count * channels, height + 6, width + 6)
    each = weights.repeat_interleave(channels, dim=0)
    flat = functional.conv2d(flat, each[:, None, None, :], groups=count * channels)
    return functional.conv2d(flat, each[:, None, :, None], groups=count * channels).reshape(values.shape)


def quantised(values: Any, step: Any) -> Any:
    """Blocks of 8 × 8 pixels whose cosine coefficients are rounded, high frequencies more coarsely, as JPEG does. step: (B, 1, 1, 1)."""
    k = torch.arange(8, device=values.device).float()
    basis = torch.cos(math.pi / 8 * (k[None] + 0.5) * k[:, None]) * math.sqrt(2 / 8)
    basis[0] /= math.sqrt(2)
    count, channels, height, width = values.shape
    blocks = values.reshape(count, channels, height // 8, 8, width // 8, 8).permute(0, 1, 2, 4, 3, 5)
    steps = step[..., None, None] * (1 + (k[:, None] + k[None]) / 3)
    rounded = torch.round(basis @ blocks @ basis.T / steps) * steps
    return (basis.T @ rounded @ basis).permute(0, 1, 2, 4, 3, 5).reshape(values.shape)
