"""Splats in order of distance, tile by tile: a radix sort, then one stable counting pass over the tiles.

Everything is cut into pieces that count for themselves, so each piece knows where its share goes and the order of equals is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.compiled import Array, kernel, u64
from pipelines.cores import core_count, run_pieces

_DIGIT_BITS = 11
_DIGITS = 1 << _DIGIT_BITS


class Bins(NamedTuple):
    """members[starts[t] : starts[t + 1]]: the slots of the records that touch tile t, nearest first."""

    starts: NDArray[np.int64]
    members: NDArray[np.int32]


@kernel
def _empty(histogram: Array, piece: int) -> None:
    for b in range(histogram.shape[1]):  # a loop, because `histogram[piece] = 0` takes a second to compile
        histogram[piece, b] = 0


@kernel
def _extremes(piece: int, firsts: Array, counts: Array, bits: Array, lowest: Array, highest: Array) -> None:
    low, high = np.uint32(0xFFFFFFFF), np.uint32(0)
    for j in range(firsts[piece], firsts[piece] + counts[piece]):
        low, high = min(low, bits[j]), max(high, bits[j])
    lowest[piece], highest[piece] = low, high


@kernel
def _count_low(piece: int, firsts: Array, counts: Array, bits: Array, low: int, shift: int, histogram: Array) -> None:
    _empty(histogram, piece)
    for j in range(firsts[piece], firsts[piece] + counts[piece]):
        histogram[piece, ((bits[j] - low) >> shift) & np.uint32(_DIGITS - 1)] += 1


@kernel
def _scatter_low(
    piece: int, firsts: Array, counts: Array, bits: Array, low: int, shift: int, histogram: Array, slots: Array, digits: Array,
) -> None:  # fmt: skip
    for j in range(firsts[piece], firsts[piece] + counts[piece]):
        key = (bits[j] - low) >> shift
        digit = key & np.uint32(_DIGITS - 1)
        place = histogram[piece, digit]
        histogram[piece, digit] = place + 1
        slots[place] = j
        digits[place] = key >> np.uint32(_DIGIT_BITS)


@kernel
def _count_high(piece: int, pieces: int, digits: Array, histogram: Array) -> None:
    _empty(histogram, piece)
    for k in range(len(digits) * piece // pieces, len(digits) * (piece + 1) // pieces):
        histogram[piece, digits[k]] += 1


@kernel
def _scatter_high(piece: int, pieces: int, digits: Array, histogram: Array, slots: Array, ordered: Array) -> None:
    for k in range(len(digits) * piece // pieces, len(digits) * (piece + 1) // pieces):
        place = histogram[piece, digits[k]]
        histogram[piece, digits[k]] = place + 1
        ordered[place] = slots[k]


@kernel
def _running_sum(histogram: Array, starts: Array) -> None:
    """Turn counts (pieces, bins) into the place where each piece's first of each bin goes; starts[b] is where bin b begins."""
    total = np.int64(0)
    for b in range(histogram.shape[1]):
        starts[b] = total
        for piece in range(histogram.shape[0]):
            count = histogram[piece, b]
            histogram[piece, b] = total
            total += count
    starts[histogram.shape[1]] = total


@kernel
def _count_tiles(piece: int, pieces: int, ordered: Array, rectangles: Array, columns: int, histogram: Array) -> None:
    _empty(histogram, piece)
    for k in range(len(ordered) * piece // pieces, len(ordered) * (piece + 1) // pieces):
        r = rectangles[ordered[k]]
        for row in range(r[0], r[1]):
            for column in range(r[2], r[3]):
                histogram[piece, u64(row * columns + column)] += 1
            for column in range(r[4], r[5]):
                histogram[piece, u64(row * columns + column)] += 1


@kernel
def _scatter_tiles(piece: int, pieces: int, ordered: Array, rectangles: Array, columns: int, histogram: Array, members: Array) -> None:
    for k in range(len(ordered) * piece // pieces, len(ordered) * (piece + 1) // pieces):
        slot = ordered[k]
        r = rectangles[slot]
        for row in range(r[0], r[1]):
            for column in range(r[2], r[3]):
                tile = u64(row * columns + column)
                members[histogram[piece, tile]] = slot
                histogram[piece, tile] += 1
            for column in range(r[4], r[5]):
                tile = u64(row * columns + column)
                members[histogram[piece, tile]] = slot
                histogram[piece, tile] += 1


def order_by_depth(firsts: NDArray[np.int64], counts: NDArray[np.int64], depths: NDArray[np.float32]) -> NDArray[np.int32]:
    """Slots of the used records, nearest first; equals keep their order.

    Positive floats sort like their bits, so the key is the top 22 bits of the span that occurs: about four in a million of the
    distance over a range from centimetres to kilometres.
    """
    pieces, total = len(counts), int(counts.sum())
    bits = depths.view(np.uint32)
    lowest, highest = np.empty(pieces, np.uint32), np.empty(pieces, np.uint32)
    run_pieces(_extremes, pieces, firsts, counts, bits, lowest, highest)
    low, span = lowest.min(), int(highest.max()) - int(lowest.min())
    shift = np.uint32(max(0, span.bit_length() - 2 * _DIGIT_BITS))
    histogram, starts = np.empty((pieces, _DIGITS), np.int64), np.empty(_DIGITS + 1, np.int64)
    slots, ordered, digits = np.empty(total, np.int32), np.empty(total, np.int32), np.empty(total, np.uint16)
    run_pieces(_count_low, pieces, firsts, counts, bits, low, shift, histogram)
    _running_sum(histogram, starts)
    run_pieces(_scatter_low, pieces, firsts, counts, bits, low, shift, histogram, slots, digits)
    pieces = core_count()
    histogram = histogram[:pieces] if pieces <= len(histogram) else np.empty((pieces, _DIGITS), np.int64)
    run_pieces(_count_high, pieces, pieces, digits, histogram)
    _running_sum(histogram, starts)
    run_pieces(_scatter_high, pieces, pieces, digits, histogram, slots, ordered)
    return ordered


def bin_into_tiles(ordered: NDArray[np.int32], rectangles: NDArray[np.int16], *, columns: int, rows: int) -> Bins:
    """Which records touch which tile; rectangles (slots, 6): rows from, to, columns from, to, and columns from, to once more."""
    pieces, tiles = core_count(), columns * rows
    histogram, starts = np.empty((pieces, tiles), np.int64), np.empty(tiles + 1, np.int64)
    run_pieces(_count_tiles, pieces, pieces, ordered, rectangles, np.int64(columns), histogram)
    _running_sum(histogram, starts)
    members = np.empty(int(starts[-1]), np.int32)
    run_pieces(_scatter_tiles, pieces, pieces, ordered, rectangles, np.int64(columns), histogram, members)
    return Bins(starts, members)
