"""Inflection: plurals back to singulars, verbs to all their forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_VOWELS = "aeiou"
_MUTE_E = ("cases", "vases", "ouses", "oses", "rses", "nses")
"""Ends of plurals of which the singular has its e: bookcases, houses, roses, horses; not so boxes."""


def singulars(word: str, irregular: Mapping[str, str]) -> tuple[str, ...]:
    """What `word` may be the plural of, likeliest first; empty when it cannot be a plural."""
    known = irregular.get(word)
    if known is not None:
        return (known,)
    if word.endswith("men") and len(word) > 4:
        return (word[:-3] + "man",)
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return ()
    if word.endswith("ies") and len(word) > 4:
        return (word[:-3] + "y", word[:-1])
    if word.endswith("ves"):
        return (word[:-1], word[:-3] + "f", word[:-3] + "fe")
    if word.endswith(_MUTE_E) and word != "lenses":
        return (word[:-1],)
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        return (word[:-2], word[:-1])
    return (word[:-1],)


def plural(word: str) -> str:
    """The regular plural."""
    if word.endswith("y") and len(word) > 1 and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def verb_forms(verb: str) -> Iterator[str]:
    """The base, -s, -ing and -ed forms of a regular verb."""
    yield verb
    yield plural(verb)
    stem = _doubled(verb)
    yield (verb[:-2] + "y" if verb.endswith("ie") else verb[:-1] if _mute_e(verb) else stem) + "ing"
    if verb.endswith("e"):
        yield verb + "d"
    elif verb.endswith("y") and verb[-2] not in _VOWELS:
        yield verb[:-1] + "ied"
    else:
        yield stem + "ed"


def _mute_e(verb: str) -> bool:
    return verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")) and len(verb) > 2


def _doubled(verb: str) -> str:
    """Double the last consonant of a short stressed stem: stop → stopp."""
    short = len(verb) >= 3 and verb[-1] not in _VOWELS + "wxy" and verb[-2] in _VOWELS and verb[-3] not in _VOWELS
    one_syllable = sum(letter in _VOWELS for letter in verb) == 1
    return verb + verb[-1] if short and one_syllable else verb
