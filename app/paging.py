"""Paging: lists by age, page by page; a cursor is opaque, signed, and belongs to one tenant and one list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from sqlalchemy import Select, and_, or_
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
    by: tuple[InstrumentedAttribute[Any], InstrumentedAttribute[str]],
    *,
    size: int,
    cursor: str | None,
    signer: Signer,
    purpose: str,
) -> tuple[Sequence[Row], str | None]:
    """(rows, cursor of the next page), the newest first. by: (moment, id).  purpose: names list and tenant. Raises Refusal(bad_cursor)."""
    moment, identity = by
    if cursor is not None:
        place = signer.unseal(purpose, cursor)
        if place is None:
            raise Refusal("bad_cursor", "this cursor is not from this list: begin again without one")
        at = moment.type.process_result_value(place[0], None)
        query = query.where(or_(moment < at, and_(moment == at, identity < place[1])))
    rows = session.scalars(query.order_by(moment.desc(), identity.desc()).limit(size + 1)).all()
    if len(rows) <= size:
        return rows, None
    last = rows[size - 1]
    read: Callable[[Any], Any] = lambda attribute: getattr(last, attribute.key)
    return rows[:size], signer.seal(purpose, [moment.type.process_bind_param(read(moment), None), read(identity)])
