"""`worldloom export` and `worldloom info`: worlds for other programs, and what is in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.terminal import bytes_in_words, facts, plain, say, say_json, table

if TYPE_CHECKING:
    from pipelines import Gaussians
    from pipelines.formats import Manifest


def export(
    world: Annotated[Path, typer.Argument(help="A world package: a folder or .zip.", show_default=False)],
    formats: Annotated[list[str], typer.Argument(help="ply, spz, sog, glb (splats), scene, collider (meshes).", show_default=False)],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write into.")] = Path(),
    axes: Annotated[str | None, typer.Option(help="y-up, z-up or rdf.", show_default="what readers of the format expect")] = None,
    unit: Annotated[str, typer.Option(help="m or cm.")] = "m",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no list of files.")] = False,
) -> None:
    """Write a world in other formats, with other axes or units."""
    from app.commands.progress import ProgressLine
    from pipelines.errors import InputError
    from pipelines.formats import FORMATS, MESHES, Axes, Unit, read_package
    from pipelines.formats import export as write

    for name in formats:
        if name not in (*FORMATS, *MESHES):
            raise InputError(f"there is no format {name!r}: choose from {', '.join((*FORMATS, *MESHES))}")
    if axes is not None and axes not in tuple(Axes):
        raise InputError(f"there are no axes {axes!r}: choose from {', '.join(Axes)}")
    if unit not in tuple(Unit):
        raise InputError(f"there is no unit {unit!r}: choose from {', '.join(Unit)}")
    package = read_package(world)
    written = []
    with ProgressLine(quiet=quiet) as line:
        for number, name in enumerate(dict.fromkeys(formats)):
            line.show("export", number / len(formats), name)
            written.append(write(package, name, output, axes=None if axes is None else Axes(axes), unit=Unit(unit), overwrite=force))
    if not quiet:
        for path in written:
            say(f"{plain(path)}  [dim]{bytes_in_words(path.stat().st_size)}[/]")


def info(
    file: Annotated[Path, typer.Argument(help="A world package, or a .ply, .spz, .sog or .glb file.", show_default=False)],
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Compare every file of a package with its checksum.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is in a world or in a file of splats."""
    from app.opening import is_package
    from pipelines.formats import read_package

    if not is_package(file):
        _show_file(file, as_json=as_json)
        return
    manifest = read_package(file, verify=verify).manifest
    if as_json:
        say_json(manifest.model_dump(mode="json"))
    else:
        _show_world(manifest)
        if verify:
            say("[green]every file is as it was written[/]")


def _show_world(manifest: Manifest) -> None:
    say(f"[bold]{plain(manifest.prompt)}[/]")
    facts(
        [
            ("splats", f"{manifest.splat_count:,}"),
            ("seed", str(manifest.seed)),
            ("made by", plain(f"{manifest.recipe}, Worldloom {manifest.version}")),
            ("spans", " × ".join(f"{high - low:.1f}" for low, high in zip(*manifest.bounds_m, strict=True)) + " m (things)"),
            ("holds", plain("; ".join(f"{r.subject} {r.relation} {r.object}" for r in manifest.relations if r.holds))),
            ("fails", plain("; ".join(f"{r.subject} {r.relation} {r.object}" for r in manifest.relations if not r.holds))),
            ("not found", plain(", ".join(manifest.unmatched))),
        ]
    )
    _show_licences(manifest)
    named = [thing for thing in manifest.things if thing.phrase] or list(manifest.things)
    if named:
        say()
        rows = []
        for thing in named:
            place, size = (", ".join(f"{metres:.1f}" for metres in thing.position), " × ".join(f"{metres:.2f}" for metres in thing.size_m))
            mass = f"{thing.body.mass_kg:,.3g}" + ("" if thing.body.dynamic else " fixed")
            rows.append([plain(cell) for cell in (str(thing.id), thing.label, place, size, mass, f"{thing.splats:,}")])
        table(("id", "thing", "at (m)", "size (m)", "mass (kg)", "splats"), rows, numbers=("id", "splats"))
        if len(named) < len(manifest.things):
            say(f"[dim]and {len(manifest.things) - len(named)} more that the place brought along[/]")
    say()
    table(
        ("file", "size", "bytes a splat"),
        [
            (plain(name), bytes_in_words(file.bytes), _each(name, file.bytes, manifest.splat_count))
            for name, file in sorted(manifest.files.items())
        ],
        numbers=("size", "bytes a splat"),
    )


