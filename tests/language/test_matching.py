"""Matching: unknown words go to the kind of nearest meaning, or to none; weights are checked; nothing is fetched."""

from __future__ import annotations

import shutil
import socket
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import UnavailableError
from pipelines.language import matching
from pipelines.language.matching import MIN_LIKENESS, Meanings, embed, model_folder, slip
from pipelines.language.reader import read
from tests.language.scoring import HERE, small_library

LIBRARY = small_library()


@pytest.fixture(scope="module")
def meanings(pytestconfig: pytest.Config) -> Any:
    """Kinds by their words; the vectors of these are kept in pytest's cache from run to run, under a digest of words and weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORLDLOOM_CACHE", str(pytestconfig.cache.mkdir("words")))
        kinds_by_words: dict[str, list[str]] = {}
        for kind, every in tomllib.loads((HERE / "kind_words.toml").read_text(encoding="utf-8")).items():
            for words in every:
                kinds_by_words.setdefault(words, []).append(kind)
        yield Meanings(kinds_by_words)


def test_vectors_are_unit_and_meaningful() -> None:
    kitten, cat, bank = embed(["kitten", "cat", "bank account"])
    assert np.allclose([kitten @ kitten, cat @ cat], 1, atol=1e-5)
    assert kitten @ cat > 0.6 > 0.35 > kitten @ bank


def test_order_and_company_do_not_matter() -> None:
    alone = embed(["a wooden chest"])[0]
    together = embed(["x", "a wooden chest", "a much longer phrase about nothing in particular"])[1]
    assert np.allclose(alone, together, atol=1e-5)


def test_a_match_is_rarely_wrong(meanings: Meanings) -> None:
    pairs = tomllib.loads((HERE / "likeness.toml").read_text(encoding="utf-8"))["pair"]
    found = [(pair, meanings.nearest(pair["words"])) for pair in pairs[1::2]]
    taken = [(pair, near) for pair, near in found if near.cosine >= MIN_LIKENESS]
    right = [near for pair, near in taken if near.kind in pair["kinds"]]
    nonsense = [near for pair, near in taken if not pair["kinds"]]
    print(f"{len(right)} right, {len(taken) - len(right)} wrong of {sum(bool(pair['kinds']) for pair, _ in found)} words with a kind")
    assert len(right) >= 0.75 * len(taken)
    assert len(nonsense) <= 0.2 * sum(not pair["kinds"] for pair, _ in found)
    assert len(right) >= 0.4 * sum(bool(pair["kinds"]) for pair, _ in found)


def test_what_was_matched_is_said(meanings: Meanings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.language.reader.meanings_of", lambda words: meanings)
    reading = read("a tugboat and a frobnicator by the sea", LIBRARY)
    boat = reading.spec.things[0]
    assert boat.kind == "sailing boat" and boat.phrase == "a tugboat"
    assert any("tugboat" in note and boat.kind in note for note in reading.notes)
    assert reading.spec.unmatched == ("a frobnicator",)


def test_the_cache_gives_the_same_answer_and_damage_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLDLOOM_CACHE", str(tmp_path))
    words = {"rowing boat": ("boat",), "oak tree": ("oak",), "armchair": ("armchair",)}
    first = Meanings(words).nearest("canoe")
    (file,) = tmp_path.glob("*.npy")
    assert Meanings(words).nearest("canoe") == first
    file.write_bytes(b"not an array")
    assert Meanings(words).nearest("canoe") == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("WORLDLOOM_CACHE", str(blocked))
    assert Meanings({"oak": ("oak",)}).nearest("oak").kind == "oak"


def test_wrong_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(model_folder() / name, tmp_path / name)
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(matching, "model_folder", lambda: tmp_path)
    matching._encoder.cache_clear()
    try:
        with pytest.raises(UnavailableError, match="sha256"):
            embed(["x"])
    finally:
        matching._encoder.cache_clear()


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    matching._encoder.cache_clear()
    assert embed(["chair"]).shape == (1, 384)


def test_real_words_are_no_slips() -> None:
    vocabulary = ["house", "boat", "lighthouse", "mountain", "forest"]
    assert slip("mouse", vocabulary) is None
    assert slip("moat", vocabulary) is None
    assert slip("lighthuose", vocabulary) == "lighthouse"
    assert slip("moutnain", vocabulary) == "mountain"
    assert slip("snowboard", ["snowbound"]) is None
