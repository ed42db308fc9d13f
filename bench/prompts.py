"""Prompts with wished things and relations: what is read of them, and once arranged what is there, holds, floats or is stuck."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from pipelines.language import read
from pipelines.layout.arrange import arrange
from pipelines.layout.footprints import Boxes, overlap_depth, plan_of, separation, stance
from pipelines.layout.members import LENGTHS
from pipelines.layout.supports import fits_beneath, rests_on, surface_near
from pipelines.scene import Scene, Thing
from pipelines.spec import VIEWER, SceneSpec, ThingSpec
from pipelines.things import Library

NAMES = (
    "prompts.toml",
    "fresh_prompts.toml",
    "strange_prompts.toml",
    "unseen_prompts.toml",
    "further_prompts.toml",
    "visitors_prompts.toml",
    "newcomers_prompts.toml",
    "passersby_prompts.toml",
    "callers_prompts.toml",
    "guests_prompts.toml",
    "lodgers_prompts.toml",
    "boarders_prompts.toml",
    "strollers_prompts.toml",
    "neighbours_prompts.toml",
    "townsfolk_prompts.toml",
    "holidaymakers_prompts.toml",
    "commuters_prompts.toml",
    "testers_prompts.toml",
    "reviewers_prompts.toml",
    "travellers_prompts.toml",
)
FILES = tuple(Path(__file__).parents[1] / "tests" / name for name in NAMES)
WAYS_AND_WATERS = {"lake", "pond", "river", "stream", "sea", "path", "road", "quay wall", "cave roof"}
DEEPEST_M = 0.03
HIGHEST_M, LOWEST_M = 0.03 + 1e-3, 0.15 + 1e-3
LOOKS = ("colour", "material", "size", "style", "arrangement", "height_m")


@dataclass
class Figures:
    """wished and met, of things and of relations; how many things stand in the scenes, and the sentences on what is wrong with them."""

    places: int = 0
    places_met: int = 0
    things: int = 0
    things_met: int = 0
    relations: int = 0
    relations_met: int = 0
    solids: int = 0
    stuck: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Count another scene."""
        for name in ("places", "places_met", "things", "things_met", "relations", "relations_met", "solids", "stuck"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults


def measure(console: Console, *, seeds: Sequence[int], files: Sequence[Path] = FILES) -> dict[str, dict[str, float]]:
    """All prompts of each file (its form: tests/prompts.toml), as read and arranged from each seed; faults are listed below the tables.

    No seeds: only as read, which takes seconds.
    """
    return {file.stem: _measured(console, file, seeds) for file in files}


def _measured(console: Console, file: Path, seeds: Sequence[int]) -> dict[str, float]:
    library = Library.load()
    prompts = tomllib.loads(file.read_text(encoding="utf-8"))["prompt"]
    said, whole = Figures(), Figures()
    for prompt in prompts:
        spec = read(prompt["text"], library).spec
        said.add(figures_as_read(prompt, spec, library))
        for seed in seeds:
            whole.add(figures_of(prompt, spec, arrange(spec, library, seed=seed), library, seed))
    as_read = _as_read(console, f"{file.name}: {len(prompts)} prompts, as read", said)
    if not seeds:
        return as_read
    floating = sum(fault.endswith(("floats", "sinks")) for fault in whole.faults)
    table = Table("", "wished", "met", "share", box=None, title=f"{file.name}: {len(prompts)} prompts, seeds {', '.join(map(str, seeds))}")
    table.add_row("places", str(whole.places), str(whole.places_met), f"{whole.places_met / whole.places:.1%}")
    table.add_row("things", str(whole.things), str(whole.things_met), f"{whole.things_met / whole.things:.1%}")
    table.add_row("relations", str(whole.relations), str(whole.relations_met), f"{whole.relations_met / whole.relations:.1%}")
    table.add_row("things not stuck in others", str(whole.solids), str(whole.solids - whole.stuck), f"{1 - whole.stuck / whole.solids:.2%}")
    table.add_row("things on their ground", str(whole.solids), str(whole.solids - floating), f"{1 - floating / whole.solids:.2%}")
    console.print(table)
    for fault in whole.faults:
        console.print(f"[dim]  {fault}[/]", soft_wrap=True)
    return {**as_read, "places": whole.places_met / whole.places, "things": whole.things_met / whole.things,
            "relations": whole.relations_met / whole.relations,
            "stuck": whole.stuck / whole.solids, "floating": floating}  # fmt: skip


def _as_read(console: Console, title: str, said: Figures) -> dict[str, float]:
    """Print what was read, and what was not."""
    table = Table("", "wished", "read", "share", box=None, title=title)
    shares = {}
    for name in ("places", "things", "relations"):
        wished, met = getattr(said, name), getattr(said, f"{name}_met")
        shares[f"{name}_read"] = met / wished
        table.add_row(name, str(wished), str(met), f"{met / wished:.1%}")
    console.print(table)
    for fault in said.faults:
        console.print(f"[dim]  {fault}[/]", soft_wrap=True)
    return shares


def figures_as_read(prompt: Mapping[str, Any], spec: SceneSpec, library: Library) -> Figures:
    """Hold what was read of one prompt against its wishes, whatever an arrangement would make of it."""
    found = Figures(places=int("place" in prompt))
    where = f"{prompt['text'][:70]}…"
    found.places_met = int("place" in prompt and _is_place(spec, prompt["place"]))
    if found.places_met < found.places:
        found.faults.append(f"{where}: read as {spec.place}, not {prompt['place']}")
    for wish in prompt["things"]:
        met = _is_met(wish, sum(thing.count for thing in _wished(wish, spec, library)))
        found.things, found.things_met = found.things + 1, found.things_met + met
        if not met:
            found.faults.append(f"{where}: no {wish}")
    for subject, relation, *objects in prompt["relations"]:
        met = bool(_related(subject, relation, objects, spec, library))
        found.relations, found.relations_met = found.relations + 1, found.relations_met + met
        if not met:
            found.faults.append(f"{where}: {subject} not {relation} {' and '.join(objects)}")
    return found


def figures_of(prompt: Mapping[str, Any], spec: SceneSpec, scene: Scene, library: Library, seed: int) -> Figures:
    """Hold one arranged scene against its wishes."""
    found = Figures()
    where = f"{prompt['text'][:70]}… (seed {seed})"
    place = prompt.get("place", spec.place)  # not every wish names one that the library has
    found.places, found.places_met = int("place" in prompt), int("place" in prompt and _is_place(spec, place))
    if not _is_place(spec, place):
        found.faults.append(f"{where}: read as {spec.place}, not {place}")
    for wish in prompt["things"]:
        found.things += 1
        if _is_there(wish, spec, scene, library):
            found.things_met += 1
        else:
            found.faults.append(f"{where}: no {wish}")
    for subject, relation, *objects in prompt["relations"]:
        found.relations += 1
        if _holds(subject, relation, objects, spec, scene, library):
            found.relations_met += 1
        else:
            found.faults.append(f"{where}: {subject} not {relation} {' and '.join(objects)}")
    stuck = list(intersecting(scene, library))
    found.solids, found.stuck = len(solids(scene)), len({name for pair in stuck for name in pair[:1]})
    found.faults += [f"{where}: {one} and {other} intersect" for one, other in stuck]
    found.faults += [f"{where}: {sentence}" for sentence in floating(scene, library)]
    return found


def _is_place(spec: SceneSpec, names: str) -> bool:
    """Whether the scene is at a place, or at any of several: "park|meadow"."""
    return spec.place in names.split("|")


def _kinds(words: str, library: Library) -> set[str]:
    """The kinds that go by a word, or by any of several: "log|fallen log"."""
    return {kind for word in words.split("|") for kind in (*library.words.get(word, ()), *([word] if word in library.kinds else []))}


def _is_there(wish: Mapping[str, Any], spec: SceneSpec, scene: Scene, library: Library) -> bool:
    wished = _wished(wish, spec, library)
    there = {thing.name: sum(one.name == thing.name for one in scene.things) for thing in wished}
    long = {thing.name for thing in wished if thing.count == 1 and LENGTHS in library.kinds[thing.kind].tags}  # one fence, of many lengths
    return _is_met(wish, sum(min(number, 1) if name in long else number for name, number in there.items()))


def _wished(wish: Mapping[str, Any], spec: SceneSpec, library: Library) -> list[ThingSpec]:
    """What was read that is of the wished kind and has the wished looks."""
    kinds = _kinds(wish["kind"], library)
    return [thing for thing in spec.things if thing.kind in kinds and _looks(thing, wish)]


def _is_met(wish: Mapping[str, Any], count: int) -> bool:
    return count == wish["count"] if "count" in wish else count >= wish.get("at_least", 1)


def _looks(thing: ThingSpec, wish: Mapping[str, Any]) -> bool:
    """Whether a thing has the wished looks, and its parts theirs (`parts`: name → colour or material)."""
    parts = {part.name: (part.colour, part.material) for part in thing.parts}
    own = all(getattr(thing, look) == wish[look] for look in LOOKS if look in wish)
    return own and all(look in parts.get(name, ()) for name, look in wish.get("parts", {}).items())


def _related(subject: str, relation: str, objects: Sequence[str], spec: SceneSpec, library: Library) -> set[str]:
    """Names of the things of a kind that were read to be in a relation to such objects."""
    kind_of = {thing.name: thing.kind for thing in spec.things} | {VIEWER: VIEWER}
    wanted = [{VIEWER} if name == VIEWER else _kinds(name, library) for name in objects]
    return {
        thing.name
        for thing in spec.things
        if thing.kind in _kinds(subject, library)
        and any(
            one.relation == relation and all(kind_of[name] in kinds for name, kinds in zip(one.objects, wanted, strict=False))
            for one in thing.relations
        )
    }


def _holds(subject: str, relation: str, objects: Sequence[str], spec: SceneSpec, scene: Scene, library: Library) -> bool:
    """Whether the words were read so, and the geometry has it so for every one of the things."""
    subjects = _related(subject, relation, objects, spec, library)
    named = {thing.label: thing.name for thing in scene.things}
    checks = [check for check in scene.relations if named.get(check.subject, check.subject) in subjects and check.relation == relation]
    return bool(subjects) and bool(checks) and all(check.holds for check in checks)


def solids(scene: Scene) -> list[Thing]:
    """What stands in a scene, without ways, waters and rooms."""
    return [thing for thing in scene.things if thing.kind not in WAYS_AND_WATERS and not thing.kind.endswith("interior")]


def floating(scene: Scene, library: Library) -> Iterator[str]:
    """A sentence for each thing whose foot is in the air, or deep in the ground, and rests on nothing."""
    things = solids(scene)
    over = {check.object for check in scene.relations if check.relation == "under" and check.holds}
    wholes = [stance(thing) for thing in things]
    waters = [thing for thing in scene.things if thing.kind in WAYS_AND_WATERS]
    for thing in things:
        kind = library.kinds[thing.kind]
        if kind.stands_on in ("wall", "ceiling", "air", "water") or kind.family in ("rocks", "trees", "plants"):
            continue
        if {"crossing", "waterside", "relief"} & set(kind.tags) or (
            {"winged", "swims"} & set(kind.tags) and over & {thing.name, thing.label}
        ):
            continue
        box = stance(thing, part="foot")
        low = float(box.low)
        if scene.terrain is not None:  # a model's origin lies on the ground; foundations reach below it
            low = max(low, float(thing.position[1]))
        under = [
            other
            for other, whole in zip(things, wholes, strict=True)
            if other is not thing and bool(whole.contains(box.x, box.z, grow_m=0.3))
        ]
        if any(rests_on(thing, other) for other in under) or any(_swims_in(thing, water) for water in waters):
            continue
        x, z = box.corners()
        ground = scene.terrain.heights.at(np.append(x, box.x), np.append(z, box.z)) if scene.terrain is not None else np.zeros(1)
        if low - float(ground.min()) > HIGHEST_M:
            yield f"{thing.label} floats"
        if float(ground.max()) - low > LOWEST_M:
            yield f"{thing.label} sinks"


def _swims_in(thing: Thing, water: Thing) -> bool:
    """Whether a water's surface crosses the thing's lower half."""
    low, height = float(stance(thing).low), float(np.ptp(thing.bounds[:, 1]))
    x, _, z = (np.array([float(value)]) for value in thing.position)
    level = float(surface_near(water.model, x, z, low)[0])
    return low <= level <= low + 0.5 * height


def intersecting(scene: Scene, library: Library) -> Iterator[tuple[str, str]]:
    """Labels of each pair whose lower parts overlap by more than 3 cm, unless one rests on the other."""
    standing = [thing for thing in solids(scene) if library.kinds[thing.kind].stands_on != "wall"]
    things = [thing for thing in standing if float(np.ptp(thing.bounds[:, 1])) > 0.06]
    feet = [foot(thing) for thing in things]
    for i, one in enumerate(things):
        for j in range(i):
            other = things[j]
            if float(separation(feet[i], feet[j])) >= 0 or float(overlap_depth(feet[i], feet[j])) <= DEEPEST_M:
                continue
            if not (
                _is_carried(one, other, things) or _is_carried(other, one, things) or _is_beneath(one, other) or _is_beneath(other, one)
            ):
                yield one.label, other.label


def _is_carried(thing: Thing, other: Thing, things: Sequence[Thing]) -> bool:
    """Whether a thing rests on another, or on what rests on it: a cake on the table on the floor of a gazebo."""
    return rests_on(thing, other) or any(
        rests_on(thing, between) and rests_on(between, other) for between in things if between is not thing and between is not other
    )


def _is_beneath(thing: Thing, other: Thing) -> bool:
    """Under a table or a car, where there is room."""
    box, stands = stance(thing), stance(other)
    boxes = Boxes(*(np.atleast_1d(field) for field in box.fields()))
    at = (float(other.position[0]), float(other.position[1]), float(other.position[2]), float(stands.yaw))
    return bool(fits_beneath(other.model, at, other.scale, boxes)[0])


def foot(thing: Thing) -> Boxes:
    """The outline on the ground of a thing's lower part."""
    return stance(thing, part="foot", plan=plan_of(thing.model))
