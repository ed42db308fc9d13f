"""Floaters: splats that hang in the air by themselves, touching nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import Gaussians

REACH = 3.0  # standard deviations, along a splat's longest axis, within which it touches others
NEIGHBOURS = 12
LEAST_OPACITY = 1 / 255  # below it nothing is drawn
SMALL_M, SMALL_SHARE = 1.0, 0.05  # a group that hangs free is small up to this, or up to this share of its distance
MOST_ROUNDS = 20


@dataclass(frozen=True)
class Floaters:
    """number: of splats that float.  share: theirs of all opacity.  seen: share of the sphere around the eye that looks different by
    more than 2 of 255 without them.
    """

    number: int
    share: float
    seen: float


def floating(gaussians: Gaussians, eye: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,) which splats float.

    Two splats touch when their centres are no farther apart than three standard deviations of both together. What touches, directly or
    over others, is one group. A group floats when it is small: not more than a metre across, or than a twentieth of its distance from
    `eye` (3,). Birds, sparks and falling snow float as well, and rightly.
    """
    floats = np.zeros(len(gaussians), np.bool_)
    drawn = np.flatnonzero(gaussians.opacities >= LEAST_OPACITY)
    if len(drawn) <= NEIGHBOURS:
        return floats
    means = gaussians.means[drawn].astype(np.float64)
    reach = REACH * gaussians.scales[drawn].max(axis=1).astype(np.float64)
    group = _groups(means, reach)
    small = _is_small(means, reach, group, eye)
    floats[drawn[_untouched(means, reach, group, small)]] = True
    return floats


def floaters(gaussians: Gaussians, eye: NDArray[np.floating], *, width_px: int) -> Floaters:
    """How many float, and how much of that is seen from `eye` (3,), in a panorama of this width."""
    from pipelines.camera import panorama
    from pipelines.splat import render

    floats = floating(gaussians, eye)
    if not floats.any():
        return Floaters(0, 0.0, 0.0)
    camera = panorama((float(eye[0]), float(eye[1]), float(eye[2])), width_px=width_px)
    with_them, without = (render(some, camera).rgb for some in (gaussians, gaussians.take(~floats)))
    rows = np.cos(((np.arange(camera.height_px) + 0.5) / camera.height_px - 0.5) * np.pi)[:, None]
    changed = np.abs(with_them - without).max(axis=-1) > 2 / 255
    share = float(gaussians.opacities[floats].sum(dtype=np.float64) / gaussians.opacities.sum(dtype=np.float64))
    return Floaters(int(floats.sum()), share, float((changed * rows).mean() / rows.mean()))


def _groups(means: NDArray[np.float64], reach: NDArray[np.float64]) -> NDArray[np.int32]:
    """The number of each splat's group, by its nearest neighbours alone."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    gaps, near = cKDTree(means).query(means, NEIGHBOURS + 1, workers=-1)
    touches = gaps <= reach[:, None] + reach[near]
    count = len(means)
    rows = np.repeat(np.arange(count, dtype=np.int32), touches.sum(axis=1))
    links = coo_matrix((np.ones(len(rows), np.bool_), (rows, near[touches].astype(np.int32))), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int32)


def _is_small(
    means: NDArray[np.float64], reach: NDArray[np.float64], group: NDArray[np.int32], eye: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """(groups,) by the longest side of the box around a group; the largest group, by its splats, is never small."""
    order = np.argsort(group, kind="stable")
    begins = np.searchsorted(group[order], np.arange(group.max() + 1))
    low = np.minimum.reduceat((means - reach[:, None])[order], begins)
    high = np.maximum.reduceat((means + reach[:, None])[order], begins)
    size, away = (high - low).max(axis=1), np.linalg.norm((low + high) / 2 - eye, axis=1)
    small = size <= np.maximum(SMALL_M, SMALL_SHARE * away)
    small[np.argmax(np.bincount(group))] = False
    return np.asarray(small, np.bool_)


def _untouched(
    means: NDArray[np.float64], reach: NDArray[np.float64], group: NDArray[np.int32], small: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(N,) splats of small groups that touch nothing of the large ones: in dense places the nearest neighbours alone miss some links."""
    from scipy.spatial import cKDTree

    small = small.copy()
    for _ in range(MOST_ROUNDS):
        loose = np.flatnonzero(small[group])
        settled = np.flatnonzero(~small[group])
        if not len(loose):
            break
        gaps, near = cKDTree(means[settled]).query(means[loose], min(NEIGHBOURS, len(settled)), workers=-1)
        gaps, near = gaps.reshape(len(loose), -1), near.reshape(len(loose), -1)
        touching = (gaps <= reach[loose][:, None] + reach[settled][near]).any(axis=1)
        if not touching.any():
            break
        small[group[loose[touching]]] = False
    return np.asarray(small[group], np.bool_)
