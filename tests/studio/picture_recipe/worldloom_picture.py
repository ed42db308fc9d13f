"""A recipe of another package that takes pictures, panoramas and video as well as words, and makes the quick recipe's ball of them all."""

from __future__ import annotations

from pipelines.prompt import Kind
from pipelines.recipes import RecipeCard

CARD = RecipeCard(
    name="picture",
    tier="picture",
    makes="anything → a ball",
    needs="nothing",
    rows=dict.fromkeys((Kind.TEXT, Kind.PHOTOGRAPH, Kind.PICTURES, Kind.PANORAMA, Kind.VIDEO), ("quick",)),
)
