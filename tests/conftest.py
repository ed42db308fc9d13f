"""What all tests share: examples of property tests, no clock, one thread for models, and who does which files in which order."""

from __future__ import annotations

import gc
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# Several test processes share the cores, and OpenMP's threads spin while they wait for each other: two are four times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# What the tests import stays until the end: to search it for garbage, again and again while it grows and in every test after that, takes
# seconds of each process and finds nothing.
gc.disable()

settings.register_profile("worldloom", deadline=None, derandomize=True, database=None)
settings.load_profile("worldloom")

# Each process takes the next file of this line: what takes minutes comes first, and last what takes seconds, so that no process is left
# alone at the end. Files of one folder follow each other, for they share services and databases that are torn down in between.
LONG_FIRST = (
    "layout/test_arrange.py",
    "studio/test_whole_way.py",
    "studio/test_viewer.py",
    "studio/",
    "service/test_chaos.py",
    "service/test_lost.py",
    "service/test_reliability.py",
    "service/test_docs_api.py",
    "service/test_fairness.py",
    "service/test_databases.py",
    "service/test_operation.py",
    "service/test_webhooks.py",
    "service/test_painting.py",
    "service/test_keys.py",
    "service/test_super.py",
    "service/test_store.py",
    "service/",
    "things/test_kinds.py",
    "app/test_generate.py",
    "quality/test_trial.py",
    "app/test_models.py",
    "app/",
    "vision/test_pose.py",
    "paint/test_repaint.py",
    "layout/test_draft.py",
    "training/",
    "things/",
    "paint/",
    "vision/",
    "layout/",
    "test_architecture.py",
)

# Tests of these wait most of the time: for leases, for deaths to be noticed, for pages. The rest is work for the processor.
WAITING = ("tests/service/", "tests/studio/")

# Of these, the tests on PostgreSQL share nothing with those on SQLite, and another process can do them at the same time.
BY_DATABASE = ("test_chaos.py", "test_lost.py", "test_reliability.py", "test_databases.py", "test_fairness.py")

WORKS_EVERY = 5
"""Of so many test processes one begins with work for the processor, while the others wait; when its own line is empty, each helps out."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files into the order of LONG_FIRST; what it does not name follows, and each file stays as it is."""
    here = Path(__file__).parent

    @cache
    def place(path: Path) -> int:
        name = path.relative_to(here).as_posix() if path.is_relative_to(here) else ""
        return next((place for place, start in enumerate(LONG_FIRST) if name.startswith(start)), len(LONG_FIRST))

    items.sort(key=lambda item: place(item.path))


def pytest_collection_finish() -> None:
    """From here on garbage is collected, from among what the tests themselves make."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """How `--dist loadfile` deals files out here: so that the processor has work while other tests wait."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class WaitingAndWorking(LoadFileScheduling):
        """Two lines of files in one queue."""

        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return f"{file} on PostgreSQL" if file.endswith(BY_DATABASE) and "[postgresql" in nodeid else file

        def _assign_work_unit(self, node: WorkerController) -> None:
            works = int(node.gateway.id.removeprefix("gw")) % WORKS_EVERY == WORKS_EVERY - 1
            wanted = (part for part in self.workqueue if part.startswith(WAITING) != works)
            if (part := next(wanted, None)) is not None:
                self.workqueue.move_to_end(part, last=False)
            super()._assign_work_unit(node)

    return WaitingAndWorking(config, log)
