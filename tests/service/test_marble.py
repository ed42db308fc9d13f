"""World API v1, point by point of the checklist that came out of reading its clients."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from tests.service.marble_client.speaking import HEADERS, LEVELS, ask, made, polled, text_prompt
from tests.service.running import Service


@pytest.fixture(scope="module")
def world(service: Service) -> dict[str, Any]:
    """A finished world, as its operation's response."""
    with service.client() as client:
        return made(client, "a ball by a lake", display_name="Ball", tags=["round", "orange"], seed=7)


# -- 1: lenient in what is sent --------------------------------------------------------------------------------------------------------


def test_unknown_fields_nulls_and_cache_breakers_do_no_harm(client: httpx.Client) -> None:
    body = {
        "world_prompt": {
            "type": "text",
            "text_prompt": "a ball",
            "image_prompt": None,
            "is_pano": None,
            "disable_recaption": None,
            "colour": "red",
        },
        "model": "quick",
        "display_name": None,
        "tags": None,
        "seed": None,
        "permission": None,
        "unheard_of": {"a": [1]},
    }
    answer = client.post("/marble/v1/worlds:generate", params={"_nocache": "b6c1"}, json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    done = polled(client, answer.json())
    assert done["response"]["display_name"] == "a ball"
    assert done["response"]["tags"] == []
    assert done["response"]["permission"]["public"] is False


def test_a_seed_that_was_not_given_is_drawn_and_remembered(client: httpx.Client) -> None:
    seeds = set()
    for _ in range(2):
        started = ask(client, "worlds:generate", text_prompt("a ball", seed=None))
        seeds.add(client.get(f"/v1/worlds/{started['metadata']['world_id']}").json()["prompt"]["seed"])
    assert len(seeds) == 2
    assert all(0 <= seed < 2**32 for seed in seeds)


@pytest.mark.parametrize("body", [b"{}", b"", b"null", b'{"page_size": null, "sort_by": null, "tags": null, "status": null}'])
def test_a_list_needs_no_words(client: httpx.Client, world: dict[str, Any], body: bytes) -> None:
    answer = client.post("/marble/v1/worlds:list", content=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    assert world["world_id"] in [one["world_id"] for one in answer.json()["worlds"]]


def test_an_unknown_model_is_refused_with_the_names_there_are(client: httpx.Client) -> None:
    answer = client.post("/marble/v1/worlds:generate", json=text_prompt("a ball", model="marble-9"), headers=HEADERS)
    assert answer.status_code == 400
    assert "marble-1.1" in answer.json()["detail"]
    assert "Marble 0.1-mini" in answer.json()["detail"]


# -- 2: worlds and prompts in the form that every client finds -------------------------------------------------------------------------


def test_a_world_is_flat_and_has_both_ids(client: httpx.Client, service: Service, world: dict[str, Any]) -> None:
    found = ask(client, f"worlds/{world['world_id']}")
    assert found["id"] == found["world_id"] == world["world_id"]
    assert "world" not in found
    assert found["display_name"] == "Ball"
    assert found["tags"] == ["round", "orange"]
    assert found["model"] == "quick"
    assert found["world_marble_url"] == f"{service.address}/w/{found['world_id']}"
    assert found["world_prompt"] == {"type": "text", "text_prompt": "a ball by a lake"}
    assert datetime.fromisoformat(found["created_at"]) <= datetime.fromisoformat(found["updated_at"])
    assert "ball by a lake" in found["assets"]["caption"]


URI, UPLOAD = {"source": "uri", "uri": "https://example.org/a.jpg"}, {"source": "media_asset", "media_asset_id": "med_0123"}


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ({"type": "image", "image_prompt": URI, "is_pano": "auto"}, {"image_prompt": URI, "is_pano": False}),
        ({"type": "image", "image_prompt": {**URI, "is_pano": True}, "text_prompt": None}, {"image_prompt": URI, "is_pano": True}),
        ({"type": "image", "image_prompt": UPLOAD, "is_pano": None}, {"image_prompt": UPLOAD, "is_pano": False}),
        (
            {"type": "multi-image", "multi_image_prompt": [{"azimuth": 0, "content": URI}, {"azimuth": None, "content": UPLOAD}]},
            {"multi_image_prompt": [{"azimuth": 0, **URI, "content": URI}, {"azimuth": None, **UPLOAD, "content": UPLOAD}]},
        ),
        ({"type": "video", "video_prompt": UPLOAD, "text_prompt": "a yard"}, {"video_prompt": UPLOAD, "text_prompt": "a yard"}),
    ],
)
def test_pictures_end_in_a_failed_operation_whose_prompt_all_can_read(
    client: httpx.Client, prompt: dict[str, Any], shown: dict[str, Any]
) -> None:
    operation = ask(client, "worlds:generate", {"world_prompt": prompt, "model": "quick"})
    assert operation["done"] is True
    assert operation["response"] is None
    assert operation["cost"] is None
    assert operation["error"]["code"] == 400
    assert "the recipe quick makes worlds from words, not from" in operation["error"]["message"]
    assert operation["metadata"]["progress"]["status"] == "FAILED"
    assert polled(client, operation) == operation
    found = ask(client, f"worlds/{operation['metadata']['world_id']}")
    assert isinstance(found["display_name"], str)
    assert found["assets"] is None
    assert _without_nulls(found["world_prompt"]) == _without_nulls({"type": prompt["type"], **_defaults(prompt), **shown})


