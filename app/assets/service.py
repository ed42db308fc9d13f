"""Service: media assets from the announcement to the inspected file; both APIs come through here.

A raw upload lies under a key of its own until `complete` has looked at it; only what came out of the inspection is kept, by its content.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Any

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.assets.raw import mismatch, raw_key, sha256_of, working_folder
from app.assets.sandbox import inspected
from app.auth import Caller
from app.database import now
from app.errors import Refusal
from app.identity import ASSET, is_id, new_id
from app.services import Services
from app.store import key_of
from app.tables import MediaAsset
from app.usage import require_space
from app.worlds.files import base_of

PREPARED, READY, REJECTED = "PREPARED", "READY", "REJECTED"
LONGEST_NAME, LONGEST_EXTENSION, MOST_NOTE_BYTES = 200, 16, 10_000
MOST_PREPARED = 1_000

CONTENT_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "exr": "image/x-exr",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}


@dataclass(frozen=True)
class Upload:
    """Where a file goes, and how. It needs no key; the headers are welcome and may be left out."""

    url: str
    method: str
    headers: dict[str, str]


def prepare(
    services: Services,
    caller: Caller,
    *,
    file_name: str,
    kind: str,
    extension: str | None,
    note: dict[str, Any] | None,
    size: int | None = None,
    sha256: str | None = None,
) -> MediaAsset:
    """Announce an upload. kind: image or video.  extension: a hint only.  size, sha256: checked later.  Raises Refusal."""
    moment = now()
    asset = MediaAsset(
        id=new_id(ASSET),
        tenant_id=caller.tenant_id,
        file_name=file_name,
        kind=kind,
        extension=(extension or "").strip().lstrip(".").lower() or None,
        note=note,
        state=PREPARED,
        declared_bytes=size,
        declared_sha256=sha256.lower() if sha256 is not None else None,
        created_at=moment,
        updated_at=moment,
    )
    _require_sound(asset, most_bytes=services.settings.max_upload_bytes)
    require_space(services, caller)
    with services.database.writing() as session:
        _require_few_prepared(session, caller, since=moment - timedelta(seconds=2 * services.settings.upload_s))
        session.add(asset)
    return asset


def _require_sound(asset: MediaAsset, *, most_bytes: int) -> None:
    """Raise Refusal for an announcement that could not come true, or not be kept."""
    _require_text(asset.file_name, "the file name", most=LONGEST_NAME)
    if asset.kind not in ("image", "video"):
        raise Refusal("invalid_request", "the kind is neither image nor video: say which it is")
    if asset.extension is not None:
        _require_text(asset.extension, "the extension", most=LONGEST_EXTENSION)
    _require_note(asset.note)
    if asset.declared_bytes is not None and not 0 < asset.declared_bytes <= most_bytes:
        raise Refusal("invalid_request", f"a file of {asset.declared_bytes:,} bytes cannot be uploaded: send 1 to {most_bytes:,}")
    if asset.declared_sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", asset.declared_sha256):
        raise Refusal("invalid_request", "the sha256 is not 64 hexadecimal digits: leave it out, or send the digest of the file")


def _require_text(text: str, what: str, *, most: int) -> None:
    """Names are shown, and never become paths; so anything goes that a page and a database can hold."""
    if not text.strip():
        raise Refusal("invalid_request", f"{what} is empty: give it some letters")
    if len(text) > most:
        raise Refusal("invalid_request", f"{what} has {len(text):,} characters: use at most {most}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise Refusal("invalid_request", f"{what} holds control characters or half characters: leave them out")


def _require_note(note: dict[str, Any] | None) -> None:
    try:
        data = json.dumps(note, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise Refusal("invalid_request", "the note is not plain JSON: leave out NaN, infinities and half characters") from error
    if len(data) > MOST_NOTE_BYTES:
        raise Refusal("invalid_request", f"the note takes {len(data):,} bytes: keep it to {MOST_NOTE_BYTES:,}")


def _require_few_prepared(session: Session, caller: Caller, *, since: datetime) -> None:
    """Those announced before `since` have links that no longer work, and go by themselves."""
    waiting = session.scalar(
        select(func.count()).where(MediaAsset.tenant_id == caller.tenant_id, MediaAsset.created_at > since, MediaAsset.state == PREPARED)
    )
    if waiting is not None and waiting >= MOST_PREPARED:
        raise Refusal("rate_limited", f"{waiting:,} uploads are announced and not completed: complete or delete some", retry_after_s=60)


def find(session: Session, caller: Caller, asset_id: str) -> MediaAsset:
    """An asset of the caller's tenant; raises Refusal(not_found) for any other."""
    found = session.get(MediaAsset, asset_id) if is_id(asset_id, ASSET) else None
    if found is None or found.tenant_id != caller.tenant_id:
        raise Refusal("not_found", "there is no such media asset: see GET /v1/media-assets for yours")
    return found


