"""A language model on this machine as reader: a transformers checkpoint whose answers are held to the schema of a scene, token by token."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.errors import ModelError
from pipelines.language.lexicon import Kinds
from pipelines.places import places
from pipelines.spec import SceneSpec
from pipelines.things import COLOURS, MATERIALS

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

MAX_ANSWER_TOKENS = 4_096
MAX_UNMATCHED, MAX_PHRASE = 16, 120  # an answer must come to an end


def local_answer(messages: Sequence[dict[str, str]], checkpoint: str, schema: dict[str, Any], until: float) -> str:
    """What the checkpoint (a folder, or a repository's id) answers, most likely token first, as JSON that follows the schema.

    until: on the clock of `time.monotonic`.  Raises ModelError where the checkpoint cannot be loaded or does not finish in time.
    """
    import torch
    from transformers import LogitsProcessorList

    model, tokenizer, vocabulary = _loaded(checkpoint)
    prompt = _prompt(messages, tokenizer).to(model.device)
    held = _HeldToGrammar(vocabulary, schema, prompt.shape[1])
    left = until - time.monotonic()
    if left <= 0:
        raise ModelError("did not answer in time")
    with torch.inference_mode():
        tokens = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), logits_processor=LogitsProcessorList([held]), do_sample=False,
            max_new_tokens=MAX_ANSWER_TOKENS, max_time=left, pad_token_id=tokenizer.pad_token_id or tokenizer.eos_token_id,
        )  # fmt: skip
    if not held.finished(tokens[0]):
        raise ModelError("did not answer in time" if time.monotonic() >= until else f"did not finish within {MAX_ANSWER_TOKENS} tokens")
    return str(tokenizer.decode(tokens[0, prompt.shape[1] :], skip_special_tokens=True))


def scene_schema(library: Kinds) -> dict[str, Any]:
    """The schema of a SceneSpec in which nothing can be named that does not exist."""
    schema = SceneSpec.model_json_schema()
    schema["x-guidance"] = {"whitespace_flexible": False}
    scene, defs = schema["properties"], schema["$defs"]
    thing, part = defs["ThingSpec"]["properties"], defs["PartSpec"]["properties"]
    scene["place"] = _one_of(places())
    thing["kind"] = _one_of(library.kinds)
    scene["without"] = {"type": "array", "items": _one_of(library.kinds), "maxItems": 64}
    scene["unmatched"] = {"type": "array", "items": {"type": "string", "maxLength": MAX_PHRASE}, "maxItems": MAX_UNMATCHED}
    thing["phrase"] = {"type": "string", "maxLength": MAX_PHRASE}
    for looks in (thing, part):
        looks["colour"] = {"anyOf": [_one_of(COLOURS), {"type": "null"}]}
        looks["material"] = {"anyOf": [_one_of(MATERIALS), {"type": "null"}]}
    return schema


def _one_of(names: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


@lru_cache(maxsize=1)
def _loaded(checkpoint: str) -> tuple[PreTrainedModel, PreTrainedTokenizerFast, Any]:
    """Model, tokenizer, and the tokenizer as llguidance sees it; from safetensors only, code of the checkpoint's own is not run."""
    import llguidance.hf
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    cuda = torch.cuda.is_available()
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint)
        model = AutoModelForCausalLM.from_pretrained(
            checkpoint, use_safetensors=True, dtype=torch.bfloat16 if cuda else torch.float32, device_map=None,
        )  # fmt: skip
        model = model.to("cuda" if cuda else "cpu").eval()
        vocabulary = llguidance.hf.from_tokenizer(tokenizer, n_vocab=model.get_output_embeddings().weight.shape[0])
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        first = str(error).strip().partition("\n")[0][:160]
        raise ModelError(f"cannot be loaded from {checkpoint!r} ({first})") from None
    return model, tokenizer, vocabulary


def _prompt(messages: Sequence[dict[str, str]], tokenizer: PreTrainedTokenizerFast) -> Any:
    """(1, N) token ids; checkpoints without a chat template get the texts one after the other."""
    if tokenizer.chat_template:
        text = str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=True))
        return tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
    text = "\n\n".join(message["content"] for message in messages) + "\n\n"
    return tokenizer(text, return_tensors="pt")["input_ids"]


class _HeldToGrammar:
    """A logits processor that leaves only the tokens with which the answer can still follow the schema."""

    def __init__(self, vocabulary: Any, schema: dict[str, Any], prompt_tokens: int) -> None:
        from llguidance import LLMatcher

        self._matcher = LLMatcher(vocabulary, LLMatcher.grammar_from_json_schema(schema))
        self._seen = prompt_tokens

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """scores: (1, vocabulary); the forbidden ones become minus infinity."""
        import torch

        self._read(input_ids[0])
        bits = np.unpackbits(np.frombuffer(self._matcher.compute_bitmask(), np.uint8), bitorder="little")[: scores.shape[-1]]
        allowed = torch.from_numpy(bits.astype(bool)).to(scores.device)
        return scores.masked_fill(~allowed, float("-inf"))

    def _read(self, tokens: Any) -> None:
        new = [int(token) for token in tokens[self._seen :]]
        self._seen += len(new)
        if new and not self._matcher.is_stopped():
            self._matcher.consume_tokens(new)
        if self._matcher.is_error():
            raise ModelError(f"cannot be held to the schema ({self._matcher.get_error()[:120]})")

    def finished(self, tokens: Any) -> bool:
        """Whether the whole answer has been given."""
        self._read(tokens)
        return bool(self._matcher.is_accepting() or self._matcher.is_stopped())