def _defaults(prompt: dict[str, Any]) -> dict[str, Any]:
    return {"reconstruct_images": False} if prompt["type"] == "multi-image" else {}


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


def test_bytes_within_a_request_are_read_and_not_sent_back(client: httpx.Client) -> None:
    data = base64.b64encode(bytes(range(256)) * 4_000).decode()  # more than the 1 MiB that other requests may have
    content = {"source": "data_base64", "data_base64": data, "extension": ".JPG"}
    prompt = {"type": "image", "image_prompt": content}
    operation = ask(client, "worlds:generate", {"world_prompt": prompt, "model": "quick", "seed": None})
    assert operation["error"]["code"] == 400
    assert ask(client, f"worlds/{operation['metadata']['world_id']}")["world_prompt"] is None


@pytest.mark.parametrize(
    ("data", "status", "word"),
    [
        ("not base64!", 400, "not base64"),
        ("é" * 8, 400, "not base64"),
        ("", 400, "0 bytes"),
        ("A" * 14_000_000, 400, "10,500,000 bytes"),
        ("A" * (16 << 20), 413, "larger"),
    ],
    ids=["alphabet", "accents", "nothing", "more than 10 MB", "more than the body may have"],
)
def test_bytes_that_cannot_be_taken_are_refused(client: httpx.Client, data: str, status: int, word: str) -> None:
    content = {"source": "data_base64", "data_base64": data}
    answer = client.post("/marble/v1/worlds:generate", json={"world_prompt": {"type": "image", "image_prompt": content}}, headers=HEADERS)
    assert answer.status_code == status
    assert word in answer.json()["detail"]


def test_a_panorama_of_distances_ends_in_a_failed_operation(client: httpx.Client) -> None:
    body = {"depth_pano_image": URI, "text_prompt": "a cabin", "z_min": 0.1, "z_max": 100.0, "seed": None}
    operation = ask(client, "pano:depth_to_rgb", body)
    assert operation["done"] is True
    assert operation["error"]["code"] == 400
    assert "panorama" in operation["error"]["message"]
    assert operation["metadata"]["world_id"] is None, "it was never to become a world, so none stands in lists"


# -- 3: operations ---------------------------------------------------------------------------------------------------------------------


