"""Behind: what one who steps aside sees behind the edges of near things: the far surface goes on there.

The surface beyond an edge is continued by its own plane behind what hides it, as far as a step aside lays bare, and takes its colours
from its own mirror image at the edge. After the layered depth images of Shade et al. 1998; half as fine as the picture, for nobody
has seen it.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Projection
from pipelines.compiled import Array, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.splat.sheet import Floats, Mask, Sheet, sheet_of

STEP_M = 1.0  # how far aside a visitor goes
MARGIN = 1.15  # how much more than that lays bare is filled
WIDEST_RAD = 0.75
BEHIND = 0.985  # in inverse distances: what is continued lies at least this much behind what hides it
PLANE_RADIUS = 8  # of the neighbourhood that tells how the far surface slants, pixels
PLANE_ALIKE = 0.03
FEWEST_ALIKE = 0.3  # share of that neighbourhood, or the surface is taken to be upright
ROUNDS = 3
SMOOTHINGS = 8
LAYERS = 2
UNSEEN_WEIGHT = 0.25  # how much the errors of what nobody has seen count
SKY_FARTHER = 2.0  # the sky goes on only where no surface is within this many times its angle: holes are worse than walls


def behind(sheet: Sheet, sky: Mask) -> list[Sheet]:
    """The continued surfaces as sheets of half the size, and what is behind those. sky: (H, W) pixels, which go on behind things, too."""
    surface, layers = halved(sheet, sky), []
    for _ in range(LAYERS):
        layer = _continued(surface)
        layers.append(replace(layer, weight=UNSEEN_WEIGHT))
        rgb = np.where(layer.kept[:, :, None], layer.rgb, surface.rgb)
        inverse = np.where(layer.kept, layer.inverse, surface.inverse)
        surface = sheet_of(surface.camera, rgb, inverse, inverse > 0)
    return layers


def _continued(surface: Sheet) -> Sheet:
    """What goes on behind the edges of a surface that is 0 in the sky."""
    seeds, reach = _seeds(surface)
    slope = _planes(surface, seeds)
    label = np.full(surface.inverse.shape, -1, np.int32)
    _spread(surface.inverse, slope, reach, surface.wraps, np.array(_pixel_rad(surface)), label)
    inverse = np.full(surface.inverse.shape, np.nan, np.float32)
    rgb = np.zeros_like(surface.rgb)
    pieces = 4 * core_count()
    run_pieces(_continue, pieces, pieces, surface.inverse, slope, surface.rgb, label, surface.wraps, inverse, rgb)
    for _ in range(SMOOTHINGS):
        smooth, colours = inverse.copy(), rgb.copy()
        run_pieces(_smooth, pieces, pieces, surface.inverse, surface.rgb, inverse, rgb, surface.wraps, smooth, colours)
        inverse, rgb = smooth, colours
    kept = np.isfinite(inverse) & ~(inverse > BEHIND * surface.inverse)
    return sheet_of(surface.camera, rgb, np.where(kept, inverse, np.float32(np.nan)), kept)


def halved(sheet: Sheet, sky: Mask) -> Sheet:
    """Half as fine: of 2 × 2 pixels the nearest stands for all, and sky (0) only where there is nothing else."""
    inverse = np.where(sky, np.float32(0), sheet.inverse)
    height, width = inverse.shape
    row, column = np.arange(0, height, 2), np.arange(0, width, 2)
    corners = [(np.minimum(row + dr, height - 1), np.minimum(column + dc, width - 1)) for dr in (0, 1) for dc in (0, 1)]
    options = np.stack([inverse[np.ix_(*corner)] for corner in corners])
    nearest = np.argmax(np.where(np.isnan(options), -1, options), axis=0)
    chosen = np.take_along_axis(options, nearest[None], 0)[0]
    colours = np.stack([sheet.rgb[np.ix_(*corner)] for corner in corners])
    rgb = np.take_along_axis(colours, nearest[None, :, :, None], 0)[0]
    camera = replace(sheet.camera, width_px=len(column), height_px=len(row), focal_px=sheet.camera.focal_px / 2)
    return sheet_of(camera, np.ascontiguousarray(rgb), chosen.astype(np.float32), chosen > 0)


def _pixel_rad(sheet: Sheet) -> tuple[float, float]:
    """Angle of a pixel across (at the equator of a panorama) and down."""
    camera = sheet.camera
    if camera.projection is Projection.EQUIRECTANGULAR:
        return 2 * math.pi / camera.width_px, math.pi / camera.height_px
    return 1 / camera.focal_px, 1 / camera.focal_px


def _seeds(sheet: Sheet) -> tuple[NDArray[np.int32], Floats]:
    """(N, 2) far pixels at edges, and for every pixel (H, W) how far (rad) it reaches behind what is nearer; 0 where it does not."""
    height, width = sheet.inverse.shape
    reach = np.zeros((height, width), np.float32)
    inverse = np.nan_to_num(sheet.inverse, nan=-1.0)
    for axis, bit in ((1, 1), (0, 2)):
        there = np.roll(inverse, -1, axis)
        torn = ((sheet.torn & bit) != 0) & (inverse >= 0) & (there >= 0)
        gap = np.minimum(STEP_M * MARGIN * np.abs(inverse - there), WIDEST_RAD)
        near_there = torn & (there > inverse)
        reach[near_there] = np.maximum(reach[near_there], gap[near_there])
        row, column = np.nonzero(torn & (there < inverse))
        other = ((row + 1) % height, column) if axis == 0 else (row, (column + 1) % width)
        np.maximum.at(reach, other, gap[row, column])
    return np.ascontiguousarray(np.argwhere(reach > 0), np.int32), reach


def _planes(sheet: Sheet, seeds: NDArray[np.int32]) -> Floats:
    """(H, W, 2) how the far surface slants at every seed, from a wide neighbourhood; 0 where that is no plane."""
    slope = np.zeros_like(sheet.slope)
    pieces = 4 * core_count()
    run_pieces(_wide_slopes, pieces, pieces, seeds, sheet.inverse, sheet.slope, sheet.wraps, slope)
    return slope


@kernel
def _wide_slopes(piece: int, pieces: int, seeds: Array, inverse: Array, first: Array, wraps: bool, slope: Array) -> None:
    height, width = inverse.shape
    for i in range(len(seeds) * piece // pieces, len(seeds) * (piece + 1) // pieces):
        r, c = seeds[i, 0], seeds[i, 1]
        here = inverse[r, c]
        if not here > 0:
            continue
        gx, gy, offset = first[r, c, 0], first[r, c, 1], 0.0
        n, total = 0, 0
        for _ in range(ROUNDS):
            n, total = 0, 0
            sx, sy, sxx, sxy, syy, sw, sxw, syw = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
            for dr in range(-PLANE_RADIUS, PLANE_RADIUS + 1):
                rr = r + dr
                if rr < 0 or rr >= height:
                    continue
                for dc in range(-PLANE_RADIUS, PLANE_RADIUS + 1):
                    cc = c + dc
                    if wraps:
                        cc = cc % width
                    elif cc < 0 or cc >= width:
                        continue
                    there = inverse[rr, cc]
                    if not there > 0 or there > 1.5 * here:
                        continue
                    total += 1
                    if abs(there - here - offset - gx * dc - gy * dr) > PLANE_ALIKE * here:
                        continue
                    n += 1
                    sx += dc
                    sy += dr
                    sxx += dc * dc
                    sxy += dc * dr
                    syy += dr * dr
                    sw += there - here
                    sxw += dc * (there - here)
                    syw += dr * (there - here)
            if n < 8:
                break
            xx, xy, yy = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
            xw, yw = sxw - sx * sw / n, syw - sy * sw / n
            det = xx * yy - xy * xy
            if not det > 0.05 * n * n:
                n = 0
                break
            gx, gy = (xw * yy - yw * xy) / det, (yw * xx - xw * xy) / det
            offset = (sw - gx * sx - gy * sy) / n
        if n >= 8 and n > FEWEST_ALIKE * total:
            slope[r, c, 0], slope[r, c, 1] = gx, gy


@kernel
def _spread(inverse: Array, slope: Array, reach: Array, wraps: bool, pixel: Array, label: Array) -> None:
    """label (H, W): the seed whose surface goes on behind each pixel, the nearest that may; −1 for none. Sweeps to and fro."""
    height, width = inverse.shape
    cost = np.full((height, width), np.inf, np.float32)
    for sweep in range(2 * ROUNDS):
        forward = sweep % 2 == 0
        for i in range(height):
            r = i if forward else height - 1 - i
            slim = math.sin((r + 0.5) / height * math.pi) if wraps else 1.0
            for j in range(width + (8 if wraps else 0)):
                c = (j if forward else width - 1 - j) % width
                here = inverse[r, c]
                if not here > 0:
                    continue
                for dr in range(-1, 2):
                    rr = r + dr
                    if rr < 0 or rr >= height:
                        continue
                    for dc in range(-1, 2):
                        if dr == 0 and dc == 0:
                            continue
                        cc = c + dc
                        if wraps:
                            cc = cc % width
                        elif cc < 0 or cc >= width:
                            continue
                        seed = label[rr, cc]
                        if seed < 0:
                            if not reach[rr, cc] > 0 or inverse[rr, cc] > here * BEHIND:
                                continue
                            seed = rr * width + cc
                        sr, sc = seed // width, seed % width
                        away, down = c - sc, r - sr
                        if wraps:
                            away = (away + width // 2) % width - width // 2
                        x, y = away * pixel[0] * slim, down * pixel[1]
                        far = math.sqrt(x * x + y * y)
                        start = inverse[sr, sc]
                        away_from = far if start > 0 else SKY_FARTHER * far
                        if far > reach[sr, sc] + 1.5 * pixel[1] or away_from >= cost[r, c]:
                            continue
                        there = max(start + slope[sr, sc, 0] * away + slope[sr, sc, 1] * down, 0.3 * start)
                        if there > here * BEHIND:
                            continue
                        cost[r, c] = away_from
                        label[r, c] = seed


@kernel
def _continue(
    piece: int, pieces: int, seen: Array, slope: Array, colours: Array, label: Array, wraps: bool, inverse: Array, rgb: Array
) -> None:
    """The plane of the seed, and the colour of the mirror image beyond the edge where that is the same surface."""
    height, width = seen.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            seed = label[r, c]
            if seed < 0:
                continue
            sr, sc = seed // width, seed % width
            start = seen[sr, sc]
            if not start > 0:
                continue  # the sky goes on by itself
            away, down = c - sc, r - sr
            if wraps:
                away = (away + width // 2) % width - width // 2
            inverse[r, c] = max(start + slope[sr, sc, 0] * away + slope[sr, sc, 1] * down, 0.3 * start)
            rr, cc = sr, sc
            share = 1.0
            for _ in range(8):
                dr, dc = round(down * share), round(away * share)
                tr, tc = sr - dr, sc - dc
                if wraps:
                    tc = tc % width
                if 0 <= tr < height and 0 <= tc < width:
                    told = start - slope[sr, sc, 0] * dc - slope[sr, sc, 1] * dr
                    if abs(seen[tr, tc] - told) < 0.1 * start:
                        rr, cc = tr, tc
                        break
                share *= 0.6
            for k in range(3):
                rgb[r, c, k] = colours[rr, cc, k]


@kernel
def _smooth(
    piece: int, pieces: int, seen: Array, colours: Array, inverse: Array, rgb: Array, wraps: bool, smooth: Array, out: Array
) -> None:
    """One step towards the mean of the neighbours on the same surface, seen or continued; seams between seeds fade."""
    height, width = seen.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            here = inverse[r, c]
            if not here > 0:
                continue
            total, weight = 2.0 * here, 2.0
            c0, c1, c2, shade = 3.0 * rgb[r, c, 0], 3.0 * rgb[r, c, 1], 3.0 * rgb[r, c, 2], 3.0
            for side in range(4):
                rr = r + (1 if side == 0 else -1 if side == 1 else 0)
                cc = c + (1 if side == 2 else -1 if side == 3 else 0)
                if wraps:
                    cc = cc % width
                if rr < 0 or rr >= height or cc < 0 or cc >= width:
                    continue
                if abs(inverse[rr, cc] - here) < 0.08 * here:
                    total += inverse[rr, cc]
                    weight += 1.0
                    c0 += rgb[rr, cc, 0]
                    c1 += rgb[rr, cc, 1]
                    c2 += rgb[rr, cc, 2]
                    shade += 1.0
                elif abs(seen[rr, cc] - here) < 0.08 * here:
                    total += seen[rr, cc]
                    weight += 1.0
                    c0 += colours[rr, cc, 0]
                    c1 += colours[rr, cc, 1]
                    c2 += colours[rr, cc, 2]
                    shade += 1.0
            smooth[r, c] = total / weight
            out[r, c, 0], out[r, c, 1], out[r, c, 2] = c0 / shade + 0.5, c1 / shade + 0.5, c2 / shade + 0.5
