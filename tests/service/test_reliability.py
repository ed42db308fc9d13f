"""Jobs survive what happens to processes: killed workers, children and services, lost and frozen machines; and they end as they should."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from app.database import now
from app.tables import Operation, State, WorldFile
from tests.service.processes import (
    database_of,
    database_settings,
    is_alive,
    kill,
    operation_row,
    processes_of,
    seconds_until_gone,
    terminal_events,
    until,
)
from tests.service.running import Service, finished, keys, quick

STALL_S, TIMEOUT_S = 6, 25
AGAIN_S = 30  # five on a machine that has nothing else to do
LONG = "a ball in 24 seconds once"
DATABASES = ["sqlite", "postgresql"]


@pytest.fixture(scope="module", params=DATABASES)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests that leave it able to work, on each database."""
    folder = tmp_path_factory.mktemp("house")
    settings = {
        "WORLDLOOM_QUICK_MARKS": str(folder),
        "WORLDLOOM_STALL_TIMEOUT_S": str(STALL_S),
        "WORLDLOOM_JOB_TIMEOUT_S": str(TIMEOUT_S),
        **database_settings(request, request.param),
    }
    service = Service(folder / "data", settings).start()
    yield service
    assert service.stop() == 0
    until(lambda: not any(processes_of(service.data).values()), within_s=30, what="the end of all processes")


@pytest.fixture
def visitor(house: Service) -> Iterator[httpx.Client]:
    """A client of `house`."""
    with house.client() as client:
        yield client


def submit(client: httpx.Client, text: str) -> dict[str, Any]:
    """Ask for a world; "once" in the text counts for this job alone."""
    text = text.replace("once", f"once, at {time.time_ns()}")
    answer = client.post("/v1/worlds:generate", json=quick(text))
    assert answer.status_code == 202, answer.text
    operation: dict[str, Any] = answer.json()
    return operation