def _show_licences(manifest: Manifest) -> None:
    """Which weights made the world, under which licences, and whether it may be sold as far as they go."""
    from app.commands.models import answer
    from pipelines.models import may_be_sold

    used = [made for made in manifest.made_by if made.model is not None]
    if not used:
        facts([("weights", "none: no model's licence limits what you do with this world")])
        return
    rows = []
    for made in used:
        sell = answer(may_be_sold([(made.model, made.licence)]))
        rows.append([plain(made.stage), plain(made.model), plain((made.revision or "")[:19]), plain(made.licence or "not known"), sell])
    say()
    table(("stage", "model", "revision", "licence", "may be sold"), rows, whole=("stage", "licence", "may be sold"))
    whole = may_be_sold((made.model, made.licence) for made in used)
    say(
        {
            True: "[green]As far as the licences of its models go, this world may be sold.[/]",
            False: "[red]A licence of its models forbids to sell this world.[/]",
            None: "[yellow]Whether this world may be sold is not known: read the licences that are marked.[/]",
        }[whole]
    )


def _each(name: str, size: int, count: int) -> str:
    return f"{size / count:.1f}" if Path(name).stem == "splats" and count else ""


def _show_file(file: Path, *, as_json: bool) -> None:
    from pipelines.formats import format_of, read_glb

    kind = format_of(file)
    if kind.name == "glb":
        contents = read_glb(file)
        if not any("KHR_gaussian_splatting" in str(mesh) for mesh in contents.items("meshes")):
            counts = {section: len(contents.items(section)) for section in ("nodes", "meshes", "materials")}
            if as_json:
                say_json({"format": "glb", "bytes": file.stat().st_size, **counts})
            else:
                rows = [(section, f"{count:,}") for section, count in counts.items()]
                facts([("format", "glTF binary, meshes"), ("size", bytes_in_words(file.stat().st_size)), *rows])
            return
    gaussians = kind.read(file)
    found = _measured(gaussians, file)
    if as_json:
        say_json({"format": kind.name, **found})
        return
    low, high = found["bounds_m"]
    facts(
        [
            ("format", f"{kind.name}: {kind.purpose}"),
            ("size", f"{bytes_in_words(found['bytes'])}, {found['bytes'] / max(len(gaussians), 1):.1f} bytes a splat"),
            ("splats", f"{len(gaussians):,}"),
            ("harmonics", f"degree {gaussians.degree}"),
            (
                "middle 98 %",
                f"{', '.join(f'{metres:.1f}' for metres in low)} … {', '.join(f'{metres:.1f}' for metres in high)} m (x, y, z)",
            ),
            ("typical", f"{found['median_scale_m'] * 1000:.1f} mm wide, opacity {found['median_opacity']:.2f}"),
        ]
    )


def _measured(gaussians: Gaussians, file: Path) -> dict[str, Any]:
    import numpy as np

    bounds = np.percentile(gaussians.means, [1, 99], axis=0) if len(gaussians) else np.zeros((2, 3))
    return {
        "bytes": file.stat().st_size,
        "splats": len(gaussians),
        "degree": gaussians.degree,
        "bounds_m": [[round(float(metres), 3) for metres in row] for row in bounds],
        "median_scale_m": float(np.median(gaussians.scales.max(axis=1))) if len(gaussians) else 0.0,
        "median_opacity": float(np.median(gaussians.opacities)) if len(gaussians) else 0.0,
    }
