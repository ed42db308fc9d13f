"""Where results go: refused before the work when they cannot be written there, and moved into place only when whole."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.errors import OutputError

MAX_SLUG_CHARACTERS = 48
_MARK = "world.json"  # a folder with this file is a world package, and only such a folder is ever replaced


def folder_for(prompt: str, seed: int) -> Path:
    """worlds/<the prompt's words>-<seed>."""
    ascii_text = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if len(slug) > MAX_SLUG_CHARACTERS:
        slug = slug[: MAX_SLUG_CHARACTERS + 1].rpartition("-")[0] or slug[:MAX_SLUG_CHARACTERS]
    return Path("worlds") / f"{slug or 'world'}-{seed}"


def require_new_folder(folder: Path, *, force: bool = False) -> None:
    """Refuse a folder that exists (with `force`: that is no world) or that cannot be made."""
    if folder.exists():
        if not force:
            raise OutputError(f"{folder} exists already: name another folder with --output, or replace that world with --force")
        if not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARK).is_file()):
            raise OutputError(f"{folder} is not a world, so --force does not replace it: name another folder with --output")
    _require_writable(folder)


def require_new_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file whose ending says another format, or that cannot be made there. Existing files are replaced."""
    if path.suffix.lower() not in suffixes:
        raise OutputError(f"{path} cannot be written: let its name end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file")
    _require_writable(path)


def _require_writable(path: Path) -> None:
    ancestor = path.absolute().parent
    while not ancestor.exists():
        ancestor = ancestor.parent
    if not ancestor.is_dir():
        raise OutputError(f"{path} cannot be made: {ancestor} is a file, not a folder")
    if not os.access(ancestor, os.W_OK | os.X_OK):
        raise OutputError(f"{path} cannot be made: the folder {ancestor} is not writable for you")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes the place of `folder` when the block ends well; `require_new_folder` has agreed to that."""
    if not folder.exists():
        yield folder
        return
    fresh, old = (folder.with_name(f".{folder.name}.{word}-{os.getpid()}") for word in ("new", "old"))
    try:
        yield fresh
        folder.rename(old)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, with the same ending, that takes its name when the block ends well and vanishes otherwise."""
    draft = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
