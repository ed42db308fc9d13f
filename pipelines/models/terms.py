"""Terms: under which licence a model stands, and whether what it makes may be sold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.models.folder import sound_lock
from pipelines.models.table import ModelCard, card_of, licences


@dataclass(frozen=True, slots=True)
class Terms:
    """licence: as the Hub spells it, None where it is not known.  sell: may its output be sold; None where somebody has to read it.

    source: whose word it is: `card` (the repository's, when it was pulled), `table`, or `none`.
    """

    licence: str | None
    sell: bool | None
    source: str
    note: str = ""


def terms_of(card: ModelCard) -> Terms:
    """The terms of a model: once it is here, the licence that its card named when it was pulled, or none; before, what the table knows."""
    lock = sound_lock(card.id) if "/" in card.id else None
    if lock is not None and not (lock.licence is None and card.commercial is False):
        return terms_of_licence(lock.licence)
    if card.licence is None:
        return Terms(None, card.commercial, "none" if card.commercial is None else "table", card.avoid or "")
    return _terms(card.licence, "table")


def terms_of_licence(licence: str | None) -> Terms:
    """The terms of a licence by its name on the Hub."""
    return Terms(None, None, "none") if licence is None else _terms(licence, "card")


def allowed_unasked(licence: str | None, *, gated: bool) -> bool:
    """Whether weights may be fetched without being named one by one: nothing non-commercial, gated, regional or unclear."""
    return not gated and terms_of_licence(licence).sell is True


def may_be_sold(made_with: Iterable[tuple[str | None, str | None]]) -> bool | None:
    """Whether something made by (model, licence) pairs may be sold, as far as weights go: no if one forbids it, None if one is unclear.

    Stages without a model use no weights and forbid nothing.
    """
    answers = [_allowed(model, licence) for model, licence in made_with if model is not None]
    return False if False in answers else None if None in answers else True


def _allowed(model: str, licence: str | None) -> bool | None:
    if licence is not None:
        return terms_of_licence(licence).sell
    card = card_of(model)
    return False if card and card.commercial is False else None


def _terms(licence: str, source: str) -> Terms:
    known = licences().get(licence.lower())
    if known is None:
        forbidden = "-nc-" in f"-{licence.lower()}-" or "non-commercial" in licence.lower() or "noncommercial" in licence.lower()
        return Terms(licence, False if forbidden else None, source, "" if forbidden else "read it")
    return Terms(licence, known.sell, source, known.note)
