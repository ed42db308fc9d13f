"""Subjects: noun phrases: what a phrase becomes of the clause that it stands in: a new subject, a look, a part, clothes, a label."""

from __future__ import annotations

from dataclasses import replace

from pipelines.language.discourse import relate
from pipelines.language.drafts import Draft, is_bare_part, is_many
from pipelines.language.headings import filmed_from, place_shown
from pipelines.language.lexicon import VOTES, Role
from pipelines.language.mentions import FIRST_PLACE, HINT, IN_PLACE, PLACE_AS_OBJECT, SAID_PLACE
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.objects import is_placing
from pipelines.language.phrases import MODALS, WHEREABOUTS
from pipelines.language.placing import says_each
from pipelines.language.predicates import Predicates
from pipelines.language.row import ASIDE, SIDES, is_part
from pipelines.language.tagging import Lexeme
from pipelines.spec import VIEWER, RelationName

_PASSING = frozenset({"through", "throughout", "into", "from", "to", "via", "than", "during"})
_WHEN = frozenset({"since", "until", "till", "during"})


class Subjects(Predicates):
    """Reads noun phrases."""

    def _phrase(self, phrase: NounPhrase, at: int) -> int:
        if self._denying and self._row.denial_goes_on(phrase, at, self._connector):
            self._mentions.exclude(phrase)
            self._connector = "none"
            self._denying = phrase.head is not None or self._row.has(at + 1, Role.CONJUNCTION)  # "who is never late": no more is denied
            return at + 1
        self._denying = False
        if (shown := place_shown(self._row, at)) is not None:
            self._scene.use(phrase.start, shown.start, "grammar")
            phrase = shown
        if self._is_occasion(phrase, at):
            return at + 1
        phrase = self._without_task(phrase, at)
        if self._counts_before(phrase, at):
            return at + 1
        if (seen := filmed_from(self._row, at)) is not None and not self._mentions.is_there("camera"):
            self._scene.use(phrase.start, self._row[seen - 1].end, "view")
            self._connector = "stop"
            return seen
        if self._pending is not None and self._outer and self._connector == "comma" and self._row.has(at - 2, Role.PRONOUN):
            self._talk.host = None  # "on the table: a bowl with apples in it, a jug"
        within = (
            self._connector == "and" and self._talk.host in self._outer and self._row.is_placed(at)
        )  # "a bowl with a pear and a fig in it"
        self._outer = [] if self._connector in ("comma", "and", "stop") and not within else self._outer
        if self._outer and phrase.head is None and self._row.has(at - 1, Role.PRONOUN) and self._row.next_is_relation(at + 1):
            self._speak_of_outer()  # "a scarecrow with a crow on it standing between two beds"
        if self._made_of(phrase, at) or self._is_label(phrase, at) or self._is_speaker(phrase, at) or self._worn(phrase, at):
            return at + 1
        if (meant := self._groups.meant(phrase, self._row.item(at + 1))) is not None:
            return self._again(meant, phrase, at)
        if self._is_what(phrase, at):
            return at + 2
        if self._again_named(phrase, at):
            return at + 1
        if (listed := self._groups.listed(phrase)) is not None:
            self._part_subject(listed)
            self._at_side([listed], phrase)
            return at + 1
        if (another := self._groups.another(phrase)) is not None:
            self._new_subjects([another], at)
            return at + 1
        if (other := self._groups.gapped(phrase)) is not None:
            self._talk.lately.append(other)
            phrase = replace(phrase, article="", number=None)
        apart = self._row.puts_apart(at + 1) and self._mentions.may_stand_alone(phrase)
        self._mentions.hosted = self._talk.host is not None and self._connector in ("with", "and", "comma") and not apart
        if self._row.is_look_of_some(at, parted=self._groups.parted) and phrase.head is not None:
            phrase = replace(phrase, head=None, modifiers=[*phrase.modifiers, phrase.head])  # "one green and one orange"
        if phrase.head is None and (self._partition(phrase, at) or self._predicate(phrase, at)):
            return at + 1
        after = self._row.item(at + 1)
        self._mentions.lying = isinstance(after, Lexeme) and after.text == "on"
        owner = self._row.item(at - 1)
        owned = isinstance(owner, NounPhrase) or (isinstance(owner, Lexeme) and owner.text == "whose")
        self._mentions.settle_part(phrase, owned=owned, apart=apart)
        drafts = self._mentions.mention(phrase, place_weight=self._place_weight(phrase, at), fresh=self._row.is_bare_in_list(at))
        self._mentions.lying = False
        self._first = self._first and phrase.head is None
        if len(drafts) == 1 and is_bare_part(drafts[0]) and self._part(drafts[0], phrase, at):
            return at + 1
        if not drafts:
            self._void(phrase)
        elif (
            self._connector == "none"
            and self._talk.subjects
            and isinstance(before := self._row.item(at - 1), Lexeme)
            and before.text in _PASSING
        ):
            self._talk.lately.extend(drafts)  # "winds through a valley": said of the subject, which stays
            things = before.text != "from" and all(draft.options and draft.place is None for draft in drafts)
            if things and self._row.next_is_relation(at + 1):
                self._talk.subjects = drafts  # "leads to a mill beside a barn"
        elif self._connector == "none" and self._talk.subjects and phrase.head is not None and phrase.head.text in WHEREABOUTS:
            self._talk.lately.extend(drafts)  # "a wreck deep underwater": the wreck is still spoken of
        elif all(draft.place is not None for draft in drafts) and not self._pending:
            self._talk.subjects, self._chain, self._talk.host, self._connector = drafts, list(drafts), None, "none"
            self._talk.log.append(drafts)
            scene = self._scene.places.winner()
            self._talk.lately.extend(draft for draft in drafts if draft.options and draft.place != scene)  # "a bakery" in a street
        elif self._connector == "none" and self._talk.subjects and is_part(phrase) and all(not draft.options for draft in drafts):
            pass
        elif self._talk.host is not None and is_part(phrase) and self._connector in ("with", "and", "comma"):
            self._talk.subjects, self._chain, self._connector = [self._talk.host], [self._talk.host], "none"
        else:
            does = self._connector == "none" and self._people.does_with(self._row.item(at - 1), self._talk.subjects)
            ordered = isinstance(modal := self._row.item(at - 2), Lexeme) and modal.text in MODALS  # "should pick up the mug"
            doers = list(self._talk.subjects) if does and not ordered else []
            self._new_subjects(drafts, at)
            self._done_with, self._taken_along = (drafts, doers), self._people.takes_along(self._row.item(at - 1))
            self._at_side(drafts, phrase)
            side = self._people.at_side(self._row.item(at - 1), doers)
            relate([draft for draft in drafts if draft.options or draft.generic], side, tuple(doers[-1:]), turned=False)
        return at + 1

    def _is_occasion(self, phrase: NounPhrase, at: int) -> bool:
        """ "since the funeral": a word that nobody knows, of when something was, names no thing."""
        before = self._row.item(at - 1)
        if phrase.head is None or not phrase.head.unknown or not isinstance(before, Lexeme) or before.text not in _WHEN:
            return False
        self._scene.use(phrase.start, phrase.end, "comparison")
        return True

    def _without_task(self, phrase: NounPhrase, at: int) -> NounPhrase:
        """ "Tabletop rearrangement, …", "Bin inspection, …": the thing that a task at the beginning is named after."""
        task = phrase.head is not None and phrase.head.unknown and phrase.head.words[-1].endswith(("tion", "ing", "ment"))
        if at > 0 or not task or phrase.article or not self._row.is_sign(at + 1) or len(phrase.compounds) != 1:
            return phrase
        named = phrase.compounds[0]
        if phrase.head is None or not named.has(Role.THING, Role.PLACE):
            return phrase
        self._scene.use(phrase.head.start, phrase.head.end, "grammar")
        return replace(phrase, head=named, compounds=[])

    def _counts_before(self, phrase: NounPhrase, at: int) -> bool:
        """ "geese, six.": a number alone behind a plural that nobody has counted."""
        alone = phrase.number is not None and phrase.head is None and not phrase.modifiers and self._row.is_comma(at - 1)
        counted = self._talk.subjects[0] if len(self._talk.subjects) == 1 else None
        if (
            not alone
            or not self._row.ends_at(at + 1)
            or counted is None
            or not counted.plural
            or counted.number is not None
            or counted.place is not None
        ):
            return False
        counted.number = phrase.number
        self._scene.use(phrase.start, phrase.end, "number")
        return True

    def _at_side(self, drafts: list[Draft], phrase: NounPhrase) -> None:
        """ "bed left, desk right": a side alone behind the noun is where it stands."""
        after = [one for one in phrase.compounds if phrase.head is not None and one.start > phrase.head.start]
        for side in (RelationName.LEFT_OF, RelationName.RIGHT_OF):
            if any(one.text == side.value.partition(" ")[0] for one in after):
                relate(drafts, side, (VIEWER,), turned=False)

    def _worn(self, phrase: NounPhrase, at: int) -> bool:
        """ "with a straw hat", "wearing a raincoat", "in a dress and a hat": what somebody has on is no thing beside them."""
        before = self._row.item(at - 1)
        goes_on = self._people.goes_on(self._row.item(at - 2)) and self._connector in ("and", "comma")
        if self._connector == "with":
            wearers = [self._talk.host] if self._talk.host is not None else []
        elif self._people.puts_on(before) or (goes_on and not (self._row.is_comma(at - 1) and self._row.next_is_relation(at + 1))):
            wearers = self._talk.subjects
        else:
            return False
        puts_on = self._people.puts_on(before)
        if not (puts_on and self._people.hangs_on(phrase, wearers)) and not self._people.wear(phrase, wearers, said=puts_on):
            return False
        self._talk.subjects, self._chain, self._connector = wearers[-1:], wearers[-1:], "none"
        return True

    def _is_speaker(self, phrase: NounPhrase, at: int) -> bool:
        """ "when I was a child": who speaks is not in the picture."""
        before = self._row.item(at - 2)
        speaker = before.head if isinstance(before, NounPhrase) else before
        if speaker is None or speaker.text not in ("i", "we", "you") or not self._row.has(at - 1, Role.BE):
            return False
        if phrase.head is None or not phrase.article:
            return False
        self._scene.use(phrase.start, phrase.end, "comparison")
        return True

    def _is_label(self, phrase: NounPhrase, at: int) -> bool:
        """ "Weather: fog": the word before the colon says nothing itself."""
        stop = self._row.item(at + 1)
        words = " ".join(lexeme.text for lexeme in phrase.lexemes)
        heading = (
            at == 0
            and phrase.head is not None
            and (phrase.head.unknown or (phrase.head.has(Role.UNBUILDABLE, Role.AMBIENT) and not phrase.head.has(Role.THING)))
        )
        if not isinstance(stop, Lexeme) or stop.text != ":" or not (heading or words in self._mentions.labels):
            return False
        self._mentions.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "grammar")
        return True

    def _again(self, meant: list[Draft], phrase: NounPhrase, at: int) -> int:
        """What was spoken of before is the subject again; after "on it stands" it is what stands there."""
        doers = self._talk.subjects[-1:] if self._people.handles(self._row.item(at - 1), self._talk.subjects) else []
        relate(meant, RelationName.BESIDE, tuple(doers), turned=False)  # "a mechanic repairing the left one"
        if self._pending is not None:
            self._new_subjects(meant, at)
        self._talk.subjects, self._chain, self._connector = meant, list(meant), "none"
        self._talk.host = (
            self._talk.host if self._talk.host in meant else None
        )  # "the first one has a lantern, the second one a bell on it"
        self._talk.lately.extend(meant)
        self._talk.log.append(list(meant))
        return at + self._groups.ends_at(phrase, self._row.item(at + 1))

    def _part(self, part: Draft, phrase: NounPhrase, at: int) -> bool:
        """A part with a look goes to its thing. True when nothing else is to be made of the phrase."""
        belongs_here = self._talk.host is not None and self._connector in ("with", "and", "comma")
        said_of_it = self._row.has(at + 1, Role.BE) or self._row.has(at - 1, Role.PRONOUN)
        host = self._talk.host
        if host is not None and (belongs_here or self._connector == "none"):
            self._mentions.wholes.belongs(part, self._mentions.wholes.likely(part, host, self._talk.lately))
        else:
            given = isinstance(self._row.item(at - 1), NounPhrase)  # "give the cottage a blue roof"
            known = self._mentions.wholes.before(part, self._talk.lately) if given or phrase.article not in ("a", "an") else None
            self._mentions.wholes.belongs(part, known if not self._talk.subjects or self._talk.subjects[-1].place is None else None)
        if said_of_it:
            if part.part_of is not None and part.part_of not in self._talk.lately:
                self._talk.lately.append(part.part_of)
            self._talk.subjects, self._chain, self._connector = [part], [part], "none"
            return True
        if belongs_here and self._talk.host is not None:
            self._talk.subjects, self._chain, self._connector = [self._talk.host], [self._talk.host], "none"
            return True
        if part.part_of is not None and part.part_of in self._scene.drafts:
            self._talk.subjects, self._chain, self._connector = [part.part_of], [part.part_of], "none"
            if part.part_of not in self._talk.lately:
                self._talk.lately.append(part.part_of)
                self._talk.log.append([part.part_of])
            return True
        return False

    def _partition(self, phrase: NounPhrase, at: int) -> bool:
        """ "two cars, one red and one blue", "four of them wearing hats": a number without a noun speaks of so many of the last group."""
        some = phrase.lexemes[-1].words[-2:] == ("of", "them") and self._connector == "comma"
        if not (phrase.modifiers or some) or phrase.number is None or (part := self._groups.some(phrase.number, phrase.modifiers)) is None:
            return False
        self._mentions.hear(phrase)
        self._part_subject(part)
        if self._row.is_comma(at + 1) and (
            self._row.next_is_relation(at + 2) or self._row.has(at + 2, Role.VERB, Role.BE)
        ):  # "five chairs, one of them red, around a table": all are
            self._talk.subjects = [*self._groups.others(part), part]
            self._chain, self._joined_by_and = list(self._talk.subjects), True
        return True

    def _part_subject(self, part: Draft) -> None:
        """Some members of a group as the subject."""
        self._joined_by_and = self._connector == "and"
        self._chain = [*(draft for draft in self._chain if draft in self._scene.drafts), part]
        self._talk.subjects, self._connector, self._talk.host = [part], "none", None
        self._talk.log.append(list(self._chain) if self._joined_by_and else [part])

    def _void(self, phrase: NounPhrase) -> None:
        """ "mist on the lake": what is in the air has a place too, but it is nobody's."""
        if self._pending is None and self._connector != "none" and any(lexeme.has(*VOTES) for lexeme in phrase.modifiers):
            spans_scene = any(lexeme.has(Role.TIME, Role.SEASON) for lexeme in phrase.modifiers)
            self._talk.subjects = [] if spans_scene else [Draft("")]
        self._connector = "none"

    def _place_weight(self, phrase: NounPhrase, at: int) -> float:
        before = self._row.item(at - 1)
        if self._pending is not None and self._pending.relation in SIDES:
            return PLACE_AS_OBJECT  # "a cabin; behind it is a forest": one stands before the forest, not in it
        if self._first:
            return FIRST_PLACE
        if self._stands_aside(at):
            return HINT  # "a volcano, a cave behind the volcano"
        if isinstance(before, Lexeme) and is_placing(before):
            return IN_PLACE
        return SAID_PLACE

    def _stands_aside(self, at: int) -> bool:
        """Whether the next words put what is named at `at` to the side of a thing: it is not the place of all the others then."""
        word, named = self._row.item(at + 1), self._row.item(self._row.skip_filler(at + 2))
        if isinstance(word, Lexeme) and word.has(Role.TO_HOST) and "its" in word.words:
            return True  # "a cliff with a cave at its foot"
        if not isinstance(word, Lexeme) or not word.has(Role.RELATION) or word.value(Role.RELATION) not in ASIDE:
            return False
        if word.text == "at" and self._mentions.is_room(self._row.item(at)):
            return False  # "the library at my school"
        known = isinstance(named, NounPhrase) and named.head is not None
        return known and isinstance(named, NounPhrase) and named.head is not None and named.head.has(Role.THING, Role.GENERIC)

    def _new_subjects(self, drafts: list[Draft], at: int) -> None:
        """The drafts begin or lengthen a list, take a fronted relation, and come "with" the host."""
        joined = self._connector in ("comma", "and") or isinstance(self._row.item(at - 1), NounPhrase)  # "a teapot two cups and a plate"
        listed = joined and bool(self._chain) and not self._verb_seen
        self._verb_seen = False
        self._joined_by_and = listed and self._connector == "and"
        self._chain = [*self._chain, *drafts] if listed else list(drafts)
        self._talk.subjects = drafts
        self._talk.lately.extend(drafts)
        if listed and self._joined_by_and and self._talk.log:
            self._talk.log[-1] = list(self._chain)
        else:
            self._talk.log.append(list(drafts))
        if self._talk.host is not None and self._connector in ("with", "and", "comma"):
            for draft in drafts:
                draft.host = self._talk.host if draft is not self._talk.host else None
                draft.loose = self._distant_host or self._connector == "comma" or any(one.loose for one in self._chain)
            self._spread(drafts)
        again = self._talk.singly and self._connector == "and" and any(one.each_of is self._talk.host for one in self._talk.lately)
        if again and all(draft.number in (None, 1) and not draft.plural and draft.each_of is None for draft in drafts):
            self._each = self._talk.host  # "8 desks, each having one monitor on it and one chair behind"
            self._spread(drafts)
        owner = self._talk.host or (self._chain[-2] if len(self._chain) > 1 else None)
        if says_each(self._row.item(at + 1)) and self._row.ends_at(at + 2) and owner is not None and is_many(owner):
            self._each = owner  # "three tables with two chairs each"
            self._spread(drafts)
        if self._pending is not None and not any(draft.host is not None and draft.host in self._outer for draft in drafts):
            pending = self._pending
            goes_on = self._row.next_is_relation(at + 1) or self._row.has(at + 1, Role.VERB, Role.BE)
            hung = isinstance(verb := self._row.item(at + 1), Lexeme) and verb.words[-1].startswith(("hang", "hung", "dangl", "swing"))
            for draft in drafts if hung and pending.turned else ():
                draft.hung = True  # "above the stove a pan hangs"
            goes_on = goes_on and not (pending.referred and self._row.ends_with_verb(at + 1))
            if not listed or not goes_on:
                self._spread(drafts if not pending.turned else ())
                for said in pending.all():
                    for objects in said.rows:
                        around = self._objects.carrier(drafts, objects, said.relation) if said.referred else objects
                        relate(drafts, said.relation, around, turned=said.turned, distance_m=said.distance_m)
            if goes_on or (not listed and self._connector == "comma" and self._row.is_comma(at + 1)):
                self._pending = None
        self._connector = "none"
