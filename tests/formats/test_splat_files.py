"""Splats through every format and back: what is kept, how exactly, in how many bytes."""

from __future__ import annotations

import gzip
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.camera import pinhole
from pipelines.errors import InputError, OutputError
from pipelines.formats import FORMATS, Axes, Frame, Unit, format_of, read_ply, read_spz, splat_format, write_ply, write_sog, write_spz
from pipelines.formats.codebook import nearest_codes, nearest_sets, scalar_codebook, set_palette
from pipelines.formats.order import morton_order
from pipelines.gaussians import Gaussians, join
from pipelines.splat import render
from tests.formats.scenes import covariances, nearest, splats
from tests.splat.scenes import psnr_db, sheet

LOSSLESS = ("ply", "glb")


def relative_shape_error(found: Gaussians, truth: Gaussians) -> float:
    """Largest difference of covariances, as a share of the truth's largest entry."""
    expected = covariances(truth)
    return float((np.abs(covariances(found) - expected).max(axis=(1, 2)) / np.abs(expected).max(axis=(1, 2))).max())


@pytest.mark.parametrize("degree", range(4))
@pytest.mark.parametrize("name", LOSSLESS)
def test_exact_formats_keep_every_number(name: str, degree: int, tmp_path: Path) -> None:
    before = splats(300, degree=degree)
    kind = FORMATS[name]
    kind.write(before, tmp_path / "splats")
    after = kind.read(tmp_path / "splats")
    np.testing.assert_array_equal(after.means, before.means)
    np.testing.assert_array_equal(after.harmonics, before.harmonics)
    np.testing.assert_allclose(after.rotations, before.rotations, atol=2e-7)
    np.testing.assert_allclose(after.scales, before.scales, rtol=2e-6)
    np.testing.assert_allclose(after.opacities, before.opacities, atol=2e-6)


@pytest.mark.parametrize("degree", range(4))
def test_spz_keeps_what_its_bits_hold(degree: int, tmp_path: Path) -> None:
    before = splats(2_000, degree=degree)
    write_spz(before, tmp_path / "a.spz")
    after = read_spz(tmp_path / "a.spz")
    truth = nearest(before, after)
    assert np.abs(after.means - truth.means).max() <= 0.5 / 4096 + 1e-6
    assert np.abs(after.opacities - truth.opacities).max() <= 0.5 / 255 + 1e-6
    assert np.abs(after.harmonics[:, 0] - truth.harmonics[:, 0]).max() <= 0.5 / 255 / 0.15 + 1e-5
    assert np.abs(after.harmonics[:, 1:4] - truth.harmonics[:, 1:4]).max(initial=0) <= 4.5 / 128
    assert np.abs(after.harmonics[:, 4:] - truth.harmonics[:, 4:]).max(initial=0) <= 8.5 / 128
    assert relative_shape_error(after, truth) < 0.08  # half a step of scale is 3 %, twice in a square


@pytest.mark.parametrize("degree", [0, 1, 3])
def test_sog_keeps_what_its_bits_hold(degree: int, tmp_path: Path) -> None:
    before = splats(1_500, degree=degree)
    write_sog(before, tmp_path / "a.sog")
    after = FORMATS["sog"].read(tmp_path / "a.sog")
    truth = nearest(before, after)
    reach = np.log1p(np.abs(before.means)).max(axis=0) * 2
    assert (np.abs(after.means - truth.means) <= reach / 65535 * (1 + np.abs(truth.means)) + 1e-5).all()
    assert np.abs(after.opacities - truth.opacities).max() <= 0.5 / 255 + 1e-6
    assert np.abs(after.harmonics[:, 0] - truth.harmonics[:, 0]).max() < 0.03
    assert relative_shape_error(after, truth) < 0.09
    if degree:
        kept = 1 - np.var(after.harmonics[:, 1:] - truth.harmonics[:, 1:]) / np.var(truth.harmonics[:, 1:])
        assert kept > 0.15, "random harmonics compress badly, but not to nothing"


