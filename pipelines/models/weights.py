"""Weights: safetensors only, looked into before anything loads them; whatever can run code when it is read is refused.

The layout is that of the safetensors format: eight bytes, the length of a JSON header (little-endian), the header with dtype, shape and
offsets of each tensor, then the tensors one after the other (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import WeightsError

SUFFIX = ".safetensors"
REFUSED = frozenset(
    (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".msgpack", ".h5", ".keras", ".onnx", ".npy", ".npz", ".t7", ".mar")
)
"""Suffixes of weights that are pickled or carry a program."""

_LONGEST_HEADER = 100_000_000  # what the safetensors library itself takes
_PICKLE = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def require_safe(path: Path, name: str, suffix: str | None = None) -> None:
    """Raise WeightsError unless a file, called `name` in sentences, may be given to a loader. suffix: that it will have, if not yet."""
    suffix = (path.suffix if suffix is None else suffix).lower()
    if suffix in REFUSED:
        raise WeightsError(
            f"{name} holds pickled weights, which can run any program when they are opened: "
            "use a repository with .safetensors, or convert it with the `safetensors` package and remove this file"
        )
    if suffix == SUFFIX:
        read_header(path, name)


def parameters_in(path: Path) -> int:
    """How many numbers the tensors of a safetensors file hold."""
    return sum(math.prod(tensor["shape"]) for tensor in read_header(path, path.name).values())


def read_header(path: Path, name: str) -> dict[str, dict[str, Any]]:
    """Name → {dtype, shape, data_offsets} of every tensor; raises WeightsError where the file is not whole safetensors."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begin = file.read(8)
            if begin.startswith(_PICKLE):
                raise WeightsError(f"{name} is a pickled file that is only named like safetensors, so it is not opened: remove it")
            length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else _LONGEST_HEADER + 1
            if length > _LONGEST_HEADER or length > size - 8:
                raise WeightsError(f"{name} is cut off or is no safetensors file ({size:,} bytes): fetch it again")
            tensors = json.loads(file.read(length))
        ends = [_end(tensor) for label, tensor in tensors.items() if label != "__metadata__"]
    except OSError as error:
        raise WeightsError(f"{name} cannot be read ({error.strerror or error}): correct its permissions or fetch it again") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise WeightsError(f"{name} is no safetensors file, since its header cannot be read: fetch it again") from None
    if size - 8 - length != max(ends, default=0):
        raise WeightsError(
            f"{name} is cut off or altered: its header asks for {max(ends, default=0) + 8 + length:,} bytes, it has {size:,}"
        )
    return {label: tensor for label, tensor in tensors.items() if label != "__metadata__"}


def weight_files(folder: Path) -> Iterator[Path]:
    """All files below a folder, in order; hidden ones are nobody's weights. A folder that is not there holds none."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path


def _end(tensor: dict[str, Any]) -> int:
    begin, end = tensor["data_offsets"]
    if not 0 <= begin <= end or not isinstance(tensor["dtype"], str) or any(int(length) < 0 for length in tensor["shape"]):
        raise ValueError
    return int(end)
