"""Events: what a client hears is complete, in order, told once, and ends; whoever waits hears of the end at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

from app.operations.routes import COMMENT_S, RECONNECT_MS
from tests.service.asking import problem
from tests.service.running import Service, finished, quick

FINAL = {"SUCCEEDED", "FAILED", "CANCELLED"}


@dataclass(frozen=True)
class Heard:
    """One event as the wire has it."""

    name: str
    id: str | None
    data: dict[str, Any]


def events(lines: Iterator[str]) -> Iterator[Heard | str]:
    """Events, and comments as plain text, by the rules of the specification."""
    fields: dict[str, str] = {}
    for line in lines:
        if line.startswith(":"):
            yield line.removeprefix(":").strip()
        elif line:
            name, _, value = line.partition(":")
            fields[name] = fields[name] + "\n" + value if name in fields and name == "data" else value.removeprefix(" ")
        elif "data" in fields:
            yield Heard(fields.get("event", "message"), fields.get("id"), json.loads(fields["data"]))
            fields = {}


def listen(client: httpx.Client, operation_id: str, *, after: str | None = None, most: int = 10_000) -> list[Heard]:
    """What is heard until the line closes, or `most` events have come."""
    headers = {} if after is None else {"Last-Event-ID": after}
    found: list[Heard] = []
    with client.stream("GET", f"/v1/operations/{operation_id}/events", headers=headers) as answer:
        if answer.status_code == 204:
            return found
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        for one in events(answer.iter_lines()):
            if isinstance(one, Heard):
                found.append(one)
                if len(found) == most:
                    break
    return found


def begun(client: httpx.Client, text: str) -> dict[str, Any]:
    """An operation that has just been asked for."""
    answer = client.post("/v1/worlds:generate", json=quick(text))
    assert answer.status_code == 202
    operation: dict[str, Any] = answer.json()
    return operation


@pytest.fixture(scope="module")
def story(service: Service) -> tuple[dict[str, Any], list[Heard]]:
    """(a finished operation, what was heard of it while it went on)."""
    with service.client() as client:
        operation = begun(client, "a ball in 3 seconds")
        heard = listen(client, operation["id"])
        return finished(client, operation), heard


def test_the_whole_story_is_heard_in_order(story: tuple[dict[str, Any], list[Heard]]) -> None:
    operation, heard = story
    numbers = [int(one.id) for one in heard if one.id is not None]
    assert numbers == list(range(1, len(numbers) + 1)), "each once, none left out"
    assert [one.name for one in heard] == ["progress"] * (len(heard) - 1) + ["done"]
    assert [one.data["done"] for one in heard] == [False] * (len(heard) - 1) + [True]
    states = list(dict.fromkeys(one.data["state"] for one in heard))
    assert states == ["QUEUED", "RUNNING", "SUCCEEDED"]
    fractions = [one.data["progress"]["fraction"] for one in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len({one.data["progress"]["phase"] for one in heard}) >= 3
    last = heard[-1].data
    assert {key: last[key] for key in ("id", "kind", "state", "done", "world_id", "result", "error")} == {
        key: operation[key] for key in ("id", "kind", "state", "done", "world_id", "result", "error")
    }


def test_progress_says_where_it_stands_and_how_long_it_will_take(story: tuple[dict[str, Any], list[Heard]]) -> None:
    _, heard = story
    assert all({"phase", "fraction", "note", "queue_position", "eta_s"} == set(one.data["progress"]) for one in heard)
    running = [one.data["progress"] for one in heard if one.data["state"] == "RUNNING"]
    assert all(progress["queue_position"] is None for progress in running)
    told = [progress["eta_s"] for progress in running if progress["fraction"] > 0.1 and progress["eta_s"] is not None]
    assert told, "at least while the event is the newest of its operation"
    assert all(0 <= eta_s < 60 for eta_s in told), told


def test_a_finished_story_is_told_again_from_any_point(client: httpx.Client, story: tuple[dict[str, Any], list[Heard]]) -> None:
    operation, heard = story
    kept = [one for one in heard if one.id is not None]
    for number in range(len(kept)):
        again = listen(client, operation["id"], after=None if number == 0 else str(number))
        assert [(one.name, one.id, one.data["state"]) for one in again] == [(one.name, one.id, one.data["state"]) for one in kept[number:]]
    assert listen(client, operation["id"], after=str(len(kept))) == [], "204: an EventSource stays away then"
    assert listen(client, operation["id"], after="0")[0].id == "1"


def test_nothing_is_lost_or_doubled_when_the_line_breaks_after_every_event(client: httpx.Client) -> None:
    operation = begun(client, "a ball in 2 seconds")
    heard: list[Heard] = []
    while not heard or not heard[-1].data["done"]:
        after = next((one.id for one in reversed(heard) if one.id is not None), None)
        heard += listen(client, operation["id"], after=after, most=1)
        assert len(heard) < 200
    numbers = [int(one.id) for one in heard if one.id is not None]
    assert numbers == list(range(1, len(numbers) + 1))


def test_listeners_who_come_at_any_moment_hear_the_same(service: Service) -> None:
    with service.client() as client:
        operation = begun(client, "a ball in 2 seconds")

    def one(number: int) -> list[str | None]:
        time.sleep(number * 0.07)
        with service.client() as own:
            return [heard.id for heard in listen(own, operation["id"]) if heard.id is not None]

    with ThreadPoolExecutor(30) as pool:
        found = list(pool.map(one, range(30)))
    assert found[0] == [str(number) for number in range(1, len(found[0]) + 1)]
    assert all(ids == found[0] for ids in found)


def test_a_cancelled_and_a_failed_operation_end_the_line_too(client: httpx.Client) -> None:
    operation = begun(client, "a ball in 60 seconds")
    threading.Timer(0.5, lambda: client.post(f"/v1/operations/{operation['id']}:cancel")).start()
    last = listen(client, operation["id"])[-1]
    assert (last.name, last.data["state"], last.data["error"]["code"]) == ("done", "CANCELLED", "cancelled")
    last = listen(client, begun(client, "fail")["id"])[-1]
    assert (last.name, last.data["state"], last.data["error"]["code"]) == ("done", "FAILED", "invalid_request")


def test_those_who_wait_in_line_hear_how_they_move_on(service: Service) -> None:
    with service.client() as client:
        first, second, third = (begun(client, f"a ball in 60 seconds, {number}") for number in range(3))
        end_s = time.monotonic() + 30
        while client.get(f"/v1/operations/{first['id']}").json()["state"] == "QUEUED" and time.monotonic() < end_s:
            time.sleep(0.1)
        place = client.get(f"/v1/operations/{third['id']}").json()["progress"]["queue_position"]
        assert place == client.get(f"/v1/operations/{second['id']}").json()["progress"]["queue_position"] + 1
        threading.Timer(1, lambda: client.post(f"/v1/operations/{second['id']}:cancel")).start()
        with service.client() as own:
            heard = listen(own, third["id"], most=2)
        assert [one.data["progress"]["queue_position"] for one in heard] == [place, place - 1]
        assert [one.id is None for one in heard] == [False, True], "a place in line is news of the moment: it is not told again"
        for operation in (first, third):
            client.post(f"/v1/operations/{operation['id']}:cancel")
            finished(client, operation)


def test_the_time_left_comes_from_what_such_jobs_took(client: httpx.Client) -> None:
    kind = {"format": "collider", "unit": "cm"}
    made = finished(client, begun(client, "a ball"))
    history = client.get("/v1/operations", params={"kind": "export", "page_size": 100}).json()["operations"]
    ran = [one for one in history if one["state"] == "SUCCEEDED" and (one["result"] or {}).get("file", "").startswith("collider")]
    operation = client.post(f"/v1/worlds/{made['world_id']}:export", json=kind).json()
    if not operation["done"] and not ran:
        assert operation["progress"]["eta_s"] is None, "nobody can know yet"
    finished(client, operation)
    blocking, waiting = begun(client, "a ball in 60 seconds"), begun(client, "a ball")
    eta_s = client.get(f"/v1/operations/{waiting['id']}").json()["progress"]["eta_s"]
    assert eta_s is not None
    assert 0 < eta_s < 600
    for one in (waiting, blocking):
        client.post(f"/v1/operations/{one['id']}:cancel")
        finished(client, one)


def test_a_silent_line_is_kept_open_by_comments(client: httpx.Client) -> None:
    assert COMMENT_S == 15, "proxies close lines that are silent for longer than 20 to 60 s"
    blocking, waiting = begun(client, "a ball in 60 seconds"), begun(client, "a ball")
    begun_s = time.monotonic()
    with client.stream("GET", f"/v1/operations/{waiting['id']}/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == f"retry: {RECONNECT_MS}"
        comment = next(one for one in events(lines) if isinstance(one, str))
    assert comment == "still here"
    assert time.monotonic() - begun_s >= COMMENT_S - 1
    for one in (waiting, blocking):
        client.post(f"/v1/operations/{one['id']}:cancel")
        finished(client, one)


def test_a_wait_ends_with_the_operation(client: httpx.Client) -> None:
    operation = begun(client, "a ball in 2 seconds")
    short = client.get(f"/v1/operations/{operation['id']}", params={"wait": "0.2s"})
    assert short.json()["done"] is False
    assert int(short.headers["Retry-After"]) >= 1
    assert short.headers["Cache-Control"] == "no-store"
    answer = client.get(f"/v1/operations/{operation['id']}", params={"wait": "50s"})
    assert answer.json()["state"] == "SUCCEEDED"
    late_s = time.time() - _seconds(answer.json()["finished_at"])
    assert late_s < 20, "it comes with the end, not with the end of the wait"
    assert "Retry-After" not in answer.headers
    begun_s = time.monotonic()
    assert client.get(f"/v1/operations/{operation['id']}", params={"wait": "50s"}).json()["done"]
    assert time.monotonic() - begun_s < 20, "what is done is told at once"


def test_a_request_for_a_world_may_wait_for_it(client: httpx.Client) -> None:
    answer = client.post("/v1/worlds:generate", params={"wait": "60"}, json=quick("a ball"))
    assert (answer.status_code, answer.json()["state"]) == (200, "SUCCEEDED")
    assert "Retry-After" not in answer.headers
    answer = client.post("/v1/worlds:generate", params={"wait": "0.1s"}, json=quick("a ball in 3 seconds"))
    assert (answer.status_code, answer.json()["done"]) == (202, False)
    assert int(answer.headers["Retry-After"]) >= 1
    finished(client, answer.json())


def test_many_may_wait_at_once(service: Service) -> None:
    with service.client() as client:
        operation = begun(client, "a ball in 3 seconds")

    def one(_: int) -> str:
        with service.client() as own:
            return str(own.get(f"/v1/operations/{operation['id']}", params={"wait": "55s"}).json()["state"])

    with ThreadPoolExecutor(100) as pool:
        assert set(pool.map(one, range(100))) == {"SUCCEEDED"}


def test_events_of_nothing(client: httpx.Client) -> None:
    for identity in ("op_" + "0" * 32, "wld_" + "0" * 32, "nothing"):
        problem(client.get(f"/v1/operations/{identity}/events"), "not_found")
        problem(client.get(f"/v1/operations/{identity}", params={"wait": "5s"}), "not_found")
        problem(client.post(f"/v1/operations/{identity}:cancel"), "not_found")


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
