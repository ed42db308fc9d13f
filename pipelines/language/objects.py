"""Objects: what a preposition is put to: a phrase, a pronoun, a member of a group, the whole of which only a part was named."""

from __future__ import annotations

from pipelines.language.discourse import Discourse, other_side
from pipelines.language.drafts import Draft, SceneDraft, is_bare_part, is_many, is_named
from pipelines.language.groups import Groups
from pipelines.language.lexicon import Role
from pipelines.language.mentions import IN_PLACE, PLACE_AS_OBJECT, SAID_PLACE, Mentions
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.recall import EACH
from pipelines.language.row import ASIDE, INNER, SIDES, Row, is_part
from pipelines.language.sorts import BANKS
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName

_PLACING = frozenset({
    "inside", "on", "at", "within", "through", "throughout", "across", "into", "of", "to", "from", "down", "in the middle of",
    "in the heart of", "in the center of", "in the centre of", "in the midst of", "at the edge of", "on the edge of", "by the edge of",
    "on the outskirts of", "aboard", "on board",
})  # fmt: skip
_THINGS_OF_LISTS = frozenset({RelationName.AROUND, RelationName.ALONG, RelationName.ON, RelationName.INSIDE})

EACH_OF_ITS = {"corner": 4, "arm": 2, "shoulder": 2, "hand": 2, "wing": 2, "horn": 2, "ear": 2, "side": 2, "end": 2, "antler": 2}
"""How many there are of what a thing has several of: "a raven on each arm" are two."""
_OF_BODIES = frozenset({"mouth", "beak", "jaws", "claws", "teeth", "paws", "hand", "hands", "arms"})
_APART = SIDES | {RelationName.AROUND}  # in front of, behind and around what one is no part of
_AT_WATER = INNER | {RelationName.BESIDE, RelationName.NEAR}


def is_placing(word: Lexeme) -> bool:
    """Whether a place after this preposition is where everything is: "in", "stands in", "across"."""
    return word.text in _PLACING or word.words[-1] == "in"


def is_outside(word: Lexeme) -> bool:
    """Whether one is in the open by a place: "outside a moon base"."""
    return word.words[0] in ("outside", "outdoors")


