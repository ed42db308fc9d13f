"""What is built by people: which function makes which building, structure, vehicle or room."""

from __future__ import annotations

from collections.abc import Mapping

_HERE = "pipelines.things.grown."

BUILDINGS: Mapping[str, str] = {
    name: f"{_HERE}{module}:{name}"
    for module, names in {
        "houses": ("house", "log_cabin"),
        "landmarks": ("church", "lighthouse"),
        "monuments": ("castle", "tower", "ruin", "temple", "pagoda", "windmill", "mosque"),
        "towns": ("barn", "shop", "apartment_block", "skyscraper", "greenhouse", "gazebo", "market_stall", "gate"),
        "structures": ("stone_bridge", "wooden_bridge", "pier", "fence", "stone_wall"),
        "boats": ("rowing_boat", "canoe", "sailing_boat", "fishing_boat", "ship"),
        "rooms": ("room",),
        "road_vehicles": ("car",),
        "lorries": ("pickup", "van", "bus", "truck", "tractor", "locomotive", "bicycle", "motorcycle"),
        "aircraft": ("aeroplane", "helicopter", "balloon", "rocket", "saucer", "lander", "rover", "dome_habitat"),
        "camp": ("tent", "tipi", "yurt", "igloo", "wood_stack", "hay_bale", "haystack", "scarecrow", "cart", "campfire"),
    }.items()
    for name in names
}
"""What a definition's `grown` may name → "module:function"."""
