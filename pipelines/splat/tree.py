"""A tree over splats whose every node is a candidate for one merged splat: where merging hurts most, it is split first.

Things are kept apart. Within a thing a node is split at the mean of the feature that varies most: place (as an angle seen from the
starting point), colour, or direction of the surface. A cut through the tree with `count` nodes is a level of detail; because the
error of a node is never larger than its parent's, taking the `count − roots` worst nodes as split always gives a cut.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, f32, kernel
from pipelines.cores import core_count, run_pieces
from pipelines.gaussians import Gaussians

SKY_DISTANCE_M = 1_400.0  # what lies farther than this is sky: the dome stands at about 1,500 m

# One row per splat: position, colour, normal, screen area. The first nine are features that a node may be split by.
_FEATURES, _WEIGHT, _ROW = 9, 9, 10
_PLACE_COST = 64.0  # a spread of 0.0125 rad is as bad as one of 0.1 in colour
_SKY_PLACE_COST = _PLACE_COST / 16  # blur is harmless where there is nothing but gradients and clouds
_NORMAL_COST = 0.15
_LEAFY_COST = 6.0  # merging spoils the outline of what is not flat, and fills its gaps
_NEAR_M = 8.0  # visitors walk: what is nearer than this deserves no finer splats


class Tree(NamedTuple):
    """Node k holds the splats order[begins[k] : ends[k]]; its children are lefts[k] and lefts[k] + 1, or none where lefts[k] < 0."""

    order: NDArray[np.int32]
    begins: NDArray[np.int32]
    ends: NDArray[np.int32]
    lefts: NDArray[np.int32]
    errors: NDArray[np.float32]
    roots: NDArray[np.int32]


@kernel
def _fill_rows(
    piece: int, pieces: int, order: Array, means: Array, scales: Array, rotations: Array, opacities: Array, harmonics: Array,
    eye: Array, rows: Array,
) -> None:  # fmt: skip
    count = len(order)
    for k in range(count * piece // pieces, count * (piece + 1) // pieces):
        i = order[k]
        a, b, c = scales[i, 0], scales[i, 1], scales[i, 2]
        w, x, y, z = rotations[i, 0], rotations[i, 1], rotations[i, 2], rotations[i, 3]
        if a <= b and a <= c:
            nx, ny, nz, area = f32(1) - f32(2) * (y * y + z * z), f32(2) * (x * y + w * z), f32(2) * (x * z - w * y), b * c
        elif b <= c:
            nx, ny, nz, area = f32(2) * (x * y - w * z), f32(1) - f32(2) * (x * x + z * z), f32(2) * (y * z + w * x), a * c
        else:
            nx, ny, nz, area = f32(2) * (x * z + w * y), f32(2) * (y * z - w * x), f32(1) - f32(2) * (x * x + y * y), a * b
        dx, dy, dz = means[i, 0] - eye[0], means[i, 1] - eye[1], means[i, 2] - eye[2]
        sign = f32(-1) if nx * dx + ny * dy + nz * dz > f32(0) else f32(1)
        rows[k, 0], rows[k, 1], rows[k, 2] = dx, dy, dz
        for channel in range(3):
            rows[k, 3 + channel] = f32(0.28209479) * harmonics[i, 0, channel]
        rows[k, 6], rows[k, 7], rows[k, 8] = sign * nx, sign * ny, sign * nz
        rows[k, _WEIGHT] = max(f32(1e-20), area * opacities[i] / (dx * dx + dy * dy + dz * dz + f32(_NEAR_M * _NEAR_M)))


@kernel
def _measure(rows: Array, begin: int, end: int, sums: Array, squares: Array) -> float:
    """Weighted sums and sums of squares of the features of rows begin … end − 1, about the first row; returns the total weight."""
    for f in range(_FEATURES):
        sums[f] = squares[f] = 0.0
    total = 0.0
    for k in range(begin, end):
        weight = rows[k, _WEIGHT]
        total += weight
        for f in range(_FEATURES):
            value = rows[k, f] - rows[begin, f]
            sums[f] += weight * value
            squares[f] += weight * value * value
    return total


@kernel
def _judge(rows: Array, begin: int, end: int, sums: Array, squares: Array) -> tuple[float, int, float]:
    """(error of merging the rows into one, feature that causes most of it, that feature's mean)."""
    total = _measure(rows, begin, end, sums, squares)
    away2 = _NEAR_M * _NEAR_M
    for f in range(3):
        middle = rows[begin, f] + sums[f] / total
        away2 += middle * middle
    place = (_SKY_PLACE_COST if away2 > SKY_DISTANCE_M * SKY_DISTANCE_M else _PLACE_COST) / away2
    turned = 0.0  # variance of the surface's direction: 0 on a plane, up to 1 among leaves
    for f in range(6, 9):
        turned += max(0.0, squares[f] - sums[f] * sums[f] / total) / total
    place *= 1.0 + _LEAFY_COST * turned
    error, worst, feature = 0.0, -1.0, 0
    for f in range(_FEATURES):
        cost = place if f < 3 else (1.0 if f < 6 else _NORMAL_COST)
        share = cost * max(0.0, squares[f] - sums[f] * sums[f] / total)
        error += share
        if share > worst:
            worst, feature = share, f
    return error, feature, rows[begin, feature] + sums[feature] / total


@kernel
def _part(rows: Array, order: Array, begin: int, end: int, feature: int, value: float) -> int:
    """Bring the rows whose feature is below `value` to the front; returns where the others begin, never an end of the range."""
    low, high = begin, end - 1
    while low <= high:
        if rows[low, feature] < value:
            low += 1
        else:
            for f in range(_ROW):
                rows[low, f], rows[high, f] = rows[high, f], rows[low, f]
            order[low], order[high] = order[high], order[low]
            high -= 1
    return (begin + end) // 2 if low in (begin, end) else low


@kernel
def _grow(
    rows: Array, order: Array, first: int, used: int, smallest: int, begins: Array, ends: Array, lefts: Array, errors: Array
) -> int:  # fmt: skip
    """Split node `first` and what comes of it down to nodes of `smallest` splats, with new nodes from `used` on; returns the next free."""
    stack = np.empty(4096, np.int64)
    sums, squares = np.empty(_FEATURES), np.empty(_FEATURES)
    stack[0], depth = first, 1
    while depth > 0:
        depth -= 1
        node = stack[depth]
        begin, end = begins[node], ends[node]
        lefts[node] = -1
        if end - begin < 2:
            errors[node] = 0.0
            continue
        error, feature, value = _judge(rows, begin, end, sums, squares)
        errors[node] = min(errors[node], error)
        if end - begin <= smallest or depth > 4090:
            continue
        middle = _part(rows, order, begin, end, feature, value)
        lefts[node] = used
        begins[used], ends[used], errors[used] = begin, middle, errors[node]
        begins[used + 1], ends[used + 1], errors[used + 1] = middle, end, errors[node]
        stack[depth], stack[depth + 1] = used + 1, used
        depth += 2
        used += 2
    return used


@kernel
def _grow_subtrees(
    piece: int, pieces: int, rows: Array, order: Array, starts: Array, offset: int, begins: Array, ends: Array, lefts: Array, errors: Array
) -> None:  # fmt: skip
    """Grow every `pieces`-th of the nodes in `starts`, largest first; the nodes of rows b … e − 1 have room at offset + 2·b."""
    for k in range(piece, len(starts), pieces):
        _grow(rows, order, starts[k], offset + 2 * begins[starts[k]], 1, begins, ends, lefts, errors)


def grow(gaussians: Gaussians, eye: NDArray[np.floating], *, keep_things_apart: bool = True) -> Tree:
    """The whole tree, down to single splats. Deterministic, whatever the number of cores."""
    count = len(gaussians)
    order = np.argsort(gaussians.thing, kind="stable").astype(np.int32) if keep_things_apart else np.arange(count, dtype=np.int32)
    rows = np.empty((count, _ROW), np.float32)
    splats = (gaussians.means, gaussians.scales, gaussians.rotations, gaussians.opacities, gaussians.harmonics)
    pieces = core_count()
    run_pieces(_fill_rows, pieces, pieces, order, *splats, np.asarray(eye, np.float32), rows)
    edges = np.flatnonzero(np.diff(gaussians.thing[order])) + 1 if keep_things_apart else np.empty(0, np.int64)
    edges = np.concatenate([[0], edges, [count]])
    roots = np.arange(len(edges) - 1, dtype=np.int32)
    largest = max(256, count // 64)  # nodes above this are split one after the other, the rest in parallel
    offset = len(roots) + 16 * (count // largest + len(roots)) + 4096
    begins, ends, lefts = (np.empty(offset + 2 * count, np.int32) for _ in range(3))
    errors = np.empty(offset + 2 * count, np.float32)
    begins[roots], ends[roots], errors[roots] = edges[:-1], edges[1:], np.inf
    used = len(roots)
    for root in roots:
        used = _grow(rows, order, int(root), used, largest, begins, ends, lefts, errors)
    tops = np.flatnonzero(lefts[:used] < 0)
    tops = tops[np.argsort(begins[tops] - ends[tops], kind="stable")]
    run_pieces(_grow_subtrees, 4 * pieces, 4 * pieces, rows, order, tops, offset, begins, ends, lefts, errors)
    return Tree(order, begins, ends, lefts, errors, roots)


@kernel
def _collect(roots: Array, lefts: Array, errors: Array, limit: float, begins: Array, ends: Array, clusters: Array) -> int:
    """Write begin and end of every node that is not split, in order; returns how many."""
    stack = np.empty(8192, np.int64)
    count = 0
    for root in roots:
        stack[0], depth = root, 1
        while depth > 0:
            depth -= 1
            node = stack[depth]
            if lefts[node] >= 0 and errors[node] > limit:
                stack[depth], stack[depth + 1] = lefts[node] + 1, lefts[node]
                depth += 2
            else:
                clusters[count, 0], clusters[count, 1] = begins[node], ends[node]
                count += 1
    return count


@kernel
def _inner_errors(roots: Array, lefts: Array, errors: Array, found: Array) -> int:
    """The errors of all nodes that have children; returns how many."""
    stack = np.empty(8192, np.int64)
    count = 0
    for root in roots:
        stack[0], depth = root, 1
        while depth > 0:
            depth -= 1
            node = stack[depth]
            if lefts[node] >= 0:
                found[count] = errors[node]
                count += 1
                stack[depth], stack[depth + 1] = lefts[node] + 1, lefts[node]
                depth += 2
    return count


def cut(tree: Tree, count: int) -> NDArray[np.int32]:
    """(≤ count, 2): first and last + 1 place in `tree.order` of each cluster; nearly always exactly `count` of them."""
    total = len(tree.order)
    splits = count - len(tree.roots)
    inner = np.empty(total, np.float32)
    inner = inner[: _inner_errors(tree.roots, tree.lefts, tree.errors, inner)]
    if splits <= 0:
        limit = np.inf
    elif splits >= len(inner):
        limit = -1.0
    else:
        limit = float(np.partition(inner, len(inner) - splits - 1)[len(inner) - splits - 1])
    clusters = np.empty((total, 2), np.int32)
    return clusters[: _collect(tree.roots, tree.lefts, tree.errors, limit, tree.begins, tree.ends, clusters)]
