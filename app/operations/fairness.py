"""Fairness: whose job comes next, when it will come, and when it will be done.

Start-time fair queueing (Goyal, Vin, Cheng, 1996) with jobs of equal weight: a job's tag is one more than the greater of its tenant's
newest waiting tag and the tag that was served last. So tenants take turns however much each has in line, and nobody waits for ever.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.tables import Operation, State, WorkerRow

SAMPLES = 50
REMEMBERED_S = 10.0
FEWEST_FOR_A_LINE = 4


_ASKED = aliased(Operation)
_BEFORE = (
    select(func.count())
    .where(
        Operation.queue == _ASKED.queue,
        Operation.state == State.QUEUED,
        or_(
            Operation.share_tag < _ASKED.share_tag,
            and_(Operation.share_tag == _ASKED.share_tag, Operation.created_at < _ASKED.created_at),
        ),
    )
    .correlate(_ASKED)
    .scalar_subquery()
)
_SEEN = select(_ASKED, case((_ASKED.state == State.QUEUED, _BEFORE + 1))).where(_ASKED.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Seen:
    """An operation, its place in line (1 = next), and the seconds until it is done; None for what does not apply, or nobody can know."""

    operation: Operation
    place: int | None = None
    eta_s: float | None = None


def places_in_line(session: Session) -> dict[str, int]:
    """The places of all queued operations, each in its own queue, in one look."""
    in_order = func.row_number().over(partition_by=Operation.queue, order_by=(Operation.share_tag, Operation.created_at))
    return dict(session.execute(select(Operation.id, in_order).where(Operation.state == State.QUEUED)).tuples().all())


def expected_s(samples: Sequence[tuple[int, float]], size: int) -> float | None:
    """Seconds that a job of `size` will run, from (size, seconds) of earlier ones: a straight line through them, or their median."""
    if not samples:
        return None
    sizes, seconds = [float(one) for one, _ in samples], [one for _, one in samples]
    middle_size, middle_s = sum(sizes) / len(sizes), sum(seconds) / len(seconds)
    spread = sum((one - middle_size) ** 2 for one in sizes)
    if len(samples) < FEWEST_FOR_A_LINE or spread == 0:
        return median(seconds)
    slope = max(0.0, sum((a - middle_size) * (b - middle_s) for a, b in zip(sizes, seconds, strict=True)) / spread)
    return max(min(seconds) / 2, middle_s + slope * (size - middle_size))


class Forecasts:
    """What earlier jobs took, asked of the database at most every few seconds."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[float, list[tuple[int, float]]]] = {}
        self._workers: tuple[float, dict[str, int]] = (0.0, {})

    def seen(self, session: Session, ids: Sequence[str]) -> dict[str, Seen]:
        """Operations as they stand, in one statement; those that are not there are missing."""
        return {operation.id: self.seen_at(session, operation, place) for operation, place in session.execute(_SEEN, {"ids": ids})}

    def seen_at(self, session: Session, operation: Operation, place: int | None) -> Seen:
        """An operation whose place in line is known."""
        return Seen(operation, place, None if operation.state.is_final else self.left_s(session, operation, place))

    def run_s(self, session: Session, operation: Operation) -> float | None:
        """Seconds that an operation will run in all."""
        return expected_s(self._samples(session, operation.kind, operation.recipe), operation.size)

    def left_s(self, session: Session, operation: Operation, place: int | None) -> float | None:
        """Seconds until an operation is done; None while nobody can know."""
        if operation.state.is_final:
            return 0.0
        whole = self.run_s(session, operation)
        if operation.state is State.QUEUED:
            return (
                None if whole is None or place is None else round(whole + (place - 1) * whole / self._servers(session, operation.queue), 1)
            )
        ran = (operation.updated_at - operation.started_at).total_seconds() if operation.started_at else 0.0
        paced = ran / operation.fraction if operation.fraction > 0.05 else None
        ends = [one for one in (whole, paced) if one is not None]
        if not ends:
            return None
        # History knows how long such jobs take; the pace of this one counts for more the further it is.
        end = ends[0] if len(ends) == 1 else ends[0] * (1 - operation.fraction) + ends[1] * operation.fraction
        return round(max(end - ran, 0.0), 1)

    def _samples(self, session: Session, kind: str, recipe: str) -> list[tuple[int, float]]:
        asked_s, found = self._known.get((kind, recipe), (0.0, []))
        if time.monotonic() - asked_s > REMEMBERED_S:
            rows = session.execute(
                select(Operation.size, Operation.started_at, Operation.finished_at)
                .where(
                    Operation.state == State.SUCCEEDED,
                    Operation.kind == kind,
                    Operation.recipe == recipe,
                    Operation.started_at.is_not(None),
                )
                .order_by(Operation.updated_at.desc())
                .limit(SAMPLES)
            )
            found = [(size, (finished - started).total_seconds()) for size, started, finished in rows if started and finished]
            self._known[kind, recipe] = (time.monotonic(), found)
        return found

    def _servers(self, session: Session, queue: str) -> int:
        asked_s, found = self._workers
        if time.monotonic() - asked_s > REMEMBERED_S:
            found = {}
            for queues in session.scalars(select(WorkerRow.queues)):
                for name in queues:
                    found[name] = found.get(name, 0) + 1
            self._workers = (time.monotonic(), found)
        return max(1, found.get(queue, 1))
