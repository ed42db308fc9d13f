"""Measured sky: which pixels show it, from distance, direction and colour, or from a model that names what it sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UnavailableError, is_out_of_memory

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FAR_SHARE = 0.6  # of the 98th percentile of distance: nearer is no sky
LEAST_M = 8.0  # nearer is no sky either: a room has none
UPWARD = np.sin(np.radians(1.0))  # lower is no sky
HIGH = np.sin(np.radians(15.0))  # what belongs to the sky reaches up to here, or to the picture's upper edge
ROUGH = 12.0  # of 255: a pixel that differs more from its surroundings is no sky
LABEL = "sky"


def sky_mask(rgb: NDArray[np.uint8], distance: Floats, rays: Floats) -> Mask:
    """(H, W) whether a pixel shows the sky: far, upward, smooth, blue or bright grey, and joined to what lies high up.

    distance: metres along rays, (H, W).  rays: unit directions in the world, (H, W, 3).
    """
    from scipy.ndimage import binary_dilation, binary_erosion, label, uniform_filter

    finite = distance[np.isfinite(distance)]
    if not len(finite):
        return np.isposinf(distance)
    far = distance >= max(LEAST_M, FAR_SHARE * float(np.percentile(finite, 98)))
    red, green, blue = (rgb[..., i].astype(np.float32) for i in range(3))
    bright = (red + green + blue) / 3
    rough = np.sqrt(np.maximum(uniform_filter(bright**2, 3, mode="nearest") - uniform_filter(bright, 3, mode="nearest") ** 2, 0))
    bluish = (blue >= red) & (blue >= green - 8) & (bright > 40)
    pale = (bright > 150) & (rgb.max(axis=-1).astype(int) - rgb.min(axis=-1) < 60)
    glowing = (bright > 110) & (red >= blue) & (rough < ROUGH / 3)  # where the sun goes down
    could = far & (rays[..., 1] > UPWARD) & (rough < ROUGH) & (bluish | pale | glowing)
    could &= binary_dilation(binary_erosion(could, border_value=1))  # no single pixels, and no threads between pieces
    pieces, count = label(could)
    anchored = np.zeros(count + 1, bool)
    anchored[np.unique(pieces[rays[..., 1] > HIGH])] = True
    anchored[np.unique(pieces[0])] = True
    anchored[0] = False
    return anchored[pieces] | np.isposinf(distance)


def named_sky(rgb: NDArray[np.uint8], folder: Path) -> Mask:
    """(H, W) whether a semantic segmentation model of transformers calls a pixel sky; raises UnavailableError when it knows no sky."""
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForSemanticSegmentation

    try:
        processor = AutoImageProcessor.from_pretrained(str(folder), local_files_only=True)
        model = AutoModelForSemanticSegmentation.from_pretrained(str(folder), local_files_only=True, use_safetensors=True).eval()
    except (OSError, ValueError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        raise UnavailableError(f"the model {folder.name} cannot be opened to find the sky: pull it again, or leave it out") from error
    names = {int(number): str(name).lower() for number, name in model.config.id2label.items()}
    sky = [number for number, name in names.items() if LABEL in name.replace(";", ",").replace(" ", ",").split(",")]
    if not sky:
        raise UnavailableError(f"the model {folder.name} has no word for the sky: name another, or leave it out")
    with torch.no_grad():
        outputs = model(**processor(images=Image.fromarray(rgb), return_tensors="pt"))
    found = processor.post_process_semantic_segmentation(outputs, target_sizes=[rgb.shape[:2]])[0]
    return np.isin(found.cpu().numpy(), sky)
