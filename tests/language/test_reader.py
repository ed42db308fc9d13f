"""Reader: any text is read without a crash, twice the same, with an account of every word; nonsense gets one clear sentence."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import PromptError
from pipelines.language.lexicon import lexicon_for
from pipelines.language.reader import Reading, read
from pipelines.language.tokens import TokenKind, tokenise
from pipelines.spec import SceneSpec
from tests.language.scoring import sentences, small_library

LIBRARY = small_library()
KNOWN_WORDS = sorted({word for words in lexicon_for(LIBRARY).table for word in words})
_SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(autouse=True)
def _no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random text is not worth the sentence encoder; test_matching.py tries that."""

    class Nothing:
        def nearest(self, phrase: str) -> Any:
            from pipelines.language.matching import Likeness

            return Likeness("pine", 0.0)

    monkeypatch.setattr("pipelines.language.reader.meanings_of", lambda words: Nothing())


def _accounts(text: str, reading: Reading) -> None:
    words = [
        text[token.start : token.end] for token in tokenise(text) if token.kind in (TokenKind.WORD, TokenKind.NUMBER, TokenKind.FOREIGN)
    ]
    assert [word for word, _ in reading.ledger] == words
    lost = [word for word, role in reading.ledger if role == "unmatched"]
    listed = " ".join(reading.spec.unmatched)
    assert all(word in listed for word in lost)


def _check(text: str) -> None:
    try:
        reading = read(text, LIBRARY)
    except PromptError as error:
        assert "understood" in str(error) and "\n" not in str(error)
        return
    assert read(text, LIBRARY) == reading
    assert SceneSpec.from_json(reading.spec.model_dump_json()) == reading.spec
    assert all(thing.kind in LIBRARY.kinds for thing in reading.spec.things)
    _accounts(text, reading)


@_SLOW
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    _check(" ".join(text.split()) or "x")


@_SLOW
@given(
    st.lists(
        st.one_of(
            st.sampled_from(KNOWN_WORDS),
            st.sampled_from([",", ".", "and", "with", "a", "the", "no", "of", "it", "them", "between", "zorp", "3"]),
        ),
        max_size=40,
    )
)
def test_any_row_of_known_words_is_read_or_refused(words: list[str]) -> None:
    _check(" ".join(words) or "x")


@pytest.mark.parametrize("text", [one["text"] for one in sentences()])
def test_golden_sentences_are_accounted_for(text: str) -> None:
    _check(text)


def test_no_noun_is_dropped_in_silence() -> None:
    reading = read("a frobnicator beside a quuxlet in a forest with a blorptastic zimzam", LIBRARY)
    listed = " ".join(reading.spec.unmatched)
    assert all(word in listed for word in ("frobnicator", "quuxlet", "zimzam", "blorptastic"))


@pytest.mark.parametrize("text", ["🌲🏠🌊", "숲속의 오두막", "mała chatka nad strumieniem z mostem", "qqq zzz", "!!!", "the of and"])
def test_what_is_not_understood_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(PromptError, match="is understood: describe a place"):
        read(text, LIBRARY)


def test_a_little_understanding_is_enough() -> None:
    reading = read("🌲 forest 森", LIBRARY)
    assert reading.spec.place == "forest"
    assert reading.spec.unmatched == ("🌲", "森")


def test_long_and_repeated_prompts() -> None:
    text = ("a red car beside a blue house and " * 60)[:2000]
    assert len(read(text, LIBRARY).spec.things) <= 200
    assert read("99999 pines in a forest", LIBRARY).spec.things[0].count == 200
    assert read("0 pines in a forest, 3.7 oaks", LIBRARY).spec.things[-1].count == 4


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("a cabbin in a forst", "log cabin"), ("a lightouse on a clif", "lighthouse"), ("two armchiars and a fireplce", "armchair")],
)
def test_slips_are_mended_and_said(typo: str, meant: str) -> None:
    reading = read(typo, LIBRARY)
    assert meant in {thing.kind for thing in reading.spec.things}
    assert any("is read as" in note for note in reading.notes)


def test_counts_plurals_and_groups() -> None:
    things = {
        thing.kind: thing
        for thing in read("a pine forest with a pair of benches, a row of crates and several barrels", LIBRARY).spec.things
    }
    assert things["pine"].count >= 30
    assert things["bench"].count == 2
    assert (things["crate"].arrangement, things["barrel"].count) == ("row", 5)
    assert {thing.kind: thing.count for thing in read("chairs in a kitchen", LIBRARY).spec.things} == {"chair": 4}


def test_reading_needs_no_model_and_little_to_import() -> None:
    code = "import sys, pipelines.language; print(*(name for name in ('torch', 'transformers', 'numba', 'scipy') if name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_a_group_is_taken_apart_by_its_looks() -> None:
    things = read("four cars, two red, one blue and one green, in front of a barn", LIBRARY).spec.things
    cars = [(thing.count, thing.colour) for thing in things if thing.kind == "car"]
    assert sorted(cars) == [(1, "blue"), (1, "green"), (2, "red")]
    benches = read("two trees, one tall and one short, with a bench between them", LIBRARY).spec.things
    assert [sorted(one.objects) for thing in benches if thing.kind == "bench" for one in thing.relations] == [["oak", "oak 2"]]


def test_contents_belong_to_their_vessel() -> None:
    things = {thing.kind: thing for thing in read("a basket of pumpkins and a statue of a horse", LIBRARY).spec.things}
    assert set(things) == {"basket", "pumpkin", "statue"}
    assert things["pumpkin"].relations[0].objects == ("basket",)


def test_other_tongues_are_read_and_said_to_be() -> None:
    reading = read("ein kleines Haus an einem Bach mit einer Brücke", LIBRARY)
    assert [thing.kind for thing in reading.spec.things] == ["house", "stream", "bridge"]
    assert reading.spec.things[0].phrase == "ein kleines Haus"
    assert reading.notes[0].startswith("read as German: “a small house beside stream with a bridge”")
    assert " ".join(word for word, _ in reading.ledger) == "ein kleines Haus an einem Bach mit einer Brücke"


def test_a_foreign_word_does_not_make_a_tongue() -> None:
    assert not any(note.startswith("read as") for note in read("a casa on the beach with a table and a rose", LIBRARY).notes)
