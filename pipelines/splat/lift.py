"""Lift: the stage that turns measured views into splats: what is seen, what goes on behind its edges, and the sky."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.camera import Projection
from pipelines.errors import InputError
from pipelines.gaussians import Gaussians, join
from pipelines.splat.smooth_fill import filled
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, World

AROUND = 0.1  # share of the splats for what no camera saw


@dataclass(frozen=True)
class Lift(Stage):
    """Measured views → splats. splats: budget for the whole world."""

    name: ClassVar[str] = "lift"
    cost: ClassVar[float] = 6.0

    splats: int = 1_000_000

    def run(self, world: World, tell: TellStage) -> World:
        from pipelines.splat.backdrop import gathered_sky, sky_sheet
        from pipelines.splat.behind import behind
        from pipelines.splat.beyond import beyond, is_open
        from pipelines.splat.cells import splats_of
        from pipelines.splat.fringes import cleared
        from pipelines.splat.sheet import sheet_of

        views = measured(world)
        tell(0.0, "finding edges")
        around: list[Gaussians] = []
        if len(views) == 1:
            view = whole(views[0])
            sky = np.isposinf(view.distance)
            inverse = inverse_of(view)
            front = sheet_of(view.camera, view.rgb, inverse, inverse > 0)
            clean = cleared(front, np.where(sky, np.float32(0), inverse))
            front, view = replace(front, rgb=clean), replace(view, rgb=clean)
            tell(0.2, "continuing what is hidden")
            sheets = [front, *behind(front, sky)]
            tell(0.45, "painting the sky behind")
            sheets += [dome] if (dome := sky_sheet(view)) is not None else []
        else:
            from pipelines.splat.fuse import seen_best

            sheets = []
            for number, (view, kept) in enumerate(zip(views, seen_best(views, tell), strict=True)):
                sheets.append(sheet_of(view.camera, view.rgb, inverse_of(view), kept))
                tell(0.4 + 0.2 * number / len(views), "finding edges")
            domes = gathered_sky(views) if is_open(views) else []
            sheets += domes[:1]
            around += beyond(views, domes[1:], round(AROUND * self.splats), seed=world.prompt.seed)
        tell(0.65, "turning surfaces into splats")
        budget = self.splats - sum(map(len, around))
        gaussians = splats_of(sheets, budget, lambda share: tell(0.65 + 0.35 * share, "turning surfaces into splats"))
        tell(1.0, "")
        return replace(world, gaussians=join([gaussians, *around]))


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
