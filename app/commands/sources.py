"""Sources: the files that a world is to be made from, looked at before any work: are they there, and what they are said to be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assets.signatures import HEAD_BYTES, VIDEOS, name_of
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.prompt import Kind, Picture

FLAT = ("png", "jpeg", "webp", "a TIFF picture")
_WANTED = {FLAT: "a PNG, JPEG, WebP or TIFF file", VIDEOS: "an MP4, MOV or WebM file", ("exr",): "an EXR file with metres along the ray"}


@dataclass(frozen=True)
class Sources:
    """What stands behind the options --image, --azimuth, --panorama, --depth, --video and --layout."""

    images: Sequence[Path] = ()
    azimuths_deg: Sequence[float] = ()
    panorama: Path | None = None
    depth: Path | None = None
    video: Path | None = None
    layout: Path | None = None

    def require_sound(self) -> None:
        """Raise InputError for options that do not go together, and for files that are not there or are something else."""
        given = [f"--{name}" for name, value in (("image", self.images), ("panorama", self.panorama), ("video", self.video)) if value]
        given += ["--layout"] if self.layout is not None else []
        if len(given) > 1:
            raise InputError(f"a world is made from {given[0]} or from {given[1]}, not from both: leave one of them out")
        if self.depth is not None and self.panorama is None:
            raise InputError("--depth belongs to a panorama: give that with --panorama, or the distances alone with --layout")
        if self.azimuths_deg and len(self.azimuths_deg) != len(self.images):
            raise InputError(
                f"{len(self.images)} × --image and {len(self.azimuths_deg)} × --azimuth do not go together: give every picture its"
                " direction, in the same order, or none"
            )
        if not all(map(math.isfinite, self.azimuths_deg)):
            raise InputError("an --azimuth is a number of degrees, clockwise from straight ahead, such as 90 or -45")
        for path in self.images:
            _require(path, FLAT)
        for one, formats in ((self.panorama, FLAT), (self.depth, ("exr",)), (self.video, VIDEOS), (self.layout, ("exr",))):
            if one is not None:
                _require(one, formats)

    def fields(self) -> dict[str, Any]:
        """The fields of a Prompt."""
        return {"pictures": self._pictures(), "panorama": self.panorama, "distance": self.depth, "video": self.video, "layout": self.layout}

    def _pictures(self) -> tuple[Picture, ...]:
        from pipelines.prompt import Picture

        azimuths: Sequence[float | None] = self.azimuths_deg or [None] * len(self.images)
        return tuple(Picture(path, azimuth) for path, azimuth in zip(self.images, azimuths, strict=True))

    @property
    def name(self) -> str:
        """What a world that was given no words is called: its first file's name without the ending; nothing where there is no file."""
        first = next(iter(self.images), None) or self.panorama or self.video or self.layout
        return first.stem if first is not None else ""

    def words(self, kind: Kind) -> str:
        """For the summary: `24 pictures`, `a video: walk.mp4`."""
        from pipelines.recipes import WORDS

        return f"{len(self.images)} pictures" if len(self.images) > 1 else f"{WORDS[kind]}: {self.name}" if self.name else ""


def _require(path: Path, formats: tuple[str, ...]) -> None:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder: name the file" + (", one --image for each" if formats is FLAT else ""))
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise InputError(f"{path} is not there: check its name") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})") from error
    if not head:
        raise InputError(f"{path} is empty: give {_WANTED[formats]}")
    found = name_of(head)
    if found not in formats:
        what = (
            f"is {found if ' ' in found else f'a file of the kind {found.upper()}'}"
            if found
            else "is no picture or video that is known here"
        )
        raise InputError(f"{path} {what}: give {_WANTED[formats]}")
