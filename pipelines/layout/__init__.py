"""SceneSpec → Scene → surfels → Gaussians: places, terrain, arrangement, surfaces, light."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_NAMES = {
    "Arrange": "pipelines.layout.arrange",
    "Build": "pipelines.layout.build",
    "Sample": "pipelines.layout.sample",
    "Light": "pipelines.layout.light",
    "in_studio": "pipelines.layout.studio",
}


def __getattr__(name: str) -> Any:
    """The public names; each module is imported when its name is first used, so that `import pipelines` stays light."""
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
