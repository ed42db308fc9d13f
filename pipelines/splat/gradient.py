"""Gradient: how a loss of the picture changes with every ellipse on it; the rasterizer once more, front to back.

What lies behind a splat in a pixel is what the finished picture still lacks, so the second pass needs no list of what was blended.
Each pair of tile and splat has a place of its own for its sums; the places of one splat lie side by side. So nothing is added up by
two threads at once, and the result does not depend on their number. Pinhole cameras only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.compiled import Array, f32, inlined, kernel, u64
from pipelines.cores import run_pieces
from pipelines.splat import cpu
from pipelines.splat.bins import Bins
from pipelines.splat.cpu import Ellipses
from pipelines.splat.project import (
    BLUE,
    CENTRE_X,
    CENTRE_Y,
    CONIC_XX,
    CONIC_XY,
    CONIC_YY,
    GREEN,
    LOG_OPACITY,
    RED,
    ROOT,
    TILE,
)
from pipelines.splat.raster import THROUGH, end_row, exp, first_row, is_opaque

Floats = NDArray[np.float32]

# Columns of a pair's sums. The first nine are slopes by the columns of a record of the same name, but for exponents that are whole
# (a record holds them divided by ROOT); NEARNESS is the slope by the splat's nearness; SHARE and BLAME are the light that the splat
# gives to the picture, and that light weighed with how wrong the pixel is.
PAIR = 12
NEARNESS, SHARE, BLAME = 9, 10, 11

# Rows of `pulls` and of a block: slopes of the loss by red, green, blue; light let through; slope by nearness; mean nearness; what the
# finished picture still lacks, each channel weighed with its slope; how wrong the pixel is.
PULLS = 8
_PULL_NEARNESS, _MEAN_NEARNESS, _BEHIND, _WRONG = 4, 5, 6, 7


class Pulls(NamedTuple):
    """What a loss says of a picture: its slopes by the colours and by the nearness, and how wrong each pixel is.

    rgb: (H, W, 3).  nearness: (H, W), by the mean nearness of what a pixel shows.  wrong: (H, W) at least 0.
    """

    rgb: Floats
    nearness: Floats
    wrong: Floats


@kernel
def _find_places(firsts: Array, counts: Array, rectangles: Array, places: Array) -> int:
    """places[slot]: where the pairs of a slot begin; a slot has one for every tile of its rectangle. Returns how many there are."""
    total = np.int64(0)
    for piece in range(len(firsts)):
        for slot in range(firsts[piece], firsts[piece] + counts[piece]):
            places[slot] = total
            total += np.int64(rectangles[slot, 1] - rectangles[slot, 0]) * np.int64(rectangles[slot, 3] - rectangles[slot, 2])
    return int(total)


@inlined
def _load_block(block: Array, pulls: Array, top: int, left: int) -> None:
    """The pulls of a tile, zero beyond the picture's edge."""
    height, width = pulls.shape[0], pulls.shape[1]
    for y in range(u64(TILE)):
        for row in range(u64(PULLS)):
            for i in range(u64(TILE)):
                block[y, row, i] = f32(1) if row == u64(THROUGH) else f32(0)
    for y in range(min(TILE, height - top)):
        for i in range(min(TILE, width - left)):
            for row in range(PULLS):
                block[y, row, i] = pulls[top + y, left + i, row]


@kernel
def _trace(
    piece: int, pieces: int, starts: Array, members: Array, records: Array, nearness: Array, columns: int, rectangles: Array, places: Array,
    pulls: Array, pairs: Array,
) -> None:  # fmt: skip
    """Write the sums of every pair of one piece of the tiles; `pairs` (places, PAIR) holds zeros where a tile was full before."""
    tiles = len(starts) - 1
    block = np.empty((TILE, PULLS, TILE), np.float32)
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        tile_row, tile_column = tile // columns, tile % columns
        top, left = tile_row * TILE, tile_column * TILE
        across = f32(left) + f32(0.5)
        _load_block(block, pulls, top, left)
        done = u64(0)
        for k in range(starts[tile], starts[tile + 1]):
            slot = u64(members[u64(k)])
            red, green, blue, near = records[slot, RED], records[slot, GREEN], records[slot, BLUE], nearness[slot]
            xx, xy, yy, log_opacity = records[slot, CONIC_XX], records[slot, CONIC_XY], records[slot, CONIC_YY], records[slot, LOG_OPACITY]
            centre_x, centre_y = records[slot, CENTRE_X], records[slot, CENTRE_Y]
            sum_0, sum_x, sum_xx, sum_y, sum_xy, sum_yy = f32(0), f32(0), f32(0), f32(0), f32(0), f32(0)
            sum_red, sum_green, sum_blue, sum_near, share, blame = f32(0), f32(0), f32(0), f32(0), f32(0), f32(0)
            for y in range(first_row(records, slot, f32(top)), end_row(records, slot, f32(top))):
                away = f32(u64(top) + y) + f32(0.5) - centre_y
                constant, linear = log_opacity + yy * away * away, xy * away
                row_0, row_x, row_xx = f32(0), f32(0), f32(0)
                for i in range(u64(TILE)):
                    x = f32(i) + (across - centre_x)
                    alpha = exp((xx * x + linear) * x + constant)
                    through = block[y, THROUGH, i]
                    weight = through * alpha
                    pull_red, pull_green, pull_blue = block[y, 0, i], block[y, 1, i], block[y, 2, i]
                    pull_near = block[y, _PULL_NEARNESS, i]
                    own = weight * (
                        pull_red * red + pull_green * green + pull_blue * blue + pull_near * (near - block[y, _MEAN_NEARNESS, i])
                    )
                    behind = block[y, _BEHIND, i] - own
                    block[y, THROUGH, i] = through - weight
                    block[y, _BEHIND, i] = behind
                    slope = own - behind * (alpha / (f32(1) - alpha))  # by the exponent
                    row_0 += slope
                    row_x += slope * x
                    row_xx += slope * x * x
                    sum_red += weight * pull_red
                    sum_green += weight * pull_green
                    sum_blue += weight * pull_blue
                    sum_near += weight * pull_near
                    share += weight
                    blame += weight * block[y, _WRONG, i]
                sum_0 += row_0
                sum_x += row_x
                sum_xx += row_xx
                sum_y += row_0 * away
                sum_xy += row_x * away
                sum_yy += row_0 * away * away
            row, column = tile_row - np.int64(rectangles[slot, 0]), tile_column - np.int64(rectangles[slot, 2])
            pair = pairs[places[slot] + row * np.int64(rectangles[slot, 3] - rectangles[slot, 2]) + column]
            pair[CENTRE_X] = f32(-ROOT) * (f32(2) * xx * sum_x + xy * sum_y)
            pair[CENTRE_Y] = f32(-ROOT) * (f32(2) * yy * sum_y + xy * sum_x)
            pair[CONIC_XX], pair[CONIC_XY], pair[CONIC_YY], pair[LOG_OPACITY] = sum_xx, sum_xy, sum_yy, sum_0
            pair[RED], pair[GREEN], pair[BLUE], pair[NEARNESS], pair[SHARE], pair[BLAME] = (
                sum_red, sum_green, sum_blue, sum_near, share, blame,
            )  # fmt: skip
            done += u64(1)
            if done & u64(15) == u64(0) and is_opaque(block):
                break


