"""Uploads: a body becomes a raw upload: streamed to a file, counted and digested as it comes, then put where its inspection finds it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app.assets.raw import mismatch, raw_key, working_folder
from app.assets.service import PREPARED
from app.auth import Caller
from app.database import now
from app.errors import Refusal
from app.identity import ASSET, is_id
from app.services import Services
from app.store import FULL, FULL_RETRY_S
from app.tables import MediaAsset
from app.usage import require_space

CHUNK_BYTES = 1 << 20


async def receive(services: Services, asset_id: str, ticket: str, body: AsyncIterator[bytes], *, length: int | None) -> int:
    """Take an upload in; the bytes that came. length: as the client's head says.  A later one replaces an earlier one until `complete`."""
    if not is_id(asset_id, ASSET) or not services.signer.admits("upload", asset_id, ticket):
        raise Refusal("link_invalid", "this link is not genuine, or it has run out: prepare the upload again for a fresh one")
    asset = await run_in_threadpool(_awaited, services, asset_id)
    most = asset.declared_bytes or services.settings.max_upload_bytes
    if length is not None and length > most:
        raise _too_long(most)
    with working_folder(services.settings) as folder:
        path = folder / "upload"
        try:
            size, sha256 = await _written(body, path, most=most)
        except ClientDisconnect:
            raise Refusal("bad_request", "the upload broke off: send the file again") from None
        if size == 0:
            raise Refusal("invalid_request", "nothing arrived: send the file as the body")
        fault = mismatch(asset, size, sha256)
        if fault:
            raise Refusal("invalid_request", fault)
        await run_in_threadpool(_put_raw, services, asset, path, size)
    return size


def _awaited(services: Services, asset_id: str) -> MediaAsset:
    """The asset that an upload is for; raises Refusal when it is gone, or done with, or when there is no room."""
    with services.database.reading() as session:
        asset = session.get(MediaAsset, asset_id)
    if asset is None:
        raise Refusal("not_found", "this media asset has been deleted: prepare another one")
    if asset.state != PREPARED:
        raise Refusal("conflict", f"this media asset is {asset.state.lower()} already: prepare another one for another file")
    require_space(services, Caller(asset.tenant_id, frozenset()))
    return asset


def _too_long(most: int) -> Refusal:
    return Refusal("body_too_large", f"the upload is longer than {most:,} bytes, which were announced or are the most: send less")


async def _written(body: AsyncIterator[bytes], path: Path, *, most: int) -> tuple[int, str]:
    """Write a body to a file as it comes; (bytes, sha256). Raises Refusal(body_too_large) as soon as it is too long."""
    digest, size, waiting = hashlib.sha256(), 0, bytearray()
    with path.open("wb") as file:

        def flush() -> None:
            digest.update(waiting)
            try:
                file.write(waiting)
                file.flush()
            except OSError as error:
                if error.errno in FULL:
                    raise Refusal(
                        "disk_full", "the disk is full: free some space, then send the file again", retry_after_s=FULL_RETRY_S
                    ) from error
                raise
            waiting.clear()

        async for chunk in body:
            size += len(chunk)
            if size > most:
                raise _too_long(most)
            waiting += chunk
            if len(waiting) >= CHUNK_BYTES:
                await run_in_threadpool(flush)
        await run_in_threadpool(flush)
    return size, digest.hexdigest()


def _put_raw(services: Services, asset: MediaAsset, path: Path, size: int) -> None:
    services.store.replace(raw_key(asset), path)
    with services.database.writing() as session:
        row = session.get(MediaAsset, asset.id, with_for_update=True)
        if row is not None and row.state == PREPARED:
            row.bytes, row.updated_at = size, now()  # counts against the tenant's room until it is completed
    services.remembered.pop(asset.tenant_id, None)
