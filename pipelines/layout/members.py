"""Members: every single thing that must find a place, with its model, from the spec and from what the place brings along."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.layout.fields import sown
from pipelines.layout.footprints import Plan as Outline
from pipelines.layout.footprints import plan_of
from pipelines.layout.landforms import relief_model
from pipelines.layout.plan import WAY_KINDS, seeded
from pipelines.layout.remembering import remembered
from pipelines.layout.waters import WATER_KINDS
from pipelines.places import Bring, Place
from pipelines.scene import Model
from pipelines.spec import VIEWER, Relation, RelationName, SceneSpec, Season, ThingSpec, Weather
from pipelines.things import Kind, Library, Order

LAND_KINDS = frozenset({"hill", "mountain", "dune", "cliff", "volcano"})
BUILDING_TAGS = frozenset({"building", "house"})
TREE_TAGS = frozenset({"tree"})
PASSED_DOWN = frozenset({
    RelationName.BESIDE, RelationName.NEAR, RelationName.IN_FRONT_OF, RelationName.BEHIND, RelationName.LEFT_OF, RelationName.RIGHT_OF,
})  # fmt: skip
"""Relations of what is carried that say where its carrier stands."""
VARIANTS = 4  # of what grows or is made by hand, in one group
LENGTHS = "lengths"  # the tag of what is built by the length: fences, walls, hedges
CUT = "cut"  # how flowers are built that do not grow where they stand
_FAIR = frozenset({Weather.CLEAR, Weather.CLOUDY})  # when one sits by the sea
TABLES, CHAIRS = frozenset({"table", "desk", "counter", "workbench"}), frozenset({"chair", "stool"})
ANIMAL_TAGS = frozenset({"animal", "bird", "person", "people"})


@remembered(1024)
def outline(model: Model) -> Outline:
    """The plan of a model."""
    return plan_of(model)


@dataclass(frozen=True)
class Group:
    """All members of one entry: what was asked, the kind, one model per member, and the hints of the place (None: it was named)."""

    asked: ThingSpec
    kind: Kind
    models: tuple[Model, ...]
    scales: tuple[float, ...]
    bring: Bring | None = None
    labels: tuple[str, ...] = ()  # the kinds of the members where they differ

    @property
    def name(self) -> str:
        """The name in the spec."""
        return self.asked.name

    def kind_of(self, number: int) -> str:
        """The kind of a member."""
        return self.labels[number] if self.labels else self.kind.name

    @property
    def is_tree(self) -> bool:
        """A tree: stands apart, frames the view, is placed by its trunk."""
        return bool(TREE_TAGS & {*self.kind.tags, self.kind.family}) or self.kind.name in ("pine", "spruce", "oak", "birch", "palm")

    @property
    def is_building(self) -> bool:
        """A building: a subject with a front and a levelled plot."""
        return bool(BUILDING_TAGS & {*self.kind.tags, self.kind.family}) or self.kind.family == "buildings"

    @property
    def is_animal(self) -> bool:
        """Alive: stands in profile as often as not."""
        return bool(ANIMAL_TAGS & {*self.kind.tags, self.kind.family, self.kind.family.rstrip("s")})

    @property
    def is_seat(self) -> bool:
        """Whether people sit on it."""
        return "seat" in self.kind.spots

    @property
    def is_stool(self) -> bool:
        """Chairs and stools are low and slender enough to be seen from behind."""
        return self.size()[0] < 0.65

    @property
    def is_flat(self) -> bool:
        """Rugs and mats: others stand on them."""
        return self.kind.stands_on == "floor" and self.size()[1] < 0.05

    def size(self, number: int = 0) -> tuple[float, float, float]:
        """Width, height, depth of a member as placed."""
        width, height, depth = (float(value) * self.scales[number] for value in self.models[number].size_m)
        return width, height, depth


def half_of(group: Group, number: int) -> tuple[float, float]:
    """Half width and depth of a member's foot."""
    plan, scale = outline(group.models[number]), group.scales[number]
    half = (plan.foot[1] - plan.foot[0]) / 2 * scale
    if group.is_tree:
        return max(float(half[0]), 0.3), max(float(half[1]), 0.3)
    return float(half[0]), float(half[1])


