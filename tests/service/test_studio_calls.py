"""What the studio asks of worlds beyond making them: orders, tags, camera paths, and what is needed to make one again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.asking import Tenant, problem
from tests.service.running import Service, finished, quick
from tests.service.test_paging import begun, pages

PATH = {
    "keyframes": [
        {"time": 0, "position": [0, 1.65, 4], "look_at": [0, 1, -8]},
        {"time": 2.5, "position": [3, 2, 0], "yaw": 40, "pitch": -5, "fov": 60},
    ],
    "loop": True,
}
NAMES = {"oak": ["forest", "green"], "Ash": ["forest"], "beech": ["forest", "green", "old"], "Birch": [], "oak 2": ["old"]}


@pytest.fixture(scope="module")
def tenant(keyed: Service) -> Tenant:
    """A tenant with five worlds that have names and tags, of which nothing was made."""
    tenant = Tenant.new(keyed)
    with tenant.client() as client:
        for name, tags in NAMES.items():
            client.patch(f"/v1/worlds/{begun(client, name)}", json={"tags": tags})
    return tenant


def names(client: httpx.Client, order: str, size: int, **query: Any) -> list[str]:
    told = {world["id"]: world["name"] for world in client.get("/v1/worlds", params={"page_size": 100}).json()["worlds"]}
    return [told[one] for page in pages(client, "/v1/worlds", size, order=order, **query) for one in page]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_worlds_in_an_order(tenant: Tenant, size: int) -> None:
    with tenant.client() as client:
        assert names(client, "oldest", size) == list(NAMES)
        assert names(client, "newest", size) == list(NAMES)[::-1]
        assert names(client, "name", size) == sorted(NAMES, key=str.lower)
        assert sorted(names(client, "splats", size)) == sorted(NAMES), "worlds without splats are there, too"
        assert names(client, "name", size, tag="forest", q="EEC") == ["beech"]


def test_most_splats_come_first(client: httpx.Client) -> None:
    mark = "splats-order"
    for text in ("a ball", "a ball again"):
        finished(client, client.post("/v1/worlds:generate", json=quick(text, tags=[mark])).json())
    waiting = client.post("/v1/worlds:generate", json=quick("a ball in 60 seconds", tags=[mark])).json()
    client.post(f"/v1/operations/{waiting['id']}:cancel")
    for size in (1, 3):
        ids = [one for page in pages(client, "/v1/worlds", size, order="splats", tag=mark) for one in page]
        counts = [(client.get(f"/v1/worlds/{one}").json()["facts"] or {}).get("splat_count", 0) for one in ids]
        assert counts == [2_000, 2_000, 0]


def test_a_cursor_is_good_for_its_order_only(tenant: Tenant) -> None:
    with tenant.client() as client:
        cursor = client.get("/v1/worlds", params={"page_size": 1, "order": "name"}).json()["next_cursor"]
        for order in ("newest", "oldest", "splats"):
            problem(client.get("/v1/worlds", params={"cursor": cursor, "order": order}), "bad_cursor")
        problem(client.get("/v1/worlds", params={"order": "size; DROP TABLE worlds"}), "invalid_request")


def test_tags_are_counted(tenant: Tenant, keyed: Service) -> None:
    truth = Counter(tag for tags in NAMES.values() for tag in tags)
    with tenant.client() as client, Tenant.new(keyed).client() as other:
        found = client.get("/v1/tags").json()["tags"]
        assert found == [{"tag": tag, "worlds": truth[tag]} for tag in sorted(truth, key=lambda tag: (-truth[tag], tag))]
        assert other.get("/v1/tags").json() == {"tags": []}


def test_camera_path_is_kept_with_the_world(client: httpx.Client) -> None:
    world = finished(client, client.post("/v1/worlds:generate", json=quick()).json())["world_id"]
    here = f"/v1/worlds/{world}"
    assert client.get(here).json()["camera_path"] is None
    kept = client.patch(here, json={"camera_path": PATH}).json()["camera_path"]
    assert client.get(here).json()["camera_path"] == kept
    assert kept["loop"] is True
    for given, found in zip(PATH["keyframes"], kept["keyframes"], strict=True):  # type: ignore[call-overload]
        assert {name: found[name] for name in given} == given
    assert client.patch(here, json={"name": "Ball"}).json()["camera_path"] == kept
    film = client.post(f"{here}:render", json={"path": kept, "width": 64, "height": 36, "fps": 2}, params={"wait": "60s"}).json()
    assert film["state"] == "SUCCEEDED", film
    assert client.patch(here, json={"camera_path": None}).json()["camera_path"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"keyframes": []},
        {"keyframes": [{"time": 1, "position": [0, 0, 0], "yaw": 0}]},
        {"keyframes": [{"time": 0, "position": [0, 0, 0]}]},
        {"keyframes": [{"time": 0, "position": [0, 0], "yaw": 0}]},
        {"keyframes": [{"time": 0, "position": [0, 0, 1e9], "yaw": 0}]},
        {"keyframes": [{"time": 0, "position": [0, 0, 0], "yaw": 0, "roll": 1}]},
        {"keyframes": [{"time": 0, "position": [0, 0, 0], "yaw": 0}] * 2},
        [],
        "orbit",
    ],
)
def test_camera_paths_that_lead_nowhere_are_refused(client: httpx.Client, ball: str, wrong: object) -> None:
    problem(client.patch(f"/v1/worlds/{ball}", json={"camera_path": wrong}), "invalid_request")
    assert client.get(f"/v1/worlds/{ball}").json()["camera_path"] is None


def test_a_world_says_how_to_make_it_again(client: httpx.Client) -> None:
    spec = {"place": "meadow", "things": [{"name": "ball", "kind": "oak"}]}
    for more in ({}, {"spec": spec}):
        asked = quick("a ball", seed=9, splats=12_345, **more)
        world = client.get(f"/v1/worlds/{client.post('/v1/worlds:generate', json=asked).json()['world_id']}").json()
        prompt = world["prompt"]
        assert {name: prompt[name] for name in ("text", "seed", "splats")} == {"text": "a ball", "seed": 9, "splats": 12_345}
        assert ("spec" in prompt) == ("spec" in more)
        again = client.post("/v1/worlds:generate", json={**prompt, "tier": world["tier"]}).json()
        assert client.get(f"/v1/worlds/{again['world_id']}").json()["prompt"] == prompt
