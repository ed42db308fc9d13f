"""Gaussians: splats as plain arrays in plain units; join, cut, move.

Values are activated: scales are standard deviations in metres, opacities lie in 0 … 1, rotations are unit quaternions (w, x, y, z)
that turn a splat's own axes into the world. `harmonics` are real spherical-harmonic coefficients of the display-sRGB colour in the
order and sign of the INRIA 3DGS layout: colour(direction) = 0.5 + Σ Y_k(direction) · harmonics[:, k], `direction` pointing from the
eye to the splat, in the world frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SH_C0 = 0.28209479177387814  # Y_0, the constant harmonic
COEFFICIENTS_OF_DEGREE = (1, 4, 9, 16)


@dataclass(frozen=True)
class Gaussians:
    """N splats. `thing` is the id of the thing that a splat belongs to, 0 for the background."""

    means: Floats  # (N, 3) metres
    scales: Floats  # (N, 3) metres, standard deviations
    rotations: Floats  # (N, 4) unit quaternions w, x, y, z
    opacities: Floats  # (N,) 0 … 1
    harmonics: Floats  # (N, K, 3) display sRGB; K = 1, 4, 9 or 16
    thing: NDArray[np.int32]  # (N,)

    def __post_init__(self) -> None:
        count = len(self.means)
        shapes = {
            "means": (count, 3),
            "scales": (count, 3),
            "rotations": (count, 4),
            "opacities": (count,),
            "thing": (count,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"Gaussians.{name} has shape {getattr(self, name).shape}, not {shape}")
        if self.harmonics.ndim != 3 or self.harmonics.shape[0] != count or self.harmonics.shape[1] not in COEFFICIENTS_OF_DEGREE:
            raise ValueError(f"Gaussians.harmonics has shape {self.harmonics.shape}, not ({count}, 1|4|9|16, 3)")

    def __len__(self) -> int:
        return len(self.means)

    @property
    def degree(self) -> int:
        """Degree of the spherical harmonics, 0 … 3."""
        return COEFFICIENTS_OF_DEGREE.index(self.harmonics.shape[1])

    @property
    def colours(self) -> Floats:
        """(N, 3) the direction-independent part of the colour, display sRGB, not clipped."""
        return (0.5 + SH_C0 * self.harmonics[:, 0]).astype(np.float32)

    def take(self, index: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Gaussians:
        """The splats at `index` (numbers, a mask or a slice), in that order."""
        return Gaussians(
            self.means[index],
            self.scales[index],
            self.rotations[index],
            self.opacities[index],
            self.harmonics[index],
            self.thing[index],
        )

    def with_degree(self, degree: int) -> Gaussians:
        """The same splats with harmonics cut to, or filled up with zeros to, `degree`."""
        wanted, have = COEFFICIENTS_OF_DEGREE[degree], self.harmonics.shape[1]
        if wanted == have:
            return self
        harmonics = np.zeros((len(self), wanted, 3), np.float32)
        harmonics[:, : min(wanted, have)] = self.harmonics[:, :wanted]
        return Gaussians(self.means, self.scales, self.rotations, self.opacities, harmonics, self.thing)

    def moved(self, offset_m: tuple[float, float, float]) -> Gaussians:
        """The same splats, all moved by `offset_m`."""
        means = self.means + np.array(offset_m, np.float32)
        return Gaussians(means, self.scales, self.rotations, self.opacities, self.harmonics, self.thing)


def from_colours(
    means: Floats, scales: Floats, rotations: Floats, opacities: Floats, *, colours: Floats, thing: NDArray[np.int32]
) -> Gaussians:
    """Gaussians whose colour (N, 3 display sRGB) does not depend on the direction."""
    harmonics = ((colours - 0.5) / SH_C0).astype(np.float32)[:, None, :]
    return Gaussians(means, scales, rotations, opacities, harmonics, thing)


def join(groups: Sequence[Gaussians]) -> Gaussians:
    """All groups in one, in order, at the highest degree among them."""
    if not groups:
        raise ValueError("join needs at least one group of Gaussians")
    degree = max(group.degree for group in groups)
    padded = [group.with_degree(degree) for group in groups]
    return Gaussians(*(np.concatenate([getattr(group, name) for group in padded]) for name in Gaussians.__dataclass_fields__))


def quaternions_from_frames(frames: NDArray[np.floating]) -> Floats:
    """Rotation matrices (N, 3, 3), whose columns are a splat's own axes in the world → unit quaternions (N, 4) w, x, y, z.

    Shepperd's method, choosing per row the largest of the four squared components so that nothing is divided by a small number.
    """
    m = np.asarray(frames, dtype=np.float64)
    xx, yy, zz = m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]
    squares = np.stack([1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz], axis=1)  # 4w² 4x² 4y² 4z²
    wx, wy, wz = m[:, 2, 1] - m[:, 1, 2], m[:, 0, 2] - m[:, 2, 0], m[:, 1, 0] - m[:, 0, 1]
    xy, xz, yz = m[:, 0, 1] + m[:, 1, 0], m[:, 0, 2] + m[:, 2, 0], m[:, 1, 2] + m[:, 2, 1]
    largest = np.argmax(squares, axis=1)
    quaternion = np.empty((len(m), 4))
    for i, row in enumerate(((None, wx, wy, wz), (wx, None, xy, xz), (wy, xy, None, yz), (wz, xz, yz, None))):
        mine = np.flatnonzero(largest == i)
        for j, value in enumerate(row):
            quaternion[mine, j] = squares[mine, i] if value is None else value[mine]
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    return quaternion.astype(np.float32)


def frames_from_quaternions(rotations: NDArray[np.floating]) -> Floats:
    """Quaternions (N, 4) w, x, y, z → rotation matrices (N, 3, 3) whose columns are a splat's own axes in the world."""
    w, x, y, z = (np.asarray(rotations, dtype=np.float32) / np.linalg.norm(rotations, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows, dtype=np.float32), -1, 0)
