"""Backdrop: the sky as a sheet of far splats, behind what hides it, too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, panorama
from pipelines.splat.sheet import Floats, Mask, Sheet, sheet_of
from pipelines.splat.smooth_fill import filled
from pipelines.world import MeasuredView

DOME_RADIUS_M = 1_500.0
GATHERED_REACH_RAD = 0.35  # how far the sky of many views goes on behind what hides it
NEAR_RAD = 0.7  # beside what was seen, its own colours fade into those of its height over this angle
LEAST_SHARE = 2e-4  # of the picture; less is a fault in the distances
GATHERED_WIDTH_PX = 1_024  # of the sky that many views have in common
BELOW_RAD = math.radians(5)  # so far below the horizon it goes on, behind the farthest ground
EVEN_ROWS = 2.0  # standard deviation, rows of the gathered sky, over which its colours by height are smoothed
FAR_M = 40.0  # what is farther belongs to the horizon
FARTHER = 1.05  # the whole sky stands behind what is seen of it


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


def gathered_sky(views: Sequence[MeasuredView]) -> list[Sheet]:
    """The sky of many views from their middle: what they show of it, and behind that the whole of it; none where none shows any.

    What no view shows takes the colours of its height above the horizon, those of far hills and trees included, so that a place does
    not end at the edge of a picture.
    """
    middle = np.mean([view.camera.position for view in views], axis=0)
    camera = panorama(middle, width_px=GATHERED_WIDTH_PX)
    clear, far = [], []
    for view in views:
        sky = np.isposinf(view.distance)
        clear.append(sky & ~_grown(_grown(~sky, False), False))  # beside an edge it has some of the edge's colour
        with np.errstate(invalid="ignore"):
            far.append(view.distance > FAR_M)
    rgb, seen = _onto(camera, views, clear)
    if not seen.any():
        return []
    far_rgb, far_seen = _onto(camera, views, far)
    pixel_rad = 2 * math.pi / camera.width_px
    near = np.exp(-((_away(far_seen, True) * pixel_rad / NEAR_RAD) ** 2))[:, :, None]
    hidden = np.where(far_seen[:, :, None], _continued(rgb, seen, np.ones_like(near)), _continued(far_rgb, far_seen, near))
    whole = np.where(seen[:, :, None], rgb, hidden)
    view = MeasuredView(camera, (whole + 0.5).clip(0, 255).astype(np.uint8), np.full(seen.shape, np.inf, np.float32))
    below_rad = np.arange(camera.height_px)[:, None] / camera.height_px * math.pi - math.pi / 2
    behind = _dome(view, view.rgb, np.broadcast_to(below_rad < BELOW_RAD, seen.shape))
    return [
        _dome(view, view.rgb, _away(seen, True) * pixel_rad <= GATHERED_REACH_RAD),
        replace(behind, inverse=behind.inverse / np.float32(FARTHER)),
    ]


def _onto(camera: Camera, views: Sequence[MeasuredView], masks: Sequence[Mask]) -> tuple[Floats, Mask]:
    """(mean colours 0 … 255 that the masked pixels of the views have in each direction from a far larger distance, where there are any)."""
    size = camera.width_px * camera.height_px
    colours, counts = np.zeros((size, 3)), np.zeros(size)
    for view, mask in zip(views, masks, strict=True):
        pixels, _ = camera.project(view.camera.rays()[mask].astype(np.float64) + camera.position)
        column = pixels[:, 0].astype(np.int64) % camera.width_px
        row = pixels[:, 1].astype(np.int64).clip(0, camera.height_px - 1)
        place = row * camera.width_px + column
        counts += np.bincount(place, minlength=size)
        for channel in range(3):
            colours[:, channel] += np.bincount(place, view.rgb[mask][:, channel], minlength=size)
    shape = (camera.height_px, camera.width_px)
    return (colours / np.maximum(counts, 1)[:, None]).reshape(*shape, 3).astype(np.float32), (counts > 0).reshape(shape)


def _continued(rgb: Floats, seen: Mask, near: Floats) -> Floats:
    """Each height's mean colour everywhere, and what is seen differs from it by where that is `near` (H, W, 1), 0 … 1."""
    heights = _by_height(rgb, seen)[:, None]
    return heights + near * filled(rgb - heights, seen, wraps=True)


def _by_height(rgb: Floats, seen: Mask) -> Floats:
    """(H, 3) mean colour of what is seen in each row, even over some rows; that of the nearest such row where nothing is."""
    from scipy.ndimage import gaussian_filter1d

    weight = gaussian_filter1d(seen.sum(axis=1).astype(np.float64), EVEN_ROWS, mode="constant")
    known = weight > 0.01 * weight.max()
    sums = gaussian_filter1d(np.where(seen[:, :, None], rgb, 0).sum(axis=1).astype(np.float64), EVEN_ROWS, axis=0, mode="constant")
    rows = np.arange(len(weight))
    return np.stack([np.interp(rows, rows[known], sums[known, k] / weight[known]) for k in range(3)], axis=-1).astype(np.float32)


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
