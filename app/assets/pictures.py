"""Pictures: measured from their headers, decoded, turned upright, brought to 8-bit sRGB, and written anew with nothing but the lens."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from app.assets.signatures import Rejected

if TYPE_CHECKING:
    from PIL.Image import Exif, Image

MOST_PIXELS = 40_000_000
LONGEST_SIDE_PX = 16_384
SHORTEST_SIDE_PX = 8
JPEG_QUALITY = 95
EXIF_BLOCK, FOCAL_LENGTH, FOCAL_LENGTH_35MM = 0x8769, 0x920A, 0xA405
PIXELS_X, PLANE_RESOLUTION, PLANE_UNIT = 0xA002, 0xA20E, 0xA210
MM_OF_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
SHORTEST_LENS_MM, LONGEST_LENS_MM = 5, 800
SEAM_COLUMNS = 256
SEAM_FACTOR, SEAM_FLOOR = 1.5, 2.0  # steps of 8 bits
PNG_EFFORT = 4  # of 9: half the time of the default, a few percent larger


def require_size(width_px: int, height_px: int, *, most_pixels: int = MOST_PIXELS) -> None:
    """Raise Rejected for a picture that is too small or too large."""
    size = f"the picture has {width_px:,} × {height_px:,} pixels"
    if min(width_px, height_px) < SHORTEST_SIDE_PX:
        raise Rejected(f"{size}: send one with at least {SHORTEST_SIDE_PX} on each side")
    if max(width_px, height_px) > LONGEST_SIDE_PX:
        raise Rejected(f"{size}: send one with at most {LONGEST_SIDE_PX:,} on each side")
    if width_px * height_px > most_pixels:
        raise Rejected(f"{size}: send one with at most {most_pixels / 1e6:g} megapixels")


def rewrite(source: Path, target: Path, format: str) -> dict[str, Any]:
    """Decode `source` (png, jpeg or webp) and write nothing but its colours, and how wide its lens was, to `target`; its facts.

    PNG and lossless WebP become PNG; JPEG and lossy WebP become JPEG. `changes` says what else was done; `closes`, of a picture of 2:1,
    whether it may be a panorama. Raises Rejected, or whatever Pillow raises on damaged files.
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # `require_size` is stricter, and has a sentence for it
    is_lossless = format == "png"
    if format == "webp":
        with source.open("rb") as file:
            width_px, height_px, is_lossless = _webp_header(file)
        require_size(width_px, height_px)  # opening a WebP makes room for all its pixels already
    with Image.open(source, formats=(format.upper(),)) as image:
        require_size(*image.size)
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format != "MPO":  # phones hide a preview or a depth map behind a JPEG: the first one is the picture
            raise Rejected(f"the picture has {frames:,} frames: send a single one, or a video")
        image.load()
        lens = lens_of(image)
        picture, changes = _plain(image)
    kept_as = "png" if is_lossless else "jpeg"
    notes = {} if lens is None else {"exif": _written(lens)}
    if is_lossless:
        picture.save(target, format="PNG", compress_level=PNG_EFFORT, **notes)
    else:
        picture.save(target, format="JPEG", quality=JPEG_QUALITY, subsampling=0, **notes)
    facts = {"format": format, "kept_as": kept_as, "width_px": picture.width, "height_px": picture.height, "changes": changes}
    facts |= {} if lens is None else {"lens_mm": lens}
    return {**facts, "closes": closes(picture)} if picture.width == 2 * picture.height else facts


def lens_of(image: Image) -> int | None:
    """The focal length, in mm as of 35 mm film, that the camera wrote down; None where it did not, or wrote nonsense.

    It says how wide the picture is, and nothing about who took it, or where; so it is all that is kept.
    """
    try:
        tags = image.getexif().get_ifd(EXIF_BLOCK)
        lens = round(float(tags.get(FOCAL_LENGTH_35MM) or 0)) or _lens_of_sensor(tags, image)
    except (SyntaxError, ValueError, KeyError, TypeError, OSError, ArithmeticError, struct.error):
        return None
    return lens if SHORTEST_LENS_MM <= lens <= LONGEST_LENS_MM else None


