"""Signing: what the service hands out and takes back unchanged: page cursors, and links to files and for uploads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any

SIGNATURE_BYTES = 18
_END = re.compile(r"[1-9a-f][0-9a-f]{0,15}")


class Signer:
    """Signs with one secret; each purpose has a signature of its own, so that a cursor is never a link."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def digest(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 of `data` for one purpose."""
        return hmac.new(self._secret, purpose.encode() + b"\0" + data, hashlib.sha256).digest()

    def seal(self, purpose: str, value: Any) -> str:
        """A value as an opaque, signed, URL-safe text."""
        data = json.dumps(value, separators=(",", ":")).encode()
        return _text(data + self.digest(purpose, data)[:SIGNATURE_BYTES])

    def unseal(self, purpose: str, text: str) -> Any:
        """The value of a sealed text; None when it is forged or cut."""
        try:
            raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except (ValueError, UnicodeEncodeError):
            return None
        if _text(raw) != text:  # the decoder passes over characters that are none of its own
            return None
        data, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self.digest(purpose, data)[:SIGNATURE_BYTES]):
            return None
        return json.loads(data)

    def ticket(self, purpose: str, subject: str, *, lasts_s: int) -> str:
        """`<end>-<signature>`: leave to do one thing with one subject. The end is rounded up, so that a link stays the same for a while."""
        step = max(lasts_s // 7, 1)
        end = (int(time.time()) // step + 1) * step + lasts_s
        return f"{end:x}-{self._mark(purpose, subject, end)}"

    def file_address(self, world_id: str, name: str, *, lasts_s: int) -> str:
        """The path of a link to a file of a world; it stays the same for a while, so that caches work."""
        return f"/v1/files/{world_id}/{self.ticket('file', f'{world_id}/{name}', lasts_s=lasts_s)}/{name}"

    def admits(self, purpose: str, subject: str, ticket: str) -> bool:
        """Whether a ticket is genuine and not yet over."""
        end, _, mark = ticket.partition("-")
        if not _END.fullmatch(end):
            return False
        moment = int(end, 16)
        return hmac.compare_digest(mark.encode(), self._mark(purpose, subject, moment).encode()) and time.time() <= moment

    def _mark(self, purpose: str, subject: str, end: int) -> str:
        return _text(self.digest(purpose, f"{end:x}/{subject}".encode())[:SIGNATURE_BYTES])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")
