"""Service: worlds from request to goodbye; both APIs come through here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.auth import Caller
from app.database import now
from app.errors import FieldError, Refusal
from app.identity import WORLD, new_id
from app.making import INPUT
from app.operations import service as operations
from app.operations.admission import Job
from app.operations.fairness import Seen
from app.queues import STUDIO, queue_of
from app.services import Services
from app.tables import OPEN, Operation, State, World, WorldFile, WorldTag
from app.usage import require_space
from app.worlds.access import owned
from app.worlds.inputs import NO_MEDIA, Media, inspected
from pipelines.errors import PromptError
from pipelines.prompt import Kind
from pipelines.recipes import CURES, WORDS, RecipeCard, card_for, tiers
from pipelines.spec import SceneSpec

EXTENSIONS: Mapping[str, str] = {"ply": ".ply", "spz": ".spz", "sog": ".sog", "glb": ".glb"}
MESHES: Mapping[str, str] = {"scene": "scene.glb", "collider": "collider.glb"}
FRAMES_OF_FILES: Mapping[str, str] = {"ply": "rdf", "sog": "rdf", "spz": "y-up", "glb": "y-up", "scene": "y-up", "collider": "y-up"}
NAME_CHARACTERS = 60  # of the words that name a world which was given no name
MOST_PIXELS = 4096 * 2048
MOST_FILM_PIXELS = 3_000 * 1280 * 720
CREDITS_DRAFT, CREDITS_FULL = 230, 1_580


@dataclass(frozen=True)
class Wish:
    """A world as either API asks for it. prompt: what else is kept of it.  model, permission: as clients of the World API say it."""

    text: str = ""
    seed: int = 0
    tier: str | None = None
    splats: int = 1_000_000
    spec: SceneSpec | None = None
    media: Media = NO_MEDIA
    prompt: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    tags: tuple[str, ...] = ()
    visibility: str = "private"
    model: str | None = None
    permission: dict[str, Any] | None = None
    credits: int = CREDITS_FULL


async def generate(services: Services, caller: Caller, wish: Wish, *, idempotency_key: str | None = None) -> Seen:
    """Take a world on. Raises Refusal for what cannot be made, before anything is written."""
    return await operations.submit(services, caller, partial(_generation, services, caller, wish), idempotency_key=idempotency_key)


def _generation(services: Services, caller: Caller, wish: Wish) -> Job:
    text = wish.text.strip() or (spec_sentence(wish.spec) if wish.spec is not None else "")
    prompt = wish.media.prompt(text, wish.seed)  # raises PromptError with the cure
    inputs = inspected(services, caller, wish.media)
    card = _card(wish.tier, prompt.kind, is_specified=wish.spec is not None)
    row = card.row_for(prompt.kind)  # raises UnavailableError with the cure
    if wish.spec is not None and prompt.kind is not Kind.TEXT:
        raise Refusal("invalid_request", f"a spec is for worlds from words, not from {WORDS[prompt.kind]}: leave one of them out")
    if wish.spec is not None and "paint" in row:
        raise Refusal("invalid_request", f"the recipe {card.name} paints words, and does not build: for a spec {CURES[Kind.TEXT]}")
    if wish.splats > services.settings.max_splats:
        raise Refusal(
            "invalid_request", f"{wish.splats:,} splats are more than this service makes: ask for at most {services.settings.max_splats:,}"
        )
    require_space(services, caller)
    world = _new_world(caller, wish, card, prompt.text, inputs.title)
    request: dict[str, Any] = {
        "text": prompt.text,
        "seed": wish.seed,
        "tier": card.tier,
        "splats": wish.splats,
        "spec": wish.spec.model_dump(mode="json") if wish.spec is not None else None,
    }
    if inputs.assets:
        request |= {"files": inputs.names, "inputs": wish.media.requested(inputs.names)}
    return Job(
        kind="generate",
        queue=queue_of(card),
        request=request,
        recipe=card.name,
        size=wish.splats,
        world=world,
        tags=wish.tags,
        files=inputs.files(world.id),
        credits=wish.credits,
    )


async def fail_to_generate(services: Services, caller: Caller, wish: Wish, *, code: str, message: str, makes_world: bool = True) -> Seen:
    """An operation that has failed from the beginning, for an API whose clients look for failures there; its world has failed, too."""
    card = card_for(None)
    job = Job(
        kind="generate",
        queue=queue_of(card),
        request={"text": wish.text},
        recipe=card.name,
        world=_new_world(caller, wish, card, wish.text) if makes_world else None,
        tags=wish.tags,
        error={"code": code, "message": message},
    )
    return await operations.submit(services, caller, lambda: job)


def _card(tier: str | None, kind: Kind, *, is_specified: bool) -> RecipeCard:
    """The recipe of a tier; what a client called it is not repeated. Raises UnavailableError where no recipe takes the kind."""
    try:
        return card_for(tier, kind, stage="read" if is_specified and kind is Kind.TEXT else "")
    except PromptError as error:
        sentence = f"there is no such tier: choose one of {', '.join(tiers())}, or none for the best that this machine runs"
        raise Refusal("invalid_request", sentence, errors=[FieldError("/tier", "there is no such tier")]) from error


def spec_sentence(spec: SceneSpec) -> str:
    """The prompt of a world whose specification came without words."""
    things = [thing.phrase or (thing.kind if thing.count == 1 else f"{thing.count} × {thing.kind}") for thing in spec.things]
    return f"{spec.place}: {', '.join(things)}"[:2_000] if things else spec.place


def _new_world(caller: Caller, wish: Wish, card: RecipeCard, text: str, title: str = "") -> World:
    moment = now()
    spec = {"spec": wish.spec.model_dump(mode="json")} if wish.spec is not None else {}
    return World(
        id=new_id(WORLD),
        tenant_id=caller.tenant_id,
        name=wish.name or _name_of(text or title),
        visibility=wish.visibility,
        prompt={"text": text, "seed": wish.seed, "splats": wish.splats, **spec, **wish.media.shown(), **wish.prompt},
        recipe=card.name,
        tier=card.tier,
        model=wish.model,
        permission=wish.permission,
        created_at=moment,
        updated_at=moment,
    )


def _name_of(text: str) -> str:
    """The beginning of the words, to the end of one where they have ends."""
    if len(text) <= NAME_CHARACTERS:
        return text
    begun = text[:NAME_CHARACTERS]
    return (begun.rpartition(" ")[0] or begun[:-1]).rstrip(",;:. ") + "…"


def delete_world(services: Services, caller: Caller, world_id: str) -> None:
    """Remove a world at once; what is still being made for it is stopped. Its files go when nobody needs them."""
    with services.database.writing() as session:
        world = owned(session, caller, world_id)
        mine = select(Operation).where(Operation.world_id == world.id, Operation.state.in_(OPEN))
        stopped = [operations.stop(session, one, because="its world was deleted") for one in session.scalars(mine.with_for_update()).all()]
        session.execute(delete(WorldTag).where(WorldTag.world_id == world.id))
        session.execute(delete(WorldFile).where(WorldFile.world_id == world.id))
        session.execute(delete(World).where(World.id == world.id))
    services.remembered.pop(caller.tenant_id, None)  # what was counted no longer holds
    for operation in stopped:
        operations.leave_line(services, operation)


def patch_world(services: Services, caller: Caller, world_id: str, changes: Mapping[str, Any]) -> World:
    """Change name, tags, visibility or camera path; what is not named stays."""
    with services.database.writing() as session:
        world = owned(session, caller, world_id)
        if changes.get("name") is not None:
            world.name = changes["name"]
        if changes.get("visibility") is not None:
            world.visibility = changes["visibility"]
        if "camera_path" in changes:
            world.camera_path = changes["camera_path"]
        if changes.get("tags") is not None:
            session.execute(delete(WorldTag).where(WorldTag.world_id == world.id))
            session.add_all(WorldTag(world_id=world.id, tag=tag, place=place) for place, tag in enumerate(dict.fromkeys(changes["tags"])))
        world.updated_at = now()
        session.flush()
        return world


def tags_of(session: Session, world_ids: Sequence[str]) -> dict[str, list[str]]:
    """The tags of several worlds, in the order they were given."""
    found: dict[str, list[str]] = {world_id: [] for world_id in world_ids}
    for row in session.scalars(select(WorldTag).where(WorldTag.world_id.in_(world_ids)).order_by(WorldTag.place)):
        found[row.world_id].append(row.tag)
    return found


def files_of(session: Session, world_ids: Sequence[str]) -> dict[str, dict[str, WorldFile]]:
    """The files of several worlds, by world and name."""
    found: dict[str, dict[str, WorldFile]] = {world_id: {} for world_id in world_ids}
    theirs = select(WorldFile).where(WorldFile.world_id.in_(world_ids), WorldFile.part != INPUT)
    for row in session.scalars(theirs.order_by(WorldFile.name)):
        found[row.world_id][row.name] = row
    return found


async def export(
    services: Services, caller: Caller, world_id: str, *, format: str, axes: str | None = None, unit: str = "m", level: str = "full_res"
) -> Seen:
    """A file of a world; one that is there already is given at once."""
    make = partial(_export, services, caller, world_id, format=format, axes=axes, unit=unit, level=level)
    return await operations.submit(services, caller, make)


def _export(services: Services, caller: Caller, world_id: str, *, format: str, axes: str | None, unit: str, level: str) -> Job:
    with services.database.reading() as session:
        world = _finished(session, caller, world_id)
        files = files_of(session, [world.id])[world.id]
    if level != "full_res" and (f"splats-{level}.spz" not in files or format not in EXTENSIONS):
        level = "full_res"  # a small world's largest levels are the world
    name = export_name(format, axes, unit, level)
    needed = _needed(format, level, files)
    request = {"format": format, "axes": axes, "unit": unit, "level": level, "name": name, "files": needed}
    done = {"file": name} if name in files else None
    return Job(kind="export", queue=STUDIO, request=request, recipe=f"export-{format}", size=_splats(world), world_id=world.id, result=done)


def export_name(format: str, axes: str | None, unit: str, level: str) -> str:
    """splats-500k-z-up-cm.ply: what differs from the format's custom is in the name."""
    stem, extension = (
        ("splats", EXTENSIONS[format]) if format in EXTENSIONS else ("world", ".zip") if format == "package" else (format, ".glb")
    )
    turned = axes if axes is not None and axes != FRAMES_OF_FILES.get(format) else None
    words = [
        stem,
        level if level != "full_res" else None,
        turned if format != "package" else None,
        "cm" if unit == "cm" and format != "package" else None,
    ]
    return "-".join(word for word in words if word) + extension


