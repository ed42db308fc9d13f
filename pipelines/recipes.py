"""Which stages exist, which rows of them work well, and what each needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import InputError, PromptError, UnavailableError
from pipelines.prompt import Kind

if TYPE_CHECKING:
    from pipelines.spec import SceneSpec
    from pipelines.stage import Recipe, Stage

MIN_SPLATS, DEFAULT_SPLATS, MAX_SPLATS = 10_000, 1_000_000, 4_000_000

STAGES: Mapping[str, str] = {
    "read": "pipelines.language:Read",
    "arrange": "pipelines.layout:Arrange",
    "build": "pipelines.layout:Build",
    "sample": "pipelines.layout:Sample",
    "light": "pipelines.layout:Light",
    "finish": "pipelines.splat:Finish",
}
"""Every stage by name, imported only when a recipe uses it. Others add theirs in the entry-point group `worldloom.stages`."""


FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("text",),
    Kind.PHOTOGRAPH: ("pictures",),
    Kind.PICTURES: ("pictures",),
    Kind.VIDEO: ("video",),
    Kind.PANORAMA: ("panorama",),
    Kind.MEASURED_PANORAMA: ("panorama", "distance"),
    Kind.LAYOUT: ("layout",),
}
"""The fields of a Prompt that make it one of a kind."""

CURES: Mapping[Kind, str] = dict.fromkeys(Kind, "describe the place in words")
"""What to do where a recipe has no row for a kind."""


@dataclass(frozen=True, slots=True)
class RecipeCard:
    """What a person should know about a recipe before choosing it. rows: the stages for each kind of prompt that it understands."""

    name: str
    tier: str
    makes: str
    needs: str
    rows: Mapping[Kind, tuple[str, ...]]

    @property
    def takes(self) -> tuple[str, ...]:
        """The fields of a Prompt that it understands."""
        return tuple(dict.fromkeys(name for kind in self.rows for name in FIELDS[kind]))

    @property
    def row(self) -> tuple[str, ...]:
        """The stages for the kind of prompt that it is made for first."""
        return next(iter(self.rows.values()))

    def row_for(self, kind: Kind) -> tuple[str, ...]:
        """The stages for a kind of prompt; raises UnavailableError with what it does take."""
        row = self.rows.get(kind)
        if row is None:
            known = ", ".join(self.rows)
            raise UnavailableError(f"the recipe {self.name} makes no worlds from a {kind}, but from {known}: {CURES[kind]}")
        return row


CARDS: tuple[RecipeCard, ...] = (
    RecipeCard(
        name="worldloom-nano",
        tier="nano",
        makes="text → world: geometry built from words, lit by ray casting, turned straight into splats",
        needs="any machine; no GPU, no download",
        rows={Kind.TEXT: ("read", "arrange", "build", "sample", "light", "finish")},
    ),
)


def tiers() -> tuple[str, ...]:
    """The tiers that have a recipe, smallest first."""
    return tuple(card.tier for card in cards())


@cache  # looking through all installed packages takes 25 ms, and a service asks with every request
def cards() -> tuple[RecipeCard, ...]:
    """The recipes there are: the built-in ones, smallest first, then those that other packages offer in `worldloom.recipes`."""
    offered = [entry.load() for entry in sorted(entry_points(group="worldloom.recipes"), key=lambda entry: entry.name)]
    return (*CARDS, *(card for card in offered if isinstance(card, RecipeCard)))


def card_for(tier: str | None) -> RecipeCard:
    """The recipe of a tier, by the tier's name or its own (None: the best built-in one that this machine runs); raises PromptError."""
    if tier is None:
        return CARDS[-1]
    card = next((card for card in cards() if tier in (card.tier, card.name)), None)
    if card is None:
        raise PromptError(f"there is no tier {tier[:60]!r}: choose one of {', '.join(tiers())}")
    return card


def recipe_for(
    tier: str | None = None,
    *,
    kind: Kind = Kind.TEXT,
    splats: int = DEFAULT_SPLATS,
    spec: SceneSpec | None = None,
    things: tuple[Path, ...] = (),
) -> Recipe:
    """The recipe of a tier (None: the best that this machine runs) for a kind of prompt.

    splats: budget for the whole world.  spec: skips reading the words.  things: folders with a user's own kinds of things.
    """
    card = card_for(tier)
    if not MIN_SPLATS <= splats <= MAX_SPLATS:
        raise InputError(f"{splats:,} splats cannot be made: choose from {MIN_SPLATS:,} to {MAX_SPLATS:,}")
    settings: Mapping[str, Mapping[str, Any]] = {
        "read": {"spec": spec, "things": things},
        "arrange": {"things": things},
        "sample": {"splats": splats},
    }
    from pipelines.stage import Recipe

    return Recipe(card.name, card.tier, tuple(make_stage(name, **settings.get(name, {})) for name in card.row_for(kind)))


def make_stage(name: str, **settings: object) -> Stage:
    """A stage by its name in the table, or from the entry points of other packages."""
    target = STAGES.get(name)
    if target is None:
        found = next(iter(entry_points(group="worldloom.stages", name=name)), None)
        if found is None:
            raise UnavailableError(f"there is no stage {name!r}: it is neither built in nor offered by an installed package")
        target = found.value
    module, _, attribute = target.partition(":")
    from pipelines.stage import Stage

    stage = getattr(import_module(module), attribute)(**settings)
    if not isinstance(stage, Stage):
        raise UnavailableError(f"{target} is not a Stage, so {name!r} cannot be used in a recipe")
    return stage
