"""Kind, Order, Shape: what can be built, what is asked for, and what a builder gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.scene import Colour, Foliage, Lamp, Part, Spot
from pipelines.spec import PartSpec, Season, Size

Size3 = tuple[float, float, float]

SIZE_FACTORS: Mapping[Size, float] = {Size.TINY: 0.4, Size.SMALL: 0.7, Size.NORMAL: 1.0, Size.LARGE: 1.4, Size.HUGE: 2.2}


@dataclass(frozen=True, slots=True)
class Order:
    """Which one of its kind. height_m overrides `size`; colour, material and style are names, None for the kind's own.

    parts: how its parts are to look, see `pipelines.things.parts`.  opened: something else is to be inside it, or on the wall over it; its
    `yields` give way.
    """

    seed: int = 0
    size: Size = Size.NORMAL
    height_m: float | None = None
    colour: str | None = None
    material: str | None = None
    style: str | None = None
    season: Season = Season.SUMMER
    parts: tuple[PartSpec, ...] = ()
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What the library knows about a kind before it builds one.

    size_m: typical width, height, depth.  stands_on: ground, floor, wall, ceiling, water, air or surface.  words: what people
    call it, its own name first.  spots: names of the places that it offers to other things.  ambiguous: words that it shares.
    varies: its shape depends on the seed.
    """

    name: str
    words: tuple[str, ...]
    family: str
    size_m: Size3
    stands_on: str
    tags: tuple[str, ...] = ()
    spots: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    indoors: bool = False
    outdoors: bool = True
    dynamic: bool = False
    grown: bool = False
    varies: bool = False
    ambiguous: tuple[str, ...] = ()


@dataclass(frozen=True)
class GrownOrder:
    """What an algorithm of `grown/` is asked for. size_m: width, height, depth to be met; parameters: the kind's `with`."""

    size_m: Size3
    rng: np.random.Generator
    colour: Colour | None = None
    material: str | None = None
    style: str | None = None
    season: Season = Season.SUMMER
    parameters: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """What a builder gives back, in the model frame."""

    parts: list[Part] = field(default_factory=list)
    foliage: list[Foliage] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)


Grow = Callable[[GrownOrder], Shape]
