"""Named materials and colours, from materials.yaml."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from pipelines.errors import ThingError
from pipelines.scene import Colour, Material

_FIELD_OF_KEY = {
    "pattern": "pattern",
    "size": "pattern_size_m",
    "roughness": "roughness",
    "metallic": "metallic",
    "opacity": "opacity",
    "translucency": "translucency",
    "glows_in_the_dark": "glows_in_the_dark",
    "density": "density_kg_m3",
    "friction": "friction",
    "restitution": "restitution",
}

_COLOUR_HEX = {
    "white": "#ece9e2", "cream": "#e9dfc6", "ivory": "#ece5d3", "beige": "#d2c0a0", "grey": "#8b8d8f", "silver": "#b6babd",
    "charcoal": "#3b3d40", "black": "#222224", "brown": "#6f4a2f", "tan": "#b8925f", "red": "#a8322a", "crimson": "#8d1f2c",
    "scarlet": "#b72f22", "maroon": "#5f1f24", "burgundy": "#5c1e2b", "pink": "#d98fa3", "rose": "#c96f7d", "coral": "#dd7a5f",
    "salmon": "#dc8d75", "orange": "#cf7430", "rust": "#964a26", "amber": "#d3942f", "yellow": "#d9b63a", "golden": "#cf9f3b",
    "gold": "#cf9f3b", "mustard": "#bb9231", "lime": "#93b53a", "green": "#4c7a3d", "olive": "#6c6f35", "emerald": "#2b7d57",
    "mint": "#9cceb0", "teal": "#2c7373", "turquoise": "#45aaa6", "cyan": "#4fb3c7", "blue": "#3a64a0", "navy": "#23344f",
    "indigo": "#3b3a78", "azure": "#5592cb", "purple": "#68407f", "violet": "#77559f", "lavender": "#a998c9", "lilac": "#b59cc6",
    "magenta": "#a8397f", "copper": "#b06c47", "bronze": "#8a673c", "dark red": "#6d211d", "dark green": "#2f4b2c",
    "dark brown": "#452f21", "light blue": "#8fb2d4", "light grey": "#b6b8b9", "dark grey": "#55575a",
}  # fmt: skip


def linear(hex_colour: str) -> Colour:
    """An sRGB colour such as "#a97c4f" as linear reflectance (IEC 61966-2-1)."""
    channels = [int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return (r, g, b)


COLOURS: Mapping[str, Colour] = MappingProxyType({name: linear(value) for name, value in _COLOUR_HEX.items()})
"""Every colour word as linear reflectance; deliberately a little muted, as painted things are."""


@cache
def materials() -> Mapping[str, Material]:
    """All named materials."""
    text = files("pipelines.things").joinpath("materials.yaml").read_text("utf-8")
    raw: dict[str, dict[str, Any]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return MappingProxyType({name: _material(name, entry) for name, entry in raw.items()})


def material(name: str) -> Material:
    """The material of that name; raises ThingError naming the nearest known ones."""
    found = materials().get(name)
    if found is None:
        near = ", ".join(difflib.get_close_matches(name, materials(), n=3)) or ", ".join(sorted(materials())[:8]) + " …"
        raise ThingError(f"there is no material {name!r}: use one of those in materials.yaml, such as {near}")
    return found


def _material(name: str, entry: Mapping[str, Any]) -> Material:
    fields = {_FIELD_OF_KEY[key]: value for key, value in entry.items() if key in _FIELD_OF_KEY}
    emission = entry.get("emission", (0.0, 0.0, 0.0))
    return Material(name=name, colour=linear(entry["colour"]), second_colour=linear(entry["second"]), emission=tuple(emission), **fields)
