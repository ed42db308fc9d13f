"""Splats to ellipses on the picture: cull, EWA set-up, view-dependent colour; pinhole and panorama kernels.

Inside these kernels a camera looks along +z with x right and y down, as gsplat has it. A splat that is seen becomes one record of
`RECORD` floats (see the constants), a rectangle of tiles, and its distance. Exponents are stored divided by `ROOT`, with the
logarithm of the opacity added, because the rasterizer takes e^x as (e^(x/ROOT))^ROOT.
"""

from __future__ import annotations

import math

from pipelines.compiled import Array, f32, kernel

TILE = 16
RECORD = 16
# Columns of a record. A pinhole keeps the centre in pixels in (0, 1); a panorama keeps sine and cosine of the longitude there.
CENTRE_X, CENTRE_Y, CONIC_XX, CONIC_XY, CONIC_YY, LOG_OPACITY, RED, GREEN, BLUE, FIRST_ROW, LAST_ROW, SIN_LATITUDE, COS_LATITUDE = range(13)
# Columns of a layer record: distance, its slope over the picture plane, unit normal in the world.
LAYER = 8
DISTANCE, SLOPE_X, SLOPE_Y, NORMAL_X, NORMAL_Y, NORMAL_Z = range(6)

ROOT = 8
Frame = tuple[float, float, float, float, float, float, float, float, float]

DILATION_PX2 = f32(0.3)  # variance added to every ellipse, the low-pass filter of INRIA and gsplat
MAX_OPACITY = f32(0.999)
MIN_OPACITY = f32(1 / 255)
_REACH = f32(3.34)  # standard deviations at which the most opaque splat falls below MIN_OPACITY: sqrt(2 ln 255)


