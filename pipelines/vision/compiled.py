"""Compiling: how this room's kernels become machine code, and how their pieces share the cores.

As in the room of the splats, kernels release the interpreter lock and are handed to plain Python threads: two runs may go on at
once (numba's own threads abort the process then), and no result depends on the number of cores.
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
"""A number as 32-bit float: literals are doubles otherwise."""

u64 = cast(Callable[[int], int], np.uint64)
"""A number of 64 bits without a sign: chance is drawn from such."""

Function = TypeVar("Function", bound=Callable[..., object])

# Sums may be reordered; NaN and infinity keep their meaning, for they say "not known" and "sky".
_RELAXED = {"contract", "reassoc", "nsz", "arcp", "afn"}


def _settle_cache_folder() -> None:
    """Numba keeps machine code beside the source or in the home folder; where neither can be written, in the temporary folder."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~")) / ".cache")  # noqa: PTH111 - never raises
    places = [Path(__file__).parent, *(place for place in (home, home.parent) if place.is_dir())]
    if not numba.config.CACHE_DIR and not any(os.access(place, os.W_OK) for place in places):
        user = os.getuid() if hasattr(os, "getuid") else 0
        numba.config.CACHE_DIR = str(Path(tempfile.gettempdir()) / f"worldloom-numba-{user}")


_settle_cache_folder()


def kernel(function: Function) -> Function:
    """Compile `function` to machine code that runs without the interpreter lock; compiled code is kept on disk."""
    return cast(Function, numba.njit(fastmath=_RELAXED, cache=True, error_model="numpy", nogil=True)(function))


def inlined(function: Function) -> Function:
    """Compile `function` into the kernels that call it: for the bodies of inner loops."""
    return cast(Function, numba.njit(fastmath=_RELAXED, error_model="numpy", forceinline=True)(function))


def run_pieces(function: Callable[..., object], pieces: int, *arguments: object) -> None:
    """Call `function(piece, pieces, *arguments)` for every piece, spread over the cores; returns when all are done."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1 or pieces == 1:
        for piece in range(pieces):
            function(piece, pieces, *arguments)
        return
    with ThreadPoolExecutor(min(cores, pieces), thread_name_prefix="vision") as pool:
        for future in [pool.submit(function, piece, pieces, *arguments) for piece in range(pieces)]:
            future.result()