def clearance_of(group: Group, *, room: bool) -> float:
    """How much air a group keeps from what stands already, metres; negative where walls may touch."""
    if any(relation.relation is RelationName.UNDER for relation in group.asked.relations):
        return 0.0  # right beside a trunk or a leg
    if room:
        return 0.02
    if LENGTHS in group.kind.tags:
        return -0.03  # length to length
    if group.bring is not None and group.bring.at.startswith("row"):
        return group.bring.spacing_m or -0.025  # houses of a row stand wall to wall unless the place says more
    if group.bring is not None and group.bring.at in ("line", "around"):  # track to track, wall to wall
        return min(0.12, group.bring.spacing_m) - 0.02
    return 1.6 if group.is_building else 1.2 if group.is_tree else 0.12


def depends(group: Group) -> bool:
    """Whether the place brings it only for where it is: on, in or around something, or in a row of houses."""
    if group.bring is None:
        return False
    carried = (RelationName.ON, RelationName.INSIDE, RelationName.AROUND)
    return group.bring.at.startswith("row") or any(relation.relation in carried for relation in group.asked.relations)


def forbidden(kind: Kind, without: Sequence[str]) -> bool:
    """Whether the spec wants none of these: by name, by word, by tag or by family."""
    called = {kind.name, kind.family, kind.family.rstrip("s"), *kind.tags, *kind.words}
    return any(word in called or word.rstrip("s") in called for word in without)


def is_feature(kind: str) -> bool:
    """Whether the ground itself is meant: waters and ways. Hills and mountains are things that the layout shapes."""
    return kind in WATER_KINDS or kind in WAY_KINDS


def first_known(kinds: Sequence[str], library: Library, without: Sequence[str]) -> str | None:
    """The first of some alternatives that the library has and the spec allows."""
    return next((kind for kind in kinds if kind in library.kinds and not forbidden(library.kinds[kind], without)), None)


def brought(
    spec: SceneSpec, place: Place, library: Library, *, seed: int
) -> tuple[list[tuple[ThingSpec, Bring]], dict[str, tuple[Relation, ...]]]:
    """What the place adds, as entries of a spec, and where the like of it stands that the words name instead: name → relations.

    In a kitchen a kettle is on the stove and chairs are around the table, whether the words or the place bring them.
    """
    rng = seeded(seed, "brought")
    by_kind = {thing.kind: thing.name for thing in reversed(spec.things)}
    by_noun = {thing.kind.split()[-1]: thing.name for thing in reversed(spec.things)}  # a table takes the place of a dining table
    alias = {VIEWER: VIEWER}
    taken = {thing.name for thing in spec.things}
    found: list[tuple[ThingSpec, Bring]] = []
    customs: dict[str, tuple[Relation, ...]] = {}
    stances = {thing.name: library.kinds[thing.kind].stands_on for thing in spec.things}
    told, fields = sum(1 for thing in spec.things if thing.phrase), bool(sown(spec))
    for bring in place.bring:
        chance = rng.random()
        if bring.filler and (told > 2 or (fields and bring.at == "scenic")):
            continue
        if bring.fair and (spec.weather not in _FAIR or spec.season is Season.WINTER):
            continue
        named = next((by_kind[kind] for kind in bring.kinds if kind in by_kind), None)
        named = named or next((by_noun[kind.split()[-1]] for kind in bring.kinds if kind.split()[-1] in by_noun), None)
        if named is not None:
            alias[bring.name] = named
            custom = tuple(relation for relation in _aliased(bring, alias) if named not in relation.objects)
            like = next((library.kinds[kind].stands_on == stances[named] for kind in bring.kinds if kind in library.kinds), False)
            if custom and like and bring.grid is None:
                customs.setdefault(named, custom)
            continue
        kinds = [kind for kind in bring.kinds if kind in library.kinds and not forbidden(library.kinds[kind], spec.without)]
        if not kinds or chance > bring.chance:
            continue
        name = bring.name if bring.name not in taken else f"{bring.name} of the place"
        relations = _aliased(bring, alias)
        if bring.relations and not relations and any(relation.relation == "on" for relation in bring.relations):
            continue  # what would stand on something that is not there
        asked = ThingSpec(
            name=name, kind=kinds[int(rng.integers(len(kinds)))], count=int(rng.integers(bring.count[0], bring.count[1] + 1)),
            colour=_one_of(bring.colours, rng), material=_one_of(bring.materials, rng), style=spec.style, height_m=bring.height_m,
            relations=relations,
        )  # fmt: skip
        taken.add(name)
        alias[bring.name] = name
        found.append((asked, bring))
    carriers = [relation.objects[0] for bring in place.bring for relation in _aliased(bring, alias) if relation.relation == "on"]
    return found, _at_tables(spec, place, library, carriers) | customs


