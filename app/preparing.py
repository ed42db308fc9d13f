"""Preparing: the tables of this version, ours and the engine's, and the tenant of this machine's own user.

Runs in a short process of its own, so that what only migrations need is not kept in memory by those that serve.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.database import Database
from app.identity import LOCAL_TENANT
from app.settings import Settings
from pipelines.errors import OutputError

LONGEST_S = 300


def ensure_prepared(settings: Settings, database: Database) -> None:
    """Bring the tables up to date where they are not; raises OutputError when that fails, and what SQLAlchemy raises when it is away."""
    if database.is_current():
        return
    database.check()
    done = subprocess.run(
        [sys.executable, "-m", "app.preparing"], input=settings.database, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1][:300] if done.stderr.strip() else f"exit code {done.returncode}"
        raise OutputError(f"the database could not be brought to this version: {why}")


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database for a command: up to date, and let go of at the end."""
    database = Database(settings.database)
    try:
        ensure_prepared(settings, database)
        yield database
    finally:
        database.close()


def prepare(database_url: str) -> None:
    """All of it, in this process."""
    from app import engine
    from app.credentials import ensure_tenant

    database = Database(database_url)
    database.migrate()
    engine.migrate(database_url)
    with database.writing() as session:
        ensure_tenant(session, "local", tenant_id=LOCAL_TENANT)
    database.close()


if __name__ == "__main__":
    prepare(sys.stdin.read())
