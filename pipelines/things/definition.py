"""The modelling language: what a thing definition may say, as strict data models.

A part has exactly one shape (or is a group of parts, or another kind) and may be moved, turned, mirrored and multiplied. Its
transforms apply in this order: scale, turn, at, then ring, array and scatter, then mirror. Numbers may be expressions.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipelines.errors import ThingError
from pipelines.things.expressions import RESERVED, parse

STANDS_ON = ("ground", "floor", "wall", "ceiling", "water", "air", "surface")
SPOT_NAMES = ("top", "seat", "inside", "front", "back", "below", "shelf", "wall", "side", "bed", "hook", "deck")
MAX_PARTS_WRITTEN = 200

_TRANSFORM = {"at", "turn", "scale", "mirror", "array", "ring", "scatter", "when", "repeat", "let"}
_SURFACE = {"material", "tint", "paint", "shade", "name", "crease", "collides", "double_sided", "fill"}
SHAPES: dict[str, frozenset[str]] = {
    "box": frozenset({"bevel", "segments"}),
    "cylinder": frozenset({"bevel", "sides"}),
    "cone": frozenset({"bevel", "sides"}),
    "prism": frozenset({"bevel", "sides"}),
    "sphere": frozenset({"sides"}),
    "ellipsoid": frozenset({"sides"}),
    "capsule": frozenset({"sides"}),
    "torus": frozenset({"sides", "tube_sides"}),
    "lathe": frozenset({"sides", "bevel", "smooth", "closed", "sheet"}),
    "extrude": frozenset({"height", "holes", "bevel", "corner", "smooth", "axis"}),
    "sweep": frozenset({"path", "taper", "closed", "smooth"}),
    "tube": frozenset({"radius", "sides", "closed", "smooth"}),
    "blob": frozenset({"blend", "cells"}),
    "cushion": frozenset({"square", "puff", "steps"}),
    "curtain": frozenset({"folds", "gather", "thickness"}),
    "drape": frozenset({"fold", "thickness", "cells"}),
    "swag": frozenset({"thickness"}),
    "group": frozenset(),
    "use": frozenset({"seed", "style", "colour"}),
}
"""Every shape and the options that it understands."""


def _checked_expression(text: str) -> str:
    try:
        parse(text)
    except ThingError as error:
        raise ValueError(str(error)) from error
    return text


def _checked_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", name) or name in RESERVED:
        raise ValueError(f"{name!r} cannot name a parameter: use small letters, digits and _, and no name of a function")
    return name


def _checked_colour(text: str) -> str:
    from pipelines.things.materials import COLOURS

    if text != "colour" and text not in COLOURS and not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise ValueError(f"{text!r} is no colour: write 'colour' for the ordered one, a colour's name, or '#rrggbb'")
    return text


Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e9, le=1e9)] | Annotated[str, AfterValidator(_checked_expression)]
Pair = tuple[Number, Number]
Triple = tuple[Number, Number, Number]
Name = Annotated[str, AfterValidator(_checked_name)]
Tint = Annotated[str, AfterValidator(_checked_colour)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\n]+$")]
Flag = Annotated[bool, Field(strict=True)]
Parameters = dict[Name, Number]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BallDefinition(_Strict):
    """One primitive of a blob: ball [x, y, z, radius], egg [x, y, z, w, h, d], block [x, y, z, w, h, d, edge] or limb."""

    ball: tuple[Number, Number, Number, Number] | None = None
    egg: tuple[Number, Number, Number, Number, Number, Number] | None = None
    block: tuple[Number, Number, Number, Number, Number, Number, Number] | None = None
    limb: Annotated[list[Number], Field(min_length=7, max_length=8)] | None = None  # x, y, z, x, y, z, radius(, end radius)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.ball, self.egg, self.block, self.limb)) != 1:
            raise ValueError("a primitive of a blob is exactly one of ball, egg, block, limb")
        return self


class ArrayDefinition(_Strict):
    """`count` copies, each `step` further; `centred` puts their middle where the part would be."""

    count: Number
    step: Triple
    centred: Flag = False


class RingDefinition(_Strict):
    """`count` copies on a circle around the y axis, each turned with it; the first at angle `start` degrees from +z to +x.

    `arc`: degrees that the copies span (360 is the whole circle).
    """

    count: Number
    radius: Number = 0.0
    start: Number = 0.0
    arc: Number = 360.0


class ScatterDefinition(_Strict):
    """`count` copies at random within `area` (width, depth), on a jittered grid; turned about y by up to ± `turn` degrees."""

    count: Number
    area: Pair
    turn: Number = 180.0
    round: Flag = False


class PartDefinition(_Strict):
    """One line of a definition's `parts`."""

    box: Triple | None = None
    cylinder: tuple[Number, Number] | tuple[Number, Number, Number] | None = None  # radius, height(, top radius)
    cone: Pair | None = None
    prism: Pair | None = None
    sphere: Number | None = None
    ellipsoid: Triple | None = None
    capsule: Pair | None = None
    torus: Pair | None = None
    lathe: Annotated[list[Pair], Field(min_length=2, max_length=80)] | None = None
    extrude: Annotated[list[Pair], Field(min_length=3, max_length=120)] | None = None
    sweep: Annotated[list[Pair], Field(min_length=3, max_length=60)] | None = None
    tube: Annotated[list[Triple], Field(min_length=2, max_length=80)] | None = None
    blob: Annotated[list[BallDefinition], Field(min_length=1, max_length=60)] | None = None
    cushion: Triple | None = None
    curtain: Triple | None = None
    drape: Triple | None = None
    swag: Triple | None = None
    group: Annotated[list[PartDefinition], Field(min_length=1, max_length=MAX_PARTS_WRITTEN)] | None = None
    use: Word | None = None

    bevel: Number = 0.0
    segments: Literal[1, 2, 4, 6] = 1
    sides: Annotated[int, Field(strict=True, ge=3, le=96)] | None = None
    tube_sides: Annotated[int, Field(strict=True, ge=3, le=48)] = 12
    smooth: Annotated[int, Field(strict=True, ge=0, le=12)] = 0
    closed: Flag = False
    sheet: Flag = False
    height: Number | None = None
    holes: Annotated[list[Annotated[list[Pair], Field(min_length=3, max_length=60)]], Field(max_length=40)] = []
    corner: Number = 0.0
    axis: Literal["x", "y", "z"] = "y"
    path: Annotated[list[Triple], Field(min_length=2, max_length=80)] | None = None
    taper: Number | list[Number] = 1.0
    radius: Number | list[Number] | None = None
    blend: Number = 0.0
    cells: Annotated[int, Field(strict=True, ge=8, le=64)] = 28
    square: Number = 5.0
    puff: Number = 2.2
    steps: Annotated[int, Field(strict=True, ge=2, le=10)] = 5
    folds: Annotated[int, Field(strict=True, ge=1, le=24)] = 8
    gather: Number = 0.0
    fold: Number = 0.03
    thickness: Number = 0.004
    seed: Number | None = None
    style: Word | None = None
    colour: Tint | None = None

    at: Triple = (0.0, 0.0, 0.0)
    turn: Triple = (0.0, 0.0, 0.0)
    scale: Number | Triple = 1.0
    mirror: Literal["x", "z", "xz"] | None = None
    array: ArrayDefinition | Annotated[list[ArrayDefinition], Field(max_length=3)] | None = None
    ring: RingDefinition | None = None
    scatter: ScatterDefinition | None = None
    when: Number = 1.0
    repeat: dict[Name, Number] = {}
    let: Parameters = {}

    material: Word | None = None
    tint: Tint | Annotated[list[Tint], Field(min_length=1, max_length=40)] | None = None
    paint: Flag = False
    shade: Number = 1.0
    name: str = Field(default="", max_length=60)
    crease: Number | None = None
    collides: Flag | None = None
    double_sided: Flag = False
    fill: Number | None = None

    @property
    def shape(self) -> str:
        """The one shape that is given."""
        return next(name for name in SHAPES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_shape_with_its_options(self) -> Self:
        given = [name for name in SHAPES if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"a part has exactly one shape, and this one has {found}: choose one of {', '.join(SHAPES)}")
        strange = self.model_fields_set - {given[0]} - SHAPES[given[0]] - _TRANSFORM - _SURFACE
        if strange:
            options = ", ".join(sorted(SHAPES[given[0]])) or "none"
            raise ValueError(f"{sorted(strange)[0]!r} is no option of {given[0]}: remove it (its options: {options})")
        for shape, option in (("extrude", "height"), ("sweep", "path"), ("tube", "radius")):
            if given[0] == shape and getattr(self, option) is None:
                raise ValueError(f"{shape} needs {option!r}: add it")
        return self


class SpotDefinition(_Strict):
    """A place for other things: `{top: [width, depth], at: [x, y, z], clearance: height}`; the key is the spot's name."""

    spot: Literal["top", "seat", "inside", "front", "back", "below", "shelf", "wall", "side", "bed", "hook", "deck"]
    size: Pair
    at: Triple = (0.0, 0.0, 0.0)
    clearance: Number = 10.0
    when: Number = 1.0
    repeat: dict[Name, Number] = {}

    @model_validator(mode="before")
    @classmethod
    def _key_is_the_name(cls, data: Any) -> Any:
        if isinstance(data, dict):
            names = [key for key in data if key in SPOT_NAMES]
            if len(names) != 1:
                raise ValueError(f"a spot names exactly one of {', '.join(SPOT_NAMES)} with its width and depth")
            return {"spot": names[0], "size": data[names[0]], **{key: value for key, value in data.items() if key != names[0]}}
        return data


class LampDefinition(_Strict):
    """A point light: `power` is radiant intensity (a candle 0.3, a room lamp 4); `always` burns by day too."""

    at: Triple
    power: Number
    colour: Tint = "#ffd9a0"
    radius: Number = 0.05
    always: Flag = False
    repeat: dict[Name, Number] = {}


POSTURES = frozenset({"sitting", "lying", "cut"})
"""Styles that are not as large as the `size` of their kind says: of people and animals, and of single flowers for a vase."""


class StyleDefinition(_Strict):
    """What a style changes: parameters, materials by name (`main` is the kind's own), the colour."""

    parameters: Parameters = {}
    materials: dict[Word, Word] = {}
    colour: Tint | None = None


class KindDefinition(_Strict):
    """One kind of thing: a mapping in a library file, its name being the key."""

    words: Annotated[list[Word], Field(max_length=300)] = []  # the meaning of each is worked out, some 10 ms: no library may ask for hours
    ambiguous: Annotated[list[Word], Field(max_length=30)] = []
    size: tuple[
        Annotated[float, Field(gt=0.001, le=500)], Annotated[float, Field(gt=0.001, le=500)], Annotated[float, Field(gt=0.001, le=500)]
    ]
    stands_on: Literal["ground", "floor", "wall", "ceiling", "water", "air", "surface"]
    indoors: Flag | None = None
    outdoors: Flag | None = None
    tags: Annotated[list[Word], Field(max_length=20)] = []
    dynamic: Flag = False
    mass_kg: Annotated[float, Field(gt=0, le=1e8)] | None = None
    friction: Annotated[float, Field(ge=0, le=2)] | None = None
    restitution: Annotated[float, Field(ge=0, le=1)] | None = None
    material: Word | None = None
    colour: Tint | None = None
    parameters: Parameters = {}
    styles: dict[Word, StyleDefinition] = {}
    parts: Annotated[list[PartDefinition], Field(max_length=MAX_PARTS_WRITTEN)] = []
    spots: Annotated[list[SpotDefinition], Field(max_length=60)] = []
    lamps: Annotated[list[LampDefinition], Field(max_length=20)] = []
    yields: Annotated[list[Word], Field(max_length=12)] = []  # parts that give way when other things are inside it: its lid, its flowers
    grown: Word | None = None
    terrain: Flag = False  # a feature of the ground (lake, path, hill): it has no model, the layout shapes it
    with_: dict[str, float | str] = Field(default={}, alias="with")
    replace: Flag = False

    @model_validator(mode="after")
    def _has_a_body(self) -> Self:
        if sum((bool(self.parts), bool(self.grown), self.terrain)) != 1:
            raise ValueError("a kind has exactly one of 'parts', 'grown' and 'terrain': add one of them")
        return self
