"""`worldloom read`: what a prompt was understood to mean, before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.terminal import facts, plain, say, say_json, table

if TYPE_CHECKING:
    from pipelines import SceneSpec
    from pipelines.spec import PartSpec, Relation


def read(
    prompt: Annotated[str, typer.Argument(help="What to make.", show_default=False)],
    *,
    things: Annotated[
        list[Path] | None, typer.Option(help="A folder with your own kinds of things; repeatable.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As a scene specification, for `worldloom generate --spec`.")] = False,
) -> None:
    """Show what the words were understood to mean."""
    from pipelines import Prompt
    from pipelines.language import read as understand
    from pipelines.things import Library

    reading = understand(Prompt(text=prompt).text, Library.load(tuple(things or ())))
    if as_json:
        say_json(reading.spec.model_dump(mode="json", exclude_none=True))
        return
    _show(reading.spec)
    for note in reading.notes:
        say(f"[dim]{plain(note)}[/]")


def _show(spec: SceneSpec) -> None:
    facts(
        [
            ("place", plain(spec.place)),
            ("time", spec.time_of_day.value),
            ("weather", spec.weather.value),
            ("season", spec.season.value),
            ("mood", plain(", ".join(spec.mood))),
            ("style", plain(spec.style or "")),
            ("seen from", "" if spec.view.value == "eye level" else spec.view.value),
            ("room", plain(_parts(spec.parts))),
            ("without", plain(", ".join(spec.without))),
        ]
    )
    if spec.things:
        say()
        rows = []
        for thing in spec.things:
            size = f"{thing.height_m:g} m high" if thing.height_m else "" if thing.size.value == "normal" else thing.size.value
            looks = [size, thing.colour or "", thing.material or "", thing.style or "", "" if thing.count == 1 else thing.arrangement.value]
            looks.append(_parts(thing.parts))
            relations = [_where(relation) for relation in thing.relations]
            row = [str(thing.count), thing.name, thing.kind, ", ".join(filter(None, looks)), "; ".join(relations), thing.phrase]
            rows.append([plain(cell) for cell in row])
        table(("count", "name", "kind", "look", "where", "words"), rows, numbers=("count",))
    if spec.unmatched:
        say()
        say(f"[yellow]not understood: {plain(', '.join(spec.unmatched))}[/]")


def _parts(parts: tuple[PartSpec, ...]) -> str:
    """ "red door, slate roof"."""
    return ", ".join(" ".join(filter(None, (part.colour, part.material, part.name))) for part in parts)


def _where(relation: Relation) -> str:
    """ "10 m behind house"."""
    measure = "" if relation.distance_m is None else f"{relation.distance_m:g} m "
    return f"{measure}{relation.relation.value} {' and '.join(relation.objects)}"
