"""The progress bar: the stage, the share done and the time left, live on a terminal and silent anywhere else."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column

from app.commands.terminal import seconds_in_words
from app.interruption import stop_if_asked

if TYPE_CHECKING:
    from pipelines import Progress as Report

WHAT_IT_DOES = {
    "read": "Reading the words",
    "arrange": "Arranging things",
    "build": "Growing the surroundings",
    "sample": "Covering surfaces",
    "light": "Casting light",
    "look": "Looking at pictures",
    "pose": "Finding the cameras",
    "stereo": "Comparing pictures",
    "paint": "Painting",
    "outpaint": "Painting around",
    "repaint": "Painting over",
    "measure": "Measuring",
    "lift": "Making splats",
    "fill": "Filling gaps",
    "refine": "Refining",
    "survey": "Feeling the ground",
    "finish": "Finishing",
    "save": "Writing the package",
    "export": "Converting",
    "video": "Filming",
    "pull": "Fetching weights",
    "verify": "Checking weights",
}

_WORDS_WIDTH = max(map(len, WHAT_IT_DOES.values()))
_LEFT_WIDTH = len("10 min 59 s left")
_TRUST_IN_THE_NEWEST = 0.25  # how fast the forecast follows a stage that runs slower or faster than expected
_QUIET_START_S = 1.0  # a forecast from less than this says nothing yet


class Forecast:
    """Time left, from the share done and the time it took; it glides rather than jumps."""

    def __init__(self) -> None:
        self._end_s: float | None = None

    def left_s(self, fraction: float, elapsed_s: float) -> float | None:
        """Seconds left after `elapsed_s` seconds brought `fraction` (0 … 1) of the work; None while nobody can know."""
        if fraction >= 1.0:
            return 0.0
        if fraction <= 0.01 or elapsed_s < _QUIET_START_S:
            return None
        end_s = elapsed_s / fraction
        known = self._end_s
        self._end_s = end_s if known is None else known + _TRUST_IN_THE_NEWEST * (end_s - known)
        return max(self._end_s - elapsed_s, 0.0)


class ProgressLine:
    """One line on stderr while work goes on; give `tell` to `generate`. `quiet` or no terminal: no line at all."""

    def __init__(self, *, quiet: bool = False) -> None:
        console = Console(stderr=True, highlight=False)
        self._started_s = time.perf_counter()
        self._forecast = Forecast()
        self._progress = Progress(
            TextColumn("[cyan]{task.description}", table_column=Column(width=_WORDS_WIDTH, no_wrap=True)),
            BarColumn(bar_width=24, table_column=Column(width=24)),
            TaskProgressColumn(table_column=Column(width=4, justify="right")),
            TextColumn("[dim]{task.fields[left]}", table_column=Column(width=_LEFT_WIDTH, no_wrap=True)),
            TextColumn("[dim]{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            console=console,
            expand=True,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self._task = self._progress.add_task("Starting", total=1.0, note="", left="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._progress.stop()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the line was made."""
        return time.perf_counter() - self._started_s

    def tell(self, report: Report) -> None:
        """Hear of progress, as `generate` tells it."""
        self.show(report.stage, report.fraction, report.note)

    def show(self, stage: str, fraction: float, note: str = "") -> None:
        """Say where the work stands: `fraction` is the share of the whole, 0 … 1. Ends the work when that was asked."""
        stop_if_asked()
        left_s = self._forecast.left_s(fraction, self.elapsed_s)
        left = "" if left_s is None else f"{seconds_in_words(max(math.ceil(left_s), 1))} left"
        self._progress.update(self._task, completed=fraction, description=WHAT_IT_DOES.get(stage, stage.capitalize()), note=note, left=left)

    def part(self, stage: str, begin: float, end: float) -> Callable[[float, str], None]:
        """A teller for work that covers the shares `begin` … `end` of the whole: call it with (share of its own, note)."""

        def tell(fraction: float, note: str) -> None:
            self.show(stage, begin + (end - begin) * min(1.0, max(0.0, fraction)), note)

        return tell
