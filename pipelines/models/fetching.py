"""Fetching: a download that goes on where it stopped, and counts only when every byte is what the Hub says.

Every file is compared with the hash that the Hub gives for it: sha256 for files in large storage, the git blob id for the others.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OutputError, UnavailableError, WeightsError
from pipelines.models.folder import SCHEMA, FileLock, Lock, disk_error, files_folder, models_folder, repository_folder, write_lock
from pipelines.models.hub import Plan, Wanted, host, part_path, streamed, told
from pipelines.models.opening import Tell
from pipelines.models.weights import require_safe

TRIES = 5
_BLOCK_BYTES = 4 << 20
_SPARE_BYTES = 200_000_000  # what a disk needs to stay usable


def pull(wanted: Plan, tell: Tell | None = None) -> Lock:
    """Fetch what is missing of a plan, check every file, and write the lock. What was fetched stays when it is interrupted.

    Raises OutputError (no space, not writable), UnavailableError (network, gated), WeightsError (a file that is not what the Hub says).
    """
    folder = repository_folder(wanted.id) / wanted.revision
    require_space(wanted.missing_bytes)
    files: dict[str, FileLock] = {}
    total, done = max(1, wanted.bytes), 0
    with _alone(wanted.id):
        for file in wanted.files:
            begin = done / total
            share = file.bytes / total
            digest = _fetched(wanted, file, folder / file.name, _part(tell, begin, share, file.name))
            files[file.name] = FileLock(bytes=file.bytes, sha256=digest)
            done += file.bytes
        lock = Lock(worldloom_lock=SCHEMA, id=wanted.id, revision=wanted.revision, licence=wanted.licence, files=files)
        write_lock(lock)
        _clear_others(lock)
    return lock


def require_space(missing_bytes: int) -> None:
    """Raise OutputError when the disk of the models folder has too little space."""
    place = models_folder()
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    if missing_bytes and free < missing_bytes + _SPARE_BYTES:
        raise OutputError(
            f"{models_folder()} has {free / 1e9:,.1f} GB free, and {(missing_bytes + _SPARE_BYTES) / 1e9:,.1f} GB are needed: "
            "free some space, or set WORLDLOOM_MODELS to another disk"
        )


def _fetched(wanted: Plan, file: Wanted, path: Path, tell: Callable[[float], None]) -> str:
    """Have the file whole at `path` and return its sha256. A begun file that turns out wrong is fetched once more from its beginning."""
    try:
        if path.is_file() and path.stat().st_size == file.bytes and (digest := _digest_if_right(path, file, tell)):
            return digest
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = part_path(path)
        begun = part.is_file()
        for last in (not begun, True):
            _download(wanted, file, part, tell)
            if digest := _digest_if_right(part, file, lambda fraction: tell(1.0)):
                _require_safe(part, wanted, file)
                part.replace(path)
                return digest
            part.unlink()
            if last:
                break
    except OSError as error:
        raise disk_error(error, path) from None
    raise WeightsError(f"{file.name} came from {host()} with another hash than the one given for it: try again")


def _require_safe(part: Path, wanted: Plan, file: Wanted) -> None:
    """Raise WeightsError for a file that came whole and is none that is ever opened; it does not stay."""
    try:
        require_safe(part, file.name, Path(file.name).suffix)
    except WeightsError as error:
        part.unlink()
        reason = str(error).partition(": ")[0]
        raise WeightsError(f"{wanted.id} cannot be used ({reason}): choose another repository") from None


def _digest_if_right(path: Path, file: Wanted, tell: Callable[[float], None]) -> str | None:
    """sha256 of a file that has the hash which the Hub gives for it, else None."""
    if path.stat().st_size != file.bytes:
        return None
    sha256, blob = hashlib.sha256(), hashlib.sha1(f"blob {file.bytes}\0".encode(), usedforsecurity=False)
    done = 0
    with path.open("rb") as source:
        while block := source.read(_BLOCK_BYTES):
            sha256.update(block)
            if file.sha256 is None:
                blob.update(block)
            done += len(block)
            tell(done / max(1, file.bytes))
    right = sha256.hexdigest() == file.sha256 if file.sha256 is not None else file.blob in (None, blob.hexdigest())
    return sha256.hexdigest() if right else None


def _download(wanted: Plan, file: Wanted, part: Path, tell: Callable[[float], None]) -> None:
    """Add to `part` until it has all bytes; after a broken connection, up to TRIES times in a row without a single byte."""
    import httpx2

    tries = 0
    while (here := part.stat().st_size if part.is_file() else 0) < file.bytes:
        tries += 1
        try:
            for size in _stream(wanted, file, part, here):
                tries = 0
                tell(size / max(1, file.bytes))
        except httpx2.TransportError as error:
            if tries >= TRIES:
                raise UnavailableError(
                    f"the connection to {host()} broke while {file.name} was fetched ({type(error).__name__}): "
                    "the same command goes on where it stopped"
                ) from None
            time.sleep(min(0.2 * 2**tries, 5.0))
        if tries >= TRIES:
            raise UnavailableError(f"{host()} sent nothing of {file.name} in {TRIES} tries: the same command goes on where it stopped")
    if here > file.bytes:
        part.unlink()  # longer than it can be: begin again
        _download(wanted, file, part, tell)
    part.touch()


def _stream(wanted: Plan, file: Wanted, part: Path, here: int) -> Iterator[int]:
    """One request for the bytes from `here` on, written as they come; yields the size that `part` has reached."""
    with told(wanted.id, wanted.revision), streamed(wanted.id, wanted.revision, file.name, here) as answer:
        goes_on = answer.status_code == 206
        size = here if goes_on else 0
        with part.open("ab" if goes_on else "wb", buffering=0) as out:
            for block in answer.iter_bytes():  # as they come: of a larger piece, what had come would be lost when the connection breaks
                size += len(block)
                if size > file.bytes:
                    raise WeightsError(f"{host()} sends more of {file.name} than the {file.bytes:,} bytes it has: try again")
                out.write(block)
                yield size


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One pull of a repository at a time."""
    from filelock import FileLock as ProcessLock
    from filelock import Timeout

    folder = repository_folder(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        guard = ProcessLock(folder / ".pulling", timeout=0)
        guard.acquire()
    except Timeout:
        raise UnavailableError(f"another process is fetching {name} already: wait for it") from None
    except OSError as error:
        raise disk_error(error, folder) from None
    try:
        yield
    finally:
        guard.release()


def _clear_others(lock: Lock) -> None:
    """Remove earlier commits of the repository, and begun files of this one."""
    keep = files_folder(lock)
    for path in repository_folder(lock.id).iterdir():
        if path.is_dir() and path != keep and re.fullmatch(r"[0-9a-f]{40}", path.name):
            shutil.rmtree(path, ignore_errors=True)
    for path in keep.rglob(".*.part"):
        path.unlink(missing_ok=True)


def _part(tell: Tell | None, begin: float, share: float, name: str) -> Callable[[float], None]:
    return lambda fraction: None if tell is None else tell(begin + share * fraction, name)
