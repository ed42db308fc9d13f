"""Auth: who is asking. API keys, their scopes and tenants; on a loopback address nobody needs a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from sqlalchemy import select, update
from starlette.concurrency import run_in_threadpool

from app.credentials import ADMIN, PREFIX, SCOPES, WRITE, digest_of, looks_like_key
from app.credentials import READ as READ  # for those who ask about a caller
from app.database import Database, now
from app.errors import Refusal
from app.identity import LOCAL_TENANT
from app.signing import Signer
from app.tables import ApiKey

WORLD_API_HEADER = "WLT-Api-Key"
"""Where clients of the World API send the same key."""
USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant, by a key or (local) without one."""

    tenant_id: str
    scopes: frozenset[str]
    key_id: str | None = None

    def require(self, scope: str) -> None:
        """Raise Refusal when the key may not do this."""
        if scope not in self.scopes:
            raise Refusal("scope_missing", f"this key may not do that: it lacks the scope {scope!r}, so make one that has it")


LOCAL = Caller(LOCAL_TENANT, frozenset(SCOPES))


def caller_of_key(database: Database, signer: Signer, key: str) -> Caller:
    """Raise Refusal unless the key is known, in force and not expired."""
    if not looks_like_key(key):
        raise Refusal("key_invalid", "this is no key of this service: keys begin with wl_, make one with `worldloom keys create`")
    with database.reading() as session:
        row = session.scalar(select(ApiKey).where(ApiKey.digest == digest_of(signer, key)))
    moment = now()
    if row is None:
        raise Refusal("key_invalid", "this key is not known here: make one with `worldloom keys create`")
    if row.revoked_at is not None:
        raise Refusal("key_invalid", "this key has been revoked: use another one")
    if row.expires_at is not None and row.expires_at <= moment:
        raise Refusal("key_invalid", f"this key expired on {row.expires_at:%Y-%m-%d}: use another one")
    if row.last_used_at is None or moment - row.last_used_at > USED_EVERY:
        with database.writing() as session:
            session.execute(update(ApiKey).where(ApiKey.id == row.id).values(last_used_at=moment))
    return Caller(row.tenant_id, frozenset(row.scopes), row.id)


class _Key(SecurityBase):
    """Dependency: who asks. scope: what the key must allow; None lets everyone pass, also without a key where one is needed.

    A key that is given must be good, unless no keys are needed and it is not ours: clients of the World API must send something.
    One dependency, not several that build on each other: FastAPI takes 0.1 ms for each with every request.
    """

    model = HTTPBearer(description="An API key: `Authorization: Bearer wl_…`")
    scheme_name = "bearer"

    def __init__(self, scope: str | None) -> None:
        self._scope = scope

    async def __call__(self, request: Request) -> Caller | None:
        """Raise Refusal for a key that is missing, not good, or lacks the scope."""
        caller = await self._identify(request)
        if self._scope is not None:
            if caller is None:
                raise Refusal("key_missing", "this service needs a key: send it as `Authorization: Bearer wl_…`")
            caller.require(self._scope)
        return caller

    async def _identify(self, request: Request) -> Caller | None:
        services = request.app.state.services
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        key = (credentials if scheme.lower() == "bearer" else request.headers.get(WORLD_API_HEADER, "")).strip()
        if not services.settings.needs_keys and not key.startswith(PREFIX):
            return LOCAL
        if not key:
            return None
        caller = await run_in_threadpool(caller_of_key, services.database, services.signer, key)
        request.scope["worldloom.tenant"] = caller.tenant_id
        return caller


Anyone = Annotated[Caller | None, Security(_Key(None))]
Reader = Annotated[Caller, Security(_Key(READ))]
Writer = Annotated[Caller, Security(_Key(WRITE))]
Admin = Annotated[Caller, Security(_Key(ADMIN))]
