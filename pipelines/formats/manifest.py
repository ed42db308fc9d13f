"""world.json: what a world package says about itself.

Stable: keys in one order, no dates, and by default no measured seconds, so that the same prompt, seed and version give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import FileFormatError
from pipelines.gaussians import Gaussians
from pipelines.prompt import Kind
from pipelines.scene import BACKGROUND, Spawn, Thing
from pipelines.world import World

SCHEMA = 1
MOST_BYTES = 64 << 20
LARGEST_OBJECT_M = 200.0  # a thing that is wider is a part of the landscape
FRAME = {"right": "+x", "up": "+y", "forward": "-z", "handedness": "right"}


class _Model(BaseModel):
    """Later versions may add fields; those are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class FileFacts(_Model):
    """A file of the package."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class BodyFacts(_Model):
    """What physics needs to know of a thing."""

    mass_kg: float
    friction: float
    restitution: float
    dynamic: bool


class ThingFacts(_Model):
    """A thing in the world. position: of its origin, metres.  size_m: width, height, depth before it was turned."""

    id: int
    kind: str
    label: str
    phrase: str = ""
    position: tuple[float, float, float]
    size_m: tuple[float, float, float]
    splats: int
    faces: int
    body: BodyFacts


class RelationFacts(_Model):
    """A stated relation, and whether the world keeps it."""

    subject: str
    relation: str
    object: str
    holds: bool


class SpawnFacts(_Model):
    """Where visitors start: feet, metres; yaw turns left and pitch up, radians, 0 looks along −z."""

    position: tuple[float, float, float]
    yaw: float
    pitch: float = 0.0


class MadeByFacts(_Model):
    """A stage and the model it used."""

    stage: str
    model: str | None = None
    revision: str | None = None
    licence: str | None = None


class Manifest(_Model):
    """The contents of world.json."""

    worldloom: int = Field(ge=1)
    id: str
    version: str = ""
    prompt: str
    seed: int
    recipe: str
    spec: dict[str, Any] | None = None
    made_by: tuple[MadeByFacts, ...] = ()
    frame: dict[str, str]
    units: str
    spawn: SpawnFacts
    bounds_m: tuple[tuple[float, float, float], tuple[float, float, float]]
    splat_count: int = Field(ge=0)
    things: tuple[ThingFacts, ...] = ()
    unmatched: tuple[str, ...] = ()
    relations: tuple[RelationFacts, ...] = ()
    files: dict[str, FileFacts]
    seconds: dict[str, float] = {}


def body_of(thing: Thing) -> dict[str, float | bool]:
    """mass_kg, friction, restitution, dynamic of a thing at its size: mass grows with the cube of the scale."""
    body = thing.model.body
    return {
        "mass_kg": _rounded(body.mass_kg * thing.scale**3),
        "friction": _rounded(body.friction),
        "restitution": _rounded(body.restitution),
        "dynamic": bool(body.dynamic),
    }


def manifest_of(world: World, files: dict[str, FileFacts], *, timings: bool) -> Manifest:
    """Everything that can be said about a finished world. timings: with the measured seconds of every stage."""
    import pipelines

    scene, gaussians = world.scene, world.gaussians
    splats = Counter[int]() if gaussians is None else _splats_by_thing(gaussians)
    named = [thing for thing in (scene.things if scene else ()) if thing.id != BACKGROUND]
    spec = world.spec.model_dump(mode="json") if world.spec else None
    count = 0 if gaussians is None else len(gaussians)
    identity = [pipelines.__version__, world.recipe, world.prompt.text, world.prompt.seed, spec, count]
    is_built = world.prompt.kind is Kind.TEXT and world.spec is not None
    if gaussians is not None and not is_built:  # files, which go by many names, or models made it: what came of them tells
        identity += [hashlib.sha256(np.ascontiguousarray(values).data).hexdigest() for values in (gaussians.means, gaussians.harmonics)]
    spawn = scene.spawn if scene else Spawn()
    return Manifest(
        worldloom=SCHEMA,
        id="w" + hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:20],
        version=pipelines.__version__,
        prompt=world.prompt.text,
        seed=world.prompt.seed,
        recipe=world.recipe,
        spec=spec,
        made_by=tuple(
            MadeByFacts(stage=made.stage, model=made.model, revision=made.revision, licence=made.licence) for made in world.made_by
        ),
        frame=FRAME,
        units="metre",
        spawn=SpawnFacts(position=_triple(spawn.position), yaw=spawn.yaw_rad, pitch=spawn.pitch_rad),
        bounds_m=_bounds(world, named),
        splat_count=count,
        things=tuple(_thing(thing, splats[thing.id]) for thing in sorted(named, key=lambda thing: thing.id)),
        unmatched=world.spec.unmatched if world.spec else (),
        relations=tuple(
            RelationFacts(subject=check.subject, relation=check.relation, object=check.object, holds=check.holds)
            for check in (scene.relations if scene else ())
        ),
        files=dict(sorted(files.items())),
        seconds=_seconds(world) if timings else {},
    )


def manifest_bytes(manifest: Manifest) -> bytes:
    """world.json, indented for people."""
    return (json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()


def parse_manifest(data: bytes, path: Path) -> Manifest:
    """Read world.json; raises FileFormatError with the field that is wrong."""
    if len(data) > MOST_BYTES:
        raise FileFormatError(f"{path} has a world.json of more than {MOST_BYTES:,} bytes: that is no world package")
    try:
        manifest = Manifest.model_validate_json(data)
    except (ValidationError, RecursionError) as error:
        where = "" if isinstance(error, RecursionError) else ".".join(str(step)[:60] for step in error.errors(include_url=False)[0]["loc"])
        raise FileFormatError(f"{path} is no world package: its world.json is wrong at {where or 'the beginning'}") from error
    if manifest.worldloom > SCHEMA:
        raise FileFormatError(f"{path} was made by a newer Worldloom (schema {manifest.worldloom}, not {SCHEMA}): update Worldloom")
    bad = next((name for name in manifest.files if not is_plain_name(name)), None)
    if bad is not None:
        raise FileFormatError(f"{path} names the file {bad[:80]!r}, which would lie outside the package")
    return manifest


def is_plain_name(name: str) -> bool:
    """Whether a file of this name lies in the package's own folder."""
    return 0 < len(name) <= 120 and not set(name) & set("/\\:\0") and name[0] != "." and name == name.strip() and name.isprintable()


