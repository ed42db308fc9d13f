"""Children: processes that do a worker's jobs, kept warm between jobs and killed when a job is not wanted any more."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections import deque
from typing import Any

TAIL_LINES = 40
LONGEST_LINE_BYTES = 8 << 20
START_S = 120.0


class ChildDied(Exception):  # noqa: N818 - what happened, not an error of ours
    """The process ended under its job. code: its exit code, negative for a signal."""

    def __init__(self, code: int | None, tail: str) -> None:
        super().__init__(f"the process ended with {code}")
        self.code, self.tail = code, tail


class Child:
    """One process that does one job at a time."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._drain: asyncio.Task[None] | None = None
        self._next: asyncio.Task[bytes] | None = None
        self.idle_since_s = time.monotonic()
        self.busy = False
        self.jobs = 0
        self.warm = ""

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def begin(self, job: dict[str, Any], *, warm: str) -> None:
        """Hand a job over; starts the process when there is none."""
        self.busy = True
        if self.pid is None:
            await self._start()
        assert self._process is not None and self._process.stdin is not None
        self.jobs += 1
        self.warm = warm
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):
            raise await self._died() from None

    async def hear(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message; None when there was none in time. Raises ChildDied."""
        assert self._process is not None and self._process.stdout is not None
        if self._next is None:
            self._next = asyncio.create_task(self._process.stdout.readline())
        done, _ = await asyncio.wait({self._next}, timeout=timeout_s)
        if not done:
            return None
        line = self._next.result()
        self._next = None
        if not line:
            raise await self._died()
        message: dict[str, Any] = json.loads(line)
        return message

    def end(self) -> None:
        """The job is over and the process stays for the next one."""
        self.busy, self.idle_since_s = False, time.monotonic()

    def kill(self) -> None:
        """End the process and all that it started, at once. Never waits, so that it can be called on any way out."""
        process, self._process = self._process, None
        for task in (self._next, self._drain):
            if task is not None:
                task.cancel()
        self._next = self._drain = None
        self.busy, self.warm = False, ""
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    async def _start(self) -> None:
        self.kill()
        self._tail.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.making.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE_BYTES,
            start_new_session=True,
        )
        self.busy = True
        self._drain = asyncio.create_task(self._keep_tail())
        if await self.hear(START_S) is None:
            raise await self._died()

    async def _keep_tail(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        async for line in self._process.stderr:
            self._tail.append(line.decode("utf-8", "replace").rstrip())

    async def _died(self) -> ChildDied:
        process = self._process
        code: int | None = None
        if process is not None:
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), 2.0)
        tail = "\n".join(self._tail)
        self.kill()
        return ChildDied(code, tail)
