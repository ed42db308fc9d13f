"""Shapes that are algorithms; each is a function from a GrownOrder to a Shape, found through the table GROWN."""

from __future__ import annotations

from collections.abc import Mapping

GROWN: Mapping[str, str] = {}
"""What a definition's `grown` may name → "module:function", imported when first used."""
