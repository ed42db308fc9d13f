"""Quality measured: places whose truth is known are made anew from a film and photographs, and compared: `worldloom bench quality`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Console

from app.commands.bench import show
from pipelines.quality import trial_of_film, trial_of_photographs


def measure(console: Console) -> dict[str, Any]:
    """Both trials, one after the other."""
    figures = {}
    for trial in (trial_of_film, trial_of_photographs):
        measured = trial()
        show(measured)
        console.print()
        figures[measured.name] = asdict(measured)
    return figures
