"""Access: which worlds a caller may see and change; whatever is not theirs does not exist."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.auth import READ, Caller
from app.errors import Refusal
from app.identity import WORLD, is_id
from app.tables import World


def owned(session: Session, caller: Caller, world_id: str) -> World:
    """A world of the caller's tenant; raises Refusal(not_found) for any other."""
    found = session.get(World, world_id) if is_id(world_id, WORLD) else None
    if found is None or found.tenant_id != caller.tenant_id:
        raise Refusal("not_found", "there is no such world: see GET /v1/worlds for yours")
    return found


def readable(session: Session, caller: Caller | None, world_id: str) -> World:
    """A world that the caller owns, or that is there for all."""
    found = session.get(World, world_id) if is_id(world_id, WORLD) else None
    if found is not None and found.visibility == "public":
        return found
    if caller is None:
        raise Refusal("key_missing", "this service needs a key: send it as `Authorization: Bearer wl_…`")
    caller.require(READ)
    return owned(session, caller, world_id)
