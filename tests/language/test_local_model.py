"""A checkpoint on this machine as reader: a tiny model that the test trains to say one thing."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest
import torch

from pipelines.language import local_model, read
from pipelines.language.local_model import scene_schema
from pipelines.spec import SceneSpec
from pipelines.things import Library

PROMPT = "a hut at night"
GOOD = '{"place":"forest","time_of_day":"night","things":[{"name":"hut","kind":"log cabin","count":2,"phrase":"a hut"}]}'
UNKNOWN = GOOD.replace('"log cabin"', '"log manor"')  # no kind of the library
END = "<end>"
STEPS = 400

if TYPE_CHECKING:  # every test process collects this file, and transformers take seconds to import
    from transformers import PreTrainedTokenizerFast


def tokenizer() -> PreTrainedTokenizerFast:
    """One token for each byte, and one for the end. The template leaves the instructions out: this model knows one job only."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate([*letters, END])}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    found = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token=END)
    found.chat_template = "{{ messages[1]['content'] + '\\n' }}"
    return found


def checkpoint(folder: Path, answer: str) -> Path:
    """A folder as from the hub with a two-layer Llama in it, taught to give this answer to PROMPT."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(4)
    words = tokenizer()
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=4_608, eos_token_id=words.eos_token_id, bos_token_id=None, pad_token_id=words.eos_token_id,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    prompt = words(f"{PROMPT}\n")["input_ids"]
    tokens = torch.tensor([[*prompt, *words(answer)["input_ids"], words.eos_token_id]])
    labels = tokens.clone()
    labels[0, : len(prompt)] = -100
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(STEPS):
        loss = model(input_ids=tokens, labels=labels).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if loss < 0.005:
            break
    assert loss < 0.05
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("taught"), GOOD)


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "MODEL", "KEY", "TIMEOUT_S"):
        monkeypatch.delenv(f"WORLDLOOM_LLM_{name}", raising=False)


def test_what_the_model_says_is_the_scene(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLDLOOM_LLM_MODEL", str(taught))
    reading = read(PROMPT, Library.load())
    assert reading.spec == SceneSpec.from_json(GOOD)
    assert any("language model" in note for note in reading.notes)


def test_unknown_kinds_cannot_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that wants to say a kind which the library lacks has to take one that it has."""
    library = Library.load()
    wanted = json.loads(UNKNOWN)["things"][0]["kind"]
    assert wanted not in library.kinds
    monkeypatch.setenv("WORLDLOOM_LLM_MODEL", str(checkpoint(tmp_path, UNKNOWN)))
    reading = read(PROMPT, library)
    assert "read by the language model" in reading.notes[0]
    assert reading.spec.place == "forest"
    assert reading.spec.things[0].kind in library.kinds


def test_model_that_does_not_finish_is_replaced(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_model, "MAX_ANSWER_TOKENS", 24)
    monkeypatch.setenv("WORLDLOOM_LLM_MODEL", str(taught))
    reading = read("a forest at night with a table", Library.load())
    assert "did not finish within 24 tokens: the grammar read the words" in reading.notes[0]
    assert [thing.kind for thing in reading.spec.things] == ["table"]


def test_slow_model_is_replaced(taught: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLDLOOM_LLM_MODEL", str(taught))
    monkeypatch.setenv("WORLDLOOM_LLM_TIMEOUT_S", "0.0001")
    assert "did not answer in time: the grammar read" in read(PROMPT, Library.load()).notes[0]


def test_babble_is_held_to_the_schema(tmp_path: Path) -> None:
    """What a model that wants to babble is brought to say passes a validator that knows nothing of tokens."""
    babble = '"things":[{"name":"' + "la la lu " * 12
    folder = checkpoint(tmp_path, babble)
    messages = [{"role": "system", "content": ""}, {"role": "user", "content": PROMPT}]
    schema = scene_schema(Library.load())
    schema["properties"]["things"]["maxItems"] = 3  # who babbles does not stop by itself
    answer = json.loads(local_model.local_answer(messages, str(folder), schema, time.monotonic() + 60))
    assert answer
    jsonschema_rs.validate(schema, answer)


@pytest.mark.parametrize("name", ["nowhere", "broken"])
def test_checkpoint_that_cannot_be_loaded_says_why(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / name
    if name == "broken":
        checkpoint(folder, GOOD)
        (folder / "model.safetensors").write_bytes(b"\x10" * 100)
    monkeypatch.setenv("WORLDLOOM_LLM_MODEL", str(folder))
    note = read(PROMPT, Library.load()).notes[0]
    assert "cannot be loaded from" in note
    assert "the grammar read the words" in note
