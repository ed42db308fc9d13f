"""Axes and units: a splat seen from anywhere keeps its place, shape and colour."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.formats import RDF, WORLD, Axes, Frame, Unit
from pipelines.formats.frames import harmonic_basis, into_frame, out_of_frame
from tests.formats.scenes import covariances, splats

FRAMES = [Frame(axes, unit) for axes in Axes for unit in Unit]


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_there_and_back_is_the_same(frame: Frame) -> None:
    before = splats(200, degree=3)
    after = out_of_frame(into_frame(before, frame), frame)
    np.testing.assert_allclose(after.means, before.means, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(covariances(after), covariances(before), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(after.harmonics, before.harmonics, atol=1e-5)


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_points_shapes_and_colours_turn_together(frame: Frame) -> None:
    """Derived a second way: rotate the eye instead of the splat."""
    before = splats(50, degree=3)
    after = into_frame(before, frame)
    turn, scale = frame.rotation, frame.scale
    np.testing.assert_allclose(after.means, before.means @ turn.T * scale, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(covariances(after), turn @ covariances(before) @ turn.T * scale**2, rtol=1e-3, atol=1e-6 * scale**2)
    rng = np.random.default_rng(1)
    directions = rng.normal(size=(40, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    seen = np.einsum("dk,nkc->ndc", harmonic_basis(directions, 3), before.harmonics)
    seen_turned = np.einsum("dk,nkc->ndc", harmonic_basis(directions @ turn.T, 3), after.harmonics)
    np.testing.assert_allclose(seen_turned, seen, atol=1e-5)


def test_where_up_and_forward_point() -> None:
    """Up is y; a viewer looks along −z. RDF has y down and z forward, z-up has y forward and z up."""
    up, forward, right = np.array([0, 1, 0]), np.array([0, 0, -1]), np.array([1, 0, 0])
    assert [list(RDF.rotation @ axis) for axis in (right, up, forward)] == [[1, 0, 0], [0, -1, 0], [0, 0, 1]]
    assert [list(Frame(Axes.Z_UP).rotation @ axis) for axis in (right, up, forward)] == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert all(np.isclose(np.linalg.det(frame.rotation), 1) for frame in FRAMES)


def test_flipping_two_axes_flips_the_known_harmonics() -> None:
    """Under (x, −y, −z) a harmonic keeps its sign when it is even in y and z together."""
    before = splats(1, degree=3)
    signs = into_frame(before, RDF).harmonics / before.harmonics
    expected = [1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1]
    np.testing.assert_array_equal(signs[0], np.repeat(np.array(expected, np.float32)[:, None], 3, axis=1))


def test_orthonormal_harmonics() -> None:
    """The basis is orthonormal over the sphere: ∫ Y_j Y_k = δ_jk, by quadrature on a fine grid."""
    cosines, weights = np.polynomial.legendre.leggauss(16)
    angles = 2 * np.pi * np.arange(32) / 32
    z, angle = (grid.ravel() for grid in np.meshgrid(cosines, angles, indexing="ij"))
    directions = np.stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z], axis=1)
    area = np.repeat(weights, 32) * 2 * np.pi / 32
    basis = harmonic_basis(directions, 3)
    np.testing.assert_allclose(basis.T @ (basis * area[:, None]), np.eye(16), atol=1e-12)


def test_the_world_is_left_alone() -> None:
    before = splats(3)
    assert into_frame(before, WORLD) is before
