"""Measures: how far distances are off, how unlike sets of pictures are, and what a plain reader recognises in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.flow import FARTHEST_M

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
Pixels = NDArray[np.uint8]

WITHIN = 1.25
BINS = 48  # of the sine of elevation, for the plain guess of distance
BANDS, SCALES = 8, 3  # of latitude, and halvings of the picture, for features
RIDGE = 1.0


@dataclass(frozen=True)
class DepthErrors:
    """abs_rel: mean of |found − true| / true.  within: share of pixels whose ratio is below 1.25.  scaled: abs_rel after one factor a
    picture.  sky: share of pixels where sky is told from surfaces rightly.
    """

    abs_rel: float
    within: float
    scaled: float
    sky: float


def depth_errors(found: Sequence[Floats], true: Sequence[Floats], areas: Sequence[Floats]) -> DepthErrors:
    """Means over pictures; areas (H, W): how much each pixel counts. What is found to be sky counts as the farthest distance."""
    rows = []
    for f, t, area in zip(found, true, areas, strict=True):
        surface = np.isfinite(t)
        sky = float(np.average(np.isinf(f) == ~surface, weights=area))
        if not surface.any():
            continue
        metres, truth, weight = np.minimum(f[surface], FARTHEST_M), t[surface], area[surface]
        factor = float(np.median(truth / metres))
        ratio = np.maximum(metres / truth, truth / metres)
        rows.append(
            (
                np.average(np.abs(metres - truth) / truth, weights=weight),
                np.average(ratio < WITHIN, weights=weight),
                np.average(np.abs(factor * metres - truth) / truth, weights=weight),
                sky,
            )
        )
    return DepthErrors(*(float(value) for value in np.mean(rows, axis=0)))


class ElevationGuess:
    """The plainest guess: the mean logarithm of distance of all training pixels at the same elevation; sky where most are sky."""

    def __init__(self, distances: Sequence[Floats], ups: Sequence[Floats]) -> None:
        """ups: (H, W) sines of the elevation of every pixel."""
        total, count, open_, every = (np.zeros(BINS) for _ in range(4))
        for distance, up in zip(distances, ups, strict=True):
            where = _bins(up)
            surface = np.isfinite(distance)
            np.add.at(total, where[surface], np.log(distance[surface]))
            np.add.at(count, where[surface], 1)
            np.add.at(open_, where[~surface], 1)
            np.add.at(every, where.ravel(), 1)
        filled = count > 0
        logs = np.interp(np.arange(BINS), np.flatnonzero(filled), total[filled] / count[filled])
        self._metres = np.where(open_ > every / 2, np.inf, np.exp(logs)).astype(np.float32)

    def __call__(self, up: Floats) -> Floats:
        """Metres for pixels of these elevations."""
        return self._metres[_bins(up)]


def features(picture: Pixels) -> Numbers:
    """A picture's place in a space that this code alone defines: (BANDS · 9 · SCALES,) numbers that do not change when it is turned.

    For every band of latitude, at three sizes: means and spreads of the three colours, and mean steps across, down and of saturation.
    """
    values = picture.astype(np.float64) / 255
    found = []
    for _ in range(SCALES):
        across = np.abs(np.roll(values, -1, axis=1) - values).mean(axis=2)
        down = np.abs(np.diff(values, axis=0, append=values[-1:])).mean(axis=2)
        colour = values.max(axis=2) - values.min(axis=2)
        for rows in np.array_split(np.arange(len(values)), BANDS):
            part = values[rows].reshape(-1, 3)
            found += [*part.mean(axis=0), *part.std(axis=0), 4 * across[rows].mean(), 4 * down[rows].mean(), colour[rows].mean()]
        height, width = values.shape[0] // 2, values.shape[1] // 2
        values = values[: 2 * height, : 2 * width].reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
    return np.array(found)


def frechet(one: Numbers, other: Numbers, *, axes: int = 16) -> float:
    """Fréchet distance between two sets of features (N, D), along the main axes of the second set scaled to unit spread.

    The formula of Heusel et al. 2017 (FID), in our own space of features: figures compare with each other, not with others' FIDs. NaN
    where a set has a single picture, which has no spread.
    """
    if min(len(one), len(other)) < 2:
        return float("nan")
    mean = other.mean(axis=0)
    axes = min(axes, len(other) - 1, other.shape[1])
    _, spread, directions = np.linalg.svd(other - mean, full_matrices=False)
    basis = directions[:axes].T / (spread[:axes] / np.sqrt(len(other) - 1) + 1e-9)
    a, b = (one - mean) @ basis, (other - mean) @ basis
    first, second = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    root = _root(second)
    return float(((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() + np.trace(first + second - 2 * _root(root @ first @ root)))


class PlainReader:
    """Tells what a picture shows from its features: ridge regression on one-hot names, trained on true pictures."""

    def __init__(self, seen: Numbers, names: Sequence[str]) -> None:
        """seen: (N, D) features of true pictures, names: what they show."""
        self.names = sorted(set(names))
        self._mean, self._spread = seen.mean(axis=0), seen.std(axis=0) + 1e-6
        known = self._ready(seen)
        wanted = np.eye(len(self.names))[[self.names.index(name) for name in names]]
        self._weights = np.linalg.solve(known.T @ known + RIDGE * np.eye(known.shape[1]), known.T @ wanted)

    def _ready(self, seen: Numbers) -> Numbers:
        return np.column_stack([(seen - self._mean) / self._spread, np.ones(len(seen))])

    def right(self, seen: Numbers, names: Sequence[str]) -> float:
        """The share of pictures that it names rightly, of those that show something it has a name for; NaN where none does."""
        said = (self._ready(seen) @ self._weights).argmax(axis=1)
        known = [self.names[number] == name for number, name in zip(said, names, strict=True) if name in self.names]
        return float(np.mean(known)) if known else float("nan")


def mirrored_and_blurred(picture: Pixels, known: NDArray[np.bool_]) -> Pixels:
    """The plainest way to complete a panorama (H, W, 3): the nearest known colour from the left or right, the farther away the softer."""
    from pipelines.paint import guessed

    return guessed(picture, known)


def _bins(up: Floats) -> NDArray[np.int64]:
    return np.clip(((up + 1) / 2 * BINS).astype(np.int64), 0, BINS - 1)


def _root(matrix: Numbers) -> Numbers:
    """The symmetric square root of a symmetric matrix."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)
