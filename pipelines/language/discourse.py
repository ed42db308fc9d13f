"""Discourse: who has been spoken of, and whom "it", "them" and "which" mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.language.drafts import Draft, is_bare_part, is_many, is_named
from pipelines.language.lexicon import Role
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.row import Row
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName


@dataclass
class Discourse:
    """What a listener keeps in mind.

    subjects: of whom the next preposition speaks.  host: the thing "with" which others come.  lately: everything mentioned, in order.
    fronted: the side that this sentence put to a pronoun first, and whom that meant; fronted_before: the same of the sentence before.
    log: the subjects of every clause.  looking_ahead: the subject is still to come, so the present ones may be meant.
    anchor: what the last preposition of this sentence was put to; "a police car behind" is behind that.
    paralleled: who was last put to a pronoun in this sentence, and whom that meant.
    """

    subjects: list[Draft] = field(default_factory=list)
    host: Draft | None = None
    lately: list[Draft] = field(default_factory=list)
    log: list[list[Draft]] = field(default_factory=list)
    looking_ahead: bool = False
    anchor: Draft | None = None
    known_anchor: bool = False  # it was said with "the": the listener knows it, and looks at it
    paralleled: tuple[list[Draft], list[Draft]] | None = None
    members: list[Draft] = field(default_factory=list)  # "one … another …": told apart from their groups
    sided: dict[RelationName, Draft] = field(default_factory=dict)  # what this sentence put something to the other side of
    related: Draft | None = None  # what "which" meant in this sentence
    one_side: int | None = None  # where this sentence put something "on one side of" what follows
    counted: Draft | None = None  # what was counted before a colon, to be listed behind it
    listed: list[Draft] = field(default_factory=list)  # "a pot and a rope": of whom the next preposition speaks together
    began: int = 0  # how long the log was when this sentence began
    earlier: list[Draft] = field(default_factory=list)  # what was spoken of before this sentence
    singly: bool = False  # "each with a lamp on it": the host is many, but is spoken of one by one
    fronted: tuple[RelationName, list[Draft]] | None = None
    fronted_before: tuple[RelationName, list[Draft]] | None = None

    def end_sentence(self) -> None:
        """The next sentence begins without a subject; what this one put to a side of "it" is remembered for one more."""
        self.subjects, self.host, self.anchor, self.listed, self.began = [], None, None, [], len(self.log)
        self.known_anchor = False
        self.related = self.one_side = self.counted = None
        self.earlier = list(self.lately)
        self.fronted_before, self.fronted, self.sided = self.fronted, None, {}

    def still(self, relation: RelationName, found: list[Draft]) -> list[Draft]:
        """ "Behind it is a barn, in front of it a well": the same "it" on another side; "on it a box, in it a key" goes on inwards."""
        before = self.fronted or self.fronted_before
        if before is not None and before[0] is not relation and {before[0], relation} <= _OUTER:
            found = before[1]
        self.fronted = (relation, found) if found else None
        return found

    def aside(self, relation: RelationName, found: list[Draft]) -> list[Draft]:
        """ "a guard to the left of the throne and a page to the right of it": of what this sentence had on the other side."""
        sided = self.sided.get(relation)
        return [sided] if sided is not None and sided not in self.subjects else found

    def parallel(self, found: list[Draft]) -> list[Draft]:
        """ "a tower, a tree to its left and a cart behind it": the second "it" is the first one's, not the tree."""
        if self.paralleled is not None and found and found == self.paralleled[0]:
            found = self.paralleled[1]
        self.paralleled = (list(self.subjects), found) if self.subjects and found and not self.looking_ahead else None
        return found

    def antecedent(self, word: Lexeme) -> list[Draft]:
        """What a pronoun means: the host, or for "them" the last several."""
        if word.text in ("the former", "the latter"):
            pair = next((group for group in reversed(self.log[self.began :]) if len(group) > 1), []) or self._last_pair()
            pair = pair or next((group for group in reversed(self.log) if len(group) > 1), [])
            return pair[:1] if word.text == "the former" else pair[-1:]
        if word.text in ("which", "whom"):
            return self.lately[-1:]
        if word.text == "that" and (near := self._nearest()):
            return near
        if word.text == "both" and (pair := self._last_pair()):
            return pair
        many = word.words[-1] in ("them", "they", "these", "those", "theirs", "both", "each")
        if self.host is not None and not many and not (is_many(self.host) and not self.singly and word.text in ("it", "its")):
            return [self.host]
        log, lately = self._spoken_of()
        if word.words[0] == "each":  # "two chairs at each table, a clock on each": not on each chair
            log = [group for group in log if all(draft.each_of is None for draft in group)]
            lately = [draft for draft in lately if draft.each_of is None]
            groups = [draft for draft in reversed(lately) if is_many(draft) and draft.place is None]
            if groups:
                return groups[:1]
        if many:
            if log and (len(log[-1]) > 1 or is_many(log[-1][0])):
                return log[-1]
            plural = [draft for draft in reversed(lately) if is_many(draft)]
            return plural[:1] or lately[-1:]
        return self.singular_before()

    def _nearest(self) -> list[Draft]:
        """ "past the fountain, a stop behind that": what was named last, whoever the sentence is about."""
        own = () if self.looking_ahead else self.subjects
        return next(([draft] for draft in reversed(self.lately) if draft not in own and is_named(draft) and not is_many(draft)), [])

    def _last_pair(self) -> list[Draft]:
        """ "A cow before a barn. A horse next to the cow. A dog behind both": the last single subject and what it was put to."""
        log, _ = self._spoken_of()
        last = log[-1][0] if log and len(log[-1]) == 1 and not is_many(log[-1][0]) else None
        objects = last.relations[-1][1] if last is not None and last.relations else ()
        return [last, *(one for one in objects if isinstance(one, Draft))] if last is not None and len(objects) == 1 else []

    def last_two(self) -> list[Draft]:
        """ "A car next to a truck, behind them": the last single thing that was spoken of, and the one that it was put beside."""
        pair = self._last_pair()
        beside = len(pair) == 2 and pair[0].relations[-1][0] in _TOGETHER  # one is never one of a pair with what it stands on
        return pair if beside and all(one.options and one.place is None and not is_many(one) for one in pair) else []

    def both_before(self) -> list[Draft]:
        """ "A fox and a hen; both sit", "A fox beside a hen. Both look": two single things that were spoken of together."""
        last = self.log[-1] if self.log else []
        two = len(last) == 2 and not any(map(is_many, last))
        return list(last) if two else self.last_two()

    def _spoken_of(self) -> tuple[list[list[Draft]], list[Draft]]:
        """Earlier subjects, clause by clause, and everything mentioned; without the subjects of this clause."""
        own = [] if self.looking_ahead else self.subjects
        if any(draft in self.members for draft in own):  # "one on the left of the house, one behind it": not behind the first one
            own = [*own, *(draft for draft in self.members if draft.options == own[0].options and draft.generic == own[0].generic)]
        log = [kept for group in self.log if (kept := [draft for draft in group if draft not in own])]
        return log, [draft for draft in self.lately if draft not in own]

    def singular_before(self) -> list[Draft]:
        """What "it" means: the subject before this one, or else the last single thing."""
        log, lately = self._spoken_of()
        log = [group for group in log if any(map(is_named, group))] or log  # "a cairn marks where a party fell, a sword on it"
        before = [
            group
            for group in self.log[self.began :]
            if len(group) == 1 and group[0] not in (*self.listed, *self.subjects) and group[0].place is None
        ]
        if self.listed and before and not self.looking_ahead and not is_many(before[-1][0]) and is_named(before[-1][0]):
            return before[-1]  # "a boat lies on a beach, a pot and a rope next to it"
        if log and len(log[-1]) == 1 and not is_many(log[-1][0]):
            host = log[-1][0].host
            told = host is not None and self.host is None and host in lately and host.place is None and not is_many(host)
            return [host] if told and host is not None else log[-1]  # "a desk with a lamp. Behind it a chair": behind the desk
        if log and (bearer := self._bearer_of(log[-1])) is not None:
            return [bearer]
        several = log[-1] if log and len(log[-1]) > 1 else []  # "on it are a computer and a cup; in front of it": neither of the two
        if several and self.anchor in lately and not is_many(self.anchor) and self.anchor not in several:
            return [self.anchor]  # "a desk by a window. A cup and a lamp on the desk, and a chair in front of it"
        single = [draft for draft in reversed(lately) if not is_many(draft) and draft not in several]
        spoken = next((group for group in reversed(log) if len(group) == 1 and not is_many(group[0])), [])
        fresh = [draft for draft in single if is_named(draft) and draft.place is None and not any(draft is one for one in self.earlier)]
        if fresh and spoken and any(spoken[0] is one for one in self.earlier):
            return fresh[:1]  # "A cart. Two farmers behind a haystack, a cat on it": not on the cart
        if spoken and spoken[0] in single and spoken[0].place is None and not several and is_named(spoken[0]):
            return spoken  # "a throne on a dais, guards beside it, a carpet leading to it": to the throne
        single.sort(
            key=lambda draft: (not is_named(draft), draft.place is not None)
        )  # "a scarecrow in a field, a tree behind it": not behind the field
        return [draft for draft in single if draft.options or not draft.part][:1] or lately[-1:]  # never "the wall" that a bed stands at

    def _bearer_of(self, group: list[Draft]) -> Draft | None:
        """ "Two glasses and a bottle on the blanket. Daisies around it": what several things that were spoken of last are all on."""
        inner = (RelationName.ON, RelationName.INSIDE)
        on = (objects[0] for name, objects in group[-1].relations if name in inner)
        one = next((target for target in on if isinstance(target, Draft)), None)
        if one is None or is_many(one) or one.place is not None or one in self.subjects:
            return None
        return one if all(any(name in inner and one in objects for name, objects in draft.relations) for draft in group) else None

    def two_before(self) -> list[Draft]:
        """ "between them": the last two things spoken of."""
        own = [] if self.looking_ahead else self.subjects
        named = (draft for draft in reversed(self.lately) if draft not in own and not is_bare_part(draft))
        before = list(dict.fromkeys(named))
        pair = next((one for one in before if one.number == 2 and one is not self.host), None)
        if self.host is not None and self.host.number in (None, 1) and pair is not None:
            return [pair]  # "two chairs, a table with a jug between them": between the chairs
        if before and is_many(before[0]) and before[0].number == 2:
            faced = any(before[0] in objects for _, objects in before[1].relations) if len(before) > 1 else False
            return before[1::-1] if faced else before[:1]  # "a sofa opposite two armchairs with a table in between"
        return before[1::-1]


