"""Spaced: tongues that are written with spaces, word by word; compounds are taken apart, adjectives put before their nouns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipelines.language.inflection import plural
from pipelines.language.lexicon import Lexicon
from pipelines.language.tokens import Token, TokenKind
from pipelines.language.tongues.dictionary import Entry, Tongue, as_key, listed

LONGEST = 5  # words in one entry
_LINKS = ("", "s", "n", "en", "es", "e")
_SHORTEST = 3
_NOUNS = ("nouns", "parts")


@dataclass(frozen=True, slots=True)
class Unit:
    """English words that stand for text[start:end]; `tag` as in the dictionary, or "sign", "unknown"."""

    words: tuple[str, ...]
    tag: str
    start: int
    end: int
    kind: TokenKind = TokenKind.WORD


def spaced(text: str, tongue: Tongue, lexicon: Lexicon) -> list[Token]:
    """The prompt in English words, in English order."""
    units = list(_units(text, _pieces(text), tongue, lexicon))
    if tongue.data.get("adjectives_follow"):
        units = _adjectives_first(units)
    return [Token(unit.start, unit.end, word, unit.kind) for unit in units for word in unit.words]


def known_words(text: str, tokens: Sequence[Token], tongue: Tongue) -> list[bool]:
    """For each token, whether the tongue's dictionary has it, as it stands or as a compound."""
    return [token.kind is TokenKind.WORD and _knows(text[token.start : token.end], tongue) for token in tokens]


def _knows(word: str, tongue: Tongue) -> bool:
    pieces = as_key(word)
    return all(tongue.find((piece,)) is not None or (len(piece) > 6 and _compound(piece, tongue) is not None) for piece in pieces)


def _pieces(text: str) -> list[Token]:
    """Tokens, those with an apostrophe in two: "l'eau"."""
    from pipelines.language.tokens import tokenise

    found: list[Token] = []
    for token in tokenise(text):
        word = text[token.start : token.end].replace("’", "'")
        if token.kind is not TokenKind.WORD or "'" not in word:
            found.append(token)
            continue
        start = token.start
        for piece in word.split("'"):
            if piece:
                found.append(Token(start, start + len(piece), piece.lower(), TokenKind.WORD))
            start += len(piece) + 1
    return found


def _units(text: str, tokens: Sequence[Token], tongue: Tongue, lexicon: Lexicon) -> Iterator[Unit]:
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind is not TokenKind.WORD:
            yield Unit((token.form,), "sign", token.start, token.end, token.kind)
            at += 1
            continue
        words = [text[one.start : one.end].lower() for one in tokens[at : at + LONGEST] if one.kind is TokenKind.WORD]
        run = next((n for n, one in enumerate(tokens[at : at + LONGEST]) if one.kind is not TokenKind.WORD), LONGEST)
        words = words[:run]
        length = next((n for n in range(len(words), 0, -1) if tongue.find(tuple(words[:n])) is not None), 0)
        end = tokens[at + max(length, 1) - 1].end
        if length:
            entry = tongue.find(tuple(words[:length]))
            assert entry is not None
            yield Unit(_english(entry, lexicon), entry.tag, token.start, end)
        elif (found := _compound(words[0], tongue)) is not None:
            first, last = found
            yield Unit((*first, *_english(last, lexicon)), last.tag, token.start, end)
        else:
            yield Unit((token.form,), "unknown", token.start, end)
        at += max(length, 1)


def _english(entry: Entry, lexicon: Lexicon) -> tuple[str, ...]:
    words = tuple(entry.english.replace("-", " ").split())
    if not entry.plural:
        return words
    irregular = {one: several for several, one in lexicon.irregular_plurals.items()}
    last = words[-1] if words[-1].endswith("s") else irregular.get(words[-1], plural(words[-1]))
    return (*words[:-1], last)


def _compound(word: str, tongue: Tongue) -> tuple[tuple[str, ...], Entry] | None:
    """ "Kiefernwald" as pine and forest: the English words of the first half, and the entry of the second; None when it is no compound."""
    if not tongue.data.get("splits_compounds"):
        return None
    prefixes = {form: english for english, text in tongue.data["prefixes"].items() for form in listed(text)}
    for cut in range(_SHORTEST, len(word) - _SHORTEST + 1):
        last = tongue.find((word[cut:],))
        if last is None or last.tag not in _NOUNS:
            continue
        for link in _LINKS:
            if not word[:cut].endswith(link):
                continue
            stem = word[: cut - len(link)] if link else word[:cut]
            if stem in prefixes:
                return (prefixes[stem],), last
            first = tongue.find((stem,))
            if first is not None and first.tag in (*_NOUNS, "adjectives"):
                return tuple(first.english.replace("-", " ").split()), last
    return None


def _adjectives_first(units: Sequence[Unit]) -> list[Unit]:
    """ "une maison rouge et blanche" → a red and white house."""
    found: list[Unit] = []
    at = 0
    while at < len(units):
        if units[at].tag not in _NOUNS:
            found.append(units[at])
            at += 1
            continue
        end = at + 1
        while end < len(units) and (units[end].tag == "adjectives" or _joins(units, end)):
            end += 1
        noun = units[at]
        if noun.words[0] == "with":  # "au toit rouge"
            found.append(replace(noun, words=noun.words[:1], tag="words"))
            noun = replace(noun, words=noun.words[1:])
        found += [*units[at + 1 : end], noun]
        at = end
    return found


def _joins(units: Sequence[Unit], at: int) -> bool:
    """ "and" between two adjectives of one noun, or "very" before one."""
    if at + 1 >= len(units) or units[at + 1].tag != "adjectives":
        return False
    return units[at].words == ("very",) or (
        units[at].words == ("and",) and units[at - 1].tag == "adjectives" and _ends_there(units, at + 2)
    )


def _ends_there(units: Sequence[Unit], at: int) -> bool:
    return at >= len(units) or units[at].tag not in _NOUNS
