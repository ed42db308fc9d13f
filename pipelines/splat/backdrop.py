"""Backdrop: the sky as a sheet of far splats, behind what hides it, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Projection, panorama
from pipelines.splat.sheet import Floats, Mask, Sheet, sheet_of
from pipelines.splat.smooth_fill import filled
from pipelines.world import MeasuredView

DOME_RADIUS_M = 1_500.0
GATHERED_REACH_RAD = 0.35  # how far the sky of many views goes on behind what hides it
LEAST_SHARE = 2e-4  # of the picture; less is a fault in the distances
GATHERED_WIDTH_PX = 1_024  # of the sky that many views have in common


def sky_sheet(view: MeasuredView, *, reach_rad: float) -> Sheet | None:
    """The sky of one view, continued so far behind what hides it; None where there is none to speak of."""
    sky = np.isposinf(view.distance)
    if sky.mean() < LEAST_SHARE:
        return None
    wraps = view.camera.projection is Projection.EQUIRECTANGULAR
    pixel_rad = 2 * math.pi / view.camera.width_px if wraps else 1 / view.camera.focal_px
    away = _away(sky, wraps)
    clean = sky & ~_grown(~sky, wraps)
    rgb = filled(view.rgb.astype(np.float32), clean if clean.any() else sky, wraps=wraps)
    colours = np.where(sky[:, :, None], view.rgb, (rgb + 0.5).clip(0, 255)).astype(np.uint8)
    return _dome(view, colours, away * pixel_rad <= reach_rad)


def _dome(view: MeasuredView, rgb: NDArray[np.uint8], kept: Mask) -> Sheet:
    inverse = np.where(kept, np.float32(1 / DOME_RADIUS_M), np.float32(np.nan))
    return sheet_of(view.camera, np.ascontiguousarray(rgb), inverse, kept)


def gathered_sky(views: Sequence[MeasuredView]) -> Sheet | None:
    """The sky of many views, seen from their middle as one panorama; None where no view shows any."""
    middle = np.mean([view.camera.position for view in views], axis=0)
    camera = panorama(middle, width_px=GATHERED_WIDTH_PX)
    size = camera.width_px * camera.height_px
    colours, counts = np.zeros((size, 3)), np.zeros(size)
    for view in views:
        sky = np.isposinf(view.distance)
        pixels, _ = camera.project(view.camera.rays()[sky].astype(np.float64) * DOME_RADIUS_M + middle)
        column = pixels[:, 0].astype(np.int64) % camera.width_px
        row = pixels[:, 1].astype(np.int64).clip(0, camera.height_px - 1)
        place = row * camera.width_px + column
        counts += np.bincount(place, minlength=size)
        for channel in range(3):
            colours[:, channel] += np.bincount(place, view.rgb[sky][:, channel], minlength=size)
    seen = (counts > 0).reshape(camera.height_px, camera.width_px)
    if not seen.any():
        return None
    rgb: Floats = (colours / np.maximum(counts, 1)[:, None]).reshape(*seen.shape, 3).astype(np.float32)
    whole = filled(rgb, seen, wraps=True)
    kept = _away(seen, True) * (2 * math.pi / camera.width_px) <= GATHERED_REACH_RAD
    view = MeasuredView(camera, (whole + 0.5).clip(0, 255).astype(np.uint8), np.full(seen.shape, np.inf, np.float32))
    return _dome(view, view.rgb, kept)


def _away(mask: Mask, wraps: bool) -> Floats:
    """(H, W) how many pixels each is from the nearest of `mask`, to within 4: it is looked up in a picture a quarter as fine."""
    from scipy.ndimage import distance_transform_edt

    height, width = mask.shape
    coarse = np.zeros((-(-height // 4), -(-width // 4)), bool)
    row, column = np.nonzero(mask)
    coarse[row // 4, column // 4] = True
    side = coarse.shape[1] // 2 if wraps else 0
    around = np.concatenate([coarse[:, coarse.shape[1] - side :], coarse, coarse[:, :side]], axis=1)
    found = distance_transform_edt(~around)[:, side : side + coarse.shape[1]]
    fine = np.repeat(np.repeat(found, 4, axis=0), 4, axis=1)[:height, :width]
    return np.asarray(4 * fine, np.float32)


def _grown(mask: Mask, wraps: bool) -> Mask:
    """`mask` and the pixels beside it."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    sideways = grown.copy()
    sideways[:, 1:] |= grown[:, :-1]
    sideways[:, :-1] |= grown[:, 1:]
    if wraps:
        sideways[:, 0] |= grown[:, -1]
        sideways[:, -1] |= grown[:, 0]
    return sideways
