"""A models folder of its own for every test, a hub on this machine, and tiny weights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from tests.models.hub import Hub, Repository, serving


def weights(seed: int = 0, side: int = 24) -> bytes:
    """A safetensors file with side² + side numbers."""
    rng = np.random.default_rng(seed)
    return bytes(save({"weight": rng.normal(size=(side, side)).astype(np.float16), "bias": np.zeros(side, np.float16)}))


def pipeline_files() -> dict[str, bytes]:
    """A repository in the format of diffusers: two parts with weights, a tokenizer, and what nobody needs."""
    index = {
        "_class_name": "TinyPipeline",
        "transformer": ["diffusers", "TinyModel"],
        "vae": ["diffusers", "TinyVae"],
        "tokenizer": ["transformers", "TinyTokenizer"],
        "safety_checker": [None, None],
    }
    return {
        "model_index.json": json.dumps(index).encode(),
        "README.md": b"---\nlicense: apache-2.0\n---\n",
        "LICENSE": b"Apache License",
        "transformer/config.json": b"{}",
        "transformer/diffusion_pytorch_model.safetensors": weights(1, 40),
        "transformer/diffusion_pytorch_model.fp16.safetensors": weights(2),
        "transformer/diffusion_pytorch_model.bin": b"\x80\x02pickled",
        "vae/config.json": b"{}",
        "vae/diffusion_pytorch_model.safetensors": weights(3),
        "tokenizer/merges.txt": b"a b\n",
        "tokenizer/tokenizer.model": b"\n\x05<unk>",
        "vae_old/diffusion_pytorch_model.safetensors": weights(4),
        "whole_model.safetensors": weights(5),
        "picture.png": b"png",
        "run.py": b"print('no')",
    }


NEEDED = {
    "model_index.json", "README.md", "LICENSE", "transformer/config.json", "transformer/diffusion_pytorch_model.safetensors",
    "vae/config.json", "vae/diffusion_pytorch_model.safetensors", "tokenizer/merges.txt", "tokenizer/tokenizer.model",
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of this test; no other setting of this machine counts."""
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "WORLDLOOM_PAINT_MODEL", "WORLDLOOM_PAINT_ADAPTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WORLDLOOM_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one pipeline, `tiny/pipeline`."""
    monkeypatch.setattr("pipelines.models.fetching.time.sleep", lambda seconds: None)  # between tries
    with serving() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        served.repositories["tiny/pipeline"] = Repository(pipeline_files())
        yield served
