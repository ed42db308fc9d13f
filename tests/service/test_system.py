"""System: what the service says of itself, to people, load balancers and Prometheus; and what every answer carries."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
from pathlib import Path

import httpx2 as httpx

import pipelines
from app.documentation import operations_of
from app.errors import STATUS
from app.studio import dist_folder
from tests.service.asking import Tenant, problem
from tests.service.running import Service, finished, quick


def test_it_lives_and_can_serve(client: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": pipelines.__version__})


def test_health_needs_no_key(keyed: Service) -> None:
    assert httpx.get(f"{keyed.address}/healthz").status_code == 200
    assert httpx.get(f"{keyed.address}/readyz").status_code == 200


def test_recipes_say_what_can_be_made(client: httpx.Client) -> None:
    body = client.get("/v1/recipes").json()
    recipes = {recipe["tier"]: recipe for recipe in body["recipes"]}
    assert {"nano", "super", "ultra", "quick"} <= set(recipes)
    assert recipes["nano"]["takes"] == ["text", "pictures", "video", "panorama", "distance", "layout"]
    assert recipes["nano"]["stages"][0] == "read"
    assert [tier for tier, recipe in recipes.items() if recipe["default"]] == ["nano"]
    assert (body["min_splats"], body["max_splats"]) == (10_000, 4_000_000)


def test_the_machinery_is_shown(client: httpx.Client, ball: str) -> None:
    body = client.get("/v1/system").json()
    assert (body["version"], body["database"], body["store"]) == (pipelines.__version__, "sqlite", "disk")
    (worker,) = body["workers"]
    assert worker["alive"]
    assert {"worlds-nano", "worlds-super", "worlds-ultra", "worlds-quick", "studio"} == set(worker["queues"])
    assert isinstance(worker["status"]["operations"], int), "whose jobs they are is nobody's business"
    assert body["queues"]["worlds-quick"]["SUCCEEDED"] >= 1
    assert body["free_bytes"] > 1_000_000
    assert ball


def figures(client: httpx.Client) -> dict[str, float]:
    """Every number of /metrics by its name and labels."""
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if line and not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_prometheus_can_count(client: httpx.Client, ball: str) -> None:
    route = 'worldloom_http_requests_total{method="GET",route="/v1/worlds/{world_id}",status="200"}'
    before = figures(client).get(route, 0.0)
    for _ in range(3):
        client.get(f"/v1/worlds/{ball}")
    after = figures(client)
    assert after[route] == before + 3
    assert after['worldloom_jobs{queue="worlds-quick",state="SUCCEEDED"}'] >= 1
    assert after['worldloom_workers{queue="worlds-quick"}'] == 1
    assert after["worldloom_event_listeners"] == 0
    assert after['worldloom_http_request_seconds_count{route="/v1/worlds/{world_id}"}'] >= 3


def test_strangers_cannot_make_prometheus_remember_much(client: httpx.Client) -> None:
    for number, method in enumerate(("PROPFIND", "MKCOL", "LOCK", "SEARCH")):
        client.request(method, "/v1/worlds")
        client.get(f"/strange/{number}")
    names = "\n".join(figures(client))
    assert "MKCOL" not in names
    assert "strange" not in names
    assert 'method="other"' in names
    assert 'route="unknown"' in names


def test_every_answer_has_an_id_and_is_safe_to_show(client: httpx.Client) -> None:
    for path, status in (
        ("/healthz", 200),
        ("/v1/worlds", 200),
        ("/nothing", 404),
        ("/", 200 if dist_folder() else 503),
        ("/docs", 200),
        ("/v1/worlds?page_size=0", 422),
    ):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.headers["X-Request-Id"].startswith("req_")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get("/healthz", headers={"X-Request-Id": "trace-7"}).headers["X-Request-Id"] == "trace-7"
    for wrong in ("a b", "x" * 65, "<script>", "é".encode().decode("latin-1")):
        answer = client.get("/healthz", headers={b"X-Request-Id": wrong.encode("latin-1")})
        assert answer.headers["X-Request-Id"].startswith("req_")


def test_addresses_and_methods_that_there_are_none_of(client: httpx.Client) -> None:
    for path in ("/nothing", "/v1", "/v2/worlds", "/v1/worlds/a/b/c", "/.env", "/v1/worlds:generat"):
        problem(client.get(path), "not_found")
    for method, path, allowed in (("PUT", "/v1/worlds", "GET"), ("GET", "/v1/worlds:generate", "POST"), ("LOCK", "/v1/usage", "GET")):
        answer = client.request(method, path)
        problem(answer, "method_not_allowed")
        assert allowed in answer.headers["Allow"]


def test_the_handbook_loads_nothing_from_elsewhere(client: httpx.Client, service: Service) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    page, policy = answer.text, answer.headers["Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"<script|<link|<img|\bsrc=|@import|url\(|\bon\w+=|javascript:", page)
    addresses = set(re.findall(r"https?://\w[^\s\"'<&]*", page))
    assert all(address.startswith((service.address, "https://hooks.example.org")) for address in addresses), addresses
    for _, path, operation in operations_of(client.get("/openapi.json").json()):
        assert f'id="{operation["operationId"]}"' in page
        assert path in page
    assert client.get("/redoc").status_code == 404


def test_a_fault_of_ours_is_a_problem_too_and_the_log_has_it(keyed: Service) -> None:
    with Tenant.new(keyed).client() as client:
        done = finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        _set_state(keyed.data, done["id"], "NONSENSE")
        try:
            answer = client.get(f"/v1/operations/{done['id']}")
            found = problem(answer, "internal")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        finally:
            _set_state(keyed.data, done["id"], "SUCCEEDED")
        assert client.get(f"/v1/operations/{done['id']}").json() == done
    (entry,) = [
        one for one in map(json.loads, _json_lines(keyed)) if one.get("request_id") == found["request_id"] and one["level"] == "error"
    ]
    assert "LookupError" in entry["exception"]


def _set_state(data: Path, operation_id: str, state: str) -> None:
    connection = sqlite3.connect(data / "worldloom.db", timeout=30)
    with connection:
        connection.execute("UPDATE operations SET state = ? WHERE id = ?", (state, operation_id))
    connection.close()


def _json_lines(service: Service) -> list[str]:
    return [line for line in service.log().splitlines() if line.startswith("{")]


def test_the_log_knows_requests_but_no_secrets(keyed: Service) -> None:
    tenant = Tenant.new(keyed)
    _, _, key = tenant.key_row()
    with keyed.client(key) as client:
        secret_words = "a ball that nobody should read about"
        made = finished(client, client.post("/v1/worlds:generate", json=quick(secret_words)).json())
        client.get("/v1/worlds", params={"q": "secretly asked"})
        link = client.get(made["links"]["world"]).json()["files"]["world.json"]["url"]
        assert httpx.get(link).status_code == 200
        client.get("/a%0ab%1b[31m")
    log = keyed.log()
    ticket = link.split("/")[-2]
    for secret in (secret_words, "secretly", key, key[3:], ticket, ticket.partition("-")[2], "\x1b[31m"):
        assert secret not in log
    entries = [json.loads(line) for line in _json_lines(keyed)]
    requests = [entry for entry in entries if entry["event"] == "request" and entry.get("tenant") == tenant.id]
    assert len(requests) >= 4
    assert {"method", "path", "status", "ms", "request_id", "timestamp"} <= set(requests[0])


def test_every_code_is_a_status_of_an_error() -> None:
    assert all(400 <= status < 600 for status in STATUS.values())
