"""Placing: splats of thin strips against the strip itself, however it is cut into triangles."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.layout.placing import place, points_in, rounded_spacing
from pipelines.layout.surfaces import areas_and_normals, facets_of, split, strips
from pipelines.scene import Mesh
from pipelines.things.solids import cylinder

LENGTH_M, SPACING_M = 1.0, 0.03


def _placed(
    mesh: Mesh, *, crease_deg: float, piece_m: float, spacing_m: float, on_ground: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Means, normals, frames and sizes of a mesh's splats, its triangles cut into pieces."""
    whole = facets_of(mesh, crease_deg=crease_deg)
    facets, cut_from = split(whole, np.full(len(whole), piece_m, np.float32))
    areas, normals = areas_and_normals(facets.corners)
    spacing = rounded_spacing(np.full(len(facets), spacing_m, np.float32))
    ground = np.full(len(facets), on_ground)
    row, inside = points_in(facets.corners, normals, areas, spacing, ground, seed=3)
    covered = np.full(len(facets), 0.74 if on_ground else 0.62, np.float32)
    lines = strips(whole)[cut_from]
    means, normals, frames, sizes = place(facets.corners, facets.normals, facets.sharp, lines, spacing, row, inside, covered, ground)
    return means, normals, frames, sizes


@pytest.mark.parametrize("width_m", [0.006, 0.012, 0.025])
def test_no_splat_of_a_thin_strip_sticks_out_of_it(width_m: float) -> None:
    corners = np.array([[0, 0, 0], [LENGTH_M, 0, 0], [LENGTH_M, width_m, 0], [0, width_m, 0]], np.float32)
    strip = Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    means, _, frames, sizes = _placed(strip, crease_deg=30, piece_m=0.25, spacing_m=SPACING_M)
    assert len(means) >= 4
    assert np.allclose(means[:, 1], width_m / 2, atol=1e-5)
    assert (np.abs(frames[:, 0, 0]) > 0.999).all(), "the long axis of every splat runs along the strip"
    assert (sizes[:, 1] <= 0.5 * width_m + 1e-6).all(), "one standard deviation ends within it"
    inner = np.abs(means[:, 0] - LENGTH_M / 2) < 0.4
    assert (sizes[inner, 0] > 1.4 * sizes[inner, 1]).all(), "and is longer than across, to close the gap to the next one"


def test_a_square_is_no_strip() -> None:
    sheet = Mesh(np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    assert not strips(facets_of(sheet, crease_deg=30))[:, 6].any()


def test_splats_of_a_pole_run_along_it_to_its_very_ends() -> None:
    """A mast of 5 m with sharp rims: what lies far from its rims is not laid along them."""
    means, normals, frames, sizes = _placed(cylinder(0.06, 5.0, sides=10), crease_deg=40, piece_m=3.0, spacing_m=0.25)
    side = np.abs(normals[:, 1]) < 0.5
    assert side.sum() > 20
    assert (np.abs(frames[side, 1, 0]) > 0.99).all()
    assert (sizes[side, 1] < 0.07).all(), "no wider than the pole"
    assert (np.abs(means[side, 1]) + sizes[side, 0] < 2.6).all(), "and not longer"


def test_a_cliff_of_slivers_is_closed_and_has_no_needles() -> None:
    """A folded wall of 16 x 16 m, its triangles 0.4 m wide and as high as it is, as height fields have them."""
    x = np.arange(41) * 0.4
    depth = np.where(np.arange(41) % 2, 0.25, 0.0)
    low, high = (np.stack([x, np.full(41, y), depth], axis=1) for y in (0.0, 16.0))
    left = np.arange(40)
    faces = np.concatenate([np.stack([left, left + 1, left + 42], axis=1), np.stack([left, left + 42, left + 41], axis=1)])
    cliff = Mesh(np.concatenate([low, high]).astype(np.float32), faces.astype(np.int32))
    means, _, frames, sizes = _placed(cliff, crease_deg=80, piece_m=4.0, spacing_m=0.8, on_ground=True)
    assert (sizes[:, 0] <= 1.7 * sizes[:, 1]).all()
    grid = np.stack(np.meshgrid(np.linspace(1, 15, 90), np.linspace(1, 15, 90)), axis=-1).reshape(-1, 2)
    clear = np.ones(len(grid))
    for mean, frame, size in zip(means, frames, sizes, strict=True):
        spread = (frame * size) @ (frame * size).T  # seen from in front, along z
        offset = grid - mean[:2]
        clear *= 1 - 0.98 * np.exp(-0.5 * np.einsum("ni,ij,nj->n", offset, np.linalg.inv(spread[:2, :2] + 1e-9 * np.eye(2)), offset))
    assert (clear > 0.25).mean() < 0.01
