"""The store: the same verbs on the disk and in S3, and a service that waits for a store that is away."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2 as httpx
import pytest

from app.errors import Refusal
from app.store import Store, key_of
from pipelines.errors import InputError, OutputError
from pipelines.formats import read_ply, read_spz
from tests.service.processes import processes_of, until
from tests.service.remote_store import RemoteStore, remote_store
from tests.service.running import ROOT, Service, finished, quick
from tests.service.test_reliability import cancel, look, running, submit

KEY = key_of("ten_a", "ab" + "0" * 62)
FUTURE = timedelta(minutes=5)


@pytest.fixture
def remote() -> Iterator[RemoteStore]:
    """An S3 behind a door."""
    with remote_store() as store:
        yield store


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty store of either kind."""
    if request.param == "disk":
        return Store(tmp_path / "blobs")
    for name, value in request.getfixturevalue("remote").settings.items():
        monkeypatch.setenv(name, value)
    return Store(os.environ["WORLDLOOM_STORE_URL"])


def test_verbs_mean_the_same_everywhere(store: Store, tmp_path: Path) -> None:
    data = os.urandom(7_000_001)
    source, target, later = tmp_path / "source", tmp_path / "target", datetime.now(UTC) + FUTURE
    source.write_bytes(data)
    assert store.size(KEY) is None
    assert not store.is_older(KEY, later)
    with pytest.raises(FileNotFoundError):
        store.fetch(KEY, target)
    assert list(store.older_than(later)) == []
    store.put(KEY, source)
    store.put(KEY, source)
    source.unlink()
    assert store.size(KEY) == len(data)
    for _ in range(2):  # as after a try that broke off
        store.fetch(KEY, target)
    assert target.read_bytes() == data
    assert list(store.older_than(later)) == [(KEY, len(data))]
    assert list(store.older_than(datetime.now(UTC) - FUTURE)) == []
    assert store.is_older(KEY, later)
    store.put_bytes("ten_a/raw/one", b"first")
    source.write_bytes(b"second")
    store.replace("ten_a/raw/one", source)
    assert store.size("ten_a/raw/one") == 6
    store.check()
    store.delete([KEY, "ten_a/raw/one"])
    store.delete([KEY])
    assert list(store.older_than(later)) == []


def test_keeping_a_file_again_makes_it_young_and_leaves_it_whole(tmp_path: Path) -> None:
    store, source = Store(tmp_path / "blobs"), tmp_path / "source"
    source.write_bytes(b"the same")
    store.put(KEY, source)
    here = store.local(KEY)
    assert here is not None
    os.utime(here, (1, 1))
    assert store.is_older(KEY, datetime.now(UTC) - FUTURE)
    store.put(KEY, source)
    assert not store.is_older(KEY, datetime.now(UTC) - FUTURE)
    assert here.read_bytes() == b"the same"
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [here]


def test_file_from_another_disk_is_copied_whole(tmp_path: Path) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has only one disk")
    source = other / f"worldloom-{os.getpid()}"
    try:
        source.write_bytes(os.urandom(100_000))
        store = Store(tmp_path / "blobs")
        store.put(KEY, source)
        here = store.local(KEY)
        assert here is not None
        assert here.read_bytes() == source.read_bytes()
        assert here.stat().st_ino != source.stat().st_ino
        words = (
            "import resource, sys; from pathlib import Path; from app.store import Store; from app.errors import Refusal\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
            "try: Store(Path(sys.argv[1])).put(sys.argv[2], Path(sys.argv[3]))\n"
            "except Refusal as refusal: print(refusal.code, refusal.status)"
        )
        full = [sys.executable, "-c", words, str(tmp_path / "full"), KEY, str(source)]
        done = subprocess.run(full, capture_output=True, text=True, timeout=60, cwd=ROOT, check=True)
        assert done.stdout.split() == ["disk_full", "507"]
        assert not [path for path in (tmp_path / "full").rglob("*") if path.is_file()], "nothing half is left"
    finally:
        source.unlink(missing_ok=True)


def test_places_that_cannot_be_stores_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="name another folder"):
        Store(tmp_path / "file" / "blobs")
    with pytest.raises(InputError, match="s3://bucket/prefix"):
        Store("gopher://somewhere")