class Objects:
    """Finds the objects of prepositions."""

    def __init__(self, row: Row, talk: Discourse, scene: SceneDraft, mentions: Mentions, groups: Groups) -> None:
        self._row = row
        self._talk = talk
        self._scene = scene
        self._mentions = mentions
        self._groups = groups

    def of(self, word: Lexeme, relation: RelationName, at: int, *, turned: bool, fronted: bool, first: bool) -> tuple[list[Draft], int]:
        """The drafts that the object at `at` of the preposition `word` means, and where it ends.

        turned: the object is what gets the relation.  fronted: the subject is still to come.  first: nothing was named before.
        """
        item = self._row[at]
        if isinstance(item, Lexeme):
            again = self._row.has(at - 2, Role.CONJUNCTION) and item.text == "which" and self._talk.related is not None
            if again and self._talk.related is not None:  # "to the left of which …, and to the right of which": of the same thing
                return [self._talk.related], at + 1
            if item.text == "whose" and isinstance(part := self._row.item(at + 1), NounPhrase) and is_part(part):
                self._mentions.use(part)
                return self._talk.lately[-1:], at + 2  # "a fountain on whose edge children sit"
            found, end = self._pronoun(item, relation, at, fronted=fronted), self.end_of_pair(relation, at)
            if "against" in word.words:
                found = self._high_enough(found)
            if found and end > at + 1 and isinstance(other := self._row[end - 1], NounPhrase):  # "between them and the sea"
                return [found[0], *self._mentions.mention(other, place_weight=PLACE_AS_OBJECT, as_object=True)], end
            return found, at + 1
        if (some := self._some_of(item, relation)) is not None:
            return [some], at + 1
        if item.head is None and item.number == 2 and not item.modifiers:  # "between the two"
            self._talk.looking_ahead = fronted
            group = next((one for one in reversed(self._talk.lately) if (one.number or 0) > 2 and one in self._scene.drafts), None)
            if group is not None and not self._row.has(at - 1, Role.DETERMINER) and group not in self._talk.subjects:
                return [self._scene.split(group, 1), self._scene.split(group, 1)], at + 1  # "four pillars, a chest between two of them"
            found = self._scene.named[item.start] = self._talk.two_before()
            self._talk.looking_ahead = False
            return found, at + 1
        if item.head is not None and item.head.text == "ones" and (more := self._groups.another(item)) is not None:
            return [more] if relation is not RelationName.BETWEEN else self._mentions.two_of_them(more), at + 1
        if (meant := self._groups.meant(item, self._row.item(at + 1))) is not None:
            meant = self._groups.two_rows(meant[0]) if relation is RelationName.BETWEEN else meant
            return meant, at + self._groups.ends_at(item, self._row.item(at + 1))
        if relation in _AT_WATER and (water := self._mentions.sorts.water(item, aside=relation not in INNER)) is not None:
            return [water], at + 1
        if relation is RelationName.ALONG and (water := self._mentions.sorts.water(item, of_bank=True)) is not None:
            self._mentions.use(item)
            return [water], at + 1
        hung = bool(self._talk.subjects) and all(map(self._mentions.sorts.is_off_the_floor, self._talk.subjects))
        self._mentions.settle_part(
            item, owned=hung, apart=relation in _APART and (turned or relation in SIDES)
        )  # "a painting on a wall": a room's
        weight = IN_PLACE if is_placing(word) else SAID_PLACE if turned and relation is RelationName.UNDER else PLACE_AS_OBJECT
        weight = max(weight, SAID_PLACE) if first else weight
        weight = IN_PLACE if is_outside(word) and self._mentions.is_in_the_open(item) else weight
        drafts = self._mentions.mention(item, place_weight=weight, as_object=True)
        self._talk.looking_ahead = fronted
        whole = self._whole_of(item, drafts)
        self._talk.looking_ahead = False
        if whole is not None:
            self._talk.paralleled = (list(self._talk.subjects), [whole]) if item.article == "its" else None
            return ([] if turned and relation is not RelationName.UNDER else [whole]), at + 1
        if relation is RelationName.BETWEEN and item.number == 2 and len(drafts) == 1:
            drafts = self._mentions.two_of_them(drafts[0])
        elif relation is RelationName.BETWEEN and item.plural and len(drafts) == 1 and not is_many(drafts[0]):
            drafts = self._mentions.twins(drafts[0])[:2]
        elif relation is RelationName.BETWEEN and len(drafts) == 1 and item.group is not None and drafts[0].rows == 2:
            drafts = self._groups.two_rows(drafts[0])
        elif (
            relation is RelationName.BETWEEN
            and item.article in self._mentions.definite
            and len(drafts) == 1
            and is_many(drafts[0])
            and not self._and_another(item, at + 1)
        ):
            drafts = self._mentions.one_and_others(drafts[0])
        end, listed = at + 1, turned and relation in _THINGS_OF_LISTS
        if relation is RelationName.BETWEEN and self._row.has(end, Role.CONJUNCTION):
            after = self._row.item(end + 1)
            if isinstance(after, NounPhrase) and (not item.plural or self._and_another(item, end)):
                return [*drafts, *self._mentions.mention(after, place_weight=PLACE_AS_OBJECT, as_object=True)], end + 2
        while (
            drafts and (further := self._row.further_object(item, end, listed=listed, is_small=self._mentions.sorts.is_small)) is not None
        ):
            phrase, end = further
            drafts = [*drafts, *self._mentions.mention(phrase, place_weight=PLACE_AS_OBJECT, as_object=True)]
        return drafts, end

    def _high_enough(self, found: list[Draft]) -> list[Draft]:
        """ "A can by the shed and a wheelbarrow propped against it": against the shed, for the can is lower than what leans there."""
        sorts, leaning = self._mentions.sorts, self._talk.subjects[-1] if self._talk.subjects else None
        if leaning is None or len(found) != 1 or sorts.height(found[0]) >= sorts.height(leaning) or not sorts.height(found[0]):
            return found
        others = (target for _, objects in found[0].relations for target in objects if isinstance(target, Draft))
        return [next((one for one in others if sorts.height(one) >= sorts.height(leaning)), found[0])]

    def end_of_pair(self, relation: RelationName, at: int) -> int:
        """Where the object at `at` ends: after "between them" a second, definite one goes on, not so what stands between: "and a well"."""
        other = self._row.item(at + 2)
        if (
            relation is not RelationName.BETWEEN
            or not isinstance(self._row.item(at), Lexeme)
            or not self._row.has(at + 1, Role.CONJUNCTION)
        ):
            return at + 1
        definite = isinstance(other, NounPhrase) and other.head is not None and other.article in self._mentions.definite
        return at + 3 if definite and not self._row.next_is_relation(at + 3) else at + 1

    def _some_of(self, item: NounPhrase, relation: RelationName) -> Draft | None:
        """ "tomatoes in two, cabbages in the rest", "on one of the four still standing": some of what was last spoken of in the plural."""
        rest = item.head is not None and item.head.text == "rest" and item.article == "the" and item.of is None
        counted = item.head is None and item.number is not None and not item.modifiers and not item.article
        if relation is RelationName.BETWEEN or not (rest or counted):
            return None
        known = (draft for draft in reversed(self._talk.lately) if draft in self._scene.drafts and draft not in self._talk.subjects)
        group = next((draft for draft in known if is_many(draft) and draft.place is None and (draft.number or item.number or 0) > 1), None)
        if group is not None:
            self._mentions.use(item)
            self._scene.named[item.start] = [group]
        return group

    def _and_another(self, item: NounPhrase, end: int) -> bool:
        """ "between the trees and the house": the conjunction at `end` leads to the second of two objects, not to a clause of its own."""
        after = self._row.item(end + 1)
        both = item.article == "the" and isinstance(after, NounPhrase) and after.article == "the"
        return self._row.has(end, Role.CONJUNCTION) and both and not self._row.next_is_relation(end + 2)

    def _pronoun(self, item: Lexeme, relation: RelationName, at: int, *, fronted: bool) -> list[Draft]:
        self._talk.looking_ahead = fronted
        pair = relation is RelationName.BETWEEN and item.text in ("them", "these", "those")
        found = self._talk.two_before() if pair else self._talk.antecedent(item)
        company = self._company_before() if pair and any(not self._mentions.sorts.is_alive(one) for one in found) else []
        if pair and len(found) == 1 and is_many(found[0]) and found[0].number != 2:
            found = self._mentions.one_and_others(found[0])  # "ten pews with a carpet between them"
        found = company if len(company) == 2 and any(self._mentions.sorts.is_alive(one) for one in found) else found
        if item.text == "which" and found:
            found = self._same_which(found)
        if item.text == "which" and relation is RelationName.ON and found and self._mentions.wholes.grows(found[0]) and self._talk.log:
            found = self._talk.log[-1]  # "a blanket under a tree, on which lies a book": on the blanket
        if item.text == "them" and len(found) == 1 and not is_many(found[0]):
            found = self._pair_before() or self._named_as_many(at) or self._company_before() or self._talk.last_two() or found
        if item.text == "it" and not fronted and self._goes_on_at_anchor(relation, found, at):
            found = [self._talk.anchor] if self._talk.anchor is not None else found
        if item.text == "one of them" and len(found) == 1 and found[0].place is not None:
            found = self._pair_before()[:1] or found  # "a hammock between two palms, a surfboard against one of them"
        if item.text in ("it", "its") and len(found) == 1 and self._mentions.sorts.is_person(found[0]):
            found = self._thing_before() or found
        if item.text in ("him", "her") and (person := self.person_before() or self._animal_before()) is not None:
            found = [person]
        elif found and not is_many(found[0]) and (other := other_side(found[0], relation)) is not None:
            found = [other]
        elif not pair and item.text in ("it", "its"):
            found = self._talk.still(relation, found) if self._talk.looking_ahead else self._talk.parallel(found)
            found = self._talk.aside(relation, found)
        self._talk.looking_ahead = False
        if relation is RelationName.INSIDE and item.text == "it" and self._talk.subjects and self._talk.host not in found:
            found = self._mentions.sorts.holder(self._talk.subjects[-1], found, self._talk.lately)
        found = self._not_borne_here(found)
        anchor = self._talk.anchor
        if relation is RelationName.UNDER and found == [self._talk.host] and self._is_anchored(found[0]):
            found = [anchor] if anchor is not None else found  # "a grill by a table, with a melon on the table and a dog under it"
        grows = relation is RelationName.ON and bool(self._talk.subjects) and self._mentions.sorts.is_plant(self._talk.subjects[-1])
        if grows and found and anchor is not None and self._mentions.sorts.is_alive(found[0]) and not self._mentions.sorts.is_alive(anchor):
            found = [anchor]  # "a fox behind a log, three mushrooms on it"
        if relation is RelationName.UNDER and found and anchor is not None and self._mentions.sorts.is_alive(found[0]) and not pair:
            found = found if self._mentions.sorts.is_alive(anchor) else [anchor]  # "a cow next to an oak and two hens under it"
        found = self._not_the_ground(self._what_carries(found, relation), relation, pair=pair)
        self._scene.named[item.start] = found
        return found

    def _is_anchored(self, host: Draft) -> bool:
        """Whether the guest before this one stands on something else than the host that both came with."""
        anchor, subjects = self._talk.anchor, self._talk.subjects
        guests = [one for one in self._talk.lately if one.host is host and one not in subjects]
        return bool(guests) and anchor is not None and (RelationName.ON, (anchor,)) in guests[-1].relations and anchor is not host

    def _not_borne_here(self, found: list[Draft]) -> list[Draft]:
        """ "a car, a toolbox on the workbench behind it": the workbench is not behind what lies on it."""
        subjects = self._talk.subjects
        if len(found) != 1 or not any(name in INNER and objects[0] in subjects for name, objects in found[0].relations):
            return found
        before = (group for group in reversed(self._talk.log) if len(group) == 1 and group[0] not in (*found, *subjects))
        return next((group for group in before if group[0].options and group[0].place is None), found)

    def _is_ground(self, draft: Draft) -> bool:
        return draft.place is not None or self._mentions.sorts.is_terrain(draft)

    def _pair_before(self) -> list[Draft]:
        """ "a rover between two domes and lamps to the left of them": the domes, though they are two things since."""
        others = (draft for draft in reversed(self._talk.lately) if draft not in self._talk.subjects and draft.options)
        pairs = (twins for draft in others if len(twins := self._mentions.twins(draft)) > 1)
        return next(pairs, [])[:2]

    def _named_as_many(self, at: int) -> list[Draft]:
        """ "In front of the drums a stool, behind them a banner": the one thing that a plural named last."""
        said = (item for back in range(at - 1, -1, -1) if isinstance(item := self._row.item(back), NounPhrase) and item.plural)
        named = (self._scene.named.get(phrase.start, []) for phrase in said)
        one = (found for found in named if len(found) == 1 and found[0].options and not is_many(found[0]))
        return next((found for found in one if found[0] not in self._talk.subjects and found[0].place is None), [])

    def _same_which(self, found: list[Draft]) -> list[Draft]:
        """ "a bench, above which a lamp hangs, and under which a dog sleeps": both times the bench."""
        before = self._talk.related
        pairs = ((before, found[0]), (found[0], before)) if before is not None else ()
        if before is not None and any(other in objects for one, other in pairs if one is not None for _, objects in one.relations):
            found = [before]
        self._talk.related = found[0]
        return found

    def _company_before(self) -> list[Draft]:
        """ "a man next to a nurse, a fountain behind them": both of them."""
        own = [] if self._talk.looking_ahead else self._talk.subjects
        beings = [one for one in self._talk.lately if one not in own and self._mentions.sorts.is_alive(one)]
        return list(dict.fromkeys(beings))[-2:] if len(set(map(id, beings))) > 1 else []

    def _animal_before(self) -> Draft | None:
        """ "a lion behind a mound; two elephants face him"."""
        others = (draft for draft in reversed(self._talk.lately) if draft not in self._talk.subjects and not is_many(draft))
        return next((draft for draft in others if self._mentions.sorts.is_alive(draft)), None)

    def _goes_on_at_anchor(self, relation: RelationName, found: list[Draft], at: int) -> bool:
        """ "a watering can beside the shed and a wheelbarrow in front of it": in front of the shed, which was known before the can."""
        anchor, began = self._talk.anchor, at - 1
        while began > 0 and not isinstance(self._row.item(began), NounPhrase):
            began -= 1
        joined = self._row.has(began - 1, Role.CONJUNCTION) and not self._row.is_comma(began - 2)
        joined = joined or (self._row.is_comma(began - 1) and self._is_landmark(anchor))
        known = anchor is not None and self._talk.known_anchor and anchor not in self._talk.subjects and not is_many(anchor)
        hangs = relation is RelationName.ON and bool(found) and self._mentions.sorts.is_off_the_floor(found[0])
        return joined and known and (relation in ASIDE or hangs) and anchor is not None and not self._is_ground(anchor)

    def _is_landmark(self, anchor: Draft | None) -> bool:
        """ "A desk. A fern to the left of the desk, a shelf behind it": what a sentence comes back to that was a subject before."""
        others = [group for group in self._talk.log if not any(one in self._talk.subjects for one in group)]
        last = others[-1] if others else []
        beside = all(draft.host is None and any(anchor in objects for _, objects in draft.relations) for draft in last)
        return bool(last) and beside and anchor in self._talk.earlier and any(anchor in group for group in others)

    def _thing_before(self) -> list[Draft]:
        """ "an old lady has a piano, and her dog lies under it": nobody is an "it"."""
        single = [one for one in reversed(self._talk.lately) if one not in self._talk.subjects and is_named(one) and not is_many(one)]
        return [one for one in single if one.place is None and one.options and not self._mentions.sorts.is_alive(one)][:1]

    def person_before(self) -> Draft | None:
        """ "a fisherman on a stool with a dog behind him": not behind the stool."""
        others = (draft for draft in reversed(self._talk.lately) if draft not in self._talk.subjects)
        return next((draft for draft in others if self._mentions.sorts.is_person(draft)), None)

    def _what_carries(self, found: list[Draft], relation: RelationName) -> list[Draft]:
        """ "an anvil, a hammer on it and a barrel beside it": what stands on the floor stands beside the anvil, not the hammer."""
        if relation is RelationName.AROUND and len(found) == 1 and not self._mentions.sorts.is_cloth(found[0]) and not is_many(found[0]):
            above = (objects[0] for name, objects in found[0].relations if name is RelationName.UNDER)
            covers = (one for one in above if isinstance(one, Draft) and is_named(one) and not self._mentions.sorts.is_off_the_floor(one))
            found = [next(covers, found[0])]  # "a toy train under a tree, presents around it": around the tree
        if relation in INNER or not found or not self._talk.subjects:
            return found
        sorts = self._mentions.sorts
        if relation is RelationName.UNDER and all(map(sorts.is_alive, self._talk.subjects)):
            tables = (objects[0] for name, objects in found[0].relations if name is RelationName.ON)
            table = next((one for one in tables if isinstance(one, Draft) and sorts.is_furniture(one)), None)
            return [table] if table is not None else found  # "a can stands on a bench and a cat hides under it"
        perches = (objects[0] for name, objects in found[0].relations if name is RelationName.ON and sorts.is_alive(found[0]))
        perch = next((one for one in perches if isinstance(one, Draft) and one.options and not sorts.is_terrain(one)), None)
        if sorts.is_borne(
            self._talk.subjects[-1]
        ):  # "an owl is on a cross, a lantern at the foot of it": but a cup is beside a cat on a table
            return found if perch is None or sorts.is_furniture(perch) else [perch]
        lives = self._mentions.sorts.is_alive(found[0])
        within = (objects[0] for name, objects in found[0].relations if lives and name is RelationName.INSIDE)
        home = next(within, None)
        if isinstance(home, Draft) and home.options and home.place is None:
            if sorts.is_person(found[0]) and (relation is RelationName.FACING or self._mentions.wholes.is_building(home)):
                return found  # "a knight in a castle with a horse beside him"
            return [home]  # "an octopus lives in the wreck, and a chest lies beside it": beside the wreck
        carriers = [objects[0] for name, objects in found[0].relations if name in INNER]
        below = (one for one in self._talk.lately if (RelationName.UNDER, (found[0],)) in one.relations)  # "a painting hangs above it"
        carrier = next((one for one in (*carriers, *below) if isinstance(one, Draft) and one.options), None)
        return [carrier] if carrier is not None and self._mentions.sorts.is_off_the_floor(found[0]) else found

    def carrier(self, subjects: list[Draft], objects: tuple[Draft | str, ...], relation: RelationName) -> tuple[Draft | str, ...]:
        """ "On its roof sits a stork. Around it runs a fence": what does not stand where small things do is around the house."""
        thing = objects[0]
        if relation is RelationName.INSIDE and isinstance(thing, Draft) and subjects:  # "an aquarium on a cabinet, in which fish swim"
            return tuple(self._mentions.sorts.holder(subjects[-1], [thing], self._talk.lately))
        if relation in INNER or not isinstance(thing, Draft) or len(objects) > 1 or any(map(self._mentions.sorts.is_borne, subjects)):
            return objects
        perched = relation in SIDES and self._mentions.sorts.is_animal(thing)  # "a gull sits on a boat. Behind it": behind both
        if relation is not RelationName.AROUND and not self._mentions.sorts.is_borne(thing) and not perched:
            return objects
        carriers = (target for name, (target, *_) in thing.relations if name in INNER)
        found = next((one for one in carriers if isinstance(one, Draft) and one.options and not self._mentions.sorts.is_terrain(one)), None)
        return (found,) if found is not None else objects

    def _not_the_ground(self, found: list[Draft], relation: RelationName, *, pair: bool) -> list[Draft]:
        """ "a mill on a hill with sheep in front of it": it is the mill; "lamps along a road, a bus between them": the lamps.

        So it is with "a chest under the window with a cage on it", where the window only says where the chest is.
        """
        ground = [draft for draft in found if self._mentions.sorts.is_terrain(draft)]
        many = [draft for draft in found if is_many(draft)]
        if pair and ground and many:
            return many
        host, sorts = self._talk.host, self._mentions.sorts
        if host is None or found != [host] or not self._talk.subjects:
            return found
        at_it = (draft for draft in reversed(self._talk.lately) if any(host in objects for _, objects in draft.relations))
        told = next((draft for draft in at_it if not sorts.is_terrain(draft) and draft.host is not host), None)
        if told is None or (relation in INNER and sorts.is_flat(host) and sorts.is_alive(told)):
            return found
        wide = (relation in ASIDE and sorts.is_ground_of(host, told)) or (
            relation is RelationName.AROUND
            and (sorts.is_endless(host) or (sorts.is_terrain(host) and sorts.encloses(self._talk.subjects[-1])))
        )
        behind = self._is_ground(host) if relation in SIDES else sorts.is_backdrop(host, self._talk.subjects[-1])
        return [told] if wide or behind else found

    def _whole_of(self, item: NounPhrase, drafts: list[Draft]) -> Draft | None:
        """ "in front of the door": in front of the house that has it, when one was spoken of."""
        both = item.number == 2 and item.head is not None and item.head.words[-1] == "sides"  # "stalls lining both sides": of the pier
        each = item.article in EACH and item.head is not None and item.head.text in EACH_OF_ITS and item.head.text != "corner"
        machine = self._mentions.machine_of(item) if item.article in ("", "the", "its") else None
        if machine is not None:
            return machine
        owned = both or each or item.article in ("the", "its", "their", "his", "her")
        if item.of is not None or not is_part(item) or not owned:
            return None
        if (
            len(drafts) != 1
            or not is_bare_part(drafts[0])
            or not (both or each or item.article == "its" or self._mentions.is_painted(item))
        ):
            return None
        own = [] if self._talk.looking_ahead else self._talk.subjects
        others = [draft for draft in self._talk.lately if draft not in own]  # "a raven on its lid": the piano's
        if item.article == "its" and item.head is not None and item.head.words[-1] in _OF_BODIES:
            beings = [draft for draft in (*self._talk.lately, *self._talk.subjects) if self._mentions.sorts.is_alive(draft)]
            return beings[-1] if beings and beings[-1] not in self._talk.subjects else None  # "holds a fish in its mouth"
        ground = item.article == "its"
        if ground and item.head is not None and item.head.words[-1] in BANKS:
            return None  # of the stream, wherever that runs
        others = [draft for draft in others if not ground or not self._is_ground(draft)] or others
        if ground and (spoken := self._talk.singular_before()) and spoken[0] in others:
            others = [
                *others,
                spoken[0],
            ]  # "a cart leans against a barn, a rooster on its edge": the cart's  # "a plane on a runway, … its wing"
        if each:
            spoken = [draft for group in reversed(self._talk.log) for draft in reversed(group) if draft not in own]
            bodies = (one for one in (self._talk.host, *spoken) if one is not None and self._mentions.sorts.has_limbs(one))
            return next(bodies, self._talk.host)  # "a scarecrow in the wheat with a crow on each shoulder"
        if item.article in ("his", "her"):
            return next((draft for draft in reversed(others) if self._mentions.sorts.is_alive(draft)), None)
        whole = self._mentions.wholes.before(self._mentions.part(item), others)
        if whole is None and item.article != "the":  # "the car has a dog on its roof"
            owner = self._talk.host or next(iter(self._talk.singular_before()), None)
            whole = owner if owner is not None and owner.options and not self._mentions.sorts.is_terrain(owner) else None
        return whole
