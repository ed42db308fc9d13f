"""Asking: what tests say to a service, and what every refusal must look like."""

from __future__ import annotations

import socket
import tempfile
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

from app.commands.serve import settings_with
from app.database import Database
from app.errors import STATUS
from app.identity import TENANT, new_id
from app.keys.service import create_key
from app.main import create_app
from app.settings import Settings
from app.signing import Signer
from tests.service.running import Service


@cache
def description() -> dict[str, Any]:
    """Our OpenAPI description, as a service that demands keys gives it."""
    with tempfile.TemporaryDirectory() as folder:
        return create_app(Settings.model_validate({"data": folder, "require_keys": True})).openapi()


def problem(answer: httpx.Response, code: str, *, canary: str = "") -> dict[str, Any]:
    """The body of a refusal, when it is a good one: RFC 9457, with our code, its status, and the request's id, and without the input."""
    assert answer.headers["Content-Type"] == "application/problem+json", (answer.status_code, answer.text[:500])
    body: dict[str, Any] = answer.json()
    assert (body["code"], answer.status_code) == (code, STATUS[code]), body
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert body["type"].endswith(code.replace("_", "-"))
    assert body["title"]
    assert body["detail"][0].islower() or not body["detail"][0].isalpha(), body["detail"]
    assert len(answer.content) < 8_000
    assert not canary or canary not in answer.text, f"the input comes back: {answer.text[:300]}"
    if answer.status_code in (429, 503, 507):
        assert int(answer.headers["Retry-After"]) >= 1
    return body


@dataclass(frozen=True)
class Tenant:
    """A tenant of a service that demands keys, made without a request."""

    service: Service
    id: str
    name: str

    @classmethod
    def new(cls, service: Service) -> Tenant:
        """A tenant that nobody else has."""
        name = new_id(TENANT)
        tenant = cls(service, "", name)
        return cls(service, tenant.key_row()[0], name)

    def key_row(self, **options: Any) -> tuple[str, str, str]:
        """(tenant's id, key's id, key); options as of `create_key`."""
        settings = settings_with(data=self.service.data)
        database = Database(settings.database)
        try:
            row, key = create_key(database, Signer(settings.signing_key()), name="test", tenant=self.name, **options)
            return row.tenant_id, row.id, key
        finally:
            database.close()

    def client(self, **options: Any) -> httpx.Client:
        """A client with a new key; options as of `create_key`."""
        options.setdefault("scopes", ("read", "write", "admin"))
        return self.service.client(self.key_row(**options)[2])


def said_raw(address: str, head: bytes, *, timeout_s: float = 60) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of what comes back for bytes that no client library would send; the answer must end the connection."""
    with connected(address, timeout_s=timeout_s) as line:
        line.sendall(head)
        return heard(line)


def connected(address: str, *, timeout_s: float = 60) -> socket.socket:
    """A bare connection."""
    where = urlsplit(address)
    return socket.create_connection((where.hostname or "", where.port or 80), timeout=timeout_s)


def heard(line: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of one answer, read until its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65_536)
        if not more:
            raise ConnectionError(f"the line was closed after {data[:200]!r}")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += line.recv(65_536)
    return int(first.split()[1]), headers, body
