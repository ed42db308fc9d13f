"""Pictures made by commands: written whole, in the format that their name says; portraits of single things; contact sheets."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from app.commands.destination import whole_file
from pipelines import Prompt, World, pinhole
from pipelines.layout import in_studio
from pipelines.recipes import make_stage
from pipelines.splat import render
from pipelines.stage import run_stages

if TYPE_CHECKING:
    from pipelines.things import Library, Order

SUFFIXES = (".png", ".webp", ".jpg")
STUDIO_FOV_DEG = 36.0
_CAPTION_PX = 26

Pixels = NDArray[np.uint8]


def write_picture(pixels: Pixels, path: Path) -> None:
    """Write (H, W, 3) uint8 sRGB as PNG, WebP or JPEG; raises OutputError."""
    with whole_file(path) as draft:
        Image.fromarray(pixels).save(draft, quality=90)


def webp_within(pixels: Pixels, limit_bytes: int) -> bytes:
    """The best WebP of (H, W, 3) uint8 sRGB that is not larger than `limit_bytes`; raises ValueError where none is."""
    for quality in range(92, 20, -4):
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "WEBP", quality=quality, method=6)
        if data.tell() <= limit_bytes:
            return data.getvalue()
    raise ValueError(f"no WebP of this picture fits into {limit_bytes:,} bytes")


def portrait(library: Library, kind: str, order: Order, *, width_px: int, height_px: int, splats: int) -> Pixels:
    """A thing by itself in the studio: sampled, lit and rendered by the stages that make worlds."""
    model = library.build(kind, order)
    scene = in_studio(model, stands_on=library.kinds[kind].stands_on)
    stages = (make_stage("sample", splats=splats), make_stage("light"))
    world = run_stages(World(Prompt(text=kind, seed=order.seed), scene=scene), stages)
    assert world.gaussians is not None
    x, y, z = (float(value) for value in scene.viewpoints[0])
    camera = pinhole(
        (x, y, z),
        yaw_rad=scene.spawn.yaw_rad,
        pitch_rad=scene.spawn.pitch_rad,
        width_px=width_px,
        height_px=height_px,
        horizontal_fov_rad=math.radians(STUDIO_FOV_DEG),
    )
    return render(world.gaussians, camera).picture


def contact_sheet(pictures: Sequence[tuple[str, Pixels]], *, columns: int) -> Pixels:
    """Pictures of one size side by side, each with its caption below."""
    height_px, width_px = pictures[0][1].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width_px, rows * (height_px + _CAPTION_PX)), (24, 25, 27))
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=15)
    for number, (caption, pixels) in enumerate(pictures):
        left, top = number % columns * width_px, number // columns * (height_px + _CAPTION_PX)
        sheet.paste(Image.fromarray(pixels), (left, top))
        draw.text((left + 8, top + height_px + 3), caption, fill=(225, 226, 228), font=font)
    return np.asarray(sheet)
