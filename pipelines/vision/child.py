"""Child: a process of its own for a stranger's file or a long computation, with bounded memory and time, stopped at any moment.

The parent writes FOLDER/job.json and starts `python -m MODULE FOLDER`; the child tells progress as lines of JSON, and writes
FOLDER/report.json. A child that crashes, hangs or eats memory takes nobody with it, and it ends when its parent does.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipelines.errors import InputError
from pipelines.stage import TellStage

POLL_S = 0.25  # how often progress is told, and so how soon a run can be cancelled
TAIL_BYTES = 2_000
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "SYSTEMROOT")  # no secrets for a process that opens a stranger's file
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread claims memory that counts against the limit

Work = Callable[[Mapping[str, Any], Path, TellStage], dict[str, Any]]
"""What a child does: (its job, its folder, whom to tell) → its report. Raises Refused."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use."""

    memory_bytes: int
    seconds: float


class Refused(Exception):  # noqa: N818 - a verdict on the input, not a fault of the program
    """The input cannot be used; its text is the sentence for people."""


class ChildFailed(Exception):  # noqa: N818 - named after who failed
    """The child came to no verdict. overrun: it took too long or too much memory; otherwise it crashed, and the text says how."""

    def __init__(self, detail: str, *, overrun: bool) -> None:
        super().__init__(detail)
        self.overrun = overrun


def run_child(module: str, folder: Path, job: Mapping[str, Any], *, limits: Limits, tell: TellStage) -> dict[str, Any]:
    """Run `module` in a child until it has reported; its report. tell: called every quarter of a second, may raise Cancelled.

    Raises InputError with the child's verdict on its input, or ChildFailed. The child never outlives this call.
    """
    import time

    (folder / "job.json").write_text(json.dumps({"limits": [limits.memory_bytes, limits.seconds], **job}), encoding="utf-8")
    until = time.monotonic() + limits.seconds
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.PIPE,  # never written to: its end tells the child that its parent is gone
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(),
        )
    assert process.stdin is not None
    assert process.stdout is not None
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        _listen(lines, tell, until)
        code = process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        process.kill()
        process.wait()
        reader.join()
        process.stdin.close()
        process.stdout.close()
    return _verdict(folder, code)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    home = str(Path(__file__).resolve().parents[2])  # the child must find the same pipelines
    return kept | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))}


def _read(stream: IO[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _listen(lines: queue.SimpleQueue[bytes | None], tell: TellStage, until: float) -> None:
    """Pass on what the child tells until it is silent for good; raises TimeoutExpired when it takes too long."""
    import time

    fraction, note = 0.0, ""
    while True:
        try:
            line = lines.get(timeout=POLL_S)
        except queue.Empty:
            line = b""
        if line is None:
            return
        with contextlib.suppress(ValueError, TypeError):  # what a library printed is no progress
            fraction, note = json.loads(line)
        tell(float(fraction), str(note))
        if time.monotonic() > until:
            raise subprocess.TimeoutExpired("child", 0)


def _verdict(folder: Path, code: int | None) -> dict[str, Any]:
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        report = {}
    if "refused" in report:
        raise InputError(report["refused"])
    if "done" in report:
        return dict(report["done"])
    tail = (folder / "stderr").read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace").strip()
    raise ChildFailed(f"exit code {code}: {tail}", overrun=code is None or code == -9 or bool(report.get("memory")) or "bad_alloc" in tail)


def serve(work: Work) -> None:
    """The child's side: take the job, keep to its limits, work, report. Called by `python -m MODULE FOLDER`."""
    folder = Path(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    _confine(*job["limits"])
    try:
        report: dict[str, Any] = {"done": work(job, folder, _tell)}
    except Refused as verdict:
        report = {"refused": str(verdict)}
    except MemoryError:
        report = {"memory": True}
    except Exception:  # noqa: BLE001 - the parent decides what a crash means, from the report that is not there
        traceback.print_exc()
        sys.exit(1)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def _tell(fraction: float, note: str) -> None:
    sys.stdout.write(json.dumps([fraction, note]) + "\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # not by the buffered reader, whose lock would be held when the interpreter ends
    os._exit(1)


def _confine(memory_bytes: int, seconds: float) -> None:
    """Take away memory, time, and a core dump that would hold the input."""
    import resource

    threads = os.cpu_count() or 1
    for limit, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, int(seconds * threads) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of memory; the clock remains
            resource.setrlimit(limit, (value, value))
