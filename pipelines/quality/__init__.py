"""Quality: how good worlds are, measured: any world by itself, and the recipes against places whose truth is known."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.quality.soundness import Soundness, examine
    from pipelines.quality.trial import Trial, trial_of_film, trial_of_photographs

_HOMES = {
    "soundness": ("Soundness", "examine"),
    "trial": ("Trial", "trial_of_film", "trial_of_photographs"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["Soundness", "Trial", "examine", "trial_of_film", "trial_of_photographs"]


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
