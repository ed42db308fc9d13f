"""Viewing: the viewer as a visitor uses it, and the world as its files describe it, worked out a second way."""

from __future__ import annotations

import io
import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx2 as httpx
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, ViewportSize

FIRST_PICTURE_MS = 60_000
WIDTH, HEIGHT = 1440, 900
MODEST: ViewportSize = {"width": 960, "height": 600}
SMALL: ViewportSize = {"width": 640, "height": 400}
"""Every frame is drawn by the processor: in a small window in a fifth of the time of a large one."""
RAD_A_PX = 0.0032  # how far a drag of one pixel turns
WIDE_DEG = 75.0
EYE_M = 1.65
STANDS = """() => {
  const words = document.querySelector('.statistics [data-name=position]').textContent;
  const here = words.match(/-?\\d+\\.\\d+/g).map(Number);
  const { since = here, frames = 0 } = window.stood ?? {};
  const stays = here.every((number, axis) => Math.abs(number - since[axis]) < 0.011);
  window.stood = stays ? { since, frames: frames + 1 } : { since: here, frames: 0 };
  return window.stood.frames >= 25;
}"""

Doubles = NDArray[np.float64]
Found = TypeVar("Found")


def until(look: Callable[[], Found], wanted: Callable[[Found], bool], *, within_s: float = 60, what: str = "it") -> Found:
    """What `look` gives once it is as wanted."""
    end = time.monotonic() + within_s
    found = look()
    while not wanted(found):
        assert time.monotonic() < end, f"{what} did not come: the last was {found!r}"
        time.sleep(0.1)
        found = look()
    return found


@dataclass
class Viewer:
    """A page with a world in it."""

    page: Page

    def open(self, world_id: str, *, embedded: bool = False) -> Viewer:
        """Go there, and wait for the first picture and for the ground."""
        self.page.goto(f"/{'embed' if embedded else 'w'}/{world_id}")
        return self.wait()

    def wait(self) -> Viewer:
        """Until there is a picture, and nothing more to fetch."""
        self.page.wait_for_selector("canvas.seen", timeout=FIRST_PICTURE_MS)
        self.page.wait_for_selector(".pill", state="detached", timeout=FIRST_PICTURE_MS)
        return self

    def press(self, *keys: str) -> None:
        """Press keys while the picture has the focus."""
        for key in keys:
            self.page.focus("canvas")
            self.page.keyboard.press(key)

    def statistic(self, name: str) -> str:
        """A line of the statistics, which are opened where they are not."""
        if not self.page.query_selector(".statistics"):
            self.press("i")
        return self.page.inner_text(f".statistics [data-name={name}]")

    def position(self) -> Doubles:
        """Where the eyes are."""
        return np.array([float(number) for number in re.findall(r"-?\d+\.\d+", self.statistic("position"))])

    def hold(self, *keys: str, enough: Callable[[Doubles], bool]) -> Doubles:
        """Hold keys until the position is as wanted, in a small window."""
        with self._holding(*keys):
            return until(self.position, enough, within_s=400, what=f"the end of {' and '.join(keys)}")

    def hold_until_still(self, *keys: str) -> Doubles:
        """Hold keys until the position does not change any more."""
        with self._holding(*keys):
            return self.standing()

    @contextmanager
    def _holding(self, *keys: str) -> Iterator[None]:
        with self._small():
            self.page.focus("canvas")
            self.position()
            for key in keys:
                self.page.keyboard.down(key)
            try:
                yield
            finally:
                for key in reversed(keys):
                    self.page.keyboard.up(key)

    @contextmanager
    def _small(self) -> Iterator[None]:
        before = self.page.viewport_size
        assert before is not None
        self.page.set_viewport_size(SMALL)
        try:
            yield
        finally:
            self.page.set_viewport_size(before)

    def standing(self) -> Doubles:
        """The position once it has been the same for 25 frames, in which whoever walks would come further."""
        self.position()
        self.page.evaluate("delete window.stood")
        self.page.wait_for_function(STANDS, polling="raf", timeout=400_000)
        return self.position()

    def turn_left(self, radians: float) -> None:
        """Drag the picture until one looks there, in a small window."""
        left = radians / RAD_A_PX
        with self._small():
            while abs(left) > 0.5:
                step = float(np.clip(left, -300, 300))
                self.page.mouse.move(320, 200)
                self.page.mouse.down()
                self.page.mouse.move(320 - math.copysign(1, step) * 10, 200)  # what begins as a click is none
                self.page.mouse.move(320 - step, 200, steps=2)
                self.page.mouse.up()
                left -= step

    def picture(self, key: str = "p") -> NDArray[np.uint8]:
        """The picture that the page saves."""
        with self.page.expect_download(timeout=120_000) as download:
            self.press(key)
        return np.asarray(Image.open(download.value.path()).convert("RGB"))

    def notice(self, words: str) -> None:
        """Wait until the page says so."""
        self.page.wait_for_function("words => document.querySelector('.notice').textContent.includes(words)", arg=words)


