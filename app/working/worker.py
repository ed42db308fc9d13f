"""The worker process: takes jobs from its queues, has them done by child processes, stores what they made, and publishes it once."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app import engine
from app.database import Database, now
from app.errors import Refusal
from app.operations.moves import move, refund
from app.preparing import ensure_prepared
from app.queues import all_queues
from app.settings import Settings
from app.store import Store, key_of
from app.tables import OPEN, Operation, State, WorkerRow, World, WorldFile
from app.working.children import Child, ChildDied
from app.working.household import Household
from pipelines import __version__
from pipelines.errors import OutputError

T = TypeVar("T")

MOST_CRASHES = 2
TICK_S = 0.4
HEARTBEAT_S = 5.0
LOCK_WAIT_S = 20.0
PATIENCE_S = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger("worldloom.worker")


class Unwanted(Exception):  # noqa: N818 - what happened, not an error
    """The job was cancelled, or belongs to another worker now."""


class Failure(Exception):  # noqa: N818
    """The job has failed for good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Worker:
    """One worker: for each of its queues one job at a time, in a child process of its own."""

    def __init__(self, settings: Settings, *, slot: int = 0) -> None:
        self.settings = settings
        self.id = f"{settings.node}-{slot}"
        self.database = Database(settings.database)
        self.store = Store(settings.store)
        self.queues = settings.queues or all_queues()
        self._children = {queue: Child() for queue in self.queues}
        self._turns: dict[str, asyncio.Lock] = {}
        self._running: set[str] = set()
        self._stopping = threading.Event()
        self._started_at = now()

    def stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until `stop`; then hand running jobs back."""
        with self._alone():
            self._patiently(lambda: ensure_prepared(self.settings, self.database))
            engine.work(
                self.settings.database,
                executor_id=self.id,
                queues=self.queues,
                poll_s=self.settings.poll_s,
                make=self.make,
                publish=self.publish,
            )
            household = Household(self.settings, self.database, self.store, self.id)
            household.start()
            log.info("worker started", worker=self.id, queues=self.queues)
            try:
                self._live()
            finally:
                household.stop()
                self._leave()

    def _live(self) -> None:
        while not self._stopping.is_set():
            try:
                self._heartbeat()
            except (DBAPIError, PoolTimeout) as error:
                log.warning("the database does not answer", error=type(error).__name__)
            self._let_idle_children_go()
            self._stopping.wait(HEARTBEAT_S)

    def _leave(self) -> None:
        """Children are killed as their jobs are cancelled; the jobs go back into line, for this worker's next start or another worker."""
        engine.stop()
        for child in self._children.values():
            child.kill()
        given_back = list(self._running)
        with contextlib.suppress(DBAPIError, PoolTimeout):
            with self.database.writing() as session:
                for operation_id in given_back:
                    move(session, operation_id, expect=(State.RUNNING,), worker=self.id, state=State.QUEUED, phase="", note="handed back")
                session.execute(delete(WorkerRow).where(WorkerRow.id == self.id))
            if given_back:
                engine.adopt(self.settings.database, self.id)
        self.database.close()
        log.info("worker stopped", worker=self.id, handed_back=len(given_back))

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
            queue: {"pid": child.pid, "busy": child.busy, "jobs": child.jobs, "warm": child.warm} for queue, child in self._children.items()
        }
        row = WorkerRow(
            id=self.id,
            node=self.settings.node,
            queues=list(self.queues),
            pid=os.getpid(),
            version=__version__,
            status={"children": children, "operations": sorted(self._running)},
            started_at=self._started_at,
            seen_at=now(),
        )
        with self.database.writing() as session:
            session.merge(row)

    def _let_idle_children_go(self) -> None:
        for child in self._children.values():
            if child.pid and not child.busy and time.monotonic() - child.idle_since_s > self.settings.child_idle_s:
                child.kill()

    # -- the two steps of a job; they run in the engine's event loop -------------------------------------------------------------------

    async def make(self, operation_id: str) -> dict[str, Any]:
        """Do the work of an operation; returns what `publish` needs. Whatever goes wrong with the job itself is an outcome, too."""
        operation = await self._patiently_async(lambda: self._begin(operation_id))
        if operation is None:
            return {"nothing": True}
        log.info("job started", operation=operation.id, kind=operation.kind, attempt=operation.attempt)
        self._running.add(operation.id)
        try:
            async with self._turns.setdefault(operation.queue, asyncio.Lock()):
                return await self._try(operation)
        except Failure as failure:
            return {"failed": {"code": failure.code, "message": str(failure)}}
        except Unwanted:
            return {"cancelled": True}
        finally:
            self._running.discard(operation.id)

    async def publish(self, operation_id: str, outcome: dict[str, Any]) -> None:
        """Make the outcome known, once: files, world and the operation's end in one transaction."""
        if "nothing" not in outcome:
            await self._patiently_async(lambda: self._publish(operation_id, outcome))

    def _begin(self, operation_id: str) -> Operation | None:
        with self.database.writing() as session:
            operation = session.get(Operation, operation_id)
            if operation is None or operation.state.is_final:
                return None
            if operation.state is State.CANCELLING:
                _end(session, operation_id, State.CANCELLED, {"code": "cancelled", "message": "cancelled"})
                return None
            crashes = operation.crashes + (1 if operation.state is State.RUNNING else 0)  # it ran, and nobody said how that ended
            if crashes > MOST_CRASHES:
                _end(session, operation_id, State.FAILED, _worker_crashed(crashes))
                return None
            return move(
                session,
                operation_id,
                expect=(State.QUEUED, State.RUNNING),
                state=State.RUNNING,
                worker=self.id,
                attempt=operation.attempt + 1,
                crashes=crashes,
                started_at=now(),
                phase="starting",
                fraction=0.0,
                note="",
            )

    async def _try(self, operation: Operation) -> dict[str, Any]:
        """Until it is done; a child that dies is replaced, but not for ever."""
        while True:
            try:
                with tempfile.TemporaryDirectory(prefix=f"{operation.id}-", dir=self._workshop(), ignore_cleanup_errors=True) as folder:
                    return await self._once(operation, Path(folder))
            except ChildDied as death:
                log.warning("child died", operation=operation.id, code=death.code, tail=death.tail[-2_000:])
                operation = await self._patiently_async(lambda operation=operation: self._crashed(operation))  # type: ignore[misc]

    async def _once(self, operation: Operation, folder: Path) -> dict[str, Any]:
        child = self._children[operation.queue]
        try:
            package = await self._patiently_async(lambda: self._package(operation, folder))
            job = {"kind": operation.kind, "request": operation.request, "package": package, "folder": str(folder)}
            await child.begin(job, warm=operation.recipe or operation.kind)
            outcome = await self._watch(operation, child)
        except BaseException:
            child.kill()
            raise
        child.end()
        if "failed" in outcome:
            raise Failure(outcome["failed"]["code"], outcome["failed"]["message"])
        done: dict[str, Any] = outcome["done"]
        for file in done["files"]:
            key = key_of(operation.tenant_id, file["sha256"])
            path = Path(file.pop("path"))
            await self._patiently_async(lambda key=key, path=path: self.store.put(key, path))  # type: ignore[misc]
        return done

    async def _watch(self, operation: Operation, child: Child) -> dict[str, Any]:
        """Listen to the child, pass its progress on, and notice when the job is not wanted, takes too long or stands still."""
        begun_s = heard_s = told_s = time.monotonic()
        newest: list[Any] | None = None
        while True:
            message = await child.hear(TICK_S)
            moment = time.monotonic()
            if message is not None:
                heard_s = moment
                if "progress" not in message:
                    return message
                newest = message["progress"]
            if moment - told_s >= TICK_S:
                told_s = moment
                await asyncio.to_thread(self._tell, operation, newest)
                newest = None
            if moment - begun_s > self.settings.job_timeout_s:
                raise Failure("timed_out", f"the job took longer than {self.settings.job_timeout_s:g} s and was ended")
            if moment - heard_s > self.settings.stall_timeout_s:
                raise Failure("stalled", f"the job made no progress for {self.settings.stall_timeout_s:g} s and was ended")

    def _tell(self, operation: Operation, newest: list[Any] | None) -> None:
        """Write progress down and look whether the job is still wanted and ours. A database that is away for a while changes nothing."""
        try:
            if newest is None:
                with self.database.reading() as session:
                    found = session.execute(
                        select(Operation.state, Operation.worker, Operation.attempt).where(Operation.id == operation.id)
                    ).one_or_none()
                wanted = found is not None and tuple(found) == (State.RUNNING, operation.worker, operation.attempt)
            else:
                phase, fraction, note = newest
                with self.database.writing() as session:
                    values = {"phase": phase[:40], "fraction": fraction, "note": note[:200]}
                    wanted = move(session, operation.id, expect=(State.RUNNING,), claim=operation, **values) is not None
        except (DBAPIError, PoolTimeout):
            return
        if not wanted:
            raise Unwanted

    def _crashed(self, operation: Operation) -> Operation:
        """Count a death of the child; raises Failure when it was one too many."""
        with self.database.writing() as session:
            values = {
                "crashes": operation.crashes + 1,
                "attempt": operation.attempt + 1,
                "fraction": 0.0,
                "note": "its process died: trying again",
            }
            again = move(session, operation.id, expect=(State.RUNNING,), claim=operation, **values)
        if again is None:
            raise Unwanted
        if again.crashes > MOST_CRASHES:
            raise Failure(**_worker_crashed(again.crashes))
        return again

    def _package(self, operation: Operation, folder: Path) -> str | None:
        """Bring the files of the world that a job works on; None for a job that makes one."""
        needed = operation.request.get("files")
        if needed is None:
            return None
        target = folder / "world"
        target.mkdir()
        with self.database.reading() as session:
            rows = session.scalars(select(WorldFile).where(WorldFile.world_id == operation.world_id, WorldFile.name.in_(needed))).all()
        try:
            for row in rows:
                self.store.fetch(key_of(row.tenant_id, row.sha256), target / row.name)
        except FileNotFoundError:
            rows = ()
        if len(rows) < len(needed):
            raise Failure("world_gone", "the world was deleted, or some of its files are missing")
        return str(target)

    def _publish(self, operation_id: str, outcome: dict[str, Any]) -> None:
        with self.database.writing() as session:
            if "failed" in outcome:
                _end(session, operation_id, State.FAILED, outcome["failed"])
                return
            if "cancelled" in outcome:
                _end(session, operation_id, State.CANCELLED, {"code": "cancelled", "message": "cancelled"}, expect=(State.CANCELLING,))
                return
            operation = session.get(Operation, operation_id)
            if operation is None or operation.state is not State.RUNNING:
                if operation is not None and operation.state is State.CANCELLING:
                    _end(session, operation_id, State.CANCELLED, {"code": "cancelled", "message": "cancelled"})
                return
            world = session.get(World, operation.world_id) if operation.world_id else None
            if world is None:
                _end(
                    session, operation_id, State.FAILED, {"code": "world_gone", "message": "the world was deleted while this was going on"}
                )
                return
            if operation.kind == "generate":
                world.facts = outcome["facts"]
            for file in outcome["files"]:
                session.merge(WorldFile(world_id=world.id, tenant_id=world.tenant_id, operation_id=operation.id, created_at=now(), **file))
            session.flush()
            move(
                session,
                operation_id,
                expect=(State.RUNNING,),
                state=State.SUCCEEDED,
                result=outcome["result"],
                fraction=1.0,
                phase="done",
                note="",
            )
        log.info("job done", operation=operation_id)

    # -- patience ----------------------------------------------------------------------------------------------------------------------

    def _workshop(self) -> Path:
        folder = self.settings.data / "work"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    async def _patiently_async(self, call: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._patiently, call)

    def _patiently(self, call: Callable[[], T]) -> T:
        """Try again while the database or the store does not answer: what is being done is worth waiting for."""
        tries = 0
        while True:
            try:
                return call()
            except (DBAPIError, PoolTimeout) as error:
                reason: Exception = error
            except Refusal as error:
                if error.code != "store_unavailable":
                    raise
                reason = error
            if self._stopping.is_set():
                raise reason
            log.warning("waiting for the database or the store", error=f"{type(reason).__name__}: {str(reason)[:200]}")
            time.sleep(PATIENCE_S[min(tries, len(PATIENCE_S) - 1)])
            tries += 1


def _end(session: Session, operation_id: str, state: State, error: dict[str, Any], *, expect: Iterable[State] = OPEN) -> None:
    """End an operation that made nothing, and give its credits back."""
    ended = move(session, operation_id, expect=expect, state=state, error=error, phase="", note="")
    if ended is not None:
        refund(session, ended)
        log.info("job ended", operation=operation_id, state=state.value, code=error["code"])


def _worker_crashed(crashes: int) -> dict[str, str]:
    return {"code": "worker_crashed", "message": f"the process that did this job died {crashes} times: it is not tried again"}
