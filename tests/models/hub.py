"""A stand-in for the Hub on 127.0.0.1: the few routes that a pull asks, and the ways in which they go wrong."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

LARGE_BYTES = 1_000  # files from this size on lie in large storage, and are known by their sha256


@dataclass
class Repository:
    """What one repository holds.

    broken: file → bytes after which every answer ends.  stalls: file → bytes after which an answer waits for `Hub.go_on`.
    wrong: file → bytes that are sent instead.
    """

    files: dict[str, bytes]
    licence: str | None = "apache-2.0"
    gated: bool = False
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    broken: dict[str, int] = field(default_factory=dict)
    stalls: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Hub:
    """The server's address, its repositories, and every request for a file: (path, first byte asked for)."""

    url: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    page: bytes | None = None  # what a portal says to everything
    stalled: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub for the time of the block."""
    hub = Hub("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        """Be quiet."""

    def do_GET(self) -> None:
        if self.hub.page is not None:
            self._send(200, self.hub.page, {"Content-Type": "text/html"})
            return
        path = unquote(urlsplit(self.path).path)
        about = re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        repository = self.hub.repositories.get((about or file or {1: ""})[1])
        if repository is None:
            self._refuse(401, "RepoNotFound")  # what the Hub says to strangers, so that they do not learn which names exist
        elif about and about[2] not in ("main", repository.commit):
            self._refuse(404, "RevisionNotFound")
        elif about:
            self._send(200, json.dumps(_facts(about[1], repository)).encode(), {"Content-Type": "application/json"})
        elif file and repository.gated:
            self._refuse(403, "GatedRepo")
        elif file and file[2] == repository.commit and file[3] in repository.files:
            self._give(repository, file[3])
        else:
            self._refuse(404, "EntryNotFound")

    def _give(self, repository: Repository, name: str) -> None:
        data = repository.wrong.get(name, repository.files[name])
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        begin = int(wanted[1]) if wanted else 0
        self.hub.asked.append((name, begin))
        headers = {"X-Repo-Commit": repository.commit, "ETag": f'"{_sha256(repository.files[name])}"'}
        if wanted:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        limit = repository.broken.get(name, repository.stalls.get(name))
        if limit is None:
            self._send(206 if wanted else 200, data[begin:], headers)
        else:
            self.send_response(206 if wanted else 200)
            for key, value in {**headers, "Content-Length": str(len(data) - begin)}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data[begin : begin + limit])
            self.wfile.flush()
            if name in repository.stalls:
                self.hub.stalled.set()
                self.hub.go_on.wait(120)
            self.close_connection = True

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code})

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)


def _facts(name: str, repository: Repository) -> dict[str, Any]:
    siblings = []
    for file, data in repository.files.items():
        blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        sibling: dict[str, Any] = {"rfilename": file, "size": len(data), "blobId": blob}
        if len(data) >= LARGE_BYTES:
            sibling["lfs"] = {"sha256": _sha256(data), "size": len(data), "pointerSize": 134}
        siblings.append(sibling)
    return {
        "id": name,
        "sha": repository.commit,
        "private": False,
        "gated": "manual" if repository.gated else False,
        "tags": [],
        "cardData": {"license": repository.licence} if repository.licence else None,
        "siblings": siblings,
    }


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
