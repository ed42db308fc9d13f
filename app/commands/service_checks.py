"""What `worldloom doctor` asks of the service: its settings, database, files and workers. Looks only: it makes no folder and no table."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.serve import never_started, settings_with
from app.commands.terminal import bytes_in_words

if TYPE_CHECKING:
    from app.database import Database
    from app.settings import Settings

ENOUGH_DISK_BYTES = 1_000_000_000
LONGEST_S = 10.0

Finding = tuple[str, str, str]  # state (good, fair, bad), subject, sentence


def service_findings(data: Path | None) -> list[Finding]:
    """One finding for each part of the service, each in a few seconds at most, however long a server elsewhere keeps silent."""
    from pipelines.errors import InputError

    try:
        settings = settings_with(data=data)
        settings.require_safe()
    except InputError as error:
        return [("bad", "settings", str(error))]
    findings = [_settings(settings)]
    for subject, look in (("database", _database), ("files", _files), ("workers", _workers)):
        findings.append(_in_time(subject, lambda look=look: look(settings)))  # type: ignore[misc]
    return findings


def _in_time(subject: str, look: Callable[[], Finding]) -> Finding:
    """What a check finds; one that takes too long is left behind."""
    found: Future[Finding] = Future()

    def run() -> None:
        try:
            found.set_result(look())
        except Exception as error:  # noqa: BLE001 - raised by `result` below
            found.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return found.result(LONGEST_S)
    except TimeoutError:
        return "bad", subject, f"no answer within {LONGEST_S:g} s: is the server there, and the address right?"


def _settings(settings: Settings) -> Finding:
    where = f"the service listens on {settings.host}:{settings.port}"
    if settings.needs_keys:
        return "good", "settings", f"{where}; keys are needed"
    if settings.is_local:
        return "good", "settings", f"{where}; no keys are needed, for only this machine can reach it"
    return "fair", "settings", f"{where}, also by other names, and asks for no keys: is WORLDLOOM_REQUIRE_KEYS=false really meant?"


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import DBAPIError

    from app.database import Database

    if never_started(settings):
        return "good", "database", f"none yet: `worldloom serve` makes one in {settings.data}"
    database = Database(settings.database)
    kind = f"SQLite in {settings.data}" if database.is_sqlite else "PostgreSQL"
    try:
        database.check()
        if database.is_current():
            return "good", "database", kind
        return "fair", "database", f"{kind}, with other tables than this version needs: `worldloom serve` brings them up to date"
    except DBAPIError as error:
        return "bad", "database", f"{kind} does not open ({_reason(error)}): {_cure(database, settings)}"
    finally:
        database.close()


def _cure(database: Database, settings: Settings) -> str:
    if database.is_sqlite:
        return f"is {settings.data / 'worldloom.db'} whole, and yours to write?"
    return "is the server running, and WORLDLOOM_DATABASE_URL right?"


def _reason(error: Exception) -> str:
    """The first line of what the driver said."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return said[0][:160] if said else type(error).__name__


def _files(settings: Settings) -> Finding:
    from app.errors import Refusal
    from app.store import Store
    from pipelines.errors import WorldloomError

    place = settings.store
    if isinstance(place, Path):
        if not place.exists():
            return "good", "files", f"none yet: `worldloom serve` keeps them in {settings.data / place.name}"
        return _local_files(place)
    try:
        store = Store(place)
        probe = f"readiness/{uuid.uuid4().hex}"
        store.put_bytes(probe, b"")
        store.delete([probe])
    except (Refusal, WorldloomError) as error:
        return "bad", "files", f"{place.partition('?')[0]}: {error}"
    except FileNotFoundError:
        return "bad", "files", f"{place.partition('?')[0]} is not there: make the bucket, or correct WORLDLOOM_STORE_URL"
    return "good", "files", f"{place.partition('?')[0]} takes files"


def _local_files(folder: Path) -> Finding:
    import shutil

    if not os.access(folder, os.W_OK | os.X_OK):
        return "bad", "files", f"{folder} cannot be written to: make it yours, or name another data folder with --data"
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK_BYTES:
        return "fair", "files", f"only {bytes_in_words(free)} are free in {folder}, and new worlds are refused below 1 GB: free some space"
    return "good", "files", f"{folder}, {bytes_in_words(free)} free"


def _workers(settings: Settings) -> Finding:
    from datetime import timedelta

    from sqlalchemy import select
    from sqlalchemy.exc import DBAPIError

    from app.database import Database, now
    from app.tables import WorkerRow

    if never_started(settings):
        return "good", "workers", "none yet: `worldloom serve` brings one along"
    database = Database(settings.database)
    try:
        if not database.is_current():
            return "good", "workers", "none yet: `worldloom serve` brings one along"
        since = now() - timedelta(seconds=settings.lost_worker_s)
        with database.reading() as session:
            alive = session.scalars(select(WorkerRow).where(WorkerRow.seen_at > since).order_by(WorkerRow.id)).all()
    except DBAPIError:
        return "fair", "workers", "not known while the database does not open"
    finally:
        database.close()
    if not alive:
        return "fair", "workers", "none is running: `worldloom serve` brings one along, and `worldloom worker` starts one"
    return "good", "workers", f"{len(alive)} running: " + "; ".join(f"{row.id} ({', '.join(row.queues)})" for row in alive)
