"""Which stages exist, which rows of them work well, and what each needs."""

from __future__ import annotations

import os
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
    "look": "pipelines.vision:Look",
    "pose": "pipelines.vision:Pose",
    "stereo": "pipelines.vision:Stereo",
    "measure": "pipelines.vision:Measure",
    "paint": "pipelines.paint:Paint",
    "outpaint": "pipelines.paint:Outpaint",
    "repaint": "pipelines.paint:Repaint",
    "fill": "pipelines.paint:Fill",
    "measure-small": "pipelines.flow:Measure",
    "outpaint-small": "pipelines.flow:Outpaint",
    "repaint-small": "pipelines.flow:Repaint",
    "lift": "pipelines.splat:Lift",
    "refine": "pipelines.splat:Refine",
    "survey": "pipelines.mesh:Survey",
    "finish": "pipelines.splat:Finish",
}
"""Every stage by name, imported only when a recipe uses it. Others add theirs in the entry-point group `worldloom.stages`."""

WITH_MODELS = ("paint", "outpaint", "repaint", "fill", "measure")
"""The stages that open weights; which ones, the table of models says for each tier."""

PANORAMA_PX = 2_048
"""How wide painted panoramas are, unless WORLDLOOM_PANORAMA_PX says otherwise."""

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

WORDS: Mapping[Kind, str] = {
    Kind.TEXT: "words",
    Kind.PHOTOGRAPH: "a single photograph",
    Kind.PICTURES: "several pictures",
    Kind.VIDEO: "a video",
    Kind.PANORAMA: "a panorama without distances",
    Kind.MEASURED_PANORAMA: "a panorama with distances",
    Kind.LAYOUT: "a panorama of distances alone",
}
"""What a kind is called in a sentence."""

CURES: Mapping[Kind, str] = {
    Kind.TEXT: "name the tier nano, or none",
    Kind.PHOTOGRAPH: "give several pictures of the place from different points, or a video",
    Kind.PICTURES: "name the tier nano, or none, or describe the place in words",
    Kind.VIDEO: "name the tier nano, or none, or describe the place in words",
    Kind.PANORAMA: "give its distances as well (an EXR with metres along the ray)",
    Kind.MEASURED_PANORAMA: "name the tier nano, or none, or describe the place in words",
    Kind.LAYOUT: "give the panorama that belongs to the distances, or describe the place in words",
}
"""What to do instead where no recipe makes worlds from a kind."""


@dataclass(frozen=True, slots=True)
class RecipeCard:
    """What a person should know about a recipe before choosing it.

    rows: the stages for each kind of prompt that it understands.  lacks: a function by its name, `module:function`, that takes a Kind and
    says in a sentence what this machine lacks for that row ("" = nothing); asked with every request, so let it be quick. Without it, any
    machine will do.  here: a function by its name that takes a Kind and gives the row as this machine runs it, where that is not the one
    in `rows`.  models: the tier of the table of models that its stages take theirs from.
    """

    name: str
    tier: str
    makes: str
    needs: str
    rows: Mapping[Kind, tuple[str, ...]]
    lacks: str = ""
    here: str = ""
    models: str = "super"

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
            known = ", ".join(WORDS[one] for one in self.rows)
            raise UnavailableError(f"the recipe {self.name} makes worlds from {known}, not from {WORDS[kind]}: {CURES[kind]}")
        return tuple(_named(self.here)(kind)) if self.here else row

    def lacking(self, kind: Kind) -> str:
        """What this machine lacks to run the row of a kind, as a sentence with the cure; "" where it lacks nothing."""
        if not self.lacks:
            return ""
        return str(_named(self.lacks)(kind))


def _named(function: str) -> Any:
    """A function by its name, `module:function`."""
    module, _, attribute = function.partition(":")
    return getattr(import_module(module), attribute)


_BESIDE = ("lift", "fill", "measure", "lift")  # from a measured panorama: what it hides, painted as seen from beside it
_TO_THE_END = ("refine", "survey", "finish")
_FROM_VIEWS = ("pose", "stereo", "lift", *_TO_THE_END)
_PAINTED: Mapping[Kind, tuple[str, ...]] = {
    Kind.TEXT: ("paint", "measure", *_BESIDE, *_TO_THE_END),
    Kind.PHOTOGRAPH: ("look", "outpaint", "measure", *_BESIDE, *_TO_THE_END),
    Kind.PICTURES: _FROM_VIEWS,
    Kind.VIDEO: _FROM_VIEWS,
    Kind.PANORAMA: ("look", "measure", *_BESIDE, *_TO_THE_END),
    Kind.MEASURED_PANORAMA: ("look", *_BESIDE, "survey", "finish"),
    Kind.LAYOUT: ("repaint", "lift", "survey", "finish"),
}
_PAINTS = (
    "words, a photograph, several pictures, a panorama, or distances alone → world: a panorama is painted as far as there is none, its "
    "distances are measured, and what it hides is painted from beside it; from different points or a video, refined on the graphics card"
)

