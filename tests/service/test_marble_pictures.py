"""Pictures through the World API: uploads, bytes within the request and addresses become prompts of ours, and a recipe tells as what."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest

from app.assets import fetching
from app.errors import Refusal
from pipelines.formats import read_ply, write_distance
from pipelines.gaussians import Gaussians
from pipelines.prompt import Kind
from tests.service.looking import BLUE, RECIPE, RED, heaps, plain, sphere
from tests.service.marble_client.speaking import HEADERS, ask, polled
from tests.service.receiving import Answer, Message, Receiver
from tests.service.running import QUICK, ROOT, Service
from tests.service.strange_files import RGB, png, saved, video
from tests.service.test_assets import ready


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on which the recipe is installed, and that fetches from wherever it is told to."""
    settings = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, QUICK, RECIPE))), "WORLDLOOM_FETCH_FROM": "anywhere"}
    running = Service(tmp_path_factory.mktemp("looking") / "data", settings).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(looking: Service) -> Iterator[httpx.Client]:
    with looking.client() as found:
        yield found


def within(data: bytes, extension: str | None = None) -> dict[str, Any]:
    return {"source": "data_base64", "data_base64": base64.b64encode(data).decode(), "extension": extension}


def world_of(client: httpx.Client, prompt: dict[str, Any], *, model: str = "looking") -> dict[str, Any]:
    done = polled(client, ask(client, "worlds:generate", {"world_prompt": prompt, "model": model, "seed": 3}))
    assert done["error"] is None, done["error"]
    world: dict[str, Any] = done["response"]
    return world


def splats_of(client: httpx.Client, world_id: str, folder: Path) -> Gaussians:
    (folder / "splats.ply").write_bytes(client.get(f"/v1/worlds/{world_id}/files/splats.ply").content)
    return read_ply(folder / "splats.ply")


@pytest.mark.parametrize(
    ("data", "is_pano", "kind"),
    [
        (sphere(), "auto", Kind.PANORAMA),
        (sphere(is_whole=False), "auto", Kind.PHOTOGRAPH),
        (sphere(is_whole=False), True, Kind.PANORAMA),
        (sphere(), False, Kind.PHOTOGRAPH),
        (plain(RED), "auto", Kind.PHOTOGRAPH),
        (plain(RED), None, Kind.PHOTOGRAPH),
    ],
    ids=["a whole sphere", "half a sphere", "said to be one", "said to be none", "a photograph", "nothing said"],
)
def test_what_a_picture_is_taken_for(client: httpx.Client, tmp_path: Path, data: bytes, is_pano: Any, kind: Kind) -> None:
    world = world_of(client, {"type": "image", "image_prompt": within(data), "is_pano": is_pano})
    assert world["world_prompt"]["is_pano"] is (kind is Kind.PANORAMA)
    assert len(heaps(splats_of(client, world["world_id"], tmp_path), kind)) == 1


def test_what_is_said_to_be_a_panorama_and_cannot_be(client: httpx.Client) -> None:
    body = {"world_prompt": {"type": "image", "image_prompt": within(plain(RED)), "is_pano": True}, "model": "looking"}
    answer = client.post("/marble/v1/worlds:generate", json=body, headers=HEADERS)
    assert answer.status_code == 422
    assert "twice as wide as high" in answer.text


