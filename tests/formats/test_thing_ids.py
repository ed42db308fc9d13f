"""Thing ids beside an SPZ: the truth is where each thing's splats are, read back by position, and an independent unpacking."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import FileFormatError, OutputError
from pipelines.formats import read_package, read_spz, save_package
from pipelines.formats.thing_ids import read_thing_ids, thing_ids_name, write_thing_ids
from tests.formats.scenes import nearest, splats, world


def test_ids_are_those_of_the_splats_at_the_same_places(tmp_path: Path) -> None:
    made = world()
    assert made.gaussians is not None and len(made.levels) == 3
    folder = save_package(made, tmp_path / "w")
    for name, truth in zip(("splats", "splats-500k", "splats-150k", "splats-100k"), (made.gaussians, *made.levels), strict=True):
        stored = read_spz(folder / f"{name}.spz")
        ids = np.frombuffer(gzip.decompress((folder / f"{name}.things.gz").read_bytes()), "<u2")
        assert len(ids) == len(stored) == len(truth)
        assert len(np.unique(ids)) > 1
        np.testing.assert_array_equal(ids, nearest(truth, stored).thing)


@pytest.mark.parametrize("name", ["w", "w.zip"])
def test_a_package_hands_them_out(name: str, tmp_path: Path) -> None:
    made = world(count=700)
    assert made.gaussians is not None
    package = read_package(save_package(made, tmp_path / name), verify=True)
    ids = package.thing_ids()
    assert ids is not None
    for thing in package.manifest.things:
        assert int((ids == thing.id).sum()) == thing.splats
    assert package.thing_ids("splats-100k.spz") is not None


def test_an_older_package_has_none_and_opens(tmp_path: Path) -> None:
    import json

    folder = save_package(world(count=300), tmp_path / "w")
    for path in folder.glob("*.things.gz"):
        path.unlink()
    told = json.loads((folder / "world.json").read_text())
    told["files"] = {name: facts for name, facts in told["files"].items() if not name.endswith(".things.gz")}
    (folder / "world.json").write_text(json.dumps(told))
    package = read_package(folder, verify=True)
    assert package.thing_ids() is None
    assert len(package.gaussians()) == 300


def test_ids_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    some = splats(10)
    write_thing_ids(replace(some, thing=np.full(10, 65_535, np.int32)), tmp_path / "most.things.gz")
    assert set(read_thing_ids(tmp_path / "most.things.gz", 10)) == {65_535}
    for wrong in (65_536, -1):
        with pytest.raises(OutputError, match="ids end at"):
            write_thing_ids(replace(some, thing=np.full(10, wrong, np.int32)), tmp_path / "x.things.gz")


@pytest.mark.parametrize("damage", ["cut", "longer", "shorter", "text", "bomb"])
def test_damaged_ids_are_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / thing_ids_name("splats.spz")
    write_thing_ids(splats(1_000), path)
    data, count = path.read_bytes(), 1_000
    if damage == "cut":
        data = data[:-9]
    elif damage == "text":
        data = b"no gzip at all"
    elif damage == "bomb":
        data = gzip.compress(bytes(50_000_000))
    else:
        count += 1 if damage == "shorter" else -1
    path.write_bytes(data)
    with pytest.raises(FileFormatError, match=r"things\.gz"):
        read_thing_ids(path, count)
