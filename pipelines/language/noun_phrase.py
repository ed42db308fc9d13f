"""Noun phrases: a noun with all that belongs to it, and what single words can be in one."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.language.lexicon import NOUNS, Group, Role
from pipelines.language.tagging import Lexeme


@dataclass
class NounPhrase:
    """A noun with all that belongs to it. tokens[start:end]; `head` is None when there are only adjectives.

    modifiers, compounds: lexemes before the head, adjectives and nouns apart.  absent: words that "-less" or "-free" denied.
    parted: pairs of an adjective and the part that it is said of: "red-roofed".
    of: the phrase after "of"; `article`: the determiner's words, empty when there is none.
    """

    start: int
    end: int
    head: Lexeme | None = None
    modifiers: list[Lexeme] = field(default_factory=list)
    compounds: list[Lexeme] = field(default_factory=list)
    absent: list[Lexeme] = field(default_factory=list)
    parted: list[tuple[Lexeme, Lexeme]] = field(default_factory=list)
    number: float | None = None
    group: Group | None = None
    article: str = ""
    of: NounPhrase | None = None
    of_word: str = ""
    of_itself_plural: bool = False
    lexemes: list[Lexeme] = field(default_factory=list)

    @property
    def plural(self) -> bool:
        """Whether the words speak of more than one."""
        if self.number is not None:
            return self.number > 1
        return self.group is not None or self.of_itself_plural or (self.head is not None and self.head.plural)


Item = NounPhrase | Lexeme

PUTTING_ON = frozenset({"wearing", "wears", "wear", "wore", "dressed", "donning", "sporting"})
"""What follows them is worn."""


def is_nounish(lexeme: Lexeme) -> bool:
    return lexeme.unknown or lexeme.has(*NOUNS)


def is_solid(lexeme: Lexeme) -> bool:
    """A noun that is more than a part, a position or the air."""
    return lexeme.unknown or lexeme.has(Role.THING, Role.PLACE, Role.GENERIC, Role.UNBUILDABLE)


def is_participle(lexeme: Lexeme) -> bool:
    """A verb form that may stand before a noun like an adjective: "swaying palms"."""
    return (
        lexeme.has(Role.VERB)
        and lexeme.words[0] not in PUTTING_ON
        and lexeme.words[-1].endswith(("ing", "ed", "en"))
        and not lexeme.has(Role.WITH, Role.RELATION, Role.TURNED, Role.BE)
    )
