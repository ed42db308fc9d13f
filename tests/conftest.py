"""What all tests share: property tests draw the same examples everywhere, no clock judges them, and models compute in one thread."""

from __future__ import annotations

import os

from hypothesis import settings

# Several test processes share the cores, and OpenMP's threads spin while they wait for each other: two are four times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("worldloom", deadline=None, derandomize=True, database=None)
settings.load_profile("worldloom")
