"""The studio's viewer beside SuperSplat's: the same world of a million splats, in the same browser, in one run."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
from rich.console import Console
from rich.table import Table

from bench.service import _serving as serving

HERE = Path(__file__).parent
SUPERSPLAT = HERE / "supersplat" / "node_modules" / "@playcanvas" / "supersplat-viewer" / "public"
PROMPT = "a misty pine forest with a log cabin beside a lake at dawn"
SPLATS = 1_000_000
SIZE = {"width": 640, "height": 360}
PAGE_BUDGET_BYTES = 1_300_000
FIRST_PICTURE_S = 2.0
MOVES = 40
ROUNDS = 3
GIVE_UP_S = 300.0
FLAGS = ("--no-sandbox", "--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist", "--disable-background-networking")
SETTINGS = {
    "camera": {"fov": 75, "position": [0, 1.65, 0], "target": [0, 1.65, -8], "startAnim": "none", "animTrack": ""},
    "background": {"color": [0, 0, 0]},
    "animTracks": [],
}


@dataclass
class Opened:
    """How a page came to its picture. Times in seconds from the call of its address; bytes as they came over the line."""

    first_picture_s: float
    first_picture_bytes: int
    full_detail_s: float
    full_detail_bytes: int
    frame_ms: float


def measure(console: Console) -> dict[str, Any]:
    """Both viewers and the page without a world, with their table shown."""
    _require()
    with tempfile.TemporaryDirectory(prefix="worldloom-bench-") as name:
        folder = Path(name)
        with serving(folder, {}) as (address, _):
            world = _world(address)
            (folder / "rival").mkdir()
            with _rival(folder / "rival", _exported(address, world)) as rival, _browser() as browser:
                page_bytes = _page_bytes(browser, address)
                pages = {
                    "ours, all splats": (f"{address}/w/{world}", _ours_is_full, "full"),
                    "ours, as the device likes it": (f"{address}/w/{world}", _ours_is_full, "auto"),
                    "SuperSplat 1.36": (f"{rival}/index.html?webgl&noanim&content=world.sog", _theirs_is_full, ""),
                }
                rounds = [{name: _opened(browser, *page) for name, page in pages.items()} for _ in range(ROUNDS)]
    middle = {name: _median([one[name] for one in rounds]) for name in pages}
    _show(console, middle, page_bytes)
    return {
        "page_bytes": page_bytes,
        "first_picture_aim_s": FIRST_PICTURE_S,
        "rounds": [{name: one.__dict__ for name, one in each.items()} for each in rounds],
        **{name: one.__dict__ for name, one in middle.items()},
    }


def _median(opened: list[Opened]) -> Opened:
    """The middle of each figure."""
    return Opened(**{name: statistics.median(one.__dict__[name] for one in opened) for name in opened[0].__dict__})


def _require() -> None:
    if not SUPERSPLAT.is_dir():
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("the viewer to compare with is missing: install Node, then npm ci in bench/supersplat")
        subprocess.run([npm, "ci", "--silent"], cwd=HERE / "supersplat", check=True)
    if not (HERE.parent / "static" / "dist" / "index.html").is_file():
        raise SystemExit("the studio is not built: run make studio")


def _world(address: str) -> str:
    with httpx.Client(base_url=address, timeout=120) as client:
        operation = client.post("/v1/worlds:generate", json={"text": PROMPT, "splats": SPLATS}).raise_for_status().json()
        return str(_finished(client, operation)["world_id"])


def _exported(address: str, world: str) -> bytes:
    """The world as SOG, the format that SuperSplat's viewer likes best."""
    with httpx.Client(base_url=address, timeout=120) as client:
        operation = _finished(client, client.post(f"/v1/worlds/{world}:export", json={"format": "sog"}).raise_for_status().json())
        return bytes(client.get(operation["links"]["file"]).raise_for_status().content)


