"""Announcement: the end of an operation becomes one message for each webhook that wants to hear of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity import DELIVERY, new_id
from app.tables import Operation, State, Webhook, WebhookDelivery

EVENTS = {
    State.SUCCEEDED: "operation.succeeded",
    State.FAILED: "operation.failed",
    State.CANCELLED: "operation.cancelled",
}
TEST = "webhook.test"


def announce(session: Session, operation: Operation) -> None:
    """Put the end of an operation into the mail, in the transaction that ends it: either both happen, or neither."""
    event = EVENTS[operation.state]
    wanted = select(Webhook).where(Webhook.tenant_id == operation.tenant_id, Webhook.enabled)
    moment = operation.finished_at or operation.updated_at
    for webhook in session.scalars(wanted.with_for_update(read=True, key_share=True)):  # it must not be deleted just now
        if event in webhook.events:
            payload = {
                "type": event,
                "timestamp": moment.isoformat(),
                "data": {
                    "operation_id": operation.id,
                    "world_id": operation.world_id,
                    "kind": operation.kind,
                    "state": operation.state.value,
                    "error_code": (operation.error or {}).get("code"),
                },
            }
            session.add(
                WebhookDelivery(
                    id=new_id(DELIVERY),
                    webhook_id=webhook.id,
                    operation_id=operation.id,
                    payload=payload,
                    created_at=moment,
                    next_at=moment,
                )
            )
