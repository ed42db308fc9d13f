"""Settling: relations as they can be kept: bridges lie on rivers, riders sit on horses, small things stand on what they came with."""

from __future__ import annotations

from collections import Counter

from pipelines.language.drafts import Draft, is_many
from pipelines.language.lexicon import Lexicon, split
from pipelines.spec import (
    Arrangement,
    RelationName,
)

_FLANKING = 2
_TABLES = frozenset({"table", "desk", "counter", "worktop", "workbench", "altar"})


def seat_riders(drafts: list[Draft], lexicon: Lexicon) -> None:
    """ "two knights on horses": as many horses."""
    for draft in drafts:
        mounts = (objects[0] for relation, objects in draft.relations if relation is RelationName.ON and draft.number)
        for mount in mounts:
            if isinstance(mount, Draft) and mount.plural and mount.number is None and mount.arrangement is Arrangement.SCATTERED:
                ridden = {"animal", "vehicle"} & set(lexicon.kinds[mount.kind].tags)
                mount.number = draft.number if ridden else None


def turn_bridges(drafts: list[Draft], lexicon: Lexicon) -> None:
    """Ground is not moved under a thing: "a bridge over a river" is on it, a mountain "over the pines" behind them, a bird nowhere near."""
    for draft in drafts:
        for relation, objects in list(draft.relations):
            target = objects[0]
            if relation is not RelationName.UNDER or not isinstance(target, Draft) or not target.kind:
                continue
            if _is_ground(target, lexicon):
                draft.relations.remove((relation, objects))
                target.relate(RelationName.BEHIND, draft)
            elif target.hung:
                continue  # "above the stove hangs a pan": not on it
            elif "fire" in lexicon.kinds[draft.kind].tags or draft.kind in split(lexicon.data["fires"]):
                draft.relations.remove((relation, objects))  # "a cauldron over a fire" stands on it
                target.relate(RelationName.ON if lexicon.kinds[target.kind].stands_on == "surface" else RelationName.BESIDE, draft)
            elif _is_ground(draft, lexicon):
                draft.relations.remove((relation, objects))
                if not _flies(target, lexicon):
                    grows = lexicon.kinds[target.kind].family in ("trees", "plants")
                    target.relate(RelationName.BESIDE if grows else RelationName.ON, draft)


def flank(drafts: list[Draft], lexicon: Lexicon) -> None:
    """ "a bed flanked by two nightstands": two things are beside it; only many can stand along something, or all round it.

    A bear that sniffs around a hive, or a child that runs around a tree, is near it; a bear, a wolf and an owl sit around a fire.
    """
    circled = Counter(objects for draft in drafts for relation, objects in draft.relations if relation is RelationName.AROUND)
    many = (draft for draft in drafts if (draft.number or _FLANKING + 1) > _FLANKING)
    lined = {(draft.kind, objects) for draft in many for relation, objects in draft.relations if relation is RelationName.ALONG}
    for draft in drafts:
        for at, (relation, objects) in enumerate(draft.relations):
            target = objects[0]
            compact = isinstance(target, Draft) and bool(target.kind) and not is_many(target) and not _is_ground(target, lexicon)
            few = (draft.number or _FLANKING + 1) <= _FLANKING and (draft.kind, objects) not in lined  # one of many goes along with them
            if relation is RelationName.ALONG and compact and few:
                draft.relations[at] = (RelationName.BESIDE, objects)
            alone = not is_many(draft) and draft.kind != "snake" and bool({"animal", "person"} & set(lexicon.kinds[draft.kind].tags))
            if relation is RelationName.AROUND and alone and circled[objects] == 1:
                draft.relations[at] = (RelationName.NEAR, objects)


def seat(drafts: list[Draft], lexicon: Lexicon) -> None:
    """ "a grandad in his rocking chair", "a candelabrum in the middle of the table": they are on it."""
    seats = frozenset(split(lexicon.data["seats"]))
    for draft in drafts:
        for at, (relation, objects) in enumerate(draft.relations):
            target = objects[0]
            if relation is not RelationName.INSIDE or not isinstance(target, Draft):
                continue
            word = target.kind.split(" ")[-1]
            if word in seats | _TABLES:
                draft.relations[at] = (RelationName.ON, objects)


def _is_ground(draft: Draft, lexicon: Lexicon) -> bool:
    return bool(draft.kind) and "terrain" in lexicon.kinds[draft.kind].tags


def _flies(draft: Draft, lexicon: Lexicon) -> bool:
    return bool(draft.kind) and lexicon.kinds[draft.kind].stands_on == "air"


def relate_to_hosts(drafts: list[Draft], lexicon: Lexicon) -> None:
    """ "a table with a vase": small things stand on what they came with, others near it, unless more was said."""
    for draft in drafts:
        host = draft.host
        if host is None or host not in drafts or any(draft in objects for _, objects in host.relations):
            continue
        if any(_is_kept(objects, drafts, lexicon) and not _is_among_guests(name, objects, host) for name, objects in draft.relations):
            continue
        stands_on = lexicon.kinds[draft.kind].stands_on
        on_stage = host.kind in split(lexicon.data["stages"]) and stands_on not in ("wall", "ceiling", "air")
        if on_stage or stands_on == ("water" if _is_ground(host, lexicon) else "surface"):
            draft.relate(RelationName.ON, host)
        elif stands_on != "surface" and not draft.loose and not is_many(host):
            draft.relate(RelationName.NEAR, host)


def _is_kept(objects: tuple[Draft | str, ...], drafts: list[Draft], lexicon: Lexicon) -> bool:
    """Whether a relation says where something is, as "in the corner" does: not "on the mantel", which nobody knows, nor "in his hand"."""
    elsewhere = lexicon.positions | lexicon.building_parts
    return all(isinstance(target, str) or target in drafts or target.word in elsewhere for target in objects)


def _is_among_guests(relation: RelationName, objects: tuple[Draft | str, ...], host: Draft) -> bool:
    """ "a table with three cups, the left one red": left of the others, and on the table all the same; what is on a guest is not."""
    return relation not in (RelationName.ON, RelationName.INSIDE) and all(
        isinstance(target, Draft) and target.host is host for target in objects
    )


def without_camps(drafts: list[Draft]) -> list[Draft]:
    """A camp is the tents that it is said to have; one tent of its own only when there are no others."""
    return [
        draft
        for draft in drafts
        if draft.word not in ("camp", "campsite") or not any(other.kind == draft.kind and other is not draft for other in drafts)
    ]
