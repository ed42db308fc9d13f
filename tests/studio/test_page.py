"""The home page in a real browser: from words to chips, progress and a world; what is wrong is said where it belongs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.studio.browsing import DIST, Complaints
from tests.studio.conftest import Studio
from tests.studio.visiting import (
    MADE_MS,
    at_home,
    body_of,
    card,
    choose,
    from_menu,
    on_the_loom,
    press_make,
    prompt,
    stay,
    understood,
    write,
)

MOST_BYTES_WITHOUT_A_WORLD = 1_300_000
DROP = """([name, type, bytes]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], name, { type }));
    for (const kind of ['dragenter', 'dragover', 'drop'])
        window.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


def sent(page: Page, action: Callable[[], object]) -> dict[str, Any]:
    """The body of the request for a world that an action sends."""
    with page.expect_request(lambda request: request.url.endswith("/v1/worlds:generate")) as asked:
        action()
    return body_of(asked.value)


def test_from_words_to_a_world(page: Page, studio: Studio) -> None:
    at_home(page)
    write(page, "a stone hut beside a pond in the rain, in 4 seconds")
    chips = understood(page)
    for words in ("Meadow", "Rain", "Pond"):
        expect(chips.get_by_role("button", name=words)).to_be_visible()
    body = sent(page, lambda: press_make(page))
    assert "spec" not in body
    name = "A stone hut beside a pond in the rain, in 4 seconds"
    loom = on_the_loom(page, name)
    expect(loom.get_by_role("progressbar")).to_be_visible()
    expect(loom.get_by_text(re.compile("%$"))).to_be_visible(timeout=MADE_MS)
    stay(page)
    expect(card(page, name)).to_be_visible(timeout=MADE_MS)
    expect(loom).to_have_count(0)
    with studio.client() as client:
        world = client.get("/v1/worlds", params={"q": "in 4 seconds"}).json()["worlds"][0]
    assert world["prompt"]["text"] == body["text"]
    assert world["prompt"]["seed"] == body["seed"]
    assert card(page, name).get_by_role("link").get_attribute("href") == f"/w/{world['id']}"


def test_chips_change_what_is_made(page: Page, studio: Studio) -> None:
    text = "three red boats beside a lake at dawn, a pine, and a zorblax, in 6 seconds"
    with studio.client() as client:
        read = client.post("/v1/prompts:read", json={"text": text}).json()["spec"]
        benches = client.post("/v1/prompts:read", json={"text": "two benches"}).json()["spec"]["things"]
    boats = next(thing for thing in read["things"] if thing["count"] == 3)
    at_home(page)
    write(page, text)
    chips = understood(page)
    expect(chips.get_by_text("a zorblax")).to_be_visible()
    choose(page, re.compile("^Time"), "Night")
    choose(page, re.compile("^Place"), "Forest")
    chips.get_by_role("button", name=re.compile(f"^3 × red {boats['kind']}")).click()
    page.get_by_role("button", name="One more").click()
    page.get_by_label("Colour").select_option("blue")
    page.get_by_role("button", name="Done").click()
    chips.get_by_role("button", name="Pine").click()
    page.get_by_role("button", name="Take it out").click()
    chips.get_by_role("button", name="Add a thing").click()
    page.get_by_label("Add a thing").fill("two benches")
    page.keyboard.press("Enter")
    expect(chips.get_by_role("button", name=f"2 × {benches[0]['kind']}")).to_be_visible(timeout=MADE_MS)
    body = sent(page, lambda: press_make(page))
    stay(page)
    spec, things = body["spec"], {thing["name"]: thing for thing in body["spec"]["things"]}
    assert (spec["time_of_day"], spec["place"], spec["weather"]) == ("night", "forest", read["weather"])
    assert things[boats["name"]] == {**boats, "count": 4, "colour": "blue"}
    assert set(things) == {thing["name"] for thing in read["things"]} - {"pine"} | {benches[0]["name"]}
    assert things[benches[0]["name"]] == benches[0]
    assert spec["without"] == ["pine"]
    name = str(body["name"])
    expect(card(page, name)).to_be_visible(timeout=MADE_MS)

    from_menu(page, name, "Edit and remake")
    expect(prompt(page)).to_have_value(text)
    expect(understood(page).get_by_role("button", name=re.compile("^4 × blue"))).to_be_visible()


def test_one_is_led_into_the_world_that_was_asked_for(page: Page, studio: Studio) -> None:
    at_home(page)
    write(page, "a ball in 2 seconds, to walk into")
    choose(page, re.compile("^Quality"), "quick")
    prompt(page).press("Control+Enter")
    page.wait_for_url(re.compile("/w/wld_"), timeout=MADE_MS)
    page.go_back()
    expect(prompt(page)).to_have_value("a ball in 2 seconds, to walk into")
    expect(card(page, "A ball in 2 seconds, to walk into")).to_be_visible()


