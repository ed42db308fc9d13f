"""Tidying: old operations, and files that nobody owns any more, go."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, func, select

from app.database import Database, now
from app.engine import JobEngine
from app.settings import Settings
from app.store import Store
from app.tables import OPEN, MediaAsset, Operation, OperationEvent, WebhookDelivery, WorldFile

AT_ONCE = 500
CLOCKS_APART = timedelta(minutes=1)  # of this machine and of the store

log = structlog.get_logger("worldloom.household")


class Tidying:
    """What is old and can go."""

    def __init__(self, settings: Settings, database: Database, store: Store, engine: JobEngine) -> None:
        self._settings, self._database, self._store, self._engine = settings, database, store, engine

    def forget_old(self) -> int:
        """Remove operations that ended long ago, and what belongs to them; returns how many."""
        old = now() - timedelta(days=self._settings.retention_days)
        ended = select(Operation.id).where(Operation.state.not_in(OPEN), Operation.updated_at < old).limit(AT_ONCE)
        count = 0
        while True:
            with self._database.reading() as session:
                gone = session.scalars(ended).all()
            if not gone:
                break
            self._engine.forget(gone)  # first: an operation without a job is found again, a job without its operation never
            with self._database.writing() as session:
                session.execute(delete(OperationEvent).where(OperationEvent.operation_id.in_(gone)))
                session.execute(delete(Operation).where(Operation.id.in_(gone)))
            count += len(gone)
        with self._database.writing() as session:
            session.execute(delete(MediaAsset).where(MediaAsset.state == "PREPARED", MediaAsset.created_at < self._uploads_ended()))
            session.execute(delete(MediaAsset).where(MediaAsset.state == "REJECTED", MediaAsset.created_at < old))
            session.execute(delete(WebhookDelivery).where(WebhookDelivery.next_at.is_(None), WebhookDelivery.created_at < old))
        return count

    def collect_garbage(self) -> int:
        """Mark and sweep: files older than the grace period that no row names. Returns the bytes freed."""
        before = self._grace_began()
        freed = 0
        for batch in batched(self._store.older_than(before), AT_ONCE):
            named = self._named({key.rpartition("/")[2] for key, _ in batch})
            for key, size in batch:
                # What was asked to be kept again in the meantime has been touched, and stays.
                if _owner_and_sum(key) not in named and self._store.is_older(key, before):
                    self._store.delete([key])
                    freed += size
        if freed:
            log.info("files removed", bytes=freed)
        return freed

    def _uploads_ended(self) -> datetime:
        """Announced before this, an upload has a link that no longer works, and what came by it has been collected."""
        return now() - timedelta(seconds=2 * self._settings.upload_s + self._settings.garbage_s)

    def _grace_began(self) -> datetime:
        """Files of a job that has not been published yet belong to nobody, however long ago they were made: they are younger than it."""
        began = now() - timedelta(seconds=self._settings.garbage_s)
        oldest = select(func.min(Operation.started_at)).where(Operation.state.in_(OPEN))
        with self._database.reading() as session:
            started_at = session.scalar(oldest)
        return began if started_at is None else min(began, started_at - CLOCKS_APART)

    def _named(self, sums: set[str]) -> set[tuple[str, str]]:
        """(tenant, sha256) of those that rows name."""
        found: set[tuple[str, str]] = set()
        with self._database.reading() as session:
            for table in (WorldFile, MediaAsset):
                rows = session.execute(select(table.tenant_id, table.sha256).where(table.sha256.in_(sums)))
                found |= {(tenant, sha256) for tenant, sha256 in rows if sha256}
        return found


def _owner_and_sum(key: str) -> tuple[str, str]:
    tenant, _, rest = key.partition("/")
    return tenant, rest.rpartition("/")[2]


def batched(entries: Iterable[tuple[str, int]], most: int) -> Iterator[list[tuple[str, int]]]:
    """Entries in lists of at most `most`."""
    source = iter(entries)
    while batch := list(itertools.islice(source, most)):
        yield batch
