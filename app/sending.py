"""Sending: files of the disk as answers, with ETags, ranges, and 304 for those who have them already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from fastapi import Response
from fastapi.responses import FileResponse
from starlette.responses import MalformedRangeHeader, RangeNotSatisfiable
from starlette.types import Receive, Scope, Send

from app.errors import Refusal

YEAR_S = 31_536_000
CHUNK_BYTES = 1 << 20
_RANGES = re.compile(r"bytes *= *[0-9]*-[0-9]*( *, *[0-9]*-[0-9]*)*", re.IGNORECASE)
_KEPT = ("etag", "cache-control", "vary")  # what a 304 says again


class SentFile(FileResponse):
    """A file under an ETag: ranges, If-Range and If-None-Match."""

    chunk_size = CHUNK_BYTES

    def __init__(self, path: Path, *, etag: str, media_type: str, headers: Mapping[str, str], name: str | None = None) -> None:
        super().__init__(path, headers={**headers, "etag": etag}, media_type=media_type, filename=name, content_disposition_type="inline")
        self._etag = etag

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 304 where the client has it already."""
        asked = dict(scope["headers"]).get(b"if-none-match", b"").decode("latin-1")
        if asked and (asked.strip() == "*" or self._etag in [one.strip().removeprefix("W/") for one in asked.split(",")]):
            kept = {name: value for name, value in self.headers.items() if name in _KEPT}
            await Response(status_code=304, headers=kept)(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        """What Starlette makes of a Range header, except that one without sense is as good as none (RFC 9110, 14.2)."""
        if not _RANGES.fullmatch(http_range):
            return []
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader:
            return []
        except RangeNotSatisfiable as error:
            sentence = f"the file has {file_size:,} bytes and the range begins behind them: ask for less"
            raise Refusal("range_not_satisfiable", sentence, headers={"Content-Range": f"bytes */{file_size}"}) from error
