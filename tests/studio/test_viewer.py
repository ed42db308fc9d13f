"""The viewer in a real browser, against a real service: what one sees, walks on, chooses, measures, films and takes along."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Iterator

import av
import numpy as np
import pytest
import trimesh
from playwright.sync_api import Browser, Page, expect

from tests.studio.browsing import QUIET, SWIFTSHADER, Complaints, chromium
from tests.studio.conftest import Studio
from tests.studio.viewing import (
    EYE_M,
    HEIGHT,
    MODEST,
    WIDTH,
    Facts,
    Viewer,
    ahead,
    exported,
    place_on,
    psnr,
    ray_at,
    rendered,
    stored_file,
    thing_in_sight,
    until,
    way_to_a_wall,
)

COUNT_FRAMES = """() => new Promise((done) => {
  const real = window.requestAnimationFrame;
  let asked = 0;
  window.requestAnimationFrame = (frame) => { asked += 1; return real(frame); };
  setTimeout(() => { window.requestAnimationFrame = real; done(asked); }, 1500);
})"""


@pytest.fixture
def viewer(page: Page) -> Viewer:
    """A visitor who has not come in yet, with a window of no more than what most tests need."""
    page.set_viewport_size(MODEST)
    page.emulate_media(reduced_motion="no-preference")  # to glide is part of what one sees
    return Viewer(page)


@pytest.fixture
def wide(viewer: Viewer) -> Viewer:
    """The same with the window that things in sight and rays are worked out for."""
    viewer.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    return viewer


@pytest.fixture
def facts(studio: Studio) -> Iterator[Facts]:
    """The studio's world from its files."""
    with studio.client() as client:
        yield Facts(client, studio.world_id)


@pytest.fixture
def eye(facts: Facts) -> np.ndarray:
    """Where a visitor's eyes are at the beginning; this world is entered looking along −z."""
    spawn = facts.body["facts"]["spawn"]
    assert (spawn["yaw"], spawn["pitch"]) == (0, 0)
    return np.array(spawn["position"]) + (0, EYE_M, 0)


# -- what one sees --------------------------------------------------------------------------------------------------------------------


def test_picture_is_the_one_that_the_service_renders(viewer: Viewer, studio: Studio, facts: Facts) -> None:
    viewer.page.set_viewport_size({"width": 640, "height": 360})
    seen = viewer.open(studio.world_id).picture()
    expected = rendered(facts.client, studio.world_id, camera="spawn", width=640, height=360)
    assert seen.shape == expected.shape
    assert psnr(seen, expected) >= 26
    assert np.abs(seen.mean((0, 1)) - expected.mean((0, 1))).max() < 4  # not washed out
    upright = psnr(seen, expected)
    assert all(upright > psnr(seen, turned) + 5 for turned in (expected[::-1], expected[:, ::-1]))


def test_360_picture_is_the_panorama(viewer: Viewer, studio: Studio, facts: Facts) -> None:
    seen = viewer.open(studio.world_id).picture("o")
    assert seen.shape == (2048, 4096, 3)
    expected = rendered(facts.client, studio.world_id, camera="panorama", width=2048, height=1024)
    small = seen.reshape(1024, 2, 2048, 2, 3).mean((1, 3)).astype(np.uint8)
    middle = slice(150, 874)  # near the poles the service draws splats as they lie on the sphere, the viewer as on a plane
    assert psnr(small[middle], expected[middle]) >= 26


def test_nothing_is_drawn_at_rest(viewer: Viewer, studio: Studio) -> None:
    viewer.open(studio.world_id)
    until(lambda: viewer.statistic("frames"), lambda words: words == "at rest", what="rest")
    asked = viewer.page.evaluate(COUNT_FRAMES)
    assert asked <= 1


# -- walking --------------------------------------------------------------------------------------------------------------------------


def test_walk_three_metres_ahead_and_go_back_to_the_start(viewer: Viewer, studio: Studio, facts: Facts, eye: np.ndarray) -> None:
    """Of the wall at the end of this way, test_whole_way tells."""
    yaw = way_to_a_wall(facts, eye)
    viewer.open(studio.world_id)
    viewer.turn_left(yaw)
    start = viewer.position()
    assert np.allclose(start, eye, atol=0.12)  # on the ground, which need not be quite level
    there = viewer.hold("w", enough=lambda at: math.hypot(*(at - start)[[0, 2]]) >= 3)
    walked = (there - start)[[0, 2]]
    assert walked @ ahead(yaw)[[0, 2]] / np.linalg.norm(walked) > 0.99  # ahead, and not aside
    viewer.press("r")
    until(viewer.position, lambda at: bool(np.allclose(at, eye, atol=0.12)), what="the start")


