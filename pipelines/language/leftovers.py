"""Leftovers: a last look at prepositions between two things that were found, of which no relation has come."""

from __future__ import annotations

from collections.abc import Collection

from pipelines.language.discourse import relate
from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.lexicon import Role
from pipelines.language.noun_phrase import Item
from pipelines.language.row import Row
from pipelines.language.tagging import Lexeme
from pipelines.spec import RelationName

_WAYS = frozenset({"from", "to", "into", "through", "via"})
"""Prepositions that say where something leads, comes from or goes: what is at their end is not far."""
_NEVER = frozenset({RelationName.BETWEEN, RelationName.FAR})  # between two objects, and of what is far nothing is lost


def relate_leftovers(row: Row, scene: SceneDraft, spent: Collection[int]) -> None:
    """Relate each two things that a preposition joins. spent: positions of the prepositions that something has come of."""
    for at in range(len(row)):
        meaning = _meaning(row.item(at)) if at not in spent else None
        if meaning is None:
            continue
        relation, turned, leads = meaning
        objects = _things(row.item(row.skip_filler(at + 1)), scene)
        subjects = _subjects(row, at, scene, leads=leads) if len(objects) == 1 else []
        if subjects and not _are_related(subjects[-1], objects[0]):
            relate(subjects[-1:], relation, (objects[0],), turned=turned)


def _meaning(item: Item | None) -> tuple[RelationName, bool, bool] | None:
    """The relation of a preposition, whether its object is what gets it, and whether it says where something leads."""
    if not isinstance(item, Lexeme):
        return None
    if item.has(Role.RELATION, Role.TURNED):
        turned = not item.has(Role.RELATION)
        relation = RelationName(item.value(Role.TURNED if turned else Role.RELATION))
        return None if relation in _NEVER else (relation, turned, False)
    return (RelationName.NEAR, False, True) if item.text in _WAYS else None


def _things(item: Item | None, scene: SceneDraft) -> list[Draft]:
    """What an item was found to mean, as far as it can be built."""
    found = scene.named.get(item.start, []) if item is not None else []
    return [draft for draft in found if draft in scene.drafts and draft.place is None and (draft.options or draft.generic)]


def _subjects(row: Row, at: int, scene: SceneDraft, *, leads: bool) -> list[Draft]:
    """What stands before the preposition at `at` in its clause: past verbs, and past objects that nothing was found for.

    What leads somewhere is the clause's first thing: "a bridge leads over the stream to a cottage".
    """
    before = at - 1
    while (item := row.item(before)) is not None:
        if isinstance(item, Lexeme) and not item.has(Role.PRONOUN):
            if not item.has(Role.VERB, Role.BE, Role.ADVERB, Role.TO_VIEWER, Role.TO_HOST) or item.has(Role.CONJUNCTION, Role.WITH):
                return []
            before -= 1
            continue
        found = _things(item, scene)
        placed = _meaning(row.item(before - 1)) is not None
        if not placed or (found and not leads):
            return found
        before -= 2
    return []


def _are_related(one: Draft, other: Draft) -> bool:
    """Whether anything at all was said of where the two are to each other; a thing stands nowhere to itself."""
    pairs = ((one, other), (other, one))
    return one is other or any(target in objects for draft, target in pairs for _, objects in draft.relations) or other.host is one
