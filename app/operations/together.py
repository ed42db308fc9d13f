"""Together: what is asked at the same time is answered in one go, by one thread, instead of by many that get in each other's way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Together(Generic[Asked, Told]):
    """A row of questions. While one lot is being answered the next gathers, so nobody waits for company, and a crowd shares the cost.

    answer: what is asked → what is told, in the same order; it runs in a thread.  most: questions in one lot.
    """

    def __init__(self, answer: Callable[[Sequence[Asked]], Sequence[Told]], *, most: int) -> None:
        self._answer, self._most = answer, most
        self._waiting: deque[tuple[Asked, asyncio.Future[Told]]] = deque()
        self._work: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Told:
        """The answer; raises what `answer` raises."""
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, told))
        if self._work is None:
            self._work = asyncio.create_task(self._answer_all())
        return await told

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                lot = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                try:
                    answers = await run_in_threadpool(self._answer, [asked for asked, _ in lot])
                except Exception as error:  # noqa: BLE001 - it is theirs who asked
                    for _, told in lot:
                        if not told.done():
                            told.set_exception(error)
                    continue
                for (_, told), answer in zip(lot, answers, strict=True):
                    if not told.done():  # whoever asked may have gone
                        told.set_result(answer)
        finally:
            self._work = None
