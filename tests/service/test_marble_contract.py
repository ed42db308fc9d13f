"""The World API as a contract: who may do what, what it costs, the names of models, and its description, which foreign tools read."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.keys.service import create_key
from app.preparing import opened
from app.settings import Settings
from app.signing import Signer
from tests.service.marble_client.speaking import text_prompt
from tests.service.running import Service

STARTS = 40
FUZZ_S = 240


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that needs keys, and on which nobody works."""
    settings = {"WORLDLOOM_REQUIRE_KEYS": "true", "WORLDLOOM_STARTS_PER_MINUTE": str(STARTS)}
    running = Service(tmp_path_factory.mktemp("keyed") / "data", settings, arguments=("--no-worker",)).start()
    yield running
    assert running.stop() == 0


def caller(service: Service, tenant: str, **options: Any) -> httpx.Client:
    """A client of the World API with a new key of its own, as `worldloom keys create` makes it."""
    settings = Settings.model_validate({"data": service.data})
    with opened(settings) as database:
        _, key = create_key(database, Signer(settings.signing_key()), name=tenant, tenant=tenant, **options)
    return httpx.Client(base_url=f"{service.address}/marble/v1", headers={"WLT-Api-Key": key}, timeout=60, verify=False)


def test_a_key_is_needed_and_must_be_good(keyed: Service) -> None:
    for headers in ({}, {"WLT-Api-Key": "wl_nonsense"}, {"WLT-Api-Key": "wlt_of_somebody_else"}):
        answer = httpx.post(f"{keyed.address}/marble/v1/worlds:list", json={}, headers=headers)
        assert answer.status_code == 401
        assert answer.json().keys() == {"detail", "request_id"}
    assert httpx.get(f"{keyed.address}/marble/v1/").status_code == 200, "whether somebody is at home is no secret"


def test_a_key_without_the_scope_may_only_look(keyed: Service) -> None:
    with caller(keyed, "reader", scopes=("read",)) as client:
        assert client.post("/worlds:list", json={}).status_code == 200
        assert client.post("/worlds:generate", json=text_prompt("a ball")).status_code == 403


def test_what_belongs_to_others_is_not_there_unless_it_is_public(keyed: Service) -> None:
    with caller(keyed, "owner") as owner, caller(keyed, "stranger") as stranger:
        private = owner.post("/worlds:generate", json=text_prompt("a ball")).json()
        public = owner.post("/worlds:generate", json=text_prompt("a ball", permission={"public": True})).json()
        ids = [one["metadata"]["world_id"] for one in (private, public)]
        assert [owner.get(f"/worlds/{one}").status_code for one in ids] == [200, 200]
        assert [stranger.get(f"/worlds/{one}").status_code for one in ids] == [404, 200]
        assert [stranger.delete(f"/worlds/{one}").status_code for one in ids] == [404, 404]
        assert stranger.get(f"/operations/{private['operation_id']}").status_code == 404
        assert stranger.post("/worlds:list", json={}).json()["worlds"] == []
        cursor = owner.post("/worlds:list", json={"page_size": 1}).json()["next_page_token"]
        assert stranger.post("/worlds:list", json={"page_token": cursor}).status_code == 400


def test_worlds_take_credits_until_there_are_none(keyed: Service) -> None:
    with caller(keyed, "spender", credits=1_900) as client:
        assert client.get("/credits").json() == {"remaining_credits": 1_900}
        first = client.post("/worlds:generate", json=text_prompt("a ball", model="marble-1.1")).json()
        assert client.get("/credits").json() == {"remaining_credits": 320}
        assert client.post("/worlds:generate", json=text_prompt("a ball", model="Marble 0.1-mini")).status_code == 200
        assert client.get("/credits").json() == {"remaining_credits": 90}
        refused = client.post("/worlds:generate", json=text_prompt("a ball", model="marble-1.0-draft"))
        assert refused.status_code == 402
        assert "230" in refused.json()["detail"]
        assert client.delete(f"/worlds/{first['metadata']['world_id']}").status_code == 200
        assert client.get("/credits").json() == {"remaining_credits": 1_670}, "what was not made is given back"


def test_too_many_starts_must_wait(keyed: Service) -> None:
    with caller(keyed, "hasty") as client:
        answers = [client.post("/worlds:generate", json=text_prompt("a ball")) for _ in range(2 * STARTS + 2)]
    assert [answer.status_code for answer in answers[:STARTS]] == [200] * STARTS
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused, "that many starts fit into a minute only where the clock has just turned"
    assert all(1 <= int(answer.headers["retry-after"]) <= 60 for answer in refused)


MODELS = {
    "marble-1.0-draft": ("worldloom-nano", 150_000, 230),
    "Marble 0.1-mini": ("worldloom-nano", 150_000, 230),
    "marble-1.1": ("worldloom-nano", 1_000_000, 1_580),
    "marble-1.1-plus": ("worldloom-nano", 1_000_000, 1_580),
    "Marble 0.1-plus": ("worldloom-nano", 1_000_000, 1_580),
    "quick": ("quick", 1_000_000, 1_580),
    None: ("worldloom-nano", 1_000_000, 1_580),
}


def test_names_of_models_are_tiers(keyed: Service) -> None:
    with caller(keyed, "namer") as client:
        ids = {name: client.post("/worlds:generate", json=text_prompt("a ball", model=name)).json()["operation_id"] for name in MODELS}
        listed = client.post("/worlds:list", json={"model": "marble-1.0-draft"}).json()["worlds"]
    assert {one["model"] for one in listed} == {"marble-1.0-draft", "Marble 0.1-mini"}, "an old name and its new one are one model"
    with closing(sqlite3.connect(keyed.data / "worldloom.db")) as database:
        for name, operation_id in ids.items():
            row = database.execute("SELECT recipe, request, credits FROM operations WHERE id = ?", (operation_id,)).fetchone()
            assert (row[0], json.loads(row[1])["splats"], row[2]) == MODELS[name], name


