"""References: sentences that speak of members, of what was said before, of what somebody wears or does: each must be understood whole."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.things import Library
from tests.language.scoring import score_all, sentences, small_library

FILE = "references.toml"


@pytest.mark.parametrize("sentence", sentences(FILE), ids=lambda sentence: sentence["text"][:60])
def test_is_understood(sentence: dict[str, Any]) -> None:
    score = score_all([sentence], Library.load() if sentence.get("whole") else small_library())
    assert not score.faults, "\n".join(score.faults)
