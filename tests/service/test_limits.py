"""Limits: how much at once, in a minute, in bytes and in credits; each says what is left, or what to do."""

from __future__ import annotations

import re
import time

import httpx2 as httpx
import pytest

from app.worlds.service import CREDITS_FULL
from tests.service.asking import Tenant, problem
from tests.service.running import Service, finished, quick

STARTS, OPEN_JOBS, BYTES = 30, 12, 400_000  # as `keyed` is set


@pytest.fixture
def tenant(keyed: Service) -> Tenant:
    """A tenant of the test's own."""
    return Tenant.new(keyed)


def left(answer: httpx.Response) -> int:
    """What the RateLimit header says is left of the minute."""
    assert answer.headers["RateLimit-Policy"] == f'"starts";q={STARTS};w=60'
    found = re.fullmatch(r'"starts";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert found is not None
    assert 1 <= int(found[2]) <= 60
    return int(found[1])


def test_starts_in_a_minute_are_counted_and_told(keyed: Service, tenant: Tenant) -> None:
    with tenant.client() as client, Tenant.new(keyed).client() as other:
        if time.time() % 60 > 50:  # all of this within one window
            time.sleep(61 - time.time() % 60)
        refused = client.post("/v1/worlds:generate", json=quick(seed=-1))
        problem(refused, "invalid_request")
        assert left(refused) == STARTS - 1, "errors say it, too"
        accepted = client.post("/v1/worlds:generate", json=quick())
        assert left(accepted) == STARTS - 2
        assert "RateLimit" not in client.get("/v1/worlds").headers, "looking costs nothing"
        world_id = finished(client, accepted.json())["world_id"]
        assert left(client.post(f"/v1/worlds/{world_id}:export", json={"format": "ply"})) == STARTS - 3
        assert left(client.post(f"/v1/worlds/{world_id}:render", json={"width": 0})) == STARTS - 4
        for number in range(5, STARTS + 1):
            assert left(client.post("/v1/worlds:generate", json=quick(seed=-1))) == STARTS - number
        for path, body in (("/v1/worlds:generate", quick()), (f"/v1/worlds/{world_id}:export", {"format": "sog"})):
            answer = client.post(path, json=body)
            problem(answer, "rate_limited")
            assert left(answer) == 0
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert left(other.post("/v1/worlds:generate", json=quick(seed=-1))) == STARTS - 1, "others have their own minute"


def test_unfinished_jobs_are_counted(tenant: Tenant) -> None:
    with tenant.client() as client:
        operations = [client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds")).json() for _ in range(OPEN_JOBS)]
        usage = client.get("/v1/usage").json()
        assert (usage["open_jobs"], usage["max_open_jobs"]) == (OPEN_JOBS, OPEN_JOBS)
        problem(client.post("/v1/worlds:generate", json=quick()), "too_many_jobs")
        client.post(f"/v1/operations/{operations[-1]['id']}:cancel")
        replacement = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds"))
        assert replacement.status_code == 202, "one that has left the line makes room"
        for operation in (*operations, replacement.json()):
            client.post(f"/v1/operations/{operation['id']}:cancel")
            finished(client, operation)
        assert client.get("/v1/usage").json()["open_jobs"] == 0


def test_bytes_are_counted(tenant: Tenant) -> None:
    with tenant.client() as client:
        worlds = [finished(client, client.post("/v1/worlds:generate", json=quick(seed=seed)).json())["world_id"] for seed in range(2)]
        usage = client.get("/v1/usage").json()
        assert usage["stored_bytes"] >= usage["max_stored_bytes"] == BYTES
        end_s = time.monotonic() + 30  # a count is good for some seconds
        while (answer := client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds"))).status_code == 202:
            client.post(f"/v1/operations/{answer.json()['id']}:cancel")
            assert time.monotonic() < end_s
            time.sleep(2)
        problem(answer, "quota_exceeded")
        client.delete(f"/v1/worlds/{worlds[0]}")
        accepted = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds"))
        assert accepted.status_code == 202, "what is deleted makes room at once"
        client.post(f"/v1/operations/{accepted.json()['id']}:cancel")


def test_credits_are_spent_and_given_back(tenant: Tenant) -> None:
    def credits(client: httpx.Client) -> int:
        return int(client.get("/v1/usage").json()["credits"])

    with tenant.client(credits=2 * CREDITS_FULL + 5) as client, tenant.client() as unlimited:
        assert unlimited.get("/v1/usage").json()["credits"] is None
        headers = {"Idempotency-Key": tenant.name}
        for _ in range(2):
            made = client.post("/v1/worlds:generate", json=quick(), headers=headers).json()
            assert credits(client) == CREDITS_FULL + 5, "the same request again costs nothing"
        finished(client, made)
        assert client.post(f"/v1/worlds/{made['world_id']}:export", params={"wait": "30s"}, json={"format": "sog"}).json()["done"]
        assert credits(client) == CREDITS_FULL + 5, "exports cost nothing"
        failed = finished(client, client.post("/v1/worlds:generate", json=quick("fail")).json())
        assert (failed["state"], credits(client)) == ("FAILED", CREDITS_FULL + 5), "what makes nothing costs nothing"
        running = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds")).json()
        assert credits(client) == 5
        answer = client.post("/v1/worlds:generate", json=quick())
        problem(answer, "credits_exhausted")
        assert answer.status_code == 402
        client.post(f"/v1/operations/{running['id']}:cancel")
        assert finished(client, running)["state"] == "CANCELLED"
        assert credits(client) == CREDITS_FULL + 5
        client.post(f"/v1/operations/{running['id']}:cancel")
        assert credits(client) == CREDITS_FULL + 5, "given back once"
