"""Operation: what whoever runs the service relies on: its end and its return, its doors, its health, its logs, its traces, its handbook."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.settings import Settings
from app.webhooks.delivery import RETRY_S
from tests.service.processes import until
from tests.service.receiving import Receiver
from tests.service.running import ROOT, Service, environment, finished, keys, quick

HANDBOOK = ROOT / "docs" / "service.md"


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Service]:
    """A service that a test may stop, hurt and start again."""
    running = Service(tmp_path / "data")
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


def stored(service: Service, operation_id: str) -> dict[str, Any]:
    """An operation as it stands in the database, for somebody who comes by while the service is down."""
    database = sqlite3.connect(service.data / "worldloom.db")
    database.row_factory = sqlite3.Row
    row = database.execute("SELECT * FROM operations WHERE id = ?", (operation_id,)).fetchone()
    database.close()
    return dict(row)


def told(service: Service, word: str) -> list[dict[str, Any]]:
    """The lines of its log, in JSON, that have a word in them."""
    return [json.loads(line) for line in service.log().splitlines() if word in line and line.endswith("}")]


def wait_until(client: httpx.Client, operation: dict[str, Any], state: str, *, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while (found := client.get(operation["links"]["self"]).json())["state"] != state:
        assert time.monotonic() < end, found
        time.sleep(0.1)


# -- ends and returns ------------------------------------------------------------------------------------------------------------------


def test_a_running_job_is_handed_back_and_done_after_the_return(alone: Service) -> None:
    with alone.start().client() as client:
        running = client.post("/v1/worlds:generate", json=quick("a ball in 6 seconds")).json()
        waiting = client.post("/v1/worlds:generate", json=quick("another ball")).json()
        wait_until(client, running, "RUNNING")
    assert alone.stop() == 0
    for operation in (running, waiting):
        row = stored(alone, operation["id"])
        assert (row["state"], row["crashes"]) == ("QUEUED", 0)
    assert stored(alone, running["id"])["note"] == "handed back"
    with alone.start().client() as client:
        for operation, attempts in ((running, 2), (waiting, 1)):
            done = finished(client, operation)
            assert (done["state"], done["attempt"]) == ("SUCCEEDED", attempts)
            assert stored(alone, operation["id"])["crashes"] == 0
    assert alone.stop() == 0


def test_a_client_that_waits_is_let_go_when_the_service_ends(alone: Service) -> None:
    """Whoever waits or listens gets an answer or the end of the line, and the service does not wait for them."""
    with alone.start().client() as client:
        operation = client.post("/v1/worlds:generate", json=quick("a ball in 300 seconds")).json()
        wait_until(client, operation, "RUNNING")
        with client.stream("GET", operation["links"]["events"]) as events:
            lines = events.iter_lines()
            while not next(lines).startswith("event: "):
                pass
            begun_s = time.monotonic()
            assert alone.stop() == 0
            assert time.monotonic() - begun_s < 40
            with pytest.raises((StopIteration, httpx.HTTPError)):
                while True:
                    next(lines)


def test_workers_of_their_own(alone: Service) -> None:
    alone.arguments = ("--no-worker",)
    with alone.start().client() as client:
        assert "none here" in alone.log()
        operation = client.post("/v1/worlds:generate", json=quick()).json()
        still = client.get(operation["links"]["self"], params={"wait": "2s"}).json()
        assert (still["state"], still["progress"]["queue_position"]) == ("QUEUED", 1)
        assert client.get("/v1/system").json()["workers"] == []
        words = [sys.executable, "-m", "app.cli", "worker", "--data", str(alone.data), "--slot", "3", "--queues", "worlds-quick"]
        log = alone.data / "worker.log"
        with log.open("wb") as output:
            worker = subprocess.Popen(words, env=environment(), cwd=alone.data, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            assert finished(client, operation)["state"] == "SUCCEEDED"
            (seen,) = client.get("/v1/system").json()["workers"]
            assert (seen["id"].rpartition("-")[2], seen["queues"], seen["alive"]) == ("3", ["worlds-quick"], True)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0, log.read_text()
        assert client.get("/v1/system").json()["workers"] == [], "a worker that ends says so"
    assert alone.stop() == 0


# -- doors -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that is known by another name, too, and whose API the page of somebody else may call."""
    settings = {
        "WORLDLOOM_REQUIRE_KEYS": "false",
        "WORLDLOOM_ALLOWED_HOSTS": "worlds.internal",
        "WORLDLOOM_CORS_ORIGINS": "https://app.example.org",
        "WORLDLOOM_LOG_LEVEL": "debug",
    }
    running = Service(tmp_path_factory.mktemp("named") / "data", settings, ("--no-worker",)).start()
    yield running
    assert running.stop() == 0


