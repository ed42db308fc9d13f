"""All triangles of a scene in the world frame, and what each is made of."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.layout.members import LAND_KINDS
from pipelines.layout.simplification import FEW_FACES, FEW_OF_PLANTS, simplified
from pipelines.layout.surfaces import Facets, areas_and_normals, facets_of, join_facets
from pipelines.scene import BACKGROUND, Colour, Floats, Material, Part, Scene, Terrain, Thing

NAMED_DETAIL, THING_DETAIL, WATER_DETAIL, GROUND_DETAIL = 0.42, 0.75, 0.8, 0.95  # what is looked at more closely counts as nearer
FINE_M, FINEST, PLAINEST = 0.4, 0.6, 1.35  # parts so thick are as they are; thinner ones count as nearer, wide plain ones as farther
PLAIN_PATTERNS = ("plain", "noise", "plaster")
GROUND_KINDS = ("path", "road")
GROUND_CREASE_DEG = 80.0
FLAT_FACES = 150  # triangles of a part in a look of few plain faces
NATURE_PATTERNS = ("bark", "birch", "rings", "rock", "granite", "strata", "moss", "leaves")
NATURE_STEPS = ((14.0, 1.0), (30.0, 0.35), (60.0, 0.12), (np.inf, 0.05))
MADE_STEPS = ((50.0, 1.0), (110.0, 0.4), (np.inf, 0.15))
MADE_AREA, NATURE_POWER = 0.97, 0.25  # share of the surface that stays: of made things nearly all, of plants the triangles' to this power


def level_ids(scene: Scene) -> list[int]:
    """Ids of the bare ground and the ways on it."""
    return [BACKGROUND, *(thing.id for thing in scene.things if thing.kind in GROUND_KINDS)]


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
    """All triangles of the scene in the world frame; `source` is the row in the list of surfaces. Row 0 is the terrain, if any.

    Two stages ask for the same; the second gets what the first was given.
    """
    known = _handed_on.pop() if _handed_on else None
    if known is not None and known[0] is scene.things and known[1] is scene.terrain:
        return known[2]
    found = _gathered(scene)
    _handed_on.append((scene.things, scene.terrain, found))
    return found


_handed_on: list[tuple[tuple[Thing, ...], Terrain | None, tuple[list[Surface], Facets]]] = []


def _gathered(scene: Scene) -> tuple[list[Surface], Facets]:
    surfaces: list[Surface] = []
    groups: list[Facets] = []
    memory: dict[tuple[int, float, float], tuple[Facets, float]] = {}  # things share models
    if scene.terrain is not None:
        surfaces.append(Surface(scene.terrain.materials[0], None, BACKGROUND, np.eye(4), 0, 1, False, GROUND_DETAIL))
        groups.append(facets_of(scene.terrain.mesh, crease_deg=GROUND_CREASE_DEG))
    for thing in scene.things:
        seed = zlib.crc32(f"{thing.kind}{thing.id}".encode())
        away = _distance(thing, scene.viewpoints)
        for number, part in enumerate(thing.model.parts):
            share = _share(thing, part, away)
            if scene.look.flat:
                share = min(share, FLAT_FACES / max(len(part.mesh.faces), 1))
            key = (id(part.mesh), share, part.crease_deg)
            if key not in memory:
                area, few = (share**NATURE_POWER, FEW_OF_PLANTS) if _natural(thing, part) else (MADE_AREA, FEW_FACES)
                facets = facets_of(simplified(part.mesh, share, area=area, few=few), crease_deg=part.crease_deg)
                memory[key] = (facets, _thickness(facets))
            facets, thick = memory[key]
            moved = facets.moved(thing.world_from_model)
            groups.append(replace(moved, source=np.full(len(moved), len(surfaces), np.int32)))
            part_from_world = np.linalg.inv(thing.world_from_model @ part.model_from_part).astype(np.float64)
            surfaces.append(_surface(part, thing, part_from_world, (seed + number) & 0x7FFFFFFF, thick * thing.scale))
    return surfaces, join_facets(groups)


def _distance(thing: Thing, eyes: Floats) -> float:
    """Metres from the nearest viewpoint to the thing's box."""
    low, high = thing.bounds
    return float(np.linalg.norm(eyes - np.clip(eyes, low, high), axis=1).min())


def _share(thing: Thing, part: Part, away: float) -> float:
    """The share of a part's triangles that is worth keeping from that far; wood and stone lose theirs sooner than architecture."""
    if len(part.mesh.faces) < FEW_FACES or thing.kind in LAND_KINDS:  # between the rock and the grass of a cliff a crack would open
        return 1.0
    steps = NATURE_STEPS if _natural(thing, part) else MADE_STEPS
    return next(share for reach, share in steps if away < reach)


def _natural(thing: Thing, part: Part) -> bool:
    return bool(thing.model.foliage) or part.material.pattern in NATURE_PATTERNS


def _thickness(facets: Facets) -> float:
    """Metres: the middle one of a part's extents, or, where it is made of bars and boards, what area over length of sharp edges says."""
    if not len(facets):
        return FINE_M
    edges = np.linalg.norm(facets.corners - np.roll(facets.corners, -1, axis=1), axis=2)
    sharp = (facets.sharp[:, None] >> np.arange(3)) & 1
    area = float(areas_and_normals(facets.corners)[0].sum())
    middle = float(np.sort(np.ptp(facets.corners.reshape(-1, 3), axis=0))[1])
    return min(middle, 2 * area / (float((edges * sharp).sum()) + 1e-9))


def _fineness(thick_m: float, material: Material) -> float:
    """How much farther away a part may count for its shape: slats and frames show every splat that they lack, plain walls none."""
    widest = PLAINEST if material.pattern in PLAIN_PATTERNS else 1.0
    return float(np.clip((thick_m / FINE_M) ** 0.25, FINEST, widest))


def _surface(part: Part, thing: Thing, part_from_world: NDArray[np.float64], seed: int, thick_m: float) -> Surface:
    local = (part.mesh.vertices - part.model_from_part[:3, 3]) @ part.model_from_part[:3, :3]
    grain = int(np.argmax(np.ptp(local, axis=0))) if len(local) else 0
    rigid = part_from_world.copy()
    rigid[:3] *= thing.scale  # patterns keep their size in metres however large the thing is
    detail = NAMED_DETAIL if thing.phrase and not thing.model.foliage else THING_DETAIL
    detail *= _fineness(thick_m, part.material)
    if part.material.pattern == "water":
        detail = WATER_DETAIL
    elif thing.kind in GROUND_KINDS:
        detail = GROUND_DETAIL
    sheet = part.double_sided or part.material.opacity < 0.9
    return Surface(part.material, part.tint, thing.id, rigid, grain, seed, sheet, detail)
