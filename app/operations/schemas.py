"""Schemas of operations, as clients of our own API see them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.tables import Operation

Kind = Literal["generate", "export", "render", "film"]
StateName = Literal["QUEUED", "RUNNING", "CANCELLING", "SUCCEEDED", "FAILED", "CANCELLED"]


class ProgressBody(BaseModel):
    """How far an operation is."""

    phase: str = Field(description="What is being done: read, arrange, build, sample, light, finish, save, export, render, film.")
    fraction: float = Field(ge=0, le=1, description="Share of the whole that is done.")
    note: str = Field(description="The same for people, with details.")
    queue_position: int | None = Field(None, description="1 = next; null when it does not wait.")
    eta_s: float | None = Field(None, description="Seconds until it is done, from what such jobs took before; null while nobody can know.")


class ErrorBody(BaseModel):
    """Why an operation ended without a result."""

    code: str = Field(description="Stable, for programs: cancelled, invalid_request, out_of_memory, worker_crashed, timed_out, stalled, …")
    message: str = Field(description="One sentence for people.")


class LinksBody(BaseModel):
    """Where to go from here; clients need not build addresses."""

    self: str
    events: str
    cancel: str
    world: str | None = None
    file: str | None = Field(None, description="What an export, a picture or a film made: opens without a key.")


PREVIEW_WORDS = "A link to coarse splats (SPZ, at most 60,000) of the world that is being made; null before there are some, and at the end."


class OperationBody(BaseModel):
    """A job. Exactly one of `result` and `error` is there once `done` is true."""

    id: str
    kind: Kind
    done: bool
    state: StateName
    world_id: str | None
    progress: ProgressBody
    preview_url: str | None = Field(None, description=PREVIEW_WORDS)
    result: dict[str, Any] | None = None
    error: ErrorBody | None = None
    attempt: int = Field(description="How often it was begun; more than 1 after a crash.")
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: LinksBody

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                    "kind": "generate",
                    "done": False,
                    "state": "RUNNING",
                    "world_id": "wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c",
                    "progress": {"phase": "light", "fraction": 0.61, "note": "bounce 1 of 1", "queue_position": None, "eta_s": 8.4},
                    "preview_url": "http://127.0.0.1:8000/v1/files/wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c/69a1b2c0-3fTq0cVw5o1vYx0aB7sQ9e2d/preview.spz",
                    "result": None,
                    "error": None,
                    "attempt": 1,
                    "created_at": "2026-11-25T12:00:00Z",
                    "updated_at": "2026-11-25T12:00:14Z",
                    "started_at": "2026-11-25T12:00:01Z",
                    "finished_at": None,
                    "links": {
                        "self": "/v1/operations/op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                        "events": "/v1/operations/op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b/events",
                        "cancel": "/v1/operations/op_0199a1b2c3d47e5f8a9b0c1d2e3f4a5b:cancel",
                        "world": "/v1/worlds/wld_0199a1b2c3d47e5f8a9b0c1d2e3f4a5c",
                    },
                }
            ]
        }
    )


class EventBody(BaseModel):
    """What an event says of an operation; see get_operation for the rest."""

    id: str
    kind: Kind
    state: StateName
    done: bool
    world_id: str | None
    progress: ProgressBody
    preview_url: str | None = Field(None, description=PREVIEW_WORDS + " Without scheme and host where the service does not know its own.")
    result: dict[str, Any] | None
    error: ErrorBody | None
    updated_at: datetime


class OperationList(BaseModel):
    """A page of operations, the newest first."""

    operations: list[OperationBody]
    next_cursor: str | None = None


def body_of(operation: Operation, *, place: int | None, eta_s: float | None, file: str | None, preview: str | None) -> OperationBody:
    """An operation as clients see it. file, preview: links to what it made, and to what it is making."""
    here = f"/v1/operations/{operation.id}"
    result = operation.result
    if result is not None and file is not None:
        result = {**result, "url": file}
    return OperationBody(
        id=operation.id,
        kind=operation.kind,  # type: ignore[arg-type]
        done=operation.state.is_final,
        state=operation.state.value,
        world_id=operation.world_id,
        progress=ProgressBody(phase=operation.phase, fraction=operation.fraction, note=operation.note, queue_position=place, eta_s=eta_s),
        preview_url=preview,
        result=result,
        error=ErrorBody(**operation.error) if operation.error else None,
        attempt=operation.attempt,
        created_at=operation.created_at,
        updated_at=operation.updated_at,
        started_at=operation.started_at,
        finished_at=operation.finished_at,
        links=LinksBody(
            self=here,
            events=f"{here}/events",
            cancel=f"{here}:cancel",
            world=f"/v1/worlds/{operation.world_id}" if operation.world_id else None,
            file=file,
        ),
    )
