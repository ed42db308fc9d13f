"""Network: HTTP over addresses that were looked at before they are spoken to, within one span of time.

Below the level of browsers and sessions on purpose: nothing here follows a redirect, reads a proxy from the environment, or keeps a cookie.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

from app.errors import Refusal
from app.outside.address import Destination, is_public, require_reachable, resolve

CONNECT_S = 4.0


class VettedNetwork(httpcore2.NetworkBackend):
    """Resolves a name itself and connects to what it has looked at, so that a name cannot lead elsewhere in the next moment."""

    def __init__(self, *, timeout_s: float, allow_private: bool) -> None:
        self._plain, self._timeout_s, self._allow_private = httpcore2.SyncBackend(), timeout_s, allow_private
        self._destination: Destination | None = None
        self._end_s = 0.0

    def begin(self, destination: Destination) -> None:
        """From now on `timeout_s` for all of it: every byte of a slow answer would otherwise have a time of its own."""
        self._destination, self._end_s = destination, time.monotonic() + self._timeout_s

    def left_s(self) -> float:
        """Seconds that are left; raises TimeoutException when none are."""
        left_s = self._end_s - time.monotonic()
        if left_s <= 0:
            raise httpcore2.ReadTimeout("time is up")
        return left_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to one of the host's addresses, all of which must be permitted."""
        assert self._destination is not None
        addresses = resolve(self._destination)
        require_reachable(self._destination, addresses, allow_private=self._allow_private)
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._plain.connect_tcp(address, self._destination.port, min(CONNECT_S, self.left_s()))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            if not self._allow_private and not is_public(stream.get_extra_info("server_addr")[0].partition("%")[0]):
                stream.close()
                raise Refusal("invalid_request", "the connection ended on a private address")
            return _TimedStream(stream, self)
        raise failure or httpcore2.ConnectError("no address")


class _TimedStream(httpcore2.NetworkStream):
    """A stream whose every wait ends when the time of the whole exchange is up."""

    def __init__(self, stream: httpcore2.NetworkStream, network: VettedNetwork) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes."""
        return self._stream.read(max_bytes, self._network.left_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """All bytes."""
        self._stream.write(buffer, self._network.left_s())

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """The same with TLS; the certificate must be for the host of the URL."""
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._network.left_s()), self._network)

    def get_extra_info(self, info: str) -> Any:
        """What the plain stream says."""
        return self._stream.get_extra_info(info)
