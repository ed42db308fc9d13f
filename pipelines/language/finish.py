"""Finish: the drafts as a SceneSpec: one place, one kind for each thing, counts, names, relations that can be kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipelines.language.drafts import Draft, SceneDraft, is_many
from pipelines.language.inflection import singulars
from pipelines.language.lexicon import Lexicon, split
from pipelines.language.settling import flank, relate_to_hosts, seat, seat_riders, turn_bridges, without_camps
from pipelines.language.tokens import key
from pipelines.language.whereabouts import place_of, settle_places
from pipelines.spec import (
    MAX_COUNT,
    MAX_THINGS,
    Arrangement,
    PartSpec,
    Relation,
    RelationName,
    SceneSpec,
    Season,
    ThingSpec,
    TimeOfDay,
    Viewpoint,
    Weather,
)

_ALIKE = 3.0  # how much larger a thing may be than what goes by its name in a certain place
_WEATHER_RANKS = ("storm", "snow", "rain", "fog", "cloudy", "clear")
_MOOD_HOURS = {"spooky": TimeOfDay.DUSK, "eerie": TimeOfDay.DUSK}  # what is haunted is so when the light goes
_GROWING, _LIVING = frozenset({"plants", "trees", "rocks"}), frozenset({"animal", "person"})
_AT_ONE_HEIGHT = frozenset({RelationName.BESIDE, RelationName.LEFT_OF, RelationName.RIGHT_OF})


def finish(scene: SceneDraft, lexicon: Lexicon) -> SceneSpec:
    """Everything understood, as plain data."""
    _suit_company(scene.drafts, lexicon, None)
    place = place_of(scene, lexicon)
    drafts = settle_places(scene, lexicon, place)
    for draft in drafts:
        draft.kind = _kind(draft, lexicon, place)
    _suit_company(drafts, lexicon, place)
    indoors = lexicon.places[place].indoors
    drafts = without_camps([draft for draft in drafts if draft.kind and not _is_only_part(draft, lexicon, indoors=indoors)])
    for draft in drafts:
        if (
            draft.word
            and draft.generic is None
            and draft.kind not in lexicon.own_words.get(draft.word, (draft.kind,) if draft.guessed else ())
        ):
            scene.note(f"“{draft.phrase}” is read as “{draft.kind}”")
        styles = getattr(lexicon.kinds[draft.kind], "styles", None)
        if draft.style is not None and styles is not None and draft.style not in styles:
            scene.note(f"there is no {draft.style} “{draft.kind}”: it keeps its usual look")
    for part in (*scene.parts, *(part for draft in drafts for part in draft.parts)):
        if not part.colour and not part.material and part.phrase:
            scene.note(f"“{part.phrase}” is part of a thing or a room and keeps its own look")
    turn_bridges(drafts, lexicon)
    flank(drafts, lexicon)
    seat(drafts, lexicon)
    relate_to_hosts(drafts, lexicon)
    seat_riders(drafts, lexicon)
    _name(drafts)
    said = {draft.kind for draft in drafts}
    season = scene.seasons.winner()
    own = lexicon.places[place].said
    return SceneSpec(
        place=place,
        time_of_day=TimeOfDay(scene.times.winner() or own.time or _hour_of(scene.moods, indoors=indoors)),
        weather=Weather(scene.weathers.winner(_WEATHER_RANKS) or own.weather or Weather.CLEAR),
        season=Season(season or own.season),
        mood=tuple(dict.fromkeys(scene.moods))[:16],
        style=scene.styles[0] if scene.styles else None,
        view=Viewpoint(scene.views[0]) if scene.views else Viewpoint.EYE_LEVEL,
        parts=_parts(scene.parts) if indoors else (),
        things=tuple(_thing(draft, drafts, lexicon, place) for draft in drafts[:MAX_THINGS]),
        without=tuple(name for name in scene.without if name not in said)[:64],
        unmatched=tuple(scene.unmatched),
    )


def _is_only_part(draft: Draft, lexicon: Lexicon, *, indoors: bool) -> bool:
    """Whether "a window" is no thing of its own; then the house that it came with gets its colour."""
    if not draft.part:
        return False
    if draft.word in lexicon.data["own_outdoors"] and draft.options:
        return indoors  # "a bed against a wall": the room's
    own = draft.word in split(lexicon.data["own_things"])
    counted = draft.loose and (draft.number or 1) > 1 and bool(draft.options) and draft.word not in lexicon.building_parts
    if counted:
        return False  # "a phone box with a sign, two black cabs": no parts of it
    if draft.host is not None and not own:
        draft.host.parts.append(draft)
        return True
    return draft.word in lexicon.building_parts and not indoors


def _hour_of(moods: list[str], *, indoors: bool) -> TimeOfDay:
    """The time of day where neither words nor place name one."""
    return next((_MOOD_HOURS[mood] for mood in moods if mood in _MOOD_HOURS and not indoors), TimeOfDay.MORNING)


def _parts(drafts: list[Draft]) -> tuple[PartSpec, ...]:
    """The looks of parts, those that have any; the first that was said of each counts."""
    found = {draft.word: draft for draft in reversed(drafts) if draft.word and (draft.colour or draft.material)}
    return tuple(PartSpec(name=word, colour=draft.colour, material=draft.material) for word, draft in reversed(found.items()))[:16]


def _kind(draft: Draft, lexicon: Lexicon, place: str) -> str:
    """The kind, of all that the words allow, that fits the place and what the thing does there."""
    places = lexicon.places
    if draft.generic is not None:
        entry = lexicon.data["generic"][draft.generic]
        own = draft.generic == "tree" or (draft.generic == "vegetation" and places[place].indoors)
        here = f"{place.partition(' ')[0]} {draft.word}"  # "plants" on an alien planet are alien plants
        wishes = [*([here] if here in lexicon.kinds else []), *(places[place].said.trees if own else []), *entry["prefer"]]
        return lexicon.first_known(wishes) or next(iter((*draft.options, *lexicon.generic_kinds(draft.generic))), "")
    own_here = _at_home(draft, lexicon, place)
    if own_here is not None or len(draft.options) < 2:
        return own_here or next(iter(draft.options), "")
    indoors = places[place].indoors
    lies_on = any(relation is RelationName.ON and isinstance(objects[0], Draft) for relation, objects in draft.relations)

    beside_small = any(
        _is_small(target, lexicon)
        for name, objects in draft.relations
        for target in objects
        if isinstance(target, Draft) and name in _AT_ONE_HEIGHT
    )
    wanted = "ceiling" if draft.hangs else "surface" if lies_on or beside_small or (draft.host is not None and not draft.loose) else "floor"

    def misfit(name: str) -> tuple[bool, bool, bool]:
        kind = lexicon.kinds[name]
        wrong_side = not (kind.indoors if indoors else kind.outdoors)
        return (
            wanted != "floor" and kind.stands_on != wanted,
            name != draft.word,
            wrong_side or (wanted == "floor" and kind.stands_on == "ceiling"),
        )

    return min(draft.options, key=misfit)


def _suit_company(drafts: list[Draft], lexicon: Lexicon, place: str | None) -> None:
    """ "stools along a bar", "the vines" of a vineyard: what another thing in the scene, or the place, makes of a plain word."""
    there = {place, *(draft.kind or next(iter(draft.options), "") for draft in drafts)}
    for companion, meant in lexicon.data["company"].items():
        for draft in drafts if companion in there else ():
            wished = lexicon.kinds_for(meant[draft.word]) if draft.word in meant and not (draft.generic and is_many(draft)) else ()
            draft.options, draft.generic = wished or draft.options, None if wished else draft.generic
            draft.kind = draft.options[0] if draft.kind and wished else draft.kind


def _at_home(draft: Draft, lexicon: Lexicon, place: str) -> str | None:
    """The place's own kind of a thing: "a bed" in a hospital is a hospital bed; None where the plain one is as much at home."""
    if not draft.options or " " in draft.word:
        return None
    if (named := f"{place} {draft.word}") in lexicon.kinds:
        return named  # "a ladder" in a library is a library ladder
    plain, indoors = lexicon.kinds[draft.options[0]], lexicon.places[place].indoors
    homes = lexicon.homes.get(draft.word) or (lexicon.homes.get(" ".join(key(plain.name)), {}) if indoors else {})
    fits = plain.indoors if indoors else plain.outdoors
    if place in homes or (fits and not homes):
        return None
    hints = (key(hint.rstrip("!")) for hint in split(lexicon.places[place].said.hints))
    own = (kinds[0] for words in hints if _names_alike(words[-1], draft.word, lexicon) and (kinds := lexicon.kinds_for(" ".join(words))))
    low = ("floor", "ground")
    stances = low if plain.stands_on in low else (plain.stands_on,)
    if draft.guessed:
        return next(own, None)  # "the pole" of a hair salon is rather its own than the one that likeness found
    fitting = (kind for kind in own if lexicon.kinds[kind].stands_on in stances)  # a periodic table is no table
    return next((kind for kind in fitting if max(plain.size_m) < _ALIKE * max(lexicon.kinds[kind].size_m)), None)  # a hand truck no truck


