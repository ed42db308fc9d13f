"""Stage, Progress, generate(): how a row of steps turns a prompt into a world."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from pipelines.gaussians import Gaussians
from pipelines.prompt import Prompt
from pipelines.world import MadeBy, World


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. fraction: 0 … 1 of the whole run; note: what is being done, for people."""

    stage: str
    fraction: float
    note: str = ""


Tell = Callable[[Progress], None]
"""Hears of progress; raises `Cancelled` to stop the run. Called at least once a second."""

Show = Callable[[Gaussians], None]
"""Is shown a draft of a world that is still being made."""

Made = TypeVar("Made")
TELL_EVERY_S = 0.5

TellStage = Callable[[float, str], None]
"""What a stage calls: (share of this stage done 0 … 1, note)."""


def part_of(tell: TellStage, begin: float, share: float) -> TellStage:
    """What a part of a stage calls with its own 0 … 1: it lies from `begin` on and makes up `share` of the stage."""
    return lambda fraction, note: tell(begin + share * fraction, note)


def told_meanwhile(action: Callable[[], Made], tell: TellStage, note: str) -> Made:
    """What an action returns that cannot tell how far it is; `tell` hears that it goes on, and may end the waiting by raising Cancelled.

    The action runs in a thread of its own; after Cancelled that thread comes to its end unheard.
    """
    outcome: Future[Made] = Future()

    def act() -> None:
        try:
            outcome.set_result(action())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            outcome.set_exception(error)

    tell(0.0, note)
    began_s = time.monotonic()
    threading.Thread(target=act, daemon=True).start()
    while not wait([outcome], timeout=TELL_EVERY_S).done:
        tell(0.0, f"{note} ({time.monotonic() - began_s:.0f} s)")
    return outcome.result()


class Stage(ABC):
    """One exchangeable step. Its fields are its settings; its weights come with `load`.

    name: the word for progress and `made_by`.  cost: expected share of a run's time, in any unit, for an honest progress bar.
    """

    name: ClassVar[str]
    cost: ClassVar[float] = 1.0
    model: str | None = None
    revision: str | None = None
    licence: str | None = None

    def load(self) -> None:
        """Bring weights or compiled code into memory; called once before the first run."""

    def unload(self) -> None:
        """Give memory back; `load` may follow again."""

    def draft(self, world: World) -> Gaussians | None:
        """A coarse look at what `run` is about to make of the same world, in a fraction of its time; None where there is none yet."""
        return None

    @abstractmethod
    def run(self, world: World, tell: TellStage) -> World:
        """Return a fuller world; the given one is never changed."""


@dataclass(frozen=True)
class Recipe:
    """A named row of stages that works well together."""

    name: str
    tier: str
    stages: tuple[Stage, ...]


def generate(prompt: Prompt, recipe: Recipe, tell: Tell | None = None, *, show: Show | None = None) -> World:
    """Fold the recipe's stages over an empty world. Same prompt, seed, version and machine: the same world."""
    return run_stages(World(prompt=prompt, recipe=recipe.name), recipe.stages, tell, show=show)


def run_stages(world: World, stages: Sequence[Stage], tell: Tell | None = None, *, show: Show | None = None) -> World:
    """Run `stages` on a world that earlier stages have begun; `generate` for every start but the first.

    show: is given coarse splats of the world as soon as some stage can tell what it will look like; without it nothing is drafted.
    """
    total = sum(stage.cost for stage in stages)
    done = 0.0
    for stage in stages:
        started = time.perf_counter()
        _tell_from(tell, stage, done / total, 0.0)(0.0, "")
        stage.load()
        if show is not None and (draft := stage.draft(world)) is not None:
            show(draft)
        world = stage.run(world, _tell_from(tell, stage, done / total, stage.cost / total))
        seconds = time.perf_counter() - started
        made = MadeBy(stage.name, seconds, stage.model, stage.revision, stage.licence)
        world = replace(world, made_by=(*world.made_by, made))
        done += stage.cost
    if tell is not None:
        tell(Progress("done", 1.0))
    return world


def _tell_from(tell: Tell | None, stage: Stage, begin: float, share: float) -> TellStage:
    def tell_stage(fraction: float, note: str) -> None:
        if tell is not None:
            tell(Progress(stage.name, min(1.0, begin + share * min(1.0, max(0.0, fraction))), note))

    return tell_stage
