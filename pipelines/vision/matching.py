"""Matching: for every pixel the small plane on which the other views look most alike (PatchMatch stereo).

Bleyer et al. 2011 (slanted planes that good guesses spread from pixel to pixel), Galliani et al. 2015 (red and black pixels by
turns, so that all of one colour can be done at once), Schönberger et al. 2016 (bilaterally weighted correlation, best views only).

A plane is kept as inverse depth and its change per pixel, (w, w_u, w_v): over a picture the inverse depth of a plane is affine,
1/z(u + a, v + b) = w + w_u a + w_v b, and the pixel of another view is a projective map, linear in these three numbers:
p' ~ turn · (u, v, 1) + shift · w. Depth z is metres along the viewing axis here; only `stereo` turns it into distance.
"""

from __future__ import annotations

import math

import numpy as np

from pipelines.compiled import Array, f32, inlined, kernel, u64

UNSEEN_COST = 1.5
"""Cost where a view cannot see the point: worse than no likeness at all (1), so that views that do see it decide."""

_NOISE = 4e-5  # variance of pixel noise (1.6 of 255 grey levels): keeps blank windows from looking alike by chance
_COLOUR_SIGMA = 0.12  # how quickly a neighbour of another brightness loses its say
_STEEPEST = 0.04  # cosine between a plane's normal and the ray, at least: a floor at 1.65 m seen 40 m away
_AGREEMENT = 0.06  # cost of each pixel (up to 3) by which a plane lies off what another view has measured


def window_of(radius_px: int, step_px: int) -> Array:
    """Samples of a square window, (S, 3) float32: column and row offset, and spatial weight."""
    steps = np.arange(-radius_px, radius_px + 1, step_px, dtype=np.float32)
    row, column = np.meshgrid(steps, steps, indexing="ij")
    weight = np.exp(-(column**2 + row**2) / (2 * (radius_px * 0.7) ** 2))
    return np.stack([column, row, weight], axis=-1).reshape(-1, 3).astype(np.float32)


@inlined
def _draw(state: int) -> tuple[int, float]:
    """SplitMix64: the next state, and a number in [0, 1)."""
    state = state + u64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
    z = z ^ (z >> u64(31))
    return state, f32(z >> u64(40)) * f32(1.0 / (1 << 24))


@inlined
def _look(grey: Array, column: int, row: int, window: Array, weights: Array) -> tuple[float, float]:
    """Fill `weights` (2, S) with weight and weight × brightness around a pixel; returns mean and variance of brightness."""
    height, width = grey.shape
    centre = grey[row, column]
    total = mean = square = f32(0)
    for s in range(len(window)):
        u = min(max(column + int(window[s, 0]), 0), width - 1)
        v = min(max(row + int(window[s, 1]), 0), height - 1)
        value = grey[v, u]
        weight = window[s, 2] * math.exp(-abs(value - centre) * f32(1 / _COLOUR_SIGMA))
        weights[0, s] = weight
        weights[1, s] = weight * value
        total += weight
        mean += weight * value
        square += weight * value * value
    scale = f32(1) / total
    for s in range(len(window)):
        weights[0, s] *= scale
        weights[1, s] *= scale
    mean *= scale
    return mean, max(square * scale - mean * mean, f32(0))