def _aliased(bring: Bring, alias: Mapping[str, str]) -> tuple[Relation, ...]:
    """The relations of an entry to what is there, by the names that it has there."""
    return tuple(
        Relation(relation=relation.relation, objects=tuple(alias[target] for target in relation.objects))
        for relation in bring.relations
        if all(target in alias for target in relation.objects)
    )


def _at_tables(spec: SceneSpec, place: Place, library: Library, carriers: Sequence[str]) -> dict[str, tuple[Relation, ...]]:
    """What is small and stands nowhere in particular is on a table that the words name, or indoors on what carries most there.

    Chairs are around a table that is named.
    """
    kinds = {thing.name: library.kinds[thing.kind] for thing in spec.things}
    tables = [name for name, kind in kinds.items() if kind.name.split()[-1] in TABLES and kind.stands_on != "surface"]
    usual = sorted(set(carriers), key=lambda name: (-carriers.count(name), carriers.index(name))) if place.room is not None else []
    found: dict[str, tuple[Relation, ...]] = {}
    for thing in spec.things:
        kind = kinds[thing.name]
        small = kind.stands_on == "surface" and not ANIMAL_TAGS & set(kind.tags)
        if small and (tables or usual):
            found[thing.name] = (Relation(relation=RelationName.ON, objects=((*tables, *usual)[0],)),)
        elif tables and kind.name.split()[-1] in CHAIRS:
            found[thing.name] = (Relation(relation=RelationName.AROUND, objects=(tables[0],)),)
    return found


def _one_of(choices: Sequence[str], rng: np.random.Generator) -> str | None:
    return str(choices[int(rng.integers(len(choices)))]) if choices else None


