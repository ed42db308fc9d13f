"""Outpaint: the stage that puts photographs where they belong on the sphere and has the rest painted around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection, panorama, seen_along
from pipelines.errors import InputError, UnavailableError, is_out_of_memory
from pipelines.models import ModelCard, card_of, free_vram_bytes, memory_told, open_model, way_to_load
from pipelines.paint.families import Task
from pipelines.paint.filling import blended, guessed
from pipelines.paint.hub import HubStage
from pipelines.paint.painter import check_panorama_width, resized
from pipelines.paint.sphere import mend_poles
from pipelines.paint.text import WORDS
from pipelines.stage import TellStage
from pipelines.world import View, World

Pixels = NDArray[np.uint8]

PLAIN_WORDS = "the surroundings of this place, as natural as the photograph in the middle"
ASKED = "Describe the place in this photograph, its light and weather, in one sentence."
FEATHER_SHARE = 1 / 64  # of a panorama's width: how far outside the photograph colours are led over


@dataclass
class Outpaint(HubStage):
    """Pinhole views taken from one place → one panorama whose pixels are the photographs' wherever they show something.

    Where two photographs overlap, the one counts whose middle is nearer.  caption_model: id or folder of a transformers model that says
    what a picture shows, asked when the prompt has no words; None = `PLAIN_WORDS`.
    """

    name: ClassVar[str] = "outpaint"
    cost: ClassVar[float] = 40.0
    task: ClassVar[Task] = Task.INPAINT
    width_px: int = 2048
    words: str = WORDS
    caption_model: str | None = None

    def run(self, world: World, tell: TellStage) -> World:
        """Turn `world.views` into one panorama."""
        check_panorama_width(self.width_px)
        around, canvas, known = photographs_on_the_sphere(world, self.width_px, tell)
        text = world.prompt.text or (caption(world.views[0].rgb, self.caption_model, self.tier) if self.caption_model else PLAIN_WORDS)
        with self.painter(tell) as painter:
            width, height = painter.size_for(around.width_px, around.height_px)
            painted = painter.paint(
                self.words.replace("{}", text),
                tell,
                width_px=width,
                height_px=height,
                seed=world.prompt.seed,
                steps=self.steps,
                strength=1.0,
                **masked(guessed(canvas, known), known, (width, height)),
            )
        picture = blended(canvas, known, resized(painted, around.width_px, around.height_px), around.width_px * FEATHER_SHARE)
        sound = np.where(known[..., None], picture, mend_poles(picture))
        tell(1.0, "")
        return replace(world, views=(View(around, sound),))


def photographs_on_the_sphere(world: World, width_px: int, tell: TellStage) -> tuple[Camera, Pixels, NDArray[np.bool_]]:
    """The panorama that a world's pinhole views are put into, its colours and where they are known, as of `on_the_sphere`.

    Raises InputError where there are no views, or one that is a panorama already.
    """
    if not world.views:
        raise InputError("there is no photograph to begin from: give one")
    if any(view.camera.projection is not Projection.PINHOLE for view in world.views):
        raise InputError("a panorama needs nothing painted around it: leave this stage out")
    tell(0.0, "putting photographs on the sphere")
    around = panorama(world.views[0].camera.position, width_px=width_px)
    return around, *on_the_sphere(world.views, around)


def on_the_sphere(views: Sequence[View], around: Camera) -> tuple[Pixels, NDArray[np.bool_]]:
    """Photographs seen in a panorama's pixels: colours (H, W, 3) uint8, zero where nothing is known, and (H, W) whether it is known.

    Photographs finer than the panorama are shrunk first, so that nothing flickers.
    """
    rays = around.rays()
    canvas = np.zeros((*rays.shape[:2], 3), np.uint8)
    nearest = np.full(rays.shape[:2], -np.inf, np.float32)
    for view in views:
        small = _as_fine_as(view, around.width_px / (2 * math.pi))
        values = seen_along(small.rgb, small.camera, rays)
        towards = rays @ -small.camera.world_from_camera[:3, 2].astype(np.float32)  # cosine to the middle of the photograph
        better = np.isfinite(values[..., 0]) & (towards > nearest)
        canvas[better] = (values[better] + 0.5).clip(0, 255).astype(np.uint8)
        nearest[better] = towards[better]
    return canvas, nearest > -np.inf


def _as_fine_as(view: View, pixels_per_rad: float) -> View:
    """The same view shrunk, if need be, until its middle has at most so many pixels an angle."""
    share = pixels_per_rad / view.camera.focal_px
    if share >= 1:
        return view
    width, height = (max(1, round(side * share)) for side in (view.camera.width_px, view.camera.height_px))
    camera = replace(view.camera, width_px=width, height_px=height, focal_px=view.camera.focal_px * width / view.camera.width_px)
    return View(camera, resized(view.rgb, width, height))


def masked(picture: Pixels, known: NDArray[np.bool_], size: tuple[int, int]) -> dict[str, Any]:
    """A picture and where it is to be painted, as inpainting pipelines want them: `image` and `mask_image` (white = paint) of a size."""
    from PIL import Image

    mask = Image.fromarray(np.where(known, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    return {"image": Image.fromarray(resized(picture, *size)), "mask_image": mask}


def caption(picture: Pixels, model: str, tier: str = "super") -> str:
    """What a picture shows, in the words of a transformers image-to-text model (id or folder), one that chats or one that only captions.

    Raises UnavailableError when it cannot be opened, or memory does not suffice.
    """
    card = card_of(model) or ModelCard(model, library="transformers")
    folder = str(open_model(model).path)
    with memory_told(card, "caption", tier):
        on_card = way_to_load(card, "caption", tier, free_vram_bytes()) is not None
        return _captioned(picture, folder, model, on_card=on_card)


def _captioned(picture: Pixels, folder: str, model: str, *, on_card: bool) -> str:
    import torch
    from PIL import Image
    from transformers import AutoModelForImageTextToText, AutoProcessor

    device, dtype = ("cuda", torch.bfloat16) if on_card else ("cpu", torch.float32)
    image = Image.fromarray(picture)
    try:
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
        opened: Any = AutoModelForImageTextToText.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=dtype)
        reader = opened.to(device).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise UnavailableError(
            f"the model {model} cannot be opened to describe the photograph: pull it again, or write a prompt"
        ) from error
    if getattr(processor, "chat_template", None):
        content = [{"type": "image", "image": image}, {"type": "text", "text": ASKED}]
        asked = [{"role": "user", "content": content}]
        inputs = processor.apply_chat_template(asked, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt")
    else:
        inputs = processor(images=image, return_tensors="pt")
    inputs = inputs.to(device, dtype)
    with torch.no_grad():
        said = reader.generate(**inputs, max_new_tokens=60, do_sample=False)
    if "input_ids" in inputs and said.shape[1] > inputs["input_ids"].shape[1]:
        said = said[:, inputs["input_ids"].shape[1] :]  # without the question
    return " ".join(str(processor.batch_decode(said, skip_special_tokens=True)[0]).split()) or PLAIN_WORDS
