"""The files of the World API, from the documented conversion back to our own frame; and pictures, as soon as a recipe takes them."""

from __future__ import annotations

import base64
import gzip
import io
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipelines.formats import read_ply
from tests.service.marble_client.speaking import HEADERS, LEVELS, ask, made, polled
from tests.service.running import QUICK, ROOT, Service

POSTCARD = Path(__file__).parent / "marble_client" / "postcard_recipe"
SPAWN = np.array([3.0, 2.0, -5.0])  # as the recipe has it
BALL = np.array([0.0, 1.65, -4.0])


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on which a recipe that takes pictures is installed."""
    settings = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, QUICK, POSTCARD)))}
    running = Service(tmp_path_factory.mktemp("pictured") / "data", settings).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(pictured: Service) -> Iterator[httpx.Client]:
    with pictured.client() as found:
        yield found


@pytest.fixture(scope="module")
def world(pictured: Service) -> dict[str, Any]:
    with pictured.client() as found:
        return made(found, model="postcard", seed=11)


def spz_points(data: bytes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N, 3) positions and (N, 3) log sizes of an SPZ 2 without harmonics, by the letter of its format."""
    raw = gzip.decompress(data)
    magic, version, count, degree, fraction_bits, _, _ = struct.unpack_from("<IIIBBBB", raw)
    assert (magic, version, degree) == (0x5053474E, 2, 0)
    assert len(raw) == 16 + count * (9 + 1 + 3 + 3 + 3), "positions, opacities, colours, sizes, rotations; no harmonics"
    body = np.frombuffer(raw, np.uint8, offset=16)
    low, middle, high = body[: count * 9].reshape(-1, 3).T.astype(np.int32)
    whole = low | middle << 8 | high << 16
    positions = (whole - ((whole & 0x800000) << 1)) / 2.0**fraction_bits
    sizes = body[count * 13 : count * 16].astype(np.float64) / 16 - 10
    return positions.reshape(-1, 3), sizes.reshape(-1, 3)


def as_documented(raw: NDArray[np.float64], semantics: dict[str, float]) -> NDArray[np.float64]:
    """Metres above the floor, y up: times the scale, minus the floor's height, then half a turn about the x axis."""
    metric = raw * semantics["metric_scale_factor"]
    metric[:, 1] -= semantics["ground_plane_offset"]
    return metric * [1, -1, -1]


def sorted_rows(points: NDArray[np.floating]) -> NDArray[np.floating]:
    return points[np.lexsort(np.round(points, 2).T)]


def test_splats_stand_where_the_documented_conversion_puts_them(client: httpx.Client, world: dict[str, Any], tmp_path: Path) -> None:
    splats = world["assets"]["splats"]
    raw, log_sizes = spz_points(httpx.get(splats["spz_urls"]["full_res"]).content)
    placed = as_documented(raw, splats["semantics_metadata"])
    (tmp_path / "ours.ply").write_bytes(client.get(f"/v1/worlds/{world['world_id']}/files/splats.ply").content)
    ours = read_ply(tmp_path / "ours.ply").means.astype(np.float64) - SPAWN  # the origin is under the panorama's eye
    assert len(placed) == len(ours) == 2_000
    from scipy.spatial import cKDTree

    distances, partners = cKDTree(placed).query(ours)
    assert distances.max() < 0.002
    assert len(set(partners)) == 2_000
    np.testing.assert_allclose(placed.mean(axis=0), BALL - SPAWN, atol=0.05)
    np.testing.assert_allclose(np.exp(log_sizes), 0.03, rtol=0.04)


def test_the_floor_lies_below_the_origin_where_y_points_down(world: dict[str, Any]) -> None:
    semantics = world["assets"]["splats"]["semantics_metadata"]
    assert semantics == {"metric_scale_factor": 1.0, "ground_plane_offset": 1.65}
    floor = as_documented(np.array([[0.0, 1.65, 0.0]]), semantics)
    np.testing.assert_allclose(floor, 0)


def test_every_level_is_a_file_of_its_own(world: dict[str, Any]) -> None:
    urls = world["assets"]["splats"]["spz_urls"]
    assert list(urls) == list(LEVELS)
    counts = {level: len(spz_points(httpx.get(url).content)[0]) for level, url in urls.items()}
    assert counts == {"full_res": 2_000, "500k": 500, "150k": 150, "100k": 100}


