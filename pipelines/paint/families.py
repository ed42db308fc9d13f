"""Families: the diffusion models whose pipelines paint for us, and what each wants to be told.

Classes are those of diffusers 0.42; steps and guidance are what its pipelines show in their own examples. A repository of another family
is opened by diffusers' automatic pipelines with settings of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Task(StrEnum):
    """What a pipeline is asked to do."""

    TEXT = "text"  # words → picture
    INPAINT = "inpaint"  # the masked part of a picture anew
    REDRAW = "redraw"  # a picture anew, near to itself
    CONTROL = "control"  # words and a picture of depths → picture


@dataclass(frozen=True, slots=True)
class Family:
    """Diffusion models of one make.

    prefix: how the names of its pipelines begin.  classes: its pipeline for each task, as diffusers calls it.  control: the class of
    its control network, and the argument that takes the control picture.  settings: further arguments of each call.  most_pixels:
    larger pictures are shrunk by its pipelines.  multiple_px: sides are multiples of it.
    """

    name: str
    prefix: str
    classes: Mapping[Task, str]
    steps: int = 50
    settings: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    control: tuple[str, str] | None = None
    most_pixels: int | None = None
    multiple_px: int = 16


FAMILIES: tuple[Family, ...] = (
    Family(
        name="Qwen-Image",
        prefix="QwenImage",
        classes={
            Task.TEXT: "QwenImagePipeline",
            Task.INPAINT: "QwenImageInpaintPipeline",
            Task.REDRAW: "QwenImageImg2ImgPipeline",
            Task.CONTROL: "QwenImageControlNetPipeline",
        },
        settings={"true_cfg_scale": 4.0, "negative_prompt": " "},
        control=("QwenImageControlNetModel", "control_image"),
    ),
    Family(
        name="Z-Image",
        prefix="ZImage",
        classes={
            Task.TEXT: "ZImagePipeline",
            Task.INPAINT: "ZImageInpaintPipeline",
            Task.REDRAW: "ZImageImg2ImgPipeline",
            Task.CONTROL: "ZImageControlNetPipeline",
        },
        steps=8,
        settings={"guidance_scale": 0.0},
        control=("ZImageControlNetModel", "control_image"),
    ),
    Family(
        name="Stable Diffusion XL",
        prefix="StableDiffusionXL",
        classes={
            Task.TEXT: "StableDiffusionXLPipeline",
            Task.INPAINT: "StableDiffusionXLInpaintPipeline",
            Task.REDRAW: "StableDiffusionXLImg2ImgPipeline",
            Task.CONTROL: "StableDiffusionXLControlNetPipeline",
        },
        settings={"guidance_scale": 5.0},
        control=("ControlNetModel", "image"),
    ),
    Family(
        name="FLUX.2 klein",
        prefix="Flux2Klein",
        classes={Task.TEXT: "Flux2KleinPipeline", Task.INPAINT: "Flux2KleinInpaintPipeline"},
        steps=4,  # the distilled ones; the base models want 50
        settings={"guidance_scale": 1.0},
        most_pixels=1024 * 1024,
    ),
)

OTHER = Family(name="another family", prefix="", classes={})
AUTOMATIC: Mapping[Task, str] = {
    Task.TEXT: "AutoPipelineForText2Image",
    Task.INPAINT: "AutoPipelineForInpainting",
    Task.REDRAW: "AutoPipelineForImage2Image",
}
"""What opens repositories of families that are not listed above."""


def family_of(pipeline: str) -> Family:
    """The family of a pipeline by the name of its class in model_index.json; `OTHER` when none of ours."""
    return next((family for family in FAMILIES if pipeline.startswith(family.prefix)), OTHER)
