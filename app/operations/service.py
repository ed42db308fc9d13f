"""Service: operations from the outside: submit once, look, wait, cancel."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.auth import Caller
from app.errors import Refusal
from app.identity import OPERATION, is_id
from app.operations.admission import Job
from app.operations.fairness import Seen
from app.operations.moves import move, refund
from app.services import Services
from app.tables import Operation, State

NO_SUCH = "there is no such operation: see GET /v1/operations for yours"


async def submit(services: Services, caller: Caller, make: Callable[[], Job], *, idempotency_key: str | None = None) -> Seen:
    """Take on what `make` draws up; the same idempotency key and job give the same operation. Raises Refusal."""
    return await services.admission.submit(caller, make, idempotency_key=idempotency_key)


def find(session: Session, caller: Caller, operation_id: str, *, to_change: bool = False) -> Operation:
    """An operation of the caller's tenant; raises Refusal(not_found) for any other. to_change: nobody else changes it meanwhile."""
    found = session.get(Operation, operation_id, with_for_update=to_change or None) if is_id(operation_id, OPERATION) else None
    if found is None or found.tenant_id != caller.tenant_id:
        raise Refusal("not_found", NO_SUCH)
    return found


async def look(services: Services, caller: Caller, operation_id: str) -> Seen:
    """An operation of the caller's tenant as it stands; raises Refusal(not_found) for any other."""
    seen = await services.looks.ask(operation_id) if is_id(operation_id, OPERATION) else None
    if seen is None or seen.operation.tenant_id != caller.tenant_id:
        raise Refusal("not_found", NO_SUCH)
    return seen


def cancel(services: Services, caller: Caller, operation_id: str) -> Operation:
    """Stop an operation; one that is done stays as it is, and one that is being cancelled too."""
    with services.database.writing() as session:
        operation = stop(session, find(session, caller, operation_id, to_change=True), because="cancelled")
    leave_line(services, operation)
    return operation


def stop(session: Session, operation: Operation, *, because: str) -> Operation:
    """Cancel an operation that this session has locked; one that runs ends when its worker sees that."""
    if operation.state is State.QUEUED:
        error = {"code": "cancelled", "message": f"{because} before it began"}
        operation = move(session, operation.id, expect=(State.QUEUED,), state=State.CANCELLED, error=error) or operation
        refund(session, operation)
    elif operation.state is State.RUNNING:
        operation = move(session, operation.id, expect=(State.RUNNING,), state=State.CANCELLING, note=because) or operation
    return operation


def leave_line(services: Services, operation: Operation) -> None:
    """Take a cancelled operation out of the engine's line. A running one's worker looks at its state all the time, and needs no word."""
    if operation.state is State.CANCELLED:
        services.engine.cancel(operation.id)