def look(client: httpx.Client, operation: Mapping[str, Any]) -> dict[str, Any]:
    """How an operation stands."""
    answer = client.get(f"/v1/operations/{operation['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def running(client: httpx.Client, operation: Mapping[str, Any], *, attempt: int = 1, within_s: float = 60) -> dict[str, Any]:
    """Wait until an operation is at work, and says so."""

    def rolls() -> dict[str, Any] | None:
        found = look(client, operation)
        assert not found["done"], found
        at_work = found["state"] == "RUNNING" and found["attempt"] >= attempt and found["progress"]["note"] == "rolling"
        return found if at_work else None

    return until(rolls, within_s=within_s, what=f"attempt {attempt} of {operation['id']}")


def cancel(client: httpx.Client, operation: Mapping[str, Any]) -> httpx.Response:
    """Ask for the end of an operation."""
    return client.post(f"/v1/operations/{operation['id']}:cancel")


def test_queued_and_running_jobs_are_cancelled(house: Service, visitor: httpx.Client) -> None:
    first, second = submit(visitor, LONG), submit(visitor, LONG)
    running(visitor, first)
    assert look(visitor, second)["progress"]["queue_position"] == 1
    assert cancel(visitor, second).json()["state"] == "CANCELLED"
    (child,) = processes_of(house.data)["child"]
    answer = cancel(visitor, first)
    assert answer.json()["state"] == "CANCELLING"
    seconds = seconds_until_gone(child, within_s=10)
    print(f"cancel → child dead: {seconds:.2f} s")
    for operation in (first, second):
        done = finished(visitor, operation)
        assert (done["state"], done["error"]["code"], done["result"]) == ("CANCELLED", "cancelled", None)
        again = cancel(visitor, operation)
        assert (again.status_code, again.json()["state"]) == (200, "CANCELLED")
        assert terminal_events(house, operation["id"]) == ["CANCELLED"]
        world = visitor.get(f"/v1/worlds/{operation['world_id']}").json()
        assert (world["state"], world["files"]) == ("CANCELLED", {})
    assert finished(visitor, submit(visitor, "a ball"))["state"] == "SUCCEEDED", "the line goes on"


def test_cancelling_what_is_done_or_not_ones_own_changes_nothing(house: Service, visitor: httpx.Client) -> None:
    done = finished(visitor, submit(visitor, "a ball"))
    assert cancel(visitor, done).json() == done
    stranger = keys(house, "stranger", "--tenant", f"strangers-{time.time_ns()}")["key"]
    mine = submit(visitor, "a ball in 2 seconds")
    with house.client(stranger) as foreign:
        assert cancel(foreign, mine).status_code == foreign.get(f"/v1/operations/{mine['id']}").status_code == 404
    assert finished(visitor, mine)["state"] == "SUCCEEDED"


def test_child_that_dies_once_is_replaced(house: Service, visitor: httpx.Client) -> None:
    done = finished(visitor, submit(visitor, "a ball, and die once"))
    assert (done["state"], done["attempt"]) == ("SUCCEEDED", 2)
    assert operation_row(house, done["id"]).crashes == 1
    assert terminal_events(house, done["id"]) == ["SUCCEEDED"]


@pytest.mark.parametrize(
    ("text", "code", "attempt", "words"),
    [
        ("a ball, then die", "worker_crashed", 3, "died 3 times"),
        ("a ball without memory", "out_of_memory", 1, "ask for fewer splats"),
        ("a ball without graphics memory", "out_of_memory", 1, "too little memory for some/painter in the stage quick: use the tier nano"),
        ("a ball that will fail", "invalid_request", 1, "the ball cannot be rolled: ask for a cube"),
        ("a ball that will hang", "stalled", 1, f"no progress for {STALL_S} s"),
        ("a ball in 3000 seconds", "timed_out", 1, f"longer than {TIMEOUT_S} s"),
    ],
)
@pytest.mark.parametrize("house", DATABASES[:1], indirect=True)  # how children end is nothing to the database
def test_jobs_fail_with_a_code_and_a_sentence(
    house: Service, visitor: httpx.Client, text: str, code: str, attempt: int, words: str
) -> None:
    done = finished(visitor, submit(visitor, text))
    assert (done["state"], done["error"]["code"], done["attempt"]) == ("FAILED", code, attempt)
    assert words in done["error"]["message"]
    assert terminal_events(house, done["id"]) == ["FAILED"]
    if code not in ("invalid_request",):
        until(lambda: not processes_of(house.data)["child"], within_s=10, what="the end of a spoiled child")


def test_killed_worker_is_replaced_and_its_job_done_once(house: Service, visitor: httpx.Client) -> None:
    operation = submit(visitor, LONG)
    running(visitor, operation)
    before = processes_of(house.data)
    killed_at = now()
    kill(before["worker"][0])
    orphan_s = seconds_until_gone(before["child"][0], within_s=10)
    done = finished(visitor, operation)
    assert (done["state"], done["attempt"]) == ("SUCCEEDED", 2)
    again_s = (operation_row(house, operation["id"]).started_at - killed_at).total_seconds()
    print(f"worker killed → its child dead: {orphan_s:.2f} s, job begun again: {again_s:.2f} s")
    assert again_s < AGAIN_S
    assert terminal_events(house, done["id"]) == ["SUCCEEDED"]
    after = processes_of(house.data)
    assert len(after["worker"]) == 1
    assert not set(after["worker"] + after["child"]) & set(before["worker"] + before["child"])


def test_worker_that_is_asked_to_end_hands_its_job_back(house: Service, visitor: httpx.Client) -> None:
    import signal

    operation = submit(visitor, LONG)
    running(visitor, operation)
    (worker,) = processes_of(house.data)["worker"]
    kill(worker, signal.SIGTERM)
    seconds_until_gone(worker, within_s=25)
    done = finished(visitor, operation)
    assert (done["state"], done["attempt"]) == ("SUCCEEDED", 2)
    assert operation_row(house, operation["id"]).crashes == 0, "nobody crashed"


def test_killed_service_takes_its_worker_along_and_goes_on_when_it_is_back(house: Service) -> None:
    with house.client() as client:
        operation, waiting = submit(client, LONG), submit(client, "a ball, later")
        running(client, operation)
    before = processes_of(house.data)
    house.kill()
    for pid in before["worker"] + before["child"]:
        seconds_until_gone(pid, within_s=30)
    house.start()
    with house.client() as client:
        for one in (operation, waiting):
            assert finished(client, one)["state"] == "SUCCEEDED"
            assert terminal_events(house, one["id"]) == ["SUCCEEDED"]


@pytest.mark.parametrize("files", [1, 2, 4])
def test_worker_killed_as_soon_as_files_are_stored_publishes_once(house: Service, visitor: httpx.Client, files: int) -> None:
    stored = files_in(house.data / "blobs")
    operation = visitor.post("/v1/worlds:generate", json=quick("a ball of files", seed=time.time_ns() % 2**32)).json()
    until(lambda: len(files_in(house.data / "blobs") - stored) >= files, within_s=60, what=f"{files} files in the store", every_s=0.01)
    kill(processes_of(house.data)["worker"][0])
    done = finished(visitor, operation)
    assert done["state"] == "SUCCEEDED"
    assert terminal_events(house, done["id"]) == ["SUCCEEDED"]
    for file in visitor.get(done["links"]["world"]).json()["files"].values():
        assert httpx.get(file["url"]).status_code == 200


def files_in(folder: Path) -> set[Path]:
    """Files of a store on the disk."""
    return {path for path in folder.rglob("*") if path.is_file()}


def test_world_deleted_while_it_is_made_ends_its_job(house: Service, visitor: httpx.Client) -> None:
    operation = submit(visitor, LONG)
    running(visitor, operation)
    (child,) = processes_of(house.data)["child"]
    assert visitor.delete(f"/v1/worlds/{operation['world_id']}").is_success
    seconds_until_gone(child, within_s=10)
    done = finished(visitor, operation)
    assert (done["state"], done["error"]["code"]) == ("CANCELLED", "cancelled")
    assert visitor.get(f"/v1/worlds/{operation['world_id']}").status_code == 404
    database = database_of(house)
    with database.reading() as session:
        assert not session.scalars(sa.select(WorldFile).where(WorldFile.world_id == operation["world_id"])).all()
    database.close()


def test_one_queue_never_runs_two_jobs_at_once(house: Service, visitor: httpx.Client) -> None:
    operations = [submit(visitor, f"a ball in 0.6 seconds, number {number}") for number in range(6)]
    database = database_of(house)
    count = sa.select(sa.func.count()).where(Operation.state == State.RUNNING, Operation.queue == "worlds-quick")
    killed, most, end = False, 0, time.monotonic() + 240
    while not all(look(visitor, one)["done"] for one in operations[-2:]):
        assert time.monotonic() < end, [look(visitor, one)["state"] for one in operations]
        with database.reading() as session:
            most = max(most, session.scalar(count) or 0)
        if not killed and look(visitor, operations[2])["state"] == "RUNNING":
            kill(processes_of(house.data)["worker"][0])
            killed = True
    database.close()
    assert killed
    assert most == 1
    for one in operations:
        assert finished(visitor, one)["state"] == "SUCCEEDED"


def test_warm_child_is_used_again_and_leaves_when_nothing_comes(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", {"WORLDLOOM_CHILD_IDLE_S": "3"}).start()
    try:
        with service.client() as client:
            pids = set()
            for number in range(3):
                assert finished(client, submit(client, f"a ball {number}"))["state"] == "SUCCEEDED"
                pids.update(processes_of(service.data)["child"])
            assert len(pids) == 1
            assert seconds_until_gone(pids.pop(), within_s=15) > 1
            assert finished(client, submit(client, "a ball in 4 seconds"))["attempt"] == 1, "a busy one does not leave"
    finally:
        assert service.stop() == 0
    assert not any(is_alive(pid) for pids_ in processes_of(service.data).values() for pid in pids_)
