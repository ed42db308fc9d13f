"""Collectives: nouns that say several people at once ("a family", "a brass band"), spelled out before a prompt is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.inflection import plural
from pipelines.language.lexicon import MODIFIERS, NOUNS, Lexicon, Role
from pipelines.language.tokens import Token, TokenKind, key, tokenise

_MEMBERS = "of"  # "a family of ducks": what follows says who they are, and the noun is a group word like any other
_DENYING = frozenset({"no", "without", "any"})  # who is not there is not counted out
_LOOSE = "couple"  # "a couple chairs": before a noun it is a number


def spelled_out(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """The tokens with every collective noun as the people it stands for; they keep its place in the text.

    The longest entry wins ("wedding party" before "party"). The members' own article goes where the collective has one: "a family" is
    "a man, a woman and two children", "the happy family" "the happy man, a woman …". A plural is read as one of them.
    """
    table: dict[tuple[str, ...], str] = {}
    for words, members in lexicon.data["collectives"].items():
        *before, last = key(words)
        table[*before, last] = table[*before, plural(last)] = members
    longest = max(map(len, table))
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        found = _collective(tokens, at, table, longest, lexicon)
        if found == 0 or _is_done(out, tokens[at : at + found + 1], lexicon) or (out and out[-1].form in _DENYING):
            out.append(tokens[at])
            at += 1
            continue
        words = tuple(token.form for token in tokens[at : at + found])
        start, end = tokens[at].start, tokens[at + found - 1].end
        members = [replace(token, start=start, end=end) for token in tokenise(table[words])]
        if members[0].kind is TokenKind.NUMBER and out and out[-1].form in ("a", "an"):
            article = out.pop()  # "an army": the number stands where it stood
            members[0] = replace(members[0], start=article.start, end=article.end)
        out += members
        at += found
    return tuple(out)


def _is_done(before: Sequence[Token], words: Sequence[Token], lexicon: Lexicon) -> bool:
    """ "the robot patrols between": a word with a verb's ending, after a thing and before what only follows verbs."""
    verb, after = words[0], words[-1]
    if len(words) != 2 or not before or not verb.form.endswith("s") or after.kind is not TokenKind.WORD:
        return False
    acts = Role.VERB in lexicon.lookup((verb.form,))[0] and Role.THING in lexicon.lookup((before[-1].form,))[0]
    return acts and bool(lexicon.lookup((after.form,))[0].keys() & {Role.RELATION, Role.DETERMINER})


def _collective(tokens: Sequence[Token], at: int, table: dict[tuple[str, ...], str], longest: int, lexicon: Lexicon) -> int:
    """How many tokens from `at` on are a collective noun, 0 for none."""
    for count in range(min(longest, len(tokens) - at), 0, -1):
        words = tuple(token.form for token in tokens[at : at + count])
        if words not in table or any(token.possessive for token in tokens[at : at + count]):
            continue
        if not _goes_on(tokens[at + count :], words, lexicon):
            return count
    return 0


def _goes_on(following: Sequence[Token], words: tuple[str, ...], lexicon: Lexicon) -> bool:
    """Whether what comes after says that it is no collective here: "of" with the members, or a noun that it only describes or counts."""
    for number, token in enumerate(following):
        if token.kind is not TokenKind.WORD:
            return False
        if number == 0 and (token.form == _MEMBERS or token.glued):
            return True
        roles = lexicon.lookup((token.form,))[0].keys()
        if words[-1] != _LOOSE or not roles & MODIFIERS:  # "a couple old wooden chairs"
            return bool(roles & NOUNS)
    return False
