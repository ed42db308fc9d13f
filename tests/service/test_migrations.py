"""Tables: one way up for both databases, the way down again, and tables that are what the code believes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app import database as database_module
from app import engine
from app.auth import LOCAL
from app.database import Database
from app.identity import LOCAL_TENANT
from app.operations.admission import Job
from app.operations.service import submit
from app.preparing import ensure_prepared
from app.services import Services
from app.settings import Settings
from app.tables import Operation, State, Table, Tenant
from tests.service.processes import fresh_database, settings_of

MIGRATIONS = Path(database_module.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings for an empty database."""
    url = fresh_database(request.getfixturevalue("postgres")) if request.param == "postgresql" else None
    return settings_of(data=tmp_path / "data", database_url=url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty database."""
    opened = Database(settings.database)
    yield opened
    opened.close()


def ours(database: Database) -> set[str]:
    """Tables that are there and belong to us."""
    return set(sa.inspect(database.engine).get_table_names()) & set(Table.metadata.tables)


def test_way_up_and_down_and_up_again(database: Database) -> None:
    assert ours(database) == set()
    database.migrate()
    assert ours(database) == set(Table.metadata.tables)
    database.migrate("base")
    assert ours(database) == set()
    database.migrate()
    database.migrate()
    assert ours(database) == set(Table.metadata.tables)


def test_every_step_can_be_taken_back(database: Database) -> None:
    steps = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    for step in reversed(steps):
        database.migrate(step.revision)
    assert ours(database) == set(Table.metadata.tables)


def test_migrated_tables_are_those_of_the_code(database: Database) -> None:
    database.migrate()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in Table.metadata.tables}
        )
        assert compare_metadata(context, Table.metadata) == []


def test_revision_in_the_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [database_module.REVISION]


def test_database_knows_whether_it_is_current(settings: Settings, database: Database) -> None:
    assert not database.is_current()
    database.migrate()
    assert not database.is_current(), "the engine's tables are missing"
    ensure_prepared(settings, database)
    assert database.is_current()
    with database.writing() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = 'older'"))
    assert not database.is_current()


def test_processes_that_start_together_take_turns(settings: Settings, database: Database) -> None:
    def prepare(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.preparing"], input=settings.database, capture_output=True, text=True, timeout=240, check=False
        )

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(prepare, range(3)))
    assert [end.returncode for end in ends] == [0, 0, 0], "\n".join(end.stderr[-2_000:] for end in ends)
    assert database.is_current()
    with database.reading() as session:
        assert session.scalars(sa.select(Tenant.id)).all() == [LOCAL_TENANT]


def test_jobs_in_flight_outlive_an_upgrade(settings: Settings) -> None:
    """Workers only take jobs of their own version: it must be the constant, whatever version the package has."""
    services = Services.of(settings)
    services.open()
    operation = asyncio.run(submit(services, LOCAL, lambda: Job(kind="render", queue="studio", request={}, recipe="render"))).operation
    table = "workflow_status" if services.database.is_sqlite else "dbos.workflow_status"
    with services.database.reading() as session:
        rows = session.execute(sa.text(f"SELECT workflow_uuid, application_version, queue_name, status FROM {table}")).all()
        kept = session.get(Operation, operation.id)
    services.close()
    assert rows == [(operation.id, engine.VERSION, "studio", "ENQUEUED")]
    assert engine.VERSION == "1", "a new one would leave jobs in flight waiting for ever: drain first, and say so in the changelog"
    assert kept is not None
    assert kept.state is State.QUEUED
