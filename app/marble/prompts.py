"""Prompts of the World API → what our service makes: words at once; pictures and videos as soon as a recipe takes them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool

from app.assets import service as assets
from app.assets.raw import raw_key
from app.auth import Caller
from app.errors import Refusal
from app.marble.models import card_taking, credits_of, splats_of, tier_of
from app.marble.requests import (
    DataBase64Reference,
    ImagePrompt,
    MediaAssetReference,
    MultiImagePrompt,
    PicturePrompt,
    UriReference,
    WorldsGenerateRequest,
    WorldTextPrompt,
)
from app.services import Services
from app.tables import Operation
from app.worlds import service
from app.worlds.service import Wish
from pipelines.prompt import MAX_SEED

MOST_INLINE_BYTES = 10 << 20

Reference = MediaAssetReference | UriReference | DataBase64Reference


async def generate(services: Services, caller: Caller, body: WorldsGenerateRequest) -> Operation:
    """Take a world on. What no recipe can make is an operation that has failed: there clients of the World API look for it."""
    prompt, wish = body.world_prompt, wish_of(services, body)
    if isinstance(prompt, WorldTextPrompt):
        return (await service.generate(services, caller, wish)).operation
    references = references_of(prompt)
    for reference in references:
        await run_in_threadpool(bytes_of, reference)  # what cannot be read is refused in any case
    needed = needed_of(prompt)
    card = card_taking(wish.tier, needed)
    if card is not None and not any(isinstance(reference, UriReference) for reference in references):
        uploads = [await _uploaded(services, caller, reference, prompt) for reference in references]
        ids = [upload.media_asset_id for upload in uploads]
        wish = replace(wish, tier=card.tier, media={needed: ids}, prompt={"world_prompt": stated(prompt, uploads)})
        return (await service.generate(services, caller, wish)).operation
    code, message = "media_rejected", "this server fetches nothing from other addresses: upload the file with media-assets:prepare_upload"
    if card is None:
        code, message = "recipe_unavailable", f"this server has no recipe yet that makes worlds from {needed}: describe the place in words"
    wish = replace(wish, prompt={"world_prompt": stated(prompt, references)})
    return (await service.fail_to_generate(services, caller, wish, code=code, message=message)).operation


def wish_of(services: Services, body: WorldsGenerateRequest) -> Wish:
    """The request in our own words, without its pictures. Raises Refusal for a model that nobody knows."""
    permission = body.permission
    return Wish(
        text=body.world_prompt.text_prompt or "",
        seed=secrets.randbelow(MAX_SEED + 1) if body.seed is None else body.seed,
        tier=tier_of(body.model),
        splats=min(splats_of(body.model), services.settings.max_splats),
        name=body.display_name or "",
        tags=tuple(dict.fromkeys(body.tags or ())),
        visibility="public" if permission.public else "private",
        model=body.model,
        permission=permission.model_dump(),
        credits=credits_of(body.model),
    )


def references_of(prompt: PicturePrompt) -> list[Reference]:
    """Its pictures, or its video."""
    if isinstance(prompt, ImagePrompt):
        return [prompt.image_prompt]
    return [item.content for item in prompt.multi_image_prompt] if isinstance(prompt, MultiImagePrompt) else [prompt.video_prompt]


def needed_of(prompt: PicturePrompt) -> str:
    """What a recipe must take, in the words of RecipeCard.takes. Whether `auto` is a panorama is for the recipe of pictures to see."""
    if isinstance(prompt, ImagePrompt):
        return "panorama" if prompt.is_pano is True else "pictures"
    return "pictures" if isinstance(prompt, MultiImagePrompt) else "video"


def bytes_of(reference: Reference) -> bytes | None:
    """The content that stands within a request, if it does. Raises Refusal when it is no base64, nothing, or too much."""
    if not isinstance(reference, DataBase64Reference):
        return None
    try:
        data = base64.b64decode(reference.data_base64.encode("ascii").translate(None, b" \t\r\n"), validate=True)
    except ValueError:  # binascii.Error is one
        raise Refusal("bad_request", "data_base64 is not base64: encode the file's bytes with the letters A–Z a–z 0–9 + / and =") from None
    if not 0 < len(data) <= MOST_INLINE_BYTES:
        raise Refusal("bad_request", f"data_base64 holds {len(data):,} bytes: send 1 to {MOST_INLINE_BYTES:,}, or upload the file instead")
    return data


async def _uploaded(services: Services, caller: Caller, reference: Reference, prompt: PicturePrompt) -> MediaAssetReference:
    """The content as an upload that has been inspected. Raises Refusal when it is not there, or no good."""
    data = await run_in_threadpool(bytes_of, reference)
    if isinstance(reference, DataBase64Reference) and data is not None:
        kind, extension = "video" if prompt.type == "video" else "image", reference.extension
        name = f"inline.{extension or kind}"
        asset = await run_in_threadpool(
            lambda: assets.prepare(services, caller, file_name=name, kind=kind, extension=extension, note=None, size=len(data))
        )
        await run_in_threadpool(services.store.put_bytes, raw_key(asset), data)
        reference = MediaAssetReference(media_asset_id=asset.id)
    assert isinstance(reference, MediaAssetReference)
    await assets.complete(services, caller, reference.media_asset_id)
    return reference


def stated(prompt: PicturePrompt, references: Sequence[Reference]) -> dict[str, Any] | None:
    """A prompt as answers show it, with these for its content; None when it came with bytes, which are not sent back."""
    if any(isinstance(reference, DataBase64Reference) for reference in references):
        return None
    contents = [reference.model_dump() for reference in references]
    shown: dict[str, Any] = {"type": prompt.type, "text_prompt": prompt.text_prompt}
    if isinstance(prompt, MultiImagePrompt):
        items = [
            {"azimuth": item.azimuth, **content, "content": content}
            for item, content in zip(prompt.multi_image_prompt, contents, strict=True)
        ]
        return {**shown, "multi_image_prompt": items, "reconstruct_images": prompt.reconstruct_images}
    if isinstance(prompt, ImagePrompt):
        return {**shown, "image_prompt": contents[0], "is_pano": prompt.is_pano is True}
    return {**shown, "video_prompt": contents[0]}
