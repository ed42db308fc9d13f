"""Places: the words that name them, their ground, their rooms, and what they bring along."""

from __future__ import annotations

from pipelines.places.definition import (
    Air,
    Bring,
    Cavern,
    CoverEntry,
    Globe,
    Grid,
    Horizon,
    Layer,
    Place,
    Relief,
    Roof,
    Room,
    Said,
    Scatter,
    Sides,
    WaterEntry,
    Way,
    place_named,
    places,
)

__all__ = [
    "Air",
    "Bring",
    "Cavern",
    "CoverEntry",
    "Globe",
    "Grid",
    "Horizon",
    "Layer",
    "Place",
    "Relief",
    "Roof",
    "Room",
    "Said",
    "Scatter",
    "Sides",
    "WaterEntry",
    "Way",
    "place_named",
    "places",
]
