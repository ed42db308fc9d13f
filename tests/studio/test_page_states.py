"""What keeps the page from working, and how it recovers: a service that was killed, keys, addresses of nothing, themes, keyboards."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, ViewportSize, expect

from tests.service.running import Service, keys
from tests.studio.browsing import Complaints
from tests.studio.conftest import WAIT_MS, Studio
from tests.studio.viewing import until
from tests.studio.visiting import MADE_MS, at_home, card, on_the_loom, press_make, prompt, understood, write

COUNT_SHIFTS = """window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) window.shift += one.value; }))
    .observe({ type: 'layout-shift', buffered: true });"""
NEVER_SORTED = """const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...more) {
    if (message?.name === 'sortSplats32') window.sorting = true;
    else post.call(this, message, ...more);
};"""
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
}"""

CLOSE_TOLD_LATE = """addEventListener('close', event => {
    if (!event.isTrusted) return;
    event.stopImmediatePropagation();
    setTimeout(() => event.target.dispatchEvent(new Event('close')), 1500);
}, true);"""


def visitor(browser: Browser, address: str) -> Page:
    """Somebody with a window of their own; close its context."""
    window: ViewportSize = {"width": 1440, "height": 900}
    context = browser.new_context(base_url=address, viewport=window, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_service_that_was_killed_comes_back(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    service = Service(tmp_path_factory.mktemp("killed") / "data", arguments=("--port", str(free_port()))).start()
    page = visitor(browser, service.address)
    try:
        at_home(page)
        write(page, "a ball in 15 seconds, through a fall")
        press_make(page)
        name = "A ball in 15 seconds, through a fall"
        expect(on_the_loom(page, name).get_by_text(re.compile("%$"))).to_be_visible(timeout=MADE_MS)
        service.kill()
        banner = page.get_by_text("The service does not answer.")
        expect(banner).to_be_visible()
        write(page, "words that must not be lost")
        expect(on_the_loom(page, name)).to_be_visible()
        service.start()
        expect(banner).not_to_be_visible()
        expect(prompt(page)).to_have_value("words that must not be lost")
        page.mouse.wheel(0, 2)
        expect(card(page, name)).to_be_visible(timeout=MADE_MS)
    finally:
        page.context.close()
        service.stop()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks everybody for a key."""
    service = Service(tmp_path_factory.mktemp("locked") / "data", {"WORLDLOOM_REQUIRE_KEYS": "true"}).start()
    yield service
    assert service.stop() == 0


def test_a_key_is_asked_for_kept_and_forgotten(browser: Browser, locked: Service) -> None:
    page = visitor(browser, locked.address)
    try:
        page.goto("/")
        dialog = page.get_by_role("dialog", name="A key, please")
        expect(dialog).to_be_visible()
        dialog.get_by_label("Key", exact=True).fill("two words")
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("That is no key")).to_be_visible()
        dialog.get_by_label("Key", exact=True).fill("wl_" + "x" * 40)
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("unknown here, or has run out")).to_be_visible()
        dialog.get_by_label("Key", exact=True).fill(keys(locked, "browser")["key"])
        page.keyboard.press("Enter")
        expect(dialog).not_to_be_visible()
        expect(page.get_by_text("No worlds yet")).to_be_visible()
        page.reload()
        expect(page.get_by_text("No worlds yet")).to_be_visible()
        assert page.evaluate("localStorage.getItem('worldloom-key')").startswith("wl_")
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Change the key").click()
        page.get_by_role("button", name="Forget the key").click()
        expect(dialog).to_be_visible()
        assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    finally:
        page.context.close()


def test_a_dialog_that_opens_again_stays_though_its_closing_is_told_late(browser: Browser, locked: Service) -> None:
    page = visitor(browser, locked.address)
    try:
        page.add_init_script(CLOSE_TOLD_LATE)
        page.goto("/")
        dialog = page.get_by_role("dialog", name="A key, please")
        dialog.get_by_label("Key", exact=True).fill("wl_" + "x" * 40)
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("unknown here, or has run out")).to_be_visible()
        page.wait_for_timeout(2000)
        expect(dialog).to_be_visible()
    finally:
        page.context.close()


def test_a_key_that_runs_out_while_one_works(browser: Browser, locked: Service) -> None:
    admin = keys(locked, "admin", "--scope", "admin", "--scope", "read", "--scope", "write")["key"]
    page = visitor(browser, locked.address)
    try:
        with locked.client(admin) as client:
            made = client.post("/v1/keys", json={"name": "short", "scopes": ["read", "write"]}).json()
            page.goto("/")
            dialog = page.get_by_role("dialog", name="A key, please")
            dialog.get_by_label("Key", exact=True).fill(made["key"])
            page.keyboard.press("Enter")
            expect(page.get_by_text("No worlds yet")).to_be_visible()
            assert client.delete(f"/v1/keys/{made['id']}").status_code == 200
        write(page, "a ball, later")
        with suppress(TimeoutError):  # the words are read as they are written, and that may ask for a key first
            page.get_by_role("button", name="Make world").click(timeout=3_000)
        expect(dialog).to_be_visible()
        dialog.get_by_label("Key", exact=True).fill(admin)
        page.keyboard.press("Enter")
        expect(dialog).not_to_be_visible()
        expect(prompt(page)).to_have_value("a ball, later")
        press_make(page)
        page.wait_for_url(re.compile("/w/wld_"), timeout=MADE_MS)
    finally:
        page.context.close()


def test_back_and_forward(page: Page, studio: Studio) -> None:
    at_home(page)
    page.locator(f"a[href='/w/{studio.world_id}']").click()
    expect(page).to_have_url(re.compile("/w/wld_"))
    page.go_back()
    expect(prompt(page)).to_be_visible()
    page.go_forward()
    expect(page).to_have_url(re.compile("/w/wld_"))


def test_a_sorter_that_is_sent_away_says_nothing(page: Page, studio: Studio) -> None:
    """Who leaves a world while its splats are sorted sends a worker away that has yet to answer: that is no fault of the page's."""
    page.add_init_script(NEVER_SORTED)
    page.goto(f"/w/{studio.world_id}")
    page.wait_for_function("() => window.sorting")
    page.get_by_role("button", name="Back").click()
    expect(prompt(page)).to_be_visible()
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")


def test_by_keyboard_alone(page: Page, studio: Studio) -> None:
    at_home(page)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Help")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).not_to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitemradio", name="Newest first")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitemradio", name="Oldest first")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Order")).to_be_focused()
    page.locator("main").press("n")
    expect(prompt(page)).to_be_focused()
    page.keyboard.type("n?s")
    expect(prompt(page)).to_have_value("n?s")


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_sticks_out(browser: Browser, studio: Studio, width: int, complaints: Complaints) -> None:
    page = visitor(browser, studio.address)
    complaints.listen(page)
    try:
        page.set_viewport_size({"width": width, "height": 800})
        at_home(page)
        write(page, "a hut beside a lake, " + "verylongword" * 20)
        understood(page)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    finally:
        page.context.close()


