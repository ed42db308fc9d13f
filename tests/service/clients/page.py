"""The page of the API as its test reads it: calls, examples, the answers it shows, and the problems it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
LANGUAGES = ("sh", "python", "ts")
ANSWERS = ("json", "text")

MEASURED = {
    "attempt", "bytes", "bounds_m", "fraction", "free_bytes", "lasts_s", "max_stored_bytes", "queue_position", "run_seconds",
    "seconds", "splat_count", "stored_bytes", "succeeded", "worlds",
}  # fmt: skip
"""Fields whose numbers differ from machine to machine, or with the examples that ran before: the page shows their kind."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CALL = re.compile(r"^`(GET|POST|PUT|PATCH|DELETE) (/\S+)`$", re.MULTILINE)
_COMMENTS = {"python": re.compile(r"^\s*print\(.*\)  # (.*)$"), "ts": re.compile(r"^\s*console\.log\(.*\); // (.*)$")}


@dataclass(frozen=True)
class Example:
    """A fenced block. line: of its first line on the page, counted from 1."""

    language: str
    text: str
    line: int

    @property
    def prints(self) -> list[str]:
        """What the comments behind its prints say that it prints."""
        pattern = _COMMENTS[self.language]
        return [found[1] for found in map(pattern.match, self.text.splitlines()) if found]


@dataclass
class Section:
    """A part of the page under one heading."""

    title: str
    text: str
    calls: list[tuple[str, str]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)

    def of(self, *languages: str) -> list[Example]:
        """Its examples in these languages, in order."""
        return [example for example in self.examples if example.language in languages]

    @property
    def problems(self) -> list[str]:
        """The codes that it names behind «Problems:»."""
        return [code for lines in re.findall(r"Problems: ((?:.+\n)+)", self.text) for code in re.findall(r"`(\w+)`", lines)]


def sections() -> list[Section]:
    """The page, heading by heading."""
    text = PAGE.read_text(encoding="utf-8")
    fenced = [range(match.start(), match.end()) for match in _FENCE.finditer(text)]
    heads = [head for head in re.finditer(r"^#+ (.*)$", text, re.MULTILINE) if not any(head.start() in fence for fence in fenced)]
    found = []
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        begin, end = head.end(), following.start() if following else len(text)
        section = Section(head[1], text[begin:end])
        section.calls = [(call[1], call[2]) for call in _CALL.finditer(section.text)]
        for fence in _FENCE.finditer(section.text):
            section.examples.append(Example(fence[1], fence[2], text.count("\n", 0, begin + fence.start()) + 2))
        found.append(section)
    return found


def table_rows(title: str) -> list[list[str]]:
    """The rows of all tables under a heading, without heads and rules."""
    text = next(section.text for section in sections() if section.title == title)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if not re.match(r"\|-", line)]


def says(expected: str, actual: str) -> bool:
    """Whether a text is what the page shows; … stands for anything."""
    pattern = ".*".join(map(re.escape, expected.split("…")))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def differences(expected: Any, actual: Any, where: str = "", *, measured: bool = False) -> Iterator[str]:
    """Where an answer is not what the page shows. The page shortens: fields may be left out, and the end of lists."""
    wrong = f"{where or 'the answer'}: {actual!r} instead of {expected!r}"
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key in actual:
                yield from differences(value, actual[key], f"{where}/{key}", measured=measured or key in MEASURED)
            else:
                yield f"{where}/{key} is missing: there are {sorted(actual)}"
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(actual) < len(expected) or (not expected and actual):
            yield wrong
        for number, (one, other) in enumerate(zip(expected, actual, strict=False)):
            yield from differences(one, other, f"{where}/{number}", measured=measured)
    elif isinstance(expected, str) and isinstance(actual, str):
        if not says(expected, actual):
            yield wrong
    elif measured and _is_number(expected) and _is_number(actual):
        return
    elif type(expected) is not type(actual) or expected != actual:
        yield wrong


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(example: Example, output: str) -> Iterator[str]:
    """Where the output of a command is not what the page shows below it."""
    if example.language == "json":
        try:
            answer, _ = json.JSONDecoder().raw_decode(output.strip())
        except json.JSONDecodeError:
            yield f"the answer is no JSON: {output[:500]!r}"
            return
        yield from differences(json.loads(example.text), answer)
        return
    lines = iter(output.splitlines())
    for expected in example.text.splitlines():
        if not any(says(expected, line) for line in lines):
            yield f"no line says {expected!r} (or not in this order): {output[-1_500:]}"
            return