def _needed(format: str, level: str, files: Mapping[str, WorldFile]) -> list[str]:
    if format == "package":
        return [name for name, file in files.items() if file.part == "package"]
    if level != "full_res":
        return [f"splats-{level}.spz"]
    return ["world.json", MESHES.get(format, "splats.ply")]


async def render(services: Services, caller: Caller, world_id: str, wanted: Mapping[str, Any]) -> Seen:
    """A picture or a film of a world; one that is there already is given at once. wanted: the fields of RenderBody, plain."""
    return await operations.submit(services, caller, partial(_rendering, services, caller, world_id, wanted))


def _rendering(services: Services, caller: Caller, world_id: str, wanted: Mapping[str, Any]) -> Job:
    film = wanted["path"] is not None
    frames = _frames(wanted) if film else 1
    pixels, most = wanted["width"] * wanted["height"] * frames, MOST_FILM_PIXELS if film else MOST_PIXELS
    if pixels > most:
        raise Refusal(
            "invalid_request",
            f"{frames:,} pictures of {wanted['width']} × {wanted['height']} are too much at once: at most {most:,} pixels in all",
        )
    keys = ("path", "seconds", "fps") if film else ("camera", "layer", "fov")
    request = {key: wanted[key] for key in (*keys, "width", "height")}
    mark = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:12]
    request["name"] = f"film-{mark}.mp4" if film else f"picture-{mark}.png"
    request["files"] = ["world.json", "splats.ply"]
    with services.database.reading() as session:
        world = _finished(session, caller, world_id)
        done = session.get(WorldFile, (world.id, request["name"]))
    kind = "film" if film else "render"
    result = {"file": request["name"]} if done is not None else None
    return Job(kind=kind, queue=STUDIO, request=request, recipe=kind, size=pixels, world_id=world.id, result=result)


def _frames(wanted: Mapping[str, Any]) -> int:
    path = wanted["path"]
    seconds = path["keyframes"][-1]["time"] if isinstance(path, dict) else wanted["seconds"] or {"orbit": 12.0, "walk": 10.0}[path]
    return max(1, round(seconds * wanted["fps"]))


def _finished(session: Session, caller: Caller, world_id: str) -> World:
    world = owned(session, caller, world_id)
    if world.state is not State.SUCCEEDED:
        raise Refusal(
            "not_ready",
            f"this world is {world.state.lower()}, so there is nothing to take yet: wait for its operation {world.operation_id}",
        )
    return world


def _splats(world: World) -> int:
    return int((world.facts or {}).get("splat_count", 0))
