"""A real service with a finished world, and a real browser to look at it, for the tests of this folder.

Fixtures, from large to small: `studio` (the service), `browser`, `page` (a fresh visitor), `complaints` (of that page).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.service.running import Service, finished
from tests.studio.browsing import QUIET, Complaints, chromium, drawing_flags, require_dist

SPLATS = 20_000
PROMPT = "a stone cottage beside a pond in a meadow, with an oak tree and two sheep"
WAIT_MS = 30_000

expect.set_options(timeout=WAIT_MS)


@dataclass(frozen=True)
class Studio:
    """A service that runs, with the page built and one finished world.

    address: http://127.0.0.1:PORT, without a slash at the end.  world_id: a world of PROMPT, seed 7, 20,000 splats, made by the nano
    recipe, which no test changes or deletes: make another one for that.  Tier `quick` makes a ball of 2,000 splats in a moment; see
    tests/service/quick_recipe for prompts that take their time ("a ball in 5 seconds") or fail ("fail").
    """

    service: Service
    world_id: str

    @property
    def address(self) -> str:
        """Where the page is."""
        return self.service.address

    def client(self) -> httpx.Client:
        """A client of the API, to see from outside what the page has done."""
        return self.service.client()

    def make(self, text: str = PROMPT, *, splats: int = SPLATS, **more: object) -> str:
        """The id of a new finished world of the nano recipe (`tier="quick"`: of the quick one); some 10 s."""
        with self.client() as client:
            wanted = {"text": text, "splats": splats, "tier": "nano", "seed": 7, **more}
            operation = finished(client, client.post("/v1/worlds:generate", json=wanted).json(), within_s=300)
        assert operation["state"] == "SUCCEEDED", operation
        return str(operation["world_id"])


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The service with its worker on a free port of 127.0.0.1, without keys; see `Studio`. Skips when the page is not built."""
    require_dist()
    folder = tmp_path_factory.mktemp("studio")
    world_id = _with_a_world(folder / "data", tmp_path_factory)
    service = Service(folder / "data").start()
    yield Studio(service, world_id)
    assert service.stop() == 0


def _with_a_world(data: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Fill a data folder with what a service leaves that has made the world; it is made once for all test processes. Its id."""
    shared = tmp_path_factory.getbasetemp()
    shared = (shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "studio-with-a-world"
    with FileLock(f"{shared}.lock"):
        if not (shared / "world_id").exists():
            service = Service(shared / "data").start()
            world_id = Studio(service, "").make()
            assert service.stop() == 0
            (shared / "world_id").write_text(world_id)
    shutil.copytree(shared / "data", data)
    return (shared / "world_id").read_text()


@pytest.fixture(scope="module")  # while it is open, an event loop of its own runs in this process, and no other test could have one
def browser() -> Iterator[Browser]:
    """Chromium without a window, drawing WebGL 2 in software: a few frames a second at 640 × 360, so stop animation before screenshots.

    For a window of another size or a dark one: `browser.new_context(viewport=…, color_scheme="dark", reduced_motion="reduce",
    has_touch=True)`, and `complaints.listen(page)` on its pages. Close what you opened.
    """
    program = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=[*QUIET, *drawing_flags()])
        yield running
        running.close()


@pytest.fixture
def complaints() -> Complaints:
    """What the console of `page` says in red. Allow what a test provokes: `complaints.allow("404")`."""
    return Complaints()


@pytest.fixture
def page(browser: Browser, studio: Studio, complaints: Complaints) -> Iterator[Page]:
    """A fresh visitor with a window of 1440 × 900: nothing stored, nothing cached. `page.goto("/")` leads to the studio.

    What glides and pulses stands still, for the processor draws every frame of it; where motion is what is tested, ask for it with
    `page.emulate_media(reduced_motion="no-preference")`.

    At its end the test fails if the console had errors, or the Content-Security-Policy was violated, unless `complaints` allows it.
    """
    context = browser.new_context(base_url=studio.address, viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(WAIT_MS)
    opened = context.new_page()
    complaints.listen(opened)
    yield opened
    context.close()
    assert complaints.unexpected == []
