"""Depth networks: picture in, depth out; those of transformers by id or folder, Depth Anything 3 through its own package."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.camera import Camera
from pipelines.errors import UnavailableError, is_out_of_memory
from pipelines.models import give_memory_back

Floats = NDArray[np.float32]

METRIC_TYPES = {"zoedepth", "glpn", "depth_pro", "tipsv2_dpt"}  # of transformers: they answer in metres
CANONICAL_FOCAL_PX = 300.0  # of DA3METRIC: metres = output · focal / 300, as its authors say
FARTHEST = 100.0  # how much farther than the nearest thing a relative depth reaches


class DepthNetwork(ABC):
    """metric: whether depths are metres; otherwise they are known up to one factor a picture."""

    metric: bool
    model: Any
    device = "cpu"

    def place(self, device: str) -> None:
        """Bring it to the graphics card, `cuda`, or to the processor, `cpu`."""
        self.device = device
        self.model = self.model.to(device)

    def rest(self) -> int:
        """Leave the graphics card; the bytes that it takes in the machine's memory."""
        self.place("cpu")
        give_memory_back()
        return sum(weights.numel() * weights.element_size() for weights in self.model.parameters())

    def close(self) -> None:
        """Give the weights' memory back."""
        self.model = None
        give_memory_back()

    @abstractmethod
    def depth(self, rgb: NDArray[np.uint8], camera: Camera) -> Floats:
        """(H, W) depth along the viewing axis of a pinhole picture (H, W, 3) uint8; NaN = not known, inf = sky where it tells."""


def open_network(folder: Path, name: str) -> DepthNetwork:
    """The network in a folder, on the processor; raises UnavailableError with the cure when it cannot be opened."""
    if name.lower().rpartition("/")[2].startswith("moge"):
        raise UnavailableError(
            f"the weights of {name} are published as a pickle, which is never opened here: "
            "name a depth model of transformers, or DA3METRIC-LARGE"
        )
    if name.lower().rpartition("/")[2].startswith("da3"):
        return DepthAnything3(folder, name)
    return TransformersDepth(folder, name)


class TransformersDepth(DepthNetwork):
    """Any model that transformers opens as `AutoModelForDepthEstimation`."""

    def __init__(self, folder: Path, name: str) -> None:
        import transformers
        from transformers import AutoImageProcessor, AutoModelForDepthEstimation

        transformers.utils.logging.set_verbosity_error()
        transformers.utils.logging.disable_progress_bar()
        try:
            kind = str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type"))
            if kind == "chmv2":
                raise ValueError("it measures the height of tree crowns from the air")
            self.processor: Any = AutoImageProcessor.from_pretrained(str(folder), local_files_only=True)
            opened: Any = AutoModelForDepthEstimation.from_pretrained(str(folder), local_files_only=True, use_safetensors=True)
            self.model = opened.eval()
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            if is_out_of_memory(error):
                raise
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise UnavailableError(f"the depth model {name} cannot be opened ({reason}): pull it again, or name another") from error
        self.metric = kind in METRIC_TYPES or getattr(self.model.config, "depth_estimation_type", "relative") == "metric"

    def depth(self, rgb: NDArray[np.uint8], camera: Camera) -> Floats:
        import torch
        from PIL import Image

        size = rgb.shape[:2]
        inputs = self.processor(images=Image.fromarray(rgb), return_tensors="pt").to(self.device)
        with torch.no_grad():
            outputs = self.model(**inputs)
        sizes = {"source_sizes": [size]} if self.model.config.model_type == "zoedepth" else {"target_sizes": [size]}
        found = self.processor.post_process_depth_estimation(outputs, **sizes)[0]["predicted_depth"]
        values = found.float().cpu().numpy().reshape(size)
        return _positive(values) if self.metric else from_inverse(values)


class DepthAnything3(DepthNetwork):
    """DA3METRIC-LARGE and its kin, by the package depth_anything_3."""

    def __init__(self, folder: Path, name: str) -> None:
        try:
            api: Any = import_module("depth_anything_3.api").DepthAnything3
        except ImportError as error:
            raise UnavailableError(
                f"{name} needs the package depth_anything_3, which is not installed: install it, or name a depth model of transformers"
            ) from error
        self.metric = "metric" in name.lower()
        self.model = api.from_pretrained(str(folder))

    def depth(self, rgb: NDArray[np.uint8], camera: Camera) -> Floats:
        from PIL import Image

        found = self.model.inference([rgb])
        values = np.asarray(found.depth[0], np.float32)
        shrunk_by = values.shape[1] / camera.width_px
        values = np.asarray(Image.fromarray(values).resize((camera.width_px, camera.height_px), Image.Resampling.BILINEAR))
        if self.metric:
            values = values * (camera.focal_px * shrunk_by / CANONICAL_FOCAL_PX)
        return _positive(values)


def from_inverse(values: Floats) -> Floats:
    """Inverse depth up to a factor and an unknown offset (near = large) → depth up to a factor, from 1 to 100.

    The offset cannot be known; the farthest thing in a picture is taken to be a hundred times as far as the nearest.
    """
    low, high = (float(value) for value in np.nanpercentile(values, (0.5, 99.5)))
    if not high > low:
        return np.ones_like(values, np.float32)
    share = ((values - low) / (high - low)).clip(0, 1)
    return (1 / (share + (1 - share) / FARTHEST)).astype(np.float32)


def _positive(values: Floats) -> Floats:
    """Depths of zero or less are none."""
    return np.where(values > 1e-3, values, np.float32(np.nan)).astype(np.float32)
