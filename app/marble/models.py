"""Models: the names by which clients of the World API ask for a tier of ours; recipes of this machine go by their own names, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.errors import Refusal
from app.worlds.service import CREDITS_DRAFT, CREDITS_FULL
from pipelines.errors import UnavailableError
from pipelines.prompt import Kind
from pipelines.recipes import DEFAULT_SPLATS, card_for, cards

DEFAULT_MODEL = "marble-1.1"
DRAFT_SPLATS = 150_000

ALIASES: Mapping[str, str] = {"Marble 0.1-mini": "marble-1.0-draft", "Marble 0.1-plus": "marble-1.0", "Marble 1.1-plus": "marble-1.1-plus"}
"""Names of older clients → today's."""

TIERS: Mapping[str, str | None] = {"marble-1.0-draft": "nano", "marble-1.0": None, "marble-1.1": None, "marble-1.1-plus": None}
"""Today's names → our tier; None is the best that this machine runs."""


def tier_of(model: str) -> str | None:
    """Raises Refusal for a name that nobody knows."""
    name = ALIASES.get(model, model)
    if name in TIERS:
        return TIERS[name]
    if any(model in (card.name, card.tier) for card in cards()):
        return model
    known = ", ".join([*TIERS, *ALIASES, *(card.name for card in cards())])
    raise Refusal("bad_request", f"there is no such model: choose one of {known}")


def is_draft(model: str) -> bool:
    """Whether a model is quick and cheap."""
    return ALIASES.get(model, model) == "marble-1.0-draft"


def splats_of(model: str) -> int:
    """How many splats a world of a model gets."""
    return DRAFT_SPLATS if is_draft(model) else DEFAULT_SPLATS


def credits_of(model: str) -> int:
    """What a world of a model takes."""
    return CREDITS_DRAFT if is_draft(model) else CREDITS_FULL


def names_of(model: str) -> list[str]:
    """All names of one model, for a filter."""
    name = ALIASES.get(model, model)
    return [name, *(old for old, new in ALIASES.items() if new == name)]


def tier_for(model: str, kind: Kind) -> str | None:
    """Our tier for a kind of prompt: a draft of what the quick tier cannot make here is made by the best that can. Raises Refusal."""
    tier = tier_of(model)
    if tier is None or not is_draft(model):
        return tier
    quick = card_for(tier)
    return tier if kind in quick.rows and not quick.lacking(kind) else None


def lack_of(model: str, kinds: Iterable[Kind]) -> str | None:
    """Why no world can be made from any of these kinds; None when some recipe takes one of them."""
    why: str | None = None
    for kind in kinds:
        try:
            card_for(tier_for(model, kind), kind).row_for(kind)
        except UnavailableError as error:
            why = why or str(error)
        else:
            return None
    return why