def _lens_of_sensor(tags: Mapping[int, Any], image: Image) -> int:
    """The same from the focal length in mm and the pixels in a unit of length; 0 where one of them is missing."""
    focal_mm, resolution = float(tags.get(FOCAL_LENGTH) or 0), float(tags.get(PLANE_RESOLUTION) or 0)
    if not focal_mm or not resolution:
        return 0
    pixel_mm = MM_OF_UNIT.get(tags.get(PLANE_UNIT, 2), 25.4) / resolution * float(tags.get(PIXELS_X) or image.width) / image.width
    return round(focal_mm * math.hypot(36.0, 24.0) / (math.hypot(*image.size) * pixel_mm))


def _written(lens_mm: int) -> Exif:
    from PIL import Image

    notes = Image.Exif()
    notes.get_ifd(EXIF_BLOCK)[FOCAL_LENGTH_35MM] = lens_mm
    return notes


def closes(picture: Image) -> bool:
    """Whether the left and the right edge fit together, as those of a panorama do: no step that is larger than those within."""
    import numpy as np
    from PIL.Image import Resampling

    columns = np.asarray(picture.resize((SEAM_COLUMNS, SEAM_COLUMNS // 2), Resampling.BOX), np.float32)
    steps = np.abs(np.diff(columns, axis=1)).mean(axis=(0, 2))
    seam = np.abs(columns[:, 0] - columns[:, -1]).mean()
    return bool(seam <= SEAM_FLOOR + SEAM_FACTOR * np.percentile(steps, 90))


def _plain(image: Image) -> tuple[Image, list[str]]:
    """(8-bit sRGB without metadata, what was changed)."""
    from PIL import ImageOps

    profile, changes = image.info.get("icc_profile"), []
    if image.getexif().get(0x0112, 1) in range(2, 9):  # others mean nothing, and turn nothing
        changes.append("turned upright")
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I"):
        changes.append("reduced from 16 to 8 bits")
        image = _eight_bits(image)
    if image.has_transparency_data:
        changes.append("laid on white where it was transparent")
        image = _on_white(image)
    if profile:
        image = _in_srgb(image, profile, changes)
    if image.mode != "RGB":
        changes.append(f"converted from {image.mode} to RGB")
        image = image.convert("RGB")
    image.info.clear()
    return image, changes


def _eight_bits(image: Image) -> Image:
    """0 … 65,535 → 0 … 255; Pillow's own conversion cuts at 255."""
    import numpy as np
    from PIL import Image as Images

    return Images.fromarray(np.rint(np.asarray(image, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))


def _on_white(image: Image) -> Image:
    from PIL import Image as Images

    over = image.convert("RGBA")
    ground = Images.new("RGB", over.size, (255, 255, 255))
    ground.paste(over, mask=over.getchannel("A"))
    return ground


def _in_srgb(image: Image, profile: bytes, changes: list[str]) -> Image:
    """What the colour profile means, in sRGB; a profile that cannot be read, or is for other colours than the picture's, is left out."""
    from PIL import ImageCms

    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return image
        picture = image if image.mode in ("RGB", "L", "CMYK") else image.convert("RGB")
        converted = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        changes.append("taken as sRGB, because its colour profile does not fit")
        return image
    changes.append("colours converted from its profile to sRGB")
    return converted if converted is not None else image


def _webp_header(file: BinaryIO) -> tuple[int, int, bool]:
    """(width, height, whether it is lossless) of a WebP, from its chunks alone."""
    size: tuple[int, int] | None = None
    for name, data in _webp_chunks(file):
        if name == b"VP8X" and len(data) >= 10:
            size = (1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little"))
        elif name == b"VP8L" and len(data) >= 5:
            bits = int.from_bytes(data[1:5], "little")
            own = ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
            return (*(size or own), True)
        elif name == b"VP8 " and len(data) >= 10:
            width, height = struct.unpack("<HH", data[6:10])
            return (*(size or (width & 0x3FFF, height & 0x3FFF)), False)
        elif name in (b"ANIM", b"ANMF"):
            raise Rejected("the picture is animated: send a single frame, or a video")
    raise Rejected("this WebP holds no picture: it is damaged, save it again")


def _webp_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """(name, first bytes) of each chunk."""
    file.seek(12)
    while len(head := file.read(8)) == 8:
        name, length = head[:4], int.from_bytes(head[4:], "little")
        data = file.read(min(length, 16))
        yield name, data
        file.seek(length + length % 2 - len(data), io.SEEK_CUR)
