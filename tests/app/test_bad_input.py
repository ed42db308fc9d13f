"""Bad input gets one clear sentence with the cure and the right exit code: no traceback, no half-written package."""

from __future__ import annotations

import json
import resource
import struct
from pathlib import Path

import pytest

from app.cli import run
from tests.app.conftest import Command


def refused(capfd: pytest.CaptureFixture[str], *arguments: str | Path, code: int = 2) -> str:
    """The one sentence with which a command line is refused."""
    assert run([str(argument) for argument in arguments]) == code
    out, err = capfd.readouterr()
    assert "Traceback" not in err + out
    assert err.startswith("worldloom: ")
    assert err.count("\n") == 1, f"more than one line: {err}"
    return err


@pytest.fixture(autouse=True)
def _nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("", "empty"),
        ("  \t\n ", "empty"),
        ("a forest\x07", "U+0007"),
        ("a forest \udcff", "U+DCFF"),
        ("😀🌲🏔️", "English"),
        ("숲속의 오두막과 호수", "English"),
        ("лес и озеро на рассвете", "English"),
        ("forest " * 400, "shorten it to at most 2,000"),
    ],
)
def test_prompts(capfd: pytest.CaptureFixture[str], tmp_path: Path, prompt: str, says: str) -> None:
    assert says in refused(capfd, "generate", prompt)
    assert says in refused(capfd, "read", prompt)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--splats", "0"], "10,000 to 4,000,000"),
        (["--splats", "-5"], "10,000 to 4,000,000"),
        (["--splats", "1000000000"], "10,000 to 4,000,000"),
        (["--splats", "many"], "--splats"),
        (["--seed", "-1"], "0 to 4294967295"),
        (["--seed", "4294967296"], "0 to 4294967295"),
        (["--seed", "1.5"], "--seed"),
        (["--tier", "giga"], "nano"),
        (["--spec", "nowhere.json"], "nowhere.json"),
        (["--things", "nowhere"], "nowhere"),
        (["--colour"], "--help"),
    ],
)
def test_options(capfd: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], says: str) -> None:
    assert says in refused(capfd, "generate", "a meadow", *options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "whole file"),
        ("{", "whole file"),
        ("[]", "whole file"),
        ('{"place": 7}', "place"),
        ('{"weather": "frogs"}', "weather"),
        ('{"things": [{"name": "x"}]}', "kind"),
        ('{"things": [{"name": "x", "kind": "chair", "count": -1}]}', "count"),
        ('{"things": [{"name": "x", "kind": "chair", "relations": [{"relation": "on", "objects": ["y"]}]}]}', "'y'"),
        ('{"colour_of_the_sky": "green"}', "colour_of_the_sky"),
        ('{"things": [{"name": "x", "kind": "no such kind"}]}', "no such kind"),
        ('{"place": "the moon of Endor"}', "the moon of Endor"),
    ],
)
def test_specifications(capfd: pytest.CaptureFixture[str], tmp_path: Path, spec: str, says: str) -> None:
    file = tmp_path / "spec.json"
    file.write_text(spec)
    assert says in refused(capfd, "generate", "--spec", file)
    assert [path.name for path in tmp_path.iterdir()] == ["spec.json"]


def test_a_hundred_kilobytes_of_prompt(command: Command, tmp_path: Path) -> None:
    done = command("generate", "tree " * 20_000)
    assert done.returncode == 2
    assert "shorten it" in done.stderr
    assert not list(tmp_path.iterdir())


