"""Ray casting: one caster over triangles (embree), on all cores.

The compiled caster lets go of Python's lock while it works, so plain threads share a batch. Results do not depend on how the batch
was cut.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from embreex import rtcore, rtcore_scene
from embreex.mesh_construction import TriangleMesh
from numpy.typing import NDArray

from pipelines.cores import core_count
from pipelines.scene import Floats

BATCH = 65_536  # rays per task: large enough to amortise the call, small enough to share evenly
_POOL = ThreadPoolExecutor(max_workers=core_count(), thread_name_prefix="rays")


class Caster:
    """Answers what rays meet among (T, 3, 3) triangles."""

    def __init__(self, corners: Floats) -> None:
        self.count = len(corners)
        self._device = rtcore.EmbreeDevice()
        self._scene = rtcore_scene.EmbreeScene(self._device, True)
        self._mesh = TriangleMesh(self._scene, np.ascontiguousarray(corners, np.float32)) if self.count else None
        if self.count:  # the tree is built at the first query; do it here, before threads meet it
            self._scene.run(np.zeros((1, 3), np.float32), np.array([[0, 1, 0]], np.float32), query="OCCLUDED")

    def blocked(self, origins: Floats, directions: Floats, reach_m: Floats | None = None) -> NDArray[np.bool_]:
        """Whether anything lies on each ray within `reach_m` (N,), or at all."""
        if not self.count:
            return np.zeros(len(origins), np.bool_)
        return self._run(origins, directions, reach_m, "OCCLUDED") >= 0

    def first_hits(self, origins: Floats, directions: Floats) -> NDArray[np.int32]:
        """The triangle that each ray meets first, −1 for none."""
        if not self.count:
            return np.full(len(origins), -1, np.int32)
        return self._run(origins, directions, None, "INTERSECT").astype(np.int32)

    def trace(self, origins: Floats, directions: Floats) -> tuple[NDArray[np.int32], Floats]:
        """The triangle that each ray meets first (−1 for none) and how far away (metres, inf for none)."""
        return self.first_hits(origins, directions), self.distances(origins, directions)

    def distances(self, origins: Floats, directions: Floats) -> Floats:
        """Metres to the first triangle, inf for none."""
        if not self.count:
            return np.full(len(origins), np.inf, np.float32)
        found = self._run(origins, directions, None, "DISTANCE").astype(np.float32)
        return np.where(found > 1e30, np.float32(np.inf), found)

    def _run(self, origins: Floats, directions: Floats, reach_m: Floats | None, query: str) -> NDArray[Any]:
        def one(begin: int) -> NDArray[Any]:
            cut = slice(begin, begin + BATCH)
            o, d = np.ascontiguousarray(origins[cut], np.float32), np.ascontiguousarray(directions[cut], np.float32)
            if reach_m is None:
                return np.asarray(self._scene.run(o, d, query=query))
            reach = np.ascontiguousarray(np.maximum(reach_m[cut], 1e-6), np.float32)
            return np.asarray(self._scene.run(o, d, reach, query=query))

        begins = range(0, len(origins), BATCH)
        if len(begins) <= 1:
            return one(0)
        return np.concatenate(list(_POOL.map(one, begins)))
