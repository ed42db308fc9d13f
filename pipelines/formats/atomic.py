"""Output that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OutputError


def require_target(target: Path, *, overwrite: bool = False, replaceable: str = "world.json") -> None:
    """Refuse early what could not be written later: a name that is taken, a place where nothing may be written.

    With `overwrite`, a file, an empty folder, or a folder that holds `replaceable` may be replaced; any other folder is not ours to delete.
    """
    if target.is_symlink() or target.exists():
        if not overwrite:
            raise OutputError(f"{target} exists already: name another place, or allow it to be overwritten")
        if target.is_dir() and not target.is_symlink() and any(target.iterdir()) and not (target / replaceable).is_file():
            raise OutputError(f"{target} is a folder with other things in it, which are not overwritten: name another place")
    parent = _first_existing(target)
    if not parent.is_dir():
        raise OutputError(f"{parent} is a file, so nothing can be put into it: name another place than {target}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{parent} may not be written to: name another place than {target}, or change its permissions")


def _first_existing(target: Path) -> Path:
    parent = target.absolute().parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    return parent


@contextmanager
def written_whole(target: Path, *, overwrite: bool = False, replaceable: str = "world.json") -> Iterator[Path]:
    """A folder beside `target` to write into; `target` itself appears when the block ends well, by one rename.

    The block puts its result at the yielded path joined with `target.name`: a folder or a file. Whatever goes wrong, Ctrl-C included,
    nothing is left behind. Errors of the disk become OutputError.
    """
    require_target(target, overwrite=overwrite, replaceable=replaceable)
    parent = target.absolute().parent
    workshop = parent / f".{target.name[:60]}.{os.getpid():x}-{threading.get_ident():x}.part"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(workshop, ignore_errors=True)  # of a process that was killed and had the same number
        workshop.mkdir(mode=0o700)
        yield workshop
        _settle(workshop / target.name)
        _put(workshop, target, overwrite=overwrite)
    except OSError as error:
        raise _told(error, target) from error
    finally:
        _cleared(workshop)


def _cleared(workshop: Path) -> None:
    """Remove it, even when a second Ctrl-C comes while it is being removed."""
    try:
        shutil.rmtree(workshop, ignore_errors=True)
    except KeyboardInterrupt:
        shutil.rmtree(workshop, ignore_errors=True)
        raise


def _settle(result: Path) -> None:
    """Make sure that the bytes are on the disk before the name is, and readable for others as usual."""
    mask = os.umask(0)
    os.umask(mask)
    for path in [*sorted(result.rglob("*")), result] if result.is_dir() else [result]:
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put(workshop: Path, target: Path, *, overwrite: bool) -> None:
    result, old = workshop / target.name, workshop / ".replaced"
    if overwrite and (target.exists() or target.is_symlink()):
        try:
            target.rename(old)
            result.rename(target)
        except BaseException:
            if not target.exists() and old.exists():
                old.rename(target)
            raise
    elif target.exists():
        raise OutputError(f"{target} came into being in the meantime: name another place")
    else:
        result.rename(target)
    handle = os.open(target.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _told(error: OSError, target: Path) -> OutputError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"the disk is full, so {target} was not written: free some space or name another disk")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return OutputError(f"{target} may not be written there: name another place, or change its permissions")
    if error.errno == errno.ENAMETOOLONG:
        return OutputError(f"{target.name[:40]}… is too long a name: choose a shorter one")
    return OutputError(f"{target} cannot be written ({error.strerror or error}): name another place")
