"""Credentials: what an API key looks like, what is stored of it, and what it may open. Commands need this, and no web framework for it."""

from __future__ import annotations

import re
import secrets
import zlib
from contextlib import suppress

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.signing import Signer
from app.tables import Tenant

READ, WRITE, ADMIN = "read", "write", "admin"
SCOPES = (READ, WRITE, ADMIN)
PREFIX = "wl_"

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _CHECK = 37, 6
_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}")


def new_key() -> str:
    """A key: its prefix and checksum let secret scanners find it where it should not be."""
    word = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return f"{PREFIX}{word}{_checksum(word)}"


def _checksum(word: str) -> str:
    number, digits = zlib.crc32(word.encode()), ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def looks_like_key(text: str) -> bool:
    """Whether a text is a key of this service by shape and checksum."""
    return _KEY.fullmatch(text) is not None and _checksum(text[len(PREFIX) : -_CHECK]) == text[-_CHECK:]


def digest_of(signer: Signer, key: str) -> bytes:
    """What is stored of a key."""
    return signer.digest("api-key", key.encode())


def ensure_tenant(session: Session, name: str, *, tenant_id: str) -> None:
    """Make a tenant unless it is there, or another process makes it at this moment."""
    if session.get(Tenant, tenant_id) is None:
        with suppress(IntegrityError), session.begin_nested():
            session.add(Tenant(id=tenant_id, name=name))
