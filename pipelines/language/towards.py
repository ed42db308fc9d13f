"""Towards: place words without an object, "behind", "at its foot": to whom they are."""

from __future__ import annotations

from pipelines.language.discourse import opposite_of, other_side
from pipelines.language.drafts import Draft, is_many
from pipelines.language.lexicon import Role
from pipelines.language.noun_phrase import NounPhrase
from pipelines.language.relating import Relating
from pipelines.language.row import SIDES
from pipelines.language.tagging import Lexeme
from pipelines.spec import VIEWER, RelationName

_COUPLED = frozenset({"coupled", "hitched", "towed", "chained", "roped", "attached", "harnessed", "trailing", "trailed", "following"})
"""Before "behind" they say that it is behind what moves ahead, wherever that stands."""
_MIDDLES = frozenset({"middle", "centre", "center", "heart"})
_RIMS = frozenset({"edge", "shore", "bank", "brink"})
_OPEN_SIDES = SIDES | {RelationName.FACING}


class Towards(Relating):
    """Reads place words that name no object."""

    def _towards_host(self, relation: RelationName, at: int) -> None:
        fronted = self._talk.looking_ahead = self._fronted(at, at + 1)
        self._pending = None if fronted else self._pending  # "on the left a jug, in the middle a cup"
        hosts = [self._talk.host] if self._talk.host is not None else self._talk.singular_before()
        self._talk.looking_ahead = False
        if fronted and hosts and (between := opposite_of(hosts[0])) is not None:
            hosts = [between]
        word = self._row.item(at)
        owned = isinstance(word, Lexeme) and word.has(Role.TO_HOST) and "its" in word.words
        joined = self._row.item(at - 1)
        coupled = isinstance(joined, Lexeme) and joined.text in _COUPLED
        aside = (
            not coupled and relation in _OPEN_SIDES and self._talk.host is None and not fronted
        )  # "a cabin, a lake in front, hills behind"
        if aside and not owned and self._talk.anchor is not None and self._talk.anchor not in self._talk.subjects:
            hosts = [self._talk.anchor]
        elif owned or aside:
            hosts = self._talk.parallel(hosts)
        hosts = [draft for draft in hosts if draft.place is None]
        if isinstance(word, Lexeme):
            hosts = self._meant_by(word, relation, hosts)
            self._mentions.double([] if fronted else self._talk.subjects, f"{word.text} of")  # "a lion on either side"
            loose = bool(self._talk.subjects) and all(draft.loose for draft in self._talk.subjects)
            if (
                relation is RelationName.INSIDE
                and word.words[0] == "in"
                and loose
                and hosts
                and not self._mentions.sorts.is_terrain(hosts[0])
            ):
                borne = all(map(self._mentions.sorts.is_borne, self._talk.subjects))
                relation, hosts = RelationName.ON, hosts if borne else []  # "a table with chairs, a vase in the middle"
        if (
            relation in (RelationName.AROUND, RelationName.INSIDE)
            and self._talk.host is None
            and not self._goes_around(relation, hosts, at)
        ):
            return
        if (
            self._talk.lately
            and self._talk.lately[-1] not in self._talk.subjects
            and all(draft.place is None for draft in self._talk.subjects)
            and self._connector == "none"
            and isinstance(self._row.item(at - 1), NounPhrase)
        ):
            return  # "spans the stream below": it only says which stream
        if hosts and relation is RelationName.AROUND and self._talk.host is None:
            for draft in self._talk.subjects:
                draft.host, draft.loose = draft.host or hosts[0], True  # "it" is still what they are around
        if hosts and (self._talk.host is not None or fronted or self._connector in ("none", "with")):
            self._place_subjects(relation, (hosts[0],), at, at + 1, turned=False)
        elif relation is RelationName.BEHIND:
            self._place_subjects(RelationName.FAR, (VIEWER,), at, at + 1, turned=False)

    def _meant_by(self, word: Lexeme, relation: RelationName, hosts: list[Draft]) -> list[Draft]:
        """The hosts, or what the words rather mean: "at his side" a person's, "at its edge" the water's, "on top" of a table."""
        if {"his", "her"} & set(word.words):
            person = self._objects.person_before()
            return [person] if person is not None else hosts
        sorts = self._mentions.sorts
        if word.words[-1] in _RIMS:
            grounds = (draft for draft in reversed(self._talk.lately) if sorts.is_terrain(draft) and draft not in self._talk.subjects)
            return [next(grounds, *hosts[:1])] if hosts else hosts
        if word.words[-1] == "there":
            near = (draft for draft in reversed(self._talk.lately) if draft not in self._talk.subjects and draft.options)
            return [next(near, *hosts[:1])] if hosts else hosts  # "a bed with a desk under it, a laptop on there"
        if len(hosts) != 1:
            return hosts
        if "its" in word.words and (across := other_side(hosts[0], relation)) is not None:
            return [across]  # "a lamp to the left of the bed, a chair to its right": the bed's
        if any(draft in objects for draft in self._talk.subjects for _, objects in hosts[0].relations):
            spoken = (group[0] for group in self._talk.log[self._talk.began :] if len(group) == 1 and not is_many(group[0]))
            apart = (one for one in spoken if one.options and one is not hosts[0] and one not in self._talk.subjects and one.place is None)
            return [next(apart, hosts[0])]  # "a sofa, a cat on the armchair opposite": opposite the sofa, not the cat
        if relation is RelationName.UNDER:  # "a seal on an iceberg, a whale gliding beneath": beneath the ice
            supports = [*(objects[0] for name, objects in hosts[0].relations if name is RelationName.ON), *self._floor_of(hosts[0])]
        elif relation in SIDES:  # "a bicycle under a car, a dog behind": behind the car
            under = (objects[0] for name, objects in hosts[0].relations if name is RelationName.UNDER)
            return [next((one for one in under if isinstance(one, Draft) and sorts.is_solid(one)), hosts[0])]
        elif relation is RelationName.ON:  # "a chest under a table. On top, a vase": on the table
            supports = [objects[0] for name, objects in hosts[0].relations if name is RelationName.UNDER]
        else:
            return hosts
        bears = (
            one
            for one in supports
            if isinstance(one, Draft) and one.options and (relation is RelationName.UNDER or sorts.is_furniture(one))
        )
        return [next(bears, hosts[0])]

    def _floor_of(self, draft: Draft) -> list[Draft]:
        """ "a truck, a toolbox at its wheel and a dog asleep beneath": nothing is beneath a toolbox, but beneath what it stands by."""
        sorts = self._mentions.sorts
        if not sorts.is_borne(draft):
            return []
        beside = [objects[0] for name, objects in draft.relations if name in (RelationName.BESIDE, RelationName.NEAR)]
        return [one for one in beside if isinstance(one, Draft) and one.options and not sorts.is_borne(one)]

    def _goes_around(self, relation: RelationName, hosts: list[Draft], at: int) -> bool:
        """ "a greenhouse, tomatoes inside", "a well, barrels all around": whether one thing was named that they can be in or around."""
        if not hosts or is_many(hosts[0]) or not (hosts[0].options or hosts[0].generic):
            return False
        if not self._talk.subjects:  # "a temple … Somewhere inside there is treasure"
            return relation is RelationName.INSIDE and self._mentions.sorts.holds(hosts[0], hosts[0]) and self._fronted(at, at + 1)
        before = at - 1
        while self._row.has(before, Role.VERB) and not self._row.has(before, Role.BE):
            before -= 1  # "logs laid all around"
        if not isinstance(self._row.item(before), NounPhrase) or any(draft.place or not draft.options for draft in self._talk.subjects):
            return False
        sorts = self._mentions.sorts
        if relation is RelationName.INSIDE:
            word, guest = self._row.item(at), self._talk.subjects[-1]
            central = isinstance(word, Lexeme) and word.words[-1] in _MIDDLES  # "two stalls, a well in the middle": of the square
            return sorts.holds(hosts[0], guest) and (not central or sorts.has_room_for(hosts[0], guest))
        wooded = any(map(self._mentions.wholes.grows, self._talk.subjects)) and not sorts.is_off_the_floor(hosts[0])
        return not wooded and not sorts.is_borne(hosts[0]) and not sorts.is_terrain(hosts[0])