@inlined
def _cost(
    w: float, w_u: float, w_v: float, column: int, row: int, mean: float, variance: float,
    window: Array, weights: Array, others: Array, sizes: Array, turn: Array, shift: Array, depths: Array, reach: Array, ranking: Array,
) -> float:  # fmt: skip
    """1 − correlation with the best views, 0 … 2."""
    views, best_views = len(others), len(ranking)
    for k in range(best_views):
        ranking[k] = f32(UNSEEN_COST)
    u, v = f32(column), f32(row)
    for n in range(views):
        p2 = turn[n, 2, 0] * u + turn[n, 2, 1] * v + turn[n, 2, 2] + shift[n, 2] * w
        if p2 <= f32(1e-3):
            continue
        inverse = f32(1) / p2
        x = (turn[n, 0, 0] * u + turn[n, 0, 1] * v + turn[n, 0, 2] + shift[n, 0] * w) * inverse
        y = (turn[n, 1, 0] * u + turn[n, 1, 1] * v + turn[n, 1, 2] + shift[n, 1] * w) * inverse
        right, bottom = f32(sizes[n, 1] - 1), f32(sizes[n, 0] - 1)
        if not (x >= 0 and y >= 0 and x <= right and y <= bottom):
            continue
        p2_u, p2_v = turn[n, 2, 0] + shift[n, 2] * w_u, turn[n, 2, 1] + shift[n, 2] * w_v
        x_u = (turn[n, 0, 0] + shift[n, 0] * w_u - x * p2_u) * inverse
        x_v = (turn[n, 0, 1] + shift[n, 0] * w_v - x * p2_v) * inverse
        y_u = (turn[n, 1, 0] + shift[n, 1] * w_u - y * p2_u) * inverse
        y_v = (turn[n, 1, 1] + shift[n, 1] * w_v - y * p2_v) * inverse
        right -= f32(0.001)
        bottom -= f32(0.001)
        other = others[n]
        total = square = product = f32(0)
        for s in range(len(window)):
            a, b = window[s, 0], window[s, 1]
            xs = min(max(x + x_u * a + x_v * b, f32(0)), right)
            ys = min(max(y + y_u * a + y_v * b, f32(0)), bottom)
            i, j = int(xs), int(ys)
            fx, fy = xs - f32(i), ys - f32(j)
            top = other[j, i] + (other[j, i + 1] - other[j, i]) * fx
            low = other[j + 1, i] + (other[j + 1, i + 1] - other[j + 1, i]) * fx
            value = top + (low - top) * fy
            weighted = weights[0, s] * value
            total += weighted
            square += weighted * value
            product += weights[1, s] * value
        spread = max(square - total * total, f32(0)) + f32(_NOISE)
        cost = f32(1) - (product - mean * total) / math.sqrt((variance + f32(_NOISE)) * spread)
        if len(depths) > 0:
            there = depths[n, int(y * reach[n, 1]), int(x * reach[n, 2])]
            apart = abs(w * inverse - there) * reach[n, 0]
            cost += f32(_AGREEMENT) * (min(apart, f32(3)) if apart == apart else f32(1.5))
        for k in range(best_views):
            if cost < ranking[k]:
                cost, ranking[k] = ranking[k], cost
    total = f32(0)
    for k in range(best_views):
        total += ranking[k]
    return total / f32(best_views)


@inlined
def _is_possible(w: float, w_u: float, w_v: float, column: int, row: int, lens: Array, limits: Array) -> bool:
    """Whether a plane lies between the nearest and the farthest depth and is not seen from its edge. lens: f_x, f_y, c_x, c_y."""
    if not (w >= limits[0] and w <= limits[1]):
        return False
    x, y = (f32(column) - lens[2]) / lens[0], (f32(row) - lens[3]) / lens[1]
    a, b = w_u * lens[0], w_v * lens[1]
    c = w - a * x - b * y
    return w * w >= f32(_STEEPEST * _STEEPEST) * (a * a + b * b + c * c) * (x * x + y * y + f32(1))


@inlined
def _random_slopes(state: int, w: float, column: int, row: int, lens: Array) -> tuple[int, float, float]:
    """The slopes of a plane through inverse depth w with a random normal that faces the viewer."""
    x, y = (f32(column) - lens[2]) / lens[0], (f32(row) - lens[3]) / lens[1]
    state, first = _draw(state)
    state, second = _draw(state)
    cosine = f32(0.3) + f32(0.7) * first
    sine, angle = math.sqrt(f32(1) - cosine * cosine), f32(2 * math.pi) * second
    a, b = sine * math.cos(angle), sine * math.sin(angle)
    along = max(a * x + b * y + cosine, f32(0.1))
    return state, w * a / (along * lens[0]), w * b / (along * lens[1])