OPPOSITES = {
    RelationName.LEFT_OF: RelationName.RIGHT_OF,
    RelationName.RIGHT_OF: RelationName.LEFT_OF,
    RelationName.BEHIND: RelationName.IN_FRONT_OF,
    RelationName.IN_FRONT_OF: RelationName.BEHIND,
}
_TOGETHER = frozenset({RelationName.BESIDE, RelationName.NEAR, RelationName.FACING})
_OUTER = frozenset({*OPPOSITES, RelationName.BESIDE, RelationName.NEAR, RelationName.AROUND, RelationName.FAR})


_PICTURES = frozenset({"scene", "view", "picture", "image", "setting"})


def opposite_of(draft: Draft) -> Draft | None:
    """ "to its left a bin, to its right a bench": what the bin is left of."""
    sides = (RelationName.LEFT_OF, RelationName.RIGHT_OF)
    found = (objects[0] for relation, objects in draft.relations if relation in sides)
    return next((target for target in found if isinstance(target, Draft)), None)


def other_side(draft: Draft, relation: RelationName) -> Draft | None:
    """ "a bookcase to the left of the fireplace and an armchair to the right of it": the fireplace, not the bookcase."""
    opposite = OPPOSITES.get(relation)
    found = (objects[0] for name, objects in draft.relations if name is opposite)
    return next((target for target in found if isinstance(target, Draft)), None)


