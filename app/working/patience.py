"""Patience: waiting for a database or a store that is away, instead of giving up what is being done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

import structlog

from app.database import is_away
from app.errors import Refusal

T = TypeVar("T")

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger("worldloom.worker")


class Stopped(Exception):  # noqa: N818 - what happened, not an error
    """The process is to end while something still waits."""


class Patience:
    """Tries again as long as it takes, until `stopping` is set."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping

    def call(self, action: Callable[[], T]) -> T:
        """The result of `action`; raises Stopped, and whatever `action` raises that waiting does not mend."""
        tries = 0
        while True:
            try:
                return action()
            except Exception as error:
                if not _is_worth_waiting(error):
                    raise
                log.warning("waiting for the database or the store", error=f"{type(error).__name__}: {str(error)[:200]}")
            if self._stopping.wait(PAUSES_S[min(tries, len(PAUSES_S) - 1)]):
                raise Stopped
            tries += 1

    async def soon(self, action: Callable[[], T]) -> T:
        """The same in a thread. When the process is to end, this never returns: the engine cancels what is unfinished, and keeps it."""
        try:
            return await asyncio.to_thread(self.call, action)
        except Stopped:
            await self.wait_for_end()
            raise

    async def wait_for_end(self) -> None:
        """Until the engine cancels this: what is unfinished then is begun again."""
        await asyncio.get_running_loop().create_future()


def _is_worth_waiting(error: Exception) -> bool:
    return is_away(error) or (isinstance(error, Refusal) and error.code == "store_unavailable")
