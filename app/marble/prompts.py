"""Prompts of the World API → what our service makes: words at once; pictures and videos as soon as a recipe takes them."""

from __future__ import annotations

import base64
import secrets
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool

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
    prompt = body.world_prompt
    wish = wish_of(services, body)
    if isinstance(prompt, WorldTextPrompt):
        return await run_in_threadpool(service.generate, services, caller, wish)
    references = references_of(prompt)
    for reference in references:
        await run_in_threadpool(require_readable, reference)
    needed = needed_of(prompt)
    card = card_taking(wish.tier, needed)
    uploads = [reference.media_asset_id for reference in references if isinstance(reference, MediaAssetReference)]
    if card is None:
        code, message = "recipe_unavailable", f"this server has no recipe yet that makes worlds from {needed}: describe the place in words"
    elif len(uploads) < len(references):
        code, message = "media_rejected", "this server takes uploads only: send the file with media-assets:prepare_upload"
    else:
        return await run_in_threadpool(service.generate, services, caller, replace(wish, tier=card.tier, media={needed: uploads}))
    return await run_in_threadpool(service.fail_to_generate, services, caller, wish, code=code, message=message)


def wish_of(services: Services, body: WorldsGenerateRequest) -> Wish:
    """The request in our own words, without its pictures. Raises Refusal for a model that nobody knows."""
    permission = body.permission
    return Wish(
        text=body.world_prompt.text_prompt or "",
        seed=secrets.randbelow(MAX_SEED + 1) if body.seed is None else body.seed,
        tier=tier_of(body.model),
        splats=min(splats_of(body.model), services.settings.max_splats),
        prompt={} if isinstance(body.world_prompt, WorldTextPrompt) else {"world_prompt": stated(body.world_prompt)},
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


def require_readable(reference: Reference) -> None:
    """Raise Refusal for content within the request that is no base64, or too much. Addresses are never fetched."""
    if not isinstance(reference, DataBase64Reference):
        return
    try:
        data = base64.b64decode(reference.data_base64.encode("ascii").translate(None, b" \t\r\n"), validate=True)
    except ValueError:  # binascii.Error is one
        raise Refusal("bad_request", "data_base64 is not base64: encode the file's bytes with the letters A–Z a–z 0–9 + / and =") from None
    if not 0 < len(data) <= MOST_INLINE_BYTES:
        raise Refusal("bad_request", f"data_base64 holds {len(data):,} bytes: send 1 to {MOST_INLINE_BYTES:,}, or upload the file instead")


def stated(prompt: PicturePrompt) -> dict[str, Any] | None:
    """A prompt as answers show it; None when it came with bytes, which are not sent back."""
    if any(isinstance(reference, DataBase64Reference) for reference in references_of(prompt)):
        return None
    plain = prompt.model_dump(exclude_none=True, exclude={"disable_recaption"})
    if isinstance(prompt, ImagePrompt):
        plain["is_pano"] = prompt.is_pano is True
    for item in plain.get("multi_image_prompt", ()):
        item.update(item["content"])
    return plain
