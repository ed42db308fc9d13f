"""Waiting for what cannot tell how far it is: its answer or its error comes through, and whoever waits is told and may stop."""

from __future__ import annotations

import threading

import pytest

from pipelines import stage
from pipelines.errors import Cancelled
from pipelines.stage import told_meanwhile


def test_the_answer_comes_and_the_waiting_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "TELL_EVERY_S", 0.01)
    told: list[str] = []
    enough = threading.Event()

    def tell(fraction: float, note: str) -> None:
        told.append(note)
        if len(told) == 3:
            enough.set()

    def answer() -> int:
        assert enough.wait(20)
        return 7

    assert told_meanwhile(answer, tell, "opening") == 7
    assert told[0] == "opening" and len(told) >= 3 and told[1].startswith("opening (")


@pytest.mark.parametrize("error", [TimeoutError("late"), ValueError("wrong"), SystemExit(3)])
def test_an_error_is_raised_where_it_is_waited_for(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        told_meanwhile(fail, lambda fraction, note: None, "opening")
    assert raised.value is error


def test_who_waits_may_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "TELL_EVERY_S", 0.01)
    end = threading.Event()

    def tell(fraction: float, note: str) -> None:
        if note != "opening":
            raise Cancelled

    with pytest.raises(Cancelled):
        told_meanwhile(lambda: end.wait(20), tell, "opening")
    end.set()
