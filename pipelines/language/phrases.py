"""Phrases: noun phrases out of lexemes; everything between them stays a lexeme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.language.heads import DENYING, LIKENING, Heads
from pipelines.language.lexicon import MODIFIERS, NOUNS, VOTES, Lexicon, Role, Sense
from pipelines.language.looks import as_colour
from pipelines.language.noun_phrase import Item, NounPhrase, is_nounish, is_participle, is_solid
from pipelines.language.tagging import Lexeme, number_value
from pipelines.language.tokens import TokenKind

_POINTING = frozenset({"that", "this", "these", "those", "the other", "the others"})
_ONE = frozenset({"a", "an", "another", "each", "every"})
WHEREABOUTS = ("on", "in", "inside", "under", "underwater", "undersea", "at", "aboard", "indoors", "outdoors")
_ACTING = ("im", "youre", "theyre", "hes", "shes")
_IS = ("is", "are", "was", "were")
MODALS = frozenset({"should", "must", "can", "could", "will", "would", "shall", "may", "might", "to", "please"})
_BEFORE_OBJECT = (
    Role.DETERMINER,
    Role.RELATION,
    Role.TURNED,
    Role.FUNCTION,
    Role.PRONOUN,
    Role.BE,
    Role.COMPARE,
    Role.TO_HOST,
    Role.TO_VIEWER,
    Role.WITH,
)


class Chunker:
    """Reads lexemes from left to right and groups them into noun phrases."""

    def __init__(self, lexemes: Sequence[Lexeme], lexicon: Lexicon) -> None:
        self._lexemes = [as_colour(lexemes, at) for at in range(len(lexemes))]
        self._lexicon = lexicon
        self._definite = frozenset(lexicon.data["definite"].replace(" ", "").split(","))
        self._heads = Heads(lexicon)
        self._items: list[Item] = []

    def items(self) -> list[Item]:
        """The whole prompt as noun phrases and the lexemes between them."""
        at = 0
        while at < len(self._lexemes):
            phrase, after = self._phrase(at) if self._begins_phrase(at) else (None, at)
            if phrase is None:
                acts = self._is_imperative(at) or self._is_act(at) or (self._after_subject() and self._is_doing(at))
                acts = acts or self._is_left(at) or (self._lexemes[at].unknown and self._acts(at, self._last()))
                places = self._lexemes[at].has(Role.RELATION, Role.TURNED) and not self._lexemes[at].has(*NOUNS)  # "one contains a crown"
                self._items.append(self._as_verb(at) if acts and not places else self._lexemes[at])
                at += 1
            else:
                self._items.append(phrase)
                at = after
        return self._items

    def _at(self, index: int) -> Lexeme | None:
        return self._lexemes[index] if 0 <= index < len(self._lexemes) else None

    def _last(self) -> NounPhrase | None:
        """The phrase just before, None when something stands between."""
        return self._items[-1] if self._items and isinstance(self._items[-1], NounPhrase) else None

    def _as_verb(self, index: int) -> Lexeme:
        lexeme = self._lexemes[index]
        return replace(lexeme, senses={Role.VERB: Sense(lexeme.text)}) if lexeme.kind is TokenKind.WORD else lexeme

    def _after_noun(self) -> bool:
        return bool(self._items) and isinstance(self._items[-1], NounPhrase)

    def _after_state(self) -> bool:
        """After a verb, or what something is: "lies", "is pitched"."""
        last = self._items[-1] if self._items else None
        return last.head is None if isinstance(last, NounPhrase) else last is not None and last.has(Role.VERB, Role.BE)

    def _after_subject(self) -> bool:
        """After a noun, or after one that is doing what follows: "a woman is feeding hens"."""
        if self._after_noun() or len(self._items) < 2:
            return self._after_noun()
        is_, subject = self._items[-1], self._items[-2]
        return isinstance(is_, Lexeme) and is_.text in _IS and isinstance(subject, NounPhrase) and subject.head is not None

    def _can_begin(self, index: int) -> bool:
        """Whether a phrase could begin here, looking at this lexeme alone."""
        lexeme = self._at(index)
        if lexeme is None or lexeme.kind not in (TokenKind.WORD, TokenKind.NUMBER):
            return False
        nominal = lexeme.unknown or lexeme.has(Role.DETERMINER, Role.NUMBER, Role.GROUP, *NOUNS, *MODIFIERS, *VOTES)
        return nominal or is_participle(lexeme)

    def _begins_phrase(self, index: int) -> bool:
        lexeme = self._at(index)
        if lexeme is None or not (self._can_begin(index) or (lexeme.has(Role.ADVERB) and self._adverb_in_phrase(index))):
            return False
        following = self._can_begin(index + 1)
        if self._stands_alone(index) or self._is_left(index):
            return False
        if lexeme.has(Role.NEGATOR, Role.OPENER, Role.COMPARE) and not lexeme.has(Role.DETERMINER):
            return False
        if lexeme.has(Role.TO_VIEWER, Role.TURNED) and not lexeme.has(Role.DESCRIPTION):
            return False
        if lexeme.has(Role.RELATION):
            after = self._at(index + 1)
            ends = after is None or after.kind is not TokenKind.WORD or after.has(Role.CONJUNCTION)
            if ends and lexeme.has(Role.TO_HOST) and (self._after_noun() or self._after_state()):
                return False  # "a church, a snowman opposite", "a canoe lies nearby"
            if after is not None and after.has(Role.DETERMINER, Role.PRONOUN) and not after.has(*MODIFIERS):
                return False  # "opposite the sofa"
            return not (following and (self._after_noun() or lexeme.has(Role.ADVERB)))
        if lexeme.has(Role.PRONOUN) and (lexeme.has(Role.DETERMINER, Role.NUMBER)):
            verb_next = (after := self._at(index + 1)) is not None and after.has(Role.VERB) and not after.has(*NOUNS, *MODIFIERS)
            return following and not verb_next and not self._is_put(index + 1)
        if self._is_imperative(index) or self._is_act(index) or (self._after_subject() and self._is_doing(index)):
            return False
        if lexeme.unknown and self._acts(index, self._last()):
            return False
        if lexeme.has(Role.VERB) and not lexeme.has(Role.DETERMINER, Role.NUMBER):
            return self._verb_as_noun(index)
        return True

    def _stands_alone(self, index: int) -> bool:
        """ "above that a shelf", "the other a sword": before an article such a word has no noun of its own."""
        after = self._at(index + 1)
        return self._lexemes[index].text in _POINTING and after is not None and after.text in ("a", "an", "the")

    def _is_left(self, index: int) -> bool:
        """ "a boat left at the foot of a cliff": a verb, no side."""
        before, after = self._at(index - 1), self._at(index + 1)
        if (
            self._lexemes[index].text != "left"
            or after is None
            or not after.has(Role.RELATION, Role.TURNED, Role.VERB)
            or after.has(*NOUNS)
        ):
            return False
        return before is not None and not before.has(Role.DETERMINER, Role.RELATION, Role.TO_VIEWER)

    def _is_put(self, index: int) -> bool:
        """ "each opposite a mirror": a preposition with its object, though the word describes things, too."""
        lexeme, following = self._at(index), self._at(index + 1)
        return lexeme is not None and lexeme.has(Role.RELATION) and following is not None and following.has(Role.DETERMINER)

    def _is_imperative(self, index: int) -> bool:
        """ "Train me a scene", "pick the red cube": a noun at the beginning, before "me" or "the", is what is to be done."""
        following, before = self._at(index + 1), self._at(index - 1)
        if following is None or not self._lexemes[index].has(*NOUNS):
            return False
        begins = before is None or before.kind is TokenKind.STOP
        if self._lexemes[index].text == "keep" and following.has(Role.VERB) and following.words[-1].endswith("ing"):
            return True  # "keep going": no castle's keep
        orders = self._lexemes[index].has(Role.VERB) and not self._lexemes[index].plural and following.text in ("the", "this", "that")
        return (index == 0 and following.text in ("me", "us")) or (begins and orders)

    def _is_act(self, index: int) -> bool:
        """ "before we saw it": after "we", a word that may be a verb is one."""
        before, lexeme, following = self._at(index - 1), self._lexemes[index], self._at(index + 1)
        if before is None:
            return False
        ordered = before.text in MODALS and following is not None and following.has(Role.DETERMINER)
        if ordered and Role.VERB in self._lexicon.lookup(lexeme.words[:1])[0] and not lexeme.plural:
            return True  # "should pick up the can"
        working = before.text in _ACTING and lexeme.words[-1].endswith("ing")  # "I'm building a market", though a building is a thing
        return (before.text in self._lexicon.actors or working) and lexeme.has(Role.VERB)

    def _is_doing(self, index: int) -> bool:
        """ "a child building a castle", though a building is a thing; "kids flying kites", though there are flying things."""
        lexeme, following = self._lexemes[index], self._at(index + 1)
        doing = lexeme.has(Role.VERB) and not lexeme.has(Role.RELATION, Role.TURNED) and lexeme.words[-1].endswith("ing")
        doing = doing and lexeme.words[-1] in self._lexicon.handling
        if not doing or following is None:
            return False
        before = self._at(index - 1)
        before = self._at(index - 2) if before is not None and before.text in _IS else before
        thing = before.senses.get(Role.THING) if before is not None else None
        by_people = thing is not None and "person" in self._lexicon.kinds[thing.options[0]].tags
        return following.has(Role.DETERMINER, Role.NUMBER) or (by_people and following.has(Role.THING) and following.plural)

    def _acts(self, index: int, subject: NounPhrase | None) -> bool:
        """ "the storm rages around", "the path forks at": an unknown word after a noun, with a verb's ending and something to follow.

        One in -s needs one subject with an article: "garden gnomes in a row" are gnomes.
        """
        if subject is None:
            return False
        word, following = self._lexemes[index].words[-1], self._at(index + 1)
        ends = word.endswith(("ed", "ing")) or (word.endswith("s") and not word.endswith("ss") and bool(subject.article))
        leads = following is not None and following.has(Role.DETERMINER, Role.PRONOUN, Role.RELATION) and not following.has(*NOUNS)
        return ends and leads

    def _adverb_in_phrase(self, index: int) -> bool:
        """An adverb belongs to a phrase when an adjective follows: "very old oak"."""
        following = self._at(index + 1)
        describes = following is not None and following.has(*MODIFIERS, Role.NUMBER)
        return describes and not self._lexemes[index].has(Role.RELATION, Role.TO_HOST)

    def _verb_as_noun(self, index: int) -> bool:
        """Whether a word that may be a verb is a noun or adjective where it stands, outside of a phrase."""
        lexeme, following = self._lexemes[index], self._at(index + 1)
        does = self._after_subject() and lexeme.words[-1].endswith("ing") and following is not None
        if does and following is not None and following.has(Role.DETERMINER, Role.NUMBER):
            return False  # "a girl is reading a book"
        if not self._after_noun():
            return lexeme.has(*NOUNS, *MODIFIERS, *VOTES) or (is_participle(lexeme) and self._can_begin(index + 1))
        last = self._last()
        acts = last is not None and last.head is not None and not last.plural and bool(last.article) and lexeme.words[-1].endswith("s")
        if acts and following is not None and following.has(Role.DETERMINER):
            return False  # "an astronaut plants a flag"
        many = last is not None and last.head is not None and last.plural and not lexeme.plural
        counted = last is not None and last.number is not None
        if many and following is not None and (following.has(Role.DETERMINER) or (counted and _places(following))):
            return False  # "two soldiers guard a gate", "camels cross the desert", "three lions keep far from"
        ends = following is None or following.kind in (TokenKind.COMMA, TokenKind.STOP)
        if acts and last is not None and last.article in _ONE and ((ends and lexeme.plural) or (following and _places(following))):
            return False  # "a parrot perches on", "a tractor ploughs."
        if following is not None and following.has(*_BEFORE_OBJECT) and not lexeme.has(Role.THING, Role.PLACE, Role.GENERIC):
            return lexeme.has(*MODIFIERS) and not following.has(Role.DETERMINER)
        return lexeme.has(*NOUNS, *MODIFIERS, *VOTES)

    def _phrase(self, start: int) -> tuple[NounPhrase | None, int]:
        """The longest phrase from `start`, and where it ends."""
        phrase = NounPhrase(self._lexemes[start].start, self._lexemes[start].start)
        run: list[Lexeme] = []
        at = start
        while (lexeme := self._at(at)) is not None:
            if not self._take(phrase, run, at):
                joined = self._joins_adjectives(run, at)
                if not joined:
                    break
                phrase.lexemes.extend(self._lexemes[at : at + joined])
                at += joined
                continue
            phrase.lexemes.append(lexeme)
            at += 1
        if at == start:
            return None, start
        self._heads.choose(phrase, run)
        at = self._count_after(phrase, at)
        phrase.end = self._lexemes[at - 1].end
        if phrase.head is None and not phrase.modifiers and not phrase.absent:
            return (None, start) if not phrase.lexemes or self._lexemes[start].has(Role.NUMBER) is False else (phrase, at)
        return self._with_of(phrase, at)

    def _count_after(self, phrase: NounPhrase, at: int) -> int:
        """ "barrels x4": a count behind the noun; where the phrase ends then."""
        after = self._at(at)
        if after is None or phrase.head is None or phrase.number is not None or after.words[0] != "x" or not after.has(Role.NUMBER):
            return at
        phrase.number = number_value(after)
        phrase.lexemes.append(after)
        return at + 1

    def _take(self, phrase: NounPhrase, run: list[Lexeme], at: int) -> bool:
        """Take one lexeme into the phrase; False when it does not belong."""
        lexeme = self._lexemes[at]
        noun_seen = any(is_nounish(one) for one in run)
        if noun_seen and self._is_left(at):
            return False
        if run and run[-1].text in self._lexicon.actors and lexeme.has(Role.VERB):
            return False  # "we sink": no kitchen sink
        if noun_seen and lexeme.has(Role.PLACE) and lexeme.words[0] in WHEREABOUTS:
            return False  # "a rocket on the moon", "a dog inside a barn", "sharks underwater": where it is, and no name of it
        if lexeme.kind not in (TokenKind.WORD, TokenKind.NUMBER) or (lexeme.has(Role.NEGATOR) and not lexeme.has(Role.DETERMINER)):
            return False
        if run and run[-1].possessive and set(lexeme.senses) == {Role.VERB}:
            run.append(replace(lexeme, senses={}))  # "a child's drawing"
            return True
        if run and run[-1].possessive and not is_nounish(lexeme) and not lexeme.has(*MODIFIERS, *VOTES):
            return False
        if run and lexeme.glued and lexeme.words[-1] in (*DENYING, *LIKENING):
            run.append(lexeme)
            return True
        stands_for_noun = lexeme.has(Role.PRONOUN) and (not self._can_begin(at + 1) or (bool(run) and not any(map(is_solid, run))))
        if lexeme.has(Role.NUMBER) and not lexeme.glued and not stands_for_noun:
            return not run and self._take_number(phrase, lexeme)
        if lexeme.has(Role.GROUP):
            return not noun_seen and self._take_group(phrase, lexeme, at)
        if lexeme.has(Role.DETERMINER):
            return not run and phrase.number is None and self._take_article(phrase, lexeme, at)
        if lexeme.has(*NOUNS, *MODIFIERS, *VOTES) or lexeme.unknown:
            if noun_seen and self._is_verb_here(phrase, run, at):
                return False
            after = self._at(at + 1)
            leads = self._can_begin(at + 1) or (after is not None and after.has(Role.PRONOUN))  # "trees surrounding it"
            if run and lexeme.has(Role.RELATION, Role.TURNED, Role.COMPARE, Role.OPENER) and noun_seen and leads:
                return False
            if (noun_seen or (run and not self._can_begin(at + 1))) and lexeme.has(Role.TO_HOST, Role.TO_VIEWER):
                return False  # "is pitched nearby"
            run.append(lexeme)
            return True
        if lexeme.has(Role.ADVERB):
            return not noun_seen and self._adverb_in_phrase(at)
        bare_verb = set(lexeme.senses) == {Role.VERB} and not lexeme.words[-1].endswith(("ing", "ed", "s"))
        if (
            bare_verb
            and (phrase.article or phrase.number or run)
            and (not noun_seen or (phrase.article in ("a", "an") and run[-1].unknown))
        ):
            run.append(replace(lexeme, senses={}))
            phrase.lexemes.append(run[-1])
            return True
        if is_participle(lexeme) and not noun_seen and self._can_begin(at + 1):
            run.append(lexeme)
            return True
        return False

    def _take_number(self, phrase: NounPhrase, lexeme: Lexeme) -> bool:
        value = number_value(lexeme)
        if value is None or (phrase.number is not None and value != 100):
            return False
        phrase.number = value if phrase.number is None else phrase.number * value
        return True

    def _take_group(self, phrase: NounPhrase, lexeme: Lexeme, at: int) -> bool:
        if phrase.group is not None or not self._can_begin(at + 1):
            return False
        phrase.group = self._lexicon.groups[lexeme.value(Role.GROUP)]
        return True

    def _take_article(self, phrase: NounPhrase, lexeme: Lexeme, at: int) -> bool:
        after = self._at(at + 1)
        if not self._can_begin(at + 1) and (after is None or not after.has(Role.ADVERB, Role.VERB)):
            return False
        phrase.article = lexeme.text
        return True

    def _joins_adjectives(self, run: Sequence[Lexeme], at: int) -> int:
        """How many lexemes of "," and "and" join two adjectives of one noun: "old, gnarled oak", "red and white boat"."""
        if not run or any(is_nounish(lexeme) for lexeme in run):
            return 0
        length = 0
        while (lexeme := self._at(at + length)) is not None and (lexeme.kind is TokenKind.COMMA or lexeme.text == "and"):
            length += 1
        following = self._at(at + length)
        if (
            not length
            or following is None
            or not following.has(*MODIFIERS, *VOTES)
            or following.has(Role.DETERMINER, Role.NUMBER, Role.GROUP)
        ):
            return 0
        ends = at + length
        while (lexeme := self._at(ends)) is not None and lexeme.has(*MODIFIERS, *VOTES) and not is_nounish(lexeme):
            ends += 1
        noun = self._at(ends)
        same = all(set(one.senses) & MODIFIERS for one in run) or self._lexemes[at].text == "and"
        return length if noun is not None and is_nounish(noun) and same and not noun.has(Role.DETERMINER) else 0

    def _is_verb_here(self, phrase: NounPhrase, run: Sequence[Lexeme], at: int) -> bool:
        """Whether the lexeme after a noun is that noun's verb ("a path winds along …", "trees line the road")."""
        lexeme, following = self._lexemes[at], self._at(at + 1)
        word = lexeme.words[-1]
        if run[-1].possessive:
            return False  # "a child's drawing on"
        if lexeme.unknown:
            return self._acts(at, phrase)
        if not lexeme.has(Role.VERB) or lexeme.glued:
            return False
        if self._is_doing(at):
            return True
        many = run[-1].plural and not lexeme.plural and run[-1].has(Role.THING)
        led = isinstance(self._items[-1], Lexeme) and self._items[-1].text == "where" if self._items else False
        if many and led and (following is None or following.kind in (TokenKind.COMMA, TokenKind.STOP)):
            return True  # "where the tall grasses quiver"
        if many and following is not None and (following.has(Role.DETERMINER) or (phrase.number is not None and _places(following))):
            return True  # "camels cross the desert", "three lions keep far from"
        if following is None or following.kind in (TokenKind.COMMA, TokenKind.STOP):
            if phrase.article in _ONE and lexeme.plural and not run[-1].plural:
                return True  # "a tractor ploughs."
            return not lexeme.has(Role.THING, Role.PLACE, Role.GENERIC, Role.PART, Role.AMBIENT)
        if word.endswith(("ing", "ed")) and not lexeme.has(*NOUNS):
            return not lexeme.has(*MODIFIERS) or following.has(Role.DETERMINER)
        if phrase.article in _ONE and word.endswith("s") and not run[-1].plural and _places(following):
            return True  # "a parrot perches on": no single thing is several perches
        agrees = word.endswith("s") != run[-1].plural or word in self._lexicon.data["irregular"]
        if not agrees:
            return False
        if lexeme.has(Role.THING, Role.PLACE, Role.GENERIC):
            return following.has(Role.DETERMINER, Role.PRONOUN)
        return following.has(*_BEFORE_OBJECT, Role.ADVERB) or not self._can_begin(at + 1)

    def _with_of(self, phrase: NounPhrase, at: int) -> tuple[NounPhrase, int]:
        word = self._at(at)
        if word is None or not word.has(Role.OF) or not self._begins_or_determines(at + 1):
            return phrase, at
        part, after = self._phrase(at + 1)
        if part is None:
            return phrase, at
        phrase.of, phrase.of_word, phrase.end = part, word.text, part.end
        phrase.lexemes.append(word)
        return phrase, after

    def _begins_or_determines(self, index: int) -> bool:
        lexeme = self._at(index)
        return lexeme is not None and self._can_begin(index) and not lexeme.has(Role.NEGATOR)


def _places(lexeme: Lexeme) -> bool:
    """A preposition, or a word that says where, and nothing else."""
    return lexeme.has(Role.RELATION, Role.TO_HOST, Role.TO_VIEWER) and not lexeme.has(*NOUNS)
