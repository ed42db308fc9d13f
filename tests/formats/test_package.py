"""The world package: complete, the same every time, whole or not there at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import Cancelled, FileFormatError, InputError, OutputError
from pipelines.formats import Axes, Unit, export, read_package, read_ply, require_target, save_package
from pipelines.formats import package as package_module
from pipelines.prompt import Picture, Prompt
from pipelines.world import MadeBy, World
from tests.formats.scenes import splats, world

CONTRACT = {
    "worldloom", "id", "prompt", "spec", "seed", "recipe", "made_by", "frame", "units", "spawn", "bounds_m", "splat_count", "things",
    "unmatched", "relations", "files", "seconds",
}  # fmt: skip
FILES = {
    "splats.ply", "splats.spz", "splats-500k.spz", "splats-150k.spz", "splats-100k.spz", "scene.glb", "collider.glb", "panorama.png",
    "panorama-distance.exr", "thumbnail.webp",
    "splats.things.gz", "splats-500k.things.gz", "splats-150k.things.gz", "splats-100k.things.gz",
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_package_holds_what_the_contract_names(tmp_path: Path) -> None:
    made = world()
    folder = save_package(made, tmp_path / "w")
    assert set(contents(folder)) == FILES | {"world.json"}
    told = json.loads((folder / "world.json").read_text())
    assert set(told) >= CONTRACT
    assert told["seed"] == 5 and told["prompt"] == "two tents and a flurb" and told["unmatched"] == ["a flurb"]
    assert told["spec"]["things"][0]["kind"] == "tent"
    assert told["splat_count"] == 3_000
    assert told["made_by"][0] == {"stage": "read", "model": "all-MiniLM-L6-v2", "revision": "abc", "licence": "Apache-2.0"}
    assert told["relations"][1] == {"subject": "tent", "relation": "near", "object": "viewer", "holds": False}
    assert told["spawn"] == {"position": [0.5, 0.0, 1.0], "yaw": 0.3, "pitch": 0.0}
    assert told["files"] == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(contents(folder).items())
        if name != "world.json"
    }


def test_things_are_told_with_size_body_and_splats(tmp_path: Path) -> None:
    made = world()
    assert made.gaussians is not None and made.scene is not None
    manifest = read_package(save_package(made, tmp_path / "w")).manifest
    assert [thing.id for thing in manifest.things] == [1, 2, 3, 4], "the nameless backdrop is no thing"
    first = manifest.things[0]
    assert first.phrase == "two tents" and list(first.position) == [3.0, 0.0, -6.0]
    np.testing.assert_allclose(first.size_m, np.array([2, 1.5, 2]) * 1.2, atol=1e-5)
    assert first.body.mass_kg == pytest.approx(12.5 * 1.2**3) and first.body.dynamic
    assert first.faces == 12
    for thing in manifest.things:
        assert thing.splats == int((made.gaussians.thing == thing.id).sum())
    low, high = np.array(manifest.bounds_m)
    for built in made.scene.things[:4]:
        assert (low <= built.bounds[0] + 1e-5).all() and (high >= built.bounds[1] - 1e-5).all()
    assert high[0] < 20, "the backdrop, 90 m to the right, does not count"


def test_same_prompt_seed_and_version_give_the_same_bytes(tmp_path: Path) -> None:
    one = world()
    other = replace(world(), made_by=tuple(replace(made, seconds=made.seconds * 3 + 1) for made in one.made_by))
    save_package(one, tmp_path / "a")
    save_package(other, tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    save_package(one, tmp_path / "a.zip")
    save_package(other, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_seconds_are_told_when_asked_for_and_change_nothing_else(tmp_path: Path) -> None:
    made = replace(world(), made_by=(MadeBy("read", 0.1234567), MadeBy("light", 3.25)))
    save_package(made, tmp_path / "a")
    save_package(made, tmp_path / "b", timings=True)
    plain, timed = contents(tmp_path / "a"), contents(tmp_path / "b")
    told, timed_told = json.loads(plain.pop("world.json")), json.loads(timed.pop("world.json"))
    assert plain == timed
    assert told.pop("seconds") == {} and timed_told.pop("seconds") == {"read": 0.123, "light": 3.25}
    assert told == timed_told


def test_the_id_follows_the_request(tmp_path: Path) -> None:
    ids = [read_package(save_package(world(seed=seed), tmp_path / f"{i}")).manifest.id for i, seed in enumerate((5, 5, 6))]
    assert ids[0] == ids[1] != ids[2]


def test_the_id_of_a_world_from_pictures_follows_what_became_of_them(tmp_path: Path) -> None:
    """Pictures of one name may show anything, and those of two names the same."""
    ids = []
    for number, (name, shift_m) in enumerate((("a.png", 0.0), ("b.png", 0.0), ("a.png", 0.5))):
        made = world()
        assert made.gaussians is not None
        prompt = Prompt(pictures=(Picture(Path(name)),))
        made = replace(made, prompt=prompt, gaussians=made.gaussians.moved((shift_m, 0.0, 0.0)))
        ids.append(read_package(save_package(made, tmp_path / f"{number}")).manifest.id)
    assert ids[0] == ids[1] != ids[2]


def test_a_folder_becomes_the_zip_that_would_have_been_written(tmp_path: Path) -> None:
    made = world()
    save_package(made, tmp_path / "w")
    save_package(made, tmp_path / "b.zip")
    read_package(tmp_path / "w").write_zip(tmp_path / "a.zip")
    read_package(tmp_path / "a.zip", verify=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as found, zipfile.ZipFile(tmp_path / "b.zip") as truth:
        assert {name: found.read(name) for name in found.namelist()} == {name: truth.read(name) for name in truth.namelist()}


@pytest.mark.parametrize("name", ["w", "w.zip"])
def test_folder_and_zip_are_read_alike(name: str, tmp_path: Path) -> None:
    made = world(count=500)
    assert made.gaussians is not None and made.panorama is not None
    package = read_package(save_package(made, tmp_path / name, export=("sog", "glb")), verify=True)
    assert set(package.manifest.files) == FILES | {"splats.sog", "splats.glb"}
    np.testing.assert_array_equal(package.gaussians().means, made.gaussians.means)
    rgb, distance = package.panorama()
    np.testing.assert_array_equal(rgb, made.panorama.rgb)
    np.testing.assert_array_equal(distance, made.panorama.distance)
    with pytest.raises(FileFormatError, match=r"has no nothing\.txt"):
        package.file("nothing.txt")


def test_a_world_of_splats_alone_is_a_package(tmp_path: Path) -> None:
    bare = World(prompt=world().prompt, gaussians=splats(50))
    assert set(contents(save_package(bare, tmp_path / "w"))) == {"world.json", "splats.ply", "splats.spz", "splats.things.gz"}
    with pytest.raises(OutputError, match="no splats yet"):
        save_package(replace(bare, gaussians=None), tmp_path / "v")
    assert not (tmp_path / "v").exists()


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    made = world(count=100)
    folder = save_package(made, tmp_path / "w")
    before = contents(folder)
    with pytest.raises(OutputError, match="exists already"):
        save_package(world(count=200), folder)
    assert contents(folder) == before
    save_package(world(count=200), folder, overwrite=True)
    assert read_package(folder, verify=True).manifest.splat_count == 200
    home = tmp_path / "home"
    home.mkdir()
    (home / "diary.txt").write_text("dear")
    with pytest.raises(OutputError, match="other things in it"):
        save_package(made, home, overwrite=True)
    assert contents(home) == {"diary.txt": b"dear"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "w"], "nothing half-written lies about"


def test_places_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        save_package(world(count=50), tmp_path / "file" / "w")
    monkeypatch.setattr(os, "access", lambda *_: False)  # tests may run as a user who may write anywhere
    with pytest.raises(OutputError, match="may not be written"):
        require_target(tmp_path / "w")


def _full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(("fault", "raised"), [(_full, OutputError), (_stopped, KeyboardInterrupt), (_broken, ZeroDivisionError)])
@pytest.mark.parametrize(("name", "where"), [("w", "manifest_of"), ("w", "_store"), ("w.zip", "_store"), ("w.zip", "_zip")])
def test_nothing_is_left_when_something_goes_wrong(
    name: str, where: str, fault: Callable[..., None], raised: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_module, where, fault)
    with pytest.raises(raised) as caught:
        save_package(world(count=60), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    if raised is OutputError:
        assert "disk is full" in str(caught.value) and "free some space" in str(caught.value)


def test_the_old_world_stays_when_the_new_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_package(world(count=60), tmp_path / "w")
    before = contents(folder)
    monkeypatch.setattr(package_module, "manifest_of", _stopped)
    with pytest.raises(KeyboardInterrupt):
        save_package(world(count=70), folder, overwrite=True)
    assert contents(folder) == before and [path.name for path in tmp_path.iterdir()] == ["w"]


def test_progress_is_told_and_can_stop_the_writing(tmp_path: Path) -> None:
    heard: list[float] = []
    save_package(world(count=60), tmp_path / "a", tell=lambda share, _: heard.append(share))
    assert heard == sorted(heard) and heard[-1] == 1.0

    def refuse(*_: object) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        save_package(world(count=60), tmp_path / "b", tell=refuse)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["ply", "spz", "sog", "glb", "scene", "collider"])
def test_export_of_every_format(name: str, tmp_path: Path) -> None:
    package = read_package(save_package(world(count=300), tmp_path / "w"))
    written = export(package, name, tmp_path / "out")
    assert written.parent == tmp_path / "out" and written.stat().st_size > 100
    with pytest.raises(OutputError, match="exists already"):
        export(package, name, tmp_path / "out")
    export(package, name, tmp_path / "out", overwrite=True)
    if name == "scene":
        assert written.read_bytes() == (tmp_path / "w" / "scene.glb").read_bytes()


def test_export_in_centimetres_with_z_up(tmp_path: Path) -> None:
    made = world(count=300)
    assert made.gaussians is not None
    package = read_package(save_package(made, tmp_path / "w"))
    path = export(package, "ply", tmp_path, axes=Axes.Z_UP, unit=Unit.CENTIMETRE)
    x, y, z = read_ply(path).means.T * np.array([[1], [-1], [-1]], np.float32)  # undo what reading as RDF does
    np.testing.assert_allclose(np.stack([x, z, -y], axis=1) / 100, made.gaussians.means, rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match="no format 'obj'"):
        export(package, "obj", tmp_path)


def _edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads((folder / "world.json").read_text())
    change(told)
    (folder / "world.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda told: told["files"].update({"../../etc/passwd": {"bytes": 1, "sha256": "0" * 64}}), "outside the package"),
        (lambda told: told["files"].update({"/etc/passwd": {"bytes": 1, "sha256": "0" * 64}}), "outside the package"),
        (lambda told: told["files"].update({"..": {"bytes": 1, "sha256": "0" * 64}}), "outside the package"),
        (lambda told: told["files"]["splats.ply"].update(bytes=-1), r"files\.splats\.ply\.bytes"),
        (lambda told: told["files"]["splats.ply"].update(sha256="x"), "sha256"),
        (lambda told: told.update(worldloom=99), "newer Worldloom"),
        (lambda told: told.pop("splat_count"), "splat_count"),
        (lambda told: told.update(seed="many"), "seed"),
        (lambda told: told["spawn"].update(position=[0, 0]), r"spawn\.position"),
    ],
)
def test_a_lying_world_json_is_refused(change: Callable[[dict[str, Any]], None], complaint: str, tmp_path: Path) -> None:
    folder = save_package(world(count=60), tmp_path / "w")
    _edited(folder, change)
    with pytest.raises(FileFormatError, match=complaint):
        read_package(folder, verify=True)


def test_later_fields_are_passed_over(tmp_path: Path) -> None:
    folder = save_package(world(count=60), tmp_path / "w")
    _edited(folder, lambda told: told.update(sounds=["wind"]))
    assert read_package(folder).manifest.splat_count == 60


def test_damage_is_found(tmp_path: Path) -> None:
    folder = save_package(world(count=60), tmp_path / "w")
    data = bytearray((folder / "splats.spz").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "splats.spz").write_bytes(data)
    with pytest.raises(FileFormatError, match=r"splats\.spz .* sha256 differs"):
        read_package(folder).verify()
    (folder / "scene.glb").unlink()
    (folder / "scene.glb").symlink_to("/etc/hostname")
    with pytest.raises(FileFormatError, match=r"scene\.glb .* missing"):
        read_package(folder).file("scene.glb")
    (folder / "world.json").write_bytes(b"[" * 100_000)
    with pytest.raises(FileFormatError, match="beginning"):
        read_package(folder)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip", bytes(1_000)])
def test_no_package_at_all(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "a.zip", tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(FileFormatError):
            read_package(path)


def test_a_zip_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    save_package(world(count=60), tmp_path / "w.zip")
    with zipfile.ZipFile(tmp_path / "w.zip") as archive:
        told = archive.read("world.json")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("world.json", told)
        archive.writestr("splats.ply", bytes(20_000_000))
    package = read_package(tmp_path / "bomb.zip")
    with pytest.raises(FileFormatError, match="another size"):
        package.gaussians()
    with pytest.raises(FileFormatError, match="cannot be unpacked"):
        package.file("splats.spz")
