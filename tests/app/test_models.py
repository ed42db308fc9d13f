"""`worldloom models` and the licence report of `worldloom info`, against a hub on this machine."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli import run
from pipelines import Prompt, World
from pipelines.formats import save_package
from pipelines.models import ModelCard, cards, memory_told
from pipelines.scene import Scene
from pipelines.world import MadeBy
from tests.app.conftest import ROOT, ball
from tests.app.test_interrupt import hear_interrupts
from tests.models.conftest import folder as folder
from tests.models.conftest import pipeline_files, weights
from tests.models.hub import Hub, Repository, serving

Out = pytest.CaptureFixture[str]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with a painter and what stands on top of it in the table, and a model of somebody's own."""
    with serving() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        served.repositories["Tongyi-MAI/Z-Image-Turbo"] = Repository(pipeline_files())
        served.repositories["CedarC/Z-Image_360"] = Repository({"lora.safetensors": weights()}, licence="mit")
        served.repositories["tiny/own"] = Repository({"model.safetensors": weights()}, licence="cc-by-nc-4.0")
        served.repositories["tiny/gated"] = Repository({"model.safetensors": weights()}, gated=True)
        served.repositories["tiny/pickled"] = Repository({"pytorch_model.bin": b"\x80\x02pickled"})
        served.repositories["tiny/disguised"] = Repository({"model.safetensors": b"\x80\x02" + bytes(2_000)})
        served.repositories["tiny/altered"] = Repository({"model.safetensors": weights()}, wrong={"model.safetensors": weights(9)})
        yield served


def listed(capfd: Out) -> dict[str, dict[str, object]]:
    capfd.readouterr()
    assert run(["models", "list", "--json"]) == 0
    return {entry["id"]: entry for entry in json.loads(capfd.readouterr().out)}


