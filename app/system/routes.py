"""Routes of the system: health, metrics, workers, recipes, usage."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, func, select, type_coerce

from app.auth import Admin, Reader
from app.database import now
from app.documentation import problems
from app.errors import RETRY_S, Refusal
from app.services import Provided
from app.tables import OPEN, ApiKey, Operation, State, WorkerRow, World
from app.usage import stored_bytes
from pipelines import __version__
from pipelines.errors import UnavailableError
from pipelines.prompt import Kind
from pipelines.recipes import MAX_SPLATS, MIN_SPLATS, RecipeCard, card_for, cards

router = APIRouter(tags=["system"])


class HealthBody(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class RecipeBody(BaseModel):
    """A way to make worlds."""

    name: str
    tier: str
    makes: str
    needs: str
    takes: list[str] = Field(
        description="Fields of `worlds:generate` that it understands: text, pictures, video, panorama, distance, layout."
    )
    stages: list[str] = Field(description="What it does with the first of its `kinds`.")
    kinds: dict[str, list[str]] = Field(
        description="What it makes worlds from, and by which stages: text, photograph (one, or several that each know their direction), "
        "pictures (several from different points), video, panorama, measured panorama (with distances), layout (distances alone)."
    )
    lacks: dict[str, str] = Field(
        description="What this machine lacks for some of its `kinds`, and the cure; empty where it lacks nothing."
    )
    default: bool = Field(description="Whether it is taken when no tier is named, for words.")
    default_for: list[str] = Field(description="The `kinds` for which it is taken when no tier is named.")


class RecipeList(BaseModel):
    """What this machine makes."""

    recipes: list[RecipeBody]
    min_splats: int = MIN_SPLATS
    max_splats: int


class UsageBody(BaseModel):
    """What your tenant has used, and what it may use."""

    worlds: int
    stored_bytes: int
    max_stored_bytes: int
    open_jobs: int
    max_open_jobs: int
    succeeded: int = Field(description="Operations, as long as they are kept.")
    failed: int
    run_seconds: float = Field(description="Seconds that workers spent on your finished operations, as long as they are kept.")
    credits: int | None = Field(description="What this key may still spend; null: no limit.")


class WorkerBody(BaseModel):
    """A worker process."""

    id: str
    node: str
    queues: list[str]
    version: str
    alive: bool
    started_at: datetime
    seen_at: datetime
    status: dict[str, Any] = Field(description="Its child processes, what each keeps warm, and how many jobs it has.")


class SystemBody(BaseModel):
    """The whole machinery."""

    version: str
    database: Literal["sqlite", "postgresql"]
    store: Literal["disk", "remote"]
    workers: list[WorkerBody]
    queues: dict[str, dict[str, int]] = Field(description="Operations by queue and state.")
    free_bytes: int | None
    event_listeners: int


@router.get("/healthz", operation_id="check_health", summary="Whether the process lives")
async def check_health() -> HealthBody:
    """Asks nobody else."""
    return HealthBody()


@router.get(
    "/readyz", operation_id="check_readiness", summary="Whether it can serve: database, tables and store are there", responses=problems(503)
)
def check_readiness(services: Provided) -> HealthBody:
    """For load balancers."""
    if not services.database.is_current():
        raise Refusal("database_unavailable", "the tables are not those of this version: start the service anew", retry_after_s=RETRY_S)
    services.store.check()
    return HealthBody()


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
)
def get_metrics(services: Provided, caller: Admin) -> Response:
    """Requests, queues, waits, failures and workers, in Prometheus' text format. Needs the scope `admin`."""
    return Response(services.metrics.text(services.database), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/recipes", operation_id="list_recipes", summary="What this machine makes")
def list_recipes(services: Provided, caller: Reader) -> RecipeList:
    """The tiers, what each takes and needs."""
    defaults = {kind: default_for(kind) for kind in Kind}
    shown = [
        RecipeBody(
            name=card.name,
            tier=card.tier,
            makes=card.makes,
            needs=card.needs,
            takes=list(card.takes),
            stages=list(card.row),
            kinds={kind.value: list(row) for kind, row in card.rows.items()},
            lacks={kind.value: lack for kind in card.rows if (lack := card.lacking(kind))},
            default=card is defaults[Kind.TEXT],
            default_for=[kind.value for kind, chosen in defaults.items() if card is chosen],
        )
        for card in cards()
    ]
    return RecipeList(recipes=shown, max_splats=min(MAX_SPLATS, services.settings.max_splats))


def default_for(kind: Kind) -> RecipeCard | None:
    """The recipe that is taken for a kind of prompt when no tier is named."""
    try:
        return card_for(None, kind)
    except UnavailableError:
        return None


@router.get("/v1/usage", operation_id="get_usage", summary="What you have used")
def get_usage(services: Provided, caller: Reader) -> UsageBody:
    """Worlds, bytes, jobs, seconds, credits."""
    mine = Operation.tenant_id == caller.tenant_id
    with services.database.reading() as session:
        counts = dict(session.execute(select(Operation.state, func.count()).where(mine).group_by(Operation.state)).all())
        ran = type_coerce(Operation.finished_at, BigInteger) - type_coerce(Operation.started_at, BigInteger)
        ran_us = session.scalar(select(func.sum(ran)).where(mine, Operation.started_at.is_not(None), Operation.finished_at.is_not(None)))
        return UsageBody(
            worlds=session.scalar(select(func.count()).where(World.tenant_id == caller.tenant_id)) or 0,
            stored_bytes=stored_bytes(session, caller.tenant_id),
            max_stored_bytes=services.settings.max_stored_bytes,
            open_jobs=sum(counts.get(state, 0) for state in OPEN),
            max_open_jobs=services.settings.max_open_jobs,
            succeeded=counts.get(State.SUCCEEDED, 0),
            failed=counts.get(State.FAILED, 0),
            run_seconds=round(float(ran_us or 0) / 1e6, 1),
            credits=session.scalar(select(ApiKey.credits).where(ApiKey.id == caller.key_id)) if caller.key_id else None,
        )


@router.get("/v1/system", operation_id="get_system", summary="Workers, queues, warm models")
def get_system(services: Provided, caller: Admin) -> SystemBody:
    """Needs the scope `admin`."""
    moment = now()
    queues: dict[str, dict[str, int]] = {}
    with services.database.reading() as session:
        rows = session.scalars(select(WorkerRow).order_by(WorkerRow.id)).all()
        for queue, state, count in session.execute(
            select(Operation.queue, Operation.state, func.count()).group_by(Operation.queue, Operation.state)
        ):
            queues.setdefault(queue, {})[state.value] = count
    workers = [
        WorkerBody(
            **{name: getattr(row, name) for name in ("id", "node", "queues", "version", "started_at", "seen_at")},
            status={**row.status, "operations": len(row.status.get("operations", ()))},  # their ids are their tenants' business
            alive=(moment - row.seen_at).total_seconds() < services.settings.lost_worker_s,
        )
        for row in rows
    ]
    return SystemBody(
        version=__version__,
        database="sqlite" if services.database.is_sqlite else "postgresql",
        store="disk" if services.store.folder else "remote",
        workers=workers,
        queues=queues,
        free_bytes=services.store.free_bytes(),
        event_listeners=services.hub.listeners,
    )
