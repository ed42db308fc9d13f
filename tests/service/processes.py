"""Processes of a running service, found by the folder that they work in, and databases of their own for services that tests start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import sqlalchemy as sa

from app.database import Database
from app.settings import Settings
from tests.service.running import Service, environment, prepare

T = TypeVar("T")

KINDS = {"app.cli serve": "api", "app.cli worker": "worker", "app.making.child": "child", "app.working.adopt": "adoption"}


def processes_of(folder: Path) -> dict[str, list[int]]:
    """Pids of the live processes that work in a folder, by what they do; those that nobody has buried yet do not count."""
    found: dict[str, list[int]] = {kind: [] for kind in KINDS.values()}
    here = str(folder.resolve())
    for pid in psutil.pids():
        try:
            words = " ".join(psutil.Process(pid).cmdline()) if _works_in(pid, here) else ""
        except psutil.Error:
            continue
        for mark, kind in KINDS.items():
            if mark in words:
                found[kind].append(pid)
    return found


def _works_in(pid: int, folder: str) -> bool:
    """Tests ask this of every process, many times a second: of Linux itself, at a tenth of what psutil needs. Zombies work nowhere."""
    try:
        if psutil.LINUX:
            return str(Path(f"/proc/{pid}/cwd").readlink()) == folder
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.cwd() == folder)
    except (OSError, psutil.Error):
        return False


def is_alive(pid: int) -> bool:
    """Whether a process runs, or could."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def until(condition: Callable[[], T | None], *, within_s: float, what: str, every_s: float = 0.1) -> T:
    """The first truthy value of `condition`; asked often at first, then every `every_s` seconds, for questions keep others from working."""
    begun = time.monotonic()
    while time.monotonic() < begun + within_s:
        found = condition()
        if found:
            return found
        time.sleep(min(every_s, 0.02 + (time.monotonic() - begun) / 10))
    raise AssertionError(f"not within {within_s:g} s: {what}")


def seconds_until_gone(pid: int, *, within_s: float) -> float:
    """How long a process still lives."""
    begun = time.monotonic()
    until(lambda: not is_alive(pid), within_s=within_s, what=f"the end of process {pid}")
    return time.monotonic() - begun


def start_worker(service: Service, *, node: str, **settings: str) -> subprocess.Popen[bytes]:
    """A worker of its own for a service, as if on another machine."""
    with (service.data / f"worker-{node}.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker", "--data", str(service.data)],
            cwd=service.data,
            env=environment(**{**service.settings, "WORLDLOOM_NODE": node, **settings}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def settings_of(**given: Any) -> Settings:
    """Settings with some of them given."""
    return Settings(**given)


def database_of(service: Service) -> Database:
    """The database of a service, to look into it (or to tamper with it) from outside."""
    return Database(settings_of(data=service.data, database_url=service.settings.get("WORLDLOOM_DATABASE_URL")).database)


def fresh_database(server_url: str, *, like: str | None = None) -> str:
    """The URL of a new database in a PostgreSQL server: empty, or a copy of the database of the name `like`, which nobody uses."""
    name = f"worldloom_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(sa.make_url(server_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}" + (f" TEMPLATE {like}" if like else "")))
    engine.dispose()
    return sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)


@cache
def _prepared_in(server_url: str) -> str:
    """The name of a database as `serve` makes it from an empty one, by the same program; made once, for it takes seconds."""
    url = fresh_database(server_url)
    prepare(settings_of(database_url=url).database)
    return str(sa.make_url(url).database)


def database_url(request: pytest.FixtureRequest, kind: str) -> str | None:
    """A database of its own with all tables in it, for `kind` = postgresql; None for sqlite, which is a file in the data folder."""
    if kind == "sqlite":
        return None
    server_url = request.getfixturevalue("postgres")
    return fresh_database(server_url, like=_prepared_in(server_url))


def database_settings(request: pytest.FixtureRequest, kind: str) -> Mapping[str, str]:
    """Settings of a service for a database of its own: `sqlite` or `postgresql`."""
    url = database_url(request, kind)
    return {} if url is None else {"WORLDLOOM_DATABASE_URL": url}


def terminal_events(service: Service, operation_id: str) -> list[str]:
    """The final states that were ever told of an operation, as they stand in the database."""
    from app.tables import OperationEvent

    database = database_of(service)
    with database.reading() as session:
        rows = session.scalars(
            sa.select(OperationEvent.data).where(OperationEvent.operation_id == operation_id).order_by(OperationEvent.sequence)
        )
        found = [str(data["state"]) for data in rows if data["done"]]
    database.close()
    return found


def operation_row(service: Service, operation_id: str) -> Any:
    """An operation as it stands in the database, with what clients do not see: worker and crashes."""
    from app.tables import Operation

    database = database_of(service)
    with database.reading() as session:
        found = session.get(Operation, operation_id)
    database.close()
    return found
