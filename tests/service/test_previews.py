"""Previews: coarse splats can be seen while a world is being made, by whoever may see the world, and are gone when it ends, however."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.processes import database_of, is_alive, kill, operation_row, until
from tests.service.running import Service, finished, quick
from tests.service.test_events import listen

SHOWN = 200  # splats, see quick_recipe


@pytest.fixture(scope="module")
def previewing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service of its own, whose processes are killed and whose garbage goes soon."""
    marks = tmp_path_factory.mktemp("marks")
    settings = {"WORLDLOOM_QUICK_MARKS": str(marks), "WORLDLOOM_GARBAGE_S": "2", "WORLDLOOM_LOST_WORKER_S": "4"}
    running = Service(tmp_path_factory.mktemp("previews") / "data", settings).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def asking(previewing: Service) -> Iterator[httpx.Client]:
    with previewing.client() as client:
        yield client


def begun(client: httpx.Client, text: str) -> dict[str, Any]:
    """The operation of a world, as soon as a preview of it can be seen."""
    operation: dict[str, Any] = client.post("/v1/worlds:generate", json=quick(text)).json()

    def seen() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get(operation["links"]["self"]).json()
        assert not found["done"], found
        return found if found["preview_url"] else None

    return until(seen, within_s=60, what=f"a preview of {text}")


def splats_in(data: bytes) -> int:
    """How many splats an SPZ file says that it has."""
    magic, version, count = struct.unpack_from("<4sII", gzip.decompress(data))
    assert (magic, version) == (b"NGSP", 0x3)
    return int(count)


def require_gone(service: Service, client: httpx.Client, operation: dict[str, Any]) -> None:
    """Nothing says any more that there was one."""
    ended = client.get(operation["links"]["self"]).json()
    assert ended["done"]
    assert ended["preview_url"] is None
    world = client.get(f"/v1/worlds/{operation['world_id']}").json()
    assert world["preview_url"] is None
    assert not [name for name in world["files"] if "preview" in name]
    assert client.get(operation["preview_url"]).status_code == 404
    assert operation_row(service, operation["id"]).previewed is False


def test_a_preview_is_seen_until_the_world_is_there(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 6 seconds")
    world = asking.get(f"/v1/worlds/{operation['world_id']}").json()
    assert world["preview_url"] == operation["preview_url"]
    assert world["files"] == {}
    answer = httpx.get(operation["preview_url"])
    assert answer.status_code == 200
    assert splats_in(answer.content) == SHOWN
    finished(asking, operation)
    require_gone(previewing, asking, operation)
    made = asking.get(f"/v1/worlds/{operation['world_id']}").json()
    assert splats_in(httpx.get(made["files"]["splats.spz"]["url"]).content) == 10 * SHOWN


def test_listeners_hear_of_it(previewing: Service, asking: httpx.Client) -> None:
    operation = asking.post("/v1/worlds:generate", json=quick("a ball shown to listeners in 5 seconds")).json()
    heard = listen(asking, operation["id"])
    with_preview = [event.data["preview_url"] for event in heard if event.data["preview_url"]]
    assert with_preview
    assert heard[-1].name == "done"
    assert heard[-1].data["preview_url"] is None
    address = httpx.URL(previewing.address).join(with_preview[0])
    assert str(address).startswith(f"{previewing.address}/v1/files/{operation['world_id']}/")
    again = listen(asking, operation["id"], after="0")
    assert [event.data["preview_url"] for event in again] == [None] * len(again), "a link to what is gone helps nobody"


def test_worlds_without_a_draft_have_no_preview(asking: httpx.Client) -> None:
    operation = asking.post("/v1/worlds:generate", json=quick("a ball in 2 seconds")).json()
    assert [event.data["preview_url"] for event in listen(asking, operation["id"]) if event.data["preview_url"]] == []


def test_a_failure_takes_it_away(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 4 seconds, fail")
    assert finished(asking, operation)["state"] == "FAILED"
    require_gone(previewing, asking, operation)


def test_cancelling_takes_it_away(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 60 seconds")
    asking.post(operation["links"]["cancel"])
    assert finished(asking, operation)["state"] == "CANCELLED"
    require_gone(previewing, asking, operation)


def test_deleting_the_world_takes_it_away(asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 61 seconds")
    asking.delete(f"/v1/worlds/{operation['world_id']}")
    assert asking.get(operation["preview_url"]).status_code == 404
    assert finished(asking, operation)["state"] == "CANCELLED"
    assert asking.get(operation["preview_url"]).status_code == 404


def test_a_child_killed_after_the_preview_changes_nothing(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 60 seconds once")
    (child,) = [pid for pid in previewing.pids()["child"] if _works_for_worlds(pid)]
    kill(child)
    until(lambda: not is_alive(child), within_s=20, what="the child's end")
    ended = finished(asking, operation)
    assert (ended["state"], ended["attempt"]) == ("SUCCEEDED", 2)
    require_gone(previewing, asking, operation)


def test_a_worker_killed_after_the_preview_changes_nothing(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "another ball shown in 60 seconds once")
    for pid in previewing.pids()["worker"]:
        kill(pid)
    ended = finished(asking, operation, within_s=120)
    assert ended["state"] == "SUCCEEDED"
    assert ended["attempt"] >= 2
    require_gone(previewing, asking, operation)


def test_its_bytes_are_tidied_away(previewing: Service, asking: httpx.Client) -> None:
    operation = begun(asking, "a ball shown in 5 seconds for the dustman")
    database = database_of(previewing)
    from app.tables import WorldFile

    with database.reading() as session:
        row = session.get(WorldFile, (operation["world_id"], "preview.spz"))
    database.close()
    assert row is not None
    where = previewing.data / "blobs" / row.tenant_id / row.sha256[:2] / row.sha256
    assert where.is_file()
    finished(asking, operation)
    until(lambda: not where.exists(), within_s=120, what="the end of the preview's bytes")


def _works_for_worlds(pid: int) -> bool:
    """Whether a child belongs to the worker, not to the API, which has one that reads prompts."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return "worker" in Path(f"/proc/{words[1]}/cmdline").read_text(encoding="utf-8")
