"""Tokens: where words begin and end, and what their plain forms are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

_PIECE = re.compile(
    r"\b[wW]/(?:[oO]\b)?|\d+(?:k|d|s|st|nd|rd|th)\b|\d+(?:[.,]\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*(?:(?<=s)'(?=\s+[^\W\d_]))?|[^\w\s]|_|\d",
    re.UNICODE,
)
_STOPS = frozenset('.;:!?()[]{}|/"')
_SHORTHAND = {"w/": "with", "w/o": "without"}
_UNIFORM = str.maketrans("’‘ʼ`“”„–—―‐‑×", "''''\"\"\"-;;--x")


class TokenKind(Enum):
    """What a piece of text is, before any dictionary is asked."""

    WORD = "word"
    NUMBER = "number"
    COMMA = "comma"
    STOP = "stop"
    SIGN = "sign"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the prompt: text[start:end]. `form` is lower case without accents; `glued`: a hyphen joins it to the word before."""

    start: int
    end: int
    form: str
    kind: TokenKind
    glued: bool = False
    possessive: bool = False


def tokenise(text: str) -> tuple[Token, ...]:
    """Words, numbers and punctuation in order; hyphens inside words become `glued`, dashes become stops."""
    uniform = text.translate(_UNIFORM)
    tokens: list[Token] = []
    glue = False
    for match in _PIECE.finditer(uniform):
        piece, start, end = match.group(), match.start(), match.end()
        if piece == "-":
            joins = start > 0 and end < len(uniform) and uniform[start - 1].isalnum() and uniform[end].isalnum()
            glue = joins
            if not joins:
                tokens.append(Token(start, end, ";", TokenKind.STOP))
            continue
        tokens.append(_token(piece, start, end, glue))
        glue = False
    return tuple(tokens)


def _token(piece: str, start: int, end: int, glued: bool) -> Token:
    if piece[0].isdigit() and piece[-1].isalpha():
        return Token(start, end, piece.lower(), TokenKind.WORD, glued)
    if piece[0].isdigit():
        return Token(start, end, piece.replace(",", "."), TokenKind.NUMBER, glued)
    if piece.lower() in _SHORTHAND:
        return Token(start, end, _SHORTHAND[piece.lower()], TokenKind.WORD, glued)
    if piece[0].isalpha():
        form = plain(piece)
        possessive = form.endswith(("'s", "s'"))
        form = form.removesuffix("'s").replace("'", "")
        latin = bool(form) and all("a" <= letter <= "z" for letter in form)
        return Token(start, end, form, TokenKind.WORD if latin else TokenKind.FOREIGN, glued, possessive)
    if piece == ",":
        return Token(start, end, ",", TokenKind.COMMA)
    if piece == "&" or piece == "+":
        return Token(start, end, "and", TokenKind.WORD)
    if piece in _STOPS:
        return Token(start, end, piece, TokenKind.STOP)
    symbol = unicodedata.category(piece[0]) in ("So", "Lo", "Lm", "Nl", "No")
    return Token(start, end, piece, TokenKind.FOREIGN if symbol else TokenKind.SIGN)


def plain(word: str) -> str:
    """Lower case, accents off: "Café" → "cafe"."""
    folded = word.replace("œ", "oe").replace("æ", "ae").replace("ß", "ss").lower()
    if folded.isascii():
        return folded
    return "".join(letter for letter in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(letter))


def key(words: str) -> tuple[str, ...]:
    """A lexicon entry as the words a prompt would have: hyphens and apostrophes as `tokenise` treats them."""
    return tuple(plain(words).replace("'s", "").replace("'", "").replace("-", " ").replace("_", " ").split())


def forms(tokens: Sequence[Token], at: int, count: int) -> tuple[str, ...]:
    """The forms of so many tokens from `at` on, fewer at the end."""
    return tuple(token.form for token in tokens[at : at + count])


def put(text: str, place: Sequence[Token]) -> list[Token]:
    """The words of `text` where the tokens of `place` stand."""
    start, end = min(token.start for token in place), max(token.end for token in place)
    return [replace(token, start=start, end=end) for token in tokenise(text)]
