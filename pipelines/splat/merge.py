"""Levels of detail: neighbouring splats are merged into one that looks like them from afar, not just dropped.

A merged splat has the mean, covariance and colour of its members, weighted by how much light each stops, and it stops as much
light as they did together: opacity × mean projected area is conserved. Where that would take more than the members' opacity, as
on a closed surface, it grows along the surface instead, at most to twice its width, which keeps walls closed and edges sharp.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipelines.compiled import Array, inlined, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.gaussians import Gaussians
from pipelines.splat.tree import Tree, cut, grow

_EYE = (0.0, 1.65, 0.0)
_THOMSEN = 1.6075  # exponent of Thomsen's formula for the surface of an ellipsoid


@inlined
def _projected_area(a: float, b: float, c: float) -> float:
    """Mean area of an ellipsoid's shadow over all directions, in units of π: a quarter of its surface (Cauchy), by Thomsen's formula."""
    ab, ac, bc = (a * b) ** _THOMSEN, (a * c) ** _THOMSEN, (b * c) ** _THOMSEN
    return float(((ab + ac + bc) / 3.0) ** (1.0 / _THOMSEN))


@kernel
def _add_covariance(covariance: Array, rotations: Array, scales: Array, i: int, weight: float) -> None:
    """Add to covariance (3, 3): weight · R·S²·Rᵀ of splat i."""
    w, x, y, z = float(rotations[i, 0]), float(rotations[i, 1]), float(rotations[i, 2]), float(rotations[i, 3])
    n = 2.0 / (w * w + x * x + y * y + z * z)
    for axis in range(3):
        if axis == 0:
            u0, u1, u2 = 1 - n * (y * y + z * z), n * (x * y + w * z), n * (x * z - w * y)
        elif axis == 1:
            u0, u1, u2 = n * (x * y - w * z), 1 - n * (x * x + z * z), n * (y * z + w * x)
        else:
            u0, u1, u2 = n * (x * z + w * y), n * (y * z - w * x), 1 - n * (x * x + y * y)
        variance = weight * scales[i, axis] * scales[i, axis]
        covariance[0, 0] += variance * u0 * u0
        covariance[0, 1] += variance * u0 * u1
        covariance[0, 2] += variance * u0 * u2
        covariance[1, 1] += variance * u1 * u1
        covariance[1, 2] += variance * u1 * u2
        covariance[2, 2] += variance * u2 * u2


@kernel
def _diagonalise(matrix: Array, axes: Array) -> None:
    """Jacobi's method: turns the symmetric `matrix` (3, 3) into a diagonal one in place; columns of `axes` become its axes."""
    for r in range(3):
        for c in range(3):
            axes[r, c] = 1.0 if r == c else 0.0
            if c < r:
                matrix[r, c] = matrix[c, r]
    scale = matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    for _ in range(12):
        if abs(matrix[0, 1]) + abs(matrix[0, 2]) + abs(matrix[1, 2]) <= 1e-12 * scale:
            break
        for p in range(2):
            for q in range(p + 1, 3):
                if abs(matrix[p, q]) <= 1e-300:
                    continue
                theta = (matrix[q, q] - matrix[p, p]) / (2.0 * matrix[p, q])
                t = (1.0 if theta >= 0 else -1.0) / (abs(theta) + math.sqrt(theta * theta + 1.0))
                cosine = 1.0 / math.sqrt(t * t + 1.0)
                sine = t * cosine
                for k in range(3):
                    a, b = matrix[k, p], matrix[k, q]
                    matrix[k, p], matrix[k, q] = cosine * a - sine * b, sine * a + cosine * b
                for k in range(3):
                    a, b = matrix[p, k], matrix[q, k]
                    matrix[p, k], matrix[q, k] = cosine * a - sine * b, sine * a + cosine * b
                for k in range(3):
                    a, b = axes[k, p], axes[k, q]
                    axes[k, p], axes[k, q] = cosine * a - sine * b, sine * a + cosine * b


@kernel
def _write_quaternion(m: Array, out: Array, j: int) -> None:
    """out[j] = unit quaternion w, x, y, z of the frame whose columns are the axes m; a mirrored frame has its last axis turned round."""
    determinant = (
        m[0, 0] * (m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1])
        - m[0, 1] * (m[1, 0] * m[2, 2] - m[1, 2] * m[2, 0])
        + m[0, 2] * (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0])
    )
    if determinant < 0:
        for k in range(3):
            m[k, 2] = -m[k, 2]
    w2, x2 = 1 + m[0, 0] + m[1, 1] + m[2, 2], 1 + m[0, 0] - m[1, 1] - m[2, 2]
    y2, z2 = 1 - m[0, 0] + m[1, 1] - m[2, 2], 1 - m[0, 0] - m[1, 1] + m[2, 2]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    if w2 >= x2 and w2 >= y2 and w2 >= z2:
        w, x, y, z = w2, wx, wy, wz
    elif x2 >= y2 and x2 >= z2:
        w, x, y, z = wx, x2, xy, xz
    elif y2 >= z2:
        w, x, y, z = wy, xy, y2, yz
    else:
        w, x, y, z = wz, xz, yz, z2
    length = math.sqrt(w * w + x * x + y * y + z * z)
    out[j, 0], out[j, 1], out[j, 2], out[j, 3] = w / length, x / length, y / length, z / length


