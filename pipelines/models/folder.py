"""The models folder: where pulled weights lie, and the lock file beside each that says which bytes they are.

`WORLDLOOM_MODELS`/owner--name/lock.json, and the files in a folder beside it that is named after the commit.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import OutputError, WeightsError

LOCK = "lock.json"
SCHEMA = 1
_MOST_LOCK_BYTES = 16 << 20


class FileLock(BaseModel):
    """One file as it was pulled."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Lock(BaseModel):
    """What was pulled. revision: the commit.  licence: as the card of the repository named it then; None where it named none.

    files: name within the repository → its size and hash.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    worldloom_lock: int = Field(SCHEMA, ge=1, le=SCHEMA)
    id: str
    revision: str = Field(pattern="^[0-9a-f]{40}$")
    licence: str | None = None
    files: dict[str, FileLock] = Field(min_length=1)

    @property
    def bytes(self) -> int:
        """Size of all files together."""
        return sum(file.bytes for file in self.files.values())


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """`WORLDLOOM_MODELS`, or `worldloom/models` in the user's cache folder."""
    named = environment.get("WORLDLOOM_MODELS", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    cache = environment.get("XDG_CACHE_HOME", "").strip()
    return (Path(cache) if cache else Path.home() / ".cache") / "worldloom" / "models"


def repository_folder(name: str) -> Path:
    """The folder of one repository."""
    return models_folder() / name.replace("/", "--")


def files_folder(lock: Lock) -> Path:
    """The folder that holds the files of a lock."""
    return repository_folder(lock.id) / lock.revision


def read_lock(name: str) -> Lock | None:
    """The lock of a repository; None when it was never pulled. Raises WeightsError for a lock file that is damaged.

    Its words reach clients of a service, for whom folders of this machine are not meant: so they name the repository alone.
    """
    path = repository_folder(name) / LOCK
    try:
        data = path.read_bytes()[: _MOST_LOCK_BYTES + 1]
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WeightsError(f"{LOCK} of {name} cannot be read ({error.strerror or error}): correct its permissions") from None
    try:
        lock = Lock.model_validate_json(data)
    except (ValidationError, RecursionError):
        raise WeightsError(f"{LOCK} of {name} is damaged: write it anew with `worldloom models pull {name}`") from None
    if lock.id.lower() != name.lower() or not all(is_plain(file) for file in lock.files):
        raise WeightsError(f"{LOCK} beside {name} does not belong to {name}: write it anew with `worldloom models pull {name}`")
    return lock


def sound_lock(name: str) -> Lock | None:
    """The lock of a repository; None, too, where it cannot be read: for those who only look at what is there."""
    try:
        return read_lock(name)
    except WeightsError:
        return None


def locks() -> tuple[str, ...]:
    """The repositories that were pulled, by name."""
    folder = models_folder()
    found = sorted(path.parent.name for path in folder.glob(f"*--*/{LOCK}")) if folder.is_dir() else []
    return tuple(name.replace("--", "/", 1) for name in found)


def write_lock(lock: Lock) -> None:
    """Write the lock file whole or not at all."""
    path = repository_folder(lock.id) / LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".lock-", delete=False) as file:
            try:
                file.write(lock.model_dump_json(indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise disk_error(error, path) from None


def is_plain(name: str) -> bool:
    """Whether a file of this name within a repository lies inside its folder."""
    parts = name.split("/")
    return 0 < len(name) <= 400 and name.isprintable() and not set(name) & set("\\:") and all(part and part[0] != "." for part in parts)


def disk_error(error: OSError, path: Path) -> OutputError:
    """An error of the disk as one sentence."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full, so {path} was not written whole: free some space, or set WORLDLOOM_MODELS to another disk")
    if error.errno == errno.EFBIG:
        return OutputError(
            f"{path} was not written whole, since files so large are not allowed there: raise `ulimit -f`, or set WORLDLOOM_MODELS to a "
            "folder on another kind of disk"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{path} may not be written: change its permissions, or set WORLDLOOM_MODELS to a folder of yours")
    return OutputError(f"{path} cannot be written ({error.strerror or error}): set WORLDLOOM_MODELS to another folder")
