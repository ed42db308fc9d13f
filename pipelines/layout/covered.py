"""What nobody can see: surfels inside a solid, those that another surface lies right upon, and the far sides of cloths and boards.

Such surfels are dark, and their splats are as wide as the layers are apart: left in place they would stain the surface in front of
them, in the picture and where light is smoothed among neighbours. (A splat has two sides: the near side of a cloth is its far side too.)
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.gather import Surface
from pipelines.layout.surfaces import Facets, areas_and_normals
from pipelines.layout.surfels import take_surfels
from pipelines.rays import Caster
from pipelines.scene import Floats, Surfels

LIFT_M = 0.0015  # rays start this far off their own surface
NEAREST_M, SPREADS, FARTHEST_M = 0.004, 0.8, 0.03  # how near a cover hides: 4 mm + 0.8 standard deviations, at most 3 cm

TUCKED_FROM_M, TUCKS, TUCK = 4.0, 3, 0.5  # from how far off rims must not show; steps and the factor of each
REACH, LIFTED = 2.0, 0.3  # standard deviations that show; that far from a surface a rim is in the air


class Cover:
    """The opaque triangles of a scene as what may hide surfels."""

    def __init__(self, facets: Facets, surfaces: list[Surface]) -> None:
        opaque = np.array([surface.material.opacity >= 0.9 for surface in surfaces])
        solid = np.array([not surface.double_sided for surface in surfaces])
        mine = opaque[facets.source]
        self._rows = np.flatnonzero(mine)
        corners = facets.corners[mine]
        self.caster = Caster(corners)
        self._outward = areas_and_normals(corners)[1] * solid[facets.source[mine]][:, None]  # sheets have no inside

    def uncovered(self, surfels: Surfels, hidden: NDArray[np.bool_]) -> Surfels:
        """Those that can be seen from some side. hidden (T,): the facets that no viewpoint sees."""
        normals = np.ascontiguousarray(surfels.frames[:, :, 2], np.float32)
        covered = self._covered(surfels, normals)
        doubtful = np.flatnonzero(covered)
        doubtful = doubtful[self._on_sheets(surfels.means[doubtful], normals[doubtful])]  # those have another side to be seen from
        covered[doubtful] = self._covered(take_surfels(surfels, doubtful), -normals[doubtful])
        doubtful = np.flatnonzero(surfels.hidden & ~covered)
        covered[doubtful] = self._behind_thin(take_surfels(surfels, doubtful), normals[doubtful], hidden[self._rows])
        return take_surfels(surfels, ~covered)

    def tucked_in(self, surfels: Surfels, eye: Floats) -> Surfels:
        """Those that the eye cannot see, far from it, made smaller where their rims would stick out behind what hides them."""
        sizes_m = surfels.sizes_m.copy()
        far = np.flatnonzero(surfels.hidden & (np.linalg.norm(surfels.means - eye, axis=1) > TUCKED_FROM_M))
        for _ in range(TUCKS):
            axes = surfels.frames[far].transpose(0, 2, 1)
            reach = (REACH * sizes_m[far, :2, None] * axes[:, :2]).astype(np.float32)
            rims = (surfels.means[far, None] + np.concatenate([reach, -reach], axis=1)).reshape(-1, 3)
            lift_m = (LIFTED * sizes_m[far, 1]).repeat(4)
            normals = np.ascontiguousarray(axes[:, 2].repeat(4, axis=0))
            in_air = ~self.caster.blocked((rims + normals * lift_m[:, None]).astype(np.float32), -normals, 2 * lift_m)
            in_air[in_air] = self._seen(rims[in_air], eye)
            far = far[in_air.reshape(-1, 4).any(axis=1)]
            sizes_m[far, :2] *= TUCK
        return replace(surfels, sizes_m=sizes_m)

    def _seen(self, points: Floats, eye: Floats) -> NDArray[np.bool_]:
        """Whether nothing stands between the eye and each point."""
        return ~self.caster.blocked(eye[None], points - eye, np.array([0.99]))

    def _covered(self, surfels: Surfels, normals: Floats) -> NDArray[np.bool_]:
        """Whether the sides that `normals` point away from cannot be seen."""
        start = (surfels.means + normals * np.float32(LIFT_M)).astype(np.float32)
        reach = np.minimum(NEAREST_M + SPREADS * surfels.sizes_m[:, 0], FARTHEST_M).astype(np.float32)
        covered = self.caster.blocked(start, normals, reach)
        doubtful = np.flatnonzero(~covered & surfels.hidden)
        covered[doubtful] = self._inside(start[doubtful], normals[doubtful])
        return covered

    def _behind_thin(self, surfels: Surfels, normals: Floats, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether they are the far side of something that is thinner than they are wide, and whose near side is seen."""
        if not len(surfels):
            return np.zeros(0, np.bool_)
        start = (surfels.means - normals * np.float32(LIFT_M / 2)).astype(np.float32)
        hits, thick_m = self.caster.trace(start, -normals)
        near = thick_m < np.minimum(NEAREST_M + SPREADS * surfels.sizes_m[:, 0], FARTHEST_M)
        outward = np.einsum("ij,ij->i", self._outward[hits], normals) < 0
        return np.asarray((hits >= 0) & near & outward & ~hidden[hits])

    def _on_sheets(self, means: Floats, normals: Floats) -> NDArray[np.bool_]:
        """Whether what lies under points on surfaces, which is those surfaces, has no inside."""
        under = self.caster.first_hits((means + normals * np.float32(LIFT_M / 2)).astype(np.float32), -normals)
        return np.asarray(~self._outward[under].any(axis=1) & (under >= 0))

    def _inside(self, start: Floats, towards: Floats) -> NDArray[np.bool_]:
        """Whether rays leave a solid: they meet the back of the first triangle that they meet at all."""
        hits = self.caster.first_hits(start, towards)
        inside = np.zeros(len(start), np.bool_)
        met = np.flatnonzero(hits >= 0)
        inside[met] = np.einsum("ij,ij->i", self._outward[hits[met]], towards[met]) > 0
        return inside
