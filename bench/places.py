"""Every place by its name alone: holes, coarse splats, needles and popping, measured from where a visitor stands."""

from __future__ import annotations

import math
import time
from typing import Literal, TypedDict

from rich.console import Console
from rich.table import Table

from pipelines import Gaussians, Prompt, generate, recipe_for
from pipelines.places import places
from pipelines.quality.popping import seen_from_aside
from pipelines.quality.soundness import eye_of, holes_around, widths
from pipelines.scene import Spawn

AROUND_M = 2.0


class PlaceFigures(TypedDict):
    """holes: share of the sphere below the horizon that is not opaque, at the starting point and at the worst of eight points 2 m from it.
    widest_deg, wide, needle: see `Widths`.  aside, popping: see `Aside`. Both in `pipelines.quality`.
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
    eye = eye_of(spawn)
    around = holes_around(gaussians, eye, AROUND_M).worst
    coarse, aside = widths(gaussians, eye), seen_from_aside(gaussians, spawn, eye)
    return {
        "place": name,
        "splats": len(gaussians),
        "seconds": round(seconds, 1),
        "holes_here": 0.0 if math.isnan(here := holes_around(gaussians, eye, 0.0).worst) else here,
        "holes_around": 0.0 if math.isnan(around) else around,
        "widest_deg": round(coarse.widest_deg, 2),
        "wide": coarse.wide,
        "needle": round(coarse.needle, 2),
        "aside": aside.change,
        "popping": aside.popping,
    }


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