@dataclass
class Facts:
    """A world from its files."""

    client: httpx.Client
    world_id: str
    _body: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def body(self) -> dict[str, Any]:
        """What the API says of it."""
        return dict(self.client.get(f"/v1/worlds/{self.world_id}").raise_for_status().json())

    def file(self, name: str) -> bytes:
        """One of its files."""
        return bytes(httpx.get(self.body["files"][name]["url"]).raise_for_status().content)

    @cached_property
    def things(self) -> list[dict[str, Any]]:
        """What stands in it."""
        return list(json.loads(self.file("world.json"))["things"])

    @cached_property
    def solids(self) -> dict[str, Doubles]:
        """(T, 3, 3) triangles of each node of the collider, by name."""
        scene = trimesh.load(io.BytesIO(self.file("collider.glb")), file_type="glb")
        found = {}
        for node in scene.graph.nodes_geometry:
            matrix, geometry = scene.graph[node]
            found[str(node)] = scene.geometry[geometry].copy().apply_transform(matrix).triangles
        return found

    @cached_property
    def _all(self) -> tuple[Doubles, list[str]]:
        """The (T, 3, 3) triangles of all solids, and whose each is."""
        return np.concatenate(list(self.solids.values())), [name for name, own in self.solids.items() for _ in own]

    @cached_property
    def _balls(self) -> tuple[Doubles, Doubles, Doubles]:
        """A ball round each triangle: its (3, T) middle, how far that is from the world's squared, and its (T,) radius."""
        triangles, _ = self._all
        middles = np.ascontiguousarray(triangles.mean(1).T)
        return middles, (middles**2).sum(0), np.linalg.norm(triangles - middles.T[:, None], axis=2).max(1) * 1.01 + 1e-3

    def hit(self, origin: Doubles, direction: Doubles) -> tuple[float, str]:
        """Distance and name of the first solid along a ray; infinity and "" where there is none."""
        (triangles, names), (middles, squares, radii) = self._all, self._balls
        direction = direction / np.linalg.norm(direction)
        along = direction @ middles - direction @ origin
        aside_squared = squares - 2 * (origin @ middles) + origin @ origin - along**2
        near = np.nonzero((along > -radii) & (aside_squared < radii**2))[0]  # the rest is nearly everything, and is missed
        if not len(near):
            return math.inf, ""
        distances = hits(triangles[near], origin, direction)
        first = int(distances.argmin())
        return (float(distances[first]), names[near[first]]) if distances[first] < math.inf else (math.inf, "")


