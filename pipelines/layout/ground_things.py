"""Ground things: waters, ways and roofs of caves as things of the scene, each with its own model, at the ground's own place."""

from __future__ import annotations

import numpy as np

from pipelines.layout.caverns import roof_model
from pipelines.layout.features import quay_model, street_model, track_model, water_model
from pipelines.layout.plan import Plan
from pipelines.layout.terrain import Ground
from pipelines.layout.waters import Sea
from pipelines.places import Way
from pipelines.scene import Model, Thing
from pipelines.things import MATERIALS


def ground_things(plan: Plan, ground: Ground) -> list[Thing]:
    """Waters, a quay, the roof of a cave, and the path or street."""
    found = []
    place = plan.place
    deep = MATERIALS[place.water.material if place.water is not None else "water"]
    for named in plan.waters:
        found.append(_feature(named.water.kind, named.name or named.water.kind, named.phrase, water_model(named.water, deep)))
    quays = [named.water for named in plan.waters if isinstance(named.water, Sea)]
    if quays and place.water is not None and place.water.quay is not None:
        found.append(_feature("quay wall", "quay wall", "", quay_model(quays[0], MATERIALS[place.water.quay])))
    if place.cavern is not None:
        found.append(_feature("cave roof", "cave roof", "", roof_model(place.cavern, MATERIALS[place.cavern.material], seed=ground.seed)))
    if plan.way is not None and ground.tracks:
        style = plan.place.way or Way(material="soil", width_m=1.4)
        if plan.street:
            track = ground.tracks[0]
            model = street_model(
                "road", centre_x=float(track.line[0, 0]), half_width_m=track.half_width_m, pavement_m=style.pavement_m,
                reach_m=(160.0, -260.0), materials=MATERIALS, road=style.material,
            )  # fmt: skip
        else:
            model = track_model(plan.way.kind, ground.tracks[0], ground, MATERIALS)
        found.append(_feature(plan.way.kind, plan.way.name or plan.way.kind, plan.way.phrase, model))
    return found


def _feature(kind: str, name: str, phrase: str, model: Model) -> Thing:
    return Thing(1, kind, kind, model, np.eye(4), name, phrase)