def test_every_asset_opens_and_its_address_ends_in_its_extension(world: dict[str, Any]) -> None:
    assets = world["assets"]
    endings = {
        assets["thumbnail_url"]: (".webp", b"RIFF"),
        assets["imagery"]["pano_url"]: (".png", b"\x89PNG"),
        assets["mesh"]["collider_mesh_url"]: (".glb", b"glTF"),
        assets["mesh"]["hq_mesh_url"]: (".glb", b"glTF"),
        **dict.fromkeys(assets["splats"]["spz_urls"].values(), (".spz", b"\x1f\x8b")),
    }
    for url, (ending, beginning) in endings.items():
        parts = urlsplit(url)
        assert parts.path.endswith(ending)
        assert not parts.query, "some clients take the ending from the whole address"
        answer = httpx.get(url)
        assert answer.status_code == 200
        assert answer.content.startswith(beginning)


def test_levels_are_exported_as_asked(client: httpx.Client, world: dict[str, Any], tmp_path: Path) -> None:
    body = {"asset_type": "splats", "format": "ply", "resolution": "150k"}
    result = ask(client, f"worlds/{world['world_id']}:export", body)["response"]
    assert result["resolution"] == "150k"
    (tmp_path / "level.ply").write_bytes(httpx.get(result["url"]).content)
    assert len(read_ply(tmp_path / "level.ply")) == 150


def picture(colour: str) -> bytes:
    """A small PNG."""
    file = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(file, "PNG")
    return file.getvalue()


def test_an_uploaded_picture_becomes_a_world(client: httpx.Client) -> None:
    prepared = ask(client, "media-assets:prepare_upload", {"file_name": "a.png", "extension": "png", "kind": "image"})
    asset_id, upload = prepared["media_asset"]["media_asset_id"], prepared["upload_info"]
    assert httpx.put(upload["upload_url"], content=picture("red"), headers=upload["required_headers"]).status_code == 200
    content = {"source": "media_asset", "media_asset_id": asset_id}
    body = {"world_prompt": {"type": "image", "image_prompt": content, "text_prompt": "a yard"}, "model": "marble-1.1", "seed": None}
    done = polled(client, ask(client, "worlds:generate", body))
    assert done["error"] is None
    shown = done["response"]["world_prompt"]
    assert shown["image_prompt"] == {**content, "uri": None}
    assert shown["is_pano"] is False
    assert done["response"]["model"] == "marble-1.1"


def test_pictures_within_the_request_become_uploads(client: httpx.Client) -> None:
    items = [
        {"azimuth": azimuth, "content": {"source": "data_base64", "data_base64": base64.b64encode(picture(colour)).decode()}}
        for azimuth, colour in ((0, "red"), (90, "blue"))
    ]
    body = {"world_prompt": {"type": "multi-image", "multi_image_prompt": items, "text_prompt": "a yard"}, "model": "postcard"}
    shown = polled(client, ask(client, "worlds:generate", body))["response"]["world_prompt"]
    assert [item["azimuth"] for item in shown["multi_image_prompt"]] == [0, 90]
    for item in shown["multi_image_prompt"]:
        assert ask(client, f"media-assets/{item['content']['media_asset_id']}")["kind"] == "image"


def test_addresses_of_others_are_not_fetched(client: httpx.Client, pictured: Service) -> None:
    content = {"source": "uri", "uri": f"{pictured.address}/healthz"}
    operation = ask(client, "worlds:generate", {"world_prompt": {"type": "video", "video_prompt": content}})
    assert operation["done"] is True
    assert "fetches nothing" in operation["error"]["message"]


def test_uploads_that_are_not_there_or_no_pictures_are_refused(client: httpx.Client) -> None:
    prepared = ask(client, "media-assets:prepare_upload", {"file_name": "a.png", "kind": "image"})

    def generated(content: dict[str, str]) -> tuple[int, str]:
        body = {"world_prompt": {"type": "image", "image_prompt": content}}
        answer = client.post("/marble/v1/worlds:generate", json=body, headers=HEADERS)
        return answer.status_code, answer.text

    unsent = {"source": "media_asset", "media_asset_id": prepared["media_asset"]["id"]}
    assert generated(unsent)[0] == 409
    assert generated({"source": "media_asset", "media_asset_id": "med_0123456789"})[0] == 404
    status, text = generated({"source": "data_base64", "data_base64": base64.b64encode(b"no picture").decode()})
    assert status == 422
    assert "rejected" in text
