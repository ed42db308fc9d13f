"""Looking: the recipe that tells in its worlds what has reached it, and how its tests read that."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipelines.gaussians import Gaussians
from pipelines.prompt import Kind
from tests.service.looking_recipe.worldloom_looking import CARD as LOOKING
from tests.service.looking_recipe.worldloom_looking import heap_size
from tests.service.strange_files import saved

__all__ = ["BLUE", "GREEN", "LOOKING", "RECIPE", "RED", "heaps", "plain", "sphere"]

RECIPE = Path(__file__).parent / "looking_recipe"
RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)
HARMONIC = 0.28209479177387814  # the constant one of the spherical harmonics

Heap = tuple[list[float], list[int]]


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (48, 32)) -> bytes:
    """A PNG of one colour."""
    return saved(np.full((size[1], size[0], 3), colour, np.uint8), "PNG")


def sphere(width: int = 256, *, is_whole: bool = True) -> bytes:
    """A PNG of 2:1 with hills of colour; a whole sphere meets itself at its edges, and half of one does not."""
    angle = np.linspace(0, 2 * np.pi if is_whole else np.pi, width, endpoint=False)
    hills = np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle + 1)], axis=-1)
    rows = np.linspace(1, 0.5, width // 2)[:, None, None]
    return saved(np.rint((128 + 100 * hills) * rows).astype(np.uint8), "PNG")


def heaps(gaussians: Gaussians, kind: Kind) -> list[Heap]:
    """(where it lies, its colour) of each heap, as the recipe says it makes them."""
    each = heap_size(kind)
    assert len(gaussians) % each == 0, f"{len(gaussians)} splats are not heaps of {each}: the recipe took this for something else"
    colours = 0.5 + gaussians.harmonics[:, 0] * HARMONIC
    parts = [slice(at, at + each) for at in range(0, len(gaussians), each)]
    return [
        ((gaussians.means[part].mean(axis=0).round(2) + 0.0).tolist(), (colours[part].mean(axis=0) * 255).round().astype(int).tolist())
        for part in parts
    ]
