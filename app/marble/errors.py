"""Errors as the World API words them: `detail`, and the request's id."""

from __future__ import annotations

from typing import Any

from app.errors import Refusal


def detail(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """The body of an answer; for requests that break the schema in the shape that FastAPI's own clients know."""
    if refusal.status == 422 and refusal.errors:
        found = [
            {"loc": ["body", *error.pointer.strip("/").split("/")], "msg": error.message, "type": "value_error"} for error in refusal.errors
        ]
        return {"detail": found, "request_id": request_id}
    return {"detail": str(refusal), "request_id": request_id}
