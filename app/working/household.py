"""Household: what one worker at a time does for all: lost jobs, lost workers, webhooks, and what is old and can go.

A lease in the database says who; when that worker falls silent, another one takes over. Nothing here does harm when two do it at once.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from app.database import Database, now
from app.engine import ENDED, GIVEN_UP, TRIED_TOO_OFTEN, JobEngine
from app.errors import Refusal
from app.settings import Settings
from app.store import Store
from app.tables import OPEN, Lease, Operation, State, WorkerRow
from app.webhooks.delivery import Courier
from app.working.publishing import CANCELLED, end
from app.working.stillness import Stillness
from app.working.tidying import Tidying

LONGEST_LEASE_S = 30.0
STEP_S = 1.0
SWEEP_S, LOST_S, TIDY_S = 10.0, 10.0, 600.0
SWEEP_AFTER = timedelta(seconds=15)
UNATTENDED_S = 30.0
AT_ONCE, MOST_AT_A_TIME = 500, 5_000
ADOPTION_S = 60

Stale = Row[str, str, int, State, datetime]
"""(id, queue, share_tag, state, updated_at) of an operation."""

log = structlog.get_logger("worldloom.household")


class Household:
    """A thread beside the worker."""

    def __init__(self, settings: Settings, database: Database, store: Store, holder: str) -> None:
        self._settings, self._database, self._holder = settings, database, holder
        self._engine = JobEngine(settings.database)
        self._courier = Courier(settings, database)
        self._tidying = Tidying(settings, database, store, self._engine)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="household", daemon=True)
        self._lease_s = min(LONGEST_LEASE_S, settings.lost_worker_s / 2)
        self._renew_s = 0.0
        self._leases, self._workers, self._unattended = Stillness(), Stillness(), Stillness()
        self._swept: tuple[datetime, str] | None = None
        tidy_s = min(TIDY_S, max(STEP_S, settings.garbage_s / 4))
        self._due: dict[Callable[[], object], tuple[float, float]] = {
            self.sweep: (SWEEP_S, 0.0),
            self.attend: (SWEEP_S, 0.0),
            self.adopt_lost: (min(LOST_S, settings.lost_worker_s / 4), 0.0),
            self._tidying.forget_old: (tidy_s, 0.0),
            self._tidying.collect_garbage: (tidy_s, 0.0),
        }

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and leave the lease to others at once."""
        self._ended.set()
        self._thread.join(timeout=10)
        self._courier.stop()
        self._engine.close()

    def _keep(self) -> None:
        while not self._ended.wait(STEP_S):
            try:
                if self._has_lease():
                    self._courier.deliver_due()
                    self._do_what_is_due()
            except (SQLAlchemyError, Refusal) as error:
                log.warning("the household waits", error=f"{type(error).__name__}: {str(error)[:200]}")
            except Exception:
                log.exception("the household stumbled")
        try:
            with self._database.writing() as session:
                session.execute(delete(Lease).where(Lease.holder == self._holder))
        except SQLAlchemyError:
            return

    def _do_what_is_due(self) -> None:
        for duty, (every_s, next_s) in self._due.items():
            if time.monotonic() >= next_s and not self._ended.is_set():
                self._due[duty] = (every_s, time.monotonic() + every_s)
                duty()

    def _has_lease(self) -> bool:
        """Whether this worker keeps the household for now. A lease that nobody renews for its length is free."""
        moment_s = time.monotonic()
        if moment_s < self._renew_s:
            return True
        with self._database.reading() as session:
            held = session.get(Lease, "household")
        ends_at = now() + timedelta(seconds=self._lease_s)
        if held is not None and held.holder != self._holder and self._leases.look({held.holder: held.ends_at})[held.holder] < self._lease_s:
            return False
        try:
            with self._database.writing() as session:
                if held is None:
                    session.add(Lease(name="household", holder=self._holder, ends_at=ends_at))
                else:
                    same = (Lease.name == held.name, Lease.holder == held.holder, Lease.ends_at == held.ends_at)
                    taken = update(Lease).where(*same).values(holder=self._holder, ends_at=ends_at).returning(Lease.name)
                    if session.scalar(taken) is None:  # somebody else was quicker
                        return False
        except IntegrityError:  # the same
            return False
        self._renew_s = moment_s + self._lease_s / 3
        return True

    def sweep(self) -> None:
        """Open operations that the engine does not know go into line again; those that it has given up end."""
        for _ in range(MOST_AT_A_TIME // AT_ONCE):
            stale = self._stale()
            states = self._engine.states(operation.id for operation in stale)
            for operation in stale:
                state = states.get(operation.id)
                if state is None or state == ENDED:
                    self._queue_again(operation, known=state is not None)
                elif state in GIVEN_UP:
                    self._bury(operation, state)
            if len(stale) < AT_ONCE:
                return

    def _stale(self) -> list[Stale]:
        """The next open operations that have not changed for a while, the oldest first, going round and round."""
        columns = (Operation.id, Operation.queue, Operation.share_tag, Operation.state, Operation.updated_at)
        query = select(*columns).where(Operation.state.in_(OPEN), Operation.updated_at < now() - SWEEP_AFTER)
        if self._swept is not None:
            query = query.where(tuple_(Operation.updated_at, Operation.id) > self._swept)
        with self._database.reading() as session:
            found = list(session.execute(query.order_by(Operation.updated_at, Operation.id).limit(AT_ONCE)))
        self._swept = (found[-1].updated_at, found[-1].id) if len(found) == AT_ONCE else None
        return found

    def _queue_again(self, operation: Stale, *, known: bool) -> None:
        """For jobs that the engine has never heard of, or went through without an end of the operation."""
        if known:
            with self._database.reading() as session:
                state = session.scalar(select(Operation.state).where(Operation.id == operation.id))
            if state is None or state.is_final:  # it ended just now
                return
            self._engine.forget([operation.id])
        with self._database.writing() as session:
            self._engine.enqueue(session, operation.id, queue=operation.queue, priority=operation.share_tag)
        log.warning("a job was not in line and is now", operation=operation.id)

    def _bury(self, operation: Stale, state: str) -> None:
        error = {
            "code": "worker_crashed" if state == TRIED_TOO_OFTEN else "internal",
            "message": "the process that did this job died too often, so it is not tried again: ask for fewer splats, or send smaller files"
            if state == TRIED_TOO_OFTEN
            else "the job could not be done: the worker's log tells why",
        }
        cancelled = operation.state is State.CANCELLING or state == "CANCELLED"
        with self._database.writing() as session:
            end(session, operation.id, State.CANCELLED if cancelled else State.FAILED, CANCELLED if cancelled else error)

    def attend(self) -> None:
        """Jobs that the engine gave to a worker who does not know of it (a database can go away in the middle of a word) go into line."""
        taken = set(self._engine.taken())
        with self._database.reading() as session:
            for status in session.scalars(select(WorkerRow.status)):
                taken -= set(status.get("operations", ()))
            query = select(Operation.id, Operation.queue, Operation.updated_at).where(Operation.id.in_(taken), Operation.state.in_(OPEN))
            queues = {row.id: (row.queue, row.updated_at) for row in session.execute(query)}
        for operation_id, seconds in self._unattended.look(queues).items():
            if seconds >= UNATTENDED_S:
                self._engine.put_back(operation_id, queue=queues[operation_id][0])
                log.warning("nobody worked on a job; it is in line again", operation=operation_id)

    def adopt_lost(self) -> None:
        """Jobs of workers that have not been heard of for a while go to others. A wrong verdict costs time, not correctness."""
        with self._database.reading() as session:
            seen = {row.id: row.seen_at for row in session.scalars(select(WorkerRow).where(WorkerRow.id != self._holder))}
        for worker, seconds in self._workers.look(seen).items():
            if seconds < self._settings.lost_worker_s:
                continue
            log.warning("a worker is lost; its jobs go to others", worker=worker)
            done = subprocess.run(
                [sys.executable, "-m", "app.working.adopt", worker],
                input=self._settings.database,  # it may hold a password, which must not stand in a list of processes
                capture_output=True,
                text=True,
                timeout=ADOPTION_S,
                check=False,
            )
            if done.returncode:
                log.error("adoption failed", worker=worker, error=done.stderr[-1_000:])
                continue
            with self._database.writing() as session:
                session.execute(delete(WorkerRow).where(WorkerRow.id == worker, WorkerRow.seen_at == seen[worker]))
