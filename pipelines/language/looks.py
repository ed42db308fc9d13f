"""Looks: what adjectives say of a thing, and the singular of its noun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.drafts import Draft
from pipelines.language.inflection import singulars
from pipelines.language.lexicon import NOUNS, Lexicon, Role
from pipelines.language.tagging import Lexeme
from pipelines.spec import VIEWER, RelationName, Size

_COLOURING = frozenset({"painted", "glowing", "dyed", "coloured", "colored", "tinted", "turning", "turned", "burning", "shining", "lit"})
_FAR = frozenset({"distant", "faraway"})


def wear(draft: Draft, lexeme: Lexeme) -> None:
    """Give a draft what an adjective says of it; the first word for each property counts."""
    if lexeme.text in _FAR and draft.place is None:
        draft.relate(RelationName.FAR, VIEWER)
    if lexeme.has(Role.MEASURE):
        metres = float(lexeme.value(Role.MEASURE))
        draft.height_m = metres if 0.01 < metres <= 500 else draft.height_m
    elif lexeme.has(Role.SIZE):
        draft.size = Size(lexeme.value(Role.SIZE)) if draft.size is Size.NORMAL else draft.size
    elif lexeme.has(Role.MATERIAL) and not lexeme.has(Role.WEATHER):
        draft.material = draft.material or lexeme.value(Role.MATERIAL)
    elif lexeme.has(Role.COLOUR):
        draft.colour = draft.colour or lexeme.value(Role.COLOUR)
    elif lexeme.has(Role.STYLE):
        draft.style = draft.style or lexeme.value(Role.STYLE)


def singular_texts(head: Lexeme, lexicon: Lexicon) -> tuple[str, ...]:
    """The head alone, as it stands and as a singular."""
    return (head.text, *(" ".join((*head.words[:-1], one)) for one in singulars(head.words[-1], lexicon.irregular_plurals)))


def singular(head: Lexeme, lexicon: Lexicon) -> str:
    texts = singular_texts(head, lexicon)
    return texts[-1].split()[-1] if head.plural and len(texts) > 1 else head.words[-1]


def as_colour(lexemes: Sequence[Lexeme], at: int) -> Lexeme:
    """ "a barn painted orange": after a word for giving colour, a fruit's or a flower's name is a colour, unless a noun follows."""
    lexeme = lexemes[at]
    if at == 0 or not lexeme.has(Role.COLOUR) or not lexeme.has(*NOUNS) or lexemes[at - 1].text not in _COLOURING:
        return lexeme
    if at + 1 < len(lexemes) and (lexemes[at + 1].has(*NOUNS) or lexemes[at + 1].unknown):
        return lexeme
    return replace(lexeme, senses={role: sense for role, sense in lexeme.senses.items() if role not in NOUNS})
