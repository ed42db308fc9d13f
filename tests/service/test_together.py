"""Together: who asks at the same time shares a turn, gets its own answer, and hears of faults; nobody waits for company."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from app.operations.together import Together


class Doubling:
    """Answers with twice the number; remembers its lots, and whether two ever ran at once."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self._alone = threading.Lock()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        assert self._alone.acquire(blocking=False), "two lots at once"
        self.lots.append(list(numbers))
        try:
            if 13 in numbers:
                raise ValueError("thirteen")
            return [2 * number for number in numbers]
        finally:
            self._alone.release()


def test_everybody_gets_an_answer_of_their_own_and_a_crowd_shares_lots() -> None:
    async def crowd() -> list[int]:
        together = Together(doubling, most=8)
        return await asyncio.gather(*(together.ask(number) for number in range(100, 200)))

    doubling = Doubling()
    assert asyncio.run(crowd()) == [2 * number for number in range(100, 200)]
    assert sorted(number for lot in doubling.lots for number in lot) == list(range(100, 200)), "each once"
    assert len(doubling.lots) <= 100 / 8 + 2
    assert max(map(len, doubling.lots)) == 8


def test_a_fault_is_told_to_its_own_lot_only() -> None:
    async def crowd() -> list[int | BaseException]:
        together = Together(doubling, most=4)
        return await asyncio.gather(*(together.ask(number) for number in (1, 2, 3, 4, 13, 5, 6, 7, 8)), return_exceptions=True)

    doubling = Doubling()
    answers = asyncio.run(crowd())
    for lot in doubling.lots:
        for number in lot:
            answer = answers[(1, 2, 3, 4, 13, 5, 6, 7, 8).index(number)]
            assert isinstance(answer, ValueError) if 13 in lot else answer == 2 * number


def test_one_alone_is_answered_at_once_and_who_leaves_disturbs_nobody() -> None:
    async def some() -> int:
        together = Together(doubling, most=4)
        assert await together.ask(1) == 2
        leaving = asyncio.create_task(together.ask(2))
        staying = asyncio.create_task(together.ask(3))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    doubling = Doubling()
    assert asyncio.run(some()) == 6
    assert doubling.lots[0] == [1]
