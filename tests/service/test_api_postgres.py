"""The same API on PostgreSQL: texts that it would not take, events whose numbers become visible out of order, pages, and many at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2 as httpx
import pytest

from app.identity import new_id
from tests.service.asking import problem
from tests.service.processes import fresh_database
from tests.service.running import Service, finished, quick
from tests.service.test_events import listen
from tests.service.test_paging import pages


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Service]:
    """A service on PostgreSQL."""
    running = Service(tmp_path_factory.mktemp("on-postgres") / "data", {"WORLDLOOM_DATABASE_URL": fresh_database(postgres)}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(there: Service) -> Iterator[httpx.Client]:
    """A client of `there`."""
    with there.client() as found:
        yield found


@pytest.fixture(scope="module")
def made(there: Service) -> dict[str, str]:
    """A finished operation."""
    with there.client() as client:
        return finished(client, client.post("/v1/worlds:generate", json=quick()).json())


NUL = "%00"
ODD = ["a%00b", "%ed%a0%80", "%ff", "%27%3B--", "%F0%9F%8C%B2", "%25%5F", "%1b%5B31m"]


@pytest.mark.parametrize("text", ODD)
def test_12_texts_that_postgresql_would_not_take(client: httpx.Client, made: dict[str, str], text: str) -> None:
    world = f"/v1/worlds/{made['world_id']}"
    for path in (
        f"/v1/worlds?q={text}",
        f"/v1/worlds?tag={text}",
        f"/v1/worlds?cursor={text}",
        f"/v1/worlds/{text}",
        f"{world}/files/{text}",
        f"/v1/operations?world_id={text}",
        f"/v1/operations/{text}",
        f"/v1/operations/{text}/events",
        f"/v1/files/{made['world_id']}/{text}/world.json",
        f"/v1/files/{made['world_id']}/1-a/{text}",
    ):
        answer = client.get(path)
        assert answer.status_code in (200, 400, 403, 404, 422), (path, answer.text)
    assert client.delete(f"/v1/keys/{text}").status_code in (404, 422)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "a\x00ball"},
        {"text": "a ball", "name": "\x00"},
        {"text": "a ball", "tags": ["\x00"]},
        {"text": "a ball", "tier": "\x00"},
        {"text": "", "spec": {"place": "a\x00b"}},
        {"text": "a ball", "panorama": "med_\x00"},
    ],
)
def test_12_bodies_that_postgresql_would_not_take(client: httpx.Client, body: dict[str, object]) -> None:
    problem(client.post("/v1/worlds:generate", json=quick() | body), "invalid_request")
    problem(client.post("/v1/keys", json={"name": "a\x00b"}), "invalid_request")


def test_odd_words_are_kept_and_found(client: httpx.Client) -> None:
    words = "a 100% _ball_ \\ 'quoted' \u202e🌲\u202c <b>"
    operation = client.post("/v1/worlds:generate", params={"wait": "60s"}, json=quick(words, name=words, tags=["100%"])).json()
    assert operation["state"] == "SUCCEEDED"
    for query in ({"q": words}, {"q": "100% _BALL_ \\"}, {"q": "🌲"}, {"tag": "100%"}):
        assert [world["id"] for world in client.get("/v1/worlds", params=query).json()["worlds"]] == [operation["world_id"]], query
    assert client.get("/v1/worlds", params={"q": "seed"}).json()["worlds"] == [], "the names of fields are not words of a prompt"


def test_events_of_many_operations_are_each_whole(there: Service) -> None:
    def one(number: int) -> list[str | None]:
        with there.client() as client:
            operation = client.post("/v1/worlds:generate", json=quick(f"a ball in 0.5 seconds, {number}")).json()
            heard = listen(client, operation["id"])
            assert heard[-1].data["state"] == "SUCCEEDED"
            return [event.id for event in heard if event.id is not None]

    with ThreadPoolExecutor(8) as pool:
        for numbers in pool.map(one, range(8)):
            assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_many_at_once_with_one_key_are_one(there: Service) -> None:
    key = new_id("key")

    def one(_: int) -> str:
        with there.client() as client:
            answer = client.post("/v1/worlds:generate", json=quick("a ball at once"), headers={"Idempotency-Key": key})
            assert answer.status_code in (200, 202), answer.text
            return str(answer.json()["id"])

    with ThreadPoolExecutor(30) as pool:
        (operation_id,) = set(pool.map(one, range(30)))
    with there.client() as client:
        finished(client, {"id": operation_id})


def test_pages_are_whole(client: httpx.Client) -> None:
    whole = [entry["id"] for entry in client.get("/v1/operations", params={"page_size": 100}).json()["operations"]]
    assert [one for page in pages(client, "/v1/operations", 3) for one in page] == whole