def _names_alike(word: str, other: str, lexicon: Lexicon) -> bool:
    """ "theatre seats" are what "a seat" is in a theatre."""
    return other in (word, *singulars(word, lexicon.irregular_plurals))


def _is_small(draft: Draft, lexicon: Lexicon) -> bool:
    return bool(draft.options) and lexicon.kinds[draft.options[0]].stands_on == "surface"


def _name(drafts: list[Draft]) -> None:
    seen: Counter[str] = Counter()
    for draft in drafts:
        seen[draft.kind] += 1
        draft.name = draft.kind if seen[draft.kind] == 1 else f"{draft.kind} {seen[draft.kind]}"


def _count(draft: Draft, lexicon: Lexicon, place: str) -> int:
    """What the words counted, or a natural several; times the number of those that have so many each."""
    own = _own_count(draft, lexicon, place)
    if draft.each_of is None or not draft.each_of.kind:
        return own
    return min(own * _count(draft.each_of, lexicon, place), MAX_COUNT)


def _own_count(draft: Draft, lexicon: Lexicon, place: str) -> int:
    data = lexicon.data
    kind = lexicon.kinds[draft.kind]
    if draft.group_count is not None and (draft.number is None or draft.number <= 1):
        phrase = draft.phrase.lower()
        many = draft.kind.split()[-1]  # "a bunch of balloons"
        bunch = many in phrase and draft.word in singulars(many, lexicon.irregular_plurals)
        heap = draft.arrangement is Arrangement.CLUSTER and (bunch or (draft.word == draft.kind and phrase.endswith(draft.word)))
        alive = kind.family in _GROWING or bool(_LIVING & set(kind.tags))  # "a cluster of sheep", "of coral"
        return 1 if heap and not alive else draft.group_count  # "a heap of treasure"
    if draft.number is not None:
        return int(min(max(round(draft.number), 1), MAX_COUNT))
    if "terrain" in kind.tags and not draft.plural:
        return 1
    if draft.of_place:
        return int(data["place_flowers"] if _is_flower(draft, lexicon) else data["forest_trees"] if draft.of_place == "forest" else 12)
    sown = draft.kind in data["sown"] and draft.number is None and not draft.phrase.lower().startswith(("a ", "an ", "one "))
    if sown:
        return int(data["plurals"].get(draft.kind, data["plurals"]["default"]))  # "in the middle of the wheat"
    if not draft.plural or (
        draft.word != draft.kind and draft.word in singulars(draft.kind, lexicon.irregular_plurals) and kind.family not in _GROWING
    ):
        return 1  # "the lift doors" are one thing
    if place == "forest" and draft.kind in lexicon.generic_kinds("tree"):
        return int(data["forest_trees"])
    plurals: Mapping[str, int] = data["plurals"]
    names = (draft.kind, *kind.words, *kind.tags, kind.family)
    return next((plurals[name] for name in names if name in plurals), plurals["default"])


def _is_flower(draft: Draft, lexicon: Lexicon) -> bool:
    return draft.kind in lexicon.generic_kinds("flower")


def _thing(draft: Draft, drafts: list[Draft], lexicon: Lexicon, place: str) -> ThingSpec:
    kept = []
    for relation, objects in draft.relations:
        names = tuple(target if isinstance(target, str) else target.name for target in objects)
        if all(isinstance(target, str) or target in drafts[:MAX_THINGS] for target in objects) and draft.name not in names:
            kept.append(Relation(relation=relation, objects=names, distance_m=draft.distances.get(relation)))
    return ThingSpec(
        name=draft.name,
        kind=draft.kind,
        count=_count(draft, lexicon, place),
        colour=draft.colour,
        size=draft.size,
        height_m=draft.height_m,
        material=draft.material,
        style=draft.style,
        arrangement=draft.arrangement,
        phrase=draft.phrase[:2000],
        relations=tuple(kept[:16]),
        parts=_parts(draft.parts),
    )
