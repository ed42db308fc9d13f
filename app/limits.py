"""Limits: how many jobs a tenant may start in a minute.

Every answer to a start says what is left, in the headers of draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Depends, Request, Response
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

    def start(self, caller: Caller, response: Response) -> None:
        """Count one; raises Refusal(rate_limited) when it is one too many."""
        admitted = self._limiter.hit(self._item, caller.tenant_id)
        window = self._limiter.get_window_stats(self._item, caller.tenant_id)
        left_s = max(0, round(window.reset_time - time.time()))
        response.headers["RateLimit-Policy"] = f'"starts";q={self._item.amount};w={WINDOW_S}'
        response.headers["RateLimit"] = f'"starts";r={window.remaining};t={left_s}'
        if not admitted:
            raise Refusal(
                "rate_limited", f"{self._item.amount:,} jobs in a minute have been started: wait {left_s} s", retry_after_s=left_s
            )


async def _start(request: Request, response: Response, caller: Writer) -> None:
    request.app.state.services.start_limit.start(caller, response)


Started = Annotated[None, Depends(_start)]
