"""Idempotency: one key, one operation, however often, at whatever time and by however many it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import pytest

from app.identity import new_id
from tests.service.asking import Tenant, problem
from tests.service.running import Service, finished, quick

AT_ONCE = 60


def ask(client: httpx.Client, key: str, **body: Any) -> httpx.Response:
    """A request for a world with an Idempotency-Key."""
    return client.post("/v1/worlds:generate", json=quick(**body), headers={"Idempotency-Key": key})


def test_the_same_request_again_is_the_same_operation(client: httpx.Client) -> None:
    key = new_id("key")
    first = ask(client, key, text="a ball", seed=3, tags=["x", "y"])
    assert first.status_code == 202
    body = {"splats": 10_000, "tags": ["x", "y"], "tier": "quick", "text": "  a ball ", "seed": 3}
    again = client.post("/v1/worlds:generate", json=body, headers={"Idempotency-Key": key})
    assert again.json()["id"] == first.json()["id"], "the order of fields and blanks around the words say nothing"
    done = finished(client, first.json())
    late = ask(client, key, text="a ball", seed=3, tags=["x", "y"])
    assert (late.status_code, late.json()) == (200, done), "after the end, the same answer"
    assert late.headers["Location"] == first.headers["Location"]
    problem(ask(client, key, text="a cube", seed=3, tags=["x", "y"]), "idempotency_key_reused")


def test_without_a_key_each_request_is_another_operation(client: httpx.Client) -> None:
    operations = [client.post("/v1/worlds:generate", json=quick()).json() for _ in range(2)]
    assert operations[0]["id"] != operations[1]["id"]
    for operation in operations:
        finished(client, operation)


def test_46_many_at_once_with_one_key(service: Service) -> None:
    key = new_id("key")

    def one(_: int) -> httpx.Response:
        with service.client() as client:
            return ask(client, key, text="a ball at once")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(one, range(AT_ONCE)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    with service.client() as client:
        finished(client, answers[0].json())
        worlds = client.get("/v1/worlds", params={"q": "a ball at once"}).json()["worlds"]
    assert [world["id"] for world in worlds] == [answers[0].json()["world_id"]], "there is one world, too"


def test_a_key_belongs_to_a_tenant(keyed: Service) -> None:
    key = new_id("key")
    with Tenant.new(keyed).client() as mine, Tenant.new(keyed).client() as other:
        first, second = ask(mine, key, text="a ball"), ask(other, key, text="a cube")
        assert (first.status_code, second.status_code) == (202, 202)
        assert first.json()["id"] != second.json()["id"]
        for client, answer in ((mine, first), (other, second)):
            assert finished(client, answer.json())["state"] == "SUCCEEDED"


def test_a_failed_operation_is_told_again_too(client: httpx.Client) -> None:
    key = new_id("key")
    failed = finished(client, ask(client, key, text="fail").json())
    assert (failed["state"], failed["error"]["code"]) == ("FAILED", "invalid_request")
    assert ask(client, key, text="fail").json() == failed, "take a new key to try again"


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b", "'; DROP TABLE operations; --", "x-1\tx"], ids=["1", "255", "blank", "SQL", "tab"])
def test_a_key_may_be_anything(client: httpx.Client, key: str) -> None:
    key = key if len(key) == 255 else f"{key} {new_id('key')}"
    first, again = ask(client, key, text="a ball"), ask(client, key, text="a ball")
    assert first.json()["id"] == again.json()["id"]
    finished(client, first.json())


def test_a_refused_request_leaves_its_key_free(client: httpx.Client) -> None:
    key = new_id("key")
    problem(ask(client, key, text="a ball", seed=-1), "invalid_request")
    accepted = ask(client, key, text="a ball", seed=1)
    assert accepted.status_code == 202
    finished(client, accepted.json())
