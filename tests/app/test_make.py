"""`make world` hands words on as they are, and every target says what it does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(stub: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make with a stand-in for `worldloom` that shows its arguments, one a line."""
    (stub / "worldloom").write_text('#!/bin/sh\nfor word; do printf "<%s>\\n" "$word"; done\n')
    (stub / "worldloom").chmod(0o755)
    (stub / "ready").touch()
    command = ["make", "-s", "-C", str(ROOT), f"BIN={stub}", f"READY={stub / 'ready'}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "prompt",
    [
        "a misty pine forest with a log cabin beside a lake at dawn",
        'a fisherman\'s hut, "painted" `red`',
        "a $5 bill, $HOME, ${PATH} and $(shell touch /tmp/worldloom-was-here)",
        r"back\slashes \n \\ and a trailing one\\",
        "a 100% sunny beach # with a comment; rm -rf nothing & echo $$",
        "-o /etc/passwd",
        "ein Häuschen — 森",
        "",
    ],
)
def test_words_of_a_prompt_arrive_unharmed(tmp_path: Path, prompt: str) -> None:
    done = make(tmp_path, "world", f"PROMPT={prompt}")
    assert done.stdout == f"<generate>\n<-->\n<{prompt}>\n", done.stderr
    assert not Path("/tmp/worldloom-was-here").exists()


def test_options_are_handed_on(tmp_path: Path) -> None:
    done = make(tmp_path, "world", "PROMPT=x", "SEED=7", "SPLATS=50000", "OUT=my world", "FORCE=1")
    assert done.stdout.splitlines() == ["<generate>", "<--seed=7>", "<--splats=50000>", "<--output=my world>", "<--force>", "<-->", "<x>"]


def test_help_names_every_target(tmp_path: Path) -> None:
    named = make(tmp_path, "help").stdout
    for target in ("setup", "world", "test", "studio", "serve", "lint", "bench", "gallery", "clean"):
        assert f"make {target}" in named


def test_serve_starts_the_service(tmp_path: Path) -> None:
    done = make(tmp_path, "--old-file=studio", "serve")
    assert done.stdout.splitlines() == ["<serve>"]
