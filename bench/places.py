"""Every place by its name alone: holes, coarse splats, needles and popping, measured from where a visitor stands."""

from __future__ import annotations

import math
import time
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.ndimage import map_coordinates, uniform_filter

from pipelines import Gaussians, Prompt, generate, recipe_for
from pipelines.camera import panorama, pinhole
from pipelines.places import places
from pipelines.scene import EYE_HEIGHT_M, Spawn
from pipelines.splat import render

HOLE_ALPHA = 0.95
PANORAMA_PX = 1_024
STEP_M, STEPS = 2.0, 8
BODY_M = 0.4  # where something is nearer than this in most directions, nobody stands
NEAR_M, WIDEST_DEG = 10.0, 4.0
FULL_WIDTH = 2 * math.sqrt(2 * math.log(2))  # of a Gaussian at half its height, in standard deviations
SHIFT_M = 0.01
WIDTH_PX, HEIGHT_PX = 1_280, 720
SAME_SURFACE = 0.02  # how much the logarithms of two distances may differ


class PlaceFigures(TypedDict):
    """holes: share of the sphere below the horizon with alpha under 0.95, from the starting point, and the worst within 2 m of it.

    widest_deg: full width at half height of the widest splat within 10 m, seen from the starting point; wide: how many exceed 4°.
    needle: 99th percentile of a splat's length over its width.  aside: mean change of a pixel when the eye moves by 1 cm; popping: what
    of it is left when every pixel has followed the surface that it shows, that is, without parallax. Both are shares of full white.
    """

    place: str
    splats: int
    seconds: float
    holes_here: float
    holes_around: float
    widest_deg: float
    wide: int
    needle: float
    aside: float
    popping: float


Aimed = Literal["holes_here", "holes_around", "wide", "popping"]
AIMS: dict[Aimed, float] = {
    "holes_here": 0.002,
    "holes_around": 0.005,
    "wide": 0,
    "popping": 0.01,
}


def measure(console: Console, *, splats: int, only: tuple[str, ...] = ()) -> list[PlaceFigures]:
    """One world for each place, and its figures in a table; what misses its aim is red. only: names of places."""
    found = []
    for name, place in places().items():
        if only and name not in only:
            continue
        begun = time.perf_counter()
        world = generate(Prompt(text=place.said.words.split(",")[0]), recipe_for(splats=splats))
        assert world.gaussians is not None
        assert world.scene is not None
        assert world.spec is not None
        assert world.spec.place == name, f"“{name}” was read as {world.spec.place}"
        found.append(figures_of(name, world.gaussians, world.scene.spawn, time.perf_counter() - begun))
    console.print(_table(found, splats))
    return found


def figures_of(name: str, gaussians: Gaussians, spawn: Spawn, seconds: float) -> PlaceFigures:
    """Measure one world."""
    eye = np.array(spawn.position) + (0, EYE_HEIGHT_M, 0)
    around = [holes for turn in range(STEPS) if (holes := _holes_at(gaussians, _stepped(eye, turn))) is not None]
    away = gaussians.means - eye
    distances = np.linalg.norm(away, axis=1)
    near = distances < NEAR_M
    widths = np.degrees(2 * np.arctan(FULL_WIDTH / 2 * gaussians.scales[near].max(axis=1) / np.maximum(distances[near], 1e-6)))
    longest = np.sort(gaussians.scales, axis=1)
    return {
        "place": name,
        "splats": len(gaussians),
        "seconds": round(seconds, 1),
        "holes_here": _holes_at(gaussians, eye) or 0.0,
        "holes_around": max(around, default=0.0),
        "widest_deg": round(float(widths.max(initial=0)), 2),
        "wide": int((widths > WIDEST_DEG).sum()),
        "needle": round(float(np.percentile(longest[:, 2] / np.maximum(longest[:, 1], 1e-9), 99)), 2),
        **_aside(gaussians, spawn, eye),
    }


def _stepped(eye: NDArray[np.floating], turn: int) -> NDArray[np.floating]:
    angle = 2 * math.pi * turn / STEPS
    return eye + np.array([math.sin(angle), 0, math.cos(angle)]) * STEP_M


