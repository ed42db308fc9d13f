"""Limits: how many jobs a tenant may start in a minute.

Every answer to a start says what is left, in the headers of draft-ietf-httpapi-ratelimit-headers-11.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Annotated

from fastapi import Depends, Request

from app.auth import Caller, Writer
from app.errors import Refusal

WINDOW_S = 60


class StartLimit:
    """Counts starts in this process, by whole minutes; the limit that matters, of unfinished jobs, is counted in the database."""

    def __init__(self, per_minute: int) -> None:
        self._most, self._window = per_minute, 0
        self._started: Counter[str] = Counter()

    def start(self, caller: Caller) -> dict[str, str]:
        """Count one, and say in headers what is left; raises Refusal(rate_limited), with the same headers, when it is one too many."""
        moment_s = time.time()
        window, into_s = int(moment_s // WINDOW_S), moment_s % WINDOW_S
        if window != self._window:
            self._window, self._started = window, Counter()
        self._started[caller.tenant_id] += 1
        left, left_s = self._most - self._started[caller.tenant_id], max(1, math.ceil(WINDOW_S - into_s))
        headers = {
            "RateLimit-Policy": f'"starts";q={self._most};w={WINDOW_S}',
            "RateLimit": f'"starts";r={max(0, left)};t={left_s}',
        }
        if left < 0:
            sentence = f"more than {self._most:,} jobs in a minute are too many: wait {left_s} s"
            raise Refusal("rate_limited", sentence, retry_after_s=left_s, headers=headers)
        return headers


async def _start(request: Request, caller: Writer) -> None:
    request.scope["worldloom.headers"] = request.app.state.services.start_limit.start(caller)  # for every answer, errors included


Started = Annotated[None, Depends(_start)]