def test_one_flies_through_the_air_and_lands_on_the_ground(viewer: Viewer, studio: Studio, eye: np.ndarray) -> None:
    viewer.open(studio.world_id)
    viewer.press("2")
    up = viewer.hold("e", enough=lambda at: at[1] > eye[1] + 3)
    viewer.press("1")
    landed = until(viewer.position, lambda at: bool(at[1] < eye[1] + 0.3), what="the ground")
    assert abs(landed[1] - eye[1]) < 0.3 < up[1]


# -- things ---------------------------------------------------------------------------------------------------------------------------


def test_a_thing_is_named_chosen_and_hidden(wide: Viewer, studio: Studio, facts: Facts, eye: np.ndarray) -> None:
    thing, (x, y), corners = thing_in_sight(facts, eye)
    page = wide.open(studio.world_id).page
    page.mouse.move(x, y)
    hover = page.locator(".hover")
    expect(hover).to_contain_text(str(thing["label"]))
    page.mouse.click(x, y)
    card = page.get_by_role("region", name="Chosen thing")
    expect(card.get_by_role("heading")).to_have_text(str(thing["label"]))
    expect(card).to_contain_text(" × ".join(f"{side:.1f}" if side >= 0.95 else f"{side:.2f}" for side in thing["size_m"]))
    before = wide.picture()
    card.get_by_role("button", name="Hide").click()
    wide.notice("is hidden")
    after = wide.picture()
    changed = np.abs(before.astype(int) - after).max(-1) > 24
    places = np.array([place_on(corner, eye, WIDTH, HEIGHT) for corner in corners if corner[2] < eye[2] - 0.3])
    (left, top), (right, bottom) = places.min(0).clip(0), places.max(0)
    box = np.zeros_like(changed)
    box[int(top) : int(bottom) + 1, int(left) : int(right) + 1] = True
    assert changed[box].mean() > 0.4
    assert changed[~_grown(box, 90)].mean() < 0.01
    wide.press("u")
    wide.notice("Everything is shown")
    assert psnr(wide.picture(), before) > 40
    wide.press("j")
    wide.notice("Only")
    alone = wide.picture()
    assert np.abs(alone[:60, -60:].astype(int) - (17, 21, 20)).max() < 12  # no sky any more


def _grown(mask: np.ndarray, margin: int) -> np.ndarray:
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    grown = np.zeros_like(mask)
    grown[max(0, rows[0] - margin) : rows[-1] + margin, max(0, columns[0] - margin) : columns[-1] + margin] = True
    return grown


def test_things_are_found_and_visited_by_keyboard_alone(viewer: Viewer, studio: Studio, facts: Facts) -> None:
    page = viewer.open(studio.world_id).page
    viewer.press("n")
    heading = page.get_by_role("region", name="Chosen thing").get_by_role("heading")
    assert heading.inner_text().lower() == facts.things[0]["label"]
    viewer.press("Shift+n")
    assert heading.inner_text().lower() == facts.things[-1]["label"]
    start = viewer.position()
    viewer.press("z")
    until(viewer.position, lambda at: bool(np.linalg.norm(at - start) > 0.5), what="the flight")
    viewer.press("t")
    expect(page.get_by_role("heading", name="Things")).to_be_visible()
    assert page.locator(".panel li").count() == len(facts.things)
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"


def test_lengths_are_measured_on_surfaces(wide: Viewer, studio: Studio, facts: Facts, eye: np.ndarray) -> None:
    page = wide.open(studio.world_id).page
    wide.press("m")
    points = []
    for x, y in ((620.0, 780.0), (840.0, 740.0)):
        page.mouse.click(x, y)
        direction = ray_at(x, y, WIDTH, HEIGHT)
        distance, name = facts.hit(eye, direction)
        assert name == "ground"
        points.append(eye + direction * distance)
    expected_m = float(np.linalg.norm(points[1] - points[0]))
    words = page.locator(".length").inner_text()
    number, unit = words.split()
    assert float(number) * {"m": 1, "cm": 0.01}[unit] == pytest.approx(expected_m, rel=0.05)