def test_an_operation_says_where_it_stands_from_the_first_look(client: httpx.Client) -> None:
    started = ask(client, "worlds:generate", text_prompt("a ball in 1 seconds"))
    assert started["done"] is False
    assert started["error"] is started["response"] is started["cost"] is None
    assert started["metadata"]["progress"]["status"] == "IN_PROGRESS"
    assert started["metadata"]["world_id"].startswith("wld_")
    created, expires = (datetime.fromisoformat(started[name]) for name in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=30)
    early = ask(client, f"worlds/{started['metadata']['world_id']}")
    assert early["assets"] is None
    done = polled(client, started)
    assert done["error"] is None
    assert done["metadata"] == {"progress": {"status": "SUCCEEDED", "description": "done"}, "world_id": started["metadata"]["world_id"]}
    assert _without_signatures(done["response"]) == _without_signatures(ask(client, f"worlds/{done['metadata']['world_id']}"))
    assert done["cost"] == {"total_credits": 1_580, "line_items": [{"name": "world by quick", "credits": 1_580}]}


def _without_signatures(world: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in world.items() if name != "assets"}


def test_failures_are_operations_that_are_done(client: httpx.Client) -> None:
    done = polled(client, ask(client, "worlds:generate", text_prompt("fail")))
    assert done["response"] is done["cost"] is None
    assert done["error"] == {"code": 400, "message": "the ball cannot be rolled: ask for a cube"}
    memory = polled(client, ask(client, "worlds:generate", text_prompt("memory")))
    assert memory["error"]["code"] == 500


def test_a_world_that_was_cancelled_has_failed(client: httpx.Client) -> None:
    started = ask(client, "worlds:generate", text_prompt("a ball in 50 seconds", tags=["stopped"]))
    assert client.post(f"/v1/operations/{started['operation_id']}:cancel").status_code == 200
    done = polled(client, started)
    assert done["error"]["code"] == 499
    assert done["metadata"]["progress"]["status"] == "FAILED"
    failed = ask(client, "worlds:list", {"status": "FAILED", "tags": ["stopped"]})
    assert [one["world_id"] for one in failed["worlds"]] == [started["metadata"]["world_id"]]


def test_a_world_that_was_deleted_is_gone(client: httpx.Client) -> None:
    done = polled(client, ask(client, "worlds:generate", text_prompt("a ball")))
    world_id = done["response"]["world_id"]
    file = done["response"]["assets"]["splats"]["spz_urls"]["100k"]
    answer = client.delete(f"/marble/v1/worlds/{world_id}", headers=HEADERS)
    assert answer.json() == {"world_id": world_id, "deleted": True}
    assert client.get(f"/marble/v1/worlds/{world_id}", headers=HEADERS).status_code == 404
    assert httpx.get(file).status_code == 404
    again = ask(client, f"operations/{done['operation_id']}")
    assert again["response"] is None
    assert again["error"]["code"] == 404


# -- 4: files, further in test_marble_files ---------------------------------------------------------------------------------------------


def test_all_four_levels_are_there_even_of_a_small_world(world: dict[str, Any]) -> None:
    urls = world["assets"]["splats"]["spz_urls"]
    assert list(urls) == list(LEVELS)
    assert len({httpx.get(url).content for url in urls.values()}) == 1, "2,000 splats are all there is"


# -- 5: uploads ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Type": "image/jpeg"}, {"Content-Type": "image/png", "x-goog-content-length-range": "0,1048576000"}]
)
def test_uploads_need_no_key_and_no_particular_headers(client: httpx.Client, headers: dict[str, str]) -> None:
    body = {"file_name": "harbour.jpg", "kind": "image", "extension": "jpg", "metadata": {"roll": 12}}
    prepared = ask(client, "media-assets:prepare_upload", body)
    asset, upload = prepared["media_asset"], prepared["upload_info"]
    assert asset["id"] == asset["media_asset_id"]
    assert {name: asset[name] for name in body} == body
    assert upload["upload_method"] == "PUT"
    assert upload["required_headers"]
    assert upload["upload_url"] in upload["curl_example"]
    assert httpx.put(upload["upload_url"], content=b"\xff\xd8\xff", headers=headers).status_code == 200
    assert ask(client, f"media-assets/{asset['id']}") == {**asset, "updated_at": ask(client, f"media-assets/{asset['id']}")["updated_at"]}