def test_a_reload_picks_up_what_is_being_made(page: Page) -> None:
    at_home(page)
    write(page, "a ball in 12 seconds, seen twice")
    press_make(page)
    name = "A ball in 12 seconds, seen twice"
    expect(on_the_loom(page, name).get_by_text(re.compile("%$"))).to_be_visible(timeout=MADE_MS)
    page.reload()
    expect(on_the_loom(page, name).get_by_role("progressbar")).to_be_visible()
    expect(card(page, name)).to_be_visible(timeout=MADE_MS)
    assert page.url.endswith("/")


def test_what_is_being_made_can_be_stopped(page: Page) -> None:
    at_home(page)
    write(page, "a ball in 60 seconds, stopped")
    press_make(page)
    name = "A ball in 60 seconds, stopped"
    on_the_loom(page, name).get_by_role("button", name="Stop").click()
    expect(card(page, name).get_by_text("It was stopped before it was finished.")).to_be_visible(timeout=MADE_MS)
    expect(on_the_loom(page, name)).to_have_count(0)


def test_a_failed_world_says_why_and_can_be_tried_again(page: Page, studio: Studio) -> None:
    at_home(page)
    write(page, "a ball that will fail")
    press_make(page)
    name = "A ball that will fail"
    expect(card(page, name).get_by_text("The ball cannot be rolled: ask for a cube.")).to_be_visible(timeout=MADE_MS)
    body = sent(page, lambda: card(page, name).get_by_role("button", name="Try again").click())
    assert body["text"] == "a ball that will fail"
    expect(page.get_by_text("A new version is on the loom.")).to_be_visible()
    expect(card(page, name)).to_have_count(1, timeout=MADE_MS)
    with studio.client() as client:
        assert len(client.get("/v1/worlds", params={"q": "will fail"}).json()["worlds"]) == 1


def test_markup_is_shown_and_never_run(page: Page) -> None:
    markup = '<img src=x onerror="window.ran = 1"><script>window.ran = 1</script> a hut in 2 seconds'
    at_home(page)
    write(page, markup)
    understood(page)
    body = sent(page, lambda: press_make(page))
    assert body["text"] == markup
    stay(page)
    name = str(body["name"])
    assert name.startswith("<img src=x")
    expect(card(page, name)).to_be_visible(timeout=MADE_MS)
    expect(card(page, name).get_by_role("heading")).to_have_text(name)
    assert page.evaluate("window.ran") is None
    assert page.locator("img[src=x]").count() == 0


def test_a_prompt_that_is_too_long_is_said_and_not_sent(page: Page) -> None:
    at_home(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    write(page, "a pine and a rock, " * 5_300)
    expect(page.get_by_role("alert")).to_contain_text("at most 2,000 can be read: shorten it by 98,6")
    page.get_by_role("button", name="Make world").click()
    expect(prompt(page)).to_be_focused()
    assert prompt(page).get_attribute("aria-invalid") == "true"
    assert asked == []
    write(page, "a pine")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_words_that_mean_nothing_are_said(page: Page, complaints: Complaints) -> None:
    complaints.allow("422")
    at_home(page)
    write(page, "zorblax qwrtz")
    expect(page.get_by_text("Nothing in this prompt is understood")).to_be_visible(timeout=MADE_MS)


def test_files_that_no_recipe_takes_are_refused_before_they_are_sent(page: Page) -> None:
    at_home(page)
    expect(page.get_by_text("Several pictures of a place, panoramas with distances and video can be dropped")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method in ("POST", "PUT") else None)
    page.evaluate(DROP, ["notes.txt", "text/plain", list(b"a pine forest")])
    expect(page.get_by_role("alert")).to_contain_text("“notes.txt” is no picture or video that can be read here: use PNG")
    assert asked == []
    sea = io.BytesIO()
    Image.new("RGB", (640, 480), (40, 90, 140)).save(sea, "PNG")
    page.evaluate(DROP, ["sea.png", "image/png", list(sea.getvalue())])
    expect(page.get_by_text("One photograph alone does not become a world on this server").first).to_be_visible()


def test_the_page_without_a_world_is_small(page: Page, studio: Studio) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    at_home(page)
    page.wait_for_load_state("networkidle")
    names = [url.removeprefix(studio.address).lstrip("/") or "index.html" for url in asked if "/v1/" not in url]
    sizes = {}
    for name in names:
        packed = DIST / f"{name}.gz"
        sizes[name] = (packed if packed.is_file() else DIST / name).stat().st_size
    assert not [name for name in names if "iewer" in name or "spark" in name or "rapier" in name]
    assert sum(sizes.values()) <= MOST_BYTES_WITHOUT_A_WORLD / 5
