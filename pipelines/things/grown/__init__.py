"""Shapes that are algorithms; each is a function from a GrownOrder to a Shape, found through the table GROWN."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.things.grown.buildings import BUILDINGS
from pipelines.things.grown.natural import NATURE

GROWN: Mapping[str, str] = {**BUILDINGS, **NATURE}
"""What a definition's `grown` may name → "module:function", imported when first used."""
