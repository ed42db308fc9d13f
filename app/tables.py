"""Tables: what the service remembers. Every row that belongs to somebody names its tenant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Dialect, Enum, ForeignKey, Index, Integer, LargeBinary, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.database import now

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only INTEGER keys up by itself


class Moment(TypeDecorator[datetime]):
    """A point in time as whole microseconds since 1970 UTC: it sorts and compares alike in both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Into the database."""
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Out of the database."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class State(StrEnum):
    """Where an operation stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_final(self) -> bool:
        """Whether nothing will follow."""
        return self in FINAL


FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
OPEN = (State.QUEUED, State.RUNNING, State.CANCELLING)


class Table(DeclarativeBase):
    """Every table; `dict` columns are JSON."""

    type_annotation_map: ClassVar = {
        datetime: Moment,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        list[str]: JSON,
        State: Enum(State, native_enum=False, length=16),
    }


class Tenant(Table):
    """Whose worlds these are."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(Table):
    """A key: only its HMAC is stored. credits: what it may still spend on worlds; None = no limit."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    hint: Mapped[str] = mapped_column(String(12))
    scopes: Mapped[list[str]]
    credits: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class World(Table):
    """A world, from the moment it was asked for. state: that of the operation that makes it."""

    __tablename__ = "worlds"
    __table_args__ = (
        Index("worlds_by_age", "tenant_id", "created_at", "id"),
        Index("worlds_by_change", "tenant_id", "updated_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    operation_id: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[State] = mapped_column(default=State.QUEUED)
    name: Mapped[str] = mapped_column(String(200), default="")
    visibility: Mapped[str] = mapped_column(String(16), default="private")
    prompt: Mapped[dict[str, Any]]
    recipe: Mapped[str] = mapped_column(String(80))
    tier: Mapped[str] = mapped_column(String(40))
    model: Mapped[str | None] = mapped_column(String(80))  # as a client of the World API named it
    permission: Mapped[dict[str, Any] | None]  # as a client of the World API gave it
    facts: Mapped[dict[str, Any] | None]  # what a list shows of world.json
    camera_path: Mapped[dict[str, Any] | None]  # keyframes that somebody has saved with it
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class WorldTag(Table):
    """A tag of a world."""

    __tablename__ = "world_tags"

    world_id: Mapped[str] = mapped_column(ForeignKey("worlds.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    place: Mapped[int] = mapped_column(default=0)


class WorldFile(Table):
    """A file of a world by its name; its bytes are in the store under the tenant and the sha256. operation_id: who made it."""

    __tablename__ = "world_files"

    world_id: Mapped[str] = mapped_column(ForeignKey("worlds.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    part: Mapped[str] = mapped_column(String(16))  # package, levels (of the World API), derived (exports, pictures, films), preview
    operation_id: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Operation(Table):
    """A job. fingerprint: of the request, to tell a repeated one from another.  crashes: how often its process died under it.

    share_tag: its place in the fair queue, see operations/fairness.py.  sequence: how many events it has had.
    previewed: whether a preview of its world can be seen.
    """

    __tablename__ = "operations"
    __table_args__ = (
        Index("operations_by_age", "tenant_id", "created_at", "id"),
        Index("operations_in_line", "queue", "state", "share_tag", "created_at"),
        Index("operations_by_state", "state", "updated_at"),
        Index("operations_by_tenant_state", "tenant_id", "state", "share_tag"),
        Index("operations_by_start", "queue", "started_at"),
        Index("operations_of_world", "world_id"),
        UniqueConstraint("tenant_id", "idempotency_key", name="operations_once"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    key_id: Mapped[str | None] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    world_id: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[State] = mapped_column(default=State.QUEUED)
    request: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(String(64))
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    queue: Mapped[str] = mapped_column(String(40))
    recipe: Mapped[str] = mapped_column(String(80), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    share_tag: Mapped[int] = mapped_column(default=0)
    phase: Mapped[str] = mapped_column(String(40), default="")
    fraction: Mapped[float] = mapped_column(default=0.0)
    note: Mapped[str] = mapped_column(String(200), default="")
    previewed: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str | None] = mapped_column(String(80))
    attempt: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    credits: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class OperationEvent(Table):
    """What happened to an operation, in order; kept to be told again to clients that lost the line."""

    __tablename__ = "operation_events"
    __table_args__ = (UniqueConstraint("operation_id", "sequence", name="operation_events_in_order"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    data: Mapped[dict[str, Any]]


class MediaAsset(Table):
    """A picture or video that was uploaded. state: PREPARED, READY or REJECTED (with `reason`)."""

    __tablename__ = "media_assets"
    __table_args__ = (Index("media_assets_by_age", "tenant_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    extension: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[dict[str, Any] | None]  # the client's own words about it
    state: Mapped[str] = mapped_column(String(16), default="PREPARED")
    reason: Mapped[str | None] = mapped_column(String(300))
    declared_bytes: Mapped[int | None] = mapped_column(BigInteger)
    declared_sha256: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any] | None]  # format, width, height, seconds
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Webhook(Table):
    """Where a tenant wants to hear of finished operations."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    url: Mapped[str] = mapped_column(String(2_000))
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[list[str]]
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebhookDelivery(Table):
    """One message to one webhook. next_at: when it is tried next; None = it arrived, or was given up."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_due", "next_at"),
        UniqueConstraint("webhook_id", "operation_id", name="webhook_deliveries_once"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    operation_id: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]  # of the last answer
    problem: Mapped[str | None] = mapped_column(String(200))  # why the last try failed
    delivered_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class WorkerRow(Table):
    """A worker process, as it last said of itself."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    node: Mapped[str] = mapped_column(String(80))
    queues: Mapped[list[str]]
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    status: Mapped[dict[str, Any]]  # jobs, children and what they keep warm
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class Lease(Table):
    """Who does the household's work for now."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    ends_at: Mapped[datetime]
