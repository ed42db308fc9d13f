"""Signatures: what an upload really is, by its first bytes; its name and extension count for nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

HEAD_BYTES = 4_096

PICTURES = ("png", "jpeg", "webp", "exr")
VIDEOS = ("mp4", "mov", "webm")

_BEGINNINGS: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"\x76\x2f\x31\x01": "exr",
    b"GIF8": "a GIF picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"8BPS": "a Photoshop file",
    b"%!PS": "a PostScript file",
    b"\xc5\xd0\xd3\xc6": "a PostScript file",
    b"%PDF": "a PDF",
    b"BM": "a BMP picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"#EXTM3U": "a playlist",
    b"ffconcat": "a playlist",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
}
_STILL_BRANDS: Mapping[bytes, str] = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
}
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")


class Rejected(Exception):  # noqa: N818 - a verdict, not a fault
    """Why a file is not taken: one sentence with the cure."""


def type_of(path: Path, kind: str) -> str:
    """One of PICTURES or VIDEOS, as `kind` (image, video) allows; raises Rejected for anything else."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = name_of(head)
    if found in (PICTURES if kind == "image" else VIDEOS):
        return found
    if found in PICTURES:
        raise Rejected(f"this is a picture ({found}), and a video was announced: prepare it with the kind image")
    if found in VIDEOS:
        raise Rejected(f"this is a video ({found}), and a picture was announced: prepare it with the kind video")
    wanted = "PNG, JPEG or WebP, or a depth panorama as EXR" if kind == "image" else "MP4, MOV or WebM"
    what = f"this is {found}" if found else "this is no picture or video that is known here"
    raise Rejected(f"{what}: send {wanted}")


def name_of(head: bytes) -> str:
    """The type, or what else it is, with its article; nothing when it is not known."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return _STILL_BRANDS.get(brand) or ("a HEIC picture" if brand in (b"mif1", b"msf1") else "mov" if brand == b"qt  " else "mp4")
    if head[4:8] in _OLD_QUICKTIME:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "webm" if b"webm" in head[:64] else "a Matroska video"
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    return "an SVG or HTML text" if re.match(rb"(\xef\xbb\xbf)?\s*<[?!a-zA-Z]", head) else ""
