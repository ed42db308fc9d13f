"""Raw uploads: where they wait for their inspection, the folder to work in, and whether they are what was announced."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.settings import Settings
from app.tables import MediaAsset

LEFTOVER_S = 86_400


def raw_key(asset: MediaAsset) -> str:
    """Where an upload waits for its inspection. No row names it by a sha256, so the household removes it when it is left behind."""
    return f"{asset.tenant_id}/uploads/{asset.id}"


def mismatch(asset: MediaAsset, size: int, sha256: str) -> str | None:
    """What differs from the announcement; nothing where all is as announced, or nothing was."""
    if asset.declared_bytes is not None and size != asset.declared_bytes:
        return f"{size:,} bytes arrived and {asset.declared_bytes:,} were announced: send the whole file"
    if asset.declared_sha256 is not None and sha256 != asset.declared_sha256:
        return f"the file has the sha256 {sha256}, which is not the one that was announced: send the right file"
    return None


def sha256_of(path: Path) -> str:
    """The digest of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def working_folder(settings: Settings) -> Iterator[Path]:
    """A folder of one's own, gone at the end; what a killed process left behind a day ago goes, too."""
    place = (settings.data / "uploads").absolute()
    place.mkdir(parents=True, exist_ok=True)
    for old in place.iterdir():
        if _age_s(old) > LEFTOVER_S:
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # its owner is done
        return 0.0
