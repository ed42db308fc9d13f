"""Refine: the stage in which splats are made to look like the views, from every place at which a view was taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import GraphicsMemoryError, InputError, is_out_of_memory
from pipelines.gaussians import Gaussians, from_colours, join
from pipelines.prompt import Kind
from pipelines.stage import Stage, TellStage
from pipelines.world import MeasuredView, View, World

MOST_ON_CPU = 150_000
SKY_M = 1_000.0  # how far away sky is put where no splat shows it
_SKY_BLOCK_PX = 4
_SKY_SLOPE = 0.05  # how steeply a ray must rise for what it cannot measure to count as sky


@dataclass(frozen=True)
class Refine(Stage):
    """Views and gaussians → gaussians. With gsplat where CUDA is there, else with our own kernels on the CPU.

    steps: how often a view is compared with what the splats show. None: 7,000 on a GPU; on the CPU 1,200 for pictures from different
    points and for video, 300 for panoramas, whose splats are nearly right from the start.  splats: budget for the whole world; more that
    come in are merged first. Of pictures and video the CPU fits at most 150,000, for a step takes the longer the more there are.  grows:
    whether there are so many at the end, or only as many as come in.  most_px: pictures with more pixels are made smaller by a whole
    factor. None: 240,000 on the CPU, 1 million on a GPU.  distance_weight: how much measured distances count at first.  degree: of the
    harmonics of the result, 0 … 3; the degree that comes in, if that is higher.
    """

    name: ClassVar[str] = "refine"
    cost: ClassVar[float] = 120.0

    steps: int | None = None
    splats: int = 1_000_000
    grows: bool = True
    most_px: int | None = None
    distance_weight: float = 0.05
    degree: int = 0

    def run(self, world: World, tell: TellStage) -> World:
        """Raises InputError when there are no splats to begin with, or no views to compare them with."""
        if world.gaussians is None or len(world.gaussians) == 0:
            raise InputError("there are no splats to refine: run a stage that makes some first")
        if not world.views:
            raise InputError("there are no views to refine splats with: give pictures, or run a stage that makes views first")
        from pipelines.splat import gpu
        from pipelines.splat.fitting import Plan, fit
        from pipelines.splat.targets import fitting_factor, pinholes_of, smaller

        on_gpu = gpu.is_available()
        most_px = self.most_px or (1_000_000 if on_gpu else 240_000)
        from_many_points = world.prompt.kind in (Kind.PICTURES, Kind.VIDEO)
        tell(0.0, "sorting the views")
        views = [smaller(view, fitting_factor(view.camera, most_px)) for view in pinholes_of(world.views)]
        budget = min(self.splats, MOST_ON_CPU) if from_many_points and not on_gpu else self.splats
        start = self._start(world.gaussians, views, budget)
        plan = Plan(
            steps=self.steps or (7_000 if on_gpu else 1_200 if from_many_points else 300),
            splats=max(budget if self.grows else 0, len(start)),
            distance_weight=self.distance_weight,
            exposures=from_many_points,
        )
        if on_gpu:
            from pipelines.splat.gpu_fitting import fit_with_gsplat

            try:
                refined = fit_with_gsplat(start, views, plan, seed=world.prompt.seed, tell=tell)
            except RuntimeError as error:
                if is_out_of_memory(error) != "card":
                    raise
                raise GraphicsMemoryError(
                    f"the graphics card has too little memory to refine {plan.splats:,} splats: use the tier nano, which needs no graphics "
                    "card, ask for fewer with --splats, or free the card"
                ) from None
        else:
            refined = fit(start, views, plan, seed=world.prompt.seed, tell=tell)
        tell(1.0, "")
        return replace(world, gaussians=refined)

    def _start(self, gaussians: Gaussians, views: Sequence[View], budget: int) -> Gaussians:
        """What the fitting begins with: within the budget, with sky where the views have sky."""
        from pipelines.splat.merge import thin

        gaussians = with_sky(gaussians, [view for view in views if isinstance(view, MeasuredView)])
        if len(gaussians) > budget:
            middle = np.mean([view.camera.position for view in views], axis=0)
            gaussians = thin(gaussians, budget, eye=(float(middle[0]), float(middle[1]), float(middle[2])))
        return gaussians.with_degree(max(self.degree, gaussians.degree))


def with_sky(gaussians: Gaussians, views: Sequence[MeasuredView]) -> Gaussians:
    """`gaussians`, and far-off splats wherever no splat shows anything and a view saw the sky, or something above eye level that it
    could not measure: left bare, it would be filled with splats that hang in the air.
    """
    from pipelines.splat.render import render

    for view in views:
        sky = np.isinf(view.distance) | (np.isnan(view.distance) & (view.camera.rays()[..., 1] > _SKY_SLOPE))
        if sky.any():
            bare = sky & (render(gaussians, view.camera).alpha < 0.5)
            gaussians = join([gaussians, _sky_of(view, bare)]) if bare.any() else gaussians
    return gaussians


def _sky_of(view: MeasuredView, bare: NDArray[np.bool_]) -> Gaussians:
    """One splat for every few bare pixels, facing the camera, so large that neighbours overlap."""
    first = _SKY_BLOCK_PX // 2
    pick = np.zeros_like(bare)
    pick[first::_SKY_BLOCK_PX, first::_SKY_BLOCK_PX] = bare[first::_SKY_BLOCK_PX, first::_SKY_BLOCK_PX]
    means = (view.camera.position + view.camera.rays()[pick] * SKY_M).astype(np.float32)
    count = len(means)
    size_m = 0.7 * _SKY_BLOCK_PX * SKY_M / view.camera.focal_px
    return from_colours(
        means,
        np.full((count, 3), size_m, np.float32),
        np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        np.full(count, 0.9, np.float32),
        colours=view.rgb[pick].astype(np.float32) / np.float32(255),
        thing=np.zeros(count, np.int32),
    )
