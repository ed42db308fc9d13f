"""Scoring: what was read against what was meant, slot by slot, as precision and recall; and a reader without grammar to compare with."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from pipelines.errors import PromptError
from pipelines.language.lexicon import Role, lexicon_for
from pipelines.language.reader import Reading, read
from pipelines.language.tokens import tokenise
from pipelines.places import Place
from pipelines.spec import VIEWER, SceneSpec, Season, ThingSpec, TimeOfDay, Weather

HERE = Path(__file__).parent
DEFAULTS = {"time": "morning", "weather": "clear", "season": "summer", "style": None}


def small_library() -> Any:
    """The kinds of kinds.yaml in the shape that `pipelines.things.Library` has."""
    kinds = {}
    for family, entry in yaml.safe_load((HERE / "kinds.yaml").read_text(encoding="utf-8")).items():
        for name, words in entry["kinds"].items():
            indoors = entry.get("indoors", False)
            kinds[name] = SimpleNamespace(
                name=name, words=(name, *words), family=family, size_m=(1, 1, 1), stands_on=entry["stands_on"],
                tags=tuple(entry.get("tags", ())), indoors=indoors, outdoors=not indoors,
            )  # fmt: skip
    return SimpleNamespace(kinds=kinds)


def sentences(file: str = "golden.toml") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((HERE / file).read_text(encoding="utf-8"))["sentence"]
    return found


@dataclass
class Tally:
    """Right, missing and superfluous answers of one slot."""

    right: int = 0
    missing: int = 0
    extra: int = 0

    def add(self, meant: Counter[Any], found: Counter[Any]) -> None:
        self.right += sum((meant & found).values())
        self.missing += sum((meant - found).values())
        self.extra += sum((found - meant).values())

    @property
    def f1(self) -> float:
        whole = 2 * self.right + self.missing + self.extra
        return 2 * self.right / whole if whole else 1.0


@dataclass
class Score:
    """Tallies by slot, and for each wrong sentence what was wrong."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def compare(self, slot: str, text: str, meant: list[Any], found: list[Any]) -> None:
        one, other = Counter(meant), Counter(found)
        self.tallies.setdefault(slot, Tally()).add(one, other)
        if one != other:
            self.faults.append(f"{text}\n    {slot}: missing {list((one - other).elements())} extra {list((other - one).elements())}")


def _kind(word: str, lexicon: Any) -> str:
    base, _, number = word.rpartition(" ")
    if number.isdigit():
        return f"{_kind(base, lexicon)} {number}"
    found = lexicon.kinds_for(word)
    return found[0] if found else f"?{word}"


def _meant_thing(text: str, lexicon: Any) -> tuple[str, str, dict[str, str]]:
    head, _, rest = text.partition(";")
    count, _, word = head.strip().partition(" ")
    return count, _kind(word, lexicon), dict(part.split("=") for part in _attributes(rest))


def _attributes(rest: str) -> list[str]:
    parts: list[str] = []
    for piece in rest.split():
        if "=" in piece:
            parts.append(piece)
        else:
            parts[-1] += f" {piece}"
    return parts


def _found_count(thing: ThingSpec, wanted: set[str]) -> str:
    return "+" if thing.count > 1 and str(thing.count) not in wanted else str(thing.count)


