"""The table of models: which ones Worldloom knows, and which one a stage takes, from `models.yaml` and the user's settings."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from pipelines.errors import InputError, UnavailableError

FILE = Path(__file__).with_name("models.yaml")
TIERS = ("nano", "super", "ultra")
NO_ADAPTER = "none"
_HUB_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,95}/[0-9A-Za-z][0-9A-Za-z_.-]{0,95}")

Offload = Literal["none", "model", "sequential"]
"""Where the weights wait: none, all on the card; model, one part at a time on the card; sequential, one layer at a time."""
Storage = Literal["bfloat16", "float8"]
Role = Literal["model", "adapter", "part", "control"]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mode(_Facts):
    """A way to load a model, and the memory that it takes on the card, GB (10⁹ bytes)."""

    offload: Offload = "none"
    storage: Storage = "bfloat16"
    gb: float = Field(gt=0)

    @property
    def bytes(self) -> int:
        """The memory it takes on the card."""
        return round(self.gb * 1e9)

    @property
    def words(self) -> str:
        """How it is, for people."""
        if self.offload == "none":
            return "whole" if self.storage == "bfloat16" else "whole in float8"
        return {"model": "part by part", "sequential": "layer by layer"}[self.offload] + (" in float8" if self.storage == "float8" else "")


class Licence(_Facts):
    """A licence. sell: whether what a model under it makes may be sold; None where that needs reading."""

    name: str
    sell: bool | None = None
    note: str = ""


class _Entry(_Facts):
    """One entry of `models.yaml`; see the legend there."""

    id: str
    role: Role = "model"
    tiers: tuple[str, ...] = ()
    stages: dict[str, str | None] = {}
    library: str | None = None
    package: str | None = None
    adapter: str | None = None
    controls: dict[str, str] = {}
    replaces: str | None = None
    licence: str | None = None
    commercial: bool | None = None
    gated: bool | None = None
    parameters_billion: float | None = None
    size_gb: float | None = None
    steps: int | None = None
    vram: tuple[Mode, ...] = ()
    cpu: bool = False
    avoid: str | None = None
    sources: dict[str, str]


class _Table(_Facts):
    licences: dict[str, Licence]
    models: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of one model before it is here; None means not known.

    id: repository on the Hub, or a folder of the user's.  stages: stage → class that loads it (None: its own files say which).
    pipeline: the class for the stage that `model_for` was asked about.  adapter: repository of what is loaded on top, a LoRA or, where
    that entry's role is part, the weights that replace the part named in `replaces`.  control: repository of the ControlNet of the stage.
    avoid: why no recipe takes it unless somebody names it.  own: the user's choice by settings.
    """

    id: str
    role: Role = "model"
    tiers: tuple[str, ...] = TIERS
    stages: Mapping[str, str | None] | None = None
    pipeline: str | None = None
    library: str | None = None
    package: str | None = None
    adapter: str | None = None
    control: str | None = None
    controls: Mapping[str, str] | None = None
    replaces: str | None = None
    licence: str | None = None
    commercial: bool | None = None
    gated: bool | None = None
    revision: str | None = None
    parameters: float | None = None
    size_bytes: int | None = None
    steps: int | None = None
    vram: tuple[Mode, ...] = ()
    cpu: bool = False
    avoid: str | None = None
    own: bool = False
    sources: Mapping[str, str] | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        """Every repository that has to be here for it: its own, what is loaded on top, and its ControlNets."""
        controls = (self.control,) if self.control else tuple((self.controls or {}).values())
        return tuple(dict.fromkeys(name for name in (self.id, self.adapter, *controls) if name))


def is_hub_id(name: str) -> bool:
    """Whether a name has the form `owner/name` of a repository on the Hub."""
    return bool(_HUB_ID.fullmatch(name)) and ".." not in name and "--" not in name


def cards() -> tuple[ModelCard, ...]:
    """Every model of the table, in its order."""
    return tuple(_cards())


def licences() -> Mapping[str, Licence]:
    """The licences whose terms are known, by their name on the Hub."""
    return _table().licences


def card_of(name: str) -> ModelCard | None:
    """The card of a repository; None when the table does not know it."""
    return next((card for card in _cards() if card.id.lower() == name.lower()), None)


def stage_names() -> tuple[str, ...]:
    """The stages that take models, in the table's order."""
    return tuple(dict.fromkeys(stage for card in _cards() for stage in card.stages or ()))


