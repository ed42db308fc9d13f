"""Kinds of things: the modelling language, the library, and shapes that grow."""

from __future__ import annotations

from pipelines.things.checks import Problem, check, check_kind
from pipelines.things.library import Library
from pipelines.things.materials import COLOURS, material, materials
from pipelines.things.shape import GrownOrder, Kind, Order, Shape

MATERIALS = materials()

__all__ = [
    "COLOURS",
    "MATERIALS",
    "GrownOrder",
    "Kind",
    "Library",
    "Order",
    "Problem",
    "Shape",
    "check",
    "check_kind",
    "material",
    "materials",
]
