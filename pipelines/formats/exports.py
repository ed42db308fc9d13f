"""Which formats there are, and writing one of them: the one place to add a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import InputError
from pipelines.formats.atomic import written_whole
from pipelines.formats.frames import RDF, WORLD, Axes, Frame, Unit
from pipelines.gaussians import Gaussians

if TYPE_CHECKING:
    from pipelines.formats.package import Package


@dataclass(frozen=True)
class Format:
    """A way to write splats. frame: the axes that readers of this format expect."""

    name: str
    extension: str
    frame: Frame
    purpose: str
    writer: str
    reader: str

    def write(self, gaussians: Gaussians, path: Path, *, frame: Frame | None = None) -> None:
        """Write splats; raises OutputError."""
        _named(self.writer)(gaussians, path, frame=frame or self.frame)

    def read(self, path: Path, *, frame: Frame | None = None) -> Gaussians:
        """Read splats; raises FileFormatError."""
        gaussians = _named(self.reader)(path, frame=frame or self.frame)
        assert isinstance(gaussians, Gaussians)
        return gaussians


FORMATS: Mapping[str, Format] = {
    kind.name: kind
    for kind in (
        Format("ply", ".ply", RDF, "the master, exact: editors, Blender, Unreal, training", "ply:write_ply", "ply:read_ply"),
        Format("spz", ".spz", WORLD, "web and interchange, 15 bytes a splat: Spark, three.js, Unity", "spz:write_spz", "spz:read_spz"),
        Format("sog", ".sog", RDF, "smallest download, 11 bytes a splat: PlayCanvas, SuperSplat", "sog:write_sog", "sog:read_sog"),
        Format(
            "glb",
            ".glb",
            WORLD,
            "glTF with KHR_gaussian_splatting: three.js, Babylon, Cesium",
            "splat_glb:write_splat_glb",
            "splat_glb:read_splat_glb",
        ),
    )
}
"""Splat formats by name. To add one: write `write_x(gaussians, path, *, frame)` and `read_x(path, *, frame)`, and a line here."""

MESHES: Mapping[str, str] = {"scene": "scene.glb", "collider": "collider.glb"}
"""Meshes of a package that can be exported as GLB, by name."""


def _named(target: str) -> Callable[..., Any]:
    module, _, function = target.partition(":")
    found: Callable[..., Any] = getattr(import_module(f"pipelines.formats.{module}"), function)
    return found


def splat_format(name: str) -> Format:
    """A format by its name; raises InputError with the names there are."""
    if name not in FORMATS:
        raise InputError(f"there is no splat format {name!r}: choose from {', '.join(FORMATS)}")
    return FORMATS[name]


def format_of(path: Path) -> Format:
    """The format that a file's name ends in; raises InputError."""
    for kind in FORMATS.values():
        if path.name.lower().endswith(kind.extension):
            return kind
    raise InputError(f"{path.name} ends in none of {', '.join(kind.extension for kind in FORMATS.values())}: name a splat file")


def export(
    package: Package, name: str, folder: Path, *, axes: Axes | None = None, unit: Unit = Unit.METRE, overwrite: bool = False
) -> Path:
    """Write one format of a package into a folder, and return the file. name: a splat format, or scene, collider.

    axes: None for those that readers of the format expect.  In GLB, whose data are always y-up metres, a node turns the whole scene.
    Raises InputError for an unknown name, FileFormatError when the package lacks it, OutputError.
    """
    if name in MESHES:
        from pipelines.formats.glb import reframe_glb

        target = folder / MESHES[name]
        source = package.file(MESHES[name])
        write: Callable[[Path], None] = partial(_call, reframe_glb, source, Frame(axes or Axes.Y_UP, unit))
    else:
        if name not in FORMATS:
            raise InputError(f"there is no format {name!r}: choose from {', '.join((*FORMATS, *MESHES))}")
        kind = FORMATS[name]
        target = folder / f"splats{kind.extension}"
        write = partial(_call, kind.write, package.gaussians(), Frame(axes or kind.frame.axes, unit))
    with written_whole(target, overwrite=overwrite) as workshop:
        write(workshop / target.name)
    return target


def _call(function: Callable[..., None], source: object, frame: Frame, path: Path) -> None:
    function(source, path, frame=frame)
