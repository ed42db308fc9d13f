"""What a fleet loses it finds again: machines that are gone, machines that were only frozen, and jobs that fell out of the line."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from app.tables import Lease, Operation, WorkerRow
from tests.service.processes import (
    database_of,
    database_settings,
    kill,
    operation_row,
    processes_of,
    seconds_until_gone,
    start_worker,
    terminal_events,
    until,
)
from tests.service.running import Service, finished
from tests.service.test_reliability import DATABASES, look, running, submit

LOST_S = 4
LONG = "a ball in 100 seconds once"
SHIFT = 60_000_000  # microseconds: operations that are as old as this are looked at by the next sweep


@pytest.fixture(scope="module", params=DATABASES)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a worker, on each database: tests start theirs, and leave none behind."""
    folder = tmp_path_factory.mktemp("fleet")
    settings = {"WORLDLOOM_LOST_WORKER_S": str(LOST_S), "WORLDLOOM_QUICK_MARKS": str(folder), **database_settings(request, request.param)}
    running_service = Service(folder / "data", settings, arguments=("--no-worker",)).start()
    yield running_service
    assert running_service.stop() == 0


@pytest.fixture
def workers(service: Service) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a worker as if on another machine; all end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(node: str) -> subprocess.Popen[bytes]:
        started.append(start_worker(service, node=node))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
    for process in started:
        process.wait(40)
    until(lambda: not processes_of(service.data)["child"], within_s=20, what="the end of all children")
    assert seen(service) == []


def test_jobs_of_a_lost_machine_go_to_another(service: Service, workers: Callable[[str], subprocess.Popen[bytes]]) -> None:
    with service.client() as client:
        operation = submit(client, LONG)
        lost = workers("lost")
        assert running(client, operation)["attempt"] == 1
        workers("found")
        until(lambda: {"lost-0", "found-0"} <= set(seen(service)), within_s=60, what="both workers in the database")
        begun = time.monotonic()
        kill(lost.pid)
        lost.wait()
        done = finished(client, operation, within_s=120)
        print(f"machine lost → done elsewhere: {time.monotonic() - begun:.1f} s, with lost_worker_s = {LOST_S}")
    assert (done["state"], done["attempt"]) == ("SUCCEEDED", 2)
    row = operation_row(service, operation["id"])
    assert (row.worker, row.crashes) == ("found-0", 1)
    assert terminal_events(service, operation["id"]) == ["SUCCEEDED"]
    assert until(lambda: set(seen(service)) == {"found-0"}, within_s=20, what="the lost worker to be forgotten")


def seen(service: Service) -> list[str]:
    """Workers that the database knows."""
    database = database_of(service)
    with database.reading() as session:
        found = list(session.scalars(sa.select(WorkerRow.id)))
    database.close()
    return found


def freeze(service: Service, process: subprocess.Popen[bytes]) -> None:
    """Stop a process in its tracks, but not where it would keep everybody else from writing (SQLite knows no better)."""

    def frozen() -> bool:
        process.send_signal(signal.SIGSTOP)
        database = database_of(service)
        try:
            with database.engine.connect() as connection:
                if database.is_sqlite:
                    connection.exec_driver_sql("PRAGMA busy_timeout=200")
                connection.execution_options(worldloom_writes=True)
                connection.execute(sa.update(Lease).values(name=Lease.name))
                connection.rollback()
            return True
        except sa.exc.OperationalError:
            process.send_signal(signal.SIGCONT)
            return False
        finally:
            database.close()

    until(frozen, within_s=30, what="a moment in which the worker does not write")