def test_output_that_exists(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert "--force" in refused(capfd, "generate", "a meadow", "-o", "mine", code=1)
    (tmp_path / "mine" / "thesis.txt").touch()
    assert "other things" in refused(capfd, "generate", "a meadow", "-o", "mine", "--force", code=1)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_output_below_a_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in refused(capfd, "generate", "a meadow", "-o", "file/world", code=1)


def test_output_where_nothing_may_be_written(capfd: pytest.CaptureFixture[str]) -> None:
    assert "/proc" in refused(capfd, "generate", "a meadow", "-o", "/proc/worldloom/world", code=1)


def test_disk_that_runs_full(command: Command, tmp_path: Path, small_world: Path) -> None:
    """A limit on file sizes stands in for a full disk: the same failing write in the middle of a file."""
    done = command(
        "export", small_world, "ply", "-o", "out", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "out/splats.ply" in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def hostile_files() -> dict[str, bytes]:
    """Files that are cut short, lie, or are something else."""
    ply = b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\nproperty float x\nend_header\n"
    spz = struct.pack("<IIIBBBB", 0x5053474E, 3, 4_000_000_000, 0, 12, 0, 0)
    return {
        "empty.ply": b"",
        "lying.ply": ply,
        "text.ply": b"hello\n",
        "empty.spz": b"",
        "bare.spz": spz,
        "noise.spz": b"\x1f\x8b" + bytes(range(200)),
        "empty.sog": b"",
        "noise.sog": b"PK\x03\x04" + bytes(range(200)),
        "empty.glb": b"",
        "lying.glb": b"glTF" + struct.pack("<II", 2, 4_000_000_000),
        "empty.zip": b"",
        "noise.zip": b"PK\x03\x04" + bytes(range(200)),
        "picture.jpg": b"\xff\xd8\xff",
    }


@pytest.mark.parametrize("name", sorted(hostile_files()))
def test_hostile_files(capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(hostile_files()[name])
    assert name in refused(capfd, "info", file)
    assert name in refused(capfd, "render", file, "-o", "view.png")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_package_with_a_missing_file(capfd: pytest.CaptureFixture[str], tmp_path: Path, small_world: Path) -> None:
    (tmp_path / "world.json").write_bytes((small_world / "world.json").read_bytes())
    assert "missing" in refused(capfd, "render", tmp_path, "-o", tmp_path / "view.png")


def test_package_that_points_outside(capfd: pytest.CaptureFixture[str], tmp_path: Path, small_world: Path) -> None:
    manifest = json.loads((small_world / "world.json").read_bytes())
    manifest["files"]["../../secret"] = manifest["files"]["splats.ply"]
    (tmp_path / "world.json").write_text(json.dumps(manifest))
    assert "outside" in refused(capfd, "info", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["render", "WORLD", "-o", "view.gif"], ".png"),
        (["render", "WORLD", "-o", "v.png", "--camera", "heaven"], "panorama"),
        (["render", "WORLD", "-o", "v.png", "--size", "huge"], "1280x720"),
        (["render", "WORLD", "-o", "v.png", "--fov", "400"], "field of view"),
        (["render", "WORLD", "-o", "v.png", "--layer", "smell"], "distance"),
        (["render", "nowhere", "-o", "v.png"], "nowhere"),
        (["render", "WORLD"], "--output"),
        (["export", "WORLD", "docx"], "ply"),
        (["export", "WORLD", "ply", "--axes", "sideways"], "z-up"),
        (["export", "WORLD", "ply", "--unit", "furlong"], "cm"),
        (["video", "WORLD", "-o", "film.avi"], ".mp4"),
        (["video", "WORLD", "-o", "film.mp4", "--path", "nowhere.json"], "nowhere.json"),
        (["video", "WORLD", "-o", "film.mp4", "--seconds", "0"], "seconds"),
        (["video", "WORLD", "-o", "film.mp4", "--fps", "0"], "frames a second"),
        (["video", "WORLD", "-o", "film.mp4", "--size", "321x200"], "even"),
        (["info", "nowhere.spz"], "nowhere.spz"),
        (["things", "show", "flux capacitor", "-o", "x.png"], "flux capacitor"),
        (["things", "show", "chair", "-o", "x.png", "--season", "monsoon"], "spring"),
        (["things", "sheet", "nonsense", "-o", "x.png"], "furniture"),
        (["things", "check", "nowhere.yaml"], "nowhere.yaml"),
        (["dance"], "dance"),
        (["things", "dance"], "dance"),
    ],
)
def test_other_commands(capfd: pytest.CaptureFixture[str], tmp_path: Path, small_world: Path, arguments: list[str], says: str) -> None:
    assert says in refused(capfd, *[str(small_world) if word == "WORLD" else word for word in arguments])
    assert not list(tmp_path.iterdir())


def test_thing_definition_that_breaks_the_rules(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("my box:\n  size: [1, 1, 1]\n  stands_on: floor\n  parts:\n    - {box: [w, h, d], at: [0, 5, 0], material: oak}\n")
    assert run(["things", "check", str(file)]) == 2
    out, err = capfd.readouterr()
    assert "floats" in out
    assert "mine.yaml" in err
