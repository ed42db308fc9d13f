"""create_marble_app(services): World API v1 as an application of its own, mounted under /marble."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from app.errors import install
from app.handbook import add_handbook
from app.marble.errors import detail
from app.marble.media import router as media
from app.marble.routes import MOUNT, router
from app.services import Services
from pipelines import __version__

DESCRIPTION = """World API v1 as World Labs describes it, for the clients that exist for Marble: change their address, and they work.

Send a key of this service as `WLT-Api-Key`; on a loopback address any word will do. Requests are read leniently: unknown fields are passed
over, null means left out. Pictures, panoramas and videos become worlds where a recipe takes them; elsewhere they end in an operation that
says so. They come as uploads, within the request, or, where the settings permit, from an address."""

TAGS = {
    "worlds": "Make them, look at them, list them, take them along, delete them.",
    "operations": "Jobs: look again until `done`.",
    "media assets": "Pictures and videos to make worlds from.",
    "panoramas": "Distances that are painted, where a recipe takes a layout.",
    "credits": "What a key may spend.",
}


class MarbleApp(FastAPI):
    """Describes itself by whole paths, as the published description does, so that generated clients agree."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description."""
        if self.openapi_schema is None:
            described = super().openapi()
            described["paths"] = {f"{MOUNT}{path}": item for path, item in described["paths"].items()}
            for item in described["paths"].values():
                for operation in item.values():
                    operation.pop("security", None)  # the same for all, see below
            key = {"type": "apiKey", "in": "header", "name": "WLT-Api-Key", "description": "A key of this service: wl_…"}
            described.setdefault("components", {})["securitySchemes"] = {"ApiKeyAuth": key}
            described["security"] = [{"ApiKeyAuth": []}]
            self.openapi_schema = described
        return self.openapi_schema


def create_marble_app(services: Services) -> FastAPI:
    """The application; the one that mounts it lets requests in and opens the services."""
    app = MarbleApp(
        title="World API v1",
        summary="Worldloom in the words of World Labs' World API",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=[{"name": name, "description": words} for name, words in TAGS.items()],
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere: the handbook takes their place
        redoc_url=None,
        telemetry={"logs": False},  # exception texts may quote prompts
        separate_input_output_schemas=False,
        root_path_in_servers=False,
    )
    app.state.services = services
    install(app, detail)
    app.include_router(router)
    app.include_router(media)
    add_handbook(app)
    return app
