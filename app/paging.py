"""Paging: lists in an order, page by page; a cursor is opaque, signed, and belongs to one tenant, one list and one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.errors import Refusal
from app.signing import Signer

Row = TypeVar("Row")
MOST = 100

PageSize = Annotated[int, Query(ge=1, le=MOST, description="Entries a page.")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]


def page(
    session: Session,
    query: Select[Row],
    by: tuple[ColumnElement[Any] | InstrumentedAttribute[Any], InstrumentedAttribute[str]],
    *,
    size: int,
    cursor: str | None,
    signer: Signer,
    purpose: str,
    rising: bool = False,
) -> tuple[Sequence[Row], str | None]:
    """(rows, cursor of the next page), the greatest (newest) first, or the least when `rising`.

    by: (what to sort by, id).  purpose: names list, tenant and order. Raises Refusal(bad_cursor).
    """
    key, identity = by
    if cursor is not None:
        place = signer.unseal(purpose, cursor)
        if place is None:
            raise Refusal("bad_cursor", "this cursor is not from this list: begin again without one")
        at = _restored(key, place[0])
        query = query.where(
            or_(key > at, and_(key == at, identity > place[1])) if rising else or_(key < at, and_(key == at, identity < place[1]))
        )
    order = (key.asc(), identity.asc()) if rising else (key.desc(), identity.desc())
    found = session.execute(query.add_columns(key, identity).order_by(*order).limit(size + 1)).all()
    rows = [row[0] for row in found[:size]]
    if len(found) <= size:
        return rows, None
    _, last, last_id = found[size - 1]
    return rows, signer.seal(purpose, [_plain(key, last), last_id])


def _plain(key: Any, value: Any) -> Any:
    """A value as JSON can hold it, which is as the database has it."""
    into_database = getattr(key.type, "process_bind_param", None)
    return into_database(value, None) if into_database else value


def _restored(key: Any, value: Any) -> Any:
    out_of_database = getattr(key.type, "process_result_value", None)
    return out_of_database(value, None) if out_of_database else value
