"""Service: a tenant's webhooks and the messages to them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth import Caller
from app.database import Database, now
from app.errors import Refusal
from app.identity import DELIVERY, WEBHOOK, is_id, new_id
from app.tables import Webhook, WebhookDelivery
from app.webhooks.announcement import TEST

MOST = 20
SECRET_BYTES = 32


def create(database: Database, caller: Caller, *, url: str, events: Sequence[str]) -> Webhook:
    """A webhook for a URL that has been looked at, with a secret of its own. Raises Refusal when the tenant has too many."""
    webhook = Webhook(
        id=new_id(WEBHOOK),
        tenant_id=caller.tenant_id,
        url=url,
        secret="whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
        events=list(events),
        enabled=True,
        created_at=now(),
    )
    with database.writing() as session:
        if (session.scalar(select(func.count()).where(Webhook.tenant_id == caller.tenant_id)) or 0) >= MOST:
            raise Refusal("quota_exceeded", f"you have {MOST} webhooks already: delete one that is not needed any more")
        session.add(webhook)
    return webhook


def find(session: Session, caller: Caller, webhook_id: str) -> Webhook:
    """A webhook of the caller's tenant; raises Refusal(not_found) for any other."""
    found = session.get(Webhook, webhook_id) if is_id(webhook_id, WEBHOOK) else None
    if found is None or found.tenant_id != caller.tenant_id:
        raise Refusal("not_found", "there is no such webhook: see GET /v1/webhooks for yours")
    return found


def delete(database: Database, caller: Caller, webhook_id: str) -> None:
    """Remove a webhook and what waits for it."""
    with database.writing() as session:
        session.delete(find(session, caller, webhook_id))


def send_test(database: Database, caller: Caller, webhook_id: str) -> WebhookDelivery:
    """Put a message into the mail that only proves that messages arrive."""
    with database.writing() as session:
        webhook = find(session, caller, webhook_id)
        if not webhook.enabled:
            raise Refusal("conflict", "this webhook was switched off, because its receiver answered 410 Gone: make a new one")
        moment, delivery_id = now(), new_id(DELIVERY)
        delivery = WebhookDelivery(
            id=delivery_id,
            webhook_id=webhook.id,
            operation_id=delivery_id,  # it is about no operation, and one of its kind
            payload={"type": TEST, "timestamp": moment.isoformat(), "data": {"webhook_id": webhook.id}},
            attempts=0,
            created_at=moment,
            next_at=moment,
        )
        session.add(delivery)
    return delivery
