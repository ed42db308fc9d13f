"""Ctrl-C at any moment: one line, exit code 130, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def hear_interrupts() -> None:
    """In a child: undo the ignoring of SIGINT that shells hand to jobs in the background, such as a CI run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(folder: Path, after_s: float, number: signal.Signals) -> tuple[int, str]:
    """Exit code and stderr of a command that is sent a signal while it makes a large world."""
    words = [
        sys.executable,
        "-m",
        "app.cli",
        "generate",
        "a pine forest with a log cabin",
        "--splats",
        "4000000",
        "-o",
        str(folder / "world"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        preexec_fn=hear_interrupts,
    ) as process:
        time.sleep(after_s)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize("after_s", [0.4, 1.5, 4.0])
def test_interrupt(tmp_path: Path, after_s: float) -> None:
    code, err = interrupted(tmp_path, after_s, signal.SIGINT)
    assert (code, err) == (130, "worldloom: interrupted; nothing half-finished was left behind\n")
    assert not list(tmp_path.iterdir())


def test_termination_is_as_clean(tmp_path: Path) -> None:
    code, err = interrupted(tmp_path, 2.0, signal.SIGTERM)
    assert code == 143
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_what_an_interrupt_breaks_is_no_failure(tmp_path: Path) -> None:
    """Compiled code may answer Ctrl-C with another exception, or swallow it: both end as an interruption."""
    code = """
import os, signal, sys
from app import interruption
from app.cli import run
from app.commands import progress
import app.commands.read

def broken(*words):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        if SWALLOWED:
            with progress.ProgressLine() as line:
                line.show("light", 0.5)
            raise AssertionError("the work went on")
        raise SystemError("returned a result with an exception set") from None

import pipelines.language
pipelines.language.read = broken
interruption.listen()
sys.exit(run(["read", "a meadow"]))
"""
    for swallowed in (True, False):
        words = [sys.executable, "-c", f"SWALLOWED = {swallowed}\n{code}"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False, preexec_fn=hear_interrupts)
        assert (done.returncode, done.stderr) == (130, "worldloom: interrupted; nothing half-finished was left behind\n")
