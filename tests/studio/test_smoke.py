"""The page opens: no error in the console, nothing that the Content-Security-Policy had to stop, and WebGL 2 is there."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.studio.browsing import Complaints
from tests.studio.conftest import Studio


@pytest.mark.parametrize("address", ["/", "/w/{world}", "/embed/{world}", "/w/nothing"])
def test_page_opens_without_complaint(page: Page, studio: Studio, address: str, complaints: Complaints) -> None:
    where = address.format(world=studio.world_id)
    if address.endswith("nothing"):
        complaints.allow("404")
    answer = page.goto(where, wait_until="load")
    assert answer is not None
    assert answer.status == 200
    page.wait_for_function("document.querySelector('#studio').children.length > 0")
    assert "Worldloom" in page.title()


def test_browser_draws(page: Page) -> None:
    page.goto("/")
    assert "WebGL 2.0" in str(
        page.evaluate("document.createElement('canvas').getContext('webgl2').getParameter(WebGL2RenderingContext.VERSION)")
    )


def test_only_this_service_is_asked(page: Page, studio: Studio) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/w/{studio.world_id}", wait_until="load")
    assert asked
    assert [url for url in asked if not url.startswith((studio.address, "blob:", "data:"))] == []
