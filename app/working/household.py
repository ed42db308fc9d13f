"""Household: what one worker at a time does for all: lost jobs, lost workers, webhooks, and what is old and can go.

A lease in the database says who; when that worker dies, the next one takes over.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import Database, now
from app.engine import DEAD, JobEngine
from app.errors import Refusal
from app.operations.moves import move, refund
from app.settings import Settings
from app.store import Store
from app.tables import OPEN, Lease, MediaAsset, Operation, OperationEvent, State, WebhookDelivery, WorkerRow, WorldFile
from app.webhooks.delivery import Courier

LEASE_S = 30.0
STEP_S = 1.0
SWEEP_S, LOST_S, TIDY_S = 10.0, 10.0, 600.0
SWEEP_AFTER = timedelta(seconds=15)
AT_ONCE = 500
ADOPTION_S = 60

log = structlog.get_logger("worldloom.household")


class Household:
    """A thread beside the worker."""

    def __init__(self, settings: Settings, database: Database, store: Store, holder: str) -> None:
        self._settings, self._database, self._store, self._holder = settings, database, store, holder
        self._engine = JobEngine(settings.database)
        self._courier = Courier(settings, database)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="household", daemon=True)
        self._due: dict[Callable[[], None], tuple[float, float]] = {
            self.sweep: (SWEEP_S, 0.0),
            self.adopt_lost: (LOST_S, 0.0),
            self.tidy: (TIDY_S, 0.0),
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
            except (DBAPIError, PoolTimeout, Refusal) as error:
                log.warning("the household waits", error=f"{type(error).__name__}: {str(error)[:200]}")
            except Exception:
                log.exception("the household stumbled")
        try:
            with self._database.writing() as session:
                session.execute(delete(Lease).where(Lease.holder == self._holder))
        except (DBAPIError, PoolTimeout):
            return

    def _do_what_is_due(self) -> None:
        for duty, (every_s, next_s) in self._due.items():
            if time.monotonic() >= next_s and not self._ended.is_set():
                self._due[duty] = (every_s, time.monotonic() + every_s)
                duty()

    def _has_lease(self) -> bool:
        """Whether this worker keeps the household, for the next half minute."""
        moment = now()
        try:
            with self._database.writing() as session:
                lease = session.get(Lease, "household", with_for_update=True)
                if lease is None:
                    session.add(Lease(name="household", holder=self._holder, ends_at=moment + timedelta(seconds=LEASE_S)))
                    return True
                if lease.holder != self._holder and lease.ends_at > moment:
                    return False
                lease.holder, lease.ends_at = self._holder, moment + timedelta(seconds=LEASE_S)
                return True
        except IntegrityError:  # somebody else was quicker
            return False

    def sweep(self) -> None:
        """Open operations that the engine does not know go into line again; those that it has given up end."""
        with self._database.reading() as session:
            old = (
                select(Operation)
                .where(Operation.state.in_(OPEN), Operation.updated_at < now() - SWEEP_AFTER)
                .order_by(Operation.updated_at)
            )
            stale = session.scalars(old.limit(AT_ONCE)).all()
        states = self._engine.states(operation.id for operation in stale)
        for operation in stale:
            state = states.get(operation.id)
            if state is None:
                with self._database.writing() as session:
                    self._engine.enqueue(session, operation.id, queue=operation.queue, priority=operation.share_tag)
                log.warning("a job was not in line and is now", operation=operation.id)
            elif state in DEAD:
                self._bury(operation, state)

    def _bury(self, operation: Operation, state: str) -> None:
        cancelled = operation.state is State.CANCELLING or state == "CANCELLED"
        error = (
            {"code": "cancelled", "message": "cancelled"}
            if cancelled
            else {"code": "worker_crashed", "message": "the process that did this job died too often: it is not tried again"}
        )
        with self._database.writing() as session:
            ended = move(
                session, operation.id, expect=OPEN, state=State.CANCELLED if cancelled else State.FAILED, error=error, phase="", note=""
            )
            if ended is not None:
                refund(session, ended)

    def adopt_lost(self) -> None:
        """Jobs of workers that have not been heard of for a while go to others. A wrong verdict costs time, not correctness."""
        with self._database.reading() as session:
            lost = session.scalars(
                select(WorkerRow).where(
                    WorkerRow.seen_at < now() - timedelta(seconds=self._settings.lost_worker_s), WorkerRow.id != self._holder
                )
            ).all()
        for worker in lost:
            log.warning("a worker is lost; its jobs go to others", worker=worker.id)
            done = subprocess.run(
                [sys.executable, "-m", "app.working.adopt", worker.id, self._settings.database],
                capture_output=True,
                text=True,
                timeout=ADOPTION_S,
                check=False,
            )
            if done.returncode:
                log.error("adoption failed", worker=worker.id, error=done.stderr[-1_000:])
                continue
            with self._database.writing() as session:
                session.execute(delete(WorkerRow).where(WorkerRow.id == worker.id, WorkerRow.seen_at == worker.seen_at))

    def tidy(self) -> None:
        """Old operations, and files that nobody owns any more."""
        old = now() - timedelta(days=self._settings.retention_days)
        with self._database.writing() as session:
            ended = select(Operation.id).where(Operation.state.not_in(OPEN), Operation.updated_at < old).limit(AT_ONCE)
            gone = session.scalars(ended).all()
            session.execute(delete(OperationEvent).where(OperationEvent.operation_id.in_(gone)))
            session.execute(delete(Operation).where(Operation.id.in_(gone)))
            session.execute(delete(MediaAsset).where(MediaAsset.state == "PREPARED", MediaAsset.created_at < old))
            session.execute(delete(WebhookDelivery).where(WebhookDelivery.next_at.is_(None), WebhookDelivery.created_at < old))
        self._engine.forget(gone)
        self.collect_garbage()

    def collect_garbage(self) -> int:
        """Mark and sweep: files older than the grace period that no row names. Returns the bytes freed."""
        before = now() - timedelta(seconds=self._settings.garbage_s)
        freed = 0
        for batch in batched(self._store.older_than(before), AT_ONCE):
            named = self._named({key.rpartition("/")[2] for key, _ in batch})
            unowned = [(key, size) for key, size in batch if _owner_and_sum(key) not in named]
            # What was asked to be kept again in the meantime has been touched, and stays.
            gone = [(key, size) for key, size in unowned if self._store.is_older(key, before)]
            self._store.delete([key for key, _ in gone])
            freed += sum(size for _, size in gone)
        if freed:
            log.info("files removed", bytes=freed)
        return freed

    def _named(self, sums: set[str]) -> set[tuple[str, str]]:
        """(tenant, sha256) of those that rows name."""
        found: set[tuple[str, str]] = set()
        with self._database.reading() as session:
            for table in (WorldFile, MediaAsset):
                found |= {
                    (tenant, sha256)
                    for tenant, sha256 in session.execute(select(table.tenant_id, table.sha256).where(table.sha256.in_(sums)))
                    if sha256
                }
        return found


def _owner_and_sum(key: str) -> tuple[str, str]:
    tenant, _, rest = key.partition("/")
    return tenant, rest.rpartition("/")[2]


def batched(entries: Iterable[tuple[str, int]], most: int) -> Iterator[list[tuple[str, int]]]:
    """Entries in lists of at most `most`."""
    source = iter(entries)
    while batch := list(itertools.islice(source, most)):
        yield batch