def _finished(client: httpx.Client, operation: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + GIVE_UP_S
    while not operation["done"] and time.monotonic() < end:
        operation = client.get(f"/v1/operations/{operation['id']}?wait=30s").raise_for_status().json()
    if operation["state"] != "SUCCEEDED":
        raise RuntimeError(f"{operation['kind']} ended as {operation['state']}: {operation['error']}")
    return operation


class _Packed(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; scripts and styles packed, as ours are."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in (".js", ".css", ".html") or not path.is_file():
            super().do_GET()
            return
        body = gzip.compress(path.read_bytes(), 9)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *words: Any) -> None:
        """Says nothing."""


@contextmanager
def _rival(folder: Path, sog: bytes) -> Iterator[str]:
    """SuperSplat's viewer with the world beside it, on a free port."""
    for file in SUPERSPLAT.iterdir():
        if file.suffix != ".map":
            shutil.copy(file, folder / file.name)
    (folder / "world.sog").write_bytes(sog)
    (folder / "settings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Packed, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    program = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if program is None:
        raise SystemExit("there is no chromium to measure in: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


class _Line:
    """Counts what comes over the line."""

    def __init__(self, page: Any) -> None:
        self.came: list[tuple[float, int]] = []
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: self.came.append((time.monotonic(), int(event["encodedDataLength"]))))

    def until(self, moment: float) -> int:
        """Bytes that had come at a moment."""
        return sum(count for at, count in self.came if at <= moment + 0.05)


def _page_bytes(browser: Any, address: str) -> int:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    line = _Line(page)
    page.goto(address, wait_until="networkidle")
    count = line.until(time.monotonic())
    page.close()
    return count


def _opened(browser: Any, url: str, full: Callable[[Any], bool], detail: str) -> Opened:
    """Open a page that nothing is cached of, and move in it."""
    context = browser.new_context(viewport=SIZE)
    page = context.new_page()
    page.add_init_script(path=str(HERE / "watch_frames.js"))
    if detail:
        page.add_init_script(f"localStorage.setItem('worldloom-viewer-detail', {json.dumps(detail)})")
    line = _Line(page)
    begun = time.monotonic()
    page.goto(url, wait_until="commit")
    _wait(page, lambda: page.evaluate("worldloomWatch.firstPictureMs") is not None)
    _wait(page, lambda: full(page))
    full_s = time.monotonic() - begun
    first_s = page.evaluate("worldloomWatch.firstPictureMs") / 1000
    frame_ms = _moving(page)
    opened = Opened(first_s, line.until(begun + first_s), full_s, line.until(begun + full_s), frame_ms)
    context.close()
    return opened


def _wait(page: Any, wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + GIVE_UP_S
    while not wanted():
        if time.monotonic() > end:
            raise RuntimeError(f"{page.url} did not come to its picture within {GIVE_UP_S:.0f} s")
        page.wait_for_timeout(50)


def _ours_is_full(page: Any) -> bool:
    """Everything is fetched: splats, things and ground."""
    return bool(page.evaluate("!!document.querySelector('[data-phase=open] canvas.seen') && !document.querySelector('.pill')"))


def _theirs_is_full(page: Any) -> bool:
    """It shows its splats only when all of them are there."""
    return bool(page.evaluate("worldloomWatch.firstPictureMs !== null"))


def _moving(page: Any) -> float:
    """Median time of a frame while looking round by dragging, milliseconds."""
    page.wait_for_timeout(1_000)
    page.evaluate("worldloomWatch.frames.length = 0")
    page.mouse.move(200, 180)
    page.mouse.down()
    for step in range(MOVES):
        page.mouse.move(200 + 10 * step, 180 + (step % 3))
        page.wait_for_timeout(100)
    page.mouse.up()
    times = [frame[1] for frame in page.evaluate("worldloomWatch.frames")]
    return statistics.median(times) if times else float("nan")


def _show(console: Console, opened: dict[str, Opened], page_bytes: int) -> None:
    title = f"a world of {SPLATS:,} splats, {SIZE['width']} × {SIZE['height']}, drawn by {os.cpu_count()} cores without a graphics card"
    table = Table(
        "viewer", "first picture", "bytes until then", "full detail", "bytes until then", "frame while moving", title=title, box=None
    )
    for name, one in opened.items():
        table.add_row(
            name,
            f"{one.first_picture_s:.2f} s",
            f"{one.first_picture_bytes / 1e6:.2f} MB",
            f"{one.full_detail_s:.2f} s",
            f"{one.full_detail_bytes / 1e6:.2f} MB",
            f"{one.frame_ms:.0f} ms",
        )
    console.print(table)
    within = "" if page_bytes <= PAGE_BUDGET_BYTES else "  [red]missed[/]"
    console.print(f"page without a world: {page_bytes / 1e3:.0f} kB over the line (aim ≤ {PAGE_BUDGET_BYTES / 1e6:.1f} MB){within}")
