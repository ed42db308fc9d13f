"""Triangles for sampling: normals against closed forms, sharp edges by hand, area kept by splitting."""

from __future__ import annotations

import numpy as np
import trimesh

from pipelines.layout.surfaces import areas_and_normals, facets_of, split
from pipelines.scene import Mesh


def _mesh(shape: trimesh.Trimesh) -> Mesh:
    return Mesh(shape.vertices.astype(np.float32), shape.faces.astype(np.int32))


def test_a_sphere_is_smooth_and_its_normals_point_away_from_its_middle() -> None:
    facets = facets_of(_mesh(trimesh.creation.icosphere(3)), crease_deg=40)
    assert not facets.sharp.any()
    outward = facets.corners / np.linalg.norm(facets.corners, axis=2, keepdims=True)
    assert np.einsum("ijk,ijk->ij", facets.normals, outward).min() > 0.999


def test_a_box_has_flat_faces_and_sharp_edges_but_smooth_diagonals() -> None:
    facets = facets_of(_mesh(trimesh.creation.box((1, 2, 3))), crease_deg=40)
    _, face_normals = areas_and_normals(facets.corners)
    assert np.allclose(facets.normals, face_normals[:, None, :], atol=1e-5)
    sharp_edges = sum(bin(flags).count("1") for flags in facets.sharp)
    assert sharp_edges == 24  # twelve edges, each seen from two faces; the six diagonals are not sharp


def test_the_rim_of_an_open_sheet_is_sharp() -> None:
    sheet = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32), np.array([[0, 1, 2]], np.int32))
    assert facets_of(sheet, crease_deg=40).sharp.tolist() == [0b111]


def test_splitting_keeps_the_area_the_rim_and_the_bound_on_edges() -> None:
    facets = facets_of(_mesh(trimesh.creation.box((1, 2, 3))), crease_deg=40)
    pieces, row = split(facets, np.full(len(facets), 0.2))
    before, after = areas_and_normals(facets.corners)[0], areas_and_normals(pieces.corners)[0]
    assert np.allclose(np.bincount(row, after), before, rtol=1e-4)
    edges = np.linalg.norm(pieces.corners - np.roll(pieces.corners, -1, axis=1), axis=2)
    assert edges.max() <= 0.2 + 1e-6
    rim = sum(edges[:, k][(pieces.sharp >> k) & 1 == 1].sum() for k in range(3))
    assert np.isclose(rim, 2 * 4 * (1 + 2 + 3), rtol=1e-4)  # every edge of the box, seen from both its faces


def test_moving_facets_turns_their_normals_and_scales_their_area() -> None:
    facets = facets_of(_mesh(trimesh.creation.box((1, 1, 1))), crease_deg=40)
    matrix = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [0, 0, 0])
    matrix[:3, :3] *= 2.0
    moved = facets.moved(matrix)
    area, normals = areas_and_normals(moved.corners)
    assert np.isclose(area.sum(), 24, rtol=1e-4)
    assert np.allclose(moved.normals[:, 0], normals, atol=1e-4)
