"""A world from the disk, to look at: a package as a folder or zip, or a bare file of splats."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines import Gaussians
from pipelines.errors import FileFormatError
from pipelines.formats import format_of, read_package
from pipelines.scene import Spawn


@dataclass(frozen=True)
class OpenedWorld:
    """Splats, and where a visitor starts among them (the origin, when a bare file does not say)."""

    gaussians: Gaussians
    spawn: Spawn


def is_package(path: Path) -> bool:
    """Whether a path is to be opened as a package rather than as a file of splats; raises FileFormatError when there is nothing."""
    if not path.exists():
        raise FileFormatError(f"{path} does not exist: name a world package or a file of splats")
    return path.is_dir() or path.suffix.lower() == ".zip"


def open_world(path: Path) -> OpenedWorld:
    """Read a package or a file of splats; raises FileFormatError or InputError."""
    if not is_package(path):
        return OpenedWorld(format_of(path).read(path), Spawn())
    package = read_package(path)
    spawn = package.manifest.spawn
    return OpenedWorld(package.gaussians(), Spawn(spawn.position, spawn.yaw, spawn.pitch))
