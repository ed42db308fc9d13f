"""Stereo: from views of known place to how far away everything in them is, by comparing the views with each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.camera import pinhole
from pipelines.errors import InputError
from pipelines.prompt import Prompt
from pipelines.stage import Stage, TellStage
from pipelines.vision.levels import levels_of
from pipelines.vision.neighbours import FARTHEST, choose_neighbours, nearest_inverse_depths
from pipelines.vision.sights import Effort, Sight, compare, complete, match, new_sight
from pipelines.world import MeasuredView, View, World

_BLANK = 0.01  # standard deviation of brightness, 0 … 1: below it there is nothing to recognise
_LEAST_MEASURED = 0.05  # share of the best view
_COARSE, _FINE, _COMPLETING = 0.35, 0.5, 0.15  # shares of the time


@dataclass(frozen=True)
class Stereo(Stage):
    """Measures the distance of every pixel of every view. Nothing is learnt, nothing is downloaded.

    Small pictures first: every view finds its planes by PatchMatch (`matching`), larger pictures refine them. Then the views are
    compared (`agreement`), and at the full size each view holds its planes to what its neighbours found. What at least two others
    confirm is believed; the sky is told by colour and place (`sky`), and gaps within agreeing surfaces are closed (`surfaces`).

    longest_px: pictures are compared at most this large; larger views take the distance of the nearest compared pixel.
    neighbours: views that each is compared with; the `best_views` of them count at each pixel, for the others may not see it.
    """

    name: ClassVar[str] = "stereo"
    cost: ClassVar[float] = 150.0
    longest_px: int = 640
    neighbours: int = 5
    best_views: int = 3
    first_sweeps: int = 5
    later_sweeps: int = 2
    last_sweeps: int = 1

    def load(self) -> None:
        """Compile the kernels, or fetch them from the disk, by measuring two views of a few pixels."""
        rng = np.random.default_rng(0)
        cameras = [pinhole((x, 1.6, 0.0), width_px=24, height_px=16) for x in (0.0, 0.2)]
        views = tuple(View(camera, rng.integers(0, 255, (16, 24, 3), dtype=np.uint8)) for camera in cameras)
        with suppress(InputError):  # they show nothing, and nothing is wanted of them
            self.run(World(Prompt(text="two views"), views=views), lambda share, note: None)

    def run(self, world: World, tell: TellStage) -> World:
        """`world.views` as MeasuredViews: inf = sky, NaN = not known. Raises InputError where nothing can be measured."""
        views = world.views
        sights = self._sights(world)
        count = len(views)
        for number, sight in enumerate(sights):
            said = _Steps(
                tell, f"comparing view {number + 1} of {count}", number / count * _COARSE, _COARSE / count, self._coarse_steps(sight)
            )
            for level in range(max(1, len(sight.levels) - 1)):
                match(sight, sights, level, effort=self._effort(level), seed=world.prompt.seed, after=said)
        for number, sight in enumerate(sights):
            tell(_COARSE, f"confirming view {number + 1} of {count}")
            compare(sight, sights, error_px=2.0, relative=0.03)
        refined = []
        for number, sight in enumerate(sights):
            begun = _COARSE + number / count * _FINE
            said = _Steps(tell, f"refining view {number + 1} of {count}", begun, _FINE / count, 1 + 2 * self.last_sweeps)
            refined.append(replace(sight))
            effort = Effort(self.last_sweeps, (3, 1), self.best_views, 0.05, agreeing=True)
            match(refined[-1], sights, len(sight.levels) - 1, effort=effort, seed=world.prompt.seed, after=said)
        return replace(world, views=self._completed(views, refined, tell))

    def _sights(self, world: World) -> list[Sight]:
        """What is known about the views at the start: their neighbours, and between which depths to look."""
        cameras = [view.camera for view in world.views]
        neighbours = choose_neighbours(cameras, world.points, self.neighbours)
        checks = choose_neighbours(cameras, world.points, self.neighbours + 3)
        nearest = nearest_inverse_depths(cameras, world.points)
        _refuse_blank(world.views)
        return [
            new_sight(
                view.camera, levels_of(view, self.longest_px), neighbours[number], checks[number],
                np.array([FARTHEST * nearest[number], nearest[number]], np.float32),
            )
            for number, view in enumerate(world.views)
        ]  # fmt: skip

    def _effort(self, level: int) -> Effort:
        if level == 0:
            return Effort(self.first_sweeps, (5, 2), self.best_views, 0.3, agreeing=False)
        return Effort(self.later_sweeps, (5, 2), self.best_views, 0.1 / level, agreeing=False)

    def _coarse_steps(self, sight: Sight) -> int:
        """How often matching at all levels but the last one tells of its progress."""
        levels = max(1, len(sight.levels) - 1)
        return sum(1 + 2 * self._effort(level).sweeps for level in range(levels))

    def _completed(self, views: Sequence[View], sights: Sequence[Sight], tell: TellStage) -> tuple[MeasuredView, ...]:
        """The views with their distances; raises InputError where next to nothing was confirmed in any."""
        measured: list[MeasuredView] = []
        for number, sight in enumerate(sights):
            tell(1 - _COMPLETING * (1 - 0.4 * number / len(views)), f"confirming view {number + 1} of {len(views)}")
            compare(sight, sights, error_px=1.5, relative=0.02)
        best = max(float(sight.believed.mean()) for sight in sights)
        if best < _LEAST_MEASURED:
            raise InputError(
                f"the {len(views)} views show nothing that could be recognised from one to the next, so no distance is known: "
                "take sharp pictures of one place that overlap by half and more"
            )
        for number, (view, sight) in enumerate(zip(views, sights, strict=True)):
            tell(1 - 0.6 * _COMPLETING * (1 - number / len(views)), f"closing gaps in view {number + 1} of {len(views)}")
            measured.append(MeasuredView(view.camera, view.rgb, complete(sight, sights)))
        tell(1.0, "")
        return tuple(measured)


class _Steps:
    """Says after each step how far a view has got."""

    def __init__(self, tell: TellStage, note: str, begun: float, share: float, steps: int) -> None:
        self._say: Callable[[int], None] = lambda step: tell(begun + share * step / steps, note)
        self._step = 0

    def __call__(self) -> None:
        self._step += 1
        self._say(self._step)


def _refuse_blank(views: Sequence[View]) -> None:
    """Raise InputError where no view shows anything."""
    contrast = max(float(view.rgb.std()) / 255 for view in views)
    if contrast < _BLANK:
        raise InputError(
            f"all {len(views)} views are blank (their brightness varies by {100 * contrast:.1f} %), so distances cannot be measured: "
            "give pictures that show the place, in more light"
        )
