"""Ellipses to pixels: front-to-back compositing in 16 × 16 tiles.

A tile is one contiguous block, so that a row of 16 pixels is one vector. Alpha is min(0.999, opacity)·e^(−d²/2), left out below
1/255 as in gsplat. A tile is done when none of its pixels lets more than `SEE_THROUGH` of the light pass.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.compiled import Array, f32, inlined, kernel, u64
from pipelines.splat.project import (
    BLUE,
    CENTRE_X,
    CENTRE_Y,
    CONIC_XX,
    CONIC_XY,
    CONIC_YY,
    COS_LATITUDE,
    DISTANCE,
    FIRST_ROW,
    GREEN,
    LAST_ROW,
    LOG_OPACITY,
    NORMAL_X,
    NORMAL_Y,
    NORMAL_Z,
    RED,
    ROOT,
    SIN_LATITUDE,
    SLOPE_X,
    SLOPE_Y,
    TILE,
)

THROUGH, FAR, WEIGHT = 3, 4, 5  # rows of a block after the three that are blended
SEE_THROUGH = f32(1 / 1024)
_LOWEST = f32(math.log(1 / 255) / ROOT)
# e^y for y from _LOWEST to 0, quartic fitted to the relative error (below 3e-6)
_E0, _E1, _E2, _E3, _E4 = (f32(0.999997285), f32(0.999825063), f32(0.498108188), f32(0.159246263), f32(0.0292187134))


@inlined
def exp(exponent: float) -> float:
    """e^(ROOT · exponent) where that is at least 1/255 and at most 1, else 0."""
    root = _E0 + exponent * (_E1 + exponent * (_E2 + exponent * (_E3 + exponent * _E4)))
    square = root * root
    fourth = square * square
    return fourth * fourth if exponent > _LOWEST else f32(0)


@inlined
def _blend(block: Array, y: int, i: int, alpha: float, red: float, green: float, blue: float) -> float:
    """Lay a splat behind what pixel (y, i) of the block holds; returns its weight."""
    through = block[y, THROUGH, i]
    weight: float = through * alpha
    block[y, 0, i] += weight * red
    block[y, 1, i] += weight * green
    block[y, 2, i] += weight * blue
    block[y, THROUGH, i] = through - weight
    return weight


@inlined
def _clear(block: Array) -> None:
    for y in range(u64(TILE)):
        for i in range(u64(TILE)):
            block[y, 0, i] = block[y, 1, i] = block[y, 2, i] = f32(0)
            block[y, THROUGH, i] = f32(1)


@inlined
def is_opaque(block: Array) -> bool:
    """Whether no pixel of the tile lets through more than SEE_THROUGH."""
    light = f32(0)
    for y in range(u64(TILE)):
        for i in range(u64(TILE)):
            light += block[y, THROUGH, i] if block[y, THROUGH, i] > SEE_THROUGH else f32(0)
    return light == f32(0)


@inlined
def first_row(records: Array, slot: int, top: float) -> int:
    return u64(min(f32(TILE), max(f32(0), records[slot, FIRST_ROW] - top)))


@inlined
def end_row(records: Array, slot: int, top: float) -> int:
    return u64(min(f32(TILE), max(f32(0), records[slot, LAST_ROW] - top + f32(1))))


@kernel
def paint_colour(
    piece: int, pieces: int, starts: Array, members: Array, records: Array, is_pinhole: bool, columns: int,
    sines: Array, cosines: Array, sines_down: Array, cosines_down: Array, background: Array, rgb: Array, alpha: Array,
) -> None:  # fmt: skip
    """Fill rgb (H, W, 3) and alpha (H, W) of one piece of the tiles."""
    height, width = alpha.shape
    tiles = len(starts) - 1
    block = np.empty((TILE, 4, TILE), np.float32)
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        top, left = tile // columns * TILE, tile % columns * TILE
        across = f32(left) + f32(0.5)
        _clear(block)
        done = u64(0)
        for k in range(starts[tile], starts[tile + 1]):
            slot = u64(members[u64(k)])
            red, green, blue = records[slot, RED], records[slot, GREEN], records[slot, BLUE]
            xx, xy, yy, log_opacity = records[slot, CONIC_XX], records[slot, CONIC_XY], records[slot, CONIC_YY], records[slot, LOG_OPACITY]
            centre_x, centre_y = records[slot, CENTRE_X], records[slot, CENTRE_Y]
            sin_latitude, cos_latitude = records[slot, SIN_LATITUDE], records[slot, COS_LATITUDE]
            for y in range(first_row(records, slot, f32(top)), end_row(records, slot, f32(top))):
                row = u64(top) + y
                if is_pinhole:
                    away = f32(row) + f32(0.5) - centre_y
                    constant, linear = log_opacity + yy * away * away, xy * away
                    for i in range(u64(TILE)):
                        x = f32(i) + (across - centre_x)
                        _blend(block, y, i, exp((xx * x + linear) * x + constant), red, green, blue)
                else:
                    sin_down, cos_down = sines_down[row], cosines_down[row]
                    for i in range(u64(TILE)):
                        sine, cosine = sines[u64(left) + i], cosines[u64(left) + i]
                        cos_apart = cosine * centre_y + sine * centre_x
                        x = cos_down * (sine * centre_y - cosine * centre_x)
                        down = sin_down * cos_latitude - cos_down * sin_latitude * cos_apart
                        exponent = (xx * x + xy * down) * x + (yy * down * down + log_opacity)
                        is_before = sin_down * sin_latitude + cos_down * cos_latitude * cos_apart > f32(0)
                        _blend(block, y, i, exp(exponent if is_before else f32(-1)), red, green, blue)
            done += u64(1)
            if done & u64(15) == u64(0) and is_opaque(block):
                break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                through = block[y, THROUGH, x]
                for channel in range(3):
                    rgb[top + y, left + x, channel] = min(f32(1), block[y, channel, x] + through * background[channel])
                alpha[top + y, left + x] = f32(1) - through


@kernel
def _things_of_tile(members: Array, begin: int, end: int, origins: Array, thing: Array, ids: Array) -> int:
    """The different things whose splats touch a tile, in `ids`, as many as fit; returns how many."""
    count = 0
    latest = -1
    for k in range(begin, end):
        found = thing[origins[members[k]]]
        if latest >= 0 and ids[latest] == found:
            continue
        latest = -1
        for i in range(count):
            if ids[i] == found:
                latest = i
                break
        if latest < 0:
            if count == len(ids):
                return count
            ids[count] = found
            latest = count
            count += 1
    return count


@kernel
def paint_layers(
    piece: int, pieces: int, starts: Array, members: Array, records: Array, is_pinhole: bool, columns: int,
    sines: Array, cosines: Array, sines_down: Array, cosines_down: Array,
    layers: Array, origins: Array, thing: Array, distance: Array, normal: Array, winner: Array,
) -> None:  # fmt: skip
    """Fill distance (H, W), normal (H, W, 3) and the thing of the highest weight (H, W) of one piece of the tiles."""
    height, width = distance.shape
    tiles = len(starts) - 1
    block = np.empty((TILE, 6, TILE), np.float32)  # rows: normal, light let through, distance, weights of one splat
    ids = np.empty(4096, np.int32)
    shares = np.empty((len(ids), TILE, TILE), np.float32)
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        top, left = tile // columns * TILE, tile % columns * TILE
        across = f32(left) + f32(0.5)
        _clear(block)
        for y in range(u64(TILE)):
            for i in range(u64(TILE)):
                block[y, FAR, i] = f32(np.inf)
        id_count = _things_of_tile(members, starts[tile], starts[tile + 1], origins, thing, ids)
        for i in range(id_count):
            for y in range(u64(TILE)):
                for x in range(u64(TILE)):
                    shares[i, y, x] = f32(0)
        latest = -1
        done = u64(0)
        for k in range(starts[tile], starts[tile + 1]):
            slot = u64(members[u64(k)])
            normal_x, normal_y, normal_z = layers[slot, NORMAL_X], layers[slot, NORMAL_Y], layers[slot, NORMAL_Z]
            middle, slope_x, slope_y = layers[slot, DISTANCE], layers[slot, SLOPE_X], layers[slot, SLOPE_Y]
            xx, xy, yy, log_opacity = records[slot, CONIC_XX], records[slot, CONIC_XY], records[slot, CONIC_YY], records[slot, LOG_OPACITY]
            centre_x, centre_y = records[slot, CENTRE_X], records[slot, CENTRE_Y]
            sin_latitude, cos_latitude = records[slot, SIN_LATITUDE], records[slot, COS_LATITUDE]
            mine = thing[origins[slot]]
            if latest < 0 or ids[latest] != mine:
                latest = -1
                for i in range(id_count):
                    if ids[i] == mine:
                        latest = i
                        break
            for y in range(first_row(records, slot, f32(top)), end_row(records, slot, f32(top))):
                row = u64(top) + y
                if is_pinhole:
                    down = f32(row) + f32(0.5) - centre_y
                    constant, linear = log_opacity + yy * down * down, xy * down
                    for i in range(u64(TILE)):
                        x = f32(i) + (across - centre_x)
                        through = block[y, THROUGH, i]
                        weight = _blend(block, y, i, exp((xx * x + linear) * x + constant), normal_x, normal_y, normal_z)
                        here = max(f32(0), middle + slope_x * x + slope_y * down)
                        block[y, FAR, i] = here if (through > f32(0.5)) and (through - weight <= f32(0.5)) else block[y, FAR, i]
                        block[y, WEIGHT, i] = weight
                else:
                    sin_down, cos_down = sines_down[row], cosines_down[row]
                    for i in range(u64(TILE)):
                        sine, cosine = sines[u64(left) + i], cosines[u64(left) + i]
                        cos_apart = cosine * centre_y + sine * centre_x
                        x = cos_down * (sine * centre_y - cosine * centre_x)
                        down = sin_down * cos_latitude - cos_down * sin_latitude * cos_apart
                        exponent = (xx * x + xy * down) * x + (yy * down * down + log_opacity)
                        is_before = sin_down * sin_latitude + cos_down * cos_latitude * cos_apart > f32(0)
                        through = block[y, THROUGH, i]
                        weight = _blend(block, y, i, exp(exponent if is_before else f32(-1)), normal_x, normal_y, normal_z)
                        here = max(f32(0), middle + slope_x * x + slope_y * down)
                        block[y, FAR, i] = here if (through > f32(0.5)) and (through - weight <= f32(0.5)) else block[y, FAR, i]
                        block[y, WEIGHT, i] = weight
                if latest >= 0:
                    for i in range(u64(TILE)):
                        shares[latest, y, i] += block[y, WEIGHT, i]
            done += u64(1)
            if done & u64(15) == u64(0) and is_opaque(block):
                break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                row, column = top + y, left + x
                distance[row, column] = block[y, FAR, x]
                winner[row, column] = 0
                nx, ny, nz = block[y, 0, x], block[y, 1, x], block[y, 2, x]
                scale = f32(0)
                if block[y, THROUGH, x] <= f32(0.5):
                    scale = f32(1) / max(math.sqrt(nx * nx + ny * ny + nz * nz), f32(1e-12))
                    best = f32(-1)
                    for i in range(id_count):
                        if shares[i, y, x] > best:
                            best = shares[i, y, x]
                            winner[row, column] = ids[i]
                normal[row, column, 0], normal[row, column, 1], normal[row, column, 2] = nx * scale, ny * scale, nz * scale


@kernel
def count_splats(
    piece: int, pieces: int, starts: Array, members: Array, records: Array, is_pinhole: bool, columns: int,
    sines: Array, cosines: Array, sines_down: Array, cosines_down: Array, counts: Array,
) -> None:  # fmt: skip
    """Fill counts (H, W): how many splats a pixel is blended from, up to where nothing more shines through."""
    height, width = counts.shape
    tiles = len(starts) - 1
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        top, left = tile // columns * TILE, tile % columns * TILE
        for row in range(top, min(top + TILE, height)):
            for column in range(left, min(left + TILE, width)):
                through, count = f32(1), 0
                for k in range(starts[tile], starts[tile + 1]):
                    slot = u64(members[k])
                    if is_pinhole:
                        x = f32(column) + f32(0.5) - records[slot, CENTRE_X]
                        down = f32(row) + f32(0.5) - records[slot, CENTRE_Y]
                    else:
                        sin_lon, cos_lon = records[slot, CENTRE_X], records[slot, CENTRE_Y]
                        sin_latitude, cos_latitude = records[slot, SIN_LATITUDE], records[slot, COS_LATITUDE]
                        cos_apart = cosines[column] * cos_lon + sines[column] * sin_lon
                        if sines_down[row] * sin_latitude + cosines_down[row] * cos_latitude * cos_apart <= f32(0):
                            continue
                        x = cosines_down[row] * (sines[column] * cos_lon - cosines[column] * sin_lon)
                        down = sines_down[row] * cos_latitude - cosines_down[row] * sin_latitude * cos_apart
                    quadratic = (records[slot, CONIC_XX] * x + records[slot, CONIC_XY] * down) * x
                    alpha = exp(quadratic + records[slot, CONIC_YY] * down * down + records[slot, LOG_OPACITY])
                    if alpha > f32(0):
                        count += 1
                        through -= through * alpha
                        if through < SEE_THROUGH:
                            break
                counts[row, column] = count
