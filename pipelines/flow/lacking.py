"""Lacking: whether the small model's weights are here for the rows of the recipe worldloom-nano, and what is done without them."""

from __future__ import annotations

from pipelines.flow.weights import VARIABLE, has_weights
from pipelines.models import lack_of
from pipelines.prompt import Kind
from pipelines.recipes import card_for

PART, SPHERE = "depth", "panorama"
"""The names of the two networks: for pinhole pictures, and for whole spheres."""

NETWORKS = {Kind.PHOTOGRAPH: (PART, SPHERE), Kind.LAYOUT: (SPHERE,)}
"""What the rows of a kind need, where nothing else can take its place."""


def in_nano(kind: Kind) -> str:
    """What worlds from a kind of prompt lack in the recipe worldloom-nano, as a sentence with the cure; "" where they lack nothing."""
    missing = [name for name in NETWORKS.get(kind, ()) if not has_weights(name)]
    if missing:
        return (
            f"it needs the weights of the small model ({' and '.join(missing)}), which are not here: reinstall worldloom, or name "
            f"the folder where they are by {VARIABLE}"
        )
    return "" if _is_measured_small(kind) else lack_of(card_for("nano"), kind)


def row_in_nano(kind: Kind) -> tuple[str, ...]:
    """The stages for a kind of prompt: a depth model that was pulled or named measures a panorama, else the small model."""
    row = card_for("nano").rows[kind]
    return tuple("measure-small" if name == "measure" else name for name in row) if _is_measured_small(kind) else row


def _is_measured_small(kind: Kind) -> bool:
    return kind is Kind.PANORAMA and has_weights(SPHERE) and bool(lack_of(card_for("nano"), kind))
