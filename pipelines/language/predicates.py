"""Predicates: what is said of a thing that was named: "the sofa is green", "the well is of stone", "the car, a red convertible, is"."""

from __future__ import annotations

from pipelines.language.hearing import LOOK_NOUNS
from pipelines.language.lexicon import VOTES, Role
from pipelines.language.looks import wear
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.placing import Placing
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import TokenKind


class Predicates(Placing):
    """Dresses what is spoken of."""

    def _is_what(self, phrase: NounPhrase, at: int) -> bool:
        """ "the main exhibit is a dinosaur skeleton": the first words only say what part the thing plays that the next ones name."""
        said = self._row.item(at + 2)
        is_ = self._row.item(at + 1)
        named = isinstance(said, NounPhrase) and said.article in ("a", "an") and said.head is not None and said.head.has(Role.THING)
        begins = self._connector in ("stop", "and") and phrase.article == "the" and not phrase.plural and phrase.of is None
        if not named or not begins or not isinstance(is_, Lexeme) or is_.text not in ("is", "was", "will be") or phrase.head is None:
            return False
        if not phrase.head.has(Role.THING, Role.UNBUILDABLE) or self._mentions.was_named(phrase):
            return False
        self._mentions.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "describes")
        return True

    def _again_named(self, phrase: NounPhrase, at: int) -> bool:
        """ "the car, a red convertible, is parked": one thing, named twice, with the looks of both names."""
        between = self._connector == "comma" and self._row.is_comma(at + 1) and self._row.has(at + 2, Role.BE, Role.VERB, Role.RELATION)
        one = self._talk.subjects[-1] if len(self._talk.subjects) == 1 else None
        options = phrase.head.senses[Role.THING].options if phrase.head is not None and phrase.head.has(Role.THING) else ()
        if not between or one is None or phrase.article not in ("a", "an") or not options or options[:1] != one.options[:1]:
            return False
        self._mentions.hear(phrase)
        for lexeme in phrase.modifiers:
            wear(one, lexeme)
        return True

    def _made_of(self, phrase: NounPhrase, at: int) -> bool:
        """ "the well is of stone", "the door is of blue colour"."""
        head = phrase.head
        if head is None or not self._talk.subjects or not (self._row.has(at - 1, Role.OF) and self._row.has(at - 2, Role.BE, Role.VERB)):
            return False
        looks = phrase.modifiers if head.words[-1] in LOOK_NOUNS else []
        if not looks and (not head.has(Role.MATERIAL) or phrase.article):
            return False
        self._mentions.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "describes")
        for draft in self._talk.subjects:
            for lexeme in looks:
                wear(draft, lexeme)
            if not looks:
                draft.material = draft.material or head.value(Role.MATERIAL)
        return True

    def _predicate(self, phrase: NounPhrase, at: int) -> bool:
        """ "the sofa is green": adjectives after a verb dress the subject."""
        if (
            phrase.article
            or not self._talk.subjects
            or not (self._row.has(at - 1, Role.BE, Role.VERB, Role.ADVERB) or self._connector == "none" or self._follows_comma(phrase, at))
        ):
            return False
        if self._row.has(at - 1, Role.RELATION):
            return False
        self._mentions.hear(phrase)
        self._mentions.exclude_absent(phrase)
        for draft in self._talk.subjects:
            for lexeme in phrase.modifiers:
                wear(draft, lexeme)
                self._mentions.become([draft], lexeme)
        wholes = [draft.part_of or draft for draft in self._talk.subjects]
        self._talk.subjects = list(dict.fromkeys(wholes))  # after "its door is red", the house is spoken of again
        return True

    def _follows_comma(self, phrase: NounPhrase, at: int) -> bool:
        """ "a tower, 20 metres tall, on a hill", "my house: small, white": looks alone, between commas, are those of the thing before."""
        looks = (Role.MEASURE, Role.COLOUR, Role.MATERIAL, Role.SIZE)
        alone = all(lexeme.has(*looks) and not lexeme.has(*VOTES) for lexeme in phrase.modifiers)
        ends = self._row.item(at + 1) is None or self._row.is_comma(at + 1) or self._row.has(at + 1, Role.CONJUNCTION)
        stop = self._row.item(at + 1)
        ends = ends or (isinstance(stop, Lexeme) and stop.kind is TokenKind.STOP)
        return self._connector == "comma" and alone and ends and all(draft.place is None for draft in self._talk.subjects)
