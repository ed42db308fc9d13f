"""Misbehaving: a child that crashes, hangs, eats memory or prints what it should not, as its job says."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.stage import TellStage
from pipelines.vision.child import Refused, serve


def work(job: Mapping[str, Any], folder: Path, tell: TellStage) -> dict[str, Any]:
    """Do what job["deed"] says."""
    os.write(1, b"a library's chatter\n")
    tell(0.5, str(os.getpid()))
    match job["deed"]:
        case "crash":
            os.abort()
        case "fail":
            raise RuntimeError("lost my way")
        case "hang":
            time.sleep(600)
        case "eat":
            return {"eaten": len(bytearray(8 << 30))}
        case "refuse":
            raise Refused("this cannot be used: use another")
    return {"secret": os.environ.get("WORLDLOOM_TEST_SECRET"), "folder": str(folder)}


if __name__ == "__main__":
    serve(work)
