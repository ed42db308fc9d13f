"""Whereabouts: the one place that a scene is in, and what becomes of the others that were named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from pipelines.language.drafts import Draft, SceneDraft
from pipelines.language.lexicon import Lexicon, Role
from pipelines.language.mentions import PLACE_AS_OBJECT, PLACE_BEFORE_NOUN, THING_AS_OBJECT
from pipelines.language.outside import rooms_with_contents, seen_from_outside
from pipelines.language.tokens import key
from pipelines.spec import Arrangement, RelationName

DEFAULT_PLACE = "meadow"
_INDOORS_HINT, _OUTDOORS_HINT = 0.25, 0.3
_CONTENTS = 3.0  # "a cathedral with pews" is seen from inside
_LARGEST_IN_A_ROOM_M = 3.0  # what is larger and made for the open speaks for no room
_KEPT_TO_PLACE = frozenset(
    {RelationName.ALONG, RelationName.BESIDE, RelationName.FACING, RelationName.NEAR, RelationName.IN_FRONT_OF, RelationName.BEHIND}
)


def place_of(scene: SceneDraft, lexicon: Lexicon) -> str:
    """The place that was named; where none was, the one that things and hints speak for."""
    buildings = seen_from_outside(scene, lexicon)
    scene.places.cast = [(name, weight) for name, weight in scene.places.cast if name not in buildings]
    heaviest = max((weight for _, weight in scene.places.cast), default=0.0)
    if heaviest >= PLACE_BEFORE_NOUN:
        return scene.places.winner() or DEFAULT_PLACE
    beside = [name for name, weight in scene.places.cast if weight == PLACE_AS_OBJECT and not _is_background(lexicon, name)]
    if beside:
        return beside[0]  # "near a canyon": the canyon is what one sees
    scores: defaultdict[str, float] = defaultdict(float)
    for name, weight in scene.places.cast:
        scores[name] += weight if weight not in (PLACE_AS_OBJECT, THING_AS_OBJECT) or not _becomes_many(lexicon, name) else 0
    for draft in scene.drafts:
        if draft.part and (draft.host is not None or draft.word in lexicon.data["own_outdoors"]):
            continue  # a house's chimney speaks for no living room, a wall for no place
        kind = draft.options[0] if draft.options else ""
        for place, weight in (lexicon.homes.get(draft.word) or lexicon.homes.get(" ".join(key(kind)), {})).items():
            scores[place] += weight
        if kind and lexicon.kinds[kind].indoors and not lexicon.kinds[kind].outdoors:
            scores["living room"] += _INDOORS_HINT
            if (room := _room_before(draft, lexicon)) is not None and room not in kind:  # not of an office chair: the kind says so
                scores[room] += _CONTENTS
    rooms = rooms_with_contents(scene, lexicon)
    for name in rooms:
        scores[name] += _CONTENTS
    for word in (word for name in sorted(buildings) for word in lexicon.places[name].said.as_things):
        for place, weight in lexicon.homes.get(word, {}).items():
            scores[place] += weight
    if any(draft.options and not draft.part and not lexicon.kinds[draft.options[0]].indoors for draft in scene.drafts):
        scores[DEFAULT_PLACE] += _OUTDOORS_HINT
    if not rooms and any(_needs_the_open(draft, lexicon) for draft in scene.drafts):
        scores = defaultdict(float, {name: score for name, score in scores.items() if not lexicon.places[name].indoors})
    seen = {draft.options[0] for draft in scene.drafts if draft.options}
    scores = defaultdict(float, {name: score for name, score in scores.items() if seen.isdisjoint(lexicon.places[name].said.within)})
    if not any(score > 0 for score in scores.values()):
        scene.note(f"no place is named: it is taken to be a {DEFAULT_PLACE}")
        return DEFAULT_PLACE
    best = max(scores.values())
    place = next(name for name in scores if scores[name] == best)
    scene.note(f"no place is named: what is there suggests a {place}")
    return place


def _room_before(draft: Draft, lexicon: Lexicon) -> str | None:
    """ "a kitchen table": the room that it is called after."""
    first, _, rest = draft.word.partition(" ")
    named = lexicon.table.get((first,), {}).get(Role.PLACE) if rest else None
    return named.value if named is not None and not named.weak and lexicon.places[named.value].indoors else None


def _needs_the_open(draft: Draft, lexicon: Lexicon) -> bool:
    """A house, a hill, a tree or a swimming pool stands in no room."""
    if draft.generic == "tree":
        return True
    if not draft.options or draft.part:
        return False
    kind = lexicon.kinds[draft.options[0]]
    named = lexicon.table.get(key(draft.word), {}).get(Role.PLACE)
    if named is not None and lexicon.places[named.value].indoors:
        return False  # "a cathedral with pews" is seen from inside
    great = max(kind.size_m) > _LARGEST_IN_A_ROOM_M
    return not kind.indoors and bool(great or {"building", "terrain"} & set(kind.tags) or kind.family == "trees")


def _is_background(lexicon: Lexicon, place: str) -> bool:
    """Whether a place can stand in the scene of another: as a wood, as open ground; or is inside of what one stands beside."""
    entry = lexicon.places[place]
    return entry.indoors or entry.said.open_ground or _becomes_many(lexicon, place)


def _becomes_many(lexicon: Lexicon, place: str) -> bool:
    """Whether a place that something only stands beside is better shown as trees or houses."""
    return next(iter(lexicon.places[place].said.as_things.values()), 1) > 1


def settle_places(scene: SceneDraft, lexicon: Lexicon, chosen: str) -> list[Draft]:
    """Decide for every place that was mentioned whether it is the scene's own, a thing in it, or gone."""
    places = lexicon.places
    features: dict[str, Draft] = {}
    gone: dict[int, Draft | None] = {}
    more: list[Draft] = []
    fills = {draft.of_place: draft for draft in scene.drafts if draft.of_place}
    for draft in scene.drafts:
        if draft.place is None:
            if _is_the_room(draft, lexicon, chosen):
                gone[id(draft)] = None
            continue
        shared = places[draft.place].said.feature
        if draft.place == chosen or (shared is not None and shared == places[chosen].said.feature and not draft.options):
            gone[id(draft)] = _feature(draft, scene, lexicon, features)
        elif places[chosen].indoors and not places[draft.place].indoors and not draft.options:
            gone[id(draft)] = None
            scene.note(f"“{draft.phrase}” is outside of the {chosen} and is left out")
        elif not draft.options:
            stands = not draft.near and not places[chosen].indoors
            stand_ins = _as_things(draft, lexicon, fills.get(draft.place)) if stands else None
            more += stand_ins or []
            if stand_ins is None:
                gone[id(draft)] = None
                scene.note(f"there is one place, the {chosen}: “{draft.phrase}” is left out")
                if not places[draft.place].said.open_ground:
                    scene.miss(draft.phrase)
        else:
            draft.place = None
    absorbed = {
        id(fills[draft.place]) for draft in scene.drafts if draft.place in fills and draft.place != chosen and id(draft) not in gone
    }
    kept = [draft for draft in scene.drafts if id(draft) not in gone and id(draft) not in absorbed]
    kept += [draft for draft in (*features.values(), *more) if draft not in kept]
    for draft in kept:
        draft.relations = [
            new for relation, objects in draft.relations if (new := _kept_relation(draft, relation, objects, gone)) is not None
        ]
        draft.host = gone.get(id(draft.host), draft.host) if draft.host is not None else None
    return kept