NOTHING = {"source": "data_base64"}
WRONG: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "nothing": ({}, [], "'type' is missing: say which kind this is"),
    "no such kind": ({"type": "smell"}, [], "'type' must be one of 'text', 'image', 'multi-image', 'video'"),
    "no picture": ({"type": "image"}, ["image_prompt"], "this is missing: give it"),
    "null for a picture": ({"type": "image", "image_prompt": None}, ["image_prompt"], "this is missing: give it"),
    "a text for a picture": ({"type": "image", "image_prompt": "a"}, ["image_prompt"], "this must be an object in braces"),
    "no source": ({"type": "image", "image_prompt": {}}, ["image_prompt"], "'source' is missing: say which kind this is"),
    "no bytes": ({"type": "image", "image_prompt": NOTHING}, ["image_prompt", "data_base64"], "this is missing: give it"),
    "no pictures": ({"type": "multi-image", "multi_image_prompt": []}, ["multi_image_prompt"], "0 are too few: give at least 1"),
    "five": (
        {"type": "multi-image", "multi_image_prompt": [{"content": within(b"a")}] * 5},
        [],
        "5 pictures are more than 4: set reconstruct_images, or leave some out",
    ),
    "nine": (
        {"type": "multi-image", "multi_image_prompt": [{"content": within(b"a")}] * 9, "reconstruct_images": True},
        ["multi_image_prompt"],
        "9 are too many: give at most 8",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_prompt_that_is_not_whole_says_what_is_missing(client: httpx.Client, name: str) -> None:
    prompt, where, message = WRONG[name]
    answer = client.post("/marble/v1/worlds:generate", json={"world_prompt": prompt, "model": "looking"}, headers=HEADERS)
    assert answer.status_code == 422, answer.text
    (found,) = answer.json()["detail"]
    assert (found["loc"], found["msg"]) == (["body", "world_prompt", *where], message)


def test_a_base64_that_is_none_is_told(client: httpx.Client) -> None:
    """Also where it is that of another alphabet, or begins as addresses in web pages do."""
    for text in ("not base64 !!", "data:image/png;base64,AAAA", "-_-_", "\u00e9", "AAA"):
        prompt = {"type": "image", "image_prompt": {"source": "data_base64", "data_base64": text}}
        answer = client.post("/marble/v1/worlds:generate", json={"world_prompt": prompt, "model": "looking"}, headers=HEADERS)
        assert (answer.status_code, answer.json()["detail"][:28]) == (400, "data_base64 is not base64: e"), text


@pytest.mark.parametrize("reconstruct", [False, True])
def test_directions_count_unless_the_place_is_reconstructed(client: httpx.Client, tmp_path: Path, reconstruct: bool) -> None:
    asset = ready(client, plain(BLUE))["id"]
    items = [
        {"azimuth": 0, "content": within(plain(RED), "png")},
        {"azimuth": 180, "content": {"source": "media_asset", "media_asset_id": asset}},
    ]
    world = world_of(client, {"type": "multi-image", "multi_image_prompt": items, "reconstruct_images": reconstruct})
    found = heaps(splats_of(client, world["world_id"], tmp_path), Kind.PICTURES if reconstruct else Kind.PHOTOGRAPH)
    where = [[0, 0, 0], [0, 1, 0]] if reconstruct else [[0, 1.65, -4], [0, 1.65, 4]]
    assert np.allclose([one for one, _ in found], where, atol=0.02)
    assert np.allclose([colour for _, colour in found], [RED, BLUE], atol=2)
    assert world["world_prompt"]["multi_image_prompt"][1]["content"]["media_asset_id"] == asset
    assert world["world_prompt"]["reconstruct_images"] is reconstruct


def test_a_video_within_the_request(client: httpx.Client, tmp_path: Path) -> None:
    world = world_of(client, {"type": "video", "video_prompt": within(video(tmp_path, frames=12), "mp4"), "text_prompt": "a walk"})
    _, (where, _) = heaps(splats_of(client, world["world_id"], tmp_path), Kind.VIDEO)
    assert where == pytest.approx([0, 12, -4], abs=0.02)
    assert world["assets"]["caption"] == "a walk."


def test_a_draft_of_what_the_quick_tier_does_not_take(client: httpx.Client) -> None:
    """Nothing built in takes a photograph without a GPU: the draft is made by whatever does."""
    world = world_of(client, {"type": "image", "image_prompt": within(plain(RED)), "is_pano": False}, model="marble-1.0-draft")
    assert world["model"] == "marble-1.0-draft"


# -- distances to paint ----------------------------------------------------------------------------------------------------------------


def test_distances_are_painted(client: httpx.Client, tmp_path: Path) -> None:
    distance_m = np.full((32, 64), 3.0, np.float32)
    write_distance(distance_m, tmp_path / "layout.exr")
    body = {"depth_pano_image": within((tmp_path / "layout.exr").read_bytes()), "text_prompt": "a cabin", "seed": 4}
    done = polled(client, ask(client, "pano:depth_to_rgb", body))
    assert done["error"] is None
    assert done["response"].keys() == {"pano_url"}
    found = heaps(splats_of(client, done["metadata"]["world_id"], tmp_path), Kind.LAYOUT)
    assert found[0][0] == pytest.approx([0, 1.65, -3], abs=0.02)


@pytest.mark.parametrize(("metres", "tolerance_m"), [(0.5, 0.02), (5.0, 0.2), (60.0, 1.5)])
def test_grey_distances_mean_what_the_published_example_says(
    client: httpx.Client, tmp_path: Path, metres: float, tolerance_m: float
) -> None:
    """v = 1 - (ln d - ln z_min) / (ln z_max - ln z_min), and black for nothing: a recipe finds the metres again."""
    z_min, z_max = 0.1, 100.0
    brightness = 1 - (np.log(metres) - np.log(z_min)) / (np.log(z_max) - np.log(z_min))
    grey = np.full((32, 64, 3), round(brightness * 255), np.uint8)
    grey[:8] = 0
    body = {"depth_pano_image": within(png(grey, RGB)), "text_prompt": "a cabin", "z_min": z_min, "z_max": z_max}
    done = polled(client, ask(client, "pano:depth_to_rgb", body))
    assert done["error"] is None
    found = heaps(splats_of(client, done["metadata"]["world_id"], tmp_path), Kind.LAYOUT)
    assert -found[0][0][2] == pytest.approx(metres, abs=tolerance_m)


def test_distances_that_do_not_say_what_they_mean(client: httpx.Client) -> None:
    body = {"depth_pano_image": within(saved(np.full((32, 64, 3), 90, np.uint8), "PNG")), "text_prompt": "a cabin"}
    answer = client.post("/marble/v1/pano:depth_to_rgb", json=body, headers=HEADERS)
    assert answer.status_code == 422
    assert "distances (EXR)" in answer.text


@pytest.mark.parametrize(
    ("ends", "word"),
    [
        ({"z_min": 2, "z_max": 2}, "z_min is 2 and z_max 2"),
        ({"z_min": 3.5, "z_max": 2}, "z_min is 3.5 and z_max 2"),
        ({"z_min": 0, "z_max": 2}, "greater than 0"),
        ({"z_min": 1}, "z_min and z_max belong together"),
    ],
)
def test_ends_of_grey_that_cannot_be(client: httpx.Client, ends: dict[str, float], word: str) -> None:
    body = {"depth_pano_image": within(plain(RED, (64, 32))), "text_prompt": "a cabin", **ends}
    answer = client.post("/marble/v1/pano:depth_to_rgb", json=body, headers=HEADERS)
    assert answer.status_code == 422
    assert word in answer.text


# -- from an address -------------------------------------------------------------------------------------------------------------------


def serving(message: Message) -> Answer:
    """What the addresses of these tests give."""
    path = message.path.partition("?")[0]
    if path == "/slow":
        time.sleep(3)
    return {
        "/red.png": (200, {"Content-Type": "text/html"}, plain(RED)),
        "/away/red.png": (302, {"Location": "../red.png?again"}, b""),
        "/round": (301, {"Location": "/round"}, b""),
        "/elsewhere": (302, {"Location": "http://127.0.0.1:1/red.png"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/words": (200, {}, b"<html>words</html>"),
        "/nothing": (200, {}, b""),
        "/packed": (200, {"Content-Encoding": "gzip"}, plain(RED)),
        "/large": (200, {}, bytes(fetching.MOST_BYTES + 1)),
    }.get(path, 404)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Receiver]:
    """Somebody's web server."""
    with Receiver(serving) as receiver:
        yield receiver


@pytest.mark.parametrize("path", ["red.png", "away/red.png"])
def test_a_picture_is_fetched(client: httpx.Client, elsewhere: Receiver, tmp_path: Path, path: str) -> None:
    uri = f"http://localhost:{elsewhere.port}/{path}"
    world = world_of(client, {"type": "image", "image_prompt": {"source": "uri", "uri": uri}, "is_pano": False})
    ((_, colour),) = heaps(splats_of(client, world["world_id"], tmp_path), Kind.PHOTOGRAPH)
    assert colour == pytest.approx(RED, abs=2)
    assert world["display_name"] == "red"
    asked = elsewhere.messages[-1].headers
    assert asked.keys() == {"host", "accept", "accept-encoding", "user-agent", "content-length"} | asked.keys() & {"connection"}
    assert world["world_prompt"]["image_prompt"]["source"] == "media_asset"


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("/gone.png", 400, "answers 404"),
        ("/round", 400, "leads on and on"),
        ("/elsewhere", 400, "another host"),
        ("/file", 400, "not reached by HTTP"),
        ("/nothing", 400, "there is nothing"),
        ("/packed", 400, "packs the file"),
        ("/large", 400, "larger than 20,000,000 bytes"),
        ("/words", 422, "rejected"),
    ],
)
def test_what_cannot_be_fetched_is_refused(client: httpx.Client, elsewhere: Receiver, path: str, status: int, word: str) -> None:
    content = {"source": "uri", "uri": f"http://localhost:{elsewhere.port}{path}"}
    body = {"world_prompt": {"type": "image", "image_prompt": content}, "model": "looking"}
    answer = client.post("/marble/v1/worlds:generate", json=body, headers=HEADERS)
    assert answer.status_code == status, answer.text
    assert word in answer.text


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.png",
        "http://localhost/a.png",
        "http://[::1]/a.png",
        "http://[::ffff:7f00:1]/a.png",
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/a.png",
        "http://2130706433/a.png",
        "http://%6cocalhost/a.png",
        "http://user:word@example.org/a.png",
        "http://example.org:22/a.png",
        "file:///etc/passwd",
        "gopher://example.org/a",
        "//example.org/a.png",
        "http://a b/",
        "",
    ],
)
def test_44_addresses_that_lead_home_are_not_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refusal, match="this uri cannot be fetched") as refusal:
        fetching.fetch(url, tmp_path / "file", allow_private=False)
    assert refusal.value.status == 400
    assert "webhook" not in str(refusal.value)
    assert not (tmp_path / "file").exists()


def test_what_comes_too_slowly_is_given_up(elsewhere: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT_S", 0.5)
    with pytest.raises(Refusal, match=r"did not come whole within 0\.5 s"):
        fetching.fetch(f"http://localhost:{elsewhere.port}/slow", tmp_path / "file", allow_private=True)
    with pytest.raises(Refusal, match="does not answer"):
        fetching.fetch("http://localhost:1/a.png", tmp_path / "file", allow_private=True)
