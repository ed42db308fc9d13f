"""Cores: how many this process may use, and how the pieces of one piece of work share them.

Kernels release the interpreter lock and are handed to plain Python threads piece by piece. That way two renderings may run at
once (numba's own `workqueue` layer aborts the process then), a fork is safe, and no result depends on the number of cores.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def core_count() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


BATCH = 16_384  # rows that a core takes at a time: enough to be worth the call, few enough to share evenly


def batches(count: int) -> int:
    """How many pieces of BATCH rows there are, the last one shorter."""
    return -(-count // BATCH)


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
        _pool = ThreadPoolExecutor(cores, thread_name_prefix="piece")
    for future in [_pool.submit(function, piece, *arguments) for piece in range(pieces)]:
        future.result()
