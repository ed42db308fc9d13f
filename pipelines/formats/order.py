"""Splats in Morton order: neighbours in space stand together in the file, which makes it smaller and kinder to caches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def morton_order(means: NDArray[np.float32]) -> NDArray[np.int64]:
    """(N,) the order of points (N, 3) along a Z curve of 2^21 cells a side over their cube; equal cells keep their order."""
    if not len(means):
        return np.zeros(0, np.int64)
    low = means.min(axis=0)
    side = max(float((means.max(axis=0) - low).max()), 1e-9)
    cells = ((means - low) * np.float32((2**21 - 1) / side)).astype(np.uint64)
    codes = _spread(cells[:, 0]) | (_spread(cells[:, 1]) << np.uint64(1)) | (_spread(cells[:, 2]) << np.uint64(2))
    return np.argsort(codes, kind="stable")


_STEPS = ((32, 0x1F00000000FFFF), (16, 0x1F0000FF0000FF), (8, 0x100F00F00F00F00F), (4, 0x10C30C30C30C30C3), (2, 0x1249249249249249))


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """21 bits, two empty places after each."""
    spread = bits.copy()
    for shift, mask in _STEPS:
        spread |= spread << np.uint64(shift)
        spread &= np.uint64(mask)
    return spread
