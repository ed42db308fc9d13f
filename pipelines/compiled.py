"""Numba's settings: where machine code is cached, and how kernels are compiled."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
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
