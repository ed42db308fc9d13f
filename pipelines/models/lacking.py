"""Lacking: what this machine lacks for the rows of recipes with models, in one sentence with the cure; nothing is opened to find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from pipelines.errors import InputError, UnavailableError
from pipelines.models.folder import read_lock
from pipelines.models.machine import card_bytes, fit
from pipelines.models.table import ModelCard, is_hub_id, model_for
from pipelines.prompt import Kind
from pipelines.recipes import WITH_MODELS, RecipeCard, card_for

PAINTING = frozenset({"paint", "outpaint", "repaint", "fill"})
PACKAGES = ("diffusers", "accelerate", "peft")
"""What stages that paint need besides Worldloom itself: its extra `hub`."""


def in_super(kind: Kind) -> str:
    """What worlds from a kind of prompt lack in the recipe worldloom-super; "" where they lack nothing."""
    return lack_of(card_for("super"), kind)


def in_ultra(kind: Kind) -> str:
    """The same in worldloom-ultra."""
    return lack_of(card_for("ultra"), kind)


def lack_of(recipe: RecipeCard, kind: Kind) -> str:
    """What a recipe's row for a kind needs and this machine has not: a graphics card, packages, weights. Asked with every request."""
    stages = [name for name in dict.fromkeys(recipe.rows[kind]) if name in WITH_MODELS]
    if not stages:
        no_card = recipe.tier != "nano" and card_bytes() is None
        return "it needs a graphics card with CUDA: without one, name the tier nano" if no_card else ""
    try:
        chosen = {stage: model_for(stage, recipe.models) for stage in stages}
        needs = [*_memory(chosen), *_packages(stages), *_weights(chosen, recipe)]
    except (InputError, UnavailableError) as error:
        return str(error)
    return f"it needs {', and '.join(needs)}" if needs else ""


def _memory(chosen: Mapping[str, ModelCard]) -> list[str]:
    """A graphics card, where the models are too large for what is here. A model that the user named runs on the processor, too."""
    there = card_bytes()
    fits = [fit(card, there) for card in chosen.values() if not (card.own and there is None)]
    if all(one.runs for one in fits):
        return []
    size = max((one.needed_bytes or 0 for one in fits if not one.runs), default=0)
    room = f" and {size / 1e9:.0f} GB of memory" if size else ""
    has = "" if there is None else f" (this one has {there / 1e9:.0f} GB)"
    return [f"a graphics card with CUDA{room}{has}"]


def _packages(stages: Sequence[str]) -> list[str]:
    missing = [name for name in PACKAGES if find_spec(name) is None] if PAINTING & set(stages) else []
    return [f"the package{'s' if len(missing) > 1 else ''} {', '.join(missing)} (`pip install 'worldloom[hub]'`)"] if missing else []


def _weights(chosen: Mapping[str, ModelCard], recipe: RecipeCard) -> list[str]:
    """Weights that were never pulled, with the command that fetches them. A folder of the user's is looked into when it is opened."""
    names = [(name, card.own) for card in chosen.values() for name in (card.id, card.adapter) if name and is_hub_id(name)]
    missing = {name: own for name, own in names if read_lock(name) is None and not (own and Path(name).is_dir())}
    if not missing:
        return []
    word = next(iter(chosen)) if recipe.tier == "nano" else recipe.tier
    commands = [f"`worldloom models pull {name}`" for name in missing] if all(missing.values()) else [f"`worldloom models pull {word}`"]
    return [f"weights that are not here yet ({', '.join(commands)})"]
