"""Strict JSON means what every other reader says it means, or nothing."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.strict import parse

TEXTS = st.text(st.characters(codec="utf-8"))
NUMBERS = st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


@given(VALUES, st.booleans())
def test_what_json_can_say_is_read(value: object, escaped: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=escaped).encode()) == value


REFUSED = {
    "nothing": b"",
    "words": b"a pine forest",
    "nan": b'{"seed": NaN}',
    "infinity": b"[-Infinity]",
    "1e400": b"[1e400]",
    "5000 digits": b"[" + b"7" * 5_000 + b"]",
    "a million digits": b"1" * 1_000_000,
    "surrogate": b'["\\ud800"]',
    "surrogate in capitals": b'["\\UD800"]',
    "surrogate as a key": b'{"\\uDFFF": 1}',
    "surrogate as bytes": b'["\xed\xa0\x80"]',
    "latin-1": '["é"]'.encode("latin-1"),
    "utf-16": '["é"]'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "raw control character": b'["\x00"]',
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "double key": b'{"seed": 1, "seed": 2}',
    "double key within": b'[{"a": {"b": 1, "c": 2, "b": 1}}]',
    "double key, spelled in two ways": b'{"a": 1, "\\u0061": 2}',
    "two values": b"{} {}",
    "trailing comma": b"[1,]",
    "comment": b"[1] // one",
    "single quotes": b"['a']",
    "leading zero": b"[007]",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_means_two_things_or_none_is_refused(name: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        parse(REFUSED[name])
    assert len(caught.value.msg) < 100, "the reason does not repeat what was sent"


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert parse(b'"\\ud83c\\udf32"') == "\N{EVERGREEN TREE}"


@pytest.mark.parametrize(
    "body",
    [
        ("{" + ",".join(f'"k{number}":1' for number in range(80_000)) + ',"k79999":1}').encode(),
        b'["' + b"\\u0061" * 170_000 + b'"]',
        b'{"a":"' + b'\\"[' * 340_000 + b'"}',
        b"1." + b"1" * 1_000_000,
        b"[" + b"[],{}," * 170_000 + b"1]",
    ],
    ids=["last key twice", "escapes", "quotes and brackets", "long fraction", "flat"],
)
def test_a_megabyte_is_read_in_a_moment(body: bytes) -> None:
    begun_s = time.perf_counter()
    with contextlib.suppress(json.JSONDecodeError):
        parse(body)
    assert time.perf_counter() - begun_s < 10, "work grows no faster than the text"
