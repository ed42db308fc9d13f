"""The graphics card makes one world at a time: real processes wait for each other, and the dead hold nothing. No card is needed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from queue import SimpleQueue

import pytest

from app.making import card
from app.making.card import lock_of_the_card, turn_at_the_card
from pipelines.prompt import Kind
from pipelines.recipes import CARDS
from tests.app.conftest import ROOT

HOLD = """
import sys
from app.making import card
card.card_bytes = lambda: 16 << 30
with card.turn_at_the_card(["refine"], lambda note: None):
    print("mine", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _one_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "card_bytes", lambda: 16 << 30)
    monkeypatch.setattr(card, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))


def other(tmp_path: Path) -> subprocess.Popen[str]:
    """Another worker's process, which has the card until a line comes in."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None and process.stdout.readline() == "mine\n"
    return process


def waiting(stages: tuple[str, ...] = ("refine",)) -> tuple[threading.Thread, SimpleQueue[str]]:
    """Somebody who tells what happens on the way to the card."""
    heard: SimpleQueue[str] = SimpleQueue()

    def go() -> None:
        with turn_at_the_card(stages, heard.put):
            heard.put("mine")

    thread = threading.Thread(target=go)
    thread.start()
    return thread, heard


@pytest.mark.parametrize("end", ["done", "killed"])
def test_one_waits_until_the_other_has_done_or_died(tmp_path: Path, end: str) -> None:
    process = other(tmp_path)
    thread, heard = waiting()
    assert [heard.get(timeout=30) for _ in range(3)] == [card.NOTE] * 3, "and says so again and again, or it would count as stalled"
    if end == "done":
        process.communicate("go\n", timeout=60)
    else:
        process.kill()
        process.communicate(timeout=60)
    thread.join(60)
    last = ""
    while not heard.empty():
        last = heard.get()
    assert last == "mine"


def test_who_does_not_need_the_card_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = other(tmp_path)
    try:
        for stages in (("read", "arrange", "build"), ("refine",)):
            thread, heard = waiting(stages)
            assert heard.get(timeout=30) == "mine"
            thread.join()
            monkeypatch.setattr(card, "card_bytes", lambda: None)  # and without a card nobody does
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_cards_have_a_lock_each(monkeypatch: pytest.MonkeyPatch) -> None:
    locks = set()
    for visible in ("0", "1,0", "GPU-8932f937-d72c", "../../etc/passwd"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        locks.add(lock_of_the_card())
    assert len(locks) == 4 and len({path.parent for path in locks}) == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert lock_of_the_card() in locks


def test_worlds_that_are_painted_or_refined_need_it_and_those_from_words_alone_do_not() -> None:
    needs = {(recipe.tier, kind): bool(card.USING.intersection(row)) for recipe in CARDS for kind, row in recipe.rows.items()}
    assert not needs["nano", Kind.TEXT]
    assert needs["nano", Kind.VIDEO] and needs["super", Kind.TEXT] and needs["ultra", Kind.PHOTOGRAPH]
