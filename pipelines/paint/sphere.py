"""Sphere: what a picture of the whole sphere must fulfil: no step where its edges meet, no star at its poles. Measured, and mended.

Panoramas are equirectangular, (H, W, 3), W = 2 H: the left edge meets the right one, and each outermost row surrounds a pole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEIGHBOURS = 8  # steps on either side of the seam that the step over it is compared with
POLAR_RAD = np.radians(20.0)  # how far from a pole a row belongs to it
MEND_RAD = np.radians(35.0)  # how far from a pole rows are mended at most
SOUND = 1.2  # pole_error up to which poles are left alone
DETAILS_PX = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)  # finest detail at the equator, as a standard deviation, that is tried


def seam_error(picture: NDArray[np.integer] | NDArray[np.floating]) -> float:
    """How visible the line is where the edges meet: the mean step over it, as a multiple of the mean step between the columns beside it.

    picture: (H, W) or (H, W, 3).  Rows count by the length that they have on the sphere.  1 = as any other pair of columns; 0 for a
    picture without any steps.
    """
    values = _three(picture)
    rows = np.sin(_from_pole_rad(values.shape[0]))
    beside = min(NEIGHBOURS, values.shape[1] // 2 - 1)
    strip = np.roll(values, beside + 1, axis=1)[:, : 2 * beside + 2]  # the seam lies in its middle
    steps = np.abs(np.diff(strip, axis=1)).mean(axis=2)  # (H, 2 beside + 1)
    over = float(rows @ steps[:, beside])
    others = float((rows @ np.delete(steps, beside, axis=1)).mean())
    return _ratio(over, others)


def pole_error(picture: NDArray[np.integer] | NDArray[np.floating]) -> float:
    """How starry the poles are: change per angle along the rows within 20° of the poles, as a multiple of that at the equator.

    A picture of one level of detail everywhere has 1; rows that were painted as if they were as long as the equator have about 1 / sin(10°)
    = 6.  0 for a picture without any change.
    """
    values = _three(picture)
    angle = _from_pole_rad(values.shape[0])
    steps = np.abs(np.roll(values, -1, axis=1) - values).mean(axis=(1, 2))  # (H,) over one column, 2π / W of longitude
    per_rad = steps / np.sin(angle)
    polar, middle = angle < POLAR_RAD, angle > np.radians(60.0)
    weights = np.sin(angle)
    return _ratio(float(np.average(per_rad[polar], weights=weights[polar])), float(np.average(per_rad[middle], weights=weights[middle])))


def mend_poles(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same panorama, its poles no starrier than the rest: near a pole a row is a short circle and cannot hold as much as the equator.

    Each row within 35° of a pole is blurred around the circle as far as its pixels are narrower than those at the equator; the blur sets
    in gradually, and the rows beyond keep every byte. Of several strengths the weakest is taken that brings `pole_error` down to 1.2;
    a panorama that has no more than that is returned as it is.
    """
    if pole_error(picture) <= SOUND:
        return picture
    mended = picture
    for detail_px in DETAILS_PX:
        mended = _blurred_poles(picture, detail_px)
        if pole_error(mended) <= SOUND:
            break
    return mended


def _blurred_poles(picture: NDArray[np.uint8], detail_px: float) -> NDArray[np.uint8]:
    """Rows near the poles without detail finer than `detail_px` is at the equator."""
    angle = _from_pole_rad(picture.shape[0])
    widening = np.maximum(1 / np.sin(angle) ** 2 - 1 / np.sin(MEND_RAD) ** 2, 0)
    near = widening > 0
    sigma_px = detail_px * np.sqrt(widening[near])  # widths of blurs that follow each other add up as squares
    frequency = np.fft.rfftfreq(picture.shape[1])  # cycles a pixel
    keep = np.exp(-2 * (np.pi * frequency[None, :] * sigma_px[:, None]) ** 2)  # of the Gaussian, in frequencies
    spectrum = np.fft.rfft(picture[near].astype(np.float32), axis=1) * keep[:, :, None]
    mended = picture.copy()
    mended[near] = np.clip(np.fft.irfft(spectrum, n=picture.shape[1], axis=1) + 0.5, 0, 255).astype(np.uint8)
    return mended


def _from_pole_rad(rows: int) -> NDArray[np.float64]:
    """(H,) angle of each row's centre from the nearer pole."""
    angle = (np.arange(rows) + 0.5) / rows * np.pi
    return np.minimum(angle, np.pi - angle)


def _three(picture: NDArray[np.integer] | NDArray[np.floating]) -> Floats:
    values = np.asarray(picture, np.float32)
    return values[:, :, None] if values.ndim == 2 else values


def _ratio(value: float, by: float) -> float:
    return value / by if by > 0 else 0.0 if value == 0 else float("inf")
