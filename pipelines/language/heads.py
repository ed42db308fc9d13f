"""Heads: which word of a phrase is its noun, and what the words before it are: adjectives, compound nouns, parts, what is denied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.lexicon import MODIFIERS, VOTES, Group, Lexicon, Role, Sense
from pipelines.language.noun_phrase import NounPhrase, is_nounish, is_solid
from pipelines.language.tagging import Lexeme

_ADJECTIVAL = (
    "ed",
    "ous",
    "ful",
    "ish",
    "ic",
    "ive",
    "able",
    "ible",
    "esque",
    "some",
    "like",
    "est",
    "ern",
    "less",
    "ing",
    "ant",
    "ent",
    "y",
    "al",
    "en",
)
DENYING = ("free", "less")
LIKENING = ("like", "style", "shaped", "sized")  # "a corridor-like office" is no corridor


class Heads:
    """Chooses the heads of phrases."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon

    def choose(self, phrase: NounPhrase, run: list[Lexeme]) -> None:
        """Split the run into head, adjectives and compound nouns."""
        run = self._without_parted(phrase, self._without_denied(phrase, run))
        nouns = [index for index, lexeme in enumerate(run) if is_nounish(lexeme)]
        nouns = [index for index in nouns if not (run[index].unknown and self._adjectival(run, index))]
        solid = [index for index in nouns if is_solid(run[index])]
        if nouns and self._is_corner_of(phrase, run[nouns[-1]]):
            solid = [index for index in solid if not run[index].possessive]
        if nouns and run[nouns[-1]].has(Role.PART):  # "stone walls" are walls, "a carrot nose" is a nose
            solid = [index for index in solid if index == nouns[-1] or not (run[index].has(*MODIFIERS) or run[index].unknown)]
        head = solid[-1] if solid and not run[nouns[-1]].has(Role.THING) else nouns[-1] if nouns else None
        if head is not None and run[head].has(*MODIFIERS, *VOTES) and not solid and not phrase.article:
            head = None if not run[head].has(Role.AMBIENT, Role.PART) else head
        if head is not None and head > 0 and phrase.group is None and (group := self._group_noun(run, head)) is not None:
            phrase.group = group
            phrase.lexemes = [
                replace(one, senses={Role.GROUP: Sense(run[head].text)}) if one is run[head] else one for one in phrase.lexemes
            ]
            del run[head]
            head -= 1
        phrase.head = None if head is None else run[head]
        same = phrase.head is not None and phrase.head.words[-1] in self._lexicon.same_plurals
        phrase.of_itself_plural = same and not phrase.article and phrase.number is None
        for index, lexeme in enumerate(run):
            if index == head:
                continue
            compound = index in nouns and not lexeme.has(Role.SIZE, Role.COLOUR, Role.DESCRIPTION, Role.STYLE, Role.MOOD)
            (phrase.compounds if compound else phrase.modifiers).append(lexeme)

    def _is_corner_of(self, phrase: NounPhrase, last: Lexeme) -> bool:
        """ "an artist's corner": whose it might be, who is not there; "the boy's side" is that of a boy who is."""
        return phrase.article in ("", "a", "an") and last.text in self._lexicon.positions

    def _group_noun(self, run: Sequence[Lexeme], head: int) -> Group | None:
        """ "a penguin colony": the last noun only says how the ones before it stand."""
        name = self._lexicon.data["group_nouns"].get(run[head].text)
        return self._lexicon.groups[name] if name and run[head - 1].has(Role.THING, Role.GENERIC) else None

    def _adjectival(self, run: Sequence[Lexeme], index: int) -> bool:
        """Whether an unknown word only describes: a noun follows and it has an adjective's ending, or it trails a noun as "-ly", "-ed"."""
        word = run[index].words[-1]
        if any(is_nounish(lexeme) for lexeme in run[index + 1 :]):
            return word.endswith(_ADJECTIVAL)
        return word.endswith("ly") or (any(is_nounish(lexeme) for lexeme in run[:index]) and word.endswith(("ed", "ing")))

    def _without_denied(self, phrase: NounPhrase, run: list[Lexeme]) -> list[Lexeme]:
        """Take "treeless" and "car-free" out of the run; what they deny goes to `absent`."""
        kept: list[Lexeme] = []
        for lexeme in run:
            word = lexeme.words[-1]
            if word in DENYING and lexeme.glued and kept:
                denied = kept.pop()
                phrase.absent.append(replace(denied, end=lexeme.end))
            elif lexeme.glued and kept and (word in LIKENING or self._shapes(kept[-1], lexeme)):
                likened = kept.pop()
                kept.append(replace(likened, end=lexeme.end, words=(*likened.words, word), senses={Role.DESCRIPTION: Sense(word)}))
            elif lexeme.unknown and word.endswith("less") and (senses := self._lexicon.lookup((word[:-4],))[0]):
                phrase.absent.append(Lexeme(lexeme.start, lexeme.end, (word[:-4],), lexeme.kind, senses))
            else:
                kept.append(lexeme)
        return kept

    def _shapes(self, before: Lexeme, lexeme: Lexeme) -> bool:
        """ "high-backed", "flat-bottomed": how a thing is made; a colour or a material is the part's own look."""
        made = lexeme.words[-1].endswith("ed") and (lexeme.unknown or self._part_in(lexeme) is not None)
        return made and not before.has(Role.COLOUR, Role.MATERIAL)

    def _without_parted(self, phrase: NounPhrase, run: list[Lexeme]) -> list[Lexeme]:
        """Take "red-roofed" and "glass-top" out of the run; what they say goes to `parted`."""
        kept: list[Lexeme] = []
        for index, lexeme in enumerate(run):
            looks = kept[-1] if kept and kept[-1].has(Role.COLOUR, Role.MATERIAL) else None
            part = self._part_in(lexeme) if looks is not None and lexeme.glued and index + 1 < len(run) else None
            if part is None or looks is None:
                kept.append(lexeme)
            else:
                phrase.parted.append((kept.pop(), part))
        return kept

    def _part_in(self, lexeme: Lexeme) -> Lexeme | None:
        """The "roof" of "roofed"; the part itself where it is one: "roof", "top"."""
        word = lexeme.words[-1]
        stems = [word[:-2], word[:-1], word[:-3]] if word.endswith("ed") else []
        known = next((stem for stem in stems if Role.PART in self._lexicon.lookup((stem,))[0]), None)
        if known is not None:
            return replace(lexeme, words=(known,), senses=self._lexicon.lookup((known,))[0])
        return lexeme if lexeme.has(Role.PART) else None