def _seconds(world: World) -> dict[str, float]:
    """Stage → seconds, all its runs together."""
    total: dict[str, float] = {}
    for made in world.made_by:
        total[made.stage] = total.get(made.stage, 0.0) + made.seconds
    return {stage: round(seconds, 3) for stage, seconds in total.items()}


def _splats_by_thing(gaussians: Gaussians) -> Counter[int]:
    ids, counts = np.unique(gaussians.thing, return_counts=True)
    return Counter(dict(zip(ids.tolist(), counts.tolist(), strict=True)))


def _thing(thing: Thing, splats: int) -> ThingFacts:
    return ThingFacts(
        id=thing.id,
        kind=thing.kind,
        label=thing.label,
        phrase=thing.phrase,
        position=_triple(thing.position),
        size_m=_triple(thing.model.size_m * thing.scale),
        splats=splats,
        faces=sum(len(part.mesh.faces) for part in thing.model.parts),
        body=BodyFacts.model_validate(body_of(thing)),
    )


def _bounds(world: World, named: list[Thing]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """What one would look at: the spawn point and all named things but seas and mountains, or what was measured; without any, the
    middle 98 % of the splats.
    """
    points: NDArray[np.floating]
    boxes = [box for box in (thing.bounds for thing in named) if max(box[1] - box[0]) <= LARGEST_OBJECT_M]
    if world.scene is not None and world.scene.surroundings is not None and len(world.scene.surroundings.mesh.faces):
        boxes.append(world.scene.surroundings.mesh.bounds)
    if world.scene is not None and boxes:
        visitor = np.array([[0, 0, 0], [0, 2, 0]]) + np.array(world.scene.spawn.position)
        points = np.concatenate([*boxes, visitor])
    elif world.gaussians is not None and len(world.gaussians):
        points = np.percentile(world.gaussians.means, [1, 99], axis=0)
    else:
        points = np.zeros((1, 3))
    return _triple(points.min(axis=0)), _triple(points.max(axis=0))


def _triple(values: NDArray[np.floating] | tuple[float, ...]) -> tuple[float, float, float]:
    x, y, z = (_rounded(float(value)) for value in values)
    return x, y, z


def _rounded(value: float) -> float:
    """Six significant digits after the point at most; no −0."""
    return round(float(value), 6) + 0.0