# -- 6: errors -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "worlds/wld_0123456789", 404),
        ("GET", "worlds/nonsense", 404),
        ("DELETE", "worlds/wld_0123456789", 404),
        ("GET", "operations/op_0123456789", 404),
        ("GET", "media-assets/med_0123456789", 404),
        ("GET", "nowhere", 404),
        ("PATCH", "credits", 405),
    ],
)
def test_errors_have_a_detail_and_a_request_id(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, f"/marble/v1/{path}", headers=HEADERS)
    assert answer.status_code == status
    body = answer.json()
    assert body.keys() == {"detail", "request_id"}
    assert isinstance(body["detail"], str)
    assert body["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ({}, ["body", "world_prompt"]),
        ({"world_prompt": {"type": "text"}}, ["body", "world_prompt"]),
        ({"world_prompt": {"type": "text", "text_prompt": "a", "disable_recaption": True}, "seed": 2**32}, ["body", "seed"]),
        ({"world_prompt": {"type": "image", "disable_recaption": True, "image_prompt": URI}}, ["body", "world_prompt"]),
        ({"world_prompt": {"type": "smell"}}, ["body", "world_prompt"]),
        (text_prompt("a ball", display_name="x" * 65), ["body", "display_name"]),
        (text_prompt("a ball", tags=["ok", "x" * 33]), ["body", "tags", 1]),
        (text_prompt("a" * 2_001), ["body", "world_prompt", "text_prompt"]),
        (text_prompt("a\x00b"), ["body", "world_prompt", "text_prompt"]),
    ],
)
def test_a_broken_schema_is_told_as_fastapi_tells_it(client: httpx.Client, body: dict[str, Any], location: list[object]) -> None:
    answer = client.post("/marble/v1/worlds:generate", json=body, headers=HEADERS)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["detail"]
    assert error["loc"] == location
    assert error.keys() == {"loc", "msg", "type"}


@pytest.mark.parametrize("data", [b"{", b'{"page_size": NaN}', b'{"tags": ["\\ud800"]}', b"[" * 100_000])
def test_what_is_no_json_is_refused(client: httpx.Client, data: bytes) -> None:
    answer = client.post("/marble/v1/worlds:list", content=data, headers=HEADERS)
    assert answer.status_code == 400
    assert "JSON" in answer.json()["detail"]


# -- 7: other origins ------------------------------------------------------------------------------------------------------------------


