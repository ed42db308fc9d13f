"""Weights: the small model's numbers as safetensors in shards of at most 16 MB, with a sum for each that is checked before use."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import WeightsError

if TYPE_CHECKING:
    from pipelines.flow.network import Parameters, Shape

FOLDER = Path(__file__).with_name("weights")
VARIABLE = "WORLDLOOM_SMALL_MODEL"
"""The setting that names a folder of weights in place of those of the package."""

INDEX = "model.json"
MOST_SHARD_BYTES = 16_000_000
LICENCE = "Apache-2.0"
ID = "worldloom-small"


@dataclass(frozen=True)
class Weights:
    """One network, ready to use. revision: the first digits of the sum over all its shards.  facts: how it was trained, from the index."""

    shape: Shape
    parameters: Parameters
    revision: str
    facts: Mapping[str, Any]


def weights_folder() -> Path:
    """Where the small model's weights are looked for: the folder that WORLDLOOM_SMALL_MODEL names, else the package's own."""
    named = os.environ.get(VARIABLE, "").strip()
    return Path(named).expanduser() if named else FOLDER


def has_weights(name: str) -> bool:
    """Whether a network is there with all its shards. They are not opened: what is altered or cut off is told when it is loaded."""
    folder = weights_folder()
    try:
        shards = _index(folder)["networks"][name]["sha256"]
        return bool(shards) and all((folder / Path(shard).name).is_file() for shard in shards)
    except (WeightsError, KeyError, TypeError):
        return False


def save_weights(folder: Path, name: str, shape: Shape, parameters: Parameters, facts: Mapping[str, Any]) -> list[Path]:
    """Write a network as half-precision shards and enter it in the folder's index. facts: how it was trained, for the index."""
    import torch
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    shards: list[dict[str, Any]] = [{}]
    size = 0
    for key, value in parameters.items():
        half = value.detach().to("cpu", torch.float16).contiguous()
        if size + half.nbytes > MOST_SHARD_BYTES - 100_000:  # room for the header
            shards.append({})
            size = 0
        shards[-1][key] = half
        size += half.nbytes
    for old in folder.glob(f"{name}-*.safetensors"):
        old.unlink()
    paths, sums = [], {}
    for number, shard in enumerate(shards):
        path = folder / f"{name}-{number:02d}.safetensors"
        data = save(shard)
        path.write_bytes(data)
        paths.append(path)
        sums[path.name] = hashlib.sha256(data).hexdigest()
    index: dict[str, Any] = _index(folder) if (folder / INDEX).is_file() else {"id": ID, "licence": LICENCE, "networks": {}}
    index["networks"][name] = {"shape": shape.as_json(), "sha256": sums, "facts": dict(facts)}
    (folder / INDEX).write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    return paths


def load_weights(name: str, folder: Path | None = None, *, device: str = "cpu") -> Weights:
    """A network of the small model in full precision; raises WeightsError where a shard is missing, cut off or altered."""
    from pipelines.flow.network import Shape

    folder = weights_folder() if folder is None else folder
    if not (folder / INDEX).is_file():
        raise WeightsError(f"the small model's weights are not in {folder}: install a release of worldloom that brings them, or train them")
    index = _index(folder)
    try:
        entry = index["networks"][name]
        shape = Shape.from_json(entry["shape"])
        sums = {str(file): str(found) for file, found in entry["sha256"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise WeightsError(f"{folder / INDEX} does not describe a network {name!r}: reinstall worldloom") from error
    parameters = {}
    for file, expected in sums.items():
        parameters.update(_shard(folder / Path(file).name, expected))
    _check(parameters, shape, folder, name)
    revision = hashlib.sha256("".join(sums.values()).encode()).hexdigest()[:12]
    full = {key: value.float().to(device) for key, value in parameters.items()}
    return Weights(shape, full, revision, entry.get("facts", {}))


def _index(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / INDEX).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise WeightsError(f"{folder / INDEX} cannot be read: reinstall worldloom") from error


def _shard(path: Path, expected: str) -> Parameters:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read ({error.strerror}): reinstall worldloom") from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise WeightsError(f"the weights {path} have sha256 {found}, not {expected}: they were altered or cut off; reinstall worldloom")
    from safetensors.torch import load

    return dict(load(data))


def _check(parameters: Parameters, shape: Shape, folder: Path, name: str) -> None:
    from pipelines.flow.network import new_parameters

    wanted = {key: tuple(value.shape) for key, value in new_parameters(shape, seed=0).items()}
    if {key: tuple(value.shape) for key, value in parameters.items()} != wanted:
        raise WeightsError(f"the weights of {name!r} in {folder} do not fit the network that {INDEX} describes: reinstall worldloom")
