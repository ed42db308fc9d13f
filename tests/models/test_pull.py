"""A pull brings exactly what is needed, goes on where it stopped, and trusts nothing that it did not compare."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import Cancelled, InputError, OutputError, UnavailableError, WeightsError
from pipelines.models import check, locks, open_model, plan, pull, read_lock
from pipelines.models.fetching import TRIES
from tests.models.conftest import NEEDED, weights
from tests.models.hub import Hub, Repository

LARGE = "transformer/diffusion_pytorch_model.safetensors"
COMMIT = Repository({}).commit


def test_what_is_needed_is_here_and_written_down(hub: Hub, folder: Path) -> None:
    lock = pull(plan("tiny/pipeline"))
    home = folder / "tiny--pipeline" / COMMIT
    here = {path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    served = hub.repositories["tiny/pipeline"].files
    assert set(here) == NEEDED
    assert here == {name: served[name] for name in NEEDED}
    written = json.loads((folder / "tiny--pipeline" / "lock.json").read_text())
    assert (written["id"], written["revision"], written["licence"]) == ("tiny/pipeline", COMMIT, "apache-2.0")
    expected = {name: {"bytes": len(served[name]), "sha256": hashlib.sha256(served[name]).hexdigest()} for name in NEEDED}
    assert written["files"] == expected
    assert read_lock("tiny/pipeline") == lock
    assert locks() == ("tiny/pipeline",)


def test_a_second_pull_fetches_nothing(hub: Hub) -> None:
    pull(plan("tiny/pipeline"))
    hub.asked.clear()
    again = plan("tiny/pipeline")
    assert again.missing_bytes == 0
    pull(again)
    assert {name for name, _ in hub.asked} == {"model_index.json"}  # the plan reads which parts there are


def test_it_goes_on_where_the_connection_broke(hub: Hub, folder: Path) -> None:
    """Every answer stops after 1,000 bytes: it takes several, each from the byte at which the one before stopped."""
    repository = hub.repositories["tiny/pipeline"]
    repository.broken[LARGE] = 1_000
    pull(plan("tiny/pipeline"))
    begins = [begin for name, begin in hub.asked if name == LARGE]
    assert begins == list(range(0, len(repository.files[LARGE]), 1_000))
    assert (folder / "tiny--pipeline" / COMMIT / LARGE).read_bytes() == repository.files[LARGE]


def test_it_goes_on_where_it_was_stopped(hub: Hub, folder: Path) -> None:
    def stop(fraction: float, note: str) -> None:
        if note == LARGE:
            raise Cancelled

    served = hub.repositories["tiny/pipeline"]
    served.broken[LARGE] = 1_000
    with pytest.raises(Cancelled):
        pull(plan("tiny/pipeline"), stop)
    assert read_lock("tiny/pipeline") is None
    served.broken.clear()
    hub.asked.clear()
    rest = plan("tiny/pipeline")
    assert len(served.files[LARGE]) - 1_000 <= rest.missing_bytes < rest.bytes
    pull(rest)
    assert (LARGE, 1_000) in hub.asked
    assert open_model("tiny/pipeline").revision == COMMIT
    assert not list(folder.rglob("*.part"))


def test_a_hub_that_sends_nothing_is_given_up(hub: Hub) -> None:
    hub.repositories["tiny/pipeline"].broken[LARGE] = 0
    with pytest.raises(UnavailableError, match="goes on where it stopped"):
        pull(plan("tiny/pipeline"))
    assert len([name for name, _ in hub.asked if name == LARGE]) == TRIES


@pytest.mark.parametrize("file", [LARGE, "tokenizer/merges.txt"], ids=["by sha256", "by git's blob id"])
def test_other_bytes_than_the_hub_promised_are_refused(hub: Hub, folder: Path, file: str) -> None:
    repository = hub.repositories["tiny/pipeline"]
    changed = bytearray(repository.files[file])
    changed[-1] ^= 1
    repository.wrong[file] = bytes(changed)
    with pytest.raises(WeightsError, match=f"{file} came .* with another hash"):
        pull(plan("tiny/pipeline"))
    assert read_lock("tiny/pipeline") is None
    assert not (folder / "tiny--pipeline" / COMMIT / file).exists()


def test_a_begun_file_that_is_wrong_is_fetched_anew(hub: Hub, folder: Path) -> None:
    part = folder / "tiny--pipeline" / COMMIT / "transformer" / ".diffusion_pytorch_model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 100)
    pull(plan("tiny/pipeline"))
    assert [begin for name, begin in hub.asked if name == LARGE] == [100, 0]
    assert not list(check(read_lock("tiny/pipeline"), anew=True))  # type: ignore[arg-type]


def test_damage_is_mended_by_another_pull(hub: Hub, folder: Path) -> None:
    pull(plan("tiny/pipeline"))
    path = folder / "tiny--pipeline" / COMMIT / LARGE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    hub.asked.clear()
    pull(plan("tiny/pipeline"))
    assert (LARGE, 0) in hub.asked
    assert path.read_bytes() == hub.repositories["tiny/pipeline"].files[LARGE]


def test_a_new_revision_takes_the_place_of_the_old(hub: Hub, folder: Path) -> None:
    pull(plan("tiny/pipeline"))
    repository = hub.repositories["tiny/pipeline"]
    repository.commit = "f" * 40
    repository.files["vae/diffusion_pytorch_model.safetensors"] = weights(9)
    pull(plan("tiny/pipeline"))
    assert [path.name for path in (folder / "tiny--pipeline").iterdir() if path.is_dir()] == ["f" * 40]
    assert open_model("tiny/pipeline").revision == "f" * 40


def test_a_named_revision_is_the_one_that_comes(hub: Hub) -> None:
    assert plan("tiny/pipeline", COMMIT).revision == COMMIT
    with pytest.raises(InputError, match="has no revision 'nowhere'"):
        plan("tiny/pipeline", "nowhere")


def test_unknown_gated_and_unreachable(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no repository tiny/missing"):
        plan("tiny/missing")
    with pytest.raises(InputError, match="is no repository"):
        plan("../../etc")
    hub.repositories["tiny/gated"] = Repository({"model.safetensors": weights()}, gated=True)
    found = plan("tiny/gated")
    assert found.gated
    with pytest.raises(UnavailableError, match=r"tiny/gated is gated: accept its terms at .*HF_TOKEN"):
        pull(found)
    hub.page = b"<html>Please log in to the hotel's network</html>"
    with pytest.raises(UnavailableError, match="no Hub says"):
        plan("tiny/pipeline")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9 cannot be reached .*HF_ENDPOINT"):
        plan("tiny/pipeline")


def test_no_space(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=5_000))
    with pytest.raises(OutputError, match=r"0\.0 GB free, and 0\.2 GB are needed"):
        pull(plan("tiny/pipeline"))
    assert not folder.exists()


def test_a_disk_that_fills_up_on_the_way(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full takes no byte, as a full disk does; the file that grows is made to be it."""
    part = folder / "tiny--pipeline" / COMMIT / "transformer" / ".diffusion_pytorch_model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(OutputError, match="the disk is full"):
        pull(plan("tiny/pipeline"))
    assert read_lock("tiny/pipeline") is None


