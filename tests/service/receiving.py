"""A real HTTP server on this machine that webhooks are sent to, and that answers as a test wants."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Message:
    """A request as it came in. headers: names in lower case.  number: 0 for the first one of this receiver."""

    path: str
    headers: dict[str, str]
    body: bytes
    number: int


Answer = int | tuple[int, dict[str, str], bytes]
"""A status, or (status, headers, body)."""


class Receiver:
    """Keeps every message and answers it with `respond`, which may also wait."""

    def __init__(self, respond: Callable[[Message], Answer] = lambda message: 204, *, certificate: str | None = None) -> None:
        receiver = self
        self.messages: list[Message] = []
        self.connections = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                receiver.connections += 1
                super().setup()

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ValueError):  # the other side hung up, or the server was closed under it
                    self.close_connection = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = Message(self.path, {k.lower(): v for k, v in self.headers.items()}, body, len(receiver.messages))
                receiver.messages.append(message)
                answer = respond(message)
                status, headers, content = answer if isinstance(answer, tuple) else (answer, {}, b"")
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:  # whoever follows a redirect may come with GET
                self.headers["Content-Length"] = self.headers["Content-Length"] or "0"
                self.do_POST()

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # handshakes that a test makes fail

        self._server = Server(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]
        self.url = f"http{'s' if certificate else ''}://localhost:{self.port}/hooks?of=test"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, count: int, *, within_s: float = 60) -> list[Message]:
        """The first `count` messages, once they are there."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            if len(self.messages) >= count:
                return self.messages[:count]
            time.sleep(0.05)
        raise AssertionError(f"{len(self.messages)} of {count} messages came in {within_s} s")
