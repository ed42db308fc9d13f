"""Keys on the command line, as people meet them: made, used, listed, revoked, and one sentence for whatever is wrong."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli import BAD_INPUT, run
from tests.service.running import Service, environment, prepared_database


def worldloom(*arguments: str | Path, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The real command in `folder`."""
    words = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    return subprocess.run(words, cwd=folder, env=environment(**settings), capture_output=True, text=True, timeout=120, check=False)


def on_a_terminal(*arguments: str | Path, folder: Path, columns: int) -> list[str]:
    """What the real command shows on a terminal of that width, line by line, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    words = [sys.executable, "-m", "app.cli", *map(str, arguments)]
    seen = {**environment(), "TERM": "dumb"}
    process = subprocess.Popen(words, cwd=folder, env=seen, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65_536)
        except OSError:  # the terminal is closed when the last of its programs has ended
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(60) == 0
    return shown.decode().replace("\r\n", "\n").splitlines()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that demands keys."""
    running = Service(tmp_path_factory.mktemp("keys") / "data", {"WORLDLOOM_REQUIRE_KEYS": "true"}, ("--no-worker",)).start()
    yield running
    assert running.stop() == 0


def make(service: Service, name: str, *options: str) -> tuple[str, dict[str, str]]:
    """(key, its facts) as a person reads them from the screen; by the same command in this process."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        assert run(["keys", "create", name, *options, "--data", str(service.data)]) == 0
    key, *lines = shown.getvalue().splitlines()
    return key, {line[:10].strip(): line[10:].strip() for line in lines}


def status(service: Service, key: str | None) -> tuple[int, str | None]:
    """(HTTP status, code) of a plain question with a key."""
    with service.client(key) as client:
        answer = client.get("/v1/usage")
    return answer.status_code, answer.json().get("code")


def listed(service: Service) -> dict[str, dict[str, object]]:
    """Name → key, for programs; by the same command in this process."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        assert run(["keys", "list", "--json", "--data", str(service.data)]) == 0
    return {key["name"]: key for key in json.loads(shown.getvalue())}


def test_a_key_opens_until_it_is_revoked(guarded: Service) -> None:
    assert status(guarded, None) == (401, "key_missing")
    named: dict[str, str] = {}
    for way in ("id", "hint", "key"):
        key, facts = make(guarded, f"revoked by {way}")
        assert facts["may"] == "read, write"
        assert facts["until"] == "it is revoked"
        assert status(guarded, key) == (200, None)
        row = listed(guarded)[f"revoked by {way}"]
        assert row["hint"] == f"{key[:5]}…{key[-4:]}"
        assert row["last_used_at"] is not None
        named[key] = {"id": str(row["id"]), "hint": str(row["hint"]).replace("…", "..."), "key": key}[way]
    for key, word in named.items():
        done = worldloom("keys", "revoke", word, "--data", guarded.data, folder=guarded.data)
        assert (done.returncode, done.stderr) == (0, "")
        assert "opens nothing any more" in done.stdout
        assert key not in done.stdout
        assert status(guarded, key) == (401, "key_invalid")
    assert {listed(guarded)[f"revoked by {way}"]["status"] for way in ("id", "hint", "key")} == {"revoked"}


def test_scopes_tenants_credits_and_time(guarded: Service) -> None:
    key, facts = make(guarded, "looker", "--scope", "read", "--tenant", "acme", "--credits", "50000", "--days", "30")
    assert (facts["may"], facts["tenant"], facts["credits"]) == ("read", "acme", "50,000")
    row = listed(guarded)["looker"]
    assert (row["tenant"], row["scopes"], row["credits"]) == ("acme", ["read"], 50_000)
    with guarded.client(key) as client:
        assert client.post("/v1/worlds:generate", json={"text": "a hut"}).json()["code"] == "scope_missing"
        assert client.get("/v1/usage").json()["credits"] == 50_000
    short, _ = make(guarded, "short", "--days", "0.00002")
    time.sleep(2)
    assert status(guarded, short) == (401, "key_invalid")
    assert listed(guarded)["short"]["status"] == "expired"


def test_no_key_is_kept(guarded: Service) -> None:
    """Neither in the database, nor in its journal, nor in the log."""
    key, _ = make(guarded, "kept nowhere")
    assert status(guarded, key)[0] == 200
    for path in guarded.data.rglob("*"):
        if path.is_file():
            assert key.encode() not in path.read_bytes(), path


def test_a_key_of_another_service_opens_nothing(guarded: Service, tmp_path: Path) -> None:
    foreign = worldloom("keys", "create", "foreign", "--json", folder=tmp_path)
    assert status(guarded, json.loads(foreign.stdout)["key"]) == (401, "key_invalid")
    assert (tmp_path / "worldloom-data" / "secret").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("columns", [80, 100])
