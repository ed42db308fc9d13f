"""Roominess: rooms grow when the words put more into them than their floor would hold."""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.layout.members import Group
from pipelines.spec import RelationName, Size
from pipelines.things import SIZE_FACTORS

CARRIED = frozenset({RelationName.ON, RelationName.INSIDE, RelationName.UNDER})
AISLE_M = 0.7  # that things need on one side of their width and of their depth
FULL = 0.45  # share of a floor that things and their aisles may take


def roomy_size(groups: Mapping[str, Group], size_m: tuple[float, float, float]) -> Size:
    """How large a room has to be for the named things on its floor, given its usual width, height and depth: normal, large or huge."""
    needed = 0.0
    for group in groups.values():
        if group.bring is not None or group.is_building or group.kind.stands_on not in ("floor", "ground"):
            continue
        if any(relation.relation in CARRIED for relation in group.asked.relations) or group.size()[1] < 0.05:
            continue
        sizes = [group.size(number) for number in range(len(group.models))]
        needed += sum((width + AISLE_M) * (depth + AISLE_M) for width, _, depth in sizes)
    floor = size_m[0] * size_m[2]
    return next((size for size in (Size.NORMAL, Size.LARGE) if needed <= FULL * floor * SIZE_FACTORS[size] ** 2), Size.HUGE)
