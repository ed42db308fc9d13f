"""Moves: the only place that changes where an operation stands, and that tells what happened to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.database import now
from app.making import PASSING
from app.tables import FINAL, ApiKey, Operation, OperationEvent, State, World, WorldFile
from app.webhooks.announcement import announce

MOST_EVENTS = 1_000


def move(
    session: Session, operation_id: str, *, expect: Iterable[State], claim: Operation | None = None, **values: Any
) -> Operation | None:
    """Change an operation that stands in one of the `expect`ed states, and remember the event; None when it stands elsewhere.

    claim: the operation as a worker began it: if another attempt has begun since, nothing changes, so a process that was given up is mute.
    """
    moment = now()
    is_end = values.get("state") in FINAL
    if is_end:
        values = {"finished_at": moment, "previewed": False, **values}
    found = update(Operation).where(Operation.id == operation_id, Operation.state.in_(tuple(expect)))
    if claim is not None:
        found = found.where(Operation.worker == claim.worker, Operation.attempt == claim.attempt)
    statement = found.values(sequence=Operation.sequence + 1, updated_at=moment, **values).returning(Operation)
    operation = session.scalar(statement, execution_options={"synchronize_session": False, "populate_existing": True})
    if operation is None:
        return None
    remember(session, operation)
    if is_end and operation.kind == "generate":
        session.execute(delete(WorldFile).where(WorldFile.world_id == operation.world_id, WorldFile.part.in_(PASSING)))
    if "state" in values and operation.world_id is not None and operation.kind == "generate":
        session.execute(
            update(World).where(World.id == operation.world_id).values(state=values["state"], updated_at=moment),
            execution_options={"synchronize_session": False},
        )
    return operation


def remember(session: Session, operation: Operation) -> None:
    """Keep what the operation looks like now as its newest event, and tell webhooks of the end; very old events go."""
    session.add(OperationEvent(operation_id=operation.id, sequence=operation.sequence, data=snapshot(operation)))
    if operation.sequence > MOST_EVENTS and operation.sequence % 100 == 0:
        old = delete(OperationEvent).where(
            OperationEvent.operation_id == operation.id, OperationEvent.sequence <= operation.sequence - MOST_EVENTS
        )
        session.execute(old)
    if operation.state.is_final:
        announce(session, operation)


def snapshot(operation: Operation) -> dict[str, Any]:
    """What an event says."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "state": operation.state.value,
        "done": operation.state.is_final,
        "world_id": operation.world_id,
        "progress": {"phase": operation.phase, "fraction": round(operation.fraction, 4), "note": operation.note},
        "result": operation.result,
        "error": operation.error,
        "updated_at": operation.updated_at.isoformat(),
    }


def refund(session: Session, operation: Operation) -> None:
    """Give back what a job took that made nothing."""
    if operation.credits and operation.key_id is not None:
        back = (
            update(ApiKey)
            .where(ApiKey.id == operation.key_id, ApiKey.credits.is_not(None))
            .values(credits=ApiKey.credits + operation.credits)
        )
        session.execute(back, execution_options={"synchronize_session": False})
        session.execute(
            update(Operation).where(Operation.id == operation.id).values(credits=0), execution_options={"synchronize_session": False}
        )
