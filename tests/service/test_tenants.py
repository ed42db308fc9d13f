"""Tenants: whatever is not yours does not exist, whichever call asks for it; and a key does what its scopes say, and no more."""

from __future__ import annotations

import ast
import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

from app import tables
from app.commands.serve import settings_with
from app.documentation import operations_of
from tests.service.asking import Tenant, description, problem
from tests.service.running import ROOT, Service, finished, quick


@dataclass(frozen=True)
class Call:
    """One operation of the description."""

    method: str
    path: str
    operation: dict[str, Any]

    @property
    def ids(self) -> list[str]:
        """Parameters of the path that name something that belongs to somebody."""
        return [one["name"] for one in self.operation.get("parameters", ()) if one["in"] == "path" and one["name"].endswith("_id")]

    @property
    def scope(self) -> str:
        """What a key needs for it."""
        if self.path.startswith(("/v1/keys", "/v1/system", "/metrics")):
            return "admin"
        return "read" if self.method == "GET" or self.path.endswith(":read") else "write"

    def ask(self, client: httpx.Client, values: dict[str, str]) -> httpx.Response:
        """Make the call, with the first example of its body."""
        path = self.path
        for one in self.operation.get("parameters", ()):
            if one["in"] == "path":
                path = path.replace("{" + one["name"] + "}", values.get(one["name"], "world.json"))
        content = self.operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return client.request(self.method, path)
        schema = content["application/json"]["schema"]
        found = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return client.request(self.method, path, json=found["examples"][0])


CALLS = [Call(*one) for one in operations_of(description()) if one[2].get("security")]
NAMED = [call for call in CALLS if call.ids]
TELLS_NO_IDS = ("/v1/tags",)  # see test_studio_calls
LISTS = [
    call
    for call in CALLS
    if call.method == "GET" and not call.ids and "system" not in call.operation["tags"] and call.path not in TELLS_NO_IDS
]
by_id = pytest.mark.parametrize("call", NAMED, ids=lambda call: call.operation["operationId"])


@pytest.fixture(scope="module")
def owner(keyed: Service) -> Tenant:
    """Who has one of everything."""
    return Tenant.new(keyed)


@pytest.fixture(scope="module")
def stranger(keyed: Service) -> Tenant:
    """Who has nothing."""
    return Tenant.new(keyed)


@pytest.fixture(scope="module")
def things(owner: Tenant) -> dict[str, str]:
    """The ids of the owner's things, by the name of the parameter that takes them."""
    with owner.client() as client:
        operation = finished(client, client.post("/v1/worlds:generate", json=quick()).json())
        asset = client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": "image", "extension": "png"})
        assert asset.status_code == 201, asset.text
        hook = client.post("/v1/webhooks", json={"url": "http://127.0.0.1:9/hook"})
        assert hook.status_code == 201, hook.text
        return {
            "world_id": operation["world_id"],
            "operation_id": operation["id"],
            "asset_id": _id(asset.json()),
            "webhook_id": _id(hook.json()),
            "key_id": owner.key_row()[1],
        }


def _id(body: dict[str, Any]) -> str:
    return str(body["id"] if "id" in body else next(value["id"] for value in body.values() if isinstance(value, dict) and "id" in value))


def test_everything_that_has_an_owner_is_known_here(things: dict[str, str]) -> None:
    assert {name for call in CALLS for name in call.ids} == set(things)


@by_id
def test_foreign_things_do_not_exist(stranger: Tenant, things: dict[str, str], call: Call) -> None:
    nobodys = {name: identity[:5] + "0" * len(identity[5:]) for name, identity in things.items()}
    with stranger.client() as client:
        foreign, unknown = problem(call.ask(client, things), "not_found"), problem(call.ask(client, nobodys), "not_found")
    assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}, "nobody learns that it exists"


@by_id
def test_without_a_key_nothing_is_there(keyed: Service, things: dict[str, str], call: Call) -> None:
    with keyed.client() as client:
        problem(call.ask(client, things), "key_missing")


def test_the_owners_things_are_all_still_there(owner: Tenant, things: dict[str, str]) -> None:
    with owner.client() as client:
        for call in NAMED:
            if call.method == "GET" and not call.path.endswith("/events"):
                assert call.ask(client, things).status_code == 200, call


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.operation["operationId"])
def test_lists_show_ones_own(owner: Tenant, stranger: Tenant, things: dict[str, str], call: Call) -> None:
    with owner.client() as mine, stranger.client() as other:
        assert any(identity in call.ask(mine, {}).text for identity in things.values())
        answer = call.ask(other, {})
    assert answer.status_code == 200
    assert not any(identity in answer.text for identity in (*things.values(), owner.id))