def test_sog_palette_is_exact_for_few_looks(tmp_path: Path) -> None:
    """Most worlds have few view-dependent surfaces; those must come back as they were."""
    before = splats(900, degree=2)
    looks = np.concatenate([np.zeros((1, 8, 3)), before.harmonics[:3, 1:]])
    before.harmonics[:, 1:] = looks[np.arange(900) % 4]
    write_sog(before, tmp_path / "a.sog")
    after = FORMATS["sog"].read(tmp_path / "a.sog")
    assert np.abs(after.harmonics[:, 1:] - nearest(before, after).harmonics[:, 1:]).max() < 1e-3


def rooms(count: int) -> Gaussians:
    """A floor, walls and grass round a viewer: splats in the sizes and the order of a made world."""
    grass = splats(count // 4, spread_m=2.0)
    blade = np.tile(np.array([0.05, 0.012, 0.003], np.float32), (len(grass), 1))
    grass = replace(grass, means=grass.means - np.array([0, 1.5, 0], np.float32), scales=blade)
    sheets = [
        sheet(np.array([-5.0, -1.6, -5.0]), np.array([0, 0, 10.0]), np.array([10.0, 0, 0]), count=count // 2),
        sheet(np.array([-5.0, -1.6, -5.0]), np.array([10.0, 0, 0]), np.array([0, 4.0, 0]), count=count // 4),
    ]
    return join([grass.with_degree(0), *sheets])


@pytest.mark.parametrize(("name", "most_bytes"), [("spz", 15.6), ("sog", 11.5)])
def test_packed_formats_look_the_same_and_are_small(name: str, most_bytes: float, tmp_path: Path) -> None:
    before = rooms(40_000)
    path = tmp_path / "splats"
    FORMATS[name].write(before, path)
    assert path.stat().st_size / len(before) <= most_bytes
    after = FORMATS[name].read(path)
    for yaw in (0.0, 0.8, 2.5):
        camera = pinhole((0, 0, 0), yaw_rad=yaw, pitch_rad=-0.3, width_px=480, height_px=270)
        assert psnr_db(np.clip(render(after, camera).rgb, 0, 1), np.clip(render(before, camera).rgb, 0, 1)) >= 50


@pytest.mark.parametrize("frame", [Frame(Axes.Z_UP), Frame(Axes.RDF, Unit.CENTIMETRE)], ids=str)
@pytest.mark.parametrize("name", ["ply", "spz", "sog"])
def test_any_frame_can_be_asked_for(name: str, frame: Frame, tmp_path: Path) -> None:
    before = splats(400, degree=1, spread_m=3)
    FORMATS[name].write(before, tmp_path / "splats", frame=frame)
    after = FORMATS[name].read(tmp_path / "splats", frame=frame)
    truth = nearest(before, after)
    assert np.abs(after.means - truth.means).max() < 0.01
    assert relative_shape_error(after, truth) < 0.09
    raw = FORMATS[name].read(tmp_path / "splats", frame=Frame())
    np.testing.assert_allclose(raw.means, after.means @ frame.rotation.T * frame.scale, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", FORMATS)
def test_same_splats_same_bytes(name: str, tmp_path: Path) -> None:
    for file in ("a", "b"):
        FORMATS[name].write(splats(700, degree=1), tmp_path / file)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("name", FORMATS)
def test_one_splat_is_enough_and_none_is_too_few(name: str, tmp_path: Path) -> None:
    FORMATS[name].write(splats(1), tmp_path / "a")
    assert len(FORMATS[name].read(tmp_path / "a")) == 1
    with pytest.raises(OutputError, match="no splat"):
        FORMATS[name].write(splats(1).take(slice(0, 0)), tmp_path / "b")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("field", ["means", "scales", "rotations", "opacities", "harmonics"])
def test_a_number_that_is_not_finite_is_not_written(name: str, field: str, tmp_path: Path) -> None:
    broken = splats(5)
    values = getattr(broken, field).copy()
    values[3] = np.nan
    with pytest.raises(OutputError, match=f"splat 3 .* {field}"):
        FORMATS[name].write(replace(broken, **{field: values}), tmp_path / "a")


def test_spz_says_when_a_world_is_too_large(tmp_path: Path) -> None:
    far = splats(4)
    far.means[2] = (3_000, 0, 0)
    write_spz(far, tmp_path / "a.spz")  # fewer fractional bits, still good to half a millimetre
    assert np.abs(np.sort(read_spz(tmp_path / "a.spz").means, axis=0) - np.sort(far.means, axis=0)).max() < 6e-4
    far.means[2] = (150_000, 0, 0)
    with pytest.raises(OutputError, match="150,000 units away"):
        write_spz(far, tmp_path / "a.spz")
    wide = splats(4)
    wide.scales[1] = 1_000
    with pytest.raises(OutputError, match="1,000 units wide"):
        write_spz(wide, tmp_path / "a.spz")


def test_spz_is_laid_out_as_its_specification_says(tmp_path: Path) -> None:
    """One splat, packed a second time by hand: columns, fixed point, smallest three."""
    one = Gaussians(
        np.array([[1.0, -2.5, 0.125]], np.float32),
        np.full((1, 3), np.exp(-2.0), np.float32),
        np.array([[0.96, 0.168, 0.224, 0.0]], np.float32),
        np.array([0.6], np.float32),
        np.array([[[1.0, 0.0, -1.0]]], np.float32),
        np.zeros(1, np.int32),
    )
    write_spz(one, tmp_path / "a.spz")
    data = gzip.decompress((tmp_path / "a.spz").read_bytes())
    assert data[:16] == b"NGSP" + struct.pack("<IIBBBB", 3, 1, 0, 12, 0, 0)
    positions = b"".join((round(value * 4096) & 0xFFFFFF).to_bytes(3, "little") for value in (1.0, -2.5, 0.125))
    assert data[16:25] == positions
    assert data[25] == round(0.6 * 255)
    assert list(data[26:29]) == [166, 128, 89]  # 255·(0.5 + 0.15·f), rounded half up
    assert list(data[29:32]) == [128, 128, 128]  # 16·(ln s + 10)
    packed = int.from_bytes(data[32:36], "little")
    w_largest = 3
    x, y, z = (round(511 * value * 2**0.5) for value in (0.168, 0.224, 0.0))
    assert packed == w_largest << 30 | x << 20 | y << 10 | z
    assert len(data) == 36


def test_spz_2_is_read(tmp_path: Path) -> None:
    """Version 2 has rotations of three bytes; written here by hand."""
    header = struct.pack("<4sIIBBBB", b"NGSP", 2, 1, 0, 10, 0, 0)
    body = b"".join(value.to_bytes(3, "little", signed=True) for value in (1024, -2048, 512))
    body += bytes([255, 128, 128, 128, 160, 160, 160]) + bytes([round(0.6 * 127.5 + 127.5), 128, 128])
    (tmp_path / "a.spz").write_bytes(gzip.compress(header + body))
    splat = read_spz(tmp_path / "a.spz")
    np.testing.assert_allclose(splat.means, [[1, -2, 0.5]])
    np.testing.assert_allclose(splat.rotations, [[0.8, 0.6, 0, 0]], atol=0.01)
    np.testing.assert_allclose(splat.scales, 1.0)


def test_spz_2_is_written_for_older_readers(tmp_path: Path) -> None:
    """By hand: three bytes a rotation, each of x, y, z between −1 and 1. And as a whole: what is read back is what was written."""
    one = Gaussians(
        np.array([[1.0, -2.5, 0.125]], np.float32),
        np.full((1, 3), np.exp(-2.0), np.float32),
        np.array([[0.96, 0.168, 0.224, 0.0]], np.float32),
        np.array([0.6], np.float32),
        np.array([[[1.0, 0.0, -1.0]]], np.float32),
        np.zeros(1, np.int32),
    )
    write_spz(one, tmp_path / "a.spz", version=2)
    data = gzip.decompress((tmp_path / "a.spz").read_bytes())
    assert data[:16] == b"NGSP" + struct.pack("<IIBBBB", 2, 1, 0, 12, 0, 0)
    assert list(data[32:]) == [round(127.5 * (1 + value)) for value in (0.168, 0.224, 0.0)]
    before = splats(2_000, degree=0)
    write_spz(before, tmp_path / "b.spz", version=2)
    after = read_spz(tmp_path / "b.spz")
    assert relative_shape_error(after, nearest(before, after)) < 0.08
    with pytest.raises(InputError, match="version 4 cannot be written: choose 2 or 3"):
        write_spz(one, tmp_path / "c.spz", version=4)


def test_ply_of_other_writers_is_read(tmp_path: Path) -> None:
    """Doubles, another order, extra properties, comments, a second element: all of that occurs."""
    names = ["opacity", "x", "y", "z", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3", "f_dc_0", "f_dc_1", "f_dc_2"]
    header = "ply\nformat binary_little_endian 1.0\ncomment by hand\nelement vertex 1\nproperty uchar flag\n"
    header += "".join(f"property double {name}\n" for name in names) + "element camera 1\nproperty float focal\nend_header\n"
    row = struct.pack("<B14d", 7, 0.0, 1, 2, 3, 0, 0, 0, 2, 0, 0, 0, 0.5, 0.25, 0.125)
    (tmp_path / "a.ply").write_bytes(header.encode() + row + b"more")
    splat = read_ply(tmp_path / "a.ply")
    np.testing.assert_allclose(splat.means, [[1, -2, -3]])
    np.testing.assert_allclose(splat.opacities, [0.5])
    np.testing.assert_allclose(splat.rotations, [[1, 0, 0, 0]])
    np.testing.assert_allclose(splat.harmonics[0, 0], [0.5, 0.25, 0.125])


def test_ply_is_laid_out_as_inria_does(tmp_path: Path) -> None:
    one = splats(1, degree=1)
    write_ply(one, tmp_path / "a.ply")
    header, _, body = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")
    names = [line.split()[-1] for line in header.decode().splitlines() if line.startswith("property float")]
    expected = "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 " + " ".join(f"f_rest_{i}" for i in range(9))
    assert names == f"{expected} opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3".split()
    values = dict(zip(names, struct.unpack(f"<{len(names)}f", body), strict=True))
    assert values["y"] == -one.means[0, 1] and values["nx"] == 0
    assert values["f_rest_0"] == -one.harmonics[0, 1, 0], "red of the first harmonic, which is odd in y"
    assert values["f_rest_5"] == one.harmonics[0, 3, 1], "green of the third, which is even"
    assert np.isclose(values["scale_1"], np.log(one.scales[0, 1]))
    assert np.isclose(values["opacity"], np.log(one.opacities[0] / (1 - one.opacities[0])), atol=1e-5)


def test_opacity_of_nought_and_one_survive(tmp_path: Path) -> None:
    ends = replace(splats(2), opacities=np.array([0, 1], np.float32))
    for name in FORMATS:
        FORMATS[name].write(ends, tmp_path / name)
        found = FORMATS[name].read(tmp_path / name)
        np.testing.assert_allclose(np.sort(found.opacities), [0, 1], atol=2e-6)


def test_morton_order_keeps_neighbours_together() -> None:
    points = np.random.default_rng(0).uniform(-5, 5, (4_000, 3)).astype(np.float32)
    order = morton_order(points)
    assert sorted(order.tolist()) == list(range(4_000))
    steps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert np.median(steps) < 0.25 * np.median(np.linalg.norm(np.diff(points, axis=0), axis=1))


def test_codebook_is_better_than_even_steps_and_handles_a_constant() -> None:
    values = np.random.default_rng(0).normal(0, 1, (20_000, 3)).astype(np.float32) ** 3
    codebook = scalar_codebook(values)
    error = np.mean((codebook[nearest_codes(values, codebook)] - values) ** 2)
    even = np.linspace(values.min(), values.max(), 256, dtype=np.float32)
    assert error < 0.2 * np.mean((even[nearest_codes(values, even)] - values) ** 2)
    same = scalar_codebook(np.full((5, 3), 2.5, np.float32))
    assert (same[nearest_codes(np.full(4, 2.5, np.float32), same)] == 2.5).all()


def test_nearest_sets_by_brute_force() -> None:
    rng = np.random.default_rng(3)
    sets, palette = rng.normal(size=(300, 9)).astype(np.float32), rng.normal(size=(40, 9)).astype(np.float32)
    palette[0] = 0
    brute = np.argmin(((sets[:, None] - palette[None]) ** 2).sum(axis=2), axis=1)
    np.testing.assert_array_equal(nearest_sets(sets, palette), brute)
    assert len(set_palette(np.zeros((10, 9), np.float32))) == 1


def test_formats_are_found_by_name_and_by_ending() -> None:
    assert format_of(Path("x/forest.SPZ")).name == "spz"
    with pytest.raises(InputError, match=r"\.obj"):
        format_of(Path("thing.obj"))
    with pytest.raises(InputError, match="choose from ply, spz"):
        splat_format("obj")
