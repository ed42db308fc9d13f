"""Weights are looked into by hand and by the library that others load them with: the two must agree."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from pipelines.errors import WeightsError
from pipelines.models.weights import REFUSED, parameters_in, read_header, require_safe
from tests.models.conftest import weights


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_header_is_what_the_library_reads(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", weights())
    require_safe(path, "a")
    with safe_open(path, "np") as opened:
        assert set(read_header(path, "a")) == set(opened.keys())
        assert parameters_in(path) == sum(opened.get_tensor(name).size for name in opened.keys()) == 24 * 24 + 24  # noqa: SIM118


@given(length=st.integers(0, len(weights()) - 1))
def test_cut_off_anywhere_is_told(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = written(tmp_path_factory.mktemp("cut") / "a.safetensors", weights()[:length])
    with pytest.raises(WeightsError, match=r"cut off|no safetensors"):
        require_safe(path, "a")
    with pytest.raises(SafetensorError), safe_open(path, "np"):
        pass


def hostile(header: object) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"\0" * 8


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 100,
        struct.pack("<Q", 2**63) + b"{}",
        hostile([1, 2]),
        hostile({"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}),
        hostile({"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}),
        hostile({"a": {"dtype": "F32", "shape": [200], "data_offsets": [0, 800]}}),
        hostile({"a": {"shape": [2], "data_offsets": [0, 8]}}),
        struct.pack("<Q", 50_000) + b"[" * 50_000,
    ],
)
def test_what_is_no_safetensors(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(WeightsError, match=r"^the file"):
        require_safe(written(tmp_path / "a.safetensors", data), "the file")


@pytest.mark.parametrize("suffix", sorted(REFUSED))
def test_suffixes_that_are_never_opened(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(WeightsError, match="pickled weights, which can run any program"):
        require_safe(written(tmp_path / f"weights{suffix.upper()}", weights()), "the file")


@pytest.mark.parametrize("begin", [b"PK\x03\x04", b"\x80\x02", b"\x80\x05"])
def test_pickles_under_another_name(tmp_path: Path, begin: bytes) -> None:
    with pytest.raises(WeightsError, match="only named like safetensors"):
        require_safe(written(tmp_path / "a.safetensors", begin + b"\0" * 100), "the file")