def host_of_with(row: Row, talk: Discourse, at: int, connector: str) -> tuple[Draft | None, bool]:
    """Whose "with" it is: the thing's just before it, after a comma the subject's, a place's never; and whether it is far off."""
    before = row.item(at - 1)
    head = before.head if isinstance(before, NounPhrase) else None
    last = talk.subjects[-1] if talk.subjects and talk.subjects[-1].place is None else None
    if head is not None and head.has(Role.THING, Role.GENERIC) and talk.lately and not (last is not None and talk.lately[-1].place):
        return talk.lately[-1], False
    if connector == "comma" and talk.subjects and all(draft.place is None for draft in talk.subjects):
        single = bool(talk.log) and len(talk.log[-1]) == 1 and talk.log[-1][0].place is None and is_named(talk.subjects[-1])
        return talk.log[-1][0] if single else last, True  # "a tractor in tall grass, with a crow on its seat"
    picture = head is not None and head.text in _PICTURES  # "an underwater scene with a wreck, a dolphin above it": not above the scene
    if connector in ("comma", "and", "stop") or picture or (head is not None and head.has(Role.PLACE)):
        return None, False
    if row.has(at - 1, Role.PRONOUN, Role.VERB, Role.BE, Role.TO_VIEWER, Role.TO_HOST) or isinstance(before, NounPhrase):
        return last, False
    return talk.host, False


def relate(
    subjects: Sequence[Draft], relation: RelationName, objects: tuple[Draft | str, ...], *, turned: bool, distance_m: float | None = None
) -> None:
    for subject in subjects if objects else ():
        if not turned:
            subject.relate(relation, *objects, distance_m=distance_m)
            continue
        for target in objects:
            if isinstance(target, Draft):
                target.relate(relation, subject)
