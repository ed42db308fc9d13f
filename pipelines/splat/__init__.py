"""Splats: render them on the CPU and on the GPU, thin them out, finish a world, film it."""

from __future__ import annotations

from pipelines.splat.render import LAYERS, Rendering, render

__all__ = ["LAYERS", "Rendering", "render"]
