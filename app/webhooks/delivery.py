"""Delivery: messages to webhooks, signed as Standard Webhooks say, tried again for a day, and never sent where they must not go."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import func, select, update

from app.database import Database, now
from app.settings import Settings
from app.tables import Webhook, WebhookDelivery

if TYPE_CHECKING:
    import ssl

    from app.webhooks.connection import Connection

RETRY_S = (5, 30, 120, 600, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600)
GIVE_UP_AFTER = timedelta(hours=24)
JITTER = 0.1
CLAIM_S = 60.0
LAST_START_S = 20.0  # of a claim: the slowest message must end before others may take it up
AT_ONCE = 50
MOST_LINES, MOST_LINES_OF_TENANT = 16, 4
GOODBYE_S = 5.0

log = structlog.get_logger("worldloom.webhooks")


class Courier:
    """Delivers what is due, each webhook's messages on a thread of its own, so that a slow receiver holds up nobody else.

    A message is claimed before it is sent, by moving its next try forward: two couriers never send the same one, and what a dead one
    had claimed is due again after CLAIM_S. A receiver may therefore see a message twice after a crash, with the same `webhook-id`.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database = settings, database
        self._guard = threading.Lock()
        self._lines: dict[str, tuple[str, threading.Thread]] = {}  # webhook → its tenant and thread
        self._ending = threading.Event()
        self._tls: ssl.SSLContext | None = None

    def deliver_due(self) -> None:
        """Begin with every message whose time has come, as far as lines are free; returns at once."""
        with self._guard:
            busy = {webhook_id: tenant_id for webhook_id, (tenant_id, _) in self._lines.items()}
        of_tenant = Counter(busy.values())
        for webhook_id, tenant_id in self._due(busy):
            if of_tenant.total() >= MOST_LINES or self._ending.is_set():
                return
            if of_tenant[tenant_id] < MOST_LINES_OF_TENANT:
                of_tenant[tenant_id] += 1
                thread = threading.Thread(target=self._serve, args=(webhook_id,), name=f"courier-{webhook_id}", daemon=True)
                with self._guard:
                    self._lines[webhook_id] = (tenant_id, thread)
                thread.start()

    def stop(self) -> None:
        """Begin no more messages, and give those on the way a moment to arrive."""
        self._ending.set()
        with self._guard:
            threads = [thread for _, thread in self._lines.values()]
        end_s = time.monotonic() + GOODBYE_S
        for thread in threads:
            thread.join(max(0.0, end_s - time.monotonic()))

    def _due(self, busy: dict[str, str]) -> list[tuple[str, str]]:
        """(webhook, tenant) of webhooks with due messages that nobody delivers yet, the longest waiting first."""
        waiting = (
            select(Webhook.id, Webhook.tenant_id)
            .join(WebhookDelivery, WebhookDelivery.webhook_id == Webhook.id)
            .where(WebhookDelivery.next_at <= now(), Webhook.enabled, Webhook.id.not_in(busy))
            .group_by(Webhook.id, Webhook.tenant_id)
            .order_by(func.min(WebhookDelivery.next_at))
        )
        with self._database.reading() as session:
            return [(webhook_id, tenant_id) for webhook_id, tenant_id in session.execute(waiting)]

    def _serve(self, webhook_id: str) -> None:
        """Deliver what is due for one webhook, in order, until the first failure or the end of the claim."""
        end_s = time.monotonic() + CLAIM_S - LAST_START_S
        try:
            claimed = self._claim(webhook_id)
            if claimed is not None:
                unsent = self._send_all(*claimed, lambda: time.monotonic() < end_s and not self._ending.is_set())
                self._release(unsent)
        except Exception:
            log.exception("a courier stumbled", webhook=webhook_id)  # what it had claimed is due again when the claim ends
        finally:
            with self._guard:
                self._lines.pop(webhook_id, None)

    def _claim(self, webhook_id: str) -> tuple[Webhook, Sequence[WebhookDelivery]] | None:
        moment = now()
        due = (
            select(WebhookDelivery.id)
            .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.next_at <= moment)
            .order_by(WebhookDelivery.created_at, WebhookDelivery.id)
            .limit(AT_ONCE)
        )
        taken = (
            update(WebhookDelivery)
            # The moment is asked again: another courier may have claimed them while this statement waited for it.
            .where(WebhookDelivery.id.in_(due.scalar_subquery()), WebhookDelivery.next_at <= moment)
            .values(next_at=moment + timedelta(seconds=CLAIM_S))
            .returning(WebhookDelivery)
        )
        with self._database.writing() as session:
            webhook = session.get(Webhook, webhook_id)
            if webhook is None or not webhook.enabled:
                return None
            rows = session.scalars(taken, execution_options={"synchronize_session": False}).all()
        return webhook, sorted(rows, key=lambda row: (row.created_at, row.id))

    def _send_all(self, webhook: Webhook, messages: Sequence[WebhookDelivery], may_go_on: Callable[[], bool]) -> Sequence[WebhookDelivery]:
        """Send one after the other; those that were not tried are returned."""
        from app.webhooks.connection import Connection  # only workers that have something to send need it

        with Connection(webhook.url, tls=self._trusted(), allow_private=self._settings.allow_private_webhooks) as connection:
            for number, message in enumerate(messages):
                if not may_go_on():
                    return messages[number:]
                status, problem = _send(connection, webhook, message)
                self._record(message, status, problem)
                if problem is not None:
                    return () if status == 410 else messages[number + 1 :]
        return ()

    def _trusted(self) -> ssl.SSLContext:
        """Whose certificates count: the system's, or those that SSL_CERT_FILE names."""
        if self._tls is None:
            import httpcore2

            self._tls = httpcore2.default_ssl_context()
        return self._tls

    def _record(self, message: WebhookDelivery, status: int | None, problem: str | None) -> None:
        """Write down how a try ended, and when the next one will be."""
        moment, tries = now(), message.attempts + 1
        next_at = None if problem is None else next_try(tries, created_at=message.created_at, moment=moment)
        values: dict[str, Any] = {"attempts": tries, "status": status, "problem": problem and problem[:200], "next_at": next_at}
        if problem is None:
            values["delivered_at"] = moment
        with self._database.writing() as session:
            session.execute(update(WebhookDelivery).where(WebhookDelivery.id == message.id).values(**values))
            if status == 410:  # the receiver wants no more of them
                session.execute(update(Webhook).where(Webhook.id == message.webhook_id).values(enabled=False))
                waiting = update(WebhookDelivery).where(WebhookDelivery.webhook_id == message.webhook_id)
                session.execute(waiting.where(WebhookDelivery.next_at.is_not(None)).values(next_at=None, problem=problem))
        if problem is not None:
            log.info("a webhook was not reached", webhook=message.webhook_id, status=status, tries=tries, given_up=next_at is None)

    def _release(self, unsent: Sequence[WebhookDelivery]) -> None:
        """Give back what was claimed and not tried."""
        if unsent:
            ids = [message.id for message in unsent]
            with self._database.writing() as session:
                waiting = update(WebhookDelivery).where(WebhookDelivery.id.in_(ids), WebhookDelivery.next_at.is_not(None))
                session.execute(waiting.values(next_at=now() + timedelta(seconds=1)))