def test_pages_of_this_machine_may_call_the_api(client: httpx.Client) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,wlt-api-key",
    }
    answer = client.request("OPTIONS", "/marble/v1/worlds:generate", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "wlt-api-key" in allowed
    assert "content-type" in allowed
    called = client.post("/marble/v1/worlds:list", json={}, headers={**HEADERS, "Origin": "http://localhost:3000"})
    assert called.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_pages_of_others_may_not(client: httpx.Client) -> None:
    answer = client.post("/marble/v1/worlds:list", json={}, headers={**HEADERS, "Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert answer.json().keys() == {"detail", "request_id"}
    assert "access-control-allow-origin" not in answer.headers


def test_any_page_may_read_files_and_parts_of_them(world: dict[str, Any]) -> None:
    url = world["assets"]["splats"]["spz_urls"]["full_res"]
    answer = httpx.get(url, headers={"Origin": "https://viewer.example", "Range": "bytes=0-1"})
    assert answer.status_code == 206
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.content == b"\x1f\x8b", "an SPZ 2 is a gzip"
    asked = {"Origin": "https://viewer.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    preflight = httpx.request("OPTIONS", url, headers=asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"


# -- 8: the rest of the ten ------------------------------------------------------------------------------------------------------------


def test_the_description_is_a_page_too(client: httpx.Client, service: Service) -> None:
    page = client.get("/marble/docs")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert f"{service.address}/marble/v1/worlds:generate" in page.text


def test_somebody_is_at_home(client: httpx.Client) -> None:
    assert client.get("/marble/v1/").json()["status"] == "ok"
    assert client.get("/healthz").status_code == 200
    assert ask(client, "credits") == {"remaining_credits": 1e9}


def test_lists_are_filtered_and_paged(client: httpx.Client) -> None:
    worlds = [
        made(client, f"a ball, number {number}", tags=["paged", f"n{number}"], permission={"public": number == 2}) for number in range(3)
    ]
    newest_first = [one["world_id"] for one in reversed(worlds)]
    seen: list[str] = []
    token = None
    for _ in range(3):
        page = ask(client, "worlds:list", {"page_size": 1, "tags": ["paged"], "page_token": token})
        seen += [one["world_id"] for one in page["worlds"]]
        token = page["next_page_token"]
    assert (seen, token) == (newest_first, None)

    def found(**filters: object) -> list[str]:
        return [one["world_id"] for one in ask(client, "worlds:list", {"tags": ["paged"], **filters})["worlds"]]

    ids = {number: one["world_id"] for number, one in enumerate(worlds)}
    assert found(tags=["n0", "n2", "n9"]) == [ids[2], ids[0]]
    assert found(is_public=True) == [ids[2]]
    assert found(is_public=False) == [ids[1], ids[0]]
    assert found(model="quick", status="SUCCEEDED") == newest_first
    assert found(model="marble-1.1") == found(status="PENDING") == found(status="RUNNING") == found(status="FAILED") == []
    moment = worlds[1]["created_at"]
    assert found(created_after=moment) == [ids[2], ids[1]], "that moment is in it"
    assert found(created_before=moment) == [ids[0]], "that moment is not in it"
    assert client.patch(f"/v1/worlds/{ids[0]}", json={"name": "changed last"}).status_code == 200
    assert found(sort_by="updated_at")[0] == ids[0]
    assert client.post("/marble/v1/worlds:list", json={"page_token": "Zm9yZ2Vk"}, headers=HEADERS).status_code == 400
    assert client.post("/marble/v1/worlds:list", json={"page_size": 101}, headers=HEADERS).status_code == 422
    assert client.post("/marble/v1/worlds:list", json={"model": "marble-9"}, headers=HEADERS).status_code == 400


def test_exports_are_done_in_the_first_answer(client: httpx.Client, world: dict[str, Any], tmp_path: Path) -> None:
    from pipelines.formats import read_glb, read_ply

    path = f"worlds/{world['world_id']}:export"
    operation = ask(client, path, {"asset_type": "splats", "format": "ply", "resolution": "150k"})
    assert operation["done"] is True
    assert operation["cost"] == {"total_credits": 0, "line_items": []}
    result = operation["response"]
    assert (result["asset_type"], result["format"], result["resolution"]) == ("splats", "ply", "full_res"), "it is a small world"
    assert urlsplit(result["url"]).path.endswith(".ply")
    (tmp_path / "a.ply").write_bytes(httpx.get(result["url"]).content)
    assert len(read_ply(tmp_path / "a.ply")) == 2_000
    assert polled(client, operation)["response"]["asset_type"] == "splats"
    mesh = ask(client, path, {"asset_type": "mesh", "format": "glb", "mesh_variant": "textured"})["response"]
    assert urlsplit(mesh["url"]).path.endswith(".glb")
    (tmp_path / "a.glb").write_bytes(httpx.get(mesh["url"]).content)
    read_glb(tmp_path / "a.glb")
    for asset_type, format in (("splats", "glb"), ("mesh", "ply")):
        answer = client.post(f"/marble/v1/{path}", json={"asset_type": asset_type, "format": format}, headers=HEADERS)
        assert answer.status_code == 400
        assert "splats are exported as ply" in answer.json()["detail"]


def test_a_world_that_is_not_made_yet_cannot_be_exported(client: httpx.Client) -> None:
    started = ask(client, "worlds:generate", text_prompt("a ball in 20 seconds"))
    path = f"/marble/v1/worlds/{started['metadata']['world_id']}"
    assert client.post(f"{path}:export", json={"asset_type": "splats", "format": "ply"}, headers=HEADERS).status_code == 409
    assert client.delete(path, headers=HEADERS).status_code == 200
