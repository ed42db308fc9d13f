"""Afloat: what lies or swims on water, what stands with its feet in it, and what lies ashore."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.layout.members import Group
from pipelines.layout.relations import Area
from pipelines.spec import RelationName


def lying_ashore(groups: Mapping[str, Group]) -> frozenset[str]:
    """Boats that stand in a relation to things on land, but to no water and no dock."""
    found = set()
    for name, group in groups.items():
        if group.kind.stands_on != "water" or reaches_water(group):
            continue
        related = [relation.objects[0] for relation in group.asked.relations]
        related += [other.name for other in groups.values() for relation in other.asked.relations if name in relation.objects]
        partners = [groups[other] for other in related if other in groups]
        on_land = [partner for partner in partners if partner.kind.stands_on in ("ground", "floor") and not reaches_water(partner)]
        if on_land and len(on_land) == len(related):
            found.add(name)
    return frozenset(found)


def reaches_water(group: Group) -> bool:
    """Docks, piers and bridges: they stand on the shore and in the water."""
    return bool({"dock", "pier", "bridge", "jetty", "waterside", "crossing"} & {group.kind.name, *group.kind.tags, *group.kind.words})


def swims(group: Group, areas: Mapping[str, Area]) -> bool:
    """ "ducks on a pond": animals that the words put on water, though they stand on the ground elsewhere; and fish, where there is any."""
    wet = {name for name, area in areas.items() if area.is_water}
    on_water = any(
        relation.relation in (RelationName.ON, RelationName.INSIDE) and relation.objects[0] in wet for relation in group.asked.relations
    )
    fish = bool(wet) and group.kind.family == "sealife" and group.kind.stands_on == "air"
    return fish or (on_water and "animal" in group.kind.tags and "person" not in group.kind.tags)
