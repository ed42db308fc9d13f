"""Browsing: a real chromium for tests, drawing in software, and what it has to complain about."""

from __future__ import annotations

import os
import re
import shutil
from ctypes.util import find_library
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "static" / "dist"
AT = " at "
NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",  # the tests may run as root, and visit nothing but 127.0.0.1
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
MESA = ("--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist")
SWIFTSHADER = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def missing(what: str) -> NoReturn:
    """Skip the test for want of something, or fail where nothing may be skipped: on CI."""
    if os.environ.get("CI", "").lower() in ("1", "true", "yes") or os.environ.get("WORLDLOOM_REQUIRE_BROWSER"):
        pytest.fail(f"the studio cannot be tested: {what}")
    pytest.skip(what)


def chromium() -> str:
    """The browser's program."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or missing("there is no chromium: `make test` installs it where it may; otherwise apt install chromium")


def drawing_flags() -> tuple[str, ...]:
    """How to draw without a GPU: Mesa's llvmpipe, three times as fast, where it is installed; otherwise chromium's own SwiftShader."""
    return MESA if find_library("EGL_mesa") or find_library("EGL") else SWIFTSHADER


def require_dist() -> None:
    """The page must be built, and no older than what it is built from: `make studio` does that."""
    if not (DIST / "index.html").is_file():
        missing("the studio is not built: run make studio")


@dataclass
class Complaints:
    """Errors in the console, exceptions, and violations of the Content-Security-Policy. A test fails with those that it has not allowed."""

    heard: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)

    def listen(self, page: Any) -> None:
        """Write down what a page complains about from now on."""
        page.on("console", lambda message: self.heard.append(_line(message)) if _is_bad(message) else None)
        page.on("pageerror", lambda error: self.heard.append(f"exception: {error}"))

    def allow(self, pattern: str) -> None:
        """What this test provokes, such as a failed request: a regular expression of what is said, without the address."""
        self.allowed.append(pattern)

    @property
    def unexpected(self) -> list[str]:
        """What nobody has allowed."""
        return [one for one in self.heard if not any(re.search(pattern, one.partition(AT)[0]) for pattern in self.allowed)]


def _line(message: Any) -> str:
    """What it says and what it is about; the browser's own words of a failed request do not name its address."""
    return f"{message.type}: {message.text}{AT}{message.location.get('url', '')}"


def _is_bad(message: Any) -> bool:
    return message.type == "error" or "Content Security Policy" in message.text or "TrustedHTML" in message.text
