"""The renderer for machines without a GPU: project, sort, bin, paint, each step cut into pieces for all cores."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.cores import core_count, run_pieces
from pipelines.gaussians import Gaussians
from pipelines.splat.bins import Bins, bin_into_tiles, order_by_depth
from pipelines.splat.project import LAYER, RECORD, TILE, project_panorama, project_pinhole
from pipelines.splat.raster import count_splats, paint_colour, paint_layers
from pipelines.splat.render import Rendering

Floats = NDArray[np.float32]

_DOWN_FORWARD = np.array([[1.0], [-1.0], [-1.0]])  # camera axes (right, up, back) → the kernels' (right, down, forward)


class Ellipses(NamedTuple):
    """Visible splats on the picture plane, in pieces: `counts[p]` records from slot `firsts[p]` on."""

    records: Floats  # (slots, RECORD)
    rectangles: NDArray[np.int16]  # (slots, 6)
    depths: Floats  # (slots,)
    origins: NDArray[np.int32]  # (slots,) which splat
    layers: Floats  # (slots, LAYER) or (0, LAYER)
    firsts: NDArray[np.int64]  # (pieces,)
    counts: NDArray[np.int64]  # (pieces,)


class Directions(NamedTuple):
    """Sine and cosine of the longitude of every column and of the latitude (downwards) of every row, filled up to whole tiles."""

    sines: Floats
    cosines: Floats
    sines_down: Floats
    cosines_down: Floats


def render(
    gaussians: Gaussians, camera: Camera, *, background: tuple[float, float, float], near_m: float, layers: Collection[str]
) -> Rendering:
    """See `pipelines.splat.render.render`, which checks the arguments."""
    shape = (camera.height_px, camera.width_px)
    behind = np.asarray(background, np.float32)
    if len(gaussians) == 0:
        return _nothing(shape, behind, layers)
    ellipses = project(gaussians, camera, near_m=near_m, with_layers=bool(layers))
    if not ellipses.counts.any():
        return _nothing(shape, behind, layers)
    bins = bin_ellipses(ellipses, camera)
    rgb, alpha = paint(bins, ellipses.records, camera, background=behind)
    if not layers:
        return Rendering(rgb, alpha)
    view = view_of(camera)
    pieces = paint_pieces(bins)
    distance, normal, thing = np.empty(shape, np.float32), np.empty((*shape, 3), np.float32), np.empty(shape, np.int32)
    own = (ellipses.layers, ellipses.origins, gaussians.thing, distance, normal, thing)
    run_pieces(paint_layers, pieces, pieces, *bins, ellipses.records, *view, *own)
    return Rendering(
        rgb,
        alpha,
        distance if "distance" in layers else None,
        normal if "normal" in layers else None,
        thing if "thing" in layers else None,
    )


def paint(bins: Bins, records: Floats, camera: Camera, *, background: Floats) -> tuple[Floats, Floats]:
    """rgb (H, W, 3) and alpha (H, W) of ellipses that have been put into tiles; `background` is (3,)."""
    shape = (camera.height_px, camera.width_px)
    rgb, alpha = np.empty((*shape, 3), np.float32), np.empty(shape, np.float32)
    pieces = paint_pieces(bins)
    run_pieces(paint_colour, pieces, pieces, *bins, records, *view_of(camera), background, rgb, alpha)
    return rgb, alpha


def count(gaussians: Gaussians, camera: Camera, *, near_m: float) -> NDArray[np.int32]:
    """(H, W): how many splats each pixel is blended from."""
    counts = np.zeros((camera.height_px, camera.width_px), np.int32)
    if len(gaussians) == 0:
        return counts
    ellipses = project(gaussians, camera, near_m=near_m, with_layers=False)
    if ellipses.counts.any():
        bins = bin_ellipses(ellipses, camera)
        pieces = paint_pieces(bins)
        run_pieces(count_splats, pieces, pieces, *bins, ellipses.records, *view_of(camera), counts)
    return counts


def project(gaussians: Gaussians, camera: Camera, *, near_m: float, with_layers: bool) -> Ellipses:
    """All splats that the camera can see, as ellipses."""
    count = len(gaussians)
    pieces = 4 * core_count()
    ellipses = Ellipses(
        _aligned(count, RECORD),
        np.empty((count, 6), np.int16),
        np.empty(count, np.float32),
        np.empty(count, np.int32),
        np.empty((count if with_layers else 0, LAYER), np.float32),
        np.array([count * piece // pieces for piece in range(pieces)], np.int64),
        np.zeros(pieces, np.int64),
    )
    eye, turn, lens = camera.position.astype(np.float32), turn_of(camera), lens_of(camera, near_m=near_m)
    function = project_pinhole if camera.projection is Projection.PINHOLE else project_panorama
    splats = (gaussians.means, gaussians.scales, gaussians.rotations, gaussians.opacities, gaussians.harmonics)
    out = (ellipses.records, ellipses.rectangles, ellipses.depths, ellipses.origins, ellipses.layers, ellipses.counts)
    run_pieces(function, pieces, pieces, *(np.ascontiguousarray(values, np.float32) for values in splats), eye, turn, lens, *out)
    return ellipses


def turn_of(camera: Camera) -> Floats:
    """(3, 3) the kernels' camera axes (right, down, forward) from the world's."""
    return np.ascontiguousarray(_DOWN_FORWARD * camera.world_from_camera[:3, :3].T, dtype=np.float32)


def lens_of(camera: Camera, *, near_m: float) -> Floats:
    """What the projecting kernels need to know of the picture: focal length, width and height in pixels, nearest distance."""
    return np.array([camera.focal_px, camera.width_px, camera.height_px, near_m], np.float32)


def bin_ellipses(ellipses: Ellipses, camera: Camera) -> Bins:
    """The ellipses of every tile, nearest first."""
    ordered = order_by_depth(ellipses.firsts, ellipses.counts, ellipses.depths)
    return bin_into_tiles(ordered, ellipses.rectangles, columns=-(-camera.width_px // TILE), rows=-(-camera.height_px // TILE))


def view_of(camera: Camera) -> tuple[bool, np.int64, Floats, Floats, Floats, Floats]:
    """What the painting kernels need to know of the camera: is it a pinhole, tile columns, directions of columns and rows."""
    columns, rows = -(-camera.width_px // TILE), -(-camera.height_px // TILE)
    is_pinhole = camera.projection is Projection.PINHOLE
    return is_pinhole, np.int64(columns), *_directions(camera, columns * TILE, rows * TILE)


def _directions(camera: Camera, width: int, height: int) -> Directions:
    longitude = ((np.arange(width) + 0.5) / camera.width_px - 0.5) * 2 * math.pi
    down = ((np.arange(height) + 0.5) / camera.height_px - 0.5) * math.pi
    return Directions(*(values.astype(np.float32) for values in (np.sin(longitude), np.cos(longitude), np.sin(down), np.cos(down))))


def paint_pieces(bins: Bins) -> int:
    """Many more pieces than cores, because tiles differ in work."""
    return min(len(bins.starts) - 1, 16 * core_count())


def _aligned(rows: int, columns: int) -> Floats:
    """An uninitialised (rows, columns) array whose rows of 64 bytes do not straddle cache lines."""
    store = np.empty(rows * columns + 16, np.float32)
    offset = -(store.ctypes.data // 4) % 16
    return store[offset : offset + rows * columns].reshape(rows, columns)


def _nothing(shape: tuple[int, int], background: Floats, layers: Collection[str]) -> Rendering:
    return Rendering(
        np.broadcast_to(background, (*shape, 3)).copy(),
        np.zeros(shape, np.float32),
        np.full(shape, np.inf, np.float32) if "distance" in layers else None,
        np.zeros((*shape, 3), np.float32) if "normal" in layers else None,
        np.zeros(shape, np.int32) if "thing" in layers else None,
    )
