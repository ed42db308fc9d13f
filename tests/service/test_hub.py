"""The hub by itself: events reach listeners in order and once, also those that the looks at the database miss."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.credentials import ensure_tenant
from app.database import Database
from app.identity import LOCAL_TENANT
from app.operations.fairness import Forecasts
from app.operations.hub import OVERLAP_S, SWEEP_S, Event, Hub, Listener
from app.operations.moves import snapshot
from app.tables import Operation, OperationEvent, State

ID = "op_" + "0" * 32


def event(sequence: int | None, *, place: int | None = None) -> Event:
    """An event that says nothing but its number, and a place in line."""
    return Event(sequence, {"id": ID, "done": False, "progress": {"queue_position": place}})


async def waiting(listener: Listener) -> list[int | None]:
    """The numbers of what is on a line."""
    found = []
    while (one := await listener.next(0.01)) is not None:
        found.append(one.sequence)
    return found


@pytest.mark.parametrize(
    ("live", "earlier", "after", "heard"),
    [
        ([], [1, 2, 3], 0, [1, 2, 3]),
        ([3, 4], [1, 2, 3], 0, [1, 2, 3, 4]),  # what came while the past was being read
        ([4, 5], [1, 2, 3], 0, [1, 2, 3, 4, 5]),
        ([2], [2, 3], 1, [2, 3]),
        ([], [1, 2], 2, []),
        ([], [1_500, 1_501], 3, [1_500, 1_501]),  # very old events are gone
    ],
)
def test_past_and_present_are_heard_in_order(live: list[int], earlier: list[int], after: int, heard: list[int]) -> None:
    async def story() -> list[int | None]:
        listener = Listener(after)
        for sequence in live:
            listener.offer(event(sequence))
        listener.catch_up(map(event, earlier))
        return await waiting(listener)

    assert asyncio.run(story()) == heard


def test_an_event_after_one_that_was_missed_waits_for_it() -> None:
    async def story() -> tuple[list[int | None], list[int | None]]:
        listener = Listener(0)
        listener.catch_up([event(1)])
        listener.offer(event(3))
        listener.offer(event(1))
        before = await waiting(listener)
        listener.catch_up([event(2), event(3)])
        listener.offer(event(4))
        return before, await waiting(listener)

    assert asyncio.run(story()) == ([1], [2, 3, 4])


def test_a_place_in_line_is_told_when_it_is_another() -> None:
    async def story() -> list[int | None]:
        listener = Listener(0)
        listener.tell(event(None, place=9))  # before the past is known
        listener.catch_up([event(1, place=3)])
        for place in (3, 2, 2, 1):
            listener.tell(event(None, place=place))
        return await waiting(listener)

    assert asyncio.run(story()) == [1, None, None]


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """A database with one operation, of which one event is known."""
    database = Database(f"sqlite:///{tmp_path / 'worldloom.db'}")
    database.migrate()
    with database.writing() as session:
        ensure_tenant(session, "local", tenant_id=LOCAL_TENANT)
        session.add(
            operation := Operation(
                id=ID, tenant_id=LOCAL_TENANT, kind="export", state=State.RUNNING, request={}, fingerprint="", queue="studio"
            )
        )
        operation.sequence = 1
        session.flush()
        session.add(OperationEvent(id=1, operation_id=ID, sequence=1, data=snapshot(operation)))
    return database


def add_event(database: Database, number: int, sequence: int, **values: Any) -> None:
    """An event that becomes visible now, under whatever number it got."""
    with database.writing() as session:
        operation = session.get_one(Operation, ID)
        for name, value in values.items():
            setattr(operation, name, value)
        operation.sequence = max(operation.sequence, sequence)
        session.add(OperationEvent(id=number, operation_id=ID, sequence=sequence, data=snapshot(operation)))


def test_what_becomes_visible_late_is_heard_all_the_same(database: Database) -> None:
    async def story() -> list[int | None]:
        hub = Hub(database, Forecasts(), preview_of=str)
        heard: list[int | None] = []
        async with hub.listen(ID, after=0) as listener:
            add_event(database, 1_000, 3)  # the transaction with event 2 takes longer
            await asyncio.sleep(OVERLAP_S + 2)
            assert await waiting(listener) == [1]
            add_event(database, 500, 2)  # no look goes back that far
            add_event(database, 1_001, 4, state=State.SUCCEEDED)
            while not heard or heard[-1] != 4:
                one = await listener.next(4 * SWEEP_S)
                assert one is not None, f"nothing more after {heard}"
                heard.append(one.sequence)
            assert hub.listeners == 1
        assert hub.listeners == 0
        await hub.close()
        return heard

    try:
        assert asyncio.run(story()) == [2, 3, 4]
    finally:
        database.close()


def test_the_end_of_the_service_lets_everybody_go(database: Database) -> None:
    async def story() -> None:
        hub = Hub(database, Forecasts(), preview_of=str)
        async with hub.listen(ID, after=1) as listener:
            waits = asyncio.create_task(listener.next(600))
            await asyncio.sleep(0.1)
            hub.closing = True  # as a signal handler says it
            assert await asyncio.wait_for(waits, 30) is None
        await hub.close()

    try:
        asyncio.run(story())
    finally:
        database.close()
