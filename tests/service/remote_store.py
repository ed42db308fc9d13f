"""An S3 on this machine, and a door before it that can be shut, guarded, or slow."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BUCKET = "worlds"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "someone", "AWS_SECRET_ACCESS_KEY": "something", "AWS_REGION": "us-east-1"}
SLOW_S = 1.0


@dataclass
class RemoteStore:
    """address: of the door.  mode: open, away (503), denied (403) or slow."""

    address: str
    behind: str
    mode: str = "open"
    passed: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """What a service needs in its environment to keep its files here."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.address, "WORLDLOOM_STORE_URL": f"s3://{BUCKET}/files"}

    def files(self) -> set[str]:
        """Keys of all files, as another program sees them."""
        import boto3  # type: ignore[import-untyped]

        client = boto3.client(
            "s3", endpoint_url=self.behind, aws_access_key_id="someone", aws_secret_access_key="something", region_name="us-east-1"
        )
        found = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {entry["Key"].removeprefix("files/") for entry in found}


@contextmanager
def remote_store() -> Iterator[RemoteStore]:
    """A store for one test."""
    import httpx2 as httpx
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    door = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
    door.daemon_threads = True
    store = RemoteStore(f"http://127.0.0.1:{door.server_address[1]}", f"http://{host}:{port}")
    door.store = store  # type: ignore[attr-defined]
    httpx.post(f"{store.behind}/moto-api/reset")  # what other tests of this process kept: all its servers share one memory
    assert httpx.put(f"{store.behind}/{BUCKET}").status_code == 200
    thread = threading.Thread(target=door.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        door.shutdown()
        door.server_close()
        thread.join()
        httpx.post(f"{store.behind}/moto-api/reset")
        moto.stop()


class _Door(BaseHTTPRequestHandler):
    """Passes requests on, or does not."""

    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        store: RemoteStore = self.server.store  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if store.mode in ("away", "denied"):
            status, code = (503, "SlowDown") if store.mode == "away" else (403, "InvalidAccessKeyId")
            self._answer(status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode())
            return
        if store.mode == "slow":
            time.sleep(SLOW_S)
        store.passed.append(self.command)
        connection = http.client.HTTPConnection(store.behind.removeprefix("http://"), timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in ("transfer-encoding", "connection")}
        self._answer(answer.status, kept, answer.read())
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "date", "server"):
                self.send_header(name, value)
        length = headers.get("Content-Length", headers.get("content-length")) if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - as its base class names them

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""
