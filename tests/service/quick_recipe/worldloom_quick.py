"""A recipe of another package, as outsiders add theirs: a small ball of splats, in the time that the prompt says, or failing as it says.

"a ball in 2.5 seconds" takes 2.5 s.  "die": the process kills itself, every time.  "in 60 seconds once", "die once": only the first time
(by a mark in the folder that WORLDLOOM_QUICK_MARKS names).  "hang": no sign of life.  "memory": it runs out of memory.  "fail": a failure
meant for people.  "shown": coarse splats of it can be seen before it is made.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, from_colours
from pipelines.models import ModelCard, memory_told
from pipelines.prompt import Kind
from pipelines.recipes import RecipeCard
from pipelines.scene import Scene
from pipelines.stage import Stage, TellStage
from pipelines.world import World

CARD = RecipeCard(name="quick", tier="quick", makes="text → a ball", needs="nothing", rows={Kind.TEXT: ("quick",)})
SPLATS = 2_000


@dataclass
class Quick(Stage):
    """The only stage."""

    name: ClassVar[str] = "quick"

    def draft(self, world: World) -> Gaussians | None:
        """A tenth of the ball."""
        return _ball(world.prompt.seed).take(slice(0, SPLATS // 10)) if "shown" in world.prompt.text else None

    def run(self, world: World, tell: TellStage) -> World:
        """A ball before the spawn point."""
        words = world.prompt.text
        again = "once" in words and not _first_time(words)
        found = re.search(r"(\d+(?:\.\d+)?) second", words)
        end = time.monotonic() + (float(found[1]) if found and not again else 0.05)
        begun = time.monotonic()
        while (moment := time.monotonic()) < end:
            tell((moment - begun) / (end - begun), "rolling")
            time.sleep(min(0.05, end - moment))
        if "die" in words and not again:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hang" in words:
            time.sleep(3_600)
        if "graphics memory" in words:
            with memory_told(ModelCard("some/painter"), "quick", "super"):
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if "memory" in words:
            raise MemoryError
        if "fail" in words:
            raise InputError("the ball cannot be rolled: ask for a cube")
        return replace(world, gaussians=_ball(world.prompt.seed), scene=Scene())


def _ball(seed: int) -> Gaussians:
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(SPLATS, 3))
    means = (directions / np.linalg.norm(directions, axis=1, keepdims=True) + [0, 1.65, -4]).astype(np.float32)
    return from_colours(
        means,
        np.full((SPLATS, 3), 0.03, np.float32),
        np.tile(np.array([[1, 0, 0, 0]], np.float32), (SPLATS, 1)),
        np.full(SPLATS, 0.9, np.float32),
        colours=np.tile(np.array([[1.0, 0.5, 0.1]], np.float32), (SPLATS, 1)),
        thing=np.zeros(SPLATS, np.int32),
    )


def _first_time(words: str) -> bool:
    """Whether these words come for the first time; across processes."""
    try:
        (Path(os.environ["WORLDLOOM_QUICK_MARKS"]) / hashlib.sha256(words.encode()).hexdigest()).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
