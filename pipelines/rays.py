"""Ray casting: one caster over triangles (Embree), on all cores.

Embree is called through its C interface, out of the library that embreex brings: embreex itself hands it triangles number by
number, which takes six times as long as building the tree. Results do not depend on how the rays are shared among the cores.
"""

from __future__ import annotations

import ctypes
import weakref
from typing import Any

import llvmlite.binding
import numpy as np
from embreex import rtcore_scene
from numba import types
from numpy.typing import NDArray

from pipelines.compiled import Array, kernel
from pipelines.cores import BATCH, batches, run_pieces

# Names and numbers of Embree 4's rtcore.h. What a library is linked with is found through it.
_EMBREE = ctypes.CDLL(rtcore_scene.__file__)
_TRIANGLES, _ROBUST, _INDEX, _VERTEX, _UINT3, _FLOAT3 = 0, 4, 0, 1, 0x5003, 0x9003
_ORIGIN, _NEAR, _DIRECTION, _TIME, _FAR, _MASK, _TRIANGLE = 0, 3, 4, 7, 8, 9, 17  # places in RTCRayHit, in words of four bytes
_WORDS, _ALIGNED = 24, 4
_NOTHING = np.uint32(0xFFFFFFFF)
_CAST = types.void(types.uintp, types.uintp, types.uintp)


def _embree(name: str, result: object, *arguments: object) -> Any:
    function = getattr(_EMBREE, name)
    function.restype, function.argtypes = result, arguments
    return function


def _compiled(name: str) -> Any:
    """A function of Embree that kernels may call."""
    llvmlite.binding.add_symbol(name, ctypes.cast(getattr(_EMBREE, name), ctypes.c_void_p).value)
    return types.ExternalFunction(name, _CAST)


_handle, _number = ctypes.c_void_p, ctypes.c_uint
_new_device = _embree("rtcNewDevice", _handle, ctypes.c_char_p)
_device_error = _embree("rtcGetDeviceError", ctypes.c_int, _handle)
_release_device = _embree("rtcReleaseDevice", None, _handle)
_new_scene = _embree("rtcNewScene", _handle, _handle)
_set_flags = _embree("rtcSetSceneFlags", None, _handle, ctypes.c_int)
_commit_scene = _embree("rtcCommitScene", None, _handle)
_release_scene = _embree("rtcReleaseScene", None, _handle)
_new_geometry = _embree("rtcNewGeometry", _handle, _handle, ctypes.c_int)
_commit_geometry = _embree("rtcCommitGeometry", None, _handle)
_attach_geometry = _embree("rtcAttachGeometry", _number, _handle, _handle)
_release_geometry = _embree("rtcReleaseGeometry", None, _handle)
_new_buffer = _embree("rtcSetNewGeometryBuffer", _handle, _handle, ctypes.c_int, _number, ctypes.c_int, ctypes.c_size_t, ctypes.c_size_t)
_intersect, _occluded = _compiled("rtcIntersect1"), _compiled("rtcOccluded1")


