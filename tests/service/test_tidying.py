"""The household: what nobody owns goes after its time, what is or will be owned stays, and what fell out of the line is found."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth import LOCAL
from app.database import now
from app.engine import JobEngine
from app.operations.admission import Job
from app.operations.moves import move
from app.operations.service import submit
from app.services import Services
from app.store import key_of
from app.tables import Lease, Operation, OperationEvent, State, World, WorldFile
from app.working.household import Household
from app.working.stillness import Stillness
from app.working.tidying import Tidying
from tests.service.processes import database_url, settings_of, until
from tests.service.running import Service, finished, prepared_database, quick

GRACE_S = 100
OLD = timedelta(days=40)


@pytest.fixture(params=["sqlite", "postgresql"])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """The parts of a service, in this process."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copyfile(prepared_database(), data / "worldloom.db")  # PostgreSQL needs none there, and comes prepared, too
    made = Services.of(settings_of(data=data, database_url=database_url(request, request.param), garbage_s=GRACE_S))
    made.open()
    yield made
    made.close()


@pytest.fixture
def engine(services: Services) -> Iterator[JobEngine]:
    """The engine as the household uses it."""
    made = JobEngine(services.settings.database)
    yield made
    made.close()


@pytest.fixture
def tidying(services: Services, engine: JobEngine) -> Tidying:
    """What is tested here."""
    return Tidying(services.settings, services.database, services.store, engine)


def keep(services: Services, tmp_path: Path, name: str, *, age_s: float) -> str:
    """A file in the store that was written a while ago; its sum."""
    source = tmp_path / name
    source.write_bytes(name.encode())
    sum_ = name.encode().hex().ljust(64, "0")
    services.store.put(key_of(LOCAL.tenant_id, sum_), source)
    here = services.store.local(key_of(LOCAL.tenant_id, sum_))
    assert here is not None
    moment = time.time() - age_s
    os.utime(here, (moment, moment))
    return sum_


def there(services: Services, sum_: str) -> bool:
    return services.store.size(key_of(LOCAL.tenant_id, sum_)) is not None


def job(services: Services, state: State, **values: Any) -> Operation:
    """An operation in a state."""
    operation = asyncio.run(submit(services, LOCAL, lambda: Job(kind="render", queue="studio", request={}, recipe="render"))).operation
    with services.database.writing() as session:
        moved = move(session, operation.id, expect=(State.QUEUED,), state=state, **values)
    assert moved is not None
    return moved


def own(services: Services, sum_: str) -> None:
    """Let a world have a file."""
    with services.database.writing() as session:
        session.add(
            World(id="wld_owner", tenant_id=LOCAL.tenant_id, operation_id="op_none", prompt={}, recipe="", tier="", state=State.SUCCEEDED)
        )
        session.flush()
        session.add(
            WorldFile(
                world_id="wld_owner", name="x", tenant_id=LOCAL.tenant_id, part="package", operation_id="op_none", sha256=sum_, bytes=1
            )
        )


def test_files_without_an_owner_go_after_their_grace(services: Services, tidying: Tidying, tmp_path: Path) -> None:
    old, young, owned = (keep(services, tmp_path, name, age_s=age_s) for name, age_s in (("old", 900), ("young", 50), ("owned", 900)))
    own(services, owned)
    assert tidying.collect_garbage() == len("old")
    assert [there(services, one) for one in (old, young, owned)] == [False, True, True]
    assert tidying.collect_garbage() == 0


def test_file_that_is_kept_again_stays(services: Services, tidying: Tidying, tmp_path: Path) -> None:
    one = keep(services, tmp_path, "again", age_s=900)
    services.store.put(key_of(LOCAL.tenant_id, one), tmp_path / "again")
    assert tidying.collect_garbage() == 0
    assert there(services, one)


def test_same_file_of_another_tenant_is_another_file(services: Services, tidying: Tidying, tmp_path: Path) -> None:
    mine = keep(services, tmp_path, "twin", age_s=900)
    own(services, mine)
    source = tmp_path / "twin"
    theirs = key_of("ten_other", mine)
    services.store.put(theirs, source)
    here = services.store.local(theirs)
    assert here is not None
    os.utime(here, (1, 1))
    tidying.collect_garbage()
    assert there(services, mine)
    assert services.store.size(theirs) is None


@pytest.mark.parametrize("state", [State.RUNNING, State.CANCELLING])
def test_files_of_a_job_that_is_not_published_yet_stay_however_long_it_takes(
    services: Services, tidying: Tidying, tmp_path: Path, state: State
) -> None:
    """It stored its files, then the database was away for longer than the grace, or its machine was lost."""
    before = keep(services, tmp_path, "before", age_s=10_000)
    stored = keep(services, tmp_path, "stored", age_s=4_000)
    running = job(services, state, started_at=now() - timedelta(seconds=5_000))
    tidying.collect_garbage()
    assert [there(services, one) for one in (before, stored)] == [False, True]
    with services.database.writing() as session:
        move(session, running.id, expect=(state,), state=State.FAILED, error={"code": "internal", "message": ""})
    tidying.collect_garbage()
    assert not there(services, stored)


