"""Tongues: prompts in German, French, Spanish, Chinese and Japanese become rows of English words that know where they were written."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.language.lexicon import Lexicon
from pipelines.language.tokens import Token, tokenise
from pipelines.language.tongues.dictionary import Tongue, tongue
from pipelines.language.tongues.joined import joined
from pipelines.language.tongues.spaced import known_words, spaced

SPACED = ("de", "fr", "es")


@dataclass(frozen=True)
class Translation:
    """The tongue's name, and the English words in English order; their spans are those of the words that they stand for."""

    tongue: str
    tokens: tuple[Token, ...]

    @property
    def english(self) -> str:
        """The words as one line."""
        return " ".join(token.form for token in self.tokens).replace(" ,", ",").replace(" .", ".")


def translated(text: str, lexicon: Lexicon) -> Translation | None:
    """The prompt in English words; None when it is English already, or in a tongue that there is no dictionary of."""
    found = _tongue_of(text, lexicon)
    if found is None:
        return None
    tokens = joined(text, found) if found.joined else spaced(text, found, lexicon)
    return Translation(found.name, tuple(tokens))


def _tongue_of(text: str, lexicon: Lexicon) -> Tongue | None:
    """By its script, or else the tongue that knows more of the words than English and all others do."""
    if any("\u3040" <= letter <= "\u30ff" for letter in text):
        return tongue("ja")
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return tongue("zh")
    tokens = tokenise(text)
    best, most = None, 0
    for code in SPACED:
        one = tongue(code)
        known = known_words(text, tokens, one)
        english = [lexicon.knows(token.form) for token in tokens]
        own = sum(is_known and not is_english for is_known, is_english in zip(known, english, strict=True))
        other = sum(is_english and not is_known for is_known, is_english in zip(known, english, strict=True))
        if own > max(other, most):
            best, most = one, own
    return best
