"""Definition files: YAML that is bounded in size and depth, without aliases or double keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import yaml

from pipelines.errors import ThingError

MAX_FILE_BYTES = 1_000_000
MAX_DEPTH = 30
MAX_NODES = 200_000
BULKY = frozenset({"parts", "parameters", "lamps", "with"})

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_definitions(file: Path) -> dict[str, dict[str, Any]]:
    """Kind name → raw definition, after a search for what could blow up or hide.

    Raises ThingError when the file cannot be read, is too large, or is no mapping of names to definitions.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise ThingError(f"the things file {file} cannot be read: {error.strerror}") from error
    if len(text) > MAX_FILE_BYTES:
        raise ThingError(f"the things file {file.name} has {len(text):,} bytes: keep each file within {MAX_FILE_BYTES:,}")
    try:
        _search(text, file)
        data = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ThingError(f"the things file {file.name} is no valid YAML: {_place(error)}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ThingError(f"the things file {file.name} holds a {type(data).__name__}: write a mapping from kind names to definitions")
    for name, raw in data.items():
        if not isinstance(name, str) or not 0 < len(name) <= 60 or name != name.strip():
            raise ThingError(f"{file.name}: {name!r} is no name for a kind: use words of at most 60 characters, in quotes if need be")
        if not isinstance(raw, dict):
            raise ThingError(f"{file.name}: the kind {name!r} is a {type(raw).__name__}: write a mapping of fields")
    return data


@dataclass(frozen=True)
class Sheet:
    """One kind's lines in a file. `header` holds every field but the bulky ones; `whole` parses all of them."""

    header: dict[str, Any]
    text: str

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The raw definition."""
        if not self.text:
            return self.header
        ((_, raw),) = yaml.load(self.text, Loader=_Loader).items()
        return cast(dict[str, Any], raw)


def read_sheets(file: Path) -> dict[str, Sheet]:
    """Kind name → sheet, for files that came with the program: written in block style, one kind after the other.

    Hundreds of kinds load in a moment because `parts` and the like are only parsed when a kind is built. A test compares the
    headers with those of a full parse.
    """
    lines = file.read_text("utf-8").splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if line[0] not in " #\n-"]
    texts = ["".join(lines[a:b]) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    headers: dict[str, dict[str, Any]] = yaml.load("".join(_without_bulk(text) for text in texts), Loader=_Loader) or {}
    if len(headers) != len(texts):
        raise ThingError(f"{file.name}: a kind is declared twice: give one of them another name")
    return {name: Sheet(header, text) for (name, header), text in zip(headers.items(), texts, strict=True)}


def _without_bulk(text: str) -> str:
    """A kind's lines without its bulky fields: a field begins two spaces in and ends where the next one begins."""
    kept, skipping = [], False
    for line in text.splitlines(keepends=True):
        if line[:2] == "  " and line[2:3] not in (" ", "#", "\n", ""):
            skipping = line[2:].split(":", 1)[0] in BULKY
        if not skipping or line[:1] not in (" ", "#", "\n"):
            kept.append(line)
    return "".join(kept)


def _search(text: bytes, file: Path) -> None:
    """Walk the parser's events, which build nothing, and refuse aliases, depth, mass, and keys that appear twice."""
    keys: list[set[str] | None] = []
    expects_key: list[bool] = []
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if count > MAX_NODES or len(keys) > MAX_DEPTH:
            raise ThingError(f"the things file {file.name} is nested or branched beyond measure: split it into simpler kinds")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ThingError(f"the things file {file.name} uses a YAML alias at line {_line(event)}: write the value out")
        seen = keys[-1] if keys and expects_key[-1] else None
        if isinstance(event, yaml.ScalarEvent) and seen is not None:
            if event.value in seen:
                raise ThingError(f"{file.name}: {event.value!r} is given twice at line {_line(event)}: remove one of them")
            seen.add(event.value)
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            keys.pop()
            expects_key.pop()
        if expects_key and isinstance(event, yaml.ScalarEvent | yaml.MappingEndEvent | yaml.SequenceEndEvent):
            expects_key[-1] = not expects_key[-1]
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            keys.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            expects_key.append(True)


def _line(event: yaml.Event) -> int:
    return 0 if event.start_mark is None else event.start_mark.line + 1


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    return f"{problem} at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else str(problem)