def test_usage_is_ones_own(owner: Tenant, things: dict[str, str]) -> None:
    with owner.client() as mine, Tenant.new(owner.service).client() as other:
        used, unused = mine.get("/v1/usage").json(), other.get("/v1/usage").json()
    assert (used["worlds"], used["succeeded"]) == (1, 1)
    assert used["stored_bytes"] > 100_000
    assert {name: unused[name] for name in ("worlds", "stored_bytes", "open_jobs", "succeeded", "failed", "run_seconds")} == dict.fromkeys(
        ("worlds", "stored_bytes", "open_jobs", "succeeded", "failed", "run_seconds"), 0
    )


def test_18_media_of_others_cannot_be_used(stranger: Tenant, things: dict[str, str]) -> None:
    with stranger.client() as client:
        foreign = client.post("/v1/worlds:generate", json=quick(panorama=things["asset_id"]))
        unknown = client.post("/v1/worlds:generate", json=quick(panorama="med_" + "0" * 32))
    assert problem(foreign, "invalid_request")["detail"] == problem(unknown, "invalid_request")["detail"]


@pytest.mark.parametrize("scope", ["read", "write", "admin"])
def test_a_key_does_what_its_scopes_say(keyed: Service, scope: str) -> None:
    tenant = Tenant.new(keyed)
    nobodys = {name: f"{prefix}_{'0' * 32}" for name, prefix in PREFIXES.items()}
    with tenant.client(scopes=(scope,)) as client:
        for call in CALLS:
            if call.scope == scope:
                answer = call.ask(client, nobodys)
                assert answer.status_code not in (401, 403), (call, answer.text)
            else:
                problem(call.ask(client, nobodys), "scope_missing")


PREFIXES = {"world_id": "wld", "operation_id": "op", "asset_id": "med", "webhook_id": "whk", "key_id": "key"}


def test_a_public_world_is_there_to_look_at(keyed: Service, owner: Tenant, stranger: Tenant) -> None:
    with owner.client() as client, stranger.client() as other, keyed.client() as nobody:
        made = finished(client, client.post("/v1/worlds:generate", json=quick(visibility="public", tags=["open"])).json())
        world = f"/v1/worlds/{made['world_id']}"
        for reader in (other, nobody):
            assert reader.get(world).json()["tags"] == ["open"]
            assert reader.get(f"{world}/files/world.json").status_code == 200
            assert httpx.get(reader.get(world).json()["files"]["splats.spz"]["url"]).status_code == 200
        for method, path, body in (
            ("PATCH", world, {"name": "mine"}),
            ("DELETE", world, None),
            ("POST", f"{world}:export", {"format": "sog"}),
            ("POST", f"{world}:render", {}),
            ("GET", f"/v1/operations/{made['id']}", None),
        ):
            problem(other.request(method, path, json=body), "not_found")
            problem(nobody.request(method, path, json=body), "key_missing")
        assert made["world_id"] not in other.get("/v1/worlds").text, "it is not in lists of others"
        assert client.patch(world, json={"visibility": "private"}).json()["visibility"] == "private"
        problem(other.get(world), "not_found")
        problem(nobody.get(world), "key_missing")
        problem(nobody.get(f"{world}/files/world.json"), "key_missing")


