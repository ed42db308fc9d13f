"""From words to a package on the disk, through the real command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.formats import read_package
from pipelines.recipes import MIN_SPLATS
from tests.app.conftest import Command

PROMPT = "a meadow with a red barn and two chairs beside the barn, and a flux capacitor"
FILES = {
    "splats.ply", "splats.spz", "scene.glb", "collider.glb", "panorama.png", "panorama-distance.exr", "thumbnail.webp",
}  # fmt: skip


@pytest.mark.slow
def test_words_become_the_same_package_twice(command: Command, tmp_path: Path) -> None:
    """The smallest world: whole, true to its words, and equal byte for byte when made again from its own specification's words."""
    done = command("generate", PROMPT, "--splats", MIN_SPLATS, "--seed", "5", "-o", "first")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # nobody watches, so no progress
    assert "flux capacitor" in done.stdout
    package = read_package(tmp_path / "first", verify=True)
    assert set(package.manifest.files) >= FILES
    assert "flux capacitor" in " ".join(package.manifest.unmatched)
    kinds = [thing.kind for thing in package.manifest.things]
    assert kinds.count("barn") == 1
    assert kinds.count("chair") == 2
    assert package.manifest.seed == 5
    assert len(package.gaussians()) == package.manifest.splat_count <= MIN_SPLATS * 1.02
    assert [path.name for path in tmp_path.iterdir()] == ["first"]

    again = command("generate", PROMPT, "--splats", MIN_SPLATS, "--seed", "5", "-o", "second.zip", "--quiet")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert read_package(tmp_path / "second.zip", verify=True).manifest == package.manifest


@pytest.mark.slow
def test_a_specification_in_place_of_words(command: Command, tmp_path: Path) -> None:
    spec = json.loads(command("read", "a kitchen with a table", "--json").stdout)
    spec["time_of_day"] = "sunset"
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    done = command("generate", "--spec", "spec.json", "--splats", MIN_SPLATS)
    assert done.returncode == 0, done.stderr
    (world,) = (tmp_path / "worlds").iterdir()
    manifest = read_package(world).manifest
    assert manifest.spec is not None
    assert manifest.spec["time_of_day"] == "sunset"
    assert manifest.prompt.startswith("kitchen")
    repeated = command("generate", "--spec", "spec.json", "--splats", MIN_SPLATS)
    assert repeated.returncode == 1
    assert "--force" in repeated.stderr
