"""Hub: tells waiting clients what happens to their operations. One query for all of them, however many wait."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool

from app.database import Database
from app.tables import OperationEvent

LOOK_S = 0.3
OVERLAP_S = 5.0  # PostgreSQL's ids may become visible out of order: looks overlap by this much
OVERLAP = 1_000

log = structlog.get_logger("worldloom.hub")

Event = tuple[int, dict[str, Any]]
"""(sequence, data)"""


class Hub:
    """Subscriptions to operations; it looks into the database only while somebody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: dict[str, set[Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self.closing = False

    @asynccontextmanager
    async def listen(self, operation_id: str, *, after: int) -> AsyncIterator[Listener]:
        """Events of an operation after a sequence number, the earlier ones first."""
        listener = Listener(after)
        if self._task is None or self._task.done():
            self._seen.clear()
            self._remember(await run_in_threadpool(self._newest))  # before the earlier ones are read, so that none falls between
        self._listeners.setdefault(operation_id, set()).add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            for sequence, data in await run_in_threadpool(self._earlier, operation_id, after):
                listener.offer(sequence, data)
            yield listener
        finally:
            group = self._listeners.get(operation_id, set())
            group.discard(listener)
            if not group:
                self._listeners.pop(operation_id, None)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return sum(map(len, self._listeners.values()))

    async def close(self) -> None:
        """Let everybody go."""
        self.closing = True
        for group in self._listeners.values():
            for listener in group:
                listener.wake()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _look(self) -> None:
        while self._listeners and not self.closing:
            try:
                newest, events = await run_in_threadpool(self._newer, self._seen[0][1])
            except (DBAPIError, PoolTimeout) as error:
                log.warning("the database does not answer", error=type(error).__name__)
            else:
                self._remember(newest)
                for operation_id, sequence, data in events:
                    for listener in self._listeners.get(operation_id, ()):
                        listener.offer(sequence, data)
            await asyncio.sleep(LOOK_S)

    def _remember(self, newest: int) -> None:
        """Keep one mark that is at least OVERLAP_S old, to look from."""
        moment = time.monotonic()
        self._seen.append((moment, newest))
        while len(self._seen) > 1 and moment - self._seen[1][0] > OVERLAP_S:
            self._seen.popleft()

    def _earlier(self, operation_id: str, after: int) -> list[Event]:
        with self._database.reading() as session:
            rows = session.execute(
                select(OperationEvent.sequence, OperationEvent.data)
                .where(OperationEvent.operation_id == operation_id, OperationEvent.sequence > after)
                .order_by(OperationEvent.sequence)
            )
            return [(sequence, data) for sequence, data in rows]

    def _newest(self) -> int:
        with self._database.reading() as session:
            return max(0, (session.scalar(select(func.max(OperationEvent.id))) or 0) - OVERLAP)

    def _newer(self, floor: int) -> tuple[int, list[tuple[str, int, dict[str, Any]]]]:
        with self._database.reading() as session:
            rows = session.execute(
                select(OperationEvent.id, OperationEvent.operation_id, OperationEvent.sequence, OperationEvent.data)
                .where(OperationEvent.id > floor)
                .order_by(OperationEvent.id)
            ).all()
        return (rows[-1][0] if rows else floor), [(row[1], row[2], row[3]) for row in rows if row[1] in self._listeners]


class Listener:
    """One client's line."""

    def __init__(self, after: int) -> None:
        self._last = after
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()

    def offer(self, sequence: int, data: dict[str, Any]) -> None:
        """Put an event on the line, unless it was there already."""
        if sequence > self._last:
            self._last = sequence
            self._events.append((sequence, data))
            self._arrived.set()

    def wake(self) -> None:
        """Let `next` return."""
        self._arrived.set()

    async def next(self, timeout_s: float) -> Event | None:
        """The next event; None when none came in time."""
        if not self._events:
            self._arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), timeout_s)
        return self._events.popleft() if self._events else None