def upload_link(services: Services, request: Request, asset: MediaAsset) -> Upload:
    """Where to send the file: here, or straight to a remote store. The link works for `upload_s` seconds at least."""
    headers = {"Content-Type": CONTENT_TYPES.get(asset.extension or "", "application/octet-stream")}
    if services.store.folder is None:
        return Upload(services.store.link(raw_key(asset), lasts_s=services.settings.upload_s, method="PUT"), "PUT", headers)
    ticket = services.signer.ticket("upload", asset.id, lasts_s=services.settings.upload_s)
    return Upload(f"{base_of(services, request)}/v1/uploads/{asset.id}/{ticket}", "PUT", headers)


async def complete(services: Services, caller: Caller, asset_id: str) -> MediaAsset:
    """Inspect an upload; READY with its facts. Asked again it says the same. Raises Refusal: not_ready, media_rejected with the reason."""
    asset = await run_in_threadpool(_look, services, caller, asset_id)
    if asset.state == PREPARED:
        async with services.inspections:
            asset = await _completed(services, caller, asset_id)
    if asset.state == REJECTED:
        raise Refusal("media_rejected", f"this upload was rejected: {asset.reason}")
    return asset


def _look(services: Services, caller: Caller, asset_id: str) -> MediaAsset:
    with services.database.reading() as session:
        return find(session, caller, asset_id)


async def _completed(services: Services, caller: Caller, asset_id: str) -> MediaAsset:
    asset = await run_in_threadpool(_look, services, caller, asset_id)
    if asset.state != PREPARED:  # somebody else asked for the same, and was before us in line
        return asset
    with working_folder(services.settings) as folder:
        try:
            if not await run_in_threadpool(_take, services, asset, folder / "upload"):
                return await run_in_threadpool(_gone, services, caller, asset_id)
            facts = await inspected(folder, asset.kind)
        except Refusal as refusal:
            if refusal.code != "media_rejected":
                raise
            return await run_in_threadpool(_settle, services, asset, state=REJECTED, reason=str(refusal)[:300], bytes=None)
        return await run_in_threadpool(_keep, services, asset, facts, folder)


def _gone(services: Services, caller: Caller, asset_id: str) -> MediaAsset:
    """There is no raw upload: another process has just completed it, or there is nothing to complete."""
    asset = _look(services, caller, asset_id)
    if asset.state == PREPARED:
        raise Refusal("not_ready", "nothing has been uploaded, or it waited too long: send the file to the upload link")
    return asset


def _take(services: Services, asset: MediaAsset, target: Path) -> bool:
    """Bring the raw upload here; whether there is one. Uploads that went straight to a remote store are measured only now."""
    size, most = services.store.size(raw_key(asset)), services.settings.max_upload_bytes
    if size is None:
        return False
    if size > most:
        raise Refusal("media_rejected", f"{size:,} bytes are more than this service takes: send at most {most:,}")
    try:
        services.store.fetch(raw_key(asset), target)
    except FileNotFoundError:
        return False
    fault = mismatch(asset, target.stat().st_size, sha256_of(target))
    if fault:
        raise Refusal("media_rejected", fault)
    return True


def _keep(services: Services, asset: MediaAsset, facts: dict[str, Any], folder: Path) -> MediaAsset:
    """Store what came out of the inspection: a picture rewritten, a video as it is."""
    rewritten = folder / "rewritten"
    path = rewritten if rewritten.exists() else folder / "upload"
    sha256 = sha256_of(path)
    services.store.put(key_of(asset.tenant_id, sha256), path)
    return _settle(services, asset, state=READY, sha256=sha256, bytes=path.stat().st_size, facts=facts)


def _settle(services: Services, asset: MediaAsset, **outcome: Any) -> MediaAsset:
    """Write the outcome down once, and let the raw upload go."""
    with services.database.writing() as session:
        row = session.get(MediaAsset, asset.id, with_for_update=True)
        if row is None:
            raise Refusal("not_found", "this media asset was deleted meanwhile: prepare another one")
        if row.state == PREPARED:
            for name, value in outcome.items():
                setattr(row, name, value)
            row.updated_at = now()
    services.store.delete([raw_key(asset)])
    services.remembered.pop(asset.tenant_id, None)  # what was counted no longer holds
    return row


async def take(services: Services, caller: Caller, source: bytes | Path, *, file_name: str, kind: str) -> MediaAsset:
    """An upload whose content is here already, inspected. Raises Refusal as `prepare` and `complete` do."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    extension = PurePath(file_name).suffix.lstrip(".") or None
    asset = await run_in_threadpool(
        lambda: prepare(services, caller, file_name=file_name, kind=kind, extension=extension, note=None, size=size)
    )
    if isinstance(source, bytes):
        await run_in_threadpool(services.store.put_bytes, raw_key(asset), source)
    else:
        await run_in_threadpool(services.store.replace, raw_key(asset), source)
    return await complete(services, caller, asset.id)


def delete(services: Services, caller: Caller, asset_id: str) -> None:
    """Remove an asset at once; its file goes when no other asset needs it."""
    with services.database.writing() as session:
        asset = find(session, caller, asset_id)
        session.delete(asset)
    services.store.delete([raw_key(asset)])
    services.remembered.pop(asset.tenant_id, None)