@kernel
def begin(
    piece: int, pieces: int, grey: Array, planes: Array, costs: Array, known: bool, seed: int,
    window: Array, others: Array, sizes: Array, turn: Array, shift: Array, depths: Array, reach: Array,
    lens: Array, limits: Array, best_views: int,
) -> None:  # fmt: skip
    """Give every pixel a random plane, where `known` is false, and its cost. Rows piece, piece + pieces, …"""
    height, width = grey.shape
    weights = np.empty((2, len(window)), np.float32)
    ranking = np.empty(best_views, np.float32)
    for row in range(piece, height, pieces):
        for column in range(width):
            if not known:
                state = u64(seed) + u64(row * width + column) * u64(0xD1342543DE82EF95)
                state, share = _draw(state)
                w = limits[0] + (limits[1] - limits[0]) * share
                state, w_u, w_v = _random_slopes(state, w, column, row, lens)
                planes[row, column, 0], planes[row, column, 1], planes[row, column, 2] = w, w_u, w_v
            mean, variance = _look(grey, column, row, window, weights)
            plane = planes[row, column]
            costs[row, column] = _cost(
                plane[0],
                plane[1],
                plane[2],
                column,
                row,
                mean,
                variance,
                window,
                weights,
                others,
                sizes,
                turn,
                shift,
                depths,
                reach,
                ranking,
            )


@kernel
def sweep(
    piece: int, pieces: int, grey: Array, planes: Array, costs: Array, colour: int, change: float, fresh: bool, seed: int,
    window: Array, others: Array, sizes: Array, turn: Array, shift: Array, depths: Array, reach: Array,
    lens: Array, limits: Array, best_views: int,
) -> None:  # fmt: skip
    """Better the planes of the red or black pixels (colour 0 or 1): by those of their neighbours, then by small changes of their own.

    change: relative size of the changes tried.  fresh: whether to try a plane that is wholly new, too.
    """
    height, width = grey.shape
    weights = np.empty((2, len(window)), np.float32)
    ranking = np.empty(best_views, np.float32)
    for row in range(piece, height, pieces):
        for column in range((row + colour) & 1, width, 2):
            mean, variance = _look(grey, column, row, window, weights)
            best = costs[row, column]
            w, w_u, w_v = planes[row, column, 0], planes[row, column, 1], planes[row, column, 2]
            state = u64(seed) + u64(row * width + column) * u64(0xD1342543DE82EF95)
            for attempt in range(7):
                if attempt < 4:
                    lowest, from_row, from_column = f32(9), row, column
                    for step in range(1, 12, 2):  # odd steps along an arm end on the other colour
                        r = row + (step if attempt == 0 else -step if attempt == 1 else 0)
                        c = column + (step if attempt == 2 else -step if attempt == 3 else 0)
                        if 0 <= r < height and 0 <= c < width and costs[r, c] < lowest:
                            lowest, from_row, from_column = costs[r, c], r, c
                    if lowest > f32(8):
                        continue
                    n_u, n_v = planes[from_row, from_column, 1], planes[from_row, from_column, 2]
                    n = planes[from_row, from_column, 0] + n_u * f32(column - from_column) + n_v * f32(row - from_row)
                    if abs(n - w) < f32(2e-4) * w and abs(n_u - w_u) + abs(n_v - w_v) < f32(2e-5) * w:
                        continue
                elif attempt == 4:  # nearer or farther, tilted alike
                    state, share = _draw(state)
                    n = w * math.exp(f32(change) * (f32(2) * share - f32(1)))
                    n_u, n_v = w_u * n / w, w_v * n / w
                elif attempt == 5:  # tilted otherwise
                    state, share = _draw(state)
                    n_u = w_u + w / lens[0] * f32(4 * change) * (f32(2) * share - f32(1))
                    state, share = _draw(state)
                    n_v = w_v + w / lens[1] * f32(4 * change) * (f32(2) * share - f32(1))
                    n = w
                else:
                    if not fresh:
                        continue
                    state, share = _draw(state)
                    n = limits[0] + (limits[1] - limits[0]) * share
                    state, n_u, n_v = _random_slopes(state, n, column, row, lens)
                if not _is_possible(n, n_u, n_v, column, row, lens, limits):
                    continue
                cost = _cost(n, n_u, n_v, column, row, mean, variance, window, weights, others, sizes, turn, shift, depths, reach, ranking)
                if cost < best:
                    best, w, w_u, w_v = cost, n, n_u, n_v
            costs[row, column] = best
            planes[row, column, 0], planes[row, column, 1], planes[row, column, 2] = w, w_u, w_v
