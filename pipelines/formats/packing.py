"""Kernels that quantise splats to the columns of SPZ; one pass over all cores' worth of splats, without the interpreter lock.

Conventions of SPZ: positions in 24-bit fixed point; scale = 16·(ln s + 10); colour = 255·(0.5 + 0.15·f_dc); opacity = 255·o; a rotation
is the index of its largest component (order x, y, z, w) in the top two bits, and the three others with sign and 9 bits each.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


def _axis_turns() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The 24 turns of a cube: quaternions (24, 4) w, x, y, z, and which old axis each new one was (24, 3)."""
    quaternions, sources = [], []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[axes, range(3)] = signs
            if np.linalg.det(matrix) > 0:
                w = math.sqrt(max(0.0, 1 + np.trace(matrix))) / 2
                vector = np.array([matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]])
                if w > 0.25:
                    vector = vector / (4 * w)
                else:  # half a turn: the axis is a column of matrix + 1
                    column = (matrix + np.eye(3))[:, np.argmax(np.diagonal(matrix))]
                    vector = column / np.linalg.norm(column)
                quaternions.append([w, *vector])
                sources.append(axes)
    return np.array(quaternions), np.array(sources)


_TURNS, _SOURCES = _axis_turns()


@njit(cache=True, nogil=True)
def canonical_axes(order: NDArray[np.int64], rotations: Floats, scales: Floats, turned: Floats, sorted_scales: Floats) -> None:
    """Of the 24 ways to name an ellipsoid's axes, the one turned least from the world's: the same splat, but less to say about it.

    Fills `turned` (N, 4), unit, w, x, y, z with w ≥ 0.85, and `sorted_scales` (N, 3), both in the given order.
    """
    for row in range(order.shape[0]):
        w, x, y, z = rotations[order[row]]
        best, choice, sign = -1.0, 0, 1.0
        for turn in range(24):
            a, b, c, d = _TURNS[turn]
            cosine = w * a - x * b - y * c - z * d
            if abs(cosine) > best + 1e-6:
                best, choice, sign = abs(cosine), turn, 1.0 if cosine >= 0 else -1.0
        a, b, c, d = _TURNS[choice]
        length = sign / math.sqrt(w * w + x * x + y * y + z * z)
        turned[row, 0] = (w * a - x * b - y * c - z * d) * length
        turned[row, 1] = (w * b + x * a + y * d - z * c) * length
        turned[row, 2] = (w * c - x * d + y * a + z * b) * length
        turned[row, 3] = (w * d + x * c - y * b + z * a) * length
        for axis in range(3):
            sorted_scales[row, axis] = scales[order[row], _SOURCES[choice, axis]]


@njit(cache=True, nogil=True)
def _byte(value: float) -> int:
    return int(min(max(math.floor(value + 0.5), 0.0), 255.0))


@njit(cache=True, nogil=True)
def pack_positions(order: NDArray[np.int64], means: Floats, per_metre: float, out: Bytes) -> None:
    """Out (N, 9): x, y, z as 24-bit little-endian fixed point."""
    for row in range(order.shape[0]):
        for axis in range(3):
            fixed = math.floor(means[order[row], axis] * per_metre + 0.5)
            out[row, 3 * axis] = fixed & 0xFF
            out[row, 3 * axis + 1] = (fixed >> 8) & 0xFF
            out[row, 3 * axis + 2] = (fixed >> 16) & 0xFF


@njit(cache=True, nogil=True)
def pack_looks(order: NDArray[np.int64], opacities: Floats, colours: Floats, ordered_scales: Floats, out: Bytes) -> None:
    """Out (7·N,): the alphas, then the colours (f_dc in `colours`), then the scales, which are in order already."""
    count = order.shape[0]
    for row in range(count):
        source = order[row]
        out[row] = _byte(opacities[source] * 255.0)
        for axis in range(3):
            out[count + 3 * row + axis] = _byte((0.5 + 0.15 * colours[source, axis]) * 255.0)
            out[4 * count + 3 * row + axis] = _byte((math.log(max(ordered_scales[row, axis], 1e-9)) + 10.0) * 16.0)


@njit(cache=True, nogil=True)
def pack_rotations(rotations: Floats, out: NDArray[np.uint32]) -> None:
    """Out (N,): unit quaternions w, x, y, z whose w is the largest, so that the index in the top bits is always 3."""
    for row in range(rotations.shape[0]):
        packed = 3
        for i in range(1, 4):
            magnitude = min(511, int(511.0 * abs(rotations[row, i]) * math.sqrt(2.0) + 0.5))
            packed = (packed << 10) | (int(rotations[row, i] < 0) << 9) | magnitude
        out[row] = packed


@njit(cache=True, nogil=True)
def pack_harmonics(order: NDArray[np.int64], harmonics: Floats, out: Bytes) -> None:
    """Out (N, K − 1, 3): degree 1 in 32 steps, higher degrees in 16, as SPZ's own writer rounds them, because that compresses."""
    for row in range(order.shape[0]):
        for k in range(out.shape[1]):
            step = 8 if k < 3 else 16
            for channel in range(3):
                value = math.floor(harmonics[order[row], k + 1, channel] * 128.0 + 0.5) + 128
                value = (value + step // 2) // step * step
                out[row, k, channel] = min(max(value, 0), 255)
