"""Bad requests: what is wrong with a request around its body: lines, headers, names, keys, pages, moments; and the service goes on."""

from __future__ import annotations

import asyncio
import json
import resource
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.asking import Tenant, connected, heard, problem, said_raw
from tests.service.running import Service, finished, quick

CANARY = "zq9canary"
JSON = {"Content-Type": "application/json"}
MEBIBYTE = 1 << 20


@pytest.fixture(autouse=True)
def _goes_on(service: Service) -> Iterator[None]:
    """After whatever came, the next request is answered."""
    yield
    with service.client() as client:
        assert client.get("/readyz", timeout=30).status_code == 200


def _pieces() -> Iterator[bytes]:
    yield b'{"text": "'
    for _ in range(32):
        yield b"a" * 65_536
    yield b'"}'


@pytest.mark.parametrize("body", [b'{"text": "' + b"a" * 2 * MEBIBYTE + b'"}', _pieces], ids=["21 with Content-Length", "21 without"])
def test_21_bodies_over_the_limit_are_refused(client: httpx.Client, body: bytes | Callable[[], Iterator[bytes]]) -> None:
    content = body() if callable(body) else body
    problem(client.post("/v1/worlds:generate", content=content, headers=JSON), "body_too_large")


def test_21_a_length_that_is_not_meant_is_refused_before_the_body(service: Service) -> None:
    head = b"POST /v1/worlds:generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"
    status, headers, body = said_raw(service.address, head)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body)["code"] == "body_too_large"


@pytest.mark.parametrize(
    "head",
    [
        b"GET /v1/worlds\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        b"POST /v1/worlds:generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/worlds:generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"GET /v1/worlds HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 4 * MEBIBYTE + b"\r\n\r\n",
        b"GET /v1/wor\xfflds HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["HTTP 0.9", "TLS", "length -1", "two lengths", "a header of 4 MB", "a raw byte"],
)
def test_21_what_is_not_http_is_sent_away(service: Service, head: bytes) -> None:
    with connected(service.address, timeout_s=30) as line:
        try:
            line.sendall(head)
            answer = line.recv(65_536)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 421 ")), answer


POST = b"POST /v1/worlds:generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SLOW: dict[str, tuple[bytes, bytes]] = {
    "body with a length": (POST + b"Content-Length: 1000\r\n\r\n{", b" "),
    "body without a length": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n \r\n"),
    "body that does not come": (POST + b"Content-Length: 1000\r\n\r\n", b""),
    "head": (b"GET /v1/worlds HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x"),
}
"""What begins, and what is added to it every second."""


@pytest.fixture(scope="module")
def loris(service: Service) -> Iterator[dict[str, tuple[int, dict[str, str], bytes] | str]]:
    """Slow requests, begun with the first test of this module: what became of each is looked at by the last."""
    became: dict[str, tuple[int, dict[str, str], bytes] | str] = {}

    def drip(name: str) -> None:
        begin, more = SLOW[name]
        with connected(service.address, timeout_s=1) as line:
            line.sendall(begin)
            end_s = time.monotonic() + 120
            while time.monotonic() < end_s:
                try:
                    became[name] = heard(line)
                    return
                except TimeoutError:
                    line.sendall(more)
            became[name] = "still open after two minutes"

    threads = [threading.Thread(target=drip, args=(name,), daemon=True) for name in SLOW]
    for thread in threads:
        thread.start()
    yield became
    for thread in threads:
        thread.join(130)


NAMES = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "..%5c..%5cetc",
    "CON",
    "x" * 300,
    "a%2fb",
    "a%00b",
    "spl%E2%80%A4ats.ply",
    "world%E2%80%8D.json",
    "%ff%fe",
    "a%0d%0ab",
]
BY_LINK = "/v1/files/{}/69a1b2c0-abcdefghijklmnopqrstuvwx/{}"


