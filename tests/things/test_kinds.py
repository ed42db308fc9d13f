"""Every kind of the built-in library passes the checks that any source of kinds must pass: in every style, at its stated size."""

from __future__ import annotations

import pytest

from pipelines.things import Library, check_kind

LIBRARY = Library.load()


@pytest.mark.parametrize("name", sorted(LIBRARY.kinds))
def test_kind_passes_every_check(name: str) -> None:
    seeds = (0,) if LIBRARY.kinds[name].grown else (0, 1)  # what grows takes its time; its own tests vary the seed
    assert [str(problem) for problem in check_kind(LIBRARY, name, seeds)] == []
