"""Make data: worlds built and photographed one after the other by several processes, taken up again where they were left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from pipelines.errors import WorldloomError
from pipelines.training.worlds import Asked, Split, asked


@dataclass(frozen=True)
class DataPlan:
    """How much is made: worlds `first` … `first + worlds − 1` of a split, so many shots of each, for so many minutes at most."""

    folder: Path
    split: Split = Split.TRAIN
    first: int = 0
    worlds: int = 100
    positions: int = 8
    pinholes: int = 1
    minutes: float = 60.0
    workers: int = 1


def make_data(plan: DataPlan, say: Callable[[str], None]) -> int:
    """Make what is not there yet; the number of shots made. What one process makes does not depend on how many there are."""
    started = time.perf_counter()
    made = 0
    if plan.workers == 1:
        for number in _numbers(plan, started):
            made += _told(number, _make_one(plan, number), started, made, say)
        return made
    with ProcessPoolExecutor(plan.workers, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[tuple[int, str]], int] = {}
        for number in _numbers(plan, started):
            waiting[pool.submit(_make_one, plan, number)] = number
            while len(waiting) >= 2 * plan.workers:
                made += _taken(waiting, started, made, say)
        while waiting:
            made += _taken(waiting, started, made, say)
    return made


def _numbers(plan: DataPlan, started: float) -> Iterator[int]:
    for number in range(plan.first, plan.first + plan.worlds):
        if time.perf_counter() - started > plan.minutes * 60:
            return
        yield number


def _taken(waiting: dict[Future[tuple[int, str]], int], started: float, made: int, say: Callable[[str], None]) -> int:
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    new = 0
    for future in done:
        new += _told(waiting.pop(future), future.result(), started, made + new, say)
    return new


def _told(number: int, result: tuple[int, str], started: float, made: int, say: Callable[[str], None]) -> int:
    shots, words = result
    if words:
        seconds = time.perf_counter() - started
        say(f"world {number}: {words}, {shots} shots; {made + shots} in {seconds:.0f} s, {(made + shots) / seconds:.2f} a second")
    return shots


def _make_one(plan: DataPlan, number: int) -> tuple[int, str]:
    """A world's shots into its shard: how many, and which place; a world that cannot be built is told of and left out."""
    from pipelines.things import Library
    from pipelines.training.shards import write_shard

    order: Asked = asked(plan.split, number, Library.load())
    try:
        shots = write_shard(plan.folder, order, positions=plan.positions, pinholes=plan.pinholes)
    except WorldloomError as error:
        return 0, f"{order.spec.place} left out ({error})"
    return shots, f"{order.spec.place}, {order.spec.time_of_day}, {order.spec.weather}" if shots else ""
