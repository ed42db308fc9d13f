"""Takes docs/studio/ anew, as a visitor sees the studio: python docs/make_studio_pictures.py [--splats N]; needs chromium."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from pathlib import Path

import httpx2 as httpx
import numpy as np
from PIL import Image
from playwright.sync_api import Page, ViewportSize, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from app.commands.pictures import webp_within
from tests.service.running import Service, finished
from tests.studio.browsing import QUIET, chromium, drawing_flags, require_dist

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "studio"
MAX_BYTES = 160_000
SPLATS, SHELF_SPLATS = 1_000_000, 200_000
DESK: ViewportSize = {"width": 1440, "height": 900}
HAND: ViewportSize = {"width": 390, "height": 844}
LOADED_MS = 180_000

ENTERED = (
    "Village in the morning",
    "a medieval village in the morning with stone cottages around a well, a cart beside the well and a church behind the cottages",
)
CARRIED = ("Mountain lake", "a calm mountain lake at sunset, a wooden dock, two rowing boats beside the dock, a tent near a campfire")
SHELF = (
    (
        "Red barn",
        "a sunny summer meadow with a red barn, three hay bales beside the barn, a fence along a path and a windmill behind the barn",
    ),
    ("Palm beach", "a tropical beach in the afternoon with palm trees, two deck chairs under a parasol and a rowing boat near the water"),
    (
        "Cabin in the snow",
        "a snowfield at dusk with a log cabin between two fir trees, a snowman in front of the cabin and a sledge beside it",
    ),
    ("Evening at home", "a cosy living room in the evening with a sofa, an armchair, a rug, a floor lamp and a bookshelf"),
)
TYPED = "a foggy beach at dawn with three fishing boats, a lighthouse and a red brick house"


def main() -> None:
    """Make the worlds, visit them, and keep four pictures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--splats", type=int, default=SPLATS, help="of the two worlds that are entered")
    splats = arguments.parse_args().splats
    require_dist()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="worldloom-pictures-") as folder:
        service = Service(Path(folder) / "data", {"PYTHONPATH": str(ROOT)}).start()  # without the recipes that are for tests
        try:
            with service.client() as client:
                for name, text in SHELF:
                    made(client, name, text, splats=SHELF_SPLATS)
                carried, entered = made(client, *CARRIED, splats=splats), made(client, *ENTERED, splats=splats)
            take(service.address, entered, carried)
        finally:
            service.stop()


def made(client: httpx.Client, name: str, text: str, *, splats: int) -> str:
    """The id of a new world."""
    operation = client.post("/v1/worlds:generate", json={"name": name, "text": text, "splats": splats, "seed": 7, "tier": "nano"}).json()
    return str(finished(client, operation, within_s=600)["world_id"])


def take(address: str, entered: str, carried: str) -> None:
    """The four pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*QUIET, *drawing_flags()])
        desk = browser.new_context(base_url=address, viewport=DESK, locale="en-GB").new_page()
        desk.goto("/")
        desk.locator("textarea").first.fill(TYPED)
        desk.wait_for_timeout(3_000)
        keep(desk, "create")
        visit(desk, entered)
        keep(desk, "walk")
        desk.focus("canvas")
        desk.keyboard.press("t")
        desk.locator("button.thing", has_text="well").first.click()
        desk.wait_for_timeout(4_000)
        keep(desk, "things")
        hand = browser.new_context(
            base_url=address, viewport=HAND, device_scale_factor=2, has_touch=True, is_mobile=True, locale="en-GB"
        ).new_page()
        visit(hand, carried)
        keep(hand, "phone")
        browser.close()


def visit(page: Page, world_id: str) -> None:
    """Enter a world, and wait until all of it is there."""
    page.goto(f"/w/{world_id}")
    page.wait_for_selector("canvas.seen", timeout=LOADED_MS)
    settle(page)
    page.evaluate("localStorage.setItem('worldloom-viewer-detail', 'full')")  # a machine that draws in software would be spared most splats
    page.reload()
    page.wait_for_selector("canvas.seen", timeout=LOADED_MS)
    settle(page)


def settle(page: Page) -> None:
    """Wait until nothing has been on its way for a few seconds."""
    quiet_s = 0
    while quiet_s < 5:
        page.wait_for_timeout(1_000)
        quiet_s = 0 if page.query_selector(".pill") else quiet_s + 1


def keep(page: Page, name: str) -> None:
    """Write a picture, as good as MAX_BYTES allow."""
    picture = Image.open(io.BytesIO(page.screenshot(timeout=LOADED_MS))).convert("RGB")
    data = webp_within(np.asarray(picture), MAX_BYTES)
    (FOLDER / f"{name}.webp").write_bytes(data)
    print(f"{name}.webp: {len(data) / 1e3:.0f} kB")


if __name__ == "__main__":
    begun = time.perf_counter()
    main()
    print(f"{time.perf_counter() - begun:.0f} s")
