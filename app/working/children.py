"""Children: processes that do a worker's jobs, kept warm between jobs and killed when a job is not wanted any more."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections import deque
from typing import Any

TAIL_LINES = 40
LONGEST_LINE_BYTES = 8 << 20
REAP_S = 2.0


class ChildDied(Exception):  # noqa: N818 - what happened, not an error of ours
    """The process ended under its job. code: its exit code, negative for a signal; None when it could not even begin."""

    def __init__(self, code: int | None, tail: str) -> None:
        super().__init__(f"the process ended with {code}")
        self.code, self.tail = code, tail


class Child:
    """One process that does one job at a time. All calls come from one event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._drain: asyncio.Task[None] | None = None
        self._next: asyncio.Task[bytes] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self.busy = False
        self.jobs = 0
        self.warm = ""

    @property
    def pid(self) -> int | None:
        """The process, if there is one."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def tail(self) -> str:
        """What it last said on stderr."""
        return "\n".join(self._tail)

    async def begin(self, job: dict[str, Any], *, warm: str) -> None:
        """Hand a job over; starts the process when there is none. warm: what it will keep ready. Raises ChildDied."""
        self._stay()
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
        reading = self._next = self._next or asyncio.create_task(self._process.stdout.readline())
        done, _ = await asyncio.wait({reading}, timeout=timeout_s)
        if self._next is not reading:  # it was killed in the meantime
            raise await self._died()
        if not done:
            return None
        line = reading.result()
        self._next = None
        if not line.endswith(b"\n"):  # it died, perhaps in the middle of a word
            raise await self._died()
        message: dict[str, Any] = json.loads(line)
        return message

    def rest(self, idle_s: float) -> None:
        """The job is over; the process stays for the next one, but not longer than `idle_s` seconds."""
        self.busy = False
        self._leaving = asyncio.get_running_loop().call_later(idle_s, self.kill)

    def kill(self) -> None:
        """End the process and all that it started, at once. Never waits, so that it can be called on any way out."""
        self._stay()
        process, self._process = self._process, None
        for task in (self._next, self._drain):
            if task is not None:
                task.cancel()
        self._next = self._drain = None
        self.busy, self.warm = False, ""
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """End the process, and wait until nothing of it is left in the event loop."""
        process = self._process
        self.kill()
        if process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), REAP_S)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    async def _start(self) -> None:
        self.kill()
        self.busy = True
        self._tail.clear()
        try:
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
        except OSError as error:  # no memory, or no process, to be had
            raise ChildDied(None, str(error)) from error
        self._drain = asyncio.create_task(self._keep_tail(self._process))

    async def _keep_tail(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(1 << 16):
            self._tail.extend(data.decode("utf-8", "replace").splitlines())

    async def _died(self) -> ChildDied:
        process = self._process
        code: int | None = None
        if process is not None:
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), REAP_S)
        tail = self.tail
        self.kill()
        return ChildDied(code, tail)
