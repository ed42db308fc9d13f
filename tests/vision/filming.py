"""Frames of a world whose truth is known, as a hand-held camera would film it: made once for all tests that want them."""

from __future__ import annotations

from functools import cache

from pipelines import Gaussians, MeasuredView
from pipelines.camera import Camera
from pipelines.quality import filming
from pipelines.quality.filming import PROMPT, sidestep
from pipelines.scene import Spawn

__all__ = ["PROMPT", "filmed", "sidestep", "world"]


@cache
def world(prompt: str = PROMPT, *, seed: int = 3, splats: int = 300_000) -> tuple[Gaussians, Spawn]:
    """Splats of a layout world, and where a visitor starts."""
    place, spawn = filming.meadow(prompt, seed=seed, splats=splats)
    return place.gaussians, spawn


def filmed(gaussians: Gaussians, cameras: list[Camera]) -> list[MeasuredView]:
    """What each camera sees, and how far away it is."""
    return filming.filmed(filming.SplatPlace(gaussians), cameras)
