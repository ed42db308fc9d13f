"""The process that opens uploads: what it may do, what it holds, and what becomes of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from app.assets.inspect import MOST_CPU_S, MOST_FILES, MOST_MEMORY_BYTES, NICENESS
from app.assets.sandbox import inspected
from app.errors import Refusal

SECRETS = {"WORLDLOOM_SECRET": "s" * 40, "AWS_SECRET_ACCESS_KEY": "hidden", "WORLDLOOM_DATABASE_URL": "postgresql://u:p@h/d"}


@asynccontextmanager
async def waiting(folder: Path) -> AsyncIterator[tuple[asyncio.Task[object], psutil.Process]]:
    """An inspection that has come as far as to open its upload, which never comes: a pipe without a writer."""
    os.mkfifo(folder / "upload")
    others = {child.pid for child in psutil.Process().children()}
    task: asyncio.Task[object] = asyncio.create_task(inspected(folder, "image"))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [child for child in psutil.Process().children() if child.pid not in others]
        if found and str(MOST_MEMORY_BYTES) in Path(f"/proc/{found[0].pid}/limits").read_text() and found[0].nice() >= NICENESS:
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("the process did not come to its limits")
    try:
        yield task, found[0]
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_it_has_limits_and_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "private").write_text("ours")
    (tmp_path / "folder").mkdir()

    async def look() -> None:
        async with waiting(tmp_path / "folder") as (_, process):
            place = Path(f"/proc/{process.pid}")
            limits = {line[:26].strip(): line[26:].split()[:2] for line in (place / "limits").read_text().splitlines()}
            assert limits["Max address space"] == [str(MOST_MEMORY_BYTES)] * 2
            assert limits["Max cpu time"] == [str(MOST_CPU_S)] * 2
            assert limits["Max open files"] == [str(MOST_FILES)] * 2
            assert limits["Max core file size"] == ["0", "0"]
            held = [str(one.readlink()) for one in (place / "fd").iterdir()]
            assert sorted(held) == ["/dev/null", "/dev/null", str(tmp_path / "folder" / "stderr")]
            environment = (place / "environ").read_bytes().decode()
            assert "PATH=" in environment
            assert not [name for name, value in SECRETS.items() if name in environment or value in environment]
            assert not process.net_connections()

    with (tmp_path / "private").open() as file:
        os.set_inheritable(file.fileno(), True)
        asyncio.run(look())


def test_it_does_not_outlive_the_request(tmp_path: Path) -> None:
    async def give_up() -> psutil.Process:
        async with waiting(tmp_path) as (task, process):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return process

    process = asyncio.run(give_up())
    assert not process.is_running()


DEATHS = {signal.SIGKILL: "memory", signal.SIGXCPU: "longer", signal.SIGSEGV: "decoder fail", signal.SIGABRT: "decoder fail"}


@pytest.mark.parametrize(("number", "reason"), DEATHS.items())
def test_its_death_is_a_verdict(tmp_path: Path, number: signal.Signals, reason: str) -> None:
    async def die() -> None:
        async with waiting(tmp_path) as (task, process):
            process.send_signal(number)
            with pytest.raises(Refusal, match=reason) as refused:
                await task
            assert refused.value.code == "media_rejected"

    asyncio.run(die())


def test_memory_is_bounded(tmp_path: Path) -> None:
    """The limit itself: a process under it is refused what it asks for, and says so."""
    import subprocess
    import sys

    code = f"from app.assets.inspect import confine; confine(); bytearray({MOST_MEMORY_BYTES})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.stderr.strip().endswith("MemoryError")