@kernel
def _gather(piece: int, firsts: Array, counts: Array, rectangles: Array, places: Array, pairs: Array, slopes: Array) -> None:
    """Add up the pairs of every slot of a piece: slopes (slots, PAIR)."""
    for slot in range(firsts[piece], firsts[piece] + counts[piece]):
        for column in range(PAIR):
            slopes[slot, column] = f32(0)
        tiles = np.int64(rectangles[slot, 1] - rectangles[slot, 0]) * np.int64(rectangles[slot, 3] - rectangles[slot, 2])
        for place in range(places[slot], places[slot] + tiles):
            for column in range(PAIR):
                slopes[slot, column] += pairs[place, column]


def paint_nearness(bins: Bins, ellipses: Ellipses, camera: Camera, *, of_slots: Floats, alpha: Floats) -> Floats:
    """(H, W) the mean nearness of what each pixel shows; `of_slots` (slots,) is that of the ellipses' centres, `alpha` the picture's."""
    records = ellipses.records.copy()
    records[:, RED] = of_slots
    blended = cpu.paint(bins, records, camera, background=np.zeros(3, np.float32))[0][..., 0]
    return np.divide(blended, np.maximum(alpha, np.float32(1e-6)), dtype=np.float32)


def trace_back(
    ellipses: Ellipses, bins: Bins, camera: Camera, *, painted: tuple[Floats, Floats], nearness: tuple[Floats, Floats], pulls: Pulls
) -> Floats:
    """Slopes of a loss by everything that was painted: (slots, PAIR), see the columns above; undefined for slots not in use.

    painted: rgb and alpha as `cpu.paint` made them of the ellipses, background included; where a channel was cut off at 1, the loss
    must have no slope.  nearness: of every slot (slots,), and the mean (H, W) of what a pixel shows: blended over 0, divided by alpha.
    """
    of_slots, of_picture = nearness
    places = np.empty(len(ellipses.rectangles), np.int64)
    total = _find_places(ellipses.firsts, ellipses.counts, ellipses.rectangles, places)
    pairs = np.zeros((total, PAIR), np.float32)
    stacked = np.empty((camera.height_px, camera.width_px, PULLS), np.float32)
    columns = np.int64(-(-camera.width_px // TILE))
    run_pieces(_stack, 16, 16, *painted, of_picture, *pulls, stacked)
    pieces = cpu.paint_pieces(bins)
    run_pieces(_trace, pieces, pieces, *bins, ellipses.records, of_slots, columns, ellipses.rectangles, places, stacked, pairs)
    slopes = np.empty((len(ellipses.records), PAIR), np.float32)
    run_pieces(_gather, len(ellipses.counts), ellipses.firsts, ellipses.counts, ellipses.rectangles, places, pairs, slopes)
    return slopes


@kernel
def _stack(
    piece: int, pieces: int, rgb: Array, alpha: Array, nearness: Array, pull_rgb: Array, pull_nearness: Array, wrong: Array, stacked: Array
) -> None:  # fmt: skip
    """Pulls pixel by pixel in the order of a block's rows. A mean does not change when all its weights grow: nothing of it lies behind."""
    height, width = nearness.shape
    for y in range(height * piece // pieces, height * (piece + 1) // pieces):
        for x in range(width):
            red, green, blue = pull_rgb[y, x, 0], pull_rgb[y, x, 1], pull_rgb[y, x, 2]
            stacked[y, x, 0], stacked[y, x, 1], stacked[y, x, 2], stacked[y, x, THROUGH] = red, green, blue, f32(1)
            stacked[y, x, _PULL_NEARNESS] = pull_nearness[y, x] / max(alpha[y, x], f32(1e-6))
            stacked[y, x, _MEAN_NEARNESS], stacked[y, x, _WRONG] = nearness[y, x], wrong[y, x]
            stacked[y, x, _BEHIND] = red * rgb[y, x, 0] + green * rgb[y, x, 1] + blue * rgb[y, x, 2]
