"""Connections on which nothing comes, or half of something."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app import connection
from app.connection import PatientProtocol

PATIENCE_S = 0.3
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def _answer(_: object) -> PlainTextResponse:
    return PlainTextResponse("an answer")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Where a server listens that waits for the head of a request as long as PATIENCE_S."""
    monkeypatch.setattr(connection, "HEAD_S", PATIENCE_S)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=[Route("/", _answer)]), http=PatientProtocol, ws="none", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    running = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    running.start()
    yield listening.getsockname()
    server.should_exit = True
    running.join(10)
    listening.close()


def _all_that_comes(talking: socket.socket) -> bytes:
    talking.settimeout(10)
    return b"".join(iter(lambda: talking.recv(4096), b""))


def test_a_connection_opened_ahead_of_need_ends_without_a_word(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as talking:
        assert _all_that_comes(talking) == b"", "a browser would take it for the answer to what it sends just then"


@pytest.mark.parametrize("part", [b"G", REQUEST[:-2]], ids=["a letter", "all but the end"])
def test_half_a_head_is_told_why(address: tuple[str, int], part: bytes) -> None:
    with socket.create_connection(address) as talking:
        talking.sendall(part)
        said = _all_that_comes(talking)
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.endswith(b"came too slowly.")


def test_an_endless_head_is_told_before_its_time(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 60.0)
    with socket.create_connection(address) as talking:
        begun = REQUEST[:-2] + b"X: "
        talking.sendall(begun + b"x" * (connection.MOST_HEAD_BYTES + 1 - len(begun)))
        assert b"too long" in _all_that_comes(talking)


def test_a_whole_head_is_answered_however_long_the_connection_lives(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as talking:
        for _ in range(3):
            talking.sendall(REQUEST)
            talking.settimeout(10)
            said = talking.recv(4096)
            while not said.endswith(b"an answer"):
                said += talking.recv(4096)
            threading.Event().wait(PATIENCE_S)
