"""Numba's settings: where machine code is cached, how kernels are compiled, how their pieces share the cores.

Kernels release the interpreter lock and are handed to plain Python threads piece by piece. That way two renderings may run at
once (numba's own `workqueue` layer aborts the process then), a fork is safe, and no result depends on the number of cores.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array argument of a kernel; what it holds is said where the array is made."""

f32 = cast(Callable[[float], float], np.float32)
"""A number as 32-bit float: literals are doubles otherwise, and a row of doubles fills two vectors."""

u64 = cast(Callable[[float], int], np.uint64)
"""An unsigned index, which spares the wrap-around code of negative ones."""

Function = TypeVar("Function", bound=Callable[..., object])

# Reordering of sums and reciprocals is welcome; NaN and infinity keep their meaning, because damaged splats must not crash a kernel.
_RELAXED = {"contract", "reassoc", "nsz", "arcp", "afn"}


def _settle_cache_folder() -> None:
    """Numba stores machine code beside the source, or in the home folder. Where neither can be written, use the temporary folder."""
    if numba.config.CACHE_DIR:
        return
    beside = Path(__file__).parent
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~")) / ".cache")  # noqa: PTH111 - never raises
    writable = os.access(beside, os.W_OK) or any(os.access(place, os.W_OK) for place in (home, home.parent) if place.is_dir())
    if not writable:
        user = os.getuid() if hasattr(os, "getuid") else 0  # a container's user may have no name
        numba.config.CACHE_DIR = str(Path(tempfile.gettempdir()) / f"worldloom-numba-{user}")


_settle_cache_folder()


def kernel(function: Function) -> Function:
    """Compile `function` to machine code that runs without the interpreter lock; compiled code is kept on disk."""
    return cast(Function, numba.njit(fastmath=_RELAXED, cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: Function) -> Function:
    """Compile `function` into the kernels that call it: for the bodies of inner loops."""
    return cast(Function, numba.njit(fastmath=_RELAXED, error_model="numpy", forceinline=True)(function))


def core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_pool: ThreadPoolExecutor | None = None


def _forget_pool() -> None:
    global _pool
    _pool = None  # threads do not survive a fork


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def run_pieces(function: Callable[..., object], pieces: int, *arguments: object) -> None:
    """Call `function(piece, *arguments)` for every piece, spread over the cores; returns when all are done."""
    global _pool
    cores = core_count()
    if cores == 1 or pieces == 1:
        for piece in range(pieces):
            function(piece, *arguments)
        return
    if _pool is None:
        _pool = ThreadPoolExecutor(cores, thread_name_prefix="splat")
    for future in [_pool.submit(function, piece, *arguments) for piece in range(pieces)]:
        future.result()
