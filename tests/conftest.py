"""What all tests share: the same examples for property tests everywhere, no clock, one thread for models, and long files first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Several test processes share the cores, and OpenMP's threads spin while they wait for each other: two are four times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("worldloom", deadline=None, derandomize=True, database=None)
settings.load_profile("worldloom")

# Each process takes the next file of this line: what takes minutes comes first, and last what takes seconds, so that no process is left
# alone at the end. Files of one folder follow each other, for they share services and databases that are torn down in between.
LONG_FIRST = (
    "layout/test_arrange.py",
    "service/test_chaos.py",
    "service/test_lost.py",
    "service/test_reliability.py",
    "service/test_docs_api.py",
    "service/test_fairness.py",
    "service/test_databases.py",
    "service/test_keys.py",
    "service/",
    "studio/test_viewer.py",
    "studio/test_whole_way.py",
    "studio/",
    "things/test_kinds.py",
    "app/test_generate.py",
    "layout/test_draft.py",
    "things/",
    "app/",
    "layout/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files into the order of LONG_FIRST; what it does not name follows, and each file stays as it is."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix() if item.path.is_relative_to(here) else ""
        return next((place for place, name in enumerate(LONG_FIRST) if path.startswith(name)), len(LONG_FIRST))

    items.sort(key=place)
