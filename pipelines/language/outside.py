"""Outside: rooms that the words show from without: "a house with a garage on the right", "a café across the street"."""

from __future__ import annotations

from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.lexicon import Lexicon
from pipelines.language.mentions import IN_PLACE
from pipelines.spec import VIEWER, RelationName

_SIDES = frozenset({RelationName.LEFT_OF, RelationName.RIGHT_OF, RelationName.FAR, RelationName.BEHIND})
_WITHIN = frozenset({"inside", "interior", "indoors", "room", "hall", "floor", "aisle"})


def seen_from_outside(scene: SceneDraft, lexicon: Lexicon) -> frozenset[str]:
    """Names of the rooms that are buildings in this scene: those that stand to a side of the visitor, or beside what stands in the open.

    Only rooms whose entry says as what thing they stand in another place; what was said to be "inside" stays a room.
    """
    inside = {name for name, weight in scene.places.cast if weight == IN_PLACE}
    found = set()
    for draft in scene.drafts:
        name = draft.place
        if name is None or name in inside or not _has_an_outside(name, lexicon) or _WITHIN & set(draft.phrase.lower().split()):
            continue
        if _stands_aside(draft) or any(_in_the_open(other, lexicon) for other in _neighbours(draft, scene)):
            found.add(name)
    return frozenset(found)


def _has_an_outside(name: str, lexicon: Lexicon) -> bool:
    return lexicon.places[name].indoors and bool(lexicon.places[name].said.as_things)


def _stands_aside(draft: Draft) -> bool:
    return any(relation in _SIDES and VIEWER in objects for relation, objects in draft.relations)


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
