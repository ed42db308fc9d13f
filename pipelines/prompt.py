"""Prompt: what is asked for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.errors import PromptError

MAX_TEXT_CHARACTERS = 2_000
MAX_PICTURES = 500
MAX_SEED = 2**32 - 1
MAX_EYE_HEIGHT_M = 100.0


class Kind(StrEnum):
    """What a prompt is made of; a recipe has one row of stages for each kind that it understands."""

    TEXT = "text"
    PHOTOGRAPH = "photograph"  # one picture, or several that each know the direction they were taken in from one place
    PICTURES = "pictures"  # several of one place from different points: where they were taken is found out
    VIDEO = "video"
    PANORAMA = "panorama"  # the whole sphere, without distances
    MEASURED_PANORAMA = "measured panorama"  # with distances
    LAYOUT = "layout"  # distances of a whole sphere, to be painted


@dataclass(frozen=True, slots=True)
class Picture:
    """A photograph, and the compass direction it was taken in.

    azimuth_deg: direction of the picture's centre, clockwise seen from above, 0 = straight ahead; None = unknown.
    """

    path: Path
    azimuth_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request for a world: words, pictures, or both. Raises PromptError when it cannot be used.

    text: at most 2,000 characters.  distance: an EXR with metres along the ray beside `panorama`.  layout: such an EXR alone, to be
    painted.  seed: 0 … 2³²−1.  tier: a tier's name, or None for the best this machine runs.  eye_height_m: how high above the ground the
    cameras were held, which tells the scale and the floor: above 0, at most 100; None = as people hold them, or as distances say.
    """

    text: str = ""
    pictures: tuple[Picture, ...] = ()
    video: Path | None = None
    panorama: Path | None = None
    distance: Path | None = None
    layout: Path | None = None
    seed: int = 0
    tier: str | None = None
    eye_height_m: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _clean(self.text))
        if not 0 <= self.seed <= MAX_SEED:
            raise PromptError(f"the seed {self.seed} is out of range: use a whole number from 0 to {MAX_SEED}")
        given = [name for name in ("pictures", "video", "panorama", "layout") if getattr(self, name)]
        if len(given) > 1:
            raise PromptError(f"a world is made from {given[0]} or from {given[1]}, not from both: leave one of them out")
        if self.distance is not None and self.panorama is None:
            raise PromptError("distances belong to a panorama: give the panorama, too")
        self._require_eye_height(is_seen=bool(given))
        if len(self.pictures) > MAX_PICTURES:
            raise PromptError(f"{len(self.pictures)} pictures are too many: give at most {MAX_PICTURES}, or a video")
        if not self.text and not given:
            raise PromptError('the prompt is empty: describe a place, for example "a pine forest with a cabin beside a lake"')

    def _require_eye_height(self, *, is_seen: bool) -> None:
        height_m = self.eye_height_m
        if height_m is None:
            return
        if not 0 < height_m <= MAX_EYE_HEIGHT_M:
            raise PromptError(
                f"an eye height of {height_m:g} m cannot be: say how many metres above the ground the camera was, more than 0 and at most"
                f" {MAX_EYE_HEIGHT_M:g}, such as 1.2"
            )
        if not is_seen:
            raise PromptError("an eye height belongs to pictures, a panorama or a video: leave it out for a world from words")

    @property
    def kind(self) -> Kind:
        """What it is made of."""
        if self.video is not None:
            return Kind.VIDEO
        if self.panorama is not None:
            return Kind.PANORAMA if self.distance is None else Kind.MEASURED_PANORAMA
        if self.layout is not None:
            return Kind.LAYOUT
        if self.pictures:
            in_a_circle = all(picture.azimuth_deg is not None for picture in self.pictures)
            return Kind.PHOTOGRAPH if len(self.pictures) == 1 or in_a_circle else Kind.PICTURES
        return Kind.TEXT


def _clean(text: str) -> str:
    """Collapse white space and reject what no reader could mean; the words themselves stay as they are."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise PromptError(f"the prompt has {len(text):,} characters: shorten it to at most {MAX_TEXT_CHARACTERS:,}")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") and character not in "\t\n\r":
            raise PromptError(f"the prompt holds the control character U+{ord(character):04X}: remove it")
    return " ".join(unicodedata.normalize("NFC", text).split())
