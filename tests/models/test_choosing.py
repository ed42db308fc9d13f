"""Of a repository only what is needed is fetched, told from the names of its files."""

from __future__ import annotations

import pytest

from pipelines.errors import WeightsError
from pipelines.models.choosing import needed_files, parts_in
from tests.models.conftest import NEEDED, pipeline_files


def test_a_pipeline_is_its_parts() -> None:
    assert set(needed_files("a/b", tuple(pipeline_files()), frozenset({"transformer", "vae", "tokenizer"}))) == NEEDED


def test_a_plain_model_is_its_folder() -> None:
    names = (
        "config.json",
        "model.safetensors",
        "pytorch_model.bin",
        "onnx/model.onnx",
        "onnx/config.json",
        "vocab.txt",
        "chat_template.jinja",
    )
    assert set(needed_files("a/b", names)) == {"config.json", "model.safetensors", "vocab.txt", "chat_template.jinja"}


def test_shards_come_without_their_variants() -> None:
    plain = {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"}
    other = {"model.fp16-00001-of-00002.safetensors", "model.fp16-00002-of-00002.safetensors", "model.safetensors.index.fp16.json"}
    assert set(needed_files("a/b", tuple(sorted(plain | other | {"pytorch_model.bin.index.json"})))) == plain


def test_a_variant_that_is_all_there_is_is_taken() -> None:
    assert needed_files("a/b", ("model.fp16.safetensors",)) == ("model.fp16.safetensors",)
    versions = ("painter-v1.2.safetensors", "painter-v1.safetensors")  # a version is no variant
    assert needed_files("a/b", versions) == versions


def test_a_part_that_is_only_pickled_is_named() -> None:
    names = ("model_index.json", "unet/x.safetensors", "unet/config.json", "vae/config.json", "vae/x.bin", "old/x.bin")
    with pytest.raises(WeightsError, match="a/b has only pickled weights in vae, and only"):
        needed_files("a/b", names, frozenset({"unet", "vae"}))


def test_parts_of_an_index() -> None:
    index = {"_class_name": "P", "unet": ["diffusers", "U"], "safety_checker": [None, None], "../x": ["a", "b"], "n": 3}
    assert parts_in(index) == {"unet"}
    with pytest.raises(ValueError, match="no index"):
        parts_in([1])
