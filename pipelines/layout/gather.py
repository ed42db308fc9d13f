"""All triangles of a scene in the world frame, and what each is made of."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.surfaces import Facets, facets_of, join_facets
from pipelines.scene import BACKGROUND, Colour, Material, Part, Scene

THING_DETAIL, WATER_DETAIL = 0.72, 0.85  # things are looked at more closely than the ground: a nearer effective distance


@dataclass(frozen=True)
class Surface:
    """What the triangles of one part of one thing are made of."""

    material: Material
    tint: Colour | None
    thing: int
    part_from_world: NDArray[np.float64]
    grain: int
    seed: int
    double_sided: bool
    detail: float = 1.0


def gather(scene: Scene) -> tuple[list[Surface], Facets]:
    """All triangles of the scene in the world frame; `source` is the row in the list of surfaces. Row 0 is the terrain, if any."""
    surfaces: list[Surface] = []
    groups: list[Facets] = []
    if scene.terrain is not None:
        surfaces.append(Surface(scene.terrain.materials[0], None, BACKGROUND, np.eye(4), 0, 1, False))
        groups.append(facets_of(scene.terrain.mesh, crease_deg=80))
    shared: dict[int, list[Facets]] = {}
    for thing in scene.things:
        if id(thing.model) not in shared:
            shared[id(thing.model)] = [facets_of(part.mesh, crease_deg=part.crease_deg) for part in thing.model.parts]
        seed = zlib.crc32(f"{thing.kind}{thing.id}".encode())
        for number, (part, facets) in enumerate(zip(thing.model.parts, shared[id(thing.model)], strict=True)):
            world_from_part = thing.world_from_model @ part.model_from_part
            moved = facets.moved(thing.world_from_model)
            groups.append(replace(moved, source=np.full(len(moved), len(surfaces), np.int32)))
            surfaces.append(_surface(part, thing.id, np.linalg.inv(world_from_part).astype(np.float64), (seed + number) & 0x7FFFFFFF, thing.scale))
    return surfaces, join_facets(groups)


def _surface(part: Part, thing: int, part_from_world: NDArray[np.float64], seed: int, scale: float) -> Surface:
    local = (part.mesh.vertices - part.model_from_part[:3, 3]) @ part.model_from_part[:3, :3]
    grain = int(np.argmax(np.ptp(local, axis=0))) if len(local) else 0
    rigid = part_from_world.copy()
    rigid[:3] *= scale  # patterns keep their size in metres however large the thing is
    detail = WATER_DETAIL if part.material.pattern == "water" else THING_DETAIL
    sheet = part.double_sided or part.material.opacity < 0.9
    return Surface(part.material, part.tint, thing, rigid, grain, seed, sheet, detail)
