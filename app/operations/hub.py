"""Hub: tells waiting clients what happens to their operations. A few queries for all of them, however many wait."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import structlog
from fastapi.sse import format_sse_event
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, defer
from starlette.concurrency import run_in_threadpool

from app.database import Database
from app.operations.fairness import Forecasts, Seen, places_in_line
from app.operations.moves import snapshot
from app.tables import Operation, OperationEvent, State

LOOK_S = 0.3
OVERLAP_S = 2.0  # PostgreSQL's ids may become visible out of order: looks overlap by this much
OVERLAP = 100
SWEEP_S = 5.0
AT_ONCE = 500

log = structlog.get_logger("worldloom.hub")


@dataclass(frozen=True)
class Event:
    """What is told of an operation. Without a sequence it is news of the moment that nobody keeps: a new place in line."""

    sequence: int | None
    data: dict[str, Any]

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return bool(self.data["done"])

    @cached_property
    def wire(self) -> bytes:
        """As a server-sent event; made once for all who hear it."""
        name, number = "done" if self.is_last else "progress", None if self.sequence is None else str(self.sequence)
        return format_sse_event(event=name, id=number, data_str=json.dumps(self.data, separators=(",", ":")))


class Hub:
    """Subscriptions to operations; it looks into the database only while somebody listens.

    Every LOOK_S it asks for new events, and every SWEEP_S whether a listener has missed one all the same, or has moved on in line.
    """

    def __init__(self, database: Database, forecasts: Forecasts, *, preview_of: Callable[[str], str]) -> None:
        """preview_of: world's id → link to its preview."""
        self._database, self._forecasts, self._preview_of = database, forecasts, preview_of
        self._listeners: dict[str, set[Listener]] = {}
        self._task: asyncio.Task[None] | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self.closing = False

    @asynccontextmanager
    async def listen(self, operation_id: str, *, after: int) -> AsyncIterator[Listener]:
        """Events of an operation after a sequence number, the earlier ones first."""
        listener = Listener(after)
        if not self._is_looking:
            newest = await run_in_threadpool(self._newest)
            if not self._is_looking:  # nobody else was quicker
                self._seen = deque([(time.monotonic(), newest)])
                self._task = asyncio.create_task(self._look())
        self._listeners.setdefault(operation_id, set()).add(listener)
        try:
            listener.catch_up(await run_in_threadpool(self._earlier, operation_id, after))
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
        self._wake()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def _is_looking(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _look(self) -> None:
        next_sweep_s = time.monotonic() + SWEEP_S
        while self._listeners and not self.closing:
            try:
                newest, events = await run_in_threadpool(self._newer, self._seen[0][1], self._waiting())
                self._remember(newest)
                for operation_id, event in events:
                    for listener in self._listeners.get(operation_id, ()):
                        listener.offer(event)
                if time.monotonic() >= next_sweep_s:
                    await self._sweep()
                    next_sweep_s = time.monotonic() + SWEEP_S
            except (DBAPIError, PoolTimeout) as error:
                log.warning("the database does not answer", error=type(error).__name__)
            except Exception:
                log.exception("the hub stumbled")
            await asyncio.sleep(LOOK_S)
        self._wake()

    async def _sweep(self) -> None:
        missed, lines = await run_in_threadpool(self._looked_after, self._waiting())
        for operation_id, events in missed.items():
            for listener in self._listeners.get(operation_id, ()):
                listener.catch_up(events)
        for event in lines:
            for listener in self._listeners.get(event.data["id"], ()):
                listener.tell(event)

    def _waiting(self) -> dict[str, int]:
        """Operation → the last event that all who listen to it know."""
        return {operation_id: min(listener.last for listener in group) for operation_id, group in self._listeners.items() if group}

    def _wake(self) -> None:
        for group in self._listeners.values():
            for listener in group:
                listener.wake()

    def _remember(self, newest: int) -> None:
        """Keep one mark that is at least OVERLAP_S old, to look from."""
        moment = time.monotonic()
        self._seen.append((moment, newest))
        while len(self._seen) > 1 and moment - self._seen[1][0] > OVERLAP_S:
            self._seen.popleft()

    # -- what is asked of the database, in threads -------------------------------------------------------------------------------------

    def _newest(self) -> int:
        with self._database.reading() as session:
            return max(0, (session.scalar(select(func.max(OperationEvent.id))) or 0) - OVERLAP)

    def _newer(self, floor: int, waiting: Mapping[str, int]) -> tuple[int, list[tuple[str, Event]]]:
        """(the newest event there is, those that somebody waits for)."""
        with self._database.reading() as session:
            heads = session.execute(
                select(OperationEvent.id, OperationEvent.operation_id, OperationEvent.sequence)
                .where(OperationEvent.id > floor)
                .order_by(OperationEvent.id)
            ).all()
            wanted = [head[0] for head in heads if head[1] in waiting and head[2] > waiting[head[1]]]
            events: list[OperationEvent] = []
            for ids in _slices(wanted):
                events += session.scalars(select(OperationEvent).where(OperationEvent.id.in_(ids)).order_by(OperationEvent.id))
            return (heads[-1][0] if heads else floor), list(self._with_outlook(session, events))

    def _earlier(self, operation_id: str, after: int) -> list[Event]:
        with self._database.reading() as session:
            return self._after(session, operation_id, after)

    def _after(self, session: Session, operation_id: str, after: int) -> list[Event]:
        mine = select(OperationEvent).where(OperationEvent.operation_id == operation_id, OperationEvent.sequence > after)
        events = session.scalars(mine.order_by(OperationEvent.sequence)).all()
        return [event for _, event in self._with_outlook(session, events)]

    def _looked_after(self, waiting: Mapping[str, int]) -> tuple[dict[str, list[Event]], list[Event]]:
        """(events that listeners should have and have not, the operations that still wait in line as they stand now)."""
        with self._database.reading() as session:
            found = list(_operations(session, list(waiting)))
            missed = [operation.id for operation in found if operation.sequence > waiting[operation.id]]
            queued = [operation for operation in found if operation.state is State.QUEUED]
            places = places_in_line(session) if queued else {}
            lines = [Event(None, self._told(snapshot(one), self._forecasts.seen_at(session, one, places.get(one.id)))) for one in queued]
            return {operation_id: self._after(session, operation_id, waiting[operation_id]) for operation_id in missed}, lines

    def _with_outlook(self, session: Session, events: Sequence[OperationEvent]) -> Iterator[tuple[str, Event]]:
        """(operation, event): with place in line and time left, where the event is how its operation stands now."""
        ids = list(dict.fromkeys(one.operation_id for one in events))
        now = {operation_id: seen for some in _slices(ids) for operation_id, seen in self._forecasts.seen(session, some).items()}
        for event in events:
            seen = now.get(event.operation_id)
            is_now = seen is not None and seen.operation.sequence == event.sequence
            yield event.operation_id, Event(event.sequence, self._told(event.data, seen if is_now else None))

    def _told(self, data: dict[str, Any], seen: Seen | None) -> dict[str, Any]:
        """What is told of an event. seen: its operation, if it still stands as the event says."""
        place, eta_s = (seen.place, seen.eta_s) if seen is not None else (None, None)
        preview = self._preview_of(str(seen.operation.world_id)) if seen is not None and seen.operation.previewed else None
        return {**data, "preview_url": preview, "progress": {**data["progress"], "queue_position": place, "eta_s": eta_s}}


class Listener:
    """One client's line."""

    def __init__(self, after: int) -> None:
        self.last = after
        self._place: int | None = None
        self._events: deque[Event] = deque()
        self._early: list[Event] | None = []  # came while the earlier ones were being read
        self._arrived = asyncio.Event()

    def catch_up(self, events: Iterable[Event]) -> None:
        """Put events of the past on the line, in their order, except those that were there already."""
        early, self._early = self._early or (), None
        for event in (*events, *early):
            if event.sequence is not None and event.sequence > self.last:
                self._put(event)

    def offer(self, event: Event) -> None:
        """Put the next event on the line; any other was there already, or has to wait for one that was missed."""
        if self._early is not None:
            self._early.append(event)
        elif event.sequence == self.last + 1:
            self._put(event)

    def tell(self, event: Event) -> None:
        """Put a new place in line on the line."""
        if self._early is None and event.data["progress"]["queue_position"] != self._place:
            self._put(event)

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

    def _put(self, event: Event) -> None:
        self.last = event.sequence or self.last
        self._place = event.data["progress"]["queue_position"]
        self._events.append(event)
        self._arrived.set()


def _operations(session: Session, ids: Sequence[str]) -> Iterator[Operation]:
    for some in _slices(list(dict.fromkeys(ids))):
        yield from session.scalars(select(Operation).where(Operation.id.in_(some)).options(defer(Operation.request)))


def _slices(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[begin : begin + AT_ONCE] for begin in range(0, len(ids), AT_ONCE))
