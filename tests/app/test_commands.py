"""The commands do what they say, on a small world and on the disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import run
from app.commands.generate import sentence
from app.commands.terminal import bytes_in_words, seconds_in_words
from pipelines import Prompt, SceneSpec
from pipelines.formats import read_ply
from pipelines.recipes import DEFAULT_SPLATS, MAX_SPLATS, MIN_SPLATS
from pipelines.things import Library
from tests.app.conftest import Command, ball


def test_help_names_the_bounds_of_the_library(command: Command) -> None:
    """The numbers stand in the command's signature, so that help needs no library; they must be the library's."""
    done = command("generate", "--help")
    text = done.stdout.replace("\n", " ")
    assert done.returncode == 0
    for number in (f"{MIN_SPLATS:,}", f"{MAX_SPLATS:,}", str(DEFAULT_SPLATS)):
        assert number in text


def test_bare_command_shows_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "generate" in capfd.readouterr().out


def test_version(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capfd.readouterr().out.startswith("worldloom 0.")


def test_render_shows_what_is_there(tmp_path: Path, small_world: Path) -> None:
    """An orange ball of 1 m radius 4 m away covers a disc of known size in the middle of the picture."""
    picture = tmp_path / "view.png"
    assert run(["render", str(small_world), "-o", str(picture), "--size", "320x240", "--fov", "60"]) == 0
    pixels = np.asarray(Image.open(picture)).astype(int)
    assert pixels.shape == (240, 320, 3)
    assert pixels[120, 160] == pytest.approx([255, 128, 26], abs=12)
    covered = pixels[..., 0] > 128
    bare, widened = (np.pi * (160 / np.tan(np.radians(30)) * np.tan(np.arcsin(radius_m / 4))) ** 2 for radius_m in (1.0, 1.075))
    assert bare < covered.sum() < widened  # the tangent cone of the sphere, up to three standard deviations outside of it
    assert not covered[:20].any()


@pytest.mark.parametrize("layer", ["distance", "normal", "alpha", "heat"])
def test_layers_are_pictures(tmp_path: Path, small_world: Path, layer: str) -> None:
    picture = tmp_path / "layer.webp"
    assert run(["render", str(small_world), "-o", str(picture), "--size", "64x48", "--layer", layer]) == 0
    pixels = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    assert np.abs(pixels[24, 32] - pixels[2, 2]).max() > 40


def test_video_shows_what_a_path_sees(tmp_path: Path, small_world: Path) -> None:
    """Keyframes that turn from the ball to the empty side: orange first, black at the end."""
    import av

    path = tmp_path / "path.json"
    frames = [{"time": 0, "position": [0, 1.65, 0], "yaw": 0}, {"time": 1, "position": [0, 1.65, 0], "yaw": 180}]
    path.write_text(json.dumps({"keyframes": frames}))
    film = tmp_path / "films" / "turn.mp4"
    assert run(["video", str(small_world), "-o", str(film), "--path", str(path), "--fps", "5", "--size", "160x90"]) == 0
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(pictures) == 6
    assert pictures[0][45, 80] == pytest.approx([255, 128, 26], abs=25)
    assert pictures[-1].max() < 25
    assert [file.name for file in film.parent.iterdir()] == ["turn.mp4"]


def test_export_and_info_of_every_format(capfd: pytest.CaptureFixture[str], tmp_path: Path, small_world: Path) -> None:
    assert run(["export", str(small_world), "ply", "spz", "sog", "glb", "-o", str(tmp_path)]) == 0
    capfd.readouterr()
    for name in ("ply", "spz", "sog", "glb"):
        assert run(["info", str(tmp_path / f"splats.{name}"), "--json"]) == 0
        found = json.loads(capfd.readouterr().out)
        assert found["format"] == name
        assert found["splats"] == len(ball())
        assert found["bounds_m"][0] == pytest.approx([-1, 0.65, -5], abs=0.06)
        assert found["bounds_m"][1] == pytest.approx([1, 2.65, -3], abs=0.06)


def test_export_turns_axes_and_units(tmp_path: Path, small_world: Path) -> None:
    """Read as if it were in the usual axes, a file with z up shows what was up as z."""
    assert run(["export", str(small_world), "ply", "-o", str(tmp_path), "--axes", "z-up", "--unit", "cm"]) == 0
    from pipelines.formats import WORLD

    middle = read_ply(tmp_path / "splats.ply", frame=WORLD).means.mean(axis=0)
    assert middle == pytest.approx([0, 400, 165], abs=8)


def test_info_of_a_package(capfd: pytest.CaptureFixture[str], small_world: Path) -> None:
    assert run(["info", str(small_world), "--verify"]) == 0
    out = capfd.readouterr().out
    assert "an orange ball" in out
    assert "splats.spz" in out
    assert "as it was written" in out


def test_things_in_json_are_the_library(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["things", "list", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)
    assert {entry["kind"] for entry in listed} == set(Library.load().kinds)


def test_things_show(tmp_path: Path) -> None:
    picture = tmp_path / "chair.png"
    assert run(["things", "show", "chair", "-o", str(picture), "--size", "160x120", "--splats", "20000"]) == 0
    pixels = np.asarray(Image.open(picture)).astype(int)
    assert pixels.shape == (120, 160, 3)
    assert pixels.std() > 10


def test_read_as_json_is_a_specification(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["read", "a forest with three chairs beside a table", "--json"]) == 0
    spec = SceneSpec.from_json(capfd.readouterr().out)
    assert {thing.kind: thing.count for thing in spec.things} == {"chair": 3, "table": 1}


def test_a_specification_without_words_gets_a_prompt() -> None:
    spec = SceneSpec.from_json(
        '{"place": "forest", "things": [{"name": "a", "kind": "chair", "count": 3}, {"name": "b", "kind": "table"}]}'
    )
    assert Prompt(text=sentence(spec)).text == "forest: 3 × chair, table"


def test_recipes_and_doctor(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)[0]["tier"] == "nano"
    assert run(["doctor", "--json"]) == 0
    assert {entry["subject"] for entry in json.loads(capfd.readouterr().out)} >= {"Python", "packages", "ray casting"}


def test_unexpected_failures_are_one_sentence(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pipelines.recipes", None)
    assert run(["recipes"]) == 1
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert "--debug" in err
    with pytest.raises(ImportError):
        run(["--debug", "recipes"])


def test_a_reader_that_leaves_early_is_no_failure_to_talk_about(command: Command, tmp_path: Path) -> None:
    """As in `worldloom things list | head -1`."""
    import subprocess

    done = subprocess.run(
        f"{sys.executable} -m app.cli things list --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.stdout == "["
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (15_200_000, "15.2 MB"), (999_900_000, "1 GB"), (2_345_000_000, "2.35 GB")],
)
def test_bytes_in_words(count: int, words: str) -> None:
    assert bytes_in_words(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185.2, "3 min 05 s")]
)
def test_seconds_in_words(seconds: float, words: str) -> None:
    assert seconds_in_words(seconds) == words
