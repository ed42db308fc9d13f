"""Fringes: far pixels beside the edge of something near carry some of its colour; here they get their own back.

Without this, a step aside shows the outline of every near thing drawn on what is behind it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.splat.sheet import Floats, Sheet

RADIUS = 2  # how far, in pixels, the colour of a near thing reaches beyond its edge
SEARCH = 4  # within this distance clean pixels of the same surface are looked for
ALIKE = 0.06  # of the inverse distance: one surface


def cleared(sheet: Sheet, inverse: Floats) -> NDArray[np.uint8]:
    """The picture (H, W, 3) with clean far pixels. inverse: that of the sheet, but 0 in the sky."""
    fringe = np.zeros(inverse.shape, np.uint8)
    out = sheet.rgb.copy()
    pieces = 4 * core_count()
    run_pieces(_find, pieces, pieces, inverse, sheet.torn, sheet.wraps, fringe)
    run_pieces(_clear, pieces, pieces, inverse, sheet.slope, fringe, sheet.rgb, sheet.wraps, out)
    return out


@kernel
def _find(piece: int, pieces: int, inverse: Array, torn: Array, wraps: bool, fringe: Array) -> None:
    height, width = inverse.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            here = inverse[r, c]
            for side in range(4):
                sign = 1 if side % 2 == 0 else -1
                for step in range(1, RADIUS + 1):
                    before_r, before_c = (r + sign * (step - 1), c) if side < 2 else (r, c + sign * (step - 1))
                    rr, cc = (r + sign * step, c) if side < 2 else (r, c + sign * step)
                    if wraps:
                        before_c, cc = before_c % width, cc % width
                    if rr < 0 or rr >= height or cc < 0 or cc >= width:
                        break
                    first_r, first_c = (before_r, before_c) if sign > 0 else (rr, cc)
                    if (torn[first_r, first_c] & (2 if side < 2 else 1)) != 0:
                        if inverse[rr, cc] > here:
                            fringe[r, c] = 1
                        break


@kernel
def _clear(piece: int, pieces: int, inverse: Array, slope: Array, fringe: Array, rgb: Array, wraps: bool, out: Array) -> None:
    height, width = inverse.shape
    for r in range(height * piece // pieces, height * (piece + 1) // pieces):
        for c in range(width):
            if fringe[r, c] == 0:
                continue
            here = inverse[r, c]
            s0, s1, s2, total = 0.0, 0.0, 0.0, 0.0
            for dr in range(-SEARCH, SEARCH + 1):
                rr = r + dr
                if rr < 0 or rr >= height:
                    continue
                for dc in range(-SEARCH, SEARCH + 1):
                    cc = c + dc
                    if wraps:
                        cc = cc % width
                    elif cc < 0 or cc >= width:
                        continue
                    if fringe[rr, cc] != 0:
                        continue
                    off = abs(inverse[rr, cc] - here - slope[r, c, 0] * dc - slope[r, c, 1] * dr)
                    if not off <= ALIKE * here:
                        continue
                    weight = 1.0 / (dr * dr + dc * dc) ** 2
                    s0 += weight * rgb[rr, cc, 0]
                    s1 += weight * rgb[rr, cc, 1]
                    s2 += weight * rgb[rr, cc, 2]
                    total += weight
            if total > 0:
                out[r, c, 0], out[r, c, 1], out[r, c, 2] = s0 / total + 0.5, s1 / total + 0.5, s2 / total + 0.5
