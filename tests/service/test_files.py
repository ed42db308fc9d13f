"""Files: the bytes that were promised, in parts, by key and by link, and no longer than they should be had."""

from __future__ import annotations

import hashlib
import re
import time
from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import httpx2 as httpx
import pytest

from app.commands.serve import settings_with
from app.signing import Signer
from tests.service.asking import problem
from tests.service.running import Service, finished, quick

TYPES = {
    "splats.ply": "application/octet-stream",
    "splats.spz": "application/octet-stream",
    "scene.glb": "model/gltf-binary",
    "collider.glb": "model/gltf-binary",
    "world.json": "application/json",
}


@pytest.fixture(scope="module")
def world(service: Service, ball: str) -> dict[str, Any]:
    """The finished ball, as the API shows it."""
    found: dict[str, Any] = httpx.get(f"{service.address}/v1/worlds/{ball}").json()
    return found


@pytest.fixture(scope="module")
def link(world: dict[str, Any]) -> str:
    """A link to its largest file."""
    return str(world["files"]["splats.ply"]["url"])


@pytest.fixture(scope="module")
def data(link: str, world: dict[str, Any]) -> bytes:
    """That file, whole."""
    whole = httpx.get(link).content
    assert hashlib.sha256(whole).hexdigest() == world["files"]["splats.ply"]["sha256"]
    return whole


def test_files_say_what_they_are(client: httpx.Client, world: dict[str, Any]) -> None:
    assert set(TYPES) <= set(world["files"])
    for name, file in world["files"].items():
        for address in (file["url"], f"{str(client.base_url).rstrip('/')}/v1/worlds/{world['id']}/files/{name}"):
            answer = httpx.get(address)
            assert answer.status_code == 200
            headers = answer.headers
            assert headers["ETag"] == f'"{file["sha256"]}"' == f'"{hashlib.sha256(answer.content).hexdigest()}"'
            assert int(headers["Content-Length"]) == file["bytes"] == len(answer.content)
            assert headers["Content-Type"] == TYPES.get(name, headers["Content-Type"])
            assert headers["Content-Disposition"] == f'inline; filename="{name}"'
            assert headers["Cache-Control"] == "private, max-age=31536000, immutable"
            assert headers["Accept-Ranges"] == "bytes"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in headers["Content-Security-Policy"]
            head = httpx.head(address)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["ETag"] == headers["ETag"]
            assert head.headers["Content-Length"] == headers["Content-Length"]


def test_links_end_in_the_name_and_stay_the_same_for_a_while(client: httpx.Client, world: dict[str, Any]) -> None:
    again = client.get(f"/v1/worlds/{world['id']}").json()
    for name, file in world["files"].items():
        assert file["url"].endswith(f"/{name}")
        assert again["files"][name] == file, "the same link is what lets caches work"


RANGES = {
    "bytes=0-99": (0, 100),
    "bytes=100-100": (100, 101),
    "bytes=1000-": (1_000, None),
    "bytes=-500": (-500, None),
    "bytes=0-": (0, None),
    "bytes=500-99999999999": (500, None),
    "bytes=-99999999999": (0, None),
    " bytes = 7-9": (7, 10),
}


@pytest.mark.parametrize("asked", RANGES)
def test_a_part_of_a_file(link: str, data: bytes, asked: str) -> None:
    begin, end = RANGES[asked]
    answer = httpx.get(link, headers={"Range": asked.strip()})
    part = data[begin:end]
    assert (answer.status_code, answer.content) == (206, part)
    first = data.index(part) if len(part) > 20 else begin
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(data)}"
    assert int(answer.headers["Content-Length"]) == len(part)
    head = httpx.head(link, headers={"Range": asked.strip()})
    assert (head.status_code, head.headers["Content-Length"], head.content) == (206, str(len(part)), b"")


def test_48_several_parts_at_once(link: str, data: bytes) -> None:
    answer = httpx.get(link, headers={"Range": "bytes=0-9, 1000-1099, -10"})
    assert answer.status_code == 206
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    message = message_from_bytes(b"Content-Type: " + answer.headers["Content-Type"].encode() + b"\r\n\r\n" + answer.content, policy=HTTP)
    parts = [(part["Content-Range"], part.get_payload(decode=True)) for part in message.iter_parts()]
    size = len(data)
    assert [where for where, _ in parts] == [f"bytes 0-9/{size}", f"bytes 1000-1099/{size}", f"bytes {size - 10}-{size - 1}/{size}"]
    boundary = re.search(r"boundary=(\w+)", answer.headers["Content-Type"])
    assert boundary is not None
    pieces = answer.content.split(b"--" + boundary[1].encode())
    assert [piece.partition(b"\r\n\r\n")[2][:-2] for piece in pieces[1:-1]] == [data[:10], data[1_000:1_100], data[-10:]]