def score_one(score: Score, sentence: dict[str, Any], reading: Reading, lexicon: Any) -> None:
    spec, text = reading.spec, sentence["text"]
    score.compare("place", text, [_either(sentence["place"], spec.place)], [spec.place])
    default = DEFAULTS | _defaults_of(lexicon.places[spec.place])
    for slot, value in (("time", spec.time_of_day), ("weather", spec.weather), ("season", spec.season), ("style", spec.style)):
        found = value if value is None else str(value)
        score.compare(slot, text, [_either(sentence.get(slot, default[slot]), found)], [found])
    score.compare("mood", text, sentence.get("mood", []), list(spec.mood))
    meant = [_meant_thing(thing, lexicon) for thing in sentence.get("things", [])]
    score.compare("thing", text, [kind for _, kind, _ in meant], [thing.kind for thing in spec.things])
    exact = {kind: {count for count, one, _ in meant if one == kind} for _, kind, _ in meant}
    both = {thing.kind for thing in spec.things} & {kind for _, kind, _ in meant}
    score.compare(
        "count", text, [(kind, count) for count, kind, _ in meant if kind in both],
        [(thing.kind, _found_count(thing, exact[thing.kind])) for thing in spec.things if thing.kind in both],
    )  # fmt: skip
    for slot in ("colour", "material", "size", "style"):
        wanted = [(kind, look[slot]) for _, kind, look in meant if slot in look and kind in both]
        score.compare(
            f"thing {slot}",
            text,
            wanted,
            [(thing.kind, value) for thing in spec.things if thing.kind in both and (value := _look(thing, slot))],
        )
    heights = [(kind, round(float(look["height"]), 3)) for _, kind, look in meant if "height" in look]
    score.compare("height", text, heights, [(thing.kind, round(thing.height_m, 3)) for thing in spec.things if thing.height_m])
    relations = [tuple(part.strip() for part in relation.split("|")) for relation in sentence.get("relations", [])]
    score.compare("relation", text, [_meant_relation(one, lexicon) for one in relations], _found_relations(spec))
    score.compare("without", text, *_without(sentence, spec, lexicon))
    score.compare("view", text, [sentence["view"]] if "view" in sentence else [], [str(spec.view)] if spec.view != "eye level" else [])
    score.compare("part", text, _meant_parts(sentence, lexicon), _found_parts(spec))
    score.compare("distance", text, [_meant_distance(one, lexicon) for one in sentence.get("distances", [])], _found_distances(spec))
    _score_unmatched(score, sentence, spec)


def _defaults_of(place: Place) -> dict[str, str]:
    """The hour, weather and season that a place has of its own."""
    own = {"time": place.said.time, "weather": place.said.weather, "season": place.said.season}
    return {slot: str(value) for slot, value in own.items() if value is not None}


def _either(meant: str | None, found: str | None) -> str | None:
    """ "*" is right whatever was found, "a|b" when it is one of them."""
    if meant is None or (meant != "*" and found not in meant.split("|")):
        return meant if meant is None else meant.split("|")[0]
    return found


def _meant_parts(sentence: dict[str, Any], lexicon: Any) -> list[tuple[str, str, str, str]]:
    found = []
    for line in sentence.get("parts", []):
        owner, part, looks = (piece.strip() for piece in line.split("|"))
        for look in _attributes(looks):
            slot, value = look.split("=")
            found.append((owner if owner == "place" else _kind(owner, lexicon), part, slot, value))
    return found


def _found_parts(spec: SceneSpec) -> list[tuple[str, str, str, str]]:
    owned = [("place", spec.parts), *((thing.kind, thing.parts) for thing in spec.things)]
    looks = [(owner, part, slot, getattr(part, slot)) for owner, parts in owned for part in parts for slot in ("colour", "material")]
    return [(owner, part.name, slot, value) for owner, part, slot, value in looks if value is not None]


def _meant_distance(line: str, lexicon: Any) -> tuple[str, str, tuple[str, ...], float]:
    *relation, metres = (piece.strip() for piece in line.split("|"))
    return (*_meant_relation(tuple(relation), lexicon), round(float(metres), 1))


def _found_distances(spec: SceneSpec) -> list[tuple[str, str, tuple[str, ...], float]]:
    stated = [(thing, relation) for thing in spec.things for relation in thing.relations if relation.distance_m is not None]
    return [(thing.name, str(one.relation), tuple(one.objects), round(one.distance_m or 0.0, 1)) for thing, one in stated]


def _look(thing: ThingSpec, slot: str) -> str | None:
    value = getattr(thing, slot)
    return None if value is None or value == "normal" else str(value)


