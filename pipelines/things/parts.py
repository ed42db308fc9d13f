"""Parts: the named parts of a thing in the colours and materials that the words wish for: "a house with a red door"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from pipelines.scene import Foliage, Part
from pipelines.spec import PartSpec
from pipelines.things.assembly import colour_of
from pipelines.things.materials import material
from pipelines.things.shape import Shape

BRIGHTEST = 0.95  # no leaf reflects more
LEAFY = 0.2  # from this share of green on, "leaves" are the green ones
PETALS = ("petal", "blossom", "flower")


@cache
def _other_names() -> dict[str, tuple[str, ...]]:
    """Word → names that builders give such a part, from part_names.yaml."""
    text = files("pipelines.things").joinpath("part_names.yaml").read_text("utf-8")
    return {word: tuple(name.strip() for name in names.split(",")) for word, names in yaml.safe_load(text).items()}


def dressed(shape: Shape, wishes: Sequence[PartSpec]) -> Shape:
    """The shape with every part that a wish names in the wished colour and material; wishes for parts it lacks change nothing."""
    parts, foliage = list(shape.parts), list(shape.foliage)
    for wish in wishes:
        chosen = set(named(parts, wish.name))
        parts = [_worn(part, wish) if index in chosen else part for index, part in enumerate(parts)]
        if "(foliage)" in _other_names().get(wish.name, ()) and wish.colour is not None:
            foliage = [_tinted(leaves, wish) for leaves in foliage]
    return Shape(parts, foliage, shape.spots, shape.lamps)


def named(parts: Sequence[Part], word: str) -> list[int]:
    """Which parts go by a word: those of that name, or of one that ends in it ("cab door"); else those of its other names."""
    own = [index for index, part in enumerate(parts) if _ends_in(part.name, word)]
    if own:
        return own
    return [index for index, part in enumerate(parts) if any(_ends_in(part.name, other) for other in _other_names().get(word, ()))]


def _ends_in(name: str, word: str) -> bool:
    plural = word + ("es" if word.endswith(("s", "sh", "ch", "x")) else "s")
    return any(name == one or name.endswith(f" {one}") for one in (word, plural))


def _worn(part: Part, wish: PartSpec) -> Part:
    tint = colour_of(wish.colour) if wish.colour is not None else None
    if wish.material is None:
        return part if tint is None else replace(part, tint=tint)
    return replace(part, material=material(wish.material), tint=tint)


def _tinted(leaves: Foliage, wish: PartSpec) -> Foliage:
    """Leaves of a colour on the whole, each as light or dark beside the others as before; of flowers only petals, or only the green."""
    assert wish.colour is not None
    r, g, b = leaves.colours.T
    green = (g > r) & (g > b)
    chosen = ~green if wish.name in PETALS else green if green.mean() > LEAFY else np.ones(len(green), np.bool_)
    if not chosen.any():
        return leaves
    shades = leaves.colours[chosen] / np.maximum(leaves.colours[chosen].mean(axis=0), 1e-4)
    evened = 0.5 * shades + 0.5 * shades.mean(axis=1, keepdims=True)
    colours = leaves.colours.copy()
    colours[chosen] = np.clip(evened * np.asarray(colour_of(wish.colour)), 0, BRIGHTEST)
    return replace(leaves, colours=colours.astype(np.float32))
