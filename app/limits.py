"""Limits: how many jobs a tenant may start in a minute.

Every answer to a start says what is left, in the headers of draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

import math
import time
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.auth import Caller, Writer
from app.errors import Refusal

WINDOW_S = 60


class StartLimit:
    """Counts starts in this process; the limit that matters, of unfinished jobs, is counted in the database."""

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def start(self, caller: Caller) -> dict[str, str]:
        """Count one, and say in headers what is left; raises Refusal(rate_limited), with the same headers, when it is one too many."""
        admitted = self._limiter.hit(self._item, caller.tenant_id)
        window = self._limiter.get_window_stats(self._item, caller.tenant_id)
        left_s = max(1, math.ceil(window.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"starts";q={self._item.amount};w={WINDOW_S}',
            "RateLimit": f'"starts";r={window.remaining};t={left_s}',
        }
        if not admitted:
            sentence = f"more than {self._item.amount:,} jobs in a minute are too many: wait {left_s} s"
            raise Refusal("rate_limited", sentence, retry_after_s=left_s, headers=headers)
        return headers


async def _start(request: Request, caller: Writer) -> None:
    request.scope["worldloom.headers"] = request.app.state.services.start_limit.start(caller)  # for every answer, errors included


Started = Annotated[None, Depends(_start)]
