"""Admission: takes jobs on, each once; those that come at the same time share one transaction, so that many a second are possible."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import Caller
from app.database import Database, now
from app.engine import JobEngine
from app.errors import Refusal
from app.identity import OPERATION, new_id
from app.operations.fairness import Forecasts, Seen
from app.operations.moves import remember
from app.operations.together import Together
from app.tables import OPEN, ApiKey, Operation, State, World, WorldFile, WorldTag

LONGEST_IDEMPOTENCY_KEY = 255
MOST_TOGETHER = 64

_WAITING = select(func.count(), func.max(Operation.share_tag)).where(Operation.tenant_id == bindparam("tenant"), Operation.state.in_(OPEN))
_SERVED = (
    select(Operation.share_tag)
    .where(Operation.queue == bindparam("queue"), Operation.started_at.is_not(None))
    .order_by(Operation.started_at.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Job:
    """What a caller wants done. request: what the worker needs to know, plain JSON.  size: what its duration depends on.

    world: a world that this job will make.  tags: of that world.  files: that it has from the beginning.  result: what it gave already,
    when an earlier job did the same.
    """

    kind: str
    queue: str
    request: dict[str, Any]
    recipe: str = ""
    size: int = 0
    world_id: str | None = None
    world: World | None = None
    tags: tuple[str, ...] = ()
    files: tuple[WorldFile, ...] = ()
    credits: int = 0
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass
class _Applicant:
    """A job at the door, and what became of it. make: draws it up, or raises Refusal."""

    caller: Caller
    make: Callable[[], Job]
    key: str | None
    seen: Seen | None = None
    refusal: Exception | None = None

    @cached_property
    def job(self) -> Job:
        """What is asked for."""
        return self.make()

    @cached_property
    def fingerprint(self) -> str:
        """Of what is asked for; the same for the same."""
        return _fingerprint(self.job)


@dataclass
class _Standing:
    """How tenants and queues stand within one transaction: asked once, then counted on."""

    session: Session
    open_jobs: dict[str, int] = field(default_factory=dict)
    newest_tag: dict[str, int] = field(default_factory=dict)
    served_tag: dict[str, int] = field(default_factory=dict)

    def next_tag(self, tenant_id: str, queue: str, *, most: int) -> int:
        """The fair place of a tenant's next job (see fairness.py); raises Refusal(too_many_jobs)."""
        if tenant_id not in self.open_jobs:
            count, newest = self.session.execute(_WAITING, {"tenant": tenant_id}).one()
            self.open_jobs[tenant_id], self.newest_tag[tenant_id] = count, newest or 0
        if queue not in self.served_tag:
            self.served_tag[queue] = self.session.scalar(_SERVED, {"queue": queue}) or 0
        waiting = self.open_jobs[tenant_id]
        if waiting >= most:
            raise Refusal(
                "too_many_jobs",
                f"{waiting:,} jobs of yours are not done yet, and {most:,} are allowed: wait, or cancel some",
                retry_after_s=30,
            )
        return max(self.served_tag[queue], self.newest_tag[tenant_id]) + 1

    def took(self, tenant_id: str, tag: int) -> None:
        """Count a job that was taken on."""
        self.open_jobs[tenant_id] += 1
        self.newest_tag[tenant_id] = tag


