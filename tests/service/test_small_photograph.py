"""A photograph becomes a world through both APIs where the small model's weights are, and is refused with the cure where they are not."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image

from pipelines.camera import pinhole
from pipelines.formats import read_ply
from tests.flow.small_weights import level_weights, plain_shot
from tests.service.asking import problem
from tests.service.marble_client.speaking import HEADERS, polled
from tests.service.running import Service, finished
from tests.service.test_assets import ready

EYE = (0.0, 1.65, 0.0)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with the small model and no other."""
    weights = level_weights(tmp_path_factory.mktemp("weights"))
    settings = {
        "WORLDLOOM_SMALL_MODEL": str(weights),
        "WORLDLOOM_MODELS": str(weights / "none"),
        "WORLDLOOM_PANORAMA_PX": "384",
    }
    running = Service(tmp_path_factory.mktemp("alone") / "data", settings).start()
    yield running
    assert running.stop() == 0


def photograph() -> bytes:
    """Ground, a wall and the sky as a PNG."""
    picture = plain_shot(pinhole(EYE, width_px=240, height_px=160, horizontal_fov_rad=1.2), wall_height_m=3.0).rgb
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def standing_on_ground(url: str, folder: Path) -> None:
    """The splats behind an address: their lowest lie where one stands, and they are all round."""
    (folder / "splats.ply").write_bytes(httpx.get(url).content)
    positions = read_ply(folder / "splats.ply").means
    near = np.hypot(positions[:, 0], positions[:, 2]) < 4
    assert np.median(positions[near, 1]) == pytest.approx(0, abs=0.2)
    assert all((positions[:, axis] * sign).max() > 5 for axis in (0, 2) for sign in (1, -1))


def test_through_our_own_api(alone: Service, tmp_path: Path) -> None:
    with alone.client() as client:
        nano = next(one for one in client.get("/v1/recipes").json()["recipes"] if one["tier"] == "nano")
        assert "photograph" in nano["default_for"] and not nano["lacks"]
        asset = ready(client, photograph(), file_name="yard.png")["id"]
        answer = client.post("/v1/worlds:generate", json={"pictures": [{"media_asset_id": asset}], "splats": 20_000})
        assert answer.status_code == 202, answer.text
        done = finished(client, answer.json(), within_s=200)
        assert done["state"] == "SUCCEEDED", done["error"]
        world = client.get(done["links"]["world"]).json()
        assert world["recipe"] == "worldloom-nano" and "collider.glb" in world["files"]
        standing_on_ground(world["files"]["splats.ply"]["url"], tmp_path)


def test_through_the_world_api(alone: Service, tmp_path: Path) -> None:
    content = {"source": "data_base64", "data_base64": base64.b64encode(photograph()).decode(), "extension": "png"}
    prompt: dict[str, Any] = {"type": "image", "image_prompt": content, "is_pano": False}
    with alone.client() as client:
        answer = client.post("/marble/v1/worlds:generate", json={"world_prompt": prompt, "model": "marble-1.0-draft"}, headers=HEADERS)
        assert answer.status_code == 200, answer.text
        done = polled(client, answer.json(), within_s=200)
        assert done["error"] is None, done
        assert done["response"]["assets"]["mesh"]["collider_mesh_url"]


def test_without_weights_it_is_refused_with_the_cure(service: Service) -> None:
    with service.client() as client:
        picture = {"pictures": [{"media_asset_id": ready(client, photograph())["id"]}]}
        answer = client.post("/v1/worlds:generate", json=picture)
        said = problem(answer, "recipe_unavailable")["detail"]
        assert "small model" in said and "several pictures" in said
        done = finished(client, client.post("/v1/worlds:generate", json={**picture, "tier": "nano"}).json())
        assert "small model" in done["error"]["message"], "a worker elsewhere might have had it"
