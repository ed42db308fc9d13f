"""Connection: HTTP connections on which the head of a request may be neither slow nor endless."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 20.0
MOST_HEAD_BYTES = 64 << 10


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, which by itself would wait for the end of a head, and keep what there is of it, for ever.

    Between two requests on one connection uvicorn's keep-alive time counts; how slow a body may be is the gate's business.
    """

    _patience: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Read on; what is left over of a head counts."""
        super().data_received(data)
        if self._patience is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._give_up()

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._have_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing will come."""
        self._have_head()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        if self._patience is None:
            self._head_bytes = 0
            self._patience = self.loop.call_later(HEAD_S, self._give_up)

    def _have_head(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._have_head()
        if self.transport.is_closing():
            return
        if self._head_bytes:
            self.send_400_response("The head of the request is too long, or came too slowly.")
        else:
            # Browsers open connections ahead of need. A word on one would be taken for the answer to the request that is sent just then;
            # where it only ends, they send that request again.
            self.transport.close()
