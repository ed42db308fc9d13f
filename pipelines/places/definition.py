"""A place: the words that name it, and what a forest, a beach or a kitchen brings along when the words say no more.

One entry in a file of `library/` per place; adding a place is adding an entry. Wherever kinds of things are listed as alternatives, the
first ones that the library has are used. Lengths in metres, densities per hectare or per square metre.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import SpecError
from pipelines.spec import Relation, Season, TimeOfDay, Weather

FOLDER = Path(__file__).with_name("library")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Said(_Entry):
    """How words name the place; lists are comma separated, plurals are derived.

    words: nouns that name it.  near: nouns of other places that it stands in for, with a note.  weak: words that name it only when
    nothing else does (they are kinds or modifiers too).  alone: words that name it only where the prompt names nothing else.
    hints: things that speak for it where no place is named; a trailing "!" speaks twice as loud, "!!" four times.
    trees: what "a tree" means here.
    feature: what stands for it where something is beside or along it.  as_things: what it becomes when another place is the scene's
    ("a village behind a forest").  implies: a word of it, and the style that it implies.  open_ground: a wide place that can be left
    out of another without being missed.  within: kinds of which it is the inside: where one of them is seen, hints speak for it in
    vain.  planted: "a palm beach" is one where palms grow.  season, time, weather: where the words
    say none.
    """

    words: str
    near: str = ""
    weak: str = ""
    alone: str = ""
    hints: str = ""
    trees: tuple[str, ...] = ()
    feature: str | None = None
    as_things: dict[str, int] = {}
    implies: dict[str, str] = {}
    open_ground: bool = False
    within: tuple[str, ...] = ()
    planted: bool = False
    season: Season = Season.SUMMER
    time: TimeOfDay | None = None
    weather: Weather | None = None


class Horizon(_Entry):
    """What closes the view. `open_side`: where it stays low, for a view into the distance."""

    style: Literal["none", "hills", "mountains", "dunes", "mesas"] = "hills"
    height_m: float = Field(default=40, ge=0, le=500)
    distance_m: float = Field(default=500, ge=120, le=1100)


class Globe(_Entry):
    """A planet or moon in the sky. azimuth_deg: 0 ahead, positive to the right; ring_deg: radius of its ring, 0 for none."""

    azimuth_deg: float
    elevation_deg: float = Field(ge=2, le=88)
    radius_deg: float = Field(gt=0.2, le=25)
    colour: tuple[float, float, float]
    second: tuple[float, float, float]
    bands: bool = False
    ring_deg: float = Field(default=0, ge=0, le=40)


class Air(_Entry):
    """What the place's air makes of the light of an hour: factors (red, green, blue). winter_snow: whether snow lies there in winter.

    airless: a black sky with stars by day.  clouds: factor on their share of the sky.  haze_per_m, haze, haze_height_m: the place's own
    veil (extinction, radiance by day, height) instead of the weather's, such as the blue of deep water.  disc: whether the sun is seen.
    exposure: how bright the first look is shown, as a factor; a dungeon is dark however many torches burn in it.
    """

    light: tuple[float, float, float] = (1, 1, 1)
    zenith: tuple[float, float, float] = (1, 1, 1)
    horizon: tuple[float, float, float] = (1, 1, 1)
    winter_snow: bool = True
    airless: bool = False
    clouds: float = Field(default=1, ge=0, le=2)
    haze_per_m: float | None = Field(default=None, ge=0, le=0.2)
    haze: tuple[float, float, float] | None = None
    haze_height_m: float = Field(default=300, gt=1)
    disc: bool = True
    exposure: float = Field(default=1, gt=0.1, le=2)
    globes: tuple[Globe, ...] = ()


class Sides(_Entry):
    """Rock or hills on both sides of a winding valley that runs ahead. steps: 0 a slope, else so many terraces with cliffs between.

    apart_m: from one foot to the other; run_m: how far back the top lies from the foot.
    """

    height_m: float = Field(ge=2, le=200)
    apart_m: float = Field(ge=8, le=160)
    run_m: float = Field(default=20, ge=1, le=200)
    steps: int = Field(default=0, ge=0, le=8)
    winding_m: float = Field(default=10, ge=0, le=40)


class Cavern(_Entry):
    """A hollow in the rock round the spawn point: half width, half length (ahead), height; light_m: radius of a hole in its roof."""

    half_width_m: float = Field(ge=2, le=40)
    half_length_m: float = Field(ge=6, le=80)
    height_m: float = Field(ge=2.4, le=30)
    material: str = "dark_rock"
    rough_m: float = Field(default=1.0, ge=0, le=4)
    light_m: float = Field(default=0, ge=0, le=10)
    dripstones: int = Field(default=0, ge=0, le=400)


class Roof(_Entry):
    """A flat roof round the visitor; beyond its edge the ground lies `drop_m` lower. ahead_m: of its middle.

    Sizes in steps of half a metre, the ground's finest cell, keep its edge straight.
    """

    half_width_m: float = Field(ge=3, le=40)
    half_length_m: float = Field(ge=3, le=40)
    ahead_m: float = Field(default=0, ge=0, le=30)
    drop_m: float = Field(ge=3, le=120)


class Relief(_Entry):
    """The shape of the ground: gentle within `flat_m` of the spawn point, at full height beyond 80 m more."""

    relief_m: float = Field(default=6, ge=0, le=120)
    feature_m: float = Field(default=90, ge=10, le=600)
    bumps_m: float = Field(default=0.12, ge=0, le=1.5)
    bump_size_m: float = Field(default=7, ge=2, le=40)
    dunes_m: float = Field(default=0, ge=0, le=15)
    flat_m: float = Field(default=16, ge=2, le=200)
    rise: float = Field(default=0.0, ge=-0.1, le=0.15)
    sides: Sides | None = None
    roof: Roof | None = None
    craters: int = Field(default=0, ge=0, le=200)


class WaterEntry(_Entry):
    """The place's own water: on which side of the picture (around: the place is an island; along: its shore runs ahead), and how far
    the near shore is.

    level_m: of the surface below the visitor's feet.  slope: rise over run of the bank; 1 and more is a cliff.  straight: without bays.
    quay: material of a wall along the shore.  headland_m: how far the land juts out into a sea on both sides of the visitor.
    material: what its depth shows.
    """

    kind: str = "lake"
    side: Literal["ahead", "beside", "along", "around"] = "beside"
    distance_m: float = Field(default=14, ge=3, le=80)
    size_m: tuple[float, float] = (50, 40)
    level_m: float | None = Field(default=None, ge=-60, le=-0.05)
    slope: float | None = Field(default=None, gt=0.01, le=8)
    straight: bool = False
    quay: str | None = None
    material: str = "water"
    headland_m: float = Field(default=0, ge=0, le=120)


class Layer(_Entry):
    """One material of the ground and where it lies. veins: in cracks, `share` wide, from `from_m` on."""

    material: str
    where: Literal["patches", "slope", "shore", "height", "far", "veins"] = "patches"
    size_m: float = 8
    share: float = Field(default=0.3, ge=0, le=1)
    from_deg: float = 30
    from_m: float = 80
    reach_m: float = 3


class Scatter(_Entry):
    """Plants and rocks that nobody named. per_hectare: within 45 m, within 110 m, beyond (nameless).

    corridor: how much of the clearing round the spawn point and its view is kept free (0 = stands anywhere).
    rows_m: planted in a field, in rows so far apart with such a step along them (which run ahead), instead of by chance.
    autumn: kinds instead in autumn, so that a wood turns although evergreens make it in summer.
    """

    kinds: dict[str, float]
    autumn: dict[str, float] = {}
    per_hectare: tuple[float, float, float] = (0, 0, 0)
    spacing_m: float = 3
    scale: tuple[float, float] = (0.8, 1.2)
    variants: int = Field(default=4, ge=1, le=8)
    corridor: float = Field(default=1, ge=0, le=2)
    clump: float = Field(default=0.3, ge=0, le=1)
    near_m: float = Field(default=4, ge=0)
    far_m: float = Field(default=260, ge=10, le=900)
    where: Literal["land", "shore", "land and shore", "under trees"] = "land"
    species: bool = False
    rows_m: tuple[float, float] | None = None


class CoverEntry(_Entry):
    """Ground cover of one kind: elements' stands per square metre close by; `reach_m` is where it has thinned out.

    near_m: free of it so far round the visitor, and in a lane ahead that is a third as wide.
    """

    name: str
    per_m2: float = Field(ge=0, le=400)
    reach_m: float = Field(default=60, ge=3, le=200)
    patchy: float = Field(default=0.3, ge=0, le=1)
    where: Literal["land", "shore", "path edge"] = "land"
    near_m: float = Field(default=0, ge=0)


class Grid(_Entry):
    """Even places in a room, by shares of its width (0 left … 1 right) and depth (0 far wall … 1 near wall).

    columns: how many stand side by side; there are as many rows as the count needs.  across, along: where the first and the last stand,
    kept off the walls by their own size.  faces: the wall that they look at; aisle: the line from the visitor to the far wall.  up_m: how
    high the middle is of what hangs on a wall.
    """

    columns: int = Field(default=1, ge=1, le=20)
    across: tuple[float, float] = (0.5, 0.5)
    along: tuple[float, float] = (0.5, 0.5)
    faces: Literal["near", "far", "left", "right", "aisle"] = "near"
    up_m: float | None = None


class Bring(_Entry):
    """Things that the place brings along. kinds: alternatives, one of which is chosen by lot; relations to other entries' names.

    at: how it stands when no relation says so: scenic (to the side of the view), wall, corner, middle, window, door, ceiling, row
    left, row right, kerb, gutter, pavement (of a street), frame (a tree beside the view), line (one behind the other ahead, beside_m
    to the subject's side, from distance_m[0] on with spacing_m between, facing the middle and turned by turn_deg), around (side by
    side on the four sides of a court of the half width and half length distance_m round a middle back_m ahead, facing in).  filler:
    only where the words name fewer than three things.  fair: not in winter, rain, fog or storm.  grid: where in a room exactly.
    mixed: every one is another of the kinds instead of all being the same.  colours: one by lot; where there are several of a thing,
    one after the other.

    What the words name of these kinds takes the entry's place, in its grid or by its relations: a kettle is on the stove.
    """

    name: str
    kinds: tuple[str, ...]
    count: tuple[int, int] = (1, 1)
    at: str = "scenic"
    relations: tuple[Relation, ...] = ()
    back_m: float = 0
    spacing_m: float = 6
    distance_m: tuple[float, float] = (5, 18)
    colours: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    chance: float = Field(default=1, ge=0, le=1)
    height_m: float | None = None
    filler: bool = False
    fair: bool = False
    grid: Grid | None = None
    beside_m: float = 0
    turn_deg: float = 0
    mixed: bool = False


class Way(_Entry):
    """A path or a street. A street runs straight ahead; a path winds from the spawn point to the main subject."""

    style: Literal["path", "street"] = "path"
    material: str = "soil"
    width_m: float = Field(default=1.6, ge=0.5, le=20)
    pavement_m: float = Field(default=0, ge=0, le=8)
    edge_stones: float = Field(default=0, ge=0, le=3)
    always: bool = False


class Room(_Entry):
    """The shell of an indoor place: a kind of the library, and other kinds for some styles.

    stand: where the visitor stands to look at the far wall, as shares of width and depth; left out: in a near corner, looking across.
    """

    kind: str = "room"
    styles: dict[str, str] = {}
    stand: tuple[float, float] | None = None


class Place(_Entry):
    """Everything a place is made of; either outdoors (relief, ground …) or a room."""

    name: str = ""
    said: Said
    room: Room | None = None
    air: Air = Air()
    relief: Relief = Relief()
    horizon: Horizon = Horizon()
    water: WaterEntry | None = None
    base: str = "grass"
    layers: tuple[Layer, ...] = ()
    way: Way | None = None
    scatter: tuple[Scatter, ...] = ()
    cover: tuple[CoverEntry, ...] = ()
    bring: tuple[Bring, ...] = ()
    subject: str | None = None
    cavern: Cavern | None = None
    skyline: tuple[str, ...] = ()

    @property
    def indoors(self) -> bool:
        """Whether it is under a roof."""
        return self.room is not None

    def in_season(self, season: Season) -> Place:
        """The place with what grows there at that time of the year."""
        if season is not Season.AUTUMN:
            return self
        return self.model_copy(update={"scatter": tuple(one.model_copy(update={"kinds": one.autumn or one.kinds}) for one in self.scatter)})


@cache
def places() -> dict[str, Place]:
    """All places by name. Raises SpecError when an entry is wrong."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Place] = {}
    for file in sorted(FOLDER.glob("*.yaml")):
        for name, entry in yaml.load(file.read_text("utf-8"), Loader=loader).items():
            if name in found:
                raise SpecError(f"the place {name!r} in {file.name} is there twice: choose another name")
            try:
                found[name] = Place(name=name, **entry)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                where = ".".join(str(step) for step in first["loc"])
                raise SpecError(f"the place {name!r} in {file.name} is wrong at {where}: {first['msg']}") from error
    return found


def place_named(name: str) -> Place:
    """The place of that name; raises SpecError with those there are."""
    known = places()
    if name not in known:
        raise SpecError(f"there is no place {name!r}: choose one of {', '.join(sorted(known))}")
    return known[name]
