"""Fields: flowers and corn that the words sow all over a place, as its cover; what is named of them stands among it."""

from __future__ import annotations

from pipelines.places import CoverEntry, Place
from pipelines.spec import SceneSpec, ThingSpec

FIELD_LEAST = 30  # so many of a crop that stand in no relation to anything are a field of it
FIELDS = {
    "sunflower": CoverEntry(name="sunflowers", per_m2=5.5, reach_m=190, patchy=0, near_m=3.2),
    "tulip": CoverEntry(name="tulips", per_m2=24, reach_m=150, patchy=0, near_m=0.7),
    "poppy": CoverEntry(name="poppies", per_m2=16, reach_m=150, patchy=0.25),
    "daisy": CoverEntry(name="daisies", per_m2=20, reach_m=130, patchy=0.3),
    "daffodil": CoverEntry(name="daffodils", per_m2=20, reach_m=130, patchy=0.3),
    "buttercup": CoverEntry(name="buttercups", per_m2=20, reach_m=130, patchy=0.3),
    "bluebell": CoverEntry(name="bluebells", per_m2=40, reach_m=70, patchy=0.35),
    "lavender": CoverEntry(name="lavender", per_m2=30, reach_m=150, patchy=0, near_m=0.8),
    "lavender row": CoverEntry(name="lavender", per_m2=30, reach_m=150, patchy=0, near_m=0.8),
    "corn": CoverEntry(name="maize", per_m2=5, reach_m=190, patchy=0, near_m=3.6),
    "wheat": CoverEntry(name="ripe wheat", per_m2=60, reach_m=190, patchy=0, near_m=1.5),
}
"""What grows all over the place when a field of a kind is asked for."""
ALWAYS_FIELDS = frozenset({"wheat", "corn"})  # one plant of it is never meant
_SAID = ("field", "fields", "meadow", "meadows")  # how words for fields end: "a cornfield"


def sown(spec: SceneSpec) -> tuple[CoverEntry, ...]:
    """The cover of the fields that a spec asks for, each once."""
    return tuple(
        {FIELDS[thing.kind].name: FIELDS[thing.kind] for thing in spec.things if thing.kind in FIELDS and _is_field(thing)}.values()
    )


def covers_of(spec: SceneSpec, place: Place) -> tuple[CoverEntry, ...]:
    """The place's cover, or the fields that a spec asks for with less of the place's own among them."""
    fields = sown(spec)
    if not fields:
        return place.cover
    own = (entry.model_copy(update={"per_m2": 0.25 * entry.per_m2}) for entry in place.cover if entry.name != "wildflowers")
    return (*own, *fields)


def _is_field(thing: ThingSpec) -> bool:
    """ "a cornfield", "rows of lavender" and "thirty tulips" are fields; "wheat beside a barn" and "three tulips in a vase" are not."""
    words = thing.phrase.lower().split()
    if any(word.endswith(_SAID) for word in words):
        return True
    return not thing.relations and ("rows" in words or thing.kind in ALWAYS_FIELDS or thing.count >= FIELD_LEAST)
