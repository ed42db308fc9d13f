"""Paging: every entry once, whatever happens in between; and cursors are good for the list and the tenant that they came from."""

from __future__ import annotations

import base64
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.asking import Tenant, problem
from tests.service.running import Service, quick

LISTS = {"/v1/worlds": "worlds", "/v1/operations": "operations"}


@pytest.fixture(scope="module")
def tenant(keyed: Service) -> Tenant:
    """A tenant with seven worlds, none of them made yet or ever."""
    tenant = Tenant.new(keyed)
    with tenant.client() as client:
        for number in range(7):
            begun(client, f"ball {number}")
    return tenant


def begun(client: httpx.Client, name: str) -> str:
    """The id of a world that is asked for, and of which nothing is made."""
    operation = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds", name=name)).json()
    assert client.post(f"/v1/operations/{operation['id']}:cancel").status_code == 200
    return str(operation["world_id"])


def pages(client: httpx.Client, path: str, size: int, **query: Any) -> list[list[str]]:
    """The ids on each page, to the last."""
    found, cursor = [], None
    while True:
        asked = {"page_size": size, **({"cursor": cursor} if cursor else {}), **query}
        body = client.get(path, params=asked).json()
        found.append([entry["id"] for entry in body[LISTS[path]]])
        cursor = body["next_cursor"]
        if cursor is None:
            return found
        assert len(found) < 50


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_every_entry_is_on_one_page(tenant: Tenant, path: str, size: int) -> None:
    with tenant.client() as client:
        whole = [entry["id"] for entry in client.get(path, params={"page_size": 100}).json()[LISTS[path]]]
        found = pages(client, path, size)
        moments = [entry["created_at"] for entry in client.get(path, params={"page_size": 100}).json()[LISTS[path]]]
    assert moments == sorted(moments, reverse=True), "the newest first"
    assert len(whole) >= 7
    assert [one for page in found for one in page] == whole
    assert [len(page) for page in found[:-1]] == [size] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= size, "no empty page at the end"


def test_what_comes_and_goes_between_pages_neither_hides_nor_doubles_anything(keyed: Service) -> None:
    with Tenant.new(keyed).client() as client:
        made = [begun(client, f"ball {number}") for number in range(5)]
        first = client.get("/v1/worlds", params={"page_size": 2}).json()
        late = begun(client, "late")
        client.delete(f"/v1/worlds/{made[4]}")  # it was on the first page
        client.delete(f"/v1/worlds/{made[3]}")  # the cursor itself
        second = client.get("/v1/worlds", params={"page_size": 2, "cursor": first["next_cursor"]}).json()
        third = client.get("/v1/worlds", params={"page_size": 2, "cursor": second["next_cursor"]}).json()
        seen = [[world["id"] for world in page["worlds"]] for page in (first, second, third)]
        assert seen == [[made[4], made[3]], [made[2], made[1]], [made[0]]]
        assert third["next_cursor"] is None
        assert pages(client, "/v1/worlds", 100) == [[late, made[2], made[1], made[0]]]


def test_a_cursor_goes_on_within_a_filter(tenant: Tenant) -> None:
    with tenant.client() as client:
        assert sum(map(len, pages(client, "/v1/operations", 2, state="CANCELLED"))) + sum(
            map(len, pages(client, "/v1/operations", 2, state="CANCELLING"))
        ) == sum(map(len, pages(client, "/v1/operations", 2)))
        assert pages(client, "/v1/operations", 2, kind="film") == [[]]
        assert pages(client, "/v1/worlds", 2, q="BALL 3") == [[world for page in pages(client, "/v1/worlds", 9) for world in page][3:4]]
        assert pages(client, "/v1/worlds", 2, q="seed") == [[]], "the names of fields are not words of a prompt"


def test_50_cursors_are_good_where_they_came_from(keyed: Service, tenant: Tenant) -> None:
    with tenant.client() as mine, Tenant.new(keyed).client() as other:
        cursors = {path: mine.get(path, params={"page_size": 1}).json()["next_cursor"] for path in LISTS}
        for path, cursor in cursors.items():
            assert mine.get(path, params={"cursor": cursor}).status_code == 200
            problem(other.get(path, params={"cursor": cursor}), "bad_cursor")
        problem(mine.get("/v1/worlds", params={"cursor": cursors["/v1/operations"]}), "bad_cursor")
        problem(mine.get("/v1/operations", params={"cursor": cursors["/v1/worlds"]}), "bad_cursor")


def test_50_cursors_cannot_be_made_or_changed(tenant: Tenant) -> None:
    with tenant.client() as client:
        cursor = client.get("/v1/worlds", params={"page_size": 1}).json()["next_cursor"]
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        forged = base64.urlsafe_b64encode(raw.replace(b"wld_", b"wld-")).decode().rstrip("=")
        assert forged != cursor
        for wrong in (cursor[:-1], cursor[1:], cursor + "A", f"{cursor[:9]}!{cursor[9:]}", cursor.swapcase(), forged, "W10", "e30"):
            problem(client.get("/v1/worlds", params={"cursor": wrong}), "bad_cursor")
