"""A child process that misbehaves takes nobody with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.errors import Cancelled, InputError
from pipelines.vision.child import ChildFailed, Limits, run_child

MODULE = "tests.vision.misbehaving"
LIMITS = Limits(memory_bytes=1 << 30, seconds=60.0)


def deaf(fraction: float, note: str) -> None:
    assert 0 <= fraction <= 1
    assert note is not None


def test_a_good_child_reports_and_sees_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLDLOOM_TEST_SECRET", "hush")
    told: list[float] = []
    report = run_child(MODULE, tmp_path, {"deed": "nothing"}, limits=LIMITS, tell=lambda fraction, note: told.append(fraction))
    assert report == {"secret": None, "folder": str(tmp_path)}
    assert 0.5 in told


@pytest.mark.parametrize(("deed", "overrun"), [("crash", False), ("fail", False), ("eat", True)])
def test_a_child_that_fails(deed: str, overrun: bool, tmp_path: Path) -> None:
    with pytest.raises(ChildFailed) as failure:
        run_child(MODULE, tmp_path, {"deed": deed}, limits=LIMITS, tell=deaf)
    assert failure.value.overrun == overrun


def test_a_child_that_hangs_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(ChildFailed) as failure:
        run_child(MODULE, tmp_path, {"deed": "hang"}, limits=Limits(1 << 30, 3.0), tell=deaf)
    assert failure.value.overrun


def test_a_verdict_is_an_error_for_people(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="this cannot be used: use another"):
        run_child(MODULE, tmp_path, {"deed": "refuse"}, limits=LIMITS, tell=deaf)


def test_a_cancelled_child_is_gone(tmp_path: Path) -> None:
    pids: list[int] = []

    def stop(fraction: float, note: str) -> None:
        if note:
            pids.append(int(note))
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_child(MODULE, tmp_path, {"deed": "hang"}, limits=LIMITS, tell=stop)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
