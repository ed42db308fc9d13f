"""Whole worlds, each made in a process of its own: seconds by stage, peak memory, sums of files; cold and warm."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TypedDict

PROMPT = "a misty pine forest with a log cabin beside a lake at dawn"


class WorldFigures(TypedDict):
    """What one run took. seconds: by stage, with `import` and `save`.  total_s: the whole process, as a user waits for it."""

    splats: int
    seconds: dict[str, float]
    total_s: float
    peak_memory_bytes: int
    package_bytes: int
    sums: dict[str, str]


def run(splats: int, *, folder: Path, cache: Path | None = None) -> WorldFigures:
    """Make a world in a fresh process. cache: where compiled code is kept; an empty folder makes a cold start."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    started = time.perf_counter()
    words = [sys.executable, "-m", "bench.worlds", str(splats), str(folder)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"making a world of {splats:,} splats failed:\n{done.stderr}")
    figures: WorldFigures = json.loads(done.stdout.splitlines()[-1])
    return {**figures, "total_s": round(time.perf_counter() - started, 2)}


def main() -> None:
    """Make one world and print its figures as JSON: python -m bench.worlds SPLATS FOLDER."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("splats", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--prompt", default=PROMPT)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.prompt, arguments.splats, arguments.folder)))


def measure(prompt: str, splats: int, folder: Path) -> WorldFigures:
    """Make a world in this process."""
    started = time.perf_counter()
    from pipelines import Prompt, generate, recipe_for
    from pipelines.formats import read_package, save_package

    recipe = recipe_for(splats=splats)
    imported = time.perf_counter()
    world = generate(Prompt(text=prompt), recipe)
    generated = time.perf_counter()
    save_package(world, folder)
    saved = time.perf_counter()
    files = read_package(folder).manifest.files
    seconds = {"import": imported - started, **{made.stage: made.seconds for made in world.made_by}, "save": saved - generated}
    return {
        "splats": len(world.gaussians or ()),
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "total_s": round(saved - started, 2),
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "package_bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "sums": {name: facts.sha256 for name, facts in sorted(files.items())},
    }


def cold_and_warm(splats: int, *, folder: Path) -> tuple[WorldFigures, WorldFigures]:
    """The first run after an installation, with nothing compiled yet, and the second."""
    with tempfile.TemporaryDirectory(prefix="worldloom-cache-") as cache:
        cold = run(splats, folder=folder / "cold", cache=Path(cache))
        warm = run(splats, folder=folder / "warm", cache=Path(cache))
    return cold, warm


if __name__ == "__main__":
    main()