# -- taking along ---------------------------------------------------------------------------------------------------------------------


def test_meshes_and_splats_are_exported(viewer: Viewer, studio: Studio, facts: Facts) -> None:
    page = viewer.open(studio.world_id).page
    viewer.press("y")
    scene = trimesh.load(io.BytesIO(exported(page, "Meshes")), file_type="glb")
    assert {thing["label"] for thing in facts.things if thing["phrase"]} <= set(scene.graph.nodes)
    data = exported(page, "glTF splats")
    length = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + length])
    assert "KHR_gaussian_splatting" in document["extensionsUsed"]
    position = document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    assert document["accessors"][position]["count"] == facts.body["facts"]["splat_count"]


def test_a_camera_path_is_saved_found_again_and_filmed(viewer: Viewer, studio: Studio, facts: Facts) -> None:
    page = viewer.open(studio.world_id).page
    start = viewer.position()
    viewer.press("v", "k")
    viewer.hold("w", enough=lambda at: bool(np.linalg.norm(at - start) > 0.8))
    viewer.press("k")
    page.get_by_label("Time of keyframe 2").fill("1")
    page.get_by_label("Time of keyframe 2").press("Tab")
    page.get_by_label("Ease").first.check()
    page.get_by_role("button", name="Save with the world").click()
    expect(page.get_by_role("button", name="Saved with the world")).to_be_visible()
    saved = facts.client.get(f"/v1/worlds/{studio.world_id}").json()["camera_path"]
    assert [frame["time"] for frame in saved["keyframes"]] == [0, 1]
    assert [frame["ease"] for frame in saved["keyframes"]] == [True, False]
    assert np.allclose(saved["keyframes"][0]["position"], start, atol=0.02)
    page.reload()
    viewer.wait()
    viewer.press("v")
    expect(page.get_by_label("Time of keyframe 2")).to_have_value("1")
    page.get_by_label("Size").select_option(label="640 × 360")
    page.get_by_role("button", name="Make the film").click()
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Download").click(timeout=120_000)
    with av.open(str(download.value.path())) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 31
    camera = {"position": saved["keyframes"][1]["position"], "yaw": saved["keyframes"][1]["yaw"], "pitch": saved["keyframes"][1]["pitch"]}
    assert psnr(frames[-1], rendered(facts.client, studio.world_id, camera=camera, width=640, height=360)) > 28
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name="Save with the world").click()
    until(lambda: facts.client.get(f"/v1/worlds/{studio.world_id}").json()["camera_path"], lambda path: path is None, what="no path")


def test_a_preview_ends_where_the_path_ends(viewer: Viewer, studio: Studio) -> None:
    page = viewer.open(studio.world_id).page
    start = viewer.position()
    viewer.press("v", "k")
    viewer.hold("w", enough=lambda at: bool(np.linalg.norm(at - start) > 1))
    end = until(viewer.position, lambda at: bool(np.array_equal(at, viewer.position())), what="a stand")
    viewer.press("k", "r", "c")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("button", name="Preview")).to_be_visible(timeout=60_000)
    until(viewer.position, lambda at: bool(np.linalg.norm(at - end) < 0.1), what="the end of the path")


def test_share_gives_a_link_and_a_frame_that_opens(viewer: Viewer, studio: Studio) -> None:
    page = viewer.open(studio.world_id).page
    page.get_by_role("button", name="Share").click()
    assert page.get_by_role("textbox", name="Link").input_value() == f"{studio.address}/w/{studio.world_id}"
    frame = page.get_by_label("For another page").input_value()
    assert f'src="{studio.address}/embed/{studio.world_id}"' in frame
    viewer.open(studio.world_id, embedded=True)
    expect(page.get_by_role("link", name="Open in Worldloom")).to_be_visible()
    expect(page.get_by_role("button", name="Export")).to_have_count(0)
    expect(page.get_by_role("button", name="Walk")).to_be_visible()


def test_help_lists_every_key(viewer: Viewer, studio: Studio) -> None:
    page = viewer.open(studio.world_id).page
    viewer.press("?")
    panel = page.get_by_role("region", name="Help")
    for words in ("Jump; rise, while flying", "Add a keyframe here", "Save a 360° picture", "Choose what is in the middle"):
        expect(panel.get_by_text(words)).to_be_visible()


# -- when things go wrong -------------------------------------------------------------------------------------------------------------


