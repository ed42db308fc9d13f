"""The child process: takes jobs from its parent, one a line, and answers with progress and an outcome; it ends when the parent is gone.

Compiled code stays warm between jobs, and so do weights, off the graphics card and within a budget: the jobs of a recipe need the same
ones, and a child has but one recipe. Whatever libraries print goes to stderr: stdout belongs to the conversation.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TextIO

from app.making import DISK_FULL
from pipelines.errors import InputError, MemoryShortError, OutputError, UnavailableError, WorldloomError
from pipelines.stage import Progress

TELL_EVERY_S = 0.5
OUTPUT_FAILED = {"code": "output_failed", "message": "the result could not be written on the worker's disk: its log tells more"}
NICENESS = 5  # the API answers while worlds are made on the same cores


def main() -> None:
    """Serve jobs until the parent closes the line or dies."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    os.nice(NICENESS)
    jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin, jobs), daemon=True).start()
    _say(channel, {"ready": True})
    while True:
        job = jobs.get()
        keep_warm(job.get("warm_gb"))
        _say(channel, perform(job, channel))


def keep_warm(most_gb: float | None) -> None:
    """Have opened weights wait for the next job, in so much memory; None: in half of what is free."""
    from pipelines.models import warm

    warm.budget_bytes = (free_memory_bytes() + warm.bytes) // 2 if most_gb is None else int(most_gb * 1e9)


def free_memory_bytes() -> int:
    """What programs may still take without pushing others out; 0 where the system does not say."""
    try:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return 0
    return 1024 * int(found[1]) if found else 0


def _listen(source: TextIO, jobs: SimpleQueue[dict[str, Any]]) -> None:
    """A parent that was killed cannot say good-bye: the end of its line does."""
    for line in source:
        jobs.put(json.loads(line))
    os._exit(0)


def perform(job: dict[str, Any], channel: TextIO) -> dict[str, Any]:
    """Do one job; every failure becomes an outcome with a code."""
    from app.making.jobs import JOBS, in_clients_words

    package, folder = Path(job["package"]) if job["package"] else None, Path(job["folder"])
    reword = in_clients_words(job["request"], package, folder)
    try:
        return {"done": JOBS[job["kind"]](job["request"], package, folder, _Teller(channel, reword))}
    except InputError as error:
        return _failed("invalid_request", reword(str(error)))
    except MemoryShortError as error:
        return _failed("out_of_memory", reword(str(error)))
    except UnavailableError as error:
        return _failed("recipe_unavailable", reword(str(error)))
    except OutputError as error:  # its words name folders of this machine, which are not for clients
        print(error, file=sys.stderr)  # noqa: T201 - to the worker's log
        return {"failed": DISK_FULL if str(error).startswith("the disk is full") else OUTPUT_FAILED}
    except WorldloomError as error:
        return _failed("failed", reword(str(error)))
    except MemoryError:
        return {"failed": {"code": "out_of_memory", "message": "the worker ran out of memory: ask for fewer splats"}}
    except Exception as error:  # noqa: BLE001 - the job fails, the process lives on
        import traceback

        traceback.print_exc(file=sys.stderr)
        return {
            "failed": {
                "code": "internal",
                "message": f"something unexpected happened ({type(error).__name__}): the worker's log tells more",
            }
        }


def _failed(code: str, sentence: str) -> dict[str, Any]:
    return {"failed": {"code": code, "message": " ".join(sentence.split())}}


class _Teller:
    """Hears of progress at any rate and passes it on twice a second, and whenever a new stage begins. reword: for its notes."""

    def __init__(self, channel: TextIO, reword: Callable[[str], str]) -> None:
        self._channel, self._reword, self._stage, self._told_s = channel, reword, "", 0.0

    def __call__(self, report: Progress) -> None:
        moment = time.monotonic()
        if report.stage != self._stage or moment - self._told_s >= TELL_EVERY_S:
            self._stage, self._told_s = report.stage, moment
            _say(self._channel, {"progress": [report.stage, round(report.fraction, 4), self._reword(report.note)]})

    def preview(self, file: dict[str, Any]) -> None:
        """Pass on where a preview of the world lies."""
        _say(self._channel, {"preview": file})


def _say(channel: TextIO, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
