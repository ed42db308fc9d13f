"""Motion: how far a film's camera has turned or travelled, how sharp each picture is, and which pictures are worth keeping.

Shifts are found by phase correlation of small patches (Kuglin and Hines, 1975) and given as shares of the picture's width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

PATCH_PX, STRIDE_PX = 32, 20
TEXTURE = 3.0  # grey levels (0 … 255) that a patch must deviate by to say where it has gone
PEAK = 0.08  # of a perfect match: less is taken as "farther than a patch can tell"
STEP_PX = 2.0  # the reference moves on when most patches have moved so far, so that slow motion adds up and noise does not
GAP = 0.02  # of the width, between two pictures that are kept: enough parallax, and still much in common
WIDEST_GAP = 0.25  # beyond it, neighbours have too little in common
FEWEST, MOST = 24, 60


def sharpness(grey: Grey) -> float:
    """Mean square of the discrete Laplacian: blurred pictures have less of it than their neighbours."""
    inner = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    return float(np.mean(inner * inner))


@dataclass
class Travel:
    """Adds up the motion of a film, picture by picture. total: shares of the width.  textured: share of patches that show something."""

    total: list[float] = field(default_factory=list)
    textured: list[float] = field(default_factory=list)
    _reference: Grey | None = None
    _before: float = 0.0

    def add(self, grey: Grey) -> None:
        """The next picture, at the working width of about 190 pixels."""
        if self._reference is None:
            self._reference = grey
        shift_px, textured = shift(self._reference, grey)
        travelled = self._before + shift_px / grey.shape[1]
        self.total.append(travelled)
        self.textured.append(textured)
        if shift_px >= STEP_PX:
            self._reference, self._before = grey, travelled


def shift(before: Grey, after: Grey) -> tuple[float, float]:
    """(median shift of the textured patches in pixels, share of patches with texture); a lost patch counts as half a patch."""
    old, new = _patches(before), _patches(after)
    textured = (old.std(axis=(1, 2)) > TEXTURE) & (new.std(axis=(1, 2)) > TEXTURE)
    if not textured.any():
        return 0.0, 0.0
    window = np.hanning(PATCH_PX)[:, None] * np.hanning(PATCH_PX)[None, :]
    old, new = ((patch - patch.mean(axis=(1, 2), keepdims=True)) * window for patch in (old[textured], new[textured]))
    cross = np.fft.rfft2(new) * np.conj(np.fft.rfft2(old))
    peaks = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-6), s=(PATCH_PX, PATCH_PX)).reshape(len(old), -1)
    best = peaks.argmax(axis=1)
    rows, columns = np.divmod(best, PATCH_PX)
    rows, columns = (np.where(at > PATCH_PX // 2, at - PATCH_PX, at) for at in (rows, columns))
    far = np.where(peaks.max(axis=1) < PEAK, PATCH_PX / 2, np.hypot(rows, columns))
    return float(np.median(far)), float(textured.mean())


def _patches(grey: Grey) -> NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(grey, (PATCH_PX, PATCH_PX))[::STRIDE_PX, ::STRIDE_PX]
    return windows.reshape(-1, PATCH_PX, PATCH_PX).astype(np.float64)


def choose(total: NDArray[np.float64], sharp: NDArray[np.float64], *, most: int = MOST) -> NDArray[np.intp]:
    """Which pictures to keep: evenly spaced along the way, and of the near ones the sharpest.

    total: (N,) shares of the width, growing.  sharp: (N,).  A way that is too long for `most` pictures is cut at its end.
    """
    length = min(float(total[-1]), WIDEST_GAP * (most - 1))
    count = min(most, max(FEWEST, math.ceil(length / GAP) + 1), len(total))
    gap = length / max(1, count - 1)
    kept: list[int] = []
    for aim in np.linspace(0, length, count):
        away = np.abs(total - aim)
        away[kept] = np.inf
        near = np.flatnonzero(away <= gap / 2)
        if len(near) == 0:
            near = np.array([away.argmin()])
        score = sharp[near] * (1 - 0.5 * away[near] / max(gap / 2, 1e-9)) if len(near) > 1 else np.ones(1)
        kept.append(int(near[score.argmax()]))
    return np.unique(kept)
