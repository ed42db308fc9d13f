"""How public clients of the World API speak, request by request, and the fields that each of them reads.

Their requests are written out as they leave the wire; only the model is the quick recipe's where a world has to be finished.
"""

from __future__ import annotations

import base64
import time
from typing import Any
from uuid import uuid4

import httpx2 as httpx

from tests.service.running import Service

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()


def session(service: Service, **headers: str) -> httpx.Client:
    return httpx.Client(base_url=f"{service.address}/marble/v1", headers={"WLT-Api-Key": "x", **headers}, timeout=60, verify=False)


def done(client: httpx.Client, operation_id: str, **parameters: str) -> dict[str, Any]:
    """Poll as all of them do."""
    for _ in range(400):
        operation: dict[str, Any] = client.get(f"/operations/{operation_id}", params=parameters).json()
        if operation["done"]:
            return operation
        time.sleep(0.1)
    raise AssertionError("the operation did not end")


def test_official_python_client(service: Service) -> None:
    """worldlabsai/worldlabs-api-python: fields that are None are left out; `world` in an answer would be unwrapped; models reject much."""
    with session(service, **{"Content-Type": "application/json"}) as client:
        body = {
            "display_name": "Ball",
            "tags": ["python"],
            "world_prompt": {"type": "text", "text_prompt": "a ball by a lake"},
            "model": "quick",
            "permission": {"public": False},
        }
        started = client.post("/worlds:generate", json=body)
        started.raise_for_status()
        operation = done(client, started.json()["operation_id"])
        assert operation["error"] is None
        assert isinstance(operation["metadata"], dict)
        for world in (operation["response"], client.get(f"/worlds/{operation['response']['id']}").json()):
            assert "world" not in world
            assert world["display_name"] == "Ball"
            assert world["assets"]["splats"]["spz_urls"].keys() >= {"full_res", "500k"}
            assert world["permission"]["public"] is False
            assert world["world_prompt"] == {"type": "text", "text_prompt": "a ball by a lake"}, "a null text is rejected"
        seen, token = [], None
        while True:
            asked = {"page_size": 100, "tags": ["python"], "sort_by": "created_at"} | ({"page_token": token} if token else {})
            page = client.post("/worlds:list", json=asked).json()
            seen += [world["id"] for world in page["worlds"]]
            if not (token := page["next_page_token"]):
                break
        assert seen == [operation["response"]["id"]]
        prepared = client.post("/media-assets:prepare_upload", json={"file_name": "a.jpg", "extension": "jpg", "kind": "image"}).json()
        info = prepared["upload_info"]
        assert httpx.put(info["upload_url"], headers=info["required_headers"], content=b"\xff\xd8").status_code == 200
        content = {"source": "media_asset", "media_asset_id": prepared["media_asset"]["media_asset_id"]}
        failed = client.post("/worlds:generate", json={"world_prompt": {"type": "image", "image_prompt": content, "is_pano": True}}).json()
        assert isinstance(failed["error"]["code"], int)
        assert isinstance(failed["error"]["message"], str)
        world = client.get(f"/worlds/{failed['metadata']['world_id']}").json()
        assert world["world_prompt"]["image_prompt"]["source"] == "media_asset", "its models choose by the source"
        assert isinstance(world["world_prompt"]["is_pano"], bool), "auto is rejected"


def test_official_examples(service: Service) -> None:
    """worldlabsai/worldlabs-api-examples: nulls for what is not said, pictures within the request, a gallery from worlds:list."""
    with session(service) as client:
        body = {
            "display_name": "Gallery ball",
            "model": "quick",
            "seed": None,
            "tags": ["examples"],
            "world_prompt": {"type": "text", "text_prompt": "a ball", "image_prompt": None, "is_pano": False},
        }
        operation = done(client, client.post("/worlds:generate", json=body).json()["operation_id"])
        assert client.get(f"/worlds/{operation['response']['world_id']}").json()["world_id"] == operation["response"]["world_id"]
        pictured = {
            "display_name": "Picture",
            "model": "Marble 0.1-plus",
            "seed": None,
            "world_prompt": {
                "type": "image",
                "text_prompt": None,
                "image_prompt": {"source": "data_base64", "data_base64": PNG, "is_pano": False},
            },
        }
        failed = client.post("/worlds:generate", json=pictured).json()
        assert failed["done"] is True
        assert failed["error"]["message"]
        for world in client.post("/worlds:list", json={"tags": ["examples"], "status": "SUCCEEDED"}).json()["worlds"]:
            assets = world["assets"]
            assert {"thumbnail_url", "caption"} <= assets.keys()
            assert assets["splats"]["spz_urls"]["500k"].startswith("http")


