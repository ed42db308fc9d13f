"""Which function grows what in nature."""

from __future__ import annotations

from collections.abc import Mapping

_HERE = "pipelines.things.grown"

NATURE: Mapping[str, str] = {
    name: f"{_HERE}.{module}:{name}"
    for module, names in {
        "alien": ("alien_plant",),
        "bushes": ("bush", "hedge", "creeper"),
        "conifers": ("conifer",),
        "crags": ("crag",),
        "deadwood": ("dead_tree", "stump", "log"),
        "flowers": ("flowers", "water_lily"),
        "fungi": ("mushrooms", "pumpkin"),
        "herbs": ("tuft", "fern", "crop_rows", "sprigs", "seaweed", "succulent", "tumbleweed"),
        "maize": ("maize",),
        "palms": ("palm", "banana", "bamboo", "cactus"),
        "rocks": ("rock", "standing_stone", "spires", "iceberg", "crystals", "pebbles"),
        "sea": ("coral", "shell", "starfish", "bones"),
        "snow": ("snow_drift", "snowman"),
        "trees": ("broadleaf",),
        "vines": ("vine_row",),
    }.items()
    for name in names
}
"""Names for a definition's `grown` → "module:function"."""