def _holes_at(gaussians: Gaussians, eye: NDArray[np.floating]) -> float | None:
    """Share of the lower half of the sphere that is not opaque; None where the eye is in a thing."""
    seen = render(gaussians, panorama(tuple(eye), width_px=PANORAMA_PX), layers=("distance",))
    assert seen.distance is not None
    height = seen.alpha.shape[0]
    lower = slice(height // 2, height)
    if np.median(seen.distance[lower]) < BODY_M:
        return None
    weights = np.cos(((np.arange(height // 2, height) + 0.5) / height - 0.5) * math.pi)[:, None]
    return float(((seen.alpha[lower] < HOLE_ALPHA) * weights).mean() / weights.mean())


class _Aside(TypedDict):
    aside: float
    popping: float


def _aside(gaussians: Gaussians, spawn: Spawn, eye: NDArray[np.floating]) -> _Aside:
    """Rendered at twice the size, so that following a surface by parts of a pixel does not count as a change."""
    sideways = np.array([math.cos(spawn.yaw_rad), 0, -math.sin(spawn.yaw_rad)]) * SHIFT_M
    size = {"width_px": 2 * WIDTH_PX, "height_px": 2 * HEIGHT_PX}
    here, there = (pinhole(at, yaw_rad=spawn.yaw_rad, pitch_rad=spawn.pitch_rad, **size) for at in (eye, eye + sideways))
    before, after = (render(gaussians, camera, layers=("distance",)) for camera in (here, there))
    assert before.distance is not None
    assert after.distance is not None
    distance = np.where(np.isfinite(after.distance), after.distance, 1e6)
    surface = there.position + there.rays() * distance[..., None]
    pixels, way = here.project(surface.reshape(-1, 3))
    at = pixels.T[::-1].reshape(2, *distance.shape) - 0.5  # rows, columns, counted from pixel centres
    followed = np.stack([map_coordinates(before.rgb[..., channel], at, order=1, mode="nearest") for channel in range(3)], axis=-1)
    shown = map_coordinates(np.where(np.isfinite(before.distance), before.distance, 1e6), at, order=0, mode="nearest")
    is_seen = np.abs(np.log(shown / way.reshape(distance.shape))) < SAME_SURFACE  # what comes out from behind something is parallax, too
    left = _halved(np.abs(_smoothed(followed) - _smoothed(after.rgb)).mean(axis=-1) * is_seen)
    return {"aside": float(np.abs(_halved(before.rgb) - _halved(after.rgb)).mean()), "popping": float(left.mean())}


def _halved(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """A picture (H, W[, C]) at half its size, by means of four."""
    height, width = picture.shape[:2]
    return picture.reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3))


def _smoothed(picture: NDArray[np.floating]) -> NDArray[np.floating]:
    """Each pixel (H, W, C) the mean of 2 × 2: what a pixel of the picture at its own size shows."""
    return uniform_filter(picture, (2, 2, 1), mode="nearest")


def _table(found: list[PlaceFigures], splats: int) -> Table:
    table = Table(
        "place", "splats", "made in (s)", "holes", "within 2 m", "widest (°)", "wide", "needle", "1 cm aside", "popping", box=None,
        title=f"every place by its name, {splats:,} splats",
    )  # fmt: skip
    for row in found:
        missed = {name: row[name] > most for name, most in AIMS.items()}
        told: dict[Aimed, str] = {
            "holes_here": f"{row['holes_here']:.2%}", "holes_around": f"{row['holes_around']:.2%}", "wide": f"{row['wide']}",
            "popping": f"{row['popping']:.2%}",
        }  # fmt: skip
        shown = {name: f"[red]{text}[/]" if missed[name] else text for name, text in told.items()}
        table.add_row(
            row["place"], f"{row['splats']:,}", f"{row['seconds']}", shown["holes_here"], shown["holes_around"], f"{row['widest_deg']}",
            shown["wide"], f"{row['needle']}", f"{row['aside']:.2%}", shown["popping"],
        )  # fmt: skip
    return table
