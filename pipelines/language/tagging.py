"""Tagging: the prompt as a row of lexemes, found by the best covering of its words with lexicon entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.language.inflection import plural, singulars
from pipelines.language.lexicon import Lexicon, Role, Sense, Senses
from pipelines.language.tokens import Token, TokenKind
from pipelines.spec import RelationName

_DIMENSIONS = {
    "tall": "height",
    "high": "height",
    "height": "height",
    "long": "length",
    "wide": "length",
    "deep": "length",
    "broad": "length",
}
_LONGER_IS_BETTER = 0.5
_THING_IS_BETTER = 0.001  # "pool floats on the water": of two coverings as long, the one with the longer things
_NUMBERED = frozenset({"year", "grade", "level", "gallery", "chapter", "phase", "act", "route", "episode"})
_FAR_FROM = (("far", "from"), ("away", "from"))
FAR_M = 20.0  # from so many metres on, "away from" means far
_INNER = frozenset({RelationName.ON, RelationName.INSIDE, RelationName.ALONG, RelationName.AROUND, RelationName.FACING})


@dataclass(frozen=True)
class Lexeme:
    """tokens[start:end] and all that they can mean; `kind` is that of the first token. No senses: an unknown word."""

    start: int
    end: int
    words: tuple[str, ...]
    kind: TokenKind
    senses: Senses = field(default_factory=dict)
    plural: bool = False
    possessive: bool = False
    glued: bool = False

    def has(self, *roles: Role) -> bool:
        """Whether one of the roles is among the senses."""
        return any(role in self.senses for role in roles)

    def value(self, role: Role) -> str:
        """The value of a sense that `has` promised."""
        return self.senses[role].value

    @property
    def unknown(self) -> bool:
        """A word that no dictionary has."""
        return self.kind is TokenKind.WORD and not self.senses

    @property
    def text(self) -> str:
        """The words in plain form."""
        return " ".join(self.words)


def tag(tokens: Sequence[Token], lexicon: Lexicon) -> list[Lexeme]:
    """Cover the tokens with as few and as long entries as possible; of equal coverings, the one with longer entries at the end."""
    count = len(tokens)
    best: list[tuple[float, int]] = [(0.0, 0)] * (count + 1)
    found: list[dict[int, tuple[Senses, bool]]] = [{} for _ in range(count)]
    for start in range(count - 1, -1, -1):
        found[start] = _entries_at(tokens, start, lexicon)
        if start and (tokens[start - 1].form, tokens[start].form) in _FAR_FROM:  # "far from the door" is no view from there
            found[start] = {length: entry for length, entry in found[start].items() if Role.VIEW not in entry[0]}
        options = [(best[start + 1][0], 1)]
        options += [
            (
                length
                + _LONGER_IS_BETTER * (length - 1)
                + _THING_IS_BETTER * (length - 1) * (Role.THING in senses)
                + best[start + length][0],
                length,
            )
            for length, (senses, _) in sorted(found[start].items())
        ]
        best[start] = max(options, key=lambda option: (option[0], -option[1]))
    lexemes: list[Lexeme] = []
    at = 0
    while at < count:
        length = best[at][1]
        senses, many = found[at].get(length, ({}, False))
        if length > 2 and Role.TO_VIEWER in senses and _is_member(tokens, at, at + length):
            length, (senses, many) = 1, found[at].get(1, ({}, False))  # "on the left one" is on a thing, not to the left
        lexemes.append(_lexeme(tokens, at, at + length, senses, many))
        at += length
    return _measures(_times(_labels(lexemes)), lexicon)


def _is_member(tokens: Sequence[Token], at: int, after: int) -> bool:
    """ "on the left one", "two chairs, a cat on the left chair": whether what follows is one of several that were named before `at`."""
    word = tokens[after].form if after < len(tokens) else ""
    return word in ("one", "ones") or any(token.form == plural(word) for token in tokens[:at] if word)


def _labels(lexemes: list[Lexeme]) -> list[Lexeme]:
    """ "my Year 4 class", "Gallery 3": a number after such a word is a name, and counts nothing."""
    joined: list[Lexeme] = []
    for lexeme in lexemes:
        before = joined[-1] if joined else None
        if before is not None and lexeme.kind is TokenKind.NUMBER and before.text in _NUMBERED:
            joined[-1] = replace(before, end=lexeme.end)
        else:
            joined.append(lexeme)
    return joined


def _times(lexemes: list[Lexeme]) -> list[Lexeme]:
    """ "4x barrels", "barrels x4": a number of things, with the x that stands at its side."""
    joined: list[Lexeme] = []
    at = 0
    while at < len(lexemes):
        one, other = lexemes[at], lexemes[at + 1] if at + 1 < len(lexemes) else None
        if other is not None and TokenKind.NUMBER in (one.kind, other.kind) and "x" in (one.text, other.text):
            number = one if one.kind is TokenKind.NUMBER else other
            joined.append(Lexeme(one.start, other.end, (*one.words, *other.words), TokenKind.NUMBER, number.senses))
            at += 2
        else:
            joined.append(one)
            at += 1
    return joined


def _entries_at(tokens: Sequence[Token], start: int, lexicon: Lexicon) -> dict[int, tuple[Senses, bool]]:
    """Length → senses of every entry that begins at `start`."""
    first = tokens[start]
    if first.kind is TokenKind.NUMBER:
        return {1: ({Role.NUMBER: Sense(first.form)}, False)}
    if first.kind is not TokenKind.WORD:
        return {}
    entries: dict[int, tuple[Senses, bool]] = {}
    words: tuple[str, ...] = ()
    begins = (first.form, *([f"{first.form}s"] if first.possessive else ()), *singulars(first.form, lexicon.irregular_plurals))
    for length in range(1, max(lexicon.longest.get(word, 1) for word in begins) + 1):
        if start + length > len(tokens) or tokens[start + length - 1].kind is not TokenKind.WORD:
            break
        words = (*words, tokens[start + length - 1].form)
        senses, many = lexicon.lookup(words)
        if not senses and length > 1 and first.possessive:
            senses, many = lexicon.lookup((f"{first.form}s", *words[1:]))  # "banker's lamp" is written "bankers lamp", too
        if senses:
            entries[length] = (senses, many)
    return entries


def _lexeme(tokens: Sequence[Token], start: int, end: int, senses: Senses, plural: bool) -> Lexeme:
    words = tuple(token.form for token in tokens[start:end])
    return Lexeme(start, end, words, tokens[start].kind, senses, plural, tokens[end - 1].possessive, tokens[start].glued)


def _measures(lexemes: list[Lexeme], lexicon: Lexicon) -> list[Lexeme]:
    """Join "3 m tall", "ten foot high" into one lexeme with the length in metres."""
    units: Mapping[str, float] = lexicon.data["units_m"]
    joined: list[Lexeme] = []
    at = 0
    while at < len(lexemes):
        number, unit = lexemes[at], lexemes[at + 1] if at + 1 < len(lexemes) else None
        size = number_value(number)
        if unit is None or size is None or unit.text not in units:
            joined.append(number)
            at += 1
            continue
        if (apart := _distance(lexemes, at, size * units[unit.text])) is not None:
            joined.append(apart)
            at = next((index for index in range(at, len(lexemes)) if lexemes[index].start >= apart.end), len(lexemes))
            continue
        end = at + 2
        if end < len(lexemes) and lexemes[end].text == "in":
            end += 1
        dimension = _DIMENSIONS.get(lexemes[end].text) if end < len(lexemes) else None
        end = end + 1 if dimension else at + 2
        metres = size * units[unit.text] if (dimension or "height") == "height" else 0.0
        words = tuple(word for lexeme in lexemes[at:end] for word in lexeme.words)
        joined.append(Lexeme(number.start, lexemes[end - 1].end, words, TokenKind.NUMBER, {Role.MEASURE: Sense(repr(metres))}))
        at = end
    return joined


def _distance(lexemes: list[Lexeme], at: int, metres: float) -> Lexeme | None:
    """ "ten metres behind", "5 m away from": a preposition that says how far, too; None where the measure is a thing's own."""
    following = lexemes[at + 2 : at + 4]
    if not following or (at > 0 and lexemes[at - 1].has(Role.OF)):
        return None
    first, second = following[0], following[1] if len(following) > 1 else None
    apart: dict[Role, Sense] = {Role.DISTANCE: Sense(repr(metres))}
    reach = Sense(str(RelationName.FAR if metres >= FAR_M else RelationName.NEAR))
    last = first
    if first.text in ("from", "away from", "off", "distant from"):
        senses = {Role.RELATION: reach, **apart}
    elif first.text in ("away", "off", "distant") and second is not None and second.text == "from":
        senses, last = {Role.RELATION: reach, **apart}, second
    elif first.text in ("away", "distant", "further on", "ahead"):
        senses = {Role.TO_VIEWER: reach, **apart}
    elif first.has(Role.RELATION, Role.TO_VIEWER, Role.TO_HOST) and not _INNER & {sense.value for sense in first.senses.values()}:
        kept = (Role.RELATION, Role.TO_VIEWER, Role.TO_HOST)
        senses = {**{role: first.senses[role] for role in kept if role in first.senses}, **apart}
    else:
        return None
    words = last.words if last is first else (*first.words, *last.words)
    return Lexeme(lexemes[at].start, last.end, words, TokenKind.WORD, senses)


def number_value(lexeme: Lexeme) -> float | None:
    """The number that a lexeme says, None when it says none."""
    if not lexeme.has(Role.NUMBER):
        return None
    try:
        return float(lexeme.value(Role.NUMBER))
    except ValueError:
        return None