@kernel
def sh_colour(harmonics: Array, i: int, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Colour of splat i seen along the unit direction (x, y, z): INRIA's basis, degree 0 … 3, not below 0."""
    count = harmonics.shape[1]
    r = f32(0.5) + f32(0.28209479177387814) * harmonics[i, 0, 0]
    g = f32(0.5) + f32(0.28209479177387814) * harmonics[i, 0, 1]
    b = f32(0.5) + f32(0.28209479177387814) * harmonics[i, 0, 2]
    for k in range(1, count):
        if k == 1:
            w = f32(-0.4886025119029199) * y
        elif k == 2:
            w = f32(0.4886025119029199) * z
        elif k == 3:
            w = f32(-0.4886025119029199) * x
        elif k == 4:
            w = f32(1.0925484305920792) * x * y
        elif k == 5:
            w = f32(-1.0925484305920792) * y * z
        elif k == 6:
            w = f32(0.31539156525252005) * (f32(2) * z * z - x * x - y * y)
        elif k == 7:
            w = f32(-1.0925484305920792) * x * z
        elif k == 8:
            w = f32(0.5462742152960396) * (x * x - y * y)
        elif k == 9:
            w = f32(-0.5900435899266435) * y * (f32(3) * x * x - y * y)
        elif k == 10:
            w = f32(2.890611442640554) * x * y * z
        elif k == 11:
            w = f32(-0.4570457994644658) * y * (f32(4) * z * z - x * x - y * y)
        elif k == 12:
            w = f32(0.3731763325901154) * z * (f32(2) * z * z - f32(3) * x * x - f32(3) * y * y)
        elif k == 13:
            w = f32(-0.4570457994644658) * x * (f32(4) * z * z - x * x - y * y)
        elif k == 14:
            w = f32(1.445305721320277) * z * (x * x - y * y)
        else:
            w = f32(-0.5900435899266435) * x * (x * x - f32(3) * y * y)
        r += w * harmonics[i, k, 0]
        g += w * harmonics[i, k, 1]
        b += w * harmonics[i, k, 2]
    return max(r, f32(0)), max(g, f32(0)), max(b, f32(0))


@kernel
def frame_of(rotations: Array, i: int) -> Frame:
    """Rotation matrix of splat i, row by row; quaternions need not be of unit length."""
    w, x, y, z = rotations[i, 0], rotations[i, 1], rotations[i, 2], rotations[i, 3]
    n = f32(2) / (w * w + x * x + y * y + z * z)
    return (
        f32(1) - n * (y * y + z * z), n * (x * y - w * z), n * (x * z + w * y),
        n * (x * y + w * z), f32(1) - n * (x * x + z * z), n * (y * z - w * x),
        n * (x * z - w * y), n * (y * z + w * x), f32(1) - n * (x * x + y * y),
    )  # fmt: skip


@kernel
def _determinant(a0: float, a1: float, a2: float, b0: float, b1: float, b2: float, xx: float, yy: float, dilation: float) -> float:
    """det(B·Bᵀ + dilation·1) from the rows a, b of B: |a × b|² in place of xx·yy − xy², which cancels where ellipses are thin."""
    x, y, z = a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0
    return x * x + y * y + z * z + dilation * (xx + yy + dilation)


@kernel
def _fill_layers(
    layers: Array, j: int, frame: Frame, scales: Array, i: int, dx: float, dy: float, dz: float, distance: float, slope_x: float,
    slope_y: float,
) -> None:  # fmt: skip
    """Distance, its slopes, and the normal: the splat's shortest axis, turned towards the eye."""
    axis = 0
    if scales[i, 1] < scales[i, axis]:
        axis = 1
    if scales[i, 2] < scales[i, axis]:
        axis = 2
    nx = frame[0] if axis == 0 else (frame[1] if axis == 1 else frame[2])
    ny = frame[3] if axis == 0 else (frame[4] if axis == 1 else frame[5])
    nz = frame[6] if axis == 0 else (frame[7] if axis == 1 else frame[8])
    sign = f32(-1) if nx * dx + ny * dy + nz * dz > 0 else f32(1)
    layers[j, DISTANCE] = distance
    layers[j, SLOPE_X], layers[j, SLOPE_Y] = slope_x, slope_y
    layers[j, NORMAL_X], layers[j, NORMAL_Y], layers[j, NORMAL_Z] = sign * nx, sign * ny, sign * nz


@kernel
def _tile(value_px: float, tiles: int) -> int:
    """The tile that holds a pixel position, kept within 0 … tiles; safe for any float."""
    return int(min(max(value_px / f32(TILE), f32(0)), f32(tiles)))


@kernel
def project_pinhole(
    piece: int, pieces: int, means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array, eye: Array, turn: Array,
    lens: Array, records: Array, rectangles: Array, sort_depths: Array, origins: Array, layers: Array, counts: Array,
) -> None:  # fmt: skip
    """Write the records of one piece of the splats. turn: (3, 3) camera from world; lens: focal, width, height in pixels, near."""
    count = len(means)
    begin, end = count * piece // pieces, count * (piece + 1) // pieces
    focal, width, height, near = lens[0], lens[1], lens[2], lens[3]
    columns, rows = (int(width) + TILE - 1) // TILE, (int(height) + TILE - 1) // TILE
    tan_x, tan_y = f32(0.5) * width / focal, f32(0.5) * height / focal
    slant_x, slant_y = math.sqrt(f32(1) + tan_x * tan_x), math.sqrt(f32(1) + tan_y * tan_y)
    limit_x, limit_y = f32(1.3) * tan_x, f32(1.3) * tan_y
    with_layers = len(layers) > 0
    j = begin
    for i in range(begin, end):
        wx, wy, wz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        z = turn[2, 0] * wx + turn[2, 1] * wy + turn[2, 2] * wz
        opacity = min(opacities[i], MAX_OPACITY)
        if not (z >= near and opacity >= MIN_OPACITY):
            continue
        x = turn[0, 0] * wx + turn[0, 1] * wy + turn[0, 2] * wz
        y = turn[1, 0] * wx + turn[1, 1] * wy + turn[1, 2] * wz
        reach = _REACH * max(scales[i, 0], max(scales[i, 1], scales[i, 2])) + f32(3) * z / focal
        if abs(x) - z * tan_x > reach * slant_x or abs(y) - z * tan_y > reach * slant_y:
            continue
        inverse_z = f32(1) / z
        lx, ly = min(limit_x, max(-limit_x, x * inverse_z)), min(limit_y, max(-limit_y, y * inverse_z))
        scale = focal * inverse_z
        t00, t01 = scale * (turn[0, 0] - lx * turn[2, 0]), scale * (turn[0, 1] - lx * turn[2, 1])
        t10, t11 = scale * (turn[1, 0] - ly * turn[2, 0]), scale * (turn[1, 1] - ly * turn[2, 1])
        t02, t12 = scale * (turn[0, 2] - lx * turn[2, 2]), scale * (turn[1, 2] - ly * turn[2, 2])
        frame = frame_of(rotations, i)
        sx, sy, sz = scales[i, 0], scales[i, 1], scales[i, 2]
        a0 = sx * (t00 * frame[0] + t01 * frame[3] + t02 * frame[6])
        a1 = sy * (t00 * frame[1] + t01 * frame[4] + t02 * frame[7])
        a2 = sz * (t00 * frame[2] + t01 * frame[5] + t02 * frame[8])
        b0 = sx * (t10 * frame[0] + t11 * frame[3] + t12 * frame[6])
        b1 = sy * (t10 * frame[1] + t11 * frame[4] + t12 * frame[7])
        b2 = sz * (t10 * frame[2] + t11 * frame[5] + t12 * frame[8])
        xx, xy, yy = a0 * a0 + a1 * a1 + a2 * a2, a0 * b0 + a1 * b1 + a2 * b2, b0 * b0 + b1 * b1 + b2 * b2
        determinant = _determinant(a0, a1, a2, b0, b1, b2, xx, yy, DILATION_PX2)
        xx, yy = xx + DILATION_PX2, yy + DILATION_PX2
        if not determinant > f32(0):
            continue
        log_opacity = math.log(opacity)
        cut = f32(2) * (log_opacity + f32(math.log(255)))
        half_width, half_height = math.sqrt(cut * xx), math.sqrt(cut * yy)
        u, v = focal * x * inverse_z + f32(0.5) * width, focal * y * inverse_z + f32(0.5) * height
        if not (u + half_width > f32(0) and u - half_width < width and v + half_height > f32(0) and v - half_height < height):
            continue
        rectangles[j, 0], rectangles[j, 1] = _tile(v - half_height, rows - 1), _tile(v + half_height, rows - 1) + 1
        rectangles[j, 2], rectangles[j, 3] = _tile(u - half_width, columns - 1), _tile(u + half_width, columns - 1) + 1
        rectangles[j, 4], rectangles[j, 5] = 0, 0
        distance = math.sqrt(wx * wx + wy * wy + wz * wz)
        dx, dy, dz = wx / distance, wy / distance, wz / distance
        inverse = f32(1) / determinant
        record = records[j]
        record[CENTRE_X], record[CENTRE_Y] = u, v
        record[CONIC_XX], record[CONIC_YY] = f32(-0.5 / ROOT) * yy * inverse, f32(-0.5 / ROOT) * xx * inverse
        record[CONIC_XY] = f32(1 / ROOT) * xy * inverse
        record[LOG_OPACITY] = log_opacity * f32(1 / ROOT)
        record[RED], record[GREEN], record[BLUE] = sh_colour(harmonics, i, dx, dy, dz)
        record[FIRST_ROW], record[LAST_ROW] = v - half_height, v + half_height
        sort_depths[j] = z
        origins[j] = i
        if with_layers:
            c0 = sx * (dx * frame[0] + dy * frame[3] + dz * frame[6])
            c1 = sy * (dx * frame[1] + dy * frame[4] + dz * frame[7])
            c2 = sz * (dx * frame[2] + dy * frame[5] + dz * frame[8])
            along_x, along_y = a0 * c0 + a1 * c1 + a2 * c2, b0 * c0 + b1 * c1 + b2 * c2
            slope_x, slope_y = inverse * (yy * along_x - xy * along_y), inverse * (xx * along_y - xy * along_x)
            _fill_layers(layers, j, frame, scales, i, dx, dy, dz, distance, slope_x, slope_y)
        j += 1
    counts[piece] = j - begin


@kernel
def project_panorama(
    piece: int, pieces: int, means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array, eye: Array, turn: Array,
    lens: Array, records: Array, rectangles: Array, sort_depths: Array, origins: Array, layers: Array, counts: Array,
) -> None:  # fmt: skip
    """As `project_pinhole`, on the sphere: the ellipse lies in the tangent plane of the splat's direction, so the poles are no exception.

    Tangent coordinates are sines of angles (orthographic), east and down positive; the dilation is 0.3 px² of a pixel at the equator.
    """
    count = len(means)
    begin, end = count * piece // pieces, count * (piece + 1) // pieces
    width, height, near = lens[1], lens[2], lens[3]
    columns, rows = (int(width) + TILE - 1) // TILE, (int(height) + TILE - 1) // TILE
    px_per_rad = height / f32(math.pi)
    dilation = DILATION_PX2 / (px_per_rad * px_per_rad)
    with_layers = len(layers) > 0
    j = begin
    for i in range(begin, end):
        wx, wy, wz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        distance = math.sqrt(wx * wx + wy * wy + wz * wz)
        opacity = min(opacities[i], MAX_OPACITY)
        if not (distance >= near and opacity >= MIN_OPACITY):
            continue
        inverse_distance = f32(1) / distance
        dx, dy, dz = wx * inverse_distance, wy * inverse_distance, wz * inverse_distance
        x = turn[0, 0] * dx + turn[0, 1] * dy + turn[0, 2] * dz
        sin_down = turn[1, 0] * dx + turn[1, 1] * dy + turn[1, 2] * dz
        z = turn[2, 0] * dx + turn[2, 1] * dy + turn[2, 2] * dz
        cos_down = math.sqrt(x * x + z * z)
        sin_east, cos_east = f32(0), f32(1)
        if cos_down > f32(1e-7):
            sin_east, cos_east = x / cos_down, z / cos_down
        # East and down, the axes of the tangent plane, in the world, divided by the distance: rows of the Jacobian.
        ex, ez = cos_east * inverse_distance, -sin_east * inverse_distance
        fx, fy, fz = -sin_down * sin_east * inverse_distance, cos_down * inverse_distance, -sin_down * cos_east * inverse_distance
        t00, t01, t02 = ex * turn[0, 0] + ez * turn[2, 0], ex * turn[0, 1] + ez * turn[2, 1], ex * turn[0, 2] + ez * turn[2, 2]
        t10 = fx * turn[0, 0] + fy * turn[1, 0] + fz * turn[2, 0]
        t11 = fx * turn[0, 1] + fy * turn[1, 1] + fz * turn[2, 1]
        t12 = fx * turn[0, 2] + fy * turn[1, 2] + fz * turn[2, 2]
        frame = frame_of(rotations, i)
        sx, sy, sz = scales[i, 0], scales[i, 1], scales[i, 2]
        a0 = sx * (t00 * frame[0] + t01 * frame[3] + t02 * frame[6])
        a1 = sy * (t00 * frame[1] + t01 * frame[4] + t02 * frame[7])
        a2 = sz * (t00 * frame[2] + t01 * frame[5] + t02 * frame[8])
        b0 = sx * (t10 * frame[0] + t11 * frame[3] + t12 * frame[6])
        b1 = sy * (t10 * frame[1] + t11 * frame[4] + t12 * frame[7])
        b2 = sz * (t10 * frame[2] + t11 * frame[5] + t12 * frame[8])
        xx, xy, yy = a0 * a0 + a1 * a1 + a2 * a2, a0 * b0 + a1 * b1 + a2 * b2, b0 * b0 + b1 * b1 + b2 * b2
        determinant = _determinant(a0, a1, a2, b0, b1, b2, xx, yy, dilation)
        xx, yy = xx + dilation, yy + dilation
        if not determinant > f32(0):
            continue
        log_opacity = math.log(opacity)
        cut = f32(2) * (log_opacity + f32(math.log(255)))
        half_east, half_down = math.sqrt(cut * xx), math.sqrt(cut * yy)
        reach2 = min(f32(1), half_east * half_east + half_down * half_down)
        shrink = math.sqrt(f32(1) - reach2)  # the least cosine between the splat's direction and a ray that it reaches
        # The sine of the latitude of a reached ray is sin·(shrink … 1) ± half_down·cos.
        top = sin_down * (shrink if sin_down > f32(0) else f32(1)) - half_down * cos_down
        bottom = sin_down * (f32(1) if sin_down > f32(0) else shrink) + half_down * cos_down
        first_row = px_per_rad * math.asin(max(f32(-1), min(f32(1), top))) + f32(0.5) * height
        last_row = px_per_rad * math.asin(max(f32(-1), min(f32(1), bottom))) + f32(0.5) * height
        horizontal = cos_down * shrink - half_down * abs(sin_down)  # least horizontal part of a reached ray along the splat's longitude
        if reach2 >= f32(1):
            first_row, last_row, horizontal = f32(0), height, f32(0)
        rectangles[j, 0], rectangles[j, 1] = _tile(first_row - f32(0.5), rows - 1), _tile(last_row + f32(0.5), rows - 1) + 1
        rectangles[j, 2], rectangles[j, 3], rectangles[j, 4], rectangles[j, 5] = 0, columns, 0, 0
        if horizontal > f32(0):
            u = f32(0.5) * width + math.atan2(sin_east, cos_east) * px_per_rad
            half_width = math.atan(half_east / horizontal) * px_per_rad + f32(0.5)
            left, right = u - half_width, u + half_width
            if right - left < width - f32(2 * TILE):
                rectangles[j, 2], rectangles[j, 3] = _tile(left, columns - 1), _tile(right, columns - 1) + 1
                if left < f32(0):  # the part beyond the left edge is seen at the right one
                    rectangles[j, 4], rectangles[j, 5] = _tile(left + width, columns - 1), columns
                elif right > width:
                    rectangles[j, 4], rectangles[j, 5] = 0, _tile(right - width, columns - 1) + 1
        inverse = f32(1) / determinant
        record = records[j]
        record[CENTRE_X], record[CENTRE_Y] = sin_east, cos_east
        record[CONIC_XX], record[CONIC_YY] = f32(-0.5 / ROOT) * yy * inverse, f32(-0.5 / ROOT) * xx * inverse
        record[CONIC_XY] = f32(1 / ROOT) * xy * inverse
        record[LOG_OPACITY] = log_opacity * f32(1 / ROOT)
        record[RED], record[GREEN], record[BLUE] = sh_colour(harmonics, i, dx, dy, dz)
        record[FIRST_ROW], record[LAST_ROW] = first_row - f32(0.5), last_row + f32(0.5)
        record[SIN_LATITUDE], record[COS_LATITUDE] = sin_down, cos_down
        sort_depths[j] = distance
        origins[j] = i
        if with_layers:
            c0 = sx * (dx * frame[0] + dy * frame[3] + dz * frame[6])
            c1 = sy * (dx * frame[1] + dy * frame[4] + dz * frame[7])
            c2 = sz * (dx * frame[2] + dy * frame[5] + dz * frame[8])
            along_x, along_y = a0 * c0 + a1 * c1 + a2 * c2, b0 * c0 + b1 * c1 + b2 * c2
            slope_x, slope_y = inverse * (yy * along_x - xy * along_y), inverse * (xx * along_y - xy * along_x)
            _fill_layers(layers, j, frame, scales, i, dx, dy, dz, distance, slope_x, slope_y)
        j += 1
    counts[piece] = j - begin
