"""Routes of operations: look, wait, listen, cancel."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from app.auth import Caller, Reader, Writer
from app.documentation import problems
from app.errors import Refusal
from app.making import PREVIEW
from app.operations import service
from app.operations.fairness import Seen
from app.operations.hub import Hub
from app.operations.schemas import EventBody, Kind, OperationBody, OperationList, body_of
from app.paging import Cursor, PageSize, page
from app.services import Provided, Services
from app.strict import PLAIN, StrictRoute
from app.tables import Operation, State
from app.worlds.files import link_of

LONGEST_WAIT_S = 60.0
COMMENT_S = 15.0
RECONNECT_MS = 2_000
RETRY_AFTER_S = 2
EVENTS = """event: progress
data: {"id":"op_0199…","state":"RUNNING","done":false,"progress":{"phase":"light","fraction":0.61,"note":"bounce 1 of 1",…},…}
id: 14

"""


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


router = APIRouter(prefix="/v1/operations", tags=["operations"], route_class=StrictRoute)

OperationId = Annotated[str, Path(description="The `id` of an operation.", max_length=60, examples=["op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b"])]
Wait = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3})?s?$", description="Seconds to wait for the end, at most 60: `25s`.", examples=["25s"]),
]


def seconds_of(wait: str | None) -> float:
    """ "25s" → 25.0; nothing → 0."""
    return min(float(wait.rstrip("s")), LONGEST_WAIT_S) if wait else 0.0


async def look(services: Services, caller: Caller, operation_id: str, request: Request) -> OperationBody:
    """One look at an operation; raises Refusal(not_found)."""
    return shown(services, request, await service.look(services, caller, operation_id))


def shown(services: Services, request: Request, seen: Seen) -> OperationBody:
    """An operation with its place in line, its time left, and a link to what it made, which opens."""
    operation = seen.operation
    made = (operation.result or {}).get("file")
    file = link_of(services, request, str(operation.world_id), made) if made else None
    preview = link_of(services, request, str(operation.world_id), PREVIEW) if operation.previewed else None
    return body_of(operation, place=seen.place, eta_s=seen.eta_s, file=file, preview=preview)


async def settled(services: Services, caller: Caller, operation_id: str, wait_s: float) -> Operation:
    """The operation as it stands at its end, or after `wait_s` seconds."""
    operation = (await service.look(services, caller, operation_id)).operation
    if operation.state.is_final or wait_s <= 0:
        return operation
    end_s = time.monotonic() + wait_s
    async with services.hub.listen(operation_id, after=operation.sequence) as listener:
        while (left_s := end_s - time.monotonic()) > 0 and not services.hub.closing:
            event = await listener.next(left_s)
            if event is None or event.is_last:
                break
    return (await service.look(services, caller, operation_id)).operation


@router.get(
    "/{operation_id:id}",
    operation_id="get_operation",
    summary="Look at an operation, or wait for its end",
    responses=problems(404),
)
async def get_operation(
    operation_id: OperationId, services: Provided, caller: Reader, request: Request, response: Response, wait: Wait = None
) -> OperationBody:
    """State, progress, place in line and time left. With `wait` the answer comes at the end of the operation, or after that time."""
    if wait_s := seconds_of(wait):
        await settled(services, caller, operation_id, wait_s)
    body = await look(services, caller, operation_id, request)
    if not body.done:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    response.headers["Cache-Control"] = "no-store"
    return body


@router.get("", operation_id="list_operations", summary="Your operations, the newest first", responses=problems(400))
def list_operations(
    services: Provided,
    caller: Reader,
    request: Request,
    *,
    state: Annotated[State | None, Query(description="Only those that stand here.")] = None,
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
    world_id: Annotated[str | None, Query(max_length=60, pattern=PLAIN, description="Only those of this world.")] = None,
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
        seen = services.forecasts.seen(session, [row.id for row in rows])
    shown_rows = [shown(services, request, seen.get(row.id, Seen(row))) for row in rows]  # one may have gone meanwhile
    return OperationList(operations=shown_rows, next_cursor=following)


@router.post("/{operation_id:id}:cancel", operation_id="cancel_operation", summary="Stop an operation", responses=problems(404))
async def cancel_operation(operation_id: OperationId, services: Provided, caller: Writer, request: Request) -> OperationBody:
    """Its process is ended within two seconds. What is done stays done: asking twice, or too late, changes nothing."""
    await run_in_threadpool(service.cancel, services, caller, operation_id)
    return await look(services, caller, operation_id, request)


@router.get(
    "/{operation_id:id}/events",
    operation_id="stream_operation_events",
    summary="Listen to an operation",
    response_class=EventStream,
    responses={
        200: {"model": EventBody, "content": {"text/event-stream": {"example": EVENTS}}, "description": "Events, as they come"},
        204: {"description": "The end has been told already: do not come back"},
        **problems(404),
    },
)
async def stream_operation_events(
    operation_id: OperationId,
    services: Provided,
    caller: Reader,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=40, description="Where the line was lost: only later events follow.")
    ] = None,
) -> Response:
    """Server-sent events: `progress` while it goes on, one `done` at the end, then the line closes.

    Each carries the operation as JSON. Those with an id can be heard again: send the last one that you know as `Last-Event-ID`. A
    comment every 15 seconds keeps the line open.
    """
    after = sequence_of(last_event_id)
    operation = await settled(services, caller, operation_id, 0)
    if operation.state.is_final and after >= operation.sequence:
        return Response(status_code=204)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the latter for nginx, which would keep events back
    return EventStream(_told(services.hub, operation_id, min(after, operation.sequence)), headers=headers)


async def _told(hub: Hub, operation_id: str, after: int) -> AsyncIterator[bytes]:
    yield format_sse_event(retry=RECONNECT_MS)
    async with hub.listen(operation_id, after=after) as listener:
        while not hub.closing:
            event = await listener.next(COMMENT_S)
            if event is None:
                yield format_sse_event(comment="still here")
                continue
            yield event.wire
            if event.is_last:
                return


def sequence_of(last_event_id: str | None) -> int:
    """The Last-Event-ID that a client sends back; raises Refusal for what we never sent."""
    if last_event_id is None or last_event_id == "":
        return 0
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 12:
        raise Refusal("invalid_request", "the Last-Event-ID was never sent by this service: leave it out to hear everything")
    return int(last_event_id)
