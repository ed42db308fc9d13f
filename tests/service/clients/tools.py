"""Tools of clients: the generators that the page names, with the versions that it names; Node is found as for the foreign readers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.formats.foreign import FOLDER as FOREIGN
from tests.formats.foreign import NODE

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
INSTALL_S = 300


def python_tools(cache: Path) -> Path:
    """The folder of an environment with the Python client's generator; made at the first call, which needs a package index."""
    place, wanted = cache / "python", REQUIREMENTS.read_text(encoding="utf-8")
    mark = place / "requirements.txt"
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        venv.create(place, clear=True)  # without a pip of its own: ours installs into it
        words = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python"), "--disable-pip-version-check"]
        words += ["install", "--quiet", "-r", str(REQUIREMENTS)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=INSTALL_S, check=False)
        if done.returncode:
            _missing(f"the generator of the Python client cannot be installed: {done.stderr[-300:]}")
        mark.write_text(wanted, encoding="utf-8")
    return place / "bin"


def node_tools(place: Path) -> Path:
    """A folder with `node`, and with an `npx` that runs what `npm ci` in tests/foreign has brought."""
    if NODE is None or not (FOREIGN / "node_modules" / ".bin" / "openapi-ts").exists():
        _missing("the generator of the TypeScript client is missing: run `npm ci` in tests/foreign (`make test` does)")
    place.mkdir()
    (place / "node").symlink_to(str(NODE))
    npx = place / "npx"
    npx.write_text(f'#!/bin/sh\nPATH="{FOREIGN / "node_modules" / ".bin"}:$PATH" exec "$@"\n', encoding="utf-8")
    npx.chmod(0o755)
    return place


def installed() -> dict[str, str]:
    """Every package that the page may ask for, with the version that is tested."""
    package = json.loads((FOREIGN / "package.json").read_text(encoding="utf-8"))
    lines = [line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {**package["devDependencies"], **{name: version for name, _, version in (line.partition("==") for line in lines)}}


def _missing(reason: str) -> None:
    """Skip with the reason, or on CI fail with it."""
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        pytest.fail(reason)
    pytest.skip(reason)


def environment(*folders: Path, home: Path) -> dict[str, str]:
    """What the examples run with: these tools first, and nothing of this test's own environment."""
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORLDLOOM", "PYTHON", "NODE_"))}
    return {**kept, "PATH": path, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
