"""Errors as the World API words them: `detail` and the request's id, and whole numbers for operations that failed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field

from app.errors import STATUS, FieldError, Refusal

_CODES: Mapping[str, int] = {
    "invalid_request": 400,
    "media_rejected": 400,
    "recipe_unavailable": 400,
    "world_gone": 404,
    "cancelled": 499,
    "stalled": 504,
    "timed_out": 504,
}
_PAYMENT = "This key has 100 credits left and the request takes 1,580: give it more with `worldloom keys create --credits`"


class Failure(BaseModel):
    """What was wrong, and the cure."""

    detail: str
    request_id: str = Field(description="Names the request in the server's log.")


def detail(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """The body of an answer; for requests that break the schema in the shape that FastAPI's own clients know."""
    if refusal.status != 422:
        return {"detail": str(refusal), "request_id": request_id}
    errors = refusal.errors or (FieldError("", str(refusal)),)
    found = [{"loc": _location(error.pointer), "msg": error.message, "type": "value_error"} for error in errors]
    return {"detail": found, "request_id": request_id}


def code_of(name: str) -> int:
    """The number of an operation's error: it reads like the HTTP status of a like failure."""
    return _CODES.get(name) or STATUS.get(name, 500)


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a call, for `responses=`; that of a broken schema, 422, is FastAPI's own."""
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": HTTPStatus(status).phrase} for status in (401, 403, 421, 500, 503, *statuses)
    }
    if 402 in described:
        described[402]["content"] = {"application/json": {"example": {"detail": _PAYMENT, "request_id": "req_0199a1b2c3d47e5f"}}}
    return described


def _location(pointer: str) -> list[str | int]:
    """/tags/3 → ["body", "tags", 3]; query/page_size → ["query", "page_size"]."""
    place, *steps = f"body{pointer}".split("/") if pointer[:1] in ("", "/") else pointer.split("/")
    return [place, *(int(step) if step.isdigit() else step.replace("~1", "/").replace("~0", "~") for step in steps)]
