"""Service: API keys and their tenants, for the routes and for `worldloom keys`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.credentials import SCOPES, digest_of, ensure_tenant, new_key
from app.database import Database, now
from app.errors import Refusal
from app.identity import KEY, LOCAL_TENANT, TENANT, is_id, new_id
from app.signing import Signer
from app.tables import ApiKey, Tenant

LONGEST_DAYS = 3_650
LONGEST_NAME = 100
MOST_CREDITS = 10**15


def create_key(
    database: Database,
    signer: Signer,
    *,
    name: str,
    tenant: str | None = None,
    tenant_id: str | None = None,
    scopes: Sequence[str] = ("read", "write"),
    days: float | None = None,
    credits: int | None = None,
) -> tuple[ApiKey, str]:
    """(row, key): the key itself is never shown again.

    tenant: a name, made when it is new; without it and without an id: this machine's own.  days: how long it lasts; None = until it is
    revoked.  credits: what it may spend on worlds; None = no limit. Raises Refusal.
    """
    wrong = [scope for scope in scopes if scope not in SCOPES]
    if wrong or not scopes:
        raise Refusal("invalid_request", f"there is no scope {(wrong or [''])[0]!r}: choose from {', '.join(SCOPES)}")
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise Refusal("invalid_request", f"a key cannot last {days:g} days: choose more than 0 and at most {LONGEST_DAYS:,}")
    if credits is not None and not 0 <= credits <= MOST_CREDITS:
        raise Refusal("invalid_request", f"{credits} credits cannot be given: choose 0 to {MOST_CREDITS:,}, or none for no limit")
    if tenant is not None and not 0 < len(tenant.strip()) <= LONGEST_NAME:
        raise Refusal("invalid_request", f"a tenant needs a name of 1 to {LONGEST_NAME} characters")
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise Refusal("invalid_request", f"a key needs a name of 1 to {LONGEST_NAME} characters, so that it can be told from others")
    key = new_key()
    with database.writing() as session:
        row = ApiKey(
            id=new_id(KEY),
            tenant_id=tenant_id or _tenant_named(session, tenant and tenant.strip()),
            name=name.strip(),
            digest=digest_of(signer, key),
            hint=f"{key[:5]}…{key[-4:]}",
            scopes=list(dict.fromkeys(scopes)),
            credits=credits,
            created_at=now(),
            expires_at=None if days is None else now() + timedelta(days=days),
        )
        session.add(row)
    return row, key


def _tenant_named(session: Session, name: str | None) -> str:
    if name is None:
        ensure_tenant(session, "local", tenant_id=LOCAL_TENANT)
        return LOCAL_TENANT
    found = session.scalar(select(Tenant).where(Tenant.name == name))
    if found is not None:
        return found.id
    tenant_id = new_id(TENANT)
    ensure_tenant(session, name, tenant_id=tenant_id)
    return tenant_id


def list_keys(database: Database, *, tenant_id: str | None = None) -> Sequence[tuple[ApiKey, str]]:
    """(key, tenant's name), the newest first; None: of all tenants."""
    query = select(ApiKey, Tenant.name).join(Tenant, Tenant.id == ApiKey.tenant_id).order_by(ApiKey.created_at.desc())
    if tenant_id is not None:
        query = query.where(ApiKey.tenant_id == tenant_id)
    with database.reading() as session:
        return [(row, name) for row, name in session.execute(query)]


def revoke_key(database: Database, key_id: str, *, tenant_id: str | None = None) -> ApiKey:
    """From now on the key opens nothing. Raises Refusal(not_found)."""
    with database.writing() as session:
        row = session.get(ApiKey, key_id) if is_id(key_id, KEY) else None
        if row is None or (tenant_id is not None and row.tenant_id != tenant_id):
            raise Refusal("not_found", "there is no such key: `worldloom keys list` shows all")
        row.revoked_at = row.revoked_at or now()
    return row


def status_of(key: ApiKey, moment: datetime) -> str:
    """active, expired or revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= moment else "active"
