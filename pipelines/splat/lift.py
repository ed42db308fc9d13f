"""Lift: the stage that turns measured views into splats: what is seen, what goes on behind its edges, and the sky."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pipelines.camera import Projection
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, join
from pipelines.splat.smooth_fill import filled
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, World

if TYPE_CHECKING:
    from pipelines.splat.beyond import Beyond
    from pipelines.splat.sheet import Sheet

AROUND = 0.1  # share of the splats for what no camera saw
REACH_RAD = 0.7  # how far the sky goes on behind what hides it


@dataclass(frozen=True)
class Lift(Stage):
    """Measured views → splats. splats: budget for the whole world.

    hidden: whether surfaces and sky go on behind what hides them, by a guess; without it there are gaps, for a later stage to paint.
    Where the world has splats already, its first view is what they were made from, and the others were painted to show what these splats
    do not: only that is taken from them, and what is guessed gives way to it.
    """

    name: ClassVar[str] = "lift"
    cost: ClassVar[float] = 6.0

    splats: int = 1_000_000
    hidden: bool = True

    def run(self, world: World, tell: TellStage) -> World:
        from pipelines.splat.cells import splats_of

        views = measured(world)
        tell(0.0, "finding edges")
        around: Beyond | None = None
        if len(views) == 1 or world.gaussians is not None:
            sheets = self._painted(world.gaussians, views, tell)
        else:
            sheets, around = self._fused(views, tell, seed=world.prompt.seed)
        tell(0.65, "turning surfaces into splats")
        beyond = () if around is None else around.gaussians
        budget = self.splats - sum(map(len, beyond))
        gaussians = splats_of(sheets, budget, lambda share: tell(0.65 + 0.35 * share, "turning surfaces into splats"))
        tell(1.0, "")
        return replace(world, gaussians=join([gaussians, *beyond]), unseen=None if around is None else around.walls)

    def _painted(self, shown: Gaussians | None, views: Sequence[MeasuredView], tell: TellStage) -> list[Sheet]:
        """One view, what was painted beside it, and what is guessed behind both."""
        from pipelines.splat.backdrop import sky_sheet
        from pipelines.splat.behind import behind
        from pipelines.splat.fringes import cleared
        from pipelines.splat.patches import patches, without
        from pipelines.splat.sheet import sheet_of

        view = whole(views[0])
        sky = np.isposinf(view.distance)
        inverse = inverse_of(view)
        front = sheet_of(view.camera, view.rgb, inverse, inverse > 0)
        clean = cleared(front, np.where(sky, np.float32(0), inverse))
        front, view = replace(front, rgb=clean), replace(view, rgb=clean)
        tell(0.2, "continuing what is hidden")
        added = [] if shown is None else patches(shown, views[1:], lambda share: tell(0.2 + 0.1 * share, "adding what was painted"))
        guessed = [without(sheet, added) for sheet in behind(front, sky)] if self.hidden else []
        tell(0.45, "painting the sky behind")
        dome = sky_sheet(view, reach_rad=REACH_RAD if self.hidden else 0.0)
        return [front, *added, *guessed, *([] if dome is None else [dome])]

    def _fused(self, views: Sequence[MeasuredView], tell: TellStage, *, seed: int) -> tuple[list[Sheet], Beyond]:
        """Each surface from the view that saw it best, the sky of all; and all that none of them saw."""
        from pipelines.splat.backdrop import gathered_sky
        from pipelines.splat.beyond import beyond, is_open
        from pipelines.splat.fuse import seen_best
        from pipelines.splat.sheet import sheet_of

        sheets = []
        for number, (view, kept) in enumerate(zip(views, seen_best(views, tell), strict=True)):
            sheets.append(sheet_of(view.camera, view.rgb, inverse_of(view), kept))
            tell(0.4 + 0.2 * number / len(views), "finding edges")
        domes = gathered_sky(views) if is_open(views) else []
        return [*sheets, *domes[:1]], beyond(views, domes[1:], round(AROUND * self.splats), seed=seed)


def measured(world: World) -> tuple[MeasuredView, ...]:
    """The views, which must all have distances; raises InputError."""
    views = tuple(view for view in world.views if isinstance(view, MeasuredView))
    if not views or len(views) != len(world.views):
        raise InputError("there are no distances to make splats from: run a stage that measures them first")
    if not any(np.isfinite(view.distance).any() for view in views):
        raise InputError("no view knows how far away anything is: give other pictures, or distances")
    return views


def inverse_of(view: MeasuredView) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """1 / distance: 0 for sky, NaN for what is not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(view.distance > 0, 1 / view.distance, np.float32(np.nan)), np.float32)


def whole(view: MeasuredView) -> MeasuredView:
    """A panorama without gaps: distances that are not known become a blend of what is around them. Other views stay as they are."""
    unknown = np.isnan(view.distance)
    if view.camera.projection is not Projection.EQUIRECTANGULAR or not unknown.any():
        return view
    inverse = inverse_of(view)
    blend = filled(inverse[:, :, None], ~unknown & (inverse > 0), wraps=True, rounds=12)[:, :, 0]
    return replace(view, distance=np.where(unknown, 1 / np.maximum(blend, 1e-3), view.distance).astype(np.float32))
