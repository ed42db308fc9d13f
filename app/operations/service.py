"""Service: operations from the outside: submit once, look, wait, cancel."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import Caller
from app.errors import Refusal
from app.identity import OPERATION, is_id, new_id
from app.operations.fairness import share_tag
from app.operations.moves import move, refund, remember
from app.services import Services
from app.tables import OPEN, ApiKey, Operation, State, World, WorldTag

LONGEST_IDEMPOTENCY_KEY = 255


@dataclass(frozen=True)
class Job:
    """What a caller wants done. request: what the worker needs to know, plain JSON.  size: what its duration depends on.

    world: a world that this job will make.  tags: of that world.  result: what it gave already, when an earlier job did the same.
    """

    kind: str
    queue: str
    request: dict[str, Any]
    recipe: str = ""
    size: int = 0
    world_id: str | None = None
    world: World | None = None
    tags: tuple[str, ...] = ()
    credits: int = 0
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


def submit(services: Services, caller: Caller, job: Job, *, idempotency_key: str | None = None) -> Operation:
    """Take a job on, in one transaction with its place in line; the same idempotency key and body give the same operation."""
    fingerprint = _fingerprint(job)
    key = _checked(idempotency_key)
    try:
        with services.database.writing() as session:
            known = _known(session, caller, key, fingerprint)
            return known or _submit(services, session, caller, job, fingerprint, key)
    except IntegrityError:  # the same key at the same moment, by another process
        with services.database.reading() as session:
            known = _known(session, caller, key, fingerprint)
        if known is None:
            raise
        return known


def _submit(services: Services, session: Session, caller: Caller, job: Job, fingerprint: str, key: str | None) -> Operation:
    moment = services.now()
    operation = _operation_of(caller, job, moment)
    operation.fingerprint, operation.idempotency_key = fingerprint, key
    if not operation.state.is_final:
        _require_room(services, session, caller)
        _charge(session, caller, job.credits)
        operation.credits = job.credits
        operation.share_tag = share_tag(session, tenant_id=caller.tenant_id, queue=job.queue)
    session.add(operation)
    if job.world is not None:
        job.world.operation_id, job.world.state = operation.id, operation.state
        job.world.created_at = job.world.updated_at = moment
        session.add(job.world)
        session.flush()
        session.add_all(WorldTag(world_id=job.world.id, tag=tag, place=place) for place, tag in enumerate(job.tags))
    session.flush()
    remember(session, operation)
    if not operation.state.is_final:
        services.engine.enqueue(session, operation.id, queue=job.queue, priority=operation.share_tag)
    return operation


def _operation_of(caller: Caller, job: Job, moment: datetime) -> Operation:
    """A new operation: queued, or done where nothing is left to do."""
    is_done = job.result is not None or job.error is not None
    return Operation(
        id=new_id(OPERATION),
        tenant_id=caller.tenant_id,
        key_id=caller.key_id,
        kind=job.kind,
        world_id=job.world.id if job.world is not None else job.world_id,
        state=State.QUEUED if not is_done else State.SUCCEEDED if job.error is None else State.FAILED,
        request=job.request,
        queue=job.queue,
        recipe=job.recipe,
        size=job.size,
        share_tag=0,
        phase="",
        fraction=1.0 if is_done and job.error is None else 0.0,
        note="",
        attempt=0,
        crashes=0,
        sequence=1,
        result=job.result,
        error=job.error,
        credits=0,
        created_at=moment,
        updated_at=moment,
        finished_at=moment if is_done else None,
    )


def _checked(key: str | None) -> str | None:
    """The key as it is stored: a hash, for it may be anything."""
    if key is None:
        return None
    if not key.strip() or len(key) > LONGEST_IDEMPOTENCY_KEY:
        raise Refusal("invalid_request", f"the Idempotency-Key has {len(key):,} characters: use 1 to {LONGEST_IDEMPOTENCY_KEY}")
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _fingerprint(job: Job) -> str:
    """Of what was asked; ids that are new with every call do not count."""
    world = job.world
    about = [world.name, world.visibility, world.prompt, world.model, world.permission] if world is not None else [job.world_id]
    asked = [job.kind, job.request, sorted(job.tags), *about]
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _known(session: Session, caller: Caller, key: str | None, fingerprint: str) -> Operation | None:
    if key is None:
        return None
    found = session.scalar(select(Operation).where(Operation.tenant_id == caller.tenant_id, Operation.idempotency_key == key))
    if found is not None and found.fingerprint != fingerprint:
        raise Refusal("idempotency_key_reused", "this Idempotency-Key was used for another request: take a new one for each request")
    return found


def _require_room(services: Services, session: Session, caller: Caller) -> None:
    most = services.settings.max_open_jobs
    waiting = session.scalar(select(func.count()).where(Operation.tenant_id == caller.tenant_id, Operation.state.in_(OPEN))) or 0
    if waiting >= most:
        raise Refusal(
            "too_many_jobs", f"{waiting:,} jobs of yours are not done yet, and {most:,} are allowed: wait, or cancel some", retry_after_s=30
        )


def _charge(session: Session, caller: Caller, credits: int) -> None:
    if caller.key_id is None or credits == 0:
        return
    limited = session.scalar(select(ApiKey.credits).where(ApiKey.id == caller.key_id))
    if limited is None:
        return
    paid = session.execute(
        update(ApiKey).where(ApiKey.id == caller.key_id, ApiKey.credits >= credits).values(credits=ApiKey.credits - credits)
    )
    if not paid.rowcount:  # type: ignore[attr-defined]
        raise Refusal(
            "credits_exhausted",
            f"this key has {limited:,} credits left and the request takes {credits:,}: give it more with `worldloom keys create --credits`",
        )


def find(session: Session, caller: Caller, operation_id: str, *, to_change: bool = False) -> Operation:
    """An operation of the caller's tenant; raises Refusal(not_found) for any other. to_change: nobody else changes it meanwhile."""
    found = session.get(Operation, operation_id, with_for_update=to_change or None) if is_id(operation_id, OPERATION) else None
    if found is None or found.tenant_id != caller.tenant_id:
        raise Refusal("not_found", "there is no such operation: see GET /v1/operations for yours")
    return found


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