class Caster:
    """Answers what rays meet among (T, 3, 3) triangles.

    Rays start at (N, 3) and go along (N, 3), which need not be of unit length; one row serves all.
    """

    def __init__(self, corners: NDArray[np.floating]) -> None:
        self.count = len(corners)
        self._scene = 0
        if not self.count:
            return
        device = _new_device(None)
        if not device:
            raise RuntimeError(f"Embree does not start on this processor (its error {_device_error(None)})")
        self._scene = _new_scene(device)
        weakref.finalize(self, _release, self._scene, device)
        _set_flags(self._scene, _ROBUST)
        geometry = _new_geometry(device, _TRIANGLES)
        points = np.ascontiguousarray(corners, np.float32).reshape(-1, 3)
        _fill(geometry, _VERTEX, _FLOAT3, points)
        _fill(geometry, _INDEX, _UINT3, np.arange(len(points), dtype=np.uint32).reshape(-1, 3))
        _commit_geometry(geometry)
        _attach_geometry(self._scene, geometry)
        _release_geometry(geometry)
        _commit_scene(self._scene)
        if error := _device_error(device):
            raise MemoryError(f"Embree could not build its tree of {self.count:,} triangles (its error {error})")

    def blocked(
        self, origins: NDArray[np.floating], directions: NDArray[np.floating], reach_m: NDArray[np.floating] | None = None
    ) -> NDArray[np.bool_]:
        """Whether anything lies on each ray within `reach_m` (N,), counted in lengths of its direction, or at all."""
        reach = np.full(1, np.inf) if reach_m is None else np.maximum(reach_m, 1e-6)
        count = _count(origins, directions, reach)
        out = np.zeros(count, np.bool_)
        if self.count:
            rows = (_floats(origins), _floats(directions), _floats(reach))
            run_pieces(_find_blocked, batches(count), self._scene, *rows, out)
        return out

    def first_hits(self, origins: NDArray[np.floating], directions: NDArray[np.floating]) -> NDArray[np.int32]:
        """The triangle that each ray meets first, −1 for none."""
        return self.trace(origins, directions)[0]

    def distances(self, origins: NDArray[np.floating], directions: NDArray[np.floating]) -> NDArray[np.float32]:
        """How far off the first triangle is, inf for none."""
        return self.trace(origins, directions)[1]

    def trace(self, origins: NDArray[np.floating], directions: NDArray[np.floating]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The triangle that each ray meets first (−1 for none) and how far off it is, in lengths of its direction (inf for none)."""
        count = _count(origins, directions)
        triangle, distance = np.full(count, -1, np.int32), np.full(count, np.inf, np.float32)
        if self.count:
            run_pieces(_find_first, batches(count), self._scene, _floats(origins), _floats(directions), triangle, distance)
        return triangle, distance


def _count(*rows: NDArray[np.floating]) -> int:
    """How many rays these describe, where one row serves all; raises ValueError where they do not go together."""
    return int(np.broadcast_shapes(*((len(row),) for row in rows))[0])


def _floats(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(rows, np.float32)


def _fill(geometry: int, kind: int, form: int, rows: NDArray[Any]) -> None:
    """Hand Embree a copy of (N, 3) numbers of four bytes."""
    place = _new_buffer(geometry, kind, 0, form, 12, len(rows))
    if not place:
        raise MemoryError(f"Embree has no memory for {len(rows):,} corners")
    ctypes.memmove(place, rows.ctypes.data, rows.nbytes)


def _release(scene: int, device: int) -> None:
    _release_scene(scene)
    _release_device(device)


@kernel
def _find_blocked(piece: int, scene: int, origins: Array, directions: Array, reach: Array, out: Array) -> None:
    words = np.empty(_WORDS + _ALIGNED, np.uint32)
    at = (-(words.ctypes.data // 4)) % _ALIGNED
    numbers = words.view(np.float32)
    from_, along, far = min(len(origins) - 1, 1), min(len(directions) - 1, 1), min(len(reach) - 1, 1)  # 0 where one row serves all
    for i in range(piece * BATCH, min((piece + 1) * BATCH, len(out))):
        _aim(words, numbers, at, origins[i * from_], directions[i * along], reach[i * far])
        _occluded(scene, words[at:].ctypes.data, 0)
        out[i] = numbers[at + _FAR] < 0  # Embree's way to say so


@kernel
def _find_first(piece: int, scene: int, origins: Array, directions: Array, triangle: Array, distance: Array) -> None:
    words = np.empty(_WORDS + _ALIGNED, np.uint32)
    at = (-(words.ctypes.data // 4)) % _ALIGNED
    numbers = words.view(np.float32)
    from_, along = min(len(origins) - 1, 1), min(len(directions) - 1, 1)
    for i in range(piece * BATCH, min((piece + 1) * BATCH, len(triangle))):
        _aim(words, numbers, at, origins[i * from_], directions[i * along], np.inf)
        _intersect(scene, words[at:].ctypes.data, 0)
        if words[at + _TRIANGLE] != _NOTHING:
            triangle[i], distance[i] = words[at + _TRIANGLE], numbers[at + _FAR]


@kernel
def _aim(words: Array, numbers: Array, at: int, origin: Array, direction: Array, reach: float) -> None:
    """Make the ray that Embree is given."""
    words[at + _MASK : at + _WORDS] = _NOTHING
    words[at + _MASK + 2] = 0  # its flags
    numbers[at + _NEAR], numbers[at + _TIME], numbers[at + _FAR] = 0.0, 0.0, reach
    for k in range(3):
        numbers[at + _ORIGIN + k], numbers[at + _DIRECTION + k] = origin[k], direction[k]
