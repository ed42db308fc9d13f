"""The runner: does a worker's jobs in child processes, one for each queue, and sees to it that each ends well or with a reason."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from app.database import Database, is_away, now
from app.errors import Refusal
from app.making import DISK_FULL
from app.making.card import WAITING
from app.operations.moves import move
from app.settings import Settings
from app.store import FULL, Store, key_of
from app.tables import Operation, State, World, WorldFile
from app.working.children import Child, ChildDied
from app.working.patience import Patience, Stopped
from app.working.publishing import CANCELLED, end, publish

MOST_CRASHES = 2
TICK_S = 0.4
FAREWELL_S = 5.0
SPOILED = ("internal", "out_of_memory", "output_failed", "disk_full")
"""Failures that are nobody's wish: the log hears what the process said last, and the process, which may not be what it was, ends."""
NOTHING: dict[str, Any] = {"nothing": True}

log = structlog.get_logger("worldloom.worker")


class Unwanted(Exception):  # noqa: N818 - what happened, not an error
    """The job was cancelled, or belongs to another worker now."""


class Failure(Exception):  # noqa: N818
    """The job has failed for good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(eq=False)
class Claim:
    """A job that this worker has. operation: as it was begun; None before that."""

    operation: Operation | None = None


class Runner:
    """The two steps of a job, `make` and `publish`; they run in the engine's event loop.

    claims: the jobs that this worker has, from before their first step until after their last.
    """

    def __init__(
        self, settings: Settings, database: Database, store: Store, *, worker_id: str, queues: Sequence[str], stopping: threading.Event
    ) -> None:
        self._settings, self._database, self._store = settings, database, store
        self._worker_id, self._stopping = worker_id, stopping
        self._patience = Patience(stopping)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workshop = settings.data / "work" / worker_id
        self._turns = {queue: asyncio.Lock() for queue in queues}
        self.children = {queue: Child() for queue in queues}
        self.claims: dict[str, Claim] = {}

    def open(self) -> None:
        """Clear away what a dead worker of this name left lying about."""
        shutil.rmtree(self._workshop, ignore_errors=True)
        self._workshop.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        """End all child processes. Their jobs have not failed: `make` waits for the end of the engine then."""
        if self._loop is not None:
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._end_children(), self._loop).result(FAREWELL_S)

    async def _end_children(self) -> None:
        await asyncio.gather(*(child.close() for child in self.children.values()))

    @contextmanager
    def holding(self, operation_id: str) -> Iterator[None]:
        """Around both steps, and what the engine writes down between them."""
        claim = self.claims[operation_id] = Claim()
        try:
            yield
        finally:
            if self.claims.get(operation_id) is claim:
                del self.claims[operation_id]

    async def make(self, operation_id: str) -> dict[str, Any]:
        """Do the work of an operation; returns what `publish` needs. Whatever goes wrong is an outcome, too."""
        self._loop = asyncio.get_running_loop()
        try:
            queue = await self._patience.soon(lambda: self._queue_of(operation_id))
            if queue is None:
                return NOTHING
            async with self._turns[queue]:
                moment = now()
                operation = await self._patience.soon(lambda: self._begin(operation_id, moment))
                return NOTHING if operation is None else await self._try(operation)
        except Unwanted:
            return {"cancelled": True}
        except Exception as error:  # noqa: BLE001 - it is told as the job's outcome
            if self._stopping.is_set():  # the end of this process, not of the job
                await self._patience.wait_for_end()
            return {"failed": _reason(error)}

    async def publish(self, operation_id: str, outcome: dict[str, Any]) -> None:
        """Make the outcome known. It may be asked again after a crash, which changes nothing."""
        if "nothing" in outcome:
            return
        try:
            await self._patience.soon(lambda: publish(self._database, operation_id, outcome))
        except Exception as error:  # noqa: BLE001 - see above
            failed = {"failed": _reason(error)}
            await self._patience.soon(lambda: publish(self._database, operation_id, failed))

    def _queue_of(self, operation_id: str) -> str | None:
        with self._database.reading() as session:
            return session.scalar(select(Operation.queue).where(Operation.id == operation_id))

    def _begin(self, operation_id: str, moment: Any) -> Operation | None:
        with self._database.writing() as session:
            operation = session.get(Operation, operation_id, with_for_update=True)
            if self._stopping.is_set():
                raise Stopped
            if operation is None or operation.state.is_final:
                return None
            if operation.state is State.CANCELLING:
                end(session, operation_id, State.CANCELLED, CANCELLED)
                return None
            ran = operation.state is State.RUNNING
            if ran and operation.worker == self._worker_id and operation.started_at == moment:
                return operation  # begun a moment ago, when the database went away before it could say so
            crashes = operation.crashes + ran  # it ran, and nobody said how that ended
            if crashes > MOST_CRASHES:
                end(session, operation_id, State.FAILED, _worker_crashed(crashes), crashes=crashes)
                return None
            begun: dict[str, Any] = {"worker": self._worker_id, "attempt": operation.attempt + 1, "crashes": crashes, "started_at": moment}
            return move(
                session, operation_id, expect=(operation.state,), state=State.RUNNING, phase="starting", fraction=0.0, note="", **begun
            )

    async def _try(self, operation: Operation) -> dict[str, Any]:
        """Until it is done; a child that dies is replaced, but not for ever."""
        log.info("job started", operation=operation.id, kind=operation.kind, attempt=operation.attempt)
        while True:
            self.claims[operation.id].operation = operation
            try:
                with tempfile.TemporaryDirectory(prefix=f"{operation.id}-", dir=self._workshop, ignore_cleanup_errors=True) as folder:
                    return await self._once(operation, Path(folder))
            except ChildDied as death:
                if self._stopping.is_set():
                    raise
                log.warning("child died", operation=operation.id, code=death.code, tail=death.tail[-2_000:])
            operation = await self._patience.soon(lambda claim=operation: self._crashed(claim))  # type: ignore[misc]

    async def _once(self, operation: Operation, folder: Path) -> dict[str, Any]:
        package = await self._patience.soon(lambda: self._package(operation, folder))
        job: dict[str, Any] = {"kind": operation.kind, "request": operation.request, "package": package, "folder": str(folder)}
        job["warm_gb"] = self._settings.warm_gb
        child = self.children[operation.queue]
        try:
            await child.begin(job, warm=operation.recipe or operation.kind)
            outcome = await self._watch(operation, child)
            if outcome.get("failed", {}).get("code") in SPOILED:
                log.error("job failed", operation=operation.id, **outcome["failed"], tail=child.tail[-2_000:])
                raise Failure(**outcome["failed"])
        except BaseException:
            child.kill()
            raise
        child.rest(self._settings.child_idle_s)
        if "failed" in outcome:
            raise Failure(**outcome["failed"])
        return await self._keep(operation, outcome["done"])

    async def _watch(self, operation: Operation, child: Child) -> dict[str, Any]:
        """Listen to the child, pass its progress on, and notice when the job is not wanted, takes too long or stands still."""
        begun_s = heard_s = told_s = time.monotonic()
        newest: list[Any] | None = None
        while True:
            message = await child.hear(TICK_S)
            moment_s = time.monotonic()
            if message is not None:
                heard_s = moment_s
                if "done" in message or "failed" in message:
                    return message
                newest = message.get("progress", newest)
                if message.get("progress", [""])[0] == WAITING:
                    begun_s = moment_s
                if "preview" in message:
                    await asyncio.to_thread(self._show, operation, message["preview"])
            if moment_s - told_s >= TICK_S:
                told_s = moment_s
                await asyncio.to_thread(self._tell, operation, newest)
                newest = None
            if moment_s - begun_s > self._settings.job_timeout_s:
                raise Failure("timed_out", f"the job took longer than {self._settings.job_timeout_s:g} s and was ended")
            if moment_s - heard_s > self._settings.stall_timeout_s:
                raise Failure("stalled", f"the job made no progress for {self._settings.stall_timeout_s:g} s and was ended")

    def _tell(self, operation: Operation, newest: list[Any] | None) -> None:
        """Write progress down and look whether the job is still wanted and ours. A database that is away for a while changes nothing."""
        try:
            if newest is None:
                here = select(Operation.state, Operation.worker, Operation.attempt).where(Operation.id == operation.id)
                with self._database.reading() as session:
                    found = session.execute(here).one_or_none()
                wanted = found is not None and tuple(found) == (State.RUNNING, operation.worker, operation.attempt)
            else:
                phase, fraction, note = newest
                with self._database.writing() as session:
                    values = {"phase": phase[:40], "fraction": fraction, "note": note[:200]}
                    wanted = move(session, operation.id, expect=(State.RUNNING,), claim=operation, **values) is not None
        except Exception as error:
            if is_away(error):
                return
            raise
        if not wanted:
            raise Unwanted

    def _show(self, operation: Operation, file: dict[str, Any]) -> None:
        """Let a preview of the world be seen until the end of the job. It is not worth a fault: without it the world comes all the same."""
        row = {name: value for name, value in file.items() if name != "path"}
        try:
            self._store.put(key_of(operation.tenant_id, file["sha256"]), Path(file["path"]))
            with self._database.writing() as session:
                shown = move(session, operation.id, expect=(State.RUNNING,), claim=operation, previewed=True)
                world = session.get(World, operation.world_id, with_for_update={"read": True, "key_share": True})
                if shown is not None and world is not None:
                    session.merge(
                        WorldFile(world_id=world.id, tenant_id=world.tenant_id, operation_id=operation.id, created_at=now(), **row)
                    )
        except Exception as error:  # noqa: BLE001 - see above
            log.warning("a preview could not be shown", operation=operation.id, error=type(error).__name__)

    async def _keep(self, operation: Operation, done: dict[str, Any]) -> dict[str, Any]:
        """Store the files that a job made; returns the same outcome with their places in the store instead of those on the disk."""

        def put(file: dict[str, Any]) -> None:
            self._tell(operation, None)  # with every try: nobody need wait for a store that is away, to be rid of a job
            self._store.put(key_of(operation.tenant_id, file["sha256"]), Path(file["path"]))

        for file in done["files"]:
            await self._patience.soon(lambda file=file: put(file))  # type: ignore[misc]
        return {**done, "files": [{name: value for name, value in file.items() if name != "path"} for file in done["files"]]}

    def _crashed(self, operation: Operation) -> Operation:
        """Count a death of the child; raises Failure when it was one too many."""
        crashes = operation.crashes + 1
        again = {"attempt": operation.attempt + 1, "fraction": 0.0, "note": "its process died: trying again"}
        with self._database.writing() as session:
            values: dict[str, Any] = {"crashes": crashes, **(again if crashes <= MOST_CRASHES else {})}
            counted = move(session, operation.id, expect=(State.RUNNING,), claim=operation, **values)
        if counted is None:
            raise Unwanted
        if crashes > MOST_CRASHES:
            raise Failure(**_worker_crashed(crashes))
        return counted

    def _package(self, operation: Operation, folder: Path) -> str | None:
        """Bring the files of the world that a job works on, or makes one from; None where it needs none."""
        needed = operation.request.get("files")
        if needed is None:
            return None
        target = folder / "world"
        target.mkdir(exist_ok=True)
        self._tell(operation, None)
        with self._database.reading() as session:
            rows = session.scalars(select(WorldFile).where(WorldFile.world_id == operation.world_id, WorldFile.name.in_(needed))).all()
        try:
            for row in rows:
                self._store.fetch(key_of(row.tenant_id, row.sha256), target / row.name)
        except FileNotFoundError:
            rows = ()
        if len(rows) < len(needed):
            if operation.kind == "generate":
                raise Failure("media_rejected", "a picture or video was deleted before its turn came: upload it again")
            raise Failure("world_gone", "the world was deleted, or some of its files are missing")
        return str(target)


def _worker_crashed(crashes: int) -> dict[str, str]:
    cure = "ask for fewer splats, or send smaller files; the worker's log tells more"
    return {"code": "worker_crashed", "message": f"the process that did this job died {crashes} times, so it is not tried again: {cure}"}


def _reason(error: Exception) -> dict[str, str]:
    """Why a job failed, for its operation."""
    if isinstance(error, Failure):
        return {"code": error.code, "message": error.message}
    if isinstance(error, Refusal):
        return {"code": error.code, "message": str(error)}
    log.exception("a job failed for a reason that was not foreseen", exc_info=error)
    if isinstance(error, OSError) and error.errno in FULL:
        return DISK_FULL
    return {"code": "internal", "message": f"something unexpected happened ({type(error).__name__}): the worker's log tells more"}
