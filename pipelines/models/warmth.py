"""Warmth: opened weights that wait in the machine's memory, off the graphics card, for the stage or job that needs the same ones next."""

from __future__ import annotations

import gc
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Opened(Protocol):
    """Weights that somebody has opened."""

    def rest(self) -> int:
        """Leave the graphics card; the bytes that are taken in the machine's memory from now on."""

    def close(self) -> None:
        """Give all memory back; nobody asks for anything afterwards."""


Held = TypeVar("Held", bound=Opened)


@dataclass(frozen=True)
class _Resting(Generic[Held]):
    opened: Held
    bytes: int


class Warm(Generic[Held]):
    """Keeps opened weights within a budget; where it is full, what was given back first goes first. For one thread at a time.

    budget_bytes: 0 keeps nothing, which is right for a program that makes one world.
    """

    def __init__(self, budget_bytes: int = 0) -> None:
        self.budget_bytes = budget_bytes
        self._resting: dict[Hashable, _Resting[Held]] = {}  # in the order in which they came back

    @property
    def bytes(self) -> int:
        """What everything that waits takes."""
        return sum(one.bytes for one in self._resting.values())

    def take(self, key: Hashable) -> Held | None:
        """The weights that were given back under this key, which nobody else gets from now on; None where there are none."""
        found = self._resting.pop(key, None)
        return None if found is None else found.opened

    def give(self, key: Hashable, opened: Held) -> None:
        """Have weights wait for who takes them next; they are closed where the budget does not hold them."""
        if self.budget_bytes <= 0:
            opened.close()
            return
        bytes_ = opened.rest()
        for known in [key] if key in self._resting else []:
            self._resting.pop(known).opened.close()
        while self._resting and self.bytes + bytes_ > self.budget_bytes:
            self._resting.pop(next(iter(self._resting))).opened.close()
        if bytes_ > self.budget_bytes:
            opened.close()
        else:
            self._resting[key] = _Resting(opened, bytes_)

    def clear(self) -> None:
        """Close everything that waits."""
        while self._resting:
            self._resting.popitem()[1].opened.close()


warm: Warm[Opened] = Warm()
"""Of this process. Who makes world after world gives it a budget."""


def give_memory_back() -> None:
    """Have Python and torch give back what closed weights took."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
