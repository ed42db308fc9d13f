"""`worldloom doctor` tells the truth about the service on this machine, quickly, and leaves everything as it was."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.service.running import Service, environment

NEVER_STARTED = {"settings": "good", "database": "good", "files": "good", "workers": "good"}


def doctor(folder: Path, *arguments: str | Path, **settings: str) -> tuple[int, dict[str, tuple[str, str]]]:
    """(exit code, subject → (state, sentence)) of the real command in `folder`."""
    words = [sys.executable, "-m", "app.cli", "doctor", "--json", *map(str, arguments)]
    done = subprocess.run(words, cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == ""
    return done.returncode, {found["subject"]: (found["state"], found["finding"]) for found in json.loads(done.stdout)}


def test_a_service_that_was_never_started_is_no_fault(tmp_path: Path) -> None:
    code, found = doctor(tmp_path)
    assert code == 0
    assert {subject: found[subject][0] for subject in NEVER_STARTED} == NEVER_STARTED
    assert found["database"][1] == "none yet: `worldloom serve` makes one in worldloom-data"
    assert list(tmp_path.iterdir()) == []


def test_a_running_and_a_stopped_service(tmp_path: Path) -> None:
    service = Service(tmp_path / "data").start()
    try:
        with service.client() as client:
            workers = wait_for_worker(client)
        code, found = doctor(tmp_path, "--data", service.data)
        assert code == 0
        assert {subject: found[subject][0] for subject in NEVER_STARTED} == NEVER_STARTED
        assert found["database"][1] == f"SQLite in {service.data}"
        assert found["files"][1].startswith(f"{service.data / 'blobs'}, ")
        assert found["workers"][1] == f"1 running: {workers[0]['id']} ({', '.join(workers[0]['queues'])})"
    finally:
        assert service.stop() == 0
    code, found = doctor(tmp_path, WORLDLOOM_DATA=str(service.data))
    assert code == 0
    assert found["workers"] == ("fair", "none is running: `worldloom serve` brings one along, and `worldloom worker` starts one")
    with sqlite3.connect(service.data / "worldloom.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    database.close()
    code, found = doctor(tmp_path, "--data", service.data)
    assert (code, found["database"][0]) == (0, "fair")
    assert "brings them up to date" in found["database"][1]


def wait_for_worker(client: httpx.Client) -> list[dict[str, Any]]:
    for _ in range(600):
        workers: list[dict[str, Any]] = client.get("/v1/system").json()["workers"]
        if workers:
            return workers
        time.sleep(0.1)
    raise AssertionError("no worker came")


def test_a_damaged_database_is_bad(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "worldloom.db").write_bytes(b"no database at all" * 1_000)
    code, found = doctor(tmp_path, "--data", "data")
    assert code == 1
    assert found["database"][0] == "bad"
    assert "does not open (file is not a database): is data/worldloom.db whole" in found["database"][1]
    assert found["workers"][0] == "fair"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"WORLDLOOM_HOST": "0.0.0.0", "WORLDLOOM_REQUIRE_KEYS": "false"},
            "without keys everyone who reaches 0.0.0.0 could use this service",
        ),
        ({"WORLDLOOM_CORS_ORIGINS": "*"}, "WORLDLOOM_CORS_ORIGINS=* would let every web page"),
        ({"WORLDLOOM_SECRET": "short"}, "WORLDLOOM_SECRET is shorter than 32 characters"),
        ({"WORLDLOOM_PORT": "http"}, "WORLDLOOM_PORT (or --port) cannot be 'http': input should be a valid integer"),
        ({"WORLDLOOM_PORT": "65536"}, "WORLDLOOM_PORT (or --port) cannot be '65536': input should be less than or equal to 65535"),
    ],
)
def test_unsafe_and_wrong_settings_are_bad(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    code, found = doctor(tmp_path, **settings)
    assert code == 1
    assert found["settings"][0] == "bad"
    assert found["settings"][1].startswith(sentence)
    assert "database" not in found, "with wrong settings nobody knows where it is"


def test_keys_are_named(tmp_path: Path) -> None:
    code, found = doctor(tmp_path, WORLDLOOM_HOST="0.0.0.0")
    assert (code, found["settings"]) == (0, ("good", "the service listens on 0.0.0.0:8000; keys are needed"))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Of a server that takes connections and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """Where nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


def test_a_database_elsewhere_that_is_away(tmp_path: Path, closed_port: int, silent_port: int) -> None:
    for port in (closed_port, silent_port):
        url = f"postgresql://worldloom:secret-word@127.0.0.1:{port}/worldloom"
        code, found = doctor(tmp_path, WORLDLOOM_DATABASE_URL=url)
        assert (code, found["database"][0], found["workers"][0]) == (1, "bad", "fair")
        assert "is the server running" in found["database"][1]
        assert "secret-word" not in json.dumps(found)


def test_a_store_elsewhere(tmp_path: Path, closed_port: int) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret-word", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": address}
    try:
        httpx.put(f"{address}/worlds").raise_for_status()
        code, found = doctor(tmp_path, **keys, WORLDLOOM_STORE_URL="s3://worlds/here")
        assert (code, found["files"]) == (0, ("good", "s3://worlds/here takes files"))
        assert "<Contents>" not in httpx.get(f"{address}/worlds?list-type=2&prefix=here").text, "it leaves nothing behind"
        code, found = doctor(tmp_path, **keys, WORLDLOOM_STORE_URL="s3://no-such-bucket")
        assert (code, found["files"][0]) == (1, "bad")
        assert "make the bucket" in found["files"][1]
    finally:
        server.stop()
    code, found = doctor(tmp_path, **{**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed_port}"}, WORLDLOOM_STORE_URL="s3://worlds")
    assert (code, found["files"][0]) == (1, "bad")
    assert "secret-word" not in json.dumps(found)


def test_a_store_folder_that_is_not_ours(tmp_path: Path) -> None:
    """Root may write everywhere, so a file stands where the folder should be."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "blobs").write_text("")
    code, found = doctor(tmp_path, "--data", "data")
    assert (code, found["files"][0]) == (1, "bad")
    assert "name another data folder with --data" in found["files"][1]