def test_a_disk_that_takes_no_files_so_large(hub: Hub, folder: Path) -> None:
    """As old kinds of disks, and limits: what came stays, nothing counts, and the pull goes on once it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(OutputError, match="was not written whole, since files so large are not allowed there: raise `ulimit -f`"):
            pull(plan("tiny/pipeline"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_lock("tiny/pipeline") is None
    assert all(path.stat().st_size <= 1_000 for path in folder.rglob("*.part"))
    assert pull(plan("tiny/pipeline")).files


def test_two_at_once(hub: Hub) -> None:
    def pull_again(fraction: float, note: str) -> None:
        pull(wanted)

    wanted = plan("tiny/pipeline")
    with pytest.raises(UnavailableError, match="another process is fetching tiny/pipeline"):
        pull(wanted, pull_again)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"pytorch_model.bin": b"\x80\x02", "config.json": b"{}"}, "only pickled weights"),
        ({"config.json": b"{}"}, "no weights"),
        ({"model.safetensors": pickle.dumps(list(range(900)))}, "a pickled file that is only named like safetensors"),
        ({"model.safetensors": weights()[:-7]}, "is cut off or altered"),
    ],
    ids=["only pickled", "none", "a pickle under another name", "cut off on the hub"],
)
def test_weights_that_are_never_opened(hub: Hub, folder: Path, files: dict[str, bytes], words: str) -> None:
    hub.repositories["tiny/bad"] = Repository(files)
    with pytest.raises(WeightsError, match=words):
        pull(plan("tiny/bad"))
    assert read_lock("tiny/bad") is None
    assert not list(folder.rglob("model.safetensors"))


def test_names_that_would_lie_outside_are_passed_over(hub: Hub, folder: Path) -> None:
    files = {"model.safetensors": weights(), "../evil.json": b"{}", "a/../../evil.json": b"{}", ".hidden.json": b"{}"}
    hub.repositories["tiny/evil"] = Repository(files)
    assert set(pull(plan("tiny/evil")).files) == {"model.safetensors"}


@pytest.mark.slow
def test_a_real_checkpoint_goes_round(hub: Hub, tmp_path: Path) -> None:
    """A depth model in the format of transformers: saved, served, pulled, opened, loaded; the same numbers come out."""
    import torch
    from transformers import DPTConfig, DPTForDepthEstimation

    sizes: dict[str, Any] = {
        "hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 16, "image_size": 32, "patch_size": 8,
        "backbone_out_indices": [0, 1, 2, 3], "neck_hidden_sizes": [8, 8, 8, 8], "fusion_hidden_size": 8, "is_hybrid": False,
    }  # fmt: skip
    torch.manual_seed(3)
    made = DPTForDepthEstimation(DPTConfig(**sizes)).eval()
    made.save_pretrained(tmp_path / "made")
    files = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    hub.repositories["tiny/depth"] = Repository(files)
    pull(plan("tiny/depth"))
    opened = open_model("tiny/depth")
    loaded = DPTForDepthEstimation.from_pretrained(opened.path, use_safetensors=True, local_files_only=True).eval()
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(made(picture).predicted_depth, loaded(picture).predicted_depth)


@pytest.mark.slow
def test_a_torch_file_in_disguise(hub: Hub, tmp_path: Path) -> None:
    """What torch.save writes is a zip with a pickle in it."""
    import torch

    data = io.BytesIO()
    torch.save({"weight": torch.zeros(30, 30)}, data)
    hub.repositories["tiny/torch"] = Repository({"model.safetensors": data.getvalue()})
    with pytest.raises(WeightsError, match="only named like safetensors"):
        pull(plan("tiny/torch"))
