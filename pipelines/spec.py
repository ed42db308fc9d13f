"""SceneSpec: what the words mean.

A SceneSpec is plain data (JSON in, JSON out) and says *what* is in the scene, never *where* in metres: positions belong to
the layout. Things refer to each other by `name`, which is unique within one spec.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from pipelines.errors import SpecError

MAX_THINGS = 200
MAX_COUNT = 200
VIEWER = "viewer"  # the one name that a relation may use without a thing of that name: the person at the spawn point

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class TimeOfDay(StrEnum):
    """When; decides where the sun or the moon stands."""

    DAWN = "dawn"
    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    GOLDEN_HOUR = "golden hour"
    SUNSET = "sunset"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    """What the air does; decides cloud cover, fog, wetness and lying snow."""

    CLEAR = "clear"
    CLOUDY = "cloudy"
    FOG = "fog"
    RAIN = "rain"
    SNOW = "snow"
    STORM = "storm"


class Season(StrEnum):
    """When in the year; decides the colour of leaves and what lies on the ground."""

    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


class Size(StrEnum):
    """How large a thing is for its kind."""

    TINY = "tiny"
    SMALL = "small"
    NORMAL = "normal"
    LARGE = "large"
    HUGE = "huge"


class Arrangement(StrEnum):
    """How the members of one group stand to each other."""

    SCATTERED = "scattered"
    ROW = "row"
    ROWS = "rows"
    CIRCLE = "circle"
    CLUSTER = "cluster"


class RelationName(StrEnum):
    """How one thing stands to another, as seen from the spawn point."""

    ON = "on"
    UNDER = "under"
    BESIDE = "beside"
    IN_FRONT_OF = "in front of"
    BEHIND = "behind"
    LEFT_OF = "left of"
    RIGHT_OF = "right of"
    BETWEEN = "between"
    AROUND = "around"
    INSIDE = "inside"
    ALONG = "along"
    NEAR = "near"
    FAR = "far from"
    FACING = "facing"


class Viewpoint(StrEnum):
    """Where the scene is first seen from; decides how high the first look begins, and how steeply it goes down."""

    EYE_LEVEL = "eye level"
    LOW = "low"
    WINDOW = "window"
    BALCONY = "balcony"
    ROOFTOP = "rooftop"
    ABOVE = "above"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Relation(_Strict):
    """`relation` to the things named in `objects`: two for "between", one otherwise. distance_m: the gap, where the words gave one."""

    relation: RelationName
    objects: tuple[Word, ...] = Field(min_length=1, max_length=2)
    distance_m: float | None = Field(default=None, ge=0, le=500)


class PartSpec(_Strict):
    """The look of one part: `name` is a singular noun such as door, roof, wheel or leaf; all parts that go by it are meant."""

    name: Word
    colour: Word | None = None
    material: Word | None = None


class ThingSpec(_Strict):
    """One thing, or a group of things of one kind.

    name: unique within the spec.  kind: a kind of the library.  height_m: overrides `size` where the words gave a measure.
    colour: a colour's name.  phrase: the words that asked for it (empty when the place brought it along).  parts: how its parts look.
    """

    name: Word
    kind: Word
    count: int = Field(default=1, ge=1, le=MAX_COUNT)
    colour: Word | None = None
    size: Size = Size.NORMAL
    height_m: float | None = Field(default=None, gt=0.01, le=500)
    material: Word | None = None
    style: Word | None = None
    arrangement: Arrangement = Arrangement.SCATTERED
    phrase: str = Field(default="", max_length=2_000)
    relations: tuple[Relation, ...] = Field(default=(), max_length=16)
    parts: tuple[PartSpec, ...] = Field(default=(), max_length=16)


class SceneSpec(_Strict):
    """What a prompt means. `without` lists kinds that must not appear; `unmatched` phrases that nothing was found for.

    view: where one first looks from.  parts: how the walls, the floor and the ceiling of an indoor place look.
    """

    place: Word = "meadow"
    time_of_day: TimeOfDay = TimeOfDay.MORNING
    weather: Weather = Weather.CLEAR
    season: Season = Season.SUMMER
    mood: tuple[Word, ...] = Field(default=(), max_length=16)
    style: Word | None = None
    view: Viewpoint = Viewpoint.EYE_LEVEL
    parts: tuple[PartSpec, ...] = Field(default=(), max_length=16)
    things: tuple[ThingSpec, ...] = Field(default=(), max_length=MAX_THINGS)
    without: tuple[Word, ...] = Field(default=(), max_length=64)
    unmatched: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_are_sound(self) -> Self:
        names = [thing.name for thing in self.things]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two things are named {sorted(twice)[0]!r}: give each a name of its own")
        known = {*names, VIEWER}
        for thing in self.things:
            for relation in thing.relations:
                for target in relation.objects:
                    if target not in known or target == thing.name:
                        raise ValueError(f"{thing.name!r} is {relation.relation} {target!r}, which is no other thing of this spec")
        return self

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Parse a spec; raises SpecError with one sentence that names the field."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(step) for step in first["loc"]) or "the whole file"
            raise SpecError(f"the scene specification is wrong at {where}: {first['msg']}") from error

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a spec from a JSON file; raises SpecError when it is missing or wrong."""
        try:
            return cls.from_json(path.read_bytes())
        except OSError as error:
            raise SpecError(f"the scene specification {path} cannot be read: {error.strerror}") from error
