"""Database: one engine for SQLite and PostgreSQL, reading and writing transactions, and the way up to the newest tables."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from pipelines.errors import OutputError

SQLITE_WAIT_S = 10
CONNECT_S = 3
SILENCE_S = 20  # a PostgreSQL that does not even acknowledge what is sent to it is away
FROZEN_S = 30  # a process that stops in the middle of a transaction holds up others for so long at most
POOL = 20
REVISION = "0002"  # of the newest migration
MIGRATION_LOCK = 0x776F726C  # one number that all processes of this service ask PostgreSQL for before they change tables


class Database:
    """Sessions on one database.

    `reading()` sees one consistent state; `writing()` commits at its end. On SQLite only one transaction may write at a time: writers of
    this process wait in line here, which is fairer and quicker than SQLite's own waiting; those of other processes wait in SQLite.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite(url) if self.is_sqlite else postgres_engine(url, pool=POOL)
        self._writing_engine = self.engine.execution_options(worldloom_writes=True)
        self._line = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are kept when the block ends well."""
        with self._turn(), Session(self._writing_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """A place in the line of writers, for SQLite; nobody waits longer than SQLite itself would let them."""
        if not self.is_sqlite:
            yield
            return
        if not self._line.acquire(timeout=SQLITE_WAIT_S):
            raise PoolTimeout(f"others have been writing for {SQLITE_WAIT_S} s")
        try:
            yield
        finally:
            self._line.release()

    def check(self) -> None:
        """Raise what SQLAlchemy raises when the database cannot be reached."""
        with self.engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))

    def is_current(self) -> bool:
        """Whether the tables, ours and the engine's, are there in the form that this version needs."""
        inspector = sa.inspect(self.engine)
        if not (inspector.has_table("alembic_version") and inspector.has_table("workflow_status", None if self.is_sqlite else "dbos")):
            return False
        with self.engine.connect() as connection:
            return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == REVISION

    def migrate(self, target: str = "head") -> None:
        """Bring the tables to the newest form (or to `target`); processes that start together take turns."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self._turn(), self._writing_engine.begin() as connection:
            if not self.is_sqlite:  # SQLite's transaction has locked everybody else out already
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            if target == "base":
                command.downgrade(config, target)
            else:
                command.upgrade(config, target)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached, or has too much to do, just now: worth another try."""
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def _sqlite(url: str) -> sa.Engine:
    path = sa.make_url(url).database
    if path:
        folder = Path(path).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"the data folder {folder} cannot be used ({error.strerror or error}): name another one with --data"
            ) from error
    engine = sa.create_engine(
        url,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=SQLITE_WAIT_S,
        hide_parameters=True,
        json_serializer=_json,
        connect_args={"check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin where we say, see `begin`
        connection.execute(f"PRAGMA busy_timeout={SQLITE_WAIT_S * 1_000}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        # A reading transaction that turns into a writing one fails when another came between; so writers say at once that they write.
        writes = connection.get_execution_options().get("worldloom_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def postgres_engine(url: str, *, pool: int) -> sa.Engine:
    """Connections to PostgreSQL that notice when it is away. pool: how many at most."""
    engine = sa.create_engine(
        url,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=CONNECT_S,
        hide_parameters=True,  # they hold prompts, which do not belong into logs
        json_serializer=_json,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": "worldloom",
            "keepalives_idle": SILENCE_S // 2,
            "keepalives_interval": SILENCE_S // 4,
            "keepalives_count": 2,
            "tcp_user_timeout": SILENCE_S * 1_000,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.execute(f"SET idle_in_transaction_session_timeout = '{FROZEN_S}s'")
        connection.commit()

    return engine


def _json(value: Any) -> str:
    """Compact, and with its characters as they are, so that one can search in it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
