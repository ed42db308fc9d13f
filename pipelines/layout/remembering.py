"""Remembering: what is worked out of a model once, as models are shared by many things."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from pipelines.scene import Model

T = TypeVar("T")


def remembered(most: int) -> Callable[[Callable[[Model], T]], Callable[[Model], T]]:
    """A function of a model that is worked out once for each; all is forgotten when more than `most` are known."""

    def of(function: Callable[[Model], T]) -> Callable[[Model], T]:
        known: dict[int, tuple[Model, T]] = {}  # each model is kept, so that its id stays its own

        @wraps(function)
        def wrapped(model: Model) -> T:
            found = known.get(id(model))
            if found is None:
                if len(known) > most:
                    known.clear()
                found = known[id(model)] = (model, function(model))
            return found[1]

        return wrapped

    return of
