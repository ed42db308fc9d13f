"""Meshes for engines: colliders, and the survey of what was measured."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipelines.mesh.collider import MAX_TRIANGLES, Collider, build_collider

if TYPE_CHECKING:
    from pipelines.mesh.survey import Survey

_HOMES = {
    "survey": ("Survey",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["MAX_TRIANGLES", "Collider", "Survey", "build_collider"]


def __getattr__(name: str) -> Any:
    """What only some recipes need; imported when its name is first used."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
