"""Relating: who gets a relation: those who are spoken of, who came with them, or a subject that is still to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.language.discourse import OPPOSITES, Discourse, relate
from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.groups import Groups
from pipelines.language.lexicon import Role
from pipelines.language.mentions import Mentions
from pipelines.language.noun_phrase import Item, NounPhrase
from pipelines.language.objects import Objects
from pipelines.language.people import People
from pipelines.language.row import ASIDE, INNER, Row, is_part
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName


@dataclass(frozen=True)
class Pending:
    """A relation whose subject is still to come. rows: the objects, each once; referred: a pronoun named them."""

    relation: RelationName
    rows: tuple[tuple[Draft | str, ...], ...]
    turned: bool
    distance_m: float | None
    referred: bool
    before: Pending | None = None  # another such relation of the same subject: "facing him, perched on a rock, a dragon"

    def all(self) -> Iterator[Pending]:
        """This relation, and those before it."""
        yield self
        if self.before is not None:
            yield from self.before.all()


class Relating:
    """What is kept in mind while the items of a prompt are read, and who gets a relation.

    `_chain` is a list "A, B and C" so far; `_connector` the word that joins what comes to what was; `_pending` a relation whose
    subject is still to come; `_outer` who is spoken of again after what came "with" him.
    """

    def __init__(self, items: Sequence[Item], scene: SceneDraft, mentions: Mentions) -> None:
        self._row = Row(items)
        self._talk = Discourse()
        self._scene = scene
        self._mentions = mentions
        self._groups = Groups(scene, mentions, self._talk)
        self._people = People(scene, mentions)
        self._objects = Objects(self._row, self._talk, scene, mentions, self._groups)
        self._chain: list[Draft] = []
        self._joined_by_and = False
        self._connector = "stop"
        self._pending: Pending | None = None
        self._denying = False
        self._outer: list[Draft] = []
        self._first = True
        self._aside: tuple[list[Draft], list[Draft], Draft | None] | None = None  # who was spoken of before a bracket
        self._done_with: tuple[list[Draft], list[Draft]] = ([], [])  # what somebody does something with, and who does
        self._taken_along = False  # it goes where somebody goes
        self._ordering: RelationName | None = None  # how the members of a list stand that is still to come
        self._spent: set[int] = set()  # positions of the prepositions that something has come of
        self._verb_seen = False
        self._distant_host = False
        self._distance_m: float | None = None
        self._each: Draft | None = None
        self._singly: Draft | None = None  # "each …": of whom the next object is there once for each

    def _stands_with_host(self, relation: RelationName, objects: tuple[Draft | str, ...], at: int) -> bool:
        """ "a side table with a teapot next to the armchair": it is the table that stands next to what stands on the floor."""
        host, sorts = self._talk.host, self._mentions.sorts
        if relation is RelationName.ON and host is not None and sorts.floats(host):  # "a ship with six cannons on the sea"
            wet = all(isinstance(one, Draft) and sorts.is_water(one) for one in objects)
            return wet and all(draft.host is host and not sorts.floats(draft) for draft in self._talk.subjects)
        alive = host is not None and sorts.is_person(host)
        between = relation is RelationName.BETWEEN and self._row.has(at + 1, Role.PRONOUN) and host is not None and sorts.is_furniture(host)
        if between and host not in objects and host is not None and host.number in (None, 1):
            return all(draft.host is host and sorts.is_borne(draft) for draft in self._talk.subjects)
        if host is None or relation not in ASIDE or not (alive or sorts.is_furniture(host)) or self._row.has(at + 1, Role.PRONOUN):
            return False
        guests = all(draft.host is host and not draft.loose and (alive or sorts.is_borne(draft)) for draft in self._talk.subjects)
        return guests and all(isinstance(one, Draft) and (alive or sorts.is_furniture(one)) and one is not host for one in objects)

    def _is_walked_on(self, relation: RelationName, objects: tuple[Draft | str, ...]) -> bool:
        """ "flying a kite on a hill", "walking a dog along a path": whether the words say where somebody goes with what he has."""
        ground = all(isinstance(one, Draft) and self._mentions.sorts.is_terrain(one) for one in objects)
        return self._taken_along and ground and relation in INNER | {RelationName.ALONG}

    def _named_at(self, at: int) -> list[Draft]:
        """What the phrase at `at` named, nothing where there is none."""
        phrase = self._row.item(at)
        return self._scene.named.get(phrase.start, []) if isinstance(phrase, NounPhrase) else []

    def _also_there(self, subjects: Sequence[Draft], relation: RelationName, objects: tuple[Draft | str, ...], at: int) -> list[Draft]:
        """ "a hen on a crate inside a barn", "a car behind a van on a road": of whom what was said of one holds, too."""
        named, where, sorts = self._named_at(at - 1), objects[0], self._mentions.sorts
        if self._connector != "none" or len(subjects) != 1 or len(named) != 1 or not isinstance(where, Draft) or not where.options:
            return []
        if relation is RelationName.INSIDE and named == list(subjects):
            above = self._talk.log[-1] if self._talk.log else []
            return [one for one in above if (RelationName.ON, (named[0],)) in one.relations and sorts.is_room_for(where, one)]
        aside = any(name in ASIDE and tuple(named) == target for name, target in subjects[0].relations[-1:])
        on_ground = aside and relation is RelationName.ON and sorts.is_terrain(where)
        return named if on_ground and sorts.moves(named[0]) and sorts.moves(subjects[0]) else []

    def _built_on(self, subjects: Sequence[Draft], relation: RelationName, objects: tuple[Draft | str, ...], at: int) -> list[Draft]:
        """ "a dragon in front of a castle on a hill": it is the castle that stands on the hill."""
        named, where, sorts = self._named_at(at - 1), objects[0], self._mentions.sorts
        raised = isinstance(where, Draft) and where.place is None and sorts.is_raised(where)
        if self._connector != "none" or relation is not RelationName.ON or not raised or len(named) != 1 or named == list(subjects):
            return []
        put = all(any(name in ASIDE and target == (named[0],) for name, target in one.relations[-1:]) for one in subjects)
        return named if put and sorts.is_built(named[0]) else []

    def _spread(self, drafts: Sequence[Draft]) -> None:
        """ "a laptop on each desk": as many of them as there are desks, times what was counted."""
        for draft in drafts if self._each is not None and is_many(self._each) else ():
            if draft.each_of is None and draft is not self._each:
                draft.number, draft.each_of, draft.plural = draft.number or (None if draft.plural else 1), self._each, True
        self._each = None

    def _one_for_each(self, objects: Sequence[Draft], phrase: Item | None) -> None:
        """ "four benches, each under a tree", "three dogs in their kennels": as many trees and kennels."""
        owner, own = self._singly, False
        if owner is None and isinstance(phrase, NounPhrase) and phrase.article == "their" and phrase.plural and phrase.number is None:
            owner, own = next((one for one in reversed(self._talk.subjects) if (one.number or 0) > 1), None), True
        single = own or (isinstance(phrase, NounPhrase) and phrase.article in ("a", "an") and not phrase.plural)
        if owner is None or not single or len(objects) != 1 or objects[0] is owner or objects[0].place is not None or objects[0].each_of:
            return
        objects[0].number, objects[0].each_of, objects[0].plural = 1, owner, True
        self._singly = None

    def _acts_alone(self, at: int) -> bool:
        """Whether the participle at `at` is said of the last of a list only: what does not live does such things together."""
        moves = [draft.place or self._mentions.sorts.is_alive(draft) or self._mentions.sorts.is_terrain(draft) for draft in self._chain]
        lifeless = not any(moves)
        return self._row.acts_alone(at) and not (lifeless and self._row.has(at, Role.RELATION))

    def _ends_in_pending(self, at: int) -> bool:
        """Whether the phrase at `at` is what the relation was put to that waits for its subject."""
        named = self._named_at(at)
        return bool(named) and self._pending is not None and tuple(named[-1:]) == self._pending.rows[-1]

    def _speak_of_clause(self, at: int) -> None:
        """ "a knight on a horse rides": after an object, a verb is the subject's, not the object's."""
        named = self._named_at(at - 1)
        spoken = self._talk.log[-1] if self._talk.log else []
        placed = len(spoken) == 1 and bool(named) and any(named[0] in objects for _, objects in spoken[0].relations)
        if placed and named == self._talk.subjects and self._talk.host is None:
            self._talk.subjects = list(spoken)

    def _speak_of_outer(self) -> None:
        """After what somebody came with, he is spoken of again."""
        self._talk.subjects, self._chain, self._outer, self._talk.host = self._outer, list(self._outer), [], None

    def _borne_on(self, relation: RelationName, at: int, objects_at: int) -> bool:
        """ "a snail carrying a house on its back": what it carries is on the snail."""
        part, before = self._row.item(objects_at), self._row.item(at - 1)
        if relation is not RelationName.ON or not (isinstance(part, NounPhrase) and isinstance(before, NounPhrase)) or not is_part(part):
            return False
        held = self._scene.named.get(before.start, []) if part.article in ("its", "his", "her", "their") else []
        sides = (RelationName.BESIDE, RelationName.ON)
        borne = ((one, side) for one in self._talk.subjects for side in sides if held and (side, (one,)) in held[-1].relations)
        bearer, side = next(borne, (None, RelationName.ON))
        if bearer is None:
            return False
        held[-1].relations.remove((side, (bearer,)))
        relate(held, RelationName.ON, (bearer,), turned=False)
        self._mentions.use(part)
        self._connector = "none"
        return True

    def _fronted(self, at: int, end: int) -> bool:
        """Whether the phrase that ends at `end` comes before its subject: "Behind it, a barn", "on the hill stands a mill"."""
        fronting = self._row.item(end - 1)
        if not self._talk.subjects or (isinstance(fronting, Lexeme) and fronting.text in ("which", "whom")):
            return True  # "an oak beneath which a shepherd sleeps"
        if self._connector not in ("comma", "and", "stop"):
            return False
        begins = self._row.skip_filler(end)
        after = self._row.after_aside(begins)
        if self._row.is_comma(after):
            begins, after = after > begins, after + 1
            while begins and self._row.has(after, Role.VERB):
                after += 1  # "beside it, coiled like a snake, lay a rope"
            return self._connector in ("and", "stop") and (isinstance(self._row.item(after), NounPhrase) or self._row.is_put_aside(after))
        colon = self._row.item(after)
        if isinstance(colon, Lexeme) and colon.text == ":":
            after += 1  # "left of it: a bin"
        while self._row.has(after, Role.VERB, Role.OPENER, Role.BE) or self._row.is_doing(after):
            after += 1
        after += 2 * self._row.is_there_as_it_has(after)
        follows = self._row.item(after)
        return isinstance(follows, NounPhrase) and follows.head is not None

    def _side(self, relation: RelationName, objects: tuple[Draft | str, ...]) -> None:
        """ "to the left of the microscope a lamp, to the right a book": of the same thing."""
        if relation in OPPOSITES and isinstance(objects[0], Draft):
            self._talk.sided = {OPPOSITES[relation]: objects[0]}

    def _place_subjects(self, relation: RelationName, objects: tuple[Draft | str, ...], at: int, end: int, *, turned: bool) -> None:
        """Relate the subjects, or keep the relation until the subject comes."""
        if self._fronted(at, end):
            known = self._pending.rows if self._pending is not None and self._pending.relation is relation and at in self._spent else ()
            referred = self._row.has(self._row.skip_filler(at + 1), Role.PRONOUN)
            self._side(relation, objects)
            waits = self._pending is not None and self._pending.relation is not relation and not self._talk.subjects
            before = self._pending if self._connector == "comma" and (waits or self._row.is_put_aside(at)) else None
            self._pending = Pending(relation, (*known, objects), turned, self._distance_m, referred, before)
            self._spent.add(at)
            self._talk.subjects, self._chain = [], []
            self._connector = "none"
            return
        subjects = self._talk.subjects
        preposition = self._row[at]
        if isinstance(preposition, Lexeme) and preposition.words[0].endswith("ing") and self._acts_alone(at):
            self._joined_by_and = False
        after = max((self._chain.index(target) + 1 for target in objects if target in self._chain), default=0)
        chain = self._chain[after:]  # "a bench, a hammer and a saw on the bench"
        done, doers = self._done_with
        alive = self._mentions.sorts.is_alive
        held = bool(doers) and subjects == done and self._connector == "none" and all(map(self._mentions.sorts.is_off_the_floor, done))
        if doers and subjects == done and self._connector == "none" and not turned and self._is_walked_on(relation, objects):
            subjects = doers if held else [*doers, *done]  # "a girl leading a pony on a path": both are; a kite is on no hill
        elif held and not turned and relation not in INNER:
            subjects = doers  # "a girl reading a book under a tree": it is she who is under it
        elif doers and subjects == done and self._connector == "none" and not turned and relation in ASIDE and all(map(alive, done)):
            subjects = [*doers, *done]  # "a girl feeding ducks beside a pond": both are
        elif self._stands_with_host(relation, objects, at):
            subjects = [self._talk.host] if self._talk.host is not None else subjects
        elif self._joined_by_and and len(chain) > 1 and not turned:
            pure = not any(draft.relations for draft in chain if draft not in self._talk.subjects)
            alike = [
                draft
                for draft in chain
                if relation not in INNER | {RelationName.UNDER}
                or self._mentions.sorts.stand_alike(draft, chain[-1])
                or (relation is RelationName.UNDER and len(chain) == 2 and not self._mentions.sorts.is_off_the_floor(draft))
            ]
            if relation is RelationName.UNDER:  # "a desk with a vase, and a dog underneath": the vase is on it
                alike = [draft for draft in alike if draft is chain[-1] or draft.host not in objects]
            subjects = alike if pure else self._talk.subjects
        if not turned:
            subjects = self._built_on(subjects, relation, objects, at) or [*subjects, *self._also_there(subjects, relation, objects, at)]
        if not turned:
            self._spread(subjects)
        relate(subjects, relation, objects, turned=turned, distance_m=self._distance_m)
        self._side(relation, objects)
        if any(draft.options or draft.generic or draft.place for draft in subjects):
            self._spent.add(at)
        self._pending = None if self._pending and self._connector != "none" else self._pending
