"""Services: what every request needs, made once when the application starts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from app.database import Database, now
from app.engine import JobEngine
from app.limits import StartLimit
from app.making import PREVIEW
from app.operations.admission import Admission
from app.operations.fairness import Forecasts, Seen
from app.operations.hub import Hub
from app.operations.together import Together
from app.preparing import ensure_prepared
from app.settings import Settings
from app.signing import Signer
from app.store import Store
from app.telemetry import Metrics

LOOKS_TOGETHER = 64
INSPECTIONS_AT_ONCE = 2  # each may take up to 1.5 GiB of memory
FETCHES_AT_ONCE = 4  # each may take a thread for its whole time


@dataclass(frozen=True)
class Services:
    """One of each. Building them touches neither the database nor the store: `open` does."""

    settings: Settings
    database: Database
    store: Store
    signer: Signer
    engine: JobEngine
    admission: Admission
    hub: Hub
    forecasts: Forecasts
    looks: Together[str, Seen | None]
    start_limit: StartLimit
    metrics: Metrics
    remembered: dict[str, tuple[float, int]] = field(default_factory=dict)  # tenant → when its bytes were counted, and how many
    inspections: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(INSPECTIONS_AT_ONCE))
    fetches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHES_AT_ONCE))

    @classmethod
    def of(cls, settings: Settings) -> Services:
        """From settings; raises OutputError when the data folder cannot be used."""
        database, jobs = Database(settings.database), JobEngine(settings.database)
        forecasts, signer = Forecasts(), Signer(settings.signing_key())

        def preview_of(world_id: str) -> str:
            return (settings.public_url or "").rstrip("/") + signer.file_address(world_id, PREVIEW, lasts_s=settings.link_s)

        hub = Hub(database, forecasts, preview_of=preview_of)
        return cls(
            settings=settings,
            database=database,
            store=Store(settings.store),
            signer=signer,
            engine=jobs,
            admission=Admission(database, jobs, forecasts, max_open_jobs=settings.max_open_jobs),
            hub=hub,
            forecasts=forecasts,
            looks=Together(partial(_seen, database, forecasts), most=LOOKS_TOGETHER),
            start_limit=StartLimit(settings.starts_per_minute),
            metrics=Metrics(lambda: hub.listeners),
        )

    def open(self) -> None:
        """Bring the tables up to date."""
        ensure_prepared(self.settings, self.database)

    def close(self) -> None:
        """Let go of everything."""
        self.engine.close()
        self.database.close()

    def now(self) -> datetime:
        """This moment, in UTC."""
        return now()


def _seen(database: Database, forecasts: Forecasts, operation_ids: Sequence[str]) -> list[Seen | None]:
    """Operations by their ids; None for those that are not there."""
    with database.reading() as session:
        found = forecasts.seen(session, list(set(operation_ids)))
    return [found.get(operation_id) for operation_id in operation_ids]


async def _services(request: Request) -> Services:  # async, for FastAPI would send anything else through a thread
    found: Services = request.app.state.services
    return found


Provided = Annotated[Services, Depends(_services)]
