"""A recipe of another package that really looks at the files it is given, so that a world tells which bytes arrived, in which order.

Each file becomes a heap of splats, `heap_size(kind)` of them, in the file's mean colour. A picture lies 4 m away in the direction that it
was taken in, or, where that is not known, as many metres above the ground as pictures came before it. Distances say how far away their
panorama or layout lies: as far as the mean of those that are no sky. A video is a heap for its first picture, and one for its last.
"blink": the job fails after it has read the files.  "slow": it takes a second.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipelines.errors import InputError
from pipelines.formats import read_distance, read_rgb
from pipelines.gaussians import from_colours
from pipelines.prompt import Kind, Prompt
from pipelines.recipes import RecipeCard
from pipelines.scene import Scene
from pipelines.stage import Stage, TellStage
from pipelines.world import World

CARD = RecipeCard(
    name="looking",
    tier="looking",
    makes="anything → heaps of splats",
    needs="nothing",
    rows=dict.fromkeys((kind for kind in Kind if kind is not Kind.TEXT), ("look closely",)),
)
AWAY_M = 4.0
EYE_M = 1.65
GREY = np.full(3, 0.5)


def heap_size(kind: Kind) -> int:
    """How many splats a heap has: tells the kind of the prompt."""
    return 100 * (1 + list(Kind).index(kind))


@dataclass
class LookClosely(Stage):
    """The only stage."""

    name: ClassVar[str] = "look closely"

    def run(self, world: World, tell: TellStage) -> World:
        """A heap for each file."""
        heaps = list(_heaps(world.prompt))
        tell(0.5, f"{len(heaps)} heaps")
        if "slow" in world.prompt.text:
            time.sleep(1)
        if "blink" in world.prompt.text:
            raise InputError("something was in my eye: keep it out")
        each = heap_size(world.prompt.kind)
        rng = np.random.default_rng(world.prompt.seed)
        count = each * len(heaps)
        middles, colours = (np.repeat(np.array(part, np.float32), each, axis=0) for part in zip(*heaps, strict=True))
        gaussians = from_colours(
            (middles + rng.normal(0, 0.001, (count, 3))).astype(np.float32),
            np.full((count, 3), 0.03, np.float32),
            np.tile(np.array([[1, 0, 0, 0]], np.float32), (count, 1)),
            np.full(count, 0.9, np.float32),
            colours=colours,
            thing=np.zeros(count, np.int32),
        )
        return replace(world, gaussians=gaussians, scene=Scene())


def _heaps(prompt: Prompt) -> Iterator[tuple[Any, Any]]:
    """(where it lies, its colour) of each heap."""
    for place, picture in enumerate(prompt.pictures):
        yield (
            (_towards(picture.azimuth_deg) if picture.azimuth_deg is not None else (0.0, float(place), 0.0)),
            _mean(read_rgb(picture.path)),
        )
    if prompt.panorama is not None:
        away_m = AWAY_M if prompt.distance is None else _mean_distance(prompt.distance)
        yield (0.0, prompt.eye_height_m or EYE_M, -away_m), _mean(read_rgb(prompt.panorama))
    if prompt.layout is not None:
        yield (0.0, EYE_M, -_mean_distance(prompt.layout)), GREY
    if prompt.video is not None:
        frames = _frames(prompt.video)
        yield (0.0, 0.0, -AWAY_M), _mean(frames[0])
        yield (0.0, float(len(frames)), -AWAY_M), _mean(frames[-1])


def _towards(azimuth_deg: float) -> tuple[float, float, float]:
    """Clockwise from straight ahead, seen from above."""
    angle = math.radians(azimuth_deg)
    return AWAY_M * math.sin(angle), EYE_M, -AWAY_M * math.cos(angle)


def _mean(rgb: Any) -> Any:
    return np.asarray(rgb).reshape(-1, 3).mean(axis=0) / 255


def _mean_distance(path: Path) -> float:
    distance_m = read_distance(path)
    return float(distance_m[np.isfinite(distance_m)].mean())


def _frames(path: Path) -> list[Any]:
    import av

    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
