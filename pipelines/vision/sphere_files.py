"""Files of whole spheres: a panorama as a picture, its distances as OpenEXR."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pipelines.errors import FileFormatError
from pipelines.exr import read_distance

KINDS = ("PNG", "WEBP", "JPEG", "TIFF")
OPAQUE = 128  # alpha from which on a pixel counts

Pixels = NDArray[np.uint8]
_FAULTS = (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError, MemoryError, EOFError)


def read_panorama(path: Path, *, fewest_px: int, most_px: int, tolerance: float, widest_px: int) -> Pixels:
    """(H, W, 3) sRGB of a panorama of 2 : 1, upright as its EXIF says, at most `widest_px` wide.

    16-bit, grey, palette and CMYK pictures are brought to 8-bit sRGB; what is transparent is filled from around it.
    Raises FileFormatError with what is wrong and the cure.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is looked at below
            with Image.open(path, formats=KINDS) as image:
                turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
                width, height = (image.height, image.width) if turned else image.size
                _require_shape(path, width, height, fewest_px=fewest_px, most_px=most_px, tolerance=tolerance)
                upright = ImageOps.exif_transpose(image)
                return _filled(_eight_bits(_small(upright, widest_px)))
    except FileNotFoundError as error:
        raise FileFormatError(f"{path} does not exist: name a panorama, a PNG, JPEG, WebP or TIFF file") from error
    except _FAULTS as error:
        raise FileFormatError(f"{path} is no sound picture: use a PNG, JPEG, WebP or TIFF file") from error


def _require_shape(path: Path, width: int, height: int, *, fewest_px: int, most_px: int, tolerance: float) -> None:
    if abs(width / max(height, 1) / 2 - 1) > tolerance:
        cure = "a panorama shows the whole sphere and is twice as wide as high: pad it with black or render it again as equirectangular"
        raise FileFormatError(f"{path} has {width} × {height} pixels: {cure}")
    if width < fewest_px:
        raise FileFormatError(f"{path} is {width} pixels wide: that is too coarse for a world, use at least {fewest_px}, better 2560")
    if width > most_px:
        raise FileFormatError(f"{path} is {width:,} pixels wide: make it smaller, at most {most_px:,}")


def _small(image: Image.Image, widest_px: int) -> Image.Image:
    """At most `widest_px` wide, by averages over whole areas."""
    if image.width <= widest_px:
        return image
    size = (widest_px, round(widest_px * image.height / image.width))
    if image.mode in ("P", "1"):  # numbers of colours cannot be averaged
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image.resize(size, Image.Resampling.NEAREST if image.mode.startswith("I") else Image.Resampling.BOX)


def _eight_bits(image: Image.Image) -> Pixels:
    """(H, W, 3) or, where something is transparent, (H, W, 4)."""
    if image.mode.startswith("I"):  # 16-bit grey; Pillow would clip it
        values = np.asarray(image).astype(np.float64)
        grey = np.clip(values / (257.0 if values.max() > 255 else 1.0) + 0.5, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("a picture of floating-point numbers has no known white")
    transparent = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if transparent else "RGB"))


def _filled(pixels: Pixels) -> Pixels:
    """(H, W, 3): colours of transparent pixels become those of the nearest opaque ones."""
    rgb = np.ascontiguousarray(pixels[:, :, :3])
    if pixels.shape[2] == 3:
        return rgb
    hidden = pixels[:, :, 3] < OPAQUE
    if not hidden.any():
        return rgb
    if hidden.all():
        raise ValueError("a picture that is transparent all over shows nothing")
    from scipy.ndimage import distance_transform_edt

    row, column = distance_transform_edt(hidden, return_distances=False, return_indices=True)
    return np.ascontiguousarray(rgb[row, column])


def read_distances(path: Path, *, tolerance: float) -> NDArray[np.float32]:
    """(H, W) float32 as the file has them, of an EXR of 2 : 1; raises FileFormatError with the cure."""
    pixels = read_distance(path)
    height, width = pixels.shape
    if abs(width / max(height, 1) / 2 - 1) > tolerance:
        raise FileFormatError(f"{path} has {width} × {height} distances: they must cover the panorama, twice as wide as high")
    return pixels
