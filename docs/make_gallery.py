"""Renders docs/gallery/ anew, pictures and page: python docs/make_gallery.py [--only NAME …] [--splats N]."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.commands.pictures import webp_within
from app.viewpoint import Frame, camera_for
from pipelines import Prompt, generate, recipe_for
from pipelines.splat import render

FOLDER = Path(__file__).parent / "gallery"
FIGURES = FOLDER / "figures.json"
MAX_BYTES = 150_000
SPLATS = 1_000_000
WIDTH_PX, HEIGHT_PX = 1280, 720
OVERSAMPLING = 2  # rendered this much larger and averaged: crisp edges without steps


@dataclass(frozen=True)
class Shot:
    """One picture of the gallery. camera: in the words of `worldloom render`."""

    name: str
    prompt: str
    seed: int = 0
    camera: str = "spawn"


FIRST = Shot("forest", "a misty pine forest with a log cabin beside a lake at dawn")
SHOTS = (
    Shot("island", "a tropical island with a wooden hut between palms, a treasure chest, a parrot on the chest and a pirate ship"),
    Shot("valley", "a green river valley with a stone cottage, a stone bridge over the river, three cows and willows"),
    Shot("farm", "a farm in the morning with a red barn, a green tractor in front of the barn, hay bales and chickens"),
    Shot("village", "a medieval village in the morning with half-timbered houses, a well, a cart beside the well and a church"),
    Shot("garden", "a Japanese garden in autumn with a pagoda, a red bridge over a pond, a stone lantern and red maples"),
    Shot("castle", "a castle courtyard with a well, market stalls, two banners and a horse"),
    Shot("harbour", "a fishing harbour at golden hour with sailing boats, a crane, barrels and crates", seed=3),
    Shot("savanna", "the savanna at golden hour with four elephants, zebras and an acacia"),
    Shot("reef", "an underwater reef with a shipwreck and jellyfish"),
    Shot("volcano", "a volcano at night with rivers of lava and dead trees"),
    Shot("cliffs", "coast cliffs", seed=7),
    Shot("canyon", "a desert canyon at golden hour with cactuses and an eagle on a rock"),
    Shot("snow", "a snowfield at sunset with a log cabin between two fir trees, a snowman in front of the cabin and a sledge beside it"),
    Shot("dock", "a calm mountain lake at sunset, a wooden dock, two rowing boats beside the dock, a tent near a campfire"),
    Shot("beach", "a tropical beach in the afternoon with palm trees, two deck chairs under a parasol and a rowing boat near the water"),
    Shot("graveyard", "an old graveyard on a misty night with a mausoleum and lanterns"),
    Shot("neon", "a cyberpunk street at night in the rain with neon signs and a noodle stall"),
    Shot("mars", "a Mars base with a rover in front of a dome and an astronaut beside the rover"),
    Shot("low-poly", "a low-poly forest in autumn with a cabin beside a lake"),
    Shot(
        "living-room",
        "a cosy living room in the evening with a sofa facing a fireplace, a coffee table on a rug, a floor lamp beside the sofa",
    ),
    Shot("library", "an old library with a globe beside a reading table and a ladder"),
    Shot("cathedral", "a gothic cathedral in the morning"),
    Shot("cafe", "a cosy café with a vase of flowers and a cake on a round table"),
)


def picture(shot: Shot, splats: int) -> tuple[NDArray[np.uint8], tuple[int, float], str]:
    """(H, W, 3) uint8 of a shot; its splats and seconds; what was not found or does not hold, for the person who makes the gallery."""
    begun = time.perf_counter()
    world = generate(Prompt(text=shot.prompt, seed=shot.seed), recipe_for(splats=splats))
    seconds = time.perf_counter() - begun
    assert world.gaussians is not None and world.scene is not None and world.spec is not None
    frame = Frame(WIDTH_PX * OVERSAMPLING, HEIGHT_PX * OVERSAMPLING)
    seen = render(world.gaussians, camera_for(shot.camera, world.scene.spawn, frame)).picture
    blocks = seen.reshape(HEIGHT_PX, OVERSAMPLING, WIDTH_PX, OVERSAMPLING, 3).astype(np.float32)
    failed = [f"{r.subject} {r.relation} {r.object}" for r in world.scene.relations if not r.holds]
    remarks = "; ".join([*failed, *(f"no {phrase}" for phrase in world.spec.unmatched)])
    return (blocks.mean(axis=(1, 3)) + 0.5).astype(np.uint8), (len(world.gaussians), round(seconds, 1)), remarks


def page(shots: tuple[Shot, ...], figures: dict[str, tuple[int, float]]) -> str:
    """The gallery's page: every picture with the command that makes its world."""
    lines = [
        "# Gallery",
        "",
        "Every picture was rendered by the program, from words alone: `make gallery` makes them anew. The seconds are from the words",
        "to the splats, when the last pictures were made two at a time on two cores; what a world by itself takes is in",
        "[the benchmarks](../benchmarks.md).",
    ]
    for shot in shots:
        splats, seconds = figures[shot.name]
        lines += [
            "",
            f"![{shot.prompt}]({shot.name}.webp)",
            "",
            f"{splats:,} splats, {seconds:.0f} s",
            "",
            "```sh",
            f'worldloom generate "{shot.prompt}" --seed {shot.seed} --splats {SPLATS}',
            "```",
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Render all shots, or those that are named, and write the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="render these only")
    parser.add_argument("--splats", type=int, default=SPLATS)
    arguments = parser.parse_args()
    shots = (FIRST, *SHOTS)
    unknown = set(arguments.only) - {shot.name for shot in shots}
    if unknown:
        sys.exit(f"there is no picture {sorted(unknown)[0]!r}: choose from {', '.join(shot.name for shot in shots)}")
    FOLDER.mkdir(exist_ok=True)
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for shot in shots:
        if not arguments.only or shot.name in arguments.only:
            started = time.perf_counter()
            pixels, figures[shot.name], remarks = picture(shot, arguments.splats)
            FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
            data = webp_within(pixels, MAX_BYTES)
            (FOLDER / f"{shot.name}.webp").write_bytes(data)
            print(f"{shot.name}: {len(data) / 1000:.0f} kB, {time.perf_counter() - started:.0f} s  {remarks}", flush=True)
    (FOLDER / "README.md").write_text(page(shots, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