def _send(connection: Connection, webhook: Webhook, message: WebhookDelivery) -> tuple[int | None, str | None]:
    """(status of the answer, why it does not count as delivered)."""
    from standardwebhooks import Webhook as Signature

    from app.webhooks.connection import NotDelivered

    moment = now()
    body = json.dumps(message.payload, ensure_ascii=False, separators=(",", ":"))
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Signature(webhook.secret).sign(message.id, moment, body),
        "user-agent": "Worldloom",
    }
    try:
        status = connection.post(body.encode(), headers)
    except NotDelivered as failure:
        return None, str(failure)
    if 200 <= status < 300:
        return status, None
    redirected = " and redirects are not followed" if 300 <= status < 400 else ""
    return status, f"the answer was {status}{redirected}" if status != 410 else "the answer was 410 Gone, so the webhook was switched off"


def next_try(tries: int, *, created_at: datetime, moment: datetime) -> datetime | None:
    """When a message is tried after `tries` failures; None = it is given up. A bit sooner than RETRY_S says, so that crowds disperse."""
    wait_s = RETRY_S[min(tries, len(RETRY_S)) - 1] * (1 - random.random() * JITTER)
    following = moment + timedelta(seconds=wait_s)
    return following if following - created_at <= GIVE_UP_AFTER else None
