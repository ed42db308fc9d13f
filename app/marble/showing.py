"""Showing: our worlds, operations and uploads as clients of the World API know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy.orm import Session

from app.making import PAINTED
from app.marble.answers import (
    ExportWorldResult,
    ImageryAssets,
    MeshAssets,
    OperationCost,
    OperationCostLineItem,
    OperationError,
    PanoDepthToRgbResult,
    SplatAssets,
    World,
    WorldAssets,
    WorldSemanticsMetadata,
)
from app.marble.errors import code_of
from app.services import Services
from app.tables import Operation, State, WorldFile
from app.tables import World as Row
from app.worlds.files import base_of, link_of
from app.worlds.service import files_of, tags_of

PAINTS = "paints"
"""Marks the prompt of a world that was asked for only to have its panorama painted."""
LEVELS = ("full_res", "500k", "150k", "100k")
MOST_SHOWN_PHRASES = 5
Result = World | ExportWorldResult | PanoDepthToRgbResult
EXPORTS: Mapping[str, tuple[str, str]] = {"ply": ("splats", "ply"), "scene": ("mesh", "glb")}
"""Our export formats → asset type and format of the World API; other formats are only for our own API."""


def worlds_of(services: Services, request: Request, session: Session, rows: Sequence[Row]) -> list[World]:
    """Worlds with their tags and fresh links to their files."""
    ids = [row.id for row in rows]
    tags, files = tags_of(session, ids), files_of(session, ids)
    return [_world(services, request, row, tags[row.id], files[row.id]) for row in rows]


def _world(services: Services, request: Request, row: Row, tags: list[str], files: Mapping[str, WorldFile]) -> World:
    made = row.state is State.SUCCEEDED and files
    prompt = row.prompt["world_prompt"] if "world_prompt" in row.prompt else {"type": "text", "text_prompt": row.prompt["text"]}
    shown: dict[str, Any] = {
        "world_id": row.id,
        "id": row.id,
        "display_name": row.name or "A world",
        "world_marble_url": f"{base_of(services, request)}/w/{row.id}",
        "tags": tags,
        "model": row.model or row.recipe,
        "permission": {**(row.permission or {}), "public": row.visibility == "public"},
        "world_prompt": prompt,
        "assets": _assets(services, request, row, files) if made else None,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    return World.model_validate(shown)


def _assets(services: Services, request: Request, row: Row, files: Mapping[str, WorldFile]) -> WorldAssets:
    def link(name: str) -> str | None:
        return link_of(services, request, row.id, name) if name in files else None

    facts = row.facts or {}
    levels = {level: link_of(services, request, row.id, f"level-{level}.spz") for level in LEVELS if f"level-{level}.spz" in files}
    # The files have their origin at the panorama's eye and y down, so that the floor is at y = + eye height: that much is subtracted.
    semantics = WorldSemanticsMetadata(metric_scale_factor=1.0, ground_plane_offset=facts.get("eye_height_m"))
    return WorldAssets(
        caption=caption_of(row.prompt["text"], facts),
        thumbnail_url=link("thumbnail.webp"),
        imagery=ImageryAssets(pano_url=link(PAINTED) or link("panorama.png")),
        mesh=MeshAssets(collider_mesh_url=link("collider.glb"), hq_mesh_url=link("scene.glb")),
        splats=SplatAssets(spz_urls=levels, semantics_metadata=semantics),
    )


def caption_of(text: str, facts: Mapping[str, Any]) -> str:
    """The prompt, and in short what was understood of it."""
    understood = [str(facts[name]) for name in ("place", "time_of_day", "weather", "season") if facts.get(name)]
    sentences = [text.rstrip(".")] if text else []
    if understood:
        sentences.append(f"Understood as: {', '.join(understood)}")
    if facts.get("unmatched"):
        sentences.append(f"Not understood: {', '.join(map(str, facts['unmatched'][:MOST_SHOWN_PHRASES]))}")
    return "".join(f"{sentence}. " for sentence in sentences).strip()


def operation_of(services: Services, request: Request, operation: Operation) -> dict[str, Any]:
    """The fields of an Operation; its response is complete, so that nobody needs to ask for the world as well."""
    state, error = operation.state, operation.error or {}
    response: Result | None = None
    if state is State.SUCCEEDED:
        response = _result(services, request, operation)
        if response is None and operation.kind == "generate":
            error = {"code": "world_gone", "message": "its world was deleted"}
    succeeded = state is State.SUCCEEDED and not error
    status = "IN_PROGRESS" if not state.is_final else "SUCCEEDED" if succeeded else "FAILED"
    progress = {"status": status, "description": error.get("message") or _description(operation)}
    return {
        "operation_id": operation.id,
        "done": state.is_final,
        "created_at": operation.created_at,
        "updated_at": operation.updated_at,
        "expires_at": operation.created_at + timedelta(days=services.settings.retention_days),
        "metadata": {"progress": progress, "world_id": operation.world_id},
        "response": response,
        "error": OperationError(code=code_of(error["code"]), message=error["message"]) if state.is_final and error else None,
        "cost": _cost(operation, response) if succeeded else None,
    }


def _description(operation: Operation) -> str:
    if operation.state is State.QUEUED:
        return "waiting in line"
    if operation.state is State.SUCCEEDED:
        return "done"
    return f"{': '.join(word for word in (operation.phase, operation.note) if word)} ({operation.fraction:.0%})"


def _cost(operation: Operation, response: Result | None) -> OperationCost:
    what = f"world by {response.model}" if isinstance(response, World) else operation.kind
    items = [OperationCostLineItem(name=what, credits=operation.credits)] if operation.credits else []
    return OperationCost(total_credits=operation.credits, line_items=items)


def _result(services: Services, request: Request, operation: Operation) -> Result | None:
    if operation.kind == "generate":
        with services.database.reading() as session:
            row = session.get(Row, operation.world_id)
            world = worlds_of(services, request, session, [row])[0] if row is not None else None
        if row is None or world is None or not row.prompt.get(PAINTS):
            return world
        return PanoDepthToRgbResult(pano_url=world.assets.imagery.pano_url if world.assets and world.assets.imagery else None)
    known = EXPORTS.get(operation.request.get("format", "")) if operation.kind == "export" else None
    if known is None:
        return None
    asset_type, format = known
    return ExportWorldResult.model_validate(
        {
            "asset_type": asset_type,
            "format": format,
            "url": link_of(services, request, str(operation.world_id), (operation.result or {})["file"]),
            "resolution": operation.request["level"] if asset_type == "splats" else None,
        }
    )
