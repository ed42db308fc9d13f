"""Renders docs/gallery/ anew, pictures and page: python docs/make_gallery.py [--only NAME …] [--splats N]."""

from __future__ import annotations

import argparse
import io
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.viewpoint import Frame, camera_for
from pipelines import Prompt, generate, recipe_for
from pipelines.splat import render

FOLDER = Path(__file__).parent / "gallery"
MAX_BYTES = 150_000
SPLATS = 1_500_000
WIDTH_PX, HEIGHT_PX = 1280, 720
OVERSAMPLING = 2  # rendered this much larger and averaged: crisp edges without steps


@dataclass(frozen=True)
class Shot:
    """One picture of the gallery. camera: in the words of `worldloom render`."""

    name: str
    prompt: str
    seed: int = 0
    camera: str = "spawn"


HERO = Shot("hero", "a misty pine forest with a log cabin beside a lake at dawn")
SHOTS = (
    Shot(
        "birches",
        "a birch forest in autumn with a wooden bench in front of a big boulder, a few mushrooms around a tree stump, and a stream",
    ),
    Shot(
        "barn",
        "a sunny summer meadow with a red barn, three hay bales beside the barn, a fence along a path and a windmill behind the barn",
    ),
    Shot(
        "oak",
        "a green meadow at golden hour with an old oak tree, a picnic table under the oak, a stone well to the left of the picnic table",
    ),
    Shot("dock", "a calm mountain lake at sunset, a wooden dock, two rowing boats beside the dock, a tent near a campfire"),
    Shot("beach", "a tropical beach in the afternoon with palm trees, two deck chairs under a parasol and a rowing boat near the water"),
    Shot("desert", "a desert at golden hour with tall cactuses and an old pickup truck beside a wooden shack"),
    Shot("snow", "a snowfield at dusk with a log cabin between two fir trees, a snowman in front of the cabin and a sledge beside it"),
    Shot(
        "village",
        "a medieval village in the morning with stone cottages around a well, a cart beside the well and a church behind the cottages",
    ),
    Shot("street", "a city street on a rainy night with street lamps, two parked cars, a bench and a mailbox next to a bus stop"),
    Shot("alien", "an alien planet at dusk with glowing crystals, strange rocks and a spaceship behind the rocks"),
    Shot(
        "living-room",
        "a cosy living room in the evening with a sofa facing a fireplace, a coffee table on a rug, a floor lamp beside the sofa",
    ),
    Shot(
        "bedroom",
        "a small bedroom in the morning with a double bed, a nightstand beside the bed, a table lamp on the nightstand and a wardrobe",
    ),
    Shot("kitchen", "a farmhouse kitchen in the morning with a wooden table, four chairs around the table, a bowl of fruit on the table"),
    Shot(
        "workshop", "a workshop at night with a workbench, tools on the wall, a stool in front of the workbench and a hanging lamp above it"
    ),
)


def picture(shot: Shot, splats: int) -> tuple[NDArray[np.uint8], str]:
    """(H, W, 3) uint8 of a shot, and what was not found or does not hold, for the person who makes the gallery."""
    world = generate(Prompt(text=shot.prompt, seed=shot.seed), recipe_for(splats=splats))
    assert world.gaussians is not None and world.scene is not None and world.spec is not None
    frame = Frame(WIDTH_PX * OVERSAMPLING, HEIGHT_PX * OVERSAMPLING)
    seen = render(world.gaussians, camera_for(shot.camera, world.scene.spawn, frame)).picture
    blocks = seen.reshape(HEIGHT_PX, OVERSAMPLING, WIDTH_PX, OVERSAMPLING, 3).astype(np.float32)
    failed = [f"{r.subject} {r.relation} {r.object}" for r in world.scene.relations if not r.holds]
    return (blocks.mean(axis=(1, 3)) + 0.5).astype(np.uint8), "; ".join([*failed, *(f"no {phrase}" for phrase in world.spec.unmatched)])


def webp_within(pixels: NDArray[np.uint8], limit_bytes: int) -> bytes:
    """The best WebP that is not larger than `limit_bytes`."""
    for quality in range(90, 20, -5):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
        if len(buffer.getvalue()) <= limit_bytes:
            return buffer.getvalue()
    raise ValueError(f"no WebP of this picture fits into {limit_bytes:,} bytes")


def page(shots: tuple[Shot, ...]) -> str:
    """The gallery's page: every picture with the command that makes its world."""
    lines = [
        "# Gallery",
        "",
        f"Every picture was rendered by the program, from words alone, with {SPLATS:,} splats: `make gallery` makes them anew.",
    ]
    for shot in shots:
        lines += [
            "",
            f"![{shot.prompt}]({shot.name}.webp)",
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
    shots = (HERO, *SHOTS)
    unknown = set(arguments.only) - {shot.name for shot in shots}
    if unknown:
        sys.exit(f"there is no picture {sorted(unknown)[0]!r}: choose from {', '.join(shot.name for shot in shots)}")
    FOLDER.mkdir(exist_ok=True)
    for shot in shots:
        if not arguments.only or shot.name in arguments.only:
            started = time.perf_counter()
            pixels, remarks = picture(shot, arguments.splats)
            data = webp_within(pixels, MAX_BYTES)
            (FOLDER / f"{shot.name}.webp").write_bytes(data)
            print(f"{shot.name}: {len(data) / 1000:.0f} kB, {time.perf_counter() - started:.0f} s  {remarks}")
    (FOLDER / "README.md").write_text(page(shots), encoding="utf-8")


if __name__ == "__main__":
    main()
