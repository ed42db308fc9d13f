"""Engine: durable jobs on DBOS Transact; the only module that imports it.

A job is one workflow whose id is the operation's. It has two steps, `make` and `publish`: what is made survives a crash between them. A
claim carries a token, so that a process that was given up and comes back cannot publish. Rules that were each learned from a test:
executor ids are stable and never live twice, the application version never changes, nothing is pickled, and no file goes through here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.database import postgres_engine

APPLICATION = "worldloom"
VERSION = "1"  # jobs of another version would wait for ever; change it only together with a drain
ADOPTION_S = 20.0
MOST_RECOVERIES = 50  # a last resort: the worker itself gives a job up after two crashes
CLIENT_POOL, WORKER_POOL = 3, 8
REPEATED_S = 30.0


class Steps(Protocol):
    """What a worker does with a job."""

    async def make(self, job_id: str, /) -> dict[str, Any]:
        """The work itself; what it returns is remembered, and goes into `publish`."""

    async def publish(self, job_id: str, outcome: dict[str, Any], /) -> None:
        """Make the outcome known."""

    def holding(self, job_id: str, /) -> AbstractContextManager[None]:
        """Entered around both steps."""


TAKEN, ENDED, TRIED_TOO_OFTEN = "PENDING", "SUCCESS", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"
GIVEN_UP = ("ERROR", "CANCELLED", TRIED_TOO_OFTEN)
"""The engine's words for a job that a worker has, one that went through both steps, and those that nobody will work on any more."""


log = structlog.get_logger("worldloom.engine")


class JobEngine:
    """The queue, from outside: what the API and the household's work need. It never runs a job."""

    def __init__(self, database_url: str) -> None:
        _calm()
        self._connections = _connections(database_url, pool=CLIENT_POOL)
        self._client = DBOSClient(
            system_database_url=database_url,
            system_database_engine=self._connections,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            system_database_pool_size=CLIENT_POOL,
            retry_connection_errors=False,
            lazy=True,
        )

    def enqueue(self, session: Session, job_id: str, *, queue: str, priority: int) -> None:
        """Put a job into line within the caller's transaction; the same id twice is one job. Smaller priorities go first."""
        self._client.enqueue_in_transaction(
            session.connection(),
            {"workflow_name": "job", "queue_name": queue, "workflow_id": job_id, "priority": priority, "app_version": VERSION},
            job_id,
        )

    def cancel(self, job_id: str) -> None:
        """Take a job out of line."""
        self._client.cancel_workflow(job_id)

    def states(self, job_ids: Iterable[str]) -> Mapping[str, str]:
        """The engine's own word for where jobs stand; unknown ones are missing."""
        wanted = list(job_ids)
        if not wanted:
            return {}
        found = self._client.list_workflows(workflow_ids=wanted, load_input=False, load_output=False)
        return {status.workflow_id: status.status for status in found}

    def taken(self) -> list[str]:
        """Jobs that workers have now, or had when they died."""
        return [status.workflow_id for status in self._client.list_workflows(status=TAKEN, load_input=False, load_output=False)]

    def put_back(self, job_id: str, *, queue: str) -> None:
        """Put a job that nobody works on back into line; whoever had it cannot finish it any more."""
        self._client.resume_workflow(job_id, queue_name=queue)

    def forget(self, job_ids: Iterable[str]) -> None:
        """Remove jobs from the engine's tables."""
        wanted = list(job_ids)
        if wanted:
            self._client.delete_workflows(wanted)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        if self._connections is not None:
            self._connections.dispose()


def migrate(database_url: str) -> None:
    """Bring the engine's own tables to the form that this version needs."""
    with _launched(database_url, executor_id="migration"):
        pass


def work(database_url: str, *, executor_id: str, queues: tuple[str, ...], poll_s: float, steps: Steps) -> None:
    """Begin to take jobs in this process, one of each queue at a time; first those that this executor had when it died."""
    _calm()
    DBOS(config=_config(database_url, executor_id=executor_id))

    @DBOS.step(name="make", preemptible=True)
    async def make_step(job_id: str) -> dict[str, Any]:
        return await steps.make(job_id)

    @DBOS.step(name="publish")
    async def publish_step(job_id: str, outcome: dict[str, Any]) -> None:
        await steps.publish(job_id, outcome)

    @DBOS.workflow(name="job", max_recovery_attempts=MOST_RECOVERIES)
    async def job(job_id: str) -> None:
        with steps.holding(job_id):
            await publish_step(job_id, await make_step(job_id))

    DBOS.listen_queues(list(queues))
    DBOS.launch()
    for queue in queues:
        DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=poll_s, on_conflict="always_update")


def stop() -> None:
    """Take no more jobs; those that run stay with this executor, unfinished, for whoever starts under its name or adopts it."""
    logging.getLogger("dbos").setLevel(logging.ERROR)  # it warns of every step that it interrupts
    DBOS.destroy(workflow_completion_timeout_sec=0)


def adopt(database_url: str, executor_id: str) -> None:
    """Put the jobs of an executor that is gone back into line. Takes a process of its own: an executor's id belongs to a process."""
    with _launched(database_url, executor_id=executor_id):
        end = time.monotonic() + ADOPTION_S
        while DBOS.list_workflows(status=TAKEN, executor_id=executor_id, load_input=False) and time.monotonic() < end:
            time.sleep(0.05)


@contextmanager
def _launched(database_url: str, *, executor_id: str) -> Iterator[None]:
    """The engine in this process under a name, without taking any job."""
    _calm()
    DBOS(config=_config(database_url, executor_id=executor_id))
    try:
        DBOS.listen_queues([])
        DBOS.launch()
        yield
    finally:
        DBOS.destroy()


def _config(database_url: str, *, executor_id: str) -> Any:
    return {
        "name": APPLICATION,
        "system_database_url": database_url,
        "system_database_engine": _connections(database_url, pool=WORKER_POOL),
        "executor_id": executor_id,
        "application_version": VERSION,
        "serializer": DBOSPortableJSONSerializer(),
        "log_level": "WARNING",
        "sys_db_pool_size": WORKER_POOL,
        "use_listen_notify": False,
        "scheduler_polling_interval_sec": 3_600.0,
    }


def _connections(database_url: str, *, pool: int) -> sa.Engine | None:
    """Our own connections to PostgreSQL; to SQLite, the engine makes its own.

    The engine waits for a database that is away, but tells that from other faults by the words of one version of the driver. So whatever
    keeps us from connecting gets a class of error that it knows for certain; otherwise a job that ends just then would be lost to it.
    """
    if not database_url.startswith("postgresql"):
        return None
    engine = postgres_engine(database_url, pool=pool)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Any, _: object, arguments: Any, settings: Any) -> Any:
        try:
            return dialect.connect(*arguments, **settings)
        except dialect.loaded_dbapi.OperationalError as error:
            raise dialect.loaded_dbapi.errors.ConnectionFailure(str(error)) from error

    return engine


class _Calm(logging.Filter):
    """The engine says the same thing many times a second while the database is away, each time at length: once in a while is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass a message on as one line of our own log, unless the same one was said lately."""
        place, moment_s = (record.filename, record.lineno), time.monotonic()
        if moment_s - self._said.get(place, -REPEATED_S) >= REPEATED_S:
            self._said[place] = moment_s
            log.log(record.levelno, "the engine says", words=record.getMessage().partition("\n")[0][:300])
        return False


_CALM = _Calm()


def _calm() -> None:
    logging.getLogger("dbos").setLevel(logging.WARNING)
    logging.getLogger("dbos").addFilter(_CALM)