@pytest.mark.usefixtures("loris")
@pytest.mark.parametrize("path", ["/v1/worlds/{}/files/{}", BY_LINK], ids=["by name", "by link"])
@pytest.mark.parametrize("name", NAMES)
def test_43_names_never_become_paths(service: Service, ball: str, path: str, name: str) -> None:
    target = path.format(ball, name)
    status, headers, body = said_raw(service.address, f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert headers["content-type"] == "application/problem+json", (status, body[:200])
    assert status in (403, 404, 422)
    assert b"passwd" not in body


IDS = ["", "..", "%00", "op_", "wld_" + "0" * 32, "op_" + "0" * 32, "wld_" + "0" * 300, "op_<script>", "'; --", "%F0%9F%8C%B2"]


@pytest.mark.parametrize("identity", IDS)
def test_43_ids_that_are_none(client: httpx.Client, identity: str) -> None:
    for method, path in (
        ("GET", "/v1/worlds/{}"),
        ("DELETE", "/v1/worlds/{}"),
        ("GET", "/v1/operations/{}"),
        ("POST", "/v1/operations/{}:cancel"),
        ("GET", "/v1/operations/{}/events"),
        ("DELETE", "/v1/keys/{}"),
    ):
        answer = client.request(method, path.format(identity))
        if answer.status_code not in (200, 405, 307):  # the empty one is a list
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.status_code in (404, 422), (method, path, answer.text)


@pytest.mark.parametrize(
    "key", ["", "x" * 256, "x" * 10_000, "ключ".encode().decode("latin-1")], ids=["empty", "256", "10 kB", "not ASCII"]
)
def test_46_odd_idempotency_keys(client: httpx.Client, key: str) -> None:
    answer = client.post("/v1/worlds:generate", json=quick(), headers={b"Idempotency-Key": key.encode("latin-1")})
    if (key.isprintable() and 0 < len(key.strip()) <= 255) or key[:1] >= "\x80":
        assert answer.status_code == 202
        finished(client, answer.json())
    else:
        problem(answer, "invalid_request")


def test_46_another_body_for_the_same_key(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": f"once {time.monotonic_ns()}"}
    first = client.post("/v1/worlds:generate", json=quick("a ball"), headers=headers)
    assert first.status_code == 202
    for other in (quick("a cube"), quick("a ball", seed=1), quick("a ball", tags=["x"]), quick("a ball", visibility="public")):
        problem(client.post("/v1/worlds:generate", json=other, headers=headers), "idempotency_key_reused")
    finished(client, first.json())


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "key_missing"),
        ({"Authorization": "Bearer"}, "key_missing"),
        ({"Authorization": "Basic d2w6d2w="}, "key_missing"),
        ({"Authorization": f"Bearer {CANARY}"}, "key_invalid"),
        ({"Authorization": f"Bearer wl_{CANARY}"}, "key_invalid"),
        ({"Authorization": "Bearer wl_" + "0" * 43}, "key_invalid"),
        ({"Authorization": "Bearer " + "x" * 20_000}, "key_invalid"),
        ({"WLT-Api-Key": CANARY}, "key_invalid"),
        ({"WLT-Api-Key": "wl_ ' OR 1=1 --"}, "key_invalid"),
    ],
)
def test_47_keys_that_open_nothing(keyed: Service, headers: dict[str, str], code: str) -> None:
    for method, path in (("GET", "/v1/worlds"), ("POST", "/v1/worlds:generate"), ("GET", "/v1/system"), ("GET", "/metrics")):
        answer = httpx.request(method, f"{keyed.address}{path}", headers={**headers, **JSON}, content=b"{}" if method == "POST" else None)
        problem(answer, code, canary=CANARY)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_47_keys_that_open_nothing_any_more(keyed: Service) -> None:
    tenant = Tenant.new(keyed)
    _, key_id, revoked = tenant.key_row()
    _, _, expired = tenant.key_row(days=1e-6)
    with tenant.client() as admin, keyed.client(revoked) as client:
        assert client.get("/v1/worlds").status_code == 200
        assert admin.delete(f"/v1/keys/{key_id}").json()["status"] == "revoked"
        assert admin.delete(f"/v1/keys/{key_id}").status_code == 200, "asking twice changes nothing"
        problem(client.get("/v1/worlds"), "key_invalid")
    time.sleep(0.1)
    with keyed.client(expired) as client:
        problem(client.get("/v1/worlds"), "key_invalid")