@pytest.mark.parametrize("awake", ["meanwhile", "afterwards"])
def test_frozen_machine_that_wakes_up_changes_nothing(
    service: Service, workers: Callable[[str], subprocess.Popen[bytes]], awake: str
) -> None:
    with service.client() as client:
        operation = submit(client, "a ball in 20 seconds once")
        zombie = workers("zombie")
        running(client, operation)
        workers("heir")
        until(lambda: {"zombie-0", "heir-0"} <= set(seen(service)), within_s=60, what="both workers in the database")
        freeze(service, zombie)  # its child goes on, and is done before long
        if awake == "meanwhile":
            until(lambda: operation_row(service, operation["id"]).worker == "heir-0", within_s=90, what="the heir to begin")
            zombie.send_signal(signal.SIGCONT)
        done = finished(client, operation, within_s=120)
        zombie.send_signal(signal.SIGCONT)
        assert (done["state"], done["attempt"]) == ("SUCCEEDED", 2)
        until(lambda: len(processes_of(service.data)["child"]) <= 2, within_s=20, what="the zombie's child to end")
        time.sleep(3)  # what the zombie would do, it would do at once
        assert look(client, operation) == done
        assert finished(client, submit(client, "another ball"))["state"] == "SUCCEEDED"
        with httpx.Client() as links:
            world = client.get(done["links"]["world"]).json()
            assert all(links.get(file["url"]).status_code == 200 for file in world["files"].values())
    assert operation_row(service, operation["id"]).worker == "heir-0"
    assert terminal_events(service, operation["id"]) == ["SUCCEEDED"]


def test_jobs_that_fell_out_of_the_line_are_found(service: Service, workers: Callable[[str], subprocess.Popen[bytes]]) -> None:
    """What no fault of ours should do to the engine's table, an operator's mistake or a restored backup may."""
    with service.client() as client:
        ids = {
            fate: submit(client, f"a ball that is {fate}")["id"] for fate in ("gone", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "SUCCESS")
        }
        ids["PENDING"] = submit(client, "a ball that somebody took who never lived")["id"]
        tamper(service, ids)
        workers("finder")
        ends = {fate: finished(client, {"id": one}, within_s=150) for fate, one in ids.items()}
    assert {fate: end["state"] for fate, end in ends.items()} == {
        "gone": "SUCCEEDED",
        "SUCCESS": "SUCCEEDED",
        "PENDING": "SUCCEEDED",
        "ERROR": "FAILED",
        "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "FAILED",
    }
    assert ends["ERROR"]["error"]["code"] == "internal"
    assert ends["MAX_RECOVERY_ATTEMPTS_EXCEEDED"]["error"]["code"] == "worker_crashed"
    assert all(terminal_events(service, one) == [ends[fate]["state"]] for fate, one in ids.items())


def tamper(service: Service, ids: dict[str, str]) -> None:
    """Give each job the fate that it is named after in the engine's own table, and let the operations look old."""
    database = database_of(service)
    table = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.writing() as session:
        for fate, one in ids.items():
            values: dict[str, Any] = {"id": one, "fate": fate}
            if fate == "gone":
                session.execute(sa.text(f"DELETE FROM {table} WHERE workflow_uuid = :id"), values)
            else:
                session.execute(sa.text(f"UPDATE {table} SET status = :fate, executor_id = 'nobody' WHERE workflow_uuid = :id"), values)
        old = sa.update(Operation).values(updated_at=sa.type_coerce(Operation.updated_at, sa.BigInteger) - SHIFT)
        session.execute(old, execution_options={"synchronize_session": False})
    database.close()


def test_worker_that_stops_leaves_nothing_to_be_found(service: Service, workers: Callable[[str], subprocess.Popen[bytes]]) -> None:
    with service.client() as client:
        operation = submit(client, LONG)
        first = workers("first")
        running(client, operation)
        first.send_signal(signal.SIGTERM)
        assert first.wait(40) == 0
        assert seen(service) == []
        assert look(client, operation)["state"] == "QUEUED"
        workers("second")
        done = finished(client, operation)
    assert (done["state"], operation_row(service, operation["id"]).crashes) == ("SUCCEEDED", 0)


def test_two_workers_of_one_name_do_not_live_together(service: Service, workers: Callable[[str], subprocess.Popen[bytes]]) -> None:
    first = workers("twin")
    until(lambda: seen(service), within_s=60, what="the first worker")
    second = workers("twin")
    assert second.wait(60) != 0
    assert "give this one another --slot" in (service.data / "worker-twin.log").read_text()
    kill(first.pid)
    seconds_until_gone(first.pid, within_s=10)
    first.wait()
    third = workers("twin")
    with service.client() as client:
        assert finished(client, submit(client, "a ball"))["state"] == "SUCCEEDED"
    assert third.poll() is None
