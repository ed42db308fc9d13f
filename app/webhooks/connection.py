"""Connection: one message to one receiver, over an address that was looked at before it was spoken to, within one span of time."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterable, Mapping
from types import TracebackType

import httpcore2

from app.errors import Refusal
from app.outside.address import destination_of
from app.outside.network import VettedNetwork
from app.webhooks import ERRAND

TIMEOUT_S = 10.0
MOST_READ_BYTES = 1_024


class NotDelivered(Exception):  # noqa: N818 - what happened, not an error of ours
    """The message did not arrive; its text says why."""


class Connection:
    """A line to one webhook's receiver, kept open between messages. Not for several threads at once."""

    def __init__(self, url: str, *, tls: ssl.SSLContext, allow_private: bool) -> None:
        self._url, self._allow_private = url, allow_private
        self._network = VettedNetwork(timeout_s=TIMEOUT_S, allow_private=allow_private)
        self._pool = httpcore2.ConnectionPool(ssl_context=tls, network_backend=self._network, max_connections=1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.close()

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Send JSON; the status of the answer, whose body is left unread but for its beginning. Raises NotDelivered."""
        try:
            destination = destination_of(self._url, ERRAND, allow_private=self._allow_private)
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
