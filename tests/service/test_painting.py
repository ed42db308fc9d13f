"""Layouts are painted through both APIs by a real service with a tiny model; the second job finds its weights warm."""

from __future__ import annotations

import ctypes
import io
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.camera import panorama
from pipelines.formats import write_distance
from tests.service.marble_client.speaking import HEADERS, ask, polled
from tests.service.running import Service, finished
from tests.service.strange_files import RGB, png
from tests.service.test_assets import ready
from tests.service.test_marble_pictures import splats_of, within
from tests.tiny_models import LICENCES, tiny_models

IN_OPEN, IN_NONBLOCK = 0x20, 0x800  # of Linux' inotify


def room_m() -> NDArray[np.float32]:
    """(64, 128) distances in a room of 8 × 8 m and 3 m height, seen from its middle at 1.65 m."""
    rays = np.abs(panorama((0, 1.65, 0), width_px=128).rays())
    up = panorama((0, 1.65, 0), width_px=128).rays()[..., 1] > 0
    walls = 4 / np.maximum(np.maximum(rays[..., 0], rays[..., 2]), 1e-6)
    return np.minimum(walls, np.where(up, 1.35, 1.65) / np.maximum(rays[..., 1], 1e-6)).astype(np.float32)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment that puts tiny models in the place of all others."""
    return tiny_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory, models: dict[str, str]) -> Iterator[Service]:
    settings = {**models, "OMP_NUM_THREADS": "1", "WORLDLOOM_WARM_GB": "1"}
    running = Service(tmp_path_factory.mktemp("painting") / "data", settings).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(painting: Service) -> Iterator[httpx.Client]:
    with painting.client() as found:
        yield found


@pytest.fixture
def opened(models: dict[str, str]) -> Iterator[Callable[[], int]]:
    """How often anyone has opened a file of weights since it was last asked, as Linux says."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(IN_NONBLOCK)
    for file in Path(models["WORLDLOOM_REPAINT_MODEL"]).rglob("*.safetensors"):
        assert libc.inotify_add_watch(watch, os.fsencode(file), IN_OPEN) >= 0

    def count() -> int:
        try:
            return len(os.read(watch, 1 << 20)) // 16  # 16 bytes an event without a name
        except BlockingIOError:
            return 0

    yield count
    os.close(watch)


def as_exr(folder: Path) -> bytes:
    write_distance(room_m(), folder / "layout.exr")
    return (folder / "layout.exr").read_bytes()


def painted(client: httpx.Client, body: dict[str, Any]) -> tuple[NDArray[np.uint8], str]:
    """What clients see: the operation ends with the address of a picture, which opens without a key. The picture, and its world's id."""
    done = polled(client, ask(client, "pano:depth_to_rgb", body), within_s=240)
    assert done["error"] is None, done["error"]
    assert done["metadata"]["progress"]["status"] == "SUCCEEDED"
    assert done["response"].keys() == {"pano_url"}
    answer = httpx.get(done["response"]["pano_url"], timeout=60)
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB")), done["metadata"]["world_id"]


def test_distances_become_a_picture_and_the_second_time_no_weights_are_opened(
    client: httpx.Client, painting: Service, tmp_path: Path, opened: Callable[[], int]
) -> None:
    body = {"depth_pano_image": within(as_exr(tmp_path)), "text_prompt": "a cabin", "seed": 4}
    first, _ = painted(client, body)
    child = painting.pids()["child"]
    assert first.shape == (64, 128, 3)
    assert first.std() > 3
    assert opened() > 0
    again, _ = painted(client, body)
    assert opened() == 0
    assert painting.pids()["child"] == child
    assert np.array_equal(again, first)
    assert not np.array_equal(painted(client, {**body, "seed": 5})[0], first)


def test_grey_distances_are_painted_and_stay_where_they_are(client: httpx.Client, tmp_path: Path) -> None:
    """As the published example encodes them: v = 1 - ln(d / z_min) / ln(z_max / z_min), radial, in eight bits."""
    z_min, z_max = 0.5, 20.0
    grey = np.rint(255 * (1 - np.log(room_m() / z_min) / math.log(z_max / z_min))).astype(np.uint8)
    asset = ready(client, png(np.repeat(grey[..., None], 3, axis=2), RGB))["id"]
    body = {"depth_pano_image": {"source": "media_asset", "media_asset_id": asset}, "text_prompt": "a cabin", "seed": 4}
    picture, world = painted(client, {**body, "z_min": z_min, "z_max": z_max})
    exact, _ = painted(client, {**body, "depth_pano_image": within(as_exr(tmp_path))})
    assert picture.shape == exact.shape
    assert np.abs(picture.astype(float) - exact).mean() < 5
    away_m = np.linalg.norm(splats_of(client, world, tmp_path).means - [0, 1.65, 0], axis=1)
    assert away_m.max() == pytest.approx(room_m().max(), rel=0.03)
    assert away_m.min() == pytest.approx(room_m().min(), rel=0.03)


def test_a_layout_prompt_of_our_own_becomes_a_world_with_its_panorama(client: httpx.Client, tmp_path: Path) -> None:
    asset = ready(client, as_exr(tmp_path))["id"]
    body = {"text": "a cabin", "layout": asset, "seed": 4, "splats": 10_000}
    done = finished(client, client.post("/v1/worlds:generate", json=body).json(), within_s=240)
    assert done["error"] is None, done["error"]
    world = client.get(f"/v1/worlds/{done['world_id']}").json()
    assert {"splats.ply", "panorama.png", "panorama-distance.exr"} <= set(world["files"])
    manifest = client.get(f"/v1/worlds/{done['world_id']}/files/world.json").json()
    made = next(entry for entry in manifest["made_by"] if entry["stage"] == "repaint")
    assert (made["model"], made["licence"]) == ("painter", LICENCES["painter"])
    assert made["revision"].startswith("sha256:")


def test_without_weights_the_operation_ends_with_the_cure(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", {"WORLDLOOM_MODELS": str(tmp_path / "none")}).start()
    try:
        with service.client() as client:
            body = {"depth_pano_image": within(as_exr(tmp_path)), "text_prompt": "a cabin"}
            answer = client.post("/marble/v1/pano:depth_to_rgb", json=body, headers=HEADERS).json()
            assert answer["done"] is True
            assert answer["response"] is None
            assert answer["error"]["code"] == 400
            assert "worldloom models pull" in answer["error"]["message"]
    finally:
        assert service.stop() == 0
