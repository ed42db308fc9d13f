"""A language model as reader: against a server of ours on 127.0.0.1 that answers well, badly, slowly, and never."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pipelines.errors import SpecError
from pipelines.language import read
from pipelines.language.llm import MAX_ANSWER_BYTES, ModelSettings, checked
from pipelines.things import Library

KEY = "sk-very-secret"
GOOD = {
    "place": "forest", "time_of_day": "night", "view": "balcony",
    "things": [
        {"name": "hut", "kind": "log cabin", "phrase": "a hut", "parts": [{"name": "door", "colour": "red"}]},
        {"name": "table", "kind": "table", "relations": [{"relation": "beside", "objects": ["hut"], "distance_m": 3}]},
    ],
    "unmatched": ["a griffin"],
}  # fmt: skip
PROMPT = "a forest at night with a table"
Answer = Callable[[BaseHTTPRequestHandler, dict[str, Any], int], None]


class StandIn:
    """A chat endpoint that answers each request by the next of some functions, the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append(body)
                outer.headers.append(dict(self.headers))
                number = len(outer.requests) - 1
                try:
                    answers[min(number, len(answers) - 1)](self, body, number)
                except (BrokenPipeError, ConnectionResetError):
                    return

            def log_message(self, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def says(content: object, status: int = 200) -> Answer:
    """Answers with this content of the first choice; what is no text is written as JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return raw(json.dumps({"choices": [{"message": {"content": text}}]}).encode(), status)


def raw(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, request: dict[str, Any], number: int) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def dribbles(handler: BaseHTTPRequestHandler, request: dict[str, Any], number: int) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def sleeps(handler: BaseHTTPRequestHandler, request: dict[str, Any], number: int) -> None:
    time.sleep(5)


@pytest.fixture
def library() -> Library:
    return Library.load()


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., StandIn]]:
    servers: list[StandIn] = []

    def start(*answers: Answer, timeout_s: float = 20) -> StandIn:
        servers.append(StandIn(*answers))
        monkeypatch.setenv("WORLDLOOM_LLM_URL", servers[-1].url)
        monkeypatch.setenv("WORLDLOOM_LLM_MODEL", "stand-in")
        monkeypatch.setenv("WORLDLOOM_LLM_KEY", KEY)
        monkeypatch.setenv("WORLDLOOM_LLM_TIMEOUT_S", str(timeout_s))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_a_good_answer_is_taken(model: Callable[..., StandIn], library: Library) -> None:
    server = model(says(GOOD))
    reading = read(PROMPT, library)
    assert [thing.kind for thing in reading.spec.things] == ["log cabin", "table"]
    assert reading.spec.things[0].parts[0].colour == "red"
    assert reading.spec.things[1].relations[0].distance_m == 3
    assert reading.spec.things[1].phrase, "a thing without a phrase would count as brought along by the place"
    assert reading.spec.unmatched == ("a griffin",)
    assert reading.notes == ("read by the language model 'stand-in'",)
    (request,) = server.requests
    assert request["model"] == "stand-in"
    assert request["messages"][1] == {"role": "user", "content": PROMPT}
    assert request["response_format"]["type"] == "json_schema"
    assert all(name in request["messages"][0]["content"] for name in ("log cabin", "mountain lake", "rusty_iron", "turquoise"))
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_fenced_answer_is_taken(model: Callable[..., StandIn], library: Library) -> None:
    model(says("Here you are:\n```json\n" + json.dumps(GOOD) + "\n```"))
    assert read(PROMPT, library).spec.place == "forest"


@pytest.mark.parametrize(
    ("bad", "hint"),
    [
        ("I would rather talk about the weather.", "no JSON object"),
        ('{"place": "forest", ', "no JSON object"),
        ({**GOOD, "place": "forrest"}, "'forrest'"),
        ({**GOOD, "things": [{"name": "x", "kind": "log cabinn"}]}, "'log cabin'"),
        ({**GOOD, "things": [{"name": "x", "kind": "table", "colour": "octarine"}]}, "octarine"),
        ({**GOOD, "things": [{"name": "x", "kind": "table", "position": [1, 2, 3]}]}, "position"),
        ({**GOOD, "things": [{"name": "x", "kind": "table", "relations": [{"relation": "on", "objects": ["y"]}]}]}, "'y'"),
    ],
)
def test_a_bad_answer_is_repaired(model: Callable[..., StandIn], library: Library, bad: object, hint: str) -> None:
    server = model(says(bad), says(bad), says(GOOD))
    assert [thing.kind for thing in read(PROMPT, library).spec.things] == ["log cabin", "table"]
    assert len(server.requests) == 3
    assert hint in server.requests[1]["messages"][-1]["content"], "the model is told what was wrong"


@pytest.mark.parametrize(
    ("answers", "requests", "why"),
    [
        ((says("no"),), 3, "gave no usable specification"),
        ((raw(b"<html>busy</html>"),), 1, "no JSON"),
        ((raw(b'{"choices": []}'),), 1, "another form"),
        ((raw(b'{"choices": [{"message": {"content": null}}]}'),), 1, "without any text"),
        ((raw(b"", 500),), 1, "HTTP 500"),
        ((raw(b"", 401),), 1, "HTTP 401"),
        ((raw(b"", 302, {"Location": "http://127.0.0.1:9/elsewhere"}),), 1, "HTTP 302"),
        ((raw(b" " * (MAX_ANSWER_BYTES + 1)),), 1, "more than a megabyte"),
    ],
)
def test_the_grammar_reads_when_the_model_fails(
    model: Callable[..., StandIn], library: Library, answers: tuple[Answer, ...], requests: int, why: str
) -> None:
    server = model(*answers)
    reading = read(PROMPT, library)
    assert (reading.spec.place, reading.spec.time_of_day) == ("forest", "night")
    assert [thing.kind for thing in reading.spec.things] == ["table"]
    assert why in reading.notes[0] and "the grammar read the words" in reading.notes[0]
    assert KEY not in " ".join(reading.notes)
    assert len(server.requests) == requests


def test_an_endpoint_without_schemas_is_asked_without_one(model: Callable[..., StandIn], library: Library) -> None:
    server = model(raw(b"unknown field", 400), says(GOOD))
    assert len(read(PROMPT, library).spec.things) == 2
    assert "response_format" in server.requests[0] and "response_format" not in server.requests[1]


@pytest.mark.parametrize("answer", [sleeps, dribbles])
def test_a_slow_model_is_not_waited_for(model: Callable[..., StandIn], library: Library, answer: Answer) -> None:
    model(answer, timeout_s=0.6)
    begun = time.monotonic()
    reading = read(PROMPT, library)
    assert "did not answer in time" in reading.notes[0]
    assert reading.spec.place == "forest"
    assert time.monotonic() - begun < 4.5


def test_a_model_that_is_not_there(monkeypatch: pytest.MonkeyPatch, library: Library) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("WORLDLOOM_LLM_URL", f"http://127.0.0.1:{port}")
    assert "cannot be reached" in read(PROMPT, library).notes[0]
    monkeypatch.setenv("WORLDLOOM_LLM_URL", "file:///etc/hostname")
    assert "does not begin with http" in read(PROMPT, library).notes[0]


def test_without_an_address_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLDLOOM_LLM_URL", raising=False)
    assert ModelSettings.from_environment() is None
    assert ModelSettings.from_environment({"WORLDLOOM_LLM_URL": "http://x", "WORLDLOOM_LLM_TIMEOUT_S": "soon"}) is not None


def test_the_key_shows_nowhere() -> None:
    settings = ModelSettings.from_environment({"WORLDLOOM_LLM_URL": "http://x/v1/", "WORLDLOOM_LLM_KEY": KEY})
    assert settings is not None and settings.key == KEY
    assert KEY not in repr(settings)
    assert settings.endpoint == "http://x/v1/chat/completions"


def test_materials_are_checked(library: Library) -> None:
    with pytest.raises(SpecError, match="mithril"):
        checked(json.dumps({"place": "forest", "things": [{"name": "x", "kind": "table", "material": "mithril"}]}), library)
