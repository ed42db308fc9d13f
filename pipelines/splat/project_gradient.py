"""Projection's gradient: from ellipses on the picture back to the places, sizes, turns, opacities and colours of splats.

Every step of `project.project_pinhole` in reverse. Two things are taken as fixed: which splats are seen, and the direction from
which a colour is seen (a splat that moves a little is still looked at from where it was).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.compiled import Array, f32, inlined, kernel
from pipelines.cores import run_pieces
from pipelines.gaussians import Gaussians
from pipelines.splat.cpu import Ellipses, lens_of, turn_of
from pipelines.splat.gradient import NEARNESS
from pipelines.splat.project import (
    BLUE,
    CENTRE_X,
    CENTRE_Y,
    CONIC_XX,
    CONIC_XY,
    CONIC_YY,
    DILATION_PX2,
    GREEN,
    LOG_OPACITY,
    RED,
    frame_of,
    sh_colour,
)

Floats = NDArray[np.float32]

# Columns of a splat's parameters, and of the slopes by them: place (3), logarithms of the scales (3), quaternion (4), logit of the
# opacity, then the harmonics, three colours each.
MEAN, LOG_SCALE, ROTATION, LOGIT, HARMONICS = 0, 3, 6, 10, 11

_UNIT = f32(0.25)  # small enough for sh_colour, which cuts colours off at 0, to return 0.5 + _UNIT·Y for any harmonic Y


@inlined
def _quaternion_slopes(out: Array, rotations: Array, i: int, g: Array) -> None:
    """Slopes by a quaternion from slopes `g` (9,) by its rotation matrix, row by row; none along the quaternion itself."""
    w, x, y, z = rotations[i, 0], rotations[i, 1], rotations[i, 2], rotations[i, 3]
    square = w * w + x * x + y * y + z * z
    n = f32(2) / square
    dw = n * (x * (g[7] - g[5]) + y * (g[2] - g[6]) + z * (g[3] - g[1]))
    dx = n * (w * (g[7] - g[5]) + y * (g[1] + g[3]) + z * (g[2] + g[6]) - f32(2) * x * (g[4] + g[8]))
    dy = n * (w * (g[2] - g[6]) + x * (g[1] + g[3]) + z * (g[5] + g[7]) - f32(2) * y * (g[0] + g[8]))
    dz = n * (w * (g[3] - g[1]) + x * (g[2] + g[6]) + y * (g[5] + g[7]) - f32(2) * z * (g[0] + g[4]))
    along = (w * dw + x * dx + y * dy + z * dz) / square
    out[ROTATION], out[ROTATION + 1] = dw - along * w, dx - along * x
    out[ROTATION + 2], out[ROTATION + 3] = dy - along * y, dz - along * z


@inlined
def _covariance_slopes(s: Array, xx: float, xy: float, yy: float) -> tuple[float, float, float]:
    """Slopes by the dilated covariance (xx, xy, yy) from those by the exponent's coefficients, −½·its inverse."""
    determinant = xx * yy - xy * xy
    inverse = f32(1) / (determinant * determinant)
    of_xx, of_xy, of_yy = s[CONIC_XX], s[CONIC_XY], s[CONIC_YY]
    half = f32(0.5)
    return (
        inverse * (half * of_xx * yy * yy - of_xy * xy * yy + half * of_yy * xy * xy),
        inverse * (of_xy * (xx * yy + xy * xy) - of_xx * yy * xy - of_yy * xx * xy),
        inverse * (half * of_xx * xy * xy - of_xy * xx * xy + half * of_yy * xx * xx),
    )


@inlined
def _colour_slopes(out: Array, s: Array, records: Array, slot: int, units: Array, dx: float, dy: float, dz: float) -> None:
    """Slopes by the harmonics; a colour that is cut off at 0 may only rise."""
    red = s[RED] if records[slot, RED] > f32(0) or s[RED] < f32(0) else f32(0)
    green = s[GREEN] if records[slot, GREEN] > f32(0) or s[GREEN] < f32(0) else f32(0)
    blue = s[BLUE] if records[slot, BLUE] > f32(0) or s[BLUE] < f32(0) else f32(0)
    for k in range(len(units)):
        harmonic = (sh_colour(units, k, dx, dy, dz)[0] - f32(0.5)) / _UNIT
        at = HARMONICS + 3 * k
        out[at], out[at + 1], out[at + 2] = harmonic * red, harmonic * green, harmonic * blue