def _is_the_room(draft: Draft, lexicon: Lexicon, chosen: str) -> bool:
    """ "a greenhouse full of tomatoes": the house that the place is the inside of is no thing in it."""
    named = lexicon.table.get(key(draft.word), {}).get(Role.PLACE)
    building = bool(draft.options) and "building" in lexicon.kinds[draft.options[0]].tags
    return lexicon.places[chosen].indoors and building and named is not None and named.value == chosen


def _feature(draft: Draft, scene: SceneDraft, lexicon: Lexicon, features: dict[str, Draft]) -> Draft | None:
    """What stands for the place where something is said to be beside, along or facing it: its road, lake or sea."""
    kept = {*_KEPT_TO_PLACE, *([RelationName.AROUND] if draft.options else [])}
    wanted = any(draft in objects and relation in kept for other in scene.drafts for relation, objects in other.relations)
    assert draft.place is not None
    kind = draft.options[0] if draft.options else lexicon.first_known([lexicon.places[draft.place].said.feature or "-"])
    if not wanted or not kind:
        return None
    known = next((other for other in scene.drafts if other.place is None and other.options[:1] == (kind,)), None)
    if known is None:
        known = features.setdefault(kind, Draft(draft.phrase, (kind,)))
    return known


def _as_things(draft: Draft, lexicon: Lexicon, fill: Draft | None) -> list[Draft] | None:
    """Another place in the scene's: a forest becomes trees, a harbour a dock with boats. None when it can become nothing.

    The draft itself becomes the first of its things; the others, which are returned, stand near it.
    """
    assert draft.place is not None
    said = lexicon.places[draft.place].said
    others: list[Draft] = []
    for number, (word, count) in enumerate(said.as_things.items()):
        one = draft if number == 0 else Draft(draft.phrase)
        one.group_count, one.arrangement, one.plural, one.number = count, Arrangement.CLUSTER, count > 1, None
        kind = lexicon.first_known(said.trees if word == "tree" else [word])
        if number == 0 and fill is not None:
            one.options, one.generic, one.material = fill.options, fill.generic, None
        elif word in lexicon.data["generic"] and kind is None:
            one.generic = word
        else:
            one.options = (kind,) if kind else ()
        if number and one.options:
            one.relate(RelationName.NEAR, draft)
            others.append(one)
    return others if draft.options or draft.generic else None


def _kept_relation(
    draft: Draft, relation: RelationName, objects: tuple[Draft | str, ...], gone: Mapping[int, Draft | None]
) -> tuple[RelationName, tuple[Draft | str, ...]] | None:
    """The relation after places have become things or have gone."""
    targets: list[Draft | str] = []
    for target in objects:
        if isinstance(target, str) or id(target) not in gone:
            targets.append(target)
            continue
        stand_in = gone[id(target)]
        if (
            stand_in is None
            or stand_in is draft
            or (relation not in _KEPT_TO_PLACE and not (target.options and relation in (RelationName.ON, RelationName.AROUND)))
        ):
            return None
        targets.append(stand_in)
    return relation, tuple(targets)
