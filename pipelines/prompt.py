"""Prompt: what is asked for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import PromptError

MAX_TEXT_CHARACTERS = 2_000
MAX_SEED = 2**32 - 1


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

    text: at most 2,000 characters.  seed: 0 … 2³²−1.  tier: a tier's name, or None for the best this machine runs.
    """

    text: str = ""
    pictures: tuple[Picture, ...] = ()
    video: Path | None = None
    panorama: Path | None = None
    layout: Path | None = None
    seed: int = 0
    tier: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _clean(self.text))
        if not 0 <= self.seed <= MAX_SEED:
            raise PromptError(f"the seed {self.seed} is out of range: use a whole number from 0 to {MAX_SEED}")
        has_picture = bool(self.pictures or self.video or self.panorama or self.layout)
        if not self.text and not has_picture:
            raise PromptError('the prompt is empty: describe a place, for example "a pine forest with a cabin beside a lake"')


def _clean(text: str) -> str:
    """Collapse white space and reject what no reader could mean; the words themselves stay as they are."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise PromptError(f"the prompt has {len(text):,} characters: shorten it to at most {MAX_TEXT_CHARACTERS:,}")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") and character not in "\t\n\r":
            raise PromptError(f"the prompt holds the control character U+{ord(character):04X}: remove it")
    return " ".join(unicodedata.normalize("NFC", text).split())
