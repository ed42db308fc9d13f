"""Dropped pictures in a real browser, at a service with a recipe that takes them: sent in three steps, or refused before they travel."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.service.running import QUICK, ROOT, Service
from tests.studio.browsing import Complaints
from tests.studio.conftest import WAIT_MS
from tests.studio.visiting import MADE_MS, at_home, body_of, card, stay, write

RECIPE = Path(__file__).parent / "picture_recipe"
TOO_MANY_BYTES = 104_857_601
DROP_A_LARGE_ONE = """bytes => {
    const content = new Uint8Array(bytes);
    content.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const files = new DataTransfer();
    files.items.add(new File([content], 'huge.png'));
    window.dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose recipe `picture` takes pictures."""
    path = os.pathsep.join(map(str, (ROOT, QUICK, RECIPE)))
    running = Service(tmp_path_factory.mktemp("media") / "data", {"PYTHONPATH": path}).start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def visitor(browser: Browser, service: Service, complaints: Complaints) -> Iterator[Page]:
    """Somebody on its home page."""
    context = browser.new_context(base_url=service.address, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    complaints.listen(page)
    yield at_home(page)
    context.close()
    assert complaints.unexpected == []


def picture(width: int, height: int) -> bytes:
    """A PNG of these proportions."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, "PNG")
    return file.getvalue()


def choose_file(page: Page, name: str, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})


@pytest.mark.parametrize(("width", "height", "field"), [(640, 480, "pictures"), (1024, 512, "panorama")])
def test_a_picture_is_sent_inspected_and_made(visitor: Page, service: Service, width: int, height: int, field: str) -> None:
    expect(visitor.get_by_text("Pictures, panoramas and video can be dropped anywhere on this page.")).to_be_visible()
    choose_file(visitor, "sea.png", picture(width, height))
    expect(visitor.get_by_text("a picture of the place" if field == "pictures" else "a panorama")).to_be_visible()
    write(visitor, f"a ball in 2 seconds of {field}")
    with visitor.expect_response(lambda answer: answer.url.endswith(":generate")) as made:
        visitor.get_by_role("button", name="Make world").click()
    stay(visitor)
    assert made.value.status == 202
    asked = body_of(made.value.request)
    asset = asked[field][0]["media_asset_id"] if field == "pictures" else asked[field]
    with service.client() as client:
        facts = client.get(f"/v1/media-assets/{asset}").json()
    assert (facts["state"], facts["file_name"]) == ("READY", "sea.png")
    assert (facts["facts"]["width_px"], facts["facts"]["height_px"]) == (width, height)
    expect(card(visitor, f"A ball in 2 seconds of {field}")).to_be_visible(timeout=MADE_MS)


def test_what_is_no_picture_is_said_by_the_service(visitor: Page, complaints: Complaints) -> None:
    complaints.allow("422")
    choose_file(visitor, "torn.png", picture(640, 480)[:2_000])
    expect(visitor.get_by_role("alert")).to_be_visible()
    expect(visitor.get_by_text("torn.png")).to_have_count(0)


def test_what_is_too_large_is_refused_before_it_travels(visitor: Page, complaints: Complaints) -> None:
    complaints.allow("422")
    sent: list[str] = []
    visitor.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    visitor.evaluate(DROP_A_LARGE_ONE, TOO_MANY_BYTES)
    expect(visitor.get_by_role("alert")).to_contain_text("A file of 104,857,601 bytes cannot be uploaded: send 1 to 104,857,600")
    assert sent == []


def test_several_pictures_are_sent_in_order_with_their_directions(visitor: Page) -> None:
    with visitor.expect_file_chooser() as chooser:
        visitor.get_by_role("button", name="Choose a file").click()
    names = ("a.png", "b.png", "c.png")
    chooser.value.set_files([FilePayload(name=name, mimeType="image/png", buffer=picture(640, 480)) for name in names])
    shown = visitor.get_by_role("list", name="Files that the world is made from").get_by_role("listitem")
    expect(shown).to_have_count(3)
    expect(visitor.get_by_text("a picture of the place")).to_have_count(3)
    visitor.get_by_role("button", name="Move c.png forward").click()
    visitor.get_by_role("spinbutton", name="Direction of a.png").fill("90")
    visitor.get_by_role("button", name="Leave out b.png").click()
    expect(shown).to_have_count(2)
    expect(shown.first.locator("img")).to_have_js_property("naturalWidth", 640)
    with visitor.expect_response(lambda answer: answer.url.endswith(":generate")) as made:
        visitor.get_by_role("button", name="Make world").click()
    assert made.value.status == 202
    pictures = body_of(made.value.request)["pictures"]
    assert [one["azimuth_deg"] for one in pictures] == [90, None]
    assert len({one["media_asset_id"] for one in pictures}) == 2