def test_both_headers_carry_the_key(keyed: Service) -> None:
    _, _, key = Tenant.new(keyed).key_row()
    for headers in (
        {"Authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
        {"WLT-Api-Key": key},
        {"wlt-api-key": key},
    ):
        assert httpx.get(f"{keyed.address}/v1/worlds", headers=headers).status_code == 200, headers
    problem(httpx.get(f"{keyed.address}/v1/worlds", params={"key": key}), "key_missing")


def test_only_named_pages_read_answers_of_a_service_with_keys(keyed: Service) -> None:
    with Tenant.new(keyed).client() as client:
        for origin, allowed in (("https://app.example.org", True), ("https://evil.example", False), ("http://localhost:5173", True)):
            answer = client.get("/v1/worlds", headers={"Origin": origin})
            assert answer.status_code == 200, "the key is what counts; a browser keeps the answer from the page"
            assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
            assert "Access-Control-Allow-Credentials" not in answer.headers
            wish = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
            assert (httpx.options(f"{keyed.address}/v1/worlds:generate", headers=wish).status_code == 200) is allowed


def test_a_new_key_is_shown_once_and_opens_its_own_tenant(owner: Tenant) -> None:
    with owner.client() as client:
        answer = client.post("/v1/keys", json={"name": "farm", "scopes": ["read"], "days": 1})
        assert answer.status_code == 201
        made = answer.json()
        listed = next(one for one in client.get("/v1/keys").json()["keys"] if one["id"] == made["id"])
        assert "key" not in listed
        assert listed["hint"] == f"{made['key'][:5]}…{made['key'][-4:]}"
        assert (listed["status"], listed["scopes"], listed["last_used_at"]) == ("active", ["read"], None)
        with owner.service.client(made["key"]) as other:
            assert other.get("/v1/worlds").status_code == 200
        listed = next(one for one in client.get("/v1/keys").json()["keys"] if one["id"] == made["id"])
        assert listed["last_used_at"] is not None


def test_only_the_hmac_of_a_key_is_kept(keyed: Service) -> None:
    _, key_id, key = Tenant.new(keyed).key_row()
    with keyed.client(key) as client:
        assert client.get("/v1/worlds").status_code == 200
        problem(client.get("/v1/system"), "scope_missing")
    with sqlite3.connect(keyed.data / "worldloom.db") as connection:
        (digest,) = connection.execute("SELECT digest FROM api_keys WHERE id = ?", (key_id,)).fetchone()
    connection.close()
    secret = settings_with(data=keyed.data).signing_key()
    assert digest == hmac.new(secret, b"api-key\0" + key.encode(), hashlib.sha256).digest()
    kept = [path for path in keyed.data.rglob("*") if path.is_file()]
    assert {"worldloom.db", "serve.log"} <= {path.name for path in kept}
    assert not [path for path in kept if key.encode() in path.read_bytes()], "neither the database nor the log has it"


def test_tenants_share_no_files(keyed: Service) -> None:
    sums = []
    for _ in range(2):
        tenant = Tenant.new(keyed)
        with tenant.client() as client:
            made = finished(client, client.post("/v1/worlds:generate", json=quick("a ball", seed=11)).json())
            sha256 = client.get(made["links"]["world"]).json()["files"]["splats.ply"]["sha256"]
        assert (keyed.data / "blobs" / tenant.id / sha256[:2] / sha256).is_file()
        sums.append(sha256)
    assert sums[0] == sums[1], "the same world, kept twice: whether somebody has it cannot be found out by making it"


# -- the source ----------------------------------------------------------------------------------------------------------------------------

OWNED = {mapper.class_.__name__ for mapper in tables.Table.registry.mappers} - {"Tenant", "WorkerRow", "Lease"}
GUARDS = {"owned", "readable", "find", "_finished"}
EXCUSED = {
    "app/worlds/service.py:tags_of": "of worlds that were found before",
    "app/worlds/service.py:files_of": "of worlds that were found before",
    "app/worlds/files.py:open_link": "the link is signed for one file",
    "app/assets/service.py:_settle": "of an asset that was found before",
    "app/system/routes.py:get_system": "counts of all tenants, for the scope admin",
}


def asking() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions of routes and services that ask for rows that belong to somebody."""
    for path in sorted([*(ROOT / "app").glob("*/routes.py"), *(ROOT / "app").glob("*/service.py"), ROOT / "app/worlds/files.py"]):
        tree = ast.parse(path.read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "app.tables"
            for alias in node.names
            if alias.name in OWNED
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(_asks(call, names) for call in ast.walk(function)):
                yield f"{path.relative_to(ROOT)}:{function.name}", function


def _asks(node: ast.AST, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    verb = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if verb not in ("select", "update", "delete", "get", "scalar", "scalars", "execute"):
        return False
    return any(isinstance(one, ast.Name) and one.id in names for argument in node.args for one in ast.walk(argument))


def _is_guarded(function: ast.AST) -> bool:
    """Compares with a tenant or with the caller's key, or goes through one of the few doors that do."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            named = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            if named & {"tenant_id", "key_id"}:
                return True
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in GUARDS:
                return True
    return False


def test_every_query_asks_for_the_tenant() -> None:
    functions = dict(asking())
    assert len(functions) >= 15, "the test finds the queries"
    open_ones = {name for name, function in functions.items() if not _is_guarded(function)}
    assert open_ones == set(EXCUSED), "filter by tenant_id, go through owned, readable or find, or say here why not"
