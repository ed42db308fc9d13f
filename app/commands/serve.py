"""`worldloom serve` and `worldloom worker`: the service on one machine, and further workers for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.terminal import plain

if TYPE_CHECKING:
    from app.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="Folder for database and files [default: worldloom-data].", show_default=False)]


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one [default: 8000].", show_default=False)] = None,
    data: Data = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="With a worker of its own.")] = True,
) -> None:
    """Start the service: API, worker, database and files, with nothing else installed."""
    settings = settings_with(host=host, port=port, data=data)
    from app.serving import run

    run(settings, with_worker=worker)


def worker(
    *,
    data: Data = None,
    slot: Annotated[int, typer.Option(help="Number of this worker on this machine; each needs one of its own.", min=0, max=999)] = 0,
    queues: Annotated[
        str | None,
        typer.Option(help="Queues to serve, separated by commas [default: those of all recipes, and studio].", show_default=False),
    ] = None,
) -> None:
    """Start one more worker process for the service with the same database and files."""
    settings = settings_with(data=data, queues=queues)
    from app.serving import run_worker

    run_worker(settings, slot=slot)


def settings_with(**given: object) -> Settings:
    """Settings from the environment and .env, with what the command line says; raises InputError that names the wrong one."""
    from pydantic import ValidationError

    from app.settings import Settings
    from pipelines.errors import InputError

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = "_".join(str(step) for step in first["loc"]) or "settings"
        raise InputError(f"WORLDLOOM_{name.upper()} (or --{name.replace('_', '-')}) is wrong: {plain(first['msg'])}") from error
