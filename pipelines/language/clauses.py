"""Clauses: who stands where to whom. Reads phrases and the words between them, and writes relations into the scene."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.lexicon import VOTES, Role
from pipelines.language.mentions import FIRST_PLACE, IN_PLACE, PLACE_AS_OBJECT, SAID_PLACE, Mentions, wear
from pipelines.language.phrases import Item, NounPhrase
from pipelines.language.tagging import Lexeme
from pipelines.language.tokens import TokenKind
from pipelines.spec import VIEWER, Arrangement, RelationName

_PLACING = frozenset({"in", "inside", "on", "at", "within", "through", "throughout", "across", "standing in", "set in", "into", "in the middle of",
    "in the heart of", "nestled in", "hidden in", "in the center of", "in the centre of", "on a", "from", "of", "to", "down", "in the midst of"})  # fmt: skip
_PASSING = frozenset({"through", "throughout", "into", "from", "to", "via", "than", "during"})
_INNER = frozenset({RelationName.ON, RelationName.INSIDE})
_THINGS_OF_LISTS = frozenset({RelationName.AROUND, RelationName.ALONG, RelationName.ON, RelationName.INSIDE})
Pending = tuple[RelationName, tuple[Draft | str, ...], bool]


class Clauses:
    """One pass over the items of a prompt. `subjects` is who the next preposition speaks of; `chain` a list "A, B and C" so far."""

    def __init__(self, items: Sequence[Item], scene: SceneDraft, mentions: Mentions) -> None:
        self._items = items
        self._scene = scene
        self._mentions = mentions
        self._subjects: list[Draft] = []
        self._chain: list[Draft] = []
        self._joined_by_and = False
        self._connector = "stop"
        self._host: Draft | None = None
        self._pending: Pending | None = None
        self._denying = False
        self._lately: list[Draft] = []
        self._log: list[list[Draft]] = []
        self._outer: list[Draft] = []
        self._first = True
        self._looking_ahead = False
        self._verb_seen = False
        self._distant_host = False

    def read(self) -> None:
        """Read every item."""
        at = 0
        while at < len(self._items):
            item = self._items[at]
            at = self._phrase(item, at) if isinstance(item, NounPhrase) else self._word(item, at)

    # ------------------------------------------------------------------------------------------------------------ looking
    def _item(self, at: int) -> Item | None:
        return self._items[at] if 0 <= at < len(self._items) else None

    def _is(self, at: int, *roles: Role) -> bool:
        item = self._item(at)
        return isinstance(item, Lexeme) and item.has(*roles)

    def _is_comma(self, at: int) -> bool:
        item = self._item(at)
        return isinstance(item, Lexeme) and item.kind is TokenKind.COMMA

    def _is_stop(self, at: int) -> bool:
        item = self._item(at)
        return item is None or (isinstance(item, Lexeme) and item.kind is TokenKind.STOP)

    def _skip_filler(self, at: int) -> int:
        """Past adverbs and function words that stand between a preposition and its object."""
        while self._is(at, Role.ADVERB, Role.DETERMINER, Role.FUNCTION) and not self._is(
            at, Role.PRONOUN, Role.RELATION, Role.TURNED, Role.CONJUNCTION, Role.WITH
        ):
            at += 1
        return at

    # ------------------------------------------------------------------------------------------------------------ phrases
    def _phrase(self, phrase: NounPhrase, at: int) -> int:
        if self._denying and self._denial_goes_on(phrase):
            self._mentions.exclude(phrase)
            self._connector = "none"
            return at + 1
        self._denying = False
        self._outer = [] if self._connector in ("comma", "and", "stop") else self._outer
        if phrase.head is None and self._predicate(phrase, at):
            return at + 1
        drafts = self._mentions.mention(phrase, place_weight=self._place_weight(phrase, at))
        self._first = self._first and phrase.head is None
        if not drafts:
            self._void(phrase)
        elif self._connector == "none" and self._subjects and isinstance(before := self._item(at - 1), Lexeme) and before.text in _PASSING:
            self._lately.extend(drafts)  # "winds through a valley": said of the subject, which stays
        elif all(draft.place is not None for draft in drafts) and not self._pending:
            self._subjects, self._chain, self._host, self._connector = drafts, list(drafts), None, "none"
            self._log.append(drafts)
        elif self._connector == "none" and self._subjects and self._is_part(phrase) and all(not draft.options for draft in drafts):
            pass
        elif self._host is not None and self._is_part(phrase) and self._connector in ("with", "and", "comma"):
            self._subjects, self._chain, self._connector = [self._host], [self._host], "none"
        else:
            self._new_subjects(drafts, at)
        return at + 1

    def _void(self, phrase: NounPhrase) -> None:
        """ "mist on the lake": what is in the air has a place too, but it is nobody's."""
        if self._pending is None and self._connector != "none" and any(lexeme.has(*VOTES) for lexeme in phrase.modifiers):
            spans_scene = any(lexeme.has(Role.TIME, Role.SEASON) for lexeme in phrase.modifiers)
            self._subjects = [] if spans_scene else [Draft("")]
        self._connector = "none"

    def _is_part(self, phrase: NounPhrase) -> bool:
        return (
            phrase.head is not None
            and phrase.head.has(Role.PART, Role.AMBIENT)
            and not phrase.head.has(Role.THING, Role.GENERIC, Role.PLACE)
        )

    def _place_weight(self, phrase: NounPhrase, at: int) -> float:
        before = self._item(at - 1)
        if self._first:
            return FIRST_PLACE
        if isinstance(before, Lexeme) and before.text in _PLACING:
            return IN_PLACE
        return SAID_PLACE

    def _denial_goes_on(self, phrase: NounPhrase) -> bool:
        """ "no cars, people or trees" denies all three; "no trees, a cabin" only the first."""
        at = self._items.index(phrase)
        if (
            self._is(at - 1, Role.ADVERB)
            and isinstance(before := self._item(at - 1), Lexeme)
            and before.text in ("only", "just", "instead", "but")
        ):
            return False
        if self._connector in ("negator", "or", "none"):
            return True
        bare = not phrase.article and phrase.number is None and phrase.group is None
        return bare and (self._connector == "and" or (self._connector == "comma" and self._list_ends_denied(at)))

    def _list_ends_denied(self, at: int) -> bool:
        """Whether the comma list around `at` ends in "or" or "nor", or in "and" with a bare noun."""
        while isinstance(self._item(at), NounPhrase) and self._is_comma(at + 1) and isinstance(self._item(at + 2), NounPhrase):
            at += 2
        at += 2 if self._is_comma(at + 1) else 1
        joint, last = self._item(at), self._item(at + 1)
        if not isinstance(joint, Lexeme) or not joint.has(Role.CONJUNCTION) or not isinstance(last, NounPhrase):
            return False
        return joint.text in ("or", "nor") or (not last.article and last.number is None and not last.modifiers)

    def _predicate(self, phrase: NounPhrase, at: int) -> bool:
        """ "the sofa is green": adjectives after a verb dress the subject."""
        if not self._subjects or not (self._is(at - 1, Role.BE, Role.VERB, Role.ADVERB) or self._connector == "none"):
            return False
        if self._is(at - 1, Role.RELATION):
            return False
        self._mentions.hear(phrase)
        self._mentions.exclude_absent(phrase)
        for draft in self._subjects:
            for lexeme in phrase.modifiers:
                wear(draft, lexeme)
        return True

    def _new_subjects(self, drafts: list[Draft], at: int) -> None:
        """The drafts begin or lengthen a list, take a fronted relation, and come "with" the host."""
        listed = self._connector in ("comma", "and") and bool(self._chain) and not self._verb_seen
        self._verb_seen = False
        self._joined_by_and = listed and self._connector == "and"
        self._chain = [*self._chain, *drafts] if listed else list(drafts)
        self._subjects = drafts
        self._lately.extend(drafts)
        if listed and self._joined_by_and and self._log:
            self._log[-1] = list(self._chain)
        else:
            self._log.append(list(drafts))
        if self._host is not None and self._connector in ("with", "and", "comma"):
            for draft in drafts:
                draft.host = self._host if draft is not self._host else None
                draft.loose = self._distant_host or self._connector == "comma" or any(one.loose for one in self._chain)
        if self._pending is not None:
            relation, objects, turned = self._pending
            goes_on = self._next_is_relation(at + 1) or self._is(at + 1, Role.VERB, Role.BE)
            if not listed or not goes_on:
                self._relate(drafts, relation, objects, turned=turned)
            if goes_on or (not listed and self._connector == "comma" and self._is_comma(at + 1)):
                self._pending = None
        self._connector = "none"

    def _next_is_relation(self, at: int) -> bool:
        return self._is(at, Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST)

    # -------------------------------------------------------------------------------------------------------------- words
    def _word(self, word: Lexeme, at: int) -> int:
        if word.kind is TokenKind.STOP:
            self._end_sentence()
        elif word.kind is TokenKind.COMMA:
            self._connector = "comma" if self._connector != "and" else "and"
        elif word.has(Role.NEGATOR) and not (word.text == "not" and self._is(at + 1, Role.VERB)):
            self._denying, self._connector = True, "negator"
        elif word.text == "but":
            self._denying, self._connector = False, "and"
        elif word.has(Role.COMPARE) and not word.has(Role.RELATION) and isinstance(self._item(at + 1), NounPhrase):
            self._compare(self._items[at + 1])
            return at + 2
        elif word.has(Role.ARRANGED):
            for draft in self._subjects:
                draft.arrangement = Arrangement(word.value(Role.ARRANGED)) if is_many(draft) else draft.arrangement
        elif word.has(Role.PRONOUN) and not word.has(Role.NUMBER) and not word.has(Role.WITH):
            self._refer(word, at)
        elif word.has(Role.RELATION, Role.TURNED, Role.TO_VIEWER, Role.TO_HOST):
            return self._relation(word, at)
        elif word.has(Role.WITH):
            return self._with(at)
        elif word.has(Role.CONJUNCTION):
            self._connector = "or" if word.text in ("or", "nor") else "and"
        elif word.has(Role.OPENER) and not self._denying and not word.has(Role.BE):
            self._subjects = [] if not self._pending else self._subjects
            self._host = None
        elif word.has(Role.VERB, Role.BE):
            self._verb_seen = bool(self._chain)
            if word.words[-1].endswith("ing"):
                self._joined_by_and = False
            if self._outer and not word.words[-1].endswith(("ing", "ed", "en")):
                self._subjects, self._chain, self._outer, self._host = self._outer, list(self._outer), [], None
        return at + 1

    def _compare(self, item: Item) -> None:
        """ "like a giant", "for a picnic": named, but not there; the air it speaks of counts all the same."""
        assert isinstance(item, NounPhrase)
        self._scene.use(item.start, item.end, "comparison")
        if item.head is not None and item.head.has(Role.THING, Role.GENERIC):
            self._scene.note(f"“{self._mentions.text(item)}” is taken as a comparison or a purpose, not as a thing")

    def _end_sentence(self) -> None:
        self._subjects, self._chain, self._host, self._pending, self._outer = [], [], None, None, []
        self._denying, self._connector, self._joined_by_and = False, "stop", False

    def _with(self, at: int) -> int:
        """What follows belongs to the thing just named; in a place, to nobody."""
        before = self._item(at - 1)
        self._distant_host = False
        after_thing = (
            isinstance(before, NounPhrase) and bool(self._lately) and before.head is not None and bool(self._subjects or self._lately)
        )
        latest = self._lately[-1] if self._lately else None
        if (
            after_thing
            and latest is not None
            and isinstance(before, NounPhrase)
            and before.head is not None
            and before.head.has(Role.THING, Role.GENERIC)
        ):
            self._host = latest
        elif self._connector == "comma" and self._subjects and all(draft.place is None for draft in self._subjects):
            self._host, self._distant_host = self._subjects[-1], True
        elif (
            self._connector in ("comma", "and", "stop")
            or not self._subjects
            or (isinstance(before, NounPhrase) and before.head and before.head.has(Role.PLACE))
        ):
            self._host = None
        elif self._is(at - 1, Role.PRONOUN, Role.VERB, Role.BE) or isinstance(before, NounPhrase):
            self._host = self._subjects[-1] if self._subjects and self._subjects[-1].place is None else None
        self._outer = [self._host] if self._host is not None else []
        if self._host is None:
            self._chain, self._subjects = [], []
        elif isinstance(following := self._item(at + 1), NounPhrase) and self._host.word in self._mentions.vessels:
            self._mentions.hear(following)
            self._scene.note(f"“{self._mentions.text(following)}” is taken as what the {self._host.word} holds, not as a thing of its own")
            self._subjects, self._chain, self._connector = [self._host], [self._host], "none"
            return at + 2
        self._connector = "with"
        self._denying = False
        return at + 1

    def _refer(self, word: Lexeme, at: int) -> None:
        """A pronoun as subject, or a relative one."""
        if word.text == "where":
            self._subjects, self._chain, self._host = [], [], None
            return
        if word.text in ("which", "that", "who", "whose"):
            if self._lately and self._connector == "none":
                self._subjects = self._lately[-1:]
            return
        found = self._antecedent(word)
        if found:
            self._subjects, self._chain, self._connector = found, list(found), "none"

    def _antecedent(self, word: Lexeme) -> list[Draft]:
        many = word.text in ("them", "they", "these", "those", "theirs")
        if self._host is not None and not many:
            return [self._host]
        log, lately = self._spoken_of()
        if many:
            if log and (len(log[-1]) > 1 or is_many(log[-1][0])):
                return log[-1]
            plural = [draft for draft in reversed(lately) if is_many(draft)]
            return plural[:1] or lately[-1:]
        return self._singular_before()

    def _spoken_of(self) -> tuple[list[list[Draft]], list[Draft]]:
        """Earlier subjects, clause by clause, and everything mentioned; without the subjects of this clause."""
        own = [] if self._looking_ahead else self._subjects
        log = [group for group in self._log if not any(draft in own for draft in group)]
        return log, [draft for draft in self._lately if draft not in own]

    def _singular_before(self) -> list[Draft]:
        """What "it" means: the subject before this one, or else the last single thing."""
        log, lately = self._spoken_of()
        for group in reversed(log):
            if len(group) == 1 and not is_many(group[0]):
                return group
            break
        return [draft for draft in reversed(lately) if not is_many(draft)][:1] or lately[-1:]

    def _two_before(self) -> list[Draft]:
        """ "between them": the last two things spoken of."""
        before = list(dict.fromkeys(draft for draft in reversed(self._lately) if draft not in self._subjects))
        return before[:1] if before and is_many(before[0]) and before[0].number == 2 else before[1::-1]

    # ---------------------------------------------------------------------------------------------------------- relations
    def _relation(self, word: Lexeme, at: int) -> int:
        """A preposition with its object, or a place word without one."""
        self._scene.use(word.start, word.end, "relation")
        objects_at = self._skip_filler(at + 1)
        follows = self._item(objects_at)
        takes_object = isinstance(follows, NounPhrase) or (
            isinstance(follows, Lexeme)
            and follows.has(Role.PRONOUN)
            and not follows.has(Role.BE)
            and follows.text not in ("that", "who", "where")
        )
        if word.has(Role.RELATION, Role.TURNED) and takes_object:
            return self._with_object(word, at, objects_at)
        if self._denying:
            self._denying = False
        if word.has(Role.TO_VIEWER):
            relation = RelationName(word.value(Role.TO_VIEWER))
            self._place_subjects(relation, (VIEWER,), at, at + 1, turned=False)
        elif word.has(Role.TO_HOST):
            self._towards_host(RelationName(word.value(Role.TO_HOST)), at)
        return at + 1

    def _towards_host(self, relation: RelationName, at: int) -> None:
        fronted = self._looking_ahead = self._fronted(at, at + 1)
        hosts = [self._host] if self._host is not None else self._singular_before()
        self._looking_ahead = False
        if fronted and hosts and (between := self._opposite_of(hosts[0])) is not None:
            hosts = [between]
        hosts = [draft for draft in hosts if draft.place is None]
        if relation is RelationName.AROUND and self._host is None:
            return
        if (
            self._lately
            and self._lately[-1] not in self._subjects
            and self._connector == "none"
            and isinstance(self._item(at - 1), NounPhrase)
        ):
            return  # "spans the stream below": it only says which stream
        if hosts and (self._host is not None or fronted or self._connector in ("none", "with")):
            self._place_subjects(relation, (hosts[0],), at, at + 1, turned=False)
        elif relation is RelationName.BEHIND:
            self._place_subjects(RelationName.FAR, (VIEWER,), at, at + 1, turned=False)

    def _opposite_of(self, draft: Draft) -> Draft | None:
        """ "to its left a bin, to its right a bench": what the bin is left of."""
        sides = (RelationName.LEFT_OF, RelationName.RIGHT_OF)
        found = (objects[0] for relation, objects in draft.relations if relation in sides)
        return next((target for target in found if isinstance(target, Draft)), None)

    def _with_object(self, word: Lexeme, at: int, objects_at: int) -> int:
        turned = not word.has(Role.RELATION)
        relation = RelationName(word.value(Role.TURNED if turned else Role.RELATION))
        if self._denying:
            self._denying = False
            phrase = self._items[objects_at]
            if isinstance(phrase, NounPhrase):
                self._mentions.mention(phrase, place_weight=PLACE_AS_OBJECT, as_object=True)
            return objects_at + 1
        subjects_before = list(self._subjects)
        if turned and isinstance(self._item(at - 1), NounPhrase) and self._lately and self._lately[-1] not in self._subjects:
            self._subjects = self._lately[-1:]
        if relation is RelationName.UNDER and (turned or word.text.startswith(("hang", "hung", "suspend", "dangl"))):
            for draft in self._subjects:
                draft.hangs = True
        objects, end = self._objects(word, relation, objects_at, turned=turned)
        if self._is_viewer(objects_at):
            self._place_subjects(relation, (VIEWER,), at, end, turned=False)
            return end
        if not objects:
            if not subjects_before or self._fronted(at, end):
                self._pending = None
                self._subjects = [] if self._fronted(at, end) else self._subjects
            self._connector = "none"
            return end
        if relation in (RelationName.ON, RelationName.UNDER, RelationName.INSIDE) and self._is_part_of(objects_at) and not turned:
            relation = RelationName.UNDER if relation is RelationName.UNDER else RelationName.NEAR
        if relation is RelationName.BETWEEN:
            relation, rows = self._between(objects)
        else:
            rows = [(one,) for one in objects]
        for row in rows:
            self._place_subjects(relation, row, at, end, turned=turned)
        self._lately.extend(draft for draft in objects if draft not in self._lately)
        self._after_object(relation, objects, end, turned=turned)
        return end

    def _is_part_of(self, at: int) -> bool:
        """ "on the porch of a farmhouse" is near the farmhouse, not on it."""
        item = self._item(at)
        return isinstance(item, NounPhrase) and item.of is not None and self._is_part(item)

    def _is_viewer(self, at: int) -> bool:
        item = self._item(at)
        words = item.head.text if isinstance(item, NounPhrase) and item.head is not None else item.text if isinstance(item, Lexeme) else ""
        return words in ("viewer", "visitor", "me", "us", "you", "camera")

    def _after_object(self, relation: RelationName, objects: list[Draft], end: int, *, turned: bool) -> None:
        """After "a vase on a table", a further preposition speaks of the table; after other relations, of the subject still."""
        self._chain, self._joined_by_and, self._connector = [], False, "none"
        low = relation in _INNER and not turned and not self._is_comma(end) and not self._is(end, Role.CONJUNCTION)
        if (
            low
            and relation is RelationName.ON
            and objects[0].place is not None
            and isinstance(after := self._item(end), Lexeme)
            and after.text == "in"
        ) or (
            low
            and self._next_is_relation(end)
            and objects[0].place is None
            and objects[0].options
            and self._pending is None
            and not self._mentions.is_terrain(objects[0])
        ):
            self._subjects = objects[-1:]

    def _objects(self, word: Lexeme, relation: RelationName, at: int, *, turned: bool) -> tuple[list[Draft], int]:
        """The drafts that the preposition's object means, and where it ends."""
        item = self._items[at]
        if isinstance(item, Lexeme):
            self._looking_ahead = self._fronted(at - 1, at + 1)
            pair = relation is RelationName.BETWEEN and item.text in ("them", "these", "those")
            found = self._two_before() if pair else self._antecedent(item)
            self._looking_ahead = False
            return found, at + 1
        weight = IN_PLACE if word.text in _PLACING else PLACE_AS_OBJECT
        if self._first:
            weight, self._first = max(weight, SAID_PLACE), False
        drafts = self._mentions.mention(item, place_weight=weight, as_object=True)
        end = at + 1
        if relation is RelationName.BETWEEN and not item.plural and self._is(end, Role.CONJUNCTION):
            after = self._item(end + 1)
            if isinstance(after, NounPhrase):
                return [*drafts, *self._mentions.mention(after, place_weight=PLACE_AS_OBJECT, as_object=True)], end + 2
        while drafts and (further := self._further_object(item, end, listed=turned and relation in _THINGS_OF_LISTS)) is not None:
            phrase, end = further
            drafts = [*drafts, *self._mentions.mention(phrase, place_weight=PLACE_AS_OBJECT, as_object=True)]
        return drafts, end

    def _further_object(self, first: NounPhrase, at: int, *, listed: bool) -> tuple[NounPhrase, int] | None:
        """ "surrounded by pines and boulders", "facing the sofa and the window": another object of the same preposition."""
        if not (self._is(at, Role.CONJUNCTION) or (listed and self._is_comma(at))):
            return None
        after = at + 1
        if self._is_comma(at) and self._is(after, Role.CONJUNCTION):
            after += 1
        phrase = self._item(after)
        if (
            not isinstance(phrase, NounPhrase)
            or phrase.head is None
            or self._next_is_relation(after + 1)
            or self._is(after + 1, Role.VERB, Role.BE, Role.WITH)
        ):
            return None
        if listed and ((first.plural and phrase.plural) or (self._mentions.is_small(first) and self._mentions.is_small(phrase))):
            return phrase, after + 1
        same = first.article == "the" and phrase.article == "the"
        return (phrase, after + 1) if same and self._is(at, Role.CONJUNCTION) and not listed else None

    def _between(self, objects: list[Draft]) -> tuple[RelationName, list[tuple[Draft, ...]]]:
        """Two things to stand between; a pair is taken apart, of a crowd it can only be said that it is near."""
        if len(objects) >= 2:
            return RelationName.BETWEEN, [(objects[0], objects[1])]
        crowd = objects[0]
        if crowd.number == 2 and crowd.place is None:
            twin = Draft(crowd.phrase, crowd.options, crowd.generic, number=1, colour=crowd.colour, size=crowd.size, height_m=crowd.height_m,
                         material=crowd.material, style=crowd.style, heads=crowd.heads)  # fmt: skip
            crowd.number, crowd.plural = 1, False
            twin.relations = list(crowd.relations)
            self._scene.drafts.insert(self._scene.drafts.index(crowd) + 1, twin)
            return RelationName.BETWEEN, [(crowd, twin)]
        return RelationName.NEAR, [(crowd,)]

    def _fronted(self, at: int, end: int) -> bool:
        """Whether the phrase that ends at `end` comes before its subject: "Behind it, a barn", "on the hill stands a mill"."""
        if not self._subjects:
            return True
        if self._connector not in ("comma", "and", "stop"):
            return False
        after = self._skip_filler(end)
        if self._is_comma(after):
            return self._connector in ("and", "stop") and isinstance(self._item(after + 1), NounPhrase)
        while self._is(after, Role.VERB, Role.OPENER, Role.BE):
            after += 1
        follows = self._item(after)
        return isinstance(follows, NounPhrase) and follows.head is not None

    def _place_subjects(self, relation: RelationName, objects: tuple[Draft | str, ...], at: int, end: int, *, turned: bool) -> None:
        """Relate the subjects, or keep the relation until the subject comes."""
        if self._fronted(at, end):
            self._pending = (relation, objects, turned)
            self._subjects, self._chain = [], []
            self._connector = "none"
            return
        subjects = self._subjects
        preposition = self._items[at]
        if isinstance(preposition, Lexeme) and preposition.words[0].endswith("ing"):
            self._joined_by_and = False
        if self._joined_by_and and len(self._chain) > 1 and not any(target in self._chain for target in objects) and not turned:
            pure = not any(draft.relations for draft in self._chain if draft not in self._subjects)
            subjects = self._chain if pure else self._subjects
        self._relate(subjects, relation, objects, turned=turned)
        self._pending = None if self._pending and self._connector != "none" else self._pending

    def _relate(self, subjects: Sequence[Draft], relation: RelationName, objects: tuple[Draft | str, ...], *, turned: bool) -> None:
        for subject in subjects:
            if not turned:
                subject.relate(relation, *objects)
                continue
            for target in objects:
                if isinstance(target, Draft):
                    target.relate(relation, subject)
