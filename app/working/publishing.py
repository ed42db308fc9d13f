"""Publishing: makes known how a job ended, once, however often it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy.orm import Session

from app.database import Database, now
from app.operations.moves import move, refund
from app.tables import OPEN, Operation, State, World, WorldFile

CANCELLED = {"code": "cancelled", "message": "cancelled"}
WORLD_GONE = {"code": "world_gone", "message": "the world was deleted while this was going on"}

log = structlog.get_logger("worldloom.worker")


def publish(database: Database, operation_id: str, outcome: dict[str, Any]) -> None:
    """Files, world and the operation's end in one transaction. outcome: `failed`, `cancelled`, or what a job of `app.making` gives."""
    with database.writing() as session:
        # The operation is locked before its world, as everywhere, so that no two transactions wait for each other.
        operation = session.get(Operation, operation_id, with_for_update=True)
        if operation is None or operation.state.is_final:
            return
        if "failed" in outcome:
            end(session, operation_id, State.FAILED, outcome["failed"])
        elif operation.state is State.CANCELLING:
            end(session, operation_id, State.CANCELLED, CANCELLED)
        elif "cancelled" not in outcome:
            _succeed(session, operation, outcome)


def _succeed(session: Session, operation: Operation, outcome: dict[str, Any]) -> None:
    world = session.get(World, operation.world_id, with_for_update={"read": True, "key_share": True}) if operation.world_id else None
    if world is None:
        end(session, operation.id, State.FAILED, WORLD_GONE)
        return
    for file in outcome["files"]:
        session.merge(WorldFile(world_id=world.id, tenant_id=world.tenant_id, operation_id=operation.id, created_at=now(), **file))
    if operation.kind == "generate":
        world.facts = outcome["facts"]
    session.flush()
    # Queued: it was handed back in the very moment in which it was done.
    done = move(
        session,
        operation.id,
        expect=(State.QUEUED, State.RUNNING),
        state=State.SUCCEEDED,
        result=outcome["result"],
        fraction=1.0,
        phase="done",
        note="",
    )
    if done is not None:
        log.info("job done", operation=operation.id)


def end(
    session: Session, operation_id: str, state: State, error: dict[str, Any], *, expect: Iterable[State] = OPEN, **values: Any
) -> Operation | None:
    """End an operation that made nothing, and give its credits back; None when it stands elsewhere."""
    ended = move(session, operation_id, expect=expect, state=state, error=error, phase="", note="", **values)
    if ended is not None:
        refund(session, ended)
        log.info("job ended", operation=operation_id, state=state.value, code=error["code"])
    return ended
