"""What can go wrong, sorted by what the caller can do about it.

WorldloomError              every error that is meant for a person; `str(error)` is one clear sentence
├── InputError              the request is wrong: change it and try again       (exit code 2, HTTP 4xx)
│   ├── PromptError         the prompt: empty, too long, a seed out of range …
│   ├── SpecError           a scene specification that breaks the schema
│   ├── ThingError          a thing definition that breaks the rules of the modelling language
│   └── FileFormatError     a file that is truncated, hostile or not what its name says
├── UnavailableError        this machine cannot: a GPU, a package or weights are missing
│   ├── WeightsError        weights are missing, cut off, altered, or of a kind that is never opened
│   └── MemoryShortError    this machine has too little memory for what was asked
│       └── GraphicsMemoryError   its graphics card has
├── OutputError             the result cannot be written: folder exists, not writable, disk full
└── Cancelled               the caller asked to stop                              (exit code 130)
"""

from __future__ import annotations

from typing import Literal


class WorldloomError(Exception):
    """An error whose text can be shown to a user: what was wrong, with which value, and the cure."""


class InputError(WorldloomError):
    """The request is wrong; changing it helps."""


class PromptError(InputError):
    """The prompt cannot be used as it stands."""


class SpecError(InputError):
    """A scene specification breaks its schema."""


class ThingError(InputError):
    """A thing definition breaks the rules of the modelling language."""


class FileFormatError(InputError):
    """A file is truncated, hostile, or not in the format it claims."""


class UnavailableError(WorldloomError):
    """This machine lacks what the request needs: a GPU, a package, weights."""


class WeightsError(UnavailableError):
    """Weights are missing, cut off, altered, or of a kind that is never opened."""


class MemoryShortError(UnavailableError):
    """This machine has too little memory for what was asked."""


class GraphicsMemoryError(MemoryShortError):
    """The graphics card has too little memory for what was asked."""


class ModelError(WorldloomError):
    """Why a language model could not be used: one clause, without secrets, that follows "the language model"."""


class OutputError(WorldloomError):
    """The result cannot be written where it was asked for."""


class Cancelled(WorldloomError):  # noqa: N818 - a request honoured, not a fault
    """The caller asked to stop; nothing was written."""


def is_out_of_memory(error: BaseException) -> Literal["card", "machine"] | None:
    """Whose memory an error of numpy or torch says has run out; torch has no class of its own for that of the machine."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "can't allocate memory" in text or "cannot allocate memory" in text:
        return "machine"
    return "card" if type(error).__name__ == "OutOfMemoryError" or "out of memory" in text else None
