"""Sandbox: an upload is opened by a process of its own, with little memory, little time, and nothing to steal.

This process never loads a decoder. The other one gets a folder, no open files, and an environment without secrets.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import structlog

from app.errors import Refusal

LONGEST_S = 180.0
MOST_REPORT_BYTES = 64 << 10
TAIL_BYTES = 2_000
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would claim memory that counts against the limit

log = structlog.get_logger("worldloom.assets")


async def inspected(folder: Path, kind: str) -> dict[str, Any]:
    """The facts of `folder`/upload, whose pictures are then in `folder`/rewritten. Raises Refusal(media_rejected) with the reason."""
    code = await _run(folder, kind)
    report = _report(folder)
    if report is not None and "facts" in report:
        return dict(report["facts"])
    tail = _tail(folder)
    if report is not None:
        reason = str(report["rejected"])
    elif code is None or code in (-signal.SIGKILL, -signal.SIGXCPU):
        reason = "opening the file takes longer, or more memory, than a picture or video should: save it again in a simpler form"
    elif code < 0:
        reason = "the file makes its decoder fail: open it with another program, save it again, and send that"
    elif code == errno.ENOSPC:
        raise Refusal("disk_full", "the disk is full, so the upload cannot be looked at: free some space, then try again", retry_after_s=60)
    else:
        raise RuntimeError(f"the inspecting process ended with {code}: {tail}")
    log.info("upload rejected", reason=reason, code=code, detail=tail or None)
    raise Refusal("media_rejected", reason)


async def _run(folder: Path, kind: str) -> int | None:
    """The exit code; None when it took too long. The process never outlives this call."""
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | ONE_THREAD
    with (folder / "stderr").open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.assets.inspect",
            kind,
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
            env=environment,
            start_new_session=True,
        )
    try:
        return await asyncio.wait_for(process.wait(), LONGEST_S)
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _report(folder: Path) -> dict[str, Any] | None:
    """What the process wrote; nothing when it did not come that far, or wrote what it should not."""
    try:
        with (folder / "report.json").open("rb") as file:
            report = json.loads(file.read(MOST_REPORT_BYTES))
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and ("facts" in report or "rejected" in report) else None


def _tail(folder: Path) -> str:
    with (folder / "stderr").open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        return file.read().decode("utf-8", "replace").strip()
