"""`worldloom generate`: words, pictures, a panorama or a video in, a world package out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.terminal import bytes_in_words, facts, plain, say, seconds_in_words

if TYPE_CHECKING:
    from app.commands.sources import Sources
    from pipelines import Progress, SceneSpec, World

SAVING_SHARE = 0.15  # of the whole time, measured with `make bench`; the stages share the rest


def generate(
    prompt: Annotated[
        str, typer.Argument(help="What to make, in English; may be left out with --spec, pictures or a video.", show_default=False)
    ] = "",
    *,
    image: Annotated[
        list[Path] | None, typer.Option(help="A photograph of the place; repeatable: several from different points.", show_default=False)
    ] = None,
    azimuth: Annotated[
        list[float] | None,
        typer.Option(help="Where an --image looks, degrees clockwise from straight ahead; one for each, in order.", show_default=False),
    ] = None,
    panorama: Annotated[Path | None, typer.Option(help="A panorama of the whole sphere, 2:1.", show_default=False)] = None,
    depth: Annotated[Path | None, typer.Option(help="The panorama's distances: an EXR, metres along the ray.", show_default=False)] = None,
    video: Annotated[Path | None, typer.Option(help="A video of a walk through the place.", show_default=False)] = None,
    layout: Annotated[
        Path | None, typer.Option(help="Distances of a whole sphere, as --depth, to be painted after the words.", show_default=False)
    ] = None,
    eye_height: Annotated[
        float | None,
        typer.Option(help="How many metres above the ground the cameras were.", show_default="1.65, or as --depth says"),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The folder to make.", show_default="worlds/<words>-<seed>")] = None,
    seed: Annotated[int, typer.Option(help="Same words, same seed: the same world, byte for byte.")] = 0,
    splats: Annotated[int, typer.Option(help="How many Gaussian splats, 10,000 to 4,000,000.")] = 1_000_000,
    tier: Annotated[
        str | None, typer.Option(help="A recipe, see `worldloom recipes`.", show_default="the best that this machine runs")
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(help="A scene specification as JSON, in place of reading the words.", show_default=False)
    ] = None,
    things: Annotated[
        list[Path] | None, typer.Option(help="A folder with your own kinds of things; repeatable.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the world that is there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Make a world from words, pictures, a panorama or a video, and write it as a package."""
    from app.commands.destination import folder_for, require_new_world
    from app.commands.progress import ProgressLine
    from app.commands.sources import Sources
    from pipelines import Prompt, SceneSpec, recipe_for
    from pipelines import generate as make
    from pipelines.formats import save_package

    sources = Sources(tuple(image or ()), tuple(azimuth or ()), panorama, depth, video, layout)
    sources.require_sound()
    meaning = SceneSpec.from_file(spec) if spec is not None else None
    text = prompt if prompt.strip() or meaning is None or sources.name else sentence(meaning)
    request = Prompt(text=text, seed=seed, tier=tier, eye_height_m=eye_height, **sources.fields())
    recipe = recipe_for(tier, kind=request.kind, splats=splats, spec=meaning, things=tuple(things or ()))
    folder = output or folder_for(request.text or sources.name, seed)
    require_new_world(folder, force=force)
    with ProgressLine(quiet=quiet) as line:

        def tell(report: Progress) -> None:
            if report.stage != "done":
                line.show(report.stage, report.fraction * (1 - SAVING_SHARE), report.note)

        world = make(request, recipe, tell)
        line.show("save", 1 - SAVING_SHARE)
        save_package(world, folder, overwrite=force, tell=line.part("save", 1 - SAVING_SHARE, 1.0))
    if not quiet:
        summarise(world, sources, folder, line.elapsed_s)


def sentence(meaning: SceneSpec) -> str:
    """The prompt of a world whose specification came without words."""
    things = [thing.phrase or (thing.kind if thing.count == 1 else f"{thing.count} × {thing.kind}") for thing in meaning.things]
    return f"{meaning.place}: {', '.join(things)}"[:2_000] if things else meaning.place


def summarise(world: World, sources: Sources, folder: Path, seconds: float) -> None:
    """Say what was made, what was not, where it lies, and what to do next."""
    spec, scene = world.spec, world.scene
    named = [thing for thing in scene.things if thing.id and thing.phrase] if scene else []
    kinds: dict[str, int] = {}
    for thing in named:
        kinds[thing.kind] = kinds.get(thing.kind, 0) + 1
    relations = scene.relations if scene else ()
    files = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else [folder]
    total = sum(path.stat().st_size for path in files)
    say(f"[bold green]A world of {len(world.gaussians or ()):,} splats[/] in {seconds_in_words(seconds)}")
    facts(
        [
            ("made from", plain(sources.words(world.prompt.kind))),
            ("place", plain(atmosphere(spec)) if spec else ""),
            ("things", plain(", ".join(kind if count == 1 else f"{count} × {kind}" for kind, count in kinds.items()))),
            ("holds", plain("; ".join(f"{r.subject} {r.relation} {r.object}" for r in relations if r.holds))),
            ("[yellow]fails[/]", f"[yellow]{plain('; '.join(f'{r.subject} {r.relation} {r.object}' for r in relations if not r.holds))}[/]")
            if any(not relation.holds for relation in relations)
            else ("", ""),
            ("[yellow]not found[/]", f"[yellow]{plain(', '.join(spec.unmatched))}[/]") if spec and spec.unmatched else ("", ""),
            ("written to", f"{plain(folder)}  [dim]{bytes_in_words(total)}[/]"),
            ("try", f"worldloom render {quoted(folder)} -o view.png"),
        ]
    )


def atmosphere(spec: SceneSpec) -> str:
    """Place, time, weather and season in one line."""
    return ", ".join([spec.place, spec.time_of_day.value, spec.weather.value, spec.season.value, *spec.mood])


def quoted(path: Path) -> str:
    """A path as one types it in a shell."""
    import shlex

    return plain(shlex.quote(str(path)))