def model_for(stage: str, tier: str, environment: Mapping[str, str] = os.environ) -> ModelCard:
    """The model that a stage takes in a tier: the user's own if one is set, else the first of the table that is on.

    The user's own, for all tiers: WORLDLOOM_<STAGE>_MODEL (owner/name on the Hub, or a folder); WORLDLOOM_<STAGE>_ADAPTER likewise, with
    or without it, where `none` takes the model as it is. Raises InputError for a setting that is neither, UnavailableError where no
    model is on.
    """
    if stage not in stage_names():
        raise InputError(f"no stage {stage!r} takes a model: choose from {', '.join(stage_names())}")
    name, adapter = (_setting(stage, word, environment) for word in ("MODEL", "ADAPTER"))
    if name:
        known = card_of(name)
        card = replace(_for_stage(known, stage) if known else ModelCard(name, stages={stage: None}), own=True)
    else:
        card = _for_stage(_first_on(stage, tier), stage)
    return replace(card, adapter=None if adapter == NO_ADAPTER else adapter) if adapter else card


def choices(environment: Mapping[str, str] = os.environ) -> dict[str, ModelCard]:
    """The stages for which the user has set a model of their own."""
    return {stage: model_for(stage, TIERS[-1], environment) for stage in stage_names() if environment.get(_variable(stage, "MODEL"))}


def repositories_for(word: str, tier: str, environment: Mapping[str, str] = os.environ) -> dict[str, bool]:
    """What `pull WORD` fetches: repository → whether the user chose it, by naming it or by settings.

    word: a repository, which brings along what is loaded on top of it; a tier; or a stage, then in the given tier.
    """
    if word in TIERS or word in stage_names():
        chosen = [model for stage in (stage_names() if word in TIERS else (word,)) for model in _taken(stage, word, tier, environment)]
        return {name: card.own for card in chosen for name in card.needs if is_hub_id(name)}
    if not is_hub_id(word):
        raise InputError(
            f"{word[:120]!r} is no repository (owner/name), tier ({', '.join(TIERS)}) or stage ({', '.join(stage_names())}): "
            "see `worldloom models list`"
        )
    known = card_of(word)
    return {name: index == 0 for index, name in enumerate(known.needs)} if known else {word: True}


def _taken(stage: str, word: str, tier: str, environment: Mapping[str, str]) -> list[ModelCard]:
    """The model of a stage; of a whole tier, stages without one are passed over."""
    try:
        return [model_for(stage, word if word in TIERS else tier, environment)]
    except UnavailableError:
        if word in TIERS:
            return []
        raise


def _first_on(stage: str, tier: str) -> ModelCard:
    fitting = [card for card in _cards() if stage in (card.stages or ()) and tier in card.tiers]
    card = next((card for card in fitting if card.avoid is None), None)
    if card is None:
        known = "; ".join(f"{card.id}: {card.avoid}" for card in fitting)
        raise UnavailableError(
            f"no model for {stage} is on in the tier {tier}"
            + (f" ({known})" if known else "")
            + f": set {_variable(stage, 'MODEL')} to a repository (owner/name) or a folder"
        )
    return card


def _setting(stage: str, word: str, environment: Mapping[str, str]) -> str:
    value = environment.get(_variable(stage, word), "").strip()
    if value and not (word == "ADAPTER" and value == NO_ADAPTER) and not is_hub_id(value) and not Path(value).expanduser().is_dir():
        raise InputError(
            f"{_variable(stage, word)}={value[:80]} is neither a repository (owner/name) nor a folder that exists: correct or unset it"
        )
    return value


def _for_stage(card: ModelCard, stage: str) -> ModelCard:
    return replace(card, pipeline=(card.stages or {}).get(stage), control=(card.controls or {}).get(stage), controls=None)


def _variable(stage: str, word: str) -> str:
    return f"WORLDLOOM_{stage.upper()}_{word}"


@cache
def _cards() -> tuple[ModelCard, ...]:
    return tuple(_card(entry) for entry in _table().models)


def _card(entry: _Entry) -> ModelCard:
    facts: dict[str, Any] = {name: getattr(entry, name) for name in _Entry.model_fields if name not in ("parameters_billion", "size_gb")}
    if facts["commercial"] is None and entry.licence in _table().licences:
        facts["commercial"] = _table().licences[entry.licence].sell
    parameters = None if entry.parameters_billion is None else entry.parameters_billion * 1e9
    return ModelCard(**facts, parameters=parameters, size_bytes=None if entry.size_gb is None else round(entry.size_gb * 1e9))


@cache
def _table() -> _Table:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return _Table.model_validate(yaml.load(FILE.read_text(encoding="utf-8"), Loader=loader))
