"""What is built by people: which function makes which building, structure, vehicle or room."""

from __future__ import annotations

from collections.abc import Mapping

_HERE = "pipelines.things.grown."

BUILDINGS: Mapping[str, str] = {
    name: f"{_HERE}{module}:{name}"
    for module, names in {
        "houses": ("house",),
        "cabins": ("log_cabin",),
        "landmarks": ("church", "lighthouse"),
        "monuments": ("temple", "pagoda", "mosque"),
        "mills": ("windmill",),
        "castles": ("castle", "tower", "ruin"),
        "towns": ("barn", "shop", "apartment_block", "skyscraper"),
        "gardens": ("greenhouse", "gazebo", "market_stall", "gate"),
        "structures": ("stone_bridge", "wooden_bridge", "pier", "fence", "stone_wall"),
        "rooms": ("room",),
        "decks": ("deck",),
        "stained": ("stained_glass",),
        "road_vehicles": ("car",),
        "lorries": ("pickup", "van", "bus", "truck", "tractor"),
        "cycles": ("locomotive", "bicycle", "motorcycle"),
        "boats": ("rowing_boat", "canoe"),
        "ships": ("sailing_boat", "fishing_boat", "ship"),
        "aircraft": ("aeroplane", "helicopter", "balloon"),
        "spacecraft": ("rocket", "saucer", "lander", "rover", "dome_habitat"),
        "camp": ("tent", "tipi", "yurt", "igloo", "campfire"),
        "people": ("person",),
        "farm": ("wood_stack", "hay_bale", "haystack", "scarecrow", "cart"),
    }.items()
    for name in names
}
"""What a definition's `grown` may name → "module:function"."""