@pytest.mark.parametrize("value", ["-1", "9" * 13, "1e3", "abc", "½", "0x10", "1; DROP", "x" * 41])
def test_49_last_event_ids_that_were_never_sent(client: httpx.Client, ball: str, value: str) -> None:
    operation_id = client.get(f"/v1/worlds/{ball}").json()["operation_id"]
    headers = {b"Last-Event-ID": value.encode("latin-1")}
    answer = client.get(f"/v1/operations/{operation_id}/events", headers=headers)
    problem(answer, "invalid_request")


def test_49_a_last_event_id_beyond_the_end(client: httpx.Client, ball: str) -> None:
    operation_id = client.get(f"/v1/worlds/{ball}").json()["operation_id"]
    answer = client.get(f"/v1/operations/{operation_id}/events", headers={"Last-Event-ID": "9" * 12})
    assert (answer.status_code, answer.content) == (204, b""), "there is nothing more to hear: do not come back"


@pytest.mark.parametrize("path", ["/v1/worlds", "/v1/operations"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"page_size": "0"}, "invalid_request"),
        ({"page_size": "101"}, "invalid_request"),
        ({"page_size": "-1"}, "invalid_request"),
        ({"page_size": "ten"}, "invalid_request"),
        ({"page_size": "1" * 5_000}, "invalid_request"),
        ({"cursor": CANARY}, "bad_cursor"),
        ({"cursor": "AAAA"}, "bad_cursor"),
        ({"cursor": ""}, "bad_cursor"),
        ({"cursor": "\x00"}, "bad_cursor"),
        ({"cursor": "x" * 401}, "invalid_request"),
        ({"state": CANARY}, "invalid_request"),
    ],
    ids=lambda value: "50" if isinstance(value, str) else str(value)[:40],
)
def test_50_pages_that_there_are_none_of(client: httpx.Client, path: str, query: dict[str, str], code: str) -> None:
    problem(client.get(path, params=query), code, canary=CANARY)


@pytest.mark.parametrize("wait", ["1h", "-1s", "1e3s", "s", "1000s", "NaN", "٣s"])
def test_50_waits_that_mean_nothing(client: httpx.Client, ball: str, wait: str) -> None:
    operation_id = client.get(f"/v1/worlds/{ball}").json()["operation_id"]
    problem(client.get(f"/v1/operations/{operation_id}", params={"wait": wait}), "invalid_request")


def test_51_cancel_twice_and_too_late(client: httpx.Client) -> None:
    operation = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds")).json()
    first = client.post(f"/v1/operations/{operation['id']}:cancel")
    assert first.status_code == 200
    assert first.json()["state"] in ("CANCELLED", "CANCELLING")
    assert client.post(f"/v1/operations/{operation['id']}:cancel").status_code == 200
    ended = finished(client, operation)
    assert (ended["state"], ended["error"]["code"]) == ("CANCELLED", "cancelled")
    assert client.post(f"/v1/operations/{operation['id']}:cancel").json()["state"] == "CANCELLED"
    done = finished(client, client.post("/v1/worlds:generate", json=quick()).json())
    assert client.post(f"/v1/operations/{done['id']}:cancel").json() == done, "what is done stays done"


def test_52_delete_a_world_while_it_is_made(client: httpx.Client) -> None:
    operation = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds")).json()
    deleted = client.delete(f"/v1/worlds/{operation['world_id']}")
    assert deleted.json() == {"id": operation["world_id"], "deleted": True}
    assert finished(client, operation)["state"] == "CANCELLED"
    problem(client.get(f"/v1/worlds/{operation['world_id']}"), "not_found")
    problem(client.delete(f"/v1/worlds/{operation['world_id']}"), "not_found")


def test_52_what_is_not_finished_cannot_be_taken(client: httpx.Client) -> None:
    operation = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds")).json()
    problem(client.post(f"/v1/worlds/{operation['world_id']}:export", json={"format": "sog"}), "not_ready")
    problem(client.post(f"/v1/worlds/{operation['world_id']}:render", json={}), "not_ready")
    client.post(f"/v1/operations/{operation['id']}:cancel")
    finished(client, operation)


