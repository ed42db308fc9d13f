"""Models: which weights there are, under which licence; pull them, lock them, check them before every load."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.models.fetching import pull, require_space
    from pipelines.models.folder import FileLock, Lock, locks, models_folder, read_lock, sound_lock
    from pipelines.models.hub import Plan, plan
    from pipelines.models.lacking import lack_of
    from pipelines.models.machine import (
        Fit,
        TierFit,
        best_tier,
        card_bytes,
        fit,
        free_vram_bytes,
        memory_told,
        modes,
        tiers_that_fit,
        way_to_load,
    )
    from pipelines.models.opening import OpenModel, Problem, check, open_model
    from pipelines.models.table import (
        Licence,
        Mode,
        ModelCard,
        card_of,
        cards,
        choices,
        is_hub_id,
        licences,
        model_for,
        repositories_for,
        stage_names,
    )
    from pipelines.models.terms import Terms, allowed_unasked, may_be_sold, terms_of, terms_of_licence
    from pipelines.models.warmth import Opened, Warm, give_memory_back, warm

_HOMES = {
    "folder": ("FileLock", "Lock", "locks", "models_folder", "read_lock", "sound_lock"),
    "fetching": ("pull", "require_space"),
    "hub": ("Plan", "plan"),
    "lacking": ("lack_of",),
    "machine": (
        "Fit", "TierFit", "best_tier", "card_bytes", "fit", "free_vram_bytes", "memory_told", "modes", "tiers_that_fit", "way_to_load",
    ),
    "opening": ("OpenModel", "Problem", "check", "open_model"),
    "table": (
        "Licence", "Mode", "ModelCard", "card_of", "cards", "choices", "is_hub_id", "licences", "model_for", "repositories_for",
        "stage_names",
    ),
    "terms": ("Terms", "allowed_unasked", "may_be_sold", "terms_of", "terms_of_licence"),
    "warmth": ("Opened", "Warm", "give_memory_back", "warm"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "FileLock", "Fit", "Licence", "Lock", "Mode", "ModelCard", "OpenModel", "Opened", "Plan", "Problem", "Terms", "TierFit", "Warm",
    "allowed_unasked", "best_tier", "card_bytes", "card_of", "cards", "check", "choices", "fit", "free_vram_bytes", "give_memory_back",
    "is_hub_id", "lack_of", "licences", "locks", "may_be_sold", "memory_told", "model_for", "models_folder", "modes", "open_model", "plan",
    "pull", "read_lock", "repositories_for", "require_space", "sound_lock", "stage_names", "terms_of",
    "terms_of_licence", "tiers_that_fit", "warm", "way_to_load",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines.models` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
