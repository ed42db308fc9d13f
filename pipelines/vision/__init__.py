"""Vision: what pictures, films and panoramas tell about a place: where the cameras stood, and how far away things are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.vision.frames import key_frames
    from pipelines.vision.look import Look
    from pipelines.vision.measure import Measure
    from pipelines.vision.pictures import Photo, open_picture
    from pipelines.vision.pose import Pose
    from pipelines.vision.stereo import Stereo

_HOMES = {
    "frames": ("key_frames",),
    "look": ("Look",),
    "measure": ("Measure",),
    "pictures": ("Photo", "open_picture"),
    "pose": ("Pose",),
    "stereo": ("Stereo",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["Look", "Measure", "Photo", "Pose", "Stereo", "key_frames", "open_picture"]


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
