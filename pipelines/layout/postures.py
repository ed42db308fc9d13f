"""Postures: how things are built and sized for each other: people seated, animals low enough for a table, hills for what is on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from pipelines.layout.members import CUT, Group, half_of, outline
from pipelines.layout.supports import AIR_M, fits_beneath
from pipelines.scene import Model
from pipelines.spec import RelationName, Size, ThingSpec
from pipelines.things import Kind

R = RelationName
SMALLER = (1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5, 0.4)
"""Sizes in which animals and boxes come that are to go under something, as shares of what is usual: a terrier instead of a sheepdog."""
VESSEL_M = 0.7  # vases, jugs, mugs and pails are smaller; in what is larger flowers grow
PLACES = 7  # a side of the grid of places that are tried under something
SMALL_M = 1.0  # height of wings that do not soar
AWAY = 0.75  # how far from the middle of it they lie, as a share of its half
HILLS, LEAST_HILL_M, HILL_WIDTHS, HILL_HEIGHTS = frozenset({"hill", "dune"}), 34.0, 4.0, 3.5  # in widths and heights of what is on one

LEVEL_M, TOP_ROOM = 4.0, 1.1  # what is longer from corner to corner needs a level top, that much wider


def posture(asked: ThingSpec, kinds: Mapping[str, Kind], named: Mapping[str, str]) -> str | None:
    """How a person or an animal is built that is on or in a bed or a seat: "lying" or "sitting"; flowers in a vessel: "cut"; else None.

    named: name → kind.
    """
    kind = kinds[asked.kind]
    for relation in asked.relations:
        below = kinds.get(named.get(relation.objects[0], ""))
        if below is not None and relation.relation is R.INSIDE and CUT in kind.styles and max(below.size_m) < VESSEL_M:
            return CUT
        if below is not None and relation.relation in (R.ON, R.INSIDE):
            styles = ("lying",) if "bed" in below.spots else ("sitting", "lying") if "seat" in below.spots else ()
            if "person" in kind.tags:
                styles = styles[:1]
            elif "animal" not in kind.tags:
                continue
            if (style := next((style for style in styles if style in kind.styles), None)) is not None:
                return style
    return None


def airborne(groups: Mapping[str, Group]) -> dict[str, Group]:
    """The groups; what has wings or fins and is to be above other things, and on nothing, is in the air (or the sea) over them.

    What is small or swims stays near them; great wings carry higher.
    """
    below = {relation.objects[0] for group in groups.values() for relation in group.asked.relations if relation.relation is R.UNDER}
    found = dict(groups)
    for name in below & set(groups):
        group = groups[name]
        held = any(relation.relation in (R.ON, R.INSIDE) for relation in group.asked.relations)
        if not held and {"winged", "swims"} & set(group.kind.tags):
            near = ("low",) if "swims" in group.kind.tags or group.size()[1] < SMALL_M else ()
            found[name] = replace(group, kind=replace(group.kind, stands_on="air", tags=(*group.kind.tags, *near)))
    return found


def lowered(groups: Mapping[str, Group], built: Callable[[ThingSpec], Group]) -> dict[str, Group]:
    """The groups; living things that are too tall for what they are to be under lie down, and what has no stated size is small.

    built: makes the group of an entry of the spec.
    """
    found = dict(groups)
    for name, group in groups.items():
        roofs = [groups[r.objects[0]] for r in group.asked.relations if r.relation is R.UNDER and r.objects[0] in groups]
        if group.bring is None and roofs and _is_furniture_for(roofs[0], group):
            found[name] = next((one for one in _lower(group, built) if goes_under(one, roofs[0])), group)
    return found


def _is_furniture_for(roof: Group, group: Group) -> bool:
    """Whether a thing stands with its foot on the ground, so low that one has to look for room below it."""
    return roof.kind.stands_on in ("floor", "ground", "surface") and not roof.models[0].foliage and roof.size()[1] < 3 * group.size()[1]


def _lower(group: Group, built: Callable[[ThingSpec], Group]) -> Iterator[Group]:
    """The group as it is, lying, and in ever smaller sizes."""
    yield group
    if "lying" in group.kind.styles and group.asked.style is None:
        group = built(group.asked.model_copy(update={"style": "lying"}))
        yield group
    if "person" not in group.kind.tags and group.asked.height_m is None and group.asked.size == "normal":
        for share in SMALLER:
            yield replace(group, scales=tuple(scale * share for scale in group.scales))


def goes_under(group: Group, roof: Group) -> bool:
    """Whether there is a place below a thing's surfaces, along one of its sides, where a member of a group has room."""
    model: Model = roof.models[0]
    half = AWAY * (outline(model).whole[1] - outline(model).whole[0]) / 2 * roof.scales[0]
    u, v = (steps.ravel() for steps in np.meshgrid(np.linspace(-half[0], half[0], PLACES), np.linspace(-half[1], half[1], PLACES)))
    low = outline(group.models[0]).low * group.scales[0]
    for yaw in (0.0, np.pi / 2):
        boxes = outline(group.models[0]).boxes(u, v, np.full(u.shape, yaw), y=AIR_M - low, scale=group.scales[0], part="whole")
        if bool(fits_beneath(model, (0.0, 0.0, 0.0, 0.0), roof.scales[0], boxes).any()):
            return True
    return False


def lesser_hills(groups: Mapping[str, Group], built: Callable[[ThingSpec, float], Group]) -> dict[str, Group]:
    """The groups; a hill or dune that small things are on is small, too: on one of the usual size they would be specks.

    What is large stands on a level top.  built: makes the group of an entry of the spec, with a top of so many metres.
    """
    found = dict(groups)
    for name, group in groups.items():
        on = [other for other in groups.values() if any(r.relation is R.ON and name in r.objects for r in other.asked.relations)]
        if group.kind.name not in HILLS or group.asked.height_m is not None or group.asked.size is not Size.NORMAL or not on:
            continue
        width, height, _ = group.size()
        crowd = sum(len(other.models) * (2 * max(other.size()[::2])) ** 2 for other in on) ** 0.5  # twice as far apart as they are wide
        tallest = max(float(other.size()[1]) for other in on)
        wished = max(LEAST_HILL_M, HILL_WIDTHS / 2 * crowd, HILL_HEIGHTS * tallest)
        longest = max(2 * float(np.hypot(*half_of(other, 0))) for other in on)
        top_m = TOP_ROOM * longest if longest > LEVEL_M else 0.0
        if wished < width or top_m:
            asked = group.asked.model_copy(update={"height_m": height * wished / width}) if wished < width else group.asked
            found[name] = built(asked, top_m)
    return found


def below_pictures(groups: Mapping[str, Group]) -> list[str]:
    """Named things against a wall that the words put under what hangs there: a fireplace, not a vase."""
    return [
        name
        for name, group in groups.items()
        for relation in group.asked.relations
        if relation.relation is R.UNDER
        and group.bring is None
        and "against wall" in group.kind.tags
        and (above := groups.get(relation.objects[0])) is not None
        and above.kind.stands_on == "wall"
    ]
