"""Kernel that gives every vertex a normal, and edges two: what engines need to shade a mesh."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.scene import Mesh

Floats = NDArray[np.float32]


def shaded(mesh: Mesh, *, crease_deg: float) -> tuple[Floats, Floats, NDArray[np.uint32]]:
    """Vertices (V, 3), unit normals (V, 3) and faces (F, 3); vertices on edges sharper than the crease stand there once a side."""
    corners = mesh.faces.ravel()
    order = np.argsort(corners, kind="stable")
    starts = np.searchsorted(corners[order], np.arange(len(mesh.vertices) + 1))
    cosine = math.cos(math.radians(crease_deg))
    source, normals, faces = _split(mesh.vertices, mesh.faces, order, starts, cosine)
    return mesh.vertices[source], normals, faces


@njit(cache=True, nogil=True)
def _split(vertices, faces, order, starts, cosine):  # type: ignore[no-untyped-def]
    count = faces.shape[0]
    unit, area = np.zeros((count, 3)), np.zeros(count)
    for face in range(count):
        a, b, c = vertices[faces[face, 0]], vertices[faces[face, 1]], vertices[faces[face, 2]]
        ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        area[face] = length
        if length > 0:
            unit[face, 0], unit[face, 1], unit[face, 2] = nx / length, ny / length, nz / length
    source = np.empty(3 * count, np.int64)
    normals = np.empty((3 * count, 3), np.float32)
    out = np.empty((count, 3), np.uint32)
    made = 0
    for vertex in range(vertices.shape[0]):
        first = made
        for place in range(starts[vertex], starts[vertex + 1]):
            face, corner = order[place] // 3, order[place] % 3
            x, y, z = 0.0, 0.0, 0.0
            for other in range(starts[vertex], starts[vertex + 1]):
                near = order[other] // 3
                along = unit[face, 0] * unit[near, 0] + unit[face, 1] * unit[near, 1] + unit[face, 2] * unit[near, 2]
                if near == face or along >= cosine:
                    x += unit[near, 0] * area[near]
                    y += unit[near, 1] * area[near]
                    z += unit[near, 2] * area[near]
            length = math.sqrt(x * x + y * y + z * z)
            if length > 0:
                x, y, z = x / length, y / length, z / length
            else:
                x, y, z = 0.0, 1.0, 0.0  # a face without an area: any direction does, but it must be one
            same = -1
            for known in range(first, made):
                if normals[known, 0] * x + normals[known, 1] * y + normals[known, 2] * z > 0.9999:
                    same = known
                    break
            if same < 0:
                same = made
                source[made] = vertex
                normals[made, 0], normals[made, 1], normals[made, 2] = x, y, z
                made += 1
            out[face, corner] = same
    return source[:made], normals[:made], out
