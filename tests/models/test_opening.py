"""No load without a look: whatever is missing, cut off, altered, added or pickled is told with the cure."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import WeightsError
from pipelines.models import open_model, plan, pull, read_lock
from pipelines.models import opening as door
from tests.models.conftest import weights
from tests.models.hub import Hub, Repository

VAE = "vae/diffusion_pytorch_model.safetensors"
COMMIT = Repository({}).commit


@pytest.fixture
def home(hub: Hub, folder: Path) -> Path:
    """A pulled model's folder."""
    pull(plan("tiny/pipeline"))
    return folder / "tiny--pipeline" / COMMIT


def test_a_pulled_model_opens_with_its_papers(home: Path) -> None:
    opened = open_model("tiny/pipeline")
    assert (opened.path, opened.id, opened.revision, opened.licence) == (home, "tiny/pipeline", COMMIT, "apache-2.0")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path) -> None:
    """One bit, the same size; the time of change is set anew as a disk would."""
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1_000_000))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (Path.unlink, f"{VAE} of tiny/pipeline is missing: fetch it again with `worldloom models pull tiny/pipeline`"),
        (cut, "is cut off"),
        (lambda path: path.write_bytes(weights(8, 30)), "is not the file that was pulled .* instead of"),
        (flip, "its sha256 differs"),
        (lambda path: path.write_bytes(b"PK\x03\x04".ljust(path.stat().st_size, b"\0")), "only named like safetensors"),
        (lambda path: path.with_name("more.safetensors").write_bytes(weights()), "was not pulled with tiny/pipeline.*remove it"),
        (lambda path: path.with_name("pytorch_model.bin").write_bytes(b"\x80\x02"), "was not pulled with"),
    ],
    ids=["missing", "cut off", "of another size", "one bit", "a zip", "one more", "pickled beside"],
)
@pytest.mark.parametrize("opened_before", [False, True])
def test_harm_is_told(home: Path, harm: Callable[[Path], object], words: str, opened_before: bool) -> None:
    if opened_before:
        open_model("tiny/pipeline")
    harm(home / VAE)
    with pytest.raises(WeightsError, match=words):
        open_model("tiny/pipeline")


def test_nothing_is_hashed_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_model("tiny/pipeline")
    monkeypatch.setattr(door, "sha256_of", lambda path, tell: pytest.fail(f"{path} is hashed again"))
    open_model("tiny/pipeline")


def test_progress_goes_up_to_the_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "_BLOCK_BYTES", 512)
    heard: list[float] = []
    open_model("tiny/pipeline", lambda fraction, note: heard.append(fraction))
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)
    assert len(heard) > 10


def test_what_was_never_pulled() -> None:
    with pytest.raises(WeightsError, match="weights of a/b are not on this machine: fetch them with `worldloom models pull a/b`"):
        open_model("a/b")
    with pytest.raises(WeightsError, match="neither a folder with a checkpoint nor a repository"):
        open_model("no such thing")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lock: "{", "lock.json of tiny/pipeline is damaged: write it anew with"),
        (lambda lock: lock.replace("0123", "012", 1), "lock.json of tiny/pipeline is damaged: write it anew with"),
        (
            lambda lock: lock.replace("vae/", "../vae/"),
            "lock.json beside tiny/pipeline does not belong to tiny/pipeline: write it anew with",
        ),
        (lambda lock: lock.replace("0123", "3210", 1), "of tiny/pipeline is missing: fetch it again with"),
    ],
    ids=["cut", "a commit that is none", "leading elsewhere", "another commit"],
)
def test_a_lock_that_is_damaged(home: Path, change: Callable[[str], str], words: str) -> None:
    path = home.parent / "lock.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(WeightsError) as told:
        open_model("tiny/pipeline")
    assert f"{words} `worldloom models pull tiny/pipeline`" in str(told.value)
    assert str(home.parent) not in str(told.value), "clients of a service hear it"


def test_a_lock_of_another_repository(home: Path) -> None:
    path = home.parent / "lock.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "id": "tiny/other"}))
    with pytest.raises(WeightsError, match="does not belong to tiny/pipeline"):
        read_lock("tiny/pipeline")


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    """Its revision is a digest of what is in it, told here a second way."""
    own = tmp_path / "mine"
    (own / "unet").mkdir(parents=True)
    files = {"README.md": b"---\nlicense: MIT\ntags: [a]\n---\nwords", "unet/model.safetensors": weights()}
    for name, data in files.items():
        (own / name).write_bytes(data)
    (own / ".git").mkdir()
    (own / ".git" / "old.bin").write_bytes(b"nobody's")
    opened = open_model(own)
    text = "".join(f"{name}\0{hashlib.sha256(data).hexdigest()}\n" for name, data in sorted(files.items()))
    assert opened.revision == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert (opened.path, opened.id, opened.licence) == (own, "mine", "mit")
    (own / "unet" / "model.safetensors").write_bytes(weights(2))
    assert open_model(str(own)).revision != opened.revision


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("pytorch_model.bin", b"\x80\x02", "pickled weights"),
        ("unet/model.ckpt", b"PK\x03\x04", "pickled weights"),
        ("other.safetensors", weights()[:-1], "cut off or altered"),
        ("model.safetensors", None, r"holds no \.safetensors"),
    ],
)
def test_a_folder_with_harm_in_it(tmp_path: Path, name: str, data: bytes | None, words: str) -> None:
    (tmp_path / "mine" / "unet").mkdir(parents=True)
    model = tmp_path / "mine" / "model.safetensors"
    model.write_bytes(weights())
    if data is None:
        model.unlink()
    else:
        (tmp_path / "mine" / name).write_bytes(data)
    with pytest.raises(WeightsError, match=words):
        open_model(tmp_path / "mine")