def test_tanstack_ai(service: Service) -> None:
    """@tanstack/ai-worldlabs: needs world_id and world_marble_url in the response, and takes any truthy error for a failure."""
    with session(service) as client:
        body = {"world_prompt": {"type": "text", "text_prompt": "a ball"}, "model": "quick"}
        operation = done(client, client.post("/worlds:generate", json=body).json()["operation_id"])
    assert not operation["error"]
    response = operation["response"]
    assert response["world_id"]
    assert response["world_marble_url"]
    assert response["assets"].keys() >= {"caption", "thumbnail_url", "imagery", "mesh", "splats"}


def test_comfyui_nodes(service: Service) -> None:
    """rikturnbull/comfyui-worldlabs-marble and petejwoodbridge/Worldlabs-Comfy: health, progress, cost, semantics, all four levels."""
    assert httpx.get(f"{service.address}/healthz").status_code == 200
    with session(service) as client:
        body = {"world_prompt": {"type": "text", "text_prompt": "a ball"}, "model": "quick", "display_name": "Comfy", "seed": 42}
        started = client.post("/worlds:generate", json=body).json()
        assert started["metadata"]["progress"]["status"] == "IN_PROGRESS"
        operation = done(client, started["operation_id"])
        assert operation["metadata"]["progress"]["status"] == "SUCCEEDED"
        assert operation["cost"]["total_credits"] == 1_580
        answer = client.get(f"/worlds/{operation['response']['world_id']}").json()
        splats = answer.get("world", answer)["assets"]["splats"]
        for level in ("full_res", "500k", "150k", "100k"):
            assert httpx.get(splats["spz_urls"][level]).content
        assert isinstance(splats["semantics_metadata"]["metric_scale_factor"], float)
        assert isinstance(splats["semantics_metadata"]["ground_plane_offset"], float)
        upload = client.post("/media-assets:prepare_upload", json={"file_name": "image.jpg", "kind": "image", "extension": "jpg"}).json()
        headers = {"Content-Type": "image/jpeg", **upload["upload_info"]["required_headers"]}
        assert httpx.put(upload["upload_info"]["upload_url"], headers=headers, content=b"\xff\xd8").status_code == 200
        with_auto = {
            "type": "image",
            "image_prompt": {"source": "media_asset", "media_asset_id": upload["media_asset"]["id"]},
            "is_pano": True,
        }
        assert client.post("/worlds:generate", json={"world_prompt": with_auto}).json()["done"] is True


def test_unity_clients(service: Service) -> None:
    """worldlabs_unity and unity-worldlabs.ai-API-client-tool: a new query on every address, health at the root, lists of one."""
    with session(service) as client:
        assert client.get("/", params={"_nocache": uuid4().hex}).json()
        assert client.post("/worlds:list", json={"page_size": 1}).json().keys() == {"worlds", "next_page_token"}
        body = {
            "display_name": "",
            "model": "quick",
            "tags": [""],
            "permission": {"public": False, "allow_id_access": False, "allowed_readers": [], "allowed_writers": []},
            "world_prompt": {"type": "text", "text_prompt": "a ball", "disable_recaption": False},
        }
        started = client.post("/worlds:generate", params={"_nocache": uuid4().hex}, json=body).json()
        operation = done(client, started["operation_id"], _nocache=uuid4().hex)
        assert operation["response"]["world_id"] == operation["metadata"]["world_id"]
        prepared = client.post("/media-assets:prepare_upload", json={"file_name": "a.png", "extension": "png", "kind": "image"}).json()
        url = prepared["upload_info"]["upload_url"]
        assert httpx.put(url, headers={"Content-Type": "image/png"}, content=b"\x89PNG").status_code == 200


def test_deno_client(service: Service) -> None:
    """code4fukui/worldlabs-api: downloads everything below `assets`, named by the end of its address."""
    with session(service) as client:
        body = {"world_prompt": {"type": "text", "text_prompt": "a ball"}, "model": "quick"}
        assets = done(client, client.post("/worlds:generate", json=body).json()["operation_id"])["response"]["assets"]

    def addresses(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [address for one in value.values() for address in addresses(one)]
        return [value] if isinstance(value, str) and value.startswith("http") else []

    found = addresses(assets)
    assert len(found) >= 4
    assert {address[address.rindex(".") :] for address in found} <= {".spz", ".glb", ".png", ".webp"}
    assert all(httpx.get(address).status_code == 200 for address in found)


def test_mcp_server(service: Service) -> None:
    """sandraschi/worldlabs-mcp: reads `detail` of errors as a text, deletes what it made."""
    with session(service) as client:
        missing = client.get("/worlds/wld_0123456789")
        assert missing.status_code == 404
        assert isinstance(missing.json()["detail"], str)
        started = client.post("/worlds:generate", json={"world_prompt": {"type": "text", "text_prompt": "a ball"}, "model": "quick"}).json()
        world_id = done(client, started["operation_id"])["response"]["world_id"]
        assert client.delete(f"/worlds/{world_id}").json() == {"world_id": world_id, "deleted": True}
