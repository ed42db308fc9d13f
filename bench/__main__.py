"""`make bench`: worlds, renderer and files measured; a table for people and .bench/latest.json for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import files, worlds
from pipelines.cores import core_count

LATEST = Path(__file__).parents[1] / ".bench" / "latest.json"
SIZES = (100_000, 1_000_000)
FULL_SIZES = (4_000_000,)
FILE_SPLATS = 500_000
PLACE_SPLATS = 500_000

console = Console(highlight=False)


def main() -> None:
    """Measure what Python alone can measure, or what is named: studio needs a browser, cuda a card, places to quality take minutes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        choices=[[], "worlds", "renderer", "files", "service", "studio", "places", "prompts", "refine", "quality", "cuda"],
        help="default: all but studio, places, prompts, refine, quality and cuda",
    )
    parser.add_argument("--full", action="store_true", help="with a world of 4 million splats")
    parser.add_argument("--splats", type=int, nargs="+", default=list(SIZES), help="sizes of the worlds (default: %(default)s)")
    parser.add_argument("--as-read", action="store_true", help="prompts: only what is read, in seconds; nothing is arranged")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="prompts: arranged from these (default: %(default)s)")
    arguments = parser.parse_args()
    what = arguments.what or ["worlds", "renderer", "files", "service"]
    figures: dict[str, Any] = {
        "machine": machine(),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("worldloom"),
    }
    console.print(f"[dim]{figures['machine']}[/]")
    with tempfile.TemporaryDirectory(prefix="worldloom-bench-") as folder:
        if "worlds" in what:
            figures["worlds"] = bench_worlds(Path(folder), (*arguments.splats, *(FULL_SIZES if arguments.full else ())))
        if "renderer" in what:
            figures["renderer"] = bench_renderer()
        if "files" in what:
            figures["files"] = bench_files(Path(folder))
    if "service" in what:
        figures["service"] = bench_service()
    if "studio" in what:
        figures["studio"] = bench_studio()
    if "places" in what:
        figures["places"] = bench_places()
    if "prompts" in what:
        figures["prompts"] = bench_prompts(() if arguments.as_read else arguments.seeds)
    if "refine" in what:
        figures["refine"] = bench_refine()
    if "quality" in what:
        figures["quality"] = bench_quality()
    if "cuda" in what:
        figures["cuda"] = bench_cuda()
    LATEST.parent.mkdir(exist_ok=True)
    before = json.loads(LATEST.read_text(encoding="utf-8")) if LATEST.exists() else {}  # what was not measured now stays
    LATEST.write_text(json.dumps({**before, **figures}, indent=1) + "\n", encoding="utf-8")
    console.print(f"[dim]written to {LATEST.relative_to(LATEST.parents[1])}[/]")


def machine() -> str:
    """This machine in one line: figures mean nothing without it."""
    load = os.getloadavg()[0]
    return f"{core_count()} × {processor()}, Python {platform.python_version()}, load {load:.1f} at the start"


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def bench_worlds(folder: Path, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Cold and warm runs of growing size."""
    figures: dict[str, Any] = {}
    for splats in sizes:
        here = folder / str(splats)
        here.mkdir()
        cold, warm = worlds.cold_and_warm(splats, folder=here)
        figures[str(splats)] = {"cold": cold, "warm": warm, "identical": cold["sums"] == warm["sums"]}
    stages = list(next(iter(figures.values()))["warm"]["seconds"])
    table = Table(
        "splats", "start", *stages, "whole (s)", "memory (GB)", "package (MB)", "same bytes", title=f"“{worlds.PROMPT}”", box=None
    )
    for both in figures.values():
        for start in ("cold", "warm"):
            run = both[start]
            times = [f"{run['seconds'][stage]:.2f}" for stage in stages]
            memory, package = run["peak_memory_bytes"] / 1e9, run["package_bytes"] / 1e6
            same = "yes" if both["identical"] else "NO"
            table.add_row(f"{run['splats']:,}", start, *times, f"{run['total_s']:.1f}", f"{memory:.2f}", f"{package:.0f}", same)
    console.print(table)
    return figures


def bench_renderer() -> Any:
    """The splat renderer at several sizes."""
    from bench import renderer

    return renderer.measure(console)


def bench_service() -> Any:
    """The API and its workers under load."""
    from bench import service

    return service.measure(console)


def bench_studio() -> Any:
    """The viewer in a browser, beside another one."""
    from bench import studio

    return studio.measure(console)


def bench_places() -> Any:
    """Every place by its name alone."""
    from bench import places

    return places.measure(console, splats=PLACE_SPLATS)


def bench_prompts(seeds: Sequence[int]) -> Any:
    """Wished things and relations, as read and arranged from each of the seeds."""
    from bench import prompts

    return prompts.measure(console, seeds=seeds)


def bench_cuda() -> Any:
    """Refining on a graphics card beside gsplat's own trainer, and both renderers compared."""
    from bench import cuda

    return cuda.measure(console)


def bench_quality() -> Any:
    """A world made anew from a video of it."""
    from bench import quality

    return quality.measure(console)


def bench_refine() -> Any:
    """Splats fitted to the frames of a film whose truth is known."""
    from bench import refine

    return refine.measure(console)


def bench_files(folder: Path) -> list[files.FileFigures]:
    """Every splat format on a real world."""
    worlds.run(FILE_SPLATS, folder=folder / "world")
    from pipelines.formats import read_package

    figures = files.measure(read_package(folder / "world").gaussians(), folder)
    table = Table("format", "write (s)", "read (s)", "bytes a splat", "worst PSNR (dB)", title=f"files of {FILE_SPLATS:,} splats", box=None)
    for row in figures:
        table.add_row(
            row["format"], f"{row['write_s']:.2f}", f"{row['read_s']:.2f}", f"{row['bytes_per_splat']:.1f}", f"{row['psnr_db']:.1f}"
        )
    console.print(table)
    return figures


if __name__ == "__main__":
    main()