def _meant_relation(relation: tuple[str, ...], lexicon: Any) -> tuple[str, str, tuple[str, ...]]:
    subject, name, *objects = relation
    targets = [one if one == VIEWER else _kind(one, lexicon) for one in objects]
    if len(targets) == 2 and targets[0] == targets[1]:
        targets[1] = f"{targets[1]} 2"
    return _kind(subject, lexicon), name, tuple(targets)


def _found_relations(spec: SceneSpec) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(thing.name, str(relation.relation), tuple(relation.objects)) for thing in spec.things for relation in thing.relations]


def _without(sentence: dict[str, Any], spec: SceneSpec, lexicon: Any) -> tuple[list[str], list[str]]:
    """A general word ("no trees") may deny more kinds than the sentence lists; what must not be denied at all is an extra."""
    meant = [_kind(word, lexicon) for word in sentence.get("without", [])]
    return meant, [kind for kind in spec.without if kind in meant or not meant]


def _score_unmatched(score: Score, sentence: dict[str, Any], spec: SceneSpec) -> None:
    meant = list(sentence.get("unmatched", []))
    found = []
    for phrase in spec.unmatched:
        hit = next((word for word in meant if word in phrase and word not in found), None)
        found.append(hit or phrase)
    score.compare("unmatched", sentence["text"], meant, found)


def score_all(chosen: list[dict[str, Any]], library: Any) -> Score:
    score = Score()
    for sentence in chosen:
        score_one(score, sentence, _reading(sentence["text"], library), lexicon_for(library))
    return score


def _reading(text: str, library: Any) -> Reading:
    """What was read; an empty meadow where nothing was understood, so that a refusal counts as every slot missing."""
    try:
        return read(text, library)
    except PromptError:
        return Reading(SceneSpec(place="meadow"), (), ())


def keywords(text: str, library: Any) -> Reading:
    """A reader without grammar: the longest entries of the lexicon, one thing for every kind that is named, and nothing said of it."""
    lexicon = lexicon_for(library)
    forms = [token.form for token in tokenise(text)]
    found: dict[Role, list[str]] = {}
    at = 0
    while at < len(forms):
        longest = max((n for n in range(1, 6) if lexicon.lookup(tuple(forms[at : at + n]))[0]), default=1)
        for role, sense in lexicon.lookup(tuple(forms[at : at + longest]))[0].items():
            found.setdefault(role, []).append(sense.value)
        at += longest
    first = {role: values[0] for role, values in found.items()}
    kinds = dict.fromkeys(found.get(Role.THING, []))
    place = first.get(Role.PLACE, "meadow")
    spec = SceneSpec(
        place=place,
        time_of_day=TimeOfDay(first.get(Role.TIME, "morning")),
        weather=Weather(first.get(Role.WEATHER, "clear")),
        season=Season(first.get(Role.SEASON, lexicon.places[place].said.season)),
        mood=tuple(dict.fromkeys(found.get(Role.MOOD, [])))[:16],
        style=first.get(Role.STYLE),
        things=tuple(ThingSpec(name=kind, kind=kind) for kind in kinds),
    )
    return Reading(spec, (), ())


def score_keywords(chosen: list[dict[str, Any]], library: Any) -> Score:
    """The baseline on the same sentences."""
    score = Score()
    for sentence in chosen:
        score_one(score, sentence, keywords(sentence["text"], library), lexicon_for(library))
    return score


def f1(score: Score) -> float:
    """Over all slots together."""
    return Tally(*(sum(getattr(one, name) for one in score.tallies.values()) for name in ("right", "missing", "extra"))).f1


def table(score: Score) -> str:
    lines = [
        f"{slot:16}{tally.f1:6.3f}  right {tally.right:3} missing {tally.missing:3} extra {tally.extra:3}"
        for slot, tally in score.tallies.items()
    ]
    return "\n".join([*lines, f"{'all':16}{f1(score):6.3f}"])
