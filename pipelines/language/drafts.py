"""Drafts: the scene while it is being understood: votes for place, time and weather, and things that may still change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pipelines.spec import Arrangement, RelationName, Size


@dataclass(eq=False)
class Draft:
    """A thing, a group of things, or a place that may turn out to be a thing (`place` set).

    options: kinds that the words allow, best first.  generic: the general word ("tree") that leaves the choice to the place.
    word: the noun itself, singular; heads: its last word.  hangs: the words say that it hangs.
    host: the thing "with" which it came.  number: what the words counted, None when they did not.
    """

    phrase: str
    options: tuple[str, ...] = ()
    generic: str | None = None
    place: str | None = None
    near: bool = False  # the place only stands in for the one that was named
    number: float | None = None
    plural: bool = False
    group_count: int | None = None
    arrangement: Arrangement = Arrangement.SCATTERED
    rows: int | None = None  # how many rows the words counted
    each_of: Draft | None = None  # so many for each of these
    colour: str | None = None
    size: Size = Size.NORMAL
    height_m: float | None = None
    material: str | None = None
    style: str | None = None
    of_place: str | None = None
    word: str = ""
    heads: frozenset[str] = frozenset()
    hangs: bool = False
    hung: bool = False  # a verb says that it hangs over something
    guessed: bool = False  # likeness chose the kind, and a note says so
    relations: list[tuple[RelationName, tuple[Draft | str, ...]]] = field(default_factory=list)
    host: Draft | None = None
    part: bool = False  # it may be a part of a building ("a window") rather than a thing of its own
    loose: bool = False  # it comes after a comma, so it belongs to the host only when it can stand on it
    beheld: bool = False  # it is the object of a relation or has been referred to again
    kind: str = ""
    name: str = ""
    distances: dict[RelationName, float] = field(default_factory=dict)  # metres, of the relations that the words measured
    part_of: Draft | None = None  # whose part it is, for drafts that stand for a part alone
    parts: list[Draft] = field(default_factory=list)

    def relate(self, relation: RelationName, *objects: Draft | str, distance_m: float | None = None) -> None:
        """Add a relation, unless it is to itself or known already."""
        if any(target is self for target in objects) or (relation, objects) in self.relations:
            return
        self.relations.append((relation, objects))
        if distance_m is not None:
            self.distances[relation] = distance_m
        for target in objects:
            if isinstance(target, Draft):
                target.beheld = True


def is_many(draft: Draft) -> bool:
    """Whether the words speak of more than one."""
    return draft.plural or (draft.number or 1) > 1


def is_bare_part(draft: Draft) -> bool:
    """Whether it stands for a part that the library has no kind for."""
    return draft.part and not draft.options and draft.generic is None


def is_named(draft: Draft) -> bool:
    """Whether the words name something that can be built, or a place."""
    return bool(draft.options or draft.generic or draft.place or draft.part)


@dataclass
class Votes:
    """What was said about one slot, in order; strong words overrule weak ones, `denied` names cannot win."""

    cast: list[tuple[str, float]] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)

    def add(self, name: str, weight: float = 2.0) -> None:
        """Speak for `name`."""
        self.cast.append((name, weight))

    def winner(self, ranks: Iterable[str] = ()) -> str | None:
        """The heaviest name; among equals the first of `ranks`, then the first spoken."""
        order = list(ranks)
        standing = [(name, weight) for name, weight in self.cast if name not in self.denied]
        if not standing:
            return None
        top = max(weight for _, weight in standing)
        names = list(dict.fromkeys(name for name, weight in standing if weight == top))
        ranked = [name for name in order if name in names]
        return (ranked or names)[0]


@dataclass
class SceneDraft:
    """Everything understood so far."""

    places: Votes = field(default_factory=Votes)
    times: Votes = field(default_factory=Votes)
    weathers: Votes = field(default_factory=Votes)
    seasons: Votes = field(default_factory=Votes)
    moods: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    parts: list[Draft] = field(default_factory=list)  # of the place itself: its walls, its floor
    used: dict[int, str] = field(default_factory=dict)
    named: dict[int, list[Draft]] = field(default_factory=dict)  # what a phrase or pronoun means, by its first token

    def use(self, start: int, end: int, role: str) -> None:
        """Enter tokens[start:end] into the ledger, unless they stand there already."""
        for token in range(start, end):
            self.used.setdefault(token, role)

    def note(self, text: str) -> None:
        """Tell the reader's person something, once."""
        if text not in self.notes:
            self.notes.append(text)

    def miss(self, phrase: str) -> None:
        """List a phrase that nothing was found for, once."""
        if phrase and phrase not in self.unmatched:
            self.unmatched.append(phrase)

    def between(self, objects: list[Draft]) -> tuple[RelationName, list[tuple[Draft, ...]]]:
        """Two things to stand between; a pair is taken apart, of a crowd it can only be said that it is near."""
        if len(objects) >= 2:
            return RelationName.BETWEEN, [(objects[0], objects[1])]
        crowd = objects[0]
        if crowd.number == 2 and crowd.place is None:
            self._count_out(crowd)
            crowd.number, crowd.plural = 1, False
            twin = replace(crowd, relations=list(crowd.relations), distances=dict(crowd.distances), parts=list(crowd.parts))
            self.drafts.insert(self.drafts.index(crowd) + 1, twin)
            return RelationName.BETWEEN, [(crowd, twin)]
        return RelationName.NEAR, [(crowd,)]

    def split(self, group: Draft, number: int) -> Draft:
        """Take `number` members out of a group ("two cars, one red …"); the group vanishes with its last one, unless nobody counted it."""
        self._count_out(group)
        part = replace(
            group, number=number, plural=number > 1, group_count=None, relations=list(group.relations), distances=dict(group.distances),
            parts=list(group.parts), arrangement=group.arrangement if number > 1 else Arrangement.SCATTERED,
        )  # fmt: skip
        if group.number is None and group.group_count is not None:
            group.group_count = max(group.group_count - number, 1)
        elif group.number is not None:
            group.number -= number
            group.plural = group.number > 1
        at = self.drafts.index(group)
        self.drafts[at : at + 1] = [part] if group.number is not None and group.number <= 0 else [group, part]
        return part

    def _count_out(self, group: Draft) -> None:
        """What there is for each of a group is counted while the group is whole."""
        for draft in self.drafts:
            if draft.each_of is group and group.number is not None:
                draft.number, draft.each_of = (draft.number or 1) * group.number, None