@kernel
def _merge(
    piece: int, pieces: int, clusters: Array, order: Array,
    means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array,
    new_means: Array, new_scales: Array, new_rotations: Array, new_opacities: Array, new_harmonics: Array,
) -> None:  # fmt: skip
    """Write the merged splats of one piece of the clusters; a cluster of one stays as it is."""
    count = len(clusters)
    coefficients = harmonics.shape[1]
    covariance, axes, mean, sizes = np.empty((3, 3)), np.empty((3, 3)), np.empty(3), np.empty(3)
    colour = np.empty((coefficients, 3))
    for j in range(count * piece // pieces, count * (piece + 1) // pieces):
        begin, end = clusters[j, 0], clusters[j, 1]
        if end - begin == 1:
            i = order[begin]
            new_opacities[j] = opacities[i]
            for a in range(4):
                new_rotations[j, a] = rotations[i, a]
            for a in range(3):
                new_means[j, a], new_scales[j, a] = means[i, a], scales[i, a]
                for c in range(coefficients):
                    new_harmonics[j, c, a] = harmonics[i, c, a]
            continue
        for a in range(3):  # loops, because whole-array assignments take seconds to compile
            mean[a] = 0.0
            for c in range(3):
                covariance[a, c] = 0.0
            for c in range(coefficients):
                colour[c, a] = 0.0
        stopped, opacity = 0.0, 0.0
        for k in range(begin, end):
            i = order[k]
            weight = opacities[i] * _projected_area(scales[i, 0], scales[i, 1], scales[i, 2]) + 1e-30
            stopped += weight
            opacity += weight * opacities[i]
            for a in range(3):
                mean[a] += weight * means[i, a]
            for c in range(coefficients):
                for a in range(3):
                    colour[c, a] += weight * harmonics[i, c, a]
        for a in range(3):
            mean[a] /= stopped
        opacity /= stopped
        for k in range(begin, end):
            i = order[k]
            share = (opacities[i] * _projected_area(scales[i, 0], scales[i, 1], scales[i, 2]) + 1e-30) / stopped
            dx, dy, dz = means[i, 0] - mean[0], means[i, 1] - mean[1], means[i, 2] - mean[2]
            _add_covariance(covariance, rotations, scales, i, share)
            covariance[0, 0] += share * dx * dx
            covariance[0, 1] += share * dx * dy
            covariance[0, 2] += share * dx * dz
            covariance[1, 1] += share * dy * dy
            covariance[1, 2] += share * dy * dz
            covariance[2, 2] += share * dz * dz
        _diagonalise(covariance, axes)
        for a in range(3):
            sizes[a] = math.sqrt(max(1e-18, covariance[a, a]))
        growth = stopped / max(1e-30, opacity * _projected_area(sizes[0], sizes[1], sizes[2]))
        if growth < 1.0:
            opacity *= growth
        else:
            _enlarge(sizes, math.sqrt(min(_most_growth(end - begin), growth)))
        _write_quaternion(axes, new_rotations, j)
        for a in range(3):
            new_means[j, a], new_scales[j, a] = mean[a], sizes[a]
            for c in range(coefficients):
                new_harmonics[j, c, a] = colour[c, a] / stopped
        new_opacities[j] = opacity


@inlined
def _most_growth(members: int) -> float:
    """By how much a merged splat's area may grow: as far as takes discs that cover a flat patch together to one that covers it.

    Points spread evenly over a square of side c deviate by 0.29 c, a disc that covers it by 0.6 c: four and a half
    times the area.
    Few members are themselves a good part of the patch, so less is missing.
    """
    return 4.5 * members / (members + 2.5)


@kernel
def _enlarge(sizes: Array, factor: float) -> None:
    """Widen the two larger axes by `factor`, and the smallest the less the flatter the splat is: flat stays flat, round stays round."""
    smallest = 0
    for a in range(1, 3):
        if sizes[a] < sizes[smallest]:
            smallest = a
    middle = min(sizes[(smallest + 1) % 3], sizes[(smallest + 2) % 3])
    roundness = sizes[smallest] / middle
    for a in range(3):
        sizes[a] *= factor**roundness if a == smallest else factor


def thin(gaussians: Gaussians, count: int, *, eye: tuple[float, float, float] = _EYE) -> Gaussians:
    """At most `count` splats that look like all of `gaussians`; finest near `eye` (metres). See `thin_levels`."""
    return thin_levels(gaussians, [count], eye=eye)[0]


def thin_levels(gaussians: Gaussians, counts: Sequence[int], *, eye: tuple[float, float, float] = _EYE) -> list[Gaussians]:
    """`thin` for several counts at the price of little more than one. Things are not merged with each other while the count allows."""
    if min(counts, default=1) < 1:
        raise ValueError(f"cannot thin splats out to {min(counts)}: ask for at least 1")
    whole = [gaussians if count >= len(gaussians) else None for count in counts]
    if None not in whole:
        return [gaussians for _ in counts]
    apart = len(np.unique(gaussians.thing)) <= min(counts) // 2
    tree = grow(gaussians, np.asarray(eye), keep_things_apart=apart)
    return [done if done is not None else _merge_cut(gaussians, tree, count) for done, count in zip(whole, counts, strict=True)]


def _merge_cut(gaussians: Gaussians, tree: Tree, count: int) -> Gaussians:
    clusters = cut(tree, count)
    splats = (gaussians.means, gaussians.scales, gaussians.rotations, gaussians.opacities, gaussians.harmonics)
    means, scales, rotations, opacities, harmonics = (np.empty((len(clusters), *values.shape[1:]), np.float32) for values in splats)
    pieces = 4 * core_count()
    run_pieces(_merge, pieces, pieces, clusters, tree.order, *splats, means, scales, rotations, opacities, harmonics)
    return Gaussians(means, scales, rotations, opacities, harmonics, gaussians.thing[tree.order[clusters[:, 0]]])
