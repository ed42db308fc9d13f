"""Usage: how much of its allowance a tenant has used."""

from __future__ import annotations

import time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth import Caller
from app.errors import Refusal
from app.services import Services
from app.tables import MediaAsset, WorldFile

REMEMBERED_S = 10.0
SPARE_BYTES = 1_000_000_000


def stored_bytes(session: Session, tenant_id: str) -> int:
    """Bytes of a tenant's worlds and uploads; a file that stands in several worlds counts in each."""
    worlds = session.scalar(select(func.sum(WorldFile.bytes)).where(WorldFile.tenant_id == tenant_id)) or 0
    uploads = session.scalar(select(func.sum(MediaAsset.bytes)).where(MediaAsset.tenant_id == tenant_id)) or 0
    return int(worlds) + int(uploads)


def require_space(services: Services, caller: Caller) -> None:
    """Raise Refusal when the tenant's allowance or the disk is full."""
    free = services.store.free_bytes()
    if free is not None and free < SPARE_BYTES:
        raise Refusal("disk_full", f"the disk has only {free / 1e9:.1f} GB left, and worlds need some: free some space", retry_after_s=60)
    moment = time.monotonic()
    asked_s, used = services.remembered.get(caller.tenant_id, (0.0, 0))
    if not asked_s or moment - asked_s > REMEMBERED_S:
        with services.database.reading() as session:
            used = stored_bytes(session, caller.tenant_id)
        services.remembered[caller.tenant_id] = (moment, used)
    if used >= services.settings.max_stored_bytes:
        most = services.settings.max_stored_bytes
        raise Refusal("quota_exceeded", f"your worlds and uploads take {used:,} of {most:,} bytes: delete some")
