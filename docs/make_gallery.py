"""Renders docs/gallery/ anew, pictures and page: python docs/make_gallery.py [--only NAME …] [--splats N].

The photographs are not part of this repository: they come with scikit-learn and with Debian's package lomiri-wallpapers-16.04
(`--photographs` names the folder where its backgrounds lie); without them, their pictures stay as they are.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from app.commands.pictures import webp_within
from app.viewpoint import Frame, camera_for
from pipelines import Prompt, World, generate, recipe_for
from pipelines.prompt import Kind, Picture
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
    Shot("tulips", "a tulip field in the Netherlands with a windmill", seed=1),
    Shot("canyon", "a desert canyon at golden hour with cactuses and an eagle on a rock"),
    Shot("snow", "a snowfield at sunset with a log cabin between two fir trees, a snowman in front of the cabin and a sledge beside it"),
    Shot("dock", "a calm mountain lake at sunset, a wooden dock, two rowing boats beside the dock, a tent near a campfire"),
    Shot(
        "beach",
        "a tropical beach in the afternoon with palm trees, two deck chairs under a parasol and a rowing boat near the water",
        seed=2,
    ),
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


@dataclass(frozen=True)
class Photograph:
    """A real photograph whose world is shown beside it: file: its name where its package puts it; words: what it shows."""

    name: str
    file: str
    words: str
    by: str
    licence: str


BACKGROUNDS = Path("/usr/share/backgrounds")
PHOTOGRAPHS = (
    Photograph("photo-meadow", "aitzgorri_by_Aitzol_Berasategi.jpg", "A meadow before a mountain", "Aitzol Berasategi", "CC-BY-4.0"),
    Photograph("photo-path", "picosdeeuropa_by_Aitzol_Berasategi.jpg", "A path in the mountains", "Aitzol Berasategi", "CC-BY-4.0"),
    Photograph("photo-stream", "life_by_Aitzol_Berasategi.jpg", "A stream in a wood", "Aitzol Berasategi", "CC-BY-4.0"),
    Photograph("photo-sunset", "sunset_by_Aitzol_Berasategi.jpg", "Sunset on a hill", "Aitzol Berasategi", "CC-BY-4.0"),
    Photograph("photo-room", "Wine_by_Jakkub_Mede.jpg", "A room with a drum", "Jakub Mede", "CC-BY-4.0"),
    Photograph("photo-palace", "china.jpg", "A tower of the Summer Palace", "danielbuechele", "CC-BY-2.0"),
)
TILE_PX, GAP_PX = (424, 318), 4
ASIDE_M = 0.7  # how far beside the photographer the second tile is seen from


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


def found(photograph: Photograph, folder: Path) -> Path | None:
    """Where a photograph lies on this machine, None where it does not."""
    package = find_spec("sklearn")
    images = [Path(package.origin).parent / "datasets" / "images"] if package is not None and package.origin is not None else []
    return next((place / photograph.file for place in (folder, *images) if (place / photograph.file).is_file()), None)


def strip(path: Path, splats: int) -> tuple[NDArray[np.uint8], tuple[int, float]]:
    """Three tiles, (H, W, 3) uint8: the photograph, its world from a step to the right, and what lies right of it; splats, seconds."""
    begun = time.perf_counter()
    world = generate(Prompt(pictures=(Picture(path),)), recipe_for("nano", kind=Kind.PHOTOGRAPH, splats=splats))
    seconds = time.perf_counter() - begun
    assert world.gaussians is not None and world.scene is not None
    spawn = world.scene.spawn
    x, y, z = camera_for("spawn", spawn, Frame(*TILE_PX)).position
    across = ASIDE_M * math.cos(spawn.yaw_rad), -ASIDE_M * math.sin(spawn.yaw_rad)
    yaw_deg = math.degrees(spawn.yaw_rad)
    views = (f"{x + across[0]},{y},{z + across[1]},{yaw_deg},0", f"{x},{y},{z},{yaw_deg - 80},0")
    tiles = [ImageOps.fit(Image.open(path).convert("RGB"), TILE_PX), *(_seen(world, view) for view in views)]
    whole = Image.new("RGB", (3 * TILE_PX[0] + 2 * GAP_PX, TILE_PX[1]), "white")
    for number, tile in enumerate(tiles):
        whole.paste(tile, (number * (TILE_PX[0] + GAP_PX), 0))
    return np.asarray(whole), (len(world.gaussians), round(seconds, 1))


def _seen(world: World, camera: str) -> Image.Image:
    assert world.gaussians is not None and world.scene is not None
    frame = Frame(TILE_PX[0] * OVERSAMPLING, TILE_PX[1] * OVERSAMPLING)
    seen = render(world.gaussians, camera_for(camera, world.scene.spawn, frame)).picture
    return Image.fromarray(seen).resize(TILE_PX, Image.Resampling.BOX)


FROM_PHOTOGRAPHS = (
    "",
    "## From single photographs",
    "",
    "The photograph; its world from 0.7 m to the right; and what lies to the right of it, which no photograph shows. Distances are by",
    "[the small model](../small-model.md), which is in the package, and what is around is made of turned copies. The photographs come with",
    "scikit-learn and with Debian's lomiri-wallpapers-16.04; these pictures of them stand under the same licences.",
)


def _entry(words: str, name: str, told: str, command: str) -> list[str]:
    """A picture, what is told of it, and the command that makes its world."""
    return ["", f"![{words}]({name}.webp)", "", told, "", "```sh", command, "```"]


def page(shots: tuple[Shot, ...], figures: dict[str, tuple[int, float]]) -> str:
    """The gallery's page: every picture with the command that makes its world."""
    lines = [
        "# Gallery",
        "",
        "Every picture was rendered by the program: `make gallery` makes them anew. The seconds are from the words or the photograph",
        "to the splats, one world after the other on two cores with nothing else to do, 28 November 2026. What else a world takes is in",
        "[the benchmarks](../benchmarks.md).",
    ]
    for shot in shots:
        splats, seconds = figures[shot.name]
        command = f'worldloom generate "{shot.prompt}" --seed {shot.seed} --splats {SPLATS}'
        lines += _entry(shot.prompt, shot.name, f"{splats:,} splats, {seconds:.0f} s", command)
    there = [photograph for photograph in PHOTOGRAPHS if photograph.name in figures]
    lines += FROM_PHOTOGRAPHS if there else ()
    for one in there:
        splats, seconds = figures[one.name]
        told = f"{one.words}, by {one.by} ({one.licence}): {splats:,} splats, {seconds:.0f} s"
        lines += _entry(one.words, one.name, told, f"worldloom generate --image {one.file} --splats {SPLATS}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Render all shots, or those that are named, and write the page."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="render these only")
    parser.add_argument("--splats", type=int, default=SPLATS)
    parser.add_argument("--photographs", type=Path, default=BACKGROUNDS, metavar="FOLDER", help="where the photographs lie")
    arguments = parser.parse_args()
    shots = (FIRST, *SHOTS)
    names = [one.name for one in (*shots, *PHOTOGRAPHS)]
    unknown = set(arguments.only) - set(names)
    if unknown:
        sys.exit(f"there is no picture {sorted(unknown)[0]!r}: choose from {', '.join(names)}")
    FOLDER.mkdir(exist_ok=True)
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for one in (*shots, *PHOTOGRAPHS):
        if arguments.only and one.name not in arguments.only:
            continue
        started, remarks = time.perf_counter(), ""
        if isinstance(one, Shot):
            pixels, figures[one.name], remarks = picture(one, arguments.splats)
        elif (path := found(one, arguments.photographs)) is not None:
            pixels, figures[one.name] = strip(path, arguments.splats)
        else:
            print(f"{one.name}: {one.file} is not in {arguments.photographs}: install lomiri-wallpapers-16.04, or name its folder")
            continue
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        data = webp_within(pixels, MAX_BYTES)
        (FOLDER / f"{one.name}.webp").write_bytes(data)
        print(f"{one.name}: {len(data) / 1000:.0f} kB, {time.perf_counter() - started:.0f} s  {remarks}", flush=True)
    (FOLDER / "README.md").write_text(page(shots, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
