"""Placing: splats of thin strips against the strip itself, however it is cut into triangles."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.placing import place, points_in, rounded_spacing
from pipelines.layout.surfaces import areas_and_normals, facets_of, split, strips
from pipelines.scene import Mesh

LENGTH_M, SPACING_M = 1.0, 0.03


def _placed(width_m: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, frames and sizes of the splats of a level strip from the origin along x, its width along y, cut into pieces."""
    corners = np.array([[0, 0, 0], [LENGTH_M, 0, 0], [LENGTH_M, width_m, 0], [0, width_m, 0]], np.float32)
    whole = facets_of(Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32)), crease_deg=30)
    facets, cut_from = split(whole, np.full(2, 0.25, np.float32))
    areas, normals = areas_and_normals(facets.corners)
    spacing = rounded_spacing(np.full(len(facets), SPACING_M, np.float32))
    row, inside = points_in(facets.corners, normals, areas, spacing, seed=3)
    covered = np.full(len(facets), 0.62, np.float32)
    lines = strips(whole)[cut_from]
    means, _, frames, sizes = place(facets.corners, facets.normals, facets.sharp, lines, spacing, row, inside, covered)
    return means, frames, sizes


@pytest.mark.parametrize("width_m", [0.006, 0.012, 0.025])
def test_no_splat_of_a_thin_strip_sticks_out_of_it(width_m: float) -> None:
    means, frames, sizes = _placed(width_m)
    assert len(means) >= 4
    assert np.allclose(means[:, 1], width_m / 2, atol=1e-5)
    assert (np.abs(frames[:, 0, 0]) > 0.999).all(), "the long axis of every splat runs along the strip"
    assert (sizes[:, 1] <= 0.5 * width_m + 1e-6).all(), "one standard deviation ends within it"
    inner = np.abs(means[:, 0] - LENGTH_M / 2) < 0.4
    assert (sizes[inner, 0] > 1.4 * sizes[inner, 1]).all(), "and is longer than across, to close the gap to the next one"


def test_a_square_is_no_strip() -> None:
    sheet = Mesh(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    assert not strips(facets_of(sheet, crease_deg=30))[:, 6].any()
