"""What may be sold: the worst licence of all models decides, and what nobody knows is never called allowed."""

from __future__ import annotations

import pytest

from pipelines.models import ModelCard, allowed_unasked, card_of, may_be_sold, open_model, plan, pull, terms_of, terms_of_licence
from tests.models.hub import Hub


@pytest.mark.parametrize(
    ("licence", "sell"),
    [
        ("apache-2.0", True), ("MIT", True), ("openrail++", None), ("cc-by-nc-4.0", False), ("cc-by-nc-sa-3.0", False),
        ("flux-1-dev-non-commercial-license", False), ("tencent-hunyuan-community", None), ("other", None), (None, None),
    ],
)  # fmt: skip
def test_licences(licence: str | None, sell: bool | None) -> None:
    assert terms_of_licence(licence).sell is sell
    assert allowed_unasked(licence, gated=False) is (sell is True)
    assert not allowed_unasked(licence, gated=True)


@pytest.mark.parametrize(
    ("made_with", "answer"),
    [
        ([], True),
        ([(None, None), (None, None)], True),
        ([(None, None), ("a/b", "mit")], True),
        ([("a/b", "mit"), ("c/d", None)], None),
        ([("a/b", None), ("c/d", "cc-by-nc-4.0")], False),
        ([("Qwen/Qwen-Image", None)], None),  # what the table says of a model is no word of the weights that were used
        ([("black-forest-labs/FLUX.1-dev", None)], False),
    ],
)
def test_a_world(made_with: list[tuple[str | None, str | None]], answer: bool | None) -> None:
    assert may_be_sold(made_with) is answer


def test_the_card_at_the_commit_counts_more_than_the_table(hub: Hub) -> None:
    card = card_of("Qwen/Qwen-Image")
    assert card is not None
    assert (terms_of(card).licence, terms_of(card).source) == ("apache-2.0", "table")
    hub.repositories[card.id] = hub.repositories["tiny/pipeline"]
    hub.repositories[card.id].licence = "cc-by-nc-4.0"
    pull(plan(card.id))
    assert (terms_of(card).licence, terms_of(card).sell, terms_of(card).source) == ("cc-by-nc-4.0", False, "card")


def test_a_card_without_a_licence_leaves_it_open(hub: Hub) -> None:
    card = card_of("Qwen/Qwen-Image")
    assert card is not None
    hub.repositories[card.id] = hub.repositories["tiny/pipeline"]
    hub.repositories[card.id].licence = None
    pull(plan(card.id))
    assert (terms_of(card).licence, terms_of(card).sell) == (None, None)
    assert open_model(card.id).licence is None


def test_what_nobody_knows() -> None:
    assert terms_of(ModelCard("a/b")).source == "none"
