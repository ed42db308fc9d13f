"""Shards: the shots of one world as one small file: colours as WebP, distances and kinds lossless, captions with their meanings."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera, Projection
from pipelines.errors import FileFormatError
from pipelines.flow import FARTHEST_M, NEAREST_M
from pipelines.formats import written_whole
from pipelines.training.shots import Shot, built, is_panorama, shots
from pipelines.training.worlds import Asked

Floats = NDArray[np.float32]

SUFFIX = ".shots.zip"
STEPS = 254  # of the logarithm of distance, 2.9 % each; 255 is the sky
QUALITY = 92  # of WebP: about 9 KB a panorama


@dataclass(frozen=True)
class Stored:
    """The shots of one world as they lie in a shard. meanings: (N, 384) unit sentence vectors of the captions."""

    place: str
    time: str
    weather: str
    captions: tuple[str, ...]
    meanings: Floats
    shots: tuple[Shot, ...]


def shard_path(folder: Path, order: Asked) -> Path:
    """Where the shots of an order lie."""
    return folder / order.split / f"{order.number:06d}{SUFFIX}"


def write_shard(folder: Path, order: Asked, *, positions: int, pinholes: int) -> int:
    """Build, photograph and store a world, whole or not at all; the number of shots, 0 where it is there already."""
    path = shard_path(folder, order)
    if path.is_file():
        return 0
    taken = tuple(shots(built(order), positions=positions, pinholes=pinholes))
    store(path, order, taken)
    return len(taken)


def store(path: Path, order: Asked, taken: Sequence[Shot]) -> None:
    """Write shots as one file. The same shots give the same bytes."""
    from pipelines.language import embed

    spec = order.spec
    index: dict[str, Any] = {
        "place": spec.place,
        "time": spec.time_of_day.value,
        "weather": spec.weather.value,
        "captions": order.captions,
        "meanings": np.round(embed(order.captions).astype(np.float64), 4).tolist(),
        "cameras": [{**_camera_as_json(shot.camera), "eye_m": shot.eye_m} for shot in taken],
    }
    with written_whole(path) as workshop, zipfile.ZipFile(workshop / path.name, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "index.json", json.dumps(index).encode())
        for number, shot in enumerate(taken):
            _add(archive, f"{number:03d}-colour.webp", _webp(shot.rgb, quality=QUALITY))
            both = np.stack([distance_bytes(shot.distance), shot.kind, np.zeros_like(shot.kind)], axis=-1)
            _add(archive, f"{number:03d}-truth.webp", _webp(both, lossless=True))


def load(path: Path, *, sphere: bool | None = None) -> Stored:
    """Read a shard, or of it only panoramas (sphere) or pinhole pictures; raises FileFormatError where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            index = json.loads(archive.read("index.json"))
            taken = []
            for number, camera in enumerate(index["cameras"]):
                if sphere is not None and sphere is not (camera["projection"] == Projection.EQUIRECTANGULAR.value):
                    continue
                both = _pixels(archive.read(f"{number:03d}-truth.webp"))
                rgb = _pixels(archive.read(f"{number:03d}-colour.webp"))
                distance = distance_from_bytes(both[..., 0])
                taken.append(Shot(_camera_from_json(camera, rgb), rgb, distance, both[..., 1], float(camera["eye_m"])))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{path} is no whole file of shots: remove it and make the data again") from error
    meanings = np.asarray(index["meanings"], np.float32)
    return Stored(index["place"], index["time"], index["weather"], tuple(index["captions"]), meanings, tuple(taken))


def shard_files(folder: Path, split: str) -> list[Path]:
    """All shards of a split, in order."""
    return sorted((folder / split).glob(f"*{SUFFIX}"))


def distance_bytes(distance: Floats) -> NDArray[np.uint8]:
    """Metres → 0 … 254 on a logarithmic scale, 255 for the sky."""
    share = np.log(np.clip(np.nan_to_num(distance, posinf=FARTHEST_M), NEAREST_M, FARTHEST_M) / NEAREST_M) / np.log(FARTHEST_M / NEAREST_M)
    return np.where(np.isinf(distance), 255, np.round(share * STEPS)).astype(np.uint8)


def distance_from_bytes(values: NDArray[np.uint8]) -> Floats:
    """The way back."""
    metres = NEAREST_M * (FARTHEST_M / NEAREST_M) ** (values.astype(np.float64) / STEPS)
    return np.where(values == 255, np.inf, metres).astype(np.float32)


def panoramas(stored: Stored) -> list[Shot]:
    """Those shots that show the whole sphere."""
    return [shot for shot in stored.shots if is_panorama(shot)]


def pinholes(stored: Stored) -> list[Shot]:
    """Those shots that show a part of it."""
    return [shot for shot in stored.shots if not is_panorama(shot)]


def _camera_as_json(camera: Camera) -> dict[str, Any]:
    return {"projection": camera.projection.value, "focal_px": camera.focal_px, "pose": camera.world_from_camera.tolist()}


def _camera_from_json(said: dict[str, Any], rgb: NDArray[np.uint8]) -> Camera:
    return Camera(Projection(said["projection"]), rgb.shape[1], rgb.shape[0], float(said["focal_px"]), np.asarray(said["pose"]))


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def _webp(pixels: NDArray[np.uint8], **options: Any) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "WEBP", method=4, **options)
    return buffer.getvalue()


def _pixels(data: bytes) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("WEBP",)) as image:
        return np.asarray(image.convert("RGB"))
