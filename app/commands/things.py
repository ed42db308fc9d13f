"""`worldloom things`: the library of things, to list, look at and check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.terminal import facts, plain, say, say_json, table

if TYPE_CHECKING:
    from pipelines.spec import Season
    from pipelines.things import Kind, Library

application = typer.Typer(help="The things that words can ask for: list, look, check.", no_args_is_help=True)

Folders = Annotated[
    list[Path] | None, typer.Option("--things", help="A folder with your own kinds of things; repeatable.", show_default=False)
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The picture to write: .png, .webp or .jpg.", show_default=False)]
Splats = Annotated[int, typer.Option(help="Splats for one thing with its floor.")]


@application.command("list")
def list_things(
    words: Annotated[str, typer.Argument(help="Only kinds or families with these letters.", show_default=False)] = "",
    *,
    things: Folders = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the kinds of things, by family."""
    from pipelines.things import Library

    wanted = words.strip().lower()
    kinds = [k for k in Library.load(tuple(things or ())).kinds.values() if wanted in k.family or any(wanted in word for word in k.words)]
    kinds.sort(key=lambda kind: (kind.family, kind.name))
    if as_json:
        say_json([_for_programs(kind) for kind in kinds])
        return
    rows = [(k.family, k.name, " × ".join(f"{m:g}" for m in k.size_m), k.stands_on, ", ".join(k.words[1:])) for k in kinds]
    if rows:
        headings = ("family", "kind", "width × height × depth (m)", "stands on", "also called")
        table(headings, [[plain(cell) for cell in row] for row in rows])
        say()
    say(f"{len(kinds)} kinds in {len({kind.family for kind in kinds})} families")


@application.command()
def show(
    kind: Annotated[str, typer.Argument(help="A kind, or a word for it.", show_default=False)],
    *,
    output: Output,
    things: Folders = None,
    seed: Annotated[int, typer.Option(help="Which one of its kind.")] = 0,
    colour: Annotated[str | None, typer.Option(help="A colour's name.", show_default=False)] = None,
    material: Annotated[str | None, typer.Option(help="A material's name.", show_default=False)] = None,
    style: Annotated[str | None, typer.Option(help="One of the kind's styles.", show_default=False)] = None,
    season: Annotated[str, typer.Option(help="spring, summer, autumn or winter.")] = "summer",
    size: Annotated[str, typer.Option(help="Of the picture, in pixels.")] = "960x720",
    splats: Splats = 300_000,
) -> None:
    """Look at one kind of thing: built, lit and rendered by the stages that make worlds."""
    from app.commands.destination import require_new_file
    from app.viewpoint import frame_of
    from pipelines.things import Library, Order

    require_new_file(output, (".png", ".webp", ".jpg"))
    frame = frame_of(size, 36)
    library = Library.load(tuple(things or ()))
    known = _kind_called(library, kind)
    order = Order(seed=seed, colour=colour, material=material, style=style, season=_season(season))

    from app.commands.pictures import portrait, write_picture

    picture = portrait(library, known.name, order, width_px=frame.width_px, height_px=frame.height_px, splats=splats)
    write_picture(picture, output)
    model = library.build(known.name, order)
    triangles = sum(len(part.mesh.faces) for part in model.parts)
    leaves = sum(len(foliage) for foliage in model.foliage)
    facts(
        [
            ("kind", plain(f"{known.name} ({known.family})")),
            ("size", " × ".join(f"{metres:.2f}" for metres in model.size_m) + " m"),
            ("made of", f"{len(model.parts)} parts, {triangles:,} triangles" + (f", {leaves:,} leaves" if leaves else "")),
            ("mass", f"{model.body.mass_kg:,.3g} kg" + ("" if model.body.dynamic else ", fixed")),
            ("spots", plain(", ".join(spot.name for spot in model.spots))),
            ("styles", plain(", ".join(known.styles))),
            ("picture", plain(output)),
        ]
    )


@application.command()
def sheet(
    family: Annotated[str, typer.Argument(help="A family, as `worldloom things list` names it.", show_default=False)],
    *,
    output: Output,
    things: Folders = None,
    columns: Annotated[int, typer.Option(min=1, max=12, help="Pictures side by side.")] = 5,
    splats: Splats = 120_000,
) -> None:
    """Look at a whole family of things on one picture."""
    from app.commands.destination import require_new_file
    from app.commands.progress import ProgressLine
    from pipelines.errors import ThingError
    from pipelines.things import Library, Order

    require_new_file(output, (".png", ".webp", ".jpg"))
    library = Library.load(tuple(things or ()))
    names = [name for name, kind in library.kinds.items() if kind.family == family]
    if not names:
        families = ", ".join(sorted({kind.family for kind in library.kinds.values()}))
        raise ThingError(f"there is no family {family!r}: choose one of {families}")

    from app.commands.pictures import contact_sheet, portrait, write_picture

    pictures = []
    with ProgressLine() as line:
        for number, name in enumerate(names):
            line.show("portraits", number / len(names), name)
            pictures.append((name, portrait(library, name, Order(), width_px=320, height_px=260, splats=splats)))
    write_picture(contact_sheet(pictures, columns=min(columns, len(names))), output)
    say(f"{len(names)} kinds of the family {plain(family)} on {plain(output)}")


@application.command()
def check(
    path: Annotated[Path, typer.Argument(help="A .yaml file with thing definitions, or a folder of them.", show_default=False)],
) -> None:
    """Check thing definitions of your own: language, sizes, closedness, bounds."""
    from pipelines.errors import ThingError
    from pipelines.things import check as check_definitions

    if not path.exists():
        raise ThingError(f"{path} does not exist: name a .yaml file with thing definitions, or a folder of them")
    problems = check_definitions(path)
    for problem in problems:
        say(f"[red]✗[/] {plain(problem)}")
    if problems:
        raise ThingError(f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {path}: see the list above")
    say(f"[green]✓[/] {plain(path)} is in order")


def _kind_called(library: Library, word: str) -> Kind:
    wanted = " ".join(word.lower().split())
    names = (wanted,) if wanted in library.kinds else library.words.get(wanted, ())
    if not names:
        library.file_of(wanted)  # raises ThingError with the nearest names
    return library.kinds[names[0]]


def _season(word: str) -> Season:
    from pipelines.errors import InputError
    from pipelines.spec import Season

    try:
        return Season(word.strip().lower())
    except ValueError:
        raise InputError(f"there is no season {word!r}: choose spring, summer, autumn or winter") from None


def _for_programs(kind: Kind) -> dict[str, object]:
    return {
        "kind": kind.name,
        "family": kind.family,
        "words": list(kind.words),
        "size_m": list(kind.size_m),
        "stands_on": kind.stands_on,
        "styles": list(kind.styles),
        "dynamic": kind.dynamic,
    }
