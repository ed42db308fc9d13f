"""SceneSpec → Scene → surfels → Gaussians: places, terrain, arrangement, surfaces, light."""

from __future__ import annotations

from importlib import import_module

_STAGES = {
    "Arrange": "pipelines.layout.arrange",
    "Build": "pipelines.layout.build",
    "Sample": "pipelines.layout.sample",
    "Light": "pipelines.layout.light",
}


def __getattr__(name: str) -> object:
    """The stages by name; each module is imported when its stage is first used, so that `import pipelines` stays light."""
    if name in _STAGES:
        return getattr(import_module(_STAGES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
