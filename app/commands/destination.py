"""Where results go: named after the words, refused before the work when they cannot be written, with the option that helps."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.errors import InputError, OutputError
from pipelines.formats import require_target, written_whole

MAX_SLUG_CHARACTERS = 48


def folder_for(prompt: str, seed: int) -> Path:
    """worlds/<the prompt's words>-<seed>."""
    ascii_text = unicodedata.normalize("NFKD", re.sub("['’]", "", prompt)).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")
    if len(slug) > MAX_SLUG_CHARACTERS:
        slug = slug[: MAX_SLUG_CHARACTERS + 1].rpartition("-")[0] or slug[:MAX_SLUG_CHARACTERS]
    return Path("worlds") / f"{slug or 'world'}-{seed}"


def require_new_world(target: Path, *, force: bool = False) -> None:
    """Refuse a place that is taken (with `force`: by something that is no world) or where nothing can be written."""
    if target.exists() and not force:
        raise OutputError(f"{target} exists already: name another place with --output, or replace what is there with --force")
    if target.is_file() and target.suffix.lower() != ".zip":
        raise OutputError(f"{target} is a file: name a folder, or a .zip, with --output")
    require_target(target, overwrite=force)
    _try_to_write_beside(target)


def _try_to_write_beside(target: Path) -> None:
    """Permissions do not tell everything (read-only disks, /proc, full disks): make and remove an empty folder."""
    parent = target.absolute().parent
    while not parent.exists():
        parent = parent.parent
    try:
        with TemporaryDirectory(prefix=".worldloom-", dir=parent):
            pass
    except OSError as error:
        raise OutputError(f"{target} cannot be made in {parent} ({error.strerror or error}): name another place with --output") from error


def require_new_file(path: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse a file whose ending says another format, or that cannot be made there. An existing file will be replaced."""
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{path} cannot be written: let its name end in {' or '.join(suffixes)}")
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file")
    require_target(path, overwrite=True)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write that takes the place of `path` when the block ends well, and vanishes otherwise."""
    with written_whole(path, overwrite=True) as workshop:
        yield workshop / path.name
