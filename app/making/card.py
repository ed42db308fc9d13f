"""Card: the graphics card of a machine makes one world at a time; jobs of other queues and other workers wait for their turn."""

from __future__ import annotations

import fcntl
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.models import card_bytes, give_memory_back
from pipelines.recipes import WITH_MODELS

USING = frozenset((*WITH_MODELS, "refine"))
"""The stages that fill a card. What others draw there is small, and does not wait."""
WAITING = "waiting"
"""The phase of a job whose turn has not come; its time does not count as the job's."""
NOTE = "for the graphics card, on which another world is made"
LOOK_EVERY_S = 0.5


@contextmanager
def turn_at_the_card(stages: Collection[str], tell: Callable[[str], None]) -> Iterator[None]:
    """Have the card alone while stages of these names run; at once where there is no card, or none of them fills it.

    tell: hears a note as long as another job has it. The turn is a lock on a file, which the system takes back from a process that dies.
    """
    if not USING.intersection(stages) or card_bytes() is None:
        yield
        return
    handle = os.open(lock_of_the_card(), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while not _taken(handle):
            tell(NOTE)
            time.sleep(LOOK_EVERY_S)
        try:
            yield
        finally:
            if "torch" in sys.modules:  # what it keeps for itself would be missing to the next
                give_memory_back()
    finally:
        os.close(handle)


def lock_of_the_card() -> Path:
    """A file of this user's for the card that CUDA counts as the first, whatever folder a worker keeps its data in."""
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    return Path(tempfile.gettempdir()) / f"worldloom-{os.getuid()}-card-{re.sub(r'[^A-Za-z0-9-]', '', first) or '0'}.lock"


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
