"""Worlds from pictures, panoramas, distances and video through our own API: a recipe tells which bytes arrived, where, and as what."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest

from app.making.jobs import in_clients_words
from pipelines.formats import read_ply, write_distance
from pipelines.prompt import Kind
from tests.service.asking import problem
from tests.service.looking import BLUE, GREEN, RECIPE, RED, Heap, heaps, plain, sphere
from tests.service.remote_store import remote_store
from tests.service.running import QUICK, ROOT, Service, finished
from tests.service.strange_files import video
from tests.service.test_assets import ready

PATHS = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, QUICK, RECIPE)))}


@pytest.fixture(scope="module")
def looking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service on which the recipe is installed; what nobody owns goes at once."""
    running = Service(tmp_path_factory.mktemp("looking") / "data", {**PATHS, "WORLDLOOM_GARBAGE_S": "4"}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(looking: Service) -> Iterator[httpx.Client]:
    with looking.client() as found:
        yield found


@pytest.fixture(scope="module")
def exr(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Distances of 3 m below, and sky above."""
    return below(3.0, tmp_path_factory.mktemp("exr"))


def below(metres: float, folder: Path) -> bytes:
    """Distances of so many metres below, and sky above."""
    distance_m = np.full((32, 64), metres, np.float32)
    distance_m[:8] = np.inf
    path = folder / "distance.exr"
    write_distance(distance_m, path)
    return path.read_bytes()


def asked(client: httpx.Client, **more: Any) -> httpx.Response:
    return client.post("/v1/worlds:generate", json={"tier": "looking", "splats": 10_000, **more})


def world_of(client: httpx.Client, tmp_path: Path, **more: Any) -> tuple[dict[str, Any], Any]:
    """(the world, its splats), once it is made."""
    answer = asked(client, **more)
    assert answer.status_code == 202, answer.text
    done = finished(client, answer.json())
    assert done["state"] == "SUCCEEDED", done["error"]
    world = client.get(done["links"]["world"]).json()
    (tmp_path / "splats.ply").write_bytes(httpx.get(world["files"]["splats.ply"]["url"]).content)
    return world, read_ply(tmp_path / "splats.ply")


def same(found: list[Heap], expected: list[tuple[list[float], tuple[int, int, int]]]) -> None:
    assert np.allclose([where for where, _ in found], [where for where, _ in expected], atol=0.02)
    assert np.allclose([colour for _, colour in found], [colour for _, colour in expected], atol=2)


# -- what is given arrives -------------------------------------------------------------------------------------------------------------


def test_pictures_arrive_in_their_order(client: httpx.Client, tmp_path: Path) -> None:
    ids = [ready(client, plain(colour), file_name=f"{number}.png")["id"] for number, colour in enumerate((RED, GREEN, BLUE))]
    pictures = [{"media_asset_id": ids[k]} for k in (2, 0, 1, 2)]
    world, splats = world_of(client, tmp_path, pictures=pictures)
    same(heaps(splats, Kind.PICTURES), [([0, 0, 0], BLUE), ([0, 1, 0], RED), ([0, 2, 0], GREEN), ([0, 3, 0], BLUE)])
    assert world["name"] == "2", "after its first file"
    assert world["prompt"]["pictures"] == [{**picture, "azimuth_deg": None} for picture in pictures]
    assert (world["facts"]["place"], world["facts"]["made_from"]) == (None, "pictures")
    assert not any(name.startswith("input") for name in world["files"])


def test_directions_arrive_with_their_pictures(client: httpx.Client, tmp_path: Path) -> None:
    pictures = [
        {"media_asset_id": ready(client, plain(colour))["id"], "azimuth_deg": azimuth} for colour, azimuth in ((RED, 0), (BLUE, 90))
    ]
    world, splats = world_of(client, tmp_path, pictures=pictures, text="a yard")
    same(heaps(splats, Kind.PHOTOGRAPH), [([0, 1.65, -4], RED), ([4, 1.65, 0], BLUE)])
    assert world["name"] == "a yard"
    assert client.get("/v1/worlds", params={"q": "yard"}).json()["worlds"]


def test_a_panorama_arrives_with_its_distances(client: httpx.Client, tmp_path: Path, exr: bytes) -> None:
    panorama, distance = ready(client, plain(BLUE, (64, 32)))["id"], ready(client, exr)["id"]
    _, splats = world_of(client, tmp_path, panorama=panorama)
    same(heaps(splats, Kind.PANORAMA), [([0, 1.65, -4], BLUE)])
    world, splats = world_of(client, tmp_path, panorama=panorama, distance=distance)
    same(heaps(splats, Kind.MEASURED_PANORAMA), [([0, 1.65, -3], BLUE)])
    assert (world["prompt"]["panorama"], world["prompt"]["distance"]) == (panorama, distance)
    world, splats = world_of(client, tmp_path, panorama=panorama, eye_height_m=1.2)
    same(heaps(splats, Kind.PANORAMA), [([0, 1.2, -4], BLUE)])
    assert world["prompt"]["eye_height_m"] == 1.2, "to ask for the same again"
    _, splats = world_of(client, tmp_path, layout=distance, text="a cabin")
    same(heaps(splats, Kind.LAYOUT), [([0, 1.65, -3], (127, 127, 127))])


def test_a_video_arrives_whole(client: httpx.Client, tmp_path: Path) -> None:
    one = ready(client, video(tmp_path, frames=12), file_name="walk.mp4", kind="video")["id"]
    world, splats = world_of(client, tmp_path, video=one, tier="looking")
    (_, first), (where, last) = heaps(splats, Kind.VIDEO)
    assert where == pytest.approx([0, 12, -4], abs=0.02)
    assert first != last
    assert world["name"] == "walk"


def test_a_failure_of_the_recipe_is_told(client: httpx.Client) -> None:
    done = finished(client, asked(client, pictures=[{"media_asset_id": ready(client, plain(RED))["id"]}], text="blink").json())
    assert done["error"] == {"code": "invalid_request", "message": "something was in my eye: keep it out"}


def test_a_failure_speaks_of_files_as_the_client_does(client: httpx.Client, exr: bytes, tmp_path: Path) -> None:
    """Recipes name the files that lie before them; those are not the client's names, and their folder is nobody's business."""
    black, scenery = (ready(client, plain(colour, (256, 128)))["id"] for colour in ((0, 0, 0), GREEN))
    distance = ready(client, exr)["id"]
    near = ready(client, below(0.5, tmp_path))["id"]
    for body, message in (
        ({"panorama": black, "distance": distance}, "the panorama is black all over: give a panorama that shows something"),
        (
            {"panorama": scenery, "distance": near},
            "the panorama of distances ends at 0.5, so its values are no metres along the ray: multiply them to be metres",
        ),
        (
            {"pictures": [{"media_asset_id": one} for one in (scenery, scenery, black)]},
            "picture 1 is all of a single colour: leave it out, or take it again with more light",
        ),
    ):
        done = finished(client, asked(client, tier="nano", **body).json())
        assert done["error"] == {"code": "invalid_request", "message": message}


def test_a_failure_names_weights_without_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLDLOOM_MODELS", str(tmp_path / "models"))
    said = f"{tmp_path}/models/tiny--one/config.json is missing beside {tmp_path}/in/input-000.png and input-001.exr"
    request = {"inputs": {"pictures": [], "panorama": "input-000.png", "distance": "input-001.exr"}}
    assert in_clients_words(request, tmp_path / "in", tmp_path / "out")(said) == (
        "tiny--one/config.json is missing beside the panorama and the panorama of distances"
    )
    assert in_clients_words({"text": "a hut"}, None, tmp_path / "out")(said).startswith("tiny--one/config.json is missing")


def test_files_come_from_a_remote_store_too(tmp_path: Path) -> None:
    with remote_store() as store:
        service = Service(tmp_path / "data", {**PATHS, **store.settings}).start()
        with service.client() as client:
            one = ready(client, plain(GREEN))["id"]
            done = finished(client, asked(client, pictures=[{"media_asset_id": one}]).json())
            assert done["state"] == "SUCCEEDED", done["error"]
            world = client.get(done["links"]["world"]).json()
            (tmp_path / "splats.ply").write_bytes(httpx.get(world["files"]["splats.ply"]["url"], follow_redirects=True).content)
        same(heaps(read_ply(tmp_path / "splats.ply"), Kind.PHOTOGRAPH), [([0, 0, 0], GREEN)])
        assert service.stop() == 0


# -- as long as they are needed, and no longer -----------------------------------------------------------------------------------------


def test_inputs_stay_as_long_as_their_job_and_no_longer(client: httpx.Client, looking: Service, tmp_path: Path) -> None:
    """The upload is deleted while its job waits in line, and what nobody owns goes at once: the job is done all the same."""
    first, second = (ready(client, plain(colour)) for colour in ((201, 7, 7), (7, 201, 7)))
    slow = [asked(client, pictures=[{"media_asset_id": first["id"]}], text=f"slow {k}").json() for k in range(3)]
    waiting = asked(client, pictures=[{"media_asset_id": second["id"]}], visibility="public").json()
    for asset in (first, second):
        assert client.delete(f"/v1/media-assets/{asset['id']}").status_code == 200
    world = f"/v1/worlds/{waiting['world_id']}"
    problem(client.get(f"{world}/files/input-000.png"), "not_found")
    assert client.get(world).json()["files"] == {}
    done = [finished(client, one) for one in (*slow, waiting)]
    assert [one["state"] for one in done] == ["SUCCEEDED"] * 4
    end = time.monotonic() + 60
    while left := [path for asset in (first, second) for path in (looking.data / "blobs").rglob(asset["sha256"])]:
        assert time.monotonic() < end, f"{left} are left behind"
        time.sleep(0.2)
    assert not list((looking.data / "work").rglob("input-*")), "nothing is left in the worker's folder"


def test_inputs_of_a_cancelled_job_go_too(client: httpx.Client, looking: Service) -> None:
    asset = ready(client, plain((3, 3, 203)))
    running = asked(client, pictures=[{"media_asset_id": asset["id"]}], text="slow").json()
    waiting = asked(client, pictures=[{"media_asset_id": asset["id"]}]).json()
    assert client.post(f"/v1/operations/{waiting['id']}:cancel").status_code == 200
    assert finished(client, running)["state"] == "SUCCEEDED"
    assert client.delete(f"/v1/worlds/{waiting['world_id']}").status_code == 200
    assert client.delete(f"/v1/media-assets/{asset['id']}").status_code == 200
    end = time.monotonic() + 60
    while list((looking.data / "blobs").rglob(asset["sha256"])):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_the_same_wish_twice_is_one_world(client: httpx.Client) -> None:
    one, other = ready(client, plain(RED))["id"], ready(client, plain(BLUE))["id"]
    body = {"tier": "looking", "pictures": [{"media_asset_id": one, "azimuth_deg": 5}]}
    headers = {"Idempotency-Key": "the same pictures"}
    first, again = (client.post("/v1/worlds:generate", json=body, headers=headers).json() for _ in range(2))
    assert first["id"] == again["id"]
    for changed in ({"media_asset_id": other, "azimuth_deg": 5}, {"media_asset_id": one, "azimuth_deg": 6}):
        problem(client.post("/v1/worlds:generate", json={**body, "pictures": [changed]}, headers=headers), "idempotency_key_reused")


# -- what does not fit -----------------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused(client: httpx.Client, exr: bytes, tmp_path: Path) -> None:
    picture, wide, distance = (ready(client, data)["id"] for data in (plain(RED), plain(RED, (64, 32)), exr))
    film = ready(client, video(tmp_path), file_name="a.mp4", kind="video")["id"]
    announced = client.post("/v1/media-assets:prepare", json={"file_name": "a.png", "kind": "image"}).json()["id"]
    shown = [{"media_asset_id": picture}]
    for body, word in (
        ({"pictures": shown, "video": film}, "from pictures or from video, not from both"),
        ({"panorama": wide, "layout": distance}, "from panorama or from layout"),
        ({"distance": distance}, "distances belong to a panorama"),
        ({"pictures": shown, "distance": distance}, "distances belong to a panorama"),
        ({"pictures": [{"media_asset_id": film}]}, "is a video, and pictures takes a picture"),
        ({"pictures": [{"media_asset_id": distance}]}, "is a panorama of distances (EXR), and pictures takes a picture"),
        ({"video": picture}, "is a picture (PNG, JPEG, WebP), and video takes a video"),
        ({"panorama": wide, "distance": wide}, "and distance takes a panorama of distances"),
        ({"pictures": shown, "eye_height_m": 0}, "greater than 0"),
        ({"pictures": shown, "eye_height_m": 101}, "100"),
        ({"text": "a forest", "eye_height_m": 1.2}, "an eye height belongs to pictures, a panorama or a video"),
        ({"layout": wide}, "and layout takes a panorama of distances"),
        ({"panorama": picture}, "48 × 32 pixels"),
        ({"pictures": [{"media_asset_id": announced}]}, "has not been completed"),
        ({"pictures": shown, "spec": {"place": "forest"}}, "a spec is for worlds from words"),
        ({"pictures": shown * 61}, "the request is wrong at /pictures: 61 are too many: give at most 60"),
        ({"pictures": [{}]}, "the request is wrong at /pictures/0/media_asset_id: this is missing: give it"),
        ({"pictures": picture}, "the request is wrong at /pictures: this must be a list in brackets"),
        ({"video": 3}, "the request is wrong at /video: this must be a text in quotes"),
        ({"pictures": [{"media_asset_id": "../etc"}]}, "this must have the form ^med_"),
        ({"pictures": [{"media_asset_id": picture, "azimuth_deg": 361}]}, "360"),
    ):
        found = problem(asked(client, **body), "invalid_request")
        assert word in found["detail"], body


def test_what_no_recipe_takes_is_refused_with_the_cure(client: httpx.Client) -> None:
    one = ready(client, plain(RED))["id"]
    found = problem(asked(client, tier="quick", pictures=[{"media_asset_id": one}]), "recipe_unavailable")
    assert "the recipe quick makes worlds from words, not from a single photograph: give several pictures" in found["detail"]


def test_recipes_say_what_they_make_worlds_from(client: httpx.Client) -> None:
    recipes = {recipe["tier"]: recipe for recipe in client.get("/v1/recipes").json()["recipes"]}
    assert recipes["looking"]["takes"] == ["pictures", "video", "panorama", "distance", "layout"]
    assert recipes["looking"]["kinds"] == {kind.value: ["look closely"] for kind in Kind if kind is not Kind.TEXT}
    assert recipes["nano"]["kinds"]["text"] == recipes["nano"]["stages"]
    assert "text" in recipes["nano"]["default_for"]
    assert "layout" in recipes["looking"]["default_for"], "where nothing built in takes it, others do"
    assert recipes["looking"]["lacks"] == {}


def test_whether_edges_meet_is_measured(client: httpx.Client) -> None:
    assert ready(client, sphere())["facts"]["closes"] is True
    assert ready(client, sphere(is_whole=False))["facts"]["closes"] is False
    assert "closes" not in ready(client, plain(RED))["facts"]