HOSTS = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example", "[::1].evil", "", "\x00"]


@pytest.mark.parametrize("host", HOSTS)
def test_53_names_that_are_not_ours(service: Service, host: str) -> None:
    head = f"GET /v1/worlds HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    status, headers, body = said_raw(service.address, head)
    if host == "\x00":
        assert status == 400
        return
    assert (status, headers["content-type"]) == (421, "application/problem+json")
    assert b"evil" not in body


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://", "http://127.0.0.1:80@evil.example"]
)
def test_53_pages_of_others_cannot_use_a_keyless_service(client: httpx.Client, ball: str, origin: str) -> None:
    for method, path, body in (
        ("POST", "/v1/worlds:generate", quick()),
        ("DELETE", f"/v1/worlds/{ball}", None),
        ("PATCH", f"/v1/worlds/{ball}", {"visibility": "public"}),
        ("POST", "/v1/keys", {"name": "mine"}),
    ):
        problem(client.request(method, path, json=body, headers={"Origin": origin}), "origin_refused")
    answer = client.get("/v1/worlds", headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in answer.headers, "they cannot read it either"


def test_53_pages_of_this_machine_can(client: httpx.Client) -> None:
    answer = client.get("/v1/worlds", headers={"Origin": "http://localhost:5173"})
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    made = client.post("/v1/worlds:generate", json=quick(), headers={"Origin": "http://localhost:5173"})
    assert made.status_code == 202
    finished(client, made.json())


def test_54_two_thousand_idle_listeners(service: Service, client: httpx.Client) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 10_000), hard))
    count = min(2_000, min(hard, 10_000) - 500)
    before = client.post("/v1/worlds:generate", json=quick("a ball in 300 seconds")).json()
    operation = client.post("/v1/worlds:generate", json=quick("a ball that waits")).json()
    try:
        lines = asyncio.run(_listened(service, client, operation, count))
    finally:
        for one in (operation, before):
            client.post(f"/v1/operations/{one['id']}:cancel")
            finished(client, one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(lines) == count
    assert all(line.count("event: done\n") == 1 and line.count('"state":"CANCELLED"') == 1 for line in lines), "all hear the end, once"


async def _listened(service: Service, client: httpx.Client, operation: dict[str, Any], count: int) -> list[str]:
    """What each of `count` listeners has heard when the operation has been cancelled."""
    host, port = service.address.removeprefix("http://").split(":")
    at_once = asyncio.Semaphore(100)

    async def opened() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with at_once:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /v1/operations/{operation['id']}/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)
            assert head.startswith(b"HTTP/1.1 200 "), head
            await asyncio.wait_for(reader.readuntil(b"event: progress\n"), 120)
            return reader, writer

    lines = await asyncio.gather(*(opened() for _ in range(count)))
    answer = await asyncio.to_thread(client.get, "/v1/system")
    assert answer.json()["event_listeners"] >= count
    assert (await asyncio.to_thread(client.post, f"/v1/operations/{operation['id']}:cancel")).status_code == 200

    async def rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        try:
            return (await asyncio.wait_for(reader.read(), 120)).decode()
        finally:
            writer.close()
            await writer.wait_closed()

    return list(await asyncio.gather(*(rest(*line) for line in lines)))


def test_22_slow_requests_are_given_up(loris: dict[str, tuple[int, dict[str, str], bytes] | str]) -> None:
    end_s = time.monotonic() + 100
    while len(loris) < len(SLOW) and time.monotonic() < end_s:
        time.sleep(0.2)
    assert set(loris) == set(SLOW)
    for name, became in loris.items():
        assert isinstance(became, tuple), f"{name}: {became}"
        status, headers, body = became
        assert headers["connection"] == "close"
        if name.startswith("head"):
            assert status == 400, name
        else:
            assert (status, headers["content-type"]) == (408, "application/problem+json"), name
            assert json.loads(body)["code"] == "request_timeout"