# -- the description -------------------------------------------------------------------------------------------------------------------

OPERATION = {"operation_id", "done", "created_at", "updated_at", "expires_at", "error", "metadata", "response", "cost"}
WORLD = {
    "world_id",
    "display_name",
    "world_marble_url",
    "tags",
    "model",
    "permission",
    "world_prompt",
    "assets",
    "created_at",
    "updated_at",
}
MEDIA = {"media_asset_id", "file_name", "kind", "extension", "metadata", "created_at", "updated_at"}
PUBLISHED: dict[tuple[str, str, str], tuple[set[str], set[str], set[str], set[str]]] = {
    ("post", "/marble/v1/worlds:generate", "generate_world_marble_v1_worlds_generate_post"): (
        {"world_prompt"},
        {"world_prompt", "model", "display_name", "tags", "seed", "permission"},
        {"operation_id", "done"},
        OPERATION,
    ),
    ("get", "/marble/v1/operations/{operation_id}", "get_operation_marble_v1_operations__operation_id__get"): (
        set(),
        set(),
        {"operation_id", "done"},
        OPERATION,
    ),
    ("get", "/marble/v1/worlds/{world_id}", "get_world_marble_v1_worlds__world_id__get"): (
        set(),
        set(),
        {"world_id", "display_name", "world_marble_url"},
        WORLD,
    ),
    ("delete", "/marble/v1/worlds/{world_id}", "delete_world_marble_v1_worlds__world_id__delete"): (
        set(),
        set(),
        {"world_id", "deleted"},
        {"world_id", "deleted"},
    ),
    ("post", "/marble/v1/worlds:list", "list_worlds_marble_v1_worlds_list_post"): (
        set(),
        {"page_size", "page_token", "status", "model", "tags", "is_public", "created_after", "created_before", "sort_by"},
        {"worlds"},
        {"worlds", "next_page_token"},
    ),
    ("post", "/marble/v1/worlds/{world_id}:export", "export_world_marble_v1_worlds__world_id__export_post"): (
        {"asset_type", "format"},
        {"asset_type", "format", "resolution", "mesh_variant"},
        {"operation_id", "done"},
        OPERATION,
    ),
    ("post", "/marble/v1/media-assets:prepare_upload", "prepare_media_asset_upload_marble_v1_media_assets_prepare_upload_post"): (
        {"file_name", "kind"},
        {"file_name", "kind", "extension", "metadata"},
        {"media_asset", "upload_info"},
        {"media_asset", "upload_info"},
    ),
    ("get", "/marble/v1/media-assets/{media_asset_id}", "get_media_asset_marble_v1_media_assets__media_asset_id__get"): (
        set(),
        set(),
        {"media_asset_id", "file_name", "kind", "created_at"},
        MEDIA,
    ),
    ("post", "/marble/v1/pano:depth_to_rgb", "pano_depth_to_rgb_marble_v1_pano_depth_to_rgb_post"): (
        {"depth_pano_image", "text_prompt"},
        {"depth_pano_image", "text_prompt", "z_min", "z_max", "seed"},
        {"operation_id", "done"},
        OPERATION,
    ),
    ("get", "/marble/v1/credits", "get_credits_marble_v1_credits_get"): (set(), set(), {"remaining_credits"}, {"remaining_credits"}),
}
"""(method, path, operation id) → required and all fields of the body, then of the answer, as World Labs publishes them."""


def schema_of(described: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """The schema of a body, with its reference followed."""
    schema = content["content"]["application/json"]["schema"]
    reference = schema.get("$ref") or schema["anyOf"][0]["$ref"]
    found: dict[str, Any] = described["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def test_the_description_has_what_the_published_one_has(keyed: Service) -> None:
    described = httpx.get(f"{keyed.address}/marble/openapi.json").json()
    ours = {(method, path, one["operationId"]): one for path, item in described["paths"].items() for method, one in item.items()}
    assert ours.keys() == PUBLISHED.keys()
    for name, (asked_required, asked, answered_required, answered) in PUBLISHED.items():
        operation = ours[name]
        if asked:
            body = schema_of(described, operation["requestBody"])
            assert set(body.get("required", ())) == asked_required, name
            assert body["properties"].keys() == asked, name
            assert body["examples"], name
        else:
            assert "requestBody" not in operation, name
        answer = schema_of(described, operation["responses"]["200"])
        assert set(answer["required"]) - {"id"} == answered_required, name
        assert answer["properties"].keys() - {"id"} == answered, name
    assert described["security"] == [{"ApiKeyAuth": []}]
    assert described["components"]["securitySchemes"]["ApiKeyAuth"]["name"] == "WLT-Api-Key"
    assert "servers" not in described, "paths are whole: the address of the service is all that a client needs"


def test_a_foreign_tester_finds_nothing_that_the_description_does_not_say(keyed: Service, tmp_path: Path) -> None:
    with caller(keyed, "tester") as client:
        key = client.headers["WLT-Api-Key"]
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance"
    tester = str(Path(sys.executable).with_name("schemathesis"))
    words = [tester, "run", f"{keyed.address}/marble/openapi.json", "--header", f"WLT-Api-Key: {key}", "--checks", checks, "--no-color"]
    words += ["--phases", "examples,coverage,fuzzing", "--max-examples", "4", "--generation-deterministic"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=FUZZ_S, check=False)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "Tested: 10" in done.stdout
