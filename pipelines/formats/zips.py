"""Zip archives without dates: the same contents give the same bytes."""

from __future__ import annotations

import struct
import zipfile
import zlib

ZIP_FAULTS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, OverflowError,
    struct.error, UnicodeError, ValueError, MemoryError, IndexError,
)  # fmt: skip
"""What zipfile raises on a damaged or hostile archive."""

FIRST_DATE = (1980, 1, 1, 0, 0, 0)


def entry(name: str) -> zipfile.ZipInfo:
    """An entry that is stored as it is, for everyone to read, at the first date a zip can tell."""
    info = zipfile.ZipInfo(name, FIRST_DATE)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    return info


def add_to_zip(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Store bytes that are compressed already."""
    archive.writestr(entry(name), data)
