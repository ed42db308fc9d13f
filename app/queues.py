"""Queues: one for each recipe, so that a worker keeps one model warm, and one for everything that is done with finished worlds."""

from __future__ import annotations

from pipelines.recipes import RecipeCard, cards

STUDIO = "studio"


def queue_of(card: RecipeCard) -> str:
    """The queue whose workers run a recipe."""
    return f"worlds-{card.tier}"


def all_queues() -> tuple[str, ...]:
    """Those of all recipes that this machine knows, and STUDIO."""
    return (*dict.fromkeys(queue_of(card) for card in cards()), STUDIO)
