"""Few numbers for many: the best 256 values for a column, the best sets for harmonics (k-means)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float32]

CODES = 256
BINS = 1 << 16
LADDER_BINS = 256  # wide enough that a density can be read from counts
MOST_SETS = 2_048
SAMPLE = 16_384


def scalar_codebook(values: Floats) -> Floats:
    """256 sorted numbers that stand for all `values` with the least squared error: Lloyd's algorithm on a fine histogram."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.full(CODES, low, np.float32)
    histogram, edges = np.histogram(values, BINS, (low, high))
    centres = (edges[1:] + edges[:-1]) / 2
    # Of all ways to begin, code density ∝ ∛(value density) is the best there is (Panter and Dite, 1951).
    ladder = np.concatenate([[0], np.cumsum(np.cbrt(histogram.reshape(LADDER_BINS, -1).sum(axis=1)))])
    codes = np.interp((np.arange(CODES) + 0.5) / CODES * ladder[-1], ladder, edges[:: BINS // LADDER_BINS])
    for _ in range(10):
        nearest = np.searchsorted((codes[1:] + codes[:-1]) / 2, centres)
        weight = np.bincount(nearest, histogram, CODES)
        total = np.bincount(nearest, histogram * centres, CODES)
        codes = np.sort(np.where(weight > 0, total / np.maximum(weight, 1), codes))
    codebook: Floats = codes.astype(np.float32)
    return codebook


def nearest_codes(values: Floats, codebook: Floats) -> NDArray[np.uint8]:
    """The place in the codebook that is nearest to every value; the shape of `values`."""
    middles = (codebook[1:] + codebook[:-1]) / 2
    return np.searchsorted(middles, values.ravel()).astype(np.uint8).reshape(values.shape)


def set_palette(sets: Floats) -> Floats:
    """(P, D) sets that stand for all `sets` (N, D); the first is zero, for most splats look the same from everywhere."""
    coloured = sets[np.any(sets != 0, axis=1)]
    zero = np.zeros((1, sets.shape[1]), np.float32)
    if not len(coloured):
        return zero
    rng = np.random.Generator(np.random.PCG64(len(coloured)))
    sample = coloured[np.sort(rng.permutation(len(coloured))[:SAMPLE])]
    size = min(MOST_SETS, max(64, len(coloured) // 16), len(sample))
    palette = sample[np.sort(rng.permutation(len(sample))[:size])]
    for _ in range(6):
        nearest = nearest_sets(sample, palette)
        weight = np.bincount(nearest, minlength=size)
        total = np.stack([np.bincount(nearest, column, size) for column in sample.T], axis=1)
        palette = np.where(weight[:, None] > 0, total / np.maximum(weight, 1)[:, None], palette).astype(np.float32)
    return np.concatenate([zero, palette])


def nearest_sets(sets: Floats, palette: Floats) -> NDArray[np.int64]:
    """(N,) the place in the palette (P, D) that is nearest to each of `sets` (N, D)."""
    nearest = np.zeros(len(sets), np.int64)
    coloured = np.flatnonzero(np.any(sets != 0, axis=1))
    nearest[coloured] = _nearest(np.ascontiguousarray(sets[coloured]), np.ascontiguousarray(palette.T), (palette * palette).sum(axis=1) / 2)
    return nearest


@njit(cache=True, nogil=True, fastmath={"contract", "nnan"})
def _nearest(sets, columns, halves):  # type: ignore[no-untyped-def]
    """Nearest is least p²/2 − x·p. By columns of the palette (D, P), which the compiler makes wide instructions of."""
    count, terms, size = sets.shape[0], sets.shape[1], columns.shape[1]
    found = np.empty(count, np.int64)
    distance = np.empty(size, np.float32)
    for row in range(count):
        for place in range(size):
            distance[place] = halves[place]
        for term in range(terms):
            value = sets[row, term]
            for place in range(size):
                distance[place] -= value * columns[term, place]
        least = distance[0]
        for place in range(size):
            least = min(least, distance[place])
        for place in range(size):
            if distance[place] == least:
                found[row] = place
                break
    return found