def test_pull_a_stage_list_and_verify(capfd: Out, hub: Hub, folder: Path) -> None:
    assert not any(entry["here"] for entry in listed(capfd).values())
    assert run(["models", "pull", "paint"]) == 0
    assert "Tongyi-MAI/Z-Image-Turbo" in capfd.readouterr().out
    entries = listed(capfd)
    assert {name for name, entry in entries.items() if entry["here"]} == {"Tongyi-MAI/Z-Image-Turbo", "CedarC/Z-Image_360"}
    assert entries["CedarC/Z-Image_360"]["licence"] == "mit"  # as its card says; the table has it otherwise
    assert entries["CedarC/Z-Image_360"]["size_bytes"] == len(weights())
    assert run(["models", "verify"]) == 0
    assert capfd.readouterr().out.count("✓") == 2
    damaged = next(folder.rglob("lora.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert run(["models", "verify"]) == 1
    said = capfd.readouterr()
    assert "lora.safetensors of CedarC/Z-Image_360 is cut off" in said.out
    assert "1 file is not as pulled" in said.err
    assert run(["models", "pull", "CedarC/Z-Image_360"]) == 0
    assert run(["models", "verify", "CedarC/Z-Image_360"]) == 0


def test_what_is_damaged_is_shown_and_the_cure_cures(capfd: Out, hub: Hub, folder: Path) -> None:
    """A lock that nobody can read and a file that is cut off keep no command from working, least of all the one that mends them."""
    assert run(["models", "pull", "paint"]) == 0
    (folder / "CedarC--Z-Image_360" / "lock.json").write_text("{")
    painter = next(folder.glob("Tongyi-MAI--Z-Image-Turbo/*/transformer/*.safetensors"))
    painter.write_bytes(painter.read_bytes()[:100])
    assert [name for name, entry in listed(capfd).items() if entry["here"]] == ["Tongyi-MAI/Z-Image-Turbo"]
    assert run(["models", "list"]) == 0
    assert "damaged" in capfd.readouterr().out
    assert run(["models", "licences"]) == 0
    capfd.readouterr()
    assert run(["models", "verify"]) == 1
    said = capfd.readouterr()
    assert "lock.json of CedarC/Z-Image_360 is damaged: write it anew with `worldloom models pull CedarC/Z-Image_360`" in said.out
    assert "is cut off (100 of" in said.out
    assert "2 files are not as pulled" in said.err
    assert run(["doctor"]) == 0
    assert "write it anew with `worldloom models pull CedarC/Z-Image_360`" in " ".join(capfd.readouterr().out.split())
    assert run(["models", "pull", "CedarC/Z-Image_360"]) == 0
    assert run(["models", "pull", "paint"]) == 0
    assert run(["models", "verify"]) == 0


@pytest.mark.parametrize(
    ("free_gb", "state", "words"),
    [
        (None, "good", "the tier nano runs here, which needs no weights: there is no graphics card with CUDA"),
        (8, "good", "the tier nano runs here, which needs no weights: 8 GB are free on the graphics card"),
        (20, "fair", "the tier super fits: fetch its weights with `worldloom models pull super`; until then nano runs"),
        (80, "fair", "the tier ultra fits: fetch its weights with `worldloom models pull ultra`; until then nano runs"),
    ],
)
def test_doctor_names_the_tier_and_what_to_pull(
    capfd: Out, folder: Path, monkeypatch: pytest.MonkeyPatch, free_gb: int | None, state: str, words: str
) -> None:
    monkeypatch.setattr("pipelines.models.machine.free_vram_bytes", lambda: None if free_gb is None else free_gb * 10**9)
    capfd.readouterr()
    assert run(["doctor", "--json"]) == 0
    found = {entry["subject"]: entry for entry in json.loads(capfd.readouterr().out)}
    assert (found["models"]["state"], found["models"]["finding"]) == (state, words)


@pytest.mark.parametrize("width", [80, 120])
def test_list_is_readable(capfd: Out, hub: Hub, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """No line is longer than the terminal, no word but a repository's name is broken, and what nobody knows is said to be unknown."""
    from rich.console import Console

    screen = Console(width=width, force_terminal=True, no_color=True, highlight=False)
    for home in ("app.commands.terminal", "app.commands.models"):
        monkeypatch.setattr(sys.modules[home], "console", lambda: screen)
    monkeypatch.setenv("WORLDLOOM_MODELS", "/m")
    assert run(["models", "list"]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", capfd.readouterr().out)
    assert max(map(len, text.splitlines())) <= width
    assert "not known" in text
    for word in ("apache-2.0", "24–60 GB", "on the CPU", "paint, outpaint, repaint", "super, ultra"):
        assert word in text
    squeezed = re.sub(r"\s+", "", text)
    for card in cards():
        if width == 120:
            assert card.id in text
        assert card.id.rpartition("/")[0] in squeezed


def test_what_a_licence_may_forbid_is_left_out_of_a_tier(capfd: Out, hub: Hub) -> None:
    hub.repositories["CedarC/Z-Image_360"].licence = "cc-by-nc-4.0"
    assert run(["models", "pull", "paint"]) == 1
    assert "left out for what its terms may forbid: CedarC/Z-Image_360 (licence cc-by-nc-4.0)" in capfd.readouterr().err
    assert [name for name, entry in listed(capfd).items() if entry["here"]] == ["Tongyi-MAI/Z-Image-Turbo"]
    assert run(["models", "pull", "CedarC/Z-Image_360"]) == 0  # named, so wanted
    assert listed(capfd)["CedarC/Z-Image_360"]["may_be_sold"] is False


def test_licences_tell_of_models_of_ones_own_too(capfd: Out, hub: Hub) -> None:
    assert run(["models", "pull", "tiny/own", "--quiet"]) == 0
    assert capfd.readouterr().out == ""
    assert run(["models", "licences", "--json"]) == 0
    found = {entry["model"]: entry for entry in json.loads(capfd.readouterr().out)}
    assert found["tiny/own"] == {"model": "tiny/own", "licence": "cc-by-nc-4.0", "may_be_sold": False, "source": "card", "note": ""}
    assert set(found) == {"tiny/own", *(card.id for card in cards())}
    assert run(["models", "licences"]) == 0
    assert "not known" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["pull", "tiny/missing"], 2, "has no repository tiny/missing, or it is private"),
        (["pull", "nonsense"], 2, "is no repository (owner/name), tier"),
        (["pull", "nano"], 2, "nano needs no weights"),
        (["pull", "paint", "--revision", "main"], 2, "--revision belongs to one repository"),
        (["pull", "tiny/own", "--revision", "gone"], 2, "has no revision 'gone'"),
        (["pull", "pose"], 1, "no model for pose is on"),
        (["pull", "tiny/gated"], 1, "tiny/gated is gated: accept its terms at"),
        (["pull", "tiny/pickled"], 1, "has only pickled weights, and only .safetensors are opened"),
        (["pull", "tiny/disguised"], 1, "tiny/disguised cannot be used (model.safetensors is a pickled file that is only named like"),
        (["pull", "tiny/altered"], 1, "with another hash than the one given for it: try again"),
        (["verify", "nonsense"], 2, "'nonsense' is no repository (owner/name)"),
        (["verify", "tiny/own"], 1, "was never pulled: fetch it with `worldloom models pull tiny/own`"),
    ],
)
def test_refusals_are_one_sentence(capfd: Out, hub: Hub, words: list[str], code: int, sentence: str) -> None:
    assert run(["models", *words]) == code
    err = capfd.readouterr().err
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_no_network(capfd: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert run(["models", "pull", "super"]) == 1
    assert "127.0.0.1:9 cannot be reached" in capfd.readouterr().err
    assert run(["models", "verify"]) == 0
    assert "no weights are here" in capfd.readouterr().out


def test_ctrl_c_keeps_what_came(hub: Hub, folder: Path, tmp_path: Path) -> None:
    """The hub stops in the middle of a file and keeps the line open; Ctrl-C then, and the same command goes on from there."""
    repository = hub.repositories["tiny/own"]
    repository.files["model.safetensors"] = weights(0, 400)
    repository.stalls["model.safetensors"] = 100_000
    words = [sys.executable, "-m", "app.cli", "models", "pull", "tiny/own"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=hear_interrupts) as pulling:
        try:
            assert hub.stalled.wait(120)
            while pulling.poll() is None and sum(part.stat().st_size for part in folder.rglob("*.part")) < 100_000:
                time.sleep(0.01)
            for patience_s in (15, 60, 120):  # who sees nothing happen presses it again
                pulling.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    _, err = pulling.communicate(timeout=patience_s)
                    break
        finally:
            hub.go_on.set()
            pulling.kill()
    assert pulling.returncode == 130
    assert "what was fetched so far is kept, and the same command goes on from there" in err
    repository.stalls.clear()
    assert run(["models", "pull", "tiny/own"]) == 0
    assert ("model.safetensors", 100_000) in hub.asked


def world_made_by(folder: Path, *made: MadeBy) -> Path:
    world = World(Prompt(text="a ball", seed=3), scene=Scene(), gaussians=ball(2_000), recipe="by hand")
    save_package(replace(world, made_by=made), folder)
    return folder


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([MadeBy("read", 1.0)], ["none: no model's licence limits what you do with this world"]),
        (
            [MadeBy("paint", 1.0, "Qwen/Qwen-Image", "ab" * 20, "apache-2.0"), MadeBy("finish", 1.0)],
            ["Qwen/Qwen-Image", "abababababab", "apache-2.0", "this world may be sold"],
        ),
        (
            [MadeBy("paint", 1.0, "a/b", "cd" * 20, "mit"), MadeBy("fill", 1.0, "c/d", "ef" * 20, "cc-by-nc-4.0")],
            ["cc-by-nc-4.0", "forbids to sell this world"],
        ),
        ([MadeBy("paint", 1.0, "mine", "sha256:" + "0" * 64)], ["not known", "Whether this world may be sold is not known"]),
    ],
    ids=["no weights", "permissive", "one forbids", "unknown"],
)
def test_info_reports_licences(capfd: Out, tmp_path: Path, made: list[MadeBy], words: list[str]) -> None:
    package = world_made_by(tmp_path / "world", *made)
    capfd.readouterr()
    assert run(["info", str(package)]) == 0
    out = capfd.readouterr().out
    for word in words:
        assert word in out


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("CUDA out of memory"), "the graphics card has too little memory for a/b in the stage read: use the tier nano"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "this machine has too little memory for a/b in the stage read"),
    ],
    ids=["card", "machine"],
)
def test_a_run_that_ends_for_want_of_memory(
    capfd: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def short(stage: object, world: World, tell: object) -> World:
        with memory_told(ModelCard("a/b"), "read", "super"):
            raise error

    monkeypatch.setattr("pipelines.language.Read.run", short)
    assert run(["generate", "a meadow", "--output", str(tmp_path / "world")]) == 1
    said = capfd.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "world").exists()
