"""Judging: how well splats show what views saw: PSNR, SSIM, and how far off the distances are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.gaussians import Gaussians
from pipelines.splat.likeness import likeness, target_of
from pipelines.splat.render import render
from pipelines.world import MeasuredView, View


@dataclass(frozen=True)
class Quality:
    """One view. psnr_db and ssim of the display sRGB colours.  distance_error: median of |rendered − measured| / measured where both
    are known and finite; NaN where the view measured nothing.
    """

    psnr_db: float
    ssim: float
    distance_error: float


def quality(gaussians: Gaussians, views: Sequence[View]) -> list[Quality]:
    """Compare what `gaussians` show with what each of `views` saw."""
    return [_compare(gaussians, view) for view in views]


def _compare(gaussians: Gaussians, view: View) -> Quality:
    measured = isinstance(view, MeasuredView)
    seen = render(gaussians, view.camera, layers=("distance",) if measured else ())
    wanted = view.rgb.astype(np.float32) / np.float32(255)
    square = float(np.mean((seen.rgb.astype(np.float64) - wanted) ** 2))
    psnr_db = -10 * math.log10(square) if square > 0 else math.inf
    ssim = likeness(seen.rgb, target_of(wanted)).ssim
    error = math.nan
    if isinstance(view, MeasuredView) and seen.distance is not None:
        both = np.isfinite(view.distance) & np.isfinite(seen.distance) & (view.distance > 0)
        if both.any():
            error = float(np.median(np.abs(seen.distance[both] - view.distance[both]) / view.distance[both]))
    return Quality(psnr_db, ssim, error)