def test_the_list_fits_the_terminal(tmp_path: Path, columns: int) -> None:
    shutil.copyfile(prepared_database(), tmp_path / "worldloom.db")
    for name, tenant in (("[bold]a laptop[/] with quite a long name", "acme studio"), ("x", "y" * 100)):
        assert run(["keys", "create", name, "--tenant", tenant, "--days", "900", "--data", str(tmp_path)]) == 0
    lines = on_a_terminal("keys", "list", "--data", tmp_path, folder=tmp_path, columns=columns)
    rows = json.loads(worldloom("keys", "list", "--json", "--data", tmp_path, folder=tmp_path).stdout)
    assert lines[0].split()[:3] == ["key", "name", "tenant"]
    assert max(map(len, lines)) <= columns
    for row in rows:
        assert any(line.startswith(f"{row['hint']}  ") for line in lines), "what one types must stand in one piece"
    assert "[bold]" in "".join(lines), "names are shown as they are"


def test_before_the_first_start_there_is_nothing(tmp_path: Path) -> None:
    done = worldloom("keys", "list", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "There are no keys yet: worldloom keys create NAME makes one.\n")
    assert json.loads(worldloom("keys", "list", "--json", folder=tmp_path).stdout) == []
    done = worldloom("keys", "revoke", "wl_aa…bbbb", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "worldloom: there are no keys yet: `worldloom keys create NAME` makes one\n")
    assert list(tmp_path.iterdir()) == [], "looking leaves nothing behind"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("create",), "missing argument 'name'"),
        (("create", "  "), "a key needs a name"),
        (("create", "x" * 101), "a key needs a name"),
        (("create", "x", "--days", "-1"), "a key cannot last -1 days"),
        (("create", "x", "--days", "0"), "a key cannot last 0 days"),
        (("create", "x", "--days", "nan"), "a key cannot last nan days"),
        (("create", "x", "--days", "1e9"), "a key cannot last 1e+09 days"),
        (("create", "x", "--days", "soon"), "invalid value for '--days'"),
        (("create", "x", "--scope", "root"), "there is no scope 'root'"),
        (("create", "x", "--scope", ""), "there is no scope ''"),
        (("create", "x", "--credits", "-5"), "-5 credits cannot be given"),
        (("create", "x", "--credits", "99999999999999999999"), "99999999999999999999 credits cannot be given"),
        (("create", "x", "--tenant", ""), "a tenant needs a name"),
        (("create", "x", "--tenant", "y" * 101), "a tenant needs a name"),
        (("revoke", "key_0000"), "there is no such key"),
        (("revoke", "wl_aa…bbbb"), "there is no such key"),
        (("revoke", ""), "there is no such key"),
    ],
)
def test_bad_values_get_one_sentence(
    guarded: Service, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert run(["keys", *arguments, "--data", str(guarded.data)]) == BAD_INPUT
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"worldloom: {sentence}")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("serve", "--port", "65536"), 2, "WORLDLOOM_PORT (or --port) cannot be '65536': input should be less than or equal to 65535"),
        (("serve", "--port", "web"), 2, "invalid value for '--port'"),
        (("serve", "--host", "256.0.0.1", "--port", "0"), 1, "256.0.0.1:0 cannot be used"),
        (("serve", "--data", "file/data"), 1, "the data folder"),
        (("serve", "--data", "file"), 1, "the data folder"),
        (("worker", "--slot", "-1"), 2, "invalid value for '--slot'"),
        (
            ("worker", "--queues", "worlds-nano,nonsense"),
            2,
            "there is no queue 'nonsense': choose from worlds-nano, worlds-super, worlds-ultra, worlds-quick",
        ),
        (("keys", "list", "--data"), 2, "option '--data' requires an argument"),
    ],
)
def test_wrong_starts_get_one_sentence(tmp_path: Path, arguments: tuple[str, ...], code: int, sentence: str) -> None:
    (tmp_path / "file").write_text("")
    done = worldloom(*arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"worldloom: {sentence}")
    assert done.stderr.count("\n") == 1


def test_wrong_settings_of_the_environment_are_named(tmp_path: Path) -> None:
    done = worldloom("serve", folder=tmp_path, WORLDLOOM_RETENTION_DAYS="-3")
    assert (done.returncode, done.stderr) == (
        2,
        "worldloom: WORLDLOOM_RETENTION_DAYS cannot be '-3': input should be greater than 0 (days that finished operations are kept)\n",
    )
    done = worldloom("serve", folder=tmp_path, WORLDLOOM_QUEUES="studio,nonsense")
    assert "there is no queue 'nonsense'" in done.stderr
    done = worldloom("serve", folder=tmp_path, WORLDLOOM_SECRET="too short to be good")
    assert done.returncode == 2
    assert "too short to be good" not in done.stderr


def test_help_shows_every_default(tmp_path: Path) -> None:
    """Brackets are markup in help texts, so a default that is written by hand would vanish."""
    for command, defaults in {
        "serve": ("127.0.0.1", "8000", "worldloom-data"),
        "worker": ("worldloom-data", "studio"),
        "keys create": ("this machine's own", "read, write", "until it is revoked", "no limit"),
        "generate": ("worlds/<words>-<seed>", "the best that this machine runs"),
        "export": ("what readers of the format expect",),
    }.items():
        text = worldloom(*command.split(), "--help", folder=tmp_path, COLUMNS="160").stdout
        assert not [default for default in defaults if f"{default})]" not in text], command
