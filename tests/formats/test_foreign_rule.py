"""What happens where the foreign readers are missing: at home a skip that says why, on CI a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.formats import foreign


@pytest.mark.parametrize("gone", ["NODE", "SPLAT_TRANSFORM"])
def test_a_missing_reader_is_said_at_home_and_fails_on_ci(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "NODE", "/usr/bin/node")
    monkeypatch.setattr(foreign, "SPLAT_TRANSFORM", Path(__file__))
    monkeypatch.setenv("CI", "true")
    foreign.require()
    monkeypatch.setattr(foreign, gone, None if gone == "NODE" else Path("/nowhere"))
    with pytest.raises(pytest.fail.Exception, match="nothing was proved"):
        foreign.require()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="install it" if gone == "NODE" else "npm ci"):
        foreign.require()
