"""Every place by its name alone: holes, coarse splats, needles and popping, measured from where a visitor stands."""

from __future__ import annotations

import math
import time
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

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


class PlaceFigures(TypedDict):
    """holes: share of the sphere below the horizon with alpha under 0.95, from the starting point, and the worst within 2 m of it.

    widest_deg: full width at half height of the widest splat within 10 m, seen from the starting point; wide: how many exceed 4°.
    needle: 99th percentile of a splat's length over its width.  popping: mean change of a pixel, of 255, when the eye moves by 1 cm.
    """

    place: str
    splats: int
    seconds: float
    holes_here: float
    holes_around: float
    widest_deg: float
    wide: int
    needle: float
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
        "popping": _popping(gaussians, spawn, eye),
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


def _popping(gaussians: Gaussians, spawn: Spawn, eye: NDArray[np.floating]) -> float:
    sideways = np.array([math.cos(spawn.yaw_rad), 0, -math.sin(spawn.yaw_rad)]) * SHIFT_M
    pictures = [
        render(gaussians, pinhole(at, yaw_rad=spawn.yaw_rad, pitch_rad=spawn.pitch_rad, width_px=1_280, height_px=720)).rgb
        for at in (eye, eye + sideways)
    ]
    return float(np.abs(pictures[0] - pictures[1]).mean())


def _table(found: list[PlaceFigures], splats: int) -> Table:
    table = Table(
        "place", "splats", "made in (s)", "holes", "within 2 m", "widest (°)", "wide", "needle", "popping", box=None,
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
            shown["wide"], f"{row['needle']}", shown["popping"],
        )  # fmt: skip
    return table
