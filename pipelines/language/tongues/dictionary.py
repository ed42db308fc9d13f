"""Dictionary: a tongue's words and what they are in English, from its data file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.language.tokens import plain

FOLDER = Path(__file__).parent
_SECTIONS = ("words", "adjectives", "nouns", "parts")


@dataclass(frozen=True, slots=True)
class Entry:
    """What some foreign words are in English: `english` singular; `tag`: the section of the data file that they stand in."""

    english: str
    tag: str
    plural: bool = False


@dataclass(frozen=True)
class Tongue:
    """One tongue. entries: foreign words, lower case, as typed → entry; `plain_entries`: the same without accents.

    joined: written without spaces; then the keys are single strings in a tuple.
    """

    code: str
    name: str
    data: Mapping[str, Any]
    entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)
    plain_entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)
    joined: bool = False

    def find(self, words: tuple[str, ...]) -> Entry | None:
        """The entry of exactly these words, accents or not."""
        return self.entries.get(words) or self.plain_entries.get(tuple(plain(word) for word in words))


@cache
def tongue(code: str) -> Tongue:
    """The tongue of a data file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data = yaml.load((FOLDER / f"{code}.yaml").read_text("utf-8"), Loader=loader)
    joined = "script" in data
    entries: dict[tuple[str, ...], Entry] = {}
    for words, entry in _joined_entries(data) if joined else _spaced_entries(data):
        entries.setdefault(words, entry)
    plains: dict[tuple[str, ...], Entry] = {}
    for words, entry in entries.items():
        plains.setdefault(tuple(plain(word) for word in words), entry)
    return Tongue(code, data["name"], data, entries, {} if joined else plains, joined)


def listed(text: object, separator: str = ",") -> list[str]:
    """The entries of a list in a data file."""
    return [one.strip() for one in str(text).split(separator) if one.strip()]


def as_key(words: str) -> tuple[str, ...]:
    """Foreign words as the prompt's would be: lower case, split at spaces, hyphens and apostrophes."""
    return tuple(words.lower().replace("'", " ").replace("’", " ").replace("-", " ").split())


def _spaced_entries(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    for tag in _SECTIONS:
        for english, text in data.get(tag, {}).items():
            single, _, several = str(text).partition("/")
            for words in listed(single):
                yield from ((as_key(form), Entry(str(english), tag)) for form in _forms(words, tag, data))
            for words in listed(several):
                yield as_key(words), Entry(str(english), tag, plural=True)
    for english, text in data["articles"].items():
        yield from ((as_key(words), Entry(str(english), "article")) for words in listed(text))


def _forms(words: str, tag: str, data: Mapping[str, Any]) -> Iterator[str]:
    """An adjective with all its endings; anything else as it stands."""
    yield words
    if tag != "adjectives" or " " in words:
        return
    if data.get("gendered") and words.endswith("o"):
        yield from (words[:-1] + ending for ending in ("a", "os", "as"))
        return
    stem = words[:-2] + "l" if words.endswith("el") and data.get("splits_compounds") else words
    yield from (stem.removesuffix("e") + ending if ending.startswith("e") else stem + ending for ending in data["endings"])


def _joined_entries(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Entry]]:
    for tag in ("phrases", "places", "adjectives", "nouns", "parts"):
        for english, text in data[tag].items():
            yield from (((words,), Entry(str(english), tag)) for words in listed(text))
    for english, text in data["numbers"].items():
        yield from (((words,), Entry(str(english), "numbers")) for words in listed(text, " "))
    for tag in ("de", "at", "topics", "having", "without", "exists", "and", "ignored", "measures"):
        yield from (((words,), Entry(words if tag == "topics" else "", tag)) for words in listed(data.get(tag, "")))
