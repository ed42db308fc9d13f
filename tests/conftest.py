"""What all tests share: property tests that draw the same examples everywhere and are never judged by the clock."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("worldloom", deadline=None, derandomize=True, database=None)
settings.load_profile("worldloom")