@kernel
def _chain(
    piece: int, firsts: Array, counts: Array, origins: Array, records: Array, means: Array, scales: Array, rotations: Array,
    opacities: Array, units: Array, eye: Array, turn: Array, lens: Array, near_unit: float, slopes: Array, out: Array,
) -> None:  # fmt: skip
    """Slopes by the parameters of the splats of one piece: out (slots, HARMONICS + 3·K)."""
    focal, width, height = lens[0], lens[1], lens[2]
    limit_x, limit_y = f32(1.3) * f32(0.5) * width / focal, f32(1.3) * f32(0.5) * height / focal
    by_frame, by_t0, by_t1 = np.empty(9, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    t0, t1, local = np.empty(3, np.float32), np.empty(3, np.float32), np.empty(3, np.float32)
    for slot in range(firsts[piece], firsts[piece] + counts[piece]):
        i, s, o = origins[slot], slopes[slot], out[slot]
        wx, wy, wz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        for row in range(3):
            local[row] = turn[row, 0] * wx + turn[row, 1] * wy + turn[row, 2] * wz
        inverse_z = f32(1) / local[2]
        slant_x, slant_y = local[0] * inverse_z, local[1] * inverse_z
        lx, ly = min(limit_x, max(-limit_x, slant_x)), min(limit_y, max(-limit_y, slant_y))
        scale = focal * inverse_z
        for column in range(3):
            t0[column] = scale * (turn[0, column] - lx * turn[2, column])
            t1[column] = scale * (turn[1, column] - ly * turn[2, column])
            by_t0[column], by_t1[column] = f32(0), f32(0)
        frame = frame_of(rotations, i)
        f00, f01, f02, f10, f11, f12, f20, f21, f22 = frame
        sx, sy, sz = scales[i, 0], scales[i, 1], scales[i, 2]
        a0, b0 = sx * (t0[0] * f00 + t0[1] * f10 + t0[2] * f20), sx * (t1[0] * f00 + t1[1] * f10 + t1[2] * f20)
        a1, b1 = sy * (t0[0] * f01 + t0[1] * f11 + t0[2] * f21), sy * (t1[0] * f01 + t1[1] * f11 + t1[2] * f21)
        a2, b2 = sz * (t0[0] * f02 + t0[1] * f12 + t0[2] * f22), sz * (t1[0] * f02 + t1[1] * f12 + t1[2] * f22)
        xx, yy = a0 * a0 + a1 * a1 + a2 * a2 + DILATION_PX2, b0 * b0 + b1 * b1 + b2 * b2 + DILATION_PX2
        by_xx, by_xy, by_yy = _covariance_slopes(s, xx, a0 * b0 + a1 * b1 + a2 * b2, yy)
        for axis in range(3):
            a, b, size = (a0, b0, sx) if axis == 0 else ((a1, b1, sy) if axis == 1 else (a2, b2, sz))
            fx, fy, fz = (f00, f10, f20) if axis == 0 else ((f01, f11, f21) if axis == 1 else (f02, f12, f22))
            by_a, by_b = f32(2) * by_xx * a + by_xy * b, f32(2) * by_yy * b + by_xy * a
            o[LOG_SCALE + axis] = by_a * a + by_b * b  # a and b are in proportion to the scale
            by_a, by_b = by_a * size, by_b * size
            by_frame[axis], by_frame[3 + axis], by_frame[6 + axis] = (
                by_a * t0[0] + by_b * t1[0], by_a * t0[1] + by_b * t1[1], by_a * t0[2] + by_b * t1[2],
            )  # fmt: skip
            by_t0[0], by_t0[1], by_t0[2] = by_t0[0] + by_a * fx, by_t0[1] + by_a * fy, by_t0[2] + by_a * fz
            by_t1[0], by_t1[1], by_t1[2] = by_t1[0] + by_b * fx, by_t1[1] + by_b * fy, by_t1[2] + by_b * fz
        _quaternion_slopes(o, rotations, i, by_frame)
        by_scale, by_lx, by_ly = f32(0), f32(0), f32(0)
        for column in range(3):
            by_scale += (by_t0[column] * t0[column] + by_t1[column] * t1[column]) / scale
            by_lx -= scale * by_t0[column] * turn[2, column]
            by_ly -= scale * by_t1[column] * turn[2, column]
        by_lx = by_lx if lx == slant_x else f32(0)
        by_ly = by_ly if ly == slant_y else f32(0)
        by_slant_x, by_slant_y = by_lx + focal * s[CENTRE_X], by_ly + focal * s[CENTRE_Y]
        by_x, by_y = by_slant_x * inverse_z, by_slant_y * inverse_z
        by_z = -inverse_z * (by_slant_x * slant_x + by_slant_y * slant_y + by_scale * scale)
        distance = math.sqrt(wx * wx + wy * wy + wz * wz)
        dx, dy, dz = wx / distance, wy / distance, wz / distance
        by_distance = -s[NEARNESS] * near_unit / (distance * distance)
        o[MEAN] = turn[0, 0] * by_x + turn[1, 0] * by_y + turn[2, 0] * by_z + by_distance * dx
        o[MEAN + 1] = turn[0, 1] * by_x + turn[1, 1] * by_y + turn[2, 1] * by_z + by_distance * dy
        o[MEAN + 2] = turn[0, 2] * by_x + turn[1, 2] * by_y + turn[2, 2] * by_z + by_distance * dz
        o[LOGIT] = s[LOG_OPACITY] * (f32(1) - opacities[i])
        _colour_slopes(o, s, records, slot, units, dx, dy, dz)


@kernel
def _find_nearness(
    piece: int, firsts: Array, counts: Array, origins: Array, means: Array, eye: Array, near_unit: float, nearness: Array
) -> None:
    for slot in range(firsts[piece], firsts[piece] + counts[piece]):
        i = origins[slot]
        wx, wy, wz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        nearness[slot] = near_unit / math.sqrt(wx * wx + wy * wy + wz * wz)


def nearness_of(ellipses: Ellipses, gaussians: Gaussians, camera: Camera, *, near_unit_m: float) -> Floats:
    """(slots,) near_unit_m / distance along the ray of every ellipse's centre; undefined for slots not in use."""
    nearness = np.zeros(len(ellipses.records), np.float32)
    eye = camera.position.astype(np.float32)
    splats = (ellipses.origins, gaussians.means, eye, np.float32(near_unit_m), nearness)
    run_pieces(_find_nearness, len(ellipses.counts), ellipses.firsts, ellipses.counts, *splats)
    return nearness


def chain(ellipses: Ellipses, gaussians: Gaussians, camera: Camera, slopes: Floats, *, near_unit_m: float) -> Floats:
    """Slopes by ellipses (slots, PAIR) → slopes by parameters (slots, HARMONICS + 3·K); undefined for slots not in use.

    The slot's splat is `ellipses.origins[slot]`; each splat has one slot at most. An opacity above MAX_OPACITY is treated as if the
    picture still grew with it. near_unit_m: as given to `nearness_of`.
    """
    count = gaussians.harmonics.shape[1]
    units = np.zeros((count, count, 3), np.float32)
    units[np.arange(count), np.arange(count)] = _UNIT
    out = np.empty((len(slopes), HARMONICS + 3 * count), np.float32)
    splats = (gaussians.means, gaussians.scales, gaussians.rotations, gaussians.opacities, units)
    view = (camera.position.astype(np.float32), turn_of(camera), lens_of(camera, near_m=0.0), np.float32(near_unit_m))
    slots = (ellipses.firsts, ellipses.counts, ellipses.origins, ellipses.records)
    run_pieces(_chain, len(ellipses.counts), *slots, *splats, *view, slopes, out)
    return out
