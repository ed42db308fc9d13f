"""The description of our API is complete, and the service keeps to it whatever it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from app.documentation import TAGS, operations_of
from app.errors import STATUS
from tests.service.asking import Tenant, description
from tests.service.running import Service, finished, quick

CALLS = {operation["operationId"]: (method, path, operation) for method, path, operation in operations_of(description())}
SCHEMA = schemathesis.openapi.from_dict(description())
BOUNDED = settings(max_examples=5, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
by_call = pytest.mark.parametrize("name", CALLS)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema, looked up where it is only named."""
    reference = schema.get("$ref")
    return description()["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema


def test_operation_ids_are_unique_and_written_by_hand() -> None:
    every = [operation["operationId"] for _, _, operation in operations_of(description())]
    assert len(every) == len(set(every)) >= 30
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in every)


@by_call
def test_every_call_says_what_it_does(name: str) -> None:
    _, _, operation = CALLS[name]
    assert operation["summary"].strip()
    assert operation["summary"][-1] != "."
    assert operation["description"].strip()
    (tag,) = operation["tags"]
    assert tag in TAGS
    for parameter in operation.get("parameters", ()):
        assert parameter["description"].strip(), parameter["name"]
        if parameter["in"] == "path":
            assert parameter["schema"]["examples"], parameter["name"]


@by_call
def test_every_body_has_an_example(name: str) -> None:
    _, _, operation = CALLS[name]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = resolved(content["application/json"]["schema"])
        assert schema["examples"]
        for example in schema["examples"]:
            assert set(example) <= set(schema["properties"])


@by_call
def test_every_error_is_declared_as_a_problem(name: str) -> None:
    _, _, operation = CALLS[name]
    errors = {int(status): answer for status, answer in operation["responses"].items() if int(status) >= 400}
    expected = {421, 500}
    if "requestBody" in operation:
        expected |= {400, 408, 413, 415, 422}
    if "parameters" in operation:
        expected |= {422}
    if "security" in operation:
        expected |= {401, 403, 503}
    assert expected <= set(errors) <= set(STATUS.values())
    for answer in errors.values():
        assert answer["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
        assert answer["description"].strip()


def test_keys_are_described() -> None:
    schemes = description()["components"]["securitySchemes"]
    assert {(scheme["type"], scheme.get("scheme") or scheme.get("name")) for scheme in schemes.values()} == {
        ("http", "bearer"),
        ("apiKey", "WLT-Api-Key"),
    }
    both: list[dict[str, list[str]]] = [{name: []} for name in schemes]
    without = {name for name, (_, _, operation) in CALLS.items() if "security" not in operation}
    assert without == {"open_link", "upload_media", "check_health", "check_readiness"}, "links are keys of their own"
    optional = {name for name, (_, _, operation) in CALLS.items() if operation.get("security") == [*both, {}]}
    assert optional == {"get_world", "get_world_file"}, "public worlds need none"
    assert all(CALLS[name][2]["security"] == both for name in set(CALLS) - without - optional)


def test_a_keyless_service_says_that_it_needs_none(client: httpx.Client) -> None:
    served = client.get("/openapi.json").json()
    assert all({} in operation["security"] for _, _, operation in operations_of(served) if "security" in operation)
    assert served["servers"] == [{"url": "/", "description": "This service"}]
    assert served["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in str(served)


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, str, dict[str, str]]]:
    """(a service that demands keys and on which nobody works any more, a key, ids of things that are there)."""
    data, options = tmp_path_factory.mktemp("contract") / "data", {"WORLDLOOM_REQUIRE_KEYS": "true"}
    service = Service(data, options).start()
    _, key_id, key = Tenant.new(service).key_row(scopes=("read", "write", "admin"))
    with service.client(key) as client:
        made = finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        asset = client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": "image", "extension": "png"}).json()
    assert service.stop() == 0
    service = Service(data, options, ("--no-worker",)).start()
    there = {"world_id": made["world_id"], "operation_id": made["id"], "asset_id": asset["id"], "key_id": key_id, "name": "world.json"}
    yield service, key, there
    assert service.stop() == 0


def asked(case: Any, ids: dict[str, str]) -> None:
    """Good requests are for things that are there, unless that would remove them; and none waits for a worker that never comes."""
    is_good = case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
    if is_good and case.method != "DELETE":
        case.path_parameters = {name: ids.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if re.fullmatch(r"[\d.]+s?", str((case.query or {}).get("wait", ""))):
        case.query["wait"] = "0.1s"


@SCHEMA.parametrize()
@BOUNDED
def test_every_answer_is_one_that_was_described(case: Any, idle: tuple[Service, str, dict[str, str]]) -> None:
    service, key, ids = idle
    asked(case, ids)
    # What a body must be beyond its schema, such as a prompt with words in it, is said by a 422.
    case.call_and_validate(
        base_url=service.address,
        headers={"Authorization": f"Bearer {key}"},
        excluded_checks=[positive_data_acceptance],
        timeout=60,
    )