CARDS: tuple[RecipeCard, ...] = (
    RecipeCard(
        name="worldloom-nano",
        tier="nano",
        makes="words → world: geometry built, lit by ray casting, turned straight into splats; several pictures, a video, or a "
        "panorama → world: measured and refined on the processor; a photograph, or distances alone → world: completed by the small model",
        needs="any machine; no GPU, no download",
        rows={
            Kind.TEXT: ("read", "arrange", "build", "sample", "light", "finish"),
            Kind.PICTURES: _FROM_VIEWS,
            Kind.VIDEO: _FROM_VIEWS,
            Kind.MEASURED_PANORAMA: ("look", "lift", "survey", "finish"),
            Kind.PANORAMA: ("look", "measure", "lift", "survey", "finish"),
            Kind.PHOTOGRAPH: ("look", "measure-small", "outpaint-small", "lift", "survey", "finish"),
            Kind.LAYOUT: ("repaint-small", "lift", "survey", "finish"),
        },
        lacks="pipelines.flow.lacking:in_nano",
        here="pipelines.flow.lacking:row_in_nano",
    ),
    RecipeCard(
        name="worldloom-super",
        tier="super",
        makes=_PAINTS,
        needs="a GPU with 16 GB, and weights: worldloom models pull super",
        rows=_PAINTED,
        lacks="pipelines.models.lacking:in_super",
    ),
    RecipeCard(
        name="worldloom-ultra",
        tier="ultra",
        makes=f"{_PAINTS}; with the largest models",
        needs="a GPU with 24 GB or more, and weights: worldloom models pull ultra",
        rows=_PAINTED,
        lacks="pipelines.models.lacking:in_ultra",
        models="ultra",
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


def card_for(tier: str | None, kind: Kind = Kind.TEXT, *, stage: str = "") -> RecipeCard:
    """The recipe of a tier, by the tier's name or its own. None: the best that takes this kind on this machine, a built-in one if there is.

    stage: of None, only recipes whose row has it.  Raises PromptError for a tier that there is not, and UnavailableError where nothing
    makes a world from this kind.
    """
    if tier is not None:
        named = next((card for card in cards() if tier in (card.tier, card.name)), None)
        if named is None:
            raise PromptError(f"there is no tier {tier[:60]!r}: choose one of {', '.join(tiers())}")
        return named
    able = [card for card in (*reversed(CARDS), *reversed(cards()[len(CARDS) :])) if kind in card.rows]
    able = [card for card in able if not stage or stage in card.rows[kind]]
    found = next((card for card in able if not card.lacking(kind)), None)
    if found is None:
        smallest = sorted(able, key=lambda card: CARDS.index(card) if card in CARDS else len(CARDS))
        why = "".join(f"; the recipe {card.name} would, but {card.lacking(kind)}" for card in smallest[:2])
        raise UnavailableError(f"no recipe makes a world from {WORDS[kind]} on this machine: {CURES[kind]}{why}")
    return found


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
    Raises PromptError, InputError, or UnavailableError with what to do.
    """
    built = spec is not None or bool(things)
    card = card_for(tier, kind, stage="read" if built and kind is Kind.TEXT else "")
    row = card.row_for(kind)
    if lack := card.lacking(kind):
        raise UnavailableError(f"the recipe {card.name} cannot make a world from {WORDS[kind]} here: {lack}")
    if built and kind is not Kind.TEXT:
        raise InputError(f"a specification and things of your own are for worlds from words, not from {WORDS[kind]}: leave them out")
    if built and "paint" in row:
        raise InputError(
            f"the recipe {card.name} paints words, and does not build: for a specification or things of your own {CURES[kind]}"
        )
    if not MIN_SPLATS <= splats <= MAX_SPLATS:
        raise InputError(f"{splats:,} splats cannot be made: choose from {MIN_SPLATS:,} to {MAX_SPLATS:,}")
    settings: dict[str, dict[str, Any]] = {
        "read": {"spec": spec, "things": things},
        "arrange": {"things": things},
        "sample": {"splats": splats},
        "lift": {"splats": splats},
        "refine": {"splats": splats, "grows": "stereo" in row},  # a panorama has one splat for each pixel already
        **_with_models(card, row),
    }
    from pipelines.stage import Recipe

    return Recipe(
        card.name, card.tier, tuple(make_stage(name, **settings.get(name, {}), **_by_place(row, at)) for at, name in enumerate(row))
    )


def _by_place(row: tuple[str, ...], at: int) -> dict[str, Any]:
    """Settings that follow from what comes later in the row: what will be painted is not guessed before."""
    return {"hidden": False} if row[at] == "lift" and "fill" in row[at:] else {}


def _with_models(card: RecipeCard, row: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Settings of the stages that open weights: which tier's, and how large they paint."""
    if not set(row) & {*WITH_MODELS, "outpaint-small"}:
        return {}
    named = os.environ.get("WORLDLOOM_PANORAMA_PX", "").strip()
    if named and not (named.isdecimal() and len(named) < 6):
        raise InputError(f"WORLDLOOM_PANORAMA_PX={named[:40]} is no width of a panorama: use a multiple of 32 such as {PANORAMA_PX}")
    width_px = int(named or PANORAMA_PX)
    sizes: dict[str, dict[str, int]] = {name: {"width_px": width_px} for name in ("paint", "outpaint", "repaint")}
    sizes["fill"] = {"width_px": width_px // 2, "height_px": width_px * 3 // 8}
    return {"outpaint-small": {"width_px": width_px}, **{name: {"tier": card.models, **sizes.get(name, {})} for name in WITH_MODELS}}


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
