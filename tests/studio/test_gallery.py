"""The gallery in a real browser: finding, renaming, tagging, sharing, and deleting with a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.studio.browsing import DIST
from tests.studio.conftest import Studio
from tests.studio.visiting import MADE_MS, at_home, body_of, card, choose, from_menu, on_the_loom, thumbnail_is_shown

IN_ORDER = """names => [...document.querySelectorAll('article')]
    .map(one => one.ariaLabel).filter(one => names.includes(one)).join() === names.join()"""
NAMES = ("Amber ball", "Birch ball", "Cobalt ball")


@pytest.fixture
def worlds(studio: Studio) -> Iterator[dict[str, str]]:
    """Name → id of three balls, gone again at the end."""
    made = {name: studio.make(f"a ball: {name.lower()}", tier="quick", name=name, splats=10_000) for name in NAMES}
    yield made
    with studio.client() as client:
        for world in client.get("/v1/worlds", params={"q": "a ball: "}).json()["worlds"]:  # with those that the test made of them
            client.delete(f"/v1/worlds/{world['id']}")


def shown(page: Page) -> list[str]:
    return [name for name in page.get_by_role("article").evaluate_all("all => all.map(one => one.ariaLabel)") if name in NAMES]


def test_worlds_are_shown_searched_and_sorted(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    assert shown(page) == list(reversed(NAMES))
    for name in NAMES:  # the quick recipe takes no pictures
        expect(card(page, name).get_by_text("No picture of this world")).to_be_visible()
    assert thumbnail_is_shown(page.locator(f"a[href='/w/{studio.world_id}']"))
    search = page.get_by_role("searchbox")
    search.fill("BIRCH")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(card(page, "Birch ball")).to_be_visible()
    search.fill("no such world anywhere")
    expect(page.get_by_text("No world like that")).to_be_visible()
    page.get_by_role("button", name="Show all worlds").click()
    expect(card(page, "Amber ball")).to_be_visible()
    choose(page, re.compile("^Order"), "By name")
    page.wait_for_function(IN_ORDER, arg=list(NAMES))


def test_a_world_is_renamed_in_place(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    from_menu(page, "Amber ball", "Rename")
    field = page.get_by_label("Name of the world")
    expect(field).to_be_focused()
    field.fill('<b>"Amber" & co</b>')
    page.keyboard.press("Enter")
    renamed = card(page, '<b>"Amber" & co</b>')
    expect(renamed.get_by_role("heading")).to_have_text('<b>"Amber" & co</b>')
    renamed.get_by_role("link").focus()
    page.keyboard.press("F2")
    page.get_by_label("Name of the world").fill("not this")
    page.keyboard.press("Escape")
    expect(renamed).to_be_visible()
    with studio.client() as client:
        assert client.get(f"/v1/worlds/{worlds['Amber ball']}").json()["name"] == '<b>"Amber" & co</b>'


def test_tags_are_edited_and_lead_to_worlds(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    from_menu(page, "Birch ball", "Tags")
    dialog = page.get_by_role("dialog")
    for tag in ("round", "wooden"):
        dialog.get_by_label("Add a tag").fill(tag)
        page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Take away wooden").click()
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):  # the card shows them before they are kept
        dialog.get_by_role("button", name="Save tags").click()
    expect(card(page, "Birch ball").get_by_role("button", name="round")).to_be_visible()
    with studio.client() as client:
        assert client.get(f"/v1/worlds/{worlds['Birch ball']}").json()["tags"] == ["round"]
    page.get_by_role("group", name="Tags").get_by_role("button", name="round").click()
    expect(page.get_by_role("article")).to_have_count(1)


def test_a_deletion_can_be_taken_back(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    deleted: list[str] = []
    page.on("request", lambda request: deleted.append(request.url) if request.method == "DELETE" else None)
    from_menu(page, "Cobalt ball", "Delete")
    expect(card(page, "Cobalt ball")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(card(page, "Cobalt ball")).to_be_visible()
    card(page, "Amber ball").get_by_role("link").focus()
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        page.keyboard.press("Delete")
        expect(card(page, "Amber ball")).to_have_count(0)
    assert answer.value.status == 200
    assert [url.rsplit("/", 1)[1] for url in deleted] == [worlds["Amber ball"]]
    with studio.client() as client:
        assert client.get(f"/v1/worlds/{worlds['Amber ball']}").status_code == 404
        assert client.get(f"/v1/worlds/{worlds['Cobalt ball']}").status_code == 200


def test_what_was_deleted_goes_although_the_page_is_closed(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    from_menu(page, "Cobalt ball", "Delete")
    expect(card(page, "Cobalt ball")).to_have_count(0)
    page.goto("about:blank")
    with studio.client() as client:
        for _ in range(200):
            if client.get(f"/v1/worlds/{worlds['Cobalt ball']}").status_code == 404:
                return
            page.wait_for_timeout(50)
    pytest.fail("the world is still there")


def test_new_versions_of_a_world(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    at_home(page)
    with page.expect_request(lambda request: request.url.endswith(":generate")) as asked:
        from_menu(page, "Amber ball", "Again, with another seed")
    body = body_of(asked.value)
    assert (body["text"], body["tier"], body["name"]) == ("a ball: amber ball", "quick", "Amber ball")
    assert body["seed"] != 7
    expect(card(page, "Amber ball")).to_have_count(2, timeout=MADE_MS)
    with page.expect_request(lambda request: request.url.endswith(":generate")) as asked:
        from_menu(page, "Birch ball", "Make it night")
    body = body_of(asked.value)
    assert (body["spec"]["time_of_day"], body["seed"]) == ("night", 7)
    expect(on_the_loom(page, "Birch ball, at night").or_(card(page, "Birch ball, at night"))).to_be_visible(timeout=MADE_MS)
    expect(card(page, "Birch ball, at night")).to_be_visible(timeout=MADE_MS)


def test_others_may_look_when_one_lets_them(page: Page, studio: Studio, worlds: dict[str, str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at_home(page)
    from_menu(page, "Amber ball", "Let others look")
    expect(page.get_by_text("The link is copied. Everyone who has it may look.")).to_be_visible()
    expect(card(page, "Amber ball").get_by_text("Public")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{studio.address}/w/{worlds['Amber ball']}"


def test_more_worlds_come_when_one_scrolls(page: Page, studio: Studio) -> None:
    with studio.client() as client:
        ids = [
            client.post("/v1/worlds:generate", json={"text": f"ball number {number}", "tier": "quick", "name": f"Ball {number:02}"}).json()
            for number in range(30)
        ]
        for operation in ids:
            client.get(f"/v1/operations/{operation['id']}", params={"wait": "60s"})
        try:
            at_home(page)
            expect(card(page, "Ball 29")).to_be_visible()
            page.get_by_role("contentinfo").or_(page.locator("body")).first.press("End")
            expect(card(page, "Ball 00")).to_have_count(1)
            names = page.get_by_role("article").evaluate_all("all => all.map(one => one.ariaLabel).filter(one => one.startsWith('Ball '))")
            assert names == [f"Ball {number:02}" for number in reversed(range(30))]
        finally:
            for operation in ids:
                client.delete(f"/v1/worlds/{operation['world_id']}")


def test_the_built_page_names_no_other_machine(studio: Studio) -> None:
    for path in DIST.glob("*.html"):
        assert re.findall(r'(?:src|href)="(?!/)[^"]+"', path.read_text(encoding="utf-8")) == []