class Admission:
    """The door. Those who come while others are dealt with are dealt with next, all in one transaction."""

    def __init__(self, database: Database, engine: JobEngine, forecasts: Forecasts, *, max_open_jobs: int) -> None:
        self._database, self._engine, self._forecasts, self._max_open_jobs = database, engine, forecasts, max_open_jobs
        self._door = Together(self._deal_with, most=MOST_TOGETHER)

    async def submit(self, caller: Caller, make: Callable[[], Job], *, idempotency_key: str | None = None) -> Seen:
        """Take on what `make` draws up, in one transaction with its place in line; the same key and job give the same operation.

        `make` runs in a thread, may ask the database, and raises Refusal (or PromptError) for what cannot be done.
        """
        applicant = _Applicant(caller, make, _checked(idempotency_key))
        await self._door.ask(applicant)
        if applicant.seen is None:
            assert applicant.refusal is not None
            raise applicant.refusal
        return applicant.seen

    def _deal_with(self, applicants: Sequence[_Applicant]) -> Sequence[None]:
        for one in applicants:
            try:
                _ = one.fingerprint
            except Exception as error:  # noqa: BLE001 - told to whom it concerns
                one.refusal = error
        self._admit([one for one in applicants if one.refusal is None])
        return [None] * len(applicants)

    def _admit(self, applicants: Sequence[_Applicant]) -> None:
        if not applicants:
            return
        try:
            with self._database.writing() as session:
                admitted = self._take_on(session, applicants)
                seen = self._forecasts.seen(session, [operation.id for _, operation in admitted])
        except IntegrityError as error:  # another process took the same idempotency key a moment ago
            if len(applicants) > 1:
                for one in applicants:
                    one.refusal = None
                    self._admit([one])
                return
            self._settle_known(applicants[0], error)
        except Exception as error:  # noqa: BLE001 - told to each of them
            for one in applicants:
                one.refusal = one.refusal or error
        else:
            for one, operation in admitted:
                one.seen = seen.get(operation.id, Seen(operation))  # a known one may have gone meanwhile

    def _settle_known(self, applicant: _Applicant, error: IntegrityError) -> None:
        try:
            with self._database.reading() as session:
                known = _known(session, applicant)
                if known is None:
                    raise error
                applicant.seen = self._forecasts.seen(session, [known.id]).get(known.id, Seen(known))
        except Exception as other:  # noqa: BLE001 - told to whom it concerns
            applicant.refusal = other

    def _take_on(self, session: Session, applicants: Sequence[_Applicant]) -> list[tuple[_Applicant, Operation]]:
        """All that can be taken on; those that cannot get their refusal. Nothing is known to anyone before the transaction ends."""
        standing, moment = _Standing(session), now()
        answered: list[tuple[_Applicant, Operation]] = []
        fresh: list[tuple[_Applicant, Operation]] = []
        by_key: dict[tuple[str, str], Operation] = {}
        with session.no_autoflush:
            for one in applicants:
                try:
                    operation = _known(session, one, by_key)
                    if operation is None:
                        operation = self._operation(session, one, standing, moment)
                        fresh.append((one, operation))
                        if one.key is not None:
                            by_key[one.caller.tenant_id, one.key] = operation
                    answered.append((one, operation))
                except Refusal as refusal:
                    one.refusal = refusal
            self._write(session, fresh)
        return answered

    def _operation(self, session: Session, applicant: _Applicant, standing: _Standing, moment: datetime) -> Operation:
        caller, job = applicant.caller, applicant.job
        operation = _operation_of(applicant, moment)
        if not operation.state.is_final:
            operation.share_tag = standing.next_tag(caller.tenant_id, job.queue, most=self._max_open_jobs)
            _charge(session, caller, job.credits)
            operation.credits = job.credits
            standing.took(caller.tenant_id, operation.share_tag)
        if job.world is not None:
            job.world.operation_id, job.world.state = operation.id, operation.state
            job.world.created_at = job.world.updated_at = moment
        return operation

    def _write(self, session: Session, fresh: Sequence[tuple[_Applicant, Operation]]) -> None:
        """Rows of one kind together; what points to others after those."""
        session.add_all(operation for _, operation in fresh)
        session.add_all(one.job.world for one, _ in fresh if one.job.world is not None)
        session.flush()
        for one, operation in fresh:
            if one.job.world is not None:
                world_id = one.job.world.id
                session.add_all(WorldTag(world_id=world_id, tag=tag, place=place) for place, tag in enumerate(one.job.tags))
                for file in one.job.files:
                    file.operation_id = operation.id
                session.add_all(one.job.files)
            remember(session, operation)
        session.flush()
        for one, operation in fresh:
            if not operation.state.is_final:
                self._engine.enqueue(session, operation.id, queue=one.job.queue, priority=operation.share_tag)


def _operation_of(applicant: _Applicant, moment: datetime) -> Operation:
    """A new operation: queued, or done where nothing is left to do."""
    caller, job = applicant.caller, applicant.job
    is_done = job.result is not None or job.error is not None
    return Operation(
        id=new_id(OPERATION),
        tenant_id=caller.tenant_id,
        key_id=caller.key_id,
        kind=job.kind,
        world_id=job.world.id if job.world is not None else job.world_id,
        state=State.QUEUED if not is_done else State.SUCCEEDED if job.error is None else State.FAILED,
        request=job.request,
        fingerprint=applicant.fingerprint,
        idempotency_key=applicant.key,
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


def _known(session: Session, applicant: _Applicant, by_key: dict[tuple[str, str], Operation] | None = None) -> Operation | None:
    """The operation that the same idempotency key gave before; raises Refusal when that was for another request."""
    tenant_id, key = applicant.caller.tenant_id, applicant.key
    if key is None:
        return None
    found = (by_key or {}).get((tenant_id, key))
    if found is None:
        found = session.scalar(select(Operation).where(Operation.tenant_id == tenant_id, Operation.idempotency_key == key))
    if found is not None and found.fingerprint != applicant.fingerprint:
        raise Refusal("idempotency_key_reused", "this Idempotency-Key was used for another request: take a new one for each request")
    return found


def _charge(session: Session, caller: Caller, credits: int) -> None:
    if caller.key_id is None or credits == 0:
        return
    limited = session.scalar(select(ApiKey.credits).where(ApiKey.id == caller.key_id))
    if limited is None:
        return
    paid = session.execute(
        update(ApiKey).where(ApiKey.id == caller.key_id, ApiKey.credits >= credits).values(credits=ApiKey.credits - credits),
        execution_options={"synchronize_session": False},
    )
    if not paid.rowcount:  # type: ignore[attr-defined]
        raise Refusal(
            "credits_exhausted",
            f"this key has {limited:,} credits left and the request takes {credits:,}: give it more with `worldloom keys create --credits`",
        )
