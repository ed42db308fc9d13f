"""`worldloom bench`: how good worlds are, measured on this machine."""

from __future__ import annotations

import math
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.terminal import facts, plain, say, say_json, seconds_in_words, table

if TYPE_CHECKING:
    from app.commands.progress import ProgressLine
    from pipelines.quality import Soundness, Trial

application = typer.Typer(help="Measure how good worlds are, on this machine.", no_args_is_help=True)


class Truth(StrEnum):
    """Places whose truth is known."""

    FILM = "film"
    PHOTOGRAPHS = "photographs"
    BOTH = "both"


@application.callback()
def bench() -> None:
    """Measure how good worlds are, on this machine."""


@application.command()
def quality(
    world: Annotated[
        Path | None,
        typer.Argument(
            help="A world package (folder or .zip), or a .ply, .spz or .sog file: it is measured by itself. None: this machine's recipe "
            "for pictures is measured on places whose truth is known, which takes 10 to 30 minutes.",
            show_default=False,
        ),
    ] = None,
    *,
    on: Annotated[Truth, typer.Option(help="Without a world: measure with a film, with photographs, or with both.")] = Truth.BOTH,
    frames: Annotated[
        int | None, typer.Option(help="How many frames to take (48 of the film, 20 photographs).", show_default=False)
    ] = None,
    width: Annotated[int, typer.Option(help="Pixels across a frame.")] = 640,
    splats: Annotated[int | None, typer.Option(help="As in generate.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Measure holes, floaters, seam and poles of a world; or how near to the truth this machine makes worlds anew from pictures."""
    from app.commands.progress import ProgressLine
    from pipelines.errors import InputError

    if world is not None and (on is not Truth.BOTH or frames is not None or splats is not None or width != 640):
        raise InputError("--on, --frames, --width and --splats are for measuring the recipe: leave them out, or leave out the world")
    if not 160 <= width <= 1920:
        raise InputError(f"frames of {width} pixels across cannot be measured with: use 160 to 1920")
    with ProgressLine(quiet=quiet) as line:
        measured = _of_world(world, line) if world is not None else _of_recipe(line, on, frames=frames, width=width, splats=splats)
    if as_json:
        say_json(_for_programs(measured))
        return
    for number, one in enumerate(measured):
        if number:
            say()
        show(one)


def _of_world(path: Path, line: ProgressLine) -> list[Soundness | Trial]:
    from app.opening import open_world
    from pipelines.quality import examine

    line.show("measure", 0.0, "opening the world")
    opened = open_world(path)
    return [examine(opened.gaussians, opened.spawn, line.part("measure", 0.02, 1.0))]


def _of_recipe(line: ProgressLine, on: Truth, *, frames: int | None, width: int, splats: int | None) -> list[Soundness | Trial]:
    from pipelines.quality import trial_of_film, trial_of_photographs

    trials = {Truth.FILM: trial_of_film, Truth.PHOTOGRAPHS: trial_of_photographs}
    wanted = [trials[on]] if on in trials else list(trials.values())
    settings: dict[str, Any] = {"frames": frames, "width_px": width, "splats": splats}
    settings = {name: value for name, value in settings.items() if value is not None}
    measured: list[Soundness | Trial] = []
    for number, trial in enumerate(wanted):
        measured.append(trial(**settings, tell=line.part("measure", number / len(wanted), (number + 1) / len(wanted))))
    return measured


def show(measured: Soundness | Trial) -> None:
    """What was measured, for people."""
    from pipelines.quality import Trial

    if isinstance(measured, Trial):
        _show_trial(measured)
    else:
        _show_soundness(measured)


def _show_trial(trial: Trial) -> None:
    whole = sum(trial.seconds.values())
    say(f"[bold]A world made anew from {'a film' if trial.name == 'film' else 'photographs'}[/], compared with the true place")
    facts(
        [
            ("frames", f"{trial.frames} taken, {trial.placed} placed, {trial.held_out} of these held out to compare with"),
            ("took", f"{seconds_in_words(whole)} ({', '.join(f'{plain(name)} {spent:.0f}' for name, spent in trial.seconds.items())})"),
            ("processor", f"{seconds_in_words(trial.cpu_s)} of all cores together"),
            ("held-out views", f"{trial.psnr_db:.1f} dB PSNR on average, {trial.worst_psnr_db:.1f} dB the worst, SSIM {trial.ssim:.3f}"),
            ("cameras", f"{trial.camera_error_m * 1000:.0f} mm off; one metre of the world is {trial.scale:.3f} m in truth"),
        ]
    )
    say()
    rows = [
        (
            row.where,
            f"{row.metres:g} m" if row.metres else "",
            f"{row.cameras}",
            _number(row.psnr_db, "{:.1f} dB"),
            _number(row.holes, "{:.1%}"),
            _number(row.distance_error, "{:.1%}"),
            _number(row.in_front, "{:.2%}"),
        )
        for row in trial.off
    ]
    columns = ("seen from", "by", "views", "PSNR", "holes", "distance error", "hangs in front")
    table(columns, rows, numbers=columns[1:])
    for line in (
        "PSNR: likeness to the true picture where it is opaque. holes: share of the picture that lets more than 5 % of the light through.",
        "distance error: mean, relative to the true distance. hangs in front: share of the picture that shows something far before it.",
    ):
        say(f"[dim]{line}[/]")
    say()
    _show_soundness(trial.soundness)


def _show_soundness(sound: Soundness) -> None:
    say(f"[bold]By itself[/], {sound.splats:,} splats")
    rows = [
        (
            "holes at the start" if not holes.metres else f"holes {holes.metres:g} m away",
            _number(holes.mean, "{:.2%}") + (f", worst {_number(holes.worst, '{:.2%}')}" if holes.metres else ""),
            "share of what lies below the horizon that one can see through",
        )
        for holes in sound.holes
    ]
    floaters, widths, aside = sound.floaters, sound.widths, sound.aside
    rows += [
        ("floaters", f"{floaters.share:.3%}", f"share of opacity that touches nothing ({floaters.number:,} splats)"),
        ("floaters seen", f"{floaters.seen:.2%}", "share of all that is seen from the start that looks different without them"),
        ("seam", _number(sound.seam, "{:.2f}"), "step behind one's back where the edges of a panorama meet; 1 = as anywhere else"),
        ("poles", _number(sound.pole, "{:.2f}"), "detail above one's head and below one's feet; 1 = as elsewhere, 6 = a star"),
        ("widest splat", f"{widths.widest_deg:.1f}°", f"of those within 10 m; {widths.wide:,} are wider than 4°"),
        ("needles", f"{widths.needle:.1f}", "length over width that one splat in a hundred exceeds"),
        ("popping", f"{aside.popping:.2%}", f"flicker when the eye moves by 1 cm (of {aside.change:.2%} change in all)"),
    ]
    table(("", "", ""), rows, numbers=())


def _number(value: float, form: str) -> str:
    """A dash where nothing could be measured."""
    return "–" if math.isnan(value) else form.format(value)


def _for_programs(measured: list[Soundness | Trial]) -> dict[str, Any]:
    """A world's figures, or those of each trial by its name; null where nothing could be measured."""
    from pipelines.quality import Trial

    described = {one.name: asdict(one) for one in measured if isinstance(one, Trial)}
    plain_numbers = _without_nan(described or asdict(measured[0]))
    assert isinstance(plain_numbers, dict)
    return plain_numbers


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