@pytest.mark.parametrize(("mode", "words"), [("away", "does not answer"), ("denied", "check its credentials")])
def test_store_that_is_away_is_told_from_one_that_refuses(
    remote: RemoteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, words: str
) -> None:
    for name, value in remote.settings.items():
        monkeypatch.setenv(name, value)
    store, source = Store(remote.settings["WORLDLOOM_STORE_URL"]), tmp_path / "source"
    source.write_bytes(b"data")
    remote.mode = mode
    later = datetime.now(UTC) + FUTURE
    for ask in (
        lambda: store.size(KEY),
        lambda: store.put(KEY, source),
        lambda: store.fetch(KEY, tmp_path / "target"),
        lambda: store.is_older(KEY, later),
        lambda: list(store.older_than(later)),
        lambda: store.delete([KEY]),
        lambda: store.check(),
    ):
        begun = time.monotonic()
        with pytest.raises(Refusal, match=words) as caught:
            ask()
        assert (caught.value.code, caught.value.status, bool(caught.value.retry_after_s)) == ("store_unavailable", 503, True)
        assert time.monotonic() - begun < 15, "who asks is not kept waiting"


def test_worlds_live_in_s3(remote: RemoteStore, tmp_path: Path) -> None:
    service = Service(tmp_path / "data", {**remote.settings, "WORLDLOOM_GARBAGE_S": "2"}).start()
    try:
        with service.client() as client:
            done = finished(client, submit(client, "a ball in the clouds"))
            assert done["state"] == "SUCCEEDED"
            world = client.get(done["links"]["world"]).json()
            for name, file in world["files"].items():
                first = httpx.get(file["url"], follow_redirects=False)
                assert (first.status_code, first.headers["location"].startswith(remote.address)) == (307, True), name
                data = httpx.get(first.headers["location"]).content
                assert hashlib.sha256(data).hexdigest() == file["sha256"]
                (tmp_path / name).write_bytes(data)
            assert len(read_ply(tmp_path / "splats.ply")) == len(read_spz(tmp_path / "splats.spz")) == 2_000
            body = {"format": "spz", "axes": "z-up", "unit": "cm"}
            exported = finished(client, client.post(f"/v1/worlds/{world['id']}:export", json=body).json())
            (tmp_path / "exported.spz").write_bytes(httpx.get(exported["links"]["file"], follow_redirects=True).content)
            assert len(read_spz(tmp_path / "exported.spz")) == 2_000
            assert not (service.data / "blobs").exists()
            assert {file["sha256"] for file in world["files"].values()} <= {key.rpartition("/")[2] for key in remote.files()}
            client.delete(f"/v1/worlds/{world['id']}")
            until(lambda: not remote.files(), within_s=60, what="an empty bucket")
    finally:
        assert service.stop() == 0


def until_it_waits(service: Service) -> None:
    """Until the worker has tried in vain once more."""
    words = "waiting for the database or the store"
    before = service.log().count(words)
    until(lambda: service.log().count(words) > before, within_s=60, what="a worker that waits")


def test_worker_waits_for_a_store_that_is_away(remote: RemoteStore, tmp_path: Path) -> None:
    service = Service(tmp_path / "data", remote.settings).start()
    try:
        with service.client() as client:
            finished(client, submit(client, "a ball"))
            for mode in ("away", "denied"):
                remote.mode = mode
                kept, unwanted = submit(client, f"a ball while it is {mode}"), submit(client, "a ball that nobody wants any more")
                until_it_waits(service)
                answer = client.get("/readyz")
                assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
                assert int(answer.headers["Retry-After"]) >= 1
                assert look(client, kept)["state"] == "RUNNING"
                remote.mode = "open"
                done = finished(client, kept)
                assert (done["state"], done["attempt"]) == ("SUCCEEDED", 1)
                remote.mode = mode
                until_it_waits(service)
                cancel(client, unwanted)
                assert finished(client, unwanted)["state"] == "CANCELLED", "nobody has to wait for the store to be rid of a job"
            remote.mode = "slow"
            assert finished(client, submit(client, "a ball by a slow road"))["attempt"] == 1
            remote.mode = "open"
    finally:
        assert service.stop() == 0


def test_disk_that_is_full_fails_the_job_with_a_code(tmp_path: Path) -> None:
    service = Service(tmp_path / "data").start()
    try:
        with service.client() as client:
            finished(client, submit(client, "a ball"))
            blocked = client.post("/v1/worlds:generate", json=quick("a ball in 3 seconds")).json()
            running(client, blocked)
            (child,) = processes_of(service.data)["child"]
            resource.prlimit(child, resource.RLIMIT_FSIZE, (20_000, 20_000))
            done = finished(client, blocked)
            assert (done["state"], done["error"]["code"]) == ("FAILED", "output_failed")
            assert str(tmp_path) not in done["error"]["message"], "folders of this machine are nobody's business"
            assert finished(client, submit(client, "another ball"))["state"] == "SUCCEEDED", "in a process of its own"
    finally:
        assert service.stop() == 0
