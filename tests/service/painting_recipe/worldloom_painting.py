"""A recipe of another package that paints layouts, small and in few steps: for models as tiny as those that tests build."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.paint import Repaint
from pipelines.prompt import Kind
from pipelines.recipes import RecipeCard


def lacks(kind: Kind) -> str:
    """What this machine lacks for it, with the cure."""
    from pipelines.errors import UnavailableError
    from pipelines.models import model_for, open_model

    try:
        open_model(model_for("repaint", "super").id)
    except UnavailableError as error:
        return str(error)
    return ""


CARD = RecipeCard(
    name="painting",
    tier="painting",
    makes="layout → world",
    needs="a model that repaints",
    rows={Kind.LAYOUT: ("small-repaint", "lift", "finish")},
    lacks="worldloom_painting:lacks",
)


@dataclass
class SmallRepaint(Repaint):
    """Two steps at 128 pixels."""

    width_px: int = 128
    steps: int | None = 2
