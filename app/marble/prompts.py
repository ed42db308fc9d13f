"""Prompts of the World API → what our service makes: words at once, pictures, panoramas and videos where a recipe takes them."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from app.assets import service as assets
from app.assets.raw import working_folder
from app.auth import Caller
from app.errors import Refusal
from app.marble.models import DEFAULT_MODEL, credits_of, lack_of, splats_of, tier_for, tier_of
from app.marble.requests import (
    DataBase64Reference,
    ImagePrompt,
    MediaAssetReference,
    MultiImagePrompt,
    PanoDepthToRgbRequest,
    PicturePrompt,
    UriReference,
    VideoPrompt,
    WorldsGenerateRequest,
    WorldTextPrompt,
)
from app.marble.showing import PAINTS
from app.services import Services
from app.tables import MediaAsset, Operation
from app.worlds import service
from app.worlds.inputs import NO_MEDIA, Media
from app.worlds.service import Wish
from pipelines.errors import UnavailableError
from pipelines.prompt import MAX_SEED, Kind, Picture, Prompt

MOST_INLINE_BYTES = 10 << 20
FETCHES_NOTHING = (
    "this server fetches nothing from other addresses: upload the file with media-assets:prepare_upload, or let whoever runs it set"
    " WORLDLOOM_FETCH_FROM"
)

Reference = MediaAssetReference | UriReference | DataBase64Reference


async def generate(services: Services, caller: Caller, body: WorldsGenerateRequest) -> Operation:
    """Take a world on. What no recipe can make is an operation that has failed: there clients of the World API look for it."""
    prompt, wish = body.world_prompt, wish_of(services, body)
    if isinstance(prompt, WorldTextPrompt):
        return (await service.generate(services, caller, wish)).operation
    references = references_of(prompt)
    await run_in_threadpool(require_readable, references)
    refused = unmakable(services, body.model, kinds_of(prompt), references)
    if refused is None:
        uploads = [await upload_of(services, caller, reference, kind_of_file(prompt)) for reference in references]
        media = media_of(prompt, uploads)
        wish = replace(
            wish,
            tier=tier_for(body.model, media.prompt(wish.text, wish.seed).kind),
            media=media,
            prompt={"world_prompt": stated(prompt, [MediaAssetReference(media_asset_id=one.id) for one in uploads], media)},
        )
        try:
            return (await service.generate(services, caller, wish)).operation
        except UnavailableError as error:  # of a picture that may be a panorama, and that only a look at it can tell
            refused = "recipe_unavailable", str(error)
    code, message = refused
    wish = replace(wish, media=NO_MEDIA, prompt={"world_prompt": stated(prompt, references, NO_MEDIA)})
    return (await service.fail_to_generate(services, caller, wish, code=code, message=message)).operation


async def paint(services: Services, caller: Caller, body: PanoDepthToRgbRequest) -> Operation:
    """Have a panorama of distances painted: as a world, whose panorama is the answer."""
    await run_in_threadpool(require_readable, [body.depth_pano_image])
    wish = Wish(text=body.text_prompt, seed=secrets.randbelow(MAX_SEED + 1) if body.seed is None else body.seed)
    refused = unmakable(services, DEFAULT_MODEL, [Kind.LAYOUT], [body.depth_pano_image])
    if refused is None:
        upload = await upload_of(services, caller, body.depth_pano_image, "image")
        grey_m = (body.z_min, body.z_max) if body.z_min is not None and body.z_max is not None else None
        wish = replace(wish, media=Media(layout=upload.id, grey_m=grey_m), prompt={"world_prompt": None, PAINTS: True})
        return (await service.generate(services, caller, wish)).operation
    code, message = refused
    wish = replace(wish, prompt={"world_prompt": None})
    return (await service.fail_to_generate(services, caller, wish, code=code, message=message, makes_world=False)).operation


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


def unmakable(services: Services, model: str, kinds: Sequence[Kind], references: Sequence[Reference]) -> tuple[str, str] | None:
    """(code, sentence) when it is clear before any upload that no world can be made."""
    lack = lack_of(model, kinds)
    if lack is not None:
        return "recipe_unavailable", lack
    if services.settings.fetch_from == "nowhere" and any(isinstance(reference, UriReference) for reference in references):
        return "media_rejected", FETCHES_NOTHING
    return None


def references_of(prompt: PicturePrompt) -> list[Reference]:
    """Its pictures, or its video."""
    if isinstance(prompt, ImagePrompt):
        return [prompt.image_prompt]
    return [item.content for item in prompt.multi_image_prompt] if isinstance(prompt, MultiImagePrompt) else [prompt.video_prompt]


def kinds_of(prompt: PicturePrompt) -> list[Kind]:
    """What it may be; only a look at the picture tells whether `auto` is a panorama."""
    if isinstance(prompt, ImagePrompt):
        return {True: [Kind.PANORAMA], False: [Kind.PHOTOGRAPH], "auto": [Kind.PHOTOGRAPH, Kind.PANORAMA]}[prompt.is_pano]
    if isinstance(prompt, MultiImagePrompt):
        pictures = tuple(Picture(Path(str(number)), azimuth_deg) for number, azimuth_deg in enumerate(azimuths_of(prompt)))
        return [Prompt(pictures=pictures).kind]
    return [Kind.VIDEO]


def azimuths_of(prompt: MultiImagePrompt) -> list[float | None]:
    """The directions of its pictures; when they are to be reconstructed, where they were taken is found out instead."""
    return [None if prompt.reconstruct_images else item.azimuth for item in prompt.multi_image_prompt]


def kind_of_file(prompt: PicturePrompt) -> str:
    """As uploads are announced."""
    return "video" if prompt.type == "video" else "image"


def media_of(prompt: PicturePrompt, uploads: Sequence[MediaAsset]) -> Media:
    """The uploads in the fields of our own prompts. `auto` is a panorama when it is one by its shape, and its edges fit together."""
    ids = [upload.id for upload in uploads]
    if isinstance(prompt, VideoPrompt):
        return Media(video=ids[0])
    if isinstance(prompt, MultiImagePrompt):
        return Media(pictures=tuple(zip(ids, azimuths_of(prompt), strict=True)))
    closes = bool((uploads[0].facts or {}).get("closes")) if prompt.is_pano == "auto" else prompt.is_pano
    return Media(panorama=ids[0]) if closes else Media(pictures=((ids[0], None),))


def require_readable(references: Sequence[Reference]) -> None:
    """Raise Refusal for content within the request that cannot be read; that is refused in any case."""
    for reference in references:
        bytes_of(reference)


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


async def upload_of(services: Services, caller: Caller, reference: Reference, kind: str) -> MediaAsset:
    """The content as an upload that has been inspected. Raises Refusal when it is not there, or no good."""
    if isinstance(reference, MediaAssetReference):
        return await assets.complete(services, caller, reference.media_asset_id)
    if isinstance(reference, DataBase64Reference):
        data = await run_in_threadpool(bytes_of, reference)
        assert data is not None
        return await assets.take(services, caller, data, file_name=f"{kind}.{reference.extension or kind}", kind=kind)
    from app.assets.fetching import fetch  # few services fetch anything

    allow_private = services.settings.fetch_from == "anywhere"
    with working_folder(services.settings) as folder:
        async with services.fetches:
            await run_in_threadpool(lambda: fetch(reference.uri, folder / "fetched", allow_private=allow_private))
        return await assets.take(services, caller, folder / "fetched", file_name=_name_in(reference.uri, kind), kind=kind)


def _name_in(uri: str, kind: str) -> str:
    """What the address calls the file, where it says so plainly."""
    name = re.split(r"[?#]", uri, maxsplit=1)[0].rpartition("/")[2]
    return name if re.fullmatch(r"[\w.-]{1,100}", name) and name.strip(".") else kind


def stated(prompt: PicturePrompt, references: Sequence[Reference], media: Media) -> dict[str, Any] | None:
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
        return {**shown, "image_prompt": contents[0], "is_pano": prompt.is_pano is True or media.panorama is not None}
    return {**shown, "video_prompt": contents[0]}