def test_only_known_names_are_answered(named: Service) -> None:
    with named.client() as client:
        for host, status in (
            ("worlds.internal", 200), ("WORLDS.internal:8000", 200), ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]:9", 200),
            ("evil.example", 421), ("worlds.internal.evil.example", 421), ("localhost.evil.example", 421), ("127.0.0.2", 421), ("", 421),
        ):  # fmt: skip
            answer = client.get("/v1/worlds", headers={"Host": host})
            assert answer.status_code == status, host
            if status == 421:
                assert answer.json()["code"] == "host_refused"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_foreign_pages_change_nothing_on_a_keyless_service(named: Service, method: str) -> None:
    with named.client() as client:
        for origin in ("https://evil.example", "http://localhost.evil.example", "null", "http://127.0.0.1.evil.example:80"):
            answer = client.request(method, "/v1/worlds:generate", headers={"Origin": origin}, json={"text": "a hut"})
            assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), origin
        for origin in ("https://app.example.org", "http://localhost:3000", named.address):
            answer = client.request(method, "/v1/worlds:generate", headers={"Origin": origin}, json={"wrong": 1})
            assert answer.status_code == (422 if method == "POST" else 405), origin


def test_pages_ask_before_they_call(named: Service) -> None:
    """The preflight of a browser: a named origin may call the API with its headers, any other may not, and files are for all."""
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}
    with named.client() as client:
        answer = client.options("/v1/worlds:generate", headers={"Origin": "https://app.example.org", **asked})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "https://app.example.org"
        allowed = {word.strip().lower() for word in answer.headers["access-control-allow-headers"].split(",")}
        assert {"authorization", "content-type", "idempotency-key"} <= allowed
        assert "access-control-allow-credentials" not in answer.headers
        answer = client.options("/v1/worlds:generate", headers={"Origin": "https://evil.example", **asked})
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers
        plain = client.get("/v1/worlds", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in plain.headers, "a browser keeps the answer from that page"
        file = client.options(
            "/v1/files/wld_0/x/splats.spz", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
        )
        assert file.headers["access-control-allow-origin"] == "*"


def test_without_keys_nobody_is_let_in_where_others_can_reach_it(alone: Service) -> None:
    """As on any other address than a loopback one: every call needs a key but those that say that the process lives."""
    alone.settings, alone.arguments = {"WORLDLOOM_REQUIRE_KEYS": "true"}, ("--no-worker",)
    with alone.start().client() as client:
        assert f"worldloom keys create NAME --data {alone.data}" in alone.log()
        described = client.get("/openapi.json").json()["paths"]
        open_to_all = set()
        for path, calls in described.items():
            for method in calls:
                answer = client.request(
                    method, re.sub(r"\{[^}]*\}", "wld_0000", path), json={} if method in ("post", "put", "patch") else None
                )
                if answer.status_code != 401:
                    open_to_all.add(f"{method} {path}")
                else:
                    assert answer.headers["www-authenticate"].startswith("Bearer")
        assert {"get /healthz", "get /readyz"} <= open_to_all
        # The others carry their leave in the address: links to files and for uploads, that are signed.
        assert not [call for call in open_to_all if "healthz" not in call and "readyz" not in call and "{ticket}" not in call]
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        settings = Settings(host=host, _env_file=None)  # type: ignore[call-arg]
        assert settings.needs_keys, host
    for host in ("127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"):
        assert not Settings(host=host, _env_file=None).needs_keys  # type: ignore[call-arg]
    for name in ("https://worlds.example.org", "http://192.0.2.1:8000"):
        assert Settings(public_url=name, _env_file=None).needs_keys, "a proxy stands before it"  # type: ignore[call-arg]
    assert not Settings(public_url="http://localhost:9000", _env_file=None).needs_keys  # type: ignore[call-arg]
    for name in ("*", "worlds.internal"):
        assert Settings(allowed_hosts=(name,), _env_file=None).needs_keys, "others may know it by this name"  # type: ignore[call-arg]


# -- health, logs, metrics -------------------------------------------------------------------------------------------------------------


def test_it_is_not_ready_without_its_files_or_tables(alone: Service) -> None:
    alone.arguments = ("--no-worker",)
    with alone.start().client() as client:
        assert client.get("/healthz").json()["status"] == "ok"
        shutil.rmtree(alone.data / "blobs")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert client.get("/healthz").status_code == 200, "the process itself lives"
        (alone.data / "blobs").mkdir()
        assert client.get("/readyz").status_code == 200
    assert alone.stop() == 0


def test_every_request_has_an_id(named: Service) -> None:
    with named.client() as client:
        assert client.get("/v1/worlds", headers={"X-Request-Id": "from-the.proxy:7"}).headers["x-request-id"] == "from-the.proxy:7"
        for strange in ("", "x" * 65, "a b", "<script>", "ä"):
            given = client.get("/v1/worlds", headers=[(b"X-Request-Id", strange.encode())]).headers["x-request-id"]
            assert re.fullmatch(r"req_[0-9a-f]{32}", given), strange
        answer = client.get("/v1/worlds/wld_0000")
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        (line,) = until(
            lambda: [line for line in told(named, answer.headers["x-request-id"]) if line["event"] == "request"],
            within_s=30,
            what="its line in the log",
        )
        assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/worlds/wld_0000", 404)


def test_the_log_keeps_secrets(alone: Service) -> None:
    """Neither prompts, nor names, nor keys, nor signatures, in whatever way a request or a job ends."""
    alone.settings = {"WORLDLOOM_REQUIRE_KEYS": "true", "WORLDLOOM_LOG_LEVEL": "debug", "WORLDLOOM_ALLOW_PRIVATE_WEBHOOKS": "true"}
    alone.start()
    key = keys(alone, "writer", "--scope", "read", "--scope", "write", "--scope", "admin")["key"]
    secrets = {key, "whisperword"}
    with alone.client(key) as client, Receiver(lambda message: 500) as receiver:
        webhook = client.post("/v1/webhooks", json={"url": receiver.url + "&token=whisperword"}).json()
        secrets.add(webhook["secret"])
        good = finished(
            client, client.post("/v1/worlds:generate", json=quick("a whisperword", name="whisperword", tags=["whisperword"])).json()
        )
        for text in ("fail whisperword", "die whisperword", "memory whisperword"):
            finished(client, client.post("/v1/worlds:generate", json=quick(text)).json())
        receiver.wait_for(1)
        url = client.get(good["links"]["world"]).json()["files"]["splats.spz"]["url"]
        secrets.add(url.rsplit("/", 2)[1])
        assert httpx.get(url).status_code == 200
        assert httpx.get(url + "x").status_code == 403
        cursor = client.get("/v1/operations", params={"page_size": 1}).json()["next_cursor"]
        secrets.add(cursor)
        client.get("/v1/operations", params={"page_size": 1, "cursor": cursor})
        client.get("/v1/worlds", params={"q": "whisperword"})
        client.get("/v1/worlds", params={"q": "whisperword" * 100})
        client.post("/v1/worlds:generate", content=b'{"text": "whisperword', headers={"Content-Type": "application/json"})
        client.post("/v1/worlds:generate", json={"text": ["whisperword"], "whisperword": 1})
        client.post("/v1/worlds:generate", json=quick("whisperword"), headers={"Idempotency-Key": "whisperword"})
        client.post("/marble/v1/worlds:generate", json={"world_prompt": {"type": "text", "text_prompt": "whisperword"}})
        httpx.get(f"{alone.address}/v1/worlds", headers={"Authorization": f"Bearer {key}x"})
        httpx.get(f"{alone.address}/v1/worlds", headers={"WLT-Api-Key": key[:-1]})
    assert alone.stop() == 0
    log = alone.log()
    assert log.count('"event": "request"') >= 10
    assert '"event": "a webhook was not reached"' in log
    assert '"event": "child died"' in log
    found = {secret for secret in secrets | {key[:-1]} if secret in log}
    assert not found, [line for line in log.splitlines() if any(secret in line for secret in found)][:3]


def test_a_backup_of_a_running_service_is_whole(alone: Service, tmp_path: Path) -> None:
    """As the handbook says: the database by SQLite's own backup, then the secret, then the files."""
    with alone.start().client() as client:
        done = finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        world = client.get(done["links"]["world"]).json()
        copy = Service(tmp_path / "copy")
        copy.data.mkdir()
        with sqlite3.connect(alone.data / "worldloom.db") as source, sqlite3.connect(copy.data / "worldloom.db") as target:
            source.backup(target)
        source.close()
        target.close()
        shutil.copy(alone.data / "secret", copy.data)
        shutil.copytree(alone.data / "blobs", copy.data / "blobs")
        client.delete(done["links"]["world"])
    assert alone.stop() == 0
    with copy.start().client() as client:
        again = client.get(done["links"]["world"]).json()
        assert {name: file["sha256"] for name, file in again["files"].items()} == {name: f["sha256"] for name, f in world["files"].items()}
        for old, new in ((world["files"][name], again["files"][name]) for name in world["files"]):
            for url in (new["url"], old["url"].replace(alone.address, copy.address)):  # links of before still open
                assert hashlib.sha256(httpx.get(url).content).hexdigest() == old["sha256"]
        assert finished(client, client.post("/v1/worlds:generate", json=quick()).json())["state"] == "SUCCEEDED"
    assert copy.stop() == 0


def metric_names(text: str) -> dict[str, str]:
    """Name → type, as Prometheus reads them."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def handbook_table(heading: str) -> list[list[str]]:
    """The rows of the first table after a heading of the handbook, without backticks."""
    after = HANDBOOK.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[1]
    lines = [line for line in after.split("\n#", 1)[0].splitlines() if line.startswith("|")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_handbook_lists_every_metric(alone: Service) -> None:
    with alone.start().client() as client:
        finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        finished(client, client.post("/v1/worlds:generate", json=quick("fail")).json())
        running, _ = (client.post("/v1/worlds:generate", json=quick(f"a ball in 300 seconds, {n}")).json() for n in range(2))
        wait_until(client, running, "RUNNING")  # and the other one waits in line
        answer = client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        shown = {name: kind for name, kind in metric_names(answer.text).items() if not name.endswith("_created")}
        written = {row[0]: row[1] for row in handbook_table("### Metrics")}
        assert written == shown
        for name, _, labels, *_ in handbook_table("### Metrics"):
            found = re.findall(rf"^{name}(?:_bucket)?\{{([^}}]*)\}}", answer.text, re.MULTILINE)
            assert {label for line in found for label in re.findall(r"(\w+)=\"", line)} - {"le"} == set(re.findall(r"\w+", labels)), name
    assert alone.stop() == 0


def test_the_handbook_lists_every_setting() -> None:
    """Names, defaults, units and meanings are those of app/settings.py."""
    units = {"s": "s", "bytes": "bytes", "days": "days", "gb": "GB"}
    settings = [
        [f"WORLDLOOM_{name.upper()}", shown(field.default), units.get(name.rpartition("_")[2], ""), str(field.description).replace("`", "")]
        for name, field in Settings.model_fields.items()
    ]
    assert handbook_table("## Settings") == settings


def test_the_handbook_knows_the_times_of_tries() -> None:
    words = [f"{s} s" if s < 60 else f"{s // 60} min" if s < 3_600 else f"{s // 3_600} h" for s in RETRY_S]
    assert f"again after {', '.join(words[:-1])} and {words[-1]}." in " ".join(HANDBOOK.read_text(encoding="utf-8").split())


def shown(default: object) -> str:
    """A default as one would write it into the environment; an em dash for none."""
    if default is None or default == ():
        return "—"
    if isinstance(default, tuple):
        return ", ".join(map(str, default))
    return str(default).lower() if isinstance(default, bool) else str(default)


# -- traces ----------------------------------------------------------------------------------------------------------------------------


def test_traces_go_where_they_are_wanted_and_nowhere_else(tmp_path: Path) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="pip install 'worldloom[telemetry]'")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for wanted in (False, True):
        with Receiver(lambda message: 200) as collector:
            settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "OTEL_BSP_SCHEDULE_DELAY": "200"}
            if wanted:
                settings |= {"FASTAPI_OTEL_AUTO_CONFIGURE": "true", "OTEL_SERVICE_NAME": "worldloom-test"}
            service = Service(tmp_path / str(wanted), settings, ("--no-worker",)).start()
            with service.client() as client:
                assert client.post("/v1/worlds:generate", json=quick("a whisperword")).status_code == 202
                assert client.get("/v1/worlds/wld_0000").status_code == 404
            assert service.stop() == 0
            if not wanted:
                assert collector.connections == 0
                continue
            sent = [ExportTraceServiceRequest.FromString(message.body) for message in collector.messages if message.path == "/v1/traces"]
            groups = [group for one in sent for group in one.resource_spans]
            assert {value.value.string_value for group in groups for value in group.resource.attributes if value.key == "service.name"} == {
                "worldloom-test"
            }
            names = {span.name for group in groups for scope in group.scope_spans for span in scope.spans}
            assert {"POST /v1/worlds:generate", "GET /v1/worlds/{world_id}"} <= names, names
            assert not [message for message in collector.messages if b"whisperword" in message.body]
