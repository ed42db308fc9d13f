"""Media assets through our own API: announcing, uploading, completing, and everything that can go wrong on the way."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.running import Service, keys, quick
from tests.service.strange_files import RGB, png, scene

PICTURE = png(scene(), RGB)
LIMIT = 150_000


def prepared(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": "image", **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sent(asset: dict[str, Any], data: bytes) -> httpx.Response:
    return httpx.request(asset["upload"]["method"], asset["upload"]["url"], content=data, headers=asset["upload"]["headers"])


def ready(client: httpx.Client, data: bytes = PICTURE, **more: Any) -> dict[str, Any]:
    asset = prepared(client, **more)
    assert sent(asset, data).status_code == 200
    answer = client.post(asset["links"]["complete"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def raw_file(service: Service, asset: dict[str, Any]) -> Path:
    return next(iter((service.data / "blobs").glob(f"*/uploads/{asset['id']}")), Path("nothing"))


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    return str(body["detail"])


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with keys, small limits, and links that last a few seconds."""
    settings = {
        "WORLDLOOM_REQUIRE_KEYS": "true",
        "WORLDLOOM_MAX_UPLOAD_BYTES": str(LIMIT),
        "WORLDLOOM_MAX_STORED_BYTES": str(2 * LIMIT),
        "WORLDLOOM_UPLOAD_S": "2",
    }
    running = Service(tmp_path_factory.mktemp("walled") / "data", settings=settings, arguments=("--no-worker",)).start()
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def tenants(walled: Service) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of two tenants."""
    ours, theirs = (keys(walled, name, "--tenant", name)["key"] for name in ("ours", "theirs"))
    with walled.client(ours) as one, walled.client(theirs) as other:
        yield one, other


def test_a_picture_becomes_ready(client: httpx.Client, service: Service) -> None:
    note = {"taken": "in May", "by": ["Ada"]}
    asset = prepared(
        client, file_name="Our garden.PNG", extension=".PNG", note=note, bytes=len(PICTURE), sha256=hashlib.sha256(PICTURE).hexdigest()
    )
    assert (asset["state"], asset["file_name"], asset["extension"], asset["note"]) == ("PREPARED", "Our garden.PNG", "png", note)
    assert asset["upload"]["headers"] == {"Content-Type": "image/png"}
    assert refused(client.post(asset["links"]["complete"]), 409, "not_ready")
    answer = sent(asset, PICTURE)
    assert (answer.status_code, answer.json()) == (200, {"id": asset["id"], "bytes": len(PICTURE)})
    assert raw_file(service, asset).read_bytes() == PICTURE
    done = client.post(asset["links"]["complete"]).json()
    assert (done["state"], done["reason"]) == ("READY", None)
    assert done["facts"] == {"format": "png", "kept_as": "png", "width_px": 48, "height_px": 32, "changes": []}
    assert client.post(f"/v1/media-assets/{asset['id']}:complete").json() == done, "asked again it says the same"
    assert client.get(done["links"]["self"]).json() == done
    assert not raw_file(service, asset).exists()
    kept = service.data / "blobs" / "ten_local" / done["sha256"][:2] / done["sha256"]
    data = kept.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (done["bytes"], done["sha256"])
    assert not list((service.data / "uploads").iterdir()), "no working folder is left"


def test_lists_are_in_pages_and_can_be_narrowed(client: httpx.Client) -> None:
    made = [prepared(client, kind=kind)["id"] for kind in ("image", "video", "video")]
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(200):
        body = client.get("/v1/media-assets", params={"page_size": 2, "kind": "video", "state": "PREPARED", **cursor}).json()
        found += [asset["id"] for asset in body["media_assets"]]
        if body["next_cursor"] is None:
            break
        cursor = {"cursor": body["next_cursor"]}
    assert found[:2] == [made[2], made[1]]
    assert made[0] not in found
    assert len(found) == len(set(found))
    refused(client.get("/v1/media-assets", params={"page_size": 0}), 422, "invalid_request")
    refused(client.get("/v1/media-assets", params={"cursor": "forged"}), 400, "bad_cursor")


@pytest.mark.parametrize("kind", ["", "audio", "IMAGE", None, 1])
def test_kinds_are_two(client: httpx.Client, kind: Any) -> None:
    refused(client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": kind}), 422, "invalid_request")


@pytest.mark.parametrize(
    "name", ["..", "CON", "../../etc/passwd", "C:\\windows\\system32", "a/b.png", "раураl.png", "x" * 200, "-rf", "🏡.png", "%00"]
)  # fmt: skip
def test_odd_names_are_kept_as_text(client: httpx.Client, service: Service, name: str) -> None:
    asset = prepared(client, file_name=name)
    assert sent(asset, PICTURE).status_code == 200
    assert client.get(asset["links"]["self"]).json()["file_name"] == name
    assert re.fullmatch(r"med_[0-9a-f]{32}", raw_file(service, asset).name)
    assert client.delete(asset["links"]["self"]).json() == {"id": asset["id"], "deleted": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"file_name": ""},
        {"file_name": "   "},
        {"file_name": "x" * 300},
        {"file_name": "a\0.png"},
        {"file_name": "a\r\nb.png"},
        {"file_name": "\x1b[31m.png"},
        {"file_name": 7},
        {"extension": "../png"},
        {"extension": "x" * 40},
        {"note": {"text": "x" * 10_000}},
        {"note": "words"},
        {"bytes": 0},
        {"bytes": -1},
        {"bytes": 1.0},
        {"bytes": 2**40},
        {"bytes": 2**64},
        {"sha256": "abc"},
        {"sha256": "g" * 64},
        {"surplus": 1},
    ],
    ids=str,
)
def test_wrong_announcements_are_refused(client: httpx.Client, wrong: dict[str, Any]) -> None:
    detail = refused(client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": "image", **wrong}), 422, "invalid_request")
    assert detail[:1].islower()


@pytest.mark.parametrize("body", ['{"file_name": "\\ud800", "kind": "image"}', '{"file_name": "a", "kind": "image", "note": {"x": NaN}}'])
def test_broken_json_is_refused(client: httpx.Client, body: str) -> None:
    refused(client.post("/v1/media-assets:prepare", content=body, headers={"Content-Type": "application/json"}), 400, "malformed_json")


def test_uploads_must_be_what_was_announced(client: httpx.Client, service: Service) -> None:
    exact = prepared(client, bytes=len(PICTURE), sha256=hashlib.sha256(PICTURE).hexdigest().upper())
    refused(sent(exact, PICTURE[:-1]), 422, "invalid_request")
    refused(sent(exact, PICTURE + b"!"), 413, "body_too_large")
    refused(httpx.put(exact["upload"]["url"], content=iter([PICTURE, b"!"])), 413, "body_too_large")
    detail = refused(sent(exact, PICTURE[:-1] + b"!"), 422, "invalid_request")
    assert hashlib.sha256(PICTURE[:-1] + b"!").hexdigest() in detail
    refused(sent(exact, b""), 422, "invalid_request")
    assert not raw_file(service, exact).exists()
    assert client.get(exact["links"]["self"]).json()["bytes"] is None
    assert sent(exact, PICTURE).status_code == 200
    assert client.post(exact["links"]["complete"]).json()["state"] == "READY"


def test_headers_of_an_upload_do_not_matter(client: httpx.Client) -> None:
    asset = prepared(client)
    for headers in ({}, {"Content-Type": "text/html"}, {"x-goog-content-length-range": "0,104857600", "Authorization": "Bearer nonsense"}):
        answer = httpx.put(asset["upload"]["url"], content=PICTURE, headers=headers)
        assert answer.status_code == 200, answer.text
    assert httpx.put(asset["upload"]["url"], content=iter([PICTURE[:50], PICTURE[50:]])).status_code == 200, "in chunks, without a length"
    assert client.post(asset["links"]["complete"]).json()["facts"]["width_px"] == 48


def test_a_second_upload_replaces_the_first_until_it_is_completed(client: httpx.Client, service: Service) -> None:
    asset = prepared(client)
    other = png(255 - scene(), RGB)
    other += bytes(max(0, len(PICTURE) - len(other)))
    first = PICTURE + bytes(len(other) - len(PICTURE))
    assert len(first) == len(other), "of one length, so that only the content tells them apart"
    assert sent(asset, first).status_code == sent(asset, other).status_code == 200
    assert raw_file(service, asset).read_bytes() == other
    done = client.post(asset["links"]["complete"]).json()
    assert done["sha256"] != ready(client)["sha256"]
    assert "ready" in refused(sent(asset, PICTURE), 409, "conflict")
    assert not raw_file(service, asset).exists()
    assert client.get(asset["links"]["self"]).json() == done


def test_a_rejected_upload_stays_rejected(client: httpx.Client, service: Service) -> None:
    asset = prepared(client)
    assert sent(asset, b"GIF89a and so on").status_code == 200
    detail = refused(client.post(asset["links"]["complete"]), 422, "media_rejected")
    assert "GIF" in detail
    assert refused(client.post(f"/v1/media-assets/{asset['id']}:complete"), 422, "media_rejected") == detail
    assert "rejected" in refused(sent(asset, PICTURE), 409, "conflict")
    body = client.get(asset["links"]["self"]).json()
    assert (body["state"], body["bytes"], body["sha256"], body["facts"]) == ("REJECTED", None, None, None)
    assert body["reason"] in detail
    assert not raw_file(service, asset).exists()
    refused(client.post("/v1/worlds:generate", json=quick(pictures=[{"media_asset_id": asset["id"]}])), 422, "invalid_request")


def test_large_uploads_pass_the_limit_of_other_bodies(client: httpx.Client, service: Service) -> None:
    import psutil

    asset = prepared(client)
    part, count = os.urandom(1 << 20), 95
    process = psutil.Process(service.pids()["api"][0])
    before, held = process.memory_info().rss, [0]

    def parts() -> Iterator[bytes]:
        for _ in range(count):
            yield part
            held.append(process.memory_info().rss - before)

    answer = httpx.put(asset["upload"]["url"], content=parts(), timeout=60)
    assert (answer.status_code, answer.json()["bytes"]) == (200, count << 20)
    assert max(held) < count << 19, "it is streamed: what waits in buffers is no half of it"
    refused(client.post(asset["links"]["complete"]), 422, "media_rejected")
    assert not raw_file(service, asset).exists()


def test_an_upload_that_breaks_off_leaves_nothing(client: httpx.Client, service: Service) -> None:
    asset = prepared(client)
    url = httpx.URL(asset["upload"]["url"])
    with socket.create_connection((url.host, url.port)) as line:
        line.sendall(f"PUT {url.path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Length: 1000000\r\n\r\n".encode() + bytes(300_000))
        time.sleep(0.1)
    end = time.monotonic() + 20
    while list((service.data / "uploads").iterdir()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not list((service.data / "uploads").iterdir())
    refused(client.post(asset["links"]["complete"]), 409, "not_ready")
    assert sent(asset, PICTURE).status_code == 200


def test_links_are_for_one_asset_one_purpose_and_one_method(client: httpx.Client, service: Service) -> None:
    asset, other = prepared(client), prepared(client)
    url = asset["upload"]["url"]
    ticket = url.rpartition("/")[2]
    end, _, mark = ticket.partition("-")
    later = f"{int(end, 16) + 9_999:x}-{mark}"
    for forged in (later, f"{end}-{mark[:-1]}{'A' if mark[-1] != 'A' else 'B'}", f"{end}-", "-", "x", "%00", "0-" + "A" * 24):
        refused(client.put(f"/v1/uploads/{asset['id']}/{forged}", content=PICTURE), 403, "link_invalid")
    for stranger in (other["id"], "med_0", "..", "wld_" + "0" * 32):
        answer = client.put(f"/v1/uploads/{stranger}/{ticket}", content=PICTURE)
        assert answer.status_code in (403, 404), answer.text
    for method in ("GET", "POST", "PATCH", "DELETE"):
        refused(client.request(method, url), 405, "method_not_allowed")
    world = client.post("/v1/worlds:generate", params={"wait": "30s"}, json=quick()).json()["world_id"]
    file_ticket = client.get(f"/v1/worlds/{world}").json()["files"]["world.json"]["url"].split("/")[-2]
    refused(client.put(f"/v1/uploads/{asset['id']}/{file_ticket}", content=PICTURE), 403, "link_invalid")
    assert not raw_file(service, asset).exists()
    assert sent(asset, PICTURE).status_code == 200
    assert ticket not in service.log(), "a link is a secret"


def test_deleted_assets_are_gone(client: httpx.Client, service: Service) -> None:
    asset = prepared(client)
    assert sent(asset, PICTURE).status_code == 200
    assert client.delete(asset["links"]["self"]).status_code == 200
    assert not raw_file(service, asset).exists()
    refused(sent(asset, PICTURE), 404, "not_found")
    for answer in (
        client.get(asset["links"]["self"]),
        client.delete(asset["links"]["self"]),
        client.post(asset["links"]["complete"]),
        client.get("/v1/media-assets/med_" + "0" * 32),
        client.get("/v1/media-assets/%00"),
    ):
        refused(answer, 404, "not_found")


def test_worlds_are_made_only_of_what_is_ready(client: httpx.Client) -> None:
    gone, waiting, done = prepared(client), prepared(client), ready(client)
    client.delete(gone["links"]["self"])
    sent(waiting, PICTURE)

    def asked(asset: dict[str, Any]) -> httpx.Response:
        return client.post("/v1/worlds:generate", json=quick(pictures=[{"media_asset_id": asset["id"]}]))

    assert "upload it" in refused(asked(gone), 422, "invalid_request")
    assert "has not been completed" in refused(asked(waiting), 422, "invalid_request")
    refused(asked(done), 422, "recipe_unavailable")


def test_a_crowd_may_complete_at_once(client: httpx.Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    asset = prepared(client)
    sent(asset, PICTURE)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: client.post(asset["links"]["complete"]), range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.text for answer in answers}) == 1


def test_tenants_do_not_see_each_other(walled: Service, tenants: tuple[httpx.Client, httpx.Client]) -> None:
    ours, theirs = tenants
    asset = ready(ours)
    here = asset["links"]["self"]
    for answer in (theirs.get(here), theirs.delete(here), theirs.post(f"{here}:complete")):
        refused(answer, 404, "not_found")
    assert theirs.get("/v1/media-assets").json()["media_assets"] == []
    refused(theirs.post("/v1/worlds:generate", json=quick(pictures=[{"media_asset_id": asset["id"]}])), 422, "invalid_request")
    again = ready(theirs)
    assert again["sha256"] == asset["sha256"]
    copies = list((walled.data / "blobs").glob(f"*/*/{asset['sha256']}"))
    assert len(copies) == 2, "each tenant keeps a file of its own"
    with walled.client() as nobody:
        for method, path in (
            ("POST", "/v1/media-assets:prepare"),
            ("GET", "/v1/media-assets"),
            ("GET", here),
            ("POST", f"{here}:complete"),
        ):
            refused(
                nobody.request(method, path, json={"file_name": "a", "kind": "image"} if method == "POST" else None), 401, "key_missing"
            )
    reader = keys(walled, "reader", "--tenant", "ours", "--scope", "read")["key"]
    with walled.client(reader) as looking:
        assert looking.get(here).status_code == 200
        refused(looking.post("/v1/media-assets:prepare", json={"file_name": "a", "kind": "image"}), 403, "scope_missing")


def test_uploads_have_a_longest_length_and_a_room(walled: Service) -> None:
    with walled.client(keys(walled, "room", "--tenant", "room")["key"]) as client:
        refused(
            client.post("/v1/media-assets:prepare", json={"file_name": "a", "kind": "image", "bytes": LIMIT + 1}), 422, "invalid_request"
        )
        asset = prepared(client)
        refused(sent(asset, bytes(LIMIT + 1)), 413, "body_too_large")
        refused(httpx.put(asset["upload"]["url"], content=(bytes(10_000) for _ in range(LIMIT // 10_000 + 1))), 413, "body_too_large")
        full = [prepared(client) for _ in range(3)]
        for one in full[:2]:
            assert sent(one, bytes(LIMIT)).status_code == 200
        refused(sent(full[2], PICTURE), 403, "quota_exceeded")
        refused(client.post("/v1/media-assets:prepare", json={"file_name": "a", "kind": "image"}), 403, "quota_exceeded")
        client.delete(full[0]["links"]["self"])
        assert prepared(client)["state"] == "PREPARED", "what is deleted makes room at once"


def test_links_run_out(walled: Service, tenants: tuple[httpx.Client, httpx.Client]) -> None:
    asset = prepared(tenants[0])
    end, status = time.monotonic() + 15, 200
    while status == 200 and time.monotonic() < end:
        answer = sent(asset, PICTURE)
        status = answer.status_code
        time.sleep(0.2)
    assert "run out" in refused(answer, 403, "link_invalid")
    assert tenants[0].post(asset["links"]["complete"]).json()["state"] == "READY", "what came in time counts"


def test_the_api_never_loads_a_decoder(client: httpx.Client, service: Service) -> None:
    ready(client)
    maps = Path(f"/proc/{service.pids()['api'][0]}/maps").read_text()
    assert "python" in maps
    assert not re.findall(r"\S*(?:/PIL/|pillow|/av/|libav|OpenEXR)\S*", maps)
