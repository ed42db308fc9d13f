"""The recipe worldloom-super in a real service, with tiny models: a photograph through our own API, words through the World API."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2 as httpx
import pytest

from tests.service.asking import problem
from tests.service.looking import sphere
from tests.service.marble_client.speaking import ask, polled
from tests.service.running import Service, finished
from tests.service.test_assets import ready
from tests.tiny_models import LICENCES, tiny_models

PATIENCE_S = 300  # opening torch for the first time takes most of it on a busy machine


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Of a service whose stages take tiny models."""
    settings = {**tiny_models(tmp_path_factory.mktemp("models"), width_px=128), "OMP_NUM_THREADS": "1"}
    running = Service(tmp_path_factory.mktemp("super") / "data", settings).start()
    with running.client() as found:
        yield found
    assert running.stop() == 0


def signatures(client: httpx.Client, world_id: str) -> dict[str, tuple[str, str]]:
    """Stage → its model and licence, as the package of a world says."""
    files = client.get(f"/v1/worlds/{world_id}").json()["files"]
    made_by = json.loads(httpx.get(files["world.json"]["url"]).content)["made_by"]
    return {one["stage"]: (one["model"], one["licence"]) for one in made_by if one.get("model")}


def test_a_photograph_through_our_own_api(client: httpx.Client) -> None:
    picture = ready(client, sphere(is_whole=False))["id"]
    body = {"pictures": [{"media_asset_id": picture}], "tier": "super", "splats": 10_000, "text": "hills"}
    done = finished(client, client.post("/v1/worlds:generate", json=body).json(), within_s=PATIENCE_S)
    assert done["state"] == "SUCCEEDED", done["error"]
    found = signatures(client, done["world_id"])
    assert found["outpaint"] == ("painter", LICENCES["painter"])
    assert found["measure"] == ("ruler", LICENCES["ruler"])


def test_words_through_the_world_api(client: httpx.Client) -> None:
    body = {"world_prompt": {"type": "text", "text_prompt": "a meadow"}, "model": "super", "seed": 3}
    done = polled(client, ask(client, "worlds:generate", body), within_s=PATIENCE_S)
    assert done["error"] is None, done["error"]
    world = done["response"]
    assert signatures(client, world["world_id"])["paint"] == ("painter", LICENCES["painter"])
    assert world["assets"]["splats"]["semantics_metadata"]["ground_plane_offset"] == pytest.approx(1.65, abs=0.1)
    assert httpx.get(world["assets"]["imagery"]["pano_url"]).content.startswith(b"\x89PNG")


def test_here_they_can_be_had(client: httpx.Client) -> None:
    """Models that the user named run on the processor, too: super makes what nano does not."""
    recipes = {recipe["tier"]: recipe for recipe in client.get("/v1/recipes").json()["recipes"]}
    assert set(recipes["super"]["lacks"]) == {"pictures", "video"}, "only those are for a graphics card"
    assert {"photograph", "layout", "panorama"} <= set(recipes["ultra"]["default_for"])
    spec = {"tier": "super", "splats": 10_000, "spec": {"place": "forest"}}
    found = problem(client.post("/v1/worlds:generate", json=spec), "invalid_request")
    assert "paints words" in found["detail"]
