"""Models: weights by name or folder. A stand-in of this branch with the names that the room of models offers; the merge takes theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import UnavailableError

__all__ = ["ModelCard", "OpenModel", "model_for", "open_model"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model that a tier uses for a stage."""

    id: str
    licence: str
    revision: str | None = None
    pipeline: str = ""
    adapter: str | None = None


@dataclass(frozen=True, slots=True)
class OpenModel:
    """Weights on this machine's disk."""

    path: Path
    id: str
    revision: str | None
    licence: str | None


def model_for(stage: str, tier: str) -> ModelCard:
    """The model that a tier uses for a stage."""
    raise UnavailableError(f"the tier {tier} has no model for {stage}: name one")


def open_model(id_or_path: str) -> OpenModel:
    """Weights in a folder."""
    path = Path(id_or_path)
    if not path.is_dir():
        raise UnavailableError(f"the weights of {id_or_path} are not on this machine: run worldloom models pull {id_or_path}")
    return OpenModel(path, path.name, None, None)