def make_group(
    asked: ThingSpec, library: Library, *, season: Season, seed: int, bring: Bring | None = None, without: Sequence[str] = (),
    opened: bool = False, top_m: float = 0.0,
) -> Group:  # fmt: skip
    """Build the models of an entry: a few variants for what grows, is built or varies, one for what is made alike.

    opened: something else is to be inside it.  top_m: how wide the level top of a hill is.
    """
    kind = library.kinds[asked.kind]
    rng = seeded(seed, f"group {asked.name}")
    base = zlib.crc32(f"{seed} {asked.name}".encode()) % 100_000
    if kind.name in LAND_KINDS:
        models = [relief_model(kind.name, kind.size_m, asked, seed=base + k, top_m=top_m) for k in range(min(asked.count, 3))]
        return Group(asked, kind, tuple(models[k % len(models)] for k in range(asked.count)), (1.0,) * asked.count, bring)
    varied = kind.grown or kind.varies or kind.family in ("trees", "plants", "rocks", "buildings")
    variants = min(asked.count, VARIANTS) if varied else 1
    order = Order(
        seed=base, size=asked.size, height_m=asked.height_m, colour=asked.colour, material=asked.material, style=asked.style, season=season,
        parts=asked.parts, opened=opened,
    )  # fmt: skip
    kinds, colours = [asked.kind], [asked.colour]
    if bring is not None and asked.count > 1:
        kinds = _mixture(asked, bring, library, without, rng) if bring.mixed else kinds
        at = bring.colours.index(asked.colour) if asked.colour in bring.colours else 0
        colours = [*bring.colours[at:], *bring.colours[:at]] or colours
        variants = min(asked.count, max(variants, len(colours), 2 * len(set(kinds))))
    built = [library.build(kinds[k % len(kinds)], replace(order, seed=base + k, colour=colours[k % len(colours)])) for k in range(variants)]
    natural = kind.family in ("trees", "plants", "rocks", "nature", "animals") or bool(TREE_TAGS & set(kind.tags))
    spread = 0.14 if natural and asked.height_m is None and asked.count > 1 else 0.0
    scales = tuple(float(1.0 + spread * rng.uniform(-1, 1)) for _ in range(asked.count))
    turns = [k % variants for k in range(asked.count)]
    if len(kinds) > 1:  # each as often as any other, in no order that one could see
        turns = np.concatenate([rng.permutation(variants) for _ in range(-(-asked.count // variants))])[: asked.count].tolist()
    labels = tuple(kinds[k % len(kinds)] for k in turns) if len(kinds) > 1 else ()
    return Group(asked, kind, tuple(built[k] for k in turns), scales, bring, labels)


def _mixture(asked: ThingSpec, bring: Bring, library: Library, without: Sequence[str], rng: np.random.Generator) -> list[str]:
    """The alternatives of an entry in an order by lot, the chosen one first."""
    others = [kind for kind in bring.kinds if kind != asked.kind and kind in library.kinds and not forbidden(library.kinds[kind], without)]
    return [asked.kind, *(others[k] for k in rng.permutation(len(others)))]


def flanks(groups: Mapping[str, Group]) -> dict[str, tuple[str, str]]:
    """Each of two things that may be set on both sides of what the words put between them, once that stands: name → it, the other one.

    Those are single things of which nothing else is said. All others stand first, and what is between them comes to them.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, group in groups.items():
        for relation in group.asked.relations:
            if relation.relation is not RelationName.BETWEEN or len(set(relation.objects)) != 2 or len(group.models) > 1:
                continue
            one, other = relation.objects
            if all(_is_free(groups.get(flank)) and flank not in found for flank in (one, other)):
                found |= {one: (name, other), other: (name, one)}
    return found


def within_what(group: Group) -> str:
    """The name of what a group is to be inside, "" for nothing."""
    return next((relation.objects[0] for relation in group.asked.relations if relation.relation is RelationName.INSIDE), "")


def holders(groups: Mapping[str, Group]) -> list[str]:
    """Named things that others are to be inside, and nothing is to stand on."""
    below = {relation.objects[0] for group in groups.values() for relation in group.asked.relations if relation.relation is RelationName.ON}
    wanted = {within_what(group) for group in groups.values()}
    return [name for name, group in groups.items() if name in wanted - below and group.bring is None and group.kind.name not in LAND_KINDS]


def hung_over(groups: Mapping[str, Group], *, walls: bool = False) -> dict[str, str]:
    """What hangs from the ceiling or in the air above something that the words put under it: its name → that of what is below.

    Such things come to what is below them; they can hang anywhere, and tables cannot stand anywhere. walls: what hangs on walls, too, as
    where there are none.
    """
    found: dict[str, str] = {}
    for name, group in groups.items():
        for relation in group.asked.relations:
            above = groups.get(relation.objects[0])
            if relation.relation is not RelationName.UNDER or above is None or above.name == name or not _hangs_anywhere(above):
                continue
            if above.kind.stands_on in ("ceiling", "air") or (walls and above.kind.stands_on == "wall"):
                found.setdefault(above.name, name)
    return found


def _hangs_anywhere(group: Group) -> bool:
    """Whether nothing binds a group to a place of its own: being near something, or turned to it, does not."""
    return all(relation.relation in (RelationName.NEAR, RelationName.FACING) for relation in group.asked.relations)


def inherited(groups: Mapping[str, Group]) -> dict[str, Group]:
    """The groups, each carrier knowing where it has to stand: "a pot on a fire, in front of the hut" says where the fire is."""
    found = dict(groups)
    for group in groups.values():
        carried = [relation.objects[0] for relation in group.asked.relations if relation.relation is RelationName.ON]
        carrier = found.get(carried[0]) if len(carried) == 1 else None
        if carrier is None or carrier.asked.relations or carrier.bring is not None or carrier.kind.name in LAND_KINDS:
            continue
        passed = tuple(
            relation
            for relation in group.asked.relations
            if relation.relation in PASSED_DOWN
            and carrier.name not in relation.objects
            and _stands_free(found, relation.objects[0], carrier)
        )
        if passed:
            found[carrier.name] = replace(carrier, asked=carrier.asked.model_copy(update={"relations": passed}))
    return _brought_along(found)


def _brought_along(groups: dict[str, Group]) -> dict[str, Group]:
    """The groups, posts on what carries the one that is to be under them: "on the platform, beneath the clock"; both are on it."""
    found = dict(groups)
    for group in groups.values():
        on = next((relation for relation in group.asked.relations if relation.relation is RelationName.ON), None)
        carrier = groups.get(on.objects[0]) if on is not None else None
        if on is None or carrier is None or carrier.kind.stands_on not in ("ground", "floor"):
            continue
        for relation in group.asked.relations:
            other = groups.get(relation.objects[0])
            if relation.relation is not RelationName.UNDER or other is None or other.asked.relations or other.name == carrier.name:
                continue
            small = 3 * max(half_of(other, 0)) < min(half_of(carrier, 0))
            if small and other.kind.stands_on in ("ground", "floor"):
                found[other.name] = replace(other, asked=other.asked.model_copy(update={"relations": (on,)}))
    return found


def _stands_free(groups: Mapping[str, Group], name: str, carrier: Group) -> bool:
    """Whether a thing is not itself on or next to the carrier that would come to it."""
    other = groups.get(name)
    return other is None or not any(carrier.name in relation.objects for relation in other.asked.relations)


def _is_free(group: Group | None) -> bool:
    return group is not None and len(group.models) == 1 and not group.asked.relations and group.kind.name not in LAND_KINDS


def in_order(groups: Mapping[str, Group], *, named_first: bool = False, flanking: Mapping[str, tuple[str, str]] | None = None) -> list[str]:
    """Names so that what others refer to comes first; within that, the bigger first. Rings of references are cut at the first named.

    flanking: see `flanks`; what hangs over things comes after them in the same way.
    """
    waiting = dict(groups)
    middles = {name: (below, "") for name, below in hung_over(groups, walls=not named_first).items()} | dict(flanking or {})
    done: list[str] = []
    weight = {
        name: float(np.prod(group.size()[::2])) * (1 + group.size()[1]) * _precedence(group, named_first) for name, group in groups.items()
    }
    while waiting:
        ready = [name for name, group in waiting.items() if not _needs(group, waiting, middles)]
        chosen = max(ready, key=lambda name: weight[name]) if ready else next(iter(waiting))
        done.append(chosen)
        del waiting[chosen]
    return done


def _precedence(group: Group, named_first: bool) -> float:
    """What was named comes before what is brought along, but what stands in a line or a grid can stand nowhere else."""
    bring = group.bring
    if bring is None:
        return 1000.0 if named_first or LENGTHS in group.kind.tags else 1.0  # a fence goes around much more than it is wide
    if bring.at in ("line", "around"):
        return 2.0
    if bring.at.startswith("row"):
        return 1e-3  # houses fill a street round those that are named
    return 0.9 if bring.grid else 0.3


def _needs(group: Group, waiting: Mapping[str, Group], middles: Mapping[str, tuple[str, str]]) -> bool:
    if group.name in middles:
        return middles[group.name][0] in waiting
    said = {target for relation in group.asked.relations for target in relation.objects}
    return any(target in waiting and target != group.name and middles.get(target, ("",))[0] != group.name for target in said)
