"""Patches: what was painted where splats show nothing, as sheets that only add, and do not say anything twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pipelines.gaussians import Gaussians
from pipelines.splat.backdrop import DOME_RADIUS_M
from pipelines.splat.behind import UNSEEN_WEIGHT
from pipelines.splat.render import render
from pipelines.splat.sheet import Mask, Sheet, sheet_of
from pipelines.world import MeasuredView

SOLID = 0.5  # a pixel with less alpha shows nothing
NEARER = 1.05  # what is less than so many times as far as a patch lies on it, or before it
WHOLE = np.ones((3, 3), bool)  # of pixels that show nothing: fewer are chinks between splats, and nothing lies behind them
BORDER_PX = 1  # by which a patch goes on under what is shown already, so that no seam is left open


def patches(shown: Gaussians, views: Sequence[MeasuredView], tell: Callable[[float], None] = lambda share: None) -> list[Sheet]:
    """For each view a sheet of what `shown` has no splats for there, and no earlier view shows. tell: hears the share done."""
    from scipy.ndimage import binary_dilation, binary_opening

    found: list[Sheet] = []
    for number, view in enumerate(views):
        tell(number / len(views))
        gaps = binary_dilation(binary_opening(render(shown, view.camera).alpha < SOLID, WHOLE), iterations=BORDER_PX)
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.minimum(view.distance, np.float32(DOME_RADIUS_M))  # sky that was painted is part of the patch
            inverse = np.where(away > 0, 1 / away, np.float32(np.nan)).astype(np.float32)
        sheet = sheet_of(view.camera, view.rgb, inverse, gaps & (inverse > 0))
        found.append(without(replace(sheet, weight=UNSEEN_WEIGHT), found))
    return [sheet for sheet in found if sheet.kept.any()]


def without(sheet: Sheet, patches: Sequence[Sheet]) -> Sheet:
    """The sheet without what lies on a patch, or would stand before one: there the patch says what can be seen."""
    if not patches or not sheet.kept.any():
        return sheet
    rays = sheet.camera.rays()[sheet.kept].astype(np.float64)
    points = sheet.camera.position + rays / sheet.inverse[sheet.kept][:, None]
    kept = sheet.kept.copy()
    kept[sheet.kept] = ~np.stack([_said_by(patch, points) for patch in patches]).any(axis=0)
    return replace(sheet, kept=kept)


def _said_by(patch: Sheet, points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Mask:
    """(N,) which points (N, 3) lie on a patch as its camera sees it, or nearer."""
    camera = patch.camera
    pixels, distance = camera.project(points)
    with np.errstate(invalid="ignore"):
        inside: Mask = np.all((pixels >= 0) & (pixels < (camera.width_px, camera.height_px)), axis=1)
    column, row = np.where(inside[:, None], pixels, 0).astype(np.int64).T
    there = patch.kept[row, column]
    return np.asarray(inside & there & (distance * np.where(there, patch.inverse[row, column], 0) < NEARER), bool)
