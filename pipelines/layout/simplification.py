"""Fewer triangles for what is far off: the smallest pieces of a mesh go, and what stays keeps its surface.

Collapsing edges alone (Garland and Heckbert 1997) takes thick trunks before thin twigs, for a straight pipe costs it nothing.
"""

from __future__ import annotations

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.layout.surfaces import areas_and_normals
from pipelines.scene import Floats, Mesh

FEW_FACES, FEW_OF_PLANTS = 120, 24  # a piece with no more is as simple as it gets: boxes and bars, and the stumps of branches
GENTLE = (0.25, 0.5)  # shares of its triangles that a pipe can do with
AREA_KEPT = 0.9  # of a piece: with less it would show


def simplified(mesh: Mesh, share: float, *, area: float, few: int = FEW_FACES) -> Mesh:
    """A mesh with about that share of the triangles, of the largest pieces that make up `area` of its surface (both 0 to 1).

    few: pieces of no more triangles stay as they are.
    """
    if share >= 1 or len(mesh.faces) <= few:
        return mesh
    piece = _pieces(mesh)
    areas = areas_and_normals(mesh.vertices[mesh.faces])[0]
    sizes = np.bincount(piece, areas)
    order = np.argsort(-sizes, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(sizes[order]), area * sizes.sum())) + 1]
    large = kept[np.bincount(piece)[kept] > few]
    parts = [_plainer(mesh, mesh.faces[piece == number], share) for number in large]
    small = mesh.faces[np.isin(piece, np.setdiff1d(kept, large))]
    if len(small):
        parts.append(_own(mesh, small))
    starts = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    return Mesh(
        np.concatenate([part.vertices for part in parts]).astype(np.float32),
        np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
    )


def _pieces(mesh: Mesh) -> NDArray[np.int32]:
    """The connected piece (F,) that every triangle belongs to."""
    a, b, c = mesh.faces.T
    count = len(mesh.vertices)
    edges = coo_array((np.ones(2 * len(a), np.int8), (np.concatenate([a, b]), np.concatenate([b, c]))), shape=(count, count))
    _, piece = connected_components(edges, directed=False)
    _, found = np.unique(piece[a], return_inverse=True)
    return found.astype(np.int32)


def _plainer(mesh: Mesh, faces: NDArray[np.int32], share: float) -> Mesh:
    """One piece with that share of its triangles, or more if its surface would dwindle."""
    own = _own(mesh, faces)
    before = _area(own.vertices, own.faces)
    for kept in (share, *(gentle for gentle in GENTLE if gentle > share)):
        points, fewer = fast_simplification.simplify(own.vertices, own.faces, target_reduction=1 - kept)
        if _area(points, fewer) >= AREA_KEPT * before:
            return Mesh(np.ascontiguousarray(points, np.float32), np.ascontiguousarray(fewer, np.int32))
    return own


def _own(mesh: Mesh, faces: NDArray[np.int32]) -> Mesh:
    """Those triangles with the vertices that they need."""
    used, corner = np.unique(faces, return_inverse=True)
    return Mesh(mesh.vertices[used], corner.reshape(-1, 3).astype(np.int32))


def _area(vertices: Floats, faces: NDArray[np.int32]) -> float:
    return float(areas_and_normals(np.asarray(vertices, np.float32)[faces])[0].sum())
