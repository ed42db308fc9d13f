"""Routes of webhooks: make, look, test, delete, and what became of the messages."""

from __future__ import annotations

import asyncio
import socket
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from app.auth import Reader, Writer
from app.documentation import problems
from app.outside.address import LONGEST_URL, Destination, addresses_in, destination_of, require_reachable
from app.paging import Cursor, PageSize, page
from app.services import Provided
from app.strict import StrictModel, StrictRoute
from app.tables import Webhook, WebhookDelivery
from app.webhooks import ERRAND, service
from app.worlds.schemas import DeletedBody

LOOK_UP_S = 5.0

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)

Event = Literal["operation.succeeded", "operation.failed", "operation.cancelled"]
EVERY_EVENT: list[Event] = ["operation.succeeded", "operation.failed", "operation.cancelled"]
WebhookId = Annotated[str, Path(description="The `id` of a webhook.", max_length=60, examples=["whk_0199a1b2c3d47e5f8a9b0c1d2e3f4a5f"])]


class NewWebhookBody(StrictModel):
    """Where messages shall go."""

    url: str = Field(min_length=1, max_length=LONGEST_URL, description="A public https:// (or http://) address that takes POST.")
    events: list[Event] = Field(default=EVERY_EVENT, min_length=1, max_length=3, description="Which ends to hear of.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"url": "https://hooks.example.org/worldloom"}]})


class WebhookBody(BaseModel):
    """Where messages go."""

    id: str
    url: str
    events: list[Event]
    enabled: bool = Field(description="False once the receiver has answered 410 Gone.")
    created_at: datetime


class CreatedWebhookBody(WebhookBody):
    """A new webhook; `secret` is shown this once."""

    secret: str = Field(description="Verifies signatures, with any library of Standard Webhooks.")


class WebhookList(BaseModel):
    """The webhooks of your tenant, the newest first."""

    webhooks: list[WebhookBody]


class DeliveryBody(BaseModel):
    """One message, and what became of it."""

    id: str = Field(description="The header `webhook-id` of the message.")
    type: Literal["operation.succeeded", "operation.failed", "operation.cancelled", "webhook.test"]
    operation_id: str | None
    state: Literal["waiting", "delivered", "given_up"]
    attempts: int
    status: int | None = Field(description="HTTP status of the last answer; null: there was none.")
    problem: str | None = Field(description="Why the last try did not succeed.")
    created_at: datetime
    delivered_at: datetime | None
    next_at: datetime | None = Field(description="When it is tried next.")


class DeliveryList(BaseModel):
    """A page of messages, the newest first."""

    deliveries: list[DeliveryBody]
    next_cursor: str | None = None


def _shown(webhook: Webhook) -> WebhookBody:
    return WebhookBody.model_validate(webhook, from_attributes=True)


def _delivery(row: WebhookDelivery) -> DeliveryBody:
    state: Literal["waiting", "delivered", "given_up"] = "waiting" if row.next_at else "delivered" if row.delivered_at else "given_up"
    shown = {name: getattr(row, name) for name in ("id", "attempts", "status", "problem", "created_at", "delivered_at", "next_at")}
    return DeliveryBody(type=row.payload["type"], operation_id=row.payload["data"].get("operation_id"), state=state, **shown)


@router.post(
    "",
    operation_id="create_webhook",
    summary="Hear of finished operations",
    status_code=201,
    responses=problems(400, 401, 403, 415, 422, 503),
)
async def create_webhook(body: NewWebhookBody, services: Provided, caller: Writer) -> CreatedWebhookBody:
    """Messages are signed as Standard Webhooks say, sent once an operation has ended, and tried again for a day."""
    allow_private = services.settings.allow_private_webhooks
    destination = destination_of(body.url, ERRAND, allow_private=allow_private)
    require_reachable(destination, await _addresses_of(destination), allow_private=allow_private)
    events = [event for event in EVERY_EVENT if event in body.events]
    webhook = await run_in_threadpool(service.create, services.database, caller, url=body.url, events=events)
    return CreatedWebhookBody(secret=webhook.secret, **_shown(webhook).model_dump())


async def _addresses_of(destination: Destination) -> list[str]:
    """Name servers may be slow, so they are asked beside everything else, and not for long."""
    asked = asyncio.get_running_loop().getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    try:
        return addresses_in(await asyncio.wait_for(asked, LOOK_UP_S))
    except (OSError, TimeoutError):
        return []


@router.get("", operation_id="list_webhooks", summary="Your webhooks", responses=problems(401, 403, 503))
def list_webhooks(services: Provided, caller: Reader) -> WebhookList:
    """All of them: a tenant has at most 20."""
    mine = select(Webhook).where(Webhook.tenant_id == caller.tenant_id).order_by(Webhook.created_at.desc(), Webhook.id.desc())
    with services.database.reading() as session:
        return WebhookList(webhooks=[_shown(row) for row in session.scalars(mine)])


@router.get("/{webhook_id:id}", operation_id="get_webhook", summary="Look at a webhook", responses=problems(401, 403, 404, 422, 503))
def get_webhook(webhook_id: WebhookId, services: Provided, caller: Reader) -> WebhookBody:
    """Without its secret."""
    with services.database.reading() as session:
        return _shown(service.find(session, caller, webhook_id))


@router.delete("/{webhook_id:id}", operation_id="delete_webhook", summary="Hear no more", responses=problems(401, 403, 404, 422, 503))
def delete_webhook(webhook_id: WebhookId, services: Provided, caller: Writer) -> DeletedBody:
    """Messages that wait for it go, too."""
    service.delete(services.database, caller, webhook_id)
    return DeletedBody(id=webhook_id)


@router.post(
    "/{webhook_id:id}:test",
    operation_id="test_webhook",
    summary="Send a message to try it out",
    status_code=202,
    responses=problems(401, 403, 404, 409, 422, 503),
)
def test_webhook(webhook_id: WebhookId, services: Provided, caller: Writer) -> DeliveryBody:
    """A message of type `webhook.test`, on the way that all messages take: see `deliveries` for how it went."""
    return _delivery(service.send_test(services.database, caller, webhook_id))


@router.get(
    "/{webhook_id:id}/deliveries",
    operation_id="list_webhook_deliveries",
    summary="What became of the messages",
    responses=problems(400, 401, 403, 404, 422, 503),
)
def list_deliveries(
    webhook_id: WebhookId, services: Provided, caller: Reader, *, page_size: PageSize = 20, cursor: Cursor = None
) -> DeliveryList:
    """One page; `next_cursor` leads to the next."""
    with services.database.reading() as session:
        webhook = service.find(session, caller, webhook_id)
        query = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
        by = (WebhookDelivery.created_at, WebhookDelivery.id)
        rows, following = page(
            session, query, by, size=page_size, cursor=cursor, signer=services.signer, purpose=f"deliveries/{webhook.id}"
        )
    return DeliveryList(deliveries=[_delivery(row) for row in rows], next_cursor=following)
