"""Clauses: who stands where to whom. Reads phrases and the words between them, and writes relations into the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pipelines.language.discourse import Discourse, host_of_with, opposite_of, relate
from pipelines.language.drafts import Draft, SceneDraft, is_bare_part, is_many, is_named
from pipelines.language.groups import Groups, number_of
from pipelines.language.lexicon import VOTES, Role
from pipelines.language.looks import wear
from pipelines.language.mentions import EACH, FIRST_PLACE, IN_PLACE, PLACE_AS_OBJECT, SAID_PLACE, Mentions
from pipelines.language.objects import PLACING, Objects
from pipelines.language.people import People
from pipelines.language.phrases import Item, NounPhrase
from pipelines.language.row import INNER, SIDES, Row, is_part
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import TokenKind
from pipelines.spec import VIEWER, Arrangement, RelationName

_PASSING = frozenset({"through", "throughout", "into", "from", "to", "via", "than", "during"})
_HIGH_UP = ("roof", "rooftop", "balcony", "window", "terrace", "top", "tower")
_TOPS = (
    "roof",
    "rooftop",
    "lid",
    "top",
    "seat",
    "saddle",
    "back",
    "deck",
    "shoulder",
    "head",
    "hood",
    "bonnet",
)  # what is on them is on the whole thing
_FORMATIONS = {
    "rows": Arrangement.ROWS, "lines": Arrangement.ROWS, "columns": Arrangement.ROWS, "row": Arrangement.ROW, "line": Arrangement.ROW,
    "piles": Arrangement.CLUSTER, "stacks": Arrangement.CLUSTER, "groups": Arrangement.CLUSTER,
}  # fmt: skip
_LEAST_IN_ROWS = 12
Pending = tuple[RelationName, tuple[Draft | str, ...], bool, float | None]


def _says_each(item: Item | None) -> bool:
    """ "each", "each of them", "each one", "every chair"."""
    return item is not None and (item.article if isinstance(item, NounPhrase) else item.text).partition(" ")[0] in EACH


class Clauses:
    """One pass over the items of a prompt. `subjects` is who the next preposition speaks of; `chain` a list "A, B and C" so far."""

    def __init__(self, items: Sequence[Item], scene: SceneDraft, mentions: Mentions) -> None:
        self._row = Row(items)
        self._talk = Discourse()
        self._scene = scene
        self._mentions = mentions
        self._groups = Groups(scene, mentions, self._talk)
        self._people = People(scene, mentions)
        self._objects = Objects(self._row, self._talk, mentions, self._groups)
        self._chain: list[Draft] = []
        self._joined_by_and = False
        self._connector = "stop"
        self._pending: Pending | None = None
        self._denying = False
        self._outer: list[Draft] = []
        self._first = True
        self._verb_seen = False
        self._distant_host = False
        self._distance_m: float | None = None
        self._each: Draft | None = None

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

    def _heading(self) -> int:
        """ "autonomous driving test: a rainy crossroads": where the scene begins after a heading that names nothing in it."""
        colon = self._row.heading_ends()
        phrases = [phrase for at in range(colon) if isinstance(phrase := self._row[at], NounPhrase)]
        last = self._row.item(colon - 1)
        doing = isinstance(last, Lexeme) and last.has(Role.VERB) and last.text.endswith("ing")  # "bin picking:"
        named = [phrase for phrase in phrases if phrase.head is not None and phrase.head.has(Role.THING, Role.GENERIC, Role.PLACE)]
        if not phrases or any(phrase.article or not doing for phrase in named):
            return 0
        for phrase in phrases:
            self._mentions.hear(phrase)
            self._mentions.hear_compounds(phrase)
        self._scene.use(self._row[0].start, self._row[colon].end, "grammar")
        return colon + 1

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

    def _phrase(self, phrase: NounPhrase, at: int) -> int:
        if self._denying and self._row.denial_goes_on(phrase, at, self._connector):
            self._mentions.exclude(phrase)
            self._connector = "none"
            return at + 1
        self._denying = False
        self._outer = [] if self._connector in ("comma", "and", "stop") else self._outer
        if self._made_of(phrase, at) or self._is_label(phrase, at) or self._is_speaker(phrase, at) or self._worn(phrase, at):
            return at + 1
        if (meant := self._groups.meant(phrase, self._row.item(at + 1))) is not None:
            return self._again(meant, phrase, at)
        if (another := self._groups.another(phrase)) is not None:
            self._new_subjects([another], at)
            return at + 1
        if (other := self._groups.gapped(phrase)) is not None:
            self._talk.lately.append(other)
            phrase = replace(phrase, article="", number=None)
        self._mentions.hosted = self._talk.host is not None and self._connector in ("with", "and", "comma")
        if self._row.is_look_of_some(at, parted=self._groups.parted) and phrase.head is not None:
            phrase = replace(phrase, head=None, modifiers=[*phrase.modifiers, phrase.head])  # "one green and one orange"
        if phrase.head is None and (self._partition(phrase) or self._predicate(phrase, at)):
            return at + 1
        after = self._row.item(at + 1)
        self._mentions.lying = isinstance(after, Lexeme) and after.text == "on"
        owner = self._row.item(at - 1)
        owned = isinstance(owner, NounPhrase) or (isinstance(owner, Lexeme) and owner.text == "whose")
        self._mentions.settle_part(phrase, owned=owned)
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
        elif all(draft.place is not None for draft in drafts) and not self._pending:
            self._talk.subjects, self._chain, self._talk.host, self._connector = drafts, list(drafts), None, "none"
            self._talk.log.append(drafts)
        elif self._connector == "none" and self._talk.subjects and is_part(phrase) and all(not draft.options for draft in drafts):
            pass
        elif self._talk.host is not None and is_part(phrase) and self._connector in ("with", "and", "comma"):
            self._talk.subjects, self._chain, self._connector = [self._talk.host], [self._talk.host], "none"
        else:
            doers = list(self._talk.subjects) if self._people.handles(self._row.item(at - 1), self._talk.subjects) else []
            self._new_subjects(drafts, at)
            relate([draft for draft in drafts if draft.options or draft.generic], RelationName.BESIDE, tuple(doers[-1:]), turned=False)
        return at + 1

    def _made_of(self, phrase: NounPhrase, at: int) -> bool:
        """ "the well is of stone"."""
        head = phrase.head
        if head is None or not head.has(Role.MATERIAL) or phrase.article or not self._talk.subjects:
            return False
        if not (self._row.has(at - 1, Role.OF) and self._row.has(at - 2, Role.BE, Role.VERB)):
            return False
        self._mentions.hear(phrase)
        for draft in self._talk.subjects:
            draft.material = draft.material or head.value(Role.MATERIAL)
        return True

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
        if not self._people.wear(phrase, wearers):
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
        heading = at == 0 and phrase.head is not None and (phrase.head.unknown or phrase.head.has(Role.UNBUILDABLE, Role.AMBIENT))
        if not isinstance(stop, Lexeme) or stop.text != ":" or not (heading or words in self._mentions.labels):
            return False
        self._mentions.hear(phrase)
        self._scene.use(phrase.start, phrase.end, "grammar")
        return True

    def _again(self, meant: list[Draft], phrase: NounPhrase, at: int) -> int:
        """What was spoken of before is the subject again; after "on it stands" it is what stands there."""
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

    def _partition(self, phrase: NounPhrase) -> bool:
        """ "two cars, one red and one blue": adjectives with a number speak of so many of the last group."""
        if not phrase.modifiers or phrase.number is None or (part := self._groups.some(phrase.number, phrase.modifiers)) is None:
            return False
        self._mentions.hear(phrase)
        self._part_subject(part)
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
        if self._pending is not None and self._pending[0] in SIDES:
            return PLACE_AS_OBJECT  # "a cabin; behind it is a forest": one stands before the forest, not in it
        if self._first:
            return FIRST_PLACE
        if isinstance(before, Lexeme) and before.text in PLACING:
            return IN_PLACE
        return SAID_PLACE

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
        if self._pending is not None and not any(draft.host is not None and draft.host in self._outer for draft in drafts):
            relation, objects, turned, distance_m = self._pending
            goes_on = self._row.next_is_relation(at + 1) or self._row.has(at + 1, Role.VERB, Role.BE)
            if not listed or not goes_on:
                self._spread(drafts if not turned else ())
                relate(drafts, relation, objects, turned=turned, distance_m=distance_m)
            if goes_on or (not listed and self._connector == "comma" and self._row.is_comma(at + 1)):
                self._pending = None
        self._connector = "none"

    def _word(self, word: Lexeme, at: int) -> int:
        if word.kind is TokenKind.STOP:
            if word.text in ("(", ")") or (word.text == ":" and self._pending is not None):
                return at + 1  # "crystals (purple)", "behind the church: a wall"
            after = self._row.item(at + 1)
            if word.text == ":" and isinstance(after, NounPhrase) and after.head is None and not after.article:
                self._connector = "comma"
                return at + 1
            self._end_sentence()
        elif word.kind is TokenKind.COMMA:
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
            if len(self._chain) == 1 and self._chain[0].number == 2:  # "two houses, one behind the other"
                self._chain = [self._chain[0], self._scene.split(self._chain[0], 1)]
                self._talk.subjects = list(self._chain)
            for one, other in pairwise(self._chain):
                other.relate(RelationName(word.value(Role.ORDERED)), one)
        elif word.has(Role.ARRANGED):
            for draft in self._talk.subjects:
                self._arrange(draft, Arrangement(word.value(Role.ARRANGED)), self._mentions.number_in(word))
        elif word.has(Role.NUMBER) and self._row.has(at + 1, Role.WITH) and self._connector in ("comma", "and", "stop"):
            part = self._groups.some(number_of(word), [])  # "two boats, one with a red sail"
            if part is not None:
                self._part_subject(part)
        elif word.has(Role.PRONOUN) and not word.has(Role.NUMBER) and not word.has(Role.WITH):
            self._refer(word, at)
        elif word.has(Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST):
            return self._relation(word, at)
        elif word.has(Role.WITH):
            return self._with(at)
        elif word.has(Role.CONJUNCTION):
            self._connector = "or" if word.text in ("or", "nor") else "and"
        elif word.has(Role.OPENER) and not self._denying and not word.has(Role.BE):
            self._talk.subjects = [] if not self._pending else self._talk.subjects
            self._talk.host = None
        elif word.has(Role.VERB, Role.BE):
            self._scene.use(word.start, word.end, "grammar")
            self._verb_seen = bool(self._chain)
            if word.words[-1].endswith("ing"):
                self._joined_by_and = False
            if self._outer and not word.words[-1].endswith(("ing", "ed", "en")):
                self._talk.subjects, self._chain, self._outer, self._talk.host = self._outer, list(self._outer), [], None
        return at + 1

    def _compare(self, item: Item) -> None:
        """ "like a giant", "for a picnic": named, but not there; the air it speaks of counts all the same."""
        assert isinstance(item, NounPhrase)
        self._scene.use(item.start, item.end, "comparison")
        if item.head is not None and item.head.has(Role.THING, Role.GENERIC):
            self._scene.note(f"“{self._mentions.text(item)}” is taken as a comparison or a purpose, not as a thing")

    def _end_sentence(self) -> None:
        self._talk.end_sentence()
        self._chain, self._pending, self._outer = [], None, []
        self._denying, self._connector, self._joined_by_and, self._each = False, "stop", False, None

    def _with(self, at: int) -> int:
        """What follows belongs to the thing just named; in a place, to nobody."""
        self._talk.host, self._distant_host = host_of_with(self._row, self._talk, at, self._connector)
        each = self._row.item(at - 1)
        self._talk.singly = self._talk.host is not None and _says_each(each)
        if self._talk.host is not None and self._talk.singly:
            self._each = self._talk.host  # "two nightstands, each with a lamp"
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

    def _refer(self, word: Lexeme, at: int) -> None:
        """A pronoun as subject, or a relative one."""
        if word.text == "where":
            self._talk.subjects, self._chain, self._talk.host = [], [], None
            return
        if word.text in ("which", "that", "who", "whose"):
            if self._talk.lately and self._connector == "none":
                self._talk.subjects = self._talk.lately[-1:]
            return
        if word.text == "each" and self._talk.subjects and is_many(self._talk.subjects[-1]):
            return  # "four benches, each under a tree"
        found = self._talk.antecedent(word)
        if found:
            self._talk.subjects, self._chain, self._connector = found, list(found), "none"

    def _relation(self, word: Lexeme, at: int) -> int:
        """A preposition with its object, or a place word without one."""
        doing = word.words[0].endswith("ing") and self._connector == "comma" and bool(self._talk.subjects)
        if doing and all(draft.place is not None or not is_named(draft) for draft in self._talk.subjects):
            doers = [group for group in self._talk.log if all(draft.options or draft.generic for draft in group)]
            self._talk.subjects, self._talk.host = (doers[-1] if doers else self._talk.subjects), None  # "kids having a picnic, sitting on"
        self._scene.use(word.start, word.end, "relation")
        self._distance_m = float(word.value(Role.DISTANCE)) if word.has(Role.DISTANCE) else None
        objects_at = self._row.skip_filler(at + 1)
        follows = self._row.item(objects_at)
        takes_object = isinstance(follows, NounPhrase) or (
            isinstance(follows, Lexeme)
            and follows.has(Role.PRONOUN)
            and not follows.has(Role.BE)
            and follows.text not in ("that", "who", "where")
        )
        if word.has(Role.RELATION) and word.value(Role.RELATION) == RelationName.BETWEEN and not takes_object:
            if two := self._talk.two_before():  # "a tent in between"
                relation, rows = self._scene.between(two)
                for row in rows:
                    relate(self._talk.subjects, relation, row, turned=False)
            return at + 1
        if word.text in ("in", "into") and self._in_formation(objects_at):
            return objects_at + 1
        if word.has(Role.RELATION, Role.TURNED) and takes_object:
            return self._with_object(word, at, objects_at)
        if self._denying:
            self._denying = False
        if word.has(Role.TO_VIEWER):
            relation, host = RelationName(word.value(Role.TO_VIEWER)), self._talk.host
            came_with = host is not None and all(draft.host is host and not draft.loose for draft in self._talk.subjects)
            aside = came_with and relation in SIDES and not self._fronted(at, at + 1)  # "a bed with a monitor on the left"
            self._place_subjects(relation, (host if aside and host is not None else VIEWER,), at, at + 1, turned=False)
        elif word.has(Role.TO_HOST):
            self._towards_host(RelationName(word.value(Role.TO_HOST)), at)
        return at + 1

    def _arrange(self, draft: Draft, arrangement: Arrangement, rows: int | None) -> None:
        """Rows have many members where the words count none."""
        if not is_many(draft):
            return
        draft.arrangement, draft.rows = arrangement, rows
        if arrangement is Arrangement.ROWS and draft.number is None and draft.group_count is None:
            draft.group_count = _LEAST_IN_ROWS

    def _in_formation(self, at: int) -> bool:
        """ "twelve pallets in 3 rows", "chairs in five long rows"."""
        phrase = self._row.item(at)
        if not isinstance(phrase, NounPhrase) or phrase.of is not None or phrase.number is None or phrase.head is None:
            return False
        if phrase.head.text not in _FORMATIONS or not all(is_many(draft) for draft in self._talk.subjects):
            return False
        for draft in self._talk.subjects:
            self._arrange(draft, _FORMATIONS[phrase.head.text], int(phrase.number))
        self._scene.use(phrase.start, phrase.end, "arranged")
        return True

    def _towards_host(self, relation: RelationName, at: int) -> None:
        fronted = self._talk.looking_ahead = self._fronted(at, at + 1)
        hosts = [self._talk.host] if self._talk.host is not None else self._talk.singular_before()
        self._talk.looking_ahead = False
        if fronted and hosts and (between := opposite_of(hosts[0])) is not None:
            hosts = [between]
        word = self._row.item(at)
        owned = isinstance(word, Lexeme) and word.has(Role.TO_HOST) and "its" in word.words
        aside = relation in SIDES and self._talk.host is None and not fronted  # "a cabin, a lake in front, hills behind"
        if aside and not owned and self._talk.anchor is not None and self._talk.anchor not in self._talk.subjects:
            hosts = [self._talk.anchor]
        elif owned or aside:
            hosts = self._talk.parallel(hosts)
        hosts = [draft for draft in hosts if draft.place is None]
        if isinstance(word, Lexeme):
            self._mentions.double([] if fronted else self._talk.subjects, f"{word.text} of")  # "a lion on either side"
            loose = bool(self._talk.subjects) and all(draft.loose for draft in self._talk.subjects)
            if relation is RelationName.INSIDE and loose and hosts and not self._mentions.sorts.is_terrain(hosts[0]):
                borne = all(map(self._mentions.sorts.is_borne, self._talk.subjects))
                relation, hosts = RelationName.ON, hosts if borne else []  # "a table with chairs, a vase in the middle"
        if relation in (RelationName.AROUND, RelationName.INSIDE) and self._talk.host is None:
            return
        if (
            self._talk.lately
            and self._talk.lately[-1] not in self._talk.subjects
            and all(draft.place is None for draft in self._talk.subjects)
            and self._connector == "none"
            and isinstance(self._row.item(at - 1), NounPhrase)
        ):
            return  # "spans the stream below": it only says which stream
        if hosts and (self._talk.host is not None or fronted or self._connector in ("none", "with")):
            self._place_subjects(relation, (hosts[0],), at, at + 1, turned=False)
        elif relation is RelationName.BEHIND:
            self._place_subjects(RelationName.FAR, (VIEWER,), at, at + 1, turned=False)

    def _with_object(self, word: Lexeme, at: int, objects_at: int) -> int:
        turned = not word.has(Role.RELATION)
        relation = RelationName(word.value(Role.TURNED if turned else Role.RELATION))
        if self._denying:
            self._denying = False
            phrase = self._row[objects_at]
            if isinstance(phrase, NounPhrase):
                weight = IN_PLACE if word.text in PLACING else PLACE_AS_OBJECT
                self._mentions.mention(phrase, place_weight=weight, as_object=True)
            return objects_at + 1
        if relation is RelationName.INSIDE and not turned and self._people.wear(self._row.item(objects_at), self._talk.subjects):
            self._connector = "none"
            return objects_at + 1
        if turned and relation is RelationName.INSIDE and self._people.handles(word, self._talk.subjects):
            relation = RelationName.BESIDE  # what a box holds is inside of it, what a man holds is not
        if relation in INNER and not turned and isinstance(name := self._row.item(objects_at), NounPhrase) and self._mentions.origin(name):
            self._connector = "none"
            return objects_at + 1
        subjects_before = list(self._talk.subjects)
        self._mentions.double(self._talk.subjects if not self._fronted(at, objects_at + 1) else [], word.text)
        if (
            turned
            and isinstance(self._row.item(at - 1), NounPhrase)
            and self._talk.lately
            and self._talk.lately[-1] not in self._talk.subjects
        ):
            self._talk.subjects = self._talk.lately[-1:]
        if relation is RelationName.UNDER and (turned or word.text.startswith(("hang", "hung", "suspend", "dangl"))):
            for draft in self._talk.subjects:
                draft.hangs = True
        if turned and relation is RelationName.ON and self._covered(objects_at):
            return objects_at + 1
        fronted = self._fronted(objects_at - 1, objects_at + 1)
        objects, end = self._objects.of(word, relation, objects_at, turned=turned, fronted=fronted, first=self._first)
        self._first = self._first and isinstance(self._row[objects_at], Lexeme)
        if self._row.is_viewer(objects_at):
            self._place_subjects(relation, (VIEWER,), at, end, turned=False)
            return end
        if not objects:
            if not subjects_before or self._fronted(at, end):
                self._pending = None
                self._talk.subjects = [] if self._fronted(at, end) else self._talk.subjects
            self._connector = "none"
            return end
        said = self._row.item(objects_at)
        self._each = objects[0] if _says_each(said) else None
        inner = relation in (RelationName.ON, RelationName.UNDER, RelationName.INSIDE)
        of_part = (
            isinstance(said, NounPhrase)
            and is_part(said)
            and self._mentions.sorts.water(said) is None
            and self._groups.meant(said, self._row.item(objects_at + 1)) is None
            and self._mentions.last_word_of(said) is None
        )
        on_top = relation is RelationName.ON and isinstance(said, NounPhrase) and said.head is not None and said.head.text in _TOPS
        if inner and not turned and of_part and not on_top:
            relation = RelationName.UNDER if relation is RelationName.UNDER else RelationName.NEAR
        if relation is RelationName.BETWEEN:
            relation, rows = self._scene.between(objects)
        else:
            rows = [(one,) for one in objects]
        for row in rows:
            self._place_subjects(relation, row, at, end, turned=turned)
        self._talk.lately.extend(draft for draft in objects if draft not in self._talk.lately)
        lies_on_ground = relation is RelationName.ON and self._mentions.sorts.is_terrain(objects[-1])
        if objects[-1].options and objects[-1].place is None and not lies_on_ground:
            self._talk.anchor = objects[-1]
        self._after_object(relation, objects, end, turned=turned)
        return end

    def _spread(self, drafts: Sequence[Draft]) -> None:
        """ "a laptop on each desk": as many of them as there are desks, times what was counted."""
        for draft in drafts if self._each is not None and is_many(self._each) else ():
            if draft.each_of is None and draft is not self._each:
                draft.number, draft.each_of, draft.plural = draft.number or (None if draft.plural else 1), self._each, True
        self._each = None

    def _covered(self, at: int) -> bool:
        """ "its roof is covered with moss": what a part is covered with is its material."""
        phrase = self._row.item(at)
        stuff = [*phrase.modifiers, *([phrase.head] if phrase.head else [])] if isinstance(phrase, NounPhrase) else []
        material = next((lexeme for lexeme in stuff if lexeme.has(Role.MATERIAL)), None)
        if material is None or not self._talk.subjects or not all(draft.part_of is not None for draft in self._talk.subjects):
            return False
        for draft in self._talk.subjects:
            draft.material = draft.material or material.value(Role.MATERIAL)
            self._scene.use(material.start, material.end, "describes")
        self._connector = "none"
        return True

    def _after_object(self, relation: RelationName, objects: list[Draft], end: int, *, turned: bool) -> None:
        """After "a vase on a table", a further preposition speaks of the table; after other relations, of the subject still."""
        self._chain, self._joined_by_and, self._connector = [], False, "none"
        unknown = [one for one in self._talk.subjects if not is_named(one)]
        nameless = bool(unknown) and len(unknown) == len(self._talk.subjects)
        if self._row.is_participle_of(end - 1) and all(draft.options for draft in objects):
            self._talk.subjects = objects[-1:]  # "around a sword stuck in a stone": it is the sword that is stuck
            return
        if (relation not in INNER and not nameless) or turned or self._row.is_comma(end) or self._row.has(end, Role.CONJUNCTION):
            return
        first, after = objects[0], self._row.item(end)
        if nameless and first.options:  # "having tea at a table under a tree": the table is under it
            follows_on = self._row.next_is_relation(end)
        elif first.place is not None:
            follows_on = relation is RelationName.ON and isinstance(after, Lexeme) and after.text == "in"
        else:
            is_thing = bool(first.options) and not self._mentions.sorts.is_terrain(first)
            follows_on = is_thing and self._pending is None and self._row.next_is_relation(end)
        if follows_on:
            self._talk.subjects = objects[-1:]

    def _fronted(self, at: int, end: int) -> bool:
        """Whether the phrase that ends at `end` comes before its subject: "Behind it, a barn", "on the hill stands a mill"."""
        fronting = self._row.item(end - 1)
        if not self._talk.subjects or (isinstance(fronting, Lexeme) and fronting.text in ("which", "whom")):
            return True  # "an oak beneath which a shepherd sleeps"
        if self._connector not in ("comma", "and", "stop"):
            return False
        after = self._row.skip_filler(end)
        if self._row.is_comma(after):
            return self._connector in ("and", "stop") and isinstance(self._row.item(after + 1), NounPhrase)
        while self._row.has(after, Role.VERB, Role.OPENER, Role.BE):
            after += 1
        follows = self._row.item(after)
        return isinstance(follows, NounPhrase) and follows.head is not None

    def _place_subjects(self, relation: RelationName, objects: tuple[Draft | str, ...], at: int, end: int, *, turned: bool) -> None:
        """Relate the subjects, or keep the relation until the subject comes."""
        if self._fronted(at, end):
            self._pending = (relation, objects, turned, self._distance_m)
            self._talk.subjects, self._chain = [], []
            self._connector = "none"
            return
        subjects = self._talk.subjects
        preposition = self._row[at]
        if isinstance(preposition, Lexeme) and preposition.words[0].endswith("ing"):
            self._joined_by_and = False
        after = max((self._chain.index(target) + 1 for target in objects if target in self._chain), default=0)
        chain = self._chain[after:]  # "a bench, a hammer and a saw on the bench"
        if self._joined_by_and and len(chain) > 1 and not turned:
            pure = not any(draft.relations for draft in chain if draft not in self._talk.subjects)
            alike = [draft for draft in chain if relation not in INNER or self._mentions.sorts.stand_alike(draft, chain[-1])]
            subjects = alike if pure else self._talk.subjects
        if not turned:
            self._spread(subjects)
        relate(subjects, relation, objects, turned=turned, distance_m=self._distance_m)
        self._pending = None if self._pending and self._connector != "none" else self._pending
