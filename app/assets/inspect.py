"""The inspecting process: opens one upload under tight limits, and writes what it is, or why it is refused, as JSON.

python -m app.assets.inspect KIND FOLDER: reads FOLDER/upload, writes FOLDER/report.json, and FOLDER/rewritten where the file is kept anew.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

from app.assets import distances, films, pictures
from app.assets.signatures import VIDEOS, Rejected, type_of

MOST_MEMORY_BYTES = 3 << 29  # the largest pictures that are taken need less than half of it
MOST_CPU_S = 60
MOST_WRITTEN_BYTES = 512 << 20
MOST_FILES = 32
NICENESS = 10  # the API answers, and worlds are made, while pictures are looked at

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def main(kind: str, folder: Path) -> None:
    """Come to a verdict. A full disk is nobody's fault: it ends the process with its error number."""
    confine()
    report: dict[str, Any]
    try:
        report = {"facts": examine(folder, kind)}
    except Rejected as verdict:
        report = {"rejected": str(verdict)}
    except MemoryError:
        report = {"rejected": "opening the file takes more memory than a picture or video should: save it again in a simpler form"}
    except ImportError:
        raise
    except Exception as error:  # noqa: BLE001 - decoders raise anything at all on a stranger's file, and it is the file's fault
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            sys.exit(errno.ENOSPC)
        traceback.print_exc()
        report = {"rejected": "the file is damaged, or not what it seems: open it with another program, save it again, and send that"}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")


def confine() -> None:
    """Take away what decoding does not need: memory, time, files, and a core dump that would hold the upload."""
    wanted = {
        resource.RLIMIT_AS: MOST_MEMORY_BYTES,
        resource.RLIMIT_CPU: MOST_CPU_S,
        resource.RLIMIT_FSIZE: MOST_WRITTEN_BYTES,
        resource.RLIMIT_NOFILE: MOST_FILES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, most in wanted.items():
        _, hard = resource.getrlimit(limit)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit of memory; the clock and the caps remain
            resource.setrlimit(limit, (value, value))
    os.nice(NICENESS)
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)  # these are about programs, not about files


def examine(folder: Path, kind: str) -> dict[str, Any]:
    """The facts of FOLDER/upload; a picture is written to FOLDER/rewritten. Raises Rejected, or what a decoder raises."""
    source, target = folder / "upload", folder / "rewritten"
    format = type_of(source, kind)
    if format in VIDEOS:
        return films.measure(source, format)
    return distances.rewrite(source, target) if format == "exr" else pictures.rewrite(source, target, format)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