def test_nothing_moves_while_the_page_loads(page: Page, studio: Studio) -> None:
    page.add_init_script(COUNT_SHIFTS)
    at_home(page)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") < 0.1


def test_the_theme_is_chosen_and_kept(page: Page) -> None:
    at_home(page)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    dark = until(lambda: page.evaluate(ground), lambda colour: colour != light, what="the dark")
    page.reload()
    assert page.evaluate(ground) == dark


def test_a_hidden_tab_asks_for_nothing(page: Page) -> None:
    at_home(page)
    write(page, "a ball in 15 seconds, unseen")
    press_make(page)
    name = "A ball in 15 seconds, unseen"
    expect(on_the_loom(page, name).get_by_text(re.compile("%$"))).to_be_visible(timeout=MADE_MS)
    page.mouse.wheel(0, 2)
    page.evaluate(HIDE, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(6_000)
    assert asked == []
    page.evaluate(HIDE, False)
    expect(card(page, name)).to_be_visible(timeout=MADE_MS)


def test_an_address_of_nothing_says_so(page: Page, complaints: Complaints) -> None:
    complaints.allow("404")
    for address in ("/wrld/wld_1", "/w/", "/w/a/b"):
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 404
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
        expect(page.get_by_text(address)).to_be_visible()
    page.get_by_role("link", name="See all worlds").click()
    expect(prompt(page)).to_be_visible()


def test_programs_get_problems(studio: Studio) -> None:
    with studio.client() as client:
        for address, accept in (("/wrld/wld_1", "*/*"), ("/v1/nothing", "text/html"), ("/marble/v1/nothing", "text/html")):
            answer = client.get(address, headers={"Accept": accept})
            assert answer.status_code == 404
            assert answer.headers["content-type"].split(";")[0].endswith("json")
        assert client.post("/wrld", headers={"Accept": "text/html"}, json={}).json()["code"] == "not_found"
