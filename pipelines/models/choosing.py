"""Choosing: which files of a repository are needed, from their names alone."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from pipelines.errors import WeightsError
from pipelines.models.weights import REFUSED, SUFFIX

INDEX = "model_index.json"
_TEXTS = (".json", ".txt", ".model", ".jinja")
_KEPT = re.compile(r"(README|LICEN[CS]E|NOTICE)[\w.-]*(\.md|\.txt)?", re.IGNORECASE)
_SHARD = r"(-\d{5}-of-\d{5})?"
_VARIANT = re.compile(rf"(?P<stem>.+)\.((fp|bf|int)\d+\w*|(non_)?ema)(?P<shard>{_SHARD})\.safetensors")


def parts_in(index: Any) -> frozenset[str]:
    """The parts that a `model_index.json` names: those with a library and a class."""
    if not isinstance(index, dict):
        raise ValueError("no index of a pipeline")
    return frozenset(name for name, home in index.items() if isinstance(home, list) and len(home) == 2 and all(home) and "/" not in name)


def needed_files(repository: str, names: tuple[str, ...], parts: frozenset[str] | None = None) -> tuple[str, ...]:
    """The files to fetch: safetensors, settings, tokenizers and the licence; of a diffusers pipeline those in the folders of its `parts`.

    Where the same weights lie there in several precisions, only those without a variant in their name. Raises WeightsError where some
    weights exist in pickled form only.
    """
    weights = [name for name in names if name.endswith(SUFFIX)]
    pickled = [name for name in names if PurePosixPath(name).suffix.lower() in REFUSED]
    bare: set[str] = set()
    if parts is not None:
        weights = [name for name in weights if _folder(name) in parts]
        bare = {_folder(name) for name in pickled} & parts - {_folder(name) for name in weights}
    if not weights or bare:
        where = f" in {', '.join(sorted(bare))}" if bare else ""
        kind = "only pickled weights" if pickled else "no weights"
        raise WeightsError(
            f"{repository} has {kind}{where}, and only .safetensors are opened: choose another repository, or convert it into one of yours"
        )
    weights = [name for name in weights if not _is_variant(name, weights)]
    homes = {"", *(parts if parts is not None else map(_folder, weights))}
    texts = [name for name in names if name.endswith(_TEXTS) and _folder(name) in homes and not _of_other_weights(name)]
    kept = [name for name in names if "/" not in name and _KEPT.fullmatch(name)]
    return tuple(sorted({*weights, *texts, *kept}))


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _is_variant(name: str, weights: list[str]) -> bool:
    """Whether a file holds the same in another precision: `model.fp16.safetensors` beside `model.safetensors`."""
    folder, _, file = name.rpartition("/")
    match = _VARIANT.fullmatch(file)
    if match is None:
        return False
    plain = re.compile(rf"{re.escape(match['stem'])}{_SHARD}\.safetensors")
    return any(plain.fullmatch(other.rpartition("/")[2]) for other in weights if _folder(other) == folder)


def _of_other_weights(name: str) -> bool:
    """An index of weights that are not fetched: of pickled ones, or of a variant."""
    file = PurePosixPath(name).name
    return file.endswith((".bin.index.json", ".msgpack.index.json")) or bool(re.search(r"\.index\.[\w-]+\.json$", file))
