"""Kinds of things: the modelling language, the library, and shapes that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipelines.things.checks import Problem, check, check_kind
from pipelines.things.library import Library
from pipelines.things.materials import COLOURS, material, materials
from pipelines.things.shape import SIZE_FACTORS, GrownOrder, Kind, Order, Shape

if TYPE_CHECKING:
    from pipelines.things.grown.cover import COVERS, grow_cover

MATERIALS = materials()

__all__ = [
    "COLOURS",
    "COVERS",
    "MATERIALS",
    "SIZE_FACTORS",
    "GrownOrder",
    "Kind",
    "Library",
    "Order",
    "Problem",
    "Shape",
    "check",
    "check_kind",
    "grow_cover",
    "material",
    "materials",
]


def __getattr__(name: str) -> Any:
    """Ground cover needs numba, so it is imported when it is first asked for."""
    if name in ("COVERS", "grow_cover"):
        from pipelines.things.grown import cover

        return getattr(cover, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