def test_a_world_that_does_not_exist(viewer: Viewer, complaints: Complaints) -> None:
    complaints.allow("404")
    viewer.page.goto("/w/wld_00000000000000000000000000000000")
    expect(viewer.page.get_by_role("heading", name="There is no such world")).to_be_visible()
    expect(viewer.page.get_by_role("link", name="See all worlds")).to_be_visible()


def test_a_world_that_is_being_made_opens_by_itself(viewer: Viewer, studio: Studio) -> None:
    with studio.client() as client:
        operation = client.post(
            "/v1/worlds:generate", json={"text": "a ball in 4 seconds", "tier": "quick", "name": "A <b>ball</b>"}
        ).json()
    viewer.page.goto(f"/w/{operation['world_id']}")
    expect(viewer.page.get_by_role("region", name="The world is being made")).to_be_visible()
    expect(viewer.page.get_by_role("progressbar")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="A <b>ball</b>")).to_be_visible()
    viewer.page.wait_for_selector("canvas.seen", timeout=60_000)
    expect(viewer.page.get_by_role("region", name="The world is being made")).to_have_count(0, timeout=60_000)


def test_a_world_that_could_not_be_made(viewer: Viewer, studio: Studio) -> None:
    with studio.client() as client:
        operation = client.post("/v1/worlds:generate", json={"text": "fail", "tier": "quick"}).json()
    viewer.page.goto(f"/w/{operation['world_id']}")
    expect(viewer.page.get_by_role("heading", name="This world could not be made")).to_be_visible(timeout=60_000)
    expect(viewer.page.get_by_role("button", name="Make it again")).to_be_visible()


def test_a_world_that_is_deleted_meanwhile(viewer: Viewer, studio: Studio, complaints: Complaints) -> None:
    complaints.allow("404")
    world_id = studio.make("a ball", tier="quick")
    page = viewer.open(world_id).page
    page.get_by_role("button", name="Share").click()
    looks = f"**/v1/worlds/{world_id}"
    page.route(looks, lambda route: route.continue_() if route.request.method == "PATCH" else None)  # it does not find out by itself first
    with studio.client() as client:
        client.delete(f"/v1/worlds/{world_id}").raise_for_status()
    page.get_by_label("Everyone who has the link may look").click()
    viewer.notice("This world was deleted")
    page.unroute(looks)
    expect(page.get_by_text("Deleted: this is all there is")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="There is no such world")).to_be_visible()


def test_a_truncated_file(viewer: Viewer, studio: Studio, complaints: Complaints) -> None:
    complaints.allow(r"4\d\d|5\d\d|ERR_")
    world_id = studio.make("a ball", tier="quick", seed=99)
    with studio.client() as client:
        file = stored_file(studio.service.data, client.get(f"/v1/worlds/{world_id}").json()["files"]["splats.spz"]["sha256"])
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(whole[: len(whole) // 2])
    page = viewer.page
    page.goto(f"/w/{world_id}")
    expect(page.get_by_role("alert").get_by_role("heading")).to_have_text("A file of this world is damaged", timeout=60_000)
    file.write_bytes(whole)
    page.get_by_role("button", name="Try again").click()
    viewer.wait()


def test_a_lost_graphics_card_comes_back(viewer: Viewer, studio: Studio, complaints: Complaints) -> None:
    complaints.allow("(?i)context lost")
    page = viewer.open(studio.world_id).page
    start = viewer.position()
    viewer.hold("w", enough=lambda at: bool(np.linalg.norm(at - start) > 0.5))
    here, before = viewer.standing(), viewer.picture()
    page.evaluate("document.querySelector('canvas').dataset.lost = 'yes'")
    page.evaluate("document.querySelector('canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()")
    page.wait_for_selector("canvas.seen:not([data-lost])", timeout=60_000)
    viewer.wait()
    assert np.allclose(viewer.standing(), here, atol=0.05)
    assert psnr(viewer.picture(), before) > 30


def test_a_browser_without_webgl(browser: Browser, studio: Studio) -> None:
    poor = browser.browser_type.launch(executable_path=chromium(), args=[*QUIET, *SWIFTSHADER, "--disable-3d-apis"])
    page = poor.new_page()
    page.goto(f"{studio.address}/w/{studio.world_id}")
    expect(page.get_by_role("heading", name="This browser cannot draw worlds")).to_be_visible(timeout=30_000)
    poor.close()