def test_old_operations_go_with_all_that_is_theirs(services: Services, tidying: Tidying, engine: JobEngine) -> None:
    old_ones = [job(services, State.SUCCEEDED, result={}) for _ in range(3)]
    young, waiting = job(services, State.FAILED, error={"code": "x", "message": ""}), job(services, State.RUNNING, started_at=now() - OLD)
    everything = [one.id for one in (*old_ones, young, waiting)]
    with services.database.writing() as session:
        aged = [one.id for one in (*old_ones, waiting)]
        session.execute(sa.update(Operation).where(Operation.id.in_(aged)).values(updated_at=now() - OLD))
    assert set(engine.states(everything)) == set(everything)
    assert tidying.forget_old() == 3
    assert tidying.forget_old() == 0
    with services.database.reading() as session:
        assert set(session.scalars(sa.select(Operation.id))) == {young.id, waiting.id}, "an open one stays, however old it is"
        assert set(session.scalars(sa.select(OperationEvent.operation_id))) == {young.id, waiting.id}
    assert set(engine.states(everything)) == {young.id, waiting.id}


def test_sweep_finds_every_job_that_fell_out_of_a_long_line(services: Services, engine: JobEngine) -> None:
    """However many wait well: they are looked at in turns, and one that is missing is not hidden behind them."""
    moment = now() - timedelta(minutes=5)
    ids = [f"op_{number:05d}" for number in range(1_200)]
    columns = {"tenant_id": LOCAL.tenant_id, "kind": "render", "request": {}, "fingerprint": "", "queue": "studio", "share_tag": 1}
    with services.database.writing() as session:
        session.execute(sa.insert(Operation), [{**columns, "id": one, "created_at": moment, "updated_at": moment} for one in ids])
        for one in ids[:1_190]:
            engine.enqueue(session, one, queue="studio", priority=1)
    household = Household(services.settings, services.database, services.store, "tester-0")
    missing = ids[1_190:]
    assert engine.states(missing) == {}
    household.sweep()
    assert engine.states(missing) == dict.fromkeys(missing, "ENQUEUED")
    household.sweep()
    household._engine.close()


def test_only_one_worker_keeps_the_household(services: Services) -> None:
    first, second = (Household(services.settings, services.database, services.store, name) for name in ("first-0", "second-0"))
    assert first._has_lease()
    assert not second._has_lease()
    assert first._has_lease()
    with services.database.reading() as session:
        lease = session.get(Lease, "household")
    assert lease is not None
    assert lease.holder == "first-0"
    for one in (first, second):
        one._engine.close()


def test_stillness_is_measured_without_comparing_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is silent when what it wrote has not changed for a while, whatever time it wrote: clocks may differ, and jump."""
    stillness, moment = Stillness(), 1_000.0
    monkeypatch.setattr("app.working.stillness.time.monotonic", lambda: moment)
    ahead, behind = datetime(2030, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)
    assert stillness.look({"a": ahead, "b": behind}) == {"a": 0, "b": 0}
    moment += 30
    assert stillness.look({"a": ahead - timedelta(hours=1), "b": behind}) == {"a": 0, "b": 30}, "a lives, its clock was put back"
    moment += 30
    assert stillness.look({"b": behind}) == {"b": 60}
    assert stillness.look({"a": ahead - timedelta(hours=1)}) == {"a": 0}, "who was not there meanwhile begins anew"


def stored(service: Service) -> set[str]:
    """Sums of the files in the store."""
    return {path.name for path in (service.data / "blobs").rglob("*") if path.is_file()}


def test_running_service_tidies_by_itself(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", {"WORLDLOOM_GARBAGE_S": "2", "WORLDLOOM_RETENTION_DAYS": "0.00003"}).start()
    try:
        with service.client() as client:
            kept, gone = (finished(client, client.post("/v1/worlds:generate", json=quick(text)).json()) for text in ("kept", "gone"))
            mine, theirs = (
                {file["sha256"] for file in client.get(done["links"]["world"]).json()["files"].values()} for done in (kept, gone)
            )
            assert theirs - mine
            assert client.delete(f"/v1/worlds/{gone['world_id']}").is_success
            until(lambda: not (theirs - mine) & stored(service), within_s=60, what="tidy files")
            assert mine <= stored(service)
            until(lambda: client.get(f"/v1/operations/{gone['id']}").status_code == 404, within_s=60, what="tidy operations")
            world = client.get(f"/v1/worlds/{kept['world_id']}").json()
            assert {client.get(file["url"]).status_code for file in world["files"].values()} == {200}, "a world outlives its operation"
    finally:
        assert service.stop() == 0
