"""Visiting: what a person does on the studio's home page, for tests."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

UNDERSTOOD_MS = 120_000  # the first reading loads the dictionary
MADE_MS = 120_000


def at_home(page: Page) -> Page:
    """The home page, with its worlds."""
    page.goto("/")
    expect(page.get_by_role("heading", name="Your worlds")).to_be_visible()
    expect(page.get_by_text("Looking for your worlds…").first).not_to_be_visible()
    return page


def prompt(page: Page) -> Locator:
    """The field for words."""
    return page.get_by_role("textbox", name="Describe a place", exact=True)


def write(page: Page, text: str) -> None:
    """Words into the field."""
    prompt(page).fill(text)


def understood(page: Page) -> Locator:
    """The chips, once the words were read."""
    region = page.get_by_role("region", name="What was understood")
    expect(region).to_be_visible(timeout=UNDERSTOOD_MS)
    expect(region.get_by_text("Reading…")).not_to_be_visible(timeout=UNDERSTOOD_MS)
    return region


def choose(page: Page, menu: str | re.Pattern[str], item: str | re.Pattern[str]) -> None:
    """An item of a menu, found by the beginning of the menu's name."""
    page.get_by_role("button", name=menu).click()
    page.get_by_role("menuitemradio", name=item, exact=True).or_(page.get_by_role("menuitem", name=item)).click()


def press_make(page: Page, *, tier: str | None = "quick") -> None:
    """Have it made; `quick` makes a ball at once, whatever the words are."""
    if tier:
        choose(page, re.compile("^Quality"), tier)
    page.get_by_role("button", name="Make world").click()


def on_the_loom(page: Page, name: str) -> Locator:
    """The card of a world that is being made."""
    return page.get_by_role("region", name="On the loom").get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def stay(page: Page) -> None:
    """Turn to something else, so that the page does not lead into the world that is being made."""
    page.mouse.wheel(0, 2)


def card(page: Page, name: str) -> Locator:
    """The card of a world in the gallery."""
    return page.get_by_role("article", name=name, exact=True)


def from_menu(page: Page, name: str, item: str) -> None:
    """Do something with a world by the menu of its card."""
    card(page, name).get_by_role("button", name=f"More about {name}").click()
    page.get_by_role("menuitem", name=item).click()


def thumbnail_is_shown(place: Locator) -> bool:
    """Whether the picture within has come, and is one."""
    return bool(place.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth >= 320)"))


def body_of(request: Request) -> dict[str, Any]:
    """What a request has sent as JSON."""
    body = request.post_data_json
    assert isinstance(body, dict)
    return body
