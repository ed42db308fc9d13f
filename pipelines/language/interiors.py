"""Interiors: what is seen from within: "interior of a gothic church", "inside an old barn", as the room that goes by that name."""

from __future__ import annotations

from pipelines.language.lexicon import MODIFIERS, NOUNS, VOTES, Lexicon, Role, split
from pipelines.language.tokens import Token, TokenKind, forms, put

_OF = (("interior", "view", "of"), ("interior", "shot", "of"), ("interior", "of"), ("interiors", "of"), ("inside", "of"), ("inside",))
_LONGEST_NAME, _LONGEST_ENTRY = 3, 5  # words
_MOST_BEFORE = 4  # adjectives and other words before the name
_BREAKS = (TokenKind.COMMA, TokenKind.STOP)
_BOUND = (Role.RELATION, Role.WITH, Role.CONJUNCTION, Role.DETERMINER, Role.OF, Role.PRONOUN, Role.BE)


def within(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """The tokens that stand for those from `at` on, and where these end: "interior of an old church" → "old church interior"."""
    said = next((words for words in _OF if forms(tokens, at, len(words)) == words), ())
    begins = at == 0 or tokens[at - 1].kind in _BREAKS or tokens[at - 1].form == "the"
    if not said or (said[0] == "inside" and not begins) or (said == ("inside",) and at and tokens[at - 1].form == "the"):
        return None
    if any(Role.PLACE in lexicon.lookup(forms(tokens, at, count))[0] for count in range(_LONGEST_ENTRY, len(said), -1)):
        return None  # "inside the castle walls"
    first = at + len(said)
    first += first < len(tokens) and Role.DETERMINER in lexicon.lookup((tokens[first].form,))[0]
    for start in range(first, first + _MOST_BEFORE + 1):
        for length in range(_LONGEST_NAME, 0, -1):
            name, end = forms(tokens, start, length), start + length
            if len(name) == length and not _goes_on(tokens, end, lexicon) and (room := _room(name, lexicon)):
                looks = [token for token in tokens[first:start] if _roles(token, lexicon) & (MODIFIERS | {*VOTES})]
                looks = looks if not looks or not lexicon.lookup((looks[-1].form, *name))[0] else looks[:-1]  # "medieval castle" is a name
                return [*looks, *put(" ".join(room), tokens[at:end])], end
        if start >= len(tokens) or tokens[start].kind in _BREAKS or _roles(tokens[start], lexicon) & {*_BOUND}:
            return None
    return None


def _room(name: tuple[str, ...], lexicon: Lexicon) -> tuple[str, ...]:
    """The words for the inside of what goes by a name, where some place has them."""
    words = (*name, "interior")
    place = lexicon.lookup(words)[0].get(Role.PLACE)
    if place is None:
        return ()
    makeshift = " ".join(words) in split(lexicon.places[place.value].said.near)  # the library has a car, and no room like one
    return () if makeshift and Role.THING in lexicon.lookup(name)[0] else words


def _goes_on(tokens: list[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether the noun before `at` only tells of which kind the next one is: the castle of "a castle courtyard"."""
    if at >= len(tokens) or tokens[at].kind in _BREAKS:
        return False
    roles = _roles(tokens[at], lexicon)
    does = Role.VERB in roles and at + 1 < len(tokens) and Role.DETERMINER in _roles(tokens[at + 1], lexicon)
    return bool(roles & {*NOUNS}) and not roles & {*_BOUND} and not does


def _roles(token: Token, lexicon: Lexicon) -> set[Role]:
    return set(lexicon.lookup((token.form,))[0])
