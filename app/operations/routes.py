"""Routes of operations: look, wait, listen, cancel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from app.auth import Caller, Reader, Writer
from app.documentation import problems
from app.errors import Refusal
from app.operations import service
from app.operations.fairness import place_in_line
from app.operations.schemas import OperationBody, OperationList, body_of
from app.paging import Cursor, PageSize, page
from app.services import Provided, Services
from app.strict import StrictRoute
from app.tables import Operation, State
from app.worlds.files import link_of

LONGEST_WAIT_S = 60.0
COMMENT_S = 15.0
RETRY_AFTER_S = 2

router = APIRouter(prefix="/v1/operations", tags=["operations"], route_class=StrictRoute)

OperationId = Annotated[str, Path(description="The `id` of an operation.", max_length=60)]
Wait = Annotated[
    str | None,
    Query(pattern=r"^\d{1,3}(\.\d{1,3})?s?$", description="Seconds to wait for the end, at most 60: `25s`.", examples=["25s"]),
]


def seconds_of(wait: str | None) -> float:
    """ "25s" → 25.0; nothing → 0."""
    return min(float(wait.rstrip("s")), LONGEST_WAIT_S) if wait else 0.0


def shown(services: Services, request: Request, operation: Operation) -> OperationBody:
    """An operation with its place in line, its time left, and links that open."""
    place = eta_s = None
    if not operation.state.is_final:
        with services.database.reading() as session:
            place = place_in_line(session, operation) if operation.state is State.QUEUED else None
            eta_s = services.forecasts.left_s(session, operation, place)
    made = (operation.result or {}).get("file")
    file = link_of(services, request, str(operation.world_id), made) if made else None
    return body_of(operation, place=place, eta_s=eta_s, file=file)


async def settled(services: Services, caller: Caller, operation_id: str, wait_s: float) -> Operation:
    """The operation as it stands at its end, or after `wait_s` seconds."""

    def look() -> Operation:
        with services.database.reading() as session:
            return service.find(session, caller, operation_id)

    operation = await run_in_threadpool(look)
    if operation.state.is_final or wait_s <= 0:
        return operation
    end_s = time.monotonic() + wait_s
    async with services.hub.listen(operation_id, after=operation.sequence) as listener:
        while (left_s := end_s - time.monotonic()) > 0 and not services.hub.closing:
            event = await listener.next(left_s)
            if event is None or event[1]["done"]:
                break
    return await run_in_threadpool(look)


@router.get(
    "/{operation_id}",
    operation_id="get_operation",
    summary="Look at an operation, or wait for its end",
    responses=problems(401, 403, 404, 422, 503),
)
async def get_operation(
    operation_id: OperationId, services: Provided, caller: Reader, request: Request, response: Response, wait: Wait = None
) -> OperationBody:
    """State, progress, place in line and time left. With `wait` the answer comes at the end of the operation, or after that time."""
    operation = await settled(services, caller, operation_id, seconds_of(wait))
    if not operation.state.is_final:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    return await run_in_threadpool(shown, services, request, operation)


@router.get("", operation_id="list_operations", summary="Your operations, the newest first", responses=problems(400, 401, 403, 422, 503))
def list_operations(
    services: Provided,
    caller: Reader,
    request: Request,
    *,
    state: Annotated[State | None, Query(description="Only those that stand here.")] = None,
    kind: Annotated[str | None, Query(max_length=20, description="Only this kind: generate, export, render, film.")] = None,
    world_id: Annotated[str | None, Query(max_length=60, description="Only those of this world.")] = None,
    page_size: PageSize = 20,
    cursor: Cursor = None,
) -> OperationList:
    """One page; `next_cursor` leads to the next."""
    query = select(Operation).where(Operation.tenant_id == caller.tenant_id)
    for column, wanted in ((Operation.state, state), (Operation.kind, kind), (Operation.world_id, world_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    with services.database.reading() as session:
        by = (Operation.created_at, Operation.id)
        purpose = f"operations/{caller.tenant_id}"
        rows, following = page(session, query, by, size=page_size, cursor=cursor, signer=services.signer, purpose=purpose)
    return OperationList(operations=[shown(services, request, row) for row in rows], next_cursor=following)


@router.post(
    "/{operation_id}:cancel", operation_id="cancel_operation", summary="Stop an operation", responses=problems(401, 403, 404, 422, 503)
)
def cancel_operation(operation_id: OperationId, services: Provided, caller: Writer, request: Request) -> OperationBody:
    """Its process is ended within two seconds. What is done stays done: asking twice, or too late, changes nothing."""
    return shown(services, request, service.cancel(services, caller, operation_id))


@router.get(
    "/{operation_id}/events",
    operation_id="stream_operation_events",
    summary="Listen to an operation",
    response_class=EventSourceResponse,
    responses=problems(401, 403, 404, 422, 503),
)
async def stream_operation_events(
    operation_id: OperationId,
    services: Provided,
    caller: Reader,
    last_event_id: Annotated[str | None, Header(max_length=40, description="Where the line was lost: only later events follow.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` while it goes on, one `done` at the end, then the line closes. Each carries the operation as JSON."""
    after = sequence_of(last_event_id)
    operation = await settled(services, caller, operation_id, 0)
    if operation.state.is_final and after >= operation.sequence:
        return
    async with services.hub.listen(operation_id, after=min(after, operation.sequence)) as listener:
        told_s = time.monotonic()
        while not services.hub.closing:
            event = await listener.next(COMMENT_S)
            if event is not None:
                sequence, data = event
                yield ServerSentEvent(
                    event="done" if data["done"] else "progress", id=str(sequence), data=await _with_forecast(services, data)
                )
                if data["done"]:
                    return
            elif time.monotonic() - told_s >= COMMENT_S:
                yield ServerSentEvent(comment="still here", data=None)
            told_s = time.monotonic()
            await asyncio.sleep(0)


async def _with_forecast(services: Services, data: dict[str, Any]) -> dict[str, Any]:
    """An event with the place in line and the time left as they are now."""
    if data["done"]:
        return data

    def look() -> dict[str, Any]:
        with services.database.reading() as session:
            operation = session.get(Operation, data["id"])
            if operation is None or operation.state.is_final:
                return data
            place = place_in_line(session, operation) if operation.state is State.QUEUED else None
            eta_s = services.forecasts.left_s(session, operation, place)
        return {**data, "progress": {**data["progress"], "queue_position": place, "eta_s": eta_s}}

    return await run_in_threadpool(look)


def sequence_of(last_event_id: str | None) -> int:
    """The Last-Event-ID that a client sends back; raises Refusal for what we never sent."""
    if last_event_id is None or last_event_id == "":
        return 0
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 12:
        raise Refusal("invalid_request", "the Last-Event-ID was never sent by this service: leave it out to hear everything")
    return int(last_event_id)
