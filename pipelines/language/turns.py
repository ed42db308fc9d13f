"""Turns: adjectives that count parts, "six-wheeled", and verbs that look like nouns, "towers over", as what the grammar can read."""

from __future__ import annotations

from dataclasses import replace

from pipelines.language.inflection import singulars
from pipelines.language.lexicon import MODIFIERS, NOUNS, Lexicon, Role, split
from pipelines.language.tokens import Token, TokenKind, forms, put

_PARTS = frozenset(
    {"storey", "story", "seater", "seat", "piece", "door", "wheel", "wheeler", "person", "man", "way", "lane", "light", "leg"}
)
_LOOMING = frozenset({"towers", "looms"})
_OVER = frozenset({"over", "above"})
_LONGEST_NAME = 7  # tokens
_SHARING = frozenset({"sharing", "share", "shares"})
_FIGHTING = frozenset({"fighting", "fights", "fight", "slaying", "slays", "attacks"})
_AT, _RIMS = frozenset({"at", "by", "near", "on", "beside"}), frozenset({"edge", "side", "brink", "rim"})


def plays(token: Token, lexicon: Lexicon, *roles: Role) -> bool:
    """Whether a word alone can play one of the roles."""
    return bool(lexicon.lookup((token.form,))[0].keys() & set(roles))


def counted_parts(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a six-wheeled rover", "a two-storey house": how many parts one thing has; "a four-poster bed" is a name."""
    pair = forms(tokens, at, 2)
    if len(pair) < 2 or not tokens[at + 1].glued or tokens[at].glued or at + 2 >= len(tokens):
        return None
    counts = tokens[at].kind is TokenKind.NUMBER or Role.NUMBER in lexicon.lookup(pair[:1])[0]
    one = at > 0 and tokens[at - 1].form in ("a", "an", "the", "its", "this") and not singulars(pair[1], lexicon.irregular_plurals)
    parts = pair[1].endswith("ed") or pair[1] in _PARTS or one
    named = any(lexicon.lookup(forms(tokens, at, 2 + more))[0] for more in range(3))
    after = at + 3 if tokens[at + 2].kind is TokenKind.COMMA else at + 2  # "a six-wheeled, rusty rover"
    roles = set(lexicon.lookup(forms(tokens, after, 1))[0])
    goes_on = after < len(tokens) and tokens[after].kind is TokenKind.WORD and (not roles or bool(roles & {*NOUNS, *MODIFIERS}))
    return ([], after) if counts and parts and not named and goes_on else None


def looming(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a lighthouse towers over the cliffs": it stands near them; "the church towers" are things."""
    pair = forms(tokens, at, 2)
    if at == 0 or len(pair) < 2 or pair[0] not in _LOOMING or pair[1] not in _OVER:
        return None
    before = tokens[at - 1].form
    if any(one.kind is TokenKind.NUMBER or Role.NUMBER in lexicon.lookup((one.form,))[0] for one in tokens[max(at - 3, 0) : at]):
        return None  # "two stone towers over a gate"
    kind = lexicon.lookup((before,))[0].get(Role.THING)
    if singulars(before, lexicon.irregular_plurals) or kind is None or lexicon.kinds[kind.options[0]].stands_on == "air":
        return None
    over = lexicon.lookup(forms(tokens, at + 3, 1))[0]  # behind its article
    within = Role.PLACE in over and Role.THING not in over  # "towers over the city"
    return put("stands in" if within else "stands near", tokens[at : at + 2]), at + 2


def under_construction(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a hotel under construction": an unfinished one."""
    if not plays(tokens[at], lexicon, Role.DETERMINER, Role.NUMBER):
        return None
    end = next((k for k in range(at + 2, min(at + _LONGEST_NAME, len(tokens))) if forms(tokens, k, 2) == ("under", "construction")), None)
    if end is None or not all(plays(token, lexicon, *NOUNS, *MODIFIERS, Role.OF) for token in tokens[at + 1 : end]):
        return None
    named = [*tokens[at + 1 : end - 1], replace(tokens[end - 1], end=tokens[end + 1].end)]
    return [tokens[at], *put("unfinished", tokens[at : at + 1]), *named], end + 2


def shared(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "two cats sharing a sofa": they are on it; "a cake" they only have at their side."""
    if tokens[at].form not in _SHARING or at + 2 >= len(tokens) or not plays(tokens[at + 1], lexicon, Role.DETERMINER):
        return None
    for end in range(at + 2, min(at + _LONGEST_NAME, len(tokens))):
        goes_on = end + 1 < len(tokens) and plays(tokens[end + 1], lexicon, *NOUNS) and not plays(tokens[end + 1], lexicon, Role.RELATION)
        if plays(tokens[end], lexicon, *NOUNS) and not goes_on:
            where = next((where for where, words in lexicon.data["shared"].items() if tokens[end].form in split(words)), None)
            return None if where is None else (put(where, [tokens[at]]), at + 1)
        if not plays(tokens[end], lexicon, *NOUNS, *MODIFIERS):
            return None
    return None


def battling(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "a knight fights a dragon", "cats fighting the dog": they face it; "two robots fighting" stay as they are."""
    if at == 0 or tokens[at].form not in _FIGHTING or not forms(tokens, at + 1, 1):
        return None
    who = plays(tokens[at + 1], lexicon, Role.DETERMINER)
    return (put("confronting", tokens[at : at + 1]), at + 1) if who else None


def waterside(tokens: list[Token], at: int, lexicon: Lexicon) -> tuple[list[Token], int] | None:
    """ "at the water's edge": beside it."""
    del lexicon
    form = forms(tokens, at, 4)
    if len(form) < 4 or form[0] not in _AT or form[1:3] != ("the", "water") or form[3] not in _RIMS:
        return None
    return put("beside the water", tokens[at : at + 4]), at + 4