def hits(triangles: Doubles, origin: Doubles, direction: Doubles) -> Doubles:
    """(T,) distances along a ray to (T, 3, 3) triangles, infinity where it misses (Möller and Trumbore 1997)."""
    a, ab, ac = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    p = np.cross(direction, ac)
    determinant = np.einsum("ij,ij->i", ab, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = np.einsum("ij,ij->i", origin - a, p) / determinant
        q = np.cross(origin - a, ab)
        v = q @ direction / determinant
        t = np.einsum("ij,ij->i", ac, q) / determinant
        met = (np.abs(determinant) > 1e-12) & (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 1e-6)
    return np.where(met, t, math.inf)


def ahead(yaw_rad: float) -> Doubles:
    """The level direction of a yaw."""
    return np.array([-math.sin(yaw_rad), 0.0, -math.cos(yaw_rad)])


def place_on(point: Doubles, eye: Doubles, width: int, height: int) -> tuple[float, float]:
    """The pixel at which an eye that looks along −z sees a point."""
    focal = width / 2 / math.tan(math.radians(WIDE_DEG) / 2)
    x, y, z = point - eye
    return width / 2 + focal * x / -z, height / 2 - focal * y / -z


def ray_at(x: float, y: float, width: int, height: int) -> Doubles:
    """The direction in which an eye that looks along −z sees a pixel."""
    focal = width / 2 / math.tan(math.radians(WIDE_DEG) / 2)
    direction = np.array([x - width / 2, height / 2 - y, -focal])
    return np.asarray(direction / np.linalg.norm(direction))


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Decibels between two pictures."""
    return float(10 * math.log10(255**2 / max(float(((one.astype(float) - other) ** 2).mean()), 1e-9)))


def rendered(client: httpx.Client, world_id: str, **wanted: object) -> NDArray[np.uint8]:
    """The service's own picture."""
    operation = client.post(f"/v1/worlds/{world_id}:render?wait=60s", json=wanted).raise_for_status().json()
    assert operation["state"] == "SUCCEEDED", operation
    return np.asarray(Image.open(io.BytesIO(httpx.get(operation["links"]["file"]).content)).convert("RGB"))


def stored_file(data: Path, sha256: str) -> Path:
    """Where the service keeps a file."""
    [file] = data.glob(f"blobs/*/*/{sha256}")
    return file


def way_to_a_wall(facts: Facts, eye: Doubles) -> float:
    """A yaw in which an upright wall as wide as a visitor's reach stands 4 to 25 m away with nothing before it."""
    feet = eye - (0, EYE_M, 0)
    found = []
    for yaw in np.radians(np.arange(-180, 180, 4)):
        side = np.cross(ahead(yaw), (0, 1, 0)) * 0.8
        hits = [facts.hit(feet + (0, up, 0) + aside, ahead(yaw)) for up in (0.6, 1.2, 1.6) for aside in (-side, 0 * side, side)]
        nearest, farthest = min(hits)[0], max(hits)[0]
        if nearest > 4 and farthest < 25 and farthest - nearest < 1.5 and all(name != "ground" for _, name in hits):
            found.append((farthest - nearest, yaw))
    assert found, "no wall can be walked up to"
    return float(min(found)[1])


def is_before_a_wall(facts: Facts, start: Doubles, stopped: Doubles) -> bool:
    """Whether a visitor who walked straight on, and perhaps slid aside, stands at arm's length from a wall and has passed through none."""
    way = (stopped - start) * (1, 0, 1)
    length = float(np.linalg.norm(way))
    chest = start * (1, 0, 1) + (0, stopped[1] - EYE_M + 1.2, 0)
    round_m = [
        facts.hit(np.array([stopped[0], stopped[1] - EYE_M + up, stopped[2]]), ahead(math.radians(angle)))[0]
        for angle in range(0, 360, 10)
        for up in (0.6, 0.9, 1.2)
    ]
    return length > 3 and facts.hit(chest, way / length)[0] > length and 0.2 < min(round_m) < 0.45


def thing_in_sight(facts: Facts, eye: Doubles) -> tuple[dict[str, Any], tuple[float, float], Doubles]:
    """A thing that was asked for whose middle is seen from the start, away from all panels; where; and its triangles' corners."""
    for thing in facts.things:
        triangles = facts.solids.get(thing["label"])
        if triangles is None or not thing["phrase"]:
            continue
        corners = triangles.reshape(-1, 3)
        middle = (corners.min(0) + corners.max(0)) / 2
        if middle[2] > eye[2] - 1:
            continue
        x, y = place_on(middle, eye, WIDTH, HEIGHT)
        if 360 < x < WIDTH - 360 and 100 < y < HEIGHT - 120:
            direction = (middle - eye) / np.linalg.norm(middle - eye)
            if facts.hit(eye, direction)[1] == thing["label"]:
                return thing, (x, y), corners
    raise AssertionError("nothing is in sight")


def exported(page: Page, format_name: str) -> bytes:
    """The file that the open export panel gives for a format."""
    page.locator(".format", has_text=format_name).click()
    page.get_by_role("button", name="Export (").or_(page.get_by_role("button", name="Export", exact=True)).last.click()
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Download").click(timeout=120_000)
    return download.value.path().read_bytes()
