"""Opening: the one door that every load goes through; what it hands out was looked at, byte for byte, in this process."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.errors import WeightsError
from pipelines.models.folder import FileLock, Lock, files_folder, read_lock
from pipelines.models.table import card_of, is_hub_id
from pipelines.models.weights import SUFFIX, require_safe, weight_files

_BLOCK_BYTES = 4 << 20
_known: dict[Path, tuple[int, int, str]] = {}  # file → size, time of last change, sha256: nothing is hashed twice in a process

Tell = Callable[[float, str], None]
"""Hears (share done 0 … 1, note) at least once a second; raises `Cancelled` to stop."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model that may be loaded. path: its folder.  revision: the commit, or `sha256:` and a digest of all files for a user's folder.

    licence: as its card names it; None where it names none.
    """

    path: Path
    id: str
    revision: str
    licence: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file of a model. sentence: for people, with the cure."""

    file: str
    what: Literal["missing", "cut off", "altered", "added", "refused"]
    sentence: str


def open_model(name: str | Path, tell: Tell | None = None) -> OpenModel:
    """A pulled model by its repository (`owner/name`), or a folder with a checkpoint; every file is checked before it is handed out.

    Sizes are compared each time, sha256 once per process and file, which for 20 GB takes about half a minute: `tell` hears of it.
    Raises WeightsError with the cure: not pulled, missing, cut off, altered or pickled files.
    """
    text = str(name)
    if isinstance(name, str) and is_hub_id(text) and (known := _pulled(text)) is not None:
        lock, folder = known
        problem = next(check(lock, tell), None)
        if problem is not None:
            raise WeightsError(problem.sentence)
        return OpenModel(folder, lock.id, lock.revision, lock.licence)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _open_folder(folder.absolute(), tell)
    if is_hub_id(text):
        raise WeightsError(f"the weights of {text} are not on this machine: fetch them with `worldloom models pull {text}`")
    raise WeightsError(f"{text[:200]} is neither a folder with a checkpoint nor a repository (owner/name): correct the name")


def check(lock: Lock, tell: Tell | None = None, *, anew: bool = False) -> Iterator[Problem]:
    """Compare every file of a lock with the disk. anew: hash the files again, even those that this process has hashed before.

    The cheap looks come first, so that a file that is cut off is told before gigabytes are read.
    """
    folder, sound = files_folder(lock), []
    for path in weight_files(folder):
        name = path.relative_to(folder).as_posix()
        if name not in lock.files:
            yield Problem(name, "added", f"{name} beside {lock.id} was not pulled with {lock.id}, and a loader might take it: remove it")
    for name, file in lock.files.items():
        problem = _glance(folder / name, name, file, lock.id)
        if problem is not None:
            yield problem
        else:
            sound.append((name, file))
    total, done = max(1, sum(file.bytes for _, file in sound)), 0
    for name, file in sound:
        found = _hashed(folder / name, _share(tell, done / total, file.bytes / total, name), anew=anew)
        done += file.bytes
        if found != file.sha256:
            yield Problem(name, "altered", f"{name} of {lock.id} is not the file that was pulled (its sha256 differs){_cure(lock.id)}")


def sha256_of(path: Path, tell: Callable[[float], None] = lambda fraction: None) -> str:
    """sha256 of a file in hexadecimal; `tell` hears the share done."""
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            done += len(block)
            tell(done / size)
    return digest.hexdigest()


def _pulled(name: str) -> tuple[Lock, Path] | None:
    card = card_of(name)
    lock = read_lock(card.id if card else name)
    return None if lock is None else (lock, files_folder(lock))


def _glance(path: Path, name: str, file: FileLock, model: str) -> Problem | None:
    """What can be seen without reading the file."""
    if not path.is_file():
        return Problem(name, "missing", f"{name} of {model} is missing{_cure(model)}")
    size = path.stat().st_size
    if size < file.bytes:
        return Problem(name, "cut off", f"{name} of {model} is cut off ({size:,} of {file.bytes:,} bytes){_cure(model)}")
    if size > file.bytes:
        how = f"{size:,} instead of {file.bytes:,} bytes"
        return Problem(name, "altered", f"{name} of {model} is not the file that was pulled ({how}){_cure(model)}")
    try:
        _require_safe(path, f"{name} of {model}")
    except WeightsError as error:
        return Problem(name, "refused", str(error))
    return None


def _require_safe(path: Path, name: str) -> None:
    """As `require_safe`; what this process has hashed since it was last changed is not opened again."""
    stat = path.stat()
    if _known.get(path, ())[:2] != (stat.st_size, stat.st_mtime_ns):
        require_safe(path, name)


def _cure(model: str) -> str:
    return f": fetch it again with `worldloom models pull {model}`"


def _hashed(path: Path, tell: Callable[[float], None], *, anew: bool = False) -> str:
    try:
        stat = path.stat()
        known = _known.get(path)
        if known is not None and known[:2] == (stat.st_size, stat.st_mtime_ns) and not anew:
            return known[2]
        digest = sha256_of(path, tell)
    except OSError as error:
        raise WeightsError(f"{path.name} cannot be read ({error.strerror or error}): correct its permissions or fetch it again") from None
    _known[path] = (stat.st_size, stat.st_mtime_ns, digest)
    return digest


def _open_folder(folder: Path, tell: Tell | None) -> OpenModel:
    """A user's own folder: no lock says what it should hold, so it is held to its own files, and they make its revision."""
    files = list(weight_files(folder))
    names = [file.relative_to(folder).as_posix() for file in files]
    for file, name in zip(files, names, strict=True):
        _require_safe(file, f"{name} in {folder}")
    if not any(file.suffix.lower() == SUFFIX for file in files):
        raise WeightsError(f"{folder} holds no .safetensors file: name a folder with a checkpoint")
    total, done, digest = max(1, sum(file.stat().st_size for file in files)), 0, hashlib.sha256()
    for file, name in zip(files, names, strict=True):
        size = file.stat().st_size
        digest.update(f"{name}\0{_hashed(file, _share(tell, done / total, size / total, name))}\n".encode())
        done += size
    return OpenModel(folder, folder.name, f"sha256:{digest.hexdigest()}", _licence_in(folder / "README.md"))


def _licence_in(card: Path) -> str | None:
    """The licence in the head of a model card (YAML between two lines of dashes); None where there is none."""
    try:
        head = re.match(r"---\s*\n(.*?)\n---", card.read_text(encoding="utf-8", errors="replace")[:20_000], re.DOTALL)
    except OSError:
        return None
    found = re.search(r"^licen[sc]e:\s*[\"']?([\w.+-]{1,60})[\"']?\s*$", head[1], re.MULTILINE) if head else None
    return found[1].lower() if found else None


def _share(tell: Tell | None, begin: float, share: float, name: str) -> Callable[[float], None]:
    return lambda fraction: None if tell is None else tell(begin + share * fraction, name)
