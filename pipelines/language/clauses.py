"""Clauses: a prompt item by item: phrases, prepositions, and the words between them that join, deny, compare and refer."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from pipelines.language.discourse import host_of_with
from pipelines.language.drafts import Draft, is_many
from pipelines.language.headings import heading_end
from pipelines.language.leftovers import relate_leftovers
from pipelines.language.lexicon import VOTES, Role
from pipelines.language.mentions import FIRST_PLACE, SAID_PLACE
from pipelines.language.noun_phrase import Item, NounPhrase
from pipelines.language.placing import says_each
from pipelines.language.subjects import Subjects
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import TokenKind
from pipelines.spec import Arrangement, RelationName

_REFLEXIVE = frozenset({"itself", "himself", "herself", "themselves"})
_BOTH = ("both", "both of them")
_MUTUAL = frozenset({RelationName.BESIDE, RelationName.FACING})  # what things are to each other
_HIGH_UP = ("roof", "rooftop", "balcony", "window", "terrace", "top", "tower")


class Clauses(Subjects):
    """One pass over the items of a prompt. `subjects` is who the next preposition speaks of; `chain` a list "A, B and C" so far."""

    def read(self) -> None:
        """Read every item."""
        at = self._heading() if not self._names_alone() else len(self._row)
        while at < len(self._row):
            if (after := self._row.taken_back(at)) is not None:
                self._scene.use(self._row[at].start, self._row[after - 1].end, "absent")
                at = after
                continue
            item = self._row[at]
            at = self._phrase(item, at) if isinstance(item, NounPhrase) else self._word(item, at)
        self._end_sentence()
        relate_leftovers(self._row, self._scene, self._spent)

    def _heading(self) -> int:
        """Where the scene begins after a heading; the air, the hour and the place that the heading names count all the same."""
        end = heading_end(self._row)
        for at in range(end):
            if isinstance(phrase := self._row[at], NounPhrase):
                self._mentions.hear(phrase)
                self._mentions.hear_compounds(phrase)
        if end:
            self._scene.use(self._row[0].start, self._row[end - 1].end, "grammar")
        return end

    def _names_alone(self) -> bool:
        """ "The moon": the only noun of the prompt, which elsewhere would only hang in the sky."""
        items = [self._row[at] for at in range(len(self._row))]
        phrases = [item for item in items if isinstance(item, NounPhrase)]
        nouns = [phrase for phrase in phrases if phrase.head is not None and not phrase.head.has(*VOTES)] or phrases[:1]
        head = (
            nouns[0].head if len(nouns) == 1 and not any(self._row.has(at, Role.VIEW, Role.NEGATOR) for at in range(len(items))) else None
        )
        place = self._mentions.alone(head) if head is not None else None
        if place is None:
            return False
        self._scene.places.add(place, FIRST_PLACE)
        for phrase in phrases:
            if phrase.head is head:  # its adjectives alone: the moon brings no night when it is the place
                self._mentions.mention(replace(phrase, head=None), place_weight=SAID_PLACE)
            else:
                self._mentions.hear(phrase)
            self._scene.use(phrase.start, phrase.end, "place" if phrase.head is head else "describes")
        return True

    def _word(self, word: Lexeme, at: int) -> int:
        if word.kind is TokenKind.STOP:
            if word.text == "(" and (closed := self._counted_in_bracket(at)) is not None:
                return closed
            if word.text in ("(", ")"):
                self._bracket(word.text)
                return at + 1
            if word.text == ":" and self._pending is not None:
                self._connector = "stop"
                return at + 1  # "behind the church: a wall"
            after = self._row.item(at + 1)
            if word.text == ":" and isinstance(after, NounPhrase) and after.head is None and not after.article:
                self._connector = "comma"
                return at + 1
            bearer = self._bearer(at) if word.text == ":" else None
            counted = next((draft for draft in self._talk.log[-1] if (draft.number or 0) > 1), None) if self._talk.log else None
            self._end_sentence()
            self._talk.counted = counted if word.text == ":" else None
            if bearer is not None:
                self._talk.host, self._distant_host, self._connector = bearer, True, "with"
        elif word.kind is TokenKind.COMMA:
            if self._denying and self._talk.subjects and self._row.has(at + 1, Role.BE, Role.VERB) and self._row.is_comma(at - 3):
                self._denying, self._connector = False, "none"  # "the cat, not the dog, is on the sofa"
                return at + 1
            self._connector = "comma" if self._connector != "and" else "and"
        elif word.text in ("except", "except for", "but for", "save for"):
            self._denying, self._connector = False, "and"
        elif word.has(Role.NEGATOR) and not (word.text == "not" and self._row.has(at + 1, Role.VERB)):
            self._denying, self._connector = True, "negator"
        elif word.has(Role.VIEW) and not (word.has(Role.RELATION) and self._talk.subjects and self._connector == "none"):
            self._scene.use(word.start, word.end, "view")
            self._scene.views.append(word.value(Role.VIEW))
            if self._row.has(at + 1, Role.OF) and isinstance(roof := self._row.item(at + 2), NounPhrase) and word.text.endswith(_HIGH_UP):
                self._scene.use(roof.start, roof.end, "view")
                return at + 3  # "from the roof of a house": the house is under one's feet
        elif word.text == "but":
            self._denying, self._connector = False, "and"
        elif word.has(Role.COMPARE) and not word.has(Role.RELATION) and self._row.is_compared(at + 1):
            self._compare(self._row[at + 1])
            return at + 2
        elif word.has(Role.ORDERED):
            self._in_order(RelationName(word.value(Role.ORDERED)), at)
        elif word.has(Role.ARRANGED):
            for draft in self._talk.subjects:
                self._arrange(draft, Arrangement(word.value(Role.ARRANGED)), self._mentions.number_in(word))
        elif word.text in _BOTH and (both := self._talk.both_before()):
            self._scene.named[word.start] = self._talk.subjects = both
            self._chain, self._connector, self._joined_by_and = list(both), "none", False
        elif self._is_member(word, at) and (part := self._groups.member(word)) is not None:
            self._part_subject(part)  # "two boats, one with a red sail", "one crate on the table, another under it"
        elif self._pending is not None and self._row.is_there_as_it_has(at):
            self._scene.use(word.start, self._row[at + 1].end, "grammar")
            return at + 2
        elif word.has(Role.PRONOUN) and not word.has(Role.NUMBER) and not word.has(Role.WITH):
            self._refer(word, at)
        elif word.has(Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST):
            return self._relation(word, at)
        elif word.has(Role.WITH) and self._row.is_auxiliary(at):
            self._scene.use(word.start, word.end, "grammar")
        elif word.has(Role.WITH):
            return self._with(at)
        elif word.has(Role.CONJUNCTION):
            if word.text == "plus" and self._connector == "comma":  # "six desks, each with a chair, plus a printer"
                self._talk.host, self._talk.singly, self._chain = None, False, []
            self._connector = "or" if word.text in ("or", "nor") else "and"
        elif word.has(Role.OPENER) and not self._denying and not word.has(Role.BE) and not self._row.has(at - 1, Role.BE):
            self._talk.subjects = [] if not self._pending else self._talk.subjects
            self._talk.host = None
        elif word.has(Role.VERB, Role.BE):
            self._scene.use(word.start, word.end, "grammar")
            self._verb_seen = bool(self._chain)
            if self._row.is_comma(at - 1) and self._row.ends_at(at + 1):
                self._mentions.become(self._talk.subjects, word)
            if word.words[-1].endswith("ing") and self._acts_alone(at):
                self._joined_by_and = False
            if self._outer and self._row.begins_clause(at - 1):
                self._outer, self._talk.host = [], None
            if self._outer and (not word.words[-1].endswith(("ing", "ed", "en")) or self._row.has(at - 1, Role.PRONOUN)):
                self._speak_of_outer()
            elif self._mentions.is_finite(word.words[-1]):
                self._speak_of_clause(at)
        return at + 1

    def _in_order(self, relation: RelationName, at: int) -> None:
        """ "a vase and a clock, from left to right", "two houses, one behind the other": each of a list stands so to the one before."""
        if relation in _MUTUAL:
            self._mutual(relation)
            return
        if len(self._chain) == 1 and self._chain[0].number == 2:
            self._chain = [self._chain[0], self._scene.split(self._chain[0], 1)]
            self._talk.subjects = list(self._chain)
            self._talk.lately.append(self._chain[1])
        follows = self._row.item(at + 1)
        if not self._chain and isinstance(follows, Lexeme) and follows.text == ":":
            self._ordering = relation  # "from left to right: a vase, a clock"
        for one, other in pairwise(self._chain):
            other.relate(relation, one)

    def _mutual(self, relation: RelationName) -> None:
        """ "a lion and a tiger side by side", "a cat and a dog in a yard facing each other": the several that were spoken of last."""
        spoken = self._chain if len(self._chain) > 1 or not self._talk.log else self._talk.log[-1]
        members = [draft for draft in spoken if draft.place is None]
        if any(map(is_many, members)) or (relation is RelationName.FACING and len(members) != 2):
            return  # "a table and two chairs facing each other"; of three nobody can say who faces whom
        for one, other in pairwise(members):
            other.relate(relation, one)
            if relation is RelationName.FACING:
                one.relate(relation, other)
        self._talk.subjects, self._chain, self._joined_by_and = list(members), list(members), False  # what is said next, is said of all

    def _bearer(self, colon: int) -> Draft | None:
        """ "a dinner table: a turkey, two candles": the thing that heads a list of what is on it."""
        named, before, after = self._row.item(colon - 1), self._row.item(colon - 2), self._row.item(colon + 1)
        begins = before is None or (isinstance(before, Lexeme) and before.kind is TokenKind.STOP)
        if not begins or not isinstance(named, NounPhrase) or not isinstance(after, NounPhrase) or named.plural:
            return None
        last = self._talk.subjects[-1] if len(self._talk.subjects) == 1 else None
        return last if last is not None and last.place is None and self._mentions.sorts.is_furniture(last) else None

    def _is_member(self, word: Lexeme, at: int) -> bool:
        """Whether "one" or "another" stands at the beginning of a clause, for a thing that has been named."""
        if self._connector not in ("comma", "and", "stop") or not (word.has(Role.NUMBER) or word.text in self._mentions.another):
            return False
        after = at + 1
        while self._row.has(after, Role.ADVERB):
            after += 1
        return self._row.next_is_relation(after) or self._row.has(after, Role.WITH, Role.BE, Role.VERB)

    def _counted_in_bracket(self, at: int) -> int | None:
        """ "traffic cones (qty 5) between the racks": how many there are of what stands before the bracket; where the text goes on."""
        count, named = self._row.bracketed_count(at), self._row.item(at - 1)
        counted = self._scene.named.get(named.start, []) if isinstance(named, NounPhrase) else []
        if count is None or len(counted) != 1 or counted[0].number is not None or counted[0].place is not None:
            return None
        number, end = count
        counted[0].number, counted[0].plural = number, number > 1
        self._scene.use(self._row[at].start, self._row[end].end, "describes")
        return end + 1

    def _bracket(self, sign: str) -> None:
        """ "crystals (purple)", "a bus stop (with a bench) by a wall": what is in brackets is an aside; whom it was said of goes on."""
        if sign == "(":
            self._aside = (list(self._talk.subjects), list(self._chain), self._talk.host)
        elif self._aside is not None:
            subjects, self._chain, self._talk.host = self._aside
            self._talk.subjects = [draft for draft in subjects if draft in self._scene.drafts] or self._talk.subjects
            self._aside, self._connector = None, "none"

    def _compare(self, item: Item) -> None:
        """ "like a giant", "for a picnic": named, but not there; the air it speaks of counts all the same."""
        assert isinstance(item, NounPhrase)
        self._scene.use(item.start, item.end, "comparison")
        if item.head is not None and item.head.has(Role.THING, Role.GENERIC):
            self._scene.note(f"“{self._mentions.text(item)}” is taken as a comparison or a purpose, not as a thing")

    def _end_sentence(self) -> None:
        if self._ordering is not None:
            for one, other in pairwise(self._chain):
                other.relate(self._ordering, one)
        self._ordering = None
        self._talk.end_sentence()
        self._chain, self._pending, self._outer = [], None, []
        self._denying, self._connector, self._joined_by_and, self._each, self._singly = False, "stop", False, None, None

    def _with(self, at: int) -> int:
        """What follows belongs to the thing just named; in a place, to nobody."""
        self._talk.host, self._distant_host = host_of_with(self._row, self._talk, at, self._connector)
        self._talk.host = self._bearing_host(self._talk.host, self._row.item(at + 1))
        each = self._row.item(at - 1)
        self._talk.singly = self._talk.host is not None and says_each(each)
        if self._talk.host is not None and self._talk.singly:
            self._each, self._distant_host = self._talk.host, False  # "two nightstands, each with a lamp"
        self._outer = [self._talk.host] if self._talk.host is not None else []
        if self._talk.host is None:
            self._chain, self._talk.subjects = [], []
        elif (
            isinstance(following := self._row.item(at + 1), NounPhrase)
            and self._talk.host.word in self._mentions.vessels
            and not self._row.is_placed(at + 1)
        ):
            self._mentions.hear(following)
            self._scene.use(following.start, following.end, "describes")
            self._scene.note(
                f"“{self._mentions.text(following)}” is taken as what the {self._talk.host.word} holds, not as a thing of its own"
            )
            self._talk.subjects, self._chain, self._connector = [self._talk.host], [self._talk.host], "none"
            return at + 2
        self._connector = "with"
        self._denying = False
        return at + 1

    def _bearing_host(self, host: Draft | None, item: Item | None) -> Draft | None:
        """ "the table by the window with a jug": small things come with what can bear them, not with what hangs on a wall."""
        sorts = self._mentions.sorts
        small = isinstance(item, NounPhrase) and sorts.may_be_small(item)
        if host is None or not small or sorts.is_borne(host):
            return host
        if not sorts.is_off_the_floor(host) and host.word not in self._mentions.lexicon.building_parts:
            return host
        beside = (one for one in reversed(self._talk.subjects) if any(host in objects for _, objects in one.relations))
        return next((one for one in beside if sorts.is_furniture(one)), host)

    def _refer(self, word: Lexeme, at: int) -> None:
        """A pronoun as subject, or a relative one."""
        if word.text in _REFLEXIVE and self._talk.subjects:
            return  # "has hauled itself onto": who does it is still spoken of
        if word.text == "where":
            self._talk.subjects, self._chain, self._talk.host = [], [], None
            return
        if word.text in ("which", "that", "who", "whose"):
            self._speak_of_related(word)
            return
        if word.text == "each" and self._row.ends_at(at + 1):
            return  # "with two chairs each"
        if word.text == "each" and self._talk.subjects and is_many(self._talk.subjects[-1]):
            self._singly = self._talk.subjects[-1]  # "four benches, each under a tree"
            return
        found = self._talk.antecedent(word)
        self._scene.named[word.start] = found
        if found:
            self._talk.subjects, self._chain, self._connector = found, list(found), "none"
            if word.text == "it" and self._row.has(at + 1, Role.VERB) and not self._row.has(at - 1, Role.CONJUNCTION):
                self._talk.log.append(list(found))

    def _speak_of_related(self, word: Lexeme) -> None:
        """ "beside the font, which …": what was named last; "who": the last somebody; not the hill that a castle, "which has", is on."""
        lately, sorts = self._talk.lately, self._mentions.sorts
        if word.text == "who":
            lately = [draft for draft in lately if sorts.is_alive(draft)] or lately
        after_comma = word.text == "which" and self._connector == "comma" and bool(lately) and not sorts.is_terrain(lately[-1])
        if lately and (self._connector == "none" or after_comma):
            self._talk.subjects = lately[-1:]
        if after_comma:
            self._talk.host, self._connector = None, "none"
