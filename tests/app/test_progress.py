"""The forecast of the time left, and the silence where nobody watches."""

from __future__ import annotations

import pytest

from app.commands.progress import Forecast, ProgressLine
from pipelines import Progress


def test_forecast_is_exact_when_work_goes_on_evenly() -> None:
    forecast = Forecast()
    for second in range(1, 20):
        assert forecast.left_s(second / 20, float(second)) == pytest.approx(20 - second)


def test_forecast_says_nothing_before_it_can_know() -> None:
    assert Forecast().left_s(0.0, 30.0) is None
    assert Forecast().left_s(0.5, 0.2) is None


def test_forecast_ends_at_nothing_left() -> None:
    assert Forecast().left_s(1.0, 12.0) == 0.0


def test_forecast_glides_when_a_stage_is_slower_than_expected() -> None:
    forecast = Forecast()
    before = [forecast.left_s(second / 10, float(second)) for second in range(1, 6)]
    assert before[-1] == pytest.approx(5.0)
    stalled = forecast.left_s(0.5, 8.0)  # three seconds without any progress: a naive forecast jumps to 8
    assert stalled is not None
    assert 2.0 < stalled < 8.0


def test_forecast_never_promises_less_than_nothing() -> None:
    forecast = Forecast()
    forecast.left_s(0.9, 9.0)
    for elapsed_s in range(10, 60):
        left_s = forecast.left_s(0.95, float(elapsed_s))
        assert left_s is not None
        assert left_s >= 0.0


def test_no_terminal_no_line(capfd: pytest.CaptureFixture[str]) -> None:
    with ProgressLine() as line:
        for number in range(5):
            line.tell(Progress("light", number / 5, "casting"))
    assert capfd.readouterr() == ("", "")


def test_a_part_covers_its_share_of_the_whole() -> None:
    shown: list[tuple[str, float]] = []
    line = ProgressLine(quiet=True)
    line.show = lambda stage, fraction, note="": shown.append((stage, fraction))  # type: ignore[method-assign]
    tell = line.part("save", 0.8, 1.0)
    for share in (0.0, 0.5, 1.0, 7.0):
        tell(share, "")
    assert shown == [("save", 0.8), ("save", pytest.approx(0.9)), ("save", 1.0), ("save", 1.0)]
