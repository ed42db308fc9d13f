"""The worker process: takes jobs from its queues, says that it lives, and hands back what is unfinished when it ends."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from app import engine
from app.database import Database, now
from app.operations.moves import move
from app.preparing import ensure_prepared
from app.queues import all_queues
from app.settings import Settings
from app.store import Store
from app.tables import Operation, State, WorkerRow
from app.working.household import Household
from app.working.patience import Patience, Stopped
from app.working.runner import Runner
from pipelines import __version__
from pipelines.errors import OutputError

HEARTBEAT_S = 5.0
LOCK_WAIT_S = 20.0

log = structlog.get_logger("worldloom.worker")


class Worker:
    """One worker: for each of its queues one job at a time."""

    def __init__(self, settings: Settings, *, slot: int = 0) -> None:
        self.settings = settings
        self.id = f"{settings.machine}-{slot}"
        self.queues = settings.queues or all_queues()
        self.database = Database(settings.database)
        self.store = Store(settings.store)
        self._stopping = threading.Event()
        self._started_at = now()
        self._runner = Runner(settings, self.database, self.store, worker_id=self.id, queues=self.queues, stopping=self._stopping)

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`; then hand running jobs back."""
        with self._alone():
            try:
                patience = Patience(self._stopping)
                patience.call(lambda: ensure_prepared(self.settings, self.database))
                patience.call(self._heartbeat)  # before the first job, so that it can be missed
            except Stopped:
                return
            self._runner.open()
            engine.work(
                self.settings.database,
                executor_id=self.id,
                queues=self.queues,
                poll_s=self.settings.poll_s,
                steps=self._runner,
            )
            household = Household(self.settings, self.database, self.store, self.id)
            household.start()
            log.info("worker started", worker=self.id, queues=self.queues)
            try:
                self._live()
            finally:
                self._leave(household)

    def _live(self) -> None:
        pause_s = min(HEARTBEAT_S, self.settings.lost_worker_s / 4)
        while not self._stopping.wait(pause_s):
            try:
                self._heartbeat()
            except SQLAlchemyError as error:
                log.warning("the database does not answer", error=type(error).__name__)

    def _leave(self, household: Household) -> None:
        """Children are killed as their jobs are cancelled; the jobs go back into line, for this worker's next start or another worker."""
        self._stopping.set()
        begun = [claim.operation for claim in self._runner.claims.values() if claim.operation is not None]
        self._runner.close()
        engine.stop()
        household.stop()
        try:
            handed_back = self._hand_back(begun)
            log.info("worker stopped", worker=self.id, handed_back=handed_back)
        except SQLAlchemyError as error:  # its next start, or whoever finds it lost, will take care of its jobs
            log.warning("worker stopped without a word to the database", worker=self.id, error=type(error).__name__)
        self.database.close()

    def _hand_back(self, begun: Iterable[Operation]) -> int:
        """Returns how many jobs are queued again. The worker's row goes last: as long as it is there, others will look for lost jobs."""
        fresh = {"state": State.QUEUED, "phase": "", "fraction": 0.0, "note": "handed back"}
        with self.database.writing() as session:
            moved = [move(session, claim.id, expect=(State.RUNNING,), claim=claim, **fresh) for claim in begun]
        engine.adopt(self.settings.database, self.id)
        with self.database.writing() as session:
            session.execute(delete(WorkerRow).where(WorkerRow.id == self.id))
        return sum(one is not None for one in moved)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two live processes of one name would fight over their jobs: the second waits for the first to end, then gives up."""
        folder = self.settings.data / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{self.id}.lock").open("w") as file:
            end = time.monotonic() + LOCK_WAIT_S
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as error:
                    if time.monotonic() > end or self._stopping.is_set():
                        raise OutputError(
                            f"a worker named {self.id} is running already: stop it, or give this one another --slot"
                        ) from error
                    time.sleep(0.1)
            yield

    def _heartbeat(self) -> None:
        children = {
            queue: {"pid": child.pid, "busy": child.busy, "jobs": child.jobs, "warm": child.warm}
            for queue, child in self._runner.children.items()
        }
        row = WorkerRow(
            id=self.id,
            node=self.settings.machine,
            queues=list(self.queues),
            pid=os.getpid(),
            version=__version__,
            status={"children": children, "operations": sorted(self._runner.claims)},
            started_at=self._started_at,
            seen_at=now(),
        )
        with self.database.writing() as session:
            session.merge(row)
