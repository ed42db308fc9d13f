"""Ellipses to pixels: front-to-back compositing in 16 × 16 tiles.

A tile is one contiguous block, so that a row of 16 pixels is one vector. Alpha is min(0.999, opacity)·e^(−d²/2), left out below
1/255 as in gsplat. A tile is done when none of its pixels lets more than `SEE_THROUGH` of the light pass.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.splat.compiled import kernel
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

F = np.float32
U = np.uint64  # unsigned indices spare the wrap-around of negative ones
SEE_THROUGH = F(1 / 1024)
_LOWEST = F(math.log(1 / 255) / ROOT)
# e^y for y from _LOWEST to 0, quartic fitted to the relative error (below 3e-6)
_E0, _E1, _E2, _E3, _E4 = (F(0.999997285), F(0.999825063), F(0.498108188), F(0.159246263), F(0.0292187134))


@kernel
def _alpha_row(alphas, record, is_pinhole, across, down, sines, cosines, sin_down, cos_down):  # type: ignore[no-untyped-def]
    """Alpha of 16 pixels. Pinhole: pixel centres at across … across + 15, down. Panorama: by sine and cosine of their angles."""
    xx, xy, yy, log_opacity = record[CONIC_XX], record[CONIC_XY], record[CONIC_YY], record[LOG_OPACITY]
    if is_pinhole:
        y = down - record[CENTRE_Y]
        x0 = across - record[CENTRE_X]
        constant, linear = log_opacity + yy * y * y, xy * y
        for i in range(U(TILE)):
            x = F(i) + x0
            e = (xx * x + linear) * x + constant
            p = _E0 + e * (_E1 + e * (_E2 + e * (_E3 + e * _E4)))
            p = p * p
            p = p * p
            p = p * p
            alphas[i] = p if e > _LOWEST else F(0)
    else:
        sin_lon, cos_lon, sin_lat, cos_lat = record[CENTRE_X], record[CENTRE_Y], record[SIN_LATITUDE], record[COS_LATITUDE]
        y0, y1 = sin_down * cos_lat, cos_down * sin_lat
        z0, z1 = sin_down * sin_lat, cos_down * cos_lat
        for i in range(U(TILE)):
            cos_apart = cosines[i] * cos_lon + sines[i] * sin_lon
            x = cos_down * (sines[i] * cos_lon - cosines[i] * sin_lon)
            y = y0 - y1 * cos_apart
            e = (xx * x + xy * y) * x + (yy * y * y + log_opacity)
            p = _E0 + e * (_E1 + e * (_E2 + e * (_E3 + e * _E4)))
            p = p * p
            p = p * p
            p = p * p
            alphas[i] = p if (e > _LOWEST) and (z0 + z1 * cos_apart > F(0)) else F(0)


@kernel
def _rows_of(record, top):  # type: ignore[no-untyped-def]
    """The rows of the tile at `top` that a record reaches: from, to."""
    first = U(min(F(TILE), max(F(0), record[FIRST_ROW] - top)))
    last = U(min(F(TILE), max(F(0), record[LAST_ROW] - top + F(1))))
    return first, last


@kernel
def paint_colour(  # type: ignore[no-untyped-def]
    piece, pieces, starts, members, records, is_pinhole, columns, sines, cosines, sines_down, cosines_down, background, rgb, alpha
):
    """Fill rgb (H, W, 3) and alpha (H, W) of one piece of the tiles."""
    height, width = alpha.shape
    tiles = len(starts) - 1
    block = np.empty((TILE, 4, TILE), F)
    alphas = np.empty(TILE, F)
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        top, left = tile // columns * TILE, tile % columns * TILE
        for y in range(U(TILE)):
            for x in range(U(TILE)):
                block[y, 0, x] = block[y, 1, x] = block[y, 2, x] = F(0)
                block[y, 3, x] = F(1)
        across = F(left) + F(0.5)
        sines_here, cosines_here = sines[left : left + TILE], cosines[left : left + TILE]
        done = U(0)
        for k in range(starts[tile], starts[tile + 1]):
            record = records[U(members[k])]
            red, green, blue = record[RED], record[GREEN], record[BLUE]
            first, last = _rows_of(record, F(top))
            for y in range(first, last):
                row = U(top) + y
                _alpha_row(alphas, record, is_pinhole, across, F(row) + F(0.5), sines_here, cosines_here, sines_down[row], cosines_down[row])
                for x in range(U(TILE)):
                    through = block[y, 3, x]
                    weight = through * alphas[x]
                    block[y, 0, x] += weight * red
                    block[y, 1, x] += weight * green
                    block[y, 2, x] += weight * blue
                    block[y, 3, x] = through - weight
            done += U(1)
            if done & U(15) == U(0):
                brightest = F(0)
                for y in range(U(TILE)):
                    for x in range(U(TILE)):
                        brightest = max(brightest, block[y, 3, x])
                if brightest < SEE_THROUGH:
                    break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                through = block[y, 3, x]
                for channel in range(3):
                    rgb[top + y, left + x, channel] = min(F(1), block[y, channel, x] + through * background[channel])
                alpha[top + y, left + x] = F(1) - through


@kernel
def _things_of_tile(members, begin, end, origins, thing, ids):  # type: ignore[no-untyped-def]
    """The different things whose splats touch a tile, in `ids`, as many as fit; returns how many."""
    count = 0
    latest = -1
    for k in range(begin, end):
        found = thing[origins[members[k]]]
        if count > 0 and ids[latest] == found:
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
def paint_layers(  # type: ignore[no-untyped-def]
    piece, pieces, starts, members, records, is_pinhole, columns, sines, cosines, sines_down, cosines_down,
    layers, origins, thing, distance, normal, winner,
):  # fmt: skip
    """Fill distance (H, W), normal (H, W, 3) and the thing of the highest weight (H, W) of one piece of the tiles."""
    height, width = distance.shape
    tiles = len(starts) - 1
    block = np.empty((TILE, 5, TILE), F)
    alphas = np.empty(TILE, F)
    weights = np.empty(TILE, F)
    ids = np.empty(4096, np.int32)
    shares = np.empty((len(ids), TILE, TILE), F)
    for tile in range(tiles * piece // pieces, tiles * (piece + 1) // pieces):
        top, left = tile // columns * TILE, tile % columns * TILE
        for y in range(U(TILE)):
            for x in range(U(TILE)):
                block[y, 0, x] = block[y, 1, x] = block[y, 2, x] = F(0)
                block[y, 3, x] = F(1)
                block[y, 4, x] = F(np.inf)
        id_count = _things_of_tile(members, starts[tile], starts[tile + 1], origins, thing, ids)
        shares[:id_count] = F(0)
        latest = 0
        across = F(left) + F(0.5)
        sines_here, cosines_here = sines[left : left + TILE], cosines[left : left + TILE]
        done = U(0)
        for k in range(starts[tile], starts[tile + 1]):
            slot = U(members[k])
            record, layer = records[slot], layers[slot]
            normal_x, normal_y, normal_z = layer[NORMAL_X], layer[NORMAL_Y], layer[NORMAL_Z]
            mine = thing[origins[slot]]
            if latest < 0 or ids[latest] != mine:
                latest = -1
                for i in range(id_count):
                    if ids[i] == mine:
                        latest = i
                        break
            first, last = _rows_of(record, F(top))
            for y in range(first, last):
                row = U(top) + y
                down = F(row) + F(0.5)
                _alpha_row(alphas, record, is_pinhole, across, down, sines_here, cosines_here, sines_down[row], cosines_down[row])
                for x in range(U(TILE)):
                    if is_pinhole:
                        apart_x, apart_y = across + F(x) - record[CENTRE_X], down - record[CENTRE_Y]
                    else:
                        cos_apart = cosines_here[x] * record[CENTRE_Y] + sines_here[x] * record[CENTRE_X]
                        apart_x = cosines_down[row] * (sines_here[x] * record[CENTRE_Y] - cosines_here[x] * record[CENTRE_X])
                        apart_y = sines_down[row] * record[COS_LATITUDE] - cosines_down[row] * record[SIN_LATITUDE] * cos_apart
                    through = block[y, 3, x]
                    weight = through * alphas[x]
                    weights[x] = weight
                    block[y, 0, x] += weight * normal_x
                    block[y, 1, x] += weight * normal_y
                    block[y, 2, x] += weight * normal_z
                    block[y, 3, x] = through - weight
                    here = max(F(0), layer[DISTANCE] + layer[SLOPE_X] * apart_x + layer[SLOPE_Y] * apart_y)
                    block[y, 4, x] = here if (through > F(0.5)) and (through - weight <= F(0.5)) else block[y, 4, x]
                if latest >= 0:
                    for x in range(U(TILE)):
                        shares[latest, y, x] += weights[x]
            done += U(1)
            if done & U(15) == U(0):
                brightest = F(0)
                for y in range(U(TILE)):
                    for x in range(U(TILE)):
                        brightest = max(brightest, block[y, 3, x])
                if brightest < SEE_THROUGH:
                    break
        for y in range(min(TILE, height - top)):
            for x in range(min(TILE, width - left)):
                row, column = top + y, left + x
                distance[row, column] = block[y, 4, x]
                winner[row, column] = 0
                nx, ny, nz = block[y, 0, x], block[y, 1, x], block[y, 2, x]
                length = math.sqrt(nx * nx + ny * ny + nz * nz)
                scale = F(0)
                if block[y, 3, x] <= F(0.5):
                    scale = F(1) / max(length, F(1e-12))
                    best = F(-1)
                    for i in range(id_count):
                        if shares[i, y, x] > best:
                            best = shares[i, y, x]
                            winner[row, column] = ids[i]
                normal[row, column, 0], normal[row, column, 1], normal[row, column, 2] = nx * scale, ny * scale, nz * scale
