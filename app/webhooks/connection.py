"""Connection: one message to one receiver, over an address that was looked at before it was spoken to, within one span of time.

Below the level of browsers and sessions on purpose: nothing here follows a redirect, reads a proxy from the environment, or keeps a cookie.
"""

from __future__ import annotations

import contextlib
import ssl
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

import httpcore2

from app.errors import Refusal
from app.webhooks.address import Destination, destination_of, is_public, require_reachable, resolve

TIMEOUT_S = 10.0
CONNECT_S = 4.0
MOST_READ_BYTES = 1_024


class NotDelivered(Exception):  # noqa: N818 - what happened, not an error of ours
    """The message did not arrive; its text says why."""


class Connection:
    """A line to one webhook's receiver, kept open between messages. Not for several threads at once."""

    def __init__(self, url: str, *, tls: ssl.SSLContext, allow_private: bool) -> None:
        self._url, self._allow_private = url, allow_private
        self._network = _VettedNetwork(allow_private=allow_private)
        self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=self._network, max_connections=1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.close()

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send JSON; the status of the answer, whose body is left unread but for its beginning. Raises NotDelivered."""
        try:
            destination = destination_of(self._url, allow_private=self._allow_private)
            self._network.begin(destination)
            sent: list[tuple[bytes | str, bytes | str]] = [
                ("Host", destination.authority),
                ("Content-Type", "application/json"),
                *headers.items(),
            ]
            with self._pool.stream("POST", destination.url, headers=sent, content=body) as answer:
                with contextlib.suppress(httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError):
                    _read_beginning(answer.iter_stream())
                return answer.status
        except Refusal as error:
            raise NotDelivered(str(error)) from error
        except httpcore2.TimeoutException as error:
            raise NotDelivered(f"no answer within {TIMEOUT_S:g} s") from error
        except (httpcore2.NetworkError, OSError) as error:
            raise NotDelivered(f"no connection: {error}") from error
        except httpcore2.ProtocolError as error:
            raise NotDelivered("the answer is not HTTP") from error


def _read_beginning(stream: Iterable[bytes]) -> None:
    """A short answer is read to its end, so that the line can be used again; a long one is hung up on."""
    read_bytes = 0
    for chunk in stream:
        read_bytes += len(chunk)
        if read_bytes > MOST_READ_BYTES:
            return


class _VettedNetwork(httpcore2.NetworkBackend):
    """Resolves a name itself and connects to what it has looked at, so that a name cannot lead elsewhere in the next moment."""

    def __init__(self, *, allow_private: bool) -> None:
        self._plain, self._allow_private = httpcore2.SyncBackend(), allow_private
        self._destination: Destination | None = None
        self._end_s = 0.0

    def begin(self, destination: Destination) -> None:
        """From now on TIMEOUT_S for all of it: every byte of a slow answer would otherwise have a time of its own."""
        self._destination, self._end_s = destination, time.monotonic() + TIMEOUT_S

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
    """A stream whose every wait ends when the time of the whole message is up."""

    def __init__(self, stream: httpcore2.NetworkStream, network: _VettedNetwork) -> None:
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
