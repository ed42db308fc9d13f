"""Files: ply, spz, sog, glb, exr, the world package; the only home of logs, logits and flipped axes.

The names below are imported when they are first used, so that this package costs nothing at the start.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.exr import read_distance, write_distance
    from pipelines.formats.atomic import require_target, written_whole
    from pipelines.formats.exports import FORMATS, MESHES, Format, export, format_of, splat_format
    from pipelines.formats.frames import RDF, WORLD, Axes, Frame, Unit
    from pipelines.formats.glb import read_glb
    from pipelines.formats.images import png_bytes, read_rgb, webp_bytes
    from pipelines.formats.manifest import Manifest, ThingFacts
    from pipelines.formats.package import Package, read_package, save_package
    from pipelines.formats.ply import read_ply, write_ply
    from pipelines.formats.scene_glb import write_collider_glb, write_scene_glb
    from pipelines.formats.sog import read_sog, write_sog
    from pipelines.formats.splat_glb import read_splat_glb, write_splat_glb
    from pipelines.formats.spz import read_spz, write_spz

_HOMES = {
    "atomic": ("require_target", "written_whole"),
    "exports": ("FORMATS", "MESHES", "Format", "export", "format_of", "splat_format"),
    ".exr": ("read_distance", "write_distance"),  # on the ground floor: vision and paint read distances, too
    "frames": ("RDF", "WORLD", "Axes", "Frame", "Unit"),
    "glb": ("read_glb",),
    "images": ("png_bytes", "read_rgb", "webp_bytes"),
    "manifest": ("Manifest", "ThingFacts"),
    "package": ("Package", "read_package", "save_package"),
    "ply": ("read_ply", "write_ply"),
    "scene_glb": ("write_collider_glb", "write_scene_glb"),
    "sog": ("read_sog", "write_sog"),
    "splat_glb": ("read_splat_glb", "write_splat_glb"),
    "spz": ("read_spz", "write_spz"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "FORMATS", "MESHES", "RDF", "WORLD", "Axes", "Format", "Frame", "Manifest", "Package", "ThingFacts", "Unit", "export", "format_of",
    "png_bytes", "read_distance", "read_glb", "read_package", "read_ply", "read_rgb", "read_sog", "read_splat_glb", "read_spz",
    "require_target", "save_package", "splat_format", "webp_bytes", "write_collider_glb", "write_distance", "write_ply",
    "write_scene_glb", "write_sog", "write_splat_glb", "write_spz", "written_whole",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
