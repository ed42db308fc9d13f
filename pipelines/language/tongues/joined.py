"""Joined: tongues that are written without spaces. The longest entries are found, then what follows its noun is put before it.

"湖边的小屋" is lake, beside, of, cabin: "cabin beside lake". "桌子上有猫" is table, on, there is, cat: "on table there is cat".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pipelines.language.tokens import Token, TokenKind
from pipelines.language.tongues.dictionary import Tongue, listed

_STOPS = "。．!！?？;；:：\n"
_COMMAS = "，、,·"
_OTHER = re.compile(r"[A-Za-z]+|\d+")
_NOUNS = ("nouns", "parts")
_WHERE = ("には", "にも")  # "池には鯉が三匹": in the pond
_BEFORE_NOUN = ("numbers", "adjectives", *_NOUNS)
_SEEN_THERE = ("far away", "in the foreground", "on the left", "on the right", "next to it")


@dataclass(frozen=True, slots=True)
class Piece:
    """text[start:end] and what it is: `tag` as in the dictionary, or comma, stop, unknown."""

    start: int
    end: int
    english: str
    tag: str


@dataclass
class _Clause:
    """One clause while it is put in order. out: English so far.  waiting: what is to follow the next noun."""

    pieces: Sequence[Piece]
    out: list[Piece] = field(default_factory=list)
    waiting: list[Piece] = field(default_factory=list)
    at: int = 0
    nouns: int = 0  # how many are in `out`

    def tag(self, ahead: int = 0) -> str:
        """The tag of a piece ahead, "" behind the end."""
        return self.pieces[self.at + ahead].tag if self.at + ahead < len(self.pieces) else ""

    def skip(self, *tags: str) -> bool:
        """Pass one piece over if it is of one of these tags."""
        if self.tag() in tags:
            self.at += 1
            return True
        return False


def joined(text: str, tongue: Tongue) -> list[Token]:
    """The prompt in English words, in English order."""
    tokens: list[Token] = []
    clause: list[Piece] = []
    for piece in [*pieces(text, tongue), Piece(len(text), len(text), "", "end")]:
        if piece.tag not in ("comma", "stop", "end"):
            clause.append(piece)
            continue
        for one in _in_order(clause):
            tokens += [Token(one.start, one.end, word, _kind(word)) for word in one.english.replace("-", " ").split()]
        clause = []
        if piece.tag != "end":
            tokens.append(Token(piece.start, piece.end, piece.english, TokenKind.COMMA if piece.tag == "comma" else TokenKind.STOP))
    return tokens


def _kind(word: str) -> TokenKind:
    if word == ",":
        return TokenKind.COMMA
    if word.isdigit():
        return TokenKind.NUMBER
    return TokenKind.WORD if word.isascii() else TokenKind.FOREIGN


def pieces(text: str, tongue: Tongue) -> list[Piece]:
    """The text cut into the longest entries that fit, from left to right."""
    longest = max(len(words[0]) for words in tongue.entries)
    found: list[Piece] = []
    at = 0
    while at < len(text):
        piece = _sign(text, at) or _measure(text, at, found, tongue) or _entry(text, at, longest, tongue)
        if piece is None:
            last = found[-1] if found else None
            if last is not None and last.tag == "unknown" and last.end == at:
                found[-1] = replace(last, end=at + 1, english=text[last.start : at + 1])
            else:
                found.append(Piece(at, at + 1, text[at], "unknown"))
            at += 1
            continue
        if piece.tag == "places" and found and (parted := _noun_of(found[-1], text, tongue)) is not None:
            found[-1:] = parted
        if piece.tag != "space":
            found.append(piece)
        at = piece.end
    return [piece for piece in found if piece.tag != "ignored"]


def _sign(text: str, at: int) -> Piece | None:
    if text[at] in _STOPS:
        return Piece(at, at + 1, ".", "stop")
    if text[at] in _COMMAS:
        return Piece(at, at + 1, ",", "comma")
    if text[at].isspace():
        return Piece(at, at + 1, "", "space")
    if (match := _OTHER.match(text, at)) is not None:
        return Piece(at, match.end(), match.group().lower(), "numbers" if match.group().isdigit() else "nouns")
    return None


def _measure(text: str, at: int, found: Sequence[Piece], tongue: Tongue) -> Piece | None:
    """After a number, a word that counts: "三本の木" has no book in it."""
    if not found or found[-1].tag != "numbers" or found[-1].end != at:
        return None
    every = set(listed(tongue.data["measures"]))
    fit = next((n for n in (2, 1) if text[at : at + n] in every), 0)
    return Piece(at, at + fit, "", "measures") if fit else None


def _entry(text: str, at: int, longest: int, tongue: Tongue) -> Piece | None:
    for length in range(min(longest, len(text) - at), 0, -1):
        entry = tongue.entries.get((text[at : at + length],))
        if entry is not None:
            return Piece(at, at + length, entry.english, entry.tag)
    return None


def _noun_of(piece: Piece, text: str, tongue: Tongue) -> list[Piece] | None:
    """ "木の" before a place word is no "wooden": the tree, and の."""
    written, de = text[piece.start : piece.end], str(tongue.data["de"])
    if piece.tag not in ("adjectives", "phrases") or not written.endswith(de):
        return None
    noun = tongue.entries.get((written[: -len(de)],))
    if noun is None or noun.tag not in _NOUNS:
        return None
    return [Piece(piece.start, piece.end - len(de), noun.english, noun.tag), Piece(piece.end - len(de), piece.end, "", "de")]


def _in_order(found: Sequence[Piece]) -> list[Piece]:
    clause = _Clause(found)
    while clause.tag():
        if clause.tag() in ("numbers", "adjectives", *_NOUNS):
            _noun_phrase(clause)
        else:
            _word(clause)
    return [*clause.out, *clause.waiting]


def _word(clause: _Clause) -> None:
    """A piece that is no part of a noun phrase."""
    piece = clause.pieces[clause.at]
    clause.at += 1
    if piece.tag == "phrases":
        there = piece.english in _SEEN_THERE
        clause.skip("topics", "de")
        clause.skip("exists")
        clause.out.append(piece)
        if there and clause.tag() and not clause.nouns:
            clause.out.append(replace(piece, english="there is"))
        elif not there and clause.tag():
            clause.out.append(replace(piece, english=","))
    elif piece.tag == "places":  # "旁边有…": beside what was spoken of
        clause.skip("topics", "exists")
        clause.out.append(replace(piece, english=f"{piece.english} it there is" if clause.tag() else piece.english))
    elif piece.tag == "without":
        clause.skip("de")
        clause.out.append(replace(piece, english="without"))
    elif piece.tag == "and":
        clause.out.append(replace(piece, english="and"))
    elif piece.tag in ("exists", "having") and clause.nouns and clause.tag() in _BEFORE_NOUN:
        clause.out.append(replace(piece, english="with"))
    elif piece.tag == "unknown":
        clause.out.append(piece)


def _noun_phrase(clause: _Clause) -> None:
    """Numbers, adjectives and nouns, and what the words after them make of them."""
    phrase, is_part = _gathered(clause)
    first, last = phrase[0], phrase[-1]
    has_noun = last.tag in _NOUNS
    located = clause.at > len(phrase) and _came_after_at(clause, first)
    if not has_noun:  # "屋根は赤い"
        clause.out += [replace(first, english="is"), *phrase] if clause.nouns else phrase
        clause.skip("de")
        return
    if clause.tag() == "de" and clause.tag(1) == "places":
        clause.at += 1
    if clause.tag() == "places":
        _place(clause, phrase, located=located)
        return
    if clause.tag() == "having" and clause.tag(1) in _BEFORE_NOUN:
        clause.at += 1
        clause.waiting += [replace(first, english="with"), *phrase]
    elif _is_denied(clause):
        clause.skip("topics", "de")
        clause.at += 1
        clause.skip("de")
        later = clause.tag() in _BEFORE_NOUN
        (clause.waiting if later else clause.out).extend([replace(first, english="without"), *phrase])
    elif clause.tag() == "de" and clause.tag(1) in _BEFORE_NOUN:
        clause.at += 1
        word = "with" if is_part or _had_before(clause, first) else "of" if _next_noun_is_part(clause) else "in"
        clause.waiting += [replace(first, english=word), *phrase]
    else:
        _emit(clause, phrase)


def _gathered(clause: _Clause) -> tuple[list[Piece], bool]:
    """The pieces of one noun phrase, up to its last noun, and whether that is a part of things."""
    phrase: list[Piece] = []
    while clause.tag() in ("numbers", "measures", "adjectives", *_NOUNS):
        piece = clause.pieces[clause.at]
        if piece.tag in ("numbers",) and phrase and phrase[-1].tag in _NOUNS:
            break
        if piece.tag != "measures":
            phrase.append(piece)
        clause.at += 1
        if piece.tag in ("numbers", "measures", "adjectives") and clause.tag() == "de" and clause.tag(1) in _BEFORE_NOUN:
            clause.at += 1
    return phrase, bool(phrase) and phrase[-1].tag == "parts"


def _came_after_at(clause: _Clause, first: Piece) -> bool:
    before = [piece for piece in clause.pieces if piece.end <= first.start]
    return bool(before) and before[-1].tag == "at"


def _had_before(clause: _Clause, first: Piece) -> bool:
    """ "有壁炉的客厅": the living room with a fireplace."""
    before = [piece for piece in clause.pieces if piece.end <= first.start]
    return bool(before) and before[-1].tag in ("having", "exists") and not clause.nouns


def _next_noun_is_part(clause: _Clause) -> bool:
    following = (piece for piece in clause.pieces[clause.at :] if piece.tag in _NOUNS)
    return next((piece.tag == "parts" for piece in following), False)


def _is_denied(clause: _Clause) -> bool:
    return clause.tag() == "without" or (clause.tag() in ("topics", "de") and clause.tag(1) == "without")


def _place(clause: _Clause, phrase: list[Piece], *, located: bool) -> None:
    """A noun phrase with a place word after it: before the noun it goes, and perhaps behind the next one."""
    place = clause.pieces[clause.at]
    clause.at += 1
    where = [replace(place, tag="words"), *phrase]
    if clause.tag() == "de" and clause.tag(1) in _BEFORE_NOUN:
        clause.at += 1
        clause.waiting += where
        return
    had_topic = clause.skip("topics")
    if clause.tag() == "exists" and had_topic and clause.tag(1) in _BEFORE_NOUN:  # "丘の上に立つ城"
        clause.at += 1
        clause.waiting += where
        return
    clause.skip("exists")
    clause.out += where
    if not located and not clause.nouns and clause.tag() in _BEFORE_NOUN:
        clause.out.append(replace(place, english="there is"))


def _emit(clause: _Clause, phrase: list[Piece]) -> None:
    """The phrase, a number that was said after it before it, and what waited for it behind it."""
    if clause.tag() == "topics" and clause.pieces[clause.at].english in _WHERE and not clause.nouns and clause.tag(1) in _BEFORE_NOUN:
        clause.at += 1
        clause.out += [replace(phrase[0], english="in", tag="words"), *phrase, replace(phrase[-1], english="there is", tag="words")]
        return
    ahead = 1 if clause.tag() == "topics" else 0
    if clause.tag(ahead) == "numbers" and clause.tag(ahead + 1) in ("measures", "", "exists"):
        clause.at += ahead
        phrase = [clause.pieces[clause.at], *phrase]
        clause.at += 1
        clause.skip("measures")
    clause.skip("topics")
    clause.out += [*phrase, *clause.waiting]
    clause.waiting = []
    clause.nouns += 1
