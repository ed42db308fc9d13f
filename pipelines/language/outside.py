"""Outside: rooms that the words show from without: "a house with a garage on the right", "a café across the street"."""

from __future__ import annotations

from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.lexicon import Lexicon, Role
from pipelines.language.mentions import IN_PLACE
from pipelines.language.tokens import key
from pipelines.spec import VIEWER, RelationName

_SIDES = frozenset({RelationName.LEFT_OF, RelationName.RIGHT_OF, RelationName.FAR, RelationName.BEHIND})
_FURNISHED = 2
_WITHIN = frozenset({"inside", "interior", "indoors", "room", "hall", "floor", "aisle"})


def seen_from_outside(scene: SceneDraft, lexicon: Lexicon) -> frozenset[str]:
    """Names of the rooms that are buildings in this scene: those that stand to a side of the visitor, or beside what stands in the open.

    Only rooms whose entry says as what thing they stand in another place; what was said to be "inside" stays a room.
    """
    inside = {name for name, weight in scene.places.cast if weight == IN_PLACE}
    furnished = sum(_only_indoors(draft, lexicon) for draft in scene.drafts) >= _FURNISHED  # "a diner on route 66, a counter, a jukebox"
    found = set()
    for draft in scene.drafts:
        name = draft.place
        if name is None or name in inside or not _has_an_outside(name, lexicon) or _WITHIN & set(draft.phrase.lower().split()):
            continue
        if (
            _stands_aside(draft)
            or _is_flown_over(draft, lexicon)
            or (not furnished and any(_in_the_open(other, lexicon) for other in _neighbours(draft, scene)))
        ):
            found.add(name)
    return frozenset(found)


def rooms_with_contents(scene: SceneDraft, lexicon: Lexicon) -> list[str]:
    """The rooms that buildings are when most of what they are said to be "with" belongs indoors: "a cathedral with pews"."""
    found = []
    for draft in scene.drafts:
        named = lexicon.table.get(key(draft.word), {}).get(Role.PLACE)
        held = [other for other in scene.drafts if other.host is draft and not other.part]
        if named is None or not lexicon.places[named.value].indoors or not held or draft.place is not None or is_many(draft):
            continue
        indoors = [bool(other.options) and lexicon.kinds[other.options[0]].indoors for other in held]
        related = [other for other in _neighbours(draft, scene) if other is not draft.host]
        if 2 * sum(indoors) > len(held) and not related and not any(_in_the_open(other, lexicon) for other in held):
            found.append(named.value)
    return found


def _only_indoors(draft: Draft, lexicon: Lexicon) -> bool:
    kind = lexicon.kinds[draft.options[0]] if draft.options and draft.place is None else None
    return kind is not None and kind.indoors and not kind.outdoors


def _has_an_outside(name: str, lexicon: Lexicon) -> bool:
    return lexicon.places[name].indoors and bool(lexicon.places[name].said.as_things)


def _stands_aside(draft: Draft) -> bool:
    return any(relation in _SIDES and VIEWER in objects for relation, objects in draft.relations)


def _is_flown_over(draft: Draft, lexicon: Lexicon) -> bool:
    """ "a hospital with a helicopter above it": what is under a thing that no room holds."""
    above = [one for relation, objects in draft.relations if relation is RelationName.UNDER for one in objects]
    return any(isinstance(one, Draft) and bool(one.options) and not lexicon.kinds[one.options[0]].indoors for one in above)


def _neighbours(draft: Draft, scene: SceneDraft) -> list[Draft]:
    """What the room is related to, what is related to it, and what it belongs to."""
    own = [target for _, objects in draft.relations for target in objects if isinstance(target, Draft)]
    others = [other for other in scene.drafts if any(target is draft for _, objects in other.relations for target in objects)]
    return [*own, *others, *([draft.host] if draft.host is not None else [])]


def _in_the_open(draft: Draft, lexicon: Lexicon) -> bool:
    """A street, a house, a meadow: what no room holds."""
    if draft.place is not None:
        return not lexicon.places[draft.place].indoors
    if draft.part or not draft.options:
        return False
    kind = lexicon.kinds[draft.options[0]]
    return not kind.indoors and bool({"building", "terrain"} & set(kind.tags))
