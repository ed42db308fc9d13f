"""Stillness: how long something has not changed, by this process's own clock."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping


class Stillness:
    """Remembers values and since when they have been the same.

    So a process can tell that another one is silent without comparing clocks: neither a clock that is wrong nor one that jumps matters.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Hashable, float]] = {}

    def look(self, values: Mapping[str, Hashable]) -> dict[str, float]:
        """Seconds for which each value has stood still; names that are missing this time are forgotten."""
        moment = time.monotonic()
        known = {name: self._seen.get(name) for name in values}
        self._seen = {name: old if old is not None and old[0] == values[name] else (values[name], moment) for name, old in known.items()}
        return {name: moment - since for name, (_, since) in self._seen.items()}
