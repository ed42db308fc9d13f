"""Pictures: photographs opened for use: upright, 8-bit sRGB, of a workable size, with the field of view that the camera wrote down."""

from __future__ import annotations

import io
import math
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import FileFormatError, InputError

if TYPE_CHECKING:
    from PIL.Image import Image

WORKING_SIDE_PX = 640
MOST_PIXELS = 40_000_000
SHORTEST_SIDE_PX = 64
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "MPO")
FILM_WIDTH_MM = 36.0  # a 35 mm film's picture, which FocalLengthIn35mmFilm speaks of
FILM_DIAGONAL_MM = math.hypot(36.0, 24.0)
PLAIN = 2.0  # a picture whose grey levels (0 … 255) deviate by less than this shows nothing

_ORIENTATION, _EXIF_BLOCK = 0x0112, 0x8769
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM = 0x920A, 0xA405
_PLANE_X_RESOLUTION, _PLANE_UNIT, _PIXELS_X = 0xA20E, 0xA210, 0xA002
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF's orientation → Pillow's Transpose that undoes it
_MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}


@dataclass(frozen=True)
class Photo:
    """A picture ready for use. rgb: (H, W, 3) uint8 sRGB, upright.  long_fov_rad: field of view along the longer side, None = unknown."""

    rgb: NDArray[np.uint8]
    long_fov_rad: float | None = None

    @property
    def focal_px(self) -> float | None:
        """Focal length in pixels of `rgb`."""
        return None if self.long_fov_rad is None else max(self.rgb.shape[:2]) / 2 / math.tan(self.long_fov_rad / 2)


def open_picture(path: Path, *, longest_px: int = WORKING_SIDE_PX) -> Photo:
    """The picture in a file, turned upright, scaled down so that its longer side has at most `longest_px` pixels.

    Raises FileFormatError for what is damaged or no picture, InputError for one that is too small or too large.
    """
    from PIL import Image

    name = path.name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures and odd tags: what counts is checked here
            with Image.open(path, formats=FORMATS) as image:
                _require_size(name, image)
                fov, orientation, profile = *_written_down(image), image.info.get("icc_profile")
                image.draft(None, (2 * longest_px, 2 * longest_px))  # a JPEG's decoder halves what is far too large
                turn = _TURNS.get(orientation)
                picture = _scaled(image if turn is None else image.transpose(Image.Transpose(turn)), longest_px)
                rgb = np.array(_srgb(picture, profile))
    except FileNotFoundError:
        raise InputError(f"there is no picture {path}: check the name") from None
    except Image.DecompressionBombError:
        raise InputError(f"{name} has far too many pixels: scale it down to at most {MOST_PIXELS / 1e6:g} megapixels") from None
    except (OSError, ValueError, SyntaxError, KeyError, EOFError, struct.error) as error:
        detail = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
        raise FileFormatError(f"{name} cannot be read as a picture{detail}: save it again as JPEG or PNG") from error
    return Photo(rgb, fov)


def require_detail(name: str, rgb: NDArray[np.uint8]) -> None:
    """Raise InputError for a picture that shows nothing: all black, all white, or of a single colour."""
    grey = rgb.mean(axis=2)
    if grey.std() < PLAIN:
        colour = "black" if grey.mean() < 16 else "white" if grey.mean() > 239 else "of a single colour"
        raise InputError(f"{name} is all {colour}: leave it out, or take it again with more light")


def _require_size(name: str, image: Image) -> None:
    width, height = image.size
    size = f"{name} has {width:,} × {height:,} pixels"
    if min(width, height) < SHORTEST_SIDE_PX:
        raise InputError(f"{size}: use a picture with at least {SHORTEST_SIDE_PX} on each side")
    if width * height > MOST_PIXELS:
        raise InputError(f"{size}: scale it down to at most {MOST_PIXELS / 1e6:g} megapixels")


def _written_down(image: Image) -> tuple[float | None, int]:
    """(field of view along the longer side, orientation) as the camera wrote them into the file; (None, 1) where it did not."""
    try:
        exif = image.getexif()
        return _long_fov(image, exif.get_ifd(_EXIF_BLOCK)), int(exif.get(_ORIENTATION, 1))
    except (struct.error, SyntaxError, ValueError, KeyError, TypeError, OSError):  # damaged notes do not spoil the picture
        return None, 1


def _long_fov(image: Image, tags: dict[int, Any]) -> float | None:
    """The angle from what the EXIF tags say of the lens; None where they say nothing, or nothing sensible."""
    long_px, short_px = max(image.size), min(image.size)
    film_mm, focal_mm = _number(tags.get(_FOCAL_LENGTH_35MM)), _number(tags.get(_FOCAL_LENGTH))
    resolution = _number(tags.get(_PLANE_X_RESOLUTION))
    if film_mm:  # equal diagonals: pictures of 4:3 are as wide as their diagonal allows
        focal_long = film_mm / FILM_DIAGONAL_MM * math.hypot(long_px, short_px) / long_px
    elif focal_mm and resolution:
        taken_px = _number(tags.get(_PIXELS_X)) or image.width
        pixel_mm = _MM_PER_UNIT.get(int(_number(tags.get(_PLANE_UNIT)) or 2), 25.4) / resolution
        focal_long = focal_mm / (pixel_mm * taken_px) * image.width / long_px
    else:
        return None
    fov = 2 * math.atan(0.5 / focal_long)
    return fov if math.radians(3) < fov < math.radians(160) else None


def _number(value: Any) -> float | None:
    """A tag's value as a positive number; None for everything else, such as 0/0."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _scaled(image: Image, longest_px: int) -> Image:
    """Smaller, by averaging over all pixels that become one. Palettes cannot be averaged, so they are resolved first."""
    from PIL import Image as Images

    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):
        levels = np.asarray(image, dtype=np.float32) / 257  # Pillow's own conversion cuts at 255
        image = Images.fromarray(np.rint(levels).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        over = image.convert("RGBA")
        image = Images.new("RGB", over.size, (255, 255, 255))
        image.paste(over, mask=over.getchannel("A"))
    scale = longest_px / max(image.size)
    if scale >= 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((size[0], size[1]), Images.Resampling.LANCZOS, reducing_gap=3.0)


def _srgb(image: Image, profile: bytes | None) -> Image:
    """8-bit sRGB, by the picture's own colour profile where it has a readable one that fits."""
    from PIL import ImageCms

    if profile and image.mode in ("RGB", "L", "CMYK"):
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            image = image if converted is None else converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # taken as sRGB, as every viewer does
    return image if image.mode == "RGB" else image.convert("RGB")
