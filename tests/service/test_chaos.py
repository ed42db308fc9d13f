"""Chaos: kills at random while worlds are made, fifty on one database and ten on the other. Nothing is lost, doubled, or left behind."""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx
import pytest
import sqlalchemy as sa

from app.database import Database
from app.store import Store, key_of
from app.tables import Operation, OperationEvent, State, World, WorldFile
from app.working.runner import MOST_CRASHES
from tests.service.processes import database_of, database_settings, kill, processes_of, until
from tests.service.running import Service, quick

KILLS_AND_JOBS = {"postgresql": (50, 30), "sqlite": (10, 6)}
"""What dies has to start again, and that is what this test costs: the second database has but to show that nothing hangs on the first."""
WEIGHTS = {"child": 0.35, "worker": 0.55, "api": 0.1}
BURST_S, CALM_S = (0.0, 0.3), (0.4, 1.6)
PATIENCE_S = 20  # for a victim that is not there yet: a slow machine would otherwise see its workers killed before they have children
LONGEST_S = 300

pytestmark = pytest.mark.slow


@dataclass
class Chaos:
    """A service under fire, and what was asked of it. Draws are seeded; when a process dies within its work is up to the clock."""

    service: Service
    kills: int
    jobs: int
    draws: random.Random
    operations: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    def rage(self) -> None:
        """Kill and ask in turns; a client whose request meets a dead service asks again with the same Idempotency-Key."""
        asked = 0
        while (killed := self.killed.total()) < self.kills or asked < self.jobs:
            if asked < self.jobs and asked * self.kills <= killed * self.jobs + self.kills:
                self.ask(asked)
                asked += 1
            else:
                self.strike()

    def ask(self, number: int) -> None:
        """One world, whatever happens meanwhile."""
        body = quick(f"a ball in {self.draws.uniform(0.2, 0.8):.2f} seconds, number {number}")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                with self.service.client() as client:
                    answer = client.post("/v1/worlds:generate", json=body, headers={"Idempotency-Key": f"number {number}"})
                if answer.status_code in (200, 202):
                    self.operations.append(answer.json()["id"])
                    return
                assert answer.status_code == 503, answer.text
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"world {number} could not be asked for in a minute")

    def strike(self) -> None:
        """Kill one process of a drawn kind: half of the time soon after it came up, half of the time when it has worked for a while.

        The last kills are for the kinds that no draw has met.
        """
        spared = [kind for kind in WEIGHTS if not self.killed[kind]]
        must = self.kills - self.killed.total() <= len(spared)
        kind = spared[0] if spared and must else self.draws.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        pause_s = self.draws.uniform(*self.draws.choice((BURST_S, CALM_S)))
        end = time.monotonic() + PATIENCE_S
        while not processes_of(self.service.data)[kind] and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(pause_s)
        alive = processes_of(self.service.data)[kind]
        if kind == "api":
            self.service.kill()
            self.service.start()  # as whoever looks after the service would
        elif alive:
            kill(self.draws.choice(alive))
        else:
            return
        self.killed[kind] += 1


@pytest.mark.parametrize("kind", KILLS_AND_JOBS)
def test_kills_lose_nothing_and_double_nothing(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    service = Service(tmp_path / "data", database_settings(request, kind)).start()
    kills, jobs = KILLS_AND_JOBS[kind]
    chaos = Chaos(service, kills, jobs, random.Random(20_261_125))
    begun = time.monotonic()
    chaos.rage()
    raged_s = time.monotonic() - begun
    database = database_of(service)
    until(lambda: not open_operations(database), within_s=LONGEST_S, what="the end of all jobs")
    outcomes = Counter(judged(database, Store(service.data / "blobs"), chaos.operations))
    until(lambda: engine_states(database) <= {"SUCCESS"}, within_s=60, what="the end of all jobs in the engine's own table")
    database.close()
    calmed_s = time.monotonic() - begun - raged_s
    print(f"{kind}: {dict(chaos.killed)} killed in {raged_s:.0f} s, all done {calmed_s:.0f} s later: {dict(outcomes)}")
    assert chaos.killed.total() >= kills
    assert set(chaos.killed) == set(WEIGHTS), "each kind of process died"
    assert len(set(chaos.operations)) == jobs == outcomes.total(), "every request is one operation"
    assert outcomes["SUCCEEDED"] > jobs / 2, "the service did not get to work at all"
    assert service.stop() == 0
    until(lambda: not any(processes_of(service.data).values()), within_s=30, what="the end of all processes")
    assert list((service.data / "work").rglob("op_*")) == [], "nothing half-made lies about"


def open_operations(database: Database) -> list[str]:
    """Those that have not ended."""
    with database.reading() as session:
        return list(session.scalars(sa.select(Operation.id).where(Operation.finished_at.is_(None))))


def engine_states(database: Database) -> set[str]:
    """Where jobs stand in the engine's own table."""
    table = "workflow_status" if database.is_sqlite else "dbos.workflow_status"
    with database.reading() as session:
        return set(session.scalars(sa.text(f"SELECT status FROM {table}")))


def judged(database: Database, store: Store, operation_ids: list[str]) -> list[str]:
    """How each ended, after a look at everything that it must have left, and must not have left twice."""
    with database.reading() as session:
        operations = {row.id: row for row in session.scalars(sa.select(Operation))}
        assert set(operations) == set(operation_ids), "an operation was lost, or one came from nowhere"
        events: dict[str, list[Mapping[str, object]]] = {}
        for row in session.scalars(sa.select(OperationEvent).order_by(OperationEvent.sequence)):
            events.setdefault(row.operation_id, []).append(row.data)
        worlds = {row.operation_id: row for row in session.scalars(sa.select(World))}
        files: dict[str, list[WorldFile]] = {}
        for file in session.scalars(sa.select(WorldFile)):
            files.setdefault(file.world_id, []).append(file)
    assert len(worlds) == len(operations), "one world each"
    for operation in operations.values():
        assert sum(1 for data in events[operation.id] if data["done"]) == 1, f"{operation.id} ended more than once"
        made = files.get(str(operation.world_id), [])
        assert worlds[operation.id].state is operation.state
        if operation.state is State.SUCCEEDED:
            assert {"splats.ply", "splats.spz", "world.json", "level-full_res.spz"} <= {file.name for file in made}
            assert all(is_whole(store, file) for file in made)
            assert {file.operation_id for file in made} == {operation.id}
        else:
            assert operation.state is State.FAILED
            assert operation.error == {**(operation.error or {}), "code": "worker_crashed"}
            assert operation.crashes > MOST_CRASHES, "given up too early"
            assert not made
    return [operation.state.value for operation in operations.values()]


def is_whole(store: Store, file: WorldFile) -> bool:
    """Whether a file is there, and what the database says of it."""
    path = store.local(key_of(file.tenant_id, file.sha256))
    assert path is not None
    data = path.read_bytes()
    return (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