@pytest.mark.parametrize(
    "asked", [f"bytes={','.join(f'{n}-{n}' for n in range(101))}", "bytes=5-1", "bytes=a-b", "lines=1-2", "bytes", "bytes=", "bytes=--5"]
)
def test_48_ranges_without_sense_are_as_good_as_none(link: str, data: bytes, asked: str) -> None:
    answer = httpx.get(link, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, data)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=99999999-999999999", "bytes=-0"])
def test_48_a_range_beyond_the_end(link: str, data: bytes, asked: str) -> None:
    answer = httpx.get(link, headers={"Range": asked})
    problem(answer, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(data)}"


def test_48_what_the_client_has_is_not_sent_again(link: str, data: bytes) -> None:
    etag = httpx.head(link).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = httpx.get(link, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert "immutable" in answer.headers["Cache-Control"]
        assert httpx.head(link, headers={"If-None-Match": known}).status_code == 304
    assert httpx.get(link, headers={"If-None-Match": '"other"'}).content == data
    assert httpx.get(link, headers={"If-None-Match": etag, "Range": "bytes=0-9"}).status_code == 304


def test_48_a_part_only_of_the_same_file(link: str, data: bytes) -> None:
    etag = httpx.head(link).headers["ETag"]
    asked = {"Range": "bytes=0-9"}
    assert httpx.get(link, headers={**asked, "If-Range": etag}).content == data[:10]
    for stale in ('"other"', f"W/{etag}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        answer = httpx.get(link, headers={**asked, "If-Range": stale})
        assert (answer.status_code, answer.content) == (200, data)


def test_any_page_may_read_a_file(link: str) -> None:
    origin = {"Origin": "https://viewer.example"}
    answer = httpx.get(link, headers={**origin, "Range": "bytes=0-9"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert {"Content-Range", "ETag"} <= {name.strip() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    wish = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    asked_first = httpx.options(link, headers={**origin, **wish})
    assert asked_first.status_code == 200
    assert "range" in asked_first.headers["Access-Control-Allow-Headers"].lower()


def test_25_links_open_one_file_to_readers(world: dict[str, Any], link: str) -> None:
    ticket = link.split("/")[-2]
    end, _, mark = ticket.partition("-")
    of_other_file = world["files"]["world.json"]["url"].split("/")[-2]
    longer = f"{int(end, 16) + 86_400:x}-{mark}"
    for wrong in (of_other_file, mark, longer, f"{end}-{mark[::-1]}", f"{end.upper()}-{mark.upper()}", "-"):
        problem(httpx.get(link.replace(ticket, wrong)), "link_invalid")
    problem(httpx.get(link.replace("splats.ply", "world.json")), "link_invalid")
    problem(httpx.get(link.replace(world["id"], "wld_" + "0" * 32)), "link_invalid")
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        answer = httpx.request(method, link)
        problem(answer, "method_not_allowed")
        assert {"GET", "HEAD"} & set(answer.headers["Allow"].split(", "))


def test_25_a_link_runs_out(service: Service, world: dict[str, Any], link: str) -> None:
    signer = Signer(settings_with(data=service.data).signing_key())
    ticket = signer.ticket("file", f"{world['id']}/splats.ply", lasts_s=1)
    short = link.replace(link.split("/")[-2], ticket)
    assert httpx.get(short).status_code == 200, "the same secret makes the same links"
    time.sleep(max(0.0, int(ticket.partition("-")[0], 16) - time.time()) + 0.1)
    problem(httpx.get(short), "link_invalid")


def test_links_of_a_deleted_world_are_dead_at_once(client: httpx.Client) -> None:
    made = finished(client, client.post("/v1/worlds:generate", json=quick("a ball to delete")).json())
    world = client.get(made["links"]["world"]).json()
    exported = client.post(f"/v1/worlds/{world['id']}:export", params={"wait": "30s"}, json={"format": "sog"}).json()
    links = [file["url"] for file in world["files"].values()] + [exported["links"]["file"]]
    assert all(httpx.head(link).status_code == 200 for link in links)
    client.delete(f"/v1/worlds/{world['id']}")
    for link in links:
        problem(httpx.get(link), "not_found")


def test_files_that_are_not_there(client: httpx.Client, world: dict[str, Any]) -> None:
    problem(client.get(f"/v1/worlds/{world['id']}/files/splats.obj"), "not_found")
    problem(client.get(f"/v1/worlds/wld_{'0' * 32}/files/splats.ply"), "not_found")
