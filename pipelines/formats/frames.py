"""Axes and units of files; the only home of flipped axes.

A frame says how the numbers in a file relate to the world (x right, y up, z towards the viewer, metres):
    y-up   x right, y up, z back          glTF, three.js, SPZ (which calls it RUB), Omniverse, Houdini
    z-up   x right, y forward, z up       Blender, Unreal after its own mirror, OpenUSD stages of most tools
    rdf    x right, y down, z forward     INRIA PLY, SOG, COLMAP, OpenCV
All three are right-handed, so that a change of frame is a rotation and, for centimetres, a uniform scale; spherical harmonics are
rotated with the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.gaussians import COEFFICIENTS_OF_DEGREE, Gaussians

Floats = NDArray[np.float32]


class Axes(StrEnum):
    """Which way the axes of a file point."""

    Y_UP = "y-up"
    Z_UP = "z-up"
    RDF = "rdf"


class Unit(StrEnum):
    """The length that 1 means in a file."""

    METRE = "m"
    CENTIMETRE = "cm"


_ROTATIONS = {
    Axes.Y_UP: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    Axes.Z_UP: ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    Axes.RDF: ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
}
_PER_METRE = {Unit.METRE: 1.0, Unit.CENTIMETRE: 100.0}


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes and the unit of a file."""

    axes: Axes = Axes.Y_UP
    unit: Unit = Unit.METRE

    @property
    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) axes_from_world."""
        return np.array(_ROTATIONS[self.axes], dtype=np.float64)

    @property
    def scale(self) -> float:
        """How many of the file's units a metre is."""
        return _PER_METRE[self.unit]

    @property
    def is_world(self) -> bool:
        """Whether the file's numbers are the world's own."""
        return self == WORLD


WORLD = Frame()
RDF = Frame(Axes.RDF)


def into_frame(gaussians: Gaussians, frame: Frame) -> Gaussians:
    """World → file."""
    return gaussians if frame.is_world else _turned(gaussians, frame.rotation, frame.scale)


def out_of_frame(gaussians: Gaussians, frame: Frame) -> Gaussians:
    """File → world."""
    return gaussians if frame.is_world else _turned(gaussians, frame.rotation.T, 1 / frame.scale)


def _turned(gaussians: Gaussians, rotation: NDArray[np.float64], scale: float) -> Gaussians:
    matrix = rotation.astype(np.float32)
    diagonal = np.diagonal(matrix)
    if np.array_equal(matrix, np.diag(diagonal)):
        # An ellipsoid is its own mirror image along its own axes, so conjugation serves, and keeps w as it is.
        means = gaussians.means * (diagonal * np.float32(scale))
        rotations = gaussians.rotations * np.concatenate([[1], diagonal]).astype(np.float32)
    else:
        means = gaussians.means @ (matrix.T * np.float32(scale))
        rotations = _after(rotation, gaussians.rotations)
    scales = gaussians.scales if scale == 1 else gaussians.scales * np.float32(scale)
    return Gaussians(means, scales, rotations, gaussians.opacities, turn_harmonics(gaussians.harmonics, rotation), gaussians.thing)


def _after(rotation: NDArray[np.float64], rotations: Floats) -> Floats:
    """Quaternions (N, 4) w, x, y, z of first `rotations`, then `rotation` about the x axis, the only one that frames need."""
    half = 0.5 * np.arctan2(rotation[2, 1], rotation[1, 1])
    cosine, sine = np.float32(np.cos(half)), np.float32(np.sin(half))
    w, x, y, z = rotations.T
    turned = [cosine * w - sine * x, cosine * x + sine * w, cosine * y - sine * z, cosine * z + sine * y]
    return np.stack(turned, axis=1).astype(np.float32)


def turn_harmonics(harmonics: Floats, rotation: NDArray[np.float64]) -> Floats:
    """Coefficients (N, K, 3) such that colour'(R·direction) = colour(direction)."""
    degree = COEFFICIENTS_OF_DEGREE.index(harmonics.shape[1])
    if degree == 0:
        return harmonics
    turn = _harmonic_rotation(tuple(rotation.ravel()), degree)
    signs = np.diagonal(turn)
    if np.array_equal(turn, np.diag(signs)):
        return harmonics * signs.astype(np.float32)[:, None]
    turned: Floats = np.einsum("jk,nkc->njc", turn.astype(np.float32), harmonics, optimize=True).astype(np.float32)
    return turned


@lru_cache(maxsize=32)
def _harmonic_rotation(rotation: tuple[float, ...], degree: int) -> NDArray[np.float64]:
    """(K, K): solves Y(R·d)·c' = Y(d)·c on a sphere of directions. Rounded, so that a flip of axes gives exact signs."""
    index = np.arange(64) + 0.5
    z = 1 - 2 * index / 64
    angle = index * np.pi * (3 - np.sqrt(5))
    directions = np.stack([np.cos(angle) * np.sqrt(1 - z * z), np.sin(angle) * np.sqrt(1 - z * z), z], axis=1)
    turned = directions @ np.array(rotation).reshape(3, 3).T
    solved = np.linalg.lstsq(harmonic_basis(turned, degree), harmonic_basis(directions, degree), rcond=None)[0]
    return np.round(solved, 12) + 0.0


def harmonic_basis(directions: NDArray[np.floating], degree: int) -> NDArray[np.float64]:
    """Real spherical harmonics (N, K) at unit directions (N, 3), in the order and sign of the INRIA layout."""
    x, y, z = np.asarray(directions, dtype=np.float64).T
    xx, yy, zz = x * x, y * y, z * z
    columns = [
        np.full_like(x, 0.28209479177387814),
        -0.4886025119029199 * y,
        0.4886025119029199 * z,
        -0.4886025119029199 * x,
        1.0925484305920792 * x * y,
        -1.0925484305920792 * y * z,
        0.31539156525252005 * (2 * zz - xx - yy),
        -1.0925484305920792 * x * z,
        0.5462742152960396 * (xx - yy),
        -0.5900435899266435 * y * (3 * xx - yy),
        2.890611442640554 * x * y * z,
        -0.4570457994644658 * y * (4 * zz - xx - yy),
        0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
        -0.4570457994644658 * x * (4 * zz - xx - yy),
        1.445305721320277 * z * (xx - yy),
        -0.5900435899266435 * x * (xx - 3 * yy),
    ]
    return np.stack(columns[: COEFFICIENTS_OF_DEGREE[degree]], axis=1)
