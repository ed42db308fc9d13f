"""The whole way of a visitor, in one go: words, progress, in, three metres ahead, a wall, a thing, a picture, a file, gone."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import trimesh
from playwright.sync_api import Page, Route, expect

from tests.studio.browsing import Complaints
from tests.studio.conftest import PROMPT, SPLATS, Studio
from tests.studio.viewing import (
    EYE_M,
    HEIGHT,
    WIDTH,
    Facts,
    Viewer,
    ahead,
    exported,
    is_before_a_wall,
    thing_in_sight,
    until,
    way_to_a_wall,
)
from tests.studio.visiting import MADE_MS, at_home, body_of, card, choose, from_menu, on_the_loom, press_make, understood, write

NAME = "A stone cottage beside a pond in a meadow, with an oak tree…"  # how the page calls a world of PROMPT
MADE_FOR_REAL_MS = 300_000
DRAFT_SPLATS = 100_000


@contextmanager
def fewer_splats(page: Page) -> Iterator[dict[str, object]]:
    """What the page asks for is made of a fifth of its splats, for without a GPU all of them take time in every frame; yields its wish."""
    asked: dict[str, object] = {}

    def lighten(route: Route) -> None:
        asked.update(body_of(route.request))
        route.continue_(post_data={**asked, "splats": SPLATS})

    page.route("**/v1/worlds:generate", lighten)
    with page.expect_response("**/v1/worlds:generate"):
        yield asked
    page.unroute("**/v1/worlds:generate")


def test_from_words_to_the_wall_and_back(page: Page, studio: Studio, complaints: Complaints) -> None:
    page.emulate_media(reduced_motion="no-preference")
    at_home(page)
    write(page, PROMPT)
    expect(understood(page).get_by_role("button", name=re.compile("oak", re.IGNORECASE))).to_be_visible()
    choose(page, re.compile("^Detail"), re.compile("^Draft"))
    page.get_by_role("spinbutton", name="Seed").fill("7")
    with fewer_splats(page) as asked:
        press_make(page, tier=None)
    assert asked["splats"] == DRAFT_SPLATS
    making = page.get_by_role("region", name="The world is being made")
    expect(on_the_loom(page, NAME).get_by_role("progressbar").or_(making).first).to_be_visible()

    page.wait_for_url(re.compile("/w/wld_"), timeout=MADE_FOR_REAL_MS)  # the page leads in as soon as there is something to see
    world_id = page.url.rpartition("/")[2]
    with studio.client() as client:
        state = "QUEUED"
        while state not in ("SUCCEEDED", "FAILED", "CANCELLED"):
            operation = client.get(f"/v1/worlds/{world_id}").json()["operation_id"]
            state = client.get(f"/v1/operations/{operation}", params={"wait": "60s"}).json()["state"]
        assert state == "SUCCEEDED"
        viewer = Viewer(page)
        expect(making).to_have_count(0, timeout=MADE_MS)
        viewer.wait()
        facts = Facts(client, world_id)
        eye = np.array(facts.body["facts"]["spawn"]["position"]) + (0, EYE_M, 0)

        thing, (x, y), _ = thing_in_sight(facts, eye)
        page.mouse.click(x, y)
        chosen = page.get_by_role("region", name="Chosen thing")
        expect(chosen.get_by_role("heading")).to_have_text(str(thing["label"]))
        picture = viewer.picture()
        assert picture.shape == (HEIGHT, WIDTH, 3)
        assert picture.std() > 20, "a picture of something"
        page.keyboard.press("Escape")

        yaw = way_to_a_wall(facts, eye)
        viewer.turn_left(yaw)
        start = viewer.position()
        there = viewer.hold("w", enough=lambda at: math.hypot(*(at - start)[[0, 2]]) >= 3)
        assert (there - start)[[0, 2]] @ ahead(yaw)[[0, 2]] > 2.9
        assert is_before_a_wall(facts, start, viewer.hold_until_still("w"))

        viewer.press("y")
        scene = trimesh.load(io.BytesIO(exported(page, "Meshes")), file_type="glb")
        assert str(thing["label"]) in set(scene.graph.nodes)

        at_home(page)
        from_menu(page, NAME, "Delete")
        expect(card(page, NAME)).to_have_count(0)
        until(lambda: client.get(f"/v1/worlds/{world_id}").status_code, lambda status: status == 404, what="the end of the world")
