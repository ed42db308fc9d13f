"""Weights that wait: whoever asks next for the same ones gets them, the budget holds, and what came back first goes first."""

from __future__ import annotations

from pathlib import Path

from pipelines.models import Warm


class Weights:
    """Weights of a size, that know what happened to them."""

    def __init__(self, size: int) -> None:
        self.size, self.said = size, ""

    def rest(self) -> int:
        self.said += "rest "
        return self.size

    def close(self) -> None:
        self.said += "close "


def test_what_was_given_back_is_taken_once() -> None:
    warm: Warm[Weights] = Warm(100)
    mine = Weights(40)
    warm.give("a", mine)
    assert (mine.said, warm.bytes) == ("rest ", 40)
    assert warm.take("b") is None
    assert warm.take("a") is mine
    assert warm.take("a") is None
    assert warm.bytes == 0


def test_the_budget_holds_and_the_oldest_goes_first() -> None:
    warm: Warm[Weights] = Warm(100)
    first, second, third, large = Weights(40), Weights(40), Weights(50), Weights(101)
    warm.give("first", first)
    warm.give("second", second)
    assert warm.take("first") is first
    warm.give("first", first)  # so now the second is the one that waited longest
    warm.give("third", third)
    assert second.said == "rest close "
    assert "close" not in first.said + third.said
    assert warm.bytes == 90
    warm.give("large", large)  # it does not fit at all
    assert large.said == "rest close "
    warm.clear()
    assert warm.bytes == 0


def test_the_same_twice_is_one() -> None:
    warm: Warm[Weights] = Warm(100)
    one, other = Weights(30), Weights(30)
    warm.give("a", one)
    warm.give("a", other)
    assert one.said == "rest close "
    assert warm.take("a") is other


def test_without_a_budget_nothing_stays() -> None:
    warm: Warm[Weights] = Warm()
    mine = Weights(1)
    warm.give("a", mine)
    assert mine.said == "close "


def test_free_memory_is_what_the_system_says() -> None:
    import psutil

    from app.making.child import free_memory_bytes

    assert Path("/proc/meminfo").exists()
    assert abs(free_memory_bytes() - psutil.virtual_memory().available) < 2e9
